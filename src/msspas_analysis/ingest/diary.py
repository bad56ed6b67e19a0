"""Diary days out of lists with one row a day, and what every reader of tables shares."""

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
from msspas_analysis.ingest.ledger import MASKED, Ledger
from msspas_analysis.ingest.rules import Rules
from msspas_analysis.ingest.sheets import Sheet, cell_name, filled
from msspas_analysis.ingest.values import Reading, plain, read_count, read_rating, read_yes_no
from msspas_analysis.ingest.vocabulary import read_triggers

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
            masked = anchor is not None and ledger.fate[block.sheet][row, anchor] == MASKED
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


def cell_reader(
    work: Workings, column: Field, role: str, order: bool
) -> Callable[[object], Reading]:
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
        if role == "falls" and (answer := _fell(raw)) is not None:
            return answer
        if role in ("spasm_count", "falls"):
            return read_count(raw, high=500 if role == "spasm_count" else 50)
        return read_rating(raw, month_first=order)

    return read


def _fell(raw: object) -> Reading | None:
    """Read a yes or no in a column of falls; a yes does not say how many."""
    text = plain(str(raw))
    if text in ("n", "no"):
        return Reading(0.0, "changed", "no fall, read as 0")
    if text in ("y", "yes", "\u2713", "\u2714"):
        return Reading(1.0, "kept", "a fall, read as one: how many is not said")
    return None


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


def read_list(work: Workings, block: Block) -> None:
    """Read a list with one row a day into a piece, and its triggers."""
    ledger, sheet = work.ledger, work.sheets[block.sheet]
    rows = data_rows(work, block)
    date_at = block.column("date")
    if date_at is None:
        date_at = block.column("week_start")
    if not len(rows) or date_at is None:
        return
    codes = person_column(work, block, rows)
    days, doubts, other = date_column(work, block, rows, date_at)
    _name_weekdays(work, block, rows, date_at, days, doubts)
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
        readings = [cell_reader(work, f, role, order)(v) for v in found]
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


def _name_weekdays(
    work: Workings, block: Block, rows: NDArray[np.intp], date_at: int,
    days: NDArray[np.datetime64], doubts: dict[int, dates.DateReading],
) -> None:  # fmt: skip
    """Date the rows headed Mon ... Sun from the week that is written above the table."""
    cells = work.sheets[block.sheet].values[rows, date_at]
    named = [
        dates.WEEKDAYS.get(plain(v).rstrip(".")) if isinstance(v, str) else None for v in cells
    ]
    if sum(n is not None for n in named) < 2:
        return
    found = _week_above(work, block)
    if found is None:
        return
    start, place = found
    block_fate = work.ledger.fate[block.sheet]
    for at in place:
        block_fate[at] = 0
        work.ledger.entries.pop((block.sheet, *at), None)
        work.ledger.use(block.sheet, *at)
    for i, weekday in enumerate(named):
        if weekday is not None:
            days[i] = np.datetime64(start + dt.timedelta(days=(weekday - start.weekday()) % 7))
            doubts.pop(i, None)


def _week_above(work: Workings, block: Block) -> tuple[dt.date, list[tuple[int, int]]] | None:
    """Find "w/c 16/02/2026" in the rows above a table."""
    values = work.sheets[block.sheet].values
    for row in range(block.header[0] - 1, max(-1, block.header[0] - 4), -1):
        for column in block.columns:
            cell = values[row, column]
            if cell is None:
                continue
            reading = dates.read_date(cell, month_first=work.rules.month_first or False)
            if reading.value is not None and not isinstance(cell, (int, float)):
                filled_cells = [c for c in block.columns if values[row, c] is not None]
                return reading.value, [(row, c) for c in filled_cells]
    return None


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
