"""Checks of what copies of an environment do in episodes: numbers, ends, tasks, hidden state."""

import itertools
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

import numpy as np

from splagger.environments.contract.findings import Breach, Finding, failure, passed, warning
from splagger.environments.contract.host.copies import Copy
from splagger.environments.contract.host.play import (
    MOST_STEPS,
    Moment,
    first_difference,
    play,
    random_actions,
)
from splagger.environments.contract.host.tasks import packed
from splagger.environments.contract.repeatability import CHECK as REPEATABILITY
from splagger.environments.contract.tasks import CHECK as TASKS
from splagger.environments.host.gymnasium_environment import GymnasiumEnvironment

_TASKS = 6
_EPISODES = 2


def check_steps(environment: GymnasiumEnvironment, copy: Copy) -> Iterator[Finding]:
    """Plays an episode of several tasks at random and checks what was seen."""
    steps = min(environment.max_episode_steps, MOST_STEPS)
    plays = []
    for seed in range(_TASKS):
        task = copy.draw_task(seed)
        before = packed(task)
        plays.append(list(play(copy, task, seed, random_actions(environment, seed, steps))))
        if packed(task) != before:
            raise Breach(
                failure(
                    TASKS,
                    "reset and step",
                    "after an episode the task that set_task was given has other numbers: it does "
                    "not stay the same for a trial.",
                    "Let set_task keep a copy of it, and change nothing in it.",
                )
            )
    yield from copy.observations.findings()
    moments = [moment for moments in plays for moment in moments[1:]]
    yield _rewards(moments)
    yield from _success(environment, plays)
    lengths = [len(moments) - 1 for moments in plays]
    yield from _divergence(environment, moments)
    ended = sum(moments[-1].ended for moments in plays)
    yield passed(
        "ends of episodes",
        "step",
        f"{ended} of {len(plays)} ended by themselves; {min(lengths)} to {max(lengths)} steps of "
        f"at most {environment.max_episode_steps}",
    )


def check_copies(environment: GymnasiumEnvironment) -> Iterator[Finding]:
    """Checks that a seed decides what happens, and that neither trials nor copies meddle."""
    actions = random_actions(environment, 0, min(environment.max_episode_steps, MOST_STEPS))

    def trial(copy: Copy, seed: int = 0) -> Iterator[Moment]:
        return play(copy, copy.draw_task(seed), seed, actions, _EPISODES)

    with closing(Copy(environment)) as first, closing(Copy(environment)) as second:
        alone = list(trial(first))
        _compare(
            alone,
            list(trial(second)),
            "in two copies, the same task, seed and actions gave two results: {}",
            "Draw all that is random from self.np_random, which super().reset(seed=seed) seeds, "
            "and keep what changes in attributes of self, not of the class or of a module.",
        )
        yield passed(REPEATABILITY, "reset and step", "a seed decides what happens")
        list(trial(first, 1))
        _compare(
            alone,
            list(trial(first)),
            "after another trial, the same task, seed and actions gave another result: {}",
            "Put back in reset all that changes in an episode, and in set_task what outlives one.",
        )
        yield passed(REPEATABILITY, "set_task and reset", "trials do not touch each other")
        together = itertools.zip_longest(trial(first), trial(second, 1))
        _compare(
            alone,
            [moment for moment, _ in together if moment is not None],
            "where another copy was stepped in between, the same task, seed and actions gave "
            "another result: {}",
            "Copies share something: keep it in attributes of self that __init__ sets, not of the "
            "class or of a module.",
        )
        yield passed(REPEATABILITY, "reset and step", "copies do not touch each other")


def check_effect(environment: GymnasiumEnvironment, copy: Copy) -> Iterator[Finding]:
    """Checks that it shows in what the agent sees which task it is."""
    if not copy.has("sample_task") or environment.tasks == 1:
        return
    tasks = [copy.draw_task(seed) for seed in range(_TASKS)]
    if len({packed(task) for task in tasks}) == 1:
        return
    steps = min(environment.max_episode_steps, MOST_STEPS)
    for seed, (task, other) in enumerate(itertools.pairwise([*tasks, tasks[0]])):
        actions = random_actions(environment, seed, steps)
        here, there = (list(play(copy, chosen, seed, actions)) for chosen in (task, other))
        if first_difference(here, there):
            yield passed(TASKS, "set_task", "what happens depends on the task")
            return
    yield warning(
        TASKS,
        "set_task",
        "in another task, but with the same seed and actions, all observations, rewards and ends "
        f"of {_TASKS} episodes of random play stayed the same: does the task matter?",
        "Use in reset or step what set_task keeps; ignore this if only rare events depend on it.",
    )


def _rewards(moments: Sequence[Moment]) -> Finding:
    check = "rewards"
    rewards = np.array([moment.reward for moment in moments])
    bad = ~(np.abs(rewards) <= np.finfo(np.float32).max)
    if bad.any():
        return failure(
            check,
            "step",
            f"{np.sum(bad)} of {len(rewards)} rewards that step returned are nan or inf.",
            "Look for divisions by 0, logarithms of 0 and numbers that grow without end.",
        )
    return passed(check, "step", f"from {np.min(rewards):g} to {np.max(rewards):g}")


def _success(
    environment: GymnasiumEnvironment, plays: Sequence[Sequence[Moment]]
) -> Iterator[Finding]:
    check = "success"
    whole = [
        moments[-1]
        for moments in plays
        if moments[-1].ended or len(moments) > environment.max_episode_steps
    ]
    if environment.has_success and any(moment.success is None for moment in whole):
        yield failure(
            check,
            "step",
            "has_success is true, but at an episode's end the info that step returned holds "
            "neither success nor is_success.",
            'Set info["success"] in the last step at least, even where max_episode_steps cuts off.',
        )
    elif not environment.has_success and any(moment.success for moment in whole):
        yield warning(
            check,
            "has_success",
            "step reports successes, but has_success is not true, so that nobody counts them.",
            "Set has_success = True in the class.",
        )


def _divergence(environment: GymnasiumEnvironment, moments: Sequence[Moment]) -> Iterator[Finding]:
    check = "divergence"
    diverged = [moment for moment in moments if moment.diverged]
    if diverged and not environment.may_diverge:
        yield failure(
            check,
            "may_diverge",
            "step says that it diverged, but may_diverge is not true, so that nothing comes of it.",
            "Set may_diverge = True in the class.",
        )
    paid = [moment.reward for moment in diverged if moment.reward != 0]
    if paid:
        yield failure(
            check,
            "step",
            f"a step that diverged has the reward {paid[0]:g}: an agent would learn from the "
            "simulator's failure.",
            "Return the reward 0 there, and the observation from before the step.",
        )


def _compare(one: Any, other: Any, message: str, fix: str) -> None:
    if difference := first_difference(one, other):
        method, where = difference
        raise Breach(failure(REPEATABILITY, method, f"{method}: {message.format(where)}.", fix))
