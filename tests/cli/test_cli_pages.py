"""What is looked at elsewhere: the panel in a browser, the diagram in the documentation."""

import getpass
import html
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from phone.calls import table
from phone.cli.main import main
from phone.control import Panel, PanelReply

URL = "http://127.0.0.1:8080/?a=1&token=hush-hush"


@pytest.fixture
def fake(fake):
    fake.replies[Panel] = PanelReply(URL)
    return fake


def test_panel(fake, monkeypatch, capsys):
    monkeypatch.delenv("SUDO_USER", raising=False)
    assert main(["panel"]) == 0
    url, elsewhere = capsys.readouterr().out.splitlines()
    assert url == URL
    assert f"ssh -L 8080:127.0.0.1:8080 {getpass.getuser()}@" in elsewhere
    assert main(["panel", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"url": URL, "ok": True}


def test_panel_by_sudo_names_who_can_sign_in(fake, monkeypatch, capsys):
    """Not the daemon's user, who has no shell."""
    monkeypatch.setenv("SUDO_USER", "anna")
    assert main(["panel"]) == 0
    assert ":8080 anna@" in capsys.readouterr().out


def test_panel_opens_a_browser_without_the_token_on_its_command_line(fake, tmp_path):
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$@" >{tmp_path}/said\ncp "${{1#file://}}" {tmp_path}/page.html\n')
    browser.chmod(0o755)
    done = _panel_open(fake, tmp_path, f"{browser} %s")
    assert (done.returncode, done.stderr) == (0, "")
    said = (tmp_path / "said").read_text()
    assert said.startswith("file://")
    assert "hush-hush" not in said
    page = Path(said.strip().removeprefix("file://"))
    assert page.stat().st_mode & 0o777 == 0o600
    assert f"url={html.escape(URL)}" in (tmp_path / "page.html").read_text()


def test_panel_without_a_browser_says_what_to_do(fake, tmp_path):
    done = _panel_open(fake, tmp_path, "false %s")
    assert done.returncode == 1
    assert done.stdout.startswith(URL)
    assert "open the address in one" in done.stderr


def _panel_open(fake, folder, browser):
    """With `browser` and no other on the PATH."""
    tools = folder / "tools"
    tools.mkdir()
    for tool in ("cp", "false"):
        (tools / tool).symlink_to(shutil.which(tool))
    environment = {"PATH": str(tools), "XDG_RUNTIME_DIR": str(folder), "BROWSER": browser}
    environment["PHONE_CONFIG"] = str(fake.config)
    script = "from phone.cli.main import main; raise SystemExit(main(['panel', '--open']))"
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, env=environment)


def test_diagram(tmp_path, capsys):
    assert main(["diagram"]) == 0
    page = capsys.readouterr().out
    assert page.count("```mermaid\n") * 2 == page.count("```")
    assert table.mermaid() in page
    assert table.transfer_mermaid() in page
    assert main(["diagram", "--out", str(tmp_path / "calls.md")]) == 0
    assert (tmp_path / "calls.md").read_text("utf-8") == page
    assert main(["diagram", "--out", str(tmp_path / "no" / "calls.md")]) == 1
    assert "choose another place" in capsys.readouterr().err
