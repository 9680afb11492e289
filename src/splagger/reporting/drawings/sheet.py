"""A sheet to draw on, measured in inches, and the marks that all drawings share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Polygon
from matplotlib.text import Text

from splagger.reporting import style

Point = tuple[float, float]
"""x and y in inches, from a sheet's lower left corner."""

INK = "#222222"
"""Lines and texts."""

PALE = "#C4C8CE"
"""Marks that carry no information, such as noise, and lines that only divide."""

BACKDROP = "#F3F4F6"
"""What other marks lie on, such as a floor."""

UP_COLOUR = style.COLOURS[0]
"""Marks that say up."""

DOWN_COLOUR = style.COLOURS[1]
"""Marks that say down."""

TITLE_SIZE = 11.0
"""Points of a sheet's title."""

TEXT_SIZE = 8.5
"""Points of all other texts, unless a mark has little room."""

LINE_WIDTH = 0.9
"""Points of thin lines."""

BOLD_WIDTH = 1.5
"""Points of walls and of lines that matter."""

LABELS_END = 0.98
"""Where the labels of rows end in drawings of environments, in inches from the left."""

RULES_LEFT = 1.11
"""Where rules begin beside their labels."""

RULE_ROWS = (0.4, 0.13)
"""Heights of the two rows of rules below a drawing of an environment."""

_HALF_CAPITAL = 0.36  # of the size of the font


def empty_figure(width: float, height: float) -> Figure:
    """Returns a figure of this size in inches that belongs to no window and no global state.

    What is added to it must be added, as it is made, with `matplotlib.rc_context(style.RECORD)`.
    """
    figure = Figure(figsize=(width, height), dpi=style.RESOLUTION)
    FigureCanvasAgg(figure)
    return figure


@dataclass(frozen=True)
class Sheet:
    """A rectangle of a figure, to draw on in inches."""

    axes: Axes
    """The axes, without ticks or spines; one unit is an inch both ways."""

    @classmethod
    def place(
        cls, figure: Figure, left: float, bottom: float, width: float, height: float
    ) -> "Sheet":
        """Adds a sheet to `figure`; the arguments are in inches."""
        across, up = figure.get_size_inches()
        axes = figure.add_axes((left / across, bottom / up, width / across, height / up))
        axes.set_xlim(0, width)
        axes.set_ylim(0, height)
        axes.set_axis_off()
        return cls(axes)

    def text(
        self,
        at: Point,
        words: str,
        *,
        align: Literal["left", "center", "right"] = "center",
        size: float = TEXT_SIZE,
        colour: str = INK,
        bold: bool = False,
    ) -> Text:
        """Writes one line of `words` whose capitals are centred on the height of `at`.

        **Returns:** the text, whose extent says where it ends.
        """
        return self.axes.text(
            at[0],
            at[1] - _HALF_CAPITAL * size / 72,
            words,
            ha=align,
            va="baseline",
            fontsize=size,
            color=colour,
            fontweight="bold" if bold else "normal",
            zorder=6,
        )

    def end_of(self, text: Text) -> float:
        """Where `text` ends at the right, in inches of this sheet."""
        return self.axes.transData.inverted().transform(text.get_window_extent().max)[0]

    def line(self, points: Sequence[Point], **look: Any) -> None:
        """Draws a line through `points`; `look` is matplotlib's, a thin dark line by default."""
        look = {"color": INK, "linewidth": LINE_WIDTH, "solid_capstyle": "butt", **look}
        self.axes.plot(*zip(*points, strict=True), **look)

    def area(self, corners: Sequence[Point], fill: str) -> None:
        """Fills a polygon, below everything else."""
        self.axes.add_patch(Polygon(corners, facecolor=fill, edgecolor="none", zorder=1))

    def box(
        self,
        centre: Point,
        width: float,
        height: float,
        words: str = "",
        *,
        fill: str = "white",
        edge: str = INK,
        dashed: bool = False,
        line_width: float = LINE_WIDTH,
        ink: str = INK,
        size: float = TEXT_SIZE,
        corner: float = 0.05,
        layer: float = 3.0,
    ) -> None:
        """Draws a box with round corners, and `words` in its middle."""
        patch = FancyBboxPatch(
            (centre[0] - width / 2, centre[1] - height / 2),
            width,
            height,
            boxstyle=f"round,pad=0,rounding_size={corner}",
            facecolor=fill,
            edgecolor=edge,
            linewidth=line_width,
            linestyle=(0, (3, 2)) if dashed else "-",
            zorder=layer,
        )
        self.axes.add_patch(patch)
        if words:
            self.text(centre, words, colour=ink, size=size)

    def disc(self, centre: Point, radius: float, fill: str, *, edge: str = "white") -> None:
        """Draws a disc with a thin border."""
        patch = Circle(centre, radius, facecolor=fill, edgecolor=edge, linewidth=0.8, zorder=5)
        self.axes.add_patch(patch)

    def triangle(self, centre: Point, up: bool, *, size: float, fill: str) -> None:
        """Draws the sign for up or down; `size` is its width."""
        x, y = centre
        half, tip = size / 2, (size if up else -size) * 0.43
        corners = [(x - half, y - tip), (x + half, y - tip), (x, y + tip)]
        self.axes.add_patch(Polygon(corners, facecolor=fill, edgecolor="none", zorder=5))

    def arrow(
        self,
        start: Point,
        end: Point,
        *,
        colour: str = INK,
        width: float = LINE_WIDTH,
        layer: float = 4.0,
    ) -> None:
        """Draws an arrow.

        **Arguments:**

        - `start`, `end`: where it starts, and where its tip is.
        - `colour`: of all of it.
        - `width`: of its line, in points. The head is in proportion.
        - `layer`: what has a higher one is drawn over it.
        """
        patch = FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>,head_length=0.55,head_width=0.3",
            mutation_scale=5.6 + 1.6 * width,
            shrinkA=0,
            shrinkB=0,
            color=colour,
            linewidth=width,
            joinstyle="miter",
            capstyle="butt",
            zorder=layer,
        )
        self.axes.add_patch(patch)
