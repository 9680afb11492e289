"""Walking bodies on the host: the rules of trials, threads, and states that come back exactly."""

import numpy as np
import pytest
from support.host import play
from support.tiny import same

from splagger.environments.host.host_trial import HostTrial
from splagger.environments.locomotion.ant import AntGoal, AntGoalSparse
from splagger.environments.locomotion.bodies import load_model
from splagger.environments.locomotion.half_cheetah import HalfCheetahDirection, HalfCheetahVelocity
from splagger.environments.locomotion.native_environment import NativeEnvironment
from splagger.environments.locomotion.native_simulators import NativeSimulators
from splagger.environments.locomotion.packages import import_mujoco
from splagger.environments.locomotion.random_parameters import (
    HopperRandomParameters,
    WalkerRandomParameters,
)

SEEDS = [11, 12, 13, 14, 15]
ROWS = len(SEEDS)
mujoco = import_mujoco()
DEFINITIONS = [
    HalfCheetahVelocity(episode_steps=4),
    AntGoalSparse(episode_steps=4),
    WalkerRandomParameters(episode_steps=4),
]


def trial_of(definition, episodes=2, **options):
    recompute = options.pop("recompute", True)
    environment = NativeEnvironment(definition, "model", recompute)
    return HostTrial(environment, episodes=episodes, **options)


def actions_for(trial, steps, rows=ROWS, seed=0):
    generator = np.random.default_rng(seed)
    return generator.uniform(-1, 1, (steps, rows, trial.action_space.size)).astype(np.float32)


def began(trial, seeds=SEEDS, threads=0) -> NativeSimulators:
    simulators = trial.simulators(seeds, workers=threads)
    assert isinstance(simulators, NativeSimulators)
    simulators.reset()
    return simulators


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda one: type(one).__name__)
def test_rows_depend_on_their_seeds_and_actions_alone(definition):
    trial = trial_of(definition)
    actions = actions_for(trial, 18)
    whole = play(began(trial), actions)
    threads = began(trial, threads=2)
    assert same(whole, play(threads, actions))
    threads.close()
    threads = began(trial, threads=3)
    halves = (slice(0, None, 2), slice(1, None, 2))
    assert same(whole, play(threads, actions, halves))
    threads.close()
    alone = play(began(trial, SEEDS[3:4]), actions[:, 3:4])
    row = [
        {name: value[3:4] for name, value in step.items() if name != "tasks"}
        | {"tasks": {name: value[3:4] for name, value in step["tasks"].items()}}
        for step in whole
    ]
    assert same(row, alone)


def test_two_groups_may_be_under_way_at_once():
    trial = trial_of(HalfCheetahDirection(episode_steps=3))
    actions = actions_for(trial, 1)[0]
    whole, halves = began(trial), began(trial, threads=2)
    whole.send(actions)
    expected = whole.receive().observation
    halves.send(actions[:2], slice(0, 2))
    halves.send(actions[2:], slice(2, None))
    np.testing.assert_array_equal(halves.receive(slice(2, None)).observation, expected[2:])
    np.testing.assert_array_equal(halves.receive(slice(0, 2)).observation, expected[:2])
    halves.close()


def test_trials_go_by_the_rules():
    trial = trial_of(HalfCheetahVelocity(episode_steps=3))
    actions = actions_for(trial, 13)
    simulators = trial.simulators(SEEDS, workers=0)
    first = simulators.reset()
    assert first.observation.shape == (5, 21)
    assert not first.observation[:, -1].any()
    steps = play(simulators, actions)
    ends = np.array([step["episode_end"] for step in steps])
    assert np.array_equal(ends, np.repeat((np.arange(13) % 3 == 2)[:, None], 5, 1))
    assert np.array_equal([step["truncated"] for step in steps], ends)
    trial_ends = np.array([step["trial_end"] for step in steps])
    assert np.array_equal(trial_ends[:, 0], np.arange(13) % 6 == 5)
    assert [step["episode"][0] for step in steps] == [0, 0, 0, 1, 1, 1] * 2 + [0]
    tasks = np.array([first.tasks.vector, *(step["tasks"]["vector"] for step in steps)])
    changed = (tasks[1:] != tasks[:-1]).any(axis=2)
    assert np.array_equal(changed, trial_ends)
    # The memory sees the end, the policy a start: at rest but for some noise.
    end = steps[2]
    assert end["next_observation"][:, -1].all()
    assert not end["observation"][:, -1].any()
    assert np.abs(end["observation"][:, :8]).max() <= 0.1
    assert not np.array_equal(end["observation"][0], end["observation"][1])
    assert not np.array_equal(end["observation"], steps[5]["observation"])


