"""All agents by name. Importing this module does not import jax."""

from splagger.foundation.errors import unknown_name
from splagger.recipes.agent_entry import AgentEntry
from splagger.recipes.inference_agents import INFERENCE, ORACLES, TASK_INFERENCE
from splagger.recipes.policy_agents import INITIALISATIONS, POLICIES
from splagger.recipes.sequence_agents import AGGREGATORS, ENCODERS, METHODS

GROUPS: dict[str, tuple[AgentEntry, ...]] = {
    "methods": METHODS,
    "encoders": ENCODERS,
    "aggregators": AGGREGATORS,
    "policies": POLICIES,
    "initialisations": INITIALISATIONS,
    "inference": INFERENCE,
    "task inference": TASK_INFERENCE,
    "oracles": ORACLES,
}
"""The agents by what they vary, in the order in which they are listed."""

AGENTS: dict[str, AgentEntry] = {
    entry.settings.name: entry for group in GROUPS.values() for entry in group
}
"""Every agent by its name."""


def find_agent(name: str) -> AgentEntry:
    """Looks an agent up by name or by the paper's label.

    **Raises:** `UserError` for an unknown one, with the nearest names.
    """
    if name in AGENTS:
        return AGENTS[name]
    for entry in AGENTS.values():
        if name in entry.aliases:
            return entry
    labels = [label for entry in AGENTS.values() for label in entry.aliases]
    raise unknown_name("agent", name, [*AGENTS, *labels])
