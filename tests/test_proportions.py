"""Proportions, rates and risks: answers of R, laws, known truths, and what must be refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msspas_analysis.estimate.people import RowsAreNotPeopleError
from msspas_analysis.estimate.prevalence.paired_proportions import (
    PAIRED_METHODS,
    mcnemar,
    paired_difference_interval,
    paired_odds_ratio,
    paired_proportions,
)
from msspas_analysis.estimate.prevalence.proportions import (
    PROPORTION_METHODS,
    prevalence,
    proportion_interval,
    severity_shares,
)
from msspas_analysis.estimate.prevalence.rates import exact_rate_ratio, rate_interval, rate_p
from msspas_analysis.estimate.prevalence.risks import compare_proportions, number_needed
from msspas_analysis.estimate.prevalence.two_proportions import (
    DIFFERENCE_METHODS,
    RATIO_METHODS,
    chi_square,
    conditional_odds_ratio,
    difference_interval,
    fisher_p,
    odds_interval,
    ratio_interval,
)
from shared_reference import answers, table

ORACLE = pd.read_csv(Path(__file__).parent / "reference" / "proportions.csv")
# closed forms, and roots that both programs halve to the last digit: they agree to 1e-11
TIGHT = {"rtol": 1e-9, "atol": 1e-14}
ENDS = ["estimate", "conf_low", "conf_high", "statistic", "p_value", "n"]


def oracle(kind: str) -> list:
    """One parameter per case, level and method: the counts, the level, the method, R's answers."""
    part = ORACLE[ORACLE["kind"] == kind]
    keys = ["c1", "c2", "c3", "c4", "conf_level", "method"]
    out = []
    for key, rows in part.groupby(keys, dropna=False):
        counts = [c for c in key[:4] if not np.isnan(c)]
        want = dict(zip(rows["quantity"], rows["value"], strict=True))
        name = " ".join(f"{c:g}" for c in counts)
        out.append(pytest.param(counts, key[4], key[5], want, id=f"{name} {key[4]} {key[5]}"))
    return out


def agree(got, want, **tolerance):
    for name, value in got.items():
        np.testing.assert_allclose(value, want[name], err_msg=name, **(tolerance or TIGHT))


def ends(pair):
    return dict(zip(("conf_low", "conf_high"), pair, strict=True))


def exact(answer):
    return {x: getattr(answer, x) for x in ("estimate", "conf_low", "conf_high", "p_value")}


def people(**columns) -> pd.DataFrame:
    n = len(next(iter(columns.values())))
    return pd.DataFrame({"person_id": [f"P{i:05d}" for i in range(n)], **columns})


def yes(count: int, n: int) -> list[int]:
    return [1] * count + [0] * (n - count)


def arms(a: int, m: int, b: int, n: int) -> pd.DataFrame:
    return people(arm=["new"] * m + ["usual"] * n, responder=yes(a, m) + yes(b, n))


def pairs(both: int, lost: int, gained: int, neither: int) -> pd.DataFrame:
    before = yes(both + lost, both + lost + gained + neither)
    return people(before=before, after=yes(both, both + lost) + yes(gained, gained + neither))


# ---------------------------------------------------------------------------------------- oracles


@pytest.mark.oracle("proportion_interval", "R 4.2.2 (proportions.R)")
@pytest.mark.parametrize(("counts", "level", "method", "want"), oracle("one"))
def test_proportion_interval_is_that_of_r(counts, level, method, want):
    agree(ends(proportion_interval(*counts, method=method, conf_level=level)), want)


@pytest.mark.oracle("rate_interval", "R 4.2.2 poisson.test (proportions.R)")
@pytest.mark.parametrize(("counts", "level", "method", "want"), oracle("rate"))
def test_rate_is_that_of_r(counts, level, method, want):
    count, time, rate = counts
    agree(ends(rate_interval(count, time, conf_level=level)), want)
    agree({"p_value": rate_p(count, time, rate=rate)}, want)


@pytest.mark.oracle("exact_rate_ratio", "R 4.2.2 poisson.test (proportions.R)")
@pytest.mark.parametrize(("counts", "level", "method", "want"), oracle("rate_ratio"))
def test_rate_ratio_is_that_of_r(counts, level, method, want):
    agree(exact(exact_rate_ratio(*counts, conf_level=level)), want)


@pytest.mark.oracle("difference_interval", "R 4.2.2 (proportions.R)")
@pytest.mark.parametrize(("counts", "level", "method", "want"), oracle("difference"))
def test_difference_interval_is_that_of_r(counts, level, method, want):
    agree(ends(difference_interval(*counts, method=method, conf_level=level)), want)


@pytest.mark.oracle("ratio_interval", "R 4.2.2 (proportions.R)")
@pytest.mark.parametrize(("counts", "level", "method", "want"), oracle("ratio"))
def test_ratio_interval_is_that_of_r(counts, level, method, want):
    agree(ends(ratio_interval(*counts, method=method, conf_level=level)), want)


@pytest.mark.oracle("odds_interval conditional_odds_ratio", "R 4.2.2 fisher.test (proportions.R)")
@pytest.mark.parametrize(("counts", "level", "method", "want"), oracle("odds"))
def test_odds_ratio_is_that_of_r(counts, level, method, want):
    if method == "woolf":
        agree(ends(odds_interval(*counts, conf_level=level)), want)
    else:
        got = exact(conditional_odds_ratio(*counts, conf_level=level))
        agree({x: got[x] for x in ("estimate", "conf_low", "conf_high")}, want)


@pytest.mark.oracle("chi_square fisher_p", "R 4.2.2 prop.test, fisher.test (proportions.R)")
@pytest.mark.parametrize(("counts", "level", "method", "want"), oracle("two"))
def test_tests_of_two_proportions_are_those_of_r(counts, level, method, want):
    agree(dict(zip(("chisq", "chisq_p"), chi_square(*counts), strict=True)), want)
    corrected = chi_square(*counts, correct=True)
    agree(dict(zip(("chisq_cc", "chisq_cc_p"), corrected, strict=True)), want)
    agree({"fisher_p": fisher_p(*counts)}, want)
    agree({"fisher_p": conditional_odds_ratio(*counts).p_value}, want)


