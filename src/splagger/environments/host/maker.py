"""How a Gymnasium environment is made, as a value that can be compared and sent to workers."""

import importlib
import inspect
import os
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class EnvironmentMaker:
    """A class or function by its import path, and the options that it is called with.

    It is imported again wherever it is used: whether that is allowed was asked before.
    """

    path: str
    """`package.module:Name`."""
    options: tuple[tuple[str, Any], ...] = ()
    """Keyword arguments, sorted by name."""

    def __hash__(self) -> int:
        # Options may be lists, which have no hash of their own.
        return hash((self.path, repr(self.options)))

    def __call__(self, *, pictures: bool = False, **more: Any) -> Any:
        """Makes an environment.

        **Arguments:**

        - `pictures`: whether `render` must work: then an option `render_mode` that is not given
            becomes `rgb_array`.
        - `more`: further keyword arguments.
        """
        module, _, name = self.path.partition(":")
        found = getattr(importlib.import_module(module), name)
        options = dict(self.options) | more
        if pictures and "render_mode" in inspect.signature(found).parameters:
            options.setdefault("render_mode", "rgb_array")
            # Pictures need no sound, and pygame complains at length where there is none.
            os.environ.setdefault("SDL_AUDIODRIVER", "dummy")
        return found(**options)
