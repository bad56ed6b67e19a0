"""How replayed studies are analysed: each analysis equals SciPy or statsmodels, one run at a time."""

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats.proportion import proportions_ztest

from msspas_analysis.evidence.library import load
from msspas_analysis.evidence.replay.analyses import (
    ANALYSES,
    CLAIMED,
    NOTHING,
    PRINTED,
    TRUTHS,
    Replay,
    run_block,
)
from msspas_analysis.evidence.replay.run import replay_study
from msspas_analysis.evidence.replay.studies import replays
from msspas_analysis.simulate.clusters import complaint_ratings, session_ratings
from msspas_analysis.simulate.streams import stream
from msspas_analysis.simulate.templates import DESIGNS
from msspas_analysis.simulate.trials import simulate_trials

STUDIES, LIBRARY = replays(), load()
RUNS, SEED = 6, 11


def of(analysis):
    return [key for key, one in STUDIES.items() if one.analysis == analysis]


def drawn(key):
    """Return the answers, the arms, and the ratings run by run in both worlds."""
    study = STUDIES[key]
    runs = simulate_trials(study.trial, seed=SEED, replicates=RUNS)
    seen = runs.scores["stiffness"]
    ratings = {CLAIMED: seen, NOTHING: np.where(np.isnan(seen), np.nan, runs.untreated)}
    return ANALYSES[study.analysis](study, SEED, 0, RUNS), runs.arm, ratings


def same(got, want):
    np.testing.assert_allclose(got, want, rtol=1e-8, atol=1e-10)


def paired(before, after):
    known = ~np.isnan(before) & ~np.isnan(after)
    change = after[known] - before[known]
    if len(change) < 2 or np.ptp(change) == 0:
        return change.mean(), np.nan
    return change.mean(), stats.ttest_1samp(change, 0).pvalue


def ancova(end, treated, covariates):
    known = ~np.isnan(np.column_stack([end, *covariates])).any(axis=1)
    x = np.column_stack([np.ones(known.sum()), treated[known], *(c[known] for c in covariates)])
    fit = sm.OLS(end[known], x).fit()
    return fit.params[1], fit.pvalues[1]


def two_shares(hit, one, other):
    k = [hit[one].sum(), hit[other].sum()]
    n = [one.sum(), other.sum()]
    p = proportions_ztest(k, n)[1] if 0 < sum(k) < sum(n) else np.nan
    return k[0] / n[0], k[1] / n[1], p


@pytest.mark.parametrize("key", of("change"))
def test_before_and_after_is_a_paired_t_test(key):
    got, _, ratings = drawn(key)
    for truth in TRUTHS:
        for run, y in enumerate(ratings[truth]):
            mean, p = paired(y[:, 0], y[:, -1])
            same(got[truth]["estimate"][run], mean)
            same(got[truth]["p"][run], p)


@pytest.mark.parametrize("key", [*of("difference"), *of("standardised")])
def test_two_arms_are_an_analysis_of_covariance(key):
    got, arms, ratings = drawn(key)
    last = len(STUDIES[key].trial.arms) - 1
    for truth in TRUTHS:
        mine = got[truth]
        for run, y in enumerate(ratings[truth]):
            one, other = arms[run] == 0, arms[run] == last
            both = one | other
            estimate, p = ancova(y[both, -1], one[both].astype(float), [y[both, 0]])
            same(mine["estimate"][run], estimate)
            same(mine["p"][run], p)
            for name, who in (("treated", one), ("control", other)):
                change, alone = paired(y[who, 0], y[who, -1])
                same(mine[f"{name}_change"][run], change)
                same(mine[f"{name}_p"][run], alone)
            if "d" in mine:
                parts = [(y[who, -1] - y[who, 0]) for who in (one, other)]
                parts = [part[~np.isnan(part)] for part in parts]
                ss = sum(((part - part.mean()) ** 2).sum() for part in parts)
                sd = np.sqrt(ss / (len(parts[0]) + len(parts[1]) - 2))
                same(mine["d"][run], (parts[0].mean() - parts[1].mean()) / sd)


