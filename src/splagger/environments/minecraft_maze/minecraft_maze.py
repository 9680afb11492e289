"""The Minecraft maze: remember what a picture said through a long way of rooms."""

import dataclasses
import enum
import math
from typing import ClassVar, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key, UInt8

from splagger.environments.environment import Environment, Step
from splagger.environments.minecraft_maze.moves import (
    CHOICE,
    DISPLACEMENTS,
    EXIT,
    STEPS_OF_A_ROOM,
    MinecraftMazeAction,
)
from splagger.environments.minecraft_maze.pictures import observed_pictures, picture
from splagger.environments.minecraft_maze.plan import end_plan, indicator_plan, room_plan
from splagger.environments.minecraft_maze.scenes import PICTURES, ROOM_PICTURES
from splagger.environments.spaces import Box, Discrete
from splagger.foundation.checks import check_at_least, check_choice
from splagger.foundation.errors import UserError


class Indicator(enum.IntEnum):
    """The two kinds of tasks: at the end UP asks to go right, DOWN to go left."""

    UP = 2
    DOWN = 3


class Phase(enum.IntEnum):
    """The parts of an episode."""

    INDICATOR = 0
    ROOMS = 1
    END = 2


class MinecraftMazeTask(eqx.Module):
    """The task: which way is right at the end, and what is shown at the start."""

    indicator: Int[Array, ""]
    """UP or DOWN."""
    green: Bool[Array, "cells"]
    """Whether each indicator cell is green; otherwise it is red."""


class MinecraftMazeState(eqx.Module):
    """Where the agent stands."""

    phase: Int[Array, ""]
    """The part of the episode, a `Phase`."""
    room: Int[Array, ""]
    """Rooms left behind."""
    x: Int[Array, ""]
    """Cells to the right: in a room of its middle, otherwise of where the phase began."""
    y: Int[Array, ""]
    """Cells forward from the entrance of a room; 0 in the other phases."""
    timestep: Int[Array, ""]
    """1 at the start and 1 more after every step, up to the timeout."""
    room_types: Bool[Array, "rooms"]
    """The type of every room: whether its pillar is of diamond, so that it is right to pass it on
    the right side, or of iron."""


