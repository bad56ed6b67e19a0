"""People who did not answer: what prevalence would be if answering went with severity, and how much.

One model: each level of severity multiplies the odds of answering by the same factor. Then those
who did not answer have the shares of those who did, divided by that factor once for every level.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from msspas_analysis.estimate.intervals import Floats, level_between
from msspas_analysis.estimate.people import label_of
from msspas_analysis.estimate.prevalence.proportions import halve, known, normal
from msspas_analysis.estimate.prevalence.sampling import share_interval
from msspas_analysis.results import Estimates

SHARES_OF: Final = ("respondents", "population")
"""Whose shares :func:`explaining_odds_ratio` is given."""

_MODEL: Final = (
    "Assumes that each level of severity multiplies the odds of answering by the same factor; "
    "nothing in the answers can show whether that is so, or what the factor is."
)
_FAR: Final = 300.0  # log odds ratio beyond which nothing moves


def implied_shares(
    shares: npt.ArrayLike, *, response_rate: npt.ArrayLike, odds_ratio: npt.ArrayLike
) -> Floats:
    """Shares of everybody asked, from those of the people who answered.

    Parameters
    ----------
    shares : array_like, shape (..., levels)
        Shares of the respondents at each level, from the mildest to the worst; they add up to 1.
    response_rate : array_like
        Share of the people asked who answered, above 0 and at most 1; broadcast with the leading
        axes.
    odds_ratio : array_like
        By how much the odds of answering are multiplied for each level, > 0; broadcast likewise.

    Returns
    -------
    numpy.ndarray, shape (..., levels)
        With an odds ratio above 1 there are fewer severe people than among respondents.

    Raises
    ------
    ValueError
        If shares do not add up to 1, a rate or an odds ratio is out of range.

    Notes
    -----
    Exact: among those who did not answer a level is as frequent as share / odds_ratio ** level. If
    answering goes with anything else that goes with severity, the shape differs.

    Examples
    --------
    >>> implied_shares([0.2, 0.8], response_rate=0.5, odds_ratio=[1, 2]).round(4).tolist()
    [[0.2, 0.8], [0.2667, 0.7333]]
    """
    q, rate, theta = _given(shares, response_rate, odds_ratio)
    silent = _tilted(q, -np.log(theta))
    return rate[..., None] * q + (1 - rate[..., None]) * silent


def apparent_shares(
    shares: npt.ArrayLike, *, response_rate: npt.ArrayLike, odds_ratio: npt.ArrayLike
) -> Floats:
    """Shares of the people who answer, from those of everybody asked.

    Parameters
    ----------
    shares : array_like, shape (..., levels)
        Shares of everybody asked at each level; they add up to 1.
    response_rate, odds_ratio : array_like
        As in :func:`implied_shares`, which undoes this.

    Returns
    -------
    numpy.ndarray, shape (..., levels)
        Shares among respondents.

    Raises
    ------
    ValueError
        As :func:`implied_shares`.

    Examples
    --------
    >>> apparent_shares([0.4, 0.6], response_rate=0.5, odds_ratio=2.0).round(4).tolist()
    [0.3177, 0.6823]
    """
    from scipy.special import expit

    p, rate, theta = _given(shares, response_rate, odds_ratio)
    rate, theta = np.broadcast_arrays(rate, theta, np.empty(p.shape[:-1]))[:2]
    step = np.log(theta)[..., None] * np.arange(p.shape[-1])
    far = 40 + np.abs(step).max(axis=-1)

    def too_few(start: Floats) -> Floats:
        return np.asarray(rate - (p * expit(start[..., None] + step)).sum(axis=-1))

    answers = expit(halve(too_few, -far, far)[..., None] + step)
    answers = np.where((rate == 1)[..., None], 1.0, answers)
    seen = p * answers
    return np.asarray(seen / seen.sum(axis=-1, keepdims=True))


def implied_or_worse(
    shares: npt.ArrayLike, *, n: npt.ArrayLike, response_rate: npt.ArrayLike,
    odds_ratio: npt.ArrayLike,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Share of everybody asked at each level or worse, and its standard error.

    Parameters
    ----------
    shares, response_rate, odds_ratio
        As in :func:`implied_shares`.
    n : array_like
        People who answered, > 0; broadcast with the leading axes.

    Returns
    -------
    share, std_error : numpy.ndarray, shape (..., levels - 1)
        For every level but the mildest. The error takes the people asked as drawn at random from a
        large population, and the odds ratio as known.

    Raises
    ------
    ValueError
        As :func:`implied_shares`, or if `n` is not above 0.

    Examples
    --------
    >>> share, error = implied_or_worse([0.2, 0.8], n=100, response_rate=0.5, odds_ratio=2.0)
    >>> share.round(4).tolist(), error.round(4).tolist()
    ([0.7333], [0.048])
    """
    q, rate, theta = _given(shares, response_rate, odds_ratio)
    people = np.asarray(n, dtype=np.float64)
    if not (people > 0).all():
        raise ValueError(f"n must be above 0, got {people.min():g}")
    shape = np.broadcast_shapes(q.shape[:-1], rate.shape, theta.shape, people.shape)
    q = np.broadcast_to(q, (*shape, q.shape[-1]))
    rate, theta, people = (np.broadcast_to(x, shape)[..., None] for x in (rate, theta, people))
    levels = q.shape[-1]
    worse = (np.arange(levels)[:, None] > np.arange(levels - 1)).astype(np.float64)
    silent = _tilted(q, -np.log(theta[..., 0]))
    seen, unseen = _or_worse(q), _or_worse(silent)
    # what one respondent more at a level moves
    pull = np.divide(silent, q, out=np.zeros_like(q), where=q > 0)
    move = rate[..., None] * worse
    move = move + (1 - rate[..., None]) * pull[..., None] * (worse - unseen[..., None, :])
    mean = (q[..., None] * move).sum(axis=-2)
    spread = (q[..., None] * (move - mean[..., None, :]) ** 2).sum(axis=-2) / people
    turnout = (seen - unseen) ** 2 * rate**2 * (1 - rate) / people
    return rate * seen + (1 - rate) * unseen, np.sqrt(spread + turnout)


