"""The package metaworld, which is optional, and whether it fits what else is installed."""

import functools
import importlib
import importlib.metadata
import sys
from typing import Any

from splagger.environments.offscreen import draw_offscreen
from splagger.foundation.errors import UserError

_INSTALL = "`pip install 'splagger[metaworld]'` installs it"
_PIN = "mujoco=="
_NO_WHEEL = (3, 14)


@functools.cache
def import_metaworld() -> Any:
    """The module `metaworld`.

    **Raises:** `UserError` where it is not installed, cannot be, or does not fit the installed
    version of MuJoCo.
    """
    try:
        needed = importlib.metadata.requires("metaworld") or []
    except importlib.metadata.PackageNotFoundError as error:
        raise UserError(
            f"Meta-World needs the package metaworld: {_INSTALL}{_python()}."
        ) from error
    _check_mujoco(needed)
    draw_offscreen()
    try:
        return importlib.import_module("metaworld")
    except ImportError as error:
        raise UserError(
            f"the package metaworld cannot be imported ({error}): {_INSTALL} anew{_python()}."
        ) from error


def _check_mujoco(needed: list[str]) -> None:
    pins = [text.removeprefix(_PIN) for text in needed if text.startswith(_PIN)]
    try:
        installed = importlib.metadata.version("mujoco")
    except importlib.metadata.PackageNotFoundError as error:
        raise UserError(
            f"Meta-World needs the package mujoco, too: {_INSTALL}{_python()}."
        ) from error
    if pins and installed != pins[0]:
        raise UserError(
            f"Meta-World {importlib.metadata.version('metaworld')} needs mujoco {pins[0]} exactly, "
            f"but {installed} is installed: {_INSTALL} in a Python environment of its own"
            f"{_python()}."
        )


def _python() -> str:
    if sys.version_info < _NO_WHEEL:
        return ""
    return ", but only for Python 3.13 or older: its version of MuJoCo has no wheel for newer ones"
