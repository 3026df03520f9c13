"""The panel's server over real sockets: pages come, look, press keys and go; the phone does not notice."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from dataclasses import replace

import pytest
from panelpeer import TOKEN, Phone, closed, get, page, say, told, until
from PIL import Image

from phone.drivers.panel import PanelCall, PanelFacts, PanelServer


@pytest.fixture
def phone():
    return Phone()


@pytest.fixture
async def server(phone):
    async with PanelServer(phone.panel, phone, phone.look, token=TOKEN) as server:
        yield server


async def test_a_page_is_told_all_there_is(server, phone):
    phone.panel.show(Image.new("1", (128, 64), 1))
    phone.panel.light(frozenset({"mute", "call"}))
    phone.panel.dim(on=True)
    phone.facts = PanelFacts(
        "Alice", ("10:15",), tone="dial", leds=frozenset({"HOLD"}), calls=(PanelCall("in1", "Bob"),)
    )
    async with page(server) as socket:
        assert "TRANSFER" in (await told(socket, "hello"))["keys"]
        assert await told(socket, "frame") == b"\xff" * 1024
        assert await told(socket, "lights") == {"kind": "lights", "lit": ["call", "mute"], "dimmed": True}
        facts = (await told(socket, "facts"))["facts"]
    assert (facts["title"], facts["lines"], facts["tone"], facts["leds"]) == ("Alice", ["10:15"], "dial", ["HOLD"])
    assert facts["calls"][0] == {
        "id": "in1", "peer": "Bob", "progress": "", "codec": None, "encrypted": None, "round_trip_ms": None,
        "jitter_buffer_ms": None, "loss_percent": None, "concealed_ms": None,
    }  # fmt: skip


async def test_changes_from_any_thread_are_told(server, phone):
    async with page(server) as socket:
        await told(socket, "facts")
        threading.Thread(target=phone.panel.show, args=(Image.new("1", (128, 64), 1),)).start()
        assert await told(socket, "frame") == b"\xff" * 1024
        phone.panel.light(frozenset({"message"}))
        assert (await told(socket, "lights"))["lit"] == ["message"]
        phone.facts = replace(phone.facts, ringer=True)
        assert (await told(socket, "facts"))["facts"]["ringer"] is True
        assert await told(socket, "second") == {"kind": "second"}


async def test_keys_and_hook_move(server, phone):
    async with page(server) as socket:
        await say(socket, "press", key="5")
        await say(socket, "press", key="5")
        await say(socket, "release", key="5")
        await say(socket, "lift")
        await until(lambda: phone.facts.lifted)
        await say(socket, "hang-up")
        await until(lambda: not phone.facts.lifted)
    await phone.did("5 down", "5 up")


@pytest.mark.parametrize("abrupt", [False, True])
async def test_a_page_that_goes_lets_its_keys_go(server, phone, abrupt):
    socket = await page(server)
    await say(socket, "press", key="HOLD")
    await say(socket, "press", key="2")
    await phone.did("HOLD down", "2 down")
    if abrupt:
        socket.transport.abort()
    else:
        await socket.close()
    await phone.did("HOLD down", "2 down", "2 up", "HOLD up")


async def test_a_key_is_down_as_long_as_any_page_holds_it(server, phone):
    async with page(server) as one, page(server) as two:
        await say(one, "press", key="1")
        await phone.did("1 down")
        await say(two, "press", key="1")
        await say(two, "lift")
        await until(lambda: phone.facts.lifted)
        await one.close()
        await say(two, "release", key="1")
        await phone.did("1 down", "1 up")


async def test_a_phone_that_stops_lets_all_keys_go(server, phone):
    async with page(server) as socket:
        await say(socket, "press", key="OK")
        await phone.did("OK down")
        await server.close()
        assert await closed(socket) == 1001
    await phone.did("OK down", "OK up")
    await server.close()


async def test_a_bug_in_the_facts_is_logged_once_and_pages_go_on(server, phone, caplog):
    async with page(server) as socket:
        await told(socket, "facts")
        phone.broken = ZeroDivisionError("division by zero")
        await told(socket, "second")
        await told(socket, "second")
        assert len([r for r in caplog.records if r.exc_info]) == 1
        phone.broken = None
        phone.facts = replace(phone.facts, title="Bob")
        assert (await told(socket, "facts"))["facts"]["title"] == "Bob"


async def test_without_pages_nothing_is_looked_at(server, phone):
    phone.broken = AssertionError("who looks?")
    phone.panel.light(frozenset({"call"}))
    server.changed()
    assert server._pump is None
    phone.broken = None
    async with page(server) as socket:
        await told(socket, "facts")
        assert server._pump is not None
    await until(lambda: server._pump is None)


async def test_the_address_has_the_token_and_the_log_has_not(phone, caplog):
    caplog.set_level(logging.DEBUG)
    async with PanelServer(phone.panel, phone, phone.look, token=TOKEN) as server:
        assert server.url == f"{server.origin}/?token={TOKEN}"
        await get(server, server.url.removeprefix(server.origin))
    assert TOKEN not in caplog.text


def test_who_has_no_panel_does_not_load_the_library():
    script = "import sys, phone.drivers.panel; print('websockets' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
