"""What the private servers offer besides accounts: a place for an external component, web space, delegation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from phone.demo.certificates import KeyPair
from phone.demo.prosody import PrivateProsody, free_ports


@dataclass(frozen=True)
class Services:
    """Of one server; ports on loopback. The web space is https://localhost:`web_port`/."""

    component: str = "vm.localhost"
    secret: str = "s3cret"
    component_port: int = field(default_factory=lambda: free_ports(1)[0])
    web_port: int = field(default_factory=lambda: free_ports(1)[0])
    most: int = 100_000
    """Bytes of an uploaded file."""
    delegate: str | None = None
    """A namespace that ejabberd leaves to the component (XEP-0355)."""
    plugins: tuple[str, ...] = ()
    """More modules for Prosody's host."""
    plugin_folder: Path | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    """Of Prosody's host: names and values as its config writes them."""

    @property
    def ports(self) -> list[int]:
        return [self.component_port, self.web_port]


class ServicesProsody(PrivateProsody):
    """Prosody with a component's place and mod_http_file_share."""

    def __init__(self, folder: Path, users: Mapping[str, str], services: Services, **arguments: Any) -> None:
        super().__init__(folder, users, **arguments)
        self.services = services

    def _ports(self) -> list[int]:
        return [*super()._ports(), *self.services.ports]

    def _config(self) -> str:
        # Prosody's reader fails over an option that is set twice.
        closed, opened = "https_ports = {}", f"https_ports = {{ {self.services.web_port} }}"
        plain = super()._config()
        assert closed in plain
        return plain.replace(closed, opened) + _prosody(self.services, self.domain, self._certificate)


def ejabberd_listeners(services: Services) -> str:
    """Lines of the `listen` section."""
    return _EJABBERD_LISTEN.format(s=services)


def ejabberd_modules(services: Services, domain: str) -> str:
    """Lines of the `modules` section, then sections of their own."""
    delegation = ""
    if services.delegate:
        delegation = _EJABBERD_DELEGATION.format(s=services)
    return _EJABBERD_MODULES.format(s=services, domain=domain, delegation=delegation)


def _prosody(services: Services, domain: str, certificate: KeyPair) -> str:
    plugins = "".join(f'"{each}"; ' for each in services.plugins)
    options = "".join(f"  {name} = {value}\n" for name, value in services.options.items())
    paths = f'plugin_paths = {{ "{services.plugin_folder}" }}\n' if services.plugin_folder else ""
    return _PROSODY.format(
        s=services, domain=domain, certificate=certificate, plugins=plugins, options=options, paths=paths
    )


_PROSODY = """\
  modules_enabled = {{ {plugins}}}
{options}
Component "{s.component}" {{ component_secret = "{s.secret}" }}
Component "upload.{domain}" "http_file_share" {{
  http_host = "{domain}";
  http_external_url = "https://localhost:{s.web_port}/";
  http_file_share_access = {{ "{domain}", "{s.component}" }}; -- Prosody 13 lets accounts alone by default
  http_file_share_size_limit = {s.most};
  http_file_share_daily_quota = {s.most} * 20;
}}
-- a block's end leads back to what holds for all
{paths}\
component_ports = {{ {s.component_port} }}
component_interfaces = {{ "127.0.0.1" }}
https_interfaces = {{ "127.0.0.1" }}
https_ssl = {{ certificate = "{certificate.certificate}"; key = "{certificate.key}" }}
"""

_EJABBERD_LISTEN = """\
  - port: {s.component_port}
    ip: "127.0.0.1"
    module: ejabberd_service
    shaper: none
    hosts: {{"{s.component}": {{password: "{s.secret}"}}}}
  - port: {s.web_port}
    ip: "127.0.0.1"
    module: ejabberd_http
    tls: true
    request_handlers: {{/upload: mod_http_upload}}
"""

_EJABBERD_MODULES = """\
  mod_http_upload:
    access: uploaders
    put_url: "https://localhost:{s.web_port}/upload"
    docroot: "@HOME@/upload"
    max_size: {s.most}
{delegation}\
acl:
  accounts: {{server: "{domain}"}}
  component: {{server: "{s.component}"}}
access_rules:
  uploaders: [{{allow: accounts}}, {{allow: component}}]
  component: {{allow: component}}
"""

_EJABBERD_DELEGATION = """\
  mod_delegation:
    namespaces: {{"{s.delegate}": {{access: component}}}}
"""
