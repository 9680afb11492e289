"""A sheet to draw frames on: pixels from the upper left corner, in the figures' typeface."""

import functools
from pathlib import Path
from typing import Literal

import matplotlib
import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageColor, ImageDraw, ImageFont

from splagger.environments.canvas import BACKGROUND, INK

Length = float | int
"""A length or a place in units of a frame of the design's width."""

Anchor = Literal["ls", "ms", "rs", "mm"]
"""Which point of a text is meant: left, middle or right on its baseline; or its centre."""

DESIGN_WIDTH = 480
"""The width of a frame for which all lengths are given: elsewhere they are scaled."""

_OVERSAMPLING = 4


class Sheet:
    """A picture to draw on. Lengths are those of a frame of `DESIGN_WIDTH`."""

    def __init__(self, image: Image.Image, scale: Length):
        """Draws on `image`, on which a unit has `scale` pixels."""
        self.image = image
        self._scale = scale
        self._draw = ImageDraw.Draw(image)

    def text(
        self,
        x: Length,
        y: Length,
        words: str,
        size: Length,
        colour: str = INK,
        *,
        bold: bool = False,
        anchor: Anchor = "ls",
        width: Length = float("inf"),
    ) -> float:
        """Writes words in a line, cut to `width`.

        **Returns:** how wide they are.
        """
        font = _font(bold, max(1, round(size * self._scale)))
        room = width * self._scale
        if font.getlength(words) > room:
            while words and font.getlength(f"{words}…") > room:
                words = words[:-1]
            words = f"{words}…"
        place = (round(x * self._scale), round(y * self._scale))
        self._draw.text(place, words, colour, font, anchor)
        return font.getlength(words) / self._scale

    def rectangle(self, x: Length, y: Length, width: Length, height: Length, colour: str) -> None:
        """A rectangle of whole pixels, at least one each way, with its upper left corner there."""
        left, top = round(x * self._scale), round(y * self._scale)
        right = max(left, round((x + width) * self._scale) - 1)
        bottom = max(top, round((y + height) * self._scale) - 1)
        self._draw.rectangle((left, top, right, bottom), colour)

    def pill(self, x: Length, y: Length, width: Length, height: Length, colour: str) -> None:
        """A rectangle with round ends, smooth, with its upper left corner there."""
        size = (round(width * self._scale), round(height * self._scale))
        mask = _pill(*size)
        self.image.paste(colour, (round(x * self._scale), round(y * self._scale)), mask)

    def paste(self, x: Length, y: Length, picture: UInt8[np.ndarray, "height width 3"]) -> None:
        """Puts a picture there; its pixels stay as they are."""
        self.image.paste(Image.fromarray(picture), (round(x * self._scale), round(y * self._scale)))


def blank(width: int, height: int) -> Image.Image:
    """An empty picture of that many pixels."""
    return Image.new("RGB", (width, height), BACKGROUND)


def rgb(colour: str) -> np.ndarray:
    """Red, green and blue of a colour as numbers, 0 to 255."""
    return np.asarray(ImageColor.getrgb(colour), float)


def mixed(colour: str, share: Length, other: str = BACKGROUND) -> str:
    """A colour of which a `share` from 0 to 1 is left and the rest is the other one."""
    red, green, blue = np.rint(share * rgb(colour) + (1 - share) * rgb(other)).astype(int)
    return f"#{red:02X}{green:02X}{blue:02X}"


@functools.cache
def _font(bold: bool, size: int) -> ImageFont.FreeTypeFont:
    # It comes with matplotlib, which draws the figures in it.
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    path = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / name
    return ImageFont.truetype(str(path), size, layout_engine=ImageFont.Layout.BASIC)


@functools.cache
def _pill(width: int, height: int) -> Image.Image:
    large = (width * _OVERSAMPLING, height * _OVERSAMPLING)
    mask = Image.new("L", large)
    box = (0, 0, large[0] - 1, large[1] - 1)
    ImageDraw.Draw(mask).rounded_rectangle(box, large[1] / 2, 255)
    return mask.resize((width, height), Image.Resampling.BOX)
