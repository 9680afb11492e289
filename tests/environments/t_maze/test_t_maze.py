import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from splagger.environments.registry import make_trial
from splagger.environments.t_maze.evidence import no_evidence
from splagger.environments.t_maze.t_maze import TMaze, TMazeAction, TMazeState, TMazeTask
from splagger.foundation.errors import UserError

LEFT, RIGHT, UP, DOWN = (jnp.array(int(action)) for action in TMazeAction)


def task(*indicators) -> TMazeTask:
    return TMazeTask(jnp.stack(indicators))


def at(position: int, timestep: int = 0, check=UP, tasks: int = 2) -> TMazeState:
    return TMazeState(jnp.array(position), jnp.array(timestep), check, no_evidence(tasks))


def test_published_sizes():
    maze = TMaze()
    assert maze.time_limit == 150
    assert maze.max_episode_steps == 151
    assert maze.action_space.n == 4
    assert maze.observation_space.size == 4
    assert not maze.truncates
    assert maze.has_success
    assert [TMaze(length=length).time_limit for length in (2, 3, 20, 201)] == [3, 5, 30, 302]
    assert TMaze(timeout=100).max_episode_steps == 101


def test_tasks_are_numbered_by_their_indicators():
    one, two = TMaze(), TMaze(second_indicator_position=50)
    assert (one.tasks, two.tasks) == (2, 4)
    assert [int(one.task_index(task(up), at(0))) for up in (DOWN, UP)] == [0, 1]
    pairs = [(first, second) for second in (DOWN, UP) for first in (DOWN, UP)]
    assert [int(two.task_index(task(*pair), at(0))) for pair in pairs] == [0, 1, 2, 3]


def test_indicator_is_shown_at_its_position_only():
    maze = TMaze(length=5, indicator_position=1)
    shown = [float(maze.observe(task(DOWN), at(position))[1]) for position in range(5)]
    assert shown == [0, -1, 0, 0, 0]
    maze = TMaze(length=5, indicator_position=0, second_indicator_position=3)
    shown = [float(maze.observe(task(DOWN, UP), at(position))[1]) for position in range(5)]
    assert shown == [-1, 0, 0, 1, 0]


def test_start_end_and_check():
    maze = TMaze(length=3)
    observations = np.stack([maze.observe(task(UP), at(position)) for position in range(3)])
    np.testing.assert_array_equal(observations[:, 0], [1, 0, 0])
    np.testing.assert_array_equal(observations[:, 2], [0, 0, 1])
    np.testing.assert_array_equal(observations[:, 3], [1, 1, 1])
    assert maze.observe(task(UP), at(1, check=DOWN))[3] == -1


@pytest.mark.parametrize("position_encoding", ["raw", "wave"])
@pytest.mark.parametrize(("length", "timeout"), [(100, 150), (20, 30)])
@pytest.mark.usefixtures("float64")
def test_position_encoding_is_a_function_of_the_time_step(position_encoding, length, timeout):
    maze = TMaze(length=length, position_encoding=position_encoding)
    for time in (0, 1, 7, timeout):
        expected = {"raw": [time], "wave": [math.sin(time), math.cos(time / timeout)]}
        np.testing.assert_allclose(
            maze.observe(task(UP), at(0, time))[4:], expected[position_encoding], rtol=1e-12
        )


@pytest.mark.parametrize("first", [UP, DOWN])
@pytest.mark.parametrize("second", [UP, DOWN])
@pytest.mark.parametrize("decision", [UP, DOWN])
def test_agreement_asks_to_go_down_where_the_indicators_agree(first, second, decision):
    maze = TMaze(length=4, second_indicator_position=2)
    _, step = maze.advance(task(first, second), at(3, tasks=4), decision, UP)
    right = bool(decision == DOWN) == bool(first == second)
    assert bool(step.success) == right
    assert float(step.reward) == (4.0 if right else -3.0)
    assert step.terminated


@pytest.mark.parametrize(
    ("action", "decision"), [(LEFT, UP), (RIGHT, DOWN), (UP, UP), (DOWN, DOWN)]
)
@pytest.mark.parametrize("indicator", [UP, DOWN])
def test_decisions(action, decision, indicator):
    _, forced = TMaze(length=3).advance(task(indicator), at(2), action, UP)
    assert forced.terminated
    assert bool(forced.success) == bool(decision == indicator)
    state, free = TMaze(length=3, force_decision=False).advance(task(indicator), at(2), action, UP)
    assert bool(free.terminated) == bool(action >= UP)
    assert bool(free.success) == bool(action == indicator)
    assert state.position == {int(UP): 3, int(DOWN): 4}.get(int(action), 2)
    if not free.terminated:
        assert free.reward == 0


