"""Who acts in a trial that is watched: a trained agent, or chance."""

import abc
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from splagger.agent import Agent
from splagger.environments.random_actions import random_action
from splagger.environments.spaces import Box, Discrete
from splagger.environments.task_information import TaskInformation
from splagger.sequence.embedding import Transition


class Actor(eqx.Module):
    """Acts in a batch of one and remembers. All methods are pure."""

    remembers: ClassVar[bool]
    """Whether it has a memory whose change means something."""

    @abc.abstractmethod
    def initial_memory(self) -> Any:
        """The memory at a trial's start."""

    @abc.abstractmethod
    def act(
        self,
        memory: Any,
        observation: Float[Array, "1 observation"],
        task: TaskInformation,
        key: PRNGKeyArray,
    ) -> Shaped[Array, "1 *action"]:
        """Chooses an action."""

    @abc.abstractmethod
    def observe(self, memory: Any, transition: Transition) -> tuple[Any, Float[Array, ""]]:
        """Takes in what the action led to.

        **Returns:** the memory, and how far that moved the latent.
        """


class AgentActor(Actor):
    """A trained agent."""

    agent: Agent
    """One member of a run."""
    sample: bool = eqx.field(static=True)
    """Whether actions are drawn from the policy; else the most likely one is taken."""

    remembers: ClassVar[bool] = True

    def initial_memory(self):
        return self.agent.initial_memory((1,))

    def act(self, memory, observation, task, key):
        return self.agent.act(memory, observation, task, key if self.sample else None).action

    def observe(self, memory, transition):
        # A trial is watched to its end, and what it ends with belongs to its own memory.
        no_end, fresh = jnp.zeros(1, bool), self.agent.initial_memory()
        following, latent = self.agent.observe(memory, transition, no_end, fresh)
        return following, jnp.linalg.norm(latent - memory.latent)


class RandomActor(Actor):
    """Acts at random, as `random_action` does."""

    action_space: Box | Discrete
    """What an action is."""

    remembers: ClassVar[bool] = False

    def initial_memory(self):
        return ()

    def act(self, memory, observation, task, key):
        return random_action(self.action_space, key)[None]

    def observe(self, memory, transition):
        return memory, jnp.zeros((), transition.reward.dtype)
