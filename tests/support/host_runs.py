"""Cart poles that fail when they are told to, and tiny trainings on them."""

import os
import signal
from typing import Any

import gymnasium
from support.cart_poles import CartPoles
from support.runs import run_settings

from splagger.environments.host.host_trial import HostTrial
from splagger.environments.registry import make_trial
from splagger.foundation.settings import Settings

POLES = "support.host_runs:Poles"
"""Two episodes a trial, of at most twelve steps."""
FORGETFUL = "support.host_runs:forgetful_poles"
"""The same, but nobody can ask where they stand."""

FAILURE = "SPLAGGER_TEST_FAILURE"
"""The variable that says how poles fail: `raise`, `nan` or `kill`, in their thirtieth step."""


class Poles(CartPoles):
    """Fail in the thirtieth step of their lives: longer than an evaluation, in the fourth update of
    a training."""

    def __init__(self, max_episode_steps: int = 12):
        super().__init__(max_episode_steps)
        self.age = 0

    def step(self, action):
        self.age += 1
        observation, reward, terminated, truncated, info = super().step(action)
        match os.environ.get(FAILURE) if self.age == 30 else None:
            case "raise":
                raise RuntimeError("the pole broke")
            case "nan":
                reward = float("nan")
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
        return observation, reward, terminated, truncated, info


class Opaque(gymnasium.Wrapper):
    """May remember anything."""


def forgetful_poles() -> gymnasium.Env:
    return Opaque(Poles())


def poles(steps: int = 12) -> HostTrial:
    """Trials of poles, of episodes of at most so many steps."""
    trial = make_trial(f"support.host_runs:Poles:max_episode_steps={steps}", trust=True)
    assert isinstance(trial, HostTrial)
    return trial


def forgetful() -> HostTrial:
    """Trials of poles that cannot be put back where they stood."""
    trial = make_trial(FORGETFUL, trust=True)
    assert isinstance(trial, HostTrial)
    return trial


def host_settings(environment: str = POLES, **changes: Any) -> Settings:
    """Settings of a tiny run: two members, five updates of eight steps in four environments.

    **Arguments:**

    - `environment`: its name.
    - `changes`: other values for fields of `Settings`.
    """
    values: dict[str, Any] = {
        "environment": environment,
        "seeds": 1,
        "frames": 5 * 32,
        "evaluation_interval": 5,
        "evaluation_tasks": 3,
        "host": {"workers": 0},
    }
    return run_settings(**(values | changes))
