"""Pictures of study designs: who gets what in which weeks, and what each would show."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from msspas_analysis.certify.plan.candidates import Candidate, compared_days
from msspas_analysis.certify.studies.rule_runs import GIVEN, HOPE, LUCK, WORLDS
from msspas_analysis.plots.canvas import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    PALE,
    TEXT,
    one_axes,
    panels_beside,
)
from msspas_analysis.results import Estimates

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

MOST_ARMS: Final = 4
"""Arms drawn of one design; of more the first are drawn and the rest counted."""
_DIARY, _OTHER, _PAUSE = "diary only", "sham or waiting", "neither"
_LOOK: Final[dict[str, dict[str, Any]]] = {
    _DIARY: {"facecolor": "white", "edgecolor": INK},
    "therapy": {"facecolor": BLUE, "edgecolor": INK},
    _OTHER: {"facecolor": PALE, "edgecolor": INK, "hatch": "///"},
    _PAUSE: {"facecolor": "white", "edgecolor": GREY, "hatch": "..."},
}
_PANELS: Final = (
    ("bias_null", "shown where\nnothing works\n(points)", 0.0),
    ("type_i_error", "called a change\nwhere nothing works\n(5 % is due)", 5.0),
    ("power", "finds the effect\nthat is hoped for\n(%)", 80.0),
    ("people_needed", "people for a\npower of 80 %\n", None),
    ("days_of_diary", "days of diary\nof one person\n", None),
)
_SHARES: Final = ("type_i_error", "power")
_NOT_SAID: Final = "–"
_MARKS: Final[dict[str, dict[str, Any]]] = {
    LUCK: {"marker": "D", "facecolor": "white", "edgecolor": ORANGE, "s": 44},
    HOPE: {"marker": "o", "facecolor": "white", "edgecolor": BLUE, "s": 62},
    GIVEN: {"marker": "o", "facecolor": BLUE, "edgecolor": BLUE, "s": 62},
}


def schedule_plot(plans: Sequence[Candidate]) -> tuple[Figure, pd.DataFrame]:
    """Draw who gets what in which weeks, one band for each arm of each design.

    Parameters
    ----------
    plans : sequence of Candidate
        From :func:`~msspas_analysis.certify.plan.candidates.candidates`; those that are not offered are
        left out.

    Returns
    -------
    figure : matplotlib.figure.Figure
        White is the diary alone, blue the therapy, hatched a sham or waiting, dotted neither. A bar
        below a band marks the days that are compared.
    drawn : pandas.DataFrame
        A row for each piece of a band: ``plan``, ``arm``, ``people``, ``given``, ``first_day``,
        ``last_day``; day 0 is the first day of the first period.

    Raises
    ------
    ValueError
        If no plan is offered.

    Examples
    --------
    >>> from msspas_analysis.certify.plan.candidates import PlanSheet, candidates
    >>> figure, drawn = schedule_plot(candidates(PlanSheet(therapy="TENS")))
    >>> drawn.loc[drawn["plan"] == "before and after", ["given", "first_day", "last_day"]].values.tolist()
    [['diary only', -7, -1], ['TENS', 0, 27]]
    """
    shown = [plan for plan in plans if plan.design is not None]
    if not shown:
        raise ValueError("none of these plans is offered, so there is nothing to draw")
    pieces = pd.DataFrame([piece for plan in shown for piece in _pieces(plan)])
    lanes = list(dict.fromkeys(zip(pieces["plan"], pieces["arm"], strict=True)))
    figure, axes = one_axes(height=0.9 + 0.34 * len(lanes) + 0.42 * len(shown), width=7.2)
    at: dict[tuple[str, str], float] = {}
    y = 0.0
    for plan, arm in lanes:
        if all(plan != other for other, _ in at):
            y -= 0.75
            axes.text(0, y + 0.72, plan, transform=axes.get_yaxis_transform(), fontsize=TEXT,
                      fontweight="bold", color=INK, va="center")  # fmt: skip
            y -= 0.1
        at[plan, arm] = y
        y -= 0.85
    for row in pieces.to_dict("records"):
        place = at[row["plan"], row["arm"]]
        axes.barh(place, (row["last_day"] + 1 - row["first_day"]) / 7, left=row["first_day"] / 7,
                  height=0.56, linewidth=0.8, **_LOOK[row["look"]])  # fmt: skip
    for plan in shown:
        mine = [place for (key, _), place in at.items() if key == plan.key]
        for low, high in _compared(plan):
            for place in mine:
                axes.plot([low / 7, (high + 1) / 7], [place - 0.38] * 2, color=ORANGE, linewidth=2.5,
                          solid_capstyle="butt")  # fmt: skip
    axes.set_yticks(
        list(at.values()), [_lane(pieces, key, shown) for key in at], fontsize=TEXT - 1.5
    )
    axes.tick_params(axis="y", length=0)
    axes.axvline(0, color=INK, linewidth=0.8, linestyle=":")
    axes.set_xlabel("weeks from the first day of the first period", fontsize=TEXT)
    axes.set_ylim(y + 0.3, 0.3)
    axes.spines["left"].set_visible(False)
    _legend(axes, pieces)
    return figure, pieces.drop(columns="look")


def _pieces(plan: Candidate) -> list[dict[str, Any]]:
    """Return what each arm gets, piece by piece."""
    design = plan.design
    if design is None:
        return []
    therapy = design.treatments[0].name
    out = []
    for number, arm in enumerate(design.arms):
        if number == MOST_ARMS and len(design.arms) > MOST_ARMS + 1:
            break
        base = {"plan": plan.key, "arm": arm.name, "people": arm.size}
        parts = [(_DIARY, -design.baseline_days, -1)]
        for at, (given, start, length) in enumerate(
            zip(arm.sequence, design.starts, design.periods, strict=True)
        ):
            if at and design.washout:
                parts.append((_PAUSE, start - design.washout, start - 1))
            parts.append((given, start, start + length - 1))
        for given, first, last in parts:
            look = given if given in _LOOK else "therapy" if given == therapy else _OTHER
            out.append(base | {"given": given, "first_day": first, "last_day": last, "look": look})
    return out


def _compared(plan: Candidate) -> list[tuple[int, int]]:
    """Return the spans of days that the plan's own analysis compares."""
    if plan.design is None:
        return []
    spans = list(compared_days(plan.design))
    if plan.period is not None:
        return spans[plan.period : plan.period + 2]
    # the baseline is compared where people begin one after the other
    return spans if plan.key == "stepped" else spans[1:]


