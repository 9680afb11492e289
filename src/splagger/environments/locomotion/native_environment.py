"""Walking bodies on the host: MuJoCo itself simulates them, on the processor."""

import dataclasses
from collections.abc import Sequence

import equinox as eqx

from splagger.environments.host.host_environment import HostEnvironment, Parallel
from splagger.environments.host.simulators import Simulators, WatchedSimulators
from splagger.environments.host.trial_rules import TrialRules
from splagger.environments.locomotion.bodies import Solver, load_model
from splagger.environments.locomotion.locomotion import Locomotion
from splagger.environments.spaces import Box


class NativeEnvironment(HostEnvironment):
    """A walking body, simulated by MuJoCo in threads of this process."""

    definition: Locomotion
    """The body and its tasks."""
    solver: Solver = eqx.field(static=True)
    """How contacts are solved."""
    recompute: bool = eqx.field(static=True)
    """Whether constants of the model that follow from others, such as the inverse inertia of every
    joint, are computed again for random bodies. The published code leaves them (Q38)."""

    def __init__(self, definition: Locomotion, solver: Solver = "model", recompute: bool = True):
        """Describes it.

        **Arguments:** as the fields of the same names.

        **Raises:** `UserError` where MuJoCo is not installed.
        """
        # What is missing is said here, and not where it is simulated first.
        load_model(definition.body, solver)
        self.definition = definition
        self.solver = solver
        self.recompute = recompute
        self.observation_space = Box(-float("inf"), float("inf"), (definition.observation_size,))
        self.action_space = Box(-1.0, 1.0, (definition.body.actions,))
        self.max_episode_steps = definition.episode_steps
        self.episodes = 1
        self.tasks = definition.tasks
        self.task_size = definition.task_size
        self.has_success = definition.has_success
        self.restore_obstacle = ""
        self.task_groups = definition.task_groups
        self.may_diverge = True

    @property
    def parallel(self) -> Parallel:
        """Threads."""
        return "threads"

    def simulators(
        self,
        rules: TrialRules,
        seeds: Sequence[int],
        *,
        workers: int,
        groups: Sequence[int] | None,
    ) -> Simulators:
        # Imported here, because it needs MuJoCo.
        from splagger.environments.locomotion.native_simulators import NativeSimulators

        return NativeSimulators(
            self.definition,
            self.solver,
            self.recompute,
            rules,
            seeds,
            groups=groups,
            threads=workers,
        )

    def simulator(self, rules: TrialRules, seed: int, *, picture_size: int) -> WatchedSimulators:
        from splagger.environments.locomotion.native_simulators import NativeSimulators

        return NativeSimulators(
            self.definition, self.solver, self.recompute, rules, [seed], picture_size=picture_size
        )

    def shortened(self, max_episode_steps: int) -> "NativeEnvironment":
        steps = min(self.max_episode_steps, max_episode_steps)
        short = dataclasses.replace(self.definition, episode_steps=steps)
        return NativeEnvironment(short, self.solver, self.recompute)

    def optimal_return(self, episodes: int) -> None:
        """Not known."""
        del episodes
