import csv
from pathlib import Path

import numpy as np
import pytest
from support.evidence_runs import MAZE, SCALE, write_stage

from splagger.evidence import target_figures
from splagger.evidence.experiment import Experiment
from splagger.evidence.judge import NORM
from splagger.evidence.store import Store
from splagger.evidence.target_figures import draw_target
from splagger.evidence.targets import Target
from splagger.reporting.statistics.bootstrap import OURS, PAPER

CHEETAH = "half-cheetah-direction"
EXPERIMENTS = (
    Experiment(MAZE, "max", fresh=True),
    Experiment(MAZE, "rnn"),
    Experiment(MAZE, "amrl"),
    Experiment(CHEETAH, "max"),
)
TARGET = Target("mine", "", "", EXPERIMENTS, norms=True)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "runs", ())


def test_nothing_is_drawn_where_nothing_was_trained(store: Store, tmp_path: Path):
    assert draw_target(TARGET, store, SCALE, tmp_path / "out") == []
    assert not (tmp_path / "out").exists()


def test_the_papers_curves_are_of_the_seeds_that_chose(store: Store, tmp_path: Path, monkeypatch):
    drawn = []

    def note(panels, mode):
        drawn.append((mode, panels[0].curves[0].returns))
        return draw_comparison(panels, mode)

    draw_comparison = target_figures.draw_comparison
    monkeypatch.setattr(target_figures, "draw_comparison", note)
    monkeypatch.setattr(target_figures, "SUFFIXES", (".svg",))
    write_stage(store, EXPERIMENTS[0], value=10.0)
    write_stage(store, EXPERIMENTS[0], "fresh", value=12.0)
    draw_target(TARGET, store, SCALE, tmp_path)
    (ours, fresh), (papers, tuning) = drawn
    assert (ours, len(fresh), fresh[0, -1]) == (OURS, 4, 12.0)
    assert (papers, len(tuning)) == (PAPER, 3)
    assert tuning[0, -1] != 12.0


def test_figures_and_table_of_what_there_is(store: Store, tmp_path: Path):
    write_stage(store, EXPERIMENTS[0], value=10.0)
    write_stage(store, EXPERIMENTS[0], "fresh", value=12.0)
    rnn = write_stage(store, EXPERIMENTS[1], value=3.0, evaluations=2)
    write_stage(store, EXPERIMENTS[3], value=-5.0)
    for update in (1, 2):
        rnn.append_metrics({"update": update, NORM: [1.0, np.nan, 2.0, 1.0, 3.0, 2.0]})
    paths = draw_target(TARGET, store, SCALE, tmp_path / "out")
    names = ["curves", "curves-paper", "scores", "adaptation", f"gradient-norms-{MAZE}"]
    assert [path.name for path in paths] == [
        *(f"{name}{suffix}" for name in names for suffix in (".png", ".pdf")),
        "scores.csv",
    ]
    assert all(path.parent == tmp_path / "out" / "mine" for path in paths)
    assert all(path.stat().st_size > 0 for path in paths)
    with open(paths[-1], newline="") as file:
        rows = list(csv.DictReader(file))
    assert [
        (row["environment"], row["agent"], row["stage"], row["seeds"], row["frames"])
        for row in rows
    ] == [
        (MAZE, "max", "fresh", "4", "80"),
        (MAZE, "rnn", "tuning", "3", "40"),
        (CHEETAH, "max", "tuning", "3", "80"),
    ]
    # Of 12, 12.01, 12.02, 12.03 the two in the middle.
    assert float(rows[0]["final_return"]) == pytest.approx(12.015, abs=0.01)
    assert float(rows[0]["final_low"]) <= float(rows[0]["final_high"])
    assert rows[0]["learning_rate"] == "0.001"
    assert rows[0]["rates_tried"] == "2"


def test_no_norms_where_the_target_is_not_about_them(store: Store, tmp_path: Path):
    run = write_stage(store, EXPERIMENTS[1])
    run.append_metrics({"update": 1, NORM: [1.0] * 6})
    target = Target("mine", "", "", EXPERIMENTS)
    names = {path.stem for path in draw_target(target, store, SCALE, tmp_path)}
    assert names == {"curves", "curves-paper", "scores", "adaptation"}
