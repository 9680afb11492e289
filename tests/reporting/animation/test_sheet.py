import numpy as np

from splagger.environments.canvas import AGENT
from splagger.reporting.animation.sheet import Sheet, blank, mixed, rgb


def test_shapes_lie_where_they_were_asked_for_at_every_scale():
    for scale in (1, 2.0):
        sheet = Sheet(blank(int(40 * scale), int(20 * scale)), scale)
        sheet.rectangle(10, 5, 20, 10, AGENT)
        inside = np.all(np.asarray(sheet.image) == rgb(AGENT), axis=-1)
        rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
        assert (rows[0], rows[-1] + 1) == (5 * scale, 15 * scale)
        assert (columns[0], columns[-1] + 1) == (10 * scale, 30 * scale)


def test_the_corners_of_a_pill_are_round():
    sheet = Sheet(blank(40, 20), 1)
    sheet.pill(0, 0, 40, 20, "#000000")
    pixels = np.asarray(sheet.image)
    assert pixels[10, 1].max() < 60
    assert pixels[0, 0].min() == 255


def test_words_are_cut_to_the_room():
    sheet = Sheet(blank(300, 30), 1)
    whole = sheet.text(0, 20, "weighted-softmax", 12)
    assert 60 < whole < 200
    assert sheet.text(0, 20, "weighted-softmax", 12, width=whole + 1) == whole
    assert sheet.text(0, 20, "weighted-softmax", 12, width=50) <= 50
    assert sheet.text(0, 20, "weighted-softmax", 12, bold=True) > whole


def test_mixed_colours():
    assert mixed("#000000", 1.0) == "#000000"
    assert mixed("#000000", 0.0) == "#FFFFFF"
    assert mixed("#0072B2", 0.5, "#000000") == "#003959"
