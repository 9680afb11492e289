"""Playing one trial of an environment in jax, step by step, for those who watch it."""

from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, PRNGKeyArray

from splagger.environments.environment import Environment, Step
from splagger.environments.trial import Trial, TrialState, TrialStep
from splagger.sequence.embedding import Transition
from splagger.training.actors import Actor
from splagger.training.trial_record import Moment, Picture, TrialRecord

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how many parts are done, and of how many."""

# Keeps the keys of actions apart from those of tasks and steps, which are split off.
_ACTIONS = 0xAC7


def no_progress(doing: str, done: int, total: int) -> None:
    """Tells nobody."""
    del doing, done, total


class StatePictures(Sequence[Picture | None]):
    """Pictures of an environment's states, drawn when they are asked for."""

    def __init__(self, environment: Environment, task: Any, states: Sequence[Any], size: int):
        """Keeps what is needed to draw.

        **Arguments:**

        - `environment`: draws.
        - `task`: of the whole trial.
        - `states`: one for every picture.
        - `size`: pixels of the longer side.
        """
        self._environment = environment
        self._task = task
        self._states = states
        self._size = size

    def __len__(self) -> int:
        return len(self._states)

    def __getitem__(self, index: int) -> Picture | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        return self._environment.render(self._task, self._states[index], self._size)


def play_trial(
    trial: Trial,
    actor: Actor,
    key: PRNGKeyArray,
    *,
    agent: str,
    environment: str,
    picture_size: int,
    max_steps: int | None = None,
    progress: Progress = no_progress,
) -> TrialRecord:
    """Plays a trial to its end. With the most likely actions it is the one that `evaluate` plays
    with the same key, where that runs one task.

    One step is compiled and called from a loop on the host, so that a trial may be of any length.

    **Arguments:**

    - `trial`: where.
    - `actor`: who acts.
    - `key`: randomness of task, environment and actions.
    - `agent`, `environment`: their names, for the record.
    - `picture_size`: pixels of the longer side of pictures.
    - `max_steps`: stops after so many steps, at least 1; None plays the whole trial.
    - `progress`: is told the steps.
    """
    reset_key, step_key = jax.random.split(key)
    state, observation = _reset(trial, jax.random.split(reset_key, 1)[0])
    memory = _initial_memory(actor)
    size = trial.environment.observation_space.size
    limit = trial.max_steps if max_steps is None else min(max_steps, trial.max_steps)

    task, states = state.task, [state.state]
    moments = [Moment(0, 0, np.asarray(observation)[:size])]
    for step in range(limit):
        steps = int(moments[-1].step) + 1
        environment_key = jax.random.split(jax.random.fold_in(step_key, step), 1)[0]
        action_key = jax.random.fold_in(jax.random.fold_in(key, _ACTIONS), step)
        state, observation, memory, ended, seen = _step(
            trial, actor, state, observation, memory, environment_key, action_key
        )
        states.append(ended)
        reached, result, action, change = jax.device_get(seen)
        moments.append(
            Moment(
                episode=int(result.episode),
                step=steps,
                observation=np.asarray(reached.observation),
                action=np.asarray(action),
                reward=float(result.reward),
                episode_end=bool(result.episode_end),
                truncated=bool(result.truncated),
                success=bool(result.success),
                memory_change=float(change),
            )
        )
        progress("playing", step + 1, limit)
        if result.trial_end:
            break
        if result.episode_end:
            states.append(state.state)
            start = np.asarray(result.observation)[:size]
            moments.append(Moment(int(result.episode) + 1, 0, start))
    return TrialRecord(
        agent=agent,
        environment=environment,
        episodes=trial.episodes,
        has_success=trial.has_success,
        remembers=actor.remembers,
        action_names=trial.environment.action_names,
        moments=tuple(moments),
        pictures=StatePictures(trial.environment, task, states, picture_size),
    )


@eqx.filter_jit
def _reset(trial: Trial, key: PRNGKeyArray) -> tuple[TrialState, Array]:
    return trial.reset(key)


@eqx.filter_jit
def _initial_memory(actor: Actor) -> Any:
    return actor.initial_memory()


_Seen = tuple[Step, TrialStep, Array, Array]
"""The environment's step, the trial's, the action, and how far the latent moved."""


@eqx.filter_jit
def _step(
    trial: Trial,
    actor: Actor,
    state: TrialState,
    observation: Array,
    memory: Any,
    environment_key: PRNGKeyArray,
    action_key: PRNGKeyArray,
) -> tuple[TrialState, Array, Any, Any, _Seen]:
    acted_on = observation[None]
    task = jax.tree.map(lambda leaf: leaf[None], trial.task_information(state))
    action = actor.act(memory, acted_on, task, action_key)
    # The compiler finds what the two have in common.
    ended, reached = trial.advance(state, action[0], environment_key)
    following, result = trial.step(state, action[0], environment_key)
    transition = Transition(acted_on, action, result.reward[None], result.next_observation[None])
    memory, change = actor.observe(memory, transition)
    return following, result.observation, memory, ended, (reached, result, action[0], change)
