from dataclasses import replace
from typing import Any

import equinox as eqx
import jax
import pytest
from support.objectives import GRID, objective_settings
from support.tiny import tiny_learner

from splagger.foundation.aggregator_settings import GaussianProductSettings, MeanSettings
from splagger.foundation.encoder_settings import FeedForwardSettings, GRUSettings
from splagger.foundation.objective_settings import ObjectiveSettings
from splagger.foundation.policy_settings import (
    FilmSettings,
    HypernetworkSettings,
    MultiNetworkSettings,
    PlainPolicySettings,
)
from splagger.recipes.agents import AGENTS, GROUPS, find_agent
from splagger.recipes.inference_agents import INFERENCE, ORACLES, TASK_INFERENCE
from splagger.recipes.objectives import OBJECTIVES
from splagger.recipes.recipes import settings_for

GRU, PLAIN, HYPER = GRUSettings(), PlainPolicySettings(), HypernetworkSettings()
NO_INIT = HypernetworkSettings(hyper_initialisation="none")
GAUSS = GaussianProductSettings()

# What the published experiment files set for each model, by its label; and what has no label.
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "VI": ("varibad", {"policy": PLAIN}),
    "VI_HN": ("varibad", {"policy": HYPER}),
    "VI+HN": ("varibad", {"policy": HYPER}),
    "VariBAD+HN": ("varibad", {"policy": HYPER}),
    "VI_HN_noInit": ("varibad", {"policy": NO_INIT}),
    "FiLM_Bias-HyperInit": ("varibad", {"policy": FilmSettings()}),
    "FiLM_Normc": ("varibad", {"policy": FilmSettings(hyper_initialisation="none")}),
    "PEARL": ("pearl", {"encoder": FeedForwardSettings(), "aggregator": GAUSS, "policy": HYPER}),
    "pearl-gru": ("pearl", {"aggregator": GAUSS, "policy": HYPER}),
    "PEARL_vari": ("varibad", {"aggregator": GAUSS, "policy": HYPER}),
    "neural-process": (
        "varibad",
        {"encoder": FeedForwardSettings(), "aggregator": MeanSettings(), "policy": HYPER},
    ),
    "TI_Naive": ("ti-naive", {"policy": PLAIN}),
    "TI": ("ti", {"policy": PLAIN}),
    "TI++": ("ti++", {"policy": PLAIN}),
    "TI_pp": ("ti++", {"policy": PLAIN}),
    "TI+HN": ("ti", {"policy": HYPER}),
    "TI_HN": ("ti", {"policy": HYPER}),
    "TI++HN": ("ti++", {"policy": HYPER}),
    "TI_pp_HN": ("ti++", {"policy": HYPER}),
    "BI++HN": ("bi++", {"policy": HYPER}),
    "BI_pp_HN": ("bi++", {"policy": HYPER}),
}
ENTRIES = {entry.settings.name: entry for entry in (*INFERENCE, *TASK_INFERENCE, *ORACLES)}


@pytest.mark.parametrize("label", MODELS)
def test_labels_name_the_published_models(label: str):
    settings = find_agent(label).settings
    objective, parts = MODELS[label]
    expected = {
        "encoder": GRU,
        "aggregator": None,
        "split": False,
        "straight_through": False,
        "learned_start": False,
        "objective": OBJECTIVES[objective].settings,
        "sample_latent": objective == "pearl",
        **parts,
    }
    assert {name: getattr(settings, name) for name in expected} == expected


def test_the_oracles():
    told = ObjectiveSettings(policy_gradient=False)
    for label in ("multi-task", "Multi+HN", "Multi_HN"):
        oracle = find_agent(label).settings
        assert oracle.policy == HypernetworkSettings(source="task")
        assert (oracle.objective, oracle.encoder) == (told, GRU)
    belief = find_agent("belief-oracle").settings
    assert belief.policy == HypernetworkSettings(source="belief")
    assert belief.objective == told
    nets = find_agent("Multinet").settings
    assert nets.policy == MultiNetworkSettings()
    assert nets.objective == ObjectiveSettings()
    assert {entry.settings.name for entry in ORACLES} == {
        "multi-task",
        "multi-network",
        "belief-oracle",
    }


def test_every_entry_is_a_named_agent_in_one_group():
    for name, entry in ENTRIES.items():
        assert AGENTS[name] is entry
        assert sum(entry in group for group in GROUPS.values()) == 1
        assert find_agent(name) is entry
        assert all(find_agent(alias) is entry for alias in entry.aliases)
        assert len(entry.description) < 100
    labels = [*AGENTS, *(alias for entry in AGENTS.values() for alias in entry.aliases)]
    assert len(set(labels)) == len(labels)
    assert len(ENTRIES) == 18


@pytest.mark.parametrize("recipe", ["default", "paper", "small"])
@pytest.mark.parametrize("name", ENTRIES)
def test_every_entry_has_settings_by_every_recipe(name: str, recipe: str):
    settings = settings_for(GRID, name, recipe)
    named = ENTRIES[name].settings
    assert settings.agent.name == name
    assert settings.agent.sample_latent == named.sample_latent
    assert type(settings.agent.policy) is type(named.policy)
    ours, theirs = settings.agent.objective, named.objective
    assert ours.policy_gradient == theirs.policy_gradient
    assert (ours.elbo is None) == (theirs.elbo is None)
    if ours.elbo is not None and theirs.elbo is not None:
        assert (ours.elbo.reward is None) == (theirs.elbo.reward is None)
        assert (ours.elbo.task is None) == (theirs.elbo.task is None)
        if theirs.elbo.reward is None:
            assert ours.elbo.kl_weight == 1e-6
    if theirs.task_inference is None:
        assert ours.task_inference is None
    else:
        inference = ours.task_inference
        assert inference is not None
        kept = {"hidden_sizes": inference.hidden_sizes, "warm_up_updates": None}
        assert replace(inference, **kept) == replace(theirs.task_inference, **kept)
        assert inference.warm_up_updates == (100 if recipe == "paper" else None)


@pytest.mark.parametrize("name", ENTRIES)
def test_every_entry_is_built(name: str):
    settings = objective_settings(name)
    learner = tiny_learner(settings)
    agent = eqx.filter_eval_shape(learner.build_agent, jax.random.key(0))
    objective = settings.agent.objective
    warm_up = objective.task_inference is not None
    assert (agent.networks.decoders is None) == (objective.elbo is None)
    assert (learner.objective.elbo is None) == (objective.elbo is None)
    assert learner.objective.policy_gradient == objective.policy_gradient
    assert (agent.told is None) == (not warm_up)
    # Statistics of latents where the policy does not train them; of tasks where it may see them.
    assert (agent.latents is None) == objective.policy_gradient
    assert (agent.tasks is None) == (not warm_up and name != "multi-task")
    needs = {"multi-task": "vector", "multi-network": "index", "belief-oracle": "belief"}
    assert agent.networks.actor_critic.needs_task == needs.get(name)
    assert agent.sample_latent == (name in ("pearl", "pearl-gru"))
