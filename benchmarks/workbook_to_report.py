"""How long a messy workbook takes to become a page, cold, and what of it is our own code.

Run ``python benchmarks/workbook_to_report.py [FILE]``. Each run is a process of its own. The limit
is the time Python needs to import what the job uses and to open the workbook once; the rest is ours.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

MESSY = Path(__file__).parents[1] / "data" / "synthetic" / "centre_messy.xlsx"
IMPORTS = (
    "import pandas, openpyxl, scipy.stats, matplotlib.figure, matplotlib.backends.backend_agg, "
    "jinja2, pandera.pandas, python_calamine"
)


def seconds(*command: str) -> float:
    """Return the shortest of three runs of a command, in seconds."""
    runs = []
    for _ in range(3):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        runs.append(time.perf_counter() - start)
    return min(runs)


def main() -> None:
    """Print the seconds of the whole job, of its imports, and of what is left."""
    file = sys.argv[1] if len(sys.argv) > 1 else str(MESSY)
    python = sys.executable
    with tempfile.TemporaryDirectory() as folder:
        page = str(Path(folder) / "report.html")
        nothing = seconds(python, "-c", "pass")
        imports = seconds(python, "-c", IMPORTS)
        opening = seconds(python, "-c", f"{IMPORTS}; openpyxl.load_workbook({file!r})")
        check = seconds(python, "-m", "msspas_analysis", "check", file, "--out", folder)
        whole = seconds(python, "-m", "msspas_analysis", "report", file, "--out", page)
    print(f"{'':44}{'seconds':>9}{'x imports':>11}")
    for name, value in (
        ("python -c pass", nothing),
        ("imports only", imports),
        ("imports, and the workbook opened once", opening),
        ("msspas check", check),
        ("msspas report (check included)", whole),
        ("msspas report less imports: our own part", whole - imports),
    ):
        print(f"{name:44}{value:9.2f}{value / imports:11.1f}")
    print("wanted: the report in at most 10 s, our own part in at most 3 s")


if __name__ == "__main__":
    main()
