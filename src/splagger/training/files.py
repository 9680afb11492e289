"""Writing files so that a crash leaves the old file or the new one, never half of one."""

import errno
import math
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from splagger.foundation.errors import UserError

TEMPORARY_SUFFIX = ".tmp"
"""How the name of an incomplete file ends. Such a file is never read and may be deleted."""


def write_atomically(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Writes a file beside `path`, forces it to the disk, and gives it its name in one step.

    Whoever looks at `path`, at any moment and after any crash, sees the complete old file, the
    complete new file, or no file if there was none.

    **Arguments:**

    - `path`: the file to make or replace. Its folder must exist.
    - `write`: receives an open binary file and writes all of the content.

    **Raises:** `UserError` if the system refuses, for instance because the disk is full.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}{TEMPORARY_SUFFIX}")
    try:
        with open(temporary, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        synchronise_folder(path.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise UserError(f"cannot write '{path}': {error.strerror or error}.") from error
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def synchronise_folder(folder: Path) -> None:
    """Forces the names of the files in `folder` to the disk, so that a rename survives a crash."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems cannot do this for folders, and say so in this way.
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Makes `folder` and its parents where they are missing.

    **Raises:** `UserError` if that is impossible, for instance because a parent is a file.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"cannot make the folder '{folder}': {error.strerror or error}.") from error


def plain(value: Any, *, keep_non_finite: bool = False) -> Any:
    """Turns a value into what JSON can hold.

    Arrays and array scalars (of NumPy, jax or anything with `tolist`) become lists and numbers,
    tuples become lists, keys of mappings become text, paths become text.

    **Arguments:**

    - `value`: the value, nested to any depth.
    - `keep_non_finite`: by default NaN and infinities, which JSON has not, become `None`. If
        true they stay as they are.

    **Raises:** `TypeError` for anything that has no such form.
    """
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        number = float(value)
        return number if keep_non_finite or math.isfinite(number) else None
    if isinstance(value, Mapping):
        return {
            str(key): plain(item, keep_non_finite=keep_non_finite) for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [plain(item, keep_non_finite=keep_non_finite) for item in value]
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "tolist"):
        return plain(value.tolist(), keep_non_finite=keep_non_finite)
    raise TypeError(f"a {type(value).__name__} cannot be written as JSON: {value!r}")
