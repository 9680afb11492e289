"""Every walking body and its tasks by name, on the simulator that is asked for."""

from collections.abc import Callable
from typing import Any, Literal

import jax

from splagger.environments.entries import EnvironmentEntry, published_entry
from splagger.environments.locomotion.ant import AntDirection, AntGoal, AntGoalSparse
from splagger.environments.locomotion.bodies import Solver
from splagger.environments.locomotion.half_cheetah import (
    HalfCheetahDirection,
    HalfCheetahHop,
    HalfCheetahHopWalk,
    HalfCheetahVelocity,
)
from splagger.environments.locomotion.locomotion import Locomotion
from splagger.environments.locomotion.mjx_environment import MjxEnvironment
from splagger.environments.locomotion.native_environment import NativeEnvironment
from splagger.environments.locomotion.random_parameters import (
    HopperRandomParameters,
    WalkerRandomParameters,
)

Walking = MjxEnvironment | NativeEnvironment
"""A walking body, on one of the two simulators."""

Simulator = Literal["auto", "native", "mjx"]
"""What simulates: `native`, MuJoCo on the processor; `mjx`, a part of the compiled program, on
whatever that runs; `auto`, MJX where there is a GPU."""


def suitable_simulator() -> Literal["native", "mjx"]:
    """The simulator that suits this machine."""
    return "mjx" if jax.default_backend() == "gpu" else "native"


def simulated(
    definition: Locomotion, simulator: Simulator, solver: Solver, recompute: bool = True
) -> Walking:
    """Puts a definition on a simulator.

    **Arguments:**

    - `definition`: the body and its tasks.
    - `simulator`: what simulates.
    - `solver`: how contacts are solved.
    - `recompute`: whether constants that follow from a drawn body are computed again (Q38).

    **Raises:** `UserError` where a package is missing.
    """
    if simulator == "auto":
        simulator = suitable_simulator()
    kind = NativeEnvironment if simulator == "native" else MjxEnvironment
    return kind(definition, solver, recompute)


def half_cheetah_direction_sparse(
    simulator: Simulator = "auto",
    solver: Solver = "model",
    reward_from: float = 10.0,
    episode_steps: int = 400,
) -> Walking:
    """Forwards or backwards, rewarded far from the origin only."""
    definition = HalfCheetahDirection(reward_from, episode_steps=episode_steps)
    return simulated(definition, simulator, solver)


def half_cheetah_velocity(
    simulator: Simulator = "auto",
    solver: Solver = "model",
    fastest: float = 3.0,
    episode_steps: int = 200,
) -> Walking:
    """Forwards at a speed."""
    return simulated(HalfCheetahVelocity(fastest, episode_steps=episode_steps), simulator, solver)


def plain(definition: Callable[..., Locomotion], *settings: Any) -> Callable[..., Walking]:
    """A builder of a definition without options of its own.

    **Arguments:**

    - `definition`: makes it of the settings and `episode_steps`.
    - `settings`: what else it is made of.
    """

    def build(
        simulator: Simulator = "auto", solver: Solver = "model", episode_steps: int = 200
    ) -> Walking:
        return simulated(definition(*settings, episode_steps=episode_steps), simulator, solver)

    return build


def walker_random_parameters(
    simulator: Simulator = "auto",
    solver: Solver = "model",
    spread: float = 3.0,
    recompute: bool = True,
    episode_steps: int = 200,
) -> Walking:
    """Forwards on two legs."""
    definition = WalkerRandomParameters(spread, episode_steps=episode_steps)
    return simulated(definition, simulator, solver, recompute)


def hopper_random_parameters(
    simulator: Simulator = "auto",
    solver: Solver = "model",
    spread: float = 3.0,
    recompute: bool = True,
    episode_steps: int = 200,
) -> Walking:
    """Forwards on one leg."""
    definition = HopperRandomParameters(spread, episode_steps=episode_steps)
    return simulated(definition, simulator, solver, recompute)


LOCOMOTION: tuple[EnvironmentEntry, ...] = (
    published_entry(
        "half-cheetah-direction",
        "HalfCheetahDir-v0",
        "run forwards or backwards, told by the reward which",
        plain(HalfCheetahDirection),
        episodes=1,
        simulated_on="either",
    ),
    published_entry(
        "half-cheetah-direction-sparse",
        "HalfCheetahDirSparseTen-v0",
        "the same, rewarded only 10 m away from the start",
        half_cheetah_direction_sparse,
        episodes=1,
        simulated_on="either",
    ),
    published_entry(
        "half-cheetah-velocity",
        "HalfCheetahVel-v0",
        "run forwards at a speed up to 3 m/s",
        half_cheetah_velocity,
        episodes=1,
        simulated_on="either",
    ),
    published_entry(
        "half-cheetah-hop",
        "Hop-v0",
        "keep the torso at a height",
        plain(HalfCheetahHop),
        episodes=1,
        simulated_on="either",
    ),
    published_entry(
        "half-cheetah-hop-walk",
        "HopWalk-v0",
        "run in a direction or hop to a height",
        plain(HalfCheetahHopWalk),
        episodes=1,
        simulated_on="either",
    ),
    published_entry(
        "half-cheetah-hop-or-walk",
        "HopWalkNonpara-v0",
        "run forwards or hop as high as possible",
        plain(HalfCheetahHopWalk, True),
        episodes=1,
        simulated_on="either",
    ),
    EnvironmentEntry(
        "ant-direction",
        "walk forwards or backwards on four legs",
        plain(AntDirection, "two"),
        episodes=1,
        simulated_on="either",
    ),
    published_entry(
        "ant-direction-radians",
        "AntDir-v0",
        "the published form: directions 115 degrees apart",
        plain(AntDirection, "radians"),
        episodes=1,
        simulated_on="either",
    ),
    published_entry(
        "ant-direction-any",
        "AntDir2D-v0",
        "walk in any direction",
        plain(AntDirection, "any"),
        episodes=1,
        simulated_on="either",
    ),
    published_entry(
        "ant-goal",
        "AntGoal-v0",
        "walk to a goal, told how far away it is",
        plain(AntGoal),
        episodes=2,
        simulated_on="either",
    ),
    published_entry(
        "ant-goal-sparse",
        "AntGoalSparse-v0",
        "walk to a goal that is felt nearby only",
        plain(AntGoalSparse),
        episodes=2,
        simulated_on="either",
    ),
    published_entry(
        "walker-random-parameters",
        "Walker2DRandParams-v0",
        "walk on two legs with a body that is drawn for every task",
        walker_random_parameters,
        episodes=2,
        simulated_on="either",
    ),
    published_entry(
        "hopper-random-parameters",
        "HopperRandParams-v0",
        "hop on one leg with a body that is drawn for every task",
        hopper_random_parameters,
        episodes=2,
        simulated_on="either",
    ),
)
"""Their entries in the registry."""
