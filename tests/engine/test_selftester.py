"""The self-test inside the engine, in virtual time: it has keys, lamps, display and sound, and gives all of it back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
from rig.wire import WirePhone

from phone import inbox
from phone.calls import events as ev
from phone.control import ControlError
from phone.control.selftest import SelfTest, SelfTestReply
from phone.media.plan import Alive, AudioTrouble
from phone.media.planprobes import Probed, ServerAnswer, ServersAsked
from phone.selftasks import Bench
from phone.selftest.model import Equipment, Finding
from phone.selftest.steps import Answered, Reply, Told
from phone.selftester import LOOK_SECONDS, RESULT_SECONDS, NoBenchError
from phone.ui.book import Book, Box
from phone.ui.screens import lines
from phone.ui.texts import load_texts
from phone.xmpp.api import IceServerFact, SessionFacts

DESK = Equipment(
    tuple("0123456789*#"),
    ("message", "mute"),
    hook=True,
    display=True,
    handset=True,
    ringer=True,
)


class Examined:
    """alice's phone, and what the self-test sees of it."""

    def __init__(self, alice: WirePhone, folder: Path) -> None:
        self.alice, self.engine, self.tester = alice, alice.engine, alice.engine.tester
        self.desk: tuple[str, ...] = ()
        self.sound: tuple[tuple[str, str], ...] = ()
        self.offline = self.mailbox = self.clock = ""
        self.frames = 0
        self.folder = folder
        self.bench = Bench(
            equipment=DESK,
            texts=load_texts("en"),
            state_dir=folder,
            account="alice@x",
            server="127.0.0.1",
            desk_troubles=lambda: self.desk,
            sound_troubles=lambda: self.sound,
            frames=self._frames,
            session=lambda: SessionFacts(0.25, "TLSv1.3 X"),
            why_offline=lambda: self.offline,
            book=lambda: Book(box=Box(trouble=self.mailbox)),
            clock_trouble=lambda: self.clock,
            in_thread=self._soon,
            keep=lambda work: work(),
        )
        self.tester.use(self.bench)
        self.asked = alice.media.asked

    def _frames(self) -> int:
        self.frames += 1
        return self.frames

    def _soon(self, measure: Callable[[], Finding]) -> None:
        self.engine.post_from_thread(inbox.SelfTestTold(Told(measure(), self.engine.now())))

    def does(self, action: str, *only: str, auto: bool = False) -> SelfTestReply:
        return self.tester.answer(SelfTest(action, auto, only))  # type: ignore[arg-type]

    def runs(self, seconds: float = 0.0) -> SelfTestReply:
        """Somebody looks meanwhile."""
        self.alice.wire.run(seconds)
        return self.does("look")

    def told(self, report: object) -> None:
        self.engine.post(inbox.MediaTold(report))  # type: ignore[arg-type]

    @property
    def audio(self):
        return self.alice.media.plan.audio

    @property
    def screen(self) -> tuple[str, ...]:
        return lines(self.engine.levels.shown) if self.engine.levels.shown else ()


@pytest.fixture
def tested(alice: WirePhone, tmp_path: Path) -> Examined:
    return Examined(alice, tmp_path)


def test_a_key_is_the_tests_alone(tested: Examined) -> None:
    reply = tested.does("begin", "key")
    assert (reply.running, reply.prompt, len(reply.checks)) == (True, "Press the key 0.", 12)
    assert tested.screen == ("Test 1/12", "0", "press this key")
    tested.alice.press("0")
    assert tested.does("look").findings[0].verdict == "passed"
    assert not tested.engine.phone.dialled
    assert tested.does("stop").sentence == ("The self-test was broken off after 1 of 12 checks, as it was asked to.")
    tested.alice.press("0")
    assert tested.engine.phone.dialled == "0"


def test_lamps_are_the_tests_while_it_runs(tested: Examined) -> None:
    lit = tested.alice.engine.ports.lamps
    before = lit.lit
    tested.does("begin", "lamp")
    assert lit.lit == {"message"}
    tested.alice.press("#")
    assert lit.lit == {"mute"}
    assert tested.does("yes").sentence == "All 2 checks passed."
    assert lit.lit == before
    assert tested.screen == ("Test", "all is well")
    assert tested.engine.tester.deadline() is not None
    tested.alice.wire.run(RESULT_SECONDS)
    assert tested.engine.tester.demand() is None
    assert tested.engine.tester.deadline() is None


