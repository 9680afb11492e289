"""Running a command line, and turning mistakes into one sentence."""

import os
import sys
from collections.abc import Sequence
from typing import Any

import splagger
from splagger.cli.analyse import Analyse
from splagger.cli.check import Check
from splagger.cli.commands import (
    Agents,
    Demo,
    Environments,
    Evaluate,
    Plot,
)
from splagger.cli.parse import parse_command
from splagger.cli.report import Report
from splagger.cli.reproduce import Reproduce
from splagger.cli.submit import Submit
from splagger.cli.tables import complain
from splagger.cli.watch import Watch
from splagger.foundation.errors import UserError

_OTHERS = {
    "reproduce": Reproduce,
    "submit": Submit,
    "evaluate": Evaluate,
    "watch": Watch,
    "plot": Plot,
    "report": Report,
    "analyse": Analyse,
    "check": Check,
    "environments": Environments,
    "agents": Agents,
    "demo": Demo,
}
"""The commands besides `train` and `resume`; `run` runs one."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command.

    **Arguments:**

    - `arguments`: what follows `splagger` on the command line; by default that of the process.

    **Returns:** the exit status: 0 if all went well, 1 if a training had to give members up, 2 for
    bad input, 130 if it was interrupted.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words in (["--version"], ["version"]):
        print(f"splagger {splagger.__version__}")
        return 0
    if "" not in sys.path and not sys.flags.safe_path:
        # A user's environment lies in the current folder, which `python -m` finds and a console
        # script does not. At the end, where it can hide no installed module.
        sys.path.append("")
    try:
        status = parse(words or ["--help"]).run()
        sys.stdout.flush()
        return status
    except UserError as error:
        complain(str(error))
        return 2
    except BrokenPipeError:
        # The reader of our output, such as `head`, has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("splagger: stopped.", file=sys.stderr)
        return 130


def parse(words: list[str]) -> Any:
    """The command with its arguments; see `parse_command`."""
    return parse_command(words, _OTHERS)
