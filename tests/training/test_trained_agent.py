import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import numpy as np
import pytest
from support.runs import arrays_of
from support.tiny import Drift, tiny_agent

from splagger.agent import Agent
from splagger.environments.environment import Environment
from splagger.environments.registry import make_trial
from splagger.environments.trial import Trial
from splagger.environments.trial_description import BOUNDARIES
from splagger.foundation.errors import UserError
from splagger.learning.evaluation import evaluate
from splagger.policies.actor_critic import ActorCritic
from splagger.policies.multi_network import MultiNetwork
from splagger.training.run_directory import EvaluationRow, RunDirectory
from splagger.training.trained_agent import TrainedAgent, load

TASKS = 3
MAZE = "t-maze-long-short:length=3,timeout=5"

evaluate_compiled = eqx.filter_jit(evaluate)


@eqx.filter_jit
def reset_compiled(environment: Environment, task: Any, state: Any, key: jax.Array):
    return environment.reset(task, state, key)


@eqx.filter_jit
def step_compiled(environment: Environment, task: Any, state: Any, action: Any, key: jax.Array):
    return environment.step(task, state, action, key)


class Host:
    """One task behind the interface of Gymnasium: NumPy, Python's numbers, hidden state.

    It draws from the keys that the compiled evaluation uses for this task.
    """

    def __init__(self, environment: Environment, key: jax.Array, number: int):
        reset_key, self._step_key = jax.random.split(key)
        task_key, self._reset_key = jax.random.split(jax.random.split(reset_key, TASKS)[number])
        self._environment = environment
        self._task = environment.sample_task(task_key)
        self._number = number
        self._state = None
        self._time = 0
        self._episode_steps = 0

    def reset(self) -> np.ndarray:
        self._episode_steps = 0
        self._state, observation = reset_compiled(
            self._environment, self._task, self._state, self._reset_key
        )
        return np.asarray(observation)

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict]:
        key = jax.random.split(jax.random.fold_in(self._step_key, self._time), TASKS)[self._number]
        step_key, self._reset_key, _ = jax.random.split(key, 3)
        self._state, step = step_compiled(
            self._environment, self._task, self._state, jax.numpy.asarray(action), step_key
        )
        self._time += 1
        self._episode_steps += 1
        terminated = bool(step.terminated)
        limit = self._environment.truncates
        limit = limit and self._episode_steps >= self._environment.max_episode_steps
        truncated = limit and not terminated
        return np.asarray(step.observation), float(step.reward), terminated, truncated, {}


def play(agent: TrainedAgent, host: Host, episodes: int) -> list[float]:
    """One trial; the return of each episode."""
    memory = agent.initial_memory()
    returns = []
    observation, reward, episode_end, start = host.reset(), 0.0, False, None
    for _ in range(episodes):
        total = 0.0
        over = False
        while not over:
            action, memory = agent.step(
                memory, observation, reward, episode_end=episode_end, start_observation=start
            )
            observation, reward, terminated, truncated, _ = host.step(action)
            episode_end, start = False, None
            total += reward
            over = terminated or truncated
        returns.append(total)
        episode_end, start = True, host.reset()
    return returns


def trials() -> list[Trial]:
    both = [Trial(Drift(), 3, boundary) for boundary in BOUNDARIES]
    mazes = [make_trial(MAZE, 2, boundary) for boundary in BOUNDARIES]
    return [*both, Trial(Drift(), 1), *mazes, make_trial(MAZE, 1)]


def name_of(trial: Trial) -> str:
    return f"{type(trial.environment).__name__}-{trial.episodes}-{trial.boundary}"


@pytest.mark.parametrize("trial", trials(), ids=name_of)
def test_a_host_loop_equals_the_compiled_evaluation(trial: Trial):
    agent = tiny_agent(trial)
    trained = TrainedAgent(agent, trial)
    key = jax.random.key(5)
    evaluation = evaluate_compiled(agent, trial, key, tasks=TASKS)
    played = [play(trained, Host(trial.environment, key, n), trial.episodes) for n in range(TASKS)]
    np.testing.assert_allclose(played, evaluation.returns, rtol=2e-5, atol=2e-5)
    assert len(np.unique(evaluation.returns)) > 1
    # The agent of the test does use its memory, or the equality would say little.
    if isinstance(trial.environment, Drift):
        erased = evaluate_compiled(agent, trial, key, tasks=TASKS, erase_memory=True)
        assert not np.allclose(erased.returns, evaluation.returns, rtol=1e-3)


def test_the_boundary_matters_to_the_agent():
    # Otherwise the test above could not tell a wrong boundary.
    environment, key = Drift(), jax.random.key(5)
    agent = tiny_agent(Trial(environment, 3))
    returns = [
        np.asarray(play(TrainedAgent(agent, Trial(environment, 3, boundary)), host, 3))
        for boundary in BOUNDARIES
        for host in [Host(environment, key, 0)]
    ]
    assert all(found[0] == returns[0][0] for found in returns)
    assert len({tuple(found) for found in returns}) == 3


