"""Uploads up to the moment when bytes move: what servers say of their web space, right and wrong."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import sys
from pathlib import Path
from typing import Self
from xml.etree.ElementTree import Element

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rig.servers_ears import xml
from xmpp_room import Room, info

from phone.xmpp.api import UploadError
from phone.xmpp.upload import UPLOAD, Slot, Uploads, UploadService, is_safe, largest, slot_in

ITEMS = "<query xmlns='http://jabber.org/protocol/disco#items'>{}</query>"
FORM = (
    "<query xmlns='http://jabber.org/protocol/disco#info'><feature var='urn:xmpp:http:upload:0'/>"
    "<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE'><value>{}</value></field>"
    "<field var='max-file-size'><value>{}</value></field></x></query>"
)
ERROR = "<error type='{}'><{} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>"
SLOT = "<slot xmlns='urn:xmpp:http:upload:0'><put url='{}'>{}</put><get url='{}'/></slot>"
PUT, GET = "https://web.example/put/1", "https://web.example/get/1"


def test_a_phone_that_never_leaves_a_message_does_not_pay_for_http() -> None:
    script = "import sys, phone.xmpp.client; print('aiohttp' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


# --- addresses and slots ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://web.example/a%20b", True),
        ("https://web.example:8443/a", True),
        ("https://[2001:db8::1]/a", True),
        ("http://localhost:5280/a", True),
        ("http://127.0.0.1/a", True),
        ("http://[::1]:80/a", True),
        ("http://web.example/a", False),
        ("http://localhost.web.example/a", False),
        ("http://127.0.0.1@web.example/a", False),
        ("ftp://web.example/a", False),
        ("file:///etc/passwd", False),
        ("https:///a", False),
        ("https://web.example:0/a", False),
        ("https://web.example:x/a", False),
        ("https://[web.example/a", False),
        ("https://web.example/a b", False),
        ("", False),
    ],
)
def test_only_encrypted_places_are_used(url: str, safe: bool) -> None:
    assert is_safe(url) is safe


def test_a_slot_names_places_and_what_to_send_along() -> None:
    headers = (
        "<header name='authorization'>Basic\n x\r\n</header><header name='Coo&#10;kie'>a=b</header>"
        "<header name='Host'>evil</header><header name='EXPIRES'>never</header><header>y</header>"
        f"<header name='Expires'>{'x' * 20000}</header>"
    )
    slot = slot_in(xml(SLOT.format(PUT, headers, GET)))
    assert slot == Slot(PUT, GET, (("Authorization", "Basic x"), ("Cookie", "a=b"), ("Expires", "never")))


@pytest.mark.parametrize(
    "text",
    [
        SLOT.format("http://web.example/1", "", GET),
        SLOT.format(PUT, "", "http://web.example/1"),
        SLOT.format(PUT, "", ""),
        "<slot xmlns='urn:xmpp:http:upload:0'><put url='https://web.example/'/></slot>",
        "<slot xmlns='urn:xmpp:http:upload:0'><get url='https://web.example/'/></slot>",
        "<slot xmlns='urn:xmpp:http:upload'/>",
    ],
)
def test_nonsense_is_no_slot(text: str) -> None:
    assert slot_in(xml(text)) is None
    assert slot_in(None) is None


@given(st.text(max_size=30), st.text(max_size=30))
def test_any_text_may_stand_for_an_address_or_a_size(url: str, most: str) -> None:
    slot = Element(f"{{{UPLOAD}}}slot")
    slot.append(Element(f"{{{UPLOAD}}}put", {"url": url}))
    slot.append(Element(f"{{{UPLOAD}}}get", {"url": url}))
    found = slot_in(slot)
    assert found is None or found.put.startswith(("https://", "http"))
    query = xml(FORM.format(UPLOAD, ""))
    query[1][1][0].text = most
    assert largest(query) is None or int(most) == largest(query)


def test_the_largest_file_is_the_upload_forms_own() -> None:
    assert largest(xml(FORM.format(UPLOAD, "1000"))) == 1000
    assert largest(xml(FORM.format("urn:other", "1000"))) is None
    assert largest(xml(FORM.format(UPLOAD, "many"))) is None
    assert largest(xml(FORM.format(UPLOAD, "9" * 30))) is None
    assert largest(xml(info())) is None


# --- the server's part ----------------------------------------------------------------------------------------------


class Space:
    """An upload that is under way in a room; the test answers for the server."""

    def __init__(self, room: Room, folder: Path, size: int = 10) -> None:
        self.room = room
        self.uploads = Uploads(room.requests, "localhost", ssl.create_default_context)
        self.path = folder / "file"
        self.path.write_bytes(bytes(size))
        self.asked = 0

    def begin(self) -> asyncio.Task[str]:
        return asyncio.create_task(self.uploads.upload(self.path, "a/b.m4a", "audio/mp4"))

    async def next(self, count: int = 1) -> list[Element]:
        """What is asked next."""
        self.asked += count
        while len(self.room.sent) < self.asked:
            await asyncio.sleep(0.001)
        return self.room.sent[-count:]

    def tell(self, asked: Element, payload: str, kind: str = "result") -> None:
        head = f"type='{kind}' id='{asked.get('id')}' from='{asked.get('to')}'"
        assert self.room.hear(f"<iq xmlns='jabber:client' {head}>{payload}</iq>")


async def test_no_list_of_services_may_be_the_moment(room: Room, tmp_path: Path) -> None:
    space = Space(room, tmp_path)
    task = space.begin()
    (asked,) = await space.next()
    space.tell(asked, ERROR.format("cancel", "service-unavailable"), "error")
    with pytest.raises(UploadError, match="does not say what services it has") as error:
        await task
    assert not error.value.lasting


@pytest.mark.parametrize("silent", [False, True])
async def test_no_web_space_is_lasting_if_all_have_spoken(room: Room, tmp_path: Path, silent: bool) -> None:
    space = Space(room, tmp_path)
    task = space.begin()
    (asked,) = await space.next()
    space.tell(asked, ITEMS.format("<item jid='muc.localhost'/><item/>"))
    own, muc = await space.next(2)
    assert [each.get("to") for each in (own, muc)] == ["localhost", "muc.localhost"]
    space.tell(own, info("x"))
    if silent:
        space.tell(muc, ERROR.format("wait", "service-unavailable"), "error")
    else:
        space.tell(muc, info("urn:xmpp:http:upload"))
    with pytest.raises(UploadError, match="no web space") as error:
        await task
    assert error.value.lasting is not silent


@pytest.mark.parametrize(
    ("kind", "condition", "lasting"),
    [
        ("wait", "resource-constraint", False),
        ("modify", "not-acceptable", True),
        ("auth", "forbidden", True),
        ("cancel", "internal-server-error", False),
        ("cancel", "remote-server-not-found", False),
        ("cancel", "item-not-found", True),
    ],
)
async def test_a_refusal_says_whether_to_try_again(
    room: Room, tmp_path: Path, kind: str, condition: str, lasting: bool
) -> None:
    space = Space(room, tmp_path)
    space.uploads._service = UploadService("up.localhost", 10)
    task = space.begin()
    (asked,) = await space.next()
    assert asked.get("to") == "up.localhost"
    assert asked[0].attrib == {"filename": "a_b.m4a", "size": "10", "content-type": "audio/mp4"}
    space.tell(asked, ERROR.format(kind, condition), "error")
    with pytest.raises(UploadError, match=condition) as error:
        await task
    assert error.value.lasting is lasting
    assert space.uploads._service is None  # the next one looks again


async def test_what_is_too_large_is_not_even_asked_for(room: Room, tmp_path: Path) -> None:
    space = Space(room, tmp_path, 11)
    space.uploads._service = UploadService("up.localhost", 10)
    with pytest.raises(UploadError, match="up to 10 bytes, not 11") as error:
        await space.begin()
    assert error.value.lasting
    assert room.sent == []


async def test_a_slot_in_the_clear_is_not_used(room: Room, tmp_path: Path) -> None:
    space = Space(room, tmp_path)
    space.uploads._service = UploadService("up.localhost", None)
    task = space.begin()
    (asked,) = await space.next()
    space.tell(asked, SLOT.format("http://web.example/", "", GET))
    with pytest.raises(UploadError, match="only https") as error:
        await task
    assert error.value.lasting


async def test_the_service_is_kept_until_another_session(room: Room, tmp_path: Path) -> None:
    space = Space(room, tmp_path)
    task = space.begin()
    (asked,) = await space.next()
    space.tell(asked, ITEMS.format("<item jid='up.localhost'/>"))
    own, up = await space.next(2)
    space.tell(up, FORM.format(UPLOAD, 10))
    space.tell(own, info())
    (asked,) = await space.next()
    assert asked.get("to") == "up.localhost"
    task.cancel()
    assert space.uploads._service == UploadService("up.localhost", 10)
    space.uploads.forget()
    task = space.begin()
    (asked,) = await space.next()
    assert asked[0].tag == "{http://jabber.org/protocol/disco#items}query"
    task.cancel()
    room.close()


# --- the web server's part ------------------------------------------------------------------------------------------


class OddWeb:
    """A web server on loopback that answers every request with `answer`; b"": not at all."""

    def __init__(self, answer: bytes, *, hang_up: bool = False) -> None:
        self.answer = answer
        self.hang_up = hang_up
        self.heard = b""

    async def __aenter__(self) -> Self:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = self.server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/put"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.close()
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not self.heard.endswith(bytes(10)):
            data = await reader.read(65536)
            if not data:
                break
            self.heard += data
        writer.write(self.answer)
        if self.answer or self.hang_up:
            writer.close()
        else:
            await reader.read()
            writer.close()


async def upload_to(room: Room, folder: Path, web: OddWeb) -> str:
    space = Space(room, folder)
    space.uploads._service = UploadService("up.localhost", None)
    task = space.begin()
    (asked,) = await space.next()
    headers = "<header name='Authorization'>Bearer token</header><header name='X-Evil'>1</header>"
    space.tell(asked, SLOT.format(web.url, headers, GET))
    return await task


async def test_the_bytes_go_out_with_the_slots_headers(room: Room, tmp_path: Path) -> None:
    async with OddWeb(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n") as web:
        assert await upload_to(room, tmp_path, web) == GET
    head = web.heard.partition(b"\r\n\r\n")[0].lower()
    assert head.startswith(b"put /put http/1.1")
    for line in (b"content-length: 10", b"content-type: audio/mp4", b"authorization: bearer token"):
        assert line in head.split(b"\r\n")
    assert b"evil" not in head
    assert web.heard.endswith(b"\r\n\r\n" + bytes(10))


@pytest.mark.parametrize(
    ("status", "lasting"),
    [
        *[(b"400 Bad Request", True), (b"403 Forbidden", True), (b"413 Too Large", True), (b"302 Found", True)],
        *[(b"429 Slow down", False), (b"500 Oh", False), (b"503 Later", False), (b"507 Full", False)],
    ],
)
async def test_a_status_says_whether_to_try_again(room: Room, tmp_path: Path, status: bytes, lasting: bool) -> None:
    answer = b"HTTP/1.1 " + status + b"\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    async with OddWeb(answer) as web:
        with pytest.raises(UploadError, match=status[:3].decode()) as error:
            await upload_to(room, tmp_path, web)
    assert error.value.lasting is lasting


@pytest.mark.parametrize("answer", [b"\x00\xff nonsense\r\n\r\n", b"HTTP/1.1 2x1 \r\n\r\n", b""])
async def test_nonsense_of_a_web_server_may_pass(room: Room, tmp_path: Path, answer: bytes) -> None:
    async with OddWeb(answer, hang_up=True) as web:
        with pytest.raises(UploadError, match=r"did not get to 127\.0\.0\.1") as error:
            await upload_to(room, tmp_path, web)
    assert not error.value.lasting


async def test_a_web_server_that_says_nothing_is_left(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("phone.xmpp.web._PATIENCE", 0.1)
    async with OddWeb(b"") as web:
        with pytest.raises(UploadError, match="too slowly or not at all") as error:
            await upload_to(room, tmp_path, web)
    assert not error.value.lasting


async def test_a_web_server_that_is_not_there_may_come_back(room: Room, tmp_path: Path) -> None:
    async with OddWeb(b"") as web:
        pass
    with pytest.raises(UploadError, match="did not get to") as error:
        await upload_to(room, tmp_path, web)
    assert not error.value.lasting


async def test_a_file_that_goes_meanwhile_is_gone(room: Room, tmp_path: Path) -> None:
    space = Space(room, tmp_path)
    space.uploads._service = UploadService("up.localhost", None)
    task = space.begin()
    (asked,) = await space.next()
    space.path.unlink()
    space.tell(asked, SLOT.format(PUT, "", GET))
    with pytest.raises(UploadError, match="cannot be read") as error:
        await task
    assert error.value.lasting
