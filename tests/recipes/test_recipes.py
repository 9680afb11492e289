import dataclasses
from dataclasses import replace

import pytest

from splagger.foundation.errors import UserError
from splagger.foundation.settings import ConventionSettings, LearningSettings
from splagger.recipes.agents import AGENTS
from splagger.recipes.published_settings import published_settings, with_published_elbo
from splagger.recipes.recipes import RECIPES, settings_for


@pytest.mark.parametrize("recipe", RECIPES)
@pytest.mark.parametrize("agent", AGENTS)
def test_every_recipe_suits_every_agent(recipe: str, agent: str):
    settings = settings_for("t-maze-latent:episodes=2", agent, recipe)
    assert settings.environment == "t-maze-latent:episodes=2"
    other = AGENTS[agent].settings
    for name in ("name", "aggregator", "split", "straight_through", "learned_start"):
        assert getattr(settings.agent, name) == getattr(other, name)
    assert replace(settings.agent.encoder, size=256) == other.encoder
    assert type(settings.agent.policy) is type(other.policy)


def test_default_mends_what_is_peculiar():
    conventions = settings_for("t-maze-latent", "splagger").conventions
    assert dataclasses.asdict(conventions) == {
        "boundary": "both",  # Q7
        "memory_reset": "after-last-transition",  # Q1
        "restart_memory": False,  # Q2
        "reset_all_returns": False,  # Q6
        "critic_bias_bound": None,  # Q9
        "early_statistics": False,  # Q14
        "time_limits": "bootstrap",  # Q15
        "action_encoding": "one-hot",  # Q19
        "train_prior": True,  # Q28
        "elbo_scale": "expectation",  # Q4, Q21
        "replay_latent_noise": True,  # Q5
    }
    assert conventions == ConventionSettings()


@pytest.mark.parametrize("agent", AGENTS)
def test_paper_has_the_published_conventions(agent: str):
    settings = settings_for("T-LN-P1-v0", agent, "paper")
    assert dataclasses.asdict(settings.conventions) == {
        "boundary": "published",
        "memory_reset": "before-last-transition",
        "restart_memory": True,
        "reset_all_returns": True,
        "critic_bias_bound": 1.0,
        "early_statistics": True,
        "time_limits": "terminal",
        "action_encoding": "index",
        "train_prior": False,
        "elbo_scale": "published",
        "replay_latent_noise": False,
    }
    made_of = AGENTS[agent].settings
    objective = with_published_elbo(made_of.objective, published_settings("T-LN-P1-v0"))
    assert settings.agent == dataclasses.replace(made_of, objective=objective)


@pytest.mark.parametrize("recipe", ["default", "paper"])
def test_learning_has_the_published_numbers(recipe: str):
    learning = settings_for("t-maze-long-noise", "splagger", recipe).learning
    assert dataclasses.asdict(learning) == {
        "environments": 16,
        "steps": 700,
        "epochs": 2,
        "minibatches": 4,
        "minibatch_kind": "time-steps",
        "discount": 0.95,
        "trace_decay": 0.95,
        "clip": 0.05,
        "entropy_weight": 0.1,
        "value_weight": 0.5,
        "maximum_gradient_norm": 0.5,
        "reward_clip": 10.0,
        "policy_epsilon": 1e-5,
        "sequence_epsilon": 1e-8,
        "anneal_learning_rate": False,
        "gradient_steps": None,
        "precollect_frames": 0,
        "measure_inputs": False,
    }


@pytest.mark.parametrize(
    ("environment", "frames"),
    [
        ("t-maze-long-noise", 1_500_000),
        ("T-LN-P1-v0", 1_500_000),
        ("t-maze-latent", 1_500_000),
        ("t-maze-agreement", 10_000_000),
        ("t-maze-agreement:length=20", 10_000_000),
        ("T-LN-P1-A50-v0", 10_000_000),
        ("t-ln-p1-a50-v0", 10_000_000),
        ("t-maze-agreement-position", 10_000_000),
    ],
)
def test_paper_trains_and_evaluates_as_long_as_published(environment: str, frames: int):
    settings = settings_for(environment, "splagger", "paper")
    assert settings.frames == frames
    assert settings.seeds == 3
    assert settings.evaluation_tasks == 16


def test_small_is_smaller_and_nothing_else():
    small, default = (settings_for("t-maze-latent", "rnn", name) for name in ("small", "default"))
    assert small.agent.encoder.size < default.agent.encoder.size
    assert max(small.agent.policy.hidden_sizes) < min(default.agent.policy.hidden_sizes)
    assert small.learning == dataclasses.replace(
        LearningSettings(), steps=400, minibatch_kind="environments"
    )
    assert small.conventions == default.conventions


def test_unknown_recipes_are_refused_with_the_nearest_names():
    with pytest.raises(UserError) as error:
        settings_for("t-maze-latent", "splagger", "papper")
    assert str(error.value) == "unknown recipe 'papper': did you mean paper?"
