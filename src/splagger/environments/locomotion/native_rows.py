"""Walking bodies side by side in MuJoCo's memory: their states, models and randomness."""

import copy
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float64, Int, UInt32

from splagger.environments.host.words import generator_words, set_generator
from splagger.environments.locomotion.bodies import Solver, load_model
from splagger.environments.locomotion.locomotion import Locomotion
from splagger.environments.locomotion.packages import import_mujoco

_GENERATOR_WORDS = 10


def plain_method(definition: Locomotion, name: str) -> Callable[..., Any]:
    """A method to be called often on the host. Equinox makes a module of a method at every access,
    which takes longer than a physics step."""
    return partial(getattr(type(definition), name), definition)


@dataclass
class Moved:
    """Where some bodies are after a step. Threads write into it."""

    position: Float64[np.ndarray, "row nq"]
    """MuJoCo's `qpos`."""
    velocity: Float64[np.ndarray, "row nv"]
    """MuJoCo's `qvel`."""
    forces: Float64[np.ndarray, "row nbody 6"] | None
    """MuJoCo's `cfrc_ext`; None where nothing depends on them."""


class NativeRows:
    """Bodies, each with its own data of MuJoCo, and its own model where tasks change that.

    A row depends on its seed and on what is done to it, and on nothing else. Different rows may be
    moved by different threads at once; everything else is for one thread.
    """

    task: Float64[np.ndarray, "row task"]
    """The tasks."""
    position: Float64[np.ndarray, "row nq"]
    """Where the bodies are, as far as steps were taken over by `settle`."""
    velocity: Float64[np.ndarray, "row nv"]
    """How they move."""
    forces: Float64[np.ndarray, "row nbody 6"] | None
    """Forces of contacts; None where nothing depends on them."""

    def __init__(
        self,
        definition: Locomotion,
        solver: Solver,
        recompute: bool,
        seeds: Sequence[int],
        groups: Sequence[int] | None = None,
    ):
        """Makes the bodies. They have no task yet.

        **Arguments:**

        - `definition`, `solver`, `recompute`: as in `NativeEnvironment`.
        - `seeds`: one for every row, for tasks and starts.
        - `groups`: for every row, which task it has, as `task_index` counts; None for any.
        """
        mujoco = self._mujoco = import_mujoco()
        self._recompute = recompute
        self._groups = groups
        body, count = definition.body, len(seeds)
        self._frame_skip = body.frame_skip
        self._uniforms = definition.task_uniforms, body.positions + body.velocities
        self._normals = body.velocities
        self._task = plain_method(definition, "task")
        self._task_index = plain_method(definition, "task_index")
        self._start = plain_method(definition, "start")
        self._fields = plain_method(definition, "model_fields")
        model = load_model(body, solver)
        self.task = np.zeros((count, definition.task_size))
        # Whether tasks change the model is the same for all tasks.
        shared = self._fields(self.task[0]) is None
        self._models = [model if shared else copy.copy(model) for _ in seeds]
        self._data = [mujoco.MjData(model) for model in self._models]
        self._generators = [np.random.Generator(np.random.PCG64(seed)) for seed in seeds]
        # Views of MuJoCo's memory: to ask for them takes as long as a physics step.
        self._state = [
            (data.qpos, data.qvel, data.qacc_warmstart, data.ctrl) for data in self._data
        ]
        self._felt = [data.cfrc_ext for data in self._data]
        self.position = np.zeros((count, body.positions))
        self.velocity = np.zeros((count, body.velocities))
        self.forces = np.zeros((count, body.parts, 6)) if definition.needs_contact_forces else None

    def moved(self, count: int) -> Moved:
        """Room for steps of so many rows."""
        forces = None if self.forces is None else np.empty((count, *self.forces.shape[1:]))
        return Moved(
            np.empty((count, self.position.shape[1])),
            np.empty((count, self.velocity.shape[1])),
            forces,
        )

    def move(
        self,
        rows: Iterable[int],
        places: Iterable[int],
        actions: Float64[np.ndarray, "place action"],
        moved: Moved,
    ) -> None:
        """Makes one step of an environment with some rows.

        **Arguments:**

        - `rows`: which.
        - `places`: where of each one the action and the results are.
        - `actions`: what motors do, -1 to 1.
        - `moved`: is written into.
        """
        step, skip = self._mujoco.mj_step, self._frame_skip
        for row, place in zip(rows, places, strict=True):
            position, velocity, _, control = self._state[row]
            control[:] = actions[place]
            step(self._models[row], self._data[row], skip)
            moved.position[place] = position
            moved.velocity[place] = velocity
            if moved.forces is not None:
                moved.forces[place] = self._contact_forces(row)

    def settle(self, rows: Int[np.ndarray, " moved"], moved: Moved) -> None:
        """Takes over where some rows have moved to."""
        self.position[rows] = moved.position
        self.velocity[rows] = moved.velocity
        if self.forces is not None:
            self.forces[rows] = moved.forces

    def new_task(self, row: int) -> None:
        """Draws a task and gives the model what belongs to it."""
        task = self._draw_task(row)
        while self._groups is not None and self._task_index(task) != self._groups[row]:
            task = self._draw_task(row)
        self._set_task(row, task)

    def start(self, row: int) -> None:
        """Puts a body where an episode starts."""
        generator = self._generators[row]
        position, velocity = self._start(
            generator.random(self._uniforms[1]), generator.standard_normal(self._normals)
        )
        self._place(row, position, velocity)

    def capture(self) -> UInt32[np.ndarray, "row word"]:
        """All that decides the future: tasks, states, and generators."""
        return np.stack([self._words(row) for row in range(len(self._data))])

    def restore(self, words: UInt32[np.ndarray, "row word"]) -> None:
        """Puts the bodies into a captured state.

        **Raises:** `ValueError` where the number of words does not fit.
        """
        for row, own in enumerate(words):
            set_generator(self._generators[row], own[:_GENERATOR_WORDS])
            numbers = own[_GENERATOR_WORDS:].copy().view(np.float64)
            parts = (self.task[row], *self._state[row])
            ends = np.cumsum([part.size for part in parts])
            if numbers.size != ends[-1]:
                raise ValueError(f"{numbers.size} numbers where there should be {ends[-1]}")
            task, position, velocity, *rest = np.split(numbers, ends[:-1])
            self._set_task(row, task)
            self._place(row, position, velocity, *rest)

    def _draw_task(self, row: int) -> Float64[np.ndarray, " task"]:
        return self._task(self._generators[row].random(self._uniforms[0]))

    def _words(self, row: int) -> UInt32[np.ndarray, " word"]:
        numbers = np.concatenate([self.task[row], *self._state[row]])
        return np.concatenate([generator_words(self._generators[row]), numbers.view(np.uint32)])

    def _set_task(self, row: int, task: Float64[np.ndarray, " task"]) -> None:
        self.task[row] = task
        fields = self._fields(task)
        if fields is None:
            return
        # Nothing is left of the last task: what is not computed again never changes.
        for name, value in fields.items():
            getattr(self._models[row], name)[:] = value
        if self._recompute:
            self._mujoco.mj_setConst(self._models[row], self._data[row])

    def _place(
        self,
        row: int,
        position: Float64[np.ndarray, " nq"],
        velocity: Float64[np.ndarray, " nv"],
        warm_start: Float64[np.ndarray, " nv"] | float = 0.0,
        control: Float64[np.ndarray, " nu"] | float = 0.0,
    ) -> None:
        """Puts a body into a state. With a control, forces are those that it led to."""
        self._mujoco.mj_resetData(self._models[row], self._data[row])
        for part, value in zip(
            self._state[row], (position, velocity, warm_start, control), strict=True
        ):
            part[:] = value
        self.position[row], self.velocity[row] = position, velocity
        if self.forces is not None:
            self.forces[row] = self._contact_forces(row)

    def _contact_forces(self, row: int) -> Float64[np.ndarray, "nbody 6"]:
        """Forces of contacts in the state as it is. MuJoCo's view."""
        model, data, warm_start = self._models[row], self._data[row], self._state[row][2]
        before = warm_start.copy()
        self._mujoco.mj_forward(model, data)
        self._mujoco.mj_rnePostConstraint(model, data)
        # To look must not change what comes next.
        warm_start[:] = before
        return self._felt[row]
