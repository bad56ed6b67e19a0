"""Bootstrap and permutation: answers of R and SciPy, every resample listed, laws, known truths."""

from __future__ import annotations

import itertools
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from msspas_analysis.estimate.permutation import EXACT_UP_TO, permutation_test
from msspas_analysis.estimate.resampling import bootstrap_ends, bootstrap_interval, resampled
from msspas_analysis.estimate.windows import RowsAreNotPeopleError

REFERENCE = Path(__file__).parent / "reference"
ORACLE = pd.read_csv(REFERENCE / "resampling.csv")
METHODS = ("percentile", "basic", "bca")
QUICK = settings(max_examples=30, deadline=None)


def of_r(dataset: str, measure: str, level: float | None = None) -> dict[str, float]:
    part = ORACLE[ORACLE["dataset"].eq(dataset) & ORACLE["measure"].eq(measure)]
    at = part["conf_level"].isna() if level is None else np.isclose(part["conf_level"], level)
    return part[at].set_index("quantity")["value"].to_dict()


def deviation(x):
    return np.std(x, axis=-1, ddof=1)


def drawn(n: int, resamples: int, shift: int) -> np.ndarray:
    """The resamples that resampling.R makes by arithmetic."""
    b = np.arange(resamples, dtype=np.int64)[:, None] + 1 + shift
    j = np.arange(n, dtype=np.int64)[None] + 7
    v = (b**2 % 99991) * (j**3 % 99991) % 99991
    return np.floor(v / 99991 * n).astype(np.int64)


class Given:
    """Stands in for a generator and hands out resamples made beforehand."""

    def __init__(self, index: np.ndarray) -> None:
        self.index, self.at = index, 0

    def integers(self, low, high, shape, dtype):
        assert low == 0
        assert shape[1] == high == self.index.shape[1]
        self.at += shape[0]
        return self.index[self.at - shape[0] : self.at].astype(dtype)


def hand_out(monkeypatch, *index: np.ndarray) -> None:
    streams = iter([Given(one) for one in index])
    monkeypatch.setattr(np.random, "default_rng", lambda seed: next(streams))


def every(*sizes: int) -> list[np.ndarray]:
    """All resamples of arms of these sizes."""
    each = [list(itertools.product(range(n), repeat=n)) for n in sizes]
    return [np.array(one) for one in zip(*itertools.product(*each), strict=True)]


def row_of(*args, **kwargs):
    return bootstrap_interval(*args, **kwargs).table.iloc[0]


def test_of(*args, **kwargs):
    return permutation_test(*args, **{"seed": 1} | kwargs).table.iloc[0]


test_of.__test__ = False  # a short name, not a test


# ------------------------------------------------------------------------------- bootstrap: oracles

ONE_SAMPLE = {"mean": "mean", "trimmed_mean": "trimmed_mean", "sd": deviation}


def one_sample(name: str) -> np.ndarray:
    if name == "anorexia":
        data = pd.read_csv(REFERENCE / "anorexia.csv")
        return np.round(data["Postwt"] - data["Prewt"], 10).to_numpy()
    data = pd.read_csv(REFERENCE / "sleep.csv")
    return (data["drug2"] - data["drug1"]).to_numpy()


@pytest.mark.oracle("bootstrap_interval bootstrap_ends resampled", "R boot 1.3: boot.ci")
@pytest.mark.parametrize("level", [0.90, 0.95, 0.99])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("measure", ONE_SAMPLE)
@pytest.mark.parametrize("name", ["anorexia", "sleep"])
def test_intervals_from_the_same_resamples_are_those_of_boot(
    name, measure, method, level, monkeypatch
):
    want = of_r(name, measure, level)
    x = one_sample(name)
    hand_out(monkeypatch, drawn(len(x), 1999, 0))
    row = row_of(x[::-1], ONE_SAMPLE[measure], seed=1, method=method, n_resamples=1999,
                 conf_level=level)  # fmt: skip
    got = [row["estimate"], row["std_error"], row["conf_low"], row["conf_high"]]
    # boot has resamples that equal the estimate not below it, this package half below: where there
    # are some, the script counted halves and went on with boot's own quantiles
    key = "half" if method == "bca" and want["ties"] else method
    right = [want[q] for q in ("estimate", "std_error", f"{key}_low", f"{key}_high")]
    # R's numbers are rounded to 10 digits, to see what is equal
    np.testing.assert_allclose(got, right, rtol=1e-9, atol=1e-9)


@pytest.mark.oracle("bootstrap_interval bootstrap_ends resampled", "R boot 1.3: boot.ci")
@pytest.mark.parametrize("level", [0.90, 0.95, 0.99])
@pytest.mark.parametrize("method", METHODS)
def test_intervals_of_two_arms_from_the_same_resamples_are_those_of_boot(
    method, level, monkeypatch
):
    want = of_r("btheb", "mean_difference", level)
    data = pd.read_csv(REFERENCE / "bthe_b.csv")
    sizes = data.dropna(subset=["bdi.2m"]).groupby("treatment").size()
    hand_out(monkeypatch, drawn(sizes["BtheB"], 1999, 0), drawn(sizes["TAU"], 1999, 500))
    row = row_of(data["bdi.2m"], "mean_difference", arm=data["treatment"], control="TAU", seed=1,
                 method=method, n_resamples=1999, conf_level=level)  # fmt: skip
    got = [row["estimate"], row["std_error"], row["conf_low"], row["conf_high"]]
    # boot has resamples that equal the estimate not below it, this package half below: where there
    # are some, the script counted halves and went on with boot's own quantiles
    key = "half" if method == "bca" and want["ties"] else method
    right = [want[q] for q in ("estimate", "std_error", f"{key}_low", f"{key}_high")]
    # R's numbers are rounded to 10 digits, to see what is equal
    np.testing.assert_allclose(got, right, rtol=1e-9, atol=1e-9)
    assert (row["n"], row["n_missing"]) == (97, 3)


SKEWED = np.random.default_rng(3).exponential(size=25).round(3)
LATER = (0.6 * SKEWED + np.random.default_rng(4).exponential(size=25)).round(3)


