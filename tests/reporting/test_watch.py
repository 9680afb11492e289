from pathlib import Path

import jax
import numpy as np
import pytest
from support.ffmpeg import fake_ffmpeg
from support.runs import ENVIRONMENT, files_of
from support.trials import read_gif

import splagger
from splagger.environments.registry import make_trial
from splagger.foundation.errors import UserError
from splagger.reporting import watch
from splagger.reporting.animation.settings import AnimationSettings
from splagger.reporting.watch import watch_random, watch_run
from splagger.training.trial_record import TrialRecord

SMALL = AnimationSettings(size=160, frames_per_second=10)


@pytest.fixture
def records(monkeypatch: pytest.MonkeyPatch) -> list[TrialRecord]:
    """Every trial that is drawn."""
    found: list[TrialRecord] = []
    frames = watch.Frames

    def remember(record, **options):
        found.append(record)
        return frames(record, **options)

    monkeypatch.setattr(watch, "Frames", remember)
    return found


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trials are played, but no picture is made of them: that takes longer."""
    monkeypatch.setattr(watch, "write_animation", lambda frames, out, **options: None)


def test_a_run_becomes_a_gif(finished_run: Path, tmp_path: Path, records: list[TrialRecord]):
    before = files_of(finished_run)
    told = []
    out = tmp_path / "new" / "trial.gif"
    found = watch_run(
        str(finished_run), str(out), animation=SMALL, progress=lambda *parts: told.append(parts)
    )
    assert found == out
    frames, durations = read_gif(out.read_bytes())
    [record] = records
    # Two episodes of three steps, each with its start.
    assert len(frames) == len(record.moments) == 8
    assert {frame.shape[1] for frame in frames} == {160}
    assert min(durations) == 100
    assert (record.agent, record.environment) == ("splagger", ENVIRONMENT)
    assert any(moment.memory_change > 0 for moment in record.moments)
    assert [part for part in told if part[0] == "drawing"] == [
        ("drawing", done, 8) for done in range(1, 9)
    ]
    assert told[0][:2] == ("playing", 1)
    assert files_of(finished_run) == before


def test_equal_inputs_give_equal_bytes(finished_run: Path, tmp_path: Path):
    contents = []
    for name, seed in (("one", 5), ("two", 5)):
        out = watch_run(finished_run, tmp_path / f"{name}.gif", seed=seed, animation=SMALL)
        contents.append(out.read_bytes())
    assert contents[0] == contents[1]


@pytest.mark.usefixtures("undrawn")
def test_the_seed_decides_the_task_whoever_acts(
    finished_run: Path, tmp_path: Path, records: list[TrialRecord]
):
    settings = AnimationSettings(size=160, max_steps=2)
    for number, seed in enumerate((0, 1, 2, 3)):
        watch_random(ENVIRONMENT, tmp_path / f"r{number}.gif", seed=seed, animation=settings)
        watch_run(finished_run, tmp_path / f"a{number}.gif", seed=seed, animation=settings)
    signs = [
        [float(moment.observation[1]) for moment in record.moments if moment.step == 1]
        for record in records
    ]
    assert signs[::2] == signs[1::2]
    assert len({*map(tuple, signs)}) == 2


@pytest.mark.usefixtures("undrawn")
def test_the_member_is_chosen_as_load_does(
    finished_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    chosen = []
    actor = watch.AgentActor

    def remember(agent, sample):
        chosen.append(agent)
        return actor(agent, sample)

    monkeypatch.setattr(watch, "AgentActor", remember)
    for number, options in enumerate(
        [{}, {"learning_rate": 1e-3, "seed": 1}, {"learning_rate": 1e-2, "seed": 0}]
    ):
        member = {"member_seed" if k == "seed" else k: v for k, v in options.items()}
        settings = AnimationSettings(size=160, max_steps=1)
        watch_run(finished_run, tmp_path / f"{number}.gif", animation=settings, **member)
        expected = splagger.load(finished_run, **options).agent
        same = jax.tree.map(np.array_equal, chosen[-1], expected)
        assert all(jax.tree.leaves(same))
    with pytest.raises(UserError, match="the run has no member with learning rate 0.5"):
        watch_run(finished_run, tmp_path / "x.gif", learning_rate=0.5)


@pytest.mark.usefixtures("undrawn")
def test_another_environment(finished_run: Path, tmp_path: Path, records: list[TrialRecord]):
    other = "t-maze-noise:length=5,episodes=3"
    watch_run(finished_run, tmp_path / "trial.gif", environment=other, animation=SMALL)
    assert (records[0].environment, records[0].episodes) == (other, 3)
    assert len(records[0].moments) == 18
    with pytest.raises(UserError, match="has observations of 7 numbers"):
        watch_run(finished_run, tmp_path / "x.gif", environment="t-maze-agreement-wave:episodes=2")


def test_chance_needs_no_run(tmp_path: Path, records: list[TrialRecord]):
    out = watch_random("T-LS-P1:length=4,episodes=2", tmp_path / "trial.gif", animation=SMALL)
    frames, _ = read_gif(out.read_bytes())
    assert len(frames) == len(records[0].moments)
    assert records[0].agent == "random actions"
    assert records[0].environment == "t-maze-long-short:length=4,episodes=2"
    assert not records[0].remembers
    assert len({int(m.action) for m in records[0].moments if m.action is not None}) > 1


def test_an_environment_without_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    maze = type(make_trial(ENVIRONMENT).environment)
    monkeypatch.setattr(maze, "render", lambda self, task, state, size=256: None)
    out = watch_random(ENVIRONMENT, tmp_path / "trial.gif", animation=SMALL)
    assert len(read_gif(out.read_bytes())[0]) == 8


def test_a_gymnasium_environment(tmp_path: Path, records: list[TrialRecord]):
    environment = "support.cart_poles:CartPoles:max_episode_steps=2"
    out = watch_random(environment, tmp_path / "trial.gif", animation=SMALL, trust=True)
    frames, _ = read_gif(out.read_bytes())
    [record] = records
    assert len(frames) == len(record.moments) == 6
    assert record.environment == environment
    for frame, moment, picture in zip(frames, record.moments, record.pictures, strict=True):
        assert picture is not None
        # The cart is black, and above it stands the pole.
        column = 300 + round(float(moment.observation[0]) * 600 / 4.8)
        assert picture[300, column].max() < 10
        assert frame.min(axis=2).min() < 10
    with pytest.raises(UserError, match="would import and run code from support.cart_poles"):
        watch_random(environment, tmp_path / "x.gif")


def test_a_film(finished_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    place = fake_ffmpeg(tmp_path, monkeypatch)
    out = watch_run(finished_run, tmp_path / "trial.mp4", animation=SMALL)
    assert out.read_bytes().startswith(b"film of ")
    arguments = (place / "arguments").read_text().splitlines()
    width, height = map(int, arguments[arguments.index("-s") + 1].split("x"))
    size = len((place / "content").read_bytes())
    assert size % (3 * width * height) == 0
    assert size // (3 * width * height) > 8 + 20


@pytest.mark.parametrize(
    ("out", "options", "message"),
    [
        ("trial.png", {}, r"has the suffix '\.png'; use one of \.gif, \.mp4"),
        ("old.gif", {}, "old.gif' exists; use --overwrite to replace it"),
        ("trial.gif", {"seed": -1}, "seed is -1, but it must be at least 0"),
        ("trial.mp4", {}, "needs the program ffmpeg"),
    ],
)
def test_bad_input_is_noticed_before_anything_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out: str, options: dict, message: str
):
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "old.gif").write_bytes(b"old")
    for function, subject in ((watch_run, "absent"), (watch_random, "absent")):
        with pytest.raises(UserError, match=message):
            function(subject, tmp_path / out, **options)
    assert [path.name for path in tmp_path.iterdir()] == ["old.gif"]
    assert (tmp_path / "old.gif").read_bytes() == b"old"


def test_a_file_is_replaced_on_request(tmp_path: Path):
    out = tmp_path / "old.gif"
    out.write_bytes(b"old")
    watch_random(ENVIRONMENT, out, animation=SMALL, overwrite=True)
    assert len(read_gif(out.read_bytes())[0]) == 8


def test_code_is_imported_with_trust_alone(tmp_path: Path):
    with pytest.raises(UserError, match="would import and run code from os"):
        watch_random("os:path", tmp_path / "trial.gif")
