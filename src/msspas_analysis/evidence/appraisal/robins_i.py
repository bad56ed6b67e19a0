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
    NOT_ASSESSABLE,
    OVERALL,
    Domain,
    Judgement,
    Question,
    Step,
    as_table,
    checked,
    judge,
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
_YES, _NO = ("Y", "PY"), ("PN", "N")
_NOT_NO, _NOT_YES = ("Y", "PY", "NI"), ("PN", "N", "NI")
_PLAIN: Final = ("Y", "PY", "PN", "N")
_NO_STRENGTH: Final = ("Y", "PY", "WN", "SN", "NI")
_YES_STRENGTH: Final = ("SY", "WY", "PN", "N", "NI")
_USUAL: Final = ("Y", "PY", "PN", "N", "NI")
_Group = tuple[tuple[str, tuple[str, ...]], ...]


def _q(key: str, words: str, options: tuple[str, ...] = _USUAL, *only_if: _Group) -> Question:
    return Question(key=key, words=words, options=options, only_if=only_if)


def _s(key: str, **to: str) -> Step:
    """Return a step for one question; names of answers are joined by an underscore."""
    return Step((key,), {name.replace("_", " "): target for name, target in to.items()})


_TRIAGE: Final = Domain(
    key="B", title="is it worth going on",
    questions=(
        _q("B1", "did anybody try to control for confounding", _PLAIN),
        _q("B2", "may confounding be so large that the result is not worth looking at", _PLAIN,
           (("B1", _NO),)),
        _q("B3", "was the way of measuring unfit", _PLAIN),
    ),
    starts=("unfit",),
    steps={
        "unfit": _s("B3", Y_PY=CRITICAL, PN_N="tried"),
        "tried": _s("B1", Y_PY="go on", PN_N="large"),
        "large": _s("B2", Y_PY=CRITICAL, PN_N="go on"),
    },
)  # fmt: skip
_CONTROLLED: Final = (("1.1", ("Y", "PY", "WN")),)
_BASELINE: Final = Domain(
    key="1", title="confounding",
    questions=(
        _q("1.1", "was everything that matters controlled for", _NO_STRENGTH),
        _q("1.2", "was it measured well", _NO_STRENGTH, _CONTROLLED),
        _q("1.3", "was something controlled for that the treatment could move", _USUAL, _CONTROLLED),
        _q("1.4", "does anything point to serious confounding left", _PLAIN),
    ),
    starts=("all",),
    steps={
        "all": _s("1.1", Y_PY="after", WN="after, not all", SN_NI="left, not controlled"),
        "after": _s("1.3", PN_N_NI="well", Y_PY="left, not controlled"),
        "after, not all": _s("1.3", PN_N_NI="well", Y_PY="left, not controlled"),
        "well": _s("1.2", Y_PY_WN="left", SN_NI=SERIOUS),
        "left": _s("1.4", PN_N=LOW_BUT, Y_PY=MODERATE),
        "left, not controlled": _s("1.4", PN_N=SERIOUS, Y_PY=CRITICAL),
    },
)  # fmt: skip
_OVER_TIME: Final = Domain(
    key="1", title="confounding, at the start and later",
    questions=(
        _q("1.1", "is the analysis right for what confounds later on too"),
        _q("1.2", "was everything that matters controlled for", _NO_STRENGTH, (("1.1", _YES),)),
        _q("1.3", "was it measured well", _NO_STRENGTH, (("1.2", ("Y", "PY", "WN")),)),
        _q("1.4", "was something later controlled for in the usual way", _USUAL,
           (("1.1", _NOT_YES),)),
        _q("1.5", "does anything point to serious confounding left", _PLAIN),
    ),
    starts=("right",),
    steps={
        "right": _s("1.1", Y_PY="all", PN_N_NI="later"),
        "all": _s("1.2", Y_PY="well", WN="well, not all", SN_NI=SERIOUS),
        "well": _s("1.3", Y_PY="left", WN="left", SN_NI=SERIOUS),
        "well, not all": _s("1.3", Y_PY_WN="left", SN_NI=SERIOUS),
        "left": _s("1.5", PN_N=LOW_BUT, Y_PY=MODERATE),
        "later": _s("1.4", Y_PY=CRITICAL, PN_N_NI="left, not controlled"),
        "left, not controlled": _s("1.5", PN_N=SERIOUS, Y_PY=CRITICAL),
    },
)  # fmt: skip
_CLASSIFICATION: Final = Domain(
    key="2", title="who counts as treated",
    questions=(
        _q("2.1", "could the treatments be told apart when following began"),
        _q("2.2", "did nearly all outcomes come after they could", _USUAL, (("2.1", _NOT_YES),)),
        _q("2.3", "did the analysis take care of that", _YES_STRENGTH, (("2.2", _NOT_YES),)),
        _q("2.4", "did the outcome move who counts as treated", _YES_STRENGTH),
        _q("2.5", "are other errors in who counts as treated likely"),
    ),
    starts=("apart",),
    steps={
        "apart": _s("2.1", Y_PY="outcome", PN_N_NI="after"),
        "after": _s("2.2", Y_PY="outcome", PN_N_NI="care"),
        "care": _s("2.3", SY_WY_NI="outcome, cared for", PN_N="outcome, not cared for"),
        "outcome": _s("2.4", PN_N="errors, low", WY_NI="errors, moderate", SY="errors, serious"),
        "outcome, cared for": _s("2.4", PN_N="errors, moderate", WY_NI="errors, serious",
                                 SY="errors, serious"),
        "outcome, not cared for": _s("2.4", PN_N="errors, serious", SY_WY_NI=CRITICAL),
        "errors, low": _s("2.5", PN_N=LOW, Y_PY_NI=MODERATE),
        "errors, moderate": _s("2.5", PN_N=MODERATE, Y_PY_NI=SERIOUS),
        "errors, serious": _s("2.5", PN_N=SERIOUS, Y_PY_NI=CRITICAL),
    },
)  # fmt: skip


