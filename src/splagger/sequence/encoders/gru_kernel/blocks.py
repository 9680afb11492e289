"""What the blocks of one launch share: products, and waiting for each other.

Blocks form groups, one for every member and tile of environments. The blocks of a group own the
units of the state between them and meet after every step: each writes its part to global memory,
then counts up its group's counter, and reads the parts of the others when the count is complete.

No launch can stand still. Blocks start in the order of their number, and those of a group are
numbered in a row. So among the blocks that are on the GPU at any time the first unfinished group is
complete, provided that one group fits, which at most 16 blocks do; it depends on no other group,
finishes, and makes room for the next ones.
"""

import jax
import jax.numpy as jnp
from jax.experimental import pallas as pl
from jax.experimental.pallas import triton as plgpu

from splagger.sequence.encoders.gru_kernel.plan import Plan

_STRIDE = 32
"""Counters are so far apart that each has a cache line to itself."""


class Block:
    """A block's place in its launch, within the program."""

    def __init__(self, plan: Plan, size: int, tiles: int):
        number = pl.program_id(0)
        self.count = size // plan.units
        """Of blocks in a group."""
        self.group, self.rank = number // self.count, number % self.count
        self.member, self.tile = self.group // tiles, self.group % tiles
        self.rows = pl.ds(self.tile * plan.tile, plan.tile)
        """Its environments."""
        self.own = pl.ds(self.rank * plan.units, plan.units)
        """Its units."""

    def gate(self, number: int, plan: Plan, size: int):
        """Its units among the columns of several gates side by side."""
        return pl.ds(number * size + self.rank * plan.units, plan.units)

    def arrive(self, counter) -> None:
        """Tells the group that this block's writes are done.

        The barrier orders the writes of all threads before the atomic addition of one of them,
        which releases them to the whole GPU.
        """
        if self.count > 1:
            plgpu.debug_barrier()
            plgpu.atomic_add(counter, (self.group * _STRIDE,), jnp.int32(1))

    def wait(self, counter, steps):
        """Waits until every block of the group has arrived `steps` times.

        **Returns:** true. Reads of what was waited for must take it into their mask: a loop whose
        result nothing depends on is removed by the compiler.
        """
        if self.count == 1:
            return jnp.bool_(True)
        target = jnp.int32(self.count * steps)

        def look(_):
            return plgpu.load(counter.at[self.group * _STRIDE], volatile=True)

        return jax.lax.while_loop(lambda seen: seen < target, look, look(0)) >= target


def new_counters(groups: int) -> jax.Array:
    """A counter at zero for every group."""
    return jnp.zeros(groups * _STRIDE, jnp.int32)


def product(a, b, plan: Plan):
    """`a @ b.T` of `[m, k]` and `[n, k]`, summed in single precision."""
    algorithm = jax.lax.DotAlgorithmPreset
    precision = algorithm.TF32_TF32_F32_X3 if plan.exact else algorithm.TF32_TF32_F32
    return jax.lax.dot_general(
        a,
        b,
        (((1,), (1,)), ((), ())),
        precision="highest" if plan.interpret else precision,
        preferred_element_type=jnp.float32,
    )


def launch(kernel, plan: Plan, groups: int, size: int, inputs, outputs):
    """Runs `kernel(*inputs, counters, *outputs, counters)`, references to whole arrays.

    **Arguments:**

    - `kernel`: the program of a block.
    - `plan`, `groups`, `size`: of the launch.
    - `inputs`: arrays.
    - `outputs`: shapes.

    **Returns:** the outputs, without the counters.
    """
    counters = new_counters(groups)
    anywhere = pl.BlockSpec(memory_space=pl.ANY)
    *results, _ = pl.pallas_call(
        kernel,
        grid=(groups * (size // plan.units),),
        out_shape=[*outputs, jax.ShapeDtypeStruct(counters.shape, counters.dtype)],
        in_specs=[anywhere] * (len(inputs) + 1),
        out_specs=[anywhere] * (len(outputs) + 1),
        input_output_aliases={len(inputs): len(outputs)},
        # Reading ahead across steps, as more stages would, reads what is not written yet.
        compiler_params=plgpu.CompilerParams(num_warps=plan.warps, num_stages=1),
        interpret=plan.interpret,
    )(*inputs, counters)
    return results
