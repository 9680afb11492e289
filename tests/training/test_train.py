import json
import shutil
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Literal

import jax
import numpy as np
import pytest
from support.runs import (
    ENVIRONMENT,
    FRAMES_PER_UPDATE,
    assert_same_run,
    files_of,
    python,
    run_settings,
    start_process,
)

import splagger
from splagger.environments import registry
from splagger.environments.t_maze.t_maze import TMaze
from splagger.foundation.errors import UserError
from splagger.foundation.settings import LearningSettings, Settings
from splagger.recipes.recipes import settings_for
from splagger.training.loop import TrainingResult
from splagger.training.run_directory import RunDirectory
from splagger.training.train import resume, start_run, train, with_changes

SMALLEST: dict[str, Any] = {"frames": FRAMES_PER_UPDATE, "evaluation_interval": 1}


# Settings


def test_changes_reach_every_level():
    base = settings_for(ENVIRONMENT, "rnn")
    changed = with_changes(
        base,
        {"seeds": 3, "learning": {"steps": 50, "clip": 0.2}, "conventions": {"boundary": "start"}},
    )
    assert changed == replace(
        base,
        seeds=3,
        learning=replace(base.learning, steps=50, clip=0.2),
        conventions=replace(base.conventions, boundary="start"),
    )
    assert with_changes(base, {}) == base


def test_numbers_of_any_kind_become_plain_ones():
    changed = with_changes(
        settings_for(ENVIRONMENT, "rnn"),
        {
            "learning_rates": np.array([0.25, 0.5]),
            "seeds": np.int64(2),
            "checkpoint_minutes": 1,
            "agent": {"policy": {"hidden_sizes": [8, 4]}},
            "learning": LearningSettings(steps=50),
        },
    )
    assert changed.learning_rates == (0.25, 0.5)
    assert type(changed.seeds) is int
    assert type(changed.checkpoint_minutes) is float
    assert changed.agent.policy.hidden_sizes == (8, 4)
    assert changed.learning.steps == 50


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lerning": {}}, "unknown setting 'lerning': did you mean learning"),
        ({"learning": {"step": 3}}, "unknown setting of learning 'step': did you mean steps"),
        ({"learning": 3}, "'learning' is 3, but it must be a table"),
        ({"frames": 1e6}, "frames is 1000000.0, but it must be"),
        ({"frames": True}, "frames is True, but it must be"),
        ({"frames": None}, "frames is None, but it must be"),
        ({"learning_rates": 1e-3}, "learning_rates is 0.001, but it must be"),
        ({"learning_rates": ["a"]}, "learning_rates is 'a', but it must be"),
        ({"learning": {"clip": "x"}}, "learning.clip is 'x', but it must be"),
        ({"learning_rates": [1e-3, 1e-3]}, r"learning_rates is .*, but they must differ"),
        ({"learning_rates": []}, "learning_rates is empty"),
        ({"learning_rates": [float("nan")]}, "learning_rates is nan"),
        ({"first_seed": 2**31}, "first_seed is 2147483648, but the last seed must be below"),
        ({"first_seed": 2**31 - 1, "seeds": 2}, "the last seed must be below 2147483648"),
        ({"frames": 10}, "frames is 10, but one rollout alone takes 11200"),
        (
            {"learning": {"environments": 2, "steps": 3, "minibatches": 7}},
            "learning.minibatches is 7, but a rollout has only 6 steps",
        ),
        (
            {"learning": {"environments": 2, "minibatch_kind": "environments"}},
            "learning.minibatches is 4, but a rollout has only 2 environments",
        ),
    ],
)
def test_changes_that_do_not_fit(changes, message):
    with pytest.raises(UserError, match=message) as error:
        with_changes(settings_for(ENVIRONMENT, "splagger"), changes)
    assert "\n" not in str(error.value)


def numbers() -> list[tuple[str, str]]:
    """Every setting that is a number: its group and its name."""
    settings = settings_for(ENVIRONMENT, "splagger")
    return [
        (group, field.name)
        for group in ("", "agent", "learning", "conventions")
        for field in fields(getattr(settings, group) if group else settings)
        if type(getattr(getattr(settings, group) if group else settings, field.name))
        in (int, float)
    ]


