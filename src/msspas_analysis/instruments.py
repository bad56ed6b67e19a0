"""What a scale is: each instrument as data, and where every figure about it comes from.

The facts stand in ``instruments.toml``: ranges, directions, codings, item *numbers*, rules and
figures, each figure with a status and a source. No wording of any questionnaire is held, here or
there: a centre answers its own licensed form and enters the numbers.

Three things are never guessed, because the number alone does not show them: the coding of a
Modified Ashworth grade, the version of the MSIS-29, and which end of a global impression of change
is good.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from importlib import resources
from numbers import Real
from types import MappingProxyType
from typing import Any, Final, Literal, TypeVar, cast, get_args

Status = Literal[
    "published", "derived", "memory-high", "memory-medium", "memory-low", "assumption", "not found"
]  # fmt: skip
"""How a figure is known.

``published``: read in its source, mostly in the abstract; ``derived``: worked out from published
figures; ``memory-…``: general knowledge of the field with that much confidence, not yet read in its
source; ``assumption``: chosen, no source known; ``not found``: looked for, not found.
"""
Direction = Literal["higher_worse", "higher_better"]
Level = Literal["ordinal", "treated as interval", "count", "ratio"]
SubscaleRule = Literal["recorded", "sum", "mean", "0-100"]
"""``recorded``: as written down; ``0-100``: 100 x (sum - smallest) / (largest - smallest)."""

_TAGS: Final[dict[str, str]] = {
    "published": "published",
    "derived": "derived from published figures",
    "memory-high": "memory, high confidence: not checked in the source",
    "memory-medium": "memory, medium confidence: not checked in the source",
    "memory-low": "memory, low confidence: not checked in the source",
    "assumption": "assumption",
    "not found": "not found",
}
_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class Sourced:
    """A statement about an instrument: how it is known and where it stands, or ``ValueError``."""

    name: str  # unique among its kind within the instrument
    status: Status
    source: str  # citation with its identifier, or where it was looked for

    def __post_init__(self) -> None:
        """Refuse a statement whose origin is not given."""
        if self.status not in _TAGS:
            raise ValueError(f"{self.name!r}: status {self.status!r} is not one of {list(_TAGS)}")
        if not self.source.strip():
            raise ValueError(f"{self.name!r}: no source; say where it was read or looked for")

    @property
    def tag(self) -> str:
        """The status as a reader is shown it, in square brackets."""
        return f"[{_TAGS[self.status]}]"

    def __str__(self) -> str:
        return f"{self._words()} {self.tag} {self.source}"

    def _words(self) -> str:
        """Return the statement without its origin."""
        return self.name


@dataclass(frozen=True, kw_only=True)
class Figure(Sourced):
    """One number about an instrument.

    Examples
    --------
    >>> print(get("nrs_stiffness").figure("continuation").tag)
    [published]
    """

    what: str  # what it is a figure of, and in whom
    # two numbers are a range, more are a distribution; None exactly when it was not found
    value: float | tuple[float, ...] | str | None = None
    unit: str = ""  # one that begins with "proportion" marks a 0-1 number

    def __post_init__(self) -> None:
        """Refuse a figure without origin or value."""
        super().__post_init__()
        if (self.value is None) != (self.status == "not found"):
            raise ValueError(
                f"{self.name!r}: value {self.value!r} with status {self.status!r}; "
                "a figure has no value exactly when it was not found"
            )

    def _words(self) -> str:
        if self.value is None:
            return f"{self.what}: no figure"
        if isinstance(self.value, str):
            return f"{self.what}: {self.value}"
        numbers = self.value if isinstance(self.value, tuple) else (self.value,)
        percent = self.unit.startswith("proportion")
        texts = [f"{round(100 * x, 6):g}" if percent else f"{x:g}" for x in numbers]
        text = " to ".join(texts) if len(texts) == 2 else ", ".join(texts)
        unit = self.unit.replace("proportion", "%", 1) if percent else self.unit
        return f"{self.what}: {text} {unit}".rstrip()


@dataclass(frozen=True, kw_only=True)
class Rule(Sourced):
    """How something is done, in one or two sentences."""

    text: str

    def _words(self) -> str:
        return f"{self.name}: {self.text}"


@dataclass(frozen=True, kw_only=True)
class MissingRule(Rule):
    """What is done when items of a subscale are unanswered: they count as the person's own mean."""

    share: float  # of the items, at least this much must be answered, in (0, 1]; 1 means all
    official: bool  # whether the developers gave the rule

    def __post_init__(self) -> None:
        """Refuse a rule without origin or with an impossible share."""
        super().__post_init__()
        if not 0 < self.share <= 1:
            raise ValueError(f"{self.name!r}: share {self.share} is outside (0, 1]")

    def _words(self) -> str:
        return super()._words() + ("" if self.official else " (not an official rule)")


