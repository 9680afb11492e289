import numpy as np
import pytest
from support.figure_parts import bands_of, corners, curves_of, labels_of, points_of

from splagger.foundation.errors import UserError
from splagger.reporting.norm_curves import draw_norms, summarise_norms, window_size


def norms(members: int = 3, updates: int = 40, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    values = np.random.default_rng(seed).lognormal(size=(members, updates))
    return 100 * np.arange(1, updates + 1), values


def test_lines_are_median_and_largest_and_bands_quartiles():
    given = {"amrl": norms(), "splagger": norms(seed=1)}
    (axes,) = (figure := draw_norms(given, "walker")).axes
    largest = [line for line in axes.lines if line not in curves_of(axes).values()]
    for (frames, values), line, high, band in zip(
        given.values(), curves_of(axes).values(), largest, bands_of(axes), strict=True
    ):
        places, heights = points_of(line)
        np.testing.assert_array_equal(places, frames)
        np.testing.assert_allclose(heights, np.median(values, axis=0))
        np.testing.assert_allclose(points_of(high)[1], values.max(axis=0))
        lower, upper = np.quantile(values, [0.25, 0.75], axis=0)
        assert corners(frames, lower) | corners(frames, upper) <= band
    assert axes.get_yscale() == "log"
    assert labels_of(axes) == ["amrl", "splagger"]
    assert (axes.get_title(loc="left"), axes.get_ylabel()) == ("walker", "norm of the gradient")
    assert figure.get_supxlabel() == (
        "line: median over 3 members; band: quartiles; dotted: the largest"
    )


def test_many_updates_share_points_and_spikes_stay():
    frames, values = norms(updates=1005)
    values[1, 500] = 1e6
    summary = summarise_norms(frames, values)
    size = window_size(1005)
    assert (size, len(summary.frames)) == (11, 92)
    np.testing.assert_array_equal(summary.frames[[0, -1]], [frames[10], frames[-1]])
    np.testing.assert_allclose(summary.median[3], np.median(values[:, 33:44]))
    np.testing.assert_allclose(summary.median[-1], np.median(values[:, 1001:]))
    assert summary.highest.max() == 1e6
    text = draw_norms({"rnn": (frames, values)}, "walker").get_supxlabel()
    assert text.startswith("line: median over 3 members and windows of 11 updates;")


def test_what_is_not_finite_is_left_out_and_marked():
    frames, values = norms(members=2, updates=6)
    values[0, 2:] = np.nan
    values[1, 4] = np.inf
    values[1, 1] = 0.0
    summary = summarise_norms(frames, values)
    np.testing.assert_array_equal(summary.failed, [False, False, True, True, True, True])
    np.testing.assert_allclose(summary.median[[1, 2]], [values[0, 1], values[1, 2]])
    assert np.isnan(summary.median[4])
    assert summary.median[5] == values[1, 5]
    (axes,) = (figure := draw_norms({"rnn": (frames, values)}, "walker")).axes
    (cross,) = [line for line in axes.lines if line.get_marker() == "x"]
    assert points_of(cross)[0].tolist() == [300.0]
    assert points_of(cross)[1].tolist() == [np.nanmax(summary.highest)]
    assert "x: the first that is not finite" in figure.get_supxlabel()


def test_zeros_alone_can_be_drawn():
    figure = draw_norms({"rnn": (np.arange(1, 4), np.zeros((1, 3)))}, "walker")
    figure.draw_without_rendering()
    assert figure.axes[0].get_yscale() == "linear"
    assert figure.get_supxlabel().startswith("line: median over 1 member;")


def test_bad_input_is_refused():
    frames, values = norms()
    with pytest.raises(UserError, match=r"norms of no agent"):
        draw_norms({}, "walker")
    with pytest.raises(UserError, match=r"norms of 'rnn' have the shape \(40,\).*\[seed, update\]"):
        draw_norms({"rnn": (frames, values[0])}, "walker")
    with pytest.raises(UserError, match=r"frames of 'rnn' have the shape \(39,\).*\(40,\)"):
        draw_norms({"rnn": (frames[1:], values)}, "walker")
    with pytest.raises(UserError, match=r"must rise"):
        draw_norms({"rnn": (frames[::-1], values)}, "walker")
    with pytest.raises(UserError, match=r"norms of 'rnn' contain -[0-9.]+, which is below 0"):
        draw_norms({"rnn": (frames, -values)}, "walker")
