"""Beliefs about the goal against brute force, and the steps by which decoders are asked."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.possible_tasks import beliefs_and_posteriors

from splagger.environments.grid_navigation.grid_navigation import GridNavigation, GridTask
from splagger.environments.registry import make_trial
from splagger.environments.trial import Trial

VARIANTS = {
    "plain": {"size": 4, "steps": 12},
    "ring": {"size": 5, "steps": 12, "start_cell": (2, 2), "ring": True},
    "dense": {"size": 5, "steps": 4, "start_cell": (2, 2), "dense": True},
    "dense ring": {"size": 5, "steps": 4, "start_cell": (2, 2), "dense": True, "ring": True},
    "dense, new goals": {"size": 4, "steps": 4, "dense": True, "new_goal_reward": -0.5},
    "new goals": {"size": 4, "steps": 12, "new_goal_reward": 0.1},
    "random start": {"size": 3, "steps": 5, "start_cell": None, "new_goal_reward": 0.1},
    "shown": {"size": 4, "steps": 4, "show_goal_at_start": True},
    "shown, start away from the corner": {
        **{"size": 5, "steps": 6, "start_cell": (2, 2), "show_goal_at_start": True}
    },
    "hall": {"size": 5, "steps": 12, "door_spacing": 1},
    "dense hall": {"size": 6, "steps": 5, "door_spacing": 2, "dense": True},
    "hall with signs": {
        **{"size": 5, "steps": 12, "door_spacing": 2, "observe_unchecked": True},
        "new_goal_reward": 0.1,
    },
}


def all_tasks(grid: GridNavigation) -> list[GridTask]:
    return [GridTask(jnp.array(cell)) for cell in grid.possible_goals]


@pytest.mark.parametrize("name", VARIANTS)
def test_beliefs_are_those_of_brute_force(name: str):
    grid = GridNavigation(**VARIANTS[name])
    sharpest = 0.0
    for seed in range(3):
        beliefs, posteriors, _ = beliefs_and_posteriors(
            Trial(grid, episodes=2), all_tasks(grid), jax.random.key(seed)
        )
        np.testing.assert_allclose(beliefs, posteriors, rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(beliefs[:, 0], beliefs[:1, 0].repeat(len(beliefs), axis=0))
        assert beliefs[0, 0].max() == pytest.approx(1 / len(grid.possible_goals))
        sharpest = max(sharpest, beliefs.max())
    assert sharpest == 1


def test_a_tracked_belief_is_returned_as_published():
    grid = GridNavigation(track_belief=True)
    goal = GridTask(jnp.array([2, 0]))
    state, _ = grid.start(goal, None, jnp.array([1, 0]))
    state, _ = grid.advance(goal, state, jnp.array(2), jnp.array(0))
    belief = grid.belief(goal, state)
    assert belief[10] == 0.5
    np.testing.assert_array_equal(belief, state.belief)
    exact = GridNavigation()
    state, _ = exact.start(goal, None, jnp.array([1, 0]))
    state, _ = exact.advance(goal, state, jnp.array(2), jnp.array(0))
    assert exact.belief(goal, state)[10] == 1


@pytest.mark.parametrize(
    "grid",
    [
        GridNavigation(),
        GridNavigation(size=4, start_cell=None),
        GridNavigation(size=5, start_cell=(2, 2), ring=True),
        GridNavigation(size=6, door_spacing=2, observe_unchecked=True),
    ],
)
def test_a_probe_is_a_success_in_its_own_task_only(grid: GridNavigation):
    probes = grid.task_probes()
    assert probes is not None
    assert probes.reward.tolist() == [0.0] * grid.cells
    for goal in grid.possible_goals:
        task = GridTask(jnp.array(goal))
        for cell in grid.possible_goals:
            index = int(grid.cell_index(jnp.array(cell)))
            before = probes.previous_observation[index]
            state, start = grid.start(task, None, before[:2].astype(int))
            np.testing.assert_array_equal(start, before)
            action = probes.action[index]
            _, step = grid.advance(task, state, action, jnp.array(0))
            np.testing.assert_array_equal(step.observation, probes.observation[index])
            assert float(step.reward) == pytest.approx(
                probes.success if goal == cell else probes.failure
            )
            assert bool(step.terminated) == bool(probes.episode_end[index])
            places = grid.places
            assert places is not None
            assert int(places.place(step.observation)) == index
            assert bool(places.succeeded(step.reward)) == (goal == cell)


def test_there_are_no_probes_where_rewards_say_more_and_no_places_where_observations_lie():
    for text in ("grid-navigation-dense", "grid-navigation-random-start"):
        trial = make_trial(text)
        assert trial.task_probes() is None
        assert trial.environment.places is not None
    shown = make_trial("grid-navigation-show-start")
    assert shown.task_probes() is None
    assert shown.environment.places is None


def test_a_trial_shows_probes_with_its_flag_and_tells_the_belief():
    for episodes, size in ((1, 2), (4, 3)):
        trial = Trial(GridNavigation(), episodes)
        probes = trial.task_probes()
        assert probes is not None
        assert probes.previous_observation.shape == probes.observation.shape == (25, size)
        assert not probes.observation[:, 2:].any()
    state, _ = trial.reset(jax.random.key(0))
    belief = trial.task_information(state).belief
    assert belief is not None
    assert belief.shape == (25,)
