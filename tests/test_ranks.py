"""Ranks of two arms and of changes: answers of R, laws, known truths, and what must be refused."""

from __future__ import annotations

from itertools import combinations, product
from math import comb
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msspas_analysis.estimate.people import RowsAreNotPeopleError
from msspas_analysis.estimate.trials.ranks import (
    EXACT_BELOW,
    hodges_lehmann,
    mann_whitney,
    mann_whitney_exact,
    midranks,
    rank_difference,
    signed_rank_exact,
    signed_rank_variants,
    signed_ranks,
    superiority,
)
from shared_reference import answers, table

REFERENCE = Path(__file__).parent / "reference"
ORACLE = pd.read_csv(REFERENCE / "ranks.csv")
TIGHT = {"rtol": 1e-9, "atol": 1e-12}
# R finds these ends by uniroot(tol = 1e-12) on a step, which stops some 1e-11 beside it
ROOT = {"rtol": 1e-8, "atol": 1e-8}
SLEEP = pd.read_csv(REFERENCE / "sleep.csv")
BTHEB = pd.read_csv(REFERENCE / "bthe_b.csv")
ANOREXIA = pd.read_csv(REFERENCE / "anorexia.csv")


def btheb(arm):
    return BTHEB.loc[BTHEB["treatment"] == arm, "bdi.2m"].dropna().to_numpy()


def gain(arm):
    data = ANOREXIA[ANOREXIA["Treat"] == arm]
    return (
        data["Postwt"] - data["Prewt"]
    ).to_numpy()  # rounding hides ties here, R was given round()


ARMS = {
    "sleep": (SLEEP["drug2"].to_numpy(), SLEEP["drug1"].to_numpy()),
    "btheb": (btheb("BtheB"), btheb("TAU")),
    "anorexia_cbt": (gain("CBT"), gain("Cont")),
    "anorexia_ft": (gain("FT"), gain("Cont")),
    "small": ([4, 6, 5], [1, 2, 2, 5, 7]),
    "untied": ([1.1, 2.9, 3.3, 8.2, 9.7, 4.4], [0.3, 2.2, 5.1, 6.6]),
    "uneven": ([9.1, 3.3, 8.7], np.array([*range(1, 10), 5, 5, 6, 6, 7, 5]) / 2),
    "apart": ([10, 11, 12, 12, 13], [1, 2, 2, 3, 4, 5]),
    "grades": ([0, 0, 1, 1, 1, 2, 2, 3, 4, 1, 1, 0], [1, 2, 2, 2, 3, 3, 4, 4, 1, 2]),
}


def pairs_of(name):
    if name == "pairs_sleep":
        return SLEEP["drug1"], SLEEP["drug2"]
    if name == "pairs_depression":
        data = pd.read_csv(REFERENCE / "depression_hw.csv")
        return data["before"], data["after"]
    if name == "pairs_anorexia_ft":
        data = ANOREXIA[ANOREXIA["Treat"] == "FT"]
        return data["Prewt"], data["Postwt"]
    if name == "pairs_btheb":
        return BTHEB["bdi.pre"], BTHEB["bdi.2m"]
    return {
        "pairs_grades": (
            [3, 3, 2, 4, 1, 2, 2, 3, 4, 0, 1, 3], [2, 3, 2, 2, 1, 3, 1, 3, 1, 1, 1, 0],
        ),
        "pairs_down": ([5, 6, 7, 8, 9], [4, 4, 4, 3, 2]),
    }[name]  # fmt: skip


def as_arms(x, y, names=("drug", "sham")) -> pd.DataFrame:
    values = np.concatenate([np.asarray(x, float), np.asarray(y, float)])
    return pd.DataFrame(
        {
            "person_id": [f"P{i:04d}" for i in range(len(values))],
            "arm": [names[0]] * len(x) + [names[1]] * len(y),
            "score": values,
        }
    )


