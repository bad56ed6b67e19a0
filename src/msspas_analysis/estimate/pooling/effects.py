"""What a study found, as an effect with its sampling variance, from the numbers that papers print.

References
----------
.. [1] Hedges LV (1981). Distribution theory for Glass's estimator of effect size and related
   estimators. J Educ Stat 6:107-128.
.. [2] Becker BJ (1988). Synthesizing standardized mean-change measures. Br J Math Stat Psychol
   41:257-278.
.. [3] Elbourne DR, Altman DG, Higgins JPT, et al. (2002). Meta-analyses involving cross-over trials:
   methodological issues. Int J Epidemiol 31:140-149.
.. [4] Freeman MF, Tukey JW (1950). Transformations related to the angular and the square root. Ann
   Math Stat 21:607-611.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from msspas_analysis.estimate.intervals import Floats
from msspas_analysis.estimate.trials.effect_size import hedges_factor

Words = npt.NDArray[np.object_]

_MEANS: Final = ("mean_1", "sd_1", "n_1", "mean_2", "sd_2", "n_2")
_TABLE: Final = ("events_1", "n_1", "events_2", "n_2")
_PAIRS: Final = ("mean_1", "sd_1", "mean_2", "sd_2", "correlation", "n")
_RATES: Final = ("events_1", "time_1", "events_2", "time_2")


@dataclass(frozen=True, slots=True)
class EffectMeasure:
    """What an effect is.

    Parameters
    ----------
    title : str
        In words.
    needs : tuple of str
        Columns it is worked out from.
    ratio : str
        Name of the ratio it is the logarithm of; empty where it is none.
    """

    title: str
    needs: tuple[str, ...]
    ratio: str = ""


MEASURES: Final[dict[str, EffectMeasure]] = {
    "mean_difference": EffectMeasure("mean of 1 minus mean of 2, in points", _MEANS),
    "standardised_mean_difference": EffectMeasure(
        "Hedges' g: mean of 1 minus mean of 2, in pooled standard deviations", _MEANS),
    "log_ratio_of_means": EffectMeasure("log of mean of 1 over mean of 2", _MEANS,
                                        "ratio_of_means"),
    "log_odds_ratio": EffectMeasure("log of odds of 1 over odds of 2", _TABLE, "odds_ratio"),
    "log_risk_ratio": EffectMeasure("log of risk of 1 over risk of 2", _TABLE, "risk_ratio"),
    "risk_difference": EffectMeasure("risk of 1 minus risk of 2", _TABLE),
    "log_rate_ratio": EffectMeasure("log of rate of 1 over rate of 2", _RATES, "rate_ratio"),
    "paired_mean_difference": EffectMeasure(
        "mean of 1 minus mean of 2 in the same people, in points", _PAIRS),
    "paired_standardised_difference": EffectMeasure(
        "mean of 1 minus mean of 2 in the same people, in standard deviations of 2", _PAIRS),
    "proportion": EffectMeasure("share of people", ("events", "n")),
    "logit_proportion": EffectMeasure("log odds of a share of people", ("events", "n")),
    "freeman_tukey": EffectMeasure("double arcsine of a share of people", ("events", "n")),
}  # fmt: skip
"""Effects that :func:`study_effects` works out, by name.

