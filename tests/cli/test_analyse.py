"""`splagger analyse`: what it writes, prints and refuses."""

import csv
import re
from pathlib import Path
from typing import get_args, get_type_hints

import numpy as np
import pytest

from splagger.analysis.sequences import InputKind
from splagger.cli.analyse import Analyse, AnalyseGradients
from splagger.cli.analysis_options import DEFAULT_AGENTS
from splagger.cli.main import main, parse
from splagger.recipes.agents import AGENTS
from splagger.reporting.quantities import GRADIENTS, PERMUTATION, SIGNAL

FEW = ["--agents", "max", "--number", "2", "--steps", "4"]
"""Few numbers; the agent without recurrence compiles fastest."""

ANALYSES = {"gradients": GRADIENTS, "permutation": PERMUTATION, "signal": SIGNAL}


def values_of(path: Path) -> dict[tuple[str, int, int], float]:
    """What a file says, by agent, member and step."""
    with open(path, newline="") as file:
        return {
            (row["agent"], int(row["member"]), int(row["step"])): float(row["value"])
            for row in csv.DictReader(file)
        }


@pytest.mark.parametrize("name", ANALYSES)
def test_tables_and_figures_of_every_quantity(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    out = tmp_path / "new" / "folder"
    assert main(["analyse", name, "--out", str(out), *FEW]) == 0
    stems = {quantity.file_name for quantity in ANALYSES[name]}
    assert {path.name for path in out.iterdir()} == {
        f"{stem}{suffix}" for stem in stems for suffix in (".csv", ".png")
    }
    for stem in stems:
        assert (out / f"{stem}.png").read_bytes().startswith(b"\x89PNG")
        values = values_of(out / f"{stem}.csv")
        assert set(values) == {("max", m, step) for m in range(2) for step in range(4)}
        assert np.isfinite(list(values.values())).all()
    printed = capsys.readouterr().out
    assert all(quantity.title in printed for quantity in ANALYSES[name])
    assert "step 3" in printed
    assert str(out) in printed.replace("\n", "")


def test_the_seed_decides_the_sequences_of_every_member(tmp_path: Path):
    def difference(folder: str, *more: str) -> list[float]:
        out = tmp_path / folder
        assert main(["analyse", "gradients", "--out", str(out), *FEW, *more]) == 0
        return list(values_of(out / "initial-input-gradient.csv").values())

    first = difference("first")
    assert difference("again") == first
    assert difference("other", "--seed", "1") != first
    assert difference("first", "--input", "signal", "--overwrite") != first


def test_trained_members_instead_of_and_beside_untrained_agents(finished_run: Path, tmp_path: Path):
    runs = ["--runs", str(finished_run), str(finished_run)]
    words = ["analyse", "gradients", "--steps", "4", "--number", "2", *runs]
    assert main([*words, "--out", str(tmp_path / "instead")]) == 0
    values = values_of(tmp_path / "instead" / "parameter-gradient.csv")
    assert list(dict.fromkeys(agent for agent, _, _ in values)) == [
        "splagger trained",
        "splagger trained 2",
    ]
    assert {member for _, member, _ in values} == {0, 1, 2, 3}
    assert main([*words, "--out", str(tmp_path / "beside"), "--agents", "Max", "max"]) == 0
    beside = values_of(tmp_path / "beside" / "parameter-gradient.csv")
    assert list(dict.fromkeys(agent for agent, _, _ in beside))[0] == "max"
    assert {key: beside[key] for key in values} == values


def test_defaults():
    command = parse(["analyse", "gradients", "--out", "x"])
    assert command == Analyse(AnalyseGradients(Path("x")))
    assert isinstance(command, Analyse)
    assert isinstance(command.analysis, AnalyseGradients)
    assert command.analysis.untrained == DEFAULT_AGENTS
    assert set(DEFAULT_AGENTS) <= set(AGENTS)
    of_runs = parse(["analyse", "gradients", "--out", "x", "--runs", "a", "b"])
    assert isinstance(of_runs, Analyse)
    assert isinstance(of_runs.analysis, AnalyseGradients)
    assert of_runs.analysis.untrained == ()
    assert of_runs.analysis.runs == (Path("a"), Path("b"))
    choices = get_type_hints(AnalyseGradients)["input"]
    assert get_args(choices) == get_args(InputKind)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--agents splager", "unknown agent 'splager': did you mean splagger"),
        ("--runs absent", "the run directory 'absent' does not exist"),
        ("--number 0", "number is 0, but it must be a finite number >= 1"),
        ("--steps 0", "steps is 0, but it must be a finite number >= 1"),
        ("--seed -1", "seed is -1, but it must be at least 0"),
        ("--environment t-maze-nois", "unknown environment 't-maze-nois'"),
        ("--out full", "'full' exists and is not empty; use --overwrite"),
        ("--out file", "the output 'file' is a file"),
    ],
)
def test_bad_input_is_one_line(
    words: str,
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine").touch()
    (tmp_path / "file").touch()
    before = sorted(tmp_path.rglob("*"))
    out = [] if "--out" in words else ["--out", "new"]
    assert main(["analyse", "gradients", *out, *words.split()]) == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors.count("\n") == 1
    assert re.search(re.escape(message), errors), errors
    assert sorted(tmp_path.rglob("*")) == before
