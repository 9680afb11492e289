import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.report_runs import ENVIRONMENT, make_run, without_playing
from support.trials import read_gif, trial_record

from splagger.foundation.errors import UserError
from splagger.reporting.report import animation_section
from splagger.reporting.report.animation_section import animate, animations
from splagger.reporting.report.html import Markup
from splagger.reporting.report.reported_run import read_runs
from splagger.training.play_trial import no_progress


def shown(*paths: Path, seed: int = 0, trust: bool = False) -> Markup:
    runs = read_runs(paths)
    return animations(runs, seed=seed, trust=trust, progress=no_progress).markup()


def test_all_of_a_short_trial_is_drawn():
    told = []
    animation = animate(trial_record(), lambda *parts: told.append(parts))
    frames, _ = read_gif(animation.gif)
    assert len(frames) == 8
    assert frames[0].shape[1::-1] == animation.size == (480, frames[0].shape[0])
    assert told == [("drawing", done, 8) for done in range(1, 9)]
    still = np.asarray(Image.open(io.BytesIO(animation.still)).convert("RGB"), int)
    # A GIF has fewer colours.
    assert np.abs(still - frames[-1]).mean() < 2


def test_a_large_animation_is_made_smaller(monkeypatch: pytest.MonkeyPatch):
    generator = np.random.default_rng(0)
    noise = generator.integers(0, 256, (22, 30, 30, 3), dtype=np.uint8)
    record = trial_record(2, 10, pictures=list(noise))
    monkeypatch.setattr(animation_section, "_FORMS", ((30, 240), (6, 240), (6, 160)))
    whole = animate(record, no_progress)
    monkeypatch.setattr(animation_section, "LARGEST", len(whole.gif) - 1)
    smaller = animate(record, no_progress)
    assert len(smaller.gif) < len(whole.gif)
    assert len(read_gif(whole.gif)[0]) == 22
    assert len(read_gif(smaller.gif)[0]) < 10
    assert smaller.size[0] == 240
    # Even the smallest form is a picture.
    monkeypatch.setattr(animation_section, "LARGEST", 1)
    least = animate(record, no_progress)
    assert least.size[0] == 160
    assert len(least.gif) <= len(smaller.gif)


def test_the_typical_seed_plays_the_same_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    asked = without_playing(monkeypatch)
    values = {(1e-2, n): [0.0, end] for n, end in enumerate([9.0, 5.0, 7.0])}
    text = shown(
        make_run(tmp_path / "run", {**values, (1e-3, 0): [0, 1]}, checkpoint=True),
        seed=4,
        trust=True,
    )
    [options] = asked
    assert options["learning_rate"] == 1e-2
    assert options["member_seed"] == 2
    assert (options["seed"], options["trust"]) == (4, True)
    assert "Learning rate 0.01, seed 2, in the middle of 3 by return." in text
    assert "Returns of the episodes: 1.00, 1.00." in text
    found = re.search(r'src="data:image/gif;base64,([^"]*)"', text)
    assert found is not None
    assert base64.b64decode(found[1]) == animate(trial_record(), no_progress).gif
    assert 'media="(prefers-reduced-motion: reduce)" srcset="data:image/png;base64,' in text
    assert 'alt="splagger through one trial on t-maze-noise: 1.00 and 1.00' in text


def test_runs_without_checkpoint_are_named(tmp_path: Path):
    text = shown(make_run(tmp_path / "a"), make_run(tmp_path / "b"))
    assert "Without a checkpoint, and so not shown: splagger a and splagger b." in text
    assert "img" not in text


def test_a_run_that_cannot_be_played_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    without_playing(monkeypatch)

    def refuse(run, **options):
        raise UserError(f"the environment of '{run}' <needs> trust.")

    monkeypatch.setattr(animation_section, "play_run", refuse)
    text = shown(make_run(tmp_path / "run", checkpoint=True))
    assert "is not shown: the environment of " in text
    assert "&lt;needs&gt; trust.<" in text
    assert ENVIRONMENT not in text
