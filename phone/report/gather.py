"""All parts of a report, from the running phone where there is one, else from its files."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from phone.control import (
    CallQuality,
    ControlError,
    LogTail,
    LogTailReply,
    NotRunningError,
    Quality,
    QualityReply,
    Status,
    StatusReply,
    ask,
)
from phone.quality import read as read_quality
from phone.report import journal
from phone.report.blot import Blotter
from phone.report.machine import Machine
from phone.report.parts import Found, Missing, Part, text_part
from phone.report.plot import plot
from phone.report.settings import Settings, settings

_SELF_TEST = ("selftest.txt", "selftest.json")
_LONGEST = 200_000
"""Octets that are taken of a self-test's file."""
_SUDO = "ask as root: sudo phone report"


@dataclass(frozen=True, slots=True)
class Gatherer:
    """Of the phone with that config, whose daemon listens on `control`."""

    config: Path
    control: Path
    machine: Machine = field(default_factory=Machine)

    def found(self) -> Iterator[Found]:
        """Each part as soon as it is there; nothing raises."""
        known = settings(self.config)
        blotter = Blotter(known.secrets)
        for each in (*self._config(known), *self._daemon(known), *self._kept(known), self._system(known)):
            yield _blotted(each, blotter)

    def _config(self, known: Settings) -> Iterator[Found]:
        if known.trouble:
            yield Missing("config", known.trouble)
        else:
            yield text_part("config.toml", "the config without secrets and comments", known.text)
        yield text_part("config-check.txt", "what `phone run` would say of the config", known.verdict)

    def _daemon(self, known: Settings) -> Iterator[Found]:
        status = self._ask_status()
        if isinstance(status, Missing):
            yield status
        else:
            yield _json_part("status.json", f"`phone status --json`{_trial(status)}", status)
        yield from self._log()
        yield from self._quality(known.state_dir)

    def _ask_status(self) -> StatusReply | Missing:
        try:
            return ask(self.control, Status())
        except ControlError as error:
            return Missing("status of the running phone", self._why(error))

    def _why(self, error: ControlError) -> str:
        """Where the phone listens is in its config: who may not read that has asked at a place that was guessed."""
        if isinstance(error, NotRunningError) and _closed(self.config):
            told = f"not allowed to read {self.config}, which says where the phone listens"
            return f"{told}; {_SUDO}, or join the group phone"
        return str(error)

    def _log(self) -> Iterator[Found]:
        if lines := journal.of_unit():
            yield text_part("log.txt", "journalctl -u phone, the last days", lines)
        else:
            yield self._ring()
        if lines := journal.of_kernel():
            yield text_part("kernel.txt", "what the kernel says of USB, sound, power and cards since the boot", lines)

    def _ring(self) -> Found:
        try:
            reply: LogTailReply = ask(self.control, LogTail())
        except ControlError as error:
            return Missing("log", f"journald tells nothing ({_SUDO}), and the phone neither: {self._why(error)}")
        text = "\n".join(reply.lines)
        return text_part("log.txt", "the newest lines of the running phone's log, without the sound process", text)

    def _quality(self, state: Path) -> Iterator[Found]:
        try:
            reply: QualityReply = ask(self.control, Quality())
            calls = reply.calls
        except ControlError:
            try:
                calls = read_quality(state / "quality.json")
            except OSError as error:
                yield Missing("quality of the last calls", f"{error.strerror}; {_SUDO}")
                return
        yield _json_part("calls.json", "the quality of the last calls", calls)
        if calls:
            yield Part("calls.png", "the same as a picture", plot(calls))

    def _kept(self, known: Settings) -> Iterator[Found]:
        for name in _SELF_TEST:
            path = known.state_dir / name
            try:
                text = _plain(path).decode(errors="replace")
            except FileNotFoundError:
                continue
            except OSError as error:
                yield Missing(name, f"{error.strerror}; {_SUDO}")
            else:
                yield text_part(name, "the last self-test", text)

    def _system(self, known: Settings) -> Found:
        folders = (Path("/"), known.state_dir, self.control.parent)
        return text_part(
            "system.txt", "versions, board, memory, disks, clock, network, sound", self.machine.told(folders)
        )


def _closed(path: Path) -> bool:
    """Whether it may not be read by whoever asks."""
    try:
        path.open("rb").close()
    except OSError as error:
        return isinstance(error, PermissionError)
    return False


def _plain(path: Path) -> bytes:
    """What a plain file begins with. Raises OSError for any other: root may ask, in another user's folder, and a link
    there may lead to what that user must not see.
    """
    held = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(held, "rb") as file:
        if not stat.S_ISREG(os.fstat(held).st_mode):
            raise OSError(errno.EINVAL, "it is no plain file")
        return file.read(_LONGEST)


def _trial(status: StatusReply) -> str:
    """What the config's history tells only when it is over."""
    trial = status.trial
    return f": version {trial.version} of the config is on trial, after version {trial.previous}" if trial else ""


def _blotted(found: Found, blotter: Blotter) -> Found:
    match found:
        case Missing(what, why):
            return Missing(what, blotter.text(why))
        case Part(name, what, data):
            if name.endswith(".png"):
                return found
            if name.endswith(".json"):
                return Part(name, what, _json(blotter.tree(_parsed(data))))
            return text_part(name, what, blotter.text(data.decode()))


def _parsed(data: bytes) -> object:
    """Of a file that may be cut off: then as a text."""
    try:
        return msgspec.json.decode(data)
    except msgspec.DecodeError:
        return data.decode(errors="replace")


def _json_part(name: str, what: str, value: StatusReply | Sequence[CallQuality]) -> Part:
    return Part(name, what, _json(msgspec.to_builtins(value)))


def _json(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value)) + b"\n"
