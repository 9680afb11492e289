"""Handing trainings to a scheduler."""

import pickle
import shlex
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.runs import ENVIRONMENT, FLAGS, assert_same_run, metrics_of, python, run_settings

from splagger.cli.commands import Resume
from splagger.cli.main import main, parse
from splagger.cli.submit import Submit
from splagger.cli.training_job import TrainingJob
from splagger.foundation.errors import UserError
from splagger.foundation.settings import from_dictionary
from splagger.training.cluster import ClusterSettings, Submission
from splagger.training.run_directory import RunDirectory

TRAIN = ("train", ENVIRONMENT, *FLAGS)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current directory, empty."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def submitted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[TrainingJob, ClusterSettings, Path]]:
    """What reaches the scheduler, in place of one."""
    jobs = []

    def submit(job: TrainingJob, settings: ClusterSettings, folder: Path) -> Submission:
        if settings.partition == "absent":
            raise UserError("the scheduler refuses the job: no such partition.")
        jobs.append((job, settings, folder))
        return Submission("4711", folder / "4711.out", None)

    monkeypatch.setattr("splagger.cli.submit.require_scheduler", lambda settings: None)
    monkeypatch.setattr("splagger.cli.submit.submit", submit)
    return jobs


def complaint(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["submit", *words]) == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors.count("\n") == 1
    return errors


# The command line


def test_options_before_the_dashes_are_the_clusters():
    words = "--hosts 2 --set qos=high a=b --set c=d -- train t-maze-noise --seeds 3 --quiet"
    command = parse(["submit", *words.split()])
    settings = ClusterSettings(hosts=2, set=(("qos=high", "a=b"), ("c=d",)))
    assert command == Submit(("train", "t-maze-noise", "--seeds", "3", "--quiet"), settings)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("", "submit needs a command after two dashes"),
        ("--hosts 2", "submit needs a command after two dashes"),
        ("-- agents", "submit is for `train` and `resume`, not for `agents`"),
        ("-- submit -- train ENV", "not for `submit`"),
        ("-- train", "train needs an environment"),
        ("-- train ENV --agent splager", "did you mean splagger"),
        ("-- train ENV --seeds 0", "seeds is 0"),
        ("--cores 0 -- train ENV", "cores is 0"),
    ],
)
def test_mistakes_are_noticed_first(
    capsys: pytest.CaptureFixture[str], folder: Path, words: str, message: str
):
    assert message in complaint(capsys, *words.replace("ENV", ENVIRONMENT).split())
    assert list(folder.iterdir()) == []


def test_unknown_flags_do_not_wait_in_a_queue(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        main(["submit", "--", *TRAIN, "--sedes", "3"])
    assert "--sedes" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("train t-maze-nois", "did you mean t-maze-noise"),
        ("train t-maze-noise:lenght=3", "did you mean length"),
        ("resume absent", "the run directory 'absent' does not exist"),
    ],
)
def test_what_training_refuses_is_not_submitted(
    submitted: list, capsys: pytest.CaptureFixture[str], words: str, message: str
):
    assert message in complaint(capsys, "--", *words.split())
    assert submitted == []


def test_the_package_is_needed(
    capsys: pytest.CaptureFixture[str], folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "submitit", None)
    assert "`pip install 'splagger[cluster]'` installs it" in complaint(capsys, "--", *TRAIN)
    assert list(folder.iterdir()) == []


# What is submitted


def test_a_training_is_a_run_to_be_resumed(
    submitted: list, capsys: pytest.CaptureFixture[str], folder: Path
):
    devices = ["--devices", "4", "--members-at-once", "2"]
    assert main(["submit", "--hosts", "2", "--", *TRAIN, "--quiet", *devices]) == 0
    ((job, settings, logs),) = submitted
    (run,) = folder.glob("runs/*/splagger/*")
    assert from_dictionary(RunDirectory.open(run).settings) == run_settings()
    assert job == TrainingJob(("resume", str(run), "--quiet", *devices, "--distributed"))
    assert settings == ClusterSettings(hosts=2)
    assert logs == run / "cluster"
    output = capsys.readouterr().out
    for shown in ("Job 4711", str(logs / "4711.out"), f"splagger plot {run} --out"):
        assert shown in output
    # Whoever types it decides about the hosts.
    assert f"splagger resume {run} --quiet {shlex.join(devices)}, here or submitted" in output


