"""The panel's page in headless Chromium, by mouse and keyboard, against the real server."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace

import pytest
from pagehands import Page
from PIL import Image
from puppet import Puppet, picture

from phone.drivers.base import Contact
from phone.drivers.panel import Framed, PageServer, PanelCall, PanelServer, SimKeys, Try, new_token
from phone.drivers.sim import SimDesk

pytestmark = pytest.mark.asyncio(loop_scope="module")  # so that one browser does for all


def key(name: str) -> str:
    return f'[data-key="{name}"]'


async def test_the_screen_shows_the_phones_pixels(page: Page, puppet: Puppet):
    for text in ("Hello", "0:42"):
        frame = picture(text)
        await asyncio.to_thread(puppet.panel.show, frame)
        await page.until(f"pen.getImageData(1, 62, 1, 1).data[0] > 100 && {len(text)}")
        async with asyncio.timeout(30):
            while await page.pixels() != frame.tobytes():
                await asyncio.sleep(0.02)


async def test_a_pixel_is_two_by_two_crisp_ones(page: Page, puppet: Puppet, tmp_path):
    frame = Image.new("1", (128, 64))
    for x in range(0, 128, 2):
        frame.putpixel((x, 32), 1)
    puppet.panel.show(frame)
    await page.until("pen.getImageData(126, 32, 1, 1).data[0] > 100")
    x, y = await page.middle("#screen")
    shot = Image.open(io.BytesIO(await page.screenshot(tmp_path / "page.png"))).convert("RGB")
    left, top = round(x - 128), round(y)
    row = [shot.getpixel((left + i, top)) for i in range(256)]
    assert row == [(206, 236, 255), (206, 236, 255), (6, 8, 10), (6, 8, 10)] * 64


async def test_a_key_is_down_as_long_as_the_mouse(page: Page, puppet: Puppet):
    await page.mouse(key("HOLD"), "mousePressed")
    await puppet.did("HOLD down")
    await page.until(f"document.querySelector('{key('HOLD')}').classList.contains('down')")
    await asyncio.sleep(0.3)
    assert puppet.moves == []
    await page.mouse("#plot", "mouseReleased")  # slid off the key
    await puppet.did("HOLD up")


async def test_every_key_can_be_clicked(page: Page, puppet: Puppet):
    names = await page.read("[...buttons.keys()]")
    assert len(names) == 24
    for name in names:
        await page.click(key(name))
    await puppet.did(*(f"{name} {way}" for name in names for way in ("down", "up")))


@pytest.mark.parametrize(
    "keys",
    [
        {digit: digit for digit in "0123456789*#"},
        {"Enter": "OK", "Backspace": "BACK", "Escape": "BACK", "ArrowUp": "UP", "+": "VOL+", "-": "VOL-"},
        {"o": "HOLD", "t": "TRANSFER", "v": "VOICEMAIL", "r": "REDIAL", "m": "MUTE", "s": "SPEAKER", "O": "HOLD"},
    ],
)
async def test_the_computers_keyboard_presses_keys(page: Page, puppet: Puppet, keys: dict[str, str]):
    for typed in keys:
        await page.type(typed)
    await puppet.did(*(f"{name} {way}" for name in keys.values() for way in ("down", "up")))


async def test_a_key_of_the_keyboard_repeats_for_the_computer_and_not_for_the_phone(page: Page, puppet: Puppet):
    await page.key("o", "keyDown")
    for _ in range(5):
        await page.key("o", "keyDown", repeat=True)
    await puppet.did("HOLD down")
    await page.key("o", "keyUp")
    await puppet.did("HOLD up")


async def test_mouse_and_keyboard_on_one_key_are_one_finger(page: Page, puppet: Puppet):
    await page.mouse(key("5"), "mousePressed")
    await page.key("5", "keyDown")
    await page.mouse(key("5"), "mouseReleased")
    await page.key("6", "keyDown")
    await page.key("6", "keyUp")
    await page.key("5", "keyUp")
    await puppet.did("5 down", "6 down", "6 up", "5 up")


async def test_tab_walks_to_keys_and_space_and_enter_press_them(page: Page, puppet: Puppet):
    await page.type("Enter")
    await puppet.did("OK down", "OK up")
    await page.type("Tab")
    assert await page.read("document.activeElement.id") == "handset"
    await page.type(" ")
    await puppet.did("lift")
    await page.type("Tab")
    await page.type("Tab")
    assert await page.read("document.activeElement.dataset.key") == "UP"
    await page.type(" ")
    await page.type("Enter")
    await puppet.did("UP down", "UP up", "UP down", "UP up")


async def test_a_click_by_assistive_technology_is_a_short_press(page: Page, puppet: Puppet):
    await page.read(f"document.querySelector('{key('MUTE')}').click()")
    await puppet.did("MUTE down", "MUTE up")


async def test_the_handset_lifts_by_click_and_by_h(page: Page, puppet: Puppet):
    await page.click("#handset")
    await puppet.did("lift")
    await page.until("document.body.classList.contains('lifted')")
    assert await page.read("document.getElementById('handset').getAttribute('aria-pressed')") == "true"
    assert await page.read("document.getElementById('sound-name').textContent") == "Dial tone"
    await page.type("h")
    await puppet.did("hang up")
    await page.until("!document.body.classList.contains('lifted')")
    assert await page.read("document.getElementById('sound-name').textContent") == "Quiet"


async def test_lamps_and_ringing_are_seen(page: Page, puppet: Puppet):
    assert await page.read("document.querySelectorAll('.lit').length") == 0
    puppet.panel.light(frozenset({"call", "mute", "message", "service"}))
    puppet.facts = replace(puppet.facts, leds=frozenset({"HOLD"}), ringer=True)
    await page.until("document.body.classList.contains('ringing')")
    lit = await page.read("[...document.querySelectorAll('.lit')].map(e => e.id || e.dataset.key).sort()")
    assert lit == ["HOLD", "MUTE", "VOICEMAIL", "call-lamp", "message-lamp", "service-lamp"]
    assert await page.read("document.getElementById('message-lamp').getAttribute('aria-label')") == "Message lamp: on"
    assert await page.read("document.getElementById('sound-name').textContent") == "Ringing"
    puppet.panel.light(frozenset())
    await page.until("document.querySelectorAll('.lit').length === 1")


async def test_the_display_is_seen_to_dim(page: Page, puppet: Puppet):
    puppet.panel.dim(on=True)
    await page.until("document.getElementById('screen').classList.contains('dimmed')")
    puppet.panel.dim(on=False)
    await page.until("!document.getElementById('screen').classList.contains('dimmed')")


async def test_the_screens_text_is_spoken_but_not_every_second(page: Page, puppet: Puppet):
    spoken = "document.getElementById('spoken').textContent"
    label = "document.getElementById('screen').getAttribute('aria-label')"
    puppet.facts = replace(puppet.facts, lines=("Bob", "0:41"))
    await page.until(f"{spoken} === 'Bob. 0:41'")
    puppet.facts = replace(puppet.facts, lines=("Bob", "0:42"))
    await page.until(f"{label} === 'Display: Bob. 0:42'")
    assert await page.read(spoken) == "Bob. 0:41"


async def test_the_plot_grows_with_the_call(page: Page, puppet: Puppet):
    inked = (
        "[...document.getElementById('plot').getContext('2d').getImageData(92, 0, 290, 132).data].filter(v => v).length"
    )
    before = await page.read(inked)
    call = PanelCall("in1", "Bob <b>", "connected", "opus", True, 20.0, 30.0, 1.5, 0)  # noqa: FBT003
    puppet.facts = replace(puppet.facts, calls=(call,))
    await page.until("document.getElementById('calls').textContent === 'Bob <b>connected · opus · encrypted'")
    label = "document.getElementById('plot').getAttribute('aria-label')"
    await page.until(f"{label} === 'Last 60 seconds. delay 40 ms. loss 1.5 %. concealed 0 ms/s.'")
    puppet.facts = replace(puppet.facts, calls=(replace(call, concealed_ms=60, loss_percent=12.0),))
    await page.until(f"{label}.includes('loss 12 %. concealed 60 ms/s')")
    await page.until(f"{inked} > {before}")
    assert await page.read("document.querySelectorAll('#calls b').length") == 0
    puppet.facts = replace(puppet.facts, calls=())
    await page.until("document.getElementById('calls').textContent.startsWith('No call')")


async def test_two_calls_have_two_colours(page: Page, puppet: Puppet):
    puppet.facts = replace(puppet.facts, calls=(PanelCall("in1", "Bob"), PanelCall("out2", "Carol", "held")))
    await page.until("document.querySelectorAll('#calls .swatch').length === 2")
    swatches = "[...document.querySelectorAll('#calls .swatch')].map(e => getComputedStyle(e).backgroundColor)"
    assert len(set(await page.read(swatches))) == 2


async def test_a_phone_that_comes_back_is_found(browser, puppet: Puppet):
    server = puppet.server()
    await server.start()
    page = await Page.open(browser, server.url)
    await page.banner("connected")
    await page.mouse(key("1"), "mousePressed")
    await puppet.did("1 down")
    await server.close()
    assert "Trying again" in await page.banner("waiting")
    await puppet.did("1 up")
    puppet.facts = replace(puppet.facts, title="Alice again")
    async with puppet.server(port=int(server.origin.rpartition(":")[2])):
        await page.banner("connected")
        await page.until("document.title === 'Alice again'")
        await page.mouse(key("1"), "mouseReleased")
        await page.click(key("2"))
        await puppet.did("2 down", "2 up")


async def test_a_phone_with_a_new_token_says_how_to_get_it(browser, puppet: Puppet):
    server = puppet.server()
    await server.start()
    page = await Page.open(browser, server.url)
    await page.banner("connected")
    await server.close()
    puppet.token = new_token()
    async with puppet.server(port=int(server.origin.rpartition(":")[2])):
        assert "phone panel" in await page.banner("refused")


async def test_without_the_token_there_is_a_sentence(browser, server: PanelServer):
    page = await Page.open(browser, f"{server.origin}/?token={new_token()}")
    assert "Run phone panel on the phone" in await page.read("document.body.textContent")


async def test_a_page_that_loses_the_keyboard_lets_go(page: Page, puppet: Puppet):
    await page.key("o", "keyDown")
    await puppet.did("HOLD down")
    await page.read("dispatchEvent(new Event('blur'))")
    await puppet.did("HOLD up")


async def test_the_help_lists_the_keys_and_holds_the_phone_still(page: Page, puppet: Puppet):
    await page.type("?")
    await page.until("document.getElementById('help').open")
    await page.type("5")
    await page.type("Escape")
    await page.until("!document.getElementById('help').open")
    await page.type("6")
    await puppet.did("6 down", "6 up")


async def test_sound_is_off_until_it_is_asked_for(page: Page, puppet: Puppet):
    assert await page.read("document.getElementById('listen').textContent") == "Sound off"
    puppet.facts = replace(puppet.facts, tone="ringback")
    await page.click("#listen")
    await page.until("document.getElementById('listen').getAttribute('aria-pressed') === 'true'")
    puppet.facts = replace(puppet.facts, tone=None, ringer=True)
    await page.until("document.getElementById('sound-name').textContent === 'Ringing'")
    await page.click("#listen")
    assert await page.read("document.getElementById('listen').textContent") == "Sound off"


async def test_keys_that_a_phone_has_not_are_not_there(browser, puppet: Puppet):
    async with puppet.server(key_names=("1", "2", "OK")) as server:
        page = await Page.open(browser, server.url)
        await page.banner("connected")
        shown = "[...buttons].filter(([, b]) => getComputedStyle(b).visibility === 'visible').map(([name]) => name)"
        assert sorted(await page.read(shown)) == ["1", "2", "OK"]
        await page.type("3")
        await page.type("2")
        await puppet.did("2 down", "2 up")


@pytest.mark.parametrize("dark", [False, True])
async def test_it_fits_a_narrow_frame_in_light_and_dark(browser, server: PanelServer, dark, tmp_path):
    page = await Page.open(browser, server.url, width=400, height=760, dark=dark)
    await page.banner("connected")
    assert await page.read(
        "document.documentElement.scrollWidth <= 400 && document.documentElement.scrollHeight <= 760"
    )
    shot = Image.open(io.BytesIO(await page.screenshot(tmp_path / "page.png"))).convert("L")
    assert (shot.getpixel((2, 2)) < 60) is dark


async def test_the_simulated_desk_is_worked_through_the_page(browser, puppet: Puppet):
    desk, contacts = SimDesk(bounce_ms=5.0), list[Contact]()
    desk.start(contacts.append)
    server = PanelServer(puppet.panel, SimKeys(desk), lambda: puppet.facts, token=puppet.token)
    async with server:
        page = await Page.open(browser, server.url)
        await page.banner("connected")
        await page.click("#handset")
        await page.click(key("7"))
        async with asyncio.timeout(30):
            while len(contacts) < 4:
                await asyncio.sleep(0.01)
    desk.close()
    assert [(c.name, c.closed) for c in contacts] == [("HOOK", False), ("HOOK", True), ("7", True), ("7", False)]


async def test_three_phones_side_by_side(browser, tmp_path):
    names = ("Alice (201)", "Bob (202)", "Carol (203)")
    phones = [Puppet(name) for name in names]
    async with PageServer() as site:
        servers = [phone.server(ancestors=site.ancestors) for phone in phones]
        for server in servers:
            await server.start()
        framed = [Framed(name, server.url) for name, server in zip(names, servers, strict=True)]
        site.show(framed, [Try("Hold", ["Lift", "Press HOLD"])], title="Three phones")
        page = await Page.open(browser, site.url, width=1300, height=900)
        boxes = await page.read(
            "[...document.querySelectorAll('iframe')].map(f => f.getBoundingClientRect()).map(b => [b.x, b.y])"
        )
        assert len({y for _, y in boxes}) == 1, "in one row"
        for number, ((x, y), phone) in enumerate(zip(boxes, phones, strict=True)):
            await page.until_inside(number, "document.getElementById('owner').textContent !== 'Phone'")
            await page.click_at(x + 60, y + 250)
            await page.type("5")  # the keyboard has followed the click
            await phone.did("lift", "5 down", "5 up")
        for server in servers:
            await server.close()


async def test_a_stranger_may_not_frame_the_phone(browser, puppet: Puppet):
    async with PageServer() as site, puppet.server() as server:
        site.show([Framed("Alice", server.url)], [], title="Not allowed")
        page = await Page.open(browser, site.url)
        await page.until("document.querySelector('iframe') && document.readyState === 'complete'")
        await asyncio.sleep(0.5)  # the frame's own script, if it had been let run, would have connected long since
        assert server._clients == set()