@pytest.fixture(scope="module")
def maze_agent() -> TrainedAgent:
    trial = make_trial(MAZE, 2)
    return TrainedAgent(tiny_agent(trial), trial)


def test_actions_are_what_an_environment_takes(maze_agent: TrainedAgent):
    action, _ = maze_agent.step(maze_agent.initial_memory(), [1, 0, 0, 1])
    assert type(action) is int
    trial = Trial(Drift(), 3)
    trained = TrainedAgent(tiny_agent(trial), trial)
    action, _ = trained.step(trained.initial_memory(), np.zeros(1))
    assert isinstance(action, np.ndarray)
    assert action.shape == (1,)


def test_a_step_changes_nothing(maze_agent: TrainedAgent):
    first, memory = maze_agent.step(maze_agent.initial_memory(), [1, 0, 0, 1])
    for _ in range(2):
        again, same = maze_agent.step(maze_agent.initial_memory(), [1, 0, 0, 1])
        assert again == first
        assert eqx.tree_equal(same, memory)
    # A memory may be used again: two futures of one past.
    one, _ = maze_agent.step(memory, [0, 1, 0, 1], 0.5)
    maze_agent.step(memory, [0, -1, 0, -1], -0.5)
    assert maze_agent.step(memory, [0, 1, 0, 1], 0.5)[0] == one


def test_the_first_reward_is_not_used(maze_agent: TrainedAgent):
    memory = maze_agent.initial_memory()
    results = [maze_agent.step(memory, [1, 0, 0, 1], reward)[1] for reward in (0.0, 5.0)]
    assert eqx.tree_equal(*results)


def test_drawn_actions_follow_the_key(maze_agent: TrainedAgent):
    memory = maze_agent.initial_memory()
    keys = jax.random.split(jax.random.key(0), 40)
    drawn = [maze_agent.step(memory, [1, 0, 0, 1], key=key)[0] for key in keys]
    assert drawn == [maze_agent.step(memory, [1, 0, 0, 1], key=key)[0] for key in keys]
    assert len(set(drawn)) > 1


@pytest.mark.parametrize(
    ("observation", "shape"),
    [([1, 0, 0], r"\(3,\)"), ([1, 0, 0, 1, 0], r"\(5,\)"), ([[1, 0, 0, 1]], r"\(1, 4\)")],
)
def test_an_observation_of_another_size_is_refused(
    maze_agent: TrainedAgent, observation: list, shape: str
):
    message = rf"has shape {shape}, but this agent was trained with observations of shape \(4,\)"
    with pytest.raises(UserError, match=message):
        maze_agent.step(maze_agent.initial_memory(), observation)
    _, memory = maze_agent.step(maze_agent.initial_memory(), [1, 0, 0, 1])
    with pytest.raises(UserError, match=message):
        maze_agent.step(memory, [1, 0, 0, 1], episode_end=True, start_observation=observation)


@pytest.mark.parametrize("boundary", ["both", "start"])
def test_the_start_of_the_next_episode_must_be_given(boundary):
    trial = make_trial(MAZE, 2, boundary)
    trained = TrainedAgent(tiny_agent(trial), trial)
    _, memory = trained.step(trained.initial_memory(), [1, 0, 0, 1])
    with pytest.raises(UserError, match="start_observation, .* is missing"):
        trained.step(memory, [0, 0, 1, 1], episode_end=True)


def test_the_start_of_the_next_episode_is_not_needed_where_it_is_not_seen():
    trial = make_trial(MAZE, 2, "terminal")
    trained = TrainedAgent(tiny_agent(trial), trial)
    _, memory = trained.step(trained.initial_memory(), [1, 0, 0, 1])
    assert trained.step(memory, [0, 0, 1, 1], episode_end=True)[0] in range(4)


def test_no_episode_ends_before_the_first_action(maze_agent: TrainedAgent):
    with pytest.raises(UserError, match="episode_end is true in the first step of a trial"):
        maze_agent.step(maze_agent.initial_memory(), [1, 0, 0, 1], episode_end=True)


# Agents that are told the task


@pytest.fixture(scope="module")
def told_agent() -> TrainedAgent:
    trial = make_trial(MAZE, 2)
    agent = tiny_agent(trial)
    policy = MultiNetwork(jax.tree.map(lambda *leaves: jax.numpy.stack(leaves), *policies(agent)))
    return TrainedAgent(eqx.tree_at(lambda a: a.networks.actor_critic, agent, policy), trial)


def policies(agent: Agent) -> list[ActorCritic]:
    """Two policies that do not agree at a trial's start."""
    policy = agent.networks.actor_critic
    assert isinstance(policy, ActorCritic)
    return [policy, jax.tree.map(lambda leaf: -leaf, policy)]


