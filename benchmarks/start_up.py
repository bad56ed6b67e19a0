"""How long ``msspas --help`` takes, as a multiple of starting Python and doing nothing.

Run it with the Python of the environment: ``python benchmarks/start_up.py [RUNS]``. The two are
timed in turn, and the fastest of each counts: what else the computer does can only slow a run.
"""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import time
from pathlib import Path


def script() -> Path:
    """Return where the command ``msspas`` of this environment is installed."""
    return Path(sysconfig.get_path("scripts")) / (
        "msspas.exe" if sys.platform == "win32" else "msspas"
    )


def seconds(command: list[str]) -> float:
    """Return how long one run takes."""
    begin = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begin


def ratio(runs: int) -> tuple[float, float, float]:
    """Return the ratio, and the seconds of Python alone and of the command."""
    nothing = [sys.executable, "-c", "pass"]
    command = [str(script()), "--help"]
    pairs = [(seconds(nothing), seconds(command)) for _ in range(runs + 1)]
    alone, whole = (min(times) for times in zip(*pairs[1:], strict=True))
    return whole / alone, alone, whole


if __name__ == "__main__":
    times, alone, whole = ratio(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
    print(f"msspas --help takes {times:.1f} times as long as python -c pass")
    print(f"({1000 * whole:.0f} ms against {1000 * alone:.0f} ms)")
