from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.cart_poles import CartPoles
from support.diverging import Diverging
from support.host import ACTIONS, ROWS, host_trial, play
from support.script import Script
from support.tiny import same

from splagger.environments.host.gymnasium_environment import GymnasiumEnvironment
from splagger.environments.host.in_process import InProcess
from splagger.environments.host.simulators import SimulatorError
from splagger.environments.spaces import Box
from splagger.environments.trial import Trial
from splagger.environments.trial_description import BOUNDARIES

EPISODES = (1, 2, 3)


class Twin(Script):
    """`support.scripted.Script`, written for jax."""

    has_success = True

    def sample_task(self, key):
        return jnp.array(0.25)


@cache
def twins() -> dict:
    """The steps of `ACTIONS` for all boundaries and numbers of episodes, compiled as one."""

    def run(trial, actions):
        def step(state, action):
            state, result = trial.step(state, action, jax.random.key(0))
            return state, (result, trial.task_information(state))

        state, first = trial.reset(jax.random.key(0))
        return first, jax.lax.scan(step, state, actions)[1]

    @jax.jit
    def run_all(actions):
        trials = {(b, k): Trial(Twin(limit=4), k, b) for b in BOUNDARIES for k in EPISODES}
        each = {key: jax.vmap(run, (None, 1), (0, 1)) for key in trials}
        return {key: each[key](trial, actions) for key, trial in trials.items()}

    return jax.tree.map(np.asarray, run_all(ACTIONS))


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("episodes", EPISODES)
@pytest.mark.parametrize("name", ["Script", "scripts"])
def test_trials_are_those_of_a_jax_twin(name, boundary, episodes):
    trial = host_trial(f"scripted:{name}", episodes=episodes, boundary=boundary)
    first, (expected, tasks) = twins()[boundary, episodes]
    simulators = trial.simulators(range(ROWS), workers=0)
    start = simulators.reset()
    np.testing.assert_array_equal(start.observation, first)
    steps = play(simulators, ACTIONS)
    found = jax.tree.map(lambda *leaves: np.stack(leaves), *steps)
    for name, values in vars(expected).items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)
    np.testing.assert_array_equal(found["tasks"]["vector"], tasks.vector)
    for name in ("truncated", "success", "trial_end"):
        assert found[name].any()
    simulators.close()


@pytest.mark.parametrize("name", ["HostDiverging", "Broken", "diverging_rows"])
def test_diverged_steps_are_those_of_a_jax_twin(name):
    trial = host_trial(f"diverging:{name}", episodes=2)
    assert trial.may_diverge
    actions = np.random.default_rng(2).choice([0, 0, 1, 2, 4, 5, 6], (30, ROWS)).astype(np.int32)
    jax_trial = Trial(Diverging(limit=4), 2)

    def step(state, action):
        return jax_trial.step(state, action, jax.random.key(0))

    def run(actions):
        return jax.lax.scan(step, jax_trial.reset(jax.random.key(0))[0], actions)[1]

    expected = jax.jit(jax.vmap(run, 1, 1))(actions)
    simulators = trial.simulators(range(ROWS), workers=0)
    simulators.reset()
    found = jax.tree.map(lambda *leaves: np.stack(leaves), *play(simulators, actions))
    simulators.close()
    for field, values in vars(expected).items():
        np.testing.assert_array_equal(found[field], values, err_msg=field)
    assert found["diverged"].any()
    assert (found["truncated"] & ~found["diverged"]).any()


def test_without_may_diverge_nobody_asks():
    trial = host_trial("diverging:Denied", episodes=2)
    assert not trial.may_diverge
    simulators = trial.simulators([0], workers=0)
    simulators.reset()
    (step,) = play(simulators, np.array([[5]], np.int32))
    assert not step["diverged"].any()
    assert not step["episode_end"].any()


