"""A simulated study as files: tables, the truth in a folder of its own, and how it was made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields, is_dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from msspas_analysis.simulate.designs import Design
from msspas_analysis.simulate.diary import SimulatedDiary
from msspas_analysis.simulate.forms import fill_in
from msspas_analysis.simulate.realism import REALISM, provenance
from msspas_analysis.simulate.study import SimulatedStudy
from msspas_analysis.simulate.survey import SimulatedSurvey
from msspas_analysis.simulate.trials import Trials
from msspas_analysis.tables import SCHEMAS

SIDECAR: Final = "how-it-was-made.json"
TRUTH: Final = "truth"


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a tidy table: ISO dates, whole numbers without a point, the same line ends anywhere.

    Other numbers have six significant digits, so that a file is the same on every machine.
    """
    out = table.copy()
    for name in out.columns[out.dtypes.eq("float64")]:
        values = out[name].to_numpy()
        if (np.isnan(values) | (values == np.rint(values))).all():
            out[name] = out[name].astype("Int64")
    path.parent.mkdir(parents=True, exist_ok=True)
    text = out.to_csv(index=False, date_format="%Y-%m-%d", lineterminator="\n", float_format="%.6g")
    path.write_bytes(text.encode("utf-8"))


def readable_json(data: Mapping[str, Any]) -> bytes:
    """Write one line for each entry of each part, so that a change shows as a changed line."""
    parts = []
    for key, value in data.items():
        if isinstance(value, dict):
            lines = [f"  {json.dumps(k)}: {_line(v)}" for k, v in value.items()]
            body = "{\n" + ",\n".join(lines) + "\n }"
        elif isinstance(value, list) and value and isinstance(value[0], list | dict):
            body = "[\n" + ",\n".join(f"  {_line(v)}" for v in value) + "\n ]"
        else:
            body = _line(value)
        parts.append(f" {json.dumps(key)}: {body}")
    return ("{\n" + ",\n".join(parts) + "\n}\n").encode("utf-8")


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: Any) -> Any:
    """Return a scenario within a scenario as a mapping, and anything else as text."""
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: getattr(value, one.name) for one in fields(value)}
    return str(value)


def world_of(scenario: Any, fitted: Collection[str] = ()) -> dict[str, Any]:
    """Return every number of a scenario with its status and source, for a sidecar."""
    told = provenance(scenario)
    ours = told["field"].isin(fitted)
    told.loc[ours, ["status", "source"]] = "fitted", "the diary this is a twin of"
    return {
        row["field"]: {"value": row["value"], "status": row["status"], "source": row["source"]}
        for row in told.to_dict("records")
    }


def write_sidecar(
    about: str, seed: int, scenario: Any, folder: Path, names: Sequence[str],
    more: Mapping[str, Any] | None = None, fitted: Collection[str] = (),
) -> Path:  # fmt: skip
    """Write beside files how they were made: the world, the seed, versions, the SHA-256 of each."""
    told = {
        "about": about,
        "invented": "nobody in these files exists",
        "defaults": REALISM,
        "seed": seed,
        "versions": {name: version(name) for name in ("msspas-analysis", "numpy", "pandas")},
        **(more or {}),
        "world": world_of(scenario, fitted),
        "sha256": {
            name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names
        },
    }
    (folder / SIDECAR).write_bytes(readable_json(told))
    return folder / SIDECAR


def design_of(design: Design) -> dict[str, Any]:
    """Return every field of a design, for a sidecar."""
    return {"design": {one.name: getattr(design, one.name) for one in fields(design)}}


def write_study(
    study: SimulatedStudy, folder: Path, *, forms: Sequence[str] = (), every_day: bool = True
) -> list[Path]:
    """Write a study: what its team would hold, and apart from it what is true.

    Parameters
    ----------
    study : SimulatedStudy
        From :func:`~msspas_analysis.simulate.study.simulate_study`.
    folder : pathlib.Path
        Made if it is not there; files of the same names are replaced.
    forms : sequence of str
        Of :data:`~msspas_analysis.simulate.forms.FORMS`: other forms of the same days to write as
        well, for a study with a diary.
    every_day : bool
        Whether to write the truth of every single day, which is long.

    Returns
    -------
    list of pathlib.Path
        A CSV for each table that holds anything, ``allocation.csv``, ``truth/days.csv`` or
        ``truth/visits.csv``, ``truth/effects.csv``, and how it was made.
    """
    tables = {name: study.tables[name] for name in SCHEMAS if len(study.tables[name])}
    tables |= {"allocation": study.allocation, f"{TRUTH}/effects": study.effects}
    with_diary = "day" in study.truth
    if every_day or not with_diary:
        tables[f"{TRUTH}/{'days' if with_diary else 'visits'}"] = study.truth
    for form in forms:
        name = form.replace(" ", "_").replace("-", "_")
        tables[name], behind = fill_in(study.truth, form, seed=study.seed)
        if every_day:
            tables[f"{TRUTH}/{name}"] = behind
    about = f"{study.design.code}: {study.design.title}"
    return _write(tables, about, study.seed, study.scenario, folder, design_of(study.design))


