import time

import pytest

from phone.clock import SystemClock, VirtualClock


def test_the_system_clock_is_the_machines():
    clock = SystemClock()
    assert clock.monotonic() <= time.monotonic() <= clock.monotonic() + 10
    assert abs(clock.wall() - time.time()) < 10


def test_virtual_time_moves_when_told():
    clock = VirtualClock()
    began, wall = clock.monotonic(), clock.wall()
    clock.advance(3600)
    assert clock.monotonic() - began == 3600
    assert clock.wall() - wall == 3600


def test_the_wall_can_step_by_itself_and_time_never_goes_back():
    clock = VirtualClock()
    began, wall = clock.monotonic(), clock.wall()
    clock.step_wall(-86400)
    assert clock.monotonic() == began
    assert clock.wall() - wall == -86400
    with pytest.raises(ValueError, match="step_wall"):
        clock.advance(-1)
