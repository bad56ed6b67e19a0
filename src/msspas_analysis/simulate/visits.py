"""What an examiner or a form at a visit would have written: Ashworth grades, Penn, MSSS-88.

Observation only. The latent states come in as arrays, drawn elsewhere; nothing here moves them.
Tone and symptoms are two things that often disagree, so an Ashworth grade shares only a part of
its variance with the stiffness people report, and either can be shifted without the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from msspas_analysis.instruments import get
from msspas_analysis.simulate.msss88 import MIDDLE, msss88, msss88_sums
from msspas_analysis.simulate.realism import as_latent, check_shape, check_share
from msspas_analysis.tables import ASSESSMENTS

__all__ = [
    "ASHWORTH", "PENN_BANDS", "AshworthModel", "ashworth_grades", "assessment_table",
    "modified_ashworth", "msss88", "msss88_items", "msss88_sums", "muscle_tone", "penn_frequency",
    "penn_severity",
]  # fmt: skip

Floats = NDArray[np.float64]
Ranks = NDArray[np.int64]

_WAKING_HOURS: Final = 16.0
PENN_BANDS: Final = (0.3, 1.0, 1.0 * _WAKING_HOURS, 10.0 * _WAKING_HOURS)
"""Most spasms a day of Penn frequency 0, 1, 2 and 3.

