"""Pictures of how far people moved, at every cut, and of how two measurements of them agree."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from msspas_analysis.plots.canvas import BLUE, GREY, INK, ORANGE, TEXT, one_axes
from msspas_analysis.results import Estimates

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CUT: Final = re.compile(r"^(fall|rise) of at least (-?[\d.eE+-]+) (points|%)$")
_LINES: Final = ((BLUE, "-"), (ORANGE, "--"), ("#5a5a5a", "-."), ("#3f7d3f", ":"))


def responder_plot(curve: Estimates, *, mark: float | None = None) -> tuple[Figure, pd.DataFrame]:
    """Draw the share of people whose score moved at least so far, for every cut and arm.

    Parameters
    ----------
    curve : Estimates
        From :func:`~msspas_analysis.estimate.change.responders.responder_curve`; four arms at most.
    mark : float or None
        A cut to mark by a line, such as 20 for the rule of a fifth.

    Returns
    -------
    figure : matplotlib.figure.Figure
    drawn : pandas.DataFrame
        ``group``, ``cut``, ``estimate``, ``conf_low``, ``conf_high``, by group and cut.

    Raises
    ------
    ValueError
        If there is no row of such a curve, or more than four groups.

    Examples
    --------
    >>> from msspas_analysis.estimate.change.responders import responder_curve
    >>> scores = pd.DataFrame({"person_id": list("ABC"), "before": [6.0, 5, 7], "after": [3.0, 4, 5]})
    >>> figure, drawn = responder_plot(responder_curve(scores, outcome="stiffness"))
    >>> drawn["cut"].tolist(), drawn["estimate"].round(3).tolist()
    ([1.0, 2.0, 3.0], [1.0, 0.667, 0.333])
    """
    table = curve.table[curve.table["measure"] == "proportion"].reset_index(drop=True)
    found: list[Any] = [_CUT.match(term) for term in table["term"]]
    if not found or None in found:
        raise ValueError("this is no responder curve; make one with responder_curve(scores, ...)")
    word, _, unit = found[0].groups()
    drawn = table[["group", "estimate", "conf_low", "conf_high"]].copy()
    drawn.insert(1, "cut", [float(m[2]) for m in found])
    groups = list(dict.fromkeys(drawn["group"]))
    if len(groups) > len(_LINES):
        raise ValueError(f"{len(groups)} groups are more than {len(_LINES)} lines can show apart")
    figure, axes = one_axes(height=3.4, width=6.2)
    for group, (colour, style) in zip(groups, _LINES, strict=False):
        part = drawn[drawn["group"] == group].sort_values("cut")
        cut = part["cut"].to_numpy()
        # the share holds up to and at its cut, and falls behind it
        axes.step(cut, part["estimate"], where="pre", color=colour, linestyle=style, linewidth=2,
                  label=group)  # fmt: skip
        axes.fill_between(cut, part["conf_low"], part["conf_high"], step="pre", color=colour,
                          alpha=0.15, linewidth=0)  # fmt: skip
    if mark is not None:
        axes.axvline(mark, color=GREY, linewidth=1)
    axes.set_ylim(0, 1)
    axes.set_yticks(np.arange(0, 1.01, 0.25), [f"{p} %" for p in (0, 25, 50, 75, 100)])
    axes.set_xlabel(f"{word} of at least … {unit}", fontsize=TEXT)
    axes.set_ylabel("share of people", fontsize=TEXT)
    if len(groups) > 1:
        axes.legend(frameon=False, fontsize=TEXT - 0.5, loc="upper right", handlelength=2.6)
    return figure, drawn.sort_values(["group", "cut"], key=_as_given(groups)).reset_index(drop=True)


def agreement_plot(
    frame: pd.DataFrame, ratings: tuple[str, str], answer: Estimates, *, unit: str
) -> tuple[Figure, pd.DataFrame]:
    """Draw the difference of two measurements against their mean, with the limits (Bland-Altman).

    Parameters
    ----------
    frame : pandas.DataFrame
        The table with the two columns; a dot is a row with both.
    ratings : tuple of str
        The two columns.
    answer : Estimates
        From :func:`~msspas_analysis.estimate.agreement.limits_of_agreement.limits_of_agreement`.
    unit : str
        What is measured.

    Returns
    -------
    figure : matplotlib.figure.Figure
    drawn : pandas.DataFrame
        ``mean`` and ``difference`` (the first minus the second) of every row with both.

    Raises
    ------
    ValueError
        If a column or one of the limits is absent, or no row has both.

    Examples
    --------
    >>> from msspas_analysis.estimate.agreement.limits_of_agreement import limits_of_agreement
    >>> frame = pd.DataFrame({"person_id": list("ABCD"), "diary": [6.0, 5, 7, 4],
    ...     "clinic": [5.0, 5, 5, 4.5]})
    >>> answer = limits_of_agreement(frame, ("diary", "clinic"))
    >>> figure, drawn = agreement_plot(frame, ("diary", "clinic"), answer, unit="stiffness, 0-10")
    >>> drawn["difference"].tolist()
    [1.0, 0.0, 2.0, -0.5]
    """
    first, second = ratings
    if absent := [name for name in ratings if name not in frame.columns]:
        raise ValueError(f"the table has no column {', '.join(map(repr, absent))}")
    rows = answer.table.set_index("measure")
    lines = ("lower_limit", "mean_difference", "upper_limit")
    if gone := [name for name in lines if name not in rows.index]:
        raise ValueError(f"the answer has no {', '.join(gone)}; make it with limits_of_agreement")
    both = frame[[first, second]].dropna().to_numpy(dtype=np.float64)
    if not len(both):
        raise ValueError(f"no row has both {first} and {second}")
    drawn = pd.DataFrame(
        {"mean": (both[:, 0] + both[:, 1]) / 2, "difference": both[:, 0] - both[:, 1]}
    )
    figure, axes = one_axes(height=3.4, width=6.2)
    axes.plot(drawn["mean"], drawn["difference"], "o", color=BLUE, alpha=0.55, markersize=5,
              markeredgewidth=0)  # fmt: skip
    axes.axhline(0, color=GREY, linewidth=1, linestyle=":")
    for name in lines:
        at, low, high = rows.loc[[name], ["estimate", "conf_low", "conf_high"]].to_numpy(float)[0]
        axes.axhspan(low, high, color=INK, alpha=0.08, linewidth=0)
        axes.axhline(at, color=INK, linewidth=1.4, linestyle="-" if name == lines[1] else "--")
        words = f"{at:+.1f}".replace("-", "−")
        axes.annotate(words, (1.01, at), xycoords=("axes fraction", "data"), va="center",
                      fontsize=TEXT - 1, color=INK, annotation_clip=False)  # fmt: skip
    axes.set_xlabel(f"mean of {first} and {second}: {unit}", fontsize=TEXT)
    axes.set_ylabel(f"{first} minus {second}", fontsize=TEXT)
    return figure, drawn


def _as_given(groups: list[str]) -> Any:
    """Return a sort key that keeps groups in the order they came."""
    place = {group: i for i, group in enumerate(groups)}
    return lambda column: column.map(place) if column.name == "group" else column
