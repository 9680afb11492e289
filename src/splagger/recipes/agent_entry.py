"""What a named agent is. Importing this module does not import jax."""

from dataclasses import dataclass, replace
from typing import Any

from splagger.foundation.agent_settings import AgentSettings
from splagger.foundation.aggregator_settings import MaxSettings
from splagger.foundation.encoder_settings import FeedForwardSettings, GRUSettings
from splagger.foundation.policy_settings import HypernetworkSettings


@dataclass(frozen=True)
class AgentEntry:
    """A named agent."""

    settings: AgentSettings
    """What it is made of, at the paper's sizes."""
    aliases: tuple[str, ...]
    """Labels that the paper or its experiment files use."""
    description: str
    """One line for `splagger agents`: what sets it apart."""


SPLAGGER = AgentSettings(
    "splagger",
    encoder=GRUSettings(),
    aggregator=MaxSettings(),
    split=True,
    policy=HypernetworkSettings(),
)
"""The paper's method, of which the other agents are variations."""

RNN = replace(SPLAGGER, name="rnn", aggregator=None, split=False)
"""The GRU alone."""

NO_SPLIT = replace(SPLAGGER, name="splagger-no-split", split=False)
"""All of the GRU's output goes through the maximum."""

ORDER_FREE = replace(NO_SPLIT, name="max", encoder=FeedForwardSettings())
"""The maximum without a GRU."""


def entry(description: str, base: AgentSettings, *aliases: str, **parts: Any) -> AgentEntry:
    """An agent that is `base` with some other `parts`."""
    return AgentEntry(replace(base, **parts), aliases, description)
