"""What people write on forms at home: a stiffness day in six parts, a Sativex sheet.

Observation only. The latent states come in as arrays, drawn elsewhere; nothing here moves them.
No wording of any form is held. The sheet shows what stands on such sheets: it is no dosing advice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from msspas_analysis.simulate.realism import as_latent, check_shape, check_share
from msspas_analysis.simulate.streams import stream

__all__ = [
    "ACTIVITIES",
    "FORMS",
    "PARTS",
    "SHEET_DAYS",
    "TITRATION",
    "WITHIN_DAY",
    "Titration",
    "fill_in",
    "sativex_sheet",
    "six_part_day",
]  # fmt: skip

Floats = NDArray[np.float64]

FORMS: Final = ("six-part day", "sativex sheet")
"""Forms that :func:`fill_in` can fill in."""

PARTS: Final = ("on_awakening", "morning", "lunchtime", "afternoon", "evening", "bedtime")
"""The six parts of a day on the MS Trust's stiffness and spasms diary [published form]."""

WITHIN_DAY: Final = (0.8, -0.2, -0.6, -0.4, 0.4, 0.0)
"""Points above the day's own level in each part: worse on awakening and in the evening. They add
up to 0 [assumption]."""

ACTIVITIES: Final = (
    "lying", "sitting", "standing", "walking", "housework", "exercise", "out of the house",
)  # fmt: skip
"""Codes for what somebody was doing; the form itself asks for free text [assumption]."""

# share of each activity in each part of the day; it moves no rating [assumption]
_DOING: Final = (
    (0.75, 0.15, 0.05, 0.05, 0.00, 0.00, 0.00),
    (0.05, 0.30, 0.10, 0.15, 0.20, 0.10, 0.10),
    (0.05, 0.50, 0.10, 0.10, 0.10, 0.00, 0.15),
    (0.10, 0.35, 0.05, 0.15, 0.10, 0.10, 0.15),
    (0.10, 0.60, 0.05, 0.05, 0.10, 0.05, 0.05),
    (0.75, 0.20, 0.00, 0.05, 0.00, 0.00, 0.00),
)
# latent from which somebody is a little, moderately, extremely troubled: 4 and 7 are the bands of
# the 0-10 rating (PMC10515604) carried over, 1 and the carrying over are an assumption
_TROUBLED: Final = (1.0, 4.0, 7.0)


def six_part_day(
    stiffness: ArrayLike, *, ids: ArrayLike, dates: ArrayLike, rng: np.random.Generator,
    pattern: ArrayLike = WITHIN_DAY, part_sd: float = 1.0, persistence: float = 0.5,
    missing: float = 0.0,
) -> tuple[pd.DataFrame, pd.DataFrame]:  # fmt: skip
    """Fill in the diary with six parts of the day, each 1 to 4 for how troubled.

    Parameters
    ----------
    stiffness : array_like, shape (n_people, n_days)
        Daily latent in points of the 0-10 scale, not clipped.
    ids : array_like of str, shape (n_people,)
        Client codes, each once.
    dates : array_like of datetime64, shape (n_days,) or (n_people, n_days)
        Day of each column, rising.
    rng : numpy.random.Generator
        Stream of the diary.
    pattern : array_like, shape (6,)
        Points added in each part of every day; see :data:`WITHIN_DAY`.
    part_sd, persistence : float
        Standard deviation in points (0 or more) of what a part has of its own, and its
        correlation (0 to 0.99) with that of the part before, over nights too [assumption, both].
    missing : float
        Share of parts left empty, decided last and at random; a higher share only takes parts
        away [design: 0].

    Returns
    -------
    diary : pandas.DataFrame
        ``person_id``, ``date``, ``part``, ``troubled`` (1 not at all to 4 extremely) and
        ``activity`` (a code of :data:`ACTIVITIES`; it moves nothing). An empty part has no row.
    truth : pandas.DataFrame
        Every part: ``person_id``, ``date``, ``part``, ``latent`` (points), ``troubled`` and
        ``observed``.

    Raises
    ------
    ValueError
        If a shape or a range does not fit.

    Examples
    --------
    >>> days = np.arange("2026-03-02", "2026-03-09", dtype="datetime64[D]")
    >>> diary, truth = six_part_day(
    ...     np.full((1, 7), 5.0), ids=["A1"], dates=days, rng=np.random.default_rng(1))
    >>> len(diary), diary["part"].head(3).tolist()
    (42, ['on_awakening', 'morning', 'lunchtime'])
    """
    daily = as_latent("stiffness", stiffness, axes="(n_people, n_days)")
    codes, when = _days(ids, dates, daily.shape)
    added = as_latent("pattern", pattern, axes=f"({len(PARTS)},)", n_axes=1)
    check_shape("pattern", added, (len(PARTS),))
    if not (part_sd >= 0 and 0 <= persistence <= 0.99):
        raise ValueError(
            f"part_sd must be 0 or more and persistence 0 to 0.99, got {part_sd} and {persistence}"
        )
    check_share("missing", missing)
    shape = (*daily.shape, len(PARTS))
    own = _carried_on(rng.standard_normal((shape[0], shape[1] * shape[2])), persistence)
    latent = daily[..., None] + added + part_sd * own.reshape(shape)
    doing = _activities(rng.random(shape))
    observed = rng.random(shape) >= missing
    truth = _per_day(codes, when, len(PARTS))
    truth["part"] = np.tile(np.array(PARTS, dtype=object), daily.size)
    truth["latent"] = latent.ravel()
    truth["troubled"] = (1 + np.searchsorted(_TROUBLED, latent.ravel(), side="right")).astype(
        np.float64
    )
    truth["observed"] = observed.ravel()
    diary = truth[["person_id", "date", "part", "troubled"]].assign(activity=doing.ravel())
    return diary[truth["observed"]].reset_index(drop=True), truth


