"""The rules of a trial, for those who step it: a value without jax, which workers would take a
second to import."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TrialRules:
    """How trials of an environment go. `HostTrial` says what each of these is."""

    episodes: int
    """K, how many episodes a task lasts."""
    boundary: str
    """What is seen where an episode ends inside a trial, a `Boundary`."""
    max_episode_steps: int
    """Where episodes are cut off."""
    observation_size: int
    """Numbers of an observation, without the flag."""
    action_size: int | None
    """Numbers of an action; None for one of n choices."""
    task_size: int
    """Numbers of a task's vector."""
    tasks: int | None
    """How many tasks there are."""
    has_success: bool
    """Whether episodes can be a success."""
    restorable: bool
    """Whether the environment's state can be captured and restored."""
    may_diverge: bool = False
    """Whether simulated physics may diverge, so that `info` is asked."""

    @property
    def shown_size(self) -> int:
        """Numbers of an observation, the flag included."""
        return self.observation_size + (self.episodes > 1)
