import numpy as np
import pytest

from splagger.environments.minecraft_maze.ray_caster import FIELD_OF_VIEW, Scene, render
from splagger.environments.minecraft_maze.textures import TEXELS, Block, textures


def world(*shape: int) -> np.ndarray:
    return np.zeros(shape, dtype=np.int64)


def test_a_block_in_front_shows_its_texture_upright():
    blocks = world(1, 2, 1)
    blocks[0, 1, 0] = Block.DIAMOND
    distance = 0.5
    pixels = render(Scene(blocks, eye=(0.5, 1 - distance, 0.5)), 100, samples=1)
    across = 0.5 + ((np.arange(100) + 0.5) / 50 - 1) * FIELD_OF_VIEW * distance
    columns = np.floor(across * TEXELS).astype(int)
    expected = textures()[Block.DIAMOND][columns][:, columns]
    np.testing.assert_allclose(pixels, 0.8 * expected, atol=0.51)


def test_perspective():
    # A wall of one column of blocks at two distances: half as wide where twice as far.
    widths = []
    for distance in (2, 4):
        blocks = world(9, 6, 1)
        blocks[4, distance, 0] = Block.IRON
        pixels = render(Scene(blocks, eye=(4.5, 0.0, 0.5)), 200, samples=1)
        middle = pixels[100]
        sky = pixels[100, 0]
        widths.append(np.any(np.abs(middle.astype(int) - sky) > 5, axis=-1).mean())
    assert widths[0] == pytest.approx(1 / (2 * 2 * FIELD_OF_VIEW), abs=0.02)
    assert widths[1] == pytest.approx(widths[0] / 2, abs=0.01)


def test_the_nearest_block_hides_the_others_and_sky_is_above():
    blocks = world(1, 4, 1)
    blocks[0, 2, 0], blocks[0, 3, 0] = Block.REDSTONE, Block.EMERALD
    pixels = render(Scene(blocks, eye=(0.5, 0.5, 0.5)), 20, samples=2).astype(int)
    assert pixels[10, 10, 0] > 3 * pixels[10, 10, 1]
    red, green, blue = pixels[0, 0]
    assert blue > green > red


def test_sides_are_darker_than_fronts_and_tops_lighter():
    def brightness(blocks: np.ndarray, row: int, column: int) -> float:
        pixels = render(Scene(blocks, eye=(1.5, 0.5, 1.5)), 40, samples=1).astype(float)
        return pixels[row - 4 : row + 4, column - 4 : column + 4].mean()

    front, floor, side = world(3, 4, 3), world(3, 4, 3), world(3, 4, 3)
    front[:, 2, :] = Block.IRON
    floor[:, :, 0] = Block.IRON
    side[0] = Block.IRON
    assert (
        brightness(side, 20, 4) * 1.2 < brightness(front, 20, 20) < brightness(floor, 36, 20) / 1.1
    )


def test_corners_between_blocks_get_less_light():
    alone, corner = world(5, 4, 5), world(5, 4, 5)
    alone[:, 2, :] = corner[:, 2, :] = Block.IRON
    corner[3, :2, :] = Block.IRON
    eye = (2.5, 0.5, 2.5)
    free, shaded = (
        render(Scene(blocks, eye), 100, samples=1)[50, 50:].mean(axis=-1)
        for blocks in (alone, corner)
    )
    ratio = shaded / free
    # Towards the block at the right, which then hides the wall, there is less and less light.
    visible = ratio[:19]
    assert visible[0] > 0.92
    assert visible[-1] < 0.89
    assert (np.diff(visible) < 0.01).all()


def test_samples_are_averaged():
    blocks = world(1, 2, 1)
    blocks[0, 1, 0] = Block.COBBLESTONE
    scene = Scene(blocks, eye=(0.5, 0.5, 0.5))
    fine = render(scene, 60, samples=1).astype(float)
    coarse = render(scene, 6, samples=10)
    np.testing.assert_allclose(coarse, fine.reshape(6, 10, 6, 10, 3).mean((1, 3)), atol=0.51)
