"""Published untreated responses: no figure without a source, and beside a change only where it fits."""

import numpy as np
import pandas as pd
import pytest

from msspas_analysis.evidence.untreated_responses import (
    COLUMNS,
    STATUSES,
    UNCONTROLLED,
    UnsourcedFigureError,
    beside_published,
    checked_responses,
    published_untreated_responses,
)


def test_every_figure_says_where_it_is_from_and_how_it_is_known():
    table = published_untreated_responses()
    assert list(table.columns) == list(COLUMNS)
    assert table["citation"].str.contains(r"\b(?:19|20)\d\d\b").all()
    assert table["status"].isin(STATUSES).all()
    published = table[table["status"] == "published"]
    assert published["read_at"].ne("").all()
    assert len(published) < len(table)  # some are from memory, and say so


@pytest.mark.parametrize(
    ("study", "measure", "value", "status"),
    [
        ("Wade 2010", "mean_change", -0.97, "published"),
        ("Collin 2010", "mean_change", -0.8, "published"),
        ("Collin 2010", "share_responders_30", 0.24, "published"),
        ("Collin 2007", "share_responders_30", 0.22, "memory-medium"),
        ("CAMS, Zajicek 2003", "share_improved", 0.46, "published"),
    ],
)
def test_figures_are_those_of_the_papers(study, measure, value, status):
    table = published_untreated_responses()
    row = table[(table["study"] == study) & (table["measure"] == measure)].iloc[0]
    assert (row["value"], row["status"]) == (value, status)


SPOILED = {
    "no source": ({"citation": ""}, "citation is empty"),
    "no study": ({"study": None}, "study is empty"),
    "no status": ({"status": ""}, "status is empty"),
    "a status that is not known": ({"status": "surely"}, "status is 'surely'"),
    "not found is no status": ({"status": "not found"}, "status is 'not found'"),
    "published, nowhere read": ({"read_at": " "}, "read_at is empty"),
    "a design that is not known": ({"design": "open"}, "design is 'open'"),
    "another unit": ({"unit": "%"}, "unit is '%'"),
    "no value": ({"value": np.nan}, "value is empty"),
    "beyond the scale": ({"value": -11.0}, "value is -11 on a scale from 0 to 10"),
    "half a scale": ({"scale_high": np.nan}, "give both ends in order"),
    "a scale the wrong way": ({"scale_low": 10.0, "scale_high": 0.0}, "give both ends in order"),
    "a year that is none": ({"year": 99.0}, "year is 99.0"),
    "half a person": ({"n": 12.5}, "n is 12.5"),
    "nobody": ({"n": 0.0}, "n is 0"),
    "no time": ({"weeks": 0.0}, "weeks is 0"),
    "no spread": ({"sd": -1.0}, "sd is -1"),
    "means of another measure": ({"before": 5.0}, "before and after belong to mean_before_after"),
    "a word for a number": ({"n": "many"}, "n is 'many', which is no number"),
}


@pytest.mark.parametrize("how", SPOILED)
def test_a_figure_without_its_source_cannot_get_in(how):
    change, said = SPOILED[how]
    table = published_untreated_responses().astype(object)
    table = table[table["study"] == "Wade 2010"].copy()
    for name, value in change.items():
        table[name] = value
    with pytest.raises(UnsourcedFigureError, match="row 1 ") as caught:
        checked_responses(table)
    assert said in str(caught.value)


def test_the_same_figure_twice_is_refused():
    table = published_untreated_responses()
    with pytest.raises(UnsourcedFigureError, match=r"row 20 \(Wade 2010, spasticity\): .* twice"):
        checked_responses(pd.concat([table, table.iloc[:1]]))


def test_before_and_after_must_give_the_value():
    table = published_untreated_responses()
    both = table[table["measure"] == "mean_before_after"]
    assert not both.empty
    np.testing.assert_allclose(both["after"] - both["before"], both["value"], atol=1e-9)
    with pytest.raises(UnsourcedFigureError, match="but after minus before is"):
        checked_responses(both.assign(value=both["value"] + 1))
    with pytest.raises(UnsourcedFigureError, match="needs both"):
        checked_responses(both.assign(after=np.nan))


def test_other_columns_are_refused():
    with pytest.raises(ValueError, match="columns must be"):
        checked_responses(published_untreated_responses().drop(columns="status"))


def test_a_table_that_is_changed_leaves_the_library_as_it_was():
    mine = published_untreated_responses()
    mine["value"] = 0.0
    assert published_untreated_responses()["value"].ne(0).all()


def test_what_is_asked_for_must_be_there():
    with pytest.raises(ValueError, match="outcome must be one of"):
        published_untreated_responses("mood")
    with pytest.raises(ValueError, match="status must be one of"):
        published_untreated_responses(status="sure")


def test_only_the_same_scale_and_a_control_stand_beside_a_change():
    every = published_untreated_responses()
    found = beside_published(-1.0, -1.5, -0.5, weeks=6, outcomes=tuple(every["outcome"].unique()))
    want = every[
        every["measure"].isin(["mean_change", "mean_before_after"])
        & every["scale_low"].eq(0) & every["scale_high"].eq(10) & every["design"].ne(UNCONTROLLED)
    ]  # fmt: skip
    assert sorted(found["value"]) == sorted(want["value"])
    assert (every["design"] == UNCONTROLLED).any()
    np.testing.assert_allclose(found["difference"], -1.0 - found["value"])
    np.testing.assert_array_equal(found["reached"], found["value"].between(-1.5, -0.5))
    apart = found["weeks_apart"].dropna()
    np.testing.assert_allclose(apart, found.loc[apart.index, "weeks"] - 6)
    assert beside_published(-1.0, -1.5, -0.5)["weeks_apart"].isna().all()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((-1.0, -0.9, -0.5), "change must lie in its interval"),
        ((-11.0, -12.0, -10.0), "within -10 to 10"),
        ((np.nan, -1.0, 1.0), "change must lie in its interval"),
    ],
)
def test_a_change_that_cannot_be_is_refused(given, said):
    with pytest.raises(ValueError, match=said):
        beside_published(*given)


def test_weeks_and_outcomes_are_checked():
    with pytest.raises(ValueError, match="weeks must be above 0"):
        beside_published(-1.0, -1.5, -0.5, weeks=0)
    with pytest.raises(ValueError, match="put it in a list"):
        beside_published(-1.0, -1.5, -0.5, outcomes="pain")
