"""Pictures of diaries and of what changed in the people who kept them.

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

from msspas_analysis.estimate.diary.diary_days import (
    calendar_days,
    diary_strips,
    truth_beside_diary,
)
from msspas_analysis.plots.canvas import BLUE, GREY, INK, PALE, RAMP, TEXT, one_axes, panels_below
from msspas_analysis.results import Estimates

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

_SEGMENTS: Final = {
    "less": (BLUE, "white", ""),
    "same": ("#e3e3e3", INK, ""),
    "more": ("#f2b27a", INK, ""),
    "not shown separately": ("white", INK, "///"),
}
_FROM_SESSION: Final = "day, counted from the first session (dashed)"
_DARK: Final = 0.63  # share of the ramp from which white words can be read better than black
_LIKENESS: Final = {
    "autocorrelation": ("corrected", BLUE, BLUE, "o", -0.09),
    "raw_autocorrelation": ("raw: person means removed", GREY, "white", "D", 0.09),
}


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
    figure, axes = one_axes(height=3.2)
    _first_session(axes)
    axes.vlines(drawn["week"], drawn["conf_low"], drawn["conf_high"], color=PALE, linewidth=6)
    axes.plot(drawn["week"], drawn["estimate"], color=BLUE, marker="o", markersize=5, linewidth=1.5)
    axes.set_ylim(low - 0.02 * (high - low), high)
    axes.set_ylabel(label, fontsize=TEXT)
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
    figure, axes = one_axes(height=2.6)
    axes.bar(drawn["week"], drawn["estimate"], width=0.8, color=PALE, edgecolor=BLUE)
    _first_session(axes)
    axes.set_ylim(0, 1)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"])
    axes.set_ylabel("days with a rating", fontsize=TEXT)
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
    figure, axes = one_axes(height=1.2 + 0.42 * max(len(drawn), 1))
    axes.axvline(0, color=GREY, linewidth=1.2)
    places = range(len(drawn))
    axes.hlines(places, drawn["conf_low"], drawn["conf_high"], color=BLUE, linewidth=2)
    axes.plot(drawn["estimate"], places, "o", color=BLUE, markersize=7)
    axes.set_yticks(list(places), drawn["label"], fontsize=TEXT)
    axes.set_ylim(len(drawn) - 0.4, -0.6)
    ends = drawn[["estimate", "conf_low", "conf_high"]].abs().max(axis="columns")
    reach = 1.15 * max([1.0, *(e for e in ends if e < float("inf"))])
    axes.set_xlim(-reach, reach)
    axes.set_xlabel(f"← less     change in {unit}     more →", fontsize=TEXT)
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
    figure, panels = panels_below(len(finite), height=1.0 + 1.25 * len(finite))
    rows: list[dict[str, Any]] = []
    for axes, (name, values) in zip(panels, finite.items(), strict=True):
        held, _ = np.histogram(values, bins=edges)
        rows.append({"group": name} | {str(k): v for k, v in dot.items()})
        rows += [
            {"group": name, "low": float(low), "high": float(high), "centres": int(n)}
            for low, high, n in zip(edges[:-1], edges[1:], held, strict=True)
        ]
        axes.bar(edges[:-1], held, width=np.diff(edges), align="edge", color=PALE, edgecolor=BLUE,
                 linewidth=0.5)  # fmt: skip
        top = float(held.max()) or 1.0
        axes.axvline(0, color=GREY, linewidth=1)
        axes.hlines(1.2 * top, dot["conf_low"], dot["conf_high"], color=INK, linewidth=2)
        axes.plot([dot["estimate"]], [1.2 * top], "o", color=INK, markersize=7)
        axes.set_ylim(0, 1.45 * top)
        axes.set_xlim(-reach, reach)
        axes.set_yticks([])
        axes.spines["left"].set_visible(False)
        axes.set_title(name, loc="left", fontsize=TEXT - 0.5, color=INK)
    panels[0].annotate("observed", (float(dot["estimate"]), 1), (0, -1), va="top", ha="center",
                       xycoords=("data", "axes fraction"), textcoords="offset points",
                       fontsize=TEXT - 1.5, color=INK,
                       bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0})  # fmt: skip
    panels[-1].set_xlabel(f"← less     change in {unit}     more →", fontsize=TEXT)
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
    figure, axes = one_axes(height=1.0 + 0.3 * len(drawn))
    start = 0.0
    for term, words, share in zip(drawn["term"], drawn["label"], drawn["estimate"], strict=True):
        face, ink, hatch = _SEGMENTS[term]
        axes.barh(0, share, left=start, color=face, edgecolor=INK, hatch=hatch, height=0.8,
                  label=f"{words}: {share:.0%}".replace("%", " %"))  # fmt: skip
        if share >= 0.08:
            axes.text(start + share / 2, 0, f"{share:.0%}".replace("%", " %"), ha="center",
                      va="center", color=ink, fontsize=TEXT, fontweight="bold",
                      bbox={"facecolor": face, "edgecolor": "none", "pad": 1.5})  # fmt: skip
        start += share
    axes.set_xlim(-0.003, 1.003)
    axes.set_axis_off()
    axes.legend(loc="upper left", bbox_to_anchor=(0, 0), frameon=False, fontsize=TEXT,
                borderaxespad=0.4, handlelength=1.4)  # fmt: skip
    return figure, drawn


def autocorrelation_plot(found: Estimates) -> tuple[Figure, pd.DataFrame]:
    """Draw the autocorrelation at each lag with its interval, corrected and raw side by side.

    Parameters
    ----------
    found : Estimates
        From :func:`~msspas_analysis.estimate.diary.persistence.autocorrelation`: terms ``"lag 1"``, ...

    Returns
    -------
    figure : matplotlib.figure.Figure
    drawn : pandas.DataFrame
        Columns ``lag``, ``measure``, ``estimate``, ``conf_low``, ``conf_high``, ``n``.

    Examples
    --------
    >>> row = {"outcome": "stiffness", "group": "all", "term": "lag 7", "estimate": 0.2, "n": 30,
    ...        "measure": "autocorrelation", "method": "variogram"}
    >>> autocorrelation_plot(Estimates.from_rows([row]))[1]["lag"].tolist()
    [7]
    """
    table = found.table[found.table["measure"].isin(_LIKENESS)]
    drawn = table[["measure", "estimate", "conf_low", "conf_high", "n"]].copy()
    drawn.insert(0, "lag", [int(term.removeprefix("lag ")) for term in table["term"]])
    drawn = drawn.sort_values(["lag", "measure"], ignore_index=True)
    figure, axes = one_axes(height=3.0)
    axes.axhline(0, color=GREY, linewidth=1.2)
    lags = sorted(set(drawn["lag"]))
    for measure, (words, colour, face, marker, shift) in _LIKENESS.items():
        part = drawn[drawn["measure"].eq(measure)]
        places = [lags.index(lag) + shift for lag in part["lag"]]
        axes.vlines(places, part["conf_low"], part["conf_high"], color=colour, linewidth=2)
        axes.plot(places, part["estimate"], marker, color=colour, markerfacecolor=face,
                  markersize=7, label=words)  # fmt: skip
    axes.set_xticks(range(len(lags)), [str(lag) for lag in lags])
    axes.set_xlim(-0.6, max(len(lags), 1) - 0.4)
    axes.set(xlabel="days apart", ylabel="autocorrelation")
    axes.legend(frameon=False, fontsize=TEXT - 1, loc="best")
    return figure, drawn


def person_strips(
    diary: pd.DataFrame, outcome: str = "stiffness", *, people: pd.DataFrame | None = None,
    label: str = "rating", low: float = 0, high: float = 10, most: int = 40,
) -> tuple[Figure, pd.DataFrame]:  # fmt: skip
    """Draw diaries as strips, a row a person and a cell a day, for invented people and teaching.

    Parameters
    ----------
    diary, people : pandas.DataFrame
        As :func:`~msspas_analysis.estimate.diary.diary_days.diary_strips`, which also orders the rows and
        thins them to `most`; with `people` a line stands at the first session.
    outcome, label : str
        A numeric column of the diary, and what it is in words.
    low, high : float
        Ends of the rating scale; the colours always span all of it.
    most : int
        Most rows, 1 or more.

    Returns
    -------
    figure : matplotlib.figure.Figure
    drawn : pandas.DataFrame
        A row for each cell: ``row`` (0 at the top), ``day``, ``value`` (NaN where hatched).

    Examples
    --------
    >>> days = pd.to_datetime(["2026-03-01", "2026-03-03"])
    >>> diary = pd.DataFrame({"person_id": "A", "date": days, "stiffness": [3.0, 4.0]})
    >>> person_strips(diary)[1].to_numpy().tolist()
    [[0.0, 0.0, 3.0], [0.0, 1.0, nan], [0.0, 2.0, 4.0]]
    """
    strips = diary_strips(diary, people, outcome, most=most)
    rows, at = np.nonzero(strips.missing | ~np.isnan(strips.value))
    drawn = pd.DataFrame({"row": rows, "day": strips.days[at], "value": strips.value[rows, at]})
    figure, axes = one_axes(height=1.5 + 0.11 * len(strips.value))
    _cells(axes, strips.days, strips.value, strips.missing, low=low, high=high, label=label)
    axes.set_xlabel("day of the diary" if people is None else _FROM_SESSION, fontsize=TEXT)
    if people is not None:
        axes.axvline(-0.5, color="white", linewidth=3)
        axes.axvline(-0.5, color=INK, linewidth=1.6, linestyle="--")
    axes.set_yticks([])
    axes.set_ylabel(f"{len(strips.value)} of {strips.people:,} people", fontsize=TEXT)
    told = "highest mean at the top; hatched: not rated"
    axes.set_title(told, loc="left", fontsize=TEXT - 0.5, color=INK)
    return figure, drawn


def calendar(
    diary: pd.DataFrame, outcome: str = "stiffness", *, person_id: str | None = None,
    label: str = "mean rating", low: float = 0, high: float = 10, min_people: int = 5,
) -> tuple[Figure, pd.DataFrame]:  # fmt: skip
    """Draw a calendar, a row a week, with each date's mean and how many people rated it.

    Parameters
    ----------
    diary, outcome, person_id, min_people
        As :func:`~msspas_analysis.estimate.diary.diary_days.calendar_days`: everybody, or with
        `person_id` one person alone, for invented people and teaching.
    label, low, high
        As :func:`person_strips`.

    Returns
    -------
    figure : matplotlib.figure.Figure
    drawn : pandas.DataFrame
        Columns ``date``, ``mean`` (NaN and hatched where too few people rated), ``n``.

    Raises
    ------
    ValueError
        If the dates span more than 60 weeks.

    Examples
    --------
    >>> days = pd.to_datetime(["2026-03-01", "2026-03-03"])
    >>> diary = pd.DataFrame({"person_id": "A", "date": days, "stiffness": [3.0, 4.0]})
    >>> calendar(diary, person_id="A")[1]["mean"].tolist()
    [3.0, nan, 4.0]
    """
    drawn = calendar_days(diary, outcome, person_id=person_id, min_people=min_people)
    weeks = int(drawn["week"].max()) + 1 if len(drawn) else 1
    if weeks > 60:
        raise ValueError(f"a calendar shows up to 60 weeks, got {weeks}; give a part of the diary")
    cell, every = 7 * drawn["week"] + drawn["weekday"], np.arange(7 * weeks).reshape(weeks, 7)
    value = drawn["mean"].set_axis(cell).reindex(every.ravel()).to_numpy().reshape(weeks, 7)
    hatched = np.isin(every, cell) & np.isnan(value)
    figure, axes = one_axes(height=1.2 + 0.34 * weeks)
    _cells(axes, np.arange(7), value, hatched, low=low, high=high, label=label)
    white = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
    for _, mean, count, week, weekday in drawn.itertuples(index=False):
        words = [] if np.isnan(mean) else [f"{mean:.{0 if person_id else 1}f}"]
        words += [] if person_id else [f"{count}"]
        dark = mean > low + _DARK * (high - low)
        axes.text(weekday, week, "\n".join(words), color="white" if dark else "black", ha="center",
                  va="center", fontsize=TEXT - 2.5, linespacing=0.95,
                  bbox=white if np.isnan(mean) else None)  # fmt: skip
    axes.set_xticks(range(7), ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"])
    monday = (drawn["date"] - pd.to_timedelta(drawn["weekday"], "D")).drop_duplicates()
    axes.set_yticks(range(len(monday)), [f"{day.day} {day:%b %Y}" for day in monday])
    told = "not rated" if person_id else f"under {min_people}; mean above, people below"
    axes.set_title(f"hatched: {told}", loc="left", fontsize=TEXT - 0.5, color=INK)
    return figure, drawn


def truth_and_seen(
    truth: pd.DataFrame, diary: pd.DataFrame, person_id: str, *, low: float = 0, high: float = 10
) -> tuple[Figure, pd.DataFrame]:
    """Draw one invented person's state, the ratings it led to, and those that were written down.

    Parameters
    ----------
    truth, diary, person_id
        As :func:`~msspas_analysis.estimate.diary.diary_days.truth_beside_diary`.
    low, high : float
        Ends of the rating scale.

    Returns
    -------
    figure : matplotlib.figure.Figure
    drawn : pandas.DataFrame
        Columns ``day``, ``latent``, ``complete`` and ``seen`` (NaN where missing), by day.

    Examples
    --------
    >>> truth = pd.DataFrame({"person_id": "SIM1", "date": [pd.Timestamp("2026-03-01")], "day": -7,
    ...                       "latent": 5.6, "stiffness": 6.0})
    >>> truth_and_seen(truth, truth, "SIM1")[1].to_numpy().tolist()
    [[-7.0, 5.6, 6.0, 6.0]]
    """
    drawn = truth_beside_diary(truth, diary, person_id)
    gone = drawn.loc[drawn["seen"].isna()]
    figure, axes = one_axes(height=3.4)
    axes.axhspan(low, high, color="#f4f4f4", zorder=0)
    axes.axvline(-0.5, color=GREY, linewidth=1.2, linestyle="--")
    axes.plot(drawn["day"], drawn["latent"], color="#d07a2d", linewidth=1.4, label="state behind")
    axes.plot(drawn["day"], drawn["seen"], "o", color=BLUE, markersize=7, label="written down")
    axes.plot(gone["day"], gone["complete"], "x", color=INK, markersize=7, label="missing")
    axes.plot(drawn["day"], drawn["complete"], ".", color=INK, markersize=4, label="every rating")
    axes.set(xlabel=_FROM_SESSION, ylabel="stiffness")
    figure.legend(loc="outside lower center", ncols=4, frameon=False, fontsize=TEXT - 1.5,
                  handlelength=1.2, columnspacing=1.0)  # fmt: skip
    return figure, drawn


def _by_week(profile: Estimates, *, measure: str, min_people: int) -> pd.DataFrame:
    table = profile.table
    keep = table[table["measure"].eq(measure) & table["n"].ge(min_people)]
    drawn = keep[["estimate", "conf_low", "conf_high", "n"]].copy()
    drawn.insert(0, "week", [week_number(term) for term in keep["term"]])
    return drawn.sort_values("week", ignore_index=True)


def _cells(
    axes: Axes, days: NDArray[np.int64], value: NDArray[np.float64], hatched: NDArray[np.bool_], *,
    low: float, high: float, label: str,
) -> None:  # fmt: skip
    """Colour a cell for each value, from pale to dark, and hatch those without one."""
    from matplotlib.colors import LinearSegmentedColormap, ListedColormap

    across, down = np.append(days, days[-1:] + 1) - 0.5, np.arange(len(value) + 1) - 0.5
    ramp = LinearSegmentedColormap.from_list("pale to dark", RAMP)
    mesh = axes.pcolormesh(across, down, value, cmap=ramp, vmin=low, vmax=high)
    if hatched.any():
        axes.pcolor(across, down, np.where(hatched, 0.0, np.nan), cmap=ListedColormap(["white"]),
                    edgecolor=GREY, hatch="//////", linewidth=0)  # fmt: skip
    axes.set_ylim(len(value) - 0.5, -0.5)
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(length=0)
    axes.figure.colorbar(mesh, ax=axes, shrink=0.6, aspect=14, pad=0.02, label=label)


def _first_session(axes: Axes) -> None:
    axes.axvline(-0.5, color=GREY, linewidth=1.2, linestyle="--")
    axes.annotate("first session", (-0.5, 1), (4, -3), xycoords=("data", "axes fraction"),
                  textcoords="offset points", fontsize=TEXT - 1, color=INK, va="top",
                  bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})  # fmt: skip


def _week_axis(axes: Axes, weeks: pd.Series[int]) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.set_xlabel("week, counted from the first session", fontsize=TEXT)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if len(weeks):
        axes.set_xlim(min(int(weeks.min()), -1) - 0.7, max(int(weeks.max()), 0) + 0.7)
