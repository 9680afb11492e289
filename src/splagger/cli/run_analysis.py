"""Running an analysis: from agents to tables and figures."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Key

from splagger.analysis.gradients import gradients
from splagger.analysis.permutation import permutation_difference
from splagger.analysis.signal import signal_quantities
from splagger.cli.analysis_options import Analysis
from splagger.cli.progress import progress_bar
from splagger.cli.tables import show
from splagger.environments.registry import EnvironmentSpecification
from splagger.foundation.checks import check_at_least
from splagger.foundation.errors import UserError
from splagger.foundation.precision import matrix_product_precision
from splagger.recipes.agents import find_agent
from splagger.reporting.figure_files import save_figure
from splagger.reporting.quantities import GRADIENTS, PERMUTATION, SIGNAL, Quantity
from splagger.reporting.step_curves import draw_step_curves
from splagger.reporting.step_values import step_values_table, write_step_values
from splagger.sequence.split_aggregator import SplitAggregator
from splagger.training.compilation_cache import enable_compilation_cache
from splagger.training.files import make_folder
from splagger.training.run_directory import RunDirectory
from splagger.training.sequence_models import SequenceModels, trained_models, untrained_models

Compute = Callable[[SplitAggregator, Key[Array, " agent"]], Mapping[str, Array]]
"""From agents `[agent, ...]` and a key for each to `[agent, step]` by the quantities' names."""

Results = dict[str, dict[str, np.ndarray]]
"""For each quantity's name, and in it for each agent's name, values `[member, step]`."""

# Keeps the keys of sequences apart from those of initial parameters, which are made of seeds too.
_SEQUENCES = 0x5E9


def analyse_gradients(options: Analysis) -> int:
    """Gradients; the arguments, result and errors are those of `run_analysis`."""

    def compute(models, keys):
        return vars(gradients(models, keys, kind=options.input, steps=options.steps))

    return run_analysis(options, GRADIENTS, compute)


def analyse_permutation(options: Analysis) -> int:
    """Permutation difference; the arguments, result and errors are those of `run_analysis`."""

    def compute(models, keys):
        values = permutation_difference(models, keys, kind=options.input, steps=options.steps)
        return {PERMUTATION[0].name: values}

    return run_analysis(options, PERMUTATION, compute)


def analyse_signal(options: Analysis) -> int:
    """Signal and noise; the arguments, result and errors are those of `run_analysis`."""

    def compute(models, keys):
        return vars(signal_quantities(models, keys, kind=options.input, steps=options.steps))

    return run_analysis(options, SIGNAL, compute)


def run_analysis(options: Analysis, quantities: Sequence[Quantity], compute: Compute) -> int:
    """Computes quantities of all agents, writes and draws them, and prints a table.

    **Arguments:**

    - `options`: what the user asked for.
    - `quantities`: what to write and draw.
    - `compute`: computes them for agents of one kind.

    **Returns:** the exit status.

    **Raises:** `UserError` for unknown agents, missing runs, numbers out of range, and a folder
    that is not empty; then nothing is written.
    """
    _check(options)
    enable_compilation_cache()
    results = _compute(options, quantities, compute)
    make_folder(options.out)
    for quantity in quantities:
        values, path = results[quantity.name], options.out / quantity.file_name
        write_step_values(values, path.with_suffix(".csv"))
        save_figure(draw_step_curves(values, quantity), path.with_suffix(".png"))
    show(step_values_table(quantities, results))
    print(f"The tables and figures are in {options.out}")
    return 0


def check_output(out: Path, *, overwrite: bool) -> None:
    """Checks that tables and figures may be written into the folder `out`.

    **Raises:** `UserError` if it is a file, or is not empty and not to be overwritten.
    """
    if out.exists() and not out.is_dir():
        raise UserError(f"the output '{out}' is a file; give another directory with --out.")
    if out.is_dir() and any(out.iterdir()) and not overwrite:
        raise UserError(
            f"the output directory '{out}' exists and is not empty; use --overwrite to write "
            "into it, or give another with --out."
        )


def _check(options: Analysis) -> None:
    check_at_least("number", options.number, 1)
    check_at_least("steps", options.steps, 1)
    if not 0 <= options.seed < 2**32:
        raise UserError(f"seed is {options.seed}, but it must be at least 0 and below {2**32}.")
    EnvironmentSpecification.parse(options.environment)
    for name in options.untrained:
        find_agent(name)
    for run in options.runs:
        RunDirectory.open(run)
    check_output(options.out, overwrite=options.overwrite)


def _compute(options: Analysis, quantities: Sequence[Quantity], compute: Compute) -> Results:
    results: Results = {quantity.name: {} for quantity in quantities}
    seed = jax.random.fold_in(jax.random.key(options.seed), _SEQUENCES)
    with progress_bar() as progress, matrix_product_precision("float32"):
        task = progress.add_task("drawing agents", total=None)
        for subject, total in _subjects(options):
            progress.update(task, description=f"{subject.name}: compiling, computing", total=total)
            keys = jax.vmap(jax.random.fold_in, (None, 0))(seed, jnp.arange(subject.count))
            found = compute(subject.models, keys)
            for quantity in quantities:
                results[quantity.name][subject.name] = np.asarray(found[quantity.name], float)
            progress.advance(task)
    return results


def _subjects(options: Analysis) -> Iterator[tuple[SequenceModels, int]]:
    """Untrained agents, then those of runs, one kind after the other, each with the number of all
    kinds. No two have one name."""
    entries = {entry.settings.name: entry for entry in map(find_agent, options.untrained)}
    total = len(entries) + len(options.runs)
    if entries:
        trial = EnvironmentSpecification.parse(options.environment).trial(trust=options.trust)
        for entry in entries.values():
            models = untrained_models(
                entry.settings, trial, number=options.number, steps=options.steps
            )
            yield models, total
    seen = Counter[str]()
    for run in options.runs:
        models = trained_models(run, trust=options.trust)
        seen[models.name] += 1
        number = f" {seen[models.name]}" if seen[models.name] > 1 else ""
        yield replace(models, name=f"{models.name} trained{number}"), total
