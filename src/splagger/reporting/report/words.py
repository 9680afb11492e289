"""Numbers and lists as people write them."""

from collections.abc import Sequence
from typing import Any

from splagger.reporting.statistics.bootstrap import OURS, Estimate

NO_VALUE = "–"
"""What stands where there is nothing to show."""


INTERVAL = f"{100 * OURS.confidence:.0f}\N{NO-BREAK SPACE}% interval"
"""What intervals are called."""


def listed(names: Sequence[str]) -> str:
    """Returns `a`, `a and b` or `a, b and c`."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def counted(number: int, noun: str) -> str:
    """Returns `1 seed` or `3 seeds`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def number(value: float) -> str:
    """Returns a return or a probability, with two digits after the point."""
    return f"{value:.2f}".replace("-0.00", "0.00")


def share(value: float) -> str:
    """Returns a share from 0 to 1 in per cent."""
    return f"{100 * value:.0f}\N{NO-BREAK SPACE}%"


def interval(estimate: Estimate, written=number) -> str:
    """Returns the interval of an estimate, its ends written by `written`."""
    return f"{written(estimate.low)} to {written(estimate.high)}"


def rates(values: Sequence[float]) -> str:
    """Returns learning rates, separated by commas."""
    return ", ".join(f"{value:g}" for value in values)


def setting(value: Any) -> str:
    """Returns the value of a setting as one would write it in a sentence."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    if isinstance(value, list | tuple):
        return ", ".join(map(setting, value)) or "none"
    return str(value)
