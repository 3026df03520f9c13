"""What the values must mean, beyond their types: one function a key, each a sentence where something is wrong.

They look at the file's values as they stand, so that a wrong type elsewhere hides nothing.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from phone.calls import digitmap, numbers
from phone.config.document import KeyPath
from phone.config.faults import Fault, did_you_mean
from phone.config.values import read_secret
from phone.drivers.desk import profiles
from phone.errors import ConfigError
from phone.media.tones import countries
from phone.ui.texts import languages

Values = Mapping[str, object]
Check = Callable[[str, Path], str | None]
"""(value, folder of the file) -> what is wrong, or None."""

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


_NUMBERED_CARD = re.compile(r"^(?:plug:?)?(?:hw|plughw|dmix|dsnoop|front|default|sysdefault):\d")


def faults(values: Values, folder: Path) -> Iterator[Fault]:
    """All that is wrong with the meaning of the values; wrong types are passed over."""
    for key, value in _leaves(values, ()):
        if isinstance(value, str) and (wrong := _text_check(key)(value, folder)):
            yield Fault(key, wrong)
        if isinstance(value, int | float) and not isinstance(value, bool) and (wrong := _range(key, value)):
            yield Fault(key, wrong)
    yield from _account(_table(values, "account"))
    yield from _ports(_table(values, "network"))
    yield from _peers(_table(values, "peers"))
    yield from _short_codes(_table(_table(values, "dial"), "short"))


def _leaves(value: object, key: KeyPath) -> Iterator[tuple[KeyPath, object]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(inner, (*key, name))
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, key)
    else:
        yield key, value


def _table(values: Values, name: str) -> Values:
    inner = values.get(name)
    return inner if isinstance(inner, Mapping) else {}


# --- texts ----------------------------------------------------------------------------------------------------


def _text_check(key: KeyPath) -> Check:
    if key[:2] == ("dial", "short"):
        return _target
    return _TEXTS.get(key, _anything)


def _anything(_value: str, _: Path) -> None:
    return None


def _jid(value: str, _: Path) -> str | None:
    if "/" in value:
        return f'has a resource ("/{value.partition("/")[2]}"): put it into account.resource'
    return None if numbers.is_address(value) else f'"{value}" is no address: write it like anna@example.org'


def _target(value: str, _: Path) -> str | None:
    return None if numbers.is_address(value) else f'"{value}" is no address: write it like anna@example.org'


def _domain(value: str, _: Path) -> str | None:
    return None if _is_domain(value) else f'"{value}" is no domain: write it like example.org'


def _is_domain(value: str) -> bool:
    return "/" not in value and "@" not in value and numbers.is_address(f"x@{value}")


def _resource(value: str, _: Path) -> str | None:
    return None if numbers.is_address(f"x@x/{value}") else "is empty or has characters that no resource may have"


def _server(value: str, _: Path) -> str | None:
    host, colon, port = value.rpartition(":")
    if not colon or value.endswith("]"):
        host, port = value, "5222"
    if not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65535:
        return f'"{port}" is no port: write host or host:port with a port of 1 to 65535'
    return None if _is_domain(host) else f'"{host}" is no host: write it like xmpp.example.org:5222'


def _secret_file(value: str, folder: Path) -> str | None:
    try:
        read_secret(folder / Path(value).expanduser())
    except ConfigError as error:
        return str(error)
    return None


def _certificates(value: str, folder: Path) -> str | None:
    path = folder / Path(value).expanduser()
    try:
        text = path.read_bytes()
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}"
    return None if b"-----BEGIN CERTIFICATE-----" in text else f"{path} has no certificate in PEM form"


def _not_empty(value: str, _: Path) -> str | None:
    return None if value else "is empty"


def _digit_map(value: str, _: Path) -> str | None:
    try:
        digitmap.parse(value)
    except digitmap.DigitMapError as error:
        return str(error)
    return None


def _handset(value: str, folder: Path) -> str | None:
    return _card(value, folder) if value else "is empty: name an ALSA device (`aplay -L` and `arecord -L` list them)"


def _card(value: str, _: Path) -> str | None:
    if _NUMBERED_CARD.match(value):
        return f'"{value}" counts cards, and their order changes from boot to boot: write hw:CARD=Name (`aplay -L`)'
    return None


def _ip(value: str, _: Path) -> str | None:
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return f'"{value}" is no IP address of this machine: `ip address` lists them'
    return None


def _one_of(choices: Callable[[], tuple[str, ...]]) -> Check:
    def check(value: str, _: Path) -> str | None:
        known = choices()
        return None if value in known else f'"{value}" is unknown; {did_you_mean(value, known)}'

    return check


_TEXTS: Mapping[KeyPath, Check] = {
    ("account", "jid"): _jid,
    ("account", "resource"): _resource,
    ("account", "server"): _server,
    ("account", "password"): _not_empty,
    ("account", "password_file"): _secret_file,
    ("account", "ca_file"): _certificates,
    ("dial", "domain"): _domain,
    ("dial", "gateway"): _domain,
    ("dial", "digit_map"): _digit_map,
    ("audio", "handset", "capture"): _handset,
    ("audio", "handset", "playback"): _handset,
    ("audio", "ringer", "playback"): _card,
    ("hardware", "profile"): _one_of(profiles),
    ("network", "addresses"): _ip,
    ("country",): _one_of(countries),
    ("language",): _one_of(languages),
    ("log_level",): _one_of(lambda: LEVELS),
    ("state_dir",): _not_empty,
    ("run_dir",): _not_empty,
}


# --- numbers and what hangs together --------------------------------------------------------------------------

_RANGES: Mapping[KeyPath, tuple[float, float]] = {
    ("dial", "inter_digit_seconds"): (0.5, 60),
    ("audio", "opus_complexity"): (0, 10),
    ("hardware", "bounce_ms"): (0, 50),
    ("network", "first_port"): (0, 65535),
    ("network", "last_port"): (0, 65535),
    ("ring_seconds",): (5, 600),
    ("no_answer_seconds",): (5, 600),
}


def _range(key: KeyPath, value: float) -> str | None:
    low, high = _RANGES.get(key, (value, value))
    return None if low <= value <= high else f"must be from {low:g} to {high:g}, not {value:g}"


def _account(account: Values) -> Iterator[Fault]:
    given = {"password", "password_file"} & account.keys()
    if account and not given:
        yield Fault(("account", "password_file"), "is missing, and so is account.password: give one of the two")
    if len(given) == 2:
        yield Fault(("account", "password"), "is given twice, here and as account.password_file: keep the file")


def _ports(network: Values) -> Iterator[Fault]:
    first, last = network.get("first_port", 0), network.get("last_port", 0)
    if not isinstance(first, int) or not isinstance(last, int):
        return
    if first > last or (first == 0) != (last == 0):
        key = ("network", "last_port" if "last_port" in network else "first_port")
        yield Fault(key, f"makes no range: ports {first} to {last}; give both, the lower one first, or none")


def _peers(peers: Values) -> Iterator[Fault]:
    for peer in peers:
        if not _is_domain(peer) and not numbers.is_address(peer):
            yield Fault(("peers", peer), 'is neither an address nor a domain: write it like [peers."pbx.example.org"]')


def _short_codes(short: Values) -> Iterator[Fault]:
    for code in short:
        if not code or set(code) - set("0123456789*#"):
            yield Fault(("dial", "short", code), "cannot be dialled: a short code has the keys 0-9 * # only")
