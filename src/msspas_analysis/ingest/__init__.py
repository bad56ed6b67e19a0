"""A messy CSV or Excel file → tidy tables + a ledger of every cell decision + the file annotated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from msspas_analysis.ingest.intake import Intake, Tally
    from msspas_analysis.ingest.read import read_workbook
    from msspas_analysis.ingest.rules import Rules, read_rules
    from msspas_analysis.ingest.sheets import UnreadableFileError
    from msspas_analysis.ingest.template import write_paper_diary, write_template
    from msspas_analysis.ingest.write import write_intake

_HOMES = {
    "Intake": "intake", "Tally": "intake", "read_workbook": "read", "Rules": "rules",
    "read_rules": "rules", "UnreadableFileError": "sheets", "write_intake": "write",
    "write_template": "template", "write_paper_diary": "template",
}  # fmt: skip
__all__ = [
    "Intake", "Rules", "Tally", "UnreadableFileError", "read_rules", "read_workbook",
    "write_intake", "write_paper_diary", "write_template",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Load a part when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
