"""What one text of the config must mean: a function for each kind, which tells what is wrong and what to do."""

from __future__ import annotations

import ipaddress
import math
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO

from phone.calls import digitmap, numbers
from phone.config import cards
from phone.config.faults import UnfitError, did_you_mean
from phone.config.paths import located
from phone.config.values import HOLD_SOUNDS, LONGEST_RING, LOOPBACK_ORIGIN, read_secret
from phone.errors import ConfigError
from phone.media.wav import WavError, parse_wav
from phone.ogg.opusreader import OpusReader
from phone.ogg.page import OggError

Check = Callable[[str, Path], str | None]
"""(value, folder of the file) -> what is wrong, or None."""


def anything(_value: str, _: Path) -> None:
    """Whatever it says is right."""


def jid(value: str, folder: Path) -> str | None:
    """An account's address."""
    if "/" in value:
        return f'has a resource ("/{value.partition("/")[2]}"): put it into account.resource'
    return address(value, folder)


def address(value: str, _: Path) -> str | None:
    """Whom to call."""
    return None if numbers.is_address(value) else f'"{value}" is no address: write it like anna@example.org'


def domain(value: str, _: Path) -> str | None:
    """A server's name."""
    return None if is_domain(value) else f'"{value}" is no domain: write it like example.org'


def is_domain(value: str) -> bool:
    """As in an address (RFC 7622)."""
    return "/" not in value and "@" not in value and numbers.is_address(f"x@{value}")


def resource(value: str, _: Path) -> str | None:
    """RFC 7622 section 3.4."""
    fit = numbers.is_address(f"x@x/{value}")
    return None if fit else "is empty or has characters that no resource may have: take a plain word"


def server(value: str, _: Path) -> str | None:
    """A host, with a port or without."""
    host, colon, port = value.rpartition(":")
    if not colon or value.endswith("]"):
        host, port = value, "5222"
    if not port.isascii() or not port.isdigit() or len(port) > 5 or not 1 <= int(port) <= 65535:
        return f'"{port}" is no port: write host or host:port with a port of 1 to 65535'
    return None if is_domain(host) else f'"{host}" is no host: write it like xmpp.example.org:5222'


def secret_file(value: str, folder: Path) -> str | None:
    """A file with a secret in its first line."""
    try:
        read_secret(located(value, folder))
    except UnfitError:
        return None  # told by the shape
    except ConfigError as error:
        return str(error)
    return None


def certificates(value: str, folder: Path) -> str | None:
    """A PEM file."""
    try:
        path = located(value, folder)
        text = path.read_bytes()
    except UnfitError:
        return None  # told by the shape
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}"
    return None if b"-----BEGIN CERTIFICATE-----" in text else f"{path} has no certificate in PEM form"


def not_empty(value: str, _: Path) -> str | None:
    """Anything but nothing."""
    return None if value else "is empty: give it a value, or take the line out"


def digit_map(value: str, _: Path) -> str | None:
    """See `calls.digitmap`."""
    try:
        digitmap.parse(value)
    except digitmap.DigitMapError as error:
        return str(error)
    return None


def handset(value: str, folder: Path) -> str | None:
    """A card that there must be."""
    return card(value, folder) if value else "is empty: name an ALSA device (`aplay -L` and `arecord -L` list them)"


def card(value: str, _: Path) -> str | None:
    """An ALSA device by name."""
    return cards.device_fault(value)


def card_id(value: str, _: Path) -> str | None:
    """A card's own name."""
    return cards.card_fault(value)


def mixer(value: str, _: Path) -> str | None:
    """What a card's control is set to."""
    return cards.mixer_fault(value)


def ip(value: str, _: Path) -> str | None:
    """An address of this machine's."""
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return f'"{value}" is no IP address of this machine: `ip address` lists them'
    return None


def one_of(choices: Callable[[], tuple[str, ...]]) -> Check:
    """A check for these alone."""

    def check(value: str, _: Path) -> str | None:
        known = choices()
        return None if value in known else f'"{value}" is unknown; {did_you_mean(value, known)}'

    return check


def address_or_domain(value: str, _: Path) -> str | None:
    """Somebody, or everybody of a server."""
    if "@" in value and "/" in value:
        return f'has a resource ("/{value.partition("/")[2]}"): leave it out, it is another one each time'
    if is_domain(value) or numbers.is_address(value):
        return None
    return f'"{value}" is neither an address nor a domain: write it like bob@example.org or example.org'


def loopback_origin(value: str, _: Path) -> str | None:
    """A web page's origin on this machine."""
    if LOOPBACK_ORIGIN.fullmatch(value):
        return None
    return f'"{value}" may not frame the panel: write it like http://127.0.0.1:8000 or http://localhost:8000'


def digits(value: str, _: Path) -> str | None:
    """A number without any sign."""
    return None if _are_digits(value) else f'"{value}" is no number: write digits alone, like 112'


def lock_code(value: str, _: Path) -> str | None:
    """A secret: it is not repeated."""
    right = not value or (_are_digits(value) and 4 <= len(value) <= 12)
    return None if right else 'must be 4 to 12 digits in quotes, or "" for no lock'


def _are_digits(value: str) -> bool:
    return value.isascii() and value.isdigit()


def hold_sound(value: str, folder: Path) -> str | None:
    """One of the phone's own, or a WAV file."""
    return None if value in HOLD_SOUNDS else _wav_file(value, folder, 'write "music" or "tone"')


def ring_sound(value: str, folder: Path) -> str | None:
    """A WAV file of at most LONGEST_RING seconds."""
    return _wav_file(value, folder, "write a number from 0 to 5", LONGEST_RING)


def _wav_file(value: str, folder: Path, instead: str, longest: float = math.inf) -> str | None:
    """`longest`: seconds."""
    try:
        path = located(value, folder)
        if not stat.S_ISREG(path.stat().st_mode):  # a pipe would be waited for
            return f"{path} is no file: give a WAV file, or {instead} instead"
    except UnfitError as error:
        return str(error)
    except (FileNotFoundError, NotADirectoryError):
        return f"{path} is not there: put a WAV file there, or {instead} instead"
    except OSError as error:
        return _unreadable(path, error)
    return _wav(path, longest)


def greeting(value: str, folder: Path) -> str | None:
    """An Ogg Opus file."""
    try:
        path = located(value, folder)
        if not stat.S_ISREG(path.stat().st_mode):
            return f"{path} is no file: give an Ogg Opus file, or take the line out"
        with path.open("rb") as file:
            OpusReader(file)
    except UnfitError:
        return None  # told by the shape
    except (FileNotFoundError, NotADirectoryError):
        return f"{value} is not there: put an Ogg Opus file there, or take the line out"
    except OSError as error:
        return _unreadable(path, error)
    except OggError as error:
        return f"{path}: {error}; make one with `opusenc` or `ffmpeg -i greeting.wav greeting.opus`"
    return None


def _wav(path: Path, longest: float) -> str | None:
    try:
        with path.open("rb") as file:
            seconds = parse_wav(partial(_read_at, file), path.stat().st_size).seconds
    except WavError as error:
        return f"{path} {error}"
    except OSError as error:
        return _unreadable(path, error)
    return f"{path} lasts {seconds:.0f} s: take one of at most {longest:g} s" if seconds > longest else None


def _read_at(file: BinaryIO, offset: int, count: int) -> bytes:
    file.seek(offset)
    return file.read(count)


def _unreadable(path: Path, error: OSError) -> str:
    return f"{path} cannot be read: {error.strerror}; make it readable by the user that the phone runs as"
