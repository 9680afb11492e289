"""The command that hands a training to a cluster's scheduler."""

import shlex
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated

import tyro

from splagger.cli.commands import Resume, Train
from splagger.cli.parse import parse_command
from splagger.cli.training_job import TrainingJob
from splagger.foundation.errors import UserError
from splagger.training.cluster import ClusterSettings, require_scheduler, submit
from splagger.training.loggers.open import check_loggers

_FOLDER = "cluster"
_SEVERAL_HOSTS = "--distributed"
_EXAMPLE = "`splagger submit --minutes 60 -- train t-maze-long-noise`"


@dataclass(frozen=True)
class Submit:
    """Hand a training to a cluster's scheduler, and let it go on where it is interrupted."""

    command: Annotated[
        tyro.conf.Positional[tuple[str, ...]],
        tyro.conf.arg(metavar="-- COMMAND", help_behavior_hint="(required)"),
    ] = ()
    """What to run, after two dashes: `train` or `resume` with its arguments."""
    cluster: Annotated[ClusterSettings, tyro.conf.arg(name="")] = ClusterSettings()
    """What it asks of the scheduler."""

    def run(self) -> int:
        """Checks the training, makes its run directory, submits, and says what to type next."""
        command = self._parsed()
        check_loggers(command.log)
        require_scheduler(self.cluster)
        path, job = _prepared(command, self.cluster)
        # Where it is submitted again, hosts decide about the flag anew.
        resume = shlex.join(word for word in job.words if word != _SEVERAL_HOSTS)
        try:
            submission = submit(job, self.cluster, path / _FOLDER)
        except UserError as error:
            raise UserError(f"{error} The run is prepared: submit `{resume}` instead.") from error
        print(f"Job {submission.job_id} ({self.cluster.scheduler}) trains {path}")
        print(f"Its output: {submission.log}")
        print(f"Its learning curve: splagger plot {shlex.quote(str(path))} --out curve.png")
        print(f"To go on should it ever end early: splagger {resume}, here or submitted")
        return 0

    def _parsed(self) -> Train | Resume:
        if not self.command:
            raise UserError(f"submit needs a command after two dashes, such as {_EXAMPLE}.")
        if self.command[0] not in ("train", "resume"):
            raise UserError(
                f"submit is for `train` and `resume`, not for `{self.command[0]}`: {_EXAMPLE}."
            )
        return parse_command(list(self.command), {})


def _prepared(command: Train | Resume, settings: ClusterSettings) -> tuple[Path, TrainingJob]:
    """The run's directory, made and checked, and the job that trains it."""
    import jax

    from splagger.environments.registry import EnvironmentSpecification
    from splagger.training.train import existing_run, new_run

    # Only to check: a login node may have no GPU, and where there is one, the job wants it.
    jax.config.update("jax_platforms", "cpu")
    trust = False
    if isinstance(command, Train):
        simulator = command.simulator
        asked = EnvironmentSpecification.parse(command.settings.environment)
        if simulator is None and asked.simulator == "auto":
            # What suits the job's machine, not this one.
            simulator = "mjx" if settings.gpus else "native"
        run, session = new_run(
            command.settings, simulator=simulator, out=command.out, overwrite=command.overwrite
        )
        trust = asked.entry is None
    else:
        run, session = existing_run(command.directory, frames=command.frames, trust=command.trust)
    session.close()
    words = _flags_of_resume(command)
    if trust:
        words.append("--trust")
    if settings.hosts > 1 and _SEVERAL_HOSTS not in words:
        words.append(_SEVERAL_HOSTS)
    # Absolute: a cluster may start the job elsewhere.
    path = run.path.absolute()
    return path, TrainingJob(("resume", str(path), *words))


def _flags_of_resume(command: Train | Resume) -> list[str]:
    """The command's flags that `resume` has, where they were given: the run knows of no others."""
    words = []
    for values, its_fields in ((command, fields(Resume)), (command.on, fields(command.on))):
        for field in its_fields:
            value = getattr(values, field.name, field.default)
            if field.name not in ("directory", "on") and value != field.default:
                flag = "--" + field.name.replace("_", "-")
                several = value if isinstance(value, tuple) else (value,)
                words += [flag] if value is True else [flag, *map(str, several)]
    return words
