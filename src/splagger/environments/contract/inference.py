"""Checks of what an environment says about inferring the task: beliefs and places."""

from collections.abc import Iterator

import numpy as np

from splagger.environments.contract.evidence import Evidence
from splagger.environments.contract.findings import Finding, failure, passed
from splagger.environments.environment import Environment
from splagger.environments.places import Places

_ROUNDING = 1e-3


def check_inference(environment: Environment, evidence: Evidence) -> Iterator[Finding]:
    """Checks beliefs and places, where an environment gives them."""
    if type(environment).belief is not Environment.belief:
        yield _check_belief(evidence)
    places = environment.places
    if places is not None:
        yield _check_places(places, evidence)


def _check_belief(evidence: Evidence) -> Finding:
    check = method = "belief"
    moments = evidence.episode.moments
    running = moments.running
    wrong = ~(moments.belief_error <= _ROUNDING) & running
    if np.any(wrong):
        return failure(
            check,
            method,
            f"{np.sum(wrong)} of {np.sum(running)} beliefs are no probabilities: they do not sum "
            "to 1, are below 0, or hold nan.",
            "Divide by the sum, which must not be 0.",
        )
    if np.any(~moments.believed & running):
        return failure(
            check,
            method,
            "a belief gives the true task the probability 0.",
            "Rule out only tasks in which what was seen is impossible; order them as task_index.",
        )
    return passed(check, method, f"{np.sum(running)} sum to 1 and leave the true task possible")


def _check_places(places: Places, evidence: Evidence) -> Finding:
    check = method = "places"
    moments = evidence.episode.moments
    running = np.asarray(moments.running)
    numbers = np.asarray(moments.place)
    outside = numbers[running & ((numbers < 0) | (numbers >= places.count))]
    if len(outside):
        return failure(
            check,
            method,
            f"a step ended in place {outside[0]}, but count is {places.count}.",
            "Choose strides and count so that places are numbered from 0 to count - 1.",
        )
    right = np.asarray(moments.in_right_place)
    for row, here, success in zip(running, numbers, right, strict=True):
        both = set(here[row & success]) & set(here[row & ~success])
        if both:
            return failure(
                check,
                method,
                f"in one task a step into place {min(both)} was once a success and once not.",
                "Return None where something else than the place and the task decides.",
            )
    return passed(check, method, f"{np.sum(running)} steps ended in places of {places.count}")
