"""Alice in the caller's part of XEP-0251: bob asks her to call carol."""

from __future__ import annotations

from jingle_wire import ALICE, BOB, FINGERPRINT, Agent, ids, media, xml
from said import content, iq, jingle

from phone.jingle.api import (
    Effects,
    PeerPolicy,
    Permission,
    Reply,
    SendIq,
    SendMessage,
    StanzaError,
)
from phone.jingle.elements import TRANSFER

CAROL = "carol@desk.test/phone"
NOT_ALLOWED = StanzaError("not-allowed", "cancel")
PLAIN = PeerPolicy(contact=True, plain_rtp=True)


def caller(permission: Permission = Permission.ASK, policy: PeerPolicy = PLAIN) -> Agent:
    """Alice, in a call with bob (whom she called or not: it is the same)."""
    alice = Agent(ALICE, policy=lambda _: policy, new_id=ids("t"), transfers=lambda _, __: permission)
    answer(alice, "c1", BOB)
    return alice


def answer(alice: Agent, sid: str, peer: str) -> None:
    fingerprint = f"<fingerprint xmlns='urn:xmpp:jingle:apps:dtls:0' hash='sha-256' setup='actpass'>{FINGERPRINT}"
    ice = f"<transport xmlns='urn:xmpp:jingle:transports:ice-udp:1'>{fingerprint}</fingerprint></transport>"
    assert iq(alice, jingle("session-initiate", content(transport=ice), sid=sid), peer)[0] is None
    alice.described(sid, media(), 0)
    alice.accept(sid, 0)


def transfer(to: str = f"to='{CAROL}'", sid: str = "c1") -> str:
    return jingle("session-info", f"<transfer xmlns='{TRANSFER}' {to}/>", sid)


def ask(alice: Agent, text: str, sender: str = BOB, iq_id: str = "ask", now: float = 0) -> Effects:
    return alice.receive_iq(sender, iq_id, xml(text), now)


def asked(permission: Permission = Permission.ASK, more: str = f"to='{CAROL}'") -> Agent:
    alice = caller(permission)
    assert len(ask(alice, transfer(more))) == 1
    return alice


def granted(more: str = f"to='{CAROL}'") -> Agent:
    alice = asked(more=more)
    assert alice.answer_transfer("c1", accept=True, now=0) == (Reply(BOB, "ask", None),)
    return alice


def mark(effects: Effects) -> list[dict[str, str]]:
    """The `<transfer/>` of what goes out; it must be the last child."""
    found = []
    for effect in effects:
        if isinstance(effect, SendIq | SendMessage):
            marks = effect.payload.findall(f"{{{TRANSFER}}}transfer")
            assert marks == [c for c in list(effect.payload)[-1:] if c.tag == f"{{{TRANSFER}}}transfer"]
            found += [dict(m.attrib) for m in marks]
    return found
