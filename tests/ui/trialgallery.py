"""The pages of the self-test that the display has a picture for."""

from __future__ import annotations

from phone.ui.selftest import TrialPage

KEYPAD, BUTTONS = ("#", "*"), ("OK", "BACK")
TRIAL_GALLERY = {
    "selftest-key": TrialPage("press", "4/49", key="VOICEMAIL"),
    "selftest-key-down": TrialPage("release", "4/49", key="5"),
    "selftest-announced": TrialPage("look", "1/49", "display", answers=KEYPAD),
    "selftest-checkerboard": TrialPage("look", "1/49", "display", answers=KEYPAD, pattern="checkerboard"),
    "selftest-frame": TrialPage("look", "2/49", "display", answers=KEYPAD, pattern="frame"),
    "selftest-all-on": TrialPage("look", "3/49", "display", answers=KEYPAD, pattern="all on"),
    "selftest-lamp": TrialPage("lamp", "29/49", "dnd", answers=BUTTONS),
    "selftest-lamps": TrialPage("work", "2/14", "lamp"),
    "selftest-cradle": TrialPage("cradle", "35/49", "hook", answers=KEYPAD),
    "selftest-lift": TrialPage("lift", "35/49", "hook"),
    "selftest-replace": TrialPage("replace", "35/49", "hook"),
    "selftest-ear": TrialPage("ear", "36/49", "ear"),
    "selftest-table": TrialPage("table", "37/49", "sound", answers=KEYPAD),
    "selftest-work": TrialPage("work", "37/49", "sound"),
    "selftest-ringer": TrialPage("ringer", "39/49", "ringer", answers=KEYPAD),
    "selftest-well": TrialPage("well"),
    "selftest-ill": TrialPage("ill"),
    "selftest-off": TrialPage("off"),
}
