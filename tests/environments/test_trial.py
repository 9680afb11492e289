import equinox as eqx
import jax
import jax.numpy as jnp
import jaxtyping
import numpy as np
import pytest
from support.diverging import Diverging, EndlessDiverging
from support.script import Script

from splagger.environments.environment import Step
from splagger.environments.registry import make_trial
from splagger.environments.spaces import Box, Discrete
from splagger.environments.t_maze.family import T_MAZES
from splagger.environments.t_maze.t_maze import TMaze, TMazeAction
from splagger.environments.trial import Trial
from splagger.environments.trial_description import BOUNDARIES
from splagger.foundation.errors import UserError


class Endless(Script):
    """The same, but it declares that it never truncates."""

    truncates = False


def play(trial: Trial, actions: list[int], key=None):
    """Steps through the actions; returns the first observation, the steps, and the states."""
    key = jax.random.key(0) if key is None else key
    state, first = jax.jit(trial.reset)(key)

    def step(state, inputs):
        state, result = trial.step(state, *inputs)
        return state, (result, state)

    keys = jax.random.split(jax.random.fold_in(key, 1), len(actions))
    _, (steps, states) = jax.jit(lambda *inputs: jax.lax.scan(step, state, inputs))(
        jnp.array(actions), keys
    )
    return np.asarray(first), jax.tree.map(np.asarray, steps), jax.tree.map(np.asarray, states)


def test_sizes():
    trial = Trial(Script(), episodes=3)
    assert trial.observation_size == 4
    assert trial.max_steps == 18
    assert trial.action_space == Discrete(5)
    assert trial.may_truncate
    assert not Trial(Endless(), episodes=3).may_truncate
    assert trial.optimal_return is None
    assert Trial(TMaze(), episodes=2).optimal_return == pytest.approx(8.0)


def test_one_episode_per_trial_has_no_flag():
    trial = Trial(Script(), episodes=1)
    assert trial.observation_size == 3
    first, steps, states = play(trial, [0, 1, 0])
    assert first.shape == (3,)
    assert steps.observation.shape == (3, 3)
    assert steps.trial_end.tolist() == steps.episode_end.tolist() == [False, True, False]
    # The memory sees the old task's end, the policy the new task's start.
    np.testing.assert_array_equal(steps.next_observation[1], [first[0], 2, 0])
    assert steps.observation[1, 0] != first[0]
    np.testing.assert_array_equal(steps.observation[1, 1:], [0, 0])
    np.testing.assert_array_equal(steps.next_observation[2], [steps.observation[1, 0], 1, 0])


ACTIONS = [0, 0, 1, 0, 1, 0, 0]
"""Two episodes of 3 and 2 steps, then two steps of the next trial."""


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_what_is_the_same_for_every_boundary(boundary):
    trial = Trial(Script(), episodes=2, boundary=boundary)
    first, steps, states = play(trial, ACTIONS)
    assert steps.episode_end.tolist() == [False, False, True, False, True, False, False]
    assert steps.trial_end.tolist() == [False] * 4 + [True] + [False] * 2
    assert steps.episode.tolist() == [0, 0, 0, 1, 1, 0, 0]
    assert steps.reward.tolist() == [1, 2, 3, 11, 12, 1, 2]
    assert states.episode.tolist() == [0, 0, 1, 1, 0, 0, 0]
    assert states.steps.tolist() == [1, 2, 0, 1, 0, 1, 2]
    # What survives an episode survives it, and does not survive the trial.
    assert states.state[1].tolist() == [0, 0, 1, 1, 0, 0, 0]
    # The task lasts exactly for the trial.
    old, new = first[0], steps.observation[4, 0]
    assert old != new
    np.testing.assert_array_equal(states.task, [old] * 4 + [new] * 3)
    # The end of a trial, and steps at which nothing ends, look the same in all conventions.
    np.testing.assert_array_equal(first, [old, 0, 0, 0])
    np.testing.assert_array_equal(steps.next_observation[4], [old, 2, 1, 1])
    np.testing.assert_array_equal(steps.observation[4], [new, 0, 0, 0])
    ordinary = ~steps.episode_end
    np.testing.assert_array_equal(steps.next_observation[ordinary], steps.observation[ordinary])
    assert steps.next_observation[ordinary][:, -1].tolist() == [0] * 5


