"""Whether small studies found more: a line through the funnel, ranks, and studies that may be missing.

References
----------
.. [1] Egger M, Davey Smith G, Schneider M, Minder C (1997). Bias in meta-analysis detected by a
   simple, graphical test. BMJ 315:629-634.
.. [2] Sterne JAC, Egger M (2005). Regression methods to detect publication and other bias in
   meta-analysis. In: Rothstein HR, Sutton AJ, Borenstein M (eds). Publication bias in meta-analysis.
.. [3] Begg CB, Mazumdar M (1994). Operating characteristics of a rank correlation test for
   publication bias. Biometrics 50:1088-1101.
.. [4] Duval S, Tweedie R (2000). Trim and fill: a simple funnel-plot-based method of testing and
   adjusting for publication bias in meta-analysis. Biometrics 56:455-463.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from msspas_analysis.estimate.intervals import Floats
from msspas_analysis.estimate.pooling.models import METHODS, Method, fit_studies
from msspas_analysis.estimate.pooling.pooled import (
    StudyEffects,
    check_how,
    coefficient_row,
    studies_of,
)
from msspas_analysis.results import Estimates

_TEN: Final = 10
_WHY: Final = (
    "Small studies may find more because those that found little were not published, because they were "
    "done less well, in other people, or by chance: the test cannot tell which."
)
_MADE_UP: Final = "Trim and fill makes studies up as mirror images: a question about the funnel, not a correction."


def small_study_effects(
    effects: pd.DataFrame,
    measure: str | None = None,
    *,
    method: Method = "REML",
    conf_level: float = 0.95,
) -> Estimates:
    """Say whether studies with larger standard errors found something else.

    Parameters
    ----------
    effects : pandas.DataFrame
        As :func:`~msspas_analysis.estimate.pooling.pooled.pooled_effect`; three studies or more.
    measure : str or None
        As there.
    method : str
        How the variance between studies is estimated in "Egger, random effects" and in trim and fill.
    conf_level : float
        Coverage of the intervals, in (0, 1).

    Returns
    -------
    Estimates
        ``term`` "standard error": the slope of the effect on the standard error, "Egger" (weighted least
        squares, t) and "Egger, random effects" (normal), each in ``method``; ``term`` "no error": the
        effect at a standard error of 0. ``term`` "ranks": Begg's "kendall_tau_b" with its exact p.
        ``term`` "trim and fill": how many studies would have to be added ("studies_added"; the notes
        say on which side), and the effect with them. ``n`` counts studies.

    Raises
    ------
    ValueError
        As :func:`~msspas_analysis.estimate.pooling.pooled.studies_of`, or if all standard errors are
        the same.

    Notes
    -----
    With fewer than ten studies these tests find hardly anything, and say nothing by finding nothing. With
    odds ratios and g the effect and its error go together by arithmetic. Equal to R's
    ``metafor::regtest``, ``ranktest`` and ``trimfill``.

    Examples
    --------
    >>> told = pd.DataFrame({"study": list("abcdef"), "effect": [-0.1, -0.2, -0.2, -0.5, -0.7, -1.0],
    ...     "std_error": [0.08, 0.1, 0.15, 0.25, 0.3, 0.4]})
    >>> found = small_study_effects(told)
    >>> float(found.one(term="ranks").estimate) < 0
    True
    """
    check_how(method, conf_level=conf_level)
    s = studies_of(effects, measure=measure, least=3)
    if np.ptp(s.v) <= 1e-12 * s.v.max():
        raise ValueError("all standard errors are the same, so nothing can go with them")
    base: dict[str, Any] = {
        "outcome": s.measure, "group": "small studies", "n": len(s.names), "n_missing": len(s.aside),
    }  # fmt: skip
    rows = [base | row for row in _lines(s, method, conf_level)]
    rows.append(base | _ranks(s))
    added, side, filled = _filled(s, method)
    how = f"trim and fill (L0); {METHODS[method]}"
    rows += [
        base | {"term": "trim and fill", "measure": "studies_added", "estimate": added, "method": how},
        base | {"term": "trim and fill", "measure": s.measure, "method": how,
                        **coefficient_row(filled, 0, "normal", conf_level)},
    ]  # fmt: skip
    notes = [*s.aside, _WHY]
    if added:
        notes += [f"Trim and fill adds {added} studies with {side} effects.", _MADE_UP]
    if len(s.names) < _TEN:
        notes.append(
            f"{len(s.names)} studies, fewer than ten: finding nothing here says nothing either way."
        )
    return Estimates.from_rows(rows, notes=notes)


def _lines(s: StudyEffects, method: Method, conf_level: float) -> list[dict[str, Any]]:
    x = np.stack([np.ones_like(s.v), np.sqrt(s.v)], axis=1)
    lines = (
        ("Egger", fit_studies(s.y, s.v, x, method="common"), "Hartung-Knapp"),
        ("Egger, random effects", fit_studies(s.y, s.v, x, method=method), "normal"),
    )
    terms = (("no error", s.measure), ("standard error", "coefficient"))
    return [
        {"term": term, "measure": measure, "method": how,
         **coefficient_row(fit, at, interval, conf_level)}
        for how, fit, interval in lines for at, (term, measure) in enumerate(terms)
    ]  # fmt: skip


def _ranks(s: StudyEffects) -> dict[str, Any]:
    from scipy.stats import kendalltau

    fit = fit_studies(s.y, s.v, method="common")
    apart = fit.residuals / np.sqrt(s.v - float(fit.unscaled[0, 0]))
    ties = len(np.unique(apart)) < len(apart) or len(np.unique(s.v)) < len(s.v)
    got = kendalltau(apart, s.v, method="asymptotic" if ties or len(apart) > 49 else "exact")
    return {"term": "ranks", "measure": "kendall_tau_b", "estimate": float(got.statistic),
            "p_value": float(got.pvalue), "method": "Begg and Mazumdar"}  # fmt: skip


def _filled(s: StudyEffects, method: Method) -> tuple[int, str, Any]:
    """Return how many studies are added, on which side, and the fit with them."""
    x = np.stack([np.ones_like(s.v), np.sqrt(s.v)], axis=1)
    right = fit_studies(s.y, s.v, x, method=method).coef[1] < 0
    order = np.argsort(-s.y if right else s.y, kind="stable")
    y, v = np.where(right, -s.y, s.y)[order], s.v[order]
    k, before, added = len(y), -1, 0
    seen: set[int] = set()
    while added != before and added not in seen:
        seen.add(added)
        before = added
        middle = float(fit_studies(y[: k - added], v[: k - added], method=method).coef[0])
        added = min(_missing(y - middle), k - 2)
    centre = float(fit_studies(y[: k - added], v[: k - added], method=method).coef[0])
    apart = y - centre
    both = np.concatenate([apart, -apart[k - added :]]) + centre
    whole = np.concatenate([v, v[k - added :]])
    fit = fit_studies(-both if right else both, whole, method=method)
    return added, "larger" if right else "smaller", fit


def _missing(apart: Floats) -> int:
    k = len(apart)
    rank = np.empty(k)
    rank[np.argsort(np.abs(apart), kind="stable")] = np.arange(1, k + 1)
    above = float(rank[apart > 0].sum())
    return max(0, round((4 * above - k * (k + 1)) / (2 * k - 1)))
