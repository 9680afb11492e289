"""A way into every cell."""

import numpy as np
from jaxtyping import Int

# In the order of the actions 1 to 4: up, right, down, left.
_MOVES = np.array([(0, 1), (1, 0), (0, -1), (-1, 0)])


def ways_in(
    size: int, height: int, door_spacing: int | None
) -> tuple[Int[np.ndarray, "cells 2"], Int[np.ndarray, "cells"]]:
    """For every cell a neighbour from which one step leads into it.

    **Arguments:**

    - `size`, `height`: how many values x and y have; cell (x, y) is number x * height + y.
    - `door_spacing`: as in `GridNavigation`.

    **Returns:** x and y of the neighbours, and the actions. A cell in a hall that has no way in is
    its own neighbour, with the action 0, to stay.
    """
    cells = np.stack(np.divmod(np.arange(size * height), height), axis=-1)
    before = cells[:, None] - _MOVES
    inside = np.all((before >= 0) & (before < (size, height)), axis=-1)
    if door_spacing is not None:
        x, y = before[..., 0], before[..., 1]
        door = (x % door_spacing == 0) & (x > 0)
        inside &= np.where(_MOVES[:, 0] == 0, door, y == 0)
    chosen = np.argmax(inside, axis=1)
    reachable = np.any(inside, axis=1)
    neighbours = before[np.arange(len(cells)), chosen]
    return np.where(reachable[:, None], neighbours, cells), np.where(reachable, chosen + 1, 0)
