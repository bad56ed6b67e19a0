"""How often a pooled effect and its intervals are wrong with so many studies of these sizes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pandas as pd

from msspas_analysis.certify.monte_carlo import mean_row, share_row
from msspas_analysis.estimate.intervals import Floats
from msspas_analysis.estimate.pooling.models import Method, fit_studies
from msspas_analysis.estimate.pooling.pooled import (
    Interval,
    check_how,
    method_words,
    studies_of,
)
from msspas_analysis.results import Estimates
from msspas_analysis.simulate.streams import stream

_BLOCK: Final = 1000


def pooled_coverage(
    effects: pd.DataFrame, measure: str | None = None, *, method: Method = "REML",
    interval: Interval = "Hartung-Knapp",
    tau2: float | None = None, effect: float | None = None, conf_level: float = 0.95,
    runs: int = 4000, seed: int = 2026,
    progress: Callable[[int, int, str], None] | None = None,
) -> Estimates:  # fmt: skip
    """Pool simulated studies of the same sizes, and say how often the answer is wrong.

    Parameters
    ----------
    effects : pandas.DataFrame
        As :func:`~msspas_analysis.estimate.pooling.pooled.pooled_effect`; of the studies only the
        variances are used where `tau2` and `effect` are given.
    measure, method, interval, conf_level
        As :func:`~msspas_analysis.estimate.pooling.pooled.pooled_effect`.
    tau2 : float or None
        True variance between studies, 0 or more; None is the one estimated from these.
    effect : float or None
        True mean effect; None is the one estimated from these.
    runs, seed : int
        How many sets of studies are drawn, 2 or more, and the seed, 0 or more.
    progress : callable or None
        Called with runs done, runs in all and a word.

    Returns
    -------
    Estimates
        ``term`` "no effect": "type_i_error", how often the interval leaves 0 out. ``term`` "claimed
        effect": "coverage" of the interval, "power", "bias"; "next study": "coverage" of the prediction
        interval. Each with its Monte Carlo error; ``n`` counts runs.

    Raises
    ------
    ValueError
        As :func:`~msspas_analysis.estimate.pooling.pooled.pooled_effect`, or if `runs` or `tau2` is out
        of range.

    Notes
    -----
    Effects are drawn normal about each study's true one, with the variances as printed. What makes
    studies wrong together (missing ones, no blinding) is not in it.

    Examples
    --------
    >>> told = pd.DataFrame({"study": list("abcd"), "effect": [-0.5, -0.1, -0.8, -0.3],
    ...     "std_error": [0.2, 0.15, 0.3, 0.25]})
    >>> found = pooled_coverage(told, runs=1000, seed=1)
    >>> bool(found.one(term="claimed effect", measure="coverage").estimate > 0.9)
    True
    """
    if runs < 2:
        raise ValueError(f"runs must be 2 or more, got {runs}")
    if tau2 is not None and not tau2 >= 0:
        raise ValueError(f"tau2 must be 0 or more, got {tau2}")
    check_how(method, interval, conf_level)
    s = studies_of(effects, measure=measure)
    fit = fit_studies(s.y, s.v, method=method)
    between = float(fit.tau2) if tau2 is None else tau2
    truth = float(fit.coef[0]) if effect is None else effect
    drawn: list[tuple[Floats, Floats, Floats]] = []
    for first in range(0, runs, _BLOCK):
        rng = stream(seed, "pooled coverage", first // _BLOCK)
        size = min(_BLOCK, runs - first)
        z = rng.standard_normal((size, len(s.y)))
        ahead = np.sqrt(between) * rng.standard_normal(size)
        y = z * np.sqrt(s.v + between)
        drawn.append(_pooled(y, s.v, ahead, method, interval, conf_level))
        if progress is not None:
            progress(first + size, runs, "sets of studies")
    middle, half, beyond = (np.concatenate(part) for part in zip(*drawn, strict=True))
    base: dict[str, Any] = {
        "outcome": s.measure, "group": "simulated studies",
        "method": f"{method_words(method, interval)}; simulated, {len(s.y)} studies a set, seed {seed}",
    }  # fmt: skip
    # the pooled error does not depend on the true effect: what is drawn about 0 is moved
    rows = [
        {"term": "no effect", **share_row("type_i_error", np.abs(middle) > half)},
        {"term": "claimed effect", **share_row("coverage", np.abs(middle) <= half)},
        {"term": "claimed effect", **share_row("power", np.abs(middle + truth) > half)},
        {"term": "claimed effect", **mean_row("bias", middle)},
    ]
    if method != "common":
        rows.append({"term": "next study", **share_row("coverage", beyond <= 0)})
    return Estimates.from_rows([base | row for row in rows], notes=[
        f"Drawn with a true mean effect of {truth:.3g} and a variance between studies of {between:.3g}; "
        "a computer model, no real studies.",
    ])  # fmt: skip


def _pooled(
    y: Floats, v: Floats, ahead: Floats, method: Method, interval: str, conf_level: float
) -> tuple[Floats, Floats, Floats]:
    """Return each set's pooled effect, half its interval, and how far the next study lies outside."""
    from scipy.special import ndtri, stdtrit

    fit = fit_studies(y, np.broadcast_to(v, y.shape), method=method)
    tail = (1 + conf_level) / 2
    normal = interval == "normal"
    wide = float(ndtri(tail) if normal else stdtrit(fit.df, tail))
    variance = fit.unscaled[:, 0, 0] * (1.0 if normal else fit.scale)
    middle = fit.coef[:, 0]
    next_half = wide * np.sqrt(variance + fit.tau2)
    return middle, wide * np.sqrt(variance), np.abs(ahead - middle) - next_half
