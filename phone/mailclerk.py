"""`phone voicemail`: what the control socket is asked of the mailbox."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from phone import control
from phone.boxkeeper import STATES, BoxKeeper
from phone.calls import events as ev
from phone.engine import Engine
from phone.voicemail.message import Failure, Message, MessageId, State

T = TypeVar("T")
Request = control.VoicemailList | control.VoicemailPlay | control.VoicemailDelete | control.VoicemailSave


@dataclass(frozen=True, slots=True)
class MailClerk:
    """Raises ControlError with the sentence that the asker sees."""

    engine: Engine
    keeper: BoxKeeper
    name: Callable[[str], str | None]
    """What the telephone book calls a bare JID."""

    async def answer(self, request: Request) -> control.VoicemailReply | control.VoicemailFile | control.Done:
        """One reply for one request."""
        match request:
            case control.VoicemailList(limit, state):
                return await asyncio.to_thread(self._list, limit, state)
            case control.VoicemailPlay(id):
                return self._play(id or "")
            case control.VoicemailDelete(id):
                await asyncio.to_thread(self._delete, MessageId(id), undo=self.engine.phone.mailbox)
                return control.Done(f"message {id} is deleted")
            case control.VoicemailSave(id):
                return await asyncio.to_thread(self._save, MessageId(id))

    def _list(self, limit: int, state: control.MessageState | None) -> control.VoicemailReply:
        mailbox = self.keeper.mailbox
        counts = _done(mailbox.counts())
        wanted = None if state is None else State(state)
        found = _done(mailbox.messages(wanted, limit))
        totals = {None: counts.new + counts.heard + counts.kept, "new": counts.new, "heard": counts.heard}
        return control.VoicemailReply(tuple(map(self._told, found)), totals.get(state, counts.kept))

    def _told(self, message: Message) -> control.VoicemailMessage:
        caller = message.caller
        return control.VoicemailMessage(
            id=message.id,
            state=STATES[message.state],
            address=caller.jid,
            name=self.name(caller.jid) or caller.name,
            began=datetime.fromtimestamp(message.stamp, UTC).astimezone().isoformat(timespec="seconds"),
            seconds=round(message.seconds, 1),
            size=message.size,
            interrupted=message.interrupted,
        )

    def _play(self, id: str) -> control.Done:
        self.engine.post(ev.MailboxOpened(id, self.engine.now()))
        phone = self.engine.phone
        if not phone.mailbox:
            raise control.ControlError("the phone is in use, or locked: try again when it is idle")
        if phone.seized:
            return control.Done(f"playing on the {'speaker' if phone.speaker else 'handset'}")
        return control.Done("lift the handset to hear it: this phone has no speaker")

    def _delete(self, id: MessageId, *, undo: bool) -> None:
        """`undo`: somebody listens at the phone, and may bring back what he has deleted himself until he leaves."""
        mailbox = self.keeper.mailbox
        _done(mailbox.delete(id))
        if not undo:
            mailbox.purge()
        self.keeper.refresh()

    def _save(self, id: MessageId) -> control.VoicemailFile:
        message = _done(self.keeper.mailbox.mark(id, State.KEPT))
        self.keeper.refresh()
        return control.VoicemailFile(str(self.keeper.mailbox.sound(id)), message.size)


def _done(result: T | Failure) -> T:
    """Raises ControlError."""
    if isinstance(result, Failure):
        raise control.ControlError(result.sentence)
    return result
