"""`phone` as a far end that knows less: it neither tells nor takes what it lacks.

usage: python lesser.py transfer,opus ARGUMENTS-OF-PHONE
"""

from __future__ import annotations

import sys

from phone import app
from phone.cli.main import main
from phone.jingle import negotiate
from phone.jingle.elements import TRANSFER

if __name__ == "__main__":
    lacks = sys.argv[1].split(",")
    if "transfer" in lacks:
        app.FEATURES = tuple(feature for feature in app.FEATURES if feature != TRANSFER)
    if "opus" in lacks:
        negotiate.OFFER = tuple(payload for payload in negotiate.OFFER if payload is not negotiate.OPUS)
    sys.exit(main(sys.argv[2:]))
