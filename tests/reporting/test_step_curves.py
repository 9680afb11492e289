import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.offsetbox import AnnotationBbox, TextArea

from splagger.reporting.quantities import Quantity
from splagger.reporting.statistics.bootstrap import seed_interval
from splagger.reporting.step_curves import draw_step_curves

LINEAR = Quantity("difference", "a difference", "distance")
LOGARITHMIC = Quantity("gradient", "a gradient", "norm", logarithmic=True)


def falling(rate: float, members: int = 4) -> np.ndarray:
    """Curves `[member, step]` that fall by a factor at every step."""
    return np.linspace(1, 2, members)[:, None] * rate ** np.arange(20)


def label_heights(axes) -> dict[str, float]:
    """The height of every label, as a share of the axes."""
    boxes = [child for child in axes.get_children() if isinstance(child, AnnotationBbox)]
    return {box.offsetbox.findobj(TextArea)[0].get_text(): box.xy[1] for box in boxes}


@pytest.mark.parametrize("quantity", [LINEAR, LOGARITHMIC])
def test_mean_and_interval_of_every_agent(quantity: Quantity):
    values = {"rnn": falling(0.1), "max": falling(0.9)}
    figure = draw_step_curves(values, quantity)
    (axes,) = figure.axes
    for line, curves in zip(axes.lines, values.values(), strict=True):
        np.testing.assert_allclose(np.asarray(line.get_ydata(), float), curves.mean(axis=0))
    assert axes.lines[0].get_color() != axes.lines[1].get_color()
    shades = [child for child in axes.collections if isinstance(child, PolyCollection)]
    low, high = seed_interval(values["max"], "bootstrap")
    outline = np.asarray(shades[1].get_paths()[0].vertices, float)
    np.testing.assert_allclose([outline[:, 1].min(), outline[:, 1].max()], [low.min(), high.max()])
    assert axes.get_title(loc="left") == quantity.title
    assert axes.get_ylabel() == quantity.axis
    assert axes.get_yscale() == ("log" if quantity.logarithmic else "linear")
    assert figure.get_supxlabel().startswith("mean over 4 agents each; shaded: 95 %")


def test_labels_are_where_curves_end_on_a_logarithmic_axis():
    values = {"low": falling(0.1), "middle": falling(0.33), "high": falling(1.0)}
    (axes,) = draw_step_curves(values, LOGARITHMIC).axes
    heights = label_heights(axes)
    assert list(heights) == list(values)
    # On a linear axis, the two lower ones would end at the same height.
    assert heights["low"] < 0.1
    assert 0.4 < heights["middle"] < 0.6
    assert heights["high"] > 0.9


def test_one_agent_has_no_interval():
    figure = draw_step_curves({"rnn": falling(0.5, members=1)}, LINEAR)
    assert not figure.axes[0].collections
    assert figure.get_supxlabel() == "one agent each"
    figure = draw_step_curves({"rnn": falling(0.5, 1), "max": falling(0.5, 3)}, LINEAR)
    assert figure.get_supxlabel().startswith("mean over 1 to 3 agents")


def test_zeros_and_a_single_step_can_be_drawn():
    draw_step_curves({"max": np.zeros((3, 5)), "rnn": falling(0.5)[:3, :5]}, LOGARITHMIC)
    draw_step_curves({"max": np.ones((2, 1))}, LOGARITHMIC).draw_without_rendering()
