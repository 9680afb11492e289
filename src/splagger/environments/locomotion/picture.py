"""Pictures of walking bodies, by MuJoCo's renderer, without a screen."""

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from splagger.environments.locomotion.bodies import Body, load_model
from splagger.environments.locomotion.locomotion import Locomotion, Sign
from splagger.environments.locomotion.packages import import_mujoco
from splagger.foundation.errors import UserError

_SIGN_COLOUR = np.array([0.1, 0.7, 0.2, 1.0], np.float32)
_ARROW_WIDTH = 0.04
_BALL_RADIUS = 0.1
_ASPECT = 0.75


def draw(
    definition: Locomotion,
    task: Float[np.ndarray, "task"],
    position: Float[np.ndarray, "nq"],
    size: int,
) -> UInt8[np.ndarray, "height width 3"]:
    """A body in a position, seen from a camera that follows it, and in green what its task is.

    **Arguments:**

    - `definition`: the body and its tasks.
    - `task`: the task's numbers.
    - `position`: MuJoCo's `qpos`.
    - `size`: pixels of the picture's width.

    **Raises:** `UserError` where there is neither a screen nor a library that does without.
    """
    mujoco = import_mujoco()
    renderer, model, data = _renderer(definition.body, size)
    data.qpos[:] = position
    data.qvel[:] = 0
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    mujoco.mj_camlight(model, data)
    renderer.update_scene(data, camera="track")
    _add_signs(renderer.scene, definition.signs(task), data.body("torso").xpos)
    return renderer.render()


@functools.lru_cache(maxsize=8)
def _renderer(body: Body, size: int) -> tuple[Any, Any, Any]:
    mujoco = import_mujoco()
    model = load_model(body)
    height = round(size * _ASPECT)
    model.vis.global_.offwidth = max(model.vis.global_.offwidth, size)
    model.vis.global_.offheight = max(model.vis.global_.offheight, height)
    try:
        renderer = _renderer_class()(model, height, size)
    except Exception as error:
        raise UserError(
            "pictures of MuJoCo's bodies need OpenGL, which without a screen is given by the "
            "system's library EGL or OSMesa (such as the packages libegl1 or libosmesa6), but "
            f"MuJoCo cannot draw here: {error}"
        ) from error
    return renderer, model, mujoco.MjData(model)


@functools.cache
def _renderer_class() -> Any:
    mujoco = import_mujoco()
    # A renderer that could not be made is closed too, and then looks for this.
    return type("Renderer", (mujoco.Renderer,), {"_mjr_context": None})


def _add_signs(scene: Any, signs: Sequence[Sign], torso: Float[np.ndarray, "3"]) -> None:
    mujoco = import_mujoco()
    for sign in signs:
        geometry = scene.geoms[scene.ngeom]
        position = np.array(sign.position) + np.where(sign.follows, torso, 0.0)
        arrow = sign.arrow is not None
        kind = mujoco.mjtGeom.mjGEOM_ARROW if arrow else mujoco.mjtGeom.mjGEOM_SPHERE
        size = np.full(3, _BALL_RADIUS)
        mujoco.mjv_initGeom(geometry, kind, size, position, np.eye(3).ravel(), _SIGN_COLOUR)
        if sign.arrow is not None:
            end = position + np.array(sign.arrow)
            mujoco.mjv_connector(geometry, kind, _ARROW_WIDTH, position, end)
        scene.ngeom += 1
