"""Private servers of other makes, on loopback: the same face as `phone.demo.prosody.PrivateProsody`."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from rig.servers_services import Services, ejabberd_listeners, ejabberd_modules

from phone.demo.certificates import Authority, KeyPair
from phone.demo.prosody import ServerError, TurnService, end_process, free_ports, wait_for_ports

_LIBRARIES = Path("/usr/lib")
_START_SECONDS = 60.0


class PrivateEjabberd:
    """ejabberd without node name: needs no epmd and meets no other node. Accounts are each other's contacts."""

    def __init__(
        self,
        folder: Path,
        users: Mapping[str, str],
        *,
        domain: str = "localhost",
        turn: TurnService | None = None,
        certificate: KeyPair | None = None,
        services: Services | None = None,
        contacts: bool = True,
    ) -> None:
        """`contacts` False: strangers to each other."""
        self.folder = folder
        self.domain = domain
        self.websocket_url = None
        self._users = dict(users)
        self._turn = turn
        self.services = services
        self._contacts = contacts
        authority = Authority(folder / "tls")
        self.ca_file = authority.file
        self._certificate = certificate or authority.issue(domain)
        self.port, self.direct_tls_port = free_ports(2)
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.kill()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Its orderly end takes a second, and nobody reads its data again.
        await self.kill()

    async def start(self) -> None:
        """Start on the same ports and data; return when it takes connections and the accounts are there."""
        program, libraries = shutil.which("erl"), sorted(_LIBRARIES.glob("*/ejabberd-*/ebin/ejabberd.app"))
        if program is None or not libraries:
            raise ServerError("ejabberd is not installed: run `apt install ejabberd`")
        ready = self.folder / "ready"
        ready.unlink(missing_ok=True)
        config = self.folder / "ejabberd.yml"
        config.write_text(self._config())
        script = self.folder / "accounts.erl"
        script.write_text(self._accounts(ready))
        environment = os.environ | {
            "EJABBERD_CONFIG_PATH": str(config),
            "EJABBERD_LOG_PATH": str(self.folder / "ejabberd.log"),
            "ERL_LIBS": str(libraries[0].parents[2]),
            "ERL_CRASH_DUMP_SECONDS": "0",
            "HOME": str(self.folder),
        }
        arguments = ["-noinput", "-mnesia", "dir", f'"{self.folder}/spool"', "-s", "ejabberd"]
        arguments += ["-eval", f'file:script("{script}")']
        with (self.folder / "ejabberd.out").open("ab") as out:
            self._process = await asyncio.create_subprocess_exec(
                program, *arguments, env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out
            )
        await self._until(ready)
        ports = [self.port, self.direct_tls_port, *(self.services.ports if self.services else [])]
        await wait_for_ports(self._process, ports, f"ejabberd; see {self.folder}")

    async def stop(self) -> None:
        await end_process(self._process)

    async def kill(self) -> None:
        await end_process(self._process, at_once=True)

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    async def _until(self, ready: Path) -> None:
        assert self._process is not None
        deadline = asyncio.get_running_loop().time() + _START_SECONDS
        while not ready.exists():
            if self._process.returncode is not None or asyncio.get_running_loop().time() > deadline:
                raise ServerError(f"the private server did not start: ejabberd; see {self.folder}")
            await asyncio.sleep(0.05)

    def _config(self) -> str:
        return _EJABBERD.format(
            domain=self.domain,
            port=self.port,
            direct_tls_port=self.direct_tls_port,
            pem=self._certificate.both,
            stun=_stun_disco(self._turn) if self._turn else "",
            listeners=ejabberd_listeners(self.services) if self.services else "",
            services=ejabberd_modules(self.services, self.domain) if self.services else "",
        )

    def _accounts(self, ready: Path) -> str:
        lines = ["{ok, _} = application:ensure_all_started(ejabberd)."]
        lines += [
            f"ejabberd_auth:try_register({_binary(user)}, {_binary(self.domain)}, {_binary(password)})."
            for user, password in self._users.items()
        ]
        lines += [
            f"ok = mod_admin_extra:add_rosteritem({_binary(owner)}, {_binary(self.domain)}, {_binary(other)}, "
            f'{_binary(self.domain)}, {_binary(other.capitalize())}, <<"">>, <<"both">>).'
            for owner in self._users
            for other in self._users
            if owner != other and self._contacts
        ]
        return "\n".join([*lines, f'ok = file:write_file("{ready}", "yes").\n'])


