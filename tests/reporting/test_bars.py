import numpy as np
import pytest
from matplotlib.text import Text
from support.figure_parts import points_of

from splagger.foundation.errors import UserError
from splagger.reporting import style
from splagger.reporting.bars import BarPanel, draw_bars
from splagger.reporting.statistics.bootstrap import Estimate

ESTIMATES = {
    "splagger": Estimate(15.04, 14.96, 16.0, 0.95),
    "rnn": Estimate(2.5, -0.04, 3.25, 0.95),
}


def written(axes) -> list[str]:
    """The texts beside the rows, without what only aligns them."""
    return [text.get_text().replace("\N{FIGURE SPACE}", " ") for text in axes.texts]


def test_marks_and_lines_are_the_estimates():
    (axes,) = draw_bars([BarPanel("maze", ESTIMATES)], "trial return").axes
    lines = [points_of(line) for line in axes.lines]
    for row, estimate in enumerate(ESTIMATES.values()):
        interval, mark = lines[2 * row], lines[2 * row + 1]
        np.testing.assert_array_equal(interval, ([estimate.low, estimate.high], [row, row]))
        np.testing.assert_array_equal(mark, ([estimate.value], [row]))
    assert [label.get_text() for label in axes.get_yticklabels()] == ["splagger", "rnn"]
    # The first is on top.
    bottom, top = axes.get_ylim()
    assert top < 0 < 1 < bottom
    assert axes.get_xlabel() == "trial return"
    assert axes.get_title(loc="left") == "maze"
    assert [line.get_color() for line in axes.lines[::2]] == list(style.COLOURS[:2])


def test_values_are_written_beside():
    (axes,) = (figure := draw_bars([BarPanel("maze", ESTIMATES)], "trial return")).axes
    assert written(axes) == ["15.0  [15.0, 16.0]", " 2.5  [ 0.0,  3.2]"]
    assert figure.get_supxlabel() == "lines and brackets: 95 % bootstrap interval"
    figure.draw_without_rendering()
    assert max(text.get_window_extent().x1 for text in axes.texts) <= figure.bbox.width
    assert min(text.get_window_extent().x0 for text in axes.texts) > axes.bbox.x1


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        ((0.551, 0.301, 0.802), "0.55  [0.30, 0.80]"),
        ((1500.4, 1000.0, 2000.0), "1500  [1000, 2000]"),
        ((-0.5, -0.9, -0.1), "\N{MINUS SIGN}0.50  [\N{MINUS SIGN}0.90, \N{MINUS SIGN}0.10]"),
        ((16.0, 16.0, 16.0), "16.0  [16.0, 16.0]"),
        ((0.0, 0.0, 0.0), "0.00  [0.00, 0.00]"),
    ],
)
def test_values_have_as_many_digits_as_tell_them_apart(
    numbers: tuple[float, float, float], expected: str
):
    panel = BarPanel("maze", {"rnn": Estimate(*numbers, confidence=0.95)})
    assert written(draw_bars([panel], "score").axes[0]) == [expected]


def test_the_reference_is_a_line_with_a_name():
    panels = [
        BarPanel("maze", ESTIMATES, 16.0, "optimum"),
        BarPanel("game", {"rnn": Estimate(0.4, 0.2, 0.6, 0.68)}, 0.5),
    ]
    first, second = (figure := draw_bars(panels, "score")).axes
    assert points_of(first.lines[-1])[0].tolist() == [16.0, 16.0]
    assert written(first)[-1] == "optimum 16"
    assert points_of(second.lines[-1])[0].tolist() == [0.5, 0.5]
    assert len(second.texts) == 1
    assert second.lines[0].get_color() == first.lines[2].get_color()
    assert figure.get_supxlabel() == "lines and brackets: 68 % or 95 % bootstrap interval"
    figure.draw_without_rendering()
    (title,) = (text for text in figure.findobj(Text) if text.get_text() == "maze")
    assert first.texts[-1].get_window_extent().y1 < title.get_window_extent().y0


def test_many_rows_make_a_higher_figure():
    many = {
        f"agent {number}": Estimate(float(number), number - 1.0, number + 1.0, 0.95)
        for number in range(9)
    }
    few, high = (draw_bars([BarPanel("m", rows)], "score") for rows in (ESTIMATES, many))
    assert high.get_figheight() > few.get_figheight() + 1


def test_bad_input_is_refused():
    with pytest.raises(UserError, match=r"no panel"):
        draw_bars([], "score")
    with pytest.raises(UserError, match=r"panel 'maze' has no estimates"):
        draw_bars([BarPanel("maze", {})], "score")
    for numbers in ((np.nan, 0.0, 1.0), (0.0, -np.inf, 1.0), (0.5, 1.0, 0.0)):
        with pytest.raises(
            UserError, match=r"estimate of 'rnn' is .* must be finite, and in order"
        ):
            BarPanel("maze", {"rnn": Estimate(*numbers, confidence=0.95)})
