"""A point in the plane that is told how near the goal is, or only whether it is near."""

import typing
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, UInt8

from splagger.environments.environment import Environment, Step
from splagger.environments.point_robot.picture import draw_point_robot
from splagger.environments.spaces import Box
from splagger.foundation.checks import check_at_least, check_choice, check_positive

Goals = Literal["square", "half-circle"]
"""Where goals are; see `PointRobot.goals`."""

MAX_MOVE = 0.05
"""The largest move along each axis in one step, as the action space says."""


class PointRobotTask(eqx.Module):
    """The task: where to go."""

    goal: Float[Array, "2"]
    """x and y of the goal."""


class PointRobotState(eqx.Module):
    """Where the robot is."""

    position: Float[Array, "2"]
    """x and y of the robot."""


class PointRobot(Environment[PointRobotTask, PointRobotState]):
    """A robot without size or mass: the action is added to its position, which it observes.

    Where the goal is, only rewards tell. Nothing is clipped: an action outside of the action space
    moves the robot further than `MAX_MOVE`, and it may leave the region of the goals. Episodes
    are cut off by their time limit.

    The two published forms are made by the functions in
    `splagger.environments.point_robot.family`.

    **Raises:** `UserError` for settings out of their range.
    """

    goals: Goals = eqx.field(default="square", static=True)
    """Where goals are drawn, uniformly: in the square of x and y from -1 to 1, or on the upper half
    of the circle of radius 1 around the origin."""
    random_start: bool = eqx.field(default=True, static=True)
    """Whether an episode starts somewhere in that square; it starts at the origin otherwise."""
    reward_radius: float | None = eqx.field(default=None, static=True)
    """How near the goal must be for a reward, above 0.

    Nearer, or as near, the reward is 1 minus the distance, and 0 elsewhere. With `None` it is the
    negative distance everywhere.
    """
    episode_steps: int = eqx.field(default=100, static=True)
    """After how many steps an episode is cut off, at least 1."""

    def __check_init__(self) -> None:
        check_choice("goals of a point robot", self.goals, typing.get_args(Goals))
        if self.reward_radius is not None:
            check_positive("reward_radius of a point robot", self.reward_radius)
        check_at_least("episode_steps of a point robot", self.episode_steps, 1)

    @property
    def observation_space(self) -> Box:
        """x and y of the robot."""
        return Box(-float("inf"), float("inf"), (2,))

    @property
    def action_space(self) -> Box:
        """The move along x and y."""
        return Box(-MAX_MOVE, MAX_MOVE, (2,))

    @property
    def max_episode_steps(self) -> int:
        """The time limit."""
        return self.episode_steps

    def sample_task(self, key: Key[Array, ""]) -> PointRobotTask:
        """Draws a goal."""
        if self.goals == "square":
            return PointRobotTask(_somewhere(key))
        angle = jax.random.uniform(key, maxval=jnp.pi)
        return PointRobotTask(jnp.stack([jnp.cos(angle), jnp.sin(angle)]))

    def task_vector(self, task: PointRobotTask, state: PointRobotState) -> Float[Array, "task"]:
        """x and y of the goal."""
        del state
        return task.goal

    def reset(
        self, task: PointRobotTask, state: PointRobotState | None, key: Key[Array, ""]
    ) -> tuple[PointRobotState, Float[Array, "observation"]]:
        """Puts the robot at its start. Nothing outlives an episode."""
        del state
        position = _somewhere(key) if self.random_start else jnp.zeros(2)
        return self.start(task, position)

    def start(
        self, task: PointRobotTask, position: Float[Array, "2"]
    ) -> tuple[PointRobotState, Float[Array, "observation"]]:
        """`reset` with the drawn position as an argument: nothing in it is random."""
        del task
        return PointRobotState(position), position

    def step(
        self,
        task: PointRobotTask,
        state: PointRobotState,
        action: Float[Array, "2"],
        key: Key[Array, ""],
    ) -> tuple[PointRobotState, Step]:
        """Moves the robot. The reward belongs to where it arrives; nothing is random."""
        del key
        position = state.position + action
        distance = jnp.linalg.norm(position - task.goal)
        if self.reward_radius is None:
            reward = -distance
        else:
            reward = jnp.where(distance <= self.reward_radius, 1 - distance, 0.0)
        return PointRobotState(position), Step(position, reward, terminated=False)

    def render(
        self, task: PointRobotTask, state: PointRobotState, size: int = 256
    ) -> UInt8[np.ndarray, "height width 3"]:
        """The goals' region in grey, the goal in green with the area around it that is rewarded,
        and the robot in blue; a robot beyond the picture is shown at its border."""
        half_circle = self.goals == "half-circle"
        return draw_point_robot(task.goal, state.position, half_circle, self.reward_radius, size)


def _somewhere(key: Key[Array, ""]) -> Float[Array, "2"]:
    return jax.random.uniform(key, (2,), minval=-1.0, maxval=1.0)
