"""What the control socket is asked of the phone's mailbox."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Limit = Annotated[int, msgspec.Meta(ge=1, le=1000)]
"""Of a list."""

MessageState = Literal["new", "heard", "kept"]
"""A `voicemail.message.State` value."""

MessageId = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
"""A message's whole id, as `VoicemailReply` tells it."""


class VoicemailList(msgspec.Struct, frozen=True, tag_field="do", tag="voicemail-list", forbid_unknown_fields=True):
    """The messages, newest first -> `VoicemailReply`."""

    limit: Limit = 100
    state: MessageState | None = None
    """These alone; `limit` counts them alone too."""


class VoicemailPlay(msgspec.Struct, frozen=True, tag_field="do", tag="voicemail-play", forbid_unknown_fields=True):
    """Open the phone's mailbox, as VOICEMAIL on the idle phone does: on the speaker, or in the handset if it is lifted;
    refused during a call -> `Done`.
    """

    id: MessageId | None = None
    """At this message; None: as the key does."""


class VoicemailDelete(msgspec.Struct, frozen=True, tag_field="do", tag="voicemail-delete", forbid_unknown_fields=True):
    """Delete a message, for good -> `Done`."""

    id: MessageId


class VoicemailSave(msgspec.Struct, frozen=True, tag_field="do", tag="voicemail-save", forbid_unknown_fields=True):
    """Mark a message as kept, and tell where its sound is -> `VoicemailFile`."""

    id: MessageId


VoicemailRequest = VoicemailList | VoicemailPlay | VoicemailDelete | VoicemailSave


# --- replies --------------------------------------------------------------------------------------------------


class VoicemailMessage(msgspec.Struct, frozen=True):
    """One message of the phone's mailbox."""

    id: str
    state: MessageState
    address: str
    """Whose call it was: told, not verified."""
    name: str
    """What the telephone book calls him, else what his call told; "" where neither does."""
    began: str
    """ISO 8601 with zone."""
    seconds: float
    size: int
    """Bytes of its file."""
    interrupted: bool = False
    """It may end in mid-sentence: the power or the card gave out."""


class VoicemailReply(msgspec.Struct, frozen=True):
    """Newest first."""

    messages: tuple[VoicemailMessage, ...]
    total: int = 0
    """How many there are of what was asked for, those beyond the limit among them."""
    ok: Literal[True] = True


class VoicemailFile(msgspec.Struct, frozen=True):
    """An Ogg Opus file that only the phone's own user and root may read."""

    path: str
    size: int
    """Bytes."""
    ok: Literal[True] = True
