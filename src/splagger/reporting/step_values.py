"""Quantities over the steps of a sequence as files and as a table."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.table import Table

from splagger.reporting.quantities import Quantity
from splagger.training.files import write_atomically

HEADER = "agent,member,step,value"
"""The first line of a file of values."""

_SHOWN_STEPS = (10, 50)  # and the last


def write_step_values(values: Mapping[str, np.ndarray], path: Path) -> None:
    """Writes a CSV file with a row for every agent, member and step.

    **Arguments:**

    - `values`: for each agent's name `[member, step]`.
    - `path`: the file to make or replace.

    **Raises:** `UserError` if it cannot be written.
    """
    lines = [HEADER]
    for agent, curves in values.items():
        quoted = '"' + agent.replace('"', '""') + '"' if set(agent) & set(',"\n') else agent
        lines += [
            f"{quoted},{member},{step},{value:.9g}"
            for member, curve in enumerate(curves)
            for step, value in enumerate(curve)
        ]
    content = ("\n".join(lines) + "\n").encode()

    def write(file):
        file.write(content)

    write_atomically(path, write)


def step_values_table(
    quantities: Sequence[Quantity], values: Mapping[str, Mapping[str, np.ndarray]]
) -> Table:
    """Makes a table of the means over members at steps 10, 50 and the last.

    **Arguments:**

    - `quantities`: the rows, each with one line for every agent.
    - `values`: for each quantity's name, and in it for each agent's name, `[member, step]`.
    """
    last = next(iter(values[quantities[0].name].values())).shape[1] - 1
    steps = [*(step for step in _SHOWN_STEPS if step < last), last]
    table = Table(box=SIMPLE_HEAD, padding=(0, 1))
    table.add_column("mean over agents")
    table.add_column("agent", no_wrap=True)
    for step in steps:
        table.add_column(f"step {step}", justify="right", no_wrap=True)
    for quantity in quantities:
        title = quantity.title
        for agent, curves in values[quantity.name].items():
            means = curves.mean(axis=0)
            table.add_row(title, agent, *(f"{means[step]:.3g}" for step in steps))
            # Once is enough for each quantity.
            title = ""
        table.add_section()
    return table
