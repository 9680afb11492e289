from pathlib import Path

import pytest
from support.ffmpeg import fake_ffmpeg
from support.trials import read_gif, trial_record

from splagger.foundation.errors import UserError
from splagger.reporting.animation.files import check_animation_file, write_animation
from splagger.reporting.animation.frames import Frames


def write(path: Path) -> list[tuple[str, int, int]]:
    """Writes eight frames; the progress that was told."""
    told = []
    frames = Frames(trial_record(), size=200)
    write_animation(frames, path, frames_per_second=10, progress=lambda *parts: told.append(parts))
    return told


def test_a_gif_is_written_into_a_new_folder(tmp_path: Path):
    path = tmp_path / "new" / "trial.GIF"
    assert write(path) == [("drawing", done, 8) for done in range(1, 9)]
    frames, _ = read_gif(path.read_bytes())
    assert len(frames) == 8
    assert frames[0].shape[1] == 200
    assert list(path.parent.iterdir()) == [path]


def test_pauses_of_a_film_are_frames_that_are_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    place = fake_ffmpeg(tmp_path, monkeypatch)
    path = tmp_path / "trial.mp4"
    assert write(path) == [("drawing", done, 8) for done in range(1, 9)]
    frames = Frames(trial_record(), size=200)
    expected = [round(10 * seconds) for seconds in frames.durations(10)]
    assert sum(expected) > 30
    content = (place / "content").read_bytes()
    repeated = [frames[n].tobytes() for n, times in enumerate(expected) for _ in range(times)]
    assert content == b"".join(repeated)
    assert path.read_bytes() == b"film of %d bytes" % len(content)
    assert not list(tmp_path.glob(".*"))


def test_a_film_that_fails_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    fake_ffmpeg(tmp_path, monkeypatch, fails=True)
    path = tmp_path / "trial.mp4"
    path.write_bytes(b"old")
    with pytest.raises(UserError, match="ffmpeg failed"):
        write(path)
    assert path.read_bytes() == b"old"
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("name", ["trial.png", "trial", "trial.gif.zip"])
def test_other_suffixes_are_refused(tmp_path: Path, name: str):
    with pytest.raises(UserError, match=r"has the suffix '.*'; use one of \.gif, \.mp4"):
        check_animation_file(tmp_path / name, overwrite=True)


def test_a_file_that_exists_is_kept_unless_asked(tmp_path: Path):
    path = tmp_path / "trial.gif"
    check_animation_file(path, overwrite=False)
    path.touch()
    with pytest.raises(UserError, match=r"trial.gif' exists; use --overwrite to replace it"):
        check_animation_file(path, overwrite=False)
    check_animation_file(path, overwrite=True)


def test_a_folder_in_its_place_is_refused(tmp_path: Path):
    (tmp_path / "trial.gif").mkdir()
    with pytest.raises(UserError, match="is a directory"):
        check_animation_file(tmp_path / "trial.gif", overwrite=True)


def test_a_film_needs_ffmpeg_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="needs the program ffmpeg"):
        check_animation_file(tmp_path / "trial.mp4", overwrite=False)