@pytest.mark.parametrize(
    ("boundary", "next_observation", "observation"),
    [
        ("both", [3, 0, 1], [0, 1, 0]),
        ("terminal", [3, 0, 1], [3, 0, 1]),
        ("start", [0, 1, 1], [0, 1, 1]),
    ],
)
def test_what_is_seen_where_an_episode_ends_inside_a_trial(boundary, next_observation, observation):
    _, steps, states = play(Trial(Script(), episodes=2, boundary=boundary), ACTIONS)
    np.testing.assert_array_equal(steps.next_observation[2][1:], next_observation)
    np.testing.assert_array_equal(steps.observation[2][1:], observation)
    # Whatever is shown, the simulator is already in its new start.
    assert states.state[0][2] == 0


def test_time_limit_of_the_trial():
    _, steps, states = play(Trial(Script(limit=3), episodes=2), [0, 0, 0, 0, 0, 0, 0])
    assert steps.truncated.tolist() == [False, False, True, False, False, True, False]
    assert steps.episode_end.tolist() == steps.truncated.tolist()
    assert steps.trial_end.tolist() == [False] * 5 + [True, False]
    np.testing.assert_array_equal(steps.next_observation[2][1:], [3, 0, 1])
    np.testing.assert_array_equal(steps.observation[2][1:], [0, 1, 0])


def test_termination_goes_before_truncation():
    # Terminated, truncated, both at once, and terminated exactly at the time limit.
    _, steps, _ = play(Trial(Script(limit=3), episodes=8), [1, 2, 3, 0, 0, 1])
    assert steps.episode_end.tolist() == [True, True, True, False, False, True]
    assert steps.truncated.tolist() == [False, True, False, False, False, False]


def test_an_environment_that_does_not_truncate_is_never_cut_off():
    _, steps, _ = play(Trial(Endless(limit=2), episodes=2), [0, 0, 0, 2, 1])
    assert steps.truncated.tolist() == [False] * 5
    assert steps.episode_end.tolist() == [False] * 4 + [True]


def test_success_counts_only_where_an_episode_ends():
    class AlwaysGood(Script):
        def step(self, task, state, action, key):
            state, step = super().step(task, state, action, key)
            return state, eqx.tree_at(lambda step: step.success, step, jnp.array(True))

    _, steps, _ = play(Trial(AlwaysGood(), episodes=2), [0, 1, 0, 1])
    assert steps.success.tolist() == [False, True, False, True]
    _, steps, _ = play(Trial(Script(), episodes=2), [0, 1, 0, 4])
    assert steps.success.tolist() == [False, False, False, True]


def test_every_use_of_a_key_gets_its_own():
    class Draws(Script):
        """Shows the draws of task, reset and step."""

        def sample_task(self, key):
            return jax.random.uniform(key)

        def reset(self, task, state, key):
            state = (jnp.zeros((), int), jnp.zeros((), int))
            return state, jnp.stack([task, jax.random.uniform(key), 0.0])

        def step(self, task, state, action, key):
            draw = jax.random.uniform(key)
            return state, Step(jnp.stack([task, 0.0, draw]), 0.0, terminated=action == 1)

    trial = Trial(Draws(), episodes=2)
    state, first = trial.reset(jax.random.key(3))
    key = jax.random.key(4)
    step = jax.jit(trial.step)
    state, inner = step(state, jnp.array(1), key)
    _, last = step(state, jnp.array(1), key)
    # Though both steps get the same key, all the uses inside differ from one another, but for the
    # starts of an episode and of a trial, of which a step uses one.
    draws = [*first[:2], inner.next_observation[2], *last.observation[:2]]
    assert len({float(draw) for draw in draws}) == 5
    assert inner.observation[1] == last.observation[1]


def test_start_begins_a_trial_of_a_given_task():
    trial = Trial(Script(), episodes=2)
    state, observation = trial.start(jnp.array(0.25), jax.random.key(0))
    np.testing.assert_array_equal(observation, [0.25, 0, 0, 0])
    information = trial.task_information(state)
    np.testing.assert_array_equal(information.vector, [0.25])
    assert information.index == 0
    assert trial.tasks is None


def test_rejects_less_than_one_episode():
    with pytest.raises(UserError, match="episodes of a trial is 0"):
        Trial(Script(), episodes=0)


def test_rejects_an_unknown_boundary():
    # The type checks of the tests would see the wrong value first.
    jaxtyping.config.update("jaxtyping_disable", True)
    try:
        with pytest.raises(UserError, match="boundary of a trial is 'middle'.*'both', 'terminal'"):
            Trial(Script(), episodes=2, boundary="middle")  # pyright: ignore
    finally:
        jaxtyping.config.update("jaxtyping_disable", False)


