"""The interface of an environment: a distribution of tasks and the dynamics of one of them."""

import abc
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key, UInt8

from splagger.environments.places import Places
from splagger.environments.spaces import Box, Discrete
from splagger.environments.task_probes import TaskProbes

Task = TypeVar("Task")
"""A task: any pytree of arrays. It stays the same for a whole trial."""
State = TypeVar("State")
"""The state of a simulator: any pytree of arrays, of one structure, shapes and dtypes."""


def _number(value: Any) -> Array:
    return jnp.asarray(value, dtype=float)


def _flag(value: Any) -> Array:
    return jnp.asarray(value, dtype=bool)


class Step(eqx.Module):
    """What one environment step returns besides the new state.

    Every field accepts anything that `jax.numpy.asarray` accepts, traced or not; a reward may be
    a plain `0.0`, and `truncated`, `success` and `diverged` may be left out.
    """

    observation: Float[Array, "observation"] = eqx.field(converter=_number)
    """The observation after the step; at an episode's end the final one, never the next start."""
    reward: Float[Array, ""] = eqx.field(converter=_number)
    """The reward, not normalised."""
    terminated: Bool[Array, ""] = eqx.field(converter=_flag)
    """Whether the episode ended in the task's own terms: nothing is worth anything after it."""
    truncated: Bool[Array, ""] = eqx.field(default=False, converter=_flag)
    """Whether the environment itself cut the episode off. Has no effect beside `terminated`.

    An environment that is cut off after `max_episode_steps` steps need not say so: `Trial` does.
    """
    success: Bool[Array, ""] = eqx.field(default=False, converter=_flag)
    """Whether the episode that ends with this step was a success. Read only where it ends."""
    diverged: Bool[Array, ""] = eqx.field(default=False, converter=_flag)
    """Whether the simulator failed in this step, and not the agent: its numbers became infinite,
    no numbers, or absurd.

    The step then gives the reward 0, and state and observation stay as they were before it. The
    episode is cut off there, whatever `terminated` says. An environment that may set it says so by
    `may_diverge`.
    """