def test_the_ringer_is_tried_with_what_announces_calls(tested: Examined) -> None:
    phone = tested.engine.phone
    tested.engine.phone = replace(phone, habits=replace(phone.habits, ring="/ring.wav"))
    tested.does("begin", "ringer")
    assert (tested.audio.ringer, tested.audio.ring) == (True, "/ring.wav")


def test_a_key_takes_the_result_off_the_display(tested: Examined) -> None:
    tested.does("begin", "ringer")
    assert tested.audio.ringer
    assert tested.does("no").sentence == "One thing needs a hand: the ringer is silent."
    assert not tested.audio.ringer
    assert tested.screen == ("Test", "needs a hand")
    tested.alice.press("1")
    assert tested.tester.demand() is None
    assert tested.engine.phone.dialled == "1"


@pytest.mark.parametrize("lifted", [True, False])
def test_the_core_hears_of_the_hook_when_it_is_over(tested: Examined, lifted: bool) -> None:
    tested.does("begin", "hook")
    tested.does("yes")
    tested.alice.lift()
    assert not tested.engine.phone.off_hook
    assert tested.audio.tone is None
    if not lifted:
        tested.alice.hang_up()
    else:
        tested.does("no")
    assert not tested.does("look").running
    assert tested.engine.phone.off_hook is lifted
    assert tested.audio.tone == ("dial" if lifted else None)


@pytest.mark.parametrize("lifted", [True, False])
def test_it_gives_way_to_a_call(tested: Examined, bob: WirePhone, lifted: bool) -> None:
    """With the handset in the hand it knocks; the lifting of before answers nothing."""
    tested.does("begin", "key")
    if lifted:
        tested.alice.lift()
    bob.call("201")
    call = tested.engine.phone.calls[0]
    assert call.live
    assert not call.up
    assert tested.alice.out.ringer is not lifted
    assert "for a call" in tested.does("look").sentence
    assert tested.tester.demand() is None


def test_it_gives_way_to_a_call_of_our_own(tested: Examined) -> None:
    tested.does("begin", "key")
    tested.engine.post(ev.DialRequested("202", tested.engine.now()))
    assert tested.engine.phone.dialled == "202"
    assert not tested.does("look").running


def test_refused_during_a_call(tested: Examined, bob: WirePhone) -> None:
    tested.alice.call("202")
    with pytest.raises(ControlError, match="a call is in progress"):
        tested.does("begin")


def test_refused_while_the_mailbox_is_used(tested: Examined) -> None:
    tested.engine.phone = replace(tested.engine.phone, mailbox=True)
    with pytest.raises(ControlError, match="somebody uses the mailbox"):
        tested.does("begin")


def test_one_at_a_time_and_only_what_there_is(tested: Examined, bob: WirePhone) -> None:
    with pytest.raises(ControlError, match="no self-test was begun"):
        tested.does("look")
    with pytest.raises(ControlError, match="there is no check 'lamps'; there are display, key"):
        tested.does("begin", "lamps")
    with pytest.raises(ControlError, match="nothing of that to test without a hand"):
        tested.does("begin", "key", auto=True)
    assert tested.does("list", "clock", "hook").checks == ("hook", "clock")
    tested.does("begin", "key")
    with pytest.raises(ControlError, match="is running already"):
        tested.does("begin")
    with pytest.raises(NoBenchError):
        bob.engine.tester.answer(SelfTest("list"))


def test_what_is_told_of_no_test_is_nothing(tested: Examined) -> None:
    tested.does("list")
    answer = inbox.SelfTestTold(Answered(Reply.YES, tested.engine.now()))
    tested.engine.post(answer)
    tested.told(Probed(1, None, None, None, silent=True, xruns=0))
    tested.does("begin", "ear")
    tested.does("yes")
    tested.engine.post(answer)
    assert tested.does("look").passed


