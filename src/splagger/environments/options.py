"""Options of an environment as text: `length=20,episodes=8` to typed values and back."""

import ast
import math
import types
import typing
from typing import Any, Literal

from splagger.foundation.errors import UserError

_WORDS = {"true": True, "false": False, "none": None}


def split_options(text: str, environment: str) -> dict[str, str]:
    """Splits `option=value,option=value` into names and values, both still text.

    **Arguments:**

    - `text`: the options; may be empty.
    - `environment`: the environment's name, for messages.

    **Raises:** `UserError` for an option without a value or one that is given twice.
    """
    options: dict[str, str] = {}
    for part in text.split(",") if text else ():
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not (name and equals and value):
            raise UserError(
                f"option '{part}' of environment '{environment}' must have the form option=value."
            )
        if name in options:
            raise UserError(f"option '{name}' of environment '{environment}' is given twice.")
        options[name] = value
    return options


def with_option(text: str, option: str, value: str) -> str:
    """Adds an option to the text that asks for a registered environment, unless it is there.

    **Arguments:**

    - `text`: `NAME[:option=value,...]`.
    - `option`, `value`: what is added, as text.
    """
    name, _, options = text.partition(":")
    if option in (part.partition("=")[0].strip() for part in options.split(",")):
        return text
    return f"{name}:{options},{option}={value}" if options else f"{name}:{option}={value}"


def read_value(text: str, expected: Any, option: str, environment: str) -> Any:
    """Turns an option's text into a value of the type that is expected.

    **Arguments:**

    - `text`: what the user wrote. `true`, `false` and `none` stand for Python's constants.
    - `expected`: `int`, `float`, `bool`, `str`, `None`, a `Literal`, or a union of these. Of any
        other type the text is read as a Python literal, or else stays as it is.
    - `option`, `environment`: names, for messages.

    **Raises:** `UserError` where the text is no such value.
    """
    for kind in _members(expected):
        accepted, value = _read(text, kind)
        if accepted:
            return value
    raise UserError(
        f"option '{option}' of environment '{environment}' must be {_describe(expected)}, "
        f"not '{text}'."
    )


def write_value(value: Any) -> str:
    """The shortest text from which `read_value` makes an equal value."""
    for word, constant in _WORDS.items():
        if value is constant:
            return word
    return str(value)


def _members(expected: Any) -> tuple[Any, ...]:
    if typing.get_origin(expected) in (typing.Union, types.UnionType):
        # Text comes last: it would accept anything.
        return tuple(sorted(typing.get_args(expected), key=lambda kind: kind is str))
    return (expected,)


def _read(text: str, kind: Any) -> tuple[bool, Any]:
    """Whether the text is a value of this kind, and that value."""
    if kind is str:
        return True, text
    if kind is bool or kind is types.NoneType:
        value = _WORDS.get(text.lower(), text)
        return isinstance(value, kind), value
    if kind is int or kind is float:
        try:
            value = kind(text)
        except ValueError:
            return False, None
        return math.isfinite(value), value
    if typing.get_origin(kind) is Literal:
        choices = {write_value(choice): choice for choice in typing.get_args(kind)}
        return text in choices, choices.get(text)
    if text.lower() in _WORDS:
        return True, _WORDS[text.lower()]
    try:
        return True, ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return True, text


def _describe(expected: Any) -> str:
    names = {int: "an integer", float: "a number", bool: "true or false", types.NoneType: "none"}
    descriptions: list[str] = []
    for kind in _members(expected):
        if typing.get_origin(kind) is Literal:
            descriptions += [write_value(choice) for choice in typing.get_args(kind)]
        else:
            descriptions.append(names.get(kind, str(kind)))
    return " or ".join(descriptions)
