"""A synthetic twin of a centre's diary: a world fitted to its totals, and how close it comes.

The diary is summed up in features: mean and spread of people's means, shares of days at the ends of
the scale, how alike days are that lie one day to four weeks apart, how many days are filled in, how
long gaps last, how often diaries stop. Diaries of the same number of people are drawn from a world
and summed up by the same lines of code; the world is changed until both agree (the simulated method
of moments). Rounding, the ends of the scale, the entry rule and the small number of days bend the
features of both alike, so they do not bend the fitted world.

References
----------
.. [1] McFadden D (1989). A method of simulated moments for estimation of discrete response models
   without numerical integration. Econometrica 57:995-1026.
.. [2] Gourieroux C, Monfort A, Renault E (1993). Indirect inference. J Appl Econometrics
   8:S85-S118.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final

import numpy as np
import pandas as pd

from msspas_analysis.certify.entry_rule import EntryRule
from msspas_analysis.certify.twin.diary_features import (
    COUNT_FEATURES,
    FEATURES,
    FEWEST_PEOPLE,
    ITEM_FEATURES,
    LONG,
    Features,
    Flags,
    Floats,
    OwnDiary,
    capped,
    cut,
    item_features,
    mean_of,
    own_diary,
    own_features,
    rating_features,
    sd_of,
    usual_lags,
)
from msspas_analysis.results import Estimates
from msspas_analysis.simulate.days import BLOCK, simulate_days, simulate_ratings
from msspas_analysis.simulate.scenario import DiaryScenario
from msspas_analysis.simulate.world import SYMPTOMS, steady
from msspas_analysis.tables import Tables

OWN, SYNTHETIC = "own diary", "synthetic"

_CHECKED: Final = ("same", "shift", "streak", "keepers")  # features of stiffness never fitted

# a field, the range it is looked for in, and the step that shows what moves with it
_RANGES: Final[Mapping[str, tuple[float, float, float]]] = {
    "level_mean": (-10.0, 20.0, 0.3),
    "level_sd": (0.05, 10.0, 0.3),
    "drift_sd": (0.0, 36.0, 0.3),
    "drift_half_life": (3.0, 150.0, 4.0),
    "day_sd": (0.05, 8.0, 0.15),
    "day_sd_spread": (0.0, 2.0, 0.05),
    "day_autocorrelation": (0.0, 0.95, 0.08),
    "change": (-10.0, 10.0, 0.4),
    "completion_week_1": (0.02, 1.0, 0.05),
    "completion_week_12": (0.02, 1.0, 0.1),
    "missing_persistence": (0.0, 0.95, 0.08),
    "dropout_weekly": (0.0, 0.6, 0.01),
}
_SQUARED: Final = ("drift_sd", "day_sd_spread")  # looked for as squares, which may be 0
_LEAST_SPREAD: Final = 0.002  # of a feature over replicates, so that none weighs without end
_PERSON_DAYS: Final = 300_000  # drawn for each look at a world
_AGAIN: Final = 1000  # number of the first block of streams that the fit has not seen
_LEAST_GAPS: Final = 20  # missing days from which their streaks can be told

_NOT_HERE: Final = "not in the diary table"
_DESIGN: Final = "a choice, not a fact about these people"
_REASONS: Final[Mapping[str, str]] = {
    "drift_half_life": f"needs diaries of {LONG} days or more",
    "day_sd_spread": "too few people who are mostly between 2 and 8",
    "drift_sd": "the diaries are too short to tell slow drift from daily wobble",
    "spasm_correlation": "one count a day does not tell it from the other parts of the count",
    "spasm_slope": "cannot be told from the spread of counts between people",
    "trend_weekly": "a twin in which nothing happens has none",
    "change": "a twin in which nothing happens has none; keep_change=True keeps the shift",
    "spasm_change": "as change",
    "expectation": "a twin in which nothing happens has none",
    "missing_mechanism": "a day that was left out does not say how it was",
    "missing_slope": "a day that was left out does not say how it was",
    "dropout_slope": "a diary that stopped does not say how things went on",
    "backfilled": "a day written later looks like any other",
    "missing_persistence": f"needs {_LEAST_GAPS} missing days or more",
    "count_heaping": "not fitted",
    "symptom_correlation": "needs two of pain, sleep disruption and fatigue",
    "episodes": "switched off: what befalls people is part of drift and wobble here",
    "heat_slope": "switched off: no temperature in the diary",
    "cold_slope": "switched off: no temperature in the diary",
    "medication_changes_per_year": "switched off: " + _NOT_HERE,
    "baseline_days": "no first session in the table of people",
    "entry_rating": "as given: a diary does not say why people came in",
    "entry_days": "as given: a diary does not say why people came in",
    **dict.fromkeys(("bounded", "therapies", "attendance", "start", "recruitment_days",
                     "code_prefix"), _DESIGN),
}  # fmt: skip
_MEANINGS: Final = {"stiffness": FEATURES, "spasm_count": COUNT_FEATURES}
_ITEM_FIELDS: Final = ("symptom_mean", "symptom_sd", "symptom_day_sd", "stiffness_correlation",
                       "same_day_correlation")  # fmt: skip
_COUNT_FIELDS: Final = ("spasm_median", "spasm_spread", "spasm_dispersion", "uncountable_above")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class FittedScenario:
    """A world whose diaries look like a centre's, and how much they do.

    Parameters
    ----------
    scenario : DiaryScenario
        The world, without episodes, weather and changes of medicine. It holds numbers about all
        people together and no day of anybody.
    values : Estimates
        The numbers fitted to the daily stiffness ratings (``term`` is the field), with the
        standard error that comes from having this many people and days.
    closeness : Estimates
        For each feature (``term``) of each column of the diary (``outcome``), by ``group``: "own
        diary"; "synthetic", whose ``estimate`` is the mean over synthetic diaries, ``std_error``
        their standard deviation and the interval their middle 95 %; and once more "own diary"
        with ``measure`` "within", 1 if the own number lies in that middle, else 0. ``method`` says
        whether the feature was fitted or is a check.
    fitted : tuple of str
        Fields of `scenario` taken from the diary.
    kept : tuple of str
        All other fields, each as ``"field: reason"``.
    """

    scenario: DiaryScenario
    values: Estimates
    closeness: Estimates
    fitted: tuple[str, ...]
    kept: tuple[str, ...]

    def __repr__(self) -> str:
        rows = self.comparison
        return (
            f"FittedScenario: {self.scenario.n_people} people, {len(self.fitted)} fields fitted; "
            f"{int(rows['inside'].sum())} of {len(rows)} features of the own diary lie in the "
            "middle 95 % of synthetic ones"
        )

    @property
    def comparison(self) -> pd.DataFrame:
        """The closeness to read: a row per column of the diary and feature, own beside synthetic.

        ``own``, and of synthetic diaries the mean and middle 95 % (``synthetic``, ``low``,
        ``high``); ``inside``, and whether the feature was fitted or is a check (``method``).
        """
        table = self.closeness.table
        keys = ["outcome", "term"]
        own = table[(table["group"] == OWN) & (table["measure"] != "within")]
        inside = table.loc[table["measure"] == "within", [*keys, "estimate"]]
        drawn = table.loc[table["group"] == SYNTHETIC, [*keys, "estimate", "conf_low", "conf_high"]]
        out = own[[*keys, "measure", "estimate", "method"]].rename(columns={"estimate": "own"})
        out = out.merge(drawn.rename(columns={
            "estimate": "synthetic", "conf_low": "low", "conf_high": "high"}), on=keys)  # fmt: skip
        out["inside"] = inside["estimate"].eq(1).to_numpy()
        order = ["outcome", "term", "measure", "own", "synthetic", "low", "high", "inside",
                 "method"]  # fmt: skip
        return out[order].reset_index(drop=True)

    @property
    def apart(self) -> tuple[str, ...]:
        """Features in which the own diary lies outside the middle 95 % of synthetic ones."""
        table = self.closeness.table
        rows = table[(table["measure"] == "within") & (table["estimate"] == 0)]
        return tuple(rows["outcome"] + ": " + rows["term"])


def fit_scenario(
    tables: Tables | pd.DataFrame, people: pd.DataFrame | None = None, *,
    entry: EntryRule | None = None, keep_change: bool = False, seed: int = 2026, rounds: int = 8,
    replicates: int = 200,
) -> FittedScenario:  # fmt: skip
    """Fit a world to a centre's own diary, so that diaries drawn from it look like the centre's.

    Parameters
    ----------
    tables : Tables or pandas.DataFrame
        The tidy tables, or the tidy table ``diary`` alone. Stiffness is needed; the other columns
        are used where 10 people answered them on 14 days.
    people : pandas.DataFrame or None
        The tidy table ``people`` beside a diary alone; only ``diary_start`` and ``first_session``
        are used.
    entry : EntryRule or None
        Why people came in, with its threshold; None if anybody could come. With a rule, what is
        fitted are all people out of whom these came.
    keep_change : bool
        Whether the twin keeps the shift of ratings at the first session as a true change; if not,
        nothing happens there. What an entry rule explains of the shift is not in ``change``.
    seed : int
        Seed of the draws, 0 or more; same tables and seed, same answer.
    rounds : int
        Most steps of the fit, 1 or more.
    replicates : int
        Synthetic diaries to compare with, 40 or more.

    Returns
    -------
    FittedScenario
        Draw from its ``scenario`` with :func:`~msspas_analysis.simulate.diary.simulate_diary`.

    Raises
    ------
    ValueError
        If tables do not fit their schema, the diary is empty, fewer than 10 people rated stiffness
        on 14 days or more, ratings never change, more than half of the people began below
        the threshold of `entry` or it has none, or an argument is out of range.

    Notes
    -----
    Days count from ``diary_start``, or from the first rated day unless every start is known. The
    likeness of two days is one minus their half mean squared difference over that of days two to
    four weeks apart; pairs of days across the first session are left out, so a shift there is not
    taken for drift. A file made while diaries were still kept cuts synthetic diaries in the same
    places. Not in the model, so not in the twin: people who skip more days than others, weekends,
    trends. Checks in ``closeness`` show some of it.

    Examples
    --------
    >>> from msspas_analysis.simulate.diary import simulate_diary
    >>> own = simulate_diary(DiaryScenario(n_people=20, entry_rating=None), seed=4).tables
    >>> found = fit_scenario(own.diary, own.people, rounds=2, replicates=40)
    >>> found.scenario.n_people, found.scenario.baseline_days, "day_sd" in found.fitted
    (20, 14, True)
    """
    refuse_settings(rounds=rounds, replicates=replicates, seed=seed)
    return fit_own(own_diary(tables, people), entry=entry, keep_change=keep_change, seed=seed,
                   rounds=rounds, replicates=replicates)  # fmt: skip


def refuse_settings(*, rounds: int, replicates: int, seed: int) -> None:
    """Refuse what no fit can be made with, before a diary is laid out."""
    for name, got, low in (
        ("rounds", rounds, 1),
        ("replicates", replicates, 40),
        ("seed", seed, 0),
    ):
        if got < low:
            raise ValueError(f"{name} must be {low} or more, got {got}")


def fit_own(
    own: OwnDiary, *, entry: EntryRule | None, keep_change: bool, seed: int, rounds: int,
    replicates: int,
) -> FittedScenario:  # fmt: skip
    """Fit a world to a diary laid out by person and day, as :func:`fit_scenario` does."""
    start, frame = _frame(own, entry or EntryRule())
    scenario, values = _fit_ratings(
        own, start, frame, keep_change=keep_change, seed=seed, rounds=rounds
    )
    fitted = [*values, *frame.fitted]
    if own.item_missing is not None:
        scenario = replace(scenario, item_missing_rate=own.item_missing)
    scenario, more = _fit_items(own, scenario, seed=seed, rounds=rounds)
    order = [one.name for one in fields(scenario)]
    names = tuple(sorted({*fitted, *more}, key=order.index))
    notes = [
        "The synthetic diaries come from numbers about all people together; no day of a real "
        "person is among them.",
        "Being within the range is the least to be expected of a feature that was fitted; those "
        "that were not fitted are the check.",
        *own.notes, *frame.notes,
    ]  # fmt: skip
    return FittedScenario(
        scenario=scenario, values=_value_rows(values, own, notes[2:]),
        closeness=_closeness(own, scenario, frame, replicates=replicates, seed=seed,
                             keep_change=keep_change, notes=notes),
        fitted=names, kept=_kept(order, names),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Frame:
    """What the shape of the diary lets it tell."""

    near: tuple[int, ...]
    far: tuple[int, ...]
    fitted: tuple[str, ...]
    notes: tuple[str, ...]


def _frame(own: OwnDiary, entry: EntryRule) -> tuple[DiaryScenario, _Frame]:
    """Return the scenario to start from, and which lags its days allow."""
    days = own.seen.shape[-1]
    if entry.by != "none" and entry.at_least is None:
        raise ValueError(
            f"entry {str(entry)!r} has no threshold; write it like 'first rating >= 4', or None"
        )
    entry_days = 7 if entry.by == "first week" else 1
    default = min(DiaryScenario().baseline_days, days - 1)
    baseline = own.baseline_days or default
    start = steady(DiaryScenario(
        n_people=own.seen.shape[1], baseline_days=baseline, followup_days=days - baseline,
        entry_rating=entry.at_least, entry_days=entry_days,
        uncountable_above=own.uncountable_above or (
            None if "spasm_count" in own.items else DiaryScenario().uncountable_above),
        falls_per_day=own.falls if own.falls is not None else DiaryScenario().falls_per_day,
        missed_tablets=own.missed_tablets if own.missed_tablets is not None
        else DiaryScenario().missed_tablets,
    ))  # fmt: skip
    near, far = usual_lags(days, own.baseline_days)
    fitted = ["n_people", "followup_days"]
    if own.baseline_days is not None:
        fitted.append("baseline_days")
    for name, value in (("falls_per_day", own.falls), ("missed_tablets", own.missed_tablets),
                        ("item_missing_rate", own.item_missing)):  # fmt: skip
        if value is not None:
            fitted.append(name)
    notes = []
    if entry.at_least is not None:
        head = own.seen[0, :, :entry_days]
        known = ~np.isnan(head)
        total = np.where(known, head, 0.0).sum(axis=1)
        began = known.any(axis=1)
        below = int((began & (total < (entry.at_least - 1e-9) * known.sum(axis=1))).sum())
        if below > began.sum() / 2:
            raise ValueError(
                f"entry {str(entry)!r} does not fit this diary: {below} of {began.sum()} people "
                "began below it; give the rule by which people came in, or None"
            )
        if below:
            notes.append(
                f"{below} of {began.sum()} people began below the rule {str(entry)!r}, "
                "so that was not everybody's way in."
            )
        notes.append(
            "level_mean and level_sd are of all people out of whom these came: those below the "
            "entry rule were never seen, so both lean on the normal distribution."
        )
    return start, _Frame(near=near, far=far, fitted=tuple(fitted), notes=tuple(notes))


# --- the fit -------------------------------------------------------------------------------------


def _drawn(
    own: OwnDiary, scenario: DiaryScenario, *, seed: int, replicates: int, block: int = 0,
    whole: bool = False,
) -> tuple[dict[str, Floats], Flags]:  # fmt: skip
    """Draw synthetic diaries as the own one is laid out, and their days from the first session."""
    if whole:
        days = simulate_days(scenario, seed=seed, replicates=replicates, first=block * BLOCK)
        raw = {name: days.items[name] for name in own.items}
        if "spasm_count" in raw and scenario.uncountable_above is not None:
            low = np.where(days.too_many, scenario.uncountable_above + 1.0, np.nan)
            raw["spasm_count"] = capped(raw["spasm_count"], low, scenario.uncountable_above)
    else:
        drawn = simulate_ratings(scenario, seed=seed, replicates=replicates, first=block * BLOCK)
        raw = {"stiffness": drawn.seen}
    after = scenario.days >= 0
    first = None if own.begun else np.argmax(~np.isnan(raw["stiffness"]), axis=-1)
    if first is not None:
        after = np.arange(after.size) >= scenario.baseline_days - first[..., None]
    return {name: cut(values, own, first) for name, values in raw.items()}, after


def _fit_ratings(
    own: OwnDiary, start: DiaryScenario, frame: _Frame, *, keep_change: bool, seed: int, rounds: int
) -> tuple[DiaryScenario, dict[str, tuple[float, float]]]:
    """Fit level, drift, wobble and missing days to the daily stiffness ratings."""
    from scipy.optimize import least_squares

    def summed(scenario: DiaryScenario) -> Features:
        items, after = _drawn(own, scenario, seed=seed, replicates=many)
        return rating_features(items["stiffness"], after, own.possible, near=frame.near,
                               far=frame.far)  # fmt: skip

    many = int(np.clip(_PERSON_DAYS // own.seen[0].size, 16, 3 * BLOCK))
    got = {k: float(v[0]) for k, v in own_features(own, frame.near, frame.far).items()}
    begin = _begin(got, own, frame, keep_change=keep_change)
    names = list(begin)
    low, high, step = (np.array([_RANGES[name][i] for name in names]) for i in range(3))
    width = high - low
    used = [name for name, value in got.items() if np.isfinite(value)
            and (name not in _CHECKED or (name == "shift" and "change" in names))]  # fmt: skip

    def world(z: Floats) -> DiaryScenario:
        new = dict(zip(names, (low + (z - 1.0) * width).tolist(), strict=True))
        new |= {name: float(np.sqrt(new[name])) for name in _SQUARED if name in new}
        if "completion_week_12" not in new:
            new["completion_week_12"] = new["completion_week_1"]
        return replace(start, **new)

    def residual(z: Floats) -> Floats:
        try:
            now = summed(world(z))
        except ValueError:  # nobody in that world comes in
            return np.full(len(used), 1e3)
        off = [mean_of(now[name], np.isfinite(now[name])) - got[name] for name in used]
        return np.asarray(np.nan_to_num(np.array(off) / scale))

    begin |= {name: begin[name] ** 2 for name in _SQUARED if name in begin}
    z = 1.0 + np.clip((np.array(list(begin.values())) - low) / width, 0.005, 0.995)
    first = summed(world(z))
    scale = np.array([np.hypot(sd_of(first[name], np.isfinite(first[name])), _LEAST_SPREAD)
                      for name in used])  # fmt: skip
    scale = np.where(np.isfinite(scale), scale, 1.0)
    found = least_squares(
        residual, z, bounds=(1.0, 2.0), diff_step=step / width, x_scale=step / width, ftol=1e-3,
        xtol=1e-4, max_nfev=rounds,
    )  # fmt: skip
    scenario = world(found.x)
    last = summed(scenario)
    spread = np.cov(np.nan_to_num([(last[name] - got[name]) / s for name, s in
                                   zip(used, scale, strict=True)]))  # fmt: skip
    pull = np.linalg.pinv(np.asarray(found.jac))
    error = np.sqrt(np.diag(pull @ spread @ pull.T) * (1.0 + 1.0 / many)) * width
    values = {}
    for name, e in zip(names, error.tolist(), strict=True):
        value = float(getattr(scenario, name))
        # of a square root: by its slope, which says nothing near 0
        values[name] = value, min(e / (2.0 * value), e**0.5) if name in _SQUARED else e
    return scenario, values


def _begin(
    got: Mapping[str, float], own: OwnDiary, frame: _Frame, *, keep_change: bool
) -> dict[str, float]:
    """Return the fields to fit with their values by closed form, which the fit starts from."""
    if not got["far"] > 0 or not got["spread"] > 0:
        raise ValueError(
            "diary: stiffness must differ between people and between days, got ratings that do "
            "not; a twin of these would be one number"
        )
    days = own.seen.shape[-1]
    ends = min(got["zero"] + got["ten"], 0.9)
    within = got["far"] / (1.0 - ends)
    out = {"level_mean": got["mean"] - 2.0 * got["zero"] + 2.0 * got["ten"],
           "level_sd": got["spread"] * (1.0 + ends), "day_sd": float(np.sqrt(0.6 * within)),
           "day_autocorrelation": 0.25}  # fmt: skip
    if np.isfinite(got["unlike"]):
        out["day_sd_spread"] = 0.3
    if len(frame.near) > 1:
        out["drift_sd"] = float(np.sqrt(0.4 * within))
    if days >= LONG:
        out["drift_half_life"] = 21.0
    if keep_change:
        if own.baseline_days is None or not np.isfinite(got["shift"]):
            raise ValueError(
                "keep_change needs first_session in the table of people and days rated on both "
                f"sides of it, by {FEWEST_PEOPLE} people or more; give people, or keep_change=False"
            )
        out["change"] = got["shift"]
    out["completion_week_1"] = got["early"]
    if days >= 28:
        out["completion_week_12"] = got["late"]
    if np.isfinite(got["streaky"]) and _gap_count(own.seen) >= _LEAST_GAPS:
        out["missing_persistence"] = got["streaky"]
    if np.isfinite(got["stops"]):
        out["dropout_weekly"] = got["stops"]
    return out


def _gap_count(seen: Floats) -> int:
    """Count missing days that a filled-in day follows."""
    known = ~np.isnan(seen)
    later = np.maximum.accumulate(known[..., ::-1], axis=-1)[..., ::-1]
    return int((later & ~known).sum())


def _fit_items(
    own: OwnDiary, scenario: DiaryScenario, *, seed: int, rounds: int
) -> tuple[DiaryScenario, list[str]]:
    """Fit the other columns: each number has a feature of its own, and is moved by what it lacks."""
    names = [name for name in SYMPTOMS if name in own.items]
    counts = "spasm_count" in own.items
    fitted = [*(_COUNT_FIELDS if counts else ()), *(_ITEM_FIELDS if names else ()),
              *(["symptom_correlation"] if len(names) > 1 else [])]  # fmt: skip
    if not fitted:
        return scenario, fitted
    want = {k: float(v[0]) for k, v in item_features(own.items, own.after).items()}
    many = int(np.clip(_PERSON_DAYS // own.seen[0].size, 8, BLOCK))
    for _ in range(rounds):
        items, after = _drawn(own, scenario, seed=seed, replicates=many, whole=True)
        now = {k: float(mean_of(v, np.isfinite(v))) for k, v in item_features(items, after).items()}
        scenario = _moved(scenario, names, want, now, counts=counts)
    return scenario, fitted


def _moved(
    scenario: DiaryScenario, names: list[str], want: Mapping[str, float],
    now: Mapping[str, float], *, counts: bool,
) -> DiaryScenario:  # fmt: skip
    """Move each number by what its feature lacks; what cannot be told stays."""

    def by(key: str, f: Callable[[float], Any] = float) -> float:
        return float(np.nan_to_num(f(want[key]) - f(now[key])))

    def turned(r: float, *keys: str) -> float:
        more = np.mean([by(k, lambda v: np.arctanh(np.clip(v, -0.95, 0.95))) for k in keys])
        return float(np.clip(np.tanh(np.arctanh(r) + more), -0.95, 0.95))

    s, new = scenario, dict[str, Any]()
    if counts:
        new["spasm_median"] = float(np.clip(
            s.spasm_median * np.exp(by("spasm_count, mean")), 0.01, 200.0))  # fmt: skip
        new["spasm_spread"] = _spread(s.spasm_spread, by("spasm_count, spread", np.square), 0.0, 3)
        more = 1.0 / s.spasm_dispersion + by("spasm_count, extra")
        new["spasm_dispersion"] = 1.0 / float(np.clip(more, 0.01, 10.0))
    if names:
        mean, sd, tie = map(list, (s.symptom_mean, s.symptom_sd, s.stiffness_correlation))
        for i, name in enumerate(SYMPTOMS):
            if name in names:
                mean[i] = float(np.clip(mean[i] + by(f"{name}, mean"), -20, 30))
                sd[i] = _spread(sd[i], by(f"{name}, spread", np.square), 0.05, 15.0)
                tie[i] = turned(tie[i], f"{name}, between")
        new |= {"symptom_mean": tuple(mean), "symptom_sd": tuple(sd)}
        more = float(np.mean([by(f"{name}, within", np.square) for name in names]))
        new["symptom_day_sd"] = _spread(s.symptom_day_sd, more, 0.05, 15.0)
        new["same_day_correlation"] = turned(
            s.same_day_correlation, *(f"{name}, same day" for name in names))  # fmt: skip
        both = s.symptom_correlation
        if len(names) > 1:
            both = turned(both, "symptoms, each other")
        new |= {"stiffness_correlation": tuple(tie), "symptom_correlation": both}
    while True:
        try:
            return replace(s, **new)
        except ValueError:  # correlations that cannot hold together: bring them nearer to 0
            new["stiffness_correlation"] = tuple(0.9 * r for r in new["stiffness_correlation"])
            new["symptom_correlation"] *= 0.9


def _spread(sd: float, more: float, low: float, high: float) -> float:
    """Return the standard deviation whose square is so much more, within limits."""
    return float(np.clip(np.sqrt(max(sd**2 + more, 0.0)), low, high))


# --- the answer ----------------------------------------------------------------------------------


def _kept(order: list[str], fitted: tuple[str, ...]) -> tuple[str, ...]:
    absent = dict.fromkeys((*_ITEM_FIELDS, *_COUNT_FIELDS, "falls_per_day", "missed_tablets",
                            "item_missing_rate"), "no such column that enough people answered")  # fmt: skip
    why = {**dict.fromkeys(order, _NOT_HERE), **absent, **_REASONS}
    return tuple(f"{name}: {why[name]}" for name in order if name not in fitted)


def _value_rows(
    values: Mapping[str, tuple[float, float]], own: OwnDiary, notes: list[str]
) -> Estimates:
    return Estimates.from_rows([
        {"outcome": "stiffness", "group": "fitted world", "term": name, "measure": "value",
         "estimate": value, "std_error": error, "n": own.seen.shape[1],
         "method": "simulated method of moments"} for name, (value, error) in values.items()
    ], notes=notes)  # fmt: skip


def _closeness(
    own: OwnDiary, scenario: DiaryScenario, frame: _Frame, *, replicates: int, seed: int,
    keep_change: bool, notes: list[str],
) -> Estimates:  # fmt: skip
    """Compare the own diary with synthetic ones that the fit has not seen."""

    def summed(items: Mapping[str, Floats], after: Flags) -> Features:
        out = rating_features(items["stiffness"], after, own.possible, near=frame.near,
                              far=frame.far)  # fmt: skip
        return {f"stiffness, {k}": v for k, v in out.items()} | item_features(items, after)

    parts = [
        summed(*_drawn(own, scenario, seed=seed, replicates=min(BLOCK, replicates - done),
                       block=_AGAIN + done // BLOCK, whole=True))
        for done in range(0, replicates, BLOCK)
    ]  # fmt: skip
    rows: list[dict[str, Any]] = []
    told = own_features(own, frame.near, frame.far)
    mines = {f"stiffness, {k}": v for k, v in told.items()} | item_features(own.items, own.after)
    for key, mine in mines.items():
        outcome, name = key.split(", ")
        theirs = np.concatenate([part[key] for part in parts])
        theirs = theirs[np.isfinite(theirs)]
        if not np.isfinite(mine[0]) or len(theirs) < replicates / 2:
            continue
        term, measure = _MEANINGS.get(outcome, ITEM_FEATURES)[name]
        check = name == "zero" if outcome != "stiffness" else (
            name in _CHECKED and not (name == "shift" and keep_change))  # fmt: skip
        low, high = np.quantile(theirs, [0.025, 0.975])
        common = {"outcome": outcome, "term": term, "n": own.seen.shape[1],
                  "method": "not fitted, a check" if check else "fitted"}  # fmt: skip
        rows += [
            {**common, "group": OWN, "measure": measure, "estimate": float(mine[0])},
            {**common, "group": SYNTHETIC, "measure": measure, "estimate": float(theirs.mean()),
             "std_error": float(theirs.std(ddof=1)), "conf_low": float(low),
             "conf_high": float(high), "conf_level": 0.95},
            {**common, "group": OWN, "measure": "within",
             "estimate": float(low - 1e-9 <= mine[0] <= high + 1e-9)},
        ]  # fmt: skip
    return Estimates.from_rows(rows, notes=notes)
