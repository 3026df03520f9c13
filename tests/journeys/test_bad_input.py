"""Whatever is wrong around the phone, its user reads a plain sentence about it, and nothing else breaks."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from journeys.edits import Place, swap
from journeys.shell import phone, unclean
from journeys.steps import connected, idle, put_through, talk_both_ways

from phone.demo.certificates import Authority, KeyPair
from phone.demo.prosody import PrivateProsody, free_ports
from phone.demo.stage import Desk, Stage, desk, registered
from phone.drivers.vcard import Card
from phone.ui.screens import ROW_CHARS

pytestmark = [pytest.mark.servers, pytest.mark.slow]

NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)


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
    command = await phone("call", "201", "--config", phone_.config)
    assert (command.code, command.plain) == (1, True), command
    assert "201 cannot be called" in command.err, command.err
    await phone_.hang_up()
    await phone_.lift()
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
        await no_service(refused, "server away", "127.0.0.1")
        # a machine without any route says so rather than blame the name, and a slow name server is blamed first
        assert await lost.until(lambda s: s.why.startswith(("unknown server", "no network")), 20)
        await no_service(lost, (await lost.status()).why.partition(":")[0])


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


# --- the config file --------------------------------------------------------------------------------------------

WRONG = """\
contry = "de"
ring_seconds = 1

[account]
jid = "anna"
password = 918273645

[dial]
digitmap = "20x"

[audio.handset]
capture = "hw:0"
playback = "default"

[hardware]
profile = "smi"
"""
FAULTS = (
    (1, "contry", 'did you mean "country"?'),
    (2, "ring_seconds", "from 5 to 600"),
    (5, "account.jid", "like anna@example.org"),
    (6, "account.password", "a text in quotes"),
    (9, "dial.digitmap", 'did you mean "digit_map"?'),
    (12, "audio.handset.capture", "hw:CARD="),
    (16, "hardware.profile", 'did you mean "sim"?'),
)


async def test_a_config_full_of_mistakes_is_told_all_at_once(tmp_path: Path) -> None:
    config = tmp_path / "phone.toml"
    config.write_text(WRONG)
    told = await phone("run", "--config", config)
    lines = told.err.splitlines()
    assert (told.code, told.plain, len(lines)) == (1, True, len(FAULTS)), told
    for said, (line, key, words) in zip(lines, FAULTS, strict=True):
        assert said.startswith(f"phone: {config}:{line}: {key}: "), said
        assert words in said, said
    assert "918273645" not in told.out + told.err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'country = "de"\n[account\n', "phone.toml:2: not TOML"),
        (b'country = "de"\nlanguage = "\xff"\n', "phone.toml:2: not UTF-8"),
        (b"", "audio.handset: is missing"),
        (None, "no such file"),
    ],
    ids=["not TOML", "not UTF-8", "empty", "not there"],
)
async def test_a_file_that_is_no_config(tmp_path: Path, content: bytes | None, words: str) -> None:
    config = tmp_path / "phone.toml"
    if content is not None:
        config.write_bytes(content)
    told = await phone("run", "--config", config)
    assert (told.code, told.plain) == (1, True), told
    assert words in told.err


# --- sound cards ------------------------------------------------------------------------------------------------


async def told_on_the_display(alice: Desk, sentences: tuple[str, ...]) -> None:
    """How many on the idle screen; and each word of them in the menu, however many steps that takes."""
    assert f"{len(sentences)} troubles: menu" in (await alice.status()).screen
    for key in ("OK", "UP", "UP", "UP", "UP", "OK"):
        await alice.press(key)
    read = list[str]()
    while (screen := (await alice.status()).screen)[1:] != tuple(read[:4]):
        assert screen[0].startswith("Troubles"), screen
        read += screen[1:]
        await alice.press("DOWN")
    wanted = {word for word in " ".join(sentences).split() if len(word) <= ROW_CHARS}
    assert wanted <= set(" ".join(read).split())
    for _ in range(2):
        await alice.press("BACK")


async def test_cards_that_are_not_there(tmp_path: Path) -> None:
    """Neither handset nor bell: the phone says so before anybody lifts, registers, and rings in silence."""

    def edit(text: str) -> str:
        return swap('playback = "alice_bell"', 'playback = "no_bell"')(swap('"alice_ear"', '"no_ear"')(text))

    async with (
        PrivateProsody(tmp_path / "prosody", {"alice": "x1y2z3", "bob": "x1y2z3"}) as server,
        desk(tmp_path / "alice", "alice", "x1y2z3", server, edit) as alice,
        desk(tmp_path / "bob", "bob", "x1y2z3", server) as bob,
    ):
        await asyncio.gather(registered(alice), registered(bob))
        both = await alice.until(lambda s: len(s.audio_troubles) == 2, 5)
        assert both, (await alice.status()).audio_troubles
        assert "'no_ear' is not there" in both.audio_troubles[0]
        assert "'no_bell' is not there" in both.audio_troubles[1]
        shown = (await phone("status", "--config", alice.config)).out
        assert all(sentence in shown for sentence in both.audio_troubles)
        await told_on_the_display(alice, both.audio_troubles)
        await put_through(bob, alice)
        await bob.hang_up()
        assert await alice.until(lambda s: s.tone == "busy", 5)
        assert not unclean(alice)


async def test_a_card_without_48_khz(tmp_path: Path) -> None:
    def edit(text: str) -> str:
        made.append(Card(tmp_path / "alice" / "alice_ear", ring=True, rates=(16_000, 8_000)))
        return swap('[audio.ringer]\nplayback = "alice_bell"\n', "")(text)

    made: list[Card] = []
    async with (
        PrivateProsody(tmp_path / "prosody", {"alice": "x1y2z3"}) as server,
        desk(tmp_path / "alice", "alice", "x1y2z3", server, edit) as alice,
    ):
        status = await alice.until(lambda s: bool(s.audio_troubles), 5)
        assert status
        (trouble,) = status.audio_troubles
        assert "'alice_ear' gives 16000 Hz" in trouble
        assert '"plug:" before its name' in trouble
        await registered(alice)
        assert not unclean(alice)
    made[0].close()


async def test_a_card_that_is_busy_is_taken_when_it_is_free(scene: Stage, alice: Desk, bob: Desk) -> None:
    alice.handset.occupy()
    await put_through(alice, bob)
    status = await alice.until(lambda s: bool(s.audio_troubles), 5)
    assert status
    assert "another program" in status.audio_troubles[0]
    alice.handset.free()
    assert await alice.until(lambda s: not s.audio_troubles, 5)
    await talk_both_ways(alice, bob)
    assert connected(await alice.status())
