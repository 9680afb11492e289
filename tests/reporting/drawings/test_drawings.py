import itertools
import math
from collections.abc import Callable
from pathlib import Path

import matplotlib
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch
from matplotlib.text import Text

from splagger.environments import registry
from splagger.environments.planning_game.planning_game import PlanningGame
from splagger.environments.t_maze.family import agreement, latent, long_short
from splagger.foundation.errors import UserError
from splagger.recipes.agent_entry import SPLAGGER
from splagger.recipes.agents import find_agent
from splagger.reporting import style
from splagger.reporting.drawings.architectures import draw_architectures
from splagger.reporting.drawings.environments import PANELS, draw_environments
from splagger.reporting.drawings.idea import draw_idea
from splagger.reporting.drawings.planning_map import draw_planning_game
from splagger.reporting.drawings.sequence_model import GRADIENT_COLOUR, draw_sequence_model
from splagger.reporting.drawings.sheet import Sheet, empty_figure
from splagger.reporting.drawings.t_mazes import (
    draw_agreement,
    draw_latent,
    draw_long_short,
    ups_for_up,
)
from splagger.reporting.figure_files import save_figure

DRAWINGS = (draw_environments, draw_architectures, draw_idea)
every_drawing = pytest.mark.parametrize("draw", DRAWINGS)


def texts_of(figure: Figure) -> list[Text]:
    return [text for axes in figure.axes for text in axes.texts if text.get_text()]


def words_of(figure: Figure) -> list[str]:
    return [text.get_text() for text in texts_of(figure)]


def drawn(draw: Callable[[Sheet], None]) -> Figure:
    """A figure of one sheet with what `draw` draws."""
    with matplotlib.rc_context(style.RECORD):
        figure = empty_figure(3.5, 2.9)
        draw(Sheet.place(figure, 0.0, 0.0, 3.5, 2.9))
    return figure


@every_drawing
def test_texts_lie_inside_and_apart(draw):
    figure = draw()
    extents = [(text.get_text(), text.get_window_extent()) for text in texts_of(figure)]
    for words, extent in extents:
        corners = (extent.min, extent.max)
        assert all(figure.bbox.contains(*corner) for corner in corners), words
    for (one, extent), (other, next_extent) in itertools.combinations(extents, 2):
        assert not extent.overlaps(next_extent), f"'{one}' and '{other}' overlap"


@every_drawing
def test_two_draws_give_equal_files_whose_texts_are_texts(draw, tmp_path: Path):
    figure = draw()
    save_figure(figure, tmp_path / "one.svg")
    save_figure(draw(), tmp_path / "two.svg")
    content = (tmp_path / "one.svg").read_text()
    assert content == (tmp_path / "two.svg").read_text()
    assert content.count("<text ") == len(texts_of(figure))


def test_environments_say_what_the_registered_ones_are():
    words = words_of(draw_environments())
    for title, name, _ in PANELS:
        assert {title, name} <= set(words)
    assert {"remembers it for 98 steps", "+0.1", "+1", "100 steps on a new map"} <= set(words)
    assert {"70 %", "50 %", "61 or more of 100"} <= set(words)
    # Three mazes with their rewards, and the ends of their corridors.
    assert words.count("+4") == words.count("−3") == words.count("99") == 3


def test_mazes_are_drawn_with_their_own_numbers():
    maze = long_short(length=20, indicator_position=2, check_reward=0.5)
    words = words_of(drawn(lambda sheet: draw_long_short(sheet, maze)))
    assert {"remembers it for 17 steps", "+0.5", "18", "19"} <= set(words)
    words = words_of(drawn(lambda sheet: draw_agreement(sheet, agreement(length=30))))
    assert {"1", "15", "29"} <= set(words)
    maze = latent(length=10, up_probability=0.9, down_probability=0.2)
    words = words_of(drawn(lambda sheet: draw_latent(sheet, maze)))
    assert {"90 %", "20 %", "6 or more of 10"} <= set(words)


@pytest.mark.parametrize("draw", [draw_long_short, draw_agreement, draw_latent])
def test_the_right_decision_is_up_in_every_drawn_maze(draw):
    (name,) = (name for _, name, drawing in PANELS if drawing is draw)
    figure = drawn(lambda sheet: draw(sheet, registry.entry(name).builder()))
    heights = {text.get_text(): text.get_position()[1] for text in texts_of(figure)}
    assert heights["+4"] > heights["−3"]


def test_what_does_not_fit_the_drawing_is_refused():
    with pytest.raises(UserError, match=r"length 4 are 0, 1, 2, 2, 3, but each must be above"):
        drawn(lambda sheet: draw_long_short(sheet, long_short(length=4)))
    with pytest.raises(UserError, match=r"size of the Planning Game is 4, but only 3 can be drawn"):
        drawn(lambda sheet: draw_planning_game(sheet, PlanningGame(4)))


@pytest.mark.parametrize(("up", "down", "length"), [(0.7, 0.5, 100), (0.9, 0.2, 10), (0.6, 0.3, 7)])
def test_the_count_that_decides_is_the_likelihoods(up: float, down: float, length: int):
    maze = latent(length=length, up_probability=up, down_probability=down)

    def likelier(heads: int) -> bool:
        def likelihood(probability):
            return heads * math.log(probability) + (length - heads) * math.log(1 - probability)

        return likelihood(up) > likelihood(down)

    assert ups_for_up(maze) == min(heads for heads in range(length + 1) if likelier(heads))


def test_architectures_say_their_names_and_widths():
    words = words_of(draw_architectures())
    assert {"Hypernetwork policy", "AMRL", "SplAgger", "weights", "action"} <= set(words)
    assert words.count("128") == 5  # two halves of two models, and a layer of the policy
    assert words.count("latent 24") == 3
    assert words.count("GRU") == words.count("max") == 6


def gradient_of(figure: Figure) -> tuple[int, int]:
    """The number of arrows of the gradient, and of dashed lines that lead to them."""
    (axes,) = figure.axes
    colour = GRADIENT_COLOUR.lower()
    arrows = [
        patch
        for patch in axes.patches
        if isinstance(patch, FancyArrowPatch) and to_hex(patch.get_edgecolor()) == colour
    ]
    lines = [
        line for line in axes.lines if isinstance(line, Line2D) and line.get_linestyle() == "--"
    ]
    return len(arrows), sum(to_hex(line.get_color()) == colour for line in lines)


def test_the_straight_through_gradient_goes_to_all_steps_beside_the_maxima():
    amrl = find_agent("amrl").settings
    figure = drawn(lambda sheet: draw_sequence_model(sheet, amrl))
    # One arrow for each of three steps; one dashed line from the latent, and one to each of them.
    assert gradient_of(figure) == (3, 4)
    assert "straight-through" in words_of(figure)


def test_the_ordinary_gradient_goes_from_maximum_to_maximum_to_one_step():
    figure = drawn(lambda sheet: draw_sequence_model(sheet, SPLAGGER))
    # From the latent, along two maxima, and to one step.
    assert gradient_of(figure) == (4, 0)
    assert "ordinary" in words_of(figure)


def test_the_idea_compares_a_gru_with_a_maximum():
    words = words_of(draw_idea())
    assert {"Through a GRU", "Through a running maximum"} <= set(words)
    assert {"almost no gradient arrives", "all of the gradient arrives"} <= set(words)
