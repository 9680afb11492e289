"""A transformer over the last transitions of the trial."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from splagger.foundation.linear import Linear
from splagger.sequence.encoders.attention import Attention, LayerNorm, attend
from splagger.sequence.encoders.encoder import Encoder
from splagger.sequence.starts import select_start


class KeyValueCache(eqx.Module):
    """What attention needs of the transitions before the next one, as many as that one can see.

    The newest is the last. Where the trial has had fewer, the first ones are zero.
    """

    keys: Float[Array, "*batch layer cached head feature"]
    """Their keys, turned by their positions."""
    values: Float[Array, "*batch layer cached head feature"]
    """Their values."""
    count: Float[Array, "*batch"]
    """How many transitions the trial has had: a float, so that all of the memory is one."""


class PreNormBlock(eqx.Module):
    """Attention and a feed-forward network, each on normalised tokens and added to them."""

    attention_norm: LayerNorm
    """Normalises the input of attention."""
    attention: Attention
    """Mixes tokens."""
    feed_forward_norm: LayerNorm
    """Normalises the input of the feed-forward network."""
    widen: Linear
    """Its first layer, `[width, 4 * width]`, followed by GELU."""
    narrow: Linear
    """Its second layer, `[4 * width, width]`."""

    @classmethod
    def create(cls, key: PRNGKeyArray, width: int, heads: int) -> "PreNormBlock":
        """Draws initial parameters: the feed-forward network uniform on ±1/√inputs."""
        attention_key, widen_key, narrow_key = jax.random.split(key, 3)
        return cls(
            attention_norm=LayerNorm.create(width),
            attention=Attention.create(attention_key, width, heads),
            feed_forward_norm=LayerNorm.create(width),
            widen=Linear.create(widen_key, width, 4 * width),
            narrow=Linear.create(narrow_key, 4 * width, width),
        )

    def __call__(
        self,
        tokens: Float[Array, "*batch time width"],
        cached_keys: Float[Array, "*batch cached head feature"],
        cached_values: Float[Array, "*batch cached head feature"],
        position: Int[Array, "*batch time"],
        visible: Bool[Array, "*batch time key"],
    ) -> tuple[
        Float[Array, "*batch time width"],
        Float[Array, "*batch key head feature"],
        Float[Array, "*batch key head feature"],
    ]:
        """Transforms a sequence.

        **Arguments:**

        - `tokens`: the sequence.
        - `cached_keys`, `cached_values`: of what came before it.
        - `position`: of every token in its trial.
        - `visible`: what every token may attend to, of the cached keys and the sequence's own.

        **Returns:** the transformed tokens, and all keys and values, the cached ones first.
        """
        queries, keys, values = self.attention.divide(self.attention_norm(tokens))
        keys = jnp.concatenate([cached_keys, rotate(keys, position)], axis=-3)
        values = jnp.concatenate([cached_values, values], axis=-3)
        attended = _attend_where_finite(rotate(queries, position), keys, values, visible)
        tokens = tokens + self.attention.merge(attended)
        hidden = jax.nn.gelu(self.widen(self.feed_forward_norm(tokens)))
        return tokens + self.narrow(hidden), keys, values


class CausalTransformer(Encoder):
    """A transformer in which every transition attends to the last ones of its trial.

    Blocks normalise before they compute (Xiong et al. 2020), attention is causal and knows
    positions by rotation (Su et al. 2021). A transition sees at most `capacity` transitions of its
    trial, itself included. While acting, the keys and values of the last ones are at hand in a
    cache; a whole sequence takes one pass. A step is a sequence of one.

    The cache moves up by one at every step, instead of going round in a ring: where a transition
    lies in it is then the same for the whole batch, and a sequence simply continues it.
    """

    size: int = eqx.field(static=True)
    """Width of the output."""
    capacity: int = eqx.field(static=True)
    """How many transitions one can see, itself included."""
    input: Linear
    """Maps an embedded transition to a token, `[inputs, width]`."""
    blocks: tuple[PreNormBlock, ...]
    """Transform the tokens one after the other."""
    output_norm: LayerNorm
    """Normalises the last block's tokens."""
    output: Linear
    """Maps every token to the output, `[width, size]`."""

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
    ) -> "CausalTransformer":
        """Draws initial parameters: linear layers uniform on ±1/√inputs, attention as it says.

        **Arguments:**

        - `key`: randomness.
        - `inputs`, `size`: widths of the input and of the output.
        - `width`: of a token, a multiple of `2 * heads`.
        - `layers`: how many blocks.
        - `heads`: how many heads of attention.
        - `capacity`: how many transitions one can see, itself included.
        """
        input_key, output_key, *block_keys = jax.random.split(key, 2 + layers)
        return cls(
            size=size,
            capacity=capacity,
            input=Linear.create(input_key, inputs, width),
            blocks=tuple(PreNormBlock.create(block, width, heads) for block in block_keys),
            output_norm=LayerNorm.create(width),
            output=Linear.create(output_key, width, size),
        )

    def start(self) -> KeyValueCache:
        width, heads = self.input.bias.shape[0], self.blocks[0].attention.heads
        shape = (len(self.blocks), self.capacity - 1, heads, width // heads)
        nothing = jnp.zeros_like(self.input.bias, shape=shape)
        return KeyValueCache(nothing, nothing, jnp.zeros_like(self.input.bias, shape=()))

    def project(self, x):
        return self.input(x)

    def advance(self, state, projected):
        token = projected[..., None, :]
        state, outputs = self._transform(state, token, jnp.zeros(token.shape[:-1], bool))
        return state, outputs[..., 0, :]

    def unroll(self, state, fresh, xs, starts):
        state = select_start(starts[0], fresh, state)
        tokens = jnp.swapaxes(self.project(xs), 0, 1)
        state, outputs = self._transform(state, tokens, starts.at[0].set(False).T)
        return state, jnp.swapaxes(outputs, 0, 1)

    def _transform(
        self,
        cache: KeyValueCache,
        tokens: Float[Array, "*batch time width"],
        starts: Bool[Array, "*batch time"],
    ) -> tuple[KeyValueCache, Float[Array, "*batch time size"]]:
        """Takes in sequences that start at a later token, if at all.

        Cache and sequence are one line of transitions, and a trial is a piece of it. Every one sees
        those behind it up to the first of its trial, or as far as the capacity reaches.
        """
        cached, time = self.capacity - 1, tokens.shape[-2]
        steps = jnp.arange(time)
        # The last start up to every token, and how many transitions of the trial were before it.
        started = jax.lax.cummax(jnp.where(starts, steps, -1), axis=starts.ndim - 1)
        carried = jnp.maximum(cache.count.astype(int), 0)[..., None]
        position = jnp.where(started < 0, carried + steps, steps - started)

        distance = (cached + steps)[:, None] - jnp.arange(cached + time)
        visible = (distance >= 0) & (distance <= jnp.minimum(position, cached)[..., None])
        first = jnp.where(started < 0, 0, cached + started)[..., -1:]
        ended = time + jnp.arange(cached) < first

        def still_cached(line: Float[Array, "*batch key head feature"]):
            last = line[..., time:, :, :]
            # No start lies within a step, which is spared the copy.
            return last if time == 1 else jnp.where(ended[..., None, None], 0, last)

        all_keys, all_values = [], []
        for layer, block in enumerate(self.blocks):
            parts = cache.keys[..., layer, :, :, :], cache.values[..., layer, :, :, :]
            tokens, keys, values = block(tokens, *parts, position, visible)
            all_keys.append(still_cached(keys))
            all_values.append(still_cached(values))
        cache = KeyValueCache(
            keys=jnp.stack(all_keys, axis=-4),
            values=jnp.stack(all_values, axis=-4),
            count=(position[..., -1] + 1).astype(cache.count.dtype),
        )
        return cache, self.output(self.output_norm(tokens))


def rotate(
    x: Float[Array, "*batch time head feature"], position: Int[Array, "*batch time"]
) -> Float[Array, "*batch time head feature"]:
    """Turns pairs of numbers by angles in proportion to the position (Su et al. 2021).

    The product of a turned query and a turned key depends on the difference of their positions.
    Pair k of n is number k with number n + k, and turns by `position * 10000 ** (-k / n)`.
    """
    pairs = x.shape[-1] // 2
    frequency = 10000.0 ** (-jnp.arange(pairs, dtype=x.dtype) / pairs)
    angle = position[..., None, None] * frequency
    first, second = x[..., :pairs], x[..., pairs:]
    cos, sin = jnp.cos(angle), jnp.sin(angle)
    return jnp.concatenate([first * cos - second * sin, first * sin + second * cos], axis=-1)


def _attend_where_finite(queries, keys, values, visible):
    """Attention in which what is not finite reaches those alone that see it.

    A weight of 0 would not keep it from the others: 0 times NaN is NaN. One query alone sees all
    that its trial has left in the line, so there are no others.
    """
    if queries.shape[-3] == 1:
        return attend(queries, keys, values, visible)
    finite = jnp.all(jnp.isfinite(keys) & jnp.isfinite(values), axis=(-2, -1))
    keys, values = (jnp.where(finite[..., None, None], part, 0) for part in (keys, values))
    undefined = jnp.any(visible & ~finite[..., None, :], axis=-1)
    attended = attend(queries, keys, values, visible)
    return jnp.where(undefined[..., None, None], jnp.nan, attended)
