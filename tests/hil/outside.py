"""The world outside of a virtual Pi: an XMPP server that listens on its cable's hub, and phones beside that."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from hil.lan import HUB
from journeys.passing_on import ALLOW

from phone.demo.prosody import PrivateProsody
from phone.demo.stage import NUMBERS, Desk, desk, registered

_LOOPBACK = "127.0.0.1"
_PREFERRED = ("sh", "-c", '(echo -15 >/proc/self/autogroup) 2>/dev/null; exec "$@"', "sh")
"""As the virtual Pi: what is heard at both ends shall not depend on what else this machine does."""


class HubProsody(PrivateProsody):
    """Also on the hub, which must be there: a cable was laid."""

    def _config(self) -> str:
        own = f'interfaces = {{ "{_LOOPBACK}" }}'
        return super()._config().replace(own, f'interfaces = {{ "{_LOOPBACK}", "{HUB}" }}')

    @property
    def address(self) -> str:
        """For [account] server."""
        return f"{HUB}:{self.port}"


@asynccontextmanager
async def neighbour(folder: Path, name: str, password: str, server: PrivateProsody) -> AsyncIterator[Desk]:
    """A registered simulated phone whose voice goes over the hub."""

    def edit(config: str) -> str:
        return config.replace(f'addresses = ["{_LOOPBACK}"]', f'addresses = ["{HUB}"]') + ALLOW

    async with desk(folder, name, password, server, edit, launcher=_PREFERRED) as made:
        await registered(made)
        yield made


def config_of(name: str, password: str, server: HubProsody, more: str = "") -> Mapping[str, str]:
    """Path -> text: what makes the phone on a virtual Pi that person's, a copy of the reference build whose card is a
    loopback.
    """
    short = "\n".join(f'"{number}" = "{who}@{server.domain}"' for who, number in NUMBERS.items())
    text = f"""\
country = "de"

[account]
jid = "{name}@{server.domain}"
password = "{password}"
server = "{server.address}"
ca_file = "ca.pem"

[dial]
digit_map = "20x"
inter_digit_seconds = 30

[dial.short]
{short}

[hardware]
profile = "./desk.toml"
{more}"""
    files = {"phone.toml": text, "ca.pem": server.ca_file.read_text()}
    return {f"/etc/phone/{file}": content for file, content in files.items()}