def _carried_on(shocks: Floats, keep: float) -> Floats:
    """Turn independent normals into a stationary AR(1) of variance 1 along the last axis."""
    out = np.array(shocks)
    for part in range(1, out.shape[-1]):
        out[..., part] = keep * out[..., part - 1] + np.sqrt(1.0 - keep**2) * shocks[..., part]
    return out


def _activities(luck: Floats) -> NDArray[np.object_]:
    """Choose an activity for each part of a day from a number in [0, 1)."""
    names = np.array(ACTIVITIES, dtype=object)
    ends = np.cumsum(_DOING, axis=1)
    place = (luck[..., None] >= ends[:, :-1]).sum(axis=-1)
    chosen: NDArray[np.object_] = names[place]
    return chosen


SHEET_DAYS: Final = 28
"""Days on the NHS sheet for the four-week trial of the spray [published form]."""

_OWN_MEAN: Final = 8.25  # sprays a day in long-term users [published: Notcutt 2012]
_OWN_SD: Final = 2.5  # between people [assumption]


@dataclass(frozen=True, slots=True, kw_only=True)
class Titration:
    """A printed schedule of sprays by day, with its source; data, not advice.

    Parameters
    ----------
    total, morning : tuple of int
        Sprays on each day from the first on, and those of them in the morning.
    most : int
        Most sprays in a day.
    status, source : str
        How it is known and where it stands.

    Examples
    --------
    >>> TITRATION.rest[-1], TITRATION.most
    (7, 12)
    """

    total: tuple[int, ...]
    morning: tuple[int, ...]
    most: int
    status: str
    source: str

    @property
    def rest(self) -> tuple[int, ...]:
        """Sprays in the rest of each day."""
        return tuple(t - m for t, m in zip(self.total, self.morning, strict=True))


TITRATION: Final = Titration(
    total=(1, 1, 2, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12),
    morning=(0, 0, 0, 0, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5),
    most=12,
    status="published",
    source="Sativex oromucosal spray, summary of product characteristics (GW Pharma 2019), read in "
    "a copy. The NHS Cambridge sheet itself goes up by one spray each day",
)
"""The first 14 days of the spray by the licence text."""


