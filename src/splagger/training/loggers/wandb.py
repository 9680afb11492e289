"""Weights & Biases: one run there for each member, all of a training in one group.

Members are runs of their own, not series with a prefix, because its tables and charts filter, group
and average runs: by learning rate, over seeds. Of series within a run it can do none of that.
"""

import importlib
import json
import os
import shutil
import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from splagger.training.files import make_folder, write_atomically
from splagger.training.loggers.logger import LoggedRow, Logger
from splagger.training.loggers.series import member_labels

_FOLDER = "wandb"
_IDS = "ids.json"
_PROJECT = "splagger"
_UPLOADING_MODES = ("online", "run", "shared")
# Seconds to upload the rest at the end; what is missing then, `wandb sync` uploads.
_FINISH_SECONDS = 60.0


class WandbLogger(Logger):
    """Logs to Weights & Biases, files below `RUN/wandb`.

    wandb's own environment variables and settings decide on project, entity, server and mode.
    Nobody is ever asked to log in: where no key is known, the runs are offline, and `wandb sync`
    uploads them later.

    On the server, what is logged stays: a training that goes on adds what is missing. The files of
    an offline run replace each other when they are uploaded, so a part that goes on holds all that
    earlier parts held, and replaces them.
    """

    def __init__(
        self,
        run: Path,
        settings: Mapping[str, Any],
        members: Sequence[tuple[float, int]],
        message: Callable[[str], None],
    ):
        """Prepares; nothing is imported or written yet.

        **Arguments:**

        - `run`: the run directory.
        - `settings`: all of the run's, as plain JSON values.
        - `members`: learning rates and seeds.
        - `message`: tells the user where to look.
        """
        self._run = run
        self._settings = settings
        self._members = members
        self._message = message
        self._runs: list[Any] = []

    def begin(self, frames: int) -> int:
        """Makes the runs, or goes on with them; the rest is as for `Logger.begin`."""
        wandb = importlib.import_module("wandb")
        offline = self._is_offline(wandb)
        group, ids = self._group_and_ids()
        for name in ids:
            for old in (self._run / _FOLDER).glob(f"offline-run-*-{name}"):
                shutil.rmtree(old)
        for number, (member, name) in enumerate(zip(self._members, ids, strict=True)):
            self._runs.append(self._open(wandb, number, member, group, name, offline))
        self._say_where(offline, group)
        return min(run.starting_step for run in self._runs)

    def log(self, row: LoggedRow) -> None:
        """Logs one row a member, unless the server has it already."""
        for run, scalars in zip(self._runs, row.members, strict=True):
            if row.frames >= run.starting_step:
                run.log(dict(scalars), step=row.frames, commit=True)

    def close(self, complete: bool) -> None:
        """Finishes the runs, with a status that says how training ended."""
        for run in self._runs:
            run.finish(exit_code=0 if complete else 1)

    def _open(
        self,
        wandb: Any,
        number: int,
        member: tuple[float, int],
        group: str,
        name: str,
        offline: bool,
    ) -> Any:
        rate, seed = member
        own = {"member": number, "learning_rate": rate, "seed": seed}
        return wandb.init(
            project=os.environ.get("WANDB_PROJECT", _PROJECT),
            group=os.environ.get("WANDB_RUN_GROUP", group),
            id=name,
            name=f"{self._run.absolute().name} {member_labels([member])[0]}",
            config={**self._settings, **own},
            dir=self._run,
            mode="offline" if offline else None,
            resume="allow",
            allow_val_change=True,
            reinit="create_new",
            settings=wandb.Settings(
                console="off",
                silent=True,
                finish_timeout=float(os.environ.get("WANDB_FINISH_TIMEOUT", _FINISH_SECONDS)),
                # All members are one process on one machine.
                x_disable_stats=number > 0,
            ),
        )

    def _is_offline(self, wandb: Any) -> bool:
        """Whether nothing is uploaded although wandb's own settings would have it so."""
        if wandb.setup().settings.mode not in _UPLOADING_MODES:
            return False
        # Whoever has a run already has a key, and cannot log in.
        known = wandb.run is not None or wandb.login(prompt=False, verify=False)
        return not known

    def _group_and_ids(self) -> tuple[str, list[str]]:
        """The name of the group and the ids of all members' runs, made once for a run directory."""
        path = self._run / _FOLDER / _IDS
        try:
            kept = json.loads(path.read_bytes())
            return kept["group"], kept["ids"]
        except FileNotFoundError:
            unique = uuid.uuid4().hex[:12]
        group = f"{self._run.absolute().name}-{unique}"
        ids = [f"{unique}-{number}" for number in range(len(self._members))]
        content = json.dumps({"group": group, "ids": ids}).encode()
        make_folder(path.parent)

        def write(file):
            file.write(content)

        write_atomically(path, write)
        return group, ids

    def _say_where(self, offline: bool, group: str) -> None:
        first = self._runs[0]
        if first.offline:
            why = " (no key is known: `wandb login`)" if offline else ""
            files = self._run / _FOLDER / "offline-run-*"
            self._message(f"Weights & Biases is offline{why}. To upload: wandb sync {files}")
        elif first.url:
            self._message(f"Weights & Biases: {first.url}, in the group {group}")
