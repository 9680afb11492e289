"""Handing a job to a cluster's scheduler through the package submitit, which is optional."""

import contextlib
import importlib
import io
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from splagger.foundation.checks import check_at_least
from splagger.foundation.errors import UserError
from splagger.foundation.plain_values import check_types

_INSTALL = "`pip install 'splagger[cluster]'` installs it"

# Seconds before the time limit at which the job is told, to end its update and to save.
_NOTICE = 120
# How often a job that reached its time limit may go on: a bound for one that gets nowhere.
_MOST_TIME_LIMITS = 100

_FLAGS = {
    "nodes": "--hosts",
    "ntasks_per_node": "--hosts",
    "gpus_per_node": "--gpus",
    "cpus_per_task": "--cores",
    "mem": "--memory-gib",
    "time": "--minutes",
    "partition": "--partition",
    "account": "--account",
}
_LISTS = ("setup", "teardown", "srun_args")


@dataclass(frozen=True)
class ClusterSettings:
    """What a job asks of the scheduler.

    **Raises:** `UserError` for numbers out of range, parameters that are no KEY=VALUE or have an
    option of their own, and what does not go with `local`.
    """

    hosts: int = 1
    """Machines; each runs one process, which sees all of its GPUs."""
    gpus: int = 1
    """GPUs of each host; 0 to train on processors."""
    cores: int = 8
    """Processor cores of each host."""
    memory_gib: int = 64
    """Main memory of each host, in GiB."""
    minutes: int = 240
    """Time limit. Where it is reached, the job saves, queues again and goes on."""
    partition: str | None = None
    """Where the job queues; by default the scheduler's own choice."""
    account: str | None = None
    """Who pays; by default the scheduler's own choice."""
    scheduler: Literal["slurm", "local"] = "slurm"
    """`slurm`, or `local` for this machine, without a queue; there cores and memory are not
    limited."""
    set: Annotated[
        tyro.conf.UseAppendAction[tuple[tuple[str, ...], ...]],
        tyro.conf.arg(metavar="KEY=VALUE ..."),
    ] = ()
    """More for `slurm`: options of sbatch, such as `qos=high`, `reservation=mine` or
    `exclusive=true`; `setup=COMMAND`, run before the training; `signal_delay_s=SECONDS`, how long
    before the time limit the job is told of it (120, or half of a limit below 4 minutes)."""

    def __post_init__(self):
        check_types(self, "")
        for name in ("hosts", "cores", "memory_gib", "minutes"):
            check_at_least(name, getattr(self, name), 1)
        check_at_least("gpus", self.gpus, 0)
        for key, value in self._parameters:
            if key in _FLAGS:
                raise UserError(f"--set is '{key}={value}', but {_FLAGS[key]} is for that.")
            if key == "signal_delay_s" and not value.isdecimal():
                raise UserError(f"signal_delay_s is '{value}', but it must be a number of seconds.")
        if self.scheduler == "local":
            self._check_local()

    def _check_local(self) -> None:
        if self.hosts > 1:
            raise UserError(f"hosts is {self.hosts}, but the scheduler 'local' has one only.")
        given = {"--partition": self.partition, "--account": self.account, "--set": self.set}
        for flag, value in given.items():
            if value:
                raise UserError(f"{flag} is for a cluster, not for the scheduler 'local'.")

    @property
    def notice(self) -> int:
        """How many seconds before the time limit the job is told of it, unless `set` says it."""
        return min(_NOTICE, 30 * self.minutes)

    @property
    def slurm_parameters(self) -> dict[str, Any]:
        """The parameters of submitit's `SlurmExecutor`."""
        more: dict[str, Any] = {}
        sbatch: dict[str, Any] = {"requeue": True}
        if self.hosts > 1 and self.gpus:
            # jax.distributed takes one GPU for a process of SLURM's, unless told otherwise.
            devices = ",".join(map(str, range(self.gpus)))
            more["setup"] = [f"export JAX_LOCAL_DEVICE_IDS={devices}"]
        for key, value in self._parameters:
            if key in _LISTS:
                more[key] = [*more.get(key, []), value]
            elif key == "signal_delay_s":
                more[key] = int(value)
            else:
                sbatch[key] = True if value == "true" else value
        # srun of SLURM 22.05 and newer does not take the number of cores from sbatch.
        more["srun_args"] = [f"--cpus-per-task={self.cores}", *more.get("srun_args", [])]
        return {
            "job_name": "splagger",
            "nodes": self.hosts,
            "ntasks_per_node": 1,
            "gpus_per_node": self.gpus or None,
            "cpus_per_task": self.cores,
            "mem": f"{self.memory_gib}G",
            "time": self.minutes,
            "partition": self.partition,
            "account": self.account,
            "signal_delay_s": self.notice,
            "stderr_to_stdout": True,
            "additional_parameters": sbatch,
            **more,
        }

    @property
    def _parameters(self) -> list[tuple[str, str]]:
        return [_key_and_value(word) for words in self.set for word in words]


