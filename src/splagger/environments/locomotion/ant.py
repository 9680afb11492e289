"""Ants: walk in a direction, or to a goal."""

import math
from typing import Any, ClassVar, Literal

import equinox as eqx
import numpy as np
from jaxtyping import Float, Int

from splagger.environments.locomotion.bodies import ANT, Body
from splagger.environments.locomotion.locomotion import Locomotion, Outcome, Sign, squared_norm
from splagger.foundation.checks import check_choice

_START_HEIGHT = 0.75
_NOISE = 0.1
_CONTACT_COST = 0.0005
_GOAL_DISTANCE = 3.0
_GOAL_RADIUS = 0.75

Directions = Literal["two", "radians", "any"]
"""Where an ant is to walk: `two`: forwards or backwards, along x. `radians`: the published two,
1 and -1 taken as angles in radians, which are 115 degrees apart. `any`: any direction."""


class Ant(Locomotion):
    """What all tasks of the ant share. Contact forces, clipped to 1, cost 0.0005 of their squared
    sum."""

    body: ClassVar[Body] = ANT
    needs_contact_forces: ClassVar[bool] = True

    def start(
        self, uniforms: Float[Any, "... 29"], normals: Float[Any, "... 14"]
    ) -> tuple[Float[Any, "... 15"], Float[Any, "... 14"]]:
        at_rest = np.zeros(self.body.positions)
        at_rest[2], at_rest[3] = _START_HEIGHT, 1.0
        noise = _NOISE * (2 * uniforms[..., : self.body.positions] - 1)
        return noise + at_rest.astype(uniforms.dtype), _NOISE * normals

    def _contact_cost(self, contact_forces: Float[Any, "... 14 6"]) -> Float[Any, "..."]:
        return _CONTACT_COST * squared_norm(_clipped(contact_forces))


class AntDirection(Ant):
    """Walk in a direction d: v . d + 1 - 0.5 |a|^2 - contacts, until it falls or jumps.

    An observation is the position without x and y (13) and the velocity (14). A task is 1 or -1,
    or with `any` the direction as a vector (2).

    **Raises:** `UserError` for unknown directions.
    """

    directions: Directions = eqx.field(default="two", static=True)
    """Where to."""

    def __check_init__(self) -> None:
        check_choice("directions of an ant", self.directions, ("two", "radians", "any"))

    @property
    def observation_size(self) -> int:
        return 27

    @property
    def task_uniforms(self) -> int:
        return 1

    @property
    def task_size(self) -> int:
        return 2 if self.directions == "any" else 1

    @property
    def tasks(self) -> int | None:
        return None if self.directions == "any" else 2

    @property
    def task_groups(self) -> tuple[str, ...]:
        if self.directions == "any":
            return ()
        return ("backwards", "forwards") if self.directions == "two" else ("-1", "1")

    def task(self, uniforms: Float[Any, "... 1"]) -> Float[Any, "... task"]:
        if self.directions == "any":
            return _unit(2 * math.pi * uniforms)
        return 2 * (uniforms < 0.5).astype(uniforms.dtype) - 1

    def task_index(self, task: Float[Any, "... task"]) -> Int[Any, "..."]:
        """0 for -1, 1 for 1."""
        return super().task_index(task) if self.tasks is None else (task[..., 0] > 0).astype(int)

    def observe(
        self,
        position: Float[Any, "... 15"],
        velocity: Float[Any, "... 14"],
        contact_forces: Float[Any, "... 14 6"],
    ) -> Float[Any, "... 27"]:
        del contact_forces
        return position.__array_namespace__().concat([position[..., 2:], velocity], axis=-1)

    def outcome(self, task, before, position, velocity, contact_forces, action) -> Outcome:
        namespace = position.__array_namespace__()
        velocities = (position[..., :2] - before[..., :2]) / self.body.step_seconds
        speed = namespace.sum(velocities * self._direction(task), axis=-1)
        reward = speed + 1 - 0.5 * squared_norm(action) - self._contact_cost(contact_forces)
        height = position[..., 2]
        fallen = ~((height >= 0.2) & (height <= 1.0))
        return Outcome(reward, fallen, namespace.zeros_like(fallen))

    def signs(self, task: Float[Any, "task"]) -> list[Sign]:
        x, y = self._direction(np.asarray(task))
        arrow = (float(x), float(y), 0.0)
        return [Sign((0.0, 0.0, 0.6), arrow, follows=(True, True, True))]

    def _direction(self, task: Float[Any, "... task"]) -> Float[Any, "... 2"]:
        namespace = task.__array_namespace__()
        if self.directions == "any":
            return task
        if self.directions == "radians":
            return _unit(task)
        return namespace.concat([task, namespace.zeros_like(task)], axis=-1)


