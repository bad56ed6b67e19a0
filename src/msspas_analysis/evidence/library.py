"""The evidence library: studies, scales and rules behind a booklet on spasticity, each figure with its source.

The entries stand as YAML in the folder ``entries``. What the booklet says is paraphrased; the edition is
:data:`EDITION`. Nothing here is advice, and no study was looked for systematically.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Final, get_args

import pandas as pd

from msspas_analysis.instruments import Status

EDITION: Final = (
    "a charity's booklet on spasticity and spasms in MS, in an edition written between November 2019 and "
    "2022 and replaced since; its list of references is lost, so which study a sentence means is a match"
)
"""Which booklet is compared."""
TOPICS: Final[dict[str, tuple[str, ...]]] = {
    "how common, and what it is": ("prevalence", "what spasticity is", "triggers", "complications"),
    "measuring": ("symptom diary", "Modified Ashworth Scale", "MSSS-88",
                  "Penn Spasm Frequency Scale"),
    "exercise and care": ("self-management", "stretching", "yoga", "Pilates", "tai chi", "Qigong",
                          "physiotherapy", "hydrotherapy", "guideline", "referral"),
    "medicines": ("baclofen", "gabapentin", "tizanidine", "dantrolene", "diazepam", "clonazepam",
                  "baclofen pump", "botulinum toxin", "unwanted effects", "liver tests", "dependence"),
    "cannabinoids": ("CBD", "Sativex", "four-week rule", "titration", "Sativex eligibility",
                     "contra-indications", "local funding"),
    "other therapies": ("LDN", "acupuncture", "biofeedback", "massage", "reflexology", "APS",
                        "FES for foot drop", "FES cycling", "TENS"),
    "supplements": ("magnesium", "magnesium toxicity", "L-threonine", "magnesium threonate"),
}  # fmt: skip
"""Everything the booklet names, by chapter; each has an entry."""
CAN_SHOW: Final[dict[str, str]] = {
    "registry survey": "how many of those who answered have it; not how many of all people with MS",
    "web survey": "how many of those who answered have it; not how many of all people with MS",
    "examined sample": "how many have it where the sample was drawn, to within chance",
    "one group": "that these people changed; not what brought it about",
    "service evaluation": "that these people changed; not what brought it about",
    "within session": "what differs just before and just after; not what lasts",
    "case report": "that it happened once; not how often, nor why",
    "parallel": "whether the arms differ, if they were alike, people stayed, and could not tell",
    "waiting list": "whether treated people differ from people who wait; hope is part of that",
    "crossover": "whether the periods differ in the same people, if nothing carries over",
    "crossover of doses": "whether one dose differs from another; not whether either does anything",
    "enriched": "whether staying on it matters to those who did well; not what offering it does",
    "randomised withdrawal": "whether stopping it matters to those who take it; not what starting it does",
    "meta-analysis": "what its studies say together; their faults are not averaged away",
    "systematic review": "what its studies say, as far as they can be trusted",
    "review": "what its author read",
    "guideline": "what a committee recommends, and on what",
    "product label": "what may be given to whom, and how",
    "scale": "what is measured, and how well",
    "diary": "what can be written down",
    "opinion": "what somebody thinks",
    "statement": "nothing by itself; it has to be held against something",
}
"""What such a design can show, and what it cannot."""
KINDS: Final = (
    "study", "review", "guideline", "rule", "dosing", "scale", "opinion", "statement",
    "unwanted effects",
)  # fmt: skip
VERDICTS: Final[dict[str, str]] = {
    "agrees": "the sentence says what the source says",
    "agrees in part": "part of the sentence is in the source",
    "agrees, incomplete": "true, with something left out that changes how it reads",
    "overstated": "the source says less",
    "doubtful": "the source was not read, and what is remembered of it says otherwise",
    "wrong": "the source says something else",
    "not in the paper": "what was read of the source does not have it",
    "no source": "no source was found",
    "out of date": "right when written, replaced since",
    "not checkable": "no figure or source to hold it against",
    "context": "not in the booklet; beside it because it bears on the same question",
}
"""How a sentence stands to its source."""
MATCHES: Final = ("high", "medium", "low", "none")
"""How sure it is that a sentence means this source; "none" where there is no source to match."""
SPASTICITY: Final = ("improved", "no change", "mixed", "not measured", "not applicable")
"""What a source reports for spasticity; says nothing of why."""
FIGURE_STATUSES: Final = (*(s for s in get_args(Status) if s != "not found"), "booklet")
"""How a figure is known: as in :data:`~msspas_analysis.instruments.Status`, or as the booklet has it."""
CONFIDENCE: Final = ("high", "medium", "low")
_SAID_ALREADY: Final = ("p", "n", "n (%)")
"""Units that a value in words has in itself."""


class EvidenceError(ValueError):
    """An entry lacks its source, or cannot be what it says it is.

    Parameters
    ----------
    where : str
        File, entry and field.
    why : str
        What is wrong and how to mend it.
    """

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")


def _ends_so(value: str, unit: str) -> bool:
    return value.endswith(unit) or (unit == "%" and "%" in value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One thing a source reports, with how it is known.

    Parameters
    ----------
    what : str
        What was counted or measured.
    status : str
        Of :data:`FIGURE_STATUSES`.
    confidence : str
        Of :data:`CONFIDENCE`.
    value : float, str, list or None
        As printed; None where it is a statement without a number.
    unit : str
        Unit, or what kind of statement it is.
    read_at : str
        Where it was read; never empty where `status` is "published".
    """

    what: str
    status: str
    confidence: str
    value: Any = None
    unit: str = ""
    read_at: str = ""

    @property
    def tag(self) -> str:
        """How it is known, in square brackets, with the confidence where it is not high."""
        sure = (
            ""
            if self.confidence == "high" or self.status.startswith("memory")
            else f", {self.confidence} confidence"
        )
        return f"[{self.status}{sure}]"

    def __str__(self) -> str:
        value = self.value
        if isinstance(value, list):
            value = ", ".join(f"{x:g}" if isinstance(x, int | float) else str(x) for x in value)
        elif isinstance(value, float | int):
            value = f"{value:g}"
        unit = "" if self.unit in ("text", "direction") else self.unit
        if isinstance(value, str) and unit and (unit in _SAID_ALREADY or _ends_so(value, unit)):
            unit = ""
        said = " ".join(part for part in (str(value or ""), unit) if part)
        return f"{self.what}: {said} {self.tag}" if said else f"{self.what} {self.tag}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """Where a source was published.

    Parameters
    ----------
    authors, title, journal, pages : str
        As far as known.
    year : int or None
        Of publication.
    doi, pmid, pmcid : str
        Identifiers, empty where not known.
    status : str
        How the citation is known.
    read_at : str
        Where it was read.
    """

    authors: str
    status: str
    year: int | None = None
    title: str = ""
    journal: str = ""
    pages: str = ""
    doi: str = ""
    pmid: str = ""
    pmcid: str = ""
    read_at: str = ""

    def __str__(self) -> str:
        ids = [f"doi:{self.doi}" if self.doi else "", f"PMID {self.pmid}" if self.pmid else ""]
        parts = [f"{self.authors} ({self.year or 'no year'}).", f"{self.title}." if self.title else "",
                 " ".join(p for p in (self.journal, self.pages) if p) + ".", *ids]  # fmt: skip
        told = " ".join(p for p in parts if p and p != ".")
        return told if self.status == "published" else f"{told} [{self.status}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Booklet:
    """What the booklet says, in other words, and where.

    Parameters
    ----------
    place : str
        Where in it, so that a class can lay it beside.
    said : str
        A paraphrase.
    match : str
        How sure it is that this source is meant, of :data:`MATCHES`.
    """

    place: str
    said: str
    match: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyDesign:
    """What was done.

    Parameters
    ----------
    kind : str
        A key of :data:`CAN_SHOW`.
    what : str
        In words.
    people : mapping of str to int
        How many there were, by what became of them.
    people_status : mapping of str to str
        How a number of `people` is known, where it is not "published".
    arms : tuple of mapping
        ``name`` and how many.
    given : str
        Dose and schedule.
    weeks, weeks_after : float or None
        How long it was given, and how long people were followed afterwards.
    """

    kind: str
    what: str
    people: Mapping[str, int] = field(default_factory=dict)
    people_status: Mapping[str, str] = field(default_factory=dict)
    arms: tuple[Mapping[str, Any], ...] = ()
    given: str = ""
    weeks: float | None = None
    weeks_after: float | None = None

    @property
    def can_show(self) -> str:
        """What such a design can show."""
        return CAN_SHOW[self.kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A study, review, scale, rule or statement, and how the booklet's sentence stands to it.

    Parameters
    ----------
    key, name : str
        Short name for a machine, and for people.
    kind : str
        Of :data:`KINDS`.
    topics : tuple of str
        Of :data:`TOPICS`.
    design : StudyDesign
        What was done.
    figures : tuple of Figure
        What it reports.
    verdict : str
        Of :data:`VERDICTS`.
    line : str
        The comparison in a line or two.
    spasticity : str
        Of :data:`SPASTICITY`.
    booklet : Booklet or None
        What the booklet says; None where it does not name it.
    citation : Citation or None
        Where it was published.
    outcomes, concerns : tuple of str
        What was measured, and what may make it wrong.
    disagreement : int or None
        Number of the disagreement between booklet and source, 1 to 17.
    """

    key: str
    name: str
    kind: str
    topics: tuple[str, ...]
    design: StudyDesign
    verdict: str
    line: str
    spasticity: str
    figures: tuple[Figure, ...] = ()
    booklet: Booklet | None = None
    citation: Citation | None = None
    outcomes: tuple[str, ...] = ()
    concerns: tuple[str, ...] = ()
    disagreement: int | None = None

    def __str__(self) -> str:
        d = self.design
        lines = [f"{self.name} ({self.kind}; {self.key})", str(self.citation or "no citation")]
        if self.booklet is not None:
            b = self.booklet
            sure = "no source to match" if b.match == "none" else f"match to this source: {b.match}"
            lines += [f"Booklet, {b.place} ({sure}): {b.said}"]
        people = ", ".join(
            f"{name.replace('_', ' ')} {many}"
            + (f" [{d.people_status[name]}]" if name in d.people_status else "")
            for name, many in d.people.items()
        )
        weeks = "" if d.weeks is None else f"{d.weeks:g} weeks"
        what = "; ".join(part for part in (d.what, people, d.given, weeks) if part)
        lines += [f"Design: {d.kind}: {what}.", f"It can show {d.can_show}."]
        lines += [f"  - {one}" for one in self.figures]
        if self.concerns:
            lines.append("Concerns: " + "; ".join(self.concerns) + ".")
        return "\n".join([*lines, f"Verdict: {self.verdict}. {self.line}"])


