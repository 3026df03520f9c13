"""SRTP and SRTCP by libsrtp: one session a direction. Replayed and forged packets are refused, never raised."""

from __future__ import annotations

from pylibsrtp import Error, Policy, Session

from phone.media.dtls import SrtpKeys

_PROFILES = {
    "SRTP_AEAD_AES_256_GCM": Policy.SRTP_PROFILE_AEAD_AES_256_GCM,
    "SRTP_AEAD_AES_128_GCM": Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
    "SRTP_AES128_CM_SHA1_80": Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
}
_WINDOW = 1024
"""Packets: late ones are still taken, so that the jitter buffer decides (libsrtp's own default is 128)."""


class Srtp:
    """Both directions of one leg. `protect` belongs to the audio thread, all else to the loop: libsrtp's sessions
    are not thread-safe, so RTCP is sent by one of its own (its keys and index are apart anyway, RFC 3711 3.2.1).
    """

    def __init__(self, keys: SrtpKeys) -> None:
        self.profile = keys.profile
        self._send = _session(keys.profile, keys.send, Policy.SSRC_ANY_OUTBOUND)
        self._send_rtcp = _session(keys.profile, keys.send, Policy.SSRC_ANY_OUTBOUND)
        self._receive = _session(keys.profile, keys.receive, Policy.SSRC_ANY_INBOUND)

    def protect(self, packet: bytes) -> bytes:
        """Encrypt one RTP packet that we made."""
        return self._send.protect(packet)

    def protect_rtcp(self, packet: bytes) -> bytes:
        """Encrypt one RTCP packet that we made."""
        return self._send_rtcp.protect_rtcp(packet)

    def open(self, packet: bytes) -> bytes | None:
        """Decrypt one RTP packet; None: forged, damaged or seen before."""
        try:
            return self._receive.unprotect(packet)
        except (Error, ValueError):
            return None

    def open_rtcp(self, packet: bytes) -> bytes | None:
        """Decrypt one RTCP packet; None: forged, damaged or seen before."""
        try:
            return self._receive.unprotect_rtcp(packet)
        except (Error, ValueError):
            return None


def _session(profile: str, key: bytes, direction: int) -> Session:
    policy = Policy(key=key, ssrc_type=direction, srtp_profile=_PROFILES[profile])
    policy.window_size = _WINDOW
    return Session(policy)
