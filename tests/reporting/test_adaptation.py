import numpy as np
import pytest
from matplotlib.collections import LineCollection
from support.figure_parts import curves_of, labels_of, points_of

from splagger.foundation.errors import UserError
from splagger.reporting.adaptation import AdaptationPanel, draw_adaptation
from splagger.reporting.statistics.bootstrap import OURS, PAPER, StatisticsMode, curve_estimates


def returns(seeds: int, episodes: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(np.arange(episodes), size=(seeds, episodes))


def intervals_of(axes) -> list[np.ndarray]:
    """`[episode, end, 2]` of every agent with intervals: place and height."""
    lines = [child for child in axes.collections if isinstance(child, LineCollection)]
    return [np.array(collection.get_segments()) for collection in lines]


@pytest.mark.parametrize("mode", [OURS, PAPER])
def test_marks_are_the_statistic_and_lines_its_interval(mode: StatisticsMode):
    values = {"splagger": returns(5, 4), "rnn": returns(4, 4, seed=1)}
    (axes,) = draw_adaptation([AdaptationPanel("maze", values, 4.0)], mode).axes
    lines, intervals = list(curves_of(axes).values()), intervals_of(axes)
    for line, drawn, of_agent in zip(lines, intervals, values.values(), strict=True):
        middle, low, high = curve_estimates(of_agent, mode)
        places, heights = points_of(line)
        np.testing.assert_allclose(heights, middle)
        np.testing.assert_array_equal(np.rint(places), [1, 2, 3, 4])
        np.testing.assert_allclose(drawn[:, :, 0], np.stack([places, places], axis=1))
        np.testing.assert_allclose(drawn[:, :, 1], np.stack([low, high], axis=1))
    # They stand beside one another.
    assert np.all(points_of(lines[0])[0] < points_of(lines[1])[0] - 0.05)
    assert labels_of(axes) == ["optimum 4", "splagger", "rnn"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == (
        "episode of the trial",
        "return of the episode",
    )


def test_the_text_below_and_few_seeds():
    panels = [
        AdaptationPanel("one", {"rnn": returns(5, 4)}),
        AdaptationPanel("two", {"rnn": returns(1, 2), "max": returns(1, 2)}),
    ]
    first, second = (figure := draw_adaptation(panels)).axes
    assert (len(intervals_of(first)), len(intervals_of(second))) == (1, 0)
    assert figure.get_supxlabel() == (
        "marks: interquartile mean over seeds; upright lines: 95 % bootstrap interval; seeds: "
        "one 5, two 1; no interval below 3 seeds"
    )
    colours = [curves_of(axes)["rnn"].get_color() for axes in (first, second)]
    assert colours[0] == colours[1] != curves_of(second)["max"].get_color()


def test_one_episode_is_a_mark_at_one():
    (axes,) = draw_adaptation([AdaptationPanel("maze", {"rnn": returns(3, 1)})]).axes
    assert points_of(curves_of(axes)["rnn"])[0].tolist() == [1.0]
    assert axes.get_xlim() == (0.6, 1.4)


def test_bad_input_is_refused():
    with pytest.raises(UserError, match=r"returns of 'rnn' have the shape \(4,\).*\[seed, episode"):
        AdaptationPanel("maze", {"rnn": np.zeros(4)})
    with pytest.raises(UserError, match=r"returns of 'rnn' contain inf"):
        AdaptationPanel("maze", {"rnn": np.array([[0.0, np.inf]])})
    with pytest.raises(UserError, match=r"panel 'maze' has no returns"):
        draw_adaptation([AdaptationPanel("maze", {})])
    with pytest.raises(UserError, match=r"no panel"):
        draw_adaptation([])