def _lane(pieces: pd.DataFrame, key: tuple[str, str], plans: Sequence[Candidate]) -> str:
    """Return what stands beside a band."""
    mine = pieces[pieces["plan"].eq(key[0])]
    people = mine.loc[mine["arm"].eq(key[1]), "people"].iloc[0]
    design = next(plan.design for plan in plans if plan.key == key[0])
    left = len(design.arms) - mine["arm"].nunique() if design else 0
    more = f"\n… and {left} more orders" if left and key[1] == mine["arm"].iloc[-1] else ""
    return f"{key[1]}, {people} people{more}"


def _legend(axes: Axes, pieces: pd.DataFrame) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    therapy = next(iter(pieces.loc[pieces["look"].eq("therapy"), "given"]), "therapy")
    names = {name: therapy if name == "therapy" else name for name in _LOOK}
    there = set(pieces["look"])
    keys: list[Patch | Line2D] = [
        Patch(label=textwrap.shorten(names[name], 30, placeholder=" …"), **look)
        for name, look in _LOOK.items() if name in there
    ]  # fmt: skip
    keys.append(Line2D([], [], color=ORANGE, linewidth=2.5, label="days that are compared"))
    axes.figure.legend(
        handles=keys, loc="outside lower center", ncols=min(3, len(keys)), fontsize=TEXT - 1.5,
        frameon=False,
    )  # fmt: skip