def test_rejects_observations_that_are_not_vectors():
    class Picture(Script):
        @property
        def observation_space(self):
            return Box(0.0, 1.0, (3, 3))

    with pytest.raises(UserError, match=r"observations of Picture must be vectors.*\(3, 3\)"):
        Trial(Picture(), episodes=2)


# Registered environments: every one of its own dynamics, with short episodes

SMALL = [
    *(f"{maze.name}:length=6" for maze in T_MAZES),
    "planning-game-3x3:episode_steps=6",
    "minecraft-maze-order:rooms=1,timeout=40,resolution=2",
    "point-robot:episode_steps=6",
    "semicircle:episode_steps=6",
]


def signature(tree):
    return jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype, leaf.weak_type), tree)


def random_actions(space: Box | Discrete, key, steps: int):
    if isinstance(space, Discrete):
        return jax.random.randint(key, (steps,), 0, space.n)
    low, high = map(jnp.array, space.bounds)
    return jax.random.uniform(key, (steps, space.size), minval=low, maxval=high)


@pytest.mark.parametrize("text", SMALL)
@pytest.mark.parametrize("episodes", [1, 3])
def test_shapes_and_types_never_change(text, episodes):
    trial = make_trial(text, episodes=episodes)
    key = jax.random.key(0)
    state, observation = trial.reset(key)
    # Without jit: every type check inside runs on real values.
    following, step = trial.step(state, random_actions(trial.action_space, key, 1)[0], key)
    assert signature(state) == signature(following)
    assert observation.shape == (trial.observation_size,)
    assert signature(observation) == signature(step.observation)
    assert signature(observation) == signature(step.next_observation)
    assert step.reward.dtype == observation.dtype
    information = trial.task_information(state)
    assert information.vector.shape == (trial.environment.task_size,)
    assert 0 <= information.index < (trial.tasks or 1)


def rollout(trial: Trial, key, steps: int):
    """Random play; the actions are drawn apart from the environment's own draws."""
    start_key, action_key, step_key = jax.random.split(key, 3)
    state, first = trial.reset(start_key)
    actions = random_actions(trial.action_space, action_key, steps)
    _, results = jax.lax.scan(
        lambda state, inputs: trial.step(state, *inputs),
        state,
        (actions, jax.random.split(step_key, steps)),
    )
    return first, actions, results


@pytest.mark.parametrize("text", SMALL)
def test_alone_or_in_a_batch_compiled_or_not_is_the_same(text):
    trial = make_trial(text, episodes=2)
    keys = jax.random.split(jax.random.key(5), 3)
    batch = jax.jit(jax.vmap(lambda key: rollout(trial, key, 40)))(keys)
    alone = jax.jit(lambda key: rollout(trial, key, 40))(keys[1])
    jax.tree.map(np.testing.assert_array_equal, jax.tree.map(lambda leaf: leaf[1], batch), alone)

    start_key, _, step_key = jax.random.split(keys[1], 3)
    state, first = trial.reset(start_key)
    np.testing.assert_array_equal(first, alone[0])
    # Step by step without jit.
    steps = []
    for action, key in zip(alone[1][:5], jax.random.split(step_key, 40), strict=False):
        state, step = trial.step(state, action, key)
        steps.append(step)
    # Compiled arithmetic may round once where two operations round twice.
    jax.tree.map(
        lambda whole, *parts: np.testing.assert_allclose(whole[:5], np.stack(parts), 0, 1e-6),
        alone[2],
        *steps,
    )


@pytest.mark.parametrize("text", SMALL)
def test_random_play_keeps_the_promises_of_a_trial(text):
    trial = make_trial(text, episodes=3)
    keys = jax.random.split(jax.random.key(11), 32)
    play_many = jax.jit(jax.vmap(lambda key: rollout(trial, key, 200)))
    first, _, steps = play_many(keys)
    again, _, _ = play_many(keys)
    np.testing.assert_array_equal(first, again)
    steps = jax.tree.map(np.asarray, steps)
    bounds = trial.environment.observation_space.bounds
    low, high = (np.array(bound, dtype=first.dtype) for bound in bounds)
    for observations in (steps.observation, steps.next_observation):
        assert (observations[..., :-1] >= low).all()
        assert (observations[..., :-1] <= high).all()
    # Flags and indices agree with one another.
    np.testing.assert_array_equal(steps.next_observation[..., -1], steps.episode_end)
    np.testing.assert_array_equal(steps.trial_end, steps.episode_end & (steps.episode == 2))
    np.testing.assert_array_equal(
        steps.episode[:, 1:], (steps.episode + steps.episode_end)[:, :-1] % 3
    )
    assert steps.truncated.any() == trial.may_truncate
    assert steps.success.any() == trial.has_success
    assert (steps.success <= steps.episode_end).all()
    # No episode is longer than promised, and every environment meets new tasks by itself.
    for ends in steps.episode_end:
        assert np.diff(np.flatnonzero(ends), prepend=-1).max() <= (
            trial.environment.max_episode_steps
        )
    assert (steps.trial_end.sum(1) >= 2).all()
    # Different keys play differently.
    assert len({steps.observation[index].tobytes() for index in range(32)}) == 32


