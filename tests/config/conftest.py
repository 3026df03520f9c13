import textwrap

import pytest

from phone.config import load
from phone.errors import ConfigError


@pytest.fixture
def write(tmp_path):
    """Write a config file; its path."""

    def write_(text: str, mode: int = 0o600):
        path = tmp_path / "phone.toml"
        path.write_text(textwrap.dedent(text))
        path.chmod(mode)
        return path

    return write_


@pytest.fixture
def faults(write):
    """The error lines for a config text, without the folder's name."""

    def faults_(text: str) -> list[str]:
        path = write(text)
        with pytest.raises(ConfigError) as raised:
            load(path)
        return [line.replace(f"{path.parent}/", "") for line in str(raised.value).splitlines()]

    return faults_
