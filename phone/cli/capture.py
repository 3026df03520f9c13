"""`phone capture`: the headers of a call's packets as a pcap file, for Wireshark; no speech is in it."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from phone.cli.common import add_command, add_config, add_json, control_socket, show
from phone.control import CaptureBegin, CapturedPacket, CaptureEnd, CaptureReply, CaptureTake, ControlError, ask
from phone.control.support import LONGEST_CAPTURE
from phone.report.output import STDOUT, not_for_a_terminal, output

_EVERY = 0.5
"""Seconds between two questions."""


class Capture(msgspec.Struct, frozen=True):
    """What was captured."""

    file: str
    packets: int
    dropped: int
    """Packets for which there was no room."""
    ok: bool = True


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Its arguments."""
    examples = (
        "phone capture --out call.pcap --seconds 60",
        "ssh you@desk phone capture --out - > call.pcap",
    )
    summary = "the headers of the calls' packets as a pcap file, without speech"
    parser = add_command(commands, "capture", capture, summary, examples)
    add_config(parser)
    add_json(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help='where to; "-" is stdout')
    parser.add_argument(
        "--seconds",
        type=_seconds,
        default=30.0,
        metavar="N",
        help=f"for so long, up to {LONGEST_CAPTURE:.0f} (30); Ctrl-C ends it",
    )


def capture(options: argparse.Namespace) -> int:
    """Raises ControlError if the phone is not running, somebody else captures, or the file cannot be written."""
    if options.json and options.out == STDOUT:
        raise ControlError("--json and --out - both want stdout: name a file")
    not_for_a_terminal(options.out)
    socket = control_socket(options)
    with output(options.out) as file, _capture(socket, options.seconds) as replies:
        from phone.report import pcap  # noqa: PLC0415 - see the package

        file.write(pcap.file_header())
        file.flush()
        count, dropped, trouble = 0, 0, ""
        try:
            for reply in replies:
                file.writelines(map(_record, reply.packets))
                file.flush()  # somebody may look at it live, or have gone
                count, dropped = count + len(reply.packets), reply.dropped
        except ControlError as error:
            trouble = f"{error}; what was captured before is in {options.out}"
    if trouble:
        raise ControlError(trouble)
    facts = Capture(str(options.out), count, dropped)
    if options.out == STDOUT:
        print("\n".join(_lines(facts)), file=sys.stderr)
    else:
        show(facts, _lines(facts), as_json=options.json)
    return 0


@contextmanager
def _capture(socket: Path, seconds: float) -> Iterator[Iterator[CaptureReply]]:
    """Its packets. It ends with this, whatever happens: else the phone would keep it until it knows itself deserted."""
    token = ask(socket, CaptureBegin(seconds)).token
    try:
        yield _replies(socket, token)
    finally:
        _end(socket, token)


def _replies(socket: Path, token: int) -> Iterator[CaptureReply]:
    """Until it is over; Ctrl-C lets it end early."""
    over = False
    while not over:
        try:
            time.sleep(_EVERY)
        except KeyboardInterrupt:
            _end(socket, token)
        more = True
        while more:
            reply = ask(socket, CaptureTake(token))
            yield reply
            more, over = bool(reply.packets), reply.over


def _end(socket: Path, token: int) -> None:
    with suppress(ControlError):
        ask(socket, CaptureEnd(token))


def _record(packet: CapturedPacket) -> bytes:
    from phone.report import pcap  # noqa: PLC0415

    return pcap.record(packet.at, packet.source, packet.target, packet.size, packet.head)


def _lines(facts: Capture) -> Iterator[str]:
    where = "" if facts.file == str(STDOUT) else f" in {facts.file}"
    yield f"{facts.packets} packets{where}: headers alone, no speech"
    if facts.dropped:
        yield f"{facts.dropped} more came too fast to be kept"
    if not facts.packets:
        yield "nothing was sent or received: begin a call, and capture while it lasts"


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= LONGEST_CAPTURE:
        raise argparse.ArgumentTypeError(f"{text} is not a time from above 0 to {LONGEST_CAPTURE:.0f} seconds")
    return seconds
