"""Figures as SVG inside a page: scalable, and in the colours of the page where it is dark."""

import io
import re

import matplotlib
from matplotlib.figure import Figure

from splagger.reporting import style
from splagger.reporting.report.html import Markup, element

_PAGE_COLOURS = {
    "#ffffff": "--paper",
    "white": "--paper",
    "#000000": "--ink",
    "black": "--ink",
    "#222222": "--ink",
    "#5a5a5a": "--quiet",
    "#e3e3e3": "--line",
}
"""The page's names for what is no agent's colour in figures."""

_UNUSED = re.compile(r"<!--.*?-->|<metadata>.*?</metadata>|<style\b.*?</style>", re.DOTALL)
_STROKES = 'stroke-linejoin="round" stroke-linecap="butt"'
"""What matplotlib says in a style sheet, which would be the whole page's."""

_OPENING = re.compile(r"<svg\b[^>]*>")
_VIEW = re.compile(r'viewBox="[^"]*"')
_NAMED = re.compile(r'(\bid="|href="#|url\(#)')
_COLOUR = re.compile(r"(fill|stroke): ?(#[0-9a-fA-F]{6}|white|black)\b")


def inline_svg(figure: Figure, name: str, description: str) -> Markup:
    """Draws a figure as an `svg` element.

    It refers to nothing outside itself, and what is named in it starts with `name`, so that several
    of them can be on one page.

    **Arguments:**

    - `figure`: what to draw.
    - `name`: letters, digits and hyphens; other than those of all other figures on the page.
    - `description`: what it shows, for those who do not see it.
    """
    content = io.StringIO()
    with matplotlib.rc_context(style.RECORD):
        figure.savefig(content, format="svg", metadata={"Date": None, "Creator": None})
    drawn = _UNUSED.sub("", content.getvalue())
    opening = _OPENING.search(drawn)
    assert opening is not None
    view = _VIEW.search(opening.group())
    assert view is not None
    inside = drawn[opening.end() : drawn.rindex("</svg>")]
    inside = inside.replace("xlink:href=", "href=")
    inside = _NAMED.sub(rf"\g<1>{name}-", inside)
    inside = _COLOUR.sub(_page_colour, inside)
    label = element("i", aria_label=description).removeprefix("<i ").removesuffix("></i>")
    return Markup(f'<svg {view.group()} role="img" {label} {_STROKES}>{inside.strip()}</svg>')


def _page_colour(found: re.Match[str]) -> str:
    name = _PAGE_COLOURS.get(found[2].lower())
    return found[0] if name is None else f"{found[1]}: var({name})"
