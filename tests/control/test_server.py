import asyncio
import os
import signal
import socket
import stat
import subprocess
import sys

import pytest

from phone.control import Call, ControlError, Done, Log, LogEntry, LogReply, NotRunningError, Reply, Request, ask
from phone.control import server as server_module
from phone.control.server import ControlServer


async def handler(request: Request) -> Reply:
    match request:
        case Call("999"):
            raise ControlError("999 is not in the dial plan")
        case Call("boom"):
            raise ZeroDivisionError
        case Call(number):
            return Done(f"calling {number}")
        case Log(limit):
            entry = LogEntry("a@b", "Anna", "in", "2026-01-01T00:00:00+00:00", 1.0, "hang-up")
            return LogReply((entry,) * limit)
    raise AssertionError


async def raw(path, data: bytes) -> bytes:
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(data)
    writer.write_eof()
    try:
        return await reader.read()
    finally:
        writer.close()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run" / "control.sock"


async def test_it_answers(path):
    async with ControlServer(path, handler):
        assert await asyncio.to_thread(ask, path, Call("204")) == Done("calling 204")
        assert len((await asyncio.to_thread(ask, path, Log(1000))).entries) == 1000


async def test_the_socket_is_for_owner_and_group_alone(path):
    async with ControlServer(path, handler):
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert not path.exists()


async def test_a_refusal_reaches_the_command_as_its_sentence(path):
    async with ControlServer(path, handler):
        with pytest.raises(ControlError, match="999 is not in the dial plan"):
            await asyncio.to_thread(ask, path, Call("999"))


async def test_a_fault_of_our_own_is_logged_and_the_socket_lives_on(path, caplog):
    async with ControlServer(path, handler):
        with pytest.raises(ControlError, match="fault of its own"):
            await asyncio.to_thread(ask, path, Call("boom"))
        assert await asyncio.to_thread(ask, path, Call("1"))
    assert "ZeroDivisionError" in caplog.text
    assert "boom" not in caplog.text, "there may be a number in a request, or a key of the lock's code"


async def test_junk_gets_an_error_reply_and_the_next_line_is_served(path):
    async with ControlServer(path, handler):
        replies = (await raw(path, b'junk\n{"do": "call", "number": "1"}\n')).splitlines()
    assert b'"ok":false' in replies[0]
    assert b"calling 1" in replies[1]


async def test_too_long_a_line_is_refused_and_the_client_dropped(path):
    async with ControlServer(path, handler):
        assert b"at most 4096 bytes" in await raw(path, b"x" * 10_000)


async def test_half_a_line_is_dropped_in_silence(path):
    async with ControlServer(path, handler):
        assert await raw(path, b'{"do": "status"') == b""


async def test_an_idle_client_is_dropped(path):
    async with ControlServer(path, handler, idle=0.05):
        reader, writer = await asyncio.open_unix_connection(path)
        assert await reader.read() == b""
        writer.close()


async def test_who_is_gone_had_asked_this_last(path):
    told = []
    async with ControlServer(path, handler, left=lambda *last: told.append(last)):
        await raw(path, b'{"do": "call", "number": "1"}\n{"do": "call", "number": "2"}\n')
        await raw(path, b'{"do": "call", "number": "999"}\n')
        await raw(path, b"")
        while not told:
            await asyncio.sleep(0.01)
    assert told == [(Call("2"), Done("calling 2"))], "what was refused is nothing that was begun"


async def test_a_client_that_never_reads_is_dropped(path):
    async with ControlServer(path, handler, idle=0.2) as server:
        client = socket.socket(socket.AF_UNIX)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(str(path))
        client.sendall(b'{"do": "log", "limit": 1000}\n' * 100)
        while not server._clients:
            await asyncio.sleep(0.01)
        async with asyncio.timeout(30):
            while server._clients:
                await asyncio.sleep(0.01)
        client.close()


async def test_too_many_clients_are_turned_away(path, monkeypatch):
    monkeypatch.setattr(server_module, "CLIENTS", 2)
    async with ControlServer(path, handler):
        waiting = [await asyncio.open_unix_connection(path) for _ in range(2)]
        assert b"try again" in await raw(path, b"")
        for _, writer in waiting:
            writer.close()


DAEMON = """
import asyncio, sys
from pathlib import Path
from phone.control.server import ControlServer
async def main():
    async with ControlServer(Path(sys.argv[1]), None):
        print("up", flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""


async def test_the_socket_of_a_killed_daemon_is_replaced(path):
    with subprocess.Popen([sys.executable, "-c", DAEMON, path], stdout=subprocess.PIPE) as daemon:
        assert daemon.stdout.readline() == b"up\n"
        os.kill(daemon.pid, signal.SIGKILL)
    assert path.is_socket()
    with pytest.raises(NotRunningError, match="phone run"):
        await asyncio.to_thread(ask, path, Call("1"))
    async with ControlServer(path, handler):
        assert await asyncio.to_thread(ask, path, Call("1"))


async def test_closing_drops_the_clients(path):
    async with ControlServer(path, handler) as server:
        reader, writer = await asyncio.open_unix_connection(path)
        while not server._clients:
            await asyncio.sleep(0.01)
    assert await reader.read() == b""
    writer.close()


async def test_a_file_in_the_way_is_not_removed(path):
    path.parent.mkdir()
    path.write_text("precious")
    with pytest.raises(ControlError, match="is no socket"):
        async with ControlServer(path, handler):
            pass
    assert path.read_text() == "precious"


async def test_a_run_dir_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ControlError, match="run_dir"):
        async with ControlServer(tmp_path / "file" / "control.sock", handler):
            pass


async def test_too_long_a_path_is_named(tmp_path):
    with pytest.raises(ControlError, match="too long"):
        async with ControlServer(tmp_path / ("x" * 120) / "control.sock", handler):
            pass
