"""Survey estimates: R's answers on real samples, laws, and populations whose truth is known."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msspas_analysis.estimate.people import RowsAreNotPeopleError
from msspas_analysis.estimate.prevalence.day_prevalence import day_prevalence
from msspas_analysis.estimate.prevalence.sampling import (
    SHARE_INTERVALS,
    SurveyDesign,
    linearised_ratio,
    linearised_total,
    share_interval,
)
from msspas_analysis.estimate.prevalence.weighted import (
    design_effects,
    weighted_mean,
    weighted_prevalence,
    weighted_ratio,
    weighted_regression,
    weighted_shares,
    weighted_total,
)
from msspas_analysis.simulate.survey import SEVERITIES, SurveyScenario, simulate_survey
from shared_reference import answers

HERE = Path(__file__).parent / "reference"
ORACLE = pd.read_csv(HERE / "sampling.csv", comment="#", dtype={"group": str})
REL = 1e-9
# R draws 50 straight lines through a profile it has at about ten points, and reads the ends off
# them; "as defined" are the same ends found by halving, and are held to REL
LINES = 5e-5


def api(name: str) -> pd.DataFrame:
    frame = pd.read_csv(HERE / f"{name}.csv")
    place = np.arange(1, len(frame) + 1)
    return frame.assign(
        person_id=[f"P{i:03}" for i in place],
        gap=frame["api00"].where(place % 7 != 0),
        told=frame["awards"].eq("Yes").where(place % 5 != 0).astype("object"),
        wide=frame["sch.wide"].eq("Yes"),
        award=frame["awards"].eq("Yes"),
        few=np.where((frame["meals"] > 60) & (frame["ell"] > 30), "few", "many"),
        grade=np.digitize(frame["meals"], [20, 50, 80]),
        fraction=1 / frame["pw"],
    )


def lonely() -> pd.DataFrame:
    frame = api("apistrat")
    kept = {"E": 100, "H": 1, "M": 3}
    return frame[frame.groupby("stype").cumcount() < frame["stype"].map(kept)]


BY = {"stype E": "stype", "stype H": "stype", "stype M": "stype", "few": "few",
      "awards Yes": "awards"}  # fmt: skip
DESIGNS = {
    "strat": ("apistrat", SurveyDesign(strata="stype", weights="pw", fpc="fpc")),
    "strat_fraction": ("apistrat", SurveyDesign(strata="stype", fpc="fraction")),
    "strat_nofpc": ("apistrat", SurveyDesign(strata="stype", weights="pw")),
    "weights_only": ("apistrat", SurveyDesign(weights="pw")),
    "strat_clusters": (
        "apistrat", SurveyDesign(clusters="dnum", strata="stype", weights="pw", nest=True)),
    "clus": ("apiclus1", SurveyDesign(clusters="dnum", weights="pw", fpc="fpc")),
    "clus_nofpc": ("apiclus1", SurveyDesign(clusters="dnum", weights="pw")),
    "equal": ("apiclus1", SurveyDesign()),
    "lonely_centre": (
        "lonely", SurveyDesign(strata="stype", weights="pw", fpc="fpc", single="centre")),
    "lonely_certainty": (
        "lonely", SurveyDesign(strata="stype", weights="pw", fpc="fpc", single="certainty")),
}  # fmt: skip


def drawn(name: str) -> tuple[pd.DataFrame, SurveyDesign]:
    data, design = DESIGNS[name]
    return (lonely() if data == "lonely" else api(data)), design


def agrees(row, rows, *, rel=REL):
    for one in rows.itertuples():
        # a value that is one sum minus another is as exact as they are
        assert row[one.quantity] == pytest.approx(one.value, rel=rel, abs=1e-13), one


def held_against_r(frame, design, name, *, rel=REL):
    """Compare every estimate of one design with R's; return how many numbers there were."""
    mine = ORACLE[ORACLE["design"] == name]
    compared = 0
    for (measure, what, group, level), rows in mine.groupby(
        ["measure", "what", "group", "conf_level"], dropna=False
    ):
        lines = measure == "likelihood" and not group.endswith("as defined")
        group = group.removesuffix(" as defined")
        label, how = group.split()[-1], {"design": design, "by": BY.get(group)}
        if measure == "mean":
            got = weighted_mean(frame, what, conf_level=level, **how)
            row = got.one(group=label, measure="mean")
        elif measure == "total":
            row = weighted_total(frame, what, conf_level=level, **how).one(group=label)
        elif measure == "ratio":
            row = weighted_ratio(frame, what, per="enroll", conf_level=level, **how).table.iloc[0]
        elif measure == "certain":
            row = weighted_prevalence(frame, what, conf_level=level, **how).one(group=label)
            assert math.isnan(row.conf_low)
            assert row.std_error < 1e-14
        elif measure in SHARE_INTERVALS:
            got = weighted_prevalence(frame, what, interval=measure, conf_level=level, **how)
            row = got.one(group=label)
        elif measure == "deff":
            effects = design_effects(frame, what, **how).table
            row = effects[effects["group"] == label].set_index("measure")["estimate"]
        else:
            continue
        agrees(row, rows, rel=LINES if lines else rel)
        compared += len(rows)
    return compared


