"""Checks of what the methods return: structure, shapes and dtypes. Nothing is compiled."""

import inspect
from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp

from splagger.environments.contract.explanations import watching
from splagger.environments.contract.findings import Breach, Finding, failure, passed
from splagger.environments.contract.programs import Program
from splagger.environments.environment import Environment, Step
from splagger.environments.spaces import Discrete

CHECK = "returned values"
"""The name of these checks."""

_PARAMETERS = {
    "sample_task": ("key",),
    "reset": ("task", "state", "key"),
    "step": ("task", "state", "action", "key"),
    "task_vector": ("task", "state"),
    "task_index": ("task", "state"),
    "belief": ("task", "state"),
}


def action_shape(environment: Environment) -> jax.ShapeDtypeStruct:
    """Shape and dtype of the actions that agents take."""
    space = environment.action_space
    if isinstance(space, Discrete):
        return jax.ShapeDtypeStruct((), jnp.zeros((), int).dtype)
    return jax.ShapeDtypeStruct(space.shape, jnp.zeros(()).dtype)


def check_signatures(environment: Environment) -> Iterator[Finding]:
    """Traces every method in the order of a trial and checks what it returns."""
    _check_parameters(environment)
    key = jax.eval_shape(lambda: jax.random.key(0))
    task = _trace(_sample_task, "sample_task", environment, key)
    yield passed(CHECK, "sample_task", f"a task of {len(jax.tree.leaves(task))} arrays")

    def first_reset(environment: Environment, task: Any, key: Any) -> Any:
        return _reset(environment, task, None, key)

    state = _trace(first_reset, "reset", environment, task, key)
    later = _trace(_reset, "reset", environment, task, state, key)
    _check_same_state("reset", "reset(task, None, key)", state, "reset(task, state, key)", later)
    yield passed(CHECK, "reset", f"a state of {len(jax.tree.leaves(state))} arrays")

    after = _trace(_step, "step", environment, task, state, action_shape(environment), key)
    _check_same_state("step", "reset", state, "step", after)
    yield passed(CHECK, "step", "a state as that of reset, and a Step")

    vector = _trace(_task_vector, "task_vector", environment, task, state)
    yield passed(CHECK, "task_vector", f"{vector.size} numbers")
    _trace(_task_index, "task_index", environment, task, state)
    yield passed(CHECK, "task_index", "an integer")
    _trace(_belief, "belief", environment, task, state)


def _check_parameters(environment: Environment) -> None:
    for method, parameters in _PARAMETERS.items():
        try:
            inspect.signature(getattr(environment, method)).bind(*parameters)
        except TypeError as error:
            raise Breach(
                failure(
                    CHECK,
                    method,
                    f"{method} cannot be called with {', '.join(parameters)}: {error}.",
                    f"Define it as {method}(self, {', '.join(parameters)}).",
                )
            ) from error


def _trace(function: Any, method: str, environment: Environment, *arguments: Any) -> Any:
    with watching(CHECK, method, type(environment)):
        return Program(function, environment, *arguments).result


# The functions below are traced, so that they see what the method itself returns.


def _sample_task(environment: Environment, key: Any) -> Any:
    task = environment.sample_task(key)
    _check_arrays("sample_task", "task", task)
    return task


def _reset(environment: Environment, task: Any, state: Any, key: Any) -> Any:
    result = environment.reset(task, state, key)
    if not (isinstance(result, tuple) and len(result) == 2):
        _fail("reset", f"returns {_kind(result)}", "Return (state, observation).")
    state, observation = result
    _check_arrays("reset", "state", state)
    _check_observation("reset", environment, observation)
    wanted = jnp.zeros(()).dtype
    if observation.dtype != wanted:
        _fail(
            "reset",
            f"returns an observation of dtype {observation.dtype}, where {wanted} is needed",
            "Return jnp.asarray(observation, float).",
        )
    return state