class PrivateCoturn:
    """coturn on loopback (and on `host`, where it relays) with a shared secret; relays to loopback peers."""

    def __init__(self, folder: Path, *, ttl: int = 3600, host: str = "127.0.0.1") -> None:
        self.folder = folder
        (port,) = free_ports(1)
        self.service = TurnService(host, port, secrets.token_hex(16), ttl)
        self.port = port
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        program = shutil.which("turnserver")
        if program is None:
            raise ServerError("coturn is not installed: run `apt install coturn`")
        options = {
            "listening-ip": "127.0.0.1",
            "relay-ip": self.service.host,
            "listening-port": self.port,
            "realm": "localhost",
            "static-auth-secret": self.service.secret,
            "pidfile": self.folder / "turnserver.pid",
            "userdb": self.folder / "turndb",
            "log-file": "stdout",
        }
        flags = ["use-auth-secret", "allow-loopback-peers", "no-tls", "no-dtls", "no-cli", "no-multicast-peers"]
        lines = [f"{key}={value}" for key, value in options.items()] + [*flags, "fingerprint", ""]
        if self.service.host != options["listening-ip"]:
            lines.insert(0, f"listening-ip={self.service.host}")
        config = self.folder / "turnserver.conf"
        config.write_text("\n".join(lines))
        with (self.folder / "turnserver.out").open("ab") as out:
            self._process = await asyncio.create_subprocess_exec(
                program, "-c", str(config), stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out
            )
        try:
            await wait_for_ports(self._process, [self.port], f"coturn; see {self.folder}")
        except BaseException:
            await end_process(self._process, at_once=True)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await end_process(self._process)


_EJABBERD = """\
hosts: ["{domain}"]
loglevel: info
certfiles: ["{pem}"]
auth_method: internal
auth_password_format: plain
listen:
  - {{port: {port}, ip: "127.0.0.1", module: ejabberd_c2s, starttls_required: true, shaper: none}}
  - {{port: {direct_tls_port}, ip: "127.0.0.1", module: ejabberd_c2s, tls: true, shaper: none}}
{listeners}\
disable_sasl_mechanisms: ["X-OAUTH2"]
modules:
  mod_admin_extra: {{}}
  mod_blocking: {{}}
  mod_caps: {{}}
  mod_carboncopy: {{}}
  mod_client_state: {{}}
  mod_disco: {{}}
  mod_mam: {{default: always}}
  mod_offline: {{}}
  mod_ping: {{}}
  mod_private: {{}}
  mod_privacy: {{}}
  mod_pubsub: {{plugins: [flat, pep]}}
  mod_roster: {{versioning: true}}
  mod_stream_mgmt: {{resume_timeout: 300}}
  mod_vcard: {{search: false}}
{stun}{services}"""


def _stun_disco(turn: TurnService) -> str:
    service = f'host: "{turn.host}", port: {turn.port}, transport: udp'
    return (
        f'  mod_stun_disco:\n    access: all\n    secret: "{turn.secret}"\n    credentials_lifetime: {turn.ttl}s\n'
        f"    offer_local_services: false\n    services:\n"
        f"      - {{{service}, type: stun, restricted: false}}\n      - {{{service}, type: turn, restricted: true}}\n"
    )


def _binary(text: str) -> str:
    return f"<<{','.join(str(byte) for byte in text.encode())}>>"
