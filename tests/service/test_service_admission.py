"""The checks of a service that strangers can call, by example and by property."""

import string
from dataclasses import replace
from email.headerregistry import Address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rig.servers_ears import xml as parsed

from phone.service.addresses import Addresses, Mailbox, Outgoing
from phone.service.admission import (
    FULL,
    NOT_YOU,
    TOO_OFTEN,
    UNKNOWN,
    WRONG,
    Errand,
    Facts,
    Rules,
    errand,
    initiates,
    is_mail,
    regarding,
    verdict,
)

ANN, BOSS = "ann@a.example", "boss@b.example"
BOX, OUT = "boss@vm.b.example/voicemail", "outgoing@vm.b.example/outgoingvoicemail"
RULES = Rules(
    addresses=Addresses("vm.b.example", ("b.example",)),
    listed=False,
    strangers=True,
    per_hour=20,
    mail_per_day=5,
    may_mail=lambda account: account != "mute@b.example",
)
GOOD = Facts(None, blocked=False, calls=1, room=True)


def ask(sender, to, named, **rules):
    return errand(replace(RULES, **rules), sender, to, named)


@pytest.mark.parametrize("to", [BOX, "boss@vm.b.example", "BOSS@vm.B.example/voicemail"])
@pytest.mark.parametrize("named", [None, BOSS, "Boss@B.example"])
def test_a_mailbox_takes_what_is_for_it(to, named):
    assert ask(f"{ANN}/pi", to, named) == Errand(Mailbox(BOSS), BOSS, BOSS, ANN)


@pytest.mark.parametrize(
    "named", ["", "clerk@b.example", "boss@c.example", f"{BOSS}/x", f"{BOSS},clerk@b.example", "b.example"]
)
def test_a_name_never_chooses_another_mailbox(named):
    assert ask(ANN, BOX, named) == WRONG


@given(st.text(max_size=80), st.sampled_from([BOX, "boss@vm.b.example"]))
def test_whatever_the_name_is_the_message_is_for_the_mailbox_called_or_for_nobody(named, to):
    wanted = ask(ANN, to, named)
    assert wanted == WRONG or (isinstance(wanted, Errand) and wanted.recipient == BOSS == wanted.owner)


def test_strangers_can_be_kept_out():
    assert ask(ANN, BOX, None, strangers=False) == NOT_YOU
    assert isinstance(ask("clerk@b.example/x", BOX, None, strangers=False), Errand)


@pytest.mark.parametrize("to", ["vm.b.example", "boss@vm.b.example/phone", "boss@b.example"])
def test_what_is_no_mailbox_is_nobody(to):
    assert ask(ANN, to, None) == UNKNOWN


def test_mail_goes_out_for_accounts_of_ours_alone():
    assert ask(f"{BOSS}/desk", OUT, ANN) == Errand(Outgoing(), BOSS, ANN, BOSS)
    assert ask(ANN, OUT, "x@c.example") == NOT_YOU
    assert ask("mute@b.example", OUT, ANN) == NOT_YOU
    assert ask("x@sub.b.example", OUT, ANN) == NOT_YOU
    assert ask(BOSS, OUT, ANN, mail_per_day=0) == UNKNOWN


@pytest.mark.parametrize(
    "named", [None, "", "a.example", f"{ANN}/pi", f"{ANN}\r\nBcc: x@y.example", f"{ANN},x@y.example"]
)
def test_mail_needs_one_plain_address(named):
    assert ask(BOSS, OUT, named) == WRONG


def test_a_proposal_does_not_say_yet_whom_a_mail_is_for():
    assert errand(RULES, BOSS, OUT, None, proposal=True) == Errand(Outgoing(), BOSS, "", BOSS)
    assert errand(RULES, ANN, OUT, None, proposal=True) == NOT_YOU
    assert isinstance(errand(RULES, ANN, BOX, None, proposal=True), Errand)


# --- what an address for mail may be --------------------------------------------------------------------------

_SAFE = set(string.ascii_letters + string.digits + "!#$%&'*+/=?^_`{|}~.-@") - set("%!|/&'")


@pytest.mark.parametrize("address", [ANN, "a.b+c@x-y.example", "o_o@a.b.c.example"])
def test_an_ordinary_address_will_do(address):
    assert is_mail(address)


