"""What both simulators of a walking body share: tasks, starts, observations and rewards."""

import abc
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import equinox as eqx
from jaxtyping import Bool, Float, Int, Shaped

from splagger.environments.locomotion.bodies import Body
from splagger.foundation.checks import check_at_least

FASTEST = 1e4
"""Positions (m, rad) and velocities (m/s, rad/s) beyond this are no physics: the simulation has
diverged."""


_LARGEST_REWARD = 1e16


class Outcome(NamedTuple):
    """What a step was worth; arrays with the leading dimensions of what it was computed from."""

    reward: Float[Any, "..."]
    """The reward."""
    terminated: Bool[Any, "..."]
    """Whether the episode ends in the task's own terms."""
    success: Bool[Any, "..."]
    """Whether it is a success where it ends; false where `has_success` is."""


class Sign(NamedTuple):
    """What a picture shows of a task, as an arrow or a ball."""

    position: tuple[float, float, float]
    """Where it is, in metres: along the axes that it follows from the torso, else from the
    origin."""
    arrow: tuple[float, float, float] | None = None
    """Direction and length of an arrow, in metres; None for a ball."""
    follows: tuple[bool, bool, bool] = (False, False, False)
    """Along which axes it moves with the torso."""


class Locomotion(eqx.Module):
    """A body and a distribution of tasks for it, without a simulator (Beck et al. 2024, figure 4,
    and the rest of its family).

    The methods are pure and are written once for NumPy's arrays and for JAX's: they take arrays
    with any leading dimensions and use the array's own namespace. Positions and velocities are
    MuJoCo's `qpos` and `qvel`, `[..., nq]` and `[..., nv]`; contact forces are its `cfrc_ext`,
    `[..., nbody, 6]`, of the state that the step led to, or None where `needs_contact_forces` is
    false. Speeds are differences over one environment step, as published.
    """

    if TYPE_CHECKING:
        body: ClassVar[Body]
        """What walks."""
    else:
        body: eqx.AbstractClassVar[Body]
    needs_contact_forces: ClassVar[bool] = False
    """Whether observations or rewards depend on contact forces."""
    has_success: ClassVar[bool] = False
    """Whether episodes can be a success."""

    episode_steps: int = eqx.field(default=200, static=True, kw_only=True)
    """The time limit in environment steps, at least 1."""

    def __check_init__(self) -> None:
        check_at_least(f"episode_steps of {type(self).__name__}", self.episode_steps, 1)

    @property
    @abc.abstractmethod
    def observation_size(self) -> int:
        """Numbers of an observation."""

    @property
    @abc.abstractmethod
    def task_uniforms(self) -> int:
        """How many uniform numbers decide a task."""

    @property
    def task_size(self) -> int:
        """Numbers of a task."""
        return self.task_uniforms

    @property
    def tasks(self) -> int | None:
        """How many tasks there are; None where they are not finite."""
        return None

    @abc.abstractmethod
    def task(self, uniforms: Float[Any, "... uniforms"]) -> Float[Any, "... task"]:
        """The task that numbers in [0, 1) decide; uniform ones draw from the distribution."""

    @property
    def task_groups(self) -> tuple[str, ...]:
        """What people call the `tasks`; empty where they are not finite."""
        return ()

    def task_index(self, task: Float[Any, "... task"]) -> Int[Any, "..."]:
        """Which of the `tasks` it is, 0 where they are not finite."""
        namespace = task.__array_namespace__()
        return namespace.zeros(task.shape[:-1], dtype=int)

    @abc.abstractmethod
    def start(
        self, uniforms: Float[Any, "... nq_plus_nv"], normals: Float[Any, "... nv"]
    ) -> tuple[Float[Any, "... nq"], Float[Any, "... nv"]]:
        """Position and velocity with which an episode starts, by random numbers: uniform ones in
        [0, 1), and normal ones."""

    @abc.abstractmethod
    def observe(
        self,
        position: Float[Any, "... nq"],
        velocity: Float[Any, "... nv"],
        contact_forces: Float[Any, "... nbody 6"] | None,
    ) -> Float[Any, "... observation"]:
        """What the agent sees of a state."""

    @abc.abstractmethod
    def outcome(
        self,
        task: Float[Any, "... task"],
        before: Float[Any, "... nq"],
        position: Float[Any, "... nq"],
        velocity: Float[Any, "... nv"],
        contact_forces: Float[Any, "... nbody 6"] | None,
        action: Float[Any, "... action"],
    ) -> Outcome:
        """What a step was worth.

        **Arguments:**

        - `task`: the task.
        - `before`: the position before the step.
        - `position`, `velocity`, `contact_forces`: after it.
        - `action`: as the agent chose it: the motors clip it, the cost of control does not.
        """

    def model_fields(self, task: Float[Any, "... task"]) -> dict[str, Shaped[Any, "..."]] | None:
        """Fields of the model with the values that this task gives them, by MuJoCo's names; None
        where all tasks have the same body."""
        del task
        return None

    def signs(self, task: Float[Any, "task"]) -> list[Sign]:
        """What a picture shows of a task, which the agent does not see."""
        del task
        return []

    def diverged(
        self,
        position: Float[Any, "... nq"],
        velocity: Float[Any, "... nv"],
        contact_forces: Float[Any, "... nbody 6"] | None,
        reward: Float[Any, "..."],
    ) -> Bool[Any, "..."]:
        """Whether numbers of a step are beyond all physics, or none at all. An action that is no
        number, or too large for its square to be one, makes the reward such."""
        namespace = position.__array_namespace__()
        numbers = namespace.concat([position, velocity], axis=-1)
        # A comparison with no number is false.
        sound = namespace.all(namespace.abs(numbers) < FASTEST, axis=-1)
        sound = sound & (namespace.abs(reward) < _LARGEST_REWARD)
        if contact_forces is not None:
            sound = sound & namespace.all(namespace.isfinite(contact_forces), axis=(-2, -1))
        return ~sound


def squared_norm(action: Float[Any, "... action"]) -> Float[Any, "..."]:
    """The sum of squares, for costs of control."""
    namespace = action.__array_namespace__()
    return namespace.sum(action * action, axis=-1)
