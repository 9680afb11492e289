"""All settings of the runs, those first that are not the recipe's, and how to run again."""

import shlex
from collections.abc import Sequence
from typing import Any

from splagger.environments.registry import EnvironmentSpecification
from splagger.foundation.errors import UserError
from splagger.reporting.report.html import Child, Markup, element, table
from splagger.reporting.report.reported_run import ReportedRun
from splagger.reporting.report.section import Section
from splagger.reporting.report.words import listed, setting
from splagger.training.settings_file import SETTINGS

_OTHER_VERSION = (
    "made by another version of splagger, with settings that this one does not have; that version "
    "alone can run it again."
)


def all_settings(runs: Sequence[ReportedRun]) -> Section:
    """Makes the section of settings: for each run what differs from its recipe, then everything."""
    return Section("settings", "Settings", [_settings(run) for run in runs])


def run_again(runs: Sequence[ReportedRun]) -> Section:
    """Makes the section of commands: to train each run again, and to look at it."""
    content: list[Child] = []
    for run in runs:
        if run.settings is not None:
            content += [element("h3", _name(run)), _training(run)]
    others = [_name(run) for run in runs if run.settings is None]
    if others:
        content.append(element("p", f"{listed(others)}: {_OTHER_VERSION}"))
    usable = (run for run in runs if run.has_checkpoint and run.settings is not None)
    trained = next(usable, None)
    if trained is not None:
        content += [element("h3", "Look at a run, or go on with it"), _using(trained)]
    return Section("again", "Run again", content)


def _name(run: ReportedRun) -> str:
    return f"{run.label} on {run.environment}"


def _settings(run: ReportedRun) -> Markup:
    command, values = run.command, run.plain_settings
    content: list[Child] = []
    if command is None:
        content.append(element("p", _why_no_command(run)))
    else:
        base = [f"recipe {command.recipe}", f"agent {command.agent}"]
        if command.policy_size is not None:
            base.append(f"policy size {command.policy_size}")
        if command.objective is not None:
            base.append(f"objective {command.objective}")
        start = listed(base)
        if command.differences:
            rows = [
                [element("code", d.name), setting(d.value), setting(d.usual)]
                for d in command.differences
            ]
            content += [
                element("p", f"Other than what {start} say:"),
                table(f"Settings of {_name(run)} that differ", ["setting", "here", "usual"], rows),
            ]
        else:
            content.append(element("p", f"All settings are what {start} say."))
    content.append(
        element(
            "details",
            element("summary", f"All {len(values)} settings"),
            table(f"All settings of {_name(run)}", ["setting", "value"], _rows(values)),
        )
    )
    return element("details", element("summary", _name(run)), content, class_="run")


def _rows(values: dict[str, Any]) -> list[list[Child]]:
    return [[element("code", name), setting(value)] for name, value in values.items()]


def _training(run: ReportedRun) -> Child:
    if run.command is not None:
        return _commands([["splagger", *run.command.words]])
    why = element("p", _why_no_command(run))
    program = [
        "import json",
        "import splagger",
        "from splagger.foundation.settings import from_dictionary",
        "",
        f"record = json.load(open({str(run.path / SETTINGS)!r}))",
        'splagger.start_run(from_dictionary(record["settings"]))',
    ]
    return why, element("p", "In Python:"), _program(program)


def _using(run: ReportedRun) -> Markup:
    path, trust = str(run.path), ["--trust"] if _is_users_own(run) else []
    return _commands(
        [
            ["splagger", "evaluate", path, *trust],
            ["splagger", "watch", path, "--out", "trial.gif", *trust],
            ["splagger", "resume", path, "--frames", str(2 * run.frames), *trust],
        ]
    )


def _why_no_command(run: ReportedRun) -> str:
    if run.settings is None:
        return f"{_OTHER_VERSION[:1].upper()}{_OTHER_VERSION[1:]}"
    return (
        "The agent was composed in Python of parts that no named agent has together, for which "
        "there are no flags."
    )


def _is_users_own(run: ReportedRun) -> bool:
    try:
        return EnvironmentSpecification.parse(run.environment).entry is None
    except UserError:
        return False


def _program(lines: Sequence[str]) -> Markup:
    return element("pre", element("code", "\n".join(lines)), tabindex=0)


def _commands(commands: Sequence[Sequence[str]]) -> Markup:
    """Shows commands, given as words, each a line that is broken between words alone."""
    lines = [
        [
            [element("span", shlex.quote(word)), " " if number + 1 < len(words) else "\n"]
            for number, word in enumerate(words)
        ]
        for words in commands
    ]
    return element("pre", element("code", lines), class_="commands", tabindex=0)
