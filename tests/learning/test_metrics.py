from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from jaxtyping import Array
from support.objectives import objective_settings, started

from splagger.learning.elbo import ElboLosses
from splagger.learning.metrics import elbo_metrics, loss_metrics
from splagger.learning.ppo import Losses

STEPS = jnp.asarray([1.0, 3.0])
"""Something in each of two steps."""


def stacked(make: Callable[..., Any]) -> Any:
    """What both steps have made of their numbers."""
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *(make(number) for number in STEPS))


def bound(number: Array) -> ElboLosses:
    parts = ("reward", "state", "task", "inference", "kl", "total")
    return ElboLosses(**{name: number * (n + 1) for n, name in enumerate(parts)})


@pytest.mark.parametrize(
    ("agent", "errors"),
    [
        ("pearl", {}),
        ("varibad", {"reward_error": 2}),
        ("ti-naive", {"reward_error": 2, "task_error": 6}),
        ("ti", {"reward_error": 2, "inference_error": 8}),
    ],
)
def test_the_bound_and_the_errors_of_the_decoders_there_are(agent: str, errors: dict[str, float]):
    decoders = started(objective_settings(agent)).agent.networks.decoders
    metrics = {name: float(value) for name, value in elbo_metrics(stacked(bound), decoders).items()}
    # Means over the steps; the bound is the loss with its sign changed.
    assert metrics == {"elbo": -12, "kl": 10, **errors}


def losses(number: Array, inference: Array | None = None) -> Losses:
    return Losses(number, number * 2, number * 3, number * 4, (number - 1) / 4, inference)


def test_means_over_the_steps_and_the_first_and_last_ratio():
    metrics = loss_metrics(stacked(losses), (STEPS * 5, STEPS * 6))
    assert {name: float(value) for name, value in metrics.items()} == {
        "loss": 2,
        "policy_loss": 4,
        "value_loss": 6,
        "entropy": 8,
        "first_log_ratio": 0,
        "last_log_ratio": 0.5,
        "policy_gradient_norm": 10,
        "sequence_gradient_norm": 12,
    }


def test_direct_inference_shows_its_error():
    def with_inference(number: Array) -> Losses:
        return losses(number, inference=number)

    metrics = loss_metrics(stacked(with_inference), (STEPS, STEPS))
    assert float(metrics["embedding_error"]) == 2
