"""`python -m phone.drivers.wiring FOLDER [PROFILE ...]`: NAME.svg and NAME.md of each, by default all shipped."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from phone.drivers import profilebook
from phone.drivers.wiring.partlist import part_list
from phone.drivers.wiring.sheet import draw


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the files. Raises what `profilebook.load` does."""
    parser = argparse.ArgumentParser("python -m phone.drivers.wiring", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("profile", nargs="*", default=profilebook.shipped())
    chosen = parser.parse_args(arguments)
    for name in chosen.profile:
        profile = profilebook.load(name)
        stem = Path(name).stem
        (chosen.folder / f"{stem}.svg").write_text(draw(profile), "utf-8")
        (chosen.folder / f"{stem}.md").write_text(part_list(profile, stem), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