@pytest.mark.parametrize("arm", [3, 4])
def test_an_arm_looks_like_the_end_and_leads_nowhere(arm):
    maze = TMaze(length=3, indicator_position=2, position_encoding="raw")
    end, inside = (maze.observe(task(DOWN), at(position, 2)) for position in (2, arm))
    np.testing.assert_array_equal(inside, end)
    state, step = maze.advance(task(DOWN), at(arm, 2), UP, UP)
    assert state.position == arm
    assert step.reward == 0


def test_a_decision_leads_into_the_arm_that_was_chosen():
    maze = TMaze(length=3)
    states = [maze.advance(task(UP), at(2), action, UP)[0] for action in (LEFT, RIGHT, UP, DOWN)]
    assert [int(state.position) for state in states] == [3, 4, 3, 4]
    # After the timeout nothing is decided.
    assert maze.advance(task(UP), at(2, maze.time_limit), UP, UP)[0].position == 2


@pytest.mark.parametrize("action", [LEFT, RIGHT, UP, DOWN])
def test_moves(action):
    position = TMaze(length=4).advance(task(UP), at(1), action, UP)[0].position
    assert position == 2
    free = TMaze(length=4, force_right=False)
    position = free.advance(task(UP), at(1), action, UP)[0].position
    assert position == (2 if action == RIGHT else 1)


@pytest.mark.parametrize("force_right", [False, True])
@pytest.mark.parametrize("check", [UP, DOWN])
@pytest.mark.parametrize("action", [LEFT, RIGHT, UP, DOWN])
def test_sub_tasks_ask_for_the_check(action, check, force_right):
    maze = TMaze(length=4, checks=True, force_right=force_right)
    state, step = maze.advance(task(UP), at(1, check=check), action, DOWN)
    passed = bool(action == check)
    assert state.position == (2 if passed else 1)
    np.testing.assert_allclose(step.reward, 0.1 if passed else 0.0, rtol=1e-6)
    assert not step.terminated
    assert state.timestep == 1
    assert state.check == DOWN


@pytest.mark.parametrize("position", [1, 3])
def test_the_step_after_the_timeout_changes_nothing_and_ends_the_episode(position):
    maze = TMaze(length=4, timeout=5, checks=True, force_right=False, force_decision=False)
    state, step = maze.advance(task(UP), at(position, timestep=4, check=DOWN), UP, UP)
    assert state.timestep == 5
    if position == 1:
        assert not step.terminated
    state, step = maze.advance(task(UP), at(position, timestep=5, check=UP), UP, DOWN)
    assert step.terminated
    assert not step.success
    assert step.reward == 0
    assert state.position == position
    assert state.timestep == 5
    assert state.check == DOWN


def test_an_idle_agent_times_out():
    trial = make_trial("t-maze-long-short:length=4", episodes=2)
    keys = jax.random.split(jax.random.key(0), 14)
    state, _ = trial.reset(keys[0])
    _, steps = jax.jit(
        lambda state, keys: jax.lax.scan(
            lambda state, key: trial.step(state, LEFT, key), state, keys
        )
    )(state, keys)
    assert np.flatnonzero(steps.episode_end).tolist() == [6, 13]
    assert np.flatnonzero(steps.trial_end).tolist() == [13]
    assert not steps.reward.any()
    assert not steps.truncated.any()
    assert not steps.success.any()


def test_tasks_are_fair_coins():
    for maze, kinds in ((TMaze(), 2), (TMaze(second_indicator_position=50), 4)):
        tasks = jax.vmap(maze.sample_task)(jax.random.split(jax.random.key(0), 4000))
        _, counts = np.unique(np.asarray(tasks.indicators), axis=0, return_counts=True)
        assert len(counts) == kinds
        np.testing.assert_allclose(counts, 4000 / kinds, rtol=0.1)


