"""Power by formula: R, laws, trials drawn one by one, and what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msspas_analysis.certify.plan.power_formulas import (
    change_power,
    correlation_power,
    grades_people,
    grades_power,
    groups_power,
    means_power,
    proportions_power,
    regression_power,
    solved,
    table_power,
)
from msspas_analysis.certify.plan.sample_size import (
    power_of_grades,
    power_of_means,
    power_of_proportions,
)
from msspas_analysis.estimate.trials.adjusted import difference_kernel
from shared_reference import answers

ORACLE = pd.read_csv(Path(__file__).parent / "reference" / "power.csv")
GRADES = [0.3, 0.4, 0.2, 0.1]


def answer(r) -> float:
    how = {"alpha": r.alpha, "sided": r.sided}
    return float({
        "means": lambda: means_power(r.a, r.a, r.b, sd=r.c, both_sides=False, **how),
        "means strict": lambda: means_power(r.a, r.a, r.b, sd=r.c, **how),
        "change": lambda: change_power(r.a, r.b, sd=r.c, both_sides=False, **how),
        "means n": lambda: solved(lambda n: float(means_power(n, n, r.b, both_sides=False, **how)),
                                  r.a, low=2.001, high=1e7),
        "means gap": lambda: solved(
            lambda d: float(means_power(r.a, r.a, d, sd=r.c, both_sides=False, **how)), r.b,
            low=1e-6, high=1e3),
        "proportions": lambda: proportions_power(r.a, r.b, r.c, **how),
        "arcsine": lambda: proportions_power(r.a, r.b, r.c, formula="arcsine", **how),
        "proportions n": lambda: solved(lambda n: float(proportions_power(n, r.b, r.c, **how)), r.a,
                                        low=1, high=1e7),
        "unequal": lambda: means_power(r.a, r.b, r.c, **how),
        "correlation": lambda: correlation_power(r.a, r.b, alpha=r.alpha),
        "groups": lambda: groups_power(int(r.a), r.b, between_var=r.c, within_var=r.d,
                                       alpha=r.alpha),
        "table": lambda: table_power(r.a, r.b, int(r.c), alpha=r.alpha),
        "regression": lambda: regression_power(int(r.a), r.b, r.c, alpha=r.alpha),
        "grades": lambda: grades_power(r.a, GRADES, r.b, alpha=r.alpha),
        "grades n": lambda: grades_people(r.a, GRADES, np.log(r.b), r.alpha),
    }[r.kind]())  # fmt: skip


@pytest.mark.oracle(
    "means_power change_power proportions_power grades_power grades_people correlation_power "
    "groups_power table_power regression_power",
    "R 4.2.2 power.t.test and others, pwr, Hmisc (power.R)",
)
@pytest.mark.parametrize("kind", sorted(set(ORACLE["kind"])))
def test_power_is_that_of_r(kind):
    part = ORACLE[ORACLE["kind"] == kind]
    assert len(part) >= 8
    for r in part.itertuples():
        # R stops the series of noncentral F and t at 1e-9
        np.testing.assert_allclose(answer(r), r.value, rtol=2e-10, atol=2e-9, err_msg=str(r))


@pytest.mark.oracle("power_of_means means_power", "R 4.2.2 power.t.test, pwr, beside the project")
def test_two_means():
    want = answers("power.t2")
    strict = power_of_means(people_per_arm=20, difference=1).one(measure="power")
    assert strict.estimate == pytest.approx(want["strict"]["power"], rel=1e-9)
    n = power_of_means(difference=1, power=0.9).one(measure="people_per_arm")
    assert n.estimate == pytest.approx(want["b"]["n"], rel=1e-5)
    plain = means_power(20, 20, 1.0, both_sides=False)
    assert plain == pytest.approx(want["a"]["power"], rel=1e-9)
    unequal = power_of_means(people_per_arm=90, difference=0.6, ratio=60 / 90, sided=1)
    got = unequal.one(measure="power").estimate
    assert got == pytest.approx(want["unequal"]["power"], rel=1e-9)


@pytest.mark.oracle(
    "power_of_proportions proportions_power",
    "R 4.2.2 power.prop.test, pwr, Hmisc, beside the project",
)
def test_two_proportions():
    want = answers("power.prop2")
    got = power_of_proportions(control=0.5, treated=0.75, people_per_arm=50).one(measure="power")
    assert got.estimate == pytest.approx(want["a"]["power"], rel=1e-9)
    n = power_of_proportions(control=0.5, treated=0.75, power=0.9).one(measure="people_per_arm")
    assert n.estimate == pytest.approx(want["b"]["n"], rel=1e-6)
    assert n.estimate == pytest.approx(want["bsamsize"]["n1"], rel=1e-6)
    fleiss = power_of_proportions(control=0.5, treated=0.75, power=0.9, formula="continuity")
    assert fleiss.one(measure="people_per_arm").estimate == pytest.approx(
        want["fleiss_cc"], rel=1e-6
    )
    # Cohen's h of 0.3, one-sided
    q = np.sin((2 * np.arcsin(np.sqrt(0.4)) - 0.3) / 2) ** 2
    got = proportions_power(80, 0.4, q, formula="arcsine", sided=1)
    assert got == pytest.approx(want["h"]["power"], rel=1e-9)


@pytest.mark.oracle("power_of_grades", "R 4.2.2 Hmisc posamsize and popower, beside the project")
def test_ordered_grades():
    want = answers("power.ordinal")
    shares = want["avg"]
    ratio = float(np.exp(0.887))
    n = power_of_grades(shares=shares, odds_ratio=ratio, power=0.9)
    assert n.one(measure="people_per_arm").estimate * 2 == pytest.approx(want["n_total"], rel=1e-6)
    power = power_of_grades(shares=shares, odds_ratio=1 / ratio, people=180).one(measure="power")
    assert power.estimate == pytest.approx(want["power_n180"], rel=1e-6)


@pytest.mark.oracle(
    "correlation_power groups_power table_power regression_power", "R 4.2.2 pwr, beside the project"
)
def test_correlation_groups_tables_and_regression():
    want = answers("power.corr_anova")
    assert correlation_power(50, 0.3) == pytest.approx(want["r"]["power"], rel=1e-9)
    n = solved(lambda n: float(groups_power(4, n, between_var=1, within_var=3)), 0.8, low=2,
               high=1e6)  # fmt: skip
    assert n == pytest.approx(want["anova"]["n"], rel=1e-5)
    assert table_power(0.1, 1000, 1) == pytest.approx(want["chisq"]["power"], rel=1e-9)
    f2 = want["f2"]
    assert regression_power(5, 89, f2["f2"]) == pytest.approx(f2["power"], rel=1e-7)


# --- trials drawn ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("r", "n"), [(0.0, 30), (0.6, 24), (0.8, 16)])
def test_ancova_has_the_power_the_formula_says(r, n):
    rng = np.random.default_rng(1)
    before = rng.normal(0, 1, (6000, 2 * n))
    after = r * before + np.sqrt(1 - r**2) * rng.normal(0, 1, before.shape)
    arm = np.arange(2 * n) % 2
    got = difference_kernel(after + 0.7 * arm, arm, [before] if r else [])
    share = (got["p_value"] < 0.05).mean()
    want = power_of_means(people_per_arm=n, difference=0.7, baseline_correlation=r)
    # Monte Carlo error 0.006; chance imbalance of the baseline costs a little more
    assert share == pytest.approx(want.one(measure="power").estimate, abs=0.025)


def test_paired_changes_have_the_power_the_formula_says():
    rng = np.random.default_rng(2)
    x = rng.normal(0.5, 1.2, (20_000, 18))
    t = x.mean(axis=1) / x.std(axis=1, ddof=1) * np.sqrt(18)
    want = power_of_means(people_per_arm=18, difference=0.5, sd=1.2, paired=True)
    assert (np.abs(t) > 2.109816).mean() == pytest.approx(
        want.one(measure="power").estimate, abs=0.012
    )
    assert want.one(measure="people").estimate == 18


# --- laws ------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(st.floats(0.25, 2), st.floats(0.3, 0.97), st.floats(-0.8, 0.8), st.floats(0.5, 2),
       st.floats(0, 0.4))  # fmt: skip
def test_what_is_worked_out_gives_back_what_was_asked(difference, power, r, ratio, dropout):
    how = {"baseline_correlation": r, "ratio": ratio, "dropout": dropout, "sd": 1.3}
    try:
        got = power_of_means(difference=difference, power=power, **how)
    except ValueError:  # so large an effect that the smallest trial has it
        with pytest.raises(ValueError, match="already has a power"):
            power_of_means(difference=difference, power=power, **how)
        return
    n = float(got.one(measure="people_per_arm").estimate)
    again = power_of_means(people_per_arm=n, difference=difference, **how).one(measure="power")
    assert again.estimate == pytest.approx(power, rel=1e-7)
    back = power_of_means(people_per_arm=n, power=power, **how).one(measure="difference")
    assert back.estimate == pytest.approx(difference, rel=1e-6)
    whole = got.one(measure="people").estimate
    assert n + n * ratio <= whole + 1e-6 < n + n * ratio + 2 + 1e-6


@settings(max_examples=40, deadline=None)
@given(st.floats(4, 400), st.floats(0.05, 1.5), st.floats(0.001, 0.2))
def test_more_people_larger_differences_and_wider_levels_find_more(n, d, alpha):
    here = means_power(n, n, d, alpha=alpha)
    assert means_power(n + 1, n, d, alpha=alpha) >= here - 1e-9
    assert means_power(n, n, d * 1.1, alpha=alpha) >= here - 1e-9
    assert means_power(n, n, d, alpha=alpha * 1.1) > here - 1e-9
    assert means_power(n, n, d, alpha=alpha, sided=1) >= here - alpha
    assert means_power(n, 2 * n, d, alpha=alpha) == pytest.approx(
        float(means_power(2 * n, n, -d, alpha=alpha)), rel=1e-9
    )
    many = means_power([n, n + 3], n, [[d], [2 * d]], alpha=alpha)
    assert many.shape == (2, 2)
    assert many[1, 0] == pytest.approx(float(means_power(n, n, 2 * d, alpha=alpha)), rel=1e-12)


def test_lost_people_are_counted_before_they_are_lost():
    kept = power_of_means(difference=0.5, power=0.8).one(measure="people_per_arm").estimate
    lost = power_of_means(difference=0.5, power=0.8, dropout=0.2).one(measure="people_per_arm")
    assert lost.estimate == pytest.approx(kept / 0.8, rel=1e-9)
    assert "20 % lost" in lost.method
    far = means_power(5000, 5000, 3.0)
    assert far == 1.0


@pytest.mark.parametrize(
    ("ask", "says"),
    [
        (lambda: power_of_means(difference=1), "exactly one of"),
        (lambda: power_of_means(difference=1, power=0.8, people_per_arm=9), "left out: none"),
        (lambda: power_of_means(difference=0, power=0.8), "nothing to find"),
        (lambda: power_of_means(difference=1, power=0.04), "above alpha"),
        (lambda: power_of_means(difference=1, people_per_arm=1), "too few"),
        (lambda: power_of_means(difference=1, power=0.8, sd=0), "sd must be"),
        (lambda: power_of_means(difference=1, power=0.8, sided=3), "sided must be"),
        (lambda: power_of_means(difference=1, power=0.8, dropout=1), "dropout must be"),
        (lambda: power_of_means(difference=1, power=0.8, paired=True, ratio=2), "no ratio"),
        (lambda: power_of_means(difference=1e-6, power=0.9), "is not reached"),
        (lambda: power_of_means(difference=9.0, power=0.1), "already has a power"),
        (lambda: power_of_proportions(control=0.5, treated=0.5, power=0.8), "nothing to find"),
        (lambda: power_of_proportions(control=1.5, treated=0.5, power=0.8), "control must be"),
        (lambda: power_of_proportions(control=0.9, people_per_arm=5, power=0.9), "is not reached"),
        (lambda: power_of_proportions(control=0.2, treated=0.5, power=0.8, formula="exact"),
         "formula must be one of"),
        (lambda: power_of_grades(shares=[0.5, 0.6], odds_ratio=2, people=50), "add up to 1"),
        (lambda: power_of_grades(shares=[0.5, 0.5], odds_ratio=1, people=50), "not 1"),
        (lambda: power_of_grades(shares=[0.5, 0.5], odds_ratio=2, power=1.5), "above alpha"),
    ],
)  # fmt: skip
def test_what_cannot_be_planned_is_refused(ask, says):
    with pytest.raises(ValueError, match=says):
        ask()
