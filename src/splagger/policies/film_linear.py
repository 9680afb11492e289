"""A linear layer whose outputs are scaled and shifted by the latent."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from splagger.foundation.initialisers import uniform_fan_in
from splagger.policies.conditioned_network import ConditionedLayer, with_one
from splagger.policies.hyper_initialisation import Generated


class FilmLinear(ConditionedLayer):
    """Feature-wise linear modulation (FiLM, Perez et al. 2018): `(x @ weight) scale(e) + shift(e)`.

    Scale and shift are affine maps of the code: with `c = [e, 1]` they are `c @ scale_basis` and
    `c @ shift_basis`. There is no other bias; the published one of the actor's head has no effect
    (Q41).
    """

    weight: Float[Array, "inputs outputs"]
    """The matrix that all codes share."""
    scale_basis: Float[Array, "hyper outputs"]
    """Parameters of the head that gives the scale; the last row is its bias."""
    shift_basis: Float[Array, "hyper outputs"]
    """Parameters of the head that gives the shift; the last row is its bias."""

    @classmethod
    def create(cls, key, inputs, outputs, code_size, start, heads) -> "FilmLinear":
        weight_key, scale_key, shift_key = jax.random.split(key, 3)
        # The ordinary start of a scale is 1. Scale and shift each give half of an output's
        # variance, as weight and bias do.
        scale = Generated((outputs,), lambda key: jnp.ones(outputs, float), 2**-0.5)
        return cls(
            (start.ordinary or uniform_fan_in)(weight_key, inputs, outputs),
            heads.weight(scale_key, code_size, scale),
            heads.bias(shift_key, code_size, start.bias(outputs)),
        )

    def modulation(
        self, code: Float[Array, "*batch code"]
    ) -> tuple[Float[Array, "*batch outputs"], Float[Array, "*batch outputs"]]:
        """The scale and the shift that a code gives."""
        code = with_one(code)
        return code @ self.scale_basis, code @ self.shift_basis

    def __call__(self, x, code):
        scale, shift = self.modulation(code)
        return (x @ self.weight) * scale + shift

    def generate(self, code):
        scale, shift = self.modulation(code)
        return self.weight * scale, shift

    @property
    def generated_weights(self) -> int:
        return 2 * self.weight.shape[1]
