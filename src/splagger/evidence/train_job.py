"""One training in a process of its own: `python -m splagger.evidence.train_job SETTINGS RUN`.

`SETTINGS` is a JSON file of settings. Where `RUN` is a run already it goes on. The exit status is 0
where the training ended, 1 where members failed, 3 where it was interrupted and saved.
"""

import json
import sys
from pathlib import Path

from splagger.foundation.errors import UserError
from splagger.foundation.settings import from_dictionary
from splagger.training.settings_file import SETTINGS
from splagger.training.train import resume, start_run

INTERRUPTED = 3
"""The exit status of a training that a signal stopped."""


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
        return 2
    if not result.finished:
        return INTERRUPTED
    return 1 if result.failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
