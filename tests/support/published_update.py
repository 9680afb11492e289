"""Two recorded updates of the published system, computed again by this package.

Nothing is drawn: the recorded rollout is given to the learner, with the recorded minibatches. The
second update starts from what this package made of the first.
"""

import dataclasses
import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int
from support.parity import Named, load_moments, settings_of
from support.policy_parity import load_actor_critic, named_actor_critic
from support.sequence_parity import load_sequence_model, named_sequence_model
from support.tasks import no_task

from splagger.agent import Agent, Networks
from splagger.environments.t_maze.t_maze import TMaze
from splagger.environments.trial import Trial
from splagger.foundation.normalisers import RewardNormaliser, RunningMoments
from splagger.learning.learner import Learner
from splagger.learning.objective import Objective
from splagger.learning.optimisers import Optimisers
from splagger.learning.ppo import Experience, minibatch_loss
from splagger.learning.rollout import Rollout, start_collector
from splagger.learning.train_state import Collector, Hyperparameters, TrainState
from splagger.policies.actor_critic import ActorCritic
from splagger.sequence.split_aggregator import Memory

ITERATIONS = ("it0", "it1")

Parts = dict[str, Named]
"""Arrays by their recorded names, of the `policy` and of the `encoder`."""


@dataclass(frozen=True)
class Minibatch:
    """One optimiser step: what its loss saw, and the parameters that it led to."""

    losses: dict[str, np.ndarray]
    """`total`, `value`, `policy` and `entropy`."""
    values: np.ndarray
    """New values of its samples."""
    log_probabilities: np.ndarray
    """New logarithms of the probabilities of its actions."""
    norms: dict[str, np.ndarray]
    """Norms of the gradients before clipping."""
    latents: np.ndarray
    """Of the whole rollout, recomputed before the step."""
    parameters: Parts
    """After the step."""


@dataclass(frozen=True)
class Update:
    """One recorded iteration, computed by this package."""

    rewards_before: RewardNormaliser
    """Reward statistics that it starts from."""
    acting: dict[str, np.ndarray]
    """Stepping through the recorded rollout: `latent`, `hidden`, `value`, `log_probability`."""
    normalised_rewards: np.ndarray
    """`[time, environment]`."""
    discounted_return: np.ndarray
    """The reward statistics' sum after every step, `[time, environment]`."""
    reward_moments: np.ndarray
    """The reward statistics' mean, variance and count after every step, `[time, 3]`."""
    experience: Experience
    """What the learner prepares of the rollout."""
    first_gradient: Parts | None
    """Gradients of the first update's first minibatch before clipping, with 64-bit numbers."""
    minibatches: list[Minibatch]
    """The optimiser steps one by one."""
    last_latents: np.ndarray
    """Of the whole rollout, recomputed after the last step."""
    state: TrainState
    """After the optimiser steps one by one."""
    whole: tuple[TrainState, dict[str, np.ndarray]] | None
    """The state and the metrics of the whole update in one call, where asked for."""

    @property
    def moments(self) -> dict[str, Parts]:
        """Adam's moments after the last step, `mu` and `nu`."""
        return {name: adam_moments(self.state, name) for name in ("mu", "nu")}


class PublishedLearner(Learner):
    """A learner that uses recorded minibatches instead of random ones."""

    samples: Int[Array, "step sample"]
    """The recorded minibatches."""

    def minibatch_samples(self, key):
        return self.samples


def name_parts(networks: Networks) -> Parts:
    """The parameters of both parts, or their gradients, by their recorded names."""
    networks = jax.tree.map(np.asarray, networks)
    assert isinstance(networks.actor_critic, ActorCritic)
    return {
        "policy": named_actor_critic(networks.actor_critic),
        "encoder": named_sequence_model(networks.sequence_model),
    }


def adam_moments(state: TrainState, name: str) -> Parts:
    """Adam's moments, `mu` or `nu`, by the recorded names of their parameters."""
    moments = state.optimiser
    parts = (moments.sequence_model, moments.actor_critic)
    return name_parts(Networks(*(getattr(part, name) for part in parts)))


