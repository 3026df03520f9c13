"""The SSH keys that may provision: a file like sshd's authorized_keys, sshd(8), of plain keys alone."""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct

from phone.provision.errors import UnfitInputError

_KINDS = (
    *("ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
    *("sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"),
)
MOST_BYTES = 65536


def check(data: bytes) -> None:
    """Raises UnfitInputError with a line for each fault. No keys at all would lock everybody out."""
    if len(data) > MOST_BYTES:
        raise UnfitInputError(f"authorized_keys: has {len(data)} bytes: at most {MOST_BYTES}")
    lines = list(_lines(data))
    faults = [f"authorized_keys:{number}: {wrong}" for number, line in lines if (wrong := _fault(line))]
    if not lines:
        faults = ["authorized_keys: has no key: nobody could provision this phone any more"]
    if faults:
        raise UnfitInputError("\n".join(faults))


def listed(data: bytes | None) -> dict[str, str]:
    """Fingerprint -> comment, of the lines that are keys."""
    found = {}
    for _, line in _lines(data or b""):
        if _fault(line) is None:
            _, blob, *comment = line.split(maxsplit=2)
            found[fingerprint(blob)] = comment[0] if comment else ""
    return found


def fingerprint(blob: str) -> str:
    """As `ssh-keygen -l` shows it, of a key in base64. Raises binascii.Error."""
    digest = hashlib.sha256(base64.b64decode(blob, validate=True)).digest()
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def _lines(data: bytes) -> list[tuple[int, str]]:
    text = data.decode(errors="replace")
    stripped = ((number, line.strip()) for number, line in enumerate(text.split("\n"), 1))
    return [(number, line) for number, line in stripped if line and not line.startswith("#")]


def _fault(line: str) -> str | None:
    kind, *rest = line.split(maxsplit=2)
    if not line.isprintable():
        return "has characters that no key has"
    if kind not in _KINDS or not rest:
        return f"is no plain public key: one of {', '.join(_KINDS)}, its base64, a comment; options are not taken"
    try:
        blob = base64.b64decode(rest[0], validate=True)
        (length,) = struct.unpack_from(">I", blob)  # RFC 4253 section 6.6
    except (binascii.Error, struct.error):
        return "is cut off: its base64 is not whole"
    return None if blob[4 : 4 + length] == kind.encode() and len(blob) > 4 + length else f"is no key of kind {kind}"
