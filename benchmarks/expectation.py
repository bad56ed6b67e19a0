"""How often "expected without treatment" is wrong, measured on centres whose truth is known.

Run ``python benchmarks/expectation.py [CENTRES]`` (default 2,000 a line, a quarter of that for shares of
people; about half an hour). It prints the table and writes it to ``src/msspas_analysis/certify/twin/method_check.csv``, from which every
report quotes. In each line the same number of centres is drawn; the flag is the two-sided 5 % test
of the change beyond expectation, and, for comparison, a plain paired t test of the change.

*Inside the model* the world is the simulator's own with the entry rule known. *Outside the model*
something happens that the method does not know of.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from msspas_analysis.certify.twin.statistics import STATISTICS, Seen, beyond_twin
from msspas_analysis.estimate.change.untreated import (
    Days,
    Entry,
    mean_ratio,
    untreated_contrast,
    window_weights,
)
from msspas_analysis.simulate.days import simulate_days, simulate_ratings
from msspas_analysis.simulate.scenario import DiaryScenario
from msspas_analysis.simulate.streams import stream
from msspas_analysis.simulate.world import steady
from msspas_analysis.tables import AFTER, BEFORE, Window

OUT = (
    Path(__file__).parents[1] / "src" / "msspas_analysis" / "certify" / "twin" / "method_check.csv"
)
PAGE = Path(__file__).parents[1] / "docs" / "expected_without_treatment.md"
BEGIN, END = "<!-- rates -->\n", "<!-- end of rates -->\n"
SIZES = (12, 30, 60, 200)
OTHERS = ("pain", "sleep_disruption", "fatigue", "spasm_count")
THINNED = 0.7
CHUNK = 256  # centres at once: a whole number of the simulator's blocks
ENTRY_WEEK = Window(name="before", first_day=-14, last_day=-8)
SHORT = Window(name="after", first_day=28, last_day=34)
CHANGE = -1.0  # points on the observed scale
FIRST_WEEK = "came in by the mean of the first week"
World = Callable[[int, int, int], tuple[np.ndarray, np.ndarray]]


def plain(*, eventful: bool = False, **settings: float) -> World:
    """Return the simulator's own world; the entry rating is always written down."""

    def draw(people: int, centres: int, first: int) -> tuple[np.ndarray, np.ndarray]:
        scenario = DiaryScenario(**{"n_people": people, "entry_rating": 4.0, **settings})
        if not eventful:
            scenario = steady(scenario)
        drawn = simulate_ratings(scenario, seed=11, replicates=centres, first=first)
        seen = drawn.seen.copy()
        seen[..., 0] = drawn.score[..., 0]
        return seen, drawn.days

    return draw


def odd(kind: str) -> World:
    """Return a world in which something happens that the method does not know of."""

    def draw(people: int, centres: int, first: int) -> tuple[np.ndarray, np.ndarray]:
        hidden = 7 if kind == "came in by a rating a week before the diary" else 0
        crowd = 4 * people  # from whom those who meet the rule come in, in order
        scenario = steady(
            DiaryScenario(n_people=crowd, entry_rating=None, baseline_days=14 + hidden)
        )
        drawn = simulate_ratings(scenario, seed=12, replicates=centres, first=first)
        rng = stream(13, kind, first)
        latent = drawn.latent.copy()
        if kind == "heavy tails: sudden very bad or very good days":
            latent += 1.2 * rng.standard_t(2.5, latent.shape) * (rng.random(latent.shape) < 0.3)
        if kind == "came in during a flare of weeks":
            size = rng.gamma(
                2.0, 1.0, latent.shape[:2]
            )  # 2 points on average, half gone in 14 days
            latent += size[..., None] * 0.5 ** (np.arange(latent.shape[-1]) / 14.0)
        score = np.clip(np.rint(latent), 0, 10)
        seen = np.where(drawn.observed, score, np.nan)
        seen[..., 0] = score[..., 0]
        if kind == "stopped writing after bad weeks":
            recent = np.stack([
                score[..., max(0, t - 7) : t + 1].mean(axis=-1) for t in range(score.shape[-1])
            ], axis=-1)  # fmt: skip
            hazard = 1 / (1 + np.exp(5.0 - 0.45 * (recent - 5.0)))
            stops = rng.random(score.shape) < hazard
            stops[..., :14] = False
            gone = np.cumsum(stops, axis=-1) > 0
            seen = np.where(gone, np.nan, seen)
        rule = score[..., 0] >= 4
        if kind == FIRST_WEEK:
            rule = score[..., :7].mean(axis=-1) >= 4
        order = np.argsort(~rule, axis=1, kind="stable")[:, :people]
        return np.take_along_axis(seen, order[..., None], axis=1)[..., hidden:], drawn.days[hidden:]

    return draw


