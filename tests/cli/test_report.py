import re
from pathlib import Path

import pytest
from support.report_runs import make_run

from splagger.cli.main import main, parse
from splagger.cli.report import Report


def complaint(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["report", *words]) == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors.count("\n") == 1
    return errors


def test_report_takes_its_words():
    assert parse(["report", "one", "two", "--out", "x.html"]) == Report(
        (Path("one"), Path("two")), out=Path("x.html")
    )
    words = "--out x.html one --no-animation --seed 3 --overwrite --trust"
    assert parse(["report", *words.split()]) == Report(
        (Path("one"),),
        out=Path("x.html"),
        animation=False,
        seed=3,
        overwrite=True,
        trust=True,
    )


def test_a_trained_agent_is_reported(
    finished_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    out = tmp_path / "report.html"
    assert main(["report", str(finished_run), "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"{out}\n"
    text = out.read_text()
    assert len(re.findall('src="data:image/gif;base64,', text)) == 1
    assert "seed 0, in the middle of 2 by return" in text or "seed 1, in the" in text
    assert "best of 2" in text
    assert len(text) < 2_000_000


def test_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    run = str(make_run(tmp_path / "run"))
    out = tmp_path / "x.html"
    assert "no run to report on was given" in complaint(capsys, "--out", str(out))
    assert "'absent' does not exist" in complaint(capsys, "absent", "--out", str(out))
    assert "has the suffix '.txt'" in complaint(capsys, run, "--out", "x.txt")
    out.write_text("mine")
    assert "exists; use --overwrite" in complaint(capsys, run, "--out", str(out))
    assert out.read_text() == "mine"
    assert main(["report", run, "--out", str(out), "--no-animation", "--overwrite"]) == 0
    assert out.read_text().startswith("<!DOCTYPE html>")
