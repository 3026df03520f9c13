"""Imports go one way: pure rooms <- drivers, xmpp, media <- engine <- app. The table below is the rule."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

MAY_SEE = {
    # pure
    "phone.calls": {"phone.calls", "phone.errors"},
    "phone.jingle": {"phone.jingle", "phone.errors"},
    "phone.ui": {"phone.ui", "phone.calls", "phone.errors"},
    # the mailbox: its Ogg and Opus are pure, its files and index are not
    "phone.voicemail": {"phone.voicemail", "phone.calls.model", "phone.durable", "phone.ogg", "phone.errors"},
    "phone.ogg": {"phone.ogg", "phone.errors"},
    # the world: none of them sees another
    "phone.drivers": {"phone.drivers", "phone.config", "phone.clock", "phone.errors", "phone.hollow"},
    "phone.xmpp": {"phone.xmpp", "phone.clock", "phone.errors"},
    "phone.media": {"phone.media", "phone.ogg", "phone.clock", "phone.errors", "phone.hollow", "phone.logs"},
    # small ones that anyone above may use
    "phone.errors": set(),
    "phone.clock": set(),
    "phone.durable": set(),
    "phone.hollow": set(),
    "phone.logs": {"phone.journald"},
    "phone.journald": set(),
    "phone.control": {"phone.control", "phone.errors"},
    "phone.provision": {"phone.provision", "phone.config", "phone.control", "phone.durable", "phone.errors"},
    "phone.selftest": {"phone.selftest", "phone.errors"},
    "phone.report": {"phone.report", "phone.config", "phone.control", "phone.quality", "phone.errors"},
    "phone.install": {
        "phone.install",
        "phone.cli.common",
        "phone.clockfloor",
        "phone.drivers",
        "phone.durable",
        "phone.errors",
        "phone.prompts",
    },
    "phone.config": {
        "phone.config",
        "phone.calls.digitmap",
        "phone.calls.numbers",
        "phone.drivers.desk",
        "phone.errors",
        "phone.media.tones",
        "phone.media.wav",
        "phone.ogg",
        "phone.ui.texts",
    },
}
"""Room -> what of ours it may import, at any depth of its code."""

PURE_FORBIDS = {
    "asyncio",
    "os",
    "random",
    "selectors",
    "signal",
    "socket",
    "sqlite3",
    "subprocess",
    "threading",
    "time",
}
"""IO, clocks and chance have no place in pure modules."""
PURE = {
    "phone.calls",
    "phone.jingle",
    "phone.ui",
    "phone.ogg",
    "phone.selftest.model",
    "phone.selftest.report",
    "phone.selftest.steps",
    "phone.selftest.wording",
    "phone.voicemail.label",
}
ONLY_IN = {
    "slixmpp": {"phone.xmpp"},
    "alsaaudio": {"phone.media"},
    "aioice": {"phone.media"},
    "pylibsrtp": {"phone.media"},
    "opuslib": {"phone.media", "phone.prompts"},
    "av": {"phone.voicemail"},
    "aiohttp": {"phone.xmpp"},
    "sqlalchemy": {"phone.service"},
    "aiosmtplib": {"phone.service"},
    "cattrs": {"phone.config"},
    "cryptography": {"phone.demo"},
    "gpiod": {"phone.drivers"},
    "gpiozero": {"phone.drivers"},
    "luma": {"phone.drivers"},
    "curses": {"phone.demo"},
    "segno": {"phone.ui"},
    "tomlkit": {"phone.provision"},
    "websockets": {"phone.drivers"},
}
CHANCE_IN = {"phone.drivers.sim", "phone.media.rtcp_session", "phone.service.courier", "phone.xmpp.backoff"}
"""Where chance only spreads things in time, or lets contacts bounce. What must not be guessed comes from `secrets`."""
NOT_IN_MEDIA_PROCESS = {
    "slixmpp",
    "luma",
    "PIL",
    "sqlite3",
    "numpy",
    "cattrs",
    "phone.config",
    "phone.engine",
    "phone.ports",
    "phone.app",
}


def modules() -> dict[str, Path]:
    """Every module of the package by its dotted name."""
    found = {}
    for path in sorted((ROOT / "phone").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def imports(name: str) -> Iterator[str]:
    """What the module imports, wherever it does; `from a import b` is a.b where that is a module, else a."""
    for node in ast.walk(ast.parse(MODULES[name].read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports by dots: write the whole name"
            assert node.module
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in MODULES else node.module


def libraries(paths: Iterator[Path]) -> set[str]:
    """The distributions on PyPI that these files import from."""
    trees = [node for path in paths for node in ast.walk(ast.parse(path.read_text("utf-8")))]
    names = {alias.name for node in trees if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in trees if isinstance(node, ast.ImportFrom) and node.module}
    packages = packages_distributions()
    found = {d for name in names for d in packages.get(name.partition(".")[0], ())}
    return {d.lower() for d in found} - {"phone"}


def declared(*extras: str) -> set[str]:
    """What pyproject.toml asks for: of the daemon itself, or of these extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wants = [w for e in extras for w in project["optional-dependencies"][e]] if extras else project["dependencies"]
    return {re.match(r"[\w.-]+", want)[0].lower() for want in wants} - {"phone"}


