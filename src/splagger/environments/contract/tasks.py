"""Checks that there are several tasks and that they matter."""

from collections.abc import Iterator

import jax
import numpy as np

from splagger.environments.contract.evidence import Evidence
from splagger.environments.contract.findings import Finding, failure, passed, warning
from splagger.environments.contract.programs import plain
from splagger.environments.environment import Environment

CHECK = "tasks"
"""The name of these checks."""


def different_tasks(evidence: Evidence) -> int:
    """How many of the drawn tasks differ from each other."""
    leaves = [plain(leaf) for leaf in jax.tree.leaves(evidence.tasks)]
    if not leaves:
        return 1
    rows = np.concatenate([leaf.reshape(len(leaf), -1).astype(float) for leaf in leaves], axis=1)
    return len(np.unique(rows, axis=0))


def check_tasks(environment: Environment, evidence: Evidence) -> Iterator[Finding]:
    """Checks that tasks differ between keys, and that it shows in what the agent sees."""
    different, drawn = different_tasks(evidence), len(evidence.episode.start_index)
    if environment.tasks == 1:
        yield passed(CHECK, "sample_task", "there is one task, as tasks says")
        return
    if different == 1:
        yield failure(
            CHECK,
            "sample_task",
            f"sample_task returned the same task for {drawn} keys.",
            "Draw the task by the key, for instance jax.random.uniform(key); if there is only one "
            "task, say so by tasks = 1.",
        )
        return
    yield passed(CHECK, "sample_task", f"{different} of {drawn} tasks differ")
    if _matter(evidence):
        yield passed(CHECK, "reset and step", "they depend on the task")
    else:
        yield warning(
            CHECK,
            "reset and step",
            "in another task, but with the same keys and actions, all observations, rewards and "
            f"ends of {drawn} episodes of random play stayed the same: does the task matter?",
            "Use the task in reset or step; ignore this if only rare events depend on it.",
        )


def _matter(evidence: Evidence) -> bool:
    here, there = evidence.episode, evidence.elsewhere
    if np.any(here.start.total != there.start.total):
        return True
    one, other = here.moments, there.moments
    running = one.running & other.running
    return bool(
        np.any(one.running != other.running)
        or np.any((one.observation.total != other.observation.total) & running)
        or np.any((one.reward != other.reward) & running)
        or np.any((one.terminated != other.terminated) & running)
        or np.any((one.success != other.success) & running)
    )
