"""Large diaries: the in-memory estimators' own numbers, any split, any number of workers, resumed."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from msspas_analysis.certify.large.large_diary import (
    fit_large,
    open_large_diary,
    summarise_large_diary,
    write_large_diary,
)
from msspas_analysis.certify.large.parts import (
    FIRST_DAY,
    LAST_DAY,
    added,
    gaps_by_lag,
    products_by_lag,
    year_sums,
)
from msspas_analysis.certify.large.rows import MISSING, rated
from msspas_analysis.certify.running import BlocksFailedError, run_apart
from msspas_analysis.certify.twin.diary_features import (
    features_of,
    own_diary,
    rating_features,
    rating_sums,
    usual_lags,
)
from msspas_analysis.certify.twin.fitting import fit_scenario
from msspas_analysis.estimate.change.paired import paired_change
from msspas_analysis.estimate.change.responders import responder_curve
from msspas_analysis.estimate.change.untreated import (
    NoExpectationError,
    checked_contrast,
    day_grid,
    entry_weights,
    variogram,
)
from msspas_analysis.estimate.people import RowsAreNotPeopleError
from msspas_analysis.estimate.windows import window_scores
from msspas_analysis.simulate.diary import simulate_diary
from msspas_analysis.simulate.scenario import DiaryScenario
from msspas_analysis.tables import AFTER, BEFORE, Tables, Window

ENTRIES = ("none", "first rating", "first week")
SPAN = np.arange(FIRST_DAY, LAST_DAY + 1)


def cohort(n=40, seed=1, followup=80, tenths=False, whole=None, stopped=False) -> Tables:
    """Return people who start apart, some without a first session, a start, or a diary."""
    scenario = DiaryScenario(n_people=n, followup_days=followup, entry_rating=4,
                             recruitment_days=90)  # fmt: skip
    tables = simulate_diary(scenario, seed=seed).tables
    rng = np.random.default_rng(seed)
    people, diary = tables.people.copy(), tables.diary.copy()
    people.loc[people.index[:3], "first_session"] = pd.NaT
    if not whole:
        people.loc[people.index[3:5], "diary_start"] = pd.NaT
    nobody = people.iloc[[0, 5]].assign(person_id=["ZZ1", "AA1"])
    people = pd.concat(
        [people.iloc[1:], nobody], ignore_index=True
    )  # the first is in the diary only
    diary.loc[rng.random(len(diary)) < 0.1, "stiffness"] = np.nan
    if stopped:  # each at another day
        first = diary.groupby("person_id")["date"].transform("min")
        kept = dict(zip(people["person_id"], rng.permutation(len(people)) * 5 + 3, strict=True))
        diary = diary[(diary["date"] - first).dt.days <= diary["person_id"].map(kept).fillna(60)]
    if tenths:
        tenths = rng.integers(0, 10, len(diary)) / 10
        diary["stiffness"] = np.minimum(diary["stiffness"] + tenths, 10)
    return Tables(people=people, diary=diary)


def written(tables: Tables, folder: Path, size: int = 7) -> Path:
    write_large_diary(tables, folder, people_per_file=size)
    return folder


def in_memory(diary: pd.DataFrame, people: pd.DataFrame, outcome: str = "stiffness"):
    own = own_diary(diary.assign(stiffness=diary[outcome]), people)
    near, far = usual_lags(own.seen.shape[-1], own.baseline_days)
    found = rating_features(own.seen, own.after, own.possible, near=near, far=far)
    return {name: float(value[0]) for name, value in found.items()}


def same_summary(found, tables: Tables, outcome: str = "stiffness", before=BEFORE, after=AFTER):
    """Compare everything with the estimators on the table in memory."""
    diary, people = tables.diary, tables.people
    scores = window_scores(diary, people, outcome, before=before, after=after)
    pd.testing.assert_frame_equal(found.scores, scores, check_exact=True)
    for name in ("before", "after"):
        assert found.scores[name].to_numpy().tobytes() == scores[name].to_numpy().tobytes()
    grid = day_grid(diary, people, outcome)
    for entry in ENTRIES:
        seen = grid.seen
        if entry != "none":
            seen = np.where(entry_weights(seen, grid.days, entry=entry) > 0, np.nan, seen)
        gamma, pairs = variogram(seen, grid.days)
        got = found.variogram(left_out=entry)
        np.testing.assert_allclose(got[0], gamma, rtol=1e-10, atol=1e-12)
        np.testing.assert_array_equal(got[1], pairs)
        want = checked_contrast(grid, before=before, after=after, entry=entry)
        had = found.contrast(entry=entry)
        for name in ("change", "expected", "before", "g"):
            np.testing.assert_allclose(getattr(had, name), getattr(want, name), rtol=1e-10,
                                       atol=1e-10)  # fmt: skip
    if diary[outcome].max() > 10:  # features are those of ratings
        return
    features = in_memory(diary, people, outcome)
    assert list(found.features) == list(features)
    for name, value in features.items():
        assert found.features[name] == pytest.approx(value, rel=1e-10, abs=1e-12, nan_ok=True), name


def same_bytes(a, b) -> None:
    pd.testing.assert_frame_equal(a.scores, b.scores, check_exact=True)
    assert a.counts == b.counts
    assert a.features.keys() == b.features.keys()
    assert np.array(list(a.features.values())).tobytes() == np.array(
        list(b.features.values())).tobytes()  # fmt: skip
    assert list(a.parts) == list(b.parts)
    for name in a.parts:
        assert a.parts[name].tobytes() == b.parts[name].tobytes(), name
    for entry in ENTRIES:
        assert a.contrast(entry=entry).expected.tobytes() == b.contrast(
            entry=entry).expected.tobytes()  # fmt: skip


@pytest.fixture(scope="module")
def tables() -> Tables:
    return cohort()


@pytest.fixture(scope="module")
def folder(tables, tmp_path_factory) -> Path:
    return written(tables, tmp_path_factory.mktemp("large") / "diary")


# --- the numbers --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "outcome"),
    [
        ({}, "stiffness"), ({"followup": 220}, "stiffness"), ({"whole": True}, "stiffness"),
        ({"stopped": True, "followup": 200}, "stiffness"),
        ({"stopped": True, "n": 18}, "stiffness"), ({"tenths": True}, "stiffness"), ({"followup": 170, "seed": 3}, "pain"),
        ({"seed": 5, "n": 25}, "spasm_count"),
    ],
    ids=["whole numbers", "long", "every start known", "stopped", "few stopped", "tenths", "pain", "counts"],
)  # fmt: skip
def test_a_large_diary_gives_the_numbers_of_the_table_in_memory(tmp_path, how, outcome):
    tables = cohort(**how)
    same_summary(summarise_large_diary(written(tables, tmp_path / "d"), outcome=outcome),
                 tables, outcome)  # fmt: skip


@pytest.mark.parametrize("tenths", [False, True])
def test_windows_beyond_the_days_of_the_variogram(tmp_path, tenths):
    tables = cohort(followup=260, tenths=tenths)
    windows = {"before": Window(name="before", first_day=-10, last_day=-3, min_days=2),
               "after": Window(name="after", first_day=190, last_day=230)}  # fmt: skip
    same_summary(
        summarise_large_diary(written(tables, tmp_path / "d"), **windows), tables, **windows
    )


def test_every_row_is_accounted_for(folder, tables):
    found = summarise_large_diary(folder)
    counts, rated = found.counts, tables.diary["stiffness"].notna()
    begun = set(tables.people.loc[tables.people["first_session"].notna(), "person_id"])
    assert counts == {
        "rows": len(tables.diary), "not rated": int((~rated).sum()),
        "no first session": int((rated & ~tables.diary["person_id"].isin(begun)).sum()),
        "used": int((rated & tables.diary["person_id"].isin(begun)).sum()),
    }  # fmt: skip
    assert counts["rows"] == counts["used"] + counts["not rated"] + counts["no first session"]
    assert min(counts.values()) > 0


def test_the_scores_go_into_the_estimators(folder, tables):
    scores = summarise_large_diary(folder).scores
    want = window_scores(tables.diary, tables.people, "stiffness")
    for estimator in (paired_change, responder_curve):
        assert estimator(scores, outcome="stiffness").table.equals(
            estimator(want, outcome="stiffness").table
        )


def test_rows_in_any_order_one_person_a_file_no_rows_and_other_types(tmp_path, tables):
    folder = tmp_path / "d"
    folder.mkdir()
    rng = np.random.default_rng(0)
    people = tables.people
    pq.write_table(pa.Table.from_pandas(people[["person_id", "first_session", "diary_start"]]),
                   folder / "people.parquet")  # fmt: skip
    diary = tables.diary[["date", "stiffness", "person_id"]]
    ids = diary["person_id"].unique()
    groups = [ids[:1], ids[1:2], ids[2:20], ids[20:]]
    for i, group in enumerate(groups):
        part = diary[diary["person_id"].isin(group)]
        part = part.iloc[rng.permutation(len(part))]
        table = pa.Table.from_pandas(part, preserve_index=False)
        if i == 2:
            table = table.cast(pa.schema({"date": pa.timestamp("us"), "stiffness": pa.uint16(),
                                          "person_id": pa.large_string()}))  # fmt: skip
        if i == 3:
            table = table.cast(pa.schema({"date": pa.date32(), "stiffness": pa.float32(),
                                          "person_id": pa.string()}))  # fmt: skip
        pq.write_table(table, folder / f"diary-{i}.parquet", row_group_size=100)
    pq.write_table(table.slice(0, 0), folder / "diary-9.parquet")
    nothing = pa.table({"person_id": ["AA1"], "date": table["date"][:1],
                        "stiffness": pa.nulls(1)})  # fmt: skip
    pq.write_table(nothing, folder / "diary-8.parquet")
    found = summarise_large_diary(folder)
    extra = diary.tail(1).assign(person_id="AA1", stiffness=np.nan)
    shown = Tables(people=people, diary=pd.concat([diary, extra], ignore_index=True))
    same_summary(found, shown)


def test_a_file_read_in_several_batches_is_read_as_one(folder, tables, tmp_path, monkeypatch):
    from msspas_analysis.certify.large import rows as diary_rows

    want = summarise_large_diary(folder)
    rows = pq.read_table(folder / "diary-00001.parquet")
    for size in (1, 11):  # of one row: a batch ends wherever a person's rows do
        monkeypatch.setattr(diary_rows, "_BATCH", size)
        same_bytes(want, summarise_large_diary(folder))
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    twice = pa.concat_tables([rows.slice(0, 11), rows.slice(10)])  # where a batch ends
    pq.write_table(twice, copy / "diary-00001.parquet")
    with pytest.raises(ValueError, match=r"1 row\(s\) repeat a person and day"):
        summarise_large_diary(copy)


@pytest.mark.parametrize("kind", [pa.float64(), pa.float32()])
def test_not_a_number_is_not_rated(folder, tables, tmp_path, kind):
    want = summarise_large_diary(folder)
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    for path in copy.glob("diary-*"):
        table = pq.read_table(path)
        values = pa.array(table["stiffness"].to_numpy().astype(kind.to_pandas_dtype()))
        assert values.null_count == 0
        pq.write_table(table.set_column(2, "stiffness", values), path)
    same_bytes(want, summarise_large_diary(copy))


def test_sums_of_tenths_are_those_of_the_rows_in_their_order(tmp_path):
    tables = cohort(tenths=True)
    diary = tables.diary.sample(frac=1, random_state=1)
    folder = tmp_path / "d"
    folder.mkdir()
    pq.write_table(pa.Table.from_pandas(tables.people), folder / "people.parquet")
    pq.write_table(pa.Table.from_pandas(diary, preserve_index=False), folder / "diary-0.parquet")
    got = summarise_large_diary(folder).scores
    pd.testing.assert_frame_equal(
        got, window_scores(diary, tables.people, "stiffness"), check_exact=True
    )


def test_numbers_too_far_apart_for_a_byte_and_a_mistyped_year(tmp_path, tables):
    diary = tables.diary.copy()
    rng = np.random.default_rng(2)
    diary["stiffness"] = rng.integers(0, 250, len(diary)).astype(float)
    diary.loc[diary.index[5], "date"] = pd.Timestamp("1726-03-01")
    wide = Tables(people=tables.people, diary=diary)
    found = summarise_large_diary(written(wide, tmp_path / "d", 500))
    scores = window_scores(diary, wide.people, "stiffness")
    pd.testing.assert_frame_equal(found.scores, scores, check_exact=True)
    grid = day_grid(diary, wide.people, "stiffness")
    for got, want in zip(found.variogram(), variogram(grid.seen, grid.days), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12)


def test_people_with_years_between_rows_are_laid_out_apart(tmp_path, tables, monkeypatch):
    from msspas_analysis.certify.large import rows as diary_rows

    folder = written(tables, tmp_path / "d", 500)
    whole = summarise_large_diary(folder)
    monkeypatch.setattr(diary_rows, "_MOST_CELLS", 500)
    same_bytes(whole, summarise_large_diary(folder))


@settings(max_examples=8, deadline=None, derandomize=True,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(sizes=st.lists(st.integers(1, 20), min_size=1, max_size=8), seed=st.integers(0, 2**16))
def test_any_split_of_people_gives_the_same_answer(tables, folder, tmp_path_factory, sizes, seed):
    want = summarise_large_diary(folder)
    ids = np.random.default_rng(seed).permutation(
        sorted({*tables.diary["person_id"], *tables.people["person_id"]})
    )
    at = np.minimum(np.cumsum(sizes), len(ids))
    other = tmp_path_factory.mktemp("split")
    pq.write_table(pa.Table.from_pandas(tables.people), other / "people.parquet")
    for i, group in enumerate(np.split(ids, at)):
        part = tables.diary[tables.diary["person_id"].isin(group)]
        pq.write_table(pa.Table.from_pandas(part, preserve_index=False),
                       other / f"diary-{i:02d}.parquet")  # fmt: skip
    same_bytes(want, summarise_large_diary(other))


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**16), low=st.integers(0, 200), width=st.integers(0, 54),
       share=st.floats(0, 1))  # fmt: skip
def test_differences_and_products_give_the_same_sums_by_lag(seed, low, width, share):
    rng = np.random.default_rng(seed)
    y = rng.integers(low, low + width + 1, (int(rng.integers(1, 90)), 31)).astype(np.uint8)
    known = rng.random(y.shape) < share
    y[~known] = MISSING
    seen = np.where(known, y.astype(float), np.nan).T
    gamma, pairs = variogram(seen, np.arange(len(y)))
    for way in (gaps_by_lag, products_by_lag):
        squares, many = way(y, known)
        np.testing.assert_array_equal(many, pairs)
        np.testing.assert_array_equal(0.5 * squares / np.maximum(many, 1), gamma)


def test_products_stay_exact_where_one_sum_would_not_fit():
    y = np.full((70, 700), 253, np.uint8)  # 700 squares of 253 take 26 bits
    y[::2] = 1
    y[5, 3] = 2
    known = np.ones(y.shape, bool)
    for got, want in zip(products_by_lag(y, known), gaps_by_lag(y, known), strict=True):
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("tenths", [False, True])
@pytest.mark.parametrize("most", [1, 10, 200])
def test_a_year_in_bytes_has_the_sums_of_one_in_floats(most, tenths):
    rng = np.random.default_rng(most)
    year = rng.integers(0, most + 1, (30, 60)).astype(np.uint8)
    year[rng.random(year.shape) < 0.3] = MISSING
    year[:4] = MISSING
    year[:, 50:] = MISSING
    after, possible = rng.integers(0, 90, 30), rng.integers(1, 61, 30)
    kept = rated(year).astype(np.float32) if tenths else year
    sides = np.arange(60) >= after[:, None]
    want = rating_sums(rated(year)[None], sides, possible, near=(1, 2, 7), far=(12, 55))
    got = year_sums(kept, after, possible, near=(1, 2, 7), far=(12, 55))
    assert got.keys() == want.keys()
    for name in want:
        np.testing.assert_array_equal(got[name], want[name], err_msg=name)
    # the sums of two halves are those of the whole
    halves = [year_sums(kept[part], after[part], possible[part], near=(1, 2, 7), far=(12, 55))
              for part in (slice(0, 11), slice(11, 30))]  # fmt: skip
    both, whole = features_of(added(halves)), features_of(want)
    for name in whole:
        np.testing.assert_array_equal(both[name], whole[name], err_msg=name)


# --- workers and the cache ----------------------------------------------------------------------


def test_the_same_bytes_from_one_worker_from_two_and_from_a_cluster(folder):
    want = summarise_large_diary(folder)
    same_bytes(want, summarise_large_diary(folder, workers=2))
    distributed = pytest.importorskip("distributed")
    import joblib

    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True,
                                 dashboard_address=None, silence_logs=50) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):  # fmt: skip
        same_bytes(want, summarise_large_diary(folder, workers="active"))


def test_a_run_that_was_stopped_goes_on_and_a_changed_file_is_read_again(tables, tmp_path):
    folder, cache = written(tables, tmp_path / "d"), tmp_path / "cache"
    want = summarise_large_diary(folder)
    files = sorted(folder.glob("diary-*"))

    def stop(done, total, word):
        assert (total, word) == (len(files), "files")
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        summarise_large_diary(folder, cache=cache, progress=stop)
    kept = len(list(cache.glob("*.npz")))
    assert 2 <= kept <= len(files)
    same_bytes(want, summarise_large_diary(folder, cache=cache))
    stamps = {path: path.stat().st_mtime_ns for path in cache.glob("*.npz")}
    assert len(stamps) == len(files)
    same_bytes(want, summarise_large_diary(folder, cache=cache))
    assert stamps == {path: path.stat().st_mtime_ns for path in cache.glob("*.npz")}
    table = pq.read_table(files[0])
    table = table.set_column(2, "stiffness", pa.array(np.zeros(len(table))))
    pq.write_table(table, files[0])
    changed = summarise_large_diary(folder, cache=cache)
    os.utime(files[1], ns=(0, 0))  # as large as it was, but changed
    summarise_large_diary(folder, cache=cache)
    assert len(list(cache.glob("*.npz"))) == len(files) + 2
    assert not changed.scores.equals(want.scores)
    summarise_large_diary(folder, cache=cache, before=Window(name="b", first_day=-9, last_day=-1))
    assert len(list(cache.glob("*.npz"))) == 2 * len(files) + 2


def count_to(n: int) -> dict[str, np.ndarray]:
    if n == 3:
        raise ArithmeticError("no three")
    return {"x": np.arange(n)}


@pytest.mark.parametrize("how", [{}, {"threads": 3}, {"workers": 2}])
def test_jobs_that_have_nothing_to_do_with_each_other(tmp_path, how):
    told = []
    made = run_apart([partial(count_to, n) for n in (2, 0, 5)], cache=tmp_path / "c", word="sums",
                     progress=lambda *step: told.append(step), **how)  # fmt: skip
    assert [part["x"].tolist() for part in made] == [[0, 1], [], [0, 1, 2, 3, 4]]
    assert told == [(1, 3, "sums"), (2, 3, "sums"), (3, 3, "sums")]
    assert len(list((tmp_path / "c").iterdir())) == 3
    with pytest.raises(
        BlocksFailedError, match="1 of 3 blocks failed; the first, sums 1 to 1: Ar"
    ) as e:
        run_apart(
            [partial(count_to, n) for n in (2, 3, 4)], cache=tmp_path / "c", word="sums", **how
        )
    assert sorted(e.value.finished) == [0, 2]
    assert len(list((tmp_path / "c").iterdir())) == 4
    with pytest.raises(ValueError, match="retries must be 0"):
        run_apart([], retries=-1)
    assert run_apart([], **how) == []


# --- what is refused ----------------------------------------------------------------------------


@pytest.fixture
def copy(folder, tmp_path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / "copy"))


def changed(path: Path, how) -> None:
    pq.write_table(how(pq.read_table(path)), path)


def test_a_damaged_file_is_named(copy):
    path = copy / "diary-00002.parquet"
    data = bytearray(path.read_bytes())
    path.write_bytes(bytes(data[: len(data) // 2]))
    with pytest.raises(ValueError, match=r"diary-00002.parquet cannot be read"):
        open_large_diary(copy)
    data[4:2000] = bytes(1996)  # the rows are gone, the list of columns at the end is there
    path.write_bytes(bytes(data))
    large = open_large_diary(copy)
    with pytest.raises(
        ValueError, match=r"1 of \d files cannot .*diary-00002.parquet cannot be read"
    ):
        summarise_large_diary(large)


def test_a_person_in_two_files_is_found_and_named(copy):
    first, second = copy / "diary-00001.parquet", copy / "diary-00003.parquet"
    one = pq.read_table(first)
    row = one.slice(0, 1)
    changed(second, lambda table: pa.concat_tables([table, row]))
    name = row["person_id"][0].as_py()
    with pytest.raises(
        ValueError, match=rf"person '{name}' has rows in .*00001.*00003.parquet; put"
    ):
        summarise_large_diary(copy)


@pytest.mark.parametrize("at", [0, 1])
def test_two_rows_of_a_person_for_a_day_are_refused(copy, at):
    row = pq.read_table(copy / "diary-00001.parquet").slice(7, 1)
    changed(copy / "diary-00001.parquet", lambda table: pa.concat_tables(
        [row, table] if at else [table.slice(0, 8), row, table.slice(8)]))  # fmt: skip
    name = row["person_id"][0].as_py()
    with pytest.raises(ValueError, match=rf"00001.parquet: 1 row.*the first '{name}' on \d{{4}}-"):
        summarise_large_diary(copy)


def test_somebody_twice_among_the_people_is_refused(copy):
    path = copy / "people-00000.parquet"
    changed(path, lambda table: pa.concat_tables([table, table.slice(0, 1)]))
    with pytest.raises(RowsAreNotPeopleError):
        summarise_large_diary(copy)


def recast(name, kind):
    return lambda table: table.set_column(
        table.column_names.index(name), name, table[name].cast(kind)
    )


def replaced(name, value):
    def how(table):
        values = table[name].to_pylist()
        values[3] = value
        return table.set_column(table.column_names.index(name), name,
                                pa.array(values, table[name].type))  # fmt: skip

    return how  # fmt: skip


@pytest.mark.parametrize(
    ("how", "says"),
    [
        (lambda t: t.drop_columns("date"), r"diary-00001.parquet has no column 'date'"),
        (lambda t: t.drop_columns("stiffness"), r"'stiffness' is absent in .*diary-00001"),
        (recast("stiffness", pa.string()), r"'stiffness' holds string, not numbers in .*diary-00001"),
        (recast("date", pa.string()), r"diary-00001.*'date' holds string, not dates"),
        (recast("date", pa.timestamp("us", "UTC")), r"'date' holds timestamp.*without a time zone"),
        (lambda t: t.set_column(0, "person_id", pa.array(range(len(t)))), r"'person_id' holds int64"),
        (replaced("stiffness", np.inf), r"diary-00001.parquet: stiffness holds an infinite"),
        (replaced("date", None), r"diary-00001.parquet: 1 row\(s\) have no date"),
        (replaced("person_id", None), r"diary-00001.parquet: 1 row\(s\) have no person_id"),
    ],
)  # fmt: skip
def test_files_that_do_not_fit_are_named(copy, how, says):
    changed(copy / "diary-00001.parquet", how)
    with pytest.raises(ValueError, match=says):
        summarise_large_diary(copy)


def test_what_cannot_be_summed_up_is_refused(folder, tmp_path):
    for outcome in ("nothing", "missed_medication"):
        with pytest.raises(ValueError, match=f"outcome '{outcome}' .*choose one of .*'stiffness'"):
            summarise_large_diary(folder, outcome=outcome)
    with pytest.raises(ValueError, match="the windows share days"):
        summarise_large_diary(folder, after=BEFORE)
    with pytest.raises(ValueError, match=r"has no diary-\*.parquet"):
        open_large_diary(tmp_path)
    with pytest.raises(ValueError, match="workers must be 1 or more"):
        summarise_large_diary(folder, workers=0)


def test_too_little_to_expect_anything_from_is_said(tmp_path, tables):
    ids = tables.people["person_id"].iloc[5:9]
    few = Tables(people=tables.people[tables.people["person_id"].isin(ids)],
                 diary=tables.diary[tables.diary["person_id"].isin(ids)])  # fmt: skip
    found = summarise_large_diary(written(few, tmp_path / "few"))
    with pytest.raises(NoExpectationError, match=r"only \d people have enough rated days"):
        found.contrast()
    assert found.features == {}
    with pytest.raises(ValueError, match="a twin needs 10 people"):
        fit_large(found)
    late = tables.diary.merge(tables.people, on="person_id", how="left")
    late = tables.diary[(late["date"] >= late["first_session"]).to_numpy()]
    after = Tables(people=tables.people, diary=late)
    with pytest.raises(NoExpectationError, match="no day before a first session"):
        summarise_large_diary(written(after, tmp_path / "late")).contrast()


# --- writing ------------------------------------------------------------------------------------


def test_what_is_written_is_what_was_given_in_parts_of_any_size(tmp_path, tables):
    ids = sorted({*tables.people["person_id"], *tables.diary["person_id"]})
    parts = [Tables(people=tables.people[tables.people["person_id"].isin(some)],
                    diary=tables.diary[tables.diary["person_id"].isin(some)])
             for some in (ids[:3], ids[3:25], ids[25:26], ids[26:])]  # fmt: skip
    large = write_large_diary(iter(parts), tmp_path / "d", people_per_file=10)
    assert [file.path[-13:] for file in large.diary] == [f"{i:05d}.parquet" for i in range(5)]
    assert (large.rows, len(ids)) == (len(tables.diary), 42)
    for name, keys in (("diary", ["person_id", "date"]), ("people", ["person_id"])):
        got = pd.concat([pq.read_table(path).to_pandas(types_mapper=None)
                         for path in sorted((tmp_path / "d").glob(f"{name}-*"))])  # fmt: skip
        want = tables[name].sort_values(keys).reset_index(drop=True)
        got = got.astype({c: want[c].dtype for c in want if want[c].dtype != object})
        for column in want:
            here, there = got[column].astype(object), want[column].astype(object)
            assert here.reset_index(drop=True).where(here.notna().to_numpy(), None).tolist() == (
                there.where(there.notna(), None).tolist()
            ), column
    kinds = pq.read_schema(large.diary[0].path)
    assert pa.types.is_dictionary(kinds.field("person_id").type)
    assert kinds.field("date").type == pa.date32()
    same_summary(summarise_large_diary(large), tables)


def test_a_person_in_two_parts_is_refused_and_nothing_is_left_behind(tmp_path, tables):
    again = Tables(people=tables.people.head(0), diary=tables.diary.head(1))
    name = again.diary["person_id"].iloc[0]
    with pytest.raises(ValueError, match=rf"'{name}' of part 2 were in an earlier part"):
        write_large_diary([tables, again], tmp_path / "d", people_per_file=5)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "d").mkdir()
    written(tables, tmp_path / "d")
    with pytest.raises(ValueError, match="holds something"):
        written(tables, tmp_path / "d")
    with pytest.raises(ValueError, match="hold nobody"):
        write_large_diary([], tmp_path / "e")
    with pytest.raises(ValueError, match="people_per_file must be 1"):
        written(tables, tmp_path / "e", 0)
    words = replace(tables, diary=tables.diary.assign(stiffness="high"))
    with pytest.raises(ValueError, match="column 'stiffness' does not hold numbers"):
        written(words, tmp_path / "e")


# --- a twin -------------------------------------------------------------------------------------


def test_a_twin_of_few_people_is_the_one_fitted_in_memory(folder, tables):
    diary = tables.diary[["person_id", "date", "stiffness"]]
    want = fit_scenario(diary, tables.people, rounds=1, replicates=40)
    got = fit_large(summarise_large_diary(folder), rounds=1, replicates=40)
    assert (got.fitted, got.kept) == (want.fitted, want.kept)
    assert got.scenario.level_mean == pytest.approx(want.scenario.level_mean, rel=1e-8)
    for a, b in ((got.values, want.values), (got.closeness, want.closeness)):
        np.testing.assert_allclose(a.table["estimate"], b.table["estimate"], rtol=1e-8)
        assert a.notes == b.notes
    with pytest.raises(ValueError, match="replicates must be 40"):
        fit_large(summarise_large_diary(folder), replicates=3)
    with pytest.raises(ValueError, match="fitted to daily stiffness"):
        fit_large(summarise_large_diary(folder, outcome="pain"))


def test_a_twin_of_many_people_is_fitted_to_all_and_drawn_for_fewer(folder, monkeypatch):
    from msspas_analysis.certify.large import large_diary

    whole = summarise_large_diary(folder)
    monkeypatch.setattr(large_diary, "_MOST_PEOPLE", 12)
    found = summarise_large_diary(folder)
    assert found.features == pytest.approx(whole.features, rel=1e-12)
    twin = fit_large(found, rounds=1, replicates=40)
    assert twin.scenario.n_people == 12
    assert any("features of 40 people" in note for note in twin.closeness.notes)
    own = twin.comparison.set_index(["outcome", "term"])["own"]
    assert own["stiffness", "mean of people's means"] == whole.features["mean"]