@dataclass(frozen=True, kw_only=True)
class Coding(Rule):
    """One way of turning grade codes into numbers; the name is stored with every number."""

    values: Mapping[str, float]

    def _words(self) -> str:
        pairs = ", ".join(f"{grade} = {value:g}" for grade, value in self.values.items())
        return f"{self.name}: {pairs}. {self.text}"


@dataclass(frozen=True, kw_only=True)
class Version(Rule):
    """A form of an instrument whose range or direction differs from its other forms."""

    low: float
    high: float
    direction: Direction


@dataclass(frozen=True, kw_only=True)
class Composite(Rule):
    """A mean over named muscle groups, all of which must have been graded."""

    sites: tuple[str, ...]
    coding: str


@dataclass(frozen=True, kw_only=True)
class Band(Sourced):
    """A group of values, from `low` up to but not including `below` (None: no upper end)."""

    low: float
    below: float | None = None

    def _words(self) -> str:
        end = "and above" if self.below is None else f"to below {self.below:g}"
        return f"{self.name}: {self.low:g} {end}"


@dataclass(frozen=True, kw_only=True)
class Subscale:
    """A score made from items, or one of several things recorded."""

    name: str
    label: str  # what a reader is shown
    items: tuple[int, ...]  # numbers as printed on the form
    low: float  # inclusive range of the score
    high: float
    rule: SubscaleRule

    def __str__(self) -> str:
        rule = {"recorded": "as written down", "0-100": "sum, rescaled to 0-100"}
        items = f" of items {in_runs(self.items)}" if self.rule != "recorded" else ""
        how = rule.get(self.rule, self.rule) + items
        return f"{self.label} ({self.name}): {self.low:g} to {self.high:g}, {how}"


