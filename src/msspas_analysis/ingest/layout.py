"""Where the tables are in a sheet, and what their columns mean.

A sheet may hold title rows, two header rows, several tables above or beside each other, a week in
a row (Mon ... Sun) or one column a date. Each table found is a :class:`Block`.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from msspas_analysis.ingest.dates import looks_like_date, read_date
from msspas_analysis.ingest.identifiers import screen_header
from msspas_analysis.ingest.sheets import Sheet
from msspas_analysis.ingest.values import plain
from msspas_analysis.ingest.vocabulary import Heading, read_heading, scale_of

OUTCOMES: Final = ("stiffness", "spasm_count", "pain", "sleep_disruption", "fatigue", "falls")
DAILY: Final = (*OUTCOMES, "missed_medication", "trigger", "trigger_tick")
PERSONAL: Final = (
    "age_band", "sex", "ms_type", "pdds", "therapy", "diary_start", "first_session", "consent",
)  # fmt: skip
_KEYS: Final = ("person_id", "date", "week_start", "week_end")
_ANSWERS: Final = ("global_impression", "satisfaction", "recommend")
_CODE: Final = re.compile(r"^[A-Z0-9][A-Z0-9._/#-]{0,19}$")
_NOT_A_CODE: Final = re.compile(
    r"^(SHEET|TABLE|WEEK|WK|W|DAY|YEAR|Q|PAGE|TAB|COPY|JAN|FEB|MAR|APR|MAY|JUNE?|JULY?|AUG|SEPT?|"
    r"OCT|NOV|DEC|MARCH|APRIL|TABELLE|FEUIL)[-_/.]?\d+$|^(19|20)\d\d$"
)
_LABEL: Final = re.compile(
    r"^(?:client|patient|participant|person|member|service user|ref(?:erence)?|code|id)\b"
    r"[^:=\-\u2013]*[:=\-\u2013#]\s*(\S.{0,24})$",
    re.I,
)


@dataclass(slots=True)
class Field:
    """One column of a block: where it stands, what it is headed, what that means.

    `measure` is what a weekday or date column rates, where its upper heading says so; `day` is
    the calendar day of a column headed by a date.
    """

    column: int
    text: str
    heading: Heading | None
    measure: str = ""
    day: dt.date | None = None

    @property
    def role(self) -> str:
        """The heading's role, empty when it is not known."""
        return self.heading.role if self.heading is not None else ""


@dataclass(slots=True)
class Block:
    """One table: its kind, header rows, data rows (both from 0, inclusive) and columns."""

    sheet: int
    kind: str
    header: tuple[int, int]
    rows: tuple[int, int]
    fields: list[Field]
    measure: str = ""
    person: str = ""
    person_cell: tuple[int, int] | None = None
    columns: range = field(default_factory=lambda: range(0))

    def column(self, role: str) -> int | None:
        """Return the first column with `role`, or None."""
        return next((f.column for f in self.fields if f.role == role), None)

    def having(self, *roles: str) -> list[Field]:
        """Return the fields with one of `roles`."""
        return [f for f in self.fields if f.role in roles]


def person_code(raw: object) -> str:
    """Return a client code with spaces removed and in capitals; empty when it cannot be one.

    Examples
    --------
    >>> person_code("nf 364 "), person_code(364.0), person_code("handed in late, see folder")
    ('NF364', '364', '')
    """
    if isinstance(raw, bool) or raw is None:
        return ""
    if isinstance(raw, (int, float)):
        return str(int(raw)) if float(raw).is_integer() and 0 <= raw < 1e9 else ""
    if not isinstance(raw, str):
        return ""
    words = raw.replace("\u00a0", " ").replace("\u200b", "").split()
    code = "".join(words).upper().translate(str.maketrans("‐‑–—", "----"))
    if len(words) > 3 or not _CODE.match(code):
        return ""
    if len(words) > 1 and not any(c.isdigit() for c in code):
        return ""
    return code


@lru_cache(maxsize=4096)
def _heading(text: str) -> Heading | None:
    return read_heading(text)


