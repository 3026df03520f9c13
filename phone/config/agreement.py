"""What must hold between several values of the config: a function for each such law.

They look at the file's values as they stand, so that a wrong type elsewhere hides nothing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from phone.calls.digitmap import DigitMap, DigitMapError, Verdict, parse
from phone.calls.numbers import DialPlan, is_address
from phone.calls.numbers import Fault as DialFault
from phone.config.faults import Fault
from phone.config.meanings import is_domain
from phone.config.values import DialConfig

Values = Mapping[str, object]

_LONGEST_NAME = 60
"""Characters."""
_MOST_TEXTS = 9
"""One for each of the keys 1 to 9."""
_LONGEST_TEXT = 500
"""Characters."""


def table(values: Values, *names: str) -> Values:
    """The table of these names, one inside the other; empty if there is none."""
    inner: object = values
    for name in names:
        inner = inner.get(name) if isinstance(inner, Mapping) else None
    return inner if isinstance(inner, Mapping) else {}


def account(values: Values) -> Iterator[Fault]:
    """One password."""
    found = table(values, "account")
    given = {"password", "password_file"} & found.keys()
    if found and not given:
        yield Fault(("account", "password_file"), "is missing, and so is account.password: give one of the two")
    if len(given) == 2:
        yield Fault(("account", "password"), "is given twice, here and as account.password_file: keep the file")


def ports(values: Values) -> Iterator[Fault]:
    """Both ends of a range, or none."""
    network = table(values, "network")
    first, last = network.get("first_port", 0), network.get("last_port", 0)
    if not isinstance(first, int) or not isinstance(last, int):
        return
    if first > last or (first == 0) != (last == 0):
        key = ("network", "last_port" if "last_port" in network else "first_port")
        yield Fault(key, f"makes no range: ports {first} to {last}; give both, the lower one first, or none")


def peers(values: Values) -> Iterator[Fault]:
    """Rules are for somebody."""
    for peer in table(values, "peers"):
        if not is_domain(peer) and not is_address(peer):
            yield Fault(("peers", peer), 'is neither an address nor a domain: write it like [peers."pbx.example.org"]')


def speaker(values: Values) -> Iterator[Fault]:
    """Hands-free speech needs both ways."""
    found = table(values, "audio", "speaker")
    ways = {way for way in ("capture", "playback") if found.get(way, "") != ""}
    for missing in {"capture", "playback"} - ways if ways else ():
        yield Fault(
            ("audio", "speaker", missing), "is missing: hands-free needs a microphone and a loudspeaker; name both"
        )


def short_codes(values: Values) -> Iterator[Fault]:
    """Codes can be typed."""
    for code in table(values, "dial", "short"):
        if not code or set(code) - set("0123456789*#"):
            yield Fault(("dial", "short", code), "cannot be dialled: a short code has the keys 0-9 * # only")


def speed_dial(values: Values) -> Iterator[Fault]:
    """A key held down calls something, and can be held down."""
    digit_map = _digit_map(values)
    for key, number in table(values, "dial", "speed").items():
        path = ("dial", "speed", key)
        if len(key) != 1 or key not in "0123456789*#":
            yield Fault(path, "is no key to hold down: take one of 1-9 * #")
        elif key == "0":
            yield Fault(path, 'is taken: 0 held down types "+"; take one of 1-9 * #')
        elif digit_map.judge(key) is Verdict.COMPLETE:
            sentence = f'cannot be held down: dial.digit_map calls "{key}" at once; take another key, or change the map'
            yield Fault(path, sentence)
        if isinstance(number, str) and (wrong := _callable(number, values)):
            yield Fault(path, wrong)


def hotline(values: Values) -> Iterator[Fault]:
    """It calls something."""
    number = table(values, "dial").get("hotline", "")
    if isinstance(number, str) and number and (wrong := _callable(number, values)):
        yield Fault(("dial", "hotline"), wrong)


def emergency(values: Values) -> Iterator[Fault]:
    """Those that the file names can be dialled to their end, and called."""
    told = table(values, "dial").get("emergency")
    numbers = [n for n in told if isinstance(n, str)] if isinstance(told, list) else []
    for number in numbers:
        if wrong := _callable(number, values):
            yield Fault(("dial", "emergency"), wrong)
    for number, begun in cut_short(numbers, _digit_map(values)):
        sentence = f'{number} cannot be dialled: dial.digit_map calls "{begun}" before; end that alternative in "T"'
        yield Fault(("dial", "emergency"), sentence)


def cut_short(numbers: Iterable[str], digit_map: DigitMap) -> Iterator[tuple[str, str]]:
    """Numbers that the digit map does not let be typed to their end, and what it calls instead."""
    for number in numbers:
        for length in range(1, len(number)):
            if digit_map.judge(number[:length]) is Verdict.COMPLETE:
                yield number, number[:length]
                break


def contacts(values: Values) -> Iterator[Fault]:
    """Each can be called, and its name be shown."""
    for name, number in table(values, "contacts").items():
        if not name.strip() or not name.isprintable() or len(name) > _LONGEST_NAME:
            yield Fault(("contacts", name), f"is no name: write 1 to {_LONGEST_NAME} characters in one line")
        if isinstance(number, str) and (wrong := _callable(number, values)):
            yield Fault(("contacts", name), wrong)


def lock(values: Values) -> Iterator[Fault]:
    """Opening the keypad must not call for help."""
    code = table(values, "calls").get("lock_code", "")
    told = table(values, "dial").get("emergency", DialConfig().emergency)
    numbers = [n for n in told if isinstance(n, str) and n] if isinstance(told, list | tuple) else []
    if isinstance(code, str) and code.startswith(tuple(numbers)):
        sentence = "begins like a number of dial.emergency, and opening the lock could call it: choose another code"
        yield Fault(("calls", "lock_code"), sentence)


def texts(values: Values) -> Iterator[Fault]:
    """As many as there are keys, and each fit to be sent."""
    told = table(values, "calls").get("texts")
    found = told if isinstance(told, list) else []
    if len(found) > _MOST_TEXTS:
        yield Fault(("calls", "texts"), f"has {len(found)} texts: at most {_MOST_TEXTS}, for the keys 1 to 9")
    for place, text in enumerate(found, 1):
        if isinstance(text, str) and (wrong := _unfit(text)):
            yield Fault(("calls", "texts"), f"number {place} {wrong}")


def _unfit(text: str) -> str | None:
    if not text.strip():
        return "is empty: write a sentence, or take it out"
    if any(unicodedata.category(c) == "Cc" for c in text):
        return "has a line break or another control character: write it in one line"
    if len(text) > _LONGEST_TEXT:
        return f"has {len(text)} characters: at most {_LONGEST_TEXT}"
    return None


def _digit_map(values: Values) -> DigitMap:
    told = table(values, "dial").get("digit_map", "")
    try:
        return parse(told) if isinstance(told, str) else DigitMap()
    except DigitMapError:
        return DigitMap()  # told by `meanings.digit_map`


def _callable(number: str, values: Values) -> str | None:
    """What is wrong with a number, by a dial plan in which only matters which domains are given."""
    dial = table(values, "dial")
    short = tuple((code, to) for code, to in table(dial, "short").items() if isinstance(to, str) and is_address(to))
    match DialPlan("x", "x" if "gateway" in dial else None, short).resolve(number):
        case DialFault.NO_GATEWAY:
            return f'"{number}" is an outside number, and there is no dial.gateway: give it, or write an address'
        case DialFault():
            return f'"{number}" cannot be called: write a number, or an address like bob@example.org'
        case _:
            return None
