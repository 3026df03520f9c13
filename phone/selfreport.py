"""What the self-test leaves behind in the state folder: a text to be read, the same for machines, the ways of sound."""

from __future__ import annotations

import json
import logging
import platform
from datetime import UTC, datetime
from pathlib import Path

from phone import __version__
from phone.durable import replace_file
from phone.selftasks import Bench
from phone.selftest import report
from phone.selftest.steps import Session

log = logging.getLogger(__name__)

TEXT, FACTS, SOUND = "selftest.txt", "selftest.json", "sound.json"


class Keeper:
    """Writes whole files or none; a card that refuses is logged, and the test's word is still told."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench

    @property
    def path(self) -> Path:
        """Of the text."""
        return self._bench.state_dir / TEXT

    def keep(self, session: Session) -> None:
        """Off the loop."""
        self._bench.keep(lambda: self._write(session))

    def _write(self, session: Session) -> None:
        at, versions = datetime.now(UTC).astimezone().isoformat(timespec="seconds"), _versions()
        files = {TEXT: report.text(session, at, versions), FACTS: _json(report.facts(session, at, versions))}
        if ways := report.sound(session):
            files[SOUND] = _json({"measured": at, **ways})
        for name, text in files.items():
            try:
                replace_file(self._bench.state_dir / name, text.encode())
            except OSError as error:
                log.warning("cannot keep the self-test's %s: %s", name, error)


def _versions() -> dict[str, str]:
    return {"phone": __version__, "Python": platform.python_version(), platform.system(): platform.release()}


def _json(facts: object) -> str:
    return json.dumps(facts, indent=1, ensure_ascii=False) + "\n"
