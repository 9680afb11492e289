"""Environments by name, and the text by which a user asks for one."""

import dataclasses
import importlib
import inspect
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Literal, overload

from splagger.environments.entries import EnvironmentEntry, builder_options
from splagger.environments.environment import Environment
from splagger.environments.grid_navigation.family import GRIDS, HALLS
from splagger.environments.host.gymnasium_environment import GymnasiumEnvironment
from splagger.environments.host.host_environment import HostEnvironment
from splagger.environments.host.host_trial import HostTrial
from splagger.environments.host.maker import EnvironmentMaker
from splagger.environments.locomotion.family import LOCOMOTION, suitable_simulator
from splagger.environments.meta_world.family import META_WORLDS
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
    *LOCOMOTION,
    *META_WORLDS,
)
"""Every registered environment, in the order in which they are listed to users."""

_SIMULATOR = "simulator"

_BY_NAME = {name.lower(): entry for entry in ENTRIES for name in (entry.name, *entry.aliases)}


def environment_names() -> tuple[str, ...]:
    """The readable names of all registered environments, in their order, without aliases."""
    return tuple(entry.name for entry in ENTRIES)


def compiled_names() -> tuple[str, ...]:
    """Those of `environment_names` that are compiled with the agent, and need no other package."""
    return tuple(entry.name for entry in ENTRIES if entry.simulated_on == "jax")


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
    """The readable name of a registered environment, or `package.module:Name` of a user's own."""
    options: tuple[tuple[str, Any], ...] = ()
    """The builder's options that differ from their defaults, sorted by name.

    Of a user's own environment they are still text until it is imported.
    """
    episodes: int | None = None
    """The episodes of a trial, where they differ from the environment's default, or where that is
    not known before a user's own environment is imported."""

    @classmethod
    def parse(cls, text: str) -> "EnvironmentSpecification":
        """Reads `NAME[:option=value,...]` or `package.module:Name[:option=value,...]`.

        Every environment has the option `episodes`, the number of episodes of a trial. Nothing is
        imported, so the options of a user's own environment are not checked yet.

        **Raises:** `UserError` for unknown names and options and for values of the wrong type.
        """
        name, _, rest = text.strip().partition(":")
        class_name, _, class_options = rest.partition(":")
        known = name.lower() in _BY_NAME
        if not known and class_name.isidentifier():
            if name.endswith(".py") or "/" in name or "\\" in name:
                raise UserError(
                    f"environment '{name}:{class_name}' must name its module as in an import, such "
                    f"as {Path(name).stem}:{class_name}, not as a file."
                )
            name, rest = f"{name}:{class_name}", class_options
            default_episodes, types = None, None
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
        """The registry's entry, or `None` for a user's own environment."""
        return _BY_NAME.get(self.name)

    @property
    def held_out(self) -> "EnvironmentSpecification":
        """The same environment with the tasks that are held out for evaluations; itself where it
        holds out none."""
        if self.entry is None:
            return self
        options = dict(self.options) | dict(self.entry.held_out)
        return dataclasses.replace(self, options=tuple(sorted(options.items())))

    @property
    def is_held_out(self) -> bool:
        """Whether these are tasks that must not be trained on."""
        return bool(self.entry and self.entry.held_out) and self == self.held_out

    @property
    def published_boundary(self) -> Boundary:
        """The boundary convention of the published code for such an environment (Q7)."""
        return self.entry.published_boundary if self.entry else "terminal"

    @property
    def simulator(self) -> str | None:
        """The value of the option `simulator`, perhaps `auto`; `None` where there is no choice.

        That is a user's own environment, and a registered one whose builder has no such option.
        """
        if self.entry is None or _SIMULATOR not in self.entry.options:
            return None
        return dict(self.options).get(_SIMULATOR, self.entry.options[_SIMULATOR].default)

    def with_simulator(self, simulator: str) -> "EnvironmentSpecification":
        """The same environment on another simulator.

        **Raises:** `UserError` where it has no choice of simulators, or not this one.
        """
        if self.entry is None or self.simulator is None:
            raise UserError(
                f"simulator is '{simulator}', but environment '{self.name}' has no choice of "
                "simulators, which walking bodies have, such as half-cheetah-direction: leave it "
                "out."
            )
        option = self.entry.options[_SIMULATOR]
        value = read_value(simulator, option.type, _SIMULATOR, self.name)
        options = dict(self.options) | {_SIMULATOR: value}
        if value == option.default:
            del options[_SIMULATOR]
        return dataclasses.replace(self, options=tuple(sorted(options.items())))

    def resolved(self) -> "EnvironmentSpecification":
        """The same with the simulator that suits this machine in place of `auto`: `mjx` where jax
        computes on a GPU, else `native`. The states of the two differ, so what is to be gone on
        with elsewhere is named by this."""
        if self.simulator != "auto":
            return self
        return self.with_simulator(suitable_simulator())

    def build(self, trust: bool = False) -> Environment | HostEnvironment:
        """Makes the environment, or describes one that is simulated on the host. Where its
        simulator is `auto`, it is on the one that suits this machine.

        **Arguments:**

        - `trust`: whether code may be imported, which a user's own environment needs.

        **Raises:** `UserError` where importing would be needed and is not allowed, where it
        fails, and where the environment rejects its options.
        """
        if self.entry is not None:
            return self.entry.builder(**dict(self.resolved().options))
        maker = _import_maker(self.name, trust)
        types = builder_options(maker)
        if not (inspect.isclass(maker) and issubclass(maker, Environment)):
            # How many a vectorised environment has side by side is not for its user to say.
            vectorised = types.pop("num_envs", None) is not None
            options = _typed(dict(self.options), types, self.name)
            described = EnvironmentMaker(self.name, tuple(sorted(options.items())))
            return _describe(described, vectorised)
        options = _typed(dict(self.options), types, self.name)
        try:
            return maker(**options)
        except TypeError as error:
            raise UserError(f"environment '{self.name}' cannot be made: {error}.") from error

    # Without trust nothing of the user's is imported, and most registered environments are jax's.
    # To type checkers they all are: of the others this is a `HostTrial`.
    @overload
    def trial(
        self,
        episodes: int | None = None,
        boundary: Boundary = "both",
        trust: Literal[False] = False,
    ) -> Trial: ...

    @overload
    def trial(
        self, episodes: int | None = None, boundary: Boundary = "both", *, trust: bool
    ) -> Trial | HostTrial: ...

    def trial(
        self, episodes: int | None = None, boundary: Boundary = "both", trust: bool = False
    ) -> Trial | HostTrial:
        """Makes the environment and its trials; the arguments are those of `make_trial`."""
        environment = self.build(trust)
        if episodes is None:
            episodes = self.episodes
        if episodes is None and self.entry is not None:
            episodes = self.entry.episodes
        if isinstance(environment, HostEnvironment):
            episodes = environment.episodes if episodes is None else episodes
            return HostTrial(environment, episodes=episodes, boundary=boundary)
        episodes = 1 if episodes is None else episodes
        return Trial(environment, episodes=episodes, boundary=boundary)


