"""Environments by name, and the text by which a user asks for one."""

import dataclasses
import importlib
import inspect
from typing import Any

from splagger.environments.entries import EnvironmentEntry, builder_options
from splagger.environments.environment import Environment
from splagger.environments.grid_navigation.family import GRIDS, HALLS
from splagger.environments.minecraft_maze.family import MINECRAFT_MAZES
from splagger.environments.options import read_value, split_options, write_value
from splagger.environments.planning_game.family import PLANNING_GAMES
from splagger.environments.point_robot.family import POINT_ROBOTS
from splagger.environments.t_maze.family import T_MAZES
from splagger.environments.trial import Trial
from splagger.environments.trial_description import Boundary
from splagger.foundation.checks import check_at_least
from splagger.foundation.errors import UserError, unknown_name

ENTRIES: tuple[EnvironmentEntry, ...] = (
    *T_MAZES,
    *PLANNING_GAMES,
    *MINECRAFT_MAZES,
    *GRIDS,
    *HALLS,
    *POINT_ROBOTS,
)
"""Every registered environment, in the order in which they are listed to users."""

_BY_NAME = {name.lower(): entry for entry in ENTRIES for name in (entry.name, *entry.aliases)}


def environment_names() -> tuple[str, ...]:
    """The readable names of all registered environments, in their order, without aliases."""
    return tuple(entry.name for entry in ENTRIES)


def entry(name: str) -> EnvironmentEntry:
    """The entry of a name or alias, upper or lower case.

    **Raises:** `UserError` for an unknown name, with the nearest ones.
    """
    if name.lower() not in _BY_NAME:
        raise unknown_name("environment", name, environment_names())
    return _BY_NAME[name.lower()]


@dataclasses.dataclass(frozen=True)
class EnvironmentSpecification:
    """Which environment, with which options: what a text such as
    `t-maze-long-noise:length=20,episodes=8` says.

    Equal specifications have equal text (`str`), whatever aliases, order, or options that only
    repeat a default they were written with.
    """

    name: str
    """The readable name of a registered environment, or `package.module:ClassName`."""
    options: tuple[tuple[str, Any], ...] = ()
    """The builder's options that differ from their defaults, sorted by name.

    Of a user's own class they are still text until the class is imported.
    """
    episodes: int | None = None
    """The episodes of a trial, where they differ from the environment's default."""

    @classmethod
    def parse(cls, text: str) -> "EnvironmentSpecification":
        """Reads `NAME[:option=value,...]` or `package.module:ClassName[:option=value,...]`.

        Every environment has the option `episodes`, the number of episodes of a trial. Nothing is
        imported, so the options of a user's own class are not checked yet.

        **Raises:** `UserError` for unknown names and options and for values of the wrong type.
        """
        name, _, rest = text.strip().partition(":")
        class_name, _, class_options = rest.partition(":")
        known = name.lower() in _BY_NAME
        if not known and class_name.isidentifier():
            name, rest = f"{name}:{class_name}", class_options
            default_episodes, types = 1, None
        else:
            found = entry(name)
            name, default_episodes, types = found.name, found.episodes, found.options

        written = split_options(rest, name)
        episodes = None
        if "episodes" in written:
            episodes = read_value(written.pop("episodes"), int, "episodes", name)
            check_at_least(f"option 'episodes' of environment '{name}'", episodes, 1)
        options: dict[str, Any] = dict(written)
        if types is not None:
            values = _typed(written, types, name)
            options = {key: value for key, value in values.items() if value != types[key].default}
        return cls(
            name=name,
            options=tuple(sorted(options.items())),
            episodes=None if episodes == default_episodes else episodes,
        )

    def __str__(self) -> str:
        options = dict(self.options)
        if self.episodes is not None:
            options["episodes"] = self.episodes
        listed = ",".join(f"{name}={write_value(value)}" for name, value in options.items())
        return f"{self.name}:{listed}" if listed else self.name

    @property
    def entry(self) -> EnvironmentEntry | None:
        """The registry's entry, or `None` for a user's own class."""
        return _BY_NAME.get(self.name)

    @property
    def trial_episodes(self) -> int:
        """The episodes of a trial: as specified, or the default, which is 1 for a user's class."""
        if self.episodes is not None:
            return self.episodes
        return self.entry.episodes if self.entry else 1

    @property
    def published_boundary(self) -> Boundary:
        """The boundary convention of the published code for such an environment (Q7)."""
        return self.entry.published_boundary if self.entry else "terminal"

    def build(self, trust: bool = False) -> Environment:
        """Makes the environment.

        **Arguments:**

        - `trust`: whether code may be imported, which a user's own class needs.

        **Raises:** `UserError` where importing would be needed and is not allowed, where it
        fails, and where the environment rejects its options.
        """
        if self.entry is not None:
            return self.entry.builder(**dict(self.options))
        environment_class = _import_class(self.name, trust)
        types = builder_options(environment_class)
        options = _typed(dict(self.options), types, self.name)
        try:
            return environment_class(**options)
        except TypeError as error:
            raise UserError(f"environment '{self.name}' cannot be made: {error}.") from error

    def trial(
        self, episodes: int | None = None, boundary: Boundary = "both", trust: bool = False
    ) -> Trial:
        """Makes the environment and its trials; the arguments are those of `make_trial`."""
        episodes = self.trial_episodes if episodes is None else episodes
        return Trial(self.build(trust), episodes=episodes, boundary=boundary)


