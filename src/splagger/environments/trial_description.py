"""What is known about trials before any step is made, whatever simulates them."""

import abc
import typing
from typing import Generic, Literal, Protocol, TypeVar

import equinox as eqx

from splagger.environments.places import Places
from splagger.environments.spaces import Box, Discrete
from splagger.foundation.checks import check_at_least, check_choice
from splagger.foundation.errors import UserError

Boundary = Literal["both", "terminal", "start"]
"""What is seen where an episode ends inside a trial; see `TrialDescription.boundary`."""

BOUNDARIES: tuple[Boundary, ...] = typing.get_args(Boundary)
"""Every boundary convention."""


@typing.runtime_checkable
class DescribedEnvironment(Protocol):
    """What every environment says about itself; `Environment` says what each of these means."""

    @property
    def observation_space(self) -> Box:
        """What an observation is."""
        ...

    @property
    def action_space(self) -> Box | Discrete:
        """What an action is."""
        ...

    @property
    def max_episode_steps(self) -> int:
        """The largest number of steps in an episode."""
        ...

    @property
    def tasks(self) -> int | None:
        """How many different tasks there are; None where they are not finite."""
        ...

    @property
    def task_size(self) -> int:
        """How many numbers describe a task."""
        ...

    def optimal_return(self, episodes: int) -> float | None:
        """The expected return of the best possible agent in a trial; None where it is unknown."""
        ...


DescribedT = TypeVar("DescribedT", bound=DescribedEnvironment)
"""The kind of environment that trials are made of."""


class TrialDescription(eqx.Module, Generic[DescribedT]):
    """An environment in which tasks last for K episodes (Beck et al. 2024), described.

    With K > 1 every observation gets one more number at its end, the flag of an episode's end.
    Builders of agents and learners need to know no more than this; what steps is a subclass.

    **Raises:** `UserError` for fewer than one episode, an unknown boundary, or an environment
    whose observations are not vectors.
    """

    environment: DescribedT
    """The environment."""
    episodes: int = eqx.field(static=True)
    """K, how many episodes a task lasts, at least 1."""
    boundary: Boundary = eqx.field(default="both", static=True)
    """What is seen where an episode other than the last one ends (Q7).

    - `"both"`: the memory sees the terminal observation with flag 1, the policy acts on the start
      observation of the next episode with flag 0. The default.
    - `"terminal"`: both see the terminal observation with flag 1, although the simulator is
      already in its new start. Published for ordinary environments.
    - `"start"`: both see the start observation of the next episode, with flag 1. The terminal
      observation is never seen. Published for mazes.

    At the end of the whole trial the memory always sees the terminal observation with flag 1 and
    the policy acts on the new task's start observation with flag 0.
    """

    def __check_init__(self) -> None:
        check_at_least("episodes of a trial", self.episodes, 1)
        check_choice("boundary of a trial", self.boundary, BOUNDARIES)
        if len(self.environment.observation_space.shape) != 1:
            raise UserError(
                f"observations of {type(self.environment).__name__} must be vectors, but its "
                f"observation space has shape {self.environment.observation_space.shape}."
            )

    @property
    def observation_size(self) -> int:
        """Length of an observation, the flag included."""
        return self.environment.observation_space.size + (self.episodes > 1)

    @property
    def action_space(self) -> Box | Discrete:
        """What an action is."""
        return self.environment.action_space

    @property
    def tasks(self) -> int | None:
        """How many different tasks there are; None where they are not finite."""
        return self.environment.tasks

    @property
    def task_size(self) -> int:
        """How many numbers describe a task; 0 where nothing is said about it."""
        return self.environment.task_size

    @property
    def places(self) -> Places | None:
        """Where the agent can be, where that and the task alone decide whether a step succeeds;
        None elsewhere."""
        return None

    @property
    def belief_size(self) -> int | None:
        """How many probabilities the exact belief about the task has, one for each of the `tasks`;
        None, unless the environment knows that belief."""
        return None

    @property
    @abc.abstractmethod
    def may_truncate(self) -> bool:
        """Whether an episode may be cut off by a time limit (Q15), or where physics diverge."""

    @property
    @abc.abstractmethod
    def has_success(self) -> bool:
        """Whether episodes can be a success, so that a success rate is reported."""

    @property
    def task_groups(self) -> tuple[str, ...]:
        """Names of the groups that tasks are in, of which evaluations run equally many trials each;
        none, unless the environment has such."""
        return ()

    @property
    @abc.abstractmethod
    def may_diverge(self) -> bool:
        """Whether simulated physics may diverge, so that it is reported how often they do."""

    @property
    def max_steps(self) -> int:
        """The largest number of steps in a trial."""
        return self.episodes * self.environment.max_episode_steps

    @property
    def optimal_return(self) -> float | None:
        """The best possible expected return of a trial, `None` where it is not known."""
        return self.environment.optimal_return(self.episodes)
