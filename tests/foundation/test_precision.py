import jax
import jax.numpy as jnp
import pytest

from splagger.foundation.precision import Precision, matrix_product_precision


@pytest.mark.parametrize(
    ("precision", "expected"),
    [("float32", "HIGHEST"), ("tensorfloat32", "HIGH")],
)
def test_products_are_compiled_for_the_precision(precision: Precision, expected: str):
    def compiled() -> str:
        return jax.jit(lambda x: x @ x).lower(jnp.ones((2, 2))).as_text()

    outside = compiled()
    with matrix_product_precision(precision):
        assert f"precision = [{expected}, {expected}]" in compiled()
    assert compiled() == outside
