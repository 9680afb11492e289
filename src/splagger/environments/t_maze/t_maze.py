"""The T-maze: remember what an indicator said until the end of a long corridor."""

import enum
from typing import ClassVar, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key, UInt8

from splagger.environments.environment import Environment, Step
from splagger.environments.spaces import Box, Discrete
from splagger.environments.t_maze.bayes import bayes_error
from splagger.environments.t_maze.evidence import (
    check_evidence,
    no_evidence,
    sight_evidence,
    weigh,
)
from splagger.environments.t_maze.picture import draw_t_maze
from splagger.environments.task_probes import TaskProbes
from splagger.foundation.checks import check_at_least, check_choice, check_fraction
from splagger.foundation.errors import UserError


class TMazeAction(enum.IntEnum):
    """The four actions. UP and DOWN are also the two values of an indicator and of a check."""

    LEFT = 0
    RIGHT = 1
    UP = 2
    DOWN = 3


class TMazeTask(eqx.Module):
    """The task: what the indicators say."""

    indicators: Int[Array, "indicators"]
    """One indicator, or two in an agreement maze; each is UP or DOWN."""


class TMazeState(eqx.Module):
    """Where the agent stands, and what was seen in this trial."""

    position: Int[Array, ""]
    """Position in the corridor, 0 to length - 1; after a decision, length in the upper arm and
    length + 1 in the lower one."""
    timestep: Int[Array, ""]
    """Steps made in this episode, 0 to the timeout."""
    check: Int[Array, ""]
    """The check shown at the current position, UP or DOWN."""
    log_belief: Float[Array, "tasks"]
    """The logarithm of the probability of every task after all that was seen in this trial, its
    earlier episodes included; -inf where a task is ruled out."""


