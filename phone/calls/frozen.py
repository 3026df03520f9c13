"""`dataclasses.replace`, three times as fast, for frozen dataclasses with slots.

A step copies `Phone`, with its some forty fields, up to ten times: the standard library's took most of its 50 us.
"""

from __future__ import annotations

from dataclasses import fields, replace
from operator import attrgetter
from typing import TYPE_CHECKING

if not TYPE_CHECKING:  # pragma: no branch - mypy checks each field by the standard library's signature
    _SLOTS = {}

    def _slots(of: type) -> tuple:
        names = [field.name for field in fields(of)]
        setters = {name: vars(of)[name].__set__ for name in names}
        _SLOTS[of] = attrgetter(*names), tuple(setters.values()), setters
        return _SLOTS[of]

    def replace(value: object, /, **changes: object) -> object:
        """A copy of `value` with `changes`. Raises KeyError for a field that there is not."""
        of = type(value)
        values_of, all_setters, setters = _SLOTS.get(of) or _slots(of)
        new = object.__new__(of)
        for set_slot, was in zip(all_setters, values_of(value), strict=True):
            set_slot(new, was)
        for name, to in changes.items():
            setters[name](new, to)
        return new


__all__ = ["replace"]
