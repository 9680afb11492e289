"""Every setting of a training run, as plain values. Importing this module does not import jax."""

import dataclasses
import types
import typing
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import tyro

from splagger.foundation.checks import (
    check_at_least,
    check_choice,
    check_fraction,
    check_positive,
)
from splagger.foundation.errors import UserError


@dataclass(frozen=True)
class AgentSettings:
    """What the agent is made of."""

    name: str = "splagger"
    """The name it goes by in tables and figures."""
    encoder: Literal["gru", "feed-forward"] = "gru"
    """The part of the sequence model that may depend on order."""
    encoder_size: int = 256
    """Width of the encoder's output."""
    aggregator: Literal["none", "max"] = "max"
    """How the encoder's outputs are combined over the trial; `none` lets all of them pass by."""
    split: bool = True
    """Whether the first half of the encoder's output passes by the aggregator."""
    aggregate_start: Literal["zero", "low"] = "zero"
    """The maximum before any transition: 0, or lower than any input (Q27)."""
    latent_size: int = 12
    """The latent has as many means and as many logarithms of variances."""
    observation_embedding: int = 32
    """Width of the embedded observation in the sequence model."""
    action_embedding: int = 8
    """Width of the embedded action; 0 leaves actions out."""
    reward_embedding: int = 8
    """Width of the embedded reward."""
    full_transitions: bool = True
    """Whether the previous observation is part of the sequence model's input."""
    policy: Literal["hypernetwork", "plain"] = "hypernetwork"
    """Whether the latent generates the weights of the policy, or is one more input."""
    policy_observation_embedding: int = 256
    """Width of the embedded observation in the policy."""
    policy_latent_embedding: int = 25
    """Width of the embedded latent in the policy."""
    policy_hidden_sizes: tuple[int, ...] = (256, 128)
    """Widths of the hidden layers of actor and critic."""
    initial_standard_deviation: float = 1.0
    """Of continuous actions."""

    def __post_init__(self):
        _check_types(self, "agent")
        for name in (
            "encoder_size",
            "latent_size",
            "observation_embedding",
            "reward_embedding",
            "policy_observation_embedding",
            "policy_latent_embedding",
        ):
            check_at_least(f"agent.{name}", getattr(self, name), 1)
        check_at_least("agent.action_embedding", self.action_embedding, 0)
        check_positive("agent.initial_standard_deviation", self.initial_standard_deviation)
        if not self.policy_hidden_sizes:
            raise UserError("agent.policy_hidden_sizes is empty, but it needs at least one width.")
        for size in self.policy_hidden_sizes:
            check_at_least("agent.policy_hidden_sizes", size, 1)
        if self.aggregator != "none" and self.split and self.encoder_size < 2:
            raise UserError("agent.encoder_size is 1, but a split needs at least 2.")


@dataclass(frozen=True)
class LearningSettings:
    """How the agent learns: rollouts and proximal policy optimisation."""

    environments: int = 16
    """N, the number of environments that are stepped side by side."""
    steps: int = 700
    """T, the number of steps of a rollout; gradients flow through all of them."""
    epochs: int = 2
    """How often an update goes over its rollout."""
    minibatches: int = 4
    """Into how many minibatches an epoch is divided."""
    minibatch_kind: Literal["time-steps", "environments"] = "time-steps"
    """`time-steps`: random steps, the whole rollout encoded for each minibatch, as published.
    `environments`: all steps of some environments, which saves most of the encoding."""
    discount: float = 0.95
    """Discount factor (gamma)."""
    trace_decay: float = 0.95
    """Decay of advantage estimates (lambda; "tau" as published)."""
    clip: float = 0.05
    """Bound on the change of probability ratios and of values."""
    entropy_weight: float = 0.1
    """Weight of the entropy bonus."""
    value_weight: float = 0.5
    """Weight of the value loss."""
    maximum_gradient_norm: float = 0.5
    """Gradients are scaled down to this norm, policy and sequence model apart."""
    reward_clip: float = 10.0
    """Normalised rewards are clipped to ± this."""
    policy_epsilon: float = 1e-5
    """Adam's epsilon for the policy."""
    sequence_epsilon: float = 1e-8
    """Adam's epsilon for the sequence model."""
    anneal_learning_rate: bool = False
    """Whether learning rates fall linearly to 0 at the last frame."""

    def __post_init__(self):
        _check_types(self, "learning")
        for name in ("environments", "steps", "epochs", "minibatches"):
            check_at_least(f"learning.{name}", getattr(self, name), 1)
        for name in ("discount", "trace_decay"):
            check_fraction(f"learning.{name}", getattr(self, name))
        for name in ("clip", "maximum_gradient_norm", "reward_clip"):
            check_positive(f"learning.{name}", getattr(self, name))
        for name in ("entropy_weight", "value_weight"):
            check_at_least(f"learning.{name}", getattr(self, name), 0)
        for name in ("policy_epsilon", "sequence_epsilon"):
            check_positive(f"learning.{name}", getattr(self, name))
        by_steps = self.minibatch_kind == "time-steps"
        items = self.environments * (self.steps if by_steps else 1)
        if items < self.minibatches:
            what = "steps" if by_steps else "environments"
            raise UserError(
                f"learning.minibatches is {self.minibatches}, but a rollout has only {items} "
                f"{what}: a minibatch needs at least one."
            )
        if self.environments * self.steps < 2:
            raise UserError("learning.steps is 1 with one environment, but a rollout needs 2.")