@pytest.mark.oracle("bootstrap_ends", "scipy.stats.bootstrap, the same resamples")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("statistic", [np.mean, np.median, deviation])
def test_ends_from_the_same_resamples_are_those_of_scipy(method, statistic):
    x, m = SKEWED, 50_000
    index = np.random.default_rng(5).integers(0, 25, (m, 25))

    def along(sample, axis=-1):
        return deviation(sample) if statistic is deviation else statistic(sample, axis=axis)

    t, seen = along(x[index]), float(statistic(x))
    left = [np.array([statistic(np.delete(x, i)) for i in range(25)])]
    low, high, outermost = bootstrap_ends(seen, t, method=method, jackknife=left)
    theirs = stats.bootstrap(
        (x,), along, n_resamples=0, method="BCa" if method == "bca" else method,
        bootstrap_result=SimpleNamespace(bootstrap_distribution=t), vectorized=True,
    ).confidence_interval  # fmt: skip
    # of 50,000 sorted numbers the two cut at places (m + 1) p and (m - 1) p + 1, up to one apart;
    # in the thin tail where BCa cuts a place is some 0.01 standard deviations
    np.testing.assert_allclose([low, high], theirs, atol=0.02 * t.std())
    assert not outermost


SCIPY = {
    "mean": ((SKEWED,), "mean", {}, np.mean, False),
    "own function": ((SKEWED,), deviation, {}, lambda x, axis=-1: x.std(axis=axis, ddof=1), False),
    "two arms": (
        (SKEWED, LATER), "mean_difference", {},
        lambda x, y, axis=-1: x.mean(axis=axis) - y.mean(axis=axis), False,
    ),
    "pairs": (
        (SKEWED, LATER), "mean_difference", {},
        lambda x, y, axis=-1: (y - x).mean(axis=axis), True,
    ),
    "own function of pairs": (
        (SKEWED, LATER), lambda x, y: y.mean(axis=-1) / x.mean(axis=-1), {},
        lambda x, y, axis=-1: y.mean(axis=axis) / x.mean(axis=axis), True,
    ),
}  # fmt: skip


@pytest.mark.oracle("bootstrap_interval", "scipy.stats.bootstrap, 50,000 resamples of its own")
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("case", SCIPY)
def test_intervals_are_those_of_scipy_within_monte_carlo_error(case, method):
    samples, mine, how, theirs, paired = SCIPY[case]
    m = 50_000
    values = np.column_stack(samples) if paired else np.concatenate(samples)
    if len(samples) == 2 and not paired:
        how = {"arm": np.repeat(["drug", "sham"], 25), "control": "sham"}
    row = row_of(values, mine, seed=6, method=method, n_resamples=m, **how)
    other = stats.bootstrap(
        samples, theirs, n_resamples=m, method="BCa" if method == "bca" else method, paired=paired,
        vectorized=True, rng=np.random.default_rng(7), batch=5000,
    )  # fmt: skip
    # a 2.5 % quantile of 50,000 normal draws has an error of 0.012 standard deviations, the
    # difference of two 0.017; BCa adds that of the share below. Five of them, on the flatter tail
    room = 0.12 * other.standard_error
    ends = [row["conf_low"], row["conf_high"]]
    np.testing.assert_allclose(ends, other.confidence_interval, atol=room)
    assert row["std_error"] == pytest.approx(other.standard_error, rel=0.03)


# ---------------------------------------------------------------- bootstrap: every resample listed


def ideal(t: np.ndarray, p: float) -> float:
    """Smallest value with at least a share p of all resamples at or below it."""
    return float(np.sort(t)[int(np.ceil(p * len(t) - 1e-9)) - 1])


def tails_of(estimate, t, method, level, left):
    tails = np.array([0.5 - level / 2, 0.5 + level / 2])
    if method != "bca":
        return tails
    z0 = stats.norm.ppf(np.mean(t < estimate - 1e-9) + np.mean(abs(t - estimate) < 1e-9) / 2)
    pull = np.concatenate([(len(v) - 1) / len(v) * (v.mean() - v) for v in left])
    a = np.sum(pull**3) / 6 / np.sum(pull**2) ** 1.5
    z = z0 + stats.norm.ppf(tails)
    return stats.norm.cdf(z0 + z / (1 - a * z))


def without(x, f):
    return np.array([f(np.delete(x, i, axis=0)) for i in range(len(x))])


LISTED = {
    "mean of 4": ([0.0, 0, 2, 9], {}, np.mean, "mean"),
    "mean of 5": ([1.0, 2, 3, 3, 20], {}, np.mean, "mean"),
    "median of 5": ([1.0, 2, 4, 8, 16], {}, np.median, "median"),
    "trimmed mean of 5": ([1.0, 2, 2, 8, 16], {}, lambda v: np.sort(v)[1:-1].mean(),
                          "trimmed_mean"),
    "largest less smallest of 4": ([1.0, 2, 4, 9], {}, np.ptp, lambda x: np.ptp(x, axis=-1)),
}  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("case", LISTED)
def test_many_resamples_come_to_what_all_of_them_give(case, method):
    values, how, f, statistic = LISTED[case]
    x = np.array(values)
    t = np.array([f(x[list(i)]) for i in itertools.product(range(len(x)), repeat=len(x))])
    left, seen, m = [without(x, f)], float(f(x)), 40_000
    hits = 0
    for level in (0.70, 0.80, 0.90):
        tails = tails_of(seen, t, method, level, left)
        row = row_of(x, statistic, seed=8, method=method, n_resamples=m, conf_level=level, **how)
        assert row["estimate"] == pytest.approx(seen, rel=1e-12)
        # the exact standard deviation; its Monte Carlo error is below 1 %
        assert row["std_error"] == pytest.approx(t.std(), rel=0.03)
        ends = [row["conf_low"], row["conf_high"]]
        if method == "basic":
            ends = [2 * seen - ends[1], 2 * seen - ends[0]]
        for end, tail in zip(ends, tails, strict=True):
            # five errors of a share of 40,000, and the error of z0; then the quantile is one atom
            around = {ideal(t, min(max(tail + d, 1e-9), 1)) for d in (-0.02, 0, 0.02)}
            if len(around) == 1:
                hits += 1
                assert end == pytest.approx(ideal(t, tail), rel=1e-9, abs=1e-9)
            else:
                assert min(around) - 1e-9 <= end <= max(around) + 1e-9
    assert hits, "no quantile was sure: the test says nothing"


