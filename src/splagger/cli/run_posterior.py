"""Comparing the belief of a run's agent with the exact posterior: file, figure and table."""

from splagger.cli.analysis_options import BeliefComparison
from splagger.cli.progress import progress_bar
from splagger.cli.run_analysis import check_output
from splagger.cli.tables import show
from splagger.reporting.figure_files import save_figure
from splagger.reporting.posterior_curves import draw_posterior, posterior_table, write_posterior
from splagger.training.files import make_folder
from splagger.training.posterior_of_run import posterior_of_run


def analyse_posterior(options: BeliefComparison) -> int:
    """Compares, writes and draws, and prints a table.

    **Arguments:**

    - `options`: what the user asked for.

    **Returns:** the exit status.

    **Raises:** `UserError` as `posterior_of_run` does, and for a folder that is not empty; then
    nothing is written.
    """
    check_output(options.out, overwrite=options.overwrite)
    with progress_bar() as progress:
        progress.add_task("compiling, playing", total=None)
        posterior = posterior_of_run(
            options.directory,
            tasks=options.tasks,
            samples=options.samples,
            environment=options.environment,
            learning_rate=options.learning_rate,
            member_seed=options.member_seed,
            seed=options.seed,
            trust=options.trust,
        )
    make_folder(options.out)
    write_posterior(posterior.quality, options.out / "posterior.csv")
    save_figure(draw_posterior(posterior), options.out / "posterior.png")
    show(posterior_table(posterior))
    print(f"The table and the figure are in {options.out}")
    return 0
