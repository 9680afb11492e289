"""The warm-up of task inference, in which the policy is told the true task (Humplik et al. 2019;
Beck et al. 2023)."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int

from splagger.agent import Agent
from splagger.learning.objective import InferenceNumbers
from splagger.policies.actor_critic import ActorCritic
from splagger.policies.policy import Policy


def told_in_warm_up(
    agent: Agent, updates: int | Int[Array, ""], numbers: InferenceNumbers | None
) -> Agent:
    """The agent for the rollout after so many `updates`: told the task while the warm-up lasts."""
    if numbers is None:
        return agent
    return eqx.tree_at(lambda a: a.told, agent, updates < numbers.warm_up_updates)


def after_updates(
    agent: Agent,
    updates: Int[Array, ""],
    numbers: InferenceNumbers | None,
    second_policy: Policy | None,
) -> Agent:
    """The agent for the next rollout: told the task while the warm-up lasts, and afterwards with
    another policy, if so wished.

    **Arguments:**

    - `agent`: as it has learnt.
    - `updates`: how many it has made.
    - `numbers`: say how long the warm-up is; None: there is none.
    - `second_policy`: what the policy becomes when it ends, except for its embedding of the true
        task, which stays (Q36: so do the optimiser's moments); None: it goes on as it is.
    """
    agent = told_in_warm_up(agent, updates, numbers)
    if numbers is None or second_policy is None:
        return agent
    trained = agent.networks.actor_critic
    assert isinstance(trained, ActorCritic)
    assert isinstance(second_policy, ActorCritic)
    fresh = eqx.tree_at(lambda policy: policy.task_embedding, second_policy, trained.task_embedding)
    ends = updates == numbers.warm_up_updates
    policy = jax.tree.map(lambda new, old: jnp.where(ends, new, old), fresh, trained)
    return eqx.tree_at(lambda a: a.networks.actor_critic, agent, policy)
