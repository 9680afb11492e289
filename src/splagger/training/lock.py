"""A lock on a directory that ends with the process that holds it."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from splagger.foundation.errors import UserError

LOCK = ".lock"
"""The name of the lock's file. The file stays; only a living process locks it."""


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Holds `folder` for this process, in a `with` statement.

    The system frees the lock when the process ends, in whatever way, so there are no stale locks.

    **Raises:** `UserError` if another process holds it, or if no lock is possible there.
    """
    try:
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise UserError(f"cannot write in '{folder}': {error.strerror or error}.") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
            raise UserError(f"'{folder}' is in use by another process (pid {holder}).") from error
        except OSError as error:
            reason = error.strerror or error
            raise UserError(f"'{folder}' cannot be locked on its file system: {reason}.") from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        # Closing frees the lock. Deleting the file here would let two processes hold it.
        os.close(descriptor)
