"""Labels at the right ends of curves, beside the axes, kept from covering one another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.offsetbox import (
    AnnotationBbox,
    DrawingArea,
    HPacker,
    OffsetBox,
    TextArea,
    VPacker,
)

_NAME_SIZE = 9.0
_DETAIL_SIZE = 7.5
_LINE_SPACING = 1.3
_NAME_GAP = 2.5  # below the name, in points
_SAME = 0.02  # of the height of the axes: what the eye takes for the same height
_SAMPLE_LENGTH = 16.0  # in points
_GAP = 5.0  # between two labels, in points, as are the sizes


@dataclass(frozen=True)
class EndLabel:
    """What is written beside the end of a curve."""

    name: str
    """The first line, in bold; may be empty."""

    detail: str
    """The lines below it, smaller; may be empty."""

    colour: str
    """The colour of the curve."""

    sample: Mapping[str, Any]
    """How the piece of the curve before the name is drawn: properties of `Line2D`."""

    height: float
    """Where the curve ends, in units of the vertical axis. If NaN, the label goes to the foot."""

    @property
    def points(self) -> float:
        """The height of the text and of the gap below it, in points."""
        name = _LINE_SPACING * _NAME_SIZE + _NAME_GAP if self.name else 0.0
        return name + _LINE_SPACING * _DETAIL_SIZE * len(self.detail.splitlines()) + _GAP


def place_end_labels(figure: Figure, panels: Sequence[tuple[Axes, Sequence[EndLabel]]]) -> None:
    """Writes the labels of every panel, each as near to its curve's end as the others allow."""
    # The layout decides how high the axes are, and so how many labels fit.
    figure.draw_without_rendering()
    for axes, labels in panels:
        points = axes.get_window_extent().height / figure.dpi * 72
        wanted = [_share_of_axes(axes, label.height) for label in labels]
        sizes = [label.points / points for label in labels]
        for label, centre in zip(labels, spread(wanted, sizes), strict=True):
            place = AnnotationBbox(
                _box(label),
                (1.0, centre),
                xycoords="axes fraction",
                xybox=(8.0, 0.0),
                boxcoords="offset points",
                box_alignment=(0.0, 0.5),
                frameon=False,
                pad=0.0,
                annotation_clip=False,
            )
            axes.add_artist(place)


def spread(wanted: Sequence[float], sizes: Sequence[float]) -> list[float]:
    """Moves the centres of intervals apart until none overlaps another, within 0 to 1.

    **Arguments:**

    - `wanted`: `[label]` where each centre would be if it were alone.
    - `sizes`: `[label]` the length of each interval.

    **Returns:** the centres, in the order of `wanted`. Those that touch share their displacement,
    so that their mean stays where it was wanted, as far as the ends allow. If there are too many
    for the line they go beyond its lower end.
    """
    # Of those that end at nearly the same height the first goes on top.
    order = sorted(range(len(wanted)), key=lambda label: (round(wanted[label] / _SAME), -label))
    # Groups of labels that touch: their members, and the centre of the whole group.
    groups: list[tuple[list[int], float]] = []
    for label in order:
        group = _centred([label], wanted, sizes)
        while groups and _end(groups[-1], sizes, 0.5) > _end(group, sizes, -0.5):
            group = _centred(groups.pop()[0] + group[0], wanted, sizes)
        groups.append(group)
    centres = [0.0] * len(wanted)
    for members, centre in groups:
        for label, offset in _offsets(members, sizes):
            centres[label] = centre + offset
    return centres


def _share_of_axes(axes: Axes, height: float) -> float:
    """A height in units of the vertical axis, linear or logarithmic, as a share of the axes."""
    if np.isnan(height):
        return 0.0
    to_axes = axes.transData - axes.transAxes
    return float(np.clip(to_axes.transform((0.0, height))[1], 0.0, 1.0))


def _centred(
    members: list[int], wanted: Sequence[float], sizes: Sequence[float]
) -> tuple[list[int], float]:
    """The group of these members, with the centre at which their mean displacement is zero."""
    offsets = _offsets(members, sizes)
    centre = sum(wanted[member] - offset for member, offset in offsets) / len(members)
    half = sum(sizes[member] for member in members) / 2
    return members, min(max(centre, half), 1 - half)


def _end(group: tuple[list[int], float], sizes: Sequence[float], side: float) -> float:
    members, centre = group
    return centre + side * sum(sizes[member] for member in members)


def _offsets(members: Sequence[int], sizes: Sequence[float]) -> list[tuple[int, float]]:
    """Each member with its centre relative to the centre of the stack that they make."""
    position = -sum(sizes[member] for member in members) / 2
    offsets = []
    for member in members:
        offsets.append((member, position + sizes[member] / 2))
        position += sizes[member]
    return offsets


def _box(label: EndLabel) -> OffsetBox:
    """The sample and the name in one line, and the detail below them."""
    name_style = {"fontsize": _NAME_SIZE, "fontweight": "bold", "color": label.colour}
    detail_style = {
        "fontsize": _DETAIL_SIZE,
        "linespacing": _LINE_SPACING,
        "color": label.colour,
    }
    rows: list[Artist] = []
    if label.name:
        middle = _NAME_SIZE / 2
        sample = DrawingArea(_SAMPLE_LENGTH, _NAME_SIZE)
        line = Line2D([0, _SAMPLE_LENGTH / 2, _SAMPLE_LENGTH], [middle] * 3, markevery=[1])
        line.set(**label.sample)
        sample.add_artist(line)
        name = TextArea(label.name, textprops=name_style)
        rows.append(HPacker(children=[sample, name], align="center", pad=0.0, sep=5.0))
    if label.detail:
        rows.append(TextArea(label.detail, textprops=detail_style))
    return VPacker(children=rows, align="left", pad=0.0, sep=_NAME_GAP)
