"""Checkpoints: the whole state of training as one file, complete or not there at all.

A checkpoint is a zip archive that `numpy.load` reads: one uncompressed array for each leaf, named
by its path in the tree, and `metadata.json`. Nothing in it is executed when it is read.
"""

import json
import logging
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import jax
import numpy as np

from splagger.foundation.errors import UserError
from splagger.training.files import TEMPORARY_SUFFIX, make_folder, plain, write_atomically
from splagger.training.leaves import decode, encode, shape_and_dtype
from splagger.training.versions import installed_version

FORMAT = 1
"""The number of the layout that this version writes and reads."""

KEPT = 2
"""How many complete checkpoints stay: the newest, and one in case that one gets damaged."""

_METADATA = "metadata.json"

_logger = logging.getLogger(__name__)


def save(folder: Path, position: int, tree: Any, metadata: Mapping[str, Any]) -> Path:
    """Saves `tree` as `folder/<position>.npz`, then deletes what is no longer needed.

    The file appears under its name only when it is complete and on the disk. After that, all but
    the two newest checkpoints go, and so do incomplete files and checkpoints of a later position:
    those belong to a future that was given up when the run resumed from an earlier one.

    **Arguments:**

    - `folder`: where checkpoints lie; made if it is missing. One process at a time writes to it.
    - `position`: how far the run is, at least 0; larger is newer.
    - `tree`: a pytree of jax arrays, NumPy arrays and typed keys.
    - `metadata`: whatever else the caller wants back: JSON values and array scalars.

    **Returns:** the path of the file.

    **Raises:** `UserError` if it cannot be written; the checkpoints before it are then untouched.
    `TypeError` if a leaf is anything else.
    """
    names, leaves, _ = _flatten(tree)
    if len(set(names)) != len(names):
        raise ValueError("two leaves of the tree have the same path")
    descriptions, arrays = [], []
    for name, leaf in zip(names, leaves, strict=True):
        description, array = encode(name, leaf)
        descriptions.append(description)
        arrays.append(array)
    record = {
        "format": FORMAT,
        "splagger": installed_version("splagger"),
        "jax": jax.__version__,
        "leaves": descriptions,
        "metadata": plain(metadata, keep_non_finite=True),
    }
    text = json.dumps(record)

    def write(file: BinaryIO) -> None:
        with zipfile.ZipFile(file, "w") as archive:
            # A fixed date: the same state gives the same bytes.
            archive.writestr(zipfile.ZipInfo(_METADATA), text)
            for name, array in zip(names, arrays, strict=True):
                member = zipfile.ZipInfo(f"{name}.npy")
                with archive.open(member, "w", force_zip64=True) as entry:
                    np.lib.format.write_array(entry, array, allow_pickle=False)

    make_folder(folder)
    path = path_of(folder, position)
    write_atomically(path, write)
    _delete_others(folder, position)
    return path


def path_of(folder: Path, position: int) -> Path:
    """Where `save` puts the checkpoint of a position."""
    return folder / f"{position:012d}.npz"


def latest(folder: Path) -> Path | None:
    """Returns the newest checkpoint in `folder` that can be read; `None` if there is none at all.

    Every byte is checked. A damaged checkpoint is passed over, with a warning in the log.

    **Raises:** `UserError` if there are checkpoints but all of them are damaged.
    """
    paths = _checkpoints(folder)
    for path in reversed(paths):
        damage = _find_damage(path)
        if damage is None:
            return path
        _logger.warning("the checkpoint '%s' is damaged (%s) and is passed over.", path, damage)
    if paths:
        raise UserError(f"none of the {len(paths)} checkpoints in '{folder}' can be read.")
    return None