def test_rows_may_be_stepped_in_groups():
    trial = host_trial("cart_poles:CartPoles:max_episode_steps=6")
    actions = ACTIONS % 2
    groups = [(slice(None),), (slice(0, 1), slice(1, 3)), (slice(0, None, 2), slice(1, None, 2))]
    found = []
    for chosen in groups:
        simulators = trial.simulators(np.arange(ROWS, dtype=np.uint32), workers=0)
        start = simulators.reset()
        found.append((start.observation, play(simulators, actions, chosen)))
    assert same(found[0], found[1])
    assert same(found[0], found[2])


def test_a_seed_decides_a_simulator_whatever_row_it_has():
    trial = host_trial("cart_poles:CartPoles:max_episode_steps=6")
    three = trial.simulators([7, 5, 6], workers=0)
    one = trial.simulator(5)
    vectors = three.reset().tasks.vector
    np.testing.assert_array_equal(one.reset().tasks.vector, vectors[1:2])
    assert len(np.unique(vectors)) == vectors.size
    actions = ACTIONS % 2
    many, alone = play(three, actions), play(one, actions[:, 1:2])
    for all_rows, row in zip(many, alone, strict=True):
        assert same(jax.tree.map(lambda leaf: leaf[1:2], all_rows), row)
    # Tasks last for a trial, and every trial draws another one.
    vectors = np.stack([step["tasks"]["vector"][0] for step in alone])
    ends = np.array([step["trial_end"][0] for step in alone])[1:]
    np.testing.assert_array_equal((np.diff(vectors, axis=0) != 0).any(1), ends)
    assert ends.sum() > 2


@pytest.mark.parametrize("text", ["CartPoles:max_episode_steps=6", "wrapped_cart_poles"])
def test_captured_simulators_go_on_as_if_never_stopped(text):
    trial = host_trial(f"cart_poles:{text}", episodes=2)
    assert trial.environment.restore_obstacle == ""
    going = trial.simulators([3, 4, 5], workers=0)
    assert going.restorable
    going.reset()
    # Somewhere inside of episodes, the second of a trial among them.
    seen = play(going, ACTIONS[:15] % 2)
    assert len({int(episode) for step in seen for episode in step["episode"]}) == 2
    captured = going.capture()
    assert captured.dtype == np.uint32
    expected = play(going, ACTIONS[15:] % 2)

    fresh = trial.simulators([0, 0, 0], workers=0)
    # As a checkpoint gives it back, through jax.
    fresh.restore(jnp.asarray(captured))
    np.testing.assert_array_equal(fresh.capture(), captured)
    assert same(play(fresh, ACTIONS[15:] % 2), expected)
    # Into simulators that have been running, too.
    fresh.restore(captured)
    assert same(play(fresh, ACTIONS[15:] % 2), expected)


def test_states_of_another_kind_are_refused(monkeypatch):
    simulators = host_trial("cart_poles:CartPoles").simulators([3], workers=0)
    simulators.reset()
    captured = simulators.capture()
    with pytest.raises(SimulatorError, match="get_state returned other arrays than those to rest"):
        simulators.restore(captured[:, :-1])
    monkeypatch.setattr(CartPoles, "get_state", lambda self: {"state": self.state, "steps": 0.0})
    with pytest.raises(SimulatorError, match="get_state returned arrays of another structure"):
        simulators.capture()
    monkeypatch.setattr(CartPoles, "get_state", lambda self: {"state": "upright"})
    with pytest.raises(SimulatorError, match="get_state failed with TypeError: a str is neither"):
        simulators.capture()


