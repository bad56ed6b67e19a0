"""Power by running trials: the search finds a size that is known, and says how sure it is."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import msspas_analysis as ms
from msspas_analysis.certify.plan import power as searched
from msspas_analysis.certify.plan.power import people_needed, power_by_people
from msspas_analysis.certify.studies.certificate import certify_analysis
from msspas_analysis.certify.studies.replicates import trial_replicates

TRIAL = ms.DESIGNS["T2"]


def exact(effect):
    """Return the power of a t test of two arms of n/2 with this standardised effect."""

    def power(n):
        df = n - 2
        return stats.nct.sf(stats.t.ppf(0.975, df), df, effect * np.sqrt(n) / 2)

    return power


def pretend(monkeypatch, power):
    """Let a size be found by the toss of a coin with its known power."""

    def tried(design, people, effect, analysis, world, replicates, seed):
        found = np.random.default_rng([seed, people]).binomial(replicates, power(people))
        return searched._Tried(people=people, found=int(found), runs=replicates)

    monkeypatch.setattr(searched, "_try", tried)


@pytest.mark.parametrize(("effect", "asked"), [(0.4, 0.8), (0.7, 0.9), (0.2, 0.8), (1.5, 0.6)])
def test_the_size_that_is_found_is_the_size_there_is(monkeypatch, effect, asked):
    power = exact(effect)
    pretend(monkeypatch, power)
    n = np.arange(6, 2000)
    truth = np.interp(asked, power(n), n)
    inside = []
    for seed in range(60):
        row = people_needed(TRIAL, effect=-1, power=asked, seed=seed, replicates=2000).one(
            measure="people"
        )
        inside.append(row.conf_low <= truth <= row.conf_high)
        assert row.estimate == pytest.approx(truth, rel=0.08)
    assert np.mean(inside) >= 0.85  # 95 % but for the line not being quite straight; error 0.03


def test_a_real_search_confirms_itself_and_agrees_with_the_certificate():
    got = people_needed(TRIAL, effect=-1.5, power=0.8, replicates=1024, seed=3)
    row = got.one(measure="people")
    confirmed = got.table[got.table["term"].str.startswith("confirmed")].iloc[0]
    assert confirmed["term"] == f"confirmed, {int(np.ceil(row.estimate))} people"
    assert confirmed["estimate"] == pytest.approx(0.8, abs=0.06)
    sizes = got.table[got.table["term"].str.fullmatch(r"\d+ people")]
    n = sizes["term"].str.removesuffix(" people").astype(int)
    assert n.is_monotonic_increasing
    assert n.min() < row.estimate < n.max()
    size = int(n.iloc[0])
    drawn = trial_replicates(searched.resized(TRIAL, size), effect=-1.5, replicates=1024, seed=3)
    same = certify_analysis("ANCOVA", drawn).results.one(measure="power")
    assert sizes["estimate"].iloc[0] == pytest.approx(same.estimate, abs=0.003)


def test_larger_trials_and_larger_effects_find_more():
    seen = []
    got = power_by_people(TRIAL, [30, 60, 120], effect=-1.0, replicates=1024, seed=1,
                          progress=lambda *told: seen.append(told))  # fmt: skip
    assert got.table["estimate"].is_monotonic_increasing
    assert seen == [(1, 3, "sizes"), (2, 3, "sizes"), (3, 3, "sizes")]
    more = power_by_people(TRIAL, [60], effect=-2.0, replicates=1024, seed=1)
    assert more.table["estimate"].iloc[0] > got.table["estimate"].iloc[1]
    low, high = got.table[["conf_low", "conf_high"]].iloc[1]
    assert low < got.table["estimate"].iloc[1] < high
    assert any("small pilot" in note for note in got.notes)


def test_one_world_alone_is_drawn_as_with_the_other():
    alone = trial_replicates(TRIAL, effect=-1.0, replicates=128, seed=1, null=False)
    both = trial_replicates(TRIAL, effect=-1.0, replicates=128, seed=1)
    np.testing.assert_array_equal(
        alone.scores["claimed effect"]["after"], both.scores["claimed effect"]["after"]
    )
    assert alone.number == 128
    assert alone.truth == both.truth
    with pytest.raises(ValueError, match="hold one world"):
        certify_analysis("ANCOVA", alone)


def test_what_cannot_be_reached_or_asked_is_refused(monkeypatch):
    with pytest.raises(ValueError, match="power must be between"):
        people_needed(TRIAL, effect=-1, power=1.0)
    with pytest.raises(ValueError, match="people is empty"):
        power_by_people(TRIAL, [], effect=-1)
    with pytest.raises(ValueError, match="analysis must be one of"):
        power_by_people(TRIAL, [40], effect=-1, analysis="t")
    with pytest.raises(ValueError, match="these replicates have none"):
        power_by_people(ms.DESIGNS["T1"], [40], effect=-1, replicates=128)
    pretend(monkeypatch, exact(0.05))
    with pytest.raises(ValueError, match="500 people have a power of 0"):
        people_needed(TRIAL, effect=-1, most=500)
    pretend(monkeypatch, lambda n: 0.97)
    with pytest.raises(ValueError, match="already has a power of"):
        people_needed(TRIAL, effect=-1, power=0.8)
