"""The sizes of policies by name. Importing this module does not import jax."""

from dataclasses import dataclass, replace

from splagger.foundation.agent_settings import AgentSettings
from splagger.foundation.errors import unknown_name


@dataclass(frozen=True)
class PolicySize:
    """Widths of a policy's layers."""

    observation_embedding: int
    """Width of the embedded observation."""
    hidden_sizes: tuple[int, ...]
    """Widths of the hidden layers of actor and critic."""


POLICY_SIZES: dict[str, PolicySize] = {
    "xs": PolicySize(64, (64, 32)),
    "s": PolicySize(128, (64, 64)),
    "m": PolicySize(128, (128, 64)),
    "l": PolicySize(256, (128, 128)),
    "xl": PolicySize(256, (256, 128)),
    "xxl": PolicySize(1024, (512, 512)),
}
"""Every published size by its name; the paper's agents are `xl`."""


def with_policy_size(settings: AgentSettings, name: str) -> AgentSettings:
    """The same agent with a policy of another size.

    **Raises:** `UserError` for an unknown size, with the nearest names, or where
    `agent.policy.generated_layers` does not fit its number of layers.
    """
    if name.lower() not in POLICY_SIZES:
        raise unknown_name("policy size", name, POLICY_SIZES)
    size = POLICY_SIZES[name.lower()]
    policy = replace(
        settings.policy,
        observation_embedding=size.observation_embedding,
        hidden_sizes=size.hidden_sizes,
    )
    return replace(settings, policy=policy)