@pytest.mark.oracle(
    "weighted_mean weighted_total weighted_ratio weighted_prevalence design_effects SurveyDesign",
    "R 4.2.2, survey 4.1.1 (sampling.R)",
)
@pytest.mark.parametrize("name", DESIGNS)
def test_designs_are_those_of_r(name):
    frame, design = drawn(name)
    assert held_against_r(frame, design, name) > 40


def test_the_reference_holds_what_it_should():
    kinds = ORACLE["measure"].value_counts()
    assert set(SHARE_INTERVALS) <= set(kinds.index)
    assert kinds.min() >= 4


@pytest.mark.oracle("weighted_shares", "R 4.2.2, survey 4.1.1 (sampling.R)")
@pytest.mark.parametrize("name", ["strat", "clus", "strat_clusters"])
def test_shares_of_an_ordered_column_are_those_of_r(name):
    frame, design = drawn(name)
    got = weighted_shares(frame, "grade", levels=[0, 1, 2, 3], interval="wald", design=design)
    mine = ORACLE[(ORACLE["design"] == name) & (ORACLE["what"] == "grade")]
    assert len(mine) == 35
    for (measure, level), rows in mine.groupby(["measure", "group"]):
        term = level if measure == "proportion" else f"{level} or worse"
        agrees(got.one(measure=measure, term=term), rows)
    ordered = frame.assign(grade=pd.Categorical(frame["grade"], [0, 1, 2, 3], ordered=True))
    again = weighted_shares(ordered, "grade", interval="wald", design=design)
    pd.testing.assert_frame_equal(got.table, again.table)


def fitted(frame, design, name):
    """Compare the regressions of one design with R's; return how many numbers there were."""
    compared = 0
    names = {"(Intercept)": "intercept", "stypeH": "stype: H", "stypeM": "stype: M"}
    for model, (what, terms) in {
        "linear": ("api00", ["ell", "meals"]), "logistic": ("wide", ["ell", "meals"]),
        "category": ("api00", ["stype", "meals"]),
    }.items():  # fmt: skip
        kind = "logistic" if model == "logistic" else "linear"
        got = weighted_regression(frame, what, terms=terms, design=design, kind=kind)
        mine = ORACLE[(ORACLE["design"] == name) & (ORACLE["measure"] == model)]
        for term, rows in mine.groupby("what"):
            called = names.get(term, term)
            if called == "intercept":
                called = "intercept" if kind == "logistic" else "(intercept)"
            row = got.table[(got.table["term"] == called) & got.table["std_error"].notna()]
            # R stops its fit of the odds a little before the maximum
            agrees(row.iloc[0], rows, rel=1e-8)
            compared += len(rows)
    return compared


@pytest.mark.oracle("weighted_regression", "R 4.2.2, survey 4.1.1 (sampling.R)")
@pytest.mark.parametrize("name", ["strat", "clus", "strat_clusters"])
def test_regressions_are_those_of_r(name):
    frame, design = drawn(name)
    assert fitted(frame, design, name) == 7 * 10


