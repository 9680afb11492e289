"""Grid navigation: search for a hidden goal, then return to it in every later episode."""

import enum
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key, UInt8

from splagger.environments.environment import Environment, Step
from splagger.environments.grid_navigation import optimum
from splagger.environments.grid_navigation.belief import first_belief, next_belief, wrong_goal
from splagger.environments.grid_navigation.goals import Cell, possible_goals
from splagger.environments.grid_navigation.picture import grid_picture, hall_picture
from splagger.environments.grid_navigation.posterior import as_far_away, goal_posterior
from splagger.environments.grid_navigation.probes import ways_in
from splagger.environments.places import Places
from splagger.environments.spaces import Box, Discrete
from splagger.environments.task_probes import TaskProbes
from splagger.foundation.checks import check_at_least, check_finite
from splagger.foundation.errors import UserError


class GridAction(enum.IntEnum):
    """The five actions: stay, or go to a neighbouring cell."""

    STAY = 0
    UP = 1
    RIGHT = 2
    DOWN = 3
    LEFT = 4


class GridTask(eqx.Module):
    """The task: where the goal is."""

    goal: Int[Array, "2"]
    """x and y of the goal."""


class GridState(eqx.Module):
    """Where the agent is, and what happened in this trial."""

    position: Int[Array, "2"]
    """x and y of the agent's cell."""
    timestep: Int[Array, ""]
    """Steps made in this episode, 0 to `steps`."""
    visited: Bool[Array, "cells"]
    """In which cells a step of this trial ended; cell (x, y) is number x * height + y."""
    reached: Bool[Array, ""]
    """Whether a step of this episode ended on the goal."""
    belief: Float[Array, "cells"] | None
    """The published belief: the probability of every cell to be the goal, `None` if it is not
    tracked."""
    measured: Bool[Array, "cells"] | None = None
    """In which cells a reward of this trial told the distance to the goal; `None` unless rewards
    are dense."""


