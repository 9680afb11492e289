"""The published transformer, whose outputs overwrite its memory."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from splagger.foundation.linear import Linear
from splagger.sequence.encoders.attention import Attention, LayerNorm, attend
from splagger.sequence.encoders.encoder import Encoder

_SMALLEST_PREFIX = 64


class TokenMemory(eqx.Module):
    """One token for every transition of the trial."""

    tokens: Float[Array, "*batch capacity width"]
    """The tokens, as the last step left them; zero where no transition has been yet."""
    count: Float[Array, "*batch"]
    """How many there are, from 0 to the capacity: a float, so that all of the memory is one."""


class PostNormBlock(eqx.Module):
    """Attention and a feed-forward layer, each followed by normalisation.

    As published, the feed-forward layer is one linear map without a non-linearity (Q20).
    """

    attention: Attention
    """Mixes tokens."""
    attention_norm: LayerNorm
    """Normalises the tokens plus what attention makes of them."""
    feed_forward: Linear
    """Maps every token alone, `[width, width]`."""
    feed_forward_norm: LayerNorm
    """Normalises the tokens plus what the linear map makes of them."""

    @classmethod
    def create(cls, key: PRNGKeyArray, width: int, heads: int) -> "PostNormBlock":
        """Draws initial parameters: the feed-forward layer uniform on ±1/√width."""
        attention_key, feed_forward_key = jax.random.split(key)
        return cls(
            attention=Attention.create(attention_key, width, heads),
            attention_norm=LayerNorm.create(width),
            feed_forward=Linear.create(feed_forward_key, width, width),
            feed_forward_norm=LayerNorm.create(width),
        )

    def __call__(
        self,
        tokens: Float[Array, "*batch token width"],
        visible: Bool[Array, "*batch token"],
    ) -> Float[Array, "*batch token width"]:
        """Transforms all tokens; every one attends to those that are `visible`."""
        attended = attend(*self.attention.divide(tokens), visible[..., None, :])
        tokens = self.attention_norm(tokens + self.attention.merge(attended))
        return self.feed_forward_norm(tokens + self.feed_forward(tokens))


class OverwritingTransformer(Encoder):
    """The transformer that the paper compares with, as published (Q20).

    Every step writes the new token behind those of the trial, and transforms all of them. The
    output is read from the new one, and *all transformed tokens replace the memory*: the first
    token has gone through the blocks as often as there were steps. There are no positions, and
    earlier tokens attend to later ones.

    When the memory is full, every new token takes the place of the last one.
    """

    size: int = eqx.field(static=True)
    """Width of the output."""
    capacity: int = eqx.field(static=True)
    """How many tokens the memory holds: as many as a trial has steps."""
    input: Linear
    """Maps an embedded transition to a token, `[inputs, width]`."""
    blocks: tuple[PostNormBlock, ...]
    """Transform the tokens one after the other."""
    output: Linear
    """Maps the new token to the output, `[width, size]`."""

    @classmethod
    def create(
        cls,
        key: PRNGKeyArray,
        inputs: int,
        size: int,
        *,
        width: int,
        layers: int,
        heads: int,
        capacity: int,
    ) -> "OverwritingTransformer":
        """Draws initial parameters by PyTorch's defaults, as published.

        **Arguments:**

        - `key`: randomness.
        - `inputs`, `size`: widths of the input and of the output.
        - `width`: of a token.
        - `layers`: how many blocks.
        - `heads`: how many heads of attention, a divisor of `width`.
        - `capacity`: how many tokens the memory holds.
        """
        input_key, output_key, *block_keys = jax.random.split(key, 2 + layers)
        return cls(
            size=size,
            capacity=capacity,
            input=Linear.create(input_key, inputs, width),
            blocks=tuple(PostNormBlock.create(block, width, heads) for block in block_keys),
            output=Linear.create(output_key, width, size),
        )

    def start(self) -> TokenMemory:
        width = self.input.bias.shape[0]
        return TokenMemory(
            tokens=jnp.zeros_like(self.input.bias, shape=(self.capacity, width)),
            count=jnp.zeros_like(self.input.bias, shape=()),
        )

    def project(self, x):
        return self.input(x)

    def advance(self, state, projected):
        position = jnp.clip(state.count.astype(int), 0, self.capacity - 1)[..., None]
        slots = jnp.arange(self.capacity)
        written = jnp.where((slots == position)[..., None], projected[..., None, :], state.tokens)
        tokens = _transform(self.blocks, written, slots <= position)
        newest = jnp.take_along_axis(tokens, position[..., None], axis=-2)[..., 0, :]
        count = jnp.minimum(state.count + 1, self.capacity)
        return TokenMemory(tokens, count), self.output(newest)


def _transform(
    blocks: tuple[PostNormBlock, ...],
    tokens: Float[Array, "*batch capacity width"],
    occupied: Bool[Array, "*batch capacity"],
) -> Float[Array, "*batch capacity width"]:
    """Applies the blocks to the occupied slots; the others are zero and stay so.

    The work grows with the square of the number of tokens, so only the shortest prefix of the
    memory that holds all tokens of the batch is transformed. Over a sequence, only the memories are
    kept for the backward pass, which transforms them again.
    """

    def transform_prefix(length: int):
        def branch(tokens, occupied):
            prefix, visible = tokens[..., :length, :], occupied[..., :length]
            for block in blocks:
                prefix = block(prefix, visible)
            return tokens.at[..., :length, :].set(jnp.where(visible[..., None], prefix, 0))

        return branch

    lengths = _prefixes(tokens.shape[-2])
    needed = jnp.max(jnp.sum(occupied, axis=-1))
    shortest = jnp.searchsorted(jnp.asarray(lengths), needed)
    branches = [jax.checkpoint(transform_prefix(length)) for length in lengths]
    return jax.lax.switch(shortest, branches, tokens, occupied)


def _prefixes(capacity: int) -> list[int]:
    """Lengths of prefixes, each about twice the one before, the last the `capacity`."""
    lengths = [capacity]
    while lengths[0] > _SMALLEST_PREFIX:
        lengths.insert(0, (lengths[0] + 1) // 2)
    return lengths
