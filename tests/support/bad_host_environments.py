"""Gymnasium environments of which each breaks the contract in one way, and one that keeps it."""

import multiprocessing
import os
import random
from typing import Any, ClassVar

import gymnasium
import numpy as np
from gymnasium import spaces

REACH = 3


class Good(gymnasium.Env):
    """Find the hidden end of a line, on which one sometimes slips."""

    observation_space: spaces.Space = spaces.Box(-REACH, REACH, (2,), np.float32)
    action_space: spaces.Space = spaces.Discrete(2)
    max_episode_steps = 6

    def __init__(self):
        self.goal = REACH
        self.position = 0

    def sample_task(self, generator: np.random.Generator) -> Any:
        return int(generator.choice([-REACH, REACH]))

    def set_task(self, task: Any) -> None:
        self.goal = task

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> Any:
        super().reset(seed=seed)
        self.position = 0
        return self.observe(), {}

    def step(self, action: Any) -> Any:
        move = 2 * action - 1 if self.np_random.uniform() < 0.9 else 0
        self.position = int(np.clip(self.position + move, -REACH, REACH))
        return self.observe(), self.reward(), self.position == self.goal, False, {}

    def observe(self) -> Any:
        return np.array([self.position, -self.position], np.float32)

    def reward(self) -> Any:
        return 1.0 if self.position == self.goal else -0.1

    def get_state(self) -> Any:
        return {"position": self.position}

    def set_state(self, state: Any) -> None:
        self.position = state["position"]


# When it is made


class UnsupportedSpace(Good):
    observation_space = spaces.Graph(spaces.Box(0, 1, (1,)), None)


class FailsWhenMade(Good):
    def __init__(self):
        self.missing()  # pyright: ignore[reportAttributeAccessIssue]


class NoMaxEpisodeSteps(Good):
    max_episode_steps = None  # pyright: ignore[reportAssignmentType]


class SamplesWithoutSetting(Good):
    set_task = None  # pyright: ignore[reportAssignmentType]


class RaisesInSampleTask(Good):
    def sample_task(self, generator: np.random.Generator) -> Any:
        return generator.choice([])


# Processes


class ExitsInStep(Good):
    def step(self, action: Any) -> Any:
        os._exit(3)


class OnlyHere(Good):
    def __init__(self):
        super().__init__()
        if multiprocessing.parent_process() is not None:
            raise OSError("the device is taken")


class AnotherInWorkers(Good):
    def reward(self) -> Any:
        return 0.0 if multiprocessing.parent_process() is None else 1.0


# What methods return


class WrongObservationShape(Good):
    def observe(self) -> Any:
        return np.zeros(3, np.float32)


class ObservationChangesShape(Good):
    def observe(self) -> Any:
        return super().observe()[: 1 if self.position == 1 else 2]


class ObservationOfWords(Good):
    def observe(self) -> Any:
        return np.array(["left", "right"])


class MissingKey(Good):
    observation_space = spaces.Dict({"where": spaces.Discrete(7), "what": spaces.Discrete(2)})

    def observe(self) -> Any:
        return {"where": self.position + REACH}


class OutsideOfDiscrete(Good):
    observation_space = spaces.Discrete(3)

    def observe(self) -> Any:
        return self.position


class FourValues(Good):
    def step(self, action: Any) -> Any:
        observation, reward, terminated, _, info = super().step(action)
        return observation, reward, terminated, info


class ResetWithoutInfo(Good):
    def reset(self, *, seed: int | None = None, options: dict | None = None) -> Any:
        return super().reset(seed=seed)[0]


