import numpy as np
import pytest
from support.trials import trial_record

from splagger.environments.canvas import AGENT, DANGER, GOAL, INK, LINE
from splagger.reporting.animation.sheet import Sheet, blank, mixed, rgb
from splagger.reporting.animation.timeline import Axis, Timeline
from splagger.training.trial_record import TrialRecord

LEFT, WIDTH = 10, 80


def axis_of(record: TrialRecord) -> Axis:
    return Axis(LEFT, WIDTH, 1, len(record.moments))


def strip(record: TrialRecord, now: int) -> np.ndarray:
    timeline = Timeline(record, axis_of(record))
    sheet = Sheet(blank(LEFT + WIDTH + 10, round(timeline.height)), 1)
    timeline.draw(sheet, 0, now)
    return np.asarray(sheet.image)


def columns_with(picture: np.ndarray, colour: str) -> list[int]:
    return np.flatnonzero(np.all(picture == rgb(colour), axis=-1).any(axis=0)).tolist()


def heights(picture: np.ndarray, colours: list[str]) -> np.ndarray:
    """How many pixels of these colours each moment has in the middle of its bar."""
    found = sum(np.all(picture == rgb(colour), axis=-1).sum(axis=0) for colour in colours)
    return np.asarray(found)[LEFT + 4 : LEFT + WIDTH : 10]


def test_moments_share_the_pixels():
    assert Axis(0, 10, 1, 4).edges.tolist() == [0, 2, 5, 7, 10]
    assert Axis(0, 10, 2, 4).pixels == 20


def test_where_several_moments_share_a_pixel_the_largest_is_seen():
    values = np.zeros(1000)
    values[[3, 505, 506]] = -2.0, 1.0, -0.5
    columns = Axis(0, 10, 1, 1000).columns(values)
    assert columns.tolist() == [-2, 0, 0, 0, 0, 1, 0, 0, 0, 0]


def test_bars_are_as_high_as_the_memory_changed():
    # Moments of each episode: the start, then changes of 1, 2 and 3.
    record = trial_record()
    found = heights(strip(record, 7), [AGENT])
    assert found[3] == found[7] > 30
    np.testing.assert_allclose(found, found[3] * np.array([0, 1, 2, 3] * 2) / 3, atol=1)


def test_what_is_to_come_is_pale():
    record = trial_record()
    picture = strip(record, 3)
    past, future = columns_with(picture, AGENT), columns_with(picture, mixed(AGENT, 0.3))
    assert max(past) < LEFT + 40 <= min(future)


def test_rewards_stand_above_and_hang_below_zero():
    picture = strip(trial_record(remembers=False), 7)
    good, bad = (np.all(picture == rgb(colour), axis=-1) for colour in (GOAL, DANGER))
    up, down = good[:40], bad[:40]
    assert np.flatnonzero(up.any(axis=1)).max() < np.flatnonzero(down.any(axis=1)).min()
    # The zero line lies on the first pixel below it.
    lowest = down.sum(axis=0).max() + 1
    assert up.sum(axis=0).max() == pytest.approx(2 * lowest, abs=1)


@pytest.mark.parametrize(
    ("rewards", "colours"), [((1.0,), (True, False)), ((-1.0,), (False, True)), ((0.0,), (0, 0))]
)
def test_rewards_of_one_sign_have_all_of_the_room(rewards, colours):
    picture = strip(trial_record(remembers=False, rewards=rewards, has_success=False), 7)
    found = [bool(columns_with(picture, colour)) for colour in (GOAL, DANGER)]
    assert found == list(map(bool, colours))


def test_rare_rewards_are_wide_enough_to_be_seen():
    record = trial_record(1, 400, rewards=[*[0.0] * 399, 1.0], has_success=False)
    assert len(columns_with(strip(record, 400), GOAL)) >= 2


def test_the_present_is_marked():
    for now in range(8):
        marks = columns_with(strip(trial_record(remembers=False), now)[16:30], INK)
        assert LEFT + 10 * now + 9 in marks


def test_without_a_memory_there_is_no_lane_for_it():
    with_memory, without = (
        Timeline(record, axis_of(record)).height
        for record in (trial_record(), trial_record(remembers=False))
    )
    assert without < with_memory - 40
    assert columns_with(strip(trial_record(remembers=False), 7), AGENT) == []


def test_how_an_episode_ended_shows_when_it_is_over():
    # The first fails and the second succeeds.
    record = trial_record(rewards=(0.0,))
    below = [strip(record, now)[-14:].astype(int) for now in (2, 3, 7)]
    red, green, blue = np.moveaxis(np.stack(below), -1, 0)
    assert (red > blue + 60).any(axis=(1, 2)).tolist() == [False, True, True]
    assert (green > red + 60).any(axis=(1, 2)).tolist() == [False, False, True]


def test_numbers_that_are_not_finite_are_left_out():
    record = trial_record(rewards=(float("nan"), float("inf"), 1.0))
    assert columns_with(strip(record, 7), GOAL)


def test_lines_divide_the_episodes_of_a_trial_that_was_left_early():
    record = trial_record(3, 3, rewards=(0.0,))
    cut = trial_record(moments=record.moments[:10], rewards=(0.0,), has_success=False)
    lane = strip(cut, 0)[16:50]
    divided = np.flatnonzero((lane == rgb(LINE)).all(axis=(0, 2)))
    assert divided.tolist() == [LEFT + 32, LEFT + 64]
