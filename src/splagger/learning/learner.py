"""One member's training: initialise, collect, learn."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int, Key, PRNGKeyArray

from splagger.agent import Agent
from splagger.environments.trial import Trial
from splagger.environments.trial_description import TrialDescription
from splagger.foundation.normalisers import RewardNormaliser
from splagger.learning.advantages import TimeLimits, advantages, standardise
from splagger.learning.ppo import Experience, Losses, Minibatches, minibatch_loss
from splagger.learning.rollout import Rollout, collect, rollout_values, start_collector
from splagger.learning.train_state import (
    Collector,
    Hyperparameters,
    Optimisers,
    TrainState,
    clip_by_norm,
)

Metrics = dict[str, Array]


TrialT = TypeVar("TrialT", bound=TrialDescription)
"""The kind of trial that a learner is made for."""


class Learner(eqx.Module, Generic[TrialT]):
    """PPO for one member. Everything in it is fixed when it is compiled.

    Where the environment is compiled as well, `initialise` and `update` are all that training
    needs. Where it is not, `initial_state` and `learn_from` are given what it did.
    """

    trial: TrialT
    """The environment."""
    build_agent: Callable[[PRNGKeyArray], Agent]
    """Draws an agent's initial parameters."""
    optimisers: Optimisers
    """Adam's constants."""
    environments: int = eqx.field(static=True)
    """N, the number of parallel environments."""
    steps: int = eqx.field(static=True)
    """T, the number of steps of a rollout."""
    epochs: int = eqx.field(static=True)
    """How often an update goes over the rollout."""
    minibatches: int = eqx.field(static=True)
    """Into how many minibatches it divides the rollout."""
    minibatch_kind: Minibatches = eqx.field(static=True)
    """What a minibatch is made of."""
    reward_clip: float = eqx.field(static=True)
    """Normalised rewards are clipped to ± this."""
    time_limits: TimeLimits = eqx.field(static=True)
    """How truncated episodes are credited (Q15)."""
    restart_memory: bool = eqx.field(static=True)
    """Whether every rollout starts from the initial memory (Q2)."""
    reset_all_returns: bool = eqx.field(static=True)
    """Whether the end of one trial restarts the reward statistics of all environments (Q6)."""
    early_statistics: bool = eqx.field(static=True)
    """Whether observation statistics take the rollout in before the minibatches, so that the
    first ratio is not 1, as published (Q14), or after them."""
    measure_inputs: bool = eqx.field(static=True)
    """Whether metrics say how strongly the value depends on its inputs."""

    @property
    def frames_per_update(self) -> int:
        """Environment steps of one rollout."""
        return self.environments * self.steps

    def initialise(
        self: "Learner[Trial]", seed: Int[Array, ""], hyperparameters: Hyperparameters
    ) -> TrainState:
        """The state before training.

        **Arguments:**

        - `seed`: decides everything random in the member's training.
        - `hyperparameters`: its numbers.
        """

        def start(agent, key):
            return start_collector(agent, self.trial, self.environments, key)

        return self.initial_state(seed, hyperparameters, start)

    def initial_state(
        self,
        seed: Int[Array, ""],
        hyperparameters: Hyperparameters,
        start: Callable[[Agent, PRNGKeyArray], Collector],
    ) -> TrainState:
        """The state before training, in environments that `start` begins.

        **Arguments:**

        - `seed`, `hyperparameters`: as for `initialise`.
        - `start`: makes the collector from the agent and the key of the first trials, which is
            `first_trials_key(seed)`.
        """
        agent_key, trial_key, key = _seed_keys(seed)
        agent = self.build_agent(agent_key)
        policy, sequence = self.optimisers.transformations()
        return TrainState(
            agent=agent,
            optimiser=(
                policy.init(eqx.filter(agent.networks.actor_critic, eqx.is_array)),
                sequence.init(eqx.filter(agent.networks.sequence_model, eqx.is_array)),
            ),
            collector=start(agent, trial_key),
            rewards=RewardNormaliser.create(self.environments),
            hyperparameters=hyperparameters,
            key=key,
            updates=jnp.zeros((), jnp.int32),
            failed_at=-jnp.ones((), jnp.int32),
        )

    def update(self: "Learner[Trial]", state: TrainState) -> tuple[TrainState, Metrics]:
        """Collects a rollout and learns from it.

        **Returns:** the new state, and metrics: scalars by name; see `learn_from`.
        """
        collector, rollout = collect(
            state.agent,
            self.trial,
            state.collector,
            collection_key(state),
            steps=self.steps,
            restart_memory=self.restart_memory,
        )
        return self.learn_from(state, collector, rollout)

    def learn_from(
        self, state: TrainState, collector: Collector, rollout: Rollout
    ) -> tuple[TrainState, Metrics]:
        """The part of an update that follows the collection.

        A member whose losses or parameters stop being finite keeps the state it had before, and
        stands still from then on.

        **Arguments:**

        - `state`: before the update.
        - `collector`: where the environments stand after it.
        - `rollout`: what the agent of `state` did, with the randomness of `collection_key(state)`.

        **Returns:** the new state, and metrics: scalars by name.
        """
        key, _, learn_key = _update_keys(state)
        collected = eqx.tree_at(lambda s: (s.collector, s.key), state, (collector, key))
        learned, metrics = self.learn(collected, rollout, learn_key)
        healthy = (state.failed_at < 0) & metrics.pop("finite")
        standing = eqx.tree_at(
            lambda s: s.failed_at,
            state,
            jnp.where(state.failed_at < 0, state.updates, state.failed_at),
        )
        new = jax.tree.map(lambda a, b: jnp.where(healthy, a, b), learned, standing)
        return eqx.tree_at(lambda s: s.updates, new, state.updates + 1), metrics

    def learn(
        self, state: TrainState, rollout: Rollout, key: PRNGKeyArray
    ) -> tuple[TrainState, Metrics]:
        """Learns from a rollout: reward scale, advantages, then minibatches.

        **Returns:** the new state, and metrics; the metric `finite` is boolean.
        """
        samples = self.minibatch_samples(key)
        state, experience, metrics = self.prepare(state, rollout)
        agent, optimiser, losses, norms = self.optimise(state, experience, samples)
        if not self.early_statistics:
            agent = _observe_statistics(agent, rollout)
        # A norm that overflows would scale its gradients to nothing, without a loss to show for it.
        finite = _all_finite((losses, norms, agent))
        state = eqx.tree_at(lambda s: (s.agent, s.optimiser), state, (agent, optimiser))
        episodes = jnp.sum(rollout.episode_end)
        metrics |= {
            "loss": jnp.mean(losses.total),
            "policy_loss": jnp.mean(losses.policy),
            "value_loss": jnp.mean(losses.value),
            "entropy": jnp.mean(losses.entropy),
            "first_log_ratio": losses.log_ratio[0],
            "last_log_ratio": losses.log_ratio[-1],
            "policy_gradient_norm": jnp.mean(norms[0]),
            "sequence_gradient_norm": jnp.mean(norms[1]),
            "rollout_reward": jnp.sum(rollout.reward) / jnp.maximum(episodes, 1),
            "rollout_episodes": episodes,
            "rollout_success": jnp.sum(rollout.success) / jnp.maximum(episodes, 1),
            "finite": finite,
        }
        if self.trial.may_diverge:
            metrics["diverged_episodes"] = jnp.sum(rollout.diverged)
        if losses.inputs is not None:
            measured = vars(losses.inputs)
            # Infinite as long as no head has moved and the latent has no influence.
            ratio = measured["observation_gradient"] / measured["latent_gradient"]
            measured = {**measured, "gradient_ratio": ratio}
            metrics |= {f"value_{name}": jnp.mean(value) for name, value in measured.items()}
        return state, metrics

    def prepare(
        self, state: TrainState, rollout: Rollout
    ) -> tuple[TrainState, Experience, Metrics]:
        """Normalises the rewards and estimates advantages and value targets."""
        hyperparameters = state.hyperparameters
        normaliser, rewards = state.rewards.normalise(
            rollout.reward,
            rollout.trial_end,
            discount=hyperparameters.discount,
            clip=self.reward_clip,
            reset_all=self.reset_all_returns,
        )
        values = rollout_values(state.agent, rollout)
        final_values = None
        if self.time_limits == "bootstrap" and self.trial.may_truncate:
            final_values = state.agent.value(
                rollout.next_observation, rollout.next_latent, rollout.task
            )
        advantage = advantages(
            rewards,
            values,
            final_values,
            rollout.trial_end,
            rollout.truncated,
            discount=hyperparameters.discount,
            trace_decay=hyperparameters.trace_decay,
            time_limits=self.time_limits,
        )
        target = advantage + values[:-1]
        experience = Experience.create(rollout, standardise(advantage), target, values[:-1])
        agent = state.agent
        if self.early_statistics:
            agent = _observe_statistics(agent, rollout)
        state = eqx.tree_at(lambda s: (s.agent, s.rewards), state, (agent, normaliser))
        explained = 1 - jnp.var(advantage) / (jnp.var(target) + 1e-8)
        return state, experience, {"explained_variance": explained}

    def minibatch_samples(self, key: PRNGKeyArray) -> Int[Array, "step sample"]:
        """Which samples every optimiser step uses: a fresh permutation an epoch, cut into equal
        parts, the remainder dropped."""
        if self.minibatch_kind == "time-steps":
            items = self.frames_per_update
        else:
            items = self.environments
        size = items // self.minibatches

        def epoch(key):
            order = jax.random.permutation(key, items)
            return order[: size * self.minibatches].reshape(self.minibatches, size)

        return jax.vmap(epoch)(jax.random.split(key, self.epochs)).reshape(-1, size)

    def optimise(
        self, state: TrainState, experience: Experience, samples: Int[Array, "step sample"]
    ) -> tuple[Agent, Any, Losses, tuple[Float[Array, " step"], Float[Array, " step"]]]:
        """Takes one step of both optimisers for every minibatch.

        **Returns:** the agent, the optimisers' state, the losses of every step, and the norms of
        the gradients of policy and sequence model before clipping.
        """
        numbers = state.hyperparameters
        progress = state.updates / numbers.annealing_updates
        learning_rate = numbers.learning_rate * jnp.maximum(0, 1 - progress)
        transformations = self.optimisers.transformations()

        def step(carry, indices):
            agent, optimiser = carry
            if self.minibatch_kind == "time-steps":
                chosen, batch = experience, indices
            else:
                chosen, batch = experience.environments(indices), None
            gradient_of = jax.grad(minibatch_loss, has_aux=True)
            gradient, losses = gradient_of(
                agent.networks,
                agent,
                chosen,
                batch,
                numbers,
                measure_inputs=self.measure_inputs,
            )
            parts = (gradient.actor_critic, gradient.sequence_model)
            parameters = (agent.networks.actor_critic, agent.networks.sequence_model)
            moved = []
            for part, parameter, moments, adam in zip(
                parts, parameters, optimiser, transformations, strict=True
            ):
                clipped, norm = clip_by_norm(part, numbers.maximum_gradient_norm)
                direction, moments = adam.update(clipped, moments)
                steps = jax.tree.map(lambda leaf: -learning_rate * leaf, direction)
                moved.append((optax.apply_updates(parameter, steps), moments, norm))
            (policy, policy_moments, policy_norm), (model, model_moments, model_norm) = moved
            agent = eqx.tree_at(
                lambda a: (a.networks.actor_critic, a.networks.sequence_model),
                agent,
                (policy, model),
            )
            norms = (policy_norm, model_norm)
            return (agent, (policy_moments, model_moments)), (losses, norms)

        start = (state.agent, state.optimiser)
        (agent, optimiser), (losses, norms) = jax.lax.scan(step, start, samples)
        return agent, optimiser, losses, norms


def first_trials_key(seed: Int[Array, ""]) -> PRNGKeyArray:
    """The randomness of a member's first trials."""
    return _seed_keys(seed)[1]


def collection_key(state: TrainState) -> PRNGKeyArray:
    """The randomness of the next rollout."""
    return _update_keys(state)[1]


def _seed_keys(seed: Int[Array, ""]) -> Key[Array, "3"]:
    """Keys for the initial parameters, for the first trials and for the training."""
    return jax.random.split(jax.random.key(seed), 3)


def _update_keys(state: TrainState) -> Key[Array, "3"]:
    """Keys for all later updates, for the next rollout and for learning from it."""
    return jax.random.split(state.key, 3)


def _observe_statistics(agent: Agent, rollout: Rollout) -> Agent:
    flat = rollout.observation.reshape(-1, rollout.observation.shape[-1])
    moments = agent.observations.update(flat, unbiased=True)
    return eqx.tree_at(lambda a: a.observations, agent, moments)


def _all_finite(tree: Any) -> Bool[Array, ""]:
    leaves = [jnp.all(jnp.isfinite(leaf)) for leaf in jax.tree.leaves(tree)]
    return jnp.all(jnp.stack(leaves))
