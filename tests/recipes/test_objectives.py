from dataclasses import replace

import equinox as eqx
import jax.numpy as jnp
import pytest
from support.objectives import GRID, objective_settings, started, update
from support.tiny import numbers_of, tiny_learner

from splagger.foundation.agent_settings import AgentSettings
from splagger.foundation.aggregator_settings import (
    GaussianProductSettings,
    MaxSettings,
    MeanSettings,
)
from splagger.foundation.encoder_settings import (
    CausalTransformerSettings,
    FeedForwardSettings,
    GRUSettings,
    LinearRecurrenceSettings,
    LSTMSettings,
)
from splagger.foundation.errors import UserError
from splagger.foundation.objective_settings import (
    ElboSettings,
    ObjectiveSettings,
    TaskInferenceSettings,
)
from splagger.foundation.policy_settings import (
    FilmSettings,
    HypernetworkSettings,
    PlainPolicySettings,
)
from splagger.recipes.agents import find_agent
from splagger.recipes.objectives import OBJECTIVES, with_objective
from splagger.recipes.recipes import settings_for

ENCODERS = {
    "gru": GRUSettings(),
    "feed-forward": FeedForwardSettings(),
    "linear": LinearRecurrenceSettings(),
    "lstm": LSTMSettings(),
    "transformer": CausalTransformerSettings(width=4, layers=1, heads=2),
}
AGGREGATORS = {
    "none": None,
    "max": MaxSettings(),
    "mean": MeanSettings(),
    "gaussian": GaussianProductSettings(),
}
POLICIES = {
    "plain": PlainPolicySettings(),
    "hypernetwork": HypernetworkSettings(),
    "film": FilmSettings(),
}
DIRECT = "direct"
"""Task inference end to end, which no named agent has."""
ALL = (*OBJECTIVES, DIRECT)

# Every objective meets every encoder, aggregator and policy, and these meet one another.
PRODUCT = [
    (
        objective,
        encoder,
        list(AGGREGATORS)[(i + j) % 4],
        "hypernetwork" if objective == "bi++" else list(POLICIES)[(i + 2 * j) % 3],
    )
    for i, objective in enumerate(ALL)
    for j, encoder in enumerate(ENCODERS)
]


def agent_of(objective: str, encoder: str, aggregator: str, policy: str) -> AgentSettings:
    agent = AgentSettings(
        f"{encoder}-{aggregator}-{policy}",
        encoder=ENCODERS[encoder],
        aggregator=AGGREGATORS[aggregator],
        split=aggregator in ("max", "mean"),
        policy=POLICIES[policy],
    )
    if objective == DIRECT:
        return replace(agent, objective=ObjectiveSettings(task_inference=TaskInferenceSettings()))
    return with_objective(agent, objective)


def test_all_pairs_are_looked_at():
    for kinds, column in ((ENCODERS, 1), (AGGREGATORS, 2), (POLICIES, 3)):
        pairs = {(combination[0], combination[column]) for combination in PRODUCT}
        left_out = {(o, k) for o in ALL for k in kinds} - pairs
        assert left_out == ({("bi++", "plain"), ("bi++", "film")} if column == 3 else set())
    assert len({combination[1:3] for combination in PRODUCT}) == 20
    assert len({combination[1::2] for combination in PRODUCT}) == 15


@pytest.mark.parametrize("combination", PRODUCT, ids="+".join)
def test_every_objective_goes_with_every_sequence_model_and_policy(combination):
    settings = objective_settings(agent_of(*combination))
    learner = tiny_learner(settings)
    state = eqx.filter_eval_shape(learner.initialise, jnp.asarray(0), numbers_of(settings))
    new, metrics = eqx.filter_eval_shape(learner.update, state)
    assert eqx.tree_equal(new, state)  # in shapes and dtypes
    elbo = settings.agent.objective.elbo
    assert ("kl" in metrics) == (elbo is not None)
    assert ("embedding_error" in metrics) == (combination[0] == DIRECT)
    assert all(metric.shape == () for metric in metrics.values())


def test_an_unusual_combination_learns():
    settings = objective_settings(agent_of(DIRECT, "lstm", "max", "film"))
    learner, state = tiny_learner(settings), started(settings)
    new, metrics = update(learner, state)
    assert int(new.failed_at) == -1
    assert all(bool(jnp.isfinite(metric)) for metric in metrics.values())
    assert float(metrics["first_log_ratio"]) < 1e-5
    for part in ("sequence_model", "actor_critic"):
        before, after = (getattr(s.agent.networks, part) for s in (state, new))
        assert not eqx.tree_equal(before, after)


# Names


@pytest.mark.parametrize("name", OBJECTIVES)
def test_an_agent_gets_another_objective_and_says_so(name: str):
    base = find_agent("splagger").settings
    named = OBJECTIVES[name]
    changed = with_objective(base, name)
    assert changed == replace(
        base,
        name=f"splagger+{name}",
        objective=named.settings,
        sample_latent=named.sample_latent,
    )
    settings = settings_for(GRID, "splagger", objective=name)
    assert settings.agent.name == f"splagger+{name}"
    assert settings.agent.encoder == base.encoder
    assert named.description


def test_what_the_objectives_are():
    varibad = OBJECTIVES["varibad"].settings
    assert OBJECTIVES["end-to-end"].settings == ObjectiveSettings()
    assert varibad == ObjectiveSettings(policy_gradient=False, elbo=ElboSettings())
    assert [name for name, named in OBJECTIVES.items() if named.sample_latent] == ["pearl"]
    pearl = OBJECTIVES["pearl"].settings
    assert pearl.policy_gradient
    assert pearl.elbo is not None
    assert (pearl.elbo.reward, pearl.elbo.state, pearl.elbo.task) == (None, None, None)
    assert (pearl.elbo.kl_weight, pearl.elbo.weight) == (1e-6, 1.0)
    assert pearl.elbo.kl_target == "previous"
    naive = OBJECTIVES["ti-naive"].settings
    assert naive.task_inference is None
    assert naive.elbo is not None
    assert naive.elbo.task is not None
    assert (naive.elbo.task.target, naive.elbo.task.weight) == ("vector", 1.0)
    for name, target, hard in (
        ("ti", "task-code", True),
        ("ti++", "task-code", False),
        ("bi++", "base-network", False),
    ):
        settings = OBJECTIVES[name].settings
        assert (settings.policy_gradient, settings.elbo) == (False, varibad.elbo)
        inference = settings.task_inference
        assert inference is not None
        assert (inference.target, inference.weight) == (target, 1.0)
        assert (inference.freeze_in_warm_up, inference.reset_after_warm_up) == (hard, hard)


def test_an_unknown_objective_is_told_the_nearest():
    with pytest.raises(UserError, match="unknown objective 'varibat': did you mean varibad"):
        with_objective(find_agent("rnn").settings, "varibat")
    with pytest.raises(UserError, match="unknown objective"):
        settings_for(GRID, "rnn", objective="nothing")


@pytest.mark.parametrize(
    ("agent", "objective", "message"),
    [
        ("multi-task", "ti", "told the task anyway"),
        ("multi-network", "ti++", "told the task anyway"),
        ("rnn+s", "bi++", "agent.policy is plain, which generates no weights"),
        ("splagger-film", "bi++", "agent.policy is film, which generates no weights"),
    ],
)
def test_objectives_that_do_not_fit_the_agent(agent: str, objective: str, message: str):
    with pytest.raises(UserError, match=message):
        settings_for(GRID, agent, objective=objective)
