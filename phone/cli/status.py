"""`phone status`: registered or why not, calls with their figures, lamps, tone, the lines on the screen."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping

from phone.cli.common import add_command, add_config, add_json, control_socket, duration, show
from phone.control import CallStatus, Status, StatusReply, TrialStatus, ask


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Its arguments."""
    examples = ("phone status", "phone status --json | jq .registered")
    parser = add_command(commands, "status", status, "how the phone is: service, calls, lamps, tone, screen", examples)
    add_config(parser)
    add_json(parser)


def status(options: argparse.Namespace) -> int:
    """Raises ControlError if the phone is not running."""
    reply = ask(control_socket(options), Status())
    show(reply, _lines(reply), as_json=options.json)
    return 0


def _lines(reply: StatusReply) -> Iterator[str]:
    if not reply.account:
        yield reply.why
    else:
        yield f"{reply.account}: {'registered' if reply.registered else f'not registered: {reply.why}'}"
    yield f"phone {reply.version}, up {duration(reply.uptime_seconds)}, {', '.join(_desk(reply))}"
    if reply.trial:
        yield _trial(reply.trial)
    yield from reply.audio_troubles
    yield from reply.desk_troubles
    if reply.mailbox_trouble:
        yield reply.mailbox_trouble
    if reply.faults:
        yield f"{reply.faults} of the phone's own faults showed: please report what its log says (journalctl -u phone)"
    names = {call.id: call.name for call in reply.calls}
    for call in reply.calls:
        yield from _call(call, names, recalled=call.id == reply.recall)
    yield f"messages: {reply.new_messages} new, {reply.old_messages} old"
    yield f"lamps: {', '.join(reply.lamps) or 'dark'}"
    yield f"tone: {reply.tone or 'none'}{_ringer(reply)}"
    yield "screen:"
    yield from (f"  | {line}" for line in reply.screen)


def _trial(trial: TrialStatus) -> str:
    version = f"version {trial.version} of the config"
    if trial.seconds_left is None:
        return f"{version} is to be tried: the phone starts anew with it once nobody is on the line"
    end = f"in {trial.seconds_left:.0f} s{', or when its session ends' if trial.session else ''}"
    return f"{version} is on trial: version {trial.previous} comes back {end}; keep it: phone provision confirm"


def _desk(reply: StatusReply) -> Iterator[str]:
    yield "off-hook" if reply.off_hook else "on-hook"
    if reply.speaker:
        yield "on the speaker"
    if reply.muted:
        yield "muted"
    if reply.dnd:
        yield "do not disturb"
    if reply.locked:
        yield "keypad locked"
    if reply.mailbox:
        yield "listening to messages"
    if reply.dictating:
        yield f"dictating a message to {reply.dictating}"


def _ringer(reply: StatusReply) -> str:
    if not reply.ringer:
        return ""
    tune = "tune " if isinstance(reply.ring, int) else ""
    return f", the ringer rings with {tune}{reply.ring}" if reply.ring else ", the ringer rings"


def _call(call: CallStatus, names: Mapping[str, str], *, recalled: bool) -> Iterator[str]:
    arrow = "to" if call.direction == "out" else "from"
    facts = (*_progress(call), *_company(call, names), *(("rings back",) if recalled else ()))
    yield f"call {arrow} {call.name} <{call.peer}>: {', '.join(facts)}"
    if figures := tuple(_figures(call)):
        yield f"  {', '.join(figures)}"


def _progress(call: CallStatus) -> Iterator[str]:
    yield call.progress
    if call.seconds:
        yield duration(call.seconds)
    if call.held_by_us:
        yield "held"
    if call.held:
        yield "on hold at the far end"
    if call.encrypted is not None:
        yield "encrypted" if call.encrypted else "NOT encrypted"


def _company(call: CallStatus, names: Mapping[str, str]) -> Iterator[str]:
    """Who else has to do with it. Names come from far ends, too."""
    if call.conference:
        yield "in the conference"
    if call.bridged_to:
        yield f"joined to {names.get(call.bridged_to, call.bridged_to)} through this phone"
    if call.handover:
        how = {"transfer": " by transfer", "bridge": " through this phone"}.get(call.handover_method, "")
        yield f"being handed over to {call.handover}{how}"
    if call.message:
        yield "to leave a message"
    if call.answering:
        yield {"greeting": "hears the greeting", "recording": "leaves a message"}[call.answering]
    if call.via:
        yield f"transferred by {call.via} (unverified)"


def _figures(call: CallStatus) -> Iterator[str]:
    if call.codec is not None:
        yield f"{call.codec} {call.packet_ms} ms" if call.packet_ms else call.codec
    if call.round_trip_ms is not None:
        yield f"round trip {call.round_trip_ms:.0f} ms"
    if call.loss_percent is not None:
        yield f"loss {call.loss_percent:.1f} %"
    if call.far_loss_percent is not None:
        yield f"loss at the far end {call.far_loss_percent:.1f} %"
    if call.concealed_ms is not None:
        yield f"concealed {call.concealed_ms} ms"
    if call.jitter_buffer_ms is not None:
        yield f"jitter buffer {call.jitter_buffer_ms:.0f} ms"