@dataclass(frozen=True, kw_only=True)
class Instrument:
    """A published instrument, as data.

    Examples
    --------
    >>> nrs, edss, mas = get("nrs_stiffness"), get("edss"), get("mas")
    >>> nrs.figure("test_retest_icc").value, get("mfis5").subscale("total").items
    (0.83, (1, 9, 10, 17, 19))
    >>> edss.allows(6.5), edss.allows(0.5), mas.allows("1+"), mas.allows(1.5), nrs.allows(None)
    (True, False, True, False, False)
    >>> nrs.problem_with(7.5), get("msis29").limits(version="v1")
    ('not a whole number', (1, 5, 1))
    >>> get("pgic").direction_of(version="one_is_best")
    'higher_worse'
    """

    key: str
    name: str  # what a reader is shown
    low: float  # inclusive range of what is written down: one rating, or one item response
    high: float | None = None  # None: no upper end, or one that depends on the version
    step: float | None = None  # None: any value in the range
    not_allowed: tuple[float, ...] = ()  # in range and on the step, and yet they do not exist
    codes: tuple[str, ...] = ()  # the only values, where they are text: "1+" is not a number
    labels: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    direction: Direction | None = None  # None: it differs between versions
    level: Level  # decides what may be computed
    recall: str  # time an answer is about, or unit of time
    diary_column: str | None = None  # column of the diary table that holds it
    codings: tuple[Coding, ...] = ()
    versions: tuple[Version, ...] = ()
    scoring: Rule
    subscales: tuple[Subscale, ...] = ()
    composites: tuple[Composite, ...] = ()
    bands: tuple[Band, ...] = ()
    missing_rules: tuple[MissingRule, ...] = ()  # the first is the default
    reliability: tuple[Figure, ...] = ()
    thresholds: tuple[Figure, ...] = ()
    facts: tuple[Figure, ...] = ()
    notes: tuple[str, ...] = ()  # what a reader must know to read its numbers
    licence_note: str  # what may be copied, and what may not
    never_pool_with: tuple[str, ...] = ()  # keys: values look alike and mean something else

    @property
    def figures(self) -> tuple[Figure, ...]:
        """Every figure: reliability, thresholds, facts."""
        return self.reliability + self.thresholds + self.facts

    @property
    def item_scores(self) -> tuple[Subscale, ...]:
        """The subscales that are made from items."""
        return tuple(part for part in self.subscales if part.rule != "recorded")

    def figure(self, name: str) -> Figure:
        """Return the figure called `name`; raise ``KeyError`` that lists them if none is."""
        return by_name(self.figures, name, f"{self.key} has no figure")

    def subscale(self, name: str) -> Subscale:
        """Return the subscale called `name`; raise ``KeyError`` that lists them if none is."""
        return by_name(self.subscales, name, f"{self.key} has no subscale")

    def version(self, name: str | None) -> Version | None:
        """Return the version called `name`, or None for an instrument that has only one.

        ``ValueError`` if there are versions and none is named, or the other way round.
        """
        for version in self.versions:
            if version.name == name:
                return version
        if self.versions:
            raise ValueError(
                f"{self.key} needs version= one of {[v.name for v in self.versions]}, got "
                f"{name!r}; the numbers do not show which form was used, so look at the form"
            )
        if name is not None:
            raise ValueError(f"{self.key} has no versions; leave out version={name!r}")
        return None

    def direction_of(self, *, version: str | None = None) -> Direction:
        """Return which end is worse; needs the version where forms run both ways."""
        if self.direction is not None:
            return self.direction
        chosen = self.version(version)
        if chosen is None:  # the loader lets only instruments with versions lack a direction
            raise ValueError(f"{self.key}: direction is not known")
        return chosen.direction

    def limits(
        self, *, score: str | None = None, version: str | None = None
    ) -> tuple[float, float | None, float | None]:
        """Return low, high and step of one response, or of the subscale `score`."""
        form = self.version(version) or self
        if score is None:
            return form.low, form.high, self.step
        part = self.subscale(score)
        return part.low, part.high, self.step if part.rule == "recorded" else None

    def allows(
        self, value: object, *, score: str | None = None, version: str | None = None
    ) -> bool:
        """Whether `value` can be what was written down, or a value of the subscale `score`.

        Missing values and booleans never can. The version is needed where the range depends on it.
        """
        return self.problem_with(value, score=score, version=version) is None

    def problem_with(
        self, value: object, *, score: str | None = None, version: str | None = None
    ) -> str | None:
        """Return why `value` is not allowed, in a few words, or None; see :meth:`allows`."""
        low, high, step = self.limits(score=score, version=version)
        if self.codes and score is None:
            return None if as_grade(value) in self.codes else f"not one of {', '.join(self.codes)}"
        number = as_number(value)
        if number is None:
            return "not a number"
        if number < low or (high is not None and number > high):
            return f"below {low:g}" if high is None else f"outside {low:g} to {high:g}"
        if score is None and number in self.not_allowed:
            return "a value this scale does not have"
        if step is not None and not math.isclose(
            (number - low) / step, round((number - low) / step), abs_tol=1e-9
        ):
            return "not a whole number" if step == 1 else f"off the step of {step:g}"
        return None

    def _written_down(self) -> str:
        """Return range, step, direction and level as one line."""
        if self.codes:
            text = "one of " + ", ".join(self.codes)
        elif self.high is None and self.versions:
            text = "a range that depends on the version"
        else:
            text = f"{self.low:g} " + ("or more" if self.high is None else f"to {self.high:g}")
            text += f" in steps of {self.step:g}" if self.step else ""
        if self.not_allowed:
            text += ", except " + ", ".join(f"{value:g}" for value in self.not_allowed)
        toward = {
            "higher_worse": "higher is worse",
            "higher_better": "higher is better",
            None: "which end is better depends on the version",
        }[self.direction]
        return f"{text}; {toward}; {self.level}"


def available() -> tuple[str, ...]:
    """Return the keys of all instruments, in the order of the data file.

    Examples
    --------
    >>> "msss88" in available()
    True
    """
    return tuple(_shipped())


def get(key: str) -> Instrument:
    """Return the instrument called `key`; raise ``KeyError`` that lists the keys if there is none.

    Examples
    --------
    >>> psfs = get("psfs")
    >>> psfs.name, psfs.never_pool_with
    ('Penn Spasm Frequency Scale', ('snow_sfs', 'spasm_count'))
    """
    instruments = _shipped()
    if key not in instruments:
        raise KeyError(f"no instrument {key!r}; there are: {', '.join(instruments)}")
    return instruments[key]


