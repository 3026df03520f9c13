"""The config file as values. What the file may say beyond types is in `checks`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal

from phone.errors import ConfigError

Ring = int | str
"""What announces calls: 0 the country's ringing, 1 to 5 a tune, else a WAV file, by its path."""


@dataclass(frozen=True, slots=True)
class AccountConfig:
    """[account]"""

    jid: str
    password: str | None = field(default=None, repr=False)
    password_file: Path | None = None
    """One of the two; the file keeps the secret out of the config."""
    resource: str = "phone"
    server: str | None = None
    """"host" or "host:port": connect here instead of asking DNS."""
    direct_tls: bool = False
    ca_file: Path | None = None
    """Trust the certificates in this PEM file only; None: the system's."""

    def secret(self) -> str:
        """The password, from wherever it is kept. Raises ConfigError if its file is gone or empty."""
        if self.password is not None:
            return self.password
        if self.password_file is None:
            raise ConfigError("account.password_file: is missing, and so is account.password: give one of the two")
        return read_secret(self.password_file)


NO_ACCOUNT = AccountConfig("phone@account.invalid", password="")
"""Of a phone that waits for one; the domain is nobody's (RFC 2606)."""


@dataclass(frozen=True, slots=True)
class DialConfig:
    """[dial]: how a number becomes an address."""

    domain: str | None = None
    """Extensions become EXTENSION@domain; None: the account's own domain."""
    gateway: str | None = None
    """`+...` and long numbers become NUMBER@gateway."""
    digit_map: str = ""
    """RFC 3435 style digit map ("" waits for the timer or `#`): "[1-8]xxx|0T|+x.T"."""
    inter_digit_seconds: float = 4.0
    short: dict[str, str] = field(default_factory=dict)
    """Short code -> JID."""
    speed: dict[str, str] = field(default_factory=dict)
    """Digit -> number or address that holding it down calls."""
    hotline: str = ""
    """Called when the handset is lifted and nothing is dialled for `hotline_seconds`."""
    hotline_seconds: float = 0.0
    emergency: tuple[str, ...] = ("110", "112", "911", "999")
    """May be dialled while the keypad is locked."""


HOLD_SOUNDS = ("music", "tone")
"""The phone's own."""
LONGEST_RING = 30.0
"""Seconds of a WAV file that announces calls: whoever calls gives up before more of it is heard."""


@dataclass(frozen=True, slots=True)
class CallsConfig:
    """[calls]"""

    waiting: bool = True
    """Further calls knock; else they are refused as busy."""
    most: int = 8
    """Legs at a time, held ones among them."""
    hold: str = "music"
    """What held far ends hear: one of HOLD_SOUNDS, or the absolute path of a WAV file."""
    ring: Ring = 0
    """What announces calls; the path is absolute."""
    reminder_seconds: float = 60.0
    texts: tuple[str, ...] = ()
    """Ready-made texts to refuse a call with, keys 1 to 9; empty: three of the language's own."""
    intercom: tuple[str, ...] = ()
    """JIDs or domains that are answered at once, on the speaker, with a beep."""
    lock_code: str = field(default="", repr=False)
    """Digits that open the locked keypad; "": it cannot be locked."""


@dataclass(frozen=True, slots=True)
class TransferConfig:
    """[transfer]: far ends that ask this phone to call somebody else (XEP-0251)."""

    allow: tuple[str, ...] = ()
    """JIDs or domains that need no yes of the user; the account's own domain does, unless it stands here."""
    targets: tuple[str, ...] = ()
    """JIDs or domains that calls may be sent to, beside contacts and the account's own domain."""


@dataclass(frozen=True, slots=True)
class VoicemailConfig:
    """[voicemail]: the phone answers for its user."""

    answer: bool = True
    """It does; else calls ring until `ring_seconds`."""
    answer_seconds: float = 25.0
    busy: bool = True
    """At once, instead of refusing as busy."""
    dnd: bool = True
    """At once, while do-not-disturb is on."""
    longest_seconds: float = 180.0
    silence_seconds: float = 10.0
    """After so long without speech the message ends."""
    most_megabytes: int = 500
    """What all messages together may take on the card; who is not in the telephone book has half of it at most."""
    days: float = 0.0
    """Heard messages expire; 0: never. New and kept ones do not."""
    greeting: Path | None = None
    """An Ogg Opus file in place of the built-in greeting; one recorded on the handset comes before it."""


@dataclass(frozen=True, slots=True)
class DisplayConfig:
    """[display]"""

    dim_seconds: float = 60.0
    """Idle for so long, the display is dimmed; 0: never."""