@dataclass(frozen=True)
class ConventionSettings:
    """Choices in which the published system is peculiar, by their number in the architecture."""

    boundary: Literal["both", "terminal", "start", "published"] = "both"
    """Q7: what is seen at an episode's end inside a trial. `both`: the memory sees the terminal
    observation, the policy acts on the next episode's first one. `terminal`, `start`: both see that
    one only. `published`: `start` for mazes, `terminal` for other environments."""
    memory_reset: Literal["after-last-transition", "before-last-transition"] = (
        "after-last-transition"
    )
    """Q1: whether a trial's last transition belongs to its own memory or to the next trial's."""
    restart_memory: bool = False
    """Q2: whether every rollout starts from the initial memory, also in the middle of a trial."""
    reset_all_returns: bool = False
    """Q6: whether the end of one trial restarts the reward statistics of all environments."""
    critic_bias_bound: float | None = None
    """Q9: the hypernetwork's critic starts with a bias uniform on ± this; None: 1/√inputs."""
    early_statistics: bool = False
    """Q14: whether observation statistics change between acting and learning."""
    time_limits: Literal["bootstrap", "zero-advantage", "terminal"] = "bootstrap"
    """Q15: how an episode that a time limit cut is credited."""
    action_encoding: Literal["one-hot", "index"] = "one-hot"
    """Q19: how a discrete action enters the sequence model."""
    train_prior: bool = True
    """Q28: whether gradients reach the prior latent."""

    def __post_init__(self):
        _check_types(self, "conventions")
        if self.train_prior and self.memory_reset == "before-last-transition":
            raise UserError(
                "conventions.train_prior is true, but with conventions.memory_reset "
                "'before-last-transition' trials do not start from the prior: set it to false, or "
                "memory_reset to 'after-last-transition'."
            )
        if self.critic_bias_bound is not None:
            check_at_least("conventions.critic_bias_bound", self.critic_bias_bound, 0)


