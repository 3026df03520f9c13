from __future__ import annotations

import asyncio

from rig.lossy import LossyRelay, Road


class End(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.came = asyncio.Event()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.heard.append(data)
        self.came.set()

    async def until(self, count: int) -> list[bytes]:
        while len(self.heard) < count:
            self.came.clear()
            await asyncio.wait_for(self.came.wait(), 10)
        return self.heard


async def end() -> tuple[asyncio.DatagramTransport, End]:
    return await asyncio.get_running_loop().create_datagram_endpoint(End, local_addr=("127.0.0.1", 0))


async def through(road: Road, count: int, expected: int) -> list[bytes]:
    """Packets 0 to count-1 from A to B."""
    a, _ = await end()
    b, ear = await end()
    async with LossyRelay(road, b=b.get_extra_info("sockname")) as relay:
        for n in range(count):
            a.sendto(bytes([n]), relay.for_a)
            await asyncio.sleep(0)
        heard = list(await ear.until(expected))
        assert relay.traffic[0].packets == count
    a.close()
    b.close()
    return heard


async def test_a_good_road_changes_nothing() -> None:
    assert await through(Road(), 20, 20) == [bytes([n]) for n in range(20)]


async def test_loss_is_a_pattern() -> None:
    kept = [n for n in range(12) if n % 3 != 1]
    assert await through(Road(lost=[False, True, False]), 12, len(kept)) == [bytes([n]) for n in kept]


async def test_a_late_packet_is_overtaken() -> None:
    assert await through(Road(delay_ms=[500.0, 0.0]), 2, 2) == [b"\1", b"\0"]


async def test_jitter_without_overtaking() -> None:
    assert await through(Road(delay_ms=[300.0, 0.0], in_order=True), 2, 2) == [b"\0", b"\1"]


async def test_packets_may_come_twice() -> None:
    assert await through(Road(doubled=[False, True]), 2, 3) == [b"\0", b"\1", b"\1"]


async def test_both_ways_and_addresses_are_learnt() -> None:
    (a, ear_a), (b, ear_b) = await end(), await end()
    async with LossyRelay(b_to_a=Road(lost=[True, False])) as relay:
        b.sendto(b"lost", relay.for_b)
        a.sendto(b"hello", relay.for_a)
        assert await ear_b.until(1) == [b"hello"]
        b.sendto(b"answer", relay.for_b)
        assert await ear_a.until(1) == [b"answer"]
        assert relay.traffic[1].lost == 1
    a.close()
    b.close()
