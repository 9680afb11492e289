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

_LONGEST_LABEL, _LONGEST_TITLE = 28, 60  # characters


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
        labels = _figure_labels(list(returns))
        panel = AdaptationPanel(
            _plain(environment), dict(zip(labels, returns.values(), strict=True))
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
            agent=_figure_labels([curves.agent])[0],
            environment=_plain(curves.environment),
            optimum=runs[0].optimum,
        )
        return draw_curves([curves])
    labels = _figure_labels([run.label for run in runs])
    curves = [
        AgentCurves(label, *run.curves.mean_curve(run.learning_rate))
        for label, run in zip(labels, runs, strict=True)
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


def _figure_labels(labels: Sequence[str]) -> list[str]:
    """The labels as figures have room for them, if they can still be told apart."""
    shorter = [_shortened(label, _LONGEST_LABEL) for label in labels]
    return [_plain(label) for label in (shorter if len({*shorter}) == len(labels) else labels)]


def _shortened(text: str, longest: int) -> str:
    """The beginning and the end of a text that is too long."""
    if len(text) <= longest:
        return text
    half = longest // 2
    return f"{text[:half]}…{text[-half:]}"


def _plain(text: str) -> str:
    """Text that figures do not take for a formula."""
    return _shortened(text, _LONGEST_TITLE).replace("$", r"\$")