class MinecraftMaze(Environment[MinecraftMazeTask, MinecraftMazeState]):
    """A way through rooms that are seen as pictures, and a fork at its end.

    An episode begins at the indicator, one or several pictures of a green or a red block: RIGHT
    goes on. In every room a pillar stands in the way, of iron or of diamond: it is right to pass
    the one on the left, the other on the right, then the way leads on to the next room. In front of
    the black block at the end the agent goes RIGHT if the task is UP, or LEFT if it is DOWN.
    Actions that lead nowhere only take time. Room types are drawn for every episode.

    Every move but those named below gives `MOVE_REWARD`. At a pillar only the right side does, and
    at the end the decision gives `SUCCESS_REWARD` or `FAILURE_REWARD`.

    The four published mazes (Beck et al. 2024) are made by the functions in
    `splagger.environments.minecraft_maze.family`. Their pictures are redrawn, and what they tell
    apart is as far apart as it was.

    **Raises:** `UserError` for settings that do not fit together.
    """

    rooms: int = eqx.field(default=16, static=True)
    """How many rooms there are, at least 1."""
    indicator_cells: int = eqx.field(default=1, static=True)
    """How many pictures the indicator has, at least 1."""
    colour_rule: Literal["colour", "order"] = eqx.field(default="colour", static=True)
    """What the indicator's colours say.

    `colour`: a fair coin decides between UP, where all are green, and DOWN, where all are red.
    `order`: the colours are fair coins, and the task is UP only if all but the last are green and
    the last is red: of two cells, green and red is UP, and red and green is DOWN.
    """
    hidden_indicator: bool = eqx.field(default=False, static=True)
    """Whether black is shown instead of the indicator: then only the reward at the end tells."""
    noise: float | int = eqx.field(default=0.0, static=True)
    """Standard deviation of the noise added to every number of an observation, at least 0.

    The sum is clipped to -1 to 1.
    """
    resolution: int = eqx.field(default=10, static=True)
    """Pixels of each side of the observed pictures, at least 1."""
    timeout: int = eqx.field(default=200, static=True)
    """The time step, counted from 1, at which nothing is possible any more.

    The step made there ends the episode with reward 0 and changes nothing. At least so many that
    the end can be reached.
    """

    MOVE_REWARD: ClassVar[float] = 0.1
    """Reward of a move, or of the right side of a pillar."""
    SUCCESS_REWARD: ClassVar[float] = 4.0
    """Reward of the right decision at the end."""
    FAILURE_REWARD: ClassVar[float] = -3.0
    """Reward of the wrong decision at the end."""

    action_names: ClassVar[tuple[str, ...]] = tuple(
        action.name.lower() for action in MinecraftMazeAction
    )
    truncates: ClassVar[bool] = False
    has_success: ClassVar[bool] = True

    def __check_init__(self) -> None:
        check_at_least("rooms of a Minecraft maze", self.rooms, 1)
        check_choice("colour_rule", self.colour_rule, ("colour", "order"))
        check_at_least("indicator_cells", self.indicator_cells, 1)
        if self.colour_rule == "order" and self.indicator_cells < 2:
            raise UserError(
                f"indicator_cells is {self.indicator_cells}, but it must be at least 2 for the "
                "colour_rule 'order'."
            )
        check_at_least("noise", self.noise, 0)
        check_at_least("resolution", self.resolution, 1)
        # The last step before the timeout can still be the decision.
        check_at_least("timeout of a Minecraft maze", self.timeout, self.shortest_episode + 1)

    @property
    def shortest_episode(self) -> int:
        """The steps of the shortest way to the end and of the decision there."""
        return self.indicator_cells + STEPS_OF_A_ROOM * self.rooms + 1

    @property
    def observation_space(self) -> Box:
        """The pixels' colours, see `observed_pictures`."""
        return Box(-1.0, 1.0, (3 * self.resolution**2,))

    @property
    def action_space(self) -> Discrete:
        """The three actions of `MinecraftMazeAction`."""
        return Discrete(len(MinecraftMazeAction))

    @property
    def max_episode_steps(self) -> int:
        """The timeout: time steps are counted from 1, and the last step reports it."""
        return self.timeout

    def sample_task(self, key: Key[Array, ""]) -> MinecraftMazeTask:
        """Draws the indicator's colours."""
        if self.colour_rule == "colour":
            green = jnp.full((self.indicator_cells,), jax.random.bernoulli(key, 0.5))
        else:
            green = jax.random.bernoulli(key, 0.5, (self.indicator_cells,))
        return self.task_of(green)

    def task_of(self, green: Bool[Array, "cells"]) -> MinecraftMazeTask:
        """The task of an indicator's colours: nothing in it is random."""
        if self.colour_rule == "colour":
            up = green[0]
        else:
            up = jnp.all(green[:-1]) & ~green[-1]
        indicator = jnp.where(up, int(Indicator.UP), int(Indicator.DOWN)).astype(int)
        return MinecraftMazeTask(indicator, green)

    def task_vector(
        self, task: MinecraftMazeTask, state: MinecraftMazeState
    ) -> Float[Array, "task"]:
        """The indicator as the number 2 (up) or 3 (down)."""
        del state
        return task.indicator.astype(float)[None]

    @property
    def tasks(self) -> int:
        """2."""
        return len(Indicator)

    def task_index(self, task: MinecraftMazeTask, state: MinecraftMazeState) -> Int[Array, ""]:
        """1 if the indicator is up."""
        del state
        return (task.indicator == Indicator.UP).astype(int)

    def draw_room_types(self, key: Key[Array, ""]) -> Bool[Array, "rooms"]:
        """Draws the type of every room: one bit each of as few random words as hold them."""
        words = jax.random.bits(key, (-(-self.rooms // 32),), dtype=jnp.uint32)
        bits = (words[:, None] >> jnp.arange(32, dtype=jnp.uint32)) & 1
        return bits.ravel()[: self.rooms].astype(bool)

    def draw_noise(self, key: Key[Array, ""]) -> Float[Array, "observation"]:
        """Draws what is added to an observation."""
        return self.noise * jax.random.normal(key, self.observation_space.shape, dtype=float)

    def reset(
        self, task: MinecraftMazeTask, state: MinecraftMazeState | None, key: Key[Array, ""]
    ) -> tuple[MinecraftMazeState, Float[Array, "observation"]]:
        """Draws the rooms and puts the agent in front of the indicator. Nothing outlives an
        episode."""
        del state
        rooms_key, noise_key = jax.random.split(key)
        state, observation = self.start(task, self.draw_room_types(rooms_key))
        if self.noise:
            observation = add_noise(observation, self.draw_noise(noise_key))
        return state, observation

    def step(
        self,
        task: MinecraftMazeTask,
        state: MinecraftMazeState,
        action: Int[Array, ""],
        key: Key[Array, ""],
    ) -> tuple[MinecraftMazeState, Step]:
        """Advances by one step; only the noise is random."""
        state, step = self.advance(task, state, action)
        if self.noise:
            observation = add_noise(step.observation, self.draw_noise(key))
            step = dataclasses.replace(step, observation=observation)
        return state, step

    def start(
        self, task: MinecraftMazeTask, room_types: Bool[Array, "rooms"]
    ) -> tuple[MinecraftMazeState, Float[Array, "observation"]]:
        """`reset` with the drawn rooms as an argument, and without noise: nothing is random."""
        zero = jnp.zeros((), dtype=int)
        state = MinecraftMazeState(
            phase=zero, room=zero, x=zero, y=zero, timestep=zero + 1, room_types=room_types
        )
        return state, self.observe(task, state)

    def advance(
        self, task: MinecraftMazeTask, state: MinecraftMazeState, action: Int[Array, ""]
    ) -> tuple[MinecraftMazeState, Step]:
        """`step` without noise: nothing in it is random."""
        timed_out = state.timestep >= self.timeout
        at_indicator = ~timed_out & (state.phase == Phase.INDICATOR)
        in_room = ~timed_out & (state.phase == Phase.ROOMS)
        at_end = ~timed_out & (state.phase == Phase.END)
        left, right = action == MinecraftMazeAction.LEFT, action == MinecraftMazeAction.RIGHT

        moves_on = at_indicator & right
        enters = moves_on & (state.x == self.indicator_cells - 1)

        displacement = jnp.asarray(DISPLACEMENTS)[state.x + 1, state.y, action]
        x, y = state.x + displacement[0], state.y + displacement[1]
        moves = in_room & jnp.any(displacement != 0)
        chooses = in_room & (state.x == CHOICE[0]) & (state.y == CHOICE[1])
        wrong_side = chooses & (right != state.room_types[state.room])
        leaves = moves & (y == EXIT[1])
        finishes = leaves & (state.room == self.rooms - 1)

        decides = at_end & (left | right)
        succeeds = decides & (right == (task.indicator == Indicator.UP))

        reward = jnp.where(moves_on | (moves & ~wrong_side), self.MOVE_REWARD, 0.0)
        decision_reward = jnp.where(succeeds, self.SUCCESS_REWARD, self.FAILURE_REWARD)
        sideways = jnp.where(right, 1, -1)
        state = MinecraftMazeState(
            phase=state.phase + enters + finishes,
            room=state.room + leaves,
            x=jnp.select([enters, moves, decides], [0, x, sideways], state.x + moves_on),
            y=jnp.where(leaves, 0, jnp.where(moves, y, state.y)),
            timestep=state.timestep + ~timed_out,
            room_types=state.room_types,
        )
        return state, Step(
            observation=self.observe(task, state),
            reward=jnp.where(decides, decision_reward, reward),
            terminated=decides | timed_out,
            success=succeeds,
        )

    def picture_number(self, task: MinecraftMazeTask, state: MinecraftMazeState) -> Int[Array, ""]:
        """Which of `PICTURES` is seen in a state."""
        if self.hidden_indicator:
            indicator = PICTURES.index("black")
        else:
            red, green = PICTURES.index("red"), PICTURES.index("green")
            indicator = jnp.where(task.green[state.x], green, red)
        room_type = state.room_types[state.room].astype(int)
        room = jnp.asarray(ROOM_PICTURES)[room_type, state.x + 1, state.y]
        end = PICTURES.index("end")
        return jnp.where(
            state.phase == Phase.INDICATOR,
            indicator,
            jnp.where(state.phase == Phase.ROOMS, room, end),
        ).astype(int)

    def observe(
        self, task: MinecraftMazeTask, state: MinecraftMazeState
    ) -> Float[Array, "observation"]:
        """The picture of a state, without noise."""
        pictures = jnp.asarray(observed_pictures(self.resolution), dtype=float)
        return pictures[self.picture_number(task, state)]

    def render(
        self, task: MinecraftMazeTask, state: MinecraftMazeState, size: int = 256
    ) -> UInt8[np.ndarray, "height width 3"]:
        """What the agent sees, without noise, and in the corner a plan of where it stands."""
        number = int(self.picture_number(task, state))
        pixels = picture(PICTURES[number], size).copy()
        plan = self._plan(task, state, math.ceil(size / 3))
        height, width, _ = plan.shape
        pixels[-height:, :width] = plan
        return pixels

    def _plan(
        self, task: MinecraftMazeTask, state: MinecraftMazeState, size: int
    ) -> UInt8[np.ndarray, "height width 3"]:
        x, y, room = int(state.x), int(state.y), int(state.room)
        match Phase(int(state.phase)):
            case Phase.INDICATOR:
                green = np.asarray(task.green).tolist()
                return indicator_plan(size, x, green, "indicator")
            case Phase.ROOMS:
                caption = f"room {room + 1}/{self.rooms}"
                return room_plan(size, x, y, int(state.room_types[room]), caption)
            case Phase.END:
                return end_plan(size, x, int(task.indicator) == Indicator.UP, "end")

    def optimal_return(self, episodes: int) -> float:
        """The expected return of the best agent over a trial.

        It passes every pillar on its right side and decides rightly; where the indicator is hidden
        its first decision is a guess of the likelier indicator.
        """
        moves = self.MOVE_REWARD * (self.indicator_cells + STEPS_OF_A_ROOM * self.rooms)
        lost = 0.0
        if self.hidden_indicator:
            up = 0.5 if self.colour_rule == "colour" else 0.5**self.indicator_cells
            lost = min(up, 1 - up) * (self.SUCCESS_REWARD - self.FAILURE_REWARD)
        return episodes * (moves + self.SUCCESS_REWARD) - lost


def add_noise(
    observation: Float[Array, "observation"], noise: Float[Array, "observation"]
) -> Float[Array, "observation"]:
    """An observation and its noise, clipped to -1 to 1."""
    return jnp.clip(observation + noise, -1.0, 1.0)
