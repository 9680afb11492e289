"""Half-cheetahs: run in a direction, at a speed, or hop to a height."""

from typing import Any, ClassVar

import equinox as eqx
import numpy as np
from jaxtyping import Float, Int

from splagger.environments.locomotion.bodies import HALF_CHEETAH, Body
from splagger.environments.locomotion.locomotion import Locomotion, Outcome, Sign, squared_norm
from splagger.foundation.checks import check_at_least, check_positive

_TORSO_HEIGHT = 0.7
_CONTROL_COST = 0.05
_NOISE = 0.1
_HOP_FACTOR = 10.0


class HalfCheetah(Locomotion):
    """What all tasks of the half-cheetah share.

    An observation is the position without its first number (8), the velocity (9), and where the
    torso is (3): 20 numbers. Only the time limit ends an episode.
    """

    body: ClassVar[Body] = HALF_CHEETAH

    @property
    def observation_size(self) -> int:
        return 20

    def start(
        self, uniforms: Float[Any, "... 18"], normals: Float[Any, "... 9"]
    ) -> tuple[Float[Any, "... 9"], Float[Any, "... 9"]]:
        return _NOISE * (2 * uniforms[..., : self.body.positions] - 1), _NOISE * normals

    def observe(
        self,
        position: Float[Any, "... 9"],
        velocity: Float[Any, "... 9"],
        contact_forces: None,
    ) -> Float[Any, "... 20"]:
        del contact_forces
        namespace = position.__array_namespace__()
        x, z = position[..., :1], position[..., 1:2]
        # The published torso is that of one physics step earlier.
        torso = (x, namespace.zeros_like(x), z + _TORSO_HEIGHT)
        return namespace.concat([position[..., 1:], velocity, *torso], axis=-1)


class HalfCheetahDirection(HalfCheetah):
    """Run forwards or backwards: d v - 0.05 |a|^2. The task is d, 1 or -1.

    **Raises:** `UserError` for a negative `reward_from`.
    """

    reward_from: float = eqx.field(default=0.0, static=True)
    """Distance from the origin from which on speed is rewarded, in metres, at least 0."""

    def __check_init__(self) -> None:
        check_at_least("reward_from of a half-cheetah", self.reward_from, 0)

    @property
    def task_uniforms(self) -> int:
        return 1

    def task(self, uniforms: Float[Any, "... 1"]) -> Float[Any, "... 1"]:
        return _sign(uniforms)

    @property
    def tasks(self) -> int | None:
        return 2

    @property
    def task_groups(self) -> tuple[str, ...]:
        return ("backwards", "forwards")

    def task_index(self, task: Float[Any, "... 1"]) -> Int[Any, "..."]:
        """0 for backwards, 1 for forwards."""
        return (task[..., 0] > 0).astype(int)

    def outcome(self, task, before, position, velocity, contact_forces, action) -> Outcome:
        del velocity, contact_forces
        namespace = position.__array_namespace__()
        reward = task[..., 0] * _speed(before, position)
        reward = namespace.where(abs(position[..., 0]) >= self.reward_from, reward, 0.0)
        return _worth(reward - _CONTROL_COST * squared_norm(action))

    def signs(self, task: Float[Any, "1"]) -> list[Sign]:
        return [_direction(float(task[0]))]


class HalfCheetahVelocity(HalfCheetah):
    """Run forwards at a speed: -|v - v*| - 0.05 |a|^2. The task is v*, in m/s.

    **Raises:** `UserError` for a `fastest` that is not positive.
    """

    fastest: float = eqx.field(default=3.0, static=True)
    """Speeds are drawn from 0 to this."""

    def __check_init__(self) -> None:
        check_positive("fastest of a half-cheetah", self.fastest)

    @property
    def task_uniforms(self) -> int:
        return 1

    def task(self, uniforms: Float[Any, "... 1"]) -> Float[Any, "... 1"]:
        return self.fastest * uniforms

    def outcome(self, task, before, position, velocity, contact_forces, action) -> Outcome:
        del velocity, contact_forces
        miss = abs(_speed(before, position) - task[..., 0])
        return _worth(-miss - _CONTROL_COST * squared_norm(action))

    def signs(self, task: Float[Any, "1"]) -> list[Sign]:
        return [_direction(float(task[0]) / self.fastest)]