def canonical_name(text: str) -> str:
    """The one text for all the ways to ask for the same environment, options included.

    `T-LN-P1-v0:length=20` and `t-maze-long-noise:length=20,episodes=4` both become
    `t-maze-long-noise:length=20`, so their runs share a folder.

    **Raises:** `UserError` as `EnvironmentSpecification.parse` does.
    """
    return str(EnvironmentSpecification.parse(text))


@overload
def make_trial(
    text: str,
    episodes: int | None = None,
    boundary: Boundary = "both",
    trust: Literal[False] = False,
) -> Trial: ...


@overload
def make_trial(
    text: str, episodes: int | None = None, boundary: Boundary = "both", *, trust: bool
) -> Trial | HostTrial: ...


def make_trial(
    text: str,
    episodes: int | None = None,
    boundary: Boundary = "both",
    trust: bool = False,
) -> Trial | HostTrial:
    """Makes the trials that a text asks for.

    Those of a registered environment are of type `Trial`, unless its entry says that it is
    simulated on the host: then they are of type `HostTrial`, as those of Gymnasium's are.

    **Arguments:**

    - `text`: `NAME[:option=value,...]` or `package.module:Name[:option=value,...]`. The latter is
        a subclass of `Environment`, or a subclass of `gymnasium.Env` or
        `gymnasium.vector.VectorEnv`, or a function that makes one of these two.
    - `episodes`: episodes of a trial, at least 1. If given it goes before the text's own option.
    - `boundary`: what is seen where an episode ends inside a trial; see `Trial.boundary`.
    - `trust`: whether code may be imported, which a user's own environment needs.

    **Raises:** `UserError` for anything in the text that is unknown or does not fit.
    """
    return EnvironmentSpecification.parse(text).trial(episodes, boundary, trust=trust)


def _typed(written: dict[str, str], types: dict, name: str) -> dict[str, Any]:
    for option in written:
        if option not in types:
            raise unknown_name(f"option of environment '{name}'", option, [*types, "episodes"])
    return {
        option: read_value(text, types[option].type, option, name)
        for option, text in written.items()
    }


def _import_maker(name: str, trust: bool) -> type[Any] | Callable[..., Any]:
    module_name, _, class_name = name.partition(":")
    if not trust:
        raise UserError(
            f"environment '{name}' would import and run code from {module_name}: "
            "if you trust it, allow that by trust=True, or --trust on the command line."
        )
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        _check_gymnasium(name, error)
        raise UserError(
            f"environment '{name}' cannot be imported from {module_name}: "
            f"{type(error).__name__}: {error} (is its folder on PYTHONPATH?)"
        ) from error
    found = getattr(module, class_name, None)
    if found is None:
        makers = [key for key, value in vars(module).items() if _may_make(value)]
        raise unknown_name(f"class or function in {module_name}", class_name, makers)
    if not _may_make(found):
        raise UserError(
            f"environment '{name}' must be a subclass of splagger.environments.Environment or of "
            f"gymnasium.Env, or a function that makes one of Gymnasium's, but {class_name} is not."
        )
    return found


def _may_make(value: Any) -> bool:
    if not inspect.isclass(value):
        return inspect.isfunction(value)
    # Gymnasium is not imported for this; both of its kinds of environments have these methods.
    return issubclass(value, Environment) or all(map(partial(hasattr, value), ("reset", "step")))


def _describe(maker: EnvironmentMaker, vectorised: bool) -> GymnasiumEnvironment:
    try:
        from splagger.environments.host.describe import describe
    except ImportError as error:
        _check_gymnasium(maker.path, error)
        raise
    return describe(maker, vectorised=vectorised)


def _check_gymnasium(name: str, error: Exception) -> None:
    # Absent, or so old that a name is missing in it or in `gymnasium.vector`.
    if isinstance(error, ImportError) and error.name in ("gymnasium", "gymnasium.vector"):
        raise UserError(
            f"environment '{name}' needs the package gymnasium, 1.1 or newer: "
            "`pip install 'splagger[gymnasium]'` installs it."
        ) from error
