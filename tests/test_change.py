"""Before and after: answers of R, laws, a known truth, and what must be refused."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msspas_analysis.estimate.change.paired import (
    FALL_LABELS,
    RowsAreNotPeopleError,
    count_fallen,
    direction_counts,
    direction_of_change,
    median_range,
    minimal_detectable_change,
    paired_change,
    percent_fall,
    proportion_row,
    rated_days,
    signed_rank,
    standardised,
    t_interval,
    wilson_interval,
    window_scores,
)
from msspas_analysis.estimate.change.signed_rank import _walsh_averages
from msspas_analysis.tables import DIARY, PEOPLE, Window

REFERENCE = Path(__file__).parent / "reference"
ORACLE = pd.read_csv(REFERENCE / "change.csv")
WILSON = pd.read_csv(REFERENCE / "wilson.csv")
# closed forms and ufuncs agree to about 1e-12; 1e-8 leaves room for another version of scipy
TIGHT = {"rtol": 1e-8, "atol": 1e-12}
# R finds these ends by uniroot(tol = 1e-12) on a step, which stops some 1e-11 beside it
ROOT = {"rtol": 1e-8, "atol": 1e-9}


def as_scores(before, after) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "person_id": [f"P{i:04d}" for i in range(len(before))],
            "before": np.asarray(before, dtype=float),
            "after": np.asarray(after, dtype=float),
        }
    )


def reference_pairs(name: str) -> pd.DataFrame:
    stem, _, part = name.partition("_")
    if stem == "anorexia":
        data = pd.read_csv(REFERENCE / "anorexia.csv")
        data = data[data["Treat"].str.lower() == part]
        return as_scores(data["Prewt"], data["Postwt"])
    if stem == "depression":
        data = pd.read_csv(REFERENCE / "depression_hw.csv").head(int(part[-1]) if part else 9)
        return as_scores(data["before"], data["after"])
    if stem == "btheb":
        data = pd.read_csv(REFERENCE / "bthe_b.csv")
        return as_scores(data["bdi.pre"], data["bdi.2m"])
    data = pd.read_csv(REFERENCE / "sleep.csv")
    return as_scores(data["drug1"], data["drug2"])


def answers_of_r(name: str, level: float) -> dict[tuple[str, str], float]:
    part = ORACLE[(ORACLE["dataset"] == name) & np.isclose(ORACLE["conf_level"], level)]
    return {(r.measure, r.quantity): r.value for r in part.itertuples()}


CASES = [
    pytest.param(name, level, id=f"{name}-{level}")
    for name, level in ORACLE[["dataset", "conf_level"]].drop_duplicates().itertuples(index=False)
]


def compare(row, want, measure, quantities, **tolerance):
    for quantity in quantities:
        np.testing.assert_allclose(
            row[quantity], want[measure, quantity], err_msg=f"{measure} {quantity}", **tolerance
        )


# ---------------------------------------------------------------------------------------- oracles


@pytest.mark.oracle("paired_change", "R 4.2.2 (change.R)")
@pytest.mark.parametrize(("name", "level"), CASES)
def test_paired_change_is_that_of_r(name, level):
    want = answers_of_r(name, level)
    answer = paired_change(reference_pairs(name), outcome="score", conf_level=level)
    ends = ("estimate", "conf_low", "conf_high")
    for term in ("before", "after"):
        compare(answer.one(measure="mean", term=term), want, f"mean {term}",
                ("std_error", *ends), **TIGHT)  # fmt: skip
    compare(answer.one(measure="mean_difference"), want, "mean_difference",
            (*ends, "std_error", "statistic", "df", "p_value", "n", "n_missing"), **TIGHT)  # fmt: skip
    compare(answer.one(measure="median_difference"), want, "median_difference", ends, **TIGHT)
    compare(answer.one(measure="d_z"), want, "d_z", ends, **TIGHT)
    compare(answer.one(measure="g_z"), want, "g_z", ends, **TIGHT)
    compare(answer.one(measure="d_av"), want, "d_av", ("estimate",), **TIGHT)


@pytest.mark.oracle("paired_change", "R 4.2.2 (change.R)")
@pytest.mark.parametrize(("name", "level"), CASES)
def test_pseudo_median_is_that_of_r(name, level):
    want = answers_of_r(name, level)
    row = paired_change(reference_pairs(name), outcome="score", conf_level=level).one(
        measure="pseudo_median"
    )
    compare(row, want, "pseudo_median", ("estimate", "statistic", "p_value"), **TIGHT)
    compare(row, want, "pseudo_median", ("conf_low", "conf_high"), **ROOT)
    assert ("exact" in row["method"]) == bool(want["pseudo_median", "exact"])
    # R keeps the level asked for when it is missed by less than half of alpha
    assert row["conf_level"] <= want["pseudo_median", "conf_level"] + 0.005


@pytest.mark.oracle(
    "direction_of_change percent_fall minimal_detectable_change", "R 4.2.2 (change.R)"
)
@pytest.mark.parametrize(("name", "level"), CASES)
def test_shares_and_minimal_detectable_change_are_those_of_r(name, level):
    want = answers_of_r(name, level)
    scores = reference_pairs(name)
    ends = ("estimate", "conf_low", "conf_high", "n")
    direction = direction_of_change(scores, outcome="score", band=1, conf_level=level)
    for term in ("less", "same", "more"):
        compare(direction.one(term=term), want, term, ends, **TIGHT)
    for threshold in (0.05, 0.20, 0.30):
        if (f"fall {threshold:g}", "n") in want:
            fall = percent_fall(scores, outcome="score", threshold=threshold, conf_level=level)
            compare(fall.table.iloc[0], want, f"fall {threshold:g}", ends, **TIGHT)
    mdc = minimal_detectable_change(
        scores, outcome="score", icc=0.83, icc_source="a test", conf_level=level
    )
    compare(mdc.table.iloc[0], want, "minimal_detectable_change", ends, **TIGHT)


def test_the_oracle_has_falls_zeros_ties_and_missing_pairs():
    measures = set(ORACLE["measure"])
    assert {"fall 0.05", "fall 0.2", "fall 0.3"} <= measures
    exact = ORACLE[(ORACLE["measure"] == "pseudo_median") & (ORACLE["quantity"] == "exact")]
    assert set(exact["value"]) == {0.0, 1.0}
    assert ORACLE.loc[ORACLE["quantity"] == "n_missing", "value"].max() == 3


@pytest.mark.oracle("wilson_interval", "R 4.2.2 prop.test (change.R)")
@pytest.mark.parametrize("row", [*WILSON.itertuples()], ids=lambda r: f"{r.x}_{r.n}_{r.conf_level}")
def test_wilson_interval_is_that_of_r(row):
    low, high = wilson_interval(row.x, row.n, conf_level=row.conf_level)
    # atol: R leaves 1e-17 where the end is 0
    np.testing.assert_allclose([low, high], [row.conf_low, row.conf_high], rtol=1e-8, atol=1e-12)
    assert 0 <= low <= row.x / row.n <= high <= 1


def test_published_intervals_of_newcombe():
    low, high = wilson_interval([81, 15], [263, 148])
    np.testing.assert_allclose(low, [0.2553, 0.0624], atol=5e-5)
    np.testing.assert_allclose(high, [0.3662, 0.1605], atol=5e-5)


def test_ties_that_rounding_hides_are_found():
    data = pd.read_csv(REFERENCE / "anorexia.csv").query("Treat == 'CBT'")
    exact = [
        round(Fraction(str(a)) * 10) - round(Fraction(str(b)) * 10)
        for b, a in zip(data["Prewt"], data["Postwt"], strict=True)
    ]
    stored = (data["Postwt"] - data["Prewt"]).to_numpy()
    assert len(set(np.abs(stored))) > len(set(map(abs, exact)))  # some ties are lost as stored
    whole, tenths = signed_rank(exact), signed_rank(stored)
    assert tenths.statistic == whole.statistic == 304.5
    assert tenths.p_value == pytest.approx(whole.p_value, rel=1e-12)
    assert tenths.conf_low * 10 == pytest.approx(whole.conf_low, abs=1e-9)


# -------------------------------------------------------------------------------------- known truth


def test_signed_rank_null_distribution_by_listing_every_sign():
    sizes = np.array([1.0, 2, 3, 5, 8, 13, 21])
    signs = np.array(np.meshgrid(*[[-1, 1]] * 7)).reshape(7, -1).T
    v = (signs > 0) @ np.arange(1, 8)
    for pattern in signs[::9]:
        got = signed_rank(sizes * pattern)
        mine = min(got.statistic, 28 - got.statistic)
        assert got.p_value == pytest.approx(min(1, 2 * np.mean(v <= mine)), rel=1e-12)


def test_fifty_people_are_the_first_to_get_the_normal_approximation():
    x = 1.5 ** np.arange(1, 51) * np.where(np.arange(50) % 3 == 0, -1, 1)
    assert signed_rank(x[:49]).exact
    many = signed_rank(x)
    assert not many.exact
    # V has mean 637.5 and variance 50 * 51 * 101 / 24 under no change
    z = (abs(many.statistic - 637.5) - 0.5) / np.sqrt(50 * 51 * 101 / 24)
    assert many.p_value == pytest.approx(math.erfc(z / math.sqrt(2)), rel=1e-12)


def test_exact_interval_covers_what_its_test_does_not_reject():
    x = np.array([-2.3, -1.1, -0.4, 0.2, 0.9, 1.7, 2.9, 3.1, 4.4, 5.2])
    w = signed_rank(x)
    for shift, inside in (
        (w.conf_low - 1e-4, False), (w.conf_low + 1e-4, True),
        (w.conf_high - 1e-4, True), (w.conf_high + 1e-4, False),
    ):  # fmt: skip
        assert (signed_rank(x - shift).p_value > 0.05) == inside


def test_paired_t_errs_in_5_percent_and_covers_in_95():
    rng = np.random.default_rng(20260301)
    batches, n = 4_000, 12
    level = rng.normal(6, 1.5, (batches, n, 1))
    before, after = np.moveaxis(level + rng.normal(0, 0.8, (batches, n, 2)), -1, 0)
    t = t_interval(after - before)
    # 3.5 Monte Carlo standard errors of a share of 5 %
    margin = 3.5 * np.sqrt(0.05 * 0.95 / batches)
    assert abs(np.mean(t.p_value < 0.05) - 0.05) < margin
    shifted = t_interval(after - before - 1.0)
    assert abs(np.mean((shifted.conf_low <= -1) & (shifted.conf_high >= -1)) - 0.95) < margin


def test_median_and_wilson_intervals_cover_at_least_what_they_say():
    rng = np.random.default_rng(7)
    x = rng.exponential(1, (4_000, 15)) - np.log(2)  # median 0, skew
    m = median_range(x)
    covered = np.mean((m.conf_low <= 0) & (m.conf_high >= 0))
    assert abs(covered - m.level) < 3.5 * np.sqrt(m.level * (1 - m.level) / 4_000)
    low, high = wilson_interval(rng.binomial(40, 0.3, 4_000), 40)
    assert abs(np.mean((low <= 0.3) & (high >= 0.3)) - 0.95) < 0.02


def test_hedges_factor_takes_the_bias_away():
    rng = np.random.default_rng(11)
    s = standardised(rng.normal(0.5, 1, (20_000, 8)))
    error = s.g_z.std() / np.sqrt(20_000)
    assert abs(s.g_z.mean() - 0.5) < 3.5 * error
    assert s.d_z.mean() - 0.5 > 3.5 * error


def test_noncentral_interval_covers():
    rng = np.random.default_rng(12)
    s = standardised(rng.normal(0.8, 1, (4_000, 10)))
    covered = np.mean((s.d_z_low <= 0.8) & (s.d_z_high >= 0.8))
    assert abs(covered - 0.95) < 3.5 * np.sqrt(0.05 * 0.95 / 4_000)


# -------------------------------------------------------------------------- a batch is many singles


def test_kernels_on_a_batch_equal_kernels_on_each_row():
    rng = np.random.default_rng(3)
    before = rng.integers(0, 11, (50, 9)).astype(float)
    after = rng.integers(0, 11, (50, 9)).astype(float)
    before[4] = after[4] + 1  # one batch in which everybody changes alike
    diff = after - before
    t, s, m = t_interval(diff), standardised(diff), median_range(diff)
    fell, able = count_fallen(before, after, threshold=0.3)
    sides = direction_counts(diff, band=1)
    low, high = wilson_interval(fell, able)
    for r in range(50):
        one = t_interval(diff[r])
        for field in ("estimate", "std_error", "conf_low", "conf_high", "statistic", "p_value"):
            np.testing.assert_allclose(getattr(t, field)[r], getattr(one, field), rtol=1e-12)
        alone = standardised(diff[r])
        for field in ("d_z", "d_z_low", "d_z_high", "g_z", "g_z_low", "g_z_high"):
            np.testing.assert_allclose(getattr(s, field)[r], getattr(alone, field), rtol=1e-12)
        middle = median_range(diff[r])
        assert (m.estimate[r], m.conf_low[r], m.conf_high[r]) == (
            middle.estimate, middle.conf_low, middle.conf_high,
        )  # fmt: skip
        count, size = count_fallen(before[r], after[r], threshold=0.3)
        assert (fell[r], able[r]) == (count, size)
        assert [side[r] for side in sides] == list(direction_counts(diff[r], band=1))
        np.testing.assert_array_equal((low[r], high[r]), wilson_interval(count, size))


def test_kernels_keep_every_leading_axis():
    x = np.random.default_rng(1).normal(size=(2, 3, 7))
    assert t_interval(x).conf_low.shape == (2, 3)
    assert standardised(x).g_z_high.shape == (2, 3)
    assert median_range(x).conf_low.shape == (2, 3)
    assert direction_counts(x, band=0)[0].shape == (2, 3)


def test_counted_averages_equal_listed_ones():
    x = np.round(np.random.default_rng(5).normal(0, 2, 60), 1)
    ranks = [1, 2, 300, 915, 916, 1829, 1830]
    listed = _walsh_averages(x, ranks)
    counted = _walsh_averages(x, ranks, table_up_to=10)
    np.testing.assert_allclose(counted, listed, rtol=0, atol=1e-12)


# --------------------------------------------------------------------------------------------- laws

ratings = st.floats(0, 10, allow_nan=False).map(lambda x: round(x, 2))
pair_lists = st.lists(st.tuples(ratings, ratings), min_size=3, max_size=25)
ENDS = ["estimate", "std_error", "conf_low", "conf_high", "statistic", "df", "p_value", "n"]


def numbers(answer, columns=ENDS):
    table = answer.table.set_index(["measure", "term"])
    return table[[c for c in columns if c in table]]


@settings(max_examples=40, deadline=None)
@given(pair_lists, st.randoms(use_true_random=False))
def test_row_order_never_matters(values, random):
    scores = as_scores(*zip(*values, strict=True))
    order = list(range(len(scores)))
    random.shuffle(order)
    a = paired_change(scores, outcome="x")
    b = paired_change(scores.iloc[order].reset_index(drop=True), outcome="x")
    pd.testing.assert_frame_equal(a.table, b.table, check_exact=True)


@settings(max_examples=40, deadline=None)
@given(pair_lists)
def test_swapping_before_and_after_swaps_the_sign(values):
    before, after = zip(*values, strict=True)
    there = numbers(paired_change(as_scores(before, after), outcome="x"))
    back = numbers(paired_change(as_scores(after, before), outcome="x"))
    for key in there.index:
        a, b = there.loc[key], back.loc[key]
        if key[0] == "mean":
            b = back.loc[("mean", "after" if key[1] == "before" else "before")]
            np.testing.assert_allclose(a["estimate"], b["estimate"], rtol=1e-12)
            continue
        close = {"rtol": 1e-6, "atol": 1e-9}
        np.testing.assert_allclose(a["estimate"], -b["estimate"], **close)
        np.testing.assert_allclose(a["conf_low"], -b["conf_high"], **close)
        np.testing.assert_allclose(a["p_value"], b["p_value"], rtol=1e-8)
    side = direction_of_change(as_scores(before, after), outcome="x", band=0.5).table["estimate"]
    other = direction_of_change(as_scores(after, before), outcome="x", band=0.5).table["estimate"]
    assert side.tolist() == other.tolist()[::-1]


@settings(max_examples=40, deadline=None)
@given(pair_lists, ratings)
def test_a_person_without_follow_up_changes_n_missing_and_nothing_else(values, rating):
    scores = as_scores(*zip(*values, strict=True))
    longer = pd.concat([scores, as_scores([rating], [np.nan]).assign(person_id="A new one")])
    for estimate in (
        lambda s: paired_change(s, outcome="x"),
        lambda s: direction_of_change(s, outcome="x", band=0.5),
    ):
        a, b = estimate(scores).table, estimate(longer).table
        assert (b.pop("n_missing") - a.pop("n_missing")).eq(1).all()
        pd.testing.assert_frame_equal(a, b, check_exact=True)


@settings(max_examples=40, deadline=None)
@given(pair_lists)
def test_shares_add_up_and_a_higher_threshold_is_reached_by_fewer(values):
    before, after = (np.array(v) for v in zip(*values, strict=True))
    assert sum(int(x) for x in direction_counts(after - before, band=0.5)) == len(values)
    counts = [int(count_fallen(before, after, threshold=t)[0]) for t in (0.1, 0.2, 0.3, 1.0)]
    assert counts == sorted(counts, reverse=True)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-8, 8), min_size=1, max_size=30), st.sampled_from([0.8, 0.95, 0.99]))
def test_signed_rank_never_fails_and_its_interval_holds_the_estimate(changes, level):
    w = signed_rank(changes, conf_level=level)
    assert w.n_zero == changes.count(0)
    assert w.level <= level
    if w.level > 0:
        assert w.conf_low <= w.estimate <= w.conf_high
    else:
        assert np.isnan(w.conf_low)
        assert np.isnan(w.conf_high)


# ------------------------------------------------------------------------------------ from the days


def cohort():
    """A: full diary. B: too few days after. C: no first session. D: no diary. E: diary only."""
    days = pd.date_range("2026-03-01", periods=60)
    first = pd.Timestamp("2026-03-08")
    people = PEOPLE.empty().reindex(range(4))
    people["person_id"] = ["D", "B", "A", "C"]
    people["first_session"] = [first, first, first, pd.NaT]
    diary = pd.concat(
        [
            pd.DataFrame({"person_id": "A", "date": days, "stiffness": np.arange(60) % 7.0}),
            pd.DataFrame({"person_id": "B", "date": days[:38], "stiffness": 5.0}),
            pd.DataFrame({"person_id": "C", "date": days, "stiffness": 4.0}),
            pd.DataFrame({"person_id": "E", "date": days[:3], "stiffness": 4.0}),
        ]
    )
    return diary.reindex(columns=DIARY.names), people


def test_window_scores_by_hand():
    diary, people = cohort()
    got = window_scores(diary, people, "stiffness").set_index("person_id")
    assert got.columns.tolist() == ["before", "after", "days_before", "days_after", "status"]
    assert got["status"].to_dict() == {
        "A": "paired", "B": "no after", "C": "no first session", "D": "neither",
        "E": "no first session",
    }  # fmt: skip
    assert got.loc["A", ["before", "after"]].tolist() == [3.0, 3.0]
    # day 28 to 41 of B: the diary ends on day 30
    assert got.loc["B", ["days_before", "days_after"]].tolist() == [7, 3]
    assert got.loc["B", "before"] == 5
    assert got.loc[["C", "D", "E"], ["before", "after"]].isna().all(axis=None)
    assert got.loc[["C", "D", "E"], ["days_before", "days_after"]].eq(0).all(axis=None)


def test_windows_take_their_first_and_last_day_and_no_other():
    diary, people = cohort()
    diary.loc[diary["person_id"].eq("A"), "stiffness"] = np.arange(60.0)  # day -7 is 0
    got = window_scores(
        diary, people, "stiffness",
        before=Window(name="b", first_day=-3, last_day=-2, min_days=2),
        after=Window(name="a", first_day=0, last_day=0, min_days=1),
    ).set_index("person_id")  # fmt: skip
    assert got.loc["A", ["before", "after"]].tolist() == [4.5, 7.0]


def test_the_hour_of_a_date_does_not_move_the_day():
    diary, people = cohort()
    late = people.assign(first_session=people["first_session"] + pd.Timedelta(hours=15))
    pd.testing.assert_frame_equal(
        window_scores(diary, people, "stiffness"), window_scores(diary, late, "stiffness")
    )


def test_a_missing_day_is_left_out_and_too_few_days_give_no_mean():
    diary, people = cohort()
    mine = diary["person_id"].eq("A") & diary["date"].lt("2026-03-04")
    diary.loc[mine, "stiffness"] = np.nan
    got = window_scores(diary, people, "stiffness").set_index("person_id").loc["A"]
    assert (got["before"], got["days_before"]) == (4.5, 4)
    diary.loc[diary["person_id"].eq("A") & diary["date"].lt("2026-03-05"), "stiffness"] = np.nan
    got = window_scores(diary, people, "stiffness").set_index("person_id").loc["A"]
    assert np.isnan(got["before"])
    assert (got["days_before"], got["status"]) == (3, "no before")


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_people_are_matched_by_code_in_any_order_of_rows(seed):
    diary, people = cohort()
    rng = np.random.default_rng(seed)
    shuffled = window_scores(
        diary.sample(frac=1, random_state=rng), people.sample(frac=1, random_state=rng), "stiffness"
    )
    pd.testing.assert_frame_equal(shuffled, window_scores(diary, people, "stiffness"), rtol=1e-12)


def test_everybody_without_a_pair_is_counted_and_named_by_reason():
    diary, people = cohort()
    extra = diary[diary["person_id"].eq("A")].assign(person_id="F")
    both = pd.concat([diary, extra])
    who = pd.concat([people, people.iloc[[2]].assign(person_id="F")])
    answer = paired_change(window_scores(both, who, "stiffness"), outcome="stiffness")
    row = answer.one(measure="mean_difference")
    assert (row["n"], row["n_missing"]) == (2, 4)
    said = " ".join(answer.notes)
    assert "4 of 6 people" in said
    assert "neither: 1, no after: 1, no first session: 2" in said


def test_no_diary_and_nobody_at_all():
    diary, people = cohort()
    none = window_scores(DIARY.empty(), people, "stiffness")
    assert none["status"].tolist() == ["neither", "neither", "no first session", "neither"]
    assert window_scores(DIARY.empty(), PEOPLE.empty(), "stiffness").empty
    only_diary = window_scores(diary, PEOPLE.empty(), "stiffness")
    assert set(only_diary["status"]) == {"no first session"}


# ---------------------------------------------------------------------------------- special answers


def test_equal_changes_have_an_interval_without_width_and_no_d():
    # 0.1 + 0.2 - 0.2 is not 0.1 in a computer
    scores = as_scores([0.2, 3.3, 5.7, 7.1], [0.1 + 0.2, 3.4, 5.8, 7.2])
    answer = paired_change(scores, outcome="pain")
    row = answer.one(measure="mean_difference")
    assert row["conf_low"] == row["conf_high"] == row["estimate"] == pytest.approx(0.1)
    assert np.isnan(row["p_value"])
    assert not {"d_z", "g_z"} & set(answer.table["measure"])
    assert any("d_z and g_z do not exist" in note for note in answer.notes)


def test_no_change_at_all():
    answer = paired_change(as_scores([1, 2, 3], [1, 2, 3]), outcome="pain")
    row = answer.one(measure="pseudo_median")
    assert row["estimate"] == 0
    assert np.isnan([row["conf_low"], row["conf_high"], row["p_value"], row["conf_level"]]).all()
    assert any("too alike" in note for note in answer.notes)


def test_two_people_get_an_answer_that_says_how_little_it_is():
    answer = paired_change(as_scores([5, 6], [4, 3]), outcome="pain")
    median = answer.one(measure="median_difference")
    assert (median["conf_low"], median["conf_high"]) == (-np.inf, np.inf)
    assert any("too few for a 95% interval of the median" in note for note in answer.notes)
    pseudo = answer.one(measure="pseudo_median")
    assert pseudo["conf_level"] == 0.5
    assert any("the one shown has 50.0%" in note for note in answer.notes)
    assert "g_z" not in set(answer.table["measure"])
    assert "Two people are too few for g_z." in answer.notes


@pytest.mark.parametrize(("n", "level"), [(3, 0.75), (5, 0.9375), (6, 0.95)])
def test_the_level_of_the_exact_interval_is_never_overstated(n, level):
    row = paired_change(as_scores(2.0 ** np.arange(n), np.zeros(n)), outcome="pain").one(
        measure="pseudo_median"
    )
    assert row["conf_level"] == pytest.approx(level)


def test_scores_all_alike_have_no_d_av():
    answer = paired_change(as_scores([3, 3, 3], [2, 2, 2]), outcome="pain")
    assert "d_av" not in set(answer.table["measure"])


@pytest.mark.parametrize(
    ("before", "after", "threshold", "fell"),
    [
        (5, 4, 0.20, True),
        (5, 4.0000001, 0.20, False),
        (0.7, 0.49, 0.30, True),  # 0.7 - 0.49 < 0.3 * 0.7 as stored
        (36 / 7, 36 / 7 * 0.8, 0.20, True),
        (4.1, 4.1 * 0.7, 0.30, True),
        (10, 7, 0.30, True),
        (10, 7.1, 0.30, False),
        (6, 0, 1.0, True),
    ],
)
def test_a_fall_of_exactly_the_threshold_counts(before, after, threshold, fell):
    count, n = count_fallen([before], [after], threshold=threshold)
    assert (int(count), int(n)) == (int(fell), 1)


@settings(max_examples=60)
@given(st.integers(1, 140), st.sampled_from([7, 14]), st.sampled_from([20, 30]))
def test_a_fall_of_exactly_the_threshold_counts_for_every_window_mean(total, days, percent):
    before = total / days
    after = total * (100 - percent) / (100 * days)
    assert int(count_fallen([before], [after], threshold=percent / 100)[0]) == 1


def test_a_change_of_exactly_the_band_is_the_same():
    assert [int(x) for x in direction_counts([0.3 - 0.0, 0.1 + 0.2, -0.3], band=0.3)] == [0, 3, 0]
    assert [int(x) for x in direction_counts([1e-12, 0.0, 0.1], band=0)] == [0, 2, 1]


def test_people_who_had_zero_before_are_set_aside_and_said():
    scores = as_scores([0, 0, 5, 5, 6], [0, 1, 4, 5, np.nan])
    answer = percent_fall(scores, outcome="pain", threshold=0.2)
    row = answer.table.iloc[0]
    assert (row["estimate"], row["n"], row["n_missing"]) == (0.5, 2, 3)
    assert row["term"] == "fall of at least 20 %"
    assert any("2 people had 0 before" in note for note in answer.notes)


def test_thresholds_carry_their_source_and_its_status():
    scores = as_scores([5, 6], [4, 6])
    twenty = percent_fall(scores, outcome="pain", threshold=0.2).notes
    thirty = percent_fall(scores, outcome="pain", threshold=0.3).notes
    assert FALL_LABELS[0.20] in twenty
    assert "NG144" in " ".join(twenty)
    assert "[memory" in " ".join(thirty)
    assert "our own rule" in percent_fall(
        scores, outcome="pain", threshold=0.2, label="our own rule"
    ).notes  # fmt: skip
    assert not set(FALL_LABELS.values()) & set(
        percent_fall(scores, outcome="pain", threshold=0.25).notes
    )


def test_minimal_detectable_change_by_hand_and_with_its_source():
    answer = minimal_detectable_change(
        as_scores([4, 5, 6, np.nan], [1, 1, 1, 1]),
        outcome="pain",
        icc=0.75,
        icc_source="Smith 1999",
    )
    row = answer.table.iloc[0]
    assert row["estimate"] == pytest.approx(1.959963984540054 * np.sqrt(2) * 0.5)
    assert (row["n"], row["n_missing"]) == (3, 1)
    assert row["conf_low"] < row["estimate"] < row["conf_high"]
    assert "Smith 1999" in row["method"]
    assert any("0.75" in note and "Smith 1999" in note for note in answer.notes)


def test_minimal_detectable_change_without_spread():
    answer = minimal_detectable_change(
        as_scores([4, 4], [1, 2]), outcome="pain", icc=0.75, icc_source="Smith 1999"
    )
    assert answer.table.loc[0, ["estimate", "conf_low", "conf_high"]].eq(0).all()
    assert any("no spread" in note for note in answer.notes)


def test_words_of_change_are_never_those_of_benefit():
    scores = as_scores([5, 6, 7, 8], [4, 6, 5, 9])
    answers = [
        paired_change(scores, outcome="pain"),
        direction_of_change(scores, outcome="pain", band=0.5),
        percent_fall(scores, outcome="pain", threshold=0.3),
    ]
    for answer in answers:
        said = " ".join([*answer.notes, *answer.table["term"], *answer.table["method"]]).lower()
        for word in ("effect", "better", "improve", "patient", "worse"):
            assert word not in said
        assert "not proof that the therapy" in said


def test_group_and_outcome_label_every_row():
    table = paired_change(as_scores([5, 6], [4, 6]), outcome="pain", group="APS").table
    assert set(table["outcome"]) == {"pain"}
    assert set(table["group"]) == {"APS"}


# ------------------------------------------------------------------------------------------ refusals

ESTIMATORS = {
    "paired_change": lambda s: paired_change(s, outcome="pain"),
    "direction_of_change": lambda s: direction_of_change(s, outcome="pain", band=1),
    "percent_fall": lambda s: percent_fall(s, outcome="pain", threshold=0.2),
    "minimal_detectable_change": lambda s: minimal_detectable_change(
        s, outcome="pain", icc=0.8, icc_source="x"
    ),
}


@pytest.mark.parametrize("estimate", ESTIMATORS.values(), ids=ESTIMATORS)
def test_days_are_not_people(estimate):
    diary, _ = cohort()
    with pytest.raises(RowsAreNotPeopleError, match=r"your 161 rows are 4 people: .*window_scores"):
        estimate(diary)
    twice = pd.concat([as_scores([5, 6], [4, 6])] * 2)
    with pytest.raises(RowsAreNotPeopleError, match="your 4 rows are 2 people"):
        estimate(twice)


@pytest.mark.parametrize("estimate", ESTIMATORS.values(), ids=ESTIMATORS)
@pytest.mark.parametrize(
    ("spoil", "match"),
    [
        (lambda s: s.drop(columns="before"), r"no column 'before'.*window_scores"),
        (lambda s: s.drop(columns="person_id"), r"no column 'person_id'"),
        (lambda s: s.assign(before=["a", "b"]), "not numbers"),
        (lambda s: s.assign(before=[np.inf, 1]), "infinite"),
        (lambda s: s.assign(person_id=["a", None]), "without person_id"),
        (lambda s: s.assign(before=np.nan), "at least"),
        (lambda s: s.iloc[:0], "at least"),
    ],
)
def test_scores_that_cannot_be_are_refused(estimate, spoil, match):
    with pytest.raises(ValueError, match=match):
        estimate(spoil(as_scores([5, 6], [4, 6])))


def test_one_pair_is_too_few_and_the_error_says_what_to_do():
    with pytest.raises(ValueError, match=r"at least 2 people.*got 1 of 2; collect more diaries"):
        paired_change(as_scores([5, 6], [4, np.nan]), outcome="pain")


def test_nobody_can_fall_from_zero():
    with pytest.raises(ValueError, match="nobody can fall from 0"):
        percent_fall(as_scores([0, 0], [0, 1]), outcome="pain", threshold=0.2)
    with pytest.raises(ValueError, match="negative"):
        percent_fall(as_scores([-1, 2], [0, 1]), outcome="pain", threshold=0.2)


@pytest.mark.parametrize("threshold", [0, -0.2, 20, np.nan])
def test_a_threshold_is_a_fraction(threshold):
    with pytest.raises(ValueError, match=r"write 0\.20 for 20 %"):
        percent_fall(as_scores([5], [4]), outcome="pain", threshold=threshold)


@pytest.mark.parametrize("band", [-1, np.nan, np.inf])
def test_a_band_is_a_width(band):
    with pytest.raises(ValueError, match="band"):
        direction_of_change(as_scores([5], [4]), outcome="pain", band=band)


@pytest.mark.parametrize("icc", [-0.1, 1, 83, np.nan])
def test_an_icc_is_below_one(icc):
    with pytest.raises(ValueError, match="icc must be"):
        minimal_detectable_change(as_scores([5, 6], [4, 4]), outcome="x", icc=icc, icc_source="y")


def test_an_icc_has_a_source():
    with pytest.raises(ValueError, match="icc_source is empty"):
        minimal_detectable_change(as_scores([5, 6], [4, 4]), outcome="x", icc=0.8, icc_source=" ")


@pytest.mark.parametrize("level", [0, 1, 95, -0.1])
def test_a_level_lies_between_zero_and_one(level):
    scores = as_scores([5, 6], [4, 4])
    for call in (
        lambda: paired_change(scores, outcome="x", conf_level=level),
        lambda: direction_of_change(scores, outcome="x", band=1, conf_level=level),
        lambda: percent_fall(scores, outcome="x", threshold=0.2, conf_level=level),
        lambda: minimal_detectable_change(
            scores, outcome="x", icc=0.8, icc_source="y", conf_level=level
        ),
        lambda: proportion_row(1, 2, conf_level=level),
        lambda: signed_rank([1.0], conf_level=level),
    ):
        with pytest.raises(ValueError, match="conf_level"):
            call()


@pytest.mark.parametrize("outcome", ["mood", "missed_medication", "date", "person_id"])
def test_an_outcome_is_a_numeric_column_of_the_diary(outcome):
    diary, people = cohort()
    diary["missed_medication"] = "yes"
    with pytest.raises(ValueError, match=rf"outcome '{outcome}'.*choose one of \['stiffness'"):
        window_scores(diary, people, outcome)


def test_a_diary_that_cannot_be_is_refused():
    diary, people = cohort()
    with pytest.raises(ValueError, match="repeat a person and day"):
        window_scores(pd.concat([diary, diary.head(1)]), people, "stiffness")
    with pytest.raises(RowsAreNotPeopleError):
        window_scores(diary, pd.concat([people, people]), "stiffness")
    with pytest.raises(ValueError, match="not dates"):
        window_scores(diary.assign(date=diary["date"].astype(str)), people, "stiffness")
    with pytest.raises(ValueError, match="no column 'first_session'"):
        window_scores(diary, people.drop(columns="first_session"), "stiffness")
    with pytest.raises(ValueError, match="share days"):
        window_scores(
            diary, people, "stiffness", after=Window(name="after", first_day=-1, last_day=14)
        )


def test_rated_days_have_their_day():
    diary, people = cohort()
    got = rated_days(diary, people, "stiffness")
    assert got.loc[got["person_id"].eq("A"), "day"].tolist() == list(range(-7, 53))
    assert got.loc[got["person_id"].isin(["C", "E"]), "day"].isna().all()


@pytest.mark.parametrize("kernel", [t_interval, standardised])
def test_kernels_need_two_people(kernel):
    with pytest.raises(ValueError, match="at least 2"):
        kernel([1.0])
    with pytest.raises(ValueError, match="at least 1"):
        median_range([])


def test_one_person_is_called_a_person():
    with pytest.raises(RowsAreNotPeopleError, match="your 2 rows are 1 person:"):
        paired_change(pd.concat([as_scores([5], [4])] * 2), outcome="pain")
