"""Strips over a whole trial: when the memory changed, where rewards came, where episodes end."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, UInt8

from splagger.environments.canvas import AGENT, DANGER, GOAL, INK, LINE
from splagger.reporting.animation.sheet import Length, Sheet, blank, mixed, rgb
from splagger.reporting.style import QUIET_COLOUR
from splagger.training.trial_record import TrialRecord

_LABEL = 15.0  # the line above a lane
_MEMORY = 42.0
_REWARDS = 22.0
_GAP = 7.0
_EPISODES = 15.0  # the line with their numbers
_TEXT = 10.0
_NUMBERED = 13.0  # episodes narrower than this have no number
_SPARSE = 6  # where fewer than one in so many pixels has a reward, marks are wide
_PALE = 0.3  # what is left of the colours of the future


@dataclass(frozen=True)
class Axis:
    """Where the moments of a trial lie from left to right."""

    left: Length
    """Where the first one begins, in units of a frame of the design's width."""
    width: Length
    """How wide all of them are."""
    scale: Length
    """Pixels of a unit."""
    moments: int
    """How many there are."""

    @property
    def pixels(self) -> int:
        """How many pixels wide they are."""
        return round(self.width * self.scale)

    @property
    def edges(self) -> Int[np.ndarray, " edges"]:
        """The pixel at which each moment begins, and the one after the last."""
        return np.arange(self.moments + 1) * self.pixels // self.moments

    def columns(self, values: Float[np.ndarray, " moments"]) -> Float[np.ndarray, " pixels"]:
        """Spreads values over the pixels; where several share one, the largest magnitude is seen.

        Where there is room, bars are a pixel apart.
        """
        edges = self.edges
        found = np.zeros(self.pixels)
        for value, start, end in zip(values, edges[:-1], edges[1:], strict=True):
            end = end - 1 if end - start > 3 else max(end, start + 1)
            here = found[start:end]
            here[np.abs(here) < abs(value)] = value
        return found


