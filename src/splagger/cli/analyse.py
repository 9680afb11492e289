"""The commands that analyse sequence models: what each takes, and what it calls."""

from dataclasses import dataclass
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
class Analyse:
    """Look into sequence models, untrained or trained: gradients, order, signal and noise."""

    analysis: Annotated[
        Annotated[AnalyseGradients, tyro.conf.subcommand("gradients")]
        | Annotated[AnalysePermutation, tyro.conf.subcommand("permutation")]
        | Annotated[AnalyseSignal, tyro.conf.subcommand("signal")],
        tyro.conf.arg(name=""),
    ]
    """Which analysis."""

    def run(self) -> int:
        """Analyses, writes and prints."""
        return self.analysis.run()
