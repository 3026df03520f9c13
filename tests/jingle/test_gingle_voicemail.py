"""Google's voicemail extension: where a message is left, by its examples stanza by stanza, and what may go wrong."""

from __future__ import annotations

from xml.etree.ElementTree import tostring

import pytest
from gingle_wire import OLD, answer, capture, google, said, stanzas, token, voice
from hypothesis import given
from hypothesis import strategies as st
from jingle_wire import ids, news, xml

from phone.jingle.api import CallAccepted, CallAlerting, CallOffered, EndReason
from phone.jingle.gingle_codec import encode_session
from phone.jingle.gingle_elements import Act, Description, Gingle, P2pCandidate
from phone.jingle.gingle_voicemail import DISCO_ITEMS, Ask, Discovery, Found, NotSupported, Via, item
from phone.jingle.negotiate import PCMU

HAMLET = "hamlet@denmark.lit/throne"
FORTINBRAS = "fortinbras@norway.lit"


def search(callee: str = f"{FORTINBRAS}/tent") -> Discovery:
    return Discovery(HAMLET, callee, ids("voicemail-"))


def result(node: str = "voicemail", inside: str = "<item jid='vm@norway.lit/x'/>", xmlns: str = DISCO_ITEMS) -> object:
    return xml(f"<query xmlns='{xmlns}' node='{node}'>{inside}</query>")


# --- the examples --------------------------------------------------------


def test_first_try_stanza_by_stanza() -> None:
    _, (question, reply) = capture("voicemail-first-try")
    discovery = search()
    ask = discovery.start(0)
    assert (ask.to, ask.token) == (question.get("to"), question.get("id"))
    assert ask.payload.get("node") == question[0].get("node")
    assert ask.payload.tag == question[0].tag.replace("{ ", "{"), "the space is a slip of the document"
    assert discovery.answered(ask.token, reply[0], 0) == Found("hamlet@denmark.lit/voicemail", Via.THEIRS, FORTINBRAS)
    assert discovery.deadline is None


def test_second_try_stanza_by_stanza() -> None:
    _, (error, question, reply) = capture("voicemail-second-try")
    discovery = search()
    first = discovery.start(0)
    assert first.token == error.get("id")
    second = discovery.answered(first.token, None, 1)
    assert isinstance(second, Ask)
    assert (second.to, second.token) == (question.get("to"), question.get("id"))
    assert tostring(second.payload) == tostring(question[0]).strip()
    assert discovery.answered(second.token, reply[0], 2) == Found(
        "voicemail@denmark.lit/outgoingvoicemail", Via.OURS, FORTINBRAS
    )


def test_the_session_s_beginning_as_the_service_sees_it() -> None:
    _, (initiate,) = capture("voicemail-session")
    service = google("voicemail@denmark.lit", OLD)
    effects = service.receive_iq(HAMLET, initiate.get("id", ""), initiate[0])
    assert answer(effects) is None
    assert news(effects) == [CallOffered("a35e4n3g4n82", HAMLET, regarding=FORTINBRAS)]
    service.described("a35e4n3g4n82", voice("voicemail"))
    (accept,) = stanzas(service.accept("a35e4n3g4n82", 0), Act.ACCEPT)
    assert accept.initiator == "hamlet@denmark.lit", "without a resource, as it came"


