"""A mail as it is made, read again by the standard library; nothing gets into its headers."""

from email import message_from_bytes
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone.service.duties import Delivery, Kind
from phone.service.letter import Letter, LetterError, compose
from phone.service.wording import load_wording
from phone.ui.texts import languages

NOW = 1_800_000_000.0
HEADERS = {
    *("from", "to", "subject", "date", "message-id", "auto-submitted"),
    *("mime-version", "content-type", "content-transfer-encoding"),
}


def letter(**changed):
    facts = {
        "id": "20261121T100000Z-12345678",
        "sender": "voicemail@b.example",
        "recipient": "ann@a.example",
        "subject": "Voice message from boss@b.example",
        "body": "Hello\n",
        "file": "voice-message.m4a",
        "sound": bytes(range(256)),
        "stamp": NOW,
    }
    return Letter(**(facts | changed))


def read(made):
    return message_from_bytes(made.as_bytes(), policy=SMTP)


def test_a_mail_has_the_words_and_the_sound():
    mail = read(compose(letter()))
    assert {name.lower() for name in mail} <= HEADERS
    assert (mail["from"], mail["to"]) == ("voicemail@b.example", "ann@a.example")
    assert mail["message-id"] == "<20261121T100000Z-12345678@b.example>"
    assert mail["auto-submitted"] == "auto-generated"
    assert mail.get_body().get_content() == "Hello\r\n" or mail.get_body().get_content() == "Hello\n"
    (sound,) = mail.iter_attachments()
    assert (sound.get_content_type(), sound.get_filename()) == ("audio/mp4", "voice-message.m4a")
    assert sound.get_content() == bytes(range(256))


@pytest.mark.parametrize(
    "changed",
    [
        {"recipient": "ann@a.example\r\nBcc: x@y.example"},
        {"recipient": "ann@a.example, x@y.example"},
        {"recipient": ""},
        {"subject": "one\r\nBcc: x@y.example"},
        {"subject": "one\nBcc: x@y.example"},
        {"subject": "one\u2028two"},
        {"sender": "voicemail\r\n@b.example"},
        {"id": "1>\r\nBcc: x@y.example"},
    ],
)
def test_what_would_make_another_header_is_refused(changed):
    with pytest.raises(LetterError):
        compose(letter(**changed))


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=200))
def test_whatever_a_caller_is_called_the_headers_are_these_alone(recipient, subject, body):
    for changed in ({"recipient": recipient}, {"subject": subject}, {"body": body}):
        try:
            mail = read(compose(letter(**changed)))
        except LetterError:
            continue
        assert {name.lower() for name in mail} <= HEADERS
        assert len(mail.get_all("to")) == 1
        assert len(mail["to"].addresses) == 1
        assert len(list(mail.iter_attachments())) == 1


@pytest.mark.parametrize("language", languages())
@given(st.text(max_size=40), st.text(max_size=40))
def test_the_texts_are_there_and_take_any_caller(language, who, name):
    wording = load_wording(language)
    for kind in Kind:
        delivery = Delivery("d", kind, "s", "boss@b.example", "ann@a.example", who, name, NOW, 65.4)
        for text in (
            *(wording.chat(delivery, key) for key in ("message", "no_sound", "sound_follows")),
            *(wording.subject(delivery), wording.body(delivery), wording.bounce(delivery)),
        ):
            assert text
        assert "1:05" in wording.chat(delivery, "message")
        assert wording.file(delivery).removesuffix(".m4a").replace("-", "").isalnum()