@pytest.mark.parametrize(
    "address",
    [
        *("", "ann", "@a.example", "ann@", "ann@localhost", "ann@a..example", ".ann@a.example", "ann.@a.example"),
        *("a..b@a.example", '"a b"@a.example', "ann@[192.0.2.1]", "<ann@a.example>", "ann@a.example>", "a;b@a.example"),
        *("ann%c.example@a.example", "b!ann@a.example", "|prog@a.example", "ann@a.example\n", "\u00e4@a.example"),
        *(
            "ann@a.example x@y.example",
            "a(b)@a.example",
            "ann@a.example\0",
            f"{'a' * 250}@a.example",
            "-ann\t@a.example",
        ),
        "ann@\u0430.example",
    ],
)
def test_what_a_mail_server_could_read_otherwise_will_not(address):
    assert not is_mail(address)


@given(st.one_of(st.text(max_size=60), st.from_regex(r"[!-~\s]{1,20}@[!-~\s]{1,20}\.[a-z]{2}", fullmatch=True)))
def test_what_passes_has_no_sign_with_a_meaning_and_is_one_address(text):
    if is_mail(text):
        assert set(text) <= _SAFE
        user, _, domain = text.rpartition("@")
        assert str(Address(username=user, domain=domain)) == text


# --- what the store says --------------------------------------------------------------------------------------


def judge(facts, place=Mailbox(BOSS), **rules):  # noqa: B008
    return verdict(replace(RULES, **rules), Errand(place, BOSS, BOSS, ANN), facts)


def test_unknown_disabled_and_blocking_mailboxes_answer_alike():
    assert judge(GOOD) is None
    answers = {
        judge(replace(GOOD, enabled=False)),
        judge(replace(GOOD, blocked=True)),
        judge(GOOD, listed=True),
        judge(replace(GOOD, enabled=False), listed=True),
        judge(replace(GOOD, enabled=True, blocked=True), listed=True),
    }
    assert answers == {UNKNOWN}
    assert judge(replace(GOOD, enabled=True), listed=True) is None


def test_a_full_mailbox_is_not_told_from_an_unknown_one_that_blocks():
    assert judge(replace(GOOD, room=False)) == FULL
    assert judge(replace(GOOD, room=False, blocked=True)) == UNKNOWN


@given(st.integers(0, 50), st.integers(0, 10), st.booleans())
def test_rates_hold_for_every_place(calls, mails, out):
    facts = replace(GOOD, calls=calls, mails=mails)
    answer = judge(facts, Outgoing() if out else Mailbox(BOSS))
    assert (answer == TOO_OFTEN) == (calls > 20 or (out and mails > 5))


# --- what a session says --------------------------------------------------------------------------------------

_VM = "http://www.google.com/session/voicemail"
_GOOGLE = "http://www.google.com/session"


@pytest.mark.parametrize(
    ("xml", "named"),
    [
        (f"<session xmlns='{_GOOGLE}'><regarding xmlns='{_VM}' name='{BOSS}'/></session>", BOSS),
        (f"<jingle xmlns='urn:xmpp:jingle:1'><regarding xmlns='{_VM}' name='{BOSS}'/></jingle>", BOSS),
        (f"<session xmlns='{_GOOGLE}'><regarding xmlns='{_VM}'/></session>", ""),
        (f"<session xmlns='{_GOOGLE}'><cookie><regarding name='{BOSS}'/></cookie></session>", BOSS),
        (f"<session xmlns='{_GOOGLE}'><regarding name='{BOSS}'/></session>", None),
        (f"<session xmlns='{_GOOGLE}'/>", None),
    ],
)
def test_whom_a_session_is_for(xml, named):
    assert regarding(parsed(xml)) == named


@pytest.mark.parametrize(
    ("xml", "begins"),
    [
        ("<jingle xmlns='urn:xmpp:jingle:1' action='session-initiate'/>", True),
        ("<jingle xmlns='urn:xmpp:jingle:1' action='transport-info'/>", False),
        (f"<session xmlns='{_GOOGLE}' type='initiate'/>", True),
        (f"<session xmlns='{_GOOGLE}' action='initiate' type='initiate'/>", True),
        (f"<session xmlns='{_GOOGLE}' action='initiate'/>", True),
        (f"<session xmlns='{_GOOGLE}' type='candidates'/>", False),
        (f"<session xmlns='{_GOOGLE}'/>", False),
    ],
)
def test_which_stanza_begins_a_session(xml, begins):
    assert initiates(parsed(xml)) is begins
