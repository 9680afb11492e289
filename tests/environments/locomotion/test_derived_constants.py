import jax
import jax.numpy as jnp
import numpy as np
import pytest

from splagger.environments.locomotion.bodies import ANT, HALF_CHEETAH, HOPPER, WALKER, load_model
from splagger.environments.locomotion.derived_constants import DerivedConstants, replace_fields
from splagger.environments.locomotion.packages import import_mjx, import_mujoco

mujoco, mjx = import_mujoco(), import_mjx()

BODIES = pytest.mark.parametrize("body", [HALF_CHEETAH, ANT, WALKER, HOPPER], ids=lambda b: b.file)

ONLY_DRAWN = {
    "cam_poscom0",  # where a camera is that follows a body
    "light_poscom0",  # where a light is that follows a body
    "stat.meanmass",  # how large forces are drawn
}
"""What `mj_setConst` sets besides, but no step of MJX reads."""

# Every kind of joint, parts that cannot move, and parts that cannot turn.
OTHER_MODEL = """
<mujoco>
  <worldbody>
    <body><geom size=".1" pos="1 0 0"/></body>
    <body pos="0 0 1">
      <freejoint/>
      <geom type="box" size=".1 .2 .3" pos=".1 0 .1" euler="10 20 30"/>
      <body pos=".5 0 0">
        <joint name="ball" type="ball" armature=".01"/>
        <geom type="capsule" size=".05" fromto="0 0 0 .3 .1 .2"/>
        <body pos=".3 .1 .2"><geom size=".1"/></body>
      </body>
    </body>
    <body pos="0 2 0">
      <joint name="slide" type="slide" axis="1 1 0"/>
      <geom size=".1"/>
      <body><joint name="hinge" axis="0 1 1"/><geom size=".1" pos=".2 0 0"/></body>
    </body>
  </worldbody>
  <actuator>
    <motor joint="slide" gear="3"/>
    <motor joint="ball" gear="1 2 3"/>
    <motor joint="hinge"/>
  </actuator>
</mujoco>
"""


def randomised(model, seed: int):
    """Draws masses, inertias, damping and friction as the tasks do, without what follows."""
    random = np.random.default_rng(seed)
    for name in ("body_mass", "body_inertia", "geom_friction", "dof_damping"):
        values = getattr(model, name)
        base = 1.3 if name == "dof_damping" else 1.5
        values[:] *= base ** random.uniform(-3, 3, values.shape)
    return model


def numbers(model) -> dict[str, np.ndarray]:
    """All numeric fields of a `mujoco.MjModel`."""
    found = {}
    for prefix, part in (("", model), ("stat.", model.stat), ("opt.", model.opt)):
        for name in dir(part):
            value = getattr(part, name) if not name.startswith("_") else None
            if isinstance(value, int | float | np.ndarray):
                found[prefix + name] = np.array(value)
    return found


def set_constants(model) -> dict[str, np.ndarray]:
    """Lets MuJoCo set the derived constants, and says which numbers it changed."""
    before = numbers(model)
    mujoco.mj_setConst(model, mujoco.MjData(model))
    return {name: now for name, now in numbers(model).items() if (now != before[name]).any()}


def native(model) -> dict[str, np.ndarray]:
    """The derived constants as MuJoCo has set them.

    Newer versions leave the mean inertia to their compiler, and do not use it in MJX.
    """
    names = ("body_subtreemass", "body_invweight0", "dof_M0", "dof_invweight0", "actuator_acc0")
    values = {name: np.array(getattr(model, name)) for name in names}
    return {**values, "meaninertia": np.mean(model.dof_M0)}


def assert_equal(fields, expected, tolerance: float) -> None:
    assert fields.keys() == expected.keys()
    for name, value in fields.items():
        assert value.shape == expected[name].shape
        np.testing.assert_allclose(value, expected[name], rtol=tolerance, atol=0, err_msg=name)


@BODIES
def test_all_that_mujoco_sets_is_computed_or_only_drawn(body):
    model = randomised(load_model(body), 0)
    before = DerivedConstants.of(load_model(body)).fields(model.body_mass, model.body_inertia)
    changed = set_constants(model)
    assert {"body_invweight0", "dof_invweight0", "actuator_acc0"} <= changed.keys()
    computed = set(before) | {"stat.meaninertia"}
    assert changed.keys() <= computed | ONLY_DRAWN
    if "stat.meaninertia" in changed:
        np.testing.assert_allclose(before["meaninertia"], changed["stat.meaninertia"], rtol=1e-12)


@BODIES
def test_a_model_has_its_own_constants(body):
    model = load_model(body)
    fields = DerivedConstants.of(model).fields(model.body_mass, model.body_inertia)
    assert_equal(fields, native(model), 1e-9)
    np.testing.assert_allclose(fields["meaninertia"], model.stat.meaninertia, rtol=1e-9)


@BODIES
def test_random_bodies_have_the_constants_that_mujoco_sets(body):
    constants = DerivedConstants.of(load_model(body))
    models = [randomised(load_model(body), seed) for seed in range(40)]
    masses = np.stack([model.body_mass for model in models])
    inertias = np.stack([model.body_inertia for model in models])
    for model in models:
        set_constants(model)
    expected = {
        name: np.stack([native(model)[name] for model in models]) for name in native(models[0])
    }
    assert_equal(constants.fields(masses, inertias), expected, 1e-9)
    single = jax.jit(jax.vmap(constants.fields))(jnp.float32(masses), jnp.float32(inertias))
    assert {value.dtype for value in single.values()} == {jnp.dtype("float32")}
    assert_equal(single, expected, 1e-5)


def test_all_joints_and_parts_that_cannot_move():
    model = mujoco.MjModel.from_xml_string(OTHER_MODEL)
    constants = DerivedConstants.of(model)
    randomised(model, 0)
    set_constants(model)
    fields = constants.fields(model.body_mass, model.body_inertia)
    assert_equal(fields, native(model), 1e-9)
    # The world and what is fixed to it do not move, and what slides does not turn.
    assert (fields["body_invweight0"] == 0).sum() == 2 + 2 + 1


def test_mjx_moves_as_with_the_constants_that_mujoco_sets():
    initial = load_model(WALKER, "fast")
    changed = randomised(load_model(WALKER, "fast"), 0)
    names = ("body_mass", "body_inertia", "geom_friction", "dof_damping")
    drawn = {name: jnp.float32(getattr(changed, name)) for name in names}
    set_constants(changed)
    # A constant of compiled programs in some versions: so one program does for all.
    changed.light_poscom0[:] = initial.light_poscom0
    model = mjx.put_model(initial)
    constants = DerivedConstants.of(initial)

    @jax.jit
    def walk(model):
        def step(_, data):
            return mjx.step(model, data)

        data = mjx.make_data(initial)
        control = jnp.array([1.0, -1.0, 0.5, -0.5, 1.0, 0.2])
        return jax.lax.fori_loop(0, 20, step, data.replace(ctrl=control)).qpos

    @jax.jit
    def derived(drawn):
        fields = constants.fields(drawn["body_mass"], drawn["body_inertia"])
        return replace_fields(model, {**drawn, **fields})

    expected = walk(mjx.put_model(changed))
    np.testing.assert_allclose(walk(derived(drawn)), expected, atol=1e-4)
    assert np.abs(walk(replace_fields(model, drawn)) - expected).max() > 1e-3
