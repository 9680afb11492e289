"""Walking bodies in compiled programs: MJX against native MuJoCo, and the rules around it."""

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from splagger.environments.locomotion import mjx_environment
from splagger.environments.locomotion.ant import AntGoal
from splagger.environments.locomotion.bodies import Body, Solver, load_model
from splagger.environments.locomotion.half_cheetah import HalfCheetahDirection
from splagger.environments.locomotion.mjx_environment import MjxEnvironment, MjxState
from splagger.environments.locomotion.packages import import_mujoco
from splagger.environments.locomotion.random_parameters import (
    HopperRandomParameters,
    WalkerRandomParameters,
)
from splagger.environments.trial import Trial

ENVIRONMENTS = 4
STEPS = 20
KEY = jax.random.key(0)
mujoco = import_mujoco()
DERIVED = ("body_subtreemass", "body_invweight0", "dof_invweight0")


@pytest.fixture
def round_friction(monkeypatch):
    """Friction that has no preferred directions.

    The model's friction is a pyramid. Where a capsule stands steeply on the floor, MuJoCo and MJX
    turn the pyramid differently around its axis, and so the ant's legs slide differently. All else
    must agree.
    """

    def load(body: Body, solver: Solver = "model"):
        model = load_model(body, solver)
        model.opt.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
        return model

    monkeypatch.setattr(mjx_environment, "load_model", load)
    mjx_environment._model.cache_clear()
    yield load
    mjx_environment._model.cache_clear()


def starts_and_actions(definition):
    generator = np.random.default_rng(5)
    body = definition.body
    uniforms = generator.random((ENVIRONMENTS, body.positions + body.velocities))
    position, velocity = definition.start(
        uniforms, generator.normal(size=(ENVIRONMENTS, body.velocities))
    )
    actions = generator.uniform(-1, 1, (STEPS, ENVIRONMENTS, body.actions)).astype(np.float32)
    return position, velocity, actions


def by_mjx(environment, task, position, velocity, actions):
    # Without optimisation rounding carries the ant away from MuJoCo's.
    @functools.partial(jax.jit, compiler_options={"xla_backend_optimization_level": 1})
    def run(position, velocity, actions):
        def step(state, action):
            def one(state, action):
                return environment.step(task, state, action, KEY)

            state, result = jax.vmap(one)(state, action)
            return state, (state.position, result.observation, result.reward)

        begin = functools.partial(environment.begin, task)
        state, first = jax.vmap(begin)(position, velocity)
        return first, *jax.lax.scan(step, state, actions)[1]

    return jax.tree.map(np.asarray, run(jnp.asarray(position), jnp.asarray(velocity), actions))


def by_mujoco(definition, model, task, position, velocity, actions):
    positions, observations, rewards = [], [], []
    data = [mujoco.MjData(model) for _ in position]
    for one, start, speed in zip(data, position, velocity, strict=True):
        one.qpos, one.qvel = start, speed
    for action in actions:
        before = np.stack([one.qpos for one in data])
        for one, control in zip(data, action, strict=True):
            one.ctrl = control
            mujoco.mj_step(model, one, definition.body.frame_skip)
        now = np.stack([one.qpos for one in data])
        speed = np.stack([one.qvel for one in data])
        forces = None
        if definition.needs_contact_forces:
            forces = np.stack([contact_forces(model, one) for one in data])
        positions.append(now)
        observations.append(definition.observe(now, speed, forces))
        task_rows = np.broadcast_to(task, (len(data), task.size))
        outcome = definition.outcome(task_rows, before, now, speed, forces, action)
        rewards.append(outcome.reward)
    return np.stack(positions), np.stack(observations), np.stack(rewards)


def contact_forces(model, data):
    warm_start = data.qacc_warmstart.copy()
    mujoco.mj_forward(model, data)
    mujoco.mj_rnePostConstraint(model, data)
    data.qacc_warmstart = warm_start
    return data.cfrc_ext.copy()


@pytest.mark.parametrize(
    ("definition", "solver"),
    [
        (HalfCheetahDirection(), "model"),
        (HalfCheetahDirection(), "fast"),
        (WalkerRandomParameters(0.0), "model"),
        (HopperRandomParameters(0.0), "fast"),
    ],
    ids=["half-cheetah", "half-cheetah-fast", "walker", "hopper-fast"],
)
def test_mjx_moves_as_mujoco_does(definition, solver):
    environment = MjxEnvironment(definition, solver)
    position, velocity, actions = starts_and_actions(definition)
    task = environment.sample_task(KEY)
    _, *got = by_mjx(environment, task, position, velocity, actions)
    model = load_model(definition.body, solver)
    vector = np.asarray(task.vector, float)
    wanted = by_mujoco(definition, model, vector, position, velocity, actions)
    assert np.abs(got[0] - wanted[0]).max() < 1e-3
    # Speeds are what differs first.
    assert np.abs(got[1] - wanted[1]).max() < 0.1
    assert np.abs(got[2] - wanted[2]).max() < 0.1