@pytest.mark.parametrize("key", of("responders"))
def test_responders_are_two_shares_with_the_usual_z(key):
    got, arms, ratings = drawn(key)
    for truth in TRUTHS:
        for run, y in enumerate(ratings[truth]):
            known = ~np.isnan(y[:, -1])
            fell = y[:, 0] - y[:, -1] >= 0.3 * y[:, 0] - 1e-9
            one, other, p = two_shares(fell, known & (arms[run] == 0), known & (arms[run] == 1))
            same(got[truth]["share"][run], one)
            same(got[truth]["beside"][run], other)
            # below 0 is in favour
            same(got[truth]["estimate"][run], other - one)
            same(got[truth]["p"][run], p)


@pytest.mark.parametrize("key", of("crossover"))
def test_a_crossover_compares_half_differences_between_orders(key):
    got, arms, ratings = drawn(key)
    for truth in TRUTHS:
        for run, y in enumerate(ratings[truth]):
            half = (y[:, 1] - y[:, 3]) / 2
            parts = [half[(arms[run] == place) & ~np.isnan(half)] for place in (0, 1)]
            same(got[truth]["estimate"][run], parts[0].mean() - parts[1].mean())
            same(got[truth]["p"][run], stats.ttest_ind(*parts).pvalue)


@pytest.mark.parametrize("key", of("doses"))
def test_each_dose_is_compared_with_the_days_before_it(key):
    got, arms, ratings = drawn(key)
    for truth in TRUTHS:
        for run, y in enumerate(ratings[truth]):
            first = arms[run] == 0  # the smaller dose comes first
            before = np.where(first, y[:, 2], y[:, 0])
            after = np.where(first, y[:, 3], y[:, 1])
            mean, p = paired(before, after)
            same(got[truth]["estimate"][run], mean)
            same(got[truth]["p"][run], p)
            small = paired(np.where(first, y[:, 0], y[:, 2]), np.where(first, y[:, 1], y[:, 3]))
            same(got[truth]["other_p"][run], small[1])


@pytest.mark.parametrize(
    ("key", "base"), [("nabiximols-novotna-2011", 1), ("nabiximols-markova-2019", 2)]
)
def test_an_enriched_trial_takes_those_who_fell_by_a_fifth(key, base):
    assert key in of("enriched")
    got, arms, ratings = drawn(key)
    for truth in TRUTHS:
        for run, y in enumerate(ratings[truth]):
            stay = y[:, 1] <= 0.8 * y[:, 0] + 1e-9
            treated = (arms[run] == 0).astype(float)
            estimate, p = ancova(y[stay, -1], treated[stay], [y[stay, base]])
            same(got[truth]["estimate"][run], estimate)
            same(got[truth]["p"][run], p)


@pytest.mark.parametrize("key", of("withdrawal"))
def test_withdrawal_counts_who_is_worse_by_a_fifth_and_by_a_point(key):
    got, arms, ratings = drawn(key)
    for truth in TRUTHS:
        for run, y in enumerate(ratings[truth]):
            worse = (y[:, -1] >= 1.2 * y[:, -2]) & (y[:, -1] >= y[:, -2] + 1)
            one, other, p = two_shares(worse, arms[run] == 0, arms[run] == 1)
            same(got[truth]["share"][run], one)
            same(got[truth]["beside"][run], other)
            same(got[truth]["estimate"][run], one - other)
            same(got[truth]["p"][run], p)


@pytest.mark.parametrize("key", of("rule"))
def test_the_rule_counts_who_fell_by_a_fifth(key):
    got, _, ratings = drawn(key)
    for truth in TRUTHS:
        for run, y in enumerate(ratings[truth]):
            same(got[truth]["passed"][run], np.mean(y[:, 1] <= 0.8 * y[:, 0] + 1e-9))
            same(got[truth]["estimate"][run], paired(y[:, 0], y[:, 1])[0])


