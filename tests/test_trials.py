"""Differences between arms: R's answers on real data, laws, and worlds whose truth is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msspas_analysis.estimate.linear import (
    clustered_variances,
    fitted_at,
    least_squares,
    leverage,
    variances,
)
from msspas_analysis.estimate.people import RowsAreNotPeopleError
from msspas_analysis.estimate.trials.adjusted import (
    STD_ERRORS,
    adjusted_difference,
    against_margin,
    difference_kernel,
    linear_regression,
)
from msspas_analysis.results import Estimates
from shared_reference import answers, table

HERE = Path(__file__).parent / "reference"
ORACLE = pd.read_csv(HERE / "trials.csv", comment="#", dtype={"term": str})
# both are double arithmetic; the smallest intervals ends lie near 0 and lose three digits
REL = 1e-9


def anorexia() -> pd.DataFrame:
    frame = pd.read_csv(HERE / "anorexia.csv")
    return frame.assign(person_id=[f"P{i:03}" for i in range(len(frame))])


def btheb() -> pd.DataFrame:
    frame = pd.read_csv(HERE / "bthe_b.csv")
    return frame.assign(person_id=[f"P{i:03}" for i in range(len(frame))])


def centres() -> pd.DataFrame:
    return pd.read_csv(HERE / "made_up_centres.csv")


MODELS = {
    "anorexia_simple": (anorexia, "Postwt", {"arm": "Treat", "control": "Cont", "primary": "CBT"}),
    "anorexia_baseline": (
        anorexia, "Postwt",
        {"arm": "Treat", "control": "Cont", "primary": "FT", "covariates": ["Prewt"]},
    ),
    "btheb_simple": (btheb, "bdi.2m", {"arm": "treatment", "control": "TAU"}),
    "btheb_baseline": (
        btheb, "bdi.2m", {"arm": "treatment", "control": "TAU", "covariates": ["bdi.pre"]},
    ),
    "btheb_adjusted": (
        btheb, "bdi.2m",
        {"arm": "treatment", "control": "TAU", "covariates": ["bdi.pre", "drug", "length"]},
    ),
    "btheb_6m_adjusted": (
        btheb, "bdi.5m",
        {"arm": "treatment", "control": "TAU", "covariates": ["bdi.pre"],
         "strata": ["drug", "length"]},
    ),
    "centres_baseline": (
        centres, "after", {"arm": "arm", "control": "sham", "covariates": ["before"]},
    ),
    "centres_strata": (
        centres, "after",
        {"arm": "arm", "control": "sham", "covariates": ["before"], "strata": ["centre"]},
    ),
}  # fmt: skip


@pytest.mark.oracle(
    "adjusted_difference difference_kernel", "R 4.2.2, sandwich, clubSandwich, emmeans (trials.R)"
)
@pytest.mark.parametrize("name", MODELS)
def test_differences_are_those_of_r(name):
    make, outcome, how = MODELS[name]
    frame = make()
    mine = ORACLE[(ORACLE["dataset"] == name) & (ORACLE["model"] == "difference")]
    assert len(mine) >= 105
    for (errors, level), rows in mine.groupby(["std_errors", "conf_level"]):
        cluster = {"cluster": "centre"} if errors.startswith("CR") else {}
        got = adjusted_difference(
            frame, outcome, std_errors=errors, conf_level=level, **how, **cluster
        )
        for term, quantities in rows.groupby("term"):
            row = got.one(measure="mean_difference", term=f"{term} - {how['control']}")
            for one in quantities.itertuples():
                assert row[one.quantity] == pytest.approx(one.value, rel=REL), (errors, one)
            assert row.conf_level == level


@pytest.mark.oracle("adjusted_difference", "R 4.2.2, sandwich, clubSandwich, emmeans (trials.R)")
@pytest.mark.parametrize("name", MODELS)
def test_means_and_spread_are_those_of_r(name):
    make, outcome, how = MODELS[name]
    got = adjusted_difference(make(), outcome, **how)
    mine = ORACLE[ORACLE["dataset"] == name]
    for one in mine[mine["model"] == "mean"].itertuples():
        assert got.one(measure="mean", term=one.term)[one.quantity] == pytest.approx(
            one.value, rel=REL
        )
    fit = mine[mine["model"] == "fit"].set_index("quantity")["value"]
    assert got.one(measure="residual_sd").estimate == pytest.approx(fit["sigma"], rel=REL)
    assert got.one(measure="residual_sd").n == fit["n"]
    assert got.table["n_missing"].max() == len(make()) - fit["n"]


@pytest.mark.oracle("against_margin", "R 4.2.2, sandwich, clubSandwich, emmeans (trials.R)")
def test_a_margin_is_held_against_as_r_does():
    got = adjusted_difference(
        btheb(), "bdi.2m", arm="treatment", control="TAU", covariates=["bdi.pre"]
    )
    mine = ORACLE[ORACLE["model"] == "margin"]
    assert set(mine["term"]) == {"2", "5", "9"}
    for margin, rows in mine.groupby("term"):
        want = rows.set_index("quantity")["value"]
        both = against_margin(got, margin=float(margin), kind="equivalence").table.iloc[0]
        assert both.p_value == pytest.approx(max(want["above_lower"], want["below_upper"]), rel=REL)
        lower = against_margin(got, margin=float(margin)).table.iloc[0]
        higher = against_margin(got, margin=float(margin), lower_is_better=False).table.iloc[0]
        assert lower.p_value == pytest.approx(want["below_upper"], rel=REL)
        assert higher.p_value == pytest.approx(want["above_lower"], rel=REL)
        assert (lower.conf_low, lower.conf_high, lower.conf_level) == pytest.approx(
            (want["conf_low"], want["conf_high"], 0.90), rel=REL
        )


def test_a_margin_on_a_normal_difference_uses_the_normal():
    row = {"outcome": "o", "group": "all", "term": "B - A", "measure": "mean_difference",
           "estimate": 0.0, "std_error": 1.0, "n": 9, "method": "z"}  # fmt: skip
    got = against_margin(Estimates.from_rows([row]), margin=1.959963984540054).table.iloc[0]
    assert got.p_value == pytest.approx(0.025, rel=1e-12)
    assert got.conf_high == pytest.approx(1.6448536269514722, rel=1e-12)


# --- the trial of acupuncture for headache, and others that stay beside the project ---------------

ACUPUNCTURE = {
    "acu.ancova.pk2.simple": ("pk2", ["pk1"], [], False),
    "acu.ancova.pk2.adjusted": ("pk2", ["pk1", "age", "sex", "migraine", "chronicity"], [], False),
    "acu.ancova.pk2.completers": (
        "pk2", ["pk1", "age", "sex", "migraine", "chronicity"], ["acupuncturist"], True),
    "acu.ancova.f2.completers": (
        "f2", ["f1", "age", "sex", "migraine", "chronicity"], ["acupuncturist"], True),
    "acu.ancova.f2.adjusted": ("f2", ["f1", "age", "sex", "migraine", "chronicity"], [], False),
}  # fmt: skip


@pytest.mark.oracle(
    "adjusted_difference", "R 4.2.2 on the acupuncture trial (Vickers 2004), beside the project"
)
@pytest.mark.parametrize("entry", ACUPUNCTURE)
def test_a_trial_with_real_diaries_comes_out_as_published(entry):
    want = answers(entry)
    outcome, covariates, strata, completers = ACUPUNCTURE[entry]
    frame = table("acupuncture.csv").rename(columns={"id": "person_id"})
    if completers:
        frame = frame[frame["pk5"].notna()]
    got = adjusted_difference(
        frame, outcome, arm="group", control=0, covariates=covariates, strata=strata
    )
    row = got.one(measure="mean_difference")
    for name, value in (
        ("estimate", want["estimate"]), ("std_error", want["se"]), ("statistic", want["t"]),
        ("df", want["df"]), ("p_value", want["p"]), ("conf_low", want["ci"][0]),
        ("conf_high", want["ci"][1]), ("n", want["n"]),
    ):  # fmt: skip
        assert row[name] == pytest.approx(value, rel=1e-6), name
    assert got.one(measure="residual_sd").estimate == pytest.approx(want["sigma"], rel=1e-6)


@pytest.mark.oracle(
    "adjusted_difference", "R 4.2.2 on the acupuncture trial (Vickers 2004), beside the project"
)
def test_robust_errors_of_that_trial():
    want = answers("acu.ancova.pk2.hc")
    frame = table("acupuncture.csv").rename(columns={"id": "person_id"})
    for kind, numbers in want.items():
        row = adjusted_difference(
            frame, "pk2", arm="group", control=0, covariates=["pk1"], std_errors=kind
        ).one(measure="mean_difference")
        got = row["std_error"], row["statistic"], row["p_value"]
        assert got == pytest.approx((numbers["se"], numbers["t"], numbers["p"]), rel=1e-6)


@pytest.mark.oracle("linear_regression", "R 4.2.2 glm with an offset (MASS), beside the project")
def test_change_as_the_outcome_gives_the_offset_model_of_mass():
    want = answers("anorexia.glm_offset")["coefficients"]
    frame = anorexia()
    frame["Treat"] = pd.Categorical(frame["Treat"], ["CBT", "Cont", "FT"])
    frame["gain"] = frame["Postwt"] - frame["Prewt"]
    got = linear_regression(frame, "gain", terms=["Prewt", "Treat"])
    names = {"(Intercept)": "(intercept)", "Prewt": "Prewt", "TreatCont": "Treat: Cont",
             "TreatFT": "Treat: FT"}  # fmt: skip
    for theirs, mine in names.items():
        row = got.one(term=mine)
        assert (row.estimate, row.std_error, row.statistic, row.p_value) == pytest.approx(
            tuple(want[theirs][k] for k in ("estimate", "se", "stat", "p")), rel=1e-6
        )
    # and the difference is that of ANCOVA on the weight itself
    same = adjusted_difference(
        frame, "Postwt", arm="Treat", control="CBT", covariates=["Prewt"], primary="FT"
    )
    assert same.one(term="FT - CBT").estimate == pytest.approx(
        got.one(term="Treat: FT").estimate, rel=1e-10
    )


# --- laws ------------------------------------------------------------------------------------------

small = st.integers(0, 10_000)


@given(small)
def test_row_order_and_swapped_arms(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(8, 40))
    frame = pd.DataFrame({
        "person_id": [f"P{i}" for i in range(n)], "arm": np.where(np.arange(n) % 2, "a", "b"),
        "x": rng.normal(5, 2, n), "kind": rng.choice(["u", "v"], n), "y": rng.normal(5, 2, n),
    })  # fmt: skip
    frame.loc[:1, "kind"] = ["u", "v"]
    frame.loc[rng.random(n) < 0.1, "y"] = np.nan
    how = {"arm": "arm", "covariates": ["x"]}
    errors = ["classical", "HC3", "HC2-BM"][seed % 3]
    one = adjusted_difference(frame, "y", control="a", std_errors=errors, **how)
    shuffled = frame.sample(frac=1, random_state=seed)
    pd.testing.assert_frame_equal(
        one.table, adjusted_difference(shuffled, "y", control="a", std_errors=errors, **how).table
    )
    other = adjusted_difference(frame, "y", control="b", std_errors=errors, **how)
    a, b = one.one(measure="mean_difference"), other.one(measure="mean_difference")
    assert a.estimate == pytest.approx(-b.estimate, rel=1e-8, abs=1e-10)
    assert (a.std_error, a.df) == pytest.approx((b.std_error, b.df), rel=1e-8, nan_ok=True)
    assert a.conf_low == pytest.approx(-b.conf_high, rel=1e-7, abs=1e-9, nan_ok=True)
    more = pd.concat([frame, frame.iloc[:1].assign(person_id="new", y=np.nan)])
    extra = adjusted_difference(more, "y", control="a", std_errors=errors, **how)
    assert extra.one(measure="mean_difference").n_missing == a.n_missing + 1
    pd.testing.assert_frame_equal(
        one.table.drop(columns="n_missing"), extra.table.drop(columns="n_missing")
    )


@given(small, st.floats(-50, 50), st.floats(0.1, 20))
def test_moving_and_stretching_the_scale(seed, move, stretch):
    rng = np.random.default_rng(seed)
    y, x = rng.normal(5, 2, 30), rng.normal(5, 2, 30)
    arm = np.arange(30) % 2
    one = difference_kernel(y, arm, [x])
    other = difference_kernel(move + stretch * y, arm, [move - stretch * x])
    assert other["estimate"] == pytest.approx(stretch * one["estimate"], rel=1e-7, abs=1e-8)
    assert other["std_error"] == pytest.approx(stretch * one["std_error"], rel=1e-8)
    assert other["p_value"] == pytest.approx(one["p_value"], rel=1e-6)


@pytest.mark.parametrize("errors", ["classical", "HC0", "HC1", "HC2", "HC3", "HC2-BM"])
def test_many_replicates_are_each_of_them_alone(errors):
    rng = np.random.default_rng(3)
    y, x = rng.normal(size=(2, 5, 25)), rng.normal(size=(2, 5, 25))
    y[rng.random(y.shape) < 0.15] = np.nan
    arm = rng.integers(0, 2, (2, 5, 25)).astype(float)
    z = rng.normal(size=25)  # the same in all replicates
    batch = difference_kernel(y, arm, [x, z], std_errors=errors)
    for i in np.ndindex(2, 5):
        alone = difference_kernel(y[i], arm[i], [x[i], z], std_errors=errors)
        for name, value in alone.items():
            assert batch[name][i] == pytest.approx(float(value), rel=1e-9), name


def test_no_digit_is_lost_far_from_zero():
    rng = np.random.default_rng(8)
    y, x, arm = rng.normal(size=40), rng.normal(size=40), np.arange(40) % 2
    near = difference_kernel(y, arm, [x])
    far = difference_kernel(y + 1e6, arm, [x + 1e6])
    assert far["estimate"] == pytest.approx(near["estimate"], rel=1e-8)
    assert far["std_error"] == pytest.approx(near["std_error"], rel=1e-8)


def test_leverage_and_the_hat_matrix_agree():
    rng = np.random.default_rng(4)
    x = rng.normal(size=(3, 20))
    fit = least_squares(rng.normal(size=20), list(x))
    design = np.column_stack([np.ones(20), x.T])
    hat = design @ np.linalg.solve(design.T @ design, design.T)
    np.testing.assert_allclose(leverage(fit), np.diag(hat), rtol=1e-12)
    at = np.array([0.3, -1.0, 2.0])
    estimate, variance = fitted_at(fit, at)
    row = np.concatenate([[1.0], at])
    inverse = np.linalg.inv(design.T @ design)
    assert variance == pytest.approx(float(fit.sigma2) * row @ inverse @ row, rel=1e-10)
    # a robust variance of a fitted value is the sandwich of the same row
    meat = design.T @ (design * np.square(fit.residual)[:, None])
    _, robust = fitted_at(fit, at, "HC0")
    assert robust == pytest.approx(row @ inverse @ meat @ inverse @ row, rel=1e-10)
    assert estimate == pytest.approx(row @ np.linalg.lstsq(design, fit.residual + hat @ (
        design @ np.linalg.lstsq(design, np.zeros(20), rcond=None)[0]), rcond=None)[0]
        + float(fit.mean_y) + (at - fit.mean_x) @ fit.coef, rel=1e-9)  # fmt: skip


# --- known truths ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("errors", "spread", "arms", "low", "high"),
    [
        ("classical", 1.0, 30, 0.044, 0.056),
        ("HC3", 4.0, 30, 0.042, 0.058),
        # the small arm spreads more: a little too many with BM's degrees of freedom, far too many
        # without
        ("HC2-BM", 4.0, 10, 0.05, 0.07),
        ("HC2", 4.0, 10, 0.07, 0.10),
        ("classical", 4.0, 10, 0.15, 1.0),
    ],
)
def test_false_alarms(errors, spread, arms, low, high):
    # 20,000 trials: Monte Carlo error 0.0015 at 0.05
    rng = np.random.default_rng(5)
    arm = (np.arange(60) < arms).astype(float)
    x = rng.normal(size=(20_000, 60))
    y = 0.5 * x + rng.normal(size=x.shape) * np.where(arm == 1, spread, 1.0)
    false = (difference_kernel(y, arm, [x], std_errors=errors)["p_value"] < 0.05).mean()
    assert low < false < high


def test_coverage_and_bias_with_chance_losses():
    rng = np.random.default_rng(6)
    arm = np.arange(50) % 2
    x = rng.normal(6, 2, (10_000, 50))
    y = 2 + 0.6 * x - 1.0 * arm + rng.normal(size=x.shape)
    y[rng.random(y.shape) < 0.2] = np.nan
    got = difference_kernel(y, arm, [x], conf_level=0.90)
    inside = (got["conf_low"] <= -1.0) & (got["conf_high"] >= -1.0)
    assert inside.mean() == pytest.approx(0.90, abs=4 * 0.003)
    assert got["estimate"].mean() == pytest.approx(-1.0, abs=4 * got["estimate"].std() / 100)
    assert got["std_error"].mean() == pytest.approx(got["estimate"].std(), rel=0.03)


def test_centres_that_are_given_a_treatment_whole():
    # 3,000 trials, 12 centres of 8: error 0.004 at 0.05
    rng = np.random.default_rng(7)
    where = np.repeat(np.arange(12), 8)
    arm = (where % 2).astype(float)
    p = {"classical": [], "CR2": []}
    for _ in range(3000):
        y = rng.normal(size=12)[where] + rng.normal(size=96)
        fit = least_squares(y, [arm])
        for name, found in p.items():
            v, df = variances(fit) if name == "classical" else clustered_variances(fit, where)
            t = float(fit.coef[0] / np.sqrt(v[0]))
            found.append(2 * float(_t_cdf(-abs(t), float(df[0]))))
    assert (np.array(p["CR2"]) < 0.05).mean() == pytest.approx(0.05, abs=0.016)
    assert (np.array(p["classical"]) < 0.05).mean() > 0.3


def _t_cdf(t: float, df: float) -> float:
    from scipy.stats import t as student

    return student.cdf(t, df)


# --- what is refused, and what is said -------------------------------------------------------------


def ten() -> pd.DataFrame:
    return pd.DataFrame({
        "person_id": list("ABCDEFGHIJ"), "arm": ["sham", "foot"] * 5, "x": np.arange(10.0),
        "y": [3.0, 4, 2, 5, 6, 1, 4, 3, 5, 2], "centre": list("uuuuuvvvvv"), "word": list("pqpqpqpqpq"),
    })  # fmt: skip


@pytest.mark.parametrize(
    ("change", "how", "says"),
    [
        (lambda f: f, {"control": "none"}, r"control 'none' is not in column 'arm'; it holds \['foot'"),
        (lambda f: f.assign(arm="sham"), {}, "nothing to compare"),
        (lambda f: f.assign(y="a"), {}, "column 'y' holds .*, not numbers"),
        (lambda f: f.assign(y=np.where(f["arm"] == "foot", np.nan, f["y"])), {},
         "arm 'foot' has nobody with y"),
        (lambda f: f.assign(y=3.0), {}, "y is the same for everybody"),
        (lambda f: f.assign(y=np.nan), {}, "has nobody with y"),
        (lambda f: f.assign(y=np.inf), {}, "infinite"),
        (lambda f: f.drop(columns="y"), {}, "no column 'y'"),
        (lambda f: f, {"covariates": ["x", "twice"]}, "no column 'twice'"),
        (lambda f: f.assign(twice=2 * f["x"]), {"covariates": ["x", "twice"]},
         "column 'twice' has one value only or is determined by those before it"),
        (lambda f: f, {"covariates": ["word"]}, "column 'word: q' has one value only or is determined"),
        (lambda f: f.assign(word="p"), {"covariates": ["word"]}, "holds 1 value"),
        (lambda f: f.iloc[:3], {"covariates": ["x"]}, "3 people are too few for 3 coefficients"),
        (lambda f: f.assign(arm=list("abcabcabca")), {"control": "a"}, "holds 3 arms.*primary='b'"),
        (lambda f: f, {"primary": "sham"}, r"primary 'sham' must be one of \['foot'\]"),
        (lambda f: f, {"std_errors": "HC9"}, "std_errors must be one of"),
        (lambda f: f, {"std_errors": "CR2"}, "give both"),
        (lambda f: f, {"cluster": "centre"}, "give both"),
        (lambda f: f.assign(centre="u"), {"cluster": "centre", "std_errors": "CR2"},
         "clusters must be 2 or more"),
        (lambda f: f.assign(person_id=[None, *"BCDEFGHIJ"]), {}, "without person_id"),
        (lambda f: f, {"conf_level": 1.0}, "conf_level must lie between 0 and 1"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_refused_by_name(change, how, says):
    with pytest.raises(ValueError, match=says):
        adjusted_difference(change(ten()), "y", **{"arm": "arm", "control": "sham", **how})


def test_two_rows_of_a_person_are_not_two_people():
    frame = pd.concat([ten(), ten().iloc[:2]])
    with pytest.raises(RowsAreNotPeopleError, match="12 rows are 10 people"):
        adjusted_difference(frame, "y", arm="arm", control="sham")
    with pytest.raises(RowsAreNotPeopleError):
        linear_regression(frame, "y", terms=["x"])


def test_who_is_missing_is_said_by_arm():
    frame = ten()
    frame.loc[0, "y"], frame.loc[3, "x"], frame.loc[5, "arm"] = np.nan, np.nan, None
    got = adjusted_difference(frame, "y", arm="arm", control="sham", covariates=["x"])
    assert any("2 people lack the outcome or a covariate" in n and "sham: 1, foot: 1" in n
               for n in got.notes)  # fmt: skip
    assert any("1 people are in no arm" in note for note in got.notes)
    assert got.one(measure="mean_difference").n_missing == 3
    three = adjusted_difference(anorexia(), "Postwt", arm="Treat", control="Cont", primary="FT")
    assert any("primary comparison is FT - Cont" in note for note in three.notes)


def test_every_kind_of_error_is_said_in_words():
    frame = centres()
    for name in STD_ERRORS:
        cluster = "centre" if name.startswith("CR") else None
        how = {"std_errors": name, "cluster": cluster}
        got = adjusted_difference(frame, "after", arm="arm", control="sham", **how)
        method = got.one(measure="mean_difference").method
        assert ("cluster" in method) == name.startswith("CR")
        terms = linear_regression(frame, "after", terms=["arm", "before"], **how).table
        row = terms[terms["term"] == "arm: sham"].iloc[0]
        simple = linear_regression(frame, "after", terms=["arm"], **how).table
        again = simple[simple["term"] == "arm: sham"].iloc[0]
        want = got.one(measure="mean_difference")
        assert (again.estimate, again.std_error) == pytest.approx((-want.estimate, want.std_error))
        assert row.method == again.method


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"margin": 0.0}, "margin must be above 0"),
        ({"margin": np.inf}, "margin must be above 0 and finite"),
        ({"margin": 1.0, "kind": "superiority"}, "kind must be one of"),
    ],
)
def test_an_impossible_margin_is_refused(how, says):
    got = adjusted_difference(ten(), "y", arm="arm", control="sham")
    with pytest.raises(ValueError, match=says):
        against_margin(got, **how)
    with pytest.raises(ValueError, match="no mean difference"):
        against_margin(linear_regression(ten(), "y", terms=["x"]), margin=1.0)


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match="one number per person"):
        least_squares([1.0, 2, 3], [[1.0, 2]])
    with pytest.raises(ValueError, match="terms is empty"):
        linear_regression(ten(), "y", terms=[])
    with pytest.raises(ValueError, match="std_errors must be one of"):
        variances(least_squares([1.0, 2, 4], [[0.0, 1, 0]]), "sandwich")
    with pytest.raises(ValueError, match="one replicate"):
        clustered_variances(least_squares(np.eye(3), [[0.0, 1, 0]]), list("abc"))


def test_a_replicate_without_an_arm_is_nan_and_the_others_stay():
    y = np.array([[1.0, 2, 3, 4], [1.0, 2, 3, 5]])
    got = difference_kernel(y, [[0, 0, 0, 0], [0, 1, 0, 1]])
    assert np.isnan(got["estimate"][0])
    assert np.isnan(got["p_value"][0])
    assert got["estimate"][1] == pytest.approx(1.5)


def test_columns_and_tables_without_anything_in_them_are_named():
    frame = pd.DataFrame({"person_id": list("ABCDE"), "y": [1.0, 2, 3, 4, 6], "flat": 1.0})
    with pytest.raises(ValueError, match="column 'flat' has one value only; leave it out"):
        linear_regression(frame, "y", terms=["flat"])
    with pytest.raises(ValueError, match="the table has no rows"):
        linear_regression(frame.iloc[:0], "y", terms=["flat"])


@pytest.mark.parametrize("errors", ["HC2", "HC3", "HC2-BM"])
def test_an_arm_of_one_has_no_spread_of_its_own_and_the_answer_says_so(errors):
    frame = pd.DataFrame({
        "person_id": list("ABCDEF"), "arm": ["drug"] + ["sham"] * 5, "y": [1.0, 3, 4, 2, 6, 5],
    })  # fmt: skip
    answer = adjusted_difference(frame, "y", arm="arm", control="sham", std_errors=errors)
    row = answer.one(measure="mean_difference")
    assert row.estimate == pytest.approx(-3.0)
    assert np.isnan([row.std_error, row.conf_low, row.p_value]).all()
    assert any("somebody is alone in an arm" in note for note in answer.notes)
    plain = adjusted_difference(frame, "y", arm="arm", control="sham")
    assert plain.one(measure="mean_difference").std_error > 0
    assert not any("alone" in note for note in plain.notes)
