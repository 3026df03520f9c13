"""`phone panel`: where the phone's web page is, and how to reach it from elsewhere."""

from __future__ import annotations

import argparse
import os
import pwd
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

from phone.cli.common import add_command, add_config, add_json, control_socket, show
from phone.control import ControlError, Panel, ask


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Its arguments."""
    examples = ("phone panel", "phone panel --open", "ssh you@desk phone panel")
    parser = add_command(
        commands, "panel", panel, "the address of the phone's web page, with the token to it", examples
    )
    parser.add_argument("--open", action="store_true", help="show it in this machine's browser")
    add_config(parser)
    add_json(parser)


def panel(options: argparse.Namespace) -> int:
    """Raises ControlError if the phone has no panel, or --open finds no browser."""
    reply = ask(control_socket(options), Panel())
    show(reply, _lines(reply.url), as_json=options.json)
    if options.open:
        _open(reply.url)
    return 0


def _lines(url: str) -> Iterator[str]:
    port = urlsplit(url).port
    tunnel = f"ssh -L {port}:127.0.0.1:{port} {_login()}@{socket.gethostname()}"
    yield url
    yield f"on another machine: {tunnel}, then open the same address there"


def _login() -> str:
    """Whoever asks can sign in here; the user `phone` cannot, nor perhaps root."""
    try:
        return os.environ.get("SUDO_USER") or pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return "you"


def _open(url: str) -> None:
    """By way of a page of our own: every user of the machine can read what stands on a browser's command line."""
    import html  # noqa: PLC0415 - see the package
    import tempfile  # noqa: PLC0415
    import webbrowser  # noqa: PLC0415
    from pathlib import Path  # noqa: PLC0415

    folder = os.environ.get("XDG_RUNTIME_DIR")
    with tempfile.NamedTemporaryFile("w", prefix="phone-panel-", suffix=".html", dir=folder, delete=False) as page:
        page.write(f'<!doctype html><meta http-equiv="refresh" content="0; url={html.escape(url)}">')
    if not webbrowser.open(Path(page.name).as_uri()):
        raise ControlError("no browser could be started here: open the address in one")