def _step(environment: Environment, task: Any, state: Any, action: Any, key: Any) -> Any:
    result = environment.step(task, state, action, key)
    if not (isinstance(result, tuple) and len(result) == 2 and isinstance(result[1], Step)):
        kinds = ", ".join(map(_kind, result)) if isinstance(result, tuple) else _kind(result)
        _fail(
            "step",
            f"returns ({kinds})",
            "Return (state, Step(observation, reward, terminated)), with Step from "
            "splagger.environments.",
        )
    state, step = result
    _check_arrays("step", "state", state)
    _check_observation("step", environment, step.observation)
    for name in ("reward", "terminated", "truncated", "success", "diverged"):
        value = getattr(step, name)
        if value.shape != ():
            _fail(
                "step",
                f"returns a Step whose {name} has shape {value.shape}, where () is needed",
                f"Make {name} a single number, such as {name}[0] or {name}.sum().",
            )
    return state


def _task_vector(environment: Environment, task: Any, state: Any) -> Any:
    vector = environment.task_vector(task, state)
    _check_arrays("task_vector", "vector", vector)
    if jnp.shape(vector) != (jnp.size(vector),) or not _is_float(vector):
        _fail(
            "task_vector",
            f"returns {_kind(vector)}",
            "Return a vector of floats, such as jnp.stack([...]).astype(float).",
        )
    return vector


def _task_index(environment: Environment, task: Any, state: Any) -> Any:
    index = environment.task_index(task, state)
    _check_arrays("task_index", "index", index)
    if jnp.shape(index) != () or not jnp.issubdtype(jnp.result_type(index), jnp.integer):
        _fail("task_index", f"returns {_kind(index)}", "Return one integer, as an array.")
    return index


def _belief(environment: Environment, task: Any, state: Any) -> Any:
    belief = environment.belief(task, state)
    if belief is None:
        return belief
    _check_arrays("belief", "belief", belief)
    tasks = environment.tasks
    if tasks is None or jnp.shape(belief) != (tasks,) or not _is_float(belief):
        _fail(
            "belief",
            f"returns {_kind(belief)}, but tasks is {tasks}",
            "Return a probability for each of the tasks, or None.",
        )
    return belief


def _check_observation(method: str, environment: Environment, observation: Any) -> None:
    wanted = environment.observation_space.shape
    if not (hasattr(observation, "shape") and hasattr(observation, "dtype")):
        _fail(method, f"returns {_kind(observation)} as observation", "Return an array of jax.")
    if observation.shape != wanted:
        _fail(
            method,
            f"returns an observation of shape {observation.shape}, but observation_space has "
            f"shape {wanted}",
            "Make both the same.",
        )


def _check_arrays(method: str, name: str, tree: Any) -> None:
    for path, leaf in jax.tree_util.tree_leaves_with_path(tree):
        if not isinstance(leaf, jax.Array | bool | int | float) and not hasattr(leaf, "__array__"):
            _fail(
                method,
                f"returns a {name} in which {name}{jax.tree_util.keystr(path)} is {_kind(leaf)}",
                "Return arrays, numbers, and tuples, dicts or equinox modules of them.",
            )


def _check_same_state(method: str, source: str, state: Any, other: str, after: Any) -> None:
    old, new = (jax.tree_util.tree_leaves_with_path(tree) for tree in (state, after))
    keep = "Keep the state's structure, shapes and dtypes: {}"
    if jax.tree.structure(state) != jax.tree.structure(after):
        _fail(
            method,
            f"returns a state of another structure: {_paths(old)} after {source}, but "
            f"{_paths(new)} after {other}",
            keep.format("give every field its value from the start."),
        )
    for (path, one), (_, two) in zip(old, new, strict=True):
        if one.shape != two.shape or one.dtype != two.dtype:
            _fail(
                method,
                f"returns a state in which state{jax.tree_util.keystr(path)} is {_kind(one)} "
                f"after {source}, but {_kind(two)} after {other}",
                keep.format(f"for instance value.astype({one.dtype})."),
            )


def _fail(method: str, message: str, fix: str) -> None:
    raise Breach(failure(CHECK, method, f"{method} {message}.", fix))


def _is_float(value: Any) -> bool:
    return jnp.issubdtype(jnp.result_type(value), jnp.floating)


def _kind(value: Any) -> str:
    """A value in words: `int32[3]` for arrays, else its type."""
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return f"{value.dtype}[{', '.join(map(str, value.shape))}]"
    if isinstance(value, tuple):
        return f"a tuple of {len(value)} values"
    return f"of type {type(value).__name__}"


def _paths(leaves: list[Any]) -> str:
    return ", ".join(f"state{jax.tree_util.keystr(path)}" for path, _ in leaves) or "nothing"