def required_odds_ratio(
    shares: npt.ArrayLike, *, target: float, at_least: int, response_rate: float,
    shares_of: str = "respondents",
) -> float:  # fmt: skip
    """Odds ratio per level at which one share at a level or worse would look like another.

    Parameters
    ----------
    shares : array_like, shape (levels,)
        Shares at each level of the respondents or of the population.
    target : float
        The share at `at_least` or worse in the other of the two.
    at_least : int
        Place of the level among the levels, from 1 (all but the mildest).
    response_rate : float
        Share of the people asked who answered, above 0 and below 1.
    shares_of : {"respondents", "population"}
        Whose the shares are.

    Returns
    -------
    float
        Above 1 if those with more answer more.

    Raises
    ------
    ValueError
        If no odds ratio does it: too many answered; or an argument cannot be.

    Notes
    -----
    The share falls (rises, from the population) with the odds ratio, so there is one answer; it is
    found by halving to the last digit.

    Examples
    --------
    >>> round(required_odds_ratio([0.16, 0.84], target=0.66, at_least=1, response_rate=0.6), 3)
    8.212
    """
    known("shares_of", shares_of, SHARES_OF)
    q, rate, _ = _given(shares, response_rate, 1.0)
    levels = q.shape[-1]
    if q.ndim != 1 or rate.ndim or not 1 <= at_least < levels:
        raise ValueError(
            f"shares of one group, and at_least from 1 to {levels - 1}: got {at_least}"
        )
    if not 0 < target < 1 or not rate < 1:
        raise ValueError(
            f"target and response_rate lie between 0 and 1, got {target} and {float(rate)}"
        )
    turned = implied_shares if shares_of == "respondents" else apparent_shares
    sign = 1.0 if shares_of == "respondents" else -1.0

    def beyond(log_ratio: Floats) -> Floats:
        found = turned(q, response_rate=rate, odds_ratio=np.exp(log_ratio))
        return np.asarray(sign * (found[..., at_least:].sum(axis=-1) - target))

    least, most = beyond(np.array(_FAR)), beyond(np.array(-_FAR))
    if not least < 0 < most:
        ends = sorted((float(sign * least + target), float(sign * most + target)))
        raise ValueError(
            f"no odds ratio turns {q[at_least:].sum():.4g} into {target:g} when {float(rate):.4g} of "
            f"those asked answered: the share lies between {ends[0]:.4g} and {ends[1]:.4g} whatever "
            f"the odds ratio"
        )
    return float(np.exp(halve(beyond, -_FAR, _FAR)))


