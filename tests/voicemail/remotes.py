"""Messages of the service's mailbox, for tests."""

from __future__ import annotations

from xml.etree.ElementTree import Element, fromstring, tostring

from hypothesis import strategies as st

from phone.voicemail.label import plain
from phone.voicemail.message import Caller, State
from phone.voicemail.wire import RemoteMessage

IDS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)
CALLERS = st.builds(Caller, st.text(min_size=1), st.text()).map(plain)
LISTED = st.sampled_from([State.NEW, State.HEARD, State.KEPT])
MILLIS = st.integers(0, 80_000_000).map(lambda ms: ms / 1000)
REMOTES = st.builds(
    RemoteMessage,
    IDS,
    LISTED,
    CALLERS,
    st.floats(0, 4e9).map(lambda stamp: round(stamp, 3)),
    MILLIS,
    st.integers(0, 1 << 24),
)


def remote(id: str, state: State = State.NEW, stamp: float = 1_800_000_000.0, size: int = 10) -> RemoteMessage:
    return RemoteMessage(id, state, Caller("ann@a.example", "Ann"), stamp, 2.0, size)


def xml(text: str) -> Element:
    return fromstring(text)  # noqa: S314 - our own


def wired(element: Element) -> Element:
    """As the other end reads it."""
    return xml(tostring(element, encoding="unicode"))
