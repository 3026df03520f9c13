"""What Dino's and Conversations' calls have in common: XEP-0353 before, DTLS under, Opus in."""

from __future__ import annotations

from functools import partial
from xml.etree.ElementTree import Element

import pytest
from peers.rtp_end import HZ_THERE, LegEnd
from peers.xmpp_peer import DTLS, ICE, JMI, RTP, N, Peer

from phone.media import dtls, handshake
from phone.media.openssl import lib
from phone.media.plan import Codec

OPUS = Codec("opus", 111, 48_000, 2)
EVENTS = Codec("telephone-event", 101, 8000)
PROPOSED = f"<description xmlns='{RTP}' media='audio'/>"


def jmi(verb: str, sid: str, inner: str = "") -> str:
    return f"<{verb} xmlns='{JMI}' id='{sid}'>{inner}</{verb}>"


def why(condition: str) -> str:
    return f"<reason xmlns='urn:xmpp:jingle:1'><{condition}/></reason>"


def softphone(*, calling: bool, hz: float = HZ_THERE) -> LegEnd:
    """The caller offers actpass, the callee is active (RFC 5763)."""
    return LegEnd((OPUS, EVENTS), calling=calling, security="dtls", dtls_role="either" if calling else "client", hz=hz)


def transport(far: LegEnd, setup: str, *, components: int = 1, print_: str = "") -> str:
    """With all that is known of the far end at once."""
    candidates = "".join(
        f"<candidate port='{far.port + n - 1}' network='0' generation='0' id='6ee250a{n}' foundation='1' "
        f"ip='127.0.0.1' priority='{2015363328 - n}' protocol='udp' component='{n}' type='host'/>"
        for n in range(1, components + 1)
    )
    return (
        f"<transport xmlns='{ICE}' {far.credentials}>"
        f"<fingerprint xmlns='{DTLS}' hash='sha-256' setup='{setup}'>{print_ or far.fingerprint}</fingerprint>"
        f"{candidates}</transport>"
    )


def setup_of(payload: Element) -> str | None:
    """Who begins the handshake, by the phone's word."""
    told = payload.find(".//d:fingerprint", N)
    return None if told is None else told.get("setup")


async def phone_takes(client: Peer, offer: str) -> Element:
    """The phone's session-accept of a session-initiate sent now."""
    await client.acked(offer)
    return await client.expect("session-accept", within=5)


class FromTomorrow(dtls.Certificate):
    """Dated as Dino's is."""

    def __init__(self) -> None:
        super().__init__()
        lib.X509_gmtime_adj(lib.X509_getm_notBefore(self.x509), 86_400)
        assert lib.X509_sign(self.x509, self.key, lib.EVP_sha256())
        self.der = dtls._der(self.x509)


def offer_profiles(patch: pytest.MonkeyPatch, *names: str) -> None:
    """The far end's handshakes know these SRTP profiles alone."""
    patch.setattr(handshake, "DtlsSession", partial(dtls.DtlsSession, profiles=names))
