"""Calibration and standardisation: R's answers on real data, laws, and known truths."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msspas_analysis.estimate.people import RowsAreNotPeopleError
from msspas_analysis.estimate.prevalence.calibration import calibrate, post_stratify, rake
from msspas_analysis.estimate.prevalence.sampling import SurveyDesign
from msspas_analysis.estimate.prevalence.standardisation import (
    RATE_INTERVALS,
    SHARE_METHODS,
    direct_rate,
    standardised_prevalence,
    standardised_rate,
)
from msspas_analysis.estimate.prevalence.weighted import (
    weighted_mean,
    weighted_shares,
    weighted_total,
)
from shared_reference import answers
from test_sampling import HERE, ORACLE, agrees, api, fitted, held_against_r, matches, unlisted

POPULATION = ORACLE[ORACLE["design"] == "population"]


def known(what):
    rows = POPULATION[POPULATION["what"] == what]
    return dict(zip(rows["group"], rows["value"], strict=True))


TYPES, WIDE, AWARDS = known("stype"), known("sch.wide"), known("awards")
BOTH = {tuple(k.split()): v for k, v in known("awards sch.wide").items()}
API99 = known("api99")["all"]
CLUS = {"clusters": "dnum", "weights": "pw", "fpc": "fpc"}
UNEQUAL = {"clusters": "dnum", "strata": "stype", "weights": "pw", "nest": True}
W = {"weights": "pw"}
TWO = {"stype": TYPES, "api99": API99}
MADE = {
    "clus_post": ("apiclus1", CLUS, lambda f: post_stratify(f, by="stype", totals=TYPES, **W)),
    "clus_rake": (
        "apiclus1", CLUS, lambda f: rake(f, margins={"stype": TYPES, "sch.wide": WIDE}, **W)),
    "clus_linear": ("apiclus1", CLUS, lambda f: calibrate(f, totals={"api99": API99}, size=6194, **W)),
    "clus_both": ("apiclus1", CLUS, lambda f: calibrate(f, totals=TWO, **W)),
    "clus_raking": ("apiclus1", CLUS, lambda f: calibrate(f, totals=TWO, kind="raking", **W)),
    "clus_bounded": ("apiclus1", CLUS, lambda f: calibrate(f, totals=TWO, bounds=(0.5, 1.6), **W)),
    "clus_logit": (
        "apiclus1", CLUS, lambda f: calibrate(f, totals=TWO, kind="logit", bounds=(0.4, 2), **W)),
    "unequal_post": ("apistrat", UNEQUAL, lambda f: post_stratify(f, by="awards", totals=AWARDS, **W)),
    "unequal_post2": (
        "apistrat", UNEQUAL, lambda f: post_stratify(f, by=["awards", "sch.wide"], totals=BOTH, **W)),
    "unequal_rake": (
        "apistrat", UNEQUAL,
        lambda f: rake(f, margins={"stype": TYPES, "awards": AWARDS, "sch.wide": WIDE}, **W)),
    "unequal_linear": (
        "apistrat", UNEQUAL,
        lambda f: calibrate(f, totals={"stype": TYPES, "awards": AWARDS, "api99": API99}, **W)),
    "unequal_raking": (
        "apistrat", UNEQUAL,
        lambda f: calibrate(f, totals={"stype": TYPES, "awards": AWARDS, "sch.wide": WIDE},
                            kind="raking", **W)),
}  # fmt: skip


def made(name):
    data, design, calibration = MADE[name]
    frame = api(data)
    return frame, SurveyDesign(**design, calibration=calibration(frame))


@pytest.mark.oracle("post_stratify rake calibrate", "R 4.2.2, survey 4.1.1 (sampling.R)")
@pytest.mark.parametrize("name", MADE)
def test_weights_are_those_of_r(name):
    _, design = made(name)
    w = design.calibration.weights.to_numpy()
    rows = ORACLE[(ORACLE["design"] == name) & (ORACLE["measure"] == "weights")]
    want = rows.set_index("quantity")["value"]
    got = {"smallest": w.min(), "largest": w.max(), "sum": w.sum(), "squares": w @ w,
           "first": w[0], "last": w[-1]}  # fmt: skip
    for quantity, value in got.items():
        assert value == pytest.approx(want[quantity], rel=1e-9), quantity
    spread = design.calibration.spread
    assert spread.one(measure="kish_design_effect").estimate == pytest.approx(
        want["kish"], rel=1e-9
    )
    assert spread.one(measure="largest_weight").estimate == w.max()


@pytest.mark.oracle(
    "post_stratify rake calibrate weighted_mean weighted_total weighted_prevalence",
    "R 4.2.2, survey 4.1.1 (sampling.R)",
)
@pytest.mark.parametrize("name", MADE)
def test_calibrated_estimates_are_those_of_r(name):
    frame, design = made(name)
    assert held_against_r(frame, design, name) > 50


@pytest.mark.oracle("rake weighted_mean", "R 4.2.2, survey 4.1.1 (sampling.R), ten sweeps")
def test_raked_errors_as_r_prints_them():
    frame, design = made("unequal_rake")
    rows = ORACLE[ORACLE["measure"] == "ten sweeps"]
    assert set(rows["what"]) == {"api00", "enroll"}
    for what, mine in rows.groupby("what"):
        # R stops after ten sweeps over the margins; with 300 it agrees to 1e-9, above
        agrees(weighted_mean(frame, what, design=design).table.iloc[0], mine, rel=1e-5)


@pytest.mark.oracle(
    "calibrate weighted_shares weighted_regression", "R 4.2.2, survey 4.1.1 (sampling.R)"
)
def test_calibrated_shares_and_regressions_are_those_of_r():
    frame, design = made("clus_linear")
    assert fitted(frame, design, "clus_linear") == 7 * 10
    got = weighted_shares(frame, "grade", levels=[0, 1, 2, 3], interval="wald", design=design)
    mine = ORACLE[(ORACLE["design"] == "clus_linear") & (ORACLE["what"] == "grade")]
    for (measure, level), rows in mine.groupby(["measure", "group"]):
        term = level if measure == "proportion" else f"{level} or worse"
        agrees(got.one(measure=measure, term=term), rows)


@pytest.mark.oracle(
    "calibrate post_stratify weighted_mean weighted_total",
    "R 4.2.2, survey: calibrate, postStratify",
)
def test_calibration_as_in_the_reference():
    want = answers("api.clus1.calibrated")
    frame, design = made("clus_linear")
    how = {"design": design, "df": math.inf}
    entry = want["calibrated"]
    mean = weighted_mean(frame, "api00", **how).table.iloc[0]
    matches(mean, unlisted(entry["mean_api00"], "api00"))
    total = weighted_total(frame, "enroll", **how).table.iloc[0]
    matches(total, unlisted(entry["total_enroll"], "enroll"))
    for level in ("E", "H", "M"):
        matches(weighted_total(frame, "stype", **how).one(term=level),
                unlisted(entry["total_stype"], f"stype{level}"))  # fmt: skip
    frame, design = made("clus_post")
    how, entry = {"design": design, "df": math.inf}, want["poststratified"]
    mean = weighted_mean(frame, "api00", **how).table.iloc[0]
    matches(mean, unlisted(entry["mean_api00"], "api00"))
    for what, key, name in (
        ("enroll", "total_enroll", "enroll"),
        ("api.stu", "total_api00", "api.stu"),
    ):
        total = weighted_total(frame, what, **how).table.iloc[0]
        matches(total, unlisted(entry[key], name))


# --- laws ------------------------------------------------------------------------------------------


@st.composite
def people(draw):
    n, seed = draw(st.integers(12, 40)), draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    return pd.DataFrame({
        "person_id": [f"P{i:02}" for i in range(n)], "w": rng.uniform(1, 5, n),
        "sex": np.array(["f", "m"])[np.arange(n) % 2], "old": (np.arange(n) // 2) % 3,
        "age": rng.normal(50, 10, n), "score": rng.normal(size=n),
    })  # fmt: skip


SEX, OLD = {"f": 70.0, "m": 30.0}, {0: 20.0, 1: 35.0, 2: 45.0}


@given(people(), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_totals_are_met_and_row_order_never_matters(frame, shuffler):
    order = list(range(len(frame)))
    shuffler.shuffle(order)
    for make in (
        lambda f: post_stratify(f, by="sex", totals=SEX, weights="w"),
        lambda f: rake(f, margins={"sex": SEX, "old": OLD}, weights="w"),
        lambda f: calibrate(f, totals={"sex": SEX, "age": 5050}, weights="w"),
        lambda f: calibrate(f, totals={"sex": SEX, "old": OLD}, weights="w", kind="raking"),
    ):
        a, b = make(frame), make(frame.iloc[order])
        pd.testing.assert_series_equal(a.weights, b.weights, check_exact=True)
        design = SurveyDesign(weights="w", calibration=a)
        got = weighted_total(frame, "sex", design=design)
        assert got.one(term="f").estimate == pytest.approx(70, rel=1e-9)
        # what is known has no error
        assert got.one(term="f").std_error < 1e-9
        mean = weighted_mean(frame, "score", design=design).table.iloc[0]
        mixed = weighted_mean(
            frame.iloc[order], "score", design=SurveyDesign(weights="w", calibration=b)
        )
        assert mixed.table.iloc[0].std_error == mean.std_error


@given(people())
@settings(max_examples=25, deadline=None)
def test_one_road_leads_to_the_weights_of_another(frame):
    raked = rake(frame, margins={"sex": SEX, "old": OLD}, weights="w").weights
    other = calibrate(frame, totals={"sex": SEX, "old": OLD}, weights="w", kind="raking").weights
    np.testing.assert_allclose(raked, other, rtol=1e-8)
    post = post_stratify(frame, by="sex", totals=SEX, weights="w")
    linear = calibrate(frame, totals={"sex": SEX}, weights="w")
    np.testing.assert_allclose(post.weights, linear.weights, rtol=1e-9)
    errors = [
        weighted_mean(frame, "score", design=SurveyDesign(weights="w", calibration=c))
        .table["std_error"].iloc[0] for c in (post, linear)
    ]  # fmt: skip
    assert errors[0] == pytest.approx(errors[1], rel=1e-9)
    alike = calibrate(frame, totals={"age": 5050}, size=100)
    again = calibrate(frame.assign(one=7.0), totals={"age": 5050}, size=100, weights="one")
    np.testing.assert_allclose(alike.weights, again.weights, rtol=1e-9)


def test_weights_stay_within_bounds():
    _, design = made("clus_bounded")
    moved = design.calibration.weights / api("apiclus1").set_index("person_id")["pw"]
    assert moved.min() == pytest.approx(0.5)
    assert moved.max() == pytest.approx(1.6)
    _, design = made("clus_logit")
    moved = design.calibration.weights / api("apiclus1").set_index("person_id")["pw"]
    assert 0.4 < moved.min() < moved.max() < 2


# --- what must be refused --------------------------------------------------------------------------

FEW = pd.DataFrame({
    "person_id": list("ABCD"), "sex": list("ffmm"), "old": [0, 1, 0, 1], "age": [40.0, 50, 60, 70],
})  # fmt: skip


def test_what_cannot_be_is_refused_by_name():
    with pytest.raises(ValueError, match="sex: 'x' has a population of 9 but nobody"):
        post_stratify(FEW, by="sex", totals={"f": 5, "m": 5, "x": 9})
    with pytest.raises(ValueError, match="2 people are 'm', which has no population"):
        post_stratify(FEW, by="sex", totals={"f": 5})
    totals = {("f", 0): 5, ("f", 1): 5, ("m", 0): 5, ("m", 1): 5}
    with pytest.raises(ValueError, match="sex, old: f 1 has a population of 5 but nobody"):
        post_stratify(FEW.drop(index=1), by=["sex", "old"], totals=totals)
    with pytest.raises(ValueError, match=r"'f' has -1\.0, need 0 or more"):
        post_stratify(FEW, by="sex", totals={"f": -1, "m": 5})
    with pytest.raises(ValueError, match="column 'sex' is empty for 1 of 4 people"):
        post_stratify(FEW.assign(sex=["f", "f", "m", None]), by="sex", totals={"f": 5, "m": 5})
    with pytest.raises(ValueError, match="of sex add up to 10 people, those of old to 11"):
        rake(FEW, margins={"sex": {"f": 5, "m": 5}, "old": {0: 5, 1: 6}})
    diagonal = FEW.assign(old=[0, 0, 1, 1])
    with pytest.raises(ValueError, match=r"raking has not met sex after 50 rounds: .* off by"):
        rake(diagonal, margins={"sex": {"f": 5, "m": 5}, "old": {0: 4, 1: 6}}, max_iterations=50)
    with pytest.raises(ValueError, match="totals contradict each other: a category of"):
        calibrate(diagonal, totals={"sex": {"f": 5, "m": 5}, "old": {0: 4, 1: 6}})
    with pytest.raises(ValueError, match=r"has not met \w+: the total is .* instead of \d+ after"):
        calibrate(FEW, totals={"age": 900}, size=10, bounds=(0.5, 2))
    with pytest.raises(ValueError, match='"logit" needs bounds'):
        calibrate(FEW, totals={"age": 500}, size=10, kind="logit")
    with pytest.raises(ValueError, match="a factor below and one above 1"):
        calibrate(FEW, totals={"age": 500}, size=10, bounds=(1.1, 2))
    with pytest.raises(ValueError, match="'sex' holds no numbers"):
        calibrate(FEW, totals={"sex": 5})
    with pytest.raises(RowsAreNotPeopleError):
        post_stratify(pd.concat([FEW, FEW]), by="sex", totals={"f": 5, "m": 5})
    made_of = post_stratify(FEW, by="sex", totals={"f": 5, "m": 5})
    with pytest.raises(ValueError, match=r"other people \(1 are in one"):
        weighted_mean(FEW.head(3), "age", design=SurveyDesign(calibration=made_of))
    with pytest.raises(ValueError, match="the design says weights='age'"):
        weighted_mean(FEW, "age", design=SurveyDesign(weights="age", calibration=made_of))


def test_weights_that_are_too_unequal_or_negative_say_so():
    many = pd.DataFrame({"person_id": range(40), "sex": ["f"] * 39 + ["m"]})
    heavy = post_stratify(many, by="sex", totals={"f": 50, "m": 50})
    assert any(
        "1 people count as more than 5 average people" in note for note in heavy.spread.notes
    )
    assert heavy.spread.one(measure="largest_over_smallest").estimate == pytest.approx(39)
    below = calibrate(FEW, totals={"age": 700}, size=10)
    assert (below.weights < 0).any()
    assert any("below 0; bounds prevent that" in note for note in below.spread.notes)
    got = weighted_mean(FEW, "old", design=SurveyDesign(calibration=below))
    assert any("weights below 0" in note for note in got.notes)


# --- known truth -----------------------------------------------------------------------------------


def test_calibration_narrows_the_error_it_says_and_still_covers():
    # 500 samples of 120 from a population of 100,000 whose score goes with age (correlation 0.8)
    # and sex; Monte Carlo error of a coverage near 0.95 is 0.01
    rng = np.random.default_rng(8)
    size, n = 100_000, 120
    age = rng.normal(50, 12, size)
    sex = np.where(rng.random(size) < 0.3, "m", "f")
    score = 0.1 * age + 1.0 * (sex == "m") + rng.normal(size=size)
    totals = {"sex": {"f": (sex == "f").sum(), "m": (sex == "m").sum()}, "age": age.sum()}
    hits, errors, plain, off = 0, [], [], []
    for _ in range(500):
        at = rng.integers(0, size, n)
        frame = pd.DataFrame(
            {"person_id": range(n), "age": age[at], "sex": sex[at], "score": score[at]}
        )
        design = SurveyDesign(calibration=calibrate(frame, totals=totals))
        row = weighted_mean(frame, "score", design=design).table.iloc[0]
        hits += row.conf_low <= score.mean() <= row.conf_high
        errors.append(row.std_error)
        plain.append(score[at].std(ddof=1) / math.sqrt(n))
        off.append(row.estimate - score.mean())
    assert hits / 500 == pytest.approx(0.945, abs=0.03)
    assert np.mean(errors) == pytest.approx(np.std(off), rel=0.1)
    assert np.mean(errors) < 0.7 * np.mean(plain)


# --- standardisation -------------------------------------------------------------------------------

AGES = ["<20", "20-24", "25-29", "30-34", "35-39", "40+"]


def births() -> tuple[pd.DataFrame, pd.Series]:
    frame = pd.read_csv(HERE / "down_syndrome_michigan.csv")
    return frame, frame.groupby("age")["births"].mean()


@pytest.mark.oracle("standardised_rate direct_rate", "R 4.2.2: qgamma, qnorm (sampling.R)")
@pytest.mark.parametrize("interval", RATE_INTERVALS)
def test_rates_are_those_of_r(interval):
    frame, standard = births()
    mine = ORACLE[ORACLE["design"].isin(["down", "down_nobody"]) & (ORACLE["measure"] == interval)]
    assert len(mine) >= 30
    for (data, order, level), rows in mine.groupby(["design", "group", "conf_level"]):
        table = frame if data == "down" else frame.assign(cases=0)
        got = standardised_rate(
            table, "cases", time="births", by="age", standard=standard, group="birth_order",
            interval=interval, conf_level=level,
        )  # fmt: skip
        row = got.one(group=order, measure="standardised_rate")
        crude = got.one(group=order, measure="crude_rate").estimate
        agrees(row.to_dict() | {"crude": crude}, rows)


@pytest.mark.oracle("standardised_rate", "R 4.2.2, epitools: ageadjust.direct; Fay & Feuer (1997)")
def test_a_rate_as_in_the_reference():
    want = answers("std.direct.shared")
    frame, standard = births()
    first = frame[frame["birth_order"] == "1"]
    how = {"time": "births", "by": "age", "standard": standard}
    for interval, ends in (("gamma", (want["lci"], want["uci"])), ("normal", want["normal_ci"]),
                           ("log", want["log_ci"])):  # fmt: skip
        got = standardised_rate(first, "cases", interval=interval, **how)
        row = got.one(measure="standardised_rate")
        assert row.estimate == pytest.approx(want["adj.rate"], rel=1e-6)
        assert row.std_error**2 == pytest.approx(want["var_poisson"], rel=1e-6)
        assert (row.conf_low, row.conf_high) == pytest.approx(tuple(ends), rel=1e-6)
    assert got.one(measure="crude_rate").estimate == pytest.approx(want["crude.rate"], rel=1e-6)
    assert got.table["n"].tolist() == [412, 412]


@pytest.mark.oracle("standardised_prevalence", "R 4.2.2: closed forms (sampling.R)")
@pytest.mark.parametrize("interval", SHARE_METHODS)
def test_standardised_prevalence_is_that_of_r(interval):
    frame = api("apistrat")
    mine = ORACLE[(ORACLE["design"] == "prevalence") & (ORACLE["measure"] == interval)]
    assert len(mine) >= 18
    for (group, level), rows in mine.groupby(["group", "conf_level"]):
        got = standardised_prevalence(
            frame, "wide", by="stype", standard=TYPES, group="comp.imp", interval=interval,
            conf_level=level,
        )  # fmt: skip
        row = got.one(group=group, measure="standardised_proportion")
        crude = got.one(group=group, measure="crude_proportion").estimate
        agrees(row.to_dict() | {"crude": crude}, rows)


@given(st.lists(st.tuples(st.integers(0, 50), st.floats(1, 1e4), st.floats(0.1, 10)), min_size=1,
                max_size=8), st.floats(0.01, 100))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_a_standard_is_its_ratios_and_a_rate_lies_between_those_of_its_strata(strata, factor):
    count, time, size = (np.array(x) for x in zip(*strata, strict=True))
    for interval in RATE_INTERVALS:
        got = np.array(direct_rate(count, time, size, interval=interval))
        np.testing.assert_allclose(
            direct_rate(count, time, factor * size, interval=interval), got, rtol=1e-9
        )
        rates = count / time
        assert rates.min() * (1 - 1e-12) <= got[0] <= rates.max() * (1 + 1e-12)
        two = direct_rate(np.stack([count, count + 1]), time, size, interval=interval)
        assert [float(x[0]) for x in two] == pytest.approx(list(got), nan_ok=True)
    low, high = direct_rate(count, time, size)[2:]
    assert low <= got[0] < high


def test_people_and_cells_of_a_table_give_one_rate():
    rng = np.random.default_rng(3)
    people = pd.DataFrame({
        "person_id": range(300), "age": rng.choice(["<50", "50+"], 300),
        "sex": rng.choice(["f", "m"], 300), "falls": rng.poisson(0.5, 300),
        "years": rng.uniform(0.5, 2, 300),
    })  # fmt: skip
    standard = {(a, s): v for (a, s), v in zip(
        [("<50", "f"), ("<50", "m"), ("50+", "f"), ("50+", "m")], [4, 3, 2, 1], strict=True)}  # fmt: skip
    how = {"time": "years", "by": ["age", "sex"], "standard": standard}
    one = standardised_rate(people, "falls", **how)
    cells = people.groupby(["age", "sex"], as_index=False)[["falls", "years"]].sum()
    two = standardised_rate(cells, "falls", **how)
    mixed = standardised_rate(people.sample(frac=1, random_state=1), "falls", **how)
    pd.testing.assert_frame_equal(one.table, mixed.table, check_exact=True)
    numbers = ["estimate", "std_error", "conf_low", "conf_high"]
    np.testing.assert_allclose(one.table[numbers], two.table[numbers], rtol=1e-12)
    assert one.table["n"].tolist() == [300, 300]
    assert two.table["n"].tolist() == [people["falls"].sum()] * 2


def test_a_standard_like_the_sample_changes_nothing():
    frame = api("apistrat")
    got = standardised_prevalence(
        frame, "wide", by="stype", standard=frame["stype"].value_counts(), interval="wald"
    )
    crude = got.one(measure="crude_proportion").estimate
    assert got.one(measure="standardised_proportion").estimate == pytest.approx(crude, rel=1e-12)
    # one stratum: the binomial error
    alone = standardised_prevalence(frame.assign(all="x"), "wide", by="all", standard={"x": 1})
    row = alone.one(measure="standardised_proportion")
    assert row.std_error == pytest.approx(math.sqrt(crude * (1 - crude) / 200), rel=1e-12)


def test_what_cannot_be_standardised_is_refused_or_named():
    frame, standard = births()
    how = {"time": "births", "by": "age"}
    with pytest.raises(ValueError, match="stratum '40\\+' of the standard has nobody"):
        standardised_rate(frame[frame["age"] != "40+"], "cases", standard=standard, **how)
    with pytest.raises(ValueError, match="'<20' is in 5 rows and not in the standard"):
        standardised_rate(frame, "cases", standard=standard.drop("<20"), **how)
    with pytest.raises(ValueError, match=r"'<20' has -1\.0; strata are 0 or larger"):
        standardised_rate(frame, "cases", standard={**standard, "<20": -1}, **how)
    with pytest.raises(ValueError, match="column 'cases' is below 0"):
        standardised_rate(frame.assign(cases=-1), "cases", standard=standard, **how)
    with pytest.raises(ValueError, match="column 'cases' is empty in 30 of 30"):
        standardised_rate(frame.assign(cases=np.nan), "cases", standard=standard, **how)
    with pytest.raises(ValueError, match="interval 'exact' is unknown"):
        direct_rate([1], [1], [1], interval="exact")
    with pytest.raises(RowsAreNotPeopleError):
        standardised_rate(frame.assign(person_id=1), "cases", standard=standard, **how)
    less = frame[(frame["birth_order"] != "5+") | (frame["age"] != "<20")]
    got = standardised_rate(less, "cases", standard=standard, group="birth_order", **how)
    assert math.isnan(got.one(group="5+", measure="standardised_rate").estimate)
    assert got.one(group="4", measure="standardised_rate").estimate > 0
    assert "5+ has nobody in '<20', so it cannot be standardised." in got.notes
    people = api("apistrat")
    gone = standardised_prevalence(people, "told", by="stype", standard=TYPES)
    assert gone.table["n_missing"].tolist() == [40, 40]
    assert any("40 of 200 people have no told" in note for note in gone.notes)
    certain = standardised_prevalence(people.assign(wide=True), "wide", by="stype", standard=TYPES)
    assert math.isnan(certain.one(measure="standardised_proportion").conf_low)
    assert any("no interval" in note for note in certain.notes)


def test_the_gamma_interval_covers_rare_events():
    # 20,000 tables of six strata with 0.2 to 3 events expected in each
    rng = np.random.default_rng(11)
    time, size = np.array([50.0, 80, 20, 40, 90, 10]), np.array([3.0, 1, 1, 2, 1, 4])
    true = np.array([0.01, 0.02, 0.05, 0.02, 0.03, 0.02])
    count = rng.poisson(true * time, (20_000, 6))
    rate = float(size @ true / size.sum())
    estimate, error, low, high = direct_rate(count, time, size)
    assert estimate.mean() == pytest.approx(rate, abs=4 * estimate.std() / math.sqrt(20_000))
    assert (error**2).mean() == pytest.approx(estimate.var(), rel=0.03)
    covered = ((low <= rate) & (rate <= high)).mean()
    assert covered >= 0.95  # Fay and Feuer: never less in their simulations; error here 0.0015
    _, _, low, high = direct_rate(count, time, size, interval="normal")
    assert ((low <= rate) & (rate <= high)).mean() < 0.93
    # prevalence: 300 samples of three strata, error 0.013
    n, p, share = np.array([40, 60, 100]), np.array([0.2, 0.5, 0.7]), np.array([0.5, 0.3, 0.2])
    hits = rng.binomial(n, p, (300, 3))
    inside = 0
    for one in hits:
        frame = pd.DataFrame({
            "person_id": range(200), "part": np.repeat([0, 1, 2], n),
            "yes": np.concatenate([np.arange(k) < h for k, h in zip(n, one, strict=True)]),
        })  # fmt: skip
        row = standardised_prevalence(frame, "yes", by="part", standard=dict(enumerate(share))).one(
            measure="standardised_proportion"
        )
        inside += row.conf_low <= share @ p <= row.conf_high
    assert inside / 300 == pytest.approx(0.95, abs=0.04)
