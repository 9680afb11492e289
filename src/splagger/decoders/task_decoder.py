"""Predicts the task, or a code of it, from a latent."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from splagger.foundation.checks import check_at_least
from splagger.foundation.linear import Linear
from splagger.sequence.layers import Layers


class TaskDecoder(eqx.Module):
    """Predicts a vector that describes the task (SplAgger's baselines, Beck et al. 2024)."""

    hidden: Layers
    """From the latent, with ReLU after every layer."""
    output: Linear
    """From the last hidden layer to the vector."""

    @classmethod
    def create(
        cls, key: PRNGKeyArray, *, latent_size: int, target_size: int, hidden: tuple[int, ...]
    ) -> "TaskDecoder":
        """Draws initial parameters, uniform on ±1/√inputs.

        **Arguments:**

        - `key`: randomness.
        - `latent_size`: how many numbers the decoder sees of a latent.
        - `target_size`: length of the vector, at least 1.
        - `hidden`: widths of the layers before the last.

        **Raises:** `UserError` where the target has no numbers.
        """
        check_at_least("the number of values that describe a task", target_size, 1)
        hidden_key, output_key = jax.random.split(key)
        layers = Layers.create(hidden_key, latent_size, hidden)
        return cls(layers, Linear.create(output_key, layers.size(latent_size), target_size))

    def __call__(self, latents: Float[Array, "*batch latent"]) -> Float[Array, "*batch target"]:
        """Predicts the vector."""
        return self.output(self.hidden.rectified(latents))

    def errors(
        self,
        latents: Float[Array, "term trajectory latent"],
        targets: Float[Array, "trajectory target"],
    ) -> Float[Array, "term trajectory"]:
        """Squared errors of every term's prediction, as means over the vector's dimensions.

        The vector may be all the weights of a generated network, and there may be many terms, so
        no prediction of a term is ever computed. With r = h₀ W + b - t, the residual at the mean h₀
        of a trajectory's last hidden layers h, and d = h - h₀,

            |h W + b - t|² = d (W Wᵀ) d + 2 d (W r) + |r|²

        which, for any h₀, holds exactly and so do its gradients. The mean is where the rounding of
        large terms that cancel is least.
        """
        h = self.hidden.rectified(latents)
        centre = jax.lax.stop_gradient(jnp.mean(h, axis=0))
        d = h - centre
        weight = self.output.weight
        residual = self.output(centre) - targets
        quadratic = jnp.sum((d @ (weight @ weight.T)) * d, axis=-1)
        linear = jnp.sum(d * (residual @ weight.T), axis=-1)
        constant = jnp.sum(residual**2, axis=-1)
        return (quadratic + 2 * linear + constant) / targets.shape[-1]


class TaskIndexDecoder(eqx.Module):
    """Predicts which of finitely many tasks it is (Zintgraf et al. 2020)."""

    layers: Layers
    """From the latent to one logit a task; ReLU between them."""

    @classmethod
    def create(
        cls, key: PRNGKeyArray, *, latent_size: int, tasks: int, hidden: tuple[int, ...]
    ) -> "TaskIndexDecoder":
        """Draws initial parameters, uniform on ±1/√inputs.

        **Arguments:**

        - `key`: randomness.
        - `latent_size`: how many numbers the decoder sees of a latent.
        - `tasks`: how many tasks there are.
        - `hidden`: widths of the layers before the last.
        """
        return cls(Layers.create(key, latent_size, (*hidden, tasks)))

    def probabilities(self, latents: Float[Array, "*batch latent"]) -> Float[Array, "*batch task"]:
        """How probable each task is; they add up to 1."""
        return jax.nn.softmax(self.layers(latents))

    def errors(
        self,
        latents: Float[Array, "term trajectory latent"],
        targets: Int[Array, " trajectory"],
    ) -> Float[Array, "term trajectory"]:
        """Cross-entropies of every term's prediction, in nats.

        **Arguments:**

        - `latents`: what every term knows.
        - `targets`: the true tasks' indices, from 0.
        """
        logarithms = jax.nn.log_softmax(self.layers(latents))
        return -logarithms[:, jnp.arange(targets.shape[0]), targets]
