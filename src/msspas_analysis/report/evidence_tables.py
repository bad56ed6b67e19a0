"""Evidence tables and summaries of findings as files: for Word, for Excel, as text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pandas as pd

from msspas_analysis.evidence.appraisal.findings import COLUMNS, HOW_READ
from msspas_analysis.report.blocks import Row, Table, text
from msspas_analysis.report.results_table import write_table

_FINDINGS: Final[dict[str, tuple[str, ...]]] = {
    "Compared, outcome": ("question", "outcome"), "Studies, people": ("studies", "people"),
    "Effect": ("effect",), "Without it": ("control", "with_nothing_true"),
    "How sure, and why": ("certainty", "reasons"), "In a few words": ("said",),
}  # fmt: skip
_EVIDENCE: Final[dict[str, tuple[str, ...]]] = {
    "Study": ("study", "source"), "Design, people": ("design", "people", "given"),
    "What was found": ("found",), "Risk of bias": ("risk_of_bias", "concerns"),
    "What it can show": ("can_show",),
}  # fmt: skip
_SAID: Final[dict[str, str]] = {
    "people": "people: {}", "with_nothing_true": "looks as printed with nothing true: {}",
    "reasons": "{}", "concerns": "concerns: {}", "given": "given: {}",
}  # fmt: skip
_HYPHEN: Final = re.compile(r"(?<![\w)])-(?=\d)")
"""A hyphen that is a minus: a line would break after it."""
_SHARE: Final = re.compile(r"(\d) %")
_STUDIES: Final = (
    "Each figure with how it is known, in square brackets. Nothing was searched for systematically.",
    "Risk of bias by the logic of RoB 2 or of the draft of ROBINS-I V2, in this package's own words; not "
    "official tools.",
)


def write_evidence(
    table: pd.DataFrame, path: str | Path, *, title: str = "", notes: Sequence[str] = ()
) -> Path:
    """Write an evidence table or a summary of findings as a file, by the ending of its name.

    Parameters
    ----------
    table : pandas.DataFrame
        From :func:`~msspas_analysis.evidence.appraisal.findings.evidence_table` or
        :func:`~msspas_analysis.evidence.appraisal.findings.summary_of_findings`.
    path : str or Path
        Ends in .docx, .xlsx, .csv or .md.
    title : str
        Heading of the file; empty says which of the two it is.
    notes : sequence of str
        What else belongs below it.

    Returns
    -------
    Path
        The file. CSV, and a sheet of Excel, hold every column.

    Raises
    ------
    ValueError
        If the table is neither, or empty, or the ending is another.
    ImportError
        For a Word file without python-docx.

    Examples
    --------
    >>> import tempfile
    >>> from msspas_analysis.evidence.appraisal.findings import summary_of_findings
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = write_evidence(summary_of_findings("LDN"), Path(folder) / "ldn.md")
    ...     print(file.read_text(encoding="utf-8").splitlines()[2])
    | Compared, outcome | Studies, people | Effect | Without it | How sure, and why | In a few words |
    """
    findings = set(COLUMNS) <= set(table.columns)
    if not findings and not {"study", "found", "risk_of_bias"} <= set(table.columns):
        raise ValueError("the table must be one of evidence_table or summary_of_findings")
    if table.empty:
        raise ValueError("there is nothing in the table to write")
    layout, below = (_FINDINGS, HOW_READ) if findings else (_EVIDENCE, _STUDIES)
    heading = title or ("Summary of findings" if findings else "Evidence table")
    caption = (
        "What the studies say together, and how sure that is"
        if findings
        else "Studies side by side"
    )
    rows = tuple(_row(one, layout) for one in table.to_dict("records"))
    laid = Table(caption=caption, columns=tuple(layout), groups=(("", rows),), in_words=True)
    return write_table(laid, path, title=heading, full=table, notes=[*below, *notes])


def _row(told: dict[Any, Any], layout: dict[str, tuple[str, ...]]) -> Row:
    cells = []
    for names in layout.values():
        parts = [
            _SAID.get(name, "{}").format(told[name])
            for name in names
            if name in told and not pd.isna(told[name]) and str(told[name])
        ]
        cells.append(text(_SHARE.sub("\\1\u00a0%", _HYPHEN.sub("−", "; ".join(parts)))))
    return Row(cells[0], tuple(cells[1:]))
