"""Pictures of evidence: risk of bias, pooled studies beside it, funnels, and studies run again."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from msspas_analysis.estimate.pooling.effects import MEASURES
from msspas_analysis.estimate.pooling.pooled import NEXT, POOLED, STUDY
from msspas_analysis.plots.canvas import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    PALE,
    TEXT,
    log_scale,
    one_axes,
    panels_beside,
)
from msspas_analysis.results import Estimates

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIGNS: Final[dict[str, tuple[str, str, str]]] = {
    "low": ("+", BLUE, "white"),
    "low but for confounding": ("+", BLUE, "white"),
    "some concerns": ("–", PALE, INK),
    "moderate": ("–", PALE, INK),
    "high": ("×", ORANGE, "white"),
    "serious": ("×", ORANGE, "white"),
    "critical": ("×", INK, "white"),
    "not assessable": ("?", "white", GREY),
}
"""Sign, colour and ink of a judgement; what cannot be assessed is not coloured."""
_RATIOS: Final = {one.ratio for one in MEASURES.values() if one.ratio}


def risk_of_bias_plot(table: pd.DataFrame) -> tuple[Figure, pd.DataFrame]:
    """Draw the judgement of every domain of every study as a circle with a sign.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`~msspas_analysis.evidence.appraisal.appraised.appraisal_table`, or with ``study``,
        ``domain`` and ``judgement``.

    Returns
    -------
    figure : matplotlib.figure.Figure
        One line per study, one column per domain; + low, – some concerns, × high, ? not assessable
        (white).
    drawn : pandas.DataFrame
        ``study``, ``domain``, ``judgement``, ``sign``.

    Raises
    ------
    ValueError
        If the table is empty or a judgement is not known.

    Examples
    --------
    >>> from msspas_analysis.evidence.appraisal.appraised import appraisal_table
    >>> figure, drawn = risk_of_bias_plot(appraisal_table(["tens-miller-2007"]))
    >>> drawn["sign"].tolist()
    ['?', '?', '?', '?', '+', '?', '?']
    """
    drawn = _judged(table)
    studies, domains = _lanes(drawn)
    figure, axes = one_axes(height=1.4 + 0.3 * len(studies), width=2.9 + 0.55 * len(domains))
    for row in drawn.to_dict("records"):
        _circle(axes, domains.index(row["domain"]), studies.index(row["study"]), row["judgement"])
    axes.set_xlim(-0.6, len(domains) - 0.4)
    axes.set_ylim(len(studies) - 0.4, -0.6)
    axes.set_xticks(range(len(domains)), domains, fontsize=TEXT - 1)
    axes.xaxis.tick_top()
    axes.set_yticks(range(len(studies)), studies, fontsize=TEXT - 1.5)
    axes.tick_params(length=0)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    _key(axes, drawn["judgement"].unique().tolist())
    return figure, drawn


def _judged(table: pd.DataFrame) -> pd.DataFrame:
    if table.empty:
        raise ValueError("there is no judgement to draw; the table is empty")
    drawn = table[["study", "domain", "judgement"]].reset_index(drop=True)
    if unknown := sorted(set(drawn["judgement"]) - set(_SIGNS)):
        raise ValueError(f"judgement must be one of {list(_SIGNS)}, got {unknown}")
    return drawn.assign(sign=[_SIGNS[one][0] for one in drawn["judgement"]])


def _judged_of(table: pd.DataFrame, studies: list[str]) -> pd.DataFrame:
    """Return the judgements of some studies, so that no domain or sign stands there for another."""
    judged = _judged(table)
    mine = judged[judged["study"].isin(studies)]
    if mine.empty:
        raise ValueError(
            f"risk must be of the studies by the same names; it has {sorted(set(judged['study']))}, "
            f"and {studies} are drawn"
        )
    return mine


def _lanes(drawn: pd.DataFrame) -> tuple[list[str], list[str]]:
    """Return studies in their order, and domains with the one for all last."""
    domains = [str(d) for d in dict.fromkeys(drawn["domain"])]
    known = sorted((d for d in domains if d != "overall"), key=lambda d: (d[0].isalpha(), d))
    return [str(s) for s in dict.fromkeys(drawn["study"])], [
        *known,
        *(d for d in domains if d == "overall"),
    ]


def _circle(axes: Axes, x: float, y: float, judgement: str, *, size: float = 150) -> None:
    sign, colour, ink = _SIGNS[judgement]
    axes.scatter([x], [y], s=size, color=colour, edgecolor=GREY if colour == "white" else colour,
                 linewidth=0.9, zorder=3, clip_on=False)  # fmt: skip
    axes.text(x, y, sign, ha="center", va="center_baseline", fontsize=TEXT - 1, color=ink, zorder=4,
              fontweight="bold", clip_on=False)  # fmt: skip


def _key(axes: Axes, judgements: list[str]) -> None:
    axes.set_xlabel(
        textwrap.fill("   ".join(_signs(judgements)), 46),
        fontsize=TEXT - 1.5,
        color=INK,
        loc="left",
    )


def _signs(judgements: Iterable[str]) -> list[str]:
    """Return the signs of some judgements with what they mean, the best first."""
    return [f"{_SIGNS[name][0]} {name}" for name in _SIGNS if name in set(judgements)]


def risk_summary_plot(table: pd.DataFrame) -> tuple[Figure, pd.DataFrame]:
    """Draw how many studies have each judgement, domain by domain.

    Parameters
    ----------
    table : pandas.DataFrame
        As :func:`risk_of_bias_plot`.

    Returns
    -------
    figure : matplotlib.figure.Figure
        One bar per domain, with the counts in it.
    drawn : pandas.DataFrame
        ``domain``, ``judgement``, ``studies``.

    Raises
    ------
    ValueError
        As :func:`risk_of_bias_plot`.

    Examples
    --------
    >>> from msspas_analysis.evidence.appraisal.appraised import appraisal_table
    >>> figure, drawn = risk_summary_plot(appraisal_table(["tens-miller-2007", "reflexology-hughes-2009"]))
    >>> int(drawn.loc[drawn["domain"].eq("4"), "studies"].sum())
    2
    """
    judged = _judged(table)
    _, domains = _lanes(judged)
    counts = judged.groupby(["domain", "judgement"], sort=False)["study"].size()
    rows: list[dict[str, Any]] = [
        {"domain": domain, "judgement": name, "studies": int(counts[domain, name])}
        for domain in domains for name in _SIGNS if (domain, name) in counts.index
    ]  # fmt: skip
    figure, axes = one_axes(height=1.1 + 0.36 * len(domains), width=6.2)
    for at, domain in enumerate(domains):
        left = 0
        for row in rows:
            if row["domain"] != domain:
                continue
            sign, colour, ink = _SIGNS[row["judgement"]]
            axes.barh(at, row["studies"], left=left, height=0.68, color=colour, edgecolor=GREY,
                      linewidth=0.7)  # fmt: skip
            axes.text(left + row["studies"] / 2, at, f"{sign} {row['studies']}", ha="center",
                      va="center", fontsize=TEXT - 2, color=ink)  # fmt: skip
            left += row["studies"]
    axes.set_yticks(range(len(domains)), domains, fontsize=TEXT - 1)
    axes.set_ylim(len(domains) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel("studies", fontsize=TEXT)
    axes.set_title("   ".join(_signs(judged["judgement"])), fontsize=TEXT - 1.5,
                   loc="left", color=INK)  # fmt: skip
    return figure, pd.DataFrame(rows)


def pooled_forest(
    found: Estimates, *, risk: pd.DataFrame | None = None, label: str = ""
) -> tuple[Figure, pd.DataFrame]:
    """Draw studies and what they say together, with the risk of bias beside each.

    Parameters
    ----------
    found : Estimates
        From :func:`~msspas_analysis.estimate.pooling.pooled.pooled_effect`.
    risk : pandas.DataFrame or None
        ``study``, ``domain`` and ``judgement``; studies by the same names. Domains stand as circles to
        the right.
    label : str
        Of the horizontal axis; empty takes the measure.

    Returns
    -------
    figure : matplotlib.figure.Figure
        Squares by weight with intervals, a diamond for the pooled effect, a bar below it for where one
        more study would lie.
    drawn : pandas.DataFrame
        ``term``, ``estimate``, ``conf_low``, ``conf_high``, ``weight`` (NaN where it is no study).

    Raises
    ------
    ValueError
        If the answer has no pooled effect, or none of its studies is in `risk`.

    Examples
    --------
    >>> import pandas as pd
    >>> from msspas_analysis.estimate.pooling.pooled import pooled_effect
    >>> told = pd.DataFrame({"study": list("abc"), "effect": [-0.5, -0.1, -0.8],
    ...     "std_error": [0.2, 0.15, 0.3]})
    >>> figure, drawn = pooled_forest(pooled_effect(told))
    >>> drawn["term"].tolist()
    ['a', 'b', 'c', 'pooled', 'next study']
    """
    drawn, measure = _forest_rows(found)
    judged = None if risk is None else _judged_of(risk, drawn["term"].tolist())
    domains = [] if judged is None else _lanes(judged)[1]
    beside = [] if judged is None else [0.42 * len(domains) + 0.2]
    figure, (axes, *panels) = panels_beside(
        [4.2, *beside], height=1.3 + 0.34 * len(drawn), width=5.6 + 0.42 * len(domains)
    )
    log = measure in _RATIOS
    largest = float(drawn["weight"].max())
    for at, row in enumerate(drawn.to_dict("records")):
        low, high, middle = row["conf_low"], row["conf_high"], row["estimate"]
        if row["term"] == POOLED:
            axes.fill([low, middle, high, middle], [at, at - 0.26, at, at + 0.26], color=BLUE)
        elif row["term"] == NEXT:
            axes.plot([low, high], [at, at], color=BLUE, linewidth=5, alpha=0.35,
                      solid_capstyle="butt")  # fmt: skip
        else:
            axes.plot([low, high], [at, at], color=INK, linewidth=1.1)
            axes.scatter([middle], [at], marker="s", color=INK, zorder=3,
                         s=12 + 90 * row["weight"] / largest)  # fmt: skip
    if log:
        log_scale(axes)
    axes.axvline(1.0 if log else 0.0, color=GREY, linewidth=0.9, linestyle=":")
    names = [
        row["term"]
        if row["weight"] != row["weight"]
        else f"{row['term']}  {100 * row['weight']:.0f} %"
        for row in drawn.to_dict("records")
    ]
    axes.set_yticks(range(len(drawn)), names, fontsize=TEXT - 1.5)
    axes.set_ylim(len(drawn) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(label or measure.replace("_", " "), fontsize=TEXT)
    if judged is not None:
        _beside(panels[0], drawn, judged, domains)
    return figure, drawn


def _forest_rows(found: Estimates) -> tuple[pd.DataFrame, str]:
    table, pooled = found.table, _pooled(found, POOLED, NEXT)
    measures = [str(name) for name in dict.fromkeys(pooled["measure"])]
    measure = next((name for name in measures if name in _RATIOS), measures[0])
    studies = table[table["group"] == STUDY]
    weight = studies[studies["measure"] == "weight"].set_index("term")["estimate"]
    rows = pd.concat([studies[studies["measure"] == measure], pooled[pooled["measure"] == measure]])
    drawn = rows[["term", "estimate", "conf_low", "conf_high"]].reset_index(drop=True)
    return drawn.assign(weight=drawn["term"].map(weight)), measure


def _pooled(found: Estimates, *terms: str) -> pd.DataFrame:
    table = found.table
    pooled = table[(table["group"] == POOLED) & table["term"].isin(terms)]
    if pooled.empty:
        raise ValueError("the answer has no pooled effect; give one of pooled_effect")
    return pooled


def _beside(panel: Axes, drawn: pd.DataFrame, risk: pd.DataFrame, domains: list[str]) -> None:
    """Draw the circles of each study in a panel that shares the lines of the forest."""
    for at, term in enumerate(drawn["term"]):
        for row in risk[risk["study"] == term].to_dict("records"):
            _circle(panel, domains.index(row["domain"]), at, row["judgement"], size=110)
    panel.set_xlim(-0.6, len(domains) - 0.4)
    short = ["all" if one == "overall" else one for one in domains]
    panel.set_xticks(range(len(domains)), short, fontsize=TEXT - 2)
    panel.xaxis.tick_top()
    panel.tick_params(length=0, labelleft=False)
    for side in ("top", "right", "left", "bottom"):
        panel.spines[side].set_visible(False)
    panel.set_xlabel("\n".join(_signs(risk["judgement"])), fontsize=TEXT - 2.5,
                     color=INK)  # fmt: skip


def funnel_plot(found: Estimates) -> tuple[Figure, pd.DataFrame]:
    """Draw each study's effect by its standard error, with where chance alone would put 95 % of them.

    Parameters
    ----------
    found : Estimates
        From :func:`~msspas_analysis.estimate.pooling.pooled.pooled_effect`.

    Returns
    -------
    figure : matplotlib.figure.Figure
        Small errors at the top; dotted lines are the pooled effect and 1.96 errors about it.
    drawn : pandas.DataFrame
        ``term``, ``estimate``, ``std_error``, ``outside``: whether it lies beyond the lines.

    Raises
    ------
    ValueError
        If the answer has no pooled effect.

    Examples
    --------
    >>> import pandas as pd
    >>> from msspas_analysis.estimate.pooling.pooled import pooled_effect
    >>> told = pd.DataFrame({"study": list("abc"), "effect": [-0.5, -0.1, -0.8],
    ...     "std_error": [0.2, 0.15, 0.3]})
    >>> figure, drawn = funnel_plot(pooled_effect(told))
    >>> drawn["outside"].tolist()  # b lies 2.1 of its errors from the pooled effect
    [False, True, False]
    """
    table, pooled = found.table, _pooled(found, POOLED)
    measure, middle = str(pooled["measure"].iloc[0]), float(pooled["estimate"].iloc[0])
    rows = table[(table["group"] == STUDY) & (table["measure"] == measure)]
    drawn = rows[["term", "estimate", "std_error"]].reset_index(drop=True)
    far = (drawn["estimate"] - middle).abs() > 1.96 * drawn["std_error"]
    drawn = drawn.assign(outside=far)
    figure, axes = one_axes(height=3.6)
    top = 1.08 * float(drawn["std_error"].max())
    for side in (-1, 0, 1):
        axes.plot([middle, middle + side * 1.96 * top], [0, top], color=GREY, linewidth=1,
                  linestyle=":")  # fmt: skip
    for inside, marker in ((True, "o"), (False, "D")):
        part = drawn[drawn["outside"] != inside]
        axes.scatter(part["estimate"], part["std_error"], marker=marker, color=BLUE if inside else ORANGE,
                     s=34, zorder=3)  # fmt: skip
    axes.set_ylim(top, 0)
    axes.set_xlabel(measure.replace("_", " "), fontsize=TEXT)
    axes.set_ylabel("standard error", fontsize=TEXT)
    return figure, drawn


def replay_plot(
    found: Estimates, *, names: dict[str, str] | None = None
) -> tuple[Figure, pd.DataFrame]:
    """Draw how often each study looks as it was printed, with nothing true and with the claimed effect.

    Parameters
    ----------
    found : Estimates
        From :func:`~msspas_analysis.evidence.replay.run.replay_library`.
    names : dict of str to str or None
        Names of the studies by key; None takes the key.

    Returns
    -------
    figure : matplotlib.figure.Figure
        One line per study: an open circle with nothing true, a full one with the claimed effect.
    drawn : pandas.DataFrame
        ``outcome``, ``nothing``, ``claimed``: shares 0-1.

    Raises
    ------
    ValueError
        If the answer is none of a replay.

    Examples
    --------
    >>> from msspas_analysis.evidence.replay.run import replay_library
    >>> figure, drawn = replay_plot(replay_library(["tens-armutlu-2003"], replicates=512))
    >>> drawn.columns.tolist()
    ['outcome', 'nothing', 'claimed']
    """
    table = found.table[found.table["measure"] == "printed_as_it_was"]
    if table.empty:
        raise ValueError("the answer is none of a replay; give one of replay_library")
    both = table.pivot_table(index="outcome", columns="group", values="estimate", sort=False)
    drawn = pd.DataFrame({
        "outcome": both.index, "nothing": both["no true effect"].to_numpy(),
        "claimed": both["claimed effect"].to_numpy(),
    })  # fmt: skip
    figure, axes = one_axes(height=1.2 + 0.27 * len(drawn), width=6.4)
    for at, row in enumerate(drawn.to_dict("records")):
        axes.plot([100 * row["nothing"], 100 * row["claimed"]], [at, at], color=GREY, linewidth=1)
        axes.scatter([100 * row["nothing"]], [at], facecolor="white", edgecolor=ORANGE, s=84,
                     linewidth=1.6, zorder=3)  # fmt: skip
        axes.scatter([100 * row["claimed"]], [at], color=BLUE, s=46, zorder=3)
    called = [(names or {}).get(str(key), str(key)) for key in drawn["outcome"]]
    axes.set_yticks(range(len(drawn)), called, fontsize=TEXT - 2)
    axes.set_ylim(len(drawn) - 0.4, -0.6)
    axes.set_xlim(-3, 103)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#e2e2e2", linewidth=0.7)
    axes.set_axisbelow(True)
    axes.set_xlabel("% of runs that look as the study was printed\n"
                    "open: nothing true   full: the claimed effect", fontsize=TEXT - 1)  # fmt: skip
    return figure, drawn
