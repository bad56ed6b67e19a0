"""The same study many times over: under no effect and under the claimed one, ready to be analysed.

A replicate is what a study keeps of each person: a score before, a score after, the arm if there are
arms. Both worlds are drawn from the same streams, so that they differ by the effect alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from msspas_analysis.certify.entry_rule import EntryRule
from msspas_analysis.certify.running import run_blocks
from msspas_analysis.certify.twin.fitting import fit_scenario
from msspas_analysis.estimate.change.untreated import Entry, untreated_contrast, window_weights
from msspas_analysis.progress import Progress
from msspas_analysis.simulate.days import BLOCK, simulate_ratings
from msspas_analysis.simulate.designs import Design, with_effect
from msspas_analysis.simulate.scenario import DiaryScenario
from msspas_analysis.simulate.trials import BLOCK_OF_VISITS, simulate_trials
from msspas_analysis.simulate.world import World
from msspas_analysis.tables import AFTER, BEFORE, Tables, Window

Floats = NDArray[np.float64]

NULL, CLAIMED = "no effect", "claimed effect"
WORLDS: Final = (NULL, CLAIMED)
"""The two worlds every analysis is tried in."""
_MOST: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Replicates:
    """A study drawn many times in both worlds.

    Parameters
    ----------
    scores : mapping of str to mapping of str to numpy.ndarray
        For each of :data:`WORLDS`: "before" and "after", shape (replicates, people), NaN where there
        is none; "beyond" (diaries, if asked for): the change beyond what the same diaries lead one
        to expect untreated.
    arm : numpy.ndarray or None, shape (replicates, people)
        1 in the arm with the treatment, 0 in the control arm, NaN elsewhere; None without arms.
    truth : mapping of str to float
        For each world the mean true effect in points of the rating: 0, and what the claimed effect
        is after rounding and bounds.
    effect : float
        The claimed effect on the latent scale, in points.
    label : str
        What was drawn, in words.
    """

    scores: Mapping[str, Mapping[str, Floats]]
    arm: Floats | None
    truth: Mapping[str, float]
    effect: float
    label: str
    notes: tuple[str, ...] = field(default=())

    @property
    def number(self) -> int:
        """How many replicates there are in each world."""
        return int(self.scores[CLAIMED]["before"].shape[0])

    @property
    def people(self) -> int:
        """How many people there are in each replicate."""
        return int(self.scores[CLAIMED]["before"].shape[1])

    def tables(self) -> Iterator[tuple[str, int, pd.DataFrame]]:
        """Yield world, number and table of each replicate, one row per person."""
        people = [f"P{i + 1:04d}" for i in range(self.people)]
        for world, part in self.scores.items():
            for r in range(self.number):
                table: dict[str, Any] = {"person_id": people}
                if self.arm is not None:
                    table["arm"] = np.where(
                        np.isnan(self.arm[r]),
                        "",
                        np.where(self.arm[r] == 1, "treatment", "control"),
                    )
                yield world, r, pd.DataFrame(table | {k: v[r] for k, v in part.items()})

    def to_csv(self, path: str | Path) -> Path:
        """Write all replicates as one table, for an analysis done elsewhere.

        Parameters
        ----------
        path : str or pathlib.Path
            One row per person, replicate and world: ``world``, ``replicate``, ``person_id``, ``arm``
            if there are arms, ``before``, ``after``.

        Returns
        -------
        pathlib.Path
            The file. Give the answers of the other program, one row per world and replicate with
            ``estimate``, ``conf_low``, ``conf_high`` and ``p_value``, to
            :func:`~msspas_analysis.certify.studies.certificate.certify_answers`.
        """
        out = Path(path)
        parts = [
            part.drop(columns="beyond", errors="ignore").assign(world=world, replicate=r)
            for world, r, part in self.tables()
        ]
        table = pd.concat(parts, ignore_index=True)
        first = ["world", "replicate", "person_id"]
        table[[*first, *(c for c in table if c not in first)]].to_csv(out, index=False)
        return out


def diary_replicates(
    diary: Tables | DiaryScenario, *, effect: float, entry: EntryRule | str | None = None,
    before: Window = BEFORE, after: Window = AFTER, replicates: int = 10_000, seed: int = 2026,
    beyond: bool = False, workers: int | str = 1, cache: str | Path | None = None,
    progress: Progress | None = None,
) -> Replicates:  # fmt: skip
    """Draw a before-and-after study of diaries many times, like a centre's own or in a given world.

    Parameters
    ----------
    diary : Tables or DiaryScenario
        A centre's tidy tables, to which a twin is fitted first (:func:`fit_scenario`), or a world.
    effect : float
        The claimed effect in points of the latent rating from the first session on, -10 to 10;
        negative is a fall.
    entry : EntryRule, str or None
        Why people came in; None is "anybody could come" for tables, and the world's own rule for a
        world.
    before, after : Window
        The days compared.
    replicates : int
        Studies in each world, 100 or more.
    seed : int
        Seed, 0 or more.
    beyond : bool
        Whether to work out the change beyond expectation as well, which takes longer.
    workers, cache
        As :func:`~msspas_analysis.certify.running.run_blocks`: several processes, and a folder from
        which a run that was stopped goes on. The numbers are the same in every case.
    progress : callable or None
        Called with studies done, in all, and a word.

    Returns
    -------
    Replicates
        People and days as in the diaries: as many people, as often missing, as alike from day to
        day, as near the ends of the scale.

    Raises
    ------
    ValueError
        If the effect or a number is out of range, a window lies outside the diary, or the diary
        cannot be fitted.

    Examples
    --------
    >>> world = DiaryScenario(n_people=30, entry_rating=4)
    >>> drawn = diary_replicates(world, effect=-1.0, replicates=128, seed=1)
    >>> drawn.number, drawn.people, round(drawn.truth["claimed effect"], 1)
    (128, 30, -0.9)
    """
    _check(effect, replicates, seed)
    rule = None if entry is None else EntryRule.of(entry)
    notes: tuple[str, ...] = ()
    if isinstance(diary, DiaryScenario):
        scenario = diary if rule is None else replace(
            diary, entry_rating=rule.at_least, entry_days=7 if rule.by == "first week" else 1
        )  # fmt: skip
        label = f"{scenario.n_people} people, {scenario.days.size} days, a world given"
    else:
        twin = fit_scenario(diary, entry=rule, seed=seed)
        scenario = twin.scenario
        label = f"{scenario.n_people} people, {scenario.days.size} days like the centre's own diary"
        if twin.apart:
            notes = ("The twin differs from the diary in: " + ", ".join(twin.apart) + ".",)
    for window in (before, after):
        if window.first_day < scenario.days[0] or window.first_day > scenario.days[-1]:
            raise ValueError(
                f"{window} lies outside the diary, which has days {scenario.days[0]} to "
                f"{scenario.days[-1]}"
            )
    still = replace(scenario, change=0.0, spasm_change=None)
    entered: Entry = "none" if scenario.entry_rating is None else (
        "first week" if scenario.entry_days == 7 else "first rating")  # fmt: skip
    job = partial(_diary_block, still, effect, before, after, entered, beyond, seed)
    drawn = run_blocks(job, replicates=replicates, block=BLOCK, workers=workers, cache=cache,
                       progress=progress, word="studies")  # fmt: skip
    truth = {NULL: 0.0, CLAIMED: float(drawn.pop("moved").mean())}
    return Replicates(
        scores=_by_world(drawn), arm=None, truth=truth, effect=effect, label=label, notes=notes
    )


def _diary_block(
    still: DiaryScenario, effect: float, before: Window, after: Window, entered: Entry,
    beyond: bool, seed: int, first: int, count: int,
) -> dict[str, Floats]:  # fmt: skip
    """Draw some of the studies in both worlds, and what the effect moved in the complete ratings."""
    out: dict[str, Floats] = {}
    complete = []
    for world, now in zip(WORLDS, (still, replace(still, change=effect)), strict=True):
        drawn = simulate_ratings(now, seed=seed, replicates=count, first=first)
        for name, window in (("before", before), ("after", after)):
            out[f"{world}/{name}"] = _window_mean(drawn.seen, drawn.days, window)
        if beyond:
            contrast = untreated_contrast(
                drawn.seen, drawn.days, before=before, after=after, entry=entered
            )
            out[f"{world}/beyond"] = contrast.change - contrast.expected
        complete.append([_plain_mean(drawn.score, drawn.days, w) for w in (before, after)])
    (b0, a0), (b1, a1) = complete
    return out | {"moved": ((a1 - b1) - (a0 - b0)).mean(axis=-1)}


def trial_replicates(
    design: Design, *, effect: float, world: World | None = None, replicates: int = 10_000,
    seed: int = 2026, control: str | None = None, null: bool = True, workers: int | str = 1,
    cache: str | Path | None = None, progress: Progress | None = None,
) -> Replicates:  # fmt: skip
    """Draw a study of one period many times, with a treatment that does nothing and one that does.

    Parameters
    ----------
    design : Design
        One arm, before and after, or several; of several, those that are neither the first nor the
        control are left out.
    effect : float
        What the first treatment does to latent stiffness, in points, -10 to 10.
    world : World or None
        What people are like; None is the default world.
    replicates, seed, workers, cache, progress
        As :func:`diary_replicates`.
    control : str or None
        The control arm; None is the last one.
    null : bool
        Whether to draw the world in which the treatment does nothing as well; a certificate needs
        it, power alone does not.

    Returns
    -------
    Replicates
        The first and the last visit of everybody.

    Raises
    ------
    ValueError
        If the design has several periods, or a number is out of range.

    Examples
    --------
    >>> from msspas_analysis.simulate.templates import DESIGNS
    >>> drawn = trial_replicates(DESIGNS["T2"], effect=-1.0, replicates=512, seed=1)
    >>> drawn.number, drawn.people, bool(drawn.truth["claimed effect"] < -0.7)
    (512, 73, True)
    """
    _check(effect, replicates, seed)
    names = [arm.name for arm in design.arms]
    if len(design.periods) > 1:
        raise ValueError(
            f"{design.code} has {len(design.periods)} periods; people are compared with themselves "
            "there, not before with after or arm with arm"
        )
    alone = len(names) == 1
    if control is not None and (control not in names or control == names[0]):
        raise ValueError(f"control must be one of {names[1:]}, got {control!r}")
    last = names.index(control) if control is not None else len(names) - 1
    treatment = design.arms[0].sequence[0]
    worlds = WORLDS if null else (CLAIMED,)
    job = partial(_trial_block, design, treatment, effect, world, last, worlds, seed)
    drawn = run_blocks(
        job, replicates=replicates, block=BLOCK if design.diary else BLOCK_OF_VISITS,
        workers=workers, cache=cache, progress=progress, word="trials",
    )  # fmt: skip
    truth = {NULL: 0.0, CLAIMED: float(drawn.pop("moved").mean())}
    arm = drawn.pop("arm")
    return Replicates(
        scores=_by_world(drawn), arm=None if alone else arm, truth=truth, effect=effect,
        label=f"{design.code}, {design.n_people} people, {names[0]} "
        + ("before and after" if alone else f"against {names[last]}"),
    )  # fmt: skip


def _trial_block(
    design: Design, treatment: str, effect: float, world: World | None, last: int,
    worlds: tuple[str, ...], seed: int, first: int, count: int,
) -> dict[str, Floats]:  # fmt: skip
    """Run some of the trials in the worlds asked for; the claimed effect's comes last."""
    out: dict[str, Floats] = {}
    for name in worlds:
        runs = simulate_trials(
            with_effect(design, effect if name == CLAIMED else 0.0, treatment=treatment), world,
            seed=seed, replicates=count, first=first,
        )  # fmt: skip
        score = runs.scores["stiffness"]
        out[f"{name}/before"], out[f"{name}/after"] = score[..., 0], score[..., -1]
    gone = runs.complete["stiffness"][..., -1] - runs.untreated[..., -1]
    moved = _of_arm(gone, runs.arm == 0)
    if last:
        moved = moved - _of_arm(gone, runs.arm == last)
    here = (runs.arm == 0) | (runs.arm == last)
    return out | {"arm": np.where(here, (runs.arm == 0) * 1.0, np.nan), "moved": moved}


