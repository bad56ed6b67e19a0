"""The twin of a prevalence: equal to R, keeps its laws, and is wrong as often as it says."""

import csv
from pathlib import Path

import numpy as np
import pytest

from msspas_analysis.certify.twin.expected import BEYOND, OBSERVED
from msspas_analysis.certify.twin.response import (
    EXPECTED,
    TIPPING,
    expected_of_respondents,
    respondent_coverage,
    share_beyond_response,
)
from msspas_analysis.estimate.intervals import wilson_interval
from msspas_analysis.simulate.streams import stream

REFERENCE = Path(__file__).parent / "reference" / "response_twin.csv"


def answers():
    found = {}
    with REFERENCE.open(newline="") as file:
        for row in csv.DictReader(file):
            key = (row["case"], int(row["k"]), int(row["n"]), float(row["reference"]),
                   float(row["rate"]), float(row["level"]))  # fmt: skip
            value = np.nan if row["value"] == "NA" else float(row["value"])
            found.setdefault(key, {})[row["quantity"]] = value
    return found


@pytest.mark.oracle("share_beyond_response", "R 4.2.2 plogis, uniroot, prop.test (response_twin.R)")
@pytest.mark.parametrize(("case", "want"), answers().items(), ids=lambda x: str(x)[:40])
def test_it_is_what_r_says(case, want):
    _, k, n, reference, rate, level = case
    ratios = (0.5, 1, 1.5, 3)
    found = share_beyond_response(
        k, n, reference=reference, response_rate=rate, odds_ratios=ratios, conf_level=level
    )
    seen = found.one(term=OBSERVED)
    assert seen.estimate == pytest.approx(want["observed"], rel=1e-12)
    assert seen.conf_low == pytest.approx(want["low"], rel=1e-10)
    assert seen.conf_high == pytest.approx(want["high"], rel=1e-10)
    for ratio in ratios:
        part = {"group": f"odds ratio {ratio:g}"}
        share = want[f"expected/{ratio:g}"]
        assert found.one(term=EXPECTED, **part).estimate == pytest.approx(share, rel=1e-10)
        beyond = found.one(term=BEYOND, **part)
        assert beyond.estimate == pytest.approx(want["observed"] - share, abs=1e-10)
        assert beyond.conf_low == pytest.approx(want["low"] - share, abs=1e-10)
        assert beyond.conf_high == pytest.approx(want["high"] - share, abs=1e-10)
    last = found.one(term=TIPPING)
    # uniroot inside uniroot ends this near
    for name, field in (("explains", "estimate"), ("explains_low", "conf_low"),
                        ("explains_high", "conf_high")):  # fmt: skip
        assert last[field] == pytest.approx(want[name], rel=1e-7, nan_ok=True)


def test_some_ends_are_empty_and_the_notes_say_so():
    open_end = share_beyond_response(79, 80, reference=0.84, response_rate=0.9)
    assert np.isnan(open_end.one(term=TIPPING).estimate)
    assert any("no odds ratio of answering" in note for note in open_end.notes)
    whole = share_beyond_response(168, 200, reference=0.7, response_rate=0.5)
    assert not any("no odds ratio of answering" in note for note in whole.notes)
    # 90 % answer, so at least 4 in 9 of them have it, and 1 in 4 is explained by nothing
    too_few = share_beyond_response(20, 80, reference=0.5, response_rate=0.9)
    assert np.isnan(too_few.one(term=TIPPING).estimate)
    assert any("no odds ratio of answering" in note for note in too_few.notes)
    with np.errstate(all="raise"):
        everybody = share_beyond_response(10, 10, reference=0.5, response_rate=1.0)
    assert np.isnan(everybody.one(term=TIPPING).estimate)
    assert everybody.table["n_missing"].eq(0).all()


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9, 1.0])
def test_an_odds_ratio_of_one_is_the_reference(rate):
    shares = np.linspace(0, 1, 11)
    got = expected_of_respondents(shares, response_rate=rate, odds_ratio=1.0)
    np.testing.assert_allclose(got, shares, atol=1e-12)


def test_the_odds_ratio_that_explains_puts_the_expected_on_the_observed():
    for k in (30, 100, 150):
        found = share_beyond_response(k, 200, reference=0.5, response_rate=0.4)
        row = found.one(term=TIPPING)
        seen = found.one(term=OBSERVED)
        for field in ("estimate", "conf_low", "conf_high"):
            share = expected_of_respondents(0.5, response_rate=0.4, odds_ratio=row[field])
            assert float(share) == pytest.approx(seen[field], abs=1e-9)


