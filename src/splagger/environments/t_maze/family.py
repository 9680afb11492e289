"""The seven published T-mazes (Beck et al. 2024), each with the options that make sense for it."""

import functools
from typing import Literal

from splagger.environments.entries import EnvironmentEntry, published_entry
from splagger.environments.t_maze.t_maze import TMaze


def noise(length: int = 100, timeout: int | None = None) -> TMaze:
    """The indicator is shown at the start, then come checks that mean nothing."""
    return TMaze(length=length, timeout=timeout, indicator_position=0)


def long_noise(length: int = 100, timeout: int | None = None, indicator_position: int = 1) -> TMaze:
    """As `noise`, but the indicator is shown one step after the start."""
    return TMaze(length=length, timeout=timeout, indicator_position=indicator_position)


def long_short(
    length: int = 100,
    timeout: int | None = None,
    indicator_position: int = 1,
    check_reward: float = 0.1,
) -> TMaze:
    """Short memory too: at every position the action must equal the check that is shown."""
    return TMaze(
        length=length,
        timeout=timeout,
        indicator_position=indicator_position,
        checks=True,
        force_right=False,
        force_decision=False,
        check_reward=check_reward,
    )


def agreement(
    length: int = 100,
    timeout: int | None = None,
    indicator_position: int = 1,
    second_indicator_position: int | None = None,
) -> TMaze:
    """Down is right where two indicators agree; the second is halfway unless placed."""
    return _agreement("none", length, timeout, indicator_position, second_indicator_position)


def agreement_position(
    length: int = 100,
    timeout: int | None = None,
    indicator_position: int = 1,
    second_indicator_position: int | None = None,
) -> TMaze:
    """As `agreement`, and the time step is part of the observation."""
    return _agreement("raw", length, timeout, indicator_position, second_indicator_position)


def agreement_wave(
    length: int = 100,
    timeout: int | None = None,
    indicator_position: int = 1,
    second_indicator_position: int | None = None,
) -> TMaze:
    """As `agreement`, and two waves of the time step are part of the observation."""
    return _agreement("wave", length, timeout, indicator_position, second_indicator_position)


def latent(
    length: int = 100,
    timeout: int | None = None,
    up_probability: float = 0.7,
    down_probability: float = 0.5,
) -> TMaze:
    """No indicator is shown: how often the checks say up is the only evidence."""
    return TMaze(
        length=length,
        timeout=timeout,
        latent_probabilities=(up_probability, down_probability),
    )


def _agreement(
    encoding: Literal["none", "raw", "wave"],
    length: int,
    timeout: int | None,
    first: int,
    second: int | None,
) -> TMaze:
    return TMaze(
        length=length,
        timeout=timeout,
        indicator_position=first,
        second_indicator_position=length // 2 if second is None else second,
        position_encoding=encoding,
    )


_entry = functools.partial(published_entry, episodes=4, boundary="start")

T_MAZES: tuple[EnvironmentEntry, ...] = (
    _entry(
        "t-maze-noise",
        "T-LN-v0",
        "remember an indicator that is shown at the start of a noisy corridor",
        noise,
    ),
    _entry(
        "t-maze-long-noise",
        "T-LN-P1-v0",
        "remember an indicator that is shown one step after the start of a noisy corridor",
        long_noise,
    ),
    _entry(
        "t-maze-long-short",
        "T-LS-P1-v0",
        "remember an indicator while a check asks for an action at every position",
        long_short,
    ),
    _entry(
        "t-maze-agreement",
        "T-LN-P1-A50-v0",
        "remember whether two indicators, far apart, agree",
        agreement,
    ),
    _entry(
        "t-maze-agreement-position",
        "T-LN-P1-A50-pos-v0",
        "remember whether two indicators agree, and observe the time step",
        agreement_position,
    ),
    _entry(
        "t-maze-agreement-wave",
        "T-LN-P1-A50-posw-v0",
        "remember whether two indicators agree, and observe two waves of the time step",
        agreement_wave,
    ),
    _entry(
        "t-maze-latent",
        "T-LN-P1-LDp7p5-v0",
        "infer the task from how often noisy checks say up",
        latent,
    ),
)
"""Their entries in the registry."""
