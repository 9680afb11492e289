"""The whole page, from the runs that were read."""

from collections.abc import Sequence
from importlib.resources import files

import splagger
from splagger.reporting.report import head
from splagger.reporting.report.figures_section import adaptation, learning
from splagger.reporting.report.html import Markup, element
from splagger.reporting.report.outcomes import outcome
from splagger.reporting.report.reported_run import ReportedRun, by_environment
from splagger.reporting.report.results_section import results
from splagger.reporting.report.section import Section
from splagger.reporting.report.settings_section import all_settings, run_again

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""What a browser may do with the page: show what is in it, fetch nothing and run nothing."""


def page(runs: Sequence[ReportedRun], trial: Section | None) -> Markup:
    """Writes the page. The same runs give the same text.

    **Arguments:**

    - `runs`: at least one.
    - `trial`: the section of animations; None leaves it out.
    """
    groups = by_environment(runs)
    outcomes = {name: [outcome(run) for run in found] for name, found in groups.items()}
    sections = [
        head.what_was_run(runs),
        results(outcomes),
        learning(groups),
        adaptation(groups),
        trial,
        all_settings(runs),
        run_again(runs),
    ]
    shown = [section for section in sections if section is not None]
    title = head.title(runs)
    body = element(
        "body",
        element("header", element("h1", title), head.summary(outcomes), _contents(shown)),
        element("main", [section.markup() for section in shown]),
        element("footer", element("p", f"Made by splagger {splagger.__version__}.")),
    )
    document = element("html", _head(title), body, lang="en")
    return Markup(f"<!DOCTYPE html>\n{document}\n")


def _head(title: str) -> Markup:
    style = files("splagger.reporting.report").joinpath("style.css").read_text(encoding="utf-8")
    return element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        element("style", Markup(style)),
    )


def _contents(sections: Sequence[Section]) -> Markup:
    links = [element("a", section.title, href=f"#{section.anchor}") for section in sections]
    return element(
        "nav", element("ul", [element("li", link) for link in links]), aria_label="Contents"
    )
