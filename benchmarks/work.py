"""The work of training, counted: operations of matrix products, and bytes that must move.

A product counts two operations a weight and sample, and with both its gradients three times as
many. Bytes are those of inputs, outputs and parameters: each once forward and, with gradients,
three times in all. Element-wise operations, attention, and what a cache could hold are not counted.
"""

from typing import Any

import jax
from measuring import Work

from splagger.foundation.settings import Settings

ADAM_NUMBERS = 7
"""A step of Adam reads gradient, parameter and two moments, and writes the last three."""


def multiplied_weights(tree: Any) -> int:
    """How many weights of one member's parameters multiply every sample: those of its matrices."""
    return sum(leaf.size for leaf in jax.tree.leaves(tree) if leaf.ndim > 1)


def numbers(tree: Any) -> int:
    """How many numbers a pytree of arrays holds."""
    return sum(leaf.size for leaf in jax.tree.leaves(tree))


def encoding_weights(settings: Settings, sequence_model: Any) -> int:
    """Weights that multiply every transition; those of observations twice, where both enter."""
    weights = multiplied_weights(sequence_model)
    if settings.agent.embedding.full_transitions:
        weights += multiplied_weights(sequence_model.embedding.observation)
    return weights


def products(
    weights: int, samples: int, parameters: int, values: float, *, gradients: bool
) -> Work:
    """The work of matrices with samples.

    **Arguments:**

    - `weights`: that multiply each sample.
    - `samples`: how many.
    - `parameters`: how many numbers are read, and with gradients read again and written.
    - `values`: of inputs and outputs, a sample.
    - `gradients`: whether those for weights and inputs are computed as well.
    """
    factor = 3 if gradients else 1
    return Work(2 * factor * weights * samples, 4 * factor * (parameters + values * samples))


class UpdateWork:
    """The phases of one member's update."""

    def __init__(self, settings: Settings, networks: Any):
        """Counts those of one member's networks, which have no member dimension."""
        self._settings, self._networks = settings, networks
        learning = settings.learning
        self.frames = learning.environments * learning.steps
        """Environment steps of a rollout."""
        self.optimiser_steps = learning.epochs * learning.minibatches
        """How many minibatches an update learns from."""
        by_steps = learning.minibatch_kind == "time-steps"
        self.encoded = self.frames if by_steps else self.frames // learning.minibatches
        """Transitions that are encoded for a minibatch."""
        self.samples = self.frames // learning.minibatches
        """Samples of a minibatch."""

    @property
    def acting(self) -> Work:
        """A rollout: encoder and actor at every step. The critic is part of `values`."""
        return self.encoding(self.frames, gradients=False).plus(
            self._policy(self._part("actor"), self.frames, gradients=False)
        )

    @property
    def values(self) -> Work:
        """The critic for the whole rollout."""
        return self._policy(self._part("critic"), self.frames, gradients=False)

    def encoding(self, transitions: int, *, gradients: bool) -> Work:
        """The sequence model over so many transitions."""
        model = self._networks.sequence_model
        weights = encoding_weights(self._settings, model)
        values = 2 * self._settings.agent.latent_size
        return products(weights, transitions, numbers(model), values, gradients=gradients)

    def policy(self, samples: int, *, gradients: bool) -> Work:
        """Actor and critic for so many samples."""
        return self._policy(self._networks.actor_critic, samples, gradients=gradients)

    @property
    def optimiser_step(self) -> Work:
        """One step of Adam for all networks."""
        return Work(0, 4 * ADAM_NUMBERS * numbers(self._networks))

    @property
    def phases(self) -> list[Work]:
        """All of an update, phase by phase."""
        steps = self.optimiser_steps
        return [
            self.acting,
            self.values,
            self.encoding(self.encoded, gradients=True).times(steps),
            self.policy(self.samples, gradients=True).times(steps),
            self.optimiser_step.times(steps),
        ]

    @property
    def operations(self) -> float:
        """Of all phases."""
        return sum(work.operations for work in self.phases)

    def _part(self, name: str) -> Any:
        """Actor or critic; all of a policy that is not made of these."""
        policy = self._networks.actor_critic
        return getattr(policy, name, policy)

    def _policy(self, networks: Any, samples: int, *, gradients: bool) -> Work:
        values = 2 * self._settings.agent.latent_size
        weights = multiplied_weights(networks)
        return products(weights, samples, numbers(networks), values, gradients=gradients)
