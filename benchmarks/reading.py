"""How long a long list takes to be checked, beside reading it with pandas and doing nothing.

Run ``python benchmarks/reading.py``. It writes a clean CSV of 1,000,000 days (20,000 people), then
measures, each in a process of its own: pandas reading it as text (the limit: nobody can check what
has not been read), `read_workbook`, and `read_workbook` with every output written.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROWS = 1_000_000
LIMIT_SECONDS, LIMIT_GIGABYTES = 10.0, 2.0
TAIL = """
import resource, sys
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform != "darwin" else 1e9)
print(time.perf_counter() - start, peak)
"""
JOBS = {
    "pandas.read_csv, as text": """
import time; start = time.perf_counter()
import pandas as pd
pd.read_csv({path!r}, dtype=str, keep_default_na=False)
""",
    "read_workbook": """
import time; start = time.perf_counter()
from msspas_analysis.ingest import read_workbook
assert read_workbook({path!r}).tally.set_aside == 0
""",
    "msspas check, all written": """
import time; start = time.perf_counter()
from msspas_analysis.ingest import read_workbook, write_intake
write_intake(read_workbook({path!r}), {path!r}, {out!r})
""",
}


def write_list(path: Path) -> None:
    """Write a clean list: 50 days each, ratings that differ from day to day."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(1)
    people = ROWS // 50
    days = pd.date_range("2026-01-01", periods=50).strftime("%Y-%m-%d").to_numpy()
    level = np.repeat(rng.normal(4, 3, people), 50)
    pd.DataFrame({
        "client": np.repeat([f"C{i:05d}" for i in range(people)], 50),
        "date": np.tile(days, people),
        "stiffness 0-10": np.clip(np.rint(level + rng.normal(0, 1.5, ROWS)), 0, 10).astype(int),
        "spasms today": rng.poisson(3, ROWS),
        "pain 0-10": rng.integers(0, 11, ROWS),
        "sleep disruption 0-10": rng.integers(0, 11, ROWS),
    }).to_csv(path, index=False)  # fmt: skip


def main() -> None:
    """Print seconds, the ratio to the limit, and peak memory of each job."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.csv"
        write_list(path)
        base = None
        print(f"{ROWS:,} rows, 6 columns, {path.stat().st_size / 1e6:.0f} MB")
        print(f"{'':28}{'seconds':>9}{'x pandas':>10}{'GB':>6}")
        for name, job in JOBS.items():
            code = job.format(path=str(path), out=str(Path(folder) / "out")) + TAIL
            runs = [
                subprocess.run(
                    [sys.executable, "-c", code], capture_output=True, text=True, check=True
                )
                for _ in range(3)
            ]
            seconds, peak = min(tuple(map(float, r.stdout.split())) for r in runs)
            base = base or seconds
            print(f"{name:28}{seconds:9.2f}{seconds / base:10.1f}{peak:6.2f}")
        print(f"wanted: at most {LIMIT_SECONDS:g} s and {LIMIT_GIGABYTES:g} GB for the last line")


if __name__ == "__main__":
    main()
