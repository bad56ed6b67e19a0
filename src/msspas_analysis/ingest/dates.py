"""Calendar days as people type them, by explicit patterns; a day that does not exist is asked.

The order of day and month is decided once a column, from the dates that allow one reading only.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from msspas_analysis.ingest.values import plain

MONTHS: Final = {
    name[:length]: number
    for number, name in enumerate(
        ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"], 1)
    for length in range(3, len(name) + 1)
}  # fmt: skip
WEEKDAYS: Final = {
    name[:length]: number
    for number, name in enumerate(
        ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
    )
    for length in range(3, len(name) + 1)
} | {"thur": 3, "weds": 2, "tu": 1, "th": 3, "sa": 5, "su": 6, "mo": 0, "we": 2, "fr": 4}
_SHORT_DAY: Final = r"(?:mon|tues?|weds?|thu(?:rs?)?|fri|sat|sun)[a-z]*\.?,?\s+"
_LEAD: Final = re.compile(
    r"^(?:w/?\s?[ce]\b|wk\.? ?(?:beg(?:inning)?|comm?(?:encing)?|starting)\b|week ?(?:beginning|"
    rf"commencing|starting|of|ending)\b|from\b|date\b)[:.\s]*|^(?:{_SHORT_DAY})(?=\d)"
)
_ISO: Final = re.compile(r"^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[t ]\d{1,2}:\d{2}.*)?$")
_THREE: Final = re.compile(
    r"^(\d{1,2})\s*[-/. ]\s*(\d{1,2})\s*[-/. ]\s*(\d{4}|\d{2})(?:\s+\d{1,2}:\d{2}.*)?$"
)
_DAY_MONTH: Final = re.compile(
    r"^(\d{1,2})(?:st|nd|rd|th)?[-/. ]*(?:of )?([a-z]{3,9})\.?[-/., ]*(\d{4}|'?\d{2})?$"
)
_MONTH_DAY: Final = re.compile(
    r"^([a-z]{3,9})\.?[-/. ]*(\d{1,2})(?:st|nd|rd|th)?(?:[-/, ]+(\d{4}|'?\d{2}))?$"
)
_TWO: Final = re.compile(r"^(\d{1,2})\s*[-/.]\s*(\d{1,2})$")
_FIRST_SERIAL, _LAST_SERIAL = 36526, 55153  # 2000-01-01 to 2050-12-31
_EPOCH: Final = dt.date(1899, 12, 30)


class DateReading(NamedTuple):
    """One date cell, read; `swapped` is the other order's reading where there is one."""

    value: dt.date | None
    decision: str = "used"
    reason: str = ""
    swapped: dt.date | None = None
    yearless: tuple[int, int] | None = None


def month_first(cells: Iterable[object]) -> bool | None:
    """Tell the order a column writes day and month in, from the dates that show it.

    Returns
    -------
    bool or None
        None when dates of both orders stand in the column in earnest (a fifth or more each).

    Examples
    --------
    >>> month_first(["13/02/2026", "01/03/2026"]), month_first(["02/13/2026"])
    (False, True)
    """
    day_first = month = 0
    for cell in cells:
        if isinstance(cell, str) and (match := _THREE.match(_bare(cell))):
            a, b = int(match[1]), int(match[2])
            day_first += a > 12 >= b
            month += b > 12 >= a
    total = day_first + month
    if total and month / total >= 0.2 and day_first / total >= 0.2:
        return None
    return month > day_first


def looks_like_date(cell: object) -> bool:
    """Tell whether a cell is plainly a calendar day, in whichever order.

    Examples
    --------
    >>> looks_like_date("3 Mar 2026"), looks_like_date("5/10"), looks_like_date(46000)
    (True, False, False)
    """
    if isinstance(cell, dt.datetime | dt.date):
        return True
    if not isinstance(cell, str):
        return False
    text = _bare(cell)
    if _TWO.match(text):
        return False
    return read_date(text, month_first=False).value is not None or bool(_THREE.match(text))


