"""Reading off an instance of a Gymnasium environment what is known about it."""

import warnings
from typing import Any

import numpy as np
from gymnasium import spaces
from gymnasium.vector import AutoresetMode

from splagger.environments.host.failures import describe_exception
from splagger.environments.host.flattening import can_act, can_flatten
from splagger.environments.host.gymnasium_environment import GymnasiumEnvironment
from splagger.environments.host.instances import make_instance
from splagger.environments.host.maker import EnvironmentMaker
from splagger.environments.host.protocol import attribute, layers
from splagger.environments.host.restoring import restore_obstacle
from splagger.environments.host.task_reading import task_vector
from splagger.environments.spaces import Box, Discrete
from splagger.foundation.checks import check_at_least
from splagger.foundation.errors import UserError


def describe(maker: EnvironmentMaker, *, vectorised: bool) -> GymnasiumEnvironment:
    """Makes one instance and reads off it what is known.

    **Arguments:**

    - `maker`: makes the environment. It is imported.
    - `vectorised`: whether it takes `num_envs` and makes a `gymnasium.vector.VectorEnv`.

    **Raises:** `UserError` where the environment cannot be made or lacks something, and for spaces
    that agents cannot observe or act in.
    """
    environment = make_instance(maker, vectorised)
    try:
        return _described(environment, maker, vectorised)
    finally:
        environment.close()


def _described(environment: Any, maker: EnvironmentMaker, vectorised: bool) -> GymnasiumEnvironment:
    name = maker.path
    if vectorised:
        _check_autoreset(environment, name)
        observations, actions = (
            environment.single_observation_space,
            environment.single_action_space,
        )
    else:
        observations, actions = environment.observation_space, environment.action_space
    if not can_flatten(observations):
        raise UserError(
            f"environment '{name}' has the observation space {observations}, but it must be Box, "
            "Discrete, MultiBinary or MultiDiscrete, or a Dict or Tuple of those."
        )
    if not can_act(actions):
        raise UserError(
            f"environment '{name}' has the action space {actions}, but it must be Discrete, or a "
            "Box of floating-point numbers."
        )
    tasks = _tasks(environment, name)
    episodes = _episodes(environment)
    check_at_least(f"episodes of environment '{name}'", episodes, 1)
    return GymnasiumEnvironment(
        maker=maker,
        vectorised=vectorised,
        observation_space=_observation_box(observations),
        action_space=_action_space(actions),
        max_episode_steps=_max_episode_steps(environment, name),
        episodes=episodes,
        tasks=tasks,
        task_size=_task_size(environment, name, vectorised),
        has_success=bool(attribute(environment, "has_success", False)),
        restore_obstacle=restore_obstacle(environment, vectorised=vectorised),
        task_groups=_task_groups(environment, name, vectorised),
        may_diverge=bool(attribute(environment, "may_diverge", False)),
    )


def _check_autoreset(environment: Any, name: str) -> None:
    mode = environment.metadata.get("autoreset_mode")
    if mode is not AutoresetMode.DISABLED:
        raise UserError(
            f"environment '{name}' has autoreset_mode {mode}, but its episodes are begun one by "
            "one: make it with autoreset_mode=gymnasium.vector.AutoresetMode.DISABLED."
        )


def _tasks(environment: Any, name: str) -> int | None:
    tasks = attribute(environment, "tasks")
    # Something else of that name, such as a list, is the environment's own affair.
    if not isinstance(tasks, int | np.integer):
        return None
    check_at_least(f"tasks of environment '{name}'", int(tasks), 1)
    if attribute(environment, "task_index") is None:
        raise UserError(f"environment '{name}' has tasks, but no method task_index(task).")
    return int(tasks)


def _task_groups(environment: Any, name: str, vectorised: bool) -> tuple[str, ...]:
    groups = attribute(environment, "task_groups")
    # A vectorised environment draws its tasks itself.
    if groups is None or vectorised:
        return ()
    if attribute(environment, "task_group") is None:
        raise UserError(f"environment '{name}' has task_groups, but no method task_group(task).")
    return tuple(str(group) for group in groups)


def _episodes(environment: Any) -> int:
    # Of the class and not the instance, which may well count its episodes by that name.
    for layer in layers(environment):
        episodes = getattr(type(layer), "episodes", None)
        if isinstance(episodes, int):
            return episodes
    return 1


def _max_episode_steps(environment: Any, name: str) -> int:
    steps = attribute(environment, "max_episode_steps")
    if steps is None:
        # Where layers of TimeLimit disagree the shortest one cuts off.
        limits = [getattr(layer, "_max_episode_steps", None) for layer in layers(environment)]
        steps = min((limit for limit in limits if limit is not None), default=None)
    if steps is None and environment.spec is not None:
        steps = environment.spec.max_episode_steps
    if steps is None:
        raise UserError(
            f"environment '{name}' has no max_episode_steps: give it that attribute, or wrap it "
            "in gymnasium.wrappers.TimeLimit."
        )
    check_at_least(f"max_episode_steps of environment '{name}'", steps, 1)
    return int(steps)


def _task_size(environment: Any, name: str, vectorised: bool) -> int:
    setter = "set_tasks" if vectorised else "set_task"
    has = {method: attribute(environment, method) for method in ("sample_task", setter)}
    missing = [method for method, found in has.items() if found is None]
    if len(missing) == 2:
        warnings.warn(
            f"environment '{name}' has no methods sample_task and {setter}: all its trials are of "
            "one task.",
            stacklevel=2,
        )
        return 0
    if missing:
        given = next(method for method in has if method not in missing)
        raise UserError(f"environment '{name}' has {given}, but no method {missing[0]}.")
    try:
        task = has["sample_task"](np.random.default_rng(0))
        return task_vector(environment, task).size
    except Exception as error:
        raise UserError(
            f"sample_task or task_vector of environment '{name}' failed with "
            f"{describe_exception(error)}."
        ) from error


def _observation_box(space: Any) -> Box:
    flat = spaces.flatten_space(space)
    assert isinstance(flat, spaces.Box)
    return _box(flat)


def _action_space(space: Any) -> Box | Discrete:
    return Discrete(int(space.n)) if isinstance(space, spaces.Discrete) else _box(space)


def _box(space: Any) -> Box:
    return Box(_bound(space.low), _bound(space.high), (space.low.size,))


def _bound(bound: np.ndarray) -> float | tuple[float, ...]:
    numbers = bound.reshape(-1).astype(float).tolist()
    return numbers[0] if len(set(numbers)) == 1 else tuple(numbers)
