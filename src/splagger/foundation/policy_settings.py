"""The policies by their numbers. Importing this module does not import jax."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from splagger.foundation.checks import check_at_least, check_positive
from splagger.foundation.errors import UserError
from splagger.foundation.plain_values import check_types

BaseInitialisation = Literal["normc", "orthogonal", "kaiming"]
"""How ordinary layers of a policy start: rows of a fixed norm, orthogonal rows, or uniform."""

Source = Literal["latent", "task", "belief"]
"""What a policy is conditioned on."""

HyperInitialisation = Literal["bias", "weight", "both", "none", "hfi"]
"""How a hypernetwork's heads start. `bias`: every latent generates the same initial layer of an
ordinary network (Bias-HyperInit, Beck et al. 2022). `weight`: each latent dimension adds such a
layer (Weight-HyperInit). `both`: half of each. `none`: the heads are ordinary layers. `hfi`:
variance-preserving heads (Chang et al. 2020)."""


@dataclass(frozen=True)
class _Policy:
    kind: ClassVar[str]
    """What it is called in messages and files."""

    observation_embedding: int = 256
    """Width of the embedded observation."""
    latent_embedding: int = 25
    """Width of the embedded latent."""
    hidden_sizes: tuple[int, ...] = (256, 128)
    """Widths of the hidden layers of actor and critic."""
    initialisation: BaseInitialisation = "normc"
    """How ordinary hidden layers start."""
    initial_standard_deviation: float = 1.0
    """Of continuous actions."""

    def __post_init__(self):
        check_types(self, "agent.policy")
        for name in ("observation_embedding", "latent_embedding"):
            check_at_least(f"agent.policy.{name}", getattr(self, name), 1)
        if not self.hidden_sizes:
            raise UserError("agent.policy.hidden_sizes is empty, but it needs at least one width.")
        for size in self.hidden_sizes:
            check_at_least("agent.policy.hidden_sizes", size, 1)
        name = "agent.policy.initial_standard_deviation"
        check_positive(name, self.initial_standard_deviation)


@dataclass(frozen=True)
class _ActorCritic(_Policy):
    source: Source = "latent"
    """What the networks are conditioned on: the latent, or, for oracles, the true task or the exact
    belief about it."""


@dataclass(frozen=True)
class PlainPolicySettings(_ActorCritic):
    """Ordinary networks, the latent one more input."""

    kind: ClassVar[str] = "plain"

    observe: bool = True
    """Whether the observation is an input beside the latent."""


@dataclass(frozen=True)
class MultiNetworkSettings(_Policy):
    """An ordinary policy for every task, chosen by the true task: an oracle to compare with."""

    kind: ClassVar[str] = "multi-network"


@dataclass(frozen=True)
class _Conditioned(_ActorCritic):
    hyper_hidden_sizes: tuple[int, ...] = ()
    """Widths of hidden layers between the embedded latent and the heads, with tanh."""
    hyper_softmax_temperature: float | None = None
    """Where given, the last hidden layer has a softmax of this temperature in place of tanh."""

    def __post_init__(self):
        super().__post_init__()
        for size in self.hyper_hidden_sizes:
            check_at_least("agent.policy.hyper_hidden_sizes", size, 1)
        if self.hyper_softmax_temperature is not None:
            name = "agent.policy.hyper_softmax_temperature"
            check_positive(name, self.hyper_softmax_temperature)
            if not self.hyper_hidden_sizes:
                raise UserError(
                    f"{name} is {self.hyper_softmax_temperature}, but "
                    "agent.policy.hyper_hidden_sizes is empty: there is no hidden layer that the "
                    "softmax could follow. Give it a width, such as 16."
                )


@dataclass(frozen=True)
class HypernetworkSettings(_Conditioned):
    """A hypernetwork generates the weights of actor and critic from the latent."""

    kind: ClassVar[str] = "hypernetwork"

    hyper_initialisation: HyperInitialisation = "bias"
    """How the heads that generate weights start."""
    generated_layers: tuple[bool, ...] = ()
    """Whether each layer is generated, hidden layers first, then the head; empty for all."""

    def __post_init__(self):
        super().__post_init__()
        layers = len(self.hidden_sizes) + 1
        name = "agent.policy.generated_layers"
        if self.generated_layers and len(self.generated_layers) != layers:
            raise UserError(
                f"{name} has {len(self.generated_layers)} entries, but with "
                f"agent.policy.hidden_sizes {self.hidden_sizes} there are {layers} layers, the "
                "head included."
            )
        if self.generated_layers and not any(self.generated_layers):
            raise UserError(f"{name} is all false, but at least one layer must be generated.")


@dataclass(frozen=True)
class FilmSettings(_Conditioned):
    """Ordinary weights whose outputs are scaled and shifted by the latent (FiLM)."""

    kind: ClassVar[str] = "film"

    hyper_initialisation: Literal["bias", "weight", "both", "none"] = "bias"
    """How the heads that generate scales and shifts start; `bias`: scale 1, shift 0."""


PolicySettings = HypernetworkSettings | PlainPolicySettings | FilmSettings | MultiNetworkSettings
"""Any of the policies."""
