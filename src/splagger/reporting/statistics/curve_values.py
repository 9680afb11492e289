"""What is made of learning curves: a number for a whole one, a smoother one, a shorter one."""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from splagger.foundation.checks import check_at_least
from splagger.foundation.errors import UserError

_WINDOW = 0.1  # of all evaluations, as published
_SMALLEST_WINDOW = 2
_ROUNDING = 1e-9  # what a product may lack of a whole number


def training_mean(returns: np.ndarray) -> np.ndarray:
    """Returns the plain mean of all evaluations, not smoothed: the published metric of a run.

    **Arguments:**

    - `returns`: `[..., evaluation]`, at least one evaluation.

    **Returns:** `[...]`.

    **Raises:** `UserError` if there is no evaluation.
    """
    return np.asarray(_evaluations(returns).mean(axis=-1))


def area_under_curve(frames: np.ndarray, returns: np.ndarray) -> np.ndarray:
    """Returns the area under a curve divided by its range of frames, in units of the return.

    Between evaluations the curve is straight. Other than in `training_mean`, evaluations count
    for as many frames as there are between them. The area of a single evaluation is its return.

    **Arguments:**

    - `frames`: `[evaluation]`, increasing.
    - `returns`: `[..., evaluation]`, at least one evaluation.

    **Returns:** `[...]`.

    **Raises:** `UserError` if there is no evaluation, if their numbers differ, or if `frames` do
    not increase.
    """
    heights = _evaluations(returns)
    places = _increasing(frames, heights.shape[-1])
    if len(places) == 1:
        return np.asarray(heights[..., 0])
    return np.asarray(np.trapezoid(heights, places, axis=-1) / (places[-1] - places[0]))


def final_mean(returns: np.ndarray, share: float = 0.1) -> np.ndarray:
    """Returns the mean of the last evaluations.

    **Arguments:**

    - `returns`: `[..., evaluation]`, at least one evaluation.
    - `share`: how large a part of the evaluations, above 0 and at most 1. Their number is rounded
        down, but at least one counts.

    **Returns:** `[...]`.

    **Raises:** `UserError` if there is no evaluation or `share` is not valid.
    """
    if not 0 < share <= 1:
        raise UserError(f"share is {share}, but it must be above 0 and at most 1.")
    values = _evaluations(returns)
    last = max(1, _part(share, values.shape[-1]))
    return np.asarray(values[..., -last:].mean(axis=-1))


def smooth(returns: np.ndarray) -> np.ndarray:
    """Returns the running mean that the paper's figures show.

    The value of an evaluation becomes the mean of it and those before it: of as many as are a
    tenth of all, rounded down, but two at least. Where there are too few before it, the first
    evaluation stands in for them, so that it stays what it is.

    **Arguments:**

    - `returns`: `[..., evaluation]`, at least one evaluation.

    **Returns:** `[..., evaluation]`.

    **Raises:** `UserError` if there is no evaluation.
    """
    values = _evaluations(returns)
    window = max(_SMALLEST_WINDOW, _part(_WINDOW, values.shape[-1]))
    before = np.repeat(values[..., :1], window - 1, axis=-1)
    padded = np.concatenate([before, values], axis=-1)
    return sliding_window_view(padded, window, axis=-1).mean(axis=-1)


def thin(count: int, most: int = 200) -> np.ndarray:
    """Returns which evaluations are drawn where there are too many, as in the paper's figures.

    They are number i `count` / `most`, rounded, for i from 0 to `most` - 1. So the first is always
    drawn, and the last is not where there are more than one and a half times `most`.

    **Arguments:**

    - `count`: how many there are, at least 0.
    - `most`: how many to draw, at least 1.

    **Returns:** `[evaluation]`, increasing numbers from 0 to `count` - 1; all of them where
    `count` is at most `most`.

    **Raises:** `UserError` if `count` or `most` is too small.
    """
    check_at_least("count", count, 0)
    check_at_least("most", most, 1)
    if count <= most:
        return np.arange(count)
    return np.rint(np.arange(most) * count / most).astype(int)


def frames_to(
    frames: np.ndarray, values: np.ndarray, threshold: float, in_a_row: int = 3
) -> int | None:
    """Returns how many frames one curve needs to reach a threshold and stay there for a while.

    **Arguments:**

    - `frames`: `[evaluation]`, increasing.
    - `values`: `[evaluation]`.
    - `threshold`: what is to be reached: values that are at least as high count.
    - `in_a_row`: how many evaluations in a row must reach it, at least 1; one alone may be luck.

    **Returns:** the frames at the first evaluation of the first such row, or None where there is
    none.

    **Raises:** `UserError` if `values` has another number of axes, if numbers of evaluations
    differ, if `frames` do not increase, or if `in_a_row` is too small.
    """
    check_at_least("in_a_row", in_a_row, 1)
    heights = np.asarray(values, float)
    if heights.ndim != 1:
        raise UserError(f"values have the shape {heights.shape}, but it must be [evaluation].")
    places = _increasing(frames, len(heights))
    if len(heights) < in_a_row:
        return None
    reached = sliding_window_view(heights >= threshold, in_a_row).all(axis=-1)
    return int(places[np.argmax(reached)]) if reached.any() else None


def _part(share: float, count: int) -> int:
    """A share of a number, rounded down; 0.29 of 100 is 29."""
    return math.floor(share * count + _ROUNDING)


def _evaluations(returns: np.ndarray) -> np.ndarray:
    """The returns as floating-point numbers.

    **Raises:** `UserError` if there is no evaluation.
    """
    values = np.asarray(returns, float)
    if values.ndim == 0 or values.shape[-1] == 0:
        raise UserError(
            f"the returns have the shape {values.shape}, but it must be [..., evaluation] with at "
            "least one evaluation."
        )
    return values


def _increasing(frames: np.ndarray, count: int) -> np.ndarray:
    """The frames of `count` evaluations.

    **Raises:** `UserError` if they are not so many, or do not increase.
    """
    places = np.asarray(frames)
    if places.shape != (count,):
        raise UserError(
            f"frames have the shape {places.shape}, but there must be {count}, one for each "
            "evaluation."
        )
    if not (np.diff(places) > 0).all():
        raise UserError("frames do not increase, but each must be above the one before it.")
    return places
