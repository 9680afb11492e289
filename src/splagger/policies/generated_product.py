"""Products with matrices that a hypernetwork generates, one matrix for every sample.

A hypernetwork without hidden layers generates the weight `W(e) = sum_k e_k B_k`. Written out for
every sample, `W` would take `inputs * outputs` numbers a sample. Here the sum is taken after the
product instead: `W(e) x = sum_k e_k (B_k x)`, which is one dense product for a whole batch.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

CHUNK = 512
"""Samples handled at once. Intermediate results take `chunk * hyper * outputs` numbers, whatever
the size of the batch; this many fill the matrix units of a CPU and stay near its caches."""


@jax.custom_vjp
def generated_product(
    x: Float[Array, "samples inputs"],
    code: Float[Array, "samples hyper"],
    basis: Float[Array, "inputs hyper outputs"],
) -> Float[Array, "samples outputs"]:
    """Multiplies every sample with its own generated matrix.

    Only `x` and `code` are kept for the backward pass, and both passes go over the batch in
    chunks, so memory does not grow with the generated matrices.

    **Arguments:**

    - `x`: inputs of the generated layer.
    - `code`: the vector that generates each sample's matrix.
    - `basis`: the matrices `B_k`, stacked along the middle dimension.

    **Returns:** `y[s, o] = sum_k code[s, k] sum_i x[s, i] basis[i, k, o]`.
    """
    inputs, hyper, outputs = basis.shape
    flat = basis.reshape(inputs, hyper * outputs)

    def chunk(x, code):
        products = (x @ flat).reshape(-1, hyper, outputs)
        return _sum_of_products("sk,sko->so", code, products)

    chunks = _into_chunks((x, code))
    if chunks is None:
        return chunk(x, code)
    y = jax.lax.map(lambda inputs: chunk(*inputs), chunks)
    return y.reshape(-1, outputs)[: x.shape[0]]


def _forward(x, code, basis):
    return generated_product(x, code, basis), (x, code, basis)


def _backward(residuals, dy):
    x, code, basis = residuals
    inputs, hyper, outputs = basis.shape
    # The gradients of both x and code come from one product with dy: x's is its sum weighted by
    # the code, and the code's is its inner product with x.
    transposed = jnp.transpose(basis, (2, 1, 0)).reshape(outputs, hyper * inputs)

    def chunk(x, code, dy):
        products = (dy @ transposed).reshape(-1, hyper, inputs)
        dx = _sum_of_products("sk,ski->si", code, products)
        dcode = _sum_of_products("si,ski->sk", x, products)
        scaled = (code[:, :, None] * dy[:, None, :]).reshape(-1, hyper * outputs)
        return dx, dcode, x.T @ scaled

    chunks = _into_chunks((x, code, dy))
    if chunks is None:
        dx, dcode, dbasis = chunk(x, code, dy)
        return dx, dcode, dbasis.reshape(basis.shape)

    def step(total, inputs):
        dx, dcode, dbasis = chunk(*inputs)
        return total + dbasis, (dx, dcode)

    start = jnp.zeros((inputs, hyper * outputs), basis.dtype)
    dbasis, (dx, dcode) = jax.lax.scan(step, start, chunks)
    samples = x.shape[0]
    dx = dx.reshape(-1, inputs)[:samples]
    dcode = dcode.reshape(-1, hyper)[:samples]
    return dx, dcode, dbasis.reshape(basis.shape)


generated_product.defvjp(_forward, _backward)


def _sum_of_products(subscripts, weights, products):
    """An `einsum` in which every sample has numbers of its own.

    XLA makes small products of it on a CPU, which take half of the time of a loop that multiplies
    and adds. A GPU does that in one program, and would start a product for every sample.
    """

    def multiply_and_add(weights, products):
        axis = subscripts.split(",")[0][1]
        kept = subscripts.split(",")[1].index(axis)
        return jnp.sum(jnp.expand_dims(weights, 3 - kept) * products, axis=kept)

    return jax.lax.platform_dependent(
        weights,
        products,
        cpu=lambda weights, products: jnp.einsum(subscripts, weights, products),
        default=multiply_and_add,
    )


def _into_chunks(arrays):
    """Cuts the first dimension into equal chunks, zero-padded; None if one chunk holds it all."""
    samples = arrays[0].shape[0]
    number = -(-samples // CHUNK)
    if number <= 1:
        return None
    size = -(-samples // number)
    padding = number * size - samples

    def cut(array):
        padded = jnp.pad(array, ((0, padding), (0, 0)))
        return padded.reshape(number, size, array.shape[-1])

    return tuple(cut(array) for array in arrays)
