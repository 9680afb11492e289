from pathlib import Path

import numpy as np
import pytest
from support.ffmpeg import fake_ffmpeg

from splagger.foundation.errors import UserError
from splagger.reporting.animation.film import find_ffmpeg, write_film

FRAMES = [np.full((2, 4, 3), shade, np.uint8) for shade in (1, 2, 3)]


def test_ffmpeg_is_given_every_pixel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    place = fake_ffmpeg(tmp_path, monkeypatch)
    out = tmp_path / "film.mp4"
    write_film(iter(FRAMES), out, frames_per_second=12)
    assert (place / "content").read_bytes() == b"".join(f.tobytes() for f in FRAMES)
    arguments = (place / "arguments").read_text().splitlines()
    assert arguments[-1] == str(out)
    for flag, value in [("-s", "4x2"), ("-r", "12"), ("-i", "-"), ("-f", "rawvideo")]:
        assert arguments[arguments.index(flag) + 1] == value
    assert out.read_bytes() == b"film of 72 bytes"


def test_what_ffmpeg_complains_of_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    fake_ffmpeg(tmp_path, monkeypatch, fails=True)
    # More than a pipe holds, so that it breaks.
    frames = [np.zeros((300, 300, 3), np.uint8)] * 5
    with pytest.raises(UserError, match=r"^ffmpeg failed with status 3: no such codec\.$"):
        write_film(frames, tmp_path / "film.mp4", frames_per_second=12)


def test_an_error_of_ours_ends_ffmpeg_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    place = fake_ffmpeg(tmp_path, monkeypatch)

    def frames():
        yield FRAMES[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_film(frames(), tmp_path / "film.mp4", frames_per_second=12)
    assert not (place / "content").exists()


def test_without_ffmpeg_a_gif_is_suggested(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"needs the program ffmpeg, .* ask for a \.gif file"):
        find_ffmpeg()
