"""Playing one trial of an environment in jax."""

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, PRNGKeyArray

from splagger.environments.environment import Environment
from splagger.environments.trial import Trial, TrialState
from splagger.sequence.embedding import Transition
from splagger.training.actors import Actor
from splagger.training.trial_player import Played, TrialPlayer
from splagger.training.trial_record import Picture


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


class CompiledPlayer(TrialPlayer):
    """A trial whose steps are one compiled call each."""

    def __init__(self, trial: Trial, actor: Actor, key: PRNGKeyArray, *, picture_size: int):
        """Begins a trial. With the most likely actions it is the one that `evaluate` plays with
        the same key, where that runs one task.

        **Arguments:**

        - `trial`: where.
        - `actor`, `key`: as for every player.
        - `picture_size`: pixels of the longer side of pictures.
        """
        super().__init__(actor, key)
        reset_key, self._step_key = jax.random.split(key)
        self.action_names = trial.environment.action_names
        self._trial = trial
        self._picture_size = picture_size
        self._state, self._observation = _reset(trial, jax.random.split(reset_key, 1)[0])
        self._task = self._state.task
        self._states: list[Any] = []

    def begin_episode(self):
        self._states.append(self._state.state)
        return np.asarray(self._observation)[: self._trial.environment.observation_space.size]

    def step(self, number):
        environment_key = jax.random.split(jax.random.fold_in(self._step_key, number), 1)[0]
        self._state, self._observation, self.memory, ended, played = _step(
            self._trial,
            self.actor,
            self._state,
            self._observation,
            self.memory,
            environment_key,
            self.action_key(number),
        )
        self._states.append(ended)
        return jax.device_get(played)

    @property
    def pictures(self):
        environment = self._trial.environment
        return StatePictures(environment, self._task, self._states, self._picture_size)


@eqx.filter_jit
def _reset(trial: Trial, key: PRNGKeyArray) -> tuple[TrialState, Array]:
    return trial.reset(key)


@eqx.filter_jit
def _step(
    trial: Trial,
    actor: Actor,
    state: TrialState,
    observation: Array,
    memory: Any,
    environment_key: PRNGKeyArray,
    action_key: PRNGKeyArray,
) -> tuple[TrialState, Array, Any, Any, Played]:
    acted_on = observation[None]
    task = jax.tree.map(lambda leaf: leaf[None], trial.task_information(state))
    action = actor.act(memory, acted_on, task, action_key)
    # The compiler finds what the two have in common.
    ended, reached = trial.advance(state, action[0], environment_key)
    following, result = trial.step(state, action[0], environment_key)
    transition = Transition(acted_on, action, result.reward[None], result.next_observation[None])
    memory, change = actor.observe(memory, transition)
    played = Played(
        observation=reached.observation,
        action=action[0],
        reward=result.reward,
        episode=result.episode,
        episode_end=result.episode_end,
        trial_end=result.trial_end,
        truncated=result.truncated,
        success=result.success,
        memory_change=change,
    )
    return following, result.observation, memory, ended, played
