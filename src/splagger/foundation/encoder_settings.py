"""The encoders by their numbers. Importing this module does not import jax."""

from dataclasses import dataclass
from typing import ClassVar

from splagger.foundation.checks import check_at_least, check_finite
from splagger.foundation.errors import UserError
from splagger.foundation.plain_values import check_types


@dataclass(frozen=True)
class _Encoder:
    kind: ClassVar[str]
    """What it is called in messages and files."""
    recurrent: ClassVar[bool] = True
    """Whether gradients reach earlier steps through a state that every step changes."""

    size: int = 256
    """Width of the output."""

    def __post_init__(self):
        check_types(self, "agent.encoder")
        check_at_least("agent.encoder.size", self.size, 1)


@dataclass(frozen=True)
class GRUSettings(_Encoder):
    """Gated recurrent unit."""

    kind: ClassVar[str] = "gru"


@dataclass(frozen=True)
class LSTMSettings(_Encoder):
    """Long short-term memory."""

    kind: ClassVar[str] = "lstm"

    invariant_initialisation: bool = True
    """Whether it starts as a sum that ignores order, or orthogonal."""


@dataclass(frozen=True)
class FeedForwardSettings(_Encoder):
    """One linear layer with tanh: no recurrence."""

    kind: ClassVar[str] = "feed-forward"
    recurrent: ClassVar[bool] = False


@dataclass(frozen=True)
class LinearRecurrenceSettings(_Encoder):
    """A recurrence whose gates see the input only, so that it runs in parallel over time."""

    kind: ClassVar[str] = "linear"

    gate_bias: float = -2.0
    """Where the update gates start: lower is slower to forget."""

    def __post_init__(self):
        super().__post_init__()
        check_finite("agent.encoder.gate_bias", self.gate_bias)


@dataclass(frozen=True)
class _Transformer(_Encoder):
    width: int = 16
    """Width of its tokens."""
    layers: int = 2
    """How many blocks of attention."""
    heads: int = 2
    """How many heads of attention, a divisor of the width."""

    def __post_init__(self):
        super().__post_init__()
        for name in ("width", "layers", "heads"):
            check_at_least(f"agent.encoder.{name}", getattr(self, name), 1)
        if self.width % self.heads:
            raise UserError(
                f"agent.encoder.heads is {self.heads}, but agent.encoder.width is {self.width}, "
                "which it must divide."
            )


@dataclass(frozen=True)
class OverwritingTransformerSettings(_Transformer):
    """The published transformer: no positions, linear feed-forward layers, and a memory that its
    own outputs overwrite (Q20)."""

    kind: ClassVar[str] = "overwriting-transformer"


@dataclass(frozen=True)
class CausalTransformerSettings(_Transformer):
    """A transformer with causal attention, rotary positions and a cache for acting."""

    kind: ClassVar[str] = "causal-transformer"
    recurrent: ClassVar[bool] = False

    width: int = 64
    """Width of its tokens."""
    heads: int = 4
    """How many heads of attention; the width of each must be even."""

    def __post_init__(self):
        super().__post_init__()
        if self.width % (2 * self.heads):
            raise UserError(
                f"agent.encoder.width is {self.width}, but with agent.encoder.heads "
                f"{self.heads} it must be a multiple of {2 * self.heads}: rotary positions turn "
                "pairs of numbers in every head."
            )


EncoderSettings = (
    GRUSettings
    | LSTMSettings
    | FeedForwardSettings
    | LinearRecurrenceSettings
    | OverwritingTransformerSettings
    | CausalTransformerSettings
)
"""Any of the encoders."""
