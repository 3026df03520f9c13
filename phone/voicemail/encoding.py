"""A recording as every XMPP client plays it: AAC-LC in .m4a, made by a process of its own (`aac`), off the loop."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import msgspec

from phone.voicemail.message import Failure, Trouble, failure, failure_of

log = logging.getLogger(__name__)

MEDIA_TYPE: Final = "audio/mp4"
PATIENCE: Final = 300.0
"""Seconds: three minutes of speech take two on a slow Raspberry Pi; a machine may have much else to do."""
_ACT: Final = "convert the message"
_MODULE: Final = "phone.voicemail.aac"
_UNREADABLE: Final = 2
_MOST_TOLD: Final = 2000  # characters of what a child that died had to say


@dataclass(frozen=True, slots=True)
class Labels:
    """What players show."""

    title: str = ""
    artist: str = ""
    date: str = ""
    """ISO 8601."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """An .m4a file that is whole and on the card."""

    path: Path
    seconds: float
    size: int
    """Bytes."""
    sha256: bytes


class _Done(msgspec.Struct, frozen=True):
    seconds: float
    size: int
    sha256: str


class _NotDone(msgspec.Struct, frozen=True):
    error: str
    errno: int | None = None


async def encode(
    source: Path,
    target: Path,
    labels: Labels = Labels(),
    patience: float = PATIENCE,
) -> Encoded | Failure:
    """Ogg Opus in `source` -> `target`, mono, 32 kbit/s. Not there, or as it was before, after a failure: UNREADABLE
    (the same will fail again), ENCODER, or what the card says.
    """
    command = (sys.executable, "-m", _MODULE, source, target)
    pipe = asyncio.subprocess.PIPE
    try:
        child = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, stderr=pipe)
    except OSError as error:
        return _logged(failure(Trouble.ENCODER, _ACT, error))
    try:
        async with asyncio.timeout(patience):
            told, faults = await child.communicate(json.dumps(_given(labels)).encode())
    except TimeoutError:
        return _logged(failure(Trouble.ENCODER, _ACT, f"it took more than {patience:g} s"))
    finally:
        await _end(child)
    return _outcome(child.returncode, told, faults, target)


def _given(labels: Labels) -> dict[str, str]:
    return {name: text for name, text in asdict(labels).items() if text}


async def _end(child: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        child.kill()
    await child.wait()


def _outcome(code: int | None, told: bytes, faults: bytes, target: Path) -> Encoded | Failure:
    try:
        if code == 0:
            done = msgspec.json.decode(told, type=_Done)
            return Encoded(target, done.seconds, done.size, bytes.fromhex(done.sha256))
        return _logged(_why(code, msgspec.json.decode(told, type=_NotDone)))
    except (msgspec.DecodeError, ValueError):
        text = faults.decode(errors="replace")[-_MOST_TOLD:]
        return _logged(failure(Trouble.ENCODER, _ACT, f"its process ended with {code}: {text.strip() or 'no word'}"))


def _why(code: int | None, told: _NotDone) -> Failure:
    if code == _UNREADABLE:
        return failure(Trouble.UNREADABLE, _ACT, told.error)
    if told.errno in errno.errorcode:  # libav has numbers of its own, too
        return failure_of(OSError(told.errno, told.error), _ACT)
    return failure(Trouble.ENCODER, _ACT, told.error)


def _logged(why: Failure) -> Failure:
    log.error("%s", why.sentence)
    return why
