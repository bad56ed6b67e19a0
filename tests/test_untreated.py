"""What was to be expected without treatment: its law, its known truth, its limits."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student

from msspas_analysis.certify import EntryRule, UnknownEntryError, expected_without_treatment
from msspas_analysis.certify.twin.draws import draw_untreated
from msspas_analysis.certify.twin.expected import method_check
from msspas_analysis.estimate.change.untreated import (
    NoExpectationError,
    autocovariance,
    change_beyond_expectation,
    covariance_matrix,
    day_grid,
    entry_weights,
    untreated_contrast,
    variogram,
    window_weights,
)
from msspas_analysis.simulate.days import simulate_ratings
from msspas_analysis.simulate.diary import simulate_diary
from msspas_analysis.simulate.scenario import DiaryScenario
from msspas_analysis.tables import AFTER, BEFORE, Window

WORLD = DiaryScenario(n_people=40, entry_rating=4)
DAYS = np.arange(-14, 42)


def flagged(values):
    """Two-sided 5 % t test of each replicate's people."""
    known = ~np.isnan(values)
    n = known.sum(axis=1)
    mean = np.nanmean(values, axis=1)
    t = mean / (np.nanstd(values, axis=1, ddof=1) / np.sqrt(n))
    return np.abs(t) > student.ppf(0.975, n - 1)


# --- known truth --------------------------------------------------------------------------------


def test_variogram_and_fit_recover_a_known_autocovariance():
    rng = np.random.default_rng(3)
    lag = np.abs(np.subtract.outer(DAYS, DAYS))
    truth = 0.5 * (lag == 0) + 1.0 * 0.3**lag + 1.5 * 2.0 ** (-lag / 18.0)
    days = rng.standard_normal((4, 3000, len(DAYS))) @ np.linalg.cholesky(truth).T
    days[rng.random(days.shape) < 0.2] = np.nan
    g = autocovariance(*variogram(days + rng.normal(0, 5, (4, 3000, 1)), DAYS))
    # what identifies anything is how covariance falls with the lag; its height is a constant
    for at in (1, 3, 7, 14, 28, 40):
        # 3,000 people: Monte Carlo error near 0.02 of the variance of 3, and the grid's coarseness
        np.testing.assert_allclose(g[:, 0] - g[:, at], truth[0, 0] - truth[0, at], atol=0.12)


def test_a_step_at_the_first_session_and_the_levels_cancel_in_the_variogram():
    rng = np.random.default_rng(4)
    days = rng.normal(0, 1, (30, len(DAYS)))
    moved = days + rng.normal(0, 3, (30, 1)) - 2.5 * (DAYS >= 0)
    for a, b in zip(variogram(days, DAYS), variogram(moved, DAYS), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-9)


def test_with_the_autocovariance_known_the_expectation_is_the_conditional_mean():
    # Gaussian days without rounding: E[after - before | entry] in closed form, any selection
    lag = np.abs(np.subtract.outer(DAYS, DAYS))
    cov = 1.0 * 0.3**lag + 1.0 * 2.0 ** (-lag / 21.0)
    rng = np.random.default_rng(5)
    n = 40_000
    w = rng.standard_normal((n, len(DAYS))) @ np.linalg.cholesky(cov).T
    y = 5 + 2 * rng.standard_normal((n, 1)) + w
    y = y[y[:, 0] >= 6]  # people in because the first day was high
    found = untreated_contrast(y, DAYS, before=BEFORE, after=AFTER, entry="first rating")
    b, a = window_weights(y, DAYS, BEFORE), window_weights(y, DAYS, AFTER)
    share = ((a - b)[0] @ cov[:, 0]) / (4 + cov[0, 0])  # the level's variance is in the denominator
    exact = share * (y[:, 0] - 5).mean()
    assert exact < -0.1
    error = found.change.std() / np.sqrt(len(y))
    assert found.change.mean() == pytest.approx(exact, abs=4 * error)
    assert found.expected.mean() == pytest.approx(exact, abs=0.03)


