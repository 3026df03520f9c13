"""What is fetched from the server's mailbox gets the name that the telephone book has for its caller."""

from __future__ import annotations

import pytest
from rig.spoken import opus_file, packets

from phone.boxkeeper import BoxKeeper
from phone.remotebox import RemoteBox
from phone.voicemail.box import Mailbox
from phone.voicemail.follow import Fetched
from phone.voicemail.greeting import Greetings
from phone.voicemail.message import Caller, State
from phone.voicemail.wire import RemoteMessage


class Client:
    def ask(self, to, payload, token, *, kind="get"):
        raise AssertionError("nothing is to be asked")

    def name_of(self, jid):
        return {"ann@a.example": "Ann"}.get(jid)


class Follower:
    def __init__(self, *steps):
        self.published, self.coming = (lambda *_: steps), 0


@pytest.mark.parametrize(
    ("caller", "name"),
    [
        (Caller("ann@a.example"), "Ann"),
        (Caller("ann@a.example/pi", ""), "Ann"),
        (Caller("ann@a.example", "Ann Onymous"), "Ann"),
        (Caller("eve@a.example", "Eve"), "Eve"),
        (Caller("eve@a.example"), "eve@a.example"),
    ],
)
def test_whose_message_was_fetched(tmp_path, caller, name):
    told = []
    keeper = BoxKeeper(Mailbox(tmp_path / "box"), Greetings(tmp_path / "greetings"), told.append)
    box = RemoteBox("bob@b.example", Client(), keeper)
    sound = opus_file(packets(2.0))
    box.follower = Follower(Fetched(RemoteMessage("one", State.NEW, caller, 1e9, 2.0, len(sound)), sound))
    box.published("vm.b.example", None, 0.0)
    keeper.close()
    (letter,) = told[-1].box.letters
    assert (letter.name, letter.address) == (name, caller.jid)
    keeper.mailbox.close()
