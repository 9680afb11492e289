"""Copies of a Gymnasium environment, called as in training; what they return is looked at."""

import contextlib
from typing import Any

import numpy as np
from jaxtyping import Float32

from splagger.environments.contract.explanations import watching
from splagger.environments.contract.findings import Breach, failure
from splagger.environments.contract.host.observations import Observations
from splagger.environments.contract.repeatability import CHECK as REPEATABILITY
from splagger.environments.contract.repeatability import global_generators
from splagger.environments.host.flattening import action_reader
from splagger.environments.host.gymnasium_environment import GymnasiumEnvironment
from splagger.environments.host.protocol import attribute

RETURNED = "returned values"
"""The name of the checks of what `reset` and `step` return."""

_STEP = "(observation, reward, terminated, truncated, info)"


class Copy:
    """One instance of an environment; of a vectorised one, only tasks can be drawn.

    **Raises:** every method raises `Breach` where the environment's own raises an exception, draws
    from a global random generator, or returns what it must not.
    """

    instance: Any
    """The environment itself."""
    environment_class: type
    """The class under all wrappers."""
    observations: Observations
    """What was seen of its observations."""

    def __init__(self, environment: GymnasiumEnvironment, *, pictures: bool = False):
        """Makes it.

        **Arguments:**

        - `environment`: what is made.
        - `pictures`: whether `render` must work.
        """
        with watching("construction", "__init__", object):
            more = {"num_envs": 1} if environment.vectorised else {}
            self.instance = environment.maker(pictures=pictures, **more)
        self.environment_class = type(self.instance.unwrapped)
        of_one = "single_" if environment.vectorised else ""
        space = getattr(self.instance, f"{of_one}observation_space")
        self.observations = Observations(space, self.environment_class)
        self._action = action_reader(getattr(self.instance, f"{of_one}action_space"))

    def has(self, method: str) -> bool:
        """Whether there is such a method, at any depth of wrappers."""
        return attribute(self.instance, method) is not None

    def call(self, check: str, method: str, *arguments: Any, **named: Any) -> Any:
        """Calls a method of the environment's.

        **Arguments:**

        - `check`: what a failure is about.
        - `method`: its name.
        - `arguments`, `named`: its arguments.
        """
        before = global_generators()
        with watching(check, method, self.environment_class):
            result = attribute(self.instance, method)(*arguments, **named)
        for name, generator in global_generators().items():
            if generator != before[name]:
                raise Breach(
                    failure(
                        REPEATABILITY,
                        method,
                        f"{method} draws from the global random generator of {name}, so that no "
                        "seed decides the result, and workers may all draw the same.",
                        "Draw from the generator that sample_task is given, and elsewhere from "
                        "self.np_random, which super().reset(seed=seed) seeds.",
                    )
                )
        return result

    def draw_task(self, seed: int) -> Any:
        """Draws the task of a seed; None where there is one task only."""
        if not self.has("sample_task"):
            return None
        return self.call("tasks", "sample_task", np.random.default_rng(seed))

    def set_task(self, task: Any) -> None:
        """Begins a trial of a task."""
        if self.has("set_task"):
            self.call("tasks", "set_task", task)

    def reset(self, seed: int | None) -> Float32[np.ndarray, " number"]:
        """Begins an episode; returns the first observation."""
        result = self.call(RETURNED, "reset", seed=seed)
        if not isinstance(result, tuple) or len(result) != 2 or not isinstance(result[1], dict):
            _fail("reset", _kind(result), "Return (observation, info); info is a dict.")
        return self.observations.look("reset", result[0])

    def step(
        self, action: Any
    ) -> tuple[Float32[np.ndarray, " number"], float, bool, bool, dict[str, Any]]:
        """Makes one step with an agent's action; returns what the environment does."""
        result = self.call(RETURNED, "step", self._action(action))
        if not isinstance(result, tuple) or len(result) != 5:
            _fail("step", _kind(result), f"Return {_STEP}: old versions had one flag, done.")
        observation, reward, terminated, truncated, info = result
        vector = self.observations.look("step", observation)
        if np.shape(reward) != () or np.asarray(reward).dtype.kind not in "biuf":
            _fail("step", f"the reward {reward!r}", "Return a single number: float(reward).")
        for name, flag in (("terminated", terminated), ("truncated", truncated)):
            if np.shape(flag) != () or np.asarray(flag).dtype.kind not in "biu":
                _fail("step", f"{name} {flag!r}", f"Return True or False: bool({name}).")
        if not isinstance(info, dict):
            _fail("step", f"the info {info!r}", f"Return {_STEP}; info is a dict.")
        return vector, float(reward), bool(terminated), bool(truncated), info

    def close(self) -> None:
        """Closes the environment."""
        # What a user's environment does at its end cannot matter any more.
        with contextlib.suppress(Exception):
            self.instance.close()


def _kind(result: Any) -> str:
    if isinstance(result, tuple):
        kinds = ", ".join(type(part).__name__ for part in result)
        return f"{len(result)} values: ({kinds})"
    return f"a {type(result).__name__}"


def _fail(method: str, returned: str, fix: str) -> None:
    raise Breach(failure(RETURNED, method, f"{method} returned {returned}.", fix))
