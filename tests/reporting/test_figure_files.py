from pathlib import Path

import numpy as np
import pytest

from splagger.foundation.errors import UserError
from splagger.reporting.figure_files import SUFFIXES, save_figure
from splagger.reporting.quantities import PERMUTATION
from splagger.reporting.step_curves import draw_step_curves


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_equal_figures_give_equal_files(suffix: str, tmp_path: Path):
    for name in ("one", "two"):
        figure = draw_step_curves({"rnn": np.arange(6.0).reshape(2, 3)}, PERMUTATION[0])
        save_figure(figure, tmp_path / "new" / f"{name}{suffix}")
    one, two = sorted((tmp_path / "new").iterdir())
    assert one.read_bytes() == two.read_bytes() != b""


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path):
    (tmp_path / "file").touch()
    figure = draw_step_curves({"rnn": np.ones((2, 3))}, PERMUTATION[0])
    with pytest.raises(UserError, match="cannot make the folder"):
        save_figure(figure, tmp_path / "file" / "figure.png")