@pytest.mark.parametrize(
    ("before", "after"),
    [(BEFORE, AFTER), (Window(name="before", first_day=-14, last_day=-8), AFTER)],
    ids=["usual windows", "entry week as before"],
)
def test_centres_that_give_nothing_are_flagged_one_time_in_twenty(before, after):
    drawn = simulate_ratings(WORLD, seed=8, replicates=768)
    seen = drawn.seen.copy()
    seen[..., 0] = drawn.score[..., 0]
    found = untreated_contrast(seen, drawn.days, before=before, after=after, entry="first rating")
    rate = flagged(found.change - found.expected).mean()
    error = np.sqrt(0.05 * 0.95 / 768)
    assert rate == pytest.approx(0.05, abs=0.015 + 2 * error)
    if before is not BEFORE:  # the plain test is badly wrong there: it must not be what we report
        assert flagged(found.change).mean() > 0.10


def test_the_interval_covers_a_true_fall():
    drawn = simulate_ratings(DiaryScenario(n_people=40, entry_rating=4, change=-1.1), seed=8,
                             replicates=512)  # fmt: skip
    same = simulate_ratings(WORLD, seed=8, replicates=512)
    span = (drawn.days >= 28) & (drawn.days <= 41)
    truth = (drawn.score - same.score)[..., span].mean()
    assert -1.15 < truth < -0.9
    seen = drawn.seen.copy()
    seen[..., 0] = drawn.score[..., 0]
    found = untreated_contrast(seen, drawn.days, before=BEFORE, after=AFTER, entry="first rating")
    missed = flagged(found.change - found.expected - truth).mean()
    assert missed == pytest.approx(0.05, abs=0.02 + 2 * np.sqrt(0.05 * 0.95 / 512))


def test_shares_of_people_expected_to_fall_are_near_what_happens_with_nothing_given():
    expected, happened = [], []
    for seed in range(30):
        tables = simulate_diary(WORLD, seed=seed).tables
        got = expected_without_treatment(
            tables.diary, tables.people, entry="first rating >= 4", centres=100
        ).results
        expected.append(got.one(term="expected without treatment", measure="fall_20").estimate)
        happened.append(got.one(term="observed", measure="fall_20").estimate)
    error = np.std(happened, ddof=1) / np.sqrt(30)
    assert np.mean(expected) == pytest.approx(np.mean(happened), abs=0.03 + 2 * error)
    assert 0.1 < np.mean(happened) < 0.3


# --- laws ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cohort():
    return simulate_diary(WORLD, seed=21).tables


def beyond(diary, people, **how):
    return change_beyond_expectation(diary, people, "stiffness", **how).one(
        term="beyond expectation"
    )


@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_row_order_never_matters(seed):
    tables = simulate_diary(WORLD, seed=21).tables
    rng = np.random.default_rng(seed)
    a = beyond(tables.diary, tables.people)
    b = beyond(tables.diary.sample(frac=1, random_state=rng),
               tables.people.sample(frac=1, random_state=rng))  # fmt: skip
    assert a.estimate == pytest.approx(b.estimate, abs=1e-12)
    assert a.conf_low == pytest.approx(b.conf_low, abs=1e-12)


def test_moving_every_rating_moves_nothing(cohort):
    moved = cohort.diary.assign(stiffness=cohort.diary["stiffness"] + 3)
    a, b = beyond(cohort.diary, cohort.people), beyond(moved, cohort.people)
    assert a.estimate == pytest.approx(b.estimate, abs=1e-9)


def test_a_person_without_a_diary_is_counted_and_changes_nothing_else(cohort):
    extra = pd.concat(
        [cohort.people, cohort.people.iloc[:1].assign(person_id="ZZ1")], ignore_index=True
    )
    a, b = beyond(cohort.diary, cohort.people), beyond(cohort.diary, extra)
    assert b.n_missing == a.n_missing + 1
    assert a.estimate == b.estimate


def test_parts_add_up(cohort):
    table = change_beyond_expectation(cohort.diary, cohort.people, "stiffness").table
    by_term = table.set_index("term")["estimate"]
    assert by_term["observed"] == pytest.approx(
        by_term["expected without treatment"] + by_term["beyond expectation"], abs=1e-12
    )


