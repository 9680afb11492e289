"""The agents by name. Importing this module does not import jax."""

from dataclasses import dataclass, replace

from splagger.foundation.errors import unknown_name
from splagger.foundation.settings import AgentSettings


@dataclass(frozen=True)
class AgentEntry:
    """A named agent."""

    settings: AgentSettings
    """What it is made of, at the paper's sizes."""
    aliases: tuple[str, ...]
    """Labels that the paper or its experiment files use."""
    description: str
    """One line for `splagger agents`."""


_SPLAGGER = AgentSettings()


def _agent(description: str, *aliases: str, **changes) -> AgentEntry:
    return AgentEntry(replace(_SPLAGGER, **changes), aliases, description)


AGENTS: dict[str, AgentEntry] = {
    entry.settings.name: entry
    for entry in (
        _agent(
            "GRU, half of it through a running maximum; hypernetwork policy: the paper's method",
            "SplAgger",
            name="splagger",
        ),
        _agent(
            "GRU, all of it through a running maximum; hypernetwork policy",
            "SplAgger_noSplit",
            name="splagger-no-split",
            split=False,
        ),
        _agent(
            "GRU alone; hypernetwork policy: the paper's RNN",
            "RNN",
            "RNN_HN",
            "RNN+HN",
            name="rnn",
            aggregator="none",
            split=False,
        ),
        _agent(
            "no recurrence, only a running maximum; hypernetwork policy",
            "Max",
            "SplAgger_noRNN",
            name="max",
            encoder="feed-forward",
            split=False,
        ),
        _agent(
            "GRU alone; plain policy of observation and latent",
            "RNN_S",
            "RNN+S",
            name="rnn+s",
            aggregator="none",
            split=False,
            policy="plain",
        ),
        _agent(
            "SplAgger's sequence model; plain policy of observation and latent",
            "SplAgger_S",
            name="splagger+s",
            policy="plain",
        ),
    )
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
