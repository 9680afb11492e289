"""Parsing the command line, and turning mistakes into one sentence."""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any

import tyro

import splagger
from splagger.cli.analyse import Analyse
from splagger.cli.check import Check
from splagger.cli.commands import (
    Agents,
    Demo,
    Environments,
    Evaluate,
    Plot,
    Resume,
    Train,
)
from splagger.cli.submit import Submit
from splagger.cli.tables import complain
from splagger.cli.watch import Watch
from splagger.foundation.errors import UserError
from splagger.recipes.recipes import settings_for

Command = (
    Train
    | Resume
    | Submit
    | Evaluate
    | Watch
    | Plot
    | Analyse
    | Check
    | Environments
    | Agents
    | Demo
)
"""Any of the commands, with its arguments; `run` runs it."""

_SWITCHES = ("--overwrite", "--quiet", "--distributed")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command.

    **Arguments:**

    - `arguments`: what follows `splagger` on the command line; by default that of the process.

    **Returns:** the exit status: 0 if all went well, 1 if a training had to give members up, 2 for
    bad input, 130 if it was interrupted.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words in (["--version"], ["version"]):
        print(f"splagger {splagger.__version__}")
        return 0
    if "" not in sys.path and not sys.flags.safe_path:
        # A user's environment lies in the current folder, which `python -m` finds and a console
        # script does not. At the end, where it can hide no installed module.
        sys.path.append("")
    try:
        status = parse(words or ["--help"]).run()
        sys.stdout.flush()
        return status
    except UserError as error:
        complain(str(error))
        return 2
    except BrokenPipeError:
        # The reader of our output, such as `head`, has seen enough.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print("splagger: stopped.", file=sys.stderr)
        return 130


def parse(words: list[str]) -> Command:
    """The command with its arguments.

    The defaults of `train` depend on environment, agent and recipe, so these are looked up first.
    """
    for part in ("encoder", "aggregator", "policy"):
        if f"--agent.{part}" in (word.partition("=")[0] for word in words):
            raise UserError(
                f"--agent.{part} is no flag: its numbers are, such as --agent.encoder.size. For "
                "another kind choose another --agent (`splagger agents` lists them), or compose "
                "one in Python (docs/agents.md)."
            )
    environment, choices = _training_choices(words)
    command = _parse_with(words, environment, choices)
    if isinstance(command, Train):
        given = command.settings.environment
        if not given:
            raise UserError(
                "train needs an environment, such as `splagger train t-maze-long-noise`; "
                "`splagger environments` lists them."
            )
        if given != environment:
            command = _parse_with(words, given, choices)
            assert isinstance(command, Train)
        # A recipe may add options to it.
        asked = settings_for(given, **choices).environment
        return replace(command, settings=replace(command.settings, environment=asked))
    return command


def _parse_with(words: list[str], environment: str, choices: dict[str, Any]) -> Command:
    # Without the environment itself, so that one that is not given is noticed.
    settings = replace(settings_for(environment, **choices), environment="")
    train = Train(settings, **choices)
    return tyro.cli(
        # One Annotated for each command gives it its name.
        Annotated[Train, tyro.conf.subcommand("train", default=train)]
        | Annotated[Resume, tyro.conf.subcommand("resume")]
        | Annotated[Submit, tyro.conf.subcommand("submit")]
        | Annotated[Evaluate, tyro.conf.subcommand("evaluate")]
        | Annotated[Watch, tyro.conf.subcommand("watch")]
        | Annotated[Plot, tyro.conf.subcommand("plot")]
        | Annotated[Analyse, tyro.conf.subcommand("analyse")]
        | Annotated[Check, tyro.conf.subcommand("check")]
        | Annotated[Environments, tyro.conf.subcommand("environments")]
        | Annotated[Agents, tyro.conf.subcommand("agents")]
        | Annotated[Demo, tyro.conf.subcommand("demo")],  # pyright: ignore[reportArgumentType]
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