def find_blocks(
    sheet: Sheet, *, known: Mapping[str, str] | None = None, measure: str = ""
) -> list[Block]:
    """Find the tables of a sheet.

    Parameters
    ----------
    sheet : Sheet
        One sheet with its merged cells.
    known : mapping of str to str or None
        Headings the user has explained: heading in small letters to role, or "ignore".
    measure : str
        What a sheet of weeks rates, where the user has said so.

    Returns
    -------
    list of Block
        From top to bottom; a sheet without a table gives an empty list.
    """
    known = known or {}
    height = len(sheet.values)
    heads: list[tuple[int, int, list[Field]]] = []
    row = 0
    while row < height and row < 100_000:
        found = _header_at(sheet, row, known)
        if found is None:
            row += 1
            continue
        heads.append((row, row + found[0] - 1, found[1]))
        row += found[0]
        if height > 20_000 and heads:  # a long list has one head; nobody types ten thousand
            break
    blocks: list[Block] = []
    for i, (first, last, fields) in enumerate(heads):
        end = heads[i + 1][0] - 1 if i + 1 < len(heads) else height - 1
        above = heads[i - 1][1] + 1 if i else 0
        for part in _beside(fields):
            columns = range(min(f.column for f in part), max(f.column for f in part) + 1)
            if len(_beside(fields)) == 1:
                columns = range(sheet.values.shape[1])
            block = Block(sheet.index, "", (first, last), (last + 1, end), part, columns=columns)
            _explain(block, sheet, above, measure)
            if not block.person and blocks and block.column("person_id") is None:
                # "Client: A101" holds until the next one
                block.person, block.person_cell = blocks[-1].person, blocks[-1].person_cell
            blocks.append(block)
    return blocks


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _fields(texts: Mapping[int, tuple[str, object]], known: Mapping[str, str]) -> list[Field]:
    """Read the headings of one row; `texts` maps a column to (upper heading, lower cell)."""
    fields = []
    for column, (upper, lower) in texts.items():
        label = " ".join(part for part in (upper, _text(lower)) if part).strip()
        told = known.get(plain(label)) or known.get(plain(_text(lower)))
        if told is not None:
            role, _, way = ("ignored" if told == "ignore" else told).partition(": ")
            fields.append(Field(column, label, Heading(role, way)))
            continue
        if looks_like_date(lower):
            day = read_date(lower, month_first=False).value
            fields.append(Field(column, str(lower), Heading("day"), _outcome(upper), day))
            continue
        own = _heading(_text(lower)) if _text(lower) else None
        if own is not None and own.role == "weekday":
            fields.append(Field(column, label, own, _outcome(upper)))
            continue
        if screen_header(_text(lower)) is not None:
            fields.append(Field(column, label, Heading("identifier")))
            continue
        code = person_code(lower) if isinstance(lower, str) and not upper else ""
        if re.fullmatch(r"[A-Z]{0,5}[-_/.]?\d{2,6}[A-Z]?", code) and not _NOT_A_CODE.match(code):
            fields.append(Field(column, code, Heading("person column", code)))
            continue
        heading = _heading(label) if label else None
        if upper and (heading is None or (own is not None and own.role in (*DAILY, *_KEYS))):
            heading = own or _heading(upper)
        fields.append(Field(column, label, heading))
    return fields


def _outcome(text: str) -> str:
    heading = _heading(text) if text else None
    if heading is None or heading.role not in OUTCOMES or heading.problem:
        return ""
    return heading.role


def _score(fields: list[Field]) -> int:
    """Count the different things a row of headings names; 0 when it is no header."""
    roles = Counter(f.role for f in fields if f.heading is not None)
    days = roles.pop("day", 0)
    weekdays = roles.pop("weekday", 0)
    across = roles.pop("person column", 0)
    if across and (across < 2 or "person_id" in roles or "date" not in roles):
        return 0
    roles.pop("identifier", 0)
    named = len(roles) + (2 if days >= 3 else 0) + (2 if weekdays >= 3 else 0) + across
    keyed = any(role in roles for role in _KEYS) or days >= 3
    unknown = sum(f.heading is None for f in fields)
    if not keyed or named < 2 or unknown > max(2, 1.5 * (sum(roles.values()) + days + weekdays)):
        return 0
    return named


def _header_at(sheet: Sheet, row: int, known: Mapping[str, str]) -> tuple[int, list[Field]] | None:
    """Return how many rows the header at `row` has, and its fields; None when it is none."""
    values = sheet.values
    cells = {c: values[row, c] for c in range(values.shape[1]) if values[row, c] is not None}
    if not cells:
        return None
    texts = sum(isinstance(v, str) for v in cells.values())
    numbers = sum(isinstance(v, (int, float)) for v in cells.values())
    dated = sum(looks_like_date(v) for v in cells.values()) if len(cells) >= 4 else 0
    if numbers > 0.3 * len(cells) or (texts < 2 and dated < 3):
        return None
    single = _fields({c: ("", v) for c, v in cells.items()}, known)
    # a row of data may hold two dates and a word that is also a heading; a header has no date
    # unless it is a row of them
    if 0 < dated < 4 and dated < 0.5 * len(cells):
        single = []
    best, fields, tall = _score(single), single, 1
    if row + 1 < len(values):
        below = {
            c: values[row + 1, c] for c in range(values.shape[1]) if values[row + 1, c] is not None
        }
        labels = [v for v in below.values() if isinstance(v, str) or looks_like_date(v)]
        if below and len(labels) == len(below) and len(below) >= 2:
            both = _fields(_stack(sheet, row, cells, below), known)
            lower = [f for f in both if f.column in below and f.heading is not None]
            # the lower row must itself be headings, not a first row of data
            own = sum(
                ((h := _heading(_text(v))) is not None and h.role != "person_id")
                or (looks_like_date(v) and len(labels) >= 4)
                or plain(_text(v)) in ("am", "pm", "0-10", "number", "before", "after", "no.")
                for v in below.values()
            )  # fmt: skip
            alone = _score(_fields({c: ("", v) for c, v in below.items()}, known))
            spanning = any(r1 <= row <= r2 and c2 - c1 >= 2 for r1, c1, r2, c2 in sheet.merged)
            stands_alone = alone >= 2 and not spanning
            if own >= max(2, 0.6 * len(below)) and lower and not stands_alone:
                richer = sum(f.heading is not None for f in both) > sum(
                    f.heading is not None for f in single
                )
                is_title = len(cells) == 1 and best == 0
                if richer and not is_title and _score(both) >= max(best, alone, 2):
                    best, fields, tall = _score(both), both, 2
    return (tall, fields) if best >= 2 else None


