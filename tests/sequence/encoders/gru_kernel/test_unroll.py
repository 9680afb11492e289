"""The recurrence in one program against the scan: interpreted, as no GPU is needed for that."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import AbstractDevice, AbstractMesh
from jaxtyping import Array
from support.parity import difference

from splagger.sequence.encoders import gru
from splagger.sequence.encoders.gru_kernel.forward import run_forward
from splagger.sequence.encoders.gru_kernel.plan import Layout, Plan
from splagger.sequence.encoders.gru_kernel.unroll import unroll

MEMBERS, TIME, ENVIRONMENTS, SIZE = 2, 3, 3, 4


def random(*shape: int) -> Array:
    return jnp.asarray(np.random.default_rng(sum(shape)).normal(size=shape), jnp.float32)


def arguments(environments: int = ENVIRONMENTS) -> tuple[Array, Array, Array, Array, Array, Array]:
    """Projected inputs, state, fresh state, weights, biases and starts of all members."""
    starts = np.zeros((MEMBERS, TIME, environments), bool)
    starts[0, 0, 0] = starts[0, 2, 0] = starts[1, 2, 1] = True
    return (
        random(MEMBERS, TIME, environments, 3 * SIZE),
        random(MEMBERS, environments, SIZE),
        random(MEMBERS, SIZE),
        random(MEMBERS, SIZE, 3 * SIZE),
        random(MEMBERS, 3 * SIZE),
        jnp.asarray(starts),
    )


def test_values_and_gradients_of_several_members_equal_those_of_the_scan():
    def of_members(run):
        def total(*rest):
            states = run(*rest)
            return jnp.sum(jnp.sin(states) * random(*states.shape))

        gradient = jax.value_and_grad(total, argnums=(0, 1, 2, 3, 4))
        return jax.tree.leaves(jax.jit(jax.vmap(gradient))(*arguments()))

    kernel = of_members(lambda *rest: unroll(*rest, interpret=True))
    scan = of_members(lambda *rest: gru._unroll(1, *rest))
    assert max(map(difference, kernel, scan)) <= 1e-5
    assert all(np.abs(leaf).max() > 1e-3 for leaf in scan)


@pytest.mark.parametrize("layout", ["separate", "transposed"])
def test_other_layouts_of_products_give_the_same(layout: Layout):
    plan = Plan(
        units=SIZE, tile=2, warps=1, layout=layout, chunk=SIZE // 2, ahead=1, interpret=True
    )
    states, gates = run_forward(*arguments(environments=2), plan=plan, keep_gates=True)
    expected, (_, (r, z, n, hidden), *_) = jax.vmap(lambda *rest: gru._forward(1, *rest))(
        *arguments(environments=2)
    )
    assert difference(states, expected) <= 1e-6
    assert difference(gates, jnp.concatenate([r, z, n, hidden], axis=-1)) <= 1e-6


@pytest.mark.filterwarnings("ignore:The Pallas Triton backend is deprecated:DeprecationWarning")
def test_program_can_be_written_for_a_gpu():
    size, environments = 64, 16

    def shape(*dimensions: int) -> jax.ShapeDtypeStruct:
        return jax.ShapeDtypeStruct(dimensions, jnp.float32)

    inputs = (
        shape(TIME, environments, 3 * size),
        shape(environments, size),
        shape(size),
        shape(size, 3 * size),
        shape(3 * size),
    )
    starts = jnp.zeros((TIME, environments), bool)
    gradient = jax.grad(lambda *rest: jnp.sum(unroll(*rest, starts=starts)), argnums=(0, 3))
    device = AbstractDevice("NVIDIA H100 80GB HBM3", None, "gpu")
    with jax.sharding.use_abstract_mesh(AbstractMesh((), (), abstract_device=device)):
        lowered = jax.jit(gradient).trace(*inputs).lower(lowering_platforms=("cuda",))
    assert lowered.as_text().count("xla.gpu.triton") == 2
