"""A paper of your own run again, from the form of its printed numbers."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from msspas_analysis.evidence.appraisal.appraised import judged
from msspas_analysis.evidence.own_paper import Paper
from msspas_analysis.evidence.replay.analyses import Analysis, Replay
from msspas_analysis.evidence.replay.run import replay_study
from msspas_analysis.progress import Progress
from msspas_analysis.results import Estimates
from msspas_analysis.simulate.designs import Arm, Design, Treatment

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
        own p is 0.05 or more, no difference.

    Examples
    --------
    >>> from msspas_analysis.evidence.own_paper import FORM, read_paper
    >>> one = as_replay(read_paper(FORM))
    >>> one.analysis, one.printed
    ('difference', 'no difference')
    """
    days = max(round(7 * paper.weeks), 3)
    first, *others = paper.arms
    second = others[0] if others else "control"
    treated = Treatment(name=first, effect=paper.claimed, expectation=paper.hope[0])
    lost = paper.lost / sum(paper.people) if paper.lost else None
    sources = (
        ("people, length, entry, lost", "published", _FORM),
        ("claimed effect, expectation", "assumption", _FORM),
        ("outcome", "assumption", "a 0-10 rating stands for what the paper measured with"),
    )
    entry = 0.0 if paper.entry is None else paper.entry
    analysis: Analysis = "change"
    if paper.design == "one group":
        design = Design(
            code=paper.study, title=f"One group, {paper.people[0]} people, {days} days",
            treatments=(treated,),
            arms=(Arm(name=first, size=paper.people[0], sequence=(first,)),), periods=(days,),
            baseline_days=1, diary=False, visits=(-1, days - 1), ratings_per_visit=1,
            entry_rating=entry or None, lost=lost, sources=sources,
        )  # fmt: skip
    else:
        beside = Treatment(name=second, expectation=paper.hope[1])
        cross = paper.design == "crossover"
        analysis = "crossover" if cross else "difference"
        orders = ((first, second), (second, first)) if cross else ((first,), (second,))
        names = (f"{first} first", f"{second} first") if cross else (first, second)
        periods = (days, days) if cross else (days,)
        visits = (-1, days - 1, days, 2 * days - 1) if cross else (-1, days - 1)
        design = Design(
            code=paper.study, title=f"{paper.design.capitalize()}, {sum(paper.people)} people",
            treatments=(treated, beside),
            arms=tuple(Arm(name=name, size=n, sequence=order)
                       for name, n, order in zip(names, paper.people, orders, strict=True)),
            periods=periods, baseline_days=1, diary=False, visits=visits, ratings_per_visit=1,
            entry_rating=entry or None, lost=lost, sources=sources,
        )  # fmt: skip
    nothing = _not_significant(paper)
    looks = ("no difference (p 0.05 or more)" if nothing
             else "a fall or difference in favour with p below 0.05")  # fmt: skip
    return Replay(key=paper.study, design=design, analysis=analysis,
                  printed="no difference" if nothing else "fell", looks=looks)  # fmt: skip


def _not_significant(paper: Paper) -> bool:
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
