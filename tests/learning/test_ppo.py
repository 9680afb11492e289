"""The losses against loops over samples."""

import dataclasses
import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.parity import difference
from support.tiny import UNEVEN, Drift, numbers_of, tiny_agent, tiny_settings

from splagger.agent import Agent
from splagger.environments.registry import make_trial
from splagger.environments.trial import Trial
from splagger.learning.ppo import Experience, minibatch_loss, policy_losses
from splagger.learning.rollout import Rollout, collect, start_collector
from splagger.policies.distributions import Categorical, DiagonalGaussian

pytestmark = pytest.mark.usefixtures("float64")

CLIP = 0.1
NUMBERS = {"clip": CLIP, "entropy_weight": 0.3, "value_weight": 0.7}
ENVIRONMENTS, STEPS = 3, 14

values_of = eqx.filter_jit(Agent.value)
losses_of = eqx.filter_jit(policy_losses)
loss_of = eqx.filter_jit(minibatch_loss)


def smooth_l1(error: float) -> float:
    return 0.5 * error**2 if abs(error) < 1 else abs(error) - 0.5


def loop(samples: list[dict[str, float]]) -> dict[str, float]:
    """The losses, sample by sample."""
    policy_loss = value_loss = entropy = 0.0
    furthest = 0.0
    for s in samples:
        log_ratio = s["new_log_probability"] - s["log_probability"]
        ratio = math.exp(log_ratio)
        clipped = min(max(ratio, 1 - CLIP), 1 + CLIP)
        policy_loss -= min(ratio * s["advantage"], clipped * s["advantage"])
        near = s["value"] + min(max(s["new_value"] - s["value"], -CLIP), CLIP)
        errors = (s["new_value"] - s["target"], near - s["target"])
        value_loss += 0.5 * max(smooth_l1(error) for error in errors)
        entropy += s["entropy"]
        furthest = max(furthest, abs(log_ratio))
    policy_loss, value_loss, entropy = (
        total / len(samples) for total in (policy_loss, value_loss, entropy)
    )
    return {
        "total": 0.7 * value_loss + policy_loss - 0.3 * entropy,
        "policy": policy_loss,
        "value": value_loss,
        "entropy": entropy,
        "log_ratio": furthest,
    }


def example(trial: Trial, agent: Agent):
    """A rollout, and targets that are not the policy's own, so that every branch is taken."""
    collector = eqx.filter_jit(start_collector)(agent, trial, ENVIRONMENTS, jax.random.key(0))
    _, rollout = eqx.filter_jit(collect)(
        agent, trial, collector, jax.random.key(1), steps=STEPS, restart_memory=False
    )
    generator = np.random.default_rng(2)
    shape = (STEPS, ENVIRONMENTS)
    advantage, target, value = generator.normal(size=(3, *shape))
    moved = np.asarray(rollout.log_probability) + 0.15 * generator.normal(size=shape)
    rollout = dataclasses.replace(rollout, log_probability=jnp.asarray(moved))
    near = values_of(agent, rollout.observation, rollout.latent, None, rollout.task)
    value = np.asarray(near) + 0.2 * value
    arrays = (jnp.asarray(x) for x in (advantage, 2 * target, value))
    return rollout, Experience.create(rollout, *arrays, fixed_latents=False, replay_noise=True)


def samples_of(agent: Agent, rollout: Rollout, experience: Experience, places):
    """What the loop needs of every (time, environment), by way of the acting agent."""
    policy = agent.networks.actor_critic
    targets = experience.targets
    normalised = agent.observations.normalise(rollout.observation)
    distribution = eqx.filter_jit(type(policy).act_distribution)(
        policy, normalised, rollout.latent, rollout.task
    )
    values = np.asarray(values_of(agent, rollout.observation, rollout.latent, None, rollout.task))
    samples = []
    for place in places:
        action = np.asarray(rollout.action)[place]
        if isinstance(distribution, Categorical):
            logits = np.asarray(distribution.logits)[place]
            logits = logits - logits.max()
            log_probabilities = logits - math.log(np.exp(logits).sum())
            new = log_probabilities[action]
            entropy = -sum(math.exp(p) * p for p in log_probabilities)
        else:
            assert isinstance(distribution, DiagonalGaussian)
            deviation = float(distribution.standard_deviation[place][0])
            noise = (action[0] - float(distribution.mean[place][0])) / deviation
            new = -0.5 * noise**2 - math.log(deviation) - 0.5 * math.log(2 * math.pi)
            entropy = 0.5 + 0.5 * math.log(2 * math.pi) + math.log(deviation)
        sample = {
            name: float(np.asarray(getattr(targets, name))[place])
            for name in ("log_probability", "advantage", "target", "value")
        }
        samples.append(
            sample | {"new_value": values[place], "new_log_probability": new, "entropy": entropy}
        )
    return samples


