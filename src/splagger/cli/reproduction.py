"""What `splagger reproduce` does: choosing, running with progress, drawing, judging."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from splagger.cli.tables import complain, show
from splagger.evidence.experiment import Experiment
from splagger.evidence.reproduce import Reductions, Reproduction, Step
from splagger.evidence.scales import SCALES, Scale, Stage, find_scale
from splagger.evidence.side_by_side import SideBySide, visible_devices
from splagger.evidence.store import Store
from splagger.evidence.target_table import targets_table
from splagger.evidence.targets import TARGETS, Target, all_experiments, covering, find_target
from splagger.foundation.errors import UserError, unknown_name

if TYPE_CHECKING:
    from splagger.cli.reproduce import Reproduce

_FAILED = 1


def show_targets(folder: Path) -> int:
    """Prints the targets."""
    show(targets_table(Store(folder)))
    return 0


def show_claims(folder: Path, scale: str, *, markdown: bool) -> int:
    """Prints the claims with their verdicts."""
    from splagger.evidence.claims_table import claims_markdown, claims_table
    from splagger.evidence.judge import judge_all

    verdicts = judge_all(Store(folder), find_scale(scale))
    if markdown:
        print(claims_markdown(verdicts))
    else:
        show(claims_table(verdicts))
    return 0


def reproduce(command: "Reproduce") -> int:
    """Trains what is missing of the targets, draws, and says what became of it.

    **Raises:** `UserError` for unknown targets, agents or environments.
    """
    scale, store = SCALES[command.scale], Store(command.folder)
    targets = _targets(command.targets)
    chosen = _chosen(targets, command, scale)
    failed: list[Step] = []
    if chosen and not command.draw:
        failed = _run(command, scale, store, chosen)
    for target in targets:
        for path in _draw(target, store, scale, command.out / scale.name):
            print(path)
    for step in failed:
        complain(f"{step.experiment.label} on {step.experiment.environment}: {step.note}")
    return _FAILED if failed else 0


def _draw(target: Target, store: Store, scale: Scale, out: Path) -> list[Path]:
    from splagger.cli.untrained import ANALYSES_BY_TARGET, analyse, draw_drawings
    from splagger.evidence.target_figures import draw_target

    if target.name == "drawings":
        return draw_drawings(out / target.name)
    if target.name in ANALYSES_BY_TARGET:
        return analyse(target.name, store, out / target.name)
    return draw_target(target, store, scale, out)


def _targets(names: tuple[str, ...]) -> tuple[Target, ...]:
    if names == ("all",):
        return TARGETS
    return tuple(find_target(name) for name in dict.fromkeys(names))


def _chosen(targets: tuple[Target, ...], command: "Reproduce", scale: Scale) -> list[Experiment]:
    found = covering(targets) if scale.covering else all_experiments(targets)
    for kind, wanted in (("agent", command.agents), ("environment", command.environments)):
        there = {getattr(experiment, kind) for experiment in found}
        for name in wanted:
            if name not in there:
                raise unknown_name(f"{kind} of the targets", name, sorted(there))
        found = [one for one in found if not wanted or getattr(one, kind) in wanted]
    return found


def _run(
    command: "Reproduce", scale: Scale, store: Store, experiments: list[Experiment]
) -> list[Step]:
    """Runs them with a bar for each that goes on; those that ended badly."""
    if command.jobs is not None and command.jobs < 1:
        raise UserError(f"jobs is {command.jobs}, but it must be at least 1.")
    devices = len(visible_devices())
    processes = SideBySide(
        jobs=command.jobs or max(devices, 1),
        devices=devices,
        compiler_flags=scale.compiler_flags,
        deadline=None if command.minutes is None else time.monotonic() + 60 * command.minutes,
    )
    reductions = Reductions(
        learning_rates=command.learning_rates or None,
        seeds=command.seeds,
        fresh_seeds=command.fresh_seeds,
        frames=command.frames,
        precision=command.precision,
    )
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[share]}"))
    with Progress(*columns, TimeElapsedColumn(), console=console, transient=True) as progress:
        bars: dict[tuple[str, str, Stage], int] = {}
        whole = progress.add_task(f"{scale.name}: all", total=len(experiments), share="")

        def watch(experiment: Experiment, stage: Stage, frames: int, total: int) -> None:
            key = (*experiment.key, stage)
            if key not in bars:
                name = f"{experiment.label} on {experiment.environment}, {stage}"
                bars[key] = progress.add_task(name, total=total, share="")
            progress.update(bars[key], completed=frames, share=f"{frames / total:.0%}")

        def done(step: Step) -> None:
            bar = bars.pop((*step.experiment.key, step.stage), None)
            if bar is not None:
                progress.remove_task(bar)
            if step.stage == "tuning":
                progress.advance(whole)
            seconds = f", {step.ending.seconds:.0f} s" if step.ending else ""
            progress.console.print(
                f"{step.experiment.label} on {step.experiment.environment}, {step.stage}: "
                f"{step.note}{seconds}",
                markup=False,
                highlight=False,
            )

        steps = Reproduction(scale, store, processes, reductions, watch).run(experiments, done)
    return [step for step in steps if step.note.startswith("failed")]
