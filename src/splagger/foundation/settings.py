"""Every setting of a training run, as plain values. Importing this module does not import jax."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import tyro

from splagger.foundation.agent_settings import AgentSettings
from splagger.foundation.checks import check_at_least, check_fraction, check_positive
from splagger.foundation.errors import UserError
from splagger.foundation.plain_values import check_types, from_plain, to_plain


@dataclass(frozen=True)
class LearningSettings:
    """How the agent learns: rollouts and proximal policy optimisation."""

    environments: int = 16
    """N, the number of environments that are stepped side by side."""
    steps: int = 700
    """T, the number of steps of a rollout."""
    gradient_steps: int | None = None
    """Over how many steps gradients flow through the encoder's recurrence, best a divisor of
    `steps`; none: through the whole rollout. Values are carried through all of it, and gradients
    too by the aggregator. For long trials: fewer steps follow on each other in learning."""
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
    precollect_frames: int = 0
    """Nothing is learnt from rollouts that end before so many frames (Q25)."""
    anneal_learning_rate: bool = False
    """Whether learning rates fall linearly to 0 at the last frame."""
    measure_inputs: bool = False
    """Whether the metrics of every update say how strongly the value depends on the observation and
    on the latent: norms of its gradients for them, and their own norms. Costs some time."""

    def __post_init__(self):
        check_types(self, "learning")
        for name in ("environments", "steps", "epochs", "minibatches"):
            check_at_least(f"learning.{name}", getattr(self, name), 1)
        if self.gradient_steps is not None:
            check_at_least("learning.gradient_steps", self.gradient_steps, 1)
        for name in ("discount", "trace_decay"):
            check_fraction(f"learning.{name}", getattr(self, name))
        for name in ("clip", "maximum_gradient_norm", "reward_clip"):
            check_positive(f"learning.{name}", getattr(self, name))
        for name in ("entropy_weight", "value_weight"):
            check_at_least(f"learning.{name}", getattr(self, name), 0)
        check_at_least("learning.precollect_frames", self.precollect_frames, 0)
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
    elbo_scale: Literal["expectation", "published"] = "expectation"
    """Q4, Q21: whether the bound of task inference is averaged over trajectories, or its divergence
    and task errors are summed as published: then the divergence counts as many times more as there
    are trajectories in a step, squared where `terms` are drawn."""
    replay_latent_noise: bool = True
    """Q5: whether a policy that acts on samples of the latent is trained on them, or on means."""

    def __post_init__(self):
        check_types(self, "conventions")
        if self.train_prior and self.memory_reset == "before-last-transition":
            raise UserError(
                "conventions.train_prior is true, but with conventions.memory_reset "
                "'before-last-transition' trials do not start from the prior: set it to false, or "
                "memory_reset to 'after-last-transition'."
            )
        if self.critic_bias_bound is not None:
            check_at_least("conventions.critic_bias_bound", self.critic_bias_bound, 0)


@dataclass(frozen=True)
class HostSettings:
    """How simulators on the host are stepped. Not read for environments that are compiled."""

    workers: int | None = None
    """Processes that step the simulators, or threads for native MuJoCo; 0 for the training's own.
    They change no result. None: one a processor core, and 0 where processes would not pay, because
    a step takes less than 0.1 ms."""
    overlap: bool = False
    """Whether environments are stepped in two halves, one while the agents choose for the other. It
    pays with workers that leave the agents a core or a GPU; it changes results by rounding."""

    def __post_init__(self):
        check_types(self, "host")
        if self.workers is not None:
            check_at_least("host.workers", self.workers, 0)


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
    host: HostSettings = field(default_factory=HostSettings)
    """How simulators on the host are stepped."""
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
        check_types(self, "")
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
        encoder = self.agent.encoder
        if self.learning.gradient_steps is not None and not encoder.recurrent:
            raise UserError(
                f"learning.gradient_steps is {self.learning.gradient_steps}, but the encoder "
                f"{encoder.kind} has no recurrence through which gradients flow: leave it at None, "
                "or choose a GRU, an LSTM or a linear recurrence."
            )
        if self.host.overlap and self.learning.environments % 2:
            raise UserError(
                f"learning.environments is {self.learning.environments}, but it must be even with "
                "host.overlap."
            )
        rollout = self.learning.environments * self.learning.steps
        if self.frames < rollout:
            raise UserError(
                f"frames is {self.frames}, but one rollout alone takes {rollout} "
                f"({self.learning.environments} environments x {self.learning.steps} steps)."
            )

        inference = self.agent.objective.task_inference
        fixed = None if inference is None else inference.warm_up_updates
        if fixed is not None and fixed >= self.updates:
            raise UserError(
                f"agent.objective.task_inference.warm_up_updates is {fixed}, but the whole run has "
                f"only {self.updates}, and would never leave the warm-up: train for more frames, "
                "or give a number below, or none, and warm_up_fraction as a part of the run."
            )

    @property
    def warm_up_updates(self) -> int:
        """For how many updates the policy is told the true task."""
        inference = self.agent.objective.task_inference
        if inference is None:
            return 0
        if inference.warm_up_updates is not None:
            return inference.warm_up_updates
        return round(inference.warm_up_fraction * self.updates)

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
    return to_plain(settings)


def from_dictionary(values: dict[str, Any]) -> Settings:
    """Settings from plain values, as read from JSON.

    **Raises:** `UserError` where a setting is unknown, missing or of another type, as in a run of
    another version.
    """
    return from_plain(Settings, values)
