"""What is shown where an environment has no picture: the numbers of its observations over time."""

import numpy as np
from jaxtyping import Float

from splagger.environments.canvas import AGENT, BACKGROUND, HINT, INK, LINE
from splagger.reporting.animation.numbers import number_text
from splagger.reporting.animation.sheet import Length, Sheet, rgb
from splagger.reporting.animation.timeline import Axis
from splagger.reporting.style import QUIET_COLOUR
from splagger.training.trial_record import TrialRecord

_LABEL = 16.0
_MOST = 170.0  # the height of all rows
_HIGHEST = 18.0  # the height of one
_WRITTEN = 9.0  # rows as high as this have a number and a value


class ObservationStrips:
    """A row for every number of the observation: blue below zero, orange above, white at zero."""

    def __init__(self, record: TrialRecord, axis: Axis):
        """Draws all rows once.

        **Arguments:**

        - `record`: what happened.
        - `axis`: where moments lie; the same as below.
        """
        self._axis = axis
        self._values = np.stack([moment.observation for moment in record.moments]).astype(float)
        rows = max(1, self._values.shape[1])
        self._row = min(_MOST / rows, _HIGHEST)
        self._heat = _heat(self._values, axis, round(rows * self._row * axis.scale))

    @property
    def height(self) -> float:
        """How high it is, with its label."""
        return _LABEL + self._heat.shape[0] / self._axis.scale

    def draw(self, sheet: Sheet, y: Length, now: int) -> None:
        """Draws the rows up to the present moment, with their upper edge at `y`."""
        axis = self._axis
        reached = int(axis.edges[now + 1])
        sheet.text(axis.left, y + 10, "observation", 10, QUIET_COLOUR)
        top = y + _LABEL
        height = self._heat.shape[0] / axis.scale
        sheet.rectangle(axis.left, top, axis.width, height, "#F6F7F8")
        sheet.paste(axis.left, top, self._heat[:, :reached])
        sheet.rectangle(axis.left + (reached - 1) / axis.scale, top, 1, height, INK)
        if self._row < _WRITTEN:
            return
        for number, value in enumerate(self._values[now]):
            base = top + (number + 0.5) * self._row + 3.2
            sheet.text(axis.left - 4, base, str(number), 9, QUIET_COLOUR, anchor="rs")
            end = axis.left + axis.width
            sheet.text(end + 4, base, number_text(value, signed=False), 9, INK)
            if number:
                line = top + number * self._row
                sheet.rectangle(axis.left, line, axis.width, 1 / axis.scale, LINE)


def _heat(values: Float[np.ndarray, "moments numbers"], axis: Axis, height: int) -> np.ndarray:
    """The rows as a picture `[height, pixels, 3]`, each on the scale of its largest magnitude. Of
    more rows than pixels, some are left out."""
    values = np.where(np.isfinite(values), values, 0.0)
    largest = np.abs(values).max(axis=0, initial=0.0)
    relative = values / np.where(largest > 0, largest, 1.0)
    moment = np.searchsorted(axis.edges, np.arange(axis.pixels), side="right") - 1
    number = np.arange(height) * values.shape[1] // height
    shown = relative[np.minimum(moment, len(values) - 1)][:, number].T[..., None]
    colour = np.where(shown < 0, rgb(AGENT), rgb(HINT))
    white = rgb(BACKGROUND)
    return np.rint(white + np.abs(shown) * (colour - white)).astype(np.uint8)
