import contextlib
import os
import socket
import tempfile
import threading
from pathlib import Path

import pytest

from phone.control import ControlError, NotAllowedError, NotRunningError, Status, ask
from phone.control import client as client_module


@contextlib.contextmanager
def peer(path, answer: bytes | None):
    """A listener that reads one request and sends `answer`; None: it stays silent."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()

        def serve():
            connection, _ = listening.accept()
            with connection:
                connection.recv(4096)
                if answer is None:
                    connection.recv(1)
                else:
                    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                        connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            thread.join()


def test_nobody_there(tmp_path):
    with pytest.raises(NotRunningError, match="phone run"):
        ask(tmp_path / "control.sock", Status())


def test_the_daemon_dies_in_the_answer(tmp_path):
    with peer(tmp_path / "c", b'{"ok": tr'), pytest.raises(ControlError, match="went away"):
        ask(tmp_path / "c", Status())


def test_an_endless_answer_is_cut(tmp_path):
    with peer(tmp_path / "c", b"x" * (1 << 21)), pytest.raises(ControlError, match="went away"):
        ask(tmp_path / "c", Status())


def test_silence_is_not_waited_for_forever(tmp_path, monkeypatch):
    monkeypatch.setattr(client_module, "PATIENCE", 0.05)
    with peer(tmp_path / "c", None), pytest.raises(ControlError, match=r"within 0\.05 s"):
        ask(tmp_path / "c", Status())


def test_a_path_that_is_no_socket(tmp_path):
    (tmp_path / "dir" / "c").parent.mkdir()
    with pytest.raises(ControlError, match=r"not running|does not work"):
        ask(tmp_path / "dir", Status())


@pytest.mark.parametrize("known", [True, False])
def test_a_stranger_is_told_which_group_to_join(tmp_path, monkeypatch, known):
    def refuse(self, address):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    path = tmp_path / "c"
    if known:
        path.touch()
    with pytest.raises(NotAllowedError, match=r"not allowed .* as root .* or join the group"):
        ask(path, Status())


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: to be somebody else")
@pytest.mark.parametrize("closed", ["control.sock", "."])
def test_a_real_stranger_is_not_told_that_nothing_runs(closed):
    """The socket is closed to him, or its folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "run"
        folder.mkdir()
        Path(name).chmod(0o755)
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(folder / "control.sock"))
            listening.listen()
            folder.chmod(0o755)
            (folder / closed).chmod(0o700)
            os.seteuid(65534)
            try:
                with pytest.raises(NotAllowedError, match="as root"):
                    ask(folder / "control.sock", Status())
            finally:
                os.seteuid(0)