# ------------------------------------------------------------------------------------ estimators


def response_sensitivity(
    shares: Mapping[Any, float], *, n: int, response_rate: float,
    odds_ratios: Sequence[float] = (0.8, 1.0, 1.1, 1.25, 1.5, 2.0), outcome: str = "severity",
    conf_level: float = 0.95,
) -> Estimates:  # fmt: skip
    """Say what share of everybody asked has each level or worse, if severity moves who answers.

    Parameters
    ----------
    shares : mapping
        Share of the respondents at each level, from the mildest to the worst; they add up to 1.
        Those of :func:`~msspas_analysis.estimate.prevalence.proportions.severity_shares`, or published ones.
    n : int
        People who answered.
    response_rate : float
        Share of the people asked who answered, above 0 and at most 1.
    odds_ratios : sequence of float
        By how much the odds of answering are multiplied for each level; 1 is no difference.
    outcome : str
        What the answer calls it.
    conf_level : float
        Coverage of the intervals, in (0, 1), each for its odds ratio as if that were known.

    Returns
    -------
    Estimates
        For each odds ratio (``group``) and every level but the mildest "proportion_or_worse".

    Raises
    ------
    ValueError
        As :func:`implied_shares`, or without levels or odds ratios.

    Notes
    -----
    A range over assumptions, not an interval: which odds ratio holds cannot be learned from the
    answers. It may be from people who were asked twice, or of whom something is known anyway.

    Examples
    --------
    >>> seen = {"none": 0.16, "mild": 0.5, "severe": 0.34}
    >>> got = response_sensitivity(seen, n=200, response_rate=0.6, odds_ratios=[1, 1.5])
    >>> got.table[["group", "term", "estimate"]].round(3).values.tolist()
    [['odds ratio 1', 'mild or worse', 0.84], ['odds ratio 1', 'severe or worse', 0.34],
     ['odds ratio 1.5', 'mild or worse', 0.805], ['odds ratio 1.5', 'severe or worse', 0.298]]
    """
    labels, q = _levels(shares)
    if not len(odds_ratios):
        raise ValueError("odds_ratios is empty; give at least one, such as 1")
    level_between(conf_level)
    estimate, error = implied_or_worse(
        q, n=n, response_rate=response_rate, odds_ratio=np.asarray(odds_ratios, dtype=np.float64)
    )
    low, high = share_interval(
        estimate, error, df=np.inf, n=n, interval="logit", conf_level=conf_level
    )
    rows = [
        {"outcome": outcome, "group": f"odds ratio {ratio:g}", "term": f"{label} or worse",
         "measure": "proportion_or_worse", "estimate": estimate[i, j], "std_error": error[i, j],
         "conf_low": low[i, j], "conf_high": high[i, j], "conf_level": conf_level, "n": n,
         "n_missing": _silent(n, response_rate), "method": "response by severity, logit"}
        for i, ratio in enumerate(odds_ratios) for j, label in enumerate(labels[1:])
    ]  # fmt: skip
    return Estimates.from_rows(rows, notes=[_MODEL, *_empty(labels, q)])


