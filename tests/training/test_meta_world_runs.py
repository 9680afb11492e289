"""Trainings on Meta-World, from end to end: on training tasks, and evaluated on those held out."""

import importlib.util
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from support.host_runs import host_settings
from support.runs import assert_same_run

from splagger.cli.main import main
from splagger.environments.host.simulator import Simulator
from splagger.environments.meta_world.benchmarks import Benchmark, load_benchmark
from splagger.foundation.errors import UserError
from splagger.learning.host_evaluation import evaluate_on_host
from splagger.training.evaluate_run import evaluate_run
from splagger.training.train import resume, start_run

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("metaworld") is None, reason="the package metaworld is not installed"
)

# Two episodes of five steps in a trial, and rollouts of eight: they end in the middle of trials.
ML1 = "meta-world-ml1:name=push,episode_steps=5"
ML10 = "meta-world-ml10:episode_steps=5"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on ML10 that was never stopped. Nobody may change it."""
    path = tmp_path_factory.mktemp("whole") / "run"
    assert start_run(host_settings(ML10), out=path, quiet=True).finished
    return path


class Spy:
    """Sees every task that a simulator takes up, and every goal that Meta-World is given."""

    def __init__(self, patch: pytest.MonkeyPatch):
        from metaworld.sawyer_xyz_env import SawyerXYZEnv

        self.evaluating = False
        self.splits: dict[bool, set[str]] = {False: set(), True: set()}
        self.goals: dict[bool, set[bytes]] = {False: set(), True: set()}
        take_up, make = Simulator._set_task, SawyerXYZEnv.set_task
        within_simulator = []

        def set_task(simulator: Simulator, task) -> None:
            self.splits[self.evaluating].add(simulator._environment.unwrapped._split)
            within_simulator.append(True)
            take_up(simulator, task)
            within_simulator.pop()

        def set_goal(instance, task) -> None:
            # Not those of descriptions, in which nobody acts.
            if within_simulator:
                vector = pickle.loads(task.data)["rand_vec"]
                self.goals[self.evaluating].add(task.env_name.encode() + vector.tobytes())
            make(instance, task)

        def evaluate(*arguments, **options):
            self.evaluating = True
            try:
                return evaluate_on_host(*arguments, **options)
            finally:
                self.evaluating = False

        patch.setattr(Simulator, "_set_task", set_task)
        patch.setattr(SawyerXYZEnv, "set_task", set_goal)
        patch.setattr("splagger.training.session.evaluate_on_host", evaluate)


def goals(benchmark: Benchmark, split) -> set[bytes]:
    return {
        name.encode() + vector.tobytes()
        for name, vectors in benchmark.goals(split).items()
        for vector in vectors
    }


@pytest.mark.parametrize(
    ("environment", "key"), [(ML1, ("ML1", "push-v3", 0)), (ML10, ("ML10", None, 0))]
)
def test_no_test_task_is_ever_trained_on(
    environment: str, key: tuple, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    spy = Spy(monkeypatch)
    start_run(host_settings(environment, evaluation_tasks=6), out=tmp_path / "run", quiet=True)
    benchmark = load_benchmark(*key)
    train, test = goals(benchmark, "train"), goals(benchmark, "test")
    assert train.isdisjoint(test)
    assert spy.splits == {False: {"train"}, True: {"test"}}
    assert len(spy.goals[False]) > 10
    assert spy.goals[False] <= train
    assert len(spy.goals[True]) > 4
    assert spy.goals[True] <= test


def test_stopped_in_the_middle_of_trials_it_goes_on_exactly(whole: Path, tmp_path: Path):
    run = tmp_path / "run"
    start_run(host_settings(ML10, frames=64), out=run, quiet=True)
    resume(run, frames=160, quiet=True)
    assert_same_run(run, whole)


def test_workers_change_nothing(whole: Path, tmp_path: Path):
    run = tmp_path / "run"
    start_run(host_settings(ML10, host={"workers": 2}), out=run, quiet=True)
    assert_same_run(run, whole)


def test_it_is_evaluated_on_what_is_held_out(whole: Path, capsys: pytest.CaptureFixture[str]):
    result = evaluate_run(whole, tasks=7)
    test = load_benchmark("ML10", None, 0).test
    assert result["environment"] == "meta-world-ml10:episode_steps=5,split=test"
    assert result["tasks"] == 10
    for member in result["members"]:
        assert list(member["groups"]) == list(test)
        rates = [group["return_per_episode"] for group in member["groups"].values()]
        np.testing.assert_allclose(np.mean(rates, axis=0), member["return_per_episode"], rtol=1e-6)
        assert all(group["success_per_episode"] == [0, 0] for group in member["groups"].values())
    assert main(["evaluate", str(whole), "--tasks", "5", "--json", "--environment", ML10]) == 0
    trained = json.loads(capsys.readouterr().out)
    assert trained["tasks"] == 10
    assert len(trained["members"][0]["groups"]) == 10
    assert main(["evaluate", str(whole), "--tasks", "5"]) == 0
    printed = capsys.readouterr().out
    assert "1 trials of each kind of task" in printed
    assert "lever-pull-v3" in printed


def test_training_on_what_is_held_out_is_refused(whole: Path, tmp_path: Path):
    for text in ("meta-world-ml10:split=test", "metaworld_ml1:name=push,split=test"):
        with pytest.raises(UserError, match="has the tasks that are held out for evaluations"):
            start_run(host_settings(text), out=tmp_path / "run", quiet=True)
    assert not (tmp_path / "run").exists()