class ResetWithoutSeed(Good):
    def reset(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        return super().reset()


class RewardOfShapeOne(Good):
    def reward(self) -> Any:
        return np.ones(1)


class RaisesInStep(Good):
    def step(self, action: Any) -> Any:
        table = {"left": 0}
        return table["right"]


class RaisesInSetTask(Good):
    def set_task(self, task: Any) -> None:
        self.goal = ["left", "right"].index(task)


class Diverges(Good):
    """Where it would reach the wrong end, its physics fail."""

    may_diverge = True
    price = 0.0

    def step(self, action: Any) -> Any:
        before = self.position
        observation, reward, *ends, info = super().step(action)
        if self.position == -self.goal:
            self.position = before
            return self.observe(), self.price, *ends, {"diverged": True}
        return observation, reward, *ends, info


class UncountedDivergence(Diverges):
    may_diverge = False


class PaidDivergence(Diverges):
    price = -5.0


class SuccessForgotten(Good):
    has_success = True


# Numbers


class NotANumber(Good):
    def observe(self) -> Any:
        return super().observe() * np.float32("nan")


class InfiniteReward(Good):
    def reward(self) -> Any:
        return float("inf") if self.position == self.goal else 0.0


class OutOfBounds(Good):
    def observe(self) -> Any:
        return super().observe() * np.float32(2)


class InfiniteOptimum(Good):
    def optimal_return(self, episodes: int) -> Any:
        return float("inf")


# Tasks


class TaskOfAnotherShape(Good):
    def sample_task(self, generator: np.random.Generator) -> Any:
        return np.full(int(generator.integers(1, 3)), REACH)

    def task_vector(self, task: Any) -> Any:
        return task[:1]


class NumpyRandomTask(Good):
    def sample_task(self, generator: np.random.Generator) -> Any:
        return int(np.random.choice([-REACH, REACH]))


class OwnRandomTask(Good):
    def sample_task(self, generator: np.random.Generator) -> Any:
        return self.np_random.uniform()


class DrawsInSetTask(Good):
    def set_task(self, task: Any) -> None:
        self.goal = task * self.np_random.choice([-1, 1])


class ChangesItsTask(Good):
    def sample_task(self, generator: np.random.Generator) -> Any:
        return {"goal": generator.choice([-REACH, REACH], 1)}

    def set_task(self, task: Any) -> None:
        self.task = task

    def step(self, action: Any) -> Any:
        self.task["goal"] *= -1
        self.goal = int(self.task["goal"][0])
        return super().step(action)


class TaskIndexOutOfRange(Good):
    tasks = 2

    def task_index(self, task: Any) -> int:
        return 2 if task > 0 else 1


class TaskIndexConstant(Good):
    tasks = 2

    def task_index(self, task: Any) -> int:
        return 0


class TaskIndexForgotten(Good):
    tasks = 2


# Hidden state and other randomness


class PythonRandom(Good):
    def reset(self, *, seed: int | None = None, options: dict | None = None) -> Any:
        observation, info = super().reset(seed=seed)
        self.position = random.randint(-1, 1)
        return observation, info


class UnseededGenerator(Good):
    def reward(self) -> Any:
        return np.random.default_rng().normal()


class IgnoresTheSeed(Good):
    def reset(self, *, seed: int | None = None, options: dict | None = None) -> Any:
        return super().reset()

    def reward(self) -> Any:
        # No two of these are alike, while slips may be by chance.
        return float(self.np_random.uniform())


class CountsForAll(Good):
    visits: ClassVar[list[int]] = []

    def reward(self) -> Any:
        self.visits.append(1)
        return float(len(self.visits))


class SharedBetweenCopies(Good):
    where: ClassVar[dict[str, int]] = {}

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> Any:
        self.where["position"] = 0
        return super().reset(seed=seed)

    def step(self, action: Any) -> Any:
        self.position = self.where["position"]
        result = super().step(action)
        self.where["position"] = self.position
        return result


class OutlivesATrial(Good):
    def __init__(self):
        super().__init__()
        self.tiredness = 0.0

    def reward(self) -> Any:
        self.tiredness += 0.1
        return -self.tiredness


# Restoring


class RestoresHalf(Good):
    def __init__(self):
        super().__init__()
        self.moves = 0

    def reset(self, *, seed: int | None = None, options: dict | None = None) -> Any:
        self.moves = 0
        return super().reset(seed=seed)

    def reward(self) -> Any:
        self.moves += 1
        return -float(self.moves)


class RestoresNothing(Good):
    def set_state(self, state: Any) -> None:
        pass


class StateOfWords(Good):
    def get_state(self) -> Any:
        return {"position": str(self.position)}


class RaisesInSetState(Good):
    def set_state(self, state: Any) -> None:
        self.position = state["place"]


# Pictures


class FloatPicture(Good):
    def __init__(self, render_mode: str | None = None):
        super().__init__()
        self.render_mode = render_mode

    def render(self) -> Any:
        return np.zeros((8, 8, 3))


# What may be meant so


class ConstantTask(Good):
    def sample_task(self, generator: np.random.Generator) -> Any:
        return REACH


class TaskWithoutEffect(Good):
    def set_task(self, task: Any) -> None:
        pass


class WithoutTasks(Good):
    sample_task = set_task = None  # pyright: ignore[reportAssignmentType]


class DoubleObservation(Good):
    def observe(self) -> Any:
        return super().observe().astype(float)


class UncountedSuccess(Good):
    def step(self, action: Any) -> Any:
        *others, _ = super().step(action)
        return *others, {"success": self.position == self.goal}


class DrawsTasksInReset(Good):
    def reset(self, *, seed: int | None = None, options: dict | None = None) -> Any:
        result = super().reset(seed=seed)
        self.set_task(self.sample_task(self.np_random))
        return result


class CannotRestore(Good):
    set_state = property()  # pyright: ignore[reportAssignmentType]


class RendersUnasked(Good):
    def render(self) -> Any:
        return np.zeros((8, 8, 3), np.uint8)


# Vectorised


class CountsRows(gymnasium.vector.VectorWrapper):
    """Its seeds decide nothing."""

    max_episode_steps = 6
    made: ClassVar[list[int]] = []

    def sample_task(self, generator: np.random.Generator) -> Any:
        return float(generator.uniform())

    def set_tasks(self, tasks: Any, mask: np.ndarray) -> None:
        del tasks, mask

    def step(self, actions: Any) -> Any:
        observation, reward, *others = super().step(actions)
        self.made.append(1)
        return observation, np.asarray(reward) + len(self.made), *others


def counting(num_envs: int) -> gymnasium.vector.VectorEnv:
    mode = gymnasium.vector.AutoresetMode.DISABLED
    return CountsRows(gymnasium.vector.SyncVectorEnv([Good] * num_envs, autoreset_mode=mode))
