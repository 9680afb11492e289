"""What an agent keeps of rollouts besides its parameters."""

import equinox as eqx
from jaxtyping import Array, Float

from splagger.agent import Agent
from splagger.foundation.device_mesh import flat_samples
from splagger.foundation.normalisers import RunningMoments
from splagger.learning.rollout import Rollout


def observe_statistics(agent: Agent, rollout: Rollout) -> Agent:
    """Takes a rollout into the statistics that normalise the policy's inputs."""
    agent = eqx.tree_at(
        lambda a: a.observations, agent, _update(agent.observations, rollout.observation)
    )
    if agent.latents is not None:
        seen = agent.seen_latent(rollout.latent, rollout.latent_noise)
        agent = eqx.tree_at(lambda a: a.latents, agent, _update(agent.latents, seen))
    if agent.tasks is not None:
        vectors = rollout.task.vector
        agent = eqx.tree_at(lambda a: a.tasks, agent, _update(agent.tasks, vectors))
    return agent


def _update(
    moments: RunningMoments, rows: Float[Array, "time environment feature"]
) -> RunningMoments:
    return moments.update(flat_samples(rows), unbiased=True)
