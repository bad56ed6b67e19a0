"""A trial run many times: right analyses err as often as they say, arms alone err always."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from msspas_analysis.certify.studies.trial_runs import what_trials_show, without_expectation
from msspas_analysis.simulate.templates import DESIGNS
from msspas_analysis.simulate.trials import BLOCK_OF_VISITS
from msspas_analysis.simulate.world import World, steady
from test_simulate import exact_second_rating

TRIALS = 4096


@pytest.fixture(scope="module")
def nothing_works():
    return what_trials_show(DESIGNS["T2"], steady(without_expectation()), trials=TRIALS, seed=3)


def test_where_nothing_works_the_comparison_of_arms_is_right(nothing_works):
    row = nothing_works.one(measure="called a difference")
    assert row.estimate == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / TRIALS))
    cover = nothing_works.one(measure="coverage")
    assert cover.estimate == pytest.approx(1 - row.estimate, abs=1e-12)
    difference = nothing_works.one(term="reflexology - sham", measure="mean_difference")
    assert difference.estimate == pytest.approx(0.0, abs=4 * difference.std_error)
    assert nothing_works.one(measure="true_difference").estimate == 0.0
    assert difference.n == TRIALS


def test_and_each_arm_by_itself_shows_regression_to_the_mean(nothing_works):
    design = DESIGNS["T2"]
    want = exact_second_rating(design.visits[-1] - design.visits[0])["change"]
    assert design.entry_rating == 4
    assert want < -0.4
    alike = replace(steady(without_expectation()), day_sd_spread=0.0)
    whole, lossy = (
        what_trials_show(one, alike, trials=TRIALS, seed=3)
        for one in (replace(design, lost=None), replace(design, lost=0.2, lost_slope=0.5))
    )
    for arm in ("reflexology", "sham"):
        row = whole.one(term=arm, measure="mean_difference")
        assert row.estimate == pytest.approx(want, abs=4 * row.std_error)
        assert whole.one(term=arm, measure="called a change").estimate > 0.2
        # a fifth are lost, those who got worse first: the others look better
        left = lossy.one(term=arm, measure="mean_difference")
        assert left.estimate < row.estimate - 4 * row.std_error
        # and people whose days differ more in size have more luck to lose
        uneven = nothing_works.one(term=arm, measure="mean_difference")
        assert uneven.estimate < row.estimate


def test_an_effect_is_found_in_its_true_size():
    design = DESIGNS["T2"]
    works = replace(design.treatments[0], effect=-1.5)
    design = replace(design, treatments=(works, *design.treatments[1:]))
    got = what_trials_show(design, trials=1024, seed=4)
    true = got.one(measure="true_difference")
    found = got.one(term="reflexology - sham", measure="mean_difference")
    assert -1.5 < true.estimate < -1.0  # rounded and bounded: less than the latent effect
    # ANCOVA and the plain difference of what the treatment did are not quite the same number
    assert found.estimate == pytest.approx(true.estimate, abs=4 * found.std_error + 0.05)
    assert got.one(measure="called a difference").estimate > 0.6


def test_a_sham_that_is_seen_through_looks_like_an_effect():
    got = what_trials_show(DESIGNS["T2-seen"], trials=2048, seed=5)
    assert got.one(measure="true_difference").estimate == 0.0
    assert got.one(measure="called a difference").estimate > 0.07
    assert got.one(term="reflexology - sham", measure="mean_difference").estimate < -0.2


def test_blocks_and_progress():
    said = []
    many = what_trials_show(
        DESIGNS["T1"], trials=BLOCK_OF_VISITS + 100, seed=6,
        progress=lambda done, of, what: said.append((done, of, what)),
    )  # fmt: skip
    assert said == [(512, 612, "trials"), (612, 612, "trials")]
    assert set(many.table["term"]) == {"TENS"}
    assert what_trials_show(DESIGNS["T1"], trials=10, seed=6).table["n"].eq(10).all()


def test_a_control_can_be_named_and_a_diary_column_analysed():
    got = what_trials_show(DESIGNS["T2-dose"], trials=64, control="placebo", seed=7)
    terms = set(got.table["term"])
    assert {f"dose {i} - placebo" for i in (1, 2, 3)} <= terms
    pain = what_trials_show(DESIGNS["T6-case"], trials=4, outcome="pain", seed=7)
    assert set(pain.table["measure"]) == {"mean_difference", "called a change"}


@pytest.mark.parametrize(
    ("code", "how", "says"),
    [
        ("T2", {"trials": 1}, "trials must be 2 or more, got 1"),
        ("T4", {}, "T4 has 2 periods"),
        (
            "T2",
            {"control": "nobody"},
            r"control 'nobody' is no arm of T2; there are \['reflexology'",
        ),
        ("T2", {"outcome": "pain", "trials": 2}, "outcome 'pain' is not rated"),
    ],
)
def test_what_cannot_be_run_is_refused(code, how, says):
    with pytest.raises(ValueError, match=says):
        what_trials_show(DESIGNS[code], **how)


def test_a_world_without_expectation_keeps_everything_else():
    world = World(day_sd=2.0)
    assert without_expectation(world) == replace(world, placebo_mean=0.0, placebo_sd=0.0)
