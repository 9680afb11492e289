"""Loggers by their names."""

import importlib.util
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from splagger.foundation.errors import UserError, unknown_name
from splagger.training.loggers.logger import LOGGERS, Logger
from splagger.training.loggers.series import member_labels
from splagger.training.loggers.tensorboard import TensorBoardLogger
from splagger.training.loggers.wandb import WandbLogger

_PACKAGES = {"tensorboard": "tensorboardX", "wandb": "wandb"}


def check_loggers(names: str | Sequence[str]) -> tuple[str, ...]:
    """Checks that loggers exist and that their packages are installed; none is imported.

    **Arguments:**

    - `names`: `tensorboard`, `wandb`, or several of them.

    **Returns:** the names, each once.

    **Raises:** `UserError` for an unknown name, or for one whose package is missing.
    """
    names = tuple(dict.fromkeys([names] if isinstance(names, str) else names))
    for name in names:
        if name not in LOGGERS:
            raise unknown_name("logger", name, LOGGERS)
        package = _PACKAGES[name]
        if importlib.util.find_spec(package) is None:
            raise UserError(
                f"the logger '{name}' needs the package {package}: "
                f"`pip install 'splagger[{name}]'` installs it."
            )
    return names


def open_logger(
    name: str,
    run: Path,
    settings: Mapping[str, Any],
    members: Sequence[tuple[float, int]],
    message: Callable[[str], None],
) -> Logger:
    """Makes a logger; nothing is imported or written before its `begin`.

    **Arguments:**

    - `name`: one that `check_loggers` returned.
    - `run`: the run directory.
    - `settings`: all of the run's, as plain JSON values.
    - `members`: learning rates and seeds.
    - `message`: tells the user where to look; called by any thread.
    """
    if name == "tensorboard":
        return TensorBoardLogger(run / name, member_labels(members))
    return WandbLogger(run, settings, members, message)
