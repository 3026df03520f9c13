"""The few libssl functions that DTLS-SRTP needs, by ctypes: the library that Python's own `ssl` has loaded.

pyOpenSSL would do the same through `cryptography`, which costs 9 MB resident: a quarter of what the whole
media process may take. Nothing outside `dtls.py` uses this module.
"""

from __future__ import annotations

from ctypes import CDLL, CFUNCTYPE, POINTER, Structure, c_char_p, c_int, c_long, c_size_t, c_uint, c_ulong, c_void_p

SSL_ERROR_WANT_READ = 2
SSL_ERROR_WANT_WRITE = 3
SSL_ERROR_ZERO_RETURN = 6
SSL_CTRL_SET_MTU = 17
DTLS_CTRL_GET_TIMEOUT = 73
DTLS_CTRL_HANDLE_TIMEOUT = 74
SSL_CTRL_SET_MIN_PROTO_VERSION = 123
DTLS1_2_VERSION = 0xFEFD
SSL_OP_NO_QUERY_MTU = 0x1000
SSL_OP_NO_TICKET = 0x4000
SSL_VERIFY_PEER = 1
SSL_VERIFY_FAIL_IF_NO_PEER_CERT = 2
BIO_C_SET_BUF_MEM_EOF_RETURN = 130
MBSTRING_ASC = 0x1001


class SrtpProfile(Structure):
    """SRTP_PROTECTION_PROFILE."""

    _fields_ = (("name", c_char_p), ("id", c_ulong))


class Timeval(Structure):
    """struct timeval."""

    _fields_ = (("seconds", c_long), ("microseconds", c_long))


VerifyCallback = CFUNCTYPE(c_int, c_void_p, c_void_p)
TimerCallback = CFUNCTYPE(c_uint, c_void_p, c_uint)

# name: (result, arguments)
_SIGNATURES: dict[str, tuple[object, tuple[object, ...]]] = {
    "DTLS_method": (c_void_p, ()),
    "SSL_CTX_new": (c_void_p, (c_void_p,)),
    "SSL_CTX_free": (None, (c_void_p,)),
    "SSL_CTX_ctrl": (c_long, (c_void_p, c_int, c_long, c_void_p)),
    "SSL_CTX_use_certificate": (c_int, (c_void_p, c_void_p)),
    "SSL_CTX_use_PrivateKey": (c_int, (c_void_p, c_void_p)),
    "SSL_CTX_set_cipher_list": (c_int, (c_void_p, c_char_p)),
    "SSL_CTX_set_tlsext_use_srtp": (c_int, (c_void_p, c_char_p)),
    "SSL_CTX_set_verify": (None, (c_void_p, c_int, c_void_p)),
    "SSL_CTX_set_cert_verify_callback": (None, (c_void_p, VerifyCallback, c_void_p)),
    "SSL_new": (c_void_p, (c_void_p,)),
    "SSL_free": (None, (c_void_p,)),
    "SSL_set_options": (c_ulong, (c_void_p, c_ulong)),
    "SSL_ctrl": (c_long, (c_void_p, c_int, c_long, c_void_p)),
    "SSL_set_bio": (None, (c_void_p, c_void_p, c_void_p)),
    "SSL_set_connect_state": (None, (c_void_p,)),
    "SSL_set_accept_state": (None, (c_void_p,)),
    "SSL_do_handshake": (c_int, (c_void_p,)),
    "SSL_get_error": (c_int, (c_void_p, c_int)),
    "SSL_read": (c_int, (c_void_p, c_void_p, c_int)),
    "SSL_shutdown": (c_int, (c_void_p,)),
    "SSL_get1_peer_certificate": (c_void_p, (c_void_p,)),
    "SSL_get_selected_srtp_profile": (POINTER(SrtpProfile), (c_void_p,)),
    "SSL_export_keying_material": (
        c_int,
        (c_void_p, c_char_p, c_size_t, c_char_p, c_size_t, c_char_p, c_size_t, c_int),
    ),
    "DTLS_set_timer_cb": (None, (c_void_p, TimerCallback)),
    "BIO_new": (c_void_p, (c_void_p,)),
    "BIO_s_mem": (c_void_p, ()),
    "BIO_ctrl": (c_long, (c_void_p, c_int, c_long, c_void_p)),
    "BIO_ctrl_pending": (c_size_t, (c_void_p,)),
    "BIO_read": (c_int, (c_void_p, c_void_p, c_int)),
    "BIO_write": (c_int, (c_void_p, c_char_p, c_int)),
    "ERR_clear_error": (None, ()),
    "ERR_get_error": (c_ulong, ()),
    "ERR_reason_error_string": (c_char_p, (c_ulong,)),
    "EVP_PKEY_Q_keygen": (c_void_p, (c_void_p, c_char_p, c_char_p, c_char_p)),
    "EVP_PKEY_free": (None, (c_void_p,)),
    "EVP_sha256": (c_void_p, ()),
    "X509_new": (c_void_p, ()),
    "X509_free": (None, (c_void_p,)),
    "X509_set_version": (c_int, (c_void_p, c_long)),
    "X509_get_serialNumber": (c_void_p, (c_void_p,)),
    "ASN1_INTEGER_set": (c_int, (c_void_p, c_long)),
    "X509_getm_notBefore": (c_void_p, (c_void_p,)),
    "X509_getm_notAfter": (c_void_p, (c_void_p,)),
    "X509_gmtime_adj": (c_void_p, (c_void_p, c_long)),
    "X509_set_pubkey": (c_int, (c_void_p, c_void_p)),
    "X509_get_subject_name": (c_void_p, (c_void_p,)),
    "X509_NAME_add_entry_by_txt": (c_int, (c_void_p, c_char_p, c_int, c_char_p, c_int, c_int, c_int)),
    "X509_set_issuer_name": (c_int, (c_void_p, c_void_p)),
    "X509_sign": (c_int, (c_void_p, c_void_p, c_void_p)),
    "i2d_X509": (c_int, (c_void_p, POINTER(c_char_p))),
}


def _load() -> CDLL:
    """Load libssl 3 (its functions live in libcrypto too, which it brings). Raises OSError without it."""
    library = CDLL("libssl.so.3")
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


lib = _load()
