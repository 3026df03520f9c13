"""Whatever comes in: nothing raises, every IQ gets exactly one reply (at once, but for `<transfer/>`, where the user is
asked), all that we send is XML.
"""

from __future__ import annotations

import copy
from contextlib import suppress
from xml.etree.ElementTree import Element, SubElement, tostring

from captured import CAPTURES, PLAIN, TRANSFERS, capture, transfer_flow
from hypothesis import given, settings
from hypothesis import strategies as st
from jingle_wire import agent, host, media, target, xml

from phone.jingle import elements
from phone.jingle.agent import Agent
from phone.jingle.api import (
    CallEnded,
    CallOffered,
    Effects,
    EndReason,
    PeerPolicy,
    Permission,
    Reply,
    SendIq,
    SendMessage,
    TransferAsked,
)
from phone.jingle.codec import encode_jingle, encode_proposal
from phone.jingle.elements import Action, Jingle, Verb
from phone.jingle.errors import LocalProtocolError
from phone.jingle.legs import MAX_LEGS, MAX_REMEMBERED
from phone.jingle.parse import MAX_CANDIDATES, parse_jingle, parse_proposal

PEER = "mallory@evil.test/x"
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
attributes = st.dictionaries(st.sampled_from(sorted(ATTRIBUTES)), st.integers(0, 20), max_size=6).map(
    lambda d: {k: ATTRIBUTES[k][n % len(ATTRIBUTES[k])] for k, n in d.items()}
)
tags = st.builds("{{{}}}{}".format, st.sampled_from(SPACES), st.sampled_from(TAGS)) | st.sampled_from(TAGS)


def build(tag: str, attrib: dict[str, str], children: list[Element]) -> Element:
    element = Element(tag, attrib)
    element.extend(children)
    return element


trees = st.recursive(
    st.builds(build, tags, attributes, st.just([])),
    lambda inner: st.builds(build, tags, attributes, st.lists(inner, max_size=4)),
    max_leaves=12,
)
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
    stanzas = [copy.deepcopy(s) for s in flow]
    for _ in range(draw(st.integers(0, 8))):
        element = draw(st.sampled_from([e for s in stanzas for e in s[0].iter()]))
        match draw(st.integers(0, 5)):
            case 0 if element.attrib:
                del element.attrib[draw(st.sampled_from(sorted(element.attrib)))]
            case 1:
                element.attrib.update(draw(attributes))
            case 2 if len(element):
                element.remove(element[draw(st.integers(0, len(element) - 1))])
            case 3 if len(element):
                element.append(copy.deepcopy(element[0]))
            case 4:
                element.append(draw(trees))
            case _:
                element.text = draw(st.text(max_size=5))
    return stanzas


class Watched:
    """An agent whose effects are checked."""

    def __init__(self, policy: PeerPolicy) -> None:
        self.agent: Agent = agent(policy=policy, transfers=Permission.ASK)
        self.ended: set[str] = set()
        self.asked: dict[str, int] = {}
        """IQ id -> how often it was answered."""

    def check(self, effects: Effects) -> None:
        for effect in effects:
            match effect:
                case SendIq(payload=payload) | SendMessage(payload=payload):
                    again = xml(tostring(payload))
                    if isinstance(effect, SendIq):
                        assert encode_jingle(parse_jingle(again)).attrib == payload.attrib
                    else:
                        assert parse_proposal(again).verb.value == payload.tag.rpartition("}")[2]
                case Reply(iq_id=iq_id):
                    self.asked[iq_id] += 1
                case CallOffered(id=call, replaces=replaced):
                    self.ended.discard(call)  # an id may come back for a new call
                    assert replaced is None or replaced in {w.id for w in self.agent.wishes()}
                case CallEnded(id=call):
                    assert call not in self.ended
                    self.ended.add(call)
                case _:
                    pass
        live = [w.id for w in self.agent.wishes()]
        assert len(live) <= MAX_LEGS
        assert not self.ended & set(live)
        assert all(len(w.candidates) <= MAX_CANDIDATES for w in self.agent.wishes())

    def iq(self, sender: str, payload: Element) -> None:
        iq_id = f"i{len(self.asked)}"
        self.asked[iq_id] = 0
        effects = self.agent.receive_iq(sender, iq_id, payload, 0)
        first = effects[0]
        assert isinstance(first, TransferAsked) or (isinstance(first, Reply) and first.iq_id == iq_id)
        self.check(effects)
        for effect in effects:
            if isinstance(effect, SendIq):
                self.check(self.agent.replied(effect.token, None, 0))

    def message(self, sender: str, payload: Element, *, sent_by_us: bool = False) -> None:
        self.check(self.agent.receive_message(sender, "x", payload, 0, carbon=sent_by_us, sent_by_us=sent_by_us))

    def act(self, call: str, what: int) -> None:
        if call not in {w.id for w in self.agent.wishes()}:
            self.ended.discard(call)
            self.check(self.agent.call(call, PEER, [target(PEER)] if what % 2 else [], 0))
            return
        match what:
            case 0:
                self.check(self.agent.accept(call, 0))
            case 1:
                restart = next(w.restart for w in self.agent.wishes() if w.id == call)
                self.check(self.agent.described(call, media(restart=restart), 0))
            case 2:
                self.check(self.agent.candidate(call, host(9), 0, 0))
            case 3:
                self.check(self.agent.terminate(call, EndReason.HANGUP, 0))
            case 4:
                self.check(self.agent.media_failed(call, "ice", 0))
            case 5:
                self.check(self.agent.hold(call, held=True, now=0))
                self.check(self.agent.hold(call, held=False, now=0))
            case 6:
                with suppress(LocalProtocolError):  # one is under way
                    self.check(self.agent.transfer(call, "carol@desk.test/phone", "c2", 0))
            case 7 | 8:
                self.check(self.agent.answer_transfer(call, accept=what == 7, now=0))
            case 9 if "c3" not in {w.id for w in self.agent.wishes()}:
                self.ended.discard("c3")
                self.check(self.agent.call("c3", "carol@desk.test/phone", [], 0, call))
            case _:
                self.check(self.agent.expire(100))
                self.check(self.agent.media_up(call, 0))
                self.check(self.agent.resource_gone(PEER, 0))

    def close(self) -> None:
        """All is hung up: nothing is left open."""
        for wish in self.agent.wishes():
            self.check(self.agent.terminate(wish.id, EndReason.TRANSFERRED, 0))
        assert set(self.asked.values()) <= {1}
        assert self.agent.deadline() is None


inputs = st.lists(
    st.tuples(st.just("iq"), jingles | trees)
    | st.tuples(st.sampled_from(["message", "carbon"]), proposals | trees)
    | st.tuples(st.sampled_from(["c1", "c2"]), st.integers(0, 10)),
    max_size=20,
)
policies = st.builds(PeerPolicy, plain_rtp=st.booleans(), direct=st.booleans(), contact=st.booleans())


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