class HalfCheetahHop(HalfCheetah):
    """Keep the torso at a height: 10 (-|z - z*| - 0.05 |a|^2). The task is z*, in metres."""

    lowest: ClassVar[float] = 0.3
    """Least height, in metres."""
    highest: ClassVar[float] = 2.0
    """Greatest height, in metres."""

    @property
    def task_uniforms(self) -> int:
        return 1

    def task(self, uniforms: Float[Any, "... 1"]) -> Float[Any, "... 1"]:
        return self.lowest + (self.highest - self.lowest) * uniforms

    def outcome(self, task, before, position, velocity, contact_forces, action) -> Outcome:
        del before, velocity, contact_forces
        return _worth(_hop_reward(task[..., 0], position, action))

    def signs(self, task: Float[Any, "1"]) -> list[Sign]:
        return [_height(float(task[0]))]


class HalfCheetahHopWalk(HalfCheetah):
    """Run in a direction or hop to a height, each in half of the tasks.

    A task is the mode, 0 to run and 1 to hop, and then the direction, 1 or -1, or the height; or,
    with `fixed`, the mode alone.
    """

    fixed: bool = eqx.field(default=False, static=True)
    """Whether the only direction is forwards and the only height 2 m, so that there are two
    tasks."""

    @property
    def task_uniforms(self) -> int:
        return 1 if self.fixed else 2

    @property
    def tasks(self) -> int | None:
        return 2 if self.fixed else None

    @property
    def task_groups(self) -> tuple[str, ...]:
        return ("run", "hop") if self.fixed else ()

    def task_index(self, task: Float[Any, "... number"]) -> Int[Any, "..."]:
        """0 to run and 1 to hop, where there is nothing else to a task."""
        return (task[..., 0] > 0).astype(int) if self.fixed else super().task_index(task)

    def task(self, uniforms: Float[Any, "... number"]) -> Float[Any, "... number"]:
        namespace = uniforms.__array_namespace__()
        hops = (uniforms[..., :1] >= 0.5).astype(uniforms.dtype)
        if self.fixed:
            return hops
        run, height = _sign(uniforms[..., 1:]), HalfCheetahHop().task(uniforms[..., 1:])
        return namespace.concat([hops, namespace.where(hops > 0, height, run)], axis=-1)

    def outcome(self, task, before, position, velocity, contact_forces, action) -> Outcome:
        del velocity, contact_forces
        namespace = position.__array_namespace__()
        direction, height = self._parameters(task)
        run = direction * _speed(before, position) - _CONTROL_COST * squared_norm(action)
        hop = _hop_reward(height, position, action)
        return _worth(namespace.where(task[..., 0] > 0, hop, run))

    def signs(self, task: Float[Any, "number"]) -> list[Sign]:
        direction, height = self._parameters(np.asarray(task))
        return [_height(float(height))] if task[0] > 0 else [_direction(float(direction))]

    def _parameters(self, task: Float[Any, "... number"]) -> tuple[Any, Any]:
        if self.fixed:
            return 1.0, HalfCheetahHop.highest
        return task[..., 1], task[..., 1]


# Functions and no methods: Equinox makes a module of a method at every access, which on the host
# takes as long as a step.


def _speed(before: Float[Any, "... 9"], position: Float[Any, "... 9"]) -> Float[Any, "..."]:
    return (position[..., 0] - before[..., 0]) / HALF_CHEETAH.step_seconds


def _worth(reward: Float[Any, "..."]) -> Outcome:
    never = reward.__array_namespace__().zeros_like(reward, dtype=bool)
    return Outcome(reward, never, never)


def _sign(uniforms: Any) -> Any:
    return 2 * (uniforms < 0.5).astype(uniforms.dtype) - 1


def _hop_reward(height: Any, position: Any, action: Any) -> Any:
    miss = abs(position[..., 1] + _TORSO_HEIGHT - height)
    return _HOP_FACTOR * (-miss - _CONTROL_COST * squared_norm(action))


def _direction(length: float) -> Sign:
    return Sign((0.0, 0.0, 0.6), arrow=(length, 0.0, 0.0), follows=(True, True, True))


def _height(height: float) -> Sign:
    return Sign((0.0, 0.0, height), follows=(True, True, False))
