"""Meta-World's benchmarks as an environment with tasks: one arm, many things to do with it."""

import importlib
from typing import Any

import gymnasium
import numpy as np
from jaxtyping import Float64, UInt8

from splagger.environments.meta_world.benchmarks import (
    GOALS,
    BenchmarkName,
    Split,
    full_class_name,
    load_benchmark,
)
from splagger.environments.meta_world.instances import borrow, draw, give_back
from splagger.foundation.checks import check_at_least, check_choice
from splagger.foundation.errors import UserError

# Type checkers cannot look into its compiled modules.
mujoco: Any = importlib.import_module("mujoco")

LONGEST_EPISODE = 500
"""Steps after which Meta-World's environments refuse to go on."""

_STATE = mujoco.mjtState.mjSTATE_INTEGRATION
# More than the simulation of any class has, so that all states have one shape.
_STATE_SIZE = 384


class MetaWorld(gymnasium.Env):
    """A benchmark whose task is one of its classes, such as opening a door, and a goal.

    Goals are hidden: their place in the observation holds zeros. An episode ends at success, or is
    cut off. A task is an integer: the number of its class times 50, plus that of its goal. A class
    is drawn uniformly and then one of its goals. (The published sampler goes through a shuffled
    list of all classes, so that what comes next depends on what came before.)

    Tasks are not counted: those of the test are never those of training, so nothing can be kept for
    each of them.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 80}

    episodes = 2
    """Episodes of a trial."""
    has_success = True
    """Every class says when it is done."""

    max_episode_steps: int
    """Where episodes are cut off."""
    task_groups: tuple[str, ...]
    """The names of the classes."""

    def __init__(
        self,
        benchmark: BenchmarkName,
        class_name: str | None = None,
        split: Split = "train",
        goal_seed: int = 0,
        episode_steps: int = LONGEST_EPISODE,
        sparse_reward: bool = False,
        render_mode: str | None = None,
    ):
        """Loads the benchmark.

        **Arguments:**

        - `benchmark`: which one.
        - `class_name`: the class of ML1, with or without its version; None for the others.
        - `split`: whether its tasks are those to train on, or those of the test.
        - `goal_seed`: decides the goals of the benchmark, at least 0.
        - `episode_steps`: where episodes are cut off, 1 to 500.
        - `sparse_reward`: whether the reward is 1 at success and else 0; otherwise Meta-World's
            own, 0 to 10.
        - `render_mode`: `rgb_array` where pictures are wanted.

        **Raises:** `UserError` for other values.
        """
        check_choice("split of Meta-World", split, ("train", "test"))
        check_at_least("goal_seed of Meta-World", goal_seed, 0)
        check_at_least("episode_steps of Meta-World", episode_steps, 1)
        if episode_steps > LONGEST_EPISODE:
            raise UserError(
                f"episode_steps of Meta-World is {episode_steps}, but it must be at most "
                f"{LONGEST_EPISODE}."
            )
        full_name = None if class_name is None else full_class_name(class_name)
        self.render_mode = render_mode
        self.max_episode_steps = episode_steps
        self._sparse_reward = sparse_reward
        self._split: Split = split
        self._benchmark = load_benchmark(benchmark, full_name, goal_seed)
        self.task_groups = tuple(self._benchmark.goals(split))
        self._trained_classes = tuple(self._benchmark.train)
        self._targets: dict[int, Float64[np.ndarray, 3]] = {}
        self._class_name = self.task_groups[0]
        # Observations and actions are those of all classes.
        self._instance: Any = borrow(self._class_name, pictures=self._pictures)
        self.observation_space = self._instance.sawyer_observation_space
        self.action_space = self._instance.action_space

    @property
    def _pictures(self) -> bool:
        return self.render_mode is not None

    def sample_task(self, generator: np.random.Generator) -> int:
        """Draws a class, and then one of its goals."""
        number = int(generator.integers(len(self.task_groups)))
        return number * GOALS + int(generator.integers(GOALS))

    def task_group(self, task: int) -> int:
        """The number of a task's class."""
        return int(task) // GOALS

    def task_vector(self, task: int) -> Float64[np.ndarray, " number"]:
        """One number for every class that is trained on, 1 for the task's own, and the place of the
        goal in metres. For a class that is not trained on, the former are all 0."""
        class_name = self.task_groups[self.task_group(task)]
        if task not in self._targets:
            # In an instance of its own: the episode that runs is not to be disturbed.
            instance = borrow(class_name, pictures=False)
            self._begin(instance, task)
            give_back(class_name, instance, pictures=False)
        own = [float(name == class_name) for name in self._trained_classes]
        return np.array([*own, *self._targets[task]])

    def set_task(self, task: int) -> None:
        """Takes up a task."""
        class_name = self.task_groups[self.task_group(task)]
        if class_name != self._class_name:
            give_back(self._class_name, self._instance, pictures=self._pictures)
            self._instance = borrow(class_name, pictures=self._pictures)
            self._class_name = class_name
        self._begin(self._instance, task)

    def reset(self, *, seed: int | None = None, options: dict | None = None):
        """Begins an episode; nothing in it is random."""
        super().reset(seed=seed, options=options)
        return self._instance.reset()

    def step(self, action: Any):
        """Makes one step; numbers of the action beyond ±1 count as ±1."""
        clipped = np.clip(action, -1, 1, dtype=np.float32)
        observation, reward, _, _, info = self._instance.step(clipped)
        success = bool(info["success"])
        cut_off = self._instance.curr_path_length >= self.max_episode_steps
        reward = float(success) if self._sparse_reward else float(reward)
        return observation, reward, success, cut_off and not success, {"success": success}

    def get_state(self) -> dict[str, Any]:
        """The simulation, and what Meta-World's environments keep from step to step. All else that
        they hold is decided by the task, when an episode begins."""
        instance = self._instance
        simulation = np.zeros(_STATE_SIZE)
        size = mujoco.mj_stateSize(instance.model, _STATE)
        mujoco.mj_getState(instance.model, instance.data, simulation[:size], _STATE)
        margin = getattr(instance, "_target_to_obj_init", None)
        return {
            "simulation": simulation,
            "steps": int(instance.curr_path_length),
            "previous": np.array(instance._prev_obs, np.float64),
            "margin": np.float64(np.nan if margin is None else margin),
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Takes up a state of an episode of the same task."""
        instance = self._instance
        size = mujoco.mj_stateSize(instance.model, _STATE)
        simulation = state["simulation"][:size]
        mujoco.mj_setState(instance.model, instance.data, simulation, _STATE)
        mujoco.mj_forward(instance.model, instance.data)
        # That normalised quaternions, which changes last digits.
        mujoco.mj_setState(instance.model, instance.data, simulation, _STATE)
        instance.curr_path_length = int(state["steps"])
        instance._prev_obs = np.array(state["previous"])
        # In bin-picking alone: the distance that the episode's first step measured.
        if hasattr(instance, "_target_to_obj_init"):
            margin = float(state["margin"])
            instance._target_to_obj_init = None if np.isnan(margin) else margin

    def render(self) -> UInt8[np.ndarray, "height width 3"]:
        """A picture; the goal is a coloured ball in it."""
        return draw(self._instance)

    def close(self) -> None:
        """Frees what drawing needs, and lends the simulation to others."""
        if self._instance is not None:
            give_back(self._class_name, self._instance, pictures=self._pictures)
            self._instance = None

    def _begin(self, instance: Any, task: int) -> None:
        """Puts an instance into a task, and notes where its goal is."""
        class_name = self.task_groups[self.task_group(task)]
        goal = int(task) % GOALS
        instance.set_task(self._benchmark.meta_world_task(self._split, class_name, goal))
        if task not in self._targets:
            # Some classes decide it only here.
            instance.reset()
            self._targets[task] = np.array(instance._target_pos, np.float64)
