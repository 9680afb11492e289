"""Base networks whose weights are written out for every sample, as a hypernetwork is usually used.

Each sample's weight matrices take some hundred thousand numbers, so samples are handled in chunks,
and the gradient of every chunk is added up before the next: memory is bounded by a chunk.
"""

from typing import Any

import jax
import jax.numpy as jnp

CHUNK = 256
"""Samples whose weights exist at once."""


def flat_heads(network: Any) -> list[tuple[jax.Array, jax.Array]]:
    """The heads of a base network's layers as ordinary matrices.

    **Returns:** for every layer the head of its weight `[hyper, inputs * outputs]` and that of its
    bias `[hyper, outputs]`.
    """
    heads = []
    for layer in network.layers:
        inputs, hyper, outputs = layer.basis.shape
        weight = jnp.swapaxes(layer.basis, 0, 1).reshape(hyper, inputs * outputs)
        heads.append((weight, layer.bias_basis))
    return heads


def apply(heads: Any, x: jax.Array, code: jax.Array) -> jax.Array:
    """The base network's outputs, `[sample, output]`; `code` ends with a 1."""
    for index, (weight_head, bias_head) in enumerate(heads):
        outputs = bias_head.shape[-1]
        weight = (code @ weight_head).reshape(x.shape[0], -1, outputs)
        x = jnp.einsum("si,sio->so", x, weight) + code @ bias_head
        if index < len(heads) - 1:
            x = jnp.tanh(x)
    return x


def gradient(networks: Any, x: jax.Array, code: jax.Array) -> tuple[jax.Array, Any]:
    """The sum of the sines of all outputs of some networks, and its gradients for heads, inputs and
    codes, chunk by chunk.

    **Arguments:**

    - `networks`: `flat_heads` of each.
    - `x`, `code`: `[sample, ...]`.
    """
    samples = x.shape[0]
    number = -(-samples // CHUNK)
    padding = number * CHUNK - samples

    def cut(array):
        return jnp.pad(array, ((0, padding), (0, 0))).reshape(number, CHUNK, -1)

    counted = (jnp.arange(number * CHUNK) < samples).reshape(number, CHUNK)

    def total(networks, x, code, counted):
        outputs = [jnp.sin(apply(heads, x, code)).sum(axis=-1) for heads in networks]
        return jnp.sum(jnp.where(counted, sum(outputs), 0))

    def step(carry, inputs):
        value, (for_heads, for_x, for_code) = jax.value_and_grad(total, argnums=(0, 1, 2))(
            networks, *inputs
        )
        return jax.tree.map(jnp.add, carry, (value, for_heads)), (for_x, for_code)

    zeros = (jnp.zeros(()), jax.tree.map(jnp.zeros_like, networks))
    (value, for_heads), (for_x, for_code) = jax.lax.scan(step, zeros, (cut(x), cut(code), counted))
    for_x = for_x.reshape(number * CHUNK, -1)[:samples]
    return value, (for_heads, for_x, for_code.reshape(number * CHUNK, -1)[:samples])
