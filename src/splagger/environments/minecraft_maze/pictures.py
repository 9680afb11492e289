"""The pictures of a Minecraft maze at any resolution; each is rendered once."""

import functools
import math

import numpy as np
from jaxtyping import Float, UInt8

from splagger.environments.minecraft_maze.ray_caster import render
from splagger.environments.minecraft_maze.scenes import PICTURES, scene

# Few enough rays to be quick, so many that the texels of a small picture are averaged well.
_RAYS_ACROSS = 80


@functools.cache
def picture(name: str, size: int) -> UInt8[np.ndarray, "size size 3"]:
    """One of `PICTURES` as red, green and blue from 0 to 255, not to be written to.

    **Arguments:**

    - `name`: which.
    - `size`: pixels of each side.
    """
    if name == "black":
        pixels = np.zeros((size, size, 3), dtype=np.uint8)
    else:
        pixels = render(scene(name), size, samples=max(2, math.ceil(_RAYS_ACROSS / size)))
    pixels.setflags(write=False)
    return pixels


@functools.cache
def observed_pictures(resolution: int) -> Float[np.ndarray, "pictures observation"]:
    """All pictures as they are observed, in the order of `PICTURES`; not to be written to.

    Colours are from -1 to below 1, that is (colour - 128) / 128. As published, the rows come from
    the bottom to the top, in each the pixels from left to right, of each red, green and blue.
    """
    pixels = np.stack([picture(name, resolution)[::-1] for name in PICTURES])
    observed = (pixels.reshape(len(PICTURES), -1).astype(np.float32) - 128) / 128
    observed.setflags(write=False)
    return observed
