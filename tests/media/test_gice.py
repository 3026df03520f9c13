"""Google's connectivity checks: who asks us, the pace, RTP, and any order of anything."""

from __future__ import annotations

from collections import Counter

import pytest
from gice_ends import B6, COOKIE, ID, NAT, OURS, THEIRS, A, B, answer, chosen, connected, machine, request, sent
from hypothesis import given
from hypothesis import strategies as st

from phone.media.gice import (
    FAILURE_SECONDS,
    GIVE_UP_SECONDS,
    KEEPING,
    MAX_OUTSTANDING,
    MAX_PAIRS,
    SEARCHING,
    Outs,
    Remote,
    Route,
    Send,
)
from phone.media.gice_stun import Kind, Stun, encode

# --- who asks us ---------------------------------------------------------


@given(st.integers(0, 60), st.integers(0, 255), st.integers(0, 60))
def test_a_message_with_any_byte_changed_or_cut_is_a_message_or_none(at: int, value: int, end: int) -> None:
    data = bytearray(encode(Stun(Kind.RESPONSE, ID, b"u" * 16, mapped=A)))
    data[at % len(data)] = value
    gice = connected()
    gice.received(0, B, bytes(data[:end]), 1)
    gice.received(0, B, bytes(data), 1)


@pytest.mark.parametrize("transaction", [ID, COOKIE])
def test_a_request_is_answered_once_with_its_own_transaction_and_username(transaction: bytes) -> None:
    gice = machine()
    outs = gice.received(0, B, request(transaction=transaction), 0)
    assert sent(outs) == [Stun(Kind.RESPONSE, transaction, (OURS + THEIRS).encode(), mapped=B)]
    assert outs[0] == Send(Route(0, B), outs[0].data)


def test_then_who_asked_is_checked_with_the_halves_swapped() -> None:
    gice = machine()
    gice.received(0, NAT, request(), 5)
    assert gice.deadline() == 5
    (check,) = gice.tick(5)
    assert isinstance(check, Send)
    assert check.route == Route(0, NAT)
    (message,) = sent((check,))
    assert (message.kind, message.username) == (Kind.REQUEST, (THEIRS + OURS).encode())


@pytest.mark.parametrize(
    ("username", "error"),
    [(None, 400), ("", 401), (THEIRS + OURS, 401), (OURS[:15], 401), (OURS.lower() + THEIRS, 401)],
)
def test_who_does_not_know_us_is_told_so_and_not_checked(username: str | None, error: int) -> None:
    gice = machine()
    (reply,) = sent(gice.received(0, B, request(username), 0))
    assert (reply.kind, reply.transaction, reply.error) == (Kind.ERROR, ID, error)
    assert gice.refused == 1
    assert gice.deadline() is None
    assert not gice.heard(0, B, 0)


@pytest.mark.parametrize("username", [OURS, OURS + "x", OURS + "\u00e4" * 3, OURS + THEIRS * 10])
def test_whatever_their_half_is(username: str) -> None:
    gice = machine()
    assert [m.kind for m in sent(gice.received(0, B, request(username), 0))] == [Kind.RESPONSE]
    assert [m.username for m in sent(gice.tick(0))] == [username[16:].encode() + OURS.encode()]


def test_a_half_that_is_empty_does_not_undo_the_one_before() -> None:
    gice = machine()
    for username in (OURS + THEIRS, OURS):
        gice.received(0, B, request(username), 0)
    assert sent(gice.tick(0))[0].username == (THEIRS + OURS).encode()


def test_a_signalled_username_is_believed_rather_than_the_request_s() -> None:
    gice = machine()
    gice.update([Remote(B, THEIRS)], 0)
    gice.received(0, B, request(OURS + "somethingelse"), 0)
    assert sent(gice.tick(0))[0].username == (THEIRS + OURS).encode()


def test_an_address_that_asked_before_it_was_signalled() -> None:
    gice = machine()
    gice.received(0, B, request(OURS), 0)
    gice.update([Remote(B, THEIRS, 950)], 0)
    assert sent(gice.tick(0))[0].username == (THEIRS + OURS).encode()


def test_two_of_ours_never_flood_each_other() -> None:
    """Law 1: with no loss and no delay, the checks and answers of 10 s are what the pace allows."""
    ends = {A: machine(OURS), B: machine(THEIRS)}
    ends[A].update([Remote(B, THEIRS, 950)], 0)
    ends[B].update([Remote(A, OURS, 950)], 0)
    count: Counter[Kind] = Counter()
    for step in range(1000):
        now = step / 100
        for here, there in ((A, B), (B, A)):
            queue = [(here, there, o) for o in ends[here].tick(now)]
            while queue:
                source, to, out = queue.pop()
                if isinstance(out, Send):
                    count.update(m.kind for m in sent((out,)))
                    queue += [(to, source, o) for o in ends[to].received(0, source, out.data, now)]
    assert count[Kind.REQUEST] == count[Kind.RESPONSE]
    assert count[Kind.REQUEST] <= 2 * (10 / KEEPING + 3)
    assert (ends[A].chosen, ends[B].chosen) == (Route(0, B), Route(0, A))


def test_a_flood_of_requests_is_answered_and_no_more() -> None:
    gice = connected()
    assert len(gice.tick(0.1)) == 1
    outs = [o for _ in range(1000) for o in gice.received(0, B, request(), 0.1)]
    assert Counter(m.kind for m in sent(tuple(outs))) == {Kind.RESPONSE: 1000}
    assert gice.tick(0.1) == (), "the clock says when"


# --- the pace ------------------------------------------------------------


