"""The acceptance list: each rule of Asterisk and Yate that concerns signalling, by the capture that showed it."""

from __future__ import annotations

from captured import PLAIN, called, calling, initiates
from jingle_wire import ALICE, BOB, CONTACT, agent, host, media, news, sent, xml

from phone.jingle.api import (
    CallAccepted,
    CallAlerting,
    CallEnded,
    CallHeld,
    CallOffered,
    DigitReceived,
    EndReason,
    MediaWish,
    PeerPolicy,
    Reply,
)
from phone.jingle.elements import ICE_UDP, RTP
from phone.jingle.states import NOT_OURS

DIRECT = PeerPolicy(contact=True, plain_rtp=True, direct=True)
N = {"j": "urn:xmpp:jingle:1", "r": RTP, "i": ICE_UDP, "d": "urn:xmpp:jingle:apps:dtls:0"}


def names(wish: MediaWish) -> list[tuple[int, str]]:
    return [(p.id, p.name) for p in wish.codecs]


# --- Asterisk ------------------------------------------------------------


def test_asterisk_1_candidates_come_before_the_accept_whose_transport_is_empty_and_creator_wrong() -> None:
    captured, replay = called("asterisk-answers", DIRECT)
    replay.feed(captured.stanzas)
    assert replay.errors == []
    assert replay.news == [CallAlerting(captured.sid), CallAccepted(captured.sid)]
    assert replay.wish.ufrag == "32169d2a66a86e3d1bd6bf7f39515baf"
    assert [(c.component, c.port) for c in replay.wish.candidates] == [(1, 19694)]
    assert names(replay.wish) == [(0, "PCMU"), (8, "PCMA"), (101, "telephone-event")]


def test_asterisk_1_as_caller_its_initiate_has_an_empty_transport() -> None:
    captured, replay = calling("asterisk-calls", PLAIN)
    replay.feed(captured.stanzas[:2])
    replay.took(replay.agent.described(captured.sid, media(), 0))
    replay.took(replay.agent.accept(captured.sid, 0))
    assert [c.port for c in replay.wish.candidates] == [19670]
    assert names(replay.wish) == [(0, "PCMU"), (8, "PCMA"), (101, "telephone-event")], "G722 is not ours"


def test_asterisk_3_every_candidate_has_all_nine_attributes() -> None:
    _, replay = called("asterisk-answers", DIRECT)
    (offer,) = replay.jingles("session-initiate")
    nine = {"component", "foundation", "generation", "id", "ip", "port", "priority", "protocol", "type"}
    candidates = list(offer.iter(f"{{{ICE_UDP}}}candidate"))
    assert candidates
    assert all(nine <= c.attrib.keys() for c in candidates)


def test_asterisk_4_no_mux_in_its_answer() -> None:
    captured, replay = called("asterisk-answers", DIRECT)
    assert replay.jingles("session-initiate")[0].find(".//d:fingerprint", N) is None
    replay.feed(captured.stanzas)
    assert replay.wish.rtcp_mux is False
    assert replay.wish.security == "plain"


def test_asterisk_5_raw_udp_ended_with_unsupported_transports() -> None:
    captured, replay = called("asterisk-refuses-raw-udp", DIRECT)
    replay.feed(captured.stanzas)
    assert replay.news == [CallAlerting(captured.sid), CallEnded(captured.sid, EndReason.INCOMPATIBLE)]


def test_asterisk_6_normal_clearing_is_gone() -> None:
    captured, replay = calling("asterisk-calls", PLAIN)
    replay.feed(captured.stanzas[:2])
    replay.took(replay.agent.described(captured.sid, media(), 0))
    replay.took(replay.agent.accept(captured.sid, 0))
    replay.feed(captured.stanzas[2:])
    assert replay.news[-1] == CallEnded(captured.sid, EndReason.HANGUP)


def test_asterisk_6_decline_is_cancel_and_busy_is_busy() -> None:
    captured, replay = called("asterisk-declines", DIRECT)
    replay.feed(captured.stanzas)
    assert replay.news[-1] == CallEnded(captured.sid, EndReason.DECLINED)
    captured, replay = called("asterisk-is-busy", DIRECT)
    replay.feed(captured.stanzas)
    assert replay.news[-1] == CallEnded(captured.sid, EndReason.BUSY)


