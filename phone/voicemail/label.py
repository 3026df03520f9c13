"""What a message's file says of itself, in its comments: enough to make the index anew."""

from __future__ import annotations

from datetime import UTC, datetime

from phone.ogg.opusfile import Tags
from phone.ogg.opusreader import OpusReader
from phone.voicemail.message import Caller, Message, MessageId, State

_LONGEST = 256  # characters of a name that a stranger may have chosen; a JID has no more than 3071 bytes (RFC 7622)
_INTERRUPTED = ("INTERRUPTED", "yes")
_ORIGIN = "ORIGIN"
_LONGEST_ORIGIN = 128
_ID_TIME = "%Y%m%dT%H%M%SZ"


def new_id(stamp: float, chance: str) -> MessageId:
    """The id of a message begun at `stamp` (Unix time); `chance`: eight hexadecimal digits."""
    return MessageId(f"{datetime.fromtimestamp(stamp, UTC).strftime(_ID_TIME)}-{chance}")


def plain(caller: Caller) -> Caller:
    """As it can be written anywhere: valid UTF-8, in one line, of bearable length."""
    return Caller(_plain(caller.jid, 3071), _plain(caller.name, _LONGEST))


def _plain(text: str, longest: int) -> str:
    valid = text.encode(errors="replace").decode()
    return "".join(c if c.isprintable() else " " for c in valid[:longest])


def tags_of(caller: Caller, stamp: float, origin: str = "") -> Tags:
    """The comments of a file that is begun. ARTIST and DATE are what players show. `origin`: as in `Message`."""
    began = datetime.fromtimestamp(stamp, UTC).isoformat(timespec="milliseconds")
    named = (("CALLER", caller.jid), ("CALLER_NAME", caller.name), ("ARTIST", caller.name or caller.jid))
    return Tags((*named, ("DATE", began), *(((_ORIGIN, origin),) if origin else ())))


def interrupted(tags: Tags) -> Tags:
    """The same, of a recording that was cut off."""
    return tags if _INTERRUPTED in tags.comments else Tags((*tags.comments, _INTERRUPTED), tags.vendor)


def message_of(id: MessageId, reader: OpusReader, size: int, state: State = State.NEW) -> Message:
    """The message by its own comments; what they do not say, its id does."""
    tags = reader.tags
    caller = plain(Caller(tags.get("CALLER"), tags.get("CALLER_NAME")))
    stamp = _stamp(tags.get("DATE"), id)
    cut = _INTERRUPTED in tags.comments
    return Message(id, caller, stamp, reader.seconds, size, state, cut, tags.get(_ORIGIN)[:_LONGEST_ORIGIN])


def _stamp(date: str, id: MessageId) -> float:
    try:
        return round(datetime.fromisoformat(date).timestamp(), 3)
    except (ValueError, OverflowError):
        return _id_stamp(id)


def _id_stamp(id: MessageId) -> float:
    try:
        return datetime.strptime(id.partition("-")[0], _ID_TIME).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return 0.0
