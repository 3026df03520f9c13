"""The acceptance list: each rule of real peers that concerns signalling, by the capture that showed it."""

from __future__ import annotations

import pytest
from captured import PLAIN, called, calling, initiates
from jingle_wire import ALICE, BOB, CONTACT, agent, host, media, news, sent, target, xml

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
    SendIq,
    SendPresence,
)
from phone.jingle.elements import FEATURES, ICE_UDP, JMI, RTP, RTP_AUDIO

DIRECT = PeerPolicy(contact=True, plain_rtp=True, direct=True)
N = {"j": "urn:xmpp:jingle:1", "r": RTP, "i": ICE_UDP, "d": "urn:xmpp:jingle:apps:dtls:0"}


def names(wish: MediaWish) -> list[tuple[int, str]]:
    return [(p.id, p.name) for p in wish.codecs]


# --- clients -------------------------------------------------------------------------------------------------------


def test_1_a_mixed_dtls_and_sdes_offer_is_answered_with_the_fingerprint_only() -> None:
    captured, replay = calling("dino-calls-offering-dtls-and-sdes", CONTACT)
    replay.feed(captured.stanzas[:1])
    assert replay.news == [CallOffered(captured.sid, captured.peer)]
    replay.took(replay.agent.described(captured.sid, media(), 0))
    replay.took(replay.agent.accept(captured.sid, 0))
    replay.feed(captured.stanzas[1:])
    (accept,) = replay.jingles("session-accept")
    assert accept.find(".//d:fingerprint", N) is not None
    assert accept.find(".//r:encryption", N) is None
    assert replay.wish.security == "dtls"
    assert names(replay.wish) == [(111, "opus"), (0, "PCMU"), (8, "PCMA")]


def test_2_it_rings_during_jmi_and_the_session_is_accepted_at_once() -> None:
    captured, replay = calling("dino-calls-offering-dtls-and-sdes", CONTACT)
    replay.feed(captured.stanzas[:1])
    replay.took(replay.agent.described(captured.sid, media(), 0))
    replay.took(replay.agent.accept(captured.sid, 0))
    replay.effects.clear()
    replay.feed(captured.stanzas[1:])
    assert replay.actions() == ["session-accept"]
    assert replay.news == []
    assert JMI in FEATURES


def test_2_a_description_that_comes_late_accepts_as_soon_as_it_is_there() -> None:
    captured, replay = calling("dino-calls-offering-dtls-and-sdes", CONTACT)
    replay.feed(captured.stanzas[:1])
    replay.took(replay.agent.accept(captured.sid, 0))
    replay.feed(captured.stanzas[1:])
    assert "session-accept" not in replay.actions()
    replay.took(replay.agent.described(captured.sid, media(), 0))
    assert replay.actions()[-1] == "session-accept"


def test_3_we_offer_actpass() -> None:
    _, replay = called("browser-answers", CONTACT)
    (offer,) = replay.jingles("session-initiate")
    fingerprint = offer.find(".//d:fingerprint", N)
    assert fingerprint is not None
    assert fingerprint.get("setup") == "actpass"


@pytest.mark.parametrize(
    ("offered", "answered", "role"),
    [("actpass", "active", "client"), ("passive", "active", "client"), ("active", "passive", "server")],
)
def test_3_we_answer_active_unless_the_offer_is_that(offered: str, answered: str, role: str) -> None:
    captured, replay = calling("browser-calls", CONTACT)
    fingerprint = captured.stanzas[0].find(".//d:fingerprint", N)
    assert fingerprint is not None
    fingerprint.set("setup", offered)
    replay.feed(captured.stanzas[:1])
    replay.took(replay.agent.described(captured.sid, media(), 0))
    replay.took(replay.agent.accept(captured.sid, 0))
    (accept,) = replay.jingles("session-accept")
    told = accept.find(".//d:fingerprint", N)
    assert told is not None
    assert told.get("setup") == answered
    assert replay.wish.dtls_role == role


@pytest.mark.parametrize(("answered", "role"), [("active", "server"), ("passive", "client"), ("actpass", "server")])
def test_3_the_answer_to_our_actpass_gives_our_role(answered: str, role: str) -> None:
    captured, replay = called("browser-answers", CONTACT)
    assert replay.wish.dtls_role == "either"
    fingerprint = captured.stanzas[1].find(".//d:fingerprint", N)
    assert fingerprint is not None
    fingerprint.set("setup", answered)
    replay.feed(captured.stanzas)
    assert replay.wish.dtls_role == role


