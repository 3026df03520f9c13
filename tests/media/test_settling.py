"""A process that is asked to end while it still imports what calls need."""

from __future__ import annotations

import asyncio

from phone.media.room import Room


def test_a_loop_that_has_ended_meanwhile_needs_nothing() -> None:
    room, loop = object.__new__(Room), asyncio.new_event_loop()
    room._loop = loop
    loop.close()
    room.expect_calls()
