"""Blocks of replicates: the same bytes anywhere, resumed, damaged, failed, on a cluster that loses one."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from msspas_analysis.certify.running import (
    BlocksFailedError,
    fingerprint,
    replay,
    run_blocks,
)


def draws(seed: int, first: int, count: int) -> dict[str, np.ndarray]:
    """Return numbers that depend on the seed and the place of each replicate alone."""
    rows = [np.random.default_rng([seed, first + i]).normal(size=3) for i in range(count)]
    return {"x": np.array(rows), "at": np.arange(first, first + count)}


def noted(folder: str, seed: int, first: int, count: int) -> dict[str, np.ndarray]:
    """Leave a note that this block was run."""
    (Path(folder) / f"{first}-{time.monotonic_ns()}").touch()
    return draws(seed, first, count)


def slow(folder: str, seed: int, first: int, count: int) -> dict[str, np.ndarray]:
    time.sleep(0.3)
    (Path(folder) / f"pid-{os.getpid()}").touch()
    return draws(seed, first, count)


def bad_in_the_middle(first: int, count: int) -> dict[str, np.ndarray]:
    if first == 4:
        raise ArithmeticError("the matrix is singular")
    return {"x": np.arange(first, first + count)}


def fails_once(folder: str, first: int, count: int) -> dict[str, np.ndarray]:
    mark = Path(folder) / f"tried-{first}"
    if not mark.exists():
        mark.touch()
        raise OSError("the disk was busy")
    return {"x": np.arange(first, first + count)}


@dataclass(frozen=True)
class Spec:
    n: int
    words: tuple[str, ...] = ("a",)


def same(a, b) -> None:
    assert list(a) == list(b)
    for name in a:
        assert a[name].tobytes() == b[name].tobytes()


def test_blocks_of_any_size_here_and_on_two_cores_are_the_same_bytes():
    job = partial(draws, 5)
    whole = run_blocks(job, replicates=23, block=23)
    assert whole["at"].tolist() == list(range(23))
    same(whole, run_blocks(job, replicates=23, block=4))
    same(whole, run_blocks(job, replicates=23, block=4, workers=2))


def test_progress_is_told_in_order():
    told = []
    run_blocks(partial(draws, 1), replicates=10, block=4, word="studies",
               progress=lambda *step: told.append(step))  # fmt: skip
    assert told == [(4, 10, "studies"), (8, 10, "studies"), (10, 10, "studies")]


def test_a_run_that_was_stopped_goes_on_and_a_damaged_block_is_made_again(tmp_path):
    notes, cache = tmp_path / "notes", tmp_path / "cache"
    notes.mkdir()
    job = partial(noted, str(notes), 3)

    def stop(done, total, word):
        if done >= 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_blocks(job, replicates=20, block=4, cache=cache, progress=stop)
    assert len(list(notes.iterdir())) == 2
    got = run_blocks(job, replicates=20, block=4, cache=cache)
    assert len(list(notes.iterdir())) == 5  # two were there, three are new
    same(got, run_blocks(partial(draws, 3), replicates=20, block=20))
    kept = sorted(cache.rglob("*.npz"))
    assert len(kept) == 5
    data = kept[1].read_bytes()
    kept[1].write_bytes(data[: len(data) // 2])
    kept[2].write_bytes(b"")
    flipped = bytearray(kept[3].read_bytes())
    flipped[len(flipped) // 2] ^= 0xFF
    kept[3].write_bytes(bytes(flipped))
    same(got, run_blocks(job, replicates=20, block=4, cache=cache))
    assert len(list(notes.iterdir())) == 8
    assert not list(cache.rglob("*.part"))


def test_another_specification_has_another_folder(tmp_path):
    run_blocks(partial(draws, 1), replicates=4, block=2, cache=tmp_path)
    run_blocks(partial(draws, 2), replicates=4, block=2, cache=tmp_path)
    assert len(list(tmp_path.iterdir())) == 2
    (tmp_path / "x").touch()
    with pytest.raises(ValueError, match="is a file"):
        run_blocks(partial(draws, 2), replicates=4, block=2, cache=tmp_path / "x")


def test_fingerprints_tell_values_apart_and_stay_the_same():
    unlike = [
        fingerprint(x) for x in (
            1, 1.0, "1", None, True, (1,), ((1,),), [1, 2], {"a": 1}, {"b": 1}, {"a": {"b": 1}},
            np.array([1.0]), np.array([1]), np.array([[1.0]]), Spec(1), Spec(2), Spec(1, ("b",)),
            partial(draws, 1), partial(draws, 2), draws, slow, b"1", np.float64(2.0),
        )
    ]  # fmt: skip
    assert len(set(unlike)) == len(unlike)
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    assert fingerprint("ab", "c") != fingerprint("a", "bc")
    for odd in (lambda: 1, object(), {1, 2}, np.array([object()])):
        with pytest.raises(ValueError, match="cannot be told apart"):
            fingerprint(odd)


def test_a_failed_block_is_kept_with_its_place_and_the_others_go_on():
    with pytest.raises(
        BlocksFailedError, match=r"1 of 5 blocks failed.*replicates 4 to 5"
    ) as caught:
        run_blocks(bad_in_the_middle, replicates=10, block=2)
    failure = caught.value.failures[0]
    assert (failure.first, failure.count) == (4, 2)
    assert "ArithmeticError: the matrix is singular" in failure.error
    assert "bad_in_the_middle" in failure.trace
    assert sorted(caught.value.finished) == [0, 2, 6, 8]
    with pytest.raises(ArithmeticError, match="singular"):
        replay(bad_in_the_middle, failure)


def test_what_fails_once_is_tried_again(tmp_path):
    job = partial(fails_once, str(tmp_path))
    with pytest.raises(BlocksFailedError, match="the disk was busy"):
        run_blocks(job, replicates=4, block=2)
    other = tmp_path / "other"
    other.mkdir()
    got = run_blocks(partial(fails_once, str(other)), replicates=4, block=2, retries=1)
    assert got["x"].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"replicates": 0}, "replicates must be 1"), ({"block": 0}, "block must be 1"),
        ({"workers": 0}, "workers must be 1"), ({"workers": "many"}, "workers must be 1"),
        ({"retries": -1}, "retries must be 0"),
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_refused(how, says):
    with pytest.raises(ValueError, match=says):
        run_blocks(partial(draws, 1), **{"replicates": 4, "block": 2} | how)


def test_jobs_that_cannot_travel_or_answer_in_another_shape_are_refused():
    with pytest.raises(ValueError, match="cannot be sent to another process"):
        run_blocks(lambda first, count: {}, replicates=4, block=2, workers=2)
    for made in (np.zeros(3), np.array([None, None]), np.zeros(())):
        with pytest.raises(BlocksFailedError, match="must be 2 numbers or rows"):
            run_blocks(lambda first, count, made=made: {"x": made}, replicates=2, block=2)


@pytest.mark.filterwarnings("ignore")  # of the cluster, which loses a worker
def test_a_cluster_that_loses_a_worker_gives_the_same_bytes(tmp_path):
    distributed = pytest.importorskip("distributed")
    import joblib

    job = partial(slow, str(tmp_path), 7)
    want = run_blocks(partial(draws, 7), replicates=40, block=2)
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True,
                                 dashboard_address=None, silence_logs=50) as cluster,
        distributed.Client(cluster) as client,
    ):  # fmt: skip
        killed = []

        def kill_one(done, total, word):
            if done >= 6 and not killed:
                pids = client.run(os.getpid)
                victim = next(iter(pids.values()))
                killed.append(victim)
                os.kill(victim, signal.SIGKILL)

        with joblib.parallel_config(backend="dask"):
            got = run_blocks(job, replicates=40, block=2, workers="active", progress=kill_one)
    assert killed
    same(got, want)
    assert len(list(tmp_path.glob("pid-*"))) >= 2