@pytest.mark.oracle("paired_difference_interval mcnemar", "R 4.2.2 mcnemar.test (proportions.R)")
@pytest.mark.parametrize(("counts", "level", "method", "want"), oracle("paired"))
def test_paired_proportions_are_those_of_r(counts, level, method, want):
    lost, gained = counts[1:3]
    odds = paired_odds_ratio(lost, gained, conf_level=level if level == level else 0.95)
    if method == "tests":
        agree(dict(zip(("chisq", "chisq_p"), mcnemar(lost, gained), strict=True)), want)
        corrected = mcnemar(lost, gained, correct=True)
        agree(dict(zip(("chisq_cc", "chisq_cc_p"), corrected, strict=True)), want)
        agree({"exact_p": odds.p_value}, want)
    elif method == "odds":
        agree({x: v for x, v in exact(odds).items() if x != "p_value"}, want)
    else:
        got = paired_difference_interval(*counts, method=method, conf_level=level)
        agree(ends(got), want)


def test_the_oracle_covers_every_method_and_the_hard_cases():
    methods = {k: set(part["method"]) for k, part in ORACLE.groupby("kind")}
    assert methods["one"] == set(PROPORTION_METHODS)
    assert methods["difference"] == set(DIFFERENCE_METHODS)
    assert methods["ratio"] == set(RATIO_METHODS)
    assert methods["paired"] == {*PAIRED_METHODS, "odds", "tests"}
    assert set(ORACLE["conf_level"].dropna()) == {0.90, 0.95, 0.99}
    two = ORACLE[ORACLE["kind"] == "difference"]
    assert (two["c1"].eq(0) & two["c3"].eq(0)).any()
    assert (two["c1"].eq(two["c2"]) & two["c3"].eq(0)).any()


# --------------------------------------------------------------------- published tables, real data


@pytest.mark.oracle("prevalence", "Newcombe 1998 and R 4.2.2, beside the project")
@pytest.mark.parametrize("entry", ["prop1.81_263", "prop1.15_148"])
def test_newcombes_single_proportions(entry):
    want = answers(entry)
    for method in PROPORTION_METHODS:
        low, high = proportion_interval(want["x"], want["n"], method=method)
        np.testing.assert_allclose([low, high], want[method], rtol=1e-7, err_msg=method)
    row = prevalence(people(spasms=yes(want["x"], want["n"])), "spasms").table.loc[0]
    assert row["estimate"] == pytest.approx(want["p"], rel=1e-12)
    np.testing.assert_allclose(row[["conf_low", "conf_high"]].astype(float), want["wilson"], 1e-7)


@pytest.mark.oracle("compare_proportions", "Newcombe 1998 and R 4.2.2, beside the project")
@pytest.mark.parametrize("entry", ["prop2.56_70_48_80", "prop2.9_10_3_10"])
def test_newcombes_two_proportions(entry):
    want = answers(entry)
    counts = [want[k] for k in ("a", "m", "b", "n")]
    # the score intervals of the entry stop at 9 digits
    for method, name, rtol in (
        ("wald", "wald", 1e-12), ("wald_cc", "wald_cc", 1e-12), ("mee", "mee_score", 1e-8),
        ("miettinen_nurminen", "miettinen_nurminen", 1e-8), ("newcombe", "newcombe_hybrid", 1e-12),
        ("agresti_caffo", "agresti_caffo", 1e-12),
    ):  # fmt: skip
        got = difference_interval(*counts, method=method)
        np.testing.assert_allclose(got, want[name], rtol=rtol, err_msg=method)
    for test, statistic, p in (("chi_square", "chisq", "chisq_p"),
                               ("chi_square_cc", "chisq_cc", "chisq_cc_p"),
                               ("fisher", None, "fisher_p")):  # fmt: skip
        answer = compare_proportions(
            arms(*counts), "responder", arm="arm", control="usual", test=test
        )
        for measure in ("risk_difference", "risk_ratio", "odds_ratio", "nnt"):
            row = answer.one(measure=measure)
            assert row["p_value"] == pytest.approx(want[p], rel=1e-9)
            if statistic:
                assert row["statistic"] == pytest.approx(want[statistic], rel=1e-9)
        for measure, estimate, interval in (("risk_difference", "diff", "newcombe_hybrid"),
                                            ("risk_ratio", "rr", "rr_ci_katz"),
                                            ("odds_ratio", "or", "or_ci_woolf")):  # fmt: skip
            row = answer.one(measure=measure)
            got = row[["estimate", "conf_low", "conf_high"]].astype(float)
            np.testing.assert_allclose(got, [want[estimate], *want[interval]], rtol=1e-9)


@pytest.mark.oracle(
    "paired_proportions", "R 4.2.2 on Agresti's approval ratings, beside the project"
)
def test_agrestis_paired_approval():
    want = answers("paired.mcnemar.agresti")
    both, gained, lost, neither = want["table_colmajor"]
    frame = pairs(both, lost, gained, neither)
    exactly = paired_proportions(frame, "approval", difference_method="wald")
    row = exactly.one(measure="risk_difference")
    got = row[["estimate", "conf_low", "conf_high", "p_value"]].astype(float)
    np.testing.assert_allclose(got, [want["diff"], *want["wald_ci"], want["exact_p"]], rtol=1e-9)
    row = exactly.one(measure="odds_ratio")
    got = row[["estimate", "conf_low", "conf_high", "p_value"]].astype(float)
    told = [want["cond_or"], *want["cond_or_exact_ci"], want["exact_p"]]
    np.testing.assert_allclose(got, told, rtol=1e-9)
    for test, names in (("mcnemar", ("chisq", "p")), ("mcnemar_cc", ("chisq_cc", "p_cc"))):
        row = paired_proportions(frame, "approval", test=test).one(measure="risk_difference")
        got = row[["statistic", "p_value"]].astype(float)
        np.testing.assert_allclose(got, [want[x] for x in names], rtol=1e-9)


