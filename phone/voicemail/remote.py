"""Messages of the service's mailbox that are here too: fetched once, heard and deleted on all devices alike.

`Snapshot` is the service's mailbox as it is; `Followed` what of it is here, and what the user did that it must be told.
What the user did last wins: as long as the service was not told, its own word about that message does not count.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from io import BytesIO

from phone.ogg.opusreader import OpusReader, mended
from phone.ogg.page import OggError
from phone.voicemail.files import Folder
from phone.voicemail.index import Index
from phone.voicemail.label import message_of, new_id, plain, tags_of
from phone.voicemail.message import Failure, Message, MessageId, State, Trouble, failure
from phone.voicemail.recovery import remove
from phone.voicemail.wire import RemoteMessage

_ACT = "fetch a message from the server"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The mailbox of the service."""

    messages: tuple[RemoteMessage, ...] = ()
    deleted: frozenset[str] = field(default_factory=frozenset)
    """Ids that it said were deleted since the sign-in; others that are missing may have expired there, or been lost."""
    whole: bool = True
    """All messages of it. If not, the list was cut off: what is missing may be there all the same."""


@dataclass(frozen=True, slots=True)
class Followed:
    """What the mailbox here has to do with the service's."""

    origins: frozenset[str] = field(default_factory=frozenset)
    """Ids of the service's messages that are here: not to be fetched."""
    marks: Mapping[str, State] = field(default_factory=dict)
    """What it is still to be told, by id."""


def followed(index: Index) -> Followed:
    """Raises sqlite3.Error."""
    return Followed(frozenset(index.origins()), index.marks())


def add(
    folder: Folder, index: Index, remote: RemoteMessage, sound: bytes, room: Callable[[], int | Failure]
) -> Message | Failure:
    """`sound`: its Ogg Opus file; `room`: bytes it may take. The message is on the card when it is returned; the one
    that is here already if it is; UNKNOWN if the user has deleted it. Raises OSError and sqlite3.Error.
    """
    if known := index.of_origin(remote.id):
        return known
    if index.marks().get(remote.id) is State.DELETED:
        return failure(Trouble.UNKNOWN, _ACT)
    file, space = _labelled(remote, sound), room()
    if isinstance(file, Failure):
        return file
    if isinstance(space, Failure):
        return space
    if len(file) > space:
        return failure(Trouble.QUOTA, _ACT)
    own = _id_for(index, remote)
    folder.commit_instead(own, file)
    message = message_of(own, OpusReader(BytesIO(file)), len(file), remote.state)
    index.add([message])
    return message


def follow(folder: Folder, index: Index, snapshot: Snapshot) -> int:
    """Heard there: heard here; deleted there: deleted here, for good. Kept messages are deleted only if the service
    said so, not because they are missing; and none is because the list was cut off before it. How many were changed.
    Raises OSError and sqlite3.Error.
    """
    marked = index.marks()
    here = {origin: there for origin, there in index.origins().items() if origin not in marked}
    wanted = {each.id: each.state for each in snapshot.messages}
    changed = [(own, wanted[origin]) for origin, (own, state) in here.items() if _differs(state, wanted.get(origin))]
    gone = [own for origin, (own, state) in here.items() if origin not in wanted and _goes(origin, state, snapshot)]
    index.set_states(changed)
    _delete(folder, index, gone)
    return len(changed) + len(gone)


def _differs(here: State, there: State | None) -> bool:
    return there is not None and State.DELETED is not here is not there


def _goes(origin: str, state: State, snapshot: Snapshot) -> bool:
    return origin in snapshot.deleted or (snapshot.whole and state is not State.KEPT)


def _delete(folder: Folder, index: Index, ids: Collection[MessageId]) -> None:
    index.delete(ids)
    remove(folder, index, ids, lost=True)


def _labelled(remote: RemoteMessage, sound: bytes) -> bytes | Failure:
    """The same file, but its comments say what recovery must know."""
    try:
        file = mended(OpusReader(BytesIO(sound)), tags_of(plain(remote.caller), remote.stamp, remote.id))
    except OggError as error:
        return failure(Trouble.UNREADABLE, _ACT, error)
    return file or failure(Trouble.UNREADABLE, _ACT, "it is empty")


def _id_for(index: Index, remote: RemoteMessage) -> MessageId:
    """The same at each try, so that what a crash left of one is written over by the next."""
    own = new_id(remote.stamp, hashlib.sha256(remote.id.encode()).hexdigest()[:8])
    return new_id(remote.stamp, secrets.token_hex(4)) if index.get(own) else own
