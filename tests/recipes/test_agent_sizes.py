import pytest

from splagger.foundation.errors import UserError
from splagger.recipes.agent_sizes import AgentSizes, agent_sizes
from splagger.recipes.recipes import settings_for


def test_sizes_of_the_paper():
    settings = settings_for("t-maze-long-noise", "splagger", "paper")
    assert agent_sizes(settings) == AgentSizes(265_976, 5_150_707, 256 + 128 + 24)


def test_transformers_remember_as_much_as_the_longest_trial():
    settings = settings_for("t-maze-long-noise", "transformer", "paper")
    assert agent_sizes(settings).memory == 16 * 604 + 1 + 24


def test_an_unknown_environment_is_refused():
    with pytest.raises(UserError, match="unknown environment"):
        agent_sizes(settings_for("nowhere", "splagger"))
