"""The no-treatment twin of a centre: the same people, diary and entry rule, and nothing given.

The expectation of the mean change is :mod:`msspas_analysis.estimate.change.untreated`'s. For shares of
people (a fall of 20 % or more) and for the spread of centres, whole centres are drawn: each person
keeps level, entry rating and rated days; the days' ups and downs are drawn anew from the
autocovariance of these diaries, given the entry rating; ratings are rounded and bounded to 0-10.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from msspas_analysis.certify.entry_rule import EntryRule
from msspas_analysis.certify.twin.draws import draw_untreated
from msspas_analysis.estimate.change.paired import fallen
from msspas_analysis.estimate.change.untreated import (
    Days,
    NoExpectationError,
    checked_contrast,
    day_grid,
    entry_weights,
    window_weights,
)
from msspas_analysis.estimate.intervals import t_interval, wilson_interval
from msspas_analysis.results import Estimates
from msspas_analysis.tables import AFTER, BEFORE, Window

Floats = NDArray[np.float64]

THRESHOLDS: Final = (0.20, 0.30)
EXPECTED, OBSERVED, BEYOND = "expected without treatment", "observed", "beyond expectation"
OF_1000: Final = "centres of 1,000 giving nothing that report at least this"


UNKNOWN: Final = (
    EntryRule(),
    EntryRule(by="first rating", at_least=4.0),
    EntryRule(by="first rating", at_least=6.0),
)
"""The rules shown where a file does not state its own."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Expectation:
    """What was to be expected without treatment, beside what was observed.

    Parameters
    ----------
    available : bool
        Whether these diaries can say anything.
    reason : str
        Why not, as a sentence; empty when they can.
    results : Estimates
        For each entry rule (``group``): observed, expected and beyond expectation, as
        ``mean_difference`` in points and as ``fall_20`` and ``fall_30`` (shares of people), and
        ``count_of_1000``.
    centres : mapping of str to numpy.ndarray
        Mean change of each simulated centre that gave nothing, by entry rule.
    conclusion : tuple of str
        The answer in plain sentences, worded for the range over the rules.
    checks : Estimates
        How often the method is wrong, measured on simulated centres.
    notes : tuple of str
        What was assumed.
    """

    available: bool
    reason: str = ""
    results: Estimates = field(default_factory=lambda: Estimates.from_rows([]))
    centres: Mapping[str, Floats] = field(default_factory=dict)
    conclusion: tuple[str, ...] = ()
    checks: Estimates = field(default_factory=lambda: Estimates.from_rows([]))
    notes: tuple[str, ...] = ()


def expected_without_treatment(
    diary: pd.DataFrame, people: pd.DataFrame, *, outcome: str = "stiffness",
    before: Window = BEFORE, after: Window = AFTER, entry: EntryRule | str | None = None,
    centres: int = 1000, seed: int = 2026, conf_level: float = 0.95,
) -> Expectation:  # fmt: skip
    """Say what the same people, diary, windows and entry rule would have shown with nothing given.

    Parameters
    ----------
    diary, people : pandas.DataFrame
        Tidy tables of the people who may be used.
    outcome : str
        A daily 0-10 rating; the model is made and checked for stiffness.
    before, after : Window
        Days compared.
    entry : EntryRule, str or None
        Why people came in; None shows the range over no rule, a first rating of 4 or more, and
        one of 6 or more.
    centres : int
        Centres that give nothing to draw, 100 or more.
    seed : int
        Seed of the draws, 0 or more; same seed, same numbers.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Expectation
        Not available, with a reason, where the diaries cannot carry it: nobody is rated before a
        first session, too few people or days, ratings that never move.

    Raises
    ------
    UnknownEntryError
        If `entry` is a text that is not understood.
    ValueError
        If `centres` is below 100.

    Notes
    -----
    Missing days stay missing: each simulated person is rated on the days the real one was. Given a
    person's entry rating the rest is Gaussian before rounding; people's levels are their own means.
    Not in the model: a flare of weeks at entry, trends in everybody, writing less after a change.

    References
    ----------
    See :mod:`msspas_analysis.estimate.change.untreated`.

    Examples
    --------
    >>> from msspas_analysis.simulate.diary import simulate_diary
    >>> from msspas_analysis.simulate.scenario import DiaryScenario
    >>> cohort = simulate_diary(DiaryScenario(n_people=30), seed=4).tables
    >>> found = expected_without_treatment(cohort.diary, cohort.people, entry="first rating >= 4")
    >>> row = found.results.one(term="beyond expectation", measure="mean_difference")
    >>> bool(row.conf_low < 0 < row.conf_high)  # nothing was given, and none is claimed
    True
    """
    if centres < 100:
        raise ValueError(f"centres must be 100 or more, got {centres}")
    rules: tuple[EntryRule, ...]
    if entry is None:
        rules = UNKNOWN
    else:
        rules = (EntryRule.parse(entry) if isinstance(entry, str) else entry,)
    grid = day_grid(diary, people, outcome)
    rows: list[dict[str, Any]] = []
    drawn: dict[str, Floats] = {}
    refused: list[str] = []
    below: dict[str, int] = {}
    n_people = int(people["person_id"].nunique())
    for rule in rules:
        try:
            found, means = _twin(
                grid, rule, outcome=outcome, before=before, after=after, centres=centres,
                seed=seed, conf_level=conf_level, n_people=n_people,
            )  # fmt: skip
        except NoExpectationError as err:
            refused.append(str(err))
            continue
        rows += found
        drawn[str(rule)] = means
        below[str(rule)] = _below(grid, rule)
    if not rows:
        reason = refused[0]
        return Expectation(available=False, reason=reason[0].upper() + reason[1:] + ".")
    results = Estimates.from_rows(rows, notes=[str(before), str(after)])
    return Expectation(
        available=True, results=results, centres=drawn,
        conclusion=_conclusion(results, is_known=entry is not None),
        checks=method_check(n=int(results.table["n"].max())),
        notes=_notes(rules, below, is_known=entry is not None),
    )  # fmt: skip


