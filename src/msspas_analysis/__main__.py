"""``python -m msspas_analysis``: the same as the command ``msspas``."""

from __future__ import annotations

import sys

from msspas_analysis.cli import main

if __name__ == "__main__":
    sys.exit(main())
