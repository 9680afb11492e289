import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.analysed_models import AGENTS, STEPS, agents_of, tiny_models

from splagger.analysis.gradients import gradients_on
from splagger.analysis.sequences import draw_opposites, draw_sequence, unroll_from_start
from splagger.analysis.signal import (
    correlation,
    power,
    signal_quantities,
    without_biases,
)

REPEATS = 4


def test_only_biases_become_zero():
    model = tiny_models("splagger")
    before = jax.tree_util.tree_leaves_with_path(model)
    after = jax.tree.leaves(without_biases(model))
    biases = 0
    for (path, leaf), other in zip(before, after, strict=True):
        is_bias = path[-1].name == "bias"
        biases += is_bias
        np.testing.assert_array_equal(other, np.zeros_like(leaf) if is_bias else leaf)
    # Three embeddings, two of the GRU, one after it.
    assert biases == 3 + 2 + 1
    assert jax.tree.structure(model) == jax.tree.structure(without_biases(model))


def test_power_and_correlation_follow_numpy():
    random = np.random.default_rng(0)
    first, second = random.normal(size=(2, 3, REPEATS, 5))
    np.testing.assert_allclose(power(jnp.asarray(first)), (first**2).mean((1, 2)), rtol=1e-6)
    found = correlation(jnp.asarray(first), jnp.asarray(second))
    for step in range(3):
        for component in range(5):
            expected = np.corrcoef(first[step, :, component], second[step, :, component])[0, 1]
            assert abs(found[step, component] - expected) < 1e-5


def test_what_does_not_vary_is_uncorrelated():
    constant = jnp.full((1, 3, 2), 0.1)
    varying = jnp.arange(6.0).reshape(1, 3, 2)
    np.testing.assert_array_equal(correlation(constant, varying), [[0, 0]])
    np.testing.assert_allclose(correlation(varying, varying), [[1, 1]], rtol=1e-6)


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("kind", ["noise", "strong-signal"])
def test_equal_to_a_plain_computation(kind):
    models, keys = tiny_models("splagger"), jax.random.split(jax.random.key(1), AGENTS)
    found = signal_quantities(models, keys, kind=kind, steps=STEPS, repeats=REPEATS)
    outputs_of, gradients_of = jax.jit(unroll_from_start), jax.jit(gradients_on)
    for agent, model in enumerate(agents_of(models)):
        noise_keys, signal_keys, opposite_keys = (
            jax.random.split(key, REPEATS) for key in jax.random.split(keys[agent], 3)
        )
        size = model.embedding.size
        signal_kind = "signal" if kind == "noise" else kind
        noises = [draw_sequence("noise", key, STEPS, size) for key in noise_keys]
        signals = [draw_sequence(signal_kind, key, STEPS, size) for key in signal_keys]
        opposites = [draw_opposites(key, STEPS, size) for key in opposite_keys]

        def outputs(sequences, model=model):  # [sequence, step, latent]
            return np.stack([np.asarray(outputs_of(model, xs[:, None]))[:, 0] for xs in sequences])

        unbiased = without_biases(model)
        signal_power = (outputs(signals, unbiased) ** 2).mean((0, 2))
        noise_power = (outputs(noises, unbiased) ** 2).mean((0, 2))
        after_noise, after_signal = outputs(noises), outputs(signals)
        norms = np.linalg.norm(after_noise if kind == "noise" else after_signal, axis=-1)
        first, second = (outputs([pair[side] for pair in opposites]) for side in (0, 1))
        gradient = gradients_of(model, (noises if kind == "noise" else signals)[0])
        expected = {
            "signal_power": signal_power,
            "noise_power": noise_power,
            "signal_to_noise_ratio": signal_power / noise_power,
            "output_norm": norms.mean(0),
            "normalised_norm": norms[0] / norms[0].mean() - 1,
            "signal_noise_distance": ((after_signal - after_noise) ** 2).mean((0, 2)),
            "inverse_variance": 1 / after_noise.mean(-1).var(0),
            "gradient_times_ratio": gradient.initial_input_gradient * signal_power / noise_power,
        }
        for name, values in expected.items():
            np.testing.assert_allclose(getattr(found, name)[agent], values, 1e-9, err_msg=name)
        # At the first step nothing varies.
        assert found.decorrelation[agent, 0] == 1
        for step in range(1, STEPS):
            correlations = [
                np.corrcoef(first[:, step, c], second[:, step, c])[0, 1]
                for c in range(first.shape[2])
            ]
            np.testing.assert_allclose(
                found.decorrelation[agent, step], 1 - np.mean(correlations), rtol=1e-8
            )