def test_the_readier_they_are_the_more_is_expected_and_the_other_way_round_it_mirrors():
    ratios = np.array([0.2, 0.5, 1.0, 2.0, 5.0])
    got = expected_of_respondents(0.3, response_rate=0.6, odds_ratio=ratios)
    assert (np.diff(got) > 0).all()
    mirror = expected_of_respondents(0.7, response_rate=0.6, odds_ratio=1 / ratios)
    np.testing.assert_allclose(got, 1 - mirror, atol=1e-12)
    full = expected_of_respondents(0.3, response_rate=1.0, odds_ratio=ratios)
    np.testing.assert_allclose(full, 0.3, atol=1e-12)


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_its_error_rate_and_coverage_where_people_are_asked_one_by_one(ratio):
    rng, surveys, asked, share, rate = stream(41, "response", int(ratio)), 20_000, 400, 0.6, 0.5
    shown = float(expected_of_respondents(share, response_rate=rate, odds_ratio=ratio))
    answers_with, answers_without = rate * shown / share, rate * (1 - shown) / (1 - share)
    odds = answers_with / (1 - answers_with) / (answers_without / (1 - answers_without))
    assert odds == pytest.approx(ratio, rel=1e-9)
    have = rng.binomial(asked, share, surveys)
    with_it = rng.binomial(have, answers_with)
    n = with_it + rng.binomial(asked - have, answers_without)
    z = 1.959963984540054
    p = with_it / n
    middle, half = (p + z * z / (2 * n)), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    held = (np.abs(shown * (1 + z * z / n) - middle) <= half).mean()
    assert 0.935 < held < 0.965  # 95 %; Wilson's is uneven by a point, Monte Carlo error 0.15
    # the same arithmetic as the estimator's, on the first of them
    got = share_beyond_response(int(with_it[0]), int(n[0]), reference=share,
                                response_rate=rate, odds_ratios=[ratio])  # fmt: skip
    row = got.one(term=BEYOND)
    assert row.conf_low + shown == pytest.approx((middle - half)[0] / (1 + z * z / n[0]), abs=1e-9)


@pytest.mark.parametrize("ratio", [1.0, 1.5, 3.0])
def test_coverage_is_what_drawing_shows(ratio):
    n, share, draws = 150, 0.6, 40_000
    got = respondent_coverage(n, reference=share, response_rate=0.4, odds_ratios=[ratio])
    shown = float(expected_of_respondents(share, response_rate=0.4, odds_ratio=ratio))
    k = stream(42, "coverage", int(2 * ratio)).binomial(n, shown, draws)
    low, high = wilson_interval(k, n)
    held = float(((low <= share) & (share <= high)).mean())
    error = np.sqrt(held * (1 - held) / draws)
    assert got.one(measure="coverage").estimate == pytest.approx(held, abs=4 * error + 1e-9)
    assert got.one(measure="bias").estimate == pytest.approx(shown - share, abs=1e-12)


def test_coverage_falls_with_the_readiness_and_with_more_people():
    some = respondent_coverage(200, reference=0.66, response_rate=0.4)
    many = respondent_coverage(2000, reference=0.66, response_rate=0.4)
    few, more = (
        one.table.loc[one.table["measure"] == "coverage", "estimate"].to_numpy()
        for one in (some, many)
    )
    assert (np.diff(few) < 0).all()
    assert few[0] == pytest.approx(0.95, abs=0.015)
    assert more[0] == pytest.approx(0.95, abs=0.01)
    assert (more[1:] < few[1:]).all()
    one = respondent_coverage(1, reference=0.5, response_rate=1.0, odds_ratios=[1])
    assert one.one(measure="coverage").estimate == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("change", "said"),
    [({"n": 0}, "1 to 1,000,000"), ({"n": 2.5}, "whole"), ({"reference": 0.0}, "between 0 and 1")],
)
def test_coverage_of_what_cannot_be_is_refused(change, said):
    with pytest.raises(ValueError, match=said):
        respondent_coverage(**({"n": 100, "reference": 0.5, "response_rate": 0.5} | change))


def test_rows_notes_and_counts():
    found = share_beyond_response(168, 200, reference=0.7, response_rate=0.5,
                                  reference_from="a register [assumption]")  # fmt: skip
    assert len(found.table) == 1 + 2 * 4 + 1
    assert found.table["n_missing"].eq(200).all()
    assert "Reference: 0.7, a register [assumption]." in found.notes
    assert found.table.loc[found.table["term"] == EXPECTED, "conf_low"].isna().all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"k": 201}, "got 201 of 200"),
        ({"k": 1.5}, "got 1.5 of 200"),
        ({"n": 0, "k": 0}, "n 1 or more"),
        ({"reference": 1.0}, "reference must lie between 0 and 1, got 1"),
        ({"reference": float("nan")}, "reference must lie between 0 and 1"),
        ({"response_rate": 0.0}, "response_rate lies above 0"),
        ({"response_rate": 50.0}, "response_rate lies above 0 and is at most 1"),
        ({"odds_ratios": [1.0, 0.0]}, "odds_ratio is above 0"),
        ({"odds_ratios": [2.0, 2.0]}, "each once"),
        ({"odds_ratios": []}, "one or more"),
        ({"conf_level": 95}, "conf_level"),
    ],
)
def test_what_cannot_be_is_refused(change, said):
    given = {"k": 168, "n": 200, "reference": 0.7, "response_rate": 0.5} | change
    with pytest.raises(ValueError, match=said):
        share_beyond_response(**given)


def test_a_reference_that_is_no_share_is_refused():
    with pytest.raises(ValueError, match="share from 0 to 1"):
        expected_of_respondents(70, response_rate=0.5, odds_ratio=1.0)
