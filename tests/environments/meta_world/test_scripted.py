"""Evaluations of Meta-World's own scripted policies, whose success is known."""

import numpy as np
import pytest
from metaworld.policies import ENV_POLICY_MAP
from support.kinds import Still

from splagger.environments.host.host_trial import HostTrial
from splagger.environments.host.simulators import HostStart, HostStep
from splagger.environments.registry import make_trial
from splagger.learning.host_evaluation import HostActors, evaluate_actors

pytestmark = pytest.mark.filterwarnings(r"ignore:Constant\(s\) may be too high")


class Experts(HostActors):
    """Each row by the policy of its class, which is told the goal."""

    def __init__(self, trial: HostTrial):
        self.trial = trial

    def begin(self, start: HostStart) -> np.ndarray:
        groups = self.trial.task_groups
        rows = len(start.observation)
        self.policies = [ENV_POLICY_MAP[groups[row % len(groups)]]() for row in range(rows)]
        return self._choose(start.observation, start.tasks.vector)

    def advance(self, result: HostStep) -> np.ndarray:
        return self._choose(result.observation, result.tasks.vector)

    def _choose(self, observations: np.ndarray, tasks: np.ndarray) -> np.ndarray:
        # The last number of what is shown says where an episode ends.
        seen = np.concatenate([observations[:, :36], tasks[:, -3:]], axis=1).astype(float)
        chosen = [policy.get_action(row) for policy, row in zip(self.policies, seen, strict=True)]
        return np.asarray(chosen, np.float32)


def rates(text: str, tasks: int, *, expert: bool) -> np.ndarray:
    """The success of every class in every episode, `[group, episode]`."""
    trial = make_trial(text, trust=True)
    assert isinstance(trial, HostTrial)
    seeds = np.random.default_rng(1).integers(2**32, size=(1, tasks), dtype=np.uint32)

    def actors() -> HostActors:
        return Experts(trial) if expert else Still(np.zeros(4, np.float32))

    _, success = evaluate_actors(actors, trial, seeds, workers=0)
    groups = len(trial.task_groups)
    return success[0].reshape(tasks // groups, groups, 2).mean(axis=0)


@pytest.mark.parametrize("split", ["train", "test"])
def test_reaching_always_succeeds_by_script_and_never_by_doing_nothing(split: str):
    text = f"meta-world-ml1:name=reach,split={split},episode_steps=100"
    assert rates(text, 6, expert=True).tolist() == [[1, 1]]
    assert rates(text, 6, expert=False).tolist() == [[0, 0]]


def test_the_classes_held_out_by_ml10():
    text = "meta-world-ml10:split=test,episode_steps=250"
    expert = rates(text, 20, expert=True)
    # All or nearly all goals are reached.
    assert expert.shape == (5, 2)
    assert expert.min() >= 0.5
    assert expert.mean() > 0.85
    assert rates(text, 5, expert=False).max() == 0