@dataclass(frozen=True)
class Settings:
    """All that is needed to run a training again."""

    environment: Annotated[
        tyro.conf.Positional[str],
        tyro.conf.arg(metavar="ENVIRONMENT", help_behavior_hint="(required)"),
    ]
    """Name of the environment, with options: `t-maze-long-noise:length=20,episodes=8`."""
    agent: AgentSettings = field(default_factory=AgentSettings)
    """What the agent is made of."""
    learning: LearningSettings = field(default_factory=LearningSettings)
    """How it learns."""
    conventions: ConventionSettings = field(default_factory=ConventionSettings)
    """Where the published system is peculiar."""
    learning_rates: tuple[float, ...] = (1e-3,)
    """Every one is trained with every seed, all members together."""
    seeds: int = 1
    """How many seeds."""
    first_seed: int = 0
    """The seeds count up from here."""
    frames: int = 500_000
    """Environment steps of every member; whole rollouts, so the last may be cut."""
    evaluation_interval: int = 1
    """Updates between two evaluations."""
    evaluation_tasks: int = 64
    """Fresh tasks of every evaluation."""
    checkpoint_minutes: float = 2.0
    """Minutes between two checkpoints of the whole state."""
    precision: Literal["float32", "tensorfloat32"] = "float32"
    """Precision of matrix products on accelerators."""

    def __post_init__(self):
        _check_types(self, "")
        if not self.learning_rates:
            raise UserError("learning_rates is empty, but it needs at least one number.")
        for rate in self.learning_rates:
            check_positive("learning_rates", rate)
        if len(set(self.learning_rates)) < len(self.learning_rates):
            raise UserError(f"learning_rates is {self.learning_rates}, but they must differ.")
        check_at_least("seeds", self.seeds, 1)
        check_at_least("first_seed", self.first_seed, 0)
        if self.first_seed + self.seeds > 2**31:
            raise UserError(
                f"first_seed is {self.first_seed}, but the last seed must be below {2**31}."
            )
        check_at_least("evaluation_interval", self.evaluation_interval, 1)
        check_at_least("evaluation_tasks", self.evaluation_tasks, 1)
        check_at_least("checkpoint_minutes", self.checkpoint_minutes, 0)
        rollout = self.learning.environments * self.learning.steps
        if self.frames < rollout:
            raise UserError(
                f"frames is {self.frames}, but one rollout alone takes {rollout} "
                f"({self.learning.environments} environments x {self.learning.steps} steps)."
            )

    @property
    def updates(self) -> int:
        """Whole rollouts that fit into `frames`."""
        return self.frames // (self.learning.environments * self.learning.steps)

    @property
    def members(self) -> list[tuple[float, int]]:
        """(learning rate, seed) of every member."""
        seeds = range(self.first_seed, self.first_seed + self.seeds)
        return [(rate, seed) for rate in self.learning_rates for seed in seeds]


def to_dictionary(settings: Settings) -> dict[str, Any]:
    """The settings as plain values for JSON."""
    return dataclasses.asdict(settings)


def from_dictionary(values: dict[str, Any]) -> Settings:
    """Settings from plain values, as read from JSON.

    **Raises:** `UserError` where a setting is unknown, missing or of another type, as in a run of
    another version.
    """
    return _build(Settings, values, "")


def _build(kind: type, values: Any, prefix: str) -> Any:
    if not isinstance(values, dict):
        name = prefix.removesuffix(".")
        raise UserError(f"the settings' entry '{name}' is {values!r}, but it must be a table.")
    types_by_name = typing.get_type_hints(kind)
    for name in values:
        if name not in types_by_name:
            raise UserError(
                f"the settings have an entry '{prefix}{name}' that this version does not know."
            )
    arguments: dict[str, Any] = {}
    for name, expected in types_by_name.items():
        if name not in values:
            raise UserError(f"the settings lack the entry '{prefix}{name}'.")
        value = values[name]
        if isinstance(expected, type) and dataclasses.is_dataclass(expected):
            arguments[name] = _build(expected, value, f"{prefix}{name}.")
        else:
            arguments[name] = _convert(expected, value, f"{prefix}{name}")
    return kind(**arguments)


def _convert(expected: Any, value: Any, name: str) -> Any:
    """A JSON value as the expected type; JSON has no tuples, and writes 1.0 as 1 in places."""
    origin = typing.get_origin(expected)
    if origin is Literal:
        return value  # checked by the settings themselves
    if origin is tuple and isinstance(value, list | tuple):
        return tuple(_convert(typing.get_args(expected)[0], item, name) for item in value)
    if origin in (types.UnionType, typing.Union):
        options = typing.get_args(expected)
        if value is None and type(None) in options:
            return None
        return _convert(next(o for o in options if o is not type(None)), value, name)
    if expected is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    wrong_kind = expected is int and isinstance(value, bool)
    if isinstance(expected, type) and isinstance(value, expected) and not wrong_kind:
        return value
    raise UserError(f"{name} is {value!r}, but it must be {_describe(expected)}.")


def _describe(expected: Any) -> str:
    if typing.get_origin(expected) is tuple:
        return f"a list, each entry {_describe(typing.get_args(expected)[0])}"
    names = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
    return names.get(expected, str(expected))


def _check_types(settings: Any, prefix: str) -> None:
    for name, expected in typing.get_type_hints(type(settings)).items():
        label, value = f"{prefix}.{name}" if prefix else name, getattr(settings, name)
        if typing.get_origin(expected) is Literal:
            check_choice(label, value, typing.get_args(expected))
        elif isinstance(expected, type) and dataclasses.is_dataclass(expected):
            if not isinstance(value, expected):
                raise UserError(f"{label} is {value!r}, but it must be {expected.__name__}.")
        else:
            _convert(expected, value, label)
