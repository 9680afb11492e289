"""Learning curves, and adaptation within a trial."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure

from splagger.reporting.adaptation import AdaptationPanel, draw_adaptation
from splagger.reporting.comparison_curves import AgentCurves, Panel, draw_comparison
from splagger.reporting.curves import draw_curves
from splagger.reporting.report.html import Child, Markup, element, table
from splagger.reporting.report.inline_svg import inline_svg
from splagger.reporting.report.reported_run import ReportedRun
from splagger.reporting.report.section import Section
from splagger.reporting.report.words import counted, listed, number
from splagger.reporting.statistics.bootstrap import OURS


def learning(groups: Mapping[str, Sequence[ReportedRun]]) -> Section:
    """Makes the section of learning curves, a figure for each environment.

    A run alone is shown with all its seeds and learning rates; of several runs, each agent's chosen
    learning rate with its interval.

    **Arguments:**

    - `groups`: the runs of each environment, by its name.
    """
    figures = [
        _figure(
            _curves(runs),
            f"learning-{place}",
            f"Learning curves on {environment}: {_last_values(runs)}.",
        )
        for place, (environment, runs) in enumerate(groups.items())
    ]
    return Section("learning", "Learning", element("div", figures, class_="figures"))


def adaptation(groups: Mapping[str, Sequence[ReportedRun]]) -> Section | None:
    """Makes the section of each episode's return, where trials have several episodes.

    **Arguments:**

    - `groups`: the runs of each environment, by its name.
    """
    figures, tables = [], []
    for place, (environment, runs) in enumerate(groups.items()):
        returns = {run.label: run.final_returns for run in runs}
        episodes = max(values.shape[1] for values in returns.values())
        if episodes == 1:
            continue
        panel = AdaptationPanel(
            _plain(environment), {_plain(label): values for label, values in returns.items()}
        )
        figures.append(
            _figure(
                draw_adaptation([panel]),
                f"adaptation-{place}",
                f"Return of each of {episodes} episodes on {environment}; the numbers are in the "
                "table below.",
            )
        )
        columns = ["agent", *(f"episode {number + 1}" for number in range(episodes))]
        tables.append(
            table(
                f"Return of each episode on {environment}",
                columns,
                [[label, *_middles(values, episodes)] for label, values in returns.items()],
                numbers=range(1, len(columns)),
            )
        )
    if not figures:
        return None
    return Section(
        "adaptation",
        "Adaptation within a trial",
        [
            element(
                "p",
                "The return of each episode of a trial at the last evaluation. An agent that uses "
                "what it saw in the first episodes does better in the later ones.",
            ),
            element("div", figures, class_="figures"),
            element("details", element("summary", "The same as numbers"), tables),
        ],
    )


def _curves(runs: Sequence[ReportedRun]) -> Figure:
    if len(runs) == 1:
        curves = runs[0].curves
        curves = replace(
            curves,
            agent=_plain(curves.agent),
            environment=_plain(curves.environment),
            optimum=runs[0].optimum,
        )
        return draw_curves([curves])
    curves = [
        AgentCurves(_plain(run.label), *run.curves.mean_curve(run.learning_rate)) for run in runs
    ]
    return draw_comparison([Panel(_plain(runs[0].environment), curves, runs[0].optimum)])


def _figure(figure: Figure, name: str, description: str) -> Markup:
    # As text of the page it can be read on a telephone, too.
    explanation = figure.get_supxlabel().replace("\n", " ").replace(" %", "\N{NO-BREAK SPACE}%")
    figure.supxlabel("")
    return element(
        "figure",
        inline_svg(figure, name, description),
        element(
            "figcaption", f"{explanation[:1].upper()}{explanation[1:]}." if explanation else ""
        ),
    )


def _last_values(runs: Sequence[ReportedRun]) -> str:
    ends = []
    for run in runs:
        frames, returns = run.curves.mean_curve(run.learning_rate)
        value = float(OURS.function(returns[:, -1]))
        ends.append(
            f"{run.label} ends at a trial return of {number(value)} after "
            f"{counted(int(frames[-1]), 'frame')}"
        )
    return listed(ends)


def _middles(returns: np.ndarray, episodes: int) -> list[Child]:
    middles = [number(float(value)) for value in OURS.function(returns.T)]
    return [*middles, *[""] * (episodes - len(middles))]


def _plain(text: str) -> str:
    """Text that figures do not take for a formula."""
    return text.replace("$", r"\$")
