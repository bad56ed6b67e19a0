"""A rule for going on: what passes by luck alone is exact, hope and effects only add to it."""

from dataclasses import replace

import numpy as np
import pytest

from msspas_analysis.certify.monte_carlo import ratio_row
from msspas_analysis.certify.studies.rule_runs import GIVEN, HOPE, LUCK, what_rules_pass
from msspas_analysis.simulate.world import World, steady
from test_simulate import exact_second_rating, within

ALIKE = replace(steady(World()), day_sd_spread=0.0, dropout_weekly=0.0)


def share(found, term, measure="passed", *, group="one rating", rule="fall of 20 %"):
    return found.one(outcome=rule, group=group, term=term, measure=measure)


@pytest.fixture(scope="module")
def usual():
    return what_rules_pass(replicates=1024, seed=5)


def test_luck_alone_passes_what_the_closed_form_says():
    found = what_rules_pass(cuts=[0.2], ratings=[1], world=ALIKE, replicates=1024, seed=2)
    row = share(found, LUCK)
    exact = exact_second_rating(28)["fell"]
    assert 0.2 < exact < 0.5
    assert within(row.estimate, exact, row.std_error)
    assert (row.n, found.table["n"].nunique()) == (1024, 1)


def test_where_the_treatment_does_nothing_all_who_pass_would_have_passed_anyway():
    found = what_rules_pass(effect=0.0, replicates=128, seed=3)
    for group in ("one rating", "mean of 7 days"):
        assert share(found, GIVEN, group=group).estimate == share(found, HOPE, group=group).estimate
        assert share(found, GIVEN, "passed_anyway", group=group).estimate == 1.0
        assert share(found, GIVEN, "helped_of_passed", group=group).estimate == 0.0


def test_where_nobody_expects_anything_hope_adds_nothing():
    found = what_rules_pass(expectation=0.0, ratings=[1], replicates=128, seed=3)
    assert share(found, HOPE).estimate == share(found, LUCK).estimate


def test_an_effect_the_same_in_everybody_only_adds_people_who_pass():
    found = what_rules_pass(effect=-1.0, effect_sd=0.0, ratings=[1], replicates=512, seed=4)
    given, hope = share(found, GIVEN), share(found, HOPE)
    assert given.estimate > hope.estimate + 0.1
    # nobody who passes without it fails with it, so those who pass anyway are all who pass without
    anyway = share(found, GIVEN, "passed_anyway").estimate
    assert anyway * given.estimate == pytest.approx(hope.estimate, abs=1e-12)
    assert share(found, GIVEN, "helped_of_others").estimate == 1.0


def test_what_the_notebook_tells(usual):
    # a week's mean lets less luck through than one rating, and a larger fall less than a smaller one
    week = {"group": "mean of 7 days"}
    assert share(usual, LUCK, **week).estimate < share(usual, LUCK).estimate - 0.1
    for term in (LUCK, HOPE, GIVEN):
        less = share(usual, term, rule="fall of 30 %").estimate
        assert less < share(usual, term).estimate - 0.1
    # most who pass would have passed without what is in the spray
    assert share(usual, GIVEN, "passed_anyway", **week).estimate > 0.7
    # whom it helps pass more often, and most who pass are not among them
    helped = share(usual, GIVEN, "helped_of_passed", **week).estimate
    assert share(usual, GIVEN, "helped_of_others", **week).estimate < helped < 0.2


def test_a_fifth_of_whole_numbers_is_easier_from_5_than_from_6(usual):
    five, six = (share(usual, LUCK, group=f"one rating, from {k}").estimate for k in (5, 6))
    assert five > six + 0.1
    # from 6 a fall of two points is both a fifth and three tenths
    other = share(usual, LUCK, group="one rating, from 6", rule="fall of 30 %").estimate
    assert other == six
    groups = set(usual.table["group"])
    assert {f"one rating, from {k}" for k in range(4, 11)} <= groups
    assert "one rating, from 3" not in groups  # nobody comes in there


def test_a_treatment_takes_a_fortnight():
    def gained(days):
        found = what_rules_pass(cuts=[0.2], ratings=[1], days=days, effect=-2.0, effect_sd=0.0,
                                replicates=256, seed=8)  # fmt: skip
        return share(found, GIVEN).estimate - share(found, HOPE).estimate

    # the effect grows evenly: half of it is there after a week
    assert gained(7) < 0.75 * gained(14)
    assert gained(28) == pytest.approx(gained(14), abs=0.05)


def test_what_it_rests_on_is_told_with_its_status(usual):
    assert "-0.32 points [published, Wade 2010]" in usual.notes[-1]
    other = what_rules_pass(effect=-1.0, entry_rating=None, ratings=[1], replicates=64).notes[-1]
    assert "-1 points [set here]" in other
    assert "all people come in" in other


def test_people_who_leave_do_not_pass():
    stay, leave = (
        what_rules_pass(cuts=[0.2], ratings=[1], replicates=256, seed=6, lost=lost)
        for lost in (0.0, 0.4)
    )
    gone = share(leave, LUCK).estimate / share(stay, LUCK).estimate
    assert gone == pytest.approx(0.6, abs=0.02)


def test_more_runs_leave_the_first_as_they_are():
    few, many = (what_rules_pass(ratings=[1], replicates=k, seed=7) for k in (512, 640))
    again = what_rules_pass(ratings=[1], replicates=512, seed=7)
    assert few.table["estimate"].tolist() == again.table["estimate"].tolist()
    assert abs(share(few, LUCK).estimate - share(many, LUCK).estimate) < 0.01
    seen = []
    what_rules_pass(replicates=600, seed=7, progress=lambda d, t, w: seen.append((d, t)))
    assert seen == [(512, 1200), (600, 1200), (1112, 1200), (1200, 1200)]


def test_the_error_of_a_ratio_is_that_of_many_ratios():
    rng = np.random.default_rng(1)
    got = []
    for _ in range(2000):
        bottom = rng.integers(5, 30, 60).astype(float)
        row = ratio_row("x", rng.binomial(bottom.astype(int), 0.3).astype(float), bottom)
        got.append((row["estimate"], row["std_error"], row["conf_low"], row["conf_high"]))
    estimate, error, low, high = np.array(got).T
    assert error.mean() == pytest.approx(estimate.std(), rel=0.05)
    assert np.mean((low < 0.3) & (high > 0.3)) == pytest.approx(0.95, abs=0.02)


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"cuts": [20]}, "cuts must lie between 0 and 1, got 20"),
        ({"cuts": []}, "cuts must hold at least one number"),
        ({"ratings": [0]}, "ratings must be 1 to 28 days, got 0"),
        ({"ratings": [7], "days": 7}, "days must be more than the 7 averaged"),
        ({"helped": 0}, "helped must be above 0"),
        ({"people": 1}, "people must be 2 or more, got 1"),
        ({"replicates": 1}, "replicates must be 2 or more, got 1"),
        ({"effect": -11.0}, "effect must be -10 to 10"),
        ({"lost": 1.0}, "lost must be"),
        ({"entry_rating": 11.0}, "entry_rating must be"),
    ],
)
def test_what_cannot_be_is_refused(how, said):
    with pytest.raises(ValueError, match=said):
        what_rules_pass(**how)
