"""The few colours that stand for all colours of some frames."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int, UInt8, UInt32
from PIL import Image

from splagger.environments import canvas
from splagger.reporting.animation.sheet import rgb
from splagger.training.trial_record import Picture

COLOURS = 255
"""How many there are at most: one of the 256 of a GIF is left to mean that nothing changed."""

_COMMON = 96  # the most common colours, which stay as they are
_SAMPLES = 24  # frames that the palette is made from
_KEPT = (
    *(canvas.BACKGROUND, canvas.FLOOR, canvas.WALL, canvas.LINE, canvas.INK),
    *(canvas.AGENT, canvas.GOAL, canvas.DANGER, canvas.HINT),
)


class Palette:
    """Colours for all frames. It remembers which of them is nearest to what."""

    colours: UInt8[np.ndarray, "colours 3"]
    """Red, green and blue of each."""

    def __init__(self, frames: Sequence[Picture]):
        """Chooses the colours by some frames that are spread over all."""
        spread = np.linspace(0, len(frames) - 1, _SAMPLES).round().astype(int)
        pixels = np.concatenate([_packed(frames[int(n)]).ravel() for n in np.unique(spread)])
        found, counts = np.unique(pixels, return_counts=True)
        common = _unpacked(found[np.argsort(-counts, kind="stable")[:_COMMON]])
        kept = np.stack([rgb(colour) for colour in _KEPT]).astype(np.uint8)
        exact = np.unique(np.concatenate([kept, common]), axis=0)
        others = _summary(found, counts, COLOURS - len(exact))
        self.colours = np.unique(np.concatenate([exact, others]), axis=0)
        self._nearest = np.zeros(1 << 24, np.uint8)
        self._known = np.zeros(1 << 24, bool)

    def indices(self, frame: Picture) -> UInt8[np.ndarray, "height width"]:
        """The colours of a frame by their numbers in the palette."""
        packed = _packed(frame)
        new = np.unique(packed[~self._known[packed]])
        if new.size:
            apart = _unpacked(new).astype(np.int32)[:, None] - self.colours.astype(np.int32)
            self._nearest[new] = np.argmin(np.sum(apart**2, axis=-1), axis=-1)
            self._known[new] = True
        return self._nearest[packed]

    def image(self, frame: Picture) -> Image.Image:
        """A frame as an image with this palette."""
        image = Image.fromarray(self.indices(frame), "L")
        image.putpalette(self.colours.tobytes())
        return image


def _summary(
    colours: UInt32[np.ndarray, " colours"], counts: Int[np.ndarray, " colours"], number: int
) -> UInt8[np.ndarray, "summary 3"]:
    """So many colours, or fewer, that together stand best for all."""
    # By their numbers alone, large areas would leave nothing for small marks.
    repeated = np.repeat(colours, np.ceil(np.log2(1 + counts)).astype(int))
    image = Image.fromarray(_unpacked(repeated)[None])
    few = image.quantize(number, Image.Quantize.MEDIANCUT, kmeans=1).getpalette() or []
    return np.asarray(few, np.uint8).reshape(-1, 3)[:number]


def _packed(picture: Picture) -> UInt32[np.ndarray, "height width"]:
    red, green, blue = np.moveaxis(picture.astype(np.uint32), -1, 0)
    return red << 16 | green << 8 | blue


def _unpacked(colours: UInt32[np.ndarray, " colours"]) -> UInt8[np.ndarray, "colours 3"]:
    parts = [colours >> 16, (colours >> 8) & 255, colours & 255]
    return np.stack(parts, axis=-1).astype(np.uint8)
