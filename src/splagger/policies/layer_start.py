"""How the layers of actor and critic start, whether they are ordinary, generated or modulated."""

from dataclasses import dataclass

import jax
from jaxtyping import PRNGKeyArray

from splagger.environments.spaces import Box, Discrete
from splagger.foundation.initialisers import (
    RECTIFIER_GAIN,
    TANH_GAIN,
    Initialiser,
    kaiming,
    normalised_columns,
    orthogonal,
)
from splagger.foundation.policy_settings import BaseInitialisation
from splagger.policies.hyper_initialisation import Generated


@dataclass(frozen=True)
class LayerStart:
    """How one layer starts."""

    ordinary: Initialiser | None
    """The weight of an ordinary layer, as in `Linear.create`."""
    generated: Initialiser
    """The weight that HyperInit has a hypernetwork generate."""
    gain: float
    """By how much a generated layer should enlarge signals, for HFI."""
    bias_bound: float = 0.0
    """The bias that HyperInit has a hypernetwork generate is uniform on ± this."""

    def weight(self, inputs: int, outputs: int) -> Generated:
        """The weight, for the head that generates it."""

        def draw(key: PRNGKeyArray):
            return self.generated(key, inputs, outputs)

        # Under HFI, weight and bias each give half of an output's variance.
        return Generated((inputs, outputs), draw, self.gain * (2 * inputs) ** -0.5)

    def bias(self, outputs: int) -> Generated:
        """The bias, for the head that generates it."""

        def draw(key: PRNGKeyArray):
            bound = self.bias_bound
            return jax.random.uniform(key, (outputs,), float, -bound, bound)

        return Generated((outputs,), draw, self.gain * 2**-0.5)


def ordinary_start(base: BaseInitialisation, gain: float = TANH_GAIN) -> Initialiser:
    """How the weight of an ordinary layer before a tanh starts."""
    kinds = {"normc": normalised_columns, "orthogonal": orthogonal, "kaiming": kaiming}
    return kinds[base](gain)


def hidden_start(base: BaseInitialisation) -> LayerStart:
    """How a hidden layer starts."""
    ordinary = ordinary_start(base)
    return LayerStart(ordinary, _generated(base, ordinary), TANH_GAIN)


def actor_head_start(base: BaseInitialisation, action_space: Box | Discrete) -> LayerStart:
    """How the actor's last layer starts: all discrete actions are nearly equally likely."""
    if isinstance(action_space, Discrete):
        ordinary, gain = orthogonal(0.01), 0.01
    else:
        ordinary, gain = normalised_columns(1.0), 1.0
    return LayerStart(ordinary, _generated(base, ordinary), gain)


def critic_head_start(inputs: int, bias_bound: float | None) -> LayerStart:
    """How the critic's last layer starts.

    **Arguments:**

    - `inputs`: the size of its input.
    - `bias_bound`: the bias that HyperInit has a hypernetwork generate is uniform on ± this;
        None for 1/√inputs, the default of a linear layer. The published system has 1 there (Q9).
    """
    bound = inputs**-0.5 if bias_bound is None else bias_bound
    return LayerStart(None, kaiming(RECTIFIER_GAIN), 1.0, bound)


def _generated(base: BaseInitialisation, ordinary: Initialiser) -> Initialiser:
    # As published: inside HyperInit, kaiming knows one gain, whatever the layer.
    return kaiming(RECTIFIER_GAIN) if base == "kaiming" else ordinary
