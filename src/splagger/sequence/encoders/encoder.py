"""The interface of encoders: the part of a sequence model that may depend on order."""

import abc

import equinox as eqx
import jax
from jaxtyping import Array, Bool, Float, PyTree

from splagger.sequence.starts import select_start

EncoderState = PyTree[Float[Array, "..."]]
"""What an encoder remembers: arrays `[*batch, ...]`."""


class Encoder(eqx.Module):
    """A recurrence over embedded transitions.

    What of a step does not depend on the state is split off into `project`, so that a whole
    sequence can be projected in one product before the recurrence runs over it.
    """

    size: eqx.AbstractVar[int]
    """Width of the output."""

    @abc.abstractmethod
    def start(self) -> EncoderState:
        """The state before any transition, without batch dimensions."""

    @abc.abstractmethod
    def project(self, x: Float[Array, "*batch embedded"]) -> Float[Array, "*batch projected"]:
        """The part of a step that does not depend on the state."""

    @abc.abstractmethod
    def advance(
        self,
        state: EncoderState,
        projected: Float[Array, "*batch projected"],
    ) -> tuple[EncoderState, Float[Array, "*batch output"]]:
        """The rest of a step: the new state and the output."""

    def step(
        self, state: EncoderState, x: Float[Array, "*batch embedded"]
    ) -> tuple[EncoderState, Float[Array, "*batch output"]]:
        """Takes in one embedded transition."""
        return self.advance(state, self.project(x))

    def unroll(
        self,
        state: EncoderState,
        fresh: EncoderState,
        xs: Float[Array, "time environment embedded"],
        starts: Bool[Array, "time environment"],
    ) -> tuple[EncoderState, Float[Array, "time environment output"]]:
        """Takes in a whole sequence.

        **Arguments:**

        - `state`: before the sequence, `[environment, ...]`.
        - `fresh`: at a trial's start, without batch dimensions: `start()`, unless it is learned.
        - `xs`: embedded transitions.
        - `starts`: where set, the state is reset to `fresh` before that transition.

        **Returns:** the state after the sequence, and the output after every transition.
        """

        def step(state, inputs):
            projected, start = inputs
            return self.advance(select_start(start, fresh, state), projected)

        return jax.lax.scan(step, state, (self.project(xs), starts))
