"""The self-test's two files: one to be read, with each figure, and the same for machines. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from phone.selftest.model import Finding, Kind, Verdict
from phone.selftest.steps import Session
from phone.selftest.wording import verdict

_MARKS = {Verdict.PASSED: "ok  ", Verdict.FAILED: "FAIL", Verdict.SKIPPED: "--  "}


def text(s: Session, began: str, versions: Mapping[str, str]) -> str:
    """The text file. `began`: ISO 8601 with zone."""
    return "\n".join(_lines(s, began, versions)) + "\n"


def _lines(s: Session, began: str, versions: Mapping[str, str]) -> Iterator[str]:
    yield f"Self-test of {began}{', by itself' if s.auto else ''}"
    yield ", ".join(f"{name} {version}" for name, version in versions.items())
    yield ""
    yield verdict(s)
    yield ""
    yield from map(line, s.findings)


def line(finding: Finding) -> str:
    """One check: `ok   sound handset: delay 23.4 ms, level -20.1 dB`."""
    figures = ", ".join(f"{name} {value}" for name, value in finding.figures)
    told = "; ".join(part for part in (finding.sentence, figures) if part)
    return f"{_MARKS[finding.verdict]} {finding.check.name}{f': {told}' if told else ''}"


def facts(s: Session, began: str, versions: Mapping[str, str]) -> dict[str, object]:
    """For machines."""
    return {
        "began": began,
        "versions": dict(versions),
        "auto": s.auto,
        "sentence": verdict(s),
        "passed": passed(s),
        "checks": [
            {
                "check": f.check.name,
                "kind": f.check.kind.value,
                "verdict": f.verdict.value,
                "sentence": f.sentence,
                "figures": dict(f.figures),
            }
            for f in s.findings
        ],
    }


def passed(s: Session) -> bool:
    """It came to its end and nothing failed."""
    return not s.stopped and s.check is None and all(f.verdict is not Verdict.FAILED for f in s.findings)


def sound(s: Session) -> dict[str, dict[str, str]]:
    """What was measured of the ways of sound, by card: to be kept."""
    return {
        f.check.what: dict(f.figures) for f in s.findings if f.check.kind is Kind.SOUND and f.verdict is Verdict.PASSED
    }