def as_scores(before, after) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "person_id": [f"P{i:04d}" for i in range(len(before))],
            "before": np.asarray(before, dtype=float),
            "after": np.asarray(after, dtype=float),
        }
    )


def compared(x, y, level=0.95):
    return rank_difference(as_arms(x, y), "score", arm="arm", control="sham", conf_level=level)


def changed(before, after, level=0.95):
    return signed_rank_variants(as_scores(before, after), outcome="score", conf_level=level)


def answers_of_r(name, level) -> dict[tuple[str, str], float]:
    part = ORACLE[(ORACLE["dataset"] == name) & np.isclose(ORACLE["conf_level"], level)]
    return {(r.measure, r.quantity): r.value for r in part.itertuples()}


CASES = [
    pytest.param(name, level, id=f"{name}-{level}")
    for name, level in ORACLE[["dataset", "conf_level"]].drop_duplicates().itertuples(index=False)
]
TWO = [case for case in CASES if not case.values[0].startswith("pairs")]
PAIRED = [case for case in CASES if case.values[0].startswith("pairs")]


def compare(row, want, measure, quantities, **tolerance):
    for quantity in quantities:
        np.testing.assert_allclose(
            row[quantity], want[measure, quantity], err_msg=f"{measure} {quantity}", **tolerance
        )


# ---------------------------------------------------------------------------------------- oracles


@pytest.mark.oracle("rank_difference", "R 4.2.2, coin, exactRankTests (ranks.R)")
@pytest.mark.parametrize(("name", "level"), TWO)
def test_mann_whitney_and_the_shift_are_those_of_r(name, level):
    want, got = answers_of_r(name, level), compared(*ARMS[name], level)
    for measure, method in (
        ("corrected", "Mann-Whitney, normal, continuity correction"),
        ("normal", "Mann-Whitney, normal"),
    ):
        row = got.one(method=method)
        compare(row, want, measure, ("statistic", "p_value"), **TIGHT)
        compare(row, want, "order", ("estimate",), **TIGHT)
        total = len(ARMS[name][0]) * len(ARMS[name][1])
        if np.isfinite(row["conf_low"]):
            compare(row, want, measure, ("conf_low", "conf_high"), **ROOT)
        else:  # R gives the whole range of the differences and calls it an interval
            assert level == 0.99
            assert total < 25
    exact = mann_whitney_exact(*ARMS[name])
    for side in ("less", "greater"):
        assert exact[side] == pytest.approx(want["exact", side], rel=1e-10)
    assert exact["two_sided"] == pytest.approx(want["exact", "by_coin"], rel=1e-10)
    # exactRankTests has 29/55 of 1540 in binary fractions and misses the sum just as far off, see
    # test_exact_p_in_whole_numbers
    if name != "anorexia_cbt":
        assert exact["two_sided"] == pytest.approx(want["exact", "p_value"], rel=1e-10)
    few = max(len(arm) for arm in ARMS[name]) < EXACT_BELOW
    assert (got.table["method"] == "Mann-Whitney, exact").sum() == few
    if few:
        row = got.one(method="Mann-Whitney, exact")
        compare(row, want, "exact", ("statistic",), **TIGHT)
        assert row["p_value"] == exact["two_sided"]
        compare(row, want, "order", ("estimate", "conf_low", "conf_high"), **TIGHT)
        assert row["conf_level"] == pytest.approx(want["order", "achieved"], rel=1e-12)


