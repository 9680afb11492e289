"""Training a run, and going on with one."""

import dataclasses
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from splagger.environments.contract.targets import require_sound
from splagger.environments.registry import EnvironmentSpecification
from splagger.foundation.agent_settings import AgentSettings
from splagger.foundation.errors import UserError, unknown_name
from splagger.foundation.plain_values import to_plain
from splagger.foundation.settings import (
    Settings,
    from_dictionary,
    to_dictionary,
)
from splagger.recipes.recipes import settings_for
from splagger.training.compilation_cache import enable_compilation_cache
from splagger.training.devices import remark_on_devices, remark_on_simulator
from splagger.training.loggers.loggers import Loggers
from splagger.training.loggers.open import check_loggers
from splagger.training.loop import TrainingLoop, TrainingResult
from splagger.training.processes import from_first, is_first_process
from splagger.training.progress import TrainingProgress
from splagger.training.run_directory import RunDirectory, default_path
from splagger.training.session import Session
from splagger.training.settings_file import new_record
from splagger.training.watched_run import WatchedRun

RUNS = Path("runs")
"""Where runs go by default, below the current directory."""


def train(
    environment: str,
    agent: str | AgentSettings = "splagger",
    *,
    recipe: str = "default",
    policy_size: str | None = None,
    objective: str | None = None,
    simulator: str | None = None,
    devices: int | None = None,
    members_at_once: int | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    log: str | Sequence[str] = (),
    quiet: bool = False,
    **changes: Any,
) -> TrainingResult:
    """Trains an agent and leaves a run directory.

    **Arguments:**

    - `environment`: its name, with options: `t-maze-long-noise:length=20,episodes=8`. A class of
        your own is `package.module:ClassName`.
    - `agent`: its name, `splagger agents` lists them; or what it is made of.
    - `recipe`: the settings to start from: `default`, `paper` or `small`.
    - `policy_size`: `xs`, `s`, `m`, `l`, `xl` or `xxl`; by default the recipe's.
    - `objective`: what the sequence model learns from: `end-to-end`, `pearl`, `varibad`,
        `ti-naive`, `ti`, `ti++` or `bi++`; by default the agent's own.
    - `simulator`: the option of that name of the environments that have it: `native` or `mjx`; by
        default `mjx` on a GPU, else `native`.
    - `devices`: how many devices share the members and, where these are fewer, the environments;
        by default all that jax sees. It changes results by rounding alone.
    - `members_at_once`: how many members a device vectorises at a time, where it is an
        accelerator; by default all that it has. It bounds memory and changes no result.
    - `out`: the run directory; by default a new one, `runs/<environment>/<agent>/<time>`.
    - `overwrite`: whether a run that is in `out` already may be replaced.
    - `log`: where else metrics and evaluations go: `tensorboard`, `wandb` or both. It changes no
        result, and their failure stops no training.
    - `quiet`: whether to show no progress.
    - `changes`: other values for fields of `Settings`; for its groups, a mapping of fields, such
        as `learning={"steps": 100}`.

    **Returns:** where the run is and how it ended.

    **Raises:** `UserError` for bad input, before anything is written.
    """
    settings = with_changes(
        settings_for(environment, agent, recipe, policy_size=policy_size, objective=objective),
        changes,
    )
    return start_run(
        settings,
        simulator=simulator,
        devices=devices,
        members_at_once=members_at_once,
        out=out,
        overwrite=overwrite,
        log=log,
        quiet=quiet,
    )


def start_run(
    settings: Settings,
    *,
    simulator: str | None = None,
    devices: int | None = None,
    members_at_once: int | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    log: str | Sequence[str] = (),
    quiet: bool = False,
) -> TrainingResult:
    """Trains with complete settings; the arguments are those of `train`."""
    loggers = _checked_loggers(log)
    run, session = new_run(
        settings,
        simulator=simulator,
        devices=devices,
        members_at_once=members_at_once,
        out=out,
        overwrite=overwrite,
    )
    return _train(run, session, new=True, devices=devices, log=loggers, quiet=quiet)


def new_run(
    settings: Settings,
    *,
    simulator: str | None = None,
    devices: int | None = 1,
    members_at_once: int | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
) -> tuple[RunDirectory, Session]:
    """Checks all that can be checked before training, and makes the run directory.

    Resuming the run starts it. The arguments are those of `train`.

    **Returns:** the run directory, with no checkpoint, and what its settings describe; whoever
    does not train with that closes it.

    **Raises:** `UserError` for bad input, before anything is written.
    """
    # Values of wrong types are noticed before they are written, not when they are read again.
    specification = EnvironmentSpecification.parse(settings.environment)
    if simulator is not None:
        specification = specification.with_simulator(simulator)
    # A state of training fits one simulator: its name must not depend on the machine.
    settings = with_changes(settings, {"environment": str(specification.resolved())})
    enable_compilation_cache()
    # The user names the environment here and now, so its code may be imported.
    require_sound(settings.environment, workers=settings.host.workers or 0)
    session = Session(settings, trust=True, devices=devices, members_at_once=members_at_once)
    values = to_dictionary(settings)

    def create() -> str:
        path = default_path(RUNS, settings.environment, settings.agent.name)
        return str(RunDirectory.create(path if out is None else Path(out), values, overwrite).path)

    path = Path(from_first(create))
    run = RunDirectory.open(path) if is_first_process() else WatchedRun(path, new_record(values))
    return run, session


