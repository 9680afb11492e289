"""What evaluations count: every kind of task equally often, and every episode once."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.host import host_trial
from support.kinds import CHANCES, Still
from support.tiny import tiny_agent

from splagger.environments.environment import Environment, Step
from splagger.environments.host.host_trial import HostTrial
from splagger.environments.host.simulators import SimulatorError
from splagger.environments.locomotion.half_cheetah import HalfCheetahDirection
from splagger.environments.locomotion.native_environment import NativeEnvironment
from splagger.environments.spaces import Box, Discrete
from splagger.environments.trial import Trial
from splagger.foundation.errors import UserError
from splagger.learning import host_evaluation
from splagger.learning.evaluation import Evaluation, evaluate, tasks_of_group, whole_groups
from splagger.learning.host_evaluation import evaluate_actors, evaluate_on_host

STILL = np.zeros((), np.int32)


def kinds() -> HostTrial:
    return host_trial("kinds:Kinds")


def seeds(tasks: int, members: int = 1) -> np.ndarray:
    generator = np.random.default_rng(2)
    return generator.integers(2**32, size=(members, tasks), dtype=np.uint32)


def naive_rate(kind: int) -> float:
    """The success among the eight episodes that end first in 32 simulators: how not to count."""
    simulators = kinds().simulators(seeds(32)[0], workers=0, groups=[kind] * 32)
    simulators.reset()
    ended: list[bool] = []
    while len(ended) < 8:
        simulators.send(np.zeros(32, np.int32))
        result = simulators.receive()
        ended += result.success[result.episode_end].tolist()
    return float(np.mean(ended[:8]))


def test_short_successes_do_not_crowd_out_failures():
    tasks = 600
    returns, success = evaluate_actors(lambda: Still(STILL), kinds(), seeds(tasks), workers=0)
    assert success.shape == (1, tasks, 2)
    # Each episode pays 1, in its first step.
    assert np.all(returns == 1)
    evaluation = Evaluation(jnp.asarray(returns[0]), jnp.asarray(success[0]))
    for kind, chance in enumerate(CHANCES.values()):
        rates = tasks_of_group(evaluation, kind, 2).success.mean(axis=0)
        # Four standard errors.
        assert np.abs(np.asarray(rates) - chance).max() < 4 * np.sqrt(0.16 / (tasks / 2))
    assert naive_rate(1) > CHANCES["hard"] + 0.5


def test_kinds_take_turns_however_rare_they_are(monkeypatch: pytest.MonkeyPatch):
    trial, drawn = kinds(), []
    simulators = HostTrial.simulators

    def spy(self, *arguments, **options):
        made = simulators(self, *arguments, **options)
        made.reset()
        drawn.append([simulator._task for simulator in made._simulators])  # pyright: ignore
        return made

    monkeypatch.setattr(HostTrial, "simulators", spy)
    monkeypatch.setattr(host_evaluation, "MOST_SIMULATORS", 6)
    evaluate_actors(lambda: Still(STILL), trial, seeds(6, members=2), workers=0)
    # Three tasks of either member at a time.
    assert drawn == [[0, 1, 0, 0, 1, 0], [1, 0, 1, 1, 0, 1]]


def test_workers_and_parts_change_nothing(monkeypatch: pytest.MonkeyPatch):
    arguments = (lambda: Still(STILL), kinds(), seeds(6, members=2))
    whole = evaluate_actors(*arguments, workers=0)
    spread = evaluate_actors(*arguments, workers=2)
    monkeypatch.setattr(host_evaluation, "MOST_SIMULATORS", 5)
    parts = evaluate_actors(*arguments, workers=0)
    for other in (spread, parts):
        assert np.array_equal(whole[0], other[0])
        assert np.array_equal(whole[1], other[1])


def test_the_number_of_tasks_is_rounded_up():
    assert [whole_groups(tasks, 5) for tasks in (1, 5, 6, 256)] == [5, 5, 10, 260]
    assert whole_groups(7, 0) == 7
    agents = jax.tree.map(lambda leaf: leaf[None], tiny_agent(kinds()))
    keys = jax.random.split(jax.random.key(0), 1)
    evaluation = evaluate_on_host(agents, kinds(), keys, tasks=3, workers=0, method="in-turn")
    assert evaluation.success.shape == (1, 4, 2)


def test_a_kind_that_never_comes_up_is_an_error():
    with pytest.raises(SimulatorError, match="sample_task returned no task of group 1 in 100,000"):
        evaluate_actors(lambda: Still(STILL), host_trial("kinds:Unkind"), seeds(2), workers=0)


def test_kinds_need_a_method():
    with pytest.raises(UserError, match=r"has task_groups, but no method task_group\(task\)"):
        host_trial("kinds:Groupless")


class Signs(Environment):
    """Two tasks, the first of which is rare: it pays 1, the other 2."""

    task_groups = ("rare", "common")

    @property
    def observation_space(self):
        return Box(0.0, 1.0, (1,))

    @property
    def action_space(self):
        return Discrete(2)

    @property
    def max_episode_steps(self):
        return 1

    @property
    def tasks(self):
        return 2

    def sample_task(self, key):
        return (jax.random.uniform(key) > 0.05).astype(int)

    def reset(self, task, state, key):
        return jnp.zeros(()), jnp.zeros(1)

    def step(self, task, state, action, key):
        return state, Step(jnp.zeros(1), 1.0 + task, terminated=False)

    def task_index(self, task, state):
        return task


def test_compiled_environments_deal_their_named_tasks_too():
    trial = Trial(Signs(), episodes=2)
    agent = tiny_agent(trial, seed=1)
    result = evaluate(agent, trial, jax.random.key(4), tasks=7)
    # Rounded up to four of each, in turn.
    assert result.returns.tolist() == [[1.0, 1.0], [2.0, 2.0]] * 4


def test_walking_bodies_on_the_host_deal_their_directions():
    definition = HalfCheetahDirection(episode_steps=2)
    trial = HostTrial(NativeEnvironment(definition), episodes=1)
    simulators = trial.simulators(range(8), workers=0, groups=[0, 1] * 4)
    for _ in range(3):
        assert simulators.reset().tasks.vector[:, 0].tolist() == [-1.0, 1.0] * 4
    simulators.close()