def rates(
    world: World, people: int, centres: int, before: Window, after: Window, entry: Entry
) -> dict[str, float]:
    """Return how often each method raises a false alarm, and the mean change beyond expectation."""
    flags, naive, beyond = [], [], []
    for first in range(0, centres, CHUNK):
        seen, days = world(people, min(CHUNK, centres - first), first)
        found = untreated_contrast(seen, days, before=before, after=after, entry=entry)
        for values, store in ((found.change - found.expected, flags), (found.change, naive)):
            mean, t, critical = one_sample(values)
            store.append(np.abs(t) > critical)
            if store is flags:
                beyond.append(mean)
    return {
        "flag": float(np.concatenate(flags).mean()), "naive": float(np.concatenate(naive).mean()),
        "beyond": float(np.concatenate(beyond).mean()),
    }  # fmt: skip


def one_sample(values: np.ndarray, truth: float = 0.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean, t statistic and critical value of each centre; people without a pair are NaN."""
    known = ~np.isnan(values)
    n = known.sum(axis=1)
    filled = np.where(known, values, 0.0)
    mean = filled.sum(axis=1) / n
    spread = np.sqrt((known * (filled - mean[:, None]) ** 2).sum(axis=1) / np.maximum(n - 1, 1))
    return mean, (mean - truth) / (spread / np.sqrt(n)), stdtrit(n - 1, 0.975)


def coverage(people: int, centres: int) -> tuple[float, float]:
    """Return how often the interval covers a true change of one point, and that true change."""
    latent = 1.1 * CHANGE  # rounding and the ends of the scale take a little from it
    inside, truths = [], []
    for first in range(0, centres, CHUNK):
        size = min(CHUNK, centres - first)
        seen, days = plain(change=latent)(people, size, first)
        scenario = steady(DiaryScenario(n_people=people, entry_rating=4.0))
        kept = simulate_ratings(scenario, seed=11, replicates=size, first=first)
        changed = simulate_ratings(
            replace(scenario, change=latent), seed=11, replicates=size, first=first
        )
        span = (days >= AFTER.first_day) & (days <= AFTER.last_day)
        truths.append((changed.score - kept.score)[..., span].mean(axis=(1, 2)))
        found = untreated_contrast(seen, days, before=BEFORE, after=AFTER, entry="first rating")
        inside.append(found.change - found.expected)
    truth = float(np.concatenate(truths).mean())
    _, t, critical = one_sample(np.concatenate(inside), truth)
    return float((np.abs(t) <= critical).mean()), truth


def others(people: int, centres: int) -> list[tuple[str, str, str, float, int]]:
    """Return how often other answers raise a false alarm, and cover a true change.

    Rows of outcome, what was done, measure, rate and number. A true change of a rating is a point less on
    every day after, not below 0; of a count, that each spasm stays away with a chance of three in ten.
    """
    kept: dict[tuple[str, str, str], list[np.ndarray]] = {}
    scenario = steady(DiaryScenario(n_people=people, entry_rating=4.0))
    luck = np.random.default_rng(14)
    for first in range(0, centres, CHUNK):
        size = min(CHUNK, centres - first)
        drawn = simulate_days(scenario, seed=15, replicates=size, first=first, truth=True)
        seen = drawn.items["stiffness"].copy()
        seen[..., 0] = drawn.behind.complete["stiffness"][..., 0]
        after = drawn.days >= 0
        how = {"before": BEFORE, "after": AFTER, "entry": "first rating"}
        for name in OTHERS:
            plain_ = drawn.items[name]
            found = untreated_contrast(seen, drawn.days, outcome=plain_, **how)
            _, t, critical = one_sample(found.change - found.expected)
            kept.setdefault((name, "nothing given", "false alarm rate"), []).append(
                np.abs(t) > critical
            )
            if name == "spasm_count":
                ratio = mean_ratio(found.before + found.change, found.before + found.expected)
                kept.setdefault(
                    ("spasm_count ratio", "nothing given", "false alarm rate"), []
                ).append(ratio["p_value"] < 0.05)
                there = np.where(np.isnan(plain_), 0, plain_).astype(int)
                moved = np.where(after & ~np.isnan(plain_), luck.binomial(there, THINNED), plain_)
                got = untreated_contrast(seen, drawn.days, outcome=moved, **how)
                ratio = mean_ratio(got.before + got.change, got.before + got.expected)
                inside = (ratio["conf_low"] <= THINNED) & (ratio["conf_high"] >= THINNED)
                kept.setdefault(
                    ("spasm_count ratio", "a true ratio of 0.7", "coverage"), []
                ).append(inside)
                continue
            moved = np.where(after, np.maximum(plain_ - 1, 0), plain_)
            got = untreated_contrast(seen, drawn.days, outcome=moved, **how)
            truth = float(np.nanmean(got.change - found.change))
            _, t, critical = one_sample(got.change - got.expected, truth)
            kept.setdefault((name, "a true fall of one point", "coverage"), []).append(
                np.abs(t) <= critical
            )
    return [(*key, float(np.concatenate(v).mean()), centres) for key, v in kept.items()]


def shares(people: int, centres: int) -> list[tuple[str, str, str, float, int]]:
    """Return how often shares of people and bad days raise a false alarm, and cover a true change."""
    from scipy.special import stdtrit

    scenario = steady(DiaryScenario(n_people=people, entry_rating=4.0))
    inside: dict[str, list[tuple[float, float, float]]] = {}
    alarms: dict[str, list[bool]] = {}
    for first in range(0, centres, 64):
        size = min(64, centres - first)
        still = simulate_ratings(scenario, seed=16, replicates=size, first=first)
        moved = simulate_ratings(
            replace(scenario, change=CHANGE), seed=16, replicates=size, first=first
        )
        for given, drawn in ((False, still), (True, moved)):
            seen = drawn.seen.copy()
            seen[..., 0] = still.score[..., 0]
            for r in range(size):
                grid = Days(
                    person_id=np.arange(people).astype(object), days=drawn.days, seen=seen[r]
                )
                got = beyond_twin(grid, STATISTICS, before=BEFORE, after=AFTER,
                                  entry="first rating", seed=first + r)  # fmt: skip
                reach = float(stdtrit(got.groups - 1, 0.975))
                b, a = (window_weights(seen[r], drawn.days, w) for w in (BEFORE, AFTER))
                both = b.any(axis=-1) & a.any(axis=-1)
                for name, statistic in STATISTICS.items():
                    beyond, error = got.observed[name] - got.expected[name], got.std_error[name]
                    if not given:
                        alarms.setdefault(name, []).append(abs(beyond) > reach * error)
                        continue
                    real, none = (
                        float(statistic(Seen(ratings=ratings[both], weights_before=b[both],
                                             weights_after=a[both])))
                        for ratings in (seen[r], np.where(np.isnan(seen[r]), np.nan, still.score[r]))
                    )  # fmt: skip
                    inside.setdefault(name, []).append(
                        (real - none, beyond - reach * error, beyond + reach * error)
                    )
    rows = []
    for name in STATISTICS:
        rows.append((f"stiffness, {name}", "nothing given", "false alarm rate",
                     float(np.mean(alarms[name])), centres))  # fmt: skip
        truth, low, high = np.array(inside[name]).T
        held = (low <= truth.mean()) & (high >= truth.mean())
        rows.append((f"stiffness, {name}", "a true fall of one point", "coverage",
                     float(held.mean()), centres))  # fmt: skip
    return rows


def as_markdown(table: pd.DataFrame) -> str:
    """Return the table of the page: a line a situation, a column a size."""
    shown = table[table["measure"].isin(["false alarm rate", "coverage"])]
    shown = shown.assign(term=np.where(
        shown["outcome"] == "stiffness", shown["term"],
        shown["outcome"].str.replace("_", " ") + ": " + shown["term"],
    ))  # fmt: skip
    sizes = sorted(shown["people"].unique())
    lines = ["", "| situation | " + " | ".join(f"{n} people" for n in sizes) + " |",
             "|---|" + "--:|" * len(sizes)]  # fmt: skip
    for (group, term), part in shown.groupby(["group", "term"], sort=False):
        rates = part.set_index("people")["estimate"]
        label = f"{term} (covered)" if (part["measure"] == "coverage").all() else str(term)
        mark = "" if group == "inside the model" else "*outside:* "
        lines.append(
            f"| {mark}{label} | " + " | ".join(f"{100 * rates[n]:.1f} %" for n in sizes) + " |"
        )
    return "\n".join([*lines, "", ""])


def main() -> None:
    """Measure every situation at every size, print and write the table."""
    centres = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    standard: tuple[Window, Window, Entry] = (BEFORE, AFTER, "first rating")
    situations = [
        ("inside the model", "nothing given", plain(), standard),
        ("inside the model", "nothing given, 7-day windows", plain(), (BEFORE, SHORT, "first rating")),
        ("inside the model", "nothing given, the entry week as 'before'", plain(), (ENTRY_WEEK, AFTER, "first rating")),
        ("inside the model", "nothing given, slow drift half as large again", plain(drift_sd=1.5), standard),
        ("inside the model", "nothing given, anybody could come", plain(entry_rating=None), standard),
        ("inside the model", f"nothing given, {FIRST_WEEK}, and says so", odd(FIRST_WEEK),
         (BEFORE, AFTER, "first week")),
        ("outside the model", "infections, relapses, hot and cold spells, changes of medicine",
         plain(eventful=True), standard),
        *(
            ("outside the model", kind, odd(kind), standard)
            for kind in (
                "heavy tails: sudden very bad or very good days",
                "stopped writing after bad weeks",
                FIRST_WEEK,
                "came in by a rating a week before the diary",
                "came in during a flare of weeks",
            )
        ),
    ]  # fmt: skip
    rows = []
    start = time.perf_counter()
    print(f"{'':52}{'people':>7}{'flag %':>8}{'± ':>6}{'plain t %':>11}{'beyond':>8}")
    for people in SIZES:
        for group, term, world, windows in situations:
            got = rates(world, people, centres, *windows)
            error = np.sqrt(got["flag"] * (1 - got["flag"]) / centres)
            print(f"{term:52}{people:7}{100 * got['flag']:8.1f}{100 * error:6.1f}"
                  f"{100 * got['naive']:11.1f}{got['beyond']:8.2f}", flush=True)  # fmt: skip
            method = f"simulated; a plain paired t test: {100 * got['naive']:.1f} %"
            rows.append((people, "stiffness", group, term, "false alarm rate", got["flag"], error,
                         centres, method))  # fmt: skip
            rows.append((people, "stiffness", group, term, "bias", got["beyond"], np.nan, centres,
                         method))  # fmt: skip
        share, truth = coverage(people, centres)
        error = np.sqrt(share * (1 - share) / centres)
        print(f"{f'interval covers a true change of {truth:.2f}':52}{people:7}{100 * share:8.1f}"
              f"{100 * error:6.1f}", flush=True)  # fmt: skip
        rows.append((people, "stiffness", "inside the model", "a true fall of one point",
                     "coverage", share, error, centres, f"true change {truth:.2f}"))  # fmt: skip
        more = others(people, centres) + shares(people, max(100, centres // 4))
        for outcome, term, measure, rate, number in more:
            error = np.sqrt(rate * (1 - rate) / number)
            print(f"{f'{outcome}: {term}, {measure}':52}{people:7}{100 * rate:8.1f}{100 * error:6.1f}",
                  flush=True)  # fmt: skip
            rows.append((people, outcome, "inside the model", term, measure, rate, error, number,
                         "simulated"))  # fmt: skip
    table = pd.DataFrame(rows, columns=["people", "outcome", "group", "term", "measure", "estimate",
                                        "std_error", "n", "method"])  # fmt: skip
    table = table.round(4)
    table.to_csv(OUT, index=False, lineterminator="\n")
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text(before + BEGIN + as_markdown(table) + END + after, encoding="utf-8")
    print(f"{time.perf_counter() - start:.0f} s; written to {OUT.name}")


if __name__ == "__main__":
    main()
