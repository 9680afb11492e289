"""The Memory & Planning Game: go from goal to goal on a map that must be learnt."""

import collections
import enum
import typing
from typing import ClassVar, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key, UInt8

from splagger.environments.environment import Environment, Step
from splagger.environments.planning_game.picture import draw_planning_game
from splagger.environments.planning_game.renewals import expected_renewals
from splagger.environments.spaces import Box, Discrete
from splagger.foundation.checks import check_at_least, check_choice

Observed = Literal["labels", "position", "positions", "goal"]
"""What an agent observes in the Planning Game; see `PlanningGame.observed`."""


class PlanningGameAction(enum.IntEnum):
    """The five actions."""

    UP = 0
    DOWN = 1
    LEFT = 2
    RIGHT = 3
    COLLECT = 4


class PlanningGameTask(eqx.Module):
    """The task: the map."""

    labels: Int[Array, "nodes"]
    """The label of every node, a permutation of 0 to size² - 1; node (x, y) is at x size + y."""


class PlanningGameState(eqx.Module):
    """Where the agent and the goal are. Both are nodes: the number x size + y stands for (x, y)."""

    position: Int[Array, ""]
    """The agent's node."""
    goal: Int[Array, ""]
    """The node where the next reward can be collected."""
    timestep: Int[Array, ""]
    """Steps made in this episode, 0 to `episode_steps`."""


