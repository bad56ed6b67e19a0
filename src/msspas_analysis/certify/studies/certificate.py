"""The certificate of an analysis: how often it is wrong on data of this shape, before it is believed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from msspas_analysis.certify.monte_carlo import mean_row, share_row, sign_and_size_rows
from msspas_analysis.certify.studies.replicates import CLAIMED, NULL, WORLDS, Replicates
from msspas_analysis.estimate.intervals import t_interval
from msspas_analysis.estimate.linear import mean_rows
from msspas_analysis.estimate.people import need
from msspas_analysis.estimate.trials.adjusted import difference_kernel
from msspas_analysis.results import Estimates

Floats = NDArray[np.float64]
Light = Literal["green", "amber", "red"]
Answers = Mapping[str, Floats]
"""``estimate``, ``conf_low``, ``conf_high`` and ``p_value`` of every replicate."""
Analysis = Callable[[Replicates, str], Answers]

ALPHA: Final = 0.05
LIMITS: Final[Mapping[str, tuple[float, float | None]]] = {
    "type_i_error": (0.065, 0.10), "coverage": (0.93, 0.90), "answered": (0.98, 0.90),
    "power": (0.50, None), "type_m": (1.5, None), "type_s": (0.05, None),
}  # fmt: skip
"""Where green ends and where red begins, each beyond its Monte Carlo error [chosen here]."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Certificate:
    """How often an analysis is wrong on data of one shape.

    Parameters
    ----------
    analysis : str
        What was tried.
    light : {"green", "amber", "red"}
        Whether it may speak, may speak with what `reasons` say, or may not.
    reasons : tuple of str
        Why it is not green, as sentences.
    results : Estimates
        By world (``group``): "type_i_error" or "power", "coverage", "bias", "mean_estimate",
        "answered"; in the world of the claimed effect "type_s" (share of wrong signs among what is
        called a difference) and "type_m" (how many times too large it is then). Each with its
        Monte Carlo error and 95 % interval; ``n`` counts replicates.
    """

    analysis: str
    light: Light
    reasons: tuple[str, ...]
    results: Estimates

    def sentence(self, verdict: str) -> str:
        """Return a verdict as it may be said: unchanged, with its caveat, or the reason instead.

        Examples
        --------
        >>> red = Certificate(analysis="t", light="red", reasons=("It errs in 30 %.",),
        ...     results=Estimates.from_rows([]))
        >>> red.sentence("Stiffness fell.")
        'Nothing is concluded from this analysis. It errs in 30 %.'
        """
        if self.light == "red":
            return " ".join(("Nothing is concluded from this analysis.", *self.reasons))
        return " ".join((verdict, *self.reasons))

    def __str__(self) -> str:
        kept = ["group", "measure", "estimate", "std_error", "n"]
        shown = self.results.display()[kept].to_string(index=False)
        return "\n".join([f"{self.analysis}: {self.light}", *self.reasons, shown,
                          *self.results.notes])  # fmt: skip


# --- analyses on offer ---------------------------------------------------------------------------


def _change(drawn: Replicates, world: str) -> Answers:
    scores = drawn.scores[world]
    return _mean_of(scores["after"] - scores["before"])


def _beyond(drawn: Replicates, world: str) -> Answers:
    if "beyond" not in drawn.scores[world]:
        raise ValueError(
            "these replicates hold no change beyond expectation; draw them with "
            "diary_replicates(..., beyond=True)"
        )
    return _mean_of(drawn.scores[world]["beyond"])