@pytest.mark.oracle(
    "rate_interval exact_rate_ratio",
    "R 4.2.2 poisson.test on births in Michigan, beside the project",
)
def test_down_syndrome_rates():
    want = answers("rate.poisson_exact")
    low, high = rate_interval(137, 24.19893)
    np.testing.assert_allclose([low, high], want["one"]["ci"], rtol=1e-9)
    assert rate_p(137, 24.19893, rate=1) == pytest.approx(want["one"]["p"], rel=1e-9)
    got = exact_rate_ratio(11, 800, 6 + 8 + 7, 1083 + 1050 + 878)
    two = want["two"]
    told = [two["estimate"]["rate ratio"], *two["ci"], two["p"]]
    np.testing.assert_allclose(list(exact(got).values()), told, rtol=1e-9)


@pytest.mark.oracle(
    "compare_proportions", "R 4.2.2 on the acupuncture trial (Vickers 2004), beside the project"
)
@pytest.mark.parametrize("completers", [False, True])
def test_acupuncture_responders(completers):
    want = answers("acu.responder35.pk2" + ".completers" * completers)
    frame = table("acupuncture.csv").rename(columns={"id": "person_id"})
    frame = frame[frame["pk5"].notna()] if completers else frame
    fallen = (frame["pk1"] - frame["pk2"]) / frame["pk1"] >= 0.35
    frame = frame.assign(responder=fallen.where(frame["pk2"].notna()))

    def compare(**how):
        return compare_proportions(frame, "responder", arm="group", control=0, **how)

    def row(answer, measure, columns=("estimate", "conf_low", "conf_high")):
        return answer.one(measure=measure)[list(columns)].astype(float)

    answer = compare()
    assert answer.one(group="1")["n"] == want["n"][0]
    assert answer.one(group="0")["n"] == want["n"][1]
    for label, count, n in zip("10", want["events"], want["n"], strict=True):
        assert answer.one(group=label)["estimate"] == pytest.approx(count / n, rel=1e-12)
    for measure, told in (
        ("risk_difference", [want["rd"], *want["rd_ci_newcombe"]]),
        ("risk_ratio", [want["rr"], *want["rr_ci"]]),
        ("odds_ratio", [want["or"], *want["or_ci"]]),
        ("nnt", [want["nnt"], *want["nnt_ci_newcombe"]]),
    ):
        np.testing.assert_allclose(row(answer, measure), told, rtol=1e-9, err_msg=measure)
    assert answer.one(measure="risk_difference")["std_error"] == pytest.approx(want["rd_se"])
    wald = compare(difference_method="wald", test="chi_square_cc")
    np.testing.assert_allclose(row(wald, "risk_difference"), [want["rd"], *want["rd_ci_wald"]])
    np.testing.assert_allclose(row(wald, "nnt"), [want["nnt"], *want["nnt_ci_wald"]])
    for one, names in ((answer, ("chisq", "p_chisq")), (wald, ("chisq_cc", "p_cc"))):
        got = row(one, "risk_difference", ("statistic", "p_value"))
        np.testing.assert_allclose(got, [want[x] for x in names], rtol=1e-9)
    fisher = compare(odds_method="exact", test="fisher")
    assert fisher.one(measure="odds_ratio")["p_value"] == pytest.approx(want["fisher_p"], rel=1e-9)
    # fisher.test finds these by uniroot with its default tolerance of 1e-4
    told = [want["fisher_cond_or"], *want["fisher_or_ci"]]
    np.testing.assert_allclose(row(fisher, "odds_ratio"), told, rtol=1e-4)


def test_narcoms_shares_of_severity():
    levels = ["none", "minimal", "mild", "moderate", "severe", "total"]
    counts = [16, 31, 19, 17, 13, 4]
    frame = people(spasticity=np.repeat(levels, counts).tolist())
    answer = severity_shares(frame, "spasticity", levels=levels)
    for level, count in zip(levels, counts, strict=True):
        row = answer.one(term=level)
        assert row["estimate"] == count / 100
        low, high = proportion_interval(count, 100)
        assert (row["conf_low"], row["conf_high"]) == (low, high)
    worse = {r.term: r.estimate for r in answer.table.itertuples() if "or worse" in r.term}
    assert worse == {
        "minimal or worse": 0.84, "mild or worse": 0.53, "moderate or worse": 0.34,
        "severe or worse": 0.17, "total or worse": 0.04,
    }  # fmt: skip
    assert set(answer.table["n"]) == {100}
    grades = people(ashworth=[0.0, 1.0, 4.0, np.nan])
    answer = severity_shares(grades, "ashworth", levels=[0, 1, 2, 3, 4], method="clopper_pearson")
    assert answer.one(term="1 or worse")["estimate"] == pytest.approx(2 / 3)
    assert answer.one(term="2")["conf_high"] == pytest.approx(1 - 0.025 ** (1 / 3))
    assert set(answer.table["n_missing"]) == {1}


# ------------------------------------------------------------------------------------ known truth


def binomial(n: int, p: float) -> np.ndarray:
    from scipy.stats import binom

    return binom.pmf(np.arange(n + 1), n, p)


def test_exact_intervals_cover_what_they_say_at_every_proportion():
    # coverage is a sum over all counts, so it has no Monte Carlo error
    n, counts = 25, np.arange(26)
    cover = {}
    for method in PROPORTION_METHODS:
        low, high = proportion_interval(counts, n, method=method)
        low, high = np.nan_to_num(low, nan=0.0), np.nan_to_num(high, nan=1.0)
        cover[method] = np.array(
            [binomial(n, p) @ ((low <= p) & (p <= high)) for p in np.linspace(0.01, 0.99, 99)]
        )
    assert cover["clopper_pearson"].min() >= 0.95
    assert cover["wilson_cc"].min() >= 0.94
    for method in ("wilson", "mid_p", "likelihood_ratio", "jeffreys"):
        assert cover[method].mean() == pytest.approx(0.95, abs=0.012), method
    assert cover["agresti_coull"].mean() > 0.95
    assert cover["logit"].mean() > 0.95
    assert cover["wald"].min() < 0.5 < 0.85 < cover["wald"].mean() < 0.93
    assert cover["wald"].mean() < cover["wald_cc"].mean()


