import jax.numpy as jnp
import numpy as np
import pytest

from splagger.environments.grid_navigation.grid_navigation import (
    GridNavigation,
    GridState,
    GridTask,
)

HALL = GridNavigation(size=60, steps=200, door_spacing=1)


def picture(grid: GridNavigation, goal, agent, visited=(), size: int = 256):
    task = GridTask(jnp.array(goal))
    state, _ = grid.start(task, None, jnp.array(agent))
    seen = np.zeros((grid.size, grid.height), dtype=bool)
    for cell in visited:
        seen[cell] = True
    state = GridState(
        position=state.position,
        timestep=state.timestep,
        visited=jnp.asarray(seen.reshape(-1)),
        reached=state.reached,
        belief=None,
    )
    return grid.render(task, state, size)


def changed(first, second):
    """Rows and columns of the pixels in which two pictures differ."""
    return np.nonzero((first != second).any(axis=-1))


@pytest.mark.parametrize("size", [64, 256])
def test_the_longer_side_has_the_size_that_was_asked_for(size):
    assert picture(GridNavigation(), (4, 4), (0, 0), size=size).shape == (size, size, 3)
    hall = picture(HALL, (5, 1), (0, 0), size=size)
    assert max(hall.shape) == size
    assert min(hall.shape[:2]) > size / 2


@pytest.mark.parametrize("change", [{"agent": (2, 1)}, {"goal": (2, 4)}, {"visited": [(1, 0)]}])
def test_a_grid_changes_where_something_changed(change):
    scene = {"goal": (4, 2), "agent": (0, 0)}
    rows, columns = changed(
        picture(GridNavigation(), **scene, size=250),
        picture(GridNavigation(), **scene | change, size=250),
    )
    cells = set(zip((columns // 50).tolist(), (4 - rows // 50).tolist(), strict=True))
    ((name, value),) = change.items()
    expected = set(value) if name == "visited" else {scene[name], value}
    assert cells == expected


def test_colours_of_a_grid():
    scene = picture(GridNavigation(), (4, 2), (0, 0), [(3, 3)], size=250)

    def at(x, y):
        return tuple(scene[249 - int(y * 50), int(x * 50)].tolist())

    agent, possible, nothing, visited = at(0.5, 0.5), at(2.5, 2.5), at(1.5, 1.5), at(3.5, 3.5)
    assert agent == (0, 0x72, 0xB2)
    assert possible == (0xE6, 0x9F, 0)
    assert len({agent, possible, nothing, visited}) == 4
    # The agent and the flag are both seen where they meet.
    meeting = picture(GridNavigation(), (4, 2), (4, 2), size=250)
    for colour in ((0, 0x72, 0xB2), (0, 0x9E, 0x73)):
        assert (meeting == colour).all(axis=-1).sum() > 30


@pytest.mark.parametrize("change", [{"agent": (40, 0)}, {"goal": (59, 1)}, {"visited": [(33, 1)]}])
def test_a_hall_changes_where_something_changed(change):
    scene = {"goal": (7, 1), "agent": (12, 0)}
    before, after = picture(HALL, **scene, size=256), picture(HALL, **scene | change, size=256)
    rows, columns = changed(before, after)
    # No more than two cells of some 20 pixels.
    assert 20 < len(rows) < 2 * 20 * 20
    # Five rows of twelve cells: the second number of a place is its column.
    ((name, value),) = change.items()
    places = value if name == "visited" else [scene[name], value]
    cell = before.shape[1] / 13
    found = set((columns // cell).astype(int).tolist())
    assert found == {1 + x % 12 for x, _ in places}
