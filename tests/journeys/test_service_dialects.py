"""Google's session dialect from end to end, in both of its forms, where it is all that the service is said to speak."""

from __future__ import annotations

from pathlib import Path

import pytest
from journeys.edits import swap
from journeys.leaving import (
    assert_words,
    beeped,
    calls_his_voicemail,
    hangs_up,
    hears_greeting,
    hears_message,
    says,
    switch_off,
)
from journeys.steps import does
from rig.service_stage import VM, service_stage

from phone.demo.stage import registered

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(240)]

WORDS = "The blue train leaves at seven in the evening."


@pytest.mark.parametrize("form", ["gtalk3", "gtalk4"])
async def test_a_message_in_the_google_dialect(tmp_path: Path, form: str) -> None:
    """Without encryption, where both configs allow it: the lock on the display is open."""
    allowed = swap("processes = 1\n", 'processes = 1\nplain_rtp = ["localhost"]\n')
    old = {"plugins": ("google_days",), "options": {"google_days": f'"{form}"'}}
    async with service_stage(tmp_path, edit=allowed, **old) as scene:
        alice = await scene.desk("alice", edit=lambda config: f'{config}\n[peers."{VM}"]\nplain_rtp = true\n')
        bob, chat = await scene.desk("bob"), await scene.chat("bob@localhost")
        await switch_off(bob)
        ear = await calls_his_voicemail(alice, bob.number)
        status = await does(alice, lambda s: any(c.progress == "connected" and c.codec for c in s.calls), 20)
        assert (status.calls[0].encrypted, status.calls[0].codec) == (False, "pcmu")
        assert "[not encrypted]" in status.screen[0], status.screen
        await beeped(ear)
        hears_greeting(ear.heard(), "service-greeting")
        await says(alice, WORDS)
        await hangs_up(alice)
        await chat.until(lambda c: c.texts and c.voices)
        assert_words(WORDS, await chat.listen(chat.voices[0]))
        await bob.start_again()
        await registered(bob)
        await does(bob, lambda s: s.new_messages == 1)
        await hears_message(bob, WORDS)
        # whoever writes both forms until he has seen the other's may get both
        assert said(scene.folder) - {"candidates"} == FORMS[form], said(scene.folder)


FORMS = {
    "gtalk3": {"initiate", "accept"},
    "gtalk4": {"initiate transport", "transport-accept transport", "transport-info transport", "accept"},
}


def said(folder: Path) -> set[str]:
    """What the service wrote, and how the session began."""
    lines = (folder / "prosody" / "prosody.log").read_text().splitlines()
    acts = [line.partition("session: ")[2] for line in lines if "\tsession: " in line]
    return {act.partition(" ")[2] for act in acts if act.startswith("service ") or "initiate" in act}
