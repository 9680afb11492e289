"""What an agent's sequence model learns from, as plain values. Importing this module does not
import jax."""

from dataclasses import dataclass, field
from typing import Literal

import tyro

from splagger.foundation.checks import check_at_least, check_fraction, check_positive
from splagger.foundation.errors import UserError
from splagger.foundation.plain_values import check_types


@dataclass(frozen=True)
class RewardDecoderSettings:
    """Predicts rewards from the latent."""

    hidden_sizes: tuple[int, ...] = (32, 32)
    """Widths of its hidden layers."""
    weight: float = 1.0
    """Of its error in the objective."""
    per_place: bool = True
    """Whether it predicts, where the environment has places (grids), the success of every place
    from the latent alone; otherwise, and elsewhere, it predicts the reward of a transition."""

    def __post_init__(self):
        _check_decoder(self, "reward")


@dataclass(frozen=True)
class StateDecoderSettings:
    """Predicts the next observation from the latent, the observation and the action."""

    hidden_sizes: tuple[int, ...] = (32, 32)
    """Widths of its hidden layers."""
    weight: float = 1.0
    """Of its error in the objective."""

    def __post_init__(self):
        _check_decoder(self, "state")


@dataclass(frozen=True)
class TaskDecoderSettings:
    """Predicts the true task from the latent: privileged while training, not while acting."""

    hidden_sizes: tuple[int, ...] = (32, 32)
    """Widths of its hidden layers."""
    weight: float = 1.0
    """Of its error in the objective."""
    target: Literal["vector", "index"] = "vector"
    """The task as numbers, or which one of finitely many it is."""

    def __post_init__(self):
        _check_decoder(self, "task")


@dataclass(frozen=True)
class ElboSettings:
    """The evidence lower bound of VariBAD, over whole trials (Zintgraf et al. 2020)."""

    reward: tyro.conf.AvoidSubcommands[RewardDecoderSettings | None] = field(
        default_factory=RewardDecoderSettings
    )
    """Predicts rewards; None does not."""
    state: tyro.conf.AvoidSubcommands[StateDecoderSettings | None] = None
    """Predicts observations; None does not."""
    task: tyro.conf.AvoidSubcommands[TaskDecoderSettings | None] = None
    """Predicts the task; None does not."""
    kl_weight: float = 1.0
    """Of the divergence between posteriors."""
    kl_target: Literal["previous", "prior"] = "previous"
    """Every posterior is kept near the one a step before, or near a standard normal."""
    stochastic: bool = True
    """Whether decoders see a sample of the latent; otherwise all its numbers, and there is no
    divergence."""
    weight: float = 1.0
    """Of the whole bound, where it is added to the policy's loss."""
    updates: int = 3
    """Optimiser steps after every update of the policy, where it is not added to its loss."""
    learning_rate: float = 1e-3
    """Of these steps."""
    trajectories: int = 25
    """How many whole trials a step looks at."""
    terms: int | None = None
    """At how many times of a trial the bound is taken; None for all."""
    decodes: int | None = None
    """How many transitions of a trial are predicted each time; None for all, or with `resample`
    for as many as a trial can have."""
    resample: bool = False
    """Whether these transitions are drawn with replacement."""
    average_terms: bool = False
    """Whether times are averaged in place of summed."""
    average_decodes: bool = False
    """Whether transitions are averaged in place of summed."""
    buffer: int = 10_000
    """How many of the newest whole trials are remembered."""

    def __post_init__(self):
        check_types(self, "agent.objective.elbo")
        for name in ("kl_weight", "weight"):
            check_at_least(f"agent.objective.elbo.{name}", getattr(self, name), 0)
        check_positive("agent.objective.elbo.learning_rate", self.learning_rate)
        for name in ("updates", "trajectories", "buffer"):
            check_at_least(f"agent.objective.elbo.{name}", getattr(self, name), 1)
        for name in ("terms", "decodes"):
            value = getattr(self, name)
            if value is not None:
                check_at_least(f"agent.objective.elbo.{name}", value, 1)
        if self.trajectories > self.buffer:
            raise UserError(
                f"agent.objective.elbo.trajectories is {self.trajectories}, but only "
                f"agent.objective.elbo.buffer, {self.buffer}, are remembered."
            )


