"""What does not work, all of it at once."""

from __future__ import annotations

from dataclasses import replace

from rig.wire import WirePhone

from phone import inbox
from phone.alltroubles import all_troubles
from phone.media.plan import AudioTrouble
from phone.ui.book import Book, Box

KEYS = "The keypad is out of order: GPIO 5 is taken."
GLASS = "The display is out of order: no answer."
EAR = "The handset's card is not there: is it plugged in?"
BELL = "The ringer's card is busy."


def test_nothing(alice: WirePhone) -> None:
    assert all_troubles(alice.engine, tuple) == ()


def test_all_of_them_not_only_the_first(alice: WirePhone) -> None:
    for device, sentence in (("handset", EAR), ("ringer", BELL)):
        alice.engine.post(inbox.MediaTold(AudioTrouble(device, sentence)))
    alice.engine.post(inbox.ServiceTold("no network", "is the network cable in?"))
    alice.engine.book = replace(Book(), box=Box(trouble="The card is full."))
    told = all_troubles(alice.engine, lambda: (KEYS, GLASS))
    assert told == ("no network: is the network cable in?", EAR, BELL, KEYS, GLASS, "The card is full.")


def test_a_phone_that_only_begins_has_no_trouble(alice: WirePhone) -> None:
    alice.engine.post(inbox.ServiceTold("starting", ""))
    assert all_troubles(alice.engine, tuple) == ()
    alice.engine.post(inbox.ServiceTold("starting", "waiting for x to answer"))
    assert all_troubles(alice.engine, tuple) == ("starting: waiting for x to answer",)
    alice.engine.post(inbox.ServiceTold("no account", "set it up"))
    assert all_troubles(alice.engine, tuple) == ()