def _stack(
    sheet: Sheet, row: int, cells: Mapping[int, object], below: Mapping[int, object]
) -> dict[int, tuple[str, object]]:
    """Put the upper heading over each lower one: across merged cells, else to the next one."""
    spans = {c1: c2 for r1, c1, r2, c2 in sheet.merged if r1 <= row <= r2}
    texts: dict[int, tuple[str, object]] = {}
    current, until = "", -1
    for column in range(sheet.values.shape[1]):
        if column in cells:
            current, until = (
                _text(cells[column]),
                spans.get(column, 10_000 if not spans else column),
            )
        upper = current if column <= until else ""
        if column in below:
            texts[column] = (upper, below[column])
        elif column in cells:
            texts[column] = ("", cells[column])
    return texts


def _beside(fields: list[Field]) -> list[list[Field]]:
    """Split tables that stand side by side: each has its own date or client column."""
    for role in ("person_id", "date"):
        starts = [i for i, f in enumerate(fields) if f.role == role]
        if len(starts) < 2:
            continue
        parts = [fields[a:b] for a, b in zip(starts, [*starts[1:], len(fields)], strict=True)]
        if all(any(f.role in (*DAILY, "attendance") for f in part) for part in parts):
            parts[0] = fields[: starts[0]] + parts[0]
            return parts
    return [fields]


def _explain(block: Block, sheet: Sheet, above: int, measure: str) -> None:
    """Tell what kind of table it is, what it rates, and whose it is where no column says so."""
    title = [
        _text(v)
        for row in range(max(above, block.header[0] - 5), block.header[0])
        for v in sheet.values[row]
        if isinstance(v, str)
    ]
    block.kind = _kind(block, [*title, sheet.name])
    if block.kind in ("weeks", "days", "people across"):
        block.measure = measure or next(
            (m for text in [*reversed(title), sheet.name] if (m := _outcome(text))), ""
        )
    if block.column("person_id") is None:
        block.person, block.person_cell = _owner(sheet, above, block.header[0])


def _kind(block: Block, titles: list[str]) -> str:
    roles = Counter(f.role for f in block.fields)
    about = plain(" ".join(titles))
    if roles["weekday"] >= 3:
        return "weeks"
    if roles["day"] >= 3:
        is_register = re.search(r"attend|session|register|came", about)
        return "attendance across" if is_register and not any(map(_outcome, titles)) else "days"
    if roles["person column"] >= 2:
        return "people across"
    unwanted = re.search(r"unwanted|side effect|adverse|incident", about)
    if roles["event"] or ((roles["severity"] or unwanted) and not any(roles[r] for r in OUTCOMES)):
        for f in block.fields:  # "What" is a therapy in a list of sessions, an event here
            if (f.role == "therapy" and plain(f.text) in ("what", "type", "what happened")) or (
                f.role == "notes" and not roles["event"] and plain(f.text) == "what happened"
            ):
                f.heading = Heading("event")
        if any(f.role == "event" for f in block.fields):
            return "events"
    if any(roles[r] for r in _ANSWERS):
        return "survey"
    if roles["attendance"] and (roles["date"] or roles["therapy"]):
        return "sessions"
    if (roles["date"] or roles["week_start"]) and any(roles[r] for r in DAILY):
        return "diary"
    if roles["date"] and roles["therapy"] and not any(roles[r] for r in PERSONAL if r != "therapy"):
        return "sessions"
    if roles["assessment"]:
        return "assessments"
    if roles["person_id"] and any(roles[r] for r in PERSONAL):
        return "people"
    return "unknown"


def _owner(sheet: Sheet, above: int, header: int) -> tuple[str, tuple[int, int] | None]:
    """Find whose diary a sheet is: "Client: NF372" above the table, or the sheet's own name."""
    for row in range(header - 1, max(above, header - 8) - 1, -1):
        for column, value in enumerate(sheet.values[row]):
            if not isinstance(value, str):
                continue
            if (match := _LABEL.match(value.strip())) and (code := person_code(match[1])):
                return code, (row, column)
            heading = _heading(value)
            if heading is not None and heading.role == "person_id":
                right = [v for v in sheet.values[row, column + 1 :] if v is not None]
                if right and (code := person_code(right[0])) and any(c.isdigit() for c in code):
                    return code, (row, column)
    code = person_code(sheet.name)
    if re.match(r"^[A-Z]{0,5}[-_/.]?\d{1,6}[A-Z]?$", code) and not _NOT_A_CODE.match(code):
        return code, None
    return "", None


def states_scale(texts: list[str]) -> tuple[float, float] | None:
    """Return the first scale that one of `texts` states."""
    return next((scale for text in texts if (scale := scale_of(text))), None)
