"""A plan that came back: the frozen analysis is the one the plan was chosen by, and changes show."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from msspas_analysis.certify.plan.allocation import AllocationChangedError, allocate, seal
from msspas_analysis.certify.plan.candidates import RESEARCH, PlanSheet, candidates, compared_days
from msspas_analysis.certify.plan.comparison import (
    DESIGN_ANALYSES,
    _run,
    compare_designs,
    period_means,
)
from msspas_analysis.certify.plan.returned import (
    ALLOCATION_FILE,
    BEHAVIOUR,
    PLAN_FILE,
    PlanChangedError,
    StudyPlan,
    analyse_folder,
    analyse_returned,
    planned,
)
from msspas_analysis.certify.twin.expected import expected_without_treatment
from msspas_analysis.ingest import read_workbook
from msspas_analysis.ingest.template import write_template
from msspas_analysis.simulate.designs import NOT_RANDOMISED
from msspas_analysis.tables import Window

KEYS = ("before and after", "longer baseline", "waiting list", "parallel", "crossover",
        "N-of-1 series", "enriched withdrawal", "stepped")  # fmt: skip
ALONE = KEYS[:2]
START = pd.Timestamp("2026-01-05")


def sheet_of(people=24, **settings):
    return PlanSheet(therapy="TENS", people=people, setting="research", **settings)


def plan_of(key, sheet):
    one = next(c for c in candidates(sheet) if c.key == key)
    sealed = seal(allocate(one, seed=7)) if one.allocates else ""
    return StudyPlan(sheet=sheet, key=key, seed=7, allocation=sealed)


def come_back(plan, *, seed=5):
    """Draw one study and write it as tables: diary, people, the allocation list with codes."""
    design = plan.candidate.design
    ratings, arm = _run(design, world=None, seed=seed, first=0, count=1)
    rng = np.random.default_rng(seed)
    codes = np.array([f"Q{i:03d}" for i in rng.permutation(design.n_people)])
    begun = START + pd.to_timedelta(rng.integers(0, 30, design.n_people), unit="D")
    who, day = np.nonzero(~np.isnan(ratings.seen[0]))
    diary = pd.DataFrame({
        "person_id": codes[who],
        "date": begun[who] + pd.to_timedelta(ratings.days[day], unit="D"),
        "stiffness": ratings.seen[0][who, day],
    }).sample(frac=1, random_state=seed)  # fmt: skip
    people = pd.DataFrame({"person_id": codes, "first_session": begun})
    listed = None
    if plan.allocation:
        listed = allocate(plan.candidate, seed=7)
        names = [a.name for a in design.arms]
        free = {name: list(listed.index[listed["arm"] == name]) for name in names}
        for i, code in enumerate(codes):
            if arm[0, i] != NOT_RANDOMISED:
                listed.loc[free[names[arm[0, i]]].pop(0), "person_id"] = code
    means = period_means(ratings.seen, ratings.days, design)
    return diary, people, listed, means, arm


@pytest.mark.parametrize("key", KEYS)
def test_it_is_the_analysis_the_plan_was_chosen_by(key):
    plan = plan_of(key, sheet_of())
    diary, people, listed, means, arm = come_back(plan)
    found = analyse_returned(diary, people, plan, allocation=listed)
    want = DESIGN_ANALYSES[plan.candidate.analysis](means, arm, plan.candidate)
    row = found.one(term="answer")
    for name in ("estimate", "std_error", "conf_low", "conf_high", "df", "p_value"):
        assert row[name] == pytest.approx(float(want[name][0]), rel=1e-10, abs=1e-12)
    assert not np.isnan(row.estimate)
    assert row.n + row.n_missing == len(people)
    gone = [int(n.split()[2]) for n in found.notes if n.startswith("Set aside: ")]
    assert sum(gone) == row.n_missing
    assert (RESEARCH in found.notes) == (key not in ALONE)


@pytest.mark.parametrize("key", KEYS)
def test_whom_it_leaves_out_does_not_matter_and_whom_it_uses_does(key):
    plan = plan_of(key, sheet_of())
    diary, people, listed, *_ = come_back(plan)
    who = diary["person_id"].map(dict(zip(people["person_id"], range(len(people)), strict=True)))
    day = (
        diary["date"] - diary["person_id"].map(people.set_index("person_id")["first_session"])
    ).dt
    spans = compared_days(plan.design)
    gone = np.zeros(len(diary), dtype=bool)
    for i in range(0, len(people), 2):  # every second person has not rated one or two of the spans
        for low, high in {spans[i // 2 % len(spans)], spans[i % len(spans)]}:
            gone |= (who.eq(i) & day.days.between(low, high)).to_numpy()
    diary = diary[~gone]
    whole = analyse_returned(diary, people, plan, allocation=listed).one(term="answer")
    assert whole.n_missing > 0
    changed = 0
    for code in people["person_id"]:
        without = analyse_returned(
            diary[diary["person_id"] != code], people, plan, allocation=listed
        ).one(term="answer")
        if without.n == whole.n:
            assert without.estimate == pytest.approx(whole.estimate, abs=1e-12)
        else:
            assert without.n == whole.n - 1
            assert without.n_missing == whole.n_missing + 1
            changed += without.estimate != whole.estimate
    assert changed == whole.n


def test_beside_a_change_stands_what_was_to_be_expected():
    plan = plan_of("longer baseline", sheet_of(40))
    diary, people, *_ = come_back(plan)
    found = analyse_returned(diary, people, plan)
    before, after = compared_days(plan.candidate.design)
    want = expected_without_treatment(
        diary, people, outcome="stiffness", entry="first rating >= 4", seed=7,
        before=Window(name="before", first_day=before[0], last_day=before[1], min_days=7),
        after=Window(name="after", first_day=after[0], last_day=after[1], min_days=7),
    )  # fmt: skip
    for term in ("observed", "expected without treatment", "beyond expectation"):
        mean = {"term": term, "measure": "mean_difference"}
        assert found.one(**mean).estimate == want.results.one(**mean).estimate
    answer, observed = found.one(term="answer"), found.one(term="observed")
    if answer.n == observed.n:
        assert answer.estimate == pytest.approx(observed.estimate, abs=1e-12)
    assert set(want.conclusion) <= set(found.notes)
    other = analyse_returned(*come_back(plan_of("parallel", sheet_of()))[:2],
                             plan_of("parallel", sheet_of()),
                             allocation=come_back(plan_of("parallel", sheet_of()))[2])  # fmt: skip
    assert set(other.table["term"]) == {"answer"}
    assert any("was not laid down with the plan" in note for note in other.notes)


def test_where_nothing_can_be_expected_it_says_why():
    plan = plan_of("before and after", sheet_of(24, entry_rating=None))
    diary, people, *_ = come_back(plan)
    few = people["person_id"].iloc[:3]
    found = analyse_returned(
        diary[diary["person_id"].isin(few)], people[people["person_id"].isin(few)], plan
    )
    assert any("was to be expected without treatment cannot be said" in n for n in found.notes)


def test_the_runs_of_the_plan_stand_beside_the_answer():
    sheet = sheet_of(20)
    runs = compare_designs(replace(sheet, setting="centre"), replicates=128, seed=7)
    plan = planned(
        runs, replace(sheet, setting="centre"), "before and after", seed=7, allocation=""
    )
    back = StudyPlan.from_json(plan.to_json())
    assert back == plan
    diary, people, *_ = come_back(back)
    found = analyse_returned(diary, people, back)
    rows = found.table[found.table["term"] == "in the runs of this plan"].set_index("measure")
    assert tuple(rows.index) == BEHAVIOUR
    for name in BEHAVIOUR:
        row = runs.one(group="before and after", measure=name)
        for part in ("estimate", "std_error", "n"):
            np.testing.assert_equal(
                float(rows.loc[name, part]), float(row[part])
            )  # NaN is NaN: a test that is none has no power


def filled(path, diary, people):
    """Type the tables into the blank workbook."""
    from openpyxl import load_workbook

    write_template(path, weeks=6, codes=sorted(people["person_id"]))
    book = load_workbook(path)
    place = {c.value: c.column for c in book["People"][1]}
    first = people.set_index("person_id")["first_session"]
    for cells in book["People"].iter_rows(min_row=2):
        code = cells[place["Client code"] - 1].value
        if code in first.index:
            cells[place["First session"] - 1].value = first[code].to_pydatetime()
            cells[place["OK to use for evaluation?"] - 1].value = "yes"
    place = {c.value: c.column for c in book["Diary"][1]}
    for at, row in enumerate(diary.sort_values(["person_id", "date"]).itertuples(), start=2):
        book["Diary"].cell(at, place["Client code"]).value = row.person_id
        book["Diary"].cell(at, place["Date"]).value = row.date.to_pydatetime()
        book["Diary"].cell(at, place["Stiffness 0-10"]).value = int(row.stiffness)
    book.save(path)


def test_a_workbook_that_came_back_gives_the_same(tmp_path):
    plan = plan_of("parallel", sheet_of(12))
    diary, people, listed, *_ = come_back(plan)
    (tmp_path / "sealed").mkdir()
    (tmp_path / PLAN_FILE).write_text(plan.to_json(), encoding="utf-8")
    listed.to_csv(tmp_path / ALLOCATION_FILE, index=False)
    filled(tmp_path / "back.xlsx", diary, people)
    intake = read_workbook(tmp_path / "back.xlsx")
    assert not len(intake.asks)
    found = analyse_folder(tmp_path / "back.xlsx", tmp_path)
    want = analyse_returned(diary, people, plan, allocation=listed)
    assert found.one(term="answer").estimate == want.one(term="answer").estimate
    assert found.one(term="answer").n == want.one(term="answer").n
    assert any(note.startswith("Read: ") for note in found.notes)


# --- what is refused -------------------------------------------------------------------------------


def test_a_changed_plan_is_refused():
    text = plan_of("before and after", sheet_of()).to_json()
    with pytest.raises(PlanChangedError, match="was changed after it was written"):
        StudyPlan.from_json(text.replace('"therapy_days": 28', '"therapy_days": 35'))
    with pytest.raises(PlanChangedError, match="has the format 'msspas plan 0'"):
        StudyPlan.from_json(text.replace("msspas plan 1", "msspas plan 0"))
    for other in ("", "[]", "{}", '{"sha256": "x"', "no plan"):
        with pytest.raises(PlanChangedError):
            StudyPlan.from_json(other)
    assert StudyPlan.from_json(text.replace("\n", "\r\n")).key == "before and after"


def test_a_changed_list_a_stranger_or_no_list_is_refused():
    plan = plan_of("parallel", sheet_of())
    diary, people, listed, *_ = come_back(plan)
    with pytest.raises(ValueError, match="give allocation, the list of who got what"):
        analyse_returned(diary, people, plan)
    swapped = listed.assign(arm=listed["arm"].to_numpy()[::-1])
    with pytest.raises(AllocationChangedError):
        analyse_returned(diary, people, plan, allocation=swapped)
    stranger = listed.assign(person_id=["", *listed["person_id"].iloc[1:]])
    with pytest.raises(ValueError, match=r"are in the diaries and not in the allocation list"):
        analyse_returned(diary, people, plan, allocation=stranger)


def test_a_plan_that_cannot_be_is_refused():
    sheet = sheet_of()
    with pytest.raises(ValueError, match="parallel needs the hash of its allocation list"):
        StudyPlan(sheet=sheet, key="parallel", seed=1)
    with pytest.raises(ValueError, match="before and after has no list"):
        StudyPlan(sheet=sheet, key="before and after", seed=1, allocation="ab")
    with pytest.raises(ValueError, match="there is no plan 'paralel'; plans: "):
        StudyPlan(sheet=sheet, key="paralel", seed=1)
    with pytest.raises(ValueError, match="parallel is not offered: This is research"):
        StudyPlan(sheet=replace(sheet, setting="centre"), key="parallel", seed=1, allocation="ab")
    with pytest.raises(ValueError, match="not offered: Stopping baclofen"):
        StudyPlan(sheet=replace(sheet, therapy="baclofen"), key="stepped", seed=1, allocation="ab")


def test_nobody_to_analyse_is_refused_with_the_days():
    plan = plan_of("before and after", sheet_of())
    diary, people, *_ = come_back(plan)
    with pytest.raises(ValueError, match="-7 to -1, 14 to 27, counted from the first day"):
        analyse_returned(diary.iloc[:0], people, plan)


def test_people_are_set_aside_by_reason():
    plan = plan_of("before and after", sheet_of())
    diary, people, *_ = come_back(plan)
    people.loc[0, "first_session"] = pd.NaT
    silent, late = people.loc[1, "person_id"], people.loc[2, "person_id"]
    diary = diary[diary["person_id"] != silent]
    when = people.loc[2, "first_session"] + pd.Timedelta(days=14)
    diary = diary[(diary["person_id"] != late) | (diary["date"] < when)]
    notes = analyse_returned(diary, people, plan).notes
    assert "Set aside: 1 people have no first session." in notes
    assert any(n.startswith("Set aside: ") and "rated no compared days" in n for n in notes)
    assert any("rated fewer than half of the days" in n for n in notes)


def test_a_folder_without_its_files_says_which(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no plan\.json"):
        analyse_folder(tmp_path / "x.xlsx", tmp_path)
    (tmp_path / PLAN_FILE).write_text(plan_of("parallel", sheet_of()).to_json(), encoding="utf-8")
    with pytest.raises(FileNotFoundError, match=r"no sealed/allocation\.csv"):
        analyse_folder(tmp_path / "x.xlsx", tmp_path)