def test_a_batch_is_the_same_as_one_by_one():
    drawn = simulate_ratings(WORLD, seed=3, replicates=5)
    together = untreated_contrast(
        drawn.seen, drawn.days, before=BEFORE, after=AFTER, entry="first rating"
    )
    for r in range(5):
        alone = untreated_contrast(
            drawn.seen[r], drawn.days, before=BEFORE, after=AFTER, entry="first rating"
        )
        np.testing.assert_allclose(together.expected[r], alone.expected, rtol=1e-9, atol=1e-12)


def test_the_contrast_is_uncorrelated_with_the_entry_rating_under_the_fitted_covariance():
    drawn = simulate_ratings(WORLD, seed=3, replicates=1)
    seen, days = drawn.seen[0], drawn.days
    found = untreated_contrast(seen, days, before=BEFORE, after=AFTER, entry="first rating")
    cov = covariance_matrix(found.g, len(days))
    b, a = window_weights(seen, days, BEFORE), window_weights(seen, days, AFTER)
    u = entry_weights(seen, days, entry="first rating")
    k = ((u @ cov * b).sum(1) - (u @ cov * a).sum(1)) / (
        (u @ cov * u).sum(1) - (u @ cov * b).sum(1)
    )
    weights = a - b - k[:, None] * (b - u)
    keep = ~np.isnan(found.expected)
    np.testing.assert_allclose(weights[keep].sum(axis=1), 0, atol=1e-9)
    np.testing.assert_allclose((weights @ cov * u).sum(axis=1)[keep], 0, atol=1e-9)


# --- the twin -----------------------------------------------------------------------------------


def test_the_twin_keeps_entry_ratings_scale_and_seed(cohort):
    grid = day_grid(cohort.diary, cohort.people, "stiffness")
    g = autocovariance(*variogram(grid.seen, grid.days))
    how = {"entry": "first rating", "step": 0.0, "seed": 5}
    few, many = (draw_untreated(grid, g, centres=c, **how) for c in (250, 500))
    np.testing.assert_array_equal(few, many[:250])  # drawing more leaves the earlier as they are
    assert set(np.unique(few)) <= set(range(11))
    u = entry_weights(grid.seen, grid.days, entry="first rating")
    entry = (u * np.nan_to_num(grid.seen)).sum(axis=1)
    again = np.einsum("rnt,nt->rn", few, u)
    middle = (entry > 2) & (entry < 8)
    assert np.abs(again.mean(axis=0) - entry)[middle].mean() < 1.0


def test_unknown_entry_shows_the_range_and_a_known_one_itself(cohort):
    unknown = expected_without_treatment(cohort.diary, cohort.people, centres=100)
    assert list(dict.fromkeys(unknown.results.table["group"])) == [
        "no entry rule", "first rating >= 4", "first rating >= 6",
    ]  # fmt: skip
    assert "not recorded" in " ".join(unknown.conclusion)
    none = unknown.results.one(
        group="no entry rule", term="expected without treatment", measure="mean_difference"
    )
    assert none.estimate == 0
    known = expected_without_treatment(cohort.diary, cohort.people, entry="none", centres=100)
    assert set(known.results.table["group"]) == {"no entry rule"}
    assert all(len(v) == 100 for v in known.centres.values())


def test_a_large_true_fall_is_said_with_its_limits_and_nothing_is_said_of_a_null():
    real = simulate_diary(DiaryScenario(n_people=50, entry_rating=4, change=-2), seed=2).tables
    found = expected_without_treatment(real.diary, real.people, entry="first rating >= 4")
    said = " ".join(found.conclusion)
    assert "more than was to be expected" in said
    assert "placebo" in said
    assert found.results.one(measure="count_of_1000").estimate <= 5
    null = simulate_diary(WORLD, seed=21).tables
    said = " ".join(expected_without_treatment(null.diary, null.people, entry="none").conclusion)
    assert "neither shows nor rules out" in said


