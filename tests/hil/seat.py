"""Somebody who sits at the phone of a virtual Pi: fingers, an ear, eyes. It has the face of `phone.demo.stage.Desk`."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from hil.ear import NAME, Ear
from hil.hand import PRESS_SECONDS, Moved
from hil.pi import VirtualPi
from PIL import Image

from phone.control import ControlError, Status, StatusReply, ask
from phone.demo.stage import NUMBERS
from phone.drivers.profile import Profile
from phone.drivers.profilebook import find, load

BOUNCE = 0.004
"""Seconds that a contact bounces at most."""
PROFILE = "/etc/phone/desk.toml"
SOCKET = "/run/phone/control.sock"
_CARD = f"""
cat >/etc/modprobe.d/handset.conf <<'END'
options snd-aloop id={NAME} pcm_substreams=1
END
echo snd-aloop >/etc/modules-load.d/handset.conf
"""
"""A USB handset that is plugged in already when the Pi comes up."""
_OWN = "chown phone:phone /etc/phone/* && chmod 660 /etc/phone/*\nsync\n"
_PRESSES, _FIRMLY = 3, 0.25
_SHOWN_SECONDS = 20.0


def reference() -> str:
    """The reference build's profile, for a card that has no mixer."""
    text = find("reference").read_text("utf-8")
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("mixer"))


def prepared(files: Mapping[str, str]) -> str:
    """The script for `VirtualPi.prepare` that puts these files on its disk, and has a card for its handset."""
    written = (f"cat >{path} <<'END-OF-FILE'\n{text}\nEND-OF-FILE\n" for path, text in files.items())
    return _CARD + "".join(written) + _OWN


class Seat:
    """At a Pi whose profile is `reference()`; `name` is whose phone it is. Its control socket comes by `ssh -L`."""

    def __init__(self, pi: VirtualPi, name: str, profile: Profile) -> None:
        self.pi = pi
        self.name = name
        self.number = NUMBERS[name]
        self._profile = profile
        self._folder = tempfile.TemporaryDirectory(prefix="seat-")
        self._control = Path(self._folder.name) / "control.sock"
        self._tunnel: subprocess.Popen[bytes] | None = None
        self.ear: Ear | None = None

    @property
    def handset(self) -> Ear:
        """What is at the ear; `listen` first."""
        assert self.ear is not None, "nobody listens yet"
        return self.ear

    def connect(self) -> None:
        """Reach the control socket; anew after each boot."""
        self._disconnect()
        self._control.unlink(missing_ok=True)
        *ssh, to = self.pi.ssh.command()
        self._tunnel = subprocess.Popen(
            [*ssh, "-N", "-o", "ExitOnForwardFailure=yes", "-L", f"{self._control}:{SOCKET}", to],
            stdin=subprocess.DEVNULL,
        )

    def listen(self) -> None:
        """Put an ear to the handset; anew after each boot."""
        if self.ear is not None:
            self.ear.close()
        self.ear = Ear(self.pi)

    def close(self) -> None:
        """Go away."""
        if self.ear is not None:
            self.ear.close()
            self.ear = None
        self._disconnect()
        self._folder.cleanup()

    def _disconnect(self) -> None:
        if self._tunnel is not None:
            self._tunnel.terminate()
            self._tunnel.wait(10)
            self._tunnel = None

    # --- by electric level ------------------------------------------------------------------------------------

    def hook(self, *, lifted: bool, bounce: float = BOUNCE) -> Moved:
        """Lift the handset or put it on its cradle."""
        hook = self._profile.hook
        assert hook is not None
        closed = lifted is (hook.lifted == "closed")
        return self.pi.hand.shut(hook.pin, bounce=bounce) if closed else self.pi.hand.open(hook.pin, bounce=bounce)

    def push(self, key: str, seconds: float = PRESS_SECONDS) -> Moved:
        """Press a key of the matrix, or a button, which bounces."""
        if key in self._profile.keys:
            return self.pi.hand.press(self._profile.keys[key], seconds=seconds, bounce=BOUNCE)
        keypad = self._profile.keypad
        assert keypad is not None
        row, column = next(cell for cell, name in keypad.names().items() if name == key)
        return self.pi.hand.press(keypad.rows[row], keypad.columns[column], seconds=seconds, bounce=BOUNCE)

    def lit(self, lamp: str) -> bool:
        """Whether there is light in it."""
        of = self._profile.lamps.present()[lamp]
        return self.pi.levels()[of.pin] is not of.active_low

    # --- as a `Desk` ------------------------------------------------------------------------------------------

    async def lift(self) -> None:
        """Lift the handset; return once the phone has noticed."""
        await asyncio.to_thread(self.hook, lifted=True)
        assert await self.until(lambda s: s.off_hook, 20), "it does not notice that its handset is up"

    async def hang_up(self) -> None:
        """Put it back on the cradle."""
        await asyncio.to_thread(self.hook, lifted=False)
        assert await self.until(lambda s: not s.off_hook, 20), "it does not notice that its handset is down"

    async def press(self, key: str, seconds: float = PRESS_SECONDS) -> None:
        """Press one key."""
        await asyncio.to_thread(self.push, key, seconds)

    async def makes(self, key: str, true: Callable[[StatusReply], bool]) -> None:
        """Press one key until it does something: once, but where the machine stood still for longer than a finger
        stays. Raises AssertionError.
        """
        for again in range(_PRESSES):
            await self.press(key, _FIRMLY)
            if await self.until(true, 5 + 5 * again):
                return
            print(f"{key} was pressed, and nothing came of it")
        raise AssertionError(f"{key} does nothing: {await self.status()}")

    async def dial(self, number: str) -> None:
        """Press the keys of a number, each when the one before it is to be seen."""
        calls = len((await self.status()).calls)
        for count, digit in enumerate(number, 1):
            await self.makes(digit, lambda s, typed=number[:count]: len(s.calls) > calls or typed in s.screen)

    async def status(self) -> StatusReply:
        """What `phone status` says. Raises ControlError."""
        return await asyncio.to_thread(ask, self._control, Status())

    async def until(self, true: Callable[[StatusReply], bool], seconds: float) -> StatusReply | None:
        """Wait until the status says so; None when it does not within that time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            with contextlib.suppress(ControlError, OSError):
                if true(status := await self.status()):
                    return status
            await asyncio.sleep(0.05)
        return None

    async def sees(self, *pictures: Callable[[], Image.Image]) -> None:
        """The glass shows, pixel by pixel, what one of them gives at that moment. Raises AssertionError."""

        def shown(glass: Image.Image) -> bool:
            return any(picture().convert("1").tobytes() == glass.tobytes() for picture in pictures)

        try:
            await asyncio.to_thread(self.pi.display.wait, shown, _SHOWN_SECONDS)
        except AssertionError as error:
            raise AssertionError(f"{error}; its own words are {(await self.status()).screen}") from error


def profile(folder: Path) -> Profile:
    """Of `reference()`, read as the phone reads it."""
    path = folder / "desk.toml"
    path.write_text(reference())
    return load(str(path))
