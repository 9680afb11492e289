"""Trainings side by side, each in a process of its own, on the devices that there are."""

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from splagger.foundation.errors import UserError
from splagger.foundation.settings import Settings, to_dictionary
from splagger.training.files import make_folder

_MODULE = "splagger.evidence"
_MEMORY_SHARE = 0.92
_POLL_SECONDS = 0.5
_POLLS_PER_WATCH = 8


@dataclass(frozen=True)
class Ending:
    """How a training's process ended."""

    status: int
    """Its exit status: 0 where all went well, minus the number of a signal that ended it."""
    seconds: float
    """How long it took."""
    message: str
    """The last line that it wrote, empty where it wrote none."""
    log: Path
    """What it wrote. The file is kept where not all went well."""


@dataclass
class SideBySide:
    """Starts processes, so many at a time, and stops them when asked."""

    jobs: int
    """How many at a time."""
    devices: int
    """How many GPUs share them; 0 where there is none."""
    compiler_flags: str = ""
    """For XLA where there is no GPU, unless the variable `XLA_FLAGS` is set."""
    deadline: float | None = None
    """When to stop all, in seconds of `time.monotonic`."""
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set when nothing more is to be started and what runs is to save and end."""
    hurry: threading.Event = field(default_factory=threading.Event)
    """Set when what runs is to end at once, without saving."""
    _slots: "queue.Queue[int]" = field(default_factory=queue.Queue)

    def __post_init__(self):
        for slot in range(self.jobs):
            self._slots.put(slot)

    def train(self, settings: Settings, path: Path, watch: Callable[[], None]) -> Ending | None:
        """Trains, once there is room, in a process of its own, or goes on with what `path` has.

        **Arguments:**

        - `settings`: of the training.
        - `path`: its run directory.
        - `watch`: is called every few seconds while it goes on.

        **Returns:** how it ended; None if it was not started any more.

        **Raises:** `UserError` if files beside `path` cannot be written; and what `watch` raises,
        when the process has saved and ended.
        """
        slot = self._slots.get()
        try:
            if self._over():
                return None
            return self._train(settings, path, watch, slot)
        finally:
            self._slots.put(slot)

    def _over(self) -> bool:
        if self.deadline is not None and time.monotonic() > self.deadline:
            self.stopping.set()
        return self.stopping.is_set()

    def _train(
        self, settings: Settings, path: Path, watch: Callable[[], None], slot: int
    ) -> Ending:
        make_folder(path.parent)
        plan, log = path.with_name(f"{path.name}.json"), path.with_name(f"{path.name}.log")
        start = time.monotonic()
        try:
            plan.write_text(json.dumps(to_dictionary(settings)))
            with open(log, "w") as file:
                # A group of its own, so that Ctrl-C reaches it once, through `stopping`.
                process = subprocess.Popen(
                    [sys.executable, "-u", "-m", _MODULE, str(plan), str(path)],
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    env=self._environment(slot),
                    start_new_session=True,
                )
        except OSError as error:
            reason = error.strerror or error
            raise UserError(f"cannot start a training beside '{plan}': {reason}.") from error
        self._follow(process, watch)
        seconds = time.monotonic() - start
        lines = log.read_text(errors="replace").strip().splitlines()
        if process.returncode == 0:
            plan.unlink(missing_ok=True)
            log.unlink(missing_ok=True)
        return Ending(process.returncode, seconds, lines[-1] if lines else "", log)

    def _follow(self, process: "subprocess.Popen[bytes]", watch: Callable[[], None]) -> None:
        """Waits until a process has ended, and asks it to where nothing more is wanted."""
        told, polls = False, 0
        try:
            while process.poll() is None:
                if self.hurry.is_set():
                    process.kill()
                elif not told and self._over():
                    process.send_signal(signal.SIGINT)
                    told = True
                polls += 1
                if polls % _POLLS_PER_WATCH == 0:
                    watch()
                time.sleep(_POLL_SECONDS)
        except BaseException:
            # It would train on with nobody to follow it.
            process.send_signal(signal.SIGINT)
            process.wait()
            raise

    def _environment(self, slot: int) -> dict[str, str]:
        """The variables of a slot's process: its GPU, and its share of that."""
        variables = dict(os.environ)
        if self.devices:
            sharing = -(-self.jobs // self.devices)
            visible = visible_devices()[: self.devices]
            variables["CUDA_VISIBLE_DEVICES"] = visible[slot % self.devices]
            variables["XLA_PYTHON_CLIENT_MEM_FRACTION"] = f"{_MEMORY_SHARE / sharing:.3f}"
        elif self.compiler_flags:
            variables.setdefault("XLA_FLAGS", self.compiler_flags)
        return variables


def visible_devices() -> list[str]:
    """The NVIDIA GPUs that processes may use, as `CUDA_VISIBLE_DEVICES` names them.

    jax is not asked: whoever asks it holds a GPU's memory.
    """
    given = os.environ.get("CUDA_VISIBLE_DEVICES")
    if given is not None:
        names = [name.strip() for name in given.split(",")]
        return [name for name in names if name not in ("", "-1")]
    if shutil.which("nvidia-smi") is None:
        return []
    listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=False)
    lines = [line for line in listed.stdout.splitlines() if line.startswith("GPU ")]
    return [str(number) for number in range(len(lines))]
