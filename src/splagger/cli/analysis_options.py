"""What analyses take."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

DEFAULT_AGENTS = ("rnn", "amrl", "splagger", "max", "splagger-linear")
"""What is analysed where neither agents nor runs are named."""


@dataclass(frozen=True)
class Analysis:
    """What every analysis of sequence models takes."""

    out: Path
    """The folder for tables (CSV) and figures (PNG)."""
    agents: tuple[str, ...] = ()
    """Untrained agents by name; by default rnn, amrl, splagger, max and splagger-linear, or none
    where runs are named."""
    runs: Annotated[tuple[Path, ...], tyro.conf.arg(metavar="[RUN [RUN ...]]")] = ()
    """Run directories, for trained agents: all members, from the newest checkpoint."""
    number: int = 10
    """How many untrained agents of each name, drawn with the seeds from 0."""
    steps: int = 100
    """The length of the sequences."""
    seed: int = 0
    """Decides the sequences: each agent has its own, the first of every name the same."""
    input: Literal["noise", "signal", "strong-signal"] = "noise"
    """What the sequences are: random vectors; ones at the first step and zeros after it; or ones
    at a few random steps."""
    environment: str = "t-maze-noise"
    """What untrained agents are made for; it decides the width of embedded transitions."""
    trust: bool = False
    """Allow environments to import code."""
    overwrite: bool = False
    """Write into --out though it is not empty, and replace files of the same names."""

    @property
    def untrained(self) -> tuple[str, ...]:
        """The names of the untrained agents to analyse."""
        return self.agents or (() if self.runs else DEFAULT_AGENTS)


@dataclass(frozen=True)
class BeliefComparison:
    """What the comparison of an agent's belief with the exact posterior takes."""

    directory: Annotated[tyro.conf.Positional[Path], tyro.conf.arg(metavar="RUN")]
    """The run directory."""
    out: Path
    """The folder for the table (CSV) and the figure (PNG)."""
    tasks: int = 256
    """How many fresh tasks, one trial in each."""
    samples: int = 32
    """How many samples of each latent make a decoded belief."""
    environment: str | None = None
    """Another environment than the one trained on, with the same tasks:
    t-maze-latent:length=200."""
    learning_rate: float | None = None
    """Which member of the run, by its learning rate. Of those that fit, the one with the highest
    return."""
    member_seed: int | None = None
    """Which member of the run, by its seed."""
    seed: int = 0
    """Decides the tasks."""
    trust: bool = False
    """Allow environments to import code."""
    overwrite: bool = False
    """Write into --out though it is not empty, and replace files of the same names."""
