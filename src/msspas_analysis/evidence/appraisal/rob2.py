"""Risk of bias of a randomised trial, by the logic of RoB 2, in this package's own words.

This is not the official tool, and no substitute for its form and guidance at riskofbias.info. The paths
are those of RoB 2 of 22 August 2019 for trials with parallel arms. What is added for trials of groups of
people (1b) and for crossovers (S) follows the crib sheets of 18 March 2021 as they are remembered [memory-medium]:
hold those two against the official ones before a judgement of them is printed.

References
----------
.. [1] Sterne JAC, Savovic J, Page MJ, et al. (2019). RoB 2: a revised tool for assessing risk of bias in
   randomised trials. BMJ 366:l4898.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import pandas as pd

from msspas_analysis.evidence.appraisal.flow import (
    NO,
    NOT_ASSESSABLE,
    NOT_NO,
    NOT_YES,
    PLAIN,
    YES,
    Domain,
    Judgement,
    Step,
    as_table,
    ask,
    asked,
    checked,
    judge,
    of_all,
    within,
    worst_of,
)

Aim = Literal["assignment", "adherence"]
Variant = Literal["parallel", "cluster", "crossover"]
LOW: Final = "low"
SOME: Final = "some concerns"
HIGH: Final = "high"
JUDGEMENTS: Final = (LOW, SOME, HIGH, NOT_ASSESSABLE)
NOT_OFFICIAL: Final = (
    "By the logic of RoB 2 (22 August 2019) in this package's own words; not the official tool."
)
_OR_NA: Final = ("Y", "PY", "PN", "N", "NI", "NA")


def _either(answers: tuple[str, ...]) -> str:
    return "either" if any(a in NOT_NO for a in answers) else "neither"


def _worse(results: tuple[str, ...]) -> str:
    return max(results, key=(LOW, SOME, HIGH).index)


_RANDOMISATION: Final = Domain(
    key="1", title="how people were allocated",
    questions=(
        asked("1.1", "was the order of allocation random"),
        asked("1.2", "was it hidden until people were in"),
        asked("1.3", "do the arms differ at the start so that allocation looks wrong"),
    ),
    starts=("hidden",),
    steps={
        "hidden": ask("1.2", yes="random", ni="alike, not known if hidden", no=HIGH),
        "random": ask("1.1", not_no="alike", no=SOME),
        "alike": ask("1.3", not_yes=LOW, yes=SOME),
        "alike, not known if hidden": ask("1.3", not_yes=SOME, yes=HIGH),
    },
)  # fmt: skip
_AWARE: Final = (("2.1", NOT_NO), ("2.2", NOT_NO))
_ASSIGNMENT: Final = Domain(
    key="2", title="departures from what was meant (being allocated)",
    questions=(
        asked("2.1", "did people know what they had"),
        asked("2.2", "did those who gave it know"),
        asked("2.3", "did anybody depart from the plan because it was a trial", _AWARE),
        asked("2.4", "is that likely to have moved the outcome", (("2.3", YES),)),
        asked("2.5", "was it alike in the arms", (("2.4", NOT_NO),)),
        asked("2.6", "was everybody analysed in the arm allocated to"),
        asked("2.7", "may it matter much that people were not", (("2.6", NOT_YES),)),
    ),
    starts=("aware", "analysis"),
    steps={
        "aware": Step(("2.1", "2.2"), {"neither": LOW, "either": "departures"}, _either),
        "departures": ask("2.3", no=LOW, ni=SOME, yes="moved"),
        "moved": ask("2.4", no=SOME, not_no="balanced"),
        "balanced": ask("2.5", yes=SOME, not_yes=HIGH),
        "analysis": ask("2.6", yes=LOW, not_yes="matters"),
        "matters": ask("2.7", no=SOME, not_no=HIGH),
    },
    combine=_worse,
)  # fmt: skip
_ADHERENCE: Final = Domain(
    key="2", title="departures from what was meant (taking it as meant)",
    questions=(
        asked("2.1", "did people know what they had"),
        asked("2.2", "did those who gave it know"),
        asked("2.3", "were other treatments alike in the arms", _AWARE, options=_OR_NA),
        asked("2.4", "was it given so badly that the outcome may have moved", options=_OR_NA),
        asked("2.5", "did people not take it so that the outcome may have moved", options=_OR_NA),
        asked("2.6", "was an analysis used that is right for taking it as meant",
           (("2.3", NOT_YES), ("2.4", NOT_NO), ("2.5", NOT_NO))),
    ),
    starts=("aware",),
    steps={
        "aware": Step(("2.1", "2.2"), {"neither": "given", "either": "others"}, _either),
        "others": Step(("2.3",), {"Y PY NA": "given", "PN N NI": "analysis"}),
        "given": Step(("2.4", "2.5"), {"neither": LOW, "either": "analysis"}, _either),
        "analysis": ask("2.6", yes=SOME, not_yes=HIGH),
    },
)  # fmt: skip
_MISSING: Final = Domain(
    key="3", title="missing outcomes",
    questions=(
        asked("3.1", "was the outcome known for nearly everybody"),
        asked("3.2", "is it shown that those missing do not bias it", (("3.1", NOT_YES),),
           options=PLAIN),
        asked("3.3", "could it be missing because of what it was", (("3.2", NO),)),
        asked("3.4", "is that likely", (("3.3", NOT_NO),)),
    ),
    starts=("known",),
    steps={
        "known": ask("3.1", yes=LOW, not_yes="shown"),
        "shown": ask("3.2", yes=LOW, no="could"),
        "could": ask("3.3", no=LOW, not_no="likely"),
        "likely": ask("3.4", no=SOME, not_no=HIGH),
    },
)  # fmt: skip
_MEASURED_ALIKE: Final = ((("4.1", NOT_YES),), (("4.2", NOT_YES),))
_MEASUREMENT: Final = Domain(
    key="4", title="how the outcome was measured",
    questions=(
        asked("4.1", "was the way of measuring unfit"),
        asked("4.2", "could it have differed between the arms"),
        asked("4.3", "did those who rated know what people had", *_MEASURED_ALIKE),
        asked("4.4", "could knowing have moved the rating", (("4.3", NOT_NO),)),
        asked("4.5", "is that likely", (("4.4", NOT_NO),)),
    ),
    starts=("fit",),
    steps={
        "fit": ask("4.1", not_yes="alike", yes=HIGH),
        "alike": ask("4.2", no="knew", ni="knew, not known if alike", yes=HIGH),
        "knew": ask("4.3", no=LOW, not_no="moved"),
        "moved": ask("4.4", no=LOW, not_no="likely"),
        "likely": ask("4.5", no=SOME, not_no=HIGH),
        "knew, not known if alike": ask("4.3", no=SOME, not_no="moved, not known if alike"),
        "moved, not known if alike": ask("4.4", no=SOME, not_no="likely"),
    },
)  # fmt: skip


def _picked(answers: tuple[str, ...]) -> str:
    if any(a in YES for a in answers):
        return "picked"
    return "not picked" if all(a in NO for a in answers) else "not known"


_REPORTING: Final = Domain(
    key="5", title="which result was reported",
    questions=(
        asked("5.1", "was it analysed as planned before the outcomes were known"),
        asked("5.2", "is it picked from several measurements"),
        asked("5.3", "is it picked from several analyses"),
    ),
    starts=("picked",),
    steps={
        "picked": Step(("5.2", "5.3"), {"picked": HIGH, "not known": SOME, "not picked": "planned"},
                       _picked),
        "planned": ask("5.1", yes=LOW, not_yes=SOME),
    },
)  # fmt: skip
_RECRUITED: Final = Domain(
    key="1b", title="when people of a group came in",
    questions=(
        asked("1b.1", "were all people known before the groups were allocated"),
        asked("1b.2", "is it likely that knowing moved who came in", (("1b.1", NOT_YES),)),
        asked("1b.3", "do people differ at the start so that who came in looks wrong"),
    ),
    starts=("before",),
    steps={
        "before": ask("1b.1", yes="alike", not_yes="knowing"),
        "knowing": ask("1b.2", no="alike", ni="alike, not known", yes=HIGH),
        "alike": ask("1b.3", not_yes=LOW, yes=SOME),
        "alike, not known": ask("1b.3", not_yes=SOME, yes=HIGH),
    },
)  # fmt: skip
_PERIODS: Final = Domain(
    key="S", title="periods, and what carries over",
    questions=(
        asked("S.1", "did about as many people have each order"),
        asked("S.2", "was the period taken into account", (("S.1", NOT_YES),)),
        asked("S.3", "was there time for what came first to go"),
    ),
    starts=("carried",),
    steps={
        "carried": ask("S.3", no=HIGH, ni=SOME, yes="orders"),
        "orders": ask("S.1", yes=LOW, not_yes="period"),
        "period": ask("S.2", yes=LOW, not_yes=SOME),
    },
)  # fmt: skip


def rob2_domains(aim: Aim = "assignment", variant: Variant = "parallel") -> tuple[Domain, ...]:
    """Return the domains of one variant, with their questions.

    Parameters
    ----------
    aim : {"assignment", "adherence"}
        Whether the result is about being allocated to a treatment or about taking it as meant.
    variant : {"parallel", "cluster", "crossover"}
        How the trial was made.

    Raises
    ------
    ValueError
        If either is not known.

    Examples
    --------
    >>> [domain.key for domain in rob2_domains(variant="crossover")]
    ['1', 'S', '2', '3', '4', '5']
    """
    if aim not in ("assignment", "adherence"):
        raise ValueError(f'aim must be "assignment" or "adherence", got {aim!r}')
    extra = {"parallel": (), "cluster": (_RECRUITED,), "crossover": (_PERIODS,)}
    if variant not in extra:
        raise ValueError(f"variant must be one of {list(extra)}, got {variant!r}")
    second = _ASSIGNMENT if aim == "assignment" else _ADHERENCE
    return (_RANDOMISATION, *extra[variant], second, _MISSING, _MEASUREMENT, _REPORTING)


def rob2(
    answers: Mapping[str, str | None], *, aim: Aim = "assignment", variant: Variant = "parallel",
    raised: str = "",
) -> pd.DataFrame:  # fmt: skip
    """Judge the risk of bias of one result of a randomised trial from answers to questions.

    Parameters
    ----------
    answers : mapping of str to str or None
        By the number of the question, such as ``{"1.1": "PY", "1.2": "NI"}``: "Y", "PY", "PN", "N",
        "NI" (the paper says nothing), "NA" (does not apply). None, or absent, is a question that what
        was read cannot answer, such as an abstract.
    aim, variant : str
        As :func:`rob2_domains`.
    raised : str
        Why several "some concerns" together are "high"; empty where they are not.

    Returns
    -------
    pandas.DataFrame
        One row per domain and a last one, ``domain`` "overall": ``title``, ``judgement`` ("low", "some
        concerns", "high" or "not assessable"), ``why``, ``missing`` (questions it depends on that
        were not answered).

    Raises
    ------
    AnswerError
        If a question is not asked, an answer is not allowed, or one is given that does not apply.
    ValueError
        If `raised` is given and fewer than two domains raise some concerns.

    Notes
    -----
    A domain that an abstract cannot answer is "not assessable", never guessed; only where every answer
    would lead to the same judgement is it made. Overall is "high" with one high domain, even if others
    are not assessable. In this package's own words; not the official tool.

    Examples
    --------
    >>> told = rob2({"1.1": "Y", "1.2": "Y", "1.3": "N", "4.1": "N", "4.2": "N", "4.3": "Y", "4.4": "Y",
    ...     "4.5": "PY"})
    >>> told.set_index("domain")["judgement"].to_dict()
    {'1': 'low', '2': 'not assessable', '3': 'not assessable', '4': 'high', '5': 'not assessable',
     'overall': 'high'}
    """
    domains = rob2_domains(aim, variant)
    given = checked(domains, answers)
    found = [judge(domain, given) for domain in domains]
    some = [j for j in found if j.judgement == SOME]
    if raised and len(some) < 2:
        raise ValueError(
            f"raised is for several domains with some concerns; there are {len(some)}; leave it out"
        )
    return as_table(found, _overall(found, raised))


def _overall(found: list[Judgement], raised: str) -> Judgement:
    if raised and not within(found, HIGH):
        return of_all(HIGH, f"some concerns in {within(found, SOME)}; together high: {raised}")
    return worst_of(found, (HIGH, NOT_ASSESSABLE, SOME), of_all(LOW, "low in every domain"))
