"""Study designs for the same people, run side by side in the same world before anybody starts.

Each plan of a :class:`~msspas_analysis.certify.plan.candidates.PlanSheet` is run many times, with a
therapy that does nothing and with the effect that is hoped for, from the same random streams, and
given its own analysis. What an uncontrolled plan shows where nothing works (people come in on bad
days, and expect something) comes out of the runs; nothing here knows of it.

People keep the diary on every day of every plan, and only their stiffness ratings are drawn
(:func:`~msspas_analysis.simulate.days.simulate_ratings`): rating the compared days alone, as visits
without a diary do, has neither missing days nor diaries that stop, and is no faster for fourteen days.
A mean needs half of the days compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

from msspas_analysis.certify.monte_carlo import mean_row, share_row
from msspas_analysis.certify.plan.candidates import (
    RESEARCH,
    Candidate,
    PlanSheet,
    candidates,
    compared_days,
)
from msspas_analysis.certify.plan.power_formulas import shifted_t_power
from msspas_analysis.certify.running import run_blocks
from msspas_analysis.certify.studies.certificate import ALPHA
from msspas_analysis.certify.studies.replicates import CLAIMED, NULL, WORLDS
from msspas_analysis.estimate.change.paired import fallen
from msspas_analysis.estimate.linear import mean_rows, t_rows
from msspas_analysis.estimate.trials.adjusted import difference_kernel
from msspas_analysis.progress import Progress, as_part
from msspas_analysis.results import Estimates
from msspas_analysis.simulate.days import BLOCK, Ratings, simulate_ratings
from msspas_analysis.simulate.designs import NOT_RANDOMISED, Design, regime, with_effect
from msspas_analysis.simulate.trials import study_scenario
from msspas_analysis.simulate.world import World

Floats = NDArray[np.float64]
Arms = NDArray[np.int64]
Answers = Mapping[str, Floats]
DesignAnalysis = Callable[[Floats, Arms, Candidate], Answers]

POWER: Final = 0.80
"""The power that :func:`compare_designs` looks for people for."""
MOST_FALSE: Final = 0.10
"""Type I error above which an analysis has no power worth the name [chosen here]."""
MOST_PEOPLE: Final = 2000
_FEWEST: Final = 6
_FEWEST_IN_ARM: Final = 3
_TRIES: Final = 4
_RUNS_AT_LEAST, _PEOPLE_RUN = 256, 400_000  # how often a size is run: fewer people, more often
_KEPT: Final = ("estimate", "conf_low", "conf_high", "p_value", "df")
_Z: Final = 1.959963984540054
_FALSE: Final = "its analysis finds what is not there in more than one study of ten"


# --- the analyses: the leading axis is replicates ---------------------------------------------------


def people_and_periods(y: npt.ArrayLike, treated: npt.ArrayLike) -> dict[str, Floats]:
    """Difference with and without treatment, with an own constant for each person and each period.

    Parameters
    ----------
    y : array_like, shape (..., n, periods)
        Score of each person at the end of each period, NaN where there is none; leading axes are
        replicates.
    treated : array_like, shape (..., n, periods) or (n, periods)
        1 where the person is treated, 0 where not (yet).

    Returns
    -------
    dict of str to numpy.ndarray, shape (...)
        ``estimate``, ``std_error``, ``conf_low``, ``conf_high``, ``statistic``, ``df``, ``p_value``
        and ``n``, the people used; NaN where the difference cannot be told from the periods.

    Notes
    -----
    Standard errors let the periods of a person be alike in any way (CR1: the sandwich times
    ``G / (G - 1) * (N - 1) / (N - K)`` for G people, N scores and K constants of periods and
    treatment, those of people not counted); t with G - 1 degrees of freedom. Somebody with one score
    says nothing and is left out. Wrong where the difference itself grows with time on treatment.

    References
    ----------
    .. [1] Hussey MA, Hughes JP (2007). Design and analysis of stepped wedge cluster randomized
       trials. Contemp Clin Trials 28:182-191.
    .. [2] Cameron AC, Miller DL (2015). A practitioner's guide to cluster-robust inference.
       J Hum Resour 50:317-372.

    Examples
    --------
    >>> y = [[5.0, 3, 3], [6.0, 4, 5], [5.0, 5, 3], [7.0, 7, 4]]
    >>> treated = [[0, 1, 1], [0, 1, 1], [0, 0, 1], [0, 0, 1]]
    >>> got = people_and_periods(y, treated)
    >>> round(float(got["estimate"]), 3), float(got["df"])
    (-2.5, 3.0)
    """
    y, given = np.asarray(y, np.float64), np.asarray(treated, np.float64)
    periods = y.shape[-1]
    known = ~np.isnan(y)
    known &= known.sum(axis=-1, keepdims=True) > 1
    columns = [np.broadcast_to(given, y.shape)]
    columns += [np.broadcast_to(np.arange(periods) == t, y.shape) for t in range(1, periods)]
    often = np.maximum(known.sum(axis=-1, keepdims=True), 1)

    def within(values: npt.ArrayLike) -> Floats:
        kept = np.where(known, values, 0.0)
        return np.where(known, kept - kept.sum(axis=-1, keepdims=True) / often, 0.0)

    x = np.stack([within(column) for column in columns], axis=-1)
    dy, k = within(y), len(columns)
    flat = x.reshape(*x.shape[:-3], -1, k)
    gram = np.swapaxes(flat, -1, -2) @ flat
    size = np.sqrt(np.diagonal(gram, axis1=-2, axis2=-1))
    unit = np.where(size > 0, size, 1.0)
    scaled = gram / unit[..., None] / unit[..., None, :]
    people = known.any(axis=-1).sum(axis=-1).astype(np.float64)
    scores = known.sum(axis=(-1, -2)).astype(np.float64)
    good = (np.linalg.eigvalsh(scaled)[..., 0] > 1e-9) & (people > 1) & (scores > k + 1)
    inverse = np.linalg.inv(np.where(good[..., None, None], gram, np.eye(k)))
    right = np.swapaxes(flat, -1, -2) @ dy.reshape(*dy.shape[:-2], -1, 1)
    coef = (inverse @ right)[..., 0]
    residual = dy - np.einsum("...tk,...k->...t", x, coef[..., None, :])
    each = np.einsum("...tk,...t->...k", x, residual) @ inverse[..., 0, :, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = people / (people - 1.0) * (scores - 1.0) / (scores - k - 1.0)
    variance = factor * np.square(each[..., 0]).sum(axis=-1)
    nothing = np.where(good, 0.0, np.nan)
    rows = t_rows(coef[..., 0] + nothing, variance + nothing, people - 1.0)
    return rows | {"n": people}


def _paired(y: Floats, _: Arms, plan: Candidate) -> Answers:
    at = _period(plan)
    return mean_rows(y[..., at + 1] - y[..., at])


def _ancova(y: Floats, arm: Arms, plan: Candidate) -> Answers:
    at = _period(plan)
    before, after = y[..., at], np.where(arm == NOT_RANDOMISED, np.nan, y[..., at + 1])
    known = ~np.isnan(before + after)
    few = np.minimum((known & (arm == 0)).sum(axis=-1), (known & (arm != 0)).sum(axis=-1))
    # with fewer nobody would compare arms: what a study of two against one says is no answer
    after = np.where((few < _FEWEST_IN_ARM)[..., None], np.nan, after)
    return difference_kernel(after, (arm == 0).astype(np.float64), [before])


def _crossover(y: Floats, arm: Arms, _: Candidate) -> Answers:
    # half of the difference between the orders of earlier minus later: the period cancels
    return difference_kernel((y[..., 1] - y[..., 2]) / 2.0, (arm == 0).astype(np.float64))


def _series(y: Floats, arm: Arms, plan: Candidate) -> Answers:
    first = _treated(plan)[arm][..., 0::2]
    earlier = y[..., 1::2] - y[..., 2::2]
    pairs = np.where(first, earlier, -earlier)
    known = ~np.isnan(pairs)
    n = known.sum(axis=-1)
    total = np.where(known, pairs, 0.0).sum(axis=-1)
    return mean_rows(np.where(n > 0, total / np.maximum(n, 1), np.nan))


def _stepped(y: Floats, arm: Arms, plan: Candidate) -> Answers:
    treated = _treated(plan)[arm]
    before = np.zeros((*treated.shape[:-1], 1))
    return people_and_periods(y, np.concatenate([before, treated], axis=-1))


DESIGN_ANALYSES: Final[Mapping[str, DesignAnalysis]] = {
    "paired t": _paired, "ANCOVA": _ancova,
    "difference within people, less the period's": _crossover,
    "mean of people's own differences": _series, "people and periods, errors by person": _stepped,
}  # fmt: skip
"""The analyses of :func:`compare_designs`, each of means of the compared days of a person."""


def _period(plan: Candidate) -> int:
    if plan.period is None:
        raise ValueError(f"{plan.key}: {plan.analysis} needs the period that is analysed, got None")
    return plan.period


def _treated(plan: Candidate) -> NDArray[np.bool_]:
    """Say in which period each arm has the therapy; the last row is for people in no arm."""
    design = _of(plan)
    name = design.treatments[0].name
    rows = [[given == name for given in arm.sequence] for arm in design.arms]
    return np.array([*rows, [False] * len(design.periods)])


def _of(plan: Candidate) -> Design:
    if plan.design is None:
        raise ValueError(f"{plan.key} is not offered: {plan.reason}")
    return plan.design


# --- running them -----------------------------------------------------------------------------------


def _studies(
    plan: Candidate, world: World | None, truth: bool, seed: int, first: int, count: int
) -> dict[str, Floats]:  # fmt: skip
    """Run some studies of one plan where nothing works and where the therapy does, and analyse each.

    A job of :func:`~msspas_analysis.certify.running.run_blocks`. "truth", if asked for, is by how much
    the therapy moved the complete ratings of those who had it in the compared days, what was left of an
    earlier period not counted.
    """
    design, analyse = _of(plan), DESIGN_ANALYSES[plan.analysis]
    out: dict[str, Floats] = {}
    runs: dict[str, tuple[Ratings, Arms]] = {}
    how: dict[str, Any] = {"world": world, "seed": seed, "first": first, "count": count}
    still = with_effect(design, 0.0)
    for name, now in zip(WORLDS, (still, design), strict=True):
        ratings, arm = runs[name] = _run(now, **how)
        got = analyse(period_means(ratings.seen, ratings.days, design), arm, plan)
        out |= {f"{name}/{one}": np.broadcast_to(got[one], (count,)) for one in _KEPT}
    if not truth:
        return out
    given, arm = runs[CLAIMED]
    if design.treatments[0].carry_over > 0:
        alone = replace(design.treatments[0], carry_over=0.0)
        only = replace(design, treatments=(alone, *design.treatments[1:]))
        given, _ = _run(only, arm=arm, **how)
    nothing = runs[NULL][0]
    if design.respond_first is not None:  # who is randomised depends on the world
        nothing, _ = _run(still, arm=arm, **how)
    moved = period_means(given.score, given.days, design) - period_means(
        nothing.score, nothing.days, design
    )
    cells = _treated(plan)[arm]
    if plan.period is not None:
        cells = cells & (np.arange(len(design.periods)) == plan.period)
    # an arm may have nobody after a run-in: such a study says nothing about the truth
    n = cells.sum(axis=(-1, -2))
    total = (moved[..., 1:] * cells).sum(axis=(-1, -2))
    return out | {"truth": np.where(n > 0, total / np.maximum(n, 1), np.nan)}


def _run(
    design: Design, *, world: World | None, seed: int, first: int, count: int,
    arm: Arms | None = None,
) -> tuple[Ratings, Arms]:  # fmt: skip
    """Draw the diaries of some studies, and who is in which arm, (replicates, people)."""
    scenario = study_scenario(design, world)
    given = regime(design, scenario, scenario.days)
    how: dict[str, Any] = {"seed": seed, "replicates": count, "first": first}
    if arm is None and design.respond_first is not None:
        everybody = replace(given, arm=np.zeros(scenario.n_people, dtype=np.intp))
        arm = _gone_on(design, simulate_ratings(scenario, regime=everybody, **how))
    elif arm is None:
        arm = np.broadcast_to(given.arm, (count, scenario.n_people)).astype(np.int64)
    if design.respond_first is not None:
        given = replace(given, arm=np.where(arm == NOT_RANDOMISED, len(design.arms), arm))
    return simulate_ratings(scenario, regime=given, **how), arm


def _gone_on(design: Design, run_in: Ratings) -> Arms:
    """Return who is in which arm after the run-in: those who responded, in the arms' proportions."""
    before, after = (
        _mean_days(run_in.seen, run_in.days, max(last - 7, int(run_in.days[0])), last - 1,
                   least=min(4, design.baseline_days))
        for last in (0, design.periods[0])
    )  # fmt: skip
    passed = fallen(before, after, float(design.respond_first or 0.0))
    sizes = np.cumsum([one.size for one in design.arms]) / design.n_people
    rank = np.cumsum(passed, axis=1) - 0.5
    arm = np.searchsorted(sizes, rank / np.maximum(passed.sum(axis=1, keepdims=True), 1))
    return np.where(passed, arm, NOT_RANDOMISED)