def resume(
    path: str | Path,
    *,
    frames: int | None = None,
    devices: int | None = None,
    members_at_once: int | None = None,
    trust: bool = False,
    log: str | Sequence[str] = (),
    quiet: bool = False,
) -> TrainingResult:
    """Goes on with a run from its newest checkpoint, exactly as if it had never stopped.

    **Arguments:**

    - `path`: the run directory.
    - `frames`: a new number of frames for every member, at least as many as are done.
    - `devices`, `members_at_once`: as for `train`; they need not be what the run was started with.
    - `trust`: whether code that the run's environment refers to may be imported.
    - `log`: as for `train`; what a logger lacks of the run so far, it is given.
    - `quiet`: whether to show no progress.

    **Returns:** how it ended.

    **Raises:** `UserError` if the run is damaged, in use, or from another version, or for a logger
    that is unknown or not installed.
    """
    loggers = _checked_loggers(log)
    run, session = existing_run(
        path, frames=frames, devices=devices, members_at_once=members_at_once, trust=trust
    )
    return _train(run, session, new=False, devices=devices, log=loggers, quiet=quiet)


def existing_run(
    path: str | Path,
    *,
    frames: int | None = None,
    devices: int | None = 1,
    members_at_once: int | None = None,
    trust: bool = False,
) -> tuple[RunDirectory, Session]:
    """Opens a run that is to go on; nothing is written. The arguments are those of `resume`.

    **Returns:** the run directory, and what its settings describe with that many frames; whoever
    does not train with that closes it.

    **Raises:** `UserError` if the run is damaged or from another version, or for bad input.
    """
    run = RunDirectory.open(Path(path))
    settings = from_dictionary(run.settings)
    if frames is not None:
        made_for = settings.frames
        settings = with_changes(settings, {"frames": frames})
        if frames < made_for:
            raise UserError(
                f"frames is {frames}, but the run '{path}' was made for {made_for}; "
                "a run can be resumed with more frames, not with fewer."
            )
    enable_compilation_cache()
    session = Session(settings, trust=trust, devices=devices, members_at_once=members_at_once)
    if not is_first_process():
        run = WatchedRun(run.path, run.record)
    return run, session


def with_changes(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    """Replaces fields of settings; a mapping replaces fields of a group.

    **Raises:** `UserError` for a field that does not exist, with the nearest names, and for a value
    of the wrong type.
    """
    return from_dictionary(_changed(to_dictionary(settings), changes, "setting"))


def _changed(values: Mapping[str, Any], changes: Mapping[str, Any], kind: str) -> dict[str, Any]:
    changed = dict(values)
    for name, change in changes.items():
        if name not in values:
            raise unknown_name(kind, name, values)
        if dataclasses.is_dataclass(change):
            changed[name] = to_plain(change)
        elif isinstance(values[name], Mapping) and isinstance(change, Mapping):
            changed[name] = _changed(values[name], change, f"setting of {name}")
        else:
            # Numbers and arrays of NumPy become Python's.
            changed[name] = change.tolist() if hasattr(change, "tolist") else change
    return changed


def _checked_loggers(log: str | Sequence[str]) -> tuple[str, ...]:
    """The names of the loggers in the first process, which alone logs; none in the others."""
    checked = from_first(lambda: " ".join(check_loggers(log)))
    return tuple(checked.split()) if is_first_process() else ()


def _train(
    run: RunDirectory,
    session: Session,
    *,
    new: bool,
    devices: int | None,
    log: Sequence[str],
    quiet: bool,
) -> TrainingResult:
    settings = session.settings
    members = [f"learning rate {rate:g}, seed {seed}" for rate, seed in settings.members]
    total = settings.updates * session.sweep.learner.frames_per_update
    quiet = quiet or not is_first_process()
    with ExitStack() as stack:
        from_first(lambda: stack.enter_context(run.locked()) or "")
        stack.enter_context(closing(session))
        if to_dictionary(settings) != to_dictionary(from_dictionary(run.settings)):
            run.replace_settings(to_dictionary(settings))
        with TrainingProgress(total, members, quiet=quiet) as progress:
            progress.message(f"{settings.agent.name} on {settings.environment}: {run.path}")
            for remark in (
                remark_on_simulator(settings.environment, changeable=new),
                remark_on_devices(settings, session.layout, devices),
            ):
                if remark:
                    progress.message(remark)
            with Loggers.open(log, run, settings.members, progress.message) as loggers:
                return TrainingLoop(run, session, progress, loggers).run()
