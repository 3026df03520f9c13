"""What the service writes to people, in the configured language (pure but for reading its texts)."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from phone.service.duties import Delivery
from phone.ui.texts import Texts

_FOLDER = Path(__file__).parent / "text"
_LONGEST_WHY = 300


def load_wording(language: str) -> Wording:
    """The texts of `language`, which is one of `phone.ui.texts.languages()`."""
    return Wording(Texts(tomllib.loads((_FOLDER / f"{language}.toml").read_text("utf-8"))))


@dataclass(frozen=True, slots=True)
class Wording:
    """Sentences about deliveries. Moments are in the service's own time zone."""

    texts: Texts

    def chat(self, delivery: Delivery, key: str) -> str:
        """`key`: message, no_sound or sound_follows."""
        return self.texts.fill("chat", key, **_facts(delivery))

    def bounce(self, delivery: Delivery) -> str:
        """`delivery.name` is why; "": the service gave up."""
        why = " ".join(delivery.name.split())[:_LONGEST_WHY] or self.texts.get("chat", "gave_up")
        return self.texts.fill("chat", "bounce", whom=delivery.recipient, why=why, **_facts(delivery))

    def subject(self, delivery: Delivery) -> str:
        """Of a mail: one line, whatever an address may hold."""
        return self.texts.fill("mail", "subject", **_facts(delivery))

    def body(self, delivery: Delivery) -> str:
        """Of a mail."""
        return self.texts.fill("mail", "body", **_facts(delivery)).lstrip("\n")

    def file(self, delivery: Delivery) -> str:
        """The name of the sound file: letters, digits and dashes."""
        moment = datetime.fromtimestamp(delivery.stamp, UTC).astimezone()
        return f"{self.texts.get('mail', 'file')}-{moment:%Y-%m-%d-%H%M}.m4a"


def _facts(delivery: Delivery) -> dict[str, str]:
    moment = datetime.fromtimestamp(delivery.stamp, UTC).astimezone()
    minutes, seconds = divmod(round(delivery.seconds), 60)
    who = (
        delivery.caller
        if not delivery.name or delivery.kind.value != "chat"
        else (f"{delivery.name} ({delivery.caller})")
    )
    return {"who": who, "when": f"{moment:%Y-%m-%d %H:%M}", "length": f"{minutes}:{seconds:02}"}
