"""The archive's README.txt: what is in it, what was taken out, and what could not be had."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from phone.report.blot import SHORTEST
from phone.report.parts import Missing, Part

_TAKEN_OUT = f"""\
Taken out, wherever it stood (shown as ***):
  - the account's password and the keypad's code, from the config and from the files that it names
  - values of config keys that the phone does not know, and all of the config's comments
  - the panel's token, passwords of relays, tokens of invitations, digits that callers typed
  Secrets of fewer than {SHORTEST} characters cannot be told from words: those are taken out of the config alone.
Not looked at: the call log, recorded messages, contacts, Wi-Fi settings.

Still in it, so give it to nobody who must not know:
  - addresses (JIDs) and names of those who were called or called, and numbers that were dialled, in log and status
  - this machine's host name, network addresses, and the addresses of servers"""


def readme(title: str, parts: Sequence[Part], missing: Sequence[Missing]) -> str:
    """The whole text."""
    return "\n".join(_lines(title, parts, missing)) + "\n"


def _lines(title: str, parts: Sequence[Part], missing: Sequence[Missing]) -> Iterator[str]:
    yield title
    yield ""
    width = max((len(part.name) for part in parts), default=0)
    yield from (f"  {part.name.ljust(width)}  {part.what}" for part in parts)
    yield ""
    yield _TAKEN_OUT
    if missing:
        yield ""
        yield "Could not be had:"
        yield from (f"  - {each.what}: {each.why}" for each in missing)
