"""Distributions over actions, as values: one for every item of a batch."""

import abc
import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

_LOG_TWO_PI = math.log(2 * math.pi)


class ActionDistribution(eqx.Module):
    """A distribution over actions for every item of a batch."""

    @abc.abstractmethod
    def sample(self, key: PRNGKeyArray) -> Shaped[Array, "*action"]:
        """Draws an action for every item of the batch."""

    @abc.abstractmethod
    def mode(self) -> Shaped[Array, "*action"]:
        """The most likely action."""

    @abc.abstractmethod
    def log_probability(self, action: Shaped[Array, "*action"]) -> Float[Array, "*batch"]:
        """Logarithm of the probability (density) of an action."""

    @abc.abstractmethod
    def entropy(self) -> Float[Array, "*batch"]:
        """Entropy in nats."""


class Categorical(ActionDistribution):
    """Discrete actions. An action is an integer `[*batch]`."""

    logits: Float[Array, "*batch actions"]
    """Logarithms of the probabilities, but for a constant."""

    def sample(self, key):
        return jax.random.categorical(key, self.logits)

    def mode(self):
        return jnp.argmax(self.logits, axis=-1)

    def log_probability(self, action):
        log_probabilities = jax.nn.log_softmax(self.logits)
        return jnp.take_along_axis(log_probabilities, action[..., None], axis=-1)[..., 0]

    def entropy(self):
        log_probabilities = jax.nn.log_softmax(self.logits)
        return -jnp.sum(jnp.exp(log_probabilities) * log_probabilities, axis=-1)


class DiagonalGaussian(ActionDistribution):
    """Continuous actions, not squashed. An action is a vector `[*batch, action]`."""

    mean: Float[Array, "*batch action"]
    """The mean."""
    standard_deviation: Float[Array, "*batch action"]
    """The standard deviation of every action dimension, above 0."""

    def sample(self, key):
        noise = jax.random.normal(key, self.mean.shape, self.mean.dtype)
        return self.mean + self.standard_deviation * noise

    def mode(self):
        return self.mean

    def log_probability(self, action):
        deviation = self.standard_deviation
        squared = ((action - self.mean) / deviation) ** 2
        return jnp.sum(-0.5 * squared - jnp.log(deviation) - 0.5 * _LOG_TWO_PI, axis=-1)

    def entropy(self):
        return jnp.sum(0.5 + 0.5 * _LOG_TWO_PI + jnp.log(self.standard_deviation), axis=-1)