class TMaze(Environment[TMazeTask, TMazeState]):
    """A corridor with a fork at its end, and an indicator that says which way is right.

    An observation has four numbers: 1 at the start; the indicator (1 up, -1 down, 0 where none is
    shown); 1 at the end; the check (1 up, -1 down), which is drawn anew after every step. The
    position encoding follows them. Which check is shown is noise, a sub-task or a clue, depending
    on the settings below. Nothing ever moves the agent to the left.

    The seven published mazes (Beck et al. 2024) are made by the functions
    in `splagger.environments.t_maze.family`.

    **Raises:** `UserError` for settings that do not fit together.
    """

    length: int = eqx.field(default=100, static=True)
    """How many positions the corridor has, at least 2. An episode needs so many steps."""
    indicator_position: int = eqx.field(default=1, static=True)
    """Where the indicator is shown."""
    second_indicator_position: int | None = eqx.field(default=None, static=True)
    """Where an independent second indicator is shown, neither at the start nor at the end.

    With two indicators it is right to go down where they agree, and up where they differ; either
    one alone says nothing. (The published documentation says the opposite of its code, Q11.)
    """
    checks: bool = eqx.field(default=False, static=True)
    """Whether every position but the last has a sub-task.

    The action must then equal the shown check. If it does, the agent moves right and is given
    `check_reward`; otherwise it stays.
    """
    force_right: bool = eqx.field(default=True, static=True)
    """Whether any action before the end counts as RIGHT. Sub-tasks still ask for the check."""
    force_decision: bool = eqx.field(default=True, static=True)
    """Whether LEFT counts as UP, and RIGHT as DOWN, at the end."""
    latent_probabilities: tuple[float, float] | None = eqx.field(default=None, static=True)
    """Probability that a check says up, in tasks whose indicator is UP, and in the others.

    If given, no indicator is ever shown and the checks are the only evidence. Otherwise a check
    is up with probability 1/2.
    """
    position_encoding: Literal["none", "raw", "wave"] = eqx.field(default="none", static=True)
    """What is appended to the observation: nothing, the time step, or two waves of it.

    The waves of time step t are sin(t) and cos(t / timeout).
    """
    timeout: int | None = eqx.field(default=None, static=True)
    """How many steps an episode may have, at least `length`; 3/2 of the length if not given.

    The step after the last one ends the episode with reward 0 and changes nothing.
    """
    success_reward: float = eqx.field(default=4.0, static=True)
    """Reward of the right decision, above `failure_reward`."""
    failure_reward: float = eqx.field(default=-3.0, static=True)
    """Reward of the wrong decision."""
    check_reward: float = eqx.field(default=0.1, static=True)
    """Reward of a passed sub-task, at least 0."""

    truncates: ClassVar[bool] = False
    has_success: ClassVar[bool] = True
    action_names: ClassVar[tuple[str, ...]] = tuple(action.name.lower() for action in TMazeAction)

    def __check_init__(self) -> None:
        check_at_least("length of a T-maze", self.length, 2)
        _check_position("indicator_position", self.indicator_position, 0, self.length - 1)
        second = self.second_indicator_position
        if second is not None:
            _check_position("second_indicator_position", second, 1, self.length - 2)
            if second == self.indicator_position:
                raise UserError(
                    f"second_indicator_position is {second}, but it must differ from "
                    "indicator_position."
                )
        if self.latent_probabilities is not None:
            for probability in self.latent_probabilities:
                check_fraction("probability of a check in a latent T-maze", probability)
            if second is not None:
                raise UserError(
                    f"second_indicator_position is {second}, but it must be none in a latent "
                    "T-maze, which shows no indicator."
                )
        check_choice("position_encoding", self.position_encoding, ("none", "raw", "wave"))
        # With fewer steps the end could not be reached.
        check_at_least("timeout of a T-maze", self.time_limit, self.length)
        check_at_least("check_reward", self.check_reward, 0)
        if not self.success_reward > self.failure_reward:
            raise UserError(
                f"success_reward is {self.success_reward}, but it must be above failure_reward "
                f"({self.failure_reward})."
            )

    @property
    def time_limit(self) -> int:
        """The timeout in force, in steps."""
        return (3 * self.length + 1) // 2 if self.timeout is None else self.timeout

    @property
    def observation_space(self) -> Box:
        """Four numbers and the position encoding."""
        low, high = {
            "none": ((), ()),
            "raw": ((0.0,), (float(self.time_limit),)),
            "wave": ((-1.0, -1.0), (1.0, 1.0)),
        }[self.position_encoding]
        size = 4 + len(low)
        return Box((0.0, -1.0, 0.0, -1.0, *low), (1.0, 1.0, 1.0, 1.0, *high), (size,))

    @property
    def action_space(self) -> Discrete:
        """The four actions of `TMazeAction`."""
        return Discrete(len(TMazeAction))

    @property
    def indicator_positions(self) -> tuple[int, ...]:
        """Where each of the task's indicators is shown, unless the maze is latent."""
        second = self.second_indicator_position
        return (self.indicator_position, *(() if second is None else (second,)))

    @property
    def max_episode_steps(self) -> int:
        """The timeout and the one dead step that reports it."""
        return self.time_limit + 1

    def sample_task(self, key: Key[Array, ""]) -> TMazeTask:
        """Draws each indicator with a fair coin."""
        count = 1 if self.second_indicator_position is None else 2
        return TMazeTask(_up_or_down(jax.random.bernoulli(key, 0.5, (count,))))

    def task_vector(self, task: TMazeTask, state: TMazeState) -> Float[Array, "task"]:
        """The indicators as the numbers 2 (up) and 3 (down)."""
        del state
        return task.indicators.astype(float)

    @property
    def tasks(self) -> int:
        """2, or 4 in an agreement maze."""
        return 2 if self.second_indicator_position is None else 4

    def task_index(self, task: TMazeTask, state: TMazeState) -> Int[Array, ""]:
        """1 if the indicator is up, plus 2 if the second one is."""
        del state
        up = task.indicators == TMazeAction.UP
        return jnp.sum(jnp.where(up, 2 ** jnp.arange(up.size), 0))

    def belief(self, task: TMazeTask, state: TMazeState) -> Float[Array, "tasks"]:
        """The probability of every task after all checks and indicators that were shown in the
        trial and the outcomes of its decisions.

        What is shown after a decision and after the timeout counts too.
        """
        del task
        return jnp.exp(state.log_belief)

    def task_probes(self) -> TaskProbes | None:
        """The decisions DOWN and UP at the corridor's end, reached as fast as can be; the check
        shown there is UP, before and after.

        **Returns:** the decisions, or `None` in an agreement maze, where one is right in several
        tasks, and where the indicator is shown at the corridor's end.
        """
        if self.second_indicator_position is not None or (
            self.latent_probabilities is None and self.indicator_position == self.length - 1
        ):
            return None
        decisions = _up_or_down(jnp.array([False, True]))
        up = decisions[1]

        def seen(position: int, timestep: int) -> Float[Array, "observation"]:
            # It is the same in both tasks and in both arms.
            state = TMazeState(jnp.array(position), jnp.array(timestep), up, no_evidence(2))
            return self.observe(TMazeTask(up[None]), state)

        before, after = seen(self.length - 1, self.length - 1), seen(self.length, self.length)
        return TaskProbes(
            previous_observation=jnp.stack([before, before]),
            action=decisions,
            reward=jnp.zeros((2,), dtype=float),
            observation=jnp.stack([after, after]),
            episode_end=jnp.ones((2,), dtype=bool),
            success=self.success_reward,
            failure=self.failure_reward,
        )

    def correct_decision(self, task: TMazeTask) -> Int[Array, ""]:
        """UP or DOWN, whichever is right at the end."""
        if self.second_indicator_position is None:
            return task.indicators[0]
        return _up_or_down(task.indicators[0] != task.indicators[1])

    def draw_check(self, task: TMazeTask, key: Key[Array, ""]) -> Int[Array, ""]:
        """Draws the check that is shown next, UP or DOWN."""
        probability = 0.5
        if self.latent_probabilities is not None:
            up, down = self.latent_probabilities
            probability = jnp.where(task.indicators[0] == TMazeAction.UP, up, down)
        return _up_or_down(jax.random.bernoulli(key, probability))

    def reset(
        self, task: TMazeTask, state: TMazeState | None, key: Key[Array, ""]
    ) -> tuple[TMazeState, Float[Array, "observation"]]:
        """Puts the agent at the start. Only what was learnt about the task outlives an episode."""
        return self.start(task, self.draw_check(task, key), state)

    def step(
        self, task: TMazeTask, state: TMazeState, action: Int[Array, ""], key: Key[Array, ""]
    ) -> tuple[TMazeState, Step]:
        """Draws the next check and advances by one step."""
        return self.advance(task, state, action, self.draw_check(task, key))

    def start(
        self, task: TMazeTask, check: Int[Array, ""], state: TMazeState | None = None
    ) -> tuple[TMazeState, Float[Array, "observation"]]:
        """`reset` with the drawn check as an argument: nothing in it is random."""
        zero = jnp.zeros((), dtype=int)
        known = no_evidence(self.tasks) if state is None else state.log_belief
        state = TMazeState(
            position=zero,
            timestep=zero,
            check=check.astype(int),
            log_belief=weigh(known, self._shown(task, zero, check)),
        )
        return state, self.observe(task, state)

    def advance(
        self,
        task: TMazeTask,
        state: TMazeState,
        action: Int[Array, ""],
        check: Int[Array, ""],
    ) -> tuple[TMazeState, Step]:
        """`step` with the next check as an argument: nothing in it is random."""
        timed_out = state.timestep >= self.time_limit
        at_end = state.position == self.length - 1
        # From here on LEFT and RIGHT at the end are decisions, if decisions are forced.
        chosen = action
        if self.force_decision:
            chosen = jnp.where(at_end & (action == TMazeAction.LEFT), TMazeAction.UP, chosen)
            chosen = jnp.where(at_end & (action == TMazeAction.RIGHT), TMazeAction.DOWN, chosen)
        upright = (chosen == TMazeAction.UP) | (chosen == TMazeAction.DOWN)
        decides = at_end & ~timed_out & upright
        right = chosen == self.correct_decision(task)
        reward = jnp.where(decides, jnp.where(right, self.success_reward, self.failure_reward), 0.0)

        if self.checks:
            moves = action == state.check
        elif self.force_right:
            moves = jnp.ones((), dtype=bool)
        else:
            moves = action == TMazeAction.RIGHT
        moves = moves & (state.position < self.length - 1) & ~timed_out
        if self.checks:
            reward = jnp.where(moves, self.check_reward, reward)
        arm = jnp.where(chosen == TMazeAction.UP, self.length, self.length + 1)

        # In which tasks the decision has the outcome that it has.
        outcome = ~decides | ((chosen == jax.vmap(self.correct_decision)(self._all_tasks)) == right)
        position = jnp.where(decides, arm, state.position + moves)
        state = TMazeState(
            position=position,
            timestep=state.timestep + ~timed_out,
            check=check.astype(int),
            log_belief=weigh(
                state.log_belief, sight_evidence(outcome), self._shown(task, position, check)
            ),
        )
        return state, Step(
            observation=self.observe(task, state),
            reward=reward,
            terminated=decides | timed_out,
            success=decides & right,
        )

    def observe(self, task: TMazeTask, state: TMazeState) -> Float[Array, "observation"]:
        """The observation in a state. Both arms look like the end of the corridor."""
        place = self._place(state.position)
        indicator = jnp.zeros((), dtype=float)
        if self.latent_probabilities is None:
            for index, position in enumerate(self.indicator_positions):
                sign = _sign(task.indicators[index])
                indicator = jnp.where(place == position, sign, indicator)
        numbers = [
            jnp.where(place == 0, 1.0, 0.0),
            indicator,
            jnp.where(place == self.length - 1, 1.0, 0.0),
            _sign(state.check),
        ]
        time = state.timestep.astype(float)
        if self.position_encoding == "raw":
            numbers.append(time)
        elif self.position_encoding == "wave":
            numbers += [jnp.sin(time), jnp.cos(time / self.time_limit)]
        return jnp.stack(numbers)

    def render(
        self, task: TMazeTask, state: TMazeState, size: int = 256
    ) -> UInt8[np.ndarray, "height width 3"]:
        """The part of the corridor around the agent, and below it the whole of it."""
        shown = zip(self.indicator_positions, task.indicators, strict=True)
        if self.latent_probabilities is not None:
            shown = ()
        return draw_t_maze(
            length=self.length,
            signs=tuple((place, bool(sign == TMazeAction.UP)) for place, sign in shown),
            upper_is_right=bool(self.correct_decision(task) == TMazeAction.UP),
            position=int(state.position),
            check_up=bool(state.check == TMazeAction.UP),
            size=size,
        )

    def bayes_error(self) -> float:
        """Probability that the best first decision of a trial is wrong; 0 unless latent.

        A forced walk shows `length` checks before the decision. How many of them are up is
        binomial in both kinds of task; Bayes' rule takes the likelier kind.
        """
        if self.latent_probabilities is None:
            return 0.0
        return bayes_error(self.length, *self.latent_probabilities)

    def optimal_return(self, episodes: int) -> float | None:
        """The expected return of the best agent over a trial.

        All sub-tasks are passed and every decision is right, except that the first one in a
        latent maze is wrong with probability `bayes_error`; its reward reveals the task.

        **Returns:** the return, or `None` where the best agent may do better than decide: in a
        latent maze in which it can wait for more checks, or if even success is punished.
        """
        forced = self.force_right and self.force_decision and not self.checks
        if (self.latent_probabilities is not None and not forced) or self.success_reward < 0:
            return None
        passed = (self.length - 1) * self.check_reward if self.checks else 0.0
        lost = self.bayes_error() * (self.success_reward - self.failure_reward)
        return episodes * (passed + self.success_reward) - lost

    @property
    def _all_tasks(self) -> TMazeTask:
        """Every task, `[tasks]`, in the order of `task_index`."""
        bits = 2 ** jnp.arange(1 if self.second_indicator_position is None else 2)

        def numbered(index: Int[Array, ""]) -> TMazeTask:
            return TMazeTask(_up_or_down(index // bits % 2 == 1))

        return jax.vmap(numbered)(jnp.arange(self.tasks))

    def _place(self, position: Int[Array, ""]) -> Int[Array, ""]:
        """Where in the corridor a position looks like."""
        return jnp.minimum(position, self.length - 1)

    def _shown(
        self, task: TMazeTask, position: Int[Array, ""], check: Int[Array, ""]
    ) -> Float[Array, "tasks"]:
        """What is said about the task by the check and the indicator shown at a position."""
        indicators = self._all_tasks.indicators
        if self.latent_probabilities is not None:
            up = indicators[:, 0] == TMazeAction.UP
            return check_evidence(up, check == TMazeAction.UP, self.latent_probabilities)
        visible = self._place(position) == jnp.array(self.indicator_positions)
        return sight_evidence(jnp.all(~visible | (indicators == task.indicators), axis=1))


def _up_or_down(up: Bool[Array, "*shape"]) -> Int[Array, "*shape"]:
    return jnp.where(up, int(TMazeAction.UP), int(TMazeAction.DOWN)).astype(int)


def _sign(direction: Int[Array, ""]) -> Float[Array, ""]:
    return jnp.where(direction == TMazeAction.UP, 1.0, -1.0)


def _check_position(name: str, position: int, first: int, last: int) -> None:
    if not first <= position <= last:
        raise UserError(
            f"{name} is {position}, but it must be from {first} to {last} in a T-maze of this "
            "length."
        )
