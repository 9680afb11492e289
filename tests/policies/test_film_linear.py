import jax.numpy as jnp
import numpy as np

from splagger.policies.film_linear import FilmLinear


def test_outputs_follow_the_formula():
    random = np.random.default_rng(0)
    weight, scale_head, shift_head = (
        random.normal(size=shape) for shape in ((5, 4), (3, 4), (3, 4))
    )
    layer = FilmLinear(*(jnp.asarray(array, float) for array in (weight, scale_head, shift_head)))
    x, code = random.normal(size=(6, 5)), random.normal(size=(6, 2))
    scale = code @ scale_head[:-1] + scale_head[-1]
    shift = code @ shift_head[:-1] + shift_head[-1]
    outputs = layer(jnp.asarray(x, float), jnp.asarray(code, float))
    np.testing.assert_allclose(outputs, (x @ weight) * scale + shift, rtol=1e-5, atol=1e-5)
