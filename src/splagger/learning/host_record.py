"""What simulators on the host do in a rollout, kept in NumPy until it is over."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from splagger.environments.host.simulators import HostStep
from splagger.learning.host_acting import Outcome
from splagger.learning.train_state import Collector


@dataclass(frozen=True)
class HostRecord:
    """Room for T steps in N environments of M members. Entry t of what has T + 1 belongs to the
    moment before step t."""

    observation: Float[np.ndarray, "member time_plus_one environment observation"]
    """What the policy acted on, and at the end acts on next."""
    task_vector: Float[np.ndarray, "member time_plus_one environment task"]
    """The true tasks that it acted in."""
    task_index: Int[np.ndarray, "member time_plus_one environment"]
    """The same as numbers."""
    action: Shaped[np.ndarray, "member time environment ..."]
    """What it did."""
    reward: Float[np.ndarray, "member time environment"]
    """The raw reward."""
    next_observation: Float[np.ndarray, "member time environment observation"]
    """What the step led to and the memory saw."""
    episode_end: Bool[np.ndarray, "member time environment"]
    """Whether the step ended an episode."""
    trial_end: Bool[np.ndarray, "member time environment"]
    """Whether the step ended a trial."""
    truncated: Bool[np.ndarray, "member time environment"]
    """Whether the step ended an episode by its time limit alone, or diverged."""
    success: Bool[np.ndarray, "member time environment"]
    """Whether the step ended an episode with success."""
    diverged: Bool[np.ndarray, "member time environment"]
    """Whether the step ended an episode because the simulated physics failed."""

    @classmethod
    def create(
        cls, collectors: Collector, steps: int, action: Shaped[np.ndarray, "member some ..."]
    ) -> "HostRecord":
        """Room for a rollout that begins where `collectors` are, `[member, environment, ...]`.

        **Arguments:**

        - `collectors`: where the environments stand; their trials are `HostTrials`.
        - `steps`: T.
        - `action`: actions in some of the environments.
        """
        tasks = collectors.trial.tasks
        observation, vector, index = map(
            np.asarray, (collectors.observation, tasks.vector, tasks.index)
        )

        members, environments = index.shape

        def room(times: int, like: np.ndarray) -> np.ndarray:
            return np.empty((members, times, environments, *like.shape[2:]), like.dtype)

        def flags() -> np.ndarray:
            return np.empty((members, steps, environments), bool)

        record = cls(
            observation=room(steps + 1, observation),
            task_vector=room(steps + 1, vector),
            task_index=room(steps + 1, index),
            action=room(steps, action),
            reward=room(steps, observation[..., 0]),
            next_observation=room(steps, observation),
            episode_end=flags(),
            trial_end=flags(),
            truncated=flags(),
            success=flags(),
            diverged=flags(),
        )
        record.observation[:, 0] = observation
        record.task_vector[:, 0] = vector
        record.task_index[:, 0] = index
        return record

    def write(self, step: int, group: slice, result: HostStep) -> None:
        """Takes in what a step did.

        **Arguments:**

        - `step`: which, from 0.
        - `group`: in which of every member's environments.
        - `result`: of their simulators, member after member.
        """
        now = (slice(None), step, group)
        after = (slice(None), step + 1, group)
        for room, where, values in (
            (self.observation, after, result.observation),
            (self.task_vector, after, result.tasks.vector),
            (self.task_index, after, result.tasks.index),
            (self.reward, now, result.reward),
            (self.next_observation, now, result.next_observation),
            (self.episode_end, now, result.episode_end),
            (self.trial_end, now, result.trial_end),
            (self.truncated, now, result.truncated),
            (self.success, now, result.success),
            (self.diverged, now, result.diverged),
        ):
            view = room[where]
            view[...] = values.reshape(view.shape)

    def outcome(self, step: int, members: slice, group: slice) -> Outcome:
        """What a step led to, for some members."""
        now, after = (members, step, group), (members, step + 1, group)
        return Outcome(
            reward=self.reward[now],
            next_observation=self.next_observation[now],
            trial_end=self.trial_end[now],
            observation=self.observation[after],
            task_vector=self.task_vector[after],
            task_index=self.task_index[after],
        )
