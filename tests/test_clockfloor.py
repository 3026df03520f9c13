import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone.clock import RELEASED, VirtualClock
from phone.clockfloor import PATIENCE, ClockFloor

DAY = 86400.0
YEAR = 365 * DAY


def clock_at(wall: float) -> VirtualClock:
    clock = VirtualClock()
    clock.step_wall(wall - clock.wall())
    return clock


@pytest.fixture
def kept(tmp_path):
    return tmp_path / "state" / "clock"


def floor(clock, kept, **more):
    return ClockFloor(clock, kept, **{"built": kept.with_name("built"), "synchronized": lambda: False} | more)


def test_1970_is_past_until_the_network_tells_the_time(kept):
    clock = clock_at(120)
    judge = floor(clock, kept)
    assert "1970-01-01" in judge.trouble()
    clock.advance(10 * DAY)
    assert judge.trouble(), "it does not get true by waiting"
    clock.step_wall(RELEASED + DAY - clock.wall())
    assert not judge.trouble()


def test_the_day_of_release_is_in_no_clocks_future(kept):
    assert not floor(clock_at(RELEASED), kept).trouble()
    assert floor(clock_at(RELEASED - 1), kept).trouble()


def test_a_package_knows_when_it_was_built(kept):
    kept.parent.mkdir()
    kept.with_name("built").write_text(f"{int(RELEASED + YEAR)}\n")
    assert floor(clock_at(RELEASED + YEAR - DAY), kept).trouble()
    assert not floor(clock_at(RELEASED + YEAR), kept).trouble()


@pytest.mark.parametrize("junk", ["", "yesterday", "1e9", "\xff"])
def test_junk_in_its_place_counts_for_nothing(kept, junk, caplog):
    kept.parent.mkdir()
    kept.with_name("built").write_text(junk)
    assert not floor(clock_at(RELEASED), kept).trouble()
    assert "does not say when" in caplog.text


def test_the_time_kept_before_a_power_cut_is_past(kept):
    last = clock_at(RELEASED + YEAR)
    floor(last, kept).keep()
    assert floor(clock_at(RELEASED + YEAR - DAY), kept).trouble()
    assert not floor(clock_at(RELEASED + YEAR + DAY), kept).trouble()


def test_a_time_kept_by_mistake_does_not_silence_the_phone_for_a_year(kept):
    floor(clock_at(RELEASED + YEAR), kept).keep()
    clock = clock_at(RELEASED + DAY)
    judge = floor(clock, kept)
    assert judge.trouble()
    clock.advance(PATIENCE)
    assert not judge.trouble()
    judge.keep()
    assert kept.stat().st_mtime == clock.wall()
    assert not floor(clock_at(clock.wall()), kept).trouble()


def test_what_a_time_server_told_is_believed(kept):
    told = []
    clock = clock_at(RELEASED + DAY)
    floor(clock_at(RELEASED + YEAR), kept).keep()
    judge = floor(clock, kept, synchronized=lambda: bool(told))
    assert judge.trouble()
    told.append(True)
    assert not judge.trouble()


@given(
    wall=st.floats(0, 4e9),
    steps=st.lists(st.tuples(st.floats(0, 1e6), st.floats(-1e8, 1e8)), max_size=5),
)
def test_it_waits_exactly_while_the_clock_is_behind_the_software(tmp_path_factory, wall, steps):
    clock = clock_at(wall)
    judge = floor(clock, tmp_path_factory.getbasetemp() / "none" / "clock")
    for seconds, step in steps:
        clock.advance(seconds)
        clock.step_wall(max(step, -clock.wall()))
        assert bool(judge.trouble()) == (clock.wall() < RELEASED)