One and ten an hour over 16 waking hours [derived; the hours are an assumption]. Below one a day
somebody has them only when provoked, below 0.3 none [assumption]."""

# Penn severity: the person's own part, the visit's part, and points of spasm [assumption, all]
_SEVERITY_PERSON: Final = 0.6
_SEVERITY_VISIT: Final = 0.8
_SEVERITY_SLOPE: Final = 0.15
_SEVERITY_CUTS: Final = (-0.4, 0.9)


@dataclass(frozen=True, slots=True, kw_only=True)
class AshworthModel:
    """How a Modified Ashworth grade comes about.

    Tone has mean 0 and variance 1 in the group that is described, rating error included. Its parts
    are the stiffness people feel, what is lasting in the person and the muscle, what is of the
    day, and the rater's error; the lasting part is what the other three leave.

    Parameters
    ----------
    loading : float
        Correlation of tone with the latent stiffness, 0 to 1. Six grades for a continuum take 4 %
        off, so 0.47 gives 0.45 with the grade's rank [calibrated to Anwar 2009,
        doi:10.3233/NRE-2009-0487: r 0.459 and 0.446 with the mean daily rating, n = 35].
    visit : float
        Share of the variance that is new at each visit though nobody errs, 0 to 1. With an
        unchanged latent the ranks of two visits have an intraclass correlation of 0.75, the top of
        the 0.40-0.75 published for legs in spinal cord injury, PMID 19786977 [calibrated; no
        figure in MS].
    rater : float
        Share of the variance that is the rater's error, 0 to 1. Two raters of one muscle at one
        visit then agree with kappa 0.55, between the 0.514 of two raters and the 0.590 of one
        rater a week apart in hemiplegia, PMID 18560139 [calibrated; no figure in MS]. Cohen's
        kappa without weights: its printed standard error, 0.046 in 180 muscles, is that of the
        unweighted one [derived].
    between_sites, between_sides : float
        Correlation of the lasting parts of two different muscles of a person, and of the left and
        the right of one muscle, 0 to 1, the second no smaller [calibrated, so that the mean of
        six leg muscles correlates about 0.52 with the MSSS-88 muscle stiffness score, Freeman
        2019, doi:10.1177/1179572718823510, n = 34; which muscles were graded there is not known.
        The difference between sites and sides is an assumption].
    cuts : tuple of five float
        Rising tone above which a muscle gets 1, 1+, 2, 3 and 4; shares 15, 25, 20, 22, 15 and
        3 % [assumption]. One grade is about 0.7 of tone in the middle.

    Raises
    ------
    ValueError
        If a share is out of range, they add up to more than 1, or the cuts do not rise.

    Examples
    --------
    >>> round(AshworthModel().muscle, 4)
    0.5691
    """

    loading: float = field(default=0.47, metadata={"status": "calibrated"})
    visit: float = field(default=0.15, metadata={"status": "calibrated"})
    rater: float = field(default=0.06, metadata={"status": "calibrated"})
    between_sites: float = field(default=0.45, metadata={"status": "calibrated"})
    between_sides: float = field(default=0.70, metadata={"status": "assumption"})
    cuts: tuple[float, ...] = field(
        default=(-1.04, -0.25, 0.25, 0.92, 1.88), metadata={"status": "assumption"}
    )

    def __post_init__(self) -> None:
        """Refuse shares that cannot hold together."""
        for one in fields(self):
            if one.name != "cuts":
                check_share(one.name, getattr(self, one.name))
        if self.muscle < -1e-12:
            raise ValueError(
                "loading squared, visit and rater must add up to 1 or less, got "
                f"{1 - self.muscle:g}"
            )
        if self.between_sides < self.between_sites:
            raise ValueError(
                f"between_sides must be between_sites ({self.between_sites:g}) to 1, got "
                f"{self.between_sides:g}; the two sides of a muscle are no less alike"
            )
        if len(self.cuts) != len(get("mas").codes) - 1 or not (np.diff(self.cuts) > 0).all():
            raise ValueError(f"cuts must be five rising numbers, got {self.cuts}")

    @property
    def muscle(self) -> float:
        """Share of the variance that is lasting in the person and the muscle."""
        return 1.0 - self.loading**2 - self.visit - self.rater


ASHWORTH: Final = AshworthModel()
"""The defaults of :class:`AshworthModel`."""


def muscle_tone(
    stiffness: ArrayLike, *, mean: float, sd: float, sites: Sequence[str],
    rng: np.random.Generator, shift: ArrayLike = 0.0, model: AshworthModel = ASHWORTH,
) -> Floats:  # fmt: skip
    """Draw the true tone of each muscle at each visit, before anybody rates it.

    Parameters
    ----------
    stiffness : array_like, shape (..., n_people, n_visits)
        Latent stiffness in points of the 0-10 scale, not clipped; best the mean of the days
        before the visit, which is what the published correlation is with.
    mean, sd : float
        Mean and standard deviation (above 0) of `stiffness` in the group in which the correlation
        is to hold, in points.
    sites : sequence of str
        Names of the muscles, each once. Two that differ only in ``_l`` and ``_r`` at the end are
        the two sides of one muscle.
    rng : numpy.random.Generator
        Stream of the muscles.
    shift : array_like
        True change of tone that is not felt as stiffness, in standard deviations of tone,
        broadcast to ``(..., n_people, n_visits)``; negative is looser. 0.7 is about a grade.
    model : AshworthModel
        The parts of tone.

    Returns
    -------
    numpy.ndarray, shape (..., n_people, n_visits, n_sites)
        Tone; mean 0 and variance ``1 - model.rater`` in that group.

    Raises
    ------
    ValueError
        If a shape or a range does not fit.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> muscle_tone(np.full((30, 2), 6.0), mean=6, sd=2, sites=["knee"], rng=rng).shape
    (30, 2, 1)
    """
    felt = as_latent("stiffness", stiffness)
    if not (np.isfinite(mean) and np.isfinite(sd) and sd > 0):
        raise ValueError(f"mean must be a number and sd above 0, got mean {mean} and sd {sd}")
    names = _sites(sites)
    people = felt.shape[:-1]
    own = _lasting(people, names, model, rng=rng)[..., None, :]
    today = rng.standard_normal((*felt.shape, len(names)))
    moved = _broadcast("shift", shift, felt.shape)
    shared = model.loading * (felt - mean) / sd + moved
    tone: Floats = shared[..., None] + np.sqrt(max(model.muscle, 0.0)) * own
    tone += np.sqrt(model.visit) * today
    return tone


def _lasting(
    people: tuple[int, ...], sites: tuple[str, ...], model: AshworthModel, *,
    rng: np.random.Generator,
) -> Floats:  # fmt: skip
    """Draw the lasting part of each muscle, ``(..., n_people, n_sites)``, of variance 1."""
    muscles = list(dict.fromkeys(_muscle(site) for site in sites))
    which = [muscles.index(_muscle(site)) for site in sites]
    person = rng.standard_normal((*people, 1))
    muscle = rng.standard_normal((*people, len(muscles)))[..., which]
    side = rng.standard_normal((*people, len(sites)))
    own: Floats = (
        np.sqrt(model.between_sites) * person
        + np.sqrt(model.between_sides - model.between_sites) * muscle
        + np.sqrt(1.0 - model.between_sides) * side
    )
    return own


def _muscle(site: str) -> str:
    """Return the name of the muscle without its side."""
    return site[:-2] if site.endswith(("_l", "_r")) else site


def ashworth_grades(
    tone: ArrayLike, *, rng: np.random.Generator, expectation: ArrayLike = 0.0,
    model: AshworthModel = ASHWORTH,
) -> Ranks:  # fmt: skip
    """Rate each muscle once; call it again with another stream for a second rater.

    Parameters
    ----------
    tone : array_like, shape (..., n_people, n_visits, n_sites)
        From :func:`muscle_tone`.
    rng : numpy.random.Generator
        Stream of the rater's errors.
    expectation : array_like
        What a rater who is not blind adds without wanting to, in the units of tone, broadcast to
        ``(..., n_people, n_visits)``; negative sees less tone. 0 is a blind rater.
    model : AshworthModel
        The share of the rater's error, and the cuts.

    Returns
    -------
    numpy.ndarray of int, shape of `tone`
        Ranks 0 to 5 of the grades 0, 1, 1+, 2, 3 and 4. A rank is a place in the order, not a
        grade: rank 2 is 1+.

    Raises
    ------
    ValueError
        If a shape does not fit.

    Examples
    --------
    >>> sure = AshworthModel(rater=0)
    >>> tone = np.array([[[-2.0, 0.0, 2.0]]])
    >>> ashworth_grades(tone, rng=np.random.default_rng(1), model=sure).tolist()
    [[[0, 2, 5]]]
    """
    true = as_latent("tone", tone, axes="(..., n_people, n_visits, n_sites)", n_axes=3)
    seen = true + _broadcast("expectation", expectation, true.shape[:-1])[..., None]
    seen = seen + np.sqrt(model.rater) * rng.standard_normal(true.shape)
    ranks: Ranks = np.searchsorted(model.cuts, seen).astype(np.int64)
    return ranks


def modified_ashworth(
    stiffness: ArrayLike, *, mean: float, sd: float, sites: Sequence[str],
    rng: np.random.Generator, shift: ArrayLike = 0.0, expectation: ArrayLike = 0.0,
    model: AshworthModel = ASHWORTH,
) -> Ranks:  # fmt: skip
    """Draw the tone of each muscle and have it rated once at each visit.

    :func:`muscle_tone`, then :func:`ashworth_grades`, from one stream. Take the two apart for two
    raters of the same muscles, or to keep the true tone.

    Parameters
    ----------
    stiffness, mean, sd, sites, shift
        As in :func:`muscle_tone`.
    rng : numpy.random.Generator
        Stream of muscles and rater.
    expectation
        As in :func:`ashworth_grades`.
    model : AshworthModel
        How a grade comes about.

    Returns
    -------
    numpy.ndarray of int, shape (..., n_people, n_visits, n_sites)
        Ranks 0 to 5 of the grades 0, 1, 1+, 2, 3 and 4.

    Raises
    ------
    ValueError
        If a shape or a range does not fit.

    Examples
    --------
    >>> calm, stiff = np.full((200, 1), 2.0), np.full((200, 1), 9.0)
    >>> ranks = [modified_ashworth(x, mean=6, sd=2, sites=["knee"], rng=np.random.default_rng(3))
    ...          for x in (calm, stiff)]
    >>> bool(ranks[0].mean() < ranks[1].mean())
    True
    """
    tone = muscle_tone(stiffness, mean=mean, sd=sd, sites=sites, rng=rng, shift=shift, model=model)
    return ashworth_grades(tone, rng=rng, expectation=expectation, model=model)


def penn_frequency(rate_per_day: ArrayLike) -> Ranks:
    """Turn spasms a day into the Penn frequency grade, which is per hour.

    Parameters
    ----------
    rate_per_day : array_like
        Mean spasms in a day, 0 or more; any shape.

    Returns
    -------
    numpy.ndarray of int
        Grades 0 to 4 by :data:`PENN_BANDS`. Exactly one an hour has no grade in the published
        form; it goes to the lower one here.

    Raises
    ------
    ValueError
        If a rate is negative or missing.

    Examples
    --------
    >>> penn_frequency([0, 0.5, 12, 40, 200]).tolist()
    [0, 1, 2, 3, 4]
    """
    rate = np.asarray(rate_per_day, dtype=np.float64)
    if not (rate >= 0).all():
        found = rate[~(rate >= 0)][0]
        raise ValueError(f"rate_per_day must be 0 or more and never missing, got {found}")
    return np.searchsorted(PENN_BANDS, rate).astype(np.int64)


def penn_severity(frequency: ArrayLike, spasm: ArrayLike, *, rng: np.random.Generator) -> Floats:
    """Draw how bad the spasms are said to be: 1 mild, 2 moderate, 3 severe.

    Each person has a part of their own that lasts over the visits; a point of latent spasm moves
    the answer by 0.15 of its standard deviation [assumption, all].

    Parameters
    ----------
    frequency : array_like of int, shape (..., n_people, n_visits)
        Penn frequency 0 to 4.
    spasm : array_like, shape (..., n_people, n_visits)
        Latent spasm in points of the 0-10 scale, not clipped.
    rng : numpy.random.Generator
        Stream of the answers.

    Returns
    -------
    numpy.ndarray, shape (..., n_people, n_visits)
        1, 2 or 3; NaN where the frequency is 0, for then it is not asked.

    Raises
    ------
    ValueError
        If the shapes differ or a frequency is not 0 to 4.

    Examples
    --------
    >>> penn_severity([[0, 3]], [[5.0, 9.0]], rng=np.random.default_rng(1)).tolist()
    [[nan, 3.0]]
    """
    state = as_latent("spasm", spasm)
    often = np.asarray(frequency)
    if often.shape != state.shape:
        raise ValueError(f"frequency must have the shape of spasm {state.shape}, got {often.shape}")
    if not np.isin(often, np.arange(len(PENN_BANDS) + 1)).all():
        raise ValueError(f"frequency must be grades 0 to 4, got {np.unique(often)}")
    person = rng.standard_normal((*state.shape[:-1], 1))
    felt = _SEVERITY_PERSON * person + _SEVERITY_VISIT * rng.standard_normal(state.shape)
    felt = felt + _SEVERITY_SLOPE * (state - MIDDLE)
    return np.where(often > 0, 1.0 + np.searchsorted(_SEVERITY_CUTS, felt), np.nan)


def assessment_table(
    ids: ArrayLike, dates: ArrayLike, timepoints: Sequence[str], *,
    mas: ArrayLike | None = None, sites: Sequence[str] = (),
    penn: tuple[ArrayLike, ArrayLike] | None = None, msss88: ArrayLike | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Lay out what was rated at the visits as the table of assessments.

    Parameters
    ----------
    ids : array_like of str, shape (n_people,)
        Client codes, each once.
    dates : array_like of datetime64, shape (n_people, n_visits)
        Day of each visit.
    timepoints : sequence of str, length n_visits
        ``"before"``, ``"after"`` or ``"not stated"``.
    mas : array_like of int, shape (n_people, n_visits, n_sites) or None
        Ranks from :func:`modified_ashworth`.
    sites : sequence of str
        Names of its muscles.
    penn : tuple of two array_like, each (n_people, n_visits), or None
        Frequency and severity.
    msss88 : array_like, shape (n_people, n_visits, 88) or None
        Answers from :func:`msss88`; one row for each subscale's sum. The answers themselves are
        laid out by :func:`msss88_items`.

    Returns
    -------
    pandas.DataFrame
        Columns of :data:`msspas_analysis.tables.ASSESSMENTS`, person by person, visit by visit:
        Ashworth, Penn frequency, Penn severity, MSSS-88.

    Raises
    ------
    ValueError
        If a shape, a timepoint or a value does not fit.

    Examples
    --------
    >>> day = np.array([["2026-03-02"]], dtype="datetime64[D]")
    >>> table = assessment_table(["A1"], day, ["before"], mas=[[[2]]], sites=["knee"])
    >>> table[["instrument", "site", "code", "value"]]
      instrument  site code  value
    0        mas  knee   1+    NaN
    """
    codes, when, names = _visits(ids, dates, timepoints)
    blocks: list[list[dict[str, Any]]] = []
    if mas is not None:
        blocks.append(_mas_rows(mas, _sites(sites), when.shape))
    if penn is not None:
        blocks.append(_penn_rows(*penn, when.shape))
    if msss88 is not None:
        blocks.append(_msss88_rows(msss88, when.shape))
    if not blocks:
        raise ValueError("nothing was rated: give mas=, penn= or msss88=")
    parts = [
        _laid_out(codes, when[:, visit], name, {key: _at(x, visit) for key, x in row.items()})
        for visit, name in enumerate(names)
        for row in (row for block in blocks for row in block)
    ]
    whole = pd.concat(parts, ignore_index=True)
    order = np.tile(np.arange(codes.size), len(parts))
    return whole.iloc[np.argsort(order, kind="stable")].reset_index(drop=True)


