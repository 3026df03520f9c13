"""Which address stands for whom."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone.jingle.jid import valid
from phone.service.addresses import Addresses, Mailbox, Outgoing

HERE = Addresses("vm.b.example", ("b.example", "c.example"))
users = st.text("abcdefghijklmnopqrstuvwxyz0123456789.-_%+=~", min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("jid", "place"),
    [
        ("boss@vm.b.example", Mailbox("boss@b.example")),
        ("boss@vm.b.example/voicemail", Mailbox("boss@b.example")),
        ("BOSS@VM.b.example", Mailbox("boss@b.example")),
        ("boss%c.example@vm.b.example/voicemail", Mailbox("boss@c.example")),
        ("boss%d.example@vm.b.example", Mailbox("boss%d.example@b.example")),
        ("outgoing@vm.b.example", Outgoing()),
        ("outgoing@vm.b.example/outgoingvoicemail", Outgoing()),
        ("outgoing@vm.b.example/voicemail", Mailbox("outgoing@b.example")),
        ("boss@vm.b.example/outgoingvoicemail", None),
        ("boss@vm.b.example/phone", None),
        ("vm.b.example", None),
        ("vm.b.example/voicemail", None),
        ("@vm.b.example", None),
        ("boss@b.example", None),
        ("boss@vm.b.example.evil.example", None),
        ("bo ss@vm.b.example", None),
        ("%c.example@vm.b.example", Mailbox("%c.example@b.example")),
    ],
)
def test_what_an_address_stands_for(jid, place):
    assert HERE.place(jid) == place


@given(users, st.sampled_from(["b.example", "c.example"]))
def test_every_accounts_address_leads_back_to_it(user, domain):
    owner = f"{user}@{domain}"
    address = HERE.mailbox(owner)
    assert valid(address)
    if domain == "c.example" or not user.endswith("%c.example"):
        assert HERE.place(address) == Mailbox(owner)


@given(st.text(max_size=60))
def test_whatever_is_asked_for_no_mailbox_is_outside_the_domains(text):
    for jid in (text, f"{text}@vm.b.example", f"{text}@vm.b.example/voicemail", f"x@vm.b.example/{text}"):
        place = HERE.place(jid)
        if isinstance(place, Mailbox):
            assert HERE.is_local(place.owner)
            assert valid(place.owner)


@pytest.mark.parametrize(
    ("jid", "local"),
    [
        ("x@b.example", True),
        ("x@C.example/y", True),
        ("b.example", False),
        ("x@vm.b.example", False),
        ("@b.example", False),
    ],
)
def test_who_is_local(jid, local):
    assert HERE.is_local(jid) is local