def _below(grid: Days, rule: EntryRule) -> int:
    """Count the people whose entry rating is below the rule's threshold: they came in otherwise."""
    if rule.by == "none" or rule.at_least is None:
        return 0
    u = entry_weights(grid.seen, grid.days, entry=rule.by)
    rating = (u * np.where(np.isnan(grid.seen), 0.0, grid.seen)).sum(axis=-1)
    return int((u.any(axis=-1) & (rating < rule.at_least - 1e-9)).sum())


def _twin(
    grid: Days, rule: EntryRule, *, outcome: str, before: Window, after: Window, centres: int,
    seed: int, conf_level: float, n_people: int,
) -> tuple[list[dict[str, Any]], Floats]:  # fmt: skip
    """Return the rows of one entry rule, and the mean change of each simulated centre."""
    contrast = checked_contrast(grid, before=before, after=after, entry=rule.by)
    keep = ~np.isnan(contrast.expected)
    change, expected = contrast.change[keep], contrast.expected[keep]
    fit = t_interval(change - expected, conf_level=conf_level)
    seen = t_interval(change, conf_level=conf_level)
    twin = draw_untreated(
        grid, contrast.g, entry=rule.by, step=float(fit.estimate), centres=centres, seed=seed
    )
    b, a = (window_weights(grid.seen, grid.days, w)[keep] for w in (before, after))
    base = np.einsum("rnt,nt->rn", twin[:, keep], b)
    last = np.einsum("rnt,nt->rn", twin[:, keep], a)
    last = (
        last + expected.mean() - (last - base).mean()
    )  # the spread is drawn, the centre estimated
    means = (last - base).mean(axis=1)
    tail = (1 - conf_level) / 2
    common = {
        "outcome": outcome, "group": str(rule), "conf_level": conf_level, "n": int(keep.sum()),
        "n_missing": n_people - int(keep.sum()),
        "method": f"contrast uncorrelated with the entry rating, t; {centres} centres, seed {seed}",
    }  # fmt: skip
    low, high = np.quantile(means, [tail, 1 - tail])
    rows = [
        {**common, "term": OBSERVED, "measure": "mean_difference",
         "estimate": float(seen.estimate), "std_error": float(seen.std_error),
         "conf_low": float(seen.conf_low), "conf_high": float(seen.conf_high)},
        {**common, "term": EXPECTED, "measure": "mean_difference",
         "estimate": float(expected.mean()), "std_error": float(means.std(ddof=1)),
         "conf_low": float(low), "conf_high": float(high)},
        {**common, "term": BEYOND, "measure": "mean_difference", "estimate": float(fit.estimate),
         "std_error": float(fit.std_error), "conf_low": float(fit.conf_low),
         "conf_high": float(fit.conf_high), "statistic": float(fit.statistic),
         "df": float(fit.df), "p_value": float(fit.p_value)},
    ]  # fmt: skip
    level = contrast.before[keep]
    for threshold in THRESHOLDS:
        name = f"fall_{threshold:.0%}".rstrip("%")
        real = fallen(level, level + change, threshold)
        mine = fallen(base, last, threshold).mean(axis=1)
        low, high = np.quantile(mine, [tail, 1 - tail])
        wilson = wilson_interval(int(real.sum()), len(real), conf_level=conf_level)
        rows += [
            {**common, "term": OBSERVED, "measure": name, "estimate": float(real.mean()),
             "conf_low": float(wilson[0]), "conf_high": float(wilson[1])},
            {**common, "term": EXPECTED, "measure": name, "estimate": float(mine.mean()),
             "std_error": float(mine.std(ddof=1)), "conf_low": float(low),
             "conf_high": float(high)},
        ]  # fmt: skip
    rows.append({**common, "term": OF_1000, "measure": "count_of_1000",
                 "estimate": _of_1000(float(fit.statistic), float(fit.df), float(fit.estimate))})  # fmt: skip
    return rows, means