@pytest.mark.oracle("rank_difference", "R 4.2.2, pROC, effectsize (ranks.R)")
@pytest.mark.parametrize(("name", "level"), TWO)
def test_probability_of_superiority_is_that_of_r(name, level):
    want, got = answers_of_r(name, level), compared(*ARMS[name], level)
    ends = ("conf_low", "conf_high")
    newcombe = got.one(method="Newcombe 5")
    compare(newcombe, want, "newcombe", ("estimate",), **TIGHT)
    compare(newcombe, want, "newcombe", ends, **ROOT)
    delta, rb = got.one(measure="cliffs_delta"), got.one(measure="rank_biserial")
    compare(delta, want, "cliffs_delta", ("estimate",), **TIGHT)
    compare(rb, want, "rank_biserial", ("estimate", *ends), **TIGHT)
    test = got.one(method="Brunner-Munzel")
    logit = got.one(measure="probability_of_superiority", method="DeLong, logit")
    if name == "apart":
        assert ("delong", "std_error") not in want
        assert test["std_error"] == 0
        assert np.isnan([*test[["p_value", *ends]], *logit[[*ends]], *delta[[*ends]]]).all()
        assert any("only Newcombe's interval stands" in note for note in got.notes)
        assert any("no width" in note for note in got.notes)
        return
    compare(test, want, "brunner_munzel", ("statistic", "df", "p_value", *ends), **TIGHT)
    compare(test, want, "delong", ("std_error",), **TIGHT)
    for end in ("low", "high"):
        assert logit[f"conf_{end}"] == pytest.approx(want["delong", f"logit_{end}"], rel=1e-9)
        assert delta[f"conf_{end}"] == pytest.approx(2 * logit[f"conf_{end}"] - 1, rel=1e-12)
    assert delta["std_error"] == pytest.approx(2 * want["delong", "std_error"], rel=1e-9)


@pytest.mark.oracle("signed_rank_variants", "R 4.2.2, coin, exactRankTests (ranks.R)")
@pytest.mark.parametrize(("name", "level"), PAIRED)
def test_signed_rank_variants_are_those_of_r(name, level):
    want, got = answers_of_r(name, level), changed(*pairs_of(name), level)
    for measure, method in (
        ("corrected", "Wilcoxon, normal, continuity correction"), ("normal", "Wilcoxon, normal"),
    ):  # fmt: skip
        row = got.one(method=method)
        compare(row, want, measure, ("statistic", "p_value"), **TIGHT)
        compare(row, want, "order some", ("estimate",), **TIGHT)
        if want[measure, "achieved"] == level and np.isfinite(row["conf_low"]):
            compare(row, want, measure, ("conf_low", "conf_high"), **ROOT)
        else:  # R gives a lower level, or the range of all averages
            assert name in ("pairs_down", "pairs_grades") or level == 0.99
    raw = np.asarray(pairs_of(name)[1], float) - np.asarray(pairs_of(name)[0], float)
    raw = np.round(raw[~np.isnan(raw)], 10)
    exact = signed_rank_exact(raw)
    for side in ("less", "greater"):
        assert exact[side] == pytest.approx(want["exact", side], rel=1e-10)
    assert exact["two_sided"] == pytest.approx(want["exact", "p_value"], rel=1e-10)
    assert signed_rank_exact(raw, zeros="pratt")["two_sided"] == pytest.approx(
        want["pratt", "exact"], rel=1e-10
    )
    s = signed_ranks(raw)
    assert float(s.z) == pytest.approx(want["aside", "z"], rel=1e-10)
    row = got.one(method="Pratt, normal")
    compare(row, want, "pratt", ("p_value",), **TIGHT)
    assert row["statistic"] == pytest.approx(want["pratt", "z"], rel=1e-10)
    compare(row, want, "order all", ("estimate",), **TIGHT)
    for method, measure, p in (
        ("Wilcoxon, exact", "order some", ("exact", "p_value")),
        ("Pratt, exact", "order all", ("pratt", "exact")),
    ):
        if got.table["method"].eq(method).any():
            row = got.one(method=method)
            assert row["p_value"] == pytest.approx(want[p], rel=1e-10)
            compare(row, want, measure, ("estimate", "conf_low", "conf_high"), **TIGHT)
            assert row["conf_level"] == pytest.approx(want[measure, "achieved"], rel=1e-12)
        else:
            assert name == "pairs_btheb"
    share = got.one(measure="share_more")
    compare(share, want, "sign", ("estimate", "conf_low", "conf_high", "p_value"), **TIGHT)
    compare(got.one(measure="rank_biserial"), want, "rank_biserial",
            ("estimate", "conf_low", "conf_high"), **TIGHT)  # fmt: skip


