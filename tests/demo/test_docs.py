"""What the documentation shows is what there is: drawn diagrams are fresh, pictures and commands exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from phone.cli.main import COMMANDS, main

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def test_the_diagram_of_calls_is_fresh(tmp_path: Path) -> None:
    assert main(["diagram", "--out", str(tmp_path / "calls.md")]) == 0
    fresh = (tmp_path / "calls.md").read_text()
    assert (ROOT / "docs/calls.md").read_text() == fresh, "draw it anew: phone diagram --out docs/calls.md"


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#:]+)\)", README))))
def test_what_the_readme_links_to_is_there(link: str) -> None:
    path = ROOT / link
    assert path.exists()
    if path.suffix == ".png":
        assert path.stat().st_size <= 250_000
        with Image.open(path) as image:
            image.verify()


def test_the_readme_names_every_command_and_no_other() -> None:
    there = set(COMMANDS)
    named = set(re.findall(r"^phone ([a-z-]+)", README, re.MULTILINE))
    assert named <= there
    assert {command for command in there if not re.search(rf"\bphone {command}\b", README)} == set()
