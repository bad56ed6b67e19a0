"""From answers to a judgement: questions, the paths between them, and what cannot be said.

A tool is data: which questions there are, when each applies, and where each answer leads. An answer of
None is one that nobody could give from what was read; a judgement that depends on it is not made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import pandas as pd

ANSWERS: Final[dict[str, str]] = {
    "Y": "yes", "PY": "probably yes", "PN": "probably no", "N": "no", "NI": "no information",
    "NA": "does not apply", "SY": "yes, so that it matters", "WY": "yes, hardly so that it matters",
    "WN": "no, hardly so that it matters", "SN": "no, so that it matters",
}  # fmt: skip
"""Answers by their usual letters; S and W are strong and weak."""
YES: Final = ("Y", "PY")
NO: Final = ("PN", "N")
NOT_NO: Final = (*YES, "NI")
NOT_YES: Final = (*NO, "NI")
PLAIN: Final = (*YES, *NO)
"""Answers where there is always something to go on."""
USUAL: Final = (*PLAIN, "NI")
NOT_ASSESSABLE: Final = "not assessable"
"""Judgement of a domain that what was read cannot answer."""
OVERALL: Final = "overall"


_GROUPS: Final = {"yes": YES, "no": NO, "ni": ("NI",), "not_no": NOT_NO, "not_yes": NOT_YES}
Group = tuple[tuple[str, tuple[str, ...]], ...]
"""Questions, each with answers to it, one of which is enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question of a tool.

    Parameters
    ----------
    key : str
        Its number.
    words : str
        In this package's words.
    options : tuple of str
        Allowed answers, of :data:`ANSWERS`.
    only_if : tuple
        Groups of (question, answers): it applies where in every group one question has one of its
        answers. Empty: always.
    """

    key: str
    words: str
    options: tuple[str, ...] = USUAL
    only_if: tuple[Group, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """A place on the way: what is asked there, and where each answer leads.

    Parameters
    ----------
    asks : tuple of str
        Questions asked together.
    to : mapping of str to str
        From answers, apart by spaces, or from what `sort` returns, to the next step or a judgement.
    sort : callable or None
        Names the answers of several questions together.
    """

    asks: tuple[str, ...]
    to: Mapping[str, str]
    sort: Callable[[tuple[str, ...]], str] | None = None

    def leads(self, answers: tuple[str, ...]) -> str:
        """Return the next step, or the judgement."""
        if self.sort is not None:
            return self.to[self.sort(answers)]
        (answer,) = answers
        for group, target in self.to.items():
            if answer in group.split():
                return target
        raise KeyError(answer)


def asked(key: str, words: str, *only_if: Group, options: tuple[str, ...] = USUAL) -> Question:
    """Return a question."""
    return Question(key=key, words=words, options=options, only_if=only_if)


def ask(key: str, **to: str) -> Step:
    """Return a step for one question: yes, no, ni, not_no, not_yes, or answers joined by an underscore."""
    return Step(
        (key,),
        {" ".join(_GROUPS.get(name, name.split("_"))): target for name, target in to.items()},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """One way in which a result may be biased.

    Parameters
    ----------
    key, title : str
        Number and name.
    questions : tuple of Question
        All of them, in order.
    starts : tuple of str
        First step of each part.
    steps : mapping of str to Step
        By name.
    combine : callable or None
        From the results of the parts to a step or a judgement; None where there is one part.
    """

    key: str
    title: str
    questions: tuple[Question, ...]
    starts: tuple[str, ...]
    steps: Mapping[str, Step]
    combine: Callable[[tuple[str, ...]], str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the answers lead to.

    Parameters
    ----------
    domain, title : str
        Number and name of the domain.
    judgement : str
        A judgement of the tool, or "not assessable".
    why : str
        The answers that led there.
    missing : tuple of str
        Questions that nobody could answer and that it depends on.
    """

    domain: str
    title: str
    judgement: str
    why: str
    missing: tuple[str, ...] = ()


def within(found: list[Judgement], judgement: str) -> str:
    """Name the domains with a judgement; empty where there is none."""
    return ", ".join(j.domain for j in found if j.judgement == judgement)


def of_all(judgement: str, why: str) -> Judgement:
    """Return a judgement over all domains."""
    return Judgement(domain=OVERALL, title="all domains", judgement=judgement, why=why)


def worst_of(found: list[Judgement], order: tuple[str, ...], otherwise: Judgement) -> Judgement:
    """Return the first judgement of `order` that a domain has, over all; `otherwise` where none has."""
    worst = next((one for one in order if within(found, one)), None)
    return otherwise if worst is None else of_all(worst, f"{worst} in {within(found, worst)}")


class AnswerError(ValueError):
    """An answer that a tool does not allow.

    Parameters
    ----------
    question : str
        Its number.
    why : str
        What is wrong and how to mend it.
    """

    def __init__(self, question: str, why: str) -> None:
        self.question = question
        super().__init__(f"question {question}: {why}")


@dataclass(slots=True)
class _Walk:
    path: list[str] = field(default_factory=list)
    needs: str | None = None
    judgement: str = ""


