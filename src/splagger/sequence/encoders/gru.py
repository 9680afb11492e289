"""The gated recurrent unit, with a backward pass of its own."""

import importlib.util
from functools import partial
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from splagger.foundation.device_mesh import environment_devices, flat_samples
from splagger.foundation.initialisers import orthogonal
from splagger.foundation.linear import Linear
from splagger.sequence.encoders.encoder import Encoder
from splagger.sequence.starts import select_start

Recurrence = Literal["scan", "unrolled", "kernel"]
"""How a GRU runs over a whole sequence. `scan`: one step after the other. `unrolled`: several steps
in one turn of the loop. `kernel`: all steps in one program, where there is one for the state's size
and type (gru_kernel), otherwise as `unrolled`."""

_STEPS_PER_TURN = 8


def fastest_recurrence() -> Recurrence:
    """The kernel on NVIDIA's Hopper GPUs, for which it was made; unrolled on other accelerators,
    where starting every turn of a loop costs more than its products; a scan on a CPU."""
    if jax.default_backend() == "cpu":
        return "scan"
    capability = getattr(jax.devices()[0], "compute_capability", None)
    if capability == "9.0" and importlib.util.find_spec("jax.experimental.pallas.triton"):
        return "kernel"
    return "unrolled"


class GRU(Encoder):
    """Gated recurrent unit (Cho et al. 2014), the candidate's hidden product inside its gate.

    `r, z = sigmoid(...)`, `n = tanh(W_n x + b_n + r * (U_n h + c_n))`, `h' = (1 - z) n + z h`.
    Weights are stacked along the last dimension in the order r, z, n.
    """

    size: int = eqx.field(static=True)
    """Width of the state, which is the output."""
    from_input: Linear
    """Maps the input to the three gates, `[inputs, 3 * size]`."""
    from_state: Linear
    """Maps the state to the three gates, `[size, 3 * size]`."""
    recurrence: Recurrence = eqx.field(static=True, default="scan")
    """How it runs over a whole sequence."""

    @classmethod
    def create(
        cls, key: PRNGKeyArray, inputs: int, size: int, recurrence: Recurrence = "scan"
    ) -> "GRU":
        """Draws initial parameters: both stacked matrices orthogonal, biases zero."""
        input_key, state_key = jax.random.split(key)
        return cls(
            size=size,
            from_input=Linear.create(input_key, inputs, 3 * size, orthogonal(1.0)),
            from_state=Linear.create(state_key, size, 3 * size, orthogonal(1.0)),
            recurrence=recurrence,
        )

    def start(self) -> Float[Array, " size"]:
        return jnp.zeros_like(self.from_state.bias, shape=self.size)

    def project(self, x):
        return self.from_input(x)

    def advance(self, state, projected):
        new, _ = _cell(state, projected, self.from_state.weight, self.from_state.bias)
        return new, new

    def unroll(self, state, fresh, xs, starts):
        weight, bias = self.from_state.weight, self.from_state.bias
        arguments = (self.project(xs), state, fresh, weight, bias, starts)
        # The compiler cannot split the kernel by environments.
        if self.recurrence == "kernel" and environment_devices() == 1:
            # Imported only here, as jax may lack what the kernel is written in.
            from splagger.sequence.encoders.gru_kernel.plan import has_plan
            from splagger.sequence.encoders.gru_kernel.unroll import unroll

            if has_plan(self.size, state.dtype):
                states = unroll(*arguments)
                return states[-1], states
        states: Array = _unroll(  # pyright: ignore[reportAssignmentType]
            1 if self.recurrence == "scan" else _STEPS_PER_TURN, *arguments
        )
        return states[-1], states


def _cell(state, projected, weight, bias):
    """One step; also returns the gates and the candidate's hidden product, for the gradient."""
    input_r, input_z, input_n = jnp.split(projected, 3, axis=-1)
    state_r, state_z, state_n = jnp.split(state @ weight + bias, 3, axis=-1)
    r = jax.nn.sigmoid(input_r + state_r)
    z = jax.nn.sigmoid(input_z + state_z)
    n = jnp.tanh(input_n + r * state_n)
    return (1 - z) * n + z * state, (r, z, n, state_n)


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _unroll(
    steps_per_turn: int,
    projected: Float[Array, "time environment gates"],
    state: Float[Array, "environment size"],
    fresh: Float[Array, " size"],
    weight: Float[Array, "size gates"],
    bias: Float[Array, " gates"],
    starts: Bool[Array, "time environment"],
) -> Float[Array, "time environment size"]:
    """The states after every step.

    The derivative is written out so that the recurrent weights get theirs from one product over
    the whole sequence, instead of a sum that is read and written at every step.
    """
    return _forward(steps_per_turn, projected, state, fresh, weight, bias, starts)[0]


def _forward(steps_per_turn, projected, state, fresh, weight, bias, starts):
    def step(state, inputs):
        projected, start = inputs
        previous = select_start(start, fresh, state)
        new, gates = _cell(previous, projected, weight, bias)
        return new, (new, gates)

    _, (states, gates) = jax.lax.scan(step, state, (projected, starts), unroll=steps_per_turn)
    return states, (states, gates, state, fresh, weight, starts)


def _backward(steps_per_turn, residuals, gradient):
    states, gates, state, fresh, weight, starts = residuals
    before = jnp.concatenate([state[None], states[:-1]])
    previous = select_start(starts, fresh, before)
    transposed = weight.T

    def step(carried, inputs):
        gradient, (r, z, n, state_n), previous, start = inputs
        total = gradient + carried
        to_n = total * (1 - z) * (1 - n**2)
        to_z = total * (previous - n) * z * (1 - z)
        to_r = to_n * state_n * r * (1 - r)
        from_state = jnp.concatenate([to_r, to_z, to_n * r], axis=-1)
        to_previous = total * z + from_state @ transposed
        to_fresh = jnp.where(start[..., None], to_previous, 0)
        return to_previous - to_fresh, (to_n, from_state, to_fresh)

    to_state, (to_n, from_state, to_fresh) = jax.lax.scan(
        step,
        jnp.zeros_like(state),
        (gradient, gates, previous, starts),
        reverse=True,
        unroll=steps_per_turn,
    )
    size = state.shape[-1]
    to_projected = jnp.concatenate([from_state[..., : 2 * size], to_n], axis=-1)
    to_weight = flat_samples(previous).T @ flat_samples(from_state)
    to_bias = jnp.sum(from_state, axis=(0, 1))
    return to_projected, to_state, jnp.sum(to_fresh, axis=(0, 1)), to_weight, to_bias, None


_unroll.defvjp(_forward, _backward)
