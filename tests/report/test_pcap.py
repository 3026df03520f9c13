"""pcap files, by another reader."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from report.pcapfile import parse

from phone.report.pcap import file_header, record

ports = st.integers(0, 65535)


@given(
    st.floats(0, 4e9),
    st.sampled_from([ipaddress.IPv4Address, ipaddress.IPv6Address]),
    st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), ports, ports),
    st.integers(0, 60_000),
    st.binary(max_size=100),
)
def test_what_is_written_reads_back(at, family, ends, cut, head) -> None:
    source, target = (str(family(ends[0])), ends[2]), (str(family(ends[1])), ends[3])
    size = len(head) + cut
    (seen,) = parse(file_header() + record(at, source, target, size, head))
    assert (seen.source, seen.target, seen.size, seen.head) == (source, target, size, head)
    assert abs(seen.at - at) <= 1e-5


def test_several_packets_follow_each_other() -> None:
    a, b = ("192.0.2.1", 1), ("192.0.2.2", 2)
    data = file_header() + record(1.5, a, b, 172, b"head") + record(2.5, b, a, 4, b"all.")
    assert [(each.at, each.source, each.head) for each in parse(data)] == [(1.5, a, b"head"), (2.5, b, b"all.")]
    assert parse(file_header()) == []


def test_two_families_are_no_packet() -> None:
    with pytest.raises(ValueError, match="two families"):
        record(0.0, ("192.0.2.1", 1), ("2001:db8::1", 2), 1, b"")
