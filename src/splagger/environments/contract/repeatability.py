"""Checks that results follow from the arguments alone: no hidden state, no other randomness."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import jax
import numpy as np

from splagger.environments.contract.evidence import Evidence
from splagger.environments.contract.explanations import watching
from splagger.environments.contract.findings import Breach, Finding, failure, passed
from splagger.environments.contract.play import Episode, random_action
from splagger.environments.contract.programs import Program, first_difference, row
from splagger.environments.environment import Environment

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
    environment: Environment, make: Callable[[], Environment], evidence: Evidence
) -> Iterator[Finding]:
    """Checks that calls do not depend on earlier ones, on the object, or on random generators.

    Every method is traced, then on another object, then once more. A method without hidden state
    gives the same program all three times.

    **Arguments:**

    - `environment`: what is checked.
    - `make`: makes another one, alike.
    - `evidence`: random play in it.
    """
    if difference := first_difference(evidence.episode, evidence.again):
        yield failure(
            CHECK,
            "reset and step",
            "run twice with the same keys, one compiled program gave different results "
            f"(in {difference[0].lstrip('.')}).",
            _PURE,
        )
        return
    with watching(CHECK, "__init__", type(environment)):
        other = make()
    first = _programs(environment, evidence)
    copied = _programs(other, evidence)
    second = _programs(environment, evidence)
    for method, (program, arguments) in first.items():
        for another, what in (
            (second, "a second call with the same arguments gave another result than the first"),
            (copied, "another object of the class gave another result for the same arguments"),
        ):
            _compare(method, program, another[method][0], arguments, what)
        yield passed(CHECK, method, "the same arguments give the same result")


def check_compilation(evidence: Evidence) -> Iterator[Finding]:
    """Checks that it makes no difference whether steps are compiled, and side by side."""
    steps = len(evidence.single.moments.reward)
    alone = (evidence.single.start, evidence.single.moments)
    episode = evidence.episode
    together = row((episode.start, jax.tree.map(lambda leaf: leaf[:, :steps], episode.moments)), 0)
    yield _alike("side by side (jax.vmap)", together, alone)
    if evidence.eager is not None:
        eager = (evidence.eager.start, evidence.eager.moments)
        yield _alike("not compiled (without jax.jit)", eager, alone)


def _alike(how: str, one: Any, alone: Any) -> Finding:
    difference = first_difference(one, alone, _ROUNDING)
    if difference is None:
        return passed(COMPILATION, "reset and step", f"the same results {how}")
    path, there, here = difference
    return failure(
        COMPILATION,
        "reset and step",
        f"{how}, {path.rpartition('.')[2]} is {there.tolist()} instead of {here.tolist()} for the "
        "same keys and actions.",
        _PURE,
    )


def _programs(environment: Environment, evidence: Evidence) -> dict[str, tuple[Program, Any]]:
    """Every method as a program, with arguments for it."""
    key = jax.random.key(1)
    task, state = row((evidence.tasks, evidence.episode.state), 0)
    action = random_action(environment.action_space, key)
    calls: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
        "sample_task": (lambda e, *arguments: e.sample_task(*arguments), (key,)),
        "reset": (lambda e, task, key: e.reset(task, None, key), (task, key)),
        "reset with a state": (lambda e, *arguments: e.reset(*arguments), (task, state, key)),
        "step": (lambda e, *arguments: e.step(*arguments), (task, state, action, key)),
        "task_vector": (lambda e, *arguments: e.task_vector(*arguments), (task, state)),
        "task_index": (lambda e, *arguments: e.task_index(*arguments), (task, state)),
    }
    programs = {}
    for method, (call, arguments) in calls.items():
        generators = _generators()
        with watching(CHECK, method, type(environment)):
            programs[method] = Program(call, environment, *arguments), arguments
        for name, state in _generators().items():
            if state != generators[name]:
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


def _compare(
    method: str, program: Program, other: Program, arguments: tuple[Any, ...], what: str
) -> None:
    # Programs that look different may still compute the same.
    if program.same(other):
        return
    difference = first_difference(program(*arguments), other(*arguments))
    if difference is not None:
        raise Breach(failure(CHECK, method, f"{method}: {what}.", _PURE))


def _generators() -> dict[str, Any]:
    _, numbers, *rest = np.random.get_state()
    return {"numpy.random": (bytes(numbers), rest), "Python": random.getstate()}