def test_mjx_moves_the_ant_as_mujoco_does(round_friction):
    definition = AntGoal()
    # In single precision a leg may touch the floor one step earlier.
    with jax.enable_x64(True):
        environment = MjxEnvironment(definition)
        position, velocity, actions = starts_and_actions(definition)
        task = environment.sample_task(KEY)
        _, *got = by_mjx(environment, task, position, velocity, actions)
    model = round_friction(definition.body)
    vector = np.asarray(task.vector, float)
    wanted = by_mujoco(definition, model, vector, position, velocity, actions)
    # The forces of contacts are seen, and cost something.
    assert np.abs(wanted[1][..., 29:]).max() == 1
    for ours, theirs in zip(got, wanted, strict=True):
        assert np.abs(ours - theirs).max() < 1e-6


def test_equal_environments_are_equal_and_share_programs():
    one, other = MjxEnvironment(HalfCheetahDirection()), MjxEnvironment(HalfCheetahDirection())
    assert one == other
    assert hash(one) == hash(other)
    assert not jax.tree.leaves(one)
    assert one != MjxEnvironment(HalfCheetahDirection(), "fast")


@pytest.fixture(scope="module")
def cheetah():
    return MjxEnvironment(HalfCheetahDirection(episode_steps=5), "fast")


@pytest.fixture(scope="module")
def step(cheetah):
    return eqx.filter_jit(cheetah.step)


def moving(value: float) -> MjxState:
    return MjxState(jnp.zeros(9), jnp.zeros(9).at[0].set(value), jnp.zeros(9), None)


@pytest.mark.parametrize("speed", [2e4, np.inf, np.nan])
def test_diverged_physics_end_the_episode(cheetah, step, speed):
    task = cheetah.sample_task(KEY)
    before = moving(speed)
    _, fine = step(task, moving(1.0), jnp.zeros(6), KEY)
    assert not fine.diverged
    after, result = step(task, before, jnp.zeros(6), KEY)
    assert result.diverged
    assert not result.terminated
    assert result.reward == 0
    assert jnp.array_equal(after.velocity, before.velocity, equal_nan=True)


@pytest.mark.parametrize("size", [np.nan, np.inf, 1e20])
def test_an_absurd_action_leaves_the_last_good_state(cheetah, step, size):
    task = cheetah.sample_task(KEY)
    after, result = step(task, moving(1.0), jnp.full(6, size), KEY)
    assert result.diverged
    assert jnp.array_equal(after.position, jnp.zeros(9))
    assert jnp.isfinite(result.observation).all()
    assert result.reward == 0


def test_motors_clip_actions_and_the_cost_of_control_does_not(cheetah, step):
    task = cheetah.sample_task(KEY)
    full, paid = step(task, moving(1.0), jnp.ones(6), KEY)
    beyond, paid_more = step(task, moving(1.0), 3 * jnp.ones(6), KEY)
    assert jnp.allclose(full.position, beyond.position)
    assert paid.reward - paid_more.reward == pytest.approx(0.05 * 6 * (9 - 1), abs=1e-4)


def test_trials_end_by_the_time_limit(cheetah):
    trial = Trial(cheetah, 2)
    state, observation = trial.reset(KEY)
    assert observation.shape == (21,)
    advance = eqx.filter_jit(trial.step)
    ends = []
    for _ in range(10):
        state, result = advance(state, jnp.zeros(6), KEY)
        ends.append((bool(result.episode_end), bool(result.truncated), bool(result.trial_end)))
    once, never = (True, True, False), (False, False, False)
    assert ends == [*[never] * 4, once, *[never] * 4, (True, True, True)]


@pytest.mark.parametrize("recompute", [True, False])
def test_derived_constants_of_a_random_body_are_mujocos(recompute):
    """Element by element; the published code leaves those of the undrawn body (Q38)."""
    environment = MjxEnvironment(WalkerRandomParameters(), recompute=recompute)
    task = jax.jit(environment.sample_task)(jax.random.key(8))
    placed, _ = environment._simulator(task)
    model = load_model(environment.definition.body)
    unchanged = {name: getattr(model, name).copy() for name in DERIVED}
    for name in ("body_mass", "body_inertia", "dof_damping", "geom_friction"):
        drawn = np.asarray(getattr(placed, name))
        assert not np.allclose(drawn, getattr(model, name))
        setattr(model, name, drawn)
    if recompute:
        mujoco.mj_setConst(model, mujoco.MjData(model))
        assert not np.allclose(model.dof_invweight0, unchanged["dof_invweight0"])
    for name in DERIVED:
        assert np.allclose(getattr(placed, name), getattr(model, name), rtol=1e-5, atol=1e-9), name
    assert float(placed.stat.meaninertia) == pytest.approx(model.stat.meaninertia, rel=1e-5)


def test_evaluations_know_both_directions():
    environment = MjxEnvironment(HalfCheetahDirection())
    assert environment.task_groups == ("backwards", "forwards")
    assert environment.tasks == 2
    drawn = jax.vmap(environment.sample_task)(jax.random.split(KEY, 64)).vector
    assert set(np.unique(drawn)) == {-1.0, 1.0}