def test_without_candidates_nothing_is_due() -> None:
    gice = machine()
    assert gice.deadline() is None
    assert gice.tick(0) == ()
    gice.update([Remote(B6, THEIRS)], 0)
    assert gice.deadline() is None, "no socket of that family"


def test_one_check_each_50_ms_best_first_then_in_turn() -> None:
    gice = machine()
    gice.update([Remote(NAT, "other0123456789a", 900), Remote(B, THEIRS, 950)], 0)
    order = []
    for step in range(4):
        now = step * SEARCHING
        assert gice.deadline() == pytest.approx(now)
        (check,) = gice.tick(now)
        assert isinstance(check, Send)
        order.append(check.route.remote)
        assert gice.tick(now) == ()
    assert order == [B, NAT, B, NAT]


def test_each_socket_checks_the_addresses_of_its_family() -> None:
    gice = machine(sockets=(False, True, False))
    gice.update([Remote(B, THEIRS), Remote(B6, THEIRS)], 0)
    routes = {o.route for step in range(6) for o in gice.tick(step) if isinstance(o, Send)}
    assert routes == {Route(0, B), Route(2, B), Route(1, B6)}


def test_once_a_route_is_chosen_each_480_ms() -> None:
    gice = connected()
    assert gice.tick(SEARCHING) != (), "the one that was due already"
    assert gice.deadline() == pytest.approx(SEARCHING + KEEPING)
    assert gice.tick(SEARCHING + KEEPING / 2) == ()
    assert len(gice.tick(SEARCHING + KEEPING)) == 1


def test_no_more_pairs_than_64_and_no_more_ids_than_128() -> None:
    gice = machine()
    gice.update([Remote((f"192.0.2.{n}", 9000), THEIRS) for n in range(200)], 0)
    gice.received(0, B6, request(), 0)
    routes = {o.route for step in range(300) for o in gice.tick(step * 0.05) if isinstance(o, Send)}
    assert len(routes) == MAX_PAIRS
    assert len(gice._outstanding) == MAX_OUTSTANDING


# --- RTP -----------------------------------------------------------------


def test_rtp_is_taken_from_any_address_that_passed_a_check() -> None:
    gice = machine(sockets=(False, False))
    gice.update([Remote(B, THEIRS), Remote(A, THEIRS)], 0)
    assert not gice.heard(0, B, 0), "signalled is not checked"
    outs = gice.tick(0)
    answer(gice, outs, 0)
    (check,) = outs
    assert isinstance(check, Send)
    assert gice.heard(check.route.local, check.route.remote, 0), "it answered"
    gice.tick(SEARCHING)
    assert gice.chosen is None, "RTP alone does not make a route"
    gice.received(1, NAT, request(), 0)
    assert gice.heard(1, NAT, 0), "it asked"
    assert not gice.heard(0, NAT, 0), "on the other socket"


def test_who_answers_no_checks_is_sent_to_by_guess() -> None:
    gice = machine()
    assert gice.guess() is None
    gice.received(0, NAT, request(), 0)
    assert gice.guess() is None, "not signalled"
    gice.update([Remote(B, THEIRS, 900), Remote(A, THEIRS, 950)], 0)
    assert gice.guess() == Route(0, A)
    outs: Outs = ()
    while B not in [o.route.remote for o in outs if isinstance(o, Send)]:
        outs = gice.tick(gice.deadline() or 0)
    answer(gice, outs, 1)
    assert gice.guess() == Route(0, B), "it answered"


# --- any order of anything -----------------------------------------------

ADDRESSES = st.sampled_from([A, B, NAT, B6])
STEPS = st.one_of(
    st.tuples(st.just("tick"), st.floats(0, 20)),
    st.tuples(st.just("request"), ADDRESSES, st.sampled_from([OURS, OURS + THEIRS, "", THEIRS])),
    st.tuples(st.just("answer"), st.sampled_from([Kind.RESPONSE, Kind.ERROR])),
    st.tuples(st.just("update"), ADDRESSES, st.integers(0, 1000)),
    st.tuples(st.just("rtp"), ADDRESSES),
    st.tuples(st.just("bytes"), st.binary(max_size=60)),
)


@given(st.lists(STEPS, max_size=40))
def test_any_order_of_anything(steps: list[tuple[object, ...]]) -> None:
    gice = machine(sockets=(False, True))
    now = 0.0
    checks: list[Send] = []
    route: Route | None = None
    for step in steps:
        outs: Outs = ()
        match step:
            case ("tick", float() as more):
                now += more
                outs = gice.tick(now)
                assert len(sent(outs)) <= 1
                checks += [o for o in outs if isinstance(o, Send)]
            case ("request", tuple() as source, str() as username):
                outs = gice.received(int(":" in source[0]), source, request(username), now)
                assert len(sent(outs)) == 1
                assert sent(outs)[0].kind is not Kind.REQUEST
            case ("answer", Kind() as kind) if checks:
                last = checks.pop()
                (message,) = sent((last,))
                reply = encode(Stun(kind, message.transaction))
                outs = gice.received(last.route.local, last.route.remote, reply, now)
                assert sent(outs) == []
            case ("update", tuple() as source, int() as priority):
                gice.update([Remote(source, THEIRS, priority)], now)
            case ("rtp", tuple() as source):
                heard = gice.heard(int(":" in source[0]), source, now)
                assert heard or gice.chosen != Route(int(":" in source[0]), source)
            case ("bytes", bytes() as data):
                outs = gice.received(0, A, data, now)
            case _:
                pass
        for told in chosen(outs):
            assert told != route, "a choice is told once"
            route = told
        assert gice.chosen == route
        assert gice.deadline() is not None or route is None, "who has a route keeps it"
    assert GIVE_UP_SECONDS > FAILURE_SECONDS
