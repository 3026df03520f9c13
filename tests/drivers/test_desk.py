"""Hardware by name, never by fallback."""

from __future__ import annotations

import pytest

from phone.config import HardwareConfig
from phone.drivers.desk import UnknownProfileError, open_desk, profiles
from phone.errors import HardwareError


def test_sim_is_there() -> None:
    desk = open_desk(HardwareConfig(profile="sim"))
    assert desk.sim is desk.inputs is desk.lamps is desk.display
    desk.close()


def test_an_unknown_profile_is_an_error_with_a_hint() -> None:
    with pytest.raises(
        UnknownProfileError, match=r"Did you mean 'sim'\? Known: sim, reference, .*desk\.toml"
    ) as caught:
        open_desk(HardwareConfig(profile="simm"))
    assert isinstance(caught.value, HardwareError)


def test_a_profile_like_none_gets_no_hint() -> None:
    with pytest.raises(UnknownProfileError) as caught:
        open_desk(HardwareConfig(profile="waveshare"))
    assert "Did you mean" not in str(caught.value)
    assert profiles() == ("sim", "reference", "rotary", "zero-i2s")
