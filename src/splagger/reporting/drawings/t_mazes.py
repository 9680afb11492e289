"""Three T-mazes drawn: what is seen along the corridor, and what decides at its end."""

import math
from collections.abc import Sequence

import jax.numpy as jnp

from splagger.environments.t_maze.t_maze import TMaze, TMazeAction, TMazeTask
from splagger.reporting import style
from splagger.reporting.drawings.corridor import (
    ARM_TOP,
    CELL,
    INDICATOR_ROW,
    Corridor,
    draw_indicator,
    draw_move,
)
from splagger.reporting.drawings.sheet import (
    BOLD_WIDTH,
    DOWN_COLOUR,
    INK,
    PALE,
    RULE_ROWS,
    RULES_LEFT,
    UP_COLOUR,
    Point,
    Sheet,
)

_EACH_STEP, _AT_THE_END = RULE_ROWS
_MEMORY_ROW = ARM_TOP + 0.25  # of what connects indicators with the decision
_OVER_INDICATOR = INDICATOR_ROW + 0.12
_CHECKS = (True, False, True, False, True)  # up or down, at the drawn positions


def draw_long_short(sheet: Sheet, maze: TMaze) -> None:
    """Draws a maze with a sub-task at every position and one indicator."""
    last = maze.length - 1
    corridor = Corridor(sheet, maze, (0, 1, 2, None, last - 1, last))
    corridor.draw_walls()
    corridor.draw_checks(_CHECKS, "sees check", (style.QUIET_COLOUR, style.QUIET_COLOUR))
    corridor.draw_actions(_CHECKS)
    corridor.draw_indicators([True])
    corridor.draw_decision(_decision(maze, [True]))
    start, end = corridor.x(maze.indicator_position), corridor.x(last)
    look = {"color": UP_COLOUR, "linewidth": BOLD_WIDTH}
    sheet.line([(start, _OVER_INDICATOR), (start, _MEMORY_ROW), (end, _MEMORY_ROW)], **look)
    _into_arm(corridor, UP_COLOUR)
    steps = last - maze.indicator_position
    sheet.text(((start + end) / 2, _MEMORY_ROW + 0.14), f"remembers it for {steps} steps")
    corridor.label(_EACH_STEP, "each step", quiet=True)
    words = sheet.text((RULES_LEFT, _EACH_STEP), "do what the check says", align="left")
    reward = f"+{maze.check_reward:g}"
    sheet.text((sheet.end_of(words) + 0.1, _EACH_STEP), reward, align="left", bold=True)
    _say_rule(corridor, [[(True,)], [(False,)]])


def draw_agreement(sheet: Sheet, maze: TMaze) -> None:
    """Draws a maze with two indicators, which agree or differ."""
    first, second = maze.indicator_positions
    last = maze.length - 1
    corridor = Corridor(sheet, maze, (0, first, None, second, None, last))
    shown = (True, False)
    corridor.draw_walls()
    corridor.draw_checks(_CHECKS[:4], "sees noise", (PALE, PALE))
    corridor.draw_actions(None)
    corridor.draw_indicators(shown)
    corridor.draw_decision(_decision(maze, shown))
    middle = _join(corridor, "agree?")
    for position, up, row in zip((first, second), shown, (0.05, -0.05), strict=True):
        x, y = corridor.x(position), _MEMORY_ROW + row
        colour = UP_COLOUR if up else DOWN_COLOUR
        points = [(x, _OVER_INDICATOR), (x, y), (middle, y)]
        sheet.line(points, color=colour, linewidth=BOLD_WIDTH)
    corridor.label(_EACH_STEP, "each step", quiet=True)
    sheet.text((RULES_LEFT, _EACH_STEP), "moves on, whatever it does", align="left")
    _say_rule(corridor, [[(True, True), (False, False)], [(True, False), (False, True)]])


