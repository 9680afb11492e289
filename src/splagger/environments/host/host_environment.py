"""What is known about a Gymnasium environment before it is simulated."""

import equinox as eqx

from splagger.environments.host.maker import EnvironmentMaker
from splagger.environments.spaces import Box, Discrete


class HostEnvironment(eqx.Module):
    """A Gymnasium environment, described: how it is made, and what was read off one instance.

    Two that are made from the same class or function with the same options are equal, so that what
    was compiled for one is found again for the other.
    """

    maker: EnvironmentMaker = eqx.field(static=True)
    """Makes the environment."""
    vectorised: bool = eqx.field(static=True)
    """Whether it is a `gymnasium.vector.VectorEnv`, which steps many simulators at once."""
    observation_space: Box
    """What an observation is, as a vector."""
    action_space: Box | Discrete
    """What an action is; integers count from 0, whatever the environment's own start is."""
    max_episode_steps: int = eqx.field(static=True)
    """The largest number of steps in an episode."""
    episodes: int = eqx.field(static=True)
    """Episodes of a trial unless something else is asked for."""
    tasks: int | None = eqx.field(static=True)
    """How many different tasks there are; None where they are not finite."""
    task_size: int = eqx.field(static=True)
    """How many numbers describe a task."""
    has_success: bool = eqx.field(static=True)
    """Whether episodes can be a success."""
    restore_obstacle: str = eqx.field(static=True)
    """What the environment lacks so that its state could be captured and restored, as a part of a
    sentence; empty where it lacks nothing."""
    may_diverge: bool = eqx.field(default=False, static=True)
    """Whether its simulated physics may diverge, which its `info` then says."""

    def optimal_return(self, episodes: int) -> float | None:
        """The expected return of the best possible agent in a trial of K episodes; None where the
        environment does not say. It makes an instance to ask."""
        # Imported here, because it needs Gymnasium.
        from splagger.environments.host.instances import optimal_return

        return optimal_return(self.maker, self.vectorised, episodes)
