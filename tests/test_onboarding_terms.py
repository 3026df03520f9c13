"""What a phone makes of an invitation before it asks any server."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from phone import onboarding
from phone.config import load
from phone.errors import ConfigError
from phone.onboarding import OnboardingError, Terms, account_of, onboard
from phone.provision.apply import Session
from phone.provision.store import Store
from phone.ui.frame import Reach
from phone.waiting import here, sentence
from phone.xmpp.invite import Invitation, parse

OPEN = Invitation("example.org", "token")
QUIET = Session(lambda _: None, lambda: True)
FRESH = '[audio.handset]\ncapture = "null"\nplayback = "null"\n'


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "phone.toml"
    path.write_text(FRESH)
    path.chmod(0o600)
    return path


@pytest.mark.parametrize(
    ("host", "first"),
    [("Desk-7.example.org", "desk-7"), ("raspberrypi", "phone"), ("localhost", "phone"), ("Küche", "k-che")],
)
def test_a_phone_calls_itself_like_its_machine(monkeypatch, host, first):
    monkeypatch.setattr("socket.gethostname", lambda: host)
    names = list(onboarding._names(OPEN, Terms()))
    assert names[0] == first
    assert all(re.fullmatch(rf"{first}-[0-9a-f]{{4}}", name) for name in names[1:])
    assert len(set(names)) == 4


def test_who_chooses_the_name():
    invited = parse("xmpp:anna@example.org?register;preauth=t")
    assert list(onboarding._names(invited, Terms())) == ["anna"]
    assert list(onboarding._names(invited, Terms(name="desk"))) == ["desk"]


@pytest.mark.parametrize("name", ["a b", "a@b", "a/b", "", "x" * 2000])
def test_a_name_that_none_can_have(name):
    with pytest.raises(OnboardingError, match="is no name for an account"):
        onboarding._account(OPEN, name, Terms(), "p")


def test_what_comes_into_the_config(config, tmp_path):
    authority = tmp_path / "ca.pem"
    authority.write_text("-----BEGIN CERTIFICATE-----\n")
    terms = Terms(server="[2001:db8::1]:5223", direct_tls=True, ca_file=authority)
    account = onboarding._account(OPEN, "Desk", terms, 'pass"word')
    assert (account.jid, account.host, account.port) == ("desk@example.org", "2001:db8::1", 5223)
    store = Store.of(config)
    made = onboarding._make(onboarding._entries(account, terms))(store.present())
    config.write_bytes(made.contents.config)
    loaded = load(config)
    assert loaded.account.jid == "desk@example.org"
    assert loaded.account.secret() == 'pass"word'
    assert (loaded.account.server, loaded.account.direct_tls, loaded.account.ca_file) == (
        "[2001:db8::1]:5223",
        True,
        authority,
    )
    assert loaded.audio.handset.capture == "null"
    assert account_of(store) == "desk@example.org"


def test_an_account_is_not_given_up_by_the_way(config):
    config.write_text(FRESH + '[account]\njid = "anna@example.org"\npassword = "p"\n')
    with pytest.raises(OnboardingError, match=r"has the account .* already: --replace"):
        onboard(Store.of(config), OPEN, Terms(), QUIET)


def test_a_config_that_takes_no_account_uses_no_invitation_up(config):
    config.write_text("ring_seconds = 1\n" + FRESH)
    with pytest.raises(ConfigError, match="ring_seconds"):
        onboard(Store.of(config), OPEN, Terms(), QUIET)


def test_a_machine_knows_how_it_is_reached():
    reach = here()
    assert reach.host
    assert reach.address not in ("127.0.0.1", "::1")
    assert "ssh provision@192.0.2.7 phone onboard" in sentence(Reach("desk", "192.0.2.7"))
    assert "no network address yet" in sentence(Reach("desk"))


def test_an_account_that_was_made_is_kept_though_nobody_hears_of_it_any_more(config):
    def gone(_: str) -> None:
        raise BrokenPipeError

    made = onboarding._account(OPEN, "desk", Terms(), "made for it")
    onboarding._keep(Store.of(config), made, Terms(), Session(gone, lambda: False))
    assert load(config).account.jid == "desk@example.org"
