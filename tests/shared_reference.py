"""Answers from R on real data that may not be kept in this repository.

They stand in the folder ``shared/reference`` beside it, if it is there. Every method also has an
oracle in ``tests/reference``, so a copy of the project without that folder loses no method, only
second opinions.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

FOLDER = Path(__file__).parents[2] / "shared" / "reference"


@cache
def _entries() -> dict[str, dict[str, Any]]:
    told = json.loads((FOLDER / "reference.json").read_text(encoding="utf-8"))
    return {one["id"]: one for one in (told["entries"] if isinstance(told, dict) else told)}


def answers(entry: str) -> dict[str, Any]:
    """Return R's answers of one entry, or skip where the folder is not there."""
    if not (FOLDER / "reference.json").is_file():
        why = f"{entry}: the folder shared/reference is not beside this project"
        if os.environ.get("MSSPAS_REFERENCE") == "required":
            pytest.fail(why)
        pytest.skip(why)
    return _entries()[entry]["estimates"]


def table(name: str) -> pd.DataFrame:
    """Return one of the data sets of that folder."""
    return pd.read_csv(FOLDER / name)
