"""One question, eight ways to ask it: the study designs that could answer it with the same people.

A :class:`PlanSheet` says what is hoped for and what there is; :func:`candidates` lays out every plan
that could be made of it, and says of each that cannot be had why not. Two rules come before all
others. A medicine that must not be stopped suddenly is in no plan that leaves it to chance, delays
it, washes it out, withholds it or stops it. And at a centre nobody is allocated and no care is
changed: that is research.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Final, Literal

import numpy as np

from msspas_analysis.simulate.designs import Arm, Design, Treatment

Setting = Literal["centre", "research"]

RESEARCH: Final = "This is research: it needs a sponsor and ethics review first."
"""What stands before every plan in which chance decides, or care is changed, delayed or withheld."""

LONG_BASELINE: Final = 28
"""Days of diary before the first session in the plan with the longer baseline."""
COMPARED_DAYS: Final = 14
"""Days of a period that are compared, at the most; never more than its second half."""
RESPONSE: Final = 0.20
"""Share by which ratings must be lower after the run-in for somebody to be randomised."""
_WASHED_OUT: Final = 5  # half-lives of carry-over in a washout: 3 % is left
_PERIOD: Final = 14  # days of one period of an N-of-1 series
_SHAM, _WAITING = "sham", "waiting list"

# how names are written: parts of words, whole words with \b [memory, all]
_MUST_NOT_STOP: Final[Mapping[str, tuple[str, ...]]] = {
    "baclofen": ("baclof", "baclophen", "lioresal", "lyflex", "gablofen", "ozobax"),
    "intrathecal medicine": ("intrathecal", r"\bitb\b", r"\bpumps?\b"),
    "tizanidine": ("tizanidin", "zanaflex", "sirdalud"),
    "gabapentin or pregabalin": ("gabapentin", "neurontin", "pregabalin", "lyrica"),
    "a benzodiazepine": (
        "benzodiazepin", "azepam", "zolam", "clobazam", "clorazepat", "chlordiazepoxid", "valium",
        "diazemuls", "stesolid", "rivotril", "klonopin", "ativan", "xanax", "librium", "frisium",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSheet:
    """One question and what there is to answer it with.

    Parameters
    ----------
    therapy : str
        What is to be studied, by name.
    people : int
        How many can take part, 6 to 2000.
    weeks : int
        How long one person may be followed in all, 1 to 260.
    effect : float
        Points of the 0-10 rating hoped for, -10 to 10 and not 0; negative is a fall [assumption].
    effect_sd : float
        Standard deviation between people of the factor, mean 1, on the effect, 0 to 5 [assumption].
    expectation : float
        Share of the world's placebo response that comes with the therapy, and with a sham that
        cannot be told from it, 0 to 3; on a waiting list nobody expects anything [assumption].
    onset_days : float
        Days until the effect is fully there, 0 to 366.
    carry_over : float
        Days after the end until half of the effect is gone, 0 to 60; 0 is at once.
    washout_days : int or None
        Days between two periods of which one may spoil the next, 0 to 366; None is five times
        `carry_over`.
    entry_rating, entry_days : float or None, int
        People come in when the mean of their first `entry_days` ratings (1 to `baseline_days`) is
        `entry_rating` (0 to 10) or more; None takes everybody.
    setting : {"centre", "research"}
        A therapy centre that evaluates its service, or a study with a sponsor and ethics review.
    baseline_days : int
        Days of diary before the first session, 1 to 27.
    therapy_days : int
        Days of one period with the therapy, 14 to 366.
    pairs : int
        Pairs of periods of an N-of-1 series, 2 to 6.
    minutes_a_day : float
        What a day of the diary takes, 0 to 60 [assumption].
    lost : float or None
        Share of people lost over `weeks`, 0 to 0.95, fewer in a shorter plan; None leaves it to the
        world.
    lost_slope : float
        Added to the log-odds of being lost for each point somebody is worse than at first, -5 to 5;
        used with `lost`.

    Raises
    ------
    ValueError
        Naming the field, its range and the value.

    Examples
    --------
    >>> PlanSheet(therapy="TENS", people=40, weeks=26).effect
    -1.0
    >>> PlanSheet(therapy="TENS", people=3)
    Traceback (most recent call last):
        ...
    ValueError: people must be 6 to 2000, got 3
    """

    therapy: str
    people: int = 40
    weeks: int = 26
    effect: float = -1.0
    effect_sd: float = 0.5
    expectation: float = 1.0
    onset_days: float = 0.0
    carry_over: float = 0.0
    washout_days: int | None = None
    entry_rating: float | None = 4.0
    entry_days: int = 1
    setting: Setting = "centre"
    baseline_days: int = 7
    therapy_days: int = 28
    pairs: int = 3
    minutes_a_day: float = 2.0
    lost: float | None = None
    lost_slope: float = 0.0

    def __post_init__(self) -> None:
        """Refuse an impossible sheet early, by field name and allowed range."""
        if not self.therapy.strip() or self.therapy.strip() in (_SHAM, _WAITING):
            raise ValueError(
                f"therapy must be the name of what is to be studied, got {self.therapy!r}"
            )
        whole = {
            "people": (6, 2000), "weeks": (1, 260), "washout_days": (0, 366),
            "baseline_days": (1, LONG_BASELINE - 1), "therapy_days": (14, 366), "pairs": (2, 6),
            "entry_days": (1, self.baseline_days),
        }  # fmt: skip
        ranges: dict[str, tuple[float, float]] = {
            **whole, "effect": (-10, 10), "effect_sd": (0, 5), "expectation": (0, 3),
            "onset_days": (0, 366), "carry_over": (0, 60), "entry_rating": (0, 10),
            "minutes_a_day": (0, 60), "lost": (0, 0.95), "lost_slope": (-5, 5),
        }  # fmt: skip
        for name, (low, high) in ranges.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise ValueError(f"{name} must be {low} to {high}, got {value}")
            if value is not None and name in whole and int(value) != value:
                raise ValueError(f"{name} must be a whole number, got {value}")
        if self.effect == 0:
            raise ValueError("effect must not be 0, got 0; say what change would matter")
        if self.setting not in ("centre", "research"):
            raise ValueError(f"setting must be 'centre' or 'research', got {self.setting!r}")

    @property
    def washout(self) -> int:
        """Days between two periods of which one may spoil the next."""
        if self.washout_days is not None:
            return self.washout_days
        return int(np.ceil(_WASHED_OUT * self.carry_over))


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One way to ask the question of a :class:`PlanSheet`.

    Parameters
    ----------
    key : str
        Short name, such as ``"parallel"``.
    title : str
        What happens to people, in plain words.
    design : Design or None
        The study; None where it is not offered, and `reason` says why.
    analysis : str
        Its own analysis, fixed before: a key of
        :data:`~msspas_analysis.certify.plan.comparison.DESIGN_ANALYSES`.
    period : int or None
        The period whose end is compared with the days before it; None compares all periods.
    allocates : bool
        Whether chance decides for anybody, or care is changed, delayed or withheld.
    needs : str
        What it needs, in a sentence or two.
    weeks : float
        How long one person is followed in all.
    days_of_diary : int
        Days of diary of one person who stays to the end.
    minutes : float
        What they take one person in all.
    fits : bool
        Whether it fits into the weeks of the sheet.
    reason : str
        Why it is not offered; empty where it is.
    """

    key: str
    title: str
    design: Design | None
    analysis: str
    period: int | None
    allocates: bool
    needs: str
    weeks: float
    days_of_diary: int
    minutes: float
    fits: bool
    reason: str

    @property
    def offered(self) -> bool:
        """Whether there is a design to be run."""
        return self.design is not None