@pytest.mark.parametrize("word", ["improved", "effective", "works", "because of", "proves"])
def test_the_conclusion_never_claims_a_cause(word):
    for change in (-2.0, 0.0, 2.0):
        tables = simulate_diary(
            DiaryScenario(n_people=50, entry_rating=4, change=change), seed=2
        ).tables
        found = expected_without_treatment(tables.diary, tables.people, centres=100)
        assert word not in " ".join((*found.conclusion, *found.notes))


# --- data that cannot carry it ------------------------------------------------------------------


def test_diaries_that_cannot_carry_an_expectation_say_so(cohort):
    diary, people = cohort.diary, cohort.people
    start = people.set_index("person_id")["first_session"]
    day = (diary["date"] - diary["person_id"].map(start)).dt.days
    weekly = diary[day.mod(7) == 0]
    cases = {
        "no day before": diary[day >= 0],
        "people have enough rated days": diary[diary["person_id"].isin(people["person_id"][:3])],
        "every day": pd.concat([weekly, diary[day.between(-7, -4)], diary[day.between(28, 31)]])
        .drop_duplicates(["person_id", "date"])
        .groupby("person_id", group_keys=False).head(9),
        "never change": diary.assign(stiffness=10.0),
    }  # fmt: skip
    for words, thin in cases.items():
        found = expected_without_treatment(thin, people, entry="first rating >= 4", centres=100)
        assert not found.available, words
        assert found.reason.endswith(".")
        assert found.reason[0].isupper()
    with pytest.raises(NoExpectationError, match="no day before"):
        change_beyond_expectation(diary[day >= 0], people, "stiffness")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("first rating >= 4", EntryRule(by="first rating", at_least=4)),
        ("First rating ≥ 4.5", EntryRule(by="first rating", at_least=4.5)),
        ("first week mean >= 4", EntryRule(by="first week", at_least=4)),
        ("none", EntryRule()),
    ],
)
def test_entry_rules_are_read(text, rule):
    assert EntryRule.parse(text) == rule


@pytest.mark.parametrize("text", ["", "when it hurts", "first rating >= 40", "first rating < 4"])
def test_an_entry_rule_that_is_not_understood_says_how_to_write_one(text):
    with pytest.raises(UnknownEntryError, match="Write it like"):
        EntryRule.parse(text)


def test_the_method_check_is_measured_and_within_its_bars():
    for n in (12, 30, 60):
        table = method_check(n=n).table
        inside = table[(table["group"] == "inside the model")]
        alarms = inside.loc[inside["measure"] == "false alarm rate", "estimate"]
        assert len(alarms) >= 5
        assert alarms.between(0.035, 0.065).all()
        assert inside.loc[inside["measure"] == "coverage", "estimate"].between(0.93, 0.97).all()
        assert (table["n"] >= 2000).all()


def test_other_answers_have_rates_of_their_own():
    usual = method_check(n=40)
    assert set(usual.table["outcome"]) == {"stiffness"}
    pain = method_check(n=40, outcome="pain")
    assert set(pain.table["term"]) == {"nothing given", "a true fall of one point"}
    with pytest.raises(ValueError, match=r"outcome must be one of .*got 'mood'"):
        method_check(n=40, outcome="mood")


def test_the_page_shows_the_rates_that_were_measured():
    root = Path(__file__).parents[1]
    page = (root / "docs" / "expected_without_treatment.md").read_text(encoding="utf-8")
    table = pd.read_csv(root / "src" / "msspas_analysis" / "certify" / "twin" / "method_check.csv")
    shown = table[table["measure"].isin(["false alarm rate", "coverage"])]
    assert len(set(shown["outcome"])) > 8
    for (outcome, term), part in shown.groupby(["outcome", "term"]):
        words = term if outcome == "stiffness" else f"{outcome.replace('_', ' ')}: {term}"
        line = next(line for line in page.splitlines() if line.startswith("|")
                    and (f" {words} (covered)" in line or f" {words} |" in line))  # fmt: skip
        for rate in part["estimate"]:
            assert f"{100 * rate:.1f} %" in line