def period_means(values: Floats, days: NDArray[np.int64], design: Design) -> Floats:
    """Return each person's mean of the compared days, before day 0 and at the end of each period.

    Parameters
    ----------
    values : numpy.ndarray, shape (..., n_people, n_days)
        Daily ratings, NaN where there is none.
    days : numpy.ndarray, shape (n_days,)
        Their days in order, without a gap; 0 is the first day of the first period.
    design : Design
        The study.

    Returns
    -------
    numpy.ndarray, shape (..., n_people, 1 + periods)
        NaN where fewer than half of the days of a span are rated.
    """
    return np.stack([
        _mean_days(values, days, low, high, least=(high - low + 2) // 2)
        for low, high in compared_days(design)
    ], axis=-1)  # fmt: skip


def _mean_days(
    values: Floats, days: NDArray[np.int64], low: int, high: int, *, least: int
) -> Floats:
    mine = values[..., low - int(days[0]) : high + 1 - int(days[0])]
    known = ~np.isnan(mine)
    n = known.sum(axis=-1)
    total = np.where(known, mine, 0.0).sum(axis=-1)
    return np.where(n >= least, total / np.maximum(n, 1), np.nan)


# --- side by side -----------------------------------------------------------------------------------


def compare_designs(
    sheet: PlanSheet, world: World | None = None, *, replicates: int = 2000, seed: int = 2026,
    workers: int | str = 1, cache: str | Path | None = None, progress: Progress | None = None,
) -> Estimates:  # fmt: skip
    """Compare the plans that one question sheet allows, by running each many times in one world.

    Parameters
    ----------
    sheet : PlanSheet
        The question: the therapy, the people, the weeks, the effect hoped for.
    world : World or None
        What people are like and how they keep diaries; None is the default world.
    replicates : int
        Studies of each plan in each world, 100 to 1,000,000.
    seed : int
        Seed, 0 or more.
    workers, cache
        As :func:`~msspas_analysis.certify.running.run_blocks`. The numbers are the same in every
        case.
    progress : callable or None
        Called with how many are done, in all, and a word.

    Returns
    -------
    Estimates
        For each plan offered (``group`` its key, ``term`` its title), from the runs: "bias_null"
        (mean estimate where nothing works), "type_i_error", "power" (right direction, p below 5 %),
        "mean_estimate", "true_effect" (points of the rating, in those who had the therapy), "coverage"
        of the 95 % interval, "std_error" (standard deviation of the estimates) and "answered" (share
        of studies with an answer), each with its Monte Carlo error and interval, ``n`` counting
        studies. From the plan: "people", "weeks" of one person, "days_of_diary" and "minutes" of one
        person. "people_needed" for a power of 80 %, by the t formula and then by running that size,
        the interval holding the Monte Carlo error. Plans not offered stand in the notes.

    Raises
    ------
    ValueError
        If a number is out of range, no plan can be offered, or nobody in this world meets the entry
        rule.

    Notes
    -----
    An analysis whose type I error is above 10 % finds what is not there: its power and people
    needed are NaN. Arms are compared where each has three people or more. Where expectation differs between the arms (a waiting list, the steps) its part
    of the difference is not the therapy's, and shows as bias. Effects are those of these people: in an
    enriched plan, of those who responded. The mean of people's own differences takes no period out,
    so that a balanced order makes its test err on the careful side.

    References
    ----------
    .. [1] Morris TP, White IR, Crowther MJ (2019). Using simulation studies to evaluate statistical
       methods. Stat Med 38:2074-2102.

    Examples
    --------
    >>> got = compare_designs(PlanSheet(therapy="TENS", people=20), replicates=128, seed=1)
    >>> sorted(set(got.table["group"]))
    ['before and after', 'longer baseline']
    >>> bool(got.one(group="before and after", measure="bias_null").estimate < -0.5)
    True
    """
    if not 100 <= replicates <= 1_000_000:
        raise ValueError(f"replicates must be 100 to 1,000,000, got {replicates}")
    if seed < 0:
        raise ValueError(f"seed must be 0 or more, got {seed}")
    plans = candidates(sheet)
    offered = [plan for plan in plans if plan.offered]
    if not offered:
        told = "; ".join(f"{plan.key}: {plan.reason}" for plan in plans)
        raise ValueError(f"no plan fits this sheet. {told}")
    how: dict[str, Any] = {"workers": workers, "cache": cache}
    drawn = [
        run_blocks(
            partial(_studies, plan, world, True, seed), replicates=replicates, block=BLOCK,
            progress=as_part(progress, place * replicates, len(offered) * replicates),
            word="studies", **how,
        )
        for place, plan in enumerate(offered)
    ]  # fmt: skip
    rows: list[dict[str, Any]] = []
    notes = list(_notes(sheet, plans))
    for place, (plan, mine) in enumerate(zip(offered, drawn, strict=True), start=1):
        found, valid = _behaviour(mine, sheet.effect)
        facts = {"people": sheet.people, "weeks": plan.weeks, "days_of_diary": plan.days_of_diary,
                 "minutes": plan.minutes}  # fmt: skip
        found += [{"measure": k, "estimate": float(v), "n": sheet.people} for k, v in facts.items()]
        needed, note = _needed(sheet, plan, mine, world, valid=valid, seed=seed + 1, **how)
        base = {
            "outcome": "stiffness", "group": plan.key, "term": plan.title,
            "method": f"{plan.analysis}; simulated, {sheet.people} people, seed {seed}",
        }  # fmt: skip
        rows += [base | row for row in (*found, needed)]
        notes.append(f"{plan.key}: {note}")
        if progress is not None:
            progress(place, len(offered), "plans")
    return Estimates.from_rows(rows, notes=notes)


def _notes(sheet: PlanSheet, plans: Sequence[Candidate]) -> Iterator[str]:
    yield "A computer model, no real people; every plan in the same world, from the same streams."
    who = "anybody" if sheet.entry_rating is None else f"a rating of {sheet.entry_rating:g} or more"
    yield f"{sheet.therapy}: an effect of {sheet.effect:+g} points is hoped for; entry: {who}."
    yield (
        "Power is that of a valid test only: an analysis that calls a change in more than "
        f"{MOST_FALSE:.0%} of studies where nothing works has none here.".replace("%", " %")
    )
    if any(plan.offered and plan.allocates for plan in plans):
        yield f"Plans that allocate people or change, delay or withhold care. {RESEARCH}"
    for plan in plans:
        if not plan.offered:
            yield f"{plan.key}: not offered. {plan.reason}"


def _behaviour(drawn: Mapping[str, Floats], effect: float) -> tuple[list[dict[str, Any]], bool]:
    """Return how the analysis of a plan behaves, with Monte Carlo errors, and whether it is a test."""
    claimed = {k: drawn[f"{CLAIMED}/{k}"] for k in _KEPT}
    estimates = {w: drawn[f"{w}/estimate"][~np.isnan(drawn[f"{w}/estimate"])] for w in WORLDS}
    truth = mean_row("true_effect", drawn["truth"][~np.isnan(drawn["truth"])])
    false = _false(drawn[f"{NULL}/p_value"])
    valid = float(false["estimate"]) <= MOST_FALSE
    true = truth["estimate"]
    inside = (claimed["conf_low"] <= true) & (true <= claimed["conf_high"])
    power = share_row("power", _right(claimed, effect))
    if not valid:
        power = {"measure": "power", "estimate": np.nan, "n": power["n"]}
    rows = [
        mean_row("bias_null", estimates[NULL]), false, power,
        mean_row("mean_estimate", estimates[CLAIMED]), truth,
        share_row("coverage", inside[~np.isnan(claimed["conf_low"])]),
        _spread("std_error", estimates[CLAIMED]),
        share_row("answered", ~np.isnan(claimed["p_value"])),
    ]  # fmt: skip
    for row in rows:
        row["n_missing"] = len(claimed["p_value"]) - row["n"]
    return rows, valid


def _false(p: Floats) -> dict[str, Any]:
    return share_row("type_i_error", (p < ALPHA)[~np.isnan(p)])


def _right(answers: Mapping[str, Floats], effect: float) -> NDArray[np.bool_]:
    """Say which of the studies with an answer found the effect, in its direction."""
    known = ~np.isnan(answers["p_value"])
    right = np.sign(answers["estimate"]) == np.sign(effect)
    return np.asarray(((answers["p_value"] < ALPHA) & right)[known])


def _spread(measure: str, values: Floats) -> dict[str, Any]:
    n = len(values)
    row: dict[str, Any] = {"measure": measure, "estimate": np.nan, "n": n}
    if n > 1:
        sd = float(values.std(ddof=1))
        error = sd / np.sqrt(2 * (n - 1))
        row |= {"estimate": sd, "std_error": error, "conf_low": sd - _Z * error,
                "conf_high": sd + _Z * error, "conf_level": 0.95}  # fmt: skip
    return row


# --- how many people --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Size:
    """One size that was run: how often the effect was found, and whether that is a test's doing."""

    people: int
    share: float
    low: float
    high: float
    runs: int
    valid: bool

    def needed(self, share: float) -> float:
        """Return the people for a power of 80 %, if this many have the power `share`."""
        from scipy.special import ndtri

        inner = min(max(share, 0.5 / self.runs), 1.0 - 0.5 / self.runs)
        have, want = float(ndtri(inner)) + _Z, float(ndtri(POWER)) + _Z
        return self.people * (want / have) ** 2 if have > 0 else np.inf


def _needed(
    sheet: PlanSheet, plan: Candidate, drawn: Mapping[str, Floats], world: World | None, *,
    valid: bool, seed: int, workers: int | str, cache: str | Path | None,
) -> tuple[dict[str, Any], str]:  # fmt: skip
    """Return the row of people needed and what is to be said about it.

    The first answer is the t formula with the mean and spread of the estimates that were run. That
    size is run; the normal quantile of power is a line over the root of people, through it and
    through what chance finds, and is followed until the Monte Carlo interval holds 80 %.
    """
    row: dict[str, Any] = {"measure": "people_needed", "estimate": np.nan, "n": len(drawn["truth"])}
    if not valid:
        return row, f"{_FALSE}, so its power means nothing and no number of people can be named."
    first = _by_formula(sheet, drawn)
    if first is None:
        return row, f"{MOST_PEOPLE:,} people would not be enough by the formula."
    people = first
    for _ in range(_TRIES):
        size = _sized(sheet, plan, world, people, len(drawn["truth"]), seed, workers, cache)
        if not size.valid:
            return row, f"with the {people} people it would take, {_FALSE}."
        best = size.needed(size.share)
        if size.low <= POWER <= size.high or (people == _FEWEST and size.share > POWER):
            break
        after = int(np.clip(np.ceil(best), _FEWEST, MOST_PEOPLE))
        if after == people:
            break
        people = after
    if people == _FEWEST and size.low > POWER:
        row["estimate"] = float(_FEWEST)
        return row, f"{_FEWEST} people or fewer; no fewer were tried."
    if people == MOST_PEOPLE and size.high < POWER:
        return row, f"{MOST_PEOPLE:,} people have a power of {size.share:.2f}."
    low, high = size.needed(size.high), size.needed(size.low)
    row |= {
        "estimate": float(np.ceil(best)), "conf_low": float(np.floor(low)),
        "conf_high": float(np.ceil(high)), "std_error": (high - low) / (2 * _Z), "conf_level": 0.95,
        "n": size.runs,
    }  # fmt: skip
    return row, (
        f"people needed: {first} by the t formula; {size.people} were run and had a power of "
        f"{size.share:.2f} (Monte Carlo interval {size.low:.2f} to {size.high:.2f})."
    )


def _by_formula(sheet: PlanSheet, drawn: Mapping[str, Floats]) -> int | None:
    """Return the fewest people with a power of 80 % if the spread falls with the root of people."""
    known = ~np.isnan(drawn[f"{CLAIMED}/p_value"])
    estimate, df = (drawn[f"{CLAIMED}/{name}"][known] for name in ("estimate", "df"))
    if len(estimate) < 2 or (found := float(estimate.mean()) * np.sign(sheet.effect)) <= 0:
        return None
    people = np.arange(_FEWEST, MOST_PEOPLE + 1)
    grown = people / sheet.people
    shift = found / float(estimate.std(ddof=1)) * np.sqrt(grown)
    enough = shifted_t_power(np.maximum(df.mean() * grown, 1.0), shift, ALPHA, 2, False) >= POWER
    return int(people[enough.argmax()]) if enough.any() else None


def _sized(
    sheet: PlanSheet, plan: Candidate, world: World | None, people: int, replicates: int, seed: int,
    workers: int | str, cache: str | Path | None,
) -> _Size:  # fmt: skip
    """Run the plan with so many people: under the claimed effect, and where nothing works."""
    other = next(c for c in candidates(replace(sheet, people=people)) if c.key == plan.key)
    drawn = run_blocks(
        partial(_studies, other, world, False, seed), block=BLOCK, workers=workers, cache=cache,
        replicates=min(replicates, max(_RUNS_AT_LEAST, _PEOPLE_RUN // people)),
    )  # fmt: skip
    power = share_row("power", _right({k: drawn[f"{CLAIMED}/{k}"] for k in _KEPT}, sheet.effect))
    false = float(_false(drawn[f"{NULL}/p_value"])["estimate"])
    return _Size(
        people=people, share=power["estimate"], low=power.get("conf_low", 0.0),
        high=power.get("conf_high", 1.0), runs=power["n"],
        valid=false <= MOST_FALSE and power["n"] > 0,
    )  # fmt: skip
