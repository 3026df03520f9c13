"""The screens of calls: ringing, talking, waiting, on hold, in conference, on their way to somebody else. Pure."""

from __future__ import annotations

from phone.calls.model import Call, Phone, Progress, Reason, Trouble
from phone.ui import taking
from phone.ui.fit import clean, cut, pair, tail
from phone.ui.frame import BIG_CHARS, LINE_CHARS, LINES, Screen, View, address, duration, full_name, name, named, small

_TITLES = {
    Progress.PROPOSED: "proposed",
    Progress.ALERTING: "alerting",
    Progress.CONNECTING: "connecting",
    Progress.ENDED: "ended",
}


def at_ear(v: View, call: Call) -> Screen:
    """The leg that the ear belongs to."""
    if call.handover:
        return Screen(v.title("transferring"), "", handing_over(v, call))
    if call.held:
        big = cut(v.title("conference"), BIG_CHARS) if call.joined else name(call)
        return Screen(v.title("on_hold"), big, (v.hint("waits", time=v.since(call.held_at)), v.hint("hold_back")))
    if call.answering:
        return taking.listened(v, call)
    if not call.up:
        return _not_yet(v, call)
    told = _troubles(v, call)
    title = v.since(talked_from(call))
    if len(joined(v.phone)) > 1:
        return Screen(title, cut(v.title("conference"), BIG_CHARS), _members(v.phone, told))
    more = _consulting(v, call) or _via(v, call) or _kept_waiting(v, brief=bool(told), key="swap") or taking.beside(v)
    if call.message:
        more = taking.left(v, call)
    return Screen(title, name(call), (*told, *more)[:LINES] or address(call))


def _not_yet(v: View, call: Call) -> Screen:
    """It is being set up."""
    if call.message:
        return Screen(v.title("message_to"), name(call), taking.left(v, call))
    lines = _consulting(v, call) or (taking.offer(v) if taking.offers(v, call) else ())
    return Screen(v.title(_TITLES[call.progress]), name(call), lines or _via(v, call) or address(call))


def knocking(v: View, call: Call, focus: Call, title: str, key: str) -> Screen:
    """Somebody wants the ear while `focus` has it."""
    at = v.since(talked_from(focus)) if focus.up else ""
    return Screen(v.title(title), name(call), (tail(full_name(focus), at, LINE_CHARS).rstrip(), v.hint(key)))


def offered(v: View, call: Call) -> Screen:
    """Somebody calls, and the ear is free."""
    title = v.title("waiting" if v.phone.seized else "offered")
    if v.phone.seized:
        return Screen(title, name(call), _via(v, call) or (v.hint("ok_answers"), v.hint("back_refuses")))
    refuse = _refusal(v)
    first = address(call) if refuse else ()
    return Screen(title, name(call), _via(v, call) or (*(first or (v.hint("lift_to_answer"),)), *refuse)[:LINES])


def asked(v: View, call: Call, to: str) -> Screen:
    """The far end wants to connect us to somebody else."""
    by = named(full_name(call), lambda who: v.hint("asks", who=who))
    return Screen(v.title("asked"), cut(clean(to), BIG_CHARS), (by, v.hint("yes_no")))


def recalled(v: View, call: Call) -> Screen:
    """A transfer failed: the caller is back."""
    back = v.hint("hold_back" if v.phone.seized else "lift_to_answer")
    return Screen(v.title("recall"), name(call), (v.hint("not_transferred"), back))


def on_cradle(v: View) -> Screen:
    """Held legs while nobody is at the phone: whom HOLD takes back, or of whom the bell reminds."""
    held, reminds = v.phone.held, v.phone.reminder_until is not None
    call = held[0] if reminds else held[-1]
    waits = v.hint("waits", time=v.since(call.held_at))
    if len(held) > 1:
        waits = tail(waits, f"+{len(held) - 1}", LINE_CHARS)
    title, how = ("reminder", "lift_back") if reminds else ("on_hold", "lift_hold")
    return Screen(v.title(title), name(call), (waits, v.hint(how)))


def ended(v: View, call: Call) -> Screen:
    """What its tone means."""
    talked = "" if call.answered_at is None else duration(call.progressed_at - call.answered_at)
    why = v.texts.get("ended", call.reason or Reason.FAILED) or talked
    lines = small(why)
    if len(lines) < LINES and taking.offers(v, call):
        lines = (*lines, v.hint("voicemail_leaves"))
    return Screen(v.title("ended"), name(call), (*lines, *_back_to(v))[:LINES])


