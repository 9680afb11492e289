import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D

from splagger.recipes.agents import AGENTS
from splagger.reporting import style


def test_main_agents_look_the_same_in_every_figure():
    assert set(style.AGENT_NUMBERS) <= set(AGENTS)
    alone = {name: style.agent_lines([name])[name] for name in style.AGENT_NUMBERS}
    together = style.agent_lines(["unknown", *reversed(style.AGENT_NUMBERS)])
    for name, look in alone.items():
        assert look | {"linewidth": together[name]["linewidth"]} == together[name]
    assert len({look["color"] for look in alone.values()}) == len(style.AGENT_NUMBERS)


def test_other_agents_take_what_is_left():
    looks = style.agent_lines(["other", "splagger", "another", "other"])
    assert list(looks) == ["other", "splagger", "another"]
    colours = [look["color"] for look in looks.values()]
    assert colours == [style.COLOURS[1], style.COLOURS[0], style.COLOURS[2]]


def test_every_look_of_two_rounds_differs_without_colours():
    looks = [style.agent_style(number) for number in range(2 * len(style.COLOURS))]
    marks = {(look["marker"], look.get("markerfacecolor", "filled")) for look in looks}
    assert len(marks) == len(looks)
    for look in looks:
        Line2D([0, 1], [0, 1]).set(**{**style.BOLD_LINE, **look})


def test_lines_of_many_agents_are_thinner():
    few, many = (style.agent_lines(map(str, range(count))) for count in (5, 6))
    assert {look["linewidth"] for look in few.values()} == {style.BOLD_LINE["linewidth"]}
    assert {look["linewidth"] for look in many.values()} == {style.THINNER}


# What linear red, green and blue become without one of the three kinds of cones, after Machado,
# Oliveira and Fernandes (2009).
CONFUSIONS = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


# Linear red, green and blue as X, Y and Z, each divided by that of white.
TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
) / np.array([[0.95047], [1.0], [1.08883]])


def perceived(linear: np.ndarray) -> np.ndarray:
    """Linear colours in CIELAB, where a distance of 2.3 is just noticeable."""
    shares = linear @ TO_XYZ.T
    x, y, z = np.where(shares > 216 / 24389, np.cbrt(shares), (24389 / 27 * shares + 16) / 116).T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)


@pytest.mark.parametrize("kind", CONFUSIONS)
def test_colours_differ_for_any_colour_vision(kind: str):
    colours = np.array([to_rgb(colour) for colour in style.COLOURS])
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    seen = perceived(np.clip(linear @ np.array(CONFUSIONS[kind]).T, 0, 1))
    distances = np.linalg.norm(seen[:, None] - seen[None], axis=-1)
    # Several times what is just noticeable.
    assert distances[~np.eye(len(seen), dtype=bool)].min() > 10


def test_marks_take_turns():
    assert style.marks_in_turn(0, 2, 100) == (0, 10)
    assert style.marks_in_turn(1, 2, 100) == (5, 10)
    assert style.marks_in_turn(2, 3, 4) == (0, 1)
