"""One backward pass for all steps, against a derivative for each of them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.analysed_models import AGENTS, STEPS, agents_of, tiny_models

from splagger.analysis.gradients import gradients
from splagger.analysis.sequences import draw_sequence


def plain_norm(*arrays) -> float:
    return float(np.sqrt(sum(np.sum(np.asarray(array) ** 2) for array in arrays)))


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("name", ["learned-start", "max"])
def test_equal_to_one_derivative_a_step(name: str):
    models, keys = tiny_models(name), jax.random.split(jax.random.key(1), AGENTS)
    found = gradients(models, keys, kind="noise", steps=STEPS)

    @jax.jit
    def derivative(model, xs, step):
        def output_sum(model, xs):
            # By steps, not by the unrolled form that the analysis differentiates.
            memory = model.initial_memory((1,))
            sums = []
            for x in xs:
                memory = model._advance(memory.encoder, memory.aggregate, x[None])
                sums.append(jnp.sum(memory.latent))
            return jnp.stack(sums)[step]

        return jax.grad(output_sum, argnums=(0, 1))(model, xs)

    for agent, model in enumerate(agents_of(models)):
        xs = draw_sequence("noise", keys[agent], STEPS, model.embedding.size)
        expected = [derivative(model, xs, step) for step in range(STEPS)]
        parameters = [to_model for to_model, _ in expected]
        assert not any(np.any(leaf) for leaf in jax.tree.leaves(parameters[-1].embedding))
        assert all(np.any(leaf) for leaf in jax.tree.leaves(parameters[-1].learned_start))
        np.testing.assert_allclose(
            found.initial_input_gradient[agent],
            [plain_norm(to_xs[0]) for _, to_xs in expected],
            rtol=1e-10,
        )
        np.testing.assert_allclose(
            found.parameter_gradient[agent],
            [plain_norm(*jax.tree.leaves(tree)) for tree in parameters],
            rtol=1e-10,
        )
        last = expected[-1][1]
        np.testing.assert_allclose(
            found.all_inputs_gradient[agent], [plain_norm(x) for x in last], rtol=1e-10
        )
    assert np.all(np.asarray(found.parameter_gradient) > 0.1)


def test_gradients_of_1e_30_are_kept():
    models = tiny_models("rnn")
    small = jax.tree.map(lambda leaf: leaf * 1e-30, models.output)
    small = type(models)(**{**vars(models), "output": small})
    keys = jax.random.split(jax.random.key(1), AGENTS)
    for kind in ("noise", "signal"):
        usual = gradients(models, keys, kind=kind, steps=STEPS).initial_input_gradient
        tiny = gradients(small, keys, kind=kind, steps=STEPS).initial_input_gradient
        np.testing.assert_allclose(np.asarray(tiny, float), 1e-30 * np.asarray(usual, float), 1e-4)
