"""`phone voicemail`: the messages that callers left, over SSH what the VOICEMAIL key does at the desk."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import BinaryIO, get_args

from phone.cli.common import add_command, add_config, add_json, add_limit, control_socket, duration, show, table
from phone.control import (
    ControlError,
    Done,
    MessageState,
    VoicemailDelete,
    VoicemailFile,
    VoicemailList,
    VoicemailMessage,
    VoicemailPlay,
    VoicemailReply,
    VoicemailSave,
    ask,
)

_ALL = "all"
_MOST = 1000  # that the control socket tells at once
_STDOUT = "-"
_WHICH = "its number in the list, the beginning of its id,"


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Its arguments."""
    examples = (
        "phone voicemail list",
        "phone voicemail list --state new --json",
        "phone voicemail play new",
        "phone voicemail save 1 message.opus",
        "ssh desk phone voicemail save 1 - > message.opus",
        "phone voicemail delete 2 3",
    )
    summary = "the messages that callers left: list, play, save, delete"
    parser = add_command(commands, "voicemail", list_messages, summary, examples)
    acts = parser.add_subparsers(required=True, metavar="list|play|save|delete")
    _add_list(acts)
    _add_play(acts)
    _add_save(acts)
    _add_delete(acts)


def _add_list(acts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    examples = ("phone voicemail list", "phone voicemail list --state new", "phone voicemail list --limit 5 --json")
    parser = add_command(acts, "list", list_messages, "the messages, newest first", examples)
    parser.add_argument("--state", choices=get_args(MessageState), help="only these")
    add_limit(parser, 100)
    _add_common(parser)


def _add_play(acts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    examples = ("phone voicemail play", "phone voicemail play 3", "phone voicemail play 20261121T1000")
    parser = add_command(acts, "play", play, "play a message at the desk: on the speaker, or in the handset", examples)
    about = f"{_WHICH} or new: the oldest new one; without it the phone begins as its VOICEMAIL key does"
    parser.add_argument("id", nargs="?", metavar="ID", help=about)
    _add_common(parser)


def _add_save(acts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    examples = ("phone voicemail save 1 message.opus", "ssh desk phone voicemail save new - > message.opus")
    summary = "copy a message to an Ogg Opus file; the phone keeps it, too, and it is new no more"
    parser = add_command(acts, "save", save, summary, examples)
    parser.add_argument("id", metavar="ID", help=f"{_WHICH} or new: the oldest new one")
    parser.add_argument("file", metavar="FILE", help="where to; -: standard output")
    _add_common(parser)


def _add_delete(acts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    examples = ("phone voicemail delete 2 3", "phone voicemail delete heard", "phone voicemail delete all")
    parser = add_command(acts, "delete", delete, "delete messages, for good", examples)
    parser.add_argument("ids", nargs="+", metavar="ID", help=f"{_WHICH} or new, heard, kept, all: all of these")
    _add_common(parser)


def _add_common(parser: argparse.ArgumentParser) -> None:
    add_config(parser)
    add_json(parser)


def list_messages(options: argparse.Namespace) -> int:
    """Raises ControlError if the phone is not running."""
    if options.json:
        show(ask(control_socket(options), VoicemailList(options.limit, options.state)), (), as_json=True)
        return 0
    reply = _listed(options)
    show(reply, _lines(reply, options.state, options.limit), as_json=False)
    return 0


def play(options: argparse.Namespace) -> int:
    """Raises ControlError if the phone is not running, is busy, or has no such message."""
    id = _one(_listed(options).messages, options.id) if options.id else None  # noqa: A001 - the field's word
    reply = ask(control_socket(options), VoicemailPlay(id))
    show(reply, [reply.text], as_json=options.json)
    return 0


def save(options: argparse.Namespace) -> int:
    """Raises ControlError if the phone is not running, there is no such message, or it cannot be copied."""
    if options.file == _STDOUT and sys.stdout.isatty():
        raise ControlError("sound is not for a terminal: give a file, or put `> message.opus` behind the command")
    found = ask(control_socket(options), VoicemailSave(_one(_listed(options).messages, options.id)))
    _copy(found, options.file)
    if options.file != _STDOUT:
        reply = Done(f"saved as {options.file}: {found.size} bytes of Ogg Opus; the phone keeps the message, too")
        show(reply, [reply.text], as_json=options.json)
    return 0


def delete(options: argparse.Namespace) -> int:
    """Raises ControlError if the phone is not running, or if there is no such message: then none is deleted."""
    messages = _listed(options).messages
    ids = dict.fromkeys(chain.from_iterable(_some(messages, text) for text in options.ids))
    for each in ids:
        ask(control_socket(options), VoicemailDelete(each))
    reply = Done(_count(len(ids), "deleted"))
    show(reply, [reply.text], as_json=options.json)
    return 0


# --- which --------------------------------------------------------------------------------------------------------


def _listed(options: argparse.Namespace) -> VoicemailReply:
    return ask(control_socket(options), VoicemailList(_MOST))


def _one(messages: Sequence[VoicemailMessage], text: str) -> str:
    """The id that is meant; the oldest one of a state."""
    if text == _ALL:
        raise ControlError("one message at a time: give its number (phone voicemail list)")
    found = _some(messages, text)
    if not found:
        raise ControlError(f"there is no {text} message: see phone voicemail list")
    return found[-1]


def _some(messages: Sequence[VoicemailMessage], text: str) -> list[str]:
    """The ids that are meant, newest first. Raises ControlError if it is no state, and not clearly one message."""
    if text in (_ALL, *get_args(MessageState)):
        return [message.id for message in messages if text in (_ALL, message.state)]
    if text.isascii() and text.isdigit() and 0 < int(text) <= len(messages):
        return [messages[int(text) - 1].id]
    found = [message.id for message in messages if message.id.startswith(text)]
    if len(found) > 1:
        raise ControlError(f"{text} could be any of {len(found)} messages: give more of the id, or the number")
    if not found:
        raise ControlError(f"there is no message {text}: see phone voicemail list")
    return found


# --- shown --------------------------------------------------------------------------------------------------------


def _lines(reply: VoicemailReply, state: str | None, limit: int) -> Iterator[str]:
    rows = [_row(n, each) for n, each in enumerate(reply.messages, 1) if state in (None, each.state)]
    if rows:
        yield from table(rows[:limit])
    else:
        yield f"no {state} messages" if state else "no messages"
    if (more := len(rows) - limit) > 0:
        yield f"... and {more} more: give --limit"
    if (untold := reply.total - len(reply.messages)) > 0:
        yield f"... and {untold} older than these {_MOST}: delete some, or ask with --state and --json"


def _row(number: int, message: VoicemailMessage) -> tuple[str, ...]:
    began = message.began[:19].replace("T", " ")
    remark = "cut off" if message.interrupted else ""
    who = (message.name or message.address, message.address if message.name else "")
    return (str(number), message.state, began, *who, duration(message.seconds), remark, message.id)


def _count(number: int, done: str) -> str:
    return f"{number} message{'' if number == 1 else 's'} {done}"


# --- copied -------------------------------------------------------------------------------------------------------


def _copy(found: VoicemailFile, target: str) -> None:
    try:
        with Path(found.path).open("rb") as source:
            if target == _STDOUT:
                _pour(source, sys.stdout.buffer)
            else:
                _write(source, Path(target))
    except PermissionError as error:
        if error.filename == found.path:
            raise ControlError(_denied(found.path)) from error
        raise ControlError(f"cannot write {target}: {error.strerror}; give another file") from error
    except BrokenPipeError:
        raise
    except OSError as error:
        raise ControlError(f"cannot copy the message to {target}: {error.strerror}; it is in {found.path}") from error


def _write(source: BinaryIO, target: Path) -> None:
    """All of it, or what was there before; a device or pipe just gets it."""
    ordinary = target.is_file() or not target.exists()
    part = target.with_name(f"{target.name}.part") if ordinary else target
    try:
        with part.open("wb") as file:
            _pour(source, file)
        if ordinary:
            part.replace(target)
    except OSError:
        if ordinary:
            part.unlink(missing_ok=True)
        raise


def _pour(source: BinaryIO, target: BinaryIO) -> None:
    shutil.copyfileobj(source, target)
    target.flush()


def _denied(path: str) -> str:
    try:
        owner = Path(path).owner()
    except (OSError, KeyError):
        owner = "phone"
    return f"you may not read the phone's messages: do it as their owner (sudo -u {owner} phone voicemail save ...)"