def test_new_trials_draw_new_tasks():
    trial = make_trial("t-maze-noise:length=2", episodes=1)
    _, _, steps = jax.jit(jax.vmap(lambda key: rollout(trial, key, 100)))(
        jax.random.split(jax.random.key(2), 20)
    )
    # The indicator is shown at the start of every trial: a fair coin, 1,000 times.
    indicators = np.asarray(steps.observation[..., 1])[np.asarray(steps.trial_end)]
    assert len(indicators) == 1000
    assert abs(indicators.mean()) < 0.15


# Perfect play in the published mazes


def perfect(trial: Trial, steps: int, key):
    maze = trial.environment
    assert isinstance(maze, TMaze)

    def step(state, key):
        action = jnp.where(
            state.state.position == maze.length - 1,
            maze.correct_decision(state.task),
            state.state.check if maze.checks else int(TMazeAction.RIGHT),
        )
        return trial.step(state, action, key)

    reset_key, step_key = jax.random.split(key)
    state, _ = trial.reset(reset_key)
    return jax.lax.scan(step, state, jax.random.split(step_key, steps))[1]


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize(
    ("name", "episode_return"), [("t-maze-long-short", 13.9), ("t-maze-long-noise", 4.0)]
)
def test_perfect_play(name, episode_return, boundary):
    trial = make_trial(name, boundary=boundary)
    steps = jax.jit(jax.vmap(lambda key: perfect(trial, 400, key)))(
        jax.random.split(jax.random.key(0), 4)
    )
    steps = jax.tree.map(np.asarray, steps)
    ends = [99, 199, 299, 399]
    for index in range(4):
        assert np.flatnonzero(steps.episode_end[index]).tolist() == ends
        assert np.flatnonzero(steps.trial_end[index]).tolist() == ends[-1:]
    np.testing.assert_array_equal(steps.success, steps.episode_end)
    returns = steps.reward.reshape(4, 4, 100).sum(-1)
    np.testing.assert_allclose(returns, episode_return, rtol=1e-5)
    assert trial.optimal_return == pytest.approx(4 * episode_return)

    # Start flag, end flag and episode-end flag, as the memory and the policy see them.
    start, end = [1, 0], [0, 1]
    seen = {"both": [*end, 1], "terminal": [*end, 1], "start": [*start, 1]}[boundary]
    acted = {"both": [*start, 0], "terminal": [*end, 1], "start": [*start, 1]}[boundary]
    columns = [0, 2, 4]
    for end_step in ends[:3]:
        np.testing.assert_array_equal(steps.next_observation[:, end_step][:, columns], [seen] * 4)
        np.testing.assert_array_equal(steps.observation[:, end_step][:, columns], [acted] * 4)
    np.testing.assert_array_equal(steps.next_observation[:, 399][:, columns], [[*end, 1]] * 4)
    np.testing.assert_array_equal(steps.observation[:, 399][:, columns], [[*start, 0]] * 4)


def test_a_diverged_step_ends_the_episode_and_is_no_end_of_the_task():
    actions = [0, 5, 6, 0, 1, 5]
    for environment in (Diverging(), EndlessDiverging()):
        trial = Trial(environment, episodes=4)
        assert trial.may_diverge
        assert trial.may_truncate
        _, steps, _ = play(trial, actions)
        assert steps.diverged.tolist() == [False, True, True, False, False, True]
        assert steps.truncated.tolist() == steps.diverged.tolist()
        assert steps.episode_end.tolist() == [False, True, True, False, True, True]
        assert steps.trial_end.tolist() == [False] * 5 + [True]
        # Seen is what was there before, with the flag of an end.
        np.testing.assert_array_equal(steps.next_observation[1], [0.25, 1, 0, 1])
        assert steps.reward.tolist() == [1, 0, 0, 21, 22, 0]
    assert not Trial(Script(), episodes=2).may_diverge
