import numpy as np
from support.trials import trial_record

from splagger.environments.canvas import DANGER
from splagger.reporting.animation.frames import Frames
from splagger.reporting.animation.palette import COLOURS, Palette
from splagger.reporting.animation.sheet import rgb


def restored(palette: Palette, frame: np.ndarray) -> np.ndarray:
    return palette.colours[palette.indices(frame)].astype(int)


def test_few_colours_stay_as_they_are():
    frames = [np.full((4, 4, 3), shade, np.uint8) for shade in (0, 17, 90)]
    palette = Palette(frames)
    for frame in frames:
        np.testing.assert_array_equal(restored(palette, frame), frame)


def test_colours_of_the_frames_parts_are_exact_even_where_they_are_rare():
    frames = list(Frames(trial_record(), size=240))
    picture = frames[0].copy()
    # A mark of a few pixels in a frame that the palette was not made from.
    picture[:2, :2] = rgb(DANGER)
    palette = Palette(frames)
    assert len(palette.colours) <= COLOURS
    apart = np.abs(restored(palette, picture) - picture)
    assert apart[:2, :2].max() == 0
    assert apart.mean() < 0.2
    assert np.median(apart) == 0


def test_many_colours_become_near_ones():
    generator = np.random.default_rng(0)
    frame = generator.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    palette = Palette([frame])
    assert len(palette.colours) <= COLOURS
    apart = np.abs(restored(palette, frame) - frame)
    assert apart.mean() < 20
    # Each the nearest there is.
    distances = np.sum((frame[5, 5].astype(int) - palette.colours.astype(int)) ** 2, axis=-1)
    assert palette.indices(frame)[5, 5] == np.argmin(distances)