def test_every_boundary_shows_the_same_trials():
    actions = actions_for(trial_of(AntGoal(episode_steps=2)), 7)
    plays = {
        boundary: play(began(trial_of(AntGoal(episode_steps=2), boundary=boundary)), actions)
        for boundary in ("both", "terminal", "start")
    }
    both, terminal, start = (plays[boundary][1] for boundary in plays)
    np.testing.assert_array_equal(terminal["observation"], both["next_observation"])
    np.testing.assert_array_equal(start["observation"][:, :-1], both["observation"][:, :-1])
    assert start["observation"][:, -1].all()
    for one, other in zip(plays["both"], plays["start"], strict=True):
        np.testing.assert_array_equal(one["reward"], other["reward"])


def test_seeds_decide_tasks_and_starts():
    trial = trial_of(HalfCheetahVelocity())
    first, second = (trial.simulators(seeds, workers=0).reset() for seeds in ([3, 4], [4, 3]))
    np.testing.assert_array_equal(first.tasks.vector, second.tasks.vector[::-1])
    np.testing.assert_array_equal(first.observation, second.observation[::-1])
    assert first.tasks.vector[0] != first.tasks.vector[1]
    many = trial_of(HalfCheetahDirection()).simulators(range(64), workers=0).reset()
    np.testing.assert_array_equal(many.tasks.index, many.tasks.vector[:, 0] > 0)
    assert 16 < many.tasks.index.sum() < 48


@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda one: type(one).__name__)
def test_a_step_is_what_mujoco_makes_of_it(definition):
    trial = trial_of(definition, episodes=1)
    simulators = began(trial, [7])
    bodies = simulators._bodies
    task, position, velocity = (
        values.copy() for values in (bodies.task, bodies.position, bodies.velocity)
    )
    model = load_model(definition.body)
    data = mujoco.MjData(model)
    for name, value in (definition.model_fields(task[0]) or {}).items():
        setattr(model, name, value)
    mujoco.mj_setConst(model, data)
    mujoco.mj_resetData(model, data)
    data.qpos, data.qvel = position[0], velocity[0]
    for action in 2 * actions_for(trial, 3, rows=1):
        before = data.qpos.copy()
        data.ctrl = action[0]
        mujoco.mj_step(model, data, definition.body.frame_skip)
        forces = None
        if definition.needs_contact_forces:
            felt = mujoco.MjData(model)
            felt.qpos, felt.qvel, felt.ctrl = data.qpos, data.qvel, data.ctrl
            felt.qacc_warmstart = data.qacc_warmstart
            mujoco.mj_forward(model, felt)
            mujoco.mj_rnePostConstraint(model, felt)
            forces = felt.cfrc_ext.copy()
        outcome = definition.outcome(
            task[0], before, data.qpos, data.qvel, forces, action[0].astype(float)
        )
        simulators.send(action)
        step = simulators.receive()
        observation = definition.observe(data.qpos, data.qvel, forces)
        np.testing.assert_array_equal(step.next_observation[0], observation.astype(np.float32))
        assert step.reward[0] == np.float32(outcome.reward)


@pytest.mark.parametrize("recompute", [True, False])
@pytest.mark.parametrize("definition", DEFINITIONS, ids=lambda one: type(one).__name__)
def test_what_was_captured_goes_on_bit_for_bit(definition, recompute):
    trial = trial_of(definition, recompute=recompute)
    actions = actions_for(trial, 30)
    simulators = began(trial)
    # In the middle of an episode, after some trials.
    play(simulators, actions[:10])
    captured = simulators.capture()
    assert captured.dtype == np.uint32
    assert captured.shape == began(trial).capture().shape
    expected = play(simulators, actions[10:])
    other = began(trial, [seed + 100 for seed in SEEDS], threads=2)
    play(other, actions[:3])
    other.restore(captured)
    np.testing.assert_array_equal(other.capture(), captured)
    assert same(expected, play(other, actions[10:]))
    other.close()


def test_constants_of_a_body_are_computed_again_or_not():
    kept, recomputed = (
        began(trial_of(HopperRandomParameters(), recompute=recompute), [1])._bodies._models[0]
        for recompute in (False, True)
    )
    own = load_model(HopperRandomParameters.body)
    np.testing.assert_array_equal(kept.body_mass, recomputed.body_mass)
    assert not np.array_equal(kept.body_mass, own.body_mass)
    np.testing.assert_array_equal(kept.dof_invweight0, own.dof_invweight0)
    assert not np.array_equal(kept.dof_invweight0, recomputed.dof_invweight0)


