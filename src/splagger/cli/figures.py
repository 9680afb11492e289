"""Figures of runs, with the optima of their environments."""

from collections.abc import Sequence
from pathlib import Path

from splagger.reporting.curves import plot_runs
from splagger.reporting.optima import optimal_return
from splagger.training.run_directory import RunDirectory


def draw_runs(runs: Sequence[Path], out: Path, *, overwrite: bool, groups: bool = False) -> Path:
    """Draws learning curves, with a line for the optimum where it is known; with `groups`, of
    every group of tasks by itself.

    **Raises:** `UserError` as `plot_runs` does.
    """
    return plot_runs(runs, out, optimum=_optima(runs), groups=groups, overwrite=overwrite)


def _optima(runs: Sequence[Path]) -> dict[str, float | None]:
    optima: dict[str, float | None] = {}
    for run in runs:
        name = RunDirectory.open(Path(run)).settings.get("environment")
        if not isinstance(name, str):
            continue
        optima[name] = optimal_return(name)
    return optima
