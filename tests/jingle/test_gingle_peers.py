"""What Asterisk's google-v1 and Yate's version 0 sent (tests/captures/gingle), fed to an agent as if it came now."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element

import pytest
from captured import capture as jingle_capture
from gingle_wire import OLD, TEN, answer, capture, said, stanzas, token, voice
from jingle_wire import ALICE, CONTACT, agent, news

from phone.jingle.agent import Agent
from phone.jingle.api import CallAccepted, CallAlerting, CallEnded, CallOffered, Effects, EndReason, Reply, SendIq
from phone.jingle.gingle_elements import SESSION, Act
from phone.jingle.states import NOT_OURS


def session_id(flow: Sequence[Element]) -> str:
    return flow[0][0].get("id", "")


def feed(ours: Agent, peer: str, flow: Sequence[Element]) -> Effects:
    """Each is answered once, first, and none with an error."""
    effects: Effects = ()
    for stanza in flow:
        got = ours.receive_iq(peer, stanza.get("id", ""), stanza[0], 0)
        assert answer(got) is None
        effects += got
    return effects


def called(name: str, regarding: str = "bob@desk.test") -> tuple[Agent, str, Effects]:
    """We called the captured peer, it acked, and then did what it did."""
    peer, flow = capture(name)
    ours = agent(ALICE, OLD)
    sid = session_id(flow)
    ours.call_voicemail(sid, peer, regarding, google=True, now=0)
    initiate = ours.described(sid, voice(), 0)
    effects = ours.replied(token(initiate), None, 0)
    return ours, sid, effects + feed(ours, peer, flow)


def addresses(ours: Agent) -> list[tuple[str, int, str]]:
    (wish,) = ours.wishes()
    return [(c.ip, c.port, getattr(c, "username", "")) for c in wish.candidates]


def codecs(ours: Agent) -> list[tuple[int, str]]:
    (wish,) = ours.wishes()
    return [(p.id, p.name) for p in wish.codecs]


# --- Asterisk ------------------------------------------------------------


def test_asterisk_calls_and_hangs_up() -> None:
    peer, flow = capture("asterisk-calls")
    ours = agent(ALICE, OLD)
    sid = session_id(flow)
    assert news(feed(ours, peer, flow[:2])) == [CallOffered(sid, peer)]
    early = ours.described(sid, voice(), 0)
    assert said(early) == ["candidates"]
    assert said(ours.accept(sid, 0)) == ["accept"]
    assert addresses(ours) == [("127.0.0.1", 19684, "2b46b0a7573e228b")]
    assert codecs(ours) == [(0, "PCMU"), (8, "PCMA"), (101, "telephone-event")], "its G722 says 16000: dropped"
    assert news(feed(ours, peer, flow[2:])) == [CallEnded(sid, EndReason.HANGUP)]


def test_asterisk_gets_all_ten_attributes_and_sixteen_characters() -> None:
    ours, _, effects = called("asterisk-answers")
    del ours
    iqs = [e.payload for e in effects if isinstance(e, SendIq) and e.payload.get("type") == "candidates"]
    candidates = [c for p in iqs for c in p.iter(f"{{{SESSION}}}candidate")]
    assert candidates
    assert all(set(c.keys()) == TEN and len(c.get("username", "")) == 16 for c in candidates)


def test_asterisk_answers() -> None:
    ours, sid, effects = called("asterisk-answers")
    assert news(effects) == [CallAlerting(sid), CallAccepted(sid)]
    assert addresses(ours) == [("127.0.0.1", 19638, "6fbd7237437ce259")]
    assert codecs(ours) == [(0, "PCMU"), (8, "PCMA"), (101, "telephone-event")]
    assert said(ours.terminate(sid, EndReason.HANGUP, 0)) == ["terminate"]


def test_asterisk_is_told_the_reason_as_it_reads_it() -> None:
    ours, sid, _ = called("asterisk-answers")
    (end,) = [e.payload for e in ours.terminate(sid, EndReason.HANGUP, 0) if isinstance(e, SendIq)]
    assert end.find(f"{{{SESSION}}}reason/{{{SESSION}}}success") is not None


@pytest.mark.parametrize(
    ("name", "reason"), [("asterisk-is-busy", EndReason.BUSY), ("asterisk-declines", EndReason.DECLINED)]
)
def test_asterisk_refuses(name: str, reason: EndReason) -> None:
    ours, sid, effects = called(name)
    assert news(effects) == [CallAlerting(sid), CallEnded(sid, reason)]
    assert ours.wishes() == ()


def test_asterisk_9_answers_with_telephone_event_alone() -> None:
    ours, sid, effects = called("asterisk-accepts-telephone-event-alone")
    assert news(effects) == [CallAlerting(sid), CallAccepted(sid)]
    assert codecs(ours) == [(0, "PCMU"), (8, "PCMA"), (101, "telephone-event")]


def test_asterisk_does_not_mind_whom_a_message_is_for() -> None:
    ours, sid, effects = called("asterisk-takes-a-message", regarding="bob@desk.test")
    assert news(effects) == [CallAlerting(sid), CallAccepted(sid)]
    assert len(ours.wishes()) == 1


def test_asterisk_7_falls_back_to_this_dialect_with_the_same_id() -> None:
    captured = jingle_capture("asterisk-tries-three-dialects-with-one-sid")
    ours = agent(ALICE, OLD)
    effects = ours.receive_iq(captured.peer, "iq", captured.stanzas[1][0], 0)
    assert answer(effects) == "feature-not-implemented"
    assert news(feed(ours, captured.peer, captured.stanzas[2:])) == [CallOffered(captured.sid, captured.peer)]


def test_asterisk_7_is_refused_in_every_dialect_where_plain_rtp_is_not_allowed() -> None:
    captured = jingle_capture("asterisk-tries-three-dialects-with-one-sid")
    ours = agent(ALICE, CONTACT)
    for stanza in captured.stanzas[1:]:
        assert ours.receive_iq(captured.peer, "iq", stanza[0], 0) == (Reply(captured.peer, "iq", NOT_OURS),)


# --- Yate ----------------------------------------------------------------


def test_yate_5_calls_with_both_forms_of_one_candidate() -> None:
    peer, flow = capture("yate-calls")
    ours = agent(ALICE, OLD)
    sid = session_id(flow)
    assert news(feed(ours, peer, flow)) == [CallOffered(sid, peer)]
    assert said(ours.described(sid, voice(), 0)) == ["candidates"], "which it reads as well"
    (accept,) = stanzas(ours.accept(sid, 0), Act.ACCEPT)
    assert accept.initiator == peer
    assert addresses(ours) == [("127.0.0.1", 19706, "8717251649606948")]
    assert codecs(ours) == [(0, "PCMU"), (8, "PCMA"), (101, "telephone-event")], "its second 101 is nobody's name"


def test_yate_5_answers_at_once() -> None:
    ours, sid, effects = called("yate-answers")
    assert news(effects) == [CallAlerting(sid), CallAccepted(sid)]
    assert addresses(ours) == [("127.0.0.1", 19726, "5521444651249315")]
    assert said(effects) == ["transport-info", "candidates"]
