"""What a frame says in words and numbers."""

from itertools import accumulate

import numpy as np
from jaxtyping import Shaped

from splagger.environments.canvas import AGENT, BACKGROUND, DANGER, GOAL, INK
from splagger.reporting.animation.numbers import number_text
from splagger.reporting.animation.sheet import DESIGN_WIDTH, Length, Sheet
from splagger.reporting.style import QUIET_COLOUR
from splagger.training.trial_record import Moment, TrialRecord

MARGIN = 16.0
"""At the left and the right of a frame."""

HEADER_HEIGHT = 48.0
"""How high the title is."""

NUMBERS_HEIGHT = 46.0
"""How high the line of numbers is."""

_COLUMNS = {"step": 0.0, "action": 62.0, "reward": 168.0, "episode return": 250.0}
_NUMBERED_ACTIONS = 2  # actions of more numbers are drawn as bars


class Readings:
    """Title and numbers of one trial."""

    def __init__(self, record: TrialRecord):
        """Adds up the rewards."""
        self._record = record
        # Rounded where they are shown: ten times -0.1 and 1 add up to -1.5e-8.
        self._trial_returns = list(accumulate(moment.reward for moment in record.moments))
        self._episode_returns: list[float] = []
        for moment in record.moments:
            before = self._episode_returns[-1] if moment.step else 0.0
            self._episode_returns.append(before + moment.reward)
        actions = [m.action for m in record.moments if m.action is not None]
        self._largest = max((float(np.abs(action).max(initial=0)) for action in actions), default=0)

    def draw_header(self, sheet: Sheet, now: int) -> None:
        """Draws who acts where, which episode it is, and how it ended, at the upper edge."""
        record, moment = self._record, self._record.moments[now]
        right = DESIGN_WIDTH - MARGIN
        sheet.text(MARGIN, 22, record.agent, 14, bold=True, width=270)
        sheet.text(MARGIN, 38, record.environment, 10.5, QUIET_COLOUR, width=330)
        episode = f"episode {moment.episode + 1} of {record.episodes}"
        sheet.text(right, 22, episode, 13, bold=True, anchor="rs")
        if moment.episode_end:
            words, colour = self._ending(moment)
            width = 12 + 6.4 * len(words)
            sheet.pill(right - width, 27, width, 16, colour)
            sheet.text(right - width / 2, 35, words, 10, BACKGROUND, bold=True, anchor="mm")

    def draw_numbers(self, sheet: Sheet, y: Length, now: int) -> None:
        """Draws step, action, reward and sums of rewards, with their upper edge at `y`."""
        moment = self._record.moments[now]
        started = moment.action is not None
        values = {
            "step": str(moment.step),
            "action": "–",
            "reward": number_text(moment.reward) if started else "–",
            "episode return": number_text(round(self._episode_returns[now], 6)),
            "trial return": number_text(round(self._trial_returns[now], 6)),
        }
        for label, value in values.items():
            x = MARGIN + _COLUMNS.get(label, 362.0)
            sheet.text(x, y + 14, label, 10, QUIET_COLOUR)
            colour = _colour_of(moment.reward) if label == "reward" else INK
            if label == "action" and moment.action is not None:
                self._draw_action(sheet, x, y, moment.action)
            else:
                sheet.text(x, y + 34, value, 15, colour, bold=True)

    def _draw_action(
        self, sheet: Sheet, x: Length, y: Length, action: Shaped[np.ndarray, "..."]
    ) -> None:
        names = self._record.action_names
        if np.issubdtype(action.dtype, np.integer) and action.ndim == 0:
            word = names[int(action)] if int(action) < len(names) else str(int(action))
            sheet.text(x, y + 34, word, 15, bold=True, width=100)
        elif action.size <= _NUMBERED_ACTIONS:
            words = "  ".join(number_text(float(number)) for number in action.ravel())
            sheet.text(x, y + 34, words, 15 if action.size == 1 else 11, bold=True, width=100)
        else:
            width = min(96.0 / action.size, 10.0)
            middle, reach = y + 28.5, 9.0
            for number, value in enumerate(action.ravel()):
                height = reach * float(value) / (self._largest or 1.0)
                top = middle - max(height, 0.0)
                sheet.rectangle(x + number * width, top, max(width - 1, 0.5), abs(height), AGENT)
            sheet.rectangle(x, middle, width * action.size, 0.5, QUIET_COLOUR)

    def _ending(self, moment: Moment) -> tuple[str, str]:
        """How the episode ended, in words and as a colour."""
        if moment.success:
            return "success", GOAL
        if moment.truncated:
            return "time is up", QUIET_COLOUR
        return ("failure", DANGER) if self._record.has_success else ("episode over", QUIET_COLOUR)


def _colour_of(reward: float | int) -> str:
    return GOAL if reward > 0 else DANGER if reward < 0 else INK
