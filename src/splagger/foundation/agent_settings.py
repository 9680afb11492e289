"""What an agent is made of, as one composed value. Importing this module does not import jax.

    AgentSettings("splagger", encoder=GRUSettings(256), aggregator=MaxSettings(), split=True,
                  policy=HypernetworkSettings())

Every part is a value of its own, whose class says what it is and whose fields are its numbers.
"""

from dataclasses import dataclass, field

import tyro

from splagger.foundation.aggregator_settings import (
    AggregatorSettings,
    GaussianProductSettings,
    MaxSettings,
    MeanMaxSettings,
    PriorMeanSettings,
    SumSettings,
    WeightedMeanSettings,
)
from splagger.foundation.checks import check_at_least
from splagger.foundation.encoder_settings import (
    CausalTransformerSettings,
    EncoderSettings,
    FeedForwardSettings,
    GRUSettings,
    OverwritingTransformerSettings,
)
from splagger.foundation.errors import UserError
from splagger.foundation.objective_settings import ObjectiveSettings
from splagger.foundation.plain_values import check_types
from splagger.foundation.policy_settings import (
    HypernetworkSettings,
    MultiNetworkSettings,
    PolicySettings,
)


@dataclass(frozen=True)
class EmbeddingSettings:
    """How transitions enter the sequence model."""

    observation: int = 32
    """Width of the embedded observation."""
    action: int = 8
    """Width of the embedded action; 0 leaves actions out."""
    reward: int = 8
    """Width of the embedded reward."""
    full_transitions: bool = True
    """Whether the previous observation is part of the input."""

    def __post_init__(self):
        check_types(self, "agent.embedding")
        check_at_least("agent.embedding.observation", self.observation, 1)
        check_at_least("agent.embedding.action", self.action, 0)
        check_at_least("agent.embedding.reward", self.reward, 1)


