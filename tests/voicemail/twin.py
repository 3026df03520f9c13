"""A voicemail service, and phones that follow it: what they say to each other is carried by hand, or lost."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import count
from xml.etree.ElementTree import Element, SubElement

from remotes import remote, wired

from phone.voicemail import pubsub, wire
from phone.voicemail.asking import Ask
from phone.voicemail.finding import DISCO_INFO, DISCO_ITEMS
from phone.voicemail.follow import Changed, Fetched, Follower, GreetingTold, Steps, Told
from phone.voicemail.message import State
from phone.voicemail.remote import Followed, Snapshot

OWNER = "boss@b.example"
MAILBOX = "boss@vm.b.example/voicemail"
SERVICE = "vm.b.example"
NODE = pubsub.node_of(OWNER)
SOUND = bytes(range(256)) * 250  # three chunks


@dataclass
class Service:
    """The other end, as little of it as a phone sees."""

    up: bool = True
    messages: dict[str, wire.RemoteMessage] = field(default_factory=dict)
    sounds: dict[str, bytes] = field(default_factory=dict)
    subscribers: set[str] = field(default_factory=set)
    greeting: bytes | None = None
    part: bytes = b""
    page: int = 2
    asked: list[str] = field(default_factory=list)
    wanted: list[str] = field(default_factory=list)
    """Ids of messages whose sound was asked for."""

    def leave(self, message: wire.RemoteMessage, sound: bytes) -> pubsub.Event:
        self.messages[message.id], self.sounds[message.id] = message, sound
        return pubsub.Event(NODE, (message,))

    def answer(self, ask: Ask) -> tuple[Element | None, pubsub.Event | None]:
        """The result's payload (None: an error), and what all subscribers are told."""
        if ask.to == OWNER:
            return self.items(), None
        if not self.up:
            return None, None
        if ask.to == SERVICE:
            return self.serve(wired(ask.payload)), None
        assert ask.to == MAILBOX
        return self.mailbox(wired(ask.payload), ask.kind)

    def items(self) -> Element:
        query = Element(f"{{{DISCO_ITEMS}}}query", {"node": "voicemail"})
        SubElement(query, f"{{{DISCO_ITEMS}}}item", {"jid": MAILBOX})
        return query

    def serve(self, payload: Element) -> Element | None:
        if payload.tag == f"{{{DISCO_INFO}}}query":
            SubElement(payload, f"{{{DISCO_INFO}}}feature", {"var": wire.NS})
            return payload
        request = pubsub.parse_request(payload)
        assert request.node == NODE
        self.asked.append(type(request).__name__)
        match request:
            case pubsub.Subscribe(_, jid):
                self.subscribers.add(jid)
                return pubsub.subscribed_element(request)
            case pubsub.Items(_, after):
                return self.list(after)
        return None

    def list(self, after: str) -> Element | None:
        ids = list(self.messages)
        if after and after not in ids:
            return None
        start = ids.index(after) + 1 if after else 0
        page = ids[start : start + self.page]
        more = page[-1] if start + self.page < len(ids) else ""
        listed = pubsub.Listed(tuple(self.messages[id_] for id_ in page), more, count=len(ids))
        return wired(pubsub.listed_element(NODE, listed))

    def mailbox(self, payload: Element, kind: str) -> tuple[Element | None, pubsub.Event | None]:
        match wire.parse_request(payload):
            case wire.SoundWanted(id_, offset):
                assert kind == "get"
                self.wanted.append(id_)
                return self.sound(id_, offset), None
            case wire.Mark(id_, state):
                assert kind == "set"
                return self.mark(id_, state)
            case wire.GreetingRemoved():
                self.greeting = None
            case wire.GreetingPart(offset, _, data) as part:
                if offset != len(self.part) and offset:
                    return None, None
                self.part = self.part[:offset] + data
                if part.last:
                    self.greeting, self.part = self.part, b""
        return Element("empty"), None

    def sound(self, id_: str, offset: int) -> Element | None:
        sound = self.sounds.get(id_)
        if sound is None or offset >= len(sound):
            return None
        part = wire.SoundPart(id_, offset, len(sound), sound[offset : offset + wire.CHUNK])
        return wired(wire.sound_element(part))

    def mark(self, id_: str, state: State) -> tuple[Element | None, pubsub.Event | None]:
        if id_ not in self.messages:
            return None, None
        if state is State.DELETED:
            del self.messages[id_], self.sounds[id_]
            return Element("empty"), pubsub.Event(NODE, (), (id_,))
        self.messages[id_] = replace(self.messages[id_], state=state)
        return Element("empty"), pubsub.Event(NODE, (self.messages[id_],))


