import struct

import numpy as np
import pytest
from matplotlib import rcParams
from matplotlib.offsetbox import AnnotationBbox, TextArea

from splagger.foundation.errors import UserError
from splagger.reporting import style
from splagger.reporting.curves import draw_curves, plot_runs
from splagger.reporting.end_labels import spread
from splagger.reporting.member_curves import read_curves, read_group_curves
from splagger.training.run_directory import EvaluationRow, RunDirectory

SETTINGS = {"environment": "maze", "agent": {"name": "splagger"}}


def make_run(path, values, settings=SETTINGS, episodes=2):
    """Makes a run. `values` maps (learning rate, seed) to trial returns at frames 1000, 2000 ..."""
    run = RunDirectory.create(path, settings)
    for member, ((learning_rate, seed), returns) in enumerate(values.items()):
        run.append_evaluations(
            [
                EvaluationRow(member, learning_rate, seed, 1000 * (k + 1), e, v / episodes, 0.5)
                for k, v in enumerate(returns)
                for e in range(episodes)
            ]
        )
    return path


def simple_run(path, agent="splagger", environment="maze", **settings):
    settings = {"environment": environment, "agent": {"name": agent}, **settings}
    return make_run(path, {(0.001, s): [1.0, 2.0 + s, 4.0] for s in range(3)}, settings)


def means_of(axes):
    """The bold lines, by label."""
    return {str(line.get_label()): line for line in axes.lines if str(line.get_label())[0] != "_"}


def heights_of(line):
    return np.asarray(line.get_ydata(), dtype=float)


def labels_of(axes):
    """The texts of every label beside the axes."""
    boxes = [child for child in axes.get_children() if isinstance(child, AnnotationBbox)]
    return [
        [area.get_text() for area in box.findobj(TextArea) if isinstance(area, TextArea)]
        for box in boxes
    ]


def test_curves_hold_the_evaluations(tmp_path):
    path = make_run(tmp_path / "run", {(0.01, 2): [1.0, 3.0], (0.001, 1): [0.0, 8.0]})
    curves = read_curves(path)
    assert (curves.environment, curves.agent, curves.optimum) == ("maze", "splagger", None)
    assert [(m.learning_rate, m.seed) for m in curves.members] == [(0.001, 1), (0.01, 2)]
    np.testing.assert_array_equal(curves.members[1].frames, [1000, 2000])
    np.testing.assert_array_equal(curves.members[1].trial_returns, [1.0, 3.0])
    assert curves.members[1].episode_returns.shape == (2, 2)


def test_groups_of_tasks_have_panels_of_their_own(tmp_path):
    path = simple_run(tmp_path / "run")
    with pytest.raises(UserError, match="has no evaluations of groups of tasks"):
        read_group_curves(path)
    RunDirectory.open(path).append_evaluations(
        [
            EvaluationRow(0, 0.001, 0, 1000, episode, value, None, group)
            for group, value in (("backwards", 1.5), ("forwards", 3.0))
            for episode in range(2)
        ]
    )
    first, second = read_group_curves(path)
    assert (first.environment, second.environment) == ("maze\nbackwards", "maze\nforwards")
    assert first.members[0].trial_returns.tolist() == [3.0]
    assert second.members[0].trial_returns.tolist() == [6.0]
    # Those of all tasks are what they were.
    assert read_curves(path).members[0].trial_returns.tolist() == [1.0, 2.0, 4.0]
    plot_runs([path], tmp_path / "groups.png", groups=True)
    figure = draw_curves([first, second])
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "maze\nbackwards",
        "maze\nforwards",
    ]


def test_settings_are_read_defensively(tmp_path):
    curves = read_curves(make_run(tmp_path / "run", {(0.1, 1): [1.0]}, {"agent": 3}))
    assert (curves.environment, curves.agent) == ("unknown environment", "unknown agent")


def test_incomplete_and_broken_evaluations_are_left_out(tmp_path):
    path = make_run(tmp_path / "run", {(0.1, 1): [1.0, float("nan")], (0.1, 2): [1.0, 2.0]})
    run = RunDirectory.open(path)
    run.append_evaluations([EvaluationRow(1, 0.1, 2, 3000, 0, 1.0, None)])
    first, second = read_curves(path).members
    assert (list(first.frames), first.stopped) == ([1000], True)
    assert (list(second.frames), second.stopped) == ([1000, 2000], False)


