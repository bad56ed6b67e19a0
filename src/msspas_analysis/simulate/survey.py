"""A registry survey of spasticity at one point in time: who is asked, who answers, what they say.

The whole registry is made first: sex, age, duration, disability and a latent severity that is cut
into the six grades people report. Then people are sampled, answer or not, and leave items out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, ndtr, ndtri

from msspas_analysis.instruments import get
from msspas_analysis.simulate.realism import check_ranges, chosen, told
from msspas_analysis.simulate.streams import stream
from msspas_analysis.tables import AGE_BANDS

__all__ = [
    "BLOCK", "PDDS_GROUPS", "SEVERITIES", "SimulatedSurvey", "SurveyCounts", "SurveyScenario",
    "respondent_shares", "simulate_survey", "simulate_survey_counts",
]  # fmt: skip

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Flags = NDArray[np.bool_]

BLOCK: Final = 64
"""Replicates that share one set of streams; a run may be split at multiples of it."""
SEVERITIES: Final = ("none", "minimal", "mild", "moderate", "severe", "total")
"""Grades 0 to 5 of the spasticity item."""
PDDS_GROUPS: Final = ("PDDS 0-2", "PDDS 3-5", "PDDS 6-8")
"""Strata by disability."""

_SAMPLING: Final = ("simple", "stratified", "clustered")
_STRATIFY_BY: Final = ("pdds", "centre")
_YOUNGEST, _OLDEST, _LONGEST, _NO_MS_BEFORE = 18, 90, 60, 10  # years
_SIZE: Final = "more than 20,000 published; 20,969 from memory"
_RIZZO: Final = "Rizzo 2004, PMID 15471378"
_PDDS: Final = "NARCOMS, n = 7,646, abstract AAN2023-003334"
_ANWAR: Final = "Anwar 2009, doi:10.3233/NRE-2009-0487, 35 people"
_BARNES: Final = "47 % at 2 or more: Barnes 2003, doi:10.1177/0888439002250449; the rest not found"
_MSSS: Final = "MSSS-88 items 0-5.75 %, doi:10.1186/s12955-014-0119-y"
_DRAW: Final = "no published value found; vary it"
_RAISES: Final = f"direction: {_RIZZO}; size: {_DRAW}"
_ODDS: Final = ("assumption", 0.1, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyScenario:
    """What a registry and its survey are like: every number, with where it comes from.

    The tag in brackets is the status of the default;
    :func:`~msspas_analysis.simulate.realism.provenance` lists status and source. Odds are factors:
    1 is no difference, 2 twice the odds. Tuples of shares add up to 1.

    Parameters
    ----------
    n_people : int
        People in the registry, the frame of the survey [design]. The survey of 2004 had more than
        20,000 (published); 20,969 is from memory.
    severity_shares : tuple of six float
        Shares of everybody in the registry with no, minimal, mild, moderate, severe and total
        spasticity [published, of those who answered].
    male_share, age_mean, age_sd : float
        Share of men; age, normal before rounding to years and clipping to 18 to 90 [assumption].
    duration_mean, duration_sd : float
        Years of MS, log-normal before rounding and clipping to 0 to 60; nobody has had it since
        before the age of 10 [assumption].
    age_duration_correlation, pdds_duration_correlation : float
        Correlation of the normal score of duration with that of age and of PDDS, -0.95 to 0.95
        [assumption].
    pdds_shares : tuple of nine float
        Shares with PDDS 0 to 8 [published].
    severity_odds_male, severity_odds_per_decade_of_age, severity_odds_per_decade_of_ms : float
        Odds of being above any one grade: of men, for ten more years of age, for ten more years
        of MS [assumption; that each raises severity is published].
    severity_odds_per_pdds_step : float
        The same for a step of PDDS [assumption; the direction is published]. By default 50 % are
        moderate or worse at PDDS 4 and above; of another sample 64 % is published.
    n_centres : int
        Centres that people belong to, of equal size to within one person [design].
    centre_correlation : float
        Correlation of latent severity of two people of one centre who are alike in sex, age,
        duration and PDDS, 0 to 0.9 [assumption].
    sampling : {"simple", "stratified", "clustered"}
        At random from the registry, from each stratum, or from centres drawn first [design].
    sampling_fraction, centre_fraction : float
        Share sampled of the registry (simple) or of each drawn centre (clustered); share of the
        centres that are drawn. At least one of each is [design].
    stratify_by, stratum_fractions : {"pdds", "centre"}, tuple of three float
        Strata and the share sampled of each, at least one person: PDDS 0-2, 3-5 and 6-8 as the
        registry has it, or the centres, which take the three fractions in turn [design].
    response_share : float
        Share answering among women of mean age with no spasticity, 0.001 to 1 [assumption].
    response_odds_per_level, response_odds_per_decade, response_odds_male : float
        Odds of answering for each grade of severity, to be varied from 1.0 to 1.5, for ten more
        years of age, and of men [assumption].
    examined_share, examiner_correlation : float
        Share of respondents whom an examiner also sees [design]; correlation of the latent tone
        rated then with latent severity, -0.99 to 0.99 [published, of observed ratings].
    examiner_shares : tuple of six float
        Shares of everybody with Modified Ashworth 0, 1, 1+, 2, 3 and 4 at the knee, met to 0.1
        percentage points, to 1 at a correlation of 0.99 [assumption; 47 % at 2+ is published].
    item_missing_rate, severity_missing_rate : float
        Share leaving out each of sex, age, duration and PDDS, and the spasticity item itself
        [assumption].

    Raises
    ------
    ValueError
        If a world is impossible; the message names the field, its allowed range and the value.

    Notes
    -----
    Proportional odds: latent severity is the sum of the covariates, a level of the centre and the
    person's own part, cut at five points. These are solved for the exact joint distribution of
    the covariates, so `severity_shares` hold in the registry whatever the odds. Centre levels have
    the bridge distribution (Wang & Louis 2003, Biometrika 90:765), with which centre and own part
    add up to a standard logistic: the odds are those of the whole registry at any
    `centre_correlation`. Not in this world: people outside the registry, wrong answers, a centre
    that answers as a whole, and items left out because of what they ask.

    Examples
    --------
    >>> SurveyScenario(centre_correlation=1.0)
    Traceback (most recent call last):
        ...
    ValueError: centre_correlation must be 0 to 0.9, got 1.0
    """

    n_people: int = told(1000, "design", 1, 10_000_000, _SIZE, whole=True)
    severity_shares: tuple[float, ...] = told(
        (0.16, 0.31, 0.19, 0.17, 0.13, 0.04), "published", 0, 1, _RIZZO
    )
    male_share: float = told(0.28, "assumption", 0, 1, _DRAW)
    age_mean: float = told(52.0, "assumption", 18, 90, _DRAW)
    age_sd: float = told(11.0, "assumption", 0.5, 40, _DRAW)
    duration_mean: float = told(15.0, "assumption", 0.5, 50, _DRAW)
    duration_sd: float = told(10.0, "assumption", 0.5, 40, _DRAW)
    age_duration_correlation: float = told(0.5, "assumption", -0.95, 0.95, _DRAW)
    pdds_duration_correlation: float = told(0.4, "assumption", -0.95, 0.95, _DRAW)
    pdds_shares: tuple[float, ...] = told(
        (0.15, 0.14, 0.09, 0.11, 0.13, 0.09, 0.13, 0.15, 0.01), "published", 0, 1, _PDDS
    )
    severity_odds_male: float = told(1.3, *_ODDS, _RAISES)
    severity_odds_per_decade_of_age: float = told(1.1, *_ODDS, _RAISES)
    severity_odds_per_decade_of_ms: float = told(1.2, *_ODDS, _RAISES)
    severity_odds_per_pdds_step: float = told(1.4, *_ODDS, f"direction: {_PDDS}; size: {_DRAW}")
    n_centres: int = told(20, "design", 1, 100_000, whole=True)
    centre_correlation: float = told(0.02, "assumption", 0, 0.9, _DRAW)
    sampling: str = chosen("simple")
    sampling_fraction: float = told(1.0, "design", 0.0001, 1)
    stratify_by: str = chosen("pdds")
    stratum_fractions: tuple[float, ...] = told((0.25, 0.5, 1.0), "design", 0.0001, 1)
    centre_fraction: float = told(0.5, "design", 0.0001, 1)
    response_share: float = told(0.6, "assumption", 0.001, 1, _DRAW)
    response_odds_per_level: float = told(1.0, *_ODDS, f"{_DRAW}, 1.0 to 1.5")
    response_odds_per_decade: float = told(1.0, *_ODDS, _DRAW)
    response_odds_male: float = told(1.0, *_ODDS, _DRAW)
    examined_share: float = told(0.2, "design", 0, 1)
    examiner_correlation: float = told(0.45, "published", -0.99, 0.99, _ANWAR)
    examiner_shares: tuple[float, ...] = told(
        (0.18, 0.20, 0.15, 0.27, 0.15, 0.05), "assumption", 0, 1, _BARNES
    )
    item_missing_rate: float = told(0.03, "assumption", 0, 1, _MSSS)
    severity_missing_rate: float = told(0.02, "assumption", 0, 1, _DRAW)

    def __post_init__(self) -> None:
        """Refuse an impossible world early, by field name and allowed range."""
        check_ranges(self)
        for name in ("severity_shares", "pdds_shares", "examiner_shares"):
            got = getattr(self, name)
            if abs(sum(got) - 1) > 1e-9:
                raise ValueError(f"{name} must add up to 1, got {got} ({sum(got):g})")
        for name, allowed in (("sampling", _SAMPLING), ("stratify_by", _STRATIFY_BY)):
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} must be one of {allowed}, got {getattr(self, name)!r}")
        got, most = self.n_centres, self.n_people
        if got > most:
            raise ValueError(f"n_centres must be 1 to n_people ({most}), got {got}")

    @property
    def strata(self) -> tuple[str, ...]:
        """Names of the strata, in the order of `stratum_fractions`; one if there are none."""
        if self.sampling != "stratified":
            return ("all",)
        return PDDS_GROUPS if self.stratify_by == "pdds" else self.centres

    @property
    def centres(self) -> tuple[str, ...]:
        """Names of the centres."""
        return tuple(f"C{number:03}" for number in range(1, self.n_centres + 1))


class SurveyCounts(NamedTuple):
    """People at each grade of severity in many surveys, arrays of shape (replicates, 6).

    ``respondents``: those who did not leave the item out. ``weighted``: the same people, each
    counted 1 / inclusion probability times; with every answer in, the Horvitz-Thompson estimate of
    ``population``: everybody in the registry, by true grade.
    """

    respondents: Whole
    weighted: Floats
    population: Whole


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulatedSurvey:
    """One simulated survey: the answers that came in, and the truth about the whole registry.

    Parameters
    ----------
    respondents : pandas.DataFrame
        A row for each person who answered: ``person_id``, ``centre``, ``sex``, ``age_band``,
        ``age``, ``duration_years``, ``pdds``, ``severity`` (0 to 5), ``severity_label``,
        ``examiner`` (Modified Ashworth code at the knee of those examined), ``weight``
        (1 / inclusion probability, not corrected for people who did not answer), ``stratum`` (as
        the registry has it). Items left out are empty; sex and age band are "not stated".
    truth : pandas.DataFrame
        A row for everybody in the registry: ``person_id``, ``centre``, ``stratum``, ``sex``,
        ``age``, ``duration_years``, ``pdds``, ``latent`` (severity on the log-odds scale),
        ``severity`` (grade), ``tone_latent`` (standard deviations), ``examiner`` (code an examiner
        would give), ``inclusion_probability``, ``sampled``, ``response_probability`` (if sampled),
        ``responded``, and ``why_missing``, why `respondents` lacks the severity: "not sampled",
        "did not respond", "item left out" or "".
    scenario, seed : SurveyScenario, int
        Same scenario and seed: same survey.
    """

    respondents: pd.DataFrame
    truth: pd.DataFrame
    scenario: SurveyScenario
    seed: int


class _Law(NamedTuple):
    """What follows before any draw; each cell is one combination of covariates."""

    weight: Floats
    male: Whole
    age: Whole
    pdds: Whole
    predictor: Floats
    cuts: Floats
    mean: float
    sd: float


class _Draw(NamedTuple):
    """The complete truth and who answered, (replicates, n_people) each but `centre`."""

    centre: Whole  # (n_people,), from 0
    male: Flags
    age: Whole
    duration: Whole
    pdds: Whole
    latent: Floats
    severity: Whole
    tone_latent: Floats
    tone: Whole  # place of the grade in 0, 1, 1+, 2, 3, 4
    stratum: Whole  # place in SurveyScenario.strata
    inclusion: Floats
    response: Floats
    sampled: Flags
    responded: Flags
    left_out: Flags


@lru_cache(maxsize=64)
def _law(scenario: SurveyScenario) -> _Law:
    """Return the exact distribution of the covariates and the cut-points that give the shares."""
    s, chance = scenario, _covariates(scenario)
    male, duration, age, pdds = (
        np.broadcast_to(x, chance.shape)[chance > 0]
        for x in np.ogrid[0:2, 0 : _LONGEST + 1, _YOUNGEST : _OLDEST + 1, 0:9]
    )
    weight = chance[chance > 0]
    predictor = _predictor(s, male, age, np.minimum(duration, age - _NO_MS_BEFORE), pdds)
    mean = float(weight @ predictor)
    sd = float(np.sqrt(weight @ (predictor - mean) ** 2 + np.pi**2 / 3))

    def excess(cut: float, share: float) -> float:
        return float(weight @ expit(cut - predictor) - share)

    low, high = predictor.min() - 40.0, predictor.max() + 40.0
    cuts = np.array([
        brentq(excess, low, high, args=(share,), xtol=1e-12)
        if 1e-12 < share < 1 - 1e-12 else np.copysign(np.inf, share - 0.5)
        for share in np.cumsum(s.severity_shares)[:-1]
    ])  # fmt: skip
    return _Law(weight, male, age, pdds, predictor, cuts, mean, sd)


def _covariates(s: SurveyScenario) -> Floats:
    """Return the chance of each (sex, duration, age, PDDS), before MS is limited by age."""
    # given the normal score of duration, z, age and PDDS are independent: so one Gauss-Legendre
    # rule within each year of duration gives their joint distribution
    mu, spread = _log_normal(s)
    edges = np.r_[-9.0, (np.log(np.arange(_LONGEST) + 0.5) - mu) / spread, 9.0].clip(-9.0, 9.0)
    node, rule = np.polynomial.legendre.leggauss(96)
    half = np.diff(edges)[:, None] / 2
    z = edges[:-1, None] + half * (1.0 + node)
    density = half * rule * np.exp(-(z**2) / 2)

    def given(cuts: Any, r: float) -> Any:
        bounds = np.r_[-np.inf, cuts, np.inf]
        return np.diff(ndtr((bounds - r * z[:, :, None]) / np.sqrt(1 - r**2)))

    ages = (np.arange(_YOUNGEST, _OLDEST) + 0.5 - s.age_mean) / s.age_sd
    age = density[:, :, None] * given(ages, s.age_duration_correlation)
    pdds = given(_normal_cuts(s.pdds_shares), s.pdds_duration_correlation)
    joint, sexes = age.swapaxes(1, 2) @ pdds, np.array([1 - s.male_share, s.male_share])
    return np.asarray(np.multiply.outer(sexes, joint / joint.sum()), dtype=np.float64)


def _log_normal(s: SurveyScenario) -> tuple[float, float]:
    """Mean and standard deviation of the logarithm of the years of MS."""
    variance = np.log1p((s.duration_sd / s.duration_mean) ** 2)
    return float(np.log(s.duration_mean) - variance / 2), float(np.sqrt(variance))


def _normal_cuts(shares: tuple[float, ...]) -> Floats:
    """Points that cut a standard normal into these shares."""
    return np.asarray(ndtri(np.clip(np.cumsum(shares)[:-1], 0.0, 1.0)), dtype=np.float64)


def _predictor(s: SurveyScenario, male: Any, age: Any, duration: Any, pdds: Any) -> Floats:
    """Sum up what the covariates add to latent severity, on the log-odds scale."""
    predictor: Floats = (
        np.log(s.severity_odds_male) * male
        + np.log(s.severity_odds_per_decade_of_age) * (age - s.age_mean) / 10
        + np.log(s.severity_odds_per_decade_of_ms) * (duration - s.duration_mean) / 10
        + np.log(s.severity_odds_per_pdds_step) * pdds
    )
    return predictor


def _response(s: SurveyScenario, severity: Any, age: Any, male: Any) -> Floats:
    """Probability of answering if asked."""
    odds = s.response_share * np.exp(
        np.log(s.response_odds_per_level) * severity
        + np.log(s.response_odds_per_decade) * (age - s.age_mean) / 10
        + np.log(s.response_odds_male) * male
    )
    return np.asarray(odds / (1 - s.response_share + odds), dtype=np.float64)


def respondent_shares(scenario: SurveyScenario) -> Floats:
    """Return the severity distribution to be expected among respondents, without drawing.

    Parameters
    ----------
    scenario : SurveyScenario
        The world.

    Returns
    -------
    numpy.ndarray, shape (6,)
        Expected respondents at each grade over all expected respondents, not weighted. Answering
        that depends on severity, age or sex moves it, and so does unequal sampling of PDDS
        groups; an item left out at random does not.

    Examples
    --------
    Odds of answering 1.5 times higher for each grade make 66 % with any spasticity look like
    84 %, if few answer; if 60 % of those without spasticity do, like 72 %:

    >>> any_level = tuple(0.66 * p / 0.84 for p in (0.31, 0.19, 0.17, 0.13, 0.04))
    >>> for share, odds in ((0.02, 1.0), (0.02, 1.5), (0.60, 1.5)):
    ...     world = SurveyScenario(severity_shares=(0.34, *any_level), response_share=share,
    ...                            response_odds_per_level=odds)
    ...     print(f"{1 - respondent_shares(world)[0]:.2f}")
    0.66
    0.84
    0.72
    """
    s, law = scenario, _law(scenario)
    edges = np.r_[-np.inf, law.cuts, np.inf]
    grade = np.diff(expit(edges - law.predictor[:, None]), axis=1)
    asked = law.weight
    if s.sampling == "stratified" and s.stratify_by == "pdds":
        asked = asked * np.array(s.stratum_fractions)[law.pdds // 3]
    expected = asked @ (grade * _response(s, np.arange(6), law.age[:, None], law.male[:, None]))
    return np.asarray(expected / expected.sum(), dtype=np.float64)


def simulate_survey_counts(
    scenario: SurveyScenario, *, seed: int, replicates: int, first: int = 0
) -> SurveyCounts:
    """Count the severity grades of many surveys and of the registries behind them.

    Parameters
    ----------
    scenario : SurveyScenario
        The world.
    seed : int
        Seed, 0 or more. Replicate 0 is the survey of :func:`simulate_survey`.
    replicates : int
        Surveys to draw, 1 or more. Drawing more of them leaves the earlier ones as they are.
    first : int
        Number of the first replicate, a multiple of :data:`BLOCK`, so that a long run can be
        split over processes and give the same numbers.

    Returns
    -------
    SurveyCounts
        Arrays of shape (replicates, 6). One block at a time is held in memory.

    Raises
    ------
    ValueError
        If `replicates`, `first` or `seed` is out of range.

    Examples
    --------
    >>> counts = simulate_survey_counts(SurveyScenario(n_people=200), seed=1, replicates=3)
    >>> counts.population.sum(axis=1).tolist()
    [200, 200, 200]
    """
    if replicates < 1:
        raise ValueError(f"replicates must be 1 or more, got {replicates}")
    if first < 0 or first % BLOCK:
        raise ValueError(f"first must be 0 or a multiple of {BLOCK}, got {first}")
    parts = []
    for done in range(0, replicates, BLOCK):
        n = min(BLOCK, replicates - done)
        drawn = _block(scenario, n, seed=seed, block=(first + done) // BLOCK)
        cell = drawn.severity + 6 * np.arange(n)[:, None]
        known = drawn.responded & ~drawn.left_out
        parts.append((
            np.bincount(cell[known], minlength=6 * n).reshape(n, 6),
            np.bincount(cell[known], 1 / drawn.inclusion[known], 6 * n).reshape(n, 6),
            np.bincount(cell.ravel(), minlength=6 * n).reshape(n, 6),
        ))  # fmt: skip
    return SurveyCounts(*(np.concatenate(part) for part in zip(*parts, strict=True)))


def _block(scenario: SurveyScenario, replicates: int, *, seed: int, block: int = 0) -> _Draw:
    """Draw one block; replicates lead every array, so fewer of them are a prefix of more."""
    s, law, shape = scenario, _law(scenario), (replicates, scenario.n_people)

    def rng(what: str) -> np.random.Generator:
        return stream(seed, f"survey: {what}", block)

    def normal(what: str, known: Floats, r: float) -> Any:
        return r * known + np.sqrt(1 - r**2) * rng(what).standard_normal(shape)

    male = rng("sex").random(shape) < s.male_share
    score = rng("duration").standard_normal(shape)
    older = normal("age", score, s.age_duration_correlation)
    age = np.clip(np.rint(s.age_mean + s.age_sd * older), _YOUNGEST, _OLDEST).astype(np.int64)
    mu, spread = _log_normal(s)
    duration = np.minimum(np.rint(np.exp(mu + spread * score)), _LONGEST).astype(np.int64)
    duration = np.minimum(duration, age - _NO_MS_BEFORE)
    worse = normal("PDDS", score, s.pdds_duration_correlation)
    pdds = np.searchsorted(_normal_cuts(s.pdds_shares), worse)

    centre = np.arange(s.n_people) % s.n_centres
    # the bridge distribution: with the own part it adds up to a standard logistic
    u = np.clip(rng("centre levels").random((replicates, s.n_centres)), 1e-12, 1 - 1e-12)
    angle = np.pi * np.sqrt(1 - s.centre_correlation)
    level = np.log(np.sin(angle * u) / np.sin(angle * (1 - u)))
    own = np.sqrt(1 - s.centre_correlation) * rng("severity").logistic(size=shape)
    latent = _predictor(s, male, age, duration, pdds) + level[:, centre] + own
    severity = np.searchsorted(law.cuts, latent)
    standard = (latent - law.mean) / law.sd
    tone_latent = normal("muscle tone", standard, s.examiner_correlation)

    stratum, inclusion, sampled = _sampled(
        s, centre, pdds, people=rng("sampled people"), places=rng("sampled centres")
    )
    response = _response(s, severity, age, male)
    return _Draw(
        centre=centre, male=male, age=age, duration=duration, pdds=pdds, latent=latent,
        severity=severity, tone_latent=tone_latent,
        tone=np.searchsorted(_normal_cuts(s.examiner_shares), tone_latent),
        stratum=stratum, inclusion=inclusion, response=response, sampled=sampled,
        responded=sampled & (rng("answering").random(shape) < response),
        left_out=rng("left out: severity").random(shape) < s.severity_missing_rate,
    )  # fmt: skip


def _sampled(
    s: SurveyScenario, centre: Whole, pdds: Whole, *,
    people: np.random.Generator, places: np.random.Generator,
) -> tuple[Whole, Floats, Flags]:  # fmt: skip
    """Return stratum, inclusion probability and who is sampled, each (replicates, n_people).

    Without replacement within each group; a larger fraction keeps whoever was sampled before.
    """
    row = np.arange(len(pdds))[:, None]
    group, fractions = np.zeros_like(pdds), np.array([s.sampling_fraction])
    if s.sampling == "clustered":
        group, fractions = centre + 0 * pdds, np.full(s.n_centres, s.sampling_fraction)
    elif s.sampling == "stratified":
        group = pdds // 3 if s.stratify_by == "pdds" else centre + 0 * pdds
        fractions = np.resize(s.stratum_fractions, len(s.strata))
    cells = (group + fractions.size * row).ravel()
    size = np.bincount(cells, minlength=len(pdds) * fractions.size).reshape(len(pdds), -1)
    take = np.minimum(size, np.maximum(1, np.rint(fractions * size)))
    # the place of a person in the random order of the own group
    order = np.argsort(group + people.random(pdds.shape), axis=1)
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.arange(pdds.shape[1])[None, :], axis=1)
    place -= (np.cumsum(size, axis=1) - size)[row, group]
    sampled: Flags = place < take[row, group]
    inclusion: Floats = take[row, group] / size[row, group]
    if s.sampling == "clustered":
        luck = places.random((len(pdds), s.n_centres))
        due = max(1, round(s.centre_fraction * s.n_centres))
        drawn = luck.argsort(axis=1).argsort(axis=1) < due
        return 0 * group, inclusion * due / s.n_centres, sampled & drawn[row, group]
    return group, inclusion, sampled


def simulate_survey(scenario: SurveyScenario, *, seed: int) -> SimulatedSurvey:
    """Draw one registry and its survey.

    The complete truth is made first; who answers and what is left out is decided last, so fewer
    answers leave every remaining row as it was.

    Parameters
    ----------
    scenario : SurveyScenario
        The world.
    seed : int
        Seed, 0 or more. The people are replicate 0 of :func:`simulate_survey_counts`.

    Returns
    -------
    SimulatedSurvey
        The respondents, and the truth about everybody in the registry.

    Raises
    ------
    ValueError
        If `seed` is negative.

    Examples
    --------
    >>> drawn = simulate_survey(SurveyScenario(n_people=100), seed=4)
    >>> len(drawn.truth), len(drawn.respondents) == drawn.truth["responded"].sum()
    (100, np.True_)
    """
    s, n = scenario, scenario.n_people
    drawn = _block(s, 1, seed=seed)
    one = {name: values[0] for name, values in drawn._asdict().items() if name != "centre"}
    truth = pd.DataFrame({
        "person_id": [f"REG{number:05}" for number in range(1, n + 1)],
        "centre": np.array(s.centres)[drawn.centre], "stratum": np.array(s.strata)[one["stratum"]],
        "sex": np.where(one["male"], "male", "female"), "age": one["age"],
        "duration_years": one["duration"], "pdds": one["pdds"], "latent": one["latent"],
        "severity": one["severity"], "tone_latent": one["tone_latent"],
        "examiner": np.array(get("mas").codes)[one["tone"]],
        "inclusion_probability": one["inclusion"], "sampled": one["sampled"],
        "response_probability": one["response"], "responded": one["responded"],
        "why_missing": np.select(
            [~one["sampled"], ~one["responded"], one["left_out"]],
            ["not sampled", "did not respond", "item left out"], default="",
        ),
    })  # fmt: skip

    def gone(what: str, share: float) -> Flags:
        return stream(seed, f"survey: {what}").random(n) < share

    numbers = dict.fromkeys(("age", "duration_years", "pdds", "severity"), np.float64)
    seen = truth.astype(numbers).assign(
        age_band=np.array(AGE_BANDS)[np.digitize(one["age"], (30, 40, 50, 60, 70))],
        severity_label=np.array(SEVERITIES)[one["severity"]],
        weight=1.0 / truth["inclusion_probability"],
    )
    for name in ("sex", "age", "duration_years", "pdds"):
        seen[name] = seen[name].mask(gone(f"left out: {name}", s.item_missing_rate))
    seen["sex"] = seen["sex"].fillna("not stated")
    seen["age_band"] = seen["age_band"].mask(seen["age"].isna(), "not stated")
    seen["examiner"] = seen["examiner"].mask(~gone("examined", s.examined_share))
    for name in ("severity", "severity_label"):
        seen[name] = seen[name].mask(one["left_out"])
    columns = ["person_id", "centre", "sex", "age_band", "age", "duration_years", "pdds",
               "severity", "severity_label", "examiner", "weight", "stratum"]  # fmt: skip
    respondents = seen.loc[one["responded"], columns].reset_index(drop=True)
    return SimulatedSurvey(
        respondents=_plain(respondents), truth=_plain(truth), scenario=scenario, seed=seed
    )


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Hold text as objects, and what is empty in it as None, as the tidy tables do."""
    text = list(frame.columns[[not pd.api.types.is_numeric_dtype(d) for d in frame.dtypes]])
    out = frame.astype(dict.fromkeys(text, "object"))
    out[text] = out[text].where(out[text].notna(), None)
    return out
