"""Checks of what an environment says about itself, before any method is called."""

import dataclasses
import math
from collections.abc import Iterator
from typing import Any

import equinox as eqx
import jax

from splagger.environments.contract.explanations import watching
from splagger.environments.contract.findings import Breach, Finding, failure, passed
from splagger.environments.environment import Environment
from splagger.environments.spaces import Box, Discrete

_EPISODES = 2


def check_description(environment: Environment) -> Iterator[Finding]:
    """Checks the fields, the spaces, the numbers and the flags of an environment."""
    _check_fields(environment)
    yield _space(environment, "observation_space", (Box,), "a Box of shape (n,)")
    actions = "a Box of shape (n,) or Discrete(n)"
    yield _space(environment, "action_space", (Box, Discrete), actions)
    yield _whole_number(environment, "max_episode_steps", optional=False)
    yield _whole_number(environment, "tasks", optional=True)
    for name in ("truncates", "has_success", "may_diverge"):
        value = _attribute(environment, "flags", name)
        if not isinstance(value, bool):
            yield failure(
                "flags", name, f"{name} is {value!r}.", f"Set {name} to True or False in the class."
            )
    yield _optimal_return(environment)


def _check_fields(environment: Environment) -> None:
    for field in dataclasses.fields(environment):
        # Of a field that is not static, what it holds is looked at: lists and dicts are pytrees.
        value = getattr(environment, field.name)
        leaves = [value] if field.metadata.get("static") else jax.tree.leaves(value)
        for leaf in leaves:
            if eqx.is_array(leaf):
                continue
            try:
                hash(leaf)
            except TypeError as error:
                raise Breach(
                    failure(
                        "fields",
                        field.name,
                        f"the field {field.name} holds what cannot be hashed ({error}).",
                        "Make lists tuples, and keep arrays in fields that are not static.",
                    )
                ) from error


def _space(environment: Environment, name: str, kinds: tuple[type, ...], wanted: str) -> Finding:
    check = "spaces"
    space = _attribute(environment, check, name)
    if not isinstance(space, kinds):
        kind = f"{type(space).__module__}.{type(space).__qualname__}"
        raise Breach(
            failure(
                check,
                name,
                f"{name} is {space!r}, of type {kind}.",
                f"Make it {wanted}, from splagger.environments.",
            )
        )
    if isinstance(space, Discrete):
        return passed(check, name, f"{space.n} actions")
    if len(space.shape) != 1 or space.size < 1:
        raise Breach(
            failure(
                check,
                name,
                f"{name} has shape {space.shape}.",
                "Make it a vector: shape (n,) with n at least 1; flatten pictures.",
            )
        )
    low, high = space.bounds
    if any(math.isnan(bound) for bound in (*low, *high)):
        raise Breach(
            failure(
                check,
                name,
                f"a bound of {name} is nan.",
                "Where there is no bound use -inf or inf.",
            )
        )
    return passed(check, name, f"{space.size} numbers from {min(low):g} to {max(high):g}")


def _whole_number(environment: Environment, name: str, *, optional: bool) -> Finding:
    check = "numbers"
    value = _attribute(environment, check, name)
    if value is None and optional:
        return passed(check, name, "not finite, or not counted")
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise Breach(
            failure(
                check,
                name,
                f"{name} is {value!r}.",
                f"Make it a Python integer that is at least 1{', or None' if optional else ''}.",
            )
        )
    return passed(check, name, str(value))


def _optimal_return(environment: Environment) -> Finding:
    check, name = "numbers", "optimal_return"
    with watching(check, name, type(environment)):
        value = environment.optimal_return(_EPISODES)
        if value is None:
            return passed(check, name, "not known")
        if math.isfinite(value):
            return passed(check, name, f"{value:g} in {_EPISODES} episodes")
    return failure(
        check,
        name,
        f"optimal_return({_EPISODES}) is {value}.",
        "Return a finite number, or None where it is not known.",
    )


def _attribute(environment: Environment, check: str, name: str) -> Any:
    with watching(check, name, type(environment)):
        return getattr(environment, name)
