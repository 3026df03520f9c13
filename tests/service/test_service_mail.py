"""Messages for people without voicemail: by e-mail through a real SMTP server with STARTTLS; and who may not."""

from __future__ import annotations

import contextlib
import ssl
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as POLICY
from io import BytesIO
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from service_caller import Call, Person, speech, two
from service_house import VM, config, prosody, serving

from phone.demo.certificates import Authority
from phone.demo.prosody import free_ports
from phone.errors import ConfigError
from phone.service.chat import Sounds
from phone.service.courier import Later, Never, Outcome, Sent
from phone.service.duties import Delivery, Kind
from phone.service.post import MailCarrier
from phone.service.store import Store
from phone.service.values import MailConfig
from phone.service.wording import load_wording

OUT = f"outgoing@{VM}/outgoingvoicemail"


@dataclass
class Handler:
    """Of one mail server; `answer` is what it says to each recipient, or at the end of the data."""

    mails: list[tuple[str, list[str], EmailMessage]] = field(default_factory=list)
    rcpt: str = "250 OK"
    data: str = "250 OK"

    async def handle_RCPT(self, _server: SMTP, _session: Session, envelope: Envelope, address: str, *_: object) -> str:  # noqa: N802
        if self.rcpt.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert session.ssl is not None
        assert session.authenticated
        if self.data.startswith("250"):
            mail = message_from_bytes(envelope.original_content, policy=POLICY)
            self.mails.append((envelope.mail_from, envelope.rcpt_tos, mail))
        return self.data


@dataclass
class MailServer:
    handler: Handler
    config: MailConfig


def _knows(_server: SMTP, _session: Session, _envelope: Envelope, mechanism: str, data: LoginPassword) -> AuthResult:
    right = mechanism in {"LOGIN", "PLAIN"} and data == LoginPassword(b"voicemail", b"word")
    return AuthResult(success=right, handled=False)


