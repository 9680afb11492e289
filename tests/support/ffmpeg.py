"""A program in ffmpeg's place, which remembers what it was given."""

import stat
import sys
from pathlib import Path

import pytest

_PROGRAM = """#!{python}
import sys
from pathlib import Path
folder = Path({folder!r})
(folder / "arguments").write_text("\\n".join(sys.argv[1:]))
{fail}
content = sys.stdin.buffer.read()
(folder / "content").write_bytes(content)
Path(sys.argv[-1]).write_bytes(b"film of %d bytes" % len(content))
"""
_FAIL = """
print("a detail", "no such codec", sep="\\n", file=sys.stderr)
sys.exit(3)
"""


def fake_ffmpeg(folder: Path, monkeypatch: pytest.MonkeyPatch, *, fails: bool = False) -> Path:
    """Puts it on the PATH, alone.

    **Arguments:**

    - `folder`: where it is made.
    - `fails`: whether it ends with an error before it has read anything.

    **Returns:** the folder in which it leaves its `arguments` and the `content` that it read.
    """
    place = folder / "fake"
    place.mkdir()
    program = place / "ffmpeg"
    fail = _FAIL if fails else ""
    program.write_text(_PROGRAM.format(python=sys.executable, folder=str(place), fail=fail))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(place))
    return place
