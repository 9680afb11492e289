import re
from xml.etree import ElementTree

import matplotlib
from matplotlib.figure import Figure

from splagger.reporting import style
from splagger.reporting.report.inline_svg import inline_svg


def drawn(name: str = "one", description: str = "a line") -> str:
    with matplotlib.rc_context(style.RECORD):
        figure = Figure(figsize=(3, 2))
        axes = figure.add_subplot()
        axes.plot([0, 1], [2, 3], color=style.COLOURS[1], marker="o")
        axes.fill_between([0, 1], [1, 2], [3, 4], color=style.COLOURS[0], alpha=0.2)
        axes.axhline(2.5, color=style.QUIET_COLOUR)
        axes.set_title("<script>alert(1)</script>")
    return inline_svg(figure, name, description)


def test_it_is_one_element_that_scales_and_is_described():
    svg = drawn(description='5 < 6 "and" more')
    root = ElementTree.fromstring(svg)
    assert root.tag == "svg"
    assert root.attrib == {
        "viewBox": "0 0 216 144",
        "role": "img",
        "aria-label": '5 < 6 "and" more',
        "stroke-linejoin": "round",
        "stroke-linecap": "butt",
    }


def test_it_refers_to_nothing_outside_itself():
    svg = drawn("mine")
    assert "http" not in svg
    assert "<!--" not in svg
    assert "<style" not in svg
    names = re.findall(r'\bid="([^"]*)"', svg)
    assert len(names) > 10
    assert all(name.startswith("mine-") for name in names)
    used = re.findall(r'href="#([^"]*)"', svg) + re.findall(r"url\(#([^)]*)\)", svg)
    assert used
    assert set(used) <= set(names)


def test_names_in_two_figures_are_different():
    first, second = (set(re.findall(r'\bid="([^"]*)"', drawn(name))) for name in ("a", "b"))
    assert first
    assert not first & second


def test_what_is_no_agents_colour_is_the_pages():
    svg = drawn()
    assert "var(--paper)" in svg
    assert "var(--quiet)" in svg
    assert "var(--line)" in svg
    for colour in ("#ffffff", style.QUIET_COLOUR, "#222222", "#e3e3e3"):
        assert colour.lower() not in svg.lower()
    assert style.COLOURS[0].lower() in svg.lower()
    assert style.COLOURS[1].lower() in svg.lower()


def test_text_in_it_stays_text():
    root = ElementTree.fromstring(drawn())
    assert root.findall(".//script") == []
    assert "<script>alert(1)</script>" in "".join(root.itertext())


def test_equal_figures_give_equal_text():
    assert drawn() == drawn()
