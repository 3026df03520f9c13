"""Phones in the states that the display has a picture for: the golden images are drawn from these."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from phone.calls.model import (
    Call,
    CallId,
    Habits,
    HandOver,
    IdSource,
    Mail,
    Method,
    Notice,
    Phone,
    Progress,
    Reason,
    Service,
    Transfer,
    TransferRequest,
    Trouble,
)
from phone.calls.numbers import DialPlan, Fault
from phone.ui.book import Book, Person, Recent
from phone.ui.frame import Reach
from phone.ui.menu import Menu, Pick, refresh
from phone.ui.pages import (
    About,
    Address,
    Blocked,
    Calls,
    Choice,
    Contacts,
    Details,
    Erase,
    Held,
    Lists,
    Main,
    Page,
    Troubles,
    Unblock,
)
from phone.ui.screens import Screen, View, Wall, screen
from phone.ui.selftest import TrialPage, trial_screen
from phone.ui.texts import Texts

ID = CallId("a")
B, C, D = CallId("b"), CallId("c"), CallId("d")
NOW = 133.4
WALL = Wall(datetime(2026, 11, 21, 14, 5, tzinfo=UTC))
PLAN = DialPlan(domain="example.org")
HABITS = Habits(lock_code="1234", emergency=frozenset({"110", "112"}))


def phone(**facts: object) -> Phone:
    usual = {"ids": IdSource(b"test"), "service": Service.ONLINE, "plan": PLAN, "habits": HABITS}
    return Phone(**usual | facts)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Shown:
    """A state with what else the display depends on."""

    phone: Phone
    menu: Menu = field(default_factory=Menu)
    book: Book = field(default_factory=Book)
    account: str = "alice@example.org"
    reach: Reach = field(default_factory=Reach)
    troubles: tuple[str, ...] = ()


def view(state: Phone | Shown, texts: Texts, now: float = NOW) -> View:
    shown = state if isinstance(state, Shown) else Shown(state)
    menu = refresh(shown.menu, shown.book)
    told = ("alice", ABOUT, shown.account, shown.reach, shown.troubles)
    return View(shown.phone, menu, shown.book, WALL, now, texts, *told)


def shot(state: Phone | Shown | TrialPage, texts: Texts, now: float = NOW) -> Screen:
    if isinstance(state, TrialPage):
        return trial_screen(state, texts)
    return screen(view(state, texts, now))


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
ANNA, CAROL = "Anneliese Oberstdörfer", "Carol"


def held(id: CallId = B, name: str = CAROL, **facts: object) -> Call:
    return call(**{"id": id, "name": name, "peer": f"{id}@example.org", "held": True, "held_at": 60.0} | facts)


def at(hour: int, minute: int, day: int = 21) -> float:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC).timestamp()


PEOPLE = (
    Person("Anna Meier", "anna@example.org", "204"),
    Person(ANNA, "anneliese.oberstdoerfer@example.org", "2662"),
    Person("Bob", "bob@example.org", "202"),
    Person("Carol", "carol@example.org"),
    Person("Jürgen Weiß", "juergen@example.org", "+4930123456"),
    Person("Maria Annabella", "maria@example.org"),
    Person("Жанна", "zhanna@example.org"),
)
RECENTS = (
    Recent("Bob", "bob@example.org", at(13, 50), outgoing=False, answered=False, missed=True),
    Recent(ANNA, "anneliese.oberstdoerfer@example.org", at(9, 5), outgoing=False, answered=True, missed=False),
    Recent("Carol", "carol@example.org/desk", at(8, 0), outgoing=True, answered=False, missed=False),
    Recent("", "+4930123456@gw.example.org", at(17, 30, 20), outgoing=False, answered=False, missed=True),
    Recent("Jürgen Weiß", "juergen@example.org", at(17, 29, 3), outgoing=True, answered=True, missed=False),
)
BOOK = Book(PEOPLE, RECENTS, frozenset({"spam@example.net", "evil.example.com"}))
QUIET = replace(BOOK, recents=())
ABOUT = ("alice@example.org", "phone 0.1.0", "192.0.2.17")


def page(*pages: Page, book: Book = BOOK, **facts: object) -> Shown:
    return Shown(phone(**facts), Menu(pages=pages), book)


def typed(dialled: str, pick: int | None = None, **facts: object) -> Shown:
    gone_to = None if pick is None else Pick(dialled, pick)
    return Shown(phone(dialled=dialled, **facts), Menu(pick=gone_to), BOOK)


def handed(to: str = CAROL, **facts: object) -> Call:
    return call(held=True, handover=HandOver("carol@example.org", to, Method.TRANSFER, 120.0), **facts)


TROUBLES = (
    "The sound card of the handset, hw:CARD=Device, is not there: is it plugged in?",
    "The keypad is out of order: GPIO 5 is taken.",
    "The display is out of order: no answer at 0x3c on I2C 1: is it wired?",
)
NEW = Shown(phone(service=Service.NO_ACCOUNT), account="", reach=Reach("desk", "192.168.178.123"))
BRIDGED = (call(bridged=B), call(id=B, name=CAROL, bridged=ID))
CONSULTING = {"calls": (held(), call()), "focus": ID, "off_hook": True, "transfer": Transfer(B, ID)}
GALLERY: dict[str, Phone | Shown] = {
    "idle": phone(),
    "idle-starting": phone(service=Service.STARTING),
    "idle-looking-up": phone(service=Service.LOOKING_UP),
    "idle-no-network": phone(service=Service.NO_NETWORK),
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
    "calling": talking(since=120.0, progress=Progress.PROPOSED, **UNANSWERED),
    "alerting": talking(since=120.0, progress=Progress.ALERTING, name="204", peer="204@example.org", **UNANSWERED),
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
    # --- several calls
    "knocking": talking(calls=(call(), call(id=B, name=CAROL, **RINGING)), focus=ID),
    "knocking-long": talking(calls=(call(name="Jürgen Weiß-Oberstdörfer"), call(id=B, name=ANNA, **RINGING)), focus=ID),
    "knocking-unanswered": talking(
        calls=(call(progress=Progress.ALERTING, **UNANSWERED), call(id=B, name=CAROL, **RINGING)), focus=ID
    ),
    "held": talking(held=True, held_at=60.0),
    "talking-one-held": talking(calls=(call(), held(name=ANNA)), focus=ID),
    "talking-one-held-muted": talking(calls=(call(), held(name=ANNA)), focus=ID, muted=True),
    "talking-several-held": talking(calls=(call(), held(), held(C, ANNA)), focus=ID),
    "dial-tone-held": phone(off_hook=True, calls=(held(),)),
    "dial-tone-several-held": phone(off_hook=True, calls=(held(), held(C, ANNA))),
    "cradle-held": phone(calls=(held(),)),
    "cradle-several-held": phone(calls=(held(), held(C, ANNA, held_at=70.0), held(D, "Bob"))),
    "reminder": phone(calls=(held(),), reminder_until=140.0),
    "reminder-several": phone(calls=(held(), held(C, ANNA, held_at=70.0)), reminder_until=140.0),
    "held-conference": talking(calls=(held(ID, "Bob", joined=True), held(joined=True)), focus=ID),
    "conference": talking(calls=(call(joined=True), call(id=B, name=CAROL, joined=True)), focus=ID),
    "conference-long": talking(
        calls=(
            call(joined=True, name=ANNA),
            call(id=B, name="Jürgen Weiß", joined=True, encrypted=False),
            call(id=C, name=ANNA, joined=True),
        ),
        focus=ID,
        muted=True,
    ),
    "conference-no-sound": talking(
        calls=(call(joined=True), call(id=B, name=CAROL, joined=True)), focus=ID, sound=False
    ),
    "conference-names-cut": talking(calls=(call(joined=True, name=ANNA), call(id=B, name=ANNA, joined=True)), focus=ID),
    # --- transfer
    "transfer-picking": phone(off_hook=True, calls=(held(),), transfer=Transfer(B)),
    "transfer-dialling": typed("2662", off_hook=True, calls=(held(),), transfer=Transfer(B)),
    "consulting-alerting": phone(**CONSULTING | {"calls": (held(), call(progress=Progress.ALERTING, **UNANSWERED))}),
    "consulting": phone(**CONSULTING),
    "consulting-caller": phone(**CONSULTING | {"calls": (held(ID, "Bob"), call(id=B, name=CAROL)), "focus": B}),
    "consulting-failed": phone(
        **CONSULTING | {"calls": (held(), call(progress=Progress.ENDED, reason=Reason.BUSY, **UNANSWERED))}
    ),
    "handing-over": phone(off_hook=True, calls=(handed(),)),
    "handing-over-at-ear": phone(off_hook=True, calls=(handed(),), focus=ID),
    "handing-over-idle": phone(calls=(handed(ANNA),)),
    "half-bridged-idle": phone(calls=(call(bridged=B), call(id=B, progress=Progress.ENDED))),
    "bridged-idle": phone(calls=BRIDGED),
    "bridged-idle-long": phone(calls=(call(name=ANNA, bridged=B), call(id=B, name="Jürgen Weiß", bridged=ID))),
    "bridged-dial-tone": phone(off_hook=True, calls=BRIDGED),
    "recall": phone(calls=(held(),), recall=B),
    "recall-off-hook": phone(off_hook=True, calls=(held(),), recall=B),
    "recall-knocking": talking(calls=(call(), held()), focus=ID, recall=B),
    "asked": talking(request=TransferRequest("carol@example.org", CAROL, 120.0)),
    "asked-long": talking(name=ANNA, request=TransferRequest("carol.of.somewhere@example.org", "", 120.0)),
    "offered-transferred": phone(calls=(call(name=CAROL, via="Bob", **RINGING),)),
    "waiting-transferred": phone(off_hook=True, calls=(call(name=CAROL, via=ANNA, **RINGING),)),
    "talking-transferred": talking(name=CAROL, via="Bob"),
    "offered-refuse-one": phone(calls=(call(**RINGING),), habits=Habits(texts=1)),
    "offered-no-texts": phone(calls=(call(**RINGING),), habits=Habits(texts=0)),
    "offered-nameless": phone(calls=(call(name="bob@example.org", **RINGING),)),
    "idle-not-transferred": phone(notice=Notice(Trouble.NOT_TRANSFERRED, CAROL)),
    "no-room": phone(off_hook=True, notice=Notice(Trouble.NO_ROOM, "204")),
    # --- axes
    "speaker": talking(off_hook=False, speaker=True),
    "speaker-muted-volume": talking(off_hook=False, speaker=True, muted=True, volume_until=99.0, speaker_volume=50),
    "speaker-all-icons": talking(
        off_hook=False, speaker=True, muted=True, dnd=True, calls=(call(), held()), focus=ID, encrypted=True
    ),
    "idle-dnd": phone(dnd=True),
    "idle-locked": phone(locked=True),
    "idle-locked-dnd": phone(locked=True, dnd=True, habits=Habits()),
    "idle-missed-some": Shown(phone(), Menu(), BOOK),
    "idle-missed-one-dnd": Shown(phone(dnd=True), Menu(seen=at(12, 0)), BOOK),
    "idle-missed-away": phone(notice=Notice(Trouble.MISSED_AWAY, ANNA)),
    "locked-dial-tone": phone(locked=True, off_hook=True),
    "locked-code": phone(locked=True, dialled="1234"),
    "locked-forever": phone(locked=True, dialled="9", habits=Habits()),
    "locked-emergency": phone(locked=True, dialled="112", off_hook=True),
    "locked-notice": phone(locked=True, off_hook=True, notice=Notice(Trouble.LOCKED, "204")),
    # --- people
    "typed-found-several": typed("266"),
    "typed-found-one": typed("2662"),
    "typed-picked": typed("266", 2),
    "typed-long": typed("26620634666666", None),
    "dialling-found": typed("5", off_hook=True),
    "requested-known": typed("bob@example.org"),
    "menu": page(Main()),
    "menu-dnd": page(Main(2), dnd=True, habits=Habits()),
    "menu-last": page(Main(7)),
    "menu-volume": page(Main(), volume_until=99.0),
    "contacts": page(Contacts(cursor=4)),
    "contacts-found": page(Contacts("5")),
    "contacts-nobody": page(Contacts("999")),
    "calls-lists": page(Lists(1)),
    "calls": page(Calls(Choice.ALL)),
    "calls-end": page(Calls(Choice.ALL, 4)),
    "calls-missed": page(Calls(Choice.MISSED)),
    "calls-none": page(Calls(Choice.PLACED), book=Book()),
    "call-details": page(Details(RECENTS[0])),
    "call-details-placed": page(Details(RECENTS[2], 1)),
    "call-details-blocked": page(Details(RECENTS[1], 1), book=replace(BOOK, blocked=frozenset({RECENTS[1].address}))),
    "erase": page(Erase()),
    "blocked": page(Blocked()),
    "blocked-none": page(Blocked(), book=Book()),
    "unblock": page(Unblock("spam@example.net")),
    "troubles": replace(page(Troubles()), troubles=TROUBLES),
    "troubles-next": replace(page(Troubles(1)), troubles=TROUBLES),
    "troubles-end": replace(page(Troubles(-1)), troubles=TROUBLES),
    "troubles-short": replace(page(Troubles()), troubles=TROUBLES[1:2]),
    "troubles-none": page(Troubles()),
    "idle-trouble": Shown(phone(), troubles=TROUBLES[1:2]),
    "idle-troubles": Shown(phone(mail=Mail(2, 1)), troubles=TROUBLES),
    "idle-no-sound-troubles": Shown(phone(sound=False), troubles=TROUBLES),
    "about": page(About()),
    "address": page(Address()),
    "address-long": replace(page(Address()), account="anneliese.oberstdoerfer@phones.example.org"),
    "address-too-long": replace(page(Address()), account="anneliese.oberstdoerfer-mueller@phones.example.org"),
    "no-account": NEW,
    "no-account-off-hook": replace(NEW, phone=replace(NEW.phone, off_hook=True)),
    "no-account-no-network": replace(NEW, reach=Reach("desk")),
    "held-list": page(
        Held(1), off_hook=True, calls=(call(), held(), held(C, ANNA), held(D, "Dave", held_at=10.0)), focus=ID
    ),
}
