"""Power and people needed by formula, where a formula is exact or the usual one.

For anything else, and as a check, :mod:`msspas_analysis.certify.plan.power` runs the trial.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from msspas_analysis.certify.plan.power_formulas import (
    PROPORTION_FORMULAS,
    change_power,
    grades_people,
    grades_power,
    proportions_power,
    shifted_t_power,
    solved,
)
from msspas_analysis.results import Estimates

_SMALL_PILOT: Final = (
    "An effect taken from a small pilot is mostly too large; a trial planned with it is mostly too "
    "small. Plan with the smallest difference that matters."
)
_MOST: Final = 1e7


def power_of_means(
    *, people_per_arm: float | None = None, difference: float | None = None,
    power: float | None = None, sd: float = 1.0, baseline_correlation: float = 0.0,
    ratio: float = 1.0, paired: bool = False, dropout: float = 0.0, alpha: float = 0.05,
    sided: int = 2,
) -> Estimates:  # fmt: skip
    """Say how power, people and a difference of means go together; the one not given is worked out.

    Parameters
    ----------
    people_per_arm : float or None
        People in the control arm (all people, if `paired`), 2 or more.
    difference : float or None
        In points, not 0.
    power : float or None
        In (alpha, 1). Exactly one of these three is None.
    sd : float
        Spread within an arm (of the changes, if `paired`), in points, above 0.
    baseline_correlation : float
        Correlation of the outcome with its baseline, which is adjusted for (ANCOVA), in (-1, 1).
    ratio : float
        People in the treated arm for each one in the control arm, above 0.
    paired : bool
        Whether the same people are compared with themselves.
    dropout : float
        Share of people lost, in [0, 1): people are counted before they are lost.
    alpha, sided
        As :func:`means_power`.

    Returns
    -------
    Estimates
        "power", "people_per_arm" (not rounded), "people" (all, whole, each arm rounded up) and
        "difference" in points.

    Raises
    ------
    ValueError
        Unless one of the three is None, or if a number is out of range or not to be reached.

    Notes
    -----
    Drop-out here only takes people away. If those leave who do badly, no number of people mends it.
    Adjusting for a baseline takes away 1 - r^2 of the variance and one degree of freedom.

    References
    ----------
    .. [1] Borm GF, Fransen J, Lemmens WAJG (2007). A simple sample size formula for analysis of
       covariance in randomized clinical trials. J Clin Epidemiol 60:1234-1238.

    Examples
    --------
    >>> got = power_of_means(difference=1.0, power=0.9)
    >>> round(float(got.one(measure="people_per_arm").estimate), 4), got.one(measure="people").estimate
    (22.0211, np.float64(46.0))
    """
    _one_unknown(people_per_arm=people_per_arm, difference=difference, power=power)
    _between("sd", sd, 0, np.inf)
    _between("ratio", ratio, 0, np.inf)
    _between("baseline_correlation", baseline_correlation, -1, 1)
    _between("alpha", alpha, 0, 1)
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout must be 0 or more and below 1, got {dropout}")
    if paired and (ratio != 1 or baseline_correlation):
        raise ValueError(
            "people compared with themselves have no ratio and no baseline correlation"
        )
    spread, kept = sd * np.sqrt(1 - baseline_correlation**2), 1 - dropout
    taken = 1 if baseline_correlation else 0

    def found(n: float, gap: float) -> float:
        stay = n * kept
        if paired:
            return float(change_power(stay, gap, sd=spread, alpha=alpha, sided=sided))
        other = stay * ratio
        shift = abs(gap) / spread * np.sqrt(stay * other / (stay + other))
        df = np.asarray(stay + other - 2 - taken)
        return float(shifted_t_power(df, np.asarray(shift), alpha, sided, True))

    fewest = (2.0 + taken) / kept / min(1.0, ratio) + 1e-9
    n, gap, share = _completed(found, people_per_arm, difference, power, fewest=fewest, scale=sd,
                               alpha=alpha)  # fmt: skip
    arms = [n] if paired else [n, n * ratio]
    what = "paired t" if paired else "two independent means, t"
    if baseline_correlation:
        what += f", adjusted for a baseline correlated {baseline_correlation:g}"
    what += f", SD {sd:g}" + (f", {dropout:.0%} lost".replace("%", " %") if dropout else "")
    return _planned(what, n, arms, gap, share, unit="difference", alpha=alpha, sided=sided)


def power_of_proportions(
    *, control: float, people_per_arm: float | None = None, treated: float | None = None,
    power: float | None = None, formula: str = "normal", dropout: float = 0.0,
    alpha: float = 0.05, sided: int = 2,
) -> Estimates:  # fmt: skip
    """Say how power, people and two proportions go together; the one not given is worked out.

    Parameters
    ----------
    control : float
        Proportion in the control arm, in (0, 1).
    people_per_arm : float or None
        People in each arm.
    treated : float or None
        Proportion in the other arm, in (0, 1); worked out, it is the larger one.
    power : float or None
        In (alpha, 1). Exactly one of these three is None.
    formula : {"normal", "arcsine", "continuity"}
        See :data:`PROPORTION_FORMULAS`.
    dropout, alpha, sided
        As :func:`power_of_means`.

    Returns
    -------
    Estimates
        "power", "people_per_arm", "people" and "difference" of the proportions.

    Raises
    ------
    ValueError
        As :func:`power_of_means`.

    Examples
    --------
    >>> got = power_of_proportions(control=0.5, treated=0.75, power=0.9)
    >>> round(float(got.one(measure="people_per_arm").estimate), 4)
    76.7069
    """
    _one_unknown(people_per_arm=people_per_arm, treated=treated, power=power)
    _between("control", control, 0, 1)
    _between("alpha", alpha, 0, 1)
    if treated is not None:
        _between("treated", treated, 0, 1)
        if treated == control:
            raise ValueError(f"both proportions are {control:g}; there is nothing to find")
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout must be 0 or more and below 1, got {dropout}")
    kept = 1 - dropout

    def found(n: float, gap: float) -> float:
        return float(proportions_power(n * kept, control + gap, control, formula=formula,
                                       alpha=alpha, sided=sided))  # fmt: skip

    gap = None if treated is None else treated - control
    n, gap, share = _completed(found, people_per_arm, gap, power, fewest=2.0 / kept,
                               scale=(1 - control) * 0.25, alpha=alpha,
                               widest=(1 - control) * (1 - 1e-9))  # fmt: skip
    what = f"two proportions, {PROPORTION_FORMULAS[formula]}, {control:g} in the control arm"
    return _planned(what, n, [n, n], gap, share, unit="difference", alpha=alpha, sided=sided)


def power_of_grades(
    *, shares: npt.ArrayLike, people: float | None = None, odds_ratio: float | None = None,
    power: float | None = None, alpha: float = 0.05, sided: int = 2,
) -> Estimates:  # fmt: skip
    """Say how power, people and a common odds ratio of ordered grades go together.

    Parameters
    ----------
    shares : array_like, shape (grades,)
        Mean of the shares of both arms at each grade; they add up to 1.
    people : float or None
        People in all, in two equal arms.
    odds_ratio : float or None
        Above 0, not 1; worked out, it is the one above 1.
    power : float or None
        In (alpha, 1). Exactly one of these three is None.
    alpha, sided
        As :func:`means_power`.

    Returns
    -------
    Estimates
        "power", "people_per_arm", "people" and "odds_ratio".

    Raises
    ------
    ValueError
        As :func:`power_of_means`.

    Examples
    --------
    >>> got = power_of_grades(shares=[0.2, 0.3, 0.3, 0.2], odds_ratio=2.0, power=0.8)
    >>> got.one(measure="people").estimate
    np.float64(212.0)
    """
    _one_unknown(people=people, odds_ratio=odds_ratio, power=power)
    _between("alpha", alpha, 0, 1)
    if odds_ratio is not None and (odds_ratio <= 0 or odds_ratio == 1):
        raise ValueError(f"odds_ratio must be above 0 and not 1, got {odds_ratio}")

    def found(n: float, gap: float) -> float:
        return float(grades_power(n, shares, np.exp(gap), alpha=alpha, sided=sided))

    gap = None if odds_ratio is None else float(np.log(odds_ratio))
    if people is None:  # as published: without the continuity of the power
        asked, log_ratio = float(power or 0.0), float(gap or 0.0)
        if not alpha < asked < 1:
            raise ValueError(f"power must be above alpha, {alpha:g}, and below 1, got {power}")
        n, gap, share = grades_people(asked, shares, log_ratio, alpha, sided), log_ratio, asked
    else:
        n, gap, share = _completed(found, people, gap, power, fewest=4.0, scale=1.0, alpha=alpha)
    return _planned("ordered grades, common odds ratio (Whitehead)", n / 2, [n / 2, n / 2],
                    float(np.exp(gap)), share, unit="odds_ratio", alpha=alpha, sided=sided)  # fmt: skip


def _completed(
    found: Callable[[float, float], float], people: float | None, gap: float | None,
    power: float | None, *, fewest: float, scale: float, alpha: float, widest: float = np.inf,
) -> tuple[float, float, float]:  # fmt: skip
    """Return people, difference and power, the one that was not given worked out."""
    if people is not None and people < fewest - 1e-9:
        raise ValueError(f"{people:g} people are too few; {fewest:.3g} is the least")
    if gap is not None and gap == 0:
        raise ValueError("the difference is 0; there is nothing to find")
    if power is not None and not alpha < power < 1:
        raise ValueError(f"power must be above alpha, {alpha:g}, and below 1, got {power}")
    if people is None:
        fixed, asked = float(gap or 0.0), float(power or 0.0)
        size = solved(lambda n: found(n, fixed), asked, low=fewest, high=_MOST)
        return size, fixed, asked
    if gap is None:
        asked = float(power or 0.0)
        far = min(widest, 1e3 * scale)
        size = solved(lambda d: found(people, d), asked, low=1e-6 * scale, high=far)
        return people, size, asked
    return people, gap, found(people, gap)


def _one_unknown(**given: float | None) -> None:
    unknown = [name for name, value in given.items() if value is None]
    if len(unknown) != 1:
        raise ValueError(
            f"exactly one of {', '.join(given)} is to be left out and is then worked out; left out: "
            f"{', '.join(unknown) or 'none'}"
        )


def _between(name: str, value: float, low: float, high: float) -> None:
    if not low < value < high:
        raise ValueError(f"{name} must be above {low:g} and below {high:g}, got {value}")


def _planned(
    what: str, n: float, arms: list[float], gap: float, power: float, *, unit: str, alpha: float,
    sided: int,
) -> Estimates:  # fmt: skip
    whole = int(sum(np.ceil(arm - 1e-9) for arm in arms))
    base: dict[str, Any] = {
        "outcome": "planned", "group": "all", "term": "trial" if len(arms) > 1 else "one group",
        "n": whole, "method": f"{what}; alpha {alpha:g}, {'two' if sided == 2 else 'one'}-sided",
    }  # fmt: skip
    rows = [
        base | {"measure": measure, "estimate": value}
        for measure, value in (
            ("power", power),
            ("people_per_arm", n),
            ("people", whole),
            (unit, gap),
        )
    ]
    return Estimates.from_rows(rows, notes=[_SMALL_PILOT])
