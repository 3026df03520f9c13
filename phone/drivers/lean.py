"""Import gpiozero without importlib.metadata, and the email parser, archives and tables that it brings: 30 files, which
a dial tone would wait for. gpiozero asks it who makes pins where nobody says so, and for its fonts; the phone says so,
and has its own.

Import this before gpiozero.
"""

from __future__ import annotations

from phone.hollow import hollow


def _nobody() -> tuple[()]:
    """Other packages' pin factories."""
    return ()


with hollow("importlib_metadata", entry_points=_nobody), hollow("importlib_resources"):
    import gpiozero  # noqa: F401
