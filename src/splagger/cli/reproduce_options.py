"""What `splagger reproduce` takes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro


@dataclass(frozen=True)
class ReproduceOptions:
    """Which targets, how much of them, and where."""

    targets: Annotated[tyro.conf.Positional[tuple[str, ...]], tyro.conf.arg(metavar="TARGET")] = ()
    """What to reproduce; `--list` shows what there is, `all` is everything."""
    scale: Literal["smoke", "short", "full"] = "short"
    """`full`: the paper's networks, frames and search. `short`: small networks, for two cores.
    `smoke`: two updates, to see that all of it runs."""
    list: bool = False
    """Show all targets with their agents, environments, cost, and what is on disk."""
    claims: bool = False
    """Show for each claim of the paper whether it holds, by the trainings on disk of `--scale`."""
    markdown: bool = False
    """Print `--claims` as a table in Markdown."""
    draw: bool = False
    """Train nothing: draw with what is on disk."""
    out: Path = Path("runs/reproduction")
    """Where figures and tables go."""
    folder: Path = Path("runs/evidence")
    """Where trainings go. Those in results/evidence are read, too."""
    jobs: int | None = None
    """Trainings at a time; by default one for every GPU, or one."""
    minutes: float | None = None
    """Stop after so many minutes: what runs is saved, and the same command goes on with it."""
    agents: tuple[str, ...] = ()
    """Only these of the targets' agents."""
    environments: tuple[str, ...] = ()
    """Only these of the targets' environments."""
    learning_rates: tuple[float, ...] = ()
    """Fewer learning rates than the scale has."""
    seeds: int | None = None
    """Another number of seeds that choose the learning rate."""
    fresh_seeds: int | None = None
    """Another number of seeds that report, 0 for none."""
    frames: int | None = None
    """No more frames than this of any member."""
    precision: Literal["float32", "tensorfloat32"] | None = None
    """Precision of matrix products on accelerators."""
