"""What the simulated world is like, every number with the status of its source."""

from __future__ import annotations

import datetime as dt
from dataclasses import Field, dataclass, field, fields
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

_START: Final = dt.date(2026, 2, 2)


def _told(default: Any, status: str, low: float, high: float, *, whole: bool = False) -> Any:
    """Give a field its default, the status of that default and the allowed range."""
    return field(
        default=default, metadata={"status": status, "low": low, "high": high, "whole": whole}
    )


def _chosen(default: Any) -> Any:
    """Give a field that describes the service, not nature, its default."""
    return field(default=default, metadata={"status": "design"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DiaryScenario:
    """What the world is like: every number the simulator needs, with where it comes from.

    The tag in brackets is the status of the default. *Calibrated*: chosen so that the model
    reproduces published figures. *Derived*: follows from published figures by arithmetic.
    *Published*: printed in a source. *Assumption*: no source was found, so vary it. *Design*: a
    choice about the service, not a claim about people. :func:`provenance` lists them.

    Parameters
    ----------
    n_people : int
        People who begin a diary, 1 or more [design].
    level_mean, level_sd : float
        Where people with MS usually are on the 0-10 stiffness scale before rounding and clipping:
        mean 4.03 and standard deviation 3.05 points between people. With the parts below the
        total standard deviation is 3.43, which gives 84.7 % with any stiffness and 56.1 % at 4
        or more, as in UK clinics [calibrated].
    drift_sd, drift_half_life : float
        Standard deviation, in points, of the slow drift about that level, and the days after
        which half of it is forgotten [assumption, both].
    day_sd, day_sd_spread : float
        Daily wobble: the middle person's standard deviation in points, and the standard deviation
        of its logarithm between people (0 makes everybody alike) [assumption, both].
    day_autocorrelation : float
        Correlation of one day's wobble with the next day's, 0 to 0.99; vary it from 0 to 0.5
        [assumption].
    change : float
        Points added to every latent rating from the first session on; negative is less stiff.
        Only stiffness moves; the spasm count follows through it [design: 0, no change at all].
    entry_rating, entry_days : float or None, int
        A person comes in when the mean rating of the diary's first `entry_days` days is
        `entry_rating` or more; None takes everybody. A week's mean is ``entry_days=7``
        [design: one rating of 4 or more, as services and trials ask for].
    baseline_days, followup_days : int
        Days of diary before the first session (day 0), and from it on [design].
    completion_week_1, completion_week_12 : float
        Share of days filled in, in week 1 and from week 12 on; a straight line between
        [assumption, anchored to diary studies].
    missing_slope : float
        Added to the log-odds of a missing day for each point above the person's own usual
        rating; 0 makes days missing completely at random [assumption].
    dropout_weekly : float
        Chance that a diary stops for good at the end of any week [assumption].
    item_missing_rate : float
        Share of single answers left out on a day that was filled in; stiffness is never one of
        them [assumption, within the 1-6 % that questionnaires see].
    spasm_median, spasm_spread : float
        Spasms a day of the middle person at a stiffness of 5, and the standard deviation of its
        logarithm between people [assumption, both].
    spasm_slope : float
        Added to the logarithm of the daily count for each point of stiffness [assumption].
    spasm_dispersion : float
        Size (k) of the negative binomial of one person's daily counts: the variance is
        ``m + m**2 / k``; vary it from 0.5 to 5 [assumption].
    count_heaping : float
        Share of counts from 3 to 25 written as the nearest of 5, 10 and 20 [assumption].
    uncountable_above : int or None
        Counts above this are not known, only that they are at least so many; None writes every
        count [assumption].
    symptom_mean, symptom_sd : tuple of three float
        Pain, sleep disruption and fatigue: mean over all people with MS and standard deviation
        between people, in points before clipping [assumption].
    symptom_day_sd : float
        Standard deviation of their daily wobble in points [assumption].
    stiffness_correlation : tuple of three float
        Between people: correlation of a person's usual stiffness with usual pain, sleep
        disruption and fatigue [assumption].
    symptom_correlation : float
        Between people: correlation of any two of those three [assumption].
    same_day_correlation : float
        Within a person: correlation of one day's stiffness with that day's other ratings; there
        is none across days [assumption; no effect across days is published].
    falls_per_day, missed_tablets, trigger_rate : float
        Mean falls a day; share of days with missed tablets; share of days on which one trigger
        is ticked. None of them moves a rating [assumption, all].
    unwanted_per_person : float
        Mean number of unwanted effects noted for one person over the follow-up [assumption].
    survey_response : float
        Share of those still keeping a diary at the end who answer the feedback form [assumption].
    therapies : tuple of (str, float)
        What people receive, with its share of the people; the shares are scaled to 1 [design].
    attendance : tuple of four float
        Shares of weekly sessions after the first that were attended, not attended, cancelled,
        or missed while away; the first is always attended [assumption].
    start : datetime.date
        First day on which a diary may begin [design].
    recruitment_days : int
        Diaries begin on a day drawn from this many, evenly [design].
    code_prefix : str
        Capital letters a client code starts with [design].

    Raises
    ------
    ValueError
        If a world is impossible; the message names the field, its allowed range and the value.

    Notes
    -----
    Not in this world: infections, relapses and heat spells that raise ratings for days, placebo
    response, and days filled in later from memory.

    Examples
    --------
    >>> DiaryScenario(n_people=12).level_mean
    4.03
    >>> DiaryScenario(day_autocorrelation=1.5)
    Traceback (most recent call last):
        ...
    ValueError: day_autocorrelation must be 0 to 0.99, got 1.5
    """

    n_people: int = _told(40, "design", 1, 10_000_000, whole=True)
    level_mean: float = _told(4.03, "calibrated", -20, 30)
    level_sd: float = _told(3.05, "calibrated", 0, 20)
    drift_sd: float = _told(1.0, "assumption", 0, 20)
    drift_half_life: float = _told(21.0, "assumption", 0.1, 10_000)
    day_sd: float = _told(1.2, "assumption", 0, 20)
    day_sd_spread: float = _told(0.35, "assumption", 0, 2)
    day_autocorrelation: float = _told(0.30, "assumption", 0, 0.99)
    change: float = _told(0.0, "design", -10, 10)
    entry_rating: float | None = _told(4.0, "design", 0, 10)
    entry_days: int = _told(1, "design", 1, 366, whole=True)
    baseline_days: int = _told(14, "design", 1, 366, whole=True)
    followup_days: int = _told(42, "design", 1, 3660, whole=True)
    completion_week_1: float = _told(0.90, "assumption", 0, 1)
    completion_week_12: float = _told(0.75, "assumption", 0, 1)
    missing_slope: float = _told(0.15, "assumption", -5, 5)
    dropout_weekly: float = _told(0.02, "assumption", 0, 1)
    item_missing_rate: float = _told(0.03, "assumption", 0, 1)
    spasm_median: float = _told(4.0, "assumption", 0.01, 200)
    spasm_spread: float = _told(0.9, "assumption", 0, 3)
    spasm_slope: float = _told(0.30, "assumption", -1, 1)
    spasm_dispersion: float = _told(1.5, "assumption", 0.05, 1000)
    count_heaping: float = _told(0.25, "assumption", 0, 1)
    uncountable_above: int | None = _told(25, "assumption", 1, 500, whole=True)
    symptom_mean: tuple[float, float, float] = _told((4.0, 3.5, 5.0), "assumption", -20, 30)
    symptom_sd: tuple[float, float, float] = _told((2.5, 2.5, 2.5), "assumption", 0, 20)
    symptom_day_sd: float = _told(1.2, "assumption", 0, 20)
    stiffness_correlation: tuple[float, float, float] = _told(
        (0.50, 0.40, 0.35), "assumption", -0.99, 0.99
    )
    symptom_correlation: float = _told(0.45, "assumption", -0.99, 0.99)
    same_day_correlation: float = _told(0.30, "assumption", -1, 1)
    falls_per_day: float = _told(0.03, "assumption", 0, 5)
    missed_tablets: float = _told(0.06, "assumption", 0, 1)
    trigger_rate: float = _told(0.30, "assumption", 0, 1)
    unwanted_per_person: float = _told(0.4, "assumption", 0, 20)
    survey_response: float = _told(0.70, "assumption", 0, 1)
    therapies: tuple[tuple[str, float], ...] = _chosen((("physiotherapy", 1.0),))
    attendance: tuple[float, float, float, float] = _told(
        (0.78, 0.09, 0.08, 0.05), "assumption", 0, 1
    )
    start: dt.date = field(default=_START, metadata={"status": "design"})
    recruitment_days: int = _told(28, "design", 1, 3660, whole=True)
    code_prefix: str = _chosen("SIM")

    def __post_init__(self) -> None:
        """Refuse an impossible world early, by field name and allowed range."""
        for one in fields(self):
            if "low" in one.metadata:
                _check_range(one, getattr(self, one.name))
        if self.entry_days > self.baseline_days:
            raise ValueError(
                f"entry_days must be 1 to baseline_days ({self.baseline_days}), "
                f"got {self.entry_days}; people come in before their first session"
            )
        if not self.therapies or any(not name or share <= 0 for name, share in self.therapies):
            raise ValueError(
                "therapies must be at least one (name, share) with a share above 0, "
                f"got {self.therapies}"
            )
        if abs(sum(self.attendance) - 1) > 1e-9:
            raise ValueError(
                f"attendance must be four shares that add up to 1, got {self.attendance} "
                f"({sum(self.attendance):g})"
            )
        if not (self.code_prefix.isascii() and self.code_prefix.isalpha()
                and self.code_prefix.isupper()):  # fmt: skip
            raise ValueError(
                f"code_prefix must be one or more capital letters A to Z, got {self.code_prefix!r}"
            )
        if np.linalg.eigvalsh(symptom_correlations(self)).min() <= 1e-9:
            raise ValueError(
                "stiffness_correlation and symptom_correlation cannot hold together "
                f"({self.stiffness_correlation}, {self.symptom_correlation}); bring them nearer "
                "to 0"
            )

    @property
    def days(self) -> NDArray[np.int64]:
        """Days of the diary, day 0 being the first session."""
        return np.arange(-self.baseline_days, self.followup_days)


def _check_range(one: Field[Any], value: object) -> None:
    low, high = one.metadata["low"], one.metadata["high"]
    if value is None and one.default is not None and "None" in str(one.type):
        return
    values = value if isinstance(value, tuple) else (value,)
    wanted = f"{low:g} to {high:g}" + (" and a whole number" if one.metadata["whole"] else "")
    due = len(one.default) if isinstance(one.default, tuple) else 1
    if isinstance(value, tuple) != isinstance(one.default, tuple) or len(values) != due:
        shape = "one number" if due == 1 else f"a tuple of {due} numbers"
        raise ValueError(f"{one.name} must be {shape}, got {value!r}")
    for number in values:
        plain = isinstance(number, int | float | np.integer | np.floating)
        if not plain or isinstance(number, bool) or not low <= number <= high:
            raise ValueError(f"{one.name} must be {wanted}, got {value!r}")
        if one.metadata["whole"] and int(number) != number:
            raise ValueError(f"{one.name} must be {wanted}, got {value!r}")


def provenance(scenario: DiaryScenario) -> pd.DataFrame:
    """Return each field of `scenario` with its value and where the value comes from.

    Returns
    -------
    pandas.DataFrame
        Columns ``field``, ``value``, ``status``; a value other than the default is ``"set by the
        user"`` unless it is a choice of design.

    Examples
    --------
    >>> told = provenance(DiaryScenario(day_sd=2.0)).set_index("field")["status"]
    >>> told["level_mean"], told["drift_sd"], told["day_sd"]
    ('calibrated', 'assumption', 'set by the user')
    """
    rows = []
    for one in fields(scenario):
        value, status = getattr(scenario, one.name), one.metadata["status"]
        own = value != one.default and status != "design"
        rows.append(
            {"field": one.name, "value": value, "status": "set by the user" if own else status}
        )
    return pd.DataFrame(rows)


def symptom_correlations(scenario: DiaryScenario) -> NDArray[np.float64]:
    """Correlations between people of stiffness, pain, sleep disruption and fatigue."""
    matrix = np.full((4, 4), scenario.symptom_correlation)
    matrix[0, 1:] = matrix[1:, 0] = scenario.stiffness_correlation
    np.fill_diagonal(matrix, 1.0)
    return matrix