def test_structured_observations_and_actions_of_an_environment_without_tasks():
    with pytest.warns(UserWarning, match="scripted:plain' has no methods sample_task and set_task"):
        trial = host_trial("scripted:plain")
    assert trial.environment.observation_space.shape == (7,)
    assert trial.action_space == Box(-1.0, 1.0, (2,))
    assert trial.environment.max_episode_steps == 3
    assert (trial.environment.task_size, trial.tasks, trial.episodes) == (0, None, 1)
    simulators = trial.simulators([1, 2], workers=0)
    start = simulators.reset()
    assert start.tasks.vector.shape == (2, 0)
    assert start.tasks.index.tolist() == [0, 0]
    np.testing.assert_array_equal(start.observation, [[0, 0, 0, 0, 1, 0, 0]] * 2)
    actions = np.array([[0.5, -2.0], [0.25, 0.0]], np.float32)
    (step,) = play(simulators, actions[None])
    np.testing.assert_array_equal(step["observation"][:, [0, 2, 4, 5, 6]], [
        [0.5, -2.0, 0, 0, 1], [0.25, 0.0, 0, 0, 1]
    ])  # fmt: skip
    np.testing.assert_array_equal(step["reward"], [-1.5, 0.25])
    assert step["observation"][0, 1] != step["observation"][1, 1]
    assert play(simulators, np.stack([actions] * 2))[1]["truncated"].all()
    assert not simulators.restorable
    assert "Plain has no methods get_state and set_state" in trial.environment.restore_obstacle


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("raise", r"step failed with RuntimeError: the gripper broke \(.*scripted.py, line \d+\)"),
        ("library", r"step failed with ValueError: cannot reshape.* \(.*scripted.py, line \d+\)"),
        ("reward", "step returned a reward with a number that is not finite"),
        ("observation", "step returned an observation with a number that is not finite"),
        ("reset", "reset returned an observation with a number that is not finite"),
        ("shape", r"step returned something other .*: the shape \(2,\) where the space has \(3,\)"),
        ("four", r"step returned something other than the five values .* \(expected 5, got 4"),
        ("success", "step returned an info without success or is_success"),
    ],
)
@pytest.mark.filterwarnings("ignore:invalid value encountered in multiply")
def test_what_fails_is_named(how, message):
    simulators = host_trial(f"scripted:Broken:how={how}", episodes=2).simulators([1, 2], workers=0)
    simulators.reset()
    with pytest.raises(SimulatorError, match=f"^simulator 1: {message}") as error:
        play(simulators, np.zeros((4, 2), np.int32), (slice(1, 2),))
    assert "\n" not in str(error.value)


def test_a_single_simulator_shows_pictures():
    simulator = host_trial("cart_poles:CartPoles").simulator(0)
    simulator.reset()
    picture = simulator.render()
    assert picture is not None
    assert picture.shape == (400, 600, 3)
    assert picture.dtype == np.uint8
    simulator.close()
    simulator.close()
    silent = host_trial("scripted:Script").simulator(0)
    silent.reset()
    assert silent.render() is None


def test_a_step_can_be_looked_at_before_anything_begins_anew():
    trial = host_trial("scripted:Script", episodes=2, boundary="start")
    simulators, other = (trial.simulators(range(ROWS), workers=0) for _ in range(2))
    assert isinstance(simulators, InProcess)
    simulators.reset()
    other.reset()
    steps = np.zeros(ROWS)
    for action in ACTIONS[:20]:
        ended = simulators.advance(action)
        steps += 1
        reached = simulators.receive()
        np.testing.assert_array_equal(reached.next_observation[:, 1], steps)
        np.testing.assert_array_equal(reached.success, reached.episode_end & (action == 4))
        np.testing.assert_array_equal(np.flatnonzero(reached.episode_end), ended)
        steps[ended] = 0
        simulators.begin(ended)
        other.send(action)
        found, expected = simulators.receive(), other.receive()
        for name in vars(found).keys() - {"tasks"}:
            np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def test_environments_are_closed_where_one_cannot_be_made(monkeypatch):
    trial = host_trial("scripted:Script")
    assert isinstance(trial.environment, GymnasiumEnvironment)
    maker = trial.environment.maker
    made = []

    def make(self, **_):
        from support.scripted import Script

        if len(made) == 2:
            raise OSError("no more windows")
        made.append(Script())
        made[-1].close = lambda: made.append("closed")
        return made[-1]

    monkeypatch.setattr(type(maker), "__call__", make)
    with pytest.raises(SimulatorError, match="simulator 2: making .* OSError: no more windows"):
        InProcess(maker, trial.rules, [1, 2, 3])
    assert made[2:] == ["closed", "closed"]