@pytest.mark.oracle("day_prevalence", "R 4.2.2, survey 4.1.1 (sampling.R)")
def test_days_are_those_of_r():
    diary = pd.read_csv(HERE / "kostecki_dillon.csv").rename(columns={"id": "person_id"})
    mine = ORACLE[ORACLE["design"] == "kd"]
    assert len(mine) == 4 * (3 * 10 + 5)
    for (measure, group, level), rows in mine.groupby(
        ["measure", "group", "conf_level"], dropna=False
    ):
        if measure != "days":
            got = day_prevalence(diary, "headache", date=None, by="medication", conf_level=level)
            agrees(got.one(measure=measure, group=group), rows)
            continue
        got = day_prevalence(diary, "headache", date=None, by="medication", std_errors="CR0")
        want = rows.set_index("quantity")["value"]
        share = got.one(measure="day_share", group=group)
        assert share.std_error == pytest.approx(want["plain"], rel=REL)
        icc = got.one(measure="intraclass_correlation", group=group).estimate
        assert icc == pytest.approx(want["icc"], rel=REL)
        assert share.n == want["n"]
        # R takes the variance of independent days with n - 1, and its design effect with CR1
        effect = got.one(measure="design_effect", group=group).estimate
        k, n = diary["person_id"].nunique(), want["days"]
        assert effect * k / (k - 1) * (n - 1) / n == pytest.approx(want["design_effect"], rel=REL)


# --- the same data, answered a second time and elsewhere ------------------------------------------


def matches(row, want, *, rel=1e-6):
    assert row.estimate == pytest.approx(want["estimate"], rel=rel)
    assert row.std_error == pytest.approx(want["se"], rel=rel)
    if "ci_z" in want:
        assert (row.conf_low, row.conf_high) == pytest.approx(tuple(want["ci_z"]), rel=rel)
    if "ci" in want:
        assert (row.conf_low, row.conf_high) == pytest.approx(tuple(want["ci"]), rel=rel)


def unlisted(want, name):
    return {k: v[name] for k, v in want.items()}


@pytest.mark.oracle(
    "weighted_mean weighted_total design_effects", "R 4.2.2, survey: svymean, svytotal"
)
def test_a_stratified_mean_as_in_the_reference():
    want, frame = answers("api.strat.mean"), api("apistrat")
    design = DESIGNS["strat"][1]
    for entry, how in {
        "mean_api00": design, "no_fpc": DESIGNS["strat_nofpc"][1],
        "weights_only_no_strata": DESIGNS["weights_only"][1],
    }.items():  # fmt: skip
        got = weighted_mean(frame, "api00", design=how, df=math.inf).table.iloc[0]
        matches(got, unlisted(want[entry], "api00"))
    total = weighted_total(frame, "enroll", design=design, df=math.inf).table.iloc[0]
    matches(total, unlisted(want["total_enroll"], "enroll"))
    effects = design_effects(frame, "api00", design=design)
    for measure, key in (("design_effect", "deff"), ("kish_effective_n", "kish_neff"),
                         ("kish_design_effect", "kish_deff")):  # fmt: skip
        assert effects.one(measure=measure).estimate == pytest.approx(want[key], rel=1e-6)
    assert weighted_mean(frame, "api00", design=design).table["df"].iloc[0] == want["degf"]


R_CALLS_IT = {"wald": "mean", "arcsine": "asin"}


@pytest.mark.oracle("weighted_prevalence", "R 4.2.2, survey: svyciprop")
@pytest.mark.parametrize("interval", set(SHARE_INTERVALS) - {"wilson"})
def test_prevalence_as_in_the_reference(interval):
    want, frame = answers("api.strat.prop"), api("apistrat")
    called = R_CALLS_IT.get(interval, interval)
    for entry, how in (("design", "strat"), ("weights_only_no_strata", "weights_only")):
        if called in want[entry]:
            got = weighted_prevalence(frame, "wide", design=DESIGNS[how][1], interval=interval)
            matches(got.table.iloc[0], want[entry][called], rel=1e-5)
    assert frame["wide"].mean() == pytest.approx(want["unweighted"])
    clustered = answers("api.clus1")["prop_schwide"]
    got = weighted_prevalence(api("apiclus1"), "wide", design=DESIGNS["clus"][1], interval=interval)
    matches(got.table.iloc[0], clustered[called], rel=1e-5)


