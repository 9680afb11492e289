"""Actor and critic: from normalised observation and latent to action distribution and value."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from splagger.environments.spaces import Box, Discrete
from splagger.foundation.initialisers import normalised_columns, orthogonal, uniform_he
from splagger.foundation.linear import Linear
from splagger.policies.distributions import ActionDistribution, Categorical, DiagonalGaussian
from splagger.policies.hypernetwork import HypernetworkNetwork
from splagger.policies.network import Network, PlainNetwork


class ActorCritic(eqx.Module):
    """Two separate networks behind shared embeddings of the observation and of the latent."""

    observation_embedding: Linear
    """Embeds the normalised observation, followed by tanh."""
    latent_embedding: Linear
    """Embeds the latent, followed by tanh: the condition of both networks."""
    actor: Network
    """Gives the outputs that `distribution` turns into a distribution over actions."""
    critic: Network
    """Gives the value, one number."""
    distribution: ActionDistribution
    """Distribution over actions."""

    @classmethod
    def create(
        cls,
        key: PRNGKeyArray,
        *,
        observation_size: int,
        latent_size: int,
        action_space: Box | Discrete,
        hypernetwork: bool,
        observation_embedding: int,
        latent_embedding: int,
        hidden_sizes: tuple[int, ...],
        standard_deviation: float,
        critic_bias_bound: float | None,
    ) -> "ActorCritic":
        """Draws initial parameters as in the paper.

        **Arguments:**

        - `key`: randomness.
        - `observation_size`, `latent_size`: sizes of the inputs.
        - `action_space`: decides the distribution: categorical or diagonal Gaussian.
        - `hypernetwork`: whether the weights of both networks are generated from the latent
            (Bias-HyperInit), or the latent is one more input.
        - `observation_embedding`, `latent_embedding`: widths of the embeddings.
        - `hidden_sizes`: widths of the hidden layers of both networks.
        - `standard_deviation`: initial value for continuous actions.
        - `critic_bias_bound`: under a hypernetwork, the bias that the critic's head starts with
            is uniform on ± this; None for 1/√inputs, the default of a linear layer. The published
            system has 1 there (Q9).
        """
        keys = jax.random.split(key, 4)
        if isinstance(action_space, Discrete):
            distribution = Categorical(action_space.n)
            actor_head = orthogonal(0.01)
        else:
            distribution = DiagonalGaussian.create(action_space.size, standard_deviation)
            actor_head = normalised_columns(1.0)
        sizes = (observation_embedding, latent_embedding, hidden_sizes)
        if hypernetwork:
            default = hidden_sizes[-1] ** -0.5
            bound = default if critic_bias_bound is None else critic_bias_bound
            actor = HypernetworkNetwork.create(
                keys[2], *sizes, distribution.outputs, actor_head, head_bias_bound=0.0
            )
            critic = HypernetworkNetwork.create(
                keys[3], *sizes, 1, uniform_he, head_bias_bound=bound
            )
        else:
            actor = PlainNetwork.create(keys[2], *sizes, distribution.outputs, actor_head)
            critic = PlainNetwork.create(keys[3], *sizes, 1, None)
        return cls(
            observation_embedding=Linear.create(keys[0], observation_size, observation_embedding),
            latent_embedding=Linear.create(keys[1], latent_size, latent_embedding),
            actor=actor,
            critic=critic,
            distribution=distribution,
        )

    def embed(
        self,
        observation: Float[Array, "*batch observation"],
        latent: Float[Array, "*batch latent"],
    ) -> tuple[Float[Array, "*batch embedded"], Float[Array, "*batch condition"]]:
        """Embeds normalised observation and latent, for `actor` and `critic`."""
        return (
            jnp.tanh(self.observation_embedding(observation)),
            jnp.tanh(self.latent_embedding(latent)),
        )

    def action_outputs(
        self,
        observation: Float[Array, "*batch observation"],
        latent: Float[Array, "*batch latent"],
    ) -> Float[Array, "*batch outputs"]:
        """The actor's outputs, from normalised observation and latent."""
        return self.actor(*self.embed(observation, latent))

    def value(
        self,
        observation: Float[Array, "*batch observation"],
        latent: Float[Array, "*batch latent"],
    ) -> Float[Array, "*batch"]:
        """The critic's estimate of the normalised discounted return of the rest of the trial."""
        return self.critic(*self.embed(observation, latent))[..., 0]
