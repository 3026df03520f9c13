"""Phones in the states that the display has a picture for: the golden images are drawn from these."""

from __future__ import annotations

from phone.calls.model import Call, CallId, IdSource, Notice, Phone, Progress, Reason, Service, Trouble
from phone.calls.numbers import Fault

ID = CallId("a")


def phone(**facts: object) -> Phone:
    return Phone(**{"ids": IdSource(b"test"), "service": Service.ONLINE} | facts)  # type: ignore[arg-type]


def call(**facts: object) -> Call:
    usual = {
        "id": ID,
        "peer": "bob@example.org",
        "name": "Bob",
        "outgoing": True,
        "progress": Progress.CONNECTED,
        "since": 0.0,
        "answered_at": 10.0,
        "encrypted": True,
    }
    return Call(**usual | facts)  # type: ignore[arg-type]


def talking(**facts: object) -> Phone:
    more = {name: facts.pop(name) for name in tuple(facts) if name in Phone.__slots__}
    return phone(**{"off_hook": True, "calls": (call(**facts),), "focus": ID} | more)


RINGING = {"outgoing": False, "progress": Progress.OFFERED, "answered_at": None, "encrypted": None}
UNANSWERED = {"answered_at": None, "encrypted": None}

GALLERY = {
    "idle": phone(),
    "idle-starting": phone(service=Service.STARTING),
    "idle-bad-certificate": phone(service=Service.BAD_CERTIFICATE),
    "idle-missed": phone(notice=Notice(Trouble.MISSED, "Anneliese Oberstdörfer")),
    "idle-busy": phone(notice=Notice(Reason.BUSY, "Bob")),
    "idle-no-sound": phone(sound=False),
    "dial-tone": phone(off_hook=True),
    "no-dial-tone": phone(off_hook=True, sound=False),
    "no-service": phone(off_hook=True, service=Service.BAD_PASSWORD),
    "no-gateway": phone(off_hook=True, notice=Notice(Fault.NO_GATEWAY, "+49301234567")),
    "dialling": phone(off_hook=True, dialled="2*45#"),
    "dialling-long": phone(off_hook=True, dialled="+4930123456"),
    "dialling-longer": phone(off_hook=True, dialled="+49301234567890123"),
    "typed": phone(dialled="204"),
    "requested": phone(dialled="romeo@montague.example.net"),
    "calling": talking(progress=Progress.PROPOSED, **UNANSWERED),
    "alerting": talking(progress=Progress.ALERTING, name="204", peer="204@example.org", **UNANSWERED),
    "connecting": talking(progress=Progress.CONNECTING, encrypted=None),
    "talking": talking(),
    "talking-plain": talking(encrypted=False),
    "talking-muted": talking(muted=True, name="Jürgen Weiß"),
    "talking-held": talking(held_by_peer=True, encrypted=False),
    "talking-no-sound": talking(sound=False),
    "talking-offline": talking(service=Service.SERVER_AWAY),
    "talking-volume": talking(volume_until=99.0, handset_volume=70),
    "ringer-volume": phone(volume_until=99.0, ringer_volume=0),
    "ringing": phone(
        calls=(call(name="Anneliese Oberstdörfer", peer="anneliese.oberstdoerfer@example.org", **RINGING),)
    ),
    "ringing-strange": phone(calls=(call(name="Жанна 日本 \u202e🙂 Ω", **RINGING),)),
    "waiting": phone(off_hook=True, calls=(call(**RINGING),)),
    "busy": talking(progress=Progress.ENDED, reason=Reason.BUSY, **UNANSWERED),
    "far-end-hung-up": talking(progress=Progress.ENDED, reason=Reason.HANGUP, progressed_at=195.0),
    "insecure": talking(progress=Progress.ENDED, reason=Reason.INSECURE, **UNANSWERED),
}