@pytest.mark.parametrize(("p", "q"), [(0.5, 0.3), (0.9, 0.6), (0.2, 0.2)])
def test_intervals_of_two_proportions_cover_what_they_say(p, q):
    m, n = 40, 30
    a, b = np.arange(m + 1)[:, None], np.arange(n + 1)
    chance = np.outer(binomial(m, p), binomial(n, q))

    def cover(pair, truth):
        return chance[(pair[0] <= truth) & (truth <= pair[1])].sum()

    for method in ("newcombe", "mee", "miettinen_nurminen", "agresti_caffo"):
        got = cover(difference_interval(a, m, b, n, method=method), p - q)
        assert got == pytest.approx(0.95, abs=0.012), method
    wald = cover(difference_interval(a, m, b, n, method="wald"), p - q)
    assert 0.90 < wald < cover(difference_interval(a, m, b, n, method="wald_cc"), p - q)
    for method in ("koopman", "miettinen_nurminen"):
        assert cover(ratio_interval(a, m, b, n, method=method), p / q) == pytest.approx(
            0.95, abs=0.012
        )
    assert cover(ratio_interval(a, m, b, n), p / q) == pytest.approx(0.95, abs=0.03)
    odds = p / (1 - p) / (q / (1 - q))
    assert cover(odds_interval(a, m, b, n), odds) > 0.94
    answer = conditional_odds_ratio(a, m, b, n)
    assert cover((answer.conf_low, answer.conf_high), odds) >= 0.95
    if p == q:
        assert chance[answer.p_value <= 0.05].sum() <= 0.05
        assert chance[chi_square(a, m, b, n)[1] <= 0.05].sum() == pytest.approx(0.05, abs=0.012)
        assert chance[chi_square(a, m, b, n, correct=True)[1] <= 0.05].sum() < 0.04


def test_paired_intervals_cover_and_exact_mcnemar_errs_no_oftener_than_it_says():
    # 20 000 studies of 60 people: Monte Carlo error of a coverage 0.0015, four of them 0.006
    random = np.random.default_rng(20260301)
    cells = random.multinomial(60, [0.25, 0.20, 0.10, 0.45], size=20_000).T
    for method, slack in (("newcombe", 0.012), ("tango", 0.012), ("wald", 0.02)):
        low, high = paired_difference_interval(*cells, method=method)
        assert np.mean((low <= -0.1) & (high >= -0.1)) == pytest.approx(0.95, abs=slack), method
    null = random.multinomial(60, [0.25, 0.15, 0.15, 0.45], size=20_000).T
    assert np.mean(paired_odds_ratio(null[1], null[2]).p_value <= 0.05) < 0.05
    assert np.mean(mcnemar(null[1], null[2])[1] <= 0.05) == pytest.approx(0.05, abs=0.015)
    odds = paired_odds_ratio(cells[1], cells[2])
    assert np.mean((odds.conf_low <= 0.5) & (odds.conf_high >= 0.5)) >= 0.95


def test_rates_cover_at_least_what_they_say():
    from scipy.stats import poisson

    counts = np.arange(80)
    low, high = rate_interval(counts, 2.0)
    for rate in np.linspace(0.05, 15, 60):
        assert poisson.pmf(counts, 2 * rate) @ ((low <= rate) & (rate <= high)) >= 0.95
        assert poisson.pmf(counts, 2 * rate)[rate_p(counts, 2.0, rate=rate) <= 0.05].sum() <= 0.05


# ------------------------------------------------------------------------------------------- laws

COUNTS = st.tuples(st.integers(1, 40), st.integers(0, 40)).map(lambda t: (min(t), t[0]))
TWO = st.tuples(COUNTS, COUNTS).map(lambda t: (*t[0], *t[1]))


@given(COUNTS, st.sampled_from(list(PROPORTION_METHODS)))
def test_yes_and_no_mirror_each_other_and_the_estimate_lies_within(counts, method):
    x, n = counts
    low, high = proportion_interval(x, n, method=method)
    mirror = proportion_interval(n - x, n, method=method)
    np.testing.assert_allclose([low, high], [1 - mirror[1], 1 - mirror[0]], rtol=0, atol=1e-12)
    if method != "logit" or 0 < x < n:
        assert low <= x / n + 1e-15
        assert x / n <= high + 1e-15


@settings(deadline=None)
@given(TWO)
def test_swapping_arms_turns_differences_round_and_ratios_over(counts):
    swapped = (*counts[2:], *counts[:2])
    for method in DIFFERENCE_METHODS:
        low, high = difference_interval(*counts, method=method)
        other = difference_interval(*swapped, method=method)
        np.testing.assert_allclose([low, high], [-other[1], -other[0]], rtol=0, atol=1e-10)
    with np.errstate(divide="ignore"):
        for method in RATIO_METHODS:
            low, high = ratio_interval(*counts, method=method)
            other = ratio_interval(*swapped, method=method)
            np.testing.assert_allclose([low, high], [1 / other[1], 1 / other[0]], rtol=1e-9)
        mine, theirs = conditional_odds_ratio(*counts), conditional_odds_ratio(*swapped)
        np.testing.assert_allclose(mine.conf_low, 1 / theirs.conf_high, rtol=1e-9)
        np.testing.assert_allclose(mine.estimate, 1 / theirs.estimate, rtol=1e-9)
    np.testing.assert_allclose(mine.p_value, theirs.p_value, rtol=1e-9)
    np.testing.assert_allclose(chi_square(*counts), chi_square(*swapped), rtol=1e-9)


