"""The commands that analyse agents: what each takes, and what it calls."""

from dataclasses import dataclass
from typing import Annotated

import tyro

from splagger.cli.analysis_options import Analysis, BeliefComparison


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
class AnalysePosterior(BeliefComparison):
    """How near the task that a trained agent decodes is to the exact Bayesian posterior."""

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
