"""Reading runs and writing their report."""

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from splagger.foundation.errors import UserError
from splagger.reporting.report.animation_section import animations
from splagger.reporting.report.page import page
from splagger.reporting.report.reported_run import read_runs
from splagger.reporting.watch import check_seed
from splagger.training.files import make_folder, write_atomically
from splagger.training.play_trial import Progress, no_progress

SUFFIXES = (".html", ".htm")
"""How the name of a report ends."""


def write_report(
    runs: Sequence[str | Path],
    out: str | Path,
    *,
    animation: bool = True,
    seed: int = 0,
    overwrite: bool = False,
    trust: bool = False,
    progress: Progress = no_progress,
) -> Path:
    """Writes a report of runs: one HTML page that needs nothing but a browser.

    It says what was run and what came of it, with curves, tables with intervals, a trial of every
    trained agent in moving pictures, all settings, and the commands to run again. Runs of one
    environment are compared.

    **Arguments:**

    - `runs`: run directories, each once.
    - `out`: the file, `.html`. Its folder is made if it is missing.
    - `animation`: whether a trial of every agent is shown. It takes some seconds for each.
    - `seed`: decides the task of these trials, and all that is random in them; below 2^32.
    - `overwrite`: whether `out` may exist already.
    - `trust`: whether code that environments' names refer to may be imported, which only the
        trials need.
    - `progress`: is told how far the work is.

    **Returns:** the path of the file.

    **Raises:** `UserError` if there is no run, if one is given twice, cannot be read or has no
    evaluation, or if `out` has another suffix, exists, or cannot be written.
    """
    out = Path(out)
    if out.suffix.lower() not in SUFFIXES:
        raise UserError(
            f"the report '{out}' has the suffix '{out.suffix}'; use {' or '.join(SUFFIXES)}."
        )
    if out.is_dir():
        raise UserError(f"the report '{out}' is a directory; give the name of a file.")
    if out.exists() and not overwrite:
        raise UserError(f"the report '{out}' exists; use --overwrite to replace it.")
    check_seed(seed)
    progress("reading", 0, len(runs))
    found = read_runs([Path(run) for run in runs])
    trial = animations(found, seed=seed, trust=trust, progress=progress) if animation else None
    progress("writing", 0, 1)
    content = page(found, trial).encode(errors="replace")

    def write(file: BinaryIO) -> None:
        file.write(content)

    make_folder(out.parent)
    write_atomically(out, write)
    return out