def sativex_sheet(
    stiffness: ArrayLike, spasm: ArrayLike, pain: ArrayLike, *, ids: ArrayLike, dates: ArrayLike,
    rng: np.random.Generator, own_mean: float = _OWN_MEAN, own_sd: float = _OWN_SD,
    stopped: float = 0.1, missing: float = 0.0,
) -> tuple[pd.DataFrame, pd.DataFrame]:  # fmt: skip
    """Fill in the 28-day sheet kept in a trial of the spray: sprays, and three 0-10 ratings.

    It simulates what stands on such sheets; it is no dosing advice. Sprays move no rating here:
    a change, if there is to be one, is in the latents. Everybody follows :data:`TITRATION` until
    they have reached a number of their own, and keeps to that with the morning share the schedule
    has at that number.

    Parameters
    ----------
    stiffness, spasm, pain : array_like, shape (n_people, n_days)
        Daily latents in points of the 0-10 scale, not clipped; at most 28 days.
    ids : array_like of str, shape (n_people,)
        Client codes, each once.
    dates : array_like of datetime64, shape (n_days,) or (n_people, n_days)
        Day of each column, rising.
    rng : numpy.random.Generator
        Stream of the sheet.
    own_mean, own_sd : float
        Mean and standard deviation between people of their own number, 1 to 12 sprays; a
        beta-binomial has both exactly [mean published: 8.25 in long-term users, Notcutt 2012,
        doi:10.1177/1352458511419700; spread and shape assumption].
    stopped : float
        Share who stop for unwanted effects, on a day drawn evenly from the second on; no sprays
        from then, while the ratings go on [assumption].
    missing : float
        Share of days with no row, decided last and at random [design: 0].

    Returns
    -------
    sheet : pandas.DataFrame
        ``person_id``, ``date``, ``sprays_am``, ``sprays_pm`` (the rest of the day),
        ``sprays_total``, ``spasticity``, ``spasms`` and ``pain``.
    truth : pandas.DataFrame
        Every day: ``person_id``, ``date``, the latents ``stiffness``, ``spasm`` and ``pain``,
        ``own_number``, ``stopped`` (no longer taking it that day) and ``observed``.

    Raises
    ------
    ValueError
        If a shape or a range does not fit.

    Examples
    --------
    >>> days = np.arange("2026-03-02", "2026-03-30", dtype="datetime64[D]")
    >>> state = np.full((1, 28), 6.4)
    >>> sheet, _ = sativex_sheet(
    ...     state, state, state, ids=["A1"], dates=days, rng=np.random.default_rng(1), stopped=0)
    >>> sheet.loc[4, ["sprays_am", "sprays_pm", "spasticity"]].tolist()
    [1.0, 2.0, 6.0]
    """
    pairs = (("stiffness", stiffness), ("spasm", spasm), ("pain", pain))
    latents = {name: as_latent(name, x, axes="(n_people, n_days)") for name, x in pairs}
    shape = latents["stiffness"].shape
    codes, when = _days(ids, dates, shape)
    for name, state in latents.items():
        check_shape(name, state, shape)
    if shape[1] > SHEET_DAYS:
        raise ValueError(f"a sheet has 1 to {SHEET_DAYS} days, got {shape[1]}")
    check_share("stopped", stopped)
    check_share("missing", missing)
    own = _own_number(shape[0], own_mean, own_sd, rng=rng)
    gone = _gone(shape, stopped, rng=rng)
    observed = (rng.random(shape) >= missing).ravel()
    total, morning = _sprays(own, gone)
    days = _per_day(codes, when, 1)
    truth = days.assign(
        **{name: state.ravel() for name, state in latents.items()},
        own_number=np.repeat(own, shape[1]), stopped=gone.ravel(), observed=observed,
    )  # fmt: skip
    rated = {name: np.clip(np.rint(state), 0, 10).ravel() for name, state in latents.items()}
    sheet = days.assign(
        sprays_am=morning.ravel(), sprays_pm=(total - morning).ravel(),
        sprays_total=total.ravel(), spasticity=rated["stiffness"], spasms=rated["spasm"],
        pain=rated["pain"],
    )  # fmt: skip
    return sheet[observed].reset_index(drop=True), truth


