"""Call ids without IO: unguessable to others, repeatable in tests."""

from __future__ import annotations

import hashlib
import uuid

from phone.calls.frozen import replace
from phone.calls.model import CallId, IdSource


def next_id(source: IdSource) -> tuple[CallId, IdSource]:
    """The next id, a UUIDv4 text (RFC 9562 section 5.4) from SHA-256(secret || counter), and the source after it."""
    digest = hashlib.sha256(source.secret + source.used.to_bytes(8, "big")).digest()
    call_id = CallId(str(uuid.UUID(bytes=digest[:16], version=4)))
    return call_id, replace(source, used=source.used + 1)
