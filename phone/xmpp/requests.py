"""IQs that we send: each is answered once, by its reply or by a timeout; and once more where its asker allows it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from phone.xmpp import stanzas
from phone.xmpp.jids import canonical

REPLY_SECONDS = 20.0
SECOND_THOUGHTS = 2.0
"""Gajim acknowledges a session-info that it does not know, and then answers it once more with an error: so long after
the one the other still counts (seconds).
"""
TIMEOUT = "timeout"


@dataclass(frozen=True, slots=True)
class Result:
    """`payload` is the first child of the reply, if any."""

    payload: Element | None


@dataclass(frozen=True, slots=True)
class Failed:
    """A defined condition (RFC 6120 8.3.3), or "timeout"."""

    condition: str
    type: str = field(default="", compare=False)
    """What to do about it (RFC 6120 8.3.2): cancel, auth, modify, wait or continue; "" if the sender does not say."""


Done = Callable[[Result | Failed], None]


@dataclass(frozen=True, slots=True)
class _Pending:
    done: Done
    timer: asyncio.TimerHandle
    revocable: bool = False


class Requests:
    """Matches replies on sender and id: other clients' ids repeat (PEERS), and a stranger may guess ours."""

    def __init__(self, send: Callable[[Element], None]) -> None:
        self._send = send
        self._pending: dict[tuple[str | None, str], _Pending] = {}
        self._revocable: dict[tuple[str | None, str], _Pending] = {}
        self._own: frozenset[str | None] = frozenset((None,))
        self._account: str | None = None

    def answer_for_account(self, bare: str, full: str, domain: str) -> None:
        """Whose replies count for requests without `to`: the server speaks for our account (RFC 6120 8.1.2.1)."""
        self._own, self._account = frozenset((None, bare, full, domain)), bare

    def ask(
        self,
        kind: str,
        to: str | None,
        payload: Element,
        done: Done,
        seconds: float = REPLY_SECONDS,
        *,
        revocable: bool = False,
        sender: str | None = None,
    ) -> None:
        """Send a get or set; `done` is called once, later. An address that is none fails as "jid-malformed".

        `revocable`: an error that follows a result within `SECOND_THOUGHTS` calls `done` once more. `sender`: which
        of its addresses a component asks as; a client has but one.
        """
        loop = asyncio.get_running_loop()
        address = canonical(to)
        if to is not None and address is None:
            loop.call_soon(done, Failed("jid-malformed"))
            return
        key = (address, secrets.token_hex(8))
        self._pending[key] = _Pending(done, loop.call_later(seconds, self._expire, key), revocable)
        stanza = stanzas.iq(kind, address, key[1], payload)
        if sender is not None:
            stanza.set("from", sender)
        self._send(stanza)

    async def fetch(
        self, kind: str, to: str | None, payload: Element, *, seconds: float = REPLY_SECONDS, sender: str | None = None
    ) -> Result | Failed:
        """`ask`, waited for. Ends even if all is forgotten meanwhile."""
        answer: asyncio.Future[Result | Failed] = asyncio.get_running_loop().create_future()

        def done(outcome: Result | Failed) -> None:
            if not answer.done():
                answer.set_result(outcome)

        self.ask(kind, to, payload, done, seconds, sender=sender)
        try:
            return await asyncio.wait_for(answer, seconds + 1.0)
        except TimeoutError:
            return Failed(TIMEOUT)

    def take(self, reply: Element) -> bool:
        """A result or error that came in; False if it answers nothing of ours."""
        key, failed = (canonical(reply.get("from")), reply.get("id", "")), reply.get("type") == "error"
        pending = self._find(*key)
        if pending is None:
            return failed and self._revoke(key, reply)
        pending.timer.cancel()
        if pending.revocable and not failed:
            timer = asyncio.get_running_loop().call_later(SECOND_THOUGHTS, self._revocable.pop, key)
            self._revocable[key] = _Pending(pending.done, timer)
        pending.done(_failure(reply) if failed else Result(next(iter(reply), None)))
        return True

    def close(self) -> None:
        """Forget all; nobody is told."""
        for pending in (*self._pending.values(), *self._revocable.values()):
            pending.timer.cancel()
        self._pending.clear()
        self._revocable.clear()

    def _find(self, sender: str | None, id: str) -> _Pending | None:
        found = self._pending.pop((sender, id), None)
        if found is None and sender in self._own:
            found = self._pending.pop((None, id), None)
        if found is None and sender is None:
            # Asked by its name our account may be answered for without one.
            found = self._pending.pop((self._account, id), None)
        return found

    def _revoke(self, key: tuple[str | None, str], reply: Element) -> bool:
        pending = self._revocable.pop(key, None)
        if pending is None:
            return False
        pending.timer.cancel()
        pending.done(_failure(reply))
        return True

    def _expire(self, key: tuple[str | None, str]) -> None:
        self._pending.pop(key).done(Failed(TIMEOUT))


def _failure(reply: Element) -> Failed:
    holder = reply.find(f"{{{stanzas.CLIENT}}}error")
    return Failed(stanzas.condition_of(reply), holder.get("type", "") if holder is not None else "")
