"""The self-test inside the daemon: it has the keys, the lamps, the display and the sound while it runs.

Laws:
 1. The call core sees nothing of it: the hook, moved meanwhile, is told to it when the test is over.
 2. Calls come first: the test is refused during one, and gives way to one that comes or is made, before it is taken.
 3. Who began it looks at it; once he is gone, or nobody does for long, it ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from phone import inbox
from phone.calls import events as ev
from phone.calls.model import Phone
from phone.control import ControlError
from phone.control.selftest import SelfTest, SelfTestFinding, SelfTestReply
from phone.drivers.base import Contact
from phone.errors import PhoneError
from phone.levels import Demand
from phone.media import plan
from phone.media.planprobes import Probed, ServersAsked
from phone.ports import Ports
from phone.selfreport import Keeper
from phone.selftasks import PING, Bench, Tasks
from phone.selftest import report, steps, wording
from phone.selftest.model import Check, Finding, Kind, checks
from phone.selftest.steps import Reply, Session
from phone.trialpage import page
from phone.ui.selftest import trial_screen

LOOK_SECONDS = 15.0
"""Nobody has looked for so long: the terminal is gone."""
RESULT_SECONDS = 5.0
"""How long the display says what came of it, unless a key is pressed."""
_REPLIES = {"yes": Reply.YES, "no": Reply.NO, "skip": Reply.SKIP}
_HOOK = "HOOK"
Missed = tuple[ev.Event, ...]


class NoBenchError(PhoneError, RuntimeError):
    """The engine was made without what the self-test needs."""


@dataclass(slots=True)
class SelfTester:
    """One at a time. All on the loop; times are monotonic seconds."""

    ports: Ports
    post: Callable[[inbox.Item], None]
    now: Callable[[], float]
    phone: Callable[[], Phone]
    keeper: Keeper | None = None
    _tasks: Tasks | None = None
    _session: Session | None = None
    """The newest, over or not."""
    _lifted: bool | None = None
    """The hook, as it was moved during the test; None: it was not."""
    _looked_at: float = 0.0
    _shown_until: float = 0.0
    """The display says what came of it."""

    def use(self, bench: Bench) -> None:
        """Test that phone."""
        self._tasks = Tasks(self.ports, bench, self._found)
        self.keeper = Keeper(bench)

    @property
    def running(self) -> bool:
        """It has the keys."""
        return self._session is not None and self._session.check is not None

    # --- the terminal -----------------------------------------------------------------------------------------------

    def answer(self, request: SelfTest) -> SelfTestReply:
        """One reply for one request. Raises ControlError with the sentence that the asker sees."""
        self._looked_at = self.now()
        match request.action:
            case "list":
                return SelfTestReply(tuple(check.name for check in self._chosen(request)))
            case "begin":
                self._begin(self._chosen(request), auto=request.auto)
            case "stop":
                self.post(inbox.SelfTestTold(steps.Stopped("as it was asked to", self.now())))
            case "yes" | "no" | "skip" as word:
                self.post(inbox.SelfTestTold(steps.Answered(_REPLIES[word], self.now())))
            case "look":
                pass
        return self._told()

    def left(self) -> None:
        """The terminal that it was begun at is gone."""
        if self.running:
            self.post(inbox.SelfTestTold(steps.Stopped("since its terminal is gone", self.now())))
            self._shown_until = 0.0
            self.post(inbox.TimePassed())  # so that all levels follow

    def _chosen(self, request: SelfTest) -> tuple[Check, ...]:
        kinds = {kind.value: kind for kind in Kind}
        if wrong := [name for name in request.only if name not in kinds]:
            raise ControlError(f"there is no check {wrong[0]!r}; there are {', '.join(kinds)}")
        only = frozenset(kinds[name] for name in request.only)
        found = checks(self._ready().bench.equipment, auto=request.auto, only=only)
        if not found:
            raise ControlError(f"this phone has nothing of that to test{' without a hand' if request.auto else ''}")
        return found

    def _begin(self, chosen: tuple[Check, ...], *, auto: bool) -> None:
        phone = self.phone()
        if self.running:
            raise ControlError("a self-test is running already: wait until it is over")
        if any(call.live for call in phone.calls):
            raise ControlError("a call is in progress: test when it is over")
        if phone.mailbox or phone.dictation is not None:
            raise ControlError("somebody uses the mailbox: test when he has hung up")
        tasks = self._ready()
        self._lifted = None
        tasks.watch()
        self._enter(steps.begin(tasks.bench.equipment, chosen, self.now(), auto=auto))
        self.post(inbox.TimePassed())  # so that all levels follow

    def _told(self) -> SelfTestReply:
        s = self._session
        if s is None:
            raise ControlError("no self-test was begun since the phone was started")
        over = s.check is None
        return SelfTestReply(
            checks=tuple(check.name for check in s.checks),
            running=not over,
            findings=tuple(map(_finding, s.findings)),
            prompt=wording.prompt(s),
            question=wording.asks(s),
            sentence=wording.verdict(s) if over else "",
            passed=report.passed(s),
            path=str(self.keeper.path) if over and self.keeper else "",
        )

    def _ready(self) -> Tasks:
        if self._tasks is None:
            raise NoBenchError("this engine has no equipment to test: call use() first")
        return self._tasks

    # --- the engine -------------------------------------------------------------------------------------------------

    def take(self, item: inbox.Item) -> tuple[bool, Missed]:
        """Whether the item was the test's alone, and what the core must be told before anything else."""
        if self._session is None:
            return False, ()
        if not self.running:
            if isinstance(item, inbox.ContactChanged | ev.Offered | ev.DialRequested | ev.MailboxOpened):
                self._shown_until = 0.0
            return isinstance(item, inbox.SelfTestTold), ()
        match item:
            case inbox.ContactChanged(contact):
                return True, self._touched(contact)
            case inbox.SelfTestTold(event):
                return True, self._step(event)
            case ev.Offered() | ev.DialRequested() | ev.MailboxOpened() | ev.ShutDown():
                missed = self._step(steps.Stopped("for a call or the mailbox", self.now()))
                self._shown_until = 0.0
                return False, missed
            case _:
                return self._reported(item), ()

    def _touched(self, contact: Contact) -> Missed:
        if contact.name == _HOOK:
            self._lifted = contact.closed
        return self._step(steps.Touched(contact.name, contact.closed, contact.at))

    def _reported(self, item: inbox.Item) -> bool:
        """What was measured; whether nobody else wants it."""
        tasks = self._ready()
        match item:
            case inbox.MediaTold(Probed() as told):
                tasks.probed(told)
            case inbox.MediaTold(ServersAsked() as told):
                tasks.asked(told)
            case inbox.Answered(token, payload) if token == PING:
                tasks.answered(payload)
            case inbox.MediaTold(plan.AudioTrouble(device, sentence)):
                tasks.troubled(device, sentence)
                return False
            case _:
                return False
        return True

    def expire(self, now: float) -> Missed:
        """Time has passed."""
        if not self.running:
            return ()
        if self._looked_at + LOOK_SECONDS <= now:
            return self._step(steps.Stopped("since nobody looks at it any more", now))
        return self._step(steps.Passed(now))

    def deadline(self) -> float | None:
        """When `expire` is to be called."""
        s = self._session
        if s is None or (due := steps.deadline(s)) is None:
            return self._shown_until if self._shown_until > self.now() else None
        return min(due, self._looked_at + LOOK_SECONDS)

    def demand(self) -> Demand | None:
        """What the phone is to show and sound like."""
        s, tasks = self._session, self._tasks
        if s is None or tasks is None or (not self.running and self._shown_until <= self.now()):
            return None
        screen = trial_screen(page(s), tasks.bench.texts)
        if not self.running:
            return Demand(screen)
        out = steps.outputs(s)
        return Demand(screen, out.lamps, self._audio(out, tasks))

    def _audio(self, out: steps.Outputs, tasks: Tasks) -> plan.AudioPlan:
        """Nothing else sounds meanwhile."""
        phone = self.phone()
        return plan.AudioPlan(
            handset=out.sound in ("tone", "probe") and not out.speaker,
            speaker=out.speaker,
            tone="dial" if out.sound == "tone" else None,
            ringer=out.sound == "ring",
            ring=phone.habits.ring,
            handset_volume=phone.handset_volume,
            ringer_volume=phone.ringer_volume,
            speaker_volume=phone.speaker_volume,
            probe=tasks.token if out.sound == "probe" else 0,
        )

    # --- from state to state ------------------------------------------------------------------------------------------

    def _found(self, finding: Finding) -> None:
        self.post(inbox.SelfTestTold(steps.Told(finding, self.now())))

    def _step(self, event: steps.Event) -> Missed:
        if self._session is not None:
            self._enter(steps.step(self._session, event))
        return () if self.running else self._over()

    def _enter(self, session: Session) -> None:
        before = None if self._session is None else steps.outputs(self._session).task
        self._session = session
        task = steps.outputs(session).task
        if task is not None and task != before:
            self._ready().begin(task)

    def _over(self) -> Missed:
        """Keep what was found; the core hears of the hook."""
        now = self.now()
        self._shown_until = now + RESULT_SECONDS
        if self._session is not None and self.keeper is not None:
            self.keeper.keep(self._session)
        lifted, self._lifted = self._lifted, None
        if lifted is None or lifted is self.phone().off_hook:
            return ()
        return (ev.HookLifted(now) if lifted else ev.HookReplaced(now),)


def _finding(finding: Finding) -> SelfTestFinding:
    return SelfTestFinding(finding.check.name, finding.verdict.value, finding.sentence, dict(finding.figures))
