"""Recording, saying and playing: what most calls do without is imported when first something is wanted of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from phone.media.ahead import ReadAhead
    from phone.media.mixer import Dictated, Played
    from phone.media.outgoing import MakeCodec
    from phone.media.outward import Outward
    from phone.media.plan import Report
    from phone.media.planrecordings import Play, SkipPlay
    from phone.media.playing import Playing
    from phone.media.probe import Probe
    from phone.media.probing import Probing
    from phone.media.recordings import Recordings
    from phone.media.sayings import Sayings
    from phone.media.speech import Speech


class Annex:
    """Each method takes a level, the whole of what is wanted now. All on the loop."""

    def __init__(self, tell: Callable[[Report], None], make_codec: MakeCodec) -> None:
        self._tell = tell
        self._make_codec = make_codec
        self._recordings: Recordings | None = None
        self._sayings: Sayings | None = None
        self._playing: Playing | None = None
        self._ahead: ReadAhead | None = None
        self._probing: Probing | None = None

    def record(self, legs: Mapping[str, Speech | None], microphone: str) -> Dictated | None:
        """Record these legs (None: that one has failed), and the microphone under its name ("": not)."""
        if self._recordings is None:
            if not legs and not microphone:
                return None
            from phone.media.recordings import Recordings  # noqa: PLC0415 - see the module

            self._recordings = Recordings(self._tell, self._make_codec)
        self._recordings.follow(legs)
        return self._recordings.dictate(microphone)

    def say(self, legs: Mapping[str, tuple[Outward, tuple[str, ...]]]) -> None:
        """Let these legs' far ends hear these files."""
        if self._sayings is None:
            if not legs:
                return
            from phone.media.sayings import Sayings  # noqa: PLC0415 - see the module

            self._sayings = Sayings(self._tell, self._reader())
        self._sayings.follow(legs)

    def play(self, play: Play | None) -> Played | None:
        """Let the ear hear this."""
        if self._playing is None:
            if play is None:
                return None
            from phone.media.playing import Playing  # noqa: PLC0415 - see the module

            self._playing = Playing(self._tell, self._reader())
        return self._playing.follow(play)

    def skip(self, message: SkipPlay) -> None:
        """Go on elsewhere in what is played."""
        if self._playing is not None:
            self._playing.skip(message)

    def probe(self, token: int) -> Probe | None:
        """Let the card measure its way from ear to microphone; 0: not."""
        if self._probing is None:
            if not token:
                return None
            from phone.media.probing import Probing  # noqa: PLC0415 - see the module

            self._probing = Probing(self._tell)
        return self._probing.follow(token)

    def close(self) -> None:
        """Read and tell nothing more."""
        for each in (self._recordings, self._playing, self._ahead, self._probing):
            if each is not None:
                each.close()

    def _reader(self) -> ReadAhead:
        if self._ahead is None:
            from phone.media.ahead import ReadAhead  # noqa: PLC0415 - see the module

            self._ahead = ReadAhead()
        return self._ahead
