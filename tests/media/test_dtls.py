"""DTLS with itself, with loss, with nonsense; SRTP keys that fit; the handshake's rules of who and when."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone.media import handshake as handshake_module
from phone.media.dtls import (
    MTU,
    OFFERED,
    Certificate,
    DtlsError,
    DtlsSession,
    NoSrtpProfileError,
    SrtpKeys,
    fingerprint_of,
)
from phone.media.handshake import Handshake
from phone.media.plan import Fingerprint, LegFault


def shake(client: DtlsSession, server: DtlsSession, lose: Iterator[bool] | None = None) -> None:
    """Carry datagrams until both are silent, retransmitting what was lost."""
    sides = {client: server, server: client}
    queue = [(server, datagram) for datagram in client.start()]
    for _ in range(50):
        while queue:
            side, datagram = queue.pop(0)
            if lose is not None and next(lose, False):
                continue
            queue += [(sides[side], reply) for reply in side.receive(datagram)]
        if client.keys and server.keys:
            return
        for side, other in sides.items():
            queue += [(other, datagram) for datagram in side.expired()]


@pytest.mark.parametrize("profile", OFFERED)
def test_both_ends_get_the_same_keys(profile: str) -> None:
    mine, theirs = Certificate(), Certificate()
    client, server = DtlsSession(mine, server=False, profiles=(profile,)), DtlsSession(theirs, server=True)
    shake(client, server)
    assert client.keys is not None
    assert server.keys == SrtpKeys(profile, client.keys.receive, client.keys.send)
    assert client.keys.send != client.keys.receive
    assert client.matches(theirs.fingerprint)
    assert server.matches(mine.fingerprint)
    assert not server.matches(theirs.fingerprint)
    assert client.timeout() is None


def test_a_flight_without_answer_is_due_again_soon() -> None:
    client = DtlsSession(Certificate(), server=False)
    wait = client.start() and client.timeout()
    assert wait is not None
    assert 0 < wait <= 0.2


async def test_a_handshake_survives_loss() -> None:
    mine, theirs = Certificate(), Certificate()
    ends = Ends(mine, theirs, lose=iter([True, False, True, False, False, True]))
    ends.client.update("client", theirs.fingerprint)
    ends.server.update("server", mine.fingerprint)
    ends.open()
    async with asyncio.timeout(10):
        while not (ends.heard_client.keys and ends.heard_server.keys):
            await asyncio.sleep(0.05)
    ends.close()


def test_fingerprints_by_every_hash_that_is_taken() -> None:
    certificate = Certificate()
    assert fingerprint_of(certificate.der, "SHA-512") == hashlib.sha512(certificate.der).digest().hex(":").upper()
    assert fingerprint_of(certificate.der, "sha-1") == hashlib.sha1(certificate.der).digest().hex(":").upper()  # noqa: S324
    with pytest.raises(DtlsError, match="md5"):
        fingerprint_of(certificate.der, "md5")


def test_certificates_are_never_the_same() -> None:
    assert Certificate().fingerprint != Certificate().fingerprint


def test_no_datagram_exceeds_the_mtu() -> None:
    client, server = DtlsSession(Certificate(), server=False), DtlsSession(Certificate(), server=True)
    flights = [client.start()]
    flights.append([reply for datagram in flights[0] for reply in server.receive(datagram)])
    assert all(len(datagram) <= MTU for flight in flights for datagram in flight)
    assert flights[1]


def test_a_handshake_without_srtp_profile_is_an_error() -> None:
    client, server = DtlsSession(Certificate(), server=False, profiles=()), DtlsSession(Certificate(), server=True)
    with pytest.raises(NoSrtpProfileError, match="SRTP profile"):
        shake(client, server)


def test_close_notify_is_noticed() -> None:
    client, server = DtlsSession(Certificate(), server=False), DtlsSession(Certificate(), server=True)
    shake(client, server)
    for datagram in client.close():
        server.receive(datagram)
    assert server.closed


@given(st.binary(min_size=1, max_size=300))
def test_nonsense_before_and_after_the_handshake_changes_nothing(junk: bytes) -> None:
    server = DtlsSession(_CERTIFICATES[0], server=True)
    server.receive(b"\x16\xfe\xfd" + junk)
    client = DtlsSession(_CERTIFICATES[1], server=False)
    server = DtlsSession(_CERTIFICATES[0], server=True)
    shake(client, server)
    server.receive(junk)
    assert server.keys is not None
    assert not server.closed


_CERTIFICATES = (Certificate(), Certificate())


@dataclass
class Heard:
    """A listener that remembers."""

    keys: list[SrtpKeys] = field(default_factory=list)
    faults: list[LegFault] = field(default_factory=list)
    closed: int = 0

    def handshake_done(self, keys: SrtpKeys) -> None:
        self.keys.append(keys)

    def handshake_failed(self, fault: LegFault, detail: str) -> None:
        assert detail
        self.faults.append(fault)

    def handshake_closed(self) -> None:
        self.closed += 1


class Ends:
    """Two handshakes on one wire."""

    def __init__(self, mine: Certificate, theirs: Certificate, lose: Iterator[bool] | None = None) -> None:
        self.heard_client, self.heard_server = Heard(), Heard()
        loop = asyncio.get_running_loop()

        def carry(datagram: bytes, to: str) -> bool:
            if lose is None or not next(lose, False):
                loop.call_soon(getattr(self, to).receive, datagram)
            return True

        self.client = Handshake(self.heard_client, mine, lambda datagram: carry(datagram, "server"))
        self.server = Handshake(self.heard_server, theirs, lambda datagram: carry(datagram, "client"))

    def open(self) -> None:
        self.client.path_open()
        self.server.path_open()

    def close(self) -> None:
        self.client.close()
        self.server.close()


async def settle() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


async def test_who_offered_actpass_answers_as_server() -> None:
    mine, theirs = Certificate(), Certificate()
    ends = Ends(mine, theirs)
    ends.client.update("client", theirs.fingerprint)
    ends.server.update("either", mine.fingerprint)
    ends.open()
    await settle()
    assert (len(ends.heard_client.keys), len(ends.heard_server.keys)) == (1, 1)
    ends.client.close()
    await settle()
    assert ends.heard_server.closed == 1
    ends.server.close()


async def test_a_passive_answer_makes_us_client() -> None:
    mine, theirs = Certificate(), Certificate()
    ends = Ends(mine, theirs)
    ends.client.update("either", None)
    ends.server.update("server", mine.fingerprint)
    ends.open()
    await settle()
    assert ends.heard_server.keys == []
    ends.client.update("client", theirs.fingerprint)
    await settle()
    assert (len(ends.heard_client.keys), len(ends.heard_server.keys)) == (1, 1)
    ends.close()


async def test_an_early_client_hello_waits_for_our_path() -> None:
    mine, theirs = Certificate(), Certificate()
    ends = Ends(mine, theirs)
    ends.client.update("client", theirs.fingerprint)
    ends.server.update("either", mine.fingerprint)
    ends.client.path_open()
    await settle()
    ends.server.path_open()
    await settle()
    assert (len(ends.heard_client.keys), len(ends.heard_server.keys)) == (1, 1)
    ends.close()


async def test_a_wrong_or_unknown_fingerprint_gives_no_keys() -> None:
    mine, theirs = Certificate(), Certificate()
    for wrong in (mine.fingerprint, Fingerprint("md5", "00"), Fingerprint("sha-256", "nonsense \N{SNOWMAN}")):
        ends = Ends(mine, theirs)
        ends.client.update("client", wrong)
        ends.server.update("server", mine.fingerprint)
        ends.open()
        await settle()
        assert (ends.heard_client.keys, ends.heard_client.faults) == ([], ["fingerprint"])
        ends.close()


async def test_a_fingerprint_that_changes_is_checked_again() -> None:
    mine, theirs = Certificate(), Certificate()
    ends = Ends(mine, theirs)
    ends.client.update("client", theirs.fingerprint)
    ends.server.update("server", mine.fingerprint)
    ends.open()
    await settle()
    ends.client.update("client", mine.fingerprint)
    assert ends.heard_client.faults == ["fingerprint"]
    ends.close()


async def test_no_srtp_profile_fails_the_leg() -> None:
    heard, rogue = Heard(), DtlsSession(Certificate(), server=False, profiles=())
    out: list[bytes] = []
    handshake = Handshake(heard, Certificate(), lambda datagram: out.append(datagram) or True)
    handshake.update("server", None)
    handshake.path_open()
    datagrams = rogue.start()
    while datagrams:
        for datagram in datagrams:
            handshake.receive(datagram)
        datagrams = [reply for datagram in out for reply in rogue.receive(datagram)]
        out.clear()
    assert (heard.keys, heard.faults) == ([], ["no-srtp"])


async def test_a_far_end_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handshake_module, "PATIENCE", 0.05)
    heard = Heard()
    handshake = Handshake(heard, Certificate(), lambda _datagram: True)
    handshake.update("client", None)
    handshake.path_open()
    await asyncio.sleep(0.1)
    assert heard.faults == ["dtls"]
