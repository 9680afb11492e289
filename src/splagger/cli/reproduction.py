"""What `splagger reproduce` does: choosing, running with progress, drawing, judging."""

import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from splagger.cli.reproduce_options import ReproduceOptions
from splagger.cli.tables import complain, show
from splagger.evidence.experiment import Experiment
from splagger.evidence.reproduce import Reductions, Reproduction, Step
from splagger.evidence.scales import SCALES, Scale, Stage, find_scale
from splagger.evidence.side_by_side import SideBySide, visible_devices
from splagger.evidence.store import Store
from splagger.evidence.target_table import targets_table
from splagger.evidence.targets import TARGETS, Target, all_experiments, covering, find_target
from splagger.foundation.checks import check_at_least, check_positive
from splagger.foundation.errors import UserError

_FAILED = 1
_INTERRUPTED = 130
_TERMINATIONS = (signal.SIGTERM, signal.SIGHUP)


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


def reproduce(options: ReproduceOptions) -> int:
    """Trains what is missing of the targets, draws, and says what became of it.

    **Returns:** the exit status: 0, 1 if something failed, 130 if it was interrupted.

    **Raises:** `UserError` for unknown targets, agents or environments, and numbers out of range.
    """
    scale, store = SCALES[options.scale], Store(options.folder)
    targets = _targets(options.targets)
    chosen = _chosen(targets, options, scale)
    steps: list[Step] = []
    if chosen and not options.draw:
        try:
            with _termination_interrupts():
                steps = _run(options, scale, store, chosen)
        except KeyboardInterrupt:
            complain("stopped; what was trained is saved. To go on, give the same command again.")
            return _INTERRUPTED
    for target in targets:
        paths = _draw(target, store, scale, options.out / scale.name)
        for path in paths:
            print(path)
        if not paths:
            complain(f"nothing of {target.name} was trained at the scale {scale.name} to be drawn.")
    return _conclude(steps)


def _conclude(steps: Sequence[Step]) -> int:
    """Says what failed and what is left; the exit status."""
    failed = [step for step in steps if step.result == "failed"]
    for step in failed:
        complain(f"{step.experiment.label} on {step.experiment.environment}: {step.note}")
    left = sum(step.result in ("interrupted", "not started") for step in steps)
    if left:
        complain(f"the time was up with {left} left. To go on, give the same command again.")
    return _FAILED if failed else 0


@contextmanager
def _termination_interrupts() -> Iterator[None]:
    """Takes a request to terminate for Ctrl-C, so that no training is left without its parent."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.default_int_handler) for number in _TERMINATIONS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


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


def _chosen(
    targets: tuple[Target, ...], options: ReproduceOptions, scale: Scale
) -> list[Experiment]:
    every = all_experiments(targets)
    found = every
    for kind, wanted in (("agent", options.agents), ("environment", options.environments)):
        there = sorted({getattr(experiment, kind) for experiment in every})
        for name in wanted:
            if name not in there:
                valid = f"they train {', '.join(there)}" if there else "they train nothing"
                raise UserError(f"no {kind} of the targets is '{name}': {valid}.")
        found = [one for one in found if not wanted or getattr(one, kind) in wanted]
    if every and not found:
        agents, places = " or ".join(options.agents), " or ".join(options.environments)
        raise UserError(f"none of the targets trains {agents} on {places}.")
    # Who asks for agents or environments gets them.
    return covering(targets) if scale.covering and found == every else found


def _run(
    options: ReproduceOptions, scale: Scale, store: Store, experiments: list[Experiment]
) -> list[Step]:
    """Runs them with a bar for each that goes on; what became of them."""
    if options.jobs is not None:
        check_at_least("jobs", options.jobs, 1)
    if options.minutes is not None:
        check_positive("minutes", options.minutes)
    if options.fresh_seeds is not None:
        check_at_least("fresh_seeds", options.fresh_seeds, 0)
    devices = len(visible_devices())
    processes = SideBySide(
        jobs=options.jobs or max(devices, 1),
        devices=devices,
        compiler_flags=scale.compiler_flags,
        deadline=None if options.minutes is None else time.monotonic() + 60 * options.minutes,
    )
    reductions = Reductions(
        learning_rates=options.learning_rates or None,
        seeds=options.seeds,
        fresh_seeds=options.fresh_seeds,
        frames=options.frames,
        precision=options.precision,
    )
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[share]}"))
    progress = Progress(*columns, TimeElapsedColumn(), console=console, transient=True)
    bars: dict[tuple[str, str, Stage], TaskID] = {}
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
        if step.result == "not started":
            return
        seconds = "" if step.seconds is None else f", {step.seconds:.0f} s"
        progress.console.print(
            f"{step.experiment.label} on {step.experiment.environment}, {step.stage}: "
            f"{step.note}{seconds}",
            markup=False,
            highlight=False,
        )

    def stopping() -> None:
        progress.console.print(
            "Stopping and saving what runs. Again to stop at once, which loses what came after "
            "the last checkpoints.",
            highlight=False,
        )

    reproduction = Reproduction(scale, store, processes, reductions, watch)
    reproduction.check(experiments)
    with progress:
        return reproduction.run(experiments, done, stopping)