@settings(deadline=None)
@given(TWO)
def test_mees_interval_leaves_out_zero_when_chi_square_rejects(counts):
    low, high = difference_interval(*counts, method="mee")
    ratio = ratio_interval(*counts, method="koopman")
    _, p = chi_square(*counts)
    if np.isnan(p):
        assert low <= 0 <= high
        assert ratio[0] <= 1 <= ratio[1]
    elif abs(p - 0.05) > 1e-9:
        assert (p < 0.05) == (not low <= 0 <= high)
        assert (p < 0.05) == (not ratio[0] <= 1 <= ratio[1])


@settings(deadline=None, max_examples=30)
@given(st.lists(TWO, min_size=1, max_size=4))
def test_a_batch_is_a_loop_over_replicates(many):
    columns = np.array(many).T.reshape(4, 1, -1)

    def same(f):
        together = f(*columns)
        for i, one in enumerate(many):
            apart = f(*one)
            for x, y in zip(together, apart, strict=True):
                assert x.shape == (1, len(many))
                # sums of other lengths differ in the last digits
                np.testing.assert_allclose(x[0, i], y, rtol=1e-12, atol=1e-15)

    for method in DIFFERENCE_METHODS:
        same(lambda *c, m=method: difference_interval(*c, method=m))
    for method in RATIO_METHODS:
        same(lambda *c, m=method: ratio_interval(*c, method=m))
    for method in PROPORTION_METHODS:
        same(lambda a, m, b, n, k=method: proportion_interval(a, m, method=k))
    for method in PAIRED_METHODS:
        same(lambda *c, m=method: paired_difference_interval(*c, method=m))
    same(odds_interval)
    same(lambda *c: exact(conditional_odds_ratio(*c)).values())
    same(chi_square)
    same(lambda *c: [fisher_p(*c)])
    with np.errstate(divide="ignore", invalid="ignore"):
        same(lambda a, m, b, n: exact(exact_rate_ratio(a, m + 0.5, b, n + 0.5)).values())
        same(lambda a, m, b, n: exact(paired_odds_ratio(a, b)).values())
    same(lambda a, m, b, n: rate_interval(a, m + 0.5))
    same(lambda a, m, b, n: [rate_p(a, m + 0.5, rate=b + 0.1)])
    same(lambda a, m, b, n: mcnemar(a, b, correct=True))


@given(st.tuples(*[st.integers(0, 30)] * 4).filter(any), st.sampled_from(list(PAIRED_METHODS)))
def test_swapping_before_and_after_turns_the_change_round(cells, method):
    both, lost, gained, neither = cells
    low, high = paired_difference_interval(*cells, method=method)
    other = paired_difference_interval(both, gained, lost, neither, method=method)
    np.testing.assert_allclose([low, high], [-other[1], -other[0]], rtol=0, atol=1e-10)
    change = (gained - lost) / sum(cells)
    assert low <= change + 1e-12
    assert change <= high + 1e-12


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**32 - 1))
def test_row_order_never_matters_and_people_without_an_answer_are_only_counted(seed):
    random = np.random.default_rng(seed)
    frame = people(
        spasms=random.integers(0, 2, 30).astype(float), level=random.integers(0, 3, 30).astype(float),
        later=random.integers(0, 2, 30).astype(float), arm=list("ab") * 15,
    )  # fmt: skip
    without = people(spasms=[np.nan], level=[np.nan], later=[1.0], arm=["a"])
    more = pd.concat([frame, without.assign(person_id="Z")], ignore_index=True)
    shuffled = more.sample(frac=1, random_state=int(random.integers(1000)))
    for f in (
        lambda t: prevalence(t, "spasms", by="arm"),
        lambda t: severity_shares(t, "level", levels=[0, 1, 2], by="arm"),
        lambda t: compare_proportions(t, "spasms", arm="arm", control="b", odds_method="exact"),
        lambda t: paired_proportions(t, "spasms", before="spasms", after="later"),
    ):
        small, large = f(frame), f(more)
        pd.testing.assert_frame_equal(large.table, f(shuffled).table, check_exact=True)
        drop = ["n_missing"]
        pd.testing.assert_frame_equal(
            small.table.drop(columns=drop), large.table.drop(columns=drop)
        )
        assert small.table["n_missing"].eq(0).all()
        gone = large.table["n_missing"].where(~large.table["group"].eq("b"))
        assert gone.dropna().eq(1).all()
        assert large.table["n_missing"].where(large.table["group"].eq("b")).dropna().eq(0).all()
        assert any("1 of 31" in note or "a: 1" in note for note in large.notes)


@given(TWO)
def test_number_needed_is_the_reciprocal_and_never_leaves_out_infinity(counts):
    a, m, b, n = counts
    low, high = (float(x) for x in difference_interval(*counts))
    d = a / m - b / n
    x = number_needed(d, low, high)
    inside = [(float(x.conf_low), float(x.conf_high)), (float(x.other_low), float(x.other_high))]
    for delta in np.linspace(max(low, -1), min(high, 1), 41)[1:-1]:
        if abs(delta) > 1e-9:
            assert any(lo <= 1 / delta <= hi for lo, hi in inside), delta
    for delta in (low - 0.01, high + 0.01):
        if abs(delta) > 1e-9:
            assert not any(lo <= 1 / delta <= hi for lo, hi in inside), delta
    assert np.isinf(inside[0]).any() == (low <= 0 <= high)
    assert np.isnan(inside[1]).all() == (not low < 0 < high)


# ------------------------------------------------------------------------------------------ edges