def designs_plot(found: Estimates) -> tuple[Figure, pd.DataFrame]:
    """Draw what each design would show: where nothing works, with the effect, and for how many people.

    Parameters
    ----------
    found : Estimates
        From :func:`~msspas_analysis.certify.plan.comparison.compare_designs`.

    Returns
    -------
    figure : matplotlib.figure.Figure
        A row for each design. Bars are Monte Carlo intervals; a dash stands where nothing can be said,
        because the test of that design finds what is not there.
    drawn : pandas.DataFrame
        A row for each number: ``plan``, ``measure``, ``estimate``, ``conf_low``, ``conf_high``; shares
        are 0-1.

    Raises
    ------
    ValueError
        If these are not answers of a comparison of designs.

    Examples
    --------
    >>> from msspas_analysis.certify.plan.candidates import PlanSheet
    >>> from msspas_analysis.certify.plan.comparison import compare_designs
    >>> found = compare_designs(PlanSheet(therapy="TENS", people=12), replicates=128, seed=1)
    >>> figure, drawn = designs_plot(found)
    >>> drawn["plan"].unique().tolist()
    ['before and after', 'longer baseline']
    """
    measures = [name for name, *_ in _PANELS]
    table = found.table[found.table["measure"].isin(measures)]
    plans = list(dict.fromkeys(table["group"]))
    if absent := [name for name in measures if name not in set(table["measure"])]:
        raise ValueError(f"answers of compare_designs are due; there is no {absent}")
    figure, panels = panels_beside(
        [1.0] * len(_PANELS), height=1.35 + 0.42 * len(plans), width=10.5
    )
    for axes, (measure, heading, line) in zip(panels, _PANELS, strict=True):
        axes.spines["left"].set_visible(False)
        axes.tick_params(labelsize=TEXT - 1.5)
        axes.tick_params(axis="y", length=0)
        axes.set_title(heading, fontsize=TEXT - 1.5, loc="center")
        if line is not None:
            axes.axvline(line, color=GREY, linewidth=0.9, linestyle="--")
        _numbers(axes, table[table["measure"].eq(measure)], plans, measure)
    panels[0].set_yticks(range(len(plans)), plans, fontsize=TEXT - 0.5)
    panels[0].set_ylim(len(plans) - 0.5, -0.6)
    kept = ["group", "measure", "estimate", "conf_low", "conf_high"]
    return figure, table[kept].rename(columns={"group": "plan"}).reset_index(drop=True)


def _numbers(axes: Axes, rows: pd.DataFrame, plans: Sequence[str], measure: str) -> None:
    """Draw one number of each plan, with its interval and written beside it."""
    scale = 100.0 if measure in _SHARES else 1.0
    form = {"bias_null": "{:+z.2f}", "type_i_error": "{:.0f} %", "power": "{:.0f} %"}
    axes.margins(x=0.28)
    for row in rows.to_dict("records"):
        y = plans.index(str(row["group"]))
        value = row["estimate"]
        if pd.isna(value):
            axes.text(0.5, y, _NOT_SAID, transform=axes.get_yaxis_transform(), ha="center",
                      va="center", fontsize=TEXT + 2, color=INK)  # fmt: skip
            continue
        wrong = measure == "type_i_error" and row["conf_low"] > 0.10
        colour, mark = (ORANGE, "D") if wrong else (BLUE, "o")
        if not pd.isna(row["conf_low"]):
            axes.plot([scale * row["conf_low"], scale * row["conf_high"]], [y, y], color=colour,
                      linewidth=2)  # fmt: skip
        axes.plot([scale * value], [y], mark, color=colour, markersize=6)
        said = form.get(measure, "{:.0f}").format(scale * value).replace("-", "−")
        axes.annotate(said, (scale * value, y), xytext=(0, 6), textcoords="offset points",
                      ha="center", fontsize=TEXT - 2, color=INK)  # fmt: skip
    if measure in _SHARES:
        axes.set_xlim(-8, 108)
    elif measure != "bias_null":
        axes.set_xlim(left=0)


