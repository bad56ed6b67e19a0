"""Agreement of raters, methods and items: answers of R, laws, known truths, what must be refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from msspas_analysis.estimate.agreement.kappa import (
    FORM_LABELS,
    FORMS,
    cohen_kappa,
    cronbach_alpha,
    internal_consistency,
    intraclass,
    intraclass_correlation,
    kappa,
    limits,
    limits_of_agreement,
    measurement_error,
    one_factor,
    symmetry,
)
from msspas_analysis.estimate.people import RowsAreNotPeopleError
from shared_reference import answers

REFERENCE = Path(__file__).parent / "reference"
ORACLE = pd.read_csv(REFERENCE / "agreement.csv", comment="#")
TIGHT = {"rtol": 1e-9, "atol": 1e-12}
ENDS = ("estimate", "conf_low", "conf_high")
WEIGHTS = {"unweighted": "kappa", "linear": "kappa_linear", "quadratic": "kappa_quadratic"}


def data_of(name: str) -> pd.DataFrame:
    return pd.read_csv(REFERENCE / f"{name}.csv")


def cases(topic: str):
    mine = ORACLE.loc[ORACLE["topic"].eq(topic), ["dataset", "conf_level"]].drop_duplicates()
    return [pytest.param(n, lv, id=f"{n}-{lv}") for n, lv in mine.itertuples(index=False)]


def answers_of_r(topic: str, name: str, level: float) -> dict[tuple[str, str], float]:
    part = ORACLE[
        ORACLE["topic"].eq(topic)
        & ORACLE["dataset"].eq(name)
        & np.isclose(ORACLE["conf_level"], level)
    ]
    return {(r.measure, r.quantity): r.value for r in part.itertuples()}


def compare(row, want, measure, quantities, **tolerance):
    for q in quantities:
        np.testing.assert_allclose(
            row[q], want[measure, q], err_msg=f"{measure} {q}", **tolerance or TIGHT
        )


def codes(n: int) -> list[str]:
    return [f"P{i:04d}" for i in range(n)]


# ------------------------------------------------------------------------- what R was given as well


def grade_table(name: str) -> np.ndarray:
    if name in ("winnipeg", "new_orleans"):
        grades = ["Certain", "Probable", "Possible", "Doubtful"]
        data = data_of("ms_patients")
        centre = {"winnipeg": "Winnipeg", "new_orleans": "New Orleans"}[name]
        wide = data[data["patients"].eq(centre)].pivot(
            index="neurologist_new_orleans", columns="neurologist_winnipeg", values="n"
        )
        return wide.loc[grades, grades].to_numpy()
    return np.array(
        {
            "two": [[20, 10], [5, 15]],
            "two_sided": [[10, 7], [7, 12]],
            "sparse": [[9, 1, 0], [2, 7, 1], [0, 3, 6]],
            "perfect": np.diag([4, 5, 6]),
            "worse": [[1, 5], [6, 2]],
            "unused": [[5, 3, 0, 1], [2, 6, 0, 2], [0, 0, 0, 0], [1, 1, 0, 8]],
        }[name]
    )


def graded(table: np.ndarray) -> pd.DataFrame:
    pairs = [(i, j) for (i, j), k in np.ndenumerate(table) for _ in range(int(k))]
    frame = pd.DataFrame(pairs, columns=["a", "b"])
    return frame.assign(person_id=codes(len(frame)))


def wide_ratings(name: str) -> pd.DataFrame:
    if name in ("shrout", "shrout_two"):
        data = data_of("shrout_fleiss")
        return data if name == "shrout" else data[["J1", "J4"]]
    if name == "sleep":
        return data_of("sleep")[["drug1", "drug2"]]
    if name == "depression":
        return data_of("depression_hw")[["before", "after"]]
    if name == "visits":
        return visits(["bdi.pre", "bdi.2m", "bdi.3m", "bdi.5m", "bdi.8m"])
    if name == "unlike":
        return pd.DataFrame({"a": [1, 5, 2, 4, 3], "b": [5, 1, 4, 2, 3], "c": [3, 3, 3, 4, 3]})
    return pd.DataFrame({"a": [1, 4, 2, 7], "b": [3, 6, 4, 9]})


def visits(names: list[str]) -> pd.DataFrame:
    return data_of("bthe_b")[names].dropna().reset_index(drop=True)


def long(wide: pd.DataFrame | np.ndarray) -> pd.DataFrame:
    wide = pd.DataFrame(wide)
    wide.columns = [str(c) for c in wide.columns]
    frame = wide.assign(person_id=codes(len(wide)))
    return frame.melt("person_id", var_name="rater", value_name="rating")


WHO = {"target": "person_id", "rater": "rater"}


def pairs_of(name: str) -> pd.DataFrame:
    source, x, y = {
        "sleep": ("sleep", "drug1", "drug2"),
        "depression": ("depression_hw", "before", "after"),
        "anorexia": ("anorexia", "Prewt", "Postwt"),
        "btheb": ("bthe_b", "bdi.pre", "bdi.2m"),
    }[name]
    data = data_of(source)
    return pd.DataFrame({"person_id": codes(len(data)), "x": data[x], "y": data[y]})


def several_pairs(name: str) -> pd.DataFrame:
    data = data_of("bthe_b")
    data = data.assign(person_id=codes(len(data)))
    first = name == "apart"
    ends = [
        ("bdi.pre" if first else "bdi.2m", "bdi.2m" if first else "bdi.3m"),
        ("bdi.pre" if first else "bdi.5m", "bdi.3m" if first else "bdi.8m"),
        ("bdi.pre", "bdi.5m"),
    ]
    if name == "balanced":
        data = data.dropna(subset=["bdi.pre", "bdi.2m", "bdi.3m", "bdi.5m", "bdi.8m"])
    return pd.concat(
        [data[["person_id", x, y]].set_axis(["person_id", "x", "y"], axis=1) for x, y in ends]
    )


def items_of(name: str) -> pd.DataFrame:
    later = ["bdi.2m", "bdi.3m", "bdi.5m", "bdi.8m"]
    if name == "visits":
        return visits(["bdi.pre", *later])
    wide = visits(later)
    if name == "three":
        return wide[later[:3]]
    if name == "unequal":
        wide["bdi.2m"] *= 10
        wide["bdi.8m"] /= 3
    return wide


# ---------------------------------------------------------------------------------------- oracles


@pytest.mark.oracle("kappa cohen_kappa symmetry", "R 4.2.2, vcd Kappa, mcnemar.test (agreement.R)")
@pytest.mark.parametrize(("name", "level"), cases("kappa"))
def test_kappa_is_that_of_r(name, level):
    want = answers_of_r("kappa", name, level)
    table = grade_table(name)
    frame = graded(table).sample(frac=1, random_state=1)
    answer = kappa(frame, ("a", "b"), categories=range(len(table)), conf_level=level)
    for kind, measure in WEIGHTS.items():
        row = answer.one(measure=measure)
        compare(row, want, kind, (*ENDS, "std_error"))
        compare(row, want, kind, ("statistic", "n"))
        compare(row, want, kind, ("p_value",), rtol=1e-9, atol=0)
    compare(answer.one(measure="observed_agreement"), want, "observed", ENDS)
    compare(answer.one(measure="expected_agreement"), want, "expected", ("estimate",))
    row = answer.one(measure="asymmetry")
    if name == "perfect":
        assert np.isnan(row["p_value"])
        assert any("no test of symmetry" in note for note in answer.notes)
    else:
        quantities = (*ENDS, "std_error", "statistic", "df", "p_value")
        compare(row, want, "symmetry", quantities)


@pytest.mark.oracle("kappa", "R 4.2.2, vcd Kappa: 149 people in Winnipeg (beside the project)")
def test_two_neurologists_grade_149_people():
    want = answers("kappa.ms.winnipeg")
    answer = kappa(graded(grade_table("winnipeg")), ("a", "b"))
    for entry, measure in (
        ("unweighted", "kappa"),
        ("linear_weighted", "kappa_linear"),
        ("quadratic_weighted", "kappa_quadratic"),
    ):
        row = answer.one(measure=measure)
        np.testing.assert_allclose(row.estimate, want[entry]["kappa"], rtol=1e-9)
        np.testing.assert_allclose(row.std_error, want[entry]["ase"], rtol=1e-9)
        assert row.n == want["n"]
    row = answer.one(measure="kappa")
    np.testing.assert_allclose([row.conf_low, row.conf_high], want["unweighted"]["ci"], rtol=1e-9)
    row, bowker = answer.one(measure="asymmetry"), want["bowker_symmetry"]
    got = [row.statistic, row.df, row.p_value]
    np.testing.assert_allclose(got, [bowker["chisq"], bowker["df"], bowker["p"]], rtol=1e-9)
    got = answer.one(measure="observed_agreement").estimate
    np.testing.assert_allclose(got, want["agreement"], rtol=1e-9)


def r_name(form: str) -> str:
    return f"ICC{form[0]}{'k' if form.endswith('k') else ''}"


@pytest.mark.oracle("intraclass_correlation intraclass", "R 4.2.2, psych ICC (agreement.R)")
@pytest.mark.parametrize(("name", "level"), cases("icc"))
def test_intraclass_correlation_is_that_of_r(name, level):
    want = answers_of_r("icc", name, level)
    frame = long(wide_ratings(name)).sample(frac=1, random_state=2)
    answer = intraclass_correlation(frame, "rating", **WHO, conf_level=level)
    kernel = intraclass(wide_ratings(name), conf_level=level)
    assert len(answer.table) == 6
    for i, form in enumerate(FORMS):
        mine, row = r_name(form), answer.one(term=f"ICC({form})")
        if name == "shifted" and form.endswith("k"):
            continue
        if name == "shifted":
            compare(row, want, mine, ("estimate",))
            continue
        if (name, form) == ("unlike", "2,k"):
            # past the pole of Spearman and Brown's formula R goes on with what is no correlation
            assert want[mine, "estimate"] > 5
            assert np.isnan([row["estimate"], row["conf_low"], row["conf_high"]]).all()
            assert any("does not exist" in note for note in answer.notes)
            continue
        compare(row, want, mine, (*ENDS, "statistic"))
        compare(row, want, mine, ("p_value",), rtol=1e-9, atol=0)
        np.testing.assert_allclose(row["df"], want[mine, "df1"])
        np.testing.assert_allclose(kernel.df2[i], want[mine, "df2"])
        assert row["n"] == len(wide_ratings(name))


@pytest.mark.oracle("intraclass_correlation", "R psych ICC: Shrout & Fleiss (beside the project)")
def test_the_judges_of_shrout_and_fleiss():
    want = answers("icc.shrout_fleiss")
    answer = intraclass_correlation(long(wide_ratings("shrout")), "rating", **WHO)
    for form in FORMS:
        row, told = answer.one(term=f"ICC({form})"), want[r_name(form)]
        got = [row.estimate, row.statistic, row.df, row.p_value, row.conf_low, row.conf_high]
        right = [told["icc"], told["F"], told["df1"], told["p"], *told["ci"]]
        np.testing.assert_allclose(got, right, rtol=1e-9)
        assert f"F({told['df1']}, {told['df2']})" in row.method


@pytest.mark.oracle("measurement_error", "R 4.2.2, aov and qchisq (agreement.R)")
@pytest.mark.parametrize(("name", "level"), cases("sem"))
def test_measurement_error_is_that_of_r(name, level):
    want = answers_of_r("sem", name, level)
    frame = long(wide_ratings(name))
    for form in ("1,1", "2,1", "3,1"):
        answer = measurement_error(frame, "rating", **WHO, form=form, conf_level=level)
        key = r_name(form)
        compare(answer.one(measure="standard_error_of_measurement"), want, key, (*ENDS, "df"))
        row = answer.one(measure="minimal_detectable_change")
        for q, mine in (("mdc", "estimate"), ("mdc_low", "conf_low"), ("mdc_high", "conf_high")):
            np.testing.assert_allclose(row[mine], want[key, q], **TIGHT)
        row = answer.one(measure="sem_from_sd")
        np.testing.assert_allclose(row["estimate"], want[key, "sd_based"], **TIGHT)


@pytest.mark.oracle("limits_of_agreement limits", "R 4.2.2, t.test, qt, lm (agreement.R)")
@pytest.mark.parametrize("interval", ["bland_altman", "exact"])
@pytest.mark.parametrize(("name", "level"), cases("limits"))
def test_limits_of_agreement_are_those_of_r(name, level, interval):
    want = answers_of_r("limits", name, level)
    for share in (0.95, 0.80):
        answer = limits_of_agreement(
            pairs_of(name), ("x", "y"), coverage=share, interval=interval, conf_level=level
        )
        test = ("std_error", "statistic", "df", "p_value")
        compare(answer.one(measure="mean_difference"), want, "bias", (*ENDS, *test))
        compare(answer.one(measure="proportional_bias"), want, "slope", (*ENDS, *test))
        for side in ("lower", "upper"):
            row, key = answer.one(measure=f"{side}_limit"), f"{side} {share:g}"
            compare(row, want, key, ("estimate", "std_error"))
            if interval == "bland_altman":
                compare(row, want, key, ENDS)
            else:
                # both search for the quantile of the noncentral t; R stops at some 1e-8
                ends = [want[key, "exact_low"], want[key, "exact_high"]]
                np.testing.assert_allclose([row.conf_low, row.conf_high], ends, rtol=1e-6)


@pytest.mark.oracle("limits_of_agreement", "R 4.2.2, aov and qchisq (agreement.R)")
@pytest.mark.parametrize(("name", "level"), cases("repeated"))
def test_limits_of_repeated_pairs_are_those_of_r(name, level):
    want = answers_of_r("repeated", name, level)
    frame = several_pairs(name).sample(frac=1, random_state=3)
    answer = limits_of_agreement(frame, ("x", "y"), repeated=True, conf_level=level)
    test = ("std_error", "statistic", "p_value")
    compare(answer.one(measure="mean_difference"), want, "bias", (*ENDS, *test, "df", "n"))
    for side in ("lower", "upper"):
        compare(answer.one(measure=f"{side}_limit"), want, side, ENDS)
    compare(answer.one(measure="sd_within"), want, "within", ENDS)
    compare(answer.one(measure="sd_between"), want, "between", ("estimate",))
    compare(answer.one(measure="proportional_bias"), want, "slope", (*ENDS, *test))
    none = np.isnan(answer.one(measure="sd_between").estimate)
    assert none == any("sd_between is empty" in note for note in answer.notes)


@pytest.mark.oracle(
    "internal_consistency cronbach_alpha one_factor", "R 4.2.2, psych alpha, lavaan (agreement.R)"
)
@pytest.mark.parametrize(("name", "level"), cases("consistency"))
def test_alpha_and_omega_are_those_of_r(name, level):
    want = answers_of_r("consistency", name, level)
    items = items_of(name)
    frame = items.assign(person_id=codes(len(items))).sample(frac=1, random_state=4)
    answer = internal_consistency(frame, list(items), outcome="mood", conf_level=level)
    compare(answer.one(measure="cronbach_alpha"), want, "alpha", (*ENDS, "n"))
    row = answer.one(measure="alpha_standardised")
    np.testing.assert_allclose(row["estimate"], want["alpha", "standardised"], **TIGHT)
    # lavaan's search stops at a slope of some 1e-6, and its error comes from that point
    loose = {"rtol": 2e-6}
    compare(answer.one(measure="omega_total"), want, "omega", (*ENDS, "std_error"), **loose)
    row = answer.one(measure="omega_standardised")
    np.testing.assert_allclose(row["estimate"], want["omega", "standardised"], **loose)


def test_the_oracle_has_negative_perfect_and_empty_answers():
    def values(topic, quantity):
        return ORACLE.loc[ORACLE["topic"].eq(topic) & ORACLE["quantity"].eq(quantity), "value"]

    assert values("icc", "estimate").min() < 0
    assert values("kappa", "estimate").min() < 0
    assert values("kappa", "estimate").max() == 1
    between = ORACLE[ORACLE["topic"].eq("repeated") & ORACLE["measure"].eq("between")]
    assert set(between["value"].isna()) == {True, False}
    assert set(ORACLE["conf_level"]) == {0.90, 0.95, 0.99}


# ------------------------------------------------------------------------------------------ by hand


def test_published_correlations_of_shrout_and_fleiss():
    got = intraclass(data_of("shrout_fleiss"))
    np.testing.assert_allclose(got.estimate, [0.17, 0.29, 0.71, 0.44, 0.62, 0.91], atol=0.005)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=3, max_size=40))
def test_quadratic_kappa_is_the_concordance_correlation(pairs):
    x, y = np.array(pairs, float).T
    spread = x.var() + y.var() + (x.mean() - y.mean()) ** 2
    assume(spread > 0)
    got = cohen_kappa(counted(pairs, 5), weights="quadratic").estimate
    want = 2 * np.mean((x - x.mean()) * (y - y.mean())) / spread
    assert got == pytest.approx(want, rel=1e-9, abs=1e-12)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=3, max_size=40))
def test_linear_kappa_is_made_of_its_cuts(pairs):
    # Vanbelle & Albert (2009): observed and expected agreement are means over the cuts in two
    cuts = []
    for cut in (1, 2, 3):
        table = np.zeros((2, 2))
        for a, b in pairs:
            table[int(a >= cut), int(b >= cut)] += 1
        cuts.append(cohen_kappa(table))
    got = cohen_kappa(counted(pairs, 4), weights="linear")
    assert got.observed == pytest.approx(np.mean([c.observed for c in cuts]), rel=1e-12)
    assert got.expected == pytest.approx(np.mean([c.expected for c in cuts]), rel=1e-12)


def counted(pairs, grades: int) -> np.ndarray:
    table = np.zeros((grades, grades))
    for a, b in pairs:
        table[a, b] += 1
    return table


def test_alpha_by_its_definition():
    x = np.random.default_rng(1).normal(size=(5, 20, 4)).cumsum(axis=-1)
    own, all_of_it = x.var(axis=-2, ddof=1).sum(axis=-1), x.sum(axis=-1).var(axis=-1, ddof=1)
    np.testing.assert_allclose(cronbach_alpha(x).estimate, 4 / 3 * (1 - own / all_of_it))


def test_three_items_have_loadings_that_can_be_written_down():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(60, 1)) * [1.0, 2.0, 0.7] + rng.normal(size=(60, 3))
    c = np.cov(x.T, bias=True)
    want = np.sqrt([c[0, 1] * c[0, 2] / c[1, 2], c[0, 1] * c[1, 2] / c[0, 2],
                    c[0, 2] * c[1, 2] / c[0, 1]])  # fmt: skip
    got = one_factor(x)
    np.testing.assert_allclose(got.loadings, want, rtol=1e-9)
    np.testing.assert_allclose(got.variances, np.diag(c) - want**2, rtol=1e-9)
    assert got.omega == pytest.approx(want.sum() ** 2 / c.sum(), rel=1e-9)


def test_perfect_agreement_is_said_to_be_too_sure():
    answer = kappa(graded(np.diag([3, 4])), ("a", "b"))
    row = answer.one(measure="kappa")
    assert (row.estimate, row.conf_low, row.conf_high) == (1, 1, 1)
    assert any("too sure" in note for note in answer.notes)


def test_raters_who_differ_by_a_constant_are_consistent_and_disagree():
    answer = intraclass_correlation(long(wide_ratings("shifted")), "rating", **WHO)
    assert answer.one(term="ICC(3,1)").estimate == 1
    assert answer.one(term="ICC(2,1)").estimate < 1
    assert any("F is infinite" in note for note in answer.notes)
    error = measurement_error(long(wide_ratings("shifted")), "rating", **WHO, form="3,1")
    assert error.one(measure="standard_error_of_measurement").estimate == 0


def test_names_of_mcgraw_and_wong_mean_the_same_forms():
    frame = long(wide_ratings("shrout"))
    for other, form in (("A,1", "2,1"), ("C,1", "3,1"), ("A,k", "2,k"), ("C,k", "3,k")):
        mine = intraclass_correlation(frame, "rating", **WHO, form=other).table
        pd.testing.assert_frame_equal(
            mine, intraclass_correlation(frame, "rating", **WHO, form=form).table
        )
        assert FORM_LABELS[form] in mine["method"].iloc[0]


# ------------------------------------------------------------------------------------------- truth


def test_intervals_of_intraclass_correlation_cover_as_often_as_they_say():
    # 4000 draws: Monte Carlo error 0.0034, three of them allowed; form 2 is approximate: 0.015
    rng = np.random.default_rng(11)
    reps, n, k, between, raters, error = 4000, 15, 3, 2.0, 0.7, 1.0
    who = rng.normal(0, np.sqrt(between), (reps, n, 1))
    by = rng.normal(0, np.sqrt(raters), (reps, 1, k))
    rest = rng.normal(0, np.sqrt(error), (reps, n, k))
    one_way = intraclass(who + rest)
    both = intraclass(who + by + rest)
    share, agree = between / (between + error), between / (between + raters + error)

    def covered(got, form, truth):
        i = FORMS.index(form)
        return np.mean((got.conf_low[:, i] <= truth) & (truth <= got.conf_high[:, i]))

    def mean_of(r):
        return k * r / (1 + (k - 1) * r)

    assert covered(one_way, "1,1", share) == pytest.approx(0.95, abs=0.0104)
    assert covered(one_way, "1,k", mean_of(share)) == pytest.approx(0.95, abs=0.0104)
    assert covered(both, "3,1", share) == pytest.approx(0.95, abs=0.0104)
    assert covered(both, "3,k", mean_of(share)) == pytest.approx(0.95, abs=0.0104)
    assert covered(both, "2,1", agree) == pytest.approx(0.95, abs=0.015)
    assert covered(both, "2,k", mean_of(agree)) == pytest.approx(0.95, abs=0.015)
    no_people = intraclass(rest)
    assert np.mean(no_people.p_value[:, 2] <= 0.05) == pytest.approx(0.05, abs=0.0104)


def test_limits_of_agreement_cover_as_often_as_they_say():
    # 8000 draws: Monte Carlo error 0.0024; Bland & Altman's is approximate: 0.015
    d = np.random.default_rng(12).normal(1.0, 2.0, (8000, 20))
    upper, lower = 1 + 1.959963984540054 * 2, 1 - 1.959963984540054 * 2
    for interval, room in (("exact", 0.0073), ("bland_altman", 0.015)):
        got = limits(d, interval=interval)
        inside = (got.conf_low <= [lower, upper]) & ([lower, upper] <= got.conf_high)
        np.testing.assert_allclose(inside.mean(axis=0), 0.95, atol=room, err_msg=interval)


def test_limits_of_repeated_pairs_cover_as_often_as_they_say():
    # 250 draws: Monte Carlo error 0.0138, three of them allowed
    rng, n, each = np.random.default_rng(13), 30, 3
    people = np.repeat(codes(n), each)
    limit = 0.5 + 1.959963984540054 * np.sqrt(1.0 + 0.5)
    inside = []
    for _ in range(250):
        d = 0.5 + np.repeat(rng.normal(0, 1, n), each) + rng.normal(0, np.sqrt(0.5), n * each)
        frame = pd.DataFrame({"person_id": people, "x": d + np.arange(n * each), "y": 0.0})
        frame["y"] = frame["x"] - d
        row = limits_of_agreement(frame, ("x", "y"), repeated=True).one(measure="upper_limit")
        inside.append(row.conf_low <= limit <= row.conf_high)
    assert np.mean(inside) == pytest.approx(0.95, abs=0.0414)


def test_intervals_of_measurement_error_cover_as_often_as_they_say():
    # 250 draws: Monte Carlo error 0.0138, three of them allowed
    rng, inside = np.random.default_rng(14), []
    for _ in range(250):
        x = rng.normal(0, 2, (12, 1)) + np.array([0.0, 1, 3]) + rng.normal(0, 1.5, (12, 3))
        row = measurement_error(long(x), "rating", **WHO, form="3,1").table.iloc[0]
        inside.append(row.conf_low <= 1.5 <= row.conf_high)
    assert np.mean(inside) == pytest.approx(0.95, abs=0.0414)


def test_intervals_of_kappa_cover_and_its_test_errs_as_often_as_they_say():
    # 4000 draws of 150 people: Monte Carlo error 0.0034; the interval is asymptotic: 0.015
    rng = np.random.default_rng(15)
    p = np.array([[0.30, 0.08, 0.02], [0.06, 0.20, 0.06], [0.02, 0.06, 0.20]])
    tables = rng.multinomial(150, p.ravel(), 4000).reshape(-1, 3, 3)
    for weights in WEIGHTS:
        truth = cohen_kappa(p, weights=weights).estimate
        got = cohen_kappa(tables, weights=weights)
        covered = np.mean((got.conf_low <= truth) & (truth <= got.conf_high))
        assert covered == pytest.approx(0.95, abs=0.015), weights
        chance = np.outer(p.sum(axis=1), p.sum(axis=0)).ravel()
        null = cohen_kappa(rng.multinomial(150, chance, 4000).reshape(-1, 3, 3), weights=weights)
        assert np.mean(null.p_value <= 0.05) == pytest.approx(0.05, abs=0.0104), weights
    even = (p + p.T).ravel() / p.sum() / 2
    null = symmetry(rng.multinomial(150, even / even.sum(), 4000).reshape(-1, 3, 3))
    assert np.nanmean(null.p_value <= 0.05) == pytest.approx(0.05, abs=0.012)
    s, truth = symmetry(tables), 0.14 - 0.16
    covered = np.mean((s.conf_low <= truth) & (truth <= s.conf_high))
    assert covered == pytest.approx(0.95, abs=0.015)


def test_intervals_of_alpha_and_omega_cover_as_often_as_they_say():
    # alpha: 4000 draws, Monte Carlo error 0.0034; omega: 80 draws of 150 people, 0.024
    rng = np.random.default_rng(16)
    x = rng.normal(0, 1, (4000, 25, 1)) + rng.normal(0, 1, (4000, 25, 5))
    got, truth = cronbach_alpha(x), 25 / 30
    covered = np.mean((got.conf_low <= truth) & (truth <= got.conf_high))
    assert covered == pytest.approx(0.95, abs=0.0104)
    load, inside = np.array([1.0, 0.8, 1.5, 1.2]), []
    truth = load.sum() ** 2 / (load.sum() ** 2 + 4)
    for _ in range(80):
        f = one_factor(rng.normal(size=(150, 1)) * load + rng.normal(size=(150, 4)))
        inside.append(abs(f.omega - truth) <= 1.959963984540054 * f.std_error)
    assert np.mean(inside) == pytest.approx(0.95, abs=0.073)


# -------------------------------------------------------------------------------------------- laws

PAIRS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=4, max_size=30)
NUMBERS = st.floats(-50, 50).map(lambda v: round(v, 3))


def matrices(least: int = 2):
    return st.tuples(st.integers(3, 8), st.integers(least, 4)).flatmap(
        lambda shape: st.lists(
            st.lists(NUMBERS, min_size=shape[1], max_size=shape[1]),
            min_size=shape[0],
            max_size=shape[0],
        )
    )


def same(one: pd.DataFrame, other: pd.DataFrame, *but: str, **tolerance) -> None:
    numbers = [c for c in one.select_dtypes("number") if c not in but]
    np.testing.assert_allclose(
        one[numbers].to_numpy(float),
        other[numbers].to_numpy(float),
        **tolerance or {"rtol": 1e-9, "atol": 1e-10},
    )


def frame_of(pairs) -> pd.DataFrame:
    x, y = np.array(pairs, float).T
    return pd.DataFrame({"person_id": codes(len(pairs)), "x": x, "y": y})


@given(PAIRS, st.randoms())
@settings(max_examples=25, deadline=None)
def test_kappa_does_not_mind_order_or_who_is_first(pairs, shuffle):
    frame = frame_of(pairs)
    first = kappa(frame, ("x", "y"), categories=range(4))
    shuffle.shuffle(pairs)
    again = kappa(frame_of(pairs), ("x", "y"), categories=range(4))
    pd.testing.assert_frame_equal(first.table, again.table)
    swapped = kappa(frame, ("y", "x"), categories=range(4)).table
    turned = swapped.copy()
    last = turned["measure"].eq("asymmetry")
    turned.loc[last, "estimate"] *= -1
    turned.loc[last, ["conf_low", "conf_high"]] = -swapped.loc[
        last, ["conf_high", "conf_low"]
    ].to_numpy()
    same(first.table, turned)


@given(PAIRS, st.permutations(range(4)))
@settings(max_examples=25, deadline=None)
def test_unweighted_kappa_does_not_mind_the_names_or_order_of_grades(pairs, order):
    word = dict(enumerate("abcd"))
    frame = frame_of(pairs)
    named = frame.assign(x=frame["x"].map(word), y=frame["y"].map(word))
    first = kappa(frame, ("x", "y"), categories=range(4)).table
    second = kappa(named, ("x", "y"), categories=[word[i] for i in order]).table
    keep = first["measure"].isin(["kappa", "observed_agreement", "expected_agreement"])
    same(first[keep], second[keep])
    backwards = kappa(frame, ("x", "y"), categories=[3, 2, 1, 0]).table
    weighted = first["measure"].str.startswith("kappa")
    same(first[weighted], backwards[weighted])


@given(PAIRS, st.sampled_from([(np.nan, 1.0), (2.0, np.nan), (np.nan, np.nan)]))
@settings(max_examples=25, deadline=None)
def test_a_person_without_both_grades_changes_n_missing_only(pairs, lacking):
    frame = frame_of(pairs)
    more = pd.concat([frame, pd.DataFrame({"person_id": ["Z"], "x": lacking[0], "y": lacking[1]})])
    first = kappa(frame, ("x", "y"), categories=range(4)).table
    second = kappa(more, ("x", "y"), categories=range(4)).table
    pd.testing.assert_frame_equal(first.drop(columns="n_missing"), second.drop(columns="n_missing"))
    assert (second["n_missing"] == 1).all()


@given(st.lists(PAIRS, min_size=2, max_size=4), st.sampled_from(sorted(WEIGHTS)))
def test_many_tables_at_once_are_one_table_at_a_time(many, weights):
    tables = np.array([counted(pairs, 4) for pairs in many])
    batch, signs = cohen_kappa(tables, weights=weights), symmetry(tables)
    for i, table in enumerate(tables):
        one, sign = cohen_kappa(table, weights=weights), symmetry(table)
        for name in ("estimate", "std_error", "conf_low", "conf_high", "statistic", "p_value"):
            for all_of_them, single in ((batch, one), (signs, sign)):
                np.testing.assert_allclose(
                    getattr(all_of_them, name)[i], getattr(single, name), **TIGHT
                )


@given(matrices(), st.floats(-20, 20), st.floats(0.1, 9), st.booleans())
def test_intraclass_correlation_does_not_mind_shift_scale_or_sign(ratings, shift, scale, turn):
    x = np.array(ratings)
    got = intraclass(x)
    # scores closer than 1e-9 are one score, so what is near nothing is left out
    assume(min(got.ms_error, got.ms_target, got.ms_rater) > 1e-6)
    other = intraclass(shift + (-scale if turn else scale) * x)
    for name in ("estimate", "conf_low", "conf_high", "statistic", "p_value"):
        np.testing.assert_allclose(
            getattr(other, name), getattr(got, name), rtol=1e-6, atol=1e-8, err_msg=name
        )


@given(matrices(), st.randoms())
@settings(max_examples=25, deadline=None)
def test_intraclass_correlation_does_not_mind_order_or_names(ratings, shuffle):
    x = np.array(ratings)
    assume(np.ptp(x) > 0.01)
    first = intraclass_correlation(long(x), "rating", **WHO)
    frame = long(x).sample(frac=1, random_state=shuffle.randrange(999))
    again = intraclass_correlation(frame, "rating", **WHO)
    pd.testing.assert_frame_equal(first.table, again.table)
    got = intraclass(x)
    assume(min(got.ms_error, got.ms_target, got.ms_rater) > 1e-6)
    raters = intraclass_correlation(long(x[:, ::-1]), "rating", **WHO)
    people = intraclass_correlation(long(x[::-1]), "rating", **WHO)
    same(first.table, raters.table, rtol=1e-6, atol=1e-8)
    same(first.table, people.table, rtol=1e-6, atol=1e-8)


@given(matrices(), st.integers(0, 1))
@settings(max_examples=25, deadline=None)
def test_a_person_whom_a_rater_missed_changes_n_missing_only(ratings, absent):
    x = np.array(ratings)
    assume(np.ptp(x) > 0.01)
    row = np.full((1, x.shape[1]), 3.0)
    row[0, absent] = np.nan
    for estimator in (intraclass_correlation, measurement_error):
        first = estimator(long(x), "rating", **WHO).table
        for more in (long(np.vstack([x, row])), long(np.vstack([x, row])).dropna()):
            second = estimator(more, "rating", **WHO).table
            pd.testing.assert_frame_equal(
                first.drop(columns="n_missing"), second.drop(columns="n_missing")
            )
            assert (second["n_missing"] == 1).all()


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_many_data_sets_at_once_are_one_at_a_time(seed):
    x = np.random.default_rng(seed).normal(size=(2, 3, 7, 4)).round(2)
    batch, alpha, lim = intraclass(x), cronbach_alpha(x), limits(x[..., 0])
    for at in np.ndindex(2, 3):
        one = intraclass(x[at])
        for name in ("estimate", "conf_low", "conf_high", "statistic", "p_value"):
            np.testing.assert_allclose(
                getattr(batch, name)[at], getattr(one, name), rtol=1e-9, atol=1e-12
            )
            if name in ENDS:
                mine, its = getattr(alpha, name)[at], getattr(cronbach_alpha(x[at]), name)
                np.testing.assert_allclose(mine, its, rtol=1e-9, atol=1e-12)
                mine, its = getattr(lim, name)[at], getattr(limits(x[at][..., 0]), name)
                np.testing.assert_allclose(mine, its, rtol=1e-9, atol=1e-12)


NUMBER_PAIRS = st.lists(st.tuples(NUMBERS, NUMBERS), min_size=4, max_size=20)


@given(NUMBER_PAIRS, st.sampled_from(["bland_altman", "exact"]), st.randoms())
@settings(max_examples=25, deadline=None)
def test_limits_do_not_mind_order_and_turn_round_with_the_methods(pairs, interval, shuffle):
    frame = frame_of(pairs)
    assume(np.ptp(frame["x"] - frame["y"]) > 0.01 and np.ptp(frame["x"] + frame["y"]) > 0.01)
    first = limits_of_agreement(frame, ("x", "y"), interval=interval)
    again = limits_of_agreement(
        frame.sample(frac=1, random_state=shuffle.randrange(999)), ("x", "y"), interval=interval
    )
    pd.testing.assert_frame_equal(first.table, again.table)
    other = limits_of_agreement(frame, ("y", "x"), interval=interval)
    for mine, its in (
        ("mean_difference", "mean_difference"),
        ("lower_limit", "upper_limit"),
        ("upper_limit", "lower_limit"),
        ("proportional_bias", "proportional_bias"),
    ):
        one, two = first.one(measure=mine), other.one(measure=its)
        got = [two.estimate, two.conf_low, two.conf_high]
        want = [-one.estimate, -one.conf_high, -one.conf_low]
        np.testing.assert_allclose(got, want, rtol=1e-6, atol=1e-8)


@given(NUMBER_PAIRS)
@settings(max_examples=25, deadline=None)
def test_a_person_without_a_pair_changes_n_missing_only(pairs):
    frame = frame_of(pairs)
    more = pd.concat([frame, pd.DataFrame({"person_id": ["Z"], "x": 3.0, "y": np.nan})])
    twice = pd.concat([frame, frame.assign(x=frame["x"] + 1)])
    for repeated, start in ((False, frame), (True, twice)):
        first = limits_of_agreement(start, ("x", "y"), repeated=repeated).table
        end = more if not repeated else pd.concat([twice, more.tail(1)])
        second = limits_of_agreement(end, ("x", "y"), repeated=repeated).table
        pd.testing.assert_frame_equal(
            first.drop(columns="n_missing"), second.drop(columns="n_missing")
        )
        assert (second["n_missing"] == 1).all()


@given(st.integers(0, 10_000))
@settings(max_examples=6, deadline=None)
def test_consistency_does_not_mind_order_units_or_people_who_left(seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(40, 1)) * [1.0, 0.8, 1.3] + rng.normal(size=(40, 3))
    names = ["a", "b", "c"]
    frame = pd.DataFrame(x, columns=names).assign(person_id=codes(40))
    first = internal_consistency(frame, names, outcome="scale").table
    shuffled = frame.sample(frac=1, random_state=seed)
    pd.testing.assert_frame_equal(
        first, internal_consistency(shuffled, names, outcome="scale").table
    )
    turned = internal_consistency(frame, names[::-1], outcome="scale").table
    same(first, turned, rtol=1e-7)
    scaled = frame.assign(**{c: 100 - 7 * frame[c] for c in names})
    same(first, internal_consistency(scaled, names, outcome="scale").table, rtol=1e-7)
    gone = pd.DataFrame({"person_id": ["Z"], "a": 1.0, "b": np.nan, "c": 2.0})
    second = internal_consistency(pd.concat([frame, gone]), names, outcome="scale").table
    pd.testing.assert_frame_equal(first.drop(columns="n_missing"), second.drop(columns="n_missing"))
    assert (second["n_missing"] == 1).all()


# -------------------------------------------------------------------------------------------- refused

FRAME = pd.DataFrame({"person_id": list("ABCDE"), "x": [0, 1, 2, 1, 0], "y": [0, 1, 1, 2, 0]})


def test_raters_with_other_sets_of_grades_share_one_scale():
    frame = pd.DataFrame({"person_id": list("ABCD"), "x": [0, 1, 2, 1], "y": [1, 2, 3, 3]})
    answer = kappa(frame, ("x", "y"))
    assert "Grades in order: 0, 1, 2, 3" in answer.notes[0]
    # only steps between grades count, so a grade beyond them is nothing and one between them is
    linear = answer.one(measure="kappa_linear").estimate
    for grades, changes in (([0, 1, 2, 3, 4, 5], False), ([0, 1, 1.5, 2, 3], True)):
        other = kappa(frame, ("x", "y"), categories=grades).one(measure="kappa_linear").estimate
        assert (abs(other - linear) > 0.01) == changes
    words = {0: "none", 1: "mild", 2: "marked", 3: "severe"}
    kinds = [pd.CategoricalDtype(list(words.values())[i : i + 3], ordered=True) for i in (0, 1)]
    unlike = frame.assign(
        x=frame["x"].map(words).astype(kinds[0]), y=frame["y"].map(words).astype(kinds[1])
    )
    with pytest.raises(ValueError, match="words in no order"):
        kappa(unlike, ("x", "y"))
    whole = pd.CategoricalDtype(list(words.values()), ordered=True)
    alike = frame.assign(**{c: frame[c].map(words).astype(whole) for c in ("x", "y")})
    same(kappa(alike, ("x", "y")).table, answer.table)


def test_one_grade_for_everybody_has_no_kappa():
    frame = FRAME.assign(x=1, y=1)
    with pytest.raises(ValueError, match="at least 2 grades"):
        kappa(frame, ("x", "y"))
    answer = kappa(frame, ("x", "y"), categories=[0, 1])
    assert np.isnan(answer.one(measure="kappa").estimate)
    assert answer.one(measure="observed_agreement").estimate == 1
    assert any("kappa does not exist" in note for note in answer.notes)


@pytest.mark.parametrize("x", [[0, 1, 2, 1, 0], [0, 0, 0, 0, 0]])
def test_a_rater_with_one_grade_says_nothing(x):
    answer = kappa(FRAME.assign(x=x, y=1), ("x", "y"))
    for measure in WEIGHTS.values():
        row = answer.one(measure=measure)
        assert row.estimate == 0
        assert np.isnan([row.std_error, row.conf_low, row.conf_high, row.p_value]).all()
    assert any("says nothing" in note for note in answer.notes)


def test_linear_weights_can_say_nothing_where_others_do():
    # every cut in two leaves one rater on one side of it
    frame = pd.DataFrame({"person_id": list("ABCD"), "x": [0, 1, 2, 2], "y": [2, 2, 2, 3]})
    answer = kappa(frame, ("x", "y"))
    row = answer.one(measure="kappa_linear")
    assert row.estimate == 0
    assert np.isnan([row.std_error, row.p_value]).all()
    assert np.isfinite(answer.one(measure="kappa").std_error)
    assert any(note.startswith("kappa_linear:") for note in answer.notes)


def test_next_to_no_degrees_of_freedom_give_no_interval():
    # targets are exactly alike and raters turn them round: 1 + (k - 1) ICC(2,1) is 0
    got = intraclass([[0.0, 1.0], [0.0, 1.0], [1.0, 0.0]])
    two = [FORMS.index(form) for form in ("2,1", "2,k")]
    assert np.isnan([got.conf_low[two], got.conf_high[two]]).all()
    assert np.isfinite(got.estimate[FORMS.index("2,1")])
    # 0.01 degrees of freedom: quantiles of 1e300, which overflow in one unit and not in another
    for scale in (1, 2):
        got = intraclass(scale * np.array([[0.0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 14, -18]]))
        assert np.isnan([got.conf_low[two], got.conf_high[two]]).all()
    answer = intraclass_correlation(
        long(np.array([[0.0, 1.0], [0.0, 1.0], [1.0, 0.0]])), "rating", **WHO, form="2,1"
    )
    assert any("interval that is empty" in note for note in answer.notes)


@pytest.mark.parametrize(
    ("frame", "how", "error", "words"),
    [
        (FRAME, {"ratings": ("x",)}, ValueError, "two different columns"),
        (FRAME, {"ratings": ("x", "x")}, ValueError, "two different columns"),
        (FRAME, {"ratings": "xy"}, ValueError, "two different columns"),
        (FRAME, {"ratings": ("x", "z")}, ValueError, "no column 'z'"),
        (FRAME.assign(y=np.nan), {}, ValueError, "nobody of 5 people"),
        (FRAME.assign(person_id="A"), {}, RowsAreNotPeopleError, "5 rows"),
        (FRAME.assign(person_id=["A", None, "C", "D", "E"]), {}, ValueError, "without person_id"),
        (FRAME, {"categories": [0, 1]}, ValueError, "not among the grades"),
        (FRAME, {"categories": [0, 1, 1, 2]}, ValueError, "grade twice"),
        (FRAME, {"conf_level": 95}, ValueError, "conf_level"),
        (FRAME.assign(x=list("abcab"), y=list("abcba")), {}, ValueError, "words in no order"),
    ],
)
def test_kappa_refuses(frame, how, error, words):
    with pytest.raises(error, match=words):
        kappa(frame, how.get("ratings", ("x", "y")),
              **{k: v for k, v in how.items() if k != "ratings"})  # fmt: skip


@pytest.mark.parametrize("kernel", [cohen_kappa, symmetry])
@pytest.mark.parametrize(
    ("table", "words"),
    [
        (np.ones((2, 3)), "square"),
        (np.ones(4), "square"),
        (np.ones((1, 1)), "square"),
        ([[1, -1], [0, 2]], "0 or more"),
        ([[1, np.nan], [0, 2]], "0 or more"),
    ],
)
def test_tables_that_are_none_are_refused(kernel, table, words):
    with pytest.raises(ValueError, match=words):
        kernel(table)


def test_other_weights_and_empty_tables():
    with pytest.raises(ValueError, match="weights must be one of"):
        cohen_kappa([[1, 2], [3, 4]], weights="cubic")
    empty = cohen_kappa(np.zeros((2, 2)))
    assert np.isnan([empty.estimate, empty.std_error, empty.p_value]).all()
    assert np.isnan([symmetry(np.zeros((2, 2))).estimate, symmetry(np.zeros((2, 2))).p_value]).all()


RATED = long(wide_ratings("shrout"))


@pytest.mark.parametrize("estimator", [intraclass_correlation, measurement_error])
@pytest.mark.parametrize(
    ("frame", "how", "words"),
    [
        (RATED[RATED["rater"] == "J1"], {}, "at least 2 person_id"),
        (RATED[RATED["person_id"] == "P0000"], {}, "at least 2 person_id"),
        (RATED.assign(rating=4), {}, "all ratings are 4"),
        (RATED.assign(rating=np.nan), {}, "at least 2 person_id"),
        (pd.concat([RATED, RATED.head(2)]), {}, "2 row.s. repeat"),
        (RATED.drop(columns="rater"), {}, "no column 'rater'"),
        (RATED.assign(rating="high"), {}, "not numbers"),
        (RATED.assign(rating=RATED["rating"].astype(float).replace(9.0, np.inf)), {}, "infinite"),
        (RATED.assign(rater=[None, *RATED["rater"][1:]]), {}, "no 'rater'"),
        (RATED, {"form": "4,1"}, "not known"),
        (RATED, {"conf_level": 1.0}, "conf_level"),
    ],
)
def test_intraclass_correlation_and_error_refuse(estimator, frame, how, words):
    with pytest.raises(ValueError, match=words):
        estimator(frame, "rating", **WHO, **how)


def test_other_forms_and_shapes_are_refused():
    with pytest.raises(ValueError, match="that of a mean"):
        measurement_error(RATED, "rating", **WHO, form="2,k")
    for shape in ((4,), (1, 3), (3, 1)):
        with pytest.raises(ValueError, match="at least 2 targets and 2 raters"):
            intraclass(np.ones(shape))
    flat = intraclass(np.ones((3, 2)))
    assert np.isnan(flat.estimate).all()


PAIRED = pd.DataFrame(
    {"person_id": list("ABCDE"), "x": [6.0, 5, 7, 4, 6], "y": [5.0, 5, 5, 4.5, 7]}
)


@pytest.mark.parametrize(
    ("frame", "how", "error", "words"),
    [
        (PAIRED, {"ratings": ("x", "x")}, ValueError, "two different columns"),
        (PAIRED, {"ratings": "xy"}, ValueError, "two different columns"),
        (PAIRED, {"interval": "normal"}, ValueError, "interval must be one of"),
        (PAIRED, {"coverage": 95}, ValueError, "coverage is a share"),
        (PAIRED, {"conf_level": 95}, ValueError, "conf_level"),
        (PAIRED.assign(y=np.nan), {}, ValueError, "got 0 of 5"),
        (PAIRED.head(2), {}, ValueError, "at least 3 people"),
        (PAIRED.assign(person_id=list("AABCD")), {}, RowsAreNotPeopleError, "5 rows"),
        (PAIRED, {"repeated": True}, ValueError, "none of 5 people has 2 pairs"),
        (PAIRED, {"repeated": True, "interval": "exact"}, ValueError, "Zou"),
        (PAIRED.assign(x=list("abcde")), {}, ValueError, "'x'"),
        (PAIRED.drop(columns="y"), {}, ValueError, "no column 'y'"),
    ],
)
def test_limits_of_agreement_refuse(frame, how, error, words):
    with pytest.raises(error, match=words):
        limits_of_agreement(frame, how.get("ratings", ("x", "y")),
                            **{k: v for k, v in how.items() if k != "ratings"})  # fmt: skip


def test_constant_differences_and_sizes_have_notes_instead_of_intervals():
    same_step = limits_of_agreement(PAIRED.assign(y=PAIRED["x"] + 1), ("x", "y"))
    row = same_step.one(measure="upper_limit")
    assert (row.estimate, row.conf_low, row.conf_high) == (-1, -1, -1)
    assert np.isnan(same_step.one(measure="mean_difference").p_value)
    assert any("lie on a line" in note for note in same_step.notes)
    level = limits_of_agreement(PAIRED.assign(y=10 - PAIRED["x"]), ("x", "y"))
    assert np.isnan(level.one(measure="proportional_bias").estimate)
    assert any("no slope" in note for note in level.notes)
    with pytest.raises(ValueError, match="interval must be one of"):
        limits([1.0, 2.0], interval="normal")
    with pytest.raises(ValueError, match="at least 2"):
        limits([1.0])


ITEMS = items_of("later").assign(person_id=lambda f: codes(len(f)))
NAMES = ["bdi.2m", "bdi.3m", "bdi.5m", "bdi.8m"]


@pytest.mark.parametrize(
    ("frame", "items", "error", "words"),
    [
        (ITEMS, ["bdi.2m"], ValueError, "at least 2 different columns"),
        (ITEMS, "bdi.2m", ValueError, "at least 2 different columns"),
        (ITEMS, ["bdi.2m", "bdi.2m"], ValueError, "at least 2 different columns"),
        (ITEMS, ["bdi.2m", "bdi.9m"], ValueError, "no column 'bdi.9m'"),
        (ITEMS.head(2), NAMES, ValueError, "at least 3 people"),
        (ITEMS.assign(**{"bdi.2m": np.nan}), NAMES, ValueError, "got 0 of"),
        (ITEMS.assign(**{"bdi.2m": 4}), NAMES, ValueError, "is the same for all"),
        (ITEMS.assign(person_id="A"), NAMES, RowsAreNotPeopleError, "rows"),
    ],
)
def test_internal_consistency_refuses(frame, items, error, words):
    with pytest.raises(error, match=words):
        internal_consistency(frame, items, outcome="mood")


def test_where_one_factor_does_not_fit_omega_is_empty_and_alpha_stays():
    # r12 * r13 / r23 is above 1, so the first item would have no variance left
    x = pd.DataFrame([[1, 2, 2], [3, 3, 4], [2, 4, 2], [5, 4, 5], [4, 2, 5], [2, 1, 3],
                      [5, 5, 4], [3, 2, 2]], columns=list("abc"))  # fmt: skip
    with pytest.raises(ValueError, match="no variance of its own"):
        one_factor(x)
    answer = internal_consistency(x.assign(person_id=codes(8)), list("abc"), outcome="scale")
    assert np.isnan(answer.one(measure="omega_total").estimate)
    assert answer.one(measure="cronbach_alpha").estimate == pytest.approx(
        float(cronbach_alpha(x).estimate), rel=1e-9
    )
    assert any("omega_total is empty" in note for note in answer.notes)


def test_items_turned_round_are_named():
    frame = ITEMS.assign(**{"bdi.5m": -ITEMS["bdi.5m"]})
    answer = internal_consistency(frame, NAMES, outcome="mood")
    assert any("bdi.5m runs against" in note for note in answer.notes)


@pytest.mark.parametrize(
    ("items", "words"),
    [
        (np.ones((9, 2)), "at least 3 items"),
        (np.eye(3), "more people than items"),
        (np.c_[np.arange(8.0), np.arange(8.0) ** 2, np.ones(8)], "same for everybody"),
        (np.c_[np.arange(8.0), np.arange(8.0) ** 2, 2 * np.arange(8.0)], "follow from others"),
    ],
)
def test_one_factor_refuses(items, words):
    with pytest.raises(ValueError, match=words):
        one_factor(items)