def _at(value: Any, visit: int) -> Any:
    """Return what stands in a column at one visit; a text is the same at all of them."""
    return value[:, visit] if isinstance(value, np.ndarray) else value


def _laid_out(
    ids: NDArray[np.object_], dates: NDArray[Any], timepoint: str, row: Mapping[str, Any]
) -> pd.DataFrame:
    """Return one instrument's score at one visit in the columns and dtypes of the schema."""
    data = {"person_id": ids, "date": dates, "timepoint": timepoint, "site": None, **row}
    frame = pd.DataFrame(data).reindex(columns=ASSESSMENTS.names)
    out = frame.astype({column.name: column.dtype for column in ASSESSMENTS.columns})
    text = [c.name for c in ASSESSMENTS.columns if c.dtype == "object"]
    out[text] = out[text].where(out[text].notna(), None)
    return out


def _mas_rows(
    mas: ArrayLike, sites: tuple[str, ...], visits: tuple[int, ...]
) -> list[dict[str, Any]]:
    """Return one row a muscle; 1+ is a code and has no number."""
    ranks = np.asarray(mas)
    codes = np.array(get("mas").codes, dtype=object)
    check_shape("mas", ranks, (*visits, len(sites)))
    if not np.isin(ranks, np.arange(codes.size)).all():
        raise ValueError(f"mas must be ranks 0 to {codes.size - 1}, got {np.unique(ranks)}")
    numbers = np.array([np.nan if code == "1+" else float(code) for code in codes])
    place = ranks.astype(np.int64)
    return [
        {"instrument": "mas", "score": "grade", "site": site, "code": codes[place[..., i]],
         "value": numbers[place[..., i]], "status": "observed"}
        for i, site in enumerate(sites)
    ]  # fmt: skip


