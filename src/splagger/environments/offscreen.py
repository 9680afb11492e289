"""How MuJoCo draws where there is no screen."""

import ctypes.util
import os
import sys


def draw_offscreen() -> None:
    """Lets MuJoCo draw without a screen, if nothing was chosen and the system has a library for it.

    MuJoCo reads the choice once, when it is imported: this must come before.
    """
    screen = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if sys.platform != "linux" or screen or "MUJOCO_GL" in os.environ:
        return
    for variable, library in (("egl", "EGL"), ("osmesa", "OSMesa")):
        if ctypes.util.find_library(library):
            os.environ["MUJOCO_GL"] = variable
            return
