"""What `phone status` shows, gathered from state, levels and measurements."""

from __future__ import annotations

from typing import Literal

import msgspec

from phone import __version__
from phone.calls.model import Answering, Call, Method, Service
from phone.calls.outputs import outputs
from phone.control import CallStatus, StatusReply
from phone.engine import Engine
from phone.measured import LegFacts
from phone.ui.screens import lines

_ANSWERING: dict[Answering, Literal["greeting", "recording"]] = {
    Answering.GREETING: "greeting",
    Answering.RECORDING: "recording",
}
_METHODS: dict[Method, Literal["transfer", "bridge"]] = {Method.TRANSFER: "transfer", Method.BRIDGE: "bridge"}


def status(engine: Engine, account: str, started_at: float) -> StatusReply:
    """The whole of it, now. `account` is the bare JID of the config; times are monotonic seconds."""
    phone, now = engine.phone, engine.now()
    out = outputs(phone)
    registered = phone.service is Service.ONLINE
    return StatusReply(
        version=__version__,
        uptime_seconds=round(now - started_at, 1),
        account=(registered and engine.ports.client.full_jid) or account,
        registered=registered,
        why=engine.trouble(),
        off_hook=phone.off_hook,
        calls=tuple(_call(c, engine.measured.facts.get(c.id, LegFacts()), now) for c in phone.calls),
        lamps=tuple(sorted(engine.levels.lit or ())),
        tone=out.tone.value if out.tone else None,
        ringer=out.ringer,
        screen=lines(engine.levels.shown) if engine.levels.shown else (),
        audio_troubles=tuple(engine.measured.troubles.values()),
        xruns=engine.measured.alive.xruns if engine.measured.alive else 0,
        faults=engine.guard.faults.total(),
        speaker=phone.speaker,
        muted=phone.muted,
        dnd=phone.dnd,
        locked=phone.locked,
        recall=phone.recall or "",
        ring=out.ring if out.ringer else 0,
        new_messages=phone.mail.new,
        old_messages=phone.mail.old,
        mailbox=phone.mailbox,
        dictating=phone.dictation.name if phone.dictation else "",
        mailbox_trouble=engine.book.box.trouble,
    )


def _call(c: Call, facts: LegFacts, now: float) -> CallStatus:
    bare = CallStatus(
        id=c.id,
        peer=c.peer,
        name=c.name,
        direction="out" if c.outgoing else "in",
        progress=c.progress.value,
        held=c.held_by_peer,
        encrypted=c.encrypted,
        srtp_profile=facts.profile,
        seconds=round(now - c.answered_at, 1) if c.answered_at is not None and c.live else 0.0,
        held_by_us=c.held,
        conference=c.joined,
        bridged_to=c.bridged or "",
        via=c.via,
        handover=c.handover.name if c.handover else "",
        handover_method=_METHODS[c.handover.method] if c.handover else "",
        answering=_ANSWERING[c.answering] if c.answering and c.live else "",
        message=c.message,
        digits=facts.digits,
    )
    return _measured(bare, facts)


def _measured(c: CallStatus, facts: LegFacts) -> CallStatus:
    if (s := facts.stats) is None:
        return c
    return msgspec.structs.replace(
        c,
        codec=s.codec,
        packet_ms=s.ptime,
        round_trip_ms=s.round_trip_ms,
        loss_percent=s.loss_percent,
        far_loss_percent=s.far_loss_percent,
        concealed_ms=s.concealed_ms,
        jitter_buffer_ms=s.jitter_buffer_ms,
        refused=s.rejected,
    )