def test_nobody_looks(tested: Examined) -> None:
    tested.does("begin", "key")
    tested.alice.wire.run(LOOK_SECONDS - 1)
    assert tested.does("look").running
    tested.alice.wire.run(LOOK_SECONDS)
    assert tested.does("look").sentence.endswith("since nobody looks at it any more: the key 0 does not answer.")


def test_the_terminal_is_gone(tested: Examined) -> None:
    before = tested.engine.levels.shown
    tested.does("begin", "key")
    assert tested.engine.levels.shown != before
    tested.tester.left()
    assert tested.engine.levels.shown == before, "the display is the phone's again"
    assert tested.does("look").sentence.endswith("since its terminal is gone.")
    tested.tester.left()
    assert not tested.does("look").running


# --- sound ----------------------------------------------------------------------------------------------------


def probed(tested: Examined, **facts: object) -> Probed:
    usual = {"delay_ms": 23.4, "level_db": -20.0, "noise_db": -60.0, "silent": False, "xruns": 0}
    return Probed(tested.audio.probe, **usual | facts)  # type: ignore[arg-type]


def test_the_way_of_sound(tested: Examined) -> None:
    tested.does("begin", "sound")
    assert tested.audio.probe == 0
    tested.does("yes")
    assert tested.audio.handset
    assert tested.audio.probe
    tested.told(replace_token(probed(tested), 99))
    assert tested.does("look").running
    tested.told(probed(tested))
    reply = tested.does("look")
    assert reply.findings[0].figures == {"delay": "23.4 ms", "level": "-20.0 dB", "noise": "-60.0 dBFS"}
    assert not tested.audio.handset
    assert (tested.folder / "sound.json").read_text().count("23.4 ms") == 1
    assert "ok   sound handset: delay 23.4 ms" in Path(reply.path).read_text()


def replace_token(report: Probed, token: int) -> Probed:
    return Probed(token, report.delay_ms, report.level_db, report.noise_db, report.silent, report.xruns)


def test_torn_sound_is_measured_again(tested: Examined) -> None:
    tested.does("begin", "sound", auto=True)
    tokens = []
    for _ in range(3):
        tokens.append(tested.audio.probe)
        tested.told(probed(tested, xruns=2))
    assert len(set(tokens)) == 3
    assert tested.does("look").findings[0].figures["gaps"] == "2"


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"silent": True, "delay_ms": None, "level_db": None, "noise_db": None}, "the microphone is silent"),
        ({"delay_ms": None, "level_db": None}, "the handset's microphone does not hear what the handset plays"),
    ],
)
def test_no_sound_comes_back(tested: Examined, facts: dict[str, object], sentence: str) -> None:
    tested.does("begin", "sound", auto=True)
    tested.told(probed(tested, **facts))
    assert tested.does("look").sentence == f"One thing needs a hand: {sentence}."
    assert not (tested.folder / "sound.json").exists()


def test_a_card_that_is_not_there(tested: Examined) -> None:
    tested.sound = (("handset", "sound card 'x' is not there: plug it in."),)
    assert tested.does("begin", "sound", auto=True).sentence == (
        "One thing needs a hand: sound card 'x' is not there: plug it in."
    )


def test_a_card_that_goes(tested: Examined) -> None:
    tested.does("begin", "sound", auto=True)
    tested.told(AudioTrouble("ringer", "of no interest"))
    tested.told(Alive(1, 0))
    assert tested.does("look").running
    tested.told(AudioTrouble("handset", "sound card 'x' is gone"))
    assert tested.does("look").sentence == "One thing needs a hand: sound card 'x' is gone."
    assert tested.engine.measured.troubles["handset"] == "sound card 'x' is gone"


# --- what needs no hand -----------------------------------------------------------------------------------------


def test_display_and_lamps_by_themselves(tested: Examined) -> None:
    tested.does("begin", "display", "lamp", "profile", auto=True)
    assert tested.screen == ("Test 1/3", "(checkerboard)")
    assert tested.runs(5.0).sentence == "All 3 checks passed."


