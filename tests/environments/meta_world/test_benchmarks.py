"""The goals of Meta-World's benchmarks, and their file in the user's cache folder."""

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import metaworld
import numpy as np
import pytest

from splagger.environments.meta_world import benchmarks
from splagger.environments.meta_world.benchmarks import Split, load_benchmark
from splagger.foundation.errors import UserError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    load_benchmark.cache_clear()
    yield tmp_path / "splagger" / "meta-world"
    load_benchmark.cache_clear()


def test_they_are_meta_world_s_own(folder: Path):
    made = metaworld.ML1("drawer-close-v3", seed=3)
    ours = load_benchmark("ML1", "drawer-close-v3", 3)
    splits: list[tuple[Split, Any]] = [("train", made.train_tasks), ("test", made.test_tasks)]
    for split, tasks in splits:
        for goal in (0, 49):
            task = ours.meta_world_task(split, "drawer-close-v3", goal)
            mine, theirs = pickle.loads(task.data), pickle.loads(tasks[goal].data)
            assert task.env_name == tasks[goal].env_name
            assert np.array_equal(mine.pop("rand_vec"), theirs.pop("rand_vec"))
            assert mine == theirs


def test_a_file_is_read_and_a_damaged_one_is_replaced(
    folder: Path, monkeypatch: pytest.MonkeyPatch
):
    first = load_benchmark("ML1", "reach-v3", 0)
    (file,) = folder.iterdir()
    whole = file.read_bytes()

    def again():
        load_benchmark.cache_clear()
        return load_benchmark("ML1", "reach-v3", 0)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(benchmarks, "make_benchmark", None)
        second = again()
    assert list(second.test) == ["reach-v3"]
    assert np.array_equal(first.train["reach-v3"], second.train["reach-v3"])
    assert np.array_equal(first.test["reach-v3"], second.test["reach-v3"])
    for damage in (whole[:2000], b"nothing", b""):
        file.write_bytes(damage)
        third = again()
        assert np.array_equal(first.train["reach-v3"], third.train["reach-v3"])
        (file,) = folder.iterdir()
        with np.load(file) as arrays:
            assert len(arrays["train/reach-v3"]) == 50


def test_without_a_folder_to_write_into_it_only_takes_longer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    load_benchmark.cache_clear()
    assert len(load_benchmark("ML1", "reach-v3", 0).train["reach-v3"]) == 50
    load_benchmark.cache_clear()


def test_another_number_of_goals_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(metaworld, "_N_GOALS", 3)
    with pytest.raises(UserError, match="does not have 50 goals a class"):
        load_benchmark("ML1", "reach-v3", 1)
