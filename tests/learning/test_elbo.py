"""The bound: its scales, its padding, its gradients. `test_published_elbo.py` has the record."""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from support.sequence_models import (
    ACTIONS,
    ENVIRONMENTS,
    OBSERVATION,
    TIME,
    Kind,
    random_transitions,
    tiny_model,
)

from splagger.decoders.decoders import Decoders
from splagger.decoders.reward_decoder import RewardDecoder
from splagger.decoders.state_decoder import StateDecoder
from splagger.decoders.task_decoder import TaskDecoder, TaskIndexDecoder
from splagger.environments.spaces import Discrete
from splagger.environments.task_information import TaskInformation
from splagger.foundation.errors import UserError
from splagger.learning.divergence import divergences
from splagger.learning.elbo import ElboLosses, ElboRules, ElboWeights, elbo, posteriors
from splagger.learning.elbo_terms import Choices, choose_terms
from splagger.learning.trajectories import Trajectories

LATENT, CODE, TASKS = 3, 4, 5
PARTS = ("reward", "state", "task", "inference", "kl")
LENGTH = (7, 3, 5)
KIND = Kind("gru", "max", split=True)

pytestmark = pytest.mark.usefixtures("float64")


def random(*shape: int, seed: int = 0):
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape))


def make_decoders(latent: int = LATENT) -> Decoders:
    keys = jax.random.split(jax.random.key(1), 4)
    sizes = {
        "latent_size": latent,
        "observation_size": OBSERVATION,
        "action_space": Discrete(ACTIONS),
        "observation_embedding": 4,
        "action_embedding": 3,
        "action_encoding": "one-hot",
        "hidden": (5,),
    }
    return Decoders(
        RewardDecoder.create(keys[0], previous_observation=True, **sizes),
        StateDecoder.create(keys[1], **sizes),
        TaskIndexDecoder.create(keys[2], latent_size=latent, tasks=TASKS, hidden=(5,)),
        TaskDecoder.create(keys[3], latent_size=latent, target_size=CODE, hidden=(5,)),
    )


def make_trajectories(length=LENGTH) -> Trajectories:
    task = TaskInformation(jnp.zeros((ENVIRONMENTS, 0)), jnp.asarray([4, 1, 2]))
    return Trajectories(random_transitions(), task, jnp.asarray(length))


def weights() -> ElboWeights:
    return ElboWeights(*map(jnp.asarray, (1.0, 0.7, 0.3, 0.2, 0.1)))


def choose(length=LENGTH, seed=0, terms=None, decodes=None) -> Choices:
    key = jax.random.key(seed)
    length = jnp.asarray(length)
    return choose_terms(key, length, TIME, terms=terms, decodes=decodes, resample=False)


def compute(
    trajectories: Trajectories,
    choices: Choices,
    rules: ElboRules | None = None,
    models=None,
    noise=None,
    code=None,
) -> ElboLosses:
    model, decoders = models or (tiny_model(KIND), make_decoders())
    latents = posteriors(model, trajectories)
    noise = random(TIME + 1, ENVIRONMENTS, LATENT, seed=5) if noise is None else noise
    code = random(ENVIRONMENTS, CODE, seed=6) if code is None else code
    rules = rules or ElboRules()
    return elbo(decoders, latents, noise, trajectories, choices, weights(), rules, code)


def assert_same(losses: ElboLosses, others: ElboLosses) -> None:
    for part in (*PARTS, "total"):
        ours, theirs = float(getattr(losses, part)), float(getattr(others, part))
        assert ours == pytest.approx(theirs, rel=1e-10), part


def test_the_whole_is_the_mean_of_every_trajectory_alone():
    together = compute(make_trajectories(), choose())
    alone = []
    for number in range(ENVIRONMENTS):
        length = tuple(n * (which == number) for which, n in enumerate(LENGTH))
        alone.append(compute(make_trajectories(length), choose(length)))
    assert_same(together, jax.tree.map(lambda *each: sum(each) / ENVIRONMENTS, *alone))
    parts = [getattr(together, part) for part in PARTS]
    assert min(parts) > 0
    assert together.total == pytest.approx(np.dot(parts, [1.0, 0.7, 0.3, 0.2, 0.1]))


