import numpy as np

from splagger.environments.minecraft_maze.textures import Block, textures


def test_every_block_has_a_texture_of_its_own():
    drawn = textures()
    assert drawn.shape == (len(Block), 16, 16, 3)
    assert not drawn[Block.AIR].any()
    for block in Block:
        if block != Block.AIR:
            assert len(np.unique(drawn[block].reshape(-1, 3), axis=0)) >= 5
            others = [other for other in Block if other != block]
            assert all((drawn[block] != drawn[other]).any() for other in others)


def test_colours():
    def mean(block: Block) -> np.ndarray:
        return textures()[block].reshape(-1, 3).mean(0)

    for block in (Block.STONE, Block.FLOOR, Block.IRON):
        assert np.ptp(mean(block)) < 1
    assert mean(Block.IRON).mean() > 1.5 * mean(Block.STONE).mean()
    red, green, blue = mean(Block.EMERALD)
    assert green > 1.5 * max(red, blue)
    red, green, blue = mean(Block.REDSTONE)
    assert red > 5 * max(green, blue)
    assert mean(Block.OBSIDIAN).max() < 50
    cyan, tan = (mean(ore) - mean(Block.STONE) for ore in (Block.DIAMOND_ORE, Block.IRON_ORE))
    assert cyan[2] > cyan[0] + 10
    assert tan[0] > tan[2] + 10


def test_textures_cannot_be_changed():
    assert not textures().flags.writeable
