"""`phone` as a far end that has never heard of XEP-0251: started as `PYTHON -m phone ...`, it says so to nobody.

Run by `Desk.launcher`: python phone_without_transfer.py PYTHON -m phone ARGUMENTS
"""

from __future__ import annotations

import sys

from phone.cli.main import main
from phone.jingle import elements

if __name__ == "__main__":
    elements.FEATURES = tuple(each for each in elements.FEATURES if each != elements.TRANSFER)
    sys.exit(main(sys.argv[4:]))