def _selected(parts: tuple[str, ...]) -> str:
    worst = max(parts, key=(LOW, MODERATE, SERIOUS).index)
    return "corrected" if worst == SERIOUS else worst


_SELECTION: Final = Domain(
    key="3", title="who is in the study",
    questions=(
        _q("3.1", "did following begin when treatment began", _NO_STRENGTH),
        _q("3.2", "were outcomes soon after the start left out", _USUAL, (("3.1", _YES),)),
        _q("3.3", "did something after the start decide who is in"),
        _q("3.4", "does that go with the treatment", _USUAL, (("3.3", ("Y", "PY")),)),
        _q("3.5", "does that go with the outcome", _USUAL, (("3.4", _YES),)),
        _q("3.6", "did the analysis put it right", _USUAL, (("3.1", ("SN",)), ("3.5", _YES))),
        _q("3.7", "do other analyses show that it hardly matters", _USUAL, (("3.6", _NOT_YES),)),
        _q("3.8", "is it so bad that the result should not be pooled", _USUAL, (("3.7", _NOT_YES),)),
    ),
    starts=("began", "decided"),
    steps={
        "began": _s("3.1", Y_PY="soon", WN_NI=MODERATE, SN=SERIOUS),
        "soon": _s("3.2", PN_N_NI=LOW, Y_PY=MODERATE),
        "decided": _s("3.3", PN_N=LOW, NI=MODERATE, Y_PY="treatment"),
        "treatment": _s("3.4", PN_N=LOW, NI=MODERATE, Y_PY="with outcome"),
        "with outcome": _s("3.5", PN_N_NI=MODERATE, Y_PY=SERIOUS),
        "corrected": _s("3.6", Y_PY=MODERATE, PN_N_NI="hardly"),
        "hardly": _s("3.7", Y_PY=MODERATE, PN_N_NI="bad"),
        "bad": _s("3.8", PN_N_NI=SERIOUS, Y_PY=CRITICAL),
    },
    combine=_selected,
)  # fmt: skip


def _whole(answers: tuple[str, ...]) -> str:
    return "whole" if all(a in _YES for a in answers) else "missing"