@pytest.mark.parametrize("key", of("case"))
def test_the_case_is_the_one_who_fell_farthest(key):
    got, _, ratings = drawn(key)
    for truth in TRUTHS:
        fall = ratings[truth][:, 0, 0] - ratings[truth][:, 0, -1]
        same(got[truth]["estimate"], -fall)
        same(got[truth]["share_fell"], fall / np.maximum(ratings[truth][:, 0, 0], 1e-9))


@pytest.mark.parametrize("key", of("complaints"))
def test_complaints_are_tested_one_by_one_and_by_people(key):
    study = STUDIES[key]
    got = ANALYSES["complaints"](study, SEED, 0, RUNS)
    rated = complaint_ratings(simulate_trials(study.trial, seed=SEED, replicates=RUNS), seed=SEED)
    for truth, claimed in ((NOTHING, 0.0), (CLAIMED, study.settings["effect"])):
        for run in range(RUNS):
            change = np.clip(rated[run, ..., -1] + claimed, 0, 10) - rated[run, ..., 0]
            flat = change[~np.isnan(change)]
            same(got[truth]["estimate"][run], flat.mean())
            same(got[truth]["p"][run], stats.ttest_1samp(flat, 0).pvalue)
            people = [
                person[~np.isnan(person)].mean() for person in change if (~np.isnan(person)).any()
            ]
            same(got[truth]["people_p"][run], stats.ttest_1samp(people, 0).pvalue)
            same(got[truth]["fell"][run], np.mean(flat <= -1))


@pytest.mark.parametrize("key", of("sessions"))
def test_sessions_are_tested_as_if_they_were_people(key):
    study = STUDIES[key]
    got = ANALYSES["sessions"](study, SEED, 0, RUNS)
    runs = simulate_trials(study.trial, seed=SEED, replicates=RUNS, truth=True)
    rated = session_ratings(runs, seed=SEED)[:, 0]
    assert study.trial.acute < 0
    for run in range(RUNS):
        change = rated[run, :, 1] - rated[run, :, 0]
        same(got[CLAIMED]["p"][run], stats.ttest_1samp(change[~np.isnan(change)], 0).pvalue)
        plain = np.clip(rated[run, :, 1] - study.trial.acute, 0, 10) - rated[run, :, 0]
        same(got[NOTHING]["estimate"][run], np.nanmean(plain))
        lasting = runs.complete["stiffness"][run, 0, -1] - runs.complete["stiffness"][run, 0, 0]
        same(got[NOTHING]["lasting"][run], lasting)


@pytest.mark.parametrize("key", of("waiting"))
def test_waiting_is_compared_at_the_end_and_again_later(key):
    got, arms, ratings = drawn(key)
    for truth in TRUTHS:
        for run, y in enumerate(ratings[truth]):
            treated = (arms[run] == 0).astype(float)
            for at, names in ((1, ("estimate", "p")), (2, ("later_estimate", "later_p"))):
                for name, want in zip(names, ancova(y[:, at], treated, [y[:, 0]]), strict=True):
                    same(got[truth][name][run], want)


@pytest.mark.parametrize("key", of("falls"))
def test_falls_are_compared_by_ranks(key):
    study = STUDIES[key]
    got, s = ANALYSES["falls"](study, SEED, 0, RUNS), study.settings
    sizes = [arm.size for arm in study.trial.arms]
    rng = stream(SEED, "replayed falls", 0)
    usual = [rng.gamma(s["dispersion"], 1 / s["dispersion"], (RUNS, n)) for n in sizes]
    for truth, treated in ((NOTHING, s["mean_control"]), (CLAIMED, s["mean_treated"])):
        counts = [stream(SEED, f"replayed falls, arm {i}", 0).poisson(usual[i] * mean)
                  for i, mean in enumerate((treated, s["mean_control"]))]  # fmt: skip
        for run in range(RUNS):
            a, b = counts[0][run], counts[1][run]
            same(got[truth]["estimate"][run], np.median(a) - np.median(b))
            want = stats.mannwhitneyu(a, b, use_continuity=False, method="asymptotic").pvalue
            same(got[truth]["p"][run], want)