def test_a_stopped_member_does_not_flatter_the_mean(tmp_path):
    values = {(0.1, 1): [0.0, 9.0], (0.1, 2): [0.0, 9.0, 9.0]}
    curves = read_curves(make_run(tmp_path / "run", values))
    frames, returns = curves.mean_curve(0.1)
    np.testing.assert_array_equal(frames, [1000, 2000])
    assert returns.shape == (2, 2)


def test_figure_has_every_line_and_label(tmp_path):
    values = {(rate, seed): [1.0, rate * 10 + seed] for rate in (0.1, 0.2) for seed in (0, 1, 2)}
    one = read_curves(make_run(tmp_path / "one", values))
    two = read_curves(simple_run(tmp_path / "two", agent="rnn"))
    figure = draw_curves([one, two], optimum={"maze": 6.0})
    (axes,) = figure.axes
    # A mean of another learning rate, three seeds and a mean; three seeds and a mean; the optimum.
    assert len(axes.lines) == 1 + 3 + 1 + 3 + 1 + 1
    assert len(axes.collections) == 2
    named = means_of(axes)
    assert list(named) == ["splagger", "rnn"]
    np.testing.assert_allclose(heights_of(named["splagger"]), [1.0, 3.0])
    np.testing.assert_allclose(heights_of(named["rnn"]), [1.0, 3.0, 4.0])
    assert named["splagger"].get_color() != named["rnn"].get_color()
    assert labels_of(axes) == [
        ["optimum 6"],
        ["splagger", "learning rate 0.2\n(best of 2)"],
        ["rnn", "learning rate 0.001"],
    ]
    assert axes.get_title(loc="left") == "maze"
    assert axes.get_xlabel() == "frames (thousands)"
    assert axes.get_ylabel() == "trial return (sum over 2 episodes)"
    assert axes.xaxis.get_major_formatter()(2000, 0) == "2"


def test_one_panel_an_environment_and_one_colour_an_agent(tmp_path):
    runs = [
        read_curves(simple_run(tmp_path / f"{agent}-{environment}", agent, environment))
        for environment in ("first", "second")
        for agent in ("splagger", "rnn")
    ]
    figure = draw_curves(runs[::-1])
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["second", "first"]
    colours = [
        {label: line.get_color() for label, line in means_of(axes).items()} for axes in figure.axes
    ]
    assert colours[0] == colours[1]
    assert len(set(colours[0].values())) == 2
    assert figure.get_figwidth() == 2 * style.PANEL_WIDTH


def test_runs_of_the_same_agent_are_named_by_their_directories(tmp_path):
    runs = [read_curves(simple_run(tmp_path / name)) for name in ("a", "b")]
    (axes,) = draw_curves(runs).axes
    assert [names[0] for names in labels_of(axes)] == ["splagger a", "splagger b"]


def test_optimum_from_the_settings(tmp_path):
    run = read_curves(simple_run(tmp_path / "run", optimal_trial_return=15.5))
    for optimum, expected in (({}, "15.5"), ({"maze": None}, "15.5"), ({"maze": 16.0}, "16")):
        (axes,) = draw_curves([run], optimum=optimum).axes
        assert labels_of(axes)[0] == [f"optimum {expected}"]


def test_no_shading_with_two_seeds_and_no_seeds_with_one(tmp_path):
    two = make_run(tmp_path / "two", {(0.1, 1): [1.0, 2.0], (0.1, 2): [1.0, 3.0]})
    (axes,) = draw_curves([read_curves(two)]).axes
    assert (len(axes.lines), len(axes.collections)) == (3, 0)
    one = make_run(tmp_path / "one", {(0.1, 1): [1.0, 2.0]})
    figure = draw_curves([read_curves(one)])
    assert (len(figure.axes[0].lines), len(figure.axes[0].collections)) == (1, 0)
    assert figure.get_supxlabel() == ""


def test_a_stopped_member_is_marked_and_explained(tmp_path):
    path = make_run(tmp_path / "run", {(0.1, 1): [1.0], (0.1, 2): [1.0, 3.0]})
    figure = draw_curves([read_curves(path)])
    marks = [line for line in figure.axes[0].lines if line.get_marker() == "x"]
    assert [np.asarray(mark.get_xydata()).tolist() for mark in marks] == [[[1000.0, 1.0]]]
    assert "x: a seed that was stopped" in figure.get_supxlabel()