@dataclass(frozen=True)
class TaskInferenceSettings:
    """The latent learns to say what the policy itself makes of the true task (Humplik et al. 2019;
    Beck et al. 2023). In a warm-up the policy is told the task."""

    target: Literal["task-code", "base-network"] = "task-code"
    """What is inferred: the policy's embedding of the task, or all weights that the hypernetwork
    generates for it."""
    hidden_sizes: tuple[int, ...] = (32, 32)
    """Widths of the hidden layers of what infers it."""
    weight: float = 1.0
    """Of its error in the objective."""
    warm_up_updates: int | None = None
    """For so many updates the policy is told the task in place of the latent; None: see
    `warm_up_fraction`."""
    warm_up_fraction: float = 0.1
    """The same as a part of the run, 0 to 1."""
    freeze_in_warm_up: bool = False
    """Whether the sequence model and the decoders do not learn during the warm-up."""
    reset_after_warm_up: bool = False
    """Whether the policy, its embedding of the task excepted, starts anew after the warm-up."""

    def __post_init__(self):
        check_types(self, "agent.objective.task_inference")
        for size in self.hidden_sizes:
            check_at_least("agent.objective.task_inference.hidden_sizes", size, 1)
        check_at_least("agent.objective.task_inference.weight", self.weight, 0)
        if self.warm_up_updates is not None:
            name = "agent.objective.task_inference.warm_up_updates"
            check_at_least(name, self.warm_up_updates, 0)
        name = "agent.objective.task_inference.warm_up_fraction"
        check_fraction(name, self.warm_up_fraction)


@dataclass(frozen=True)
class ObjectiveSettings:
    """What the sequence model learns from. Any may be combined with any sequence model."""

    policy_gradient: bool = True
    """Whether it learns from the losses of actor and critic, end to end. Otherwise the policy sees
    latents normalised, and no gradient passes from it to them."""
    elbo: tyro.conf.AvoidSubcommands[ElboSettings | None] = None
    """Whether, and how, it learns to predict what happens in a trial."""
    task_inference: tyro.conf.AvoidSubcommands[TaskInferenceSettings | None] = None
    """Whether, and how, it learns to infer the true task. With an `elbo` it is a term of that; end
    to end it draws the embedded latent itself to the target."""

    def __post_init__(self):
        check_types(self, "agent.objective")
        inference = self.task_inference
        if inference is not None and inference.freeze_in_warm_up and self.policy_gradient:
            raise UserError(
                "agent.objective.task_inference.freeze_in_warm_up is true, but "
                "agent.objective.policy_gradient is true, too: the sequence model would learn from "
                "the policy's losses. Set one of them to false."
            )
        if inference is None or self.elbo is not None:
            return
        if not self.policy_gradient:
            raise UserError(
                "agent.objective.task_inference is given, but agent.objective.policy_gradient is "
                "false and agent.objective.elbo is none: nothing trains the sequence model. Give "
                "an elbo, or set policy_gradient to true."
            )
        if inference.target == "base-network":
            raise UserError(
                "agent.objective.task_inference.target is base-network, which needs "
                "agent.objective.elbo: end to end only task-code can be inferred."
            )


def _check_decoder(
    settings: RewardDecoderSettings | StateDecoderSettings | TaskDecoderSettings, name: str
) -> None:
    check_types(settings, f"agent.objective.elbo.{name}")
    for size in settings.hidden_sizes:
        check_at_least(f"agent.objective.elbo.{name}.hidden_sizes", size, 1)
    check_at_least(f"agent.objective.elbo.{name}.weight", settings.weight, 0)
