"""What `check` leaves behind: tidy CSV files, the ledger, the annotated workbook, the questions."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from msspas_analysis.ingest.annotate import Kind, Mark, annotate_values, annotate_workbook
from msspas_analysis.ingest.intake import Intake
from msspas_analysis.ingest.rules import FILE_NAME
from msspas_analysis.ingest.sheets import SourceFile, filled, read_source
from msspas_analysis.tables import SCHEMAS

MOST_ROWS: Final = 50_000
"""A sheet longer than this is not annotated."""
NOTE_NAME: Final = "CLIENT DATA - DO NOT SEND.txt"
_NOTE: Final = """\
CLIENT DATA: DO NOT SEND

The files in this folder hold one line per person and day. The codes in them still stand for
people: whoever has the list of codes and names can tell who they are, and so may somebody who
knows them. Keep this folder on the computer it was made on, and keep the list of codes elsewhere.

What may be sent is the report (report.html) and the numbers beside it (results.csv): they speak of
groups only.

diary.csv, people.csv and the other tables
    what was read, one fact a cell; a value in question is empty
ledger.csv
    every cell that was changed, kept with a flag, questioned, set aside or hidden, with the reason
annotated.xlsx
    your own workbook with a comment on each cell in question; correct it in your original
questions.txt
    the questions, and how to answer each once for all in a rules file
"""
_SKIPPED: Final = re.compile(
    r"^(spaces removed|merged cells|one of \d+ like|there is a comment|this row was hidden|"
    r"as your rules file|read as your rules)"
)


def write_intake(intake: Intake, source_path: str | Path, out_dir: str | Path) -> list[Path]:
    """Write everything that was read and decided into a folder.

    Parameters
    ----------
    intake : Intake
        What :func:`~msspas_analysis.ingest.read_workbook` returned for `source_path`.
    source_path : str or pathlib.Path
        The file itself, for the annotated copy.
    out_dir : str or pathlib.Path
        Made if it is not there. Files of the same names are replaced, all or none.

    Returns
    -------
    list of pathlib.Path
        The files written: a CSV for each table that holds anything (diary and people always),
        ``ledger.csv``, ``annotated.xlsx`` (none above :data:`MOST_ROWS` rows), ``questions.txt``
        and the note that says this is client data.
    """
    out = Path(out_dir)
    out.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=".part-", dir=out))
    try:
        for name in SCHEMAS:
            frame = intake.tables[name]
            if len(frame) or name in ("diary", "people"):
                _write_csv(frame, part / f"{name}.csv")
        safe = intake.ledger.assign(raw=intake.ledger["raw"].map(_harmless))
        safe.to_csv(part / "ledger.csv", index=False, encoding="utf-8", lineterminator="\n")
        (part / "questions.txt").write_text(_questions(intake), encoding="utf-8")
        (part / NOTE_NAME).write_text(_NOTE, encoding="utf-8")
        _annotate(intake, Path(source_path), part / "annotated.xlsx")
        written = []
        for file in sorted(part.iterdir()):
            file.replace(out / file.name)
            written.append(out / file.name)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return written


def _write_csv(frame: pd.DataFrame, path: Path) -> None:
    shown = frame.copy()
    for name in shown.columns:
        values = shown[name]
        if values.dtype.kind == "M":
            days, codes = np.unique(values.to_numpy("datetime64[D]"), return_inverse=True)
            text = np.where(np.isnat(days), "", days.astype(str)).astype(object)
            shown[name] = text[codes]
        elif values.dtype.kind == "f":
            numbers, codes = np.unique(values.to_numpy(), return_inverse=True)
            text = np.array(["" if np.isnan(v) else f"{v:g}" for v in numbers], dtype=object)
            shown[name] = text[codes]
    shown.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")


def _harmless(raw: str) -> str:
    """Keep a spreadsheet from running what a cell says when the ledger is opened in it."""
    return f"'{raw}" if re.match(r"^(=|@|[+-]\s*[A-Za-z(])", raw) else raw


def _questions(intake: Intake) -> str:
    lines = [
        "QUESTIONS",
        "",
        f"{intake.tally.questions} cells wait for an answer ({intake.tally.asks} different questions).",
        "A cell that is wrong: correct it in your own workbook and run the check again.",
        "A habit of your files (what x means, what a heading means): write it once into a file called",
        f"{FILE_NAME} beside your workbook, and every later export is read that way. It may hold:",
        "",
        "    [columns]",
        '    "Sleep 0-10" = "sleep_disruption"        # or "ignore"',
        '    [words."Missed tablets?"]',
        '    "x" = "no"',
        "    [sheets]",
        '    "Weekly sheets" = "stiffness"',
        "    [people]",
        '    "NF-364" = "NF364"',
        "    [values]",
        '    "NF364 2026-03-02 stiffness" = 6         # or "" to leave it empty for good',
        "    [dates]",
        '    order = "day first"                      # or "month first"',
        "    year = 2026                              # for dates typed without one",
        "    [fill_down]",
        '    sheets = ["Diary"]                       # an empty client cell there means: as above',
        "",
    ]
    for i, ask in enumerate(intake.asks.astype(str).to_dict("records"), 1):
        lines += [
            f"{i}. " + ask["question"],
            f"   {ask['cells']} cell(s), the first: {ask['example']}",
        ]
        if ask["answer"]:
            lines.append(f"   rules file: {ask['answer']}")
        lines.append("")
    return "\n".join(lines)


def _annotate(intake: Intake, source_path: Path, out: Path) -> None:
    if intake.longest_sheet > MOST_ROWS:
        return
    marks = _marks(intake)
    if intake.kind == "xlsx":
        annotate_workbook(source_path, marks, out, hidden_sheets=intake.renamed)
    else:
        annotate_values(_values(read_source(source_path), intake.sheets), marks, out)


def _values(
    source: SourceFile, names: tuple[str, ...]
) -> list[tuple[str, dict[tuple[int, int], object]]]:
    pages = []
    for sheet, name in zip(source.sheets, names, strict=True):
        rows, columns = np.nonzero(filled(sheet.values))
        cells = {
            (int(r) + 1, int(c) + 1): sheet.values[r, c] for r, c in zip(rows, columns, strict=True)
        }
        pages.append((name, cells))
    return pages


def _marks(intake: Intake) -> list[Mark]:
    """Choose what is marked in the workbook: questions, flags and what was hidden."""
    index = {name: i for i, name in enumerate(intake.sheets)}
    kinds: dict[str, Kind] = {
        "question": "question",
        "kept": "flag",
        "changed": "flag",
        "masked": "masked",
    }
    # what is asked most often comes last: two hundred crosses must not bury one wrong date
    often = intake.ledger["reason"].map(intake.ledger["reason"].value_counts())
    rank = intake.ledger["decision"].map({"masked": 0, "question": 1}).fillna(2)
    order = intake.ledger.assign(rank=rank, often=often).sort_values(
        ["rank", "often"], kind="stable"
    )
    marks = []
    for line in order.itertuples():
        kind = kinds.get(str(line.decision))
        match = re.match(r"^([A-Z]+)(\d+)", str(line.cell))
        if kind is None or match is None or _SKIPPED.match(str(line.reason)):
            continue
        column = 0
        for letter in match[1]:
            column = column * 26 + ord(letter) - 64
        text = str(line.reason)
        if line.value and str(line.value) not in text:
            text += f" (used: {line.value!s})"
        marks.append(
            Mark(
                sheet=index[str(line.sheet)], row=int(match[2]), column=column, kind=kind, text=text
            )
        )
    return marks
