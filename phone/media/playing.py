"""What the newest plan wants played to the ear. Imported when first something is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from phone.media.ahead import ReadAhead
from phone.media.planrecordings import Play, PlayAt, PlayDone, SkipPlay
from phone.media.playback import Playback

_TICK = 0.25


class Playing:
    """One `Playback` at a time. All on the loop."""

    def __init__(self, tell: Callable[[PlayAt | PlayDone], None], ahead: ReadAhead) -> None:
        self._tell = tell
        self._ahead = ahead
        self._loop = asyncio.get_running_loop()
        self._token = 0
        self._playback: Playback | None = None
        self._timer: asyncio.TimerHandle | None = None

    def follow(self, play: Play | None) -> Playback | None:
        """What the ear is to hear."""
        before = self._playback
        if play is not None and before is not None and play.token == self._token:
            before.follow(play)
            self._keep_time()
            return before
        if before is not None:
            before.stop()
        self._playback = None if play is None else self._begun(play)
        self._keep_time()
        return self._playback

    def skip(self, message: SkipPlay) -> None:
        """Go on elsewhere, unless something else is played by now."""
        if self._playback is not None and message.token == self._token:
            self._playback.skip(message.ms)
            self._keep_time()

    def close(self) -> None:
        """Tell nothing more."""
        if self._timer is not None:
            self._timer.cancel()

    def _begun(self, play: Play) -> Playback:
        self._token = token = play.token

        def on_done(trouble: str) -> None:
            self._loop.call_soon_threadsafe(self._done, token, trouble)

        return Playback(play, self._ahead, on_done)

    def _done(self, token: int, trouble: str) -> None:
        if self._playback is not None and token == self._token:
            self._tell(PlayDone(token, trouble))

    def _keep_time(self) -> None:
        if self._timer is None and self._playback is not None and self._playback.moving:
            self._timer = self._loop.call_later(_TICK, self._tick)

    def _tick(self) -> None:
        self._timer = None
        if self._playback is not None and self._playback.moving:
            self._tell(PlayAt(self._token, self._playback.ms))
        self._keep_time()
