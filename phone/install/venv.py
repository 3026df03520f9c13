"""/opt/phone/.venv: Debian's Python, the pinned libraries, the phone with its prompts, and nothing that only builds.

Everything becomes a wheel first, with hashes checked, in the Python environment that `./dev install` has made; wheels
of libraries are kept in ~/.cache/phone, so the next time needs no network. The venv is then made beside the old one and
takes its place in one step (`swap`): what fails on the way leaves the old one working.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import sysconfig
import tempfile
import venv
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from phone.clockfloor import BUILT
from phone.install import swap
from phone.install.layout import VENV
from phone.install.steps import InstallError, run
from phone.prompts import SUFFIX
from phone.prompts.texts import languages

REQUIREMENTS = ("hardware.txt", "service.txt")
"""Both services run from this venv."""
EPOCH = "SOURCE_DATE_EPOCH"
"""https://reproducible-builds.org/specs/source-date-epoch/"""
_STAMP = "phone.stamp"
_RECIPE = 1
"""To be counted up when the same sources shall give another venv."""
_BUILDING = ("*.c", "*.h", "*.pxd", "*.pyx", "*.pyi", "*.cpp", "*.hpp")
_TESTS = ("tests", "test")
_START = f"""\
#!{VENV}/bin/python -I
import sys
from phone.cli.main import main
sys.exit(main())
"""
"""`-I`: nothing of the caller's environment or folder changes what is run, not even for the forced command of sshd."""


@dataclass(frozen=True, slots=True)
class VenvStep:
    """The venv is that of these sources."""

    source: Path
    root: Path

    @property
    def target(self) -> Path:
        """Its folder."""
        return self.root / VENV.relative_to("/")

    @property
    def title(self) -> str:
        return f"{self.target} (Python {_minor()})"

    def is_done(self, *, changed: bool) -> bool:
        del changed
        return self._is_it() and not swap.left_over(self.target)

    def _is_it(self) -> bool:
        try:
            return (self.target / _STAMP).read_text("utf-8") == stamp(self.source)
        except OSError:
            return False

    def do(self) -> None:
        swap.mended(self.target)
        if not self._is_it():
            self._build()

    def _build(self) -> None:
        faults = unready(self.source)
        if faults:
            raise InstallError("\n".join(faults))
        draft = swap.draft_of(self.target)
        self.target.parent.mkdir(parents=True, exist_ok=True)
        sources = stamp(self.source)
        _make(self.source, draft)
        (draft / _STAMP).write_text(sources, "utf-8")
        compile_all(draft)
        swap.put_in_place(self.target)


def unready(source: Path) -> list[str]:
    """What is missing here for making it, a sentence each."""
    faults = []
    if not _interpreter().is_relative_to("/usr"):
        faults.append(
            f"{_interpreter()} is not a Python of the system, which services can rely on: use /usr/bin/python3."
        )
    if any(find_spec(name) is None for name in ("pip", "setuptools")):
        faults.append("This Python environment cannot build: run ./dev install, which makes one that can.")
    built = source / "phone" / "prompts" / "built"
    if not all(any((built / language).glob(f"*{SUFFIX}")) for language in languages()):
        faults.append(f"The spoken prompts are not in {built}: run ./dev install, or python -m phone.prompts.build.")
    return faults


