"""Pictures of what arms, groups and answers look like beside each other."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from msspas_analysis.plots.canvas import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    PALE,
    RAMP,
    TEXT,
    log_scale,
    one_axes,
)
from msspas_analysis.results import Estimates

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

_DOTS: Final = (BLUE, ORANGE, "#5a5a5a", "#3f7d3f")
_MARKS: Final = ("o", "D", "s", "^")
_BOX: Final = {"boxstyle": "square,pad=0.5", "facecolor": "white", "edgecolor": INK}


def estimation_plot(
    values: Mapping[str, NDArray[np.float64]], answer: Estimates, *, unit: str
) -> tuple[Figure, pd.DataFrame]:
    """Draw everybody's value in two groups and, beside them, the difference with its interval.

    Parameters
    ----------
    values : mapping of str to numpy.ndarray, shape (n,)
        Values of the first group, which the difference is measured from, and of the second. NaN is
        left out.
    answer : Estimates
        A row of measure "mean" for each group, its ``term`` the name, and one "mean_difference": the
        second group minus the first, with its interval.
    unit : str
        What is measured, for the vertical axis.

    Returns
    -------
    figure : matplotlib.figure.Figure
        Zero of the difference stands level with the mean of the first group.
    drawn : pandas.DataFrame
        A row for each dot (``group``, ``value``) and, last, one for the difference (``estimate``,
        ``conf_low``, ``conf_high``, ``n``).

    Raises
    ------
    ValueError
        If there are not two groups with values, or not their means and one difference.

    Examples
    --------
    >>> base = {"outcome": "stiffness", "group": "all", "n": 6, "method": "t"}
    >>> answer = Estimates.from_rows([
    ...     base | {"term": "sham", "measure": "mean", "estimate": 6.0},
    ...     base | {"term": "foot", "measure": "mean", "estimate": 5.0},
    ...     base | {"term": "foot - sham", "measure": "mean_difference", "estimate": -1.0,
    ...             "conf_low": -3.3, "conf_high": 1.3}])
    >>> groups = {"sham": np.array([5.0, 6, 7]), "foot": np.array([4.0, 5, 6])}
    >>> figure, drawn = estimation_plot(groups, answer, unit="points")
    >>> len(drawn), float(drawn["estimate"].iloc[-1])
    (7, -1.0)
    """
    shown = {name: np.asarray(v, np.float64)[~np.isnan(v)] for name, v in values.items()}
    if len(shown) != 2 or not all(v.size for v in shown.values()):
        raise ValueError(
            f"two groups with values are due, got { {k: int(v.size) for k, v in shown.items()} }"
        )
    means, row = _means_and_one(answer, list(shown))
    figure, axes = one_axes(height=3.6)
    for place, v in enumerate(shown.values()):
        axes.plot(place + _spread(v), v, _MARKS[place], color=_DOTS[place], markersize=3.5,
                  alpha=0.55, markeredgewidth=0)  # fmt: skip
        axes.hlines(means[place], place - 0.32, place + 0.32, color=INK, linewidth=2)
    axes.set_xticks([0, 1, 2], [*shown, "difference"], fontsize=TEXT)
    axes.set_xlim(-0.5, 2.5)
    axes.set_ylabel(unit, fontsize=TEXT)
    _beside(axes, means[0], row, "difference (0: none)")
    drawn = pd.concat([
        pd.DataFrame({"group": np.repeat(list(shown), [v.size for v in shown.values()]),
                      "value": np.concatenate(list(shown.values()))}),
        pd.DataFrame([{"group": "difference"} | row]),
    ], ignore_index=True)  # fmt: skip
    return figure, drawn


def paired_plot(
    scores: pd.DataFrame, answer: Estimates, *, unit: str
) -> tuple[Figure, pd.DataFrame]:
    """Draw a line from before to after for everybody with both, and the mean change beside them.

    Parameters
    ----------
    scores : pandas.DataFrame
        One row per person with ``before`` and ``after``.
    answer : Estimates
        From :func:`~msspas_analysis.estimate.change.paired.paired_change`: rows of measure "mean" for
        "before" and "after", and one "mean_difference".
    unit : str
        What is measured.

    Returns
    -------
    figure : matplotlib.figure.Figure
    drawn : pandas.DataFrame
        A row for each person drawn (``before``, ``after``) and, last, one for the change.

    Raises
    ------
    ValueError
        If nobody has both scores, or the answer lacks the means or the change.

    Examples
    --------
    >>> from msspas_analysis.estimate.change.paired import paired_change
    >>> scores = pd.DataFrame({"person_id": list("ABC"), "before": [5.0, 6, 7],
    ...     "after": [5.0, 4, None]})
    >>> answer = paired_change(scores, outcome="stiffness")
    >>> figure, drawn = paired_plot(scores, answer, unit="points")
    >>> drawn[["before", "after"]].dropna().values.tolist()
    [[5.0, 5.0], [6.0, 4.0]]
    """
    both = scores[["before", "after"]].astype("float64").dropna().reset_index(drop=True)
    if both.empty:
        raise ValueError("nobody has a score before and after; there is nothing to draw")
    means, row = _means_and_one(answer, ["before", "after"])
    figure, axes = one_axes(height=3.6)
    lines = np.full((len(both), 3), np.nan)
    lines[:, :2] = both.to_numpy()
    across = np.broadcast_to([0.0, 1.0, np.nan], lines.shape)
    # one line with gaps: thousands of people are drawn as fast as one
    axes.plot(across.ravel(), lines.ravel(), color=GREY, linewidth=0.7,
              alpha=max(0.08, min(0.7, 30 / len(both))))  # fmt: skip
    axes.plot([0, 1], means, "o-", color=BLUE, linewidth=2.5, markersize=7)
    axes.set_xticks([0, 1, 2], ["before", "after", "change"], fontsize=TEXT)
    axes.set_xlim(-0.3, 2.4)
    axes.set_ylabel(unit, fontsize=TEXT)
    _beside(axes, means[0], row, "change (0: none)")
    return figure, pd.concat([both, pd.DataFrame([row])], ignore_index=True)


def _means_and_one(answer: Estimates, names: Sequence[str]) -> tuple[list[float], dict[str, float]]:
    """Return the means of groups by name, and the one difference between them."""
    table = answer.table
    found = table[table["measure"] == "mean"].set_index("term")["estimate"]
    row = table[table["measure"] == "mean_difference"]
    if len(row) != 1 or any(name not in found.index for name in names):
        raise ValueError(
            f"the answer must have a mean for each of {list(names)} and one mean difference; it has "
            f"{list(found.index)} and {len(row)}"
        )
    kept = ("estimate", "conf_low", "conf_high", "n")
    return [float(found[name]) for name in names], {k: float(row[k].iloc[0]) for k in kept}


def _beside(axes: Axes, level: float, row: Mapping[str, float], words: str) -> None:
    """Draw a difference at the third place, its zero level with a mean, and an axis of its own."""
    axes.hlines(level, 0, 2.5, color=GREY, linewidth=1, linestyle="--")
    low, high = level + row["conf_low"], level + row["conf_high"]
    if np.isfinite([low, high]).all():
        axes.vlines(2, low, high, color=INK, linewidth=2)
    axes.plot([2], [level + row["estimate"]], "o", color=INK, markersize=7)
    right = axes.secondary_yaxis(
        "right", functions=(lambda y: np.subtract(y, level), lambda y: np.add(y, level))
    )
    right.set_ylabel(words, fontsize=TEXT)
    right.tick_params(labelsize=TEXT - 0.5, colors=INK)


def _spread(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far to the side each dot stands, so that dots of one height lie beside each other."""
    edges = np.linspace(values.min() - 0.5, values.max() + 0.5, 41)
    held = np.digitize(values, edges)
    order = np.lexsort((np.arange(values.size), held))
    counts = np.bincount(held, minlength=43)
    before = np.concatenate([[0], np.cumsum(counts)[:-1]])
    nth = np.empty(values.size)
    nth[order] = np.arange(values.size) - before[held[order]]
    side = np.where(nth % 2, 1.0, -1.0) * np.ceil(nth / 2)
    return np.asarray(side * 0.72 / max(18.0, float(counts.max())))