@dataclass(frozen=True)
class AgentSettings:
    """What the agent is made of."""

    name: str = "splagger"
    """The name it goes by in tables and figures."""
    embedding: EmbeddingSettings = field(default_factory=EmbeddingSettings)
    """How transitions enter the sequence model."""
    encoder: tyro.conf.AvoidSubcommands[EncoderSettings] = field(default_factory=GRUSettings)
    """The part of the sequence model that may depend on order."""
    aggregator: tyro.conf.AvoidSubcommands[AggregatorSettings | None] = field(
        default_factory=MaxSettings
    )
    """How the encoder's outputs are combined over the trial; None lets all of them pass by."""
    split: bool = True
    """Whether the first half of the encoder's output passes by the aggregator."""
    straight_through: bool = False
    """Whether the aggregator's maxima and divisions pass gradients on as a sum would (AMRL)."""
    learned_start: bool = False
    """Whether the memory's state before any transition is learned."""
    layers_before_encoder: tuple[int, ...] = ()
    """Widths of layers between the embedded transition and the encoder, each with ReLU."""
    layers_after_encoder: tuple[int, ...] = ()
    """Widths of layers between the encoder and the split: ReLU between them, the last linear."""
    layers_after_aggregator: tuple[int, ...] = ()
    """Widths of layers between the aggregate and the latent's linear layer, each with ReLU."""
    latent_size: int = 12
    """The latent has as many means and as many logarithms of variances."""
    sample_latent: bool = False
    """Whether the policy sees a sample of the latent, drawn at every step, and not its numbers."""
    policy: tyro.conf.AvoidSubcommands[PolicySettings] = field(default_factory=HypernetworkSettings)
    """How the latent conditions actor and critic."""
    objective: ObjectiveSettings = field(default_factory=ObjectiveSettings)
    """What the sequence model learns from."""

    def __post_init__(self):
        check_types(self, "agent")
        check_at_least("agent.latent_size", self.latent_size, 1)
        for name in ("layers_before_encoder", "layers_after_encoder", "layers_after_aggregator"):
            for width in getattr(self, name):
                check_at_least(f"agent.{name}", width, 1)
        self._check_aggregator()
        self._check_widths()
        self._check_start()
        self._check_objective()

    @property
    def encoder_output(self) -> int:
        """Width of the encoder's own output. It is doubled where half of what reaches a weighted
        mean are weights and no layers between them could make up for it."""
        doubled = isinstance(self.aggregator, WeightedMeanSettings)
        return self.encoder.size * (2 if doubled and not self.layers_after_encoder else 1)

    @property
    def split_width(self) -> int:
        """Width of what is split: that of the encoder's output, or of the last layer after it."""
        if isinstance(self.aggregator, GaussianProductSettings):
            return 2 * self.latent_size
        if not self.layers_after_encoder:
            return self.encoder_output
        doubled = isinstance(self.aggregator, WeightedMeanSettings)
        return self.layers_after_encoder[-1] * (2 if doubled else 1)

    @property
    def aggregated_width(self) -> int:
        """Width of what goes through the aggregator."""
        return self.split_width - (self.split_width // 2 if self.split else 0)

    def _check_aggregator(self):
        aggregator = self.aggregator
        if aggregator is None and self.split:
            raise UserError(
                "agent.split is true, but agent.aggregator is none: nothing can be split off. "
                "Set agent.split to false, or choose an aggregator such as max."
            )
        if self.straight_through and (aggregator is None or isinstance(aggregator, SumSettings)):
            kind = "none" if aggregator is None else aggregator.kind
            raise UserError(
                f"agent.straight_through is true, but agent.aggregator is {kind}, which has no "
                "maximum or division to pass gradients through: set agent.straight_through to "
                "false, or choose an aggregator such as max or mean."
            )
        if isinstance(aggregator, GaussianProductSettings):
            if self.split:
                raise UserError(
                    "agent.split is true, but agent.aggregator is gaussian-product, whose means "
                    "and precisions are the latent itself: set agent.split to false, or choose an "
                    "aggregator such as max."
                )
            if self.layers_after_aggregator:
                raise UserError(
                    f"agent.layers_after_aggregator is {self.layers_after_aggregator}, but "
                    "agent.aggregator is gaussian-product, whose output is the latent itself: use "
                    "agent.layers_after_encoder."
                )

    def _check_widths(self):
        width = self.split_width
        name = "agent.layers_after_encoder" if self.layers_after_encoder else "agent.encoder.size"
        if self.split and width % 2:
            raise UserError(
                f"{name} makes a width of {width}, but agent.split is true, which cuts it into "
                "two halves: use an even width, or set agent.split to false."
            )
        aggregated = self.aggregated_width
        halved = isinstance(self.aggregator, WeightedMeanSettings | MeanMaxSettings)
        if halved and aggregated % 2:
            assert self.aggregator is not None
            doubled = isinstance(self.aggregator, WeightedMeanSettings)
            raise UserError(
                f"{name} makes a width of {aggregated} for the aggregator, but agent.aggregator "
                f"is {self.aggregator.kind}, which cuts it into two halves: use a multiple of "
                f"{(4 if self.split else 2) // (2 if doubled else 1)}."
            )

    def _check_start(self):
        if not self.learned_start:
            return
        encoder = self.encoder
        if isinstance(encoder, CausalTransformerSettings | OverwritingTransformerSettings):
            raise UserError(
                f"agent.learned_start is true, but agent.encoder is {encoder.kind}, whose memory "
                "starts empty: set agent.learned_start to false, or choose a recurrent encoder "
                "such as gru."
            )
        if isinstance(self.aggregator, PriorMeanSettings):
            raise UserError(
                "agent.learned_start is true, but agent.aggregator is prior-mean, which learns "
                "its start anyway: set agent.learned_start to false."
            )
        if isinstance(encoder, FeedForwardSettings) and self.aggregator is None:
            raise UserError(
                "agent.learned_start is true, but neither agent.encoder (feed-forward) nor "
                "agent.aggregator (none) has a state that starts anywhere: set "
                "agent.learned_start to false, or choose an encoder such as gru."
            )

    def _check_objective(self):
        objective, policy = self.objective, self.policy
        oracle = not isinstance(policy, MultiNetworkSettings) and policy.source != "latent"
        if not (objective.policy_gradient or objective.elbo is not None or oracle):
            raise UserError(
                "agent.objective.policy_gradient is false and agent.objective.elbo is none, but "
                "the policy needs the latent: nothing would train it. Set policy_gradient to true, "
                "or give an elbo."
            )
        if objective.task_inference is None:
            return
        if isinstance(policy, MultiNetworkSettings) or oracle:
            kind = policy.kind if isinstance(policy, MultiNetworkSettings) else policy.source
            raise UserError(
                f"agent.objective.task_inference is given, but the policy is told the task anyway "
                f"({kind}): leave it out, or choose a policy of the latent."
            )
        if objective.task_inference.target == "base-network" and not isinstance(
            policy, HypernetworkSettings
        ):
            raise UserError(
                "agent.objective.task_inference.target is base-network, but agent.policy is "
                f"{policy.kind}, which generates no weights: choose hypernetwork, or the target "
                "task-code."
            )
