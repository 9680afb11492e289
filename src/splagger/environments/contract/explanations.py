"""Exceptions in users' environments: the users' own lines, and what jax's errors mean."""

import dataclasses
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import jax

from splagger.environments.contract.findings import Breach, failure
from splagger.foundation.errors import UserError

ABSTRACT = "Define all methods and attributes that are named as abstract."
"""How to mend a class that cannot be made because something is missing."""

_MOST_FRAMES = 3

# The more special kinds first, as some derive from others.
_KNOWN: tuple[tuple[type[Exception], str, str], ...] = (
    (
        jax.errors.TracerBoolConversionError,
        "it decides in Python (if, while, and, or, not, min, max) by a value that is only known "
        "when the compiled program runs",
        "Use jnp.where or jax.lax.cond for if, &, | and ~ for and, or and not, jnp.minimum and "
        "jnp.maximum for min and max, jax.lax.while_loop for while.",
    ),
    (
        jax.errors.TracerArrayConversionError,
        "it hands an array of jax to NumPy, which needs its numbers while the program is compiled",
        "Use the function of jax.numpy instead of that of numpy.",
    ),
    (
        jax.errors.TracerIntegerConversionError,
        "it uses an array of jax where Python needs an integer: as an index of a list or a range",
        "Make the list an array by jnp.asarray and index that; loop with jax.lax.fori_loop.",
    ),
    (
        jax.errors.NonConcreteBooleanIndexError,
        "it picks entries by an array of booleans, so that the result has no fixed shape",
        "Use jnp.where(condition, value, otherwise), which keeps the shape.",
    ),
    (
        jax.errors.ConcretizationTypeError,
        "it makes a Python number, or a shape, of a value that is only known when the compiled "
        "program runs",
        "Keep the value an array: value.astype(float) instead of float(value), and shapes that do "
        "not depend on tasks, states and actions.",
    ),
    (
        jax.errors.UnexpectedTracerError,
        "it uses a value that an earlier call left behind in an attribute or a global variable",
        "Hand over what changes in the state that reset and step return.",
    ),
    (
        dataclasses.FrozenInstanceError,
        "it changes an attribute of the environment, which is shared by all its copies and frozen",
        "Put what changes into the state that reset and step return.",
    ),
)


@contextmanager
def watching(check: str, method: str, environment_class: type) -> Iterator[None]:
    """Turns every exception inside into a `Breach` with its explanation.

    **Arguments:**

    - `check`, `method`: what the failure is about.
    - `environment_class`: the class whose code runs.
    """
    try:
        yield
    except Breach:
        raise
    except Exception as error:
        message, fix = explain(error, method, environment_class)
        raise Breach(failure(check, method, message, fix)) from error


def explain(error: Exception, method: str, environment_class: type) -> tuple[str, str]:
    """What an exception means, and what can be done.

    **Arguments:**

    - `error`: what was raised.
    - `method`: the method that was called.
    - `environment_class`: its class: lines in its file are the user's, wherever it is.

    **Returns:** a message of one line that shows the user's own lines, and a fix.
    """
    if isinstance(error, UserError):
        return str(error), "Change what it names."
    where = _users_lines(error, environment_class)
    for kind, message, fix in _KNOWN:
        if isinstance(error, kind):
            return f"{method} cannot be compiled: {message}{where}.", fix
    if isinstance(error, TypeError) and "abstract" in str(error):
        return f"{_one_line(error)}.", ABSTRACT
    if isinstance(error, TypeError) and "not a valid JAX type" in str(error):
        return (
            f"{method} returns something that is no array{where}: {_one_line(error)}.",
            "Return arrays, numbers, and tuples, dicts or equinox modules of them.",
        )
    return (
        f"{method} raises {type(error).__name__}: {_one_line(error)}{where}.",
        "Mend that line.",
    )


def _one_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].rstrip(".") if lines else "no message"


def _users_lines(error: Exception, environment_class: type) -> str:
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if _is_users(frame.filename, environment_class)
    ]
    shown = [
        f"{_short(frame.filename)}, line {frame.lineno}, in {frame.name}"
        + (f": {frame.line}" if frame.line else "")
        for frame in frames[-_MOST_FRAMES:]
    ]
    return f" ({'; '.join(shown)})" if shown else ""


def _is_users(file: str, environment_class: type) -> bool:
    if file == getattr(sys.modules.get(environment_class.__module__), "__file__", None):
        return True
    path = Path(file)
    libraries = (sysconfig.get_path("stdlib"), str(Path(__file__).parents[2]))
    # Files that do not exist are code that a library made, such as checks of types.
    return (
        path.exists()
        and "site-packages" not in path.parts
        and not any(path.resolve().is_relative_to(Path(place).resolve()) for place in libraries)
    )


def _short(file: str) -> str:
    path = Path(file)
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else file
