"""STUN and TURN servers that answer, refuse, or are not there."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket
import time
from pathlib import Path

import pytest
from rig.servers import PrivateCoturn

from phone.media.planprobes import IceServer
from phone.media.serverprobe import ask_all

pytestmark = pytest.mark.servers


async def test_each_answers_for_itself(tmp_path: Path) -> None:
    async with PrivateCoturn(tmp_path) as turn:
        user = f"{int(time.time()) + 600}:alice"
        key = hmac.new(turn.service.secret.encode(), user.encode(), hashlib.sha1)
        password = base64.b64encode(key.digest()).decode()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            asked = (
                IceServer("stun", "127.0.0.1", turn.port),
                IceServer("turn", "127.0.0.1", turn.port, "udp", user, password),
                IceServer("turn", "127.0.0.1", turn.port, "tcp", user, password),
                IceServer("turn", "127.0.0.1", turn.port, "udp", user, "another"),
                IceServer("stun", "127.0.0.1", silent.getsockname()[1]),
                IceServer("stun", "127.0.0.1", turn.port, "tcp"),
                IceServer("stun", "nobody.invalid", turn.port),
                IceServer("turn", "nobody.invalid", turn.port, "udp", user, password),
            )
            answers = await ask_all(asked, ("127.0.0.1", "192.0.2.77"), (0, 0))
    assert [bool(answer.address) for answer in answers] == [True] * 3 + [False] * 5
    assert all(answer.address.startswith("127.0.0.1:") for answer in answers[:3])
    assert [(answer.kind, answer.port, answer.transport) for answer in answers] == [
        (server.kind, server.port, server.transport) for server in asked
    ]
    assert answers[4].seconds > 1
