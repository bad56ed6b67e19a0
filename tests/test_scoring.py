"""Scoring: answers made into numbers by hand, by law, and refused where they cannot be right."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msspas_analysis.instruments import describe, get
from msspas_analysis.scoring import (
    ScoreError,
    check_poolable,
    check_values,
    group_values,
    score,
    score_mas,
    score_mas_mean,
    score_psfs,
    score_t25fw,
)

QUESTIONNAIRES = [
    ("msss88", None, 1, 4, "half_items"),
    ("mfis", None, 0, 4, "complete"),
    ("mfis5", None, 0, 4, "complete"),
    ("fss", None, 1, 7, "complete"),
    ("msis29", "v1", 1, 5, "half_items"),
    ("msis29", "v2", 1, 4, "half_items"),
]


def item_numbers(key):
    return sorted({item for part in get(key).subscales for item in part.items})


def form(key, value, rows=1):
    """Return forms with every item answered `value`."""
    numbers = item_numbers(key)
    return pd.DataFrame(float(value), index=range(rows), columns=numbers)


def scores(frame):
    """Return subscale -> score of the only form."""
    return dict(zip(frame["score"], frame["value"], strict=True))


# ------------------------------------------------------------------------------- values


def test_check_values_says_where_and_what():
    given_values = pd.Series([4, 0.5, 6.25, None, 12, "x", ""], index=list("abcdefg"), dtype=object)
    found = check_values("edss", given_values)
    assert found["row"].tolist() == ["b", "c", "e", "f"]
    assert found["problem"].tolist() == [
        "a value this scale does not have", "off the step of 0.5", "outside 0 to 10",
        "not a number",
    ]  # fmt: skip
    assert check_values("falls", [-1])["problem"].tolist() == ["below 0"]
    assert check_values("nrs_pain", [0, 10, np.nan]).empty
    # an imputed sum need not be whole
    assert check_values("msss88", [12, 18.4, 48.5], score="muscle_stiffness")["row"].tolist() == [2]


def test_a_check_of_no_values_still_needs_right_names():
    with pytest.raises(ValueError, match="needs version="):
        check_values("msis29", [])
    with pytest.raises(KeyError, match="no subscale 'total'"):
        check_values("psfs", [], score="total")


@given(st.integers(-3, 14))
def test_a_rating_is_a_whole_number_from_0_to_10(value):
    assert get("nrs_stiffness").allows(value) == (value in range(11))
    assert check_values("nrs_stiffness", [value]).empty == (value in range(11))


def test_groups_of_values():
    assert group_values("nrs_stiffness", [0, 3.99, 4, 6.9, 7, 10, np.nan]).tolist() == [
        "none or mild", "none or mild", "moderate", "moderate", "severe", "severe", None,
    ]  # fmt: skip
    edss = group_values("edss", pd.Series([3.5, 4, 7.5, 8], index=list("abcd")))
    assert edss.to_dict() == {"a": "0-3.5", "b": "4-7.5", "c": "4-7.5", "d": "8-10"}
    assert group_values("pdds", [2, 3, 5, 6]).tolist() == ["0-2", "3-5", "3-5", "6-8"]
    assert group_values("t25fw", [5.99, 6, 8]).tolist() == [
        "under 6 s", "6 to under 8 s", "8 s or more",
    ]  # fmt: skip


def test_groups_refuse_what_the_scale_does_not_have_and_list_all():
    with pytest.raises(ScoreError) as error:
        group_values("edss", [0.5, 4.2, 4, 11])
    assert error.value.problems["row"].tolist() == [0, 1, 3]
    with pytest.raises(ScoreError, match="not a whole number"):
        group_values("pdds", [2.5])  # a mean of ordinal steps belongs to no group
    with pytest.raises(ValueError, match="falls has no groups"):
        group_values("falls", [1])


def test_snow_and_penn_and_counts_are_never_pooled():
    for pair in (("psfs", "snow_sfs"), ("snow_sfs", "psfs"), ("psfs", "psfs", "spasm_count")):
        with pytest.raises(ValueError, match="never pooled"):
            check_poolable(pair)
    check_poolable(["psfs", "psfs"])
    assert "snow_sfs" in get("psfs").never_pool_with
    assert "psfs" in get("snow_sfs").never_pool_with


def test_codings_and_versions_are_never_mixed():
    check_poolable(["mas"], codings=["half_1p5", "half_1p5"])
    with pytest.raises(ValueError, match=r"codings.*half_1p5.*transformed_0_5"):
        check_poolable(["mas"], codings=["transformed_0_5", "half_1p5"])
    with pytest.raises(ValueError, match=r"versions.*v1.*v2"):
        check_poolable(["msis29"], versions=["v1", "v2"])


# ------------------------------------------------------------------------------- questionnaires


def test_msss88_counts_and_ranges():
    parts = get("msss88").subscales
    assert [len(part.items) for part in parts] == [12, 9, 14, 11, 10, 11, 13, 8]
    assert sorted(item for part in parts for item in part.items) == list(range(1, 89))
    assert [(part.low, part.high) for part in parts] == [
        (12, 48), (9, 36), (14, 56), (11, 44), (10, 40), (11, 44), (13, 52), (8, 32),
    ]  # fmt: skip
    assert "total" not in [part.name for part in parts]


def test_msss88_sums_by_hand():
    answers = form("msss88", 2)
    answers.loc[0, [1, 2, 3]] = [4, 3, 1]
    got = scores(score("msss88", answers))
    assert got == {
        "muscle_stiffness": 26,  # 9 x 2 + 4 + 3 + 1
        "pain_discomfort": 18, "muscle_spasms": 28, "activities_daily_living": 22,
        "walking": 20, "body_movements": 22, "feelings": 26, "social_functioning": 16,
    }  # fmt: skip


def test_msss88_exactly_half_counts_and_one_fewer_does_not():
    answers = form("msss88", np.nan)
    answers.loc[0, [1, 2, 3, 4, 5, 6]] = [1, 2, 3, 4, 4, 3]  # 6 of 12, sum 17
    answers.loc[0, [22, 23, 24, 25, 26, 27]] = 4  # 6 of 14
    answers.loc[0, [13, 14, 15, 16, 17]] = [1, 1, 2, 2, 1]  # 5 of 9: more than half, sum 7
    answers.loc[0, [81, 82, 83, 84]] = [2, 2, 3, 2]  # 4 of 8: exactly half, sum 9
    got = score("msss88", answers).set_index("score")
    assert got.loc["muscle_stiffness", "value"] == 34  # 17 / 6 x 12
    assert got.loc["muscle_stiffness", "status"] == "imputed"
    assert got.loc["pain_discomfort", "value"] == pytest.approx(12.6)  # 7 / 5 x 9, not rounded
    assert got.loc["social_functioning", "value"] == 18
    assert np.isnan(got.loc["muscle_spasms", "value"])
    assert got.loc["muscle_spasms", "status"] == "too few answered"
    assert got.loc["walking", "status"] == "not answered"
    assert got["answered"].tolist() == [6, 5, 6, 0, 0, 0, 0, 4]
    assert got["n_items"].tolist() == [12, 9, 14, 11, 10, 11, 13, 8]
    assert got["missing_rule"].unique().tolist() == ["half_items"]


def test_scores_come_form_by_form_in_the_order_of_the_forms():
    answers = form("mfis", 1, rows=2).set_axis(["B", "A"], axis="index")
    answers.loc["A"] = 2
    got = score("mfis", answers, subscales=["total", "physical"])
    assert got.index.tolist() == ["B", "B", "A", "A"]
    assert got["score"].tolist() == ["physical", "total"] * 2
    assert got["value"].tolist() == [9, 21, 18, 42]


def test_an_odd_subscale_needs_more_than_half():
    answers = form("msss88", np.nan)[list(range(13, 22))]
    answers.loc[0, [13, 14, 15, 16]] = 3  # 4 of 9 is less than half
    got = score("msss88", answers, subscales=["pain_discomfort"])
    assert got["status"].tolist() == ["too few answered"]


def test_walking_does_not_apply_to_people_who_cannot_walk():
    answers = form("msss88", 3, rows=2)
    cannot = pd.DataFrame({"walking": [True, False]})
    got = score("msss88", answers, not_applicable=cannot)
    walking = got[got["score"].eq("walking")]
    assert walking["status"].tolist() == ["not applicable", "complete"]
    assert walking["value"].isna().tolist() == [True, False]
    assert got.loc[got["score"].ne("walking"), "status"].eq("complete").all()
    with pytest.raises(ValueError, match="True or False throughout"):
        score("msss88", answers, not_applicable=cannot.astype(object))
    with pytest.raises(KeyError, match="no subscale 'legs'"):
        score("msss88", answers, not_applicable=cannot.rename(columns={"walking": "legs"}))
    with pytest.raises(ValueError, match="different rows"):
        score("msss88", answers, not_applicable=cannot.iloc[:1])


def test_mfis_by_hand():
    answers = form("mfis", 1)
    answers.loc[0, [8, 9]] = [4, 3]
    answers.loc[0, 21] = 0
    assert scores(score("mfis", answers)) == {
        "physical": 8, "cognitive": 10, "psychosocial": 7, "total": 25,
    }  # fmt: skip
    ranges = {part.name: (part.low, part.high) for part in get("mfis").subscales}
    assert ranges == {
        "physical": (0, 36), "cognitive": (0, 40), "psychosocial": (0, 8), "total": (0, 84),
    }  # fmt: skip
    one, two, three, total = (set(part.items) for part in get("mfis").subscales)
    assert one | two | three == total == set(range(1, 22))
    assert len(one) + len(two) + len(three) == 21


def test_mfis_is_complete_only_unless_the_unofficial_rule_is_named():
    answers = form("mfis", 2)
    answers.loc[0, [4, 1, 2]] = np.nan  # physical 8 of 9, cognitive 8 of 10, total 18 of 21
    strict = score("mfis", answers).set_index("score")
    assert strict["status"].to_dict() == {
        "physical": "too few answered", "cognitive": "too few answered",
        "psychosocial": "complete", "total": "too few answered",
    }  # fmt: skip
    loose = score("mfis", answers, missing="person_mean_80").set_index("score")
    assert loose["value"].to_dict() == {
        "physical": 18, "cognitive": 20, "psychosocial": 4, "total": 42,
    }  # fmt: skip
    assert loose["missing_rule"].unique().tolist() == ["person_mean_80"]
    assert not get("mfis").missing_rules[1].official
    assert "not an official rule" in describe("mfis")
    answers.loc[0, 3] = np.nan  # cognitive 7 of 10
    loose = score("mfis", answers, missing="person_mean_80").set_index("score")
    assert loose.loc["cognitive", "status"] == "too few answered"
    with pytest.raises(KeyError, match=r"no missing rule 'half_items'.*complete, person_mean_80"):
        score("mfis", answers, missing="half_items")


def test_mfis5_by_hand_and_exactly_80_percent():
    answers = pd.DataFrame(
        [[4, 3, 2, 1, 0], [4, 3, 2, np.nan, 3]], columns=get("mfis5").subscale("total").items
    )
    assert score("mfis5", answers)["value"].tolist()[0] == 10
    loose = score("mfis5", answers, missing="person_mean_80")
    assert loose["value"].tolist() == [10, 15]  # 12 / 4 x 5
    assert loose["status"].tolist() == ["complete", "imputed"]


def test_fss_is_a_mean_with_the_sum_beside_it():
    answers = pd.DataFrame([[1, 2, 3, 4, 5, 6, 7, 7, 7], [7] * 9], columns=range(1, 10))
    got = score("fss", answers)
    assert got["raw"].tolist() == [42, 63]
    assert got["value"].tolist() == [pytest.approx(42 / 9), 7]
    answers.loc[0, 1] = np.nan
    assert score("fss", answers)["status"].tolist() == ["too few answered", "complete"]


@pytest.mark.parametrize(("version", "high"), [("v1", 5), ("v2", 4)])
def test_msis29_rescales_to_0_100_by_version(version, high):
    for value, want in ((1, 0.0), (high, 100.0), ((1 + high) // 2, None)):
        got = scores(score("msis29", form("msis29", value), version=version))
        want = 100 * (value - 1) / (high - 1) if want is None else want
        assert got == {"physical": pytest.approx(want), "psychological": pytest.approx(want)}


def test_msis29_version_is_mandatory_and_its_range_is_enforced():
    answers = form("msis29", 5)
    with pytest.raises(ValueError, match="msis29 needs version="):
        score("msis29", answers)
    with pytest.raises(ScoreError) as error:
        score("msis29", answers, version="v2")
    assert len(error.value.problems) == 29
    assert score("msis29", answers, version="v1")["version"].unique().tolist() == ["v1"]


def test_msis29_agrees_with_published_means():
    """UK MS Register, 4,558 people: mean sums 60.5 and 24.8 are 50.6 and 43.8 of 100."""
    answers = form("msis29", 3, rows=10)
    answers.loc[:4, 1] = 4  # half the physical sums are 61, the others 60
    answers.loc[:, 21] = 1
    answers.loc[:1, 22] = 2  # two psychological sums are 24, the others 25
    got = score("msis29", answers, version="v1")
    means = got.groupby("score")[["raw", "value"]].mean()
    np.testing.assert_allclose(means["raw"], [60.5, 24.8])
    # 0.1: the published means are rounded, the sums to one decimal too
    np.testing.assert_allclose(means["value"], [50.6, 43.8], atol=0.1)


def test_msis29_exactly_half_of_the_physical_items():
    answers = form("msis29", np.nan)
    answers.loc[0, list(range(1, 11))] = [1, 2, 3, 4, 5, 1, 2, 3, 4, 5]  # 10 of 20, sum 30
    answers.loc[0, list(range(21, 25))] = 5  # 4 of 9
    got = score("msis29", answers, version="v1").set_index("score")
    assert got.loc["physical", "raw"] == 60
    assert got.loc["physical", "value"] == 50
    assert got.loc["psychological", "status"] == "too few answered"


def test_impossible_responses_are_all_listed_with_row_and_item():
    answers = form("fss", 4, rows=3).astype(object)
    answers.index = ["A", "B", "C"]
    answers.loc["A", 2] = 0
    answers.loc["A", 9] = 4.5
    answers.loc["C", 1] = "often"
    answers.loc["B", 3] = True
    with pytest.raises(ScoreError) as error:
        score("fss", answers)
    found = error.value.problems
    assert set(zip(found["row"], found["item"], strict=True)) == {
        ("A", "item 2"), ("A", "item 9"), ("B", "item 3"), ("C", "item 1"),
    }  # fmt: skip
    message = str(error.value)
    assert "fss: 4 problem(s)" in message
    assert (
        "row A, item 9: got 4.5. It is not a whole number; give 1 to 7, or leave it empty"
        in message
    )


def test_empty_answers_may_be_none_nan_na_or_blank():
    answers = form("mfis5", 2, rows=4).astype(object)
    for row, empty in enumerate([None, np.nan, pd.NA, " "]):
        answers.loc[row, 1] = empty
    assert score("mfis5", answers)["answered"].tolist() == [4, 4, 4, 4]


def test_columns_must_be_the_item_numbers():
    answers = form("fss", 4)
    with pytest.raises(ValueError, match="items 9 have no column"):
        score("fss", answers.drop(columns=9))
    with pytest.raises(ValueError, match=r"columns \['fss_1'\] are not item numbers.*1-9"):
        score("fss", answers.rename(columns={1: "fss_1"}))
    with pytest.raises(ValueError, match=r"item columns \[2\] occur twice"):
        score("fss", answers.rename(columns={1: 2}))
    with pytest.raises(ValueError, match=r"psfs is not scored from items.*msss88"):
        score("psfs", answers)
    with pytest.raises(KeyError, match="no subscale 'legs'"):
        score("fss", answers, subscales=["legs"])
    with pytest.raises(ValueError, match="no subscale named"):
        score("fss", answers, subscales=[])


def test_no_forms_give_no_scores():
    got = score("msss88", form("msss88", 1).iloc[:0])
    assert got.empty
    assert got.columns.tolist() == [
        "instrument", "version", "score", "value", "raw", "answered", "n_items", "status",
        "missing_rule",
    ]  # fmt: skip


@pytest.mark.parametrize(("key", "version", "low", "high", "rule"), QUESTIONNAIRES)
def test_subscale_ranges_are_reached_and_not_exceeded(key, version, low, high, rule):
    for value, end in ((low, "low"), (high, "high")):
        got = score(key, form(key, value), version=version)
        assert got["value"].tolist() == [getattr(part, end) for part in get(key).subscales]
        assert got["status"].eq("complete").all()
        assert got["missing_rule"].eq(rule).all()


@st.composite
def filled_in(draw):
    """A questionnaire, some forms with gaps, and another order of its items and forms."""
    key, version, low, high, _ = draw(st.sampled_from(QUESTIONNAIRES))
    numbers = item_numbers(key)
    seed = draw(st.integers(0, 2**32 - 1))
    rows, gaps = draw(st.integers(1, 4)), draw(st.sampled_from([0.0, 0.1, 0.5, 0.9]))
    rng = np.random.default_rng(seed)
    values = rng.integers(low, high + 1, (rows, len(numbers))).astype(float)
    values[rng.random(values.shape) < gaps] = np.nan
    answers = pd.DataFrame(values, columns=numbers, index=[f"P{i}" for i in range(rows)])
    return key, version, low, high, answers, rng.permutation(numbers), rng.permutation(rows)


@given(filled_in())
def test_order_of_items_and_forms_never_matters(case):
    key, version, _, _, answers, items, rows = case
    want = score(key, answers, version=version)
    got = score(key, answers[list(items)], version=version)
    pd.testing.assert_frame_equal(got, want)
    moved = score(key, answers.iloc[rows], version=version)
    order = want.set_index("score", append=True)
    pd.testing.assert_frame_equal(moved.set_index("score", append=True).loc[order.index], order)


@given(filled_in())
def test_reversing_the_responses_reverses_the_score(case):
    """With x -> low + high - x every score becomes its range's low + high - score."""
    key, version, low, high, answers, _, _ = case
    before = score(key, answers, version=version)
    after = score(key, low + high - answers, version=version)
    ends = {part.name: part.low + part.high for part in get(key).subscales}
    np.testing.assert_allclose(
        after["value"] + before["value"],
        before["score"].map(ends).where(before["value"].notna()),
        rtol=1e-12, atol=1e-10,
    )  # fmt: skip
    assert after["status"].tolist() == before["status"].tolist()


