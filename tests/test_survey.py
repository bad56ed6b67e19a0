"""The survey simulator against closed forms, published shares, and the laws of sampling."""

from __future__ import annotations

from dataclasses import fields, replace
from math import log, pi, sqrt

import numpy as np
import pandas as pd
import pytest

from msspas_analysis.instruments import get
from msspas_analysis.simulate.realism import provenance
from msspas_analysis.simulate.survey import (
    BLOCK,
    PDDS_GROUPS,
    SEVERITIES,
    SurveyScenario,
    _block,
    respondent_shares,
    simulate_survey,
    simulate_survey_counts,
)
from msspas_analysis.tables import PEOPLE

PUBLISHED = np.array([0.16, 0.31, 0.19, 0.17, 0.13, 0.04])  # Rizzo 2004
SMALL = SurveyScenario(n_people=300)
BIG = SurveyScenario(n_people=5000)
# nothing but the person's own part moves severity: the worlds whose figures have a closed form
EVEN = replace(
    SMALL, severity_odds_male=1.0, severity_odds_per_decade_of_age=1.0,
    severity_odds_per_decade_of_ms=1.0, severity_odds_per_pdds_step=1.0, centre_correlation=0.0,
)  # fmt: skip
STEEP = replace(
    BIG, severity_odds_male=4.0, severity_odds_per_decade_of_age=2.0,
    severity_odds_per_decade_of_ms=0.5, severity_odds_per_pdds_step=2.5, age_sd=25.0,
    age_duration_correlation=0.9, pdds_duration_correlation=-0.8,
)  # fmt: skip
SELECTIVE = replace(
    BIG, response_share=0.1, response_odds_per_level=1.5, response_odds_per_decade=0.8,
    response_odds_male=0.5,
)  # fmt: skip
STRATIFIED = replace(
    BIG, n_people=1000, sampling="stratified", stratum_fractions=(0.1, 0.3, 0.8),
    response_share=1.0, severity_missing_rate=0.0,
)  # fmt: skip
CLUSTERED = replace(
    EVEN, n_people=1000, n_centres=100, sampling="clustered", centre_fraction=0.2,
    centre_correlation=0.2,
)  # fmt: skip


def within(got, want, error, *, times: float = 4.0) -> bool:
    """Whether `got` is within so many Monte Carlo standard errors of `want`, everywhere."""
    return bool((np.abs(np.asarray(got) - want) <= times * np.asarray(error)).all())


