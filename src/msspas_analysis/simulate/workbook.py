"""A therapy centre's workbook of diaries as such workbooks really look, with its meaning.

What each cell means comes back beside it, so that a reader of workbooks can be checked.
"""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pandas as pd

from msspas_analysis.simulate.diary import SimulatedDiary
from msspas_analysis.simulate.slips import (
    CAME,
    SLIPS,
    SPELLINGS,
    TYPED_EVENT,
    TYPED_TRIGGER,
    reserved_nhs_number,
    slipped,
)
from msspas_analysis.simulate.streams import stream

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

CENTRE_NAME: Final = "Westmere MS Therapy Centre (invented people)"

_SAVED: Final = dt.datetime(2026, 1, 5, 9, 0, 0)
_DATE: Final = "dd/mm/yyyy"
_CONSENT: Final = ("no", "no", "withdrawn 10/25", "")
_WIDE_PEOPLE: Final = 9
_ALREADY_COMING: Final = 3


class _Spot(NamedTuple):
    """One cell that holds a rating or a count, and what was rated."""

    sheet: str
    row: int
    column: int
    person_id: str
    date: dt.date
    item: str
    rated: int


@dataclass(frozen=True, slots=True)
class _Client:
    """How one person stands in the messy workbook."""

    person_id: str
    start: dt.date
    first_session: dt.date
    therapy: str
    typed_therapy: str
    consent: str
    layout: str
    merged: bool
    before: bool


def write_messy_workbook(sim: SimulatedDiary, path: Path, *, seed: int) -> dict[str, Any]:
    """Write the same people as a centre's own workbook looks, and return what it means.

    Parameters
    ----------
    sim : SimulatedDiary
        A cohort of 30 people or more whose therapies are among those of
        :data:`msspas_analysis.simulate.slips.SPELLINGS`.
    path : pathlib.Path
        File to write; an old one is replaced.
    seed : int
        Seed of the mess, 0 or more.

    Returns
    -------
    dict
        ``people``: one entry per client code. ``marks``: what a mark means all through a
        column. ``diary_columns`` and ``diary``: one row per rated day with the rating as it was
        (``rated``), what a careful reader can use (``readable``, None where somebody must be
        asked), sheet and cell. ``oddities``: one entry per cell that is not simply what it looks
        like, with ``sheet``, ``cell``, ``raw``, ``kind`` and ``meaning``. Two cells hold
        identifiers that belong to nobody: a telephone number from the range kept for drama, an
        NHS number from the range kept for tests.

    Raises
    ------
    ValueError
        If the cohort is too small, a therapy has no spelling, no diary covers 1 October (the
        day typed as 31/9), or `seed` is negative.
    """
    if sim.scenario.n_people < 30:
        raise ValueError(f"the messy workbook needs 30 people or more, got {sim.scenario.n_people}")
    if unknown := set(sim.tables.people["therapy"]) - set(SPELLINGS):
        raise ValueError(f"therapies {sorted(unknown)} have no spelling; use {list(SPELLINGS)}")
    days = sim.tables.diary["date"].dt
    if not (days.month.eq(10) & days.day.eq(1)).any():
        raise ValueError(
            f"the messy workbook is one of an autumn, and no diary of these covers 1 October; "
            f"set start to early September, got {sim.scenario.start}"
        )
    book = empty_book()
    clients = _clients(sim, seed)
    mess = _Mess(book, sim, seed)
    mess.client_list(clients)
    mess.long_diary([c for c in clients if c.layout == "long"])
    mess.weekly([c for c in clients if c.layout == "wide"])
    write_assessments(book.create_sheet("Before and after"), sim, "Ref", 1)
    mess.sessions({c.person_id: c.typed_therapy for c in clients})
    mess.unwanted()
    mess.feedback()
    mess.slips()
    save(book, path)
    return {
        "about": f"{CENTRE_NAME}: what the cells of the messy workbook mean",
        "people": {
            c.person_id: {
                "start": c.start.isoformat(), "first_session": c.first_session.isoformat(),
                "therapies": c.therapy.split(" + "), "consent": c.consent, "layout": c.layout,
                "before": c.before,
            }
            for c in clients
        },
        "marks": {
            "Missed tablets?": {"x": "no"}, "Overall change 1-7": {"1": "very much better"},
        },
        "diary_columns": ["person_id", "date", "rated", "readable", "sheet", "cell"],
        "diary": mess.diary(),
        "oddities": sorted(mess.oddities, key=lambda o: (o["sheet"], _place(o["cell"]))),
    }  # fmt: skip


