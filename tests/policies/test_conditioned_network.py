"""Networks with layers of every kind against the same with every sample's weights written out."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.parity import difference

from splagger.foundation.linear import Linear
from splagger.policies.conditioned_network import ConditionedLayer, ConditionedNetwork
from splagger.policies.film_linear import FilmLinear
from splagger.policies.generated_linear import GeneratedLinear

OBSERVATION, CODE, HIDDEN, OUTPUTS = 5, 3, (7, 6), 4


def random(*shape: int) -> jax.Array:
    return jnp.asarray(np.random.default_rng(sum(shape)).normal(size=shape), float)


def generated(inputs: int, outputs: int) -> GeneratedLinear:
    return GeneratedLinear(random(inputs, CODE + 1, outputs), random(CODE + 1, outputs))


def film(inputs: int, outputs: int) -> FilmLinear:
    heads = random(2, CODE + 1, outputs)
    return FilmLinear(random(inputs, outputs), heads[0], heads[1])


def ordinary(inputs: int, outputs: int) -> Linear:
    return Linear(random(inputs, outputs), random(outputs))


KINDS = {
    "generated": (generated, generated, generated),
    "partly generated": (generated, ordinary, generated),
    "ordinary head": (generated, generated, ordinary),
    "film": (film, film, film),
}


def random_network(kind: str) -> ConditionedNetwork:
    sizes = (OBSERVATION, *HIDDEN, OUTPUTS)
    shapes = zip(sizes[:-1], sizes[1:], strict=True)
    return ConditionedNetwork(
        tuple(make(*shape) for make, shape in zip(KINDS[kind], shapes, strict=True))
    )


def materialised(network: ConditionedNetwork, observation, code):
    """The network with every sample's weights written out."""

    def written_out(layer: ConditionedLayer | Linear, e):
        return (layer.weight, layer.bias) if isinstance(layer, Linear) else layer.generate(e)

    def one(x, e):
        *hidden, head = (written_out(layer, e) for layer in network.layers)
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
@pytest.mark.parametrize(
    ("kind", "samples"), [*((kind, 6) for kind in KINDS), ("generated", 513), ("film", 513)]
)
def test_network_equals_its_materialised_form(kind: str, samples: int):
    arguments = random_network(kind), random(samples, OBSERVATION), random(samples, CODE)
    own = results(lambda network, x, e: network(x, e), *arguments)
    expected = results(materialised, *arguments)
    assert max(jax.tree.leaves(jax.tree.map(difference, own, expected))) <= 1e-9


@pytest.mark.parametrize("batch", [(), (2,), (2, 3)])
@pytest.mark.parametrize("kind", ["partly generated", "film"])
def test_leading_dimensions_are_free(kind: str, batch: tuple[int, ...]):
    network = random_network(kind)
    x, e = random(*batch, OBSERVATION), random(*batch, CODE)
    outputs = network(x, e)
    flat = network(x.reshape(-1, OBSERVATION), e.reshape(-1, CODE))
    assert outputs.shape == (*batch, OUTPUTS)
    np.testing.assert_allclose(outputs.reshape(-1, OUTPUTS), flat, rtol=1e-5, atol=1e-6)


def test_number_of_generated_weights():
    assert random_network("generated").generated_weights == 6 * 7 + 8 * 6 + 7 * 4
    assert random_network("partly generated").generated_weights == 6 * 7 + 7 * 4
    assert random_network("film").generated_weights == 2 * (7 + 6 + 4)
    network = random_network("generated")
    written = [
        layer.generate(jnp.zeros(CODE))
        for layer in network.layers
        if isinstance(layer, ConditionedLayer)
    ]
    assert network.generated_weights == sum(leaf.size for leaf in jax.tree.leaves(written))
