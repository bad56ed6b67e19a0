"""Risk of bias of a study without allocation, by the logic of the draft of ROBINS-I V2, in own words.

This is not the official tool, and no substitute for its form and guidance at riskofbias.info. ROBINS-I V2 is
a draft and may change; the paths are those of its version of 20 November 2025, as :data:`DRAFT` says
wherever a judgement is shown.

References
----------
.. [1] Sterne JAC, Hernan MA, Reeves BC, et al. (2016). ROBINS-I: a tool for assessing risk of bias in
   non-randomised studies of interventions. BMJ 355:i4919.
.. [2] The ROBINS-I V2 tool, draft of 20 November 2025, riskofbias.info.
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
    worst_of,
)

Aim = Literal["assignment", "adherence"]
LOW: Final = "low"
LOW_BUT: Final = "low but for confounding"
MODERATE: Final = "moderate"
SERIOUS: Final = "serious"
CRITICAL: Final = "critical"
JUDGEMENTS: Final = (LOW, LOW_BUT, MODERATE, SERIOUS, CRITICAL, NOT_ASSESSABLE)
DRAFT: Final = (
    "By the logic of the draft of ROBINS-I V2 of 20 November 2025, which may change, in this package's own "
    "words; not the official tool."
)
_NO_STRENGTH: Final = ("Y", "PY", "WN", "SN", "NI")
_YES_STRENGTH: Final = ("SY", "WY", "PN", "N", "NI")
_TRIAGE: Final = Domain(
    key="B", title="is it worth going on",
    questions=(
        asked("B1", "did anybody try to control for confounding", options=PLAIN),
        asked("B2", "may confounding be so large that the result is not worth looking at",
              (("B1", NO),), options=PLAIN),
        asked("B3", "was the way of measuring unfit", options=PLAIN),
    ),
    starts=("unfit",),
    steps={
        "unfit": ask("B3", Y_PY=CRITICAL, PN_N="tried"),
        "tried": ask("B1", Y_PY="go on", PN_N="large"),
        "large": ask("B2", Y_PY=CRITICAL, PN_N="go on"),
    },
)  # fmt: skip
_CONTROLLED: Final = (("1.1", ("Y", "PY", "WN")),)
_BASELINE: Final = Domain(
    key="1", title="confounding",
    questions=(
        asked("1.1", "was everything that matters controlled for", options=_NO_STRENGTH),
        asked("1.2", "was it measured well", _CONTROLLED, options=_NO_STRENGTH),
        asked("1.3", "was something controlled for that the treatment could move", _CONTROLLED),
        asked("1.4", "does anything point to serious confounding left", options=PLAIN),
    ),
    starts=("all",),
    steps={
        "all": ask("1.1", Y_PY_WN="after", SN_NI="left, not controlled"),
        "after": ask("1.3", PN_N_NI="well", Y_PY="left, not controlled"),
        "well": ask("1.2", Y_PY_WN="left", SN_NI=SERIOUS),
        "left": ask("1.4", PN_N=LOW_BUT, Y_PY=MODERATE),
        "left, not controlled": ask("1.4", PN_N=SERIOUS, Y_PY=CRITICAL),
    },
)  # fmt: skip
_OVER_TIME: Final = Domain(
    key="1", title="confounding, at the start and later",
    questions=(
        asked("1.1", "is the analysis right for what confounds later on too"),
        asked("1.2", "was everything that matters controlled for",
              (("1.1", YES),), options=_NO_STRENGTH),
        asked("1.3", "was it measured well", (("1.2", ("Y", "PY", "WN")),), options=_NO_STRENGTH),
        asked("1.4", "was something later controlled for in the usual way", (("1.1", NOT_YES),)),
        asked("1.5", "does anything point to serious confounding left", options=PLAIN),
    ),
    starts=("right",),
    steps={
        "right": ask("1.1", Y_PY="all", PN_N_NI="later"),
        "all": ask("1.2", Y_PY="well", WN="well, not all", SN_NI=SERIOUS),
        "well": ask("1.3", Y_PY="left", WN="left", SN_NI=SERIOUS),
        "well, not all": ask("1.3", Y_PY_WN="left", SN_NI=SERIOUS),
        "left": ask("1.5", PN_N=LOW_BUT, Y_PY=MODERATE),
        "later": ask("1.4", Y_PY=CRITICAL, PN_N_NI="left, not controlled"),
        "left, not controlled": ask("1.5", PN_N=SERIOUS, Y_PY=CRITICAL),
    },
)  # fmt: skip
_CLASSIFICATION: Final = Domain(
    key="2", title="who counts as treated",
    questions=(
        asked("2.1", "could the treatments be told apart when following began"),
        asked("2.2", "did nearly all outcomes come after they could", (("2.1", NOT_YES),)),
        asked("2.3", "did the analysis take care of that", (("2.2", NOT_YES),), options=_YES_STRENGTH),
        asked("2.4", "did the outcome move who counts as treated", options=_YES_STRENGTH),
        asked("2.5", "are other errors in who counts as treated likely"),
    ),
    starts=("apart",),
    steps={
        "apart": ask("2.1", Y_PY="outcome", PN_N_NI="after"),
        "after": ask("2.2", Y_PY="outcome", PN_N_NI="care"),
        "care": ask("2.3", SY_WY_NI="outcome, cared for", PN_N="outcome, not cared for"),
        "outcome": ask("2.4", PN_N="errors, low", WY_NI="errors, moderate", SY="errors, serious"),
        "outcome, cared for": ask("2.4", PN_N="errors, moderate", WY_NI="errors, serious",
                                 SY="errors, serious"),
        "outcome, not cared for": ask("2.4", PN_N="errors, serious", SY_WY_NI=CRITICAL),
        "errors, low": ask("2.5", PN_N=LOW, Y_PY_NI=MODERATE),
        "errors, moderate": ask("2.5", PN_N=MODERATE, Y_PY_NI=SERIOUS),
        "errors, serious": ask("2.5", PN_N=SERIOUS, Y_PY_NI=CRITICAL),
    },
)  # fmt: skip


def _selected(parts: tuple[str, ...]) -> str:
    worst = max(parts, key=(LOW, MODERATE, SERIOUS).index)
    return "corrected" if worst == SERIOUS else worst


_SELECTION: Final = Domain(
    key="3", title="who is in the study",
    questions=(
        asked("3.1", "did following begin when treatment began", options=_NO_STRENGTH),
        asked("3.2", "were outcomes soon after the start left out", (("3.1", YES),)),
        asked("3.3", "did something after the start decide who is in"),
        asked("3.4", "does that go with the treatment", (("3.3", YES),)),
        asked("3.5", "does that go with the outcome", (("3.4", YES),)),
        asked("3.6", "did the analysis put it right", (("3.1", ("SN",)), ("3.5", YES))),
        asked("3.7", "do other analyses show that it hardly matters", (("3.6", NOT_YES),)),
        asked("3.8", "is it so bad that the result should not be pooled", (("3.7", NOT_YES),)),
    ),
    starts=("began", "decided"),
    steps={
        "began": ask("3.1", Y_PY="soon", WN_NI=MODERATE, SN=SERIOUS),
        "soon": ask("3.2", PN_N_NI=LOW, Y_PY=MODERATE),
        "decided": ask("3.3", PN_N=LOW, NI=MODERATE, Y_PY="treatment"),
        "treatment": ask("3.4", PN_N=LOW, NI=MODERATE, Y_PY="with outcome"),
        "with outcome": ask("3.5", PN_N_NI=MODERATE, Y_PY=SERIOUS),
        "corrected": ask("3.6", Y_PY=MODERATE, PN_N_NI="hardly"),
        "hardly": ask("3.7", Y_PY=MODERATE, PN_N_NI="bad"),
        "bad": ask("3.8", PN_N_NI=SERIOUS, Y_PY=CRITICAL),
    },
    combine=_selected,
)  # fmt: skip


def _whole(answers: tuple[str, ...]) -> str:
    return "whole" if all(a in YES for a in answers) else "missing"


_INCOMPLETE: Final = (("4.1", NOT_YES), ("4.2", NOT_YES), ("4.3", NOT_YES))
_MISSING: Final = Domain(
    key="4", title="missing data",
    questions=(
        asked("4.1", "is treatment known for nearly everybody"),
        asked("4.2", "is the outcome known for nearly everybody"),
        asked("4.3", "is what confounds known for nearly everybody"),
        asked("4.4", "were only those with everything known analysed", _INCOMPLETE),
        asked("4.5", "does being left out go with the outcome", (("4.4", NOT_NO),)),
        asked("4.6", "does the analysis explain that", (("4.5", NOT_NO),), options=_NO_STRENGTH),
        asked("4.7", "were missing values imputed", (("4.4", NO),)),
        asked("4.8", "may they be missing at random", (("4.7", YES),)),
        asked("4.9", "was it done well", (("4.8", YES),), options=_NO_STRENGTH),
        asked("4.10", "was it put right in another way", (("4.7", NOT_YES),), options=_NO_STRENGTH),
        asked("4.11", "is it shown that what is missing does not bias it", _INCOMPLETE, options=PLAIN),
    ),
    starts=("known",),
    steps={
        "known": Step(("4.1", "4.2", "4.3"), {"whole": LOW, "missing": "complete"}, _whole),
        "complete": ask("4.4", Y_PY_NI="goes with", PN_N="imputed"),
        "goes with": ask("4.5", PN_N=LOW, Y_PY_NI="explained"),
        "explained": ask("4.6", Y_PY="shown", WN_NI="shown", SN="shown, serious"),
        "imputed": ask("4.7", Y_PY="random", PN_N_NI="another way"),
        "random": ask("4.8", Y_PY="well", PN_N_NI="shown"),
        "well": ask("4.9", Y_PY=LOW, WN_NI="shown", SN="shown, serious"),
        "another way": ask("4.10", Y_PY=LOW, WN_NI="shown", SN="shown, serious"),
        "shown": ask("4.11", Y_PY=MODERATE, PN_N=SERIOUS),
        "shown, serious": ask("4.11", Y_PY=SERIOUS, PN_N=CRITICAL),
    },
)  # fmt: skip
_MEASUREMENT: Final = Domain(
    key="5", title="how the outcome was measured",
    questions=(
        asked("5.1", "could it have differed between the groups"),
        asked("5.2", "did those who rated know what people had"),
        asked("5.3", "could knowing have moved the rating", (("5.2", NOT_NO),), options=_YES_STRENGTH),
    ),
    starts=("alike",),
    steps={
        "alike": ask("5.1", PN_N="knew", NI="knew, not known if alike", Y_PY=SERIOUS),
        "knew": ask("5.2", PN_N=LOW, Y_PY_NI="moved"),
        "moved": ask("5.3", PN_N=LOW, WY_NI=MODERATE, SY=SERIOUS),
        "knew, not known if alike": ask("5.2", PN_N=MODERATE, Y_PY_NI="moved, not known if alike"),
        "moved, not known if alike": ask("5.3", WY_PN_N_NI=MODERATE, SY=SERIOUS),
    },
)  # fmt: skip


def _picked(answers: tuple[str, ...]) -> str:
    yes = sum(a in YES for a in answers)
    unknown = sum(a == "NI" for a in answers)
    if yes >= 2:
        return "two"
    if yes == 1 or unknown == len(answers):
        return "one"
    return "not known" if unknown else "none"


_REPORTING: Final = Domain(
    key="6", title="which result was reported",
    questions=(
        asked("6.1", "was it reported as planned before"),
        asked("6.2", "is it picked from several measurements"),
        asked("6.3", "is it picked from several analyses"),
        asked("6.4", "is it picked from several groups of people"),
    ),
    starts=("planned",),
    steps={
        "planned": ask("6.1", Y_PY=LOW, PN_N_NI="picked"),
        "picked": Step(("6.2", "6.3", "6.4"),
                       {"none": LOW, "not known": MODERATE, "one": SERIOUS, "two": CRITICAL},
                       _picked),
    },
)  # fmt: skip


def robins_domains(aim: Aim = "assignment") -> tuple[Domain, ...]:
    """Return the domains, the first of which says whether to go on.

    Parameters
    ----------
    aim : {"assignment", "adherence"}
        Whether the analysis takes changes of treatment into account ("adherence") or not.

    Raises
    ------
    ValueError
        If it is not known.

    Examples
    --------
    >>> [domain.key for domain in robins_domains()]
    ['B', '1', '2', '3', '4', '5', '6']
    """
    if aim not in ("assignment", "adherence"):
        raise ValueError(f'aim must be "assignment" or "adherence", got {aim!r}')
    first = _BASELINE if aim == "assignment" else _OVER_TIME
    return (_TRIAGE, first, _CLASSIFICATION, _SELECTION, _MISSING, _MEASUREMENT, _REPORTING)


def robins_i(answers: Mapping[str, str | None], *, aim: Aim = "assignment") -> pd.DataFrame:
    """Judge the risk of bias of one result of a study without allocation from answers to questions.

    Parameters
    ----------
    answers : mapping of str to str or None
        By the number of the question: "Y", "PY", "PN", "N", "NI", "NA"; where strength matters "SY",
        "WY", "WN", "SN". None, or absent, is a question that what was read cannot answer.
    aim : {"assignment", "adherence"}
        As :func:`robins_domains`.

    Returns
    -------
    pandas.DataFrame
        As :func:`~msspas_analysis.evidence.appraisal.rob2.rob2`; ``judgement`` is "low", "low but for
        confounding", "moderate", "serious", "critical" or "not assessable". Where the first domain
        ends in "critical" there are no others.

    Raises
    ------
    AnswerError
        As there.

    Notes
    -----
    A group that was compared with itself before, and nothing else, controls for nothing: time, hope and why
    people came in are all in its change. The draft's way for that is B1 no, B2 yes, "critical".

    Examples
    --------
    >>> told = robins_i({"B1": "N", "B2": "PY", "B3": "N"})
    >>> told[["domain", "judgement"]].values.tolist()
    [['B', 'critical'], ['overall', 'critical']]
    """
    domains = robins_domains(aim)
    given = checked(domains, answers)
    first = judge(domains[0], given)
    if first.judgement == CRITICAL:
        return as_table([first], _overall([first]))
    found = [judge(domain, given) for domain in domains[1:]]
    if first.judgement == NOT_ASSESSABLE:
        found.insert(0, first)
    return as_table(found, _overall(found))


def _overall(found: list[Judgement]) -> Judgement:
    # without allocation something unknown may always confound
    best = of_all(LOW_BUT, "low in every domain, but nobody was allocated")
    return worst_of(found, (CRITICAL, NOT_ASSESSABLE, SERIOUS, MODERATE), best)
