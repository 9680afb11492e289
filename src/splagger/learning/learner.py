"""One member's training: initialise, collect, learn."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Generic, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Key, PRNGKeyArray

from splagger.agent import Agent, Networks
from splagger.environments.trial import Trial
from splagger.environments.trial_description import TrialDescription
from splagger.foundation.device_mesh import on_every_device
from splagger.foundation.normalisers import RewardNormaliser
from splagger.learning.advantages import TimeLimits, advantages, standardise
from splagger.learning.elbo import ElboLosses
from splagger.learning.metrics import Metrics, elbo_metrics, loss_metrics, rollout_metrics
from splagger.learning.objective import Objective
from splagger.learning.optimisers import Optimisers, OptimiserState, clip_by_norm
from splagger.learning.ppo import Experience, Losses, Minibatches, minibatch_loss
from splagger.learning.rebuilt_memory import rebuild_memory
from splagger.learning.rollout import Rollout, collect, rollout_values, start_collector
from splagger.learning.sample_values import sample_values
from splagger.learning.statistics import observe_statistics
from splagger.learning.train_state import Collector, Hyperparameters, TrainState
from splagger.learning.trajectories import trajectory_shapes
from splagger.learning.trajectory_buffer import TrajectoryBuffer
from splagger.learning.warm_up import after_updates, told_in_warm_up

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
    objective: Objective
    """What the sequence model learns from."""
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
    gradient_steps: int | None = eqx.field(static=True)
    """Over how many steps gradients flow through the encoder's recurrence; None: through the whole
    rollout."""
    reward_clip: float = eqx.field(static=True)
    """Normalised rewards are clipped to ± this."""
    time_limits: TimeLimits = eqx.field(static=True)
    """How truncated episodes are credited (Q15)."""
    restart_memory: bool = eqx.field(static=True)
    """Whether every rollout starts from the initial memory (Q2)."""
    rebuild_memory: bool = eqx.field(static=True)
    """Whether after every update the memories of running trials are encoded anew from what is
    remembered of them, as published where whole trials are."""
    reset_all_returns: bool = eqx.field(static=True)
    """Whether the end of one trial restarts the reward statistics of all environments (Q6)."""
    early_statistics: bool = eqx.field(static=True)
    """Whether observation statistics take the rollout in before the minibatches, so that the
    first ratio is not 1, as published (Q14), or after them."""
    replay_latent_noise: bool = eqx.field(static=True)
    """Whether a policy that acts on samples of the latent is trained on the same samples, or on
    means, as published (Q5)."""
    precollect_frames: int = eqx.field(static=True)
    """Nothing is learnt from rollouts that end before so many frames (Q25)."""
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
        agent = told_in_warm_up(self.build_agent(agent_key), 0, hyperparameters.inference)
        second_policy = None
        if self.objective.reset_after_warm_up:
            second_policy = self.build_agent(jax.random.fold_in(agent_key, 1)).networks.actor_critic
        return TrainState(
            agent=agent,
            optimiser=self.optimisers.initial_state(agent.networks),
            trajectories=self._no_trajectories(),
            second_policy=second_policy,
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
        if state.trajectories is not None:
            task = replace(rollout.task, belief=None)
            trajectories = state.trajectories.add(rollout.transitions, task, rollout.trial_end)
            collected = eqx.tree_at(lambda s: s.trajectories, collected, trajectories)
        learned, metrics = self.learn(collected, rollout, learn_key)
        agent = after_updates(
            learned.agent,
            state.updates + 1,
            state.hyperparameters.inference,
            learned.second_policy,
        )
        learned = eqx.tree_at(lambda s: s.agent, learned, agent)
        if self.rebuild_memory:
            assert learned.trajectories is not None
            memory = rebuild_memory(learned.agent, learned.trajectories.running())
            learned = eqx.tree_at(lambda s: s.collector.memory, learned, memory)
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
        """Learns from a rollout: reward scale, advantages, then minibatches, then the bound.

        **Returns:** the new state, and metrics; the metric `finite` is boolean.
        """
        samples, before = self.minibatch_samples(key), state.agent
        state, experience, metrics = self.prepare(state, rollout)
        agent, optimiser, losses, norms = self.optimise(
            state, experience, samples, jax.random.fold_in(key, 1)
        )
        elbo = None
        if self.objective.elbo is not None:
            agent, optimiser, elbo = self._improve_elbo(
                state, agent, optimiser, losses, jax.random.fold_in(key, 2)
            )
        if not self.early_statistics:
            agent = observe_statistics(agent, rollout)
        # A norm that overflows would scale its gradients to nothing, without a loss to show for it.
        finite = _all_finite((losses, norms, elbo, agent))
        if self.precollect_frames:
            waiting = (state.updates + 1) * self.frames_per_update < self.precollect_frames
            agent, optimiser = jax.tree.map(
                lambda old, new: jnp.where(waiting, old, new),
                (before, state.optimiser),
                (agent, optimiser),
            )
        state = eqx.tree_at(lambda s: (s.agent, s.optimiser), state, (agent, optimiser))
        metrics |= rollout_metrics(rollout, diverges=self.trial.may_diverge)
        metrics |= loss_metrics(losses, norms)
        if elbo is not None:
            metrics |= elbo_metrics(elbo, agent.networks.decoders)
        return state, {**metrics, "finite": finite}

    def prepare(
        self, state: TrainState, rollout: Rollout
    ) -> tuple[TrainState, Experience, Metrics]:
        """Normalises the rewards and estimates advantages and value targets."""
        hyperparameters = state.hyperparameters
        # A few numbers a step, whose statistics move on at every step: no device waits for another.
        running, reward, trial_end = on_every_device(
            (state.rewards, rollout.reward, rollout.trial_end)
        )
        normaliser, rewards = running.normalise(
            reward,
            trial_end,
            discount=hyperparameters.discount,
            clip=self.reward_clip,
            reset_all=self.reset_all_returns,
        )
        normaliser, rewards = on_every_device((normaliser, rewards))
        values = rollout_values(state.agent, rollout)
        final_values = None
        if self.time_limits == "bootstrap" and self.trial.may_truncate:
            final_values = sample_values(
                state.agent, rollout.next_observation, rollout.next_latent, None, rollout.task
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
        experience = Experience.create(
            rollout,
            standardise(advantage),
            target,
            values[:-1],
            fixed_latents=not self.objective.policy_gradient,
            replay_noise=self.replay_latent_noise,
        )
        agent = state.agent
        if self.early_statistics:
            agent = observe_statistics(agent, rollout)
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

        samples = jax.vmap(epoch)(jax.random.split(key, self.epochs)).reshape(-1, size)
        return on_every_device(samples)

    def optimise(
        self,
        state: TrainState,
        experience: Experience,
        samples: Int[Array, "step sample"],
        key: PRNGKeyArray,
    ) -> tuple[Agent, OptimiserState, Losses, tuple[Float[Array, " step"], Float[Array, " step"]]]:
        """Takes one step of the optimisers for every minibatch.

        **Arguments:**

        - `state`: before the steps.
        - `experience`, `samples`: what the minibatches are made of.
        - `key`: randomness of a bound that is added to the policy's loss.

        **Returns:** the agent, the optimisers' state, the losses of every step, and the norms of
        the gradients of policy and sequence model before clipping.
        """
        numbers = state.hyperparameters
        progress = state.updates / numbers.annealing_updates
        learning_rate = numbers.learning_rate * jnp.maximum(0, 1 - progress)
        objective = self.objective

        def loss(networks, agent, chosen, batch, key):
            total, losses = minibatch_loss(
                networks,
                agent,
                chosen,
                batch,
                numbers,
                gradient_steps=self.gradient_steps,
                direct_inference=objective.direct_inference,
                measure_inputs=self.measure_inputs,
            )
            if objective.elbo is None or not objective.policy_gradient:
                return total, losses
            assert state.trajectories is not None
            assert numbers.elbo is not None
            weights = numbers.elbo.weights
            elbo = objective.elbo.losses(networks, agent, state.trajectories, key, weights)
            return total + numbers.elbo.weight * elbo.total, replace(losses, elbo=elbo)

        def step(carry, inputs):
            agent, optimiser = carry
            indices, key = inputs
            if self.minibatch_kind == "time-steps":
                chosen, batch = experience, indices
            else:
                chosen, batch = experience.environments(indices), None
            gradient, losses = jax.grad(loss, has_aux=True)(
                agent.networks, agent, chosen, batch, key
            )
            maximum = numbers.maximum_gradient_norm
            policy_gradient, policy_norm = clip_by_norm(gradient.actor_critic, maximum)
            rest, rest_norm = clip_by_norm((gradient.sequence_model, gradient.decoders), maximum)
            clipped = Networks(rest[0], policy_gradient, rest[1])
            networks, optimiser = self.optimisers.step_policy(
                agent.networks, clipped, optimiser, learning_rate
            )
            if objective.policy_gradient:
                networks, optimiser = self.optimisers.step_sequence(
                    networks, clipped, optimiser, learning_rate
                )
            agent = eqx.tree_at(lambda a: a.networks, agent, networks)
            return (agent, optimiser), (losses, (policy_norm, rest_norm))

        start = (state.agent, state.optimiser)
        inputs = (samples, jax.random.split(key, samples.shape[0]))
        (agent, optimiser), (losses, norms) = jax.lax.scan(step, start, inputs)
        return agent, optimiser, losses, norms

    def _improve_elbo(
        self,
        state: TrainState,
        agent: Agent,
        optimiser: OptimiserState,
        losses: Losses,
        key: PRNGKeyArray,
    ) -> tuple[Agent, OptimiserState, ElboLosses]:
        """Takes the bound's own steps, where it is no part of the policy's loss; else passes on
        what that was."""
        if self.objective.policy_gradient:
            assert losses.elbo is not None
            return agent, optimiser, losses.elbo
        numbers, elbo = state.hyperparameters.elbo, self.objective.elbo
        assert elbo is not None
        assert numbers is not None
        assert state.trajectories is not None
        improved, moments, bound = elbo.improve(
            agent, optimiser, self.optimisers, state.trajectories, key, numbers
        )
        if self.objective.freeze_in_warm_up:
            told = state.agent.told
            assert told is not None
            improved, moments = jax.tree.map(
                lambda old, new: jnp.where(told, old, new),
                (agent, optimiser),
                (improved, moments),
            )
        return improved, moments, bound

    def _no_trajectories(self) -> TrajectoryBuffer | None:
        """Room for whole trials, where the sequence model learns from them."""
        elbo = self.objective.elbo
        if elbo is None:
            return None
        transition, task = trajectory_shapes(self.trial)
        return TrajectoryBuffer.create(
            elbo.capacity, elbo.horizon, self.environments, transition, task
        )


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


def _all_finite(tree: Any) -> Bool[Array, ""]:
    leaves = [jnp.all(jnp.isfinite(leaf)) for leaf in jax.tree.leaves(tree)]
    return jnp.all(jnp.stack(leaves))
