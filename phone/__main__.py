"""`python -m phone` is `phone`."""

from __future__ import annotations

import sys

from phone.cli.main import main

sys.exit(main())
