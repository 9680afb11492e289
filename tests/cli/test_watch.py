from pathlib import Path

import pytest
from support.runs import ENVIRONMENT
from support.trials import read_gif

from splagger.cli.main import main, parse
from splagger.cli.watch import Watch


def complaint(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["watch", *words]) == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors.count("\n") == 1
    return errors


def parsed(words: str) -> object:
    return parse(["watch", *words.split()])


def test_watch_takes_its_words():
    words = "--out x.gif run --seed 3 --learning-rate 1e-3 --member-seed 1 --sample"
    assert parsed(words) == Watch(
        Path("x.gif"), Path("run"), seed=3, learning_rate=1e-3, member_seed=1, sample=True
    )
    words = "--random t-maze-noise --out x.mp4 --size 640 --frames-per-second 9 --stride 2"
    assert parsed(f"{words} --max-steps 7 --overwrite") == Watch(
        Path("x.mp4"),
        random="t-maze-noise",
        size=640,
        frames_per_second=9,
        stride=2,
        max_steps=7,
        overwrite=True,
    )


def test_watch_a_run(finished_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "trial.gif"
    words = [str(finished_run), "--out", str(out), "--size", "160", "--max-steps", "4"]
    assert main(["watch", *words]) == 0
    assert capsys.readouterr() == (f"{out}\n", "")
    frames, _ = read_gif(out.read_bytes())
    # Three steps and the start; one step and its start.
    assert len(frames) == 6
    assert "exists; use --overwrite" in complaint(capsys, *words)
    assert main(["watch", *words, "--overwrite", "--seed", "1"]) == 0


def test_watch_chance(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    out = tmp_path / "trial.gif"
    assert main(["watch", "--random", ENVIRONMENT, "--out", str(out), "--size", "160"]) == 0
    assert capsys.readouterr() == (f"{out}\n", "")
    assert len(read_gif(out.read_bytes())[0]) == 8


OWN = '''
import jax.numpy as jnp
from splagger import Box, Environment, Step


class Still(Environment):
    """Nothing happens."""

    observation_space = Box(-1, 1, (2,))
    action_space = Box(-1, 1, (1,))
    max_episode_steps = 2

    def sample_task(self, key):
        return jnp.zeros(())

    def reset(self, task, state, key):
        return jnp.zeros(()), jnp.zeros(2)

    def step(self, task, state, action, key):
        return state, Step(jnp.zeros(2), 0.0, terminated=False)
'''


def test_an_environment_of_ones_own_may_be_watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "own_still.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    out = tmp_path / "trial.gif"
    words = ["watch", "--random", "own_still:Still", "--out", str(out), "--size", "160"]
    assert main(words) == 0
    assert len(read_gif(out.read_bytes())[0]) == 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--out x.gif", "needs either a run, such as `splagger watch RUN --out trial.gif`, or"),
        ("run --random t-maze-noise --out x.gif", "needs either a run"),
        ("--random t-maze-noise --sample --out x.gif", "--sample is for a run, but --random"),
        ("--random t-maze-noise --member-seed 0 --out x.gif", "--member-seed is for a run"),
        ("--random t-maze-nois --out x.gif", "unknown environment 't-maze-nois': did you mean"),
        ("absent --out x.gif", "the run directory 'absent' does not exist"),
        ("absent --out x.avi", "has the suffix '.avi'; use one of .gif, .mp4"),
        ("absent --out x.gif --size 10", "size is 10, but it must be"),
        ("absent --out x.gif --frames-per-second 99", "frames_per_second is 99"),
        ("absent --out x.gif --seed -1", "seed is -1"),
    ],
)
def test_one_clear_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: str,
    message: str,
):
    monkeypatch.chdir(tmp_path)
    assert message in complaint(capsys, *words.split())
    assert list(tmp_path.iterdir()) == []
