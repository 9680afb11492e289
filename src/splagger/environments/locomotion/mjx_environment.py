"""Walking bodies inside of compiled programs: MJX simulates them, on a GPU best."""

import functools
from typing import TYPE_CHECKING, Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key, UInt8

from splagger.environments.environment import Environment, Step
from splagger.environments.locomotion.bodies import Body, Solver, load_model
from splagger.environments.locomotion.derived_constants import DerivedConstants, replace_fields
from splagger.environments.locomotion.locomotion import Locomotion
from splagger.environments.locomotion.packages import import_mjx
from splagger.environments.spaces import Box


class MjxTask(eqx.Module):
    """A task of a walking body."""

    vector: Float[Array, "task"]
    """The task's numbers."""
    fields: dict[str, Array] | None
    """Fields of the model that belong to it, by MuJoCo's names; None where all tasks have the same
    model."""


class MjxState(eqx.Module):
    """Where a body is, and how it moves: all that decides what follows."""

    position: Float[Array, "nq"]
    """MuJoCo's `qpos`."""
    velocity: Float[Array, "nv"]
    """MuJoCo's `qvel`."""
    warm_start: Float[Array, "nv"]
    """Where the solver of contacts begins to search, MuJoCo's `qacc_warmstart`."""
    contact_forces: Float[Array, "nbody 6"] | None
    """Forces of contacts, MuJoCo's `cfrc_ext`; None where nothing depends on them."""


