"""Printed numbers against each other: equal to R, right for all data that can be, and the known slips are found."""

import csv
import itertools
import re
from pathlib import Path

import numpy as np
import pytest

from msspas_analysis.evidence.library import load
from msspas_analysis.evidence.library_checks import library_checks
from msspas_analysis.evidence.paper_checks import (
    VERDICTS,
    baseline_balance,
    check_table,
    denominators,
    grim,
    grimmer,
    interval_of_means,
    p_of_interval,
    p_value,
    percentage,
    shares_add_up,
    spreads,
)
from msspas_analysis.evidence.worked_out import (
    estimate_over_error,
    sd_from_interval,
    sd_of_change,
    se_from_p,
)

with (Path(__file__).parent / "reference" / "paper_checks.csv").open(newline="") as file:
    R = {row["case"]: float(row["value"]) for row in csv.DictReader(file)}
SOURCE = "R 4.2.2 pt, pf, pchisq, t.test, var.test (paper_checks.R)"


def p_of(check):
    return float(re.search(r"p = ([\d.e-]+)", check.worked_out).group(1))


@pytest.mark.oracle("p_value spreads baseline_balance", SOURCE)
def test_p_values_are_rs():
    for t in ("2.32", "1.81", "2.24"):
        assert p_of(p_value("p<0.05", t=float(t), df=13)) == pytest.approx(R[f"t {t} 13"], rel=5e-3)
    assert p_of(p_value("p<0.05", z=1.98)) == pytest.approx(R["z 1.98"], rel=5e-3)
    assert p_of(p_value("p<0.05", f=4.1, df=27, df_top=2)) == pytest.approx(
        R["F 4.1 2 27"], rel=5e-3
    )
    assert p_of(p_value("p<0.05", chi2=9.2, df=3)) == pytest.approx(R["chi2 9.2 3"], rel=5e-3)
    assert p_of(spreads((20.9, 3.3), (10, 10))) == pytest.approx(R["var"], rel=0.02)
    balance = baseline_balance((1.77, 1.73), (0.29, 0.38), (26, 26))
    assert p_of(balance) == pytest.approx(R["baseline"], rel=0.01)