class Library(Mapping[str, Entry]):
    """Entries by key, in their order.

    Parameters
    ----------
    entries : iterable of Entry
        Each key once.

    Examples
    --------
    >>> library = load()
    >>> library["tens-armutlu-2003"].verdict
    'wrong'
    """

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._entries = dict(entries)

    def __getitem__(self, key: str) -> Entry:
        if key in self._entries:
            return self._entries[key]
        from difflib import get_close_matches

        near = get_close_matches(key.lower(), self._entries, n=3, cutoff=0.4)
        meant = f"; did you mean {' or '.join(near)}?" if near else ""
        raise KeyError(f"there is no entry {key!r}{meant}")

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def about(self, topic: str) -> list[Entry]:
        """Return the entries on one topic of :data:`TOPICS`.

        Raises
        ------
        ValueError
            If there is no such topic.
        """
        known = {name.lower(): name for chapter in TOPICS.values() for name in chapter}
        if topic.lower() not in known:
            raise ValueError(f"topic must be one of {list(known.values())}, got {topic!r}")
        return [one for one in self.values() if known[topic.lower()] in one.topics]

    def table(self) -> pd.DataFrame:
        """Return one row per entry: key, name, kind, topics, year, design, spasticity, verdict."""
        return pd.DataFrame([
            {
                "key": one.key, "name": one.name, "kind": one.kind, "topics": ", ".join(one.topics),
                "year": None if one.citation is None else one.citation.year,
                "design": one.design.kind, "spasticity": one.spasticity, "verdict": one.verdict,
            }
            for one in self.values()
        ]).astype({"year": "Int64"})  # fmt: skip

    def figures(self) -> pd.DataFrame:
        """Return one row per figure: key, what, value, unit, status, confidence, read_at."""
        return pd.DataFrame([
            {"key": one.key, "what": f.what, "value": f.value, "unit": f.unit, "status": f.status,
             "confidence": f.confidence, "read_at": f.read_at}
            for one in self.values() for f in one.figures
        ])  # fmt: skip


