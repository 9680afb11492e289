"""Adam for the parts of an agent."""

from typing import Any, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float

from splagger.agent import Networks

Parameters = TypeVar("Parameters")


class OptimiserState(eqx.Module):
    """Adam's moments for the parts of an agent."""

    actor_critic: Any
    """Of the policy."""
    sequence_model: Any
    """Of the sequence model."""
    decoders: Any
    """Of the decoders; of nothing where there are none."""


class Optimisers(eqx.Module):
    """Adam for the policy, and for the sequence model and its decoders, apart as published
    (Q39)."""

    policy_epsilon: float = eqx.field(static=True)
    """Added to the root of the second moment, for the policy."""
    sequence_epsilon: float = eqx.field(static=True)
    """The same for the sequence model and the decoders."""

    def initial_state(self, networks: Networks) -> OptimiserState:
        """The moments before any step."""
        sequence = self.sequence()
        return OptimiserState(
            self.policy().init(eqx.filter(networks.actor_critic, eqx.is_array)),
            sequence.init(eqx.filter(networks.sequence_model, eqx.is_array)),
            sequence.init(eqx.filter(networks.decoders, eqx.is_array)),
        )

    def policy(self) -> optax.GradientTransformation:
        """Scaling of the policy's gradients by their moments, without learning rate."""
        return optax.scale_by_adam(eps=self.policy_epsilon)

    def sequence(self) -> optax.GradientTransformation:
        """The same for the sequence model and the decoders."""
        return optax.scale_by_adam(eps=self.sequence_epsilon)

    def step_policy(
        self,
        networks: Networks,
        gradient: Networks,
        state: OptimiserState,
        learning_rate: Float[Array, ""],
    ) -> tuple[Networks, OptimiserState]:
        """Moves actor and critic."""
        moved, moments = _step(
            self.policy(),
            networks.actor_critic,
            gradient.actor_critic,
            state.actor_critic,
            learning_rate,
        )
        return (
            eqx.tree_at(lambda n: n.actor_critic, networks, moved),
            eqx.tree_at(lambda s: s.actor_critic, state, moments),
        )

    def step_sequence(
        self,
        networks: Networks,
        gradient: Networks,
        state: OptimiserState,
        learning_rate: Float[Array, ""],
    ) -> tuple[Networks, OptimiserState]:
        """Moves sequence model and decoders."""
        adam = self.sequence()
        model, model_moments = _step(
            adam,
            networks.sequence_model,
            gradient.sequence_model,
            state.sequence_model,
            learning_rate,
        )
        decoders, decoder_moments = _step(
            adam, networks.decoders, gradient.decoders, state.decoders, learning_rate
        )
        return (
            Networks(model, networks.actor_critic, decoders),
            OptimiserState(state.actor_critic, model_moments, decoder_moments),
        )


def clip_by_norm(
    gradient: Parameters, maximum: Float[Array, ""]
) -> tuple[Parameters, Float[Array, ""]]:
    """Scales a pytree of gradients down to a norm of at most `maximum`.

    **Returns:** the scaled gradients and the norm before.
    """
    norm = optax.tree.norm(gradient)
    scale = jnp.minimum(1, maximum / (norm + 1e-6))
    return jax.tree.map(lambda leaf: leaf * scale, gradient), norm


def _step(
    adam: optax.GradientTransformation,
    parameters: Any,
    gradient: Any,
    moments: Any,
    learning_rate: Float[Array, ""],
) -> tuple[Any, Any]:
    direction, moments = adam.update(gradient, moments)
    steps = jax.tree.map(lambda leaf: -learning_rate * leaf, direction)
    return optax.apply_updates(parameters, steps), moments