def test_asterisk_7_foreign_dialects_get_feature_not_implemented_and_a_refused_sid_is_accepted_again() -> None:
    captured, replay = calling("asterisk-tries-three-dialects-with-one-sid", PLAIN)
    replay.feed(captured.stanzas[1:2])
    assert replay.errors == ["feature-not-implemented"]
    assert replay.news == []
    replay.feed(captured.stanzas[:1])
    assert replay.errors == ["feature-not-implemented"]
    assert replay.news == [CallOffered(captured.sid, captured.peer)]


def test_asterisk_7_google_jingle_is_refused_so_that_it_comes_down_to_google_v1() -> None:
    captured, replay = calling("asterisk-tries-three-dialects-with-one-sid", PLAIN)
    replay.feed(captured.stanzas[1:])
    assert replay.errors == ["feature-not-implemented"]
    assert replay.news == [CallOffered(captured.sid, captured.peer)]
    assert (replay.wish.transport, replay.wish.security) == ("gice", "plain")


def test_asterisk_7_where_plain_rtp_is_not_allowed_google_v1_is_refused_by_the_same_error() -> None:
    captured, replay = calling("asterisk-tries-three-dialects-with-one-sid", CONTACT)
    replay.feed(captured.stanzas[1:])
    assert [r.error for r in replay.replies] == [NOT_OURS, NOT_OURS]
    assert replay.news == []


def test_asterisk_9_an_accept_with_telephone_event_alone_falls_back_to_the_offered_g711() -> None:
    captured, replay = called("asterisk-answers", DIRECT)
    description = captured.stanzas[2].find(".//r:description", N)
    assert description is not None
    for payload in list(description)[:2]:
        description.remove(payload)
    replay.feed(captured.stanzas)
    assert names(replay.wish) == [(0, "PCMU"), (8, "PCMA"), (101, "telephone-event")]


def test_asterisk_9_or_fails_cleanly_where_it_cannot_be_asterisk() -> None:
    captured, replay = called("browser-answers", CONTACT)
    description = captured.stanzas[1].find(".//r:description", N)
    assert description is not None
    for payload in description.findall("r:payload-type", N):
        if payload.get("name") != "telephone-event":
            description.remove(payload)
    replay.feed(captured.stanzas[:2])
    assert replay.news[-1] == CallEnded(captured.sid, EndReason.INCOMPATIBLE)
    assert replay.jingles("session-terminate")[0].find("j:reason/j:failed-application", N) is not None


# --- Yate ------------------------------------------------------------


def test_yate_1_component_1_priority_0_no_id_and_rtp_before_ice() -> None:
    captured, replay = called("yate-answers-with-ice", DIRECT)
    replay.feed(captured.stanzas)
    assert replay.errors == []
    assert [(c.port, c.priority) for c in replay.wish.candidates] == [(19704, 0)], "told twice, kept once"
    assert replay.wish.before_ice


def test_yate_2_of_two_contents_one_is_taken_ice_before_raw() -> None:
    captured, replay = calling("yate-offers-two-contents-then-dtmf-and-hold", PLAIN)
    at = initiates(captured) + 1
    replay.feed(captured.stanzas[:at])
    replay.took(replay.agent.described(captured.sid, media(), 0))
    replay.took(replay.agent.accept(captured.sid, 0))
    assert replay.actions() == ["session-info", "session-accept", "content-remove"]
    (accept,) = replay.jingles("session-accept")
    assert [c.get("name") for c in accept.findall("j:content", N)] == ["jingle/10_content_1860312299"]
    (remove,) = replay.jingles("content-remove")
    assert [c.get("name") for c in remove.findall("j:content", N)] == ["jingle/10_content_862097744"]
    assert replay.wish.transport == "ice"