# --- what counts as printed ------------------------------------------------------------------------

FOUND, NONE, WORSE = (
    {"p": 0.04, "estimate": -1.0},
    {"p": 0.05, "estimate": -1.0},
    {"p": 0.01, "estimate": 1.0},
)
BOTH = {"treated_p": 0.01, "treated_change": -1.0, "control_p": 0.01, "control_change": -1.0}
CASES = [
    ("fell", FOUND, True), ("fell", NONE, False), ("fell", WORSE, False),
    ("one-sided fall", {"p": 0.09, "estimate": -1.0}, True),
    ("one-sided fall", {"p": 0.10, "estimate": -1.0}, False), ("one-sided fall", WORSE, False),
    ("no difference", NONE, True), ("no difference", FOUND, False), ("no difference", WORSE, False),
    ("both fell, no difference", NONE | BOTH, True), ("both fell, no difference", FOUND | BOTH, False),
    ("both fell, no difference", NONE | BOTH | {"control_p": 0.06}, False),
    ("both fell, no difference", NONE | BOTH | {"treated_change": 1.0}, False),
    ("both fell, one further", FOUND | BOTH, True), ("both fell, one further", NONE | BOTH, False),
    ("both fell, one further", FOUND | BOTH | {"treated_p": 0.06}, False),
    ("fell at the larger dose only", FOUND | {"other_p": 0.2}, True),
    ("fell at the larger dose only", FOUND | {"other_p": 0.01}, False),
    ("fell at the larger dose only", NONE | {"other_p": 0.2}, False),
    ("gain that is gone later", {"p": 0.09, "estimate": -1.0, "later_p": 0.2, "later_estimate": -1.0}, True),
    ("gain that is gone later", {"p": 0.09, "estimate": -1.0, "later_p": 0.09, "later_estimate": -1.0}, False),
    ("gain that is gone later", {"p": 0.2, "estimate": -1.0, "later_p": 0.2, "later_estimate": -1.0}, False),
    ("half or more apart", {"d": -0.5}, True), ("half or more apart", {"d": -0.49}, False),
    ("half or more apart", {"d": 0.9}, False),
    ("four in five pains fell", {"fell": 0.80}, True), ("four in five pains fell", {"fell": 0.79}, False),
    ("a dramatic fall", {"estimate": -3.0, "share_fell": 0.5}, True),
    ("a dramatic fall", {"estimate": -2.9, "share_fell": 0.5}, False),
    ("a dramatic fall", {"estimate": -4.0, "share_fell": 0.4}, False),
    ("half pass", {"passed": 0.46}, True), ("half pass", {"passed": 0.45}, False),
    ("nearly all fail without", {"share": 3 / 18, "beside": 16 / 18}, True),
    ("nearly all fail without", {"share": 4 / 18, "beside": 16 / 18}, False),
    ("nearly all fail without", {"share": 3 / 18, "beside": 15 / 18}, False),
    ("as common", {"estimate": 0.835, "due": 0.84}, True),
    ("as common", {"estimate": 0.834, "due": 0.84}, False), ("as common", {"estimate": 0.9, "due": 0.84}, True),
]  # fmt: skip


@pytest.mark.parametrize(("name", "answers", "printed"), CASES)
def test_what_counts_as_printed(name, answers, printed):
    given = {key: np.array([value]) for key, value in answers.items()}
    assert PRINTED[name](given).tolist() == [printed]


def test_every_rule_of_what_counts_is_tried_both_ways():
    for name in PRINTED:
        assert {printed for tried, _, printed in CASES if tried == name} == {True, False}, name


# --- what is told of the runs ----------------------------------------------------------------------


