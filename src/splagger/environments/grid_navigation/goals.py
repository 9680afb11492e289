"""Which cells can hide the goal of a grid or a hall."""

import functools

Cell = tuple[int, int]
"""x and y."""


@functools.cache
def possible_goals(
    size: int, start_cell: Cell | None, door_spacing: int | None, ring: bool
) -> tuple[Cell, ...]:
    """All cells that can be the goal, ordered by x and then by y.

    **Arguments:**

    - `size`: cells of a side of the grid, or of the hall.
    - `start_cell`: where episodes start, or `None` where that is random.
    - `door_spacing`: in a hall, the goals are behind its doors, at every `door_spacing`-th cell but
        the first; `None` in a grid.
    - `ring`: whether only the grid's border can hide the goal.

    In a grid with a fixed start neither that cell nor its eight neighbours hide the goal (in a
    ring its neighbours may).
    """
    if door_spacing is not None:
        return tuple((x, 1) for x in range(door_spacing, size, door_spacing))
    cells = [(x, y) for x in range(size) for y in range(size)]
    if ring:
        return tuple(
            (x, y)
            for x, y in cells
            if (x in (0, size - 1) or y in (0, size - 1)) and (x, y) != start_cell
        )
    return tuple(cell for cell in cells if start_cell is None or _apart(cell, start_cell))


def _apart(cell: Cell, start: Cell) -> bool:
    return max(abs(cell[0] - start[0]), abs(cell[1] - start[1])) > 1
