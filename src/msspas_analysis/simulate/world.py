"""What the simulated world is like: people's symptoms, and how people keep a diary.

Every default is of the set :data:`~msspas_analysis.simulate.realism.REALISM` and carries a status
and a source. What is done to people is not here: a design says that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from msspas_analysis.simulate.realism import check_ranges, chosen, told
from msspas_analysis.tables import TRIGGERS

Mechanism = Literal["MCAR", "MAR", "MNAR"]
MECHANISMS: Final = ("MCAR", "MAR", "MNAR")

SYMPTOMS: Final = ("pain", "sleep_disruption", "fatigue")
"""The other 0-10 ratings of a diary day, in the order of every triple of fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """Something that makes symptoms worse for some days.

    Parameters
    ----------
    trigger : str
        One of :data:`~msspas_analysis.tables.TRIGGERS`.
    per_year : float
        Episodes of one person in a year, 0 to 366.
    days : tuple of two int
        Shortest and longest duration; every whole number between is as likely.
    points : float
        Added to latent stiffness on each of its days, -10 to 10.
    spasm_points : float or None
        Added to latent spasms; None is as `points`.

    Raises
    ------
    ValueError
        If a number is outside its range or the trigger is unknown.

    Examples
    --------
    >>> round(Episode(trigger="infection", per_year=0.8, days=(5, 14), points=1.5).burden, 4)
    0.0208
    """

    trigger: str
    per_year: float
    days: tuple[int, int]
    points: float
    spasm_points: float | None = None

    def __post_init__(self) -> None:
        """Refuse an impossible episode."""
        if self.trigger not in TRIGGERS:
            raise ValueError(f"trigger must be one of {TRIGGERS}, got {self.trigger!r}")
        if not 0 <= self.per_year <= 366:
            raise ValueError(f"{self.trigger}: per_year must be 0 to 366, got {self.per_year}")
        short, long = self.days
        if not 1 <= short <= long <= 366:
            raise ValueError(
                f"{self.trigger}: days must be (shortest, longest) from 1 to 366, got {self.days}"
            )
        for points in (self.points, 0.0 if self.spasm_points is None else self.spasm_points):
            if not -10 <= points <= 10:
                raise ValueError(f"{self.trigger}: points must be -10 to 10, got {points}")

    @property
    def burden(self) -> float:
        """Mean number of such episodes a person is in on any one day."""
        return self.per_year * (self.days[0] + self.days[1]) / 2 / 365.25


def _episode(trigger: str, per_year: float, short: int, long: int, points: float,
             spasm_points: float | None = None) -> Episode:  # fmt: skip
    return Episode(trigger=trigger, per_year=per_year, days=(short, long), points=points,
                   spasm_points=spasm_points)  # fmt: skip


EPISODES: Final = (
    _episode("infection", 0.8, 5, 14, 1.5, 2.0),
    _episode("relapse", 0.3, 21, 56, 1.5),
    _episode("bladder", 1.0, 2, 7, 0.7),
    _episode("bowel", 1.5, 2, 7, 0.7),
    _episode("skin", 0.2, 14, 42, 1.0),
    _episode("tight clothing", 2.0, 1, 1, 0.5),
    _episode("splint or orthosis", 0.3, 7, 21, 0.5),
    _episode("posture", 2.0, 1, 3, 0.4),
    _episode("equipment", 0.3, 7, 21, 0.5),
    _episode("stress", 3.0, 1, 7, 0.6),
)
"""What makes symptoms worse for a while. No published size of any of them was found."""