@pytest.mark.parametrize("bad", [-1, "nan", "inf"])
@pytest.mark.parametrize(("group", "name"), numbers())
def test_no_number_may_be_negative_or_not_finite(group: str, name: str, bad):
    settings = settings_for(ENVIRONMENT, "splagger")
    current = getattr(getattr(settings, group) if group else settings, name)
    value = type(current)(bad) if isinstance(bad, int) else float(bad)
    changes = {group: {name: value}} if group else {name: value}
    with pytest.raises(UserError, match=name):
        with_changes(settings, changes)


# Training


def test_train_takes_names_recipes_and_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    made: list[tuple[Settings, dict]] = []
    result = TrainingResult(tmp_path, frames=0, finished=True, failed=(), resume_command="")

    def note(settings, **options):
        made.append((settings, options))
        return result

    monkeypatch.setattr("splagger.training.train.start_run", note)
    options = {"recipe": "small", "seeds": 2, "learning": {"steps": 9}}
    options |= {"out": tmp_path, "devices": 1}
    assert train("T-LN-P1-v0", "RNN_HN", **options) is result
    base = settings_for("T-LN-P1-v0", "rnn", "small")
    [(settings, options)] = made
    assert settings == replace(base, seeds=2, learning=replace(base.learning, steps=9))
    untouched = {"simulator": None, "members_at_once": None}
    untouched |= {"overwrite": False, "log": (), "quiet": False}
    assert options == {"out": tmp_path, "devices": 1, **untouched}


def test_train_gives_an_agent_another_objective(monkeypatch: pytest.MonkeyPatch):
    begun: list[Settings] = []

    def note(settings, **options):
        begun.append(settings)
        return TrainingResult(Path(), frames=0, finished=True, failed=(), resume_command="")

    monkeypatch.setattr("splagger.training.train.start_run", note)
    train("grid-navigation", "rnn", recipe="small", objective="ti", seeds=2)
    expected = settings_for("grid-navigation", "rnn", "small", objective="ti")
    assert expected.agent.objective.task_inference is not None
    assert begun == [replace(expected, seeds=2)]


def test_by_default_every_run_has_its_own_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    results = [start_run(run_settings(**SMALLEST), quiet=True) for _ in range(2)]
    paths = {result.path for result in results}
    assert len(paths) == 2
    parent = Path("runs") / "t-maze-long-noise-length-3-episodes-2" / "splagger"
    assert {path.parent for path in paths} == {parent}
    for path in paths:
        assert (tmp_path / path / "settings.json").exists()


def test_names_are_written_in_their_one_form(tmp_path: Path):
    settings = replace(run_settings(**SMALLEST), environment="T-LN-P1-v0:episodes=2,length=3")
    start_run(settings, out=tmp_path / "run", quiet=True)
    assert RunDirectory.open(tmp_path / "run").settings["environment"] == ENVIRONMENT


def test_quiet_prints_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    start_run(run_settings(**SMALLEST), out=tmp_path / "run", quiet=True)
    resume(tmp_path / "run", quiet=True)
    assert capfd.readouterr() == ("", "")