def read_date(cell: object, *, month_first: bool | None) -> DateReading:
    """Read one date cell.

    Parameters
    ----------
    cell : object
        A date, text, or a bare Excel serial number.
    month_first : bool or None
        The column's order; None when it has none, so that 03/04/2026 is asked.

    Examples
    --------
    >>> read_date("3.3.26", month_first=False).value
    datetime.date(2026, 3, 3)
    >>> read_date("31/9/26", month_first=False).reason
    'there is no such day: correct the date'
    """
    if isinstance(cell, dt.datetime):
        cell = cell.date()
    if isinstance(cell, dt.date):
        return DateReading(cell, swapped=_make(cell.year, cell.day, cell.month))
    if isinstance(cell, bool):
        return DateReading(None, "question", "no date: type day, month and year")
    if isinstance(cell, (int, float)):
        return _from_number(cell)
    text = _bare(str(cell))
    if match := _ISO.match(text):
        return _checked(int(match[1]), int(match[2]), int(match[3]))
    if match := _THREE.match(text):
        a, b, year = int(match[1]), int(match[2]), _year(match[3])
        as_day, as_month = _make(year, b, a), _make(year, a, b)
        if month_first is None:
            if a > 12 or b > 12 or a == b:
                only = as_day if a > 12 or a == b else as_month
                return DateReading(
                    only, "kept", "this column mixes day-first and month-first dates"
                )
            return DateReading(None, "question", "day or month first? This column has both: write "
                               "the month as a word", swapped=None)  # fmt: skip
        wanted, other = (as_month, as_day) if month_first else (as_day, as_month)
        if wanted is None and other is not None:
            order = "month" if month_first else "day"
            return DateReading(
                None,
                "question",
                f"dates here are {order} first, and this one cannot be: correct it",
            )
        if wanted is None:
            return DateReading(None, "question", "there is no such day: correct the date")
        return DateReading(wanted, swapped=other)
    match = _DAY_MONTH.match(text)
    day, word, year_text = (match[1], match[2], match[3]) if match else ("", "", None)
    if not match and (match := _MONTH_DAY.match(text)):
        day, word, year_text = match[2], match[1], match[3]
    if match and word in MONTHS:
        if year_text is None:
            return DateReading(None, "question", "no year: type day, month and year",
                               yearless=(MONTHS[word], int(day)))  # fmt: skip
        return _checked(_year(year_text.strip("'")), MONTHS[word], int(day))
    if match := _TWO.match(text):
        a, b = int(match[1]), int(match[2])
        pair = (a, b) if month_first else (b, a)
        return DateReading(None, "question", "no year: type day, month and year", yearless=pair)
    if re.match(r"^\d+(\.0+)?$", text):
        return _from_number(float(text))
    return DateReading(None, "question", "cannot be read as a date: type day, month and year")


def _bare(text: str) -> str:
    text = plain(text).rstrip(".")
    previous = None
    while previous != text:
        previous, text = text, _LEAD.sub("", text)
    return text


def _year(text: str) -> int:
    year = int(text)
    return year if year > 99 else 2000 + year if year < 70 else 1900 + year


def _make(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _checked(year: int, month: int, day: int) -> DateReading:
    found = _make(year, month, day)
    if found is None:
        return DateReading(None, "question", "there is no such day: correct the date")
    return DateReading(found)


def _from_number(number: float) -> DateReading:
    """Read a bare number in a date column: 20260216, or the serial number behind a date."""
    if number == int(number):
        text = str(int(number))
        if len(text) == 8 and (found := _make(int(text[:4]), int(text[4:6]), int(text[6:]))):
            return DateReading(found, "changed", "read as year, month, day")
        if _FIRST_SERIAL <= number <= _LAST_SERIAL:
            found = _EPOCH + dt.timedelta(days=int(number))
            return DateReading(found, "kept", f"the number behind a date: read as {found}")
    return DateReading(None, "question", "a number, no date: type day, month and year")