class AntGoal(Ant):
    """Walk to a goal: -|x - x*| - |y - y*| - 0.1 |a|^2 - contacts. Only the time limit ends it.

    An observation is the position (15), the velocity (14) and the clipped contact forces (84). A
    task is the goal (2), uniform in a disc of 3 m around the start.
    """

    @property
    def observation_size(self) -> int:
        return 113

    @property
    def task_uniforms(self) -> int:
        return 2

    def task(self, uniforms: Float[Any, "... 2"]) -> Float[Any, "... 2"]:
        radius = _GOAL_DISTANCE * uniforms[..., 1:] ** 0.5
        return radius * _unit(2 * math.pi * uniforms[..., :1])

    def observe(
        self,
        position: Float[Any, "... 15"],
        velocity: Float[Any, "... 14"],
        contact_forces: Float[Any, "... 14 6"],
    ) -> Float[Any, "... observation"]:
        namespace = position.__array_namespace__()
        return namespace.concat([position, velocity, _clipped(contact_forces)], axis=-1)

    def outcome(self, task, before, position, velocity, contact_forces, action) -> Outcome:
        del before, velocity
        namespace = position.__array_namespace__()
        miss = namespace.sum(abs(position[..., :2] - task), axis=-1)
        reward = -miss - 0.1 * squared_norm(action) - self._contact_cost(contact_forces)
        never = namespace.zeros_like(reward, dtype=bool)
        return Outcome(reward, never, never)

    def signs(self, task: Float[Any, "2"]) -> list[Sign]:
        return [Sign((float(task[0]), float(task[1]), 0.1))]


class AntGoalSparse(AntGoal):
    """Walk to a goal that is felt within 0.75 m: minus the distance there and -0.75 elsewhere,
    - 0.01 |a|^2 - contacts. An episode that ends inside is a success.

    An observation also has where the torso is (3): 116 numbers.
    """

    has_success: ClassVar[bool] = True

    @property
    def observation_size(self) -> int:
        return 116

    def observe(
        self,
        position: Float[Any, "... 15"],
        velocity: Float[Any, "... 14"],
        contact_forces: Float[Any, "... 14 6"],
    ) -> Float[Any, "... observation"]:
        dense = super().observe(position, velocity, contact_forces)
        return position.__array_namespace__().concat([dense, position[..., :3]], axis=-1)

    def outcome(self, task, before, position, velocity, contact_forces, action) -> Outcome:
        del before, velocity
        namespace = position.__array_namespace__()
        distance = squared_norm(position[..., :2] - task) ** 0.5
        inside = distance <= _GOAL_RADIUS
        reward = namespace.where(inside, -distance, -_GOAL_RADIUS)
        reward = reward - 0.01 * squared_norm(action) - self._contact_cost(contact_forces)
        return Outcome(reward, namespace.zeros_like(inside), inside)


def _unit(angle: Float[Any, "... 1"]) -> Float[Any, "... 2"]:
    namespace = angle.__array_namespace__()
    return namespace.concat([namespace.cos(angle), namespace.sin(angle)], axis=-1)


def _clipped(contact_forces: Float[Any, "... 14 6"]) -> Float[Any, "... 84"]:
    namespace = contact_forces.__array_namespace__()
    flat = contact_forces.reshape(*contact_forces.shape[:-2], -1)
    return namespace.clip(flat, -1.0, 1.0)
