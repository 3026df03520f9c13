"""The tests of Google's dialect are worth something: they notice each of these hand-made faults.

A mutant is one text replaced in one module. The modules of the dialect and their tests are imported afresh with it, and
the example tests run in this process until one fails.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import inspect
import itertools
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType

import pytest

import phone.jingle
from phone.errors import PhoneError

ROOM = Path(phone.jingle.__file__).parent
TESTS = (
    "test_gingle",
    "test_gingle_ends",
    "test_gingle_codec",
    "test_gingle_agent",
    "test_gingle_peers",
    "test_gingle_dialects",
)
ALSO = ("test_gingle_voicemail", "test_agent_google", "test_agent_voicemail", "test_agent_address")
HELPERS = ("gingle_wire", "gingle_sessions", "jingle_wire", "captured", "said")


@dataclass(frozen=True)
class Mutant:
    """In `module`, the only `old` becomes `new`."""

    law: str
    module: str
    old: str
    new: str

    def source(self) -> str:
        source = (ROOM / f"{self.module}.py").read_text("utf-8")
        assert source.count(self.old) == 1, f"{self.law}: the text to mutate is there {source.count(self.old)} times"
        return source.replace(self.old, self.new)


MUTANTS = (
    Mutant("out of turn is refused", "gingle", "            return NOT_NOW, ()\n", "            after = before\n"),
    Mutant("a redirect needs a target", "gingle", "and not (got.redirect and got.redirect.target)", "and False"),
    Mutant("their dialect is heard", "gingle", "        self._telling.heard(got)\n", ""),
    Mutant(
        "candidates wait for the ack",
        "gingle",
        "not (self._begun and self._telling_allowed)",
        "not self._telling_allowed",
    ),
    Mutant(
        "candidates wait for the answer", "gingle", "not (self._begun and self._telling_allowed)", "not self._begun"
    ),
    Mutant(
        "nothing after the end",
        "gingle",
        " or self.state is State.ENDED:\n            return ()\n        return tuple",
        ":\n            return ()\n        return tuple",
    ),
    Mutant(
        "their addresses wait for ours",
        "gingle",
        "self.remote.candidates if self._telling_allowed else ()",
        "self.remote.candidates",
    ),
    Mutant(
        "the initiator is echoed",
        "gingle",
        "        self._initiator = got.initiator\n",
        "        self._initiator = self.peer\n",
    ),
    Mutant(
        "gtalk4 wants its transport taken",
        "gingle",
        "if self.dialect is Dialect.GTALK4:",
        "if self.dialect is Dialect.GTALK3:",
    ),
    Mutant(
        "the cookie names the mailbox",
        "gingle",
        'got.regarding or (got.redirect.redirector if got.redirect else "")',
        "got.regarding",
    ),
    Mutant(
        "a reject is a refusal",
        "gingle",
        "        refused = not self.initiator and self.state is State.PENDING\n",
        "        refused = False\n",
    ),
    Mutant(
        "only before the answer",
        "gingle",
        "        refused = not self.initiator and self.state is State.PENDING\n",
        "        refused = not self.initiator\n",
    ),
    Mutant(
        "only two answers matter",
        "gingle",
        "decisive=stanza.act in {Act.INITIATE, Act.ACCEPT}",
        "decisive=stanza.act is not Act.INFO",
    ),
    Mutant(
        "a lost accept is no end",
        "machine",
        '        if error == "timeout" and self.state is State.ACTIVE:\n            return ()\n',
        "",
    ),
    Mutant("who is silent is told the end", "machine", 'self._end("timeout") if error == "timeout" else ()', "()"),
    Mutant("an ack rings once", "machine", "        self._awaited.remove(token)\n", ""),
    Mutant(
        "an ack in a call rings not",
        "gingle",
        "effects if self.state is State.ACTIVE else (CallAlerting(self.id), *effects)",
        "(CallAlerting(self.id), *effects)",
    ),
    Mutant(
        "an answer without codecs ends it",
        "gingle",
        "            return self.refuse(terms)\n        self.terms",
        "            return ()\n        self.terms",
    ),
    Mutant("an end is told inside once", "machine", "        self.ended = refusal.reason\n", ""),
    Mutant("hold is told once", "machine", "if held == self._held or", "if"),
    Mutant(
        "hold needs a call",
        "machine",
        " or self.state is not State.ACTIVE:\n            return ()\n        self._held",
        ":\n            return ()\n        self._held",
    ),
    Mutant("a digit is a digit", "machine", "if len(code) != 1 or code not in", "if code not in"),
    Mutant("no bug of ours half happens", "gingle", "        self._check(Act.ACCEPT)\n", ""),
    Mutant(
        "usernames are checked at once",
        "gingle",
        "        told(media)\n        self.media = media\n",
        "        self.media = media\n",
    ),
    Mutant(
        "accept first tells the addresses",
        "gingle",
        "(*effects, self._send(Gingle(Act.ACCEPT, self.sid, description=Description(self.terms.receive))))",
        "(self._send(Gingle(Act.ACCEPT, self.sid, description=Description(self.terms.receive))), *effects)",
    ),
    Mutant("gtalk3 for ever", "gingle_states", "if dialect is Dialect.GTALK3 or got.bare", "if got.bare"),
    Mutant("bare is gtalk3", "gingle_states", " or got.bare or", " or"),
    Mutant(
        "both forms at first",
        "gingle_states",
        "(Act.TRANSPORT_INFO, Act.CANDIDATES),\n    Dialect.GTALK3",
        "(Act.CANDIDATES,),\n    Dialect.GTALK3",
    ),
    Mutant("video is gtalk3", "gingle_states", "got.transport and not video", "got.transport"),
    Mutant("a redirect ends it", "gingle_states", "            (_GOT, Act.REDIRECT): State.ENDED,\n", ""),
    Mutant("each once in each form", "gingle_candidates", "            self._told |= {(form, c) for c in fresh}\n", ""),
    Mutant(
        "a form is not another",
        "gingle_candidates",
        "if (form, c) not in self._told)\n            self._told |= {(form, c)",
        "if (Act.INFO, c) not in self._told)\n            self._told |= {(Act.INFO, c)",
    ),
    Mutant("rtp alone", "gingle_candidates", "c.component == 1 and ", ""),
    Mutant("a username of its own counts", "gingle_candidates", "candidate.username or ufrag", "ufrag"),
    Mutant("sixteen characters", "gingle_candidates", "{16}", "{1,16}"),
    Mutant(
        "sdes cannot be answered",
        "gingle_terms",
        "    if description.encryption_required:\n        return NOT_ENCRYPTED\n    return GoogleTerms",
        "    return GoogleTerms",
    ),
    Mutant(
        "g711 for who says nothing", "gingle_terms", "codecs if speech(codecs) else (PCMU, PCMA, *codecs)", "codecs"
    ),
    Mutant("no speech, no call", "gingle_terms", "if speech(codecs) else NO_CODEC", "if codecs else NO_CODEC"),
    Mutant("the key is the peer's too", "gingle_agent", " and session.peer in {sender, bare(sender)}", ""),
    Mutant("a bare address answers in full", "gingle_agent", "            call.session.peer = sender\n", ""),
    Mutant("unsent is unknown", "gingle_agent", " and session.state is not State.NEW and", " and"),
    Mutant(
        "plain rtp needs a yes",
        "gingle_agent",
        "        elif not policy.plain_rtp:\n",
        "        elif policy.direct:\n",
    ),
    Mutant("not too many", "gingle_agent", "        if self._register.full(policy):\n", "        if policy.direct:\n"),
    Mutant("contacts are no strangers", "register", "return not policy.contact and sum", "return sum"),
    Mutant("strangers are counted", "register", " = not policy.contact\n", " = False\n"),
    Mutant("ids are not taken twice", "register", "plain_text and wanted not in self else", "plain_text else"),
    Mutant(
        "other dialects' ids neither",
        "agent",
        "policy=policy, new_id=new_id, register=self._register)",
        "policy=policy, new_id=new_id)",
    ),
    Mutant("an id is free when it is over", "gingle_agent", "        self._register.remove(call.session.id)\n", ""),
    Mutant(
        "a session keeps the address that was called",
        "gingle_agent",
        "self._initiated(sender, to or self.own,",
        "self._initiated(sender, self.own,",
    ),
    Mutant(
        "the stanzas say which address they are from",
        "gingle",
        "SendIq(self.peer, payload, token, self.own)",
        "SendIq(self.peer, payload, token)",
    ),
    Mutant("the core hears whom a message is for", "gingle_agent", ", regarding=session.regarding)", ")"),
    Mutant("insecure is insecure", "agent", "if google and not policy.plain_rtp:", "if google and policy.direct:"),
    Mutant("a message is for an account", "agent", "now, regarding=bare(regarding))", "now, regarding=regarding)"),
    Mutant("and in jingle", "agent", "outgoing=True, regarding=bare(regarding))", "outgoing=True)"),
    Mutant("a mailbox does not call", "leg", "self.outgoing and not self.regarding", "self.outgoing"),
    Mutant("nor any device behind it", "legs", "    if leg.regarding:\n        return False\n", ""),
    Mutant("our own phone is no mailbox", "agent", "if to == self.own:", "if to is None:"),
    Mutant("a google session is not transferred", "agent", "TransferFault.UNSUPPORTED", "TransferFault.FAILED"),
    Mutant("its media are looked after", "agent", ", *self._google.wishes())", ",)"),
    Mutant("its time runs out", "agent", " + self._google.expire(now)", ""),
    Mutant("its answers come", "agent", " + self._google.replied(token, error)", ""),
    Mutant("its far end goes", "agent", " + self._google.resource_gone(full_jid)", ""),
    Mutant("a service has no other devices", "leg", " if self.around.account else ()", ""),
    Mutant("regarding is a jid", "parse", 'return name if valid(name) else ""', "return name"),
    Mutant("dtls or the old way", "gingle_voicemail", "{JINGLE, DTLS, VOICEMAIL}", "{JINGLE, VOICEMAIL}"),
    Mutant(
        "strangers wait for our addresses",
        "gingle_agent",
        "session.tell_early() if call.policy.contact else ()",
        "session.tell_early()",
    ),
    Mutant(
        "media in time",
        "gingle_agent",
        "        call.media = media\n        call.due = None\n",
        "        call.media = media\n",
    ),
    Mutant(
        "a redirect is followed once",
        "gingle_agent",
        "call.sent_on, call.cookie = call.session, True,",
        "call.sent_on, call.cookie = call.session, False,",
    ),
    Mutant("only to themselves", "gingle_agent", " or bare(redirect.target) != bare(normal(call.session.peer))", ""),
    Mutant(
        "the cookie comes back", "gingle_agent", "= call.session, True, redirect.cookie", '= call.session, True, ""'
    ),
    Mutant(
        "an end is told",
        "gingle_agent",
        "        return (CallEnded(call.session.id, reason),)\n",
        "        return ()\n",
    ),
    Mutant("the far end hears of a fault", "gingle_agent", "(call.session.refuse(why) if begun else ())", "()"),
    Mutant("who is gone takes no call along", "gingle_agent", " and session.state is not State.ACTIVE:", ":"),
    Mutant("ten attributes", "gingle_codec", '            "network": "0",\n', ""),
    Mutant(
        "reasons for libjingle",
        "gingle_codec",
        '    SubElement(parent, f"{{{SESSION}}}{_OLD',
        '    SubElement(Element("x"), f"{{{SESSION}}}{_OLD',
    ),
    Mutant(
        "an empty description means something",
        "gingle_parse",
        "payloads if types or audio is None else OLD_TALK",
        "payloads",
    ),
    Mutant("udp alone", "gingle_parse", ' or element.get("protocol", "udp").lower() != "udp"', ""),
    Mutant("a cookie is small", "gingle_parse", 'text if len(text) <= MAX_COOKIE else ""', "text"),
    Mutant(
        "an initiate has a description",
        "gingle_parse",
        "(parsed.description is None or not valid(normal(parsed.initiator)))",
        "not valid(normal(parsed.initiator))",
    ),
    Mutant("a key pressed is none let go", "gingle_parse", '!= "button-up":', '== "x":'),
    Mutant("a padded namespace", "gingle_voicemail", "namespace.strip() == DISCO_ITEMS", "namespace == DISCO_ITEMS"),
    Mutant("the node must be the one asked", "gingle_voicemail", ' or query.get("node", "").strip() != via.value', ""),
    Mutant(
        "a late answer is none",
        "gingle_voicemail",
        "if token != self._token or self._via is None:",
        "if self._via is None:",
    ),
    Mutant(
        "the second try is ours",
        "gingle_voicemail",
        "self._ask(self._own, Via.OURS, now)",
        "self._ask(self._callee, Via.OURS, now)",
    ),
    Mutant(
        "a search ends",
        "gingle_voicemail",
        "        self._via = None\n        self.deadline = None\n",
        "        self._via = None\n",
    ),
)


class _Loader(importlib.abc.MetaPathFinder, importlib.machinery.SourcelessFileLoader):
    """Loads the mutated module from its changed text."""

    def __init__(self, mutant: Mutant) -> None:
        self.name = f"phone.jingle.{mutant.module}"
        self.path = str(ROOM / f"{mutant.module}.py")
        self._mutant = mutant

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        return importlib.machinery.ModuleSpec(fullname, self, origin=self.path) if fullname == self.name else None

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._mutant.source(), self.path, "exec")


def _concerned(name: str) -> bool:
    return f"{name}.".startswith("phone.jingle.") or name in (*HELPERS, *TESTS, *ALSO)


@contextmanager
def mutated(mutant: Mutant) -> Iterator[None]:
    """Within, whoever imports the dialect gets it with the fault."""
    loader = _Loader(mutant)
    real = {name: module for name, module in sys.modules.items() if _concerned(name)}
    for name in real:
        del sys.modules[name]
    sys.meta_path.insert(0, loader)
    try:
        yield
    finally:
        sys.meta_path.remove(loader)
        for name in [name for name in sys.modules if _concerned(name)]:
            del sys.modules[name]
        sys.modules.update(real)
        phone.jingle = sys.modules["phone.jingle"]


def cases(module: ModuleType) -> Iterator[Callable[[], object]]:
    """The example tests of a module, each with each of its parameters."""
    for name, function in inspect.getmembers(module, inspect.isfunction):
        if not name.startswith("test_") or hasattr(function, "hypothesis"):
            continue
        tables = [list(_table(mark)) for mark in getattr(function, "pytestmark", ()) if mark.name == "parametrize"]
        for rows in itertools.product(*tables):
            arguments = {key: value for row in rows for key, value in row.items()}
            yield lambda function=function, arguments=arguments: function(**arguments)


def _table(mark: pytest.Mark) -> Iterator[dict[str, object]]:
    names, rows = mark.args[:2]
    for row in rows:
        yield {names: row} if isinstance(names, str) else dict(zip(names, row, strict=True))


def run() -> str:
    """The first fault found, or "" when all is well."""
    for name in (*TESTS, *ALSO):
        try:
            for case in cases(importlib.import_module(name)):
                case()
        except (AssertionError, LookupError, TypeError, ValueError, PhoneError, pytest.fail.Exception) as found:
            return repr(found)
    return ""


@pytest.mark.slow
@pytest.mark.no_cover
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.law)
def test_killed(mutant: Mutant) -> None:
    mutant.source()  # a text that is gone must not pass for a fault that was found
    with mutated(mutant):
        assert run()


def test_a_mutant_that_changes_nothing_survives() -> None:
    """Or the others might die of how they were loaded."""
    with mutated(Mutant("none", "gingle", "3. A session ends once", "3. A session ends once")):
        assert run() == ""
