"""What the sound process has used once stays in memory: reading it from a slow card again would be heard."""

from __future__ import annotations

import ctypes
import logging
import os
import resource

log = logging.getLogger(__name__)

# mlockall(2)
_MCL_CURRENT = 1
_MCL_FUTURE = 2
_MCL_ONFAULT = 4
"""Pages are kept from their first use on: nothing is brought in that was never needed."""


def lock_memory() -> bool:
    """Where there is no limit (LimitMEMLOCK of the unit): a limit counts what is only reserved, too, and each new
    mapping beyond it would fail. True if it is done.
    """
    soft, _ = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    if soft != resource.RLIM_INFINITY:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mlockall(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT) == 0:
        return True
    log.info("memory is not locked (%s): voice may stutter when memory is short", os.strerror(ctypes.get_errno()))
    return False
