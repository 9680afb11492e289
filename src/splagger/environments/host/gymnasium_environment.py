"""What is known about a Gymnasium environment before it is simulated."""

import dataclasses
from collections.abc import Sequence

import equinox as eqx

from splagger.environments.host.host_environment import HostEnvironment, Parallel
from splagger.environments.host.maker import EnvironmentMaker
from splagger.environments.host.simulators import Simulators, WatchedSimulators
from splagger.environments.host.trial_rules import TrialRules
from splagger.foundation.errors import UserError


class GymnasiumEnvironment(HostEnvironment):
    """A Gymnasium environment, described: how it is made, and what was read off one instance.

    Two that are made from the same class or function with the same options are equal.
    """

    maker: EnvironmentMaker = eqx.field(static=True)
    """Makes the environment."""
    vectorised: bool = eqx.field(static=True)
    """Whether it is a `gymnasium.vector.VectorEnv`, which steps many simulators at once."""

    @property
    def parallel(self) -> Parallel:
        """Processes, but for a vectorised environment."""
        return "none" if self.vectorised else "processes"

    # Below, modules are imported late, because they need Gymnasium.

    def simulators(
        self,
        rules: TrialRules,
        seeds: Sequence[int],
        *,
        workers: int,
        groups: Sequence[int] | None,
    ) -> Simulators:
        """As every environment; in a vectorised one, the seeds of all rows together decide the
        dynamics."""
        if self.vectorised:
            from splagger.environments.host.vector_simulators import VectorSimulators

            if workers:
                raise UserError(
                    f"workers is {workers}, but it must be 0 for '{self.maker.path}', "
                    "a vectorised environment, which steps all its rows itself."
                )
            return VectorSimulators(self.maker, rules, seeds)
        if workers:
            from splagger.environments.host.workers import Workers

            return Workers(self.maker, rules, seeds, workers, groups=groups)
        from splagger.environments.host.in_process import InProcess

        return InProcess(self.maker, rules, seeds, groups=groups)

    def simulator(self, rules: TrialRules, seed: int, *, picture_size: int) -> WatchedSimulators:
        del picture_size
        if self.vectorised:
            raise UserError(
                f"'{self.maker.path}' is a vectorised environment, of which no single "
                "simulator can be made: name one without the parameter num_envs."
            )
        from splagger.environments.host.in_process import InProcess

        return InProcess(self.maker, rules, [seed], pictures=True)

    def shortened(self, max_episode_steps: int) -> "GymnasiumEnvironment":
        """As every environment. Successes count only where nothing is cut off earlier: it need not
        say anything of them before its own time limit."""
        steps = min(self.max_episode_steps, max_episode_steps)
        whole = steps == self.max_episode_steps
        return dataclasses.replace(
            self, max_episode_steps=steps, has_success=self.has_success and whole
        )

    def optimal_return(self, episodes: int) -> float | None:
        """What the environment says itself. It makes an instance to ask."""
        from splagger.environments.host.instances import optimal_return

        return optimal_return(self.maker, self.vectorised, episodes)
