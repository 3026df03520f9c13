"""A private Prosody on loopback: own folder, own certificate, own accounts; the system's one is never touched."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from phone.demo.certificates import Authority, KeyPair
from phone.errors import PhoneError

_START_SECONDS = 30.0
_STOP_SECONDS = 5.0
_MODULES = (
    *("roster", "saslauth", "tls", "disco", "carbons", "pep", "private", "blocklist", "vcard4", "vcard_legacy"),
    *("smacks", "mam", "ping", "csi_simple", "time", "version"),
)

DOMAIN = "localhost"


class ServerError(PhoneError, RuntimeError):
    """A private server is not installed or does not start."""


@dataclass(frozen=True, slots=True)
class TurnService:
    """A STUN and TURN server with a shared secret (draft-uberti-behave-turn-rest-00), for XEP-0215."""

    host: str
    port: int
    secret: str
    ttl: int = 86400
    """Seconds until the credentials expire."""


class PrivateProsody:
    """`async with PrivateProsody(folder, {"alice": "secret"}) as server:` - accounts that are each other's contacts.

    Raises `ServerError` when Prosody is missing or does not come up.
    """

    def __init__(
        self,
        folder: Path,
        users: Mapping[str, str],
        *,
        domain: str = DOMAIN,
        websocket: bool = False,
        turn: TurnService | None = None,
        certificate: KeyPair | None = None,
    ) -> None:
        self.folder = folder
        self.domain = domain
        self._users = dict(users)
        self._turn = turn
        self._authority = Authority(folder / "tls")
        self.ca_file = self._authority.file
        self._certificate = certificate or self._authority.issue(domain)
        self.port, self.direct_tls_port, self._http_port = free_ports(3)
        self.websocket_url = f"ws://localhost:{self._http_port}/xmpp-websocket" if websocket else None
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        self._write_data()
        try:
            await self.start()
        except BaseException:
            await self.kill()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start on the same ports and data; return when it takes connections."""
        program = shutil.which("prosody")
        if program is None:
            raise ServerError("Prosody is not installed: run `apt install prosody`")
        config = self.folder / "prosody.cfg.lua"
        config.write_text(self._config())
        with (self.folder / "prosody.out").open("ab") as out:
            self._process = await asyncio.create_subprocess_exec(
                *(program, "-F", "--config", str(config)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,  # Ctrl-C is for whoever started it: the phones hang up first
            )
        await wait_for_ports(self._process, self._ports(), f"Prosody; see {self.folder}")

    async def stop(self) -> None:
        """End it in order: it closes its streams."""
        await end_process(self._process)

    async def kill(self) -> None:
        """End it as a power cut would."""
        await end_process(self._process, at_once=True)

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    def _ports(self) -> list[int]:
        return [self.port, self.direct_tls_port] + ([self._http_port] if self.websocket_url else [])

    def _config(self) -> str:
        extra = [*(["websocket"] if self.websocket_url else []), *(["turn_external"] if self._turn else [])]
        modules = " ".join(f'"{name}";' for name in (*_MODULES, *extra))
        return _CONFIG.format(
            folder=self.folder,
            modules=modules,
            port=self.port,
            direct_tls_port=self.direct_tls_port,
            http_ports=self._http_port if self.websocket_url else "",
            certificate=self._certificate.certificate,
            key=self._certificate.key,
            domain=self.domain,
            turn=_turn_config(self._turn) if self._turn else "",
            # Prosody refuses to run as root unless told; containers often are root.
            run_as_root="true" if os.geteuid() == 0 else "false",
        )

    def _write_data(self) -> None:
        base = self.folder / "data" / _encode(self.domain)
        for store in ("accounts", "roster"):
            (base / store).mkdir(parents=True, exist_ok=True)
        for user, password in self._users.items():
            (base / "accounts" / f"{_encode(user)}.dat").write_text(f"return {{ password = {_lua(password)} }};\n")
            (base / "roster" / f"{_encode(user)}.dat").write_text(self._roster(user))

    def _roster(self, owner: str) -> str:
        entries = "".join(
            f"  [{_lua(f'{user}@{self.domain}')}] = "
            f"{{ subscription = 'both'; groups = {{}}; name = {_lua(user.capitalize())} }};\n"
            for user in self._users
            if user != owner
        )
        return f"return {{\n  [false] = {{ version = 1 }};\n{entries}}};\n"


_CONFIG = """\
run_as_root = {run_as_root}
daemonize = false
data_path = "{folder}/data"
pidfile = "{folder}/prosody.pid"
installer_plugin_path = "{folder}/plugins"
certificates = "{folder}/tls"
log = {{ {{ levels = {{ min = "info" }}; to = "file"; filename = "{folder}/prosody.log" }} }}
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {port} }}
c2s_direct_tls_ports = {{ {direct_tls_port} }}
c2s_direct_tls_ssl = {{ certificate = "{certificate}"; key = "{key}" }}
s2s_ports = {{}}
http_ports = {{ {http_ports} }}
https_ports = {{}}
http_interfaces = {{ "127.0.0.1" }}
http_default_host = "{domain}"
cross_domain_websocket = true
consider_websocket_secure = true
c2s_require_encryption = true
authentication = "internal_plain"
storage = "internal"
allow_registration = false
smacks_hibernation_time = 300
modules_enabled = {{ {modules} }}
modules_disabled = {{ "s2s"; "s2s_auth_certs" }}
{turn}
VirtualHost "{domain}"
  ssl = {{ certificate = "{certificate}"; key = "{key}" }}
"""


def _turn_config(turn: TurnService) -> str:
    return (
        f"turn_external_host = {_lua(turn.host)}\nturn_external_port = {turn.port}\n"
        f"turn_external_secret = {_lua(turn.secret)}\nturn_external_ttl = {turn.ttl}\n"
    )


def _encode(name: str) -> str:
    # util.datamanager: every byte that is not alphanumeric becomes %xx.
    return re.sub(rb"[^0-9A-Za-z]", lambda found: b"%%%02x" % found[0][0], name.encode()).decode()


def _lua(text: str) -> str:
    escaped = "".join(f"\\{byte:03d}" if byte in b'\\"\n\r\0' else chr(byte) for byte in text.encode())
    return f'"{escaped.encode("latin-1").decode()}"'


def free_ports(count: int) -> list[int]:
    """TCP ports of 127.0.0.1 that nobody uses now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]
    finally:
        for each in sockets:
            each.close()


async def wait_for_ports(process: asyncio.subprocess.Process, ports: list[int], what: str) -> None:
    """Return when every port takes connections. Raises `ServerError` if `process` ends or is not up in 30 s."""
    deadline = asyncio.get_running_loop().time() + _START_SECONDS
    for port in ports:
        while not await _connects(port):
            if process.returncode is not None or asyncio.get_running_loop().time() > deadline:
                raise ServerError(f"the private server did not start: {what}")
            await asyncio.sleep(0.02)


async def _connects(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def end_process(process: asyncio.subprocess.Process | None, *, at_once: bool = False) -> None:
    """Terminate (or kill) and reap; harmless if it has ended."""
    if process is None or process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        process.kill() if at_once else process.terminate()
    try:
        await asyncio.wait_for(process.wait(), _STOP_SECONDS)
    except TimeoutError:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