@functools.cache
def replay(path: Path, *, double: bool, whole: bool) -> list[Update]:
    """Computes both updates of a record.

    **Arguments:**

    - `path`: the record.
    - `double`: whether with 64-bit numbers, or with 32-bit ones.
    - `whole`: whether also in one call, from which the second update then starts.
    """
    with jax.enable_x64(double), np.load(path) as archive:
        recorded = {name: archive[name] for name in archive.files}
        learner = _learner(recorded)
        state = _initial_state(recorded, learner)
        updates = []
        for iteration in ITERATIONS:
            prefix = f"{iteration}/"
            arrays = {n.removeprefix(prefix): recorded[n] for n in recorded if prefix in n}
            update = _update(
                learner, state, arrays, first=iteration == "it0", double=double, whole=whole
            )
            updates.append(update)
            new = update.state if update.whole is None else update.whole[0]
            state = eqx.tree_at(lambda s: s.updates, new, state.updates + 1)
        return updates


def _learner(recorded: dict[str, np.ndarray]) -> Learner:
    settings = settings_of(recorded)
    maze = TMaze(length=2, indicator_position=0, checks=True, timeout=6)
    return Learner(
        trial=Trial(maze, settings["max_rollouts_per_task"], boundary="start"),
        build_agent=_no_agent,
        optimisers=Optimisers(settings["policy_eps"], 1e-8),
        objective=Objective(),
        environments=settings["num_processes"],
        steps=settings["policy_num_steps"],
        epochs=settings["ppo_num_epochs"],
        minibatches=settings["ppo_num_minibatch"],
        minibatch_kind="time-steps",
        gradient_steps=None,
        reward_clip=settings["cliprew"],
        time_limits="zero-advantage" if settings["use_proper_time_limits"] else "terminal",
        restart_memory=True,
        rebuild_memory=False,
        reset_all_returns=True,
        early_statistics=True,
        replay_latent_noise=True,
        precollect_frames=0,
        measure_inputs=False,
    )


def _no_agent(key) -> Agent:
    raise AssertionError("the recorded agent is used")


def _initial_state(recorded: dict[str, np.ndarray], learner: Learner) -> TrainState:
    settings = settings_of(recorded)
    networks = Networks(
        load_sequence_model(recorded, "init_encoder/"), load_actor_critic(recorded, "init_policy/")
    )
    agent = Agent(
        networks=networks,
        observations=_moments(recorded),
        memory_reset="before-last-transition",
        train_prior=False,
    )
    annealing = settings["num_updates_for_anneal"] if settings["policy_anneal_lr"] else np.inf
    numbers: dict[str, float] = {
        "learning_rate": settings["lr_policy"],
        "discount": settings["policy_gamma"],
        "trace_decay": settings["policy_tau"],
        "clip": settings["ppo_clip_param"],
        "entropy_weight": settings["policy_entropy_coef"],
        "value_weight": settings["policy_value_loss_coef"],
        "maximum_gradient_norm": settings["policy_max_grad_norm"],
        "annealing_updates": annealing,
    }
    key = jax.random.key(0)
    return TrainState(
        agent=agent,
        optimiser=learner.optimisers.initial_state(networks),
        trajectories=None,
        second_policy=None,
        collector=_idle_collector(agent, learner),
        rewards=RewardNormaliser.create(learner.environments),
        hyperparameters=_numbers(**numbers),
        key=key,
        updates=jnp.zeros((), jnp.int32),
        failed_at=-jnp.ones((), jnp.int32),
    )


def _numbers(**numbers: float) -> Hyperparameters:
    arrays: Any = {name: jnp.asarray(number, float) for name, number in numbers.items()}
    return Hyperparameters(**arrays)


