"""The policy with a network for every task against each of its networks alone."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.parity import difference
from support.tasks import known_task, no_task

from splagger.environments.spaces import Box, Discrete
from splagger.foundation.policy_settings import MultiNetworkSettings
from splagger.policies.actor_critic import ActorCritic
from splagger.policies.multi_network import MultiNetwork
from splagger.recipes.build_policy import build_policy

TASKS, BATCH = 3, (2, 4)
SETTINGS = MultiNetworkSettings(observation_embedding=6, latent_embedding=4, hidden_sizes=(8, 6))
SPACES = {"discrete": Discrete(4), "continuous": Box(-1.0, 1.0, (2,))}
INDEX = np.asarray([[0, 1, 1, 0], [0, 0, 1, 1]])  # never task 2


def random_policy(actions: str) -> MultiNetwork:
    """Every parameter is random, the deviations included; nothing is compiled."""
    shapes = eqx.filter_eval_shape(
        lambda key: build_policy(
            SETTINGS,
            observation_size=3,
            latent_size=5,
            action_space=SPACES[actions],
            tasks=TASKS,
            task_size=0,
            belief_size=None,
            warm_up=False,
            critic_bias_bound=None,
            key=key,
        ),
        jax.random.key(0),
    )
    assert isinstance(shapes, MultiNetwork)
    generator = np.random.default_rng(0)
    return jax.tree.map(lambda leaf: jnp.asarray(generator.normal(size=leaf.shape), float), shapes)


def inputs() -> tuple[jax.Array, jax.Array]:
    generator = np.random.default_rng(1)
    observation, latent = (generator.normal(size=(*BATCH, size)) for size in (3, 5))
    return jnp.asarray(observation, float), jnp.asarray(latent, float)


def alone(policy: MultiNetwork, task: int) -> ActorCritic:
    return jax.tree.map(lambda leaf: leaf[task], policy.policies)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("actions", SPACES)
def test_every_item_has_the_results_of_its_own_network_alone(actions: str):
    policy = random_policy(actions)

    @eqx.filter_jit
    def outputs(policy, task):
        return policy(*inputs(), task)

    chosen = jax.tree.leaves(outputs(policy, known_task(jnp.asarray(INDEX))))
    each = [jax.tree.leaves(outputs(alone(policy, task), no_task(*BATCH))) for task in range(TASKS)]
    for place in np.ndindex(*BATCH):
        own = each[int(INDEX[place])]
        assert (
            max(
                difference(*(leaf[place] for leaf in pair))
                for pair in zip(chosen, own, strict=True)
            )
            <= 1e-9
        )
    assert all(difference(*pair) > 1e-3 for pair in zip(*each[:2], strict=True))


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("actions", SPACES)
def test_gradients_reach_the_chosen_networks_alone(actions: str):
    @eqx.filter_jit
    @eqx.filter_grad
    def gradient(policy):
        distribution, value = policy(*inputs(), known_task(jnp.asarray(INDEX)))
        action = jax.lax.stop_gradient(distribution.sample(jax.random.key(0)))
        return jnp.sum(value) + jnp.sum(distribution.log_probability(action))

    for leaf in jax.tree.leaves(gradient(random_policy(actions))):
        assert np.all(leaf[2] == 0)
        assert all(np.any(leaf[task] != 0) for task in (0, 1))


def test_networks_start_differently():
    @jax.jit
    def build(key):
        return build_policy(
            SETTINGS,
            observation_size=3,
            latent_size=5,
            action_space=SPACES["discrete"],
            tasks=2,
            task_size=0,
            belief_size=None,
            warm_up=False,
            critic_bias_bound=None,
            key=key,
        )

    policy = build(jax.random.key(0))
    assert policy.needs_task
    weight = policy.policies.observation_embedding.weight
    assert weight.shape == (2, 3, 6)
    assert not np.allclose(weight[0], weight[1])
