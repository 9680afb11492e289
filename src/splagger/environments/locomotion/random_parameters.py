"""Bodies whose masses, inertias, joint damping and friction are drawn for every task."""

import abc
import functools
from typing import Any, ClassVar, NamedTuple

import equinox as eqx
import numpy as np
from jaxtyping import Float

from splagger.environments.locomotion.bodies import HOPPER, WALKER, Body, load_model
from splagger.environments.locomotion.locomotion import Locomotion, Outcome, squared_norm
from splagger.foundation.errors import UserError

_NOISE = 0.005
_CONTROL_COST = 0.001
_FASTEST_SEEN = 10.0
_LARGEST_SPREAD = 20


class _Parameters(NamedTuple):
    shapes: tuple[tuple[str, tuple[int, ...]], ...]
    """MuJoCo's names of the fields in the order in which a task has them, and their shapes."""
    initial: np.ndarray
    """Their values in the model, `[task]`."""
    bases: np.ndarray
    """What is raised to a power, `[task]`."""


class RandomParameters(Locomotion):
    """Walk forwards, whatever the body is like: v + 1 - 0.001 |a|^2, until it falls.

    A task is the mass of every part, its inertia around three axes, the damping of every joint and
    the three friction coefficients of every geometry, the floor's included: each the model's own
    value times 1.5^u (damping: 1.3^u) with u uniform within `spread`.

    An observation is the position without x and the velocity, clipped to 10.

    **Raises:** `UserError` for a spread outside of 0 to 20.
    """

    spread: float = eqx.field(default=3.0, static=True)
    """Largest power, 0 to 20: 1.5^20 is 3,325."""

    def __check_init__(self) -> None:
        if not 0 <= self.spread <= _LARGEST_SPREAD:
            raise UserError(
                f"spread of random parameters is {self.spread}, but it must be from 0 to "
                f"{_LARGEST_SPREAD}."
            )

    @property
    def observation_size(self) -> int:
        return self.body.positions - 1 + self.body.velocities

    @property
    def task_uniforms(self) -> int:
        return _parameters(self.body).initial.size

    def task(self, uniforms: Float[Any, "... task"]) -> Float[Any, "... task"]:
        _, initial, bases = _parameters(self.body)
        # Constants of the precision that is asked for.
        initial, bases = initial.astype(uniforms.dtype), bases.astype(uniforms.dtype)
        return initial * bases ** (self.spread * (2 * uniforms - 1))

    def model_fields(self, task: Float[Any, "... task"]) -> dict[str, Float[Any, "..."]]:
        fields, start = {}, 0
        for name, shape in _parameters(self.body).shapes:
            stop = start + int(np.prod(shape))
            fields[name] = task[..., start:stop].reshape(*task.shape[:-1], *shape)
            start = stop
        return fields

    def start(
        self, uniforms: Float[Any, "... number"], normals: Float[Any, "... nv"]
    ) -> tuple[Float[Any, "... nq"], Float[Any, "... nv"]]:
        del normals
        noise = _NOISE * (2 * uniforms - 1)
        positions = self.body.positions
        at_rest = np.zeros(positions)
        at_rest[1] = 1.25
        return noise[..., :positions] + at_rest.astype(noise.dtype), noise[..., positions:]

    def observe(
        self, position: Float[Any, "... nq"], velocity: Float[Any, "... nv"], contact_forces: None
    ) -> Float[Any, "... observation"]:
        del contact_forces
        namespace = position.__array_namespace__()
        seen = namespace.clip(velocity, -_FASTEST_SEEN, _FASTEST_SEEN)
        return namespace.concat([position[..., 1:], seen], axis=-1)

    def outcome(self, task, before, position, velocity, contact_forces, action) -> Outcome:
        del task, contact_forces
        namespace = position.__array_namespace__()
        speed = (position[..., 0] - before[..., 0]) / self.body.step_seconds
        fallen = ~self._upright(position, velocity)
        reward = speed + 1 - _CONTROL_COST * squared_norm(action)
        return Outcome(reward, fallen, namespace.zeros_like(fallen))

    @abc.abstractmethod
    def _upright(self, position: Float[Any, "... nq"], velocity: Float[Any, "... nv"]) -> Any:
        """Whether the episode goes on."""


class WalkerRandomParameters(RandomParameters):
    """A walker: it falls where its height leaves (0.8, 2) m or its angle (-1, 1)."""

    body: ClassVar[Body] = WALKER

    def _upright(self, position: Float[Any, "... 9"], velocity: Float[Any, "... 9"]) -> Any:
        del velocity
        height, angle = position[..., 1], position[..., 2]
        return (height > 0.8) & (height < 2.0) & (abs(angle) < 1.0)


class HopperRandomParameters(RandomParameters):
    """A hopper: it falls where its height is 0.7 m or less, its angle leaves (-0.2, 0.2), or any
    other number reaches 100."""

    body: ClassVar[Body] = HOPPER

    def _upright(self, position: Float[Any, "... 6"], velocity: Float[Any, "... 6"]) -> Any:
        namespace = position.__array_namespace__()
        numbers = namespace.concat([position[..., 2:], velocity], axis=-1)
        small = namespace.all(abs(numbers) < 100, axis=-1)
        return small & (position[..., 1] > 0.7) & (abs(position[..., 2]) < 0.2)


@functools.cache
def _parameters(body: Body) -> _Parameters:
    model = load_model(body)
    names = ("body_mass", "body_inertia", "dof_damping", "geom_friction")
    values = [np.array(getattr(model, name)) for name in names]
    bases = [
        np.full(value.size, 1.3 if "damping" in name else 1.5)
        for name, value in zip(names, values, strict=True)
    ]
    shapes = tuple((name, value.shape) for name, value in zip(names, values, strict=True))
    return _Parameters(
        shapes, np.concatenate([value.ravel() for value in values]), np.concatenate(bases)
    )