@given(filled_in())
def test_scores_stay_in_range_and_values_are_missing_exactly_with_the_status(case):
    key, version, _, _, answers, _, _ = case
    got = score(key, answers, version=version)
    assert got["value"].notna().tolist() == got["status"].isin(["complete", "imputed"]).tolist()
    for name, part in got.groupby("score"):
        assert check_values(key, part["value"].round(9), score=name, version=version).empty
    assert (got["answered"] <= got["n_items"]).all()


# ------------------------------------------------------------------------------- examinations


def test_three_codings_of_the_same_grades_differ():
    grades = ["0", "1", "1+", "2", "3", "4"]
    assert score_mas(grades, coding="transformed_0_5")["value"].tolist() == [0, 1, 2, 3, 4, 5]
    assert score_mas(grades, coding="half_1p5")["value"].tolist() == [0, 1, 1.5, 2, 3, 4]
    original = [grade for grade in grades if grade != "1+"]
    got = score_mas(original, coding="no_1plus_0_4")
    assert got["value"].tolist() == [0, 1, 2, 3, 4]
    assert got["coding"].unique().tolist() == ["no_1plus_0_4"]
    assert got["grade"].tolist() == original


def test_coding_is_required_and_named():
    with pytest.raises(TypeError, match="coding"):
        score_mas(["1"])
    with pytest.raises(ValueError, match=r"coding must be one of.*transformed_0_5.*half_1p5"):
        score_mas(["1"], coding="0-5")


