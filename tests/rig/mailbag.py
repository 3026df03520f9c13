"""The mailroom of a phone on the wire: keeps what it is told in memory, and answers at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from phone.calls import commands as do
from phone.calls.events import Event
from phone.mailnews import BoxChanged, MailNews
from phone.media import planrecordings
from phone.ui.book import Box
from phone.ui.menu import BoxRequest


@dataclass(slots=True)
class Mailbag:
    recording: dict[str, do.StartRecording] = field(default_factory=dict)
    kept: list[do.StartRecording] = field(default_factory=list)
    dropped: list[do.StartRecording] = field(default_factory=list)
    requests: list[BoxRequest] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    events: list[tuple[str, Element]] = field(default_factory=list)
    signed_in: list[str] = field(default_factory=list)
    box: Box = field(default_factory=Box)
    coming: int = 0
    news: tuple[Event, ...] = ()
    """What the core is told with the next sound or news."""

    def record(self, command: do.StartRecording, source: str) -> None:
        assert source not in self.recording
        self.recording[source] = command

    def stop(self, command: do.StopRecording, now: float) -> None:
        source = command.id or next(s for s, begun in self.recording.items() if begun.call is None)
        (self.kept if command.keep else self.dropped).append(self.recording.pop(source))

    def sound(self, report: planrecordings.Recorded) -> tuple[Event, ...]:
        news, self.news = self.news, ()
        return news

    def all_in(self, source: str) -> None: ...

    def media_lost(self) -> tuple[Event, ...]:
        return ()

    def told(self, news: MailNews, now: float) -> tuple[Event, ...]:
        if isinstance(news, BoxChanged):
            self.box = news.box
        events, self.news = self.news, ()
        return events

    def request(self, request: BoxRequest, now: float) -> None:
        self.requests.append(request)

    def online(self, full_jid: str, now: float) -> None:
        self.signed_in.append(full_jid)

    def offline(self) -> None:
        self.signed_in.append("")

    def answered(self, token: str, payload: Element | None, now: float) -> None:
        self.answers.append(token)

    def published(self, sender: str, event: Element, now: float) -> None:
        self.events.append((sender, event))

    def deadline(self) -> float | None:
        return None

    def expire(self, now: float) -> None: ...