class MjxEnvironment(Environment[MjxTask, MjxState]):
    """A walking body, simulated by MJX as a part of the program that trains.

    It holds no arrays, so that equal ones share their compiled programs: the model is a constant
    of these.

    **Raises:** `UserError` where MJX is not installed.
    """

    may_diverge: ClassVar[bool] = True

    definition: Locomotion
    """The body and its tasks."""
    solver: Solver = eqx.field(default="model", static=True)
    """How contacts are solved."""
    recompute: bool = eqx.field(default=True, static=True)
    """Whether constants of the model that follow from others, such as the inverse inertia of every
    joint, are computed again for random bodies. The published code leaves them (Q38)."""

    if TYPE_CHECKING:
        has_success: ClassVar[bool]
        task_groups: ClassVar[tuple[str, ...]]
    else:

        @property
        def has_success(self) -> bool:
            """Whether episodes can be a success."""
            return self.definition.has_success

        @property
        def task_groups(self) -> tuple[str, ...]:
            """What people call the tasks."""
            return self.definition.task_groups

    def __check_init__(self) -> None:
        _model(self.definition.body, self.solver, jnp.result_type(float))

    @property
    def observation_space(self) -> Box:
        """Numbers without bounds."""
        return Box(-float("inf"), float("inf"), (self.definition.observation_size,))

    @property
    def action_space(self) -> Box:
        """One number for every motor, which clips it to -1 and 1."""
        return Box(-1.0, 1.0, (self.definition.body.actions,))

    @property
    def max_episode_steps(self) -> int:
        """The time limit."""
        return self.definition.episode_steps

    @property
    def tasks(self) -> int | None:
        return self.definition.tasks

    def sample_task(self, key: Key[Array, ""]) -> MjxTask:
        """Draws a task, and what of the model follows from it."""
        vector = self.definition.task(jax.random.uniform(key, (self.definition.task_uniforms,)))
        fields = self.definition.model_fields(vector)
        if fields is not None and self.recompute:
            constants = _derived_constants(self.definition.body)
            fields = fields | constants.fields(fields["body_mass"], fields["body_inertia"])
        return MjxTask(vector, fields)

    def task_vector(self, task: MjxTask, state: MjxState) -> Float[Array, "task"]:
        del state
        return task.vector

    def task_index(self, task: MjxTask, state: MjxState) -> Int[Array, ""]:
        del state
        return self.definition.task_index(task.vector)

    def reset(
        self, task: MjxTask, state: MjxState | None, key: Key[Array, ""]
    ) -> tuple[MjxState, Float[Array, "observation"]]:
        """Puts the body at rest but for some noise. Nothing outlives an episode."""
        del state
        body = self.definition.body
        uniform_key, normal_key = jax.random.split(key)
        position, velocity = self.definition.start(
            jax.random.uniform(uniform_key, (body.positions + body.velocities,)),
            jax.random.normal(normal_key, (body.velocities,)),
        )
        return self.begin(task, position, velocity)

    def begin(
        self, task: MjxTask, position: Float[Array, "nq"], velocity: Float[Array, "nv"]
    ) -> tuple[MjxState, Float[Array, "observation"]]:
        """`reset` with the drawn numbers as arguments: nothing in it is random."""
        forces = None
        if self.definition.needs_contact_forces:
            model, data = self._simulator(task)
            resting = data.replace(qpos=position, qvel=velocity)
            forces = _contact_forces(model, resting)
        state = MjxState(position, velocity, jnp.zeros_like(velocity), forces)
        return state, self.definition.observe(position, velocity, forces)

    def step(
        self,
        task: MjxTask,
        state: MjxState,
        action: Float[Array, "action"],
        key: Key[Array, ""],
    ) -> tuple[MjxState, Step]:
        """Some physics steps with the same control. Nothing is random.

        Where the physics diverge, the body stays as it was, and the episode ends.
        """
        del key
        definition = self.definition
        mjx = import_mjx()
        model, data = self._simulator(task)
        data = data.replace(
            qpos=state.position,
            qvel=state.velocity,
            qacc_warmstart=state.warm_start,
            ctrl=jnp.clip(jnp.asarray(action, state.position.dtype), -1.0, 1.0),
        )
        data = jax.lax.fori_loop(
            0, definition.body.frame_skip, lambda _, moving: mjx.step(model, moving), data
        )
        forces = _contact_forces(model, data) if definition.needs_contact_forces else None
        outcome = definition.outcome(
            task.vector, state.position, data.qpos, data.qvel, forces, action
        )
        diverged = definition.diverged(data.qpos, data.qvel, forces, outcome.reward)
        moved = MjxState(data.qpos, data.qvel, data.qacc_warmstart, forces)
        after = jax.tree.map(lambda now, then: jnp.where(diverged, then, now), moved, state)
        return after, Step(
            observation=definition.observe(after.position, after.velocity, after.contact_forces),
            reward=jnp.where(diverged, 0.0, outcome.reward),
            terminated=outcome.terminated,
            success=outcome.success & ~diverged,
            diverged=diverged,
        )

    def render(
        self, task: MjxTask, state: MjxState, size: int = 256
    ) -> UInt8[np.ndarray, "height width 3"]:
        """The body from the side, and what the task is.

        **Raises:** `UserError` where there is nothing to draw with.
        """
        # Imported here, because it needs a display or a library that does without.
        from splagger.environments.locomotion.picture import draw

        return draw(self.definition, np.asarray(task.vector), np.asarray(state.position), size)

    def _simulator(self, task: MjxTask) -> tuple[Any, Any]:
        """The model of a task, and data of it to be filled in."""
        model, data = _model(self.definition.body, self.solver, jnp.result_type(float))
        return (model if task.fields is None else replace_fields(model, task.fields)), data


@functools.cache
def _model(body: Body, solver: Solver, precision: Any) -> tuple[Any, Any]:
    """MJX's model and data of a body, of the precision that jax has now.

    Numbers and no tracers, also where a method is traced: they are made once.
    """
    del precision
    mjx = import_mjx()
    model = load_model(body, solver)
    with jax.ensure_compile_time_eval():
        placed = mjx.put_model(model)
        return placed, mjx.make_data(model)


@functools.cache
def _derived_constants(body: Body) -> DerivedConstants:
    return DerivedConstants.of(load_model(body))


def _contact_forces(model: Any, data: Any) -> Float[Array, "nbody 6"]:
    """Forces of contacts on every part in a state, as torques and forces."""
    mjx = import_mjx()
    return _field(mjx.rne_postconstraint(model, mjx.forward(model, data)), "cfrc_ext")


def _field(data: Any, name: str) -> Array:
    # Newer versions of MJX keep some fields apart.
    return getattr(data, name) if hasattr(data, name) else getattr(data._impl, name)
