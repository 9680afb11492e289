"""Which posteriors the ELBO has terms for, and which transitions each decodes."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int, PRNGKeyArray

from splagger.foundation.checks import check_at_least


class Choices(eqx.Module):
    """Terms and transitions of every trajectory.

    Where fewer are there than there is room for, the rest does not count.
    """

    posterior: Int[Array, "term trajectory"]
    """After how many transitions each term's posterior is, from 0, the prior, to the length."""
    posterior_counts: Bool[Array, "term trajectory"]
    """Which of them are terms."""
    decoded: Int[Array, "decoded trajectory"]
    """Which transitions every term decodes, from 0 to the length - 1."""
    decoded_counts: Bool[Array, "decoded trajectory"]
    """Which of them are decoded."""
    subsampled: bool = eqx.field(static=True)
    """Whether the terms were drawn; else they are all that there are."""


def choose_terms(
    key: PRNGKeyArray,
    length: Int[Array, " trajectory"],
    horizon: int,
    *,
    terms: int | None,
    decodes: int | None,
    resample: bool,
) -> Choices:
    """Chooses terms and transitions, for every trajectory within its own length.

    The published code draws for one trajectory and applies to another where lengths differ (it
    joins the draws in one order and reads them in another), so it can pick padding. This never
    does.

    **Arguments:**

    - `key`: randomness, of which nothing is used where all are chosen.
    - `length`: how many transitions each trajectory has, from 0, where there is none, to `horizon`.
    - `horizon`: the most transitions that a trajectory can have, at least 1.
    - `terms`: how many posteriors to draw, all different; None: all. A trajectory that has fewer
        has all of them as terms, once.
    - `decodes`: how many transitions to draw, in the same way.
    - `resample`: whether transitions are drawn with replacement: as many as `decodes` says, or as
        the horizon has, for every trajectory.

    **Raises:** `UserError` where `terms` or `decodes` is below 1.
    """
    terms_key, decodes_key = jax.random.split(key)
    # Where there is no trajectory there is no prior either.
    posteriors = jnp.where(length > 0, length + 1, 0)
    posterior, posterior_counts = _choose("terms", terms_key, posteriors, horizon + 1, terms)
    if resample:
        number = horizon if decodes is None else decodes
        check_at_least("decodes", number, 1)
        shape = (number, *length.shape)
        decoded = jax.random.randint(decodes_key, shape, 0, jnp.maximum(length, 1))
        decoded_counts = jnp.broadcast_to(length > 0, shape)
    else:
        decoded, decoded_counts = _choose("decodes", decodes_key, length, horizon, decodes)
    return Choices(posterior, posterior_counts, decoded, decoded_counts, terms is not None)


def _choose(
    name: str,
    key: PRNGKeyArray,
    available: Int[Array, " trajectory"],
    most: int,
    number: int | None,
) -> tuple[Int[Array, "chosen trajectory"], Bool[Array, "chosen trajectory"]]:
    """Different times below `available`, and which of them count; the others are 0."""
    times = jnp.broadcast_to(jnp.arange(most)[:, None], (most, *available.shape))
    if number is not None:
        check_at_least(name, number, 1)
        ranks = jax.random.uniform(key, times.shape)
        # Those beyond the end come last, in any order.
        times = jnp.argsort(jnp.where(times < available, ranks, 2.0), axis=0)[:number]
    counts = times < available
    return jnp.where(counts, times, 0), counts
