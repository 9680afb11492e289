"""What happened in one trial, for those who look at it: plain NumPy, whatever simulated it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Shaped, UInt8

Picture = UInt8[np.ndarray, "height width 3"]
"""Red, green and blue, 0 to 255."""


@dataclass(frozen=True)
class Moment:
    """A moment of a trial: the start of an episode, or what a step led to."""

    episode: int
    """Index of the episode in the trial, from 0."""
    step: int
    """Steps made in the episode; 0 at its start."""
    observation: Float[np.ndarray, " observation"]
    """The observation, without the episode-end flag: at an episode's start what is acted on then,
    else what the environment returned."""
    action: Shaped[np.ndarray, "..."] | None = None
    """The action that led here: an integer or a vector; None at an episode's start."""
    reward: float | int = 0.0
    """The raw reward of that action."""
    episode_end: bool = False
    """Whether the episode is over."""
    truncated: bool = False
    """Whether it is over by a time limit alone."""
    success: bool = False
    """Whether it is over and was a success."""
    memory_change: float | int = 0.0
    """How far the step moved the latent: the Euclidean norm of the change."""


@dataclass(frozen=True)
class TrialRecord:
    """One trial, or the beginning of one that was not played to its end.

    A player makes it, and whoever draws it needs to know of no simulator. Every episode has a
    moment for its start and one for each of its steps.
    """

    agent: str
    """Who acted, for a title."""
    environment: str
    """Where."""
    episodes: int
    """K, how many episodes a whole trial has."""
    has_success: bool
    """Whether episodes can be a success."""
    remembers: bool
    """Whether there was a memory, so that `memory_change` means something."""
    action_names: tuple[str, ...]
    """What people call discrete actions; empty: by their numbers."""
    moments: tuple[Moment, ...]
    """At least one, in their order."""
    pictures: Sequence[Picture | None]
    """A picture for every moment, or None where the environment has none. Pictures may be drawn
    when they are asked for, so ask for each once."""
