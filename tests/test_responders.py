"""Responder curves, reliable change and anchors: answers of R, laws, a known truth, refusals."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from msspas_analysis.estimate.change.anchors import anchor_summary, predictive_cut, youden_cut
from msspas_analysis.estimate.change.reliable_change import (
    ar1_days,
    reliable_change,
    reliable_change_ar,
    window_difference_variance,
)
from msspas_analysis.estimate.change.responders import (
    largest_gap,
    responder_counts,
    responder_curve,
)
from msspas_analysis.estimate.people import RowsAreNotPeopleError
from msspas_analysis.tables import Window

REFERENCE = Path(__file__).parent / "reference"
DATA = pd.read_csv(REFERENCE / "responders_data.csv")
DAYS = pd.read_csv(REFERENCE / "responders_days.csv")
ORACLE = pd.read_csv(REFERENCE / "responders.csv")
LEVELS = (0.90, 0.95, 0.99)
ENDS = ("estimate", "conf_low", "conf_high")
SEVEN = ["very much worse", "much worse", "worse", "no change", "better", "much better",
         "very much better"]  # fmt: skip
BETTER = SEVEN[4:]
# closed forms and ufuncs of scipy and R agree to about 1e-12
TIGHT = {"rel": 1e-9, "abs": 1e-12}


def data(name: str) -> pd.DataFrame:
    """One row per person: person_id, arm, before, after, and the anchor where there is one."""
    if name == "anorexia":
        d = pd.read_csv(REFERENCE / "anorexia.csv")
        names = {"Treat": "arm", "Prewt": "before", "Postwt": "after"}
    elif name == "btheb":
        d = pd.read_csv(REFERENCE / "bthe_b.csv")
        names = {"treatment": "arm", "bdi.pre": "before", "bdi.2m": "after"}
    else:
        return DATA[DATA["dataset"] == name].reset_index(drop=True)
    d = d.rename(columns=names)[["arm", "before", "after"]]
    return d.assign(person_id=[f"P{i:03d}" for i in range(len(d))])


CONTROL = {"anorexia": "Cont", "btheb": "TAU"}


def of_r(name: str, level: float) -> dict[tuple[str, float], dict[str, float]]:
    part = ORACLE[(ORACLE["dataset"] == name) & np.isclose(ORACLE["conf_level"], level)]
    told: dict[tuple[str, float], dict[str, float]] = {}
    for row in part.itertuples():
        told.setdefault((row.measure, -999 if np.isnan(row.cut) else row.cut), {})[row.quantity] = (
            row.value
        )
    return told


def one_of_r(name: str, level: float, measure: str) -> tuple[float, dict[str, float]]:
    ((cut, told),) = [(c, v) for (m, c), v in of_r(name, level).items() if m == measure]
    return cut, told


def same(row, want, quantities, **tolerance):
    for name in quantities:
        assert row[name] == pytest.approx(want[name], **(tolerance or TIGHT)), name


def curve(d: pd.DataFrame, name: str, **how):
    better = "higher" if name == "anorexia" else "lower"
    return responder_curve(
        d, outcome="y", arm="arm", control=CONTROL.get(name, "placebo"), better=better, **how
    )


# --------------------------------------------------------------------------------- oracles: curves


@pytest.mark.oracle("responder_curve", "R 4.2.2 prop.test (responders.R)")
@pytest.mark.parametrize("missing", ["left out", "not responders"])
@pytest.mark.parametrize("scale", ["points", "percent"])
@pytest.mark.parametrize("name", ["two", "whole", "large", "anorexia", "btheb"])
def test_the_responder_curve_is_that_of_r(name, scale, missing):
    d, label = data(name), f"{name} {scale} {missing}"
    seen = 0
    for level in LEVELS:
        for (measure, cut), want in of_r(label, level).items():
            kind, arm = measure.split(" ", 1)
            if kind != "share":
                continue
            answer = curve(d, name, scale=scale, missing=missing, cuts=[cut], conf_level=level)
            row = answer.one(measure="proportion", group=arm)
            same(row, want, (*ENDS, "n", "n_missing"))
            seen += 1
    assert seen >= 12


@pytest.mark.oracle("responder_curve", "R 4.2.2 ks.test (responders.R)")
@pytest.mark.parametrize("missing", ["left out", "not responders"])
@pytest.mark.parametrize("scale", ["points", "percent"])
@pytest.mark.parametrize("name", ["two", "whole", "large", "anorexia", "btheb"])
def test_the_largest_gap_is_that_of_r(name, scale, missing):
    d, control = data(name), CONTROL.get(name, "placebo")
    found = 0
    for (measure, cut), want in of_r(f"{name} {scale} {missing}", 0.95).items():
        kind, arm = measure.split(" ", 1)
        if kind != "gap":
            continue
        for level in LEVELS:
            answer = curve(d, name, scale=scale, missing=missing, conf_level=level)
            row = answer.one(measure="largest_gap", group=f"{arm} - {control}")
            same(row, want, ("estimate", "statistic", "p_value"))
            half = want[f"half_{round(100 * level)}"]
            assert row.conf_low == pytest.approx(max(-1, want["estimate"] - half), rel=1e-9)
            assert row.conf_high == pytest.approx(min(1, want["estimate"] + half), rel=1e-9)
            assert float(row.term.split()[4]) == pytest.approx(cut, rel=1e-8, abs=1e-9)
            assert ("exact" in row.method) == bool(want["exact"])
            if len(answer.table["group"].unique()) == 3:  # two arms: the whole curve
                shares = answer.table["measure"].eq("proportion").sum()
                assert shares == 2 * want["cuts"]
        found += 1
    assert found == (2 if name == "anorexia" else 1)


def test_the_oracle_of_gaps_has_ties_the_limit_missing_people_and_zeros():
    exact = ORACLE.loc[ORACLE["quantity"].eq("exact"), "value"]
    assert set(exact) == {0.0, 1.0}
    assert data("two")["after"].isna().sum() == 5
    assert data("two")["before"].min() == 0
    assert data("whole")["before"].sub(data("whole")["after"]).duplicated().any()


def test_exact_p_of_the_largest_gap_by_dealing_out_all_arms():
    rng = np.random.default_rng(2)
    for gains in (
        rng.normal(size=9),
        rng.integers(0, 4, 9).astype(float),
        np.r_[-np.inf, -np.inf, 1:8],
    ):
        got = largest_gap(gains, np.arange(9) < 4)
        every = []
        for who in combinations(range(9), 4):
            treated = np.isin(np.arange(9), who)
            every.append(max(
                abs(round(20 * np.mean(gains[treated] >= c) - 20 * np.mean(gains[~treated] >= c)))
                for c in gains
            ))  # fmt: skip
        mine = round(20 * abs(float(got.estimate)))
        assert got.p_value == pytest.approx(np.mean(np.array(every) >= mine), rel=1e-12)


# ------------------------------------------------------------------------ oracles: reliable change


@pytest.mark.oracle("reliable_change", "R 4.2.2 (responders.R)")
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", ["two", "whole", "large", "btheb"])
def test_reliable_change_is_that_of_r(name, level):
    answer = reliable_change(
        data(name), outcome="y", icc=0.83, icc_source="a test", conf_level=level
    )
    for term in ("less", "same", "more"):
        _, want = one_of_r(name, level, f"reliable {term}")
        same(answer.one(measure="proportion", term=term), want, (*ENDS, "n"))
    _, want = one_of_r(name, level, "reliable threshold")
    threshold = answer.one(measure="reliable_change_threshold").estimate
    assert threshold == pytest.approx(want["estimate"], rel=1e-9)
    expected = answer.table.loc[answer.table["measure"].eq("expected_proportion"), "estimate"]
    assert expected.sum() == pytest.approx(want["expected"], rel=1e-9)
    assert len(expected) == 2


def day_grid(days: pd.DataFrame, first: int, last: int) -> np.ndarray:
    wide = days.pivot(index="person_id", columns="day", values="value")
    return wide.reindex(columns=range(first, last + 1)).to_numpy()


@pytest.mark.oracle("ar1_days", "R 4.2.2, nlme (responders.R)")
def test_day_to_day_spread_and_autocorrelation_are_those_of_gls():
    _, want = one_of_r("days", 0.95, "ar1")
    fit = ar1_days(day_grid(DAYS, -7, -1))
    # R's line search stops at 1e-8 of the autocorrelation, ours too
    assert fit.autocorrelation == pytest.approx(want["autocorrelation"], rel=1e-6)
    assert fit.sd == pytest.approx(want["sd"], rel=1e-6)
    answer = reliable_change_ar(DAYS, outcome="y")
    assert answer.one(measure="day_sd").estimate == pytest.approx(want["sd"], rel=1e-6)
    assert answer.one(measure="day_autocorrelation").estimate == pytest.approx(
        float(fit.autocorrelation), abs=1e-7
    )


@pytest.mark.oracle("reliable_change_ar", "R 4.2.2, nlme (responders.R)")
@pytest.mark.parametrize("drift", [0, 0.02])
@pytest.mark.parametrize("which", ["given", "estimated"])
def test_reliable_change_of_diaries_is_that_of_r(which, drift):
    told = of_r("days", 0.95)
    want = told[f"beyond {which}", drift]
    given = {"sd": 1.25, "autocorrelation": 0.4} if which == "given" else {}
    how = {"drift_sd": drift, "source": "a test", **given}
    answer = reliable_change_ar(DAYS, outcome="y", **how)
    for term in ("less", "more"):
        row = answer.one(measure="proportion", term=term)
        assert row.estimate * row.n == pytest.approx(want[term])
        assert (row.n, row.n_missing) == (want["n"], 1)
    one = reliable_change_ar(DAYS, outcome="y", z=1, **how).table.set_index(["measure", "term"])
    beyond = (
        one.loc[("proportion", "less"), "estimate"] + one.loc[("proportion", "more"), "estimate"]
    )
    assert beyond * want["n"] == pytest.approx(want["beyond_1"])
    grid, day = day_grid(DAYS, -7, 41), np.arange(-7, 42)
    known = ~np.isnan(grid)
    b, a = known & (day < 0), known & (day >= 28)
    keep = (b.sum(1) >= 4) & (a.sum(1) >= 4)
    _, fit = one_of_r("days", 0.95, "ar1")
    v = window_difference_variance(
        b[keep], a[keep], sd=given.get("sd", fit["sd"]),
        autocorrelation=given.get("autocorrelation", fit["autocorrelation"]), drift_sd=drift,
    )  # fmt: skip
    means = [np.where(s, grid, 0).sum(1)[keep] / s.sum(1)[keep] for s in (b, a)]
    z = (means[1] - means[0]) / np.sqrt(v)
    assert z[0] == pytest.approx(want["z_first"], rel=1e-9)
    assert z.sum() == pytest.approx(want["z_sum"], rel=1e-9)


def test_variance_of_full_windows_is_the_closed_form():
    m, n, gap, r, s = 7, 14, 28, 0.6, 1.3
    day = np.arange(m + gap - 1 + n)

    def of_mean(k):
        return s**2 / k**2 * (k * (1 + r) / (1 - r) - 2 * r * (1 - r**k) / (1 - r) ** 2)

    between = s**2 * r**gap * (1 - r**m) * (1 - r**n) / (m * n * (1 - r) ** 2)
    want = of_mean(m) + of_mean(n) - 2 * between
    before, after = day < m, day >= m + gap - 1
    got = window_difference_variance(before, after, sd=s, autocorrelation=r)
    assert got == pytest.approx(want, rel=1e-12)
    drifting = window_difference_variance(before, after, sd=s, autocorrelation=r, drift_sd=0.1)
    distance = day[after].mean() - day[before].mean()
    assert drifting == pytest.approx(want + 0.01 * distance**2, rel=1e-12)
    assert np.isnan(window_difference_variance(day < 0, after, sd=s, autocorrelation=r))


# -------------------------------------------------------------------------------- oracles: anchors


def anchored(name: str, draws: int = 0, seed: int = 1, **how):
    return anchor_summary(
        data(name), outcome="y", anchor="anchor", levels=SEVEN, better=BETTER,
        no_change="no change", seed=seed, draws=draws, **how,
    )  # fmt: skip


@pytest.mark.oracle("anchor_summary", "R 4.2.2, pROC (responders.R)")
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("name", ["two", "whole", "large", "weak"])
def test_anchors_are_those_of_r(name, level):
    answer = anchored(name, conf_level=level)
    same(answer.one(measure="spearman"), one_of_r(name, level, "spearman")[1],
         (*ENDS, "p_value", "n"))  # fmt: skip
    told = of_r(name, level)
    means = [m.removeprefix("mean ") for m, _ in told if m.startswith("mean ")]
    assert len(means) >= 2
    for term in means:
        same(answer.one(measure="mean_difference", term=term), told[f"mean {term}", -999],
             (*ENDS, "std_error", "n"))  # fmt: skip
    for measure, theirs in (
        ("expected_change", "at no change"), ("change_per_level", "per level"),
    ):  # fmt: skip
        same(answer.one(measure=measure), told[theirs, -999],
             (*ENDS, "std_error", "statistic", "p_value", "df"))  # fmt: skip
    row, want = answer.one(measure="auc"), told["auc", -999]
    same(row, want, (*ENDS, "std_error"))
    cut, want = one_of_r(name, level, "youden")
    assert answer.one(measure="roc_cut").estimate == pytest.approx(cut, abs=1e-9)
    for measure in ("sensitivity", "specificity"):
        assert answer.one(measure=measure).estimate == pytest.approx(want[measure], rel=1e-12)
    want = told["predictive", -999]
    # glm stops when its deviance moves by 1e-15
    for measure, theirs in (
        ("predictive_cut", "estimate"), ("predictive_cut_adjusted", "adjusted"),
    ):  # fmt: skip
        assert answer.one(measure=measure).estimate == pytest.approx(want[theirs], rel=1e-7)


@pytest.mark.oracle("anchor_summary", "R 4.2.2, pROC (responders.R)")
@pytest.mark.parametrize("name", ["two", "large"])
def test_bootstrap_intervals_are_those_of_r_but_for_chance(name):
    answer = anchored(name, draws=4000, seed=5)
    for measure, theirs, room in (
        # two runs of 4000 draws each: an end moves by about a twentieth of the interval's width;
        # the Youden cut sits on few values, so its ends move by whole steps
        ("roc_cut", "youden", 0.2), ("predictive_cut", "predictive", 0.08),
        ("predictive_cut_adjusted", "adjusted", 0.08),
    ):  # fmt: skip
        _, want = one_of_r(name, 0.95, f"bootstrap {theirs}")
        row, width = answer.one(measure=measure), want["conf_high"] - want["conf_low"]
        for end in ("conf_low", "conf_high"):
            assert abs(row[end] - want[end]) <= room * width, (measure, end)
        assert row.conf_low < row.estimate < row.conf_high


# ------------------------------------------------------------------------------------ a known truth


def test_the_gap_holds_its_level_for_all_cuts_together():
    rng = np.random.default_rng(9)
    arm = np.arange(40) < 18
    whole = rng.integers(0, 6, (3000, 40)).astype(float)
    fine = rng.normal(size=(3000, 40))
    for gains in (whole, fine):
        p = largest_gap(gains, arm).p_value
        # an exact test never rejects more often; Monte Carlo error 0.004
        assert 0.02 < (p <= 0.05).mean() < 0.05 + 3 * 0.004
        assert 0.06 < (p <= 0.10).mean() < 0.10 + 3 * 0.0055
    fine[:, arm] += 1
    assert (largest_gap(fine, arm).p_value <= 0.05).mean() > 0.6


def test_the_interval_of_the_gap_covers_it():
    rng = np.random.default_rng(4)
    arm = np.arange(60) < 30
    gains = rng.normal(size=(2000, 60)) + 0.8 * arm
    g = largest_gap(gains, arm)
    truth = ndtr(0.8 - g.cut) - ndtr(-g.cut)
    half = np.sqrt(np.log(4 / 0.05) / 2) * 2 / np.sqrt(30)
    assert (np.abs(g.estimate - truth) <= half).mean() >= 0.95
    assert (g.estimate - truth).mean() > 0.05  # the largest of many overstates, as the note says


def ar1(rng, shape, days, rho, sd):
    e = rng.normal(size=(*shape, days)) * sd
    for t in range(1, days):
        e[..., t] = rho * e[..., t - 1] + np.sqrt(1 - rho**2) * e[..., t]
    return e


def test_as_many_are_beyond_chance_as_expected_where_nothing_happens():
    rng = np.random.default_rng(12)
    rho, sd, drift, n = 0.6, 1.2, 0.03, 4000
    day = np.arange(-7, 42)
    y = 5 + rng.normal(size=(n, 1)) + ar1(rng, (n,), len(day), rho, sd)
    y += rng.normal(size=(n, 1)) * drift * day
    long = pd.DataFrame(
        {"person_id": np.repeat(np.arange(n), len(day)), "day": np.tile(day, n), "value": y.ravel()}
    )
    keep = rng.random(len(long)) < 0.8
    how = {"sd": sd, "autocorrelation": rho, "source": "the truth"}
    told = reliable_change_ar(long[keep], outcome="y", drift_sd=drift, **how)
    shares = told.table[told.table["measure"].eq("proportion")].set_index("term")["estimate"]
    # the Monte Carlo error of a share of 0.05 among 4000 is 0.0034
    assert shares["less"] + shares["more"] == pytest.approx(0.05, abs=4 * 0.0034)
    assert shares["less"] == pytest.approx(0.025, abs=4 * 0.0025)
    blind = reliable_change_ar(long[keep], outcome="y", **how).table.set_index(["measure", "term"])
    assert 1 - blind.loc[("proportion", "same"), "estimate"] > 0.15
    # days taken as unlike: too many
    naive = reliable_change_ar(
        long[keep], outcome="y", sd=sd, autocorrelation=0, source="wrong", drift_sd=drift
    ).table.set_index(["measure", "term"])
    assert 1 - naive.loc[("proportion", "same"), "estimate"] > 0.08


def test_autocorrelation_of_few_days_is_not_pulled_down():
    rng = np.random.default_rng(8)
    y = ar1(rng, (60, 80), 7, 0.6, 1.5) + 3 * rng.normal(size=(60, 80, 1))
    y[rng.random(y.shape) < 0.15] = np.nan
    fit = ar1_days(y)
    error = fit.autocorrelation.std() / np.sqrt(60)
    assert fit.autocorrelation.mean() == pytest.approx(0.6, abs=4 * error)
    # the plain correlation about the mean of 7 days is pulled down by about a half
    about = y - np.nanmean(y, axis=-1, keepdims=True)
    plain = np.nanmean(about[..., 1:] * about[..., :-1]) / np.nanmean(about**2)
    assert plain < 0.35


def test_the_predictive_cut_finds_a_shared_limit_and_the_adjustment_helps():
    rng = np.random.default_rng(6)
    true = rng.normal(2.2, 1.5, (60, 800))  # each person's true gain; limits about 1.0
    better = true > 1.0 + rng.normal(0, 0.5, true.shape)
    seen = true + rng.normal(0, 0.9, true.shape)
    fit = predictive_cut(seen, better)
    assert fit.share.mean() > 0.7
    raw, adjusted = fit.cut.mean() - 1.0, fit.adjusted.mean() - 1.0
    assert abs(adjusted) < abs(raw) / 2
    even = rng.normal(1.0, 1.5, (60, 800))
    half = predictive_cut(even + rng.normal(0, 0.9, even.shape), even > 1)
    error = half.cut.std() / np.sqrt(60)
    assert half.cut.mean() == pytest.approx(1.0, abs=4 * error)


def test_the_interval_of_the_auc_covers_it():
    rng = np.random.default_rng(13)
    yes = np.arange(80) < 35
    gains = rng.normal(size=(2000, 80)) + yes
    found = youden_cut(gains, yes)
    truth = ndtr(1 / np.sqrt(2))
    inside = np.abs(found.auc - truth) <= 1.96 * found.auc_error
    assert inside.mean() == pytest.approx(0.95, abs=0.02)  # Monte Carlo error 0.005, Wald interval
    assert found.auc.mean() == pytest.approx(truth, abs=4 * found.auc.std() / np.sqrt(2000))


# --------------------------------------------------------------------------------------------- laws


def test_batches_are_the_same_as_one_at_a_time():
    rng = np.random.default_rng(1)
    gains = np.round(rng.normal(size=(2, 12, 15)), 1)
    gains[0, 3, :4] = -np.inf
    arm = np.arange(15) % 3 == 0
    cuts = [-1.0, 0.0, 0.3]
    g, k = largest_gap(gains, arm), responder_counts(gains, cuts)
    assert (g.p_value.shape, k.shape) == ((2, 12), (2, 12, 3))
    finite = np.where(np.isinf(gains), 0.0, gains)
    yes = rng.random((2, 12, 15)) < 0.5
    y, p = youden_cut(finite, yes), predictive_cut(finite, yes)
    days = rng.normal(size=(3, 6, 7))
    days[rng.random(days.shape) < 0.1] = np.nan
    d = ar1_days(days)
    for r in range(12):
        one = largest_gap(gains[0, r], arm)
        assert (g.estimate[0, r], g.cut[0, r]) == (one.estimate, one.cut)
        assert g.p_value[0, r] == pytest.approx(one.p_value, rel=1e-12)
        np.testing.assert_array_equal(k[0, r], responder_counts(gains[0, r], cuts))
        alone, model = youden_cut(finite[1, r], yes[1, r]), predictive_cut(finite[1, r], yes[1, r])
        for field in y.__dataclass_fields__:
            np.testing.assert_allclose(getattr(y, field)[1, r], getattr(alone, field), rtol=1e-12)
        for field in p.__dataclass_fields__:
            np.testing.assert_allclose(getattr(p, field)[1, r], getattr(model, field), rtol=1e-9)
    for r in range(3):
        alone = ar1_days(days[r])
        assert d.autocorrelation[r] == pytest.approx(alone.autocorrelation, abs=1e-7)
        assert d.sd[r] == pytest.approx(alone.sd, rel=1e-6)


ratings = st.integers(0, 20).map(lambda x: x / 2)
people = st.lists(st.tuples(ratings, ratings, st.integers(0, 6)), min_size=6, max_size=24)


def as_scores(rows) -> pd.DataFrame:
    before, after, said = zip(*rows, strict=True)
    return pd.DataFrame(
        {"person_id": [f"P{i:03d}" for i in range(len(rows))], "before": before, "after": after,
         "arm": ["spray" if i % 2 else "placebo" for i in range(len(rows))],
         "anchor": [SEVEN[k] for k in said]}
    )  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(people, st.randoms(use_true_random=False))
def test_row_order_never_matters(rows, random):
    scores = as_scores(rows)
    order = list(range(len(scores)))
    random.shuffle(order)
    mixed = scores.iloc[order].reset_index(drop=True)
    answers = [
        lambda s: curve(s, ""),
        lambda s: curve(s, "", missing="not responders"),
    ]
    if np.ptp(scores["before"]) > 0:
        answers.append(lambda s: reliable_change(s, outcome="y", icc=0.8, icc_source="a test"))
    if 0 < scores["anchor"].isin(BETTER).sum() < len(scores):
        answers.append(lambda s: anchor_summary(
            s, outcome="y", anchor="anchor", levels=SEVEN, better=BETTER, seed=2, draws=50))  # fmt: skip
    for f in answers:
        pd.testing.assert_frame_equal(f(scores).table, f(mixed).table, check_exact=True)


@settings(max_examples=20, deadline=None)
@given(people)
def test_swapping_arms_flips_the_sign_and_the_curve_falls(rows):
    scores = as_scores(rows)
    swapped = scores.replace({"arm": {"spray": "placebo", "placebo": "spray"}})
    a, b = (curve(s, "").one(measure="largest_gap") for s in (scores, swapped))
    assert a.estimate == pytest.approx(-b.estimate, abs=1e-12)
    assert (a.term, a.p_value) == (b.term, pytest.approx(b.p_value, rel=1e-12))
    table = curve(scores, "").table
    for _, arm in table[table["measure"].eq("proportion")].groupby("group"):
        assert arm["estimate"].is_monotonic_decreasing
    # turning the scale round changes nothing
    turned = scores.assign(before=10 - scores["before"], after=10 - scores["after"])
    up = responder_curve(turned, outcome="y", arm="arm", control="placebo", better="higher")
    np.testing.assert_allclose(up.table["estimate"], table["estimate"], atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(people, ratings)
def test_a_person_without_follow_up_changes_n_missing_and_nothing_else(rows, rating):
    scores = as_scores(rows)
    longer = pd.concat([scores, pd.DataFrame(
        {"person_id": ["A new one"], "before": [rating], "after": [np.nan], "arm": ["spray"],
         "anchor": ["better"]})])  # fmt: skip
    a, b = curve(scores, "").table, curve(longer, "").table
    more = b.pop("n_missing") - a.pop("n_missing")
    assert more[b["group"].str.startswith("spray")].eq(1).all()
    assert more[b["group"].eq("placebo")].eq(0).all()
    pd.testing.assert_frame_equal(a, b, check_exact=True)
    strict = curve(longer, "", missing="not responders").table
    spray, before = (t[t["group"].eq("spray")] for t in (strict, a))
    np.testing.assert_allclose(
        spray["estimate"] * (before["n"].iloc[0] + 1), before["estimate"] * before["n"].iloc[0]
    )
    assert strict["n_missing"].eq(0).all()
    if 0 < scores["anchor"].isin(BETTER).sum() < len(scores):
        how = {"outcome": "y", "anchor": "anchor", "levels": SEVEN, "better": BETTER, "seed": 1,
               "draws": 20}  # fmt: skip
        a, b = anchor_summary(scores, **how).table, anchor_summary(longer, **how).table
        assert (b.pop("n_missing") - a.pop("n_missing")).eq(1).all()
        pd.testing.assert_frame_equal(a, b, check_exact=True)


@settings(max_examples=20, deadline=None)
@given(people.filter(lambda rows: len({r[0] for r in rows}) > 1))
def test_swapping_before_and_after_swaps_less_and_more(rows):
    scores = as_scores(rows)
    if np.ptp(scores["after"]) == 0:
        return
    z = scores.assign(after=scores["before"], before=scores["after"])
    spread = scores["before"].std() / scores["after"].std()
    one = reliable_change(scores, outcome="y", icc=0.8, icc_source="a test", z=1 / spread)
    other = reliable_change(z, outcome="y", icc=0.8, icc_source="a test", z=1.0)
    for term, turned in (("less", "more"), ("more", "less")):
        assert one.one(measure="proportion", term=term).estimate == pytest.approx(
            other.one(measure="proportion", term=turned).estimate
        )


def test_seeds_repeat_and_differ():
    a, b, c = (anchored("large", draws=100, seed=s).table for s in (3, 3, 4))
    pd.testing.assert_frame_equal(a, b, check_exact=True)
    assert not a["conf_low"].equals(c["conf_low"])


# ---------------------------------------------------------------------------- what has to be said


def says(answer, words: str) -> bool:
    return any(words in note for note in answer.notes)


def test_notes_tell_who_is_missing_and_how_they_count():
    d = data("two")
    assert says(curve(d, "two"), "5 people with no after score are left out")
    assert says(curve(d, "two", missing="not responders"), "count as non-responders")
    assert says(curve(d, "two", scale="percent"), "1 people had 0 before")
    alone = responder_curve(d, outcome="y", cuts=[2])
    assert says(alone, "no comparison group")
    assert len(alone.table) == 1
    assert alone.table["term"].iloc[0] == "fall of at least 2 points"
    nobody = d.assign(before=np.where(d.index < 2, np.nan, d["before"]))
    row = responder_curve(nobody, outcome="y", cuts=[2], missing="not responders").table.iloc[0]
    assert row.n_missing == 2


def test_notes_tell_a_weak_anchor_empty_answers_and_a_lopsided_share():
    assert says(anchored("weak"), "below 0.3")
    assert not says(anchored("large"), "below 0.3")
    assert says(anchored("whole"), "Nobody answered")
    assert not says(anchored("weak"), "Nobody answered")
    lopsided = data("large").assign(anchor=lambda d: d["anchor"].replace("better", "no change"))
    few = anchor_summary(
        lopsided, outcome="y", anchor="anchor", levels=SEVEN, better=BETTER, seed=1, draws=0
    )
    assert says(few, "Far from a half")
    assert "expected_change" not in set(few.table["measure"])


def test_told_apart_without_error_and_one_person_at_a_level():
    scores = as_scores([(5, 5, 3), (5, 5, 3), (6, 5, 2), (8, 3, 4), (9, 2, 5), (9, 1, 5)])
    answer = anchor_summary(scores, outcome="y", anchor="anchor", levels=SEVEN, better=BETTER,
                            seed=1, draws=50)  # fmt: skip
    assert np.isnan(answer.one(measure="predictive_cut").estimate)
    assert says(answer, "without error")
    assert answer.one(measure="roc_cut").estimate == 3
    assert answer.one(measure="auc").estimate == 1
    alone = answer.one(measure="mean_difference", term="better")
    assert (alone.n, alone.conf_low, alone.conf_high) == (1, -np.inf, np.inf)
    flat = as_scores([(5, 4, k) for k in (2, 3, 4, 5)])
    same_all = anchor_summary(flat, outcome="y", anchor="anchor", levels=SEVEN, better=BETTER,
                              seed=1, draws=0)  # fmt: skip
    assert says(same_all, "no correlation")
    assert same_all.one(measure="auc").estimate == 0.5
    assert same_all.one(measure="roc_cut").estimate == -np.inf


def test_no_gap_where_both_arms_are_alike():
    scores = as_scores([(5, 4, 3)] * 6)
    row = curve(scores, "").one(measure="largest_gap")
    assert (row.estimate, row.p_value, row.term) == (0, 1, "no gap")


def test_drift_and_estimated_spread_are_said():
    assert says(reliable_change_ar(DAYS, outcome="y"), "estimated and taken as known")
    assert says(reliable_change_ar(DAYS, outcome="y"), "No slow drift is allowed for")
    drifting = reliable_change_ar(DAYS, outcome="y", drift_sd=0.01, source="a guess")
    assert says(drifting, "0.01 points a day between people (a guess)")
    assert says(drifting, "1 of 14 people have too few rated days")


# ---------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("alter", "how", "words"),
    [
        (lambda d: d, {"arm": "sort"}, "no column 'sort'"),
        (lambda d: d, {"control": "nothing"}, "control 'nothing'"),
        (lambda d: d, {"arm": None}, "needs the column"),
        (lambda d: d.assign(arm=d["arm"].mask(d.index == 1)), {}, "empty in 1"),
        (lambda d: d.assign(before=-1.0), {"scale": "percent"}, "negative"),
        (lambda d: d.assign(after=d["after"].mask(d["arm"] == "spray")), {}, "nobody of 24"),
        (lambda d: d, {"scale": "share"}, "scale must be"),
        (lambda d: d, {"better": "up"}, "better must be"),
        (lambda d: d, {"missing": "filled"}, "missing must be"),
        (lambda d: d, {"cuts": []}, "cuts must be"),
        (lambda d: d, {"cuts": [np.nan]}, "cuts must be"),
        (lambda d: d, {"conf_level": 1}, "conf_level"),
    ],
)
def test_what_is_no_responder_curve_is_refused(alter, how, words):
    with pytest.raises(ValueError, match=words):
        responder_curve(
            alter(data("two")), outcome="y", **{"arm": "arm", "control": "placebo"} | how
        )


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"anchor": "nothing"}, "no column 'nothing'"),
        ({"levels": SEVEN[:6]}, "better must be|not in levels"),
        ({"levels": ["a", "a"], "better": ["a"]}, "two or more different"),
        ({"better": []}, "better must be"),
        ({"better": SEVEN[3:5]}, "the last of the levels"),
        ({"better": ["fine"]}, "better must be"),
        ({"no_change": "same"}, "no_change 'same'"),
        ({"direction": "down"}, "direction must be"),
        ({"draws": -1}, "draws and seed"),
    ],
)
def test_what_is_no_anchor_is_refused(how, words):
    base = {"anchor": "anchor", "levels": SEVEN, "better": BETTER, "seed": 1, "draws": 0}
    with pytest.raises(ValueError, match=words):
        anchor_summary(data("two"), outcome="y", **base | how)


def test_strange_answers_few_people_and_all_better_are_refused():
    base = {"outcome": "y", "anchor": "anchor", "levels": SEVEN, "better": BETTER, "seed": 1}
    d = data("two")
    with pytest.raises(ValueError, match=r"not in levels: \['fine'\]"):
        anchor_summary(d.replace({"anchor": {"worse": "fine"}}), **base)
    with pytest.raises(ValueError, match="at least 4 people"):
        anchor_summary(d.head(3), **base)
    with pytest.raises(ValueError, match="some who do and some who do not"):
        anchor_summary(d.assign(anchor="better"), **base)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"sd": 1.0}, "both sd and autocorrelation"),
        ({"sd": 1.0, "autocorrelation": 0.5}, "source is empty"),
        ({"drift_sd": 0.1}, "source is empty"),
        ({"sd": 0.0, "autocorrelation": 0.5, "source": "x"}, "sd must be above 0"),
        ({"sd": 1.0, "autocorrelation": 1.0, "source": "x"}, "between -1 and 1"),
        ({"z": 0}, "z must be above 0"),
        ({"after": Window(name="a", first_day=-1, last_day=9)}, "share days"),
        ({"after": Window(name="a", first_day=90, last_day=99)}, "at least 1 people"),
    ],
)
def test_what_is_no_reliable_change_of_days_is_refused(how, words):
    with pytest.raises(ValueError, match=words):
        reliable_change_ar(DAYS, outcome="y", **how)


def test_days_that_are_no_diary_are_refused():
    with pytest.raises(ValueError, match="no column 'value'"):
        reliable_change_ar(DAYS.drop(columns="value"), outcome="y")
    with pytest.raises(ValueError, match="repeat a person and day"):
        reliable_change_ar(pd.concat([DAYS, DAYS.head(1)]), outcome="y")
    with pytest.raises(ValueError, match="whole days"):
        reliable_change_ar(DAYS.assign(day=DAYS["day"] + 0.5), outcome="y")
    with pytest.raises(ValueError, match="infinite"):
        reliable_change_ar(DAYS.assign(value=np.inf), outcome="y")
    with pytest.raises(ValueError, match="do not vary"):
        reliable_change_ar(DAYS.assign(value=3.0), outcome="y")
    with pytest.raises(ValueError, match="too few"):
        ar1_days([[1.0, 2, np.nan], [1.0, np.nan, np.nan]])


def test_reliable_change_and_kernels_refuse():
    d = data("two")
    how = {"outcome": "y", "icc_source": "a test"}
    for frame, more, words in (
        (d, {"icc": 1.0}, "below 1"), (d, {"icc": 0.8, "z": -1}, "z must be"),
        (d, {"icc": 0.8, "icc_source": " "}, "icc_source is empty"),
        (d.assign(before=4.0), {"icc": 0.8}, "no spread"),
        (d.assign(after=np.nan), {"icc": 0.8}, "at least 1 people"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=words):
            reliable_change(frame, **how | more)
    with pytest.raises(RowsAreNotPeopleError):
        curve(pd.concat([d, d]), "two")
    with pytest.raises(ValueError, match="both arms"):
        largest_gap([1.0, 2], [True, True])
    for f in (lambda x: largest_gap(x, [True, False]), lambda x: responder_counts(x, [0])):
        with pytest.raises(ValueError, match="gain holds NaN"):
            f([1.0, np.nan])
    with pytest.raises(ValueError, match="gain holds NaN"):
        youden_cut([1.0, np.nan], [True, False])
