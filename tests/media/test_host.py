"""The media process as a whole: started, talked to, killed, hung, orphaned; two of them in a call."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import socket
import subprocess
import sys
from array import array
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from legs import EVENTS, OPUS, RECEIVE, share_of, tone
from rig import spoken

from phone.drivers.vcard import RATE, Card, asound_conf, build
from phone.media import host as host_module
from phone.media.host import MediaClosedError, MediaHost
from phone.media.plan import (
    Alive,
    AudioPlan,
    AudioTrouble,
    Candidate,
    Device,
    DigitHeard,
    LegCandidate,
    LegDescribed,
    LegPlan,
    LegStats,
    LegUp,
    Plan,
    PlayDigit,
    Remote,
    Report,
    SendDigit,
    Setup,
)
from phone.media.planrecordings import Play, PlayAt, PlayDone, SkipPlay

FORBIDDEN = ("slixmpp", "luma", "PIL", "sqlite3", "phone.calls", "phone.jingle", "phone.xmpp", "cryptography", "dns")


class Phone:
    """A media process and what a control process would remember of it."""

    def __init__(self, card: str = "", **leg: object) -> None:
        self.setup = Setup(Device(card, card), Device(), addresses=("127.0.0.1",), opus_complexity=1)
        self.reports: list[Report] = []
        self.restarts = 0
        self.changed = asyncio.Event()
        self.audio = AudioPlan()
        self.leg = LegPlan("leg", **leg) if leg else None  # type: ignore[arg-type]
        self.candidates: list[Candidate] = []
        self.peer: Phone | None = None
        self.host = MediaHost(self.heard, self.restarted)

    async def __aenter__(self) -> Phone:  # noqa: PYI034
        await self.host.start(self.setup)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.host.close()

    def restarted(self) -> None:
        self.restarts += 1
        self.reports.clear()
        self.changed.set()

    def heard(self, report: Report) -> None:
        self.reports.append(report)
        if isinstance(report, LegDescribed):
            self.candidates = list(report.candidates)
        elif isinstance(report, LegCandidate):
            self.candidates.append(report.candidate)
        if isinstance(report, (LegDescribed, LegCandidate)) and self.peer is not None:
            told = next(each for each in self.reports if isinstance(each, LegDescribed))
            self.peer.follow(remote=Remote(told.ufrag, told.pwd, told.fingerprint, tuple(self.candidates)))
        self.changed.set()

    def follow(self, **changes: object) -> None:
        if self.leg is not None:
            self.leg = msgspec.structs.replace(self.leg, **changes)
        self.plan()

    def plan(self, **audio: object) -> None:
        self.audio = msgspec.structs.replace(self.audio, **audio)
        self.host.send(Plan(self.audio, (self.leg,) if self.leg is not None else ()))

    async def until(self, kind: type[Report], seconds: float = 20.0) -> Report:
        async with asyncio.timeout(seconds):
            while True:
                for report in self.reports:
                    if isinstance(report, kind):
                        return report
                self.changed.clear()
                await self.changed.wait()


@pytest.fixture
def cards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Card, Card]]:
    made = Card(tmp_path / "alice", 40.0), Card(tmp_path / "bob", 40.0)
    for name, value in asound_conf(tmp_path / "asound.conf", made, build()).items():
        monkeypatch.setenv(name, value)
    yield made
    for card in made:
        card.close()


def heard_by(card: Card, seconds: float) -> array[int]:
    samples = array("h")
    samples.frombytes(card.hear(card.now() - round(seconds * RATE), card.now()))
    return samples


async def test_two_processes_talk_over_their_cards(cards: tuple[Card, Card]) -> None:
    alice_card, bob_card = cards
    alice_card.say(tone(1000, 30 * RATE).tobytes(), 0)
    bob_card.say(tone(600, 30 * RATE).tobytes(), 0)
    kind = {"receive": RECEIVE}
    async with (
        Phone("alice", controlling=True, **kind) as alice,
        Phone("bob", controlling=False, dtls_role="client", **kind) as bob,
    ):
        alice.peer, bob.peer = bob, alice
        alice.plan(), bob.plan()
        await asyncio.gather(alice.until(LegUp), bob.until(LegUp))
        for phone in (alice, bob):
            phone.follow(codecs=(OPUS, EVENTS))
            phone.plan(handset=True, talk=("leg",), send=True, handset_volume=100)
        await asyncio.sleep(2)
        assert share_of(heard_by(bob_card, 0.5), 1000) > 0.9
        assert share_of(heard_by(alice_card, 0.5), 600) > 0.9
        alice.host.send(SendDigit("leg", "7"))
        digit = await bob.until(DigitHeard)
        assert isinstance(digit, DigitHeard)
        assert digit.digit == "7"
        stats = await alice.until(LegStats)
        assert isinstance(stats, LegStats)
        assert (stats.codec, stats.rejected) == ("opus", 0)
        alice.plan(send=False)
        await asyncio.sleep(1)
        assert max(map(abs, heard_by(bob_card, 0.3))) < 50
        bob.plan(send=False)
        await asyncio.sleep(1)
        alice.host.send(PlayDigit("leg", "7"))
        await asyncio.sleep(0.5)
        heard = heard_by(alice_card, 0.7)
        assert max(map(abs, heard)) > 500
        assert share_of(heard, 1209) > 0.3


async def test_a_message_is_played_and_skipped_through(cards: tuple[Card, Card], tmp_path: Path) -> None:
    (tmp_path / "message").write_bytes(spoken.opus_file(spoken.tone(20.0, 1000)))
    async with Phone("alice", controlling=True) as phone:
        phone.leg = None
        phone.plan(handset=True, play=Play(1, (str(tmp_path / "message"),)))
        await phone.until(PlayAt)
        await asyncio.sleep(0.3)
        assert share_of(heard_by(cards[0], 0.2), 1000) > 0.5
        phone.host.send(SkipPlay(1, 60_000))
        assert await phone.until(PlayDone) == PlayDone(1)


async def test_killed_in_a_call_it_is_there_again_and_says_so(cards: tuple[Card, Card]) -> None:
    async with Phone("alice", controlling=True, receive=RECEIVE) as phone:
        phone.plan(handset=True, tone="dial")
        await phone.until(LegDescribed)
        pid = phone.host.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        async with asyncio.timeout(10):
            while not phone.restarts:
                await asyncio.sleep(0.01)
        phone.leg = None
        phone.plan()
        alive = await phone.until(Alive)
        assert isinstance(alive, Alive)
        assert phone.host.pid != pid
        assert phone.restarts == 1
        await asyncio.sleep(0.5)
        assert share_of(heard_by(cards[0], 0.2), 425) > 0.9


@contextlib.contextmanager
def only_free_descriptors(count: int) -> Iterator[None]:
    """Within it this process can open `count` files more, wherever the gaps in its table are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.ExitStack() as restore:
        restore.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        taken = [os.open(os.devnull, os.O_RDONLY)]
        restore.callback(lambda: [os.close(fd) for fd in taken])
        resource.setrlimit(
            resource.RLIMIT_NOFILE, (max(int(each.name) for each in Path("/proc/self/fd").iterdir()) + 4, hard)
        )
        with contextlib.suppress(OSError):
            while True:
                taken.append(os.dup(taken[0]))
        for _ in range(count):
            os.close(taken.pop())
        yield


