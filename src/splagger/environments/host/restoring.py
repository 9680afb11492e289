"""Whether everything that decides an environment's future can be captured."""

from typing import Any

import gymnasium
import numpy as np
from gymnasium import wrappers

from splagger.environments.host.protocol import layers

# Gymnasium's wrappers that keep nothing from step to step, and the one whose count is captured.
_KNOWN = (
    wrappers.OrderEnforcing,
    wrappers.PassiveEnvChecker,
    wrappers.TimeLimit,
    wrappers.TransformAction,
    wrappers.TransformObservation,
    wrappers.TransformReward,
)


def restore_obstacle(environment: Any, *, vectorised: bool) -> str:
    """What an environment lacks so that a stopped training could go on with its running trials.

    **Returns:** a part of a sentence, empty where nothing is missing.
    """
    if vectorised:
        return "vectorised environments have no state that could be captured"
    for layer in layers(environment):
        missing = [name for name in ("get_state", "set_state") if not hasattr(layer, name)]
        if not missing:
            break
        if len(missing) == 1:
            return f"{type(layer).__name__} has no method {missing[0]}"
        if isinstance(layer, gymnasium.Wrapper) and not isinstance(layer, _KNOWN):
            return (
                f"the wrapper {type(layer).__name__} is outside of the methods get_state and "
                "set_state"
            )
    else:
        return f"{type(environment.unwrapped).__name__} has no methods get_state and set_state"
    bits = environment.unwrapped.np_random.bit_generator
    if not isinstance(bits, np.random.PCG64):
        return f"its np_random is a {type(bits).__name__} and no PCG64"
    return ""
