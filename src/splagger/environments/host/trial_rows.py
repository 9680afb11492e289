"""Trials of many simulators: counters, ends and boundaries, as in `Trial.step`."""

import numpy as np
from jaxtyping import Bool, Float, Int

from splagger.environments.host.failures import result_failure
from splagger.environments.host.simulators import HostStep
from splagger.environments.host.trial_rules import TrialRules


class TrialRows:
    """Where each of some simulators stands in its trial, and what of its steps is seen.

    Whoever steps the environments writes into `steps.next_observation` (without the flag),
    `steps.reward`, `terminated`, `truncated` and, where physics may diverge, `diverged`, calls
    `finish`, begins episodes and trials where they ended, writes their first observations into
    `start`, and calls `begin`.
    """

    steps: HostStep
    """What the last step returned, `[row, ...]`."""
    start: np.ndarray
    """`[row, observation]`, the first observation of an episode, without the flag."""
    terminated: np.ndarray
    """`[row]`, whether the last step ended the episode in the task's own terms."""
    truncated: np.ndarray
    """`[row]`, whether the environment cut the episode off."""
    diverged: np.ndarray
    """`[row]`, whether the simulated physics failed in the last step, which ends the episode. False
    unless written."""
    episode: np.ndarray
    """`[row]`, index of the running episode in its trial."""
    episode_steps: np.ndarray
    """`[row]`, steps made in the running episode."""

    def __init__(self, rules: TrialRules, steps: HostStep, first_row: int = 0):
        """Before the first trial.

        **Arguments:**

        - `rules`: of all the simulators.
        - `steps`: the arrays to write into.
        - `first_row`: the number of the first of these simulators, for messages.
        """
        count = len(steps.reward)
        self._rules = rules
        self._first_row = first_row
        self.steps = steps
        self.start = np.zeros((count, rules.observation_size), np.float32)
        self.terminated, self.truncated, self.diverged = np.zeros((3, count), bool)
        self.episode, self.episode_steps = np.zeros((2, count), np.int32)

    def finish(self, rows: slice) -> Int[np.ndarray, " ended"]:
        """Completes a step of some rows.

        **Returns:** the rows whose episode ended. Those of them whose trial did are marked in
        `steps.trial_end`.

        **Raises:** `SimulatorError` where an observation or reward is not finite.
        """
        rules, steps = self._rules, self.steps
        size = rules.observation_size
        seen = steps.next_observation[rows]
        self._leave_out_numbers_of_failures(rows, seen[:, :size])
        self._check(rows, _finite(seen[:, :size]), "step", "an observation")
        self._check(rows, _finite(steps.reward[rows, None]), "step", "a reward")
        self.episode_steps[rows] += 1
        time_limit = self.episode_steps[rows] >= rules.max_episode_steps
        diverged = self.diverged[rows]
        # What a simulator that failed says of the task's own end means nothing.
        terminated = self.terminated[rows] & ~diverged
        truncated = (self.truncated[rows] | time_limit | diverged) & ~terminated
        end = terminated | truncated
        steps.truncated[rows] = truncated
        steps.episode_end[rows] = end
        steps.trial_end[rows] = end & (self.episode[rows] + 1 >= rules.episodes)
        steps.success[rows] = False
        steps.diverged[rows] = diverged
        self.diverged[rows] = False
        steps.episode[rows] = self.episode[rows]
        if rules.episodes > 1:
            seen[:, size] = end
        steps.observation[rows] = seen
        return np.arange(len(steps.reward))[rows][end]

    def begin(self, ended: Int[np.ndarray, " ended"]) -> None:
        """Shows the first observations of the episodes that began after the ended ones.

        **Raises:** `SimulatorError` where one is not finite.
        """
        rules, steps = self._rules, self.steps
        size = rules.observation_size
        self._check(ended, _finite(self.start[ended]), "reset", "an observation")
        new_trial = steps.trial_end[ended]
        self.episode[ended] = np.where(new_trial, 0, self.episode[ended] + 1)
        self.episode_steps[ended] = 0
        inside = ended[~new_trial]
        if rules.boundary == "start":
            steps.next_observation[inside, :size] = self.start[inside]
            steps.observation[inside, :size] = self.start[inside]
        shown = ended if rules.boundary == "both" else ended[new_trial]
        steps.observation[shown, :size] = self.start[shown]
        steps.observation[shown, size:] = 0

    def restart(self) -> None:
        """Puts all rows at the start of a trial whose first observation is in `start`.

        **Raises:** as `begin`.
        """
        self.steps.trial_end[:] = True
        self.begin(np.arange(len(self.start)))

    def _leave_out_numbers_of_failures(self, rows: slice, seen: np.ndarray) -> None:
        """Where a simulator diverged and gave numbers that are not finite, its last observation and
        the reward 0 take their place."""
        failed = self.diverged[rows] & ~(_finite(seen) & _finite(self.steps.reward[rows, None]))
        if failed.any():
            before = self.steps.observation[rows, : seen.shape[1]]
            seen[failed] = before[failed]
            self.steps.reward[rows][failed] = 0

    def _check(
        self, rows: slice | np.ndarray, finite: Bool[np.ndarray, " row"], method: str, what: str
    ) -> None:
        if not finite.all():
            row = np.arange(len(self.start))[rows][~finite][0]
            raise result_failure(
                f"simulator {self._first_row + row}",
                method,
                f"{what} with a number that is not finite",
            )


def _finite(observations: Float[np.ndarray, "row number"]) -> Bool[np.ndarray, " row"]:
    return np.logical_and.reduce(np.isfinite(observations), axis=1)