def _penn_rows(
    frequency: ArrayLike, severity: ArrayLike, visits: tuple[int, ...]
) -> list[dict[str, Any]]:
    """Return how often and how bad; with no spasms, how bad they are does not apply."""
    often, bad = np.asarray(frequency), np.asarray(severity, dtype=np.float64)
    check_shape("penn frequency", often, visits)
    check_shape("penn severity", bad, visits)
    if not np.isin(often, np.arange(5)).all() or not (np.isnan(bad) == (often == 0)).all():
        raise ValueError(
            "penn must be frequencies 0 to 4 and severities that are NaN exactly where the "
            f"frequency is 0, got {np.unique(often)} and {np.unique(bad)}"
        )
    asked = often > 0
    return [
        {"instrument": "psfs", "score": "frequency", "code": _whole(often),
         "value": often.astype(np.float64), "status": "observed"},
        {"instrument": "psfs", "score": "severity", "code": _whole(bad), "value": bad,
         "status": np.where(asked, "observed", "not applicable").astype(object)},
    ]  # fmt: skip


def _msss88_rows(answers: ArrayLike, visits: tuple[int, ...]) -> list[dict[str, Any]]:
    """Return one row a subscale."""
    said = np.asarray(answers, dtype=np.float64)
    sums = msss88_sums(said)
    check_shape("msss88", said, (*visits, said.shape[-1]))
    rows: list[dict[str, Any]] = []
    for i, part in enumerate(get("msss88").subscales):
        gone = np.isnan(said[..., np.array(part.items) - 1])
        absent = gone.all(axis=-1)
        if (gone.any(axis=-1) & ~absent).any():
            raise ValueError(
                f"msss88: some items of {part.name} have no answer; score those forms with "
                "msspas_analysis.scoring.score"
            )
        status = np.where(absent, "not applicable", "observed").astype(object)
        rows.append({"instrument": "msss88", "score": part.name, "code": None,
                     "value": sums[..., i], "status": status})  # fmt: skip
    return rows


