"""A bundle: one tar file with a config, the files that it names, the keys that may provision, and contacts.

Law: nothing of it is unpacked. Its files are read into memory within limits; what the config names is kept under names
of our own, by content, so that a version and the one before it have their files side by side.
"""

from __future__ import annotations

import hashlib
import io
import lzma
import re
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from phone.config.document import KeyPath
from phone.provision import addressbook, draft, keyfile
from phone.provision.apply import Make, Proposal
from phone.provision.contents import FILES, KEYS, Contents
from phone.provision.draft import Draft
from phone.provision.errors import UnfitInputError

MOST_BYTES = 32 << 20
"""Of the tar file, and of all that is in it."""
_MOST_MEMBERS = 200
_CONFIGS = ("phone.toml", "desk.toml")
_CONTACTS = ("contacts.csv", "contacts.vcf")
_PATHS: tuple[KeyPath, ...] = (
    *(("account", "ca_file"), ("calls", "hold"), ("calls", "ring"), ("voicemail", "greeting"), ("hardware", "profile")),
)
_PASSWORD_FILE: KeyPath = ("account", "password_file")


@dataclass(frozen=True, slots=True)
class Bundle:
    """Its files by name."""

    files: Mapping[str, bytes]

    def config(self) -> bytes | None:
        """The config's text. Raises UnfitInputError where there are several."""
        found = [name for name in _CONFIGS if name in self.files]
        if len(found) > 1:
            raise UnfitInputError(f"the bundle has {' and '.join(found)}: leave one of them out")
        return self.files[found[0]] if found else None

    def others(self) -> set[str]:
        """What the config must name."""
        return self.files.keys() - {*_CONFIGS, *_CONTACTS, KEYS}


def read(data: bytes) -> Bundle:
    """Raises UnfitInputError for what is no tar file, for what is too much, and for names that lead elsewhere."""
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:*") as archive:
            return Bundle(dict(_members(archive)))
    except UnfitInputError:
        raise
    except (tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError) as error:
        raise UnfitInputError(
            f"that is no tar file: {error}; make one with `tar -c desk.toml greeting.opus`"
        ) from error


def _members(archive: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
    left = MOST_BYTES
    for place, member in enumerate(archive):
        if place >= _MOST_MEMBERS:
            raise UnfitInputError(f"the bundle has more than {_MOST_MEMBERS} files")
        if member.isdir():
            continue
        name = _plain(member)
        file = archive.extractfile(member)
        content = file.read(left + 1) if file else b""
        left -= len(content)
        if left < 0:
            raise UnfitInputError(f"the bundle has more than {MOST_BYTES >> 20} MiB in it")
        yield name, content


def _plain(member: tarfile.TarInfo) -> str:
    path = PurePosixPath(member.name)
    if path.is_absolute() or ".." in path.parts or not member.name.isprintable():
        raise UnfitInputError(f"{member.name!r} leads out of the bundle: pack it with a plain name")
    if not member.isreg():
        raise UnfitInputError(f"{member.name} is no plain file: pack no links and no devices")
    return str(path)


def from_bundle(data: bytes) -> Make:
    """What it has replaces what the phone has; what it has not stays. Raises UnfitInputError."""
    bundle = read(data)

    def make(present: Contents) -> Proposal:
        made = _config(bundle, present)
        keys = bundle.files.get(KEYS, present.keys)
        if KEYS in bundle.files:
            keyfile.check(bundle.files[KEYS])
        made, kept = _with_files(made, bundle)
        return Proposal(Contents(made.data, keys), made.document, kept)

    return make


def _config(bundle: Bundle, present: Contents) -> Draft:
    sent = bundle.config()
    if sent is None and present.config is None:
        raise UnfitInputError(f"the bundle has no config: put a {' or '.join(_CONFIGS)} in it")
    made = draft.whole(sent if sent is not None else present.config or b"", present.config)
    people = [addressbook.read(name, bundle.files[name]) for name in _CONTACTS if name in bundle.files]
    if not people:
        return made
    table = {name: number for each in people for name, number in each.items()}
    return draft.edited(made, {("contacts",): table})


def _with_files(made: Draft, bundle: Bundle) -> tuple[Draft, dict[str, bytes]]:
    """Files get names of ours; a password goes into the config, for a name by content would tell of it."""
    kept: dict[str, bytes] = {}
    changes: dict[KeyPath, object] = {}
    unused = bundle.others()
    for key in (*_PATHS, *_of_peers(made), _PASSWORD_FILE):
        value = draft.look_up(made.document.values, key)
        name = str(PurePosixPath(value)) if isinstance(value, str) else ""
        if name not in bundle.others():
            continue
        unused.discard(name)
        if key == _PASSWORD_FILE:
            changes[key], changes[*key[:-1], "password"] = None, _first_line(name, bundle.files[name])
        else:
            place = _place(name, bundle.files[name])
            kept[place], changes[key] = bundle.files[name], f"./{place}" if key[0] == "hardware" else place
    if unused:
        raise UnfitInputError(f"no key of the config names these files of the bundle: {', '.join(sorted(unused))}")
    return draft.edited(made, changes), kept


def _of_peers(made: Draft) -> Iterator[KeyPath]:
    """Where each has a ring of its own."""
    peers = draft.look_up(made.document.values, ("peers",))
    yield from (("peers", name, "ring") for name in (peers if isinstance(peers, Mapping) else ()))


def _place(name: str, content: bytes) -> str:
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", PurePosixPath(name).name)
    return f"{FILES}/{hashlib.sha256(content).hexdigest()[:16]}-{plain[-60:]}"


def _first_line(name: str, content: bytes) -> str:
    lines = content.decode(errors="replace").splitlines()
    if not lines or not lines[0].strip():
        raise UnfitInputError(f"{name} has no first line: write the password into it")
    return lines[0].strip()
