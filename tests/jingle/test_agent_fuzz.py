"""Whatever comes in: nothing raises, every IQ gets exactly one reply (at once, but for `<transfer/>`, where the user is
asked), all that we send is XML.
"""

from __future__ import annotations

import copy
from xml.etree.ElementTree import Element, SubElement, tostring

from captured import CAPTURES, PLAIN, TRANSFERS, capture, transfer_flow
from fuzzing import build, damaged, policies, some_of, trees_of
from hypothesis import given, settings
from hypothesis import strategies as st
from jingle_wire import agent, xml
from watched import PEER, Watched

from phone.jingle import elements
from phone.jingle.api import (
    EndReason,
    PeerPolicy,
    Reply,
)
from phone.jingle.codec import encode_jingle, encode_proposal
from phone.jingle.elements import Action, Jingle, Verb
from phone.jingle.legs import MAX_REMEMBERED
from phone.jingle.parse import MAX_CANDIDATES, parse_jingle, parse_proposal
from phone.jingle.register import MAX_LEGS

NAMES = sorted(p.stem for p in CAPTURES.glob("*.xml"))
FLOWS = sorted(p.stem for p in TRANSFERS.glob("*.xml"))
SPACES = [v for v in vars(elements).values() if isinstance(v, str) and v.startswith(("urn:", "http"))]
WORDS = """
jingle content description transport candidate fingerprint payload-type parameter encryption reason text success busy
ringing hold unhold active dtmf early group rtcp-mux propose retract tie-break migrated transfer transferred
"""
TAGS = WORDS.split()
ATTRIBUTES = {
    "action": [a.value for a in Action],
    "sid": ["c1", "c2", "c3"],
    "id": ["c1", "0", "8", "111", "-1", "999999999999999999999", "x"],
    "name": ["audio", "", "PCMU", "opus", "OPUS", "telephone-event"],
    "media": ["audio", "video", ""],
    "port": ["0", "9", "4000", "65536", "4e3", "\u0664"],
    "ip": ["192.0.2.1", "::1", "0.0.0.0", "x.local", "999.1.1.1", "224.0.0.1", ""],  # noqa: S104
    "component": ["1", "2", "0", "x"],
    "senders": ["both", "none", "initiator", "responder"],
    "ufrag": ["u1", "u2", ""],
    "pwd": ["p1", ""],
    "setup": ["active", "passive", "actpass", "holdconn"],
    "hash": ["sha-256", "SHA-256", "md5"],
    "semantics": ["BUNDLE"],
    "clockrate": ["8000", "48000", "x"],
    "channels": ["1", "2", "0"],
    "generation": ["0", "1", "99999999999"],
    "code": ["5", "*", "E", "55"],
    "ptime": ["10", "0", "33"],
    "type": ["host", "relay", "x"],
    "protocol": ["udp", "UDP", "tcp"],
    "required": ["true"],
    "priority": ["1", "-1"],
    "rel-addr": ["192.0.2.9", "x"],
    "rel-port": ["5"],
    "from": [PEER, " mallory@EVIL.test./x", "alice@desk.test/phone", "x y", ""],
    "to": ["carol@desk.test/phone", "carol@desk.test", "alice@desk.test/phone", PEER, "@", "tel:+1"],
}
attributes = some_of(ATTRIBUTES)
trees = trees_of(SPACES, TAGS, attributes)
jingles = st.builds(
    build,
    st.just(f"{{{elements.JINGLE}}}jingle"),
    st.builds(
        lambda a, s, more: {**more, "action": a, "sid": s},
        st.sampled_from(ATTRIBUTES["action"]),
        st.sampled_from(ATTRIBUTES["sid"]),
        attributes,
    ),
    st.lists(trees, max_size=3),
)
proposals = st.builds(
    build,
    st.sampled_from([f"{{{elements.JMI}}}{v.value}" for v in Verb]),
    st.sampled_from(["c1", "c2", "c3", ""]).map(lambda i: {"id": i}),
    st.lists(trees | st.just(Element(f"{{{elements.RTP}}}description", {"media": "audio"})), max_size=3),
)


@st.composite
def mutated(draw: st.DrawFn) -> list[Element]:
    """A captured conversation with a few things wrong."""
    name = draw(st.sampled_from([*NAMES, *FLOWS]))
    flow = capture(name).stanzas if name in NAMES else [s for s in transfer_flow(name) if len(s)]
    return damaged(draw, flow, attributes, trees)


inputs = st.lists(
    st.tuples(st.just("iq"), jingles | trees)
    | st.tuples(st.sampled_from(["message", "carbon"]), proposals | trees)
    | st.tuples(st.sampled_from(["c1", "c2"]), st.integers(0, 10)),
    max_size=20,
)


