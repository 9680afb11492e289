"""One number for each agent, with its interval, in horizontal rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from splagger.foundation.errors import UserError
from splagger.reporting import style
from splagger.reporting.figure_checks import check_panels
from splagger.reporting.panels import OPTIMUM_DASHES, panel_grid, write_below
from splagger.reporting.statistics.bootstrap import Estimate

_ROW_HEIGHT = 0.27  # inches
_PAD_OVER_NAME = 17.0  # points between the title and the panel
_SPACE, _MINUS = "\N{FIGURE SPACE}", "\N{MINUS SIGN}"
_HEIGHT_AROUND = 1.25  # inches of a panel above and below its rows


@dataclass(frozen=True)
class BarPanel:
    """What is drawn of one environment, or of one question.

    **Raises:** `UserError` if a number is not finite, or an interval ends below its beginning.
    """

    title: str
    """What the numbers are of."""

    estimates: Mapping[str, Estimate]
    """The numbers by name, of agents or pairs of them, from the top row down. At least one."""

    reference: float | None = None
    """What to compare with, drawn as a dashed line: an optimum, or no difference."""

    reference_name: str = ""
    """What is written over that line; nothing where it is empty."""

    def __post_init__(self) -> None:
        for name, estimate in self.estimates.items():
            numbers = (estimate.value, estimate.low, estimate.high)
            if not np.isfinite(numbers).all() or estimate.low > estimate.high:
                raise UserError(
                    f"the estimate of '{name}' is {estimate.value:g} in the interval from "
                    f"{estimate.low:g} to {estimate.high:g}, but all must be finite, and in order."
                )


def draw_bars(panels: Sequence[BarPanel], axis: str) -> Figure:
    """Draws every estimate as a mark with a line over its interval, and writes it beside.

    **Arguments:**

    - `panels`: at least one. A name looks the same in all of them.
    - `axis`: what the numbers are, written below each panel.

    **Returns:** a figure that belongs to no window and no global state.

    **Raises:** `UserError` if there is no panel, or one has no estimate.
    """
    check_panels(panels, "estimates")
    looks = style.agent_lines(name for panel in panels for name in panel.estimates)
    rows = max(len(panel.estimates) for panel in panels)
    with matplotlib.rc_context(style.RECORD):
        figure, grid = panel_grid(len(panels), _ROW_HEIGHT * rows + _HEIGHT_AROUND)
        for axes, panel in zip(grid, panels, strict=True):
            _draw_panel(axes, panel, looks, rows)
            axes.set_xlabel(axis)
        write_below(figure, _explain(panels))
    return figure


def _draw_panel(
    axes: Axes, panel: BarPanel, looks: Mapping[str, Mapping[str, Any]], rows: int
) -> None:
    texts = _texts(panel)
    for row, (name, estimate) in enumerate(panel.estimates.items()):
        look = {**looks[name], "linestyle": "none", "markersize": 7}
        interval = [estimate.low, estimate.high]
        axes.plot(interval, [row, row], color=look["color"], linewidth=2.2, marker="|", zorder=2)
        axes.plot([estimate.value], [row], **look, zorder=3)
        axes.text(
            1.03,
            row,
            texts[row],
            transform=axes.get_yaxis_transform(),
            va="center_baseline",
            fontsize=8.5,
        )
    if panel.reference is not None:
        _draw_reference(axes, panel)
    # The name of the reference goes between the title and the panel.
    axes.set_title(panel.title, pad=_PAD_OVER_NAME if panel.reference_name else None)
    axes.set_yticks(range(len(panel.estimates)), labels=list(panel.estimates))
    axes.tick_params(axis="y", length=0)
    # Rows are as far apart in panels that have fewer of them.
    axes.set_ylim(rows - 0.4, -0.6)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, steps=[1, 2, 2.5, 5, 10]))
    axes.grid(visible=False, axis="y")
    axes.grid(visible=True, axis="x")
    axes.margins(x=0.06)


def _draw_reference(axes: Axes, panel: BarPanel) -> None:
    colour = style.QUIET_COLOUR
    assert panel.reference is not None
    axes.axvline(panel.reference, color=colour, linestyle=OPTIMUM_DASHES, linewidth=1.1, zorder=1.5)
    if panel.reference_name:
        axes.text(
            panel.reference,
            1.01,
            f"{panel.reference_name} {panel.reference:g}",
            transform=axes.get_xaxis_transform(),
            ha="center",
            va="bottom",
            fontsize=7.5,
            color=colour,
        )


def _texts(panel: BarPanel) -> list[str]:
    """The value and the interval of every row, as wide as one another."""
    digits = _digits(panel)
    rows = [
        [f"{number:z.{digits}f}" for number in (estimate.value, estimate.low, estimate.high)]
        for estimate in panel.estimates.values()
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    texts = []
    for row in rows:
        value, low, high = (text.rjust(width) for text, width in zip(row, widths, strict=True))
        # Spaces as wide as digits, and the axis' own sign.
        texts.append(f"{value}  [{low}, {high}]".replace(" ", _SPACE).replace("-", _MINUS))
    return texts


def _digits(panel: BarPanel) -> int:
    """How many decimals tell the numbers of a panel apart: about a hundredth of their range."""
    numbers = [n for e in panel.estimates.values() for n in (e.value, e.low, e.high)]
    span = max(numbers) - min(numbers) or max(map(abs, numbers)) or 1.0
    return int(np.clip(2 - np.round(np.log10(span)), 0, 4))


def _explain(panels: Sequence[BarPanel]) -> str:
    """What lines and brackets are."""
    shares = sorted({e.confidence for panel in panels for e in panel.estimates.values()})
    names = " or ".join(f"{100 * share:g} %" for share in shares)
    return f"lines and brackets: {names} bootstrap interval"
