"""How numbers are written in frames."""

import math


def number_text(value: float, *, signed: bool = True) -> str:
    """A number with at most two decimals, and with a real minus sign.

    **Arguments:**

    - `value`: the number.
    - `signed`: whether a number above 0 has a plus sign.
    """
    if not math.isfinite(value):
        return "∞" if value > 0 else "−∞" if value < 0 else "not a number"
    decimals = 2 if abs(value) < 100 else 0
    text = f"{abs(value):,.{decimals}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if text == "0":
        return text
    return f"−{text}" if value < 0 else f"+{text}" if signed else text
