"""How MuJoCo is told to draw without a screen."""

import sys

import pytest

from splagger.environments import offscreen


@pytest.mark.parametrize(
    ("found", "before", "after"),
    [
        ({"EGL", "OSMesa"}, {}, "egl"),
        ({"OSMesa"}, {}, "osmesa"),
        (set(), {}, None),
        ({"EGL"}, {"MUJOCO_GL": "osmesa"}, "osmesa"),
        ({"EGL"}, {"DISPLAY": ":0"}, None),
    ],
)
def test_how_to_draw_without_a_screen(
    monkeypatch: pytest.MonkeyPatch, found: set, before: dict, after: str | None
):
    environment = dict(before)
    monkeypatch.setattr(offscreen.os, "environ", environment)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(
        offscreen.ctypes.util, "find_library", lambda name: name if name in found else None
    )
    offscreen.draw_offscreen()
    assert environment.get("MUJOCO_GL") == after