def test_size_and_sign_are_of_the_runs_that_call_a_difference():
    study = STUDIES["reflexology-miller-2013"]
    raw = run_block(study, SEED, 0, 512)
    estimate, p = raw[f"{CLAIMED}/estimate"], raw[f"{CLAIMED}/p"]
    called, true = estimate[p < 0.05], raw["true"].mean()
    found = replay_study(study, replicates=512, seed=SEED)
    assert found.one(measure="type_m").estimate == pytest.approx(np.mean(np.abs(called / true)))
    assert found.one(measure="type_s").estimate == pytest.approx(np.mean(called > 0))
    for truth in TRUTHS:
        estimate, p = raw[f"{truth}/estimate"], raw[f"{truth}/p"]
        row = found.one(group=truth, measure="called_in_favour")
        assert row.estimate == np.mean((p < 0.05) & (estimate < 0))


def test_a_claimed_effect_stands_in_the_place_of_the_templates():
    told = [what for what, *_ in STUDIES["tens-armutlu-2003"].told]
    assert "claimed effect" in told
    assert "effect" not in told


# --- numbers of the studies ------------------------------------------------------------------------

# arms as the library names them, the therapy first
ARMS = {
    "nabiximols-collin-2007": None, "musec-zajicek-2012": ("cannabis extract", "placebo"),
    "cams-zajicek-2003": ("cannabis extract", "placebo"),
    "massage-negahban-2013": ("massage", "control"),
}  # fmt: skip


@pytest.mark.parametrize("key", [key for key, names in ARMS.items() if names])
def test_arms_are_as_large_as_in_the_library(key):
    sizes = {arm["name"]: arm["n"] for arm in LIBRARY[key].design.arms}
    got = STUDIES[key].trial.arms
    assert (got[0].size, got[-1].size) == tuple(sizes[name] for name in ARMS[key])


def test_published_sizes_of_effects_are_those_claimed():
    def effect(key):
        return STUDIES[key].trial.treatments[0].effect

    assert effect("nabiximols-collin-2007") == -0.52
    assert effect("musec-zajicek-2012") == pytest.approx(-1.8 - -0.7)
    assert {
        effect(f"nabiximols-{one}")
        for one in ("collin-2010", "novotna-2011", "markova-2019", "move2-2014")
    } == {-0.32}
    assert effect("rule-nice-ng144-2019") == -0.32


def test_counts_of_falls_have_the_published_medians():
    s = STUDIES["fes-esnouf-2010"].settings

    def median(mean):
        k = s["dispersion"]
        return stats.nbinom.median(k, k / (k + mean))

    assert median(s["mean_treated"]) == pytest.approx(5, abs=1)
    assert median(s["mean_control"]) == pytest.approx(18, abs=1)
    figure = next(f for f in LIBRARY["fes-esnouf-2010"].figures if "median" in f.what)
    assert str(figure.value).startswith("5 (FES) vs 18 (exercise)")


def test_controls_that_got_less_attention_hope_less():
    less = ("selfmgmt-hugos-2017", "massage-hernandez-reif-1998", "massage-negahban-2013")
    for key in less:
        one, other = STUDIES[key].trial.treatments[:2]
        assert (one.expectation, other.expectation) == (1.0, 0.4), key
        assert any(
            what == "expectation 0.4" and status == "assumption"
            for what, status, _ in STUDIES[key].told
        )
    one, other = STUDIES["selfmgmt-hugos-2024"].trial.treatments
    assert one.expectation == other.expectation


# how long it was given, where the replay has another number than `weeks` of the library, and why
OTHER_LENGTHS = {
    "nabiximols-move2-2014": 4,  # the rating after a month; followed for thirteen weeks
    "nabiximols-notcutt-2012": 9,  # four weeks before the five in which half of them stop
    "massage-finch-2014": 16,  # eight weeks, and eight without
    "tizanidine-uk-1994": 12,  # three weeks up and nine on
    "selfmgmt-hugos-2017": 4,  # a month of practice at home, without the classes
    "tens-miller-2007": 4, "ldn-sharafaddinzadeh-2010": 16, "itb-penn-1989": 6 / 7,
    "cannabis-smoked-corey-bloom-2012": 6 / 7,  # both periods
}  # fmt: skip


