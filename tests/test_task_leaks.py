"""No agent but an oracle sees the task while it acts, and none but in a warm-up is told it."""

from dataclasses import replace

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.objectives import GRID, Misleading, arbitrary_agent, drawn, objective_settings
from support.tiny import same

from splagger.agent import Agent
from splagger.environments.registry import make_trial
from splagger.environments.task_information import TaskInformation
from splagger.environments.trial import Trial
from splagger.learning.evaluation import Evaluation, evaluate
from splagger.recipes.agents import AGENTS
from splagger.recipes.build import build_trial

BATCH = 4
TRIAL = make_trial(GRID)
ORACLES = {"multi-task": "vector", "multi-network": "index", "belief-oracle": "belief"}
TOLD = [
    name for name, entry in AGENTS.items() if entry.settings.objective.task_inference is not None
]
evaluate_compiled = eqx.filter_jit(evaluate)


def information(seed: int, **kept) -> TaskInformation:
    """Something that might be true of a task."""
    generator = np.random.default_rng(seed)
    tasks = TRIAL.tasks
    assert tasks is not None
    belief = generator.dirichlet(np.ones(tasks), BATCH).astype(np.float32)
    vector = generator.normal(size=(BATCH, TRIAL.task_size)).astype(np.float32)
    task = TaskInformation(jnp.asarray(vector), jnp.arange(BATCH) + seed, jnp.asarray(belief), None)
    return replace(task, **kept)


def decisions(agent: Agent, task: TaskInformation) -> list:
    """All that an agent does with an observation and a memory: the probabilities of all actions,
    the value, and what it draws and would take."""
    memory = agent.initial_memory((BATCH,))
    memory = eqx.tree_at(lambda m: m.latent, memory, drawn(memory.latent, 3))
    observation = drawn(jax.ShapeDtypeStruct((BATCH, TRIAL.observation_size), jnp.float32), 4)
    choice = agent.act(memory, observation, task, jax.random.key(0))
    inputs = (observation, memory.latent, choice.latent_noise, task)
    distribution, value = agent.networks.actor_critic(*agent.policy_inputs(*inputs))
    probabilities = jnp.stack(
        [distribution.log_probability(jnp.full(BATCH, action)) for action in range(5)]
    )
    best = agent.act(memory, observation, task, None)
    return [choice, best, probabilities, value, agent.value(*inputs)]


@pytest.mark.parametrize("name", AGENTS)
def test_only_oracles_see_the_task_while_acting(name: str):
    agent = arbitrary_agent(objective_settings(name), TRIAL).on_its_own()
    told, otherwise = information(0), information(1)
    decided, other = decisions(agent, told), decisions(agent, otherwise)
    # Also told by somebody else: the agent alone decides whether it is.
    by_others = decisions(agent, replace(otherwise, told=jnp.ones((), bool)))
    if name not in ORACLES:
        assert same(decided, other)
        if name not in TOLD:
            assert agent.told is None
        else:
            assert same(decided, by_others)
        return
    # An oracle sees what it needs, and no more of it.
    assert agent.networks.actor_critic.needs_task == ORACLES[name]
    for mine, its in zip(decided[2:4], other[2:4], strict=True):
        assert float(jnp.min(jnp.max(jnp.abs(mine - its).reshape(-1, BATCH), axis=0))) > 1e-4
    needed = {ORACLES[name]: getattr(told, ORACLES[name])}
    assert same(decided, decisions(agent, information(1, **needed)))


@pytest.mark.parametrize("name", TOLD)
def test_in_its_warm_up_an_agent_sees_the_task_vector(name: str):
    agent = arbitrary_agent(objective_settings(name), TRIAL)
    warm = replace(agent, told=jnp.ones((), bool))
    told, otherwise = information(0), information(1)
    decided, other = decisions(warm, told), decisions(warm, otherwise)
    for mine, its in zip(decided[2:4], other[2:4], strict=True):
        assert float(jnp.min(jnp.max(jnp.abs(mine - its).reshape(-1, BATCH), axis=0))) > 1e-4
    # Nothing else of the task, and nothing once it is on its own.
    assert same(decided, decisions(warm, information(1, vector=told.vector)))
    alone = warm.on_its_own()
    assert same(decisions(alone, told), decisions(alone, otherwise))
    assert not same(decisions(alone, told), decided)


def test_the_list_of_those_that_may_see_the_task_is_complete():
    assert TOLD == [
        "ti",
        "ti++",
        "ti-hypernetwork",
        "ti++-hypernetwork",
        "bi++-hypernetwork",
    ]
    assert set(ORACLES) <= set(AGENTS)


# Whole evaluations


def evaluations(name: str, *, told: bool = False) -> tuple[Evaluation, Evaluation]:
    """An agent in an environment, and in one that plays the same and says something wrong."""
    settings = objective_settings(name)
    trial = build_trial(settings)
    agent = arbitrary_agent(settings, trial)
    if told:
        agent = replace(agent, told=jnp.ones((), bool))
    right, wrong = (
        evaluate_compiled(
            agent,
            Trial(Misleading(trial.environment, jnp.asarray(wrong)), trial.episodes),
            jax.random.key(1),
            tasks=16,
        )
        for wrong in (False, True)
    )
    return right, wrong


@pytest.mark.parametrize("name", ["varibad", "pearl", "ti"])
def test_a_misleading_environment_changes_no_evaluation(name: str):
    # In the middle of the warm-up an agent is evaluated on its own, too.
    right, misled = evaluations(name, told=name in TOLD)
    assert same(right, misled)


@pytest.mark.parametrize("name", ORACLES)
def test_a_misleading_environment_misleads_oracles(name: str):
    right, misled = evaluations(name)
    assert not same(right, misled)