def fill_in(
    truth: pd.DataFrame, form: str, *, seed: int, missing: float = 0.0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Have the people of a simulated cohort or study fill in another form on the same days.

    Parameters
    ----------
    truth : pandas.DataFrame
        Of :func:`~msspas_analysis.simulate.diary.simulate_diary` or of a study with a diary: a row
        for each person and day.
    form : str
        One of :data:`FORMS`: ``"six-part day"``, every day; or ``"sativex sheet"``, the 28 days from
        the first session on.
    seed : int
        Seed, 0 or more.
    missing : float
        Share of parts or days left empty besides the days that were missing anyway.

    Returns
    -------
    filled : pandas.DataFrame
        The form, on days that were observed.
    behind : pandas.DataFrame
        Its truth on every day, as :func:`six_part_day` and :func:`sativex_sheet` return it.

    Raises
    ------
    ValueError
        If the form is unknown or the truth is not one of days.

    Examples
    --------
    >>> from msspas_analysis.simulate.diary import simulate_diary
    >>> from msspas_analysis.simulate.scenario import DiaryScenario
    >>> cohort = simulate_diary(DiaryScenario(n_people=20), seed=4)
    >>> sheet, behind = fill_in(cohort.truth, "sativex sheet", seed=4)
    >>> len(behind), int(sheet["sprays_total"].max()) <= 12
    (560, True)
    """
    if form not in FORMS:
        raise ValueError(f"form must be one of {FORMS}, got {form!r}")
    wanted = ["person_id", "date", "day", "latent", "spasm", "pain", "observed"]
    if absent := [name for name in wanted if name not in truth]:
        raise ValueError(
            f"truth must have a row for each person and day with {wanted}; {absent} are absent. A "
            "study without a diary has none"
        )
    days = truth
    if form == "sativex sheet":
        days = truth[(truth["day"] >= 0) & (truth["day"] < SHEET_DAYS)]
    ids = days["person_id"].drop_duplicates().to_numpy()
    shape = (ids.size, len(days) // max(ids.size, 1))
    dates = days["date"].to_numpy().reshape(shape)
    state = {name: days[name].to_numpy().reshape(shape) for name in ("latent", "spasm", "pain")}
    rng = stream(seed, form)
    if form == "six-part day":
        filled, behind = six_part_day(
            state["latent"], ids=ids, dates=dates, rng=rng, missing=missing
        )
    else:
        filled, behind = sativex_sheet(
            state["latent"], state["spasm"], state["pain"], ids=ids, dates=dates, rng=rng,
            missing=missing,
        )  # fmt: skip
    there = days.loc[days["observed"], ["person_id", "date"]]
    return filled.merge(there, on=["person_id", "date"]), behind


def _own_number(n: int, mean: float, sd: float, *, rng: np.random.Generator) -> Floats:
    """Draw each person's own number: 1 + a beta-binomial of this mean and standard deviation."""
    tries = TITRATION.most - 1
    if not 1 < mean < TITRATION.most:
        raise ValueError(f"own_mean must be between 1 and {TITRATION.most}, got {mean}")
    p = (mean - 1) / tries
    alone = tries * p * (1 - p)
    alike = (sd**2 / alone - 1) / (tries - 1)
    if not 0 < alike < 1:
        low, high = np.sqrt(alone), np.sqrt(alone * tries)
        raise ValueError(
            f"own_sd must be above {low:.2f} and below {high:.2f} at own_mean {mean:g}, got {sd}"
        )
    size = 1 / alike - 1
    chance = rng.beta(p * size, (1 - p) * size, n)
    return rng.binomial(tries, chance).astype(np.float64) + 1.0


def _gone(shape: tuple[int, ...], share: float, *, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Say on which days somebody has stopped for good; a higher share only adds people."""
    n_people, n_days = shape
    stops = rng.random(n_people) < share
    last = 1 + np.floor(rng.random(n_people) * (n_days - 1))
    gone: NDArray[np.bool_] = stops[:, None] & (np.arange(n_days) >= last[:, None])
    return gone


def _sprays(own: Floats, gone: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Return the sprays of each day, and those of them in the morning."""
    due = np.full(gone.shape[1], float(TITRATION.most))
    steps = TITRATION.total[: due.size]
    due[: len(steps)] = steps
    total = np.where(gone, 0.0, np.minimum(due, own[:, None]))
    # the schedule gives every number once at least; from the last day back, the first stays
    by_number = np.zeros(TITRATION.most + 1)
    by_number[list(TITRATION.total[::-1])] = TITRATION.morning[::-1]
    return total, by_number[total.astype(np.int64)]


def _days(
    ids: ArrayLike, dates: ArrayLike, shape: tuple[int, ...]
) -> tuple[NDArray[np.object_], NDArray[np.datetime64]]:
    """Check who wrote on which days."""
    if len(shape) != 2 or shape[1] < 1:
        raise ValueError(f"a latent must have shape (n_people, n_days), got {shape}")
    codes = np.asarray(ids, dtype=object)
    check_shape("ids", codes, shape[:1])
    if len(set(codes)) != codes.size:
        raise ValueError("ids must be different codes, got one twice")
    when = np.asarray(dates, dtype="datetime64[ns]")
    if when.ndim == 1:
        check_shape("dates", when, shape[1:])
        when = np.broadcast_to(when, shape)
    check_shape("dates", when, shape)
    if np.isnat(when).any() or not (np.diff(when, axis=1) > np.timedelta64(0)).all():
        raise ValueError("dates must be known and rise from day to day for every person")
    return codes, when


def _per_day(ids: NDArray[np.object_], dates: NDArray[np.datetime64], rows: int) -> pd.DataFrame:
    """Return so many rows for each person and day."""
    person = pd.Series(np.repeat(ids, dates.shape[1] * rows), dtype="object")
    return pd.DataFrame({"person_id": person, "date": np.repeat(dates.ravel(), rows)})
