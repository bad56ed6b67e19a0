"""Answers become axes: every figure comes with the numbers drawn in it.

Each function returns the figure and a table of exactly what it shows, so that a test or a notebook
checks the picture without looking at it. Nothing is estimated here. Colours stay apart for people
with any colour vision and in grey; no meaning rests on colour alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from msspas_analysis.results import Estimates

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

INK: Final = "#1a1a1a"
BLUE: Final = "#0b5a8f"
_PALE: Final = "#cfe3f1"
_GREY: Final = "#6b6b6b"
_SEGMENTS: Final = {
    "less": (BLUE, "white", ""),
    "same": ("#e3e3e3", INK, ""),
    "more": ("#f2b27a", INK, ""),
    "not shown separately": ("white", INK, "///"),
}
_WIDTH: Final = 4.8
_TEXT: Final = 10.5


def week_number(term: str) -> int:
    """Return the week a term such as ``"week -2"`` speaks of.

    Raises
    ------
    ValueError
        If the term names no week.

    Examples
    --------
    >>> week_number("week -2"), week_number("week 0")
    (-2, 0)
    """
    found = re.fullmatch(r"week ([-+−]?\d+)", term.strip())
    if found is None:
        raise ValueError(f"{term!r} names no week; write 'week -2' or 'week 3'")
    return int(found[1].replace("−", "-"))


def mean_by_week(
    profile: Estimates, *, label: str, low: float = 0, high: float = 10, min_people: int = 10
) -> tuple[Figure, pd.DataFrame]:
    """Draw the mean rating by week around the first session, with its interval.

    Parameters
    ----------
    profile : Estimates
        Rows with ``measure="mean"`` and terms ``"week -2"``, ``"week -1"``, ``"week 0"``, ...
    label : str
        What the vertical axis shows, in words.
    low, high : float
        Ends of the rating scale; the axis always shows all of it.
    min_people : int
        Weeks with fewer people are left out.

    Returns
    -------
    figure : matplotlib.figure.Figure
    drawn : pandas.DataFrame
        Columns ``week``, ``estimate``, ``conf_low``, ``conf_high``, ``n``, in order of week.

    Examples
    --------
    >>> rows = [{"outcome": "stiffness", "group": "all", "term": f"week {w}", "measure": "mean",
    ...          "estimate": 6.0, "n": n, "method": "mean"} for w, n in [(-1, 12), (0, 4)]]
    >>> figure, drawn = mean_by_week(Estimates.from_rows(rows), label="stiffness")
    >>> drawn["week"].tolist()
    [-1]
    """
    drawn = _by_week(profile, measure="mean", min_people=min_people)
    figure, axes = _axes(height=3.2)
    _first_session(axes)
    axes.vlines(drawn["week"], drawn["conf_low"], drawn["conf_high"], color=_PALE, linewidth=6)
    axes.plot(drawn["week"], drawn["estimate"], color=BLUE, marker="o", markersize=5, linewidth=1.5)
    axes.set_ylim(low - 0.02 * (high - low), high)
    axes.set_ylabel(label, fontsize=_TEXT)
    _week_axis(axes, drawn["week"])
    return figure, drawn


def completeness_by_week(
    profile: Estimates, *, min_people: int = 10
) -> tuple[Figure, pd.DataFrame]:
    """Draw the share of diary days that were filled in, by week around the first session.

    Parameters
    ----------
    profile : Estimates
        Rows with ``measure="proportion"`` and terms ``"week -2"``, ``"week -1"``, ...
    min_people : int
        Weeks with fewer people are left out.

    Returns
    -------
    figure : matplotlib.figure.Figure
    drawn : pandas.DataFrame
        Columns ``week``, ``estimate``, ``conf_low``, ``conf_high``, ``n``, in order of week.
    """
    drawn = _by_week(profile, measure="proportion", min_people=min_people)
    figure, axes = _axes(height=2.6)
    axes.bar(drawn["week"], drawn["estimate"], width=0.8, color=_PALE, edgecolor=BLUE)
    _first_session(axes)
    axes.set_ylim(0, 1)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])
    axes.set_ylabel("days with a rating", fontsize=_TEXT)
    _week_axis(axes, drawn["week"])
    return figure, drawn


def change_with_interval(
    changes: Estimates, *, labels: Mapping[str, str], unit: str, key: str = "measure"
) -> tuple[Figure, pd.DataFrame]:
    """Draw each change as a dot with its interval, against a line at no change.

    Parameters
    ----------
    changes : Estimates
        One row per dot, from top to bottom. A row without an interval is a dot alone.
    labels : mapping of str to str
        From the value in column `key` to the words beside the dot.
    unit : str
        What the horizontal axis counts, such as ``"points on the 0-10 scale"``.
    key : str
        Column of `changes` that tells the rows apart.

    Returns
    -------
    figure : matplotlib.figure.Figure
    drawn : pandas.DataFrame
        Columns ``label``, ``estimate``, ``conf_low``, ``conf_high``, ``n``.

    Raises
    ------
    KeyError
        If a row has no label.

    Examples
    --------
    >>> row = {"outcome": "stiffness", "group": "all", "term": "after - before",
    ...        "measure": "mean_difference", "estimate": -0.6, "conf_low": -1.1,
    ...        "conf_high": -0.1, "n": 30, "method": "paired t"}
    >>> figure, drawn = change_with_interval(
    ...     Estimates.from_rows([row]), labels={"mean_difference": "mean"}, unit="points")
    >>> drawn["conf_low"].tolist()
    [-1.1]
    """
    table = changes.table
    drawn = table[["estimate", "conf_low", "conf_high", "n"]].copy()
    drawn.insert(0, "label", [labels[str(value)] for value in table[key]])
    figure, axes = _axes(height=1.2 + 0.42 * max(len(drawn), 1))
    axes.axvline(0, color=_GREY, linewidth=1.2)
    places = range(len(drawn))
    axes.hlines(places, drawn["conf_low"], drawn["conf_high"], color=BLUE, linewidth=2)
    axes.plot(drawn["estimate"], places, "o", color=BLUE, markersize=7)
    axes.set_yticks(list(places), drawn["label"], fontsize=_TEXT)
    axes.set_ylim(len(drawn) - 0.4, -0.6)
    ends = drawn[["estimate", "conf_low", "conf_high"]].abs().max(axis="columns")
    reach = 1.15 * max([1.0, *(e for e in ends if e < float("inf"))])
    axes.set_xlim(-reach, reach)
    axes.set_xlabel(f"← less     change in {unit}     more →", fontsize=_TEXT)
    axes.grid(axis="x", color="#e6e6e6")
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    return figure, drawn


def change_over_expected(
    observed: Estimates, centres: Mapping[str, NDArray[np.float64]], *, unit: str, bins: int = 24
) -> tuple[Figure, pd.DataFrame]:
    """Draw the observed change over the changes of simulated centres that give nothing.

    Parameters
    ----------
    observed : Estimates
        One row: the change observed, with its interval.
    centres : mapping of str to numpy.ndarray, shape (n_centres,)
        Mean change of each simulated centre, by the words that stand above its bars. Not finite
        values are left out.
    unit : str
        What the horizontal axis counts.
    bins : int
        Bars in each panel, at least 1; all panels share them.

    Returns
    -------
    figure : matplotlib.figure.Figure
    drawn : pandas.DataFrame
        A row for each bar (columns ``group``, ``low``, ``high``, ``centres``) and, first in each
        group, one for the dot: ``estimate``, ``conf_low``, ``conf_high``, ``n``.

    Raises
    ------
    ValueError
        If `observed` has not exactly one row, or there is no simulated centre.

    Examples
    --------
    >>> row = {"outcome": "stiffness", "group": "all", "term": "observed",
    ...        "measure": "mean_difference", "estimate": -0.6, "conf_low": -1.1,
    ...        "conf_high": -0.1, "n": 30, "method": "paired t"}
    >>> figure, drawn = change_over_expected(
    ...     Estimates.from_rows([row]), {"anybody": np.linspace(-0.5, 0.5, 100)}, unit="points")
    >>> drawn["centres"].dropna().astype(int).tolist()[:3], float(drawn["estimate"][0])
    ([5, 4, 4], -0.6)
    """
    if len(observed.table) != 1:
        raise ValueError(f"one observed change is due, got {len(observed.table)} rows")
    finite = {name: values[np.isfinite(values)] for name, values in centres.items()}
    if not finite or not all(len(values) for values in finite.values()):
        raise ValueError("there is no simulated centre to draw")
    dot = observed.table.iloc[0][["estimate", "conf_low", "conf_high", "n"]]
    ends = np.array([float(x) for x in dot.iloc[:3] if np.isfinite(x)])
    everything = np.concatenate(list(finite.values()))
    edges = np.histogram_bin_edges(everything, bins=bins)
    reach = 1.1 * max(0.5, float(np.abs(np.append(everything, ends)).max()))
    figure, panels = _panels(len(finite), height=1.0 + 1.25 * len(finite))
    rows: list[dict[str, Any]] = []
    for axes, (name, values) in zip(panels, finite.items(), strict=True):
        held, _ = np.histogram(values, bins=edges)
        rows.append({"group": name} | {str(k): v for k, v in dot.items()})
        rows += [
            {"group": name, "low": float(low), "high": float(high), "centres": int(n)}
            for low, high, n in zip(edges[:-1], edges[1:], held, strict=True)
        ]
        axes.bar(edges[:-1], held, width=np.diff(edges), align="edge", color=_PALE, edgecolor=BLUE,
                 linewidth=0.5)  # fmt: skip
        top = float(held.max()) or 1.0
        axes.axvline(0, color=_GREY, linewidth=1)
        axes.hlines(1.2 * top, dot["conf_low"], dot["conf_high"], color=INK, linewidth=2)
        axes.plot([dot["estimate"]], [1.2 * top], "o", color=INK, markersize=7)
        axes.set_ylim(0, 1.45 * top)
        axes.set_xlim(-reach, reach)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_title(name, loc="left", fontsize=_TEXT - 0.5, color=INK)
    panels[0].annotate("observed", (float(dot["estimate"]), 1), (0, -1), va="top", ha="center",
                       xycoords=("data", "axes fraction"), textcoords="offset points",
                       fontsize=_TEXT - 1.5, color=INK,
                       bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0})  # fmt: skip
    panels[-1].set_xlabel(f"← less     change in {unit}     more →", fontsize=_TEXT)
    columns = ["group", "low", "high", "centres", "estimate", "conf_low", "conf_high", "n"]
    return figure, pd.DataFrame(rows, columns=columns)


def direction_bar(
    direction: Estimates, *, labels: Mapping[str, str]
) -> tuple[Figure, pd.DataFrame]:
    """Draw the shares with less, about the same and more as one bar.

    Parameters
    ----------
    direction : Estimates
        Rows with the terms ``"less"``, ``"same"`` and ``"more"`` and ``measure="proportion"``.
        Shares that may not be shown are left out of it, and the bar is filled up with one hatched
        part for all of them.
    labels : mapping of str to str
        From term to the words written beside the bar.

    Returns
    -------
    figure : matplotlib.figure.Figure
    drawn : pandas.DataFrame
        Columns ``term``, ``label``, ``estimate``, from left to right.

    Raises
    ------
    ValueError
        If a term is unknown or the shares add up to more than 1.

    Examples
    --------
    >>> row = {"outcome": "stiffness", "group": "all", "term": "less", "measure": "proportion",
    ...        "estimate": 0.6, "n": 30, "method": "count"}
    >>> figure, drawn = direction_bar(Estimates.from_rows([row]), labels={"less": "less"})
    >>> drawn["estimate"].round(2).tolist()
    [0.6, 0.4]
    """
    table = direction.table
    unknown = sorted(set(table["term"]) - {"less", "same", "more"})
    if unknown:
        raise ValueError(f"terms {unknown} are not less, same or more; give one row for each")
    shares = dict(zip(table["term"], table["estimate"], strict=True))
    rest = 1 - sum(shares.values())
    if rest < -1e-9:
        raise ValueError(f"the shares {shares} add up to more than 1; they must not overlap")
    drawn = pd.DataFrame(
        [
            {"term": term, "label": labels[term], "estimate": shares[term]}
            for term in ("less", "same", "more")
            if term in shares
        ],
        columns=["term", "label", "estimate"],
    )
    if rest > 1e-9:
        name = "not shown separately"
        drawn.loc[len(drawn)] = {"term": name, "label": name, "estimate": rest}
    figure, axes = _axes(height=1.0 + 0.3 * len(drawn))
    start = 0.0
    for term, words, share in zip(drawn["term"], drawn["label"], drawn["estimate"], strict=True):
        face, ink, hatch = _SEGMENTS[term]
        axes.barh(0, share, left=start, color=face, edgecolor=INK, hatch=hatch, height=0.8,
                  label=f"{words}: {share:.0%}".replace("%", " %"))  # fmt: skip
        if share >= 0.08:
            axes.text(start + share / 2, 0, f"{share:.0%}".replace("%", " %"), ha="center",
                      va="center", color=ink, fontsize=_TEXT, fontweight="bold",
                      bbox={"facecolor": face, "edgecolor": "none", "pad": 1.5})  # fmt: skip
        start += share
    axes.set_xlim(-0.003, 1.003)
    axes.set_axis_off()
    axes.legend(loc="upper left", bbox_to_anchor=(0, 0), frameon=False, fontsize=_TEXT,
                borderaxespad=0.4, handlelength=1.4)  # fmt: skip
    return figure, drawn


def to_png(figure: Figure, *, dpi: int = 160) -> bytes:
    """Return the figure as a PNG; the same figure gives the same bytes."""
    from io import BytesIO

    out = BytesIO()
    figure.savefig(out, format="png", dpi=dpi, metadata={"Software": None})
    return out.getvalue()


def _by_week(profile: Estimates, *, measure: str, min_people: int) -> pd.DataFrame:
    table = profile.table
    keep = table[table["measure"].eq(measure) & table["n"].ge(min_people)]
    drawn = keep[["estimate", "conf_low", "conf_high", "n"]].copy()
    drawn.insert(0, "week", [week_number(term) for term in keep["term"]])
    return drawn.sort_values("week", ignore_index=True)


def _axes(*, height: float) -> tuple[Figure, Axes]:
    """Make a figure of its own: no window, no global state."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_WIDTH, height), layout="constrained", facecolor="white")
    FigureCanvasAgg(figure)
    axes: Any = figure.subplots()
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    axes.tick_params(labelsize=_TEXT - 0.5, colors=INK)
    return figure, axes


def _panels(number: int, *, height: float) -> tuple[Figure, list[Axes]]:
    """Make a figure with panels below each other that share their horizontal axis."""
    figure, first = _axes(height=height)
    figure.delaxes(first)
    panels: Any = figure.subplots(number, 1, sharex=True, squeeze=False)
    for axes in panels[:, 0]:
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        axes.tick_params(labelsize=_TEXT - 0.5, colors=INK)
    return figure, list(panels[:, 0])


def _first_session(axes: Axes) -> None:
    axes.axvline(-0.5, color=_GREY, linewidth=1.2, linestyle="--")
    axes.annotate("first session", (-0.5, 1), (4, -3), xycoords=("data", "axes fraction"),
                  textcoords="offset points", fontsize=_TEXT - 1, color=INK, va="top",
                  bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})  # fmt: skip


def _week_axis(axes: Axes, weeks: pd.Series[int]) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.set_xlabel("week, counted from the first session", fontsize=_TEXT)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if len(weeks):
        axes.set_xlim(min(int(weeks.min()), -1) - 0.7, max(int(weeks.max()), 0) + 0.7)
