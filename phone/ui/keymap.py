"""What a contact means: the driver's names -> events of the call core. Pure."""

from __future__ import annotations

from typing import Protocol

from phone.calls.events import DIGITS, DigitPressed, Event, HookLifted, HookReplaced, Key, KeyPressed, KeyReleased

HOOK = "HOOK"
_KEYS = {key.value: key for key in Key}


class ContactChange(Protocol):
    """A debounced change of one contact, as the drivers tell it."""

    @property
    def name(self) -> str: ...

    @property
    def closed(self) -> bool: ...

    @property
    def at(self) -> float: ...


def event_of(contact: ContactChange) -> Event | None:
    """The event, or None for a contact that this phone gives no meaning."""
    name, at = contact.name, contact.at
    if name == HOOK:
        return HookLifted(at) if contact.closed else HookReplaced(at)
    if name not in _KEYS and not (len(name) == 1 and name in DIGITS):
        return None
    if not contact.closed:
        return KeyReleased(name, at)
    return KeyPressed(_KEYS[name], at) if name in _KEYS else DigitPressed(name, at)