@cache
def load() -> Library:
    """Return the evidence library.

    Returns
    -------
    Library
        Its entries by key.

    Raises
    ------
    EvidenceError
        If an entry has no source or status, or cannot be what it says it is.

    Examples
    --------
    >>> [one.name for one in load().about("TENS")]
    ['Armutlu 2003', 'Miller 2007', 'Shaygannejad 2013']
    """
    folder = resources.files("msspas_analysis.evidence") / "entries"
    files = sorted((f for f in folder.iterdir() if f.name.endswith(".yaml")), key=lambda f: f.name)
    return Library(read_entries({f.name: f.read_text(encoding="utf-8") for f in files}))


def read_library(folder: str | Path) -> Library:
    """Return a library of your own: every ``*.yaml`` of a folder, checked as the package's own are.

    Parameters
    ----------
    folder : str or pathlib.Path
        With one YAML file or more, each a list of entries.

    Raises
    ------
    FileNotFoundError
        If there is none.
    EvidenceError
        As :func:`load`.
    """
    files = sorted(Path(folder).glob("*.yaml"))
    if not files:
        raise FileNotFoundError(f"there is no .yaml file in {folder}")
    return Library(read_entries({f.name: f.read_text(encoding="utf-8") for f in files}))


# --- reading -------------------------------------------------------------------------------------


