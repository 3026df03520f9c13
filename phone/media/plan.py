"""The typed values between the two processes: plans go down, reports come up.

A `Plan` is a level: the whole of what the media process should be doing now, newest wins, so that nothing
can stick. Only what is one-shot by nature (`SendDigit`) is a message of its own. Each message is one
msgpack datagram on a SOCK_SEQPACKET Unix socket, made and checked by msgspec; a report that does not decode
is our own bug and raises.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from phone.media.captured import Captured
from phone.media.planprobes import AskServers, IceServer, Probed, ServersAsked
from phone.media.planrecordings import Play, PlayAt, PlayDone, Recorded, RecordedAll, SkipPlay
from phone.media.soundcard import CardMixer, Device

Security = Literal["dtls", "plain"]
DtlsRole = Literal["client", "server", "either"]
"""`either`: we offered actpass and do not know yet (RFC 5763): be ready to answer as server."""
TransportKind = Literal["ice", "raw", "gice"]
"""`gice`: Google's p2p transport, with checks of before RFC 5245; never encrypted."""
Feed = Literal["microphone", "music", "ringback", "silence", "bridge", "say"]
"""What a far end hears: `calls.outputs.Feed` values. `microphone` is open only for legs in `AudioPlan.talk`."""


class Candidate(msgspec.Struct, frozen=True):
    """One ICE candidate (RFC 8839, XEP-0176). UDP alone; raw-udp (XEP-0177) uses component, ip and port."""

    component: int
    foundation: str
    ip: str
    port: int
    priority: int
    type: Literal["host", "srflx", "prflx", "relay"] = "host"
    related_ip: str | None = None
    related_port: int | None = None
    generation: int = 0
    username: str = ""
    """Of `gice` alone, where each candidate has its own: 16 characters of base64."""


class Fingerprint(msgspec.Struct, frozen=True):
    """Certificate fingerprint (RFC 8122). `value` is upper-case hex with colons."""

    hash: str
    value: str


class Codec(msgspec.Struct, frozen=True):
    """One RTP payload type (RFC 3551). `name` is lower case: opus, pcmu, pcma, telephone-event."""

    name: str
    payload_type: int
    clock_rate: int
    channels: int = 1
    parameters: dict[str, str] = {}


class Remote(msgspec.Struct, frozen=True):
    """What is known of the far end. Fields come one by one: a browser sends ufrag with its first candidate."""

    ufrag: str | None = None
    pwd: str | None = None
    fingerprint: Fingerprint | None = None
    """None while unknown: DTLS may finish, but nothing is played or sent until it has been checked."""
    candidates: tuple[Candidate, ...] = ()


class LegPlan(msgspec.Struct, frozen=True):
    """One call leg as it should be now. The leg exists while it is in the plan; gone from it, it is closed."""

    id: str
    controlling: bool
    """We are the ICE controlling side: the Jingle initiator."""
    transport: TransportKind = "ice"
    security: Security = "dtls"
    dtls_role: DtlsRole = "either"
    codecs: tuple[Codec, ...] = ()
    """What the far end agreed to receive, its preference first: the first audio one is sent. Empty before
    the answer; what `receive` names is understood from the start."""
    receive: tuple[Codec, ...] = ()
    """What we told the far end that we understand (our offer or answer): maps incoming payload types."""
    ptime: int = 20
    """Milliseconds of speech in a packet sent: 10, 20, 40 or 60."""
    rtcp_mux: bool = True
    remote: Remote | None = None
    restart: int = 0
    """ICE generation: a higher number asks for a new ICE connection under the same DTLS and SRTP."""
    before_ice: bool = False
    """Plain RTP without finished ICE checks is accepted and answered (Yate, PEERS.md); only with `plain`."""
    feed: Feed = "microphone"
    bridge: str | None = None
    """With feed `bridge`: the leg whose speech goes to this one; both legs of a pair name each other."""
    held: bool = False
    """The far end holds us: it may send nothing for long, and ICE consent and RTCP alone tell whether it is there."""
    say: tuple[str, ...] = ()
    """With feed `say`: Ogg Opus files that the far end hears once, one after the other, from when the leg is up and
    answered; then silence. `LegSaid` tells that it is over. Other files: they begin."""
    record: bool = False
    """What the far end says goes up as `Recorded`."""


