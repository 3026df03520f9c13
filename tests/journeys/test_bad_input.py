"""Whatever is wrong around the phone, its user reads a plain sentence about it, and nothing else breaks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from journeys.shell import phone, unclean
from journeys.steps import idle

from phone.demo.certificates import Authority, KeyPair
from phone.demo.prosody import PrivateProsody, free_ports
from phone.demo.stage import Desk, desk, registered

pytestmark = [pytest.mark.servers, pytest.mark.slow]

NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Place:
    """A server as the config names it; it need not be there."""

    port: int
    ca_file: Path
    domain: str = "localhost"


def swap(old: str, new: str) -> Callable[[str], str]:
    """An edit of the config's text that must find what it changes."""

    def edit(text: str) -> str:
        assert old in text
        return text.replace(old, new)

    return edit


# --- the account and its server -------------------------------------------------------------------------------


async def no_service(phone_: Desk, kind: str, *words: str) -> None:
    """`phone status` says why, the display says it short, the ear hears it, and no call goes out."""
    status = await phone_.until(lambda s: s.why.startswith(kind), 20)
    assert status, (await phone_.status()).why
    assert not status.registered
    assert all(word in status.why for word in words), status.why
    shown = await phone("status", "--config", phone_.config)
    assert f"not registered: {status.why}" in shown.out
    await phone_.lift()
    lifted = await phone_.until(lambda s: s.tone is not None, 5)
    assert lifted
    assert lifted.tone not in {"dial", None}, "a dial tone would promise service"
    assert any("No service" in line for line in lifted.screen), lifted.screen
    await phone_.dial("201")
    refused = await phone_.until(lambda s: s.tone == "reorder", 5)
    assert refused, await phone_.status()
    assert not refused.calls
    await phone_.hang_up()
    assert await phone_.until(idle, 5)
    assert not unclean(phone_)


async def test_wrong_password(tmp_path: Path) -> None:
    async with (
        PrivateProsody(tmp_path / "prosody", {"alice": "the right one"}) as server,
        desk(tmp_path / "alice", "alice", "the wrong one", server) as alice,
    ):
        await no_service(alice, "bad password", "refuses the password")


async def test_unknown_host_and_refused_connection(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca")
    (port,) = free_ports(1)
    there = Place(port, authority.file)
    async with (
        desk(tmp_path / "a", "alice", "x1y2z3", there, swap('"127.0.0.1:', '"phone.invalid:')) as lost,
        desk(tmp_path / "b", "bob", "x1y2z3", there) as refused,
    ):
        # a machine without any route says so rather than blame the name
        name = await lost.until(lambda s: s.why.startswith(("unknown server", "no network")), 20)
        assert name
        await no_service(refused, "server away", "127.0.0.1")
        await no_service(lost, name.why.partition(":")[0])


def _expired(authority: Authority) -> KeyPair:
    return authority.issue("localhost", not_before=NOW - 3 * DAY, not_after=NOW - DAY)


def _of_tomorrow(authority: Authority) -> KeyPair:
    return authority.issue("localhost", not_before=NOW + DAY, not_after=NOW + 3 * DAY)


def _of_another(authority: Authority) -> KeyPair:
    return authority.issue("other.example")


CERTIFICATES: dict[str, tuple[Callable[[Authority], KeyPair], str, str]] = {
    "expired": (_expired, "bad certificate", "has expired"),
    "of tomorrow": (_of_tomorrow, "wrong time", "clock says"),
    "of another": (_of_another, "bad certificate", "is not for localhost"),
}


async def test_certificates_that_do_not_hold(tmp_path: Path) -> None:
    """Three servers and a foreign authority, each with a phone of its own."""
    stranger = Authority(tmp_path / "stranger")
    async with AsyncExitStack() as stack:
        phones = {}
        for case, (issue, _, _) in CERTIFICATES.items():
            folder = tmp_path / case.replace(" ", "-")
            authority = Authority(folder / "ca")
            server = PrivateProsody(folder / "prosody", {"alice": "x1y2z3"}, certificate=issue(authority))
            await stack.enter_async_context(server)
            place = Place(server.port, authority.file)
            phones[case] = await stack.enter_async_context(desk(folder, "alice", "x1y2z3", place))
        place = Place(server.port, stranger.file)
        foreign = await stack.enter_async_context(desk(tmp_path / "foreign", "alice", "x1y2z3", place))
        for case, (_, kind, words) in CERTIFICATES.items():
            await no_service(phones[case], kind, words)
        await no_service(foreign, "bad certificate", "not signed by anyone known")


async def test_a_clock_of_1970(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a Pi starts whose time has not been set, and is set later: the phone then registers by itself."""
    library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
    if library is None:
        pytest.skip("needs Debian's package faketime")
    clock = tmp_path / "clock"
    clock.write_text("@1970-01-01 00:02:00\n")
    async with PrivateProsody(tmp_path / "prosody", {"alice": "x1y2z3"}) as server:
        monkeypatch.setenv("LD_PRELOAD", str(library))
        monkeypatch.setenv("FAKETIME_TIMESTAMP_FILE", str(clock))
        monkeypatch.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        monkeypatch.setenv("FAKETIME_NO_CACHE", "1")
        async with desk(tmp_path / "alice", "alice", "x1y2z3", server) as alice:
            monkeypatch.delenv("LD_PRELOAD")
            await no_service(alice, "wrong time", "1970-01-01")
            assert any("clock" in line for line in (await alice.status()).screen)
            clock.write_text("+0\n")
            await registered(alice)
