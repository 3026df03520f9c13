"""What the machine tells of itself."""

from __future__ import annotations

import os
import socket
import time
from datetime import datetime

import pytest

from phone.selftest import host
from phone.selftest.model import Check, Kind, Verdict

CHECK = Check(Kind.CLOCK)


def network(what: str, name: str = "127.0.0.1", *, online: bool = False):
    return host.network(Check(Kind.NETWORK, what), name, online=online)


def test_a_disk_with_room(tmp_path, monkeypatch):
    monkeypatch.setattr(host, "LEAST_FREE", 1)
    found = host.disk(CHECK, tmp_path)
    assert found.verdict is Verdict.PASSED
    assert [name for name, _ in found.figures] == ["free", "written in"]
    assert not list(tmp_path.iterdir())


def test_a_full_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(host, "LEAST_FREE", 1 << 62)
    found = host.disk(CHECK, tmp_path)
    assert found.verdict is Verdict.FAILED
    assert "has only" in found.sentence


def test_a_disk_that_takes_nothing(tmp_path):
    found = host.disk(CHECK, tmp_path / "gone")
    assert found.verdict is Verdict.FAILED
    assert "nothing can be written" in found.sentence


def test_the_clock_is_as_it_is_judged():
    assert host.clock(CHECK, "").verdict is Verdict.PASSED
    wrong = host.clock(CHECK, "it is 1970")
    assert (wrong.verdict, wrong.sentence) == (Verdict.FAILED, "it is 1970")
    assert abs(datetime.fromisoformat(dict(wrong.figures)["time"]).timestamp() - time.time()) < 60


def test_without_an_account_no_name_is_looked_up():
    assert network("names", "").verdict is Verdict.SKIPPED


@pytest.mark.parametrize(("says", "told"), [("yes", "synchronised"), ("no", "not synchronised")])
def test_ntp_by_timedatectl(tmp_path, monkeypatch, says, told):
    monkeypatch.setattr(host, "_SYNCHRONIZED", tmp_path / "synchronized")
    (script := tmp_path / "timedatectl").write_text(f"#!/bin/sh\necho {says}\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert dict(host.clock(CHECK, "").figures)["NTP"] == told


def test_ntp_by_timesyncd_and_by_nobody(tmp_path, monkeypatch):
    monkeypatch.setattr(host, "_SYNCHRONIZED", tmp_path / "synchronized")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert dict(host.clock(CHECK, "").figures)["NTP"] == "unknown"
    (tmp_path / "synchronized").touch()
    assert dict(host.clock(CHECK, "").figures)["NTP"] == "synchronised"


def test_names():
    found = network("names")
    assert found.verdict is Verdict.PASSED
    assert found.figures[0] == ("127.0.0.1", "127.0.0.1")
    for name in ("nobody.invalid", "x" * 99 + ".org"):
        assert network("names", name).sentence.startswith(f"the name {name} is not found")


def test_addresses(monkeypatch):
    monkeypatch.setattr(host, "_towards", lambda family, far: "198.51.100.7" if family == socket.AF_INET else "")
    assert network("address").figures == (("address", "198.51.100.7"),)
    monkeypatch.setattr(host, "_towards", lambda family, far: "")
    monkeypatch.setattr(host, "_interfaces", lambda: ("203.0.113.5",))
    assert network("address").figures == (("address", "203.0.113.5"),)
    monkeypatch.setattr(host, "_interfaces", tuple)
    assert network("address").verdict is Verdict.FAILED


def test_loopback_is_no_address(monkeypatch):
    monkeypatch.setattr(host.socket, "gethostname", lambda: "127.0.0.1")
    assert host._interfaces() == ()


ROUTES = """\
Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t0001A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
"""
ROUTES6 = (
    f"{'0' * 32} 00 {'0' * 32} 00 fe800000000000000000000000000001 00000400 1 0 3 eth0\n"
    f"{'0' * 32} 00 {'0' * 32} 00 {'0' * 32} ffffffff 1 0 200200 lo\n"
)


def test_gateways_from_the_kernels_tables(tmp_path, monkeypatch):
    assert host.gateways(ROUTES, ROUTES6) == ("192.168.1.1", "fe80::1")
    assert host.gateways("", "") == ()
    (routes := tmp_path / "route").write_text(ROUTES)
    monkeypatch.setattr(host, "_ROUTES", routes)
    monkeypatch.setattr(host, "_ROUTES6", tmp_path / "gone")
    assert network("gateway").figures == (("gateway", "192.168.1.1"),)
    routes.unlink()
    assert network("gateway").verdict is Verdict.FAILED
    assert network("gateway", online=True).verdict is Verdict.PASSED
