"""The GRU's recurrence as one program, with its derivative and for any number of members."""

import dataclasses
import functools
from functools import partial

import jax
import jax.numpy as jnp
from jax.custom_batching import custom_vmap
from jaxtyping import Array, Bool, Float

from splagger.sequence.encoders.gru_kernel.backward import run_backward
from splagger.sequence.encoders.gru_kernel.forward import run_forward
from splagger.sequence.encoders.gru_kernel.plan import backward_plan, forward_plan
from splagger.sequence.starts import select_start

_EXACT = ("float32", "highest", "high", "F32_F32_F32", "TF32_TF32_F32_X3")
"""Settings of `jax_default_matmul_precision` under which products have single precision."""


def unroll(
    projected: Float[Array, "time environment gates"],
    state: Float[Array, "environment size"],
    fresh: Float[Array, " size"],
    weight: Float[Array, "size gates"],
    bias: Float[Array, " gates"],
    starts: Bool[Array, "time environment"],
    *,
    interpret: bool = False,
) -> Float[Array, "time environment size"]:
    """The states after every step: as `gru._unroll`, but with one launch for all steps.

    Vectorised over members, it is still one launch. Products follow `jax_default_matmul_precision`:
    TF32 where that allows it, otherwise single precision.

    **Arguments:**

    - `projected`, `state`, `fresh`, `weight`, `bias`, `starts`: in float32, of a size for which
        `plan.has_plan`.
    - `interpret`: whether to run by interpretation on any device, slowly: for tests.
    """
    exact = jax.config.jax_default_matmul_precision in _EXACT  # pyright: ignore
    return _unroll(exact, interpret, projected, state, fresh, weight, bias, starts)


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _unroll(exact, interpret, *arguments):
    return _over_members("states", exact, interpret)(*_with_member(arguments))[0][0]


def _forward(exact, interpret, projected, state, fresh, weight, bias, starts):
    arguments = (projected, state, fresh, weight, bias, starts)
    states, gates = _over_members("gates", exact, interpret)(*_with_member(arguments))
    return states[0], (states[0], gates[0], state, fresh, weight, starts)


def _backward(exact, interpret, residuals, gradient):
    states, gates, state, fresh, weight, starts = residuals
    previous = select_start(starts, fresh, jnp.concatenate([state[None], states[:-1]]))
    arguments = _with_member((gradient, gates, previous, starts, weight))
    results = _over_members("gradients", exact, interpret)(*arguments)
    to_projected, from_state, to_state, to_fresh = (result[0] for result in results)
    size = state.shape[-1]
    to_weight = previous.reshape(-1, size).T @ from_state.reshape(-1, 3 * size)
    to_bias = jnp.sum(from_state, axis=(0, 1))
    return to_projected, to_state, jnp.sum(to_fresh, axis=0), to_weight, to_bias, None


_unroll.defvjp(_forward, _backward)


def _with_member(arguments):
    return [argument[None] for argument in arguments]


@functools.cache
def _over_members(what: str, exact: bool, interpret: bool):
    """A launch for arrays with a leading dimension of members, which further ones are merged into.

    **Arguments:**

    - `what`: it returns: `states`, `gates` (states and gates) or `gradients`.
    - `exact`, `interpret`: see `unroll`.
    """

    @custom_vmap
    def run(*arguments):
        members, _, environments, width = arguments[0].shape
        if what == "gradients":
            plan, axes = backward_plan(members, environments, exact=exact), (2, 2, 2, 2, None)
        else:
            plan = forward_plan(members, environments, exact=exact)
            axes = (2, 1, None, None, None, 2)
        if interpret:
            size = width if what == "gradients" else width // 3
            plan = dataclasses.replace(
                plan, units=size, tile=2, chunk=size // 2, ahead=1, interpret=True
            )
        padded = [
            argument if axis is None else _pad(argument, axis, plan.tile)
            for argument, axis in zip(arguments, axes, strict=True)
        ]
        if what == "gradients":
            results = run_backward(*padded, plan=plan)
        else:
            results = run_forward(*padded, plan=plan, keep_gates=what == "gates")
        # Environments are the last but one dimension of every result.
        return tuple(result[..., :environments, :] for result in results)

    @run.def_vmap
    def merge(size, is_batched, *arguments):
        arguments = [
            argument if batched else jnp.broadcast_to(argument, (size, *argument.shape))
            for argument, batched in zip(arguments, is_batched, strict=True)
        ]
        results = run(*(argument.reshape(-1, *argument.shape[2:]) for argument in arguments))
        results = tuple(result.reshape(size, -1, *result.shape[1:]) for result in results)
        return results, (True,) * len(results)

    return run


def _pad(array, axis: int, multiple: int):
    """Appends environments of zeros up to a multiple of the tile."""
    missing = -array.shape[axis] % multiple
    if missing == 0:
        return array
    widths = [(0, 0)] * array.ndim
    widths[axis] = (0, missing)
    return jnp.pad(array, widths)