def test_troubles_of_the_desk(tested: Examined) -> None:
    tested.desk = ("The display is out of order: no answer at 0x3C.", "The lamp mute is out of order: GPIO22 cannot.")
    tested.sound = (("ringer", "sound card 'bell' is not there"),)
    tested.does("begin", "display", "lamp", "profile", auto=True)
    reply = tested.runs(5.0)
    display, lamp = "the display is out of order: no answer at 0x3C", "the lamp mute is out of order: GPIO22 cannot"
    assert [each.sentence for each in reply.findings] == [
        display,
        lamp,
        f"{display}; {lamp}; sound card 'bell' is not there",
    ]


def test_a_display_that_takes_nothing(tested: Examined) -> None:
    tested.does("begin", "display", auto=True)
    tested.frames = 0
    assert tested.runs(5.0).sentence == "One thing needs a hand: the display takes no pictures."


def test_mailbox_disk_clock_network(tested: Examined) -> None:
    tested.mailbox, tested.clock = "The card is full.", "this phone's clock says 1970-01-01, which is past"
    tested.does("begin", "mailbox", "disk", "clock", "network", auto=True)
    reply = tested.runs(1.0)
    assert [each.check for each in reply.findings] == [
        *("disk", "mailbox", "clock", "network address", "network gateway", "network names"),
    ]
    told = {each.check: each.sentence for each in reply.findings}
    assert (told["mailbox"], told["clock"]) == ("the card is full", tested.clock)


def test_the_server_answers(tested: Examined) -> None:
    tested.alice.wire.answers["x", ""] = Element("nothing")
    tested.does("begin", "server", auto=True)
    figures = tested.runs(1.0).findings[0].figures
    assert (figures["signed in within"], figures["TLS"], "round trip" in figures) == ("0.25 s", "TLSv1.3 X", True)


def test_the_server_does_not_answer(tested: Examined) -> None:
    tested.does("begin", "server", auto=True)
    assert tested.runs(1.0).sentence == "One thing needs a hand: the server does not answer a ping."


def test_no_service(tested: Examined) -> None:
    tested.offline = "bad password: not-authorized"
    assert tested.does("begin", "server", auto=True).sentence == (
        "One thing needs a hand: the account is not signed in: bad password: not-authorized."
    )


def test_services_of_the_server(tested: Examined, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = (IceServerFact("stun", "s.x", 3478), IceServerFact("turn", "t.x", 3478, "udp", "u", "p"))
    monkeypatch.setattr(type(tested.alice), "ice_servers", lambda _: facts)
    tested.does("begin", "stun", "turn", auto=True)
    (asked,) = tested.asked
    assert [server.host for server in asked.servers] == ["s.x"]
    answer = ServerAnswer("stun", "s.x", 3478, "udp", "192.0.2.1:4000", 0.05)
    tested.told(ServersAsked(asked.token + 1, (answer,)))
    assert tested.does("look").running
    tested.told(ServersAsked(asked.token, (answer,)))
    tested.told(ServersAsked(tested.asked[1].token, (ServerAnswer("turn", "t.x", 3478, "udp", "", 5.0),)))
    reply = tested.does("look")
    assert reply.findings[0].figures == {"s.x:3478": "192.0.2.1:4000 in 50 ms"}
    assert reply.sentence == "One thing needs a hand: TURN does not answer at t.x:3478 (udp)."


def test_no_services(tested: Examined) -> None:
    reply = tested.does("begin", "stun", "turn", auto=True)
    assert reply.sentence == "0 of 2 checks passed, the others were skipped."
    assert reply.findings[0].sentence == "the server names no STUN service"


def test_a_disk_that_takes_no_report(tested: Examined, caplog: pytest.LogCaptureFixture) -> None:
    (tested.folder / "selftest.txt.new").mkdir()
    tested.does("begin", "ear")
    assert tested.does("yes").sentence == "The one check passed."
    assert "cannot keep the self-test's selftest.txt" in caplog.text


def test_a_hook_that_is_wired_the_other_way_round(tested: Examined) -> None:
    """The phone believes that the handset is up, and sounds its tone: the test takes place all the same."""
    tested.alice.lift()
    tested.does("begin", "hook")
    assert tested.audio.tone is None
    tested.does("yes")
    tested.alice.hang_up()
    tested.alice.lift()
    reply = tested.does("look")
    assert reply.sentence.startswith("One thing needs a hand: the hook switch tells the contrary")
    assert tested.engine.phone.off_hook
