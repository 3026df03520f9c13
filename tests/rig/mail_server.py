"""A real SMTP server on loopback that insists on TLS, keeps what it gets, and can be away."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from io import BytesIO

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from rig.words import Samples, decoded

from phone.demo.certificates import Authority, KeyPair
from phone.demo.prosody import free_ports


@dataclass(frozen=True, slots=True)
class Mail:
    """`recipients` are those of the envelope."""

    recipients: tuple[str, ...]
    message: EmailMessage

    def sound(self) -> Samples:
        """Its only attachment, played."""
        (attachment,) = self.message.iter_attachments()
        assert attachment.get_content_type() == "audio/mp4"
        return decoded(BytesIO(attachment.get_content()), "aac")


@dataclass
class MailServer:
    """`config`: the [mail] of a service that uses it."""

    authority: Authority
    mails: list[Mail] = field(default_factory=list)
    port: int = field(default_factory=lambda: free_ports(1)[0])
    _controller: Controller | None = None
    _certificate: KeyPair = field(init=False)

    def __post_init__(self) -> None:
        self._certificate = self.authority.issue("localhost")

    @property
    def config(self) -> str:
        return (
            f'\n[mail]\nhost = "localhost"\nport = {self.port}\nsender = "voicemail@mail.example"\n'
            f'ca_file = "{self.authority.file}"\n'
        )

    async def start(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._certificate.certificate, self._certificate.key)
        tls = {"tls_context": context, "require_starttls": True}
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, **tls)
        await asyncio.to_thread(self._controller.start)

    async def stop(self) -> None:
        if self._controller is not None:
            await asyncio.to_thread(self._controller.stop)
            self._controller = None

    async def until(self, true: Callable[[list[Mail]], object], seconds: float = 30.0) -> None:
        async with asyncio.timeout(seconds):
            while not true(self.mails):
                await asyncio.sleep(0.1)

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert session.ssl is not None
        message = message_from_bytes(envelope.original_content or b"", policy=POLICY)
        assert isinstance(message, EmailMessage)
        self.mails.append(Mail(tuple(envelope.rcpt_tos), message))
        return "250 OK"