def test_a_run_is_submitted_again(submitted: list, run_copy: Path, folder: Path):
    relative = run_copy.relative_to(folder)
    assert main(["submit", "--", "resume", str(relative), "--frames", "320"]) == 0
    ((job, _, _),) = submitted
    assert job.words == ("resume", str(run_copy), "--frames", "320")
    assert not (run_copy / "cluster").exists()


def test_the_users_own_environment_is_trusted(submitted: list):
    assert main(["submit", "--", "train", "support.script:Script", *FLAGS, "--out", "run"]) == 0
    ((job, _, _),) = submitted
    assert job.words[2:] == ("--trust",)


@pytest.mark.parametrize(("gpus", "simulator"), [("0", "native"), ("1", "mjx")])
def test_the_simulator_suits_the_job(
    submitted: list, monkeypatch: pytest.MonkeyPatch, gpus: str, simulator: str
):
    asked = []

    def new_run(settings: Any, **options: Any) -> Any:
        asked.append(options["simulator"])
        raise UserError("enough")

    monkeypatch.setattr("splagger.training.train.new_run", new_run)
    assert main(["submit", "--gpus", gpus, "--", "train", "ant-goal"]) == 2
    assert asked == [simulator]


def test_a_refused_job_can_be_submitted_again(submitted: list, capsys: pytest.CaptureFixture[str]):
    words = ("--partition", "absent", "--", *TRAIN, "--out", "run")
    line = complaint(capsys, *words)
    assert "no such partition. The run is prepared: submit `resume " in line
    assert submitted == []
    assert main(["submit", "--", "resume", "run"]) == 0


# The job


@pytest.fixture
def queued_again() -> Iterator[list[int]]:
    """What submitit's handler of the scheduler's signal is called with."""
    calls: list[int] = []

    def handler(number: int, frame: Any) -> None:
        calls.append(number)

    before = signal.signal(signal.SIGUSR2, handler)
    yield calls
    assert signal.signal(signal.SIGUSR2, before) is handler


def test_the_notice_saves_and_the_same_job_goes_on(
    submitted: list,
    queued_again: list[int],
    finished_run: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    assert main(["submit", "--", *TRAIN, "--out", "run"]) == 0
    ((job, _, _),) = submitted
    append = RunDirectory.append_metrics

    def append_and_notice(run: RunDirectory, record: Any) -> None:
        append(run, record)
        if record["update"] == 3:
            # A scheduler may say it twice.
            signal.raise_signal(signal.SIGUSR2)
            signal.raise_signal(signal.SIGUSR2)
            # The loop is in the middle of its work: that is saved first.
            assert queued_again == []

    monkeypatch.setattr(RunDirectory, "append_metrics", append_and_notice)
    job()
    assert queued_again == [signal.SIGUSR2]
    assert len(metrics_of(Path("run"))) == 3
    job()
    assert queued_again == [signal.SIGUSR2]
    assert_same_run(Path("run"), finished_run)


def test_a_notice_before_training_queues_at_once(
    queued_again: list[int], monkeypatch: pytest.MonkeyPatch
):
    def loading(command: Resume) -> int:
        assert command.directory == Path("run")
        signal.raise_signal(signal.SIGUSR2)
        assert queued_again == [signal.SIGUSR2]
        return 0

    monkeypatch.setattr(Resume, "run", loading)
    TrainingJob(("resume", "run"))()
    assert queued_again == [signal.SIGUSR2]


def test_a_failure_is_the_jobs(queued_again: list[int], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as exit:
        TrainingJob(("resume", "absent"))()
    assert exit.value.code == 2
    assert "'absent' does not exist" in capsys.readouterr().err
    assert queued_again == []


def test_the_same_job_is_queued_again():
    pytest.importorskip("submitit")
    job = TrainingJob(("resume", "run", "--trust"))
    delayed = job.checkpoint()
    assert (delayed.function, delayed.args, delayed.kwargs) == (job, (), {})


def test_unpickling_needs_no_jax():
    content = pickle.dumps(TrainingJob(("resume", "run")))
    program = f"import pickle, sys\nprint(pickle.loads({content!r}), 'jax' in sys.modules)"
    assert python(program) == "TrainingJob(words=('resume', 'run')) False\n"
