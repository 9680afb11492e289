import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.offsetbox import AnnotationBbox
from support.figure_parts import bands_of, corners, curves_of, labels_of, points_of

from splagger.foundation.errors import UserError
from splagger.reporting import style
from splagger.reporting.comparison_curves import AgentCurves, Panel, draw_comparison
from splagger.reporting.figure_files import save_figure
from splagger.reporting.statistics.bootstrap import OURS, PAPER, curve_estimates
from splagger.reporting.statistics.curve_values import smooth, thin


def agent(label: str, seeds: int = 5, evaluations: int = 12, seed: int = 0) -> AgentCurves:
    returns = np.random.default_rng(seed).normal(size=(seeds, evaluations)).cumsum(axis=1)
    return AgentCurves(label, 1000 * np.arange(evaluations), returns)


def test_lines_are_the_statistic_and_bands_its_interval():
    curves = [agent("splagger"), agent("rnn", evaluations=7, seed=1)]
    (axes,) = draw_comparison([Panel("maze", curves, 6.0, 0.5)]).axes
    assert list(curves_of(axes)) == ["splagger", "rnn"]
    for drawn, line, band in zip(curves, curves_of(axes).values(), bands_of(axes), strict=True):
        middle, low, high = curve_estimates(drawn.returns, OURS)
        places, heights = points_of(line)
        np.testing.assert_array_equal(places, drawn.frames)
        np.testing.assert_allclose(heights, middle)
        assert corners(drawn.frames, low) | corners(drawn.frames, high) <= band
    assert labels_of(axes) == ["optimum 6", "splagger", "rnn", "random 0.5"]
    levels = [points_of(line)[1][0] for line in axes.lines if len(points_of(line)[0]) == 2]
    assert levels == [6.0, 0.5]
    assert axes.get_title(loc="left") == "maze"
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("frames (thousands)", "trial return")


def test_the_papers_mode_smooths_and_thins():
    curves = agent("splagger", seeds=3, evaluations=500)
    (axes,) = (figure := draw_comparison([Panel("maze", [curves])], PAPER)).axes
    kept = thin(500)
    middle, low, _ = curve_estimates(smooth(curves.returns)[:, kept], PAPER)
    places, heights = points_of(curves_of(axes)["splagger"])
    assert len(places) == 200
    np.testing.assert_array_equal(places, curves.frames[kept])
    np.testing.assert_allclose(heights, middle)
    assert corners(places, low) <= bands_of(axes)[0]
    assert figure.get_supxlabel().replace("\n", " ") == (
        "line: mean over seeds; band: 68 % bootstrap interval of it; 3 seeds; smoothed: running "
        "mean over a tenth of the evaluations"
    )


def test_many_evaluations_share_points():
    many, few = agent("splagger", evaluations=104), agent("rnn", evaluations=50)
    (axes,) = (figure := draw_comparison([Panel("maze", [many, few])])).axes
    places, heights = points_of(curves_of(axes)["splagger"])
    groups = [many.returns[:, start : start + 3] for start in range(0, 104, 3)]
    means = np.stack([group.mean(axis=1) for group in groups], axis=1)
    np.testing.assert_allclose(heights, curve_estimates(means, OURS)[0])
    np.testing.assert_allclose(places[[0, 1, -1]], [1000, 4000, 102500])
    np.testing.assert_array_equal(points_of(curves_of(axes)["rnn"])[0], few.frames)
    text = figure.get_supxlabel().replace("\n", " ")
    assert text.endswith("5 seeds; each point: mean of 1 to 3 evaluations in a row")


def test_the_text_below_says_how_many_seeds():
    def text(*panels: Panel) -> str:
        return draw_comparison(panels).get_supxlabel().replace("\n", " ")

    start = "line: interquartile mean over seeds; band: 95 % bootstrap interval of it; "
    three, five, two = agent("rnn", 3), agent("max", 5), agent("cnp", 2)
    assert text(Panel("one", [three])) == start + "3 seeds"
    assert text(Panel("one", [three, five])) == start + "seeds: rnn 3, max 5"
    assert text(Panel("one", [three]), Panel("two", [five])) == start + "seeds: one 3, two 5"
    mixed = text(Panel("one", [three, five]), Panel("two", [agent("max", 4)]))
    assert mixed == start + "seeds: one: rnn 3, max 5; two: max 4"
    few = text(Panel("one", [three, two]))
    assert few == start + "seeds: rnn 3, cnp 2; no interval below 3 seeds"


