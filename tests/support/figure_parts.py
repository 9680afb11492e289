"""What is drawn in a panel, read back from its artists."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.lines import Line2D
from matplotlib.offsetbox import AnnotationBbox, TextArea


def curves_of(axes: Axes) -> dict[str, Line2D]:
    """The lines that have a label, by it."""
    return {str(line.get_label()): line for line in axes.lines if str(line.get_label())[0] != "_"}


def points_of(line: Line2D) -> tuple[np.ndarray, np.ndarray]:
    """The places and the heights of a line."""
    return np.asarray(line.get_xdata(), float), np.asarray(line.get_ydata(), float)


def bands_of(axes: Axes) -> list[set[tuple[float, float]]]:
    """The corners of every shaded area, rounded."""
    shades = [child for child in axes.collections if isinstance(child, PolyCollection)]
    return [corners(*np.asarray(shade.get_paths()[0].vertices, float).T) for shade in shades]


def corners(places: np.ndarray, heights: np.ndarray) -> set[tuple[float, float]]:
    """Points that can be compared with those of a band."""
    return {(round(float(x), 6), round(float(y), 6)) for x, y in zip(places, heights, strict=True)}


def labels_of(axes: Axes) -> list[str]:
    """The names of the labels beside the axes, from the first that was written."""
    boxes = [child for child in axes.get_children() if isinstance(child, AnnotationBbox)]
    areas = [box.findobj(TextArea)[0] for box in boxes]
    return [area.get_text() for area in areas if isinstance(area, TextArea)]
