"""Checks of pictures."""

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from splagger.environments.contract.evidence import Evidence
from splagger.environments.contract.explanations import watching
from splagger.environments.contract.findings import Finding, failure, passed, warning
from splagger.environments.contract.programs import row
from splagger.environments.environment import Environment

CHECK = "pictures"
"""The name of these checks."""

_SIZE = 64


def check_pictures(environment: Environment, evidence: Evidence) -> Iterator[Finding]:
    """Draws the last state of an episode."""
    # As watchers hand them over: arrays of jax, not of NumPy.
    task, state = jax.tree.map(jnp.asarray, row((evidence.tasks, evidence.episode.state), 0))
    with watching(CHECK, "render", type(environment)):
        picture = environment.render(task, state, _SIZE)
    if picture is None:
        yield passed(CHECK, "render", "none: watchers show numbers")
        return
    if what := not_a_picture(picture):
        yield failure(
            CHECK,
            "render",
            f"render returns {what}.",
            "Return None or a NumPy array of dtype uint8 and shape (height, width, 3).",
        )
        return
    height, width, _ = picture.shape
    if max(height, width) != _SIZE:
        yield warning(
            CHECK,
            "render",
            f"render returns {width} x {height} pixels for size={_SIZE}.",
            "Make the longer side as long as size says.",
        )
    else:
        yield passed(CHECK, "render", f"{width} x {height} pixels")


def not_a_picture(picture: Any) -> str:
    """What was returned in place of an RGB picture, as a part of a sentence; empty where it is
    one."""
    if not isinstance(picture, np.ndarray):
        return f"a picture that is of type {type(picture).__name__}"
    if picture.dtype == np.uint8 and picture.ndim == 3 and picture.shape[2] == 3:
        return ""
    return f"a picture that is {picture.dtype}{list(picture.shape)}"
