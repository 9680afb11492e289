"""Writing frames as a film, by the program ffmpeg."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

from splagger.foundation.errors import UserError
from splagger.training.trial_record import Picture


def find_ffmpeg() -> str:
    """Where the program is.

    **Raises:** `UserError` if it is nowhere on the PATH.
    """
    found = shutil.which("ffmpeg")
    if found is None:
        raise UserError(
            "a .mp4 file needs the program ffmpeg, which was not found on the PATH; install it, or "
            "ask for a .gif file, which needs none."
        )
    return found


def write_film(frames: Iterable[Picture], path: Path, *, frames_per_second: int) -> None:
    """Writes an MP4 file over the one at `path`.

    **Arguments:**

    - `frames`: at least one, all of one size, even numbers of pixels.
    - `path`: the file.
    - `frames_per_second`: how many are seen in a second.

    **Raises:** `UserError` if there is no ffmpeg, or if it fails.
    """
    pictures = iter(frames)
    first = next(pictures)
    height, width = first.shape[:2]
    command = [find_ffmpeg(), "-loglevel", "error", "-y"]
    command += ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}"]
    command += ["-r", str(frames_per_second), "-i", "-"]
    # A format of colours that every player knows, and an index at the start, for browsers.
    command += ["-an", "-pix_fmt", "yuv420p", "-movflags", "+faststart", "-f", "mp4", str(path)]
    with tempfile.TemporaryFile() as complaints:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=complaints)
        assert process.stdin is not None
        try:
            with process.stdin as pipe:
                pipe.write(first.tobytes())
                for picture in pictures:
                    pipe.write(picture.tobytes())
        except BrokenPipeError:
            pass  # It has given up, and says why.
        except BaseException:
            process.kill()
            process.wait()
            raise
        status = process.wait()
        if status:
            complaints.seek(0)
            lines = complaints.read().decode(errors="replace").strip().splitlines()
            reason = lines[-1].strip() if lines else "it gave no reason"
            raise UserError(f"ffmpeg failed with status {status}: {reason}.")
