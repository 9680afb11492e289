"""Checks of what figures are given."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from splagger.foundation.errors import UserError


def check_rows(values: Any, name: str, columns: str, *, finite: bool = True) -> np.ndarray:
    """Requires numbers with a row for every seed.

    **Arguments:**

    - `values`: `[seed, column]`, at least one of each.
    - `name`: what they are called in a message.
    - `columns`: what a column is, in one word.
    - `finite`: whether all numbers must be finite.

    **Returns:** the same as floating-point numbers.

    **Raises:** `UserError` if it is otherwise.
    """
    rows = np.asarray(values, float)
    if rows.ndim != 2 or 0 in rows.shape:
        raise UserError(
            f"{name} have the shape {rows.shape}, but it must be [seed, {columns}] with at least "
            "one of each."
        )
    if finite and not np.isfinite(rows).all():
        raise UserError(
            f"{name} contain {rows[~np.isfinite(rows)][0]}, but every number must be finite."
        )
    return rows


def check_frames(values: Any, name: str, count: int) -> np.ndarray:
    """Requires the frames of `count` points of a curve, rising and not below 0.

    **Arguments:**

    - `values`: `[point]`.
    - `name`: what they are called in a message.
    - `count`: how many there must be.

    **Returns:** the same as an array.

    **Raises:** `UserError` if it is otherwise.
    """
    frames = np.asarray(values)
    if frames.shape != (count,):
        raise UserError(f"{name} have the shape {frames.shape}, but it must be ({count},).")
    if not (np.all(np.diff(frames) > 0) and frames[0] >= 0):
        raise UserError(f"{name} are {frames}, but they must rise and not be below 0.")
    return frames


def check_panels(panels: Sequence[Any], name: str) -> None:
    """Requires at least one panel, and in each of them something to draw.

    **Arguments:**

    - `panels`: each with a title and a collection, its field `name`.
    - `name`: of that field.

    **Raises:** `UserError` if it is otherwise.
    """
    if not panels:
        raise UserError("a figure of no panel was asked for, but it must have at least one.")
    for panel in panels:
        if not getattr(panel, name):
            raise UserError(f"the panel '{panel.title}' has no {name}, but it must have some.")
