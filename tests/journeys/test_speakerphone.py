"""The user's manual, SPEAKER: hands-free, to the handset and back; and the intercom, which speaks by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest
from journeys.listening import Ear, hears
from journeys.steps import all_idle, connected, does, idle

from phone.demo.stage import Desk, stage
from phone.drivers.vcard import Card

pytestmark = [pytest.mark.servers, pytest.mark.slow]


@pytest.fixture
async def desks(tmp_path: Path) -> AsyncIterator[tuple[Desk, ...]]:
    """carol lets alice speak at once."""

    def edit(config: str) -> str:
        return f'{config}\n[calls]\nintercom = ["alice@localhost"]\n' if 'jid = "carol@' in config else config

    async with stage(tmp_path, "alice", "bob", "carol", edit=edit) as scene:
        yield tuple(scene.desks.values())


async def test_speakerphone(desks: tuple[Desk, ...]) -> None:
    """In one go, since a stage is slow to set."""
    alice, bob, carol = desks
    await answered_on_the_speaker(alice, bob)
    await to_the_handset_and_back(alice, bob)
    await dialled_hands_free(bob, alice)
    await the_intercom_speaks_at_once(alice, carol)
    await others_ring_as_ever(bob, carol)


async def one_by_one(alice: Card, other: str, card: Card) -> None:
    """A speakerphone lets one speak at a time, or it would howl."""
    cards: Mapping[str, Card] = {"alice": alice, other: card}
    await hears(f"alice>{other}", cards, mouths=["alice"])
    await hears(f"{other}>alice", cards, mouths=[other])


async def answered_on_the_speaker(alice: Desk, bob: Desk) -> None:
    await alice.lift()
    await alice.dial(bob.number)
    await does(bob, lambda s: s.ringer)
    await bob.press("SPEAKER")
    await does(alice, connected)
    assert (await bob.status()).speaker
    assert "speaker" in (await bob.status()).lamps
    await one_by_one(alice.handset, "bob", bob.speaker)
    await hears("", {"alice": alice.handset, "bob": bob.handset})


async def to_the_handset_and_back(alice: Desk, bob: Desk) -> None:
    await bob.lift()
    await does(bob, lambda s: connected(s) and not s.speaker)
    await hears("alice>bob bob>alice", {"alice": alice.handset, "bob": bob.handset})
    await hears("", {"alice": alice.handset, "bob": bob.speaker})
    await bob.press("SPEAKER")
    await bob.hang_up()
    assert connected(await bob.status()), "the cradle ended a call on the speaker"
    await one_by_one(alice.handset, "bob", bob.speaker)
    await bob.press("SPEAKER")
    await does(alice, lambda s: s.tone == "busy")
    await alice.hang_up()
    await all_idle(bob)


async def dialled_hands_free(bob: Desk, alice: Desk) -> None:
    dial_tone = Ear(bob.speaker)
    await bob.press("SPEAKER")
    await dial_tone.tone(425)
    await bob.dial(alice.number)
    await does(alice, lambda s: s.ringer)
    await alice.lift()
    await one_by_one(alice.handset, "bob", bob.speaker)
    await alice.hang_up()
    await does(bob, lambda s: s.tone == "busy")
    await bob.press("SPEAKER")
    await all_idle(bob)


async def the_intercom_speaks_at_once(alice: Desk, carol: Desk) -> None:
    room, bell = Ear(carol.speaker), Ear(carol.ringer)
    await alice.lift()
    await alice.dial(carol.number)
    await does(carol, lambda s: s.speaker and connected(s))
    await room.tone(880)
    await room.tone(1175)
    assert not any(bell.heard()), "the bell rang"
    await one_by_one(alice.handset, "carol", carol.speaker)
    await alice.hang_up()
    await does(carol, lambda s: idle(s) and not s.speaker)


async def others_ring_as_ever(bob: Desk, carol: Desk) -> None:
    bell = Ear(carol.ringer)
    await bob.lift()
    await bob.dial(carol.number)
    await does(carol, lambda s: s.ringer)
    await bell.tone(800)
    assert not (await carol.status()).speaker
    await bob.hang_up()
    await all_idle(carol)
