import json
from pathlib import Path

import pytest

from splagger.cli import figures
from splagger.cli.figures import draw_runs
from splagger.foundation.errors import UserError


def rename(run: Path, environment: str) -> None:
    record = json.loads((run / "settings.json").read_text())
    record["settings"]["environment"] = environment
    (run / "settings.json").write_text(json.dumps(record))


def test_the_optimum_is_drawn_where_it_is_known(run_copy: Path, tmp_path: Path):
    draw_runs([run_copy], tmp_path / "known.svg", overwrite=False)
    assert "optimum 8" in (tmp_path / "known.svg").read_text()
    for environment in ("not_mine:Surprise", "t-maze-of-the-future"):
        rename(run_copy, environment)
        draw_runs([run_copy], tmp_path / "unknown.svg", overwrite=True)
        text = (tmp_path / "unknown.svg").read_text()
        assert environment in text
        assert "optimum" not in text


def test_optima_are_those_of_the_environments(
    run_copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    rename(run_copy, "t-maze-long-noise:length=3,episodes=3")
    given = {}

    def note(runs, out, **options):
        given.update(options)
        return out

    monkeypatch.setattr(figures, "plot_runs", note)
    out = draw_runs([run_copy], tmp_path / "x.png", overwrite=True)
    assert out == tmp_path / "x.png"
    assert given == {
        "optimum": {"t-maze-long-noise:length=3,episodes=3": 12.0},
        "overwrite": True,
        "groups": False,
    }


def test_a_figure_is_not_overwritten_unasked(finished_run: Path, tmp_path: Path):
    (tmp_path / "figure.png").write_text("mine")
    with pytest.raises(UserError, match="exists; use --overwrite"):
        draw_runs([finished_run], tmp_path / "figure.png", overwrite=False)
    assert (tmp_path / "figure.png").read_text() == "mine"
