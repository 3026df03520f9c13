"""The media process does without TLS until a TURN server wants it, and can then."""

from __future__ import annotations

import asyncio
import os
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from phone.demo.certificates import Authority
from phone.media import tls

SAY_HELLO = """
import sys
import phone.media.process  # before all else, as the process does
print(*sorted({"ssl", "bz2", "lzma", "typing_extensions"} & set(sys.modules)))
import asyncio
from phone.media.tls import client_context

async def main():
    for _ in range(2):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]), ssl=client_context())
        writer.write(b"hello")
        await writer.drain()
        print((await reader.readexactly(5)).decode())
        writer.close()

asyncio.run(main())
import ssl, bz2, lzma  # none is barred for good
"""


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(await reader.readexactly(5))
    await writer.drain()
    writer.close()


def _process(script: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    argv = (sys.executable, "-S", "-c", script, *arguments)
    paths = os.pathsep.join((str(Path(__file__).parents[2]), *filter(None, sys.path)))
    environment = {**os.environ, "PYTHONPATH": paths, **environment}
    return subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, timeout=30)


async def test_tls_comes_when_it_is_wanted_and_not_before(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair = authority.issue("127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    server = await asyncio.start_server(_echo, "127.0.0.1", 0, ssl=context)
    port = str(server.sockets[0].getsockname()[1])
    async with server:
        done = await asyncio.to_thread(_process, SAY_HELLO, port, SSL_CERT_FILE=str(authority.file))
        assert done.stdout.splitlines() == ["", "hello", "hello"], done.stderr
        assert done.returncode == 0, done.stderr
        stranger = await asyncio.to_thread(_process, SAY_HELLO, port)
        assert "CERTIFICATE_VERIFY_FAILED" in stranger.stderr


def test_what_is_there_already_stays() -> None:
    wanted = "import ssl, bz2, asyncio; import phone.media.process; from aioice import turn; assert turn.ssl is ssl; "
    done = _process(wanted + "assert asyncio.sslproto.ssl is ssl; import sys; assert sys.modules['bz2'] is bz2")
    assert done.returncode == 0, done.stderr


def test_where_tls_is_there_already_it_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls, "_give_to_asyncio", None)  # would be called in vain
    assert isinstance(tls.client_context(), ssl.SSLContext)