1 is the therapy and 2 what it is compared with. In the measures of the same people 1 is the period
with the therapy, or after it, and 2 the period without, or before; ``correlation`` is that of the two
ratings of one person, -1 to 1. ``time_1``, ``time_2``: person-time.
"""
_HALF: Final = 0.5  # added to each cell of a table that has an empty one
_NEITHER: Final = "set aside: nobody, or everybody, in both arms, which says nothing about a ratio"
_ABSENT: Final = "set aside: {} not known"


def study_effects(studies: pd.DataFrame, measure: str, *, study: str = "study") -> pd.DataFrame:
    """Work out one effect for each study from its printed numbers.

    Parameters
    ----------
    studies : pandas.DataFrame
        One row per study, with the columns of :data:`MEASURES`: ``mean_1``, ``sd_1`` (above 0),
        ``n_1`` (2 people or more), ``events_1`` (0 to ``n_1``), ``time_1`` (above 0) and so on.
    measure : str
        A name of :data:`MEASURES`.
    study : str
        The column that names the studies, each once.

    Returns
    -------
    pandas.DataFrame
        One row per study in their order: ``study``, ``measure``, ``effect``, ``variance``,
        ``std_error``, ``n`` (people), ``note``, and the columns that were not used, such as
        moderators. Where a number is absent, or a table says nothing about a ratio, ``effect`` is NaN
        and ``note`` says why.

    Raises
    ------
    ValueError
        If the measure is not known, a column is absent, a study is there twice or a number cannot be.

    Notes
    -----
    In a table with an empty cell 1/2 is added to each of its cells. Hedges' g has the exact factor and
    the large-sample variance. All are as in R's ``metafor::escalc``, but for tables in which both arms
    are empty or full, which it keeps for ratios.

    Examples
    --------
    >>> printed = pd.DataFrame({"study": ["TENS 2013"], "mean_1": [0.73], "sd_1": [0.70],
    ...     "n_1": [26], "mean_2": [1.15], "sd_2": [0.63], "n_2": [26]})
    >>> study_effects(printed, "mean_difference")[["effect", "std_error"]].round(3).values.tolist()
    [[-0.42, 0.185]]
    """
    if measure not in MEASURES:
        raise ValueError(f"measure must be one of {list(MEASURES)}, got {measure!r}")
    needs = MEASURES[measure].needs
    if absent := [name for name in (study, *needs) if name not in studies.columns]:
        raise ValueError(f"{measure} needs the columns {absent}; there are {list(studies.columns)}")
    names = studies[study].astype("str")
    if twice := sorted(names[names.duplicated()].unique()):
        raise ValueError(f"{study} has {twice} more than once; each study is one row")
    x = {name: _numbers(studies, name, names) for name in needs}
    known = ~np.isnan(np.stack(list(x.values()))).any(axis=0)
    note: Words = np.full(len(studies), "", dtype=np.object_)
    for i in np.flatnonzero(~known):
        note[i] = _ABSENT.format(", ".join(name for name in needs if np.isnan(x[name][i])))
    _check(x, names)
    with np.errstate(all="ignore"):
        effect, variance = _WORKED_OUT[measure](x, note)
    aside = np.asarray(note.astype(np.str_) != "")
    out = pd.DataFrame({
        "study": names.to_numpy(), "measure": measure,
        "effect": np.where(aside, np.nan, effect), "variance": np.where(aside, np.nan, variance),
    })  # fmt: skip
    out["std_error"] = np.sqrt(out["variance"])
    out["n"] = np.nansum([x[n] for n in ("n", "n_1", "n_2") if n in x], axis=0)
    out["note"] = note
    rest = [name for name in studies.columns if name not in (study, *needs, *out.columns)]
    return pd.concat([out, studies[rest].reset_index(drop=True)], axis=1)


def _numbers(studies: pd.DataFrame, name: str, who: pd.Series) -> Floats:
    got = pd.to_numeric(studies[name], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    words = studies[name].notna().to_numpy() & np.isnan(got)
    if words.any():
        at = int(words.argmax())
        raise ValueError(
            f"{name} of {who.iloc[at]} must be a number, got {studies[name].iloc[at]!r}"
        )
    return np.asarray(got)


def _check(x: dict[str, Floats], who: pd.Series) -> None:
    def refuse(bad: npt.NDArray[np.bool_], name: str, wanted: str) -> None:
        if bad.any():
            at = int(bad.argmax())
            raise ValueError(f"{name} of {who.iloc[at]} must be {wanted}, got {x[name][at]:g}")

    for name, values in x.items():
        if name.startswith(("sd_", "time_")):
            refuse(values <= 0, name, "above 0")
        elif name == "correlation":
            refuse(~(np.abs(values) <= 1) & ~np.isnan(values), name, "-1 to 1")
        elif name in ("n", "n_1", "n_2"):
            refuse((values < 1) | (values % 1 > 0), name, "a number of people, 1 or more")
        elif name.startswith("events"):
            refuse((values < 0) | (values % 1 > 0), name, "a count, 0 or more")
            of = name.replace("events", "n")
            if of in x:
                refuse(values > x[of], name, f"at most {of}")
    for name in ("n_1", "n_2"):
        if "sd_1" in x and name in x:
            refuse(x[name] < 2, name, "2 people or more")
    if "correlation" in x:
        refuse(x["n"] < 2, "n", "2 people or more")


def _mean_difference(x: dict[str, Floats], _: Words) -> tuple[Floats, Floats]:
    variance = x["sd_1"] ** 2 / x["n_1"] + x["sd_2"] ** 2 / x["n_2"]
    return x["mean_1"] - x["mean_2"], variance


def _hedges(x: dict[str, Floats], _: Words) -> tuple[Floats, Floats]:
    df = x["n_1"] + x["n_2"] - 2
    pooled = (x["sd_1"] ** 2 * (x["n_1"] - 1) + x["sd_2"] ** 2 * (x["n_2"] - 1)) / df
    g = hedges_factor(df) * (x["mean_1"] - x["mean_2"]) / np.sqrt(pooled)
    return g, 1 / x["n_1"] + 1 / x["n_2"] + g**2 / (2 * (df + 2))


def _ratio_of_means(x: dict[str, Floats], note: Words) -> tuple[Floats, Floats]:
    note[(note == "") & (x["mean_1"] * x["mean_2"] <= 0)] = (
        "set aside: means of two signs, or of 0, have no ratio"
    )
    variance = sum(x[f"sd_{i}"] ** 2 / (x[f"n_{i}"] * x[f"mean_{i}"] ** 2) for i in (1, 2))
    return np.log(x["mean_1"] / x["mean_2"]), np.asarray(variance)


def _cells(x: dict[str, Floats], note: Words, *, ratio: bool) -> tuple[Floats, ...]:
    a, n1, b, n2 = (x[name] for name in _TABLE)
    if ratio:
        note[(note == "") & (((a == 0) & (b == 0)) | ((a == n1) & (b == n2)))] = _NEITHER
    half = _HALF * ((a == 0) | (b == 0) | (a == n1) | (b == n2))
    return a + half, n1 - a + half, b + half, n2 - b + half


def _odds_ratio(x: dict[str, Floats], note: Words) -> tuple[Floats, Floats]:
    a, b, c, d = _cells(x, note, ratio=True)
    return np.log(a * d / (b * c)), 1 / a + 1 / b + 1 / c + 1 / d


def _risk_ratio(x: dict[str, Floats], note: Words) -> tuple[Floats, Floats]:
    a, b, c, d = _cells(x, note, ratio=True)
    n1, n2 = a + b, c + d
    return np.log(a / n1 / (c / n2)), 1 / a - 1 / n1 + 1 / c - 1 / n2


def _risk_difference(x: dict[str, Floats], note: Words) -> tuple[Floats, Floats]:
    a, b, c, d = _cells(x, note, ratio=False)
    n1, n2 = a + b, c + d
    return a / n1 - c / n2, a * b / n1**3 + c * d / n2**3


def _rate_ratio(x: dict[str, Floats], note: Words) -> tuple[Floats, Floats]:
    a, b = x["events_1"], x["events_2"]
    note[(note == "") & (a == 0) & (b == 0)] = "set aside: no events in either arm"
    half = _HALF * ((a == 0) | (b == 0))
    a, b = a + half, b + half
    return np.log(a / x["time_1"] / (b / x["time_2"])), 1 / a + 1 / b


def _paired(x: dict[str, Floats], _: Words) -> tuple[Floats, Floats]:
    s1, s2 = x["sd_1"], x["sd_2"]
    return x["mean_1"] - x["mean_2"], (s1**2 + s2**2 - 2 * x["correlation"] * s1 * s2) / x["n"]


def _paired_standardised(x: dict[str, Floats], _: Words) -> tuple[Floats, Floats]:
    n = x["n"]
    g = hedges_factor(n - 1) * (x["mean_1"] - x["mean_2"]) / x["sd_2"]
    return g, 2 * (1 - x["correlation"]) / n + g**2 / (2 * n)


def _at_the_end(x: dict[str, Floats]) -> tuple[Floats, Floats]:
    half = _HALF * ((x["events"] == 0) | (x["events"] == x["n"]))
    return x["events"] + half, x["n"] + 2 * half


def _share(x: dict[str, Floats], _: Words) -> tuple[Floats, Floats]:
    k, n = _at_the_end(x)
    return k / n, k / n * (1 - k / n) / n


def _logit(x: dict[str, Floats], _: Words) -> tuple[Floats, Floats]:
    k, n = _at_the_end(x)
    return np.log(k / (n - k)), 1 / k + 1 / (n - k)


def _freeman_tukey(x: dict[str, Floats], _: Words) -> tuple[Floats, Floats]:
    k, n = x["events"], x["n"]
    angle = np.arcsin(np.sqrt(k / (n + 1))) + np.arcsin(np.sqrt((k + 1) / (n + 1)))
    return angle / 2, 1 / (4 * n + 2)


_WORKED_OUT: Final = {
    "mean_difference": _mean_difference, "standardised_mean_difference": _hedges,
    "log_ratio_of_means": _ratio_of_means, "log_odds_ratio": _odds_ratio,
    "log_risk_ratio": _risk_ratio, "risk_difference": _risk_difference,
    "log_rate_ratio": _rate_ratio, "paired_mean_difference": _paired,
    "paired_standardised_difference": _paired_standardised, "proportion": _share,
    "logit_proportion": _logit, "freeman_tukey": _freeman_tukey,
}  # fmt: skip