@pytest.fixture
def mail_server(tmp_path: Path) -> Iterator[MailServer]:
    authority = Authority(tmp_path / "mailtls")
    pair = authority.issue("localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    handler, (port,) = Handler(), free_ports(1)
    controller = Controller(
        handler,
        hostname="127.0.0.1",
        port=port,
        tls_context=context,
        require_starttls=True,
        authenticator=_knows,
        auth_required=True,
    )
    secret = tmp_path / "mail.secret"
    secret.write_text("word\n")
    secret.chmod(0o600)
    settings = MailConfig(
        *("localhost", "voicemail@b.example", port), user="voicemail", password_file=secret, ca_file=authority.file
    )
    controller.start()
    try:
        yield MailServer(handler, settings)
    finally:
        controller.stop()


# --- the whole way --------------------------------------------------------------------------------------------


@pytest.fixture
async def scene(tmp_path: Path, mail_server: MailServer) -> AsyncIterator[tuple[Person, Person]]:
    folder = tmp_path / "prosody"
    folder.mkdir()
    async with prosody(folder) as server, two(server) as people:
        settings = config(server, tmp_path / "vm", mail=replace(mail_server.config, allow=("ann@localhost",)))
        settings = replace(settings, media=replace(settings.media, plain_rtp=("localhost",)))
        async with serving(settings):
            yield people


async def leave(ann: Person, words: Path, whom: str, *, google: bool = False) -> None:
    async with Call(ann, words, plain=google) as call:
        assert await ann.address("", "outgoingvoicemail") == OUT
        call.start(OUT, whom, google=google)
        await call.until_said()
        call.hang_up()


@pytest.mark.servers
@pytest.mark.timeout(300)
@pytest.mark.parametrize("google", [False, True], ids=["jingle", "google"])
async def test_the_second_try_is_a_mail_with_the_words(scene, mail_server, tmp_path, google):
    ann, _ = scene
    await leave(ann, speech(tmp_path / "words", 2.5), "friend@far.example", google=google)
    await ann.until(lambda: mail_server.handler.mails)
    ((sender, recipients, mail),) = mail_server.handler.mails
    assert (sender, recipients) == ("voicemail@b.example", ["friend@far.example"])
    assert (mail["from"], mail["to"]) == ("voicemail@b.example", "friend@far.example")
    assert mail["subject"] == "Voice message from ann@localhost"
    assert mail["reply-to"] is None
    assert "ann@localhost" in mail.get_body().get_content()
    (sound,) = mail.iter_attachments()
    assert sound.get_content_type() == "audio/mp4"
    import av

    with av.open(BytesIO(sound.get_content())) as file:
        assert 1.5 < float(file.duration) / 1e6 < 4


@pytest.mark.servers
@pytest.mark.timeout(300)
async def test_a_mail_that_is_refused_comes_back_to_the_senders_chat(scene, mail_server, tmp_path):
    ann, boss = scene
    mail_server.handler.rcpt = "550 5.1.1 no such user\x07 here"
    await leave(ann, speech(tmp_path / "words", 2.0), "nobody@far.example")
    await ann.until(lambda: ann.chats)
    (told,) = ann.bodies()
    assert "nobody@far.example" in told
    assert "550" in told
    assert ann.chats[0].get("from") == f"outgoing@{VM}"
    async with Call(boss, tmp_path / "words") as call:  # he may not send mail
        call.start(OUT, "friend@far.example")
        await call.until_ended()
    assert mail_server.handler.mails == []


# --- what mail servers say ------------------------------------------------------------------------------------


@pytest.fixture
def carrier(tmp_path: Path, mail_server: MailServer) -> Iterator[Callable[[MailConfig], MailCarrier]]:
    with contextlib.closing(Store("sqlite://")) as store:
        yield lambda settings: MailCarrier(settings, load_wording("en"), Sounds(store))


async def send(carrier: MailCarrier) -> Outcome:
    wanted = Delivery("d", Kind.MAIL, "s", "ann@b.example", "friend@far.example", "ann@b.example", "", 1.8e9, 3.0)
    from phone.service.letter import compose

    return await carrier._send(compose(carrier._letter(wanted, b"sound")))


@pytest.mark.parametrize(
    ("rcpt", "data", "outcome"),
    [
        ("250 OK", "250 OK", Sent),
        ("550 no", "250 OK", Never),
        ("450 later", "250 OK", Later),
        ("250 OK", "554 spam", Never),
        ("250 OK", "452 full", Later),
    ],
)
async def test_what_lasts_is_told_from_what_passes(mail_server, carrier, rcpt, data, outcome):
    mail_server.handler.rcpt, mail_server.handler.data = rcpt, data
    assert isinstance(await send(carrier(mail_server.config)), outcome)


async def test_a_password_that_is_wrong_is_no_reason_to_give_up(mail_server, carrier, tmp_path):
    (tmp_path / "mail.secret").write_text("other\n")
    assert isinstance(await send(carrier(mail_server.config)), Later)
    with pytest.raises(ConfigError, match="does not let us in"):
        await carrier(mail_server.config).check()


async def test_a_mail_server_that_is_not_trusted_gets_nothing(mail_server, carrier):
    assert isinstance(await send(carrier(replace(mail_server.config, ca_file=None))), Later)
    assert isinstance(await send(carrier(replace(mail_server.config, host="127.0.0.1"))), Later)  # not its name
    assert mail_server.handler.mails == []


async def test_a_mail_server_that_is_away_is_tried_again(mail_server, carrier):
    assert isinstance(await send(carrier(replace(mail_server.config, port=free_ports(1)[0]))), Later)
    await carrier(mail_server.config).check()


async def test_a_disk_that_is_full_is_no_reason_to_give_up(mail_server, carrier, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "away"))
    wanted = Delivery("d", Kind.MAIL, "s", "ann@b.example", "friend@far.example", "ann@b.example", "", 1.8e9, 3.0)
    assert isinstance(await carrier(mail_server.config).carry(wanted, told=None), Later)
