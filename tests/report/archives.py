"""A phone's files, and what is in an archive."""

from __future__ import annotations

import tarfile
from pathlib import Path

CONFIG = """
state_dir = "state"
run_dir = "run"

[account]
jid = "anna@example.org"
password_file = "password"

[audio.handset]
capture = "plughw:CARD=Handset"
playback = "plughw:CARD=Handset"
"""


def phone_files(folder: Path, config: str = CONFIG) -> Path:
    """A config that the phone takes, and its state folder; the config's path."""
    (folder / "state").mkdir()
    (folder / "password").write_text("a password of some length\n")
    (folder / "password").chmod(0o600)
    path = folder / "phone.toml"
    path.write_text(config)
    return path


def unpacked(archive: Path) -> dict[str, str]:
    """Names without their folder -> text (of the picture: nothing). All may be read by their user alone."""
    files = {}
    with tarfile.open(archive, "r:xz") as tar:
        for entry in tar:
            assert entry.mode == 0o600
            folder, _, name = entry.name.partition("/")
            assert folder.startswith("phone-report-")
            data = tar.extractfile(entry)
            assert data
            files[name] = "" if name.endswith(".png") else data.read().decode()
    return files
