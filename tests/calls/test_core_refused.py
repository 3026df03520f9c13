"""Calls that the phone itself turned away: its user is told who tried, and why it did not ring."""

from __future__ import annotations

import pytest
from lifted import Desk

from phone.calls import events as ev
from phone.calls.model import CallId, Notice, Reason


@pytest.mark.parametrize("reason", [Reason.INSECURE, Reason.INCOMPATIBLE])
def test_a_call_that_cannot_be_taken_is_told(reason):
    desk = Desk().offer().act(ev.Ended(CallId("in"), reason, 100))
    assert (desk.terminated, desk.logged) == ([], [reason])
    assert desk.phone.notice == Notice(reason, "Ann")
    assert desk.wait(500).phone.notice == Notice(reason, "Ann")
    assert desk.lift().phone.notice is None


@pytest.mark.parametrize("reason", [Reason.FAILED, Reason.DECLINED_ELSEWHERE])
def test_other_ends_of_what_rang_are_not(reason):
    assert Desk().offer().act(ev.Ended(CallId("in"), reason, 101)).phone.notice is None