class GridNavigation(Environment[GridTask, GridState]):
    """A grid in which one cell is the goal, or a hall with a goal behind one of its doors.

    An observation is the agent's cell, x and y (0 to size - 1), the goal is not seen. Every step
    that ends on the goal is rewarded, so the best agent searches until it finds the goal, stays
    there, and goes straight to it in every later episode. An episode always has `steps` steps; what
    was visited before in the trial outlives it. Steps against the border do nothing.

    A hall is a corridor (y = 0) with doors above it; behind a door (y = 1) only `DOWN` works, and
    `UP` only below a door.

    The published grids and halls (Beck et al. 2023, 2024; Zintgraf et al. 2020) are made by the
    functions in `splagger.environments.grid_navigation.family`.

    **Raises:** `UserError` for settings that do not fit together.
    """

    size: int = eqx.field(default=5, static=True)
    """Cells of a side of the grid, or of the hall, at least 3."""
    steps: int = eqx.field(default=15, static=True)
    """Steps of an episode, at least 1."""
    start_cell: Cell | None = eqx.field(default=(0, 0), static=True)
    """Where episodes start; `None` for a random possible goal at every reset."""
    door_spacing: int | None = eqx.field(default=None, static=True)
    """If given it is a hall with a door at every `door_spacing`-th cell but the first."""
    ring: bool = eqx.field(default=False, static=True)
    """Whether only the border of the grid can hide the goal."""
    success_reward: float | int = eqx.field(default=1.0, static=True)
    """Reward of a step that ends on the goal, above all other rewards."""
    step_reward: float | int = eqx.field(default=-0.1, static=True)
    """Reward of any other step."""
    dense: bool = eqx.field(default=False, static=True)
    """Whether other steps are rewarded by minus the number of steps to the goal, over `size`."""
    new_goal_reward: float | int | None = eqx.field(default=None, static=True)
    """Reward of a step that ends in a possible goal for the first time in the trial, if any."""
    show_goal_at_start: bool = eqx.field(default=False, static=True)
    """Whether a step that ends in the start cell shows the goal's x and y instead of the agent's.

    The first observation of an episode, before any step, does not.
    """
    observe_unchecked: bool = eqx.field(default=False, static=True)
    """Whether, in a hall, a third number is 1 below a door that was not yet opened in this trial.

    It is 1 below every door if there is no `new_goal_reward`, as published.
    """
    track_belief: bool = eqx.field(default=False, static=True)
    """Whether the state has the published belief about the goal, which `belief` then returns.

    It is not quite right: see `splagger.environments.grid_navigation.belief`. Otherwise `belief` is
    exact, and nothing is tracked.
    """

    action_names: ClassVar[tuple[str, ...]] = tuple(action.name.lower() for action in GridAction)
    truncates: ClassVar[bool] = False
    has_success: ClassVar[bool] = True

    def __check_init__(self) -> None:
        check_at_least("size of a grid", self.size, 3)
        check_at_least("steps of a grid", self.steps, 1)
        hall = self.door_spacing is not None
        if self.door_spacing is not None and not 1 <= self.door_spacing < self.size:
            raise UserError(
                f"door_spacing is {self.door_spacing}, but it must be from 1 to {self.size - 1} "
                "in a hall of this size."
            )
        if self.start_cell is not None:
            x, y = self.start_cell
            highest = 0 if hall else self.size - 1
            if not (0 <= x < self.size and 0 <= y <= highest):
                raise UserError(
                    f"start_cell is {self.start_cell}, but it must be from (0, 0) to "
                    f"({self.size - 1}, {highest})."
                )
        if self.ring and hall:
            raise UserError("ring is true, but it must be false in a hall.")
        if self.observe_unchecked and not hall:
            raise UserError("observe_unchecked is true, but it must be false in a grid.")
        if self.show_goal_at_start and self.start_cell is None:
            raise UserError(
                "show_goal_at_start is true, but it must be false where the start is random."
            )
        if not self.possible_goals:
            raise UserError(
                f"start_cell is {self.start_cell}, but it must not be next to all other cells of a "
                f"grid of size {self.size}: goals are farther away."
            )
        if self.track_belief and len(self.possible_goals) < 2:
            raise UserError("track_belief is true, but it must be false with one possible goal.")
        check_finite("step_reward", self.step_reward)
        others = [0.0 if self.dense else self.step_reward]
        if self.new_goal_reward is not None:
            check_finite("new_goal_reward", self.new_goal_reward)
            others.append(self.new_goal_reward)
        check_finite("success_reward", self.success_reward)
        if self.success_reward <= max(others):
            raise UserError(
                f"success_reward is {self.success_reward}, but it must be above all other rewards "
                f"({max(others)})."
            )

    @property
    def possible_goals(self) -> tuple[Cell, ...]:
        """Every cell that can be the goal, ordered by x and then by y."""
        return possible_goals(self.size, self.start_cell, self.door_spacing, self.ring)

    @property
    def height(self) -> int:
        """How many values y has: `size` in a grid, 2 in a hall."""
        return self.size if self.door_spacing is None else 2

    @property
    def cells(self) -> int:
        """How many cells there are."""
        return self.size * self.height

    @property
    def observation_space(self) -> Box:
        """x and y, and in some halls whether the door above is unchecked."""
        high = (self.size - 1, self.height - 1, *((1,) if self.observe_unchecked else ()))
        return Box(0, high, (len(high),))

    @property
    def action_space(self) -> Discrete:
        """The five actions of `GridAction`."""
        return Discrete(len(GridAction))

    @property
    def max_episode_steps(self) -> int:
        """`steps`, of every episode."""
        return self.steps

    def sample_task(self, key: Key[Array, ""]) -> GridTask:
        """Draws one of the possible goals."""
        return GridTask(self._draw_cell(key))

    def task_vector(self, task: GridTask, state: GridState) -> Float[Array, "task"]:
        """x and y of the goal."""
        del state
        return task.goal.astype(float)

    @property
    def tasks(self) -> int:
        """The number of cells: each has a number, whether it can be the goal or not."""
        return self.cells

    def task_index(self, task: GridTask, state: GridState) -> Int[Array, ""]:
        """x * height + y of the goal."""
        del state
        return self.cell_index(task.goal)

    def cell_index(self, position: Int[Array, "2"]) -> Int[Array, ""]:
        """The number of a cell, x * height + y."""
        return position[0] * self.height + position[1]

    def belief(self, task: GridTask, state: GridState) -> Float[Array, "cells"]:
        """The probability of every cell to be the goal, after all that was seen in the trial.

        All possible goals in which no step ended are equally likely until the goal is found, or
        shown. Where rewards tell its distance, only those are left that agree with all of them.
        """
        if state.belief is not None:
            return state.belief
        goal = self.cell_index(task.goal)
        remaining = self._possible & ~state.visited
        if state.measured is not None:
            remaining = remaining & as_far_away(state.measured, goal, self.height)
        known = state.visited[goal]
        if self.show_goal_at_start:
            known = known | state.visited[self.cell_index(jnp.array(self.start_cell))]
        return goal_posterior(remaining, goal, known)

    @property
    def places(self) -> Places | None:
        """The cells; `None` where observations do not always show the agent's."""
        if self.show_goal_at_start:
            return None
        return Places((self.height, 1), self.cells, self.success_reward)

    def task_probes(self) -> TaskProbes | None:
        """For every cell a step into it from a neighbour.

        **Returns:** the steps, or `None` where rewards say more than whether a cell is the goal, or
        observations do not always show the agent's cell.
        """
        if self.dense or self.new_goal_reward is not None or self.show_goal_at_start:
            return None
        before, actions = ways_in(self.size, self.height, self.door_spacing)
        after = np.stack(np.divmod(np.arange(self.cells), self.height), axis=-1)

        def seen(cell: Int[Array, "2"]) -> Float[Array, "observation"]:
            # What is seen of a cell does not depend on the goal.
            task = GridTask(jnp.array(self.possible_goals[0]))
            return self.start(task, None, cell)[1]

        return TaskProbes(
            previous_observation=jax.vmap(seen)(jnp.asarray(before)),
            action=jnp.asarray(actions, dtype=int),
            reward=jnp.zeros((self.cells,), dtype=float),
            observation=jax.vmap(seen)(jnp.asarray(after)),
            episode_end=jnp.zeros((self.cells,), dtype=bool),
            success=self.success_reward,
            failure=self.step_reward,
        )

    def reset(
        self, task: GridTask, state: GridState | None, key: Key[Array, ""]
    ) -> tuple[GridState, Float[Array, "observation"]]:
        """Puts the agent into the start cell. What was visited, and the belief, stay."""
        start = self._draw_cell(key) if self.start_cell is None else jnp.array(self.start_cell)
        return self.start(task, state, start)

    def step(
        self, task: GridTask, state: GridState, action: Int[Array, ""], key: Key[Array, ""]
    ) -> tuple[GridState, Step]:
        """Makes one step; only a tracked belief is random."""
        if not self.track_belief:
            return self.advance(task, state, action, jnp.zeros((), dtype=int))
        others = len(self.possible_goals) - 1
        return self.advance(task, state, action, jax.random.randint(key, (), 0, others, dtype=int))

    def start(
        self, task: GridTask, state: GridState | None, start: Int[Array, "2"]
    ) -> tuple[GridState, Float[Array, "observation"]]:
        """`reset` with the start cell as an argument: nothing in it is random."""
        if state is None:
            visited = jnp.zeros((self.cells,), dtype=bool)
            belief = first_belief(self._possible) if self.track_belief else None
            measured = visited if self.dense else None
        else:
            visited, belief, measured = state.visited, state.belief, state.measured
        state = GridState(
            position=start.astype(int),
            timestep=jnp.zeros((), dtype=int),
            visited=visited,
            reached=jnp.zeros((), dtype=bool),
            belief=belief,
            measured=measured,
        )
        return state, self.observe(task, state)

    def advance(
        self, task: GridTask, state: GridState, action: Int[Array, ""], hint: Int[Array, ""]
    ) -> tuple[GridState, Step]:
        """`step` with its random draw as an argument.

        `hint` matters only to a tracked belief: see `splagger.environments.grid_navigation.belief`.
        """
        position = self.move(state.position, action)
        here = jnp.arange(self.cells) == self.cell_index(position)
        on_goal = jnp.all(position == task.goal)

        told = here
        if self.dense:
            reward = -jnp.sum(jnp.abs(position - task.goal)) / self.size
        else:
            reward = jnp.asarray(self.step_reward, dtype=float)
        if self.new_goal_reward is not None:
            new = jnp.any(here & self._possible & ~state.visited)
            reward = jnp.where(new, self.new_goal_reward, reward)
            # This reward takes the place of the distance.
            told = here & ~new
        reward = jnp.where(on_goal, self.success_reward, reward)

        belief = state.belief
        if belief is not None:
            wrong = wrong_goal(self._possible, self.cell_index(task.goal), hint)
            belief = next_belief(belief, here, on_goal, wrong)
        state = GridState(
            position=position,
            timestep=state.timestep + 1,
            visited=state.visited | here,
            reached=state.reached | on_goal,
            belief=belief,
            measured=None if state.measured is None else state.measured | told,
        )
        return state, Step(
            observation=self.observe(task, state),
            reward=reward,
            terminated=state.timestep >= self.steps,
            success=state.reached,
        )

    def move(self, position: Int[Array, "2"], action: Int[Array, ""]) -> Int[Array, "2"]:
        """The cell that an action leads to."""
        x, y = position
        right = (action == GridAction.RIGHT).astype(int) - (action == GridAction.LEFT)
        up = (action == GridAction.UP).astype(int) - (action == GridAction.DOWN)
        if self.door_spacing is not None:
            right = jnp.where(y == 0, right, 0)
            up = jnp.where((x % self.door_spacing == 0) & (x > 0), up, 0)
        return jnp.stack(
            [jnp.clip(x + right, 0, self.size - 1), jnp.clip(y + up, 0, self.height - 1)]
        )

    def observe(self, task: GridTask, state: GridState) -> Float[Array, "observation"]:
        """The observation in a state."""
        shown = state.position
        if self.show_goal_at_start:
            at_start = jnp.all(shown == jnp.array(self.start_cell)) & (state.timestep > 0)
            shown = jnp.where(at_start, task.goal, shown)
        numbers = shown.astype(float)
        if not self.observe_unchecked:
            return numbers
        unchecked = self._possible
        if self.new_goal_reward is not None:
            unchecked = unchecked & ~state.visited
        above = jnp.arange(self.cells) == self.cell_index(state.position) + 1
        # Behind a door the next cell is the corridor's, and no possible goal.
        return jnp.append(numbers, jnp.any(above & unchecked))

    def render(
        self, task: GridTask, state: GridState, size: int = 256
    ) -> UInt8[np.ndarray, "height width 3"]:
        """The grid, or the hall in several rows, with what was visited, the goal and the agent."""
        draw = grid_picture if self.door_spacing is None else hall_picture
        return draw(
            self.size,
            self.possible_goals,
            visited=np.asarray(state.visited).reshape(self.size, self.height),
            goal=_cell(task.goal),
            agent=_cell(state.position),
            pixels=size,
        )

    def optimal_return(self, episodes: int) -> float | None:
        """The expected return of the best agent over a trial.

        **Returns:** the return, or `None` where no proof is known: see
        `splagger.environments.grid_navigation.optimum`.
        """
        if self.start_cell != (0, 0) or self.dense or self.ring:
            return None
        if self.door_spacing is not None:
            if self.show_goal_at_start:
                return None
            return optimum.hall(
                doors=len(self.possible_goals),
                spacing=self.door_spacing,
                steps=self.steps,
                episodes=episodes,
                success_reward=self.success_reward,
                step_reward=self.step_reward,
                new_goal_reward=self.new_goal_reward,
            )
        if self.size != 5 or self.new_goal_reward is not None:
            return None
        return optimum.corner(
            self.possible_goals,
            steps=self.steps,
            episodes=episodes,
            success_reward=self.success_reward,
            step_reward=self.step_reward,
            shown=self.show_goal_at_start,
        )

    @property
    def _possible(self) -> Bool[Array, "cells"]:
        possible = np.zeros((self.size, self.height), dtype=bool)
        possible[tuple(np.transpose(self.possible_goals))] = True
        return jnp.asarray(possible.reshape(-1))

    def _draw_cell(self, key: Key[Array, ""]) -> Int[Array, "2"]:
        cells = jnp.array(self.possible_goals)
        return cells[jax.random.randint(key, (), 0, len(cells), dtype=int)]


def _cell(position: Int[Array, "2"]) -> Cell:
    return int(position[0]), int(position[1])
