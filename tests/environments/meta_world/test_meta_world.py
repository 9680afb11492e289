"""Meta-World as an environment with tasks: what is drawn, what is seen, and exact restoring."""

import numpy as np
import pytest

from splagger.environments.contract import check_target
from splagger.environments.host.gymnasium_environment import GymnasiumEnvironment
from splagger.environments.host.host_trial import HostTrial
from splagger.environments.host.simulator import Simulator
from splagger.environments.meta_world.benchmarks import load_benchmark
from splagger.environments.meta_world.meta_world import MetaWorld
from splagger.environments.registry import make_trial
from splagger.environments.spaces import Box
from splagger.foundation.errors import UserError

ML10_TRAIN = (
    "reach-v3",
    "push-v3",
    "pick-place-v3",
    "door-open-v3",
    "drawer-close-v3",
    "button-press-topdown-v3",
    "peg-insert-side-v3",
    "window-open-v3",
    "sweep-v3",
    "basketball-v3",
)
ML10_TEST = ("drawer-open-v3", "door-close-v3", "shelf-place-v3", "sweep-into-v3", "lever-pull-v3")


def host_trial(text: str) -> HostTrial:
    trial = make_trial(text, trust=True)
    assert isinstance(trial, HostTrial)
    return trial


def test_descriptions():
    trial = host_trial("meta-world-ml10")
    assert (trial.episodes, trial.max_steps, trial.observation_size) == (2, 1000, 40)
    assert trial.action_space == Box(-1, 1, (4,))
    assert trial.environment.task_size == 13
    assert trial.has_success
    assert trial.may_truncate
    assert trial.tasks is None
    assert trial.environment.restore_obstacle == ""
    assert trial.environment.task_groups == ML10_TRAIN
    test = host_trial("metaworld_ml10:split=test,episode_steps=20")
    assert test.environment.task_groups == ML10_TEST
    assert test.environment.task_size == 13
    assert test.max_steps == 40


def test_training_tasks_are_no_test_tasks():
    train, test = MetaWorld("ML10"), MetaWorld("ML10", split="test")
    generator = np.random.default_rng(0)
    drawn = [train.sample_task(generator) for _ in range(4000)]
    assert set(drawn) == set(range(500))
    classes = np.bincount([train.task_group(task) for task in drawn])
    assert len(classes) == 10
    assert 320 < classes.min() <= classes.max() < 480
    assert {train.task_groups[train.task_group(task)] for task in drawn} == set(ML10_TRAIN)
    assert set(train.task_groups).isdisjoint(test.task_groups)


def test_ml1_tests_on_goals_that_it_does_not_train_on():
    benchmark = load_benchmark("ML1", "push-v3", 0)
    train, test = ({vector.tobytes() for vector in part["push-v3"]} for part in _parts(benchmark))
    assert len(train) == len(test) == 50
    assert train.isdisjoint(test)
    other = load_benchmark("ML1", "push-v3", 5)
    assert train.isdisjoint({vector.tobytes() for vector in other.train["push-v3"]})


def _parts(benchmark):
    return benchmark.goals("train"), benchmark.goals("test")


def test_the_task_vector_says_class_and_goal():
    train = MetaWorld("ML10")
    vector = train.task_vector(3 * 50 + 7)
    assert vector[:10].tolist() == [0, 0, 0, 1, 0, 0, 0, 0, 0, 0]
    train.set_task(57)
    train.reset()
    # Where the ball is that shows the goal of pushing.
    assert train.task_vector(57)[10:].tolist() == train._instance._target_pos.tolist()
    # On the table, whose height is the same for all.
    goal = load_benchmark("ML10", None, 0).train["push-v3"][7][3:5]
    assert train.task_vector(57)[10:12].tolist() == goal.tolist()
    test = MetaWorld("ML10", split="test").task_vector(3)
    assert test[:10].tolist() == [0] * 10
    assert np.abs(test[10:]).max() > 0.1


def test_asking_about_another_task_disturbs_nothing():
    environment, alone = MetaWorld("ML1", "push"), MetaWorld("ML1", "push")
    action = np.array([0.3, 0.5, -1, 1], np.float32)
    for one in (environment, alone):
        one.set_task(3)
        one.reset()
    for step in range(30):
        environment.task_vector(step)
        ours, expected = environment.step(action)[0], alone.step(action)[0]
        assert np.array_equal(ours, expected)


