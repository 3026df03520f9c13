"""Between Jingle's words and the media process's: nothing lost, nothing invented."""

from __future__ import annotations

from typing import get_args

import pytest

from phone import legs
from phone.calls.model import Reason, Service
from phone.jingle.api import EndReason, IceCandidate, MediaWish, Payload
from phone.media import plan
from phone.xmpp.api import IceServerFact, ServiceName

CANDIDATE = IceCandidate(1, "7", "192.0.2.1", 40000, 99, "srflx", "10.0.0.1", 4000, 2)


def test_a_candidate_survives_the_round_trip() -> None:
    assert legs.candidate_up(legs.candidate_down(CANDIDATE)) == CANDIDATE


def test_an_unknown_candidate_type_counts_as_host() -> None:
    assert legs.candidate_down(IceCandidate(1, "7", "192.0.2.1", 40000, 99, "local")).type == "host"


def test_a_wish_without_any_word_of_the_far_end_has_no_remote() -> None:
    assert legs.leg_plan(MediaWish("a", controlling=True), 20).remote is None


def test_what_is_known_of_the_far_end_goes_down() -> None:
    wish = MediaWish(
        "a",
        controlling=False,
        ufrag="u",
        pwd="p",
        fingerprint_hash="sha-256",
        fingerprint="AB",
        candidates=(CANDIDATE,),
        codecs=(Payload(96, "OPUS", 48000, 2, (("useinbandfec", "1"),)),),
    )
    leg = legs.leg_plan(wish, 10)
    assert leg.remote == plan.Remote("u", "p", plan.Fingerprint("sha-256", "AB"), (legs.candidate_down(CANDIDATE),))
    assert leg.codecs == (plan.Codec("opus", 96, 48000, 2, {"useinbandfec": "1"}),)
    assert leg.ptime == 10


@pytest.mark.parametrize(("asked", "ours", "sent"), [(20, 10, 10), (30, 10, 30), (20, 20, 20)])
def test_the_packet_length_is_ours_unless_the_far_end_asked(asked: int, ours: int, sent: int) -> None:
    assert legs.leg_plan(MediaWish("a", controlling=True, ptime=asked), ours).ptime == sent


def test_the_servers_stun_and_turn_go_down_and_odd_transports_count_as_udp() -> None:
    fact = IceServerFact("turn", "192.0.2.9", 3478, "sctp", "user", "secret", 60)
    assert legs.ice_server(fact) == plan.IceServer("turn", "192.0.2.9", 3478, "udp", "user", "secret")


def test_the_rooms_words_for_why_a_call_ended_are_the_same() -> None:
    """The engine maps them by value: a reason that one room lacks would raise in a call."""
    assert {r.value for r in EndReason} == {r.value for r in Reason}
    assert set(get_args(ServiceName)) == {s.value for s in Service}
