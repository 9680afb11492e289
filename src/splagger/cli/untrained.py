"""The targets of `splagger reproduce` that train nothing: analyses and drawings."""

import shutil
from collections.abc import Callable
from pathlib import Path

from splagger.cli.analysis_options import Analysis
from splagger.cli.run_analysis import analyse_gradients, analyse_permutation
from splagger.evidence.store import ANALYSES, Store
from splagger.evidence.target_figures import save_all
from splagger.reporting.drawings.architectures import draw_architectures
from splagger.reporting.drawings.environments import draw_environments
from splagger.reporting.drawings.idea import draw_idea
from splagger.training.files import make_folder

ANALYSES_BY_TARGET: dict[str, Callable[[Analysis], int]] = {
    "gradients": analyse_gradients,
    "permutation": analyse_permutation,
}
"""The analysis of each target that is one."""


def analyse(target: str, store: Store, out: Path) -> list[Path]:
    """Analyses untrained agents, where no folder of the store has it, and copies its files.

    **Returns:** the copies.

    **Raises:** `UserError` if files cannot be written.
    """
    source = next(
        (folder / target for folder in store.analyses() if (folder / target).is_dir()), None
    )
    if source is None:
        source = store.folder / ANALYSES / target
        ANALYSES_BY_TARGET[target](Analysis(out=source))
    make_folder(out)
    return [Path(shutil.copy(path, out)) for path in sorted(source.iterdir())]


def draw_drawings(out: Path) -> list[Path]:
    """Draws the environments, the architectures and the idea.

    **Returns:** the files.

    **Raises:** `UserError` if they cannot be written.
    """
    make_folder(out)
    figures = {
        "environments": draw_environments(),
        "architectures": draw_architectures(),
        "idea": draw_idea(),
    }
    return save_all(figures, out)