def test_progress_goes_to_standard_error(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    start_run(run_settings(**SMALLEST), out=tmp_path / "run")
    output, errors = capfd.readouterr()
    assert output == ""
    assert f"splagger on {ENVIRONMENT}: {tmp_path / 'run'}" in errors
    assert "32 of 32 frames (100.0%)" in errors


@pytest.fixture
def two_simulators(monkeypatch: pytest.MonkeyPatch) -> None:
    """A walking body that is a maze, on whatever simulator, which takes no time."""

    def body(simulator: Literal["auto", "native", "mjx"] = "auto"):
        assert simulator != "auto"
        return TMaze(length=3)

    entry = replace(registry.entry("ant-goal"), builder=body, episodes=2)
    monkeypatch.setitem(registry._BY_NAME, "ant-goal", entry)


@pytest.mark.usefixtures("two_simulators")
@pytest.mark.parametrize(
    ("environment", "simulator", "recorded", "said"),
    [
        ("AntGoal-v0", None, "native", "the processor (native); --simulator mjx simulates on"),
        ("ant-goal:simulator=mjx", None, "mjx", "without a GPU (mjx)"),
        ("ant-goal", "mjx", "mjx", "about ten times slower"),
        ("ant-goal:simulator=mjx", "native", "native", "simulated by MuJoCo on the processor"),
        ("ant-goal:simulator=mjx", "auto", "native", "simulated by MuJoCo on the processor"),
    ],
)
def test_a_run_has_a_simulator_and_says_which(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    environment: str,
    simulator: str | None,
    recorded: str,
    said: str,
):
    # The alias is an entry of its own in the registry's table.
    monkeypatch.setitem(registry._BY_NAME, "antgoal-v0", registry.entry("ant-goal"))
    settings = replace(run_settings(**SMALLEST), environment=environment)
    start_run(settings, simulator=simulator, out=tmp_path / "run")
    name = f"ant-goal:simulator={recorded}"
    assert RunDirectory.open(tmp_path / "run").settings["environment"] == name
    words = " ".join(capfd.readouterr().err.split())
    assert said in words
    # It goes on there, also on a machine that another simulator would suit, which nobody chooses.
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu" if recorded == "native" else "cpu")
    assert resume(tmp_path / "run").finished
    words = " ".join(capfd.readouterr().err.split())
    assert f"({recorded})" in words
    assert "--simulator" not in words


def test_simulators_that_are_not_there_are_refused(tmp_path: Path):
    with pytest.raises(UserError, match="must be auto or native or mjx, not 'warp'"):
        train("ant-goal", simulator="warp", out=tmp_path / "run")
    with pytest.raises(UserError, match="'t-maze-noise' has no choice of simulators"):
        train("t-maze-noise", simulator="mjx", out=tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"environment": "t-maze-nois"}, "unknown environment 't-maze-nois'"),
        ({"environment": "no_such_module:Thing"}, "cannot be imported"),
        ({"environment": "t-maze-noise:length=1"}, "length of a T-maze is 1"),
    ],
)
def test_nothing_is_written_for_bad_input(tmp_path: Path, changes, message):
    with pytest.raises(UserError, match=message):
        start_run(replace(run_settings(), **changes), out=tmp_path / "run", quiet=True)
    with pytest.raises(UserError, match="unknown agent 'splager': did you mean splagger"):
        train(ENVIRONMENT, "splager", out=tmp_path / "run")
    with pytest.raises(UserError, match="unknown recipe 'papr': did you mean paper"):
        train(ENVIRONMENT, recipe="papr", out=tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_values_of_wrong_types_are_not_written(tmp_path: Path):
    # In a process of its own: here the types of arguments are checked before the settings are.
    program = f"""
import splagger
from dataclasses import replace
out = {str(tmp_path / "run")!r}
settings = splagger.settings_for("t-maze-noise", "rnn")
attempts = (
    lambda: splagger.start_run(replace(settings, frames=1e6), out=out),
    lambda: splagger.train("t-maze-noise", frames=1e6, out=out),
    lambda: splagger.train("t-maze-noise", precision="float64", out=out),
    lambda: splagger.train("t-maze-noise", learning={{"clip": None}}, out=out),
    lambda: splagger.train("t-maze-noise", conventions={{"boundary": "ends"}}, out=out),
)
for attempt in attempts:
    try:
        attempt()
    except splagger.UserError as error:
        print(error)
"""
    messages = python(program).splitlines()
    assert len(messages) == 5
    assert "frames is 1000000.0, but it must be" in messages[0]
    assert messages[1] == messages[0]
    assert messages[2].startswith("precision is 'float64', but it must be one of 'float32'")
    assert "learning.clip is None, but it must be" in messages[3]
    assert messages[4].startswith("conventions.boundary is 'ends', but it must be one of 'both'")
    assert list(tmp_path.iterdir()) == []


def test_a_run_is_replaced_only_on_request(run_copy: Path):
    before = files_of(run_copy)
    with pytest.raises(UserError, match="exists and is not empty; use --overwrite"):
        start_run(run_settings(**SMALLEST), out=run_copy, quiet=True)
    assert files_of(run_copy) == before
    (run_copy / "notes.txt").write_text("mine")
    result = start_run(run_settings(**SMALLEST), out=run_copy, overwrite=True, quiet=True)
    assert result.frames == FRAMES_PER_UPDATE
    assert [path.name for path in (run_copy / "checkpoints").iterdir()] == ["000000000001.npz"]
    assert {row.frames for row in RunDirectory.open(run_copy).read_evaluations()} == {0, 32}
    assert (run_copy / "notes.txt").read_text() == "mine"


def test_a_directory_that_is_no_run_is_never_overwritten(tmp_path: Path):
    (tmp_path / "thesis.tex").write_text("text")
    for overwrite in (False, True):
        with pytest.raises(UserError, match="not empty|not a run directory"):
            start_run(run_settings(**SMALLEST), out=tmp_path, overwrite=overwrite, quiet=True)
    assert (tmp_path / "thesis.tex").read_text() == "text"


# Resuming


@pytest.mark.parametrize("frames", [FRAMES_PER_UPDATE, 223, 0, -1])
def test_fewer_frames_are_refused_and_nothing_changes(run_copy: Path, frames: int):
    before = files_of(run_copy)
    with pytest.raises(UserError, match=f"frames is {frames}, but"):
        resume(run_copy, frames=frames, quiet=True)
    assert files_of(run_copy) == before


def test_frames_of_another_type_do_not_spoil_the_settings(run_copy: Path):
    before = files_of(run_copy)
    program = f"""
import splagger
try:
    splagger.resume({str(run_copy)!r}, frames=1e6)
except splagger.UserError as error:
    print(error)
"""
    assert "frames is 1000000.0, but it must be" in python(program)
    assert files_of(run_copy) == before


def damage_settings(run: Path) -> None:
    (run / "settings.json").write_text((run / "settings.json").read_text()[:100])


def damage_checkpoints(run: Path) -> None:
    for path in (run / "checkpoints").iterdir():
        path.write_bytes(path.read_bytes()[:1000])


def damage_evaluations(run: Path) -> None:
    (run / "evaluations.csv").unlink()


def make_another_version(run: Path) -> None:
    record = json.loads((run / "settings.json").read_text())
    (run / "settings.json").write_text(json.dumps({**record, "format": 2}))


def add_unknown_setting(run: Path) -> None:
    record = json.loads((run / "settings.json").read_text())
    record["settings"]["learning"]["momentum"] = 0.5
    (run / "settings.json").write_text(json.dumps(record))


def change_the_agent(run: Path) -> None:
    record = json.loads((run / "settings.json").read_text())
    record["settings"]["agent"]["encoder"]["size"] = 16
    (run / "settings.json").write_text(json.dumps(record))


def name_code(run: Path) -> None:
    record = json.loads((run / "settings.json").read_text())
    record["settings"]["environment"] = "os:path"
    (run / "settings.json").write_text(json.dumps(record))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (damage_settings, "is damaged: settings.json is not what splagger wrote"),
        (damage_checkpoints, "none of the 1 checkpoints in .* can be read"),
        (damage_evaluations, "is damaged: '.*evaluations.csv' is missing"),
        (make_another_version, "in format 2; this version reads format 1 only"),
        (add_unknown_setting, "an entry 'learning.momentum' that this version does not know"),
        (change_the_agent, "from another version or was made with other settings"),
        (name_code, "environment 'os:path' would import and run code from os"),
    ],
)
def test_a_damaged_run_is_refused_and_not_changed(run_copy: Path, damage, message):
    damage(run_copy)
    before = files_of(run_copy)
    with pytest.raises(UserError, match=message):
        resume(run_copy, quiet=True)
    after = files_of(run_copy)
    # The lock's file is the only one that may be touched.
    assert {k: v for k, v in after.items() if k != ".lock"} == {
        k: v for k, v in before.items() if k != ".lock"
    }


