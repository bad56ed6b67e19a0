"""Study designs as data: arms, periods, entry rule, visits, who is blind, who is lost.

A :class:`Design` says what is done to whom and who looks when; the world says what people are like.
Ready-made ones are in :data:`~msspas_analysis.simulate.templates.DESIGNS`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from msspas_analysis.simulate.course import Regime
from msspas_analysis.simulate.scenario import DiaryScenario
from msspas_analysis.simulate.world import World

Floats = NDArray[np.float64]
Blind = Literal["participants", "therapists", "assessors"]
BLIND: Final = ("participants", "therapists", "assessors")
NOT_RANDOMISED: Final = -1
"""Arm of somebody who did not get past the run-in."""


def _refuse(what: str, field_name: str, wanted: str, got: object) -> ValueError:
    return ValueError(f"{what}: {field_name} must be {wanted}, got {got!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """What people are given during a period, in points of the latent 0-10 scales.

    Parameters
    ----------
    name : str
        Such as ``"TENS"``, ``"sham"``, ``"waiting list"``.
    effect, spasm_effect : float
        Points it adds to latent stiffness and to latent spasms once fully there, -10 to 10;
        negative is a benefit. ``spasm_effect`` None is as `effect`.
    effect_sd : float
        Standard deviation between people of the factor, mean 1, on the effect, 0 to 5.
    expectation : float
        Share of the world's placebo response that comes with it, 0 to 3: 1 for a drug or an
        active sham, about 0.4 for usual care, 0 for a waiting list.
    guessed, guessed_expectation : float
        Chance that somebody finds out what it is, 0 to 1, and the share of the placebo response
        from then on; None leaves it as it was.
    onset_days : float
        Days until the effect is fully there, growing evenly; 0 is at once.
    lasts_days : float or None
        Days after which nothing of it is left; it is whole for the first half of them and then
        falls evenly. None lasts as long as it is given.
    carry_over : float
        Days after the end of the period until half of the effect is gone; 0 is at once.
    unwanted : float
        Unwanted effects of one person in a period on top of those that happen anyway.

    Raises
    ------
    ValueError
        Naming the treatment, the field, the allowed range and the value.

    Examples
    --------
    >>> Treatment(name="sham", expectation=1).effect
    0.0
    """

    name: str
    effect: float = 0.0
    spasm_effect: float | None = None
    effect_sd: float = 0.0
    expectation: float = 0.0
    guessed: float = 0.0
    guessed_expectation: float | None = None
    onset_days: float = 0.0
    lasts_days: float | None = None
    carry_over: float = 0.0
    unwanted: float = 0.0

    def __post_init__(self) -> None:
        """Refuse an impossible treatment."""
        if not self.name.strip():
            raise ValueError("a treatment needs a name, got ''; say what people are given")
        ranges: dict[str, tuple[float, float]] = {
            "effect": (-10, 10), "spasm_effect": (-10, 10), "effect_sd": (0, 5),
            "expectation": (0, 3), "guessed": (0, 1), "guessed_expectation": (0, 3),
            "onset_days": (0, 3660), "lasts_days": (1, 3660), "carry_over": (0, 3660),
            "unwanted": (0, 20),
        }  # fmt: skip
        for one, (low, high) in ranges.items():
            value = getattr(self, one)
            if value is not None and not low <= value <= high:
                raise _refuse(self.name, one, f"{low} to {high}", value)

    def course(self, days: NDArray[np.int64], given: int) -> Floats:
        """Return the share of the effect present on `days` from its start, given so many days."""
        there = np.ones(days.size)
        if self.onset_days > 0:
            there = np.clip((days + 1) / self.onset_days, 0.0, 1.0)
        if self.lasts_days is not None:
            there = there * np.clip(2.0 - 2.0 * (days + 1) / self.lasts_days, 0.0, 1.0)
        over = days >= given
        if over.any():
            at_end = there[max(int(over.argmax()) - 1, 0)]
            gone = 0.5 ** ((days - given + 1) / self.carry_over) if self.carry_over > 0 else 0.0
            there = np.where(over, np.minimum(there, at_end) * gone, there)
        return np.where(days >= 0, there, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """People who get the same treatments in the same order.

    Parameters
    ----------
    name : str
        Such as ``"active"`` or ``"AB"``.
    size : int
        People, 1 or more. After a run-in that not everybody passes, sizes are shares.
    sequence : tuple of str
        Name of the treatment of each period.
    """

    name: str
    size: int
    sequence: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse an impossible arm."""
        if not 1 <= self.size <= 1_000_000:
            raise _refuse(self.name, "size", "1 to 1000000", self.size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """A study as data. Day 0 is the first day of the first period.

    Parameters
    ----------
    code, title : str
        Short key, and what it is in words.
    treatments : tuple of Treatment
        Everything that is given in any period.
    arms : tuple of Arm
        Who gets what in which order.
    periods : tuple of int
        Days of each period, 1 or more each.
    washout : int
        Days between two periods in which nothing is given.
    baseline_days : int
        Days before day 0; with a diary they are days of the diary.
    entry_rating, entry_days : float or None, int
        Somebody comes in when the mean of the first `entry_days` ratings is `entry_rating` or
        more; None takes everybody.
    respond_first : float or None
        Enrichment: after the first period only those go on whose mean rating of its last seven days
        is lower by this share than the mean of the last seven days before; 0.2 is the 20 % rule.
        All arms must begin with the same treatment.
    stop_if_worse : float or None
        Randomised withdrawal: the diary stops, as a treatment failure, after a week of the last
        period whose mean is higher by this share (and by a point) than the week before it.
    diary : bool
        Whether people keep a daily diary. If not, they are rated at the visits alone.
    visits : tuple of int
        Days of the visits in order; the first is the baseline, before or on day 0.
    ratings_per_visit : int
        Days up to and including the visit whose ratings are averaged, 1 to 28.
    blind : tuple of str
        Who does not know what is given: of ``"participants"``, ``"therapists"``, ``"assessors"``.
    lost : float or None
        Share of people lost by the end, 0 to 0.95; None leaves it to the world's weekly drop-out.
    lost_slope : float
        Added to the log-odds of being lost for each point somebody is worse than at the start, so
        that those who stay look better.
    practice : float
        Points added at each further visit because people have got used to the test; only where
        there is no diary.
    complaints : float
        Mean complaints of one person, 1 or more, each rated on its own; 1 is stiffness alone.
    complaint_icc : float
        Share of the variance of complaints that people have in common, 0 to 1.
    acute : float
        Points added to a rating taken right after a session; it is gone by the next day.
    sessions : int
        Sessions a week with a rating before and after, 0 is none.
    publish : {"everybody", "most dramatic"}
        Who is written about: everybody, or only the person with the largest fall.
    sources : tuple of (str, str, str)
        What, its status and where it comes from.

    Raises
    ------
    ValueError
        Naming the design, the field, what is allowed and the value.

    Examples
    --------
    >>> trial = Design(
    ...     code="mine", title="TENS or sham", periods=(28,), blind=("participants",),
    ...     treatments=(Treatment(name="TENS", effect=-0.5, expectation=1),
    ...                 Treatment(name="sham", expectation=1)),
    ...     arms=(Arm(name="TENS", size=20, sequence=("TENS",)),
    ...           Arm(name="sham", size=20, sequence=("sham",))),
    ... )
    >>> trial.n_people, trial.days_in_all
    (40, 28)
    """

    code: str
    title: str
    treatments: tuple[Treatment, ...]
    arms: tuple[Arm, ...]
    periods: tuple[int, ...]
    washout: int = 0
    baseline_days: int = 14
    entry_rating: float | None = 4.0
    entry_days: int = 1
    respond_first: float | None = None
    stop_if_worse: float | None = None
    diary: bool = True
    visits: tuple[int, ...] = (-1, 27)
    ratings_per_visit: int = 7
    blind: tuple[Blind, ...] = ()
    lost: float | None = None
    lost_slope: float = 0.0
    practice: float = 0.0
    complaints: float = 1.0
    complaint_icc: float = 0.4
    acute: float = 0.0
    sessions: int = 0
    publish: Literal["everybody", "most dramatic"] = "everybody"
    sources: tuple[tuple[str, str, str], ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        """Refuse an impossible design early, by field name and allowed range."""
        self._check_numbers()
        names = [one.name for one in self.treatments]
        if len(set(names)) < len(names):
            raise _refuse(self.code, "treatments", "of different names", names)
        for arm in self.arms:
            if len(arm.sequence) != len(self.periods):
                raise _refuse(
                    self.code, f"sequence of arm {arm.name!r}",
                    f"as long as periods ({len(self.periods)})", arm.sequence,
                )  # fmt: skip
            if unknown := set(arm.sequence) - set(names):
                raise _refuse(self.code, f"sequence of arm {arm.name!r}", f"from {names}",
                              sorted(unknown))  # fmt: skip
        if len({arm.name for arm in self.arms}) < len(self.arms):
            raise _refuse(self.code, "arms", "of different names", [a.name for a in self.arms])
        if self.respond_first is not None and len({arm.sequence[0] for arm in self.arms}) > 1:
            raise _refuse(
                self.code, "sequence", "the same in the first period, for respond_first is used",
                [arm.sequence[0] for arm in self.arms],
            )  # fmt: skip
        if self.respond_first is not None and len(self.periods) < 2:
            raise _refuse(self.code, "periods", "two or more, for respond_first is used",
                          self.periods)  # fmt: skip
        if not self.diary and self.entry_days > self.ratings_per_visit:
            raise _refuse(self.code, "entry_days", "1 to ratings_per_visit "
                          f"({self.ratings_per_visit}) where there is no diary",
                          self.entry_days)  # fmt: skip
        if (self.respond_first or self.stop_if_worse) and not self.diary:
            raise _refuse(self.code, "diary", "True where respond_first or stop_if_worse is used",
                          self.diary)  # fmt: skip
        if strangers := set(self.blind) - set(BLIND):
            raise _refuse(self.code, "blind", f"from {BLIND}", sorted(strangers))
        if self.publish not in ("everybody", "most dramatic"):
            raise _refuse(self.code, "publish", "'everybody' or 'most dramatic'", self.publish)

    def _check_numbers(self) -> None:
        ranges: dict[str, tuple[float, float]] = {
            "washout": (0, 366), "baseline_days": (1, 366), "entry_rating": (0, 10),
            "entry_days": (1, self.baseline_days), "respond_first": (0, 1),
            "stop_if_worse": (0, 5), "ratings_per_visit": (1, 28), "lost": (0, 0.95),
            "lost_slope": (-5, 5), "practice": (-5, 5), "complaints": (1, 10),
            "complaint_icc": (0, 1), "acute": (-10, 10), "sessions": (0, 7),
        }  # fmt: skip
        for one, (low, high) in ranges.items():
            value = getattr(self, one)
            if value is not None and not low <= value <= high:
                raise _refuse(self.code, one, f"{low} to {high}", value)
        if not self.arms or not self.periods or min(self.periods) < 1:
            raise _refuse(self.code, "arms and periods", "one or more, periods of a day or more",
                          (len(self.arms), self.periods))  # fmt: skip
        first, last = -self.baseline_days, self.days_in_all - 1
        span = self.ratings_per_visit
        fits = all(first + span - 1 <= day <= last for day in self.visits)
        if len(self.visits) < 2 or list(self.visits) != sorted(set(self.visits)) or not fits:
            raise _refuse(
                self.code, "visits", "two or more different days in order, from "
                f"{first + span - 1} to {last}", self.visits,
            )  # fmt: skip

    @property
    def n_people(self) -> int:
        """People who come in."""
        return sum(arm.size for arm in self.arms)

    @property
    def days_in_all(self) -> int:
        """Days from day 0 to the end."""
        return sum(self.periods) + self.washout * (len(self.periods) - 1)

    @property
    def starts(self) -> tuple[int, ...]:
        """First day of each period."""
        return tuple(
            sum(self.periods[:k]) + k * self.washout for k in range(len(self.periods))
        )  # fmt: skip

    def treatment(self, name: str) -> Treatment:
        """Return the treatment called `name`."""
        return next(one for one in self.treatments if one.name == name)


def with_effect(design: Design, points: float, *, treatment: str | None = None) -> Design:
    """Return `design` with a treatment that moves latent stiffness and spasms by so many points.

    Parameters
    ----------
    design : Design
        The study.
    points : float
        -10 to 10; negative is a benefit, 0 a treatment that does nothing.
    treatment : str or None
        Which; None is the first.

    Raises
    ------
    ValueError
        If there is no such treatment or `points` is out of range.

    Examples
    --------
    >>> from msspas_analysis.simulate.templates import DESIGNS
    >>> with_effect(DESIGNS["T2"], -1.0).treatments[0].effect
    -1.0
    """
    names = [one.name for one in design.treatments]
    name = names[0] if treatment is None else treatment
    if name not in names:
        raise _refuse(design.code, "treatment", f"one of {names}", treatment)
    changed = tuple(
        replace(one, effect=points, spasm_effect=None) if one.name == name else one
        for one in design.treatments
    )
    return replace(design, treatments=changed)


def resized(design: Design, people: int) -> Design:
    """Return `design` with so many people, shared over the arms in the same proportions.

    Parameters
    ----------
    design : Design
        The study.
    people : int
        People in all, one or more for each arm.

    Raises
    ------
    ValueError
        If there are fewer people than arms.

    Examples
    --------
    >>> from msspas_analysis.simulate.templates import DESIGNS
    >>> [arm.size for arm in resized(DESIGNS["T2"], 200).arms]
    [101, 99]
    """
    if people < len(design.arms):
        raise _refuse(
            design.code, "people", f"{len(design.arms)} or more, one for each arm", people
        )
    sizes = np.array([arm.size for arm in design.arms])
    ends = np.rint(np.cumsum(sizes) / sizes.sum() * people).astype(int)
    new = np.maximum(np.diff(ends, prepend=0), 1)
    new[new.argmax()] += people - new.sum()
    arms = tuple(replace(arm, size=int(size)) for arm, size in zip(design.arms, new, strict=True))
    return replace(design, arms=arms)


def regime(design: Design, world: World, days: NDArray[np.int64]) -> Regime:
    """Return what each arm of `design` is given on `days`, in points of the latent scales.

    People stand in the order of the arms. A last row is for those who do not get past a run-in:
    they have had the first period and then nothing.
    """
    every = np.arange(design.days_in_all)
    sequences = [arm.sequence for arm in design.arms]
    sequences.append(design.arms[0].sequence[:1])
    curves: dict[str, list[Floats]] = {"effect": [], "spasm": [], "told": [], "guessed": []}
    for sequence in sequences:
        effect, spasm = np.zeros(every.size), np.zeros(every.size)
        told, found_out = np.zeros(every.size), np.zeros(every.size)
        for name, start, length in _courses(design, sequence):
            one = design.treatment(name)
            there = one.course(every - start, length)
            effect += one.effect * there
            spasm += (one.effect if one.spasm_effect is None else one.spasm_effect) * there
            now = slice(start, start + length)
            told[now] = one.expectation
            known = one.guessed_expectation
            found_out[now] = one.expectation if known is None else known
        curves["effect"].append(effect)
        curves["spasm"].append(spasm)
        curves["told"].append(_followed(told, world))
        curves["guessed"].append(_followed(found_out, world))
    whole = {name: _on(np.array(rows), days) for name, rows in curves.items()}
    guessed = [
        1.0 - float(np.prod([1.0 - design.treatment(name).guessed for name in dict.fromkeys(s)]))
        for s in sequences
    ]
    return Regime(
        arm=np.repeat(np.arange(len(design.arms)), [arm.size for arm in design.arms]),
        effect=whole["effect"], spasm_effect=whole["spasm"], expectation=whole["told"],
        guessed_expectation=whole["guessed"], guessed=np.array(guessed),
        effect_sd=np.array([
            max(design.treatment(name).effect_sd for name in s) for s in sequences
        ]),
    )  # fmt: skip


def _courses(design: Design, sequence: tuple[str, ...]) -> list[tuple[str, int, int]]:
    """Return treatment, first day and days of each course: what goes on without a gap is one."""
    out: list[tuple[str, int, int]] = []
    for name, start, length in zip(sequence, design.starts, design.periods, strict=False):
        if out and out[-1][0] == name and out[-1][1] + out[-1][2] == start:
            out[-1] = (name, out[-1][1], out[-1][2] + length)
        else:
            out.append((name, start, length))
    return out


def before_and_after(scenario: DiaryScenario) -> Regime:
    """Return the regime of a centre: one group, and the same for everybody from day 0 on."""
    s = scenario
    since = np.where(s.days >= 0, 1.0, 0.0)[None, :]
    expected = _on(_followed(np.full(s.followup_days, s.expectation), s)[None, :], s.days)
    return Regime(
        arm=np.zeros(s.n_people, dtype=np.intp), effect=s.change * since,
        spasm_effect=(s.change if s.spasm_change is None else s.spasm_change) * since,
        expectation=expected, guessed_expectation=expected, guessed=np.zeros(1),
        effect_sd=np.zeros(1),
    )  # fmt: skip


def _on(curves: Floats, days: NDArray[np.int64]) -> Floats:
    """Return curves over all days from 0 on at `days`; nothing is given before day 0."""
    return np.where(days >= 0, curves[:, np.maximum(days, 0)], 0.0)


def _followed(wanted: Floats, world: World) -> Floats:
    """Let a share of the placebo response grow and fall evenly towards `wanted`, and fade."""
    step = wanted.max(initial=0.0) / max(world.placebo_onset_days, 1.0)
    out, now = np.empty(wanted.size), 0.0
    for day, goal in enumerate(wanted):
        now += float(np.clip(goal - now, -step, step))
        out[day] = now
    if world.placebo_half_life is not None:
        late = np.maximum(np.arange(wanted.size) - world.placebo_onset_days, 0.0)
        out = out * 0.5 ** (late / world.placebo_half_life)
    return out
