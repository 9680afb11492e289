import jax
import jax.numpy as jnp
import numpy as np
import pytest

from splagger.environments.grid_navigation.belief import first_belief, next_belief, wrong_goal
from splagger.environments.grid_navigation.grid_navigation import GridNavigation, GridTask
from splagger.environments.registry import make_trial

POSSIBLE = jnp.array([False, True, True, False, True, True])
NOWHERE = jnp.zeros(6, dtype=bool)


def at(cell: int):
    return jnp.arange(6) == cell


def test_first_belief_is_uniform():
    np.testing.assert_allclose(first_belief(POSSIBLE), [0, 0.25, 0.25, 0, 0.25, 0.25])


def test_visited_cells_are_ruled_out():
    belief = next_belief(first_belief(POSSIBLE), at(2), jnp.array(False), NOWHERE)
    np.testing.assert_allclose(belief, [0, 1 / 3, 0, 0, 1 / 3, 1 / 3], rtol=1e-6)
    # Cells that were never possible change nothing.
    same = next_belief(belief, at(3), jnp.array(False), NOWHERE)
    np.testing.assert_allclose(same, belief, rtol=1e-6)


def test_half_of_the_belief_goes_astray_on_the_goal():
    belief = next_belief(first_belief(POSSIBLE), at(4), jnp.array(True), at(1))
    assert belief.tolist() == [0, 0.5, 0, 0, 0.5, 0]
    corrected = next_belief(belief, at(1), jnp.array(False), at(2))
    assert corrected.tolist() == [0, 0, 0, 0, 1, 0]
    # With nothing left beside the goal no number is divided by 0.
    with jax.debug_nans(True):
        again = next_belief(corrected, at(4), jnp.array(True), at(5))
    assert again.tolist() == [0, 0, 0, 0, 0.5, 0.5]


def test_hints_number_the_other_goals():
    marks = [wrong_goal(POSSIBLE, jnp.array(2), jnp.array(hint)) for hint in range(3)]
    assert [np.flatnonzero(mark).tolist() for mark in marks] == [[1], [4], [5]]


def test_hints_are_drawn_evenly_and_never_from_the_goal():
    grid = GridNavigation(track_belief=True)
    goal = GridTask(jnp.array([2, 0]))
    state, _ = grid.start(goal, None, jnp.array([1, 0]))
    step = jax.jit(jax.vmap(lambda key: grid.step(goal, state, jnp.array(2), key)[0].belief))
    beliefs = np.asarray(step(jax.random.split(jax.random.key(0), 4000)))
    assert (beliefs[:, 10] == 0.5).all()
    counts = (np.delete(beliefs, 10, axis=1) == 0.5).sum(axis=0)
    others = [x * 5 + y for x, y in grid.possible_goals if (x, y) != (2, 0)]
    # One column was deleted, before which the numbers stay.
    columns = [cell - (cell > 10) for cell in others]
    assert counts.sum() == counts[columns].sum() == 4000
    np.testing.assert_allclose(counts[columns], 200, atol=5 * 200**0.5)


@pytest.mark.parametrize("text", ["grid-navigation", "hall:length=6,steps=9"])
def test_a_trial_carries_the_belief_and_a_new_one_starts_afresh(text):
    trial = make_trial(f"{text}{',' if ':' in text else ':'}episodes=2,track_belief=true")

    @jax.jit
    def rollout(key):
        state, _ = trial.reset(key)
        actions = jax.random.randint(key, (trial.max_steps,), 0, 5)
        inputs = (actions, jax.random.split(key, trial.max_steps))

        def step(state, each):
            state, result = trial.step(state, *each)
            return state, (state.state.belief, state.task.goal, result)

        return state, jax.lax.scan(step, state, inputs)[1]

    grid = trial.environment
    assert isinstance(grid, GridNavigation)
    start, (beliefs, goals, steps) = jax.tree.map(np.asarray, rollout(jax.random.key(6)))
    np.testing.assert_allclose(beliefs.sum(axis=1), 1, rtol=1e-5)
    indices = goals[:-1, 0] * grid.height + goals[:-1, 1]
    assert (beliefs[np.arange(len(indices)), indices] > 0).all()
    half = trial.max_steps // 2
    np.testing.assert_array_equal(beliefs[half - 1] > 0, beliefs[half - 1] > 0)
    assert (beliefs[half - 1] > 0).sum() < (start.state.belief > 0).sum()
    assert (beliefs[half] > 0).sum() <= (beliefs[half - 1] > 0).sum()
    np.testing.assert_array_equal(beliefs[-1], start.state.belief)
    assert steps.trial_end[-1]


def test_nobody_pays_for_a_belief_that_is_not_tracked():
    trial = make_trial("grid-navigation")
    state, _ = trial.reset(jax.random.key(0))
    assert state.state.belief is None
