"""Whole settings by name: for an environment and an agent, everything else.

Importing this module does not import jax.
"""

from collections.abc import Callable
from dataclasses import replace

from splagger.environments.options import with_option
from splagger.foundation.agent_settings import AgentSettings
from splagger.foundation.encoder_settings import OverwritingTransformerSettings
from splagger.foundation.errors import unknown_name
from splagger.foundation.settings import ConventionSettings, LearningSettings, Settings
from splagger.recipes.agents import find_agent
from splagger.recipes.objectives import with_objective
from splagger.recipes.policy_sizes import with_policy_size
from splagger.recipes.published_settings import (
    PublishedSettings,
    published_settings,
    with_published_elbo,
)


def default(environment: str, agent: AgentSettings) -> Settings:
    """The paper's sizes and numbers, with the published system's peculiarities mended."""
    return Settings(
        environment=environment,
        agent=_with_small_buffer(agent),
        learning=published_settings(environment).learning,
    )


def paper(environment: str, agent: AgentSettings) -> Settings:
    """The published system: its settings and its peculiarities (Q1, Q2, Q6, Q7, Q9, Q14, Q15, Q19,
    Q28, Q38, and where it has them Q4, Q5, Q21, Q25), for comparisons with its results."""
    published = published_settings(environment)
    for option, value in published.environment_options:
        environment = with_option(environment, option, value)
    learning = published.learning
    if isinstance(agent.encoder, OverwritingTransformerSettings):
        # The published transformer was trained with shorter rollouts: it is slow.
        learning = replace(learning, steps=min(learning.steps, 175))
    if not agent.objective.policy_gradient:
        learning = replace(learning, precollect_frames=5_000)
    agent = _with_published_warm_up(agent, published, learning)
    return Settings(
        environment=environment,
        agent=agent,
        learning=learning,
        conventions=ConventionSettings(
            boundary="published",
            memory_reset="before-last-transition",
            restart_memory=True,
            reset_all_returns=True,
            critic_bias_bound=1.0,
            early_statistics=True,
            time_limits=published.time_limits,
            action_encoding="index",
            train_prior=False,
            elbo_scale="published",
            replay_latent_noise=False,
        ),
        seeds=published.seeds,
        frames=published.frames,
        evaluation_interval=published.evaluation_interval,
        evaluation_tasks=16,
    )


def small(environment: str, agent: AgentSettings) -> Settings:
    """A small network for two cores and a few minutes: the same code, fewer neurons."""
    learning = published_settings(environment).learning
    return Settings(
        environment=environment,
        agent=replace(
            _with_small_buffer(agent),
            encoder=replace(agent.encoder, size=64),
            layers_before_encoder=tuple(64 for _ in agent.layers_before_encoder),
            policy=replace(
                agent.policy,
                observation_embedding=32,
                latent_embedding=8,
                hidden_sizes=(32, 32),
            ),
        ),
        learning=replace(learning, steps=min(learning.steps, 400), minibatch_kind="environments"),
    )


RECIPES: dict[str, Callable[[str, AgentSettings], Settings]] = {
    "default": default,
    "paper": paper,
    "small": small,
}
"""Every recipe by its name."""


def settings_for(
    environment: str,
    agent: str | AgentSettings,
    recipe: str = "default",
    *,
    policy_size: str | None = None,
    objective: str | None = None,
) -> Settings:
    """Settings for an environment and an agent by a recipe.

    **Arguments:**

    - `environment`: its name; it is looked up when it is built. The recipe `paper` adds options
        that make it what was published, unless they are given.
    - `agent`: its name, which takes the embeddings published for such environments; or what it is
        made of.
    - `recipe`: one of `RECIPES`.
    - `policy_size`: one of `POLICY_SIZES`, in place of the recipe's; None keeps that.
    - `objective`: one of `OBJECTIVES`, in place of the agent's own; None keeps that.

    **Raises:** `UserError` for an unknown agent, recipe, size or objective, with the nearest names.
    """
    if recipe not in RECIPES:
        raise unknown_name("recipe", recipe, RECIPES)
    if isinstance(agent, str):
        made_of, published = find_agent(agent).settings, published_settings(environment)
        if objective is not None:
            made_of = with_objective(made_of, objective)
        made_of = replace(
            made_of,
            embedding=replace(
                published.embedding, full_transitions=made_of.embedding.full_transitions
            ),
            policy=replace(made_of.policy, latent_embedding=published.latent_embedding),
            objective=with_published_elbo(made_of.objective, published),
        )
    else:
        made_of = agent if objective is None else with_objective(agent, objective)
    settings = RECIPES[recipe](environment, made_of)
    if policy_size is None:
        return settings
    return replace(settings, agent=with_policy_size(settings.agent, policy_size))


def _with_published_warm_up(
    agent: AgentSettings, published: PublishedSettings, learning: LearningSettings
) -> AgentSettings:
    """Task inference with the published warm-up, unless that is longer than the published run."""
    inference = agent.objective.task_inference
    updates = published.frames // (learning.environments * learning.steps)
    if inference is None or published.warm_up_updates >= updates:
        return agent
    inference = replace(inference, warm_up_updates=published.warm_up_updates)
    return replace(agent, objective=replace(agent.objective, task_inference=inference))


def _with_small_buffer(agent: AgentSettings) -> AgentSettings:
    """At most 10,000 remembered trials: the published numbers make states of hundreds of MB."""
    elbo = agent.objective.elbo
    if elbo is None:
        return agent
    elbo = replace(elbo, buffer=min(elbo.buffer, 10_000))
    return replace(agent, objective=replace(agent.objective, elbo=elbo))
