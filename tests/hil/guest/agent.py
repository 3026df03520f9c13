"""The test's hand inside of the virtual Pi. Its own Python, its standard library and nothing else.

Each line that comes over the serial port is a task in JSON: {"id": 1, "do": "run", ...}. Each is answered by one line
with the same id; those that take their time do not keep the others waiting.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import json
import os
import subprocess
import sys
import threading
import time
import tty
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO

HAND, GLASS = Path("/dev/vpi-gpio"), Path("/dev/vpi-i2c")
_CLK = time.monotonic
Task = Mapping[str, object]
Answer = dict[str, object]


def glass(_: Task) -> Answer:
    """What was written to the display since the last time."""
    records, lost = b"", False
    device = os.open(GLASS, os.O_RDONLY | os.O_NONBLOCK)
    try:
        while True:
            try:
                records += os.read(device, 65536)
            except BlockingIOError:
                return {"records": base64.b64encode(records).decode(), "lost": lost}
            except OSError as error:
                if error.errno != errno.EOVERFLOW:
                    raise
                lost = True
    finally:
        os.close(device)


def run(task: Task) -> Answer:
    """A shell's command, all of whose children end with it where it takes too long."""
    process = subprocess.Popen(
        ["/bin/sh", "-c", str(task["command"])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    limit = float(str(task["timeout"]))
    try:
        out, _ = process.communicate(str(task.get("input", "")).encode(), limit)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        out, _ = process.communicate()
        return {"code": 124, "out": out.decode(errors="replace") + f"\n[ended after {limit:g} s]"}
    return {"code": process.returncode, "out": out.decode(errors="replace")}


def hand(task: Task) -> Answer:
    """Move switches."""
    began = _CLK()
    with HAND.open("wb", buffering=0) as device:
        device.write(str(task["script"]).encode())
    return {"began": began, "ended": _CLK()}


def levels(_: Task) -> Answer:
    """Of all lines."""
    return {"levels": HAND.read_text().strip()}


def plug(task: Task) -> Answer:
    """The display, in or out."""
    GLASS.write_text(f"ack {int(bool(task['plugged']))}")
    return {}


def clock(_: Task) -> Answer:
    """Seconds on the monotonic clock, and since the kernel began."""
    return {"monotonic": _CLK(), "uptime": float(Path("/proc/uptime").read_text().split()[0])}


def serve(port: IO[bytes]) -> None:
    """Until the other side says {"do": "end"}."""
    speaking = threading.Lock()
    does: dict[str, Callable[[Task], Answer]] = {
        "run": run,
        "hand": hand,
        "levels": levels,
        "plug": plug,
        "clock": clock,
        "glass": glass,
    }

    def say(answer: Answer) -> None:
        with speaking:
            port.write(json.dumps(answer).encode() + b"\n")

    def answer(task: Task) -> None:
        try:
            result = does[str(task["do"])](task)
        except Exception as error:  # noqa: BLE001 - whoever asked is to know
            result = {"error": f"{type(error).__name__}: {error}"}
        say({"id": task["id"], **result})

    say({"id": 0, "pid": os.getpid()})
    for line in port:
        if not line.strip():
            continue
        task = json.loads(line)
        if task["do"] == "end":
            say({"id": task["id"]})
            return
        threading.Thread(target=answer, args=(task,), daemon=True).start()


if __name__ == "__main__":
    with open(sys.argv[1], "r+b", buffering=0) as serial:  # noqa: PTH123 - a device
        tty.setraw(serial)
        serve(serial)
