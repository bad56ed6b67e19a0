"""A diary of 130,000 people and 365 days: the time beside that of reading it, and the memory.

    python benchmarks/large_diary.py [--people 130000] [--per-file 2000] [--days-written all]

Diaries of so many people a file are drawn once and written again and again under new codes, into a
temporary folder. ``all`` writes a row for every day of the 365, empty where the diary was not filled
in: 47 million rows. ``filled`` writes filled-in days only, ``full`` lets everybody fill in every day.
Each time is of one run in a fresh process, the files having been read once before; the memory is the
most that process ever held (resident). Reading is ``pyarrow.parquet.read_table`` of the same three
columns, file by file; both use as many threads as pyarrow does.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

COLUMNS = ["person_id", "date", "stiffness"]
DAYS, BASELINE = 365, 14


def make(folder: Path, people: int, per_file: int, written: str) -> int:
    """Write the diary and return how many rows it has."""
    from msspas_analysis.simulate.days import simulate_ratings
    from msspas_analysis.simulate.scenario import DiaryScenario

    world = DiaryScenario(n_people=per_file, baseline_days=BASELINE, followup_days=DAYS - BASELINE,
                          entry_rating=4)  # fmt: skip
    drawn = simulate_ratings(world, seed=1, replicates=1)
    ratings = drawn.seen[0]
    if written == "full":
        usual = np.rint(np.nanmedian(ratings, axis=1))[:, None]
        ratings = np.where(np.isnan(ratings), usual, ratings)
    rows = np.full(ratings.shape, True) if written != "filled" else ~np.isnan(ratings)
    start = 20_500 + np.random.default_rng(1).integers(0, 200, per_file)
    who, day = np.nonzero(rows)
    date = pa.array((start[who] + day).astype(np.int32)).cast(pa.date32())
    stiffness = pa.array(ratings[rows], from_pandas=True)
    total = 0
    for number, first in enumerate(range(0, people, per_file)):
        ids = [f"P{first + i:07d}" for i in range(per_file)]
        codes = pa.DictionaryArray.from_arrays(pa.array(who.astype(np.int32)), pa.array(ids))
        diary = pa.table([codes, date, stiffness, stiffness], names=[*COLUMNS, "pain"])
        table = pa.table({
            "person_id": ids, "diary_start": pa.array(start.astype(np.int32)).cast(pa.date32()),
            "first_session": pa.array((start + BASELINE).astype(np.int32)).cast(pa.date32()),
        })  # fmt: skip
        pq.write_table(diary, folder / f"diary-{number:05d}.parquet", compression="zstd")
        pq.write_table(table, folder / f"people-{number:05d}.parquet", compression="zstd")
        total += len(diary)
    return total


def read(folder: Path, *, threads: bool = True) -> int:
    """Read the columns and drop them."""
    return sum(len(pq.read_table(path, columns=COLUMNS, use_threads=threads))
               for path in sorted(folder.glob("diary-*.parquet")))  # fmt: skip


def read_alone(folder: Path) -> int:
    """Read the columns with one thread."""
    return read(folder, threads=False)


def summarise(folder: Path) -> int:
    """Sum up."""
    from msspas_analysis.certify.large.large_diary import summarise_large_diary

    return summarise_large_diary(folder).counts["rows"]


def with_features(folder: Path) -> int:
    """Sum up, and put the features of the whole diary together."""
    from msspas_analysis.certify.large.large_diary import summarise_large_diary

    return len(summarise_large_diary(folder).features)


def with_contrast(folder: Path) -> int:
    """Sum up, and say of everybody what was to be expected without treatment."""
    from msspas_analysis.certify.large.large_diary import summarise_large_diary

    return len(summarise_large_diary(folder).contrast().change)


JOBS: dict[str, Callable[[Path], int]] = {
    "read": read, "read, one thread": read_alone, "summary": summarise,
    "summary, features": with_features, "summary, contrast": with_contrast,
}  # fmt: skip


def measured(job: str, folder: Path) -> tuple[float, float, float]:
    """Return seconds, seconds of processor and most MB of a job in a fresh process."""
    command = [sys.executable, __file__, "--job", job, "--folder", str(folder)]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return float(out[0]), float(out[1]), float(out[2])


def main() -> None:
    """Measure and print."""
    ask = argparse.ArgumentParser()
    ask.add_argument("--people", type=int, default=130_000)
    ask.add_argument("--per-file", type=int, default=2000)
    ask.add_argument("--days-written", choices=("all", "filled", "full"), default="all")
    ask.add_argument("--times", type=int, default=3)
    ask.add_argument("--job", choices=tuple(JOBS), help=argparse.SUPPRESS)
    ask.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    told = ask.parse_args()
    if told.job:
        import msspas_analysis.certify.large.large_diary  # noqa: F401 (so that it is not timed)

        start, busy = time.perf_counter(), time.process_time()
        JOBS[told.job](told.folder)
        took = time.perf_counter() - start, time.process_time() - busy
        print(*took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
        return
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        start = time.perf_counter()
        rows = make(folder, told.people, told.per_file, told.days_written)
        size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
        print(f"{told.people:,} people, {rows:,} rows, {size:,.0f} MB, "
              f"written in {time.perf_counter() - start:.0f} s")  # fmt: skip
        read(folder)
        for time_of in range(told.times):
            print(f"run {time_of + 1}")
            base = measured("read", folder)
            for job in JOBS:
                took = base if job == "read" else measured(job, folder)
                print(f"  {job:<19}{took[0]:7.2f} s  {took[0] / base[0]:5.2f} x   processor "
                      f"{took[1]:6.2f} s  {took[1] / base[1]:5.2f} x   {took[2]:6,.0f} MB")  # fmt: skip


if __name__ == "__main__":
    main()
