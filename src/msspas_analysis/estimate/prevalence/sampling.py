"""How a sample was drawn: weights, strata, clusters, finite populations, and linearised errors.

A kernel takes values with people on the last axis and any replicates before it, and a
:class:`Sample`, which says who was drawn with whom. :class:`SurveyDesign` names the columns of a
table that say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from msspas_analysis.estimate.intervals import Floats, Ints, level_between
from msspas_analysis.estimate.people import label_of, need, numbers, values_of
from msspas_analysis.estimate.prevalence.proportions import halve, known, normal

if TYPE_CHECKING:
    from msspas_analysis.estimate.prevalence.calibration import Calibration

SHARE_INTERVALS: Final[dict[str, str]] = {
    "logit": "logit",
    "wilson": "Wilson, effective sample size",
    "beta": "Korn-Graubard, exact with effective sample size",
    "likelihood": "likelihood ratio, effective sample size",
    "arcsine": "arcsine of the root",
    "wald": "Wald",
}
"""Intervals of a weighted share, and how an answer names them."""

SINGLE: Final = ("error", "centre", "certainty")
"""What may be done with a stratum of which one unit was drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyDesign:
    """How people were drawn: names of the columns that say so.

    Parameters
    ----------
    weights : str or None
        How many people of the population each stands for, > 0. None: from `fpc` where it is given,
        otherwise everybody counts alike.
    strata : str or None
        Parts of the population that were drawn from separately.
    clusters : str or None
        Units that were drawn first, such as centres; None where people were drawn directly.
    fpc : str or None
        Finite population: for every stratum how many units (clusters, or people) it has, or, where
        no value is above 1, the share of them that was drawn. None: drawn with replacement, or from
        so many that it does not matter.
    single : {"error", "centre", "certainty"}
        A stratum with one unit says nothing of its own spread: refuse it, take its distance from
        the mean of everybody (too wide rather than too narrow), or take it as a unit that was in
        the sample for certain (no spread).
    nest : bool
        Whether a label of clusters may occur in several strata and mean another cluster in each.
    calibration : Calibration or None
        From :mod:`~msspas_analysis.estimate.prevalence.calibration`; its weights take the place of `weights`,
        which stay the ones it began with.

    Raises
    ------
    ValueError
        If `single` is unknown.

    Notes
    -----
    Of designs with several stages only the first counts, which is nearly all of the variance unless
    a large share of the clusters was drawn.
    """

    weights: str | None = None
    strata: str | None = None
    clusters: str | None = None
    fpc: str | None = None
    single: str = "error"
    nest: bool = False
    calibration: Calibration | None = None

    def __post_init__(self) -> None:
        """Refuse an unknown choice."""
        known("single", self.single, SINGLE)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that are used."""
        return tuple(c for c in (self.weights, self.strata, self.clusters, self.fpc) if c)

    @property
    def method(self) -> str:
        """How an answer names the design."""
        parts = [
            "weighted" if self.weights or self.fpc or self.calibration else "unweighted",
            *(f"{word} {name}" for word, name in (("strata", self.strata),
              ("clusters", self.clusters), ("finite population", self.fpc)) if name),
            *([self.calibration.method] if self.calibration else []),
        ]  # fmt: skip
        return f"linearised ({', '.join(parts)})"

    def sample(self, people: pd.DataFrame) -> Sample:
        """Return who was drawn with whom.

        Parameters
        ----------
        people : pandas.DataFrame
            One row per person (or day), in the order the values will have.

        Returns
        -------
        Sample
            The design as arrays.

        Raises
        ------
        ValueError
            If a column is absent or has gaps, a weight is not above 0, a label of clusters occurs
            in two strata, a stratum has one unit, or a finite population is smaller than its
            sample or differs within a stratum.

        Examples
        --------
        >>> people = pd.DataFrame({"person_id": list("ABCD"), "centre": [1, 1, 2, 3]})
        >>> SurveyDesign(clusters="centre").sample(people).units
        3
        """
        need(people, self.columns)
        if people.empty:
            raise ValueError("the table has no rows: there is nobody to count")
        for name in self.columns:
            if gaps := int(people[name].isna().sum()):
                raise ValueError(
                    f"column {name!r} of the design is empty for {gaps} of {len(people)} rows; "
                    f"everybody who was drawn has a place in the design"
                )
        n = len(people)
        layer, strata = _codes(people, self.strata)
        unit, units = _codes(people, self.clusters) if self.clusters else (np.arange(n), [])
        if self.clusters and not self.nest:
            _refuse_crossing(layer, unit, strata, units, self)
        # units in the order of their strata, people in the order of their units
        both, unit = np.unique(layer * (unit.max() + 1) + unit, return_inverse=True)
        of_unit = np.zeros(len(both), dtype=np.int64)
        of_unit[unit] = layer
        order = np.argsort(unit, kind="stable")
        start = np.searchsorted(unit[order], np.arange(len(both)))
        size = np.bincount(of_unit, minlength=len(strata))
        share = self._sampled(people, layer, strata, size)
        alone = (size == 1) & (share < 1)
        if alone.any() and self.single == "error":
            raise ValueError(
                f"stratum {label_of(strata[int(np.argmax(alone))])!r} has one unit only, which "
                f"says nothing of its spread ({int(alone.sum())} such strata); merge it with "
                f'another, or choose single="centre" or "certainty"'
            )
        factor = np.sqrt((1 - share) * size / np.maximum(size - 1, 1))
        if self.single == "certainty":
            factor[alone] = 0.0
        weights = self._weights(people, 1 / share[layer] if self.fpc else np.ones(n))
        return Sample(
            weights=weights, order=order, start=start, stratum=of_unit,
            begin=np.searchsorted(of_unit, np.arange(len(strata))), size=size, factor=factor,
            centred=~alone, calibration=self.calibration,
        )  # fmt: skip

    def _weights(self, people: pd.DataFrame, otherwise: Floats) -> Floats:
        if self.calibration is not None:
            return self.calibration.of(people, self.weights)
        if self.weights is None:
            return otherwise
        weights = numbers(people, self.weights)
        if (weights <= 0).any():
            raise ValueError(
                f"weights {self.weights!r}: every weight is above 0, got {weights.min():g}; leave "
                f"out rows that stand for nobody"
            )
        return weights

    def _sampled(
        self, people: pd.DataFrame, layer: Ints, strata: Sequence[Any], size: Ints
    ) -> Floats:
        """Return the share of the units of each stratum that was drawn; 0 where not known."""
        if self.fpc is None:
            return np.zeros(len(strata))
        given = numbers(people, self.fpc)
        first = np.zeros(len(strata))
        first[layer] = given
        if (differs := given != first[layer]).any():
            where = label_of(strata[int(layer[np.argmax(differs)])])
            raise ValueError(f"fpc {self.fpc!r} has several values in stratum {where!r}; give one")
        share = first if (first <= 1).all() else size / np.where(first > 0, first, np.nan)
        if not ((share > 0) & (share <= 1)).all():
            at = int(np.argmin((share > 0) & (share <= 1)))
            raise ValueError(
                f"fpc {self.fpc!r} is {first[at]:g} in stratum {label_of(strata[at])!r}, of which "
                f"{size[at]} units were drawn; give how many units there are, or the share drawn"
            )
        return share


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sample:
    """A design as arrays: what the kernels need to know. Made by :meth:`SurveyDesign.sample`."""

    weights: Floats
    order: Ints
    start: Ints
    stratum: Ints
    begin: Ints
    size: Ints
    factor: Floats
    centred: npt.NDArray[np.bool_]
    calibration: Calibration | None = None

    @property
    def units(self) -> int:
        """How many units were drawn in all."""
        return len(self.stratum)

    def deviations(self, scores: npt.ArrayLike) -> Floats:
        """Return what each unit is away from the mean of its stratum, on the scale of the error.

        Parameters
        ----------
        scores : array_like, shape (..., n)
            Linearised value of each person, weights included; they add up to the estimate's error.

        Returns
        -------
        numpy.ndarray, shape (..., units)
            The squares add up to the variance, the products of two to their covariance.
        """
        x = np.asarray(scores, dtype=np.float64)
        if self.calibration is not None:
            x = self.calibration.residuals(x)
        totals = np.add.reduceat(x[..., self.order], self.start, axis=-1)
        means = np.add.reduceat(totals, self.begin, axis=-1) / self.size * self.centred
        return np.asarray(self.factor[self.stratum] * (totals - means[..., self.stratum]))

    def std_error(self, scores: npt.ArrayLike) -> Floats:
        """Return the standard error of the estimate with these scores; 0 where only rounding is."""
        x = np.asarray(scores, dtype=np.float64)
        error = np.linalg.norm(self.deviations(x), axis=-1)
        return np.asarray(np.where(error <= 1e-12 * np.abs(x).sum(axis=-1), 0.0, error))

    def df(self, inside: npt.NDArray[np.bool_]) -> Floats:
        """Return units minus strata, of those with anybody `inside`, shape (..., n)."""
        unit = np.add.reduceat(inside[..., self.order].astype(np.int64), self.start, axis=-1) > 0
        layer = np.add.reduceat(unit.astype(np.int64), self.begin, axis=-1) > 0
        return np.asarray(unit.sum(axis=-1) - layer.sum(axis=-1), dtype=np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Linearised:
    """An estimate with its linearised error; every field has the shape of the leading axes."""

    estimate: Floats
    std_error: Floats
    df: Floats
    n: Ints


def linearised_total(values: npt.ArrayLike, sample: Sample) -> Linearised:
    """Estimate a total of the population.

    Parameters
    ----------
    values : array_like, shape (..., n)
        One number per person; NaN is left out and adds nothing.
    sample : Sample
        Who was drawn with whom.

    Returns
    -------
    Linearised
        NaN where nobody has a value.
    """
    y = np.asarray(values, dtype=np.float64)
    inside = ~np.isnan(y)
    n = inside.sum(axis=-1)
    scores = sample.weights * np.where(inside, y, 0.0)
    empty = np.where(n > 0, 0.0, np.nan)
    return Linearised(
        estimate=scores.sum(axis=-1) + empty, std_error=sample.std_error(scores) + empty,
        df=sample.df(inside), n=n,
    )  # fmt: skip


def linearised_ratio(values: npt.ArrayLike, per: npt.ArrayLike, sample: Sample) -> Linearised:
    """Estimate a ratio of two totals; with ones below it is a mean, and of 0 and 1 a share.

    Parameters
    ----------
    values, per : array_like, shape (..., n)
        Numbers above and below; a person with NaN in either is left out.
    sample : Sample
        Who was drawn with whom. Who is left out is so within the whole design: how many people of
        a group are drawn is chance, and counts.

    Returns
    -------
    Linearised
        NaN where nobody is left or the total below is 0.

    References
    ----------
    .. [1] Binder DA (1983). On the variances of asymptotically normal estimators from complex
       surveys. Int Stat Rev 51:279-292.

    Examples
    --------
    >>> people = pd.DataFrame({"person_id": list("ABCD"), "w": [1.0, 1, 2, 2]})
    >>> drawn = SurveyDesign(weights="w").sample(people)
    >>> linearised_ratio([[1, 0, 1, 1], [1, 2, 3, np.nan]], np.ones(4), drawn).estimate.tolist()
    [0.8333333333333334, 2.25]
    """
    y, x = np.broadcast_arrays(np.asarray(values, np.float64), np.asarray(per, np.float64))
    inside = ~(np.isnan(y) | np.isnan(x))
    top = sample.weights * np.where(inside, y, 0.0)
    bottom = sample.weights * np.where(inside, x, 0.0)
    below = bottom.sum(axis=-1)
    below = np.where(below == 0, np.nan, below)
    ratio = top.sum(axis=-1) / below
    error = sample.std_error((top - ratio[..., None] * bottom) / below[..., None])
    return Linearised(estimate=ratio, std_error=error, df=sample.df(inside), n=inside.sum(axis=-1))


def share_interval(
    share: npt.ArrayLike, std_error: npt.ArrayLike, *, df: npt.ArrayLike, n: npt.ArrayLike,
    interval: str = "logit", conf_level: float = 0.95,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Interval of a share whose standard error comes from a design.

    Parameters
    ----------
    share, std_error, df : array_like
        The share, its standard error and the degrees of freedom of that (infinity: known).
    n : array_like of int
        People behind it; "beta" and "likelihood" need them.
    interval : str
        A key of :data:`SHARE_INTERVALS`.
    conf_level : float
        Coverage of the interval, in (0, 1).

    Returns
    -------
    low, high : numpy.ndarray
        NaN without degrees of freedom, and, but for "wald", where the standard error is 0: nobody,
        everybody, or a share that calibration has fixed. Those of "wald" may lie outside 0 to 1.

    Raises
    ------
    ValueError
        If the interval is unknown or the level outside (0, 1).

    Notes
    -----
    The effective sample size is that of a simple random sample with the same standard error,
    share * (1 - share) / std_error ** 2; t with `df` takes the place of the normal. "beta" puts
    the ratio of two t quantiles into that size, as its authors do, and covers at least what it
    says more often than the others.

    References
    ----------
    .. [1] Korn EL, Graubard BI (1998). Confidence intervals for proportions with small expected
       number of positive counts estimated from survey data. Surv Methodol 24:193-201.
    .. [2] Dean N, Pagano M (2015). Evaluating confidence interval methods for binomial proportions
       in clustered surveys. J Surv Stat Methodol 3:484-503.

    Examples
    --------
    >>> low, high = share_interval(0.1, 0.03, df=40, n=120)
    >>> round(float(low), 4), round(float(high), 4)
    (0.0536, 0.1789)
    """
    from scipy.special import betainccinv, betaincinv, expit, logit, xlogy

    known("interval", interval, SHARE_INTERVALS)
    p, se, freedom, size = np.broadcast_arrays(
        *(np.asarray(a, dtype=np.float64) for a in (share, std_error, df, n))
    )
    t = reach(freedom, conf_level)
    if interval == "wald":
        return p - t * se, p + t * se
    p, se = np.where(se > 0, p, np.nan), np.where(se > 0, se, np.nan)
    spread = p * (1 - p)
    if interval == "logit":
        return expit(logit(p) - t * se / spread), expit(logit(p) + t * se / spread)
    if interval == "arcsine":
        angle, turn = np.arcsin(np.sqrt(p)), t * se / (2 * np.sqrt(spread))
        low = np.sin(np.maximum(angle - turn, 0.0)) ** 2
        return low, np.sin(np.minimum(angle + turn, np.pi / 2)) ** 2
    m = spread / se**2 / t**2  # people, counted in squares of t
    if interval == "wilson":
        half = np.sqrt(spread / m + 1 / (4 * m * m))
        middle, below = p + 1 / (2 * m), 1 + 1 / m
        return (middle - half) / below, (middle + half) / below
    if interval == "likelihood":
        m = m * (size - 1) / size  # the dispersion a quasi-binomial fit would find

        def over(q: Floats) -> Floats:
            return np.asarray(2 * m * (xlogy(p, p / q) + xlogy(1 - p, (1 - p) / (1 - q))) - 1)

        return halve(over, 0 * p, p), halve(lambda q: -over(q), p, 0 * p + 1)
    m = m * reach(size - 1, conf_level) ** 2
    tail = (1 - conf_level) / 2
    low = betaincinv(m * p, m * (1 - p) + 1, tail)
    return low, np.asarray(betainccinv(m * p + 1, m * (1 - p), tail))


