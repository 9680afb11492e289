"""Playing one trial in a simulator on the host, in this process."""

import zlib
from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from splagger.environments.host.host_trial import HostTrial
from splagger.environments.host.simulators import HostStart, HostStep
from splagger.environments.task_information import TaskInformation
from splagger.learning.host_evaluation import evaluation_seeds
from splagger.sequence.embedding import Transition
from splagger.training.actors import Actor
from splagger.training.trial_player import Played, TrialPlayer
from splagger.training.trial_record import Picture


class KeptPictures(Sequence[Picture | None]):
    """Pictures of a simulator, compressed: a thousand of the usual size take 700 MB."""

    def __init__(self):
        """Keeps none yet."""
        self._shapes: list[tuple[int, ...]] = []
        self._contents: list[bytes] = []
        self._complete = True

    def append(self, picture: Picture | None) -> None:
        """Keeps one more. Where one is None, all are."""
        self._complete &= picture is not None
        kept = np.zeros((0, 0, 3), np.uint8) if picture is None else picture
        self._shapes.append(kept.shape)
        self._contents.append(zlib.compress(kept.tobytes(), 1))

    def __len__(self) -> int:
        return len(self._contents)

    def __getitem__(self, index: int) -> Picture | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        content = zlib.decompress(self._contents[index])
        shape = self._shapes[index]
        return np.frombuffer(content, np.uint8).reshape(shape) if self._complete else None


class HostPlayer(TrialPlayer):
    """A trial in a simulator of its own, which must be closed. Pictures are the environment's
    own."""

    def __init__(
        self, trial: HostTrial, actor: Actor, key: PRNGKeyArray, *, picture_size: int = 256
    ):
        """Begins a trial. With the most likely actions it is the one that `evaluate_on_host` plays
        with the same key, where that runs one task.

        **Arguments:**

        - `trial`: where.
        - `actor`, `key`: as for every player.
        - `picture_size`: pixels of the longer side of pictures, where the environment has no size
            of its own.

        **Raises:** `UserError` for a vectorised environment; here and in every method
        `SimulatorError` where the simulator fails.
        """
        super().__init__(actor, key)
        self._size = trial.environment.observation_space.size
        self._kept = KeptPictures()
        [[seed]] = evaluation_seeds(key[None], tasks=1)
        self._simulator = trial.simulator(int(seed), picture_size=picture_size)
        try:
            self._observation, self._task = _shown(self._simulator.reset())
        except BaseException:
            self.close()
            raise

    def begin_episode(self):
        self._kept.append(self._simulator.render())
        return np.asarray(self._observation)[0, : self._size]

    def step(self, number):
        simulator, observation = self._simulator, self._observation
        key = self.action_key(number)
        action = _act(self.actor, self.memory, observation, self._task, key)
        ended = simulator.advance(np.asarray(action))
        reached = simulator.receive().next_observation[0, : self._size]
        self._kept.append(simulator.render())
        simulator.begin(ended)
        result = simulator.receive()
        transition = Transition(
            observation, action, _floats(result.reward), _floats(result.next_observation)
        )
        self.memory, change = _observe(self.actor, self.memory, transition)
        self._observation, self._task = _shown(result)
        return Played(
            observation=reached,
            action=np.asarray(action)[0],
            reward=result.reward[0],
            episode=result.episode[0],
            episode_end=result.episode_end[0],
            trial_end=result.trial_end[0],
            truncated=result.truncated[0],
            success=result.success[0],
            memory_change=change,
        )

    @property
    def pictures(self):
        return self._kept

    def close(self):
        self._simulator.close()


def _shown(result: HostStart | HostStep) -> tuple[Float[Array, "1 observation"], TaskInformation]:
    """What is acted on next, and the true task."""
    task = TaskInformation(_floats(result.tasks.vector), jnp.asarray(result.tasks.index))
    return _floats(result.observation), task


def _floats(values: Shaped[np.ndarray, "..."]) -> Float[Array, "..."]:
    # In the precision in which agents compute.
    return jnp.asarray(values, dtype=float)


@eqx.filter_jit
def _act(
    actor: Actor, memory: Any, observation: Array, task: TaskInformation, key: PRNGKeyArray
) -> Array:
    return actor.act(memory, observation, task, key)


@eqx.filter_jit
def _observe(actor: Actor, memory: Any, transition: Transition) -> tuple[Any, Array]:
    return actor.observe(memory, transition)
