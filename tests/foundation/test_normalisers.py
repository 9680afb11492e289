"""Running statistics against the record and against plain loops."""

from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.parity import difference

from splagger.foundation.normalisers import RewardNormaliser, RunningMoments

pytestmark = pytest.mark.usefixtures("float64")

update = eqx.filter_jit(RunningMoments.update)


def test_observation_statistics_equal_the_record(reference: Path):
    archive = np.load(reference / "traces" / "input_normaliser.npz")
    probe, moments = jnp.asarray(archive["probe"]), RunningMoments.create(5)
    for number in range(4):
        batch = archive[f"batch{number}"].reshape(-1, 5)
        moments = update(moments, jnp.asarray(batch), unbiased=True)
        for value, name in (
            (moments.mean, "mean"),
            (moments.variance, "var"),
            (moments.count, "count"),
            (moments.normalise(probe), "probe_normalised"),
        ):
            assert difference(value, archive[f"after{number}/{name}"]) <= 1e-9, (number, name)


@pytest.mark.parametrize("unbiased", [False, True])
def test_merged_batches_have_the_moments_of_all_data(unbiased: bool):
    random = np.random.default_rng(0)
    batches = [random.normal(3, 2, size=(samples, 2)) for samples in (4, 9)]
    # The prior: weight 1e-4, mean 0, variance 1.
    weights, sums, squares = [1e-4], [np.zeros(2)], [np.full(2, 1e-4)]
    moments = RunningMoments.create(2)
    for batch in batches:
        moments = update(moments, jnp.asarray(batch), unbiased=unbiased)
        samples = len(batch)
        variance = batch.var(axis=0, ddof=int(unbiased))
        weights.append(samples)
        sums.append(batch.sum(axis=0))
        squares.append(samples * (variance + batch.mean(axis=0) ** 2))
    mean = sum(sums) / sum(weights)
    variance = sum(squares) / sum(weights) - mean**2
    np.testing.assert_allclose(moments.mean, mean, rtol=1e-9)
    np.testing.assert_allclose(moments.variance, variance, rtol=1e-9)
    np.testing.assert_allclose(moments.count, sum(weights), rtol=1e-12)


def test_nothing_is_changed_before_any_data_and_nothing_is_clipped():
    x = jnp.asarray([-1e6, 0.0, 1e6])
    np.testing.assert_allclose(RunningMoments.create(3).normalise(x), x, rtol=1e-7)


def test_statistics_of_numbers_have_no_dimensions():
    moments = update(RunningMoments.create(), jnp.asarray([1.0, 3.0]), unbiased=False)
    assert moments.mean.shape == moments.variance.shape == ()
    np.testing.assert_allclose(moments.mean, 2, rtol=1e-3)


@eqx.filter_jit
def normalise_steps(normaliser, rewards, ends, discount, clip: float, reset_all: bool):
    """Normalised rewards of a rollout, and the statistics after each of its steps."""
    settings = {"discount": discount, "clip": clip, "reset_all": reset_all}

    def step(normaliser, inputs):
        reward, end = inputs
        normaliser, _ = normaliser.normalise(reward[None], end[None], **settings)
        return normaliser, normaliser

    _, rewards_of_all = normaliser.normalise(rewards, ends, **settings)
    return rewards_of_all, jax.lax.scan(step, normaliser, (rewards, ends))[1]


@pytest.mark.parametrize(
    ("variant", "discount", "clip"),
    [("gamma95_clip10", 0.95, 10.0), ("gamma97_clip1e5", 0.97, 1e5)],
)
def test_reward_normalisation_equals_the_record(
    variant: str, discount: float, clip: float, reference: Path
):
    archive = np.load(reference / "traces" / "reward_normaliser.npz")
    expected = {
        name.removeprefix(f"{variant}/"): archive[name] for name in archive if variant in name
    }
    done = archive["done"] == 1
    normalised, after = normalise_steps(
        RewardNormaliser.create(3),
        jnp.asarray(archive["rewards_raw"]),
        jnp.asarray(done),
        jnp.asarray(discount),
        clip,
        True,
    )
    assert difference(normalised, expected["rewards_normalised"]) <= 1e-9
    if clip == 10:
        assert np.abs(expected["rewards_normalised"]).max() == 10  # the bound is active
    assert difference(after.discounted_return, expected["ret_after_reset"]) <= 1e-9
    going_on = ~done.any(axis=1)
    before_reset = expected["ret_after_step"][going_on]
    assert difference(after.discounted_return[going_on], before_reset) <= 1e-9
    assert difference(after.moments.mean, expected["rms_mean"]) <= 1e-9
    assert difference(after.moments.variance, expected["rms_var"]) <= 1e-9
    assert difference(after.moments.count, expected["rms_count"]) <= 1e-9


@pytest.mark.parametrize("reset_all", [False, True])
def test_reward_normalisation_equals_a_plain_loop(reset_all: bool):
    random = np.random.default_rng(0)
    rewards = random.normal(size=(30, 4)) * (random.random((30, 4)) < 0.3)
    ends = random.random((30, 4)) < 0.1
    discount, clip = 0.9, 2.0
    normalised, after = normalise_steps(
        RewardNormaliser.create(4),
        jnp.asarray(rewards),
        jnp.asarray(ends),
        jnp.asarray(discount),
        clip,
        reset_all,
    )
    running, mean, variance, count = np.zeros(4), 0.0, 1.0, 1e-4
    for time in range(30):
        for environment in range(4):
            running[environment] = discount * running[environment] + rewards[time, environment]
            if ends[time, environment]:
                running[environment] = 0
        square = variance * count + running.var() * 4
        square += (running.mean() - mean) ** 2 * count * 4 / (count + 4)
        mean += (running.mean() - mean) * 4 / (count + 4)
        count += 4
        variance = square / count
        scaled = np.clip(rewards[time] / np.sqrt(variance + 1e-8), -clip, clip)
        np.testing.assert_allclose(normalised[time], scaled, rtol=1e-9)
        if reset_all and ends[time].any():
            running[:] = 0
        np.testing.assert_allclose(after.discounted_return[time], running, rtol=1e-9)
        np.testing.assert_allclose(after.moments.variance[time], variance, rtol=1e-9)
    assert (np.abs(normalised) == clip).any()
    assert np.all(np.sign(normalised) == np.sign(rewards))