@settings(max_examples=150, deadline=None)
@given(policies, inputs)
def test_random_stanzas_never_raise_and_every_iq_gets_one_reply(
    policy: PeerPolicy, given_: list[tuple[str, Element | int]]
) -> None:
    watched = Watched(policy)
    for kind, what in given_:
        if isinstance(what, int):
            watched.act(kind, what)
        elif kind == "iq":
            watched.iq(PEER, what)
        else:
            watched.message(PEER, what, sent_by_us=kind == "carbon")
    watched.close()


@settings(max_examples=150, deadline=None)
@given(policies, mutated(), st.lists(st.integers(0, 10), max_size=12))
def test_damaged_conversations_of_real_peers_never_raise(
    policy: PeerPolicy, stanzas: list[Element], acts: list[int]
) -> None:
    watched = Watched(policy)
    for stanza in stanzas:
        if stanza.tag == "message":
            watched.message(PEER, stanza[0])
        else:
            watched.iq(PEER, stanza[0])
        for what in acts[:3]:
            for wish in watched.agent.wishes()[:1]:
                watched.act(wish.id, what)
        acts = acts[3:]
    watched.close()


def propose(call: str) -> Element:
    return xml(
        f"<propose xmlns='{elements.JMI}' id='{call}'><description xmlns='{elements.RTP}' media='audio'/></propose>"
    )


def test_a_flood_of_proposals_is_bounded() -> None:
    stranger = agent(policy=PeerPolicy())
    for n in range(1000):
        stranger.receive_message(f"m{n}@evil.test/x", "a", propose(f"p{n}"), n, carbon=False, sent_by_us=False)
    assert len(stranger.wishes()) == 4
    friend = agent(policy=PLAIN)
    for n in range(1000):
        friend.receive_message(f"m{n}@desk.test/x", "a", propose(f"p{n}"), n, carbon=False, sent_by_us=False)
    assert len(friend.wishes()) == MAX_LEGS


def test_ended_ids_are_forgotten_by_number_and_by_time() -> None:
    alice = agent(policy=PLAIN)
    for n in range(1000):
        alice.receive_message("m@desk.test/x", "a", propose(f"p{n}"), 0, carbon=False, sent_by_us=False)
        alice.terminate(f"p{n}", EndReason.DECLINED, 0)
    assert len(alice.legs.ended) == MAX_REMEMBERED
    alice.receive_message("m@desk.test/x", "a", propose("last"), 1000, carbon=False, sent_by_us=False)
    alice.terminate("last", EndReason.DECLINED, 1000)
    assert list(alice.legs.ended) == [("m@desk.test", "last")]


def test_a_flood_of_sessions_is_answered_with_resource_constraint() -> None:
    (initiate, *_) = capture("browser-calls").stanzas
    alice = agent(policy=PeerPolicy())
    conditions = []
    for n in range(10):
        payload = copy.deepcopy(initiate[0])
        payload.set("sid", f"s{n}")
        (reply, *_) = alice.receive_iq(PEER, f"i{n}", payload, 0)
        assert isinstance(reply, Reply)
        conditions.append(reply.error and reply.error.condition)
    assert conditions == [None] * 4 + ["resource-constraint"] * 6


def test_candidates_and_payloads_are_limited() -> None:
    jingle = encode_jingle(Jingle(Action.TRANSPORT_INFO, "s"))
    content = SubElement(jingle, f"{{{elements.JINGLE}}}content", {"name": "audio"})
    transport = SubElement(content, f"{{{elements.ICE_UDP}}}transport")
    description = SubElement(content, f"{{{elements.RTP}}}description", {"media": "audio"})
    for n in range(1000):
        SubElement(transport, f"{{{elements.ICE_UDP}}}candidate", {"ip": "192.0.2.1", "port": str(n + 1)})
        SubElement(description, f"{{{elements.RTP}}}payload-type", {"id": str(n % 128), "name": "opus"})
    (parsed,) = parse_jingle(jingle).contents
    assert parsed.transport is not None
    assert parsed.description is not None
    assert len(parsed.transport.candidates) == MAX_CANDIDATES
    assert len(parsed.description.payloads) == 64


def test_proposals_survive_the_wire() -> None:
    proposal = elements.Proposal(
        Verb.FINISH, "x", ("audio",), elements.Reason("expired", "why"), tie_break=True, migrated_to="y"
    )
    assert parse_proposal(xml(tostring(encode_proposal(proposal)))) == proposal
