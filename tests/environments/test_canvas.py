import numpy as np
import pytest

from splagger.environments.canvas import AGENT, Canvas

RED, BLUE = (255, 0, 0), (0, 0, 255)


@pytest.mark.parametrize(
    ("width", "height", "shape"),
    [(2, 1, (50, 100, 3)), (1, 4, (100, 25, 3)), (3, 3, (100, 100, 3))],
)
def test_the_longer_side_has_the_size_that_was_asked_for(width, height, shape):
    picture = Canvas(width, height, size=100).array()
    assert picture.shape == shape
    assert picture.dtype == np.uint8


def test_y_grows_upwards():
    canvas = Canvas(2, 2, size=40, background="#000000")
    canvas.rectangle(0, 0, 1, 1, RED)
    canvas.rectangle(1, 1, 1, 1, BLUE)
    picture = canvas.array()
    assert tuple(picture[35, 5]) == RED
    assert tuple(picture[5, 35]) == BLUE
    assert not picture[5, 5].any()


def test_shapes_and_words_leave_marks_where_they_are_drawn():
    canvas = Canvas(4, 1, size=160)
    canvas.circle(0.5, 0.5, 0.3, AGENT)
    canvas.polygon([(1.2, 0.2), (1.8, 0.2), (1.5, 0.8)], RED)
    canvas.line([(2.1, 0.5), (2.9, 0.5)], BLUE, width=0.1)
    canvas.text(3.5, 0.5, "3", height=0.6)
    picture = canvas.array()
    assert tuple(picture[20, 20]) == (0, 0x72, 0xB2)
    assert tuple(picture[25, 60]) == RED
    assert tuple(picture[20, 100]) == BLUE
    assert picture[:, 125:155].min() < 100
    assert picture[:, 81:83].min() == 255
