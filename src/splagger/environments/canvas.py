"""Drawing pictures of states: shapes in an environment's own units, smooth at any size."""

from collections.abc import Sequence
from typing import Literal, SupportsFloat

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont

Colour = str | tuple[int, int, int]
"""A colour such as `#0072B2`, or red, green and blue from 0 to 255."""

Point = tuple[SupportsFloat, SupportsFloat]
"""x and y."""

BACKGROUND = "#FFFFFF"
"""What is outside of the world."""
FLOOR = "#EEF0F2"
"""Where the agent can be."""
WALL = "#3D4451"
"""Where it cannot."""
LINE = "#C9CED6"
"""Borders between cells."""
INK = "#222222"
"""Text."""
AGENT = "#0072B2"
"""The agent."""
GOAL = "#009E73"
"""What is good for it, or was right."""
DANGER = "#D55E00"
"""What is bad for it, or was wrong."""
HINT = "#E69F00"
"""What tells it something."""

_OVERSAMPLING = 2


class Canvas:
    """A picture of a rectangle of the plane; x grows to the right and y upwards."""

    def __init__(
        self,
        width: SupportsFloat,
        height: SupportsFloat,
        size: int = 256,
        background: Colour = BACKGROUND,
    ):
        """Makes an empty picture.

        **Arguments:**

        - `width`, `height`: of the rectangle, in the environment's units; its lower left corner is
            (0, 0).
        - `size`: pixels of the longer side.
        - `background`: the colour of everything.
        """
        width, height = float(width), float(height)
        scale = size / max(width, height)
        self._pixels = (max(1, round(width * scale)), max(1, round(height * scale)))
        self._scale = scale * _OVERSAMPLING
        self._top = height
        shape = (self._pixels[0] * _OVERSAMPLING, self._pixels[1] * _OVERSAMPLING)
        self._image = Image.new("RGB", shape, background)
        self._draw = ImageDraw.Draw(self._image)

    def rectangle(
        self,
        x: SupportsFloat,
        y: SupportsFloat,
        width: SupportsFloat,
        height: SupportsFloat,
        fill: Colour,
        *,
        outline: Colour | None = None,
        radius: SupportsFloat = 0.0,
    ) -> None:
        """A rectangle with its lower left corner at (x, y), its corners rounded by `radius`."""
        (left, bottom), (right, top) = (
            self._point(x, y),
            self._point(float(x) + float(width), float(y) + float(height)),
        )
        box = (left, top, max(left, right - 1), max(top, bottom - 1))
        self._draw.rounded_rectangle(box, float(radius) * self._scale, fill, outline, _OVERSAMPLING)

    def circle(
        self,
        x: SupportsFloat,
        y: SupportsFloat,
        radius: SupportsFloat,
        fill: Colour | None,
        *,
        outline: Colour | None = None,
        width: SupportsFloat = 0.0,
    ) -> None:
        """A circle around (x, y); `width` is that of its outline, at least one pixel."""
        centre, reach = self._point(x, y), float(radius) * self._scale
        box = (centre[0] - reach, centre[1] - reach, centre[0] + reach, centre[1] + reach)
        self._draw.ellipse(box, fill, outline, self._width(width))

    def polygon(self, points: Sequence[Point], fill: Colour) -> None:
        """A filled polygon."""
        self._draw.polygon([self._point(*point) for point in points], fill)

    def line(self, points: Sequence[Point], colour: Colour, width: SupportsFloat = 0.0) -> None:
        """A line through at least two points, at least one pixel wide."""
        places = [self._point(*point) for point in points]
        self._draw.line(places, colour, self._width(width), joint="curve")

    def text(
        self,
        x: SupportsFloat,
        y: SupportsFloat,
        words: str,
        height: SupportsFloat,
        colour: Colour = INK,
        *,
        anchor: Literal["lm", "mm", "rm", "la", "ma", "lb", "mb"] = "mm",
    ) -> None:
        """Words, `height` units high; `anchor` says which point of them is at (x, y), in Pillow's
        two letters: left, middle or right, then ascender, middle or baseline."""
        font = ImageFont.load_default(max(6.0, float(height) * self._scale))
        self._draw.text(self._point(x, y), words, colour, font, anchor)

    def array(self) -> UInt8[np.ndarray, "height width 3"]:
        """The finished picture."""
        return np.asarray(self._image.resize(self._pixels, Image.Resampling.BOX))

    def _point(self, x: SupportsFloat, y: SupportsFloat) -> tuple[float, float]:
        return float(x) * self._scale, (self._top - float(y)) * self._scale

    def _width(self, width: SupportsFloat) -> int:
        return max(_OVERSAMPLING, round(float(width) * self._scale))