def test_the_goal_is_hidden_and_the_task_matters():
    environment = MetaWorld("ML1", "reach")
    action = np.array([0, 1, 0, 0], np.float32)
    seen, rewards = [], []
    for task in (0, 1):
        environment.set_task(task)
        start, _ = environment.reset()
        observation, reward, _, _, info = environment.step(action)
        assert np.all(start[-3:] == 0)
        assert np.all(observation[-3:] == 0)
        assert info == {"success": False}
        seen.append(observation[:4])
        rewards.append(reward)
    np.testing.assert_allclose(seen[0], seen[1], atol=1e-5)
    assert abs(rewards[0] - rewards[1]) > 0.01
    assert 0 < min(rewards) < max(rewards) < 10


def _reach(environment: MetaWorld, task: int, steps: int) -> list:
    """Moves straight to the goal."""
    environment.set_task(task)
    observation, _ = environment.reset()
    results = []
    for _ in range(steps):
        away = environment.task_vector(task)[-3:] - observation[:3] + [0, 0, 0.045]
        action = np.append(np.clip(10 * away, -1, 1), -1).astype(np.float32)
        observation, *result = environment.step(action)
        results.append(result)
        if result[1] or result[2]:
            break
    return results


def test_an_episode_ends_at_success_or_at_its_limit():
    results = _reach(MetaWorld("ML1", "reach"), 0, 200)
    assert results[-1][1:] == [True, False, {"success": True}]
    assert not any(result[1] or result[2] for result in results[:-1])
    late = _reach(MetaWorld("ML1", "reach", episode_steps=5), 0, 200)
    assert len(late) == 5
    assert late[-1][1:] == [False, True, {"success": False}]
    sparse = _reach(MetaWorld("ML1", "reach", sparse_reward=True), 0, 200)
    assert [result[0] for result in sparse] == [0.0] * (len(results) - 1) + [1.0]


def test_actions_are_clipped():
    results = []
    for size in (0.5, 1, 7):
        environment = MetaWorld("ML1", "push")
        environment.set_task(0)
        environment.reset()
        results.append(environment.step(np.full(4, size, np.float32))[:2])
    half, whole, beyond = results
    assert np.array_equal(whole[0], beyond[0])
    assert whole[1] == beyond[1]
    assert not np.array_equal(half[0], whole[0])


def two_simulators(name: str) -> tuple[Simulator, Simulator]:
    trial = host_trial(name)
    assert isinstance(trial.environment, GymnasiumEnvironment)
    maker = trial.environment.maker
    return Simulator(maker, trial.rules, 1), Simulator(maker, trial.rules, 2)


@pytest.mark.parametrize("split", ["train", "test"])
def test_it_goes_on_bit_for_bit_from_a_state(split: str):
    """Every class of ML10, of which the state has numbers of its own."""
    played, restored = two_simulators(f"meta-world-ml10:split={split}")
    generator = np.random.default_rng(3)
    classes = ML10_TRAIN if split == "train" else ML10_TEST
    tasks = [50 * number + 11 for number in range(len(classes))]
    for task in tasks:
        # Tasks follow one another in the same instances.
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(played, "_sample_task", lambda _, task=task: task)
            played.new_trial()
        played.step(generator.uniform(-1, 1, 4))
        played.new_episode()
        for _ in range(25):
            played.step(generator.uniform(-1, 1, 4))
        restored.restore(played.capture())
        assert np.array_equal(restored.vector, played.vector)
        for _ in range(100):
            action = generator.uniform(-1, 1, 4)
            ours, expected = restored.step(action), played.step(action)
            assert np.array_equal(ours[0], expected[0])
            assert ours[1:] == expected[1:]
        assert np.array_equal(restored.capture(), played.capture())
        assert np.array_equal(restored.new_episode(), played.new_episode())
    assert np.array_equal(restored.new_trial(), played.new_trial())


def test_bin_picking_remembers_its_first_distance():
    played, restored = two_simulators("meta-world-ml1:name=bin-picking")
    played.new_trial()
    generator = np.random.default_rng(3)
    for moment in range(2):
        restored.restore(played.capture())
        for _ in range(40):
            action = generator.uniform(-1, 1, 4)
            ours, expected = restored.step(action), played.step(action)
            assert np.array_equal(ours[0], expected[0]), moment
            assert ours[1] == expected[1]


def test_it_keeps_the_contract():
    findings = check_target("meta-world-ml1:name=reach,episode_steps=30")
    assert [str(finding) for finding in findings if finding.outcome == "failure"] == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "meta-world-ml1:name=reech",
            "name of meta-world-ml1 is 'reech', but it must be one of assembly, .*, reach, ",
        ),
        ("meta-world-ml1:split=both", "'split' .* must be train or test, not 'both'"),
        ("meta-world-ml1:episode_steps=501", "episode_steps of Meta-World is 501, .* at most 500"),
        ("meta-world-ml1:goal_seed=-1", "goal_seed of Meta-World is -1"),
    ],
)
def test_bad_options(text: str, message: str):
    with pytest.raises(UserError, match=message):
        make_trial(text)
