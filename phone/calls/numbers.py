"""The dial plan: how a dialled number becomes an address. Pure; what cannot be called comes back as a `Fault`.

Order: short code, full address, `+`/`00`/long number -> gateway, everything else -> extension@domain.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from phone.calls import digitmap
from phone.calls.digitmap import DigitMap


class Fault(Enum):
    """Why a number cannot be called; each is a plain sentence on the display."""

    NO_GATEWAY = "no gateway"
    """An outside number, and the config names no gateway."""
    NO_DOMAIN = "no domain"
    """An extension, and neither config nor account names a domain."""
    BAD_ADDRESS = "bad address"
    """Not an address (RFC 7622), nor can it become one."""


# RFC 7622 section 3.3.1: these never stand in a localpart
_LOCAL_REFUSED = frozenset("\"&'/:<>@")
_LABEL = re.compile(r"[^\W_](?:[\w-]{0,61}[^\W_])?\Z")
_LITERAL = re.compile(r"\[[0-9A-Fa-f:.]{2,45}\]\Z")
_SEPARATORS = str.maketrans("", "", " -/().\u00a0")
_LONGEST_PART = 1023  # bytes; RFC 7622 section 3


@dataclass(frozen=True, slots=True)
class DialPlan:
    """What [dial] in the config says."""

    domain: str = ""
    gateway: str | None = None
    short: tuple[tuple[str, str], ...] = ()
    """Pairs of short code and address."""
    digit_map: DigitMap = field(default_factory=DigitMap)
    longest_extension: int = 6
    """Numbers with more digits go to the gateway, if there is one."""

    @classmethod
    def of(cls, domain: str, gateway: str | None, digit_map: str, short: Mapping[str, str]) -> DialPlan:
        """From the config's values. Raises DigitMapError."""
        return cls(domain, gateway, tuple(sorted(short.items())), digitmap.parse(digit_map))

    def resolve(self, number: str) -> str | Fault:
        """The address to call for `number`, or why there is none."""
        number = number.strip()
        address = self._address(number, number.translate(_SEPARATORS))
        return address if isinstance(address, Fault) or is_address(address) else Fault.BAD_ADDRESS

    def _address(self, number: str, digits: str) -> str | Fault:
        if (known := dict(self.short).get(number)) is not None:
            return known
        if "@" in number:
            return number
        if is_outside(digits, self.longest_extension if self.gateway else None):
            return f"{digits}@{self.gateway}" if self.gateway else Fault.NO_GATEWAY
        local = digits if _is_dialled(digits) else number
        return f"{local}@{self.domain}" if self.domain else Fault.NO_DOMAIN


def _is_dialled(digits: str) -> bool:
    return bool(digits) and set(digits) <= set("0123456789*#+")


def is_outside(digits: str, longest_extension: int | None = None) -> bool:
    """An international number always; one of more digits than `longest_extension` where that is given, for a gateway
    could take it.
    """
    if not _is_dialled(digits):
        return False
    if digits.startswith(("+", "00")):
        return True
    return longest_extension is not None and digits.isdigit() and len(digits) > longest_extension


def is_address(text: str) -> bool:
    """Whether `text` is localpart@domain or localpart@domain/resource with nothing that RFC 7622 refuses."""
    bare, slash, resource = text.partition("/")
    local, at, domain = bare.partition("@")
    if not at or (slash and not _is_resource(resource)):
        return False
    return _is_local(local) and _is_domain(domain)


def _is_local(local: str) -> bool:
    return bool(local) and _plain(local, spaces=False) and not _LOCAL_REFUSED & set(local)


def _is_resource(resource: str) -> bool:
    return bool(resource) and _plain(resource, spaces=True)


def _plain(part: str, *, spaces: bool) -> bool:
    """No control, format or unassigned characters (they could dress one address up as another)."""
    refused = "C" if spaces else "CZ"
    return len(part.encode("utf-8", "replace")) <= _LONGEST_PART and not any(
        unicodedata.category(c)[0] in refused for c in part
    )


def _is_domain(domain: str) -> bool:
    if _LITERAL.match(domain):
        return True
    return len(domain) <= 253 and all(_LABEL.match(label) for label in domain.removesuffix(".").split("."))
