import numpy as np
import pytest
from support.figure_parts import bands_of, corners, curves_of, labels_of, points_of

from splagger.foundation.errors import UserError
from splagger.reporting.profile_curves import ProfilePanel, draw_profiles, thresholds_of
from splagger.reporting.statistics.bootstrap import OURS
from splagger.reporting.statistics.profiles import performance_profile, profile_interval

GENERATOR = np.random.default_rng(0)
SCORES = {
    "rnn": [GENERATOR.uniform(0, 0.5, size=4), GENERATOR.uniform(0, 0.5, size=3)],
    "splagger": [GENERATOR.uniform(0.4, 1, size=4), GENERATOR.uniform(0.4, 1, size=3)],
}


def test_lines_are_the_profiles_and_bands_their_intervals():
    panel = ProfilePanel("all mazes", SCORES)
    (axes,) = (figure := draw_profiles([panel])).axes
    thresholds = thresholds_of(panel)
    for strata, line, band in zip(
        SCORES.values(), curves_of(axes).values(), bands_of(axes), strict=True
    ):
        places, heights = points_of(line)
        np.testing.assert_array_equal(places, thresholds)
        np.testing.assert_allclose(heights, performance_profile(strata, thresholds))
        assert (heights[0], heights[-1]) == (1.0, 0.0)
        assert line.get_drawstyle() == "steps-post"
        low, high = profile_interval(strata, thresholds, OURS)
        assert corners(thresholds, low) | corners(thresholds, high) <= band
    assert labels_of(axes) == ["rnn", "splagger"]
    assert axes.get_xlabel() == "threshold of the normalised return"
    assert axes.get_title(loc="left") == "all mazes"
    assert figure.get_supxlabel() == (
        "line: share of runs above a threshold; band: 95 % bootstrap interval at each; "
        "7 runs of each agent"
    )


def test_thresholds_reach_from_below_the_lowest_score_to_the_highest():
    panel = ProfilePanel("one", {"rnn": [np.array([0.0, 10.0])], "max": [np.array([-10.0])]})
    thresholds = thresholds_of(panel)
    np.testing.assert_allclose(thresholds[[0, -1]], [-10.4, 10.0])
    np.testing.assert_allclose(np.diff(thresholds), np.diff(thresholds)[0])
    same = thresholds_of(ProfilePanel("one", {"rnn": [np.ones(3)]}))
    np.testing.assert_allclose(same[[0, -1]], [0.0, 1.0])


def test_few_runs_have_no_band():
    panel = ProfilePanel("one", {"rnn": [np.array([0.1, 0.3])], "max": [np.array([0.1, 0.4, 0.5])]})
    figure = draw_profiles([panel], axis="return")
    assert len(bands_of(figure.axes[0])) == 1
    assert (
        figure.get_supxlabel()
        .replace("\n", " ")
        .endswith("2 to 3 runs of each agent; no interval below 3 runs")
    )
    assert figure.axes[0].get_xlabel() == "threshold of the return"


def test_bad_input_is_refused():
    with pytest.raises(UserError, match=r"scores of 'rnn' of environment 0 have the shape \(0,\)"):
        ProfilePanel("one", {"rnn": [np.array([])]})
    with pytest.raises(UserError, match=r"scores of 'rnn' of environment 1 contain nan"):
        ProfilePanel("one", {"rnn": [np.zeros(2), np.array([np.nan])]})
    with pytest.raises(UserError, match=r"panel 'one' has no scores"):
        draw_profiles([ProfilePanel("one", {})])
    with pytest.raises(UserError, match=r"panel 'one' has no scores"):
        thresholds_of(ProfilePanel("one", {}))
    with pytest.raises(UserError, match=r"no panel"):
        draw_profiles([])
