from __future__ import annotations

from dataclasses import dataclass

import pytest

from phone.calls import events as ev
from phone.ui.keymap import event_of


@dataclass(frozen=True)
class Change:
    name: str
    closed: bool
    at: float = 7.0


@pytest.mark.parametrize("digit", ev.DIGITS)
def test_digits(digit):
    assert event_of(Change(digit, closed=True)) == ev.DigitPressed(digit, 7.0)
    assert event_of(Change(digit, closed=False)) == ev.KeyReleased(digit, 7.0)


@pytest.mark.parametrize("key", ev.Key)
def test_function_keys(key):
    assert event_of(Change(key.value, closed=True)) == ev.KeyPressed(key, 7.0)
    assert event_of(Change(key.value, closed=False)) == ev.KeyReleased(key.value, 7.0)


def test_the_hook():
    assert event_of(Change("HOOK", closed=True)) == ev.HookLifted(7.0)
    assert event_of(Change("HOOK", closed=False)) == ev.HookReplaced(7.0)


@pytest.mark.parametrize("name", ["", "12", "A", "hook", "VOL"])
def test_contacts_without_a_meaning(name):
    assert event_of(Change(name, closed=True)) is None