@pytest.mark.parametrize("via", list(Via))
def test_from_the_search_to_the_message(via: Via) -> None:
    """Both tries end in the same session: to the address found, regarding whom it is for."""
    discovery = search()
    step = discovery.start(0)
    if via is Via.OURS:
        again = discovery.answered(step.token, None, 0)
        assert isinstance(again, Ask)
        step = again
    found = discovery.answered(step.token, result(via.value), 0)
    assert isinstance(found, Found)
    ours = google(HAMLET, OLD)
    ours.call("a35e4n3g4n82", found.jid, 0, regarding=found.regarding)
    initiate = ours.described("a35e4n3g4n82", voice("hamlet"))
    (sent,) = stanzas(initiate, Act.INITIATE)
    assert (sent.regarding, sent.initiator, sent.transport) == (FORTINBRAS, HAMLET, True)
    assert news(ours.replied(token(initiate), None)) == [CallAlerting("a35e4n3g4n82")]

    theirs = P2pCandidate(1, "0", "192.0.2.9", 9000, 950, username="6fbd7237437ce259")
    flow = [
        Gingle(Act.TRANSPORT_ACCEPT, "a35e4n3g4n82", HAMLET, transport=True),
        Gingle(Act.TRANSPORT_INFO, "a35e4n3g4n82", HAMLET, transport=True, wrapped=(theirs,)),
        Gingle(Act.ACCEPT, "a35e4n3g4n82", HAMLET, Description((PCMU,))),
    ]
    heard = [e for g in flow for e in news(ours.receive_iq(found.jid, "iq", encode_session(g)))]
    assert heard == [CallAccepted("a35e4n3g4n82")]
    assert [w.candidates for w in ours.wishes()] == [(theirs,)]
    end = ours.terminate("a35e4n3g4n82", EndReason.HANGUP)
    assert said(end) == ["terminate"], "which delivers the message"
    assert stanzas(end, Act.TERMINATE)[0].reason == "success"


# --- what may go wrong ---------------------------------------------------

USELESS = [
    None,
    result(inside=""),
    result(inside="<item/>"),
    result(inside="<item jid='a b'/>"),
    result(inside="<other jid='a@b'/>"),
    result(inside="<item jid=''/><item jid='a@b'/>"),
    result(inside="<item xmlns='urn:x' jid='a@b'/>"),
    result(node="other"),
    result(node=""),
    result(node="outgoingvoicemail"),
    result(xmlns="urn:other"),
    xml(f"<list xmlns='{DISCO_ITEMS}' node='voicemail'><item jid='a@b'/></list>"),
]


@pytest.mark.parametrize("number", range(len(USELESS)))
def test_what_is_of_no_use_is_the_next_step(number: int) -> None:
    discovery = search()
    first = discovery.start(0)
    second = discovery.answered(first.token, USELESS[number], 5)
    assert isinstance(second, Ask)
    assert (second.to, second.payload.get("node")) == ("hamlet@denmark.lit", "outgoingvoicemail")
    assert discovery.deadline == 15
    if number == 9:
        return  # it would do here
    assert discovery.answered(second.token, USELESS[number], 6) == NotSupported()
    assert discovery.deadline is None


def test_no_answer_for_10_s_is_the_next_step() -> None:
    discovery = search()
    first = discovery.start(100)
    assert discovery.deadline == 110
    assert discovery.expire(109) is None
    second = discovery.expire(110)
    assert isinstance(second, Ask)
    assert discovery.answered(first.token, result(), 111) is None, "too late"
    assert discovery.expire(120) == NotSupported()
    assert discovery.expire(1000) is None
    assert discovery.answered(second.token, result("outgoingvoicemail"), 1001) is None


@pytest.mark.parametrize("xmlns", [DISCO_ITEMS, f" {DISCO_ITEMS}", f"{DISCO_ITEMS} "])
def test_the_padded_namespace_is_taken_too(xmlns: str) -> None:
    assert item(result(xmlns=xmlns), Via.THEIRS) == "vm@norway.lit/x"


@pytest.mark.parametrize("jid", ["VM@Norway.lit/X", "vm.norway.lit", "vm@norway.lit"])
def test_the_address_is_used_as_it_stands(jid: str) -> None:
    assert item(result(inside=f"<item jid='{jid}'/><item jid='no@b'/>"), Via.THEIRS) == jid


REPLIES = st.sampled_from([*USELESS, result(), result("outgoingvoicemail")])


@given(
    st.lists(st.one_of(st.tuples(st.sampled_from(["voicemail-1", "voicemail-2", "x"]), REPLIES), st.integers(0, 60)))
)
def test_any_order_of_answers_ends_once(steps: list[object]) -> None:
    discovery = search()
    discovery.start(0)
    ends = 0
    for step in steps:
        done = discovery.deadline is None
        got = discovery.answered(step[0], step[1], 30) if isinstance(step, tuple) else discovery.expire(step)
        assert not (done and got)
        ends += isinstance(got, Found | NotSupported)
    assert ends <= 1
    assert (discovery.deadline is None) == bool(ends)
