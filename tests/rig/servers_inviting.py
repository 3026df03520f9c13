"""A private Prosody where nobody has an account without an invitation (mod_invites, mod_invites_register)."""

from __future__ import annotations

import asyncio
import re
import secrets
import shutil
import time
from collections.abc import Mapping
from pathlib import Path

from phone.demo.certificates import KeyPair
from phone.demo.prosody import PrivateProsody, ServerError


class InvitingProsody(PrivateProsody):
    """`registration`: "invited", or "open" to everybody, or "closed"."""

    def __init__(
        self,
        folder: Path,
        users: Mapping[str, str],
        *,
        registration: str = "invited",
        certificate: KeyPair | None = None,
    ) -> None:
        super().__init__(folder, users, certificate=certificate)
        self._registration = registration

    async def invitation(self) -> str:
        """A link, as the server's admin makes it."""
        program = shutil.which("prosodyctl")
        if program is None:
            raise ServerError("Prosody is not installed: run `apt install prosody`")
        by_shell = ("shell", "invite", "create_account", self.domain)  # Prosody 13; those before have the other
        told = ""
        for command in (("mod_invites", "generate", self.domain), by_shell):
            process = await asyncio.create_subprocess_exec(
                *(program, "--config", str(self.folder / "prosody.cfg.lua"), *command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            out, _ = await process.communicate()
            told += out.decode()
            if links := re.findall(r"xmpp:\S+", out.decode()):
                return str(links[-1])
        raise ServerError(f"prosodyctl made no invitation: {told}")

    def invite(self, *, name: str = "", inviter: str = "", seconds: float = 3600) -> str:
        """A link that is good for so long, to an account of that name, or to one whose first contact is `inviter`.

        Kept as mod_invites keeps them: prosodyctl makes none of these.
        """
        token = secrets.token_urlsafe(12)
        kind, local = ("roster", inviter) if inviter else ("register", name)
        jid = f"{local}@{self.domain}" if local else self.domain
        link = f"xmpp:{jid}?{kind};preauth={token}" + (";ibr=y" if inviter else "")
        expires = int(time.time() + seconds)
        facts = {"type": kind, "jid": jid, "token": token, "uri": link}
        entry = "".join(f'{key} = "{value}"; ' for key, value in facts.items())
        entry += f"allow_registration = true; created_at = {expires - 3600}; expires = {expires};"
        host = self.folder / "data" / self.domain
        _add(host / "invite_token.dat", token, f"{{ {entry} }}")
        if inviter:
            (host / "invite_token").mkdir(exist_ok=True)
            _add(host / "invite_token" / f"{inviter}.dat", token, str(expires))
        return link

    def accounts(self) -> set[str]:
        """User names."""
        return {path.stem for path in (self.folder / "data" / self.domain / "accounts").glob("*.dat")}

    def _config(self) -> str:
        modules = {
            "invited": '"admin_shell"; "invites"; "invites_register"; "register_ibr"',
            "open": '"register_ibr"',
            "closed": "",
        }
        invited = "true" if self._registration == "invited" else "false"
        return (
            f"{super()._config()}  modules_enabled = {{ {modules[self._registration]} }}\n"
            f"  allow_registration = true\n  registration_invite_only = {invited}\n"
        )


def _add(path: Path, token: str, value: str) -> None:
    """One more entry of a map store (util.datamanager's format)."""
    there = path.read_text() if path.exists() else "return {\n};\n"
    path.write_text(there.replace("\n};", f'\n  ["{token}"] = {value};\n}};'))
