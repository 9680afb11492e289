import pytest

from splagger.foundation.agent_settings import AgentSettings
from splagger.foundation.errors import UserError
from splagger.foundation.policy_settings import HypernetworkSettings, PlainPolicySettings
from splagger.recipes.policy_sizes import POLICY_SIZES, with_policy_size


def test_the_default_is_the_papers():
    assert with_policy_size(AgentSettings(), "xl") == AgentSettings()


@pytest.mark.parametrize(
    ("name", "embedding", "hidden"),
    [("xs", 64, (64, 32)), ("S", 128, (64, 64)), ("m", 128, (128, 64)), ("XXL", 1024, (512, 512))],
)
def test_sizes_change_and_nothing_else(name: str, embedding: int, hidden: tuple[int, ...]):
    settings = AgentSettings(policy=PlainPolicySettings(observe=False, latent_embedding=10))
    policy = PlainPolicySettings(
        observe=False,
        latent_embedding=10,
        observation_embedding=embedding,
        hidden_sizes=hidden,
    )
    assert with_policy_size(settings, name) == AgentSettings(policy=policy)


def test_unknown_sizes_are_refused_with_the_nearest_names():
    with pytest.raises(UserError, match="unknown policy size 'xxxl': did you mean xxl"):
        with_policy_size(AgentSettings(), "xxxl")


def test_generated_layers_must_fit_every_size():
    policy = HypernetworkSettings(hidden_sizes=(8,), generated_layers=(True, False))
    for name in POLICY_SIZES:
        with pytest.raises(UserError, match="generated_layers has 2 entries"):
            with_policy_size(AgentSettings(policy=policy), name)
