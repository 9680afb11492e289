"""Beliefs of decoders made by hand, and of random ones asked one transition after the other."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.parity import difference

from splagger.analysis.decoded_belief import LEAST, decoded_belief
from splagger.decoders.decoders import Decoders
from splagger.decoders.place_reward_decoder import PlaceRewardDecoder
from splagger.decoders.reward_decoder import RewardDecoder
from splagger.decoders.state_decoder import StateDecoder
from splagger.decoders.task_decoder import TaskDecoder, TaskIndexDecoder
from splagger.environments.places import Places
from splagger.environments.registry import make_trial
from splagger.foundation.errors import UserError
from splagger.foundation.linear import Linear
from splagger.sequence.embedding import Transition
from splagger.sequence.layers import Layers

pytestmark = pytest.mark.usefixtures("float64")

KEY = jax.random.key(0)
ALL = jnp.ones(3, bool)
GRID = make_trial("grid-navigation:size=3,episodes=2")
MAZE = make_trial("t-maze-latent:length=4")


def layer(weight, bias) -> Layers:
    return Layers((Linear(jnp.asarray(weight, float), jnp.asarray(bias, float)),))


def always(logits, latent_size: int) -> Layers:
    """Layers that say the same of every latent."""
    return layer(np.zeros((latent_size, len(logits))), logits)


def random_latents(items: int, size: int, seed: int = 0):
    return jnp.asarray(np.random.default_rng(seed).normal(size=(items, size)))


@pytest.mark.parametrize(("samples", "seen"), [(3, 2), (None, 4)])
def test_the_index_decoder_is_taken_at_its_word(samples: int | None, seen: int):
    wanted = np.array([0.5, 0.3, 0.2])
    decoders = Decoders(task=TaskIndexDecoder(always(np.log(wanted), seen)))
    latents = random_latents(5, 4)
    belief = decoded_belief(decoders, latents, None, ALL, KEY, samples=samples)
    np.testing.assert_allclose(belief, np.tile(wanted, (5, 1)))
    possible = jnp.asarray([True, False, True])
    belief = decoded_belief(decoders, latents, None, possible, KEY, samples=samples)
    np.testing.assert_allclose(belief, np.tile([5 / 7, 0, 2 / 7], (5, 1)))


def test_probabilities_are_averaged_over_samples_of_the_latent():
    decoders = Decoders(task=TaskIndexDecoder(layer([[1.0, 0.0]], [0.0, 0.0])))
    possible = jnp.ones(2, bool)

    def first(mean: float, variance: float, samples: int) -> float:
        latents = jnp.asarray([[mean, np.log(variance)]])
        belief = decoded_belief(decoders, latents, None, possible, KEY, samples=samples)
        return float(belief[0, 0])

    def logistic(x):
        return 1 / (1 + np.exp(-x))

    assert abs(first(2.0, 1e-20, 2) - logistic(2.0)) < 1e-9
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    expected = np.sum(weights * logistic(2 + 3 * nodes)) / np.sum(weights)
    assert abs(expected - logistic(2.0)) > 0.1
    assert abs(first(2.0, 9.0, 40_000) - expected) < 0.01
    # Without samples, decoders see means and logarithms of variances.
    whole = Decoders(task=TaskIndexDecoder(layer([[0.0, 0.0], [1.0, 0.0]], [0.0, 0.0])))
    belief = decoded_belief(whole, jnp.asarray([[2.0, -1.0]]), None, possible, KEY, samples=None)
    assert abs(float(belief[0, 0]) - logistic(-1.0)) < 1e-12


def test_places_are_asked_for_the_goal_of_every_task():
    # Here places are numbered x + 3 y, and tasks 3 x + y.
    logits = np.linspace(-3, 3, 9)
    logits[8] = -100
    places = Places((1, 3), 9, 1.0)
    decoders = Decoders(reward=PlaceRewardDecoder(always(logits, 2), places))
    possible = jnp.ones(9, bool).at[0].set(False)
    belief = decoded_belief(
        decoders, random_latents(2, 4), GRID.task_probes(), possible, KEY, samples=2
    )
    expected = np.zeros(9)
    for task in range(1, 9):
        x, y = divmod(task, 3)
        expected[task] = max(1 / (1 + np.exp(-logits[x + 3 * y])), LEAST)
    np.testing.assert_allclose(belief, np.tile(expected / expected.sum(), (2, 1)))


@pytest.mark.parametrize("trial", [GRID, MAZE], ids=["grid", "maze"])
def test_predicted_rewards_are_brought_to_probabilities(trial):
    decoder = RewardDecoder.create(
        KEY,
        latent_size=4,
        observation_size=trial.observation_size,
        action_space=trial.action_space,
        observation_embedding=5,
        action_embedding=3,
        action_encoding="one-hot",
        previous_observation=True,
        hidden=(6,),
    )
    # Large enough that some predictions lie below a failure, and some between the two.
    random = np.random.default_rng(1)
    decoder = jax.tree.map(lambda x: jnp.asarray(random.normal(size=x.shape)), decoder)
    latents, probes = random_latents(7, 4), trial.task_probes()
    tasks = trial.tasks
    clipped, expected = 0, np.zeros((7, tasks))
    for item in range(7):
        for task in range(tasks):
            transition = Transition(
                probes.previous_observation[task],
                probes.action[task],
                jnp.zeros(()),
                probes.observation[task],
            )
            one = jax.tree.map(lambda leaf: leaf[None, None], transition)
            reward = float(decoder(latents[item][None, None], one)[0, 0, 0])
            share = (reward - probes.failure) / (probes.success - probes.failure)
            clipped += not LEAST < share < 1
            expected[item, task] = np.clip(share, LEAST, 1)
    assert 0 < clipped < expected.size
    expected /= expected.sum(axis=1, keepdims=True)
    possible = jnp.ones(tasks, bool)
    belief = decoded_belief(Decoders(reward=decoder), latents, probes, possible, KEY, samples=None)
    assert difference(belief, expected) < 1e-10


def test_what_decodes_no_belief_is_refused():
    state = StateDecoder.create(
        KEY,
        latent_size=2,
        observation_size=3,
        action_space=GRID.action_space,
        observation_embedding=2,
        action_embedding=2,
        action_encoding="one-hot",
        hidden=(),
    )
    vector = TaskDecoder.create(KEY, latent_size=2, target_size=2, hidden=())
    for decoders in (None, Decoders(), Decoders(state=state, task=vector)):
        with pytest.raises(UserError, match="decodes neither rewards nor the task's index"):
            decoded_belief(
                decoders, jnp.zeros((1, 4)), GRID.task_probes(), jnp.ones(9, bool), KEY, samples=2
            )
    reward = PlaceRewardDecoder(always(np.zeros(9), 2), Places((3, 1), 9, 1.0))
    with pytest.raises(UserError, match="no transitions that are rewarded in one task alone"):
        decoded_belief(
            Decoders(reward=reward), jnp.zeros((1, 4)), None, jnp.ones(9, bool), KEY, samples=2
        )
