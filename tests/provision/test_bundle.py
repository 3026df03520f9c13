"""A bundle is read, never unpacked; what it brings stands beside the config under names by content."""

import io
import tarfile
from contextlib import suppress

import pytest
from provision.conftest import ANNA, CONFIG

from phone.errors import ConfigError, PhoneError
from phone.provision import addressbook, baggage, bundle, trials
from phone.provision.apply import Session, Wish, apply, compare
from phone.provision.errors import BusyError, UnfitInputError

QUIET = Session(lambda _: None, lambda: True)
UNPROVEN = Wish(ANNA, unproven=True)
PEM = b"-----BEGIN CERTIFICATE-----\n"


def tar(members: dict[str, bytes], kind: bytes = tarfile.REGTYPE, mode: str = "w") -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as archive:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size, member.type, member.linkname = len(data), kind, "/etc/passwd"
            archive.addfile(member, io.BytesIO(data))
    return file.getvalue()


def with_ca(name: str = "ca.pem") -> bytes:
    return CONFIG.replace("[account]", f'[account]\nca_file = "{name}"').encode()


def test_a_file_that_the_config_names_comes_along(store):
    data = tar({"./desk.toml": with_ca(), "ca.pem": PEM}, mode="w:gz")
    outcome = apply(store, bundle.from_bundle(data), UNPROVEN, QUIET)
    assert outcome.result == "confirmed"
    (brought,) = (store.config.parent / "files").iterdir()
    assert brought.read_bytes() == PEM
    assert f'ca_file = "files/{brought.name}"' in store.config.read_text()
    assert "# as at home" in store.config.read_text()
    again = apply(store, bundle.from_bundle(data), UNPROVEN, QUIET)
    assert (again.result, again.changed) == ("unchanged", False)


def test_the_files_of_versions_that_are_gone_go_too(store):
    apply(store, bundle.from_bundle(tar({"desk.toml": with_ca(), "ca.pem": PEM})), UNPROVEN, QUIET)
    apply(store, bundle.from_bundle(tar({"desk.toml": with_ca(), "ca.pem": PEM + b"2"})), UNPROVEN, QUIET)
    folder = store.config.parent / "files"
    assert len(list(folder.iterdir())) == 2
    (folder / "stray").write_text("")
    baggage.sweep(store)
    assert len(list(folder.iterdir())) == 2


def test_what_is_refused_or_only_looked_at_leaves_nothing(store):
    wrong = with_ca().replace(b"anna@example.org", b"anna")
    with pytest.raises(ConfigError, match=r"account\.jid"):
        apply(store, bundle.from_bundle(tar({"desk.toml": wrong, "ca.pem": PEM})), UNPROVEN, QUIET)
    told = compare(store, bundle.from_bundle(tar({"desk.toml": with_ca(), "ca.pem": PEM})))
    assert told.changed
    assert not (store.config.parent / "files").exists()
    assert store.config.read_text() == CONFIG
    assert trials.pending(store) is None


def test_a_password_in_a_file_goes_into_the_config(store):
    text = CONFIG.replace('password = "hunter2"', 'password_file = "secret"')
    outcome = apply(
        store, bundle.from_bundle(tar({"desk.toml": text.encode(), "secret": b"hunter3\n"})), UNPROVEN, QUIET
    )
    assert 'password = "hunter3"' in store.config.read_text()
    assert "hunter3" not in repr(outcome)
    assert not (store.config.parent / "files").exists()


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        (b"no tar", "that is no tar file"),
        (tar({"../desk.toml": b""}), "leads out of the bundle"),
        (tar({"/etc/passwd": b""}), "leads out of the bundle"),
        (tar({"a\nb": b""}), "leads out of the bundle"),
        (tar({"desk.toml": b""}, tarfile.SYMTYPE), "is no plain file"),
        (tar({"desk.toml": b""}, tarfile.LNKTYPE), "is no plain file"),
        (tar({"desk.toml": b""}, tarfile.CHRTYPE), "is no plain file"),
        (tar({f"{n}": b"" for n in range(300)}), "more than 200 files"),
        (tar({"bomb": bytes(33 << 20)}, mode="w:gz"), "more than 32 MiB"),
        (tar({"desk.toml": CONFIG.encode(), "phone.toml": b""}), "leave one of them out"),
        (tar({"desk.toml": CONFIG.encode(), "x.opus": b""}), "no key of the config names these files"),
        (tar({"authorized_keys": b"nonsense"}), "authorized_keys:1"),
        (tar({"contacts.csv": b"anna\n"}), "contacts.csv:1"),
        (tar({"desk.toml": with_ca()})[:700], "that is no tar file"),
    ],
)
def test_what_is_no_bundle(store, data, wrong):
    with pytest.raises(UnfitInputError, match=wrong):
        compare(store, bundle.from_bundle(data))