def _clients(sim: SimulatedDiary, seed: int) -> list[_Client]:
    """Decide who keeps which form, who agreed, and who was already coming."""
    people = sim.tables.people
    n = len(people)
    order = stream(seed, "who is who").permutation(n)
    wide = set(order[:_WIDE_PEOPLE])
    refusing = dict(zip(order[_WIDE_PEOPLE - 1 :], _CONSENT, strict=False))
    late = _WIDE_PEOPLE - 1 + len(_CONSENT)
    coming = set(order[late : late + _ALREADY_COMING])
    rng = stream(seed, "clients typed")
    found = []
    for i, row in enumerate(_rows(people)):
        first = row.first_session.date()
        earlier = int(rng.integers(260, 420))
        spellings = SPELLINGS[row.therapy]
        typed = spellings[int(rng.integers(len(spellings)))]
        agreed = ("yes", "Yes", "Y")[int(rng.integers(3))]
        found.append(
            _Client(
                person_id=row.person_id,
                start=row.diary_start.date(),
                first_session=first - dt.timedelta(days=earlier) if i in coming else first,
                therapy=row.therapy,
                typed_therapy=typed,
                consent=refusing.get(i, agreed),
                layout="wide" if i in wide else "long",
                merged=bool(rng.random() < 0.6),
                before=i not in coming,
            )
        )
    return found


