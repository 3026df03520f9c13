"""The panel's clicks reach contacts: those of the simulated desk, bounce and all, or a sink beside the real ones."""

from __future__ import annotations

import threading
import time

import pytest

from phone.drivers.base import Contact
from phone.drivers.panel import ContactKeys, SimKeys
from phone.drivers.sim import SimDesk, UnknownKeyError

PATIENCE = 10.0


class Heard:
    def __init__(self) -> None:
        self.contacts: list[Contact] = []
        self.came = threading.Condition()

    def __call__(self, contact: Contact) -> None:
        with self.came:
            self.contacts.append(contact)
            self.came.notify_all()

    def wait(self, count: int) -> list[tuple[str, bool]]:
        with self.came:
            assert self.came.wait_for(lambda: len(self.contacts) >= count, PATIENCE), self.contacts
        return [(c.name, c.closed) for c in self.contacts]


@pytest.fixture
def desk():
    desk = SimDesk(bounce_ms=5.0)
    yield desk
    desk.close()


def test_a_simulated_key_stays_down_until_it_is_let_go(desk):
    heard, keys = Heard(), SimKeys(desk)
    desk.start(heard)
    keys.press("HOLD")
    heard.wait(2)
    pushed = heard.contacts[-1].at
    let_go = time.monotonic() + 0.2
    while time.monotonic() < let_go:
        time.sleep(0.01)
    assert heard.wait(2) == [("HOOK", False), ("HOLD", True)]
    keys.release("HOLD")
    assert heard.wait(3)[2:] == [("HOLD", False)]
    assert heard.contacts[-1].at - pushed >= 0.2


def test_quick_fingers_lose_no_press(desk):
    heard, keys = Heard(), SimKeys(desk)
    desk.start(heard)
    for _ in range(5):
        keys.press("5")
        keys.release("5")
    assert heard.wait(11)[1:] == [("5", True), ("5", False)] * 5


def test_a_key_that_nobody_holds_does_not_spark(desk):
    heard, keys = Heard(), SimKeys(desk)
    desk.start(heard)
    keys.release("5")
    desk.push("7")
    desk.press("7")
    keys.release("7")
    keys.press("8")
    assert heard.wait(4)[-3:] == [("7", True), ("8", True), ("7", False)]
    keys.release("8")
    keys.lift()
    assert sorted(heard.wait(6)[4:]) == [("8", False), ("HOOK", True)]  # opening takes longer to tell
    keys.hang_up()
    assert heard.wait(7)[6:] == [("HOOK", False)]


@pytest.mark.parametrize("move", [SimDesk.push, SimDesk.let_go, SimDesk.press])
def test_a_key_that_is_not_there_is_named(desk, move):
    with pytest.raises(UnknownKeyError, match="Did you mean HOLD"):
        move(desk, "HOLDD")


def test_beside_real_contacts_clicks_are_contacts_of_now():
    heard = Heard()
    keys = ContactKeys(heard)
    before = time.monotonic()
    keys.lift()
    keys.press("MUTE")
    keys.release("MUTE")
    keys.hang_up()
    assert heard.wait(4) == [("HOOK", True), ("MUTE", True), ("MUTE", False), ("HOOK", False)]
    assert all(before <= c.at <= time.monotonic() for c in heard.contacts)
