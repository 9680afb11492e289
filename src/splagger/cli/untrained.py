"""The targets of `splagger reproduce` that train nothing: analyses and drawings."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from splagger.cli.analysis_options import Analysis
from splagger.cli.run_analysis import analyse_gradients, analyse_permutation
from splagger.evidence.store import ANALYSES, Store
from splagger.evidence.target_figures import save_all
from splagger.foundation.errors import UserError
from splagger.reporting.drawings.architectures import draw_architectures
from splagger.reporting.drawings.environments import draw_environments
from splagger.reporting.drawings.idea import draw_idea
from splagger.reporting.quantities import GRADIENTS, PERMUTATION, Quantity
from splagger.training.files import make_folder

_SUFFIXES = (".csv", ".png")

ANALYSES_BY_TARGET: dict[str, tuple[Callable[[Analysis], int], Sequence[Quantity]]] = {
    "gradients": (analyse_gradients, GRADIENTS),
    "permutation": (analyse_permutation, PERMUTATION),
}
"""The analysis of each target that is one, and the quantities that it computes."""


def analyse(target: str, store: Store, out: Path) -> list[Path]:
    """Analyses untrained agents, where no folder of the store has it, and copies its files.

    **Returns:** the copies.

    **Raises:** `UserError` if files cannot be written.
    """
    run, quantities = ANALYSES_BY_TARGET[target]
    names = [f"{quantity.file_name}{suffix}" for quantity in quantities for suffix in _SUFFIXES]
    for source in (folder / target for folder in store.analyses()):
        if all((source / name).is_file() for name in names):
            break
    else:
        source = store.folder / ANALYSES / target
        # What is there was interrupted.
        run(Analysis(out=source, overwrite=True))
    make_folder(out)
    try:
        return [Path(shutil.copy(source / name, out)) for name in names]
    except OSError as error:
        raise UserError(f"cannot copy the analysis to '{out}': {error.strerror}.") from error


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
