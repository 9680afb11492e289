import jax
import jax.numpy as jnp
import numpy as np
import pytest

from splagger.environments.spaces import Box, Discrete
from splagger.sequence.embedding import ActionEncoding, Transition, TransitionEmbedding

BOX = Box(-1.0, 1.0, (2,))


def create(
    action_space: Box | Discrete,
    action_encoding: ActionEncoding = "one-hot",
    action_embedding: int = 4,
    full_transitions: bool = True,
) -> TransitionEmbedding:
    return TransitionEmbedding.create(
        jax.random.key(0),
        observation_size=3,
        action_space=action_space,
        observation_embedding=5,
        action_embedding=action_embedding,
        reward_embedding=2,
        action_encoding=action_encoding,
        full_transitions=full_transitions,
    )


def transition(action) -> Transition:
    random = np.random.default_rng(0)
    previous, observation = jnp.asarray(random.normal(size=(2, 7, 3)), float)
    return Transition(previous, jnp.asarray(action), jnp.arange(7.0) - 3, observation)


@pytest.mark.parametrize(
    ("action_space", "action_encoding", "action", "inputs"),
    [
        (Discrete(4), "one-hot", np.arange(7) % 4, np.eye(4)[np.arange(7) % 4]),
        (Discrete(4), "index", np.arange(7) % 4, (np.arange(7.0) % 4)[:, None]),
        (BOX, "one-hot", np.linspace(-3.0, 3.0, 14).reshape(7, 2), None),
        (BOX, "index", np.linspace(-3.0, 3.0, 14).reshape(7, 2), None),
    ],
)
def test_parts_are_embedded_apart_and_put_side_by_side(
    action_space: Box | Discrete,
    action_encoding: ActionEncoding,
    action: np.ndarray,
    inputs: np.ndarray | None,
):
    embedding = create(action_space, action_encoding)
    step = transition(action)

    def relu(linear, x):
        return np.maximum(np.asarray(x) @ linear.weight + linear.bias, 0)

    assert embedding.action is not None
    expected = np.concatenate(
        [
            relu(embedding.observation, step.previous_observation),
            relu(embedding.action, action if inputs is None else inputs),
            relu(embedding.reward, step.reward[:, None]),
            relu(embedding.observation, step.observation),
        ],
        axis=-1,
    )
    embedded = embedding(step)
    assert embedded.shape == (7, embedding.size)
    np.testing.assert_allclose(embedded, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("action_embedding", "full_transitions", "size"),
    [(4, True, 16), (4, False, 11), (0, True, 12), (0, False, 7)],
)
def test_parts_can_be_left_out(action_embedding: int, full_transitions: bool, size: int):
    whole = create(Discrete(4))
    embedding = create(
        Discrete(4), action_embedding=action_embedding, full_transitions=full_transitions
    )
    step = transition(np.zeros(7, int))
    assert embedding.size == size
    assert embedding(step).shape == (7, size)
    assert (embedding.action is None) == (action_embedding == 0)
    if not full_transitions:
        changed = transition(np.zeros(7, int))
        changed = Transition(
            changed.previous_observation + 1, changed.action, changed.reward, changed.observation
        )
        np.testing.assert_array_equal(embedding(step), embedding(changed))
        assert not np.array_equal(whole(step), whole(changed))


def test_rewards_enter_as_they_are():
    embedding = create(Discrete(4))
    step = transition(np.zeros(7, int))
    scaled = Transition(
        step.previous_observation, step.action, 1000 * step.reward, step.observation
    )
    raw = np.maximum(
        1000 * step.reward[:, None] @ embedding.reward.weight + embedding.reward.bias, 0
    )
    np.testing.assert_allclose(embedding(scaled)[:, 9:11], raw, rtol=1e-5)