def _moments(recorded: dict[str, np.ndarray]) -> RunningMoments:
    """Observation statistics before the first update; none were recorded where the policy does not
    see the observation."""
    start = "it0/state_rms_before/"
    if f"{start}mean" in recorded:
        return load_moments(recorded, start)
    return RunningMoments.create(recorded["it0/prev_state"].shape[-1])


def _idle_collector(agent: Agent, learner: Learner) -> Collector:
    """Environments that are never stepped: of the right shapes, all zero."""
    start = eqx.filter_eval_shape(
        start_collector, agent, learner.trial, learner.environments, jax.random.key(0)
    )
    return jax.tree.map(lambda leaf: jnp.asarray(np.zeros(leaf.shape, leaf.dtype)), start)


@eqx.filter_jit
def _initial_memory(agent: Agent, environments: int) -> Memory:
    return agent.initial_memory((environments,))


def _rollout(agent: Agent, arrays: dict[str, np.ndarray], first: bool) -> Rollout:
    def numbers(name: str) -> Array:
        return jnp.asarray(arrays[name], float)

    def flags(values: np.ndarray) -> Array:
        return jnp.asarray(values, bool)

    done = flags(arrays["done"][..., 0])
    observations = numbers("prev_state")
    latents = jnp.concatenate([numbers("latent_mean"), numbers("latent_logvar")], axis=-1)
    return Rollout(
        memory=_initial_memory(agent, done.shape[1]),
        fresh_start=jnp.ones_like(done[0]) if first else done[0],
        observation=observations[:-1],
        task=no_task(*done[1:].shape),
        action=jnp.asarray(arrays["actions"][..., 0], int),
        log_probability=numbers("action_log_probs")[..., 0],
        latent=latents[:-1],
        reward=numbers("rewards_raw")[..., 0],
        next_observation=numbers("next_state"),
        next_latent=latents[1:],
        episode_end=flags(arrays["done_mdp"]),
        # Entry t + 1 of the record belongs to transition t.
        trial_end=done[1:],
        truncated=flags(arrays["bad_masks"][1:, :, 0] == 0),
        success=jnp.zeros_like(done[1:]),
        diverged=jnp.zeros_like(done[1:]),
        last_observation=observations[-1],
        last_latent=latents[-1],
        last_task=no_task(done.shape[1]),
    )


def _update(
    learner: Learner,
    state: TrainState,
    arrays: dict[str, np.ndarray],
    *,
    first: bool,
    double: bool,
    whole: bool,
) -> Update:
    samples = jnp.asarray(arrays["mb/indices"], int)
    rollout = _rollout(state.agent, arrays, first)
    rewards, returns, moments = _reward_steps(learner, state, rollout)
    stepped, experience = _prepare(learner, state, rollout)
    # Optimiser steps do not depend on time limits: fewer programs are compiled.
    common = dataclasses.replace(learner, time_limits="terminal")
    gradient = _gradient(stepped, experience, samples[0]) if first and double else None
    whole_update = None
    if whole:
        fields = {f.name: getattr(learner, f.name) for f in dataclasses.fields(Learner)}
        new, metrics = _learn(PublishedLearner(**fields, samples=samples), state, rollout)
        whole_update = (new, jax.tree.map(np.asarray, metrics))
    minibatches = []
    for row in samples:
        latents, values, log_probabilities = _recompute(stepped.agent, experience)
        stepped, losses, norms = _optimise(common, stepped, experience, row[None])
        minibatches.append(
            Minibatch(
                losses={
                    name: np.asarray(getattr(losses, name))[0]
                    for name in ("total", "value", "policy", "entropy")
                },
                values=np.asarray(values).reshape(-1)[row],
                log_probabilities=np.asarray(log_probabilities).reshape(-1)[row],
                norms={
                    who: np.asarray(norm)[0]
                    for who, norm in zip(("policy", "encoder"), norms, strict=True)
                },
                latents=np.asarray(latents),
                parameters=name_parts(stepped.agent.networks),
            )
        )
    return Update(
        rewards_before=state.rewards,
        acting=jax.tree.map(np.asarray, _act(state.agent, rollout)),
        normalised_rewards=np.asarray(rewards),
        discounted_return=np.asarray(returns),
        reward_moments=np.asarray(moments),
        experience=experience,
        first_gradient=None if gradient is None else name_parts(gradient),
        minibatches=minibatches,
        last_latents=np.asarray(_recompute(stepped.agent, experience)[0]),
        state=stepped,
        whole=whole_update,
    )


