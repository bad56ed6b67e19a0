"""The small studies that come with the project: a survey, TENS, reflexology, LDN, four weeks of spray.

``python -m msspas_analysis.simulate.datasets FOLDER`` writes them into FOLDER again, to the byte.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from msspas_analysis.simulate.files import write_study, write_survey
from msspas_analysis.simulate.study import simulate_study
from msspas_analysis.simulate.survey import SurveyScenario, simulate_survey
from msspas_analysis.simulate.templates import DESIGNS


class Dataset(NamedTuple):
    """A study that is kept: the code of its design, its seed, other forms of the same days."""

    design: str
    seed: int
    forms: tuple[str, ...] = ()


SURVEY: Final = "registry_survey"
SURVEY_SEED: Final = 2004

DATASETS: Final[dict[str, Dataset]] = {
    "tens_one_group": Dataset("T1", 2003),
    "tens_two_doses": Dataset("T4-dose", 2007),
    "reflexology_sham": Dataset("T2", 2009),
    "reflexology_sham_seen_through": Dataset("T2-seen", 2003),
    "ldn_one_group": Dataset("T1-diary", 2008),
    "sativex_four_weeks": Dataset("T6-four-weeks", 2019, ("sativex sheet",)),
}
"""The kept studies by the name of their folder."""


def regenerate(folder: Path) -> list[Path]:
    """Write every kept study, and the survey, each into a folder of its own.

    Parameters
    ----------
    folder : pathlib.Path
        Made if it is not there; files of the same names are replaced.

    Returns
    -------
    list of pathlib.Path
        The files written. The truth of every single day is left out, as it is long; the same design
        and seed give it again.
    """
    survey = simulate_survey(SurveyScenario(n_people=1000), seed=SURVEY_SEED)
    written = write_survey(survey, folder / SURVEY)
    for name, kept in DATASETS.items():
        study = simulate_study(DESIGNS[kept.design], seed=kept.seed)
        written += write_study(study, folder / name, forms=kept.forms, every_day=False)
    return written


def main(argv: Sequence[str]) -> int:
    """Write the kept studies into the folder named on the command line."""
    if len(argv) != 1:
        sys.stderr.write("usage: python -m msspas_analysis.simulate.datasets FOLDER\n")
        return 2
    for path in regenerate(Path(argv[0])):
        sys.stdout.write(f"wrote {path}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
