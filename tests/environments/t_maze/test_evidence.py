"""Beliefs about the task of a T-maze against brute force, and the decisions as questions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.possible_tasks import beliefs_and_posteriors

from splagger.environments.t_maze.evidence import no_evidence
from splagger.environments.t_maze.t_maze import TMaze, TMazeAction, TMazeState, TMazeTask
from splagger.environments.trial import Trial

UP, DOWN = int(TMazeAction.UP), int(TMazeAction.DOWN)
ONE = [TMazeTask(jnp.array([indicator])) for indicator in (DOWN, UP)]
TWO = [TMazeTask(jnp.array([first, second])) for second in (DOWN, UP) for first in (DOWN, UP)]
FREE = {"force_right": False, "force_decision": False, "timeout": 6}

SHOWN = {
    "at the start": TMaze(length=4, indicator_position=0),
    "later": TMaze(length=5, indicator_position=2),
    "at the end": TMaze(length=3, indicator_position=2, **FREE),
    "after timeouts": TMaze(length=5, indicator_position=3, **FREE),
    "sub-tasks": TMaze(length=4, indicator_position=2, checks=True, **FREE),
    "two": TMaze(length=5, second_indicator_position=3),
    "two, after timeouts": TMaze(length=4, second_indicator_position=2, **{**FREE, "timeout": 9}),
}
LATENT = {
    "published": ((0.7, 0.5), {}),
    "free": ((0.8, 0.3), FREE),
    "sub-tasks": ((0.2, 0.6), {"checks": True, **FREE}),
    "sure of up": ((0.5, 0.0), {}),
}


@pytest.mark.parametrize("name", SHOWN)
def test_beliefs_are_those_of_brute_force(name: str):
    maze = SHOWN[name]
    tasks = ONE if maze.tasks == 2 else TWO
    sharpest = 0.0
    for seed in range(6):
        beliefs, posteriors, _ = beliefs_and_posteriors(
            Trial(maze, episodes=3), tasks, jax.random.key(seed)
        )
        np.testing.assert_allclose(beliefs, posteriors, rtol=1e-5, atol=1e-7)
        sharpest = max(sharpest, beliefs.max())
    assert sharpest == pytest.approx(1)


class SameChecks(TMaze):
    """A latent maze that shows the same checks in both tasks."""

    def draw_check(self, task, key):
        return jnp.where(jax.random.bernoulli(key, 0.6), UP, DOWN)


@pytest.mark.parametrize("name", LATENT)
def test_beliefs_weigh_checks_as_bayes_does(name: str):
    probabilities, options = LATENT[name]
    maze = SameChecks(length=5, latent_probabilities=probabilities, **options)
    up, down = probabilities

    def log_likelihood(observation):
        shown = observation[3] > 0
        return jnp.log(jnp.where(shown, jnp.array([down, up]), jnp.array([1 - down, 1 - up])))

    for seed in range(6):
        beliefs, posteriors, indices = beliefs_and_posteriors(
            Trial(maze, episodes=3), ONE, jax.random.key(seed), log_likelihood
        )
        assert indices[:, 0].tolist() == [0, 1]
        # Where one task is sure of its checks, only the other can have shown these.
        true = slice(1, 2) if name == "sure of up" else slice(0, 2)
        np.testing.assert_allclose(beliefs[true], posteriors[true], rtol=1e-4, atol=1e-6)


def test_a_decision_tells_the_task_for_the_rest_of_the_trial():
    maze = TMaze(length=3, latent_probabilities=(0.7, 0.5))
    for task, index in zip(ONE, (0, 1), strict=True):
        for decision in (UP, DOWN):
            state, _ = maze.start(task, jnp.array(UP))
            for _ in range(3):
                assert 0 < maze.belief(task, state)[index] < 1
                state, _ = maze.advance(task, state, jnp.array(decision), jnp.array(DOWN))
            assert state.position >= 3
            assert maze.belief(task, state)[index] == 1
            state, _ = maze.start(task, jnp.array(UP), state)
            assert maze.belief(task, state)[index] == 1
            fresh, _ = maze.start(task, jnp.array(UP))
            assert maze.belief(task, fresh)[index] < 1


def test_the_belief_of_the_published_latent_maze_is_calibrated():
    maze = TMaze(latent_probabilities=(0.7, 0.5))

    def truth(key):
        task_key, start_key, step_key = jax.random.split(key, 3)
        task = maze.sample_task(task_key)
        state, _ = maze.reset(task, None, start_key)

        def step(state, key):
            return maze.step(task, state, jnp.array(UP), key)[0], None

        state, _ = jax.lax.scan(step, state, jax.random.split(step_key, 99))
        belief = maze.belief(task, state)
        return belief, maze.task_index(task, state)

    keys = jax.random.split(jax.random.key(0), 2000)
    beliefs, index = map(np.asarray, jax.jit(jax.vmap(truth))(keys))
    wrong = np.argmax(beliefs, axis=1) != index
    # Of the mean, by its own spread over the trials.
    error = maze.bayes_error()
    assert error == pytest.approx(0.0193, abs=5e-5)
    sampling = (error / len(keys)) ** 0.5
    assert np.mean(1 - beliefs.max(axis=1)) == pytest.approx(error, abs=3 * sampling)
    assert np.mean(wrong) == pytest.approx(error, abs=3 * sampling)
    # Probabilities mean what they say.
    up = beliefs[:, 1]
    np.testing.assert_allclose(np.mean(up), np.mean(index), atol=3 * sampling)


@pytest.mark.parametrize(
    "maze",
    [
        TMaze(length=4, position_encoding="raw"),
        TMaze(length=4, latent_probabilities=(0.7, 0.5)),
        TMaze(length=4, checks=True, **FREE),
    ],
)
def test_a_probe_is_a_success_in_its_own_task_only(maze: TMaze):
    probes = Trial(maze, episodes=2).task_probes()
    assert probes is not None
    state = TMazeState(jnp.array(3), jnp.array(3), jnp.array(UP), no_evidence(2))
    for task in ONE:
        for index in range(2):
            before = maze.observe(task, state)
            np.testing.assert_array_equal(probes.previous_observation[index], [*before, 0])
            _, step = maze.advance(task, state, probes.action[index], jnp.array(UP))
            np.testing.assert_array_equal(probes.observation[index], [*step.observation, 1])
            own = int(maze.task_index(task, state)) == index
            assert float(step.reward) == (probes.success if own else probes.failure)
            assert bool(step.success) == own
            assert step.terminated


def test_no_probes_where_a_decision_says_less_than_the_task_or_the_end_says_all():
    assert TMaze(second_indicator_position=50).task_probes() is None
    assert TMaze(length=4, indicator_position=3).task_probes() is None
