"""Records of trials that nobody played, and what becomes of them."""

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageSequence

from splagger.training.trial_record import Moment, TrialRecord

SIDE = 40
"""Pixels of the pictures' sides."""


def read_gif(content: bytes) -> tuple[list[np.ndarray], list[int]]:
    """The frames of a GIF, and how many milliseconds each is seen."""
    frames, durations = [], []
    with Image.open(io.BytesIO(content)) as image:
        for frame in ImageSequence.Iterator(image):
            frames.append(np.asarray(frame.convert("RGB")))
            durations.append(frame.info["duration"])
    return frames, durations


def trial_record(
    episodes: int = 2,
    steps: int = 3,
    *,
    pictures: bool | Sequence[np.ndarray] = True,
    rewards: Sequence[float] = (0.0, -1.0, 2.0),
    action: Any = 1,
    **changes: Any,
) -> TrialRecord:
    """A trial whose episodes all have so many steps.

    **Arguments:**

    - `episodes`, `steps`: how many.
    - `pictures`: one for every moment, or whether there are any: plain, each a little darker.
    - `rewards`: of the steps of each episode, from the start again where there are more.
    - `action`: of every step.
    - `changes`: other values for fields of `TrialRecord`.
    """
    moments = []
    for episode in range(episodes):
        moments.append(Moment(episode, 0, np.array([1.0, -1.0])))
        for step in range(1, steps + 1):
            moments.append(
                Moment(
                    episode,
                    step,
                    observation=np.array([step / 2, -episode]),
                    action=np.asarray(action),
                    reward=rewards[(step - 1) % len(rewards)],
                    episode_end=step == steps,
                    success=step == steps and episode > 0,
                    memory_change=float(step),
                )
            )
    shown: Sequence[np.ndarray | None]
    if isinstance(pictures, bool):
        shades = [200 - number % 200 for number in range(len(moments))]
        shown = [
            np.full((SIDE, SIDE, 3), shade, np.uint8) if pictures else None for shade in shades
        ]
    else:
        shown = pictures
    values: dict[str, Any] = {
        "agent": "splagger",
        "environment": "t-maze-noise",
        "episodes": episodes,
        "has_success": True,
        "remembers": True,
        "action_names": (),
        "moments": tuple(moments),
        "pictures": shown,
    }
    return TrialRecord(**(values | changes))