@pytest.mark.oracle("sd_from_interval se_from_p sd_of_change", SOURCE)
def test_what_is_worked_out_is_rs():
    assert sd_from_interval(-9.45, 10.01, 25) == pytest.approx(R["sd one"], rel=1e-10)
    assert sd_from_interval(-9.45, 10.01, 116, 115) == pytest.approx(R["sd two"], rel=1e-10)
    got = sd_from_interval(-0.61, -0.04, 330, 336, conf_level=0.9, distribution="normal")
    assert got == pytest.approx(R["sd two normal 0.9"], rel=1e-10)
    assert se_from_p(-0.52, 0.048) == pytest.approx(R["se p"], rel=1e-10)
    assert se_from_p(-0.52, 0.048, df=182) == pytest.approx(R["se p df"], rel=1e-10)
    got = sd_of_change(R["sd before"], R["sd after"], R["r"])
    assert got == pytest.approx(R["sd change"], rel=1e-10)


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6])
def test_all_whole_numbers_fit_and_hardly_anything_else(n):
    real = set()
    for values in itertools.combinations_with_replacement(range(7), n):
        real.add((f"{np.mean(values):.2f}", f"{np.std(values, ddof=1):.2f}"))
    for mean, sd in real:
        assert grim(mean, n).verdict == "fits", (mean, n)
        assert grimmer(mean, sd, n).verdict == "fits", (mean, sd, n)
    means = {mean for mean, _ in real}
    for cents in range(0, 601, 7):
        mean = f"{cents / 100:.2f}"
        assert (grim(mean, n).verdict == "fits") == (mean in means)
    mean = sorted(means)[len(means) // 2]
    sds = {f"{x / 100:.2f}" for x in range(250)}
    wrong = [sd for sd in sds if (mean, sd) not in real]
    found = sum(grimmer(mean, sd, n).verdict == "does not fit" for sd in wrong)
    assert found > 0.8 * len(wrong)


def test_several_items_and_trailing_zeros_count():
    assert grim("3.47", 20).verdict == "does not fit"
    assert grim("3.47", 20, items=5).verdict == "fits"
    assert grim("3.3", 3).verdict == "fits"
    assert grim("3.30", 3).verdict == "does not fit"
    assert "cannot show a slip" in grim("3.47", 500).note
    assert grim("-1.25", 4).verdict == "fits"


def test_percentages_and_what_they_would_be_of():
    assert percentage(28, 38, "76").note == "It would fit 37 people, not 38."
    assert percentage(29, 38, "76").verdict == "fits"
    assert denominators(33, "57", at_most=60) == (58,)
    assert percentage(1, 3, "33.4").verdict == "does not fit"
    assert percentage(1, 3, "90").note == ""
    assert shares_add_up(["33", "33", "33"]).verdict == "fits"  # 99 by rounding
    assert shares_add_up(["33.0", "33.0", "33.0"]).verdict == "does not fit"


@pytest.mark.parametrize(
    ("printed", "t", "verdict"),
    [
        ("p<0.05", 2.5, "fits"), ("p < 0.05", 1.81, "fits a one-sided test only"),
        ("P=0.093", 1.81, "fits"), ("p=.047", 1.81, "fits a one-sided test only"),
        ("p>0.05", 1.81, "fits"), ("p>0.05", 2.5, "does not fit"), ("p=0.000", 9.0, "fits"),
        ("p=0.5", 2.5, "does not fit"), ("0.09", 1.81, "fits"), ("p≤0.1", 1.81, "fits"),
    ],
)  # fmt: skip
def test_a_printed_p_is_read_as_it_is_printed(printed, t, verdict):
    assert p_value(printed, t=t, df=13).verdict == verdict


def test_intervals_and_p_go_together_or_not():
    fits = {"estimate": "-0.32", "low": "-0.61", "high": "-0.04"}
    assert p_of_interval("p=0.026", **fits).verdict == "fits"
    assert p_of_interval("p=0.034", **fits).verdict == "nearly fits"
    assert p_of_interval("p=0.26", **fits).verdict == "does not fit"
    assert p_of_interval("p=0.014", **fits).verdict == "fits a one-sided test only"
    assert estimate_over_error(2.0, 1.0, 4.0, ratio=True) == pytest.approx(1.96, abs=0.001)
    means = ((0.73, 1.15), (0.70, 0.63), (26, 26))
    assert interval_of_means(*means, ("-0.79", "-0.05")).verdict == "fits"
    assert interval_of_means(*means, ("-0.89", "-0.05")).verdict == "does not fit"
    assert interval_of_means(*means, ("-0.73", "-0.11"), conf_level=0.9).verdict == "fits"


# --- the known slips -----------------------------------------------------------------------------


def test_the_slips_of_the_library_are_found():
    told = library_checks()
    assert set(told["source"]) <= set(load())
    assert set(told["verdict"]) <= set(VERDICTS)
    wrong = told[told["verdict"].eq("does not fit")]
    assert wrong["source"].value_counts().to_dict() == {
        "prev-narcoms-2002-newsletter": 1, "aps-olding-pilot": 2, "massage-finch-2014": 1,
    }  # fmt: skip
    sided = told[told["verdict"].eq("fits a one-sided test only")]
    assert sided["source"].value_counts().to_dict() == {
        "massage-finch-2014": 3, "musec-zajicek-2012": 1,
    }  # fmt: skip
    unusual = told[told["verdict"].eq("unusual")]
    assert sorted(unusual["source"]) == ["reflexology-miller-2013", "tens-shaygannejad-2013"]
    assert told["verdict"].eq("fits").sum() == 13
    assert told.loc[told["printed"].str.contains("25.6"), "worked_out"].tolist() == ["110 %"]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: grim("about 3", 20), "mean must be a number as printed"),
        (lambda: grim("3.4", 0), "n must be a number of people, 1 or more"),
        (lambda: grimmer("3.4", "-1", 20), "sd must be"),
        (lambda: grimmer("3.4", "1.0", 1), "2 or more"),
        (lambda: percentage(5, 4, "50"), "count must be 0 to 4"),
        (lambda: shares_add_up(["50"]), "two shares or more"),
        (lambda: p_value("p<0.05"), "give one of t, z, f and chi2"),
        (lambda: p_value("p<0.05", t=2, z=2), "give one of t, z, f and chi2"),
        (lambda: p_value("p<0.05", t=2), "t needs df"),
        (lambda: p_value("p<0.05", f=2, df=3), "F needs df_top"),
        (lambda: p_value("significant", z=2), "printed must end in a p value"),
        (lambda: interval_of_means((1, 2), (0, 1), (9, 9), ("-2", "0")), "sds must be above 0"),
        (lambda: p_of_interval("p=0.1", estimate="1", low="2", high="3"), "within its interval"),
        (lambda: p_of_interval("p=0.1", estimate="1", low="-1", high="3", ratio=True), "above 0"),
        (lambda: sd_from_interval(2, 1, 20), "high must be above low"),
        (lambda: sd_from_interval(1, 2, 1), "2 or more"),
        (lambda: se_from_p(1.0, 1.5), "p must be in"),
        (lambda: sd_of_change(1, 1, 2), "correlation -1 to 1"),
    ],
)
def test_what_cannot_be_printed_is_refused(call, said):
    with pytest.raises(ValueError, match=said):
        call()


def test_a_check_reads_as_a_sentence():
    one = percentage(28, 38, "76")
    assert str(one) == (
        "28 of 38: printed 76 %, worked out 73.7 %: does not fit. It would fit 37 people, not 38."
    )
    assert check_table([("x", one)]).loc[0, "source"] == "x"


def test_a_p_of_nought_is_one_that_rounds_to_it():
    assert p_value("p = 0.000", t=6.0, df=30).verdict == "fits"
    assert p_value("p = 0.000", t=3.0, df=30).verdict == "does not fit"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: estimate_over_error(0.5, 0.0, 1.0, ratio=True), "a ratio must be above 0, got 0"),
        (lambda: estimate_over_error(0.5, 0.5, 0.5), "must lie within its interval"),
        (lambda: estimate_over_error(2.0, 0.0, 1.0), "must lie within its interval"),
    ],
)  # fmt: skip
def test_an_interval_without_width_or_a_ratio_of_nought_is_refused(call, said):
    with pytest.raises(ValueError, match=said):
        call()


def test_no_mean_of_counts_is_a_little_below_nought():
    # 0.00 could be rounded from -1/300, but no count is below 0
    assert grim("0.00", 300).worked_out.startswith("0/300")


def test_denominators_ten_people_either_way_are_named():
    note = percentage(20, 45, "54").note
    assert note == "It would fit 37 people, not 45."
    assert percentage(20, 30, "54").note == "It would fit 37 people, not 30."
    assert percentage(20, 60, "54").note == ""
