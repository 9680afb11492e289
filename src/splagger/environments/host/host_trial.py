"""Trials of an environment on the host: their description, and simulators of them."""

from collections.abc import Sequence

import jax
import numpy as np
from jaxtyping import UInt

from splagger.environments.host.host_environment import HostEnvironment
from splagger.environments.host.simulators import Simulators, WatchedSimulators
from splagger.environments.host.trial_rules import TrialRules
from splagger.environments.spaces import Box
from splagger.environments.trial_description import TrialDescription


class HostTrial(TrialDescription[HostEnvironment]):
    """An environment on the host in which tasks last for K episodes.

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
    def task_groups(self) -> tuple[str, ...]:
        return self.environment.task_groups

    @property
    def may_diverge(self) -> bool:
        return self.environment.may_diverge

    @property
    def rules(self) -> TrialRules:
        """What simulators must know of the trials."""
        environment = self.environment
        actions = environment.action_space
        return TrialRules(
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
        self,
        seeds: Sequence[int] | UInt[np.ndarray | jax.Array, " row"],
        *,
        workers: int,
        groups: Sequence[int] | None = None,
    ) -> Simulators:
        """Makes simulators, which must be closed.

        **Arguments:**

        - `seeds`: one for every simulator, 0 to 2^32 - 1. A seed decides a simulator's tasks and
            dynamics; in a vectorised environment, that of all rows decides the dynamics.
        - `workers`: how many processes or threads step them, as the environment's `parallel` says,
            at most one for every simulator; 0 steps them in the thread that calls. A vectorised
            environment is always stepped there.
        - `groups`: for every simulator, which of the `task_groups` its tasks are in; None for all
            tasks, also where there are no groups.

        **Raises:** `SimulatorError` if an environment cannot be made, `UserError` for workers
        of a vectorised environment.
        """
        numbers = [int(seed) for seed in np.asarray(seeds)]
        return self.environment.simulators(self.rules, numbers, workers=workers, groups=groups)

    def simulator(self, seed: int, *, picture_size: int = 256) -> WatchedSimulators:
        """Makes a single simulator in this process that can `render`, where the environment can.

        **Arguments:**

        - `seed`: decides its tasks and dynamics, 0 to 2^32 - 1.
        - `picture_size`: pixels of the longer side of pictures, where the environment has no size
            of its own.

        **Raises:** `SimulatorError` if the environment cannot be made, `UserError` for a
        vectorised environment.
        """
        return self.environment.simulator(self.rules, seed, picture_size=picture_size)
