"""Predicts, for every place at once, whether it is a success to be there."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from splagger.environments.places import Places
from splagger.sequence.embedding import Transition
from splagger.sequence.layers import Layers


class PlaceRewardDecoder(eqx.Module):
    """One output for each place, from the latent alone: the multi-headed decoder of grids
    (Zintgraf et al. 2020, appendix C.1)."""

    layers: Layers
    """From the latent to one logit a place; ReLU between them."""
    places: Places = eqx.field(static=True)
    """How observations tell the place, and rewards a success."""

    @classmethod
    def create(
        cls, key: PRNGKeyArray, *, latent_size: int, places: Places, hidden: tuple[int, ...]
    ) -> "PlaceRewardDecoder":
        """Draws initial parameters, uniform on ±1/√inputs.

        **Arguments:**

        - `key`: randomness.
        - `latent_size`: how many numbers the decoder sees of a latent.
        - `places`: of the environment.
        - `hidden`: widths of the layers before the last.
        """
        return cls(Layers.create(key, latent_size, (*hidden, places.count)), places)

    def probabilities(self, latents: Float[Array, "*batch latent"]) -> Float[Array, "*batch place"]:
        """How probable success is in each place, 0 to 1. The places' numbers need not add up to 1:
        several may be right, or none."""
        return jax.nn.sigmoid(self.layers(latents))

    def errors(
        self, latents: Float[Array, "term trajectory latent"], transitions: Transition
    ) -> Float[Array, "term decoded trajectory"]:
        """Cross-entropies, in nats, of success in the place that each transition led to.

        **Arguments:**

        - `latents`: what every term knows.
        - `transitions`: `[decoded, trajectory, ...]`, not normalised.
        """
        place = self.places.place(transitions.observation)
        trajectory = jnp.arange(place.shape[-1])
        logits = self.layers(latents)[:, trajectory, place]
        succeeded = self.places.succeeded(transitions.reward)
        return jax.nn.softplus(jnp.where(succeeded, -logits, logits))
