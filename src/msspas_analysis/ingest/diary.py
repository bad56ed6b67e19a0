"""Diary days out of the tables of a workbook: lists of days, weeks in a row, a column a date."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from msspas_analysis.ingest import dates
from msspas_analysis.ingest.identifiers import looks_like_initials, looks_like_name
from msspas_analysis.ingest.layout import OUTCOMES, Block, Field, person_code
from msspas_analysis.ingest.ledger import Ledger
from msspas_analysis.ingest.rules import Rules
from msspas_analysis.ingest.sheets import Sheet, cell_name, filled
from msspas_analysis.ingest.values import Reading, plain, read_count, read_rating, read_yes_no
from msspas_analysis.ingest.vocabulary import read_heading, read_triggers

if TYPE_CHECKING:
    from numpy.typing import NDArray

_TOTALS: Final = re.compile(
    r"^(grand |sub-?)?(totals?|averages?|avg|means?|sum|count|max(imum)?|min(imum)?|median|"
    r"std?\.? ?dev\w*|sd|overall|n ?=|number of)\b"
)
_TOTAL_FORMULA: Final = re.compile(
    r"\b(AVERAGE|SUM|COUNT|COUNTA|MEDIAN|MIN|MAX|STDEV|SUBTOTAL)\s*\(", re.I
)
_INSIDE_LABEL: Final = re.compile(
    r"^(?:client|patient|participant|person|ref(?:erence)?)\b[^:=]*[:=]\s*(\S.{0,19})$", re.I
)
_FREE_TEXT: Final = 30  # longer text is not repeated anywhere


@dataclass(slots=True)
class Workings:
    """What the readers of one file share: sheets, ledger, rules and what they have found."""

    sheets: list[Sheet]
    ledger: Ledger
    rules: Rules
    pieces: list[pd.DataFrame] = field(default_factory=list)
    triggers: list[pd.DataFrame] = field(default_factory=list)
    initials: set[str] = field(default_factory=set)
    assumed: dict[str, None] = field(default_factory=dict)
    orders: dict[int, bool] = field(default_factory=dict)  # month first, by sheet

    def note(self, sentence: str) -> None:
        """Keep a sentence for the reader, once."""
        self.assumed.setdefault(sentence)


def show_text(value: object) -> str | None:
    """Return what may be repeated of a cell: nothing of a long text, None for all of a short one."""
    if isinstance(value, str) and len(value) > _FREE_TEXT:
        return f"[text, {len(value)} characters]"
    return None


def distinct(cells: NDArray[np.object_]) -> tuple[NDArray[np.intp], list[object]]:
    """Return a number for each cell by its content (-1 for an empty one), and the contents."""
    codes, found = pd.factorize(cells, use_na_sentinel=True)
    return codes, list(found)


def person_column(work: Workings, block: Block, rows: NDArray[np.intp]) -> NDArray[np.object_]:
    """Return the client code of each row, None where there is none, and log what was changed."""
    sheet = work.sheets[block.sheet]
    column = block.column("person_id")
    if column is None:
        if block.person_cell is not None:
            work.ledger.use(block.sheet, *block.person_cell)
        return np.full(len(rows), block.person or None, dtype=object)
    raw = sheet.values[rows, column].copy()
    numbers, found = distinct(raw)
    table = np.full(len(found) + 1, None, dtype=object)
    hidden = []
    for i, value in enumerate(found):
        code = person_code(value)
        words = plain(str(value))
        if _TOTALS.match(words):
            continue
        coded = any(c.isdigit() for c in code) and " " not in words
        if (
            isinstance(value, str)
            and not coded
            and looks_like_name(value)
            and code not in work.rules.people
        ):
            hidden.append(i)
            continue
        code = work.rules.people.get(code, code)
        table[i] = code or None
        if code and str(value) != code and not isinstance(value, (int, float)):
            for row in rows[numbers == i]:
                work.ledger.log(block.sheet, int(row), column, "changed",
                                "spaces removed, capitals", value=code)  # fmt: skip
        elif code and looks_like_initials(code) and code not in work.initials:
            work.initials.add(code)
            work.ledger.log(
                block.sheet, int(rows[numbers == i][0]), column, "kept",
                "looks like a person's initials: a code that says nothing about its owner is safer",
                value=code,
            )  # fmt: skip
    for i in hidden:
        for row in rows[numbers == i]:
            work.ledger.log(
                block.sheet, int(row), column, "masked",
                "looks like a name where a client code is due: give each person a code, and keep "
                "the list of codes and names outside this workbook", raw="[hidden: name]",
            )  # fmt: skip
    codes = table[numbers]
    position = {int(row): i for i, row in enumerate(rows)} if sheet.merged else {}
    for r1, c1, r2, c2 in sheet.merged:  # one code written once over many rows
        if c1 <= column <= c2 and r2 > r1 and (top := position.get(r1)) is not None:
            inside = [position[r] for r in range(r1, r2 + 1) if r in position]
            codes[inside] = codes[top]
            if codes[top]:
                work.ledger.say(block.sheet, f"{cell_name(r1, column)}:{cell_name(r2, column)}",
                                "changed", "merged cells: the code stands for each of these rows",
                                raw=str(raw[top]))  # fmt: skip
    if plain(sheet.name) in work.rules.fill_down:
        codes = pd.Series(codes, dtype=object).ffill().to_numpy(dtype=object, copy=True)
        codes[pd.isna(codes)] = None
    return codes


def date_column(
    work: Workings, block: Block, rows: NDArray[np.intp], column: int
) -> tuple[NDArray[np.datetime64], dict[int, dates.DateReading], NDArray[np.datetime64]]:
    """Return each row's day, the readings of the rows in doubt, and the other-order days."""
    cells = work.sheets[block.sheet].values[rows, column]
    order = work.rules.month_first
    numbers, found = distinct(cells)
    if order is None:
        order = dates.month_first(found)
        if order is None:
            work.note("Dates are written both day first and month first in one column; only those "
                      "that allow a single reading are used.")  # fmt: skip
        elif order:
            work.note("Dates are read month first, as the dates after the 12th show.")
    work.orders[block.sheet] = bool(order)
    words = _meanings(work, block, column)
    readings = [dates.read_date(words.get(plain(str(v)), v), month_first=order) for v in found]
    if work.rules.year is not None:
        for i, r in enumerate(readings):
            if r.value is None and r.yearless is not None:
                told = _day(work.rules.year, *r.yearless)
                if told is not None:
                    readings[i] = dates.DateReading(
                        told, "changed", "the year is the one in your rules file"
                    )
    known = sorted(r.value for r in readings if r.value is not None)
    if known:  # a date without a year takes it from the others where only one year fits
        middle = known[len(known) // 2]
        for i, r in enumerate(readings):
            if r.value is None and r.yearless is not None:
                fits = [
                    day
                    for year in range(middle.year - 1, middle.year + 2)
                    if (day := _day(year, *r.yearless)) is not None
                    and abs((day - middle).days) < 150
                ]
                if len(fits) == 1:
                    readings[i] = dates.DateReading(
                        fits[0], "kept", f"no year: {fits[0].year} taken from the other dates"
                    )
    days = np.array([r.value for r in readings] + [None], dtype="datetime64[D]")[numbers]
    other = np.array([r.swapped for r in readings] + [None], dtype="datetime64[D]")[numbers]
    doubts = {
        int(i): readings[numbers[i]]
        for i in np.flatnonzero(
            np.isin(numbers, [k for k, r in enumerate(readings) if r.decision != "used"])
        )
    }
    return days, doubts, other


def _day(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _meanings(work: Workings, block: Block, column: int) -> Mapping[str, str]:
    text = next((f.text for f in block.fields if f.column == column), "")
    return work.rules.words.get(plain(text), {})


def data_rows(work: Workings, block: Block) -> NDArray[np.intp]:
    """Return the rows of a block that hold anything, in its own columns."""
    first, last = block.rows
    values = work.sheets[block.sheet].values[
        first : last + 1, block.columns.start : block.columns.stop
    ]
    return np.flatnonzero(filled(values).any(axis=1)) + first


def is_total(work: Workings, block: Block, row: int) -> bool:
    """Tell whether a row holds totals or averages."""
    sheet = work.sheets[block.sheet]
    cells = [(c, sheet.values[row, c]) for c in block.columns if sheet.values[row, c] is not None]
    texts = [plain(v) for _, v in cells[:3] if isinstance(v, str)]
    if any(_TOTALS.match(text) for text in texts):
        return True
    formulas = [sheet.formulas.get((row, c), "") for c, _ in cells]
    return (
        any(_TOTAL_FORMULA.search(f) for f in formulas)
        and sum(map(bool, formulas)) >= len(cells) / 2
    )


def read_days(work: Workings, block: Block) -> None:
    """Read a list with one row a day (or a week in a row, or a column a date) into pieces."""
    if block.kind == "diary":
        _read_list(work, block)
    else:
        _read_wide(work, block)


def sort_rows(
    work: Workings, block: Block, rows: NDArray[np.intp], codes: NDArray[np.object_],
    days: NDArray[np.datetime64], doubts: Mapping[int, dates.DateReading], date_at: int,
) -> NDArray[np.bool_]:  # fmt: skip
    """Set aside the rows that are no data; return which rows have a person and a day."""
    ledger, values = work.ledger, work.sheets[block.sheet].values
    odd = np.flatnonzero(pd.isna(codes) | np.isnat(days)).tolist()
    label = ""
    last_label = -1
    for i in odd:
        row = int(rows[i])
        cells = [c for c in block.columns if values[row, c] is not None]
        if is_total(work, block, row):
            codes[i] = None
            ledger.set_aside_row(block.sheet, row, cells, "a row of totals or averages, no data")
            continue
        texts = [c for c in cells if isinstance(values[row, c], str)]
        if len(cells) <= 2 and len(texts) == len(cells) and np.isnat(days[i]) and i not in doubts:
            match = _INSIDE_LABEL.match(" ".join(str(values[row, c]).strip() for c in cells))
            if match and (code := person_code(match[1])):
                label, last_label = code, int(i)
                for c in cells:
                    ledger.use(block.sheet, row, c)
                continue
            if len(cells) == 1 and not (codes[i] and len(odd) > len(rows) / 3):
                codes[i] = None
                reason = "a note between the rows, no data"
                ledger.set_aside_row(
                    block.sheet, row, cells, reason, raw=show_text(values[row, cells[0]])
                )
                continue
        if codes[i] is None and label and i > last_label:
            codes[i] = label
    for i in odd:
        row = int(rows[i])
        cells = [c for c in block.columns if values[row, c] is not None]
        if codes[i] is None and np.isnat(days[i]):
            if not any(work.ledger.fate[block.sheet][row, c] for c in cells):
                ledger.set_aside_row(
                    block.sheet, row, cells, "neither a client code nor a date in this row"
                )
        elif codes[i] is None:
            anchor = block.column("person_id")
            masked = anchor is not None and ledger.fate[block.sheet][row, anchor] == 6
            why = "no client code in this row"
            if masked:
                why = "the client code of this row is hidden: it looks like a name"
            ledger.set_aside_row(block.sheet, row, cells, why, decision="set aside" if masked else "question",
                                 ask="" if masked else "rows without a client code: whose are they?")  # fmt: skip
        elif np.isnat(days[i]):
            if values[row, date_at] is None:
                ledger.set_aside_row(block.sheet, row, cells, "no date in this row: type the date",
                                     decision="question", ask="rows without a date: which day was it?")  # fmt: skip
            else:
                why = f"the date of this row is in question ({cell_name(row, date_at)})"
                ledger.set_aside_row(block.sheet, row, [c for c in cells if c != date_at], why)
    for i, reading in doubts.items():
        if codes[i] is not None or reading.value is not None:
            ledger.log(block.sheet, int(rows[i]), date_at, reading.decision, reading.reason,
                       value=reading.value or "")  # fmt: skip
    return ~pd.isna(codes) & ~np.isnat(days)


def _reader(work: Workings, column: Field, role: str, order: bool) -> Callable[[object], Reading]:
    """Return the reader of one column's cells, with the user's meanings put first."""
    words = work.rules.words.get(plain(column.text), {})
    if role == "missed_medication":
        return lambda raw: read_yes_no(raw, heading=column.text, meanings=dict(words))

    def read(raw: object) -> Reading:
        told = words.get(plain(str(raw))) if words else None
        if told is not None:
            if told == "":
                return Reading(None, "set aside", "left empty, as your rules file says")
            found = read_count(told) if role in ("spasm_count", "falls") else read_rating(told)
            return found._replace(decision="changed", reason="read as your rules file says")
        if role in ("spasm_count", "falls"):
            return read_count(raw, high=500 if role == "spasm_count" else 50)
        return read_rating(raw, month_first=order)

    return read


def outcome_fields(work: Workings, block: Block, rows: NDArray[np.intp]) -> list[tuple[Field, str]]:
    """Return the columns to read with their outcome; ask about those that cannot be read."""
    usable: list[tuple[Field, str]] = []
    for role in (*OUTCOMES, "missed_medication"):
        fields = block.having(role)
        for f in fields:
            why = f.heading.problem if f.heading is not None else ""
            answer = f'[columns]  "{f.text}" = "{role}"  (or "ignore")'
            if not why and len(fields) > 1:
                why = f"is one of {len(fields)} columns for {role.replace('_', ' ')}"
            if not why and role not in ("spasm_count", "falls", "missed_medication"):
                cells = work.sheets[block.sheet].values[rows, f.column]
                numbers = [v for v in cells[:2000] if isinstance(v, (int, float))]
                if len(numbers) >= 10 and sum(v > 10 for v in numbers) > 0.2 * len(numbers):
                    why = "holds many numbers above 10, so it may be on another scale"
            if not why:
                usable.append((f, role))
                continue
            for row in rows:
                work.ledger.log(block.sheet, int(row), f.column, "question",
                                f"the column {f.text!r} {why}",
                                ask=f"The column {f.text!r} {why}. {'Which one' if len(fields) > 1 else 'How'} "
                                "is it to be read?",
                                answer=answer)  # fmt: skip
    return usable


def _read_list(work: Workings, block: Block) -> None:
    ledger, sheet = work.ledger, work.sheets[block.sheet]
    rows = data_rows(work, block)
    date_at = block.column("date")
    if date_at is None:
        date_at = block.column("week_start")
    if not len(rows) or date_at is None:
        return
    codes = person_column(work, block, rows)
    days, doubts, other = date_column(work, block, rows, date_at)
    good = sort_rows(work, block, rows, codes, days, doubts, date_at)
    rows, codes, days, other = rows[good], codes[good], days[good], other[good]
    person_at = block.column("person_id")
    for column in (person_at, date_at):
        if column is not None:
            ledger.use(block.sheet, rows, column)
    piece = pd.DataFrame({
        "person_id": pd.Series(codes, dtype=object), "date": days.astype("datetime64[ns]"),
        "other": other.astype("datetime64[ns]"), "sheet": np.int16(block.sheet),
        "row": rows.astype(np.int32), "date_at": np.int16(date_at),
    })  # fmt: skip
    order = work.orders.get(block.sheet, bool(work.rules.month_first))
    for f, role in outcome_fields(work, block, rows):
        numbers, found = distinct(sheet.values[rows, f.column])
        readings = [_reader(work, f, role, order)(v) for v in found]
        values = [r.value for r in readings]
        dtype: Any = object if role == "missed_medication" else float
        blank: Any = None if dtype is object else np.nan
        table = np.array([blank if v is None else v for v in values] + [blank], dtype=dtype)
        piece[role] = table[numbers]
        piece[f"{role}@"] = np.int16(f.column)
        if role == "spasm_count":
            lows = np.array([np.nan if r.low is None else r.low for r in readings] + [np.nan])
            piece["spasm_count_low"] = lows[numbers]
        ledger.use(block.sheet, rows[numbers >= 0], f.column)
        told = [k for k, r in enumerate(readings) if r.decision != "used"]
        for i in np.flatnonzero(np.isin(numbers, told)).tolist():
            ledger.read(block.sheet, int(rows[i]), f.column, readings[numbers[i]],
                        answer=f'[words."{f.text}"]  "{found[numbers[i]]}" = "..."')  # fmt: skip
    work.pieces.append(piece)
    _read_triggers(work, block, rows, piece)


def _read_triggers(
    work: Workings, block: Block, rows: NDArray[np.intp], piece: pd.DataFrame
) -> None:
    ledger, values = work.ledger, work.sheets[block.sheet].values
    base = piece[["person_id", "date"]]
    for f in block.having("trigger"):
        numbers, found = distinct(values[rows, f.column])
        names = []
        for i, value in enumerate(found):
            known, unknown = read_triggers(str(value))
            names.append([*known, *(["other"] if unknown else [])])
            if unknown:
                for row in rows[numbers == i]:
                    ledger.log(block.sheet, int(row), f.column, "kept",
                               "a trigger without a name of its own here: counted as other",
                               value=", ".join(names[-1]), raw=show_text(value))  # fmt: skip
        ledger.use(block.sheet, rows[numbers >= 0], f.column)
        told = numbers >= 0
        listed = base[told].assign(
            trigger=pd.Series(
                [names[n] for n in numbers[told]], index=base.index[told], dtype=object
            )
        )
        work.triggers.append(listed.explode("trigger").assign(present="yes"))
    for f in block.having("trigger_tick"):
        numbers, found = distinct(values[rows, f.column])
        words = dict(work.rules.words.get(plain(f.text), {}))
        readings = [read_yes_no(v, heading=f.text, meanings=words) for v in found]
        states = np.array([r.value for r in readings] + ["blank"], dtype=object)[numbers]
        ledger.use(block.sheet, rows[numbers >= 0], f.column)
        for i in np.flatnonzero(
            np.isin(numbers, [k for k, r in enumerate(readings) if r.decision != "used"])
        ).tolist():
            ledger.read(block.sheet, int(rows[i]), f.column, readings[numbers[i]],
                        answer=f'[words."{f.text}"]  "{found[numbers[i]]}" = "yes"')  # fmt: skip
        keep = ~pd.isna(states)
        name = f.heading.detail if f.heading is not None else "other"
        work.triggers.append(base[keep].assign(trigger=name, present=states[keep]))


def _read_wide(work: Workings, block: Block) -> None:
    """Read weeks in a row, or one column a date; every cell is one day's rating."""
    ledger, values = work.ledger, work.sheets[block.sheet].values
    rows = data_rows(work, block)
    if not len(rows):
        return
    codes = person_column(work, block, rows)
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
        role: _reader(work, Field(-1, block.measure or role, None), role, order)
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
                ledger.log(block.sheet, row, f.column, "question", "nothing says what is rated here",
                           ask=f"What does the sheet {ledger.shown_names[block.sheet]!r} rate?",
                           answer=f'[sheets]  "{ledger.shown_names[block.sheet]}" = "stiffness"')  # fmt: skip
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
