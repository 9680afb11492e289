"""Split aggregation, the paper's contribution: half of the encoder's output passes by an
order-free aggregator, half goes through it."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PRNGKeyArray, PyTree

from splagger.foundation.linear import Linear
from splagger.sequence.aggregator import Aggregator
from splagger.sequence.embedding import Transition, TransitionEmbedding
from splagger.sequence.encoder import Encoder, broadcast
from splagger.sequence.segmented_scan import ScanMethod, segmented_scan


class Memory(eqx.Module):
    """All that an agent carries through a trial."""

    encoder: PyTree[Float[Array, "..."]]
    """The encoder's state, `[*batch, size]`."""
    aggregate: PyTree[Float[Array, "..."]]
    """The running aggregate, `[*batch, aggregated]`."""
    latent: Float[Array, "*batch latent"]
    """The latent after the last transition: means, then logarithms of variances. Before any
    transition, the prior."""


class SplitAggregator(eqx.Module):
    """Embedding, encoder, split, aggregator and output layer (Beck et al. 2024, section 4)."""

    embedding: TransitionEmbedding
    """Embeds transitions."""
    encoder: Encoder
    """May depend on the order of transitions."""
    aggregator: Aggregator | None
    """Does not; None if all of the encoder's output passes by."""
    output: Linear
    """Maps what passes by and the aggregate, side by side, to the latent."""
    passing: int = eqx.field(static=True)
    """How many of the encoder's outputs pass by the aggregator: the first ones."""
    scan: ScanMethod = eqx.field(static=True)
    """How aggregates of a whole sequence are computed."""

    @classmethod
    def create(
        cls,
        key: PRNGKeyArray,
        embedding: TransitionEmbedding,
        encoder: Encoder,
        aggregator: Aggregator | None,
        *,
        split: bool,
        latent_size: int,
        scan: ScanMethod,
    ) -> "SplitAggregator":
        """Puts the parts together and draws the output layer, uniform on ±1/√inputs.

        **Arguments:**

        - `key`: randomness of the output layer.
        - `embedding`, `encoder`, `aggregator`: the parts.
        - `split`: whether the first half of the encoder's output passes by the aggregator.
        - `latent_size`: the output has a mean and a logarithm of a variance for each.
        - `scan`: how aggregates of a whole sequence are computed.
        """
        if aggregator is None:
            passing, inputs = encoder.size, encoder.size
        else:
            passing = encoder.size // 2 if split else 0
            inputs = passing + aggregator.output_size(encoder.size - passing)
        output = Linear.create(key, inputs, 2 * latent_size)
        return cls(embedding, encoder, aggregator, output, passing, scan)

    def initial_memory(self, batch: tuple[int, ...] = ()) -> Memory:
        """The memory at a trial's start, which is a function of the parameters.

        Its latent, the prior, is the output for an embedding of zeros; the state that this leads
        to is discarded.
        """
        encoder = self.encoder.start()
        aggregate = self._fresh_aggregate()
        zeros = jnp.zeros_like(self.output.bias, shape=self.embedding.size)
        _, u = self.encoder.step(broadcast(encoder, (1,)), zeros[None])
        _, latent = self._aggregate(broadcast(aggregate, (1,)), u)
        return broadcast(Memory(encoder, aggregate, latent[0]), batch)

    def step(self, memory: Memory, transition: Transition) -> Memory:
        """Takes in one transition of every item of the batch."""
        encoder, u = self.encoder.step(memory.encoder, self.embedding(transition))
        aggregate, latent = self._aggregate(memory.aggregate, u)
        return Memory(encoder, aggregate, latent)

    def unroll(
        self,
        memory: Memory,
        transitions: Transition,
        starts: Bool[Array, "time environment"],
    ) -> tuple[Memory, Float[Array, "time environment latent"]]:
        """Takes in whole sequences: the same as stepping, up to rounding.

        **Arguments:**

        - `memory`: before the sequences, `[environment, ...]`.
        - `transitions`: `[time, environment, ...]`.
        - `starts`: where set, the memory is the initial one before that transition.

        **Returns:** the memory after the sequences, and the latent after every transition.
        """
        encoder, u = self.encoder.unroll(memory.encoder, self.embedding(transitions), starts)
        if self.aggregator is None:
            latents = self.output(u)
            return Memory(encoder, (), latents[-1]), latents
        aggregates = segmented_scan(
            self.aggregator,
            memory.aggregate,
            self._fresh_aggregate(),
            self.aggregator.lift(u[..., self.passing :]),
            starts,
            self.scan,
        )
        latents = self._read(u, aggregates)
        last = jax.tree.map(lambda leaf: leaf[-1], aggregates)
        return Memory(encoder, last, latents[-1]), latents

    def _fresh_aggregate(self):
        if self.aggregator is None:
            return ()
        return self.aggregator.start(self.encoder.size - self.passing)

    def _aggregate(self, aggregate, u):
        if self.aggregator is None:
            return aggregate, self.output(u)
        lifted = self.aggregator.lift(u[..., self.passing :])
        aggregate = self.aggregator.combine(aggregate, lifted)
        return aggregate, self._read(u, aggregate)

    def _read(self, u, aggregate):
        assert self.aggregator is not None
        aggregated = self.aggregator.read(aggregate)
        return self.output(jnp.concatenate([u[..., : self.passing], aggregated], axis=-1))
