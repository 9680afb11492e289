"""Playing one trial to its end, for those who watch it."""

import contextlib
from collections.abc import Callable

import numpy as np
from jaxtyping import PRNGKeyArray

from splagger.environments.host.host_trial import HostTrial
from splagger.environments.trial import Trial
from splagger.training.actors import Actor
from splagger.training.compiled_player import CompiledPlayer
from splagger.training.host_player import HostPlayer
from splagger.training.trial_player import TrialPlayer
from splagger.training.trial_record import Moment, TrialRecord

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many parts are done, and of how many."""


def no_progress(doing: str, done: int, total: int) -> None:
    """Tells nobody."""
    del doing, done, total


def play_trial(
    trial: Trial | HostTrial,
    actor: Actor,
    key: PRNGKeyArray,
    *,
    agent: str,
    environment: str,
    picture_size: int,
    max_steps: int | None = None,
    progress: Progress = no_progress,
) -> TrialRecord:
    """Plays a trial to its end. With the most likely actions it is the one that an evaluation plays
    with the same key, where that runs one task.

    Steps are called from a loop in Python, so that a trial may be of any length.

    **Arguments:**

    - `trial`: where.
    - `actor`: who acts.
    - `key`: randomness of task, environment and actions.
    - `agent`, `environment`: their names, for the record.
    - `picture_size`: pixels of the longer side of pictures. Gymnasium environments have sizes of
        their own.
    - `max_steps`: stops after so many steps, at least 1; None plays the whole trial.
    - `progress`: is told the steps.

    **Raises:** `UserError` for a vectorised environment, `SimulatorError` where a simulator fails.
    """
    limit = trial.max_steps if max_steps is None else min(max_steps, trial.max_steps)
    with contextlib.closing(_player(trial, actor, key, picture_size)) as player:
        moments = [Moment(0, 0, player.begin_episode())]
        for number in range(limit):
            played = player.step(number)
            moments.append(
                Moment(
                    episode=int(played.episode),
                    step=moments[-1].step + 1,
                    observation=np.asarray(played.observation),
                    action=np.asarray(played.action),
                    reward=float(played.reward),
                    episode_end=bool(played.episode_end),
                    truncated=bool(played.truncated),
                    success=bool(played.success),
                    memory_change=float(played.memory_change),
                )
            )
            progress("playing", number + 1, limit)
            if played.trial_end:
                break
            if played.episode_end:
                moments.append(Moment(int(played.episode) + 1, 0, player.begin_episode()))
    return TrialRecord(
        agent=agent,
        environment=environment,
        episodes=trial.episodes,
        has_success=trial.has_success,
        remembers=actor.remembers,
        action_names=player.action_names,
        moments=tuple(moments),
        pictures=player.pictures,
    )


def _player(
    trial: Trial | HostTrial, actor: Actor, key: PRNGKeyArray, picture_size: int
) -> TrialPlayer:
    if isinstance(trial, HostTrial):
        return HostPlayer(trial, actor, key, picture_size=picture_size)
    return CompiledPlayer(trial, actor, key, picture_size=picture_size)
