"""The rules file: a centre's answers to the questions, kept for the next export.

A small TOML file beside the workbook (``msspas-rules.toml``) or named with ``--rules``::

    [dates]
    order = "day first"                     # or "month first"
    year = 2026                             # for dates typed without one

    [columns]                               # what a heading means; "ignore" leaves it out
    "Sleep 0-10" = "sleep_disruption"       # 10 = worst night
    "Weather" = "ignore"

    [words."Missed tablets?"]               # what a mark means in one column
    "x" = "no"

    [sheets]                                # what a sheet of weeks rates, or "ignore"
    "Weekly sheets" = "stiffness"

    [people]                                # another spelling of a code
    "NF-364" = "NF364"

    [values]                                # one value decided: code, day, column
    "NF364 2026-03-02 stiffness" = 6        # or "" to leave it empty for good

    [fill_down]                             # sheets where an empty client cell means "as above"
    sheets = ["Diary"]
"""

from __future__ import annotations

import datetime as dt
import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from msspas_analysis.ingest.layout import DAILY, OUTCOMES, PERSONAL, person_code
from msspas_analysis.ingest.sheets import UnreadableFileError
from msspas_analysis.ingest.values import plain

FILE_NAME: Final = "msspas-rules.toml"
_ROLES: Final = (
    "person_id", "date", "week_start", "week_end", *DAILY, *PERSONAL, "attendance", "event",
    "severity", "global_impression: 1 is better", "global_impression: 1 is worse", "satisfaction", "recommend", "measure", "notes", "ignore",
)  # fmt: skip
_SECTIONS: Final = ("dates", "columns", "words", "sheets", "people", "values", "fill_down")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """A centre's answers; see the module for the file they come from.

    Parameters
    ----------
    month_first : bool or None
        None leaves it to what the dates themselves show.
    year : int or None
        The year of dates typed without one.
    columns : mapping of str to str
        Heading in small letters to role.
    words : mapping of str to mapping of str to str
        Heading in small letters to what each mark means there.
    sheets : mapping of str to str
        Sheet name in small letters to the rating its weeks hold, or "ignore".
    people : mapping of str to str
        Other spelling of a code to the code.
    values : mapping of (code, day, column) to float or None
        Values decided one by one; None is empty for good.
    fill_down : frozenset of str
        Sheet names in small letters.
    """

    month_first: bool | None = None
    year: int | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    sheets: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[tuple[str, dt.date, str], float | None] = field(default_factory=dict)
    fill_down: frozenset[str] = frozenset()


def read_rules(path: Path) -> Rules:
    """Read a rules file.

    Raises
    ------
    UnreadableFileError
        Naming every line that is not understood and what could stand there instead.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as err:
        raise UnreadableFileError("The rules file cannot be opened: check its name.") from err
    except tomllib.TOMLDecodeError as err:
        raise UnreadableFileError(
            f'The rules file cannot be read: {err}. Each line looks like "Heading" = "meaning".'
        ) from err
    problems = [
        f"[{section}] is not a section{_near(section, _SECTIONS)}"
        for section in data
        if section not in _SECTIONS
    ]
    columns = {plain(k): str(v) for k, v in _part(data, "columns", problems).items()}
    for heading, role in columns.items():
        if role not in _ROLES:
            problems.append(f"[columns] {heading!r}: {role!r} is not known{_near(role, _ROLES)}")
    sheets = {plain(k): str(v) for k, v in _part(data, "sheets", problems).items()}
    for name, role in sheets.items():
        if role not in (*OUTCOMES, "ignore"):
            problems.append(f"[sheets] {name!r}: {role!r} is not known{_near(role, OUTCOMES)}")
    words = {}
    for heading, marks in _part(data, "words", problems).items():
        if not isinstance(marks, dict):
            problems.append(f'[words] write [words."{heading}"] and below it "x" = "no"')
            continue
        words[plain(heading)] = {plain(k): str(v) for k, v in marks.items()}
    people = {
        person_code(k) or plain(k).upper(): person_code(v)
        for k, v in _part(data, "people", problems).items()
    }
    values: dict[tuple[str, dt.date, str], float | None] = {}
    for key, value in _part(data, "values", problems).items():
        try:
            code, day, column = str(key).rsplit(" ", 2)
            if column not in OUTCOMES:
                raise ValueError(column)
            values[person_code(code), dt.date.fromisoformat(day), column] = (
                None if value == "" else float(value)
            )
        except (ValueError, TypeError):
            problems.append(f'[values] {key!r}: write "CODE 2026-03-02 stiffness" = 6')
    order = _part(data, "dates", problems).get("order")
    if order not in (None, "day first", "month first"):
        problems.append(f'[dates] order is "day first" or "month first", not {order!r}')
    year = _part(data, "dates", problems).get("year")
    if year is not None and not (isinstance(year, int) and 1990 <= year <= 2100):
        problems.append(f"[dates] year is a number such as 2026, not {year!r}")
    fill = _part(data, "fill_down", problems).get("sheets", [])
    if problems:
        raise UnreadableFileError("The rules file has lines that are not understood:\n  "
                                  + "\n  ".join(problems))  # fmt: skip
    return Rules(
        month_first=None if order is None else order == "month first", year=year, columns=columns,
        words=words, sheets=sheets, people=people, values=values,
        fill_down=frozenset(plain(str(name)) for name in fill),
    )  # fmt: skip


def _part(data: Mapping[str, Any], name: str, problems: list[str]) -> dict[str, Any]:
    part = data.get(name, {})
    if isinstance(part, dict):
        return part
    problems.append(f"[{name}] must be a section, with its lines below it")
    return {}


def _near(word: str, allowed: tuple[str, ...]) -> str:
    close = difflib.get_close_matches(word, allowed, n=1)
    return f'; did you mean "{close[0]}"?' if close else f"; it can be {', '.join(allowed)}"