def shares_with_error(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean share over replicates and the standard error of that mean."""
    share = counts / counts.sum(axis=1, keepdims=True)
    return share.mean(axis=0), share.std(axis=0, ddof=1) / sqrt(len(share))


# -- severity in the registry ------------------------------------------------------------------


@pytest.mark.parametrize(
    "world",
    [
        BIG,
        replace(EVEN, n_people=5000),
        STEEP,
        replace(STEEP, centre_correlation=0.5, n_centres=5000),
        replace(BIG, severity_shares=(0.0, 0.5, 0.0, 0.2, 0.3, 0.0)),
        replace(BIG, male_share=1.0, pdds_shares=(0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)),
        replace(BIG, duration_sd=0.5, age_sd=0.5, age_mean=18, duration_mean=30),
    ],
    ids=["default", "even", "steep", "centres", "no none", "men only", "all one age"],
)
def test_severity_in_the_registry_has_the_stated_shares_whatever_moves_it(world):
    population = simulate_survey_counts(world, seed=1, replicates=40).population
    share, error = shares_with_error(population)
    assert (population.sum(axis=1) == world.n_people).all()
    assert within(share, world.severity_shares, error + 1e-12)
    assert error.max() < 0.004  # so a cut-point out by a fiftieth of a share would be seen


def test_the_default_shares_are_the_published_ones():
    np.testing.assert_allclose(BIG.severity_shares, PUBLISHED, atol=1e-15)
    assert get("ps_spast").figure("distribution").value == BIG.severity_shares
    assert get("pdds").figure("distribution").value == BIG.pdds_shares
    assert tuple(get("ps_spast").labels.values()) == SEVERITIES


def test_without_covariates_the_latent_is_logistic_and_the_cuts_are_its_quantiles():
    drawn = _block(replace(EVEN, n_people=5000, centre_correlation=0.3, n_centres=5000), 40, seed=2)
    for cut, below in enumerate(np.cumsum(PUBLISHED)[:-1]):
        quantile = log(below / (1 - below))
        assert drawn.latent[drawn.severity <= cut].max() <= quantile + 1e-9
        assert drawn.latent[drawn.severity > cut].min() >= quantile - 1e-9
    # variance pi^2 / 3; a logistic has a fourth moment of 4.2 variances squared
    variance = pi**2 / 3
    assert within(drawn.latent.var(), variance, variance * sqrt(3.2 / drawn.latent.size))
    for at in (-3.0, -1.0, 0.5, 2.0):
        want = 1 / (1 + np.exp(-at))
        error = sqrt(want * (1 - want) / drawn.latent.size)
        assert within((drawn.latent <= at).mean(), want, error)


@pytest.mark.parametrize(
    ("field", "column"),
    [
        ("severity_odds_male", "male"),
        ("severity_odds_per_decade_of_age", "age"),
        ("severity_odds_per_decade_of_ms", "duration"),
        ("severity_odds_per_pdds_step", "pdds"),
    ],
)
def test_each_covariate_raises_severity_by_its_odds_and_alone(field, column):
    world = replace(EVEN, n_people=5000, n_centres=200, centre_correlation=0.0, **{field: 1.6})
    drawn = _block(world, 40, seed=3)
    x = getattr(drawn, column).ravel() * {"age": 0.1, "duration": 0.1}.get(column, 1.0)
    # the latent is linear in the covariate: its slope is the logarithm of the odds
    slope = np.polyfit(x, drawn.latent.ravel(), 1)[0]
    assert within(slope, log(1.6), pi / sqrt(3) / (x.std() * sqrt(x.size)))
    # proportional odds: the same factor at every cut, seen here between two halves of people
    high = x > np.median(x) if column != "male" else x == 1
    odds = []
    for cut in range(1, 6):
        above = np.array([(drawn.severity.ravel()[h] >= cut).mean() for h in (~high, high)])
        odds.append(np.divide(*(above / (1 - above))[::-1]))
    assert min(odds) > 1.1
    if column == "male":
        share = drawn.male.mean()
        for cut, got in enumerate(odds, start=1):
            p = PUBLISHED[cut:].sum()
            error = sqrt(1 / (x.size * share * (1 - share) * p * (1 - p)))
            assert within(log(got), log(1.6), 1.2 * error)


def test_by_default_men_and_older_longer_ill_and_more_disabled_people_rate_it_worse():
    truth = simulate_survey(replace(BIG, n_people=60_000), seed=4).truth
    design = np.column_stack([
        np.ones(len(truth)), truth["sex"].eq("male"), truth["age"], truth["duration_years"],
        truth["pdds"],
    ])  # fmt: skip
    slope, *_ = np.linalg.lstsq(design, truth["severity"], rcond=None)
    residual = truth["severity"] - design @ slope
    error = np.sqrt(np.diag(np.linalg.inv(design.T @ design)) * residual.var())
    assert (slope[1:] > 4 * error[1:]).all()
    worse = truth.loc[truth["pdds"] >= 4, "severity"] >= 3  # half of them, as documented
    assert within(worse.mean(), 0.50, 0.5 / sqrt(len(worse)) + 0.002)


def test_covariates_are_as_stated():
    drawn = _block(replace(BIG, duration_sd=6.0), 20, seed=5)
    n = drawn.age.size
    assert within(drawn.male.mean(), 0.28, sqrt(0.28 * 0.72 / n))
    assert within(drawn.age.mean(), 52.0, 11.0 / sqrt(n) + 0.002)  # clipped once in 1,000
    assert within(drawn.age.std(), 11.0, 11.0 / sqrt(2 * n) + 0.01)
    assert drawn.age.min() == 18
    assert drawn.age.max() == 90
    # 0.02 for the cap at MS from the age of 10 on
    assert within(drawn.duration.mean(), 15.0, 6.0 / sqrt(n) + 0.005)
    assert (drawn.age - drawn.duration >= 10).all()
    for step, want in enumerate(BIG.pdds_shares):
        assert within((drawn.pdds == step).mean(), want, sqrt(want * (1 - want) / n))
    for column, want in (("age", 0.5), ("pdds", 0.4)):
        rank = pd.DataFrame({"a": drawn.duration.ravel(), "b": getattr(drawn, column).ravel()})
        # Spearman's correlation of two normal scores; whole years and steps take a little off
        spearman = 6 / pi * np.arcsin(want / 2)
        assert rank.corr("spearman").iloc[0, 1] == pytest.approx(spearman, abs=0.015)


# -- who answers -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "world",
    [
        SELECTIVE,
        replace(SELECTIVE, response_odds_per_level=0.7, response_share=0.6),
        replace(STRATIFIED, response_share=0.3, response_odds_per_level=1.5),
        replace(STRATIFIED, stratify_by="centre", response_odds_per_level=1.3),
        replace(SELECTIVE, sampling="clustered", centre_fraction=0.5, sampling_fraction=0.5,
                centre_correlation=0.1),
    ],
    ids=["selective", "the other way", "strata", "centres as strata", "clusters"],
)  # fmt: skip
def test_respondents_have_the_shares_that_the_formula_gives(world):
    counts = simulate_survey_counts(world, seed=6, replicates=160).respondents
    # a ratio of sums, with the usual error of a ratio
    want = respondent_shares(world)
    total = counts.sum(axis=1)
    got = counts.sum(axis=0) / total.sum()
    error = (counts - got * total[:, None]).std(axis=0, ddof=1) / (total.mean() * sqrt(160))
    assert within(got, want, error)
    assert error.max() < 0.004


def test_with_severity_alone_the_formula_is_one_of_six_numbers():
    world = replace(EVEN, response_share=0.2, response_odds_per_level=1.5)
    odds = 0.25 * 1.5 ** np.arange(6)
    answering = PUBLISHED * odds / (1 + odds)
    np.testing.assert_allclose(respondent_shares(world), answering / answering.sum(), rtol=1e-9)


def test_nobody_selected_leaves_the_registry_as_it_is():
    np.testing.assert_allclose(respondent_shares(STEEP), PUBLISHED, atol=1e-9)
    np.testing.assert_allclose(
        respondent_shares(replace(SELECTIVE, response_share=1.0)), PUBLISHED, atol=1e-9
    )


def test_two_thirds_look_like_84_per_cent_where_few_answer():
    any_level = tuple(0.66 * p / 0.84 for p in PUBLISHED[1:])
    world = replace(EVEN, severity_shares=(0.34, *any_level), response_odds_per_level=1.5)
    # almost nobody answers, so odds are shares: weights 1.5^level
    weight = np.array([0.34, *any_level]) * 1.5 ** np.arange(6)
    assert 1 - weight[0] / weight.sum() == pytest.approx(0.849, abs=0.001)
    for answer, looks in ((0.001, 0.849), (0.02, 0.842), (0.6, 0.716)):
        shares = respondent_shares(replace(world, response_share=answer))
        assert 1 - shares[0] == pytest.approx(looks, abs=0.001)


def test_answering_depends_on_severity_age_and_sex_by_their_odds():
    drawn = _block(SELECTIVE, 20, seed=7)
    odds = (1 / 9) * 1.5**drawn.severity * 0.8 ** ((drawn.age - 52) / 10) * 0.5**drawn.male
    np.testing.assert_allclose(drawn.response, odds / (1 + odds), rtol=1e-12)
    for group in (drawn.male, drawn.severity == 4, drawn.age > 60):
        p = drawn.response[group]
        error = sqrt((p * (1 - p)).sum()) / p.size
        assert within(drawn.responded[group].mean(), p.mean(), error)


def test_fewer_answers_leave_every_remaining_row_as_it_was():
    many, few = (
        simulate_survey(
            replace(SMALL, sampling="stratified", response_share=r, item_missing_rate=i,
                    severity_missing_rate=i, examined_share=e), seed=8,
        )
        for r, i, e in ((0.9, 0.05, 0.8), (0.5, 0.3, 0.3))
    )  # fmt: skip
    complete = [c for c in many.truth if c not in
                ("response_probability", "responded", "why_missing")]  # fmt: skip
    assert many.truth[complete].equals(few.truth[complete])
    both = few.respondents.merge(many.respondents, on="person_id", suffixes=("", "_many"))
    assert len(both) == len(few.respondents) < 0.7 * len(many.respondents)
    for name in ("centre", "stratum", "weight"):
        assert both[name].equals(both[f"{name}_many"].rename(name))
    for name in ("sex", "age", "age_band", "duration_years", "pdds", "severity", "severity_label",
                 "examiner"):  # fmt: skip
        kept = both[name].notna() & both[name].ne("not stated")
        assert 0 < kept.sum() < len(both)
        assert both.loc[kept, name].equals(both.loc[kept, f"{name}_many"].rename(name))


def test_a_larger_sample_keeps_whoever_was_in_the_smaller():
    for change in (
        {"sampling": "simple"}, {"sampling": "stratified", "stratum_fractions": (0.2, 0.2, 0.2)},
        {"sampling": "clustered"},
    ):  # fmt: skip
        less = replace(SMALL, **{"sampling_fraction": 0.2, **change})
        more = replace(less, sampling_fraction=0.5, stratum_fractions=(0.3, 0.4, 0.9))
        small, large = (_block(world, 5, seed=9).sampled for world in (less, more))
        assert large.sum() > small.sum() > 0
        assert (large | ~small).all()


# -- who is asked ------------------------------------------------------------------------------


def test_a_simple_sample_has_its_size_and_one_weight():
    drawn = _block(replace(SMALL, sampling_fraction=0.25), 30, seed=10)
    assert (drawn.sampled.sum(axis=1) == 75).all()
    np.testing.assert_allclose(drawn.inclusion, 0.25)
    often = drawn.sampled.mean(axis=0)  # of 300 people over 30 samples
    assert within(often.std(), sqrt(0.1875 / 30), sqrt(0.1875 / 30) / sqrt(2 * 300))


@pytest.mark.parametrize("by", ["pdds", "centre"])
def test_each_stratum_is_sampled_by_its_fraction(by):
    world = replace(STRATIFIED, stratify_by=by)
    drawn = _block(world, 10, seed=11)
    group = drawn.pdds // 3 if by == "pdds" else drawn.centre + 0 * drawn.pdds
    np.testing.assert_array_equal(drawn.stratum, group)
    for at in range(len(world.strata)):
        held, taken = (group == at).sum(axis=1), (drawn.sampled & (group == at)).sum(axis=1)
        fraction = (0.1, 0.3, 0.8)[at % 3]
        np.testing.assert_array_equal(taken, np.rint(fraction * held))
        want = np.broadcast_to((taken / held)[:, None], group.shape)
        np.testing.assert_allclose(drawn.inclusion[group == at], want[group == at])


def test_weights_undo_unequal_sampling_and_without_them_it_is_wrong():
    counts = simulate_survey_counts(STRATIFIED, seed=12, replicates=640)
    gap = (counts.weighted - counts.population) / 1000
    error = gap.std(axis=0, ddof=1) / sqrt(640)
    assert within(gap.mean(axis=0), 0.0, error)
    assert error.max() < 0.002
    plain, error = shares_with_error(counts.respondents)
    np.testing.assert_array_less(0.04, PUBLISHED[:2] - plain[:2])  # too few without spasticity
    assert within(plain, respondent_shares(STRATIFIED), error + 0.001)  # sizes are whole numbers


@pytest.mark.parametrize("change", [{"sampling": "clustered", "sampling_fraction": 0.4},
                                    {"stratify_by": "centre"}])  # fmt: skip
def test_weights_add_up_to_the_registry_on_average(change):
    world = replace(STRATIFIED, centre_correlation=0.2, **change)
    counts = simulate_survey_counts(world, seed=13, replicates=640)
    gap = (counts.weighted - counts.population) / 1000
    assert within(gap.mean(axis=0), 0.0, gap.std(axis=0, ddof=1) / sqrt(640))
    assert within(counts.weighted.sum(axis=1).mean(), 1000, 1e-9)  # centres are of one size


def test_a_clustered_sample_is_whole_centres_or_part_of_them():
    drawn = _block(replace(CLUSTERED, sampling_fraction=0.5), 20, seed=14)
    per_centre = drawn.sampled.reshape(20, 10, 100).sum(axis=1)  # person i is of centre i mod 100
    assert set(np.unique(per_centre)) == {0, 5}
    assert ((per_centre > 0).sum(axis=1) == 20).all()
    np.testing.assert_allclose(drawn.inclusion, 0.2 * 0.5)


@pytest.mark.parametrize("icc", [0.0, 0.2])
def test_the_design_effect_of_clusters_is_one_plus_m_minus_one_times_icc(icc):
    world = replace(CLUSTERED, centre_correlation=icc)
    gaps, alike = [], []
    for block in range(32):
        drawn = _block(world, BLOCK, seed=15, block=block)
        mean = (drawn.latent * drawn.sampled).sum(axis=1) / drawn.sampled.sum(axis=1)
        gaps.append(mean - drawn.latent.mean(axis=1))
        by_centre = drawn.latent.reshape(BLOCK, 10, 100)
        alike.append((by_centre[:, 0] * by_centre[:, 1]).mean())
    gaps = np.concatenate(gaps)
    variance = pi**2 / 3
    assert within(np.mean(alike) / variance, icc, 1 / sqrt(32 * BLOCK * 100))
    # 20 of 100 centres of 10: a fifth of the registry, so four fifths of the variance
    simple = 0.8 * variance / 200
    effect = 1 + 9 * icc
    # 2,048 surveys: the error of a variance is 3 %; the mean error itself is 0
    assert within((gaps**2).mean() / simple, effect, effect * sqrt(2 / gaps.size) + 0.01)


def test_people_of_one_centre_are_as_alike_beside_covariates():
    world = replace(BIG, n_people=2000, n_centres=1000, centre_correlation=0.3)
    drawn = _block(world, 40, seed=16)
    known = (
        log(1.3) * drawn.male + log(1.1) * (drawn.age - 52) / 10
        + log(1.2) * (drawn.duration - 15) / 10 + log(1.4) * drawn.pdds
    )  # fmt: skip
    pairs = (drawn.latent - known).reshape(40, 2, 1000)
    r = np.corrcoef(pairs[:, 0].ravel(), pairs[:, 1].ravel())[0, 1]
    assert within(r, 0.3, 1.5 / sqrt(40_000))  # tails of a logistic widen it a little


# -- the examiner ------------------------------------------------------------------------------


@pytest.mark.parametrize("r", [0.45, 0.0, -0.8])
def test_an_examiner_agrees_with_self_report_as_stated(r):
    drawn = _block(replace(BIG, examiner_correlation=r), 20, seed=17)
    got = np.corrcoef(drawn.latent.ravel(), drawn.tone_latent.ravel())[0, 1]
    assert within(got, r, 1.2 * (1 - r**2) / sqrt(drawn.latent.size))
    assert within(drawn.tone_latent.mean(), 0.0, 1 / sqrt(drawn.latent.size))
    assert within(drawn.tone_latent.var(), 1.0, sqrt(3 / drawn.latent.size))


def test_examiner_grades_have_the_stated_shares_and_order():
    drawn = _block(BIG, 40, seed=18)
    share = np.bincount(drawn.tone.ravel(), minlength=6) / drawn.tone.size
    want = np.array(BIG.examiner_shares)
    assert within(share, want, np.sqrt(want * (1 - want) / drawn.tone.size) + 0.00025)
    assert want[3:].sum() == pytest.approx(0.47)  # 32 of 68 people examined in Newcastle
    assert drawn.tone_latent[drawn.tone == 2].max() < drawn.tone_latent[drawn.tone == 3].min()
    sim = simulate_survey(replace(BIG, examined_share=0.3), seed=19)
    seen = sim.respondents["examiner"].notna()
    assert within(seen.mean(), 0.3, sqrt(0.21 / len(seen)))
    assert set(sim.respondents.loc[seen, "examiner"]) == set(get("mas").codes)
    true = sim.truth.set_index("person_id")["examiner"][sim.respondents["person_id"]]
    assert (true.to_numpy() == sim.respondents["examiner"])[seen].all()


# -- the tables --------------------------------------------------------------------------------


def test_respondents_are_the_truth_of_those_who_answered():
    sim = simulate_survey(replace(BIG, sampling="stratified", item_missing_rate=0.1), seed=20)
    got = sim.respondents
    true = sim.truth[sim.truth["responded"]].reset_index(drop=True)
    assert list(got.columns) == [
        "person_id", "centre", "sex", "age_band", "age", "duration_years", "pdds", "severity",
        "severity_label", "examiner", "weight", "stratum",
    ]  # fmt: skip
    for name in ("person_id", "centre", "stratum"):
        assert got[name].equals(true[name])
    for name in ("age", "duration_years", "pdds", "severity"):
        blank = got[name].isna()
        share = 0.02 if name == "severity" else 0.1
        assert within(blank.mean(), share, sqrt(share * (1 - share) / len(got)))
        assert (got[name] == true[name])[~blank].all()
    assert ((got["sex"] == true["sex"]) | got["sex"].eq("not stated")).all()
    assert within(got["sex"].eq("not stated").mean(), 0.1, sqrt(0.09 / len(got)))
    np.testing.assert_allclose(got["weight"] * true["inclusion_probability"], 1.0)
    said = got["severity"].notna()
    assert said.equals(got["severity_label"].notna())
    assert (
        got["severity_label"][said] == got["severity"][said].map(dict(enumerate(SEVERITIES)))
    ).all()
    assert set(got["stratum"]) == set(PDDS_GROUPS)
    low, high = true["pdds"] < 3, true["pdds"] > 5
    assert (true["stratum"].eq("PDDS 0-2") == low).all()
    assert (true["stratum"].eq("PDDS 6-8") == high).all()


@pytest.mark.parametrize(
    ("age", "band"),
    [(18, "18-29"), (29, "18-29"), (30, "30-39"), (59, "50-59"), (69, "60-69"), (70, "70+")],
)
def test_age_bands_are_those_of_the_tables(age, band):
    got = simulate_survey(replace(BIG, n_people=20_000), seed=21).respondents
    assert (got.loc[got["age"] == age, "age_band"] == band).all()
    assert (got["age"] == age).any()
    assert got["age_band"].eq("not stated").equals(got["age"].isna())
    assert set(got["age_band"]) <= set(PEOPLE["age_band"].levels)
    assert set(got["sex"]) <= set(PEOPLE["sex"].levels)


def test_the_truth_says_why_a_severity_is_missing():
    sim = simulate_survey(replace(SMALL, sampling_fraction=0.7, severity_missing_rate=0.2), seed=22)
    truth, why = sim.truth, sim.truth["why_missing"]
    assert len(truth) == 300
    assert set(why) == {"", "not sampled", "did not respond", "item left out"}
    assert why.eq("not sampled").equals(~truth["sampled"])
    assert why.eq("did not respond").equals(truth["sampled"] & ~truth["responded"])
    known = sim.respondents.set_index("person_id")["severity"].notna()
    assert set(truth.loc[why.eq("item left out"), "person_id"]) == set(known.index[~known])
    assert set(truth.loc[why.eq(""), "person_id"]) == set(known.index[known])
    assert truth["severity"].notna().all()
    assert truth["person_id"].is_unique


def test_a_survey_that_nobody_answers_is_an_empty_table_with_its_columns():
    sim = simulate_survey(replace(SMALL, n_people=1, n_centres=1, response_share=0.001), seed=1)
    assert len(sim.truth) == 1
    assert len(sim.respondents) == 0
    full = simulate_survey(SMALL, seed=1).respondents
    assert sim.respondents.dtypes.equals(full.dtypes)


# -- addresses of the random numbers ------------------------------------------------------------


def test_the_same_seed_gives_the_same_bytes_and_another_other_ones():
    one, again, other = (simulate_survey(SMALL, seed=s) for s in (23, 23, 24))
    for name in ("truth", "respondents"):
        assert getattr(one, name).to_csv() == getattr(again, name).to_csv()
        assert not getattr(one, name).equals(getattr(other, name))


@pytest.mark.parametrize("world", [SELECTIVE, STRATIFIED, CLUSTERED], ids=lambda w: w.sampling)
def test_a_survey_is_the_first_replicate_of_the_counts(world):
    sim = simulate_survey(replace(world, n_people=400), seed=25)
    counts = simulate_survey_counts(replace(world, n_people=400), seed=25, replicates=3)

    def tally(severity):
        return np.bincount(severity.dropna().astype(int), minlength=6)

    np.testing.assert_array_equal(counts.population[0], tally(sim.truth["severity"]))
    np.testing.assert_array_equal(counts.respondents[0], tally(sim.respondents["severity"]))
    by_weight = sim.respondents.groupby("severity")["weight"].sum().reindex(range(6), fill_value=0)
    np.testing.assert_allclose(counts.weighted[0], by_weight)


@pytest.mark.parametrize("world", [SMALL, replace(SMALL, sampling="clustered")])
def test_more_replicates_leave_the_earlier_ones_and_a_run_may_be_split(world):
    few = simulate_survey_counts(world, seed=26, replicates=3)
    many = simulate_survey_counts(world, seed=26, replicates=BLOCK + 5)
    later = simulate_survey_counts(world, seed=26, replicates=5, first=BLOCK)
    for name in ("respondents", "weighted", "population"):
        whole = getattr(many, name)
        assert whole.shape == (BLOCK + 5, 6)
        np.testing.assert_array_equal(whole[:3], getattr(few, name))
        np.testing.assert_array_equal(whole[BLOCK:], getattr(later, name))
        assert not np.array_equal(whole[:5], whole[BLOCK:])


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"replicates": 0}, "replicates must be 1 or more"),
        ({"replicates": 1, "first": 3}, "first must be 0 or a multiple of 64"),
        ({"replicates": 1, "first": -64}, "first must be 0 or a multiple of 64"),
        ({"replicates": 1, "seed": -1}, "seed"),
    ],
)
def test_a_run_out_of_range_is_refused(bad, says):
    with pytest.raises(ValueError, match=says):
        simulate_survey_counts(SMALL, **{"seed": 1, **bad})


# -- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        ("n_people", 0, "1 to 1e+07"),
        ("n_people", 2.5, "a whole number"),
        ("severity_shares", (0.5, 0.5), "a tuple of 6 numbers"),
        ("severity_shares", [0.16, 0.31, 0.19, 0.17, 0.13, 0.04], "a tuple of 6 numbers"),
        ("severity_shares", (0.5, 0.5, 0.5, -0.5, 0.0, 0.0), "0 to 1"),
        ("severity_shares", (0.2, 0.31, 0.19, 0.17, 0.13, 0.04), "add up to 1"),
        ("pdds_shares", (0.1,) * 9, "add up to 1"),
        ("examiner_shares", (0.2,) * 6, "add up to 1"),
        ("male_share", float("nan"), "0 to 1"),
        ("age_sd", 0.0, "0.5 to 40"),
        ("duration_mean", 60, "0.5 to 50"),
        ("age_duration_correlation", 1.0, "-0.95 to 0.95"),
        ("severity_odds_male", 0, "0.1 to 10"),
        ("severity_odds_per_pdds_step", "1.4", "0.1 to 10"),
        ("n_centres", 301, "1 to n_people (300)"),
        ("n_centres", 0, "1 to 100000 and a whole number"),
        ("centre_correlation", 1.0, "0 to 0.9"),
        ("sampling", "quota", "('simple', 'stratified', 'clustered')"),
        ("sampling_fraction", 0.0, "0.0001 to 1"),
        ("stratify_by", "sex", "('pdds', 'centre')"),
        ("stratum_fractions", (0.5, 0.5), "a tuple of 3 numbers"),
        ("stratum_fractions", (0.5, 0.0, 1.0), "0.0001 to 1"),
        ("centre_fraction", 1.5, "0.0001 to 1"),
        ("response_share", 0.0, "0.001 to 1"),
        ("response_odds_per_level", -1.5, "0.1 to 10"),
        ("examined_share", True, "0 to 1"),
        ("examiner_correlation", 1.0, "-0.99 to 0.99"),
        ("severity_missing_rate", 1.1, "0 to 1"),
    ],
)
def test_an_impossible_survey_is_refused_by_name_and_range(field, value, allowed):
    with pytest.raises(ValueError, match=field) as caught:
        replace(SMALL, **{field: value})
    assert allowed in str(caught.value)
    assert "got" in str(caught.value)


def test_every_number_of_the_survey_says_where_it_comes_from():
    told = provenance(SurveyScenario()).set_index("field")
    assert list(told.columns) == ["value", "status", "source"]
    assert list(told.index) == [f.name for f in fields(SurveyScenario)]
    assert set(told["status"]) == {"published", "assumption", "design"}
    assert told.loc[told["status"] != "design", "source"].ne("").all()
    for field in fields(SurveyScenario):
        assert field.name in SurveyScenario.__doc__, f"{field.name} is not documented"
    changed = provenance(replace(SMALL, severity_odds_male=2.0, n_people=350)).set_index("field")
    assert changed.loc["severity_odds_male", ["status", "source"]].tolist() == [
        "set by the user",
        "",
    ]
    assert changed.loc["n_people", "status"] == "design"
