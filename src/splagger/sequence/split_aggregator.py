"""Split aggregation, the paper's contribution: half of the encoder's output passes by an
order-free aggregator, half goes through it."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PRNGKeyArray, PyTree

from splagger.sequence.aggregators.aggregator import Aggregator
from splagger.sequence.embedding import Transition, TransitionEmbedding
from splagger.sequence.encoders.cut_gradients import unroll_with_cuts
from splagger.sequence.encoders.encoder import Encoder, EncoderState
from splagger.sequence.layers import Layers
from splagger.sequence.segmented_scan import Element, ScanMethod, segmented_scan
from splagger.sequence.starts import broadcast


class Memory(eqx.Module):
    """All that an agent carries through a trial."""

    encoder: EncoderState
    """The encoder's state, `[*batch, ...]`."""
    aggregate: Element
    """The running aggregate, `[*batch, aggregated]`."""
    latent: Float[Array, "*batch latent"]
    """The latent after the last transition: means, then logarithms of variances. Before any
    transition, the prior."""


class SplitAggregator(eqx.Module):
    """Embedding, encoder, split, aggregator and output layers (Beck et al. 2024, section 4)."""

    embedding: TransitionEmbedding
    """Embeds transitions."""
    before_encoder: Layers
    """Between embedding and encoder; none in the paper."""
    encoder: Encoder
    """May depend on the order of transitions."""
    after_encoder: Layers
    """Between encoder and split; none in the paper."""
    aggregator: Aggregator | None
    """Does not; None if all of the encoder's output passes by."""
    output: Layers
    """From what passes by and the aggregate, side by side, to the latent; none where the aggregate
    is the latent itself."""
    learned_start: tuple[EncoderState, Element] | None
    """Encoder state and aggregate before any transition as parameters; None: they are constants,
    or the aggregator's own parameters."""
    passing: int = eqx.field(static=True)
    """How many of the encoder's outputs pass by the aggregator: the first ones."""
    aggregated: int = eqx.field(static=True)
    """How many go through it."""
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
        before_encoder: Layers | None = None,
        after_encoder: Layers | None = None,
        after_aggregator: tuple[int, ...] = (),
        aggregate_is_latent: bool = False,
        learned_start: bool = False,
    ) -> "SplitAggregator":
        """Puts the parts together and draws the output layers, uniform on ±1/√inputs.

        **Arguments:**

        - `key`: randomness of the output layers.
        - `embedding`, `encoder`, `aggregator`: the parts.
        - `split`: whether the first half of the encoder's output passes by the aggregator.
        - `latent_size`: the output has a mean and a logarithm of a variance for each.
        - `scan`: how aggregates of a whole sequence are computed.
        - `before_encoder`, `after_encoder`: more layers; none by default.
        - `after_aggregator`: widths of layers before the one that gives the latent.
        - `aggregate_is_latent`: whether the aggregate is the latent, without layers after it.
        - `learned_start`: whether the state before any transition is a parameter. It starts from
            the constants that it has otherwise.
        """
        after_encoder = after_encoder or Layers(())
        width = after_encoder.size(encoder.size)
        if aggregator is None:
            passing, inputs = width, width
        else:
            passing = width // 2 if split else 0
            inputs = passing + aggregator.output_size(width - passing)
        widths = () if aggregate_is_latent else (*after_aggregator, 2 * latent_size)
        start = None
        if learned_start:
            element = () if aggregator is None else aggregator.start(width - passing)
            start = (encoder.start(), element)
        return cls(
            embedding=embedding,
            before_encoder=before_encoder or Layers(()),
            encoder=encoder,
            after_encoder=after_encoder,
            aggregator=aggregator,
            output=Layers.create(key, inputs, widths),
            learned_start=start,
            passing=passing,
            aggregated=width - passing,
            scan=scan,
        )

    def initial_memory(self, batch: tuple[int, ...] = ()) -> Memory:
        """The memory at a trial's start, which is a function of the parameters.

        Its latent, the prior, is the output for an embedding of zeros; the state that this leads
        to is discarded.
        """
        encoder, aggregate = self._start()
        zeros = jnp.zeros_like(self.embedding.reward.bias, shape=(1, self.embedding.size))
        first = broadcast((encoder, aggregate), (1,))
        latent = self._advance(*first, zeros).latent
        return broadcast(Memory(encoder, aggregate, latent[0]), batch)

    def step(self, memory: Memory, transition: Transition) -> Memory:
        """Takes in one transition of every item of the batch."""
        return self._advance(memory.encoder, memory.aggregate, self.embedding(transition))

    def unroll(
        self,
        memory: Memory,
        transitions: Transition,
        starts: Bool[Array, "time environment"],
        gradient_steps: int | None = None,
    ) -> tuple[Memory, Float[Array, "time environment latent"]]:
        """Takes in whole sequences: the same as stepping, up to rounding.

        **Arguments:**

        - `memory`: before the sequences, `[environment, ...]`.
        - `transitions`: `[time, environment, ...]`.
        - `starts`: where set, the memory is the initial one before that transition.
        - `gradient_steps`: over how many steps gradients flow through the encoder's recurrence, see
            `unroll_with_cuts`; None: over all. Those of the aggregator are never cut: they reach
            any step at once, so that a trial may be much longer.

        **Returns:** the memory after the sequences, and the latent after every transition.
        """
        return self.unroll_embedded(memory, self.embedding(transitions), starts, gradient_steps)

    def unroll_embedded(
        self,
        memory: Memory,
        xs: Float[Array, "time environment embedded"],
        starts: Bool[Array, "time environment"],
        gradient_steps: int | None = None,
    ) -> tuple[Memory, Float[Array, "time environment latent"]]:
        """`unroll` for transitions that are embedded already."""
        fresh, fresh_aggregate = self._start()
        projected = self.before_encoder.rectified(xs)
        encoder, u = unroll_with_cuts(
            self.encoder, memory.encoder, fresh, projected, starts, gradient_steps
        )
        u = self.after_encoder(u)
        if self.aggregator is None:
            latents = self.output(u)
            return Memory(encoder, (), latents[-1]), latents
        aggregates = segmented_scan(
            self.aggregator.combine,
            memory.aggregate,
            fresh_aggregate,
            self.aggregator.lift(u[..., self.passing :]),
            starts,
            self.scan,
        )
        latents = self._read(u, aggregates)
        last = jax.tree.map(lambda leaf: leaf[-1], aggregates)
        return Memory(encoder, last, latents[-1]), latents

    def _start(self) -> tuple[EncoderState, Element]:
        """Encoder state and aggregate at a trial's start, without batch dimensions."""
        if self.learned_start is not None:
            return self.learned_start
        element = () if self.aggregator is None else self.aggregator.start(self.aggregated)
        return self.encoder.start(), element

    def _advance(
        self, state: PyTree, aggregate: PyTree, x: Float[Array, "*batch embedded"]
    ) -> Memory:
        state, u = self.encoder.step(state, self.before_encoder.rectified(x))
        u = self.after_encoder(u)
        if self.aggregator is None:
            return Memory(state, aggregate, self.output(u))
        lifted = self.aggregator.lift(u[..., self.passing :])
        aggregate = self.aggregator.combine(aggregate, lifted)
        return Memory(state, aggregate, self._read(u, aggregate))

    def _read(self, u, aggregate):
        assert self.aggregator is not None
        aggregated = self.aggregator.read(aggregate)
        return self.output(jnp.concatenate([u[..., : self.passing], aggregated], axis=-1))