def test_one_plus_does_not_exist_in_the_original_grades():
    with pytest.raises(ScoreError) as error:
        score_mas(["1", "1+", "2", "1+"], coding="no_1plus_0_4")
    assert error.value.problems["row"].tolist() == [1, 3]


def test_grades_may_come_as_whole_numbers_but_never_as_coded_numbers():
    got = score_mas(pd.Series([2, " 1+ ", 3.0, None, ""], dtype=object), coding="half_1p5")
    assert got["grade"].tolist()[:3] == ["2", "1+", "3"]
    assert got["status"].tolist() == ["observed"] * 3 + ["not done"] * 2
    assert got["value"].isna().tolist() == [False] * 3 + [True] * 2
    with pytest.raises(ScoreError, match=r"got 1\.5.*\n.*got 5"):
        score_mas([1.5, 5], coding="half_1p5")


def test_leg_scores_by_hand_need_every_muscle():
    sites = get("mas").composites[0].sites
    legs = pd.DataFrame(
        [["1", "1+", "2", "3", "4", "0"], ["1", "1", "1", "1", None, "1"], [None] * 6],
        columns=sites, index=["A", "B", "C"],
    )  # fmt: skip
    six = score_mas_mean(legs, composite="llmt6")
    assert six.loc["A", "value"] == pytest.approx(15 / 6)  # 1 + 2 + 3 + 4 + 5 + 0
    assert six["status"].tolist() == ["complete", "muscles missing", "not done"]
    assert six["value"].isna().tolist() == [False, True, True]
    assert six["graded"].tolist() == [6, 5, 0]
    four = score_mas_mean(legs, composite="llmt4")
    assert four["value"].tolist()[:2] == [2.5, 1]  # (1 + 2 + 3 + 4) / 4; knees only
    assert four["coding"].unique().tolist() == ["transformed_0_5"]
    flipped = score_mas_mean(legs[list(reversed(sites))], composite="llmt6")
    pd.testing.assert_frame_equal(flipped, six)


