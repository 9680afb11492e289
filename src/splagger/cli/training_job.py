"""What a cluster's machines run: a training that goes on after every interruption."""

import signal
from dataclasses import dataclass
from types import FrameType
from typing import Any

_NOTICE = signal.SIGUSR2
"""What submitit has the scheduler send before the time limit and before a preemption."""


@dataclass(frozen=True)
class TrainingJob:
    """Runs `splagger resume RUN`, which starts a run that has no checkpoint yet.

    So it is the same job at the first start and after every interruption, also where a scheduler
    starts it again without having asked it. Unpickling it imports no jax.
    """

    words: tuple[str, ...]
    """What follows `splagger` on the command line: `resume`, the run, and options."""

    def __call__(self) -> None:
        """Trains. At the scheduler's signal it saves after the current update, and queues again.

        **Raises:** `SystemExit` with the command's status, so that the scheduler knows of a
        failure; or as submitit's handler does, where the job is queued again.
        """
        from splagger.cli.parse import parse_command
        from splagger.cli.tables import complain
        from splagger.foundation.errors import UserError
        from splagger.training.interrupts import request_stop

        queue_again = signal.getsignal(_NOTICE)
        stopped = False

        def stop(number: int, frame: FrameType | None) -> None:
            nonlocal stopped
            stopped = request_stop()
            if not stopped and callable(queue_again):
                # Still loading, or already done: nothing is to be saved.
                queue_again(number, frame)

        signal.signal(_NOTICE, stop)
        try:
            status = parse_command(list(self.words), {}).run()
        except UserError as error:
            complain(str(error))
            status = 2
        finally:
            signal.signal(_NOTICE, queue_again)
        if stopped and callable(queue_again):
            queue_again(_NOTICE, None)
        if status:
            raise SystemExit(status)

    def checkpoint(self) -> Any:
        """What to queue in place of this job where it is interrupted: the same.

        **Returns:** submitit's `DelayedSubmission`.
        """
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)
