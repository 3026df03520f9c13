"""Messages as e-mail, by the operator's own mail server (RFC 6409), its certificate checked."""

from __future__ import annotations

import asyncio
import logging
import ssl
import tempfile
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Final

import aiosmtplib

from phone.errors import ConfigError
from phone.service.chat import SoundError, Sounds
from phone.service.courier import Later, Never, Outcome, Sent, Told
from phone.service.duties import Delivery
from phone.service.letter import Letter, LetterError, compose
from phone.service.values import MailConfig
from phone.service.wording import Wording

log = logging.getLogger(__name__)

PATIENCE: Final = 60.0
_LASTING: Final = range(500, 600)
"""RFC 5321 4.2.1: permanent negative completion."""
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class MailCarrier:
    """For accounts of ours, to anybody."""

    config: MailConfig
    wording: Wording
    sounds: Sounds

    def ready(self) -> bool:
        """See `courier.Carrier`."""
        return True

    async def carry(self, delivery: Delivery, told: Told) -> Outcome:
        """See `courier.Carrier`."""
        del told
        try:
            with tempfile.TemporaryDirectory(prefix="voicemail-", ignore_cleanup_errors=True) as folder:
                made = await self.sounds.encoded(delivery, Path(folder), self.wording.subject(delivery))
                if made is None:
                    return Sent()
                data = await asyncio.to_thread(made.path.read_bytes)
            mail = compose(self._letter(delivery, data))
        except SoundError as error:
            return Never(str(error)) if error.lasting else Later(str(error))
        except LetterError as error:
            return Never(str(error))
        except OSError as error:
            return Later(f"no room for its sound: {error}")
        return await self._send(mail)

    async def check(self) -> None:
        """Sign in and leave again. Raises ConfigError with what is wrong."""
        try:
            async with self._client():
                pass
        except (aiosmtplib.SMTPException, OSError) as error:
            raise ConfigError(f"mail: {self.config.host} does not let us in: {_line(str(error))}") from error

    def _letter(self, delivery: Delivery, sound: bytes) -> Letter:
        return Letter(
            id=delivery.id,
            sender=self.config.sender,
            recipient=delivery.recipient,
            subject=self.wording.subject(delivery),
            body=self.wording.body(delivery),
            file=self.wording.file(delivery),
            sound=sound,
            stamp=delivery.stamp,
        )

    async def _send(self, mail: EmailMessage) -> Outcome:
        try:
            async with self._client() as server:
                await server.send_message(mail)
        except aiosmtplib.SMTPRecipientsRefused as refused:
            return _outcome(refused.recipients[0])
        except aiosmtplib.SMTPAuthenticationError as refused:
            # the operator's fault, and to be mended by him: no reason to give a user's mail up
            return Later(f"the mail server does not know us: {_line(str(refused))}")
        except aiosmtplib.SMTPResponseException as refused:
            return _outcome(refused)
        except (aiosmtplib.SMTPException, OSError) as error:
            return Later(f"the mail server is away: {_line(str(error))}")
        return Sent()

    def _client(self) -> aiosmtplib.SMTP:
        config = self.config
        secure = config.tls != "none"
        return aiosmtplib.SMTP(
            hostname=config.host,
            port=config.port,
            username=config.user or None,
            password=config.password() or None,
            use_tls=config.tls == "tls",
            start_tls=config.tls == "starttls",
            tls_context=_context(config.ca_file) if secure else None,
            timeout=PATIENCE,
        )


def _context(ca_file: Path | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))


def _outcome(refused: aiosmtplib.SMTPResponseException) -> Outcome:
    why = f"{refused.code} {_line(refused.message)}"
    return Never(why) if refused.code in _LASTING else Later(why)


def _line(text: str) -> str:
    return " ".join(text.split())[:_LONGEST]
