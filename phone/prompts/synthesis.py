"""One prompt: text -> espeak-ng -> samples -> Ogg Opus, the same bytes each time."""

from __future__ import annotations

import io
import subprocess
import wave
import zlib
from array import array

import opuslib

from phone.errors import PhoneError
from phone.ogg.opusfile import Head, OpusWriter, Tags
from phone.prompts.levels import RATE, levelled, resampled, silence, tone, trimmed
from phone.prompts.texts import Speaker

ESPEAK = "espeak-ng"
TONES = {"beep": tone(0.4, 1000.0), "pause": silence(0.25)}
"""Prompts without words, in every language."""
_SENTENCE_END = (".", "?", "!", ":")
_AFTER_SENTENCE = 0.25
"""Seconds of silence: where another one follows, it is to be heard as one."""
_FRAME = RATE // 50
_BITRATE = 40_000
_COMPLEXITY = 10


class PromptError(PhoneError, RuntimeError):
    """Prompts cannot be made."""


def espeak_version() -> str:
    """Of the program, as it says it. Raises PromptError if it is not there."""
    return _run([ESPEAK, "--version"]).decode(errors="replace").strip()


def made(name: str, text: str, speaker: Speaker) -> bytes:
    """The file. `text` "": one of `TONES`. Raises PromptError if espeak-ng does not speak."""
    return encoded(name, _spoken(text, speaker) if text else TONES[name])


def _spoken(text: str, speaker: Speaker) -> array[int]:
    options = ["-v", speaker.name, "-s", speaker.words_per_minute, "-p", speaker.pitch]
    wav = _run([ESPEAK, *options, "--stdin", "--stdout"], text.encode())
    with wave.open(io.BytesIO(wav)) as file:
        # written to a pipe, its header knows no length
        rate, samples = file.getframerate(), array("h", file.readframes(1 << 30))
    speech = trimmed(samples, rate)
    if not speech:
        raise PromptError(f'{ESPEAK} says nothing for "{text}": look at phone/prompts/texts')
    after = silence(_AFTER_SENTENCE) if text.endswith(_SENTENCE_END) else array("h")
    return resampled(levelled(speech, rate), rate) + after


def encoded(name: str, samples: array[int]) -> bytes:
    """As a file; what the coder adds in front is skipped by who plays it."""
    encoder = opuslib.Encoder(RATE, 1, "voip")
    encoder.bitrate, encoder.complexity = _BITRATE, _COMPLEXITY
    ahead = encoder.lookahead
    head = Head(pre_skip=ahead * 48_000 // RATE, input_rate=RATE)
    writer = OpusWriter(zlib.crc32(name.encode()), head, Tags((("TITLE", name),)))
    padded = samples + array("h", bytes(2 * (ahead + -(len(samples) + ahead) % _FRAME)))
    frames = (padded[i : i + _FRAME].tobytes() for i in range(0, len(padded), _FRAME))
    pages = [writer.begin(), *(writer.add(encoder.encode(frame, _FRAME)) for frame in frames), writer.finish()]
    return b"".join(pages)


def _run(command: list[str], text: bytes = b"") -> bytes:
    try:
        return subprocess.run(command, input=text, capture_output=True, check=True).stdout  # noqa: S603 - ours
    except FileNotFoundError as error:
        raise PromptError(
            f"{ESPEAK} is not there, and prompts are made by it: apt-get install {ESPEAK}, then try again"
        ) from error
    except subprocess.CalledProcessError as error:
        why = error.stderr.decode(errors="replace").strip()
        raise PromptError(f"{ESPEAK} failed ({error.returncode}): {why}") from error
