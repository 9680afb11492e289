"""Walkers and hoppers with random bodies."""

import jax.numpy as jnp
import numpy as np
import pytest

from splagger.environments.locomotion.bodies import load_model
from splagger.environments.locomotion.random_parameters import (
    HopperRandomParameters,
    WalkerRandomParameters,
)
from splagger.foundation.errors import UserError

NAMESPACES = pytest.mark.parametrize("namespace", [np, jnp], ids=["numpy", "jax"])
BODIES = pytest.mark.parametrize(
    "definition", [WalkerRandomParameters(), HopperRandomParameters()], ids=["walker", "hopper"]
)


def test_task_is_mass_inertia_damping_and_friction_in_this_order():
    walker = WalkerRandomParameters()
    assert walker.task_size == 8 + 24 + 9 + 24
    model = load_model(walker.body)
    middle = walker.task(np.full(65, 0.5))
    fields = (model.body_mass, model.body_inertia, model.dof_damping, model.geom_friction)
    assert np.allclose(middle, np.concatenate([field.ravel() for field in fields]), rtol=1e-14)
    assert model.geom_friction[7, 0] == 1.9


@BODIES
@NAMESPACES
def test_every_number_is_drawn_around_the_models_own(definition, namespace):
    model = load_model(definition.body)
    for uniform, power in ((0.0, -3), (0.75, 1.5)):
        drawn = definition.task(namespace.full(definition.task_size, uniform))
        fields = definition.model_fields(drawn)
        for name in ("body_mass", "body_inertia", "geom_friction"):
            assert np.allclose(fields[name], getattr(model, name) * 1.5**power, rtol=1e-5)
        assert np.allclose(fields["dof_damping"], model.dof_damping * 1.3**power, rtol=1e-5)


@NAMESPACES
def test_only_the_number_that_is_drawn_changes(namespace):
    walker = WalkerRandomParameters()
    uniforms = np.full(65, 0.5)
    uniforms[8 + 3] = 0.9
    fields = walker.model_fields(walker.task(namespace.asarray(uniforms)))
    model = load_model(walker.body)
    changed = np.asarray(fields["body_inertia"]) / np.where(
        model.body_inertia, model.body_inertia, 1
    )
    assert changed[1, 0] == pytest.approx(1.5 ** (3 * 0.8), rel=1e-5)
    assert np.allclose(changed[2:], 1, rtol=1e-5)
    assert np.allclose(fields["body_mass"], model.body_mass, rtol=1e-5)


@NAMESPACES
def test_reward_and_observation_of_the_walker(namespace):
    walker = WalkerRandomParameters()
    before = namespace.asarray([1.0, 1.25, *[0.0] * 7])
    after = namespace.asarray([1.032, 1.2, *[0.1] * 7])
    velocity = namespace.asarray([20.0, -30.0, *[1.0] * 7])
    action = namespace.asarray([2.0, *[0.0] * 5])
    got = walker.outcome(namespace.zeros(65), before, after, velocity, None, action)
    # 0.032 m in 0.016 s.
    assert float(got.reward) == pytest.approx(2 + 1 - 0.001 * 4, abs=1e-4)
    assert not got.terminated
    observation = walker.observe(after, velocity, None)
    assert np.allclose(observation, [1.2, *[0.1] * 7, 10, -10, *[1] * 7])


@NAMESPACES
@pytest.mark.parametrize(
    ("height", "angle", "ends"),
    [(0.79, 0, True), (0.81, 0, False), (1.99, 0, False), (2.01, 0, True), (1.2, 1.01, True),
     (1.2, -1.01, True), (1.2, 0.99, False), (np.nan, 0, True)],
)  # fmt: skip
def test_walker_falls(namespace, height, angle, ends):
    walker = WalkerRandomParameters()
    after = namespace.asarray([0.0, height, angle, *[0.0] * 6])
    zeros = namespace.zeros(9)
    got = walker.outcome(namespace.zeros(65), after, after, zeros, None, namespace.zeros(6))
    assert bool(got.terminated) == ends


@NAMESPACES
@pytest.mark.parametrize(
    ("height", "angle", "other", "ends"),
    [(0.69, 0, 0, True), (0.71, 0, 0, False), (9.0, 0, 0, False), (1.2, 0.21, 0, True),
     (1.2, -0.19, 0, False), (1.2, 0, 101.0, True), (1.2, 0, 99.0, False), (1.2, 0, np.inf, True)],
)  # fmt: skip
def test_hopper_falls(namespace, height, angle, other, ends):
    hopper = HopperRandomParameters()
    after = namespace.asarray([0.0, height, angle, 0.0, 0.0, 0.0])
    velocity = namespace.asarray([0.0, 0.0, 0.0, 0.0, 0.0, other])
    got = hopper.outcome(namespace.zeros(41), after, after, velocity, None, namespace.zeros(3))
    assert bool(got.terminated) == ends


@BODIES
@NAMESPACES
def test_start_has_the_published_noise(definition, namespace):
    numbers = definition.body.positions + definition.body.velocities
    uniforms = namespace.linspace(0, 0.999, numbers)
    position, velocity = definition.start(uniforms, namespace.zeros(definition.body.velocities))
    noise = 0.005 * (2 * np.linspace(0, 0.999, numbers) - 1)
    noise[1] += 1.25
    assert np.allclose(np.concatenate([position, velocity]), noise, atol=1e-6)


@pytest.mark.parametrize("spread", [-1.0, 21.0, np.nan])
def test_an_absurd_spread_is_named(spread):
    with pytest.raises(UserError, match=f"spread of random parameters is {spread}.*0 to 20"):
        WalkerRandomParameters(spread)