_C1: Final = "any stiffness 84.8 %, 4 or more 56.1 % of 260 people in UK clinics (Milinis 2014)"
_DRAW: Final = "no published value found; vary it"


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What people's symptoms are like and how people keep a diary; nothing is done to anybody.

    The tag in brackets is the status of the default. *Calibrated*: chosen so that the model
    reproduces published figures. *Derived*: follows from published figures by arithmetic.
    *Published*: printed in a source. *Assumption*: no source was found, so vary it.
    :func:`~msspas_analysis.simulate.realism.provenance` lists them with their sources.

    Parameters
    ----------
    level_mean, level_sd : float
        Where people with MS usually are on the 0-10 stiffness scale before rounding and clipping:
        mean 4.03 and standard deviation 3.05 points between people. With the parts below the
        total standard deviation is 3.43, which gives 84.7 % with any stiffness and 56.1 % at 4
        or more, as in UK clinics [calibrated]. Spasms have a latent course of the same size.
    drift_sd, drift_half_life : float
        Standard deviation, in points, of the slow drift about that level, and the days after
        which half of it is forgotten [assumption, both].
    day_sd, day_sd_spread : float
        Daily wobble: the middle person's standard deviation in points, and the standard deviation
        of its logarithm between people (0 makes everybody alike) [assumption, both].
    day_autocorrelation : float
        Correlation of one day's wobble with the next day's, 0 to 0.99; vary it from 0 to 0.5
        [assumption].
    spasm_correlation : float
        Correlation of latent stiffness and latent spasms, between people and within a person
        alike [derived: changes of the two correlate 0.63].
    trend_weekly : float
        Points by which everybody's latent symptoms change in a week, from the first day of the
        diary on; MS tends to get worse slowly [assumption: 0].
    bounded : bool
        Whether a rating stops at 0 and 10, as on the form. False shows what floor and ceiling do;
        tables cannot hold such ratings [design].
    episodes : tuple of Episode
        What makes symptoms worse for some days. ``level_mean`` is the mean with the average burden
        of the episodes included; an empty tuple turns them off [assumption, every one].
    heat_share : float
        Share of people whose symptoms follow the temperature at all [published: 60-80 % report
        it].
    heat_slope, cold_slope : tuple of two float
        Mean and standard deviation between those people of the points added for each degree
        above 22, and for each degree below 8, of the day's highest temperature. ``(0, 0)`` turns
        either off [assumption, both].
    medication_changes_per_year : float
        Changes of antispastic medicine of one person in a year; half of them lower latent
        symptoms by ``medication_points`` from that day on, half raise them [assumption].
    medication_points : float
        Size of that step [assumption].
    placebo_mean, placebo_sd : float
        Points by which expecting a benefit moves latent ratings once it is fully there, mean and
        standard deviation between people. A treatment says what share of it people get
        [calibrated: with entry at 4 or more, -0.95 after 12-15 weeks where -0.97 is published].
    placebo_onset_days : float
        Days until it is fully there, growing evenly [assumption].
    placebo_half_life : float or None
        Days after which half of it has faded; None is never [assumption].
    completion_week_1, completion_week_12 : float
        Share of days filled in, in week 1 and from week 12 on; a straight line between
        [assumption, anchored to diary studies].
    missing_mechanism : {"MCAR", "MAR", "MNAR"}
        What a missing day depends on: nothing; the person's last written rating; how that very day
        was [assumption: MNAR].
    missing_slope : float
        Added to the log-odds of a missing day for each point above the person's own usual
        rating; 0, or MCAR, makes days missing completely at random [assumption].
    missing_persistence : float
        Share of days that are kept or left out only because the day before was, which makes
        streaks, 0 to 0.95 [assumption: 0].
    dropout_weekly : float
        Chance that a diary stops for good at the end of any week [assumption].
    dropout_slope : float
        Added to the log-odds of stopping for each point the week is worse than the first week of
        the diary; positive makes those who stay look better [assumption: 0].
    backfilled : float
        Share of the missing days of a diary that were written later, from memory: the rounded
        mean of the other days of that page of seven. Nobody can see which these are
        [assumption: 0; for paper 0.4 to 0.6 is plausible].
    item_missing_rate : float
        Share of single answers left out on a day that was filled in; stiffness is never one of
        them [assumption, within the 1-6 % that questionnaires see].
    spasm_median, spasm_spread : float
        Spasms a day of the middle person at latent spasms of 5, and the standard deviation of its
        logarithm between people [assumption, both].
    spasm_slope : float
        Added to the logarithm of the daily count for each point of latent spasms between 0 and 10
        [assumption].
    spasm_dispersion : float
        Size (k) of the negative binomial of one person's daily counts: the variance is
        ``m + m**2 / k``; vary it from 0.5 to 5 [assumption].
    count_heaping : float
        Share of counts from 3 to 25 written as the nearest of 5, 10 and 20 [assumption].
    uncountable_above : int or None
        Counts above this are not known, only that they are at least so many ("too many to
        count"); None writes every count [assumption].
    spasm_type_shares : tuple of five float
        Share of people who ever have flexor spasms, extensor spasms, clonus, throat spasms and
        the MS hug, as in :data:`~msspas_analysis.tables.SPASM_TYPES` [assumption].
    spasm_type_days : float
        Share of days with spasms on which a person notes a kind that she has [assumption].
    hug_breathing : float
        Share of days with an MS hug of 5 or more on which it makes breathing hard [assumption].
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
        is none across days [assumption; no link across days is published].
    falls_per_day, missed_tablets : float
        Mean falls a day; share of days with missed tablets. Neither moves a rating [assumption].
    trigger_noticed : float
        Share of the days of an episode on which its trigger is ticked [assumption].
    trigger_rate : float
        Share of days on which some trigger is ticked that moves nothing [assumption].
    unwanted_per_person : float
        Mean number of unwanted effects noted for one person over the follow-up [assumption].

    Raises
    ------
    ValueError
        If a world is impossible; the message names the field, its allowed range and the value.

    Examples
    --------
    >>> World().spasm_correlation
    0.6
    """

    level_mean: float = told(4.03, "calibrated", -20, 30, _C1)
    level_sd: float = told(3.05, "calibrated", 0, 20, _C1)
    drift_sd: float = told(1.0, "assumption", 0, 20, _DRAW)
    drift_half_life: float = told(21.0, "assumption", 0.1, 10_000, _DRAW)
    day_sd: float = told(1.2, "assumption", 0, 20, _DRAW)
    day_sd_spread: float = told(
        0.35, "assumption", 0, 2,
        "people differ considerably and somewhat reliably in it (Schneider 2012); size not found",
    )  # fmt: skip
    day_autocorrelation: float = told(0.30, "assumption", 0, 0.99, _DRAW)
    spasm_correlation: float = told(
        0.60, "derived", -0.99, 0.99, "change in rating v change in spasm score r 0.63, Farrar 2008"
    )
    trend_weekly: float = told(0.0, "assumption", -1, 1, _DRAW)
    bounded: bool = chosen(True)
    episodes: tuple[Episode, ...] = chosen(
        EPISODES, "assumption", "no published size found; triggers as in Phadke 2013"
    )
    heat_share: float = told(
        0.70, "published", 0, 1, "internet survey of 2,529 people, 10.1186/1471-2377-11-27"
    )
    heat_slope: tuple[float, float] = told((0.05, 0.08), "assumption", 0, 1, _DRAW)
    cold_slope: tuple[float, float] = told((0.03, 0.05), "assumption", 0, 1, _DRAW)
    medication_changes_per_year: float = told(0.4, "assumption", 0, 52, _DRAW)
    medication_points: float = told(0.5, "assumption", 0, 10, _DRAW)
    placebo_mean: float = told(
        -0.7, "calibrated", -10, 10, "placebo arms -0.97, Wade 2010; -0.8, Collin 2010"
    )
    placebo_sd: float = told(0.5, "assumption", 0, 10, "24 % fall by 30 %, Collin 2010, as a check")
    placebo_onset_days: float = told(21.0, "assumption", 0, 366, _DRAW)
    placebo_half_life: float | None = told(None, "assumption", 1, 10_000, _DRAW)
    completion_week_1: float = told(
        0.90, "assumption", 0, 1, "near 85-94 % of electronic diaries (Ono 2019, Stone 2003)"
    )
    completion_week_12: float = told(
        0.75, "assumption", 0, 1, "compliance falls with time (Ono 2019); size not found"
    )
    missing_mechanism: Mechanism = chosen(  # noqa: RUF009 (it is a field)
        "MNAR", "assumption", _DRAW
    )
    missing_slope: float = told(0.15, "assumption", -5, 5, _DRAW)
    missing_persistence: float = told(0.0, "assumption", 0, 0.95, _DRAW)
    dropout_weekly: float = told(
        0.02, "assumption", 0, 1, "77-79 % of 77 people kept a diary for 12 weeks (Greenhalgh 2004)"
    )
    dropout_slope: float = told(0.0, "assumption", -5, 5, _DRAW)
    backfilled: float = told(
        0.0, "assumption", 0, 1, "paper diaries: 90 % said, 11 % kept in time (Stone 2003)"
    )
    item_missing_rate: float = told(0.03, "assumption", 0, 1, "questionnaire items 0-5.75 %")
    spasm_median: float = told(4.0, "assumption", 0.01, 200, _DRAW)
    spasm_spread: float = told(0.9, "assumption", 0, 3, _DRAW)
    spasm_slope: float = told(0.30, "assumption", -1, 1, _DRAW)
    spasm_dispersion: float = told(1.5, "assumption", 0.05, 1000, _DRAW)
    count_heaping: float = told(0.25, "assumption", 0, 1, _DRAW)
    uncountable_above: int | None = told(25, "assumption", 1, 500, _DRAW, whole=True)
    spasm_type_shares: tuple[float, float, float, float, float] = told(
        (0.60, 0.50, 0.40, 0.05, 0.25), "assumption", 0, 1, _DRAW
    )
    spasm_type_days: float = told(0.5, "assumption", 0, 1, _DRAW)
    hug_breathing: float = told(0.3, "assumption", 0, 1, _DRAW)
    symptom_mean: tuple[float, float, float] = told((4.0, 3.5, 5.0), "assumption", -20, 30, _DRAW)
    symptom_sd: tuple[float, float, float] = told((2.5, 2.5, 2.5), "assumption", 0, 20, _DRAW)
    symptom_day_sd: float = told(1.2, "assumption", 0, 20, _DRAW)
    stiffness_correlation: tuple[float, float, float] = told(
        (0.50, 0.40, 0.35), "assumption", -0.99, 0.99, "no published matrix found"
    )
    symptom_correlation: float = told(0.45, "assumption", -0.99, 0.99, "no published matrix found")
    same_day_correlation: float = told(
        0.30, "assumption", -1, 1, "no links across days (Kratz 2017); size within a day not found"
    )
    falls_per_day: float = told(0.03, "assumption", 0, 5, _DRAW)
    missed_tablets: float = told(0.06, "assumption", 0, 1, _DRAW)
    trigger_noticed: float = told(0.6, "assumption", 0, 1, _DRAW)
    trigger_rate: float = told(0.10, "assumption", 0, 1, _DRAW)
    unwanted_per_person: float = told(0.4, "assumption", 0, 20, _DRAW)

    def __post_init__(self) -> None:
        """Refuse an impossible world early, by field name and allowed range."""
        check_ranges(self)
        if self.missing_mechanism not in MECHANISMS:
            raise ValueError(
                f"missing_mechanism must be one of {MECHANISMS}, got {self.missing_mechanism!r}"
            )
        if not isinstance(self.bounded, bool):
            raise ValueError(f"bounded must be True or False, got {self.bounded!r}")
        if not all(isinstance(one, Episode) for one in self.episodes):
            raise ValueError(f"episodes must be a tuple of Episode, got {self.episodes!r}")
        if sum(one.burden for one in self.episodes) > 1:
            raise ValueError(
                "episodes must leave people some days without one: per_year times days adds up to "
                f"{sum(one.burden for one in self.episodes):.2f} episodes on any day, 1 at most"
            )
        if np.linalg.eigvalsh(symptom_correlations(self)).min() <= 1e-9:
            raise ValueError(
                "stiffness_correlation and symptom_correlation cannot hold together "
                f"({self.stiffness_correlation}, {self.symptom_correlation}); bring them nearer "
                "to 0"
            )

    @property
    def drift_keep(self) -> float:
        """Correlation of one day's drift with the next day's."""
        return float(0.5 ** (1.0 / self.drift_half_life))

    @property
    def feels_weather(self) -> bool:
        """Whether the temperature moves anybody's symptoms."""
        return any(self.heat_slope) or any(self.cold_slope)

    @property
    def episode_points(self) -> tuple[float, float]:
        """Mean points that episodes add to latent stiffness and latent spasms on any day."""
        stiffness = sum(one.burden * one.points for one in self.episodes)
        spasm = sum(
            one.burden * (one.points if one.spasm_points is None else one.spasm_points)
            for one in self.episodes
        )
        return stiffness, spasm


WorldT = TypeVar("WorldT", bound=World)

_STEADY: Final[Mapping[str, object]] = {
    "episodes": (), "heat_slope": (0.0, 0.0), "cold_slope": (0.0, 0.0),
    "medication_changes_per_year": 0.0,
}  # fmt: skip


def steady(world: WorldT) -> WorldT:
    """Return `world` without episodes, weather and changes of medicine.

    What is left is the three-part model with a closed form: level, slow drift and daily wobble.

    Examples
    --------
    >>> steady(World()).episodes
    ()
    """
    changes: dict[str, object] = dict(_STEADY)
    return replace(world, **changes)  # type: ignore[arg-type]


def symptom_correlations(world: World) -> NDArray[np.float64]:
    """Correlations between people of stiffness, pain, sleep disruption and fatigue."""
    matrix = np.full((4, 4), world.symptom_correlation)
    matrix[0, 1:] = matrix[1:, 0] = world.stiffness_correlation
    np.fill_diagonal(matrix, 1.0)
    return matrix
