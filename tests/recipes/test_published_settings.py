import pytest

from splagger.environments.registry import ENTRIES, EnvironmentSpecification
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


CONTROL = {
    "HalfCheetahDir-v0": (75_000_000, 16, 400, 4, 0.1, 0.01, 10.0, 25, 16),
    "HalfCheetahVel-v0": (75_000_000, 16, 400, 4, 0.1, 0.01, 10.0, 25, 16),
    "HalfCheetahDirSparseTen-v0": (75_000_000, 16, 400, 4, 0.1, 0.01, 10.0, 25, 16),
    "Hop-v0": (75_000_000, 16, 400, 4, 0.1, 0.01, 10.0, 25, 16),
    "HopWalk-v0": (75_000_000, 16, 400, 4, 0.1, 0.01, 10.0, 25, 16),
    "AntDir-v0": (75_000_000, 16, 200, 1, 0.1, 0.01, 10.0, 10, 16),
    "ant-direction": (75_000_000, 16, 200, 1, 0.1, 0.01, 10.0, 10, 16),
    "AntGoal-v0": (75_000_000, 16, 200, 1, 0.1, 0.01, 10.0, 10, 16),
    "Walker2DRandParams-v0": (75_000_000, 16, 200, 2, 0.05, 0.01, 10.0, 25, 32),
    "HopperRandParams-v0": (75_000_000, 16, 200, 2, 0.05, 0.01, 10.0, 25, 32),
    "metaworld_ml1": (100_000_000, 8, 600, 8, 0.1, 0.001, 100_000.0, 25, 16),
    "metaworld_ml10": (100_000_000, 8, 600, 8, 0.1, 0.001, 100_000.0, 25, 16),
    "meta-world-ml10": (100_000_000, 8, 600, 8, 0.1, 0.001, 100_000.0, 25, 16),
}


@pytest.mark.parametrize("environment", CONTROL)
@pytest.mark.parametrize("agent", ["splagger", "rnn+s", "multi-network"])
def test_the_numbers_of_continuous_control(environment: str, agent: str):
    settings = settings_for(environment, agent, "paper")
    learning, embedding = settings.learning, settings.agent.embedding
    assert CONTROL[environment] == (
        settings.frames,
        learning.environments,
        learning.steps,
        learning.minibatches,
        learning.clip,
        learning.entropy_weight,
        learning.reward_clip,
        settings.agent.policy.latent_embedding,
        embedding.action,
    )
    assert embedding.reward == embedding.action
    assert embedding.observation == 32
    assert (learning.discount, learning.trace_decay, learning.epochs) == (0.97, 0.9, 2)
    assert (learning.policy_epsilon, learning.sequence_epsilon) == (1e-8, 1e-8)
    assert not learning.anneal_learning_rate
    assert (settings.evaluation_interval, settings.seeds) == (25, 3)
    assert settings.conventions.time_limits == "zero-advantage"


@pytest.mark.parametrize("name", ["walker-random-parameters", "HopperRandParams-v0"])
def test_the_paper_leaves_constants_of_random_bodies(name: str):
    assert settings_for(name, "rnn", "paper").environment == f"{name}:recompute=false"
    asked = f"{name}:spread=2,recompute=true"
    assert settings_for(asked, "rnn", "paper").environment == asked
    for recipe in ("default", "small"):
        assert settings_for(name, "rnn", recipe).environment == name
    assert settings_for("AntDir-v0", "rnn", "paper").environment == "AntDir-v0"


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.name)
def test_published_options_are_options_of_the_environment(entry):
    for option, _ in published_settings(entry.name).environment_options:
        assert option in entry.options
    EnvironmentSpecification.parse(settings_for(entry.name, "rnn", "paper").environment)


@pytest.mark.parametrize("environment", CONTROL)
def test_small_networks_learn_continuous_control_from_whole_environments(environment: str):
    learning = settings_for(environment, "splagger", "small").learning
    assert learning.steps <= 400
    assert learning.environments % learning.minibatches == 0


def test_an_agent_that_was_composed_keeps_its_embeddings():
    composed = settings_for("t-maze-latent", "splagger").agent
    assert settings_for("AntDir-v0", composed).agent == composed
    assert settings_for("GridNavi-v0", composed).agent.embedding.action == 8


def test_classes_of_users_are_of_no_family():
    assert published_settings("grid:Navigation") == PublishedSettings()
    assert published_settings("hopper-tasks:Hopper") == PublishedSettings()
    assert published_settings("hall:Corridor:length=3") == PublishedSettings()
    assert published_settings("hall:length=3") == published_settings("hall")
