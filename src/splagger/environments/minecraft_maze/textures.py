"""Textures of blocks, 16 x 16 texels of a few colours each, made from formulas and a hash.

All are drawn at full light, so they are brighter than what a picture shows of them. Nothing but
additions, products, quotients and integers is used, so that every machine makes the same texels.
"""

import enum
import functools

import numpy as np
from jaxtyping import Float, UInt8

TEXELS = 16
"""Texels along a block's edge."""

_CYAN = ((118, 216, 226), (222, 248, 250), (70, 172, 186))
_TAN = ((208, 164, 132), (232, 204, 178), (150, 108, 84))

Shade = Float[np.ndarray, "16 16"]
"""A number for every texel, rows from the top."""


class Block(enum.IntEnum):
    """What a place in the world holds."""

    AIR = 0
    STONE = 1
    COBBLESTONE = 2
    FLOOR = 3
    IRON = 4
    DIAMOND = 5
    DIAMOND_ORE = 6
    IRON_ORE = 7
    EMERALD = 8
    REDSTONE = 9
    OBSIDIAN = 10


@functools.cache
def textures() -> UInt8[np.ndarray, "blocks 16 16 3"]:
    """The texture of every block, by its number; black for air. Not to be written to."""
    drawn = {
        Block.STONE: _stone(),
        Block.COBBLESTONE: _cobblestone(),
        Block.FLOOR: _floor(),
        Block.IRON: _iron(),
        Block.DIAMOND: _diamond(),
        Block.DIAMOND_ORE: _ore(_CYAN, ((2, 3), (3, 11), (7, 7), (10, 2), (10, 12), (13, 7)), 21),
        Block.IRON_ORE: _ore(_TAN, ((2, 7), (4, 13), (6, 3), (9, 10), (12, 4), (13, 12)), 22),
        Block.EMERALD: _emerald(),
        Block.REDSTONE: _redstone(),
        Block.OBSIDIAN: _obsidian(),
    }
    result = np.zeros((len(Block), TEXELS, TEXELS, 3), dtype=np.uint8)
    for block, texels in drawn.items():
        result[block] = np.clip(np.rint(texels), 0, 255)
    result.setflags(write=False)
    return result


def _grid() -> tuple[np.ndarray, np.ndarray]:
    rows, columns = np.mgrid[:TEXELS, :TEXELS]
    return rows, columns


def _hash(rows: np.ndarray, columns: np.ndarray, seed: int) -> np.ndarray:
    """Numbers from 0 to below 1 that look random and depend on nothing else."""
    mixed = (
        rows.astype(np.uint32) * np.uint32(668265263)
        + columns.astype(np.uint32) * np.uint32(374761393)
        + np.full(rows.shape, seed, dtype=np.uint32) * np.uint32(2246822519)
    )
    mixed = (mixed ^ (mixed >> 13)) * np.uint32(1274126177)
    mixed = (mixed ^ (mixed >> 15)) * np.uint32(2654435761)
    return (mixed ^ (mixed >> 16)) / 2.0**32


def _grain(seed: int) -> Shade:
    """Every texel for itself, -1 to 1."""
    return 2 * _hash(*_grid(), seed) - 1


