"""Parsing command lines, of whatever commands there are."""

import argparse
import functools
import operator
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

import tyro

from splagger.cli.commands import Resume, Train
from splagger.foundation.errors import UserError
from splagger.recipes.recipes import settings_for

_SWITCHES = ("--overwrite", "--quiet", "--distributed")


def parse_command(words: list[str], others: Mapping[str, type]) -> Any:
    """The command with its arguments.

    The defaults of `train` depend on environment, agent and recipe, so these are looked up first.

    **Arguments:**

    - `words`: what follows `splagger`.
    - `others`: the commands besides `train` and `resume`, by name.

    **Raises:** `UserError` for a mistake in the choice of environment, agent or recipe;
    `SystemExit` after other mistakes, which are shown, and after help.
    """
    for part in ("encoder", "aggregator", "policy"):
        if f"--agent.{part}" in (word.partition("=")[0] for word in words):
            raise UserError(
                f"--agent.{part} is no flag: its numbers are, such as --agent.encoder.size. For "
                "another kind choose another --agent (`splagger agents` lists them), or compose "
                "one in Python (docs/agents.md)."
            )
    environment, choices = _training_choices(words)
    command = _parse_with(words, environment, choices, others)
    if isinstance(command, Train):
        given = command.settings.environment
        if not given:
            raise UserError(
                "train needs an environment, such as `splagger train t-maze-long-noise`; "
                "`splagger environments` lists them."
            )
        if given != environment:
            command = _parse_with(words, given, choices, others)
            assert isinstance(command, Train)
        # A recipe may add options to it.
        asked = settings_for(given, **choices).environment
        return replace(command, settings=replace(command.settings, environment=asked))
    return command


def _parse_with(
    words: list[str], environment: str, choices: dict[str, Any], others: Mapping[str, type]
) -> Any:
    # Without the environment itself, so that one that is not given is noticed.
    settings = replace(settings_for(environment, **choices), environment="")
    train = Train(settings, **choices)
    # One Annotated for each command gives it its name.
    commands: list[Any] = [
        Annotated[Train, tyro.conf.subcommand("train", default=train)],
        *(
            Annotated[command, tyro.conf.subcommand(name)]
            for name, command in {"resume": Resume, **others}.items()
        ),
    ]
    union: Any = functools.reduce(operator.or_, commands)
    return tyro.cli(
        union,
        prog="splagger",
        description="Split aggregation for meta-reinforcement learning.",
        args=words,
    )


def _training_choices(words: list[str]) -> tuple[str, dict[str, Any]]:
    """The environment, and what else decides the defaults, from the command line of `train`."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("--agent", default="splagger")
    parser.add_argument("--recipe", default="default")
    parser.add_argument("--policy-size", default=None)
    parser.add_argument("--objective", default=None)
    environment = ""
    if words[0] != "train":
        return environment, vars(parser.parse_args([]))
    try:
        known, _ = parser.parse_known_args(words[1:])
    except argparse.ArgumentError as error:
        raise UserError(f"{error}.") from error
    for before, word in zip(words, words[1:], strict=False):
        is_value = before.startswith("--") and "=" not in before and before not in _SWITCHES
        if not word.startswith("-") and not is_value:
            environment = word
            break
    return environment, vars(known)
