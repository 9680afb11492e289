"""What actor and critic are conditioned on: the latent, the true task, the belief, or a warm-up's
task embedding in place of the latent."""

from dataclasses import replace
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.tiny import same

from splagger.environments.spaces import Box, Discrete
from splagger.environments.task_information import TaskInformation
from splagger.foundation.policy_settings import (
    FilmSettings,
    HypernetworkSettings,
    MultiNetworkSettings,
    PlainPolicySettings,
    PolicySettings,
)
from splagger.policies.actor_critic import ActorCritic
from splagger.policies.conditioned_network import ConditionedNetwork
from splagger.policies.generated_linear import GeneratedLinear
from splagger.policies.policy import Policy
from splagger.recipes.build_policy import build_policy

OBSERVATION, LATENT, TASK, TASKS, BATCH = 3, 5, 2, 4, (2, 3)
SPACES = {"discrete": Discrete(4), "continuous": Box(-1.0, 1.0, (2,))}
SIZES: dict[str, Any] = {
    "observation_embedding": 6,
    "latent_embedding": 4,
    "hidden_sizes": (7, 5),
}
KINDS: dict[str, Any] = {
    "plain": PlainPolicySettings(**SIZES),
    "latent alone": PlainPolicySettings(observe=False, **SIZES),
    "hypernetwork": HypernetworkSettings(**SIZES),
    "hidden layers": HypernetworkSettings(hyper_hidden_sizes=(6, 3), **SIZES),
    "partly generated": HypernetworkSettings(generated_layers=(True, False, True), **SIZES),
    "film": FilmSettings(**SIZES),
}
HYPERNETWORKS = ("hypernetwork", "hidden layers", "partly generated")
SOURCES = {"latent": None, "task": "vector", "belief": "belief"}

kinds = pytest.mark.parametrize("kind", KINDS)


def draw(*shape: int, seed: int = 0) -> jax.Array:
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape), float)


def random_policy(
    settings: PolicySettings, actions: str = "discrete", *, warm_up: bool = False
) -> Any:
    """Every parameter is random, so that nothing is without influence; nothing is compiled."""
    shapes = eqx.filter_eval_shape(
        lambda key: build_policy(
            settings,
            observation_size=OBSERVATION,
            latent_size=LATENT,
            action_space=SPACES[actions],
            tasks=TASKS,
            task_size=TASK,
            belief_size=TASKS,
            warm_up=warm_up,
            critic_bias_bound=None,
            key=key,
        ),
        jax.random.key(0),
    )
    generator = np.random.default_rng(0)
    return jax.tree.map(lambda leaf: jnp.asarray(generator.normal(size=leaf.shape), float), shapes)


def warm_up_policy(kind: str, actions: str = "discrete") -> ActorCritic:
    return random_policy(KINDS[kind], actions, warm_up=True)


def a_task(seed: int = 0, told: bool | None = None) -> TaskInformation:
    """A batch of random tasks of which everything is known."""
    return TaskInformation(
        vector=draw(*BATCH, TASK, seed=seed),
        index=jnp.asarray(np.random.default_rng(seed).integers(TASKS, size=BATCH)),
        belief=jax.nn.softmax(draw(*BATCH, TASKS, seed=seed)),
        told=None if told is None else jnp.asarray(told),
    )


def outputs(policy: Policy, latent: jax.Array, task: TaskInformation) -> Any:
    return policy(draw(*BATCH, OBSERVATION, seed=7), latent, task)


compiled = eqx.filter_jit(outputs)

LATENTS = [draw(*BATCH, LATENT, seed=seed) for seed in (1, 2)]


def all_differ(first: Any, second: Any) -> bool:
    """Whether every item has another distribution and another value."""
    (one, value), (other, other_value) = first, second
    apart = [one.logits[..., 0] != other.logits[..., 0], value != other_value]
    return bool(np.all(apart))


@kinds
@pytest.mark.parametrize("source", SOURCES)
def test_the_source_and_nothing_else_conditions(kind: str, source: str):
    policy = random_policy(replace(KINDS[kind], source=source))
    assert policy.needs_task == SOURCES[source]
    task, other = a_task(0), a_task(1)
    before = compiled(policy, LATENTS[0], task)
    # Everything but the source changes, then the source alone.
    if source == "latent":
        unrelated, related = (LATENTS[0], other), (LATENTS[1], task)
    else:
        part = {SOURCES[source]: getattr(other, SOURCES[source])}
        kept = {SOURCES[source]: getattr(task, SOURCES[source])}
        unrelated, related = (
            (LATENTS[1], replace(other, **kept)),
            (LATENTS[0], replace(task, **part)),
        )
    assert same(compiled(policy, *unrelated), before)
    assert all_differ(compiled(policy, *related), before)


@kinds
@pytest.mark.parametrize("actions", SPACES)
@pytest.mark.parametrize("told", [None, False])
def test_an_agent_that_is_not_told_the_task_does_not_see_it(
    kind: str, actions: str, told: bool | None
):
    for policy in (random_policy(KINDS[kind], actions), warm_up_policy(kind, actions)):
        first, second = (compiled(policy, LATENTS[0], a_task(seed, told)) for seed in (0, 1))
        assert same(first, second)


@kinds
def test_without_an_embedding_of_the_task_nobody_can_be_told(kind: str):
    policy = random_policy(KINDS[kind])
    told = outputs(policy, LATENTS[0], a_task(told=True))
    assert same(told, outputs(policy, LATENTS[0], a_task()))


