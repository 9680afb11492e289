"""Frames: what happened at one moment of a trial, composed into a picture."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from splagger.reporting.animation.observations import ObservationStrips
from splagger.reporting.animation.readings import (
    HEADER_HEIGHT,
    MARGIN,
    NUMBERS_HEIGHT,
    Readings,
)
from splagger.reporting.animation.sheet import DESIGN_WIDTH, Sheet, blank
from splagger.reporting.animation.timeline import Axis, Timeline
from splagger.training.trial_record import Picture, TrialRecord

MOST_MOMENTS = 600
"""How many moments are shown unless a stride is given: of longer trials every second, third ..."""

_HIGHEST_PICTURE = 300.0
_FOOT = 6.0
_ROOM_FOR_NUMBERS = 26.0  # beside the rows of an observation
_START_PAUSE = 0.5  # seconds, as are the others
_END_PAUSE = 0.9
_LAST_PAUSE = 2.0
_MOST_PAUSES = 12.0  # all but the last one together: with many episodes each is shorter


class Frames(Sequence[Picture]):
    """The frames of a trial, all of one size, each composed when it is asked for."""

    def __init__(self, record: TrialRecord, *, size: int, stride: int | None = None):
        """Lays a frame out and draws what does not change.

        **Arguments:**

        - `record`: what happened.
        - `size`: the width in pixels.
        - `stride`: shows one moment in so many, at least 1, and all at which an episode starts or
            ends; None chooses, by `MOST_MOMENTS`.
        """
        self._record = record
        self._scale = size / DESIGN_WIDTH
        moments = record.moments
        stride = stride or -(-len(moments) // MOST_MOMENTS)
        self.shown = tuple(
            number
            for number, moment in enumerate(moments)
            if number % stride == 0
            or moment.step == 0
            or moment.episode_end
            or number == len(moments) - 1
        )
        """The index of the moment that each frame shows."""
        first = record.pictures[0]
        beside = 0.0 if first is not None else _ROOM_FOR_NUMBERS
        width = DESIGN_WIDTH - 2 * (MARGIN + beside)
        axis = Axis(MARGIN + beside, width, self._scale, len(moments))
        self._readings = Readings(record)
        self._timeline = Timeline(record, axis)
        self._observations = ObservationStrips(record, axis) if first is None else None
        if self._observations is not None:
            middle = self._observations.height
        else:
            assert first is not None
            height, across = first.shape[:2]
            middle = min(DESIGN_WIDTH * height / across, _HIGHEST_PICTURE)
            self._picture_size = (
                max(1, round(middle * across / height * self._scale)),
                max(1, round(middle * self._scale)),
            )
        self._numbers_top = HEADER_HEIGHT + middle
        self._timeline_top = self._numbers_top + NUMBERS_HEIGHT
        bottom = self._timeline_top + self._timeline.height + _FOOT
        # Codecs of films want even numbers.
        self.shape = (2 * round(bottom * self._scale / 2), 2 * round(size / 2), 3)
        """Pixels of the height and the width, and the three colours."""

    def __len__(self) -> int:
        return len(self.shown)

    def __getitem__(self, index: int) -> Picture:  # pyright: ignore[reportIncompatibleMethodOverride]
        now = self.shown[index]
        sheet = Sheet(blank(self.shape[1], self.shape[0]), self._scale)
        self._readings.draw_header(sheet, now)
        if self._observations is None:
            self._draw_picture(sheet, now)
        else:
            self._observations.draw(sheet, HEADER_HEIGHT, now)
        self._readings.draw_numbers(sheet, self._numbers_top, now)
        self._timeline.draw(sheet, self._timeline_top, now)
        return np.asarray(sheet.image)

    def durations(self, frames_per_second: int) -> list[float]:
        """How long each frame is seen, in seconds: longer where an episode starts or ends."""
        moments = [self._record.moments[number] for number in self.shown]
        pauses = np.asarray(
            [_END_PAUSE if m.episode_end else 0.0 if m.step else _START_PAUSE for m in moments]
        )
        pauses *= min(1.0, _MOST_PAUSES / pauses.sum())
        pauses[-1] = _LAST_PAUSE
        return (1 / frames_per_second + pauses).tolist()

    def _draw_picture(self, sheet: Sheet, now: int) -> None:
        picture = self._record.pictures[now]
        assert picture is not None
        image = Image.fromarray(picture)
        if image.size != self._picture_size:
            # Enlarged pixels stay pixels; what is made smaller is smoothed.
            enlarged = image.width < self._picture_size[0]
            method = Image.Resampling.NEAREST if enlarged else Image.Resampling.LANCZOS
            image = image.resize(self._picture_size, method)
        left = (DESIGN_WIDTH - image.width / self._scale) / 2
        sheet.paste(left, HEADER_HEIGHT, np.asarray(image))
