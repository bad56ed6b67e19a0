"""The studies of the library with their risk of bias, from answers that stand in ``answers.yaml``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Final, cast

import pandas as pd

from msspas_analysis.evidence.appraisal.flow import OVERALL
from msspas_analysis.evidence.appraisal.rob2 import NOT_OFFICIAL, Variant, rob2
from msspas_analysis.evidence.appraisal.robins_i import DRAFT, robins_i
from msspas_analysis.evidence.library import Entry, EvidenceError, load, read_yaml

TOOLS: Final[dict[str, str]] = {"RoB 2": NOT_OFFICIAL, "ROBINS-I V2": DRAFT}
"""Tools, and what stands wherever one of their judgements is shown."""
_FROM_MEMORY: Final = {"cluster": "1b", "crossover": "S"}
_NO_TOOL: Final[dict[str, str]] = {
    "registry survey": "a survey: neither tool is for it; its concerns are with the entry",
    "web survey": "a survey: neither tool is for it; its concerns are with the entry",
    "examined sample": "a survey: neither tool is for it; its concerns are with the entry",
    "meta-analysis": "a review: neither tool is for it; its concerns are with the entry",
    "systematic review": "a review: neither tool is for it; its concerns are with the entry",
    "review": "a review: neither tool is for it; its concerns are with the entry",
    "guideline": "a recommendation: there is no result to appraise",
    "product label": "a label: there is no result to appraise",
    "scale": "a scale: there is no result to appraise",
    "diary": "a form: there is no result to appraise",
    "opinion": "an opinion: nobody was studied",
    "statement": "a statement: nobody was studied",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Appraisal:
    """The risk of bias of one result of one study.

    Parameters
    ----------
    key, name : str
        Of the study.
    tool : str
        Of :data:`TOOLS`; empty where neither is for such an entry.
    result : str
        Which result was judged.
    table : pandas.DataFrame
        One row per domain and one for all: ``domain``, ``title``, ``judgement``, ``why``, ``missing``.
        Empty where there is no tool.
    note : str
        What the tool is, or why there is none.
    """

    key: str
    name: str
    tool: str
    result: str
    table: pd.DataFrame
    note: str

    @property
    def overall(self) -> str:
        """The judgement over all domains; empty where there is no tool."""
        if self.table.empty:
            return ""
        return str(self.table.set_index("domain")["judgement"][OVERALL])

    def __str__(self) -> str:
        head = f"{self.name}: {self.result}" if self.result else self.name
        return "\n".join([head, *domain_lines(self.table), self.note])


def domain_lines(table: pd.DataFrame) -> list[str]:
    """Return a line for every domain: its judgement, and what led there."""
    return [
        f"  {row['domain']} {row['title']}: {row['judgement']}"
        + (f" ({row['why']})" if row["why"] else "")
        for row in table.to_dict("records")
    ]


def appraise(key: str) -> Appraisal:
    """Return the risk of bias of a study of the library, domain by domain.

    Parameters
    ----------
    key : str
        Of an entry.

    Returns
    -------
    Appraisal
        From abstracts: most domains of most trials are "not assessable". For what is no study, why
        there is nothing to appraise.

    Raises
    ------
    KeyError
        If there is no such entry.

    Examples
    --------
    >>> appraise("reflexology-sievner-2003").table.set_index("domain")["judgement"]["2"]
    'high'
    >>> appraise("scale-mas").note
    'a scale: there is no result to appraise'
    """
    entry = load()[key]
    told = _answers().get(key)
    if told is None:
        note = _NO_TOOL.get(entry.design.kind)
        if note is None:
            raise EvidenceError(f"answers.yaml, {key}", "a study must have answers, if only none")
        nothing = pd.DataFrame(columns=["domain", "title", "judgement", "why", "missing"])
        return Appraisal(key=key, name=entry.name, tool="", result="", table=nothing, note=note)
    return _appraised(entry, told)


def _appraised(entry: Entry, told: Mapping[str, Any]) -> Appraisal:
    table, note = judged(told["tool"], told["answers"], told.get("variant", "parallel"))
    return Appraisal(key=entry.key, name=entry.name, tool=told["tool"], result=told["result"],
                     table=table, note=note)  # fmt: skip


def judged(
    tool: str, answers: Mapping[str, str | None], variant: str = "parallel"
) -> tuple[pd.DataFrame, str]:
    """Return the judgements of a tool of :data:`TOOLS`, and what must stand beside them.

    Raises
    ------
    AnswerError
        If an answer is not allowed.
    """
    if tool != "RoB 2":
        return robins_i(answers), TOOLS[tool]
    table = rob2(answers, variant=cast("Variant", variant))
    added = _FROM_MEMORY.get(variant)
    if added is None:
        return table, TOOLS[tool]
    return table, (
        f"{TOOLS[tool]} Its domain {added} follows the crib sheet as it is remembered [memory-medium]."
    )


@cache
def _answers() -> dict[str, Mapping[str, Any]]:
    file = resources.files("msspas_analysis.evidence.appraisal") / "answers.yaml"
    return read_answers(file.read_text(encoding="utf-8"))


def read_answers(text: str) -> dict[str, Mapping[str, Any]]:
    """Read answers by the key of their study, and refuse those of no entry, tool or result."""
    told: dict[str, Mapping[str, Any]] = {}
    for one in read_yaml(text, "answers.yaml"):
        where = f"answers.yaml, {one.get('key')}"
        if one.get("key") not in load():
            raise EvidenceError(where, "there is no such entry in the library")
        if one.get("tool") not in TOOLS or not one.get("result"):
            raise EvidenceError(
                where, f"tool must be one of {list(TOOLS)}, and result must be said"
            )
        told[one["key"]] = one
    return told


def appraisal_table(keys: Iterable[str] | None = None) -> pd.DataFrame:
    """Return the judgements of several studies, one row per study and domain.

    Parameters
    ----------
    keys : iterable of str or None
        Entries; None is every study that was appraised.

    Returns
    -------
    pandas.DataFrame
        ``key``, ``study``, ``tool``, ``result``, ``domain`` ("overall" last), ``title``,
        ``judgement``, ``why``, ``missing``.

    Raises
    ------
    KeyError
        If there is no such entry.

    Examples
    --------
    >>> told = appraisal_table(["tens-armutlu-2003", "tens-miller-2007"])
    >>> told.loc[told["domain"].eq("overall"), ["study", "judgement"]].values.tolist()
    [['Armutlu 2003', 'critical'], ['Miller 2007', 'not assessable']]
    """
    every = list(_answers()) if keys is None else list(keys)
    parts = []
    for one in map(appraise, every):
        head = {"key": one.key, "study": one.name, "tool": one.tool, "result": one.result}
        parts.append(one.table.assign(**head)[[*head, *one.table.columns]])
    columns = ["key", "study", "tool", "result", "domain", "title", "judgement", "why", "missing"]
    known = [part for part in parts if len(part)]
    return pd.concat(known, ignore_index=True) if known else pd.DataFrame(columns=columns)
