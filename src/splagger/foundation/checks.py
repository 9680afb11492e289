"""Checks of settings: each says in one sentence what is wrong and what would be right."""

import math
from typing import Any

from splagger.foundation.errors import UserError


def check_at_least(name: str, value: float | int, minimum: float | int) -> None:
    """Requires a finite number of at least `minimum`.

    **Raises:** `UserError`, naming the setting `name`.
    """
    if not math.isfinite(value) or value < minimum:
        raise UserError(f"{name} is {value}, but it must be a finite number >= {minimum}.")


def check_finite(name: str, value: float | int) -> None:
    """Requires a finite number.

    **Raises:** `UserError`, naming the setting `name`.
    """
    if not math.isfinite(value):
        raise UserError(f"{name} is {value}, but it must be a finite number.")


def check_positive(name: str, value: float | int) -> None:
    """Requires a finite number above 0.

    **Raises:** `UserError`, naming the setting `name`.
    """
    if not math.isfinite(value) or value <= 0:
        raise UserError(f"{name} is {value}, but it must be a finite number > 0.")


def check_fraction(name: str, value: float | int) -> None:
    """Requires a number from 0 to 1.

    **Raises:** `UserError`, naming the setting `name`.
    """
    if not 0 <= value <= 1:
        raise UserError(f"{name} is {value}, but it must be a number from 0 to 1.")


def check_choice(name: str, value: Any, choices: tuple[Any, ...]) -> None:
    """Requires one of the `choices`.

    **Raises:** `UserError`, naming the setting `name`.
    """
    if value not in choices:
        valid = ", ".join(repr(choice) for choice in choices)
        raise UserError(f"{name} is {value!r}, but it must be one of {valid}.")
