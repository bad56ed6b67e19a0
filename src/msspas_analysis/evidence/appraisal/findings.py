"""Studies side by side, and what they say together: evidence tables and summaries of findings.

The bodies of evidence behind the booklet stand in ``findings.yaml``, one outcome each, with every step of
their certainty and its reason; a summary of one's own studies is made of :class:`Finding`.

References
----------
.. [1] Guyatt GH, Oxman AD, Santesso N, et al. (2013). GRADE guidelines: 12. Preparing summary of findings
   tables - binary outcomes. J Clin Epidemiol 66:158-172.
.. [2] Santesso N, Glenton C, Dahm P, et al. (2020). GRADE guidelines 26: informative statements to
   communicate the findings of systematic reviews of interventions. J Clin Epidemiol 119:126-135.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Final, Literal

import pandas as pd

from msspas_analysis.estimate.pooling.effects import MEASURES
from msspas_analysis.estimate.pooling.pooled import POOLED, STUDY
from msspas_analysis.evidence.appraisal.appraised import appraise
from msspas_analysis.evidence.appraisal.grade import NOT_GRADE, Certainty
from msspas_analysis.evidence.library import (
    Entry,
    EvidenceError,
    Library,
    fields_of,
    load,
    read_yaml,
)
from msspas_analysis.results import Estimates

Direction = Literal["lower", "higher", "little", "open", "unknown"]
NOT_KNOWN: Final = "not known"
_OPEN: Final = "no difference was shown, and none is ruled out"
_EVERY: Final = ("high", "moderate", "low", "very low")
_SAID: Final[dict[str, dict[str, str]]] = {
    "lower": {"high": "less with it", "moderate": "probably less with it", "low": "perhaps less with it",
              "very low": "whether it is less with it is very uncertain"},
    "higher": {"high": "more with it", "moderate": "probably more with it", "low": "perhaps more with it",
               "very low": "whether it is more with it is very uncertain"},
    "little": {"high": "little or no difference", "moderate": "probably little or no difference",
               "low": "perhaps little or no difference",
               "very low": "whether there is a difference is very uncertain"},
    "open": dict.fromkeys(_EVERY, _OPEN), "unknown": dict.fromkeys(_EVERY, NOT_KNOWN),
}  # fmt: skip
COLUMNS: Final = ("question", "outcome", "studies", "people", "effect", "control", "certainty", "said",
                  "reasons")  # fmt: skip
"""Columns of a summary of findings."""
_FIELDS: Final = (
    "topic",
    "question",
    "outcome",
    "studies",
    "start",
    "effect",
    "direction",
    "lowered",
)
HOW_READ: Final = (
    "Not known is not the same as not working; nothing here is advice.",
    NOT_GRADE,
)
"""What stands below a summary of findings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a body of studies says about one outcome.

    Parameters
    ----------
    question : str
        What was compared with what, in whom.
    certainty : Certainty
        How sure one can be, with reasons; its ``outcome`` is the outcome.
    studies : tuple of str
        Their names.
    effect : str
        The effect with its interval, in words, or why there is none.
    direction : {"lower", "higher", "little", "open", "unknown"}
        What the effect says of the outcome if it is believed; "little" is little or no difference, "open" that
        none was shown and none is ruled out, "unknown" that nothing can be said.
    people : int or None
        How many there were; None where it is not known.
    control : str
        What happened without the treatment; "no number without its null".
    topic : str
        Of the library; empty for one's own.
    keys : tuple of str
        Keys of the studies in the library; empty for one's own.

    Raises
    ------
    ValueError
        If a direction is not known, or there is no study or effect.

    Examples
    --------
    >>> sure = Certainty(outcome="stiffness after a month", start="allocated by chance",
    ...     lowered={"imprecision": (1, "40 people")})
    >>> one = Finding(question="TENS against sham", certainty=sure, studies=("Made up 2020",),
    ...     effect="0.5 points lower (0.1 to 0.9)", direction="lower", people=40)
    >>> one.said
    'probably less with it'
    """

    question: str
    certainty: Certainty
    studies: tuple[str, ...]
    effect: str
    direction: Direction
    people: int | None = None
    control: str = ""
    topic: str = ""
    keys: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        """Refuse what says nothing."""
        if self.direction not in _SAID:
            raise ValueError(f"direction must be one of {list(_SAID)}, got {self.direction!r}")
        for name in ("studies", "effect"):
            if not getattr(self, name):
                raise ValueError(f"{self.question}: {name} must not be empty")

    @property
    def said(self) -> str:
        """The finding in a few words, as sure as its certainty."""
        return _SAID[self.direction][self.certainty.level]

    @property
    def row(self) -> dict[str, Any]:
        """The finding as a row of :data:`COLUMNS`."""
        return {
            "question": self.question, "outcome": self.certainty.outcome,
            "studies": ", ".join(self.studies), "people": self.people, "effect": self.effect,
            "control": self.control, "certainty": self.certainty.level, "said": self.said,
            "reasons": "; ".join(self.certainty.reasons),
        }  # fmt: skip


def finding_of_pooled(
    found: Estimates, certainty: Certainty, *, question: str, people: int | None = None,
    unit: str = "points", control: str = "", control_risk: float | None = None,
    smallest: float | None = None,
) -> Finding:  # fmt: skip
    """Return a pooled effect as a finding, for ratios also as people of a thousand.

    Parameters
    ----------
    found : Estimates
        From :func:`~msspas_analysis.estimate.pooling.pooled.pooled_effect`.
    certainty : Certainty
        How sure one can be, with reasons.
    question : str
        What was compared with what, in whom.
    people : int or None
        In all studies.
    unit : str
        Of a difference.
    control : str
        What happened without the treatment.
    control_risk : float or None
        Risk without the treatment, in (0, 1), to turn a risk or odds ratio into people of 1,000.
    smallest : float or None
        An effect smaller than this, in points or as a ratio above 1, is little or no difference if its
        whole interval is. None takes only what the interval says.

    Returns
    -------
    Finding
        ``direction`` is "lower" or "higher" where the interval leaves out no effect, "little" where all of
        it is smaller than `smallest`, else "open".

    Raises
    ------
    ValueError
        If the answer has no pooled effect, or a risk is out of range or goes with no ratio.

    Examples
    --------
    >>> from msspas_analysis.estimate.pooling.pooled import pooled_effect
    >>> told = pooled_effect(pd.DataFrame({"study": list("abc"), "effect": [-0.5, -0.4, -0.6],
    ...     "std_error": [0.1, 0.1, 0.1]}))
    >>> sure = Certainty(outcome="stiffness", start="allocated by chance")
    >>> finding_of_pooled(told, sure, question="TENS against sham", unit="points of 10").effect
    '0.50 points of 10 lower (0.25 to 0.75 lower)'
    """
    rows = found.table
    pooled = rows[(rows["group"] == POOLED) & (rows["term"] == POOLED)]
    ratios = {one.ratio for one in MEASURES.values() if one.ratio}
    mine = pooled[pooled["measure"].isin(ratios)]
    mine = mine if len(mine) else pooled
    if mine.empty:
        raise ValueError("the answer has no pooled effect; give one of pooled_effect")
    measure = str(mine["measure"].iloc[0])
    middle, low, high = (
        float(mine[name].iloc[0]) for name in ("estimate", "conf_low", "conf_high")
    )
    ratio = measure in ratios
    if control_risk is not None:
        if not ratio:
            raise ValueError(f"control_risk is for a ratio; {measure} is a difference")
        if not 0 < control_risk < 1:
            raise ValueError(f"control_risk must lie between 0 and 1, got {control_risk}")
    effect = _ratio_in_words(measure, middle, low, high, control_risk) if ratio else _points_in_words(
        middle, low, high, unit
    )  # fmt: skip
    none = 1.0 if ratio else 0.0
    names = rows.loc[rows["group"] == STUDY, "term"].unique()
    return Finding(
        question=question, certainty=certainty, studies=tuple(str(n) for n in names), effect=effect,
        direction=_direction(low, high, none, smallest, ratio=ratio), people=people, control=control,
    )  # fmt: skip


def _direction(
    low: float, high: float, none: float, smallest: float | None, *, ratio: bool
) -> Direction:
    if smallest is not None:
        inner = 1 / smallest if ratio else none - smallest
        if inner < low and high < (smallest if ratio else none + smallest):
            return "little"
    if high < none:
        return "lower"
    return "higher" if low > none else "open"


def _points_in_words(middle: float, low: float, high: float, unit: str) -> str:
    side = "lower" if middle < 0 else "higher"
    if low < 0 < high:
        span = f"{-low:.2f} lower to {high:.2f} higher"
    else:
        near, far = sorted((abs(low), abs(high)))
        span = f"{near:.2f} to {far:.2f} {side}"
    return f"{abs(middle):.2f} {unit} {side} ({span})"


def risk_with(control_risk: float, ratio: float, measure: str) -> float:
    """Return the risk with a treatment, from the risk without it and a risk or odds ratio.

    Parameters
    ----------
    control_risk : float
        In (0, 1).
    ratio : float
        Above 0.
    measure : {"risk_ratio", "odds_ratio"}
        What `ratio` is.

    Raises
    ------
    ValueError
        If the measure is another; a rate or hazard ratio is no ratio of risks.

    Examples
    --------
    >>> risk_with(0.2, 2.0, "risk_ratio"), round(risk_with(0.2, 2.0, "odds_ratio"), 3)
    (0.4, 0.333)
    """
    if measure == "risk_ratio":
        return min(control_risk * ratio, 1.0)
    if measure == "odds_ratio":
        return control_risk * ratio / (1 - control_risk + control_risk * ratio)
    raise ValueError(f"control_risk goes with a risk ratio or an odds ratio, not with {measure}")


def _ratio_in_words(
    measure: str, middle: float, low: float, high: float, control_risk: float | None
) -> str:
    said = f"{measure.replace('_', ' ')} {middle:.2f} ({low:.2f} to {high:.2f})"
    if control_risk is None:
        return said
    thousand = [1000 * (risk_with(control_risk, one, measure) - control_risk) for one in (middle, low, high)]  # fmt: skip
    more, *ends = (f"{abs(round(x))} {'fewer' if x < 0 else 'more'}" for x in thousand)
    without = f"of 1,000 people {round(1000 * control_risk)} without it"
    return f"{said}: {without}, {more} with it ({' to '.join(ends)})"


# --- the bodies of evidence of the library ---------------------------------------------------------


@cache
def findings() -> tuple[Finding, ...]:
    """Return the bodies of evidence behind the booklet, one for each question and outcome.

    Raises
    ------
    EvidenceError
        If one of them names what the library does not have.

    Examples
    --------
    >>> sorted({one.said for one in findings() if one.topic == "LDN"})
    ['not known']
    """
    file = resources.files("msspas_analysis.evidence.appraisal") / "findings.yaml"
    told = read_yaml(file.read_text(encoding="utf-8"), "findings.yaml")
    return tuple(
        _finding(one, load(), f"findings.yaml, number {k}") for k, one in enumerate(told, 1)
    )


def findings_on(topic: str | None = None) -> list[Finding]:
    """Return the bodies of evidence on one topic of the library, or all.

    Raises
    ------
    ValueError
        If there is no such topic, or no body of evidence for it.

    Examples
    --------
    >>> [one.question for one in findings_on("APS")]
    ['APS in people who came for pain']
    """
    if topic is None:
        return list(findings())
    load().about(topic)
    mine = [one for one in findings() if one.topic.lower() == topic.lower()]
    if not mine:
        there = list(dict.fromkeys(one.topic for one in findings()))
        raise ValueError(
            f"the library has no findings on {topic!r}; there are findings on {', '.join(there)}"
        )
    return mine


def _finding(told: Mapping[str, Any], library: Library, where: str) -> Finding:
    given = fields_of(dict(told), where, _FIELDS, ("control",))
    entries = []
    for key in given["studies"]:
        if key not in library:
            raise EvidenceError(where, f"there is no entry {key!r} in the library")
        entries.append(library[key])
    try:
        certainty = Certainty(
            outcome=given["outcome"], start=given["start"],
            lowered={name: (step[0], str(step[1])) for name, step in given["lowered"].items()},
        )  # fmt: skip
        return Finding(
            question=given["question"], certainty=certainty, topic=given["topic"],
            studies=tuple(one.name for one in entries), keys=tuple(one.key for one in entries),
            effect=_cited(given["effect"], library, where), direction=given["direction"],
            control=_cited(given["control"], library, where) if "control" in given else "",
            people=_people(given["studies"], library, where),
        )  # fmt: skip
    except EvidenceError:
        raise
    except (ValueError, TypeError, IndexError) as err:
        raise EvidenceError(where, str(err)) from err


def _cited(told: Mapping[str, str], library: Library, where: str) -> str:
    """Return a figure of the library as it is told there, with its status."""
    entry = library[told["key"]]
    for one in entry.figures:
        if one.what == told["what"]:
            return f"{entry.name}, {one}"
    raise EvidenceError(where, f"{told['key']} has no figure {told['what']!r}; it has "
                        f"{[one.what for one in entry.figures]}")  # fmt: skip


def _people(studies: Mapping[str, Any], library: Library, where: str) -> int | None:
    """Count the people of all studies, by the names under which the library counts them."""
    total = 0
    for key, names in studies.items():
        if names is None:
            return None
        entry = library[key]
        counted = {
            **entry.design.people,
            **{str(arm["name"]): arm.get("n") for arm in entry.design.arms},
        }
        for name in [names] if isinstance(names, str) else names:
            if counted.get(name) is None:
                raise EvidenceError(where, f"{key} counts no {name!r}; it counts {sorted(counted)}")
            total += int(str(counted[name]))
    return total


def summary_of_findings(
    what: str | Iterable[Finding] | None = None, *, replays: Estimates | None = None
) -> pd.DataFrame:
    """Return what bodies of evidence say, one row each, with how sure that is and why.

    Parameters
    ----------
    what : str, iterable of Finding or None
        A topic of the library, findings of your own, or None for every body of the library.
    replays : Estimates or None
        From :func:`~msspas_analysis.evidence.replay.run.replay_library`: how often each study looks as it
        was printed with nothing true stands beside.

    Returns
    -------
    pandas.DataFrame
        ``question``; ``outcome``; ``studies``; ``people``; ``effect``, as its source has it, with its
        status; ``control``, what happened without; ``certainty``; ``said``, in a few words, no surer than
        that; ``reasons``. With `replays` also ``with_nothing_true``.

    Raises
    ------
    ValueError
        If there is no such topic, or no body of evidence for it, or no finding.

    Notes
    -----
    :data:`HOW_READ` belongs below it.

    Examples
    --------
    >>> summary_of_findings("reflexology")[["certainty", "said"]].values.tolist()
    [['very low', 'not known'], ['moderate', 'no difference was shown, and none is ruled out']]
    """
    chosen = findings_on(what) if what is None or isinstance(what, str) else list(what)
    if not chosen:
        raise ValueError("there is no finding to sum up")
    table = pd.DataFrame([one.row for one in chosen], columns=list(COLUMNS)).astype(
        {"people": "Int64"}
    )
    if replays is None:
        return table
    shares = replays.table[
        replays.table["measure"].eq("printed_as_it_was")
        & replays.table["group"].eq("no true effect")
    ].set_index("outcome")["estimate"]
    told = [
        "; ".join(f"{name} {100 * shares[key]:.0f} %"
                  for key, name in zip(one.keys, one.studies, strict=False) if key in shares.index)
        for one in chosen
    ]  # fmt: skip
    return table.assign(with_nothing_true=told)


def evidence_table(what: str | Iterable[str] | None = None) -> pd.DataFrame:
    """Return studies side by side: who, what, how, what was found, and how far that can be trusted.

    Parameters
    ----------
    what : str, iterable of str or None
        A topic of the library, keys of entries, or None for every study and review.

    Returns
    -------
    pandas.DataFrame
        One row per study or review: ``key``, ``study``, ``design``, ``people``, ``given``, ``outcomes``,
        ``found``, each figure with its status; ``spasticity``, ``risk_of_bias`` of the result that was
        appraised, ``can_show``, ``concerns``, ``source``.

    Raises
    ------
    KeyError
        If there is no such entry.
    ValueError
        If there is no such topic, or nothing in it is a study.

    Examples
    --------
    >>> evidence_table("TENS")[["study", "risk_of_bias"]].values.tolist()[0]
    ['Armutlu 2003', 'critical (change in modified Ashworth)']
    """
    library = load()
    if what is None:
        entries = list(library.values())
    elif isinstance(what, str):
        entries = library.about(what)
    else:
        entries = [library[key] for key in what]
    studies = [one for one in entries if one.kind in ("study", "review")]
    if not studies:
        raise ValueError(f"nothing of {what!r} is a study; msspas evidence list shows the entries")
    return pd.DataFrame([_study_row(one) for one in studies])


def _study_row(entry: Entry) -> dict[str, Any]:
    design, told = entry.design, appraise(entry.key)
    people = "; ".join(
        f"{name.replace('_', ' ')} {many}"
        + (f" [{design.people_status[name]}]" if name in design.people_status else "")
        for name, many in design.people.items()
    )
    weeks = "" if design.weeks is None else f"{design.weeks:g} weeks"
    return {
        "key": entry.key, "study": entry.name, "design": f"{design.kind}: {design.what}",
        "people": people, "given": "; ".join(part for part in (design.given, weeks) if part),
        "outcomes": "; ".join(entry.outcomes), "found": "; ".join(map(str, entry.figures)),
        "spasticity": entry.spasticity,
        "risk_of_bias": f"{told.overall} ({told.result})" if told.tool else told.note,
        "can_show": design.can_show, "concerns": "; ".join(entry.concerns),
        "source": "" if entry.citation is None else str(entry.citation),
    }  # fmt: skip
