"""What of the hardware does not work, and who is told of it."""

from __future__ import annotations

import logging

import pytest

from phone.drivers.troubles import Troubles


def test_each_change_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    troubles, seen = Troubles(), list[tuple[str, ...]]()
    troubles.watch(lambda: seen.append(troubles.sentences()))
    troubles.over("keypad")
    for why in ("GPIO18 cannot be read", "GPIO18 cannot be read", "GPIO18: is it free?"):
        troubles.tell("keypad", why)
    troubles.tell("display", "no answer", logged=False)
    for part in ("keypad", "keypad", "display"):
        troubles.over(part)
    keypad, asked = (
        "The keypad is out of order: GPIO18 cannot be read.",
        "The keypad is out of order: GPIO18: is it free?",
    )
    display = "The display is out of order: no answer."
    assert seen == [(keypad,), (asked,), (asked, display), (display,), ()]
    assert caplog.messages == [keypad, asked, "The keypad works again.", "The display works again."]


def test_a_trouble_that_was_told_before_somebody_watched_is_there() -> None:
    troubles = Troubles()
    troubles.tell("dial", "GPIO4 cannot be had")
    troubles.watch(lambda: None)
    assert troubles.sentences() == ("The dial is out of order: GPIO4 cannot be had.",)
