"""Between a component's stanzas and its listener: what comes in is checked and handed on, what goes out is wrapped."""

from __future__ import annotations

import logging
import secrets
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from xml.etree.ElementTree import Element, SubElement

from phone.xmpp import delegation, stanzas
from phone.xmpp.api import IqError, VoiceMessage
from phone.xmpp.component_api import ComponentListener, InnerIq, IqKind
from phone.xmpp.jids import bare, canonical, domain
from phone.xmpp.requests import REPLY_SECONDS, Failed, Requests, Result
from phone.xmpp.voice import STANZA_ID, voice_message

log = logging.getLogger(__name__)

_KINDS: dict[str | None, IqKind] = {"get": "get", "set": "set"}
_MOST_OPEN = 4096
"""Requests of others that wait for our answer: beyond that the oldest is forgotten."""

_Key = tuple[str, str, str]


class ComponentBridge:
    """`send` writes one stanza; `name` is the component's domain."""

    def __init__(
        self, send: Callable[[Element], None], listener: ComponentListener, name: str, requests: Requests
    ) -> None:
        self._write = send
        self._listener = listener
        self._name = name
        self._requests = requests
        self._open: Counter[_Key] = Counter()
        self.nonsense: Counter[str] = Counter()
        """What others sent and we ignored, by kind."""

    # --- out -------------------------------------------------------------------------------------------------

    def send_iq(self, frm: str, to: str, payload: Element, token: str) -> None:
        done = partial(self._replied, token)
        sender = self._ours(frm)
        self._requests.ask("set", to, stanzas.clean(payload), done, REPLY_SECONDS, revocable=True, sender=sender)

    def ask(self, frm: str, to: str, payload: Element, token: str, kind: IqKind) -> None:
        done = partial(self._answered, token, payload.tag)
        self._requests.ask(kind, to, stanzas.clean(payload), done, sender=self._ours(frm))

    def reply(self, frm: str, to: str, iq_id: str, error: IqError | None) -> None:
        if self._close(self._ours(frm), to, iq_id):
            reply = stanzas.iq("result", to, iq_id) if error is None else stanzas.error(to, iq_id, error)
            self._send(frm, reply)

    def result(self, frm: str, to: str, iq_id: str, payload: Element) -> None:
        if self._close(self._ours(frm), to, iq_id):
            self._send(frm, stanzas.iq("result", to, iq_id, stanzas.clean(payload)))

    def answer_delegated(self, server: str, iq_id: str, inner: InnerIq, answer: Element | IqError | None) -> None:
        self.result(self._name, server, iq_id, delegation.wrap(inner, answer))

    def send_message(
        self, frm: str, to: str, children: Iterable[Element], kind: str, body: str | None, message_id: str = ""
    ) -> str:
        message_id = message_id or secrets.token_hex(8)
        stanza = Element(stanzas.MESSAGE, {"type": kind, "id": message_id})
        if body is not None:
            SubElement(stanza, f"{{{stanzas.CLIENT}}}body").text = stanzas.printable(body)
        stanza.extend(stanzas.clean(child) for child in children)
        self._send_to(frm, to, stanza)
        return message_id

    def send_chat(self, frm: str, to: str, body: str, subject: str | None, message_id: str) -> str:
        children = [Element(f"{{{STANZA_ID}}}origin-id", {"id": message_id})] if message_id else []
        if subject is not None:
            about = Element(f"{{{stanzas.CLIENT}}}subject")
            about.text = subject
            children.append(about)
        return self.send_message(frm, to, children, "chat", body, message_id)

    def send_voice(self, frm: str, to: str, message: VoiceMessage) -> str:
        message_id = message.id or secrets.token_hex(8)
        self._send_to(frm, bare(to), voice_message(bare(to), message_id, message))
        return message_id

    def _send_to(self, frm: str, to: str, stanza: Element) -> None:
        address = canonical(to)
        sender = self._ours(frm)
        if address is None:
            log.warning("no message to %r: that is no address", to)
            return
        stanza.set("to", address)
        self._send(sender, stanza)

    def _send(self, frm: str, stanza: Element) -> None:
        stanza.set("from", frm)
        self._write(stanza)

    def _ours(self, frm: str) -> str:
        address = canonical(frm)
        if address is None or domain(address) != self._name:
            raise ValueError(f"{frm!r} is no address of {self._name}: the server would end the connection over it")
        return address

    def _close(self, frm: str, to: str, iq_id: str) -> bool:
        """Answers once; a second answer is our bug and stays here."""
        key = (frm, to, iq_id)
        if not self._open[key]:
            log.error("no request %s of %s to %s waits for an answer", iq_id, to, frm)
            return False
        self._open -= Counter({key: 1})
        return True

    # --- in --------------------------------------------------------------------------------------------------

    def stanza(self, stanza: Element) -> None:
        sender, to = canonical(stanza.get("from")), canonical(stanza.get("to"))
        if sender is None or to is None or domain(to) != self._name:
            self._ignore("no address", sender)
        elif stanza.tag == stanzas.IQ:
            self._iq(stanza, sender, to)
        elif stanza.tag == stanzas.MESSAGE:
            self._listener.message(sender, to, stanza)
        else:
            self._listener.presence(sender, to, stanza.get("type", ""))

    def _iq(self, stanza: Element, sender: str, to: str) -> None:
        kind, iq_id, payload = _KINDS.get(stanza.get("type")), stanza.get("id", ""), next(iter(stanza), None)
        if stanza.get("type") in ("result", "error"):
            if not self._requests.take(stanza):
                self._ignore("answer to nothing", sender)
        elif kind is None:
            self._ignore("unknown type of iq", sender)
        elif domain(sender) == self._name:
            # Nobody else speaks for our domain: this is the sign of life that we sent ourselves.
            self._send(to, stanzas.iq("result", sender, iq_id))
        elif payload is None:
            self._send(to, stanzas.error(sender, iq_id, IqError("bad-request", "modify")))
        else:
            self._request(sender, to, iq_id, kind, payload)

    def _request(self, sender: str, to: str, iq_id: str, kind: IqKind, payload: Element) -> None:
        key = (to, sender, iq_id)
        self._open[key] += 1
        if len(self._open) > _MOST_OPEN:
            del self._open[next(iter(self._open))]
        if delegation.is_delegation(payload):
            self._delegated(sender, to, iq_id, kind, payload)
        elif not self._listener.iq(sender, to, iq_id, kind, payload):
            self.reply(to, sender, iq_id, IqError("feature-not-implemented"))

    def _delegated(self, sender: str, to: str, iq_id: str, kind: IqKind, payload: Element) -> None:
        # A server speaks for its accounts as a bare domain, and to the component itself.
        inner = delegation.unwrap(payload, sender) if kind == "set" and to == self._name else None
        if inner is None:
            self._ignore("delegation", sender)
            self.reply(to, sender, iq_id, IqError("bad-request", "modify"))
        elif not self._listener.delegated(sender, iq_id, inner):
            self.answer_delegated(sender, iq_id, inner, IqError("service-unavailable"))

    def _replied(self, token: str, outcome: Result | Failed) -> None:
        self._listener.replied(token, outcome.condition if isinstance(outcome, Failed) else None)

    def _answered(self, token: str, asked: str, outcome: Result | Failed) -> None:
        if isinstance(outcome, Failed):
            log.info("no answer to %s: %s", asked, outcome.condition)
            self._listener.answered(token, None)
        else:
            self._listener.answered(token, outcome.payload if outcome.payload is not None else Element(asked))

    def _ignore(self, what: str, sender: str | None) -> None:
        self.nonsense[what] += 1
        log.info("ignored of %s: %s", sender, what, extra={"remote": bare(sender or "")})