@eqx.filter_jit
def _act(agent: Agent, rollout: Rollout) -> dict[str, Array]:
    policy = agent.networks.actor_critic
    fresh = agent.initial_memory()

    def step(memory, inputs):
        transition, trial_end, action, task = inputs
        observation = agent.observations.normalise(transition.previous_observation)
        distribution, value = policy(observation, memory.latent, task)
        acted = {
            "latent": memory.latent,
            "value": value,
            "log_probability": distribution.log_probability(action),
        }
        memory, _ = agent.observe(memory, transition, trial_end, fresh)
        hidden = jnp.concatenate(jax.tree.leaves((memory.encoder, memory.aggregate)), axis=-1)
        return memory, acted | {"hidden": hidden}

    inputs = (rollout.transitions, rollout.trial_end, rollout.action, rollout.task)
    memory, acted = jax.lax.scan(step, rollout.memory, inputs)
    last = {
        "latent": memory.latent,
        "value": agent.value(rollout.last_observation, memory.latent, None, rollout.last_task),
    }
    return acted | {n: jnp.concatenate([acted[n], last[n][None]]) for n in last}


@eqx.filter_jit
def _reward_steps(learner: Learner, state: TrainState, rollout: Rollout):
    """The learner's reward normalisation, and its statistics after every step."""

    def normalise(normaliser, rewards, trial_end):
        return normaliser.normalise(
            rewards,
            trial_end,
            discount=state.hyperparameters.discount,
            clip=learner.reward_clip,
            reset_all=learner.reset_all_returns,
        )

    def step(normaliser, inputs):
        normaliser, _ = normalise(normaliser, *(row[None] for row in inputs))
        moments = normaliser.moments
        statistics = jnp.stack([moments.mean, moments.variance, moments.count])
        return normaliser, (normaliser.discounted_return, statistics)

    inputs = (rollout.reward, rollout.trial_end)
    _, rewards = normalise(state.rewards, *inputs)
    return rewards, *jax.lax.scan(step, state.rewards, inputs)[1]


@eqx.filter_jit
def _prepare(learner: Learner, state: TrainState, rollout: Rollout):
    return learner.prepare(state, rollout)[:2]


@eqx.filter_jit
def _recompute(agent: Agent, experience: Experience) -> tuple[Array, Array, Array]:
    """Latents, values and logarithms of probabilities under the parameters of the moment."""
    policy = agent.networks.actor_critic
    latents = agent.unroll(
        experience.memory, experience.transitions, experience.fresh_start, experience.trial_end
    )
    targets = experience.targets
    observation = agent.observations.normalise(targets.observation)
    distribution, values = policy(observation, latents[:-1], targets.task)
    return latents, values, distribution.log_probability(targets.action)


@eqx.filter_jit
def _gradient(state: TrainState, experience: Experience, samples: Array) -> Networks:
    gradient_of = jax.grad(minibatch_loss, has_aux=True)
    networks = state.agent.networks
    return gradient_of(networks, state.agent, experience, samples, state.hyperparameters)[0]


@eqx.filter_jit
def _optimise(learner: Learner, state: TrainState, experience: Experience, samples: Array):
    agent, optimiser, losses, norms = learner.optimise(state, experience, samples, state.key)
    state = eqx.tree_at(lambda s: (s.agent, s.optimiser), state, (agent, optimiser))
    return state, losses, norms


@eqx.filter_jit
def _learn(learner: PublishedLearner, state: TrainState, rollout: Rollout):
    return learner.learn(state, rollout, state.key)