def ordered_bars(
    shares: Estimates, levels: Sequence[str], *, middle: str | None = None
) -> tuple[Figure, pd.DataFrame]:
    """Draw the shares of ordered levels as one bar a group, split where asked.

    Parameters
    ----------
    shares : Estimates
        Rows of measure "proportion": ``group`` is the bar, ``term`` the level.
    levels : sequence of str
        The levels from the least to the most.
    middle : str or None
        The level whose centre stands at zero, those below it to the left; None lets every bar begin
        at zero.

    Returns
    -------
    figure : matplotlib.figure.Figure
    drawn : pandas.DataFrame
        ``group``, ``term``, ``estimate`` and where each part begins (``start``), in order.

    Raises
    ------
    ValueError
        If a level is not in `levels`, occurs twice in a group, or `middle` is none of them.

    Examples
    --------
    >>> rows = [{"outcome": "severity", "group": "all", "term": t, "measure": "proportion",
    ...     "estimate": p, "n": 10, "method": "share"} for t, p in (("none", 0.2), ("some", 0.8))]
    >>> figure, drawn = ordered_bars(Estimates.from_rows(rows), ["none", "some"])
    >>> drawn["start"].tolist()
    [0.0, 0.2]
    """
    table = shares.table[shares.table["measure"] == "proportion"]
    if unknown := sorted(set(table["term"]) - set(levels)):
        raise ValueError(f"levels {unknown} are not among {list(levels)}")
    if middle is not None and middle not in levels:
        raise ValueError(f"middle {middle!r} must be one of {list(levels)}")
    if table.duplicated(["group", "term"]).any():
        raise ValueError("a group has a level twice; give one outcome and one row for each level")
    groups = list(dict.fromkeys(table["group"]))
    figure, axes = one_axes(height=1.3 + 0.5 * len(groups) + 0.16 * len(levels), width=6.2)
    shades = _shades(len(levels))
    rows = []
    for place, group in enumerate(groups):
        part = table[table["group"] == group].set_index("term")["estimate"]
        sizes = [float(part.get(level, 0.0)) for level in levels]
        start = 0.0
        if middle is not None:
            at = levels.index(middle)
            start = -float(np.add.reduce(sizes[:at])) - sizes[at] / 2
        for level, size, shade in zip(levels, sizes, shades, strict=True):
            axes.barh(place, size, left=start, color=shade, edgecolor="white", height=0.72,
                      label=level if place == 0 else None)  # fmt: skip
            if size >= 0.06:
                axes.text(start + size / 2, place, f"{size:.0%}".replace("%", " %"), ha="center",
                          va="center", fontsize=TEXT - 1.5,
                          color="white" if _dark(shade) else INK)  # fmt: skip
            rows.append({"group": group, "term": level, "estimate": size, "start": start})
            start += size
    if middle is not None:
        axes.axvline(0, color=INK, linewidth=1)
    axes.set_yticks(range(len(groups)), groups, fontsize=TEXT)
    axes.set_ylim(len(groups) - 0.4, -0.6)
    axes.set_xticks([])
    axes.spines[["left", "bottom"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    figure.legend(loc="outside lower center", ncols=min(len(levels), 4), frameon=False,
                  fontsize=TEXT - 1, handlelength=1.2)  # fmt: skip
    return figure, pd.DataFrame(rows, columns=["group", "term", "estimate", "start"])


def forest(
    answers: Estimates, *, labels: Sequence[str], unit: str, none: float = 0.0, log: bool = False
) -> tuple[Figure, pd.DataFrame]:
    """Draw one line for each answer: its estimate, its interval, and both in figures.

    Parameters
    ----------
    answers : Estimates
        One row per line, from top to bottom. Ends of intervals may be infinite.
    labels : sequence of str
        The words of each line.
    unit : str
        What the horizontal axis measures.
    none : float
        Where a line stands for no difference: 0 for differences, 1 for ratios.
    log : bool
        Whether the axis is logarithmic, as for ratios.

    Returns
    -------
    figure : matplotlib.figure.Figure
    drawn : pandas.DataFrame
        ``label``, ``estimate``, ``conf_low``, ``conf_high``, ``n``, ``words``.

    Raises
    ------
    ValueError
        If labels and rows differ in number, there is no row, or a ratio is not above 0.

    Examples
    --------
    >>> row = {"outcome": "response", "group": "all", "term": "foot - sham", "n": 60, "method": "Wald",
    ...     "measure": "odds_ratio", "estimate": 2.0, "conf_low": 0.9, "conf_high": 4.4}
    >>> figure, drawn = forest(Estimates.from_rows([row]), labels=["responded"], unit="odds ratio",
    ...     none=1.0, log=True)
    >>> drawn["words"].tolist()
    ['2.00 (0.90 to 4.40)']
    """
    table = answers.table
    if len(labels) != len(table) or table.empty:
        raise ValueError(f"one label for each answer is due, got {len(labels)} for {len(table)}")
    drawn = table[["estimate", "conf_low", "conf_high", "n"]].copy()
    if log and (drawn["estimate"] <= 0).any():
        raise ValueError("a ratio must be above 0 to be drawn on a logarithmic axis")
    drawn.insert(0, "label", list(labels))
    lines = [
        (float(b), float(low), float(high))
        for b, low, high in zip(
            drawn["estimate"], drawn["conf_low"], drawn["conf_high"], strict=True
        )
    ]
    drawn["words"] = [
        f"{b:.2f}" + ("" if np.isnan(low) else f" ({low:.2f} to {high:.2f})".replace("inf", "∞"))
        for b, low, high in lines
    ]
    figure, axes = one_axes(height=1.0 + 0.38 * len(drawn), width=6.6)
    if log:
        log_scale(axes)
    ends = drawn[["estimate", "conf_low", "conf_high"]].to_numpy(float).ravel()
    finite = np.append(ends[np.isfinite(ends) & (ends > 0 if log else True)], none)
    low, high = float(finite.min()), float(finite.max())
    pad = (high / low) ** 0.08 if log else 0.08 * (high - low or 1.0)
    left, right = (low / pad, high * pad) if log else (low - pad, high + pad)
    axes.axvline(none, color=GREY, linewidth=1.2)
    for place, ((b, start, end), words) in enumerate(zip(lines, drawn["words"], strict=True)):
        _line(axes, place, start, end, left, right)
        axes.plot([b], [place], "s", color=BLUE, markersize=6)
        axes.annotate(words, (1.02, place), xycoords=("axes fraction", "data"), va="center",
                      fontsize=TEXT - 1, color=INK, annotation_clip=False)  # fmt: skip
    axes.set_xlim(left, right)
    axes.set_yticks(range(len(drawn)), list(drawn["label"]), fontsize=TEXT)
    axes.set_ylim(len(drawn) - 0.4, -0.6)
    axes.set_xlabel(unit, fontsize=TEXT)
    axes.spines["left"].set_visible(False)
    axes.tick_params(axis="y", length=0)
    return figure, drawn


def _line(axes: Axes, place: int, low: float, high: float, left: float, right: float) -> None:
    """Draw an interval; an end beyond the axis is an arrow."""
    if np.isnan(low) or np.isnan(high):
        return
    axes.hlines(place, max(low, left), min(high, right), color=BLUE, linewidth=2)
    for end, edge, mark in ((low, left, "<"), (high, right, ">")):
        if not np.isfinite(end):
            axes.plot([edge], [place], mark, color=BLUE, markersize=7, clip_on=False)


def flow_figure(flow: Estimates) -> tuple[Figure, pd.DataFrame]:
    """Draw where everybody went, from assessment to analysis (CONSORT).

    Parameters
    ----------
    flow : Estimates
        From :func:`~msspas_analysis.estimate.trials.participants.participant_flow`.

    Returns
    -------
    figure : matplotlib.figure.Figure
    drawn : pandas.DataFrame
        ``group``, ``box`` (assessed, not allocated, allocated, stopped, analysed) and the ``words``
        in it.

    Raises
    ------
    ValueError
        If the flow has no arm.

    Examples
    --------
    >>> from msspas_analysis.estimate.trials.participants import participant_flow
    >>> frame = pd.DataFrame({"person_id": list("ABC"), "arm": ["sham", "foot", None]})
    >>> figure, drawn = flow_figure(participant_flow(frame, arm="arm"))
    >>> drawn["words"].tolist()[:2]
    ['Assessed: 3', 'Not allocated: 1']
    """
    table = flow.table
    arms = [g for g in dict.fromkeys(table["group"]) if g != "all"]
    if not arms:
        raise ValueError("the flow has no arm; make it with participant_flow")
    boxes: list[dict[str, Any]] = []

    def box(group: str, name: str, *, required: bool = False) -> None:
        mine = table[table["group"] == group].set_index("term")["estimate"]
        if name not in mine.index or (not required and mine[name] == 0):
            return
        words = [f"{name[:1].upper()}{name[1:]}: {mine[name]:,.0f}"]
        words += [
            f"  {str(term).removeprefix(name + ': ')}: {n:,.0f}"
            for term, n in mine.items()
            if str(term).startswith(f"{name}: ")
        ]
        boxes.append({"group": group, "box": name, "words": "\n".join(words)})

    box("all", "assessed", required=True)
    box("all", "not allocated")
    box("all", "allocated", required=True)
    for arm in arms:
        for name in ("allocated", "stopped", "analysed"):
            box(arm, name, required=name != "stopped")
    width = max(4.8, 2.5 * len(arms))
    figure, axes = one_axes(height=5.2, width=width)
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    down = {"allocated": 0.58, "stopped": 0.33, "analysed": 0.08}
    for one in boxes:
        if one["group"] == "all":
            spot = {
                "assessed": (0.5, 0.95),
                "not allocated": (0.82, 0.83),
                "allocated": (0.5, 0.74),
            }
            x, y = spot[one["box"]]
            words = one["words"]
        else:
            x, y = (arms.index(one["group"]) + 0.5) / len(arms), down[one["box"]]
            head = (
                "\n".join(textwrap.wrap(one["group"], 24)) + "\n"
                if one["box"] == "allocated"
                else ""
            )
            words = head + one["words"]
        axes.text(x, y, words, ha="center", va="center", fontsize=TEXT - 1.5, bbox=_BOX, color=INK,
                  zorder=3)  # fmt: skip
    arrow = {"arrowstyle": "-|>", "color": GREY, "shrinkA": 0, "shrinkB": 0}
    ways = [((0.5, 0.79), (0.5, 0.93))]
    if any(one["box"] == "not allocated" for one in boxes):
        ways.append(((0.66, 0.83), (0.5, 0.83)))
    for place in range(len(arms)):
        x = (place + 0.5) / len(arms)
        ways += [((x, 0.65), (0.5, 0.71)), ((x, 0.13), (x, 0.52))]
    for tip, tail in ways:  # below the boxes, so that a line passes behind the one it goes through
        axes.annotate("", tip, tail, arrowprops=arrow, zorder=1)
    return figure, pd.DataFrame(boxes, columns=["group", "box", "words"])


def _shades(count: int) -> list[str]:
    from matplotlib.colors import LinearSegmentedColormap, to_hex

    ramp = LinearSegmentedColormap.from_list("pale to dark", (PALE, *RAMP[1:]))
    return [to_hex(ramp(i / max(count - 1, 1))) for i in range(count)]


def _dark(shade: str) -> bool:
    from matplotlib.colors import to_rgb

    red, green, blue = to_rgb(shade)
    return 0.299 * red + 0.587 * green + 0.114 * blue < 0.55
