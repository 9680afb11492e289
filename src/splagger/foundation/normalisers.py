"""Running statistics that bring observations and rewards to unit scale."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from splagger.foundation.affine import compose

_EPSILON = 1e-8


class RunningMoments(eqx.Module):
    """Mean and variance of all data seen so far, merged batch by batch (Chan et al. 1979)."""

    mean: Float[Array, "*features"]
    """Mean per feature; 0 before any data."""
    variance: Float[Array, "*features"]
    """Variance per feature; 1 before any data."""
    count: Float[Array, "*sequence"]
    """Number of samples seen, plus a small prior weight of 1e-4."""

    @classmethod
    def create(cls, *shape: int) -> "RunningMoments":
        """Statistics before any data, for features of the given shape."""
        return cls(jnp.zeros(shape, float), jnp.ones(shape, float), jnp.asarray(1e-4, float))

    def update(
        self, batch: Float[Array, "samples *features"], *, unbiased: bool
    ) -> "RunningMoments":
        """Merges a batch.

        **Arguments:**

        - `batch`: the samples, along the first dimension.
        - `unbiased`: whether the variance of the batch divides by `samples - 1` rather than by
            `samples`. The published system does for observations and does not for rewards (Q14).
        """
        mean = jnp.mean(batch, axis=0)
        variance = jnp.var(batch, axis=0, ddof=1 if unbiased else 0)
        count = jnp.full_like(self.count, batch.shape[0])
        return self.merge(RunningMoments(mean, variance, count))

    def merge(self, other: "RunningMoments") -> "RunningMoments":
        """The statistics of the data of both: associative, with the same leading dimensions."""
        total = self.count + other.count
        difference = other.mean - self.mean
        sum_of_squares = (
            self.variance * self.count
            + other.variance * other.count
            + difference**2 * self.count * other.count / total
        )
        mean = self.mean + difference * other.count / total
        return RunningMoments(mean, sum_of_squares / total, total)

    def normalise(self, x: Float[Array, "*batch"]) -> Float[Array, "*batch"]:
        """Subtracts the mean and divides by the standard deviation. Nothing is clipped."""
        return (x - self.mean) * jax.lax.rsqrt(self.variance + _EPSILON)


class RewardNormaliser(eqx.Module):
    """Divides rewards by the running standard deviation of their discounted sum.

    The mean is not subtracted, so the sign of a reward stays.
    """

    discounted_return: Float[Array, " environment"]
    """Discounted sum of the rewards of the running trial, in every environment."""
    moments: RunningMoments
    """Statistics of `discounted_return`."""

    @classmethod
    def create(cls, environments: int) -> "RewardNormaliser":
        """Statistics before any reward, for a number of parallel environments."""
        return cls(jnp.zeros(environments, float), RunningMoments.create())

    def normalise(
        self,
        rewards: Float[Array, "time environment"],
        trial_end: Bool[Array, "time environment"],
        *,
        discount: Float[Array, ""],
        clip: float,
        reset_all: bool,
    ) -> tuple["RewardNormaliser", Float[Array, "time environment"]]:
        """Normalises the rewards of a rollout, the statistics moving on at every step.

        **Arguments:**

        - `rewards`: raw rewards.
        - `trial_end`: whether the transition ended its trial; the discounted sum then restarts,
            before the statistics see it.
        - `discount`: the discount factor of the sum, in [0, 1].
        - `clip`: normalised rewards are clipped to ±`clip`.
        - `reset_all`: whether the end of one trial restarts the sums of all environments, as
            published (Q6), or only its own.

        **Returns:** the new statistics and the normalised rewards.
        """

        # The sum is an affine map of the last step's, and statistics merge associatively: both take
        # O(log time) rounds instead of a loop over the steps.
        reset = jnp.any(trial_end, axis=1, keepdims=True) & reset_all
        continues = ~trial_end
        continues = continues.at[1:].min(~reset[:-1])
        gains = (
            jnp.where(trial_end, 0, rewards)
            .at[0]
            .add(jnp.where(continues[0], discount * self.discounted_return, 0))
        )
        decays = jnp.where(continues, discount, 0)
        _, running = jax.lax.associative_scan(compose, (decays, gains))
        steps, environments = rewards.shape
        moments = RunningMoments(
            jnp.mean(running, axis=1),
            jnp.var(running, axis=1),
            jnp.full(steps, environments, running.dtype),
        )
        first = self.moments.merge(jax.tree.map(lambda leaf: leaf[0], moments))
        moments = jax.tree.map(lambda leaf, start: leaf.at[0].set(start), moments, first)
        moments = jax.lax.associative_scan(RunningMoments.merge, moments)
        scaled = rewards * jax.lax.rsqrt(moments.variance + _EPSILON)[:, None]
        last, last_moments = jax.tree.map(lambda leaf: leaf[-1], (running, moments))
        last = jnp.where(reset[-1], 0, last)
        return RewardNormaliser(last, last_moments), jnp.clip(scaled, -clip, clip)
