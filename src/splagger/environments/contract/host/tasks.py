"""Checks of the methods that draw, set and describe tasks."""

import pickle
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from splagger.environments.contract.explanations import watching
from splagger.environments.contract.findings import Breach, Finding, failure, passed, warning
from splagger.environments.contract.host.copies import Copy
from splagger.environments.contract.tasks import CHECK
from splagger.environments.host.gymnasium_environment import GymnasiumEnvironment
from splagger.environments.host.protocol import layers
from splagger.environments.host.task_reading import task_vector
from splagger.environments.host.words import layout, pack

_DRAWN = 16


def check_drawing(
    environment: GymnasiumEnvironment, first: Copy, second: Copy
) -> Iterator[Finding]:
    """Checks that tasks follow from the generator alone, and how they are described.

    **Arguments:**

    - `environment`: what is checked.
    - `first`, `second`: copies of it.
    """
    if not first.has("sample_task"):
        yield warning(
            CHECK,
            "sample_task",
            "without the methods sample_task and set_task all trials are of one task.",
            "Define sample_task(self, generator) and set_task(self, task); ignore this for "
            "ordinary learning with memory.",
        )
        return
    tasks = [_drawn(first, second, seed) for seed in range(_DRAWN)]
    for task in tasks:
        if layout(task) != layout(tasks[0]):
            raise Breach(
                failure(
                    CHECK,
                    "sample_task",
                    "sample_task returned tasks of different structures, shapes or dtypes: "
                    f"{tasks[0]!r} and {task!r}.",
                    "Make all tasks alike; of dtypes, the wider one for all.",
                )
            )
    different = len({pack(task).tobytes() for task in tasks})
    if different > 1 or environment.tasks == 1:
        yield passed(CHECK, "sample_task", f"{different} of {_DRAWN} tasks differ")
    else:
        yield warning(
            CHECK,
            "sample_task",
            f"sample_task returned the same task for generators of {_DRAWN} seeds.",
            "Draw the task by the generator, for instance generator.uniform(); if there is only "
            "one task, say so by tasks = 1 and a task_index that returns 0.",
        )
    yield _vectors(environment, first, second, tasks)
    if environment.tasks is not None:
        yield _indices(environment.tasks, first, second, tasks)


def check_setting(copy: Copy) -> Iterator[Finding]:
    """Checks that `set_task` draws nothing and leaves the task as it is."""
    if not copy.has("set_task"):
        return
    for seed in range(2):
        task = copy.draw_task(seed)
        if seed:
            before = _own_generator(copy)
            copy.set_task(task)
            if _own_generator(copy) != before:
                raise Breach(
                    failure(
                        CHECK,
                        "set_task",
                        "set_task draws from np_random, so that the task is more than its numbers.",
                        "Draw in sample_task by its generator what belongs to the task, and in "
                        "reset what differs between episodes.",
                    )
                )
        else:
            copy.set_task(task)
        copy.reset(seed)
    yield passed(CHECK, "set_task", "it draws nothing")
    if _draws_tasks(copy):
        yield warning(
            CHECK,
            "reset",
            "reset calls sample_task: do the episodes of a trial have different tasks?",
            "Leave the task to set_task, which comes before a trial's first reset.",
        )


def packed(task: Any) -> bytes:
    """A task's numbers, to be compared.

    **Raises:** `Breach` where it holds something else.
    """
    try:
        return pack(task).tobytes()
    except TypeError as error:
        fix = "Return a number, an array, or a dict or tuple of those."
        message = f"in what sample_task returned, {error}."
        raise Breach(failure(CHECK, "sample_task", message, fix)) from error


def _draws_tasks(copy: Copy) -> bool:
    """Whether `reset` draws a task by itself."""
    layer = next(layer for layer in layers(copy.instance) if hasattr(layer, "sample_task"))
    sample, calls = layer.sample_task, []

    def noted(*arguments: Any, **named: Any) -> Any:
        calls.append(arguments)
        return sample(*arguments, **named)

    layer.sample_task = noted
    try:
        copy.reset(None)
    finally:
        layer.sample_task = sample
    return bool(calls)


def _drawn(first: Copy, second: Copy, seed: int) -> Any:
    task, again = first.draw_task(seed), second.draw_task(seed)
    if packed(task) != packed(again):
        raise Breach(
            failure(
                CHECK,
                "sample_task",
                "for two generators of the same seed, sample_task of two copies returned different "
                f"tasks: {task!r} and {again!r}.",
                "Draw from the generator that it is given, and use nothing that changes.",
            )
        )
    return task


def _vectors(
    environment: GymnasiumEnvironment, first: Copy, second: Copy, tasks: Sequence[Any]
) -> Finding:
    for task in tasks:
        with watching(CHECK, "task_vector", first.environment_class):
            one, other = (task_vector(copy.instance, task) for copy in (first, second))
        if one.size != environment.task_size or not np.isfinite(one).all():
            return failure(
                CHECK,
                "task_vector",
                f"the task {task!r} is {one.tolist()} as a vector, which is not "
                f"{environment.task_size} finite numbers, as the first one was.",
                "Let task_vector return equally many finite numbers for every task.",
            )
        if not np.array_equal(one, other):
            return _disagreement("task_vector", task, one.tolist(), other.tolist())
    return passed(CHECK, "task_vector", f"{environment.task_size} finite numbers")


def _indices(count: int, first: Copy, second: Copy, tasks: Sequence[Any]) -> Finding:
    check, method = "task index", "task_index"
    found = set()
    for task in tasks:
        one, other = (copy.call(check, method, task) for copy in (first, second))
        if one not in range(count):
            return failure(
                check,
                method,
                f"task_index is {one!r}, but tasks is {count}.",
                f"Return an integer from 0 to {count - 1}, or set tasks to how many there are.",
            )
        if one != other:
            return _disagreement(method, task, one, other)
        found.add(int(one))
    if count > 1 and len({pack(task).tobytes() for task in tasks}) > 1 and len(found) == 1:
        return warning(
            check,
            method,
            f"tasks is {count}, but task_index was {found.pop()} for {_DRAWN} tasks.",
            "Define task_index(self, task) so that it numbers the tasks from 0; ignore this if all "
            "others are rare.",
        )
    return passed(check, method, f"{len(found)} of {count} tasks were seen")


def _disagreement(method: str, task: Any, one: Any, other: Any) -> Finding:
    return failure(
        CHECK,
        method,
        f"for the task {task!r}, {method} of two copies returned {one} and {other}.",
        "Let it follow from the task alone.",
    )


def _own_generator(copy: Copy) -> bytes:
    return pickle.dumps(copy.instance.unwrapped.np_random.bit_generator.state)
