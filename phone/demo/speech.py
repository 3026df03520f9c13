"""Voices for the demo, spoken by espeak-ng (a Debian package)."""

from __future__ import annotations

import io
import subprocess
import wave
from array import array

from phone.demo.hearing import RATE
from phone.errors import PhoneError

VOICES = {"alice": "en-gb+f3", "bob": "en-us", "carol": "en-gb-scotland+f4", "dave": "en-gb"}
SENTENCES = {
    "alice": (
        "Hello, this is Alice. Can you hear me?",
        "One moment please, I will put you through.",
        "Thank you. Shall we meet at ten o'clock?",
    ),
    "bob": (
        "Bob speaking. Yes, loud and clear.",
        "I had such nice music while I was waiting.",
        "Good idea. Let us ask Carol as well.",
    ),
    "carol": (
        "Hi, it is Carol. Have you got a minute?",
        "Are all three of us on the line now?",
        "That is fine with me. See you tomorrow.",
    ),
}
"""What each says in the demo, one after the other."""


class SpeechError(PhoneError, RuntimeError):
    """No speech can be made."""


def speak(text: str, voice: str = "en-gb", *, pitch: int = 50) -> array[int]:
    """The spoken text, 48 kHz mono. Raises SpeechError if espeak-ng is missing or refuses the voice."""
    command = ["espeak-ng", "-v", voice, "-p", str(pitch), "-s", "165", "--stdout", text]
    try:
        done = subprocess.run(command, capture_output=True, check=True, timeout=30)
    except FileNotFoundError:
        raise SpeechError("espeak-ng is missing: sudo apt install espeak-ng") from None
    except subprocess.CalledProcessError as error:
        raise SpeechError(f"espeak-ng cannot speak with voice {voice!r}: {error.stderr.decode().strip()}") from None
    with wave.open(io.BytesIO(done.stdout)) as file:
        spoken = array("h", file.readframes(file.getnframes()))
        rate = file.getframerate()
    return _resampled(spoken, rate)


def _resampled(spoken: array[int], rate: int) -> array[int]:
    """Linear interpolation: speech from espeak-ng has nothing above its own 11 kHz."""
    length = len(spoken) * RATE // rate - RATE // rate - 1
    out = array("h", bytes(2 * length))
    for i in range(length):
        whole, part = divmod(i * rate, RATE)
        a, b = spoken[whole], spoken[whole + 1]
        out[i] = a + (b - a) * part // RATE
    return out
