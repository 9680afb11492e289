"""Trials of a Gymnasium environment: their description, and simulators of them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import jax
import numpy as np
from jaxtyping import UInt

from splagger.environments.host.host_environment import HostEnvironment
from splagger.environments.host.settings import SimulatorSettings
from splagger.environments.host.simulators import Simulators
from splagger.environments.spaces import Box
from splagger.environments.trial_description import TrialDescription
from splagger.foundation.errors import UserError

if TYPE_CHECKING:
    from splagger.environments.host.in_process import InProcess


class HostTrial(TrialDescription[HostEnvironment]):
    """A Gymnasium environment in which tasks last for K episodes.

    What happens at an episode's and a trial's end is what `Trial.step` says.

    **Raises:** as `TrialDescription` does.
    """

    @property
    def may_truncate(self) -> bool:
        return True

    @property
    def has_success(self) -> bool:
        return self.environment.has_success

    @property
    def may_diverge(self) -> bool:
        return self.environment.may_diverge

    @property
    def settings(self) -> SimulatorSettings:
        """What simulators must know."""
        environment = self.environment
        actions = environment.action_space
        return SimulatorSettings(
            maker=environment.maker,
            episodes=self.episodes,
            boundary=self.boundary,
            max_episode_steps=environment.max_episode_steps,
            observation_size=environment.observation_space.size,
            action_size=actions.size if isinstance(actions, Box) else None,
            task_size=environment.task_size,
            tasks=environment.tasks,
            has_success=environment.has_success,
            restorable=not environment.restore_obstacle,
            may_diverge=environment.may_diverge,
        )

    def simulators(
        self, seeds: Sequence[int] | UInt[np.ndarray | jax.Array, " row"], *, workers: int
    ) -> Simulators:
        """Makes simulators, which must be closed.

        **Arguments:**

        - `seeds`: one for every simulator, 0 to 2^32 - 1. A seed decides a simulator's tasks and
            dynamics; in a vectorised environment, that of all rows decides the dynamics.
        - `workers`: how many processes step them, at most one for every simulator; 0 steps them
            in this process. A vectorised environment is always stepped in this one.

        **Raises:** `SimulatorError` if an environment cannot be made, `UserError` for workers
        of a vectorised environment.
        """
        # Imported here, because they need Gymnasium.
        numbers = [int(seed) for seed in np.asarray(seeds)]
        if self.environment.vectorised:
            from splagger.environments.host.vector_simulators import VectorSimulators

            if workers:
                raise UserError(
                    f"workers is {workers}, but it must be 0 for '{self.environment.maker.path}', "
                    "a vectorised environment, which steps all its rows itself."
                )
            return VectorSimulators(self.settings, numbers)
        if workers:
            from splagger.environments.host.workers import Workers

            return Workers(self.settings, numbers, workers)
        from splagger.environments.host.in_process import InProcess

        return InProcess(self.settings, numbers)

    def simulator(self, seed: int) -> "InProcess":
        """Makes a single simulator in this process that can `render`, where the environment can.

        **Arguments:**

        - `seed`: decides its tasks and dynamics, 0 to 2^32 - 1.

        **Raises:** `SimulatorError` if the environment cannot be made, `UserError` for a
        vectorised environment.
        """
        if self.environment.vectorised:
            raise UserError(
                f"'{self.environment.maker.path}' is a vectorised environment, of which no single "
                "simulator can be made: name one without the parameter num_envs."
            )
        from splagger.environments.host.in_process import InProcess

        return InProcess(self.settings, [seed], pictures=True)
