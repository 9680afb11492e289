import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from support.evidence_runs import MAZE, FakeProcesses, write_stage

from splagger.cli import reproduction, untrained
from splagger.cli.analysis_options import Analysis
from splagger.cli.main import main, parse
from splagger.cli.reproduce import Reproduce
from splagger.evidence import target_figures
from splagger.evidence.experiment import Experiment
from splagger.evidence.scales import SMOKE
from splagger.evidence.side_by_side import Ending
from splagger.evidence.store import Store
from splagger.foundation.settings import Settings

FRAMES = SMOKE.settings(Experiment(MAZE, "max"), "tuning").frames


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The words that keep a command in a folder of its own; figures are of one kind alone."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(target_figures, "SUFFIXES", (".png",))
    return ["--folder", str(tmp_path / "evidence"), "--out", str(tmp_path / "out")]


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch) -> FakeProcesses:
    """What stands in for processes that train."""
    fake = FakeProcesses()
    monkeypatch.setattr(reproduction, "SideBySide", lambda **_: fake)
    return fake


def command(*words: str) -> int:
    return main(["reproduce", *words])


def test_reproduce_takes_its_words():
    assert parse(["reproduce"]) == Reproduce()
    words = (
        "t-maze linear --scale full --draw --jobs 3 --minutes 5 --agents rnn max --environments x "
        "--learning-rates 1e-3 2e-3 --seeds 2 --fresh-seeds 0 --frames 9 --precision float32"
    )
    assert parse(["reproduce", *words.split()]) == Reproduce(
        ("t-maze", "linear"),
        scale="full",
        draw=True,
        jobs=3,
        minutes=5.0,
        agents=("rnn", "max"),
        environments=("x",),
        learning_rates=(1e-3, 2e-3),
        seeds=2,
        fresh_seeds=0,
        frames=9,
        precision="float32",
    )


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("", "reproduce needs a target, such as `splagger reproduce t-maze`"),
        ("t-mase", "unknown target 't-mase': did you mean t-maze"),
        ("temperatures --agents softmax", "no agent of the targets is 'softmax': they train softm"),
        ("mujoco --environments hall", "no environment of the targets is 'hall': they train half"),
        ("drawings --agents max", "no agent of the targets is 'max': they train nothing"),
        (
            "agreement memory --agents splagger-no-split --environments t-maze-long-short",
            "none of the targets trains splagger-no-split on t-maze-long-short.",
        ),
        ("t-maze --jobs 0", "jobs is 0"),
        ("t-maze --minutes 0", "minutes is 0"),
        ("t-maze --fresh-seeds -1", "fresh_seeds is -1"),
        ("t-maze --frames 3", "frames is 3"),
        ("t-maze --seeds 0", "seeds is 0"),
    ],
)
def test_bad_input_is_one_sentence(
    words: str, complaint: str, folders, processes, capsys: pytest.CaptureFixture[str]
):
    assert command(*words.split(), *folders) == 2
    output, errors = capsys.readouterr()
    assert errors.startswith(f"splagger: {complaint}")
    assert (output, errors.count("\n")) == ("", 1)
    assert processes.trained == []


