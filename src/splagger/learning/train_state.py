"""The whole state of training, as arrays alone."""

from typing import Any

import equinox as eqx
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray

from splagger.agent import Agent
from splagger.foundation.normalisers import RewardNormaliser
from splagger.learning.objective import ElboNumbers, InferenceNumbers
from splagger.learning.optimisers import OptimiserState
from splagger.learning.trajectory_buffer import TrajectoryBuffer
from splagger.policies.policy import Policy
from splagger.sequence.split_aggregator import Memory


class Hyperparameters(eqx.Module):
    """Numbers of the learner that may differ between members and cost no new compilation."""

    learning_rate: Float[Array, ""]
    """Step size of both optimisers, above 0."""
    discount: Float[Array, ""]
    """Discount factor, in [0, 1]."""
    trace_decay: Float[Array, ""]
    """Decay of advantage estimates ("lambda", "tau"), in [0, 1]."""
    clip: Float[Array, ""]
    """Bound on the change of probability ratios and of values, above 0."""
    entropy_weight: Float[Array, ""]
    """Weight of the entropy bonus, at least 0."""
    value_weight: Float[Array, ""]
    """Weight of the value loss, at least 0."""
    maximum_gradient_norm: Float[Array, ""]
    """Gradients are scaled down to this norm, policy and sequence model apart."""
    annealing_updates: Float[Array, ""]
    """The number of updates over which learning rates fall to 0; infinite for constant ones."""
    elbo: ElboNumbers | None = None
    """Of the bound, where the sequence model learns from one."""
    inference: InferenceNumbers | None = None
    """Of task inference, where the policy is told the true task in a warm-up."""


class Collector(eqx.Module):
    """Where every environment stands between two rollouts."""

    trial: Any
    """State of the running trials, `[environment, ...]`: a `TrialState`, or `HostTrials` where
    simulators on the host hold it."""
    observation: Float[Array, "environment observation"]
    """What the policy acts on next."""
    memory: Memory
    """The agent's memories."""
    fresh_start: Bool[Array, " environment"]
    """Whether the next step is the first of a trial."""


class TrainState(eqx.Module):
    """One member's training, whole: restoring it continues as if nothing had happened."""

    agent: Agent
    """Parameters and observation statistics."""
    optimiser: OptimiserState
    """Adam's moments."""
    trajectories: TrajectoryBuffer | None
    """Remembered trials, where the sequence model learns from whole ones."""
    second_policy: Policy | None
    """What the policy becomes after a warm-up that ends with a new start."""
    collector: Collector
    """The environments."""
    rewards: RewardNormaliser
    """Reward statistics."""
    hyperparameters: Hyperparameters
    """The learner's numbers."""
    key: PRNGKeyArray
    """Randomness of all later rollouts and updates."""
    updates: Int[Array, ""]
    """How many updates are done, counting those of a failed member."""
    failed_at: Int[Array, ""]
    """The update at which a loss or parameter was not finite, and from which on this member stands
    still; -1 while all is well."""