@pytest.mark.parametrize(
    ("d", "low", "high", "want"),
    [
        (0.2, 0.1, 0.25, (5, 4, 10, np.nan, np.nan)),
        (-0.2, -0.25, -0.1, (-5, -10, -4, np.nan, np.nan)),
        (0.2, -0.1, 0.25, (5, 4, np.inf, -np.inf, -10)),
        (-0.2, -0.25, 0.1, (-5, -np.inf, -4, 10, np.inf)),
        (0.0, -0.25, 0.1, (np.inf, 10, np.inf, -np.inf, -4)),
        (0.2, 0.0, 0.25, (5, 4, np.inf, np.nan, np.nan)),
        (-0.2, -0.25, 0.0, (-5, -np.inf, -4, np.nan, np.nan)),
        (0.0, 0.0, 0.0, (np.inf, -np.inf, np.inf, np.nan, np.nan)),
        (0.2, np.nan, np.nan, (5, np.nan, np.nan, np.nan, np.nan)),
    ],
)
def test_number_needed_by_hand(d, low, high, want):
    x = number_needed(d, low, high)
    got = (x.estimate, x.conf_low, x.conf_high, x.other_low, x.other_high)
    np.testing.assert_allclose(got, want)


def test_nnt_that_runs_through_infinity_says_so():
    answer = compare_proportions(arms(12, 40, 10, 40), "responder", arm="arm", control="usual")
    rd = answer.one(measure="risk_difference")
    row, rest = answer.one(measure="nnt"), answer.one(measure="nnt_other_side")
    assert row["estimate"] == pytest.approx(20)
    assert (row["conf_low"], row["conf_high"]) == (1 / rd["conf_high"], np.inf)
    assert (rest["conf_low"], rest["conf_high"]) == (-np.inf, 1 / rd["conf_low"])
    assert np.isnan(rest["estimate"])
    assert np.isnan(rest["p_value"])
    assert any("up to infinity" in n and "NNTH" in n and "NNTB" in n for n in answer.notes)
    sure = compare_proportions(arms(30, 40, 10, 40), "responder", arm="arm", control="usual")
    assert not any("infinity" in note for note in sure.notes)
    assert "nnt_other_side" not in set(sure.table["measure"])


def test_an_empty_group_is_nan_and_no_error():
    for method in PROPORTION_METHODS:
        assert np.isnan(proportion_interval(0, 0, method=method)).all(), method
    for method in DIFFERENCE_METHODS:
        assert np.isnan(difference_interval(0, 0, 3, 9, method=method)).all(), method
    for method in RATIO_METHODS:
        assert np.isnan(ratio_interval(3, 9, 0, 0, method=method)).all(), method
    for method in PAIRED_METHODS:
        assert np.isnan(paired_difference_interval(0, 0, 0, 0, method=method)).all(), method
    assert np.isnan(chi_square(0, 0, 3, 9)).all()
    assert np.isnan(fisher_p(0, 0, 3, 9))
    frame = people(spasms=[1, 0, np.nan, np.nan], sex=["f", "f", "m", None])
    answer = prevalence(frame, "spasms", by="sex")
    assert answer.one(group="m")[["n", "n_missing"]].tolist() == [0, 1]
    assert np.isnan(answer.one(group="m")["estimate"])
    assert any("Nobody has spasms in: m" in note for note in answer.notes)
    assert any('1 of 4 people have no sex and are in "all" only' in n for n in answer.notes)


def test_nothing_happened_at_all():
    low, high = rate_interval(0, 10)
    assert (low, high) == (0, pytest.approx(-np.log(0.025) / 10))
    ratio = exact_rate_ratio(0, 4, 0, 3)
    assert np.isnan(ratio.estimate)
    assert (ratio.conf_low, ratio.conf_high, ratio.p_value) == (0, np.inf, 1)
    odds = paired_odds_ratio(0, 0)
    assert np.isnan(odds.estimate)
    assert (odds.conf_low, odds.conf_high, odds.p_value) == (0, np.inf, 1)
    one = paired_odds_ratio(0, 1)  # Clopper-Pearson of 1 in 1: 0.025 to 1
    assert (one.conf_low, one.conf_high) == (pytest.approx(0.025 / 0.975, rel=1e-12), np.inf)
    answer = paired_proportions(pairs(3, 0, 0, 5), "spasms", test="mcnemar")
    assert np.isnan(answer.one(measure="risk_difference")["p_value"])
    assert any("Nobody changed" in note for note in answer.notes)
    frame = arms(0, 20, 0, 30)
    answer = compare_proportions(frame, "responder", arm="arm", control="usual")
    rd = answer.one(measure="risk_difference")
    assert (rd["estimate"], np.isnan(rd["p_value"])) == (0, True)
    assert rd["conf_low"] < 0 < rd["conf_high"]
    assert np.isinf(answer.one(measure="nnt")["estimate"])
    assert any("no chi-square test" in note for note in answer.notes)
    assert any('ratio_method="koopman"' in note for note in answer.notes)
    assert any('odds_method="exact"' in note for note in answer.notes)
    other = compare_proportions(
        frame, "responder", arm="arm", control="usual", ratio_method="koopman",
        odds_method="exact", test="fisher",
    )  # fmt: skip
    for measure in ("risk_ratio", "odds_ratio"):
        row = other.one(measure=measure)
        assert (row["conf_low"], row["conf_high"], row["p_value"]) == (0, np.inf, 1)


def test_a_ratio_to_nobody_is_infinite():
    answer = compare_proportions(
        arms(5, 56, 0, 29), "responder", arm="arm", control="usual", ratio_method="koopman",
        measures=["odds_ratio", "risk_ratio"],
    )  # fmt: skip
    assert answer.table["measure"].tolist()[2:] == ["odds_ratio", "risk_ratio"]
    row = answer.one(measure="risk_ratio")
    assert (row["estimate"], row["conf_high"]) == (np.inf, np.inf)
    assert answer.one(measure="odds_ratio")["estimate"] == np.inf
    assert any('test="fisher" is exact' in note and "1.7 people" in note for note in answer.notes)


