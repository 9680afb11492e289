"""What the registry knows about one environment."""

import dataclasses
import inspect
import typing
from collections.abc import Callable
from typing import Any, Literal

from splagger.environments.environment import Environment
from splagger.environments.host.host_environment import HostEnvironment
from splagger.environments.trial_description import Boundary

SimulatedOn = Literal["jax", "host", "either"]
"""See `EnvironmentEntry.simulated_on`."""


@dataclasses.dataclass(frozen=True)
class Option:
    """A keyword parameter of an environment's builder."""

    type: Any
    """Its annotation, such as `int` or `float | None`; `Any` where there is none."""
    default: Any
    """Its default, or `inspect.Parameter.empty` where it must be given."""


@dataclasses.dataclass(frozen=True)
class EnvironmentEntry:
    """One registered environment.

    To add an environment, make an entry next to it and append it to the list in
    `splagger.environments.registry`.
    """

    name: str
    """The readable name, such as `t-maze-long-noise`: lower case, words joined by hyphens."""
    description: str
    """One line that says what the agent has to do."""
    builder: Callable[..., Environment | HostEnvironment]
    """Makes the environment, or describes it. Each keyword parameter, with its annotation and
    default, becomes an option of the same name."""
    episodes: int
    """Episodes of a trial unless something else is asked for, at least 1."""
    aliases: tuple[str, ...] = ()
    """Other names, among them those of the published code."""
    published_boundary: Boundary = "terminal"
    """What the published code shows where an episode ends inside a trial (Q7)."""
    simulated_on: SimulatedOn = "jax"
    """Whether it is compiled with the agent, or stepped by Python, or as its option `simulator`
    says. The latter two need packages that may not be installed: then only its builder says so."""
    held_out: tuple[tuple[str, Any], ...] = ()
    """The options of its tasks that are held out for evaluations, where there are such. Training
    with these options is refused."""

    @property
    def options(self) -> dict[str, Option]:
        """The builder's options by name, in the order of its parameters."""
        return builder_options(self.builder)


def published_entry(
    name: str,
    published: str | tuple[str, ...],
    description: str,
    builder: Callable[..., Environment | HostEnvironment],
    *,
    episodes: int,
    boundary: Boundary = "terminal",
    simulated_on: SimulatedOn = "jax",
) -> EnvironmentEntry:
    """An entry whose aliases are published ids, such as `T-LN-v0`, with and without the version.

    **Arguments:** as the fields of `EnvironmentEntry`; `published` is one id or several.
    """
    ids = (published,) if isinstance(published, str) else published
    short = tuple(published_id.removesuffix("-v0") for published_id in ids)
    return EnvironmentEntry(
        name=name,
        description=description,
        builder=builder,
        episodes=episodes,
        # A readable name may be what a published id is without its version.
        aliases=(*ids, *(alias for alias in short if alias.lower() != name)),
        published_boundary=boundary,
        simulated_on=simulated_on,
    )


def builder_options(builder: Callable[..., Any]) -> dict[str, Option]:
    """The options of a function or class: its keyword parameters, by name and in order."""
    # Annotations may be strings; where one names something unknown here, no type is checked.
    try:
        hints = typing.get_type_hints(builder.__init__ if inspect.isclass(builder) else builder)
    except (NameError, TypeError):
        hints = {}
    return {
        name: Option(type=hints.get(name, Any), default=parameter.default)
        for name, parameter in inspect.signature(builder).parameters.items()
        if parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
    }
