"""The parts of a phone, by profile and config."""

from __future__ import annotations

import pytest

from phone.drivers.profilebook import load, shipped
from phone.drivers.sim import KEYS, LAMPS
from phone.equipment import of_profile
from phone.selftest.model import Kind, checks

PARTS = {name: of_profile(load(name)) for name in shipped()}


def test_the_reference_build():
    found = PARTS["reference"]
    assert found.keys[:12] == tuple("0123456789*#")
    assert {"HOLD", "MUTE", "VOL+", "BACK"} <= set(found.keys)
    assert (found.lamps, found.hook, found.lifted, found.display) == (("message", "mute"), True, "closed", True)
    assert found.answers == ("#", "*")


def test_a_rotary_phone_answers_by_its_dial():
    found = PARTS["rotary"]
    assert found.keys[:10] == tuple("0123456789")
    assert (found.lifted, found.answers) == ("open", ("1", "2"))


@pytest.mark.parametrize("name", PARTS)
def test_each_part_of_a_shipped_profile_is_one_that_there_is(name):
    found = PARTS[name]
    assert len(set(found.keys)) == len(found.keys)
    assert set(found.keys) <= set(KEYS)
    assert set(found.lamps) <= LAMPS
    assert {check.what for check in checks(found, auto=False) if check.kind is Kind.KEY} == set(found.keys)
