"""The recurrence of gradients, backward in time."""

from functools import partial

import jax
import jax.numpy as jnp
from jax.experimental.pallas import triton as plgpu
from jaxtyping import Array, Bool, Float

from splagger.sequence.encoders.gru_kernel.blocks import Block, launch, product
from splagger.sequence.encoders.gru_kernel.plan import Plan


def run_backward(
    gradient: Float[Array, "member time environment size"],
    gates: Float[Array, "member time environment kept"],
    previous: Float[Array, "member time environment size"],
    starts: Bool[Array, "member time environment"],
    weight: Float[Array, "member size gates"],
    *,
    plan: Plan,
) -> tuple[
    Float[Array, "member time environment gates"],
    Float[Array, "member time environment gates"],
    Float[Array, "member environment size"],
    Float[Array, "member environment size"],
]:
    """Gradients for what the recurrence read, in one launch.

    Here a block multiplies the gradients of its own gates with their weights, which gives its part
    of the gradient for the whole previous state, and every block sums the parts for its own units.
    This exchanges a third of what gathering the gradients of all gates would. Parts are summed in a
    fixed order, so that results repeat to the last bit.

    **Arguments:**

    - `gradient`: for the states.
    - `gates`: r, z, n and the candidate's hidden product, side by side, from `run_forward`.
    - `previous`: states before every step, `fresh` at starts.
    - `starts`, `weight`, `plan`: as in `run_forward`.

    **Returns:** gradients for the projected inputs, for the hidden products, for the first state,
    and for `fresh`, which is still to be summed over environments.
    """
    members, time, environments, size = gradient.shape
    tiles = environments // plan.tile
    groups = members * tiles

    def shape(*dimensions: int) -> jax.ShapeDtypeStruct:
        return jax.ShapeDtypeStruct(dimensions, gradient.dtype)

    to_projected, from_state, to_state, to_fresh, _ = launch(
        partial(_program, plan=plan, size=size, time=time, tiles=tiles),
        plan,
        groups,
        size,
        [gradient, gates, previous, starts.astype(jnp.int32), weight],
        [
            shape(members, time, environments, 3 * size),
            shape(members, time, environments, 3 * size),
            shape(members, environments, size),
            shape(members, environments, size),
            # A block may write for the next step while another still reads for this one.
            shape(2, groups, size // plan.units, plan.tile, size),
        ],
    )
    return to_projected, from_state, to_state, to_fresh


def _program(
    gradient,
    gates,
    previous,
    starts,
    weight,
    _,
    to_projected,
    from_state,
    to_state,
    to_fresh,
    exchange,
    counter,
    *,
    plan: Plan,
    size: int,
    time: int,
    tiles: int,
):
    block = Block(plan, size, tiles)
    member, rows, own = block.member, block.rows, block.own
    columns = [block.gate(number, plan, size) for number in range(4)]
    weights = [weight[member, :, columns[number]] for number in range(3)]

    def carry_on(count, local, to_fresh):
        """What the `count` last steps send back to the state before them.

        `local` is what does not go through weights. A start sends all to `fresh` instead.
        """
        t = time - jnp.maximum(count, 1)
        start = (starts[member, t, rows] != 0)[:, None]
        is_ready = jnp.broadcast_to(block.wait(counter, count) & (count > 0), local.shape)

        def read(rank):
            return plgpu.load(
                exchange.at[_side(count), block.group, jnp.int32(rank), :, own],
                mask=is_ready,
                other=0.0,
                volatile=True,
            )

        parts = [read(rank) for rank in range(min(plan.ahead, block.count))]
        to_previous = local
        for rank in range(block.count):
            to_previous = to_previous + parts[rank]
            if len(parts) < block.count:
                parts.append(read(len(parts)))
        return (
            jnp.where(start, 0, to_previous),
            to_fresh + jnp.where(start, to_previous, 0),
        )

    def step(count, carry):
        t = time - 1 - count
        own_gradient, before = gradient[member, t, rows, own], previous[member, t, rows, own]
        r, z, n, state_n = (gates[member, t, rows, part] for part in columns)
        carried, to_fresh = carry_on(count, *carry)
        total = own_gradient + carried
        to_n = total * (1 - z) * (1 - n * n)
        to_z = total * (before - n) * z * (1 - z)
        to_r = to_n * state_n * r * (1 - r)
        from_n = to_n * r
        part = product(to_r, weights[0], plan)
        part = part + product(to_z, weights[1], plan)
        part = part + product(from_n, weights[2], plan)
        exchange[_side(count + 1), block.group, block.rank] = part
        block.arrive(counter)
        for number, (value, hidden) in enumerate(((to_r, to_r), (to_z, to_z), (to_n, from_n))):
            to_projected[member, t, rows, columns[number]] = value
            from_state[member, t, rows, columns[number]] = hidden
        return total * z, to_fresh

    nothing = jnp.zeros((plan.tile, plan.units), jnp.float32)
    carry = jax.lax.fori_loop(jnp.int32(0), jnp.int32(time), step, (nothing, nothing))
    to_state[member, rows, own], to_fresh[member, rows, own] = carry_on(jnp.int32(time), *carry)


def _side(count):
    """The half of the exchanged parts that belongs to a step."""
    return jax.lax.rem(jnp.int32(count), jnp.int32(2))
