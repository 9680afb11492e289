import pytest

from splagger.environments.registry import ENTRIES
from splagger.recipes.published_settings import PublishedSettings, published_settings
from splagger.recipes.recipes import settings_for


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_every_name_of_an_environment_means_the_same_settings(entry):
    settings = published_settings(entry.name)
    for name in entry.aliases:
        assert published_settings(name) == settings
        assert published_settings(f"{name.upper()}:episodes=3") == settings


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ("T-LN-P1-v0", (1_500_000, 1, 3, 700, 0.1, False, 8)),
        ("T-LN-P1-A50-v0", (10_000_000, 1, 3, 700, 0.1, False, 8)),
        ("PlanningGame-3x3-v0", (50_000_000, 10, 3, 700, 0.0, False, 8)),
        ("PlanningGame-3x3-justgoal-v0", (10_000_000, 10, 3, 700, 0.0, False, 8)),
        ("MC-LS-v0", (60_000_000, 10, 4, 800, 0.1, True, 8)),
        ("GridNavi-v0", (4_000_000, 5, 3, 60, 0.1, False, 0)),
        ("Hall-L60H80-rshape-v0", (4_000_000, 5, 3, 60, 0.1, False, 0)),
    ],
)
def test_the_paper_s_numbers(environment: str, expected: tuple):
    settings = settings_for(environment, "splagger", "paper")
    learning = settings.learning
    assert expected == (
        settings.frames,
        settings.evaluation_interval,
        settings.seeds,
        learning.steps,
        learning.entropy_weight,
        learning.anneal_learning_rate,
        settings.agent.embedding.action,
    )


def test_an_agent_that_was_composed_keeps_its_embedding():
    composed = settings_for("t-maze-latent", "splagger").agent
    assert settings_for("GridNavi-v0", composed).agent.embedding.action == 8


def test_classes_of_users_are_of_no_family():
    assert published_settings("grid:Navigation") == PublishedSettings()
    assert published_settings("hall:Corridor:length=3") == PublishedSettings()
    assert published_settings("hall:length=3") == published_settings("hall")
