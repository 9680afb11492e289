"""The packages mujoco and mujoco-mjx, which are optional, and whether their versions fit."""

import contextlib
import functools
import importlib
import importlib.metadata
import importlib.util
import io
import os
import re
from pathlib import Path
from typing import Any

from splagger.environments.offscreen import draw_offscreen
from splagger.foundation.errors import UserError

_INSTALL = "`pip install 'splagger[mujoco]'` installs them."
_OLDEST, _FIRST_TOO_NEW = (3, 3), (4, 0)


@functools.cache
def import_mujoco() -> Any:
    """The module `mujoco`, which simulates on the processor.

    **Raises:** `UserError` where it is not installed, or of a version that is not supported.
    """
    draw_offscreen()
    mujoco = _import("mujoco")
    version = importlib.metadata.version("mujoco")
    if not _OLDEST <= _numbers(version) < _FIRST_TOO_NEW:
        raise UserError(
            f"mujoco is of version {version}, but it must be 3.3 or newer and below 4: {_INSTALL}"
        )
    # A diverged simulation is noticed by whoever steps it. Unless told otherwise, MuJoCo writes a
    # file into the user's folder.
    mujoco.set_mju_user_warning(_ignore)
    return mujoco


@functools.cache
def import_mjx() -> Any:
    """The module `mujoco.mjx`, which simulates inside of compiled programs.

    **Raises:** `UserError` where it is not installed, or does not fit mujoco.
    """
    import_mujoco()
    # It prints that it does without Warp.
    with contextlib.redirect_stdout(io.StringIO()):
        mjx = _import("mujoco.mjx")
    versions = [importlib.metadata.version(name) for name in ("mujoco", "mujoco-mjx")]
    if _numbers(versions[0]) != _numbers(versions[1]):
        raise UserError(
            f"mujoco is of version {versions[0]} and mujoco-mjx of version {versions[1]}, but they "
            f"must be of the same one: {_INSTALL}"
        )
    return mjx


def model_file(name: str) -> Path:
    """The path of one of the model files that Gymnasium has, such as `ant.xml`.

    **Raises:** `UserError` where Gymnasium is not installed.
    """
    # Not imported: only the files are needed.
    found = importlib.util.find_spec("gymnasium")
    if found is None or found.origin is None:
        raise UserError(f"the models of MuJoCo's bodies are in the package gymnasium: {_INSTALL}")
    return Path(found.origin).parent / "envs" / "mujoco" / "assets" / name


def _import(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise UserError(
            "continuous control needs the packages mujoco, mujoco-mjx and gymnasium, but "
            f"{name} cannot be imported ({error}): {_INSTALL}"
        ) from error
    except Exception as error:
        # Such as what MuJoCo says of a value of MUJOCO_GL.
        raise UserError(
            f"{name} is installed, but fails where it is imported: {type(error).__name__}: {error} "
            f"(MUJOCO_GL is {os.environ.get('MUJOCO_GL', 'not set')})"
        ) from error


def _numbers(version: str) -> tuple[int, ...]:
    """The first two numbers of a version: patches of MuJoCo change no interface."""
    found = re.match(r"(\d+)(?:\.(\d+))?", version)
    return (0, 0) if found is None else (int(found[1]), int(found[2] or 0))


def _ignore(message: str) -> None:
    del message
