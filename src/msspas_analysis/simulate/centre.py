"""The example data: an invented therapy centre's workbook, tidy and as they really look.

``python -m msspas_analysis.simulate.centre FOLDER`` writes the example data of the project into
FOLDER again: the same people, the same cells.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import sys
from collections.abc import Sequence
from dataclasses import fields
from importlib.metadata import version
from pathlib import Path
from typing import Final

import pandas as pd

from msspas_analysis.simulate.diary import SimulatedDiary, simulate_diary
from msspas_analysis.simulate.files import readable_json, write_csv
from msspas_analysis.simulate.realism import provenance
from msspas_analysis.simulate.scenario import DiaryScenario
from msspas_analysis.simulate.workbook import (
    CENTRE_NAME,
    emphasise,
    empty_book,
    put_row,
    save,
    write_assessments,
    write_messy_workbook,
)

__all__ = ["CENTRE", "SEED", "regenerate", "write_clean_workbook", "write_messy_workbook"]

CENTRE: Final = DiaryScenario(
    n_people=46,
    baseline_days=14,
    followup_days=49,
    therapies=(
        ("TENS", 14),
        ("physiotherapy", 14),
        ("reflexology", 8),
        ("oxygen + reflexology", 6),
        ("massage + TENS", 4),
    ),
    uncountable_above=None,
    start=dt.date(2025, 9, 1),
    recruitment_days=20,
    code_prefix="WM",
)
"""The world behind the example workbooks; no therapy changes anything in it."""

SEED: Final = 20250901
"""Seed of the example data."""

CLEAN_HEADINGS: Final[dict[str, tuple[str, ...]]] = {
    "People": (
        "Client code", "Age band", "Sex", "Type of MS", "PDDS", "Therapy", "First session",
        "OK to use for evaluation?",
    ),
    "Diary": (
        "Client code", "Date", "Stiffness 0-10", "Spasms today (number)", "Pain 0-10",
        "Sleep disruption 0-10", "Fatigue 0-10", "Falls today (number)",
        "Missed tablets (yes/no)", "Triggers",
    ),
    "Sessions": ("Client code", "Date", "Therapy", "Attended"),
    "Unwanted effects": ("Client code", "Date", "What", "How bad"),
    "Feedback": (
        "Client code", "Date", "Overall change 1-7 (1 = very much better)", "Satisfaction 1-5",
        "Recommend (yes/no)",
    ),
}  # fmt: skip
"""Sheets and headings of the clean workbook, those of the blank diary workbook."""


def write_clean_workbook(sim: SimulatedDiary, path: Path) -> Path:
    """Write the observed tables as a tidy workbook: one fact a cell, no oddity.

    Parameters
    ----------
    sim : SimulatedDiary
        From :func:`msspas_analysis.simulate.diary.simulate_diary`.
    path : pathlib.Path
        File to write; an old one is replaced.

    Returns
    -------
    pathlib.Path
        The same path. Modified Ashworth and Penn scores stand in a sheet "Before and after". A
        count known only as a lower limit is written like ``26+``.
    """
    t = sim.tables
    ticked = t.triggers.groupby(["person_id", "date"])["trigger"].agg(", ".join)
    diary = t.diary.set_index(["person_id", "date"], drop=False)
    diary["triggers"] = ticked.reindex(diary.index)
    least = diary["spasm_count_low"].map(lambda n: f"{n:.0f}+", na_action="ignore")
    diary["spasm_count"] = diary["spasm_count"].astype(object).where(least.isna(), least)
    columns: dict[str, tuple[pd.DataFrame, Sequence[str]]] = {
        "People": (t.people, ("person_id", "age_band", "sex", "ms_type", "pdds", "therapy",
                              "first_session", "consent")),
        "Diary": (diary, ("person_id", "date", "stiffness", "spasm_count", "pain",
                          "sleep_disruption", "fatigue", "falls", "missed_medication",
                          "triggers")),
        "Sessions": (t.sessions, ("person_id", "date", "therapy", "attendance")),
        "Unwanted effects": (t.adverse_events, ("person_id", "date", "event", "severity")),
        "Feedback": (t.survey, ("person_id", "date", "global_impression", "satisfaction",
                                "recommend")),
    }  # fmt: skip
    book = empty_book()
    for name, (frame, wanted) in columns.items():
        sheet = book.create_sheet(name)
        sheet.append(CLEAN_HEADINGS[name])
        emphasise(sheet, 1)
        for row in frame[list(wanted)].itertuples(index=False):
            put_row(sheet, sheet.max_row + 1, row)
        sheet.freeze_panes = "A2"
    sheet = book.create_sheet("Before and after")
    write_assessments(sheet, sim, "Client code", 1)
    return save(book, path)


def regenerate(folder: Path) -> list[Path]:
    """Write the example data of the project into `folder`: two workbooks, two tables, a sidecar.

    Parameters
    ----------
    folder : pathlib.Path
        Made if it is not there; files of the same names are replaced.

    Returns
    -------
    list of pathlib.Path
        The files written; the last is ``centre.json``, with the scenario, the status of each
        number in it, the seed, the versions used and the SHA-256 of each other file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sim = simulate_diary(CENTRE, seed=SEED)
    truth = write_messy_workbook(sim, folder / "centre_messy.xlsx", seed=SEED)
    (folder / "centre_messy.truth.json").write_bytes(readable_json(truth))
    write_clean_workbook(sim, folder / "centre_clean.xlsx")
    for name, table in (("people", sim.tables.people), ("diary", sim.tables.diary)):
        write_csv(table, folder / f"centre_clean_{name}.csv")
    names = ("centre_messy.xlsx", "centre_messy.truth.json", "centre_clean.xlsx",
             "centre_clean_diary.csv", "centre_clean_people.csv")  # fmt: skip
    status = provenance(CENTRE).set_index("field")["status"].to_dict()
    sidecar = {
        "about": f"{CENTRE_NAME}: how these files were made",
        "seed": SEED,
        "versions": {name: version(name) for name in ("msspas-analysis", "numpy", "openpyxl")},
        "scenario": {
            f.name: {"value": getattr(CENTRE, f.name), "status": status[f.name]}
            for f in fields(CENTRE)
        },
        "sha256": {
            name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names
        },
    }
    (folder / "centre.json").write_bytes(readable_json(sidecar))
    return [folder / name for name in (*names, "centre.json")]


def main(argv: Sequence[str]) -> int:
    """Write the example data into the folder named on the command line."""
    if len(argv) != 1:
        sys.stderr.write("usage: python -m msspas_analysis.simulate.centre FOLDER\n")
        return 2
    for path in regenerate(Path(argv[0])):
        sys.stdout.write(f"wrote {path}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
