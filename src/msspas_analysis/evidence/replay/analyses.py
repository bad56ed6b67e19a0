"""How a replayed study is analysed, many runs at once, with nothing true and with the claimed effect.

Both truths share all luck: the rating without the effect is that of the same person on the same day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, cast

import numpy as np
from numpy.typing import NDArray

from msspas_analysis.estimate.change.paired import fallen
from msspas_analysis.estimate.intervals import mean_of_known, quotient
from msspas_analysis.estimate.linear import mean_rows
from msspas_analysis.estimate.trials.adjusted import difference_kernel
from msspas_analysis.estimate.trials.ranks import mann_whitney
from msspas_analysis.evidence.replay.surveys import Survey, drawn_odds, share_seen
from msspas_analysis.simulate.clusters import complaint_ratings, session_ratings
from msspas_analysis.simulate.designs import Design
from msspas_analysis.simulate.streams import stream
from msspas_analysis.simulate.trials import Trials, simulate_trials

Floats = NDArray[np.float64]
NOTHING: Final = "no true effect"
CLAIMED: Final = "claimed effect"
TRUTHS: Final = (NOTHING, CLAIMED)
ALPHA: Final = 0.05
_FIFTH: Final = 0.20
_RESPONSE: Final = 0.30
Analysis = Literal[
    "change", "difference", "responders", "crossover", "doses", "enriched", "withdrawal", "rule",
    "case", "complaints", "sessions", "falls", "waiting", "standardised", "survey",
]  # fmt: skip
Answers = Mapping[str, Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A study to be run again.

    Parameters
    ----------
    key : str
        Of the entry in the library, or a name of your own.
    design : Design or Survey
        What was done. The treatments of a design carry the claimed effect, in points of a 0-10 rating. Of a
        survey "claimed effect" is the printed share and everybody as ready to answer, "no true effect" the
        share of its reference and those with the symptom readier.
    analysis : str
        How it was analysed, a key of :data:`ANALYSES`.
    printed : str
        What counts as printed as it was, a key of :data:`PRINTED`.
    looks : str
        The same in words.
    assumptions : tuple of (str, str, str)
        What, its status, and where it comes from; those of the design are added.
    settings : mapping of str to float
        What an analysis needs besides.
    """

    key: str
    design: Design | Survey
    analysis: Analysis
    printed: str
    looks: str
    assumptions: tuple[tuple[str, str, str], ...] = ()
    settings: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse an analysis or a criterion that there is not."""
        if self.analysis not in ANALYSES:
            raise ValueError(f"analysis must be one of {list(ANALYSES)}, got {self.analysis!r}")
        if self.printed not in PRINTED:
            raise ValueError(f"printed must be one of {list(PRINTED)}, got {self.printed!r}")
        if isinstance(self.design, Survey) != (self.analysis == "survey"):
            raise ValueError(
                f"analysis {self.analysis!r} does not go with a {type(self.design).__name__}"
            )

    @property
    def trial(self) -> Design:
        """The design of what is no survey."""
        return cast("Design", self.design)

    @property
    def told(self) -> tuple[tuple[str, str, str], ...]:
        """Everything the runs rest on: what, its status, where from."""
        said = {what for what, *_ in self.assumptions}
        if "claimed effect" in said:
            said.add("effect")
        return (*self.assumptions, *(one for one in self.design.sources if one[0] not in said))


def run_block(replay: Replay, seed: int, first: int, count: int) -> dict[str, Floats]:
    """Run some replicates: estimate, p, whether it was printed and what is told beside, under both truths."""
    found = ANALYSES[replay.analysis](replay, seed, first, count)
    out: dict[str, Floats] = {}
    for truth in TRUTHS:
        mine = found[truth]
        out[f"{truth}/estimate"] = mine["estimate"]
        out[f"{truth}/p"] = mine["p"]
        out[f"{truth}/printed"] = np.asarray(PRINTED[replay.printed](mine), dtype=np.float64)
        out |= {
            f"{truth}/{name}": np.asarray(mine[name], np.float64) for name in BESIDE if name in mine
        }
    moved = found[CLAIMED].get("true")
    nothing = np.full(count, np.nan)
    return out | {"true": nothing if moved is None else np.broadcast_to(moved, count).copy()}


# --- what people have at their visits ------------------------------------------------------------


def _runs(replay: Replay, seed: int, first: int, count: int, *, truth: bool = False) -> Trials:
    return simulate_trials(replay.trial, seed=seed, first=first, replicates=count, truth=truth)


def _scores(runs: Trials) -> dict[str, Floats]:
    """Ratings at the visits under both truths, visits first, NaN where somebody was lost."""
    seen = np.moveaxis(runs.scores["stiffness"], -1, 0)
    without = np.moveaxis(runs.untreated, -1, 0)
    return {NOTHING: np.where(np.isnan(seen), np.nan, without), CLAIMED: np.ascontiguousarray(seen)}


def _moved(runs: Trials) -> Floats:
    """How far treatment moved each rating, people and visits last."""
    return np.asarray(runs.complete["stiffness"] - runs.untreated)


def _of_arm(values: Floats, runs: Trials, arm: int = 0) -> Floats:
    return mean_of_known(np.where(runs.arm == arm, values, np.nan))


def _less_arm(values: Floats, runs: Trials, other: int) -> Floats:
    return _of_arm(values, runs) - _of_arm(values, runs, other)


def _with_true(out: dict[str, Answers], true: Floats | float | None = None) -> dict[str, Answers]:
    """Add what the claimed effect does; without it how far it moved the mean estimate."""
    if true is None:
        true = (out[CLAIMED]["estimate"] - out[NOTHING]["estimate"]).mean()
    return {**out, CLAIMED: {**out[CLAIMED], "true": np.asarray(true)}}


def _mean_t(values: Floats) -> dict[str, Floats]:
    row = mean_rows(values)
    return {"estimate": row["estimate"], "p": row["p_value"]}


def _between(y: Floats, arm: Floats, covariates: list[Floats]) -> dict[str, Floats]:
    row = difference_kernel(y, arm, covariates)
    return {"estimate": row["estimate"], "p": row["p_value"]}


def _shares(hit: Floats, arm: NDArray[np.bool_], other: NDArray[np.bool_]) -> dict[str, Floats]:
    """Difference of two shares with the usual z test; `hit` is 1, 0 or NaN."""
    from scipy.special import ndtr

    parts = []
    for inside in (arm, other):
        mine = np.where(inside, hit, np.nan)
        n = (~np.isnan(mine)).sum(axis=-1)
        parts.append((np.nansum(mine, axis=-1), n))
    (a, n), (b, m) = parts
    share, beside = quotient(a, n), quotient(b, m)
    both = quotient(a + b, n + m)
    error = np.sqrt(both * (1 - both) * (quotient(1.0, n) + quotient(1.0, m)))
    z = quotient(share - beside, error)
    return {"estimate": share - beside, "p": 2 * ndtr(-np.abs(z)), "share": share, "beside": beside}


# --- analyses ------------------------------------------------------------------------------------


def _change(replay: Replay, seed: int, first: int, count: int) -> dict[str, Answers]:
    runs = _runs(replay, seed, first, count)
    out: dict[str, Answers] = {t: _mean_t(y[-1] - y[0]) for t, y in _scores(runs).items()}
    return _with_true(out, _of_arm(_moved(runs)[..., -1], runs))


def _difference(replay: Replay, seed: int, first: int, count: int) -> dict[str, Answers]:
    runs = _runs(replay, seed, first, count)
    return _arms_apart(runs, _scores(runs))


def _arms_apart(runs: Trials, scores: dict[str, Floats]) -> dict[str, Answers]:
    """Compare the first arm with the last, and each of them with itself before."""
    last = len(runs.design.arms) - 1
    here = (runs.arm == 0) | (runs.arm == last)
    arm = (runs.arm == 0).astype(np.float64)
    out: dict[str, Answers] = {}
    for truth, y in scores.items():
        got = _between(np.where(here, y[-1], np.nan), arm, [y[0]])
        for name, place in (("treated", 0), ("control", last)):
            alone = _mean_t(np.where(runs.arm == place, y[-1] - y[0], np.nan))
            got |= {f"{name}_change": alone["estimate"], f"{name}_p": alone["p"]}
        out[truth] = got
    return _with_true(out, _less_arm(_moved(runs)[..., -1], runs, last))


def _standardised(replay: Replay, seed: int, first: int, count: int) -> dict[str, Answers]:
    """Difference of the changes of two small arms in standard deviations."""
    runs = _runs(replay, seed, first, count)
    scores = _scores(runs)
    out = _arms_apart(runs, scores)
    for truth, y in scores.items():
        change = y[-1] - y[0]
        parts = [np.where(runs.arm == place, change, np.nan) for place in (0, 1)]
        mean = [mean_of_known(part) for part in parts]
        ss = sum(np.nansum((part - m[:, None]) ** 2, axis=-1)
                 for part, m in zip(parts, mean, strict=True))  # fmt: skip
        df = sum((~np.isnan(part)).sum(axis=-1) for part in parts) - 2
        d = quotient(mean[0] - mean[1], np.sqrt(quotient(ss, df)))
        out[truth] = {**out[truth], "d": d}
    return out


def _responders(replay: Replay, seed: int, first: int, count: int) -> dict[str, Answers]:
    runs = _runs(replay, seed, first, count)
    last = len(replay.trial.arms) - 1
    out: dict[str, Answers] = {}
    for truth, y in _scores(runs).items():
        fell = np.where(np.isnan(y[-1]), np.nan, fallen(y[0], y[-1], _RESPONSE))
        got = _shares(fell, runs.arm == 0, runs.arm == last)
        # a larger share is better: turned so that below 0 is in favour
        out[truth] = {**got, "estimate": -got["estimate"]}
    return _with_true(out)


def _crossover(replay: Replay, seed: int, first: int, count: int) -> dict[str, Answers]:
    """Half the difference of the two periods, between those who had them in either order."""
    runs = _runs(replay, seed, first, count)
    arm = (runs.arm == 0).astype(np.float64)
    out: dict[str, Answers] = {
        truth: _between((y[1] - y[3]) / 2, arm, []) for truth, y in _scores(runs).items()
    }
    moved = _moved(runs)
    return _with_true(out, _less_arm((moved[..., 1] - moved[..., 3]) / 2, runs, 1))


def _doses(replay: Replay, seed: int, first: int, count: int) -> dict[str, Answers]:
    """Before and after within each dose; dose 2 is the larger."""
    runs = _runs(replay, seed, first, count)
    out: dict[str, Answers] = {}
    for truth, y in _scores(runs).items():
        small = np.where(runs.arm == 0, y[1] - y[0], y[3] - y[2])
        large = np.where(runs.arm == 1, y[1] - y[0], y[3] - y[2])
        out[truth] = {**_mean_t(large), "other_p": _mean_t(small)["p"]}
    moved = _moved(runs)
    large = np.where(runs.arm == 1, moved[..., 1], moved[..., 3])
    return _with_true(out, large.mean(axis=-1))


def _enriched(replay: Replay, seed: int, first: int, count: int) -> dict[str, Answers]:
    """Only those whose rating fell by a fifth in the first period; from then to the end."""
    runs = _runs(replay, seed, first, count)
    base = int(replay.settings.get("allocated", 1))
    arm = (runs.arm == 0).astype(np.float64)
    scores = _scores(runs)
    picked = {truth: fallen(y[0], y[1], _FIFTH) for truth, y in scores.items()}
    out: dict[str, Answers] = {
        truth: _between(np.where(picked[truth], y[-1], np.nan), arm, [y[base]])
        for truth, y in scores.items()
    }
    moved = np.where(picked[CLAIMED], _moved(runs)[..., -1], np.nan)
    return _with_true(out, _less_arm(moved, runs, 1))


def _withdrawal(replay: Replay, seed: int, first: int, count: int) -> dict[str, Answers]:
    """Who is worse by a fifth and by a point at the end; fewer is in favour."""
    runs = _runs(replay, seed, first, count)
    out: dict[str, Answers] = {}
    for truth, y in _scores(runs).items():
        worse = (y[-1] >= np.maximum((1 + _FIFTH) * y[-2], y[-2] + 1.0)).astype(np.float64)
        out[truth] = _shares(worse, runs.arm == 0, runs.arm == 1)
    return _with_true(out)


def _rule(replay: Replay, seed: int, first: int, count: int) -> dict[str, Answers]:
    """How many pass a rule for going on."""
    runs = _runs(replay, seed, first, count)
    out: dict[str, Answers] = {
        truth: {**_mean_t(y[1] - y[0]), "passed": fallen(y[0], y[1], _FIFTH).mean(axis=-1)}
        for truth, y in _scores(runs).items()
    }
    return _with_true(out, _of_arm(_moved(runs)[..., -1], runs))


def _case(replay: Replay, seed: int, first: int, count: int) -> dict[str, Answers]:
    """Take the one person who is written about: the largest fall of all."""
    runs = _runs(replay, seed, first, count)
    nothing = np.full(count, np.nan)
    return {
        truth: {"estimate": (y[-1] - y[0])[:, 0], "p": nothing,
                "share_fell": (y[0] - y[-1])[:, 0] / np.maximum(y[0][:, 0], 1e-9)}
        for truth, y in _scores(runs).items()
    }  # fmt: skip


def _complaints(replay: Replay, seed: int, first: int, count: int) -> dict[str, Answers]:
    """Each complaint counted by itself, beside each person counted once.

    Ratings of complaints have no effect in them; the claimed effect is taken off the last rating, as
    far as the scale goes.
    """
    runs = _runs(replay, seed, first, count)
    rated = complaint_ratings(runs, seed=seed, first=first)
    claimed = replay.settings.get("effect", -1.0)
    out: dict[str, Answers] = {}
    for truth in TRUTHS:
        after = rated[..., -1] if truth == NOTHING else np.clip(rated[..., -1] + claimed, 0, 10)
        change = after - rated[..., 0]
        flat = change.reshape(count, -1)
        people = mean_of_known(change.reshape(-1, change.shape[-1])).reshape(count, -1)
        known = ~np.isnan(flat)
        fell = quotient((known & (flat <= -1.0)).sum(axis=-1), known.sum(axis=-1))
        out[truth] = {**_mean_t(flat), "people_p": _mean_t(people)["p"], "fell": fell}
    return _with_true(out)


def _sessions(replay: Replay, seed: int, first: int, count: int) -> dict[str, Answers]:
    """Right before and right after each session of one person, each session counted as if a person."""
    runs = _runs(replay, seed, first, count, truth=True)
    rated = session_ratings(runs, seed=seed, first=first)[:, 0]
    acute = replay.trial.acute
    lasting = np.moveaxis(runs.complete["stiffness"], -1, 0)
    out: dict[str, Answers] = {}
    for truth in TRUTHS:
        after = np.clip(rated[..., 1] - acute, 0, 10) if truth == NOTHING else rated[..., 1]
        out[truth] = {**_mean_t(after - rated[..., 0]), "lasting": (lasting[-1] - lasting[0])[:, 0]}
    return _with_true(out, acute)


def _falls(replay: Replay, seed: int, first: int, count: int) -> dict[str, Answers]:
    """Compare counts of two arms by ranks: negative binomial, alike in both with nothing true."""
    s = replay.settings
    sizes = [arm.size for arm in replay.trial.arms]
    rng = stream(seed, "replayed falls", first)
    k = s["dispersion"]
    usual = [rng.gamma(k, 1 / k, (count, n)) for n in sizes]
    out: dict[str, Answers] = {}
    for truth in TRUTHS:
        means = (s["mean_treated"] if truth == CLAIMED else s["mean_control"], s["mean_control"])
        draws = [stream(seed, f"replayed falls, arm {i}", first).poisson(usual[i] * means[i])
                 for i in range(2)]  # fmt: skip
        got = mann_whitney(draws[0].astype(np.float64), draws[1].astype(np.float64))
        medians = [np.median(d, axis=-1) for d in draws]
        out[truth] = {"estimate": medians[0] - medians[1], "p": got.p_value}
    return _with_true(out)


def _waiting(replay: Replay, seed: int, first: int, count: int) -> dict[str, Answers]:
    """Treated against waiting at the end, and again after the same time without."""
    runs = _runs(replay, seed, first, count)
    arm = (runs.arm == 0).astype(np.float64)
    out: dict[str, Answers] = {}
    for truth, y in _scores(runs).items():
        end, later = _between(y[1], arm, [y[0]]), _between(y[2], arm, [y[0]])
        out[truth] = {**end, "later_estimate": later["estimate"], "later_p": later["p"]}
    return _with_true(out, _of_arm(_moved(runs)[..., 1], runs))


def _survey(replay: Replay, seed: int, first: int, count: int) -> dict[str, Answers]:
    """How large a share of those who answered have it."""
    survey = cast("Survey", replay.design)
    odds = drawn_odds(survey, seed=seed, first=first, count=count)
    worlds = {NOTHING: (survey.if_as_the_reference, odds),
              CLAIMED: (np.asarray(survey.shares), np.ones(count))}  # fmt: skip
    none = np.full(count, np.nan)
    out: dict[str, Answers] = {
        truth: {"estimate": share_seen(survey, shares, ready, seed=seed, first=first), "p": none,
                "due": np.asarray(survey.printed)}
        for truth, (shares, ready) in worlds.items()
    }  # fmt: skip
    return _with_true(out, survey.printed)


ANALYSES: Final[dict[str, Callable[[Replay, int, int, int], dict[str, Answers]]]] = {
    "change": _change, "difference": _difference, "responders": _responders,
    "crossover": _crossover, "doses": _doses, "enriched": _enriched, "withdrawal": _withdrawal,
    "rule": _rule, "case": _case, "complaints": _complaints, "sessions": _sessions,
    "falls": _falls, "waiting": _waiting, "standardised": _standardised, "survey": _survey,
}  # fmt: skip


BESIDE: Final[dict[str, str]] = {
    "treated_change": "treated_change", "treated_p": "called_treated",
    "control_change": "control_change", "control_p": "called_control",
    "other_p": "called_at_smaller_dose", "people_p": "called_by_people", "fell": "share_fell",
    "share_fell": "mean_share_of_fall", "lasting": "lasting_change",
    "later_estimate": "later_estimate", "later_p": "called_later", "passed": "share_passed",
    "share": "share_treated", "beside": "share_control", "d": "standardised_difference",
}  # fmt: skip
"""What an analysis gives besides, and what it is called: of a p the share of runs with it below 5 %."""


# --- what counts as printed ----------------------------------------------------------------------


def _fell(a: Answers) -> NDArray[Any]:
    return np.asarray((a["p"] < ALPHA) & (a["estimate"] < 0))


def _one_sided(a: Answers, name: str = "") -> NDArray[Any]:
    return np.asarray((a[f"{name}p"] < 2 * ALPHA) & (a[f"{name}estimate"] < 0))


def _both_fell(a: Answers) -> NDArray[Any]:
    return np.asarray(
        (a["treated_p"] < ALPHA) & (a["treated_change"] < 0)
        & (a["control_p"] < ALPHA) & (a["control_change"] < 0)
    )  # fmt: skip


PRINTED: Final[dict[str, Callable[[Answers], NDArray[Any]]]] = {
    "fell": _fell,
    "one-sided fall": _one_sided,
    "no difference": lambda a: np.asarray(a["p"] >= ALPHA),
    "both fell, no difference": lambda a: _both_fell(a) & (a["p"] >= ALPHA),
    "both fell, one further": lambda a: _both_fell(a) & _fell(a),
    "fell at the larger dose only": lambda a: _fell(a) & (a["other_p"] >= ALPHA),
    "gain that is gone later": lambda a: _one_sided(a) & ~_one_sided(a, "later_"),
    "half or more apart": lambda a: np.asarray(a["d"] <= -0.5),
    "four in five pains fell": lambda a: np.asarray(a["fell"] >= 0.795),
    "a dramatic fall": lambda a: np.asarray((a["estimate"] <= -3.0) & (a["share_fell"] >= 0.5)),
    "as common": lambda a: np.asarray(a["estimate"] >= a["due"] - 0.005),
    "half pass": lambda a: np.asarray(a["passed"] >= 0.46),
    "nearly all fail without": lambda a: np.asarray((a["share"] <= 3.5 / 18) & (a["beside"] >= 15.5 / 18)),
}  # fmt: skip
"""When a run counts as printed as the study was, by name."""