def test_5_jmi_carries_calls_to_and_from_strangers_with_directed_presence_that_ends_with_the_call() -> None:
    stranger = agent(policy=PeerPolicy())
    effects = stranger.call("c1", "bob@desk.test", (), 0)
    assert effects[0] == SendPresence("bob@desk.test")
    assert sent(effects) == [("bob@desk.test", "propose")]
    assert stranger.terminate("c1", EndReason.CANCELLED, 0)[-1] == SendPresence("bob@desk.test", available=False)


def test_5_strangers_do_not_learn_that_we_ring_nor_our_addresses_before_the_answer() -> None:
    captured, replay = calling("dino-calls-offering-dtls-and-sdes", PeerPolicy())
    replay.feed(captured.stanzas[:1])
    replay.took(replay.agent.described(captured.sid, media(), 0))
    assert replay.actions() == []
    assert replay.wish.candidates == ()
    replay.took(replay.agent.accept(captured.sid, 0))
    assert SendPresence(captured.peer) in replay.effects


def test_6_an_errored_or_unanswered_session_info_never_ends_the_call() -> None:
    captured, replay = calling("browser-calls", CONTACT)
    replay.feed(captured.stanzas[:1])
    (ringing,) = [e for e in replay.effects if isinstance(e, SendIq)]
    assert replay.agent.replied(ringing.token, "timeout", 0) == ()
    assert replay.agent.replied(ringing.token, "feature-not-implemented", 0) == ()
    assert replay.agent.wishes()


def test_6_a_transfer_is_answered_as_not_implemented_since_an_ack_would_prove_something() -> None:
    captured, replay = calling("browser-calls", CONTACT)
    replay.feed(captured.stanzas[:1])
    info = xml(
        f"<jingle xmlns='urn:xmpp:jingle:1' action='session-info' sid='{captured.sid}'>"
        "<transfer xmlns='urn:xmpp:jingle:transfer:0' to='x@y'/></jingle>"
    )
    (reply,) = replay.agent.receive_iq(captured.peer, "i", info, 0)
    assert isinstance(reply, Reply)
    assert reply.error is not None
    assert reply.error.condition == "feature-not-implemented"
    assert reply.error.extra == ("urn:xmpp:jingle:errors:1", "unsupported-info")


def test_7_g711_in_10_ms_packets_is_taken_up() -> None:
    captured, replay = called("asterisk-answers", DIRECT)
    for payload in captured.stanzas[2].iter(f"{{{RTP}}}payload-type"):
        payload.set("ptime", "10")
    replay.feed(captured.stanzas)
    assert replay.wish.ptime == 10


def test_7_names_without_case_channels_by_default_ids_and_content_name_echoed_tcp_and_port_0_ignored() -> None:
    captured, replay = calling("gajim-calls-without-encryption", PLAIN)
    replay.feed(captured.stanzas[:1])
    replay.took(replay.agent.described(captured.sid, media(), 0))
    replay.took(replay.agent.accept(captured.sid, 0))
    assert [(c.ip, c.port) for c in replay.wish.candidates] == [("127.0.0.1", 45957)]
    (accept,) = replay.jingles("session-accept")
    content = accept.find("j:content", N)
    assert content is not None
    assert content.get("name") == "voice"
    told = [(p.get("id"), p.get("name"), p.get("channels")) for p in accept.iter(f"{{{RTP}}}payload-type")]
    assert told == [
        ("96", "OPUS", "2"),
        ("8", "PCMA", "1"),
        ("0", "PCMU", "1"),
        ("99", "telephone-event", "1"),
        ("101", "telephone-event", "1"),
    ]


@pytest.mark.parametrize("name", ["initiator", "responder", "senders", "creator"])
@pytest.mark.parametrize("candidate", ["id", "generation", "network"])
def test_8_attributes_that_someone_leaves_out_are_not_missed(name: str, candidate: str) -> None:
    captured, replay = calling("gajim-calls-without-encryption", PLAIN)
    for element in captured.stanzas[0].iter():
        element.attrib.pop(name, None)
        if element.tag == f"{{{ICE_UDP}}}candidate":
            element.attrib.pop(candidate, None)
    replay.feed(captured.stanzas[:1])
    replay.took(replay.agent.described(captured.sid, media(), 0))
    replay.took(replay.agent.accept(captured.sid, 0))
    assert replay.errors == []
    assert len(replay.wish.candidates) == 1


def test_8_initiator_in_transport_info_may_name_the_wrong_party() -> None:
    captured, replay = called("browser-answers", CONTACT)
    replay.feed(captured.stanzas[:2])
    jingle = captured.stanzas[2][0]
    jingle.set("initiator", "mallory@desk.test/x")
    replay.feed(captured.stanzas[2:])
    assert replay.errors == []
    assert [c.port for c in replay.wish.candidates] == [37747]


