"""Google's connectivity checks: bytes of real peers' form, the pace, what makes a path, and what a stranger gets."""

from __future__ import annotations

import itertools
import struct
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone.media.gice import (
    DEAF_SECONDS,
    FAILURE_SECONDS,
    GIVE_UP_SECONDS,
    KEEPING,
    MAX_OUTSTANDING,
    MAX_PAIRS,
    SEARCHING,
    Chosen,
    Gice,
    Outs,
    Remote,
    Route,
    Send,
)
from phone.media.gice_stun import MAX_LENGTH, Kind, Stun, decode, encode, sort

OURS = "aliceAliceAlice1"
THEIRS = "6fbd7237437ce259"
A = ("192.0.2.1", 4000)
B = ("192.0.2.9", 9000)
B6 = ("2001:db8::9", 9000)
NAT = ("198.51.100.7", 1234)
ID = bytes(range(16))
COOKIE = bytes.fromhex("2112a442") + bytes(12)


def machine(name: str = OURS, sockets: tuple[bool, ...] = (False,)) -> Gice:
    numbers = itertools.count(1)
    return Gice(name, sockets, lambda: next(numbers).to_bytes(16))


def request(username: str | None = OURS + THEIRS, transaction: bytes = ID) -> bytes:
    return encode(Stun(Kind.REQUEST, transaction, None if username is None else username.encode()))


def sent(outs: Outs) -> list[Stun]:
    found = [decode(o.data) for o in outs if isinstance(o, Send)]
    return [m for m in found if m is not None]


def chosen(outs: Outs) -> list[Route | None]:
    return [o.route for o in outs if isinstance(o, Chosen)]


def answer(gice: Gice, outs: Outs, now: float) -> Outs:
    """The far end answers the check in `outs`."""
    (check,) = [o for o in outs if isinstance(o, Send)]
    message = decode(check.data)
    assert message is not None
    reply = encode(Stun(Kind.RESPONSE, message.transaction, message.username, mapped=A))
    return gice.received(check.route.local, check.route.remote, reply, now)


def connected(priority: int = 950) -> Gice:
    """With B, at time 0."""
    gice = machine()
    gice.update([Remote(B, THEIRS, priority)], 0)
    answer(gice, gice.tick(0), 0)
    assert chosen(gice.received(0, B, request(), 0)) == [Route(0, B)]
    return gice


# --- the bytes -----------------------------------------------------------


def test_a_check_as_asterisk_and_libjingle_read_it() -> None:
    assert request() == (b"\x00\x01" + b"\x00\x24" + ID + b"\x00\x06\x00\x20" + b"aliceAliceAlice16fbd7237437ce259")


def test_an_answer_has_mapped_address_and_username() -> None:
    data = encode(Stun(Kind.RESPONSE, ID, b"x" * 32, mapped=("192.0.2.1", 0x1234)))
    assert data[:20] == b"\x01\x01" + b"\x00\x30" + ID
    assert data[20:32] == b"\x00\x01\x00\x08\x00\x01\x12\x34" + bytes((192, 0, 2, 1))
    assert data[32:36] == b"\x00\x06\x00\x20"


@pytest.mark.parametrize("error", [400, 401, 430])
def test_error_codes_are_divided_by_256_on_purpose(error: int) -> None:
    data = encode(Stun(Kind.ERROR, ID, error=error))
    assert data[20:] == b"\x00\x09\x00\x04\x00\x00" + bytes((1, error - 256))
    assert decode(data) == Stun(Kind.ERROR, ID, error=error)


def test_error_codes_by_the_rfc_are_read_too() -> None:
    data = bytes.fromhex("01110008") + ID + bytes.fromhex("000900040000041e")
    assert decode(data) == Stun(Kind.ERROR, ID, error=430)


@pytest.mark.parametrize(
    "message",
    [
        Stun(Kind.REQUEST, ID, b"x" * 32),
        Stun(Kind.REQUEST, COOKIE, b"odd"),
        Stun(Kind.RESPONSE, ID, b"u" * 32, mapped=("192.0.2.1", 65535)),
        Stun(Kind.RESPONSE, ID, mapped=("2001:db8::1", 1)),
        Stun(Kind.ERROR, ID, b"u", error=400),
        Stun(Kind.REQUEST, ID),
        Stun(Kind.REQUEST, ID, b""),
    ],
)
def test_there_and_back(message: Stun) -> None:
    assert decode(encode(message)) == message