def test_two_seeds_have_no_band():
    (axes,) = draw_comparison([Panel("maze", [agent("rnn", 2), agent("max", 3)])]).axes
    assert len(bands_of(axes)) == 1
    assert len(curves_of(axes)) == 2


def test_an_agent_looks_the_same_in_every_panel():
    panels = [
        Panel("one", [agent("other"), agent("rnn"), agent("another")]),
        Panel("two", [agent("another"), agent("splagger")]),
    ]
    first, second = draw_comparison(panels).axes
    looks = {label: line.get_color() for label, line in curves_of(first).items()}
    looks |= {label: line.get_color() for label, line in curves_of(second).items()}
    assert curves_of(first)["another"].get_color() == looks["another"]
    assert (looks["splagger"], looks["rnn"]) == style.COLOURS[:2]
    assert len(set(looks.values())) == 4


def test_thirteen_agents_are_told_apart_and_their_labels_do_not_overlap():
    curves = [agent(f"agent {number}", evaluations=30, seed=number) for number in range(13)]
    figure = draw_comparison([Panel("zoo", curves)])
    (axes,) = figure.axes
    looks = {
        (line.get_marker(), line.get_linestyle(), to_rgba(line.get_markerfacecolor()))
        for line in curves_of(axes).values()
    }
    assert len({look[:2] for look in looks}) == 13
    # Without colours too: those that share a mark have it filled and hollow.
    assert len({(mark, face == to_rgba("white")) for mark, _, face in looks}) == 13
    figure.draw_without_rendering()
    boxes = [child for child in axes.get_children() if isinstance(child, AnnotationBbox)]
    extents = sorted((box.get_window_extent().y0, box.get_window_extent().y1) for box in boxes)
    assert len(extents) == 13
    assert all(below[1] <= above[0] for below, above in itertools.pairwise(extents))
    assert max(box.get_window_extent().x1 for box in boxes) <= figure.bbox.width


@pytest.mark.parametrize("suffix", [".png", ".pdf", ".svg"])
def test_files_are_written_and_reproducible(tmp_path, suffix: str):
    panels = [Panel("maze", [agent("splagger"), agent("rnn")], 3.0, 0.0)]
    for name in ("first", "second"):
        save_figure(draw_comparison(panels), tmp_path / f"{name}{suffix}")
    first = (tmp_path / f"first{suffix}").read_bytes()
    assert len(first) > 1000
    assert first == (tmp_path / f"second{suffix}").read_bytes()


def test_bad_input_is_refused():
    frames, returns = np.arange(3), np.zeros((2, 3))
    with pytest.raises(UserError, match=r"returns of 'rnn' have the shape \(3,\).*\[seed, eval"):
        AgentCurves("rnn", frames, np.zeros(3))
    with pytest.raises(UserError, match=r"at least one of each"):
        AgentCurves("rnn", frames, np.zeros((0, 3)))
    with pytest.raises(UserError, match=r"returns of 'rnn' contain nan"):
        AgentCurves("rnn", frames, np.array([[0.0, 1.0, np.nan]]))
    with pytest.raises(UserError, match=r"frames of 'rnn' have the shape \(2,\).*\(3,\)"):
        AgentCurves("rnn", frames[:2], returns)
    for wrong in ([0, 2, 2], [-1, 0, 1]):
        with pytest.raises(UserError, match=r"must rise and not be below 0"):
            AgentCurves("rnn", np.array(wrong), returns)
    with pytest.raises(UserError, match=r"'maze' has 2 curves with the label 'rnn'"):
        Panel("maze", [agent("rnn"), agent("rnn")])
    with pytest.raises(UserError, match=r"no panel"):
        draw_comparison([])
    with pytest.raises(UserError, match=r"panel 'maze' has no curves"):
        draw_comparison([Panel("maze", [])])