def stamp(source: Path) -> str:
    """Of all that goes into the venv."""
    digest = hashlib.sha256(f"{_RECIPE} {sys.version}".encode())
    files = [source / "requirements" / name for name in REQUIREMENTS] + [source / "pyproject.toml"]
    for file in [*files, *sorted(_package_files(source))]:
        digest.update(f"\0{file.relative_to(source)}\0".encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _package_files(source: Path) -> Iterator[Path]:
    for file in (source / "phone").rglob("*"):
        if "__pycache__" not in file.parts and file.suffix != ".so" and file.is_file():
            yield file


def epoch(source: Path) -> str:
    """When these sources were last changed, Unix seconds: $SOURCE_DATE_EPOCH, their commit's time, a file's."""
    if given := os.environ.get(EPOCH):
        return given
    try:  # root may ask for somebody else's clone
        return run("git", "-c", "safe.directory=*", "-C", str(source), "log", "-1", "--format=%ct").strip()
    except InstallError:
        return str(int((source / "pyproject.toml").stat().st_mtime))


def _minor() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _interpreter() -> Path:
    """The Python below this one's venv, by the name that no upgrade of the system gives to another version."""
    base = Path(getattr(sys, "_base_executable", sys.executable))
    return base.with_name(f"python{_minor()}")


def _make(source: Path, folder: Path) -> None:
    venv.EnvBuilder(symlinks=True, with_pip=False).create(folder)
    site = folder / "lib" / f"python{_minor()}" / "site-packages"
    with tempfile.TemporaryDirectory() as wheels:
        _own_wheel(source, Path(wheels))
        everything = [*_wheels(source).glob("*.whl"), *Path(wheels).glob("*.whl")]
        _pip("install", "--no-index", "--no-deps", "--no-compile", "--target", str(site), *map(str, sorted(everything)))
    _settle(folder)
    _trim(site)


def _wheels(source: Path) -> Path:
    """A folder with the pinned libraries as wheels, hashes checked when they came into it."""
    files = [source / "requirements" / name for name in REQUIREMENTS]
    pins = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "phone"
    kind = f"wheels-{sysconfig.get_platform()}-{_minor()}"
    folder = cache / f"{kind}-{pins}"
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(dir=cache))
        options = [option for file in files for option in ("-r", str(file))]
        _pip(
            "wheel", "--no-deps", "--no-build-isolation", "--use-pep517", "--require-hashes", "-w", str(draft), *options
        )
        for old in cache.glob(f"{kind}-*"):
            shutil.rmtree(old)
        with suppress(OSError):  # another installation has just made it
            draft.rename(folder)
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def _own_wheel(source: Path, wheels: Path) -> None:
    """The phone itself, built in a copy: setuptools leaves files where it builds."""
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name) / "source"
        copy.mkdir()
        for file in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy2(source / file, copy)
        shutil.copytree(source / "phone", copy / "phone", ignore=shutil.ignore_patterns("__pycache__", "*.so"))
        (copy / "phone" / BUILT.name).write_text(epoch(source), "utf-8")
        _pip("wheel", "--no-index", "--no-deps", "--no-build-isolation", "-w", str(wheels), str(copy))


def _pip(command: str, *arguments: str) -> None:
    quiet = ("--quiet", "--disable-pip-version-check", "--no-input", "--root-user-action", "ignore")
    # lgpio has no wheel for newer Pythons yet; this builds its C library in, for which Debian has no package.
    # gpiod has none for 32-bit boards; it brings its own C library and needs no more than a compiler.
    # -g0: no names of temporary folders in what is built.
    environment = {"PYPI": "1", "CFLAGS": "-g0"}
    options = quiet if command == "install" else quiet[:3]
    try:
        run(sys.executable, "-m", "pip", command, *options, *arguments, environment=environment)
    except InstallError as error:
        raise InstallError(
            f"{error}\nIs there a network? Is a compiler there (apt-get install gcc python3-dev libasound2-dev swig)?"
        ) from error


def _settle(folder: Path) -> None:
    """Make it a venv of its final place, which it is not in yet."""
    programs = folder / "bin"
    shutil.rmtree(programs)
    programs.mkdir()
    (programs / f"python{_minor()}").symlink_to(_interpreter())
    for name in ("python3", "python"):
        (programs / name).symlink_to(f"python{_minor()}")
    start = programs / "phone"
    start.write_text(_START, "utf-8")
    start.chmod(0o755)
    home = f"home = {_interpreter().parent}\ninclude-system-site-packages = false\n"
    (folder / "pyvenv.cfg").write_text(f"{home}version = {sys.version.split()[0]}\n", "utf-8")


def _trim(site: Path) -> None:
    """Without what only builds, tests or tells how it came here."""
    doomed = [
        path for pattern in _BUILDING for path in site.rglob(pattern) if "phone" not in path.relative_to(site).parts
    ]
    doomed += [path for name in _TESTS for path in site.glob(f"*/{name}") if path.is_dir()]
    doomed += [site / "bin", site / "setuptools", site / "pkg_resources", site / "_distutils_hack"]
    doomed += [site / "distutils-precedence.pth", *site.glob("setuptools-*.dist-info"), *site.glob("*/include")]
    doomed += [path for name in ("RECORD", "REQUESTED", "direct_url.json") for path in site.glob(f"*.dist-info/{name}")]
    for path in doomed:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def compile_all(folder: Path) -> None:
    """Compiled beforehand: who runs it must not write there, and starts sooner."""
    date = os.environ.get(EPOCH)
    if date:  # the compiled files name their source's time
        for path in folder.rglob("*"):
            os.utime(path, (int(date), int(date)), follow_symlinks=False)
    library = str(folder / "lib")
    options = ("-q", "-j", "0", "--invalidation-mode", "timestamp", "-s", library, "-p", str(VENV / "lib"))
    run(sys.executable, "-m", "compileall", *options, library)