def within(name: str, rooms: set[str]) -> bool:
    """Whether `name` is one of `rooms` or inside one."""
    return any(name == room or name.startswith(f"{room}.") for room in rooms)


def closure(name: str) -> set[str]:
    """All modules, ours and others, that come with `name`, by way of ours."""
    seen: set[str] = set()
    waiting = {name}
    while waiting:
        seen |= (new := {*waiting} - seen)
        ours = {m for m in new if m in MODULES}
        waiting = {i for m in ours for i in imports(m)} | {p for m in ours for p in parents(m)}
        waiting -= seen
    return seen


def parents(name: str) -> Iterator[str]:
    """The packages around a module: importing it runs them."""
    while "." in name:
        name = name.rpartition(".")[0]
        yield name


def test_the_rooms_are_there():
    for room in MAY_SEE:
        assert room in MODULES, f"{room} has gone: mend the table"


@pytest.mark.parametrize("name", [m for m in MODULES if within(m, set(MAY_SEE))])
def test_a_room_sees_only_what_it_may(name):
    room = next(r for r in MAY_SEE if within(name, {r}))
    ours = {i for i in imports(name) if within(i, {"phone"}) and i != "phone"}
    assert {i for i in ours if not within(i, MAY_SEE[room])} == set()


@pytest.mark.parametrize("name", [m for m in MODULES if within(m, PURE)])
def test_pure_rooms_do_no_io(name):
    assert {i for i in imports(name) if within(i, PURE_FORBIDS)} == set()


@pytest.mark.parametrize("name", MODULES)
def test_libraries_stay_in_their_room(name):
    for imported in imports(name):
        for library, rooms in ONLY_IN.items():
            assert not within(imported, {library}) or within(name, rooms), f"{imported} belongs in {rooms}"


def test_what_must_not_be_guessed_is_not_made_by_chance():
    users = {name for name in MODULES if "random" in set(imports(name))}
    assert users == CHANCE_IN


@pytest.mark.parametrize("name", MODULES)
def test_nothing_shipped_mocks_or_tests(name):
    assert {i for i in imports(name) if within(i, {"unittest", "pytest", "hypothesis"})} == set()


def test_the_daemon_asks_for_all_it_imports_and_no_more():
    others = {"phone.demo", "phone.service"}
    assert libraries(p for m, p in MODULES.items() if not within(m, others)) - declared("hardware") == declared()


def test_the_voicemail_service_asks_for_all_it_imports_and_no_more():
    assert libraries(p for m, p in MODULES.items() if within(m, {"phone.service"})) - declared() <= declared("service")


def test_the_demo_asks_for_all_it_imports_and_no_more():
    assert libraries(p for m, p in MODULES.items() if within(m, {"phone.demo"})) - declared() == declared("demo")


def test_only_the_composition_root_knows_the_engine_and_all_rooms():
    assert {m for m in MODULES if "phone.app" in imports(m)} <= {"phone.begin"}
    users = {m for m in MODULES if "phone.engine" in imports(m)}
    assert users
    assert not {m for m in users if within(m, set(MAY_SEE) | {"phone.demo", "phone.cli"})}


def test_the_media_process_is_lean():
    found = closure("phone.media.process")
    assert "phone.media.plan" in found
    assert {i for i in found if within(i, NOT_IN_MEDIA_PROCESS)} == set()


def test_the_media_process_is_lean_with_all_its_libraries_too():
    script = "import sys, phone.media.process; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {i for i in done.stdout.split() if within(i, NOT_IN_MEDIA_PROCESS)} == set()


def test_the_rule_can_fail(tmp_path, monkeypatch):
    """Each finder finds what it looks for, inside functions too."""
    bad = tmp_path / "bad.py"
    bad.write_text(
        "import slixmpp.xmlstream\ndef f():\n    from phone import engine\n    from phone.config import load\n"
    )
    monkeypatch.setitem(MODULES, "phone.media.bad", bad)
    assert set(imports("phone.media.bad")) == {"slixmpp.xmlstream", "phone.engine", "phone.config"}
    assert {"phone.engine", "phone.calls.model", "phone.media"} <= closure("phone.media.bad")
    with pytest.raises(AssertionError):
        test_a_room_sees_only_what_it_may("phone.media.bad")
    with pytest.raises(AssertionError):
        test_libraries_stay_in_their_room("phone.media.bad")
