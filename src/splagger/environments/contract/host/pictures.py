"""Checks of pictures."""

from collections.abc import Iterator

import gymnasium
import numpy as np
from gymnasium.error import DependencyNotInstalled

from splagger.environments.contract.findings import Breach, Finding, failure, passed, warning
from splagger.environments.contract.host.copies import Copy
from splagger.environments.contract.pictures import CHECK, not_a_picture


def check_pictures(copy: Copy) -> Iterator[Finding]:
    """Draws the start of a trial.

    **Arguments:**

    - `copy`: one that was made for pictures.
    """
    if copy.instance.render_mode is None:
        if copy.environment_class.render is not gymnasium.Env.render:
            yield warning(
                CHECK,
                "render",
                "render is not called, as render_mode is None.",
                "Give the class or function a parameter render_mode that sets self.render_mode.",
            )
        else:
            yield passed(CHECK, "render", "none: watchers show numbers")
        return
    copy.set_task(copy.draw_task(0))
    copy.reset(0)
    yield _drawn(copy)


def _drawn(copy: Copy) -> Finding:
    try:
        picture = copy.call(CHECK, "render")
    except Breach as error:
        if isinstance(error.__cause__, DependencyNotInstalled):
            message = f"render cannot draw: {error.__cause__}"
            return warning(CHECK, "render", message, "Install it if you want pictures.")
        raise
    if isinstance(picture, list) and picture:
        picture = picture[-1]
    if what := not_a_picture(picture):
        return failure(
            CHECK,
            "render",
            f"render returns {what}.",
            "Return a NumPy array of dtype uint8 and shape (height, width, 3).",
        )
    height, width = np.asarray(picture).shape[:2]
    return passed(CHECK, "render", f"{width} x {height} pixels")
