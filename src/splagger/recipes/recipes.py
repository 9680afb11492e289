"""Whole settings by name: for an environment and an agent, everything else.

Importing this module does not import jax.
"""

from collections.abc import Callable
from dataclasses import replace

from splagger.foundation.encoder_settings import OverwritingTransformerSettings
from splagger.foundation.errors import unknown_name
from splagger.foundation.settings import ConventionSettings, LearningSettings, Settings
from splagger.recipes.agents import find_agent


def default(environment: str, agent: str) -> Settings:
    """The paper's sizes and numbers, with the published system's peculiarities mended."""
    return Settings(environment=environment, agent=find_agent(agent).settings)


def paper(environment: str, agent: str) -> Settings:
    """The published system: its settings and its peculiarities (Q1, Q2, Q6, Q7, Q9, Q14, Q15, Q19,
    Q28), for comparisons with its results."""
    settings = find_agent(agent).settings
    # The published transformer was trained with shorter rollouts: it is slow.
    short = isinstance(settings.encoder, OverwritingTransformerSettings)
    return Settings(
        environment=environment,
        agent=settings,
        learning=LearningSettings(steps=175) if short else LearningSettings(),
        conventions=ConventionSettings(
            boundary="published",
            memory_reset="before-last-transition",
            restart_memory=True,
            reset_all_returns=True,
            critic_bias_bound=1.0,
            early_statistics=True,
            time_limits="terminal",
            action_encoding="index",
            train_prior=False,
        ),
        seeds=3,
        frames=_published_frames(environment),
        evaluation_tasks=16,
    )


def small(environment: str, agent: str) -> Settings:
    """A small network for two cores and a few minutes: the same code, fewer neurons."""
    settings = find_agent(agent).settings
    return Settings(
        environment=environment,
        agent=replace(
            settings,
            encoder=replace(settings.encoder, size=64),
            layers_before_encoder=tuple(64 for _ in settings.layers_before_encoder),
            policy=replace(
                settings.policy,
                observation_embedding=32,
                latent_embedding=8,
                hidden_sizes=(32, 32),
            ),
        ),
        learning=LearningSettings(steps=400, minibatch_kind="environments"),
    )


RECIPES: dict[str, Callable[[str, str], Settings]] = {
    "default": default,
    "paper": paper,
    "small": small,
}
"""Every recipe by its name."""


def settings_for(environment: str, agent: str, recipe: str = "default") -> Settings:
    """Settings for an environment and an agent by a recipe.

    **Raises:** `UserError` for an unknown agent or recipe, with the nearest names. The environment
    is looked up when it is built.
    """
    if recipe not in RECIPES:
        raise unknown_name("recipe", recipe, RECIPES)
    return RECIPES[recipe](environment, agent)


def _published_frames(environment: str) -> int:
    name = environment.partition(":")[0].lower()
    agreement = name.startswith(("t-maze-agreement", "t-ln-p1-a50"))
    return 10_000_000 if agreement else 1_500_000
