"""Making an account in-band (XEP-0077), by an invitation's token (XEP-0445) or without, and signing in with it.

Law: nothing of it is said before TLS, and an account is only told of as made once it has signed in.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import ssl
from typing import Literal
from xml.etree.ElementTree import Element, SubElement, tostring

from phone.clock import Clock, SystemClock
from phone.errors import PhoneError
from phone.xmpp import refusals, stanzas
from phone.xmpp.api import Account
from phone.xmpp.faults import Fault
from phone.xmpp.invite import Invitation
from phone.xmpp.jids import bare, domain
from phone.xmpp.outage import named, tls_context
from phone.xmpp.stream import Stream

log = logging.getLogger(__name__)

_PREAUTH = "urn:xmpp:pars:0"
_REGISTER = "jabber:iq:register"
_PATIENCE = 30.0
"""Seconds for all of it."""


class RegistrationError(PhoneError, RuntimeError):
    """There is no account, for a reason that the sentence tells."""


class NameTakenError(RegistrationError):
    """The name is another account's: the same invitation is good for another one."""


class UnreachableError(RegistrationError):
    """No word with the server: the invitation is as good as before."""


async def register(account: Account, invitation: Invitation, clock: Clock | None = None) -> None:
    """Make `account` at its server, sign in with it, and greet the inviter. The password is `account`'s.

    Raises RegistrationError.
    """
    tls = tls_context(account)
    attempt = _Attempt(account, invitation, tls)
    if (fault := await attempt.run()) is None:
        return
    # Its making was not answered: only a sign-in tells what became of it.
    if attempt.in_doubt and await _Attempt(account, invitation, tls, make=False).run() is None:
        return
    told = await named(fault, account, (clock or SystemClock()).wall())
    raise UnreachableError(f"{told.name}: {told.detail}")


class _Attempt:
    """One connection, and its `stream.Observer`; with `make` it makes the account, else it only signs in."""

    def __init__(self, account: Account, invitation: Invitation, tls: ssl.SSLContext, *, make: bool = True) -> None:
        self._account = account
        self._invitation = invitation
        self._host = domain(account.jid)
        self._stream = Stream(account, account.resource, tls, self, self._make if make else None)
        loop = asyncio.get_running_loop()
        self._over: asyncio.Future[Fault | BaseException | None] = loop.create_future()
        self._replies: dict[str, asyncio.Future[Element]] = {}
        self._finishing: asyncio.Task[None] | None = None
        self.in_doubt = False
        """The account may have been made, and nobody has heard of it."""

    async def run(self) -> Fault | BaseException | None:
        """None: the account is there. Raises RegistrationError where the server refuses."""
        self._stream.open(None)
        try:
            await asyncio.wait((self._over,), timeout=_PATIENCE)
            return self._over.result() if self._over.done() else TimeoutError()
        finally:
            for waiting in (*self._replies.values(), *((self._finishing,) if self._finishing else ())):
                waiting.cancel()
            await self._stream.close()

    # --- stream.Observer -------------------------------------------------------------------------------------

    def live(self, *, resumed: bool) -> None:
        """Signed in."""
        del resumed
        self._finishing = asyncio.get_running_loop().create_task(self._finish())

    def ended(self, fault: Fault | BaseException) -> None:
        """The connection is gone."""
        self._settle(fault)

    def stanza(self, stanza: Element) -> bool:
        """Replies to what was asked here."""
        waiting = self._replies.get(stanza.get("id", "")) if stanza.tag == stanzas.IQ else None
        if waiting is None or stanza.get("type") not in ("result", "error"):
            return False
        if not waiting.done():
            waiting.set_result(stanza)
        return True

    # --- what is asked ---------------------------------------------------------------------------------------

    async def _make(self) -> bool:
        """Before signing in; whether to go on."""
        try:
            await self._register()
        except asyncio.CancelledError:
            return False
        except RegistrationError as error:
            if not self._over.done():
                self._over.set_exception(error)
            return False
        return True

    async def _register(self) -> None:
        if self._invitation.token:
            preauth = Element(f"{{{_PREAUTH}}}preauth", {"token": self._invitation.token})
            self._accepted("token", await self._ask("set", preauth))
        form = await self._ask("get", Element(f"{{{_REGISTER}}}query"))
        self._accepted("form", form)
        if why := refusals.of_form(form, self._host):
            raise RegistrationError(why)
        self.in_doubt = True
        reply = await self._ask("set", self._wanted())
        self.in_doubt = False
        self._accepted("account", reply)

    def _wanted(self) -> Element:
        query = Element(f"{{{_REGISTER}}}query")
        SubElement(query, f"{{{_REGISTER}}}username").text = self._account.jid.rpartition("@")[0]
        SubElement(query, f"{{{_REGISTER}}}password").text = self._account.password
        return query

    async def _ask(self, kind: Literal["get", "set"], payload: Element) -> Element:
        iq_id = secrets.token_hex(8)
        reply: asyncio.Future[Element] = asyncio.get_running_loop().create_future()
        self._replies[iq_id] = reply
        iq = Element(stanzas.IQ, {"type": kind, "id": iq_id, "to": self._host})
        iq.append(payload)
        # slixmpp keeps stanzas back until the session begins, and this is before it.
        self._stream.send_raw(tostring(iq))
        return await reply

    def _accepted(self, step: refusals.Step, reply: Element) -> None:
        if reply.get("type") == "result":
            return
        condition, text = stanzas.condition_of(reply), refusals.words(reply)
        log.info("registration at %s refused: %s at %s", self._host, condition, step)
        if step == "account" and condition == "conflict":
            raise NameTakenError(f"the name {self._account.jid} is taken")
        raise RegistrationError(refusals.sentence(step, condition, text, self._host))

    async def _finish(self) -> None:
        """XEP-0379, section 3.3: the inviter hears of it with his token, unless his server has told him already."""
        if inviter := self._invitation.inviter:
            presence = Element(stanzas.PRESENCE, {"to": bare(inviter), "type": "subscribe"})
            presence.append(Element(f"{{{_PREAUTH}}}preauth", {"token": self._invitation.token}))
            self._stream.send_element(presence)
            await asyncio.sleep(0)
            await self._ask("get", Element(f"{{{stanzas.PING}}}ping"))  # what was sent before it has arrived
        self._settle(None)

    def _settle(self, outcome: Fault | BaseException | None) -> None:
        if not self._over.done():
            self._over.set_result(outcome)
