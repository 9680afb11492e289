"""The commands: what each takes, and what it calls and prints."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import tyro

from splagger.cli.device_options import DeviceOptions
from splagger.foundation.settings import Settings

_STOPPED_MEMBERS = 1


@dataclass(frozen=True)
class Train:
    """Train an agent on an environment, all learning rates and seeds together."""

    settings: Annotated[Settings, tyro.conf.arg(name="")]
    """All settings of the run."""
    agent: str = "splagger"
    """Name of the agent; `splagger agents` lists them."""
    recipe: str = "default"
    """The settings to start from: `default`, `paper` (the published system) or `small` (a small
    network, for minutes on two cores)."""
    policy_size: str | None = None
    """Size of actor and critic: `xs`, `s`, `m`, `l`, `xl` (the paper's) or `xxl`; by default the
    recipe's."""
    objective: str | None = None
    """What the sequence model learns from: `end-to-end`, `pearl`, `varibad`, `ti-naive`, `ti`,
    `ti++` or `bi++`; by default the agent's own."""
    simulator: str | None = None
    """What simulates walking bodies: `native` (MuJoCo on the processor) or `mjx` (on the device);
    by default `mjx` on a GPU, else `native`."""
    out: Path | None = None
    """The run directory; by default a new one, runs/ENVIRONMENT/AGENT/TIME."""
    overwrite: bool = False
    """Replace the run that is in --out already."""
    log: tuple[Literal["tensorboard", "wandb"], ...] = ()
    """Log to TensorBoard, to Weights & Biases, or to both, beside the run's own records."""
    quiet: bool = False
    """Print nothing and draw no figure."""
    on: Annotated[DeviceOptions, tyro.conf.arg(name="")] = DeviceOptions()
    """Devices and processes."""

    def run(self) -> int:
        """Trains, then prints a table and draws the learning curve."""
        self.on.join()
        from splagger.training.train import start_run

        result = start_run(
            self.settings,
            simulator=self.simulator,
            devices=self.on.devices,
            members_at_once=self.on.members_at_once,
            out=self.out,
            overwrite=self.overwrite,
            log=self.log,
            quiet=self.quiet,
        )
        return _conclude(result, quiet=self.quiet)


@dataclass(frozen=True)
class Resume:
    """Go on with a run that was stopped, or give it more frames."""

    directory: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="RUN")]
    """The run directory."""
    frames: int | None = None
    """A larger number of frames for every member."""
    trust: bool = False
    """Allow the run's environment to import code."""
    log: tuple[Literal["tensorboard", "wandb"], ...] = ()
    """Log to TensorBoard, to Weights & Biases, or to both; what they lack of the run is added."""
    quiet: bool = False
    """Print nothing and draw no figure."""
    on: Annotated[DeviceOptions, tyro.conf.arg(name="")] = DeviceOptions()
    """Devices and processes."""

    def run(self) -> int:
        """Trains on, then prints a table and draws the learning curve."""
        self.on.join()
        from splagger.training.train import resume

        result = resume(
            self.directory,
            frames=self.frames,
            devices=self.on.devices,
            members_at_once=self.on.members_at_once,
            trust=self.trust,
            log=self.log,
            quiet=self.quiet,
        )
        return _conclude(result, quiet=self.quiet)


@dataclass(frozen=True)
class Evaluate:
    """Test a trained agent on fresh tasks, also of another environment."""

    directory: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="RUN")]
    """The run directory."""
    tasks: int = 256
    """How many fresh tasks, one trial in each; of groups of tasks, equally many of each."""
    environment: str | None = None
    """Another environment than the one trained on: t-maze-long-noise:length=200,episodes=8. By
    default the one trained on, or the tasks that it holds out."""
    seed: int = 0
    """Decides the tasks."""
    erase_memory: bool = False
    """Erase the memory before every action: what is left without it."""
    trust: bool = False
    """Allow the run's environment to import code."""
    json: bool = False
    """Print JSON instead of a table."""

    def run(self) -> int:
        """Evaluates and prints."""
        from splagger.training.evaluate_run import evaluate_run

        result = evaluate_run(
            self.directory,
            tasks=self.tasks,
            environment=self.environment,
            seed=self.seed,
            erase_memory=self.erase_memory,
            trust=self.trust,
        )
        if self.json:
            print(json.dumps(result, indent=2))
        else:
            from splagger.cli.tables import evaluation_table, groups_table, show

            show(evaluation_table(result))
            groups = groups_table(result)
            if groups is not None:
                show(groups)
        return 0


@dataclass(frozen=True)
class Plot:
    """Draw the learning curves of runs."""

    runs: Annotated[tyro.conf.Positional[tuple[Path, ...]], tyro.conf.arg(metavar="RUN")]
    """Run directories."""
    out: Path
    """The figure: .png, .pdf or .svg."""
    groups: bool = False
    """A panel for each group of tasks, such as each direction to run in."""
    overwrite: bool = False
    """Replace a figure that exists."""

    def run(self) -> int:
        """Draws and says where."""
        from splagger.cli.figures import draw_runs

        print(draw_runs(self.runs, self.out, groups=self.groups, overwrite=self.overwrite))
        return 0


@dataclass(frozen=True)
class Environments:
    """List the environments."""

    def run(self) -> int:
        """Prints a table."""
        from splagger.cli.tables import environments_table, show

        show(environments_table())
        return 0


@dataclass(frozen=True)
class Agents:
    """List the agents with their ingredients and sizes."""

    environment: str = "t-maze-long-noise"
    """The environment that they are built for: sizes depend on its observations and actions."""
    recipe: str = "paper"
    """The recipe that they are built by."""

    def run(self) -> int:
        """Prints a table."""
        from splagger.cli.tables import agents_table, show

        show(agents_table(self.environment, self.recipe))
        return 0


@dataclass(frozen=True)
class Demo:
    """Watch SplAgger solve a memory task that a recurrent network does not: a few minutes."""

    out: Path | None = None
    """Where its runs and its figure go; by default a new folder, runs/demo/t-maze/TIME."""

    def run(self) -> int:
        """Trains both, prints a table and draws a figure."""
        from splagger.cli.demo import run_demo

        return run_demo(self.out)


def _conclude(result: Any, *, quiet: bool) -> int:
    """Prints what a training came to; the exit status."""
    from splagger.cli.figures import draw_runs
    from splagger.cli.tables import complain, show
    from splagger.reporting.tables import results_table
    from splagger.training.processes import is_first_process

    if not is_first_process():
        return _STOPPED_MEMBERS if result.failed else 0
    if not quiet and not result.finished:
        print(f"Saved after {result.frames:,} frames. To go on: {result.resume_command}")
        return 0
    if result.failed:
        stopped = ", ".join(f"({rate:g}, {seed})" for rate, seed in result.failed)
        complain(
            f"losses were not finite for the members (learning rate, seed) {stopped}; their last "
            f"good states are in {result.path / 'checkpoints'}."
        )
    if not quiet:
        show(results_table([result.path]))
        figure = result.path / "figures" / "learning-curve.png"
        print(draw_runs([result.path], figure, overwrite=True))
    return _STOPPED_MEMBERS if result.failed else 0
