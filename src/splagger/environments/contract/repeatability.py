"""Checks that results follow from the arguments alone: no hidden state, no other randomness."""

import pickle
import random
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np

from splagger.environments.contract.evidence import Evidence
from splagger.environments.contract.explanations import watching
from splagger.environments.contract.findings import Breach, Finding, failure, passed
from splagger.environments.contract.programs import Program, first_difference, row
from splagger.environments.contract.signatures import action_shape
from splagger.environments.environment import Environment
from splagger.environments.random_actions import random_action

CHECK = "repeatability"
"""The name of the checks of hidden state."""

COMPILATION = "jit and vmap"
"""The name of the checks of compilation."""

# Fused operations round differently; a few steps do not let it grow far.
_ROUNDING = 1e-3

_PURE = (
    "Take all that is random from the key by jax.random, and put all that changes into the state "
    "that reset and step return."
)


def check_repeatability(
    environment: Environment, make: Callable[[], Environment]
) -> Iterator[Finding]:
    """Checks that calls do not depend on earlier ones, on the object, or on random generators.

    Every method is traced, then on another object, then once more. A method without hidden state
    gives the same program all three times.

    **Arguments:**

    - `environment`: what is checked.
    - `make`: makes another one, alike.
    """
    with watching(CHECK, "__init__", type(environment)):
        other = make()
    first, copied, second = map(_programs, (environment, other, environment))
    for method, program in first.items():
        for another, what in (
            (second, "a second call of {} with the same arguments gave another result"),
            (copied, "on another object of the class {} gave another result"),
        ):
            if not _equal(method, program, another[method], environment):
                raise Breach(failure(CHECK, method, f"{what.format(method)}.", _PURE))
        yield passed(CHECK, method, "the same arguments give the same result")


def check_compilation(evidence: Evidence) -> Iterator[Finding]:
    """Checks that a compiled program repeats itself, and that it makes no difference whether steps
    are compiled, and side by side."""
    if difference := first_difference(evidence.episode, evidence.again):
        raise Breach(
            failure(
                COMPILATION,
                "reset and step",
                "run twice with the same keys, one compiled program of reset and step gave "
                f"different results (in {difference[0].rpartition('.')[2]}).",
                _PURE,
            )
        )
    steps = len(evidence.single.moments.reward)
    alone = (evidence.single.start, evidence.single.moments)
    episode = evidence.episode
    together = row((episode.start, jax.tree.map(lambda leaf: leaf[:, :steps], episode.moments)), 0)
    method, how = (
        "reset and step",
        "by jax.vmap" if evidence.compiled else "by jax.jit and jax.vmap",
    )
    difference = first_difference(together, alone, _ROUNDING)
    if difference is None:
        yield passed(COMPILATION, method, f"the same results {how}")
        return
    path, there, here = difference
    yield failure(
        COMPILATION,
        method,
        f"{how}, {path.rpartition('.')[2]} becomes {there.tolist()} instead of {here.tolist()} "
        "for the same keys and actions.",
        _PURE,
    )


def global_generators() -> dict[str, bytes]:
    """The states of the generators that belong to nobody, by the names of their modules."""
    # As bytes: a state holds an array, which cannot be compared as a whole.
    numpy_state = pickle.dumps(np.random.get_state(legacy=False))
    python_state = pickle.dumps(random.getstate())
    return {"numpy.random": numpy_state, "Python's module random": python_state}


def _programs(environment: Environment) -> dict[str, Program]:
    """Every method as a program."""
    key = jax.random.key(1)
    task = Program(lambda e, key: e.sample_task(key), environment, key).result
    state, _ = Program(lambda e, task, key: e.reset(task, None, key), environment, task, key).result
    action = action_shape(environment)
    programs = {}
    for method, (call, arguments) in _calls(task, state, action, key).items():
        before = global_generators()
        with watching(CHECK, method, type(environment)):
            programs[method] = Program(call, environment, *arguments)
        for name, generator in global_generators().items():
            if generator != before[name]:
                raise Breach(
                    failure(
                        CHECK,
                        method,
                        f"{method} draws from the global random generator of {name}: the draw is "
                        "made once, when the program is compiled, and never again.",
                        "Draw by the key: jax.random.normal(key), jax.random.uniform(key) ...",
                    )
                )
    return programs


def _calls(
    task: Any, state: Any, action: Any, key: Any
) -> dict[str, tuple[Callable[..., Any], tuple[Any, ...]]]:
    return {
        "sample_task": (lambda e, *arguments: e.sample_task(*arguments), (key,)),
        "reset": (lambda e, task, key: e.reset(task, None, key), (task, key)),
        "reset with a state": (lambda e, *arguments: e.reset(*arguments), (task, state, key)),
        "step": (lambda e, *arguments: e.step(*arguments), (task, state, action, key)),
        "task_vector": (lambda e, *arguments: e.task_vector(*arguments), (task, state)),
        "task_index": (lambda e, *arguments: e.task_index(*arguments), (task, state)),
    }


def _equal(method: str, program: Program, other: Program, environment: Environment) -> bool:
    if program.same(other):
        return True
    # Programs that look different may still compute the same.
    key = jax.random.key(1)
    task = environment.sample_task(key)
    state, _ = environment.reset(task, None, key)
    action = random_action(environment.action_space, key)
    state, _ = environment.step(task, state, action, key)
    _, arguments = _calls(task, state, action, key)[method]
    return first_difference(program(*arguments), other(*arguments)) is None
