"""A paper of your own run again, from the form of its printed numbers."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from msspas_analysis.evidence.appraisal.appraised import judged
from msspas_analysis.evidence.own_paper import Paper
from msspas_analysis.evidence.paper_checks import said_below
from msspas_analysis.evidence.replay.analyses import Analysis, Replay
from msspas_analysis.evidence.replay.run import replay_study
from msspas_analysis.evidence.replay.studies import crossover, one_group, two_arms
from msspas_analysis.progress import Progress
from msspas_analysis.results import Estimates

_FORM = "the form"


def as_replay(paper: Paper) -> Replay:
    """Return a paper as a study that can be run again.

    Parameters
    ----------
    paper : Paper
        From :func:`~msspas_analysis.evidence.own_paper.read_paper`.

    Returns
    -------
    Replay
        Printed as it was means: a fall, or a difference in favour, with p below 0.05; where the form's
        own p is 0.05 or more, or without one its interval holds 0, no difference.

    Examples
    --------
    >>> from msspas_analysis.evidence.own_paper import FORM, read_paper
    >>> one = as_replay(read_paper(FORM))
    >>> one.analysis, one.printed
    ('difference', 'no difference')
    """
    sizes, hope, arms = paper.people, paper.hope, paper.arms
    days = max(round(7 * paper.weeks), 3)
    entry = paper.entry or None
    lost = paper.lost / sum(sizes) if paper.lost else None
    sources = (
        ("people, length, entry, lost", "published", _FORM),
        ("claimed effect, expectation", "assumption", _FORM),
        ("outcome", "assumption", "a 0-10 rating stands for what the paper measured with"),
    )
    analysis: Analysis = "change"
    if paper.design == "one group":
        design = one_group(
            paper.study, sizes[0], days, paper.claimed, hope=hope[0], lost=lost, entry=entry,
            name=arms[0], sources=sources,
        )  # fmt: skip
    else:
        names = (arms[0], arms[1] if len(arms) > 1 else "control")
        both = (sizes[0], sizes[1])
        hopes = (hope[0], hope[1])
        if paper.design == "crossover":
            analysis = "crossover"
            design = crossover(paper.study, both, days, 0, paper.claimed, hope=hopes, lost=lost,
                               entry=entry, names=names, sources=sources)  # fmt: skip
        else:
            analysis = "difference"
            design = two_arms(paper.study, both, days, paper.claimed, hope=hopes, lost=lost,
                              entry=entry, names=names, sources=sources)  # fmt: skip
    nothing = _not_significant(paper)
    looks = ("no difference (p 0.05 or more)" if nothing
             else "a fall or difference in favour with p below 0.05")  # fmt: skip
    return Replay(key=paper.study, design=design, analysis=analysis,
                  printed="no difference" if nothing else "fell", looks=looks)  # fmt: skip


def _not_significant(paper: Paper) -> bool:
    """Say whether the paper prints no difference: by its p, else by its interval."""
    printed = paper.difference.get("p")
    if printed is not None:
        return not said_below(str(printed))
    low, high = (paper.difference.get(name) for name in ("low", "high"))
    if low is None or high is None:
        return False
    return float(str(low)) <= 0 <= float(str(high))


def replay_paper(
    paper: Paper, *, replicates: int = 10_000, seed: int = 2026, workers: int | str = 1,
    cache: str | Path | None = None, progress: Progress | None = None,
) -> Estimates:  # fmt: skip
    """Run a paper of your own again; as :func:`~msspas_analysis.evidence.replay.run.replay_study`.

    Examples
    --------
    >>> from msspas_analysis.evidence.own_paper import FORM, read_paper
    >>> told = replay_paper(read_paper(FORM), replicates=512)
    >>> told.table["group"].unique().tolist()
    ['no true effect', 'claimed effect']
    """
    return replay_study(as_replay(paper), replicates=replicates, seed=seed, workers=workers,
                        cache=cache, progress=progress)  # fmt: skip


def appraise_paper(paper: Paper) -> tuple[pd.DataFrame, str]:
    """Return the risk of bias from the form's answers, and what the tool is.

    Raises
    ------
    AnswerError
        If an answer is not allowed.

    Examples
    --------
    >>> from msspas_analysis.evidence.own_paper import FORM, read_paper
    >>> table, tool = appraise_paper(read_paper(FORM))
    >>> table["judgement"].iloc[-1]
    'not assessable'
    """
    if paper.design == "one group":
        return judged("ROBINS-I V2", paper.risk_of_bias)
    variant = "crossover" if paper.design == "crossover" else "parallel"
    return judged("RoB 2", paper.risk_of_bias, variant)