def _by_world(drawn: Mapping[str, Floats]) -> dict[str, dict[str, Floats]]:
    out: dict[str, dict[str, Floats]] = {}
    for name, values in drawn.items():
        world, _, score = name.partition("/")
        out.setdefault(world, {})[score] = values
    return out


def _check(effect: float, replicates: int, seed: int) -> None:
    if not -10 <= effect <= 10 or effect == 0:
        raise ValueError(
            f"effect must be -10 to 10 and not 0, got {effect}; in points of the rating"
        )
    if not 100 <= replicates <= _MOST:
        raise ValueError(f"replicates must be 100 to {_MOST:,}, got {replicates}")
    if seed < 0:
        raise ValueError(f"seed must be 0 or more, got {seed}")


def _window_mean(seen: Floats, days: NDArray[np.int64], window: Window) -> Floats:
    weight = window_weights(seen, days, window)
    mean = (weight * np.where(np.isnan(seen), 0.0, seen)).sum(axis=-1)
    return np.where(weight.any(axis=-1), mean, np.nan)


def _plain_mean(score: Floats, days: NDArray[np.int64], window: Window) -> Floats:
    return np.asarray(
        score[..., (days >= window.first_day) & (days <= window.last_day)].mean(axis=-1)
    )


def _of_arm(values: Floats, inside: NDArray[np.bool_]) -> Floats:
    return np.asarray(np.where(inside, values, 0.0).sum(axis=-1) / inside.sum(axis=-1))