@pytest.mark.parametrize("method", METHODS)
def test_all_resamples_of_people_with_many_rows_give_the_exact_interval(method, monkeypatch):
    rows = {"A": [1.0, 2.0, 3.0], "B": [7.0], "C": [4.0, 4.5], "D": [10.0, 12.0, 9.0, 8.0]}
    names = list(rows)
    index = every(4)
    hand_out(monkeypatch, *index)

    def f(people):
        return np.mean([v for p in people for v in rows[p]])

    t = np.array([f([names[i] for i in one]) for one in index[0]])
    seen, left = f(names), [np.array([f([n for n in names if n != p]) for p in names])]
    person = np.repeat(names, [len(v) for v in rows.values()])
    row = row_of(np.concatenate(list(rows.values())), "mean", person=person, seed=1, method=method,
                 n_resamples=256, conf_level=0.90)  # fmt: skip
    assert row["estimate"] == pytest.approx(seen, rel=1e-12)
    assert row["n"] == 4
    assert row["std_error"] == pytest.approx(t.std(ddof=1), rel=1e-12)
    tails = tails_of(seen, t, method, 0.90, left)
    if method == "basic":
        low, high = 2 * seen - np.array([row["conf_high"], row["conf_low"]])
    else:
        low, high = row["conf_low"], row["conf_high"]
    ordered = np.sort(t)
    for end, tail in ((low, tails[0]), (high, tails[1])):
        k = int(np.floor(257 * tail))
        assert ordered[k - 1] - 1e-12 <= end <= ordered[k] + 1e-12
    got = bootstrap_ends(seen, t, method=method, conf_level=0.90, jackknife=left)
    np.testing.assert_allclose([row["conf_low"], row["conf_high"]], got[:2], rtol=1e-12)


def test_all_resamples_of_two_arms_have_the_exact_error(monkeypatch):
    x, y = np.array([1.0, 5.0, 6.0]), np.array([0.0, 2.0, 2.0])
    index = every(3, 3)
    hand_out(monkeypatch, *index)
    row = row_of([*y, *x], "mean_difference", arm=list("bbbaaa"), control="b", seed=1,
                 n_resamples=729, method="percentile", conf_level=0.90)  # fmt: skip
    assert row["estimate"] == pytest.approx(x.mean() - y.mean(), rel=1e-12)
    exact = np.sqrt(x.var() / 3 + y.var() / 3)
    assert row["std_error"] == pytest.approx(exact * np.sqrt(729 / 728), rel=1e-12)


def test_resamples_are_drawn_evenly_and_arms_apart():
    counts = np.zeros((2, 4))
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(9).spawn(2)]

    def count(index):
        for arm, i in enumerate(index):
            counts[arm] += np.bincount(np.asarray(i).ravel(), minlength=4)
        return np.asarray(index[0]).mean(axis=1) - np.asarray(index[1]).mean(axis=1)

    t = resampled(count, [4, 4], 10_000, 999, rng=streams)
    assert stats.chisquare(counts.ravel()).pvalue > 0.001
    # apart: the variance of the difference is the sum of both, 2 * 1.25 / 4
    assert t.var() == pytest.approx(0.625, rel=0.06)


def test_ends_at_whole_ranks_by_hand():
    t = np.arange(1.0, 20.0)
    assert bootstrap_ends(10.0, t, method="percentile", conf_level=0.90) == (1.0, 19.0, False)
    assert bootstrap_ends(12.0, t, method="basic", conf_level=0.80)[:2] == (6.0, 22.0)
    # no bias, no acceleration: BCa is the percentile interval
    got = bootstrap_ends(10.0, t, conf_level=0.80, jackknife=[[1.0, 2.0, 3.0]])
    np.testing.assert_allclose(got[:2], (2.0, 18.0))
    assert bootstrap_ends(10.0, t, method="percentile", conf_level=0.95)[2]
    assert np.isnan(bootstrap_ends(0.0, t, jackknife=[[1.0, 2.0, 3.0]])[0])
    assert bootstrap_ends(1.0, [1.0, 1.0, 1.0]) == (1.0, 1.0, False)


# ------------------------------------------------------------------------------ bootstrap: the truth


def test_bca_of_skewed_scores_covers_nearly_as_often_as_it_says():
    # 500 draws of 30 exponential people, Monte Carlo error 0.0115: 95 % intervals of the mean are
    # known to reach some 0.93 there, so 0.90 to 0.97 is asked for
    rng, inside, above, below = np.random.default_rng(20), 0, 0, 0
    for seed in range(500):
        row = row_of(rng.exponential(size=30), "mean", seed=seed, n_resamples=1000)
        inside += row["conf_low"] <= 1 <= row["conf_high"]
        above += row["conf_high"] < 1
        below += row["conf_low"] > 1
    assert 0.90 <= inside / 500 <= 0.97
    assert above > below  # it misses on the side of the long tail, and less than a t interval does


def test_days_of_one_person_do_not_count_as_people():
    # 200 draws of 25 people with 8 days, nearly all spread between people; Monte Carlo error 0.02
    rng, by_person, by_row = np.random.default_rng(21), 0, 0
    who = np.repeat(np.arange(25), 8)
    for seed in range(200):
        x = np.repeat(rng.normal(0, 2, 25), 8) + rng.normal(0, 0.5, 200)
        for person in (who, None):
            row = row_of(x, "mean", person=person, seed=seed, n_resamples=500, method="percentile")
            covers = row["conf_low"] <= 0 <= row["conf_high"]
            by_person += covers if person is not None else 0
            by_row += covers if person is None else 0
    assert 0.87 <= by_person / 200 <= 0.98
    assert by_row / 200 < 0.60


# -------------------------------------------------------------------------------- bootstrap: laws

SCORES = st.lists(st.integers(0, 40).map(lambda v: v / 4), min_size=5, max_size=12)
FEW = {"n_resamples": 199, "seed": 5}


def numbers(row, *but):
    keep = [c for c in ("estimate", "std_error", "conf_low", "conf_high", "n", "n_missing")
            if c not in but]  # fmt: skip
    return np.array([row[c] for c in keep], float)