class PlanningGame(Environment[PlanningGameTask, PlanningGameState]):
    """A grid whose opposite borders are joined, and goals to collect on it (Ritter et al. 2021).

    The agent moves by one node, or collects. Collecting on the goal gives a reward of 1 and moves
    the goal to another node, drawn uniformly; the agent stays. Everything else gives 0. An episode
    begins at a random node with a goal at another one, and its last step terminates it: the game is
    over, it is not cut off.

    Nodes are seen by labels that say nothing about where they are, so the map must be learnt. It is
    the task: it lasts for a trial. Published are trials of one episode; in longer ones the agent
    meets its map again.

    The five published forms are made by the functions in
    `splagger.environments.planning_game.family`.

    **Raises:** `UserError` for settings out of their range.
    """

    size: int = eqx.field(default=4, static=True)
    """Nodes along a side, at least 2."""
    observed: Observed = eqx.field(default="labels", static=True)
    """What the agent observes.

    - `"labels"`: the label of its node and the label of the goal's node, both one-hot.
    - `"position"`: these, and x and y of the agent.
    - `"positions"`: these, and x and y of the goal.
    - `"goal"`: one number alone, 1 where the agent stands on the goal and else 0.
    """
    episode_steps: int = eqx.field(default=100, static=True)
    """The length of every episode, at least 1."""

    action_names: ClassVar[tuple[str, ...]] = tuple(
        action.name.lower() for action in PlanningGameAction
    )
    truncates: ClassVar[bool] = False

    def __check_init__(self) -> None:
        check_at_least("size of a Planning Game", self.size, 2)
        check_choice("observed in a Planning Game", self.observed, typing.get_args(Observed))
        check_at_least("episode_steps of a Planning Game", self.episode_steps, 1)

    @property
    def nodes(self) -> int:
        """How many nodes the grid has."""
        return self.size**2

    @property
    def observation_space(self) -> Box:
        """As `observed` says."""
        if self.observed == "goal":
            return Box(0.0, 1.0, (1,))
        coordinates = {"labels": 0, "position": 2, "positions": 4}[self.observed]
        size = 2 * self.nodes + coordinates
        high = (1.0,) * (2 * self.nodes) + (self.size - 1.0,) * coordinates
        return Box(0.0, high, (size,))

    @property
    def action_space(self) -> Discrete:
        """The five actions of `PlanningGameAction`."""
        return Discrete(len(PlanningGameAction))

    @property
    def max_episode_steps(self) -> int:
        """The length of every episode."""
        return self.episode_steps

    def sample_task(self, key: Key[Array, ""]) -> PlanningGameTask:
        """Draws a permutation of the labels.

        The label of a node is the rank of a random word. `Trial` draws a task in every step, and to
        compare all pairs of a few words is cheaper there than to sort them.
        """
        nodes = jnp.arange(self.nodes, dtype=jnp.uint32)
        # The lowest bits are the node's number, so that no two words are equal.
        shift = (self.nodes - 1).bit_length()
        words = (jax.random.bits(key, (self.nodes,)) >> shift << shift) | nodes
        return PlanningGameTask(jnp.sum(words[:, None] > words, axis=1, dtype=int))

    def draw_position(self, key: Key[Array, ""]) -> Int[Array, ""]:
        """Draws a node."""
        return self._draw(key, self.nodes)

    def draw_goal(self, position: Int[Array, ""], key: Key[Array, ""]) -> Int[Array, ""]:
        """Draws a node other than the agent's."""
        return (position + 1 + self._draw(key, self.nodes - 1)) % self.nodes

    def reset(
        self, task: PlanningGameTask, state: PlanningGameState | None, key: Key[Array, ""]
    ) -> tuple[PlanningGameState, Float[Array, "observation"]]:
        """Draws where the agent and the goal are. Nothing but the map outlives an episode."""
        del state
        position_key, goal_key = jax.random.split(key)
        position = self.draw_position(position_key)
        return self.start(task, position, self.draw_goal(position, goal_key))

    def step(
        self,
        task: PlanningGameTask,
        state: PlanningGameState,
        action: Int[Array, ""],
        key: Key[Array, ""],
    ) -> tuple[PlanningGameState, Step]:
        """Draws the goal that follows if the action collects one, and advances by one step."""
        # Who collects does not move: the next goal differs from the position before the step.
        return self.advance(task, state, action, self.draw_goal(state.position, key))

    def start(
        self, task: PlanningGameTask, position: Int[Array, ""], goal: Int[Array, ""]
    ) -> tuple[PlanningGameState, Float[Array, "observation"]]:
        """`reset` with the drawn nodes as arguments: nothing in it is random."""
        zero = jnp.zeros((), dtype=int)
        state = PlanningGameState(position.astype(int), goal.astype(int), timestep=zero)
        return state, self.observe(task, state)

    def advance(
        self,
        task: PlanningGameTask,
        state: PlanningGameState,
        action: Int[Array, ""],
        next_goal: Int[Array, ""],
    ) -> tuple[PlanningGameState, Step]:
        """`step` with the node of the next goal as an argument: nothing in it is random."""
        collected = (action == PlanningGameAction.COLLECT) & (state.position == state.goal)
        x, y = self.coordinates(state.position)
        right = (action == PlanningGameAction.RIGHT).astype(int)
        left = (action == PlanningGameAction.LEFT).astype(int)
        up = (action == PlanningGameAction.UP).astype(int)
        down = (action == PlanningGameAction.DOWN).astype(int)
        x, y = (x + right - left) % self.size, (y + up - down) % self.size
        state = PlanningGameState(
            position=x * self.size + y,
            goal=jnp.where(collected, next_goal, state.goal).astype(int),
            timestep=state.timestep + 1,
        )
        return state, Step(
            observation=self.observe(task, state),
            reward=collected,
            terminated=state.timestep >= self.episode_steps,
        )

    def observe(
        self, task: PlanningGameTask, state: PlanningGameState
    ) -> Float[Array, "observation"]:
        """The observation in a state."""
        if self.observed == "goal":
            return (state.position == state.goal).astype(float)[None]
        labels = jnp.arange(self.nodes)
        numbers = [
            (task.labels[state.position] == labels).astype(float),
            (task.labels[state.goal] == labels).astype(float),
        ]
        if self.observed in ("position", "positions"):
            numbers.append(jnp.stack(self.coordinates(state.position)).astype(float))
        if self.observed == "positions":
            numbers.append(jnp.stack(self.coordinates(state.goal)).astype(float))
        return jnp.concatenate(numbers)

    def coordinates(self, node: Int[Array, ""]) -> tuple[Int[Array, ""], Int[Array, ""]]:
        """x and y of a node, each 0 to `size` - 1."""
        return node // self.size, node % self.size

    def task_vector(self, task: PlanningGameTask, state: PlanningGameState) -> Float[Array, "task"]:
        """x and y of the goal, as published; they change within an episode."""
        del task
        return jnp.stack(self.coordinates(state.goal)).astype(float)

    def render(
        self, task: PlanningGameTask, state: PlanningGameState, size: int = 256
    ) -> UInt8[np.ndarray, "height width 3"]:
        """The nodes with their labels, the goal's in green, and the agent in blue; arrows at the
        border say that the grid goes on at the other side."""
        return draw_planning_game(task.labels, state.position, state.goal, size)

    def oracle_return(self, episodes: int) -> float:
        """The expected return of an agent that knows the map and sees where the goal is.

        It goes straight to every goal and collects it. No agent does better; one that must learn
        the map stays below.

        **Arguments:**

        - `episodes`: how many episodes the trial has, at least 1.

        **Returns:** the return over a trial, without sampling.
        """
        along = [min(place, self.size - place) for place in range(self.size)]
        distances = collections.Counter(x + y for x in along for y in along)
        distances[0] = 0  # The next goal is never where the agent stands.
        probabilities = [0.0] * (max(distances) + 2)
        for distance, count in distances.items():
            probabilities[distance + 1] = count / (self.nodes - 1)
        return episodes * expected_renewals(probabilities, self.episode_steps)

    def sweep_return(self, episodes: int) -> float:
        """The expected return of an agent that sees the goal only where it stands on it.

        The best it can do is to visit the other nodes, each once, until it meets the goal, and so
        on after every reward: whichever node it visits next, the goal is equally likely there.

        **Arguments:**

        - `episodes`: how many episodes the trial has, at least 1.

        **Returns:** the return over a trial, without sampling.
        """
        others = self.nodes - 1
        probabilities = [0.0, 0.0, *[1 / others] * others]
        return episodes * expected_renewals(probabilities, self.episode_steps)

    def optimal_return(self, episodes: int) -> float | None:
        """The expected return of the best agent over a trial.

        **Returns:** `oracle_return` where positions are observed, for then labels do not matter;
        `sweep_return` where only the goal is; and `None` where the map must be learnt, since how
        much that costs at least is not known.
        """
        if self.observed == "positions":
            return self.oracle_return(episodes)
        return self.sweep_return(episodes) if self.observed == "goal" else None

    def _draw(self, key: Key[Array, ""], count: int) -> Int[Array, ""]:
        # Half the cost of `jax.random.randint`; the numbers' chances differ by less than 2^-32.
        return (jax.random.bits(key) % jnp.uint32(count)).astype(int)