def test_trained_drawn_and_told(
    folders, processes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    words = ["temperatures", "--scale", "smoke", *folders]
    assert command(*words) == 0
    output, errors = capsys.readouterr()
    # The first agent with fresh seeds, and the last.
    assert "softmax-1 on t-maze-long-noise, tuning: trained, 1 s" in errors
    assert "softmax-1 on t-maze-long-noise, fresh: trained, 1 s" in errors
    assert "weighted-softmax-0.1 on t-maze-long-noise, tuning: trained, 1 s" in errors
    assert len(processes.trained) == 3
    folder = tmp_path / "out" / "smoke" / "temperatures"
    assert sorted(output.splitlines()) == sorted(str(path) for path in folder.iterdir())
    assert command(*words) == 0
    assert capsys.readouterr().err.count("done already") == 3
    assert len(processes.trained) == 3


def test_who_asks_for_an_agent_gets_it_at_any_scale(folders, processes):
    words = ["t-maze", "--scale", "smoke", "--agents", "rnn", "cnp", *folders]
    assert command(*words) == 0
    trained = [(one.agent.name, one.first_seed) for one, _ in processes.trained]
    assert trained == [("rnn", 0), ("rnn", 100), ("cnp", 0)]


def test_drawing_alone_trains_nothing(
    folders, processes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    words = ["agreement", "--scale", "smoke", "--draw", *folders]
    assert command(*words) == 0
    output, errors = capsys.readouterr()
    assert output == ""
    assert "nothing of agreement was trained at the scale smoke to be drawn." in errors
    agreement = Experiment("t-maze-agreement", "max")
    write_stage(Store(tmp_path / "evidence"), agreement, scale=SMOKE)
    assert command(*words) == 0
    assert "scores.csv" in capsys.readouterr().out
    assert processes.trained == []


def test_a_failure_is_told_at_the_end(folders, processes, capsys: pytest.CaptureFixture[str]):
    processes.statuses = {"softmax-1": 2}
    processes.message = "it is wrong."
    assert command("temperatures", "--scale", "smoke", *folders) == 1
    output, errors = capsys.readouterr()
    last = errors.splitlines()[-1]
    assert last.startswith("splagger: softmax-1 on t-maze-long-noise: failed: it is wrong. (all")
    # What there is is drawn.
    assert "scores.csv" in output


def test_when_the_time_is_up_the_rest_is_counted(
    folders, processes, capsys: pytest.CaptureFixture[str]
):
    processes.stopping.set()
    assert command("temperatures", "--scale", "smoke", *folders) == 0
    errors = capsys.readouterr().err
    assert "splagger: the time was up with 2 left. To go on, give the same command" in errors
    assert "not started" not in errors


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interruption_says_how_to_go_on(
    number: signal.Signals,
    folders,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    class Interrupted(FakeProcesses):
        def train(self, settings: Settings, path: Path, watch: Callable[[], None]) -> Ending | None:
            if self.stopping.is_set():
                return None
            os.kill(os.getpid(), number)
            assert self.stopping.wait(20)
            return Ending(3, 1.0, "", path)

    fake = Interrupted()
    monkeypatch.setattr(reproduction, "SideBySide", lambda **_: fake)
    before = signal.getsignal(number)
    assert command("temperatures", "--scale", "smoke", *folders) == 130
    assert signal.getsignal(number) is before
    output, errors = capsys.readouterr()
    assert output == ""
    lines = " ".join(errors.split())
    assert "Stopping and saving what runs." in lines
    assert "softmax-1 on t-maze-long-noise, tuning: interrupted, 1 s" in lines
    assert lines.endswith("To go on, give the same command again.")
    assert "Traceback" not in errors


def test_list_and_claims(folders, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert command("--list", *folders) == 0
    assert "Targets of splagger reproduce" in capsys.readouterr().out
    assert command("--claims", *folders) == 0
    output = capsys.readouterr().out
    assert "parts: not trained" in output
    # Claims and parts without numbers, a few lines each.
    assert output.count("│ open") < 60
    assert command("--claims", "--markdown", *folders) == 0
    output = capsys.readouterr().out
    assert output.startswith("| claim | source | verdict |")
    assert output.count("**open**") == 25


def test_analyses_are_made_once(
    folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    calls: list[Path] = []

    def analyse(options: Analysis) -> int:
        calls.append(options.out)
        options.out.mkdir(parents=True, exist_ok=True)
        for suffix in (".csv", ".png"):
            (options.out / f"permutation-difference{suffix}").write_text("x")
        return 0

    quantities = untrained.ANALYSES_BY_TARGET["permutation"][1]
    monkeypatch.setitem(untrained.ANALYSES_BY_TARGET, "permutation", (analyse, quantities))
    made = tmp_path / "evidence" / "analysis" / "permutation"
    # An analysis that was interrupted is none.
    made.mkdir(parents=True)
    (made / "permutation-difference.csv").write_text("half")
    for _ in range(2):
        assert command("permutation", *folders) == 0
        files = capsys.readouterr().out.splitlines()
        assert [Path(path).name for path in files] == [
            "permutation-difference.csv",
            "permutation-difference.png",
        ]
        assert Path(files[0]).read_text() == "x"
    assert calls == [made]
