import asyncio
import threading

import pytest

from phone.control.server import ControlServer


class FakePhone:
    """Answers from a list and remembers what it was asked."""

    def __init__(self, folder):
        self.config = folder / "phone.toml"
        self.config.write_text('run_dir = "run"\n')
        self.asked = []
        self.replies = {}
        """By the request's class; an exception is raised."""

    async def answer(self, request):
        self.asked.append(request)
        reply = self.replies[type(request)]
        if isinstance(reply, Exception):
            raise reply
        return reply


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """A daemon's control socket on a loop of its own; PHONE_CONFIG names its config."""
    phone = FakePhone(tmp_path)
    monkeypatch.setenv("PHONE_CONFIG", str(phone.config))
    loop, started = asyncio.new_event_loop(), threading.Event()
    stop = asyncio.Event()

    async def serve():
        async with ControlServer(tmp_path / "run" / "control.sock", phone.answer):
            started.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=[serve()])
    thread.start()
    started.wait()
    yield phone
    loop.call_soon_threadsafe(stop.set)
    thread.join()
    loop.close()
