"""What our phone and our voicemail service say to each other (`urn:x-deskphone:voicemail:0`), to and from XML.

Elements are payloads, never whole stanzas. The mailbox is a PubSub node (XEP-0060) of the service, one item a message;
sound, marks and greetings are IQs to the mailbox's own address:

    get <sound id offset/>                          -> <sound id offset total>base64</sound>
    set <mark id state='heard|kept|new|deleted'/>   -> empty result
    set <greeting offset total>base64</greeting>    -> empty result; the chunk that completes `total` puts it in use
    set <greeting remove='true'/>                   -> empty result

Parsers take anything and raise `WireError`; `pubsub` has the node's own elements.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, assert_never
from xml.etree.ElementTree import Element

from phone.errors import PhoneError
from phone.voicemail.label import plain
from phone.voicemail.message import Caller, State

NS: Final = "urn:x-deskphone:voicemail:0"
CHUNK: Final = 24 * 1024
"""Bytes of sound in one stanza, before base64: servers refuse stanzas of 64 KiB and more to strangers."""
MOST_SOUND: Final = 16 << 20
"""Bytes of one message."""
MOST_GREETING: Final = 1 << 20
"""Bytes of a greeting: some minutes of speech."""
_LONGEST: Final = 86_400.0
_LAST_STAMP: Final = 253_402_300_799.0  # the end of the year 9999
_ID = re.compile(r"[!-~]{1,128}")
_WHOLE = re.compile(r"[0-9]{1,9}")
_DECIMAL = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


class WireError(PhoneError, ValueError):
    """The other end said nonsense; to be answered `bad-request`."""


@dataclass(frozen=True, slots=True)
class RemoteMessage:
    """One message of the service's mailbox."""

    id: str
    """By the service: printable ASCII without spaces, 128 at most."""
    state: State
    """Never DELETED: that is a retraction."""
    caller: Caller
    stamp: float
    """When it was begun: Unix time, to the millisecond."""
    seconds: float
    size: int
    """Bytes of its Ogg Opus file."""


@dataclass(frozen=True, slots=True)
class SoundWanted:
    """The chunk of a message's file from `offset` on."""

    id: str
    offset: int


@dataclass(frozen=True, slots=True)
class SoundPart:
    """That chunk; only the last one is shorter than CHUNK."""

    id: str
    offset: int
    total: int
    """Bytes of the whole file."""
    data: bytes

    @property
    def last(self) -> bool:
        return self.offset + len(self.data) == self.total


@dataclass(frozen=True, slots=True)
class Mark:
    """What has become of a message: the last mark wins."""

    id: str
    state: State


@dataclass(frozen=True, slots=True)
class GreetingPart:
    """One chunk of an Ogg Opus file that callers are to hear; chunks come in order."""

    offset: int
    total: int
    data: bytes

    @property
    def last(self) -> bool:
        return self.offset + len(self.data) == self.total


@dataclass(frozen=True, slots=True)
class GreetingRemoved:
    """Callers are to hear the service's own greeting again."""


Request = SoundWanted | Mark | GreetingPart | GreetingRemoved
"""What a phone asks of a mailbox's address."""


def parse_request(payload: Element) -> Request:
    """The payload of an IQ to a mailbox's address. `SoundWanted` belongs in an IQ-get, the others in an IQ-set."""
    match payload.tag:
        case "{urn:x-deskphone:voicemail:0}sound":
            return SoundWanted(id_of(payload), _whole(payload, "offset", MOST_SOUND))
        case "{urn:x-deskphone:voicemail:0}mark":
            return Mark(id_of(payload), _state(payload))
        case "{urn:x-deskphone:voicemail:0}greeting":
            return _greeting(payload)
        case _:
            raise WireError(f"{payload.tag} is no request to a mailbox")


def request_element(request: Request) -> Element:
    """What `parse_request` reads."""
    match request:
        case SoundWanted(id, offset):
            return _element("sound", id=id, offset=str(offset))
        case Mark(id, state):
            return _element("mark", id=id, state=state.value)
        case GreetingPart(offset, total, data):
            return _with_data(_element("greeting", offset=str(offset), total=str(total)), data)
        case GreetingRemoved():
            return _element("greeting", remove="true")
        case _:
            assert_never(request)


