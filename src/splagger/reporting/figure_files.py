"""Writing figures to files."""

import io
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

from splagger.reporting import style
from splagger.training.files import make_folder, write_atomically

SUFFIXES = (".png", ".pdf", ".svg")
"""The kinds of files that a figure can be written to."""


def save_figure(figure: Figure, path: Path) -> None:
    """Writes `figure` to `path`, which ends in one of `SUFFIXES`. Equal figures give equal bytes.

    **Raises:** `UserError` if the file or its folder cannot be made.
    """
    make_folder(path.parent)
    kind = path.suffix.lower().removeprefix(".")
    # The date is left out.
    metadata = {"png": {}, "pdf": {"CreationDate": None}, "svg": {"Date": None}}[kind]
    content = io.BytesIO()
    with matplotlib.rc_context(style.RECORD):
        figure.savefig(content, format=kind, dpi=style.RESOLUTION, metadata=metadata)

    def write(file):
        file.write(content.getvalue())

    write_atomically(path, write)
