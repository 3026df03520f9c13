"""The screens of messages: listened to, taken, left, dictated, counted."""

from __future__ import annotations

from dataclasses import replace

from gallery import ANNA, BOOK, CAROL, GALLERY, HABITS, ID, NOW, B, C, Shown, at, call, held, phone, talking
from letters import BOX, OLD, OWN, book, listening, menu_of
from trialgallery import TRIAL_GALLERY

from phone.calls.events import Key
from phone.calls.model import Answering, Dictation, Mail, Notice, Progress, Reason, Trouble
from phone.ui.book import Box, Recent
from phone.ui.menu import Menu

NOTHING = Box()
BROKEN = Box(trouble="the card is full: delete messages, or give it more room than this sentence has")


def session(*acts: str | Key | int, box: Box = BOX, **facts: object) -> Shown:
    return Shown(listening(box, **facts), menu_of(*acts, box=box), book(box))


def recorded(**facts: object):
    usual = {"outgoing": False, "answering": Answering.RECORDING, "answering_at": 126.0}
    return call(**usual | facts)


SPEAKER = replace(HABITS, has_speaker=True)
UNANSWERED = {"answered_at": None, "encrypted": None, "progress": Progress.ALERTING}
GREETED = {"answering": Answering.GREETING, "answering_at": 130.0}
MISSED = replace(
    BOOK, recents=(Recent("Bob", "bob@example.org", at(9, 0), outgoing=False, answered=False, missed=True),)
)
MAIL_GALLERY = {
    # --- listening
    "mail-opened": session(),
    "mail-playing": session(7_300),
    "mail-fast": session("9", "9", 20_000),
    "mail-paused": session(7_300, "6"),
    "mail-over": session("played"),
    "mail-second": session("2", 65_000),
    "mail-saved": session(40_000, "2"),
    "mail-deleted": session("3"),
    "mail-restored": session("3", "3"),
    "mail-deleted-again": session("3", "1", 5_000),
    "mail-chosen": session(Key.DOWN, Key.DOWN),
    "mail-nameless": session(Key.UP, "5"),
    "mail-no-more-new": session("2", "played", "played", "time"),
    "mail-end": session("2", "2", "2", "2"),
    "mail-end-undo": session("2", "2", "2", "3", "2"),
    "mail-trouble": session("trouble"),
    "mail-old": session(box=OLD),
    "mail-none": session(box=NOTHING),
    "mail-broken": session(box=BROKEN),
    "mail-help": session("8"),
    "mail-volume": session(7_300, volume_until=140.0),
    "mail-greeting": session("0", box=OWN),
    "mail-greeting-built-in": session("0", "3", box=OWN),
    "mail-greeting-briefing": session("0"),
    "mail-greeting-recording": session("0", "played"),
    "mail-greeting-awaited": session("0", "played", "#"),
    "mail-greeting-draft": session("0", "played", "#", "draft"),
    "mail-greeting-used": session("0", "played", "#", "draft", "2"),
    "mail-greeting-used-no-mail": session("0", "played", "#", "draft", "2", box=NOTHING),
    "mail-lift": Shown(listening(off_hook=False), Menu(), book()),
    "mail-lift-old": Shown(listening(OLD, off_hook=False), Menu(), book(OLD)),
    "mail-lift-none": Shown(listening(NOTHING, off_hook=False), Menu(), book(NOTHING)),
    # --- idle
    "idle-mail-one": phone(mail=Mail(1, 0)),
    "idle-mail-missed": Shown(phone(mail=Mail(3, 1)), Menu(), MISSED),
    "idle-mail-old": phone(mail=Mail(0, 1)),
    "idle-message-taken": phone(mail=Mail(1, 0), notice=Notice(Trouble.MESSAGE_TAKEN, ANNA)),
    "idle-message-sent": phone(notice=Notice(Trouble.MESSAGE_SENT, CAROL)),
    "idle-message-waits": phone(notice=Notice(Trouble.MESSAGE_WAITS, ANNA)),
    "idle-message-not-sent": phone(notice=Notice(Trouble.MESSAGE_NOT_SENT, CAROL)),
    "idle-no-message": phone(notice=Notice(Trouble.NO_MESSAGE, CAROL)),
    # --- taken by the phone
    "taking-greeting": phone(calls=(recorded(**GREETED),)),
    "taking": phone(calls=(recorded(),), habits=SPEAKER),
    "taking-no-speaker": phone(calls=(recorded(name=ANNA),)),
    "taking-several": phone(calls=(recorded(), recorded(id=B, name=CAROL, **GREETED)), habits=SPEAKER),
    "taking-listened": phone(calls=(recorded(),), focus=ID, speaker=True, habits=SPEAKER),
    "taking-in-call": talking(calls=(call(), recorded(id=B, name=ANNA)), focus=ID),
    "taking-in-call-held": talking(calls=(call(), recorded(id=B, name=ANNA), held(C)), focus=ID),
    "taking-dial-tone": phone(off_hook=True, calls=(recorded(),)),
    # --- left by the user
    "offer-message": talking(since=NOW - 21, **UNANSWERED),
    "offer-message-not-yet": talking(since=NOW - 19, **UNANSWERED),
    "offer-message-ended": talking(**UNANSWERED | {"progress": Progress.ENDED, "reason": Reason.NO_ANSWER}),
    "leaving-called": talking(message=True, **UNANSWERED),
    "leaving": talking(message=True),
    "dictation-prompt": phone(off_hook=True, dictation=Dictation("bob@example.org", "Bob", 130.0)),
    "dictation": phone(off_hook=True, dictation=Dictation("bob@example.org", "", 126.0, recording=True)),
}
ALL_SCREENS = GALLERY | MAIL_GALLERY | TRIAL_GALLERY