@pytest.mark.oracle("rank_difference", "R 4.2.2 on Beat the Blues, beside the project")
def test_beat_the_blues_by_ranks():
    want = answers("btheb.twosample")
    got = compared(*ARMS["btheb"])
    corrected = got.one(method="Mann-Whitney, normal, continuity correction")
    told = want["mann_whitney"]
    assert corrected["statistic"] == told["W"]
    assert corrected["p_value"] == pytest.approx(told["p_cc"], rel=1e-5)
    assert got.one(method="Mann-Whitney, normal")["p_value"] == pytest.approx(
        told["p_nocc"], rel=1e-5
    )
    # R's estimate and ends are roots found to four digits
    assert corrected["estimate"] == pytest.approx(told["hl_shift"], abs=0.005)
    assert [corrected["conf_low"], corrected["conf_high"]] == pytest.approx(
        told["hl_ci"], abs=0.005
    )
    assert got.one(measure="cliffs_delta")["estimate"] == pytest.approx(
        want["cliff_delta"], rel=1e-5
    )
    row, told = got.one(measure="rank_biserial"), want["rank_biserial"]
    np.testing.assert_allclose(
        row[["estimate", "conf_low", "conf_high"]].tolist(),
        [told["r_rank_biserial"], told["CI_low"], told["CI_high"]],
        rtol=1e-5,
    )


@pytest.mark.oracle("rank_difference", "R 4.2.2 on sleep, beside the project")
def test_sleep_as_two_arms():
    want = answers("sleep.independent")
    got = compared(*ARMS["sleep"])
    exact = got.one(method="Mann-Whitney, exact")
    assert exact["statistic"] == want["mw_W"]
    assert exact["p_value"] == pytest.approx(want["mw_p_exact"], rel=1e-6)
    row = got.one(method="Mann-Whitney, normal, continuity correction")
    assert row["p_value"] == pytest.approx(want["mw_p_normal_cc"], rel=1e-6)


@pytest.mark.oracle("signed_rank_variants", "R 4.2.2 on sleep and depression, beside the project")
@pytest.mark.parametrize("entry", ["sleep.paired", "depression.wilcoxon"])
def test_signed_ranks_of_the_shared_answers(entry):
    want = answers(entry)
    if entry == "depression.wilcoxon":
        before, after = pairs_of("pairs_depression")
        assert signed_rank_exact(before - after)["greater"] == pytest.approx(
            want["one_sided"]["p"], rel=1e-6
        )
    else:
        before, after = pairs_of("pairs_sleep")
    want = want.get("paired", want)
    told, got = want["wilcoxon"], changed(before, after)
    corrected = got.one(method="Wilcoxon, normal, continuity correction")
    assert corrected["statistic"] == told["V"]
    assert [corrected["conf_low"], corrected["conf_high"]] == pytest.approx(
        told["pseudo_median_ci_normal"], abs=0.005
    )
    for method, key in (
        ("Wilcoxon, normal, continuity correction", "p_normal_cc"),
        ("Wilcoxon, normal", "p_normal_nocc"), ("Wilcoxon, exact", "p_exact_shift_algorithm"),
        ("Pratt, normal", "pratt_p_asymptotic"), ("Pratt, exact", "pratt_p_exact"),
    ):  # fmt: skip
        assert got.one(method=method)["p_value"] == pytest.approx(told[key], rel=1e-6)
    pratt = got.one(method="Pratt, exact")
    assert pratt["statistic"] == pytest.approx(told["pratt_z"], rel=1e-6)
    assert pratt["estimate"] == pytest.approx(told["hodges_lehmann_all_walsh"], rel=1e-6)
    s = signed_ranks(np.asarray(after - before).round(10))
    assert float(s.z) == pytest.approx(told["wilcoxon_zero_z"], rel=1e-6)
    assert int(s.counts[1]) == told["n_zero"]
    assert got.one(measure="share_more")["p_value"] == pytest.approx(want["sign_test_p"], rel=1e-6)
    assert got.one(measure="rank_biserial")["estimate"] == pytest.approx(
        want["matched_pairs_rank_biserial"], rel=1e-6
    )