class _Mess:
    """The messy workbook while it is being written: where every rating stands, and what is odd."""

    long_name: Final = "Diary Sep-Dec"
    wide_name: Final = "Weekly sheets"

    def __init__(self, book: Workbook, sim: SimulatedDiary, seed: int) -> None:
        self.book = book
        self.tables = sim.tables
        self.seed = seed
        self.year = sim.scenario.start.year
        self.spots: list[_Spot] = []
        self.taken: set[tuple[str, int, int]] = set()
        self.readable: dict[tuple[str, dt.date], float | None] = {}
        self.oddities: list[dict[str, Any]] = []
        ticks = sim.tables.triggers.groupby(["person_id", "date"])["trigger"].first()
        self.ticked: dict[Any, str] = ticks.to_dict()

    def odd(self, sheet: str, cell: str, raw: object, kind: str, meaning: Any) -> None:
        """Note a cell that is not simply what it looks like."""
        self.oddities.append(
            {"sheet": sheet, "cell": cell, "raw": str(raw), "kind": kind, "meaning": meaning}
        )

    def client_list(self, clients: Sequence[_Client]) -> None:
        """Write the list of clients, with title rows above and a remark beside one of them."""
        sheet = self.book.create_sheet("Client list")
        sheet["A1"] = CENTRE_NAME
        sheet["A2"] = "client list, autumn"
        head = ("Ref", "Age band", "Sex", "Type of MS", "PDDS", "Therapy", "Diary given out",
                "First session", "OK to use for evaluation?", "Notes")  # fmt: skip
        put_row(sheet, 4, head)
        emphasise(sheet, 4)
        told = self.tables.people.set_index("person_id")
        for row, c in enumerate(clients, start=5):
            p = told.loc[c.person_id]
            ms_type = "don't know" if p["ms_type"] == "not known" else p["ms_type"]
            put_row(sheet, row, (
                c.person_id, p["age_band"], "F" if p["sex"] == "female" else "M", ms_type,
                p["pdds"], c.typed_therapy, c.start, f"{c.first_session:%d/%m/%Y}",
                c.consent or None,
            ))  # fmt: skip
        rng = stream(self.seed, "identifiers")
        row = int(rng.integers(5, 5 + len(clients)))
        number = f"NHS no {reserved_nhs_number(rng=rng)}"
        sheet.cell(row, 10, number)
        self.odd("Client list", f"J{row}", number, "identifier", "NHS number")

    def long_diary(self, clients: Sequence[_Client]) -> None:
        """Write one line a day: merged names, mixed dates, a note, a double day, a total."""
        sheet = self.book.create_sheet(self.long_name)
        sheet["A1"] = "Stiffness diaries"
        sheet["D1"] = "0 = none, 10 = worst"
        head = ("Client", "Date", "Stiffness (0-10)", "Spasms today (number)", "Pain 0-10",
                "Sleep disruption 0-10", "Fatigue 0-10", "Triggers", "Missed tablets?")  # fmt: skip
        put_row(sheet, 3, head)
        emphasise(sheet, 3)
        rng = stream(self.seed, "long diary")
        lines_of = self._lines(clients)
        note_after = len(clients) // 3
        # the fifth and the twelfth who kept on for three weeks have one day twice
        twice = [i for i, lines in enumerate(lines_of) if len(lines) > 20][4:12:7]
        row = 4
        for i, (c, lines) in enumerate(zip(clients, lines_of, strict=True)):
            double = int(rng.integers(8, len(lines) - 2)) if i in twice else -1
            first = row
            for k, line in enumerate(lines):
                self._code(sheet, row, c, first=row == first, rng=rng)
                self._day(sheet, row, line, rng=rng)
                self._rating(self.long_name, row, 3, c.person_id, line.date.date(), line.stiffness)
                row += 1
                if k == double:
                    self._code(sheet, row, c, first=False, rng=rng)
                    self._day(sheet, row, line, rng=rng)
                    self._again(sheet, row, line)
                    row += 1
            if c.merged and row - first > 1:
                sheet.merge_cells(start_row=first, end_row=row - 1, start_column=1, end_column=1)
            if i == note_after:
                note = "-- forms handed in late, see folder --"
                sheet.cell(row, 1, note)
                self.odd(self.long_name, f"A{row}", note, "not_data", None)
                row += 1
        self._total(sheet, row)
        self._accidents(sheet)

    def _lines(self, clients: Sequence[_Client]) -> list[list[Any]]:
        """Return the diary of each client as rows, none for somebody who filled in nothing."""
        by_person = dict(tuple(self.tables.diary.groupby("person_id", sort=False)))
        nothing = self.tables.diary.iloc[:0]
        return [list(_rows(by_person.get(c.person_id, nothing))) for c in clients]

    def _day(self, sheet: Worksheet, row: int, line: Any, *, rng: np.random.Generator) -> None:
        """Write one day of one person, all but the code."""
        day = line.date.date()
        _put_date(sheet, row, day, rng=rng)
        columns = (line.stiffness, line.spasm_count, line.pain, line.sleep_disruption, line.fatigue)
        for column, value in enumerate(columns, start=3):
            _put(sheet, row, column, value)
        if not np.isnan(line.spasm_count):
            count = int(line.spasm_count)
            self.spots.append(
                _Spot(self.long_name, row, 4, line.person_id, day, "spasm_count", count)
            )
        trigger = self.ticked.get((line.person_id, line.date))
        if trigger is None and rng.random() < 0.2:
            trigger = "none"
        if trigger is not None:
            _put(sheet, row, 8, TYPED_TRIGGER.get(trigger, trigger))
        if line.missed_medication == "yes":
            _put(sheet, row, 9, "y")
        elif rng.random() < 0.15:
            _put(sheet, row, 9, "x")

    def _again(self, sheet: Worksheet, row: int, line: Any) -> None:
        """Give the day above a second rating that disagrees with the first."""
        rated = int(line.stiffness)
        sheet.cell(row, 3, rated - 2 if rated >= 5 else rated + 2)
        self.readable[line.person_id, line.date.date()] = None
        self.taken |= {(self.long_name, row - 1, 3), (self.long_name, row, 3)}
        self.odd(self.long_name, f"C{row}", sheet.cell(row, 3).value, "duplicate_day",
                 "two ratings for one day: neither is kept silently")  # fmt: skip

    def _code(
        self, sheet: Worksheet, row: int, client: _Client, *, first: bool,
        rng: np.random.Generator,
    ) -> None:  # fmt: skip
        """Write the code in every line, now and then carelessly, or once above merged cells."""
        careless = rng.random() < 0.04
        if client.merged:
            if first:
                sheet.cell(row, 1, client.person_id)
            return
        code = client.person_id
        if careless:
            number = code.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
            letters = code.removesuffix(number)
            code = f"{letters} {number}" if rng.random() < 0.5 else f"{code.lower()} "
            self.odd(self.long_name, f"A{row}", code, "code_spelling", client.person_id)
        sheet.cell(row, 1, code)

    def _rating(
        self, sheet: str, row: int, column: int, person: str, day: dt.date, rated: float
    ) -> None:
        """Note where a rating stands."""
        self.spots.append(_Spot(sheet, row, column, person, day, "stiffness", int(rated)))
        self.readable.setdefault((person, day), float(rated))

    def _total(self, sheet: Worksheet, row: int) -> None:
        sheet.cell(row, 1, "Average")
        sheet.cell(row, 3, f"=AVERAGE(C4:C{row - 1})")
        self.odd(self.long_name, f"A{row}", "Average", "totals_row", None)

    def _accidents(self, sheet: Worksheet) -> None:
        """Put in what happens once: a week filled in at a sitting, wrong dates, a hidden row."""
        from openpyxl.comments import Comment

        rng = stream(self.seed, "accidents")
        ratings = [s for s in self.spots if s.sheet == self.long_name and s.item == "stiffness"]
        free = [s for s in ratings if (s.sheet, s.row, s.column) not in self.taken]
        week = self._full_week(free, rng=rng)
        for spot in week:
            sheet.cell(spot.row, 3, 5)
            self.readable[spot.person_id, spot.date] = 5.0
            self.taken.add((spot.sheet, spot.row, 3))
        self.odd(self.long_name, f"C{week[0].row}:C{week[-1].row}", 5, "backfill_suspect",
                 "flag, keep")  # fmt: skip

        autumn = [s for s in free if s.date.month == 10]
        first = [s for s in autumn if s.date.day == 1]
        no_such_day = _pick(first, self.taken, rng=rng)
        self._redate(sheet, no_such_day, f"31/9/{self.year % 100}", "impossible_date", None)
        wrong = _pick(autumn, self.taken, rng=rng)
        # a slip of the finger such as 2052 for 2025
        far = dt.datetime(self.year + 27, wrong.date.month, wrong.date.day)
        self._redate(sheet, wrong, far, "wrong_year", "review")

        hidden = _pick(free, self.taken, rng=rng)
        sheet.row_dimensions[hidden.row].hidden = True
        self.odd(self.long_name, f"A{hidden.row}", "hidden row", "hidden_row",
                 "data like any other")  # fmt: skip
        remarked = _pick(free, self.taken, rng=rng)
        cell = sheet.cell(remarked.row, 3)
        cell.comment = Comment("ask about this one", "office")
        self.odd(self.long_name, cell.coordinate, cell.value, "comment", None)

        called = _pick(free, self.taken, rng=rng)
        text = f"rang 01632 960{int(rng.integers(1000)):03d} about the lift"
        sheet.cell(called.row, 8, text)
        self.odd(self.long_name, f"H{called.row}", text, "identifier", "telephone number")

    def _full_week(self, free: Sequence[_Spot], *, rng: np.random.Generator) -> list[_Spot]:
        """Find seven days on end of one person, none of them touched yet."""
        runs = [
            list(free[i : i + 7])
            for i in range(len(free) - 6)
            if free[i].person_id == free[i + 6].person_id
            and (free[i + 6].date - free[i].date).days == 6
            and free[i + 6].row - free[i].row == 6
        ]
        if not runs:
            raise ValueError("nobody has seven filled-in days on end; raise completion_week_1")
        return runs[int(rng.integers(len(runs)))]

    def _redate(
        self, sheet: Worksheet, spot: _Spot, typed: str | dt.datetime, kind: str, meaning: Any
    ) -> None:
        cell = sheet.cell(spot.row, 2, typed)
        if isinstance(typed, dt.datetime):
            cell.number_format = _DATE
            typed = f"{typed:%Y-%m-%d}"
        self.readable[spot.person_id, spot.date] = None
        self.odd(self.long_name, cell.coordinate, typed, kind, meaning)

    def weekly(self, clients: Sequence[_Client]) -> None:
        """Write those who use the weekly form: one line a week, Monday to Sunday."""
        sheet = self.book.create_sheet(self.wide_name)
        sheet["A1"] = "Stiffness 0-10, one line a week"
        put_row(sheet, 2, ("Client", "w/c", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"))
        emphasise(sheet, 2)
        row = 3
        for c, lines in zip(clients, self._lines(clients), strict=True):
            rated = {line.date.date(): int(line.stiffness) for line in lines}
            if not rated:
                continue
            monday = min(rated) - dt.timedelta(days=min(rated).weekday())
            while monday <= max(rated):
                put_row(sheet, row, (c.person_id, f"{monday:%d/%m/%Y}"))
                for weekday in range(7):
                    day = monday + dt.timedelta(days=weekday)
                    if day in rated:
                        sheet.cell(row, 3 + weekday, rated[day])
                        self._rating(self.wide_name, row, 3 + weekday, c.person_id, day, rated[day])
                monday += dt.timedelta(days=7)
                row += 1

    def sessions(self, typed: dict[str, str]) -> None:
        """Write who was booked and who came."""
        sheet = self.book.create_sheet("Sessions")
        put_row(sheet, 1, ("Client", "Date", "What", "Came?"))
        emphasise(sheet, 1)
        for row, s in enumerate(_rows(self.tables.sessions), start=2):
            what = typed[s.person_id]
            put_row(sheet, row, (s.person_id, f"{s.date:%d/%m/%Y}", what, CAME[s.attendance]))

    def unwanted(self) -> None:
        """Write what people said went wrong."""
        sheet = self.book.create_sheet("Unwanted effects")
        put_row(sheet, 1, ("Client", "Date", "Unwanted effect", "How bad?"))
        emphasise(sheet, 1)
        rows = _rows(self.tables.adverse_events)
        for row, e in enumerate(rows, start=2):
            when = e.date.date()
            put_row(sheet, row, (e.person_id, when, TYPED_EVENT[e.event], e.severity))

    def feedback(self) -> None:
        """Write what people said at the end, with the key in the title; one left a line out."""
        sheet = self.book.create_sheet("Feedback")
        sheet["A1"] = "Overall change: 1 = very much better, 4 = no change, 7 = very much worse"
        put_row(sheet, 2, ("Client", "Date", "Overall change 1-7", "Satisfaction 1-5",
                            "Would recommend?"))  # fmt: skip
        emphasise(sheet, 2)
        survey = self.tables.survey
        for row, f in enumerate(_rows(survey), start=3):
            put_row(sheet, row, (
                f.person_id, f.date.date(), f.global_impression, f.satisfaction, f.recommend,
            ))  # fmt: skip
        row = 3 + int(stream(self.seed, "feedback typed").integers(len(survey)))
        sheet.cell(row, 4, "N/A")
        self.odd("Feedback", f"D{row}", "N/A", "missing", None)

    def slips(self) -> None:
        """Overwrite some ratings and counts with what people write instead of a number."""
        for slip in SLIPS:
            rng = stream(self.seed, f"slip: {slip.kind}, {slip.item}")
            fitting = [
                s for s in self.spots if s.item == slip.item and slip.low <= s.rated <= slip.high
            ]
            for _ in range(slip.times):
                spot = _pick(fitting, self.taken, rng=rng)
                typed, meaning, usable = slipped(slip, spot.rated, self.year)
                cell = self.book[spot.sheet].cell(spot.row, spot.column, typed)
                if isinstance(typed, dt.datetime):
                    cell.number_format = "dd-mmm"
                key = spot.person_id, spot.date
                if slip.item == "stiffness" and self.readable[key] is not None:
                    self.readable[key] = usable
                self.odd(spot.sheet, cell.coordinate, typed, slip.kind, meaning)

    def diary(self) -> list[list[Any]]:
        """Return every rated day: who, when, the rating, what can be read, where it stands."""
        from openpyxl.utils import get_column_letter

        return [
            [s.person_id, s.date.isoformat(), s.rated, self.readable[s.person_id, s.date],
             s.sheet, f"{get_column_letter(s.column)}{s.row}"]
            for s in self.spots if s.item == "stiffness"
        ]  # fmt: skip


def _pick(
    spots: Sequence[_Spot], taken: set[tuple[str, int, int]], *, rng: np.random.Generator
) -> _Spot:
    """Draw a cell that nothing has happened to yet, and mark it."""
    left = [s for s in spots if (s.sheet, s.row, s.column) not in taken]
    if not left:
        raise ValueError("no cell is left to put an oddity in; simulate more people or days")
    spot = left[int(rng.integers(len(left)))]
    taken.add((spot.sheet, spot.row, spot.column))
    return spot


def _rows(frame: pd.DataFrame) -> Iterator[Any]:
    """Go through a table row by row, each with its columns as attributes."""
    return iter(frame.itertuples(index=False))


def write_assessments(sheet: Worksheet, sim: SimulatedDiary, key: str, head: int) -> None:
    """Write Modified Ashworth and Penn scores, one line a person, before and after side by side."""
    columns = {
        ("mas", "grade"): "MAS knee", ("psfs", "frequency"): "Penn freq",
        ("psfs", "severity"): "Penn severity",
    }  # fmt: skip
    names = [f"{name} {when}" for name in columns.values() for when in ("before", "after")]
    put_row(sheet, head, (key, *names))
    emphasise(sheet, head)
    seen = {
        (a.person_id, a.instrument, a.score, a.timepoint): a.code
        for a in _rows(sim.tables.assessments)
    }
    for row, person in enumerate(sim.tables.people["person_id"], start=head + 1):
        _put(sheet, row, 1, person)
        column = 2
        for instrument, score in columns:
            for when in ("before", "after"):
                code = seen[person, instrument, score, when]
                # grades are text, as 1+ is no number; with no spasms severity is not asked
                typed = "n/a" if code is None else code if instrument == "mas" else int(code)
                _put(sheet, row, column, typed)
                column += 1


def empty_book() -> Workbook:
    """Return a workbook with no sheet, made by nobody in particular at a fixed time."""
    from openpyxl import Workbook

    book = Workbook()
    for sheet in book.worksheets:
        book.remove(sheet)
    book.properties.creator = CENTRE_NAME
    book.properties.created = _SAVED
    return book


def emphasise(sheet: Worksheet, row: int) -> None:
    """Set the headings in bold and their columns wide enough."""
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    for column, cell in enumerate(sheet[row], start=1):
        cell.font = Font(bold=True)
        width = max(11, len(str(cell.value or "")) + 2)
        sheet.column_dimensions[get_column_letter(column)].width = width


def _put(sheet: Worksheet, row: int, column: int, value: Any) -> None:
    """Write one cell: whole numbers as such, days as dates, nothing for what is missing."""
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, dt.date):  # a pandas Timestamp is one as well
        value = dt.datetime(value.year, value.month, value.day)
    cell = sheet.cell(row, column, value)
    if isinstance(value, dt.datetime):
        cell.number_format = _DATE


def put_row(sheet: Worksheet, row: int, values: Sequence[Any]) -> None:
    """Write one row from the left; what is missing stays empty."""
    for column, value in enumerate(values, start=1):
        _put(sheet, row, column, value)


def _put_date(sheet: Worksheet, row: int, day: dt.date, *, rng: np.random.Generator) -> None:
    """Write a day as people do: mostly a date, else one of four ways of typing it."""
    ways = (
        f"{day:%d/%m/%Y}", f"{day.day}.{day.month}.{day:%y}", f"{day.day} {day:%b %Y}",
        day.isoformat(),
    )  # fmt: skip
    chosen = rng.random()
    way = int(rng.integers(len(ways)))
    _put(sheet, row, 2, day if chosen < 0.6 else ways[way])


def _place(cell: str) -> tuple[int, str]:
    letters = "".join(c for c in cell.split(":")[0] if c.isalpha())
    return int(cell.split(":")[0].removeprefix(letters)), letters


def save(book: Workbook, path: Path) -> Path:
    """Save with fixed times inside, so that the same cells give the same file."""
    raw = io.BytesIO()
    book.save(raw)
    stamp = f"{_SAVED:%Y-%m-%dT%H:%M:%SZ}".encode()
    modified = re.compile(rb"(<dcterms:modified[^>]*>)[^<]*(</dcterms:modified>)")
    with zipfile.ZipFile(raw) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "docProps/core.xml":
                part = modified.sub(rb"\g<1>" + stamp + rb"\g<2>", part)
            entry = zipfile.ZipInfo(name, _SAVED.timetuple()[:6])
            entry.compress_type = zipfile.ZIP_DEFLATED
            new.writestr(entry, part)
    return path
