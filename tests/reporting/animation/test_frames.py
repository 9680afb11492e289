import numpy as np
import pytest
from support.trials import trial_record

from splagger.environments.canvas import INK
from splagger.reporting.animation.frames import MOST_MOMENTS, Frames
from splagger.reporting.animation.sheet import rgb


@pytest.mark.parametrize("size", [160, 333, 480])
@pytest.mark.parametrize("pictures", [True, False])
def test_frames_have_one_size_of_even_numbers(size: int, pictures: bool):
    frames = Frames(trial_record(pictures=pictures), size=size)
    assert len(frames) == 8
    assert abs(frames.shape[1] - size) <= 1
    assert frames.shape[0] % 2 == frames.shape[1] % 2 == 0
    assert {frame.shape for frame in frames} == {frames.shape}
    assert frames[0].dtype == np.uint8


def test_every_frame_shows_its_own_picture():
    record = trial_record()
    for number, frame in enumerate(Frames(record, size=480)):
        assert (frame[150, 240] == 200 - number).all()


def test_a_picture_keeps_its_proportions():
    wide = np.full((50, 200, 3), 7, np.uint8)
    high = np.full((200, 50, 3), 7, np.uint8)
    for picture, shape in [(wide, (120, 480)), (high, (300, 75))]:
        frame = Frames(trial_record(pictures=[picture] * 8), size=480)[0]
        inside = (frame == 7).all(axis=-1)
        assert (inside.any(axis=1).sum(), inside.any(axis=0).sum()) == shape


def test_pixels_of_small_pictures_stay_sharp():
    checks = np.indices((8, 8)).sum(axis=0)[..., None].repeat(3, axis=-1) % 2 * 200
    pictures = [checks.astype(np.uint8)] * 8
    frame = Frames(trial_record(pictures=pictures), size=480)[0]
    assert set(np.unique(frame[60:340, 100:380])) == {0, 200}


def test_without_pictures_observations_are_drawn():
    frames = Frames(trial_record(pictures=False), size=480)
    assert frames.shape[0] < Frames(trial_record(), size=480).shape[0]
    # The mark of the present goes on through the observations.
    columns = [
        set(np.flatnonzero((f[80] == rgb(INK)).all(axis=-1))) for f in (frames[0], frames[5])
    ]
    assert len(columns[0]) == 1
    assert min(columns[1]) > min(columns[0])


def test_a_stride_keeps_starts_and_ends():
    record = trial_record(2, 10)
    assert Frames(record, size=200).shown == tuple(range(22))
    assert Frames(record, size=200, stride=4).shown == (0, 4, 8, 10, 11, 12, 16, 20, 21)
    assert Frames(record, size=200, stride=100).shown == (0, 10, 11, 21)


def test_a_trial_that_stopped_early_is_shown_to_its_last_moment():
    record = trial_record(1, 10)
    cut = trial_record(moments=record.moments[:7])
    assert Frames(cut, size=200, stride=4).shown == (0, 4, 6)


def test_of_long_trials_fewer_moments_are_shown():
    frames = Frames(trial_record(1, 3 * MOST_MOMENTS), size=200)
    assert MOST_MOMENTS / 2 < len(frames) <= MOST_MOMENTS + 2


def test_there_are_pauses_where_episodes_start_and_end():
    durations = np.asarray(Frames(trial_record(2, 3), size=200).durations(10))
    assert (durations[[1, 2, 5, 6]] == 0.1).all()
    assert (durations[[0, 3, 4]] > 0.4).all()
    assert durations[7] > 1


def test_pauses_of_many_episodes_are_short():
    durations = Frames(trial_record(100, 1), size=200).durations(50)
    assert sum(durations) < 200 / 50 + 20
    assert durations[0] > 1 / 50
