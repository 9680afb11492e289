"""Every registered environment keeps the contract."""

import functools
from collections.abc import Iterator

import jax
import jaxtyping
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from splagger.environments.contract import check_environment
from splagger.environments.contract.play import play_episode
from splagger.environments.contract.programs import Program
from splagger.environments.environment import Environment
from splagger.environments.registry import EnvironmentSpecification, compiled_names

STEPS = 40

# Random play does not meet what differs between their tasks.
RARE = {
    *("planning-game-3x3-goal-only", "minecraft-maze-hidden"),
    *("grid-navigation-large-ring-new-cells", "point-robot-sparse"),
}


@pytest.fixture(autouse=True)
def unchecked_types() -> Iterator[None]:
    """As for users: the checks of types that run under pytest draw which items they look at."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


def build(name: str) -> Environment:
    environment = EnvironmentSpecification.parse(name).build()
    assert isinstance(environment, Environment)
    return environment


@pytest.mark.parametrize("name", compiled_names())
def test_registered_environments_keep_the_contract(name: str):
    findings = check_environment(lambda: build(name))
    doubts = [str(finding) for finding in findings if finding.outcome != "ok"]
    if name in RARE:
        (doubt,) = doubts
        assert "does the task matter?" in doubt
    else:
        assert doubts == []


@functools.cache
def player(name: str):
    """Plays in an environment, by a seed; compiled once."""
    environment = build(name)

    def play(environment, seed):
        task_key, start_key, key = jax.random.split(jax.random.key(seed), 3)
        task = environment.sample_task(task_key)
        return play_episode(environment, task, start_key, jax.random.split(key, STEPS))

    return environment, Program(play, environment, 0)


@pytest.mark.parametrize("name", compiled_names())
@settings(max_examples=20)
@given(seed=st.integers(0, 2**31 - 1))
def test_whatever_the_seed_numbers_are_as_promised(name: str, seed: int):
    environment, play = player(name)
    episode = play(seed)
    moments = episode.moments
    for seen in (episode.start, moments.observation):
        assert np.all(seen.finite)
        assert np.all(np.asarray(seen.excess) == 0)
    assert np.all(np.isfinite(moments.reward))
    # An episode runs from its first step on, and never again once it has ended.
    assert np.all(np.diff(np.asarray(moments.running).astype(int)) <= 0)
    tasks = environment.tasks or 1
    assert np.all((moments.task_index >= 0) & (moments.task_index < tasks))