@given(SCORES, st.randoms(), st.sampled_from(["mean", "median", "trimmed_mean", deviation]))
@QUICK
def test_order_of_rows_and_size_of_chunks_do_not_matter(x, shuffle, statistic):
    assume(np.ptp(x) > 0)
    person = [f"P{i % 4}" for i in range(len(x))] if statistic == "mean" else range(len(x))
    order = list(range(len(x)))
    first = row_of(x, statistic, person=list(person), **FEW)
    shuffle.shuffle(order)
    again = row_of([x[i] for i in order], statistic, person=[list(person)[i] for i in order], **FEW)
    np.testing.assert_array_equal(numbers(first), numbers(again))
    for chunk in (1, 7, 1000):
        other = row_of(x, statistic, person=list(person), chunk=chunk, **FEW)
        np.testing.assert_allclose(numbers(first), numbers(other), rtol=1e-12, atol=1e-12)


@given(SCORES, st.floats(-9, 9), st.floats(0.1, 9), st.sampled_from(METHODS))
@QUICK
def test_shift_and_scale_move_the_interval_with_them(x, shift, scale, method):
    assume(np.ptp(x) > 0)
    first = row_of(x, "mean", method=method, **FEW)
    other = row_of(shift + scale * np.array(x), "mean", method=method, **FEW)
    want = [shift + scale * first[c] for c in ("estimate", "conf_low", "conf_high")]
    got = [other[c] for c in ("estimate", "conf_low", "conf_high")]
    np.testing.assert_allclose(got, want, rtol=1e-7, atol=1e-7)


def test_ties_that_rounding_hides_are_found_where_the_estimate_is_next_to_0():
    tenths = np.array([-7, -6, -5, -3, -1, 1, 2, 4, 7, 8])
    assert tenths.sum() == 0
    assert (tenths / 10).mean() != 0  # 1e-17 or so, and so are the resamples that equal it
    whole, stored = row_of(tenths, "mean", **FEW), row_of(tenths / 10, "mean", **FEW)
    np.testing.assert_allclose(
        [stored["conf_low"], stored["conf_high"]],
        [whole["conf_low"] / 10, whole["conf_high"] / 10],
        rtol=1e-9,
    )


@given(SCORES, st.sampled_from(["mean", "median"]))
@QUICK
def test_a_person_without_a_score_changes_n_missing_only(x, statistic):
    assume(np.ptp(x) > 0)
    who = [f"P{i}" for i in range(len(x))]
    first = row_of(x, statistic, person=who, **FEW)
    second = row_of([*x, np.nan], statistic, person=[*who, "Q"], **FEW)
    np.testing.assert_array_equal(numbers(first, "n_missing"), numbers(second, "n_missing"))
    assert second["n_missing"] == 1
    # a row without a score of somebody who has others is no person lost
    third = row_of([*x, np.nan], statistic, person=[*who, "P0"], **FEW)
    np.testing.assert_array_equal(numbers(first), numbers(third))


@given(SCORES, st.integers(2, 4))
@QUICK
def test_equal_rows_of_a_person_are_one_row(x, days):
    assume(np.ptp(x) > 0)
    who = [f"P{i:02d}" for i in range(len(x))]
    first = row_of(x, "mean", person=who, **FEW)
    second = row_of(np.repeat(x, days), "mean", person=np.repeat(who, days), **FEW)
    np.testing.assert_allclose(numbers(first), numbers(second), rtol=1e-7, atol=1e-7)


def test_a_function_of_ones_own_that_is_the_mean_gives_the_mean():
    rng = np.random.default_rng(22)
    x, who = rng.normal(size=40), rng.integers(0, 12, 40)
    first = row_of(x, "mean", person=who, **FEW)
    second = row_of(x, lambda v: np.nanmean(v, axis=-1), person=who, **FEW)
    np.testing.assert_allclose(numbers(first), numbers(second), rtol=1e-9)
    arm = np.where(who < 6, "drug", "sham")
    first = row_of(x, "mean_difference", person=who, arm=arm, control="sham", **FEW)
    second = row_of(x, lambda a, b: np.nanmean(a, axis=-1) - np.nanmean(b, axis=-1), person=who,
                    arm=arm, control="sham", **FEW)  # fmt: skip
    np.testing.assert_allclose(numbers(first), numbers(second), rtol=1e-9)


@pytest.mark.parametrize("days", [1, 3])
def test_trimming_nothing_is_the_mean_and_trimming_most_the_median(days):
    rng = np.random.default_rng(23)
    who = np.concatenate([np.repeat(np.arange(9), days), [0] * (days - 1)])
    x = rng.normal(size=len(who))
    for trim, other in ((0.0, "mean"), (0.4999, "median")):
        first = row_of(x, "trimmed_mean", trim=trim, person=who, **FEW)
        np.testing.assert_allclose(numbers(first), numbers(row_of(x, other, person=who, **FEW)))


def test_medians_of_pairs_and_arms_are_subtracted_the_right_way_round():
    pairs = np.array([[5.0, 1], [6, 2], [7, 6], [8, 3], [9, 5]])
    assert row_of(pairs, "difference_of_medians", **FEW)["estimate"] == 3 - 7
    assert row_of(pairs, "mean_difference", **FEW)["estimate"] == pytest.approx(3.4 - 7)
    arm = list("aaaaabbbbb")
    row = row_of(pairs.T.ravel(), "difference_of_medians", arm=arm, control="b", **FEW)
    assert row["estimate"] == 7 - 3
    assert row["term"] == "a v b"
    turned = row_of(pairs.T.ravel(), "difference_of_medians", arm=arm, control="a", **FEW)
    assert turned["estimate"] == 3 - 7


def test_notes_say_what_the_interval_cannot():
    answer = bootstrap_interval([2.0, 2, 2, 2], seed=1)
    assert any("no width" in note for note in answer.notes)
    answer = bootstrap_interval([1.0, 2, 9], lambda x: x.max(axis=-1) + 1e-3 * (x.shape[0] == 1),
                                seed=1)  # fmt: skip
    assert np.isnan(answer.table["conf_low"].iloc[0])
    assert any("BCa does not exist" in note for note in answer.notes)
    answer = bootstrap_interval(SKEWED, seed=1, n_resamples=39)
    assert any("outermost" in note for note in answer.notes)
    answer = bootstrap_interval(SKEWED, seed=1, n_resamples=39, method="percentile")
    assert not any("outermost" in note for note in answer.notes)
    seen = []
    bootstrap_interval([1.0, 2, 4, 3], seed=1, n_resamples=100, chunk=40,
                       progress=lambda done, of: seen.append((done, of)))  # fmt: skip
    assert seen == [(40, 100), (80, 100), (100, 100)]