def reach(df: npt.ArrayLike, conf_level: float) -> Floats:
    """Return how many standard errors an interval reaches; NaN without degrees of freedom."""
    from scipy.special import stdtrit

    d = np.asarray(df, dtype=np.float64)
    there = np.where((d > 0) & np.isfinite(d), d, 1.0)
    t = np.where(
        np.isinf(d), normal(conf_level), stdtrit(there, 0.5 + level_between(conf_level) / 2)
    )
    return np.where(d > 0, t, np.nan)


def _codes(people: pd.DataFrame, name: str | None) -> tuple[Ints, list[Any]]:
    """Return the place of each row's value, and the values in order; one value without a name."""
    if name is None:
        return np.zeros(len(people), dtype=np.int64), ["all"]
    values = values_of(people[name])
    place = {v: i for i, v in enumerate(values)}
    return np.array([place[v] for v in people[name].astype("object")], dtype=np.int64), values


def _refuse_crossing(
    layer: Ints, unit: Ints, strata: Sequence[Any], units: Sequence[Any], design: SurveyDesign
) -> None:
    first = np.full(len(units), -1)
    first[unit] = layer
    if (crosses := first[unit] != layer).any():
        at = int(np.argmax(crosses))
        label, here, there = units[unit[at]], strata[layer[at]], strata[first[unit[at]]]
        raise ValueError(
            f"cluster {label_of(label)!r} of {design.clusters!r} occurs in strata "
            f"{label_of(here)!r} and {label_of(there)!r}; if these are different clusters that "
            f"share a label, say nest=True"
        )
