"""Files that a bundle brings: put beside the config before it is checked, taken away where it is refused, and swept
once no version that is kept names them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from phone.provision import files
from phone.provision.contents import FILES
from phone.provision.store import Store, as_sentence


@contextmanager
def placed(folder: Path, brought: Mapping[str, bytes]) -> Iterator[Callable[[], None]]:
    """They are there within; afterwards too, if what this gives is called. Names by content: none is overwritten.

    Raises ProvisionError where they cannot be written.
    """
    kept = False

    def keep() -> None:
        nonlocal kept
        kept = True

    new = [folder / name for name in brought if not (folder / name).exists()]
    try:
        with as_sentence():
            for path in new:
                _make(path.parent)
                files.replace(path, brought[str(path.relative_to(folder))])
        yield keep
    finally:
        for path in () if kept else new:
            path.unlink(missing_ok=True)
            with suppress(OSError):  # others' are in it
                path.parent.rmdir()


def sweep(store: Store) -> None:
    """Away with those that neither the present config nor any kept version names. Raises ProvisionError."""
    folder = store.config.parent / FILES
    with as_sentence():
        there = [path for path in folder.glob("*") if path.is_file()]
        if not there:
            return
        configs = [store.present().config, *(store.contents(record.version).config for record in store.records())]
        for path in there:
            if not any(path.name.encode() in config for config in configs if config):
                path.unlink(missing_ok=True)


def _make(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir()
        folder.chmod(files.FOLDER_MODE)