def test_a_network_for_every_task_looks_at_the_index_alone():
    policy = random_policy(MultiNetworkSettings(**SIZES))
    assert policy.needs_task == "index"
    task, other = a_task(0), a_task(1)
    before = compiled(policy, LATENTS[0], task)
    assert same(compiled(policy, LATENTS[0], replace(other, index=task.index)), before)
    assert not same(compiled(policy, LATENTS[0], replace(task, index=other.index)), before)


@kinds
def test_told_switches_between_latent_and_task(kind: str):
    policy = warm_up_policy(kind)
    task, other = a_task(0), a_task(1)

    def told(latent, task):
        return outputs(policy, latent, replace(task, told=jnp.asarray(True)))

    # Not told: as if there were no such thing.
    without = eqx.tree_at(lambda p: p.task_embedding, policy, None)
    expected = outputs(without, LATENTS[0], task)
    assert same(outputs(policy, LATENTS[0], task), expected)
    assert same(outputs(policy, LATENTS[0], a_task(0, told=False)), expected)
    # Told: as if the task's embedding were the latent's.
    of_task = replace(policy.latent_embedding, embedding=policy.task_embedding)
    as_source = replace(without, latent_embedding=of_task, source="task")
    assert same(told(LATENTS[0], task), outputs(as_source, LATENTS[0], task))
    assert same(told(LATENTS[0], task), told(LATENTS[1], task))
    assert all_differ(told(LATENTS[0], task), told(LATENTS[0], other))
    assert all_differ(told(LATENTS[0], task), expected)


def test_members_of_a_sweep_are_told_apart():
    policy, task = warm_up_policy("hypernetwork"), a_task()
    told = jnp.asarray([True, False])

    def member(told):
        return outputs(policy, LATENTS[0], replace(task, told=told))

    together = jax.jit(jax.vmap(member))(told)
    in_turn = jax.jit(lambda told: jax.lax.map(member, told))(told)
    for results in (together, in_turn):
        for number, value in enumerate(told):
            alone = member(value)[1]
            np.testing.assert_allclose(results[1][number], alone, rtol=1e-4, atol=1e-5)
    assert np.all(together[1][0] != together[1][1])


@kinds
@pytest.mark.parametrize("told", [False, True])
def test_gradients_reach_the_embedding_in_use_alone(kind: str, told: bool):
    @eqx.filter_jit
    @eqx.filter_grad
    def gradient(arguments):
        policy, latent, vector = arguments
        task = replace(a_task(told=told), vector=vector)
        distribution, value = outputs(policy, latent, task)
        return jnp.sum(value**2) + jnp.sum(distribution.entropy())

    policy = warm_up_policy(kind)
    to_policy, to_latent, to_vector = gradient((policy, LATENTS[0], a_task().vector))
    of_latent = (to_policy.latent_embedding.embedding, to_latent)
    of_task = (to_policy.task_embedding, to_vector)
    used, unused = (of_task, of_latent) if told else (of_latent, of_task)
    assert all(np.any(leaf != 0) for leaf in jax.tree.leaves(used))
    assert all(np.all(leaf == 0) for leaf in jax.tree.leaves(unused))
    assert all(np.any(leaf != 0) for leaf in jax.tree.leaves(to_policy.latent_embedding.hidden))


@pytest.mark.parametrize("kind", HYPERNETWORKS)
@pytest.mark.parametrize("actions", SPACES)
def test_generated_parameters_are_those_of_the_critic_and_then_of_the_actor(
    kind: str, actions: str
):
    policy = warm_up_policy(kind, actions)
    vectors = a_task().vector
    generated = policy.generated_parameters(vectors)
    assert generated.shape == (*BATCH, policy.generated_size)
    for place in np.ndindex(*BATCH):
        code = policy.latent_embedding.code(policy.task_code(vectors[place]))
        parts = []
        for network in (policy.critic, policy.actor):
            assert isinstance(network, ConditionedNetwork)
            for layer in network.layers:
                if isinstance(layer, GeneratedLinear):
                    weight, bias = layer.generate(code)
                    parts += [weight.ravel(), bias]
        expected = np.concatenate(parts)
        assert expected.size == policy.generated_size
        np.testing.assert_allclose(generated[place], expected, rtol=1e-4, atol=1e-5)


def test_generated_parameters_are_what_acts_in_the_warm_up():
    policy = warm_up_policy("hypernetwork")
    task = a_task(told=True)
    observation = draw(*BATCH, OBSERVATION, seed=7)
    value = outputs(policy, LATENTS[0], task)[1]
    assert policy.observation_embedding is not None
    x = jnp.tanh(policy.observation_embedding(observation))
    rest = policy.generated_parameters(task.vector)
    widths = (6, 7, 5, 1)
    for inputs, size in zip(widths[:-1], widths[1:], strict=True):
        weight = rest[..., : inputs * size].reshape(*BATCH, inputs, size)
        bias = rest[..., inputs * size : (inputs + 1) * size]
        rest = rest[..., (inputs + 1) * size :]
        x = jnp.einsum("...i,...io->...o", x, weight) + bias
        x = jnp.tanh(x) if size > 1 else x
    np.testing.assert_allclose(x[..., 0], value, rtol=1e-4, atol=1e-5)


def test_the_code_of_a_task_is_as_wide_as_the_embedded_latent():
    policy = warm_up_policy("hidden layers")
    code = policy.task_code(a_task().vector)
    assert code.shape == policy.latent_embedding.embed(LATENTS[0]).shape == (*BATCH, 4)
    assert np.all(np.abs(code) <= 1)
