"""The command that writes a report."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro


@dataclass(frozen=True)
class Report:
    """Write a report of runs: one HTML page that needs nothing but a browser."""

    runs: Annotated[tyro.conf.Positional[tuple[Path, ...]], tyro.conf.arg(metavar="RUN")]
    """Run directories; those of one environment are compared."""
    out: Path
    """The page: .html."""
    animation: bool = True
    """Show a trial of every trained agent as moving pictures."""
    seed: int = 0
    """Decides the task of these trials."""
    overwrite: bool = False
    """Replace a page that exists."""
    trust: bool = False
    """Allow the runs' environments to import code."""

    def run(self) -> int:
        """Reads, plays, writes, and says where."""
        from splagger.cli.progress import progress_bar
        from splagger.reporting.report.write import write_report

        with progress_bar() as bar:
            task = bar.add_task("loading", total=None)

            def progress(doing: str, done: int, total: int) -> None:
                bar.update(task, description=doing, completed=done, total=total)

            out = write_report(
                self.runs,
                self.out,
                animation=self.animation,
                seed=self.seed,
                overwrite=self.overwrite,
                trust=self.trust,
                progress=progress,
            )
        print(out)
        return 0
