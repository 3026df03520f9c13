"""A Raspberry Pi that is an ordinary process: User Mode Linux with the header's pins, an I2C bus, sound cards, a disk
of its own, and this machine at the other end of its network cable.

    with VirtualPi(packages=[deb]) as pi:            # Debian with systemd and sshd; `bare=True`: no more than a kernel
        pi.run("systemctl start phone").check()
        pi.hand.press(row=18, column=12)             # electric levels, by GPIO number
        assert pi.levels()[27]                       # a lamp
        pi.display.picture()                         # what is on the glass
        pi.cable.plug(plugged=False)                 # the network; this machine is `hil.lan.HUB` for it
        pi.cards.pull_out("Handset")
        pi.ssh.run("phone status")
        pi.cut_power()
        pi.boot()                                    # the disk is as it was left

All of it blocks, and any thread may call it (asyncio: `asyncio.to_thread`); times are seconds.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path
from typing import Self

from hil import cache, disks
from hil.cards import Cards
from hil.display import Display
from hil.hand import Hand
from hil.lan import DEVICE, HUB, Cable
from hil.link import Answer, Link, LinkError, Value
from hil.ssh import Ssh

BOOT_SECONDS = 120.0
_KILL_SECONDS = 20.0
_NETWORK = """\
[Match]
Name=vec0
[Network]
Address={}/32
LinkLocalAddressing=no
IPv6AcceptRA=no
[Route]
Gateway={}
GatewayOnLink=yes
"""
_NICE = -15
_PROCESSORS = islice(cycle(sorted(os.sched_getaffinity(0))), os.getpid() % 64, None)
"""Of this machine, one after the other; test runs beside each other do not all begin with the same."""


@dataclass(frozen=True, slots=True)
class Done:
    """A command that has ended."""

    command: str
    code: int
    out: str
    """What it wrote, errors included."""

    def check(self) -> str:
        """What it wrote. Raises AssertionError if it failed."""
        assert self.code == 0, f"{self.command}: exit status {self.code}\n{self.out}"
        return self.out


@dataclass
class VirtualPi:
    """One board. Entering it boots it; leaving it cuts its power and throws its disk away.

    Raises cache.BuildError where a part of it cannot be built, LinkError where it does not do as told.
    """

    bare: bool = False
    """A kernel and the agent alone, up in a second or two: no systemd, no sshd, no udev."""
    packages: Sequence[Path] = ()
    """Debian packages that are installed on its disk (such a disk is kept for the next test)."""
    shares: Mapping[str, Path] = field(default_factory=dict)
    """Folders of this machine, writable in there at /mnt/NAME."""
    network: bool = True
    driver: str = "ssd1306"
    """Of the display: "ssd1306" or "sh1106"."""
    i2c_hz: int = 400_000
    """The bus takes the time that a real one takes; 0: none."""
    memory: str = "640M"
    cpus: int = 1
    """As the smallest Pi has. One is kept on one processor of this machine, where a system call takes 10 us and a page
    fault 30; else they take 50 and 90, for kernel and program are processes of this machine that wake each other. With
    two, a thread that an edge wakes on the other keeps its whole program waiting for 10 ms, as on no real board.
    """
    nice: int = 0
    """Of its whole process, as `nice` has it; below 0 it goes before all else on this machine."""
    disk: Path | None = None
    """Written to directly; None: a copy of its own, gone with it."""
    powered: bool = True
    """False: entering it only lays its cable, so that there is a network already when it will `boot`."""

    def __post_init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="vpi-"))
        self.cable = Cable()
        self.hand = Hand(self._do_hand)
        self.display = Display(self.driver, self._ask)
        self.cards = Cards(lambda script: self.run(script).check())
        self.kernel = cache.kernel()
        self.root = disks.root(self.packages) if self.disk is None else self.disk.parent
        self.ssh = Ssh(self.cable.address, self.root / disks.KEY)
        self.booted_at = 0.0
        """Monotonic seconds of this machine when its power came on last."""
        self._link: Link | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._boots = 0

    def __enter__(self) -> Self:
        try:
            if self.network:
                self.cable.lay()
            shutil.copytree(cache.GUEST, self.folder / "guest")
            (self.folder / "guest" / "vec0.network").write_text(_NETWORK.format(self.cable.address, HUB))
            if self.powered:
                self.boot()
        except BaseException:
            self.remove()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def boot(self, patience: float = BOOT_SECONDS) -> None:
        """Power on, and wait for the agent, which comes long before all is `started`."""
        assert self._process is None, "it is on already"
        self._boots += 1
        self.display.power_up()
        link = self._link = Link()
        self.booted_at = time.monotonic()
        with self.console_file.open("wb") as console:
            self._process = subprocess.Popen(
                self._command(link.theirs.fileno()),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                pass_fds=[link.theirs.fileno()],
                start_new_session=True,
            )
        _prefer(self._process.pid)
        link.started()
        try:
            link.wait(patience)
        except LinkError as error:
            self.cut_power()
            raise LinkError(f"{error}; its console said last:\n{self.console()[-3000:]}") from error
        self._prepared.unlink(missing_ok=True)

    def prepare(self, script: str) -> None:
        """Have a shell run it on the disk before it boots next, as by who writes an SD card."""
        self._prepared.write_text(script)

    def cut_power(self) -> None:
        """At once, in the middle of whatever it does. What it had not written to its disk is lost."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(_KILL_SECONDS)
            self._process = None
        if self._link is not None:
            self._link.close()
            self._link = None

    def shut_down(self, patience: float = 60.0) -> None:
        """As `poweroff` does it."""
        if self.bare:
            self._ask("end")
        else:
            with suppress(LinkError):  # the agent may be ended before it can answer
                self.run("systemctl --no-block poweroff").check()
        assert self._process is not None
        self._process.wait(patience)
        self.cut_power()

    def remove(self) -> None:
        """Power off, and nothing of it is left."""
        self.cut_power()
        self.cable.remove()
        shutil.rmtree(self.folder, ignore_errors=True)

    def started(self, patience: float = BOOT_SECONDS) -> str:
        """Wait until systemd has started all there is to start: "running", or "degraded" if something failed."""
        return self.run("systemctl is-system-running --wait", timeout=patience).out.strip()

    def run(self, command: str, *, timeout: float = 60.0, input: str = "") -> Done:
        """A shell's command, as root, by the agent: it needs no network. `ssh` is the way of an administrator."""
        answer = self._ask("run", patience=timeout + 30.0, command=command, timeout=timeout, input=input)
        return Done(command, int(str(answer["code"])), str(answer["out"]))

    def levels(self) -> tuple[bool, ...]:
        """Of all pins, by GPIO number: a lamp between a pin and ground is lit while it is True."""
        return tuple(level == "1" for level in str(self._ask("levels")["levels"]))

    def uptime(self) -> float:
        """Seconds since its kernel began."""
        return float(str(self._ask("clock")["uptime"]))

    def monotonic(self) -> float:
        """Its monotonic clock, which `Moved` and `Display.written` tell of."""
        return float(str(self._ask("clock")["monotonic"]))

    def console(self) -> str:
        """What its kernel has written since its power came on last."""
        return self.console_file.read_text(errors="replace")

    @property
    def console_file(self) -> Path:
        """Of the last boot; goes with `remove`."""
        return self.folder / f"console-{self._boots}"

    @property
    def _prepared(self) -> Path:
        return self.folder / "guest" / "prepare"

    def _command(self, serial: int) -> list[str]:
        disk = f"{self.folder / 'disk.cow'},{self.root / disks.DISK}" if self.disk is None else str(self.disk)
        words = [
            *(("taskset", "--cpu-list", str(next(_PROCESSORS))) if self.cpus == 1 else ()),
            *("nice", "-n", str(self.nice)),
            str(self.kernel / "linux"),
            *(f"mem={self.memory}", f"ncpus={self.cpus}", "seccomp=auto"),
            *(f"uml_dir={self.folder}", "umid=uml", f"dtb={self.kernel / 'pi.dtb'}"),
            *("con=null", "con0=null,fd:1", "ssl=null", f"ssl0=fd:{serial}"),
            "pty.legacy_count=0",  # a Pi's kernel has none either, and udev would look at each of 512
            *(f"ubd0={disk}", "root=/dev/ubda", "rw", "init=/sbin/vpi-init", "loglevel=5", "panic=-1"),
            f"HIL_MODULES={self.kernel / 'modules'}",
            f"HIL_HEADER=i2c_hz={self.i2c_hz}",
            f"HIL_GUEST={self.folder / 'guest'}",
            "HIL_SHARES=" + ",".join(f"{name}:{path.resolve()}" for name, path in self.shares.items()),
        ]
        if self.bare:
            words.append("HIL_BARE=1")
        if self.network:
            words += [f"vec0:transport=raw,ifname={DEVICE},depth=64", "HIL_NETWORK=1"]
            return [*self.cable.launcher, *words]
        return words

    def _do_hand(self, script: str) -> tuple[float, float]:
        answer = self._ask("hand", script=script)
        return float(str(answer["began"])), float(str(answer["ended"]))

    def _ask(self, do: str, *, patience: float = 60.0, **what: Value) -> Answer:
        if self._link is None:
            raise LinkError("the virtual Pi is off")
        return self._link.ask(do, patience=patience, **what)


def _prefer(session: int) -> None:
    """A real Pi need not share its processor with whatever else this machine does (sched(7), autogroup)."""
    with suppress(OSError):  # no such thing in this kernel
        Path(f"/proc/{session}/autogroup").write_text(str(_NICE))