def test_leg_scores_say_what_is_wrong():
    sites = list(get("mas").composites[1].sites)
    legs = pd.DataFrame([["1"] * 4, ["9", "1", "1", "x"]], columns=sites)
    with pytest.raises(ScoreError) as error:
        score_mas_mean(legs, composite="llmt4")
    assert error.value.problems["item"].tolist() == [sites[0], sites[3]]
    with pytest.raises(ValueError, match=r"columns found: \{'knee_flexors_l': 0\}"):
        score_mas_mean(legs.drop(columns=sites[0]), composite="llmt4")
    with pytest.raises(KeyError, match="llmt6, llmt4"):
        score_mas_mean(legs, composite="llmt8")


def test_penn_severity_does_not_apply_at_frequency_0_and_nothing_is_summed():
    got = score_psfs(
        pd.Series([0, 2, 4, None], index=list("abcd")),
        pd.Series([None, 1, None, 3], index=list("abcd")),
    )
    assert got.index.tolist() == list("abcd")
    assert got["severity_status"].tolist() == [
        "not applicable", "observed", "not done", "observed",
    ]  # fmt: skip
    assert got["frequency_status"].tolist() == ["observed"] * 3 + ["not done"]
    assert got["severity"].isna().tolist() == [True, False, True, False]
    assert set(got.columns) == {"frequency", "frequency_status", "severity", "severity_status"}


