"""Checks of single observations: structure, shapes, numbers, bounds."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from gymnasium import spaces
from jaxtyping import Float32

from splagger.environments.contract.explanations import watching
from splagger.environments.contract.findings import Breach, Finding, failure, passed, warning
from splagger.environments.contract.numbers import OBSERVATIONS
from splagger.environments.host.flattening import observation_flattener

# How far an observation may be beyond a bound, relative to the larger of 1 and the bound.
_TOLERANCE = 1e-5


class Observations:
    """Looks at one observation after the other and remembers what is worth a word."""

    def __init__(self, space: spaces.Space, environment_class: type):
        """Nothing was seen yet.

        **Arguments:**

        - `space`: what observations must be.
        - `environment_class`: whose observations they are.
        """
        self._space = space
        self._class = environment_class
        self._flatten = observation_flattener(space)
        self._seen: dict[str, int] = {}
        self._dtypes: dict[tuple[str, str], list[str]] = {}

    def look(self, method: str, observation: Any) -> Float32[np.ndarray, " number"]:
        """Checks what `method` returned, and makes a vector of it.

        **Raises:** `Breach` where it does not fit the space.
        """
        with watching(OBSERVATIONS, method, self._class):
            for part, space, value in _parts(method, "the observation", self._space, observation):
                if isinstance(space, spaces.Box):
                    self._look_at_box(method, part, space, value)
                elif not space.contains(value):
                    _fail(
                        method,
                        f"{part} is {value!r}, which is not in {space}",
                        f"Return an element of {space}, or change observation_space.",
                    )
            vector = np.array(self._flatten(observation))
        self._seen[method] = self._seen.get(method, 0) + 1
        return vector

    def findings(self) -> Iterator[Finding]:
        """What is to be said about all that were seen."""
        for (method, part), (found, wanted) in self._dtypes.items():
            yield warning(
                OBSERVATIONS,
                method,
                f"{part} that {method} returned is of dtype {found}, where observation_space says "
                f"{wanted}.",
                f"Return {wanted}: numpy.asarray(observation, numpy.{wanted}).",
            )
        for method, count in self._seen.items():
            message = f"{count} fit the space, are finite and within their bounds"
            yield passed(OBSERVATIONS, method, message)

    def _look_at_box(self, method: str, part: str, space: spaces.Box, value: Any) -> None:
        array = np.asarray(value)
        if array.dtype.kind not in "biuf":
            _fail(method, f"{part} is of dtype {array.dtype}", f"Return an array of {space.dtype}.")
        if array.shape != space.shape:
            _fail(
                method,
                f"{part} has shape {array.shape}, where observation_space says {space.shape}",
                "Return an array of that shape every time, or change observation_space.",
            )
        if array.dtype != space.dtype:
            self._dtypes.setdefault((method, part), [str(array.dtype), str(space.dtype)])
        numbers = array.astype(float).reshape(-1)
        # Agents see 32-bit numbers, in which larger ones are infinite.
        bad = ~(np.abs(numbers) <= np.finfo(np.float32).max)
        if bad.any():
            _fail(
                method,
                f"{part} holds nan or inf, first in entry {np.argmax(bad)}",
                "Look for divisions by 0, roots and logarithms of numbers that may be negative, "
                "and numbers that grow without end.",
            )
        low, high = (bound.astype(float).reshape(-1) for bound in (space.low, space.high))
        bound = np.where(numbers < low, low, high)
        outside = (numbers < low) | (numbers > high)
        margin = _TOLERANCE * np.maximum(1, np.abs(bound[outside]))
        outside[outside] = np.abs(numbers[outside] - bound[outside]) > margin
        if outside.any():
            entry = np.argmax(outside)
            _fail(
                method,
                f"{part} is out of bounds: entry {entry} is {numbers[entry]:g}, but "
                f"observation_space says {low[entry]:g} to {high[entry]:g}",
                "Widen the bounds of observation_space, or clip the observation.",
            )


def _parts(
    method: str, name: str, space: spaces.Space, observation: Any
) -> Iterator[tuple[str, spaces.Space, Any]]:
    """Every part of a structured observation: how it is called, its space and its value."""
    if isinstance(space, spaces.Dict):
        if not isinstance(observation, Mapping) or set(observation) != set(space.spaces):
            found = (
                f"has the keys {list(observation)}"
                if isinstance(observation, Mapping)
                else f"is a {type(observation).__name__}"
            )
            wanted = list(space.spaces)
            _fail(method, f"{name} {found}", f"Return a dict with the keys {wanted}.")
        for key, part in space.spaces.items():
            yield from _parts(method, f"{name}[{key!r}]", part, observation[key])
    elif isinstance(space, spaces.Tuple):
        if not isinstance(observation, tuple | list) or len(observation) != len(space.spaces):
            number = len(space.spaces)
            _fail(method, f"{name} is {observation!r}", f"Return a tuple of {number} parts.")
        for index, part in enumerate(space.spaces):
            yield from _parts(method, f"{name}[{index}]", part, observation[index])
    else:
        yield name, space, observation


def _fail(method: str, problem: str, fix: str) -> None:
    raise Breach(failure(OBSERVATIONS, method, f"{method}: {problem}.", fix))
