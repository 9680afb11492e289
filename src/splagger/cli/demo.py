"""The demonstration: SplAgger and a recurrent network on a memory task, within minutes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from splagger.cli.figures import draw_runs
from splagger.cli.tables import show
from splagger.foundation.settings import Settings
from splagger.recipes.recipes import settings_for
from splagger.training.evaluate_run import evaluate_run
from splagger.training.run_directory import default_path
from splagger.training.train import RUNS, start_run

_MAZE = "t-maze-long-noise"
_SHORT_MAZE = "t-maze-long-noise:length=10"
_FRAMES = 400_000
_SHORT_FRAMES = 250_000
_TASKS = 256

_INTRODUCTION = (
    "[bold]A T-maze of length 100.[/bold] At its second cell the agent sees a sign, then it walks "
    "through 97 cells of noise. At the end it must turn to the side that the sign named: +4 if "
    "right, -3 if wrong. A task lasts for 4 episodes. Both agents have the same small network, "
    "learning rates and frames."
)


def run_demo(out: Path | None) -> int:
    """Trains both agents, and the recurrent network on a short maze too, and compares them.

    **Arguments:**

    - `out`: an empty or missing folder for the runs and the figure; None for a new one.

    **Returns:** the exit status.
    """
    console = Console()
    folder = default_path(RUNS, "demo", "t-maze") if out is None else out
    console.print(_INTRODUCTION)
    runs: dict[str, Path] = {}
    for name, settings in _trainings().items():
        console.print()
        result = start_run(settings, out=folder / name)
        runs[name] = result.path
        if not result.finished:
            console.print(f"Saved. To go on with this part: {result.resume_command}")
            return 0
    console.print()
    show(_comparison(runs))
    figure = draw_runs(
        [runs["splagger"], runs["rnn"]], folder / "learning-curves.png", overwrite=False
    )
    console.print(f"The learning curves are in {figure}, the runs beside it.", soft_wrap=True)
    console.print(
        f"What next: splagger evaluate {runs['splagger']} --environment {_MAZE}:length=200",
        soft_wrap=True,
    )
    return 0


def _trainings() -> dict[str, Settings]:
    def settings(agent: str, environment: str, frames: int) -> Settings:
        return replace(
            settings_for(environment, agent, "small"),
            frames=frames,
            learning_rates=(1e-3, 3e-3),
            seeds=2,
            evaluation_interval=5,
            evaluation_tasks=64,
        )

    return {
        "splagger": settings("splagger", _MAZE, _FRAMES),
        "rnn": settings("rnn", _MAZE, _FRAMES),
        "rnn-short-maze": settings("rnn", _SHORT_MAZE, _SHORT_FRAMES),
    }


def _comparison(runs: dict[str, Path]) -> Table:
    table = Table(
        title=f"Success over {_TASKS} fresh trials each, of 2 learning rates x 2 seeds",
        title_justify="left",
    )
    table.add_column("agent")
    table.add_column("maze length", justify="right")
    table.add_column("best", justify="right")
    table.add_column("mean", justify="right")
    table.add_column("worst", justify="right")
    rows: list[tuple[str, str, dict[str, Any]]] = [
        ("SplAgger", "100", evaluate_run(runs["splagger"], tasks=_TASKS)),
        ("RNN", "100", evaluate_run(runs["rnn"], tasks=_TASKS)),
        ("RNN", "10", evaluate_run(runs["rnn-short-maze"], tasks=_TASKS)),
        (
            "SplAgger, memory erased at every step",
            "100",
            evaluate_run(runs["splagger"], tasks=_TASKS, erase_memory=True),
        ),
    ]
    for agent, length, result in rows:
        success = [
            sum(member["success_per_episode"]) / len(member["success_per_episode"])
            for member in result["members"]
        ]
        mean = sum(success) / len(success)
        table.add_row(agent, length, f"{max(success):.1%}", f"{mean:.1%}", f"{min(success):.1%}")
    table.caption = "a guess succeeds in 50 % of the episodes"
    return table