class Timeline:
    """The strips of one trial."""

    def __init__(self, record: TrialRecord, axis: Axis):
        """Draws both lanes once, as they look before and after the present passes."""
        self._record = record
        self._axis = axis
        self._rewards_top = _LABEL + (_MEMORY + _GAP + _LABEL if record.remembers else 0.0)
        self._lanes = [(self._rewards_top, _REWARDS)]
        if record.remembers:
            self._lanes.append((_LABEL, _MEMORY))
        height = round(self.height * axis.scale)
        self._past, self._future = blank(axis.pixels, height), blank(axis.pixels, height)
        self._ends = [n for n, moment in enumerate(record.moments) if moment.episode_end]
        for image, share in ((self._past, 1.0), (self._future, _PALE)):
            self._draw_lanes(Sheet(image, axis.scale), share)

    @property
    def height(self) -> float:
        """How high the strips are, with their labels."""
        return self._rewards_top + _REWARDS + _EPISODES

    def draw(self, sheet: Sheet, y: Length, now: int) -> None:
        """Draws the strips.

        **Arguments:**

        - `sheet`: to draw on.
        - `y`: their upper edge.
        - `now`: index of the present moment.
        """
        axis = self._axis
        reached = int(axis.edges[now + 1])
        height = self._past.height
        strip = self._future.copy()
        strip.paste(self._past.crop((0, 0, reached, height)), (0, 0))
        sheet.paste(axis.left, y, np.asarray(strip))
        x = axis.left + (reached - 1) / axis.scale
        for top, lane in self._lanes:
            sheet.rectangle(x, y + top, 1, lane, INK)
        self._draw_episodes(sheet, y + self._rewards_top + _REWARDS, now)

    def _draw_lanes(self, sheet: Sheet, share: float) -> None:
        axis, moments = self._axis, self._record.moments
        if self._record.remembers:
            sheet.text(0, _LABEL - 4.5, "how much the memory changed", _TEXT, QUIET_COLOUR)
            changes = np.asarray([moment.memory_change for moment in moments])
            heights = _relative(axis.columns(changes))
            lane = _bars(heights, round(_MEMORY * axis.scale), mixed(AGENT, share))
            sheet.paste(0, _LABEL, lane)
            sheet.rectangle(0, _LABEL + _MEMORY, axis.width, 1 / axis.scale, LINE)
        sheet.text(0, self._rewards_top - 4.5, "rewards", _TEXT, QUIET_COLOUR)
        self._draw_rewards(sheet, share)
        for end in self._ends:
            x = axis.edges[end + 1] / axis.scale
            for top, height in self._lanes:
                sheet.rectangle(x, top, 1 / axis.scale, height, LINE)

    def _draw_rewards(self, sheet: Sheet, share: float) -> None:
        axis = self._axis
        rewards = np.asarray([moment.reward for moment in self._record.moments])
        columns = axis.columns(rewards)
        if np.count_nonzero(columns) * _SPARSE < columns.size:
            columns = _widened(columns, round(3 * axis.scale))
        heights = _relative(columns)
        # The zero line lies as high as the negative rewards ask for.
        highest, lowest = heights.max(initial=0.0), (-heights).max(initial=0.0)
        pixels = round(_REWARDS * axis.scale)
        above = round(pixels * highest / (highest + lowest)) if lowest else pixels
        zero = self._rewards_top + above / axis.scale
        if highest:
            positive = _bars(heights / highest, above, mixed(GOAL, share))
            sheet.paste(0, self._rewards_top, positive)
        if lowest:
            negative = _bars(-heights / lowest, pixels - above, mixed(DANGER, share))
            sheet.paste(0, zero, negative[::-1])
        sheet.rectangle(0, zero, axis.width, 1 / axis.scale, LINE)

    def _draw_episodes(self, sheet: Sheet, y: Length, now: int) -> None:
        """The number of every episode below it, and whether it was a success once it is over."""
        axis, record = self._axis, self._record
        start = 0
        for end in [*self._ends, *(() if record.moments[-1].episode_end else (-1,))]:
            last = record.moments[end]
            stop = len(record.moments) if end < 0 else end + 1
            left = axis.left + axis.edges[start] / axis.scale
            right = axis.left + axis.edges[stop] / axis.scale
            if right - left >= _NUMBERED:
                colour = INK if start <= now < stop else QUIET_COLOUR
                word = str(last.episode + 1)
                over = last.episode_end and now >= end
                mark = ("✓" if last.success else "✗") if over and record.has_success else ""
                x = (left + right) / 2
                if mark:
                    hue = GOAL if last.success else DANGER
                    sheet.text(x + 2, y + 12, mark, _TEXT, hue, bold=True)
                    sheet.text(x - 2, y + 12, word, _TEXT, colour, anchor="rs")
                else:
                    sheet.text(x, y + 12, word, _TEXT, colour, anchor="ms")
            start = stop


def _relative(values: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Values as shares of the largest magnitude; what is not finite is left out."""
    values = np.where(np.isfinite(values), values, 0.0)
    largest = np.abs(values).max(initial=0.0)
    return values / largest if largest > 0 else values


def _widened(columns: Float[np.ndarray, " n"], width: int) -> Float[np.ndarray, " n"]:
    """Every column that is not zero, on so many pixels."""
    wide = np.zeros_like(columns)
    for place in np.flatnonzero(columns):
        start = max(0, min(place - width // 2, columns.size - width))
        wide[start : start + width] = columns[place]
    return wide


def _bars(
    heights: Float[np.ndarray, " width"], height: int, colour: str
) -> UInt8[np.ndarray, "height width 3"]:
    """Bars from the lower edge, 0 to 1 high, the pixel at their tops as far as they fill it."""
    # However small, what is not zero is seen.
    tall = np.where(heights > 0, np.maximum(heights * height, 1.0), 0.0)
    filled = np.clip(tall - np.arange(height)[::-1, None], 0, 1)[..., None]
    return np.rint(255 + filled * (rgb(colour) - 255)).astype(np.uint8)
