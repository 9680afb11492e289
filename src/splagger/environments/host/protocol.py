"""What a Gymnasium environment says about its tasks, so that agents can learn to learn in it.

An environment is a `gymnasium.Env` or a wrapper with the methods of `TaskDistribution`, and,
where it has more to say, any members of `OptionalMembers`. They may be at any depth of wrappers;
the outermost counts.

    class Pendulums(PendulumEnv):
        max_episode_steps = 200

        def sample_task(self, generator):
            return generator.uniform(0.5, 2.0)

        def set_task(self, task):
            self.m = task

A vectorised environment, a `gymnasium.vector.VectorEnv`, has `set_tasks` instead of `set_task`;
`vector_simulators.py` says more about those.
"""

from typing import Any, Protocol

import numpy as np
from jaxtyping import UInt8


class TaskDistribution(Protocol):
    """A distribution of tasks. An environment without these two methods has a single task."""

    def sample_task(self, generator: np.random.Generator) -> Any:
        """Draws a task.

        **Arguments:**

        - `generator`: the only source of randomness, so that a seed decides all tasks.

        **Returns:** a number, an array, or a dict or tuple of those, of constant shapes. It is
        kept in checkpoints as arrays.
        """
        ...

    def set_task(self, task: Any) -> None:
        """Begins a trial of this task; a `reset` follows, and one more at every episode's start.

        It draws nothing at random. What outlives an episode inside a trial, such as cells that were
        visited, ends here.
        """
        ...


class OptionalMembers(Protocol):
    """What an environment may have besides; each may be an attribute, property or method as here.

    Actions are never clipped: an environment decides what an action outside of its space does, and
    `gymnasium.wrappers.ClipAction` clips.
    """

    max_episode_steps: int
    """The largest number of steps in an episode; episodes are cut off there. Without it, the limit
    of `gymnasium.wrappers.TimeLimit` or of the environment's `spec`."""
    episodes: int
    """K, the episodes of a trial unless something else is asked for, as an attribute of the class.
    Without it 1."""
    tasks: int
    """How many different tasks there are. Without it, or where it is no integer, they are not
    finite, or not counted."""
    task_groups: tuple[str, ...]
    """Names of groups of tasks, such as the things to do with a robot's arm. Evaluations then run
    equally many trials in each, and report them one by one."""
    has_success: bool
    """Whether episodes can be a success. Then the `info` of an episode's last step must hold
    `success` or `is_success`. Without it false."""
    may_diverge: bool
    """Whether simulated physics may diverge. Then a step whose `info` holds a true `diverged` ends
    the episode as if it were truncated, and is counted; it gives the reward 0 and the observation
    from before. Without it false, and `diverged` means nothing."""

    def task_index(self, task: Any) -> int:
        """Which of the `tasks` it is, 0 to `tasks` - 1. Needed where there are `tasks`."""
        ...

    def task_group(self, task: Any) -> int:
        """Which of the `task_groups` it is in, from 0. Needed where there are such."""
        ...

    def task_vector(self, task: Any) -> Any:
        """The task as a vector of constant length, for agents that are told it or learn to infer
        it. Without it, the task's numbers in order, those of a dict by its sorted keys."""
        ...

    def optimal_return(self, episodes: int) -> float | None:
        """The expected return of the best possible agent, summed over a trial of K episodes."""
        ...

    def get_state(self) -> Any:
        """Everything that decides the future and is neither the task nor in `np_random`.

        With `set_state` it makes the environment restorable: a stopped training goes on as if
        never stopped, where otherwise it goes on with new trials.

        **Returns:** as a task: numbers, arrays, or a dict or tuple of those, of constant shapes
        and dtypes, whenever it is called after a `reset`.
        """
        ...

    def set_state(self, state: Any) -> None:
        """Puts the environment into a state. `set_task` and `reset` come before it."""
        ...

    def render(self) -> UInt8[np.ndarray, "height width 3"]:
        """As in Gymnasium. An option `render_mode` of the class or function is set to
        `rgb_array` where pictures are made."""
        ...


def attribute(environment: Any, name: str, default: Any = None) -> Any:
    """An environment's attribute or bound method, its own or that of the nearest wrapped one.

    **Returns:** `default` where there is none.
    """
    for layer in layers(environment):
        if hasattr(layer, name):
            return getattr(layer, name)
    return default


def layers(environment: Any) -> list[Any]:
    """An environment's wrappers from the outermost inwards, and the environment itself."""
    found = [environment]
    while found[-1].unwrapped is not found[-1]:
        found.append(found[-1].env)
    return found