_INCOMPLETE: Final = (("4.1", _NOT_YES), ("4.2", _NOT_YES), ("4.3", _NOT_YES))
_MISSING: Final = Domain(
    key="4", title="missing data",
    questions=(
        _q("4.1", "is treatment known for nearly everybody"),
        _q("4.2", "is the outcome known for nearly everybody"),
        _q("4.3", "is what confounds known for nearly everybody"),
        _q("4.4", "were only those with everything known analysed", _USUAL, _INCOMPLETE),
        _q("4.5", "does being left out go with the outcome", _USUAL, (("4.4", _NOT_NO),)),
        _q("4.6", "does the analysis explain that", _NO_STRENGTH, (("4.5", _NOT_NO),)),
        _q("4.7", "were missing values imputed", _USUAL, (("4.4", _NO),)),
        _q("4.8", "may they be missing at random", _USUAL, (("4.7", _YES),)),
        _q("4.9", "was it done well", _NO_STRENGTH, (("4.8", _YES),)),
        _q("4.10", "was it put right in another way", _NO_STRENGTH, (("4.7", _NOT_YES),)),
        _q("4.11", "is it shown that what is missing does not bias it", _PLAIN, _INCOMPLETE),
    ),
    starts=("known",),
    steps={
        "known": Step(("4.1", "4.2", "4.3"), {"whole": LOW, "missing": "complete"}, _whole),
        "complete": _s("4.4", Y_PY_NI="goes with", PN_N="imputed"),
        "goes with": _s("4.5", PN_N=LOW, Y_PY_NI="explained"),
        "explained": _s("4.6", Y_PY="shown", WN_NI="shown", SN="shown, serious"),
        "imputed": _s("4.7", Y_PY="random", PN_N_NI="another way"),
        "random": _s("4.8", Y_PY="well", PN_N_NI="shown"),
        "well": _s("4.9", Y_PY=LOW, WN_NI="shown", SN="shown, serious"),
        "another way": _s("4.10", Y_PY=LOW, WN_NI="shown", SN="shown, serious"),
        "shown": _s("4.11", Y_PY=MODERATE, PN_N=SERIOUS),
        "shown, serious": _s("4.11", Y_PY=SERIOUS, PN_N=CRITICAL),
    },
)  # fmt: skip
_MEASUREMENT: Final = Domain(
    key="5", title="how the outcome was measured",
    questions=(
        _q("5.1", "could it have differed between the groups"),
        _q("5.2", "did those who rated know what people had"),
        _q("5.3", "could knowing have moved the rating", _YES_STRENGTH, (("5.2", _NOT_NO),)),
    ),
    starts=("alike",),
    steps={
        "alike": _s("5.1", PN_N="knew", NI="knew, not known if alike", Y_PY=SERIOUS),
        "knew": _s("5.2", PN_N=LOW, Y_PY_NI="moved"),
        "moved": _s("5.3", PN_N=LOW, WY_NI=MODERATE, SY=SERIOUS),
        "knew, not known if alike": _s("5.2", PN_N=MODERATE, Y_PY_NI="moved, not known if alike"),
        "moved, not known if alike": _s("5.3", WY_PN_N_NI=MODERATE, SY=SERIOUS),
    },
)  # fmt: skip


def _picked(answers: tuple[str, ...]) -> str:
    yes = sum(a in _YES for a in answers)
    unknown = sum(a == "NI" for a in answers)
    if yes >= 2:
        return "two"
    if yes == 1 or unknown == len(answers):
        return "one"
    return "not known" if unknown else "none"


_REPORTING: Final = Domain(
    key="6", title="which result was reported",
    questions=(
        _q("6.1", "was it reported as planned before"),
        _q("6.2", "is it picked from several measurements"),
        _q("6.3", "is it picked from several analyses"),
        _q("6.4", "is it picked from several groups of people"),
    ),
    starts=("planned",),
    steps={
        "planned": _s("6.1", Y_PY=LOW, PN_N_NI="picked"),
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
    def named(wanted: str) -> str:
        return ", ".join(j.domain for j in found if j.judgement == wanted)

    def every(judgement: str, why: str) -> Judgement:
        return Judgement(domain=OVERALL, title="all domains", judgement=judgement, why=why)

    for worst in (CRITICAL, NOT_ASSESSABLE, SERIOUS, MODERATE):
        if named(worst):
            return every(worst, f"{worst} in {named(worst)}")
    # without allocation something unknown may always confound
    return every(LOW_BUT, "low in every domain, but nobody was allocated")
