"""What Yate really sends in transfers, fed to our phone in each role; and its one refusal."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from captured import transfer_flow
from jingle_wire import ALICE, ids, media, news, sent, target
from said import DIRECT, PLAIN
from transferring import mark

from phone.jingle.agent import Agent
from phone.jingle.api import (
    CallAccepted,
    CallEnded,
    CallOffered,
    Effects,
    EndReason,
    Permission,
    Reply,
    SendIq,
    TransferAsked,
    TransferFailed,
    TransferFault,
)

YATE_A, YATE_B, YATE_C = (f"yate{x}@desk.test/yate" for x in "abc")


def phone() -> Agent:
    return Agent(ALICE, policy=lambda _: PLAIN, new_id=ids("t"), transfers=lambda _, __: Permission.ASK)


def feed(alice: Agent, stanza: Element) -> Effects:
    """A set; each but `<transfer/>` is acked."""
    effects = alice.receive_iq(stanza.get("from", ""), stanza.get("id", ""), stanza[0], 0)
    if not isinstance(effects[0], TransferAsked):
        assert effects[0] == Reply(stanza.get("from", ""), stanza.get("id", ""), None)
    return effects


def feed_all(alice: Agent, flow: list[Element]) -> Effects:
    return tuple(e for s in flow if len(s) for e in feed(alice, s))


def test_yate_asks_us() -> None:
    flow = [s for s in transfer_flow("yate-asks-us") if len(s)]
    first, second = flow[0][0].get("sid", ""), flow[-1][0].get("sid", "")
    alice = phone()
    alice.call(first, YATE_A, [target(YATE_A, DIRECT)], 0)
    alice.described(first, media(), 0)
    assert CallAccepted(first) in feed_all(alice, flow[:2])
    assert feed(alice, flow[2]) == (TransferAsked(first, YATE_C, ask=True),)
    assert alice.answer_transfer(first, accept=True, now=1) == (Reply(YATE_A, flow[2].get("id", ""), None),)
    assert sent(alice.hold(first, held=True, now=1)) == [(YATE_A, "session-info")]
    alice.call(second, YATE_C, [], 1, first)
    effects = alice.described(second, media(), 1)
    assert sent(effects) == [(YATE_C, "session-initiate")]
    assert mark(effects) == [{"from": YATE_A}]
    assert CallAccepted(second) in feed_all(alice, flow[3:])
    assert sent(alice.terminate(first, EndReason.TRANSFERRED, 1)) == [(YATE_A, "session-terminate")]
    assert [w.id for w in alice.wishes()] == [second]


def test_yate_is_asked_acks_late_and_leaves_before_the_callee_answers() -> None:
    initiate, *_, candidate, ack, terminate = transfer_flow("yate-is-asked")
    sid = initiate[0].get("sid", "")
    alice = phone()
    feed(alice, initiate)
    alice.described(sid, media(), 0)
    alice.accept(sid, 0)
    feed(alice, candidate)
    (asked,) = alice.transfer(sid, YATE_C, None, 0)
    assert isinstance(asked, SendIq)
    assert ack.get("type") == "result"
    assert alice.replied(asked.token, None, 19.0) == ()
    assert news(feed(alice, terminate)) == [CallEnded(sid, EndReason.TRANSFERRED)]


def test_yate_was_sent_to_us() -> None:
    flow = transfer_flow("yate-was-sent-to-us")
    sid = flow[0][0].get("sid", "")
    alice = phone()
    assert news(feed(alice, flow[0])) == [CallOffered(sid, YATE_B, YATE_A)]
    alice.described(sid, media(), 0)
    assert sent(alice.accept(sid, 0)) == [(YATE_B, "session-accept")]
    assert news(feed_all(alice, flow[1:])) == []


def attended(flow: list[Element]) -> tuple[Agent, str, str]:
    """Yate has called us, and we have called the same Yate; the token of our `<transfer/>`."""
    initiate, candidate, *answer, _, _ = [s for s in flow if len(s)]
    sid = initiate[0].get("sid", "")
    alice = phone()
    feed(alice, initiate)
    alice.described(sid, media(), 0)
    alice.accept(sid, 0)
    feed(alice, candidate)
    alice.call("cafe02", YATE_B, [target(YATE_B, DIRECT)], 0)
    alice.described("cafe02", media(), 0)
    assert CallAccepted("cafe02") in feed_all(alice, answer)
    (asked,) = alice.transfer(sid, YATE_B, "cafe02", 0)
    assert isinstance(asked, SendIq)
    return alice, sid, asked.token


def test_yate_joins_its_two_legs() -> None:
    flow = transfer_flow("yate-joins-its-two-legs")
    alice, sid, token = attended(flow)
    assert alice.replied(token, None, 0.01) == ()
    assert news(feed_all(alice, flow[-2:])) == [
        CallEnded(sid, EndReason.TRANSFERRED),
        CallEnded("cafe02", EndReason.TRANSFERRED),
    ]


def test_yate_has_no_peer_for_that_sid_and_both_calls_stand() -> None:
    alice, sid, token = attended(transfer_flow("yate-joins-its-two-legs"))
    assert alice.replied(token, "undefined-condition", 0.01) == (TransferFailed(sid, TransferFault.FAILED),)
    assert {w.id for w in alice.wishes()} == {sid, "cafe02"}
