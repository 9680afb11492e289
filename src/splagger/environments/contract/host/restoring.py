"""Checks that the state of simulators can be captured and restored to the bit."""

from collections.abc import Iterator
from contextlib import closing

import numpy as np

from splagger.environments.contract.findings import Breach, Finding, failure, passed, warning
from splagger.environments.contract.host.copies import Copy
from splagger.environments.contract.host.play import random_actions
from splagger.environments.contract.host.simulated import (
    first_difference,
    play_steps,
    short_trial,
    simulating,
)
from splagger.environments.host.gymnasium_environment import GymnasiumEnvironment
from splagger.environments.host.words import layout

CHECK = "restoring"
"""The name of these checks."""

_LONGEST = 12
# In the first episode of a trial, in its second one, in a later trial.
_CAPTURED_AFTER = (5, 16, 30)
_PLAYED_ON = 30

_WHOLE = (
    "Let get_state return, and set_state put back, all that decides the future and is neither the "
    "task nor in np_random."
)


def check_restoring(environment: GymnasiumEnvironment, copy: Copy) -> Iterator[Finding]:
    """Captures the state, restores it in another copy that stands elsewhere, and plays on in both.

    **Arguments:**

    - `environment`: what is checked, not vectorised.
    - `copy`: a copy of it.
    """
    if environment.restore_obstacle:
        yield warning(
            CHECK,
            "get_state and set_state",
            f"{environment.restore_obstacle}, so that a resumed training begins new trials.",
            "Give the outermost layer get_state(self) and set_state(self, state), with np_random "
            "as Gymnasium makes it; ignore this if new trials will do.",
        )
        return
    _check_calls(copy)
    trial = short_trial(environment, _LONGEST)
    actions = random_actions(environment, 0, max(_CAPTURED_AFTER) + _PLAYED_ON)[:, None]
    for before in _CAPTURED_AFTER:
        with (
            simulating(CHECK, "get_state", _WHOLE),
            closing(trial.simulators([1], workers=0)) as going,
            closing(trial.simulators([2], workers=0)) as other,
        ):
            going.reset()
            play_steps(going, actions[:before])
            other.reset()
            play_steps(other, actions[-3:])
            captured = going.capture()
            with simulating(CHECK, "set_state", _WHOLE):
                other.restore(captured)
            if not np.array_equal(other.capture(), captured):
                raise Breach(
                    failure(
                        CHECK,
                        "set_state",
                        "after set_state, get_state returns other numbers than were set.",
                        _WHOLE,
                    )
                )
            following = actions[before : before + _PLAYED_ON]
            difference = first_difference(
                play_steps(going, following), play_steps(other, following)
            )
        if difference:
            steps, what = difference
            raise Breach(
                failure(
                    CHECK,
                    "set_state",
                    f"after set_state in another copy, with the same actions, step {steps + 1} "
                    f"gave another {what}.",
                    _WHOLE,
                )
            )
    yield passed(CHECK, "get_state and set_state", "restored to the bit")


def _check_calls(copy: Copy) -> None:
    # Before simulators make them, which say less of what an exception means.
    copy.set_task(copy.draw_task(0))
    copy.reset(0)
    state = copy.call(CHECK, "get_state")
    try:
        layout(state)
    except TypeError as error:
        fix = "Return a number, an array, or a dict or tuple of those."
        message = f"in what get_state returned, {error}."
        raise Breach(failure(CHECK, "get_state", message, fix)) from error
    copy.call(CHECK, "set_state", state)
