"""Environments of which each breaks the contract in one way, and one that keeps it."""

import random
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from splagger.environments import Box, Discrete, Environment, Step
from splagger.environments.places import Places

REACH = 3


class Good(Environment):
    """Find the hidden end of a line."""

    observation_space = Box(-REACH, REACH, (2,))  # pyright: ignore
    action_space = Discrete(2)  # pyright: ignore
    max_episode_steps = 6  # pyright: ignore

    def sample_task(self, key: Any) -> Any:
        return jnp.where(jax.random.bernoulli(key), REACH, -REACH)

    def reset(self, task: Any, state: Any, key: Any) -> Any:
        return jnp.zeros((), int), self.observe(jnp.zeros((), int))

    def step(self, task: Any, state: Any, action: Any, key: Any) -> Any:
        state = jnp.clip(state + 2 * action - 1, -REACH, REACH)
        return state, Step(self.observe(state), self.reward(task, state), terminated=state == task)

    def observe(self, state: Any) -> Any:
        return jnp.stack([state, -state]).astype(float)

    def reward(self, task: Any, state: Any) -> Any:
        return jnp.where(state == task, 1.0, -0.1)


# Attributes


class WrongActionSpace(Good):
    action_space = 2  # pyright: ignore


class ObservationSpaceOfPictures(Good):
    observation_space = Box(0, 1, (8, 8))  # pyright: ignore


class StepsAsFloat(Good):
    max_episode_steps = 6.0  # pyright: ignore


class NoMaxEpisodeSteps(Environment):
    observation_space = Good.observation_space  # pyright: ignore
    action_space = Good.action_space  # pyright: ignore
    sample_task = Good.sample_task
    reset = Good.reset
    step = Good.step


class FailsWhenMade(Good):
    def __init__(self):
        self.missing()  # pyright: ignore


class UnhashableField(Good):
    walls: list = eqx.field(static=True, default_factory=lambda: [1, 2])


# What is said about inference


class Two(Good):
    """The same, and the tasks are counted."""

    tasks = 2  # pyright: ignore

    def task_index(self, task: Any, state: Any) -> Any:
        return (task > 0).astype(int)


class BeliefOfOneNumber(Two):
    def belief(self, task: Any, state: Any) -> Any:
        return jnp.ones(1)


class BeliefWithoutTasks(Good):
    def belief(self, task: Any, state: Any) -> Any:
        return jnp.full(2, 0.5)


class BeliefOfHalves(Two):
    def belief(self, task: Any, state: Any) -> Any:
        return jnp.full(2, 0.25)


class BeliefInTheWrongTask(Two):
    def belief(self, task: Any, state: Any) -> Any:
        return jax.nn.one_hot((task < 0).astype(int), 2)


class PlacesOutOfRange(Good):
    places = Places((1,), 3, 1.0)  # pyright: ignore


class PlacesThatDecideNothing(Good):
    places = Places((0,), 1, 1.0)  # pyright: ignore


# What methods return


class WrongObservationShape(Good):
    def observe(self, state: Any) -> Any:
        return state.astype(float)[None]


class StepObservesAnotherShape(Good):
    def step(self, task: Any, state: Any, action: Any, key: Any) -> Any:
        return state, Step(jnp.zeros(3), 0.0, terminated=False)


class IntegerObservation(Good):
    def observe(self, state: Any) -> Any:
        return jnp.stack([state, -state])


class RewardOfShapeOne(Good):
    def reward(self, task: Any, state: Any) -> Any:
        return jnp.ones(1)


class StepOfGymnasium(Good):
    def step(self, task: Any, state: Any, action: Any, key: Any) -> Any:
        return self.observe(state), 0.0, False, False, {}


class StateChangesDtype(Good):
    def step(self, task: Any, state: Any, action: Any, key: Any) -> Any:
        state, step = super().step(task, state, action, key)
        return state.astype(float), step


class StateChangesStructure(Good):
    def reset(self, task: Any, state: Any, key: Any) -> Any:
        position, observation = super().reset(task, None, key)
        return {"position": position}, observation

    def step(self, task: Any, state: Any, action: Any, key: Any) -> Any:
        position, step = super().step(task, state["position"], action, key)
        return {"position": position, "moved": action}, step


class ResetKeepsAnotherState(Good):
    def reset(self, task: Any, state: Any, key: Any) -> Any:
        start, observation = super().reset(task, None, key)
        return (start if state is None else start[None]), observation


class TaskOfWords(Good):
    def sample_task(self, key: Any) -> Any:
        return {"goal": "left"}


class ResetWithoutState(Good):
    def reset(self, task: Any, key: Any) -> Any:  # pyright: ignore
        return super().reset(task, None, key)


class TaskVectorOfIntegers(Good):
    def task_vector(self, task: Any, state: Any) -> Any:
        return jnp.stack([task])


# Exceptions and compilation


class RaisesInStep(Good):
    def step(self, task: Any, state: Any, action: Any, key: Any) -> Any:
        table = {"left": 0}
        return table["right"]


class PythonIf(Good):
    def step(self, task: Any, state: Any, action: Any, key: Any) -> Any:
        if state == task:
            state = state - 1
        return super().step(task, state, action, key)


