"""Pictures of invented diaries: what is drawn is what was given, and it hides what it must."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from msspas_analysis import autocorrelation, plots, simulate_diary
from msspas_analysis.results import Estimates
from msspas_analysis.simulate.scenario import DiaryScenario


@pytest.fixture(scope="module")
def cohort():
    return simulate_diary(DiaryScenario(n_people=60), seed=3)


def test_strips_draw_each_rating_in_its_place(cohort):
    figure, drawn = plots.person_strips(cohort.tables.diary, people=cohort.tables.people)
    assert drawn["row"].nunique() == 40
    mesh = figure.axes[0].collections[0]
    values = np.ma.filled(mesh.get_array().astype(float), np.nan)
    days = sorted(drawn["day"].unique())
    first = drawn.query("row == 0 and value.notna()").iloc[0]
    assert values.reshape(40, -1)[0, days.index(first["day"])] == first["value"]
    assert np.isfinite(values).sum() == drawn["value"].notna().sum()
    assert mesh.get_clim() == (0, 10)
    codes = set(cohort.tables.people["person_id"])
    texts = {t.get_text() for axes in figure.axes for t in axes.texts}
    assert not codes & texts


def test_of_three_thousand_people_forty_are_drawn_evenly_through_the_order():
    people, days = 3000, 7
    level = np.linspace(0, 10, people)
    diary = pd.DataFrame({
        "person_id": np.repeat([f"P{k}" for k in range(people)], days),
        "date": np.tile(pd.date_range("2026-03-01", periods=days), people),
        "stiffness": np.repeat(level, days),
    })  # fmt: skip
    _, drawn = plots.person_strips(diary)
    top = drawn.groupby("row")["value"].first()
    np.testing.assert_allclose(top, np.linspace(10, 0, 40), atol=0.01)


def test_a_calendar_writes_the_mean_and_the_number_of_people(cohort):
    figure, drawn = plots.calendar(cohort.tables.diary, min_people=10)
    assert drawn["mean"].isna().equals(drawn["n"].lt(10))
    texts = [t.get_text() for t in figure.axes[0].texts]
    some = drawn[drawn["mean"].notna()].iloc[5]
    assert f"{some['mean']:.1f}\n{some['n']}" in texts
    few = drawn[drawn["mean"].isna()].iloc[0]
    assert str(few["n"]) in texts
    alone = cohort.tables.people["person_id"].iloc[0]
    _, one = plots.calendar(cohort.tables.diary, person_id=alone)
    mine = cohort.tables.diary.query("person_id == @alone").set_index("date")["stiffness"]
    assert (
        one.set_index("date")["mean"]
        .dropna()
        .sort_index()
        .equals(mine.dropna().sort_index().rename("mean"))
    )
    long = cohort.tables.diary.head(2).assign(date=pd.to_datetime(["2024-01-01", "2026-01-01"]))
    with pytest.raises(ValueError, match="up to 60 weeks"):
        plots.calendar(long, person_id=long["person_id"].iloc[0])


def test_both_autocorrelations_stand_side_by_side_with_their_intervals(cohort):
    found = autocorrelation(cohort.tables.diary)
    figure, drawn = plots.autocorrelation_plot(found)
    assert drawn["lag"].tolist() == [1, 1, 2, 2, 7, 7, 14, 14]
    axes = figure.axes[0]
    corrected = next(x for x in axes.lines if x.get_marker() == "o")
    want = drawn.query("measure == 'autocorrelation'")["estimate"]
    np.testing.assert_array_equal(corrected.get_ydata(), want)
    (bars, _) = [c for c in axes.collections if len(c.get_segments()) == 4][:2]
    low, high = zip(*[(s[0][1], s[1][1]) for s in bars.get_segments()], strict=True)
    part = drawn.query("measure == 'autocorrelation'")
    np.testing.assert_allclose(low, part["conf_low"])
    np.testing.assert_allclose(high, part["conf_high"])
    assert [t.get_text() for t in axes.get_xticklabels()] == ["1", "2", "7", "14"]
    empty, nothing = plots.autocorrelation_plot(Estimates.from_rows([]))
    assert nothing.empty
    assert empty.axes


def test_what_is_missing_is_marked_apart_from_what_was_written(cohort):
    code = cohort.tables.people["person_id"].iloc[2]
    figure, drawn = plots.truth_and_seen(cohort.truth, cohort.tables.diary, code)
    mine = cohort.truth.query("person_id == @code")
    np.testing.assert_array_equal(drawn["latent"], mine["latent"])
    axes = figure.axes[0]
    by_marker = {x.get_marker(): x for x in axes.lines}
    gone = drawn["seen"].isna()
    np.testing.assert_array_equal(by_marker["x"].get_xdata(), drawn.loc[gone, "day"])
    np.testing.assert_array_equal(by_marker["x"].get_ydata(), drawn.loc[gone, "complete"])
    np.testing.assert_array_equal(by_marker["o"].get_ydata(), drawn["seen"])
    assert gone.sum() == (~mine["observed"]).sum() > 0