def test_yate_2_raw_udp_alone_is_taken_where_plain_rtp_is_allowed() -> None:
    captured, replay = calling("yate-calls-with-raw-udp", PLAIN)
    at = initiates(captured) + 1
    replay.feed(captured.stanzas[:at])
    replay.took(replay.agent.described(captured.sid, media(), 0))
    replay.took(replay.agent.accept(captured.sid, 0))
    replay.feed(captured.stanzas[at:])
    assert replay.errors == []
    assert (replay.wish.transport, replay.wish.security) == ("raw", "plain")
    assert len(replay.wish.candidates) == 1
    (accept,) = replay.jingles("session-accept")
    (candidate,) = accept.iter("{urn:xmpp:jingle:transports:raw-udp:1}candidate")
    assert candidate.attrib.keys() == {"component", "generation", "id", "ip", "port"}
    assert replay.agent.candidate(captured.sid, host(9), 0, 0) == (), "raw-udp has no trickle"


def test_yate_2_raw_udp_alone_is_insecure_elsewhere() -> None:
    captured, replay = calling("yate-calls-with-raw-udp", CONTACT)
    replay.feed(captured.stanzas[: initiates(captured) + 1])
    assert replay.news[-1] == CallEnded(captured.sid, EndReason.INSECURE)


def test_yate_2_its_trying_is_acked_and_its_raw_answer_to_our_ice_offer_refused() -> None:
    captured, replay = called("yate-answers-with-raw-udp", DIRECT)
    replay.feed(captured.stanzas)
    assert replay.errors == []
    assert replay.news == [CallEnded(captured.sid, EndReason.INCOMPATIBLE)]


def test_yate_3_hold_and_active_are_understood_and_dtmf_4_is_heard() -> None:
    captured, replay = calling("yate-offers-two-contents-then-dtmf-and-hold", PLAIN)
    replay.feed(captured.stanzas[:1])
    replay.took(replay.agent.described(captured.sid, media(), 0))
    replay.took(replay.agent.accept(captured.sid, 0))
    replay.feed(captured.stanzas[1:])
    assert replay.errors == []
    assert replay.news[1:] == [
        DigitReceived(captured.sid, "5"),
        CallHeld(captured.sid, held=True),
        CallHeld(captured.sid, held=False),
    ]


def test_yate_3_after_resume_a_transport_info_with_generation_1_moves_the_port() -> None:
    captured, replay = called("yate-moves-its-port-after-a-hold", DIRECT)
    replay.feed(captured.stanzas[:2])
    assert [c.port for c in replay.wish.candidates] == [19720]
    replay.feed(captured.stanzas[2:])
    assert [c.port for c in replay.wish.candidates] == [19706]
    assert replay.wish.restart == 0, "the same ufrag is no ICE restart"


def test_yate_4_type_beside_action_slash_in_content_names_terminate_without_reason() -> None:
    captured, replay = calling("yate-calls-with-ice", PLAIN)
    replay.feed(captured.stanzas[:1])
    replay.took(replay.agent.described(captured.sid, media(), 0))
    replay.took(replay.agent.accept(captured.sid, 0))
    replay.feed(captured.stanzas[1:])
    assert [c.port for c in replay.wish.candidates] == [19710]
    assert replay.jingles("session-accept")[0].find("j:content[@name='jingle/4_content_322752615']", N) is not None
    end = xml(f"<jingle xmlns='urn:xmpp:jingle:1' action='session-terminate' sid='{captured.sid}'/>")
    assert news(replay.agent.receive_iq(captured.peer, "e", end, 0)) == [CallEnded(captured.sid, EndReason.HANGUP)]


def test_yate_3_responder_may_answer_from_a_resource_of_the_bare_address_that_we_called() -> None:
    alice = agent(ALICE, DIRECT)
    alice.call("c1", "100@pbx.test", (), 0)
    alice.described("c1", media(), 0)
    ringing = xml(
        "<jingle xmlns='urn:xmpp:jingle:1' action='session-info' sid='c1'>"
        "<ringing xmlns='urn:xmpp:jingle:apps:rtp:info:1'/></jingle>"
    )
    assert news(alice.receive_iq("100@pbx.test/yate", "i1", ringing, 0)) == [CallAlerting("c1")]
    (stolen,) = alice.receive_iq("100@pbx.test/other", "i2", ringing, 0)
    assert isinstance(stolen, Reply)
    assert stolen.error is not None
    assert sent(alice.terminate("c1", EndReason.CANCELLED, 0)) == [("100@pbx.test/yate", "session-terminate")]
    assert alice.receive_iq(BOB, "i3", ringing, 0) != ()
