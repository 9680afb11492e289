"""The interface of a policy with its value function."""

import abc
from typing import ClassVar

import equinox as eqx
from jaxtyping import Array, Float

from splagger.environments.task_information import TaskInformation
from splagger.policies.distributions import ActionDistribution


class Policy(eqx.Module):
    """From normalised observation and latent to a distribution over actions and a value."""

    needs_task: ClassVar[bool] = False
    """Whether it uses the true task, so that it can act only where that is known."""

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