def test_9_transport_info_is_accepted_from_the_instant_session_initiate_is_sent() -> None:
    captured, replay = called("browser-answers", CONTACT)
    early = captured.stanzas[2]
    replay.feed([early])
    assert replay.errors == []
    assert (replay.wish.ufrag, [c.port for c in replay.wish.candidates]) == (None, [37747])
    replay.feed(captured.stanzas[:2])
    assert (replay.wish.ufrag, [c.port for c in replay.wish.candidates]) == ("Gb6s", [37747])


def test_9_another_ufrag_is_an_ice_restart_answered_once_our_new_transport_is_described() -> None:
    captured, replay = called("browser-answers", CONTACT)
    replay.feed(captured.stanzas)
    fresh = xml(
        f"<jingle xmlns='urn:xmpp:jingle:1' action='transport-info' sid='{captured.sid}'><content name='audio'>"
        f"<transport xmlns='{ICE_UDP}' ufrag='NEW1' pwd='newpasswordnewpassword'>"
        "<candidate component='1' foundation='1' ip='192.0.2.7' port='7000' priority='1' protocol='udp' type='host'/>"
        "</transport></content></jingle>"
    )
    assert replay.agent.receive_iq(captured.peer, "r", fresh, 0) == (Reply(captured.peer, "r"),)
    assert (replay.wish.restart, replay.wish.ufrag) == (1, "NEW1")
    assert [c.ip for c in replay.wish.candidates] == ["192.0.2.7"]
    assert replay.agent.candidate(captured.sid, host(9), 1, 0) == ()
    answer = replay.agent.described(captured.sid, media("new", restart=1), 0)
    (iq,) = answer
    assert isinstance(iq, SendIq)
    transport = iq.payload.find(".//i:transport", N)
    assert transport is not None
    assert transport.get("ufrag") == "newfr1"
    assert replay.agent.candidate(captured.sid, host(10), 0, 0) == (), "a candidate of the former generation"
    assert len(replay.agent.candidate(captured.sid, host(10), 1, 0)) == 1


def test_10_every_transport_info_has_a_transport_with_ufrag_and_pwd() -> None:
    captured, replay = called("browser-answers", CONTACT)
    (trickle,) = replay.agent.candidate(captured.sid, host(4321), 0, 0)
    assert isinstance(trickle, SendIq)
    transport = trickle.payload.find("j:content/i:transport", N)
    assert transport is not None
    assert transport.get("ufrag")
    assert transport.get("pwd")
    assert [c.get("port") for c in transport] == ["4321"]


def test_11_gajim_is_refused_visibly_unless_plain_rtp_is_allowed() -> None:
    captured, replay = calling("gajim-calls-without-encryption", CONTACT)
    replay.feed(captured.stanzas[:1])
    assert replay.errors == []
    assert replay.actions() == ["session-terminate"]
    assert replay.jingles("session-terminate")[0].find("j:reason/j:security-error", N) is not None
    assert replay.news == [
        CallOffered(captured.sid, captured.peer),
        CallEnded(captured.sid, EndReason.INSECURE),
    ]
    assert replay.agent.wishes() == ()


def test_11_gajim_lives_on_component_1_without_rtcp_mux() -> None:
    captured, replay = called("gajim-answers-without-encryption", PLAIN)
    assert replay.wish.security == "plain"
    replay.feed(captured.stanzas)
    assert replay.errors == []
    assert {c.component for c in replay.wish.candidates} == {1}
    assert replay.wish.rtcp_mux is False
    assert replay.wish.before_ice


def test_11_gajim_offers_no_mux_and_gets_none() -> None:
    captured, replay = calling("gajim-calls-without-encryption", PLAIN)
    replay.feed(captured.stanzas[:1])
    replay.took(replay.agent.described(captured.sid, media(), 0))
    replay.took(replay.agent.accept(captured.sid, 0))
    replay.feed(captured.stanzas[1:])
    assert replay.errors == []
    assert replay.jingles("session-accept")[0].find(".//r:rtcp-mux", N) is None
    assert replay.wish.rtcp_mux is False


def test_11_an_answer_without_encryption_to_our_fingerprint_is_refused() -> None:
    captured, replay = called("gajim-answers-without-encryption", CONTACT)
    assert replay.wish.security == "dtls"
    replay.feed(captured.stanzas)
    assert replay.news[-1] == CallEnded(captured.sid, EndReason.INSECURE)
    assert replay.jingles("session-terminate")[0].find("j:reason/j:security-error", N) is not None


