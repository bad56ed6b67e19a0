"""Allocation lists: balanced, by chance alone, the same everywhere, and sealed."""

import hashlib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from msspas_analysis.certify.plan.allocation import (
    AllocationChangedError,
    allocate,
    draw_seed,
    seal,
    verify_allocation,
)
from msspas_analysis.certify.plan.candidates import PlanSheet, candidates

ALLOCATING = ("waiting list", "parallel", "crossover", "N-of-1 series", "enriched withdrawal",
              "stepped")  # fmt: skip


def plan(key, people=40, **settings):
    sheet = PlanSheet(therapy="TENS", people=people, setting="research", **settings)
    return next(one for one in candidates(sheet) if one.key == key)


@pytest.mark.parametrize("people", [7, 40, 61])
@pytest.mark.parametrize("key", ALLOCATING)
def test_everybody_is_in_it_and_arms_have_their_sizes(key, people):
    one = plan(key, people)
    table = allocate(one, seed=5)
    assert table["number"].tolist() == list(range(1, len(table) + 1))
    assert table["arm"].value_counts().to_dict() == {a.name: a.size for a in one.design.arms}
    blocks = table["block"].to_numpy()
    assert (np.diff(blocks) >= 0).all()
    for arm in one.design.arms:
        assert table.loc[table["arm"] == arm.name, "order"].unique().tolist() == [
            ", then ".join(arm.sequence)
        ]


@pytest.mark.parametrize("key", ["parallel", "crossover", "N-of-1 series"])
def test_whole_blocks_are_balanced_and_none_is_a_pair(key):
    for seed in range(30):
        table = allocate(plan(key), seed=seed)
        sizes = table.groupby("block").size()
        assert sizes.iloc[:-1].ge(4).all()
        counts = table.groupby(["block", "arm"]).size().unstack(fill_value=0)
        assert counts.iloc[:-1].nunique(axis=1).eq(1).all()


def test_blocks_differ_in_length():
    lengths = {
        tuple(allocate(plan("parallel"), seed=seed).groupby("block").size()) for seed in range(20)
    }
    assert len(lengths) > 10


def test_chance_favours_nobody():
    one, lists = plan("parallel", 12), 3000
    therapy = np.array([allocate(one, seed=s)["arm"].eq("therapy") for s in range(lists)])
    error = np.sqrt(0.25 / lists)
    assert np.abs(therapy.mean(axis=0) - 0.5).max() < 4 * error  # each place
    # all six orders of the first four places are alike, where the block has four
    fours = [tuple(row[:4]) for row in therapy if row[:4].sum() == 2]
    counts = pd.Series(fours).value_counts()
    assert len(counts) == 6
    expected = len(fours) / 6
    # first blocks of six hold two of four as well, in all six orders alike
    assert ((counts - expected) ** 2 / expected).sum() < 20.5  # chi-square, 5 df, 0.1 %


def test_a_second_program_makes_the_same_list():
    def digest(text):
        return hashlib.sha256(text.encode()).hexdigest()

    table = allocate(plan("parallel"), seed=77)
    first = 4 if int(digest("77|parallel|1")[-1], 16) % 2 == 0 else 6
    half = first // 2
    places = ["therapy"] * half + ["sham"] * half
    order = sorted(range(first), key=lambda at: digest(f"77|parallel|1|{at}"))
    assert table["block"].tolist()[:first] == [1] * first
    assert table["arm"].tolist()[:first] == [places[at] for at in order]


def test_the_same_seed_is_the_same_list_and_another_is_not():
    one = plan("crossover")
    pd.testing.assert_frame_equal(allocate(one, seed=3), allocate(one, seed=3))
    assert allocate(one, seed=3)["arm"].tolist() != allocate(one, seed=4)["arm"].tolist()
    other = allocate(plan("parallel"), seed=3)["arm"].eq("therapy")
    assert other.tolist() != allocate(one, seed=3)["arm"].eq("therapy first").tolist()


def test_codes_are_those_given_in_their_order():
    codes = [f"P{i:02d}" for i in range(40)]
    table = allocate(plan("parallel"), seed=1, codes=codes)
    assert table["person_id"].tolist() == codes
    assert seal(table) == seal(allocate(plan("parallel"), seed=1))  # codes are not sealed