@pytest.mark.oracle(
    "signed_rank_variants", "R 4.2.2 on the acupuncture trial (Vickers 2004), beside the project"
)
@pytest.mark.parametrize(("arm", "code"), [("acupuncture", 1), ("control", 0)])
def test_signed_ranks_of_the_acupuncture_trial(arm, code):
    want = answers("acu.paired.pk2")[arm]
    data = table("acupuncture.csv")
    data = data[data["group"] == code]
    row = changed(data["pk1"], data["pk2"]).one(method="Wilcoxon, normal, continuity correction")
    told = want["wilcoxon"]
    assert row["statistic"] == told["V"]
    assert row["p_value"] == pytest.approx(told["p"], rel=1e-6)
    assert row["estimate"] == pytest.approx(told["pseudo_median"], abs=0.005)
    assert [row["conf_low"], row["conf_high"]] == pytest.approx(told["ci"], abs=0.005)


# -------------------------------------------------------------------------------------- known truth


@pytest.mark.parametrize("values", [[1, 2, 2, 4, 4, 4, 7], [1.5, 2, 3, 5, 8, 13, 21]])
def test_exact_law_by_listing_every_allocation(values):
    ranks = midranks(values)[0]
    sums = np.array([ranks[list(one)].sum() for one in combinations(range(7), 3)])
    for one in list(combinations(range(7), 3))[::5]:
        seen = ranks[list(one)].sum()
        rest = [i for i in range(7) if i not in one]
        got = mann_whitney_exact(np.take(values, one), np.take(values, rest))
        off = np.abs(sums - 3 * 4)
        assert got["two_sided"] == pytest.approx(np.mean(off >= abs(seen - 12) - 1e-9), rel=1e-12)
        assert got["less"] == pytest.approx(np.mean(sums <= seen + 1e-9), rel=1e-12)
        assert got["greater"] == pytest.approx(np.mean(sums >= seen - 1e-9), rel=1e-12)


def test_exact_p_in_whole_numbers():
    x, y = ARMS["anorexia_cbt"]
    doubled = [round(2 * r) for r in midranks(np.concatenate([x, y]))[0]]
    ways: list[dict[int, int]] = [{0: 1}] + [{} for _ in x]
    for r in doubled:
        for k in range(len(x), 0, -1):
            for total, count in ways[k - 1].items():
                ways[k][total + r] = ways[k].get(total + r, 0) + count
    seen, size = sum(doubled[: len(x)]), len(doubled)
    off = abs(size * seen - len(x) * sum(doubled))
    far = sum(c for t, c in ways[-1].items() if abs(size * t - len(x) * sum(doubled)) >= off)
    assert mann_whitney_exact(x, y)["two_sided"] == pytest.approx(
        far / comb(size, len(x)), rel=1e-12
    )