def explaining_odds_ratio(
    shares: Mapping[Any, float], *, n: int, target: float, at_least: Any, response_rate: float,
    shares_of: str = "respondents", outcome: str = "severity", conf_level: float = 0.95,
) -> Estimates:  # fmt: skip
    """Say how much severity would have to move who answers for one share to look like another.

    Parameters
    ----------
    shares, n, outcome
        As in :func:`response_sensitivity`; with `shares_of` "population" the shares of everybody
        asked.
    target : float
        Share at `at_least` or worse of the population (or, with `shares_of` "population", of the
        respondents), in (0, 1).
    at_least : object
        One of the levels, not the mildest.
    response_rate : float
        Share of the people asked who answered, above 0 and below 1.
    shares_of : {"respondents", "population"}
        Whose the shares are.
    conf_level : float
        Coverage of the interval, in (0, 1).

    Returns
    -------
    Estimates
        "odds_ratio_per_level", with the interval that chance among the respondents leaves (none for
        shares of a population), and "response_proportion", what share of each level answers then.

    Raises
    ------
    ValueError
        As :func:`required_odds_ratio`.

    Notes
    -----
    Compare it with what is plausible: an odds ratio nobody would believe says that non-response
    alone does not explain the difference.

    Examples
    --------
    >>> seen = {"none": 0.16, "mild": 0.5, "severe": 0.34}
    >>> got = explaining_odds_ratio(
    ...     seen, n=200, target=0.8, at_least="mild", response_rate=0.6)
    >>> round(float(got.one(measure="odds_ratio_per_level").estimate), 4)
    1.5727
    """
    labels, q = _levels(shares)
    if (level := label_of(at_least)) not in labels[1:]:
        raise ValueError(f"at_least {at_least!r} is none of {labels[1:]}")
    at = labels.index(level)
    theta = required_odds_ratio(
        q, target=target, at_least=at, response_rate=response_rate, shares_of=shares_of
    )
    seen = q if shares_of == "respondents" else apparent_shares(
        q, response_rate=response_rate, odds_ratio=theta)  # fmt: skip
    everybody = implied_shares(seen, response_rate=response_rate, odds_ratio=theta)
    base = {"outcome": outcome, "n": n, "n_missing": _silent(n, response_rate),
            "method": "response by severity"}  # fmt: skip
    row: dict[str, Any] = base | {
        "group": "all", "term": f"{level} or worse", "measure": "odds_ratio_per_level",
        "estimate": theta,
    }  # fmt: skip
    notes = [_MODEL, *_empty(labels, q)]
    if shares_of == "respondents":
        silent = _tilted(q, -np.log(np.asarray(theta)))
        place = np.arange(len(q))
        slope = (1 - response_rate) * float(
            silent[at:] @ place[at:] - silent[at:].sum() * (silent @ place)
        )
        error = implied_or_worse(q, n=n, response_rate=response_rate, odds_ratio=theta)[1][at - 1]
        reach = np.exp(normal(conf_level) * float(error) / slope)
        row |= {"conf_low": theta / reach, "conf_high": theta * reach, "conf_level": conf_level}
    rows = [row] + [
        base | {"group": "all", "term": label, "measure": "response_proportion", "estimate": r}
        for label, r in zip(labels, response_rate * seen / np.where(everybody > 0, everybody, np.nan),
                            strict=True)
    ]  # fmt: skip
    return Estimates.from_rows(rows, notes=notes)


