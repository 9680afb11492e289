"""The idea in pictures: why a running maximum remembers."""

import math

import matplotlib
from matplotlib.figure import Figure

from splagger.reporting import style
from splagger.reporting.drawings.corridor import draw_indicator
from splagger.reporting.drawings.sequence_model import GRADIENT_COLOUR
from splagger.reporting.drawings.sheet import (
    BOLD_WIDTH,
    PALE,
    TITLE_SIZE,
    UP_COLOUR,
    Point,
    Sheet,
    empty_figure,
)

_WIDTH, _HEIGHT = 6.75, 3.85
_FIRST, _PITCH, _LATENT = 1.3, 0.68, 6.35  # middles, in inches
_STEPS = ("1", "2", "3", "4", "", "T − 1", "T")
_EARLY = 1  # which of them is to be remembered
_VALUES = (0.3, 0.84, 0.46, 0.16, 0.0, 0.56, 0.36)  # of one neuron, in inches
_THICK = 0.24  # of the whole gradient, in inches
_LABELS_END = 0.9
_BOX_WIDTH, _BOX_HEIGHT, _LATENT_WIDTH = 0.46, 0.3, 0.62
_GRADIENT_FILL = "#F5C6A5"


def draw_idea() -> Figure:
    """Draws how much of a gradient reaches an early transition: through a GRU, where every step
    shrinks it, and through a running maximum, which hands all of it to the step that it is from.

    **Returns:** a figure that belongs to no window and no global state.
    """
    with matplotlib.rc_context(style.RECORD):
        figure = empty_figure(_WIDTH + 0.2, _HEIGHT + 0.2)
        sheet = Sheet.place(figure, 0.1, 0.1, _WIDTH, _HEIGHT)
        _draw_recurrent(sheet, 3.07)
        _draw_maximum(sheet, 0.68)
        sheet.text((_LABELS_END, 0.06), "step", align="right", colour=style.QUIET_COLOUR)
        for number, step in enumerate(_STEPS):
            sheet.text((_x(number), 0.06), step, colour=style.QUIET_COLOUR)
    return figure


def _x(number: int) -> float:
    return _FIRST + number * _PITCH


def _draw_recurrent(sheet: Sheet, y: float) -> None:
    """Draws a GRU over the steps, around the height `y`, and the gradient that fades in it."""
    _title(sheet, y + 0.68, "Through a GRU")
    start, end, middle = _x(_EARLY), _LATENT - _LATENT_WIDTH / 2, y - 0.05
    parts = [part / 60 for part in range(61)]
    places = [start + (end - start) * part for part in parts]
    halves = [_THICK / 2 * math.exp(4 * (part - 1)) for part in parts]
    edges = list(zip(places, halves, strict=True))
    upper = [(x, middle + half) for x, half in edges]
    sheet.area([*upper, *((x, middle - half) for x, half in reversed(edges))], _GRADIENT_FILL)
    half = _BOX_WIDTH / 2
    for number, step in enumerate(_STEPS):
        x = _x(number)
        if step:
            sheet.box((x, y), _BOX_WIDTH, _BOX_HEIGHT, "GRU")
            sheet.arrow((x, y - 0.36), (x, y - _BOX_HEIGHT / 2))
        else:
            sheet.text((x, y), "···", bold=True)
        onward = _x(number + 1) - half if number + 1 < len(_STEPS) else end
        sheet.arrow((x + half, y + 0.08), (onward, y + 0.08))
    _draw_transitions(sheet, y - 0.5)
    sheet.box((_LATENT, y), _LATENT_WIDTH, _BOX_HEIGHT, "latent")
    _say(sheet, (start - _BOX_WIDTH / 2, y + 0.3), "almost no gradient arrives")


def _draw_maximum(sheet: Sheet, y: float) -> None:
    """Draws the values of a neuron over the steps, from the height `y` up, and their maximum."""
    level = y + max(_VALUES)
    _title(sheet, level + 0.6, "Through a running maximum")
    early, end, half = _x(_EARLY), _LATENT - _LATENT_WIDTH / 2, _THICK / 2
    sheet.area(
        [
            (end, level + half),
            (early - half, level + half),
            (early - half, y),
            (early + half, y),
            (early + half, level - half),
            (end, level - half),
        ],
        _GRADIENT_FILL,
    )
    wide = 1.7 * half
    sheet.area(
        [(early - wide, y + 0.01), (early + wide, y + 0.01), (early, y - 0.15)], _GRADIENT_FILL
    )
    running, points = 0.0, []
    for number, (step, value) in enumerate(zip(_STEPS, _VALUES, strict=True)):
        x = _x(number)
        if step:
            colour = UP_COLOUR if number == _EARLY else style.QUIET_COLOUR
            sheet.line([(x, y), (x, y + value)], color=colour, linewidth=BOLD_WIDTH, zorder=3)
            sheet.disc((x, y + value), 0.065, colour)
        points.append((x, y + running))
        running = max(running, value)
        points.append((x, y + running))
    sheet.line(points[1:], linewidth=BOLD_WIDTH, zorder=2)
    sheet.arrow(points[-1], (end, level), width=BOLD_WIDTH, layer=2.0)
    _draw_transitions(sheet, y - 0.32)
    sheet.box((_LATENT, level), _LATENT_WIDTH, _BOX_HEIGHT, "latent")
    sheet.text((_LABELS_END, level), "maximum", align="right")
    sheet.text((_LABELS_END, y + 0.3), "one neuron", align="right")
    _say(sheet, (early - _BOX_WIDTH / 2, level + 0.25), "all of the gradient arrives")


def _title(sheet: Sheet, y: float, words: str) -> None:
    sheet.text((0.0, y), words, align="left", size=TITLE_SIZE, bold=True)


def _say(sheet: Sheet, at: Point, words: str) -> None:
    sheet.text(at, words, align="left", colour=GRADIENT_COLOUR, bold=True)


def _draw_transitions(sheet: Sheet, y: float) -> None:
    """Draws what is seen at every step: noise, but for one indicator."""
    sheet.text((_LABELS_END, y), "transition", align="right")
    for number, step in enumerate(_STEPS):
        if number == _EARLY:
            draw_indicator(sheet, (_x(number), y), True, 0.24)
        elif step:
            sheet.disc((_x(number), y), 0.07, PALE)