@pytest.mark.parametrize("zeros", ["aside", "pratt"])
def test_exact_law_by_listing_every_sign(zeros):
    diff = np.array([0, 1, -1, 2, 3, -3, 3, 0])
    ranks = midranks(np.abs(diff))[0] if zeros == "pratt" else midranks(np.abs(diff[diff != 0]))[0]
    ranks = ranks[diff != 0] if zeros == "pratt" else ranks
    sums = np.array([np.dot(signs, ranks) for signs in product([0, 1], repeat=6)])
    seen = ranks[diff[diff != 0] > 0].sum()
    less, greater = np.mean(sums <= seen), np.mean(sums >= seen)
    got = signed_rank_exact(diff, zeros=zeros)
    assert got["less"] == pytest.approx(less, rel=1e-12)
    assert got["greater"] == pytest.approx(greater, rel=1e-12)
    assert got["two_sided"] == pytest.approx(min(1, 2 * min(less, greater)), rel=1e-12)


def test_brunner_munzel_keeps_5_percent_where_mann_whitney_does_not():
    rng = np.random.default_rng(20260303)
    batches = 6_000
    x, y = rng.normal(0, 4, (batches, 15)), rng.normal(0, 1, (batches, 45))
    bm = np.mean(superiority(x, y).p_value < 0.05)
    mw = np.mean(mann_whitney(x, y).p_value < 0.05)
    # Monte Carlo error 0.0028; with 15 people the test itself is off by some 0.01
    assert abs(bm - 0.05) < 3.5 * 0.0028 + 0.01
    assert mw > 0.10


def test_mann_whitney_errs_in_5_percent_with_heavy_ties():
    rng = np.random.default_rng(4)
    x, y = rng.binomial(3, 0.4, (8_000, 25)), rng.binomial(3, 0.4, (8_000, 30))
    w = mann_whitney(x, y)
    assert abs(np.mean(w.p_value < 0.05) - 0.05) < 3.5 * 0.0024 + 0.003
    assert np.mean(w.p_corrected < 0.05) <= np.mean(w.p_value < 0.05)


@pytest.mark.parametrize("truth", [0.5, 0.8])
def test_intervals_of_superiority_cover(truth):
    from scipy.special import ndtri

    rng = np.random.default_rng(6)
    batches = 5_000
    shift = float(ndtri(truth)) * np.sqrt(2)
    s = superiority(rng.normal(shift, 1, (batches, 25)), rng.normal(0, 1, (batches, 20)))
    for low, high in (s.logit, s.newcombe, s.t):
        # Monte Carlo error 0.003; all are approximations, at their worst with few people
        assert abs(np.mean((low <= truth) & (high >= truth)) - 0.95) < 0.02


def test_intervals_of_the_shift_cover():
    rng = np.random.default_rng(10)
    batches = 4_000
    x, y = rng.exponential(1, (batches, 9)) + 0.7, rng.exponential(1, (batches, 8))
    s = hodges_lehmann(x, y)
    from scipy.stats import mannwhitneyu

    low, high = s.exact
    covered = np.mean((low <= 0.7) & (high >= 0.7))
    # the interval inverts the exact test, so its level is that of the test
    law = np.array([mannwhitneyu(a - 0.7, b, method="exact").pvalue > 0.05
                    for a, b in zip(x[:200], y[:200], strict=True)])  # fmt: skip
    assert (law == ((low <= 0.7) & (high >= 0.7))[:200]).all()
    assert covered > 0.95 - 3.5 * np.sqrt(0.05 * 0.95 / batches)
    for low, high in (s.corrected, s.normal):
        assert abs(np.mean((low <= 0.7) & (high >= 0.7)) - 0.95) < 0.02


# -------------------------------------------------------------------------- a batch is many singles


