"""Whatever comes in as a Google session, among Jingle's: nothing raises, every IQ gets exactly one reply at once, all
that we send is XML, ids are one call's, and calls are no more than there may be.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

from captured import capture as jingle_capture
from fuzzing import build, damaged, policies, some_of, trees_of
from gingle_wire import CAPTURES, answer, capture
from hypothesis import given, settings
from hypothesis import strategies as st
from jingle_wire import agent, xml
from watched import PEER, Watched

from phone.jingle.api import PeerPolicy
from phone.jingle.elements import JINGLE, RTP, RTP_INFO, VOICEMAIL
from phone.jingle.gingle_elements import DTMF_INFO, P2P, PHONE, SESSION, VIDEO, Act
from phone.jingle.register import MAX_LEGS, MAX_STRANGERS

FLOWS = sorted(p.stem for p in CAPTURES.glob("*.xml") if "try" not in p.stem)
SPACES = [SESSION, P2P, PHONE, VIDEO, VOICEMAIL, DTMF_INFO, RTP, RTP_INFO, JINGLE, "urn:x"]
TAGS = [
    "session",
    "description",
    "transport",
    "candidate",
    "payload-type",
    "encryption",
    "crypto",
    "usage",
    "regarding",
    "target",
    "cookie",
    "reason",
    "success",
    "busy",
    "call-ended",
    "redirect",
    "dtmf",
    "hold",
    "active",
    "unhold",
    "src-id",
]
ATTRIBUTES = {
    "type": [*(a.value for a in Act), "modify", "local", "stun", "relay", ""],
    "id": ["c1", "c2", "c3", "0", "8", "101", "-1", "9" * 30, "x" * 300],
    "initiator": [PEER, "Mallory@EVIL.test", "x y", ""],
    "name": ["rtp", "rtcp", "video_rtp", "PCMU", "PCMA", "telephone-event", "boss@b.example", "@", "a\u202eb@c"],
    "address": ["192.0.2.1", "::1", "999.1.1.1", "224.0.0.1", ""],
    "port": ["9", "0", "65536", "\u0664"],
    "username": ["6fbd7237437ce259", "", "x" * 65, "a b", "\u00e4"],
    "preference": ["1", "0.95", "-1", "1e9", "nan", "0." + "9" * 40],
    "protocol": ["udp", "tcp", "ssltcp"],
    "generation": ["0", "1", "99999999999"],
    "clockrate": ["8000", "16000", "x"],
    "channels": ["1", "2"],
    "required": ["true"],
    "tag": ["1"],
    "crypto-suite": ["AES_CM_128_HMAC_SHA1_80"],
    "key-params": ["inline:x"],
    "action": ["button-up", "button-down", "session-initiate"],
    "code": ["5", "55", "E"],
    "sid": ["c1", "c2"],
}
attributes = some_of(ATTRIBUTES)
trees = trees_of(SPACES, TAGS, attributes)
VOICE = f"<description xmlns='{PHONE}'><payload-type id='0'/></description>"
sessions = st.builds(
    build,
    st.just(f"{{{SESSION}}}session"),
    st.builds(
        lambda act, sid, more: {**more, "type": act, "id": sid, "initiator": PEER},
        st.sampled_from([a.value for a in Act]),
        st.sampled_from(["c1", "c2", "c3"]),
        attributes,
    ),
    st.lists(trees | st.builds(xml, st.just(VOICE)), max_size=3),
)
CALL = jingle_capture("asterisk-tries-three-dialects-with-one-sid")


def jingle_call(sid: str) -> Element:
    payload = xml(f"<jingle xmlns='{JINGLE}' action='session-initiate' sid='{sid}'/>")
    payload.extend(list(CALL.stanzas[0][0]))
    return payload


inputs = st.lists(
    st.tuples(st.just("iq"), sessions | trees | st.sampled_from(["c1", "c2"]).map(jingle_call))
    | st.tuples(st.sampled_from(["c1", "c2"]), st.integers(0, 10)),
    max_size=20,
)


@settings(max_examples=150, deadline=None)
@given(policies, inputs)
def test_random_sessions_never_raise_and_every_iq_gets_one_reply(
    policy: PeerPolicy, given_: list[tuple[str, Element | int]]
) -> None:
    watched = Watched(policy)
    for kind, what in given_:
        if isinstance(what, int):
            watched.act(kind, what)
        else:
            watched.iq(PEER, what)
    watched.close()


@st.composite
def mutated(draw: st.DrawFn) -> list[Element]:
    _, flow = capture(draw(st.sampled_from(FLOWS)))
    return damaged(draw, flow, attributes, trees)


@settings(max_examples=100, deadline=None)
@given(policies, mutated(), st.booleans(), st.lists(st.integers(0, 10), max_size=12))
def test_damaged_conversations_of_real_peers_never_raise(
    policy: PeerPolicy, stanzas: list[Element], ours: bool, acts: list[int]
) -> None:
    """`ours`: the call that they are about is one of ours."""
    watched = Watched(policy)
    sid = stanzas[0][0].get("id", "")
    if ours and sid:
        watched.act(sid, 2)
        watched.act(sid, 1)
    for stanza in stanzas:
        watched.iq(PEER, stanza[0])
        for what in acts[:3]:
            for wish in watched.agent.wishes()[:1]:
                watched.act(wish.id, what)
        acts = acts[3:]
    watched.close()


def test_a_flood_of_both_dialects_is_bounded_as_one() -> None:
    for contact, most in ((False, MAX_STRANGERS), (True, MAX_LEGS)):
        alice = agent(policy=PeerPolicy(plain_rtp=True, contact=contact))
        for n in range(40):
            google = xml(f"<session xmlns='{SESSION}' type='initiate' id='s{n}' initiator='{PEER}'>{VOICE}</session>")
            payload = google if n % 2 else jingle_call(f"s{n}")
            got = answer(alice.receive_iq(PEER, f"i{n}", payload, 0))
            assert got == (None if n < most else "resource-constraint")
        assert len(alice.wishes()) == most
