"""How numbers are written in frames."""

import math


def number_text(value: float | int, *, signed: bool = True) -> str:
    """A number with two decimals at most, or two digits if it is small, and a real minus sign.

    **Arguments:**

    - `value`: the number.
    - `signed`: whether a number above 0 has a plus sign.
    """
    if not math.isfinite(value):
        return "∞" if value > 0 else "−∞" if value < 0 else "not a number"
    if value == 0:
        return "0"
    size = abs(value)
    text = f"{size:.2g}" if size < 0.01 else f"{size:,.{2 if size < 100 else 0}f}"
    if "." in text and "e" not in text:
        text = text.rstrip("0").rstrip(".")
    return f"−{text}" if value < 0 else f"+{text}" if signed else text
