import sys
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.gymnax_games import CartPoles, Lakes, Pendulums, Unknown
from support.tiny import same, tiny_learner, tiny_settings, tiny_state

from splagger.environments.contract import check_environment, require_sound
from splagger.environments.spaces import Box, Discrete
from splagger.environments.trial import Trial
from splagger.foundation.errors import UserError


def test_without_gymnax_the_extra_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "gymnax", None)
    with pytest.raises(UserError, match=r"'CartPole-v1' needs gymnax.*splagger\[gymnax\]"):
        _ = CartPoles().observation_space
    with pytest.raises(UserError, match=r"breaks its contract: .*splagger\[gymnax\]"):
        require_sound("support.gymnax_games:CartPoles")


@pytest.fixture(scope="module")
def gymnax() -> Any:
    """The package, which not every version of jax has; nor are all that it imports its own."""
    return pytest.importorskip("gymnax", exc_type=ImportError)


def test_spaces_and_the_time_limit_are_those_of_the_game(gymnax: Any):
    poles = CartPoles()
    low, high = poles.observation_space.bounds
    np.testing.assert_allclose(high, (4.8, np.inf, 24 * np.pi / 180, np.inf), rtol=1e-6)
    assert low == tuple(-bound for bound in high)
    assert poles.action_space == Discrete(2)
    assert Pendulums().action_space == Box((-2.0,), (2.0,), (1,))
    assert Pendulums().max_episode_steps == 200
    assert Lakes().observation_space == Box(0.0, 1.0, (16,))


def test_unknown_games_are_bad_input(gymnax: Any):
    with pytest.raises(UserError, match="gymnax cannot make the game 'CartPole-v0'"):
        _ = Unknown().action_space


def test_steps_are_those_of_the_game(gymnax: Any):
    poles = CartPoles()
    game, _ = gymnax.make("CartPole-v1")
    key = jax.random.key(3)
    task = poles.sample_task(key)
    state, observation = jax.jit(poles.reset)(task, None, key)
    np.testing.assert_array_equal(observation, game.reset(key, task)[0])
    step, reference = jax.jit(poles.step), game.step
    for number in range(1, 25):
        action = jnp.asarray(number // 2 % 2)
        *_, terminated, truncated, info = reference(key, state, action, task)
        state, result = step(task, state, action, key)
        np.testing.assert_allclose(result.observation, info["final_observation"], rtol=1e-6)
        assert result.terminated == terminated
        assert result.truncated == truncated == (number == 24)
        assert result.reward == 1.0


def test_a_fall_terminates_and_the_time_limit_truncates(gymnax: Any):
    trial = Trial(CartPoles(), episodes=2)
    state, _ = trial.reset(jax.random.key(0))
    step = jax.jit(trial.step)
    ends = []
    for number in range(48):
        # The first episode is pushed over, the second kept up.
        action = jnp.where(state.episode == 0, 1, number % 2)
        state, result = step(state, action, jax.random.key(number))
        if result.episode_end:
            ends.append((int(state.episode), bool(result.truncated)))
    assert ends[:2] == [(1, False), (0, True)]


@pytest.mark.parametrize("game", [CartPoles, Pendulums])
def test_games_keep_the_contract(gymnax: Any, game: type):
    findings = check_environment(game)
    assert [str(finding) for finding in findings if finding.outcome != "ok"] == []


def test_discrete_observations_become_one_hot(gymnax: Any):
    lake = Lakes()
    task = lake.sample_task(jax.random.key(0))
    state, observation = lake.reset(task, None, jax.random.key(0))
    np.testing.assert_array_equal(observation, np.eye(16)[int(state.position)])


def test_an_agent_trains_on_a_game(gymnax: Any):
    # One update: what else a whole run compiles has nothing to do with gymnax.
    settings = tiny_settings(learning={"epochs": 1, "minibatches": 1})
    learner = tiny_learner(settings, Trial(CartPoles(), episodes=2))
    state = tiny_state(settings, learner)
    after, metrics = eqx.filter_jit(learner.update)(state)
    assert after.failed_at == -1
    assert all(np.all(np.isfinite(value)) for value in metrics.values())
    assert not same(state.agent.networks, after.agent.networks)
