"""Pictures of walking bodies, where there is something to draw with."""

import os

import numpy as np
import pytest

from splagger.environments.locomotion import picture
from splagger.environments.locomotion.ant import AntGoal
from splagger.environments.locomotion.half_cheetah import HalfCheetahDirection
from splagger.environments.locomotion.packages import import_mujoco
from splagger.foundation.errors import UserError

REST = np.zeros(9)


@pytest.fixture
def drawing():
    """Leaves a test out where the system has no library to draw with."""
    import_mujoco()
    if os.environ.get("MUJOCO_GL") not in ("egl", "osmesa"):
        pytest.skip("neither EGL nor OSMesa is here")


def greens(image) -> np.ndarray:
    red, green, blue = image.astype(int).transpose(2, 0, 1)
    return np.argwhere((green > red + 40) & (green > blue + 40))


@pytest.mark.usefixtures("drawing")
def test_an_arrow_shows_the_direction():
    definition = HalfCheetahDirection()
    forwards, backwards = (
        picture.draw(definition, np.array([sign]), REST, 160) for sign in (1.0, -1.0)
    )
    assert forwards.shape == (120, 160, 3)
    assert forwards.dtype == np.uint8
    middle = 80
    assert greens(forwards)[:, 1].mean() > middle > greens(backwards)[:, 1].mean()


@pytest.mark.usefixtures("drawing")
def test_a_ball_shows_the_goal_and_the_camera_follows():
    definition = AntGoal()
    rest, _ = definition.start(np.full(29, 0.5), np.zeros(14))
    there = rest.copy()
    there[0] = 5.0
    assert len(greens(picture.draw(definition, np.array([0.5, -0.5]), rest, 160))) > 10
    # Where the ant is far away its goal is out of sight.
    assert len(greens(picture.draw(definition, np.array([0.5, -0.5]), there, 160))) == 0


def test_what_is_missing_is_said(monkeypatch):
    def refuse(*arguments):
        raise RuntimeError("no OpenGL here")

    monkeypatch.setattr(import_mujoco().gl_context, "GLContext", refuse)
    picture._renderer.cache_clear()
    with pytest.raises(UserError, match="libegl1 or libosmesa6.*no OpenGL here"):
        picture.draw(HalfCheetahDirection(), np.ones(1), REST, 64)
