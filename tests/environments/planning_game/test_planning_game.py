import jax
import jax.numpy as jnp
import numpy as np
import pytest

from splagger.environments.planning_game.planning_game import (
    PlanningGame,
    PlanningGameAction,
    PlanningGameState,
    PlanningGameTask,
)
from splagger.environments.registry import make_trial
from splagger.environments.spaces import Discrete
from splagger.foundation.errors import UserError

UP, DOWN, LEFT, RIGHT, COLLECT = (jnp.array(int(action)) for action in PlanningGameAction)


def task(size: int = 3) -> PlanningGameTask:
    """Labels that run backwards."""
    return PlanningGameTask(jnp.arange(size**2)[::-1])


def at(x: int, y: int, goal: int = 8, timestep: int = 0, size: int = 3) -> PlanningGameState:
    return PlanningGameState(jnp.array(x * size + y), jnp.array(goal), jnp.array(timestep))


@pytest.mark.parametrize(
    ("name", "settings", "size"),
    [
        ("PlanningGame-v0", (4, "labels"), 32),
        ("PlanningGame-3x3-v0", (3, "labels"), 18),
        ("PlanningGame-3x3-xy-v0", (3, "position"), 20),
        ("PlanningGame-3x3-xy-goalxy-v0", (3, "positions"), 22),
        ("PlanningGame-3x3-justgoal-v0", (3, "goal"), 1),
    ],
)
def test_published_forms(name, settings, size):
    trial = make_trial(name)
    assert trial.environment == PlanningGame(*settings)
    assert trial.episodes == 1
    assert trial.observation_size == size
    assert trial.action_space == Discrete(5)
    assert trial.environment.max_episode_steps == 100
    assert not trial.may_truncate
    assert trial.environment.task_size == 2


@pytest.mark.parametrize(
    ("action", "place"),
    [(UP, (2, 0)), (DOWN, (2, 1)), (LEFT, (1, 2)), (RIGHT, (0, 2)), (COLLECT, (2, 2))],
)
def test_moves_wrap_around(action, place):
    game = PlanningGame(3)
    state, step = game.advance(task(), at(2, 2, goal=4), action, jnp.array(0))
    assert tuple(map(int, game.coordinates(state.position))) == place
    assert state.goal == 4
    assert step.reward == 0


def test_collecting_the_goal_moves_it_and_not_the_agent():
    game = PlanningGame(3)
    state, step = game.advance(task(), at(2, 1, goal=7), COLLECT, jnp.array(3))
    assert step.reward == 1
    assert (int(state.position), int(state.goal)) == (7, 3)
    assert not step.terminated
    np.testing.assert_array_equal(game.task_vector(task(), state), [1, 0])


def test_an_episode_ends_with_its_last_step():
    game = PlanningGame(3, episode_steps=5)
    ends = [
        bool(game.advance(task(), at(0, 0, timestep=before), UP, jnp.array(0))[1].terminated)
        for before in range(5)
    ]
    assert ends == [False] * 4 + [True]


def test_observations():
    state = at(2, 1, goal=3)
    labels = [0.0] * 18
    labels[8 - 7] = labels[9 + 8 - 3] = 1.0
    games = (PlanningGame(3), PlanningGame(3, "position"), PlanningGame(3, "positions"))
    for game, places in zip(games, ([], [2, 1], [2, 1, 1, 0]), strict=True):
        np.testing.assert_array_equal(game.observe(task(), state), labels + places)
    game = PlanningGame(3, "goal")
    assert [float(game.observe(task(), at(1, y, goal=4))[0]) for y in range(3)] == [0, 1, 0]


@pytest.mark.parametrize("size", [2, 3, 4])
def test_maps_and_goals_are_drawn_evenly(size):
    game = PlanningGame(size)
    nodes = size**2

    @jax.jit
    @jax.vmap
    def draw(key):
        task = game.sample_task(key)
        state, _ = game.reset(task, None, key)
        collected = PlanningGameState(state.goal, state.goal, state.timestep)
        return task.labels, state, game.step(task, collected, COLLECT, key)[0]

    labels, first, second = draw(jax.random.split(jax.random.key(0), 20_000))
    np.testing.assert_array_equal(np.sort(labels, axis=1), np.tile(np.arange(nodes), (20_000, 1)))
    for label in range(nodes):
        counts = np.bincount(np.argmax(np.asarray(labels) == label, axis=1), minlength=nodes)
        np.testing.assert_allclose(counts, 20_000 / nodes, rtol=0.15)
    for state in (first, second):
        pairs = np.asarray(state.position * nodes + state.goal)
        counts = np.bincount(pairs, minlength=nodes**2).reshape(nodes, nodes)
        assert not np.diag(counts).any()
        elsewhere = counts[~np.eye(nodes, dtype=bool)]
        np.testing.assert_allclose(elsewhere, 20_000 / (nodes * (nodes - 1)), atol=60, rtol=0.1)