def sound_element(part: SoundPart) -> Element:
    """The result of a `SoundWanted`."""
    about = _element("sound", id=part.id, offset=str(part.offset), total=str(part.total))
    return _with_data(about, part.data)


def parse_sound(payload: Element) -> SoundPart:
    """The same, read."""
    if payload.tag != f"{{{NS}}}sound":
        raise WireError(f"{payload.tag} is no sound")
    offset, total, data = _chunk(payload, MOST_SOUND)
    return SoundPart(id_of(payload), offset, total, data)


def message_element(message: RemoteMessage) -> Element:
    """The payload of the node's item; the item's id is the message's."""
    caller = plain(message.caller)
    about = {"from": caller.jid, "name": caller.name, "stamp": _told(message.stamp)}
    figures = {"seconds": f"{message.seconds:.3f}", "size": str(message.size)}
    return Element(f"{{{NS}}}message", {"state": message.state.value, **about, **figures})


def parse_message(id: str, payload: Element) -> RemoteMessage:
    """The same, read."""
    if payload.tag != f"{{{NS}}}message":
        raise WireError(f"{payload.tag} is no message")
    state = _state(payload)
    if state is State.DELETED:
        raise WireError("a message in the mailbox is not deleted")
    caller = plain(Caller(payload.get("from", ""), payload.get("name", "")))
    return RemoteMessage(
        checked_id(id), state, caller, _stamp(payload), _seconds(payload), _whole(payload, "size", MOST_SOUND)
    )


def id_of(element: Element) -> str:
    """Its attribute `id`, as a message's id may be."""
    return checked_id(element.get("id", ""))


def checked_id(id: str) -> str:
    """The id, if it may be one."""
    if not _ID.fullmatch(id):
        raise WireError(f"{id[:200]!r} is no id of a message")
    return id


def _greeting(payload: Element) -> GreetingPart | GreetingRemoved:
    if payload.get("remove") in {"true", "1"}:
        return GreetingRemoved()
    offset, total, data = _chunk(payload, MOST_GREETING)
    return GreetingPart(offset, total, data)


def _chunk(payload: Element, most: int) -> tuple[int, int, bytes]:
    offset, total = _whole(payload, "offset", most), _whole(payload, "total", most)
    try:
        data = base64.b64decode("".join((payload.text or "").split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise WireError(f"the sound is no base64: {error}") from error
    if not data or len(data) > CHUNK or offset + len(data) > total:
        raise WireError(f"{len(data)} bytes from {offset} on are no chunk of {total} bytes")
    return offset, total, data


def _element(name: str, **attributes: str) -> Element:
    return Element(f"{{{NS}}}{name}", attributes)


def _with_data(element: Element, data: bytes) -> Element:
    element.text = base64.b64encode(data).decode()
    return element


def _state(element: Element) -> State:
    try:
        return State(element.get("state"))
    except ValueError as error:
        raise WireError(f"{element.get('state')!r} is no state of a message") from error


def _whole(element: Element, name: str, most: int) -> int:
    text = element.get(name, "")
    if not _WHOLE.fullmatch(text) or int(text) > most:
        raise WireError(f"{name}={text[:200]!r} is not from 0 to {most}")
    return int(text)


def _seconds(element: Element) -> float:
    text = element.get("seconds", "")
    if not _DECIMAL.fullmatch(text) or float(text) > _LONGEST:
        raise WireError(f"seconds={text[:200]!r} is no length of a message")
    return float(text)


def _told(stamp: float) -> str:
    """XEP-0082."""
    moment = datetime.fromtimestamp(stamp, UTC)
    precision = "milliseconds" if moment.microsecond else "seconds"
    return moment.isoformat(timespec=precision).removesuffix("+00:00") + "Z"


def _stamp(element: Element) -> float:
    text = element.get("stamp", "")
    try:
        stamp = datetime.fromisoformat(text).timestamp() if _STAMP.fullmatch(text) else math.nan
    except (ValueError, OverflowError) as error:
        raise WireError(f"stamp={text[:200]!r} is no moment: {error}") from error
    if not 0 <= stamp <= _LAST_STAMP:
        raise WireError(f"stamp={text[:200]!r} is no moment of a message")
    return round(stamp, 3)