def _walk(domain: Domain, answers: Mapping[str, str | None]) -> _Walk:
    """Follow the answers to a judgement, or to the first question without one."""
    walk = _Walk()
    results = []
    for start in domain.starts:
        result = _part(domain, start, answers, walk)
        if result is None:
            return walk
        results.append(result)
    if domain.combine is None:
        walk.judgement = results[0]
        return walk
    onwards = domain.combine(tuple(results))
    if onwards in domain.steps:
        result = _part(domain, onwards, answers, walk)
        if result is None:
            return walk
        onwards = result
    walk.judgement = onwards
    return walk


def _part(domain: Domain, at: str, answers: Mapping[str, str | None], walk: _Walk) -> str | None:
    while at in domain.steps:
        step = domain.steps[at]
        given = []
        for key in step.asks:
            answer = answers.get(key)
            if answer is None:
                walk.needs = key
                return None
            given.append(answer)
            if key not in walk.path:
                walk.path.append(key)
        at = step.leads(tuple(given))
    return at


def _outcomes(
    domain: Domain, answers: Mapping[str, str | None], missing: set[str]
) -> Iterator[tuple[str, list[str]]]:
    """Give every judgement that answers to the open questions could lead to, and its path."""
    walk = _walk(domain, answers)
    if walk.needs is None:
        yield walk.judgement, walk.path
        return
    missing.add(walk.needs)
    options = next(q.options for q in domain.questions if q.key == walk.needs)
    for option in options:
        yield from _outcomes(domain, {**answers, walk.needs: option}, missing)


def judge(domain: Domain, answers: Mapping[str, str | None]) -> Judgement:
    """Return the judgement of one domain; answers must have been checked.

    Where answers are missing but every possible one leads to the same judgement, that is it.
    """
    missing: set[str] = set()
    found: dict[str, list[str]] = {}
    for judgement, path in _outcomes(domain, answers, missing):
        found.setdefault(judgement, path)
        if len(found) > 1:
            # what would be asked only after an answer that is not known is not named
            order = [q.key for q in domain.questions
                     if q.key in missing and _applies(q, answers) is True]  # fmt: skip
            return Judgement(
                domain=domain.key, title=domain.title, judgement=NOT_ASSESSABLE,
                why="what was read does not say: " + "; ".join(_words(domain, k) for k in order),
                missing=tuple(order),
            )  # fmt: skip
    ((judgement, path),) = found.items()
    known = [key for key in path if answers.get(key) is not None]
    why = "; ".join(f"{_words(domain, key)}: {ANSWERS[answers[key] or 'NA']}" for key in known)
    return Judgement(domain=domain.key, title=domain.title, judgement=judgement, why=why)


def _words(domain: Domain, key: str) -> str:
    return f"{key} {next(q.words for q in domain.questions if q.key == key)}"


def checked(
    domains: tuple[Domain, ...], answers: Mapping[str, str | None]
) -> dict[str, str | None]:
    """Check answers against the questions: known, allowed, and given only where one applies.

    Raises
    ------
    AnswerError
        Naming the question.
    """
    questions = {q.key: q for domain in domains for q in domain.questions}
    given: dict[str, str | None] = {str(key): value for key, value in answers.items()}
    for key, answer in given.items():
        if key not in questions:
            raise AnswerError(key, f"is not asked; the questions are {list(questions)}")
        question = questions[key]
        allowed = (*question.options, *(("NA",) if question.only_if else ()))
        if answer is not None and answer not in allowed:
            raise AnswerError(
                key, f"the answer must be one of {list(allowed)} or None, got {answer!r}"
            )
    for key, answer in given.items():
        applies = _applies(questions[key], given)
        if applies is False and answer not in (None, "NA"):
            raise AnswerError(
                key,
                f"it does not apply after {_after(questions[key], given)}; answer NA or leave it out",
            )
        if applies is True and answer == "NA" and "NA" not in questions[key].options:
            raise AnswerError(
                key,
                f"it applies after {_after(questions[key], given)}; answer it, or None if nobody can",
            )
    return given


def _applies(question: Question, given: Mapping[str, str | None]) -> bool | None:
    """Say whether a question applies; None where that is not known."""
    known: bool | None = True
    for group in question.only_if:
        if any(given.get(key) in wanted for key, wanted in group):
            continue
        if any(given.get(key) is None for key, _ in group):
            known = None
        else:
            return False
    return known


def _after(question: Question, given: Mapping[str, str | None]) -> str:
    asked = [key for group in question.only_if for key, _ in group]
    return ", ".join(f"{given.get(key)} to {key}" for key in asked)


def as_table(judgements: list[Judgement], overall: Judgement) -> pd.DataFrame:
    """Return one row per domain and a last one for all: domain, title, judgement, why, missing."""
    return pd.DataFrame([
        {"domain": j.domain, "title": j.title, "judgement": j.judgement, "why": j.why,
         "missing": ", ".join(j.missing)}
        for j in (*judgements, overall)
    ])  # fmt: skip