def must_not_stop(therapy: str) -> str | None:
    """Say which medicine whose sudden withdrawal can be dangerous is named in a therapy's name.

    Parameters
    ----------
    therapy : str
        As anybody may write it: any case, with accents, several joined, brand names.

    Returns
    -------
    str or None
        The group it belongs to; None if no such name is found, which is no promise that the therapy
        may be stopped.

    Notes
    -----
    Baclofen (tablets or a pump), tizanidine, gabapentin, pregabalin and benzodiazepines; their
    product information warns against stopping suddenly [memory]. The list is not complete.

    Examples
    --------
    >>> must_not_stop("Physiotherapy + LIORESAL"), must_not_stop("TENS")
    ('baclofen', None)
    """
    plain = "".join(
        one for one in unicodedata.normalize("NFKD", therapy)
        if unicodedata.category(one) not in ("Mn", "Cf")
    ).casefold()  # fmt: skip
    for group, patterns in _MUST_NOT_STOP.items():
        if any(re.search(pattern, plain) for pattern in patterns):
            return group
    return None


def candidates(sheet: PlanSheet) -> tuple[Candidate, ...]:
    """Lay out the eight plans for one question, each whole or with the reason why it is not offered.

    Parameters
    ----------
    sheet : PlanSheet
        The question.

    Returns
    -------
    tuple of Candidate
        "before and after", "longer baseline", "waiting list", "parallel", "crossover", "N-of-1
        series", "enriched withdrawal" and "stepped", in this order. None is shortened to fit.

    Notes
    -----
    A plan is refused, in this order, because the therapy must not be stopped suddenly, because it
    allocates and the setting is a centre, or because it takes longer than people can be followed.

    Examples
    --------
    >>> [(c.key, c.offered) for c in candidates(PlanSheet(therapy="TENS"))][:3]
    [('before and after', True), ('longer baseline', True), ('waiting list', False)]
    >>> sheet = PlanSheet(therapy="baclofen", setting="research")
    >>> [c.key for c in candidates(sheet) if c.offered]
    ['before and after', 'longer baseline']
    """
    return tuple(
        make(sheet)
        for make in (_before_and_after, _longer_baseline, _waiting_list, _parallel, _crossover,
                     _series, _withdrawal, _stepped)
    )  # fmt: skip