def read_yaml(text: str, where: str) -> Any:
    """Read YAML, or say where it is none."""
    import yaml

    try:
        return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise EvidenceError(where, f"this is no YAML: {error}") from error


def read_entries(texts: Mapping[str, str]) -> dict[str, Entry]:
    """Read files of entries, and refuse what has no source or cannot be."""
    found: dict[str, Entry] = {}
    for name, text in texts.items():
        told = read_yaml(text, name)
        if not isinstance(told, list):
            raise EvidenceError(
                name, "a file must be a list of entries, each beginning with '- key:'"
            )
        for number, one in enumerate(told, start=1):
            entry = _entry(one, f"{name}, entry {number}")
            if entry.key in found:
                raise EvidenceError(f"{name}, {entry.key}", "this key is there twice; rename one")
            found[entry.key] = entry
    return found


def fields_of(
    told: Any, where: str, needed: tuple[str, ...], allowed: tuple[str, ...]
) -> dict[str, Any]:
    """Return the fields, or refuse those that are absent or unknown."""
    if not isinstance(told, dict):
        raise EvidenceError(where, f"must be a mapping with {list(needed)}, got {told!r}")
    if absent := [name for name in needed if told.get(name) in (None, "")]:
        raise EvidenceError(where, f"{absent} is absent; needed are {list(needed)}")
    if unknown := sorted(set(told) - set(needed) - set(allowed)):
        raise EvidenceError(where, f"{unknown} is unknown; allowed are {[*needed, *allowed]}")
    return dict(told)


def _among(value: Any, allowed: Any, where: str, name: str) -> None:
    if value not in allowed:
        raise EvidenceError(where, f"{name} must be one of {list(allowed)}, got {value!r}")


