"""Evaluating a trained run, also on another environment."""

from pathlib import Path
from typing import Any

import jax
import numpy as np

from splagger.agent import Agent
from splagger.environments.host.host_trial import HostTrial
from splagger.environments.registry import canonical_name
from splagger.environments.trial import Trial
from splagger.foundation.errors import UserError
from splagger.foundation.precision import matrix_product_precision
from splagger.learning.evaluation import Evaluation, tasks_of_group
from splagger.recipes.build import build_trial
from splagger.training.compilation_cache import enable_compilation_cache
from splagger.training.session import Session, open_session, restore_latest


def evaluate_run(
    run: str | Path,
    *,
    tasks: int = 256,
    environment: str | None = None,
    seed: int = 0,
    erase_memory: bool = False,
    trust: bool = False,
) -> dict[str, Any]:
    """Runs one trial in each of a number of fresh tasks with every member of a run.

    **Arguments:**

    - `run`: the run directory; its newest checkpoint is used.
    - `tasks`: how many fresh tasks, at least 1. Where tasks are in groups, as Meta-World's are,
        enough more are added that all groups have equally many.
    - `environment`: another environment than the one trained on, such as a longer maze. Without
        it, the one trained on, or the tasks that this one holds out.
    - `seed`: decides the tasks, which differ from all tasks of training; below 2^32.
    - `erase_memory`: whether the memory is erased before every action: what the agent can do
        without it.
    - `trust`: whether code that an environment's name refers to may be imported.

    **Returns:** JSON values: `environment`, `agent`, `tasks`, `optimal_trial_return` (None if
    unknown) and `members`, a list with `learning_rate`, `seed`, `frames`, `return_per_episode`,
    `trial_return`, `success_per_episode` (None where success is not defined), and `groups`, for
    every group of tasks by its name its own `return_per_episode` and `success_per_episode`.

    **Raises:** `UserError` if the run cannot be read or the other environment does not fit.
    """
    if tasks < 1:
        raise UserError(f"tasks is {tasks}, but it must be at least 1.")
    if not 0 <= seed < 2**32:
        raise UserError(f"seed is {seed}, but it must be at least 0 and below {2**32}.")
    enable_compilation_cache()
    directory, session = open_session(Path(run), trust=trust)
    state, metadata = restore_latest(directory, session)
    trial = trial_elsewhere(session, state.agent, environment, trust=trust)
    with matrix_product_precision(session.settings.precision):
        evaluation = jax.device_get(
            session.evaluate(
                state,
                session.later_evaluation_keys(seed),
                trial=trial,
                tasks=tasks,
                erase_memory=erase_memory,
            )
        )
    failed_at = np.asarray(state.failed_at)
    members = []
    for member, (learning_rate, member_seed) in enumerate(session.settings.members):
        updates = metadata["update"] if failed_at[member] < 0 else int(failed_at[member])
        own = jax.tree.map(lambda values, m=member: values[m], evaluation)
        whole = _rates(own, trial.has_success)
        groups = {
            name: _rates(tasks_of_group(own, group, len(trial.task_groups)), trial.has_success)
            for group, name in enumerate(trial.task_groups)
        }
        members.append(
            {
                "learning_rate": learning_rate,
                "seed": member_seed,
                "frames": updates * session.sweep.learner.frames_per_update,
                **whole,
                "trial_return": sum(whole["return_per_episode"]),
                "groups": groups,
            }
        )
    return {
        "environment": canonical_name(environment or session.evaluation_environment),
        "agent": session.settings.agent.name,
        "tasks": evaluation.returns.shape[1],
        "optimal_trial_return": trial.optimal_return,
        "members": members,
    }


def _rates(evaluation: Evaluation, has_success: bool) -> dict[str, Any]:
    """The means over some tasks, for each episode of a trial."""
    returns, success = (
        [float(value) for value in values.mean(axis=0)]
        for values in (evaluation.returns, evaluation.success)
    )
    return {
        "return_per_episode": returns,
        "success_per_episode": success if has_success else None,
    }


def trial_elsewhere(
    session: Session, agent: Agent, environment: str | None, *, trust: bool
) -> Trial | HostTrial:
    """The trials of an environment for an agent that was perhaps trained on another one.

    **Arguments:**

    - `session`: of the agent's run.
    - `agent`: one or more of its members.
    - `environment`: the environment; None for the one that the run is evaluated on.
    - `trust`: whether code that its name refers to may be imported.

    **Raises:** `UserError` if it does not fit the agent.
    """
    trained = session.trial
    if environment is None:
        return session.evaluation_trial
    trial = build_trial(session.settings, environment, trust=trust)
    if trial.observation_size != trained.observation_size:
        raise UserError(
            f"environment '{environment}' has observations of {trial.observation_size} numbers "
            f"(the episode-end flag of trials of several episodes included), but the agent was "
            f"trained with {trained.observation_size}."
        )
    if trial.action_space != trained.action_space:
        raise UserError(
            f"environment '{environment}' has the action space {trial.action_space}, but the "
            f"agent was trained with {trained.action_space}."
        )
    needed = agent.networks.actor_critic.needs_task
    if needed == "index" and trial.tasks != trained.tasks:
        raise UserError(
            f"environment '{environment}' has {trial.tasks or 'no finite number of'} tasks, but "
            f"the agent was trained with a network for each of {trained.tasks}."
        )
    if needed == "vector" and trial.task_size != trained.task_size:
        raise UserError(
            f"environment '{environment}' describes a task by {trial.task_size} numbers, but the "
            f"agent is told the true task and was trained with {trained.task_size}."
        )
    if needed == "belief" and trial.belief_size != trained.belief_size:
        given = "no exact belief"
        if trial.belief_size is not None:
            given = f"an exact belief of {trial.belief_size} probabilities"
        raise UserError(
            f"environment '{environment}' gives {given}, but the agent is told the belief and was "
            f"trained with {trained.belief_size} probabilities."
        )
    return trial
