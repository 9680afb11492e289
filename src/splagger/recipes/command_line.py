"""From settings back to the shortest command line that asks for them.

Importing this module does not import jax.
"""

import dataclasses
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from splagger.foundation.agent_settings import AgentSettings
from splagger.foundation.errors import UserError
from splagger.foundation.objective_settings import ObjectiveSettings
from splagger.foundation.plain_values import to_plain
from splagger.foundation.settings import Settings
from splagger.recipes.agents import AGENTS
from splagger.recipes.objectives import OBJECTIVES
from splagger.recipes.policy_sizes import POLICY_SIZES
from splagger.recipes.recipes import RECIPES, settings_for

_ENVIRONMENT = "environment"


@dataclass(frozen=True)
class Difference:
    """A setting that is not what its recipe says."""

    name: str
    """Its full name, such as `learning.steps`."""
    value: Any
    """What it is: a plain value or a tuple of them."""
    usual: Any
    """What the recipe says."""


@dataclass(frozen=True)
class TrainCommand:
    """A call of `splagger train`: names to start from, and the flags for what differs from them."""

    environment: str
    """The environment to ask for; the recipe may add options to it."""
    agent: str
    """The name of the agent to start from."""
    recipe: str
    """The recipe to start from."""
    policy_size: str | None
    """The size of the policy to start from; None: the recipe's."""
    objective: str | None
    """The objective to start from; None: the agent's own."""
    differences: tuple[Difference, ...]
    """All other settings that have to be given, in the order in which settings are declared."""

    @property
    def words(self) -> list[str]:
        """What follows `splagger` on the command line."""
        words = ["train", self.environment]
        for flag, value, default in (
            ("--agent", self.agent, "splagger"),
            ("--recipe", self.recipe, "default"),
            ("--policy-size", self.policy_size, None),
            ("--objective", self.objective, None),
        ):
            if value is not None and value != default:
                words += [flag, value]
        for difference in self.differences:
            words += _flag(difference.name, difference.value)
        return words


def shortest_command(settings: Settings) -> TrainCommand | None:
    """Finds the command with the fewest words, of equals the one with the fewest characters.

    It starts from the agent that goes by the name in the settings, and where there is none that is
    made of the same parts, from any that is.

    **Arguments:**

    - `settings`: of any run.

    **Returns:** a command, or None where no flags can say it: an agent of parts that no named
    agent has together, composed in Python.
    """
    name = settings.agent.name
    for agents in ([name], [name.partition("+")[0]], AGENTS):
        commands = _commands(settings, [agent for agent in agents if agent in AGENTS])
        best = min(commands, key=_cost, default=None)
        if best is not None:
            return best
    return None


def _cost(command: TrainCommand) -> tuple[int, int]:
    words = command.words
    return len(words), len(" ".join(words))


def _commands(settings: Settings, agents: list[str]) -> Iterator[TrainCommand]:
    sizes = [None, *(name for name in POLICY_SIZES if _has_policy_size(settings.agent, name))]
    parts = _parts(settings.agent)
    for agent in agents:
        made_of = AGENTS[agent].settings
        for objective in (None, *OBJECTIVES):
            learns = made_of.objective if objective is None else OBJECTIVES[objective].settings
            # Without the check of a whole agent, which some objectives do not pass.
            if (*_parts(made_of)[:_OWN_PARTS], *_objective_parts(learns)) != parts:
                continue
            for recipe, policy_size in itertools.product(RECIPES, sizes):
                command = _command(
                    settings, agent, recipe=recipe, policy_size=policy_size, objective=objective
                )
                if command is not None:
                    yield command


_OWN_PARTS = 3


def _parts(agent: AgentSettings) -> tuple[type, ...]:
    """The classes of an agent's parts: no flag changes them."""
    own = type(agent.encoder), type(agent.aggregator), type(agent.policy)
    return *own, *_objective_parts(agent.objective)


def _objective_parts(objective: ObjectiveSettings) -> tuple[type, ...]:
    elbo = objective.elbo
    decoders = () if elbo is None else (elbo.reward, elbo.state, elbo.task)
    return tuple(type(part) for part in (objective.task_inference, elbo, *decoders))


def _command(settings: Settings, agent: str, **names: Any) -> TrainCommand | None:
    environment = settings.environment
    try:
        start = settings_for(environment, agent, **names)
    except UserError:
        # Of an objective that does not fit the agent.
        return None
    differences = _differences(start, settings, "")
    if differences is None:
        return None
    return TrainCommand(
        environment=_shortest_environment(environment, agent, names),
        agent=agent,
        differences=tuple(differences),
        **names,
    )


def _shortest_environment(environment: str, agent: str, names: dict[str, Any]) -> str:
    """Leaves out the options at the end that the recipe adds."""
    shorter = environment
    while True:
        name, comma, _ = shorter.rpartition(",")
        if not comma:
            name = shorter.rpartition(":")[0]
        if not name or ":" not in environment:
            return shorter
        try:
            if settings_for(name, agent, **names).environment != environment:
                return shorter
        except UserError:
            return shorter
        shorter = name


def _differences(usual: Any, given: Any, prefix: str) -> list[Difference] | None:
    """The settings that differ; None where parts do, for which there are no flags."""
    if type(usual) is not type(given):
        return None
    found = []
    for field in dataclasses.fields(given):
        name = f"{prefix}{field.name}"
        before, after = getattr(usual, field.name), getattr(given, field.name)
        if name == _ENVIRONMENT:
            if before != after:
                return None
        elif dataclasses.is_dataclass(before) or dataclasses.is_dataclass(after):
            parts = _differences(before, after, f"{name}.")
            if parts is None:
                return None
            found += parts
        elif before != after:
            found.append(Difference(name, after, before))
    return found


def _has_policy_size(agent: AgentSettings, name: str) -> bool:
    size = POLICY_SIZES[name]
    return (agent.policy.observation_embedding, agent.policy.hidden_sizes) == (
        size.observation_embedding,
        size.hidden_sizes,
    )


def _flag(name: str, value: Any) -> list[str]:
    """The words that set a setting."""
    group, _, last = f"--{name.replace('_', '-')}".rpartition(".")
    flag = f"{group}.{last}" if group else last
    if isinstance(value, bool):
        return [flag if value else f"{group}.no-{last}"]
    if isinstance(value, tuple):
        return [flag, *map(_word, value)]
    if isinstance(value, str) and value.startswith("-"):
        return [f"{flag}={value}"]
    return [flag, _word(value)]


def _word(value: Any) -> str:
    """The shortest text that is read as this value."""
    if isinstance(value, float):
        return min((repr(value), f"{value:g}"), key=lambda text: (float(text) != value, len(text)))
    return str(to_plain(value))