def test_intervals_that_cannot_be_trusted_say_so():
    wald = prevalence(people(spasms=[0] * 9), "spasms", method="wald")
    assert any("no width" in note for note in wald.notes)
    cut = prevalence(people(spasms=yes(1, 9)), "spasms", method="wald")
    assert cut.table.loc[0, "conf_low"] < 0
    assert any("outside 0 to 1" in note for note in cut.notes)
    logit = prevalence(people(spasms=[1] * 9), "spasms", method="logit")
    assert any("does not exist" in note for note in logit.notes)
    plain = prevalence(people(spasms=yes(1, 9)), "spasms")
    assert len(plain.notes) == 1
    how = {"arm": "arm", "control": "usual", "difference_method": "wald_cc"}
    answer = compare_proportions(arms(9, 10, 1, 10), "responder", **how)
    assert any("outside -1 to 1" in note for note in answer.notes)
    answer = compare_proportions(
        arms(9, 9, 9, 9), "responder", arm="arm", control="usual", difference_method="wald"
    )
    assert any("no width" in note for note in answer.notes)
    paired = paired_proportions(pairs(0, 0, 0, 4), "spasms", difference_method="wald")
    assert any("no width" in note for note in paired.notes)
    paired = paired_proportions(pairs(0, 5, 0, 1), "spasms", difference_method="wald")
    assert any("outside -1 to 1" in note for note in paired.notes)


def test_chi_square_says_how_few_are_expected_in_a_cell():
    # 15 and 12 people, 6 and 5 counted: 27 people, 11 counted, so 12 * 11 / 27 = 4.9 expected
    ask = {"arm": "arm", "control": "usual", "test": "chi_square"}
    answer = compare_proportions(arms(6, 15, 5, 12), "responder", **ask)
    assert any("As few as 4.9 people are expected" in note for note in answer.notes)
    answer = compare_proportions(arms(6, 12, 4, 12), "responder", **ask)  # 5.0, and no fewer
    assert not any("expected in a cell" in note for note in answer.notes)


@pytest.mark.parametrize(
    "column",
    [
        [True, False, None, True],
        [1, 0, np.nan, 1],
        ["yes", "no", None, "Yes "],
        pd.array([True, False, None, True], dtype="boolean"),
        pd.array([1, 0, None, 1], dtype="Int64"),
        pd.Categorical(["yes", "no", None, "yes"], categories=["no", "yes"]),
    ],
    ids=["bool", "float", "words", "boolean", "Int64", "category"],
)
def test_a_yes_may_be_written_in_six_ways(column):
    row = prevalence(people(spasms=column), "spasms").table.loc[0]
    assert row[["estimate", "n", "n_missing", "term"]].tolist() == [2 / 3, 3, 1, "yes"]


def test_any_answer_may_be_the_one_that_is_counted():
    frame = people(grade=[0, 1, 2, 3, None], ms_type=["RRMS", "SPMS", "PPMS", "RRMS", None])
    row = prevalence(frame, "ms_type", positive="RRMS").table.loc[0]
    assert (row["term"], row["estimate"], row["n"]) == ("RRMS", 0.5, 4)
    row = prevalence(frame, "grade", positive=[2, 3]).table.loc[0]
    assert (row["term"], row["estimate"]) == ("2 or 3", 0.5)
    with pytest.raises(ValueError, match=r"positive='rrms' does not occur.*categorical"):
        prevalence(frame, "ms_type", positive="rrms")
    never = pd.Categorical(frame["ms_type"], categories=["RRMS", "SPMS", "PPMS", "CIS"])
    assert (
        prevalence(frame.assign(ms_type=never), "ms_type", positive="CIS").table.loc[0, "estimate"]
        == 0
    )


def test_strata_come_in_the_order_of_their_categories():
    sizes = pd.Categorical(list("SMLS"), categories=["S", "M", "L"])
    answer = prevalence(people(spasms=[1, 0, 1, 0], size=sizes), "spasms", by="size")
    assert answer.table["group"].tolist() == ["all", "S", "M", "L"]
    answer = prevalence(people(spasms=[1, 0, 1, 0], pdds=[10.0, 2, 2, 0.5]), "spasms", by="pdds")
    assert answer.table["group"].tolist() == ["all", "0.5", "2", "10"]


def test_every_arm_is_compared_with_the_control():
    frame = people(arm=["c"] * 20 + ["a"] * 20 + ["b"] * 20 + [None],
                   responder=yes(5, 20) + yes(10, 20) + yes(15, 20) + [1])  # fmt: skip
    answer = compare_proportions(frame, "responder", arm="arm", control="c")
    got = answer.table.set_index(["measure", "term"])["estimate"]
    assert got["risk_difference", "a - c"] == pytest.approx(0.25)
    assert got["risk_difference", "b - c"] == pytest.approx(0.5)
    assert answer.one(measure="risk_difference", term="a - c")["n"] == 40
    assert any("1 of 61 people have no arm" in note for note in answer.notes)
    assert len(answer.notes) == len(set(answer.notes))


def test_words_are_those_of_the_house():
    said = []
    for answer in (
        prevalence(people(spasms=yes(1, 9)), "spasms"),
        compare_proportions(arms(12, 40, 10, 40), "responder", arm="arm", control="usual"),
        paired_proportions(pairs(3, 1, 2, 5), "spasms"),
    ):
        said += [*answer.notes, *answer.table["method"], *answer.table["measure"]]
    for word in ("patient", "effect", "improve", "better"):
        assert word not in " ".join(said).lower()
    assert any("not proof that the therapy" in x for x in said)
    assert any("1 went from yes to no, 2 from no to yes" in x for x in said)


# ------------------------------------------------------------------------------------------ refusals

FACES = {
    "prevalence": lambda t: prevalence(t, "spasms"),
    "severity_shares": lambda t: severity_shares(t, "spasms", levels=[0, 1]),
    "compare_proportions": lambda t: compare_proportions(t, "spasms", arm="arm", control="a"),
    "paired_proportions": lambda t: paired_proportions(t, "x", before="spasms", after="spasms"),
}


