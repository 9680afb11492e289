import numpy as np

from splagger.environments.minecraft_maze.plan import end_plan, indicator_plan, room_plan
from splagger.environments.minecraft_maze.scenes import CELLS


def test_every_cell_and_type_looks_different():
    plans = [room_plan(66, *cell, kind, "room") for cell in CELLS for kind in (0, 1)]
    assert len({plan.tobytes() for plan in plans}) == 2 * len(CELLS)
    assert plans[0].shape == (66, 50, 3)


def test_the_end_marks_the_right_side():
    left, right = end_plan(66, 0, False, ""), end_plan(66, 0, True, "")
    rows, columns = np.nonzero((left != right).any(axis=-1))
    assert set(columns // 10) == {1, 3}
    assert np.ptp(rows) <= 10


def test_the_indicator_shows_its_colours_around_the_agent():
    plans = {
        indicator_plan(66, place, green, "").tobytes()
        for green in ([True], [False], [True, False], [False, True])
        for place in range(len(green))
    }
    assert len(plans) == 6
    long = [False] * 9 + [True]
    assert (indicator_plan(66, 8, long, "") != indicator_plan(66, 1, long, "")).any()
