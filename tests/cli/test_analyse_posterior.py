"""`splagger analyse posterior`: what it writes, prints and refuses, on tiny runs."""

import csv
import math
import re
from pathlib import Path

import pytest
from support.runs import python, run_settings

from splagger.cli.main import main, parse
from splagger.training.train import start_run, with_changes

FILES = {"posterior.csv", "posterior.png"}


@pytest.fixture(scope="module")
def inferring_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny run of an agent that learns to predict rewards. Nobody may change it."""
    path = tmp_path_factory.mktemp("inferring") / "run"
    elbo = {"buffer": 8, "trajectories": 3, "reward": {"hidden_sizes": (16,)}}
    settings = with_changes(
        run_settings("varibad-hypernetwork", seeds=1, frames=64),
        {"agent": {"objective": {"elbo": elbo}}},
    )
    assert start_run(settings, out=path, quiet=True).finished
    return path


def rows_of(path: Path) -> list[dict[str, float]]:
    with open(path, newline="") as file:
        return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(file)]


def test_table_and_figure(inferring_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    words = ["analyse", "posterior", str(inferring_run), "--tasks", "16", "--samples", "4"]
    out = tmp_path / "new" / "folder"
    assert main([*words, "--out", str(out)]) == 0
    assert {path.name for path in out.iterdir()} == FILES
    assert (out / "posterior.png").read_bytes().startswith(b"\x89PNG")
    rows = rows_of(out / "posterior.csv")
    # Two episodes of 4 steps; the indicator is shown after the first.
    assert [row["step"] for row in rows] == list(range(len(rows)))
    assert {row["tasks"] for row in rows} == {16}
    assert abs(rows[0]["entropy"] - math.log(2)) < 1e-6
    assert rows[0]["prior_divergence"] < 1e-6
    assert rows[-1]["entropy"] < 1e-6
    assert abs(rows[-1]["prior_divergence"] - math.log(2)) < 1e-6
    assert [row["step"] for row in rows if row["episode_starts"] == 1] == [(len(rows) - 1) / 2]
    printed = capsys.readouterr().out
    assert "varibad-hypernetwork on t-maze-long-noise:length=3,episodes=2" in printed
    at_end = f"{rows[-1]['decoded_divergence']:.4f}"
    (line,) = [line for line in printed.splitlines() if "KL(exact || decoded)" in line]
    assert line.split()[-1] == at_end
    assert str(out) in printed.replace("\n", "")
    # Again: it does not overwrite, unless asked to, and the seed decides.
    assert main([*words, "--out", str(out)]) == 2
    assert "use --overwrite" in capsys.readouterr().err
    assert main([*words, "--out", str(out), "--overwrite"]) == 0
    assert rows_of(out / "posterior.csv") == rows
    assert main([*words, "--out", str(out), "--overwrite", "--seed", "1"]) == 0
    assert rows_of(out / "posterior.csv") != rows
    member = [*words, "--out", str(out), "--overwrite", "--learning-rate"]
    found = []
    for rate in ("1e-3", "1e-2"):
        assert main([*member, rate]) == 0
        found.append(rows_of(out / "posterior.csv"))
    assert found[0] != found[1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("absent", "the run directory 'absent' does not exist"),
        ("RUN --tasks 0", "tasks is 0, but it must be a finite number >= 1"),
        ("RUN --samples 0", "samples is 0, but it must be a finite number >= 1"),
        ("RUN --seed -1", "seed is -1, but it must be at least 0"),
        ("RUN --learning-rate 7", "the run has no member with learning rate 7.0"),
        ("RUN --environment t-maze-agreement", "has 4 tasks, but the agent was trained with 2"),
        ("RUN --out file", "the output 'file' is a file"),
        ("WITHOUT", "the agent decodes neither rewards nor the task's index"),
    ],
)
def test_bad_input_is_one_line(
    words: str,
    message: str,
    inferring_run: Path,
    finished_run: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()
    before = sorted(tmp_path.rglob("*"))
    out = [] if "--out" in words else ["--out", "new"]
    words = words.replace("RUN", str(inferring_run)).replace("WITHOUT", str(finished_run))
    assert main(["analyse", "posterior", *out, *words.split()]) == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors.count("\n") == 1
    assert re.search(re.escape(message), errors), errors
    assert sorted(tmp_path.rglob("*")) == before


def test_help_does_not_import_jax():
    program = """
import contextlib, io, sys
from splagger.cli import main
with contextlib.redirect_stdout(io.StringIO()) as text:
    try:
        main(["analyse", "posterior", "--help"])
    except SystemExit:
        pass
print("--samples" in text.getvalue(), sorted({"jax", "numpy", "matplotlib"} & set(sys.modules)))
"""
    assert python(program) == "True []\n"


def test_the_number_of_samples_is_that_of_the_analysis():
    from splagger.analysis.posterior_quality import SAMPLES

    command = parse(["analyse", "posterior", "x", "--out", "y"])
    assert command.analysis.samples == SAMPLES  # pyright: ignore
