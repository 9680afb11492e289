import jax.numpy as jnp
import numpy as np

from splagger.policies.generated_linear import GeneratedLinear

CODE = 3


def test_heads_weights_and_biases_are_told_apart():
    random = np.random.default_rng(0)
    layer = GeneratedLinear(
        *(jnp.asarray(random.normal(size=shape), float) for shape in ((2, CODE + 1, 3), (4, 3)))
    )
    weight, bias = layer.generate(jnp.zeros(CODE))
    np.testing.assert_allclose(weight, layer.basis[:, -1])
    np.testing.assert_allclose(bias, layer.bias_basis[-1])
    weight, bias = layer.generate(jnp.asarray([0.0, 2.0, 0.0]))
    np.testing.assert_allclose(weight, layer.basis[:, -1] + 2 * layer.basis[:, 1], rtol=1e-6)
    np.testing.assert_allclose(bias, layer.bias_basis[-1] + 2 * layer.bias_basis[1], rtol=1e-6)