@pytest.mark.parametrize("free", [0, 1], ids=["hardly a socket", "a socket pair, but no process"])
async def test_without_a_free_file_descriptor_it_goes_on_trying(free: int, caplog: pytest.LogCaptureFixture) -> None:
    async with Phone() as phone:
        await phone.until(Alive)
        assert phone.host.pid is not None
        with only_free_descriptors(free):
            os.kill(phone.host.pid, signal.SIGKILL)
            async with asyncio.timeout(20):
                while "trying again" not in caplog.text or phone.host.pid is not None:  # its end is told later
                    await asyncio.sleep(0.02)
            phone.reports.clear()
        await phone.until(Alive)


async def test_a_process_that_hangs_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_module, "_SILENT_TOO_LONG", 2.0)
    async with Phone() as phone:
        await phone.until(Alive)
        assert phone.host.pid is not None
        os.kill(phone.host.pid, signal.SIGSTOP)
        async with asyncio.timeout(20):
            while not phone.restarts:
                await asyncio.sleep(0.05)
        await phone.until(Alive)


async def test_a_bug_in_the_sound_thread_brings_a_fresh_process(cards: tuple[Card, Card]) -> None:
    async with Phone("alice") as phone:
        await phone.until(Alive)
        phone.plan(handset=True, tone="no such tone")
        async with asyncio.timeout(20):
            while not phone.restarts:
                await asyncio.sleep(0.05)


async def test_an_unknown_country_still_gives_a_dial_tone(cards: tuple[Card, Card]) -> None:
    phone = Phone("alice")
    phone.setup = msgspec.structs.replace(phone.setup, country="xx")
    async with phone:
        phone.plan(handset=True, tone="dial")
        await phone.until(Alive)
        await asyncio.sleep(0.5)
        assert share_of(heard_by(cards[0], 0.2), 425) > 0.9


async def test_close_ends_the_process_and_sending_after_it_is_our_bug() -> None:
    phone = Phone()
    with pytest.raises(MediaClosedError):
        phone.plan()
    async with phone:
        await phone.until(Alive)
        pid = phone.host.pid
        assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert phone.restarts == 0


async def test_a_missing_card_is_reported_as_a_sentence(cards: tuple[Card, Card]) -> None:
    async with Phone("nowhere") as phone:
        trouble = await phone.until(AudioTrouble)
        assert isinstance(trouble, AudioTrouble)
        assert (trouble.device, "'nowhere'" in trouble.sentence) == ("handset", True)


def test_it_ends_by_itself_when_the_control_process_is_gone_and_survives_nonsense() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    argv = [sys.executable, "-m", "phone.media.process", str(theirs.fileno())]
    process = subprocess.Popen(argv, pass_fds=(theirs.fileno(),), stderr=subprocess.PIPE, text=True)
    theirs.close()
    ours.send(b"nonsense")
    ours.send(msgspec.msgpack.encode({"type": "SendDigit", "leg": "x", "digit": "1", "ms": 100}))
    ours.close()
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "makes no sense" in errors
    assert "came before Setup" in errors


def test_it_imports_neither_xml_nor_drawing_nor_what_costs_memory() -> None:
    code = "import sys, phone.media.process; print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, check=True, env=host_module._environment()
    )
    names = loaded.stdout.split()
    assert [name for name in names if any(name == bad or name.startswith(bad + ".") for bad in FORBIDDEN)] == []
