"""Scores that are comparable over environments: 0 for a random policy, 1 for the best."""

from dataclasses import dataclass

import numpy as np

from splagger.foundation.checks import check_finite
from splagger.foundation.errors import UserError


def normalise(returns: np.ndarray, random: float, optimum: float) -> np.ndarray:
    """Returns how far returns are on the way from a random policy to the best one.

    **Arguments:**

    - `returns`: `[...]`, trial returns.
    - `random`: the trial return of a random policy.
    - `optimum`: that of the best agent or an oracle, above `random`.

    **Returns:** `[...]`: 0 where a return is `random`, 1 where it is `optimum`. Below 0 and above 1
    nothing is cut off.

    **Raises:** `UserError` if `optimum` is not above `random`, or one of them is not finite.
    """
    check_finite("random", random)
    check_finite("optimum", optimum)
    if optimum <= random:
        raise UserError(
            f"optimum is {optimum}, but it must be above the return of a random policy, {random}."
        )
    return np.asarray((np.asarray(returns, float) - random) / (optimum - random))


@dataclass(frozen=True)
class Anchor:
    """Two trial returns between which those of agents lie, for an environment with the options and
    the number of episodes that it has by default."""

    random: float
    """That of a uniformly random policy."""

    optimum: float
    """That of the best agent or of an oracle, above `random`."""

    source: str
    """Where they come from, in words."""


_BEST = "random measured; optimum of the best agent, which does not know the task"
_CHANCE = "random exact, half of the decisions are right; optimum of the best agent"
_MAP = "random measured; optimum of an oracle that knows the map, which no agent reaches"
_GOAL = "random measured; optimum of an oracle that knows the goal, which no agent reaches"

ANCHORS: dict[str, Anchor] = {
    "t-maze-noise": Anchor(2.0, 16.0, _CHANCE),
    "t-maze-long-noise": Anchor(2.0, 16.0, _CHANCE),
    "t-maze-long-short": Anchor(15.0, 55.6, _BEST),
    "t-maze-agreement": Anchor(2.0, 16.0, _CHANCE),
    "t-maze-agreement-position": Anchor(2.0, 16.0, _CHANCE),
    "t-maze-agreement-wave": Anchor(2.0, 16.0, _CHANCE),
    "t-maze-latent": Anchor(2.0, 15.865, _CHANCE),
    "planning-game": Anchor(0.958, 31.61, _MAP),
    "planning-game-3x3": Anchor(1.764, 39.72, _MAP),
    "planning-game-3x3-position": Anchor(1.764, 39.72, _MAP),
    "planning-game-3x3-positions": Anchor(1.764, 39.72, _BEST),
    "planning-game-3x3-goal-only": Anchor(1.764, 17.86, _BEST),
    "minecraft-maze-long-short": Anchor(13.27, 27.4, _BEST),
    "minecraft-maze-order": Anchor(12.28, 20.4, _BEST),
    "minecraft-maze-noise": Anchor(12.12, 20.2, _BEST),
    "minecraft-maze-hidden": Anchor(13.27, 23.9, _BEST),
    "grid-navigation": Anchor(-4.67, 37.21, _BEST),
    "grid-navigation-dense": Anchor(-42.3, 38.13, _GOAL),
    "grid-navigation-show-start": Anchor(-4.67, 43.19, _BEST),
    "grid-navigation-7": Anchor(-5.38, 36.04, _GOAL),
    "grid-navigation-7-long": Anchor(-7.35, 60.04, _GOAL),
    "grid-navigation-7-middle": Anchor(-5.08, 47.24, _GOAL),
    "grid-navigation-8-middle": Anchor(-5.33, 44.88, _GOAL),
    "grid-navigation-ring": Anchor(-5.35, 44.6, _GOAL),
    "hall": Anchor(-73.6, 604.2, _BEST),
    "hall-new-doors": Anchor(-71.8, 610.0, _BEST),
    "hall-new-doors-short": Anchor(-28.7, 142.75, _BEST),
    "hall-new-doors-small": Anchor(-5.99, 34.54, _BEST),
    "hall-see-doors": Anchor(-73.6, 604.2, _BEST),
    "hall-see-new-doors": Anchor(-71.8, 610.0, _BEST),
    "hall-see-new-doors-5x": Anchor(-48.7, 3098.0, _BEST),
}
"""The anchors of environments by name.

What was measured is printed by `python tools/random_returns.py`; its standard errors are at most
0.3 % of the way from random to optimum. Environments are missing of which no optimum is known.
"""
