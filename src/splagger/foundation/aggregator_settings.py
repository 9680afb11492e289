"""The aggregators by their numbers. Importing this module does not import jax."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from splagger.foundation.checks import check_at_least, check_positive
from splagger.foundation.errors import UserError
from splagger.foundation.plain_values import check_types

SMALLEST_TEMPERATURE = 0.04
"""Below it, exponential weights of a temperature are too small for 32 bits."""


@dataclass(frozen=True)
class _Aggregator:
    kind: ClassVar[str]
    """What it is called in messages and files."""

    def __post_init__(self):
        check_types(self, "agent.aggregator")


@dataclass(frozen=True)
class MaxSettings(_Aggregator):
    """Running maximum."""

    kind: ClassVar[str] = "max"

    start: Literal["zero", "low"] = "zero"
    """The maximum before any transition: 0, or lower than any input (Q27)."""
    normalised: bool = False
    """Whether the output is scaled to norm 1 (at most ten times larger), without a gradient
    through the scale."""


@dataclass(frozen=True)
class SumSettings(_Aggregator):
    """Running sum."""

    kind: ClassVar[str] = "sum"


@dataclass(frozen=True)
class MeanSettings(_Aggregator):
    """Running mean."""

    kind: ClassVar[str] = "mean"


@dataclass(frozen=True)
class MeanMaxSettings(_Aggregator):
    """Running mean of one half, running maximum of the other."""

    kind: ClassVar[str] = "mean-max"


@dataclass(frozen=True)
class _Weighted(_Aggregator):
    learn_temperature: bool = False
    """Whether the temperature is trained (Q17)."""


@dataclass(frozen=True)
class WeightedMeanSettings(_Weighted):
    """Running mean of one half, weighted by the other."""

    kind: ClassVar[str] = "weighted-mean"

    temperature: float | None = None
    """Of exponential weights, at least 0.04; None for softplus weights."""

    def __post_init__(self):
        super().__post_init__()
        if self.temperature is not None:
            check_at_least("agent.aggregator.temperature", self.temperature, SMALLEST_TEMPERATURE)
        elif self.learn_temperature:
            raise UserError(
                "agent.aggregator.learn_temperature is true, but agent.aggregator.temperature is "
                "none: softplus weights have no temperature. Give one, such as 0.1."
            )


@dataclass(frozen=True)
class SoftmaxSettings(_Weighted):
    """Running mean weighted by the exponentials of the inputs themselves: a soft maximum."""

    kind: ClassVar[str] = "softmax"

    temperature: float = 0.1
    """At least 0.04; lower is closer to a maximum."""

    def __post_init__(self):
        super().__post_init__()
        check_at_least("agent.aggregator.temperature", self.temperature, SMALLEST_TEMPERATURE)


@dataclass(frozen=True)
class GaussianProductSettings(_Aggregator):
    """Product of Gaussian factors: means weighted by precisions (PEARL)."""

    kind: ClassVar[str] = "gaussian-product"


@dataclass(frozen=True)
class PriorMeanSettings(_Aggregator):
    """Running mean that counts a learned prior as if it had been seen (MATE)."""

    kind: ClassVar[str] = "prior-mean"

    prior_weight: float = 1.0
    """How many transitions the prior counts for at first, above 0; it is trained."""

    def __post_init__(self):
        super().__post_init__()
        check_positive("agent.aggregator.prior_weight", self.prior_weight)


AggregatorSettings = (
    MaxSettings
    | SumSettings
    | MeanSettings
    | MeanMaxSettings
    | WeightedMeanSettings
    | SoftmaxSettings
    | GaussianProductSettings
    | PriorMeanSettings
)
"""Any of the aggregators."""
