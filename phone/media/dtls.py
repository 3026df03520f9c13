"""DTLS 1.2 for SRTP keys (RFC 5764): datagrams in, datagrams out; the caller has the socket and the clock.

The certificate is made for one call and proves nothing by itself: the far end is who sent the fingerprint
over XMPP (RFC 8122). So names and dates are never looked at (Dino's certificate is dated from tomorrow).
"""

from __future__ import annotations

import ctypes
import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from phone.errors import PhoneError
from phone.media import openssl
from phone.media.openssl import lib
from phone.media.plan import Fingerprint

MTU = 1200
"""Bytes of a datagram: fits IPv6's least MTU under TURN and UDP headers."""
_RECORD_HEADER = 13
_FIRST_RETRANSMIT_US, _LAST_RETRANSMIT_US = 200_000, 3_200_000
_HASHES = {"sha-1": "sha1", "sha-256": "sha256", "sha-384": "sha384", "sha-512": "sha512"}
_PROFILES = {
    "SRTP_AEAD_AES_256_GCM": (32, 12),
    "SRTP_AEAD_AES_128_GCM": (16, 12),
    "SRTP_AES128_CM_SHA1_80": (16, 14),
}
"""SRTP profile: master key and salt bytes (RFC 3711, RFC 7714)."""
OFFERED = ("SRTP_AEAD_AES_128_GCM", "SRTP_AES128_CM_SHA1_80", "SRTP_AEAD_AES_256_GCM")


class DtlsError(PhoneError, ConnectionError):
    """The handshake failed, or the far end sent what is no DTLS."""


class NoSrtpProfileError(DtlsError):
    """The handshake "succeeded" without an SRTP profile: there are no keys, so there is no call."""


@dataclass(frozen=True, slots=True)
class SrtpKeys:
    """Master key followed by salt, for each direction."""

    profile: str
    send: bytes
    receive: bytes


class Certificate:
    """A self-signed ECDSA P-256 certificate and its key, for one call."""

    def __init__(self) -> None:
        self.key = lib.EVP_PKEY_Q_keygen(None, None, b"EC", b"P-256")
        self.x509 = lib.X509_new()
        x509 = self.x509
        lib.X509_set_version(x509, 2)
        lib.ASN1_INTEGER_set(lib.X509_get_serialNumber(x509), secrets.randbits(31))
        lib.X509_gmtime_adj(lib.X509_getm_notBefore(x509), -86_400)
        lib.X509_gmtime_adj(lib.X509_getm_notAfter(x509), 30 * 86_400)
        lib.X509_set_pubkey(x509, self.key)
        name = lib.X509_get_subject_name(x509)
        lib.X509_NAME_add_entry_by_txt(name, b"CN", openssl.MBSTRING_ASC, b"phone", -1, -1, 0)
        lib.X509_set_issuer_name(x509, name)
        if not lib.X509_sign(x509, self.key, lib.EVP_sha256()):
            raise DtlsError("libssl could not make a certificate")
        self.der = _der(x509)

    def __del__(self) -> None:
        lib.X509_free(self.x509)
        lib.EVP_PKEY_free(self.key)

    @property
    def fingerprint(self) -> Fingerprint:
        """What the far end has to be told: SHA-256, as RFC 8122 writes it."""
        return Fingerprint("sha-256", fingerprint_of(self.der, "sha-256"))


def fingerprint_of(der: bytes, hash_name: str) -> str:
    """Upper-case hex with colons. Raises DtlsError for a hash that we do not take (MD5)."""
    algorithm = _HASHES.get(hash_name.lower())
    if algorithm is None:
        raise DtlsError(f"fingerprint hash {hash_name!r} is not taken; use sha-256")
    return hashlib.new(algorithm, der).digest().hex(":").upper()


def _der(x509: int) -> bytes:
    size = int(lib.i2d_X509(x509, None))
    buffer = ctypes.create_string_buffer(size)
    # i2d moves the pointer that it is given
    lib.i2d_X509(x509, ctypes.byref(ctypes.cast(buffer, ctypes.c_char_p)))
    return buffer.raw