def test_the_task_that_is_named_chooses_the_network(told_agent: TrainedAgent):
    policy = told_agent.agent.networks.actor_critic
    assert isinstance(policy, MultiNetwork)
    memory = told_agent.initial_memory()
    for index in range(2):
        single = jax.tree.map(lambda leaf, n=index: leaf[n], policy.policies)
        alone = eqx.tree_at(lambda a: a.networks.actor_critic, told_agent.agent, single)
        expected, _ = TrainedAgent(alone, told_agent.trial).step(memory, [1, 0, 0, 1])
        action, _ = told_agent.step(memory, [1, 0, 0, 1], task_index=index)
        assert action == expected


@pytest.mark.parametrize(("index", "given"), [(None, "missing"), (2, "2"), (-1, "-1")])
def test_a_missing_or_unknown_task_is_refused(
    told_agent: TrainedAgent, index: int | None, given: str
):
    with pytest.raises(UserError, match=f"task_index is {given}, .* a number from 0 to 1"):
        told_agent.step(told_agent.initial_memory(), [1, 0, 0, 1], task_index=index)


@pytest.mark.parametrize(("vector", "given"), [(None, "is missing"), ([1, 2], "has shape")])
def test_a_missing_or_wrong_task_vector_is_refused(vector: list[int] | None, given: str):
    trial = make_trial(MAZE, 2)
    agent = tiny_agent(trial)
    policy = agent.networks.actor_critic
    assert isinstance(policy, ActorCritic)
    policy = dataclasses.replace(policy, source="task")
    told = TrainedAgent(eqx.tree_at(lambda a: a.networks.actor_critic, agent, policy), trial)
    with pytest.raises(UserError, match=f"task_vector {given}.* needs 1 numbers"):
        told.step(told.initial_memory(), [1, 0, 0, 1], task_vector=vector)


# Loading


def index_of(agent: TrainedAgent, run: Path) -> int:
    """Which member of the run this is, by its parameters."""
    arrays = arrays_of(run)
    ours = np.asarray(agent.agent.networks.sequence_model.output.layers[0].weight)
    everyone = arrays["state.agent.networks.sequence_model.output.layers[0].weight"]
    [found] = [index for index in range(4) if everyone[index].tobytes() == ours.tobytes()]
    return found


def set_last_returns(run: Path, returns: list[float]) -> None:
    """Writes evaluations in which the members did worse and worse until the last one."""
    directory = RunDirectory.open(run)
    (run / "evaluations.csv").unlink()
    members = [(1e-3, 0), (1e-3, 1), (1e-2, 0), (1e-2, 1)]
    earlier = [returns[2], 100.0, returns[0], returns[1]]
    for frames, values in ((0, earlier), (64, returns)):
        directory.append_evaluations(
            [
                EvaluationRow(member, *members[member], frames, episode, value / 2, None)
                for member, value in enumerate(values)
                for episode in range(2)
            ]
        )


def test_the_best_member_is_loaded_by_default(run_copy: Path):
    for best in range(4):
        set_last_returns(run_copy, [float(member == best) for member in range(4)])
        assert index_of(load(run_copy), run_copy) == best


def test_learning_rate_and_seed_pick_members(run_copy: Path):
    set_last_returns(run_copy, [1.0, 2.0, 4.0, 3.0])
    picked = {
        (rate, seed): index_of(load(run_copy, learning_rate=rate, seed=seed), run_copy)
        for rate in (None, 1e-3, 1e-2)
        for seed in (None, 0, 1)
    }
    assert picked == {
        (None, None): 2,
        (None, 0): 2,
        (None, 1): 3,
        (1e-3, None): 1,
        (1e-3, 0): 0,
        (1e-3, 1): 1,
        (1e-2, None): 2,
        (1e-2, 0): 2,
        (1e-2, 1): 3,
    }


def test_a_loaded_agent_acts(finished_run: Path):
    agent = load(str(finished_run), learning_rate=1e-2, seed=1)
    assert agent.trial.episodes == 2
    action, memory = agent.step(agent.initial_memory(), [1.0, 0.0, 0.0, 1.0])
    assert action in range(4)
    agent.step(memory, np.array([0, 1, 0, -1]), 0.0)


@pytest.mark.parametrize("choice", [{"learning_rate": 0.5}, {"seed": 7}, {"seed": -1}])
def test_a_member_that_does_not_exist_is_refused(finished_run: Path, choice: dict):
    with pytest.raises(UserError, match=r"no member .* are \(0.001, 0\), .*, \(0.01, 1\)"):
        load(finished_run, **choice)


def test_what_is_no_finished_run_is_refused(finished_run: Path, tmp_path: Path):
    with pytest.raises(UserError, match="does not exist"):
        load(tmp_path / "absent")
    with pytest.raises(UserError, match="is empty"):
        load(tmp_path)
    shutil.copy(finished_run / "settings.json", tmp_path)
    with pytest.raises(UserError, match="has no checkpoint yet"):
        load(tmp_path)
    record = json.loads((tmp_path / "settings.json").read_text())
    record["settings"]["environment"] = "os:path"
    (tmp_path / "settings.json").write_text(json.dumps(record))
    with pytest.raises(UserError, match="would import and run code from os"):
        load(tmp_path)