def compared_days(design: Design) -> tuple[tuple[int, int], ...]:
    """Return first and last day of what is compared: before day 0, and at the end of each period.

    Parameters
    ----------
    design : Design
        The study.

    Returns
    -------
    tuple of (int, int)
        The last 14 days of the baseline, or all of a shorter one; the second half of each period,
        its last 14 days at the most.

    Examples
    --------
    >>> compared_days(next(c.design for c in candidates(PlanSheet(therapy="TENS"))))
    ((-7, -1), (14, 27))
    """
    out = [(-min(COMPARED_DAYS, design.baseline_days), -1)]
    for start, length in zip(design.starts, design.periods, strict=True):
        end = start + length
        out.append((end - max(min(COMPARED_DAYS, length // 2), 1), end - 1))
    return tuple(out)


# --- the eight ----------------------------------------------------------------------------------


def _before_and_after(sheet: PlanSheet) -> Candidate:
    return _candidate(
        sheet, "before and after", analysis="paired t", period=0, allocates=False,
        title=f"Everybody gets {sheet.therapy}: {sheet.baseline_days} days of diary before the first "
        f"session, {sheet.therapy_days} days after it",
        needs=f"A diary from {sheet.baseline_days} days before the first session on.",
        arms=(("everybody", (sheet.therapy,)),), periods=(sheet.therapy_days,),
    )  # fmt: skip


def _longer_baseline(sheet: PlanSheet) -> Candidate:
    return _candidate(
        sheet, "longer baseline", analysis="paired t", period=0, allocates=False,
        title=f"Everybody gets {sheet.therapy}: {LONG_BASELINE} days of diary before the first "
        f"session, {sheet.therapy_days} days after it",
        needs=f"A diary from {LONG_BASELINE} days before a first session that is booked anyway; "
        "nobody waits longer for it.",
        arms=(("everybody", (sheet.therapy,)),), periods=(sheet.therapy_days,),
        baseline_days=LONG_BASELINE,
    )  # fmt: skip


def _waiting_list(sheet: PlanSheet) -> Candidate:
    days = sheet.therapy_days
    return _candidate(
        sheet, "waiting list", analysis="ANCOVA", period=0, allocates=True,
        title=f"Chance decides who gets {sheet.therapy} at once and who {days} days later",
        needs=f"A therapy that can wait {days} days without harm. Those who wait know that they do.",
        arms=(("at once", (sheet.therapy, sheet.therapy)), ("later", (_WAITING, sheet.therapy))),
        periods=(days, days),
    )  # fmt: skip


def _parallel(sheet: PlanSheet) -> Candidate:
    return _candidate(
        sheet, "parallel", analysis="ANCOVA", period=0, allocates=True,
        title=f"Chance decides who gets {sheet.therapy} and who a sham",
        needs="A sham that people cannot tell from the therapy.",
        arms=(("therapy", (sheet.therapy,)), ("sham", (_SHAM,))), periods=(sheet.therapy_days,),
    )  # fmt: skip


def _crossover(sheet: PlanSheet) -> Candidate:
    days = sheet.therapy_days
    pause = f", {sheet.washout} days with neither in between" if sheet.washout else ""
    return _candidate(
        sheet, "crossover", analysis="difference within people, less the period's", allocates=True,
        title=f"Everybody gets {sheet.therapy} and a sham in turn; chance decides which first{pause}",
        needs="A sham that people cannot tell from the therapy, and an effect that goes away again.",
        arms=(("therapy first", (sheet.therapy, _SHAM)), ("sham first", (_SHAM, sheet.therapy))),
        periods=(days, days), washout=sheet.washout,
    )  # fmt: skip


def _series(sheet: PlanSheet) -> Candidate:
    # an order and its mirror image stand beside each other, so that any even number is balanced
    first = [order for order in product((True, False), repeat=sheet.pairs) if order[0]]
    orders = [o for one in first for o in (one, tuple(not yes for yes in one))]
    orders = orders[: sheet.people - sheet.people % 2]
    arms = []
    for order in orders:
        each = [(sheet.therapy, _SHAM) if yes else (_SHAM, sheet.therapy) for yes in order]
        code = "".join("TS" if yes else "ST" for yes in order)
        arms.append((code, tuple(name for pair in each for name in pair)))
    return _candidate(
        sheet, "N-of-1 series", analysis="mean of people's own differences", allocates=True,
        title=f"Everybody gets {sheet.therapy} and a sham {sheet.pairs} times each, {_PERIOD} days "
        "at a time, in an order that chance decides",
        needs="A sham that people cannot tell from the therapy, an effect that comes and goes within "
        f"days, and people who keep a diary through {2 * sheet.pairs} periods.",
        arms=tuple(arms), periods=(_PERIOD,) * (2 * sheet.pairs), washout=sheet.washout,
    )  # fmt: skip


def _withdrawal(sheet: PlanSheet) -> Candidate:
    days = sheet.therapy_days
    return _candidate(
        sheet, "enriched withdrawal", analysis="ANCOVA", period=1, allocates=True,
        title=f"Everybody gets {sheet.therapy} for {days} days; of those whose ratings fell by a "
        "fifth, chance decides who goes on and who gets a sham",
        needs="A sham that people cannot tell from the therapy, and a therapy that may be stopped "
        "from one day to the next without harm.",
        arms=(("goes on", (sheet.therapy, sheet.therapy)), ("stops", (sheet.therapy, _SHAM))),
        periods=(days, days), respond_first=RESPONSE,
    )  # fmt: skip


def _stepped(sheet: PlanSheet) -> Candidate:
    days, now, not_yet = sheet.therapy_days, sheet.therapy, _WAITING
    return _candidate(
        sheet, "stepped", analysis="people and periods, errors by person", allocates=True,
        title=f"Three groups begin with {now} one after the other, {days} days apart; chance "
        "decides who is in which",
        needs=f"A therapy that can wait {2 * days} days without harm. Those who wait know that they "
        "do.",
        arms=(("first wave", (now, now, now)), ("second wave", (not_yet, now, now)),
              ("third wave", (not_yet, not_yet, now))), periods=(days, days, days),
    )  # fmt: skip


def _candidate(
    sheet: PlanSheet, key: str, *, title: str, needs: str, analysis: str, allocates: bool,
    arms: tuple[tuple[str, tuple[str, ...]], ...], periods: tuple[int, ...],
    period: int | None = None, baseline_days: int | None = None, washout: int = 0,
    respond_first: float | None = None,
) -> Candidate:  # fmt: skip
    baseline = sheet.baseline_days if baseline_days is None else baseline_days
    days = baseline + sum(periods) + washout * (len(periods) - 1)
    fits = days <= 7 * sheet.weeks
    danger = must_not_stop(sheet.therapy)
    reason = ""
    if allocates and danger:
        reason = (
            f"Stopping {danger} suddenly can be dangerous, and {sheet.therapy!r} names it: no plan "
            "that leaves it to chance, delays it, withholds it, washes it out or stops it is made "
            "here, in any setting. Ask whoever prescribes it."
        )
    elif allocates and sheet.setting == "centre":
        reason = RESEARCH
    elif not fits:
        reason = (
            f"It takes {days / 7:.3g} weeks of diary, and one person may be followed for "
            f"{sheet.weeks}; a shorter one would be another plan."
        )
    if danger:
        needs += " It is started, changed and stopped by whoever prescribes it, not by the plan."
    design = None
    if not reason:
        design = _design(sheet, key, title, arms, periods, baseline, washout, respond_first)
    return Candidate(
        key=key, title=title, design=design, analysis=analysis, period=period, allocates=allocates,
        needs=f"{RESEARCH} {needs}" if allocates else needs, weeks=days / 7, days_of_diary=days,
        minutes=days * sheet.minutes_a_day, fits=fits, reason=reason,
    )  # fmt: skip


def _design(
    sheet: PlanSheet, key: str, title: str, arms: tuple[tuple[str, tuple[str, ...]], ...],
    periods: tuple[int, ...], baseline: int, washout: int, respond_first: float | None,
) -> Design:  # fmt: skip
    given = {name for _, sequence in arms for name in sequence}
    expected = {_SHAM: sheet.expectation, _WAITING: 0.0}
    treatments = [Treatment(
        name=sheet.therapy, effect=sheet.effect, effect_sd=sheet.effect_sd,
        expectation=sheet.expectation, onset_days=sheet.onset_days, carry_over=sheet.carry_over,
    )]  # fmt: skip
    treatments += [
        Treatment(name=n, expectation=e, effect_sd=0.0) for n, e in expected.items() if n in given
    ]
    ends = np.rint(np.linspace(0, sheet.people, len(arms) + 1)).astype(int)
    sizes = np.diff(ends)
    starts = [sum(periods[:k]) + k * washout for k in range(len(periods))]
    lost: dict[str, Any] = {}
    if sheet.lost is not None:
        # the same share each week in every plan, so that a longer one loses more
        weeks = max((baseline + starts[-1] + periods[-1] - 1) // 7, 1)
        lost = {"lost": 1.0 - (1.0 - sheet.lost) ** (weeks / sheet.weeks),
                "lost_slope": sheet.lost_slope}  # fmt: skip
    return Design(
        code=key, title=title, treatments=tuple(treatments),
        arms=tuple(Arm(name=name, size=int(size), sequence=sequence)
                   for (name, sequence), size in zip(arms, sizes, strict=True)),
        periods=periods, washout=washout, baseline_days=baseline, entry_rating=sheet.entry_rating,
        entry_days=sheet.entry_days, respond_first=respond_first,
        visits=(-1, *(start + length - 1 for start, length in zip(starts, periods, strict=True))),
        ratings_per_visit=min(7, baseline), blind=("participants",) if _SHAM in given else (),
        **lost,
    )  # fmt: skip