@pytest.mark.oracle(
    "weighted_mean weighted_total weighted_ratio weighted_regression",
    "R 4.2.2, survey: svymean, svytotal, svyratio, svyglm",
)
def test_a_cluster_sample_as_in_the_reference():
    want, (frame, design) = answers("api.clus1"), drawn("clus")
    how = {"design": design, "df": math.inf}
    mean = weighted_mean(frame, "api00", **how).table.iloc[0]
    matches(mean, unlisted(want["mean_api00"], "api00"))
    total = weighted_total(frame, "enroll", **how).table.iloc[0]
    matches(total, unlisted(want["total_enroll"], "enroll"))
    for level in ("E", "H", "M"):
        matches(weighted_total(frame, "stype", **how).one(term=level),
                unlisted(want["total_stype"], f"stype{level}"))  # fmt: skip
    matches(weighted_ratio(frame, "api.stu", per="enroll", **how).table.iloc[0], want["ratio"])
    for kind, what in (("linear", "api00"), ("logistic", "wide")):
        got = weighted_regression(frame, what, terms=["ell", "meals"], design=design, kind=kind)
        for term, one in want[kind].items():
            called = {"(Intercept)": "(intercept)" if kind == "linear" else "intercept"}
            row = got.table[got.table["term"].eq(called.get(term, term))].iloc[0]
            matches(row, one, rel=1e-5)
            assert (row.statistic, row.p_value) == pytest.approx((one["stat"], one["p"]), rel=1e-5)
    assert weighted_mean(frame, "api00", design=design).table["df"].iloc[0] == want["degf"]


@pytest.mark.oracle("day_prevalence", "R 4.2.2: mean, sandwich by person, aov")
def test_diary_days_as_in_the_reference():
    want = answers("kd.prevalence_clustered")
    diary = pd.read_csv(HERE / "kostecki_dillon.csv").rename(columns={"id": "person_id"})
    for errors, key in (("CR0", "linearised_no_correction"), ("CR1", "n_over_nminus1")):
        got = day_prevalence(diary, "headache", date=None, std_errors=errors)
        row = got.one(measure="day_share")
        assert row.estimate == pytest.approx(want["day_level"], rel=1e-6)
        assert row.std_error == pytest.approx(want[f"cluster_se_{key}"], rel=1e-6)
        effect = (row.std_error / want["naive_binomial_se"]) ** 2
        assert got.one(measure="design_effect").estimate == pytest.approx(effect, rel=1e-6)
    person = got.one(measure="mean_person_share")
    assert person.estimate == pytest.approx(want["person_mean"], rel=1e-6)
    assert person.std_error == pytest.approx(want["person_mean_se"], rel=1e-6)
    icc = got.one(measure="intraclass_correlation").estimate
    assert icc == pytest.approx(want["icc_anova"], rel=1e-6)


# --- laws ------------------------------------------------------------------------------------------