LOOPBACK_ORIGIN = re.compile(r"http://(?:127\.0\.0\.1|localhost)(?::[0-9]{1,5})?")
"""Whose pages may frame the panel; CSP has no way to write an IPv6 address (CSP3, host-source)."""


@dataclass(frozen=True, slots=True)
class PanelConfig:
    """[panel]: the phone as a web page on this machine's loopback, behind a token."""

    port: int = 0
    """0: no panel."""
    ancestors: tuple[str, ...] = ()
    """Origins whose pages may frame it, each a LOOPBACK_ORIGIN: "http://127.0.0.1:8000"."""


@dataclass(frozen=True, slots=True)
class DeviceConfig:
    """[audio.handset], [audio.headset], [audio.ringer] or [audio.speaker]: ALSA PCM names, "" for none.

    None: the hardware profile's; after `load` it is that only where the profile has none either.
    """

    capture: str | None = None
    playback: str | None = None
    mixer: dict[str, str] = field(default_factory=dict)
    """As `AudioConfig.mixer`, each time that sound begins to go there."""


@dataclass(frozen=True, slots=True)
class AudioConfig:
    """[audio]: what is not given is the hardware profile's."""

    handset: DeviceConfig = DeviceConfig()
    ringer: DeviceConfig = DeviceConfig()
    speaker: DeviceConfig = DeviceConfig()
    """For hands-free; none: the SPEAKER key does nothing."""
    headset: DeviceConfig = DeviceConfig()
    """In the handset's place while `jack` tells that it is plugged in."""
    card: str = ""
    """Whose controls the mixers set: its ALSA id."""
    mixer: dict[str, str] = field(default_factory=dict)
    """Control -> a `cards.MixerSetting`, whenever the card is plugged in."""
    jack: str = ""
    """The input device that tells whether a headset is plugged in: a part of its name; "": none does."""
    opus_complexity: int = 5
    packet_ms: Literal[10, 20, 40, 60] = 20


@dataclass(frozen=True, slots=True)
class HardwareConfig:
    """[hardware]"""

    profile: str = "sim"
    """By name, or the path of a file; never by silent fallback. "sim" is the simulated desk phone."""
    bounce_ms: float = 5.0
    """How long the simulated contacts bounce."""


@dataclass(frozen=True, slots=True)
class PeerConfig:
    """[peers."jid or domain"]"""

    plain_rtp: bool = False
    direct: bool = False
    ring: Ring | None = None
    """What announces calls from there; None: what `CallsConfig.ring` says."""


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """[network]"""

    addresses: tuple[str, ...] = ()
    relay_only: bool = False
    stun: bool = True
    """Use the STUN and TURN services that the server names (XEP-0215)."""
    first_port: int = 0
    last_port: int = 0


@dataclass(frozen=True, slots=True)
class Config:
    """The whole file. Relative paths in it count from its own folder."""

    DEFAULT_RUN_DIR: ClassVar[Path] = Path("/run/phone")

    account: AccountConfig = NO_ACCOUNT
    audio: AudioConfig = AudioConfig()
    dial: DialConfig = DialConfig()
    calls: CallsConfig = CallsConfig()
    transfer: TransferConfig = TransferConfig()
    voicemail: VoicemailConfig = VoicemailConfig()
    display: DisplayConfig = DisplayConfig()
    panel: PanelConfig = PanelConfig()
    hardware: HardwareConfig = HardwareConfig()
    network: NetworkConfig = NetworkConfig()
    peers: dict[str, PeerConfig] = field(default_factory=dict)
    contacts: dict[str, str] = field(default_factory=dict)
    """Name -> number or address: a telephone book beside the account's own contacts."""
    country: str = "de"
    language: str = "en"
    ring_seconds: float = 60.0
    """Nobody lifts here."""
    no_answer_seconds: float = 120.0
    """Nobody lifts there."""
    state_dir: Path = Path("/var/lib/phone")
    run_dir: Path = DEFAULT_RUN_DIR
    """Holds the control socket."""
    log_level: str = "INFO"

    @property
    def has_account(self) -> bool:
        """The file names one; else the phone comes up, and waits to be given one."""
        return self.account != NO_ACCOUNT


def read_secret(path: Path) -> str:
    """The first line of a file. Raises ConfigError if there is none."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError(
            f"{path} cannot be read: {why}; make it readable by the user that the phone runs as"
        ) from error
    if not lines or not lines[0].strip():
        raise ConfigError(f"{path} has no first line: write the password into it")
    return lines[0].strip()
