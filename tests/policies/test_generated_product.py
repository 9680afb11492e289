"""The product with generated matrices against the same, written out for every sample."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.parity import difference

from splagger.policies.generated_product import CHUNK, generated_product

INPUTS, HYPER, OUTPUTS = 3, 4, 2


def materialised(x, code, basis):
    weights = jnp.einsum("sk,iko->sio", code, basis)
    return jnp.einsum("si,sio->so", x, weights)


def random(*shape: int) -> jax.Array:
    return jnp.asarray(np.random.default_rng(sum(shape)).normal(size=shape), float)


def arguments(samples: int):
    return random(samples, INPUTS), random(samples, HYPER), random(INPUTS, HYPER, OUTPUTS)


def with_gradients(product):
    """The product, and the gradients of a weighting of it for all three arguments."""

    def compute(x, code, basis, weights):
        y, pull_back = jax.vjp(product, x, code, basis)
        return y, pull_back(weights)

    return compute


own = jax.jit(with_gradients(generated_product))
expected = jax.jit(with_gradients(materialised))


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("samples", [1, CHUNK - 1, CHUNK, CHUNK + 1, 1300])
def test_value_and_gradients_equal_the_materialised_form(samples: int):
    assert CHUNK == 512
    all_arguments = *arguments(samples), random(samples, OUTPUTS)
    actual, wanted = own(*all_arguments), expected(*all_arguments)
    assert max(jax.tree.leaves(jax.tree.map(difference, actual, wanted))) <= 1e-9


@pytest.mark.usefixtures("float64")
def test_members_side_by_side_equal_each_alone():
    samples = CHUNK + 1
    one, other = (*arguments(samples), random(samples, OUTPUTS)), None
    other = jax.tree.map(lambda leaf: 1 + leaf[::-1], one)
    together = jax.jit(jax.vmap(own))(*(jnp.stack(pair) for pair in zip(one, other, strict=True)))
    for number, member in enumerate((one, other)):
        mine = jax.tree.map(lambda leaf, n=number: leaf[n], together)
        assert max(jax.tree.leaves(jax.tree.map(difference, mine, own(*member)))) <= 1e-9


def memory(product, samples: int) -> tuple[int, int, int]:
    """Bytes for value and gradients of a wider layer: temporary ones, those of arguments and
    results, and those of the generated weights if they were written out."""
    inputs, hyper, outputs = 32, 9, 32
    shapes = [(samples, inputs), (samples, hyper), (inputs, hyper, outputs), (samples, outputs)]
    arguments = [jax.ShapeDtypeStruct(shape, jnp.float32) for shape in shapes]
    used = jax.jit(with_gradients(product)).lower(*arguments).compile().memory_analysis()
    assert used is not None
    passed = used.argument_size_in_bytes + used.output_size_in_bytes
    return used.temp_size_in_bytes, passed, samples * inputs * outputs * 4


@pytest.mark.parametrize(
    ("samples", "copies"),
    [
        (4 * CHUNK, 0.1),  # the codes' gradients lie in another order before they are returned
        (4 * CHUNK + 2, 2),  # padding copies arguments and results, in both passes
    ],
)
def test_memory_does_not_grow_with_the_generated_weights(samples: int, copies: float):
    few, few_passed, _ = memory(generated_product, samples)
    many, many_passed, weights = memory(generated_product, 4 * samples)
    assert many - few <= copies * (many_passed - few_passed)
    assert 0 < many < weights / 3
    # The measure sees weights that are written out.
    assert memory(materialised, 4 * samples)[0] >= weights