def test_labels_do_not_overlap():
    assert spread([0.2, 0.8], [0.1, 0.1]) == [0.2, 0.8]
    np.testing.assert_allclose(spread([0.5, 0.5], [0.1, 0.3]), [0.6, 0.4])
    np.testing.assert_allclose(spread([1.0, 1.0, 0.0], [0.2, 0.2, 0.2]), [0.9, 0.7, 0.1])
    generator = np.random.default_rng(0)
    for _ in range(50):
        wanted, sizes = generator.uniform(size=6).tolist(), [0.1, 0.2, 0.1, 0.15, 0.1, 0.05]
        placed = sorted(zip(spread(wanted, sizes), sizes, strict=True))
        edges = [(centre - size / 2, centre + size / 2) for centre, size in placed]
        assert edges[0][0] > -1e-9
        assert edges[-1][1] < 1 + 1e-9
        assert all(edges[k][1] < edges[k + 1][0] + 1e-9 for k in range(5))


def test_png_has_the_size_of_its_panel(tmp_path):
    run = simple_run(tmp_path / "run")
    before = dict(rcParams)
    out = plot_runs([run], tmp_path / "new" / "figures" / "curve.png", optimum={"maze": 4.0})
    content = out.read_bytes()
    assert content.startswith(b"\x89PNG")
    width, height = struct.unpack(">II", content[16:24])
    assert (width, height) == (
        round(style.PANEL_WIDTH * style.RESOLUTION),
        round(style.PANEL_HEIGHT * style.RESOLUTION),
    )
    assert dict(rcParams) == before


@pytest.mark.parametrize(
    ("suffix", "start"), [(".pdf", b"%PDF"), (".svg", b"<?xml"), (".PNG", b"\x89PNG")]
)
def test_other_kinds_of_files_are_reproducible(tmp_path, suffix, start):
    run = simple_run(tmp_path / "run")
    first = plot_runs([run], tmp_path / f"first{suffix}", interval="bootstrap").read_bytes()
    second = plot_runs([run], tmp_path / f"second{suffix}", interval="bootstrap").read_bytes()
    assert first.startswith(start)
    assert first == second


def test_many_runs_get_a_higher_panel(tmp_path):
    runs = [read_curves(simple_run(tmp_path / str(k), agent=f"agent {k}")) for k in range(9)]
    figure = draw_curves(runs)
    assert figure.get_figheight() > style.PANEL_HEIGHT
    figure.draw_without_rendering()
    boxes = [c for c in figure.axes[0].get_children() if isinstance(c, AnnotationBbox)]
    extents = [box.get_window_extent().extents for box in boxes]
    bottoms_and_tops = sorted((bottom, top) for _, bottom, _, top in extents)
    assert all(a[1] <= b[0] for a, b in zip(bottoms_and_tops, bottoms_and_tops[1:], strict=False))
    assert max(extent[2] for extent in extents) <= figure.bbox.width


def test_bad_input_is_refused(tmp_path):
    run = simple_run(tmp_path / "run")
    with pytest.raises(UserError, match=r"suffix '\.txt'; use one of \.png, \.pdf, \.svg"):
        plot_runs([run], tmp_path / "curve.txt")
    with pytest.raises(UserError, match="no run"):
        plot_runs([], tmp_path / "curve.png")
    with pytest.raises(UserError, match="does not exist"):
        plot_runs([tmp_path / "absent"], tmp_path / "curve.png")
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="cannot make the folder"):
        plot_runs([run], tmp_path / "file" / "curve.png")
    empty = RunDirectory.create(tmp_path / "empty", SETTINGS)
    with pytest.raises(UserError, match="no evaluation yet"):
        plot_runs([empty.path], tmp_path / "curve.png")
    assert not (tmp_path / "curve.png").exists()


def test_a_figure_is_overwritten_only_on_request(tmp_path):
    run, out = simple_run(tmp_path / "run"), tmp_path / "curve.svg"
    out.write_text("mine")
    with pytest.raises(UserError, match="exists"):
        plot_runs([run], out)
    assert out.read_text() == "mine"
    assert plot_runs([run], out, overwrite=True) == out
    assert out.read_text() != "mine"
