from dataclasses import replace

import numpy as np
import pytest
from support.trials import trial_record

from splagger.environments.canvas import AGENT, DANGER, GOAL
from splagger.reporting.animation.readings import HEADER_HEIGHT, NUMBERS_HEIGHT, Readings
from splagger.reporting.animation.sheet import Sheet, blank, rgb
from splagger.training.trial_record import Moment, TrialRecord


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is written on any sheet."""
    words: list[str] = []
    text = Sheet.text

    def remember(self, x, y, what, *arguments, **options):
        words.append(what)
        return text(self, x, y, what, *arguments, **options)

    monkeypatch.setattr(Sheet, "text", remember)
    return words


def header(record: TrialRecord, now: int) -> np.ndarray:
    sheet = Sheet(blank(480, round(HEADER_HEIGHT)), 1)
    Readings(record).draw_header(sheet, now)
    return np.asarray(sheet.image)


def numbers(record: TrialRecord, now: int) -> np.ndarray:
    sheet = Sheet(blank(480, round(NUMBERS_HEIGHT)), 1)
    Readings(record).draw_numbers(sheet, 0, now)
    return np.asarray(sheet.image)


def test_the_title_names_agent_environment_and_episode(written: list[str]):
    header(trial_record(), 5)
    assert written == ["splagger", "t-maze-noise", "episode 2 of 2"]


@pytest.mark.parametrize(
    ("has_success", "change", "words"),
    [
        (True, {"success": True}, "success"),
        (True, {}, "failure"),
        (True, {"truncated": True}, "time is up"),
        (False, {}, "episode over"),
    ],
)
def test_it_says_how_an_episode_ended(written: list[str], has_success, change, words):
    moments = (Moment(0, 0, np.zeros(1)), Moment(0, 1, np.zeros(1), episode_end=True, **change))
    record = trial_record(moments=moments, has_success=has_success)
    picture = header(record, 1)
    assert written[-1] == words
    hues = {"success": GOAL, "failure": DANGER}
    for name, hue in hues.items():
        assert (name == words) == bool((picture == rgb(hue)).all(axis=-1).any())


def test_rewards_are_summed_over_episode_and_trial(written: list[str]):
    record = trial_record()
    # Rewards of 0, -1 and 2 in each of two episodes.
    for now, expected in [
        (0, ["0", "–", "–", "0", "0"]),
        (2, ["2", "1", "−1", "−1", "−1"]),
        (3, ["3", "1", "+2", "+1", "+1"]),
        (4, ["0", "–", "–", "0", "+1"]),
        (6, ["2", "1", "−1", "−1", "0"]),
        (7, ["3", "1", "+2", "+1", "+2"]),
    ]:
        written.clear()
        numbers(record, now)
        labels = ["step", "action", "reward", "episode return", "trial return"]
        assert written[::2] == labels
        assert written[1::2] == expected


def test_sums_of_rewards_do_not_show_how_floats_are_rounded(written: list[str]):
    record = trial_record()
    rewards = iter(np.array([0, 1, -0.9, -0.1, 0, 0, 0, 0], np.float32).tolist())
    moments = tuple(replace(moment, reward=next(rewards)) for moment in record.moments)
    assert 0 < abs(sum(moment.reward for moment in moments)) < 1e-6
    numbers(replace(record, moments=moments), 7)
    assert written[-1] == "0"


@pytest.mark.parametrize(
    ("names", "action", "word"),
    [
        (("left", "right"), 1, "right"),
        (("left",), 1, "1"),
        ((), 3, "3"),
        ((), [0.25], "+0.25"),
        ((), [0.25, -1.0], "+0.25  −1"),
    ],
)
def test_actions_are_written_as_people_call_them(written: list[str], names, action, word):
    numbers(trial_record(action=action, action_names=names), 1)
    assert written[3] == word


def test_actions_of_many_numbers_are_bars():
    picture = numbers(trial_record(action=[1.0, -0.5, 0.0]), 1)
    bars = (picture == rgb(AGENT)).all(axis=-1)
    middle = 28
    above, below = bars[:middle].sum(axis=0), bars[middle:].sum(axis=0)
    assert above.max() == pytest.approx(9, abs=1)
    assert below.max() == pytest.approx(4.5, abs=1)
    assert np.flatnonzero(above).max() < np.flatnonzero(below > 1).min()