# ------------------------------------------------------------------------------ permutation: oracles

SMALL = {
    "small": ([3, 5, 9, 4, 7, 8, 2, 6, 1, 5, 4], "aaaaabbbbbb", {}),
    "ties": ([4, 4, 5, 6, 6, 7, 1, 2, 2, 4, 4, 3, 5], "aaaaaabbbbbbb", {}),
    "even": ([3, 7, 5, 9, 8, 4, 2, 6, 1, 5, 3, 4], "aaaaaabbbbbb", {}),
    "strata": (
        [4, 6, 5, 9, 2, 3, 8, 7, 7, 5, 1, 4, 6, 2],
        ["ba"[v] for v in [0, 1, 0, 1, 0, 0, 1, 0, 1, 1, 0, 1, 0, 0]],
        {"within": [1] * 5 + [2] * 5 + [3] * 4},
    ),
}
CENTRE = [1, 1, 1, 2, 2, 3, 3, 4, 4, 4, 4, 5, 5, 6, 6, 7, 7]
AT_CENTRES = [5, 7, 6, 8, 9, 7, 3, 4, 6, 2, 5, 1, 4, 4, 8, 6, 3]
BEFORE, AFTER = [5, 6, 7, 4, 8, 6, 5, 9, 3, 6], [4, 6, 5, 5, 5, 4, 5, 6, 3, 4]
PERIODS = np.column_stack([[6, 5, 8, 7, 4, 6, 3, 5, 5], [4, 5, 5, 6, 1, 7, 5, 6, 8]])


def check(row, want):
    assert row["estimate"] == pytest.approx(want["estimate"], rel=1e-9)
    for program in ("p_value", "coin", "perm_test"):
        if program in want:
            assert row["p_value"] == pytest.approx(want[program], rel=1e-9)
    assert row["method"].endswith("exact")


@pytest.mark.oracle("permutation_test", "R coin 1.4 oneway_test, exactRankTests 0.8 perm.test")
@pytest.mark.parametrize("name", SMALL)
def test_exact_p_values_of_arms_are_those_of_r(name):
    values, arm, how = SMALL[name]
    answer = permutation_test(values, list(arm), control="b", seed=1, **how)
    check(answer.table.iloc[0], of_r(name, "arms"))
    assert f"All {of_r(name, 'arms')['arrangements']:,.0f} arrangements" in answer.notes[0]


@pytest.mark.oracle("permutation_test", "R 4.2.2, every arrangement listed (resampling.R)")
@pytest.mark.parametrize("level", [0.80, 0.95])
@pytest.mark.parametrize("name", ["small", "ties", "even"])
def test_intervals_are_those_that_r_finds_by_halving(name, level):
    values, arm, _ = SMALL[name]
    row, want = (
        test_of(values, list(arm), control="b", conf_level=level),
        of_r(name, "arms", level),
    )
    ends = [row["conf_low"], row["conf_high"]]
    # 30 halvings of 20 points end 2e-8 beside it
    np.testing.assert_allclose(ends, [want["conf_low"], want["conf_high"]], atol=3e-8)


@pytest.mark.oracle("permutation_test", "R 4.2.2, every arrangement listed (resampling.R)")
def test_exact_p_values_of_centres_pairs_and_sequences_are_those_of_r():
    arm = np.where(np.array(CENTRE) <= 3, "a", "b")
    row = test_of(AT_CENTRES, arm, control="b", design="centres", centre=CENTRE)
    check(row, of_r("centres", "centres"))
    arm = np.where(np.isin(CENTRE, [1, 3, 6, 7]), "a", "b")
    within = np.where(np.array(CENTRE) <= 4, 1, 2)
    row = test_of(AT_CENTRES, arm, control="b", design="centres", centre=CENTRE, within=within)
    check(row, of_r("matched", "centres"))
    row = test_of(np.column_stack([BEFORE, AFTER]), design="pairs")
    check(row, of_r("pairs", "pairs"))
    row = test_of(PERIODS, list("aaaaabbbb"), control="b", design="crossover")
    check(row, of_r("crossover", "crossover"))


@pytest.mark.oracle(
    "permutation_test", "R coin 1.4 oneway_test(distribution = 'exact'), drawn here"
)
@pytest.mark.parametrize("name", ["anorexia", "btheb"])
def test_drawn_p_values_come_to_the_exact_ones_of_coin(name):
    if name == "btheb":
        data = pd.read_csv(REFERENCE / "bthe_b.csv")
        values, arm, control = data["bdi.2m"], data["treatment"], "TAU"
    else:
        data = pd.read_csv(REFERENCE / "anorexia.csv").query("Treat != 'FT'")
        values, arm, control = data["Postwt"] - data["Prewt"], data["Treat"], "Cont"
    want = of_r(name, "arms")
    row = test_of(values, arm, control=control, n_resamples=19_999)
    assert row["method"].endswith("drawn")
    assert row["n"] == want["n"]
    # four Monte Carlo errors of 20,000 draws
    room = 4 * np.sqrt(want["coin"] * (1 - want["coin"]) / 20_000)
    assert row["p_value"] == pytest.approx(want["coin"], abs=room)


@pytest.mark.parametrize("name", ["strata", "uneven", "matched", "pairs"])
def test_drawn_p_values_come_to_the_exact_ones_of_every_design(name, monkeypatch):
    if name == "uneven":
        # two people far apart who must not come into one arm
        values = [0.0, 100, 1, 2, 3, 4, 5, 7]
        how = {"arm": list("baababab"), "control": "b", "within": [1, 1, 2, 2, 2, 2, 2, 2]}
    elif name == "matched":
        values, arm = AT_CENTRES, np.where(np.isin(CENTRE, [1, 3, 6, 7]), "a", "b")
        within = np.where(np.array(CENTRE) <= 4, 1, 2)
        how = {"arm": arm, "control": "b", "design": "centres", "centre": CENTRE, "within": within}
    else:
        values, how = DESIGNS[name]
    exact = test_of(values, **how)
    monkeypatch.setattr("msspas_analysis.estimate.permutation.EXACT_UP_TO", 1)
    row = test_of(values, n_resamples=19_999, **how)
    assert (exact["method"][-5:], row["method"][-5:]) == ("exact", "drawn")
    assert row["estimate"] == exact["estimate"]
    p = exact["p_value"]
    assert row["p_value"] == pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) / 20_000))


