"""How far gradients reach: of every output for the first input, for all inputs of the last output,
and for the parameters (Beck et al. 2024, gradient analysis)."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Key

from splagger.analysis.norms import norm, tree_norm
from splagger.analysis.sequences import InputKind, draw_sequence, unroll_from_start
from splagger.learning.sweep import over_members
from splagger.sequence.split_aggregator import SplitAggregator


class Gradients(eqx.Module):
    """Norms of the derivatives of s_t, the sum of all components of the output y_t."""

    initial_input_gradient: Float[Array, "*agent step"]
    """Of s_t for the first input x_0."""
    parameter_gradient: Float[Array, "*agent step"]
    """Of s_t for all parameters of the sequence model but the embedding's, which is bypassed."""
    all_inputs_gradient: Float[Array, "*agent step"]
    """Of the last s for the input x_t."""


@eqx.filter_jit
def gradients(
    models: SplitAggregator, keys: Key[Array, " agent"], *, kind: InputKind, steps: int
) -> Gradients:
    """Gradient norms of several agents, each on a sequence of its own.

    The agents take turns inside one compiled program, so that only one has the gradients of all
    its parameters for all steps in memory.

    **Arguments:**

    - `models`: arrays `[agent, ...]`.
    - `keys`: randomness of each agent's sequence.
    - `kind`: of sequences.
    - `steps`: their length.

    **Returns:** norms `[agent, step]`.
    """

    def one(model: SplitAggregator, key: Key[Array, ""]) -> Gradients:
        return gradients_on(model, draw_sequence(kind, key, steps, model.embedding.size))

    return over_members(one, "in-turn")(models, keys)


def gradients_on(model: SplitAggregator, xs: Float[Array, "time embedded"]) -> Gradients:
    """Gradient norms `[step]` of one agent on one sequence.

    One pass backwards, for all the sums s_t side by side, gives all three.
    """

    def sums(model, xs):
        return jnp.sum(unroll_from_start(model, xs[:, None])[:, 0], axis=-1)

    values, pull_back = eqx.filter_vjp(sums, model, xs)
    to_parameters, to_inputs = jax.vmap(pull_back)(jnp.eye(len(xs), dtype=values.dtype))
    return Gradients(
        initial_input_gradient=norm(to_inputs[:, 0]),
        parameter_gradient=tree_norm(to_parameters),
        all_inputs_gradient=norm(to_inputs[-1]),
    )
