"""The whole call logic: `step(phone, event) -> (phone, commands)`. Pure.

Laws (the model test holds them against random users and networks):
 1. All that decides lives in `Phone`; same phone and event, same result. What sounds or shows is computed
    by `outputs`, never started or stopped here.
 2. One leg is alive at a time, for now. Who comes first has the phone: an offer, or the first digit dialled
    off-hook. An offer while a leg lives or digits are being dialled is refused as busy. During mere dial tone,
    or the tone of an ended call, it waits: call-waiting tone in the ear; OK or HOLD answers, BACK refuses,
    and back on the cradle it rings.
 3. Nothing is heard or sent on-hook: the cradle ends the leg in the ear and forgets what was dialled.
 4. Every leg that ends is logged in that step, once; `Terminate` goes once, and only to a leg alive.
 5. The far end moves a leg only as `table.MOVES` allows; all else from outside is ignored.
 6. A leg outlives the service: speech needs no server. One that nobody has answered yet does not for long.
 7. Time comes in events; `Ticked` does all that is due by then, each at its own time.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from phone.calls import events as ev
from phone.calls.commands import SendDtmf
from phone.calls.digitmap import Verdict
from phone.calls.events import DIGITS, Event, Key
from phone.calls.legs import Result, advance, answer, end, ended, fresh, offer, propose, put
from phone.calls.model import Call, Notice, Phone, Reason, Service, Stage, Trouble
from phone.calls.numbers import Fault
from phone.calls.timers import Alarm, deadlines, next_alarm

__all__ = ["deadlines", "step"]

_LONGEST_NUMBER = 64
_VOLUME_STEP = 10


def step(phone: Phone, event: Event) -> Result:  # noqa: PLR0912 - one branch per event
    """What `event` makes of `phone`, and what must be done about it, in order."""
    match event:
        case ev.HookLifted(at):
            return _lift(phone, at)
        case ev.HookReplaced(at):
            return _replace(phone, at)
        case ev.DigitPressed(digit, at):
            return _digit(_press(phone, digit, at), digit, at)
        case ev.KeyPressed(key, at):
            return _key(_press(phone, key.value, at), key, at)
        case ev.KeyReleased(name):
            return (replace(phone, key_down=None) if phone.key_down == name else phone), ()
        case ev.DialRequested(number, at):
            return _dial_requested(phone, number, at)
        case ev.HangUpRequested(at):
            return _hang_up(phone, at)
        case ev.ServiceChanged(service, at):
            return _served(phone, service, at), ()
        case ev.SoundChanged(works):
            return replace(phone, sound=works), ()
        case ev.Offered():
            return _offered(phone, event)
        case ev.Named(id, name):
            call = phone.call(id)
            return (put(phone, replace(call, name=name)) if call else phone), ()
        case ev.Alerting() | ev.Accepted() | ev.MediaUp():
            return advance(phone, event), ()
        case ev.PeerHeld(id, held):
            call = phone.call(id)
            return (put(phone, replace(call, held_by_peer=held)) if call and call.live else phone), ()
        case ev.Capable() | ev.TransferAsked() | ev.TransferFailed() | ev.ResumeRequested():
            return phone, ()
        case ev.DndChanged() | ev.LockChanged() | ev.MissedAway():
            return phone, ()
        case ev.Ended():
            return ended(phone, event)
        case ev.Ticked(at):
            return _tick(phone, at)
        case _:
            assert_never(event)


def _served(phone: Phone, service: Service, at: float) -> Phone:
    turned = (service is Service.ONLINE) is not (phone.service is Service.ONLINE)
    return replace(phone, service=service, service_at=at if turned else phone.service_at)


def _offered(phone: Phone, event: ev.Offered) -> Result:
    """A far end may use an id again: the ended call of that id then leaves the ear."""
    known = phone.call(event.id)
    if known and known.live:
        return phone, ()
    return offer(_on_line(phone, event.at) if known else phone, event)


# --- hook switch ----------------------------------------------------------------------------------------------


def _lift(phone: Phone, at: float) -> Result:
    """Answer what rings, else call what was typed, else dial tone."""
    if phone.off_hook:
        return phone, ()
    phone = fresh(replace(phone, off_hook=True, notice=None, notice_until=None), at)
    if phone.offered:
        return answer(phone, phone.offered, at)
    return _dial(phone, at) if phone.dialled else (phone, ())


def _replace(phone: Phone, at: float) -> Result:
    """The cradle ends the leg in the ear; one that waits goes on ringing."""
    if not phone.off_hook:
        return phone, ()
    phone, commands = end(replace(phone, off_hook=False), phone.call(phone.focus), at)
    calls = tuple(c for c in phone.calls if c.live)
    phone = replace(phone, calls=calls, focus=None, dialled="", muted=False, key_down=None)
    missed = phone.notice is not None and phone.notice.why is Trouble.MISSED
    return replace(phone, notice_until=None if missed else at + phone.timers.notice), commands


# --- keys -----------------------------------------------------------------------------------------------------


def _press(phone: Phone, name: str, at: float) -> Phone:
    return replace(phone, key_down=name, key_down_at=at)


def _digit(phone: Phone, digit: str, at: float) -> Result:
    focus = phone.call(phone.focus)
    if focus and focus.up:
        return phone, (SendDtmf(focus.id, digit),)
    if phone.busy:
        return phone, ()
    phone = replace(phone, notice=None)
    if digit == "#" and phone.dialled and phone.seized and not _map_takes(phone, "#"):
        return _dial(phone, at)
    phone = _type(phone, digit, at)
    if phone.seized and phone.plan.digit_map.judge(phone.dialled) is Verdict.COMPLETE:
        return _dial(phone, at)
    return phone, ()


def _map_takes(phone: Phone, digit: str) -> bool:
    return phone.plan.digit_map.judge(phone.dialled + digit) is not Verdict.MISMATCH


def _type(phone: Phone, digit: str, at: float) -> Phone:
    """One digit more; an address put there by `phone call` cannot grow digits and gives way."""
    typed = phone.dialled if set(phone.dialled) <= set(DIGITS + "+") else ""
    return _on_line(replace(phone, dialled=(typed + digit)[:_LONGEST_NUMBER], last_digit_at=at), at)


def _on_line(phone: Phone, at: float) -> Phone:
    """An ended call leaves the ear: the line is free for dialling."""
    calls = tuple(c for c in phone.calls if c.live)
    return fresh(replace(phone, calls=calls, focus=None), at)


def _key(phone: Phone, key: Key, at: float) -> Result:
    match key:
        case Key.VOL_UP | Key.VOL_DOWN:
            return _volume(phone, _VOLUME_STEP if key is Key.VOL_UP else -_VOLUME_STEP, at), ()
        case Key.MUTE:
            return (replace(phone, muted=not phone.muted) if _in_call(phone) else phone), ()
        case Key.BACK:
            return _back(replace(phone, notice=None), at)
        case Key.OK | Key.HOLD:
            return _confirm(replace(phone, notice=None), key, at)
        case Key.REDIAL:
            return _dial_requested(phone, phone.last_dialled, at)
        case Key.TRANSFER | Key.VOICEMAIL | Key.SPEAKER | Key.UP | Key.DOWN:
            return phone, ()
        case _:
            assert_never(key)


def _in_call(phone: Phone) -> bool:
    focus = phone.call(phone.focus)
    return focus is not None and focus.live


def _volume(phone: Phone, by: int, at: float) -> Phone:
    """Of the device that sounds now: the handset off-hook, else the ringer."""
    phone = replace(phone, volume_until=at + phone.timers.volume_bar)
    if phone.seized:
        return replace(phone, handset_volume=min(100, max(0, phone.handset_volume + by)))
    return replace(phone, ringer_volume=min(100, max(0, phone.ringer_volume + by)))


def _back(phone: Phone, at: float) -> Result:
    """Refuse what rings, take back a call not yet through, or delete a digit."""
    focus = phone.call(phone.focus)
    if focus and focus.up:
        return phone, ()
    if phone.busy:
        return _hang_up(phone, at)
    if phone.dialled:
        return fresh(replace(phone, dialled=phone.dialled[:-1], last_digit_at=at), at), ()
    return (_on_line(phone, at) if phone.seized else phone), ()


def _confirm(phone: Phone, key: Key, at: float) -> Result:
    """OK and HOLD answer the call that waits; OK also ends dialling."""
    if not phone.seized:
        return phone, ()
    if phone.offered:
        return answer(phone, phone.offered, at)
    return _dial(phone, at) if key is Key.OK and phone.dialled else (phone, ())


# --- dialling -------------------------------------------------------------------------------------------------


def _dial_requested(phone: Phone, number: str, at: float) -> Result:
    """REDIAL and `phone call`: as if typed; called at once if the handset is up."""
    number = number.strip()
    if phone.busy or not number:
        return phone, ()
    phone = _on_line(replace(phone, dialled=number, last_digit_at=at, notice=None), at)
    return _dial(phone, at) if phone.seized else (phone, ())


def _dial(phone: Phone, at: float) -> Result:
    """Call the number that stands on the display, or say with tone and sentence why not."""
    number = phone.dialled
    phone = replace(phone, last_dialled=number)
    if phone.service is not Service.ONLINE:
        return _refuse(phone, Notice(Trouble.NO_SERVICE, number), at)
    address = phone.plan.resolve(number)
    if isinstance(address, Fault):
        return _refuse(phone, Notice(address, number), at)
    return propose(phone, address, number, at)


def _refuse(phone: Phone, notice: Notice, at: float) -> Result:
    return replace(phone, dialled="", notice=notice, stage=Stage.REORDER, stage_at=at), ()


def _hang_up(phone: Phone, at: float) -> Result:
    """End what lives (refuse, cancel or hang up), else forget what was dialled; off-hook there is dial tone again."""
    phone, commands = end(phone, _alive(phone), at)
    return _on_line(replace(phone, dialled="", notice=None), at), commands


# --- time -----------------------------------------------------------------------------------------------------


def _tick(phone: Phone, at: float) -> Result:
    done: Result = phone, ()
    while (due := next_alarm(done[0])) and due[0] <= at:
        phone, commands = _expire(done[0], due[1], due[0])
        done = phone, done[1] + commands
    return done


def _expire(phone: Phone, alarm: Alarm, at: float) -> Result:
    match alarm:
        case Alarm.DIAL_NOW:
            return _dial(phone, at)
        case Alarm.FORGET_DIGITS:
            return replace(phone, dialled=""), ()
        case Alarm.NEXT_TONE:
            return replace(phone, stage=_next_stage(phone), stage_at=at), ()
        case Alarm.NOBODY_LIFTS | Alarm.NOBODY_ANSWERS:
            return end(phone, _alive(phone), at, Reason.NO_ANSWER)
        case Alarm.SOUND_RINGBACK:
            return _ring_on(phone), ()
        case Alarm.UNSERVED:
            call = _alive(phone)
            lost = Reason.UNREACHABLE if call and call.outgoing else Reason.NO_ANSWER
            return end(phone, call, at, lost)
        case Alarm.NO_PATH:
            return end(phone, _alive(phone), at, Reason.MEDIA_LOST)
        case Alarm.HIDE_NOTICE:
            return replace(phone, notice=None, notice_until=None), ()
        case Alarm.HIDE_VOLUME:
            return replace(phone, volume_until=None), ()
        case Alarm.LONG_PRESS:
            return _long_press(phone, at), ()
        case _:
            assert_never(alarm)


def _ring_on(phone: Phone) -> Phone:
    call = _alive(phone)
    return put(phone, replace(call, ringback=True)) if call else phone


def _next_stage(phone: Phone) -> Stage:
    """Dial tone -> reorder -> howler -> silence; an ended call's tone goes to the howler directly."""
    match phone.stage:
        case Stage.FRESH:
            return Stage.HOWLER if phone.focus else Stage.REORDER
        case Stage.REORDER:
            return Stage.HOWLER
        case Stage.HOWLER | Stage.SILENT:
            return Stage.SILENT
        case _:
            assert_never(phone.stage)


def _long_press(phone: Phone, at: float) -> Phone:
    """BACK clears the digits, a leading 0 becomes `+`. The key counts as up, so this happens once."""
    held, phone = phone.key_down, replace(phone, key_down=None)
    if phone.busy or not phone.dialled:
        return phone
    if held == "BACK":
        return fresh(replace(phone, dialled=""), at)
    return replace(phone, dialled="+", last_digit_at=at) if phone.dialled == "0" else phone


def _alive(phone: Phone) -> Call | None:
    return next((c for c in phone.calls if c.live), None)
