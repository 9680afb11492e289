"""Tables that the commands print, and complaints."""

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from splagger.cli.progress import progress_bar
from splagger.foundation.errors import UserError
from splagger.foundation.settings import Settings
from splagger.recipes.agents import AGENTS, GROUPS
from splagger.recipes.ingredients import ingredients
from splagger.recipes.recipes import settings_for

if TYPE_CHECKING:
    from splagger.environments.entries import EnvironmentEntry
    from splagger.environments.trial_description import TrialDescription


class _Output(Console):
    """Standard output. That its reader has gone is left to `main`; rich would end with status 1."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def show(table: Table) -> None:
    """Prints a table to standard output."""
    _Output().print(table)


def complain(message: str) -> None:
    """Prints one line to standard error."""
    Console(stderr=True).print(
        f"splagger: {message}", style="red", markup=False, highlight=False, soft_wrap=True
    )


def environments_table() -> Table:
    """Every environment: name, alias, episodes of a trial, best possible return, description."""
    from splagger.environments.registry import ENTRIES

    table = Table(title="Environments", title_justify="left")
    table.add_column("name (published id), and what the agent has to do")
    table.add_column("episodes", justify="right")
    table.add_column("optimum", justify="right")
    for entry in ENTRIES:
        table.add_row(
            "".join([f"[bold]{entry.name}[/bold]", *(f" ({alias})" for alias in entry.aliases[:1])])
            + f"\n{entry.description}",
            str(entry.episodes),
            _optimum(entry),
        )
    table.caption = (
        "optimum: best possible expected return of a trial. "
        "Options follow a name: t-maze-long-noise:length=20,episodes=8"
    )
    table.caption_justify = "left"
    return table


def _optimum(entry: "EnvironmentEntry") -> str:
    from splagger.environments.registry import EnvironmentSpecification

    # Of simulated bodies and robots nobody knows it, and to make them for the first time may take
    # a minute.
    if entry.simulated_on != "jax":
        return "unknown"
    optimum = EnvironmentSpecification(entry.name).build().optimal_return(entry.episodes)
    return "unknown" if optimum is None else f"{optimum:.2f}"


def agents_table(environment: str, recipe: str) -> Table:
    """Every agent: name, labels, ingredients and sizes, as built for an environment by a recipe.

    **Raises:** `UserError` for an unknown environment or recipe.
    """
    from splagger.recipes.build import build_trial

    table = Table(title=f"Agents, built for {environment} by recipe {recipe}", title_justify="left")
    table.add_column("agent (published labels)")
    table.add_column("parameters:\nsequence", justify="right")
    table.add_column("\npolicy", justify="right")
    table.add_column("\nmemory", justify="right")
    # The user names the environment here and now, so its code may be imported.
    trial = build_trial(settings_for(environment, "splagger", recipe), trust=True)
    with progress_bar() as progress:
        task = progress.add_task("counting", total=len(AGENTS))
        for group, entries in GROUPS.items():
            table.add_section()
            table.add_row(f"[bold underline]{group}[/]")
            for entry in entries:
                settings = settings_for(environment, entry.settings.name, recipe)
                labels = f" ({', '.join(entry.aliases)})" if entry.aliases else ""
                text = f"[bold]{entry.settings.name}[/]{labels}\n{entry.description}"
                table.add_row(
                    f"{text}\n[dim]{ingredients(settings.agent)}[/dim]", *_sizes(settings, trial)
                )
                progress.advance(task)
    table.caption = (
        "memory: numbers carried from step to step, the latent included; "
        "-: cannot act in this environment"
    )
    table.caption_justify = "left"
    return table


def _sizes(settings: Settings, trial: "TrialDescription") -> list[str]:
    from splagger.recipes.agent_sizes import agent_sizes

    try:
        sizes = agent_sizes(settings, trial)
    except UserError:
        return ["-"] * 3
    return [f"{n:,}" for n in (sizes.sequence_model, sizes.policy, sizes.memory)]


def evaluation_table(result: dict[str, Any]) -> Table:
    """What `evaluate_run` returned: one row for each member."""
    title = f"{result['agent']} on {result['environment']}, {result['tasks']} fresh tasks"
    table = Table(title=title, title_justify="left")
    table.add_column("learning rate", justify="right")
    table.add_column("seed", justify="right")
    table.add_column("frames", justify="right")
    table.add_column("return per episode", justify="right")
    table.add_column("trial return", justify="right")
    table.add_column("success", justify="right")
    for member in result["members"]:
        success = member["success_per_episode"]
        table.add_row(
            f"{member['learning_rate']:g}",
            str(member["seed"]),
            f"{member['frames']:,}",
            "  ".join(f"{value:.2f}" for value in member["return_per_episode"]),
            f"{member['trial_return']:.2f}",
            "-" if success is None else f"{sum(success) / len(success):.1%}",
        )
    if result["optimal_trial_return"] is not None:
        table.caption = f"optimal trial return {result['optimal_trial_return']:.2f}"
    return table


def groups_table(result: dict[str, Any]) -> Table | None:
    """What `evaluate_run` returned about groups of tasks: one row for each group of each member.
    None where there are no groups."""
    if not any(member["groups"] for member in result["members"]):
        return None
    groups = len(result["members"][0]["groups"])
    trials = result["tasks"] // groups
    table = Table(title=f"{trials} trials of each kind of task", title_justify="left")
    table.add_column("learning rate", justify="right")
    table.add_column("seed", justify="right")
    table.add_column("task")
    table.add_column("return per episode", justify="right")
    table.add_column("success per episode", justify="right")
    for member in result["members"]:
        for name, rates in member["groups"].items():
            success = rates["success_per_episode"]
            table.add_row(
                f"{member['learning_rate']:g}",
                str(member["seed"]),
                name,
                "  ".join(f"{value:.2f}" for value in rates["return_per_episode"]),
                "-" if success is None else "  ".join(f"{value:.1%}" for value in success),
            )
    return table