def test_every_map_of_four_places_is_equally_likely():
    game = PlanningGame(2)
    tasks = jax.jit(jax.vmap(game.sample_task))(jax.random.split(jax.random.key(1), 24_000))
    _, counts = np.unique(np.asarray(tasks.labels), axis=0, return_counts=True)
    assert len(counts) == 24
    np.testing.assert_allclose(counts, 1000, atol=150)


def test_the_map_lasts_for_the_trial():
    trial = make_trial("planning-game-3x3:episode_steps=5", episodes=2)
    keys = jax.random.split(jax.random.key(2), 11)
    state, _ = trial.reset(keys[0])

    def step(state, key):
        following, result = trial.step(state, UP, key)
        return following, (state.task.labels, result)

    _, (labels, steps) = jax.jit(lambda state, keys: jax.lax.scan(step, state, keys))(state, keys)
    assert np.flatnonzero(steps.trial_end).tolist() == [9]
    assert (labels[:10] == labels[0]).all()
    assert (labels[10] != labels[0]).any()


def play(name: str, policy) -> np.ndarray:
    """Returns of 4,000 episodes. `policy(game, state, observation, moves)` gives the action, where
    `moves` counts the moves so far."""
    trial = make_trial(name)

    def episode(key):
        start_key, step_key = jax.random.split(key)
        state, observation = trial.reset(start_key)

        def step(carry, key):
            state, observation, moves = carry
            action = policy(trial.environment, state.state, observation, moves)
            state, result = trial.step(state, action, key)
            return (state, result.observation, moves + (action != COLLECT)), result

        keys = jax.random.split(step_key, 100)
        _, steps = jax.lax.scan(step, (state, observation, jnp.array(0)), keys)
        return steps.reward.sum(), steps.trial_end, steps.truncated

    keys = jax.random.split(jax.random.key(4), 4000)
    returns, trial_end, truncated = jax.jit(jax.vmap(episode))(keys)
    np.testing.assert_array_equal(trial_end, np.tile(np.arange(100) == 99, (4000, 1)))
    assert not truncated.any()
    return np.asarray(returns)


def straight(game, state, observation, moves):
    """Goes to the goal, which it sees, and collects it."""
    (x, y), (goal_x, goal_y) = game.coordinates(state.position), game.coordinates(state.goal)
    right, up = (goal_x - x) % game.size, (goal_y - y) % game.size
    along_x = jnp.where(right <= game.size // 2, RIGHT, LEFT)
    along_y = jnp.where(up <= game.size // 2, UP, DOWN)
    return jnp.where(right > 0, along_x, jnp.where(up > 0, along_y, COLLECT))


def sweep(game, state, observation, moves):
    """Visits all nine nodes in turn, and collects where the observation says goal."""
    return jnp.where(observation[0] == 1, COLLECT, jnp.where(moves % 3 == 2, RIGHT, UP))


@pytest.mark.parametrize(
    ("name", "policy", "published"),
    [
        ("planning-game-3x3", straight, 39.7),
        ("planning-game", straight, 31.6),
        ("planning-game-3x3-goal-only", sweep, 17.9),
    ],
)
def test_best_play_earns_what_is_promised(name, policy, published):
    returns = play(name, policy)
    game = make_trial(name).environment
    assert isinstance(game, PlanningGame)
    promised = game.sweep_return(1) if policy is sweep else game.oracle_return(1)
    assert promised == pytest.approx(published, abs=0.05)
    assert returns.mean() == pytest.approx(promised, abs=0.1)
    if name == "planning-game-3x3":
        assert returns.std() == pytest.approx(1.3, abs=0.1)


def test_pictures_change_where_agent_goal_or_labels_do():
    game = PlanningGame(3)
    picture = game.render(task(), at(0, 0), 96)
    assert picture.shape == (96, 96, 3)
    other = PlanningGameTask(jnp.roll(task().labels, 1))
    for changed in (
        game.render(task(), at(0, 1), 96),
        game.render(task(), at(0, 0, goal=4), 96),
        game.render(other, at(0, 0), 96),
    ):
        assert (changed != picture).any()


def test_best_returns():
    assert PlanningGame(3).optimal_return(1) is None
    assert PlanningGame(3, "position").optimal_return(1) is None
    positions, goal = PlanningGame(3, "positions"), PlanningGame(3, "goal")
    assert positions.optimal_return(2) == positions.oracle_return(2)
    assert goal.optimal_return(2) == 2 * goal.sweep_return(1)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"size": 1}, "size of a Planning Game is 1, .* >= 2"),
        ({"episode_steps": 0}, "episode_steps of a Planning Game is 0, .* >= 1"),
    ],
)
def test_settings_that_do_not_fit(settings, message):
    with pytest.raises(UserError, match=f"^{message}"):
        PlanningGame(**settings)
