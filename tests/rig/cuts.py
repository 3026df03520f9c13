"""The end of a process, or of the power, at any moment of its work on a disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest


class Cut(BaseException):
    """Nothing of ours runs after it."""


def cuts(monkeypatch: pytest.MonkeyPatch, places: Iterable[tuple[object, str]]) -> Callable[[int], None]:
    """Patch these functions, as (where, name), and return what arms it: a `Cut` comes in place of the n-th call of any
    of them from now on; none for -1.
    """
    left = -1

    def arm(count: int) -> None:
        nonlocal left
        left = count

    def wrapped(real: Callable[..., object]) -> Callable[..., object]:
        def call(*arguments: object, **more: object) -> object:
            nonlocal left
            left -= 1
            if left == 0:
                raise Cut
            return real(*arguments, **more)

        return call

    for where, name in places:
        monkeypatch.setattr(where, name, wrapped(getattr(where, name)))
    return arm
