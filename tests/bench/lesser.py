"""`phone` as a far end that knows less: it neither tells nor takes what it lacks.

usage: python lesser.py transfer,opus ARGUMENTS-OF-PHONE
"""

from __future__ import annotations

import sys

from phone.cli.main import main
from phone.jingle import elements, negotiate

if __name__ == "__main__":
    lacks = sys.argv[1].split(",")
    if "transfer" in lacks:
        elements.FEATURES = tuple(each for each in elements.FEATURES if each != elements.TRANSFER)
    if "opus" in lacks:
        negotiate.OFFER = tuple(payload for payload in negotiate.OFFER if payload is not negotiate.OPUS)
    sys.exit(main(sys.argv[2:]))
