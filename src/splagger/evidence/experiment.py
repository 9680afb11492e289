"""One agent on one environment: what a figure of the paper compares with others."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class Experiment:
    """An agent on an environment, with changes to its settings where it has any."""

    environment: str
    """The environment's name, without options."""
    agent: str
    """The agent's name."""
    variant: str = ""
    """What sets it apart from the agent as it is, as in figures: `KL 0.01`."""
    changes: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    """Other values of settings, as `train` takes them."""
    fresh: bool = False
    """Whether it is trained again with fresh seeds at the learning rate that was chosen."""

    @property
    def label(self) -> str:
        """What figures and tables call it."""
        return f"{self.agent} {self.variant}".strip()

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from all others: environment and label."""
        return self.environment, self.label


def experiments(environment: str, *agents: str, fresh: tuple[str, ...] = ()) -> list[Experiment]:
    """Agents as they are, on one environment.

    **Arguments:**

    - `environment`: its name.
    - `agents`: their names.
    - `fresh`: those of them that are trained with fresh seeds too.
    """
    return [Experiment(environment, agent, fresh=agent in fresh) for agent in agents]