def test_a_directory_without_a_run_is_refused(tmp_path: Path):
    with pytest.raises(UserError, match="is empty: no run was started in it"):
        resume(tmp_path)
    with pytest.raises(UserError, match="does not exist"):
        resume(tmp_path / "absent")
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="is a file, not a run directory"):
        resume(tmp_path / "file")
    with pytest.raises(UserError, match="is not a run directory"):
        resume(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_damaged_newest_checkpoint_is_passed_over(finished_run: Path, tmp_path: Path):
    run = tmp_path / "run"
    start_run(run_settings(checkpoint_minutes=0), out=run, quiet=True)
    names = sorted(path.name for path in (run / "checkpoints").iterdir())
    assert names == ["000000000006.npz", "000000000007.npz"]
    newest = run / "checkpoints" / names[-1]
    content = newest.read_bytes()
    newest.write_bytes(content[: len(content) // 2])
    assert resume(run, quiet=True).finished
    assert_same_run(run, finished_run)


def test_a_run_in_use_is_refused(finished_run: Path, tmp_path: Path):
    run = tmp_path / "run"
    run.mkdir()
    record = json.loads((finished_run / "settings.json").read_text())
    record["settings"]["frames"] = 10**9
    (run / "settings.json").write_text(json.dumps(record))
    process = start_process("resume", "run", cwd=tmp_path)
    try:
        assert process.stderr is not None
        # Its first line comes when it holds the run.
        assert "splagger on" in process.stderr.readline()
        message = f"'{run}' is in use by another process .pid {process.pid}."
        with pytest.raises(UserError, match=message):
            resume(run, frames=2 * 10**9, quiet=True)
        with pytest.raises(UserError, match=message):
            start_run(run_settings(**SMALLEST), out=run, overwrite=True, quiet=True)
        assert process.poll() is None
        assert json.loads((run / "settings.json").read_text()) == record
    finally:
        process.kill()
        process.communicate()


def test_a_run_goes_on_after_it_was_moved(finished_run: Path, tmp_path: Path):
    start_run(run_settings(frames=96), out=tmp_path / "here", quiet=True)
    (tmp_path / "a folder, with ünusual").mkdir()
    moved = shutil.move(tmp_path / "here", tmp_path / "a folder, with ünusual" / "name")
    assert resume(str(moved), frames=224, quiet=True).path == Path(moved)
    assert_same_run(Path(moved), finished_run)


# The package


def test_importing_the_package_does_not_import_jax():
    program = (
        "import sys, splagger\n"
        "from splagger import Settings, UserError, settings_for\n"
        "settings_for('t-maze-noise', 'rnn', 'paper')\n"
        "print([name for name in ('jax', 'numpy', 'matplotlib') if name in sys.modules])"
    )
    assert python(program) == "[]\n"


def test_every_public_name_is_there():
    assert splagger.__all__ == sorted(splagger.__all__)
    assert set(splagger.__all__) <= set(dir(splagger))
    for name in splagger.__all__:
        assert getattr(splagger, name).__name__ == name
    assert splagger.train is train
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        splagger.trian  # noqa: B018  # pyright: ignore[reportAttributeAccessIssue]


# Environments that break their contract


@pytest.mark.parametrize(
    ("name", "workers", "message"),
    [
        ("bad_environments:PythonIf", 0, "step cannot be compiled"),
        ("bad_host_environments:FourValues", 0, "step returned 4 values"),
        ("bad_host_environments:ExitsInStep", 1, "step: the worker process .* exit code 3"),
    ],
)
def test_a_bad_environment_is_refused_before_a_run_directory_is_made(
    tmp_path: Path, name: str, workers: int, message: str
):
    with pytest.raises(UserError, match=f"{name}' breaks its contract: {message}"):
        train(f"support.{name}", out=tmp_path / "run", host={"workers": workers}, quiet=True)
    assert not (tmp_path / "run").exists()
