"""The whole call logic: `step(phone, event) -> (phone, commands)`. Pure.

Laws (the model test holds them against random users and networks):
 1. All that decides lives in `Phone`; same phone and event, same result. What sounds or shows is computed
    by `outputs`, never started or stopped here.
 2. Each live leg has an owner: it has the ear (alone, or with the conference), it rings or waits, it is held for
    the user to take back, it is being handed over, it is the leg to such a one's third party, it is bridged, the
    phone answers it for the user, or it leaves. `settle` gives a leg that has lost its owner another one in the same
    step, or ends it.
 3. Nothing of the user's is heard or sent on-hook, but by the speaker.
 4. Every leg that ends is logged in that step, once; `Terminate` goes once, and only to a leg alive. But a message that
    no server takes was no call.
 5. The far end moves a leg only as `table.MOVES` allows; all else from outside is ignored.
 6. A leg outlives the service: speech needs no server. One that nobody has answered yet does not for long.
 7. Time comes in events; `Ticked` does all that is due by then, each at its own time.

One file per noun, each with its own laws on top: legs ear arrivals hook keys dialling transfer handover
conference requests answering messages mailbox notices timers expiry.
"""

from __future__ import annotations

from typing import assert_never

from phone.calls import (
    answering,
    arrivals,
    conference,
    dialling,
    handover,
    hook,
    keys,
    legs,
    mailbox,
    messages,
    notices,
    requests,
    transfer,
)
from phone.calls import events as ev
from phone.calls.events import Event
from phone.calls.expiry import expire
from phone.calls.frozen import replace
from phone.calls.legs import Result, advance, ended, put
from phone.calls.model import Mail, Phone, Service
from phone.calls.timers import deadlines, next_alarm

__all__ = ["deadlines", "step"]


def step(phone: Phone, event: Event) -> Result:
    """What `event` makes of `phone`, and what must be done about it, in order."""
    after, commands = _dispatch(phone, event)
    if after is phone:
        return phone, commands
    after, more = settle(after, event.at)
    return after, commands + more


def _tick(phone: Phone, at: float) -> Result:
    done: Result = phone, ()
    while (due := next_alarm(done[0])) and due.at <= at:
        phone, commands = expire(done[0], due)
        phone, more = settle(phone, due.at)
        done = phone, done[1] + commands + more
    return done


def _dispatch(phone: Phone, event: Event) -> Result:  # noqa: PLR0912 - one branch per event
    match event:
        case ev.HookLifted(at):
            return hook.lift(phone, at)
        case ev.HookReplaced(at):
            return hook.cradle(phone, at)
        case ev.DigitPressed(digit, at):
            return dialling.digit(_press(phone, digit, at), digit, at)
        case ev.KeyPressed(key, at):
            return keys.press(_press(phone, key.value, at), key, at)
        case ev.KeyReleased(name):
            return (replace(phone, key_down=None) if phone.key_down == name else phone), ()
        case ev.DialRequested():
            return dialling.request(phone, event)
        case ev.HangUpRequested(at):
            return hook.hang_up(phone, at)
        case ev.ResumeRequested():
            return hook.resume(phone, event)
        case ev.ShutDown(at):
            return _shut_down(phone, at)
        case ev.ServiceChanged(service, at):
            return _served(phone, service, at), ()
        case ev.SoundChanged(works):
            return replace(phone, sound=works), ()
        case ev.DndChanged(on):
            return replace(phone, dnd=on), ()
        case ev.LockChanged(on):
            return replace(phone, locked=on and bool(phone.habits.lock_code)), ()
        case ev.MissedAway() | ev.Told():
            return notices.learn(phone, event), ()
        case ev.Offered():
            return arrivals.offered(phone, event)
        case ev.Alerting() | ev.Accepted() | ev.MediaUp():
            return advance(phone, event), ()
        case ev.Named() | ev.PeerHeld() | ev.Capable():
            return _learn(phone, event), ()
        case ev.TransferAsked():
            return requests.asked(phone, event)
        case ev.TransferFailed():
            return handover.failed(phone, event)
        case ev.MailChanged(new, old):
            return replace(phone, mail=Mail(new, old)), ()
        case ev.MailboxOpened():
            return mailbox.opened(phone, event)
        case ev.MailboxLeft(at):
            return mailbox.leave(phone, at)
        case ev.GreetingOver(id, at):
            return answering.greeting_over(phone, id, at)
        case ev.PromptOver(at):
            return messages.prompt_over(phone, at)
        case ev.RecordingStopped(id, why, at):
            return messages.stopped(phone, why, at) if id is None else answering.stopped(phone, id, why, at)
        case ev.MessageRefused():
            return messages.refused(phone, event)
        case ev.Ended():
            return ended(phone, event)
        case ev.Ticked(at):
            return _tick(phone, at)
        case _:
            assert_never(event)


def _shut_down(phone: Phone, at: float) -> Result:
    phone, kept = messages.finish(phone, at) if phone.dictation else (phone, ())
    phone, ended = legs.end_all(phone, phone.calls, at)
    return phone, kept + ended


def _press(phone: Phone, name: str, at: float) -> Phone:
    return replace(phone, key_down=name, key_down_at=at)


def _served(phone: Phone, service: Service, at: float) -> Phone:
    turned = (service is Service.ONLINE) is not (phone.service is Service.ONLINE)
    return replace(phone, service=service, service_at=at if turned else phone.service_at)


def _learn(phone: Phone, event: ev.Named | ev.PeerHeld | ev.Capable) -> Phone:
    call = phone.call(event.id)
    if call is None:
        return phone
    match event:
        case ev.Named(_, name):
            return put(phone, replace(call, name=name))
        case ev.PeerHeld(_, held):
            return put(phone, replace(call, held_by_peer=held)) if call.live else phone
        case ev.Capable(_, transfer):
            return put(phone, replace(call, transferable=transfer))
        case _:
            assert_never(event)


def settle(phone: Phone, at: float) -> Result:
    """Law 2: take in what the ends and answers of this step mean for the other legs, then forget ended ones."""
    phone, commands = messages.settle(phone)
    if not phone.calls:
        return _unmute(phone), commands
    phone, refused = requests.settle(phone, at)
    phone, more = handover.settle(phone, at)
    phone = conference.settle(transfer.settle(phone))
    recalled = phone.call(phone.recall)
    if phone.recall and not (recalled and recalled.live):
        phone = replace(phone, recall=None)
    phone = legs.sweep(_unmute(phone))
    phone, left = _end_unheard(phone, at)
    return phone, commands + refused + more + left


def _unmute(phone: Phone) -> Phone:
    focus = phone.call(phone.focus) if phone.muted else None
    return replace(phone, muted=False) if phone.muted and not (focus and focus.live) else phone


def _end_unheard(phone: Phone, at: float) -> Result:
    """Nobody took the phone for it, or only listened: nobody need hear its end."""
    focus = phone.call(phone.focus)
    unheard = focus is not None and not focus.live and (focus.intercom or focus.answering)
    if not unheard or phone.off_hook or not phone.speaker:
        return phone, ()
    phone, commands = hook.leave(phone, at)
    return legs.sweep(phone), commands