def _blotches(height: int, width: int, seed: int) -> Shade:
    """Smooth blotches of so many texels, -1 to 1, without seams between blocks."""
    rows, columns = _grid()
    row, down = rows // height, (rows % height + 0.5) / height
    column, right = columns // width, (columns % width + 0.5) / width

    def corner(row_step: int, column_step: int) -> np.ndarray:
        return _hash(
            (row + row_step) % (TEXELS // height), (column + column_step) % (TEXELS // width), seed
        )

    top = corner(0, 0) * (1 - right) + corner(0, 1) * right
    bottom = corner(1, 0) * (1 - right) + corner(1, 1) * right
    return 2 * (top * (1 - down) + bottom * down) - 1


def _steps(shade: Shade, levels: int) -> Shade:
    """Shades from -1 to 1 rounded to so many levels, which makes a texture look drawn by hand."""
    return np.rint((np.clip(shade, -1, 1) + 1) / 2 * (levels - 1)) / (levels - 1) * 2 - 1


def _border() -> np.ndarray:
    """How many texels it is to the nearest edge, 0 to 7."""
    rows, columns = _grid()
    last = TEXELS - 1
    return np.minimum(np.minimum(rows, last - rows), np.minimum(columns, last - columns))


def _tint(shade: Shade, colour: tuple[int, int, int]) -> Float[np.ndarray, "16 16 3"]:
    """A colour times a shade."""
    return shade[..., None] * np.array(colour)


def _grey_stone() -> Shade:
    shade = 0.5 * _blotches(4, 4, 1) + 0.6 * _blotches(2, 8, 2) + 0.25 * _grain(3)
    return 1 + 0.11 * _steps(1.3 * shade, 5)


def _stone() -> np.ndarray:
    return _tint(_grey_stone(), (135, 135, 135))


def _cobblestone() -> np.ndarray:
    rows, columns = _grid()
    stones = np.arange(9)
    centre_row = (stones // 3 + 0.2 + 0.6 * _hash(stones, stones, 5)) * TEXELS / 3
    centre_column = (stones % 3 + 0.5 * (stones // 3 % 2) + 0.5 * _hash(stones, stones, 6)) * (
        TEXELS / 3
    )

    def offset(place: np.ndarray, centre: np.ndarray) -> np.ndarray:
        # The shortest way round, since the texture repeats.
        return (place[..., None] - centre + TEXELS / 2) % TEXELS - TEXELS / 2

    down, right = offset(rows, centre_row), offset(columns, centre_column)
    distances = down * down + right * right
    order = np.argsort(distances, axis=-1, kind="stable")
    nearest, second = (
        np.take_along_axis(distances, order[..., rank : rank + 1], -1)[..., 0] for rank in (0, 1)
    )
    stone = order[..., 0]
    slope = np.take_along_axis(down + right, stone[..., None], -1)[..., 0]
    shade = 0.75 * (2 * _hash(stone, stone, 7) - 1) - 0.12 * slope + 0.3 * _grain(8)
    shade = 1.04 + 0.2 * _steps(shade, 6)
    mortar = second - nearest < 5
    return _tint(np.where(mortar, 0.66 + 0.06 * _grain(9), shade), (139, 142, 151))


def _floor() -> np.ndarray:
    rows, columns = _grid()
    shade = 1 + 0.07 * _steps(0.9 * _blotches(4, 4, 11) + 0.5 * _grain(12), 4)
    # Two courses of slabs, the second shifted by half a slab.
    joint = (rows % 8 == 7) | ((columns + 4 * (rows // 8)) % 8 == 7)
    light = (rows % 8 == 0) | ((columns + 4 * (rows // 8)) % 8 == 0)
    return _tint(np.where(joint, 0.78, np.where(light, shade + 0.06, shade)), (127, 127, 127))


def _iron() -> np.ndarray:
    rows, columns = _grid()
    bands = np.array([3, 1, 0, -1, 2, 0, -2, -1, 2, 1, -1, -3, 1, 0, -1, -2])[rows]
    shade = 1 + 0.012 * bands + 0.008 * _grain(14)
    rivets = np.isin(rows, (2, 13)) & np.isin(columns, (2, 13))
    shade = np.where(rivets, 0.84, shade)
    edge = _border() == 0
    lit = edge & (rows + columns < TEXELS - 1)
    return _tint(np.where(lit, 1.07, np.where(edge, 0.84, shade)), (234, 234, 234))


def _diamond() -> np.ndarray:
    rows, columns = _grid()
    ring = _border()
    shade = np.array([0.68, 1.05, 0.97, 1.0, 1.03, 1.0, 0.98, 1.0])[ring]
    facet = (rows + columns) % 9 < 2
    shade = shade + np.where(facet & (ring > 1), 0.07, 0.0) + 0.025 * _grain(16)
    shade = np.where((ring == 1) & (rows + columns >= TEXELS), 0.84, shade)
    texels = _tint(shade, (128, 240, 236))
    sparkle = facet & (ring > 1) & (_grain(17) > 0.45)
    return np.where(sparkle[..., None], np.array([226.0, 252.0, 250.0]), texels)


def _ore(
    colours: tuple[tuple[int, int, int], ...], gems: tuple[tuple[int, int], ...], seed: int
) -> np.ndarray:
    """Stone with gems around texels (row, column); colours of their body, their lit upper left and
    their shaded lower right."""
    rows, columns = _grid()
    texels = _stone()
    body, lit, shaded = (np.array(colour, dtype=float) for colour in colours)
    for number, (row, column) in enumerate(gems):
        down, right = rows - row, columns - column
        wide = 1.9 + 0.7 * _hash(np.array([number]), np.array([number]), seed)
        inside = 1.25 * np.abs(down) + np.abs(right) < wide + 0.35 * _grain(seed + number)
        texels = np.where(inside[..., None], body, texels)
        texels = np.where((inside & (down + right < 0))[..., None], lit, texels)
        texels = np.where((inside & (down + right > 1))[..., None], shaded, texels)
    return texels


def _emerald() -> np.ndarray:
    rows, columns = _grid()
    ring = _border()
    shade = np.array([0.84, 1.02, 0.88, 0.95, 0.95, 1.0, 1.16, 1.16])[ring]
    lit = (rows + columns < 11) & (ring > 0)
    shade = shade + np.where(lit, 0.13, 0.0) + 0.05 * _steps(_blotches(4, 4, 24), 4)
    shade = np.where((ring == 2) & (rows + columns > 17), 0.76, shade)
    texels = _tint(shade + 0.02 * _grain(25), (84, 225, 122))
    # Bright facets are paler.
    pale = np.clip(shade - 1.05, 0, 1)[..., None] * np.array([130.0, 20.0, 110.0])
    return texels + pale


def _redstone() -> np.ndarray:
    rows, columns = _grid()
    ring = _border()
    shade = np.array([1.12, 0.98, 1.1, 0.92, 0.88, 0.82, 0.78, 0.72])[ring]
    shade = shade + np.where(rows + columns < 9, 0.3, 0.0) + np.where(columns > 12, 0.2, 0.0)
    shade = shade + 0.14 * _steps(_blotches(4, 4, 27) + 0.4 * _grain(28), 4)
    texels = _tint(shade, (137, 17, 7))
    pale = np.clip(shade - 1.2, 0, 1)[..., None] * np.array([40.0, 60.0, 40.0])
    return texels + pale


def _obsidian() -> np.ndarray:
    rows, columns = _grid()
    shade = 1 + 0.3 * _steps(_blotches(4, 4, 30) + 0.4 * _grain(31), 4)
    texels = _tint(shade, (18, 15, 27))
    # Broken bars that fall to the right.
    bar = ((2 * rows + columns) % 13 < 2) & (_blotches(4, 4, 32) > -0.1)
    texels = np.where(bar[..., None], np.array([60.0, 48.0, 84.0]), texels)
    return np.where((bar & (_grain(33) > 0.4))[..., None], np.array([92.0, 74.0, 124.0]), texels)
