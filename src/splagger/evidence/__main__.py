"""The process of a training, see `train_job`: `python -m splagger.evidence SETTINGS RUN`."""

import os
import signal

from splagger.evidence.exit_status import INTERRUPTED


def _leave(*_: object) -> None:
    os._exit(INTERRUPTED)


if __name__ == "__main__":
    # Until the loop listens there is nothing to save. `KeyboardInterrupt` is lost now and then
    # in a library that is being imported, and the training would go on.
    signal.signal(signal.SIGINT, _leave)

    from splagger.evidence.train_job import main

    raise SystemExit(main())
