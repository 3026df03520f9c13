"""What the terminal says when the demo is to be seen in a browser, here or over SSH."""

from __future__ import annotations

from phone.demo.panels import has_desktop, invitation


def test_at_the_machine_itself_only_the_address_is_needed() -> None:
    said = invitation("http://127.0.0.1:8000/?token=x", [8000, 8001], {}, "pi")
    assert "    http://127.0.0.1:8000/?token=x\n" in said
    assert "ssh" not in said


def test_over_ssh_every_port_gets_a_tunnel() -> None:
    environment = {"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.7 22"}
    said = invitation("http://127.0.0.1:8000/?token=x", [8000, 8001], environment, "pi")
    assert "    ssh -N -L 8000:127.0.0.1:8000 -L 8001:127.0.0.1:8001 pi@192.0.2.7\n" in said


def test_a_desktop_is_where_a_window_would_be_seen(monkeypatch) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    assert has_desktop({"WAYLAND_DISPLAY": "wayland-0"})
    assert not has_desktop({"DISPLAY": ""})