@pytest.mark.parametrize("face", FACES.values(), ids=FACES)
@pytest.mark.parametrize(
    ("spoil", "match"),
    [
        (lambda t: t.drop(columns="spasms"), "no column 'spasms'"),
        (lambda t: t.drop(columns="person_id"), "no column 'person_id'"),
        (lambda t: t.assign(person_id=["a", "b", "c", None]), "without person_id"),
        (lambda t: t.assign(spasms=["often", "no", "no", "no"]), "holds .*'often'"),
        (lambda t: t.assign(spasms=[1, 0, 2, 0]), "holds 2"),
        (lambda t: t.assign(spasms=np.nan), "none of|nobody|got 0 of 4"),
        (lambda t: t.iloc[:0], "no rows"),
    ],
)
def test_tables_that_cannot_be_are_refused(face, spoil, match):
    frame = people(spasms=[1, 0, 1, 0], arm=list("abab"))
    face(frame)
    with pytest.raises(ValueError, match=match):
        face(spoil(frame))


@pytest.mark.parametrize("face", FACES.values(), ids=FACES)
def test_days_are_not_people(face):
    frame = people(spasms=[1, 0, 1, 0], arm=list("abab"))
    with pytest.raises(RowsAreNotPeopleError, match="8 rows are 4 people"):
        face(pd.concat([frame, frame]))


def test_arms_that_cannot_be_compared_are_refused():
    frame = people(spasms=[1, 0, 1, np.nan, np.nan], arm=list("aabbc"))
    with pytest.raises(ValueError, match="nobody in arm c has 'spasms'"):
        compare_proportions(frame, "spasms", arm="arm", control="a")
    with pytest.raises(ValueError, match="need control='placebo'"):
        compare_proportions(frame, "spasms", arm="arm", control="placebo")
    with pytest.raises(ValueError, match="at least one other arm"):
        compare_proportions(frame.iloc[:2], "spasms", arm="arm", control="a")


@pytest.mark.parametrize(
    "name", ["difference_method", "ratio_method", "odds_method", "test", "measures"]
)
def test_names_that_are_unknown_are_refused(name):
    frame = arms(3, 9, 2, 9)
    value = ["risk"] if name == "measures" else "bayes"
    with pytest.raises(ValueError, match=f"{name} .* is unknown; choose one of"):
        compare_proportions(frame, "responder", arm="arm", control="usual", **{name: value})


def test_methods_that_are_unknown_are_refused():
    for call in (
        lambda: proportion_interval(1, 2, method="exact"),
        lambda: difference_interval(1, 2, 1, 2, method="score"),
        lambda: ratio_interval(1, 2, 1, 2, method="mee"),
        lambda: paired_difference_interval(1, 2, 1, 2, method="mee"),
        lambda: prevalence(people(spasms=[1]), "spasms", method="exact"),
        lambda: paired_proportions(pairs(1, 1, 1, 1), "spasms", test="chi_square"),
        lambda: paired_proportions(pairs(1, 1, 1, 1), "spasms", difference_method="mee"),
    ):
        with pytest.raises(ValueError, match="is unknown; choose one of"):
            call()


@pytest.mark.parametrize("counts", [(-1, 5), (6, 5), (0.5, 5), (1, np.nan), (np.nan, 5), (1, 5.5)])
def test_counts_are_whole_people(counts):
    for call in (
        lambda: proportion_interval(*counts),
        lambda: difference_interval(*counts, 1, 2),
        lambda: ratio_interval(1, 2, *counts),
        lambda: odds_interval(*counts, 1, 2),
        lambda: conditional_odds_ratio(1, 2, *counts),
        lambda: fisher_p(*counts, 1, 2),
        lambda: chi_square(*counts, 1, 2),
    ):
        with pytest.raises(ValueError, match="whole numbers of people from 0 to n"):
            call()


@pytest.mark.parametrize("count", [-1, 0.5, np.nan, np.inf])
def test_counts_of_events_and_of_changes_are_whole(count):
    for call in (
        lambda: rate_interval(count, 1),
        lambda: rate_p(count, 1, rate=1),
        lambda: exact_rate_ratio(1, 1, count, 1),
        lambda: mcnemar(count, 1),
        lambda: paired_odds_ratio(1, count),
        lambda: paired_difference_interval(1, count, 1, 1),
    ):
        with pytest.raises(ValueError, match="whole numbers"):
            call()


@pytest.mark.parametrize("time", [0, -1, np.nan, np.inf])
def test_time_and_rate_are_positive(time):
    with pytest.raises(ValueError, match="time must be above 0"):
        rate_interval(1, time)
    with pytest.raises(ValueError, match="time must be above 0"):
        exact_rate_ratio(1, 1, 1, time)
    with pytest.raises(ValueError, match="rate must be above 0"):
        rate_p(1, 1, rate=time)


@pytest.mark.parametrize("levels", [["none"], ["none", "none"], []])
def test_levels_are_at_least_two_different_ones(levels):
    with pytest.raises(ValueError, match="at least two different"):
        severity_shares(people(s=["none"]), "s", levels=levels)


@pytest.mark.parametrize("level", [0, 1, 95, -0.1])
def test_a_level_lies_between_zero_and_one(level):
    frame = pairs(1, 1, 1, 1)
    for call in (
        lambda: proportion_interval(1, 2, conf_level=level),
        lambda: proportion_interval(1, 2, method="jeffreys", conf_level=level),
        lambda: rate_interval(1, 2, conf_level=level),
        lambda: exact_rate_ratio(1, 2, 1, 2, conf_level=level),
        lambda: difference_interval(1, 2, 1, 2, conf_level=level),
        lambda: ratio_interval(1, 2, 1, 2, conf_level=level),
        lambda: odds_interval(1, 2, 1, 2, conf_level=level),
        lambda: conditional_odds_ratio(1, 2, 1, 2, conf_level=level),
        lambda: paired_difference_interval(1, 2, 1, 2, conf_level=level),
        lambda: paired_odds_ratio(1, 2, conf_level=level),
        lambda: prevalence(frame, "before", conf_level=level),
        lambda: severity_shares(frame, "before", levels=[0, 1], conf_level=level),
        lambda: paired_proportions(frame, "spasms", conf_level=level),
        lambda: compare_proportions(frame, "before", arm="after", control=0, conf_level=level),
    ):
        with pytest.raises(ValueError, match="conf_level"):
            call()
