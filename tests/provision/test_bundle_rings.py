"""Files that announce calls come in a bundle too."""

import io
import wave

import pytest
from provision.conftest import ANNA, CONFIG
from provision.test_bundle import tar

from phone.config import load
from phone.errors import ConfigError
from phone.provision import bundle
from phone.provision.apply import Session, Wish, apply

QUIET = Session(lambda _: None, lambda: True)
UNPROVEN = Wish(ANNA, unproven=True)


def sound(frames: int) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((1, 2, 8000, frames, "NONE", ""))
        writer.writeframes(bytes(2 * frames))
    return file.getvalue()


def test_rings_for_all_and_for_some(store):
    text = f"""{CONFIG}
[calls]
ring = "ring.wav"
[peers."boss@example.org"]  # at any hour
ring = "./boss.wav"
[peers."pbx.example.org"]
ring = 2
[peers."a.example"]
ring = "ring.wav"
"""
    rings = {"ring.wav": sound(8000), "boss.wav": sound(9000)}
    data = tar({"desk.toml": text.encode(), **rings})
    assert apply(store, bundle.from_bundle(data), UNPROVEN, QUIET).result == "confirmed"
    config = load(store.config)
    boss, all_others = config.peers["boss@example.org"].ring, config.calls.ring
    assert isinstance(boss, str)
    assert isinstance(all_others, str)
    folder = store.config.parent / "files"
    assert {path.read_bytes() for path in folder.iterdir()} == set(rings.values())
    assert (folder / boss).read_bytes() == rings["boss.wav"]
    assert (folder / all_others).read_bytes() == rings["ring.wav"]
    assert config.peers["a.example"].ring == all_others
    assert config.peers["pbx.example.org"].ring == 2
    assert "# at any hour" in store.config.read_text()
    again = apply(store, bundle.from_bundle(data), UNPROVEN, QUIET)
    assert (again.result, again.changed) == ("unchanged", False)


def test_peers_that_are_no_table_are_a_fault_of_the_config(store):
    text = 'peers = ["x"]\n' + CONFIG
    with pytest.raises(ConfigError, match="peers: must be a table"):
        apply(store, bundle.from_bundle(tar({"desk.toml": text.encode()})), UNPROVEN, QUIET)