def test_order_of_trajectories_does_not_matter():
    order = jnp.asarray([2, 0, 1])
    trajectories, choices = make_trajectories(), choose(terms=3, decodes=2)
    noise, code = random(TIME + 1, ENVIRONMENTS, LATENT), random(ENVIRONMENTS, CODE)
    shuffled = Trajectories(
        jax.tree.map(lambda leaf: leaf[:, order], trajectories.transitions),
        jax.tree.map(lambda leaf: leaf[order], trajectories.task),
        trajectories.length[order],
    )
    other = jax.tree.map(lambda leaf: leaf[:, order], choices)
    for scale in ("expectation", "published"):
        assert_same(
            compute(trajectories, choices, ElboRules(scale), noise=noise, code=code),
            compute(shuffled, other, ElboRules(scale), noise=noise[:, order], code=code[order]),
        )


@pytest.mark.parametrize("terms", [None, 4])
def test_padding_changes_neither_losses_nor_gradients(terms: int | None):
    length = (7, 3, 0)
    trajectories, choices = make_trajectories(length), choose(length, terms=terms)

    def spoil(leaf):
        past_end = jnp.arange(TIME)[:, None] >= jnp.asarray(length)
        past_end = past_end.reshape(past_end.shape + (1,) * (leaf.ndim - 2))
        bad = jnp.nan if jnp.issubdtype(leaf.dtype, jnp.floating) else 77
        return jnp.where(past_end, bad, leaf)

    spoilt = replace(trajectories, transitions=jax.tree.map(spoil, trajectories.transitions))
    models = (tiny_model(KIND), make_decoders())
    for scale in ("expectation", "published"):

        @eqx.filter_jit
        @eqx.filter_value_and_grad
        def total(models, trajectories, rules=ElboRules(scale)):  # noqa: B008
            return compute(trajectories, choices, rules, models).total

        ours, expected = total(models, spoilt), total(models, trajectories)
        for mine, theirs in zip(jax.tree.leaves(ours), jax.tree.leaves(expected), strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-10)


def test_without_trajectories_all_is_zero():
    length = (0, 0, 0)

    def total(models):
        losses = compute(make_trajectories(length), choose(length, terms=3), models=models)
        return losses.total, losses

    models = (tiny_model(KIND), make_decoders())
    (_, losses), gradients = eqx.filter_value_and_grad(total, has_aux=True)(models)
    assert all(leaf == 0 for leaf in jax.tree.leaves(losses))
    assert all((leaf == 0).all() for leaf in jax.tree.leaves(gradients))


def test_published_divergences_are_too_large_by_the_number_of_trajectories_or_its_square():
    latents, length = random(TIME + 1, ENVIRONMENTS, 2 * LATENT), (TIME,) * ENVIRONMENTS
    trajectories = make_trajectories(length)
    noise = jnp.zeros((TIME + 1, ENVIRONMENTS, LATENT))

    def kl(choices: Choices, scale):
        rules = ElboRules(scale)
        return elbo(Decoders(), latents, noise, trajectories, choices, weights(), rules).kl

    everything = choose(length)
    whole = float(kl(everything, "expectation"))
    assert whole == pytest.approx(float(jnp.sum(divergences(latents, True))) / ENVIRONMENTS)
    assert kl(everything, "published") == pytest.approx(ENVIRONMENTS * whole)

    @jax.jit
    def means(scale_keys):
        def both(key):
            length_array = trajectories.length
            drawn = choose_terms(key, length_array, TIME, terms=3, decodes=None, resample=False)
            return jnp.stack([kl(drawn, "expectation"), kl(drawn, "published")])

        return jnp.mean(jax.vmap(both)(scale_keys), axis=0)

    expectation, published = means(jax.random.split(jax.random.key(0), 20_000))
    assert expectation == pytest.approx(whole * 3 / (TIME + 1), rel=0.02)
    assert published / expectation == pytest.approx(ENVIRONMENTS**2, rel=0.02)


