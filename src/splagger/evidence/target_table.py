"""The table of all targets: what each shows, with which agents, and what of it is on disk."""

from collections import Counter

from rich.table import Table
from rich.text import Text

from splagger.evidence.scales import SCALES, Scale
from splagger.evidence.store import Store, state_of
from splagger.evidence.targets import TARGETS, Target


def targets_table(store: Store) -> Table:
    """Makes a table with a row for each target.

    The cost is in millions of frames of all members at the scale `full`, learning rates and seeds
    included; what several targets share is in each of them.

    **Raises:** `UserError` if a training on disk is damaged.
    """
    table = Table(title="Targets of splagger reproduce", title_justify="left")
    table.add_column("target, and what it shows")
    table.add_column("environments: agents")
    table.add_column("million\nframes", justify="right")
    for scale in SCALES.values():
        if scale.name != "smoke":
            table.add_column(f"trained\n{scale.name}", justify="right")
    for target in TARGETS:
        text = Text(target.name, style="bold")
        text.append(f"  {target.source}\n", style="dim")
        text.append(target.description, style="not bold")
        table.add_row(text, _contents(target), _cost(target), *_evidence(target, store))
    table.caption = (
        "trained: experiments whose learning rates were all tried, of all; + begun or with fewer "
        "learning rates, seeds or frames.\nTo run one: splagger reproduce TARGET --scale full"
    )
    table.caption_justify = "left"
    return table


def _contents(target: Target) -> str:
    if not target.experiments:
        return "no training"
    by_environment: dict[str, list[str]] = {}
    for experiment in target.experiments:
        by_environment.setdefault(experiment.environment, []).append(experiment.label)
    grouped: dict[tuple[str, ...], list[str]] = {}
    for environment, agents in by_environment.items():
        grouped.setdefault(tuple(agents), []).append(environment)
    return "\n".join(
        f"{', '.join(places)}: {', '.join(agents)}" for agents, places in grouped.items()
    )


def _cost(target: Target) -> str:
    scale = SCALES["full"]
    frames = 0
    for experiment in target.experiments:
        settings = scale.settings(experiment, "tuning")
        fresh = scale.fresh_seeds if experiment.fresh else 0
        frames += settings.frames * (len(settings.members) + fresh)
    return f"{frames / 1e6:,.0f}" if frames else "-"


def _evidence(target: Target, store: Store) -> list[str]:
    return [_states(target, store, scale) for scale in SCALES.values() if scale.name != "smoke"]


def _states(target: Target, store: Store, scale: Scale) -> str:
    if not target.experiments:
        return "-"
    states = Counter(
        state_of(store.open(scale, experiment, "tuning"), scale.settings(experiment, "tuning"))
        for experiment in target.experiments
    )
    partly = states["begun"] + states["reduced"]
    return f"{states['done']} of {len(target.experiments)}" + (f" + {partly}" if partly else "")
