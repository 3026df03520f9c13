"""Between the Jingle room's values and the media process's: pure translation, no policy of its own.

The two rooms do not know each other; where both name the same fact, this file says how.
"""

from __future__ import annotations

from typing import Literal, cast

from phone.calls.outputs import Feed
from phone.jingle.api import IceCandidate, LocalMedia, MediaWish, Payload
from phone.media import plan
from phone.media.planprobes import IceServer
from phone.xmpp.api import IceServerFact

DEFAULT_PTIME = 20

CandidateType = Literal["host", "srflx", "prflx", "relay"]


def candidate_down(c: IceCandidate) -> plan.Candidate:
    """A far end's candidate, as the media process takes it; an unknown type counts as host."""
    kind = c.type if c.type in {"host", "srflx", "prflx", "relay"} else "host"
    return plan.Candidate(
        component=c.component,
        foundation=c.foundation,
        ip=c.ip,
        port=c.port,
        priority=c.priority,
        type=cast(CandidateType, kind),
        related_ip=c.related_ip,
        related_port=c.related_port,
        generation=c.generation,
        username=c.username,
    )


def candidate_up(c: plan.Candidate) -> IceCandidate:
    """One of our own candidates, as the Jingle room tells it."""
    return IceCandidate(
        component=c.component,
        foundation=c.foundation,
        ip=c.ip,
        port=c.port,
        priority=c.priority,
        type=c.type,
        related_ip=c.related_ip,
        related_port=c.related_port,
        generation=c.generation,
        username=c.username,
    )


def codec(p: Payload) -> plan.Codec:
    """An RTP payload type; the media process compares names in lower case."""
    return plan.Codec(p.name.lower(), p.id, p.clock_rate, p.channels, dict(p.parameters))


def local_media(d: plan.LegDescribed) -> LocalMedia:
    """What the media process told of its side of a leg."""
    return LocalMedia(
        ufrag=d.ufrag,
        pwd=d.pwd,
        fingerprint_hash=d.fingerprint.hash,
        fingerprint=d.fingerprint.value,
        candidates=tuple(map(candidate_up, d.candidates)),
        restart=d.restart,
    )


def leg_plan(
    w: MediaWish,
    packet_ms: int,
    feed: Feed = Feed.MICROPHONE,
    bridge: str | None = None,
    *,
    held: bool = False,
    say: tuple[str, ...] = (),
    record: bool = False,
) -> plan.LegPlan:
    """One leg as it should stand now; `packet_ms` is ours to choose unless the far end asked for another length.

    `feed`: what the far end hears; with Feed.BRIDGE the speech of leg `bridge`, with Feed.GREETING the files `say`.
    `held`: the far end holds us. `record`: what it says is recorded.
    """
    return plan.LegPlan(
        id=w.id,
        controlling=w.controlling,
        transport=cast(plan.TransportKind, w.transport),
        security=cast(plan.Security, w.security),
        dtls_role=cast(plan.DtlsRole, w.dtls_role),
        codecs=tuple(map(codec, w.codecs)),
        receive=tuple(map(codec, w.receive)),
        ptime=packet_ms if w.ptime == DEFAULT_PTIME else w.ptime,
        rtcp_mux=w.rtcp_mux,
        remote=_remote(w),
        restart=w.restart,
        before_ice=w.before_ice,
        feed="say" if feed is Feed.GREETING else feed.value,
        held=held,
        bridge=bridge,
        say=say if feed is Feed.GREETING else (),
        record=record,
    )


def _remote(w: MediaWish) -> plan.Remote | None:
    print_ = plan.Fingerprint(w.fingerprint_hash, w.fingerprint) if w.fingerprint_hash and w.fingerprint else None
    if w.ufrag is None and print_ is None and not w.candidates:
        return None
    return plan.Remote(w.ufrag, w.pwd, print_, tuple(map(candidate_down, w.candidates)))


def ice_server(f: IceServerFact) -> IceServer:
    """A STUN or TURN service that our server named (XEP-0215)."""
    transport = f.transport if f.transport in {"udp", "tcp", "tls"} else "udp"
    return IceServer(f.kind, f.host, f.port, cast(Literal["udp", "tcp", "tls"], transport), f.username, f.password)
