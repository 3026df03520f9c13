"""`phone status`, for people and for machines."""

import json

import msgspec
import pytest

from phone.cli.main import main
from phone.control import CallStatus, Status, StatusReply, TrialStatus

CALL = CallStatus(
    id="1",
    peer="bob@example.org/desk",
    name="Bob",
    direction="out",
    progress="connected",
    held=True,
    encrypted=True,
    codec="opus",
    packet_ms=20,
    round_trip_ms=12.4,
    loss_percent=0.5,
    far_loss_percent=1.0,
    concealed_ms=40,
    jitter_buffer_ms=38.6,
    seconds=75.0,
)
STATUS = StatusReply(
    version="0.1.0",
    uptime_seconds=3723.0,
    account="anna@example.org/phone",
    registered=True,
    why="",
    off_hook=True,
    calls=(CALL,),
    lamps=("call",),
    tone=None,
    ringer=False,
    screen=("Bob", "1:15"),
)


@pytest.fixture
def fake(fake):
    fake.replies[Status] = STATUS
    return fake


def test_status_for_people(fake, capsys):
    assert main(["status"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "anna@example.org/phone: registered",
        "phone 0.1.0, up 1:02:03, off-hook",
        "call to Bob <bob@example.org/desk>: connected, 1:15, on hold at the far end, encrypted",
        "  opus 20 ms, round trip 12 ms, loss 0.5 %, loss at the far end 1.0 %, concealed 40 ms, jitter buffer 39 ms",
        "messages: 0 new, 0 old",
        "lamps: call",
        "tone: none",
        "screen:",
        "  | Bob",
        "  | 1:15",
    ]


def test_status_without_service_or_figures(fake, capsys):
    call = CallStatus("2", "x@y", "\x1b[2Jx\n", "in", "offered", held=False, encrypted=False)
    fake.replies[Status] = StatusReply(
        version="0.1.0",
        uptime_seconds=1.0,
        account="a@b",
        registered=False,
        why="bad password",
        off_hook=False,
        calls=(call,),
        lamps=(),
        tone="busy",
        ringer=True,
        screen=(),
        audio_troubles=("the handset is missing",),
        faults=2,
    )
    assert main(["status"]) == 0
    out = capsys.readouterr().out
    assert "a@b: not registered: bad password" in out
    assert "the handset is missing" in out
    assert "2 of the phone's own faults showed" in out
    assert "call from \N{REPLACEMENT CHARACTER}[2Jx\N{REPLACEMENT CHARACTER} <x@y>: offered, NOT encrypted\n" in out
    assert "lamps: dark\ntone: busy, the ringer rings" in out
    assert "\x1b" not in out


def test_status_of_held_joined_and_handed_over_calls(fake, capsys):
    far = dict.fromkeys(["direction"], "in") | {"progress": "connected", "held": False}
    calls = (
        CallStatus("1", "a@x", "Anna", held_by_us=True, handover="Dora", handover_method="transfer", **far),
        CallStatus("2", "b@x", "Bob", bridged_to="3", handover="Al", handover_method="bridge", **far),
        CallStatus("3", "c@x", "Al", bridged_to="9", via="\x1b", **far),
        CallStatus("4", "d@x", "Dora", conference=True, **far),
    )
    fake.replies[Status] = msgspec.structs.replace(
        STATUS, calls=calls, recall="1", ringer=True, ring=3, speaker=True, muted=True, dnd=True, locked=True
    )
    assert main(["status"]) == 0
    assert capsys.readouterr().out.splitlines()[1:9] == [
        "phone 0.1.0, up 1:02:03, off-hook, on the speaker, muted, do not disturb, keypad locked",
        "call from Anna <a@x>: connected, held, being handed over to Dora by transfer, rings back",
        "call from Bob <b@x>: connected, joined to Al through this phone, being handed over to Al through this phone",
        "call from Al <c@x>: connected, joined to 9 through this phone, transferred by \ufffd (unverified)",
        "call from Dora <d@x>: connected, in the conference",
        "messages: 0 new, 0 old",
        "lamps: call",
        "tone: none, the ringer rings with tune 3",
    ]


@pytest.mark.parametrize(
    ("trial", "line"),
    [
        (
            TrialStatus(7, 6, 44.7, session=True),
            (
                "version 7 of the config is on trial: version 6 comes back in 45 s, or when its session ends;"
                " keep it: phone provision confirm"
            ),
        ),
        (
            TrialStatus(7, 6, 300.0, session=False),
            "version 7 of the config is on trial: version 6 comes back in 300 s; keep it: phone provision confirm",
        ),
        (
            TrialStatus(7, 6, None, session=True),
            "version 7 of the config is to be tried: the phone starts anew with it once nobody is on the line",
        ),
    ],
)
def test_status_tells_of_a_config_on_trial(fake, capsys, trial, line):
    fake.replies[Status] = msgspec.structs.replace(STATUS, trial=trial)
    assert main(["status"]) == 0
    assert capsys.readouterr().out.splitlines()[2] == line
    assert main(["status", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["trial"] == msgspec.to_builtins(trial)


def test_status_names_a_ring_of_ones_own(fake, capsys):
    fake.replies[Status] = msgspec.structs.replace(STATUS, ringer=True, ring="/etc/phone/ring.wav")
    assert main(["status"]) == 0
    assert "tone: none, the ringer rings with /etc/phone/ring.wav" in capsys.readouterr().out.splitlines()


def test_status_for_machines_has_all_that_is_promised(fake, capsys):
    assert main(["status", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is True
    assert {"registered", "why", "calls", "lamps", "tone", "screen"} <= told.keys()
    assert {
        "peer",
        "direction",
        "progress",
        "held",
        "encrypted",
        "codec",
        "round_trip_ms",
        "loss_percent",
        "concealed_ms",
        "jitter_buffer_ms",
    } <= told["calls"][0].keys()


def test_status_says_what_becomes_of_messages(fake, capsys):
    far = {"direction": "in", "progress": "connected", "held": False}
    calls = (
        CallStatus("1", "a@x", "Anna", answering="recording", **far),
        CallStatus("2", "b@x", "Bob", answering="greeting", **far),
        CallStatus("3", "c@x", "Al", message=True, **far | {"direction": "out"}),
    )
    fake.replies[Status] = msgspec.structs.replace(
        STATUS, calls=calls, new_messages=2, old_messages=1, mailbox=True, dictating="Eve", mailbox_trouble="no card"
    )
    fake.replies[Status] = msgspec.structs.replace(fake.replies[Status], desk_troubles=("The keypad is out of order.",))
    assert main(["status"]) == 0
    shown = capsys.readouterr().out
    assert "listening to messages, dictating a message to Eve" in shown
    assert "no card" in shown
    assert "The keypad is out of order." in shown
    assert "call from Anna <a@x>: connected, leaves a message" in shown
    assert "call from Bob <b@x>: connected, hears the greeting" in shown
    assert "call to Al <c@x>: connected, to leave a message" in shown
    assert "messages: 2 new, 1 old" in shown
