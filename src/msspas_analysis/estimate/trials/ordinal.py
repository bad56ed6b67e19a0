"""Ordered levels: how the odds of a higher level differ between arms, or go with several columns.

The model is ``P(Y <= j) = F(theta_j - x b)``, with F logistic (proportional odds) or normal
(probit): a positive b means higher levels. Its kernels are in
:mod:`~msspas_analysis.estimate.trials.cumulative`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd

from msspas_analysis.estimate.intervals import Floats, Ints, level_between, proportion_row
from msspas_analysis.estimate.likelihood import (
    Rows,
    as_arms,
    as_ratio,
    check_interval,
    chi_row,
    columns_of,
    method_of,
    model_fit_rows,
    model_rows,
    parts_of,
    profile_ends,
    refuse_empty_arm,
    sandwich,
    several_arms,
    wald_row,
)  # fmt: skip
from msspas_analysis.estimate.people import is_number
from msspas_analysis.estimate.trials.cumulative import (
    LINKS,
    CumulativeFit,
    TwoArmOdds,
    cumulative_fit,
    level_probabilities,
    two_arm_odds,
    without_proportional_odds,
)  # fmt: skip
from msspas_analysis.results import Estimates

__all__ = [
    "LINKS",
    "CumulativeFit",
    "TwoArmOdds",
    "cumulative_fit",
    "level_probabilities",
    "ordinal_difference",
    "predicted_probabilities",
    "proportional_odds",
    "two_arm_odds",
    "without_proportional_odds",
]

_SLOPE: Final = {"logit": "log_odds_ratio", "probit": "latent_shift"}
_MODEL: Final = {"logit": "proportional odds", "probit": "ordered probit"}
_MEANING: Final = {
    "logit": "An odds ratio above 1 means more people at higher levels.",
    "probit": "A latent shift above 0 means higher levels, in SDs of the scale behind the levels.",
}
_COMMON: Final = (
    "One slope for every cut between levels is assumed. The test of that has little power in small "
    "samples: look at the proportions too."
)
_REPEATED: Final = (
    "Rows may be alike, so there are no likelihood-ratio tests and no test of proportional odds; "
    "the log likelihood is that of independent rows."
)


def ordinal_difference(
    frame: pd.DataFrame, outcome: str, *, arm: str, control: object,
    covariates: Sequence[str] = (), levels: Sequence[Any] | None = None, link: str = "logit",
    interval: str = "wald", weights: str | None = None, cluster: str | None = None,
    conf_level: float = 0.95,
) -> Estimates:  # fmt: skip
    """Estimate the common odds ratio of a higher level between arms, adjusted for covariates.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row per person: ``person_id``, the arm, the outcome and the covariates; with `cluster`
        several rows of a person, with `weights` one row for several people alike.
    outcome : str
        A column of ordered levels.
    arm : str
        The column with the arm people were allocated to.
    control : object
        The arm all others are compared with, as it is written in that column.
    covariates : sequence of str
        Columns known before treatment: numbers as they are; words, categories and yes/no as one
        column for each value but the first.
    levels : sequence or None
        The levels, lowest first. By default the categories of the column, or its numbers in order;
        words need `levels`, as they have no order of their own.
    link : {"logit", "probit"}
        Odds ratios, or shifts of a normal scale behind the levels.
    interval : {"wald", "profile"}
        From estimate and standard error, or from the likelihood.
    weights, cluster : str or None
        Columns: how many people a row stands for; which rows may be alike.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Estimates
        For each arm and level "proportion" (Wilson); for each arm but the control, term "arm -
        control", "log_odds_ratio" and "odds_ratio" (probit: "latent_shift"); "threshold" for each
        cut; and of the arm "likelihood_ratio" and "proportional_odds_test". With two arms, no
        covariates and independent rows also "mean_level_difference": levels as 1, 2, 3 (one that
        nobody has keeps its number), with the test of linear by linear association.

    Raises
    ------
    RowsAreNotPeopleError
        If a person has two rows, without `cluster` and `weights`.
    NoMaximumError
        If an arm or a covariate separates the levels.
    ValueError
        If a column is absent, levels are not given or do not fit, the control is not there, an arm
        has nobody left, everybody is at one level, or an argument is out of range.

    Notes
    -----
    Where the odds ratio differs from cut to cut the common one is a mean of them and hides who
    gains where. An odds ratio is further from 1 the more is adjusted for, even in a perfect trial.

    References
    ----------
    .. [1] McCullagh P (1980). Regression models for ordinal data. J R Stat Soc B 42:109-142.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": range(42), "arm": ["sham"] * 20 + ["foot"] * 22,
    ...     "grade": [0] * 10 + [1] * 5 + [2] * 3 + [3] * 2 + [0] * 4 + [1] * 6 + [2] * 7 + [3] * 5})
    >>> answer = ordinal_difference(frame, "grade", arm="arm", control="sham")
    >>> row = answer.one(measure="odds_ratio")
    >>> row.term, round(float(row.estimate), 3)
    ('foot - sham', 3.796)
    """
    coded_frame, arms = as_arms(frame, arm, control, outcome, covariates)
    terms = [arm, *covariates]
    fitted = _Model(coded_frame, outcome, terms, levels, link, interval, weights, cluster, conf_level,
                  covariates)  # fmt: skip
    rows, base = fitted.rows, fitted.base
    refuse_empty_arm(rows, arm, arms, outcome)
    fit = fitted.solve()
    out: list[dict[str, Any]] = []
    inside = [(rows.frame[arm] == label).to_numpy() for label in arms]
    table = np.array([[rows.weight[here & (fitted.y == j)].sum() for j in range(len(fitted.levels))]
                      for here in inside])  # fmt: skip
    if cluster is None:
        for label, counts in zip(arms, table, strict=True):
            out += [
                base | proportion_row(int(c), int(counts.sum()), conf_level=conf_level)
                | {"group": str(label), "term": str(level), "n_missing": 0}
                for level, c in zip(fitted.levels, counts, strict=True)
            ]  # fmt: skip
    for i, label in enumerate(arms[1:]):
        out += fitted.slope_rows(fit, i, f"{label} - {control}")
    out += fitted.threshold_rows(fit)
    if cluster is None:
        out += fitted.term_tests(fit, 0, arm)
        if len(arms) == 2 and not covariates:
            out.append(
                base | _trend(table, fitted.score, conf_level) | {"term": f"{arms[1]} - {control}"}
            )
    notes = [f"Compared with {control}. {_MEANING[link]}", _COMMON, *several_arms(arms)]
    return Estimates.from_rows(out, notes=[*notes, *fitted.notes])


def proportional_odds(
    frame: pd.DataFrame, outcome: str, *, terms: Sequence[str],
    levels: Sequence[Any] | None = None, link: str = "logit", interval: str = "wald",
    weights: str | None = None, cluster: str | None = None, conf_level: float = 0.95,
) -> Estimates:  # fmt: skip
    """Estimate how ordered levels go with several columns at once.

    Parameters
    ----------
    frame, outcome, levels, link, interval, weights, cluster, conf_level
        As in :func:`ordinal_difference`, with the same errors.
    terms : sequence of str
        Columns of the model, as the covariates there; ``"a:b"`` multiplies two of them.

    Returns
    -------
    Estimates
        "log_odds_ratio" and "odds_ratio" (probit: "latent_shift") of each column; "threshold" for
        each cut; "likelihood_ratio" and "proportional_odds_test" of each term that no product
        holds; "log_likelihood" and "aic", term "model".

    Notes
    -----
    An association, unless a column was allocated by chance. With `cluster` the working model takes
    rows as independent, and the standard errors are the sandwich over clusters.

    References
    ----------
    .. [1] Agresti A (2010). Analysis of Ordinal Categorical Data, 2nd ed, chapters 3, 5 and 9.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": range(12), "grade": [0, 0, 1, 0, 1, 2, 1, 2, 0, 2, 1, 2],
    ...     "years": [1.0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]})
    >>> answer = proportional_odds(frame, "grade", terms=["years"])
    >>> round(float(answer.one(measure="odds_ratio").estimate), 3)
    1.478
    """
    fitted = _Model(frame, outcome, terms, levels, link, interval, weights, cluster, conf_level)
    fit = fitted.solve()
    out: list[dict[str, Any]] = []
    for i, name in enumerate(fitted.rows.names):
        out += fitted.slope_rows(fit, i, name)
    out += fitted.threshold_rows(fit)
    for i, term in enumerate(terms if cluster is None else ()):
        within = [set(parts_of(frame, other)) for other in terms if other != term]
        if not any(set(parts_of(frame, term)) < other for other in within):
            out += fitted.term_tests(fit, i, term)
    out += model_fit_rows(fitted.base, fit.log_likelihood, len(fit.covariance))
    return Estimates.from_rows(out, notes=[_MEANING[link], _COMMON, *fitted.notes])


def predicted_probabilities(
    frame: pd.DataFrame, outcome: str, *, terms: Sequence[str], at: pd.DataFrame,
    levels: Sequence[Any] | None = None, link: str = "logit", weights: str | None = None,
    cluster: str | None = None, conf_level: float = 0.95,
) -> Estimates:  # fmt: skip
    """Estimate the probability of each level for given values of the terms.

    Parameters
    ----------
    frame, outcome, terms, levels, link, weights, cluster, conf_level
        As in :func:`proportional_odds`, with the same errors.
    at : pandas.DataFrame
        The values, one row for each set of them, a column for each column of the terms.

    Returns
    -------
    Estimates
        "probability", group the values ("temp=cold, contact=no"), term the level. Standard errors
        by the delta method, intervals on the logit scale.

    Raises
    ------
    ValueError
        If `at` lacks a column, or holds a value that the table has not.

    Notes
    -----
    A probability for people with such values on average, not a forecast for one of them.

    Examples
    --------
    >>> frame = pd.DataFrame({"person_id": range(12), "grade": [0, 0, 1, 0, 1, 2, 1, 2, 0, 2, 1, 2],
    ...     "years": [1.0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]})
    >>> answer = predicted_probabilities(frame, "grade", terms=["years"],
    ...     at=pd.DataFrame({"years": [5.0]}))
    >>> answer.table["estimate"].round(3).tolist()
    [0.396, 0.424, 0.18]
    """
    fitted = _Model(frame, outcome, terms, levels, link, "wald", weights, cluster, conf_level)
    fit = fitted.solve()
    x = _values_at(fitted.rows.frame, terms, at)
    k = len(fitted.levels)
    cov = fitted.covariance(fit)
    p = level_probabilities(fit.thresholds, x @ fit.coef, link=link)
    out = []
    for i, (_, values) in enumerate(at.iterrows()):
        group = ", ".join(f"{name}={value}" for name, value in values.items())
        slope = _probability_slopes(fit, x[i], link)
        for j in range(k):
            chance = float(p[i, j])
            se = float(np.sqrt(slope[j] @ cov @ slope[j]))
            spread = chance * (1 - chance)
            row = wald_row(float(np.log(chance / (1 - chance))), se / spread, conf_level=conf_level)
            low, high = (1 / (1 + np.exp(-row[end])) for end in ("conf_low", "conf_high"))
            out.append(fitted.base | {
                "group": group, "term": str(fitted.levels[j]), "measure": "probability",
                "estimate": chance, "std_error": se, "conf_low": low, "conf_high": high,
            })  # fmt: skip
    return Estimates.from_rows(out, notes=[_COMMON, *fitted.notes])


class _Model:
    """A table ready for the model, and the rows of an answer made of its fit."""

    def __init__(
        self, frame: pd.DataFrame, outcome: str, terms: Sequence[str], levels: Sequence[Any] | None,
        link: str, interval: str, weights: str | None, cluster: str | None, conf_level: float,
        adjusted: Sequence[str] = (),
    ) -> None:  # fmt: skip
        check_interval(interval, cluster, conf_level)
        if link not in LINKS:
            raise ValueError(f"link must be one of {LINKS}, got {link!r}")
        if outcome in frame.columns:
            frame = frame.assign(**{outcome: _ordered(frame[outcome], outcome, levels)})
        self.rows: Rows = model_rows(frame, outcome, terms, weights=weights, cluster=cluster)
        column = self.rows.frame[outcome]
        seen = column.cat.remove_unused_categories()
        self.score = np.unique(column.cat.codes).astype(np.float64) + 1
        self.y: Ints = np.asarray(seen.cat.codes, dtype=np.int64)
        self.levels = [_plain(level) for level in seen.cat.categories]
        if len(self.levels) < 2:
            raise ValueError(f"everybody has {outcome} {self.levels[0]!r}; nothing differs")
        self.link, self.interval, self.conf_level = link, interval, conf_level
        self.cluster = cluster
        empty = [
            str(_plain(v)) for v in frame[outcome].cat.categories if _plain(v) not in self.levels
        ]
        self.notes = list(self.rows.notes)
        if empty:
            self.notes.append(f"Nobody is at {', '.join(empty)}; the model passes over it.")
        if cluster is not None:
            self.notes.append(_REPEATED)
        self.base: dict[str, Any] = {
            "outcome": outcome, "group": "all", "conf_level": conf_level, "n": self.rows.n,
            "n_missing": self.rows.n_missing,
            "method": method_of(_MODEL[link], adjusted, interval, cluster),
        }  # fmt: skip

    def solve(self, x: Floats | None = None, offset: Floats | float = 0.0) -> CumulativeFit:
        """Fit on the columns of the table, or on some of them."""
        return cumulative_fit(
            self.y, self.rows.x if x is None else x, weights=self.rows.weight, offset=offset,
            link=self.link, names=self.rows.names if x is None else None,
        )  # fmt: skip

    def covariance(self, fit: CumulativeFit) -> Floats:
        """Return the covariance of thresholds and slopes, robust where rows may be alike."""
        if self.cluster is None:
            return fit.covariance
        return sandwich(fit.scores, fit.covariance, self.rows.cluster)

    def _wald(self, fit: CumulativeFit, at: int, estimate: float) -> dict[str, Any]:
        se = float(np.sqrt(self.covariance(fit)[at, at]))
        return self.base | wald_row(float(estimate), se, conf_level=self.conf_level)

    def threshold_rows(self, fit: CumulativeFit) -> list[dict[str, Any]]:
        """Return the cuts between levels."""
        return [
            self._wald(fit, j, cut) | {"term": f"{low}|{high}", "measure": "threshold"}
            for j, (cut, low, high) in enumerate(
                zip(fit.thresholds, self.levels[:-1], self.levels[1:], strict=True)
            )
        ]  # fmt: skip

    def slope_rows(self, fit: CumulativeFit, i: int, term: str) -> list[dict[str, Any]]:
        """Return a slope, and as an odds ratio if it is one."""
        row = self._wald(fit, len(fit.thresholds) + i, fit.coef[i])
        row |= {"term": term, "measure": _SLOPE[self.link]}
        if self.interval == "profile":
            rest, column = np.delete(self.rows.x, i, axis=1), self.rows.x[:, i]

            def held(b: float) -> float:
                return self.solve(rest, b * column).log_likelihood

            row["conf_low"], row["conf_high"] = profile_ends(
                held, float(fit.coef[i]), row["std_error"], fit.log_likelihood,
                conf_level=self.conf_level,
            )  # fmt: skip
        return [row, as_ratio(row, "odds_ratio")] if self.link == "logit" else [row]

    def term_tests(self, fit: CumulativeFit, term: int, name: str) -> list[dict[str, Any]]:
        """Return what the term adds, and what a slope of its own at every cut would add."""
        mine = self.rows.owner == term
        without = self.solve(self.rows.x[:, ~mine]).log_likelihood
        base = self.base | {"term": name, "conf_level": np.nan}
        chi = chi_row(2 * (fit.log_likelihood - without), float(mine.sum()))
        out = [base | chi | {"measure": "likelihood_ratio", "method": "likelihood ratio"}]
        if extra := int(mine.sum()) * (len(fit.thresholds) - 1):
            loose = without_proportional_odds(
                self.y, self.rows.x, mine, fit, weights=self.rows.weight, link=self.link
            )
            chi = chi_row(2 * (loose - fit.log_likelihood), float(extra))
            told = {"measure": "proportional_odds_test", "method": "likelihood ratio, term by cut"}
            out.append(base | chi | told)
        return out


def _plain(level: Any) -> Any:
    """Return a level as people write it: 2, not 2.0, which a gap in the column makes of it."""
    return int(level) if isinstance(level, float) and level.is_integer() else level


def _ordered(column: pd.Series[Any], outcome: str, levels: Sequence[Any] | None) -> pd.Series[Any]:
    """Return the outcome as an ordered category."""
    if levels is not None:
        if len(set(levels)) != len(levels):
            raise ValueError(f"levels {list(levels)} name a level twice")
        if other := sorted({str(v) for v in column.dropna().unique() if v not in set(levels)}):
            raise ValueError(f"{outcome} holds {other[:5]}, not among levels {list(levels)}")
        found = list(levels)
    elif isinstance(column.dtype, pd.CategoricalDtype):
        found = list(column.cat.categories)
    else:
        found = sorted(column.dropna().unique().tolist(), key=lambda v: (isinstance(v, str), v))
        if any(isinstance(v, str) for v in found):
            raise ValueError(
                f"{outcome} holds words, {found[:5]}, which have no order of their own; give "
                "levels=[...], lowest first"
            )
    return pd.Series(pd.Categorical(column, categories=found, ordered=True), index=column.index)


def _values_at(kept: pd.DataFrame, terms: Sequence[str], at: pd.DataFrame) -> Floats:
    """Return the columns of the model for the rows of `at`."""
    needed = list(dict.fromkeys(part for term in terms for part in parts_of(kept, term)))
    if absent := [name for name in needed if name not in at.columns]:
        raise ValueError(
            f"at has no column {', '.join(map(repr, absent))}; the terms need {needed}"
        )
    new = at[needed].reset_index(drop=True)
    for name in needed:
        old = kept[name]
        if not is_number(old):
            if other := sorted({str(v) for v in new[name] if v not in set(old)}):
                raise ValueError(f"at[{name!r}] holds {other}, which nobody in the table has")
            new[name] = new[name].astype(old.dtype)
    if new.isna().any().any():
        raise ValueError("at has an empty cell; give every value")
    both = pd.concat([kept[needed], new], ignore_index=True)
    x = columns_of(both, terms, used=np.arange(len(both)) < len(kept))[0]
    return x[len(kept) :]


def _probability_slopes(fit: CumulativeFit, x: Floats, link: str) -> Floats:
    """Return how each level's probability moves with thresholds and slopes."""
    cuts = fit.thresholds - x @ fit.coef
    if link == "logit":
        from scipy.special import expit

        density = expit(cuts) * expit(-cuts)
    else:
        density = np.exp(-0.5 * cuts * cuts) / np.sqrt(2 * np.pi)
    below = np.column_stack([np.diag(density), -density[:, None] * x])
    edge = np.zeros((1, below.shape[1]))
    return np.diff(np.concatenate([edge, below, edge]), axis=0)


def _trend(table: Floats, score: Floats, conf_level: float) -> dict[str, Any]:
    """Compare the mean level of two arms, its spread as it is if the arms are alike."""
    from scipy.special import ndtr, ndtri

    n, total = table.sum(axis=1), table.sum(axis=0)
    means = table @ score / n
    spread = total @ (score - total @ score / total.sum()) ** 2 / total.sum()
    se = float(np.sqrt(spread * (1 / n).sum()))
    gap, half = float(means[1] - means[0]), float(ndtri(0.5 + level_between(conf_level) / 2)) * se
    return {
        "measure": "mean_level_difference", "estimate": gap, "std_error": se,
        "conf_low": gap - half, "conf_high": gap + half, "statistic": gap / se,
        "p_value": float(2 * ndtr(-abs(gap / se))),
        "method": "linear by linear association (Cochran-Armitage trend), levels as 1, 2, 3",
    }  # fmt: skip