@pytest.mark.oracle("permutation_test", "scipy.stats.permutation_test, exact")
@pytest.mark.parametrize("kind", ["independent", "samples"])
def test_exact_p_values_are_those_of_scipy(kind):
    rng = np.random.default_rng(30)
    x, y = rng.exponential(size=7), rng.exponential(size=7 if kind == "samples" else 6) + 0.7
    theirs = stats.permutation_test(
        (x, y), lambda a, b, axis: np.mean(a, axis=axis) - np.mean(b, axis=axis),
        permutation_type=kind, n_resamples=np.inf, vectorized=True,
    )  # fmt: skip
    if kind == "samples":
        row = test_of(np.column_stack([y, x]), design="pairs")
    else:
        row = test_of([*x, *y], ["x"] * 7 + ["y"] * 6, control="y")
    assert row["estimate"] == pytest.approx(theirs.statistic, rel=1e-12)
    if kind == "samples":
        assert row["p_value"] == pytest.approx(theirs.pvalue, rel=1e-12)
    else:
        # scipy doubles the smaller tail, so count both tails of its distribution
        t, seen = theirs.null_distribution, abs(theirs.statistic)
        assert row["p_value"] == pytest.approx(np.mean(abs(t) >= seen - 1e-12), rel=1e-12)


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 1), st.booleans()), min_size=4, max_size=9)
)
@QUICK
def test_strata_by_least_squares_over_every_arrangement(people):
    score, stratum, first = (np.array(v, float) for v in zip(*people, strict=True))
    both = [len(set(first[stratum == s])) == 2 for s in set(stratum)]
    assume(any(both))
    arm = np.where(first == 1, "a", "b")
    dummies = np.column_stack([stratum == s for s in sorted(set(stratum))]).astype(float)

    def difference(z):
        return np.linalg.lstsq(np.column_stack([z, dummies]), score, rcond=None)[0][0]

    listed = []
    for chosen in itertools.product((0.0, 1.0), repeat=len(score)):
        z = np.array(chosen)
        if all(z[stratum == s].sum() == first[stratum == s].sum() for s in set(stratum)):
            listed.append(difference(z))
    seen = difference(first)
    row = test_of(score, arm, control="b", within=stratum)
    assert row["estimate"] == pytest.approx(seen, rel=1e-9, abs=1e-9)
    p = np.mean(np.abs(listed) >= abs(seen) - 1e-9)
    assert row["p_value"] == pytest.approx(p, rel=1e-9)


# --------------------------------------------------------------------------- permutation: the truth


def test_exact_tests_err_exactly_as_often_as_they_may():
    # over all arrangements of distinct scores a share floor(0.05 N) / N has p <= 0.05, by pairs
    x = np.array([0.0, 1, 3, 7, 12, 20, 33, 54])
    p = []
    for chosen in itertools.combinations(range(8), 4):
        arm = np.where(np.isin(np.arange(8), chosen), "a", "b")
        p.append(test_of(x, arm, control="b")["p_value"])
    p = np.array(p)
    assert np.mean(p <= 0.05) <= 0.05
    assert np.mean(p <= 0.05) == pytest.approx(2 / 70)
    assert all(np.mean(p <= q) == pytest.approx(q) for q in set(p))  # exact at every level it has


def test_drawn_tests_err_as_often_as_they_say():
    # 400 draws: Monte Carlo error 0.011, three of them allowed; 199 arrangements reach 0.05 exactly
    rng, wrong = np.random.default_rng(31), 0
    within = np.repeat(["A", "B", "C"], [12, 8, 6])
    level = np.repeat([0.0, 5.0, -3.0], [12, 8, 6])
    arm = np.array(list("aaaabbbbbbbb" + "aaaaaabb" + "aaabbb"))
    for seed in range(400):
        x = level + rng.exponential(size=26)
        row = permutation_test(x, arm, control="b", within=within, n_resamples=199, seed=seed)
        row = row.table.iloc[0]
        assert row["method"].endswith("drawn")
        wrong += row["p_value"] <= 0.05
    assert wrong / 400 == pytest.approx(0.05, abs=0.033)


def test_whole_centres_are_shuffled_as_a_whole():
    # 200 draws, Monte Carlo error 0.020: people of a centre are alike, so shuffling people errs
    rng, of_centres, of_people = np.random.default_rng(32), 0, 0
    centre = np.repeat(np.arange(8), 6)
    arm = np.where(centre < 4, "a", "b")
    for seed in range(200):
        x = rng.normal(size=8)[centre] + 0.5 * rng.normal(size=48)
        row = test_of(x, arm, control="b", design="centres", centre=centre)
        of_centres += row["p_value"] <= 0.10
        row = test_of(x, arm, control="b", n_resamples=199, seed=seed)
        of_people += row["p_value"] <= 0.10
    assert of_centres / 200 == pytest.approx(6 / 70, abs=0.06)  # 6 of 70 have p <= 0.10
    assert of_people / 200 > 0.30


def test_intervals_cover_as_often_as_they_say():
    # 400 draws, Monte Carlo error 0.011; 252 arrangements: the test has level 12 / 252 at most
    rng, inside = np.random.default_rng(33), 0
    for _ in range(400):
        x = rng.exponential(size=10)
        row = test_of(x + 2.0 * (np.arange(10) < 5), list("aaaaabbbbb"), control="b")
        inside += row["conf_low"] <= 2 <= row["conf_high"]
    assert inside / 400 == pytest.approx(1 - 12 / 252, abs=0.033)


# -------------------------------------------------------------------------------- permutation: laws

PEOPLE = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=5, max_size=9)


def two_arms(people):
    score, first = zip(*people, strict=True)
    assume(len(set(first)) == 2)
    return np.array(score, float), np.where(first, "a", "b")


ENDS = ["estimate", "conf_low", "conf_high"]


