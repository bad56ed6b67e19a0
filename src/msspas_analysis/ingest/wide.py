"""Diary days out of wide tables: a week in a row, a column a date, a column a person."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from msspas_analysis.ingest.diary import (
    Workings,
    cell_reader,
    data_rows,
    date_column,
    person_column,
    sort_rows,
)
from msspas_analysis.ingest.layout import OUTCOMES, Block, Field
from msspas_analysis.ingest.sheets import cell_name
from msspas_analysis.ingest.vocabulary import read_heading

if TYPE_CHECKING:
    from numpy.typing import NDArray


def read_wide(work: Workings, block: Block) -> None:
    """Read weeks in a row, or one column a date; every cell is one day's rating."""
    ledger, values = work.ledger, work.sheets[block.sheet].values
    rows = data_rows(work, block)
    if not len(rows):
        return
    codes = person_column(work, block, rows)
    if block.kind == "people across":
        _read_people_across(work, block, rows)
        return
    fields = [f for f in block.fields if f.role in ("weekday", "day")]
    measure_at = _measure_column(work, block, rows)
    is_week = block.kind == "weeks"
    date_at = next((c for r in ("week_start", "week_end", "date")
                    if (c := block.column(r)) is not None), None)  # fmt: skip
    if is_week and date_at is None:
        for row in rows:
            ledger.set_aside_row(block.sheet, int(row), [f.column for f in fields],
                                 "no date says which week this is", decision="question",
                                 ask="weeks without a date: add a column w/c with each week's Monday")  # fmt: skip
        return
    if is_week and date_at is not None:
        days, doubts, _ = date_column(work, block, rows, date_at)
        good = sort_rows(work, block, rows, codes, days, doubts, date_at)
    else:
        days = np.full(len(rows), np.datetime64("2000-01-01"), dtype="datetime64[D]")
        good = sort_rows(work, block, rows, codes, days, {}, fields[0].column)
    order = work.orders.get(block.sheet, bool(work.rules.month_first))
    first_day = int(fields[0].heading.detail) if is_week and fields[0].heading else 0
    ends = is_week and block.column("week_start") is None and block.column("week_end") is not None
    if ends and fields[-1].heading:
        first_day = int(fields[-1].heading.detail)
    records: list[dict[str, Any]] = []
    readers = {
        role: cell_reader(work, Field(-1, block.measure or role, None), role, order)
        for role in (*OUTCOMES, "missed_medication")
    }
    for i in np.flatnonzero(good).tolist():
        row, start = int(rows[i]), days[i].astype(object)
        outcome = block.measure
        if measure_at is not None:
            heading = (
                read_heading(str(values[row, measure_at]))
                if values[row, measure_at] is not None
                else None
            )
            outcome = (
                heading.role
                if heading is not None and heading.role in OUTCOMES and not heading.problem
                else ""
            )
        filled = [f for f in fields if values[row, f.column] is not None]
        if is_week and start.weekday() != first_day:
            day = start.strftime("%A")
            what = "ends" if ends else "begins"
            ledger.log(block.sheet, row, date_at or 0, "question",
                       f"this date is a {day}, but the week {what} on another day: correct the date",
                       ask="the week's date does not fall on the day its columns begin with")  # fmt: skip
            ledger.set_aside_row(block.sheet, row, [f.column for f in filled],
                                 f"the date of this week is in question ({cell_name(row, date_at or 0)})")  # fmt: skip
            continue
        for column in {block.column("person_id"), date_at if is_week else None, measure_at} - {
            None
        }:
            ledger.use(block.sheet, row, column)  # type: ignore[arg-type]
        for f in filled:
            role = f.measure or outcome
            if not role:
                _ask_measure(work, block, row, f.column)
                continue
            reading = readers[role](values[row, f.column])
            ledger.use(block.sheet, row, f.column)
            if reading.decision != "used":
                ledger.read(block.sheet, row, f.column, reading)
            if f.day is not None:
                day_at = f.day
            else:
                offset = (int(f.heading.detail) if f.heading else 0) - first_day
                day_at = start + dt.timedelta(days=-((-offset) % 7) if ends else offset % 7)
            records.append({
                "person_id": codes[i], "date": pd.Timestamp(day_at), "other": pd.NaT,
                "sheet": block.sheet, "row": row, "date_at": date_at or f.column,
                role: reading.value, f"{role}@": f.column,
                **({"spasm_count_low": reading.low} if role == "spasm_count" else {}),
            })  # fmt: skip
    for f in block.fields:
        if f.role == "day":
            ledger.use(block.sheet, block.header[1], f.column)
    if records:
        piece = pd.DataFrame.from_records(records)
        piece["other"] = pd.to_datetime(piece["other"])
        work.pieces.append(piece)


def _read_people_across(work: Workings, block: Block, rows: NDArray[np.intp]) -> None:
    """Read a table with one row a day and one column a person."""
    ledger, values = work.ledger, work.sheets[block.sheet].values
    date_at = block.column("date")
    if date_at is None:
        return
    everybody = np.full(len(rows), "anybody", dtype=object)  # the columns say who it is
    days, doubts, _ = date_column(work, block, rows, date_at)
    good = sort_rows(work, block, rows, everybody, days, doubts, date_at)
    read = cell_reader(work, Field(-1, block.measure, None), block.measure or "stiffness",
                   work.orders.get(block.sheet, False))  # fmt: skip
    records = []
    for i in np.flatnonzero(good).tolist():
        row = int(rows[i])
        ledger.use(block.sheet, row, date_at)
        for f in block.having("person column"):
            raw = values[row, f.column]
            if raw is None:
                continue
            if not block.measure:
                _ask_measure(work, block, row, f.column)
                continue
            reading = read(raw)
            ledger.use(block.sheet, row, f.column)
            if reading.decision != "used":
                ledger.read(block.sheet, row, f.column, reading)
            records.append({
                "person_id": work.rules.people.get(f.text, f.heading.detail if f.heading else ""),
                "date": pd.Timestamp(days[i]), "other": pd.NaT, "sheet": block.sheet, "row": row,
                "date_at": date_at, block.measure: reading.value, f"{block.measure}@": f.column,
            })  # fmt: skip
    if records:
        piece = pd.DataFrame.from_records(records)
        piece["other"] = pd.to_datetime(piece["other"])
        work.pieces.append(piece)


def _ask_measure(work: Workings, block: Block, row: int, column: int) -> None:
    name = work.ledger.shown_names[block.sheet]
    work.ledger.log(block.sheet, row, column, "question", "nothing says what is rated here",
                    ask=f"What does the sheet {name!r} rate?", answer=f'[sheets]  "{name}" = "stiffness"')  # fmt: skip


def _measure_column(work: Workings, block: Block, rows: NDArray[np.intp]) -> int | None:
    """Find the column that says, row by row, what is rated."""
    told = block.column("measure")
    if told is not None:
        return told
    taken = {f.column for f in block.fields if f.heading is not None}
    for column in block.columns:
        if column in taken:
            continue
        cells = [v for v in work.sheets[block.sheet].values[rows, column] if isinstance(v, str)]
        named = sum((h := read_heading(v)) is not None and h.role in OUTCOMES for v in cells)
        if cells and named >= 0.6 * len(cells) and named >= 2:
            return column
    return None
