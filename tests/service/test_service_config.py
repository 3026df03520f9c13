"""The service's config: all faults at once, each with its line and what to do."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phone.errors import ConfigError
from phone.service.checks import faults, load
from phone.service.values import MailConfig

ROOT = Path(__file__).parents[2]
GOOD = """\
[component]
domain = "vm.b.example"
secret = "pst"

[accounts]
domains = ["b.example"]

[store]
url = "sqlite:////tmp/store.sqlite"
"""


@pytest.fixture
def written(tmp_path):
    def write(text):
        path = tmp_path / "service.toml"
        path.write_text(text)
        path.chmod(0o600)
        return path

    return write


def sentences(path):
    with pytest.raises(ConfigError) as told:
        load(path)
    return [line.removeprefix(f"{path}:") for line in str(told.value).split("\n")]


def test_a_short_config_will_do(written):
    config = load(written(GOOD))
    assert (config.component.port, config.accounts.mailboxes, config.mail) == (5347, "accounts", None)
    assert config.component.password() == "pst"
    assert "pst" not in repr(config.component)


def test_the_example_is_right_but_for_its_secrets(tmp_path):
    text = (ROOT / "server" / "voicemail-service.example.toml").read_text()
    for name in ("voicemail.secret", "mail.secret"):
        (tmp_path / name).write_text("word\n")
    (tmp_path / "x.toml").write_text(text.replace("/etc/phone-voicemail/", f"{tmp_path}/"))
    config = load(tmp_path / "x.toml")
    assert config.component.password() == "word"
    assert isinstance(config.mail, MailConfig)
    assert config.mail.password() == "word"


def test_all_faults_are_told_at_once(written):
    path = written(
        """\
[component]
domain = "b.example"
prot = 5347
[accounts]
domains = ["b.example"]
mailboxes = "all"
[store]
url = "mysql://secret@host"
[limits]
secnds = 3
messages = 0
[mail]
host = "mail.example.org"
sender = "nobody"
tls = "none"
user = "me"
[media]
first_port = 9000
plain_rtp = ["a b"]
"""
    )
    told = sentences(path)
    keys = [line.split(": ")[1] for line in told]
    assert keys == [
        *("component.secret_file", "component.domain", "component.prot", "accounts.mailboxes", "store.url"),
        *("limits.secnds", "limits.messages", "mail.password_file", "mail.sender", "mail.tls"),
        *("media.first_port", "media.plain_rtp"),
    ]
    assert 'did you mean "port"?' in told[2]
    assert 'did you mean "seconds"?' in told[5]
    assert "secret@host" not in "\n".join(told)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('domains = ["b.example"]', "domains = []", "is empty: name the server"),
        ('secret = "pst"', 'secret = "pst"\nsecret_file = "/etc/hostname"', "is given twice"),
        ("[store]", '[mail]\nhost = "x.example"\nsender = "a@b.example/x"\n[store]', "is no address of a mailbox"),
        ("sqlite:////tmp/store.sqlite", "sqlite://", "names no file"),
        ("[store]", "[media]\nfirst_port = 10\nlast_port = 9\n[store]", "makes no range"),
        ("[store]", '[ice]\nturn = "turn.b.example"\n[store]', "needs ice.secret_file"),
        ("[store]", '[ice]\nturn = "turn.b.example"\nuser = "me"\n[store]', "needs ice.secret_file"),
        ("[store]", '[ice]\nstun = "stun.b.example:99999"\n[store]', "is no port"),
        ("[store]", "[ice]\nrelay_only = true\ndiscover = false\n[store]", "leaves no way for sound"),
        (
            "[store]",
            '[ice]\nuser = "me"\npassword_file = "/etc/hostname"\nsecret_file = "/etc/hostname"\n[store]',
            "keep one of the two",
        ),
        ("[component]", 'language = "xx"\n[component]', "is unknown"),
        ("[component]", 'greeting = "/nowhere"\n[component]', "is not there"),
    ],
)
def test_each_law_has_its_sentence(written, old, new, sentence):
    assert old in GOOD
    (told,) = sentences(written(GOOD.replace(old, new)))
    assert sentence in told


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1"])
def test_a_mail_server_on_this_machine_needs_no_tls(written, host):
    mail = f'\n[mail]\nhost = "{host}"\nsender = "v@b.example"\ntls = "none"\n'
    try:
        load(written(GOOD + mail))
    except ConfigError as error:
        assert "mail.tls" not in str(error)  # noqa: PT017


def test_a_secret_that_all_can_read_is_warned_of(written, caplog):
    path = written(GOOD)
    path.chmod(0o644)
    load(path)
    assert "everyone on this machine can read the component's secret" in caplog.text


def test_a_file_that_is_not_there_names_the_example(tmp_path):
    with pytest.raises(ConfigError, match=r"server/voicemail-service\.example\.toml"):
        load(tmp_path / "none.toml")


_VALUES = st.recursive(
    st.one_of(st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(["component", "accounts", "store", "limits", "mail", "media", "ice", "x"]), _VALUES)
)
def test_no_value_makes_the_checks_fail(values):
    list(faults(values, Path("/")))
