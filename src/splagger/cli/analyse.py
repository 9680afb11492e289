"""The commands that analyse agents: what each takes, and what it calls."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from splagger.cli.analysis_options import Analysis


@dataclass(frozen=True)
class AnalyseGradients(Analysis):
    """How gradients reach the first input, all inputs, and the parameters."""

    def run(self) -> int:
        """Analyses, writes and prints."""
        from splagger.cli.run_analysis import analyse_gradients

        return analyse_gradients(self)


@dataclass(frozen=True)
class AnalysePermutation(Analysis):
    """How much the order of inputs matters to the output after them."""

    def run(self) -> int:
        """Analyses, writes and prints."""
        from splagger.cli.run_analysis import analyse_permutation

        return analyse_permutation(self)


@dataclass(frozen=True)
class AnalyseSignal(Analysis):
    """How well an early signal can be told from the noise after it."""

    def run(self) -> int:
        """Analyses, writes and prints."""
        from splagger.cli.run_analysis import analyse_signal

        return analyse_signal(self)


@dataclass(frozen=True)
class AnalysePosterior:
    """How near the task that a trained agent decodes is to the exact Bayesian posterior."""

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

    def run(self) -> int:
        """Compares, writes and prints."""
        from splagger.cli.run_posterior import analyse_posterior

        return analyse_posterior(self)


@dataclass(frozen=True)
class Analyse:
    """Look into agents: gradients, order, signal and noise of sequence models, and what a trained
    agent believes."""

    analysis: Annotated[
        Annotated[AnalyseGradients, tyro.conf.subcommand("gradients")]
        | Annotated[AnalysePermutation, tyro.conf.subcommand("permutation")]
        | Annotated[AnalyseSignal, tyro.conf.subcommand("signal")]
        | Annotated[AnalysePosterior, tyro.conf.subcommand("posterior")],
        tyro.conf.arg(name=""),
    ]
    """Which analysis."""

    def run(self) -> int:
        """Analyses, writes and prints."""
        return self.analysis.run()