def test_penn_contradictions_are_listed():
    with pytest.raises(ScoreError, match=r"row 0, severity: got 2.*not asked.*\n.*row 2"):
        score_psfs([0, 1, 0], [2, 1, 1])
    with pytest.raises(ScoreError) as error:
        score_psfs([5, 1], [1, 0])
    found = error.value.problems
    assert list(zip(found["row"], found["item"], strict=True)) == [
        (0, "frequency"),
        (1, "severity"),
    ]
    with pytest.raises(ValueError, match="2 frequencies and 1 severities"):
        score_psfs([1, 2], [1])


def test_timed_walk_by_hand():
    trials = pd.DataFrame(
        {"first": [6.2, np.nan, 7.0, 180.0, np.nan], "second": [6.8, np.nan, None, 20.0, np.nan]},
        index=list("abcde"),
    )
    got = score_t25fw(trials, unable=[False, True, False, False, False])
    assert got["value"].tolist()[0] == pytest.approx(6.5)
    assert got["value"].isna().tolist() == [False, True, True, True, True]
    assert got["status"].to_dict() == {
        "a": "observed", "b": "unable", "c": "one trial only", "d": "stopped at limit",
        "e": "not done",
    }  # fmt: skip
    assert got["trials"].tolist() == [2, 0, 1, 1, 0]
    assert not got["value"].eq(180).any()


def test_timed_walk_refuses_impossible_times_and_contradictions():
    trials = pd.DataFrame({1: [0.0, 200.0, 8.0], 2: [5.0, 6.0, 9.0]})
    with pytest.raises(ScoreError) as error:
        score_t25fw(trials, unable=[False, False, True])
    assert error.value.problems["row"].tolist() == [0, 1, 2, 2]
    with pytest.raises(ValueError, match="two columns of seconds"):
        score_t25fw(trials[[1]])
    with pytest.raises(ValueError, match="each of the 3 rows"):
        score_t25fw(trials, unable=[False])
    with pytest.raises(ValueError, match="True or False"):
        score_t25fw(trials, unable=[False, np.nan, False])
