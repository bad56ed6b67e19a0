"""The twin of a prevalence: what those who answered would have shown if nothing but answering differed.

A share of respondents above a known share may be of more people with the symptom, or of people with the
symptom being readier to answer. Here a population with the known share is asked, answers as often, and
those with the symptom answer the more readily the larger an odds ratio is: what is to be expected of its
respondents, what lies beyond, and how large the odds ratio would have to be to explain all of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numpy.typing import NDArray

from msspas_analysis.certify.twin.expected import BEYOND, OBSERVED
from msspas_analysis.estimate.intervals import level_between, proportion_row, wilson_interval
from msspas_analysis.estimate.prevalence.response import apparent_shares, required_odds_ratio
from msspas_analysis.results import Estimates

Floats = NDArray[np.float64]

EXPECTED: Final = "expected of respondents"
TIPPING: Final = "odds ratio that explains it"
ODDS_RATIOS: Final = (1.0, 1.5, 2.0, 3.0)
"""Odds ratios of answering, with the symptom against without [chosen here, no estimates]."""
_METHOD: Final = "a population with the reference share, answering by symptom; Wilson"
_NOTES: Final = (
    "The odds ratio of answering, with the symptom against without, is assumed, not estimated.",
    "The reference counts as known: its own error is not in these intervals.",
)


def expected_of_respondents(
    reference: npt.ArrayLike, *, response_rate: npt.ArrayLike, odds_ratio: npt.ArrayLike
) -> Floats:
    """Return the share that respondents show when a population has the reference share.

    Parameters
    ----------
    reference : array_like, shape (...)
        Share with the symptom of everybody asked, in [0, 1].
    response_rate : array_like, shape (...)
        Share of the people asked who answer, above 0 and at most 1.
    odds_ratio : array_like, shape (...)
        Odds of answering with the symptom over the odds without, above 0.

    Returns
    -------
    numpy.ndarray, shape (...)

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> expected_of_respondents(0.6, response_rate=0.5, odds_ratio=[1.0, 2.0]).round(4).tolist()
    [0.6, 0.6823]
    """
    share = np.asarray(reference, dtype=np.float64)
    if not ((share >= 0) & (share <= 1)).all():
        raise ValueError(f"reference must be a share from 0 to 1, got {share.flat[0]:g}")
    both = np.stack([1.0 - share, share], axis=-1)
    seen = apparent_shares(both, response_rate=response_rate, odds_ratio=odds_ratio)
    return np.asarray(seen[..., 1])


def share_beyond_response(
    k: int, n: int, *, reference: float, response_rate: float,
    odds_ratios: Sequence[float] = ODDS_RATIOS, outcome: str = "prevalence",
    reference_from: str = "", conf_level: float = 0.95,
) -> Estimates:  # fmt: skip
    """Lay a share of respondents beside what answering by symptom makes of a reference share.

    Parameters
    ----------
    k, n : int
        Respondents with the symptom, and respondents, 1 or more.
    reference : float
        Share of a population with the symptom, in (0, 1), taken as known.
    response_rate : float
        Share of the people asked who answered, above 0 and at most 1.
    odds_ratios : sequence of float
        Odds ratios of answering, with the symptom against without, each above 0; 1 is that answering has
        nothing to do with it.
    outcome : str
        Label of the answer.
    reference_from : str
        Where the reference is from and how it is known, such as "NARCOMS [published]"; printed with the
        answer.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Estimates
        "proportion": ``term`` "observed" with Wilson's interval, ``group`` "respondents". For each odds
        ratio (``group`` such as "odds ratio 1.5") the "proportion" "expected of respondents" and, as
        "proportion_difference", what of the observed lies "beyond expectation" (the interval of the
        observed, moved). Last "odds_ratio", ``term`` "odds ratio that explains it": at which nothing is
        beyond, and at the two ends of the observed interval; NaN where no odds ratio does.

    Raises
    ------
    ValueError
        If counts, shares, odds ratios or the level are out of range.

    Notes
    -----
    Coverage and error rate are those of Wilson's interval: near the level, uneven where n is small or
    the share near 0 or 1. Compare the last row with what is plausible. It speaks of who answered alone:
    another question, country or year moves a share as well, and the reference may be no less selected.

    References
    ----------
    .. [1] Wilson EB (1927). Probable inference, the law of succession, and statistical inference. J Am
       Stat Assoc 22:209-212.

    Examples
    --------
    >>> found = share_beyond_response(168, 200, reference=0.7, response_rate=0.5,
    ...                               reference_from="a register [assumption]")
    >>> found.table.loc[found.table["term"] == "beyond expectation", "estimate"].round(3).tolist()
    [0.14, 0.098, 0.068, 0.029]
    >>> round(float(found.one(measure="odds_ratio").estimate), 2)
    4.12
    """
    level_between(conf_level)
    if n < 1 or not 0 <= k <= n or int(k) != k or int(n) != n:
        raise ValueError(f"k and n must be whole, 0 <= k <= n and n 1 or more, got {k} of {n}")
    if not 0 < reference < 1:
        raise ValueError(f"reference must lie between 0 and 1, got {reference:g}")
    ratios = [float(one) for one in odds_ratios]
    if not ratios or len(set(ratios)) < len(ratios):
        raise ValueError(f"odds_ratios must be one or more, each once, got {list(odds_ratios)}")
    expected = expected_of_respondents(reference, response_rate=response_rate, odds_ratio=ratios)
    silent = round(n / response_rate) - n
    base: dict[str, Any] = {"outcome": outcome, "n_missing": silent, "conf_level": conf_level}
    seen = base | proportion_row(k, n, conf_level=conf_level)
    rows = [seen | {"group": "respondents", "term": OBSERVED, "measure": "proportion"}]
    for ratio, share in zip(ratios, expected, strict=True):
        mine = base | {"group": f"odds ratio {ratio:g}", "n": n, "method": _METHOD}
        rows += [
            mine | {"term": EXPECTED, "measure": "proportion", "estimate": float(share),
                    "conf_level": np.nan},
            mine | {"term": BEYOND, "measure": "proportion_difference",
                    "estimate": seen["estimate"] - share, "conf_low": seen["conf_low"] - share,
                    "conf_high": seen["conf_high"] - share},
        ]  # fmt: skip
    low, high = (float(end) for end in wilson_interval(k, n, conf_level=conf_level))
    at = [_explains(share, reference, response_rate) for share in (k / n, low, high)]
    rows.append(base | {
        "group": "all", "term": TIPPING, "measure": "odds_ratio", "estimate": at[0],
        "conf_low": at[1], "conf_high": at[2], "n": n, "method": _METHOD,
    })  # fmt: skip
    notes = [
        *_NOTES,
        f"Reference: {reference:.4g}" + (f", {reference_from}." if reference_from else "."),
    ]
    if np.isnan(at).any():
        notes.append(
            f"Where {response_rate:.4g} of the people asked answered, some of these shares can be "
            "reached by no odds ratio of answering: that end is empty."
        )
    return Estimates.from_rows(rows, notes=notes)


def respondent_coverage(
    n: int, *, reference: float, response_rate: float, odds_ratios: Sequence[float] = ODDS_RATIOS,
    outcome: str = "prevalence", conf_level: float = 0.95,
) -> Estimates:  # fmt: skip
    """Say how often the usual interval of a share holds that of everybody asked, given who answers.

    Parameters
    ----------
    n : int
        Respondents, 1 to 1,000,000.
    reference, response_rate, odds_ratios, outcome
        As in :func:`share_beyond_response`; `reference` is the truth here.
    conf_level : float
        Coverage that Wilson's interval is meant to have, in (0, 1).

    Returns
    -------
    Estimates
        For each odds ratio (``group``) "coverage", how often Wilson's interval holds the reference, and
        "bias", what respondents show on average minus the reference. Both are exact sums over all
        numbers of people who may have the symptom, so they have no Monte Carlo error.

    Raises
    ------
    ValueError
        If an argument is out of range.

    Examples
    --------
    >>> got = respondent_coverage(200, reference=0.66, response_rate=0.4, odds_ratios=[1, 1.5])
    >>> got.table.loc[got.table["measure"] == "coverage", "estimate"].round(3).tolist()
    [0.956, 0.664]
    """
    from scipy.stats import binom

    level_between(conf_level)
    if not 1 <= n <= 1_000_000 or int(n) != n:
        raise ValueError(f"n must be a whole number from 1 to 1,000,000, got {n}")
    if not 0 < reference < 1:
        raise ValueError(f"reference must lie between 0 and 1, got {reference:g}")
    shown = expected_of_respondents(
        reference, response_rate=response_rate, odds_ratio=list(odds_ratios)
    )
    k = np.arange(int(n) + 1)
    low, high = wilson_interval(k, n, conf_level=conf_level)
    holds = (low <= reference) & (reference <= high)
    rows = []
    for ratio, share in zip(odds_ratios, shown, strict=True):
        base = {"outcome": outcome, "group": f"odds ratio {ratio:g}", "term": "Wilson interval",
                "n": n, "method": "binomial, exact"}  # fmt: skip
        rows += [
            base | {"measure": "coverage", "estimate": float(binom.pmf(k, n, share)[holds].sum())},
            base | {"measure": "bias", "estimate": float(share - reference)},
        ]
    return Estimates.from_rows(rows, notes=[_NOTES[0]])


def _explains(share: float, reference: float, response_rate: float) -> float:
    """Return the odds ratio at which respondents show this share; NaN if none does."""
    most = min(1.0, reference / response_rate)
    least = max(0.0, 1.0 - (1.0 - reference) / response_rate)
    if not least + 1e-9 < share < most - 1e-9:
        return float("nan")
    return required_odds_ratio(
        [1.0 - reference, reference], target=share, at_least=1, response_rate=response_rate,
        shares_of="population",
    )  # fmt: skip
