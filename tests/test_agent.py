"""Acting, observing and replaying. What acting remembers, recomputation must find again."""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array, Float
from support.tasks import no_task
from support.tiny import Drift, farthest, resetting, same, tiny_agent

from splagger.agent import Agent, MemoryReset
from splagger.environments.registry import make_trial
from splagger.environments.trial import Trial
from splagger.policies.distributions import Categorical, DiagonalGaussian
from splagger.sequence.aggregators.max import Max
from splagger.sequence.embedding import Transition
from splagger.sequence.encoders.gru import GRU
from splagger.sequence.split_aggregator import Memory
from splagger.sequence.starts import select_start

pytestmark = pytest.mark.usefixtures("float64")

RESETS: tuple[MemoryReset, ...] = ("after-last-transition", "before-last-transition")
TIME, ENVIRONMENTS = 7, 4


class LearnedStartGRU(GRU):
    """A GRU whose first state is a parameter."""

    first: Float[Array, " size"] = eqx.field(kw_only=True)

    def start(self):
        return self.first


class LearnedStartMax(Max):
    """A maximum whose start element is a parameter."""

    first: Float[Array, " size"] = eqx.field(kw_only=True)

    def start(self, size):
        return self.first


def maze_agent(memory_reset: MemoryReset, *, train_prior: bool = True) -> Agent:
    """An agent for a T-maze whose sequence model has learned starts.

    With memories reset before the last transition, the prior is never trained.
    """
    conventions = resetting(memory_reset)
    conventions = replace(conventions, train_prior=train_prior and conventions.train_prior)
    agent = tiny_agent(make_trial("t-maze-long-noise:length=4,episodes=2"), conventions)
    gru = agent.networks.sequence_model.encoder
    assert isinstance(gru, GRU)
    generator = np.random.default_rng(1)
    first = jnp.asarray(generator.normal(size=gru.size))
    encoder = LearnedStartGRU(gru.size, gru.from_input, gru.from_state, first=first)
    aggregator = LearnedStartMax(first=jnp.asarray(0.1 * generator.normal(size=gru.size // 2)))
    return eqx.tree_at(
        lambda a: (a.networks.sequence_model.encoder, a.networks.sequence_model.aggregator),
        agent,
        (encoder, aggregator),
    )


def experience(agent: Agent):
    """A memory, transitions, and flags: trials that start with the sequence, end inside and at
    its end."""
    generator = np.random.default_rng(2)
    shape = (TIME, ENVIRONMENTS)
    observations = jnp.asarray(generator.normal(size=(TIME + 1, ENVIRONMENTS, 5)))
    transitions = Transition(
        previous_observation=observations[:-1],
        action=jnp.asarray(generator.integers(0, 4, size=shape)),
        reward=jnp.asarray(generator.normal(size=shape)),
        observation=observations[1:],
    )
    trial_end = np.zeros(shape, bool)
    trial_end[2, 0] = trial_end[3, 0] = trial_end[4, 1] = trial_end[-1, 2] = True
    fresh_start = jnp.asarray([False, True, True, False])
    carried = jax.tree.map(
        lambda leaf: jnp.asarray(generator.normal(size=leaf.shape)),
        agent.initial_memory((ENVIRONMENTS,)),
    )
    memory = select_start(fresh_start, agent.initial_memory(), carried)
    return memory, transitions, fresh_start, jnp.asarray(trial_end)


@eqx.filter_jit
def step_through(agent: Agent, memory: Memory, transitions: Transition, trial_end: Array):
    """The memory before every step and after the last, and the latents right after every step."""
    fresh = agent.initial_memory()

    def step(memory, inputs):
        transition, trial_end = inputs
        after, latent = agent.observe(memory, transition, trial_end, fresh)
        return after, (memory, latent)

    last, (before, latents) = jax.lax.scan(step, memory, (transitions, trial_end))
    memories = jax.tree.map(lambda a, b: jnp.concatenate([a, b[None]]), before, last)
    return memories, latents


@pytest.fixture(scope="module", params=RESETS)
def stepped(request: pytest.FixtureRequest):
    """An agent, what it is given, and the memories and latents of stepping through that."""
    with jax.enable_x64(True):
        agent = maze_agent(request.param)
        given = eqx.filter_jit(experience)(agent)
        memory, transitions, _, trial_end = given
        return agent, given, *step_through(agent, memory, transitions, trial_end)


def test_a_memory_is_reset_where_its_trial_ends(stepped):
    agent, (_, transitions, _, trial_end), memories, latents = stepped
    fresh = agent.initial_memory((ENVIRONMENTS,))
    model = agent.networks.sequence_model
    after = jax.tree.map(lambda leaf: leaf[1:], memories)
    for t, n in zip(*np.nonzero(trial_end), strict=True):
        here = jax.tree.map(lambda leaf, t=t, n=n: leaf[t, n], after)
        start = jax.tree.map(lambda leaf, n=n: leaf[n], fresh)
        if agent.memory_reset == "after-last-transition":
            assert farthest(here, start) < 1e-14
            # The final observation is still valued with all that is remembered of its trial.
            before = jax.tree.map(lambda leaf, t=t: leaf[t], memories)
            transition = jax.tree.map(lambda leaf, t=t: leaf[t], transitions)
            kept = model.step(before, transition).latent[n]
            assert farthest(latents[t, n], kept) < 1e-14
        else:
            transition = jax.tree.map(lambda leaf, t=t: leaf[t], transitions)
            first = jax.tree.map(lambda leaf, n=n: leaf[n], model.step(fresh, transition))
            assert farthest(here, first) < 1e-14
            assert same(here.latent, latents[t, n])


def test_a_memory_goes_on_elsewhere(stepped):
    _, (_, _, _, trial_end), memories, latents = stepped
    running = ~np.asarray(trial_end)
    assert same(memories.latent[1:][running], latents[running])


def test_unroll_is_stepping(stepped):
    agent, (memory, transitions, fresh_start, trial_end), memories, _ = stepped
    unrolled = eqx.filter_jit(Agent.unroll)(agent, memory, transitions, fresh_start, trial_end)
    assert unrolled.shape == (TIME + 1, ENVIRONMENTS, 6)
    assert farthest(unrolled, memories.latent) < 1e-13


@eqx.filter_jit
def gradients(agent: Agent, weights: Array):
    """Gradients of a weighted sum of latents for the sequence model and for its memory."""
    memory, transitions, fresh_start, trial_end = experience(agent)

    def total(both):
        networks, memory = both
        replaced = eqx.tree_at(lambda a: a.networks, agent, networks)
        latents = replaced.unroll(memory, transitions, fresh_start, trial_end)
        return jnp.sum(weights * latents)

    networks, memory = jax.grad(total)((agent.networks, memory))
    return networks.sequence_model, memory


def weigh(*places: tuple[int, int]) -> Array:
    """Weights that pick the latents of (time, environment)."""
    weights = np.zeros((TIME + 1, ENVIRONMENTS, 1))
    for place in places:
        weights[place] = 1
    return jnp.asarray(weights)


def nonzero(tree) -> bool:
    return any(np.any(np.asarray(leaf) != 0) for leaf in jax.tree.leaves(tree))


@pytest.mark.parametrize(
    ("memory_reset", "train_prior"), [(RESETS[0], True), (RESETS[0], False), (RESETS[1], False)]
)
def test_no_gradient_into_the_carried_memory(memory_reset: MemoryReset, train_prior: bool):
    agent = maze_agent(memory_reset, train_prior=train_prior)
    model, memory = gradients(agent, jnp.ones((TIME + 1, ENVIRONMENTS, 1)))
    assert nonzero(model)
    assert not nonzero(memory)


# Environments 1 and 2 begin a trial with the sequence; 0 and 1 later; 2 at its very end.
PRIORS = [(0, 1), (0, 2), (3, 0), (4, 0), (5, 1), (TIME, 2)]


def test_gradient_through_every_prior():
    agent = maze_agent("after-last-transition")
    for place in PRIORS:
        model, _ = gradients(agent, weigh(place))
        assert nonzero(model.output), place
        assert nonzero(model.encoder.first), place
        assert nonzero(model.aggregator.first), place
        # The prior is the output for an embedding of zeros: it does not depend on the embedding.
        assert not nonzero(model.embedding), place


def test_no_gradient_through_priors_as_published():
    for memory_reset in RESETS:
        agent = maze_agent(memory_reset, train_prior=False)
        places = PRIORS if memory_reset == "after-last-transition" else PRIORS[:2]
        model, _ = gradients(agent, weigh(*places))
        assert not nonzero(model), memory_reset


def test_start_elements_of_trials_that_start_with_the_sequence():
    # Environment 2 begins a trial with the sequence and stays in it.
    for train_prior in (True, False):
        agent = maze_agent("after-last-transition", train_prior=train_prior)
        model, _ = gradients(agent, weigh((3, 2)))
        assert nonzero(model.encoder.from_state)
        assert nonzero(model.encoder.first) == train_prior
        assert nonzero(model.aggregator.first) == train_prior


def test_latents_are_cut_off_from_the_trial_before():
    # Environment 1 ends a trial with step 4: what came before has no part in latent 6.
    agent = maze_agent("after-last-transition")
    memory, transitions, fresh_start, trial_end = experience(agent)

    @jax.jit
    @jax.grad
    def sensitivity(reward):
        changed = eqx.tree_at(lambda t: t.reward, transitions, reward)
        return jnp.sum(agent.unroll(memory, changed, fresh_start, trial_end)[6, 1])

    sensitive = np.asarray(sensitivity(transitions.reward))
    assert [(t, n) for t, n in np.argwhere(sensitive)] == [(5, 1)]


@pytest.mark.parametrize("discrete", [True, False])
def test_acting(discrete: bool):
    trial = make_trial("t-maze-long-noise:length=4,episodes=2") if discrete else Trial(Drift(), 2)
    agent = tiny_agent(trial)
    batch = 2000
    memory = agent.initial_memory((batch,))
    generator = np.random.default_rng(3)
    observation = jnp.asarray(generator.normal(size=trial.observation_size))
    moments = agent.observations
    agent = eqx.tree_at(
        lambda a: a.observations,
        agent,
        moments.update(
            jnp.asarray(generator.normal(1, 2, size=(50, trial.observation_size))), unbiased=True
        ),
    )
    observations = jnp.broadcast_to(observation, (batch, trial.observation_size))
    act = eqx.filter_jit(Agent.act)
    choice = act(agent, memory, observations, no_task(batch), jax.random.key(0))
    actions, log_probabilities = choice.action, choice.log_probability
    assert choice.latent_noise is None

    policy = agent.networks.actor_critic
    normalised = agent.observations.normalise(observation)
    distribution = policy.act_distribution(normalised, memory.latent[0], no_task())
    best_choice = act(agent, agent.initial_memory(()), observation, no_task(), None)
    best, best_log_probability = best_choice.action, best_choice.log_probability
    if isinstance(distribution, Categorical):
        outputs = np.asarray(distribution.logits)
        probabilities = np.exp(outputs) / np.exp(outputs).sum()
        taken = np.asarray(actions)
        counts = np.bincount(taken, minlength=4)
        # Within five standard deviations of what the probabilities promise.
        spread = np.sqrt(batch * probabilities * (1 - probabilities))
        assert (np.abs(counts - batch * probabilities) < 5 * spread).all()
        assert farthest(log_probabilities, np.log(probabilities[taken])) < 1e-13
        assert int(best) == int(np.argmax(probabilities))
        assert farthest(best_log_probability, np.log(probabilities.max())) < 1e-13
    else:
        assert isinstance(distribution, DiagonalGaussian)
        outputs = np.asarray(distribution.mean)
        deviation = float(distribution.standard_deviation[0])
        noise = (np.asarray(actions)[:, 0] - outputs[0]) / deviation
        assert abs(noise.mean()) < 5 / np.sqrt(batch)
        assert abs(noise.std() - 1) < 5 / np.sqrt(2 * batch)
        density = -0.5 * noise**2 - np.log(deviation) - 0.5 * np.log(2 * np.pi)
        assert farthest(log_probabilities, density) < 1e-13
        assert farthest(best, outputs) < 1e-14


def test_the_policy_sees_normalised_observations_and_the_encoder_raw_ones():
    agent = maze_agent("after-last-transition")
    observation = jnp.asarray(np.random.default_rng(4).normal(size=(3, 5)))
    moved = agent.observations.update(5 + 3 * observation, unbiased=True)
    other = eqx.tree_at(lambda a: a.observations, agent, moved)
    latent = agent.initial_memory((3,)).latent
    task = no_task(3)
    values = [one.value(observation, latent, None, task) for one in (other, agent)]
    assert farthest(*values) > 1e-3
    scaled = (observation - moved.mean) / jnp.sqrt(moved.variance + 1e-8)
    value = agent.networks.actor_critic.value(scaled, latent, task)
    assert farthest(values[0], value) < 1e-13

    memory, transitions, _, trial_end = experience(agent)
    ours = step_through(agent, memory, transitions, trial_end)
    assert same(ours, step_through(other, memory, transitions, trial_end))