def test_two_to_one_is_kept_in_every_whole_block():
    one = plan("parallel", 30)
    sizes = {"therapy": 20, "sham": 10}
    arms = tuple(replace(arm, size=sizes[arm.name]) for arm in one.design.arms)
    uneven = replace(one, design=replace(one.design, arms=arms))
    for seed in range(10):
        table = allocate(uneven, seed=seed)
        assert table["arm"].value_counts().to_dict() == sizes
        counts = table.groupby(["block", "arm"]).size().unstack(fill_value=0).iloc[:-1]
        assert counts["therapy"].eq(2 * counts["sham"]).all()


def test_the_hash_cannot_be_found_by_trying_all_lists():
    secret = draw_seed()
    table = allocate(plan("parallel", 6), seed=secret)
    assert table["seed"].eq(secret).all()
    guess = allocate(plan("parallel", 6), seed=0).assign(arm=table["arm"], block=table["block"])
    assert seal(guess) != seal(table)  # the same arms; the seed is not known
    assert len({draw_seed() for _ in range(100)}) == 100


CHANGES = {
    "an arm": lambda t: t.assign(arm=["sham", *t["arm"].iloc[1:]]) if t["arm"].iloc[0] != "sham"
    else t.assign(arm=["therapy", *t["arm"].iloc[1:]]),
    "two lines swapped": lambda t: t.iloc[[1, 0, *range(2, len(t))]],
    "a line left out": lambda t: t.iloc[1:],
    "a line added": lambda t: pd.concat([t, t.iloc[:1]]),
    "a block": lambda t: t.assign(block=t["block"] + 1),
    "what is given": lambda t: t.assign(order="sham"),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_shows(what):
    table = allocate(plan("parallel"), seed=9)
    verify_allocation(table, seal(table))
    with pytest.raises(AllocationChangedError, match="was changed after it was sealed"):
        verify_allocation(CHANGES[what](table), seal(table))


def test_a_list_that_went_through_a_file_is_the_same(tmp_path):
    table = allocate(plan("stepped"), seed=9, codes=[f"A{i}" for i in range(40)])
    table.to_csv(tmp_path / "list.csv", index=False)
    back = pd.read_csv(tmp_path / "list.csv", dtype={"person_id": "str"})
    verify_allocation(back, seal(table))
    pd.testing.assert_frame_equal(back, table, check_dtype=False)


def test_codes_not_filled_in_yet_are_no_codes_twice(tmp_path):
    table = allocate(plan("parallel"), seed=9)
    table.to_csv(tmp_path / "list.csv", index=False)
    back = pd.read_csv(tmp_path / "list.csv")  # empty cells come back as NaN
    assert back["person_id"].isna().all()
    verify_allocation(back, seal(table))


def test_a_code_twice_or_a_column_less_is_refused():
    table = allocate(plan("parallel"), seed=9, codes=[f"A{i}" for i in range(40)])
    twice = table.assign(person_id=["A0", "A0", *table["person_id"].iloc[2:]])
    with pytest.raises(AllocationChangedError, match=r"\['A0'\] more than once"):
        verify_allocation(twice, seal(table))
    with pytest.raises(AllocationChangedError, match=r"no column \['arm'\]"):
        seal(table.drop(columns="arm"))


def test_what_has_no_list_says_why():
    with pytest.raises(ValueError, match="before and after allocates nobody"):
        allocate(plan("before and after"), seed=1)
    danger = PlanSheet(therapy="baclofen", setting="research")
    refused = next(one for one in candidates(danger) if one.key == "parallel")
    with pytest.raises(ValueError, match="is not offered: Stopping baclofen"):
        allocate(refused, seed=1)
    centre = next(one for one in candidates(PlanSheet(therapy="TENS")) if one.key == "parallel")
    with pytest.raises(ValueError, match="is not offered: This is research"):
        allocate(centre, seed=1)


@pytest.mark.parametrize(
    ("key", "given", "said"),
    [
        ("parallel", {"seed": -1}, "seed must be 0 to 2"),
        ("parallel", {"seed": 1, "codes": ["A1"]}, "codes must be 40 different ones, got 1 of 1"),
        ("parallel", {"seed": 1, "codes": ["A1"] * 40}, "got 1 of 40"),
        ("enriched withdrawal", {"seed": 1, "codes": [f"A{i}" for i in range(40)]}, "leave codes out"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(key, given, said):
    with pytest.raises(ValueError, match=said):
        allocate(plan(key), **given)