def rule_plot(
    found: Estimates, *, by_start: bool = False, published: Mapping[str, float] | None = None
) -> tuple[Figure, pd.DataFrame]:
    """Draw what share of people a rule for going on lets through, by what was at work.

    Parameters
    ----------
    found : Estimates
        From :func:`~msspas_analysis.certify.studies.rule_runs.what_rules_pass`.
    by_start : bool
        Whether to draw the lines by the rating people begin at, instead of those of everybody.
    published : mapping of str to float or None
        Published shares, 0-1, by what they are called: dashed lines with their names.

    Returns
    -------
    figure : matplotlib.figure.Figure
        One line per rule and comparison: an open diamond for ups and downs alone, an open circle with
        expectation, a full one with the treatment.
    drawn : pandas.DataFrame
        ``rule``, ``compared``, ``world``, ``passed``: shares 0-1.

    Raises
    ------
    ValueError
        If these are no answers of such a rule, or a published share is out of range.

    Examples
    --------
    >>> from msspas_analysis.certify.studies.rule_runs import what_rules_pass
    >>> figure, drawn = rule_plot(what_rules_pass(cuts=[0.2], replicates=64))
    >>> drawn["compared"].unique().tolist()
    ['one rating', 'mean of 7 days']
    """
    table = found.table[found.table["measure"].eq("passed") & found.table["term"].isin(WORLDS)]
    mine = table[table["group"].str.contains(", from ", regex=False) == by_start]
    if mine.empty:
        wanted = "people by where they begin" if by_start else "a rule"
        raise ValueError(f"the answer has nothing of {wanted}; give one of what_rules_pass")
    drawn = mine[["outcome", "group", "term", "estimate"]].reset_index(drop=True)
    drawn.columns = pd.Index(["rule", "compared", "world", "passed"])
    lines = list(dict.fromkeys(zip(drawn["rule"], drawn["compared"], strict=True)))
    figure, axes = one_axes(height=1.35 + 0.36 * len(lines), width=6.8)
    at = {line: place for place, line in enumerate(lines)}
    y = [at[line] for line in zip(drawn["rule"], drawn["compared"], strict=True)]
    for place in at.values():
        shares = [
            100 * share for share, mine in zip(drawn["passed"], y, strict=True) if mine == place
        ]
        axes.plot([min(shares), max(shares)], [place, place], color=GREY, linewidth=1)
    for world, look in _MARKS.items():
        here = drawn["world"].eq(world)
        axes.scatter(100 * drawn.loc[here, "passed"], [p for p, yes in zip(y, here, strict=True) if yes],
                     label=world, linewidth=1.5, zorder=3, **look)  # fmt: skip
    for name, share in (published or {}).items():
        if not 0 <= share <= 1:
            raise ValueError(f"published shares must be 0 to 1, got {share:g} for {name!r}")
        axes.axvline(100 * share, color=INK, linewidth=1, linestyle="--")
        axes.annotate(name, (100 * share, 1), xycoords=("data", "axes fraction"), xytext=(0, 3),
                      textcoords="offset points", ha="center", fontsize=TEXT - 2, color=INK)  # fmt: skip
    axes.set_yticks(list(at.values()), [f"{rule}\n{how}" for rule, how in lines], fontsize=TEXT - 2)
    axes.set_ylim(len(lines) - 0.4, -0.6)
    axes.set_xlim(-3, 103)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#e2e2e2", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.set_xlabel("% of people who pass", fontsize=TEXT - 1)
    axes.figure.legend(loc="outside lower center", ncols=3, fontsize=TEXT - 2, frameon=False)
    return figure, drawn