def test_a_scope_is_not_written() -> None:
    data = encode(Stun(Kind.RESPONSE, ID, mapped=("fe80::1%eth0", 7)))
    assert decode(data) == Stun(Kind.RESPONSE, ID, mapped=("fe80::1", 7))


def test_a_username_packed_without_padding_is_read() -> None:
    body = b"\x00\x06\x00\x03abc" + b"\x00\x09\x00\x04\x00\x00\x01\x91"
    assert decode(b"\x01\x11" + struct.pack("!H", len(body)) + ID + body) == Stun(Kind.ERROR, ID, b"abc", error=401)


def test_unknown_attributes_and_trailing_bytes_are_passed_over() -> None:
    body = b"\x80\x22\x00\x04abcd" + b"\x00\x06\x00\x04name" + b"\x00\x06\x00\x04more"
    data = b"\x00\x01" + struct.pack("!H", len(body)) + COOKIE + body + b"trailing"
    assert decode(data) == Stun(Kind.REQUEST, COOKIE, b"name")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00\x01\x00\x00" + bytes(15),
        b"\x00\x03\x00\x00" + ID,  # allocate, of TURN
        b"\x00\x11\x00\x00" + ID,  # an indication
        b"\x00\x01\x00\x04" + ID,  # longer than it is
        b"\x00\x01\x00\x04" + ID + b"\x00\x06\x00\x04",  # so is its attribute
        b"\x00\x01\x00\x03" + ID + b"\x00\x06\x00",
        b"\x00\x01\x00\x00" + ID + bytes(MAX_LENGTH),
    ],
)
def test_what_is_no_message(data: bytes) -> None:
    assert decode(data) is None


@pytest.mark.parametrize("value", [b"", b"\x00\x01\x00", b"\x00\x03\x00\x01abcd", b"\x00\x02\x00\x01abcd"])
def test_a_mapped_address_that_is_none(value: bytes) -> None:
    body = struct.pack("!HH", 1, len(value)) + value + bytes(-len(value) % 4)
    assert decode(b"\x01\x01" + struct.pack("!H", len(body)) + ID + body) == Stun(Kind.RESPONSE, ID)


def test_an_error_code_that_is_none() -> None:
    assert decode(b"\x01\x11\x00\x08" + ID + b"\x00\x09\x00\x02\x00\x00\x00\x00") == Stun(Kind.ERROR, ID)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"", ""),
        (b"\x00\x01", "stun"),
        (b"\x3f", "stun"),
        (b"\x80\x00", "rtp"),
        (b"\xbf", "rtp"),
        (b"\x40", ""),
        (b"\xff", ""),
    ],
)
def test_datagrams_are_sorted_by_two_bits(data: bytes, kind: str) -> None:
    assert sort(data) == kind


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_none(data: bytes) -> None:
    for prefix in (
        b"",
        b"\x00\x01" + struct.pack("!H", len(data)) + ID,
        b"\x01\x11" + struct.pack("!H", len(data)) + ID,
    ):
        message = decode(prefix + data)
        if message is not None:
            assert len(message.transaction) == 16
            assert decode(encode(message)) is not None


@given(st.integers(0, 60), st.integers(0, 255), st.integers(0, 60))
def test_a_message_with_any_byte_changed_or_cut_is_a_message_or_none(at: int, value: int, end: int) -> None:
    data = bytearray(encode(Stun(Kind.RESPONSE, ID, b"u" * 16, mapped=A)))
    data[at % len(data)] = value
    gice = connected()
    gice.received(0, B, bytes(data[:end]), 1)
    gice.received(0, B, bytes(data), 1)


# --- who asks us ---------------------------------------------------------


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
    for remote, priority, switched in ((NAT, 900, []), (A, 950, [Route(0, A)])):
        gice.update([Remote(remote, THEIRS, priority)], 1)
        gice.received(0, remote, request(), 1)
        now = 1.0
        outs: Outs = ()
        while remote not in [o.route.remote for o in outs if isinstance(o, Send)]:
            now += KEEPING
            outs = gice.tick(now)
        assert chosen(answer(gice, outs, now)) == switched


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