def _accept_any(_store: int, _argument: int) -> int:
    return 1


def _retransmit_after(_ssl: int, last_us: int) -> int:
    """Not libssl's 1 s, which a lost ClientHello would cost: RFC 6347 4.2.4.1 leaves the value open."""
    return min(last_us * 2, _LAST_RETRANSMIT_US) if last_us else _FIRST_RETRANSMIT_US


# kept for ever: libssl holds bare pointers to them
_ACCEPT_ANY = openssl.VerifyCallback(_accept_any)
_RETRANSMIT_AFTER = openssl.TimerCallback(_retransmit_after)


def _context(certificate: Certificate, profiles: tuple[str, ...]) -> int:
    context = lib.SSL_CTX_new(lib.DTLS_method())
    lib.SSL_CTX_ctrl(context, openssl.SSL_CTRL_SET_MIN_PROTO_VERSION, openssl.DTLS1_2_VERSION, None)
    lib.SSL_CTX_set_cipher_list(context, b"ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES:!SHA1:!aNULL")
    lib.SSL_CTX_use_certificate(context, certificate.x509)
    lib.SSL_CTX_use_PrivateKey(context, certificate.key)
    lib.SSL_CTX_set_verify(context, openssl.SSL_VERIFY_PEER | openssl.SSL_VERIFY_FAIL_IF_NO_PEER_CERT, None)
    lib.SSL_CTX_set_cert_verify_callback(context, _ACCEPT_ANY, None)
    # this one returns 0 for success
    if profiles and lib.SSL_CTX_set_tlsext_use_srtp(context, ":".join(profiles).encode()):
        raise DtlsError(f"libssl knows none of the SRTP profiles {profiles}")
    return int(context)