def test_published_task_errors_are_summed_over_trajectories():
    length = (7, 3, 0)
    trajectories, choices = make_trajectories(length), choose(length)
    ours = compute(trajectories, choices)
    published = compute(trajectories, choices, ElboRules("published"))
    for part, factor in (("reward", 1), ("state", 1), ("task", 2), ("inference", 2), ("kl", 2)):
        assert getattr(published, part) == pytest.approx(factor * getattr(ours, part)), part


def test_means_in_place_of_sums():
    length = (5, 5, 5)
    trajectories, choices = make_trajectories(length), choose(length)
    sums = compute(trajectories, choices)
    means = compute(trajectories, choices, ElboRules(average_terms=True, average_decodes=True))
    for part in PARTS:
        number = 6 * 5 if part in ("reward", "state") else 6
        assert number * getattr(means, part) == pytest.approx(getattr(sums, part)), part


def test_latents_that_are_not_random_are_decoded_whole_and_have_no_divergence():
    trajectories, choices = make_trajectories(), choose()
    latents = posteriors(tiny_model(KIND), trajectories)
    arguments = trajectories, choices, weights(), ElboRules(), random(ENVIRONMENTS, CODE)
    losses = elbo(make_decoders(2 * LATENT), latents, None, *arguments)
    assert losses.kl == 0
    assert losses.reward > 0


def test_gradients_against_differences():
    kind = Kind("gru", "mean", split=True, learned_start=True)
    models = (tiny_model(kind), make_decoders())
    parameters, rest = eqx.partition(models, eqx.is_inexact_array)
    trajectories, choices = make_trajectories(), choose(terms=3, decodes=2)

    @jax.jit
    def total(parameters):
        models = eqx.combine(parameters, rest)
        return compute(trajectories, choices, models=models).total

    check_grads(total, (parameters,), order=1, modes=("rev",), eps=1e-6, rtol=1e-5)


def test_the_prior_learns_and_the_code_does_not():
    trajectories, choices = make_trajectories(), choose()
    prior_only = replace(choices, posterior_counts=choices.posterior == 0)

    @eqx.filter_grad
    def by_model(model):
        return compute(trajectories, prior_only, models=(model, make_decoders())).total

    assert (by_model(tiny_model(KIND)).output.layers[-1].bias != 0).any()
    by_code = jax.grad(lambda code: compute(trajectories, choices, code=code).total)
    assert (by_code(random(ENVIRONMENTS, CODE)) == 0).all()


def test_a_code_that_is_missing_is_named():
    trajectories = make_trajectories()
    latents = random(TIME + 1, ENVIRONMENTS, 2 * LATENT)
    with pytest.raises(UserError, match="code is None"):
        elbo(
            make_decoders(2 * LATENT),
            latents,
            None,
            trajectories,
            choose(),
            weights(),
            ElboRules(),
        )


@pytest.mark.parametrize("name", ["scale", "kl_target"])
def test_unknown_rules_are_refused(name: str):
    rules = ElboRules()
    object.__setattr__(rules, name, "other")  # past the tests' own checks of types
    with pytest.raises(UserError, match=f"{name} is 'other'"):
        rules.__post_init__()


@pytest.mark.parametrize("over", [jax.vmap, lambda f: lambda x: jax.lax.map(f, x)])
def test_members_side_by_side_equal_each_alone(over):
    trajectories, parameters = make_trajectories(), tiny_model(KIND)

    def member(seed):
        model = jax.tree.map(lambda leaf: leaf * (1 + 0.1 * seed), parameters)
        choices = choose(seed=seed, terms=3, decodes=2)
        return compute(trajectories, choices, models=(model, make_decoders())).total

    together = jax.jit(over(member))(jnp.arange(2))
    for seed in range(2):
        assert float(together[seed]) == pytest.approx(float(member(jnp.asarray(seed))))