@given(PEOPLE, st.randoms(), st.floats(-5, 5), st.floats(0.1, 5))
@QUICK
def test_order_shift_and_scale_leave_p_and_swapped_arms_turn_the_sign(
    people, shuffle, shift, scale
):
    x, arm = two_arms(people)
    first = test_of(x, arm, control="b")
    order = np.arange(len(x))
    shuffle.shuffle(order)
    again = test_of(x[order], arm[order], control="b")
    pd.testing.assert_series_equal(first, again)
    swapped = test_of(x, arm, control="a")
    assert swapped["p_value"] == pytest.approx(first["p_value"], rel=1e-12)
    got = [-swapped["estimate"], -swapped["conf_high"], -swapped["conf_low"]]
    np.testing.assert_allclose(got, first[ENDS].to_numpy(float), atol=1e-9)
    other = test_of(shift + scale * x, arm, control="b")
    assert other["p_value"] == pytest.approx(first["p_value"], rel=1e-12)
    np.testing.assert_allclose(
        other[ENDS].to_numpy(float), scale * first[ENDS].to_numpy(float), atol=1e-8
    )


@given(PEOPLE, st.floats(-5, 5))
@QUICK
def test_a_difference_added_to_one_arm_moves_the_interval(people, step):
    x, arm = two_arms(people)
    first = test_of(x, arm, control="b", conf_level=0.8)
    other = test_of(x + step * (arm == "a"), arm, control="b", conf_level=0.8)
    np.testing.assert_allclose(
        other[ENDS].to_numpy(float), first[ENDS].to_numpy(float) + step, atol=1e-8
    )


DESIGNS = {
    "arms": (SMALL["small"][0], {"arm": list(SMALL["small"][1]), "control": "b"}),
    "strata": (
        SMALL["strata"][0], {"arm": SMALL["strata"][1], "control": "b", **SMALL["strata"][2]},
    ),
    "centres": (
        AT_CENTRES,
        {"arm": np.where(np.array(CENTRE) <= 3, "a", "b"), "control": "b", "design": "centres",
         "centre": CENTRE},
    ),
    "pairs": (np.column_stack([BEFORE, AFTER]), {"design": "pairs"}),
    "crossover": (PERIODS, {"arm": list("aaaaabbbb"), "control": "b", "design": "crossover"}),
}  # fmt: skip


def less(values, how, t):
    """The scores with a true difference t taken out, as the design has it."""
    x = np.array(values, float)
    if how.get("design") == "pairs":
        x[:, 1] -= t
    elif how.get("design") == "crossover":
        x[np.array(how["arm"]) == "a", 0] -= t
        x[np.array(how["arm"]) == "b", 1] -= t
    else:
        x -= t * (np.array(how["arm"]) == "a")
    return x


@pytest.mark.parametrize("level", [0.70, 0.80, 0.90])
@pytest.mark.parametrize("name", DESIGNS)
def test_the_interval_holds_what_the_test_does_not_reject(name, level):
    values, how = DESIGNS[name]
    row = test_of(values, conf_level=level, **how)
    alpha = 1 - level
    for end, out in ((row["conf_low"], -1), (row["conf_high"], 1)):
        if np.isinf(end):
            continue
        inside = test_of(less(values, how, end - out * 1e-6), **how)["p_value"]
        outside = test_of(less(values, how, end + out * 1e-6), **how)["p_value"]
        assert inside > alpha - 1e-12
        assert outside <= alpha + 1e-12
    assert np.isfinite([row["conf_low"], row["conf_high"]]).all()


def test_what_belongs_to_strata_and_periods_changes_nothing():
    values, how = DESIGNS["strata"]
    first = test_of(values, **how)
    moved = np.array(values) + 10.0 * np.array(how["within"])
    other = test_of(moved, **how)
    np.testing.assert_allclose(other[ENDS].to_numpy(float), first[ENDS].to_numpy(float), atol=1e-9)
    assert other["p_value"] == first["p_value"]
    values, how = DESIGNS["crossover"]
    first = test_of(values, **how)
    other = test_of(values + np.array([0.0, 7.0]), **how)
    np.testing.assert_allclose(other[ENDS].to_numpy(float), first[ENDS].to_numpy(float), atol=1e-9)
    assert other["p_value"] == first["p_value"]


@pytest.mark.parametrize("name", DESIGNS)
def test_somebody_without_a_score_changes_n_missing_only(name):
    values, how = DESIGNS[name]
    x = np.array(values, float)
    more = np.vstack([x, [1.0, np.nan]]) if x.ndim == 2 else np.append(x, np.nan)
    longer = {
        key: [*given, given[-1]] if key in ("arm", "within", "centre") else given
        for key, given in how.items()
    }
    first, second = permutation_test(x, seed=1, **how), permutation_test(more, seed=1, **longer)
    pd.testing.assert_frame_equal(
        first.table.drop(columns="n_missing"), second.table.drop(columns="n_missing")
    )
    assert second.table["n_missing"].iloc[0] == 1
    assert any("have no score" in note for note in second.notes)


