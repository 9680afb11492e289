"""The command that shows an agent at work."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from splagger.foundation.errors import UserError


@dataclass(frozen=True)
class Watch:
    """Show a trained agent through one whole trial, as moving pictures."""

    out: Path
    """The file: .gif, or .mp4 where the program ffmpeg is installed."""
    directory: Annotated[tyro.conf.Positional[Path | None], tyro.conf.arg(metavar="[RUN]")] = None
    """The run directory."""
    random: Annotated[str | None, tyro.conf.arg(metavar="ENVIRONMENT")] = None
    """Show random actions in this environment, without a run."""
    seed: int = 0
    """Decides the task."""
    learning_rate: float | None = None
    """Which member of the run, by its learning rate. Of those that fit, the one with the highest
    return."""
    member_seed: int | None = None
    """Which member of the run, by its seed."""
    environment: str | None = None
    """Another environment than the one trained on: t-maze-long-noise:length=200,episodes=8."""
    sample: bool = False
    """Draw actions from the policy; else the most likely one is taken."""
    size: int = 480
    """Pixels of the width."""
    frames_per_second: int = 20
    """How fast frames follow one another, up to 50."""
    max_steps: int | None = None
    """Show no more than so many steps; by default the whole trial."""
    stride: int | None = None
    """Show one step in so many; by default all, up to 600, and fewer of longer trials."""
    overwrite: bool = False
    """Replace a file that exists."""
    trust: bool = False
    """Allow the run's environment to import code."""

    def run(self) -> int:
        """Plays, draws and says where."""
        if (self.directory is None) == (self.random is None):
            raise UserError(
                "watch needs either a run, such as `splagger watch RUN --out trial.gif`, or "
                "--random with the name of an environment."
            )
        if self.random is not None:
            self._refuse_options_of_runs()
        from splagger.cli.progress import progress_bar
        from splagger.reporting.animation.settings import AnimationSettings
        from splagger.reporting.watch import watch_random, watch_run

        animation = AnimationSettings(
            self.size, self.frames_per_second, self.max_steps, self.stride
        )
        with progress_bar() as bar:
            task = bar.add_task("loading", total=None)

            def progress(doing: str, done: int, total: int) -> None:
                bar.update(task, description=doing, completed=done, total=total)

            if self.directory is None:
                assert self.random is not None
                out = watch_random(
                    self.random,
                    self.out,
                    seed=self.seed,
                    animation=animation,
                    overwrite=self.overwrite,
                    # The user names the environment here and now, so its code may be imported.
                    trust=True,
                    progress=progress,
                )
            else:
                out = watch_run(
                    self.directory,
                    self.out,
                    seed=self.seed,
                    learning_rate=self.learning_rate,
                    member_seed=self.member_seed,
                    environment=self.environment,
                    sample=self.sample,
                    animation=animation,
                    overwrite=self.overwrite,
                    trust=self.trust,
                    progress=progress,
                )
        print(out)
        return 0

    def _refuse_options_of_runs(self) -> None:
        for name in ("learning_rate", "member_seed", "environment", "sample", "trust"):
            value = getattr(self, name)
            if value is not None and value is not False:
                raise UserError(
                    f"--{name.replace('_', '-')} is for a run, but --random shows none; leave it "
                    "out."
                )