class AudioPlan(msgspec.Struct, frozen=True):
    """What handset and ringer do now."""

    handset: bool = False
    """The handset's card runs."""
    tone: str | None = None
    """A `calls.outputs.Tone` value."""
    key_tone: str | None = None
    """One of 0-9 * #: DTMF fed back to the ear; sounds at least 60 ms."""
    talk: tuple[str, ...] = ()
    """The legs that are heard. More than one is a conference: each far end also hears the others (N-1 mix)."""
    send: bool = False
    """The microphone is open on `talk`; else those legs get silence (after the answer) or nothing (before)."""
    ringer: bool = False
    handset_volume: int = 80
    """Percent, 0 to 100; 80 is as the far end sent it, 100 is 6 dB more."""
    ringer_volume: int = 80
    speaker: bool = False
    """Hands-free: the speaker's card runs in the handset's place (never both)."""
    speaker_volume: int = 80
    ring: int | str = 0
    """Which ring tune, 1 to 5; 0: the country's; else the path of a WAV file, which is played with pauses."""
    listen: tuple[str, ...] = ()
    """Legs that are heard and not spoken to: each hears what its own feed says."""
    play: Play | None = None
    record: str = ""
    """The microphone goes up as `Recorded` under this name, which is no leg's id; "": it does not."""
    probe: int = 0
    """Measure the way from ear to microphone, once for each number -> `Probed`; nothing else is heard then. 0: no."""


class Setup(msgspec.Struct, frozen=True, tag=True):
    """Sent once, first."""

    handset: Device
    ringer: Device
    speaker: Device = Device()
    headset: Device = Device()
    """In the handset's place while `jack` tells that it is plugged in."""
    jack: str = ""
    """A part of the name of the input device that does; "": none."""
    mixer: CardMixer = CardMixer()
    hold: str = "music"
    """What held far ends hear: `music` (the project's own tune), `tone` (a soft beep), or the path of a WAV file."""
    country: str = "de"
    addresses: tuple[str, ...] = ()
    """Local IP addresses to gather host candidates on; empty: all of this machine but loopback."""
    ice_servers: tuple[IceServer, ...] = ()
    relay_only: bool = False
    """Only relayed candidates are used (tests of TURN; privacy)."""
    opus_complexity: int = 5
    opus_bitrate: int = 48_000
    """Bits a second; more while the far end reports losses. PESQ of the codec: 3.4 at 28, 3.8 at 40, 4.0 at 48."""
    port_range: tuple[int, int] = (0, 0)
    log_level: str = "INFO"


class Plan(msgspec.Struct, frozen=True, tag=True):
    """All of it, newest wins."""

    audio: AudioPlan
    legs: tuple[LegPlan, ...] = ()
    ice_servers: tuple[IceServer, ...] = ()
    capture: int = 0
    """The headers of all packets go up as `Captured` of that token; 0: they do not."""


class SendDigit(msgspec.Struct, frozen=True, tag=True):
    """Send an RFC 4733 event on a leg; queued behind the ones before it, 100 ms each, 60 ms apart."""

    leg: str
    digit: str
    ms: int = 100


class PlayDigit(msgspec.Struct, frozen=True, tag=True):
    """The ear hears a digit that came by signalling (XEP-0181), as it would one by RFC 4733."""

    leg: str
    digit: str


Down = Setup | Plan | SendDigit | PlayDigit | SkipPlay | AskServers


