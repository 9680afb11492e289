"""A recurrence whose gates depend on the input only, so that it runs in parallel over time."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from splagger.foundation.affine import AffineMap, compose
from splagger.foundation.initialisers import orthogonal
from splagger.foundation.linear import Linear
from splagger.sequence.encoders.encoder import Encoder
from splagger.sequence.segmented_scan import ScanMethod, segmented_scan


class LinearRecurrence(Encoder):
    """The GRU without its dependence on the state (minGRU, Feng et al. 2024).

    `z = sigmoid(W_z x + b_z)`, `n = tanh(W_n x + b_n)`, `h' = (1 - z) h + z n`. A step is an affine
    map of the state, and affine maps compose associatively, so that a sequence is one scan.

    Of linear recurrences, these gates are closest to the GRU that the paper uses, which a linear
    recurrent unit with complex eigenvalues (Orvieto et al. 2023) is not: the state is a mean of
    candidates and stays in [-1, 1], so that a maximum that starts at 0 sees the same scale; how
    much is forgotten depends on the input; and one product of the input is all that it costs.
    """

    size: int = eqx.field(static=True)
    """Width of the state, which is the output."""
    from_input: Linear
    """Maps the input to update gate and candidate, stacked in this order: `[inputs, 2 * size]`."""
    scan: ScanMethod = eqx.field(static=True)
    """How the states of a whole sequence are computed."""

    @classmethod
    def create(
        cls, key: PRNGKeyArray, inputs: int, size: int, *, gate_bias: float, scan: ScanMethod
    ) -> "LinearRecurrence":
        """Draws initial parameters: the stacked matrix orthogonal, the candidate's bias zero.

        **Arguments:**

        - `key`: randomness.
        - `inputs`, `size`: widths of the input and of the state.
        - `gate_bias`: the update gate's bias at first: the lower, the slower it forgets.
        - `scan`: how the states of a whole sequence are computed.
        """
        linear = Linear.create(key, inputs, 2 * size, orthogonal(1.0))
        biased = linear.bias.at[:size].set(gate_bias)
        return cls(size, eqx.tree_at(lambda layer: layer.bias, linear, biased), scan)

    def start(self) -> Float[Array, " size"]:
        return jnp.zeros_like(self.from_input.bias, shape=self.size)

    def project(self, x):
        return self.from_input(x)

    def advance(self, state, projected):
        _, new = compose(_constant(state), _step(projected))
        return new, new

    def unroll(self, state, fresh, xs, starts):
        steps = _step(self.project(xs))
        _, states = segmented_scan(
            compose, _constant(state), _constant(fresh), steps, starts, self.scan
        )
        return states[-1], states


def _step(projected: Float[Array, "*batch gates"]) -> AffineMap:
    """The affine map of one step."""
    gate, candidate = jnp.split(projected, 2, axis=-1)
    z = jax.nn.sigmoid(gate)
    return 1 - z, z * jnp.tanh(candidate)


def _constant(state: Array) -> AffineMap:
    """The affine map that leads to `state` from anywhere."""
    return jnp.zeros_like(state), state
