import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.parity import difference

from splagger.foundation.initialisers import TANH_GAIN, orthogonal, uniform_he
from splagger.policies.hypernetwork import GeneratedLinear, HypernetworkNetwork

OBSERVATION, CODE, HIDDEN, OUTPUTS = 5, 3, (7, 6), 4


def random(*shape: int) -> jax.Array:
    return jnp.asarray(np.random.default_rng(sum(shape)).normal(size=shape), float)


def random_network() -> HypernetworkNetwork:
    sizes = (OBSERVATION, *HIDDEN, OUTPUTS)
    return HypernetworkNetwork(
        tuple(
            GeneratedLinear(random(inputs, CODE + 1, outputs), random(CODE + 1, outputs))
            for inputs, outputs in zip(sizes[:-1], sizes[1:], strict=True)
        )
    )


def materialised(network: HypernetworkNetwork, observation, code):
    """The network with every sample's weights written out."""

    def one(x, e):
        *hidden, head = (layer.generate(e) for layer in network.layers)
        for weight, bias in hidden:
            x = jnp.tanh(x @ weight + bias)
        return x @ head[0] + head[1]

    return jax.vmap(one)(observation, code)


def results(function, network, *arguments):
    def total(everything):
        outputs = function(*everything)
        return jnp.sum(jnp.sin(outputs)), outputs

    return eqx.filter_jit(eqx.filter_value_and_grad(total, has_aux=True))((network, *arguments))


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("samples", [6, 513])
def test_network_equals_its_materialised_form(samples: int):
    arguments = random_network(), random(samples, OBSERVATION), random(samples, CODE)
    own = results(lambda network, x, e: network(x, e), *arguments)
    expected = results(materialised, *arguments)
    assert max(jax.tree.leaves(jax.tree.map(difference, own, expected))) <= 1e-9


def test_heads_weights_and_biases_are_told_apart():
    layer = GeneratedLinear(random(2, CODE + 1, 3), random(CODE + 1, 3))
    weight, bias = layer.generate(jnp.zeros(CODE))
    np.testing.assert_allclose(weight, layer.basis[:, -1])
    np.testing.assert_allclose(bias, layer.bias_basis[-1])
    weight, bias = layer.generate(jnp.asarray([0.0, 2.0, 0.0]))
    np.testing.assert_allclose(weight, layer.basis[:, -1] + 2 * layer.basis[:, 1], rtol=1e-6)
    np.testing.assert_allclose(bias, layer.bias_basis[-1] + 2 * layer.bias_basis[1], rtol=1e-6)


@pytest.mark.parametrize("batch", [(), (2,), (2, 3)])
def test_leading_dimensions_are_free(batch: tuple[int, ...]):
    network = random_network()
    x, e = random(*batch, OBSERVATION), random(*batch, CODE)
    outputs = network(x, e)
    flat = network(x.reshape(-1, OBSERVATION), e.reshape(-1, CODE))
    assert outputs.shape == (*batch, OUTPUTS)
    np.testing.assert_allclose(outputs.reshape(-1, OUTPUTS), flat, rtol=1e-6)


def test_bias_hyper_initialisation():
    create = eqx.filter_jit(HypernetworkNetwork.create)
    network = create(jax.random.key(0), 5, CODE, (32, 16), 4, orthogonal(0.01), 0.5)
    codes = random(2, CODE)
    for layer in network.layers:
        assert np.all(layer.basis[:, :-1] == 0)
        assert np.all(layer.bias_basis[:-1] == 0)
        first, second = (layer.generate(code) for code in codes)
        jax.tree.map(np.testing.assert_array_equal, first, second)
    *hidden, (head, head_bias) = (layer.generate(codes[0]) for layer in network.layers)
    for weight, bias in hidden:
        np.testing.assert_allclose(np.linalg.norm(weight, axis=0), TANH_GAIN, rtol=1e-5)
        np.testing.assert_array_equal(bias, np.zeros_like(bias))
    np.testing.assert_allclose(head.T @ head, 1e-4 * np.eye(4), atol=1e-9)
    assert 0 < np.abs(head_bias).max() <= 0.5


def test_head_bias_fills_its_bound_and_none_means_zero():
    def bias(key, bound):
        network = HypernetworkNetwork.create(key, 3, CODE, (4,), 8, uniform_he, bound)
        return network.layers[-1].bias_basis[-1]

    keys = jax.random.split(jax.random.key(0), 100)
    biases = jax.jit(jax.vmap(lambda key: bias(key, 2.0)))(keys)
    assert 1.95 < biases.max() <= 2
    assert -2 <= biases.min() < -1.95
    np.testing.assert_array_equal(bias(keys[0], 0.0), np.zeros(8))


def test_number_of_generated_weights():
    network = random_network()
    assert network.generated_weights == 6 * 7 + 8 * 6 + 7 * 4
    generated = jax.tree.leaves([layer.generate(jnp.zeros(CODE)) for layer in network.layers])
    assert network.generated_weights == sum(leaf.size for leaf in generated)