class LegDescribed(msgspec.Struct, frozen=True, tag=True):
    """A leg's local side is ready to be told to the far end: sent at once with the host candidates."""

    leg: str
    ufrag: str
    pwd: str
    fingerprint: Fingerprint
    candidates: tuple[Candidate, ...]
    restart: int = 0


class LegCandidate(msgspec.Struct, frozen=True, tag=True):
    """One more local candidate (server-reflexive, relayed): trickle it."""

    leg: str
    candidate: Candidate
    restart: int = 0


class LegUp(msgspec.Struct, frozen=True, tag=True):
    """The path is open: ICE has a pair and, with DTLS, SRTP keys are there and the fingerprint is right."""

    leg: str
    encrypted: bool
    profile: str
    """SRTP profile, or "" for plain RTP."""


LegFault = Literal["ice", "dtls", "no-srtp", "fingerprint", "timeout", "no-rtp", "codec", "internal"]


class LegFailed(msgspec.Struct, frozen=True, tag=True):
    """The leg cannot go on. `no-rtp`: nothing arrived for a long time though the call is up."""

    leg: str
    fault: LegFault
    detail: str


class LegStats(msgspec.Struct, frozen=True, tag=True):
    """Once a second for each leg that is up. Times in milliseconds."""

    leg: str
    codec: str
    ptime: int
    round_trip_ms: float | None
    sent: int
    received: int
    lost: int
    loss_percent: float
    """Of the last report interval, what we received."""
    far_loss_percent: float | None
    """What the far end reports of what we sent."""
    concealed_ms: int
    jitter_ms: float
    jitter_buffer_ms: float
    rejected: int
    """Packets refused: bad authentication, replay, malformed, stranger's address, unknown payload type."""
    path: str = ""
    """Kinds of the two ICE candidates, ours first: "host-srflx"; without ICE "raw", or "p2p-host" and the like."""


class DigitHeard(msgspec.Struct, frozen=True, tag=True):
    """A far end's RFC 4733 event has begun."""

    leg: str
    digit: str


Troubled = Literal["handset", "speaker", "ringer", "ring", "hold", "mixer", "jack"]


class AudioTrouble(msgspec.Struct, frozen=True, tag=True):
    """A card is missing, vanished or refuses 48 kHz: a plain sentence with the device's name; "" when mended.

    Of `ring` and `hold`: a file cannot be played. Of `mixer`: a control is missing or refuses its value. Of `jack`:
    nothing tells whether a headset is plugged in.
    """

    device: Troubled
    sentence: str


class Alive(msgspec.Struct, frozen=True, tag=True):
    """Once a second: the loop turns and, while the handset runs, so does the audio thread."""

    audio_ticks: int
    xruns: int
    stuck: float = 0.0
    """Seconds since the audio thread came round last; 0 while it has nothing to do."""


class LegSaid(msgspec.Struct, frozen=True, tag=True):
    """The far end has heard all of `LegPlan.say`."""

    leg: str


Report = (
    LegDescribed
    | LegCandidate
    | LegUp
    | LegFailed
    | LegStats
    | LegSaid
    | DigitHeard
    | Recorded
    | RecordedAll
    | PlayAt
    | PlayDone
    | AudioTrouble
    | Alive
    | Captured
    | Probed
    | ServersAsked
)


_down: msgspec.msgpack.Decoder[Down] = msgspec.msgpack.Decoder(Down)
_report: msgspec.msgpack.Decoder[Report] = msgspec.msgpack.Decoder(Report)
_encoder = msgspec.msgpack.Encoder()


def encode(message: Down | Report) -> bytes:
    """The wire form of one message."""
    return _encoder.encode(message)


def decode_down(data: bytes) -> Down:
    """A message from the control process. Raises msgspec.DecodeError on nonsense."""
    return _down.decode(data)


def decode_report(data: bytes) -> Report:
    """A message from the media process. Raises msgspec.DecodeError on nonsense."""
    return _report.decode(data)
