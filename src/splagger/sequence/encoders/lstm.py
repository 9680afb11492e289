"""Long short-term memory, also with an initialisation that ignores order."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from splagger.foundation.device_mesh import flat_samples
from splagger.foundation.initialisers import orthogonal
from splagger.foundation.linear import Linear
from splagger.sequence.encoders.encoder import Encoder
from splagger.sequence.starts import select_start

_OPEN = math.log((1 - 1e-4) / 1e-4)


class LSTM(Encoder):
    """Long short-term memory (Hochreiter and Schmidhuber 1997) with forget gates.

    `i, f, o = sigmoid(...)`, `g = tanh(...)`, `c' = f c + i g`, `h' = o tanh(c')`. Weights are
    stacked along the last dimension in the order i, f, g, o. The state is `(h, c)`, the output `h`.
    """

    size: int = eqx.field(static=True)
    """Width of the output, and of each half of the state."""
    from_input: Linear
    """Maps the input to the four gates, `[inputs, 4 * size]`."""
    from_state: Linear
    """Maps the output to the four gates, `[size, 4 * size]`."""

    @classmethod
    def create(
        cls, key: PRNGKeyArray, inputs: int, size: int, *, invariant: bool = False
    ) -> "LSTM":
        """Draws initial parameters: both stacked matrices orthogonal, biases zero.

        **Arguments:**

        - `key`: randomness.
        - `inputs`, `size`: widths of input and output.
        - `invariant`: whether input and forget gates start open whatever comes, and the recurrent
            weights at zero: then `c' = c + tanh(W_g x)`, a sum that ignores order.
        """
        input_key, state_key = jax.random.split(key)
        from_input = Linear.create(input_key, inputs, 4 * size, orthogonal(1.0))
        from_state = Linear.create(state_key, size, 4 * size, orthogonal(1.0))
        if invariant:
            # Each of the two biases has half of what opens a gate, as published.
            bias = from_input.bias.at[: 2 * size].set(_OPEN)
            from_input = Linear(from_input.weight.at[:, : 2 * size].set(0), bias)
            from_state = Linear(jnp.zeros_like(from_state.weight), bias)
        return cls(size, from_input, from_state)

    def start(self) -> tuple[Array, Array]:
        zeros = jnp.zeros_like(self.from_state.bias, shape=self.size)
        return zeros, zeros

    def project(self, x):
        return self.from_input(x) + self.from_state.bias

    def advance(self, state, projected):
        new = _cell(state, projected, self.from_state.weight)
        return new, new[0]

    def unroll(self, state, fresh, xs, starts):
        weight = self.from_state.weight
        outputs, cells = _unroll(self.project(xs), state, fresh, weight, starts)
        return (outputs[-1], cells[-1]), outputs


def _cell(state, projected, weight):
    h, c = state
    i, f, g, o = jnp.split(projected + h @ weight, 4, axis=-1)
    c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
    return jax.nn.sigmoid(o) * jnp.tanh(c), c


@jax.custom_vjp
def _unroll(
    projected: Float[Array, "time environment gates"],
    state: tuple[Float[Array, "environment size"], Float[Array, "environment size"]],
    fresh: tuple[Float[Array, " size"], Float[Array, " size"]],
    weight: Float[Array, "size gates"],
    starts: Bool[Array, "time environment"],
) -> tuple[Float[Array, "time environment size"], Float[Array, "time environment size"]]:
    """Outputs and cells after every step.

    The recurrent weights get their gradient from one product over the whole sequence, instead of a
    sum that is read and written at every step: a step's gates are `projected + h @ weight`, so the
    gradient for `projected` is all that the product needs.
    """
    return _scan(projected, state, fresh, weight, starts)


def _scan(projected, state, fresh, weight, starts):
    def step(state, inputs):
        projected, start = inputs
        new = _cell(select_start(start, fresh, state), projected, weight)
        return new, new

    return jax.lax.scan(step, state, (projected, starts))[1]


def _forward(projected, state, fresh, weight, starts):
    def from_variables(projected, state, fresh):
        return _scan(projected, state, fresh, weight, starts)

    states, pull_back = jax.vjp(from_variables, projected, state, fresh)
    return states, (pull_back, states[0], state[0], fresh[0], weight, starts)


def _backward(residuals, gradient):
    pull_back, outputs, h, fresh, weight, starts = residuals
    to_projected, to_state, to_fresh = pull_back(gradient)
    before = select_start(starts, fresh, jnp.concatenate([h[None], outputs[:-1]]))
    to_weight = flat_samples(before).T @ flat_samples(to_projected)
    return to_projected, to_state, to_fresh, to_weight, None


_unroll.defvjp(_forward, _backward)
