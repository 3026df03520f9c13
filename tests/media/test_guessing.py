"""Who knows the state of Python's own dice can guess nothing that protects a call, in our part or the libraries'."""

from __future__ import annotations

import random
import uuid

import aioice
from aioice.stun import Class, Message, Method

from phone.media.dtls import Certificate
from phone.media.outward import Outward


async def rolled() -> dict[str, object]:
    """With loaded dice."""
    random.seed(5)
    ice = aioice.Connection(ice_controlling=True)
    sender = Outward("leg").sender
    return {
        "ufrag": ice.local_username,
        "pwd": ice.local_password,
        "tie-breaker": ice._tie_breaker,
        "transaction": Message(Method.BINDING, Class.REQUEST).transaction_id,
        "ssrc": sender.ssrc,
        "sequence and timestamp": (sender.sequence, sender.timestamp),
        "fingerprint": Certificate().fingerprint,
        "session id": str(uuid.uuid4()),
    }


async def test_loaded_dice_tell_nothing() -> None:
    first, second = await rolled(), await rolled()
    assert [name for name in first if first[name] == second[name]] == []
