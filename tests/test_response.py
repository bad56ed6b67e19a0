"""Non-response that goes with severity: laws of the model, and simulated surveys it must undo."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.special import expit
from scipy.stats import binom

from msspas_analysis.estimate.prevalence.proportions import proportion_interval
from msspas_analysis.estimate.prevalence.response import (
    apparent_shares,
    explaining_odds_ratio,
    implied_or_worse,
    implied_shares,
    required_odds_ratio,
    response_bounds,
    response_sensitivity,
)
from msspas_analysis.simulate.survey import SEVERITIES, SurveyScenario, simulate_survey

# shares of the six grades among those who answered a registry's survey: Rizzo 2004, PMID 15471378
RIZZO = dict(zip(SEVERITIES, (0.16, 0.31, 0.19, 0.17, 0.13, 0.04), strict=True))
SEEN = np.array(list(RIZZO.values()))


def by_equation(population, response_rate, odds_ratio):
    """Solve the model as it is written: odds of answering, one start, and a given turnout."""
    place = np.arange(len(population))
    answers = lambda start: expit(start + place * math.log(odds_ratio))  # noqa: E731
    start = brentq(lambda a: population @ answers(a) - response_rate, -60, 60, xtol=1e-14)
    return population * answers(start) / response_rate


shares = st.lists(st.floats(0.01, 1), min_size=2, max_size=7).map(lambda x: np.array(x) / sum(x))


@given(shares, st.floats(0.05, 0.95), st.floats(0.2, 5))
@settings(max_examples=60, deadline=None)
def test_what_the_model_does_to_a_population_is_undone(population, rate, theta):
    seen = apparent_shares(population, response_rate=rate, odds_ratio=theta)
    np.testing.assert_allclose(seen, by_equation(population, rate, theta), rtol=1e-9)
    back = implied_shares(seen, response_rate=rate, odds_ratio=theta)
    np.testing.assert_allclose(back, population, rtol=1e-9)


@given(shares, st.floats(0.05, 0.95), st.floats(0.3, 3), st.integers(1, 6))
@settings(max_examples=30, deadline=None)
def test_the_odds_ratio_that_is_asked_for_does_it(seen, rate, theta, level):
    level = min(level, len(seen) - 1)
    for shares_of, turned in (("respondents", implied_shares), ("population", apparent_shares)):
        target = turned(seen, response_rate=rate, odds_ratio=theta)[level:].sum()
        if not 0 < target < 1:
            continue
        got = required_odds_ratio(
            seen, target=float(target), at_least=level, response_rate=rate, shares_of=shares_of
        )
        again = turned(seen, response_rate=rate, odds_ratio=got)[level:].sum()
        assert again == pytest.approx(target, abs=1e-13)
        assert got == pytest.approx(theta, rel=1e-8)


@given(shares, st.floats(0.05, 0.95))
@settings(max_examples=40, deadline=None)
def test_shares_fall_with_the_odds_ratio_between_the_bounds(seen, rate):
    grid = np.exp(np.linspace(-4, 4, 33))
    worse, _ = implied_or_worse(seen, n=100, response_rate=rate, odds_ratio=grid)
    assert (np.diff(worse, axis=0) < 0).all()
    observed = np.cumsum(seen[::-1])[::-1][1:]
    np.testing.assert_allclose(worse[16], observed, rtol=1e-12)  # an odds ratio of 1
    assert (worse > rate * observed).all()
    assert (worse < rate * observed + 1 - rate).all()
    for i in (0, 20):
        alone, error = implied_or_worse(seen, n=100, response_rate=rate, odds_ratio=grid[i])
        np.testing.assert_array_equal(worse[i], alone)
        assert (error > 0).all()


@given(shares, st.floats(0.05, 0.95), st.floats(0.2, 5))
@settings(max_examples=30, deadline=None)
def test_the_error_is_that_of_the_counts_of_everybody_asked(seen, rate, theta):
    # answers at each level and silence are multinomial: its variance, with slopes by differences
    chance = np.append(seen * rate, 1 - rate)

    def share(p):
        answered = p[:-1].sum()
        q = implied_shares(p[:-1] / answered, response_rate=answered, odds_ratio=theta)
        return np.cumsum(q[::-1])[::-1][1:]

    def moved(j, by):
        p = chance.copy()
        p[j] += by
        return share(p)

    slope = np.array([
        (moved(j, 1e-6) - moved(j, -1e-6)) / 2e-6 for j in range(len(seen))
    ] + [np.zeros(len(seen) - 1)])  # fmt: skip
    asked = 500 / rate
    variance = (chance @ slope**2 - (chance @ slope) ** 2) / asked
    _, error = implied_or_worse(seen, n=500, response_rate=rate, odds_ratio=theta)
    np.testing.assert_allclose(error, np.sqrt(variance), rtol=1e-6)


def test_few_or_nearly_all_answer():
    for rate in (1e-9, 1 - 1e-9):
        seen = apparent_shares(SEEN, response_rate=rate, odds_ratio=3.0)
        back = implied_shares(seen, response_rate=rate, odds_ratio=3.0)
        np.testing.assert_allclose(back, SEEN, rtol=1e-6)


def test_turning_the_scale_round_turns_the_odds_ratio_round():
    a = implied_shares(SEEN, response_rate=0.6, odds_ratio=1.3)
    b = implied_shares(SEEN[::-1], response_rate=0.6, odds_ratio=1 / 1.3)
    np.testing.assert_allclose(a, b[::-1], rtol=1e-12)
    everybody = implied_shares(SEEN, response_rate=1.0, odds_ratio=7.0)
    np.testing.assert_allclose(everybody, SEEN, rtol=1e-12)
    np.testing.assert_allclose(
        apparent_shares(SEEN, response_rate=1.0, odds_ratio=7.0), SEEN, rtol=1e-12
    )


def test_two_levels_have_a_closed_form():
    # 84 % seen, 66 % true, 60 % answered: 39 % of the silent have it
    silent = (0.66 - 0.6 * 0.84) / 0.4
    odds = (0.84 / 0.16) / (silent / (1 - silent))
    got = required_odds_ratio([0.16, 0.84], target=0.66, at_least=1, response_rate=0.6)
    assert got == pytest.approx(odds, rel=1e-12)


def test_what_84_per_cent_would_take_to_be_66():
    got = explaining_odds_ratio(RIZZO, n=12_000, target=0.66, at_least="minimal", response_rate=0.6)
    ratio = got.one(measure="odds_ratio_per_level")
    sensitivity = response_sensitivity(
        RIZZO, n=12_000, response_rate=0.6, odds_ratios=[1, ratio.estimate]
    )
    table = sensitivity.table
    assert table["estimate"].iloc[0] == pytest.approx(0.84, rel=1e-12)
    assert table["estimate"].iloc[5] == pytest.approx(0.66, abs=1e-12)
    assert table["n_missing"].unique().tolist() == [8000]
    assert ratio.conf_low < ratio.estimate < ratio.conf_high
    # each level answers at odds that many times those of the one before
    response = got.table[got.table["measure"] == "response_proportion"]["estimate"].to_numpy()
    odds = response / (1 - response)
    np.testing.assert_allclose(odds[1:] / odds[:-1], ratio.estimate, rtol=1e-9)
    everybody = implied_shares(SEEN, response_rate=0.6, odds_ratio=ratio.estimate)
    assert response @ everybody == pytest.approx(0.6, rel=1e-12)
    # the other way round: from the population to what is seen
    known = dict(zip(SEVERITIES, everybody, strict=True))
    back = explaining_odds_ratio(
        known, n=12_000, target=0.84, at_least="minimal", response_rate=0.6, shares_of="population"
    ).one(measure="odds_ratio_per_level")
    assert back.estimate == pytest.approx(ratio.estimate, rel=1e-9)
    assert math.isnan(back.conf_low)


def test_bounds_are_those_of_everybody_asked():
    got = response_bounds(RIZZO, n=600, response_rate=0.6, conf_level=0.9)
    for term, yes in (("minimal or worse", 504), ("moderate or worse", 204)):
        for measure, count in (("lowest", yes), ("highest", yes + 400)):
            row = got.one(measure=f"{measure}_proportion_or_worse", term=term)
            low, high = map(float, proportion_interval(count, 1000, conf_level=0.9))
            assert row.estimate == pytest.approx(count / 1000, rel=1e-12)
            assert (row.conf_low, row.conf_high) == pytest.approx((low, high), rel=1e-12)
    assert len(got.table) == 10


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match=r"turns 0\.84 into 0\.3 .* between 0\.504 and 0\.904"):
        required_odds_ratio(SEEN, target=0.3, at_least=1, response_rate=0.6)
    with pytest.raises(
        ValueError, match=r"turns 0\.84 into 0\.3 .* between 0\.7333 and 1 whatever"
    ):
        required_odds_ratio(SEEN, target=0.3, at_least=1, response_rate=0.6, shares_of="population")
    with pytest.raises(ValueError, match=r"add up to 1, got a sum of 0\.9"):
        implied_shares([0.5, 0.4], response_rate=0.5, odds_ratio=1)
    with pytest.raises(ValueError, match="response_rate lies above 0 and is at most 1, got 0"):
        implied_shares([0.5, 0.5], response_rate=0, odds_ratio=1)
    with pytest.raises(ValueError, match="odds_ratio is above 0, got -1"):
        apparent_shares([0.5, 0.5], response_rate=0.5, odds_ratio=-1)
    with pytest.raises(ValueError, match="at least two levels"):
        response_bounds({"any": 1.0}, n=5, response_rate=0.5)
    with pytest.raises(ValueError, match="at_least 'none' is none of"):
        explaining_odds_ratio(RIZZO, n=9, target=0.5, at_least="none", response_rate=0.5)
    with pytest.raises(ValueError, match="n must be above 0"):
        implied_or_worse([0.5, 0.5], n=0, response_rate=0.5, odds_ratio=1)
    with pytest.raises(ValueError, match="shares_of 'all' is unknown"):
        required_odds_ratio(SEEN, target=0.7, at_least=1, response_rate=0.5, shares_of="all")
    with pytest.raises(ValueError, match="odds_ratios is empty"):
        response_sensitivity(RIZZO, n=9, response_rate=0.5, odds_ratios=[])
    nobody = response_sensitivity({"a": 0.4, "b": 0.0, "c": 0.6}, n=9, response_rate=0.5)
    assert any("Nobody who answered is at: b" in note for note in nobody.notes)


# --- known truth -----------------------------------------------------------------------------------


def test_a_survey_simulated_from_the_model_is_undone():
    world = SurveyScenario(
        n_people=40_000, response_share=0.3, response_odds_per_level=1.5, severity_missing_rate=0.0
    )
    drawn = simulate_survey(world, seed=3)
    seen = drawn.respondents["severity"].value_counts(normalize=True).sort_index()
    n, rate = len(drawn.respondents), len(drawn.respondents) / 40_000
    truth = (drawn.truth["severity"].value_counts(normalize=True).sort_index())[::-1].cumsum()[::-1]
    got = response_sensitivity(
        dict(zip(SEVERITIES, seen, strict=True)), n=n, response_rate=rate, odds_ratios=[1.0, 1.5]
    ).table
    as_seen, undone = got.iloc[:5], got.iloc[5:]
    assert (
        (undone["estimate"].to_numpy() - truth[1:]).abs() < 3.5 * undone["std_error"].to_numpy()
    ).all()
    assert (as_seen["estimate"].to_numpy()[:3] - truth.to_numpy()[1:4] > 0.03).all()
    true_any = float(truth.iloc[1])
    ratio = explaining_odds_ratio(
        dict(zip(SEVERITIES, seen, strict=True)), n=n, target=true_any, at_least="minimal",
        response_rate=rate,
    ).one(measure="odds_ratio_per_level")  # fmt: skip
    assert ratio.conf_low < 1.5 < ratio.conf_high


def test_the_error_covers_when_the_odds_ratio_is_right():
    # 4,000 surveys of 800 people asked; Monte Carlo error of a coverage near 0.95 is 0.0034
    rng = np.random.default_rng(5)
    population, theta, asked = np.array([0.35, 0.25, 0.2, 0.2]), 1.4, 800
    answers = expit(-0.5 + np.arange(4) * math.log(theta))
    chance = np.append(population * answers, 1 - population @ answers)
    count = rng.multinomial(asked, chance, 4000)[:, :4]
    n = count.sum(axis=1)
    found, error = implied_or_worse(
        count / n[:, None], n=n, response_rate=n / asked, odds_ratio=theta
    )
    truth = np.cumsum(population[::-1])[::-1][1:]
    hits = (np.abs(found - truth) <= 1.959963984540054 * error).mean(axis=0)
    low, high = binom.interval(0.9999, 4000, 0.95)
    assert ((hits * 4000 > low - 20) & (hits * 4000 < high + 20)).all()
    np.testing.assert_allclose(error.mean(axis=0), found.std(axis=0), rtol=0.04)
    # its interval for the odds ratio, from the shares and the true prevalence
    inside = 0
    for one, size in zip(count[:400], n[:400], strict=True):
        row = explaining_odds_ratio(
            dict(zip("abcd", one / size, strict=True)), n=int(size), target=truth[0],
            at_least="b", response_rate=size / asked,
        ).one(measure="odds_ratio_per_level")  # fmt: skip
        inside += row.conf_low <= theta <= row.conf_high
    assert inside / 400 == pytest.approx(0.95, abs=0.035)
