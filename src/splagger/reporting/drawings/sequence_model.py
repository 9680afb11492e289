"""A split aggregator drawn over three steps, with the way of the gradient through its maximum."""

from splagger.foundation.agent_settings import AgentSettings
from splagger.reporting import style
from splagger.reporting.drawings.sheet import BOLD_WIDTH, INK, Point, Sheet

GRADIENT_COLOUR = style.COLOURS[1]
"""Gradients, in every drawing."""

AGGREGATED_COLOUR = style.COLOURS[2]
"""Neurons that go through the maximum."""

PASSING_COLOUR = style.COLOURS[4]
"""Neurons that pass by it."""

_COLUMNS = (0.53, 1.27, 2.01)
_STEPS = ("t − 2", "t − 1", "t")
_GRU, _NEURONS, _MAX, _JOINED, _LATENT = 0.5, 0.73, 1.33, 1.92, 2.36
_CELL, _CELLS = 0.085, 3  # width of a neuron, and how many are drawn of each half
_HALF = 0.14  # from the middle of a column to that of a half
_RADIUS = 0.18


def draw_sequence_model(sheet: Sheet, agent: AgentSettings) -> None:
    """Draws the sequence model of `agent`, which splits a GRU and takes the maximum of one half.

    The gradient is the modified one where `agent.straight_through` is set.
    """
    sheet.text((_COLUMNS[1], -0.1), "transitions")
    for number, (x, step) in enumerate(zip(_COLUMNS, _STEPS, strict=True)):
        sheet.text((x, 0.09), step, colour=style.QUIET_COLOUR)
        sheet.arrow((x, 0.18), (x, _GRU - 0.14))
        sheet.box((x, _GRU), 0.5, 0.28, "GRU")
        _draw_neurons(sheet, (x, _NEURONS))
        left = x - _HALF
        sheet.arrow((left, _NEURONS + 0.06), (left, _MAX - _RADIUS))
        sheet.disc((left, _MAX), _RADIUS, "white", edge=INK)
        sheet.text((left, _MAX), "max")
        if number:
            before = _COLUMNS[number - 1]
            sheet.arrow((before + 0.25, _GRU), (x - 0.25, _GRU))
            sheet.arrow((before - _HALF + _RADIUS, _MAX + 0.05), (left - _RADIUS, _MAX + 0.05))
    last = _COLUMNS[-1]
    sheet.arrow((last + _HALF, _NEURONS + 0.06), (last + _HALF, _JOINED - 0.06))
    sheet.arrow((last - _HALF, _MAX + _RADIUS), (last - _HALF, _JOINED - 0.06))
    _draw_neurons(sheet, (last, _JOINED))
    sheet.arrow((last, _JOINED + 0.06), (last, _LATENT - 0.14))
    sheet.box((last, _LATENT), 0.86, 0.28, f"latent {2 * agent.latent_size}")
    if agent.straight_through:
        _draw_straight_through_gradient(sheet)
    else:
        _draw_ordinary_gradient(sheet)
    passing = agent.split_width - agent.aggregated_width
    quiet, aside = style.QUIET_COLOUR, 0.31
    sheet.text((last + aside, _GRU), str(agent.split_width), align="left", colour=quiet)
    sheet.text((last + aside, _JOINED), str(passing), align="left", colour=quiet)
    width = str(agent.aggregated_width)
    sheet.text((last - aside, _JOINED), width, align="right", colour=quiet)


def _draw_neurons(sheet: Sheet, centre: Point) -> None:
    x, y = centre
    for side, fill in ((-1, AGGREGATED_COLOUR), (1, PASSING_COLOUR)):
        for number in range(_CELLS):
            at = (x + side * _HALF + (number - 1) * _CELL, y)
            sheet.box(at, _CELL, 0.11, fill=fill, edge="white", corner=0.02)


def _draw_ordinary_gradient(sheet: Sheet) -> None:
    """Draws the gradient from the latent to the step that was the maximum, here the first."""
    look = {"colour": GRADIENT_COLOUR, "width": BOLD_WIDTH + 0.5}
    beside, below = 0.07, _MAX - 0.05
    xs = [x - _HALF for x in _COLUMNS]
    top = (xs[-1] - beside, _JOINED - 0.06)
    sheet.arrow(top, (top[0], _MAX + _RADIUS - 0.01), **look)
    for right, left in ((xs[2], xs[1]), (xs[1], xs[0])):
        sheet.arrow((right - _RADIUS, below), (left + _RADIUS, below), **look)
    x = xs[0] - beside
    sheet.arrow((x, _MAX - _RADIUS + 0.01), (x, _NEURONS + 0.06), **look)
    _say(sheet, "ordinary", "gradient to the maximum")


def _draw_straight_through_gradient(sheet: Sheet) -> None:
    """Draws the gradient from the latent around every maximum to every step."""
    line = {"color": GRADIENT_COLOUR, "linewidth": BOLD_WIDTH + 0.5, "linestyle": (0, (2, 1.1))}
    bus, aside = _MAX + 0.31, _HALF + _RADIUS + 0.115
    top = _COLUMNS[-1] - _HALF - 0.07
    sheet.line([(top, _JOINED - 0.06), (top, bus), (_COLUMNS[0] - aside, bus)], **line)
    for x in _COLUMNS:
        sheet.line([(x - aside, bus), (x - aside, _NEURONS), (x - aside + 0.1, _NEURONS)], **line)
        sheet.arrow(
            (x - aside + 0.08, _NEURONS),
            (x - _HALF - 1.5 * _CELL, _NEURONS),
            colour=GRADIENT_COLOUR,
            width=BOLD_WIDTH + 0.5,
        )
    _say(sheet, "straight-through", "gradient to every step")


def _say(sheet: Sheet, first: str, second: str) -> None:
    sheet.text((0.0, 2.42), first, align="left", colour=GRADIENT_COLOUR, bold=True)
    sheet.text((0.0, 2.25), second, align="left", colour=GRADIENT_COLOUR, size=8.0)