def test_chunks_do_not_matter_and_progress_is_told():
    rng = np.random.default_rng(34)
    x, arm = rng.normal(size=24), list("ab" * 12)
    first = test_of(x, arm, control="b", n_resamples=500)
    for chunk in (1, 33, 1000):
        seen: list[tuple[int, int]] = []
        other = test_of(
            x,
            arm,
            control="b",
            n_resamples=500,
            chunk=chunk,
            progress=lambda *at, s=seen: s.append(at),
        )
        pd.testing.assert_series_equal(first, other)
        assert seen[-1] == (500, 500)
        assert len(seen) == -(-500 // chunk)
    small, how = DESIGNS["arms"]
    pd.testing.assert_series_equal(test_of(small, **how), test_of(small, chunk=5, seed=9, **how))
    pairs = np.column_stack([x, x + rng.normal(size=24)])
    assert (
        test_of(pairs, design="pairs", seed=1)["p_value"]
        != test_of(pairs, design="pairs", seed=2)["p_value"]
    )


def test_all_arrangements_are_counted_up_to_the_limit():
    # 2 ** 14 = 16,384 signs, 2 ** 15 = 32,768
    assert 2**14 <= EXACT_UP_TO < 2**15
    for n, word in ((14, "exact"), (15, "drawn"), (40, "drawn")):
        row = test_of(np.column_stack([np.zeros(n), np.arange(n) + 1.0]), design="pairs")
        assert row["method"].endswith(word)
        if n == 14:
            assert row["p_value"] == pytest.approx(2 / 2**14, rel=1e-12)
    # never 0: the real arrangement is one of those drawn, and nothing else is as far from 0
    assert row["p_value"] == 1 / 10_000


def test_notes_of_few_arrangements_and_of_strata():
    answer = permutation_test([1.0, 2, 3, 4], list("aabb"), control="b", seed=1)
    row = answer.table.iloc[0]
    assert (row.conf_low, row.conf_high) == (-np.inf, np.inf)
    assert any("cannot give a 95% interval" in note for note in answer.notes)
    mute = permutation_test([1.0, 2, 3, 4, 9], list("aabba"), control="b", seed=1,
                            within=[1, 1, 1, 1, 2])  # fmt: skip
    assert mute.table["p_value"].iloc[0] == row.p_value
    assert mute.table["estimate"].iloc[0] == row.estimate
    assert any("one with one arm is mute" in note for note in mute.notes)
    pairs = permutation_test([[1.0, 2], [3, 4], [5, 9]], design="pairs", seed=1)
    assert any("no comparison group" in note for note in pairs.notes)
    flat = permutation_test([2.0, 2, 2, 2], list("aabb"), control="b", seed=1).table.iloc[0]
    assert (flat.estimate, flat.p_value) == (0, 1)


# -------------------------------------------------------------------------------------- refused

X = [1.0, 2.0, 4.0, 3.0]
ARMS = {"arm": list("aabb"), "control": "b"}


@pytest.mark.parametrize(
    ("values", "how", "words"),
    [
        (X, {"method": "studentised"}, "method must be one of"),
        (X, {"conf_level": 95}, "conf_level"),
        (X, {"chunk": 0}, "chunk must be"),
        (X, {"trim": 0.5}, "trim is the share"),
        (X, {"n_resamples": 38}, "too few for 95.0%; use 39"),
        (X, {"statistic": "mode"}, "statistic must be one of"),
        (X, {"statistic": "mean_difference"}, "statistic must be one of"),
        (X, {"statistic": "mean", **ARMS}, "statistic must be one of"),
        (X, {"statistic": lambda x: float(np.mean(x))}, "one number per resample"),
        (X, {"statistic": lambda x: np.nan * x[..., 0]}, "is NaN; it must leave NaN out"),
        (X, {"statistic": lambda x: np.where(x.var(axis=-1) < 0.2, np.nan, 1.0)}, "NaN in"),
        ([1.0], {}, "2 people or more"),
        (X, {"person": list("AAAA")}, "2 people or more"),
        ([1.0, 2.0, 3.0], {"arm": list("aab"), "control": "b", "statistic": "mean_difference"},
         "2 people or more"),
        ([np.nan] * 4, {}, "2 people or more"),
        ([1.0, np.inf, 2.0], {}, "infinite"),
        (np.ones((3, 3)), {}, "shape"),
        (np.ones((4, 2)), {**ARMS, "statistic": "mean_difference"}, "one score per row"),
        (X, {"arm": list("aabb"), "control": "c", "statistic": "mean_difference"}, "two labels"),
        (X, {"arm": list("aaaa"), "control": "a", "statistic": "mean_difference"}, "two labels"),
        (X, {"arm": list("aabc"), "control": "a", "statistic": "mean_difference"}, "two labels"),
        (X, {**ARMS, "person": list("ABBC"), "statistic": "mean_difference"}, "in both arms"),
        (X, {"person": list("AB")}, "one label per row"),
        (X, {"person": ["A", None, "B", "C"]}, "have no person"),
    ],
)  # fmt: skip
def test_bootstrap_refuses(values, how, words):
    with pytest.raises(ValueError, match=words):
        bootstrap_interval(values, seed=1, **how)


@pytest.mark.parametrize(
    ("values", "how", "words"),
    [
        (X, {"design": "blocks", **ARMS}, "design must be one of"),
        (X, {}, "takes one score per person and an arm"),
        (X, {"design": "pairs"}, "takes two scores per person"),
        (np.ones((4, 2)), {"design": "pairs", **ARMS}, "takes two scores per person and no arm"),
        (np.ones((4, 2)), ARMS, "takes one score"),
        (X, {"design": "crossover", **ARMS}, "takes two scores"),
        (X, {"design": "centres", **ARMS}, "give centre"),
        (X, {"centre": [1, 2, 3, 4], **ARMS}, "give centre"),
        (X, {"centre": [1, 2, 2, 3], "design": "centres", **ARMS}, "in both arms"),
        (X, {"n_resamples": 0, **ARMS}, "at least 1"),
        (X, {"chunk": 0, **ARMS}, "at least 1"),
        (X, {"conf_level": 0, **ARMS}, "conf_level"),
        (X, {"within": list("ssrr"), **ARMS}, "nothing to compare"),
        ([1.0, 2, np.nan, np.nan], ARMS, "nothing to compare"),
        ([np.nan] * 4, ARMS, "at least 2 people"),
        (X, {"arm": list("aabb"), "control": "z"}, "two labels"),
        (X, {"arm": list("aab"), "control": "b"}, "one label per row"),
        ([1.0, 2.0, np.inf, 3.0], ARMS, "infinite"),
    ],
)
def test_permutation_test_refuses(values, how, words):
    with pytest.raises(ValueError, match=words):
        permutation_test(values, seed=1, **how)


def test_a_person_who_is_there_twice_is_refused():
    with pytest.raises(RowsAreNotPeopleError, match="4 rows"):
        permutation_test(X, seed=1, person=list("ABBC"), **ARMS)
    assert test_of(X, person=list("ABCD"), **ARMS)["n"] == 4


def test_other_methods_of_ends_are_taken_by_name():
    with pytest.raises(ValueError, match="conf_level"):
        bootstrap_ends(1.0, [1.0, 2.0], conf_level=2)


def test_words_are_not_numbers():
    with pytest.raises(ValueError, match=r"values must be numbers: .*'lots'"):
        bootstrap_interval(["3", "lots", "2"], "mean", seed=1)
    with pytest.raises(ValueError, match="values must be numbers"):
        permutation_test(["lots", "few"], ["a", "b"], seed=1, control="a")
