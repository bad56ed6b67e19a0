"""Correlations: answers of R, laws, a known truth, and what must be refused."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msspas_analysis.estimate.agreement.association import (
    ANCHOR_LEAST,
    METHODS,
    anchor_correlation,
    correlation,
    correlation_matrix,
    kendall,
    pearson,
    person_numbers,
    spearman,
)
from msspas_analysis.estimate.agreement.correlations import ranks_or_nan
from msspas_analysis.estimate.people import RowsAreNotPeopleError
from shared_reference import answers, table

REFERENCE = Path(__file__).parent / "reference"
ORACLE = pd.read_csv(REFERENCE / "association.csv")
TIGHT = {"rtol": 1e-9, "atol": 1e-13}
ENDS = ("estimate", "conf_low", "conf_high")
MEASURE = {"pearson": "pearson_r", "spearman": "spearman_rho", "kendall": "kendall_tau_b"}


def as_frame(x, y) -> pd.DataFrame:
    ids = [f"P{i:04d}" for i in range(len(x))]
    return pd.DataFrame({"person_id": ids, "x": np.asarray(x, float), "y": np.asarray(y, float)})


def reference_pairs(name: str) -> pd.DataFrame:
    stem, _, part = name.partition("_")
    if stem == "ramp":
        i = np.arange(1, int(part) + 1)
        return as_frame(i, i**3)
    if stem == "mixed":
        i = np.arange(1, int(part) + 1)
        return as_frame(i, 7 * i % (int(part) + 1))
    if stem == "grades":
        return as_frame([0, 1, 1, 2, 2, 2, 3, 3, 4, 4], [1, 0, 1, 1, 2, 3, 2, 3, 3, 4])
    if stem == "anorexia":
        data = pd.read_csv(REFERENCE / "anorexia.csv")
        data = data[data["Treat"].str.lower() == part]
        return as_frame(data["Prewt"], data["Postwt"])
    if stem == "depression":
        data = pd.read_csv(REFERENCE / "depression_hw.csv")
        if part == "backwards":
            return as_frame(data["before"], -data["after"])
        data = data.head(int(part[-1]) if part else 9)
        return as_frame(data["before"], data["after"])
    if stem == "btheb":
        data = pd.read_csv(REFERENCE / "bthe_b.csv")
        return as_frame(data["bdi.pre"], data["bdi.2m"])
    data = pd.read_csv(REFERENCE / "sleep.csv")
    return as_frame(data["drug1"], data["drug2"])


def answers_of_r(name: str, level: float) -> dict[tuple[str, str], float]:
    part = ORACLE[(ORACLE["dataset"] == name) & np.isclose(ORACLE["conf_level"], level)]
    return {(r.method, r.quantity): r.value for r in part.itertuples()}


CASES = [
    pytest.param(name, level, id=f"{name}-{level}")
    for name, level in ORACLE[["dataset", "conf_level"]]
    .dropna()
    .drop_duplicates()
    .itertuples(index=False)
]


def compare(row, want, key, quantities, **tolerance):
    for q in quantities:
        np.testing.assert_allclose(row[q], want[key, q], err_msg=f"{key} {q}", **tolerance)


# ---------------------------------------------------------------------------------------- oracles


@pytest.mark.oracle("correlation pearson spearman kendall", "R 4.2.2 cor.test (association.R)")
@pytest.mark.parametrize(("name", "level"), CASES)
def test_correlation_is_that_of_r(name, level):
    want = answers_of_r(name, level)
    answer = correlation(reference_pairs(name), ("x", "y"), conf_level=level)
    row = answer.one(measure="pearson_r")
    # the p value is some 1e-21 at times: relative to itself, not to 1
    compare(row, want, "pearson",
            (*ENDS, "statistic", "df", "p_value", "n", "n_missing"), rtol=1e-9)  # fmt: skip
    for method in ("spearman", "kendall"):
        row = answer.one(measure=MEASURE[method])
        compare(row, want, method, ENDS, **TIGHT)
        exact = (f"{method} exact", "p_value") in want
        assert exact == ("exact" in row["method"])
        key = f"{method} exact" if exact else method
        if exact or abs(row["estimate"]) < 1:
            # R takes the upper tail of Kendall's from 1 and leaves 3e-15 where it is 2 / 49!
            compare(row, want, key, ("p_value",), rtol=1e-9, atol=1e-14)
        if exact or method == "kendall":
            # R's count of squared differences comes back from rho and is off in the last digit
            compare(row, want, key, ("statistic",), rtol=1e-9)


def test_the_oracle_has_ties_exact_answers_missing_pairs_and_perfect_order():
    assert {"spearman exact", "kendall exact"} <= set(ORACLE["method"])
    assert (ORACLE.loc[ORACLE["quantity"].eq("n_missing"), "value"] > 0).any()
    rho = ORACLE[ORACLE["method"].eq("spearman") & ORACLE["quantity"].eq("estimate")]
    assert {1.0} <= set(rho["value"])
    assert rho["value"].min() < 0


@pytest.mark.oracle("correlation_matrix", "R 4.2.2 cor (association.R)")
@pytest.mark.parametrize("method", METHODS)
def test_correlation_matrix_is_that_of_r(method):
    data = pd.read_csv(REFERENCE / "bthe_b.csv")[["bdi.pre", "bdi.2m", "bdi.3m"]].dropna()
    got = correlation_matrix(data.to_numpy().T, method=method)
    want = ORACLE[ORACLE["dataset"].eq("btheb_three") & ORACLE["method"].eq(method)]
    want = want.set_index("quantity")["value"]
    upper = [got[0, 1], got[0, 2], got[1, 2]]
    np.testing.assert_allclose(upper, want[["pre_2m", "pre_3m", "two_three"]], **TIGHT)
    np.testing.assert_array_equal(got, got.T)
    np.testing.assert_array_equal(np.diag(got), 1)


@pytest.mark.oracle(
    "correlation", "R 4.2.2 on clinical measures of people with MS, beside the project"
)
@pytest.mark.parametrize("pair", ["NHPT_T25FW", "BBS_T25FW"])
def test_walking_and_hands_of_people_with_ms(pair):
    want = answers("corr.ms_clinical.shared")[pair]
    data = table("ms_clinical.csv")
    x, y = pair.split("_")
    # the entry took the people with all three tests
    data = data.dropna(subset=["NHPT", "T25FW", "PASAT3"])
    data["person_id"] = [f"P{i:02d}" for i in data.index]
    answer = correlation(data, (x, y))
    r = answer.one(measure="pearson_r")
    got = [r.n, r.estimate, r.statistic, r.p_value, r.conf_low, r.conf_high]
    p = want["pearson"]
    np.testing.assert_allclose(got, [want["n"], p["r"], p["t"], p["p"], *p["ci"]], rtol=1e-9)
    r = answer.one(measure="spearman_rho")
    s = want["spearman"]
    np.testing.assert_allclose([r.estimate, r.p_value], [s["rho"], s["p_t_approx"]], rtol=1e-9)
    r = answer.one(measure="kendall_tau_b")
    k = want["kendall_tau_b"]
    np.testing.assert_allclose(
        [r.estimate, r.statistic, r.p_value], [k["tau"], k["z"], k["p"]], rtol=1e-9
    )


@pytest.mark.parametrize("n", [4, 5])
def test_exact_p_values_by_listing_every_order(n):
    every = np.array(list(itertools.permutations(range(n))), dtype=float)
    line = np.arange(n, dtype=float)
    for kernel in (spearman, kendall):
        with np.errstate(invalid="ignore"):
            got = kernel(line, every)
        assert got.exact.all()
        for r, p in zip(got.estimate, got.p_value, strict=True):
            tails = min(np.mean(got.estimate <= r + 1e-9), np.mean(got.estimate >= r - 1e-9))
            assert p == pytest.approx(min(1, 2 * tails), rel=1e-12)


def test_the_smallest_exact_p_values_keep_their_digits():
    for kernel, n in ((kendall, 49), (kendall, 12), (spearman, 9)):
        line = np.arange(n, dtype=float)
        for turned in (line, -line):
            assert kernel(line, turned).p_value == pytest.approx(2 / math.factorial(n), rel=1e-12)


# ------------------------------------------------------------------------------------------- truth


def test_intervals_cover_and_tests_err_as_often_as_they_say():
    # 4000 draws: Monte Carlo error 0.0034 at 0.95; rho_s of a normal pair is 6/pi asin(r/2),
    # tau is 2/pi asin(r). Bonett & Wright's intervals are approximate: 0.015 either way.
    rng = np.random.default_rng(5)
    reps, n, r = 4000, 30, 0.5
    a = rng.standard_normal((reps, n))
    b = r * a + np.sqrt(1 - r * r) * rng.standard_normal((reps, n))
    truth = {
        "pearson": r,
        "spearman": 6 / np.pi * np.arcsin(r / 2),
        "kendall": 2 / np.pi * np.arcsin(r),
    }
    room = {"pearson": 0.0085, "spearman": 0.015, "kendall": 0.015}
    for name, kernel in METHODS.items():
        got = kernel(a, b)
        covered = np.mean((got.conf_low <= truth[name]) & (truth[name] <= got.conf_high))
        assert covered == pytest.approx(0.95, abs=room[name]), name
        null = kernel(a, rng.standard_normal((reps, n)))
        assert np.mean(null.p_value <= 0.05) == pytest.approx(0.05, abs=0.0105), name


def test_ties_do_not_spoil_the_error_of_kendalls_test():
    # without the correction for ties z would be far too small: 0.02 instead of 0.05
    rng = np.random.default_rng(6)
    a, b = rng.integers(0, 3, (2, 3000, 30)).astype(float)
    assert np.mean(kendall(a, b).p_value <= 0.05) == pytest.approx(0.05, abs=0.012)


# -------------------------------------------------------------------------------------------- laws

number = st.integers(-5, 5).map(float)
people = st.lists(st.tuples(number, number), min_size=6, max_size=15).filter(
    lambda v: len({a for a, _ in v}) > 1 and len({b for _, b in v}) > 1
)


@given(people, st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_row_order_never_matters(values, random):
    frame = as_frame(*zip(*values, strict=True)).assign(y=lambda d: d["y"] / 3)
    order = list(frame.index)
    random.shuffle(order)
    a = correlation(frame, ("x", "y"))
    b = correlation(frame.loc[order], ("x", "y"))
    pd.testing.assert_frame_equal(a.table, b.table, check_exact=True)
    assert a.notes == b.notes


@given(people)
@settings(max_examples=50, deadline=None)
def test_turning_one_measurement_turns_the_sign(values):
    frame = as_frame(*zip(*values, strict=True))
    a = correlation(frame, ("x", "y")).table
    b = correlation(frame.assign(y=-frame["y"]), ("x", "y")).table
    np.testing.assert_allclose(a["estimate"], -b["estimate"], atol=1e-12)
    np.testing.assert_allclose(a["conf_low"], -b["conf_high"], atol=1e-9)
    np.testing.assert_allclose(a["p_value"], b["p_value"], rtol=1e-6, atol=1e-12)
    c = correlation(frame, ("y", "x")).table
    np.testing.assert_allclose(a["estimate"], c["estimate"], atol=1e-12)


@given(people)
@settings(max_examples=30, deadline=None)
def test_a_person_lacking_a_number_changes_n_missing_and_nothing_else(values):
    frame = as_frame(*zip(*values, strict=True))
    extra = pd.DataFrame({"person_id": ["P9999"], "x": [1.0], "y": [np.nan]})
    a = correlation(frame, ("x", "y")).table
    b = correlation(pd.concat([frame, extra]), ("x", "y")).table
    assert (b["n_missing"] - a["n_missing"]).eq(1).all()
    pd.testing.assert_frame_equal(a.drop(columns="n_missing"), b.drop(columns="n_missing"))


@pytest.mark.parametrize("kernel", [pearson, spearman, kendall])
@pytest.mark.parametrize("n", [5, 12])
def test_kernels_on_a_batch_equal_kernels_on_each_row(kernel, n):
    rng = np.random.default_rng(7)
    a, b = rng.integers(0, 2 * n, (2, 2, 40, n)).astype(float)
    got = kernel(a, b)
    assert got.estimate.shape == (2, 40)
    if kernel is not pearson:
        assert 0 < got.exact.sum() < 80 or n == 12
    for i, j in np.ndindex(2, 40):
        one = kernel(a[i, j], b[i, j])
        for field in ("estimate", "conf_low", "conf_high", "statistic", "p_value", "exact"):
            np.testing.assert_allclose(
                getattr(got, field)[i, j], getattr(one, field), rtol=1e-12, atol=1e-14
            )


@pytest.mark.parametrize("method", METHODS)
def test_matrices_hold_the_correlations_of_every_two(method):
    x = np.random.default_rng(8).integers(0, 6, (3, 4, 20)).astype(float)
    got = correlation_matrix(x, method=method)
    assert got.shape == (3, 4, 4)
    for r, i, j in np.ndindex(3, 4, 4):
        want = 1.0 if i == j else METHODS[method](x[r, i], x[r, j]).estimate
        assert got[r, i, j] == pytest.approx(float(want), abs=1e-13)


@pytest.mark.parametrize("method", METHODS)
def test_a_measurement_without_spread_has_no_correlations(method):
    got = correlation_matrix([[1.0, 2, 3, 5], [2, 2, 2, 2], [4, 1, 2, 3]], method=method)
    np.testing.assert_array_equal(np.isnan(got[1]), True)
    assert not np.isnan(got[0, 2])


def test_ranks_shared_and_ties_that_rounding_hides():
    rank, shared = ranks_or_nan([[0.3, 0.1 + 0.2, 0.1], [3, 1, 2]])
    np.testing.assert_array_equal(rank, [[2.5, 2.5, 1], [3, 1, 2]])
    np.testing.assert_array_equal(shared, [[2, 2, 1], [1, 1, 1]])
    rank, shared = ranks_or_nan([1.0, np.nan, 2.0])
    assert np.isnan(rank).all()
    assert np.isnan(shared).all()


def test_a_replicate_with_a_missing_number_gets_no_correlation():
    x = np.array([[1.0, 2, 3, 4, 6], [1, np.nan, 3, 4, 6]])
    for kernel in METHODS.values():
        got = kernel(x, [2.0, 1, 5, 4, 6])
        assert np.isnan(got.estimate).tolist() == [False, True]
        assert np.isnan(got.p_value).tolist() == [False, True]


# ------------------------------------------------------------------------------------------- faces


def test_few_people_and_perfect_order_are_said():
    said = correlation(as_frame([1, 2, 3], [2, 1, 3]), ("x", "y"))
    assert said.table["conf_low"].eq(-1).all()
    assert sum("too few for an interval" in note for note in said.notes) == 3
    said = correlation(as_frame(range(8), np.arange(8.0) ** 3), ("x", "y"), method="kendall")
    assert said.table["conf_low"].isna().all()
    assert any("All pairs agree" in note for note in said.notes)
    said = correlation(as_frame(range(8), range(8)), ("x", "y"), method="pearson")
    row = said.table.iloc[0]
    assert (row.estimate, row.conf_low, row.p_value) == (1, 1, 0)
    assert any("on a line" in note for note in said.notes)


def anchored(change, rating, before=None) -> pd.DataFrame:
    before = np.arange(len(change)) % 4 + 5.0 if before is None else np.asarray(before, float)
    return pd.DataFrame(
        {
            "person_id": [f"P{i:03d}" for i in range(len(change))],
            "before": before,
            "after": before + np.asarray(change, float),
            "rating": rating,
        }
    )


def test_an_anchor_is_correlated_with_change_before_and_after():
    rng = np.random.default_rng(9)
    change = rng.normal(-1, 1, 60)
    scores = anchored(change, np.rint(-2 * change + rng.normal(0, 1, 60)), rng.normal(6, 1, 60))
    answer = anchor_correlation(scores, "rating", outcome="stiffness", group="APS")
    for term, x in (
        ("change", scores["after"] - scores["before"]),
        ("before", scores["before"]),
        ("after", scores["after"]),
    ):
        row = answer.one(term=f"{term} with rating")
        want = spearman(x.to_numpy(), scores["rating"].to_numpy())
        np.testing.assert_allclose(
            [row.estimate, row.conf_low, row.conf_high, row.p_value],
            [want.estimate, want.conf_low, want.conf_high, want.p_value],
            rtol=1e-12,
        )
    assert answer.table["estimate"].iloc[0] < -0.6
    assert any("reaches 0.3." in note for note in answer.notes)
    assert any("Revicki" in note and "memory" in note for note in answer.notes)
    assert set(answer.table["group"]) == {"APS"}
    assert ANCHOR_LEAST == 0.30


def test_a_weak_anchor_is_called_weak_at_the_threshold_asked_for():
    scores = anchored([-1, 1, -2, 0, 2, -1], [1, 1, 0, 2, 1, 3])
    r = anchor_correlation(scores, "rating", outcome="pain").table["estimate"].iloc[0]
    assert 0 < abs(r) < 0.30
    weak = anchor_correlation(scores, "rating", outcome="pain")
    assert any("does not reach 0.3: do not read" in note for note in weak.notes)
    fine = anchor_correlation(scores, "rating", outcome="pain", least=abs(r))
    assert any("change reaches" in note for note in fine.notes)
    assert not any("Revicki" in note for note in fine.notes)


def test_an_anchor_leaves_out_people_lacking_any_of_three():
    full = anchored([-1, 1, -2, 0, 2, -1], [1, 1, 0, 2, 1, 3])
    extra = anchored([1, 2, np.nan], [np.nan, np.nan, 2]).assign(person_id=["Q1", "Q2", "Q3"])
    a = anchor_correlation(full, "rating", outcome="pain").table
    b = anchor_correlation(pd.concat([extra, full]), "rating", outcome="pain").table
    assert b["n_missing"].eq(3).all()
    pd.testing.assert_frame_equal(a.drop(columns="n_missing"), b.drop(columns="n_missing"))


def test_an_anchor_that_tells_only_how_things_are_now_is_seen():
    before = [5, 6, 7, 8, 5, 6, 7, 8]
    after = [1, 2, 3, 4, 5, 6, 7, 8]
    scores = anchored(np.subtract(after, before), [-x for x in after], before)
    terms = anchor_correlation(scores, "rating", outcome="pain").table.set_index("term")["estimate"]
    assert terms["after with rating"] == -1
    assert abs(terms["before with rating"]) < 0.5
    # a constant before has no correlation, and the rest stays
    flat = anchored([1, 2, 3, 5], [2, 1, 3, 4], [5, 5, 5, 5])
    answer = anchor_correlation(flat, "rating", outcome="pain")
    assert answer.table["estimate"].isna().tolist() == [False, True, False]
    assert any("does not vary" in note for note in answer.notes)


# ---------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("spoil", "match"),
    [
        (lambda d: d.drop(columns="x"), "no column 'x'"),
        (lambda d: d.drop(columns="person_id"), "no column 'person_id'"),
        (lambda d: d.assign(person_id=None), "without person_id"),
        (lambda d: d.assign(x=list("abcd")), "not numbers"),
        (lambda d: d.assign(x=[True, False, True, True]), "not numbers"),
        (lambda d: d.assign(x=[np.inf, 1, 2, 3]), "infinite"),
        (lambda d: d.assign(x=2.0), "'x' is 2 for all 4 people"),
        (lambda d: d.assign(x=[1, 2, np.nan, np.nan]), r"at least 3 people.*got 2 of 4"),
        (lambda d: d.iloc[:0], "got 0 of 0"),
    ],
)
def test_tables_that_cannot_be_are_refused(spoil, match):
    with pytest.raises(ValueError, match=match):
        correlation(spoil(as_frame([1, 2, 3, 5], [1, 3, 2, 4])), ("x", "y"))


def test_a_person_twice_is_refused():
    frame = pd.concat([as_frame([1, 2, 3], [1, 3, 2])] * 2)
    with pytest.raises(RowsAreNotPeopleError):
        correlation(frame, ("x", "y"))
    with pytest.raises(RowsAreNotPeopleError):
        anchor_correlation(pd.concat([anchored([1, 2], [1, 2])] * 2), "rating", outcome="x")
    assert person_numbers(frame, ("x", "y"), repeated=True)[:, 0].tolist() == [1, 1, 2, 2, 3, 3]


def test_wrong_arguments_are_refused():
    frame = as_frame([1, 2, 3, 5], [1, 3, 2, 4])
    for call in (
        lambda: correlation(frame, ("x", "y"), method="phi"),
        lambda: correlation_matrix(np.ones((2, 3)), method="phi"),
        lambda: anchor_correlation(anchored([1], [1]), "rating", outcome="x", method="phi"),
    ):
        with pytest.raises(ValueError, match=r"'phi' is not known; choose one of \['pearson'"):
            call()
    for names in ("xy", ("x",), ("x", "x")):
        with pytest.raises(ValueError, match="two different columns"):
            correlation(frame, names)
    for level in (0, 1, 95):
        with pytest.raises(ValueError, match="conf_level"):
            correlation(frame, ("x", "y"), conf_level=level)
        with pytest.raises(ValueError, match="conf_level"):
            anchor_correlation(anchored([1, 2, 4], [1, 2, 4]), "rating", outcome="x",
                               conf_level=level)  # fmt: skip
    for least in (0, 1, 30):
        with pytest.raises(ValueError, match=r"0\.30 is usual"):
            anchor_correlation(anchored([1], [1]), "rating", outcome="x", least=least)
    with pytest.raises(ValueError, match="anchor 'rating' is 1 for all"):
        anchor_correlation(anchored([1, 2, 3], [1, 1, 1]), "rating", outcome="x")
    with pytest.raises(ValueError, match="the change is 2 for all"):
        anchor_correlation(anchored([2, 2, 2], [1, 2, 3]), "rating", outcome="x")
    with pytest.raises(ValueError, match="at least 3"):
        pearson([1.0, 2], [1.0, 2])
    with pytest.raises(ValueError, match="same people"):
        kendall([1.0, 2, 3], [1.0, 2])
    with pytest.raises(ValueError, match="measurements by people"):
        correlation_matrix([1.0, 2, 3])


def test_words():
    said = correlation(as_frame([1, 2, 3, 5], [1, 3, 2, 4]), ("x", "y"))
    text = " ".join([*said.notes, *said.table["method"]]).lower()
    assert "no cause" in text
    for word in ("effect", "improve", "patient", "better"):
        assert word not in text