def test_kernels_on_a_batch_equal_kernels_on_each_row():
    rng = np.random.default_rng(3)
    x, y = rng.integers(0, 6, (40, 7)).astype(float), rng.integers(0, 6, (40, 9)).astype(float)
    x[4], y[4] = 3.0, 3.0  # nobody differs
    x[5] += 20  # no overlap
    d = rng.integers(-2, 3, (40, 9)).astype(float)
    d[7] = 0.0

    def every(a, b, c):
        return mann_whitney(a, b), superiority(a, b), hodges_lehmann(a, b), signed_ranks(c)

    whole = every(x, y, d)
    for r in range(40):
        for batch, one in zip(whole, every(x[r], y[r], d[r]), strict=True):
            for field in type(one).__dataclass_fields__:
                if field == "exact_level":
                    assert batch.exact_level == one.exact_level
                    continue
                many = getattr(batch, field)
                many = [end[r] for end in many] if isinstance(many, tuple) else many[r]
                np.testing.assert_allclose(many, getattr(one, field), rtol=1e-11, err_msg=field)
    assert mann_whitney(x.reshape(8, 5, 7), y.reshape(8, 5, 9)).p_value.shape == (8, 5)
    assert hodges_lehmann(x.reshape(8, 5, 7), y.reshape(8, 5, 9)).normal[0].shape == (8, 5)


@pytest.mark.oracle("midranks", "SciPy rankdata")
def test_ranks_are_those_of_scipy():
    from scipy.stats import rankdata

    rng = np.random.default_rng(2)
    x = rng.integers(0, 5, (20, 3, 11)).astype(float)
    ranks, shared = midranks(x)
    np.testing.assert_array_equal(ranks, rankdata(x, axis=-1))
    counts = np.apply_along_axis(np.bincount, -1, x.astype(int), minlength=5)
    np.testing.assert_allclose((shared**2 - 1).sum(-1), (counts**3.0 - counts).sum(-1))
    assert midranks([0.3, 0.1 + 0.2, np.inf, np.inf])[0].tolist() == [1.5, 1.5, 3.5, 3.5]


# --------------------------------------------------------------------------------------------- laws

scores_of_arm = st.lists(
    st.floats(0, 10, allow_nan=False).map(lambda v: round(v, 1)), min_size=2, max_size=10
)


@settings(max_examples=25, deadline=None)
@given(scores_of_arm, scores_of_arm, st.randoms(use_true_random=False))
def test_row_order_never_matters(x, y, random):
    frame = as_arms(x, y)
    order = list(range(len(frame)))
    random.shuffle(order)
    a, b = (
        rank_difference(f, "score", arm="arm", control="sham").table
        for f in (frame, frame.iloc[order])
    )
    pd.testing.assert_frame_equal(a, b, check_exact=True)


@settings(max_examples=25, deadline=None)
@given(scores_of_arm, scores_of_arm)
def test_swapping_the_arms_flips_the_sign(x, y):
    frame = as_arms(x, y)
    there = rank_difference(frame, "score", arm="arm", control="sham").table
    back = rank_difference(frame, "score", arm="arm", control="drug").table
    centre = there["measure"].eq("probability_of_superiority").astype(float)
    close = {"rtol": 1e-7, "atol": 1e-9}
    np.testing.assert_allclose(there["estimate"], centre - back["estimate"], **close)
    np.testing.assert_allclose(there["conf_low"], centre - back["conf_high"], **close)
    np.testing.assert_allclose(there["p_value"], back["p_value"], **close)


@settings(max_examples=25, deadline=None)
@given(scores_of_arm, scores_of_arm)
def test_a_person_without_a_score_changes_n_missing_and_nothing_else(x, y):
    frame = as_arms(x, y)
    longer = pd.concat([frame, pd.DataFrame(
        {"person_id": ["A new one"], "arm": ["drug"], "score": [np.nan]})])  # fmt: skip
    a, b = (rank_difference(f, "score", arm="arm", control="sham").table for f in (frame, longer))
    assert (b.pop("n_missing") - a.pop("n_missing")).eq(1).all()
    pd.testing.assert_frame_equal(a, b)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=2, max_size=12))
