import io

import numpy as np
from PIL import Image
from support.trials import read_gif, trial_record

from splagger.reporting.animation.frames import Frames
from splagger.reporting.animation.gif import gif_bytes


def test_frames_and_durations_come_back():
    frames = Frames(trial_record(), size=240)
    durations = [0.05, 0.05, 0.1, 0.9, 0.05, 0.001, 0.05, 2.0]
    content = gif_bytes(frames, durations, range(8))
    found, milliseconds = read_gif(content)
    assert milliseconds == [50, 50, 100, 900, 50, 20, 50, 2000]
    for expected, frame in zip(frames, found, strict=True):
        assert np.abs(expected.astype(int) - frame).mean() < 0.3
    # Players show it again and again.
    with Image.open(io.BytesIO(content)) as image:
        assert image.info["loop"] == 0


def test_equal_frames_give_equal_bytes():
    contents = [gif_bytes(Frames(trial_record(), size=200), [0.05] * 8, range(8)) for _ in range(2)]
    assert contents[0] == contents[1]


def test_what_does_not_change_costs_nothing():
    def length(number: int) -> int:
        frames = Frames(trial_record(1, number), size=200)
        return len(gif_bytes(frames, [0.05] * len(frames), range(len(frames))))

    assert (length(40) - length(20)) / 20 < 700