@pytest.fixture(scope="module", params=["maze", "drift"])
def case(request: pytest.FixtureRequest):
    with jax.enable_x64(True):
        trial = make_trial(UNEVEN) if request.param == "maze" else Trial(Drift(), episodes=2)
        agent = tiny_agent(trial)
        return agent, numbers_of(tiny_settings(), **NUMBERS), *example(trial, agent)


EVERYWHERE = list(np.ndindex(STEPS, ENVIRONMENTS))


def flat(tree):
    """All steps of all environments along one dimension."""
    return jax.tree.map(lambda leaf: jax.lax.collapse(leaf, 0, 2), tree)


def check(losses, expected: dict[str, float]):
    for name, value in expected.items():
        assert abs(float(getattr(losses, name)) - value) < 1e-12 * max(1, abs(value)), name


def test_losses_are_those_of_a_loop(case):
    agent, numbers, rollout, experience = case
    samples = samples_of(agent, rollout, experience, EVERYWHERE)
    # Both sides of every clip, and both branches of the value's loss, occur.
    ratios = [math.exp(s["new_log_probability"] - s["log_probability"]) for s in samples]
    assert min(ratios) < 1 - CLIP
    assert max(ratios) > 1 + CLIP
    assert any(abs(ratio - 1) < CLIP for ratio in ratios)
    assert {abs(s["new_value"] - s["target"]) < 1 for s in samples} == {True, False}
    assert {abs(s["new_value"] - s["value"]) < CLIP for s in samples} == {True, False}

    latents, targets = flat((rollout.latent, experience.targets))
    check(losses_of(agent, latents, targets, numbers), loop(samples))


def test_a_minibatch_recomputes_the_latents(case):
    agent, numbers, rollout, experience = case
    total, losses = eqx.filter_jit(minibatch_loss)(agent.networks, agent, experience, None, numbers)
    check(losses, loop(samples_of(agent, rollout, experience, EVERYWHERE)))
    assert float(total) == float(losses.total)


def test_samples_are_counted_environment_by_environment_within_a_step(case):
    agent, numbers, rollout, experience = case
    places = [(0, 2), (5, 0), (13, 1), (5, 0), (7, 2)]
    samples = jnp.asarray([t * ENVIRONMENTS + n for t, n in places])
    _, losses = eqx.filter_jit(minibatch_loss)(agent.networks, agent, experience, samples, numbers)
    check(losses, loop(samples_of(agent, rollout, experience, places)))


def test_environments_alone(case):
    agent, numbers, rollout, experience = case
    chosen = [2, 0]
    some = experience.environments(jnp.asarray(chosen))
    _, losses = loss_of(agent.networks, agent, some, None, numbers)
    places = [(t, n) for t, n in EVERYWHERE if n in chosen]
    check(losses, loop(samples_of(agent, rollout, experience, places)))


def test_the_gradient_is_that_of_finite_differences(case):
    agent, numbers, _, experience = case
    if agent.networks.actor_critic.log_standard_deviation is None:
        return  # The record of published updates has these gradients.
    networks = agent.networks
    gradient, _ = eqx.filter_jit(jax.grad(minibatch_loss, has_aux=True))(
        networks, agent, experience, None, numbers
    )
    generator = np.random.default_rng(6)
    direction = jax.tree.map(lambda x: jnp.asarray(generator.normal(size=x.shape)), networks)
    size = 1e-6
    ahead, behind = (
        loss_of(
            jax.tree.map(lambda x, d, s=sign: x + s * size * d, networks, direction),
            agent,
            experience,
            None,
            numbers,
        )[0]
        for sign in (1, -1)
    )
    pairs = zip(jax.tree.leaves(gradient), jax.tree.leaves(direction), strict=True)
    expected = sum(float(np.sum(np.asarray(g) * np.asarray(d))) for g, d in pairs)
    assert difference((ahead - behind) / (2 * size), np.asarray(expected)) < 1e-6


def test_smooth_l1_at_its_seam(case):
    """An error of exactly 1 gives 1/2 by either rule."""
    agent, numbers, rollout, experience = case
    value = values_of(agent, rollout.observation, rollout.latent, None, rollout.task)
    targets = dataclasses.replace(experience.targets, value=value, target=value + 1)
    latents, targets = flat((rollout.latent, targets))
    losses = losses_of(agent, latents, targets, numbers)
    assert abs(float(losses.value) - 0.25) < 1e-12