def picking(v: View, transferee: Call) -> Screen:
    """Whom shall it go to?"""
    return Screen(v.title("transfer"), name(transferee), (v.hint("to_whom"), v.hint("back_back")))


def held_lines(v: View) -> tuple[str, ...]:
    """Who is on hold, at dial tone."""
    return _kept_waiting(v, brief=False, key="held_back")


def handing_over(v: View, call: Call) -> tuple[str, ...]:
    """A leg on its way to a third party; a bridge when both have it."""
    other = call.handover.name or call.handover.to if call.handover else ""
    return pair(full_name(call), clean(other), " → ", LINE_CHARS), v.hint("being_connected")


def bridge_lines(v: View, call: Call, other: Call) -> tuple[str, ...]:
    """Two far ends that talk by way of this phone."""
    return pair(full_name(call), full_name(other), " - ", LINE_CHARS), v.hint("bridged")


def bridged(phone: Phone) -> tuple[tuple[Call, Call], ...]:
    """Pairs of far ends that talk by way of this phone."""
    legs = {c.id: c for c in phone.calls if c.live}
    return tuple((legs[a], legs[b]) for a, b in phone.bridges if b in legs)


def joined(phone: Phone) -> tuple[Call, ...]:
    """The legs of the conference."""
    return tuple(c for c in phone.calls if c.joined and c.up)


def talking(phone: Phone) -> tuple[Call, ...]:
    """The legs that the ear hears."""
    focus = phone.call(phone.focus)
    if focus is None or not focus.up or focus.held:
        return ()
    return joined(phone) if focus.joined else (focus,)


def encrypted(calls: tuple[Call, ...]) -> bool | None:
    """True if all of them are, False if one is not, None if that is not known."""
    known = {call.encrypted for call in calls}
    return False if False in known else True if known == {True} else None


def talked_from(call: Call) -> float:
    """When the speech of a leg that is up began, as its clock counts."""
    return call.progressed_at if call.answered_at is None else call.answered_at


def _troubles(v: View, call: Call) -> tuple[str, ...]:
    facts = {
        "no_sound": not v.phone.sound,
        "not_transferred": v.phone.notice is not None and v.phone.notice.why is Trouble.NOT_TRANSFERRED,
        "held": call.held_by_peer,
        "muted": v.phone.muted,
        "insecure": encrypted(talking(v.phone)) is False,
    }
    return small(*(v.hint(key) for key, true in facts.items() if true))


def _members(phone: Phone, told: tuple[str, ...]) -> tuple[str, ...]:
    """Their names, as far as there is room; what is wrong comes first."""
    names = [full_name(call) for call in joined(phone)]
    if told:
        return (told[0], cut(", ".join(names), LINE_CHARS)) if phone.sound else told
    whole = small(", ".join(names))
    if "".join(whole).replace(" ", "") == ", ".join(names).replace(" ", ""):
        return whole
    return cut(names[0], LINE_CHARS), cut(", ".join(names[1:]), LINE_CHARS)


def _consulting(v: View, call: Call) -> tuple[str, ...]:
    """With the third party at the ear, or between two words with the caller."""
    transfer = v.phone.transfer
    if transfer is None:
        return ()
    other = _kept_waiting(v, brief=True, key="swap") if call.id == transfer.transferee else _back_to(v)
    return v.hint("transfer_connects"), *other


def _back_to(v: View) -> tuple[str, ...]:
    transfer = v.phone.transfer
    waits = v.phone.call(transfer.transferee) if transfer else None
    return (named(full_name(waits), lambda who: v.hint("back_to", who=who)),) if waits else ()


def _via(v: View, call: Call) -> tuple[str, ...]:
    return (named(call.via, lambda who: v.hint("via", who=who)), v.hint("not_verified")) if call.via else ()


def _kept_waiting(v: View, *, brief: bool, key: str) -> tuple[str, ...]:
    held = v.phone.held
    if not held:
        return ()
    if len(held) > 1:
        return v.hint("several_wait", count=str(len(held))), v.hint("choose")
    if brief:
        return (named(full_name(held[0]), lambda who: v.hint("one_waits", who=who)),)
    return tail(full_name(held[0]), v.since(held[0].held_at), LINE_CHARS), v.hint(key)


def _refusal(v: View) -> tuple[str, ...]:
    texts = min(v.phone.habits.texts, 9)
    if not texts:
        return ()
    return (v.hint("refuse", keys="1" if texts == 1 else f"1-{texts}"),)
