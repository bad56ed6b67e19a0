"""The tidy tables and their rules: what a column may hold, and the windows of days.

One row per fact, ISO dates, one key: ``person_id``, the centre's own code with spaces removed and
in capitals. The rules are data (:data:`SCHEMAS`); a schema library checks them once, at the door
(:func:`validate`), and the error lists every problem.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal

import pandas as pd

Kind = Literal["code", "date", "number", "count", "category", "text"]


class SchemaError(ValueError):
    """Data do not fit a table; ``problems`` lists every one of them.

    Parameters
    ----------
    table : str
        Name of the table.
    problems : pandas.DataFrame
        Columns ``row`` (0-based position, -1 for the whole column), ``column``, ``found``,
        ``fix``.
    """

    def __init__(self, table: str, problems: pd.DataFrame) -> None:
        self.table = table
        self.problems = problems
        lines = []
        for p in problems.to_dict("records"):
            where = f"row {p['row'] + 1}" if p["row"] >= 0 else "whole column"
            lines.append(f"  {where}, {p['column']}: {p['found']}. {p['fix']}")
        super().__init__(f"{table}: {len(problems)} problem(s)\n" + "\n".join(lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a tidy table.

    Parameters
    ----------
    name : str
        Name in every table and file.
    kind : {"code", "date", "number", "count", "category", "text"}
        What a cell holds: a key, a calendar day, a score, a whole number >= 0, one of `levels`,
        or short text.
    low, high : float or None
        Inclusive range of a valid number.
    levels : tuple of str
        Allowed values of a category.
    required : bool
        Whether a cell may be empty.
    label : str
        What a reader is shown.
    """

    name: str
    kind: Kind
    low: float | None = None
    high: float | None = None
    levels: tuple[str, ...] = ()
    required: bool = False
    label: str = ""

    @property
    def dtype(self) -> str:
        """The pandas dtype of the column."""
        return {
            "date": "datetime64[ns]",
            "number": "float64",
            "count": "float64",
        }.get(self.kind, "object")