def load(path: Path, template: Any) -> tuple[Any, dict[str, Any]]:
    """Loads a checkpoint into the structure of `template`.

    **Arguments:**

    - `path`: a file from `save`.
    - `template`: a pytree like the saved one. Its leaves are arrays or `jax.ShapeDtypeStruct`s
        (what `jax.eval_shape` returns); only their shapes and dtypes are used.

    **Returns:** the tree and the caller's metadata. Where the template has a NumPy array the leaf
    is one, elsewhere a jax array on the default device.

    **Raises:** `UserError` if the file cannot be read, or if its leaves are not the template's.
    """
    record = _read_record(path)
    names, leaves, structure = _flatten(template)
    saved = {description["name"]: description for description in record["leaves"]}
    _check_leaves(path, record, saved, names, leaves)
    try:
        with np.load(path, allow_pickle=False) as archive:
            restored = [
                decode(archive[name], saved[name], leaf)
                for name, leaf in zip(names, leaves, strict=True)
            ]
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise UserError(f"the checkpoint '{path}' is damaged: {error}.") from error
    return jax.tree_util.tree_unflatten(structure, restored), record["metadata"]


def read_metadata(path: Path) -> dict[str, Any]:
    """Returns the metadata that `save` was given, without reading any array.

    **Raises:** `UserError` if the file cannot be read.
    """
    return _read_record(path)["metadata"]


def _flatten(tree: Any) -> tuple[list[str], list[Any], Any]:
    paths_and_leaves, structure = jax.tree_util.tree_flatten_with_path(tree)
    names = ["state" + jax.tree_util.keystr(path) for path, _ in paths_and_leaves]
    return names, [leaf for _, leaf in paths_and_leaves], structure


def _check_leaves(
    path: Path,
    record: Mapping[str, Any],
    saved: Mapping[str, Mapping[str, Any]],
    names: list[str],
    leaves: list[Any],
) -> None:
    def mismatch(difference: str) -> UserError:
        return UserError(
            f"the checkpoint '{path}' (splagger {record['splagger']}, jax {record['jax']}) is "
            f"from another version or was made with other settings: {difference}."
        )

    for name, leaf in zip(names, leaves, strict=True):
        shape, dtype = shape_and_dtype(name, leaf)
        if name not in saved:
            raise mismatch(f"{name} is missing in it")
        saved_shape, saved_dtype = tuple(saved[name]["shape"]), saved[name]["dtype"]
        if saved_shape != shape:
            raise mismatch(f"{name} has shape {saved_shape} in it, not {shape}")
        if saved_dtype != dtype:
            raise mismatch(f"{name} is {saved_dtype} in it, not {dtype}")
    expected = set(names)
    for name in saved:
        if name not in expected:
            raise mismatch(f"it has {name}, which is unknown here")


def _checkpoints(folder: Path) -> list[Path]:
    """The complete checkpoints in `folder`, the oldest first."""
    if not folder.is_dir():
        return []
    paths = [path for path in folder.iterdir() if re.fullmatch(r"\d{12,}\.npz", path.name)]
    return sorted(paths, key=lambda path: int(path.stem))


def _delete_others(folder: Path, position: int) -> None:
    paths = _checkpoints(folder)
    kept = [path for path in paths if int(path.stem) <= position][-KEPT:]
    temporaries = folder.glob(f"*{TEMPORARY_SUFFIX}")
    for path in [*(path for path in paths if path not in kept), *temporaries]:
        path.unlink(missing_ok=True)


def _read_record(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise UserError(f"there is no checkpoint '{path}'.")
    try:
        with zipfile.ZipFile(path) as archive:
            record = json.loads(archive.read(_METADATA))
        version = record["format"]
    except Exception as error:  # Damaged bytes make zipfile raise nearly anything.
        raise UserError(f"the checkpoint '{path}' is damaged: {error}.") from error
    if version != FORMAT:
        raise UserError(
            f"the checkpoint '{path}' was written in format {version}; "
            f"this version reads format {FORMAT} only."
        )
    return record


def _find_damage(path: Path) -> str | None:
    """Reads all of a file; says what is wrong with it, `None` if nothing is."""
    try:
        with zipfile.ZipFile(path) as archive:
            corrupt = archive.testzip()
            record = json.loads(archive.read(_METADATA))
            expected = {f"{leaf['name']}.npy" for leaf in record.get("leaves", [])}
            missing = expected - set(archive.namelist())
    except Exception as error:  # Damaged bytes make zipfile raise nearly anything.
        return str(error) or type(error).__name__
    if corrupt or missing:
        return f"{corrupt or min(missing)} is incomplete"
    return None