def _of_1000(statistic: float, df: float, estimate: float) -> float:
    """Return how many of 1,000 centres giving nothing fall at least this far below expectation."""
    from scipy.special import stdtr

    if np.isnan(statistic):  # every person changed by the same amount
        return 0.0 if estimate < 0 else 1000.0
    return float(np.clip(np.rint(1000 * stdtr(df, statistic)), 0, 1000))


# --- in words ------------------------------------------------------------------------------------


def _conclusion(results: Estimates, *, is_known: bool) -> tuple[str, ...]:
    """Word the answer for the range over the entry rules; it never says more than the design can."""
    table = results.table
    beyond = table[(table["term"] == BEYOND) & (table["measure"] == "mean_difference")]
    low, high = float(beyond["conf_low"].min()), float(beyond["conf_high"].max())
    of_1000 = table.loc[table["measure"] == "count_of_1000", "estimate"]
    over = (
        ""
        if is_known
        else " Why people came in is not recorded; this holds for each reason looked at."
    )
    limits = (
        "Even a change beyond what was to be expected would not exclude attention, expectation "
        "(placebo) or another treatment begun at the same time."
    )
    if (beyond["conf_low"] <= 0).all() and (beyond["conf_high"] >= 0).all():
        most = f"a benefit of up to {-low:.1f} points" if low < -0.05 else "hardly any benefit"
        first = (
            "What was seen is compatible with no treatment having been given at all, and also with "
            f"{most} on the 0 to 10 scale.{over}"
        )
        return first, "It neither shows nor rules out a benefit.", limits
    if (beyond["conf_high"] < 0).all():
        counts = sorted({int(v) for v in of_1000})
        many = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
        return (
            f"Stiffness fell by more than was to be expected without treatment: {-high:.1f} to "
            f"{-low:.1f} points more (95 % interval). Of 1,000 centres like this giving nothing, "
            f"{many} would report at least this.{over}",
            limits,
        )
    if (beyond["conf_low"] > 0).all():
        return (
            f"Stiffness was higher afterwards than was to be expected without treatment: by "
            f"{low:.1f} to {high:.1f} points (95 % interval).{over}",
            "This does not show that the therapy raised it: another cause may have.",
        )
    return (
        "Whether more changed than was to be expected without treatment depends on why people came "
        "in, and that is not recorded. Nothing can be concluded until it is.",
        limits,
    )


def _notes(
    rules: tuple[EntryRule, ...], below: Mapping[str, int], *, is_known: bool
) -> tuple[str, ...]:
    notes = [
        "Expected without treatment comes from a computer model of these diaries' own ups and "
        "downs; it shows no real people.",
        "The expectation is worked out from each person's own entry rating, so that it is the same "
        "for every threshold that the entry rating had to pass.",
    ]
    if not is_known:
        notes.append(
            "The file does not say why people came in. Shown are: anybody could come; the first "
            'rating had to be high. If you know the rule, say it: --entry "first rating >= 4".'
        )
    notes += [
        f'Some people began below {rule.at_least:g}, so "{rule}" was not everybody\'s way in.'
        for rule in rules
        if below.get(str(rule))
    ]
    return tuple(notes)


def method_check(*, n: int, outcome: str = "stiffness") -> Estimates:
    """Return how often the method is wrong, measured on simulated centres of the nearest size.

    Parameters
    ----------
    n : int
        People compared.
    outcome : str
        "stiffness" for its mean change; another daily answer, such as "pain", "spasm_count" and
        "spasm_count ratio"; or a share of people, such as "stiffness, fall_20".

    Returns
    -------
    Estimates
        ``false alarm rate`` (no treatment effect, two-sided 5 %) and ``coverage`` (95 % interval)
        by situation; ``n`` counts simulated centres. Written by ``benchmarks/expectation.py``.

    Raises
    ------
    ValueError
        If the outcome was not measured.
    """
    from importlib import resources

    text = resources.files(__package__).joinpath("method_check.csv")
    with resources.as_file(text) as path:
        table = pd.read_csv(path, dtype={"term": "str", "measure": "str"})
    measured = sorted(set(table["outcome"]))
    if outcome not in measured:
        raise ValueError(f"outcome must be one of {measured}, got {outcome!r}")
    table = table[table["outcome"] == outcome]
    sizes = np.unique(table["people"])
    nearest = sizes[np.argmin(np.abs(np.log(sizes / max(n, 1))))]
    part = table[table["people"] == nearest].drop(columns="people")
    return Estimates(part.reset_index(drop=True), (f"measured with {nearest} people",))
