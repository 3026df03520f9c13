"""How late packets come, over the last seconds: what the jitter buffer's delay follows."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque


class Arrivals:
    """A sliding window of arrival offsets (arrival less media time, any unit), kept sorted for its quantiles.

    No offset has a meaning by itself, since the two clocks are unrelated; differences have. Clock drift between the
    ends needs no care: it moves the whole window.
    """

    __slots__ = ("_order", "_size", "_sorted")

    def __init__(self, size: int) -> None:
        self._size = size
        self._order: deque[float] = deque()
        self._sorted: list[float] = []

    def __len__(self) -> int:
        return len(self._sorted)

    def add(self, offset: float) -> None:
        """One more packet; the oldest is forgotten when the window is full."""
        self._order.append(offset)
        insort(self._sorted, offset)
        if len(self._order) > self._size:
            oldest = self._order.popleft()
            del self._sorted[bisect_left(self._sorted, oldest)]

    def clear(self) -> None:
        """Forget all: another stream begins."""
        self._order.clear()
        self._sorted.clear()

    def quantile(self, share: float) -> float:
        """The offset that `share` of the packets (0 to 1) do not exceed. Raises IndexError while empty."""
        return self._sorted[min(len(self._sorted) - 1, int(share * len(self._sorted)))]

    @property
    def lowest(self) -> float:
        """The earliest packet's. Raises IndexError while empty."""
        return self._sorted[0]