@st.composite
def surveys(draw):
    n = draw(st.integers(6, 25))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    return pd.DataFrame({
        "person_id": [f"P{i:02}" for i in range(n)], "weight": rng.uniform(0.5, 9, n),
        "stratum": np.arange(n) % 2, "centre": 10 * (np.arange(n) % 2) + rng.integers(0, 3, n) % 3,
        "score": np.where(rng.random(n) < 0.1, np.nan, rng.normal(size=n)),
        "yes": rng.random(n) < 0.5, "group": rng.choice(["a", "b"], n),
    }).assign(score=lambda d: d["score"].mask(d.index < 2, 1.0),
              centre=lambda d: d["centre"].mask(d.index < 4, d.index // 2 + 10 * d["stratum"]))  # fmt: skip


STRATIFIED = SurveyDesign(weights="weight", strata="stratum")
CLUSTERED = SurveyDesign(weights="weight", strata="stratum", clusters="centre")


@given(surveys(), st.randoms(use_true_random=False))
@settings(max_examples=25, deadline=None)
def test_row_order_never_matters(frame, shuffler):
    order = list(range(len(frame)))
    shuffler.shuffle(order)
    mixed = frame.iloc[order]
    for face, what, how in (
        (weighted_mean, "score", {"by": "group"}), (weighted_total, "yes", {}),
        (weighted_prevalence, "yes", {"interval": "wald"}), (design_effects, "score", {}),
        (weighted_ratio, "score", {"per": "weight"}),
        (weighted_shares, "stratum", {"levels": [0, 1], "interval": "wald"}),
    ):  # fmt: skip
        a, b = (face(f, what, design=CLUSTERED, **how).table for f in (frame, mixed))
        pd.testing.assert_frame_equal(a, b, check_exact=True)


@given(surveys(), st.floats(0.01, 100))
@settings(max_examples=25, deadline=None)
def test_the_unit_of_the_weights_is_the_unit_of_totals_and_of_nothing_else(frame, factor):
    heavier = frame.assign(weight=factor * frame["weight"])
    numbers = ["estimate", "std_error", "conf_low", "conf_high"]
    a, b = (weighted_mean(f, "score", design=CLUSTERED).table[numbers] for f in (frame, heavier))
    np.testing.assert_allclose(b, a, rtol=1e-9, atol=1e-12)
    a, b = (weighted_total(f, "score", design=CLUSTERED).table[numbers] for f in (frame, heavier))
    np.testing.assert_allclose(b, factor * a, rtol=1e-9, atol=1e-12)


@given(surveys())
@settings(max_examples=25, deadline=None)
def test_a_person_without_answer_is_missing_and_moves_no_estimate(frame):
    more = pd.concat([frame, frame.iloc[[0]].assign(person_id="Z", score=np.nan)])
    a, b = (weighted_mean(f, "score", design=STRATIFIED).table.iloc[0] for f in (frame, more))
    assert (b.n, b.n_missing) == (a.n, a.n_missing + 1)
    assert b.estimate == pytest.approx(a.estimate, rel=1e-12, abs=1e-12)
    # one more person was drawn, so how many answer is less certain: as for any group
    assert b.std_error > 0


@given(surveys(), st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_a_batch_is_its_replicates_one_by_one(frame, seed):
    sample = CLUSTERED.sample(frame)
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(3, 2, len(frame)))
    values[rng.random(values.shape) < 0.2] = np.nan
    per = rng.uniform(1, 2, len(frame))
    for kernel in (linearised_total, lambda y, s: linearised_ratio(y, per, s)):
        batch = kernel(values, sample)
        for i, j in np.ndindex(3, 2):
            alone = kernel(values[i, j], sample)
            for field in ("estimate", "std_error", "df", "n"):
                assert getattr(batch, field)[i, j] == getattr(alone, field)


def test_groups_and_the_rest_add_up_to_all():
    frame, design = drawn("strat_clusters")
    total = weighted_total(frame, "enroll", design=design, by="awards").table
    assert total["estimate"].iloc[1:].sum() == pytest.approx(total["estimate"].iloc[0], rel=1e-12)


def test_without_a_design_it_is_the_usual_t_interval():
    frame = api("apiclus1").head(40)
    row = weighted_mean(frame, "api00", design=SurveyDesign()).table.iloc[0]
    y = frame["api00"]
    assert row.std_error == pytest.approx(y.std() / math.sqrt(40), rel=1e-12)
    assert row.df == 39
    one_each = weighted_mean(frame, "api00", design=SurveyDesign(clusters="person_id")).table
    assert one_each["std_error"].iloc[0] == pytest.approx(row.std_error, rel=1e-12)


def test_a_small_error_is_not_taken_for_none():
    n = 200_000
    frame = pd.DataFrame({"person_id": np.arange(n)})
    y = np.sin(np.arange(n))
    found = linearised_ratio([y, 0 * y + 0.1], np.ones(n), SurveyDesign().sample(frame))
    assert found.std_error[0] == pytest.approx(y.std(ddof=1) / math.sqrt(n), rel=1e-9)
    assert found.std_error[1] == 0  # what is left there is rounding


@pytest.mark.parametrize("interval", SHARE_INTERVALS)
def test_the_share_without_is_one_minus_the_share_with(interval):
    frame, design = drawn("strat_clusters")
    with_it, without = (
        weighted_prevalence(frame, "sch.wide", positive=value, design=design, interval=interval)
        .table.iloc[0] for value in ("Yes", "No")
    )  # fmt: skip
    assert with_it.conf_low == pytest.approx(1 - without.conf_high, rel=1e-9)
    assert with_it.conf_high == pytest.approx(1 - without.conf_low, rel=1e-9)
    low, high = share_interval(
        [[0.2], [0.9]], 0.05, df=[5, math.inf], n=[60, 60], interval=interval
    )
    assert low.shape == (2, 2)
    assert (low[:, 0] < low[:, 1]).all()  # fewer degrees of freedom, wider
    assert (high[:, 0] > high[:, 1]).all()


def test_days_as_people_in_clusters_are_the_same_answer_twice():
    diary = pd.read_csv(HERE / "kostecki_dillon.csv").rename(columns={"id": "person"})
    diary = diary.assign(person_id=[f"D{i:04}" for i in range(len(diary))])
    as_survey = weighted_prevalence(
        diary, "headache", design=SurveyDesign(clusters="person"), interval="wald"
    ).table.iloc[0]
    diary = diary.assign(person_id=diary["person"])
    as_days = day_prevalence(diary, "headache", date=None).one(measure="day_share")
    for name in ("estimate", "std_error", "conf_low", "conf_high", "df"):
        assert as_days[name] == pytest.approx(as_survey[name], rel=1e-12)
    empty = diary.iloc[[0]].assign(person_id=9999, headache=None)
    more = day_prevalence(pd.concat([diary, empty]), "headache", date=None)
    one = more.one(measure="day_share")
    assert (one.n, one.n_missing, one.std_error) == (133, 1, as_days.std_error)
    assert "1 of 4153 days have no headache." in more.notes


# --- what must be refused --------------------------------------------------------------------------


def test_what_cannot_be_is_refused_by_name():
    frame = drawn("strat")[0]
    mean = lambda frame, **design: weighted_mean(frame, "api00", design=SurveyDesign(**design))  # noqa: E731
    with pytest.raises(ValueError, match="stratum 'H' has one unit only"):
        mean(lonely(), strata="stype")
    with pytest.raises(ValueError, match=r"cluster '401' of 'dnum' occurs in strata.*nest=True"):
        mean(frame[frame["dnum"].eq(401)], strata="stype", clusters="dnum")
    with pytest.raises(ValueError, match="fpc 'api99' has several values in stratum 'E'"):
        mean(frame, strata="stype", fpc="api99")
    with pytest.raises(ValueError, match="fpc 'size' is 7 in stratum 'E', of which 100 units"):
        mean(frame.assign(size=7), strata="stype", fpc="size")
    with pytest.raises(ValueError, match="every weight is above 0, got 0"):
        mean(frame.assign(pw=0.0), weights="pw")
    with pytest.raises(ValueError, match="column 'gap' of the design is empty for 28 of 200"):
        mean(frame, weights="gap")
    with pytest.raises(ValueError, match="has no column 'w'"):
        mean(frame, weights="w")
    with pytest.raises(ValueError, match="single 'remove' is unknown"):
        SurveyDesign(single="remove")
    with pytest.raises(RowsAreNotPeopleError):
        mean(pd.concat([frame, frame]))
    with pytest.raises(ValueError, match="none of 200 people has an answer"):
        weighted_mean(frame.assign(api00=np.nan), "api00", design=SurveyDesign())
    with pytest.raises(ValueError, match="no order of its own"):
        weighted_shares(frame, "stype", design=SurveyDesign())
    with pytest.raises(ValueError, match="holds 'M', not among levels"):
        weighted_shares(frame, "stype", levels=["E", "H"], design=SurveyDesign())
    with pytest.raises(ValueError, match="constant or determined by others"):
        weighted_regression(
            frame.assign(twice=2 * frame["ell"]), "api00", terms=["ell", "twice"],
            design=SurveyDesign(),
        )  # fmt: skip
    diary = pd.DataFrame({"person_id": list("AAB"), "spasms": [1, 0, 1], "date": [1, 1, 1]})
    with pytest.raises(ValueError, match=r"1 row\(s\) repeat a person and day"):
        day_prevalence(diary, "spasms")
    with pytest.raises(ValueError, match="none of 3 days"):
        day_prevalence(diary.assign(spasms=None), "spasms", date=None)


def test_a_stratum_taken_whole_has_no_error_and_needs_no_second_unit():
    frame = lonely().assign(size=lonely()["stype"].map({"E": 100, "H": 1, "M": 3}))
    got = weighted_mean(frame, "api00", design=SurveyDesign(strata="stype", fpc="size"))
    assert got.table["std_error"].iloc[0] == 0
    assert got.table["estimate"].iloc[0] == pytest.approx(frame["api00"].mean(), rel=1e-12)


def test_what_leaves_no_number_says_so():
    frame = pd.DataFrame({
        "person_id": list("ABCDE"), "yes": [True, True, True, False, None],
        "group": ["x", "x", "y", "y", "z"], "arm": ["p", "p", "q", "q", None],
    })  # fmt: skip
    got = weighted_prevalence(frame, "yes", design=SurveyDesign(), by="group")
    assert got.one(group="x").estimate == 1
    assert math.isnan(got.one(group="x").conf_low)
    assert math.isnan(got.one(group="z").estimate)
    assert got.one(group="z").n_missing == 1
    said = " ".join(got.notes)
    assert "Nobody has yes in: z." in said
    assert "A standard error is 0" in said
    assert "1 of 5 people have no yes" in said
    for face, how in (
        (weighted_mean, {}), (weighted_total, {}), (design_effects, {}),
        (weighted_shares, {"levels": [False, True]}), (day_prevalence, {"date": None}),
    ):  # fmt: skip
        design = {} if face is day_prevalence else {"design": SurveyDesign()}
        last = face(frame, "yes", by="group", **design, **how).table.query("group == 'z'")
        assert last["estimate"].isna().all()
        assert (last["n"] == 0).all()
        assert (last["n_missing"] == 1).all()
    by_arm = weighted_prevalence(frame, "yes", design=SurveyDesign(), by="arm")
    assert '1 of 5 people have no arm and are in "all" only.' in by_arm.notes
    alone = day_prevalence(frame.assign(person_id="A"), "yes", date=None)
    assert math.isnan(alone.one(measure="day_share").std_error)
    assert "fewer than two in all" in " ".join(alone.notes)


# --- known truth -----------------------------------------------------------------------------------


def test_intervals_cover_what_they_say_in_clusters_of_unequal_weight():
    # 150 centres of 2 to 12 people, weights that do not go with the level; centres differ in level
    # (correlation of two people 0.1). 2,000 draws: Monte Carlo error of a coverage of 0.95 is
    # 0.0049. The error of an estimate from few unequal centres is itself too small: 0.933 with 40.
    rng = np.random.default_rng(20)
    size = np.tile(np.arange(2, 13), 14)[:150]
    centre = np.repeat(np.arange(150), size)
    frame = pd.DataFrame({
        "person_id": np.arange(len(centre)), "centre": centre, "stratum": centre % 4,
        "weight": 1 + (centre % 3),
    })  # fmt: skip
    design = SurveyDesign(weights="weight", strata="stratum", clusters="centre")
    sample = design.sample(frame)
    level = rng.normal(size=(2000, 150)) / 3
    y = level[:, centre] + rng.normal(size=(2000, len(centre)))
    group = rng.random(y.shape) < 0.5

    def covered(values, truth, interval, of=sample):
        found = linearised_ratio(values, np.ones(len(centre)), of)
        low, high = share_interval(
            found.estimate, found.std_error, df=found.df, n=found.n, interval=interval
        )
        return ((low <= truth) & (high >= truth)).mean()

    for values in (y, np.where(group, y, np.nan)):
        assert covered(values, 0, "wald") == pytest.approx(0.95, abs=0.02)
    # the same people taken as independent: far too sure
    assert covered(y, 0, "wald", SurveyDesign(weights="weight").sample(frame)) < 0.92
    rare = (y > 0) & (rng.random(y.shape) < 0.2)  # a tenth of all, by symmetry
    for interval in SHARE_INTERVALS:
        assert covered(rare, 0.1, interval) == pytest.approx(0.95, abs=0.02), interval


def test_a_simulated_registry_is_recovered_from_its_surveys():
    # strata sampled 1 in 4 to all of them, everybody answers: 60 registries of 1,500, of which the
    # 95 % interval should hold the true share in 57; 51 or fewer would happen once in 100 runs
    world = SurveyScenario(n_people=1500, sampling="stratified", response_share=1.0)
    hits, unweighted = 0, []
    for seed in range(60):
        drawn_now = simulate_survey(world, seed=seed)
        sizes = drawn_now.truth["stratum"].value_counts()
        frame = drawn_now.respondents.assign(
            size=lambda d: d["stratum"].map(sizes),  # noqa: B023
            worse=lambda d: (d["severity"] >= 3).where(d["severity"].notna()),
        )
        row = weighted_prevalence(
            frame, "worse", design=SurveyDesign(weights="weight", strata="stratum", fpc="size")
        ).table.iloc[0]
        true = (drawn_now.truth["severity"] >= 3).mean()
        hits += row.conf_low <= true <= row.conf_high
        unweighted.append(frame["worse"].mean() - true)
    assert hits >= 52
    assert np.mean(unweighted) > 0.02  # those with more disability are sampled more
    got = weighted_shares(
        frame, "severity_label", levels=SEVERITIES, by="sex",
        design=SurveyDesign(weights="weight", strata="stratum"),
    )  # fmt: skip
    assert set(got.table["group"]) == {"all", "female", "male", "not stated"}