@pytest.mark.parametrize(
    ("probabilities", "indicator", "expected"),
    [(None, UP, 0.5), (None, DOWN, 0.5), ((0.7, 0.2), UP, 0.7), ((0.7, 0.2), DOWN, 0.2)],
)
def test_checks_are_drawn_with_the_probability_of_the_task(probabilities, indicator, expected):
    maze = TMaze(latent_probabilities=probabilities)
    keys = jax.random.split(jax.random.key(1), 4000)
    checks = jax.vmap(lambda key: maze.draw_check(task(indicator), key))(keys)
    assert np.mean(np.asarray(checks) == TMazeAction.UP) == pytest.approx(expected, abs=0.03)


def test_latent_maze_shows_no_indicator():
    maze = TMaze(length=5, latent_probabilities=(0.7, 0.5))
    assert [float(maze.observe(task(UP), at(position))[1]) for position in range(5)] == [0] * 5


def test_optimal_returns():
    assert TMaze().optimal_return(4) == pytest.approx(16)
    assert TMaze(second_indicator_position=50).optimal_return(3) == pytest.approx(12)
    short = TMaze(checks=True, force_right=False, force_decision=False)
    assert short.optimal_return(4) == pytest.approx(55.6)
    assert TMaze().bayes_error() == 0
    latent = TMaze(latent_probabilities=(0.7, 0.5))
    assert latent.bayes_error() == pytest.approx(0.019294, abs=5e-7)
    assert latent.optimal_return(4) == pytest.approx(15.8649, abs=5e-5)
    assert latent.optimal_return(1) == pytest.approx(4 - 7 * latent.bayes_error())


def test_optimal_return_is_unknown_where_waiting_could_pay():
    coins = (0.7, 0.5)
    assert TMaze(force_right=False, latent_probabilities=coins).optimal_return(4) is None
    assert TMaze(force_decision=False, latent_probabilities=coins).optimal_return(4) is None
    assert TMaze(success_reward=-1.0).optimal_return(4) is None


def test_bayes_rule_wins_as_often_as_promised():
    # The agent counts the checks of its first walk; 500 walks of 30 steps.
    trial = make_trial("t-maze-latent:length=30,up_probability=0.8,down_probability=0.4")
    maze = trial.environment
    assert isinstance(maze, TMaze)
    counts = np.arange(31)
    # Log likelihood ratio of the two coins.
    evidence = counts * math.log(0.8 / 0.4) + (30 - counts) * math.log(0.2 / 0.6)
    threshold = int(counts[evidence > 0].min())

    def walk(key):
        reset_key, step_key = jax.random.split(key)
        state, observation = trial.reset(reset_key)

        def step(carry, key):
            state, seen = carry
            action = jnp.where(seen >= threshold, UP, DOWN)
            state, result = trial.step(state, action, key)
            return (state, seen + (result.observation[3] > 0)), result.success

        carry = (state, (observation[3] > 0).astype(int))
        return jax.lax.scan(step, carry, jax.random.split(step_key, 30))[1][-1]

    success = jax.jit(jax.vmap(walk))(jax.random.split(jax.random.key(0), 4000))
    assert 1 - np.mean(success) == pytest.approx(maze.bayes_error(), abs=0.01)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"length": 1}, "length of a T-maze is 1, .* >= 2"),
        ({"length": 10, "indicator_position": 10}, "indicator_position is 10, .* 0 to 9 "),
        ({"indicator_position": -1}, "indicator_position is -1"),
        ({"second_indicator_position": 0}, "second_indicator_position is 0, .* 1 to 98"),
        ({"second_indicator_position": 99}, "second_indicator_position is 99"),
        ({"second_indicator_position": 1}, "second_indicator_position is 1, .* must differ"),
        (
            {"second_indicator_position": 50, "latent_probabilities": (0.7, 0.5)},
            "second_indicator_position is 50, .* none in a latent T-maze",
        ),
        ({"latent_probabilities": (0.7, 1.5)}, "probability of a check .* is 1.5, .* 0 to 1"),
        ({"timeout": 99}, "timeout of a T-maze is 99, .* >= 100"),
        ({"check_reward": -0.5}, "check_reward is -0.5, .* >= 0"),
        (
            {"success_reward": -3.0},
            r"success_reward is -3.0, but it must be above failure_reward \(-3.0\)",
        ),
    ],
)
def test_settings_that_do_not_fit(settings, message):
    with pytest.raises(UserError, match=f"^{message}"):
        TMaze(**settings)