def test_12_no_rtp_ends_the_call_from_our_side() -> None:
    captured, replay = called("browser-answers", CONTACT)
    replay.feed(captured.stanzas)
    effects = replay.agent.media_failed(captured.sid, "no-rtp", 0)
    assert sent(effects) == [(captured.peer, "session-terminate")]
    assert news(effects) == [CallEnded(captured.sid, EndReason.MEDIA_LOST)]


def test_13_a_peer_going_unavailable_ends_a_pending_call_but_not_one_with_speech() -> None:
    captured, replay = called("browser-answers", CONTACT)
    assert replay.agent.resource_gone("other@desk.test/x", 0) == ()
    assert news(replay.agent.resource_gone(captured.peer, 0)) == [CallEnded(captured.sid, EndReason.UNREACHABLE)]
    captured, replay = called("browser-answers", CONTACT)
    replay.feed(captured.stanzas)
    assert replay.agent.resource_gone(captured.peer, 0) == ()
    captured, replay = calling("browser-calls", CONTACT)
    replay.feed(captured.stanzas[:1])
    assert news(replay.agent.resource_gone(captured.peer, 0)) == [CallEnded(captured.sid, EndReason.CANCELLED)]


def test_table_dino_takes_our_proposal_and_component_2_in_spite_of_mux_is_ignored() -> None:
    captured, replay = called("dino-answers-a-proposal", CONTACT, jmi=True)
    assert replay.actions() == ["propose"]
    replay.feed(captured.stanzas[1:])
    assert replay.actions() == ["propose", "session-initiate"]
    assert replay.news == [CallAccepted(captured.sid)]
    assert names(replay.wish) == [(111, "opus")]
    assert [c.component for c in replay.wish.candidates] == [1]
    assert replay.wish.rtcp_mux


def test_table_dino_mute_is_acked_without_effect() -> None:
    captured, replay = calling("dino-mutes-in-a-call", CONTACT)
    replay.feed(captured.stanzas[:1])
    replay.took(replay.agent.described(captured.sid, media(), 0))
    replay.took(replay.agent.accept(captured.sid, 0))
    replay.feed(captured.stanzas[1:])
    assert replay.errors == []
    assert replay.news == [CallOffered(captured.sid, captured.peer)]


def test_table_the_browser_calls_with_pure_trickle_and_odd_payloads() -> None:
    captured, replay = calling("browser-calls", CONTACT)
    replay.feed(captured.stanzas[:1])
    replay.took(replay.agent.described(captured.sid, media(), 0))
    replay.took(replay.agent.accept(captured.sid, 0))
    replay.feed(captured.stanzas[1:4])
    assert replay.errors == []
    assert (replay.wish.ufrag, replay.wish.pwd) == ("8ZpS", "RjApr7gUlNnt0npsbRNdsNtP")
    assert [c.port for c in replay.wish.candidates] == [53070], "the tcp port 9 candidate is dropped"
    assert names(replay.wish) == [
        (111, "opus"),
        (0, "PCMU"),
        (8, "PCMA"),
        (110, "telephone-event"),
        (126, "telephone-event"),
    ]
    replay.feed(captured.stanzas[4:])
    assert replay.news[-1] == CallEnded(captured.sid, EndReason.HANGUP)


def test_table_the_browser_answers() -> None:
    captured, replay = called("browser-answers", CONTACT)
    replay.feed(captured.stanzas)
    assert replay.errors == []
    assert replay.news == [CallAlerting(captured.sid), CallAccepted(captured.sid)]
    assert (replay.wish.ufrag, replay.wish.dtls_role) == ("Gb6s", "server")
    assert [c.port for c in replay.wish.candidates] == [37747]


def test_table_gajim_has_no_jmi_so_the_best_resource_with_jingle_is_called() -> None:
    alice = agent()
    targets = [
        target("dave@desk.test/low", (N["j"], RTP, RTP_AUDIO), -1),
        target("dave@desk.test/high", (N["j"], RTP, RTP_AUDIO), 5),
        target("dave@desk.test/chat", ("urn:xmpp:ping",), 9),
    ]
    alice.call("c1", "dave@desk.test", targets, 0)
    assert sent(alice.described("c1", media(), 0)) == [("dave@desk.test/high", "session-initiate")]


# --- Asterisk ------------------------------------------------------------------------------------------------------


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


def test_asterisk_7_google_v1_is_no_jingle_and_answered_as_such() -> None:
    captured, replay = calling("asterisk-tries-three-dialects-with-one-sid", PLAIN)
    replay.feed(captured.stanzas[2:])
    assert replay.errors == ["feature-not-implemented"]


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


# --- Yate ----------------------------------------------------------------------------------------------------------


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
