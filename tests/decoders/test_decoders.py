"""Every decoder against the plain form: latent and transition side by side, pair by pair."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.parity import difference
from support.sequence_models import ACTIONS, ENVIRONMENTS, OBSERVATION, TIME, random_transitions

from splagger.decoders.place_reward_decoder import PlaceRewardDecoder
from splagger.decoders.reward_decoder import RewardDecoder
from splagger.decoders.state_decoder import StateDecoder
from splagger.decoders.task_decoder import TaskDecoder, TaskIndexDecoder
from splagger.environments.places import Places
from splagger.environments.spaces import Discrete
from splagger.foundation.errors import UserError
from splagger.sequence.embedding import Transition

TERMS, LATENT = 4, 3
PLACES = Places((3, 1), 9, 1.0)

pytestmark = pytest.mark.usefixtures("float64")


def random(*shape: int, seed: int = 0):
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape))


def pairs(one_pair, latents, transitions: Transition):
    """`one_pair` of every latent and transition of the same trajectory."""
    return jnp.stack(
        [
            jnp.stack(
                [
                    jnp.stack(
                        [
                            one_pair(latents[e, b], jax.tree.map(lambda x: x[d, b], transitions))  # noqa: B023
                            for b in range(ENVIRONMENTS)
                        ]
                    )
                    for d in range(TIME)
                ]
            )
            for e in range(TERMS)
        ]
    )


def sizes(action_embedding: int, hidden: tuple[int, ...]):
    return {
        "latent_size": LATENT,
        "observation_size": OBSERVATION,
        "action_space": Discrete(ACTIONS),
        "observation_embedding": 4,
        "action_embedding": action_embedding,
        "action_encoding": "one-hot",
        "hidden": hidden,
    }


@pytest.mark.parametrize(
    ("hidden", "previous", "action"), [((), True, 3), ((5,), False, 3), ((6, 5), True, 0)]
)
def test_reward(hidden: tuple[int, ...], previous: bool, action: int):
    decoder = RewardDecoder.create(
        jax.random.key(1), previous_observation=previous, **sizes(action, hidden)
    )
    embedding = decoder.embedding
    assert (embedding.action is None) == (action == 0)

    def one_pair(latent, transition: Transition):
        parts = [latent, jax.nn.relu(embedding.observation(transition.observation))]
        if embedding.action is not None:
            one_hot = jnp.eye(ACTIONS)[transition.action]
            parts.append(jax.nn.relu(embedding.action(one_hot)))
        if previous:
            parts.append(jax.nn.relu(embedding.observation(transition.previous_observation)))
        return (decoder.layers(jnp.concatenate(parts))[0] - transition.reward) ** 2

    latents, transitions = random(TERMS, ENVIRONMENTS, LATENT), random_transitions()
    expected = pairs(one_pair, latents, transitions)
    assert difference(decoder.errors(latents, transitions), expected) < 1e-12


def test_state():
    decoder = StateDecoder.create(jax.random.key(1), **sizes(3, (6, 5)))
    embedding = decoder.embedding
    assert embedding.action is not None

    def one_pair(latent, transition: Transition):
        assert embedding.action is not None
        before = jax.nn.relu(embedding.observation(transition.previous_observation))
        action = jax.nn.relu(embedding.action(jnp.eye(ACTIONS)[transition.action]))
        predicted = decoder.layers(jnp.concatenate([latent, before, action]))
        return jnp.mean((predicted - transition.observation) ** 2)

    latents, transitions = random(TERMS, ENVIRONMENTS, LATENT), random_transitions()
    expected = pairs(one_pair, latents, transitions)
    assert difference(decoder.errors(latents, transitions), expected) < 1e-12


def test_places():
    decoder = PlaceRewardDecoder.create(
        jax.random.key(1), latent_size=LATENT, places=PLACES, hidden=(6,)
    )
    whole = np.random.default_rng(3)
    transitions = random_transitions()
    positions = whole.integers(3, size=(TIME, ENVIRONMENTS, 2))
    observation = transitions.observation.at[..., :2].set(positions)
    reward = jnp.asarray(whole.choice([1.0, -0.1], size=(TIME, ENVIRONMENTS)))
    transitions = Transition(
        transitions.previous_observation, transitions.action, reward, observation
    )
    latents = random(TERMS, ENVIRONMENTS, LATENT)
    probabilities = np.asarray(decoder.probabilities(latents))
    assert probabilities.shape == (TERMS, ENVIRONMENTS, 9)

    def one_pair(latent, transition: Transition):
        row, column = (int(x) for x in transition.observation[:2])
        right = decoder.probabilities(latent)[3 * row + column]
        return -jnp.log(right if transition.reward == 1 else 1 - right)

    expected = pairs(one_pair, latents, transitions)
    assert difference(decoder.errors(latents, transitions), expected) < 1e-12


@pytest.mark.parametrize("hidden", [(), (6,), (6, 5)])
@pytest.mark.parametrize("outputs", [1, 7, 900])
def test_task_vector_with_gradients(hidden: tuple[int, ...], outputs: int):
    decoder = TaskDecoder.create(
        jax.random.key(1), latent_size=LATENT, target_size=outputs, hidden=hidden
    )
    weights, target = random(TERMS, ENVIRONMENTS), random(ENVIRONMENTS, outputs, seed=2)

    def plain(decoder, latents, target):
        return jnp.mean((decoder(latents) - target) ** 2, axis=-1)

    def with_gradients(errors):
        def weighted(*arguments):
            return jnp.sum(weights * errors(*arguments))

        arguments = decoder, random(TERMS, ENVIRONMENTS, LATENT, seed=3), target
        return errors(*arguments), jax.grad(weighted, argnums=(0, 1, 2))(*arguments)

    ours = with_gradients(lambda decoder, *rest: decoder.errors(*rest))
    differences = jax.tree.map(difference, ours, with_gradients(plain))
    assert max(jax.tree.leaves(differences)) < 1e-11


def test_a_long_task_vector_is_not_written_out_for_every_term():
    terms, trajectories, outputs = 50, 4, 20_000
    decoder = TaskDecoder.create(
        jax.random.key(1), latent_size=LATENT, target_size=outputs, hidden=(8,)
    )

    def loss(decoder, latents, target):
        return jnp.sum(decoder.errors(latents, target))

    latents, target = random(terms, trajectories, LATENT), random(trajectories, outputs)
    compiled = jax.jit(jax.value_and_grad(loss)).lower(decoder, latents, target).compile()
    used = compiled.memory_analysis()
    assert used is not None
    assert used.temp_size_in_bytes < terms * trajectories * outputs * 8 / 4


def test_task_index():
    decoder = TaskIndexDecoder.create(jax.random.key(1), latent_size=LATENT, tasks=5, hidden=(6,))
    latents, targets = random(TERMS, ENVIRONMENTS, LATENT), jnp.asarray([4, 0, 2])
    probabilities = np.asarray(decoder.probabilities(latents))
    np.testing.assert_allclose(probabilities.sum(-1), 1)
    right = probabilities[:, np.arange(ENVIRONMENTS), np.asarray(targets)]
    np.testing.assert_allclose(decoder.errors(latents, targets), -np.log(right))


def test_a_task_without_numbers_cannot_be_decoded():
    with pytest.raises(UserError, match="values that describe a task is 0"):
        TaskDecoder.create(jax.random.key(0), latent_size=LATENT, target_size=0, hidden=())
