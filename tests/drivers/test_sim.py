"""The person's side of the simulated desk phone."""

from __future__ import annotations

import threading

import pytest

from phone.drivers.base import Contact
from phone.drivers.sim import KEYS, SimDesk, UnknownKeyError


@pytest.fixture
def desk() -> SimDesk:
    return SimDesk(bounce_ms=8.0, seed=3, frame_seconds=0.0)


def gather(desk: SimDesk, count: int) -> list[Contact]:
    contacts: list[Contact] = []
    enough = threading.Event()

    def sink(contact: Contact) -> None:
        contacts.append(contact)
        if len(contacts) == count:
            enough.set()

    desk.start(sink)
    for key in KEYS:
        desk.press(key, 0.03)
    assert enough.wait(10)
    desk.close()
    return contacts


def test_contacts_bounce_on_the_wire_and_nowhere_else(desk: SimDesk) -> None:
    contacts = gather(desk, 1 + 2 * len(KEYS))
    assert len(contacts) == 1 + 2 * len(KEYS)
    edges = sum(h.kind == "edge" for h in desk.timeline)
    assert edges > 2 * len(KEYS) * 2, "contacts do bounce"
    assert edges % 2 == 0


def test_the_same_seed_bounces_the_same() -> None:
    def moves(seed: int) -> list[float]:
        desk = SimDesk(5.0, seed)
        desk._move("1", 100.0, closed=True)
        return [at for at, *_ in sorted(desk._edges)]

    assert moves(1) == moves(1)
    assert moves(1) != moves(2)


def test_a_perfect_contact_does_not_bounce() -> None:
    desk = SimDesk(0.0)
    desk._move("1", 100.0, closed=True)
    assert len(desk._edges) == 1


def test_a_key_that_is_down_is_pressed_again_only_once_it_is_up(desk: SimDesk) -> None:
    first = desk.press("5", 0.2)
    assert desk.press("5", 0.2) > first + 0.2


@pytest.mark.parametrize(("name", "hint"), [("hold", "HOLD"), ("VOICEMAI", "VOICEMAIL")])
def test_an_unknown_key_is_refused_with_a_hint(desk: SimDesk, name: str, hint: str) -> None:
    with pytest.raises(UnknownKeyError, match=f"Did you mean {hint}"):
        desk.press(name)


def test_the_time_line_tells_what_happened(desk: SimDesk) -> None:
    desk.light(frozenset({"call"}))
    desk.light(frozenset({"call"}))
    assert [(h.kind, h.what) for h in desk.timeline] == [("lamps", "call")]
    assert repr(desk) == "SimDesk(on hook, lamps=['call'])"


def test_lifting_twice_is_lifting_once(desk: SimDesk) -> None:
    desk.lift()
    edges = len(desk._edges)
    desk.lift()
    assert len(desk._edges) == edges
