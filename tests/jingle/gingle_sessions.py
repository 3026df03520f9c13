"""Google sessions in each of their states."""

from __future__ import annotations

from dataclasses import replace

from gingle_wire import voice
from jingle_wire import ALICE, BOB, ids

from phone.jingle.api import (
    Payload,
)
from phone.jingle.gingle import GoogleSession
from phone.jingle.gingle_elements import (
    Act,
    Description,
    Gingle,
    P2pCandidate,
)
from phone.jingle.gingle_terms import GoogleTerms, offer, take
from phone.jingle.negotiate import PCMU

EVENT = Payload(101, "telephone-event", 8000)
THEIRS = P2pCandidate(1, "0", "192.0.2.9", 9000, 950, username="6fbd7237437ce259")
RTCP = replace(THEIRS, component=2, port=9001)
OFFERED = Description((PCMU, Payload(9, "G722", 16000), EVENT))


def caller(media: bool = True) -> GoogleSession:
    """Its initiate is out."""
    session = GoogleSession("call", "s1", ALICE, BOB, offer(), initiator=True, new_id=ids("iq"))
    if media:
        session.offer(voice())
    return session


def active_caller() -> GoogleSession:
    session = caller()
    session.replied("iq1", None)
    session.receive(got(Act.ACCEPT, description=OFFERED))
    return session


def callee(transport: bool = False, **more: object) -> GoogleSession:
    """Their initiate is in."""
    terms = take(OFFERED)
    assert isinstance(terms, GoogleTerms)
    session = GoogleSession("call", "s1", BOB, ALICE, terms, initiator=False, new_id=ids("iq"))
    session.receive(got(Act.INITIATE, **{"description": OFFERED, "transport": transport, **more}))
    return session


def active_callee() -> GoogleSession:
    session = callee()
    session.describe(voice())
    session.accept()
    return session


def got(act: Act, **fields: object) -> Gingle:
    return replace(Gingle(act, "s1", "Alice@desk.test/phone"), **fields)


def ended(session: GoogleSession) -> GoogleSession:
    session.receive(got(Act.TERMINATE))
    return session
