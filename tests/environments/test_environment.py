import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

from splagger.environments.environment import Environment, Step
from splagger.environments.registry import compiled_names, make_trial
from splagger.environments.spaces import Box, Discrete


class Dynamics(Environment):
    """Find the hidden end of a line. Lacks the three attributes."""

    reach: int = eqx.field(default=3, static=True)

    def sample_task(self, key):
        return jnp.where(jax.random.bernoulli(key), self.reach, -self.reach)

    def reset(self, task, state, key):
        return jnp.zeros((), int), jnp.zeros(1)

    def step(self, task, state, action, key):
        state = state + 2 * action - 1
        return state, Step(state[None], reward=-1.0, terminated=state == task)


class Line(Dynamics):
    """The least that an environment needs."""

    @property
    def observation_space(self):
        return Box(-self.reach, self.reach, (1,))

    @property
    def action_space(self):
        return Discrete(2)

    @property
    def max_episode_steps(self):
        return 10


def test_a_minimal_environment_gets_sensible_defaults():
    line = Line()
    key = jax.random.key(0)
    task = line.sample_task(key)
    state, _ = line.reset(task, None, key)
    assert line.truncates
    assert not line.has_success
    assert line.optimal_return(3) is None
    assert line.task_vector(task, state).shape == (0,)
    assert line.task_size == 0
    assert line.tasks is None
    assert line.task_index(task, state) == 0


@pytest.mark.parametrize("jit", [lambda function: function, jax.jit])
def test_step_accepts_numbers_traced_or_not_and_fills_in_what_is_left_out(jit):
    line = Line()
    state, step = jit(line.step)(jnp.array(3), jnp.array(2), jnp.array(1), jax.random.key(0))
    assert state == 3
    assert step.observation.dtype == jnp.zeros(()).dtype
    assert step.reward == -1.0
    assert bool(step.terminated)
    for field in ("terminated", "truncated", "success"):
        assert getattr(step, field).dtype == bool
        assert getattr(step, field).shape == ()
    assert not step.truncated
    assert not step.success


@pytest.mark.usefixtures("float64")
def test_numbers_follow_the_default_precision():
    step = Step(observation=[1, 2], reward=0.1, terminated=False)
    assert step.observation.dtype == jnp.float64
    assert float(step.reward) == 0.1


def test_task_size_is_that_of_the_task_vector():
    class TaskTold(Line):
        def task_vector(self, task, state):
            return jnp.stack([task.astype(float), state.astype(float)])

    assert TaskTold().task_size == 2


def test_fields_and_class_attributes_serve_as_attributes():
    class Fields(Dynamics):
        observation_space: Box  # pyright: ignore
        max_episode_steps: int = 7  # pyright: ignore
        action_space = Discrete(2)  # pyright: ignore
        truncates = False

        def __init__(self):
            self.observation_space = Box(0.0, 1.0, (1,))  # pyright: ignore

    environment = Fields()
    assert environment.observation_space.size == 1
    assert environment.action_space == Discrete(2)
    assert environment.max_episode_steps == 7
    assert not environment.truncates


def test_an_environment_without_a_method_or_attribute_cannot_be_made():
    class NoStep(Environment):
        sample_task = Line.sample_task
        reset = Line.reset

    with pytest.raises(TypeError, match="abstract method '?step"):
        NoStep()  # pyright: ignore
    with pytest.raises(TypeError, match="max_episode_steps"):
        Dynamics()


@pytest.mark.parametrize("name", compiled_names())
def test_actions_have_names_or_none(name: str):
    environment = make_trial(name).environment
    names = environment.action_names
    if isinstance(environment.action_space, Discrete):
        assert len(set(names)) == environment.action_space.n
    else:
        assert names == ()
