"""Every command, run as a user runs it, on tiny runs."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.runs import (
    ENVIRONMENT,
    FLAGS,
    assert_same_run,
    environment_variables,
    files_of,
    start_process,
)

from splagger.cli.main import main
from splagger.environments.registry import environment_names
from splagger.recipes.agents import AGENTS
from splagger.training.run_directory import RunDirectory

FIGURE = Path("figures") / "learning-curve.png"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, empty, and a terminal that is wide enough."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "160")
    return tmp_path


def numbers_of(run: Path) -> list[float]:
    """The trial return of each member at its last evaluation."""
    rows = RunDirectory.open(run).read_evaluations()
    last = max(row.frames for row in rows)
    totals = dict.fromkeys(range(4), 0.0)
    for row in rows:
        if row.frames == last:
            totals[row.member] += row.episode_return
    return list(totals.values())


# train


def test_train_leaves_a_run_a_table_and_a_figure(
    finished_run: Path, capsys: pytest.CaptureFixture[str]
):
    assert main(["train", *FLAGS, "--out", "some where/run", ENVIRONMENT]) == 0
    output, errors = capsys.readouterr()
    run = Path("some where/run")
    assert_same_run(run, finished_run)
    assert (run / FIGURE).read_bytes().startswith(b"\x89PNG")
    assert str(run / FIGURE) in output
    assert f"final evaluation on {ENVIRONMENT}" in output
    for value in numbers_of(run):
        assert f"{value:.2f}" in output
    assert "splagger on" in errors
    assert "224 of 224 frames" in errors


def test_train_quietly_prints_nothing(capfd: pytest.CaptureFixture[str]):
    assert main(["train", ENVIRONMENT, *FLAGS, "--out", "run", "--quiet"]) == 0
    assert capfd.readouterr() == ("", "")
    assert RunDirectory.open(Path("run")).read_evaluations()


def test_train_refuses_what_exists_and_overwrites_on_request(
    run_copy: Path, capsys: pytest.CaptureFixture[str]
):
    before = files_of(run_copy)
    words = ["train", ENVIRONMENT, *FLAGS, "--frames", "32", "--out", str(run_copy)]
    assert main(words) == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors.count("\n") == 1
    assert "use --overwrite to replace the run in it" in errors
    assert files_of(run_copy) == before
    assert main([*words, "--overwrite"]) == 0
    assert {row.frames for row in RunDirectory.open(run_copy).read_evaluations()} == {0, 32}


@pytest.mark.parametrize("out", ["file", "file/below", "full"])
def test_train_refuses_places_that_are_not_its_own(
    folder: Path, capsys: pytest.CaptureFixture[str], out: str
):
    (folder / "file").write_text("text")
    (folder / "full").mkdir()
    (folder / "full" / "thesis.tex").write_text("text")
    before = files_of(folder)
    for more in ([], ["--overwrite"]):
        assert main(["train", ENVIRONMENT, *FLAGS, "--out", out, *more]) == 2
        output, errors = capsys.readouterr()
        assert output == ""
        assert errors.count("\n") == 1
        assert out.split("/")[0] in errors
    assert files_of(folder) == before


def test_failed_members_are_named_and_the_status_is_1(capsys: pytest.CaptureFixture[str]):
    words = ["train", ENVIRONMENT, *FLAGS, "--out", "run"]
    for command in ([*words, "--learning-rates", "1e-2", "1e38"], ["resume", "run", "--quiet"]):
        assert main(command) == 1
        output, errors = capsys.readouterr()
        assert errors.splitlines()[-1] == (
            "splagger: losses were not finite for the members (learning rate, seed) (1e+38, 0), "
            "(1e+38, 1); their last good states are in run/checkpoints."
        )
    assert "Traceback" not in errors
    assert (Path("run") / FIGURE).exists()


def test_an_interrupted_training_says_how_to_go_on(
    finished_run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    append = RunDirectory.append_metrics

    def append_and_interrupt(run, record):
        append(run, record)
        if record["update"] == 3:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(RunDirectory, "append_metrics", append_and_interrupt)
        assert main(["train", ENVIRONMENT, *FLAGS, "--out", "run"]) == 0
    output, errors = capsys.readouterr()
    assert output == "Saved after 96 frames. To go on: splagger resume run\n"
    assert "Stopping after this update and saving." in errors
    assert main(["resume", "run"]) == 0
    assert_same_run(Path("run"), finished_run)
    assert str(Path("run") / FIGURE) in capsys.readouterr().out


# resume


def test_resume_with_more_frames(finished_run: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["train", ENVIRONMENT, *FLAGS, "--frames", "96", "--out", "run"]) == 0
    assert main(["resume", "run", "--frames", "224"]) == 0
    assert_same_run(Path("run"), finished_run)
    capsys.readouterr()
    assert main(["resume", "run", "--frames", "96"]) == 2
    assert "frames is 96, but the run 'run' was made for 224" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["resume", "evaluate"])
def test_code_of_a_run_from_elsewhere_needs_trust(
    run_copy: Path, folder: Path, capsys: pytest.CaptureFixture[str], command: str
):
    path = run_copy / "settings.json"
    record = json.loads(path.read_text())
    record["settings"]["environment"] = "not_mine:Surprise"
    path.write_text(json.dumps(record))
    assert main([command, str(run_copy)]) == 2
    assert "--trust on the command line" in capsys.readouterr().err
    # With trust it is imported: here that fails, as there is no such module.
    assert main([command, str(run_copy), "--trust"]) == 2
    assert "cannot be imported from not_mine" in capsys.readouterr().err


@pytest.mark.parametrize("safe", [{}, {"PYTHONSAFEPATH": "1"}])
def test_own_environments_are_found_in_the_current_folder(folder: Path, safe: dict[str, str]):
    (folder / "my_maze.py").write_text("raise RuntimeError('found')")
    # As an installed script does, in whose place the current folder is not on the path.
    (folder / "bin").mkdir()
    script = folder / "bin" / "splagger"
    script.write_text("from splagger.cli import main; raise SystemExit(main())")
    done = subprocess.run(
        [sys.executable, script, "train", "my_maze:Maze", *FLAGS, "--out", "run"],
        cwd=folder,
        env=environment_variables(**safe),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert ("ModuleNotFoundError" if safe else "RuntimeError: found") in done.stderr
    assert not (folder / "run").exists()


def test_two_processes_do_not_share_a_run(
    finished_run: Path, folder: Path, capsys: pytest.CaptureFixture[str]
):
    words = ["train", ENVIRONMENT, *FLAGS, "--frames", "1000000000", "--out", "run"]
    process = start_process(*words, cwd=folder)
    try:
        assert process.stderr is not None
        assert "splagger on" in process.stderr.readline()
        for second in (["resume", "run"], [*words, "--overwrite"]):
            assert main(second) == 2
            output, errors = capsys.readouterr()
            assert output == ""
            assert errors == f"splagger: 'run' is in use by another process (pid {process.pid}).\n"
    finally:
        process.kill()
        process.communicate()


# evaluate


def test_evaluate_prints_json(finished_run: Path, capsys: pytest.CaptureFixture[str]):
    assert main(["evaluate", str(finished_run), "--tasks", "16", "--json"]) == 0
    output, errors = capsys.readouterr()
    assert errors == ""
    result = json.loads(output)
    assert set(result) >= {"environment", "agent", "optimal_trial_return", "members"}
    assert len(result["members"]) == 4
    assert set(result["members"][0]) >= {
        "learning_rate",
        "seed",
        "frames",
        "return_per_episode",
        "trial_return",
    }
    words = ["evaluate", str(finished_run), "--tasks", "16", "--seed", "1", "--json"]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["members"] != result["members"]


def test_evaluate_prints_a_table(finished_run: Path, capsys: pytest.CaptureFixture[str]):
    words = ["evaluate", str(finished_run), "--tasks", "16"]
    assert main([*words, "--json"]) == 0
    members = json.loads(capsys.readouterr().out)["members"]
    assert main(words) == 0
    output = capsys.readouterr().out
    assert f"splagger on {ENVIRONMENT}, 16 fresh tasks" in output
    assert "optimal trial return 8.00" in output
    for member in members:
        row = next(line for line in output.splitlines() if f"{member['trial_return']:.2f}" in line)
        assert "224" in row


def test_evaluate_elsewhere_without_memory(finished_run: Path, capsys: pytest.CaptureFixture[str]):
    other = "t-maze-long-noise:length=5,episodes=3"
    words = ["evaluate", str(finished_run), "--tasks", "16", "--environment", other, "--json"]
    assert main([*words, "--erase-memory"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["environment"] == other
    assert [len(member["return_per_episode"]) for member in result["members"]] == [3] * 4


def test_evaluate_refuses_an_environment_that_does_not_fit(
    finished_run: Path, capsys: pytest.CaptureFixture[str]
):
    words = ["evaluate", str(finished_run), "--environment", "t-maze-agreement-position"]
    assert main(words) == 2
    errors = capsys.readouterr().err
    assert errors.count("\n") == 1
    assert "has observations of 6 numbers" in errors


# plot


@pytest.mark.parametrize("suffix", ["png", "pdf", "svg"])
def test_plot_draws_runs(
    finished_run: Path, folder: Path, capsys: pytest.CaptureFixture[str], suffix: str
):
    out = folder / "new folder" / f"curves.{suffix}"
    words = ["plot", str(finished_run), str(finished_run), "--out", str(out)]
    assert main(words) == 0
    assert capsys.readouterr().out.strip() == str(out)
    content = out.read_bytes()
    assert content
    assert main(words) == 2
    assert "use --overwrite to replace it" in capsys.readouterr().err
    assert out.read_bytes() == content
    assert main([*words, "--overwrite"]) == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("RUN --out curves.gif", "has the suffix '.gif'; use one of .png, .pdf, .svg"),
        ("RUN --out curves", "has the suffix ''"),
        ("--out curves.png", "no run to plot was given"),
        ("absent --out curves.png", "'absent' does not exist"),
        ("RUN . --out curves.png", "'.' is empty"),
    ],
)
def test_plot_refuses(
    finished_run: Path,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    words: str,
    message: str,
):
    assert main(["plot", *words.replace("RUN", str(finished_run)).split()]) == 2
    errors = capsys.readouterr().err
    assert errors.count("\n") == 1
    assert message in errors
    assert list(folder.iterdir()) == []


def test_plot_needs_no_trust(run_copy: Path):
    path = run_copy / "settings.json"
    record = json.loads(path.read_text())
    record["settings"]["environment"] = "not_mine:Surprise"
    path.write_text(json.dumps(record))
    assert main(["plot", str(run_copy), "--out", "curves.svg"]) == 0
    assert "not_mine:Surprise" in Path("curves.svg").read_text()


# Lists


def test_environments_are_listed(capsys: pytest.CaptureFixture[str]):
    assert main(["environments"]) == 0
    output = capsys.readouterr().out
    assert all(f" {name} " in output for name in environment_names())
    assert "T-LN-P1-v0" in output
    assert "16.00" in output


def test_agents_are_listed(capsys: pytest.CaptureFixture[str]):
    assert main(["agents"]) == 0
    output = capsys.readouterr().out
    assert all(f" {name} " in output for name in AGENTS)
    assert "SplAgger_noSplit" in output
