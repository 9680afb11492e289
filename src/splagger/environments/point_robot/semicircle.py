"""A point that drives and turns on a small disc, to a goal somewhere on half of its border."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key, UInt8

from splagger.environments.environment import Environment, Step
from splagger.environments.point_robot.picture import draw_semicircle
from splagger.environments.spaces import Box
from splagger.foundation.checks import check_at_least, check_positive

RADIUS = 0.2
"""Radius of the disc around the origin."""
MAX_SPEED = 0.01
"""The farthest way of one substep, as the action space says."""
MAX_TURN = 0.0628
"""The largest turn of one substep, in radians, as the action space says."""
SUBSTEPS = 10
"""How often a step repeats its action."""


class SemicircleTask(eqx.Module):
    """The task: where to go."""

    angle: Float[Array, ""]
    """Where on the disc's border the goal is, in radians from 0 to pi: from right, up, to left."""

    @property
    def goal(self) -> Float[Array, "2"]:
        """x and y of the goal."""
        return RADIUS * jnp.stack([jnp.cos(self.angle), jnp.sin(self.angle)])


class SemicircleState(eqx.Module):
    """Where the robot is."""

    position: Float[Array, "2"]
    """x and y of the robot, on the disc."""
    heading: Float[Array, ""]
    """Where it looks, in radians: from -pi to pi at a start, from 0 to 2 pi afterwards."""


class Semicircle(Environment[SemicircleTask, SemicircleState]):
    """A robot that starts in the middle of a disc, looking anywhere, and must find a goal.

    An action is how far to drive and how much to turn in each of ten substeps. In a substep the
    robot turns, then drives; at the border its x and then its y are clipped to the disc. A substep
    that ends near the goal ends the step with a reward of 1, and puts the robot back to the start
    with a new heading. Everything else gives 0. Actions are not clipped, and episodes are cut off
    by their time limit.

    An observation is x, y and the heading.

    **Raises:** `UserError` for settings out of their range.
    """

    goal_radius: float = eqx.field(default=0.04, static=True)
    """How near the goal must be for the reward, above 0."""
    episode_steps: int = eqx.field(default=10, static=True)
    """After how many steps an episode is cut off, at least 1."""

    def __check_init__(self) -> None:
        check_positive("goal_radius of a semicircle", self.goal_radius)
        check_at_least("episode_steps of a semicircle", self.episode_steps, 1)

    @property
    def observation_space(self) -> Box:
        """x, y and the heading."""
        return Box((-RADIUS, -RADIUS, -np.pi), (RADIUS, RADIUS, 2 * np.pi), (3,))

    @property
    def action_space(self) -> Box:
        """How far to drive and how much to turn to the left, in a substep."""
        return Box((-MAX_SPEED, -MAX_TURN), (MAX_SPEED, MAX_TURN), (2,))

    @property
    def max_episode_steps(self) -> int:
        """The time limit."""
        return self.episode_steps

    def sample_task(self, key: Key[Array, ""]) -> SemicircleTask:
        """Draws a goal uniformly on the upper half of the border."""
        return SemicircleTask(jax.random.uniform(key, maxval=jnp.pi))

    def task_vector(self, task: SemicircleTask, state: SemicircleState) -> Float[Array, "task"]:
        """x and y of the goal, and its angle."""
        del state
        return jnp.append(task.goal, task.angle)

    def draw_heading(self, key: Key[Array, ""]) -> Float[Array, ""]:
        """Draws a heading for the start, from -pi to pi."""
        return jax.random.uniform(key, minval=-jnp.pi, maxval=jnp.pi)

    def reset(
        self, task: SemicircleTask, state: SemicircleState | None, key: Key[Array, ""]
    ) -> tuple[SemicircleState, Float[Array, "observation"]]:
        """Puts the robot into the middle. Nothing outlives an episode."""
        del state
        return self.start(task, self.draw_heading(key))

    def step(
        self,
        task: SemicircleTask,
        state: SemicircleState,
        action: Float[Array, "2"],
        key: Key[Array, ""],
    ) -> tuple[SemicircleState, Step]:
        """Draws the heading that follows if the goal is reached, and drives."""
        return self.advance(task, state, action, self.draw_heading(key))

    def start(
        self, task: SemicircleTask, heading: Float[Array, ""]
    ) -> tuple[SemicircleState, Float[Array, "observation"]]:
        """`reset` with the drawn heading as an argument: nothing in it is random."""
        del task
        state = SemicircleState(jnp.zeros(2), heading)
        return state, self.observe(state)

    def advance(
        self,
        task: SemicircleTask,
        state: SemicircleState,
        action: Float[Array, "2"],
        next_heading: Float[Array, ""],
    ) -> tuple[SemicircleState, Step]:
        """`step` with the heading at the next start as an argument: nothing in it is random."""
        reached = jnp.zeros((), dtype=bool)
        # Written out: on accelerators ten turns of a loop would take longer than all the rest.
        for _ in range(SUBSTEPS):
            driven = _drive(state, action)
            state = jax.tree.map(partial(jnp.where, reached), state, driven)
            reached |= jnp.linalg.norm(state.position - task.goal) <= self.goal_radius
        beginning, _ = self.start(task, next_heading)
        state = jax.tree.map(partial(jnp.where, reached), beginning, state)
        return state, Step(self.observe(state), reward=reached, terminated=False)

    def observe(self, state: SemicircleState) -> Float[Array, "observation"]:
        """The observation in a state."""
        return jnp.append(state.position, state.heading)

    def render(
        self, task: SemicircleTask, state: SemicircleState, size: int = 256
    ) -> UInt8[np.ndarray, "height width 3"]:
        """The disc in grey with the goals' border marked, the goal with the area that is rewarded
        in green, and the robot in blue with its heading."""
        return draw_semicircle(
            task.goal, state.position, state.heading, RADIUS, self.goal_radius, size
        )


def _drive(state: SemicircleState, action: Float[Array, "2"]) -> SemicircleState:
    speed, turn = action
    heading = state.heading + turn
    x = jnp.clip(state.position[0] + speed * jnp.cos(heading), -RADIUS, RADIUS)
    # In 32 bits the difference may be below 0 where x is at its bound.
    highest = jnp.sqrt(jnp.maximum(RADIUS**2 - x**2, 0))
    y = jnp.clip(state.position[1] + speed * jnp.sin(heading), -highest, highest)
    return SemicircleState(jnp.stack([x, y]), jnp.mod(heading, 2 * jnp.pi))
