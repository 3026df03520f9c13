"""Debian's baresip and linphone, calling themselves over SIP on a private network: plain RTP, Opus, 28 kbit/s."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

from bench.model import Case, Options, Result, Say
from bench.programs import check_alive, debian_version, program
from bench.talk import Pair, converse, pair

HOST = "10.77.0.1"
"""Both refuse loopback addresses."""
SIP_PORTS, RTP_PORTS = (18061, 18065), (18110, 18120)
SETTLE = 8.0
"""Seconds from starting to a call that has found its pace."""


@dataclass(frozen=True, slots=True)
class End:
    """One of the two ends."""

    name: str
    sip_port: int
    rtp_port: int
    environment: Mapping[str, str]


def _ends(cards: Pair) -> tuple[End, End]:
    return End("va", SIP_PORTS[0], RTP_PORTS[0], cards.environment_a), End(
        "vb", SIP_PORTS[1], RTP_PORTS[1], cards.environment_b
    )


Call = Callable[[Pair, Options, int], contextlib.AbstractContextManager[list[Popen[bytes]]]]
"""A's call to B by way of that SIP port; the processes of A and B."""


def settle(processes: list[Popen[bytes]], folder: Path) -> None:
    """Wait until the call has found its pace. Raises DiedError."""
    time.sleep(SETTLE - 1.5)
    for process, log in zip(processes, sorted(folder.glob("home-*/log")), strict=True):
        check_alive(process, log)


def _case(name: str, what: str, package: str, packet_ms: int, call: Call) -> Case:
    def run(options: Options, say: Say) -> Result:
        version = debian_version(package)
        if not version:
            return Result(name, error=f"not installed: apt install {package}")
        talks = []
        for number in range(options.rounds):
            say(f"{name}, call {number + 1} of {options.rounds}")
            folder = options.folder / f"{name}-{number}"
            with pair(folder, options.seconds + SETTLE + 5) as cards, call(cards, options, SIP_PORTS[1]) as processes:
                settle(processes, folder)
                pids = {"whole": [process.pid for process in processes]}
                talks.append(converse(cards, lambda pids=pids: pids, options, seed=10 + number))
        return Result(name, version, packet_ms, talks)

    return Case(name, what, run, ours=False, private_network=True)


def _baresip(packet_ms: int, tuning: str = "") -> Call:
    modules = next(
        (p for p in Path("/usr/lib").glob("**/baresip/modules") if p.is_dir()), Path("/usr/lib/baresip/modules")
    )

    def start(end: End, folder: Path, options: Options, *extra: str) -> contextlib.AbstractContextManager[Popen[bytes]]:
        home = folder / f"home-{end.name}"
        home.mkdir()
        wanted = ("opus", "alsa", "auconv", "auresamp")  # the last two: versions that need them
        loaded = "".join(f"module {m}.so\n" for m in wanted if (modules / f"{m}.so").exists())
        (home / "config").write_text(f"""\
sip_listen {HOST}:{end.sip_port}
poll_method epoll
call_local_timeout 120
call_max_calls 2
audio_path /nonexistent
audio_player alsa,{end.name}
audio_source alsa,{end.name}
audio_alert alsa,none
ausrc_srate 48000
auplay_srate 48000
ausrc_channels 1
auplay_channels 1
rtp_ports {end.rtp_port}-{end.rtp_port + 1}
net_interface lo
{tuning}
module_path {modules}
{loaded}opus_bitrate 28000
opus_stereo no
opus_sprop_stereo no
module_app account.so
module_app menu.so
""")
        settings = f"regint=0;audio_codecs=opus/48000/1;ptime={packet_ms};answermode=auto"
        (home / "accounts").write_text(f"<sip:{end.name}@{HOST}:{end.sip_port}>;{settings}\n")
        (home / "contacts").write_text("")
        argv = [shutil.which("baresip") or "baresip", "-f", str(home), *extra]
        return program(argv, home / "log", end.environment, options.priority)

    @contextlib.contextmanager
    def call(cards: Pair, options: Options, port: int) -> Iterator[list[Popen[bytes]]]:
        a, b = _ends(cards)
        folder = cards.a.path.parent
        with start(b, folder, options) as callee:
            time.sleep(1.0)
            with start(a, folder, options, "-e", f"/dial sip:vb@{HOST}:{port}") as caller:
                yield [caller, callee]

    return call


def _linphone(tuning: str = "") -> Call:
    def start(end: End, folder: Path, options: Options, *extra: str) -> contextlib.AbstractContextManager[Popen[bytes]]:
        home = folder / f"home-{end.name}"
        config = home / "linphone.rc"
        # without a folder for its database it starts, but opens no SIP port
        (home / ".local/share/linphone").mkdir(parents=True)
        config.write_text(f"""\
[sip]
sip_port={end.sip_port}
sip_tcp_port=0
sip_tls_port=0
bind_address={HOST}
guess_hostname=0
contact=sip:{end.name}@{HOST}
media_encryption=none
verify_server_certs=0
use_ipv6=0
[rtp]
audio_rtp_port={end.rtp_port}
bind_address={HOST}
{tuning}
[net]
mtu=1300
enable_nat=0
[sound]
playback_dev_id=ALSA: default device
capture_dev_id=ALSA: default device
ringer_dev_id=ALSA: default device
echocancellation=0
remote_ring=
local_ring=
[audio_codec_0]
mime=opus
rate=48000
channels=2
enabled=1
""")
        argv = [shutil.which("linphonec") or "linphonec", *extra, "-c", str(config)]
        return program(argv, home / "log", end.environment, options.priority)

    @contextlib.contextmanager
    def call(cards: Pair, options: Options, port: int) -> Iterator[list[Popen[bytes]]]:
        a, b = _ends(cards)
        folder = cards.a.path.parent
        with start(a, folder, options) as caller, start(b, folder, options, "-a") as callee:
            time.sleep(2.0)
            assert caller.stdin is not None
            caller.stdin.write(f"call sip:vb@{HOST}:{port}\n".encode())
            caller.stdin.flush()
            yield [caller, callee]

    return call


_LOW = "audio_buffer 10-20\njitter_buffer_type off\njitter_buffer_delay 0-1"
AS_SHIPPED: Mapping[str, tuple[str, Call]] = {
    "baresip": ("baresip-core", _baresip(20)),
    "linphone": ("linphone-cli", _linphone()),
}
"""Debian package and call by name."""
CASES = (
    _case("baresip", "baresip as Debian ships it", "baresip-core", 20, _baresip(20)),
    _case("baresip-10", "baresip tuned: 10 ms packets, no jitter buffer", "baresip-core", 10, _baresip(10, _LOW)),
    _case("linphone", "linphone as Debian ships it", "linphone-cli", 20, _linphone()),
    _case(
        "linphone-low",
        "linphone with a fixed jitter buffer of 20 ms",
        "linphone-cli",
        20,
        _linphone("audio_jitt_comp=20\nadaptive_jitt_comp_enabled=0"),
    ),
)