def _signed_ranks(drawn: Replicates, world: str) -> Answers:
    from msspas_analysis.estimate.trials.ranks import signed_ranks

    scores = drawn.scores[world]
    difference = scores["after"] - scores["before"]
    out = {k: np.full(len(difference), np.nan) for k in ("estimate", "conf_low", "conf_high",
                                                         "p_value")}  # fmt: skip
    count = (~np.isnan(difference)).sum(axis=-1)
    ordered = np.sort(difference, axis=-1)  # NaN last, so those with as many people go together
    for n in np.unique(count[count > 1]):
        mine = np.nonzero(count == n)[0]
        got = signed_ranks(ordered[mine, :n])
        out["p_value"][mine] = got.p_value
        out["estimate"][mine] = (ordered[mine, (n - 1) // 2] + ordered[mine, n // 2]) / 2
    return out


def _ancova(drawn: Replicates, world: str) -> Answers:
    return _between(drawn, world, covariate=True, std_errors="classical")


def _ancova_robust(drawn: Replicates, world: str) -> Answers:
    return _between(drawn, world, covariate=True, std_errors="HC3")


def _last_visit(drawn: Replicates, world: str) -> Answers:
    return _between(drawn, world, covariate=False, std_errors="classical")


def _change_score(drawn: Replicates, world: str) -> Answers:
    scores = drawn.scores[world]
    return _of_arms(drawn, scores["after"] - scores["before"], (), "classical")


def _treated_alone(drawn: Replicates, world: str) -> Answers:
    scores, arm = drawn.scores[world], _arm_of(drawn)
    return _mean_of(np.where(arm == 1, scores["after"] - scores["before"], np.nan))


def _between(drawn: Replicates, world: str, *, covariate: bool, std_errors: str) -> Answers:
    scores = drawn.scores[world]
    return _of_arms(drawn, scores["after"], [scores["before"]] if covariate else (), std_errors)


def _of_arms(drawn: Replicates, y: Floats, covariates: Any, std_errors: str) -> Answers:
    arm = _arm_of(drawn)
    got = difference_kernel(np.where(np.isnan(arm), np.nan, y), np.where(arm == 1, 1.0, 0.0),
                            list(covariates), std_errors=std_errors)  # fmt: skip
    return {k: got[k] for k in ("estimate", "conf_low", "conf_high", "p_value")}


def _arm_of(drawn: Replicates) -> Floats:
    if drawn.arm is None:
        raise ValueError("this analysis compares arms, and these replicates have none")
    return drawn.arm


def _mean_of(values: Floats) -> Answers:
    """Return the t interval of the mean of each replicate, people without a value left out."""
    if not np.isnan(values).any():
        got = t_interval(values)
        return {k: np.asarray(getattr(got, k)) for k in ("estimate", "conf_low", "conf_high",
                                                         "p_value")}  # fmt: skip
    return mean_rows(values)


ANALYSES: Final[Mapping[str, Analysis]] = {
    "paired t": _change, "signed ranks": _signed_ranks, "beyond expectation": _beyond,
    "ANCOVA": _ancova, "ANCOVA, HC3": _ancova_robust, "last visit": _last_visit,
    "change score": _change_score, "treated arm alone": _treated_alone,
}  # fmt: skip
"""Analyses that :func:`certify_analysis` knows by name; the first three are of people without a control."""


# --- the certificate -----------------------------------------------------------------------------


def certify_analysis(
    analysis: str | Analysis, drawn: Replicates, *, name: str | None = None
) -> Certificate:
    """Try an analysis on a study drawn many times, with nothing in it and with the claimed effect.

    Parameters
    ----------
    analysis : str or callable
        A key of :data:`ANALYSES`, or a function of the replicates and the name of a world that
        returns ``estimate``, ``conf_low``, ``conf_high`` and ``p_value``, one for each replicate.
    drawn : Replicates
        From :func:`~msspas_analysis.certify.studies.replicates.diary_replicates` or
        :func:`~msspas_analysis.certify.studies.replicates.trial_replicates`.
    name : str or None
        What to call a function.

    Returns
    -------
    Certificate
        Its light is red where the analysis calls nothing something in more than one study of ten, or
        its interval misses the truth that often; amber where that is beyond 6.5 % (coverage below
        93 %), or where the claimed effect would be missed in half of studies, be more than half too
        large when found, or have the wrong sign.

    Raises
    ------
    ValueError
        If the analysis is unknown, needs what these replicates lack, or answers in another shape.

    Notes
    -----
    A certificate is for this shape of data and these two worlds. The effect of expectation is none
    of the treatment's: in a study without a control that has any, every analysis of change is red.

    References
    ----------
    .. [1] Morris TP, White IR, Crowther MJ (2019). Using simulation studies to evaluate statistical
       methods. Stat Med 38:2074-2102.
    .. [2] Gelman A, Carlin J (2014). Beyond power calculations: assessing type S (sign) and type M
       (magnitude) errors. Perspect Psychol Sci 9:641-651.

    Examples
    --------
    >>> from msspas_analysis.certify.studies.replicates import diary_replicates
    >>> from msspas_analysis.simulate.scenario import DiaryScenario
    >>> world = DiaryScenario(n_people=40, entry_rating=6)
    >>> drawn = diary_replicates(world, effect=-1.0, replicates=512, seed=1)
    >>> certify_analysis("paired t", drawn).light  # people who came in on a bad day
    'red'
    """
    if set(drawn.scores) != set(WORLDS):
        raise ValueError("these replicates hold one world; draw them with null=True")
    if isinstance(analysis, str):
        if analysis not in ANALYSES:
            raise ValueError(f"analysis must be one of {list(ANALYSES)}, got {analysis!r}")
        label, run = analysis, ANALYSES[analysis]
    else:
        label, run = str(name or getattr(analysis, "__name__", "an analysis")), analysis
    return _certified(label, {world: run(drawn, world) for world in WORLDS}, drawn)


def certify_answers(
    path: str | Path, drawn: Replicates, *, name: str = "an analysis done elsewhere"
) -> Certificate:
    """Certify an analysis that another program did on the same replicates.

    Parameters
    ----------
    path : str or pathlib.Path
        A CSV with one row per world and replicate: ``world``, ``replicate``, ``estimate``,
        ``conf_low``, ``conf_high``, ``p_value``, made from the file that
        :meth:`~msspas_analysis.certify.studies.replicates.Replicates.to_csv` wrote.
    drawn : Replicates
        The replicates it was made from.
    name : str
        What to call the analysis.

    Returns
    -------
    Certificate

    Raises
    ------
    ValueError
        If a column or a replicate is absent, or one stands twice.

    Examples
    --------
    >>> import tempfile
    >>> from msspas_analysis.certify.studies.replicates import diary_replicates
    >>> from msspas_analysis.simulate.scenario import DiaryScenario
    >>> drawn = diary_replicates(DiaryScenario(n_people=12), effect=-1.0, replicates=128, seed=1)
    >>> rows = pd.DataFrame([{"world": w, "replicate": r, "estimate": 0.0, "conf_low": -1.0,
    ...     "conf_high": 1.0, "p_value": 0.5} for w in ("no effect", "claimed effect")
    ...     for r in range(128)])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     rows.to_csv(f"{folder}/answers.csv", index=False)
    ...     made = certify_answers(f"{folder}/answers.csv", drawn)
    >>> float(made.results.one(measure="power").estimate)  # it never says anything
    0.0
    """
    columns = ["estimate", "conf_low", "conf_high", "p_value"]
    table = pd.read_csv(path)
    need(table, ["world", "replicate", *columns], "the file of answers")
    if strange := sorted(set(table["world"]) - set(WORLDS)):
        raise ValueError(f"world holds {strange}; it must be one of {list(WORLDS)}")
    if table.duplicated(["world", "replicate"]).any():
        raise ValueError("a replicate has two answers in one world; give one row for each")
    answers = {}
    for world in WORLDS:
        part = table[table["world"] == world].set_index("replicate")
        if missing := [r for r in range(drawn.number) if r not in part.index]:
            raise ValueError(
                f"{len(missing)} replicates of {world!r} have no row, the first is {missing[0]}; "
                "write one for each, empty where the analysis failed"
            )
        rows = part.reindex(range(drawn.number))
        answers[world] = {one: rows[one].to_numpy(dtype=np.float64) for one in columns}
    return _certified(name, answers, drawn)


def _certified(label: str, answers: Mapping[str, Answers], drawn: Replicates) -> Certificate:
    rows: list[dict[str, Any]] = []
    for world in WORLDS:
        for name in ("estimate", "conf_low", "conf_high", "p_value"):
            got = answers[world].get(name)
            if got is None or np.shape(got) != (drawn.number,):
                raise ValueError(
                    f"the analysis must return {name} for each of {drawn.number} replicates, got "
                    f"{'none' if got is None else np.shape(got)}"
                )
        base = {
            "outcome": "stiffness", "group": world, "term": label, "n_missing": 0,
            "method": f"simulated; {drawn.label}",
        }  # fmt: skip
        rows += [base | row for row in _behaviour(answers[world], drawn.truth[world], world)]
    results = Estimates.from_rows(rows, notes=[
        f"Drawn {drawn.number:,} times in each world: {drawn.label}. A computer model, no real people.",
        f"The claimed effect is {drawn.effect:+g} points, of which {drawn.truth[CLAIMED]:+.2f} show "
        "in the ratings after rounding and at the ends of the scale.",
        *drawn.notes,
    ])  # fmt: skip
    light, reasons = _judged(results, drawn)
    return Certificate(analysis=label, light=light, reasons=reasons, results=results)


def _behaviour(answers: Answers, truth: float, world: str) -> list[dict[str, Any]]:
    """Return how an analysis behaves in one world, each with its Monte Carlo error."""
    estimate = np.asarray(answers["estimate"], dtype=np.float64)
    low, high = (np.asarray(answers[k], dtype=np.float64) for k in ("conf_low", "conf_high"))
    p = np.asarray(answers["p_value"], dtype=np.float64)
    answered, tested, ends = ~np.isnan(estimate), ~np.isnan(p), ~(np.isnan(low) | np.isnan(high))
    called = tested & (p < ALPHA)
    rows = [share_row("answered", answered)]
    rows.append(share_row("type_i_error" if world == NULL else "power", called[tested]))
    if ends.any():
        rows.append(share_row("coverage", ((low <= truth) & (truth <= high))[ends]))
    rows.append(mean_row("mean_estimate", estimate[answered]))
    rows.append(mean_row("bias", estimate[answered] - truth))
    if world == CLAIMED:
        rows += sign_and_size_rows(estimate[called & answered], truth)
    return rows


def _judged(results: Estimates, drawn: Replicates) -> tuple[Light, tuple[str, ...]]:
    """Return the light and, for amber and red, why: only beyond the Monte Carlo error."""
    found = {(str(r["group"]), str(r["measure"])): r for r in results.table.to_dict("records")}
    red: list[str] = []
    amber: list[str] = []
    for world, measure, sign, words in _RULES:
        row = found.get((world, measure))
        if row is None or np.isnan(row["estimate"]):
            continue
        value = float(row["estimate"])
        # the end of the Monte Carlo interval that is nearer to what is asked for
        sure = sign * float(row["conf_low"] if sign > 0 else row["conf_high"])
        sure = sign * value if np.isnan(sure) else sure
        first, second = LIMITS[measure]
        told = words.format(
            percent=100 * value, rest=100 * (1 - value), value=value, effect=drawn.effect
        )
        if second is not None and sure > sign * second:
            red.append(told)
        elif sure > sign * first:
            amber.append(told)
    light: Light = "red" if red else "amber" if amber else "green"
    return light, tuple(red + amber)


# world, measure, whether more (1) or less (-1) of it is worse, and what is said then
_RULES: Final = (
    (NULL, "type_i_error", 1.0, "With nothing given it would call a change in {percent:.0f} % of "
     "studies like this, where 5 % is due."),
    (NULL, "coverage", -1.0, "With nothing given its 95 % interval holds the truth in {percent:.0f} "
     "% of studies."),
    (CLAIMED, "coverage", -1.0, "With an effect of {effect:+g} points its 95 % interval holds the "
     "truth in {percent:.0f} % of studies."),
    (NULL, "answered", -1.0, "It has no answer in {rest:.0f} % of studies like this."),
    (CLAIMED, "power", -1.0, "An effect of {effect:+g} points would be missed in {rest:.0f} % of "
     "studies like this."),
    (CLAIMED, "type_m", 1.0, "Where that effect is found it looks {value:.1f} times as large as it "
     "is."),
    (CLAIMED, "type_s", 1.0, "In {percent:.0f} % of what is found the direction is wrong."),
)  # fmt: skip
