"""Where a run goes when the user does not say where."""

import datetime
import re
from pathlib import Path

from splagger.foundation.errors import UserError
from splagger.training.files import make_folder


def default_path(root: Path, environment: str, agent: str) -> Path:
    """Makes an empty directory `root/environment/agent/time` that no other run has or gets.

    Making it is what keeps two processes that start in the same second apart.

    **Arguments:**

    - `root`: the directory of all runs.
    - `environment`, `agent`: any names; characters that are awkward in paths become `-`.

    **Raises:** `UserError` if the directory cannot be made.
    """
    parent = root / safe_name(environment) / safe_name(agent)
    make_folder(parent)
    time = datetime.datetime.now().strftime("%Y-%m-%d-%H%M%S")
    number = 1
    while True:
        path = parent / (time if number == 1 else f"{time}-{number}")
        try:
            path.mkdir()
            return path
        except FileExistsError:
            number += 1
        except OSError as error:
            reason = error.strerror or error
            raise UserError(f"cannot make the run directory '{path}': {reason}.") from error


def safe_name(name: str) -> str:
    """Returns `name` as the name of a folder: characters that are awkward in paths become `-`."""
    # No leading dot: a run must be neither hidden nor the parent directory.
    return re.sub(r"[^A-Za-z0-9._+-]+", "-", name).lstrip(".") or "unnamed"
