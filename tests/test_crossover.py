"""Crossovers: answers of R, laws, a known truth, and what must be refused."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msspas_analysis.estimate.trials.crossover import (
    CARRY_OVER,
    crossover_difference,
    crossover_rows,
    fixed_people,
    hills_armitage,
    random_people,
    rank_sum,
)
from msspas_analysis.estimate.trials.crossover_yes_no import crossover_response, yes_no_two_periods
from shared_reference import answers, table

REFERENCE = Path(__file__).parent / "reference"
DATA = pd.read_csv(REFERENCE / "crossover_data.csv")
ORACLE = pd.read_csv(REFERENCE / "crossover.csv")
LEVELS = (0.90, 0.95, 0.99)
TIGHT = 1e-9
# lme4 stops where its deviance is flat to 1e-16, which leaves 1e-8 in the variance ratio
OPTIMISED = 1e-7
NUMBERS = ("estimate", "std_error", "conf_low", "conf_high", "statistic", "df", "p_value")
CONTROL = {"doses": "A", "replicate4": "R", "partial3": "R"}
TWO = ("small", "unequal", "dropouts", "boundary")
LOGS = ("replicate4", "partial3")
SCORES = (*TWO, "doses", *LOGS)
YES_NO = ("binary", "binary_small", "binary_zero", "binary_one_way")


def data(name: str) -> pd.DataFrame:
    return DATA[DATA["dataset"] == name].reset_index(drop=True)


def of_r(name: str, model: str, level: float) -> dict[str, dict[str, float]]:
    part = ORACLE[
        (ORACLE["dataset"] == name)
        & (ORACLE["model"] == model)
        & np.isclose(ORACLE["conf_level"], level)
    ]
    told: dict[str, dict[str, float]] = {}
    for row in part.itertuples():
        told.setdefault(row.measure, {})[row.quantity] = row.value
    return told


def difference(frame: pd.DataFrame, name: str, **how):
    return crossover_difference(
        frame, "y", treatment="treatment", period="period", control=CONTROL.get(name, "B"),
        log=name in LOGS, **how,
    )  # fmt: skip


def response(frame: pd.DataFrame, **how):
    return crossover_response(
        frame, "y", treatment="treatment", period="period", control="B", **how
    )


def near(row, want):
    """Compare with lme4: ends in parts of the standard error, as one may lie close to 0."""
    for name in ("estimate", "conf_low", "conf_high"):
        assert abs(row[name] - want[name]) < 3 * OPTIMISED * want["std_error"], name
    same(row, want, ("std_error", "df", "statistic"), 3 * OPTIMISED)
    same(row, want, ("p_value",), 10 * OPTIMISED)  # t is in its exponent


def same(row, want, quantities, rel=TIGHT):
    for name in quantities:
        assert row[name] == pytest.approx(want[name], rel=rel, abs=1e-13, nan_ok=True), name


# ---------------------------------------------------------------------------------------- oracles


@pytest.mark.oracle("crossover_difference", "R 4.2.2 t.test (crossover.R)")
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", TWO)
def test_the_two_period_analysis_is_that_of_r(name, level):
    want = of_r(name, "paired", level)
    answer = difference(data(name), name, conf_level=level)
    later, carried = "period 2 - period 1", "sum of periods, A first - B first"
    same(answer.one(measure="mean_difference", term="A - B"), want["treatment"],
         (*NUMBERS, "n", "n_missing"))  # fmt: skip
    same(answer.one(measure="mean_difference", term=later), want["period"], NUMBERS)
    same(answer.one(measure="carry_over"), want["carry_over"], NUMBERS)
    same(answer.one(measure="mean_difference_ignoring_period"), want["ignoring period"], NUMBERS)
    same(answer.one(measure="mean_difference_period_1"), want["period 1 only"], NUMBERS)
    same(answer.one(measure="variance_within"), want["variance_within"],
         ("estimate", "conf_low", "conf_high"))  # fmt: skip
    for measure, term, theirs in (
        ("hodges_lehmann", "A - B", "treatment ranks"),
        ("hodges_lehmann", later, "period ranks"),
        ("carry_over_hodges_lehmann", carried, "carry_over ranks"),
    ):
        row = answer.one(measure=measure, term=term)
        same(row, want[theirs], ("estimate", "statistic", "p_value"))
        # R's ends come from a root search on a step; where its test cannot reach the level it
        # gives the smallest difference there is, and the interval is really infinite
        for end in ("conf_low", "conf_high"):
            if np.isfinite(row[end]):
                assert row[end] == pytest.approx(want[theirs][end], abs=1e-9)
            else:
                assert (name, level) == ("unequal", 0.99)


@pytest.mark.oracle("crossover_difference", "R 4.2.2 lm (crossover.R)")
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("baseline", [None, "baseline"])
@pytest.mark.parametrize("name", SCORES)
def test_people_as_fixed_is_lm_of_r(name, level, baseline):
    if baseline and name in LOGS:
        return
    want = of_r(name, "fixed baseline" if baseline else "fixed", level)
    answer = difference(data(name), name, model="fixed", baseline=baseline, conf_level=level)
    compare_terms(answer, want, name, TIGHT)
    same(answer.one(measure="sd_within"), want["sd_within"],
         ("estimate", "conf_low", "conf_high", "n"))  # fmt: skip
    if name in LOGS:
        ends = ("estimate", "conf_low", "conf_high")
        same(answer.one(measure="geometric_mean_ratio_percent"), want["gmr_percent"], ends)
        same(answer.one(measure="cv_within_percent"), want["cv_within_percent"], ("estimate",))
        same(answer.one(measure="cv_within_control_percent"), want["cv_within_control_percent"],
             (*ends, "df", "n"))  # fmt: skip


def compare_terms(answer, want, name, rel):
    control, found = CONTROL.get(name, "B"), 0
    for theirs, numbers in want.items():
        if theirs.startswith("treatment"):
            term = f"{theirs.removeprefix('treatment')} - {control}"
        elif theirs.startswith("period"):
            term = f"period {theirs.removeprefix('period')} - period 1"
        elif theirs == "baseline":
            term = theirs
        else:
            continue
        rows = answer.table[answer.table["term"].eq(term)]
        rows = rows[rows["measure"].isin(["mean_difference", "log_difference", "slope"])]
        assert len(rows) == 1
        near(rows.iloc[0], numbers) if rel == OPTIMISED else same(rows.iloc[0], numbers, NUMBERS)
        found += 1
    assert found >= 2


@pytest.mark.oracle("crossover_difference", "R 4.2.2, lme4, lmerTest, pbkrtest (crossover.R)")
@pytest.mark.parametrize("how", ["Satterthwaite", "Kenward-Roger"])
@pytest.mark.parametrize("kind", ["", " sequence", " baseline"])
@pytest.mark.parametrize("name", SCORES)
def test_people_as_random_is_lmer_of_r(name, kind, how):
    if kind == " baseline" and name in LOGS:
        return
    column = {kind.strip(): kind.strip()} if kind else {}
    for level in LEVELS if not kind else (0.95,):
        want = of_r(name, f"mixed{kind} {how}", level)
        answer = difference(
            data(name), name, model="mixed", small_sample=how.lower(), conf_level=level, **column
        )
        compare_terms(answer, want, name, OPTIMISED)
        sd = of_r(name, f"mixed{kind} Satterthwaite", level)["sd"]
        for measure, value in (("sd_within", sd["within"]), ("sd_between", sd["between"])):
            # 0 is the end of the range; R stops there or 1e-6 beside it
            assert answer.one(measure=measure).estimate == pytest.approx(value, rel=1e-6, abs=1e-6)
        if kind == " sequence" and name in TWO:
            theirs, mine = want["sequenceAB"], answer.one(measure="carry_over")
            for end in ("estimate", "std_error", "conf_low", "conf_high"):  # a sum of two periods
                theirs[end] = 2 * theirs[end]
            near(mine, theirs)


def test_the_oracle_has_a_boundary_ties_drop_outs_and_ends_out_of_reach():
    assert of_r("boundary", "mixed Satterthwaite", 0.95)["sd"]["between"] == 0
    assert of_r("dropouts", "paired", 0.95)["treatment"]["n_missing"] == 7
    assert data("small")["y"].duplicated().sum() > 10
    low = difference(data("unequal"), "unequal", conf_level=0.9999).one(
        measure="hodges_lehmann", term="A - B"
    )
    assert (low.conf_low, low.conf_high) == (-np.inf, np.inf)
    note = "The variance between people is estimated as 0, the end of its range."
    assert note in difference(data("boundary"), "boundary", model="mixed").notes


@pytest.mark.oracle("crossover_response", "R 4.2.2, survival (crossover.R)")
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", YES_NO)
def test_yes_or_no_is_that_of_r(name, level):
    want = of_r(name, "binary", level)
    answer = response(data(name), conf_level=level)
    row = answer.one(measure="odds_ratio", term="A - B")
    ends = ("estimate", "conf_low", "conf_high")
    same(row, want["mainland_gart"], ("statistic", "p_value"))
    period = answer.one(measure="odds_ratio", term="period 2 - period 1")
    same(period, want["period"], ("statistic", "p_value"))
    if "estimate" in want["mainland_gart"]:
        same(row, want["mainland_gart"], ends)
        same(period, want["period"], ends)
        log = of_r(name, "binary", level)["clogit"]  # conditional logistic regression
        assert math.log(row.estimate) == pytest.approx(log["treatment"], rel=1e-7)
        assert math.log(period.estimate) == pytest.approx(log["period"], rel=1e-7)
        kernel = kernel_of(name)
        assert kernel.log_odds_error == pytest.approx(log["se"], rel=1e-6)
    else:  # an empty cell
        assert (row.conf_low, row.conf_high) == (0, np.inf)
    squared = answer.one(measure="odds_ratio_squared_exact")
    # scipy's root search stops at 1e-12 of the logarithm, R's own at 1e-14
    same(squared, want["fisher_squared"], (*ends, "p_value"), 1e-8)
    root = answer.one(measure="odds_ratio_exact")
    for end in ends:
        assert root[end] ** 2 == pytest.approx(squared[end], rel=1e-12)
    same(answer.one(measure="risk_difference"), want["prescott"],
         (*ends, "std_error", "statistic", "p_value"))  # fmt: skip
    same(answer.one(measure="odds_ratio_mcnemar"), want["mcnemar"],
         ("estimate", "statistic", "p_value", "n"))  # fmt: skip
    exact = answer.one(measure="odds_ratio_mcnemar_exact")
    same(exact, want["mcnemar"], ends)
    assert exact.p_value == pytest.approx(want["mcnemar"]["exact_p"], rel=TIGHT)


def kernel_of(name):
    d = data(name)
    wide = d.pivot(index="person_id", columns="period", values="y").to_numpy()
    return yes_no_two_periods(wide, d.drop_duplicates("person_id")["sequence"].eq("AB"))


@pytest.mark.oracle(
    "crossover_difference", "R 4.2.2 on peak flow of children with asthma, beside the project"
)
def test_published_asthma_children_hills_armitage():
    want, d = answers("xover.pef"), table("xover_pef.csv")
    how = {"treatment": "treatment", "period": "period", "control": "S", "person": "subject"}
    answer = crossover_difference(d, "pef", sequence="sequence", **how)
    ha = want["hills_armitage"]

    def as_told(row, told, sign=1):
        low, high = sorted(sign * np.array(told["ci"]))
        for mine, theirs in (
            (row.estimate, sign * told["estimate"]), (row.std_error, told["se"]),
            (row.statistic, sign * told["t"]), (row.df, told["df"]), (row.p_value, told["p"]),
            (row.conf_low, low), (row.conf_high, high),
        ):  # fmt: skip
            assert mine == pytest.approx(theirs, rel=1e-9)

    as_told(answer.one(measure="mean_difference", term="F - S"), ha["treatment_A_minus_B"])
    as_told(answer.one(measure="mean_difference", term="period 2 - period 1"),
            ha["period_1_minus_2"], -1)  # fmt: skip
    as_told(answer.one(measure="carry_over"), ha["carryover_sum_difference"])
    as_told(answer.one(measure="mean_difference_ignoring_period"), ha["paired_ignoring_period"])
    row, told = answer.one(measure="mean_difference_period_1"), ha["period1_only"]
    means = told["estimate"]["mean of x"] - told["estimate"]["mean of y"]
    assert row.estimate == pytest.approx(means, rel=1e-9)
    assert (row.std_error, row.statistic, row.df, row.p_value) == pytest.approx(
        (told["se"], told["statistic"], told["df"]["df"], told["p"]), rel=1e-9
    )
    assert (row.conf_low, row.conf_high) == pytest.approx(told["ci"], rel=1e-9)
    rank = answer.one(measure="hodges_lehmann", term="F - S").p_value
    assert rank == pytest.approx(ha["wilcoxon_treatment_p_nocc"], rel=1e-9)
    assert answer.one(measure="carry_over_hodges_lehmann").p_value == pytest.approx(
        ha["wilcoxon_carryover_p_nocc"], rel=1e-9
    )
    within = answer.one(measure="variance_within").estimate
    assert within == pytest.approx(ha["within_subject_var"], rel=1e-9)
    for order, name in (("F", "seqAB"), ("S", "seqBA")):
        for at in (1, 2):
            mean = answer.one(measure="mean", term=f"period {at}, {order} first")
            assert mean.estimate == pytest.approx(ha["cell_means"][name][at - 1], rel=1e-9)
            assert mean.n == ha["n"][0 if order == "F" else 1]
    row, told = crossover_difference(d, "pef", model="fixed", **how), want["fixed_subjects"]
    row = row.one(term="F - S")
    assert (row.estimate, row.std_error, row.statistic, row.p_value, row.df) == pytest.approx(
        tuple(told[k] for k in ("estimate", "se", "t", "p", "df")), rel=1e-9
    )


@pytest.mark.oracle(
    "crossover_difference",
    "R 4.2.2 lmerTest on peak flow of children with asthma, beside the project",
)
@pytest.mark.parametrize("how", ["satterthwaite", "kenward-roger"])
def test_published_asthma_children_mixed_models(how):
    want, d = answers("xover.pef"), table("xover_pef.csv")
    for entry, column in (
        ("random_subjects", {}), ("with_carryover", {"sequence": "sequence"}),
        ("baseline_adjusted", {"baseline": "baseline"}),
    ):  # fmt: skip
        answer = crossover_difference(
            d, "pef", treatment="treatment", period="period", control="S", person="subject",
            model="mixed", small_sample=how, **column,
        )  # fmt: skip
        told = want[entry]
        for theirs, term in (("TF", "F - S"), ("P2", "period 2 - period 1"), ("baseline",) * 2):
            if theirs not in told["satterthwaite"]:
                continue
            row, r = answer.one(term=term), told[how.replace("-", "_")][theirs]
            assert (row.estimate, row.std_error, row.df, row.p_value) == pytest.approx(
                (r["estimate"], r["se"], r["df"], r["p"]), rel=1e-5
            )
        for name in ("sd_between", "sd_within"):
            assert answer.one(measure=name).estimate == pytest.approx(told[name], rel=1e-5)
    carried = want["with_carryover"]["kenward_roger"]["sequenceSF"]
    mine = crossover_difference(
        d, "pef", treatment="treatment", period="period", control="S", person="subject",
        model="mixed",
    ).one(measure="carry_over")  # fmt: skip
    assert (mine.estimate, mine.std_error) == pytest.approx(
        (-2 * carried["estimate"], 2 * carried["se"]), rel=1e-5
    )


@pytest.mark.oracle("random_people", "R 4.2.2, lme4 (crossover.R)")
def test_the_restricted_likelihood_is_that_of_lme4():
    want, d = answers("xover.pef"), table("xover_pef.csv")
    x = np.column_stack([np.ones(len(d)), d["period"] == 2, d["treatment"] == "F"])
    for entry, extra in (
        ("random_subjects", None), ("with_carryover", d["sequence"] == "SF"),
        ("baseline_adjusted", d["baseline"]),
    ):  # fmt: skip
        design = x if extra is None else np.column_stack([x, extra])
        fit = random_people(d["pef"], design.astype(float), d["subject"])
        assert fit.criterion == pytest.approx(want[entry]["reml"], rel=1e-9)


@pytest.mark.oracle(
    "crossover_difference", "R 4.2.2 on the replicate data of the EMA, beside the project"
)
def test_replicate_design_of_the_european_medicines_agency():
    want, d = answers("xover.ema2"), table("ema_ds02.csv")
    how = {"treatment": "treatment", "period": "period", "control": "R", "person": "subject",
           "log": True, "conf_level": 0.90}  # fmt: skip
    fixed = crossover_difference(d, "PK", model="fixed", **how)
    mixed = crossover_difference(d, "PK", model="mixed", sequence="sequence", **how)
    kenward = crossover_difference(
        d, "PK", model="mixed", sequence="sequence", small_sample="kenward-roger", **how
    )
    for answer, entry in (
        (fixed, "method_A"), (mixed, "method_B_lme"), (mixed, "method_B_satterthwaite"),
        (kenward, "method_B_kenward_roger"),
    ):  # fmt: skip
        row, gmr = (answer.one(measure=m, term="T - R")
                    for m in ("log_difference", "geometric_mean_ratio_percent"))  # fmt: skip
        told = {"log_diff": row.estimate, **want[entry]}
        assert (row.estimate, row.std_error, row.df) == pytest.approx(
            (told["log_diff"], told["se"], told["df"]), rel=1e-5
        )
        assert (gmr.conf_low, gmr.conf_high) == pytest.approx(told["ci90_pct"], rel=1e-7)
        if "gmr_pct" in told:
            assert gmr.estimate == pytest.approx(told["gmr_pct"], rel=1e-9)
    variance = fixed.one(measure="variance_within").estimate
    assert variance == pytest.approx(want["method_A"]["mse"], rel=1e-9)
    ratio = fixed.one(measure="cv_within_control_percent")
    assert ratio.estimate == pytest.approx(want["CVwR_pct"], rel=1e-9)
    for name in ("sd_within", "sd_between"):
        assert mixed.one(measure=name).estimate == pytest.approx(want[name], rel=1e-5)
    assert (fixed.table["n"].max(), len(d)) == (want["n_subjects"], want["n_obs"])


@pytest.mark.oracle(
    "crossover_response", "R 4.2.2 on the cerebrovascular crossover, beside the project"
)
def test_published_yes_or_no():
    want, d = answers("xover.binary.center1"), table("xover_cerebrovascular.csv")
    answer = crossover_response(
        d[d["center"] == 1], "ecg", treatment="treatment", period="period", control="B",
        person="subject",
    )  # fmt: skip
    told = want["mainland_gart"]
    row, exact = (answer.one(measure=m) for m in ("odds_ratio_squared", "odds_ratio_squared_exact"))
    assert (row.estimate, row.statistic, row.p_value) == pytest.approx(
        (told["or_sq"], told["chisq"], told["chisq_p"]), rel=1e-9
    )
    # R's fisher.test stops its root search at 1e-4
    assert exact.estimate == pytest.approx(told["fisher_or"], rel=1e-3)
    assert exact.p_value == pytest.approx(told["fisher_p"], rel=1e-9)
    told = want["mcnemar"]
    assert answer.one(measure="odds_ratio_mcnemar").statistic == pytest.approx(told["chisq"])
    assert answer.one(measure="odds_ratio_mcnemar_exact").p_value == pytest.approx(told["exact_p"])
    odds = answer.one(measure="odds_ratio_mcnemar").estimate
    assert odds == pytest.approx(told["A_only"] / told["B_only"])
    log = want["conditional_logistic"]
    for term, theirs in (("A - B", "A"), ("period 2 - period 1", "p2")):
        row = answer.one(measure="odds_ratio", term=term)
        assert math.log(row.estimate) == pytest.approx(log[theirs]["coef"], rel=1e-6)
        half = (math.log(row.conf_high) - math.log(row.conf_low)) / 2
        assert half / 1.959963984540054 == pytest.approx(log[theirs]["se(coef)"], rel=1e-6)
    for order, name in (("A", "joint_AB"), ("B", "joint_BA")):
        for pair, count in want[name].items():
            words = ", ".join("yes" if x == "1" else "no" for x in pair)
            assert answer.one(term=f"{order} first: {words}").estimate == count


# ------------------------------------------------------------------------------------ a known truth


def test_intervals_cover_the_difference_and_not_the_period():
    # 4000 replicates: Monte Carlo error of a coverage of 0.95 is 0.0034, so 4 of them are 0.014
    rng = np.random.default_rng(7)
    first = np.arange(14) < 6
    treated = np.stack([first, ~first], axis=1)
    y = rng.normal(size=(4000, 14, 1)) * 2 + rng.normal(size=(4000, 14, 2)) - 1.5 * treated
    y[..., 1] += 0.7
    t = hills_armitage(y, first)
    for contrast, truth in ((t.treatment, -1.5), (t.period, 0.7), (t.carry_over, 0.0)):
        inside = (contrast.conf_low <= truth) & (truth <= contrast.conf_high)
        assert inside.mean() == pytest.approx(0.95, abs=0.014)
    assert t.variance_within.mean() == pytest.approx(1, abs=4 * np.sqrt(2 / 12 / 4000))
    # the paired t test that ignores the period is off where the orders are of unequal size
    bias = t.ignoring_period.estimate.mean() + 1.5
    assert bias == pytest.approx(0.7 * (8 - 6) / 14, abs=0.02)
    w = rank_sum(y[..., 0] - y[..., 1], first)
    inside = (w.conf_low <= -3) & (w.conf_high >= -3)
    assert inside.mean() == pytest.approx(0.95, abs=0.02)  # steps of the statistic, 14 people


def test_mixed_model_with_drop_outs_covers_and_uses_what_is_there():
    rng = np.random.default_rng(11)
    person = np.repeat(np.arange(16), 2)
    period = np.tile([0, 1], 16)
    treated = (period == 0) == (person < 8)
    y = (rng.normal(size=(1500, 16))[:, person] * 1.0 + rng.normal(size=(1500, 32))
         + 0.8 * treated + 0.5 * period)  # fmt: skip
    keep = ~((period == 1) & np.isin(person, [2, 5, 9, 12, 13]))
    x = np.column_stack([np.ones(32), period, treated])
    for how in ("satterthwaite", "kenward-roger"):
        fit = random_people(y[:, keep], x[keep], person[keep], small_sample=how)
        from scipy.special import stdtrit

        half = stdtrit(fit.df[:, 2], 0.975) * fit.std_error[:, 2]
        inside = np.abs(fit.coef[:, 2] - 0.8) <= half
        # 1500 replicates: the Monte Carlo error is 0.0056; Satterthwaite is a little too narrow
        assert 0.925 <= inside.mean() <= 0.968
    whole = np.isin(person, [2, 5, 9, 12, 13], invert=True)
    pairs_only = fixed_people(y[:, whole], x[whole][:, 1:], person[whole])
    assert fit.coef[:, 2].std() < 0.97 * pairs_only.coef[:, 1].std()
    assert fit.coef[:, 2].mean() == pytest.approx(0.8, abs=4 * fit.coef[:, 2].std() / 1500**0.5)


def test_prescott_and_mainland_gart_hold_their_level():
    rng = np.random.default_rng(5)
    first = np.arange(60) < 30
    level = rng.normal(size=(4000, 60, 1))
    y = rng.random((4000, 60, 2)) < 1 / (1 + np.exp(-level - np.array([0.0, 0.6])))
    t = yes_no_two_periods(y, first)
    assert (t.p_prescott < 0.05).mean() == pytest.approx(0.05, abs=0.016)
    assert (t.p_value < 0.05).mean() == pytest.approx(0.05, abs=0.02)  # few discordant people
    assert (t.p_period < 0.05).mean() > 0.15


# --------------------------------------------------------------------------------------------- laws


def test_batches_are_the_same_as_one_at_a_time():
    rng = np.random.default_rng(3)
    y = np.round(rng.normal(5, 2, (2, 20, 9, 2)), 1)
    first = np.arange(9) % 2 == 0
    t, w = hills_armitage(y, first), rank_sum(y[..., 0], first)
    assert t.treatment.estimate.shape == w.p_value.shape == (2, 20)
    for r in range(20):
        one = hills_armitage(y[1, r], first)
        for part in ("treatment", "period", "carry_over", "ignoring_period", "period_1"):
            for field in NUMBERS:
                np.testing.assert_allclose(
                    getattr(getattr(t, part), field)[1, r], getattr(getattr(one, part), field),
                    rtol=1e-12,
                )  # fmt: skip
        alone = rank_sum(y[1, r, :, 0], first)
        for field in ("estimate", "conf_low", "conf_high", "statistic", "p_value"):
            assert getattr(w, field)[1, r] == getattr(alone, field)
    yes = rng.random((3, 15, 9, 2)) < 0.5
    with np.errstate(all="raise"):
        many = yes_no_two_periods(yes, first)
    for r in range(15):
        one = yes_no_two_periods(yes[2, r], first)
        for field in many.__dataclass_fields__:
            np.testing.assert_array_equal(getattr(many, field)[2, r], getattr(one, field))
    d = data("dropouts").dropna(subset="y")
    x = np.column_stack([np.ones(len(d)), d["period"] == 2, d["treatment"] == "A"])
    who = pd.factorize(d["person_id"])[0]
    y = d["y"].to_numpy() + rng.normal(0, 0.7, (2, 12, len(d)))
    for how in ("satterthwaite", "kenward-roger"):
        many = random_people(y, x, who, small_sample=how)
        for r in range(12):
            one = random_people(y[1, r], x, who, small_sample=how)
            for field in many.__dataclass_fields__:
                np.testing.assert_allclose(
                    getattr(many, field)[1, r], getattr(one, field), rtol=1e-9
                )
    keep = (np.bincount(who) > 1)[who]
    many = fixed_people(y[..., keep], x[keep][:, 1:], who[keep])
    one = fixed_people(y[1, 3][keep], x[keep][:, 1:], who[keep])
    np.testing.assert_allclose(many.std_error[1, 3], one.std_error, rtol=1e-12)


scores = st.lists(
    st.tuples(st.integers(0, 10), st.integers(0, 10)), min_size=6, max_size=14
)  # fmt: skip


def long(pairs) -> pd.DataFrame:
    rows = []
    for i, pair in enumerate(pairs):
        for at, y in enumerate(pair):
            treatment = "AB"[at] if i % 2 else "BA"[at]
            rows.append((f"P{i:02d}", at + 1, treatment, float(y)))
    return pd.DataFrame(rows, columns=["person_id", "period", "treatment", "y"])


def spread(pairs) -> bool:
    gap = np.array([a - b for a, b in pairs])
    return all(np.ptp(gap[i::2]) > 0 for i in (0, 1))


@settings(max_examples=15, deadline=None)
@given(scores.filter(spread), st.randoms(use_true_random=False))
def test_row_order_never_matters_and_swapping_treatments_flips_the_sign(pairs, random):
    frame = long(pairs)
    order = list(range(len(frame)))
    random.shuffle(order)
    mixed = frame.iloc[order].reset_index(drop=True)
    for model in ("paired", "fixed", "mixed"):
        a, b = difference(frame, "", model=model), difference(mixed, "", model=model)
        pd.testing.assert_frame_equal(a.table, b.table, check_exact=True)
        back = frame.replace({"treatment": {"A": "B", "B": "A"}})
        swapped = difference(back, "", model=model)
        for measure in (
            ("mean_difference", "hodges_lehmann") if model == "paired" else ("mean_difference",)
        ):
            one, other = (x.one(measure=measure, term="A - B") for x in (a, swapped))
            assert one.estimate == pytest.approx(-other.estimate, abs=1e-9)
            assert one.conf_low == pytest.approx(-other.conf_high, abs=1e-7)
            assert one.p_value == pytest.approx(other.p_value, rel=1e-6)


@settings(max_examples=15, deadline=None)
@given(scores.filter(spread), st.integers(0, 10))
def test_a_person_with_one_period_is_set_aside_or_used(pairs, rating):
    frame = long(pairs)
    extra = pd.DataFrame(
        {"person_id": "new", "period": [1, 2], "treatment": ["B", "A"], "y": [rating, np.nan]}
    )
    longer = pd.concat([extra, frame])
    for model in ("paired", "fixed"):
        a, b = (difference(f, "", model=model).table for f in (frame, longer))
        more = b.pop("n_missing") - a.pop("n_missing")
        assert more[~b["term"].str.endswith("A first")].eq(1).all()
        pd.testing.assert_frame_equal(a, b, check_exact=True)
        also = difference(longer.dropna(), "", model=model).table.drop(columns="n_missing")
        pd.testing.assert_frame_equal(a, also, check_exact=True)
    mixed = difference(longer, "", model="mixed").table
    assert mixed["n"].eq(len(pairs) + 1).all()
    assert mixed["n_missing"].eq(0).all()


@settings(max_examples=15, deadline=None)
@given(scores.filter(spread))
def test_the_three_models_agree_on_complete_data(pairs):
    frame = long(pairs)
    rows = [difference(frame, "", model=m).one(measure="mean_difference", term="A - B")
            for m in ("paired", "fixed", "mixed")]  # fmt: skip
    assert rows[0].estimate == pytest.approx(rows[1].estimate, abs=1e-12)
    assert rows[0].std_error == pytest.approx(rows[1].std_error, rel=1e-9)
    notes = difference(frame, "", model="mixed").notes
    if not any("estimated as 0" in note for note in notes):
        assert rows[2].estimate == pytest.approx(rows[0].estimate, abs=1e-9)
        assert rows[2].df == pytest.approx(len(pairs) - 2, rel=1e-6)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=4, max_size=20))
def test_yes_no_swapping_treatments_inverts_the_odds_ratio(pairs):
    frame = long(pairs)
    a, b = response(frame), response(frame.replace({"treatment": {"A": "B", "B": "A"}}))
    for measure in ("odds_ratio", "odds_ratio_mcnemar", "odds_ratio_mcnemar_exact"):
        one, other = (x.one(measure=measure, term="A - B") for x in (a, b))
        with np.errstate(divide="ignore"):
            assert np.log(one.estimate) == pytest.approx(-np.log(other.estimate), nan_ok=True)
        assert one.p_value == pytest.approx(other.p_value, nan_ok=True)
    one, other = (x.one(measure="risk_difference") for x in (a, b))
    assert one.estimate == pytest.approx(-other.estimate, abs=1e-12)
    assert a.table.loc[a.table["measure"].eq("count"), "estimate"].sum() == len(pairs)
    shuffled = response(frame.iloc[::-1])
    pd.testing.assert_frame_equal(a.table, shuffled.table, check_exact=True)


def test_doses_with_a_washout_between():
    frame = data("doses")
    washout = frame[frame["period"] < 3].assign(
        period=lambda d: d["period"] + 0.5, treatment=np.nan, y=9.9
    )
    dose = {"A": 0.0, "B": 2.5, "C": 5.0}
    both = pd.concat([frame, washout])
    both["dose"] = both["treatment"].map(dose)
    answer = crossover_difference(
        both, "y", treatment="dose", period="period", control=0, model="mixed"
    )
    plain = difference(frame, "doses", model="mixed")
    assert answer.one(term="2.5 - 0").estimate == plain.one(term="B - A").estimate
    assert answer.one(term="5 - 0").p_value == plain.one(term="C - A").p_value
    assert any(f"{len(washout)} rows without a treatment" in note for note in answer.notes)
    assert not any("washout) are left out" in note for note in plain.notes)


def test_the_carry_over_row_comes_with_its_warning_and_an_interval():
    for model in ("paired", "mixed"):
        answer = difference(data("dropouts"), "dropouts", model=model)
        row = answer.one(measure="carry_over")
        assert row.conf_low < row.estimate < row.conf_high
        assert CARRY_OVER in answer.notes
    assert "Freeman" in CARRY_OVER
    assert CARRY_OVER not in difference(data("doses"), "doses", model="mixed").notes
    assert CARRY_OVER not in difference(data("small"), "small", model="fixed").notes


def test_true_and_false_are_yes_and_no_and_missing_answers_are_counted():
    frame = data("binary_small")
    word = frame.assign(y=frame["y"].eq(1))
    pd.testing.assert_frame_equal(response(frame).table, response(word).table)
    fewer = frame.assign(y=frame["y"].mask(frame["person_id"].eq("P003") & frame["period"].eq(2)))
    row = response(fewer).one(measure="risk_difference")
    assert (row.n, row.n_missing) == (16, 1)


def test_everybody_changing_alike_has_no_test():
    frame = long([(3, 5), (6, 4)] * 4)
    answer = difference(frame, "")
    row = answer.one(measure="mean_difference", term="A - B")
    assert (row.estimate, row.std_error, row.conf_low, row.conf_high) == (2, 0, 2, 2)
    assert np.isnan(row.p_value)
    assert np.isnan(answer.one(measure="hodges_lehmann", term="period 2 - period 1").p_value)
    assert any("there is no t test" in note for note in answer.notes)
    with pytest.raises(ValueError, match="no spread"):
        random_people([1.0, 1, 1, 1, 1, 1], np.ones((6, 1)), [0, 0, 1, 1, 2, 2])
    nobody = response(long([(1, 1), (0, 0)] * 3))
    assert any("no odds ratio" in note for note in nobody.notes)
    assert nobody.one(measure="odds_ratio_mcnemar").isna().estimate


# ---------------------------------------------------------------------------------------- refusals


def change(frame: pd.DataFrame, **columns) -> pd.DataFrame:
    return frame.assign(**columns)


@pytest.mark.parametrize(
    ("alter", "how", "words"),
    [
        (lambda d: d.drop(columns="y"), {}, "no column 'y'"),
        (lambda d: d.assign(y=d["y"].astype(str)), {}, "not numbers"),
        (lambda d: d.assign(y=np.inf), {}, "infinite"),
        (lambda d: pd.concat([d, d.head(1)]), {}, "repeat a person and period"),
        (lambda d: d.assign(person_id=d["person_id"].mask(d.index == 2)), {}, "is empty in 1"),
        (lambda d: d.assign(treatment="A"), {}, "control 'B'"),
        (lambda d: d[d["treatment"].eq("B")], {}, "two or more treatments"),
        (lambda d: d[d["sequence"].eq("AB")], {}, "both orders"),
        (lambda d: d[d["sequence"].eq("AB")], {"model": "fixed"}, "go together"),
        (lambda d: d[d["sequence"].eq("AB")], {"model": "mixed"}, "go together"),
        (lambda d: d[d["period"].eq(1)], {"model": "mixed"}, "go together|cannot tell"),
        (lambda d: d.assign(treatment=np.where(d["person_id"].eq("P01"), "A", d["treatment"])),
         {}, "same treatment in both"),
        (lambda d: d.assign(sequence=np.where(d["person_id"].eq("P01"), "BA", d["sequence"])),
         {"sequence": "sequence"}, "do not match"),
        (lambda d: d.assign(sequence=np.where(d.index == 0, "BA", d["sequence"])),
         {"sequence": "sequence"}, "one sequence for each"),
        (lambda d: d.assign(y=d["y"] - 5), {"log": True}, "above 0"),
        (lambda d: d, {"model": "random"}, "model must be"),
        (lambda d: d, {"small_sample": "none"}, "small_sample must be"),
        (lambda d: d, {"baseline": "baseline"}, "baseline needs model"),
        (lambda d: d, {"conf_level": 95}, "conf_level"),
        (lambda d: d.assign(y=np.nan), {"model": "fixed"}, "at least 3 people"),
        (lambda d: d.assign(y=np.nan), {}, "both orders"),
    ],
)  # fmt: skip
def test_what_is_no_crossover_is_refused(alter, how, words):
    with pytest.raises(ValueError, match=words):
        crossover_difference(
            alter(data("small")), "y",
            **{"treatment": "treatment", "period": "period", "control": "B"} | how,
        )  # fmt: skip


def test_more_than_two_periods_have_no_paired_analysis_and_counts_must_be_yes_or_no():
    with pytest.raises(ValueError, match="two periods and two treatments"):
        difference(data("doses"), "doses")
    with pytest.raises(ValueError, match="yes or no"):
        response(data("small"))
    with pytest.raises(ValueError, match=r"shape \(\.\.\., n, 2\)"):
        hills_armitage(np.zeros((4, 3)), np.ones(4, bool))
    with pytest.raises(ValueError, match="both groups"):
        rank_sum([1.0, 2], [True, True])
    with pytest.raises(ValueError, match="no degree of freedom"):
        fixed_people([1.0, 2, 3, 5], [[0, 1], [1, 0], [0, 0], [1, 1]], [0, 0, 1, 1])
    with pytest.raises(ValueError, match="cannot tell within"):
        random_people([1.0, 2, 3, 5], np.ones((4, 1)), [0, 1, 2, 3])


def test_sequences_are_read_off_the_treatments():
    rows = crossover_rows(data("doses"), "y", treatment="treatment", period="period", control="A")
    told = data("doses").drop_duplicates("person_id")["sequence"]
    assert [s.replace(" ", "") for s in rows.sequences] == told.tolist()
    assert rows.treatments[0] == "A"
