"""What the published experiments set for each family of environments.

Importing this module does not import jax.
"""

from dataclasses import dataclass, field

from splagger.foundation.agent_settings import EmbeddingSettings
from splagger.foundation.settings import LearningSettings


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


_PLANNING = LearningSettings(entropy_weight=0.0)

_FAMILIES: tuple[tuple[tuple[str, ...], PublishedSettings], ...] = (
    (("t-maze-agreement", "t-ln-p1-a50"), PublishedSettings(frames=10_000_000)),
    (("t-maze-", "t-l"), PublishedSettings()),
    (
        ("planning-game-3x3-goal-only", "planninggame-3x3-justgoal"),
        PublishedSettings(10_000_000, evaluation_interval=10, learning=_PLANNING),
    ),
    (
        ("planning-game", "planninggame"),
        PublishedSettings(50_000_000, evaluation_interval=10, learning=_PLANNING),
    ),
    (
        ("minecraft-maze-", "mc-"),
        PublishedSettings(
            60_000_000,
            evaluation_interval=10,
            seeds=4,
            learning=LearningSettings(steps=800, anneal_learning_rate=True),
        ),
    ),
    (
        ("grid", "hall"),
        PublishedSettings(
            4_000_000,
            evaluation_interval=5,
            learning=LearningSettings(steps=60),
            embedding=EmbeddingSettings(action=0),
        ),
    ),
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