def test_swapping_before_and_after_flips_the_sign(values):
    before, after = zip(*values, strict=True)
    if before == after:
        with pytest.raises(ValueError, match="nobody of"):
            changed(before, after)
        return
    there, back = changed(before, after).table, changed(after, before).table
    centre = there["measure"].eq("share_more").astype(float)
    close = {"rtol": 1e-9, "atol": 1e-9}
    np.testing.assert_allclose(there["estimate"], centre - back["estimate"], **close)
    np.testing.assert_allclose(there["conf_low"], centre - back["conf_high"], **close)
    np.testing.assert_allclose(there["p_value"], back["p_value"], **close)
    longer = pd.concat([as_scores(before, after), as_scores([1], [np.nan]).assign(person_id="X")])
    more = signed_rank_variants(longer.iloc[::-1], outcome="score").table
    assert (more.pop("n_missing") - there.pop("n_missing")).eq(1).all()
    pd.testing.assert_frame_equal(more, there, check_exact=True)


# ------------------------------------------------------------------------------------- what is said


def test_ties_that_rounding_hides_are_found():
    whole = [round(10 * v) for v in gain("CBT")], [round(10 * v) for v in gain("Cont")]
    np.testing.assert_allclose(
        mann_whitney(*ARMS["anorexia_cbt"]).p_value, mann_whitney(*whole).p_value, rtol=1e-12
    )
    assert len(set(np.concatenate(ARMS["anorexia_cbt"]))) > len(set(whole[0] + whole[1]))


def test_too_few_people_have_infinite_ends_or_a_lower_level():
    got = compared([5, 6, 7], [1, 2, 3])
    for method in ("Mann-Whitney, normal, continuity correction",):
        row = got.one(method=method)
        assert (row["conf_low"], row["conf_high"]) == (-np.inf, np.inf)
    exact = got.one(method="Mann-Whitney, exact")
    assert exact["conf_level"] == pytest.approx(0.9, rel=1e-12)
    assert (exact["conf_low"], exact["conf_high"]) == (2, 6)
    one = hodges_lehmann([5.0], [3.0])
    assert (float(one.estimate), float(one.exact[0]), one.exact_level) == (2.0, -np.inf, 1.0)
    single = changed([1, 2], [2, 2]).one(method="Wilcoxon, exact")
    assert (single["conf_low"], single["conf_high"]) == (-np.inf, np.inf)


def test_nobody_differs():
    got = compared([3, 3, 3], [3, 3])
    assert got.one(method="Mann-Whitney, exact")["p_value"] == 1
    assert np.isnan(got.one(method="Mann-Whitney, normal")["p_value"])
    assert got.one(method="Newcombe 5")["estimate"] == 0.5
    nothing = signed_rank_exact([0.0, 0.0])
    assert np.isnan([*nothing.values()]).all()
    assert np.isnan(signed_ranks([0.0, 0.0]).sign_p_value)


def test_what_cannot_be_is_refused():
    frame = as_arms([1, 2, 3], [2, 4])
    with pytest.raises(RowsAreNotPeopleError):
        rank_difference(pd.concat([frame, frame]), "score", arm="arm", control="sham")
    with pytest.raises(ValueError, match="control 'placebo'"):
        rank_difference(frame, "score", arm="arm", control="placebo")
    for call in (
        lambda: midranks([1.0, np.nan]),
        lambda: mann_whitney([1.0, np.nan], [2.0]),
        lambda: signed_ranks([1.0, np.nan]),
    ):
        with pytest.raises(ValueError, match="is NaN"):
            call()
    with pytest.raises(ValueError, match="conf_level"):
        superiority([1.0, 2.0], [3.0, 4.0], conf_level=1.0)
    with pytest.raises(ValueError, match="at most 400 people"):
        mann_whitney_exact(np.arange(300.0), np.arange(300.0))
    with pytest.raises(ValueError, match="at most 400 people"):
        signed_rank_exact(np.ones((2, 3)))
    with pytest.raises(ValueError, match="'aside' or 'pratt', got 'drop'"):
        signed_rank_exact([1.0], zeros="drop")
    with pytest.raises(ValueError, match="at least 1 people"):
        changed([1.0], [np.nan])
