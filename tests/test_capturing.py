from phone.capturing import DESERTED, Capturing
from phone.media.captured import Captured, Packet

PACKET = Packet(0.0, ("192.0.2.1", 1), ("192.0.2.2", 2), 200, bytes(12))


def passed(capturing: Capturing, now: float) -> None:
    while (due := capturing.deadline()) is not None and due <= now:
        capturing.expire(due)


def test_who_comes_late_still_gets_what_there_is():
    capturing = Capturing()
    capturing.asked(1, 5.0, now=0.0)
    capturing.told(Captured(1, (PACKET,)))
    passed(capturing, 5.0)
    assert capturing.token == 0
    capturing.told(Captured(1, (PACKET,), last=True))
    passed(capturing, DESERTED - 0.1)
    assert capturing.take(1, DESERTED - 0.1) == (PACKET, PACKET)
    assert capturing.over(DESERTED)


def test_what_nobody_comes_for_is_forgotten():
    capturing = Capturing()
    capturing.asked(1, 300.0, now=0.0)
    capturing.told(Captured(1, (PACKET,)))
    passed(capturing, DESERTED)
    assert capturing.token == 0
    passed(capturing, 2 * DESERTED)
    assert capturing.deadline() is None
    assert capturing.take(1, 2 * DESERTED) is None
    capturing.told(Captured(1, (PACKET,), last=True))
    assert not capturing._packets


def test_what_was_taken_is_not_waited_for():
    capturing = Capturing()
    capturing.asked(1, 1.0, now=0.0)
    passed(capturing, 1.0)
    capturing.told(Captured(1, (PACKET,), last=True))
    assert capturing.take(1, 1.5) == (PACKET,)
    assert capturing.over(1.5)
    passed(capturing, 1.5 + 2 * DESERTED)
    assert capturing.deadline() is None