def response_bounds(
    shares: Mapping[Any, float], *, n: int, response_rate: float, outcome: str = "severity",
    conf_level: float = 0.95,
) -> Estimates:  # fmt: skip
    """Bound the share of everybody asked at each level or worse, whatever made people answer.

    Parameters
    ----------
    shares, n, response_rate, outcome
        As in :func:`response_sensitivity`.
    conf_level : float
        Coverage of the interval of each bound, in (0, 1).

    Returns
    -------
    Estimates
        For every level but the mildest "lowest_proportion_or_worse", as if nobody who did not answer
        had it, and "highest_proportion_or_worse", as if all had. The intervals are Wilson's, of
        the people asked.

    Raises
    ------
    ValueError
        As :func:`implied_shares`.

    References
    ----------
    .. [1] Manski CF (1989). Anatomy of the selection problem. J Hum Resour 24:343-360.

    Examples
    --------
    >>> got = response_bounds({"none": 0.16, "any": 0.84}, n=600, response_rate=0.6)
    >>> got.table["estimate"].round(3).tolist()
    [0.504, 0.904]
    """
    labels, q = _levels(shares)
    _given(q, response_rate, 1.0)
    if n < 1:
        raise ValueError(f"n must be 1 or more, got {n}")
    rows = []
    for at, label in enumerate(labels[1:], start=1):
        seen = response_rate * float(q[at:].sum())
        for measure, share in (
            ("lowest_proportion_or_worse", seen),
            ("highest_proportion_or_worse", seen + 1 - response_rate),
        ):
            low, high = _wilson(share, n / response_rate, conf_level)
            rows.append({
                "outcome": outcome, "group": "all", "term": f"{label} or worse",
                "measure": measure, "estimate": share, "n": n, "conf_level": conf_level,
                "std_error": float(np.sqrt(share * (1 - share) * response_rate / n)),
                "conf_low": low, "conf_high": high, "n_missing": _silent(n, response_rate),
                "method": "worst case, Wilson",
            })  # fmt: skip
    notes = ["Nothing is assumed of people who did not answer; no answer lies outside the bounds."]
    return Estimates.from_rows(rows, notes=notes)


# ------------------------------------------------------------------------------------- helpers


def _given(
    shares: npt.ArrayLike, response_rate: npt.ArrayLike, odds_ratio: npt.ArrayLike
) -> tuple[Floats, Floats, Floats]:
    q, rate, theta = (np.asarray(x, dtype=np.float64) for x in (shares, response_rate, odds_ratio))
    if q.ndim < 1 or q.shape[-1] < 2:
        raise ValueError("shares need at least two levels, from the mildest to the worst")
    if not (q >= 0).all() or (np.abs(q.sum(axis=-1) - 1) > 1e-9).any():
        raise ValueError(
            f"shares are 0 or more and add up to 1, got a sum of {q.sum(axis=-1).flat[0]:.12g}; "
            f"divide counts, or rounded percentages, by their sum"
        )
    if not ((rate > 0) & (rate <= 1)).all():
        raise ValueError(f"response_rate lies above 0 and is at most 1, got {rate.min():g}")
    if not ((theta > 0) & np.isfinite(theta)).all():
        raise ValueError(f"odds_ratio is above 0, got {theta.min():g}")
    return q, rate, theta


def _tilted(q: Floats, step: Floats) -> Floats:
    """Return shares multiplied by exp(step) once for every level."""
    with np.errstate(divide="ignore"):
        logs = np.log(q) + step[..., None] * np.arange(q.shape[-1])
    weight = np.exp(logs - logs.max(axis=-1, keepdims=True))
    return np.asarray(weight / weight.sum(axis=-1, keepdims=True))


def _or_worse(q: Floats) -> Floats:
    return np.asarray(np.cumsum(q[..., ::-1], axis=-1)[..., -2::-1])


def _levels(shares: Mapping[Any, float]) -> tuple[list[str], Floats]:
    return [label_of(k) for k in shares], np.array([float(v) for v in shares.values()])


def _silent(n: int, response_rate: float) -> int:
    return round(n / response_rate) - n


def _empty(labels: Sequence[str], q: Floats) -> list[str]:
    none = [label for label, share in zip(labels, q, strict=True) if share == 0]
    return (
        [f"Nobody who answered is at: {', '.join(none)}; the model has nobody there."]
        if none
        else []
    )


def _wilson(share: float, n: float, conf_level: float) -> tuple[float, float]:
    z2 = normal(conf_level) ** 2
    half = np.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n * n)))
    middle, below = share + z2 / (2 * n), 1 + z2 / n
    return float((middle - half) / below), float((middle + half) / below)
