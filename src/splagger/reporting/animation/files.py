"""Files of moving pictures: GIF, or MP4 where ffmpeg is installed."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from splagger.foundation.errors import UserError
from splagger.reporting.animation.film import find_ffmpeg, write_film
from splagger.reporting.animation.frames import Frames
from splagger.reporting.animation.gif import gif_bytes
from splagger.training.files import make_folder, write_atomically
from splagger.training.play_trial import Progress
from splagger.training.trial_record import Picture

SUFFIXES = (".gif", ".mp4")
"""The kinds of files."""


def check_animation_file(path: Path, *, overwrite: bool) -> None:
    """Says at once whether a file can be written later, when much has been computed for it.

    **Raises:** `UserError` for an unknown suffix, a file that exists and may not be overwritten, a
    folder in its place, and an MP4 file without ffmpeg.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UserError(
            f"the output '{path}' has the suffix '{path.suffix}'; use one of {', '.join(SUFFIXES)}."
        )
    if path.is_dir():
        raise UserError(f"the output '{path}' is a directory; give the name of a file.")
    if path.exists() and not overwrite:
        raise UserError(f"the output '{path}' exists; use --overwrite to replace it.")
    if suffix == ".mp4":
        find_ffmpeg()


def write_animation(
    frames: Frames, path: Path, *, frames_per_second: int, progress: Progress
) -> None:
    """Writes frames to a file with one of `SUFFIXES`, replacing what is there.

    **Raises:** `UserError` if the file or its folder cannot be made.
    """
    make_folder(path.parent)
    durations = frames.durations(frames_per_second)

    def order() -> Iterator[int]:
        for number in range(len(frames)):
            yield number
            progress("drawing", number + 1, len(frames))

    def film() -> Iterator[Picture]:
        # A film has one speed, so pauses are frames that are repeated.
        for number in order():
            picture = frames[number]
            for _ in range(max(1, round(durations[number] * frames_per_second))):
                yield picture

    def write(file: BinaryIO) -> None:
        if path.suffix.lower() == ".gif":
            file.write(gif_bytes(frames, durations, order()))
        else:
            write_film(film(), Path(file.name), frames_per_second=frames_per_second)

    write_atomically(path, write)
