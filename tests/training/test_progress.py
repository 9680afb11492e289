import io

import pytest
from rich.console import Console

from splagger.training.progress import MemberStatus, TrainingProgress, format_duration


class Clock:
    """A clock that goes only when it is told to."""

    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds


def make_console(terminal, width=100):
    return Console(file=io.StringIO(), force_terminal=terminal, width=width, color_system=None)


def text_of(console):
    return console.file.getvalue()


def test_without_a_terminal_a_line_each_interval():
    console, clock = make_console(terminal=False, width=30), Clock()
    members = ["seed 1", "seed 2"]
    with TrainingProgress(1_000_000, members, console=console, interval=10.0, clock=clock) as shown:
        shown.update(0, 0.0)
        for second in range(1, 22):
            clock.seconds = float(second)
            shown.update(second * 1000, 1000.0, [MemberStatus(3.0, 0.5), MemberStatus(5.0, 1.0)])
        shown.message("saved [a] checkpoint")
    lines = text_of(console).splitlines()
    assert len(lines) == 5
    assert lines[0] == "0 of 1,000,000 frames (0.0%) | 0 s elapsed | compiling"
    assert lines[1].startswith("10,000 of 1,000,000 frames (1.0%) | 1,000 frames/s | 10 s elapsed")
    assert "16 min 30 s left" in lines[1]
    assert lines[1].endswith("trial return: best 5.00 (seed 2), mean 4.00 | success: mean 75%")
    assert lines[2].startswith("20,000 of")
    assert lines[3] == "saved [a] checkpoint"
    # The last state is shown even if its interval is not over, and only once.
    assert lines[4].startswith("21,000 of")
    assert "\x1b" not in text_of(console)


def test_the_last_known_speed_is_kept():
    console, clock = make_console(terminal=False), Clock()
    with TrainingProgress(1000, ["a"], console=console, interval=0.0, clock=clock) as shown:
        shown.update(100, 50.0)
        shown.update(100, 0.0, [MemberStatus(1.0)])
    lines = text_of(console).splitlines()
    assert len(lines) == 2
    assert all("50 frames/s | 0 s elapsed | 18 s left" in line for line in lines)


def test_failed_members_are_counted_and_left_out_of_the_best():
    console = make_console(terminal=False)
    with TrainingProgress(10, ["a", "b"], console=console, clock=Clock()) as shown:
        shown.update(5, 1.0, [MemberStatus(float("nan"), failed=True), MemberStatus(2.0)])
    assert text_of(console).strip().endswith("trial return: best 2.00 (b), mean 2.00 | 1 failed")


def test_quiet_shows_nothing():
    for terminal in (False, True):
        console = make_console(terminal)
        with TrainingProgress(10, ["a"], quiet=True, console=console) as shown:
            shown.update(5, 1.0, [MemberStatus(1.0)])
            shown.message("hello")
        assert text_of(console) == ""


def test_a_terminal_shows_each_member():
    console = make_console(terminal=True)
    with TrainingProgress(1000, ["seed 1", "seed 2"], console=console, clock=Clock()) as shown:
        shown.update(250, 50.0, [MemberStatus(3.25, 0.5), MemberStatus(1.5, None, failed=True)])
        shown.message("hello")
    final = text_of(console)
    assert "hello\n" in final
    assert "250 of 1,000 frames (25.0%)" in final
    assert "50 frames/s" in final
    assert "15 s left" in final
    last = {line.split("  ")[0]: line for line in final.splitlines()}
    assert last["seed 1"].split() == ["seed", "1", "3.25", "50%"]
    assert "1.50" in last["seed 2"]
    assert "stopped: a loss was not finite" in last["seed 2"]


def test_many_members_are_summarised():
    console = make_console(terminal=True)
    members = [f"seed {number}" for number in range(13)]
    with TrainingProgress(1000, members, console=console, clock=Clock()) as shown:
        rows = [MemberStatus(float(number), number / 12) for number in range(12)]
        shown.update(250, 50.0, [*rows, MemberStatus(failed=True)])
    final = text_of(console)
    assert "best: seed 11" in final
    assert "mean of 13 members" in final
    assert "5.50" in final
    assert "1 stopped" in final
    assert "seed 3" not in final


def test_the_display_ends_when_training_fails():
    console = make_console(terminal=True)
    with pytest.raises(KeyboardInterrupt), TrainingProgress(10, ["a"], console=console):
        raise KeyboardInterrupt
    # The cursor, hidden while the display is live, is shown again.
    assert text_of(console).rindex("\x1b[?25h") > text_of(console).rindex("\x1b[?25l")


def test_the_number_of_rows_is_checked():
    with (
        TrainingProgress(10, ["a", "b"], quiet=True) as shown,
        pytest.raises(ValueError, match="1 rows for 2 members"),
    ):
        shown.update(5, 1.0, [MemberStatus()])


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.2, "0 s"),
        (59.6, "1 min 00 s"),
        (65.0, "1 min 05 s"),
        (3599.0, "59 min 59 s"),
        (7800.0, "2 h 10 min"),
        (360000.0, "100 h 00 min"),
    ],
)
def test_durations(seconds, text):
    assert format_duration(seconds) == text
