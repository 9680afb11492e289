"""The recurrence forward in time."""

from functools import partial

import jax
import jax.numpy as jnp
from jax.experimental import pallas as pl
from jax.experimental.pallas import triton as plgpu
from jaxtyping import Array, Bool, Float

from splagger.sequence.encoders.gru_kernel.blocks import Block, launch, product
from splagger.sequence.encoders.gru_kernel.plan import Plan


def run_forward(
    projected: Float[Array, "member time environment gates"],
    state: Float[Array, "member environment size"],
    fresh: Float[Array, "member size"],
    weight: Float[Array, "member size gates"],
    bias: Float[Array, "member gates"],
    starts: Bool[Array, "member time environment"],
    *,
    plan: Plan,
    keep_gates: bool,
) -> list[Float[Array, "member time environment _"]]:
    """The states after every step, in one launch.

    A block keeps the weights of its units for the whole sequence, and reads the whole previous
    state of its environments from the states that its group wrote.

    **Arguments:**

    - `projected`, `state`, `fresh`, `weight`, `bias`, `starts`: as in `gru._unroll`, for every
        member; the number of environments a multiple of the plan's tile.
    - `plan`: how to divide the work.
    - `keep_gates`: whether to return r, z, n and the candidate's hidden product, side by side, too.
    """
    members, time, environments, _ = projected.shape
    size, tiles = state.shape[-1], environments // plan.tile
    inputs = [projected, state, fresh, _arrange(weight, plan), bias, starts.astype(jnp.int32)]
    widths = (size, 4 * size) if keep_gates else (size,)
    return launch(
        partial(_program, plan=plan, size=size, time=time, tiles=tiles),
        plan,
        members * tiles,
        size,
        inputs,
        [
            jax.ShapeDtypeStruct((members, time, environments, width), state.dtype)
            for width in widths
        ],
    )


def _arrange(weight, plan: Plan):
    """Weights `[member, gate and unit, size]`, so that a block's are rows next to each other."""
    if plan.layout != "stacked":
        return weight.transpose(0, 2, 1)
    members, size, _ = weight.shape
    padded = jnp.pad(weight.reshape(members, size, 3, size), ((0, 0), (0, 0), (0, 1), (0, 0)))
    return padded.transpose(0, 3, 2, 1).reshape(members, 4 * size, size)


def _program(
    projected,
    state,
    fresh,
    weight,
    bias,
    starts,
    _,
    states,
    *gates_and_counter,
    plan: Plan,
    size: int,
    time: int,
    tiles: int,
):
    *gates, counter = gates_and_counter
    block = Block(plan, size, tiles)
    member, rows, own = block.member, block.rows, block.own
    chunks = [pl.ds(first, plan.chunk) for first in range(0, size, plan.chunk)]
    if plan.layout == "stacked":
        weight_rows = [pl.ds(block.rank * 4 * plan.units, 4 * plan.units)]
    else:
        weight_rows = [block.gate(number, plan, size) for number in range(3)]
    weights = [[weight[member, part, chunk] for part in weight_rows] for chunk in chunks]
    fresh_own = fresh[member, own][None]
    bias_r, bias_z, bias_n = (
        bias[member, block.gate(number, plan, size)][None] for number in range(3)
    )

    def step(t, mine):
        """From this block's units of the state to those after step `t`."""
        start = (starts[member, t, rows] != 0)[:, None]
        input_r, input_z, input_n = (
            projected[member, t, rows, block.gate(number, plan, size)] for number in range(3)
        )
        is_first = jnp.broadcast_to(t == 0, (plan.tile, plan.chunk))
        is_ready = jnp.broadcast_to(block.wait(counter, t) & (t > 0), is_first.shape)

        def read(number):
            initial = plgpu.load(state.at[member, rows, chunks[number]], mask=is_first, other=0.0)
            written = plgpu.load(
                states.at[member, jnp.maximum(t - 1, 0), rows, chunks[number]],
                mask=is_ready,
                other=0.0,
                volatile=True,
            )
            previous = jnp.where(is_first, initial, written)
            return jnp.where(start, fresh[member, chunks[number]][None], previous)

        parts = [read(number) for number in range(min(plan.ahead, len(chunks)))]
        sums = []
        for number in range(len(chunks)):
            terms = [
                product(part, parts[number], plan)
                if plan.layout == "transposed"
                else product(parts[number], part, plan)
                for part in weights[number]
            ]
            sums = [a + b for a, b in zip(sums, terms, strict=True)] if sums else terms
            if len(parts) < len(chunks):
                parts.append(read(len(parts)))
        state_r, state_z, state_n = _gates(sums, plan)
        previous = jnp.where(start, fresh_own, mine)
        r = jax.nn.sigmoid(input_r + (state_r + bias_r))
        z = jax.nn.sigmoid(input_z + (state_z + bias_z))
        state_n = state_n + bias_n
        n = jnp.tanh(input_n + r * state_n)
        new = (1 - z) * n + z * previous
        states[member, t, rows, own] = new
        block.arrive(counter)
        # After arriving, as the others do not wait for these.
        for kept in gates:
            for number, value in enumerate((r, z, n, state_n)):
                kept[member, t, rows, block.gate(number, plan, size)] = value
        return new

    jax.lax.fori_loop(jnp.int32(0), jnp.int32(time), step, state[member, rows, own])


def _gates(sums, plan: Plan):
    """The hidden products of r, z and n, `[environment, unit]`."""
    if plan.layout == "separate":
        return sums
    if plan.layout == "transposed":
        return [total.T for total in sums]
    stacked = sums[0].reshape(plan.tile, plan.units, 4)
    gate = jax.lax.broadcasted_iota(jnp.int32, stacked.shape, 2)
    return [jnp.sum(jnp.where(gate == number, stacked, 0), axis=2) for number in range(3)]
