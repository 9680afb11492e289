"""What is asked of schedulers, and a job on this machine."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.runs import assert_same_run, environment_variables, run_settings

from splagger.cli.training_job import TrainingJob
from splagger.foundation.errors import UserError
from splagger.training.cluster import ClusterSettings, require_scheduler, submit
from splagger.training.train import new_run


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hosts": 0}, "hosts is 0"),
        ({"gpus": -1}, "gpus is -1"),
        ({"minutes": 0}, "minutes is 0"),
        ({"set": (("qos",),)}, "--set is 'qos', but it must be KEY=VALUE"),
        ({"set": (("qos=",),)}, "--set is 'qos='"),
        ({"set": (("a=b", "mem=3"),)}, "--set is 'mem=3', but --memory-gib is for that"),
        ({"set": (("cpus-per-task=3",),)}, "--cores is for that"),
        ({"set": (("signal_delay_s=soon",),)}, "signal_delay_s is 'soon'"),
        ({"scheduler": "local", "hosts": 2}, "hosts is 2, but the scheduler 'local' has one"),
        ({"scheduler": "local", "account": "me"}, "--account is for a cluster"),
        ({"scheduler": "local", "set": (("qos=high",),)}, "--set is for a cluster"),
    ],
)
def test_settings_that_no_scheduler_takes(changes: dict[str, Any], message: str):
    with pytest.raises(UserError, match=message):
        ClusterSettings(**changes)


def test_jobs_are_told_early_enough():
    assert ClusterSettings().notice == 120
    assert ClusterSettings(minutes=1).notice == 30


@dataclass(frozen=True)
class Nothing:
    """A job."""

    def __call__(self) -> None:
        pass


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of programs that stand for SLURM's: sbatch takes everything."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("sbatch", "srun"):
        (programs / name).write_text("#!/bin/sh\necho Submitted batch job 4711\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    return programs


def test_what_slurm_is_asked_for(slurm: Path, tmp_path: Path):
    pytest.importorskip("submitit")
    words = (("qos=high", "exclusive=true"), ("mail-user=me", "setup=one 1", "setup=two"))
    settings = ClusterSettings(hosts=2, gpus=4, partition="long", account="me", set=words)
    require_scheduler(settings)
    submission = submit(Nothing(), settings, tmp_path / "a run")
    assert submission.job_id == "4711"
    assert submission.log == tmp_path / "a run" / "4711_0_log.out"
    script = (tmp_path / "a run" / "4711_submission.sh").read_text()
    options = {line[8:] for line in script.splitlines() if line.startswith("#SBATCH")}
    assert options >= {
        *("--nodes=2", "--ntasks-per-node=1", "--gpus-per-node=4", "--cpus-per-task=8"),
        *("--mem=64G", "--time=240", "--partition=long", "--account=me", "--job-name=splagger"),
        *("--qos=high", "--exclusive", "--mail-user=me", "--signal=USR2@120", "--requeue"),
    }
    # Else jax would use one GPU of each host.
    assert "\nexport JAX_LOCAL_DEVICE_IDS=0,1,2,3\none 1\ntwo\n" in script
    assert "--cpus-per-task=8" in script.split("\nsrun ")[1]


def test_what_is_not_said_is_left_to_slurm(slurm: Path, tmp_path: Path):
    pytest.importorskip("submitit")
    submit(Nothing(), ClusterSettings(gpus=0, set=(("signal_delay_s=9",),)), tmp_path / "run")
    script = (tmp_path / "run" / "4711_submission.sh").read_text()
    assert [name for name in ("gpus", "partition", "account") if f"--{name}" in script] == []
    assert "--signal=USR2@9\n" in script
    assert "JAX_LOCAL_DEVICE_IDS" not in script


def test_a_job_that_slurm_refuses(slurm: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    pytest.importorskip("submitit")
    (slurm / "sbatch").write_text("#!/bin/sh\necho no such partition >&2\nexit 1\n")
    with pytest.raises(UserError, match="the scheduler refuses the job: no such partition"):
        submit(Nothing(), ClusterSettings(partition="x"), tmp_path / "run")
    assert capfd.readouterr().err == ""


def test_where_there_is_no_slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pytest.importorskip("submitit")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="no SLURM on this machine.* --scheduler local"):
        require_scheduler(ClusterSettings())
    require_scheduler(ClusterSettings(scheduler="local"))


def test_a_job_on_this_machine_trains(
    finished_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    pytest.importorskip("submitit")
    # The job finds the same splagger.
    monkeypatch.setenv("PYTHONPATH", environment_variables()["PYTHONPATH"])
    run, session = new_run(run_settings(), out=tmp_path / "run")
    session.close()
    job = TrainingJob(("resume", str(run.path), "--quiet"))
    settings = ClusterSettings(gpus=0, minutes=5, scheduler="local")
    submission = submit(job, settings, run.path / "cluster")
    submission.job.result()
    assert_same_run(run.path, finished_run)
    assert "Job completed successfully" in submission.log.read_text()
