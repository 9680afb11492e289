"""Truncated back-propagation through time (Williams and Peng 1990), for every encoder."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from splagger.sequence.encoders.encoder import Encoder, EncoderState


def unroll_with_cuts(
    encoder: Encoder,
    state: EncoderState,
    fresh: EncoderState,
    xs: Float[Array, "time environment embedded"],
    starts: Bool[Array, "time environment"],
    gradient_steps: int | None,
) -> tuple[EncoderState, Float[Array, "time environment output"]]:
    """`encoder.unroll`, in which gradients do not flow from one piece of the sequence to the next.

    States are carried on as ever, but those before steps `gradient_steps`, `2 * gradient_steps`
    and so on count as constants. With the states known the pieces are independent, so they are
    encoded a second time side by side, with gradients: backward, as many steps follow on each
    other as a piece has, not as many as the sequence has. The first pass keeps nothing but the
    states between pieces.

    **Arguments:**

    - `encoder`, `state`, `fresh`, `xs`, `starts`: as in `encoder.unroll`.
    - `gradient_steps`: how many steps a piece has, at least 1; the last has fewer, and is encoded
        after the others, where the length of the sequence is no multiple. None: there are no cuts.

    **Returns:** the state after the sequence, and the output after every transition.
    """
    time, environments = starts.shape
    if gradient_steps is None or gradient_steps >= time:
        return encoder.unroll(state, fresh, xs, starts)
    pieces = time // gradient_steps
    whole = pieces * gradient_steps
    cut = jax.tree.map(
        lambda leaf: leaf[:whole].reshape(pieces, gradient_steps, *leaf.shape[1:]), (xs, starts)
    )

    def piece_by_piece(constants):
        encoder, state, fresh, cut = constants

        def step(state, piece):
            after, _ = encoder.unroll(state, fresh, *piece)
            return after, after

        return jax.lax.scan(step, state, jax.tree.map(lambda leaf: leaf[:-1], cut))[1]

    between = piece_by_piece(jax.lax.stop_gradient((encoder, state, fresh, cut)))
    # Environments before pieces, so that those of a device stay together where they are split.
    before = jax.tree.map(
        lambda first, rest: jnp.concatenate(
            [first[:, None], jnp.moveaxis(rest, 0, 1)], axis=1
        ).reshape(-1, *first.shape[1:]),
        state,
        between,
    )
    side_by_side = jax.tree.map(
        lambda leaf: jnp.moveaxis(leaf, 0, 2).reshape(gradient_steps, -1, *leaf.shape[3:]), cut
    )
    after, outputs = encoder.unroll(before, fresh, *side_by_side)
    last = jax.tree.map(lambda leaf: leaf[pieces - 1 :: pieces], after)
    outputs = outputs.reshape(gradient_steps, environments, pieces, -1)
    outputs = jnp.moveaxis(outputs, 2, 0).reshape(whole, environments, -1)
    if whole == time:
        return last, outputs
    constant = jax.lax.stop_gradient(last)
    last, rest = encoder.unroll(constant, fresh, xs[whole:], starts[whole:])
    return last, jnp.concatenate([outputs, rest])
