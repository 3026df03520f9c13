"""Who may do what: plain RTP, rings, intercom, and where a far end may send this phone's calls."""

from __future__ import annotations

import pytest

from phone.config import AccountConfig, AudioConfig, Config, DeviceConfig, PeerConfig
from phone.config.values import CallsConfig, DialConfig, TransferConfig
from phone.jingle.api import Permission
from phone.policy import Policy


class Roster:
    def is_contact(self, jid: str) -> bool:
        return jid.partition("/")[0] in {"carol@far.example", "+4930123@gateway.example"}


@pytest.fixture
def policy() -> Policy:
    return made()


def made(gateway: str = "gateway.example") -> Policy:
    return Policy.of(
        Config(
            account=AccountConfig("Anna@Office.example", password="x"),
            audio=AudioConfig(DeviceConfig("a", "b")),
            dial=DialConfig(gateway=gateway),
            calls=CallsConfig(intercom=("Door@office.example", "far.example")),
            transfer=TransferConfig(allow=("boss@office.example", "far.example"), targets=("help.example",)),
            peers={
                "office.example": PeerConfig(ring=1),
                "boss@office.example": PeerConfig(ring=2, plain_rtp=True),
            },
        ),
        Roster(),
    )


def test_the_most_exact_entry_wins(policy: Policy) -> None:
    assert policy.greeting("boss@office.example/desk").ring == 2
    assert policy.greeting("bob@office.example/desk").ring == 1
    assert policy.greeting("carol@far.example").ring is None
    assert policy.peer("boss@office.example/desk").plain_rtp
    assert not policy.peer("bob@office.example").plain_rtp
    assert policy.peer("carol@far.example/x").contact


def test_intercom_is_for_those_on_the_list(policy: Policy) -> None:
    assert policy.greeting("door@office.example/1").intercom
    assert policy.greeting("anybody@far.example/1").intercom
    assert not policy.greeting("bob@office.example/1").intercom


@pytest.mark.parametrize(
    ("asker", "target", "permission"),
    [
        ("boss@office.example/desk", "bob@office.example", Permission.ALLOW),
        ("boss@office.example/desk", "carol@far.example/phone", Permission.ALLOW),
        ("bob@office.example/desk", "carol@far.example/phone", Permission.ASK),
        ("bob@office.example/desk", "1234@office.example", Permission.ASK),
        ("stranger@evil.example/x", "line@help.example", Permission.ASK),
        ("boss@office.example/desk", "+19001234567@gateway.example", Permission.REFUSE),
        ("boss@office.example/desk", "+19001234567@office.example", Permission.REFUSE),
        ("boss@office.example/desk", "0019001234567@office.example", Permission.REFUSE),
        ("boss@office.example/desk", "19001234567@other.example", Permission.REFUSE),
        ("boss@office.example/desk", "eve@evil.example/x", Permission.REFUSE),
        ("bob@office.example/desk", "+4930123@gateway.example", Permission.ASK),
    ],
)
def test_a_far_end_sends_us_only_where_we_would_call_anyway(
    policy: Policy, asker: str, target: str, permission: Permission
) -> None:
    assert policy.transfer(asker, target) is permission


@pytest.mark.parametrize("gateway", ["office.example", "Office.Example"])
def test_where_the_own_domain_is_the_gateway_too_every_number_there_may_cost(gateway: str) -> None:
    policy = made(gateway)
    assert policy.transfer("boss@office.example/desk", "1234@office.example") is Permission.REFUSE
    assert policy.transfer("boss@office.example/desk", "carol@far.example") is Permission.ALLOW
