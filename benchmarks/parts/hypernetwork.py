"""Actor and critic for a minibatch, forward and backward, beside weights written out a sample."""

from collections.abc import Iterator

import jax
import jax.numpy as jnp
from case import Case
from measuring import in_turn
from peers import materialised
from rows import Row

from splagger.policies.conditioned_network import with_one
from splagger.policies.generated_linear import GeneratedLinear

_TOLERANCE = 1e-3


def measure(case: Case) -> Iterator[Row]:
    """One row: both networks with gradients for parameters, inputs and codes."""
    policies = case.state.agent.networks.actor_critic
    networks = (policies.actor, policies.critic)
    layers = [layer for network in networks for layer in getattr(network, "layers", (network,))]
    first = layers[0]
    if not all(isinstance(layer, GeneratedLinear) for layer in layers):
        raise ValueError(f"the agent '{case.settings.agent.name}' has no hypernetwork")
    samples = case.work.samples
    shape = (case.members, samples)
    keys = jax.random.split(jax.random.key(0))
    x = jnp.tanh(jax.random.normal(keys[0], (*shape, first.basis.shape[-3])))
    code = jnp.tanh(jax.random.normal(keys[1], (*shape, first.basis.shape[-2] - 1)))

    def one(networks, x, code):
        def total(networks, x, code):
            return sum(jnp.sum(jnp.sin(network(x, code))) for network in networks)

        return jax.value_and_grad(total, argnums=(0, 1, 2))(networks, x, code)

    written_out = case.compiled(lambda heads, x, code: materialised.gradient(heads, x, code))
    heads = case.compiled(lambda networks: [materialised.flat_heads(n) for n in networks])(networks)
    ones = with_one(code)
    generated = case.compiled(one)
    name, peer = "hypernetwork", "materialised weights"
    measured = in_turn(
        {
            name: lambda: generated(networks, x, code),
            peer: lambda: written_out(heads, x, ones),
        },
        case.repeats,
    )
    value, (_, for_x, _) = generated(networks, x, code)
    value_there, (_, for_x_there, _) = written_out(heads, x, ones)
    difference = max(
        float(jnp.max(jnp.abs(a - b)) / jnp.max(jnp.abs(b)))
        for a, b in ((value, value_there), (for_x, for_x_there))
    )
    if case.settings.precision == "float32" and not difference < _TOLERANCE:
        raise ValueError(f"the peer's values or gradients differ by {difference:.1e}")
    chunk = min(materialised.CHUNK, samples)
    member = jax.tree.map(lambda leaf: leaf[0], networks)
    generated_weights = sum(network.generated_weights for network in member)
    yield case.row(
        measured,
        name,
        f"{case.members} x {samples} samples, actor and critic, forward and backward",
        [case.work.policy(samples, gradients=True)],
        peer=peer,
        remark=f"the peer writes {generated_weights:,} weights a sample, in chunks of {chunk} "
        f"samples: {4e-6 * chunk * generated_weights * case.members:,.0f} MB at once; "
        f"relative difference of values and gradients {difference:.0e}; counted work includes the "
        "embeddings of observation and latent, which are not run here",
    )
