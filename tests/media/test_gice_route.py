"""Google's connectivity checks: what makes a route, and what loses it."""

from __future__ import annotations

import pytest
from gice_ends import COOKIE, NAT, THEIRS, A, B, answer, chosen, connected, machine, request, sent, usable

from phone.media.gice import (
    DEAF_SECONDS,
    FAILURE_SECONDS,
    KEEPING,
    SEARCHING,
    Gice,
    Outs,
    Remote,
    Route,
    Send,
)
from phone.media.gice_stun import Kind, Stun, encode

# --- what makes a route --------------------------------------------------


def test_a_route_needs_an_answer_and_a_request() -> None:
    gice = machine()
    gice.update([Remote(B, THEIRS, 950)], 0)
    assert chosen(answer(gice, gice.tick(0), 0.01)) == []
    assert gice.chosen is None
    assert chosen(gice.received(0, B, request(), 0.02)) == [Route(0, B)]
    other = machine()
    other.update([Remote(B, THEIRS, 950)], 0)
    assert chosen(other.received(0, B, request(), 0)) == []
    assert chosen(answer(other, other.tick(0), 0.01)) == [Route(0, B)]
    assert other.chosen == Route(0, B)


def test_a_better_route_is_taken_and_an_equal_one_is_not() -> None:
    gice = connected(priority=900)
    known = [Remote(B, THEIRS, 900)]
    for remote, priority, switched in ((NAT, 900, []), (A, 950, [Route(0, A)])):
        known.append(Remote(remote, THEIRS, priority))
        gice.update(known, 1)
        gice.received(0, remote, request(), 1)
        now = 1.0
        outs: Outs = ()
        while remote not in [o.route.remote for o in outs if isinstance(o, Send)]:
            now += KEEPING
            outs = gice.tick(now)
        assert chosen(answer(gice, outs, now)) == switched


def test_of_equal_routes_the_one_in_use_stays() -> None:
    gice = machine()
    gice.update([Remote(B, THEIRS, 900), Remote(NAT, THEIRS, 900)], 0)
    assert usable(gice, NAT, 0) == [Route(0, NAT)]
    assert usable(gice, B, 1) == []


@pytest.mark.parametrize("late", [False, True])
def test_a_request_does_not_make_a_signalled_address_better_than_it_is(late: bool) -> None:
    gice = machine()
    if late:
        gice.received(0, NAT, request(), 0)
    gice.update([Remote(NAT, THEIRS, 500), Remote(B, THEIRS, 600)], 0)
    assert usable(gice, NAT, 0) == [Route(0, NAT)]
    assert usable(gice, B, 1) == [Route(0, B)]


def test_who_moves_is_followed_as_soon_as_the_new_address_can_be_used() -> None:
    gice = connected()
    gice.update([Remote(NAT, THEIRS, 950)], 1)
    assert gice.chosen == Route(0, B)
    assert gice.guess() == Route(0, NAT)
    gice.received(0, NAT, request(), 1)
    outs = gice.tick(1)
    assert chosen(answer(gice, outs, 1)) == [Route(0, NAT)]


def test_an_address_that_was_not_signalled_may_be_the_route() -> None:
    gice = machine()
    gice.received(0, NAT, request(), 0)
    assert chosen(answer(gice, gice.tick(0), 0)) == [Route(0, NAT)]


@pytest.mark.parametrize(
    ("source", "local", "transaction"), [(NAT, 0, None), (B, 1, None), (B, 0, bytes(16)), (B, 0, COOKIE)]
)
def test_an_answer_to_nothing_or_from_elsewhere_does_not_count(
    source: tuple[str, int], local: int, transaction: bytes | None
) -> None:
    gice = machine(sockets=(False, False))
    gice.update([Remote(B, THEIRS)], 0)
    gice.received(0, B, request(), 0)
    (check,) = sent(gice.tick(0))
    for kind in (Kind.RESPONSE, Kind.ERROR):
        forged = encode(Stun(kind, check.transaction if transaction is None else transaction, mapped=A))
        assert gice.received(local, source, forged, 0) == ()
    assert gice.refused == 2
    assert gice.chosen is None


