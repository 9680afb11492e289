import numpy as np
import pytest
from support.trials import trial_record

from splagger.environments.canvas import AGENT, HINT
from splagger.reporting.animation.observations import ObservationStrips
from splagger.reporting.animation.sheet import Sheet, blank, rgb
from splagger.reporting.animation.timeline import Axis
from splagger.training.trial_record import Moment

LEFT, WIDTH = 20, 80


def strips(values: np.ndarray, now: int) -> np.ndarray:
    moments = tuple(Moment(0, step, row) for step, row in enumerate(values))
    record = trial_record(pictures=False, moments=moments)
    drawn = ObservationStrips(record, Axis(LEFT, WIDTH, 1, len(moments)))
    sheet = Sheet(blank(LEFT + WIDTH + 40, round(drawn.height)), 1)
    drawn.draw(sheet, 0, now)
    return np.asarray(sheet.image).astype(int)


def test_rows_have_the_colours_of_their_signs_on_their_own_scales():
    picture = strips(np.array([[1.0, -100.0], [0.5, 0.0], [-1.0, 50.0], [0.0, 0.0]]), 3)
    middle = picture[16:][[9, 27]][:, LEFT + 5 : LEFT + WIDTH : 20]
    warm, cold, white = rgb(HINT), rgb(AGENT), np.full(3, 255.0)
    expected = [[warm, (warm + 255) / 2, cold, white], [cold, white, (warm + 255) / 2, white]]
    np.testing.assert_allclose(middle, expected, atol=1)


def test_what_is_to_come_is_not_shown():
    values = np.tile(np.array([[1.0, -1.0]]), (8, 1))
    picture = strips(values, 3)[25]
    assert (picture[LEFT + 20] == rgb(HINT)).all()
    assert not (picture[LEFT + 41 :] == rgb(HINT)).all(axis=-1).any()


@pytest.mark.parametrize("numbers", [1, 12, 40, 3000])
def test_any_number_of_rows_has_room(numbers: int):
    values = np.random.default_rng(0).normal(size=(5, numbers))
    assert strips(values, 4).shape[0] <= 186


def test_numbers_that_are_not_finite_are_white():
    values = np.array([[np.nan, 1.0], [np.inf, 1.0]])
    assert (strips(values, 1)[20, LEFT + 5] == 255).all()
