"""Instances of Meta-World's environments, each of which takes 20 MB and a tenth of a second.

A trial borrows one. What an instance played before does not matter: setting its task and resetting
it brings everything that decides the future to what it would be in a new one.
"""

from collections import defaultdict
from typing import Any

from splagger.environments.meta_world.benchmarks import environment_class
from splagger.foundation.errors import UserError

PICTURE_SIZE = 480
"""Pixels of the width and height of pictures."""

_CAMERA = "corner2"

_idle: dict[str, list[Any]] = defaultdict(list)


def borrow(class_name: str, *, pictures: bool) -> Any:
    """An instance of a class that nobody else uses, to be given back.

    **Arguments:**

    - `class_name`: such as `reach-v3`.
    - `pictures`: whether `draw` must work.
    """
    if pictures:
        return environment_class(class_name)(
            render_mode="rgb_array",
            camera_name=_CAMERA,
            width=PICTURE_SIZE,
            height=PICTURE_SIZE,
        )
    found = _idle[class_name]
    return found.pop() if found else environment_class(class_name)()


def give_back(class_name: str, instance: Any, *, pictures: bool) -> None:
    """Takes back what was borrowed, to be lent again; the arguments are those of `borrow`."""
    if pictures:
        instance.close()
    else:
        _idle[class_name].append(instance)


def draw(instance: Any) -> Any:
    """A picture of what one of the cameras sees.

    **Raises:** `UserError` where there is no library that draws.
    """
    try:
        picture = instance.render()
    except Exception as error:
        raise UserError(
            "MuJoCo cannot draw here: it needs the library EGL or OSMesa (libegl1 or libosmesa6 on "
            f"Debian and Ubuntu), and MUJOCO_GL=egl or osmesa to choose one ({error})."
        ) from error
    # This camera hangs upside down.
    return picture[::-1, ::-1].copy()