def draw_latent(sheet: Sheet, maze: TMaze) -> None:
    """Draws a maze without indicators, in which the task decides how often checks say up.

    **Arguments:**

    - `sheet`: what to draw on.
    - `maze`: a latent maze whose checks say up more often in upward tasks.
    """
    assert maze.latent_probabilities is not None
    last = maze.length - 1
    corridor = Corridor(sheet, maze, (0, 1, 2, None, last - 1, last))
    corridor.draw_walls()
    corridor.draw_checks((True, False, True, True, True), "sees check", (UP_COLOUR, DOWN_COLOUR))
    corridor.draw_actions(None)
    corridor.draw_decision(_decision(maze, [True]))
    corridor.label(INDICATOR_ROW, "no indicator", quiet=True)
    middle = _join(corridor, "count")
    y = INDICATOR_ROW
    sheet.line([(corridor.x(0), y), (corridor.arm_left, y)], linewidth=BOLD_WIDTH)
    for position in corridor.positions[:-1]:
        x = corridor.x(position)
        sheet.line([(x, y - 0.1), (x, y + BOLD_WIDTH / 144)], linewidth=BOLD_WIDTH)
    sheet.line([(middle, y), (middle, _MEMORY_ROW)], linewidth=BOLD_WIDTH)
    corridor.label(_EACH_STEP, "hidden task", quiet=True)
    x = RULES_LEFT + 0.08
    for up, probability in zip((True, False), maze.latent_probabilities, strict=True):
        colour = UP_COLOUR if up else DOWN_COLOUR
        sheet.box((x, _EACH_STEP), 0.18, 0.18, edge=colour, dashed=True)
        sheet.triangle((x, _EACH_STEP), up, size=0.1, fill=colour)
        x = _say_ups(sheet, (x + 0.16, _EACH_STEP), f"{100 * probability:g} %") + 0.26
    corridor.label(_AT_THE_END, "at the end", quiet=True)
    enough = f"{ups_for_up(maze)} or more of {maze.length}"
    x = _say_ups(sheet, (RULES_LEFT, _AT_THE_END), enough)
    draw_move(sheet, (x + 0.13, _AT_THE_END), True, UP_COLOUR)
    x = sheet.end_of(sheet.text((x + 0.4, _AT_THE_END), "fewer", align="left"))
    draw_move(sheet, (x + 0.14, _AT_THE_END), False, DOWN_COLOUR)


def ups_for_up(maze: TMaze) -> int:
    """How many of an episode's checks must say up for an upward task to be the likelier one.

    **Arguments:**

    - `maze`: a latent maze whose checks say up more often in upward tasks.
    """
    assert maze.latent_probabilities is not None
    up, down = maze.latent_probabilities
    gain, loss = math.log(up / down), math.log((1 - down) / (1 - up))
    return math.floor(maze.length * loss / (gain + loss)) + 1


def _decision(maze: TMaze, ups: Sequence[bool]) -> bool:
    """Whether up is the right decision where the indicators say `ups`."""
    says = [TMazeAction.UP if up else TMazeAction.DOWN for up in ups]
    return int(maze.correct_decision(TMazeTask(jnp.array(says)))) == TMazeAction.UP


def _say_ups(sheet: Sheet, at: Point, words: str) -> float:
    """Writes how many checks say up, and returns where that ends, in inches."""
    end = sheet.end_of(sheet.text(at, words, align="left")) + 0.13
    sheet.triangle((end, at[1]), True, size=0.14, fill=UP_COLOUR)
    return end + 0.07


def _join(corridor: Corridor, words: str) -> float:
    """Draws a box over the corridor, before its end, that leads into the upper arm.

    **Returns:** the middle of the box, in inches.
    """
    end = corridor.x(corridor.positions[-1])
    middle = end - 2 * CELL
    corridor.sheet.box((middle, _MEMORY_ROW), 0.66, 0.27, words)
    corridor.sheet.line([(middle, _MEMORY_ROW), (end, _MEMORY_ROW)], linewidth=BOLD_WIDTH)
    _into_arm(corridor, INK)
    return middle


def _into_arm(corridor: Corridor, colour: str) -> None:
    """Draws the last part of what decides: an arrow down to the upper arm."""
    x = corridor.x(corridor.positions[-1])
    corridor.sheet.arrow((x, _MEMORY_ROW), (x, ARM_TOP + 0.04), colour=colour, width=BOLD_WIDTH)


def _say_rule(corridor: Corridor, groups: Sequence[Sequence[tuple[bool, ...]]]) -> None:
    """Lists, below the corridor, groups of indicators with the decision that is right for each."""
    sheet, maze = corridor.sheet, corridor.maze
    corridor.label(_AT_THE_END, "at the end", quiet=True)
    x = RULES_LEFT + 0.08
    for group in groups:
        for case in group:
            for up in case:
                draw_indicator(sheet, (x, _AT_THE_END), up, 0.16)
                x += 0.18
            x += 0.09
        decision = _decision(maze, group[0])
        draw_move(sheet, (x, _AT_THE_END), decision, UP_COLOUR if decision else DOWN_COLOUR)
        x += 0.34