def write_survey(survey: SimulatedSurvey, folder: Path) -> list[Path]:
    """Write a survey: the respondents, and apart from them everybody who could have answered.

    Parameters
    ----------
    survey : SimulatedSurvey
        From :func:`~msspas_analysis.simulate.survey.simulate_survey`.
    folder : pathlib.Path
        Made if it is not there; files of the same names are replaced.

    Returns
    -------
    list of pathlib.Path
        ``respondents.csv``, ``truth/people.csv`` and how they were made.
    """
    tables = {"respondents": survey.respondents, f"{TRUTH}/people": survey.truth}
    return _write(tables, "T0: a survey of a registry", survey.seed, survey.scenario, folder, {})


def write_diary(
    drawn: SimulatedDiary, folder: Path, *, about: str, beside: Mapping[str, pd.DataFrame],
    more: Mapping[str, Any], fitted: Collection[str] = (),
) -> list[Path]:  # fmt: skip
    """Write a diary cohort: its tables, the truth of each day apart, and how they were made.

    Parameters
    ----------
    drawn : SimulatedDiary
        From :func:`~msspas_analysis.simulate.diary.simulate_diary`.
    folder : pathlib.Path
        Made if it is not there; files of the same names are replaced.
    about : str
        What this is, for the sidecar.
    beside : mapping of str to pandas.DataFrame
        Other tables to write with it, by name.
    more : mapping
        What else to tell in the sidecar.
    fitted : collection of str
        Fields of the scenario that were fitted to a diary.

    Returns
    -------
    list of pathlib.Path
        A CSV for each table that holds anything, ``truth/days.csv``, those of `beside`, and how it
        was made.
    """
    tables = {name: drawn.tables[name] for name in SCHEMAS if len(drawn.tables[name])}
    tables |= {**beside, f"{TRUTH}/days": drawn.truth}
    return _write(tables, about, drawn.seed, drawn.scenario, folder, more, fitted)


def _write(
    tables: Mapping[str, pd.DataFrame], about: str, seed: int, scenario: Any, folder: Path,
    more: Mapping[str, Any], fitted: Collection[str] = (),
) -> list[Path]:  # fmt: skip
    names = [f"{name}.csv" for name in tables]
    for name, table in tables.items():
        write_csv(table, folder / f"{name}.csv")
    told = write_sidecar(about, seed, scenario, folder, names, more, fitted)
    return [*(folder / name for name in names), told]


def runs_table(runs: Trials, *, first: int = 0) -> pd.DataFrame:
    """Lay many runs out as one table, for a program that analyses them one by one.

    Parameters
    ----------
    runs : Trials
        From :func:`~msspas_analysis.simulate.trials.simulate_trials`.
    first : int
        Number of the first run.

    Returns
    -------
    pandas.DataFrame
        One row per run, person and visit: ``run``, ``person``, ``arm``, ``visit``, each rating as
        the analyst has it, ``effect`` (true, latent points) and ``lost``.

    Examples
    --------
    >>> from msspas_analysis.simulate.templates import DESIGNS
    >>> from msspas_analysis.simulate.trials import simulate_trials
    >>> runs_table(simulate_trials(DESIGNS["T1"], seed=1, replicates=2)).shape
    (40, 7)
    """
    count, people, visits = runs.latent.shape
    names = np.array([arm.name for arm in runs.design.arms] + [None], dtype=object)
    return pd.DataFrame({
        "run": np.repeat(np.arange(first, first + count), people * visits),
        "person": np.tile(np.repeat(np.arange(1, people + 1), visits), count),
        "arm": np.repeat(names[runs.arm].ravel(), visits),
        "visit": np.tile(runs.design.visits, count * people),
        **{name: values.ravel() for name, values in runs.scores.items()},
        "effect": runs.effect.ravel(), "lost": runs.lost.ravel(),
    })  # fmt: skip
