"""Crossovers with a yes or no: the same people asked under each of two treatments.

Only people whose two answers differ say anything about the odds ratio; Prescott's test takes in
the others too. Differences are treatment minus control, periods later minus first.

References
----------
.. [1] Gart JJ (1969). An exact test for comparing matched proportions in crossover designs.
   Biometrika 56:75-80.
.. [2] Prescott RJ (1981). The comparison of success rates in cross-over trials in the presence of
   an order effect. J R Stat Soc C 30:9-15.
.. [3] Jones B, Kenward MG (2014). Design and Analysis of Cross-Over Trials, 3rd ed, chapter 2.
   CRC Press.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from msspas_analysis.estimate.intervals import Floats, Ints, level_between
from msspas_analysis.estimate.trials.crossover import ASSUMED, crossover_rows
from msspas_analysis.estimate.trials.two_periods import two_periods
from msspas_analysis.results import Estimates


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class YesNo:
    """The tests of a two-period crossover with a yes or no; every field has the leading axes.

    Parameters
    ----------
    counts : numpy.ndarray of int, shape (..., 2, 2, 2)
        People by order (treatment first, control first), answer in period 1 and in period 2.
    log_odds, log_odds_period, log_odds_error : numpy.ndarray
        Logarithm of the odds ratio of treatment, of the later period, and the standard error of
        either; infinite or NaN with empty cells.
    chi_square, p_value, chi_square_period, p_period : numpy.ndarray
        Mainland-Gart, without continuity correction; NaN where a margin is empty.
    difference, difference_error, prescott, p_prescott : numpy.ndarray
        Difference of the shares of yes with period taken out, and Prescott's test.
    treatment_only, control_only : numpy.ndarray of int
        People with a yes under one only.
    mcnemar, p_mcnemar, p_exact : numpy.ndarray
        McNemar's chi-square without continuity correction, and the exact test.
    """

    counts: Ints
    log_odds: Floats
    log_odds_period: Floats
    log_odds_error: Floats
    chi_square: Floats
    p_value: Floats
    chi_square_period: Floats
    p_period: Floats
    difference: Floats
    difference_error: Floats
    prescott: Floats
    p_prescott: Floats
    treatment_only: Ints
    control_only: Ints
    mcnemar: Floats
    p_mcnemar: Floats
    p_exact: Floats


def yes_no_two_periods(values: npt.ArrayLike, treated_first: npt.ArrayLike) -> YesNo:
    """Analyse a complete two-period crossover of a yes or no.

    Parameters
    ----------
    values : array_like of bool, shape (..., n, 2)
        Yes or no of each person in periods 1 and 2; leading axes are replicates.
    treated_first : array_like of bool, shape (n,)
        Whether the person had the treatment first.

    Returns
    -------
    YesNo
        What Mainland and Gart print as odds ratio is the square of ``exp(log_odds)``.

    Raises
    ------
    ValueError
        If a sequence has nobody, or a value is neither 0 nor 1.

    Examples
    --------
    >>> t = yes_no_two_periods([[1, 0], [1, 0], [0, 1], [0, 1], [1, 0], [1, 1]],
    ...     [True, True, True, False, False, False])
    >>> round(float(t.log_odds), 4), int(t.treatment_only), int(t.control_only)
    (0.3466, 3, 2)
    """
    from scipy.special import bdtr, chdtrc

    y, first = two_periods(values, treated_first, at_least=2)
    if not np.isin(y, (0, 1)).all():
        raise ValueError("values must be yes or no (1 or 0), with nothing missing")
    n = len(first)
    answer = np.stack([1 - y, y], axis=-1)
    order = np.stack([first, ~first]).astype(np.float64)
    counts = np.einsum("on,...na,...nb->...oab", order, answer[..., 0, :], answer[..., 1, :])
    a, b = counts[..., 0, 1, 0], counts[..., 0, 0, 1]  # treatment first: yes in 1 only, in 2 only
    c, d = counts[..., 1, 1, 0], counts[..., 1, 0, 1]

    def chi(gap: Floats, scale: Floats) -> Floats:
        out = np.full(gap.shape, np.nan)
        np.divide(np.square(gap), scale, out=out, where=scale > 0)
        return out

    def fourfold(w: Floats, x: Floats, y: Floats, z: Floats) -> Floats:
        top = (w * z - x * y) * np.sqrt(w + x + y + z)
        return chi(top, (w + x) * (y + z) * (w + y) * (x + z))

    with np.errstate(divide="ignore", invalid="ignore"):
        la, lb, lc, ld = (np.log(k) for k in (a, b, c, d))
        error = np.sqrt(1 / a + 1 / b + 1 / c + 1 / d) / 2
        log_odds, log_period = (la + ld - lb - lc) / 2, (lb + ld - la - lc) / 2
    earlier = y[..., 0] - y[..., 1]
    one, other = earlier[..., first], earlier[..., ~first]
    gap = one.mean(axis=-1) - other.mean(axis=-1)
    if min(one.shape[-1], other.shape[-1]) > 1:
        var = (
            one.var(axis=-1, ddof=1) / one.shape[-1] + other.var(axis=-1, ddof=1) / other.shape[-1]
        )
    else:
        var = np.full(gap.shape, np.nan)
    total, squares = earlier.sum(axis=-1), np.square(earlier).sum(axis=-1)
    prescott = chi(
        (n * one.sum(axis=-1) - one.shape[-1] * total) * np.sqrt(n),
        one.shape[-1] * other.shape[-1] * (n * squares - np.square(total)),
    )
    treated, control = a + d, b + c
    mcnemar = chi(treated - control, treated + control)
    main, calendar = fourfold(a, b, c, d), fourfold(a, b, d, c)
    exact = np.minimum(
        1.0, 2 * bdtr(np.minimum(treated, control), (treated + control).astype(np.int64), 0.5)
    )
    return YesNo(
        counts=counts.astype(np.int64), log_odds=log_odds, log_odds_period=log_period,
        log_odds_error=error, chi_square=main, p_value=chdtrc(1, main),
        chi_square_period=calendar, p_period=chdtrc(1, calendar), difference=gap / 2,
        difference_error=np.sqrt(var) / 2, prescott=prescott, p_prescott=chdtrc(1, prescott),
        treatment_only=treated.astype(np.int64), control_only=control.astype(np.int64),
        mcnemar=mcnemar, p_mcnemar=chdtrc(1, mcnemar), p_exact=exact,
    )  # fmt: skip


def crossover_response(
    frame: pd.DataFrame,
    outcome: str,
    *,
    treatment: str,
    period: str,
    control: Any,
    person: str = "person_id",
    conf_level: float = 0.95,
) -> Estimates:
    """Estimate how a yes or no differs between two treatments that the same people had in turn.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per person and period, two periods and two treatments. Rows without a treatment
        (washout) are left out.
    outcome : str
        Column with 1 or True for yes, 0 or False for no.
    treatment, period, person : str
        Columns.
    control : object
        The treatment that the other is compared with, as it stands in the column.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Estimates
        ``odds_ratio`` of treatment and of period (Mainland-Gart, from people whose two answers
        differ) and ``odds_ratio_exact`` (conditional likelihood, Fisher); the same as
        ``odds_ratio_squared``, which is the odds ratio of the Mainland-Gart table;
        ``risk_difference`` with Prescott's test, from everybody; ``odds_ratio_mcnemar``, which
        ignores the period; ``count`` of people by order and answers. People without both answers
        are in ``n_missing``.

    Raises
    ------
    ValueError
        If the table is no two-period crossover, a value is neither 0 nor 1, an order has nobody,
        or the level is outside (0, 1).

    Notes
    -----
    An odds ratio from discordant people is about a person, not about a group: it is farther from 1
    than the odds ratio of the two shares. Carry-over makes all of them wrong.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": list("PPQQRRSSTTUU"), "period": [1, 2] * 6,
    ...     "drug": list("ABABABBABABA"), "eased": [1, 0, 1, 0, 0, 1, 0, 1, 1, 0, 0, 1]})
    >>> answer = crossover_response(frame, "eased", treatment="drug", period="period", control="B")
    >>> float(answer.one(measure="odds_ratio_squared").estimate)
    4.0
    """
    from scipy.special import betaincinv, ndtri
    from scipy.stats import fisher_exact
    from scipy.stats.contingency import odds_ratio

    level_between(conf_level)
    numeric = frame
    if outcome in frame.columns and pd.api.types.is_bool_dtype(frame[outcome]):
        numeric = frame.assign(**{outcome: frame[outcome].astype("Float64")})
    rows = crossover_rows(
        numeric, outcome, treatment=treatment, period=period, control=control, person=person
    )
    wide, first = rows.two_by_two()
    both = ~np.isnan(wide).any(axis=1)
    t = yes_no_two_periods(wide[both], first[both])
    n, total = int(both.sum()), frame[person].nunique()
    versus, later = rows.against[0], f"period {rows.periods[1]} - period {rows.periods[0]}"
    z = float(ndtri(0.5 + conf_level / 2))

    def wald(log: float, error: float) -> dict[str, float]:
        with np.errstate(over="ignore", invalid="ignore"):
            ends = np.exp([log, log - z * error, log + z * error])
        low, high = (0.0, np.inf) if np.isinf(error) and not np.isnan(log) else ends[1:]
        return {"estimate": float(ends[0]), "conf_low": float(low), "conf_high": float(high)}

    log, error, calendar = float(t.log_odds), float(t.log_odds_error), float(t.log_odds_period)
    gart = {"statistic": float(t.chi_square), "df": 1, "p_value": float(t.p_value), "term": versus,
            "method": "Mainland-Gart chi-square, Wald interval"}  # fmt: skip
    table = np.stack([t.counts[:, 1, 0], t.counts[:, 0, 1]], axis=1)
    found: list[dict[str, Any]] = [
        {**gart, **wald(log, error), "measure": "odds_ratio"},
        {**gart, **wald(2 * log, 2 * error), "measure": "odds_ratio_squared"},
        {**gart, **wald(calendar, error), "measure": "odds_ratio", "term": later,
         "statistic": float(t.chi_square_period), "p_value": float(t.p_period)},
    ]  # fmt: skip
    notes = [ASSUMED]
    if table.sum(axis=0).min() and table.sum(axis=1).min():
        exact = odds_ratio(table, kind="conditional")
        interval = exact.confidence_interval(conf_level)
        values = (exact.statistic, interval.low, interval.high)
        for measure, power in (("odds_ratio_exact", 0.5), ("odds_ratio_squared_exact", 1.0)):
            ends = (float(v) ** power for v in values)
            found.append({
                "term": versus, "measure": measure, "p_value": float(fisher_exact(table).pvalue),
                "method": "Mainland-Gart, Fisher exact, conditional likelihood",
                **dict(zip(("estimate", "conf_low", "conf_high"), ends, strict=True)),
            })  # fmt: skip
    else:
        notes.append("Too few people answered differently in the two periods for an exact test.")
    d, se = float(t.difference), float(t.difference_error)
    found.append({
        "term": versus, "measure": "risk_difference", "estimate": d, "std_error": se,
        "conf_low": d - z * se, "conf_high": d + z * se, "statistic": float(t.prescott), "df": 1,
        "p_value": float(t.p_prescott), "method": "Prescott, Wald interval of period differences",
    })  # fmt: skip
    a, b = int(t.treatment_only), int(t.control_only)
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = np.log(np.float64(a)) - np.log(np.float64(b))
        error = np.sqrt(np.divide(1.0, a) + np.divide(1.0, b))
    tail = (1 - conf_level) / 2
    low = float(betaincinv(a, b + 1, tail)) if a else 0.0
    high = float(betaincinv(a + 1, b, 1 - tail)) if b else 1.0
    mcnemar = {"term": versus, "measure": "odds_ratio_mcnemar"}
    found += [
        {**mcnemar, **wald(float(odds), float(error)), "statistic": float(t.mcnemar), "df": 1,
         "p_value": float(t.p_mcnemar), "method": "McNemar, no continuity correction, Wald"},
        {**mcnemar, "measure": "odds_ratio_mcnemar_exact", "estimate": float(np.exp(odds)),
         "conf_low": low / (1 - low), "conf_high": high / (1 - high) if high < 1 else np.inf,
         "p_value": float(t.p_exact), "method": "McNemar exact, Clopper-Pearson"},
    ]  # fmt: skip
    if not a + b:
        notes.append("Nobody answered differently under the two treatments: no odds ratio.")
    elif table.min() == 0:
        notes.append("A cell of the Mainland-Gart table is empty: read the exact rows.")
    for o, name in ((0, rows.treatments[1]), (1, rows.treatments[0])):
        for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
            found.append({
                "term": f"{name} first: {('no', 'yes')[i]}, {('no', 'yes')[j]}", "measure": "count",
                "estimate": int(t.counts[o, i, j]), "conf_level": np.nan, "method": "count",
            })  # fmt: skip
    base = {"outcome": outcome, "group": "all", "conf_level": conf_level, "n": n,
            "n_missing": total - n}  # fmt: skip
    if total > n:
        notes.append(f"{total - n} of {total} people lack an answer in a period and are set aside.")
    notes.append("The odds ratio of the Mainland-Gart table is the square of that of treatment.")
    return Estimates.from_rows([base | row for row in found], notes=notes)