def msss88_items(
    ids: ArrayLike, dates: ArrayLike, timepoints: Sequence[str], answers: ArrayLike
) -> pd.DataFrame:
    """Lay out the answers to the MSSS-88 one a row.

    Parameters
    ----------
    ids, dates, timepoints
        As in :func:`assessment_table`.
    answers : array_like, shape (n_people, n_visits, 88)
        From :func:`msss88`.

    Returns
    -------
    pandas.DataFrame
        ``person_id``, ``date``, ``timepoint``, ``instrument``, ``item`` (1 to 88), ``answer`` (1
        to 4, or missing) and ``status`` (``observed`` or ``not applicable``).

    Raises
    ------
    ValueError
        If a shape or a timepoint does not fit.

    Examples
    --------
    >>> day = np.array([["2026-03-02"]], dtype="datetime64[D]")
    >>> len(msss88_items(["A1"], day, ["before"], np.ones((1, 1, 88))))
    88
    """
    codes, when, names = _visits(ids, dates, timepoints)
    said = np.asarray(answers, dtype=np.float64)
    n_items = sum(len(part.items) for part in get("msss88").subscales)
    check_shape("answers", said, (*when.shape, n_items))
    flat = said.ravel()
    return pd.DataFrame({
        "person_id": np.repeat(codes, len(names) * n_items),
        "date": np.repeat(when.ravel(), n_items).astype("datetime64[ns]"),
        "timepoint": np.tile(np.repeat(np.array(names, dtype=object), n_items), codes.size),
        "instrument": "msss88",
        "item": np.tile(np.arange(1, n_items + 1), when.size),
        "answer": flat,
        "status": np.where(np.isnan(flat), "not applicable", "observed"),
    }).astype(dict.fromkeys(("person_id", "timepoint", "instrument", "status"), "object"))  # fmt: skip


