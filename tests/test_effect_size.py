"""Differences between two arms and paired standardised changes: answers of R, laws, known truths."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msspas_analysis.estimate.people import RowsAreNotPeopleError
from msspas_analysis.estimate.trials.effect_size import (
    effect_sizes,
    hedges_factor,
    mean_difference,
    paired_effect_sizes,
    standardised_change,
    standardised_difference,
    two_sample_t,
)
from msspas_analysis.estimate.trials.ratios import mean_ratios, ratios_of_means
from shared_reference import answers, table

REFERENCE = Path(__file__).parent / "reference"
ORACLE = pd.read_csv(REFERENCE / "effect_size.csv")
# closed forms agree to about 1e-13, noncentral ends to 1e-9 (R's pt stops there)
TIGHT = {"rtol": 1e-9, "atol": 1e-12}
NONCENTRAL = {"rtol": 1e-8, "atol": 1e-9}
# effectsize looks for its ends with a simplex that stops after four or five digits
SIMPLEX = {"rtol": 2e-3, "atol": 2e-3}


def btheb(arm):
    data = pd.read_csv(REFERENCE / "bthe_b.csv")
    return data.loc[data["treatment"] == arm, "bdi.2m"].dropna().to_numpy()


def anorexia(arm):
    data = pd.read_csv(REFERENCE / "anorexia.csv")
    data = data[data["Treat"] == arm]
    return data["Prewt"].to_numpy(), data["Postwt"].to_numpy()


def gain(arm):
    before, after = anorexia(arm)
    return np.round(after - before, 10)


SLEEP = pd.read_csv(REFERENCE / "sleep.csv")
ARMS = {
    "sleep": (SLEEP["drug2"].to_numpy(), SLEEP["drug1"].to_numpy()),
    "btheb": (btheb("BtheB"), btheb("TAU")),
    "anorexia_cbt": (gain("CBT"), gain("Cont")),
    "anorexia_ft": (gain("FT"), gain("Cont")),
    "small": ([4, 6], [1, 2, 2]),
    "uneven": ([9.1, 3.3, 8.7], np.array([*range(1, 10), 5, 5, 6, 6, 7, 5]) / 2),
    "counts": ([0, 0, 1, 3, 7, 12, 1], [2, 4, 4, 9, 15]),
    "times": ([5.2, 7.9, 6.4, 11.8, 30.5], [6.1, 9.9, 14.2, 22.7, 8.8, 41]),
    "far": ([10.1, 10.4, 9.8, 10.0, 10.2, 9.9], [1.2, 0.7, 1.9, 1.1, 0.8]),
    "same": ([3, 5, 7, 9], [9, 7, 5, 3]),
}


def pairs_of(name):
    if name == "pairs_sleep":
        return SLEEP["drug1"], SLEEP["drug2"]
    if name == "pairs_depression":
        data = pd.read_csv(REFERENCE / "depression_hw.csv")
        return data["before"], data["after"]
    if name == "pairs_anorexia_ft":
        return anorexia("FT")
    if name == "pairs_btheb":
        data = pd.read_csv(REFERENCE / "bthe_b.csv")
        return data["bdi.pre"], data["bdi.2m"]
    return {
        "pairs_three": ([4, 5, 7], [3, 5, 4]),
        "pairs_opposed": ([1, 2, 3, 4, 5], [5, 4.5, 2, 2, 1]),
    }[name]


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


@pytest.mark.oracle("mean_difference", "R 4.2.2 t.test (effect_size.R)")
@pytest.mark.parametrize(("name", "level"), TWO)
def test_difference_of_means_is_that_of_r(name, level):
    want, frame = answers_of_r(name, level), as_arms(*ARMS[name])
    for measure, unequal in (("welch", True), ("student", False)):
        row = mean_difference(
            frame, "score", arm="arm", control="sham", unequal_variances=unequal, conf_level=level
        ).one(measure="mean_difference")
        compare(row, want, measure, ("estimate", "std_error", "conf_low", "conf_high", "statistic",
                                     "df", "p_value"), **TIGHT)  # fmt: skip
        assert row["n"] == len(frame)
        assert row["method"].lower() == f"{measure} t"


@pytest.mark.oracle("effect_sizes", "R 4.2.2, effectsize (effect_size.R)")
@pytest.mark.parametrize(("name", "level"), TWO)
def test_standardised_differences_are_those_of_r(name, level):
    want = answers_of_r(name, level)
    got = effect_sizes(as_arms(*ARMS[name]), "score", arm="arm", control="sham", conf_level=level)
    for measure in ("cohens_d", "hedges_g", "glass_delta"):
        row = got.one(measure=measure)
        compare(row, want, measure, ("estimate",), **TIGHT)
        compare(row, want, measure, ("conf_low", "conf_high"), **NONCENTRAL)
        if name != "far":  # effectsize trusts R's pt, which is an approximation beyond 37.62
            compare(row, want, f"effectsize {measure}", ("conf_low", "conf_high"), **SIMPLEX)


@pytest.mark.oracle("mean_ratios", "R 4.2.2 (effect_size.R)")
@pytest.mark.parametrize(("name", "level"), [c for c in TWO if c.values[0] in ("counts", "times")])
def test_ratios_are_those_of_r(name, level):
    want, frame = answers_of_r(name, level), as_arms(*ARMS[name])
    columns = ("estimate", "std_error", "conf_low", "conf_high", "statistic", "p_value")
    for plus_one in (False, True):
        got = mean_ratios(
            frame, "score", arm="arm", control="sham", plus_one=plus_one, conf_level=level
        )
        compare(got.one(measure="ratio_of_means"), want, "ratio_of_means", columns, **TIGHT)
        row = got.one(measure="geometric_mean_ratio")
        if name == "counts" and not plus_one:  # there are zeros
            assert np.isnan(row["estimate"])
            assert any("no geometric_mean_ratio, because of 2 value(s) of 0" in n
                       for n in got.notes)  # fmt: skip
            continue
        measure = "geometric_mean_ratio" + " plus one" * plus_one
        compare(row, want, measure, (*columns, "df"), **TIGHT)


@pytest.mark.oracle("paired_effect_sizes", "R 4.2.2, effectsize (effect_size.R)")
@pytest.mark.parametrize(("name", "level"), PAIRED)
def test_standardised_changes_are_those_of_r(name, level):
    want = answers_of_r(name, level)
    got = paired_effect_sizes(as_scores(*pairs_of(name)), outcome="score", conf_level=level)
    for kind in ("z", "av", "av_root_mean_variance", "rm", "pre"):
        for measure in (f"d_{kind}", f"g_{kind}"):
            row = got.one(measure=measure)
            compare(row, want, measure, ("estimate",), **TIGHT)
            compare(row, want, measure, ("conf_low", "conf_high"), **NONCENTRAL)
    ends = ("conf_low", "conf_high")
    compare(got.one(measure="g_z"), want, "effectsize g_z", ends, **SIMPLEX)


@pytest.mark.oracle("mean_difference effect_sizes", "R 4.2.2 on Beat the Blues, beside the project")
def test_beat_the_blues_as_published_by_r():
    want = answers("btheb.twosample")
    frame = as_arms(*ARMS["btheb"])
    for measure, unequal in (("welch", True), ("student", False)):
        row = mean_difference(
            frame, "score", arm="arm", control="sham", unequal_variances=unequal
        ).one(measure="mean_difference")
        told = want[measure]
        np.testing.assert_allclose(
            row[["std_error", "statistic", "df", "p_value", "conf_low", "conf_high"]].tolist(),
            [told["se"], told["statistic"], told["df"]["df"], told["p"], *told["ci"]],
            rtol=1e-5,
        )
    effects = effect_sizes(frame, "score", arm="arm", control="sham")
    for measure, part, name in (
        ("cohens_d", "cohen_d", "Cohens_d"), ("hedges_g", "hedges_g", "Hedges_g"),
        ("glass_delta", "glass_delta", "Glass_delta"),
    ):  # fmt: skip
        row = effects.one(measure=measure)
        np.testing.assert_allclose(
            row[["estimate", "conf_low", "conf_high"]].tolist(),
            [want[part][name], want[part]["CI_low"], want[part]["CI_high"]],
            rtol=1e-5,
        )


@pytest.mark.oracle("mean_difference paired_effect_sizes", "R 4.2.2 on sleep, beside the project")
def test_sleep_as_two_arms_and_as_pairs():
    want = answers("sleep.independent")
    frame = as_arms(*ARMS["sleep"])
    for measure, unequal in (("welch", True), ("student", False)):
        row = mean_difference(
            frame, "score", arm="arm", control="sham", unequal_variances=unequal
        ).one(measure="mean_difference")
        told = want[measure]
        np.testing.assert_allclose(
            row[["std_error", "statistic", "df", "p_value", "conf_low", "conf_high"]].tolist(),
            [told["se"], told["statistic"], told["df"]["df"], told["p"], *told["ci"]],
            rtol=1e-6,
        )


@pytest.mark.oracle("paired_effect_sizes", "R 4.2.2 on sleep and depression, beside the project")
@pytest.mark.parametrize("entry", ["sleep.paired", "depression.wilcoxon"])
def test_standardised_changes_of_the_shared_answers(entry):
    want = answers(entry)
    want = want.get("paired", want)
    data = pairs_of("pairs_sleep" if entry == "sleep.paired" else "pairs_depression")
    got = paired_effect_sizes(as_scores(*data), outcome="score")
    for measure, told in (
        ("d_z", "d_z"), ("g_z", "g_z_exact_J"), ("g_z", "effectsize_hedges_g"),
        ("d_av_root_mean_variance", "d_av_rootmeanvar"), ("d_av", "d_av_meansd"),
        ("d_pre", "d_glass_pre"), ("d_rm", "d_rm"),
    ):  # fmt: skip
        assert got.one(measure=measure)["estimate"] == pytest.approx(want[told], rel=1e-6)
    for measure, told, rel in (
        ("d_z", "d_z_ci_noncentral_t", 1e-4), ("g_z", "effectsize_hedges_g_ci", 1e-6),
    ):  # fmt: skip
        row = got.one(measure=measure)
        assert [row["conf_low"], row["conf_high"]] == pytest.approx(want[told], rel=rel)


@pytest.mark.oracle(
    "paired_effect_sizes", "R 4.2.2 on the acupuncture trial (Vickers 2004), beside the project"
)
@pytest.mark.parametrize(("arm", "code"), [("acupuncture", 1), ("control", 0)])
def test_paired_headache_scores_of_the_acupuncture_trial(arm, code):
    want = answers("acu.paired.pk2")[arm]
    data = table("acupuncture.csv")
    data = data[data["group"] == code]
    scores = as_scores(data["pk1"], data["pk2"])
    got = paired_effect_sizes(scores, outcome="headache")
    assert got.one(measure="d_z")["estimate"] == pytest.approx(want["d_z"], rel=1e-6)
    assert got.one(measure="d_z")["n"] == want["n"]
    # which of the two is the one R was asked for is told by the number
    assert got.one(measure="d_av")["estimate"] == pytest.approx(want["d_av"], rel=1e-6)


# -------------------------------------------------------------------------------------- known truth


def test_welch_keeps_5_percent_where_student_does_not():
    rng = np.random.default_rng(20260302)
    batches = 8_000
    x, y = rng.normal(0, 3, (batches, 6)), rng.normal(0, 1, (batches, 24))
    welch, student = two_sample_t(x, y), two_sample_t(x, y, unequal_variances=False)
    # Monte Carlo error of a share of 5 % is 0.0024; Welch itself is right to some 0.005
    assert abs(np.mean(welch.p_value < 0.05) - 0.05) < 3.5 * 0.0024 + 0.005
    assert np.mean(student.p_value < 0.05) > 0.15
    shifted = two_sample_t(x + 2.0, y)
    assert np.mean((shifted.conf_low <= 2) & (shifted.conf_high >= 2)) > 0.935


def test_noncentral_intervals_cover_and_hedges_is_not_biased():
    rng = np.random.default_rng(5)
    batches = 6_000
    found = standardised_difference(
        rng.normal(0.7, 1, (batches, 7)), rng.normal(0, 1, (batches, 9))
    )
    for measure in ("cohens_d", "glass_delta"):
        one = found[measure]
        covered = np.mean((one.conf_low <= 0.7) & (one.conf_high >= 0.7))
        # Glass's interval is not exact: it takes the ratio of the SDs as known
        extra = 0.0 if measure == "cohens_d" else 0.02
        assert abs(covered - 0.95) < 3.5 * np.sqrt(0.05 * 0.95 / batches) + extra
    g, d = found["hedges_g"].estimate, found["cohens_d"].estimate
    assert abs(g.mean() - 0.7) < 3.5 * g.std() / np.sqrt(batches)
    assert d.mean() - 0.7 > 3.5 * d.std() / np.sqrt(batches) / 2


def test_log_ratios_cover():
    rng = np.random.default_rng(8)
    batches = 5_000
    x, y = rng.lognormal(0.5, 0.6, (batches, 30)), rng.lognormal(0, 0.6, (batches, 25))
    for one in ratios_of_means(x, y).values():
        covered = np.mean((one.conf_low <= np.exp(0.5)) & (one.conf_high >= np.exp(0.5)))
        assert abs(covered - 0.95) < 0.02  # Monte Carlo error 0.003, the delta method's own 0.01


def test_rescaled_interval_of_d_av_covers_nearly():
    rng = np.random.default_rng(9)
    batches, n = 4_000, 15
    level = rng.normal(0, np.sqrt(0.6), (batches, n))
    before = level + rng.normal(0, np.sqrt(0.4), (batches, n))
    after = level + rng.normal(0, np.sqrt(0.4), (batches, n)) - 0.5
    one = standardised_change(before, after)["d_av_root_mean_variance"]
    covered = np.mean((one.conf_low <= -0.5) & (one.conf_high >= -0.5))
    assert abs(covered - 0.95) < 0.02


# --------------------------------------------------------------------------------------------- laws

scores_of_arm = st.lists(
    st.floats(0, 10, allow_nan=False).map(lambda v: round(v, 2)), min_size=2, max_size=12
)
FACES = [
    lambda f, c="sham": mean_difference(f, "score", arm="arm", control=c),
    lambda f, c="sham": effect_sizes(f, "score", arm="arm", control=c),
    lambda f, c="sham": mean_ratios(f, "score", arm="arm", control=c, plus_one=True),
]


@settings(max_examples=25, deadline=None)
@given(scores_of_arm, scores_of_arm, st.randoms(use_true_random=False))
def test_row_order_never_matters(x, y, random):
    frame = as_arms(x, y)
    order = list(range(len(frame)))
    random.shuffle(order)
    for face in FACES:
        pd.testing.assert_frame_equal(
            face(frame).table, face(frame.iloc[order]).table, check_exact=True
        )
    if len(x) == len(y):
        pairs = as_scores(x, y)
        pd.testing.assert_frame_equal(
            paired_effect_sizes(pairs, outcome="a").table,
            paired_effect_sizes(pairs.iloc[::-1], outcome="a").table,
            check_exact=True,
        )


@settings(max_examples=25, deadline=None)
@given(scores_of_arm, scores_of_arm)
def test_swapping_the_arms_flips_the_sign(x, y):
    frame = as_arms(x, y)
    close = {"rtol": 1e-6, "atol": 1e-8}
    there = mean_difference(frame, "score", arm="arm", control="sham").one(term="drug v sham")
    back = mean_difference(frame, "score", arm="arm", control="drug").one(term="sham v drug")
    np.testing.assert_allclose(there["estimate"], -back["estimate"], **close)
    np.testing.assert_allclose(there["conf_low"], -back["conf_high"], **close)
    np.testing.assert_allclose(there["p_value"], back["p_value"], **close)
    e, f = standardised_difference(x, y), standardised_difference(y, x)
    for name in ("cohens_d", "hedges_g"):
        np.testing.assert_allclose(e[name].estimate, -f[name].estimate, **close)
        np.testing.assert_allclose(e[name].conf_low, -f[name].conf_high, **close)
    r, s = (ratios_of_means(a, b, plus_one=True) for a, b in ((x, y), (y, x)))
    for name in r:
        np.testing.assert_allclose(r[name].conf_low, 1 / s[name].conf_high, rtol=1e-6)


@settings(max_examples=25, deadline=None)
@given(scores_of_arm, scores_of_arm)
def test_a_person_without_a_score_changes_n_missing_and_nothing_else(x, y):
    frame = as_arms(x, y)
    longer = pd.concat([frame, pd.DataFrame(
        {"person_id": ["A new one"], "arm": ["drug"], "score": [np.nan]})])  # fmt: skip
    for face in FACES:
        a, b = face(frame), face(longer)
        more = b.table.pop("n_missing") - a.table.pop("n_missing")
        assert more[a.table["term"].ne("sham")].eq(1).all()
        assert more[a.table["term"].eq("sham")].eq(0).all()
        pd.testing.assert_frame_equal(a.table, b.table)
        assert any("drug: 1 of" in note for note in b.notes)


def test_kernels_on_a_batch_equal_kernels_on_each_row():
    rng = np.random.default_rng(3)
    x, y = rng.integers(0, 11, (30, 7)).astype(float), rng.integers(0, 11, (30, 9)).astype(float)
    x[4], y[4] = 3.0, 2.0  # one batch in which nobody differs within an arm
    before, after = x, x + y[:, :7]

    def every(a, b, c, d):
        return {
            "welch": two_sample_t(a, b),
            "student": two_sample_t(a, b, unequal_variances=False),
            **standardised_difference(a, b),
            **standardised_change(c, d),
            **ratios_of_means(a, b, plus_one=True),
        }

    whole = every(x, y, before, after)
    for r in range(30):
        alone = every(x[r], y[r], before[r], after[r])
        for name, one in alone.items():
            for field in type(one).__dataclass_fields__:
                np.testing.assert_allclose(
                    getattr(whole[name], field)[r], getattr(one, field), rtol=1e-10, err_msg=name
                )
    assert two_sample_t(x.reshape(5, 6, 7), y.reshape(5, 6, 9)).df.shape == (5, 6)


def test_more_than_two_arms_are_each_compared_with_the_control():
    data = pd.read_csv(REFERENCE / "anorexia.csv")
    frame = data.assign(person_id=range(len(data)), change=gain_of(data))
    got = mean_difference(frame, "change", arm="Treat", control="Cont")
    assert got.table["term"].tolist() == ["CBT", "Cont", "CBT v Cont", "FT", "FT v Cont"]
    for term, name in (("CBT v Cont", "anorexia_cbt"), ("FT v Cont", "anorexia_ft")):
        compare(got.one(term=term), answers_of_r(name, 0.95), "welch", ("estimate", "p_value"),
                **TIGHT)  # fmt: skip


def gain_of(data):
    return np.round(data["Postwt"] - data["Prewt"], 10)


# ------------------------------------------------------------------------------------- what is said


def test_hedges_factor_is_the_exact_one():
    # Gamma(1) / (1 * Gamma(1/2)) at 2 degrees of freedom
    assert hedges_factor(2) == pytest.approx(1 / np.sqrt(np.pi), rel=1e-14)
    assert hedges_factor(4000) == pytest.approx(1 - 3 / (4 * 4000 - 1), rel=1e-8)
    assert np.isnan(hedges_factor(1))


def test_nobody_differs_within_an_arm():
    frame = as_arms([3, 3, 3], [2, 2])
    got = mean_difference(frame, "score", arm="arm", control="sham")
    row = got.one(measure="mean_difference")
    assert (row["estimate"], row["conf_low"], row["conf_high"]) == (1, 1, 1)
    assert np.isnan([row["statistic"], row["p_value"], row["df"]]).all()
    assert any("nobody differs within an arm" in note for note in got.notes)
    got = effect_sizes(frame, "score", arm="arm", control="sham")
    assert got.table[["estimate", "conf_low"]].isna().all(axis=None)
    assert any("cohens_d does not exist" in note for note in got.notes)


def test_two_pairs_have_no_correction_and_equal_changes_no_d():
    got = paired_effect_sizes(as_scores([1, 2], [3, 7]), outcome="x")
    assert np.isnan(got.one(measure="g_z")["estimate"])
    assert got.one(measure="d_z")["estimate"] > 0
    got = paired_effect_sizes(as_scores([1, 2, 5], [3, 4, 7]), outcome="x")
    assert got.table["estimate"].isna().all()


def test_an_arm_of_zeros_has_no_ratio():
    alike = mean_ratios(as_arms([2, 2], [1, 1]), "score", arm="arm", control="sham")
    assert any("nobody differs within an arm" in note for note in alike.notes)
    got = mean_ratios(as_arms([0, 0], [1, 2]), "score", arm="arm", control="sham", plus_one=True)
    assert np.isnan(got.one(measure="ratio_of_means")["estimate"])
    assert got.one(measure="geometric_mean_ratio")["estimate"] == pytest.approx(1 / np.sqrt(6))


@pytest.mark.parametrize("face", FACES)
def test_what_cannot_be_is_refused(face):
    frame = as_arms([1, 2, 3], [2, 4])
    with pytest.raises(RowsAreNotPeopleError, match="10 rows are 5 people"):
        face(pd.concat([frame, frame]))
    for bad, words in (
        (frame.drop(columns="arm"), "no column 'arm'"),
        (frame.assign(arm=[None, *frame["arm"][1:]]), "1 row.s. have no arm"),
        (frame.assign(person_id=[None, *frame["person_id"][1:]]), "without person_id"),
        (frame.assign(score=frame["score"].astype(str)), "not numbers"),
        (frame.assign(score=[np.inf, *frame["score"][1:]]), "infinite"),
        (frame.assign(score=[np.nan] * 3 + [1.0, 2.0]), "at least 2 people .* {'drug': 0}"),
        (frame.assign(arm="drug"), r"control 'sham' .* holds \['drug'\]"),
    ):
        with pytest.raises(ValueError, match=words):
            face(bad)
    with pytest.raises(ValueError, match="conf_level"):
        mean_difference(frame, "score", arm="arm", control="sham", conf_level=95)


def test_ratios_need_counts_and_pairs_need_two():
    with pytest.raises(ValueError, match="1 negative value"):
        mean_ratios(as_arms([-1, 2], [1, 2]), "score", arm="arm", control="sham")
    with pytest.raises(ValueError, match="at least 2 people"):
        paired_effect_sizes(as_scores([1, 2], [3, np.nan]), outcome="x")
    with pytest.raises(ValueError, match="before has 2 people, after 3"):
        standardised_change([1.0, 2.0], [1.0, 2.0, 3.0])