@dataclass(frozen=True, slots=True)
class Schema:
    """A tidy table: its name, key and columns."""

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    def __getitem__(self, name: str) -> Column:
        """Return the column called `name`."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name!r}; it has {self.names}")

    @property
    def names(self) -> list[str]:
        """Column names in order."""
        return [column.name for column in self.columns]

    def empty(self) -> pd.DataFrame:
        """Return a table with these columns and no row."""
        return pd.DataFrame({c.name: pd.Series(dtype=c.dtype) for c in self.columns})


AGE_BANDS: Final = ("18-29", "30-39", "40-49", "50-59", "60-69", "70+", "not stated")
SEXES: Final = ("female", "male", "other", "not stated")
MS_TYPES: Final = ("RRMS", "SPMS", "PPMS", "progressive", "CIS", "not known")
CONSENT: Final = ("yes", "no", "withdrawn", "blank", "unclear")
ATTENDANCE: Final = ("attended", "did not attend", "cancelled", "away", "unknown")
TRIGGER_STATES: Final = ("yes", "no", "blank")
TRIGGERS: Final = (
    "infection", "fever", "bladder", "bowel", "skin", "pain", "injury", "tight clothing",
    "splint or orthosis", "posture", "equipment", "heat", "cold", "stress", "low mood", "fatigue",
    "poor sleep", "overexertion", "inactivity", "menstrual", "relapse", "missed medication",
    "medication change", "other", "none",
)  # fmt: skip
THERAPIES: Final = (
    "physiotherapy", "hydrotherapy", "exercise", "stretching", "yoga", "pilates", "tai chi",
    "qigong", "FES", "TENS", "APS", "oxygen", "massage", "reflexology", "acupuncture",
    "biofeedback", "osteopathy", "occupational therapy", "counselling", "self-management",
    "other",
)  # fmt: skip
ADVERSE_EVENTS: Final = (
    "weakness", "drowsiness", "dizziness", "fall", "fatigue", "nausea", "skin reaction",
    "more spasms", "more pain", "low mood", "ear pressure", "other",
)  # fmt: skip
SPASM_TYPES: Final = ("flexor", "extensor", "clonus", "throat", "MS hug", "other")
EVENT_TYPES: Final = (
    "relapse", "infection", "medication started", "medication stopped", "medication increased",
    "medication reduced", "other therapy started", "hospital stay", "other",
)  # fmt: skip

_ID: Final = Column(name="person_id", kind="code", required=True, label="client code")

PEOPLE: Final = Schema(
    "people",
    ("person_id",),
    (
        _ID,
        Column(name="age_band", kind="category", levels=AGE_BANDS, label="age band"),
        Column(name="sex", kind="category", levels=SEXES, label="sex"),
        Column(name="ms_type", kind="category", levels=MS_TYPES, label="type of MS"),
        Column(name="pdds", kind="number", low=0, high=8, label="PDDS"),
        Column(name="therapy", kind="text", label="therapy or combination of therapies"),
        Column(name="diary_start", kind="date", label="diary started"),
        Column(name="first_session", kind="date", label="first session"),
        Column(name="consent", kind="category", levels=CONSENT, label="agreed to evaluation"),
    ),
)
DIARY: Final = Schema(
    "diary",
    ("person_id", "date"),
    (
        _ID,
        Column(name="date", kind="date", required=True, label="day described"),
        Column(name="stiffness", kind="number", low=0, high=10, label="stiffness 0-10"),
        Column(name="spasm_count", kind="count", low=0, high=500, label="spasms that day"),
        Column(name="pain", kind="number", low=0, high=10, label="pain 0-10"),
        Column(
            name="sleep_disruption", kind="number", low=0, high=10, label="sleep disruption 0-10"
        ),
        Column(name="fatigue", kind="number", low=0, high=10, label="fatigue 0-10"),
        Column(name="falls", kind="count", low=0, high=50, label="falls that day"),
        Column(
            name="missed_medication", kind="category", levels=("yes", "no"),
            label="missed tablets",
        ),
        # "5+" or ">10": what is known when the count itself is not
        Column(name="spasm_count_low", kind="count", low=0, high=500, label="at least this many"),
    ),
)  # fmt: skip
TRIGGER: Final = Schema(
    "triggers",
    ("person_id", "date", "trigger"),
    (
        _ID,
        Column(name="date", kind="date", required=True, label="day described"),
        Column(name="trigger", kind="category", levels=TRIGGERS, required=True, label="trigger"),
        # a tick-only form gives "yes" or "blank", never "no"
        Column(name="present", kind="category", levels=TRIGGER_STATES, required=True),
    ),
)
SESSIONS: Final = Schema(
    "sessions",
    ("person_id", "date", "therapy"),
    (
        _ID,
        Column(name="date", kind="date", required=True, label="session date"),
        Column(name="therapy", kind="text", label="therapy or combination"),
        Column(name="attendance", kind="category", levels=ATTENDANCE, required=True),
    ),
)
ASSESSMENTS: Final = Schema(
    "assessments",
    ("person_id", "date", "timepoint", "instrument", "score", "site"),
    (
        _ID,
        Column(name="date", kind="date", label="assessment date"),
        Column(
            name="timepoint", kind="category", levels=("before", "after", "not stated"),
            required=True,
        ),
        Column(name="instrument", kind="text", required=True, label="instrument key"),
        Column(name="score", kind="text", required=True, label="which score of the instrument"),
        Column(name="site", kind="text", label="muscle group or side, as the centre wrote it"),
        # a Modified Ashworth "1+" is a code, not a number
        Column(name="code", kind="text", label="grade as written"),
        Column(name="value", kind="number", label="score as a number"),
        Column(
            name="status", kind="category", required=True,
            levels=("observed", "not done", "not applicable", "unable"),
        ),
    ),
)  # fmt: skip
ADVERSE: Final = Schema(
    "adverse_events",
    ("person_id", "date", "event"),
    (
        _ID,
        Column(name="date", kind="date", label="date"),
        Column(name="event", kind="category", levels=ADVERSE_EVENTS, required=True),
        Column(name="severity", kind="text", label="how bad, as written"),
    ),
)
SURVEY: Final = Schema(
    "survey",
    ("person_id", "date"),
    (
        _ID,
        Column(name="date", kind="date", label="date asked"),
        # 1 very much better .. 4 no change .. 7 very much worse
        Column(name="global_impression", kind="number", low=1, high=7),
        Column(name="satisfaction", kind="number", low=1, high=5),
        Column(name="recommend", kind="category", levels=("yes", "no", "unsure")),
    ),
)
SPASMS: Final = Schema(
    "spasm_types",
    ("person_id", "date", "type"),
    (
        _ID,
        Column(name="date", kind="date", required=True, label="day described"),
        Column(name="type", kind="category", levels=SPASM_TYPES, required=True, label="kind"),
        Column(name="severity", kind="number", low=0, high=10, label="how bad 0-10"),
        # asked of the MS hug alone
        Column(name="hard_to_breathe", kind="category", levels=("yes", "no")),
    ),
)
EVENTS: Final = Schema(
    "events",
    ("person_id", "date", "event"),
    (
        _ID,
        Column(name="date", kind="date", required=True, label="first day"),
        Column(name="event", kind="category", levels=EVENT_TYPES, required=True),
        Column(name="last_date", kind="date", label="last day, if it ended"),
    ),
)
SCHEMAS: Final[dict[str, Schema]] = {
    s.name: s
    for s in (
        PEOPLE, DIARY, TRIGGER, SESSIONS, ASSESSMENTS, ADVERSE, SURVEY, SPASMS, EVENTS
    )
}  # fmt: skip
"""Every tidy table by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A span of days around the first session (day 0), and how many must be rated.

    Parameters
    ----------
    name : str
        What a reader is shown, such as ``"before"``.
    first_day, last_day : int
        Inclusive, in days from the first session; negative is before it.
    min_days : int
        Fewest rated days for a person's mean to count, at least 1.

    Raises
    ------
    ValueError
        If the window is empty or asks for more days than it has.

    Examples
    --------
    >>> BEFORE
    Window(name='before', first_day=-7, last_day=-1, min_days=4)
    """

    name: str
    first_day: int
    last_day: int
    min_days: int = 4

    def __post_init__(self) -> None:
        """Refuse an impossible window."""
        length = self.last_day - self.first_day + 1
        if length < 1:
            raise ValueError(
                f"window {self.name!r} ends (day {self.last_day}) before it begins "
                f"(day {self.first_day}); give the earlier day first"
            )
        if not 1 <= self.min_days <= length:
            raise ValueError(
                f"window {self.name!r} has {length} days, so min_days must be 1 to {length}, "
                f"got {self.min_days}"
            )

    def __str__(self) -> str:
        return (
            f"{self.name}: days {self.first_day} to {self.last_day}, at least {self.min_days} rated"
        )


BEFORE: Final = Window(name="before", first_day=-7, last_day=-1)
AFTER: Final = Window(name="after", first_day=28, last_day=41)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tables:
    """The tidy tables of one cohort; those not given are empty, with their columns.

    Examples
    --------
    >>> Tables().diary.columns[:3].tolist()
    ['person_id', 'date', 'stiffness']
    """

    people: pd.DataFrame = field(default_factory=PEOPLE.empty)
    diary: pd.DataFrame = field(default_factory=DIARY.empty)
    triggers: pd.DataFrame = field(default_factory=TRIGGER.empty)
    sessions: pd.DataFrame = field(default_factory=SESSIONS.empty)
    assessments: pd.DataFrame = field(default_factory=ASSESSMENTS.empty)
    adverse_events: pd.DataFrame = field(default_factory=ADVERSE.empty)
    survey: pd.DataFrame = field(default_factory=SURVEY.empty)
    spasm_types: pd.DataFrame = field(default_factory=SPASMS.empty)
    events: pd.DataFrame = field(default_factory=EVENTS.empty)

    def __getitem__(self, name: str) -> pd.DataFrame:
        """Return the table called `name`."""
        if name not in SCHEMAS:
            raise KeyError(f"no table {name!r}; there are {list(SCHEMAS)}")
        frame: pd.DataFrame = getattr(self, name)
        return frame


def _problem(row: int, column: str, found: str, fix: str) -> dict[str, Any]:
    return {"row": row, "column": column, "found": found, "fix": fix}


def validate(frame: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Return `frame` with the columns and dtypes of `schema`, or raise listing every problem.

    Parameters
    ----------
    frame : pandas.DataFrame
        Any row order; columns of `schema` that are absent and not required come back empty.
    schema : Schema
        One of :data:`SCHEMAS`.

    Returns
    -------
    pandas.DataFrame
        A new frame, columns in the schema's order, a fresh index.

    Raises
    ------
    SchemaError
        With every problem: unknown or absent columns, text where a number is due, values outside
        the range or the list, empty required cells, two rows for one key.

    Examples
    --------
    >>> bad = pd.DataFrame({"person_id": ["A1"], "date": ["2026-03-01"], "stiffness": [11]})
    >>> validate(bad, DIARY)
    Traceback (most recent call last):
        ...
    msspas_analysis.tables.SchemaError: diary: 1 problem(s)
      row 1, stiffness: 11.0 is outside 0 to 10. Correct the cell or leave it empty
    """
    import pandera.errors
    import pandera.pandas as pa

    problems: list[dict[str, Any]] = []
    unknown = [str(c) for c in frame.columns if c not in schema.names]
    problems += [
        _problem(-1, name, "is not a column of this table", f"Use {schema.names}")
        for name in unknown
    ]
    out = schema.empty().reindex(range(len(frame)))
    for column in schema.columns:
        if column.name not in frame.columns:
            if column.required:
                problems.append(_problem(-1, column.name, "is absent", "Add the column"))
            continue
        raw = frame[column.name].reset_index(drop=True)
        values: pd.Series[Any]
        if column.kind == "date":
            values = pd.to_datetime(raw, errors="coerce", format="ISO8601")
            values = values.astype("datetime64[ns]")
        elif column.kind in ("number", "count"):
            values = pd.to_numeric(raw, errors="coerce").astype("float64")
        else:
            values = raw.astype("object").where(raw.notna(), None)
        # coerce first, and list what was lost: a failed coercion would hide the range checks
        for row in values.index[values.isna() & raw.notna()]:
            wanted = "a date written YYYY-MM-DD" if column.kind == "date" else "a number"
            problems.append(
                _problem(row, column.name, f"{raw[row]!r} is not {wanted}", "Correct the cell")
            )
        out[column.name] = values

    checks: dict[str, Any] = {}
    for column in schema.columns:
        rules = []
        if column.low is not None and column.high is not None:
            rules.append(pa.Check.in_range(column.low, column.high))
        if column.levels:
            rules.append(pa.Check.isin(column.levels))
        if column.kind == "count":
            rules.append(pa.Check(lambda s: s.mod(1).eq(0), name="whole"))
        checks[column.name] = pa.Column(nullable=not column.required, checks=rules, required=False)
    try:
        pa.DataFrameSchema(checks).validate(out, lazy=True)
    except pandera.errors.SchemaErrors as err:
        for case in err.failure_cases.itertuples():
            known = schema[str(case.column)] if case.column in schema.names else None
            row = -1 if pd.isna(case.index) else int(case.index)
            problems.append(_describe(row, known, case.failure_case, str(case.check)))
    twice = out.duplicated(list(schema.key), keep=False)
    for row in out.index[twice]:
        key = ", ".join(f"{k} {_shown(out.at[row, k])}" for k in schema.key)
        problems.append(
            _problem(int(row), "/".join(schema.key), f"{key} stands in more than one row",
                     "Keep one row")
        )  # fmt: skip
    if problems:
        listed = pd.DataFrame(problems).drop_duplicates()
        raise SchemaError(schema.name, listed.sort_values(["row", "column"], ignore_index=True))
    return out


def _shown(value: object) -> str:
    return f"{value:%Y-%m-%d}" if isinstance(value, pd.Timestamp) else str(value)


def _describe(row: int, column: Column | None, found: object, check: str) -> dict[str, Any]:
    """Word one failed check for a person who has never seen a schema."""
    name = column.name if column is not None else "table"
    if column is None or "nullable" in check:
        return _problem(row, name, "is empty", "Fill the cell or remove the row")
    if column.levels:
        return _problem(row, name, f"{found!r} is not one of {', '.join(column.levels)}",
                        "Use one of these")  # fmt: skip
    if check == "whole":
        return _problem(row, name, f"{found} is not a whole number", "Give a count")
    return _problem(row, name, f"{found} is outside {column.low:g} to {column.high:g}",
                    "Correct the cell or leave it empty")  # fmt: skip
