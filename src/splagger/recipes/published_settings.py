"""What the published experiments set for each family of environments.

Importing this module does not import jax.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Literal

from splagger.foundation.agent_settings import EmbeddingSettings
from splagger.foundation.objective_settings import (
    ElboSettings,
    ObjectiveSettings,
    RewardDecoderSettings,
    StateDecoderSettings,
)
from splagger.foundation.settings import LearningSettings

_ELBO = ElboSettings(terms=50, resample=True, buffer=5_000)


@dataclass(frozen=True)
class PublishedSettings:
    """The settings that differ between families; all others are the same everywhere."""

    frames: int = 1_500_000
    """Environment steps of every member."""
    evaluation_interval: int = 1
    """Updates between two evaluations."""
    seeds: int = 3
    """Seeds that are trained for every learning rate."""
    learning: LearningSettings = field(default_factory=LearningSettings)
    """How agents learn."""
    embedding: EmbeddingSettings = field(default_factory=EmbeddingSettings)
    """How transitions enter their sequence models."""
    elbo: ElboSettings = field(default_factory=lambda: _ELBO)
    """How those that learn to predict do it, and what. The published code remembers 100,000 trials
    of mazes and grids, more than a run has: here it is as many as a run has."""
    task_hidden_sizes: tuple[int, ...] = (32, 32)
    """Widths of the hidden layers of what predicts the task, or the policy's view of it."""
    warm_up_updates: int = 563
    """For how many updates task inference tells them the task."""
    latent_embedding: int = 25
    """Width of the embedded latent in their policies."""
    time_limits: Literal["zero-advantage", "terminal"] = "terminal"
    """How the published code credits an episode that a time limit cut (Q15)."""
    environment_options: tuple[tuple[str, str], ...] = ()
    """Options of the environment, names and values as text, with which it is what the published
    code has."""


_LONG = replace(_ELBO, buffer=100_000)
_GRID = ElboSettings(buffer=70_000)
_CONTROL_ELBO = ElboSettings(
    reward=RewardDecoderSettings((64, 32)),
    kl_weight=0.1,
    updates=1,
    trajectories=10,
    terms=50,
    decodes=50,
    buffer=10_000,
)

_PLANNING = LearningSettings(entropy_weight=0.0)

_CONTROL = LearningSettings(
    steps=400,
    discount=0.97,
    trace_decay=0.9,
    clip=0.1,
    entropy_weight=0.01,
    policy_epsilon=1e-8,
)
_HALF_CHEETAH = PublishedSettings(
    75_000_000,
    evaluation_interval=25,
    learning=_CONTROL,
    embedding=EmbeddingSettings(action=16, reward=16),
    elbo=_CONTROL_ELBO,
    task_hidden_sizes=(64, 32),
    time_limits="zero-advantage",
)
_ANT = replace(
    _HALF_CHEETAH,
    learning=replace(_CONTROL, steps=200, minibatches=1),
    latent_embedding=10,
)
_RANDOM_BODY = replace(
    _HALF_CHEETAH,
    learning=replace(_CONTROL, steps=200, minibatches=2, clip=0.05),
    embedding=EmbeddingSettings(action=32, reward=32),
    elbo=replace(_CONTROL_ELBO, reward=None, state=StateDecoderSettings((256, 128)), kl_weight=1.0),
    # Q38: constants that follow from a drawn body stay those of the undrawn one.
    environment_options=(("recompute", "false"),),
)
_META_WORLD = replace(
    _HALF_CHEETAH,
    frames=100_000_000,
    elbo=replace(
        _CONTROL_ELBO,
        reward=RewardDecoderSettings((128, 64, 32)),
        state=StateDecoderSettings((128, 64, 32)),
        kl_weight=1.0,
        updates=3,
    ),
    learning=replace(
        _CONTROL,
        environments=8,
        steps=600,
        minibatches=8,
        entropy_weight=0.001,
        reward_clip=100_000.0,
    ),
)

_FAMILIES: tuple[tuple[tuple[str, ...], PublishedSettings], ...] = (
    (
        ("t-maze-agreement", "t-ln-p1-a50"),
        PublishedSettings(10_000_000, elbo=replace(_ELBO, buffer=25_000)),
    ),
    (("t-maze-", "t-l"), PublishedSettings()),
    (
        ("planning-game-3x3-goal-only", "planninggame-3x3-justgoal"),
        PublishedSettings(10_000_000, evaluation_interval=10, learning=_PLANNING, elbo=_LONG),
    ),
    (
        ("planning-game", "planninggame"),
        PublishedSettings(50_000_000, evaluation_interval=10, learning=_PLANNING, elbo=_LONG),
    ),
    (
        ("minecraft-maze-", "mc-"),
        PublishedSettings(
            60_000_000,
            evaluation_interval=10,
            seeds=4,
            learning=LearningSettings(steps=800, anneal_learning_rate=True),
            elbo=_LONG,
        ),
    ),
    (
        ("grid", "hall"),
        PublishedSettings(
            4_000_000,
            evaluation_interval=5,
            learning=LearningSettings(steps=60),
            elbo=_GRID,
            warm_up_updates=100,
            embedding=EmbeddingSettings(action=0),
        ),
    ),
    # Of continuous control, five environments have published settings: HalfCheetahDir and
    # HalfCheetahVel, which share theirs, AntDir, Walker2DRandParams and ML10. The others of a body
    # or of Meta-World are given the same, and the hopper the walker's.
    (("hopper-", "hopperrand", "walker-", "walker2d"), _RANDOM_BODY),
    (("half-cheetah-", "halfcheetah", "hop"), _HALF_CHEETAH),
    (("ant-", "antdir", "antgoal"), _ANT),
    (("meta-world-", "metaworld_"), _META_WORLD),
)
"""By how the names of their environments begin, in small letters; the first that fits counts."""


def published_settings(environment: str) -> PublishedSettings:
    """The published settings of the family that an environment belongs to.

    **Arguments:**

    - `environment`: its name or a published id, with or without options. It is not looked up: of
        names of no family, such as those of a user's own classes, the settings are the mazes'.
    """
    name = environment.strip().lower()
    if ":" in name and name.partition(":")[2].partition(":")[0].isidentifier():
        return PublishedSettings()
    for beginnings, settings in _FAMILIES:
        if name.startswith(beginnings):
            return settings
    return PublishedSettings()


def with_published_elbo(
    objective: ObjectiveSettings, published: PublishedSettings
) -> ObjectiveSettings:
    """An objective with what the published settings say about the bound and its decoders.

    What the objective decodes of the task stays; and where it decodes neither rewards nor states,
    that does, and its weight of the divergence.
    """
    elbo, inference = objective.elbo, objective.task_inference
    if elbo is None:
        return objective
    own: dict[str, Any] = {
        "task": elbo.task and replace(elbo.task, hidden_sizes=published.task_hidden_sizes)
    }
    if elbo.reward is None and elbo.state is None:
        own |= {"reward": None, "state": None, "kl_weight": elbo.kl_weight}
    return replace(
        objective,
        elbo=replace(published.elbo, **own),
        task_inference=inference and replace(inference, hidden_sizes=published.task_hidden_sizes),
    )
