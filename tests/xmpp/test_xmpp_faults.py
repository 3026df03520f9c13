from __future__ import annotations

import errno
import socket
import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone.xmpp import faults
from phone.xmpp.backoff import CEILING, Backoff

TODAY = faults.RELEASED + 86400


def certificate(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError("no")
    error.verify_code, error.verify_message = code, "why"
    return error


@pytest.mark.parametrize(
    ("error", "now", "name"),
    [
        (certificate(9), 0.0, "wrong time"),
        (certificate(9), TODAY, "wrong time"),
        (certificate(10), 0.0, "wrong time"),
        (certificate(10), TODAY, "bad certificate"),
        (certificate(62), TODAY, "bad certificate"),
        (certificate(64), TODAY, "bad certificate"),
        (certificate(18), 0.0, "bad certificate"),
        (certificate(20), TODAY, "bad certificate"),
        (ssl.SSLError(1, "WRONG_VERSION_NUMBER"), TODAY, "server away"),
        (socket.gaierror(socket.EAI_NONAME, "x"), TODAY, "unknown server"),
        (socket.gaierror(socket.EAI_AGAIN, "x"), TODAY, "no network"),
        (OSError(errno.ENETUNREACH, "x"), TODAY, "no network"),
        (OSError(errno.EHOSTUNREACH, "x"), TODAY, "no network"),
        (OSError(errno.ECONNREFUSED, "x"), TODAY, "server away"),
        (OSError("Multiple exceptions: [Errno 101] unreachable, [Errno 113] no route"), TODAY, "no network"),
        (OSError("Multiple exceptions: [Errno 111] refused, [Errno 101] unreachable"), TODAY, "server away"),
        (ConnectionResetError(errno.ECONNRESET, "x"), TODAY, "server away"),
        (ConnectionError("closed"), TODAY, "server away"),
        (TimeoutError(), TODAY, "server away"),
        (EOFError(), TODAY, "server away"),
    ],
    ids=repr,
)
def test_exceptions(error: BaseException, now: float, name: str) -> None:
    fault = faults.of_exception(error, "example.org", now)
    assert fault.name == name
    assert fault.detail


def test_a_wrong_clock_is_told_with_its_date() -> None:
    assert "1970-01-01" in faults.of_exception(certificate(9), "example.org", 0.0).detail


@pytest.mark.parametrize(
    ("condition", "name"),
    [
        ("not-authorized", "bad password"),
        ("account-disabled", "bad password"),
        ("temporary-auth-failure", "server away"),
        ("", "bad password"),
    ],
)
def test_sasl(condition: str, name: str) -> None:
    assert faults.of_sasl(condition).name == name


@pytest.mark.parametrize(
    ("condition", "name"),
    [
        ("conflict", "signed in elsewhere"),
        ("host-unknown", "unknown server"),
        ("system-shutdown", "server away"),
        ("", "server away"),
    ],
)
def test_stream_errors(condition: str, name: str) -> None:
    assert faults.of_stream_error(condition, "example.org").name == name


def test_other_sentences() -> None:
    assert faults.without_encryption("example.org").name == "bad certificate"
    assert faults.without_network().name == "no network"


@given(st.floats(0, 1, exclude_max=True), st.integers(1, 3000))
def test_backoff_starts_at_once_grows_and_never_ends(share: float, tries: int) -> None:
    backoff = Backoff(lambda: share)
    waits = [backoff.next() for _ in range(tries)]
    assert waits[0] == 0
    assert waits == sorted(waits)
    assert all(0.5 <= wait <= 1.5 * CEILING for wait in waits[1:])
    backoff.reset()
    assert backoff.next() == 0


def test_phones_do_not_come_back_together() -> None:
    seconds = set()
    for _ in range(20):
        backoff = Backoff()
        backoff.next()
        seconds.add(backoff.next())
    assert len(seconds) > 10