class NumpyInStep(Good):
    def observe(self, state: Any) -> Any:
        return jnp.asarray(np.array([state, 0.0]))


class PythonFloat(Good):
    def reward(self, task: Any, state: Any) -> Any:
        return float(state)


class IndexesAList(Good):
    def reward(self, task: Any, state: Any) -> Any:
        return [0.0, 1.0, 2.0, 3.0][state]


# Numbers


class NotANumber(Good):
    def observe(self, state: Any) -> Any:
        return jnp.stack([state / state, state]).astype(float)


class NotANumberLater(Good):
    def step(self, task: Any, state: Any, action: Any, key: Any) -> Any:
        state, step = super().step(task, state, action, key)
        return state, Step(jnp.log(step.observation + 2), step.reward, step.terminated)


class InfiniteReward(Good):
    def reward(self, task: Any, state: Any) -> Any:
        return 1 / jnp.abs(state - task)


class OutOfBounds(Good):
    def observe(self, state: Any) -> Any:
        return jnp.stack([state, 2 * state]).astype(float)


class NeverEnds(Good):
    truncates = False

    def step(self, task: Any, state: Any, action: Any, key: Any) -> Any:
        state, step = super().step(task, state, action, key)
        return state, Step(step.observation, step.reward, terminated=False)


class TruncatesAgainstItsWord(Good):
    truncates = False

    def step(self, task: Any, state: Any, action: Any, key: Any) -> Any:
        state, step = super().step(task, state, action, key)
        return state, Step(step.observation, step.reward, False, truncated=state == task)


class Diverges(Good):
    """Where it would leave the line, its physics fail."""

    may_diverge: ClassVar[bool] = True
    price: ClassVar[float] = 0.0

    def step(self, task: Any, state: Any, action: Any, key: Any) -> Any:
        after = state + 2 * action - 1
        diverged = after == -task
        after = jnp.where(diverged, state, after)
        reward = jnp.where(diverged, self.price, self.reward(task, after))
        return after, Step(self.observe(after), reward, after == task, diverged=diverged)


class UncountedDivergence(Diverges):
    may_diverge: ClassVar[bool] = False


class PaidDivergence(Diverges):
    price: ClassVar[float] = -5.0


class UncountedSuccess(Good):
    def step(self, task: Any, state: Any, action: Any, key: Any) -> Any:
        state, step = super().step(task, state, action, key)
        return state, Step(step.observation, step.reward, state == task, success=state == task)


class TooLowAnOptimum(Good):
    def optimal_return(self, episodes: int) -> float:
        return -100.0


# Tasks


class ConstantTask(Good):
    def sample_task(self, key: Any) -> Any:
        return jnp.asarray(REACH)


class TaskWithoutEffect(Good):
    def step(self, task: Any, state: Any, action: Any, key: Any) -> Any:
        return super().step(jnp.asarray(REACH), state, action, key)


class TaskIndexOutOfRange(Good):
    tasks = 2  # pyright: ignore

    def task_index(self, task: Any, state: Any) -> Any:
        return jnp.where(task > 0, 2, 1)


class TaskIndexConstant(Good):
    tasks = 2  # pyright: ignore

    def task_index(self, task: Any, state: Any) -> Any:
        return jnp.ones((), int)


class TaskIndexForgotten(Good):
    tasks = 2  # pyright: ignore


# Hidden state and other randomness


class NumpyRandom(Good):
    def reset(self, task: Any, state: Any, key: Any) -> Any:
        start = jnp.asarray(np.random.randint(-1, 2))
        return start, self.observe(start)


class PythonRandom(Good):
    def sample_task(self, key: Any) -> Any:
        return jnp.where(jax.random.bernoulli(key), REACH, -random.randint(1, 3))


class UnseededGenerator(Good):
    def reward(self, task: Any, state: Any) -> Any:
        return state * np.random.default_rng().normal()


class SharedBetweenCopies(Good):
    visits: ClassVar[list[int]] = []

    def step(self, task: Any, state: Any, action: Any, key: Any) -> Any:
        self.visits.append(1)
        state, step = super().step(task, state, action, key)
        return state, Step(step.observation, step.reward + len(self.visits), step.terminated)


class CopiesDiffer(Good):
    made: ClassVar[list[int]] = []
    fee: float

    def __init__(self):
        self.made.append(1)
        self.fee = float(len(self.made))

    def reward(self, task: Any, state: Any) -> Any:
        return -self.fee * state


class RemembersLastState(Good):
    memory: ClassVar[dict[str, Any]] = {}

    def step(self, task: Any, state: Any, action: Any, key: Any) -> Any:
        before = self.memory.get("state", state)
        self.memory["state"] = state
        return super().step(task, before, action, key)


class ChangesItself(Good):
    count: int = 0

    def step(self, task: Any, state: Any, action: Any, key: Any) -> Any:
        self.count += 1  # pyright: ignore
        return super().step(task, state, action, key)


class BehavesOtherwiseCompiled(Good):
    def reward(self, task: Any, state: Any) -> Any:
        return 1.0 if isinstance(state, Tracer) else 2.0


# Pictures


class FloatPicture(Good):
    def render(self, task: Any, state: Any, size: int = 256) -> Any:
        return np.zeros((size, size, 3))