@dataclass(frozen=True)
class Submission:
    """A job that the scheduler has."""

    job_id: str
    """Its number; with `local`, that of a process."""
    log: Path
    """The file that the first host's output goes to."""
    job: Any
    """The same as submitit's `Job`, to be waited for."""


def require_scheduler(settings: ClusterSettings) -> None:
    """Checks that jobs can be submitted here, before anything is prepared for one.

    **Raises:** `UserError` where submitit is not installed, or this is no machine of the cluster.
    """
    _import_submitit()
    missing = [name for name in ("sbatch", "srun") if shutil.which(name) is None]
    if settings.scheduler == "slurm" and missing:
        raise UserError(
            f"there is no SLURM on this machine, which has no command {missing[0]}: submit from "
            "one of the cluster's, or run the job here with --scheduler local."
        )


def submit(job: Callable[[], None], settings: ClusterSettings, folder: Path) -> Submission:
    """Hands a job to the scheduler, and does not wait for it.

    **Arguments:**

    - `job`: what every host runs; it is pickled, so it belongs to a module and holds little. With
        a method `checkpoint`, as submitit wants it, it can be queued again.
    - `settings`: what it asks for.
    - `folder`: where logs and submitit's own files go; all hosts must see it.

    **Raises:** `UserError` where the scheduler refuses it, or submitit is not installed.
    """
    submitit = _import_submitit()
    if settings.scheduler == "local":
        executor = submitit.LocalExecutor(folder, max_num_timeout=_MOST_TIME_LIMITS)
        executor.update_parameters(
            gpus_per_node=settings.gpus,
            timeout_min=settings.minutes,
            signal_delay_s=settings.notice,
            stderr_to_stdout=True,
        )
    else:
        executor = submitit.SlurmExecutor(folder, max_num_timeout=_MOST_TIME_LIMITS)
        executor.update_parameters(**settings.slurm_parameters)
    try:
        # submitit prints what sbatch says, too.
        with contextlib.redirect_stderr(io.StringIO()):
            submitted = executor.submit(job)
    except (submitit.core.utils.FailedJobError, submitit.core.utils.FailedSubmissionError) as error:
        reason = " ".join(str(error).split())
        raise UserError(f"the scheduler refuses the job: {reason}.") from error
    return Submission(submitted.job_id, submitted.paths.stdout, submitted)


def _key_and_value(parameter: str) -> tuple[str, str]:
    found = re.fullmatch(r"([a-z][a-z0-9_-]*)=(.+)", parameter, re.DOTALL)
    if found is None:
        raise UserError(f"--set is '{parameter}', but it must be KEY=VALUE, such as qos=high.")
    return found[1].replace("-", "_"), found[2]


def _import_submitit() -> Any:
    try:
        return importlib.import_module("submitit")
    except ImportError as error:
        raise UserError(f"submit needs the package submitit: {_INSTALL}.") from error
