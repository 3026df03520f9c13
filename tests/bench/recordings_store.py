"""Where the bench keeps what is recorded: real mailboxes, one a call, written by one thread as a service would."""

from __future__ import annotations

import queue
import threading
from pathlib import Path

from phone.media.planrecordings import Sound
from phone.ogg.opusreader import OpusReader
from phone.voicemail.box import Mailbox
from phone.voicemail.message import Caller, Failure, Message
from phone.voicemail.recording import Recording

_STAMP = 1.8e9


class Store:
    """Takes packets from the loop. `close` waits until all are on the card."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._work: queue.SimpleQueue[tuple[str, tuple[Sound, ...]] | None] = queue.SimpleQueue()
        self._boxes: dict[str, tuple[Mailbox, Recording]] = {}
        self._thread = threading.Thread(target=self._write, name="store")
        self._kept: dict[str, list[bytes]] = {}

    def open(self, names: list[str]) -> None:
        """A mailbox for each, and a message in it begins."""
        for name in names:
            box = Mailbox(self._folder / name)
            match box.begin(Caller(f"{name}@bench.example", name), _STAMP):
                case Failure(sentence=sentence):
                    raise RuntimeError(sentence)
                case recording:
                    self._boxes[name] = box, recording
        self._thread.start()

    def put(self, name: str, packets: tuple[Sound, ...]) -> None:
        """More of a message."""
        self._work.put((name, packets))

    def close(self) -> dict[str, list[bytes]]:
        """End all messages; their packets as they are on the card."""
        self._work.put(None)
        self._thread.join()
        return self._kept

    def _write(self) -> None:
        while (work := self._work.get()) is not None:
            name, packets = work
            for sound in packets:
                self._boxes[name][1].packet(sound.payload, sound.lost)
        for name, (box, recording) in self._boxes.items():
            message = recording.finish()
            self._kept[name] = _packets(box, message) if isinstance(message, Message) else []
            box.close()


def _packets(box: Mailbox, message: Message) -> list[bytes]:
    reader = box.open(message.id)
    if not isinstance(reader, OpusReader):
        return []
    with reader:
        return [packet.payload for packet in reader.packets()]
