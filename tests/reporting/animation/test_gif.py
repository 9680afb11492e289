import io

import numpy as np
from PIL import Image
from support.trials import trial_record

from splagger.reporting.animation.frames import Frames
from splagger.reporting.animation.gif import gif_bytes


def test_frames_and_durations_come_back():
    frames = Frames(trial_record(), size=240)
    durations = [0.05, 0.05, 0.1, 0.9, 0.05, 0.001, 0.05, 2.0]
    content = gif_bytes(frames, durations, range(8))
    with Image.open(io.BytesIO(content)) as image:
        assert image.n_frames == 8
        assert image.info["loop"] == 0
        for number, frame in enumerate(frames):
            image.seek(number)
            expected = 10 * max(2, round(100 * durations[number]))
            assert image.info["duration"] == expected
            apart = np.abs(np.asarray(image.convert("RGB")).astype(int) - frame)
            assert apart.mean() < 0.3


def test_equal_frames_give_equal_bytes():
    contents = [gif_bytes(Frames(trial_record(), size=200), [0.05] * 8, range(8)) for _ in range(2)]
    assert contents[0] == contents[1]


def test_what_does_not_change_costs_nothing():
    def length(number: int) -> int:
        frames = Frames(trial_record(1, number), size=200)
        return len(gif_bytes(frames, [0.05] * len(frames), range(len(frames))))

    assert (length(40) - length(20)) / 20 < 700