def _whole(values: NDArray[Any]) -> NDArray[np.object_]:
    """Return whole numbers as they are written, and None where there is none."""
    flat = [None if np.isnan(x) else f"{x:.0f}" for x in values.ravel().astype(np.float64)]
    return np.array(flat, dtype=object).reshape(values.shape)


def _visits(
    ids: ArrayLike, dates: ArrayLike, timepoints: Sequence[str]
) -> tuple[NDArray[np.object_], NDArray[Any], tuple[str, ...]]:
    """Check who was seen when."""
    codes = np.asarray(ids, dtype=object)
    when, names = np.asarray(dates, dtype="datetime64[ns]"), tuple(timepoints)
    if codes.ndim != 1 or len(set(codes)) != codes.size:
        raise ValueError(f"ids must be one list of different codes, got shape {codes.shape}")
    check_shape("dates", when, (codes.size, len(names)))
    levels = ASSESSMENTS["timepoint"].levels
    if wrong := [name for name in names if name not in levels]:
        raise ValueError(f"timepoints must be among {list(levels)}, got {wrong}")
    return codes, when, names


def _broadcast(name: str, value: ArrayLike, shape: tuple[int, ...]) -> Floats:
    array = np.asarray(value, dtype=np.float64)
    try:
        return np.broadcast_to(array, shape)
    except ValueError:
        raise ValueError(f"{name} must broadcast to {shape}, got shape {array.shape}") from None


def _sites(sites: Sequence[str]) -> tuple[str, ...]:
    names = (sites,) if isinstance(sites, str) else tuple(sites)
    if not names or len(set(names)) != len(names) or not all(names):
        raise ValueError(f"sites must be one or more different names, got {sites!r}")
    return names