def _entry(told: Any, where: str) -> Entry:
    needed = ("key", "name", "kind", "topics", "design", "verdict", "line", "spasticity")
    may = ("booklet", "citation", "figures", "outcomes", "concerns", "disagreement")
    parts = fields_of(told, where, needed, may)
    where = f"{where.split(',')[0]}, {parts['key']}"
    _among(parts["kind"], KINDS, where, "kind")
    _among(parts["verdict"], VERDICTS, where, "verdict")
    _among(parts["spasticity"], SPASTICITY, where, "spasticity")
    every = [name for chapter in TOPICS.values() for name in chapter]
    if not isinstance(parts["topics"], list) or not parts["topics"]:
        raise EvidenceError(where, f"topics must be a list of {every}")
    for topic in parts["topics"]:
        _among(topic, every, where, "topics")
    if parts.get("disagreement") is not None:
        _among(parts["disagreement"], range(1, 18), where, "disagreement")
    booklet = parts.get("booklet")
    if (booklet is None) != (parts["verdict"] == "context"):
        raise EvidenceError(
            where,
            'verdict "context" is for what the booklet does not name; say booklet or another verdict',
        )
    if booklet is not None:
        booklet = Booklet(**fields_of(booklet, f"{where}, booklet", ("place", "said", "match"), ()))
        _among(booklet.match, MATCHES, where, "booklet match")
    citation = parts.get("citation")
    if citation is None and parts["kind"] in ("study", "review"):
        raise EvidenceError(where, "a study must have a citation")
    return Entry(
        key=str(parts["key"]), name=parts["name"], kind=parts["kind"], topics=tuple(parts["topics"]),
        design=_design(parts["design"], where), verdict=parts["verdict"], line=parts["line"],
        spasticity=parts["spasticity"], booklet=booklet,
        citation=None if citation is None else _citation(citation, where),
        figures=tuple(_figure(f, where) for f in parts.get("figures") or ()),
        outcomes=tuple(str(x) for x in parts.get("outcomes") or ()),
        concerns=tuple(str(x) for x in parts.get("concerns") or ()),
        disagreement=parts.get("disagreement"),
    )  # fmt: skip


def _figure(told: Any, where: str) -> Figure:
    what = told.get("what", "?") if isinstance(told, dict) else "?"
    where = f"{where}, figure {what!r}"
    parts = fields_of(told, where, ("what", "status", "confidence"), ("value", "unit", "read_at"))
    _among(parts["status"], FIGURE_STATUSES, where, "status")
    _among(parts["confidence"], CONFIDENCE, where, "confidence")
    if parts["status"] == "published" and not str(parts.get("read_at") or "").strip():
        raise EvidenceError(where, "a published figure must say where it was read, in read_at")
    number = isinstance(parts.get("value"), int | float) and not isinstance(parts["value"], bool)
    if number and not str(parts.get("unit") or "").strip():
        raise EvidenceError(where, "a number must have a unit")
    return Figure(**parts)


def _citation(told: Any, where: str) -> Citation:
    where = f"{where}, citation"
    may = ("year", "title", "journal", "pages", "doi", "pmid", "pmcid", "read_at")
    parts = fields_of(told, where, ("authors", "status"), may)
    _among(parts["status"], FIGURE_STATUSES, where, "status")
    if parts["status"] == "published" and not parts.get("read_at"):
        raise EvidenceError(where, "a published citation must say where it was read, in read_at")
    return Citation(**parts)


def _design(told: Any, where: str) -> StudyDesign:
    where = f"{where}, design"
    may = ("people", "people_status", "arms", "given", "weeks", "weeks_after")
    parts = fields_of(told, where, ("kind", "what"), may)
    _among(parts["kind"], CAN_SHOW, where, "kind")
    people = parts.get("people", {})
    if not isinstance(people, dict) or not all(
        isinstance(n, int) and n >= 0 for n in people.values()
    ):
        raise EvidenceError(where, f"people must be names with counts, got {people!r}")
    for name, status in parts.get("people_status", {}).items():
        _among(name, people, where, "people_status")
        _among(status, FIGURE_STATUSES, where, f"people_status of {name}")
    arms = parts.pop("arms", [])
    if not all(isinstance(arm, dict) and arm.get("name") for arm in arms):
        raise EvidenceError(where, f"arms must be mappings with a name, got {arms!r}")
    return StudyDesign(arms=tuple(arms), **parts)