class Environment(eqx.Module, Generic[Task, State]):
    """A distribution of tasks, and the dynamics of one task. Subclass it to make your own.

    All methods are pure: whatever is random comes from the key, whatever changes is in the state.
    They see one environment; callers use `jax.vmap` for many. Several members of a sweep and all
    environments draw from independent keys, so no two environments share their tasks by accident
    (in the published code some did, Q23).

    A subclass needs the methods `sample_task`, `reset` and `step`, and three attributes; each can
    be a field, a class attribute or a property:

    - `observation_space`: what an observation is, a `Box` of shape `(n,)`.
    - `action_space`: what an action is, a `Box` of shape `(n,)` or `Discrete(n)`.
    - `max_episode_steps`: the largest number of steps in an episode, at least 1.

    Everything else has a default. Agents that are told the task, or infer it, need `task_vector`;
    those with a network for every task need `tasks` and `task_index`. What an ideal observer would
    infer, and how to ask a decoder for it, are told by `belief`, `places` and `task_probes`.
    """

    # At run time a subclass may use fields, class attributes or properties for these. Type checkers
    # do not know `AbstractVar`; to them the common case is a property.
    if TYPE_CHECKING:

        @property
        def observation_space(self) -> Box:
            """What an observation is: a vector, so a `Box` of shape `(n,)`."""
            ...

        @property
        def action_space(self) -> Box | Discrete:
            """What an action is: a `Box` of shape `(n,)`, or `Discrete(n)`: a scalar integer."""
            ...

        @property
        def max_episode_steps(self) -> int:
            """The largest number of steps in an episode; `Trial` truncates there."""
            ...
    else:
        observation_space: eqx.AbstractVar[Box]
        action_space: eqx.AbstractVar[Box | Discrete]
        max_episode_steps: eqx.AbstractVar[int]

    truncates: ClassVar[bool] = True
    """Whether an episode may be cut off by a time limit.

    Where it is `False` an episode ends by termination alone, which the environment itself
    promises to happen within `max_episode_steps`. The learner then needs no values of final
    observations (Q15).
    """
    has_success: ClassVar[bool] = False
    """Whether `Step.success` means something. If so a success rate is reported."""
    may_diverge: ClassVar[bool] = False
    """Whether `Step.diverged` is ever set. If so it is reported how many episodes ended like that.

    Such an episode is cut off even where `truncates` is `False`.
    """

    task_groups: ClassVar[tuple[str, ...]] = ()
    """What people call the `tasks`, in the order of `task_index`. Then evaluations have equally
    many trials of each, and report each. Empty: they draw tasks as training does."""

    action_names: ClassVar[tuple[str, ...]] = ()
    """What people call the actions of a `Discrete` action space; empty: by their numbers."""

    @abc.abstractmethod
    def sample_task(self, key: Key[Array, ""]) -> Task:
        """Draws a task from the distribution."""

    @abc.abstractmethod
    def reset(
        self, task: Task, state: State | None, key: Key[Array, ""]
    ) -> tuple[State, Float[Array, "observation"]]:
        """Begins an episode.

        **Arguments:**

        - `task`: the task of the trial.
        - `state`: the final state of the trial's previous episode, or `None` at a trial's start.
            Most environments ignore it. One in which something outlives an episode, such as the
            cells that were visited, takes that from here.
        - `key`: for random starts.

        **Returns:** the state and the first observation. The state has the same structure, shapes
        and dtypes whatever `state` is.
        """

    @abc.abstractmethod
    def step(
        self,
        task: Task,
        state: State,
        action: Array,
        key: Key[Array, ""],
    ) -> tuple[State, Step]:
        """Makes one step. It never begins the next episode: `Trial` does that.

        **Arguments:**

        - `task`: the task of the trial.
        - `state`: the state before the step.
        - `action`: a scalar integer for a `Discrete` action space, a vector for a `Box`.
        - `key`: for random dynamics.

        **Returns:** the state after the step, and a `Step`.
        """

    def task_vector(self, task: Task, state: State) -> Float[Array, "task"]:
        """The hidden task as numbers, for agents that are told it or learn to infer it.

        Empty unless overridden. It may depend on the state, for instance where a goal moves.
        """
        del task, state
        return jnp.zeros((0,), dtype=float)

    @property
    def task_size(self) -> int:
        """How many numbers `task_vector` has."""

        def vector() -> Array:
            key = jax.random.key(0)
            task = self.sample_task(key)
            state, _ = self.reset(task, None, key)
            return self.task_vector(task, state)

        return jax.eval_shape(vector).size

    @property
    def tasks(self) -> int | None:
        """How many different tasks there are, at least 1; None unless overridden, where they are
        not finite or not counted."""
        return None

    def task_index(self, task: Task, state: State) -> Int[Array, ""]:
        """Which of the `tasks` it is, 0 to `tasks` - 1.

        0 unless overridden, which it must be where `tasks` is not None. As in `task_vector`, it may
        depend on the state.
        """
        del task, state
        return jnp.zeros((), dtype=int)

    def belief(self, task: Task, state: State) -> Float[Array, "tasks"] | None:
        """The exact probability of each of the `tasks`, given all that was observed in the trial so
        far: the posterior of one who knows the distribution of tasks.

        It is that of an observer who sees every observation and reward that `reset` and `step`
        return; under some boundaries of a `Trial` an agent sees a little less. It may depend on the
        true task only through what was seen of it. No agent but the belief oracle is told it.

        **Arguments:**

        - `task`: the task of the trial.
        - `state`: the state whose observation was the last to be seen. What is needed of earlier
            ones must be in it.

        **Returns:** the probabilities in the order of `task_index`, or `None`, as unless
        overridden.
        """
        del task, state
        return None

    @property
    def places(self) -> Places | None:
        """Where the agent can be, if the place that a step ends in and the task alone decide
        whether the step is a success. Decoders then predict the success of every place.

        `None` unless overridden.
        """
        return None

    def task_probes(self) -> TaskProbes | None:
        """One transition for every task, rewarded in that task and in no other, by which the belief
        of a decoder of rewards is read.

        **Returns:** the transitions, with observations as `step` returns them, or `None`, as unless
        overridden. `Trial.task_probes` gives them as agents see them.
        """
        return None

    def render(
        self, task: Task, state: State, size: int = 256
    ) -> UInt8[np.ndarray, "height width 3"] | None:
        """A picture of a state for people: it may show what the agent does not observe.

        It is called on the host, with arrays and not inside `jax.jit`.
        `splagger.environments.canvas` helps with drawing.

        **Arguments:**

        - `task`, `state`: what to show.
        - `size`: pixels of the picture's longer side.

        **Returns:** red, green and blue from 0 to 255, or `None`, as unless overridden: then
        watchers show the numbers of the observation instead.
        """
        del task, state, size
        return None

    def optimal_return(self, episodes: int) -> float | None:
        """The expected return of the best possible agent, summed over a trial.

        The best agent knows the distribution of tasks, not the task.

        **Arguments:**

        - `episodes`: how many episodes the trial has, at least 1.

        **Returns:** the return (not discounted), or `None` where it is not known.
        """
        del episodes
        return None
