"""The interface of a policy with its value function."""

import abc
from typing import Literal

import equinox as eqx
from jaxtyping import Array, Float

from splagger.environments.task_information import TaskInformation
from splagger.policies.distributions import ActionDistribution

TaskPart = Literal["vector", "index", "belief"]
"""A part of `TaskInformation`."""


class Policy(eqx.Module):
    """From normalised observation and latent to a distribution over actions and a value."""

    @property
    @abc.abstractmethod
    def needs_task(self) -> TaskPart | None:
        """What of the task it always uses, so that it can act only where that is known; None where
        the latent is enough."""

    @abc.abstractmethod
    def __call__(
        self,
        observation: Float[Array, "*batch observation"],
        latent: Float[Array, "*batch latent"],
        task: TaskInformation,
    ) -> tuple[ActionDistribution, Float[Array, "*batch"]]:
        """The distribution over actions, and the critic's estimate of the normalised discounted
        return of the rest of the trial.

        In a compiled program the one that is not used is not computed.
        """

    def act_distribution(
        self,
        observation: Float[Array, "*batch observation"],
        latent: Float[Array, "*batch latent"],
        task: TaskInformation,
    ) -> ActionDistribution:
        """The distribution over actions alone."""
        return self(observation, latent, task)[0]

    def value(
        self,
        observation: Float[Array, "*batch observation"],
        latent: Float[Array, "*batch latent"],
        task: TaskInformation,
    ) -> Float[Array, "*batch"]:
        """The critic's estimate alone."""
        return self(observation, latent, task)[1]