@pytest.mark.parametrize("key", [key for key, one in STUDIES.items() if one.analysis != "survey"])
def test_a_study_is_as_long_as_in_the_library(key):
    design, weeks = STUDIES[key].trial, LIBRARY[key].design.weeks
    days = sum(design.periods)
    if weeks is not None or key in OTHER_LENGTHS:
        assert days / 7 == pytest.approx(OTHER_LENGTHS.get(key, weeks))
    # rated last on the last day of the last period, and first on the day before the first
    assert design.visits[0] == -1
    assert design.visits[-1] == days + design.washout * (len(design.periods) - 1) - 1
    if STUDIES[key].analysis in ("crossover", "doses"):
        first, back = design.periods[0], design.periods[0] + design.washout
        assert design.visits[1:3] == (first - 1, back - 1 if design.washout else back)


@pytest.mark.parametrize(
    ("key", "began", "stayed"),
    [
        ("reflexology-sievner-2003", "randomised", "completed"), ("reflexology-hughes-2009", "randomised", "analysed"),
        ("ldn-gironi-2008", "enrolled", "completed"), ("ldn-cree-2010", "randomised", "analysed"),
        ("cannabis-smoked-corey-bloom-2012", "randomised", "analysed"), ("selfmgmt-hugos-2017", "randomised", "completed"),
    ],
)  # fmt: skip
def test_as_many_are_lost_as_in_the_library(key, began, stayed):
    people = LIBRARY[key].design.people
    assert STUDIES[key].trial.lost == pytest.approx(1 - people[stayed] / people[began])


def test_what_the_spray_is_given_and_what_massage_might_do():
    for key in ("nabiximols-novotna-2011", "nabiximols-markova-2019"):
        drug = STUDIES[key].trial.treatments[0]
        assert (drug.onset_days, drug.effect_sd) == (14, 1.5)
        assert any(
            "onset" in what and status == "assumption" for what, status, _ in STUDIES[key].told
        )
    # what if it made spasticity worse: then it would be printed as it was
    assert STUDIES["massage-backus-2016"].trial.treatments[0].effect == 1.0


def test_surveys_have_the_shares_of_the_library():
    registry = STUDIES["prev-rizzo-2004-narcoms"].design
    figures = {f.what.split(" (")[0]: f.value for f in LIBRARY["prev-rizzo-2004-narcoms"].figures}
    names = ("no spasticity", "minimal", "mild", "moderate", "severe", "total")
    assert registry.shares == pytest.approx([figures[name] / 100 for name in names])
    spain = {f.what: f.value for f in LIBRARY["prev-oreja-guevara-2013"].figures}
    any_there = spain["any spasticity"] / 100
    assert registry.reference == any_there
    worse = any_there * spain["moderate/severe among those with spasticity"] / 100
    assert STUDIES["prev-oreja-guevara-2013"].design.shares == pytest.approx(
        [1 - any_there, any_there - worse, worse], abs=0.0005
    )


def test_of_several_arms_the_first_is_compared_with_the_last():
    own = Replay(key="mine", design=replace(DESIGNS["T2-dose"], visits=(-1, 83)), analysis="difference",
                 printed="fell", looks="")  # fmt: skip
    got = ANALYSES["difference"](own, SEED, 0, RUNS)[CLAIMED]
    runs = simulate_trials(own.trial, seed=SEED, replicates=RUNS)
    last = len(own.trial.arms) - 1
    assert last == 3
    for run, y in enumerate(runs.scores["stiffness"]):
        one, other = runs.arm[run] == 0, runs.arm[run] == last
        both = one | other
        estimate, p = ancova(y[both, -1], one[both].astype(float), [y[both, 0]])
        same(got["estimate"][run], estimate)
        same(got["p"][run], p)