class DtlsSession:
    """One handshake, as client or server, over datagrams.

    Every method that moves the handshake returns the datagrams to send. Raises DtlsError when it fails, and
    NoSrtpProfileError when it ends without keys.
    """

    def __init__(self, certificate: Certificate, *, server: bool, profiles: tuple[str, ...] = OFFERED) -> None:
        self._certificate = certificate
        context = _context(certificate, profiles)
        self._ssl = lib.SSL_new(context)
        lib.SSL_CTX_free(context)  # the SSL holds its own reference
        self._in, self._out = lib.BIO_new(lib.BIO_s_mem()), lib.BIO_new(lib.BIO_s_mem())
        for bio in (self._in, self._out):
            lib.BIO_ctrl(bio, openssl.BIO_C_SET_BUF_MEM_EOF_RETURN, -1, None)
        lib.SSL_set_bio(self._ssl, self._in, self._out)
        lib.SSL_set_options(self._ssl, openssl.SSL_OP_NO_QUERY_MTU | openssl.SSL_OP_NO_TICKET)
        lib.SSL_ctrl(self._ssl, openssl.SSL_CTRL_SET_MTU, MTU, None)
        lib.DTLS_set_timer_cb(self._ssl, _RETRANSMIT_AFTER)
        self.server = server
        (lib.SSL_set_accept_state if server else lib.SSL_set_connect_state)(self._ssl)
        self._buffer = ctypes.create_string_buffer(4096)
        self.keys: SrtpKeys | None = None
        """There when the handshake is done. The fingerprint has not been checked by then."""
        self.closed = False
        """The far end sent close-notify."""

    def __del__(self) -> None:
        lib.SSL_free(self._ssl)  # frees both BIOs

    def start(self) -> list[bytes]:
        """The ClientHello, of a client; nothing, of a server."""
        return self._advance()

    def receive(self, datagram: bytes) -> list[bytes]:
        """Take one datagram from the far end."""
        lib.BIO_write(self._in, datagram, len(datagram))
        return self._advance()

    def timeout(self) -> float | None:
        """Seconds until `expired` must be called; None while nothing waits for an answer."""
        left = openssl.Timeval()
        if not lib.SSL_ctrl(self._ssl, openssl.DTLS_CTRL_GET_TIMEOUT, 0, ctypes.byref(left)):
            return None
        return float(left.seconds) + float(left.microseconds) / 1e6

    def expired(self) -> list[bytes]:
        """Retransmit the last flight."""
        lib.ERR_clear_error()
        if lib.SSL_ctrl(self._ssl, openssl.DTLS_CTRL_HANDLE_TIMEOUT, 0, None) < 0:
            raise DtlsError("the far end does not answer the DTLS handshake")
        return self._flush()

    def close(self) -> list[bytes]:
        """The close-notify."""
        if self.keys is not None:
            lib.ERR_clear_error()
            lib.SSL_shutdown(self._ssl)
        return self._flush()

    def matches(self, expected: Fingerprint) -> bool:
        """Whether the far end's certificate is the one whose fingerprint was signalled."""
        x509 = lib.SSL_get1_peer_certificate(self._ssl)
        if not x509:
            return False
        try:
            actual = fingerprint_of(_der(x509), expected.hash)
        finally:
            lib.X509_free(x509)
        return secrets.compare_digest(actual.encode(), expected.value.upper().encode())

    def _advance(self) -> list[bytes]:
        lib.ERR_clear_error()
        if self.keys is None:
            result = lib.SSL_do_handshake(self._ssl)
            if result == 1:
                self.keys = self._export()
        else:
            result = lib.SSL_read(self._ssl, self._buffer, len(self._buffer))
        if result <= 0:
            self._judge(result)
        return self._flush()

    def _judge(self, result: int) -> None:
        error = lib.SSL_get_error(self._ssl, result)
        if error == openssl.SSL_ERROR_ZERO_RETURN:
            self.closed = True
        elif error not in (openssl.SSL_ERROR_WANT_READ, openssl.SSL_ERROR_WANT_WRITE):
            reason = lib.ERR_reason_error_string(lib.ERR_get_error())
            raise DtlsError(f"DTLS failed: {reason.decode() if reason else 'unknown reason'}")

    def _export(self) -> SrtpKeys:
        selected = lib.SSL_get_selected_srtp_profile(self._ssl)
        if not selected:
            raise NoSrtpProfileError(
                "the DTLS handshake ended without an SRTP profile; the far end cannot do DTLS-SRTP"
            )
        profile = selected.contents.name.decode()
        key_size, salt_size = _PROFILES[profile]
        size = 2 * (key_size + salt_size)
        material = ctypes.create_string_buffer(size)
        label = b"EXTRACTOR-dtls_srtp"
        if lib.SSL_export_keying_material(self._ssl, material, size, label, len(label), None, 0, 0) != 1:
            raise DtlsError("libssl exported no keying material")
        # RFC 5764 4.2: client key, server key, client salt, server salt
        keys, salts = material.raw[: 2 * key_size], material.raw[2 * key_size :]
        client = keys[:key_size] + salts[:salt_size]
        server = keys[key_size:] + salts[salt_size:]
        return SrtpKeys(profile, server, client) if self.server else SrtpKeys(profile, client, server)

    def _flush(self) -> list[bytes]:
        pending = lib.BIO_ctrl_pending(self._out)
        if not pending:
            return []
        buffer = ctypes.create_string_buffer(pending)
        size = lib.BIO_read(self._out, buffer, pending)
        return list(_datagrams(buffer.raw[:size]))


def _datagrams(flight: bytes) -> Iterator[bytes]:
    """Cut a flight at record borders: the memory BIO has joined what must travel apart (RFC 6347 4.1.1)."""
    start = end = 0
    while end < len(flight):
        size = _RECORD_HEADER + int.from_bytes(flight[end + 11 : end + 13], "big")
        if end > start and end + size - start > MTU:
            yield flight[start:end]
            start = end
        end += size
    yield flight[start:]
