"""Two browsers call each other through Prosody: the proof that the harness itself speaks, hears and tells the truth.

What stanza 12 in Chromium really did here:
* a bare session-initiate 1 ms after `call`, without candidates; each host candidate follows in its own transport-info
  (UDP on 127.0.0.1, ::1 and every address of the machine, then TCP ones with port 9), then `<gathering-complete/>`;
* the callee acks, sends session-info ringing, trickles only once it has accepted;
* the offer says actpass, the answer active; SRTP_AES128_CM_HMAC_SHA1_80, Opus 111, 20 ms;
* hang-up is a session-terminate with success; refusal one with decline;
* a closed tab says nothing at all: no terminate, no DTLS close-notify, no presence, since Prosody keeps the stream
  for resumption. The other browser goes ICE disconnected after 5 to 7 s and, if it had called, offers an ICE restart
  2 s later (transport-info with a new ufrag), which nobody answers; it never hangs up by itself.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from browser import Browser, PageError, Peer
from ears import hears_silence, hears_tone, keys_heard

from phone.demo.prosody import PrivateProsody

pytestmark = [pytest.mark.servers, pytest.mark.slow]
in_session = pytest.mark.asyncio(loop_scope="session")

BOB = "bob@localhost/browser"


async def _connected(alice: Peer, bob: Peer) -> None:
    """Alice calls Bob, who answers by himself; return when both have media."""
    await bob.answer_after(0.1)
    await alice.call(BOB)
    await asyncio.gather(alice.first("pc:connected"), bob.first("pc:connected"))


@in_session
async def test_a_tone_spoken_at_each_end_is_heard_at_the_other(softphones: dict[str, Peer]) -> None:
    alice, bob = softphones["alice"], softphones["bob"]
    await alice.tone(440)
    await bob.tone(1000)
    await _connected(alice, bob)
    await asyncio.gather(hears_tone(alice.heard, 1000), hears_tone(bob.heard, 440))

    facts = await alice.facts()
    assert (facts.peer, facts.state, facts.dtls, facts.codec) == (BOB, "active", "connected", "audio/opus")
    assert "AES" in facts.srtp_cipher
    assert (facts.dtls_role, (await bob.facts()).dtls_role) == ("server", "client")
    assert facts.local_candidate.startswith("host ")
    assert min(facts.packets_received, facts.packets_sent) > 20

    await alice.tone(0)
    await hears_silence(bob.heard)
    await hears_tone(alice.heard, 1000)


@pytest.mark.parametrize(("ends", "hears"), [("alice", "bob"), ("bob", "alice")])
@in_session
async def test_hanging_up_ends_the_call_at_the_other_end(softphones: dict[str, Peer], ends: str, hears: str) -> None:
    await _connected(softphones["alice"], softphones["bob"])
    await softphones[ends].hang_up()
    ended = await softphones[hears].first("jingle:terminated")
    assert isinstance(ended.detail, dict)
    assert ended.detail["data"] == {"condition": "success"}
    assert (await softphones[hears].facts()).state == "ended"


@in_session
async def test_it_rings_until_the_call_is_declined(softphones: dict[str, Peer]) -> None:
    alice, bob = softphones["alice"], softphones["bob"]
    sid = await alice.call(BOB)
    await alice.first("jingle:ringing")
    incoming = await bob.first("jingle:incoming")
    assert isinstance(incoming.detail, dict)
    assert incoming.detail["sid"] == sid
    await bob.decline()
    ended = await alice.first("jingle:terminated")
    assert isinstance(ended.detail, dict)
    assert ended.detail["data"] == {"condition": "decline"}
    assert not await alice.events("jingle:accepted")


@in_session
async def test_keys_pressed_are_heard_as_dtmf(softphones: dict[str, Peer]) -> None:
    """Chromium plays a received RFC 4733 event as the two tones of Q.23, but shorter: 200 ms sent sound for 60 to 80,
    100 ms for 30 to 50. An event that comes before any speech is lost.
    """
    alice, bob = softphones["alice"], softphones["bob"]
    await _connected(alice, bob)
    await alice.tone(440)
    await hears_tone(bob.heard, 440)
    await alice.tone(0)
    await hears_silence(bob.heard)
    await alice.press("1590#")
    await asyncio.sleep(2.5)
    assert keys_heard(await bob.heard(3)) == "1590#"


@in_session
async def test_the_journal_holds_the_stanzas_of_both_directions(softphones: dict[str, Peer]) -> None:
    alice, bob = softphones["alice"], softphones["bob"]
    await _connected(alice, bob)
    sent = "".join(str(event.detail) for event in await alice.events("out"))
    received = "".join(str(event.detail) for event in await alice.events("in"))
    assert 'action="session-initiate"' in sent
    assert 'setup="actpass"' in sent
    assert 'ip="127.0.0.1"' in sent
    assert "session-accept" in received
    times = [event.at for event in await alice.events()]
    assert times == sorted(times)


@in_session
async def test_a_wrong_password_is_told(prosody: PrivateProsody, browser: Browser) -> None:
    peer = await browser.open()
    with pytest.raises(PageError, match="authentication"):
        await peer.connect("alice@localhost", "guess", prosody.websocket_url or "")


@in_session
async def test_what_never_comes_is_told_with_what_came(softphones: dict[str, Peer]) -> None:
    with pytest.raises(TimeoutError, match="no jingle:incoming within"):
        await softphones["alice"].first("jingle:incoming", within=0.2)


@in_session
async def test_a_closed_tab_says_nothing_to_the_other_end(softphones: dict[str, Peer]) -> None:
    alice, bob = softphones["alice"], softphones["bob"]
    await _connected(alice, bob)
    await bob.close()
    await alice.first("ice:disconnected", within=30)
    assert not await alice.events("jingle:terminated")
    assert (await alice.facts()).state == "active"


@in_session
async def test_a_call_without_far_speech_is_silent(softphones: dict[str, Peer]) -> None:
    """The measure can fail: what nobody spoke is not found."""
    alice, bob = softphones["alice"], softphones["bob"]
    await _connected(alice, bob)
    with pytest.raises(AssertionError, match="no 440 Hz within"):
        await hears_tone(bob.heard, 440, within=1.5)


def test_the_page_holds_its_types() -> None:
    checked = subprocess.run(
        ["npm", "run", "--silent", "check"], cwd=Path(__file__).parent, check=False, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout


AnyCall = Callable[[Peer], Awaitable[object]]


@pytest.mark.parametrize("act", [Peer.hang_up, Peer.answer, Peer.decline, Peer.facts], ids=lambda act: act.__name__)
@in_session
async def test_without_a_call_there_is_nothing_to_act_on(browser: Browser, act: AnyCall) -> None:
    with pytest.raises(PageError, match="no call yet"):
        await act(await browser.open())