def test_without_any_config(store):
    store.config.unlink()
    with pytest.raises(PhoneError, match="the bundle has no config"):
        compare(store, bundle.from_bundle(tar({})))


def test_contacts_as_a_table():
    table = "Anna,+49 (30) 1234\nBob , bob@example.org\nAnna,204\nAnna,204\n\n"
    assert addressbook.read("contacts.csv", table.encode("utf-8-sig")) == {
        "Anna": "+49301234",
        "Bob": "bob@example.org",
        "Anna 2": "204",
    }
    assert addressbook.read("contacts.csv", b"Department,Number,Name\nSales,12,Carol\n") == {"Carol": "12"}


def test_contacts_as_vcards():
    card = (
        "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Dr. Anna\\, who is\r\n  at home\r\n"
        'TEL;TYPE="work,voice";VALUE=uri:tel:+49-30-1234\r\nitem1.TEL:205\r\nIMPP:xmpp:anna@example.org\r\nEMAIL:a@b\r\n'
        "END:VCARD\r\nno property\r\n"
    )
    assert addressbook.read("contacts.vcf", card.encode()) == {
        "Dr. Anna, who is at home": "+49301234",
        "Dr. Anna, who is at home 2": "205",
        "Dr. Anna, who is at home 3": "anna@example.org",
    }


@pytest.mark.parametrize(
    ("name", "data", "wrong"),
    [
        ("contacts.csv", b"\xff", "not UTF-8"),
        ("contacts.csv", b'"Anna', "contacts.csv:1"),
        ("contacts.csv", b",204", "name is missing"),
        ("contacts.csv", b"Anna,", "number is missing"),
        ("contacts.vcf", b"BEGIN:VCARD\nTEL:1\nEND:VCARD", "name is missing"),
        ("contacts.csv", b"".join(b"n%d,%d\n" % (n, n) for n in range(10_001)), "at most 10000"),
    ],
)
def test_what_are_no_contacts(name, data, wrong):
    with pytest.raises(UnfitInputError, match=wrong):
        addressbook.read(name, data)


@pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz"])
def test_a_bundle_that_was_torn_on_the_way_is_told_as_such(mode):
    sent = tar({"desk.toml": bytes(range(256)) * 400}, mode=mode)
    for place in range(12, len(sent), 7):
        torn = sent[:place] + bytes([sent[place] ^ 0x55]) + sent[place + 1 :]
        with suppress(UnfitInputError):  # what is not checked by a sum may go unnoticed
            bundle.read(torn)
        with pytest.raises(UnfitInputError, match="no tar file"):
            bundle.read(sent[: place // 2])


def test_a_member_that_is_refused_is_not_told_as_no_tar_file():
    with pytest.raises(UnfitInputError, match=r"^'\.\./desk.toml' leads out of the bundle: pack it with a plain name$"):
        bundle.read(tar({"../desk.toml": b""}))


def test_looking_takes_no_file_away_that_another_session_counts_on(store):
    data = bundle.from_bundle(tar({"desk.toml": with_ca(), "ca.pem": PEM}))
    with store.session(), pytest.raises(BusyError):
        compare(store, data)
    assert compare(store, data).changed
