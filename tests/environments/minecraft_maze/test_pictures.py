import zlib

import numpy as np
import pytest

from splagger.environments.minecraft_maze.pictures import observed_pictures, picture
from splagger.environments.minecraft_maze.scenes import (
    CELLS,
    PICTURES,
    ROOM_PICTURES,
    room_picture,
    scene,
)


def difference(first: str, second: str) -> float:
    """Root mean square of the difference of two normalised pictures."""
    table = dict(zip(PICTURES, observed_pictures(10), strict=True))
    return float(np.sqrt(np.mean((table[first] - table[second]) ** 2)))


# What the pictures of the published mazes tell apart, and how well.
@pytest.mark.parametrize(
    ("first", "second", "published"),
    [
        ("green", "red", 0.87),
        ("end", "red", 0.45),
        ("room0/0,0", "room1/0,0", 0.27),
        ("room0/0,1", "room1/0,1", 0.35),
        ("room0/-1,1", "room1/-1,1", 0.15),
        ("room0/1,1", "room1/1,1", 0.15),
        ("room0/-1,2", "room0/1,2", 0.14),
        ("room0/-1,3", "room0/1,3", 0.21),
    ],
)
def test_pictures_differ_as_much_as_the_published_ones(first, second, published):
    assert difference(first, second) == pytest.approx(published, rel=0.25)


def test_the_room_type_is_seen_before_and_beside_the_pillar_only():
    different = {cell for cell in CELLS if difference(*(room_picture(t, *cell) for t in (0, 1)))}
    assert different == {(0, 0), (0, 1), (-1, 1), (1, 1)}


ALL = slice(None)
LEFT, MIDDLE, RIGHT = slice(0, 2), slice(4, 6), slice(8, 10)
UPPER = slice(0, 7)


# Mean colours, in the same rows and columns, of the published pictures.
@pytest.mark.parametrize(
    ("name", "rows", "columns", "published"),
    [
        ("green", ALL, ALL, (67, 178, 98)),
        ("red", ALL, ALL, (110, 16, 6)),
        ("end", ALL, ALL, (17, 15, 25)),
        ("room0/0,0", slice(1, 7), slice(3, 7), (180, 180, 180)),
        ("room1/0,0", slice(1, 7), slice(3, 7), (98, 180, 175)),
        ("room0/0,0", slice(3, 7), LEFT, (84, 87, 95)),
        ("room0/0,0", slice(3, 7), RIGHT, (84, 87, 95)),
        ("room0/0,0", slice(9, 10), ALL, (111, 111, 111)),
        ("room0/0,1", ALL, ALL, (182, 182, 182)),
        ("room1/0,1", ALL, ALL, (106, 182, 179)),
        ("room0/-1,1", UPPER, LEFT, (72, 72, 72)),
        ("room0/-1,1", UPPER, MIDDLE, (100, 104, 105)),
        ("room0/-1,1", UPPER, RIGHT, (128, 128, 128)),
        ("room1/-1,1", UPPER, RIGHT, (75, 130, 128)),
        ("room0/-1,1", slice(9, 10), MIDDLE, (114, 114, 114)),
        ("room0/1,1", UPPER, RIGHT, (76, 76, 76)),
        ("room0/1,1", UPPER, LEFT, (135, 135, 135)),
        ("room1/1,1", UPPER, LEFT, (70, 136, 133)),
        ("room0/-1,2", UPPER, slice(3, 7), (104, 118, 122)),
        ("room0/-1,2", UPPER, LEFT, (71, 71, 71)),
        ("room0/-1,2", UPPER, RIGHT, (99, 95, 90)),
        ("room0/1,2", UPPER, slice(3, 7), (110, 98, 92)),
        ("room0/-1,3", ALL, ALL, (106, 118, 121)),
        ("room0/1,3", ALL, ALL, (112, 106, 102)),
        ("room0/0,3", ALL, ALL, (92, 92, 92)),
        ("room0/0,3", UPPER, MIDDLE, (100, 100, 100)),
        ("room0/0,3", UPPER, LEFT, (75, 75, 75)),
        ("room0/0,3", UPPER, RIGHT, (75, 75, 75)),
        ("room0/0,3", slice(9, 10), ALL, (105, 105, 105)),
    ],
)
def test_mean_colours_are_near_the_published_ones(name, rows, columns, published):
    colour = picture(name, 10)[rows, columns].reshape(-1, 3).mean(axis=0)
    np.testing.assert_allclose(colour, published, atol=16)


def test_sky_is_seen_in_the_upper_corners_of_the_entrance():
    for room_type in (0, 1):
        pixels = picture(room_picture(room_type, 0, 0), 10)
        for corner in (pixels[0, 0], pixels[0, 9]):
            np.testing.assert_allclose(corner, (140, 165, 240), atol=20)


def test_observations_are_rows_from_the_bottom_normalised():
    observed = observed_pictures(10)
    assert observed.shape == (len(PICTURES), 300)
    assert not observed.flags.writeable
    number = PICTURES.index("room1/-1,1")
    pixels = picture("room1/-1,1", 10).astype(float)
    for row, column, channel in ((0, 0, 0), (9, 0, 2), (3, 7, 1)):
        place = ((9 - row) * 10 + column) * 3 + channel
        assert observed[number, place] == (pixels[row, column, channel] - 128) / 128
    assert (observed[PICTURES.index("black")] == -1).all()
    assert observed.min() == -1
    assert observed.max() < 1


def test_room_pictures_are_numbered():
    for room_type in (0, 1):
        for x, y in CELLS:
            name = PICTURES[ROOM_PICTURES[room_type, x + 1, y]]
            assert name == room_picture(room_type, x, y)


def test_resolutions_agree():
    # The same scene, sampled otherwise: averaged to one size they are alike.
    fine = picture("room1/-1,1", 60).astype(float).reshape(10, 6, 10, 6, 3).mean((1, 3))
    assert np.abs(fine - picture("room1/-1,1", 10)).mean() < 3


def test_the_eye_stands_in_air():
    for name in PICTURES:
        if name != "black":
            seen = scene(name)
            assert seen.blocks[tuple(int(coordinate) for coordinate in seen.eye)] == 0


def test_the_same_on_every_machine():
    pixels = np.stack([picture(name, 10) for name in PICTURES])
    assert zlib.crc32(pixels.tobytes()) == CHECKSUM


# To be changed only together with the pictures: what agents have learned depends on them.
CHECKSUM = 30225283