@pytest.mark.parametrize("definition", [AntGoalSparse(), HalfCheetahDirection()])
@pytest.mark.parametrize("threads", [0, 2])
def test_a_diverged_body_ends_its_episode_alone(definition, threads, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    trial = trial_of(definition)
    undisturbed, simulators = (began(trial, threads=threads) for _ in range(2))
    actions = actions_for(trial, 4)
    play(undisturbed, actions[:1])
    (last,) = play(simulators, actions[:1])
    simulators._bodies._data[1].qvel[:] = 1e12
    diverged, *others = play(simulators, actions[1:])
    expected, *others_expected = play(undisturbed, actions[1:])
    assert diverged["truncated"].tolist() == [False, True, False, False, False]
    assert diverged["diverged"].tolist() == [False, True, False, False, False]
    assert diverged["episode_end"][1]
    assert not diverged["trial_end"].any()
    assert not diverged["success"].any()
    assert diverged["reward"][1] == 0
    size = trial.environment.observation_space.size
    np.testing.assert_array_equal(
        diverged["next_observation"][1, :size], last["observation"][1, :size]
    )
    assert np.isfinite(diverged["observation"]).all()
    untouched = [0, 2, 3, 4]
    for found, wanted in zip([diverged, *others], [expected, *others_expected], strict=True):
        for name in ("next_observation", "observation", "reward", "episode_end"):
            np.testing.assert_array_equal(found[name][untouched], wanted[name][untouched])
    # It goes on as any other.
    assert others[-1]["episode"].tolist() == [0, 1, 0, 0, 0]
    assert np.isfinite(others[-1]["observation"]).all()
    assert list(tmp_path.iterdir()) == []
    undisturbed.close()
    simulators.close()


@pytest.mark.parametrize("size", [np.nan, 1e20])
def test_an_absurd_action_ends_the_episode(size):
    trial = trial_of(AntGoalSparse())
    simulators = began(trial)
    actions = actions_for(trial, 2)
    (last,) = play(simulators, actions[:1])
    actions[1, 3] = size
    (step,) = play(simulators, actions[1:])
    assert step["diverged"].tolist() == [False, False, False, True, False]
    assert step["reward"][3] == 0
    size = trial.environment.observation_space.size
    assert np.array_equal(step["next_observation"][3, :size], last["observation"][3, :size])


def test_success_is_where_the_last_step_is_inside():
    trial = trial_of(AntGoalSparse(episode_steps=3))
    simulators = began(trial)
    simulators._bodies.task[:2] = 0
    simulators._bodies.task[2:] = 2
    steps = play(simulators, actions_for(trial, 3))
    assert not any(step["success"].any() for step in steps[:2])
    assert steps[2]["success"].tolist() == [True, True, False, False, False]


def test_a_fall_is_no_truncation():
    trial = trial_of(WalkerRandomParameters())
    simulators = began(trial)
    simulators._bodies._data[2].qpos[2] = 0.99
    simulators._bodies._data[2].qvel[2] = 5.0
    (step,) = play(simulators, actions_for(trial, 1))
    assert step["episode_end"].tolist() == [False, False, True, False, False]
    assert not step["truncated"].any()


def test_steps_can_be_looked_at_before_what_follows(monkeypatch):
    trial = trial_of(HalfCheetahDirection(episode_steps=2))
    whole, simulator = began(trial, [5]), trial.simulator(5, picture_size=96)
    drawn = []

    def draw(definition, task, position, size):
        drawn.append((position.copy(), size))
        return np.zeros((72, 96, 3), np.uint8)

    monkeypatch.setattr("splagger.environments.locomotion.picture.draw", draw)
    simulator.reset()
    for action, expected in zip(
        actions_for(trial, 5, 1), play(whole, actions_for(trial, 5, 1)), strict=True
    ):
        ended = simulator.advance(action)
        assert ended.size == expected["episode_end"].sum()
        simulator.render()
        position, size = drawn[-1]
        assert size == 96
        seen = expected["next_observation"][0, :8]
        np.testing.assert_array_equal(position[1:].astype(np.float32), seen)
        simulator.begin(ended)
        np.testing.assert_array_equal(simulator.receive().observation, expected["observation"])
