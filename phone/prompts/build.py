"""`python -m phone.prompts.build [DIR] [--language LANGUAGE]`: makes what is missing or has changed, and no more."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from phone.errors import PhoneError
from phone.prompts import SUFFIX, default_folder
from phone.prompts.synthesis import TONES, espeak_version, made
from phone.prompts.texts import Script, languages, load_script

_RECIPE = 1
"""To be counted up when prompts of the same text come out otherwise."""
_STAMP = "stamp.json"
_BAR = 30


@dataclass(frozen=True, slots=True)
class Job:
    """One prompt to be made."""

    name: str
    text: str
    script: Script
    folder: Path

    def run(self) -> str:
        """Put the whole file in its place, or nothing; its name."""
        data = made(self.name, self.text, self.script.speaker)
        draft = self.folder / f".{self.name}.{os.getpid()}"
        draft.write_bytes(data)
        draft.replace(self.folder / f"{self.name}{SUFFIX}")
        return self.name


def build(folder: Path, language: str, out: TextIO) -> int:
    """Bring `folder`/`language` up to date; how many prompts were made. Raises PromptError, OSError."""
    script, target = load_script(language), folder / language
    target.mkdir(parents=True, exist_ok=True)
    texts = dict.fromkeys(TONES, "") | script.texts
    wanted = dict(_stamps(script, texts))
    have = _read_stamps(target)
    stale = [n for n in texts if have.get(n) != wanted[n] or not (target / f"{n}{SUFFIX}").is_file()]
    for old in target.glob(f"*{SUFFIX}"):
        if old.name.removesuffix(SUFFIX) not in texts:
            old.unlink()
    if stale:
        _make([Job(name, texts[name], script, target) for name in stale], f"prompts {language}", out)
        (target / _STAMP).write_text(json.dumps(wanted, indent=0, sort_keys=True), "utf-8")
    return len(stale)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m phone.prompts.build", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=default_folder(), metavar="DIR")
    parser.add_argument("--language", choices=languages(), help="this one alone; else all")
    options = parser.parse_args(arguments)
    try:
        for language in [options.language] if options.language else languages():
            build(options.folder, language, sys.stderr)
    except PhoneError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"cannot write prompts to {options.folder}: {error}; name another folder\n")
        return 1
    return 0


def _stamps(script: Script, texts: dict[str, str]) -> Iterator[tuple[str, str]]:
    """What each prompt is made of, as a hash."""
    version = espeak_version()
    for name, text in texts.items():
        source = json.dumps([_RECIPE, version, *_fields(script), name, text])
        yield name, hashlib.sha256(source.encode()).hexdigest()[:16]


def _fields(script: Script) -> tuple[str, str, str]:
    return script.speaker.name, script.speaker.words_per_minute, script.speaker.pitch


def _read_stamps(folder: Path) -> dict[str, str]:
    with suppress(OSError, ValueError):
        stamps = json.loads((folder / _STAMP).read_text("utf-8"))
        if isinstance(stamps, dict):
            return {str(name): str(stamp) for name, stamp in stamps.items()}
    return {}


def _make(jobs: list[Job], title: str, out: TextIO) -> None:
    with ProcessPoolExecutor() as pool:
        futures = [pool.submit(job.run) for job in jobs]
        for done, future in enumerate(as_completed(futures), 1):
            try:
                future.result()
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
            _show(done, len(jobs), title, out)
    out.write(f"\r{title}: {len(jobs)} made{' ' * _BAR}\n" if out.isatty() else f"{title}: {len(jobs)} made\n")


def _show(done: int, count: int, title: str, out: TextIO) -> None:
    if out.isatty():
        filled = _BAR * done // count
        out.write(f"\r{title} [{'#' * filled}{' ' * (_BAR - filled)}] {done}/{count}")
        out.flush()


if __name__ == "__main__":
    sys.exit(main())
