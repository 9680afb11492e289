from pathlib import Path

import pytest
from support.report_runs import make_run, without_playing
from support.runs import files_of

import splagger
from splagger.foundation.errors import UserError
from splagger.reporting.report.write import write_report


def test_a_report_is_written_into_a_new_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    without_playing(monkeypatch)
    run = make_run(tmp_path / "run", checkpoint=True)
    before = files_of(run)
    told: list[tuple[str, int, int]] = []
    out = tmp_path / "new" / "report.html"
    found = write_report([str(run)], str(out), progress=lambda *parts: told.append(parts))
    assert found == out
    assert files_of(run) == before
    assert list(out.parent.iterdir()) == [out]
    assert [part[0] for part in told] == ["reading", *["drawing"] * 8, "writing"]
    content = out.read_bytes()
    assert b"data:image/gif" in content
    # The same runs give the same page.
    write_report([run], out, overwrite=True)
    assert out.read_bytes() == content
    write_report([run], out, overwrite=True, animation=False)
    assert b"data:image" not in out.read_bytes()


def test_it_has_a_public_name():
    assert splagger.write_report is write_report


def test_nothing_is_overwritten_unasked(tmp_path: Path):
    run = make_run(tmp_path / "run")
    (tmp_path / "report.html").write_text("mine")
    with pytest.raises(UserError, match="exists; use --overwrite to replace it"):
        write_report([run], tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("report.pdf", r"has the suffix '.pdf'; use .html or .htm"),
        ("run.html", "is a directory; give the name of a file"),
        ("file/report.html", "cannot make the folder"),
    ],
)
def test_bad_places(tmp_path: Path, name: str, message: str):
    run = make_run(tmp_path / "run.html")
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match=message):
        write_report([run], tmp_path / name, animation=False)


def test_bad_seeds_and_runs(tmp_path: Path):
    out = tmp_path / "report.html"
    with pytest.raises(UserError, match="seed is -1"):
        write_report([make_run(tmp_path / "run")], out, seed=-1)
    with pytest.raises(UserError, match="no run to report on"):
        write_report([], out)
    with pytest.raises(UserError, match="does not exist"):
        write_report([tmp_path / "absent"], out)
    assert not out.exists()