class Phone:
    """What the engine does with a follower, and a mailbox that is a dictionary."""

    _ids = count()

    def __init__(self, name: str, service: Service) -> None:
        self.jid = f"{OWNER}/{name}"
        self.service = service
        self.follower = Follower(self.jid, lambda: str(next(self._ids)))
        self.now = 0.0
        self.here: dict[str, State] = {}
        self.sounds: dict[str, bytes] = {}
        self.marks: dict[str, State] = {}
        self.waiting: list[Ask] = []
        self.events: list[pubsub.Event] = []
        self.snapshots: list[Snapshot] = []
        self.greetings: list[object] = []
        self.lost = 0
        self.do(self.follower.local(self.followed, self.now))

    @property
    def followed(self) -> Followed:
        return Followed(frozenset(self.here), dict(self.marks))

    def do(self, steps: Steps) -> None:
        for step in steps:
            match step:
                case Ask():
                    self.waiting.append(step)
                    continue
                case Changed(snapshot):
                    self.snapshots.append(snapshot)
                    self.follow(snapshot)
                case Fetched(message, sound):
                    assert message.id not in self.here, "fetched twice"
                    self.here[message.id], self.sounds[message.id] = message.state, sound
                case Told(id_, state):
                    if self.marks.get(id_) is state:
                        del self.marks[id_]
                case GreetingTold(owed):
                    self.greetings.append(owed)
                    continue
            self.do(self.follower.local(self.followed, self.now))

    def follow(self, snapshot: Snapshot) -> None:
        wanted = {message.id: message.state for message in snapshot.messages}
        for id_ in set(self.here) - set(self.marks):
            if id_ in wanted:
                self.here[id_] = wanted[id_]
            elif id_ in snapshot.deleted or (snapshot.whole and self.here[id_] is not State.KEPT):
                del self.here[id_]

    def user(self, id_: str, state: State) -> None:
        self.marks[id_] = state
        if state is State.DELETED:
            del self.here[id_]
        else:
            self.here[id_] = state
        self.do(self.follower.local(self.followed, self.now))

    def sign_in(self) -> None:
        self.waiting.clear()
        self.events.clear()
        self.do(self.follower.online(self.jid, self.now))

    def sign_out(self) -> None:
        self.waiting.clear()
        self.events.clear()
        self.service.subscribers.discard(self.jid)
        self.follower.offline()

    def answer_one(self, phones: list[Phone]) -> None:
        """The service answers what was asked first."""
        ask = self.waiting.pop(0)
        payload, event = self.service.answer(ask)
        if event:
            tell(event, self.service, phones)
        self.do(self.follower.answered(ask.token, payload, self.now))

    def lose_one(self) -> None:
        """A question, or its answer, is lost."""
        self.waiting.pop(0)
        self.lost += 1

    def hear_one(self) -> None:
        event = pubsub.event_element(self.events.pop(0))
        self.do(self.follower.published(SERVICE, wired(event), self.now))

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.do(self.follower.expire(self.now))


def tell(event: pubsub.Event, service: Service, phones: list[Phone]) -> None:
    for phone in phones:
        if phone.jid in service.subscribers:
            phone.events.append(event)


def settle(phones: list[Phone]) -> None:
    """All that was said arrives; nobody waits for time."""
    while any(phone.waiting or phone.events for phone in phones):
        for phone in phones:
            while phone.events:
                phone.hear_one()
            if phone.waiting:
                phone.answer_one(phones)


def left(service, *ids, state=State.NEW):
    for number, id_ in enumerate(ids):
        service.leave(remote(id_, state, 1_800_000_000.0 + number, len(SOUND)), SOUND + id_.encode())
