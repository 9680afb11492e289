"""One training in a process of its own: `python -m splagger.evidence SETTINGS RUN`.

`SETTINGS` is a JSON file of settings. Where `RUN` is a run already it goes on. The exit status is 0
where the training ended, 1 where it ended because all members failed, 2 for bad input, 3 where it
was interrupted and saved. What there is to say is the last line of standard error.
"""

import json
import sys
from pathlib import Path

from splagger.evidence.exit_status import BAD_INPUT, INTERRUPTED, STOPPED
from splagger.foundation.errors import UserError
from splagger.foundation.settings import from_dictionary
from splagger.training.settings_file import SETTINGS
from splagger.training.train import resume, start_run


def main() -> int:
    """Trains; the exit status."""
    settings_path, run = map(Path, sys.argv[1:])
    settings = from_dictionary(json.loads(settings_path.read_text()))
    try:
        if (run / SETTINGS).is_file():
            result = resume(run, frames=settings.frames, devices=1, quiet=True)
        else:
            result = start_run(settings, out=run, devices=1, quiet=True)
    except UserError as error:
        print(f"splagger: {error}", file=sys.stderr)
        return BAD_INPUT
    if not result.finished:
        return INTERRUPTED
    if not result.failed:
        return 0
    # A learning rate that is too high is an outcome, not a failure of the training.
    counts = f"{len(result.failed)} of {len(settings.members)}"
    print(f"{STOPPED} the loss of {counts} was not finite", file=sys.stderr)
    return 1 if len(result.failed) == len(settings.members) else 0
