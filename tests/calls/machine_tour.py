"""Each whole act of the model's user once, with every choice that it has, on phones of different habits.

The same laws as in the random search, always in the same order: most mutants die here, and at once.
"""

from __future__ import annotations

from itertools import islice, product
from typing import Any

from phone.calls.events import Key, RecordingEnd, TransferFault
from phone.calls.model import Reason, Service, Trouble

PHONES = [
    {"waiting": True, "speaker": True, "max_calls": 8, "hotline": "", "code": "1234", "answers": ""},
    {"waiting": True, "speaker": False, "max_calls": 4, "hotline": "boss@example.org", "code": "", "answers": "late"},
    {"waiting": False, "speaker": True, "max_calls": 4, "hotline": "", "code": "1234", "answers": "at once"},
]
YES_NO = (True, False)
ENDS = ("gone", "taken", "lost", "unsupported", "silent", "refused")
ALONE = {"swapped": (False,), "key": (Key.TRANSFER, None), "third_can": (False,)}
BESIDE = {"swapped": YES_NO, "key": (None,)}
VAIN = ("proposed", "alerting", *(reason.value for reason in Reason))
MESSAGES_END = ("key", "left", "BACK", "cradle", "dial", "knock", "late", "busy", "digits")
DICTATION_ENDS = ("#", "OK", "BACK", "cradle", "hang-up", "longest", "full", "failed", "knock", "dial", "shut down")
OF_MESSAGES: list[tuple[str, dict[str, tuple[Any, ...]]]] = [
    (
        "take_a_message",
        {
            "end": ("hang-up", "silence", "full", "failed", "longest", "lost"),
            "how": ("nobody lifts", "key", "dnd", "busy"),
            "told": YES_NO,
        },
    ),
    ("end_before_the_message", {"end": ("hang-up", "no path", "elsewhere", "shut down")}),
    ("take_over", {"stage": ("connecting", "greeting", "recording"), "by": ("lift", "menu", "dial")}),
    ("take_over_from_another", {}),
    ("listen", {"stage": ("greeting", "recording"), "then": ("SPEAKER", "lift", "ends", *"HBTDV")}),
    ("a_full_house_of_callers", {}),
    ("leave_a_message", {"how_far": ("proposed",), "end": ("taken", "HOLD", "knock", "busy", "BACK")}),
    ("leave_a_message", {"how_far": VAIN, "end": ("taken",)}),
    ("hold_down_while_a_message_connects", {}),
    ("leave_none_while_consulting", {}),
    ("dictate", {"end": DICTATION_ENDS, "how": ("alerting", "connecting", "no service"), "told": YES_NO}),
    ("say_nothing", {"end": ("#", "cradle", "SPEAKER")}),
    ("hear_the_messages", {"end": MESSAGES_END, "lifted": YES_NO, "how": ("key", "letter")}),
    ("hear_them_before_taking_over", {}),
    ("hear_none", {"how": ("locked", "ringing", "talking", "picking", "recall"), "letter": YES_NO}),
    ("told", {"why": (Trouble.MESSAGE_TAKEN, Trouble.MESSAGE_SENT)}),
    ("greeting_over", {"slot": (0, 1)}),
    ("recording_stopped", {"slot": (-1, 0), "why": (RecordingEnd.FULL,)}),
    ("message_refused", {"slot": (0,)}),
]
ACTS: list[tuple[str, dict[str, tuple[Any, ...]]]] = [
    ("reach_someone", {"media_first": YES_NO}),
    ("be_reached", {"media_first": YES_NO, "speaker": YES_NO}),
    ("refuse", {"how": ("text", "BACK", "nothing")}),
    ("talk_mute_and_hang_up", {"keys": ([], [Key.MUTE, Key.VOL_UP, Key.VOL_UP, Key.VOL_UP])}),
    ("far_end_hangs_up_on_a_muted_call", {"reason": tuple(Reason)}),
    ("call_comes_in_during_dial_tone", {}),
    ("hold_and_resume", {"cradle": YES_NO}),
    ("cradle", {}),
    ("hang_up_requested", {}),
    ("try_another_and_return", {"media": YES_NO}),
    ("full_house", {}),
    ("dial_without_service", {}),
    ("be_called_while_dialling", {}),
    ("think_better_of_it", {"how_far": ("picking", "typed", "ringing", "failed", "answered"), "by": (1, 2, 3)}),
    ("a_recall_knocks", {}),
    ("a_recall_is_left_waiting", {}),
    ("a_bridge_cannot_be", {"full": YES_NO}),
    ("a_menu_is_out_of_date", {}),
    ("the_caller_leaves_while_one_consults", {"reason": (Reason.HANGUP, Reason.TRANSFERRED)}),
    ("a_recall_is_not_answered", {"knock": YES_NO}),
    ("transfer", {"how_far": ("typed",), **ALONE, "can": (True,), "end": ENDS}),
    ("transfer", {"how_far": ("typed", "ringing", "connecting"), **ALONE, "can": YES_NO, "end": ("gone",)}),
    ("transfer", {"how_far": ("answered",), **BESIDE, "can": (True,), "third_can": (True,), "end": ENDS}),
    ("transfer", {"how_far": ("answered",), **BESIDE, "can": YES_NO, "third_can": YES_NO, "end": ("gone",)}),
    (
        "be_transferred",
        {"yes": ("allowed", "OK", "BACK", "nothing", "HOLD"), "end": ("up", "fails", "late", "hung up")},
    ),
    ("be_replaced", {"how": ("talked on", "muted", "held", "ringing", "dnd"), "media": ("up", "late")}),
    ("dial_on_a_locked_phone", {"digits": ("112", "7", "1234", "9")}),
    ("speak_at_once", {}),
    ("hold_a_digit_down", {"lifted": YES_NO}),
    ("lift_a_hotline", {}),
    ("remember", {}),
    ("answer_a_waiting_call_and_swap", {}),
    ("answer_a_waiting_call_and_swap", {}),
    ("confer", {"after": ("split", "resume", "hold", "leaves", "cradle", "transfer"), "can": YES_NO}),
    ("answer_a_waiting_call_and_swap", {}),
    *OF_MESSAGES,
    ("transfer_failed", {"slot": (0, 1, 2), "fault": tuple(TransferFault)}),
    ("resume_from_a_menu", {"slot": (0, 1)}),
    ("alerting", {"slot": (0,)}),
    ("service", {"service": tuple(Service)}),
    ("sound", {"works": YES_NO}),
    ("missed_away", {"count": (0, 1)}),
    ("wait", {"seconds": (70.0, 1.0)}),
    ("shut_down", {}),
    ("time_gets_on", {}),
]


def tour(machine: type[Any]) -> None:
    """Raises AssertionError or LookupError where a law is broken."""
    for every, habits in zip((1, 3, 1), PHONES, strict=True):
        user = machine()
        user.boot(online=True, digit_map="", **habits)
        for act, choices in ACTS:
            for chosen in islice(product(*choices.values()), 0, None, every):
                getattr(user, act)(**dict(zip(choices, chosen, strict=True)))
