"""The acceptance list: each rule of real clients that concerns signalling, by the capture that showed it."""

from __future__ import annotations

import pytest
from captured import PLAIN, called, calling
from jingle_wire import CONTACT, agent, host, media, news, sent, target, xml

from phone.jingle.api import (
    CallAccepted,
    CallAlerting,
    CallEnded,
    CallOffered,
    EndReason,
    MediaWish,
    Nonsense,
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


def test_6_a_transfer_before_the_answer_is_out_of_order() -> None:
    captured, replay = calling("browser-calls", CONTACT)
    replay.feed(captured.stanzas[:1])
    info = xml(
        f"<jingle xmlns='urn:xmpp:jingle:1' action='session-info' sid='{captured.sid}'>"
        "<transfer xmlns='urn:xmpp:jingle:transfer:0' to='x@y'/></jingle>"
    )
    (reply, nonsense) = replay.agent.receive_iq(captured.peer, "i", info, 0)
    assert isinstance(reply, Reply)
    assert isinstance(nonsense, Nonsense)
    assert reply.error is not None
    assert reply.error.condition == "unexpected-request"
    assert reply.error.extra == ("urn:xmpp:jingle:errors:1", "out-of-order")


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
