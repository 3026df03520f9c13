"""Messages as their owner's chat shows them: a text, and the sound as every client plays it (XEP-0363, 0066, 0447).

Law: what is sent again, because this process died before it could say that it was sent, is the same stanza with the
same id and origin-id (XEP-0359): clients that look at these show it once.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from phone.jingle.jid import bare
from phone.service import boxes, duties
from phone.service.addresses import Addresses
from phone.service.courier import Later, Never, Outcome, Sent, Told
from phone.service.duties import Delivery, Upload
from phone.service.store import Store, StoreError
from phone.service.wording import Wording
from phone.voicemail.encoding import MEDIA_TYPE, Encoded, Labels, encode
from phone.voicemail.message import Trouble
from phone.xmpp.api import UploadError, VoiceMessage
from phone.xmpp.component_api import Component

ENCODERS: Final = max(1, (os.cpu_count() or 1) // 2)
"""At once: recording comes first."""
AWAY: Final = Later("the XMPP server is away")


class SoundError(Exception):
    """The sound cannot be had. `lasting`: nor will it be."""

    def __init__(self, why: str, *, lasting: bool) -> None:
        super().__init__(why)
        self.lasting = lasting


@dataclass(frozen=True, slots=True)
class Sounds:
    """AAC files of sounds in the store."""

    store: Store
    _turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(ENCODERS))

    async def encoded(self, delivery: Delivery, folder: Path, title: str) -> Encoded | None:
        """An .m4a file in `folder`; None: the sound is no more. Raises SoundError."""
        source = folder / "sound.opus"
        try:
            data = await self.store.read(partial(boxes.sound_of, id=delivery.sound))
            if data is None:
                return None
            await asyncio.to_thread(source.write_bytes, data)
        except (StoreError, OSError) as error:
            raise SoundError(str(error), lasting=False) from error
        async with self._turn:
            made = await encode(source, folder / "sound.m4a", Labels(title, delivery.caller))
        if isinstance(made, Encoded):
            return made
        raise SoundError(made.sentence, lasting=made.trouble is Trouble.UNREADABLE)


@dataclass(frozen=True, slots=True)
class ChatCarrier:
    """To the owner of a mailbox, from the mailbox's address."""

    component: Component
    addresses: Addresses
    wording: Wording
    sounds: Sounds

    def ready(self) -> bool:
        """See `courier.Carrier`."""
        return self.component.is_online

    async def carry(self, delivery: Delivery, told: Told) -> Outcome:
        """See `courier.Carrier`."""
        try:
            there = await self._uploaded(delivery)
        except (SoundError, UploadError) as error:
            return await self._without_sound(delivery, told, str(error), lasting=error.lasting)
        except OSError as error:
            return await self._without_sound(delivery, told, f"no room for its sound: {error}", lasting=False)
        except StoreError as error:
            return Later(str(error))
        if there is None:
            return Sent()  # deleted meanwhile: he has heard it on a phone
        if not delivery.told:
            self._say(delivery, "message")
        about = (there.size, there.seconds, there.sha256, f"{delivery.id}-sound")
        voice = VoiceMessage(there.url, self.wording.file(delivery), MEDIA_TYPE, *about)
        last = self.component.send_voice(self._from(delivery), delivery.owner, voice)
        return Sent() if await self.component.taken(last) else AWAY

    async def _uploaded(self, delivery: Delivery) -> Upload | None:
        """Put on the web once; None: the sound is no more. Raises SoundError, UploadError, OSError and StoreError."""
        store = self.sounds.store
        there = await store.read(partial(duties.upload_of, id=delivery.id, now=time.time()))
        if there is not None:
            return there
        with tempfile.TemporaryDirectory(prefix="voicemail-", ignore_cleanup_errors=True) as folder:
            made = await self.sounds.encoded(delivery, Path(folder), self.wording.chat(delivery, "message"))
            if made is None:
                return None
            url = await self.component.upload(made.path, self.wording.file(delivery), MEDIA_TYPE)
        there = Upload(url, made.size, made.seconds, made.sha256)
        await store.write(partial(duties.note_uploaded, id=delivery.id, upload=there, now=time.time()))
        return there

    async def _without_sound(self, delivery: Delivery, told: Told, why: str, *, lasting: bool) -> Outcome:
        """The text at least comes at once."""
        if not delivery.told:
            last = self._say(delivery, "no_sound" if lasting else "sound_follows")
            if not await self.component.taken(last):
                return AWAY
            await told()
        return Never(why) if lasting else Later(why)

    def _say(self, delivery: Delivery, key: str) -> str:
        text, known = self.wording.chat(delivery, key), f"{delivery.id}-text"
        return self.component.send_chat(self._from(delivery), delivery.owner, text, message_id=known)

    def _from(self, delivery: Delivery) -> str:
        return bare(self.addresses.mailbox(delivery.owner))


@dataclass(frozen=True, slots=True)
class BounceCarrier:
    """To whoever sent a mail that does not go."""

    component: Component
    addresses: Addresses
    wording: Wording

    def ready(self) -> bool:
        """See `courier.Carrier`."""
        return self.component.is_online

    async def carry(self, delivery: Delivery, told: Told) -> Outcome:
        """See `courier.Carrier`."""
        del told
        frm = bare(self.addresses.outgoing())
        last = self.component.send_chat(frm, delivery.owner, self.wording.bounce(delivery), message_id=delivery.id)
        return Sent() if await self.component.taken(last) else AWAY
