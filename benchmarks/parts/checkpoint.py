"""Saving and loading the whole state, beside a plain file of as many bytes."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import jax
from case import Case
from measuring import in_turn
from rows import Row, spread

from splagger.training import checkpoints


def measure(case: Case) -> Iterator[Row]:
    """A row for saving, and one for loading; with the copy from and to the device."""
    state = case.state
    shapes = jax.eval_shape(lambda tree: tree, state)
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        folder = Path(name)

        def save():
            checkpoints.save(folder, 1, jax.device_get(state), {})

        save()
        file = checkpoints.latest(folder)
        assert file is not None
        content = file.read_bytes()

        def write():
            with open(folder / "plain", "wb") as plain:
                plain.write(content)
                plain.flush()
                os.fsync(plain.fileno())

        calls = {
            "checkpoint, save": save,
            "plain file, written and synchronised": write,
            "checkpoint, load": lambda: checkpoints.load(file, shapes),
            "plain file, read": file.read_bytes,
        }
        measured = in_turn(calls, case.repeats)
    names = list(calls)
    for name, floor in zip(names[::2], names[1::2], strict=True):
        yield Row(
            name=name,
            what=f"state of {case.members} members",
            milliseconds=1000 * measured.median(name),
            spread=spread(measured.seconds[name]),
            floor_ms=1000 * measured.median(floor),
            megabytes=len(content) / 1e6,
            remark=f"the floor is a {floor}",
        )