def canonical_name(text: str) -> str:
    """The one text for all the ways to ask for the same environment, options included.

    `T-LN-P1-v0:length=20` and `t-maze-long-noise:length=20,episodes=4` both become
    `t-maze-long-noise:length=20`, so their runs share a folder.

    **Raises:** `UserError` as `EnvironmentSpecification.parse` does.
    """
    return str(EnvironmentSpecification.parse(text))


def make_trial(
    text: str,
    episodes: int | None = None,
    boundary: Boundary = "both",
    trust: bool = False,
) -> Trial:
    """Makes the trials that a text asks for.

    **Arguments:**

    - `text`: `NAME[:option=value,...]` or `package.module:ClassName[:option=value,...]`.
    - `episodes`: episodes of a trial, at least 1. If given it goes before the text's own option.
    - `boundary`: what is seen where an episode ends inside a trial; see `Trial.boundary`.
    - `trust`: whether code may be imported, which a user's own class needs.

    **Raises:** `UserError` for anything in the text that is unknown or does not fit.
    """
    return EnvironmentSpecification.parse(text).trial(episodes, boundary, trust)


def _typed(written: dict[str, str], types: dict, name: str) -> dict[str, Any]:
    for option in written:
        if option not in types:
            raise unknown_name(f"option of environment '{name}'", option, [*types, "episodes"])
    return {
        option: read_value(text, types[option].type, option, name)
        for option, text in written.items()
    }


def _import_class(name: str, trust: bool) -> type[Environment]:
    module_name, _, class_name = name.partition(":")
    if not trust:
        raise UserError(
            f"environment '{name}' would import and run code from {module_name}: "
            "if you trust it, allow that by trust=True, or --trust on the command line."
        )
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        raise UserError(
            f"environment '{name}' cannot be imported from {module_name}: "
            f"{type(error).__name__}: {error} (is its folder on PYTHONPATH?)"
        ) from error
    found = getattr(module, class_name, None)
    if found is None:
        classes = [
            key
            for key, value in vars(module).items()
            if inspect.isclass(value) and issubclass(value, Environment)
        ]
        raise unknown_name(f"class in {module_name}", class_name, classes)
    if not (inspect.isclass(found) and issubclass(found, Environment)):
        raise UserError(
            f"environment '{name}' must be a subclass of splagger.environments.Environment, "
            f"but {class_name} is not."
        )
    return found
