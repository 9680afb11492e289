"""Sentences about what failed in a user's environment, and where."""

import sysconfig
import traceback
from pathlib import Path

from splagger.environments.host.simulators import SimulatorError

_LONGEST = 300
_OURS = str(Path(__file__).parent)
_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")})


def exception_failure(subject: str, method: str, error: Exception) -> SimulatorError:
    """The error for an exception that a user's method raised.

    **Arguments:**

    - `subject`: who failed, such as `simulator 3`.
    - `method`: the method's name.
    - `error`: the exception; the last line of the user's own that it came through is named.
    """
    return SimulatorError(f"{subject}: {method} failed with {describe_exception(error)}.")


def result_failure(subject: str, method: str, problem: str) -> SimulatorError:
    """The error for a result that is not what it must be, such as `problem` says."""
    return SimulatorError(f"{subject}: {method} returned {problem}.")


def describe_exception(error: BaseException) -> str:
    """An exception's type and message on one line, and the last line of the user's own code."""
    message = " ".join(str(error).split())
    if len(message) > _LONGEST:
        message = message[:_LONGEST] + "..."
    name = type(error).__name__
    text = f"{name}: {message}" if message else name
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith(_OURS)
    ]
    own = [frame for frame in frames if not _of_library(frame.filename)] or frames
    return f"{text} ({own[-1].filename}, line {own[-1].lineno})" if own else text


def _of_library(filename: str) -> bool:
    # Compiled libraries name files that are not there.
    return filename.startswith(_LIBRARIES) or not Path(filename).is_file()
