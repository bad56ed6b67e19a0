"""Adjusted p values: answers of R, laws, the error rates they promise, and what must be refused."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msspas_analysis.estimate.intervals import t_interval
from msspas_analysis.estimate.multiplicity import (
    METHODS,
    adjust,
    adjust_estimates,
    fallback,
    fixed_sequence,
    gatekeeping,
)
from msspas_analysis.results import Estimates
from shared_reference import answers

REFERENCE = Path(__file__).parent / "reference"
ORACLE = pd.read_csv(REFERENCE / "multiplicity.csv")
EIGHT = [0.011, 0.042, 0.0008, 0.2, 0.03, 0.6, 0.0061, 0.049]


def case(dataset: str, method: str) -> tuple[np.ndarray, np.ndarray]:
    part = ORACLE[ORACLE["dataset"].eq(dataset) & ORACLE["method"].eq(method)]
    part = part.sort_values("place")
    return part["p"].to_numpy(), part["adjusted"].to_numpy()


def run(p: np.ndarray, method: str) -> np.ndarray:
    m = len(p)
    three = [[0, 1], list(range(2, m - 1)), [m - 1]]
    if method in METHODS:
        return adjust(p, method=method)
    if method == "fallback equal":
        return fallback(p, np.full(m, 1 / m))
    if method == "fallback falling":
        return fallback(p, np.arange(m, 0, -1) / (m * (m + 1) / 2))
    return {
        "closed holm": lambda: adjust(p, method="holm"),
        "fixed_sequence": lambda: fixed_sequence(p),
        "serial holm": lambda: gatekeeping(p, three),
        "serial hommel": lambda: gatekeeping(p, three, method="hommel"),
        "primary holm": lambda: gatekeeping(p, [[2], [i for i in range(m) if i != 2]]),
        "parallel two": lambda: gatekeeping(p, [[0, 1], list(range(2, m))], gate="parallel"),
        "parallel three": lambda: gatekeeping(p, three, gate="parallel"),
    }[method]()


CASES = [
    pytest.param(d, m, id=f"{d}-{m}")
    for d, m in ORACLE[["dataset", "method"]].drop_duplicates().itertuples(index=False)
]


def as_answer(p, names=None, **columns) -> Estimates:
    names = [f"s{i}" for i in range(len(p))] if names is None else names
    table = pd.DataFrame(
        {"outcome": names, "group": "all", "term": "change", "measure": "mean_difference",
         "estimate": -1.0, "p_value": p, "n": 30, "method": "paired t"} | columns
    )  # fmt: skip
    return Estimates(table, ("one centre",))


# ---------------------------------------------------------------------------------------- oracles


@pytest.mark.oracle(
    "adjust fixed_sequence fallback gatekeeping",
    "R 4.2.2 p.adjust and closed testing (multiplicity.R)",
)
@pytest.mark.parametrize(("dataset", "method"), CASES)
def test_adjusted_p_values_are_those_of_r(dataset, method):
    p, want = case(dataset, method)
    np.testing.assert_allclose(run(p, method), want, rtol=1e-12, atol=1e-300)


def test_the_oracle_has_every_method_missing_values_and_open_and_closed_gates():
    assert set(METHODS) <= set(ORACLE["method"])
    assert ORACLE.loc[ORACLE["dataset"].eq("missing"), "adjusted"].isna().sum() == 12
    p, want = case("eight", "parallel three")
    assert want[-1] > p[-1] * 2
    assert (want[2:-1] > case("eight", "serial holm")[1][2:-1]).any()
    assert (want[2:-1] < case("eight", "serial holm")[1][2:-1]).any()


@pytest.mark.oracle("adjust", "R 4.2.2 p.adjust on Benjamini and Hochberg 1995, beside the project")
@pytest.mark.parametrize("method", METHODS)
def test_the_example_of_benjamini_and_hochberg(method):
    want = answers("multiplicity.bh1995")
    np.testing.assert_allclose(adjust(want["p"], method=method), want[method], rtol=1e-12)
    positive = {"BH": 4, "bonferroni": 3}  # as printed in their paper, at 0.05
    if method in positive:
        assert np.sum(adjust(want["p"], method=method) <= 0.05) == positive[method]


# ------------------------------------------------------------------------------------------- truth


def test_methods_keep_the_error_rate_they_promise_where_nothing_is_true():
    # 20 000 draws of 8 independent tests, Monte Carlo error 0.0015 at 0.05
    p = np.random.default_rng(1).uniform(size=(20_000, 8))
    rate = {m: np.mean((adjust(p, method=m) <= 0.05).any(axis=-1)) for m in METHODS}
    assert rate["bonferroni"] == pytest.approx(1 - (1 - 0.05 / 8) ** 8, abs=0.005)
    for m in ("holm", "hochberg", "hommel", "BH"):
        assert 0.043 < rate[m] < 0.055, m
    assert rate["BY"] < 0.03
    three = [[0, 1], [2, 3, 4], [5, 6, 7]]
    for q in (
        fixed_sequence(p),
        fallback(p, np.full(8, 1 / 8)),
        gatekeeping(p, three),
        gatekeeping(p, three, gate="parallel"),
    ):
        assert 0.043 < np.mean((q <= 0.05).any(axis=-1)) < 0.055


def test_gates_keep_the_error_rate_where_the_first_family_is_half_true():
    rng = np.random.default_rng(2)
    p = rng.uniform(size=(20_000, 5))
    p[:, 0] = 0.0  # certain: the parallel gate opens by half, and no more
    got = gatekeeping(p, [[0, 1], [2, 3, 4]], gate="parallel")
    false = (got[:, 1:] <= 0.05).any(axis=-1).mean()
    assert 0.04 < false < 0.055
    # the gate that lets the whole share through errs more often than it may
    naive = np.column_stack([2 * p[:, 1], adjust(p[:, 2:], method="holm")])
    assert (naive <= 0.05).any(axis=-1).mean() > 0.065


def test_bh_bounds_the_share_of_false_positives_among_the_positive():
    # 10 of 20 are true; the share expected is 0.05 * 10 / 20 exactly (independent tests)
    from scipy.special import ndtr

    rng = np.random.default_rng(3)
    z = rng.standard_normal((20_000, 20))
    z[:, :10] += 3
    found = adjust(2 * ndtr(-np.abs(z)), method="BH") <= 0.05
    share = found[:, 10:].sum(axis=-1) / np.maximum(1, found.sum(axis=-1))
    assert share.mean() == pytest.approx(0.025, abs=0.002)


def test_bonferroni_intervals_cover_together():
    # 4000 draws of 8 independent means of 12 people: Monte Carlo error 0.0034
    rng = np.random.default_rng(4)
    x = rng.standard_normal((4000, 8, 12))
    alone = t_interval(x)
    assert np.mean(((alone.conf_low <= 0) & (alone.conf_high >= 0)).all(axis=-1)) < 0.70
    covered = 0
    t = [getattr(alone, name) for name in ("estimate", "std_error", "conf_low", "conf_high")]
    for r in range(300):
        rows = dict(zip(("estimate", "std_error", "conf_low", "conf_high"), (v[r] for v in t),
                        strict=True))  # fmt: skip
        answer = as_answer(alone.p_value[r], conf_level=0.95, df=11.0, **rows)
        wide = adjust_estimates(answer, intervals="bonferroni").table
        want = t_interval(x[r], conf_level=1 - 0.05 / 8)
        np.testing.assert_allclose(wide["conf_low"], want.conf_low, rtol=1e-10)
        np.testing.assert_allclose(wide["conf_high"], want.conf_high, rtol=1e-10)
        covered += bool(((wide["conf_low"] <= 0) & (wide["conf_high"] >= 0)).all())
    # 300 draws: Monte Carlo error 0.0125
    assert covered / 300 == pytest.approx(0.951, abs=0.04)


# -------------------------------------------------------------------------------------------- laws

probability = st.floats(0, 1, allow_subnormal=False)
several = st.lists(probability, min_size=2, max_size=9)


@given(several, st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_order_of_tests_never_matters_to_the_methods_without_one(p, random):
    order = list(range(len(p)))
    random.shuffle(order)
    for method in METHODS:
        a, b = adjust(p, method=method), adjust(np.array(p)[order], method=method)
        np.testing.assert_array_equal(a[order], b)


@given(several)
@settings(max_examples=60, deadline=None)
def test_adjusting_never_makes_a_p_value_smaller_and_stricter_methods_are_larger(p):
    q = {method: adjust(p, method=method) for method in METHODS}
    for one in q.values():
        assert (one >= np.array(p)).all()
        assert (one <= 1).all()
    chain = ("hommel", "hochberg", "holm", "bonferroni")
    for small, large in itertools.pairwise(chain):
        assert (q[small] <= q[large] * (1 + 1e-12)).all()
    assert (q["BH"] <= q["hommel"] * (1 + 1e-12)).all()
    assert (q["BH"] <= q["BY"] * (1 + 1e-12)).all()
    m = len(p)
    first = np.eye(m)[0]
    np.testing.assert_array_equal(fallback(p, first), fixed_sequence(p))
    np.testing.assert_allclose(gatekeeping(p, [[i] for i in range(m)]), fixed_sequence(p))
    np.testing.assert_array_equal(gatekeeping(p, [range(m)]), q["holm"])
    np.testing.assert_array_equal(gatekeeping(p, [range(m)], gate="parallel"), q["holm"])


@given(several)
@settings(max_examples=30, deadline=None)
def test_a_test_that_was_not_made_does_not_count(p):
    for method in METHODS:
        q = adjust([np.nan, *p, np.nan], method=method)
        assert np.isnan(q[[0, -1]]).all()
        np.testing.assert_array_equal(q[1:-1], adjust(p, method=method))


def test_from_a_missing_test_on_an_order_says_nothing():
    p = [0.01, np.nan, 0.02, 0.03]
    assert np.isnan(fixed_sequence(p)).tolist() == [False, True, True, True]
    assert np.isnan(fallback(p, [0.25] * 4)).tolist() == [False, True, True, True]
    for gate in ("serial", "parallel"):
        got = gatekeeping(p, [[0, 1], [2, 3]], gate=gate)
        assert np.isnan(got).tolist() == [False, True, True, True], gate


def test_a_batch_is_its_rows():
    rng = np.random.default_rng(5)
    p = rng.uniform(size=(3, 40, 6)) ** 3
    three = [[4, 1], [0, 2, 3], [5]]
    weights = [0.4, 0.1, 0.2, 0.0, 0.2, 0.1]
    calls = {
        "sequence": fixed_sequence,
        "fallback": lambda x: fallback(x, weights),
        "serial": lambda x: gatekeeping(x, three),
        "parallel": lambda x: gatekeeping(x, three, gate="parallel"),
    } | {m: (lambda x, m=m: adjust(x, method=m)) for m in METHODS}
    gaps = p.copy()
    gaps[rng.uniform(size=p.shape) < 0.2] = np.nan
    for name, call in calls.items():
        data = gaps if name in METHODS else p
        got = call(data)
        assert got.shape == p.shape
        for i, j in np.ndindex(3, 40):
            np.testing.assert_array_equal(got[i, j], call(data[i, j]), err_msg=name)
    assert np.isnan(adjust([[np.nan, np.nan]], method="holm")).all()


# ------------------------------------------------------------------------------------------- faces


def test_eight_subscales_are_eight_tests():
    answer = adjust_estimates(as_answer(EIGHT))
    np.testing.assert_allclose(answer.table["p_value"], case("eight", "holm")[1], rtol=1e-12)
    assert answer.table["method"].eq("paired t; p adjusted: Holm over 8").all()
    assert answer.notes[0] == "one centre"
    assert any("intervals are not adjusted" in note for note in answer.notes)
    before = as_answer(EIGHT)
    adjust_estimates(before)
    assert before.table["p_value"].tolist() == EIGHT


@given(st.permutations(range(8)))
@settings(max_examples=20, deadline=None)
def test_order_of_rows_never_matters(order):
    names = np.array([f"s{i}" for i in range(8)])
    mixed = as_answer(np.array(EIGHT)[order], names[order])
    asks = (
        {}, {"primary": "s2"}, {"sequence": list(names)},
        {"families": [["s0", "s1"], ["s2", "s3", "s4"], ["s5", "s6", "s7"]]},
    )  # fmt: skip
    for ask in asks:
        a = adjust_estimates(as_answer(EIGHT), **ask).table.set_index("outcome")
        b = adjust_estimates(mixed, **ask).table.set_index("outcome")
        pd.testing.assert_frame_equal(a, b.loc[a.index])


def test_rows_without_a_test_stay_as_they_are():
    p = [0.01, np.nan, 0.04]
    answer = as_answer(p)
    got = adjust_estimates(answer).table
    np.testing.assert_allclose(got["p_value"], [0.02, np.nan, 0.04])
    assert got["method"].tolist()[1] == "paired t"
    pd.testing.assert_series_equal(got.loc[1], answer.table.loc[1])
    kept = [c for c in got if c not in ("p_value", "method")]
    pd.testing.assert_frame_equal(got[kept], answer.table[kept])


def test_one_primary_keeps_its_p_value_and_gates_the_rest():
    answer = adjust_estimates(as_answer(EIGHT), primary="s2", method="hommel")
    p = answer.table["p_value"].to_numpy()
    rest = [i for i in range(8) if i != 2]
    assert p[2] == EIGHT[2]
    want = np.maximum(EIGHT[2], adjust(np.array(EIGHT)[rest], method="hommel"))
    np.testing.assert_array_equal(p[rest], want)
    lost = adjust_estimates(as_answer(EIGHT), primary="s5").table["p_value"]
    assert (lost >= 0.6).all()
    np.testing.assert_allclose(
        adjust_estimates(as_answer(EIGHT), primary="s2").table["p_value"],
        case("eight", "primary holm")[1],
    )


def test_sequences_and_families_by_name():
    names = [f"s{i}" for i in range(8)]
    order = [names[i] for i in (2, 6, 0, 4, 1, 7, 3, 5)]
    got = adjust_estimates(as_answer(EIGHT), sequence=order)
    assert got.table["p_value"].tolist() == EIGHT  # from the smallest to the largest
    assert any("s2, s6, s0" in note for note in got.notes)
    got = adjust_estimates(as_answer(EIGHT), sequence=names, weights=[1 / 8] * 8)
    np.testing.assert_allclose(got.table["p_value"], case("eight", "fallback equal")[1])
    assert got.table["method"].str.contains("fallback of 8").all()
    three = [names[:2], names[2:7], names[7:]]
    for gate in ("serial", "parallel"):
        got = adjust_estimates(as_answer(EIGHT), families=three, gate=gate)
        key = "serial holm" if gate == "serial" else "parallel three"
        np.testing.assert_allclose(got.table["p_value"], case("eight", key)[1], rtol=1e-12)
    by = as_answer(EIGHT).table.assign(term=names, outcome="stiffness")
    got = adjust_estimates(Estimates(by), sequence=order, by="term")
    assert got.table["p_value"].tolist() == EIGHT


def test_intervals_of_z_are_widened_too_and_others_are_refused():
    z = 1.959963984540054
    answer = as_answer([0.01, 0.2], conf_level=0.95, std_error=[0.5, 1.0],
                       conf_low=[-1 - 0.5 * z, -1 - z], conf_high=[-1 + 0.5 * z, -1 + z])  # fmt: skip
    got = adjust_estimates(answer, intervals="bonferroni")
    np.testing.assert_allclose(got.table["conf_high"], [-1 + 0.5 * 2.241402727604947,
                                                        -1 + 2.241402727604947])  # fmt: skip
    assert got.table["conf_level"].eq(0.975).all()
    assert any("cover at 95 % or more" in note for note in got.notes)
    skew = answer.table.assign(conf_high=[0.9, 1.0])
    with pytest.raises(ValueError, match=r"s0 change mean_difference.*conf_level=0\.975"):
        adjust_estimates(Estimates(skew), intervals="bonferroni")
    with pytest.raises(ValueError, match="cannot be widened"):
        adjust_estimates(as_answer([0.1, 0.2]), intervals="bonferroni")


def test_benjamini_says_what_it_bounds():
    for method in ("BH", "BY"):
        notes = adjust_estimates(as_answer(EIGHT), method=method).notes
        assert any("expected share of false positives" in note for note in notes)


# ---------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("ask", "match"),
    [
        ({"primary": ["s0", "s1"]}, "there can be one primary"),
        ({"primary": "mood"}, r"no row .* 'mood'; choose from \['s0'"),
        ({"primary": "s0", "sequence": ["s0"]}, "give one of primary, sequence and families"),
        ({"sequence": ["s0", "s1"]}, "every test must be named once"),
        ({"sequence": ["s0", "s1", "s2", "s2"]}, "every test must be named once"),
        ({"sequence": "s0"}, "a list of names"),
        ({"sequence": ["s0", "s1", "s2"], "method": "BH"}, "a sequence has no method"),
        ({"families": [["s0", "s1", "s2"], []]}, "every test must be named once"),
        ({"families": [["s0"], ["s1", "s2"]], "gate": "open"}, "'serial' or 'parallel'"),
        ({"families": [["s0"], ["s1", "s2"]], "gate": "parallel", "method": "BH"}, "Holm in the"),
        ({"weights": [1.0, 0, 0]}, "weights belong to a sequence"),
        ({"gate": "parallel"}, "a gate to families"),
        ({"sequence": ["s0", "s1", "s2"], "weights": [0.5, 0.5]}, "3 shares"),
        ({"method": "tukey"}, "'tukey' is not known"),
        ({"by": "n", "primary": "s0"}, "by must be one of"),
        ({"by": "term", "primary": "change"}, "'change' names more than one row"),
        ({"intervals": "scheffe"}, "'unadjusted' or 'bonferroni'"),
    ],
)  # fmt: skip
def test_what_cannot_be_adjusted_is_refused(ask, match):
    with pytest.raises(ValueError, match=match):
        adjust_estimates(as_answer([0.01, 0.02, 0.03]), **ask)


def test_no_test_one_test_and_two_adjustments_are_refused():
    with pytest.raises(ValueError, match="nothing to adjust"):
        adjust_estimates(as_answer([np.nan, np.nan]))
    with pytest.raises(ValueError, match="only test"):
        adjust_estimates(as_answer([0.01]), primary="s0")
    once = adjust_estimates(as_answer(EIGHT))
    with pytest.raises(ValueError, match="adjusted already"):
        adjust_estimates(once)


def test_p_values_that_cannot_be_are_refused():
    for p in ([0.1, 1.2], [-0.1, 0.2]):
        with pytest.raises(ValueError, match="between 0 and 1"):
            adjust(p, method="holm")
    with pytest.raises(ValueError, match="not known"):
        adjust([0.1], method="sidak")
    with pytest.raises(ValueError, match="along an axis"):
        fixed_sequence(0.1)
    for weights in ([0.5, 0.6], [1.5, -0.5], [1.0], [np.nan, 1.0]):
        with pytest.raises(ValueError, match="2 shares"):
            fallback([0.1, 0.2], weights)
    for families in ([[0]], [[0, 1], [1]], [[0, 2]], [[0, 1], []]):
        with pytest.raises(ValueError, match="each of the places 0 to 1 once"):
            gatekeeping([0.1, 0.2], families)
