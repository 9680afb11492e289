"""Between settings, which are frozen dataclasses, and plain values such as JSON has.

A field may be one of several dataclasses: then its plain value names the `kind`, a class variable
of each of them. Where it is one or none there is nothing to name.
"""

import dataclasses
import types
import typing
from typing import Any, Literal, TypeVar

from splagger.foundation.checks import check_choice
from splagger.foundation.errors import UserError

Values = TypeVar("Values")

_KIND = "kind"


def to_plain(value: Any) -> Any:
    """The value as dictionaries, lists, texts and numbers."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        plain = {f.name: to_plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {_KIND: getattr(value, _KIND), **plain} if hasattr(value, _KIND) else plain
    if isinstance(value, tuple):
        return [to_plain(item) for item in value]
    return value


def from_plain(kind: type[Values], values: Any) -> Values:
    """The dataclass `kind` from plain values.

    **Raises:** `UserError` where an entry is unknown, missing or of another type.
    """
    return _build(kind, values, "")


def check_types(settings: Any, prefix: str) -> None:
    """Checks the type of every field.

    **Arguments:**

    - `settings`: a dataclass.
    - `prefix`: what its fields are called in messages.

    **Raises:** `UserError`, naming the field, its value and what it must be.
    """
    for name, expected in typing.get_type_hints(type(settings)).items():
        if typing.get_origin(expected) is typing.ClassVar:
            continue
        label, value = f"{prefix}.{name}" if prefix else name, getattr(settings, name)
        if typing.get_origin(expected) is Literal:
            check_choice(label, value, typing.get_args(expected))
        elif classes := _dataclasses(expected):
            optional = type(None) in typing.get_args(expected)
            if not isinstance(value, tuple(classes)) and not (optional and value is None):
                names = [c.__name__ for c in classes] + ["None"] * optional
                raise UserError(f"{label} is {value!r}, but it must be {' or '.join(names)}.")
        else:
            _convert(expected, value, label)


def _dataclasses(expected: Any) -> list[type]:
    """The dataclasses that a value may be; none if it is a plain value."""
    options = typing.get_args(expected) if _is_union(expected) else (expected,)
    return [o for o in options if isinstance(o, type) and dataclasses.is_dataclass(o)]


def _is_union(expected: Any) -> bool:
    return typing.get_origin(expected) in (types.UnionType, typing.Union)


def _build(kind: type, values: Any, prefix: str) -> Any:
    if not isinstance(values, dict):
        name = prefix.removesuffix(".")
        raise UserError(f"the settings' entry '{name}' is {values!r}, but it must be a table.")
    types_by_name = {
        name: expected
        for name, expected in typing.get_type_hints(kind).items()
        if typing.get_origin(expected) is not typing.ClassVar
    }
    for name in values:
        if name not in types_by_name and not (name == _KIND and hasattr(kind, _KIND)):
            raise UserError(
                f"the settings have an entry '{prefix}{name}' that this version does not know."
            )
    arguments: dict[str, Any] = {}
    for name, expected in types_by_name.items():
        label = f"{prefix}{name}"
        if name not in values:
            raise UserError(f"the settings lack the entry '{label}'.")
        value = values[name]
        if not (classes := _dataclasses(expected)):
            arguments[name] = _convert(expected, value, label)
        elif value is None and type(None) in typing.get_args(expected):
            arguments[name] = None
        elif len(classes) == 1:
            arguments[name] = _build(classes[0], value, f"{label}.")
        else:
            arguments[name] = _build(_of_kind(classes, value, label), value, f"{label}.")
    return kind(**arguments)


def _of_kind(classes: list[type], value: Any, label: str) -> type:
    kinds = {getattr(option, _KIND): option for option in classes}
    given = value.get(_KIND) if isinstance(value, dict) else None
    if given not in kinds:
        raise UserError(
            f"the settings' entry '{label}' is {value!r}, but it must be a table whose 'kind' is "
            f"one of {', '.join(kinds)}."
        )
    return kinds[given]


def _convert(expected: Any, value: Any, name: str) -> Any:
    """A JSON value as the expected type; JSON has no tuples, and writes 1.0 as 1 in places."""
    origin = typing.get_origin(expected)
    if origin is Literal:
        return value  # checked by the settings themselves
    if origin is tuple and isinstance(value, list | tuple):
        return tuple(_convert(typing.get_args(expected)[0], item, name) for item in value)
    if _is_union(expected):
        options = typing.get_args(expected)
        if value is None and type(None) in options:
            return None
        return _convert(next(o for o in options if o is not type(None)), value, name)
    if expected is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    wrong_kind = expected is int and isinstance(value, bool)
    if isinstance(expected, type) and isinstance(value, expected) and not wrong_kind:
        return value
    raise UserError(f"{name} is {value!r}, but it must be {_describe(expected)}.")


def _describe(expected: Any) -> str:
    if typing.get_origin(expected) is tuple:
        return f"a list, each entry {_describe(typing.get_args(expected)[0])}"
    names = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
    return names.get(expected, str(expected))