def for_column(column: str) -> Instrument:
    """Return the instrument that the diary column `column` holds; raise ``KeyError`` if none does.

    Examples
    --------
    >>> for_column("stiffness").key
    'nrs_stiffness'
    """
    columns = {i.diary_column: i for i in _shipped().values() if i.diary_column}
    if column not in columns:
        raise KeyError(f"no instrument for diary column {column!r}; there are: {list(columns)}")
    return columns[column]


def describe(key: str) -> str:
    """Return what is known of an instrument as plain text, every figure with its status.

    Parameters
    ----------
    key : str
        One of :func:`available`, else ``KeyError``.

    Returns
    -------
    str
        Lines of at most 100 characters: range, direction, scoring, missing answers, reliability,
        thresholds, other figures, what it must not be pooled with, licence.

    Examples
    --------
    >>> print(describe("nrs_fatigue").splitlines()[0])
    Fatigue, 0-10 rating (nrs_fatigue)
    """
    import textwrap

    instrument = get(key)
    scoring = instrument.scoring
    sections: dict[str, Sequence[object]] = {
        "What is written down": (instrument._written_down(),),
        "About": (instrument.recall,),
        "Labels": [f"{code}: {label}" for code, label in instrument.labels.items()],
        "Versions": instrument.versions,
        "Codings": instrument.codings,
        "Scoring": (f"{scoring.text} {scoring.tag} {scoring.source}",),
        "Scores": instrument.subscales,
        "Means over muscle groups": instrument.composites,
        "When answers are missing": instrument.missing_rules,
        "Groups of values": instrument.bands,
        "Reliability": instrument.reliability or ("no figure held",),
        "Thresholds of change": instrument.thresholds or ("no figure held",),
        "Other figures": instrument.facts,
        "Note": instrument.notes,
        "Never pooled with": [get(other).name for other in instrument.never_pool_with],
        "Licence": (instrument.licence_note,),
    }
    wrapper = textwrap.TextWrapper(
        100, initial_indent="  ", subsequent_indent="    ",
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
    lines = [f"{instrument.name} ({instrument.key})"]
    for title, entries in sections.items():
        if entries:
            lines.append(title)
        for entry in entries:
            lines += wrapper.wrap(str(entry))
    return "\n".join(lines)


def as_number(value: object) -> float | None:
    """Return a finite number as float, or None for anything else, text and booleans included."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return None
    number = float(value)
    return number if math.isfinite(number) else None


def as_grade(value: object) -> str:
    """Return a grade as text; whole numbers are grades too."""
    number = as_number(value)
    return str(value).strip() if number is None or not number.is_integer() else str(int(number))


def by_name(entries: Sequence[_T], name: str, complaint: str) -> _T:
    """Return the entry with that name, or raise ``KeyError`` listing the names."""
    names = [str(cast("Any", entry).name) for entry in entries]
    if name not in names:
        raise KeyError(f"{complaint} {name!r}; there are: {', '.join(names) or 'none'}")
    return entries[names.index(name)]


def in_runs(numbers: Sequence[int]) -> str:
    """Return whole numbers as text, runs shortened: ``1-3, 5``."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(r[0]) if len(r) == 1 else f"{r[0]}-{r[-1]}" for r in runs)


def load(text: str) -> Mapping[str, Instrument]:
    r"""Read instruments from TOML and refuse whatever does not hang together.

    Parameters
    ----------
    text : str
        One table per instrument, keyed by its name in tables; see ``instruments.toml``.

    Raises
    ------
    ValueError
        If an entry is absent or unknown, a figure has no status or no source, a subscale's range
        does not follow from its items, or a ban on pooling is not mutual. Every problem is listed.
    tomllib.TOMLDecodeError
        If the text is not TOML.

    Examples
    --------
    >>> load("[x]\nname = 'X'")
    Traceback (most recent call last):
        ...
    ValueError: instruments: 1 problem(s)
      x: absent: low, level, recall, scoring, licence_note
    """
    problems: list[str] = []
    found: dict[str, Instrument] = {}
    for key, raw in tomllib.loads(text).items():
        try:
            found[key] = _instrument(key, raw)
        except (AttributeError, TypeError, ValueError) as error:  # entries of the wrong type too
            problems.append(f"{key}: {error}")
        else:
            problems += [f"{key}: {problem}" for problem in _inconsistent(found[key])]
    if not problems:
        problems = [
            f"{key}: never pooled with {other!r}, which does not say so of {key!r}"
            for key, instrument in found.items()
            for other in instrument.never_pool_with
            if other not in found or key not in found[other].never_pool_with
        ]
    if problems:
        listed = "\n".join(f"  {problem}" for problem in problems)
        raise ValueError(f"instruments: {len(problems)} problem(s)\n{listed}")
    return MappingProxyType(found)


@cache
def _shipped() -> Mapping[str, Instrument]:
    """Return the instruments of the package, read once."""
    path = resources.files("msspas_analysis").joinpath("instruments.toml")
    return load(path.read_text(encoding="utf-8"))


_PARTS: Final[dict[str, type[Sourced | Subscale]]] = {
    "codings": Coding, "versions": Version, "subscales": Subscale, "composites": Composite,
    "bands": Band, "missing_rules": MissingRule,
    "reliability": Figure, "thresholds": Figure, "facts": Figure,
}  # fmt: skip


def _instrument(key: str, raw: Mapping[str, Any]) -> Instrument:
    """Build one instrument from its TOML table."""
    made = {"key": key, **raw}
    for name, cls in _PARTS.items():
        if name in raw:
            made[name] = tuple(_record(cls, entry) for entry in raw[name])
    if "scoring" in raw:
        made["scoring"] = _record(Rule, {"name": "scoring", **raw["scoring"]})
    return _record(Instrument, made)


def _record(cls: type[_T], raw: Mapping[str, Any]) -> _T:
    """Build a read-only dataclass from a mapping; name absent and unknown entries."""
    known = {entry.name: entry for entry in fields(cast("Any", cls))}
    unknown = [name for name in raw if name not in known]
    absent = [
        name for name, entry in known.items()
        if name not in raw and entry.default is entry.default_factory  # neither: both are MISSING
    ]  # fmt: skip
    for what, names in (("unknown", unknown), ("absent", absent)):
        if names:
            owner = "" if cls is Instrument else f"{cls.__name__} {raw.get('name', '')!r}: "
            raise ValueError(f"{owner}{what}: {', '.join(names)}")
    made = {name: tuple(v) if isinstance(v, list) else v for name, v in raw.items()}
    return cls(**{n: MappingProxyType(v) if isinstance(v, dict) else v for n, v in made.items()})


def _inconsistent(instrument: Instrument) -> list[str]:
    """Return what contradicts itself within one instrument."""
    found = []
    names = [figure.name for figure in instrument.figures]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        found.append(f"figure names used twice: {repeated}")
    if instrument.direction is None and not instrument.versions:
        found.append("no direction, and no versions that would give it")
    codings = [coding.name for coding in instrument.codings]
    choices: list[tuple[str, object, Sequence[object]]] = [
        ("level", instrument.level, get_args(Level)),
        ("direction", instrument.direction, (*get_args(Direction), None)),
        *((f"version {v.name}", v.direction, get_args(Direction)) for v in instrument.versions),
        *((f"subscale {p.name}", p.rule, get_args(SubscaleRule)) for p in instrument.subscales),
        *((f"composite {c.name}", c.coding, codings) for c in instrument.composites),
        *((f"coding {c.name}", x, instrument.codes) for c in instrument.codings for x in c.values),
    ]
    for what, value, allowed in choices:
        if value not in allowed:
            found.append(f"{what} {value!r} is not one of {list(allowed)}")
    if instrument.item_scores and not instrument.missing_rules:
        found.append("scored from items, and no missing rule")
    for part in instrument.item_scores:
        if len(set(part.items)) != len(part.items) or not part.items:
            found.append(f"subscale {part.name}: items repeated or absent")
        want: tuple[float | None, float | None] = (0, 100)
        if part.rule != "0-100":
            times = len(part.items) if part.rule == "sum" else 1
            high = None if instrument.high is None else instrument.high * times
            want = (instrument.low * times, high)
        if (part.low, part.high) != want:
            found.append(
                f"subscale {part.name}: range {part.low:g} to {part.high:g} does not follow from "
                f"{len(part.items)} items by {part.rule}"
            )
    for before, after in zip(instrument.bands, instrument.bands[1:], strict=False):
        if before.below != after.low:
            found.append(f"groups {before.name!r} and {after.name!r} overlap or leave a gap")
    if instrument.bands and instrument.bands[0].low > instrument.low:
        found.append("groups do not begin at the lowest value")
    return found
