from splagger.recipes.agent_sizes import AgentSizes, agent_sizes
from splagger.recipes.build import build_trial
from splagger.recipes.recipes import settings_for


def test_sizes_of_the_paper():
    settings = settings_for("t-maze-long-noise", "splagger", "paper")
    expected = AgentSizes(265_976, 5_150_707, 256 + 128 + 24)
    assert agent_sizes(settings, build_trial(settings)) == expected


def test_transformers_remember_as_much_as_the_longest_trial():
    settings = settings_for("t-maze-long-noise", "transformer", "paper")
    assert agent_sizes(settings, build_trial(settings)).memory == 16 * 604 + 1 + 24