def test_an_answer_counts_once() -> None:
    gice = machine()
    gice.update([Remote(B, THEIRS)], 0)
    outs = gice.tick(0)
    answer(gice, outs, 0)
    assert gice.refused == 0
    answer(gice, outs, 0)
    assert gice.refused == 1


def test_an_error_is_no_answer() -> None:
    gice = machine()
    gice.update([Remote(B, THEIRS)], 0)
    gice.received(0, B, request(), 0)
    (check,) = sent(gice.tick(0))
    assert gice.received(0, B, encode(Stun(Kind.ERROR, check.transaction, error=401)), 0) == ()
    assert gice.refused == 0
    assert gice.chosen is None
    assert gice.tick(SEARCHING) != (), "their side may not know us yet"


def test_what_is_no_message_is_counted() -> None:
    gice = machine()
    assert gice.received(0, B, b"\x00", 0) == ()
    assert gice.refused == 1


# --- loss ----------------------------------------------------------------


def run(gice: Gice, start: float, end: float) -> list[tuple[float, Route | None]]:
    """Ticks until `end` with nobody answering; what was chosen when."""
    found = []
    while (due := gice.deadline()) is not None and due <= end:
        now = max(due, start)
        found += [(now, route) for route in chosen(gice.tick(now))]
    return found


def test_five_checks_and_five_seconds_without_an_answer_lose_the_route() -> None:
    gice = connected()
    ((at, route),) = run(gice, 0, 30)
    assert route is None
    first = SEARCHING  # when the first unanswered check went out
    assert first + FAILURE_SECONDS <= at <= first + FAILURE_SECONDS + KEEPING
    assert gice.chosen is None


def test_after_15_s_of_silence_it_is_no_longer_checked_until_it_asks() -> None:
    gice = connected()
    run(gice, 0, 100)
    assert gice.deadline() is None
    assert gice.tick(100) == ()
    assert sent(gice.received(0, B, request(), 100))[0].kind is Kind.RESPONSE
    assert gice.deadline() == 100
    assert gice.chosen is None, "what it answered long ago does not count"
    assert chosen(answer(gice, gice.tick(100), 100)) == [Route(0, B)]


def test_a_silence_of_fewer_checks_or_less_time_is_none() -> None:
    gice = connected()
    assert run(gice, 0, FAILURE_SECONDS - 0.1) == []
    late = connected()
    late.tick(1)
    for step in range(3):
        late.tick(20 + step)
    assert late.chosen is not None, "four checks, though 21 s"
    assert chosen(late.tick(24)) == [], "the fifth goes out"
    assert chosen(late.tick(25)) == [None]


def test_an_answer_ends_the_silence() -> None:
    gice = connected()
    for step in range(1, 100):
        outs = gice.tick(step)
        answer(gice, tuple(o for o in outs if isinstance(o, Send)), step)
        gice.received(0, B, request(), step)
        assert gice.chosen == Route(0, B)


def test_who_neither_asks_nor_speaks_for_30_s_is_not_there() -> None:
    gice = connected()
    lost = []
    for step in range(1, 40):
        outs = gice.tick(step)
        lost += [step for _ in chosen(outs)]
        answer(gice, tuple(o for o in outs if isinstance(o, Send)), step)
    assert lost == [DEAF_SECONDS]


def test_rtp_is_as_good_as_a_request() -> None:
    gice = connected()
    for step in range(1, 40):
        outs = gice.tick(step)
        answer(gice, tuple(o for o in outs if isinstance(o, Send)), step)
        assert gice.heard(0, B, step)
    assert gice.chosen == Route(0, B)


@pytest.mark.parametrize("v6", [False, True])
def test_a_socket_that_comes_later_is_checked_from_too_within_its_family(v6: bool) -> None:
    gice = machine()
    gice.update([Remote(B, THEIRS, 950)], 0)
    local = gice.add_socket(0, v6=v6)
    tried = {out.route for tick in range(20) for out in gice.tick(tick * SEARCHING) if isinstance(out, Send)}
    assert (Route(local, B) in tried) is not v6
